"""The demo's clock stops wherever something is due, and an outage ends when it should."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.clock import DemoClock
from bot.demo import OPENS, Controls

HOUR = timedelta(hours=1)


class Bot:
    """Does what is due when it is scanned, unless it is stuck, and remembers when."""

    def __init__(self, clock: DemoClock, *due: datetime) -> None:
        self.clock = clock
        self.due = sorted(due)
        self.stuck = False
        self.up = True
        self.scans: list[datetime] = []
        self.told: list[str] = []

    async def start(self) -> None:
        self.up = True
        self.told.append("start")

    async def stop(self) -> None:
        self.up = False
        self.told.append("stop")

    async def scan(self, now: datetime) -> None:
        assert self.up
        self.scans.append(now)
        if not self.stuck:
            self.due = [one for one in self.due if one > now]

    async def drain(self) -> None:
        assert self.up

    async def next_due(self) -> datetime | None:
        assert self.up
        return self.due[0] if self.due else None


class Desk:
    def __init__(self, *hours: float) -> None:
        self.clock = DemoClock(OPENS)
        self.bot = Bot(self.clock, *(OPENS + HOUR * one for one in hours))
        self.controls = Controls(self.bot, self.clock, ZoneInfo("Asia/Shanghai"))

    def scanned(self) -> list[float]:
        """Hours after the opening at which the bot looked, to a tenth."""
        return [round((one - OPENS) / HOUR, 1) for one in self.bot.scans]


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    desk = Desk(2, 9, 11.5, 30)
    yield desk
    await desk.controls.outage(0)


async def test_the_demo_opens_on_a_monday_at_nine() -> None:
    local = OPENS.astimezone(ZoneInfo("Asia/Shanghai"))
    assert (local.isoweekday(), local.hour, local.date().isoformat()) == (1, 9, "2026-09-14")
    assert datetime(2026, 9, 14, 1, tzinfo=UTC) == OPENS


class TestGivenThingsThatFallDue:
    async def test_when_the_clock_is_moved_then_each_is_met_at_its_time(self, desk: Desk) -> None:
        await desk.controls.move(OPENS + 12 * HOUR)
        assert desk.scanned() == [2, 9, 11.5, 12]
        assert desk.controls.now() >= OPENS + 12 * HOUR

    async def test_when_it_is_moved_back_then_nothing_happens(self, desk: Desk) -> None:
        await desk.controls.move(OPENS - HOUR)
        assert desk.scanned() == []

    async def test_when_one_cannot_be_done_then_the_clock_goes_on_all_the_same(
        self, desk: Desk
    ) -> None:
        desk.bot.stuck = True
        await desk.controls.move(OPENS + 3 * HOUR)
        assert desk.scanned()[0] == 2
        assert desk.scanned()[-1] == 3


class TestGivenAnOutage:
    async def test_when_the_clock_passes_its_end_then_the_bot_is_back_and_catches_up(
        self, desk: Desk
    ) -> None:
        await desk.controls.outage(10 * 60)
        assert desk.controls.back_at() is not None
        await desk.controls.move(OPENS + 12 * HOUR)
        assert desk.bot.told == ["stop", "start"]
        assert desk.scanned() == [10, 11.5, 12]
        assert desk.controls.back_at() is None

    async def test_when_the_clock_stays_within_it_then_nothing_is_done(self, desk: Desk) -> None:
        await desk.controls.outage(10 * 60)
        await desk.controls.move(OPENS + 5 * HOUR)
        assert (desk.bot.up, desk.scanned()) == (False, [])

    async def test_when_ended_at_once_then_the_bot_is_back(self, desk: Desk) -> None:
        await desk.controls.outage(30)
        await desk.controls.outage(0)
        assert desk.bot.told == ["stop", "start"]
        await desk.controls.outage(0)
        assert desk.bot.told == ["stop", "start"]

    async def test_when_prolonged_then_it_is_one_outage(self, desk: Desk) -> None:
        await desk.controls.outage(30)
        await desk.controls.outage(120)
        assert desk.bot.told == ["stop"]
        back_at = desk.controls.back_at()
        assert back_at
        assert back_at - OPENS >= 2 * HOUR
