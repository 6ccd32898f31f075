from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta, timezone

import pytest
import time_machine

from bot.clock import Alarm, DemoClock, SystemClock
from tests.fakes.clock import SettableClock

MONDAY = datetime(2026, 9, 14, 1, 0, tzinfo=UTC)


def test_system_clock_is_aware_utc() -> None:
    with time_machine.travel(MONDAY, tick=False):
        assert SystemClock().now() == MONDAY
        assert SystemClock().now().tzinfo is UTC


class TestSettableClock:
    def test_stands_still_until_moved(self) -> None:
        clock = SettableClock(MONDAY)
        assert clock.now() == clock.now() == MONDAY
        clock.advance(MONDAY + timedelta(hours=3))
        assert clock.now() == MONDAY + timedelta(hours=3)

    def test_never_goes_back(self) -> None:
        clock = SettableClock(MONDAY)
        clock.advance(MONDAY - timedelta(days=1))
        assert clock.now() == MONDAY

    def test_keeps_utc_whatever_zone_it_is_given(self) -> None:
        clock = SettableClock(MONDAY.astimezone(timezone(timedelta(hours=8))))
        assert clock.now().tzinfo is UTC

    def test_refuses_an_instant_without_zone(self) -> None:
        with pytest.raises(ValueError, match="time zone"):
            SettableClock(datetime(2026, 9, 14))  # noqa: DTZ001 - the mistake under test


class TestDemoClock:
    def test_runs_on_from_its_own_start(self) -> None:
        seconds = iter([1000.0, 1090.0])
        clock = DemoClock(MONDAY, lambda: next(seconds))
        assert clock.now() == MONDAY + timedelta(seconds=90)

    def test_jumps_ahead_and_runs_on(self) -> None:
        seconds = [1000.0]
        clock = DemoClock(MONDAY, lambda: seconds[-1])
        seconds.append(1090.0)
        clock.advance(MONDAY + timedelta(hours=9))
        clock.advance(MONDAY)
        seconds.append(1095.0)
        assert clock.now() == MONDAY + timedelta(hours=9, seconds=5)

    def test_keeps_real_pace(self) -> None:
        clock = DemoClock(MONDAY)
        earlier = clock.now()
        assert MONDAY <= earlier <= clock.now() < MONDAY + timedelta(minutes=5)


class TestAlarm:
    async def test_rings_at_once_with_the_time_of_its_clock(self) -> None:
        rung: asyncio.Queue[datetime] = asyncio.Queue()
        alarm = Alarm(SettableClock(MONDAY), rung.put)
        alarm.start()
        assert await asyncio.wait_for(rung.get(), 60) == MONDAY
        await alarm.stop()

    async def test_rings_again(self) -> None:
        rung: asyncio.Queue[datetime] = asyncio.Queue()
        alarm = Alarm(SettableClock(MONDAY), rung.put, every=timedelta(milliseconds=10))
        alarm.start()
        for _ in range(3):
            await asyncio.wait_for(rung.get(), 60)
        await alarm.stop()

    async def test_a_failing_scan_does_not_end_the_ringing(self) -> None:
        rung: asyncio.Queue[datetime] = asyncio.Queue()

        async def scan(now: datetime) -> None:
            await rung.put(now)
            raise LookupError("once more")

        alarm = Alarm(SettableClock(MONDAY), scan, every=timedelta(milliseconds=10))
        alarm.start()
        for _ in range(3):
            await asyncio.wait_for(rung.get(), 60)
        await alarm.stop()

    async def test_stopping_one_that_never_started_is_harmless(self) -> None:
        await Alarm(SettableClock(MONDAY), lambda _: asyncio.sleep(0)).stop()
