from __future__ import annotations

import asyncio
from collections import deque
from datetime import datetime, timedelta

import pytest

from bot.rounds import Rounds
from storage.errors import DatabaseRefused
from tests.conftest import NOW
from tests.fakes.clock import SettableClock


class Looks:
    """Counts looks; each returns or raises what is next in `answers`, then None."""

    def __init__(self, *answers: datetime | Exception | None) -> None:
        self.count = 0
        self.begun = asyncio.Event()
        self.may_end = asyncio.Event()
        self.may_end.set()
        self._answers = deque(answers)

    async def __call__(self) -> datetime | None:
        self.count += 1
        self.begun.set()
        await self.may_end.wait()
        answer = self._answers.popleft() if self._answers else None
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def next(self) -> None:
        async with asyncio.timeout(30):
            await self.begun.wait()
        self.begun.clear()


async def nothing() -> None:
    """What is to be done first."""


async def settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


def rounds(looks: Looks, clock: SettableClock) -> Rounds:
    return Rounds("test", clock, looks)


async def test_looks_once_at_the_start_and_then_waits(clock: SettableClock) -> None:
    looks = Looks()
    running = rounds(looks, clock)
    running.start(nothing)
    await settle()
    assert looks.count == 1
    await running.stop()


async def test_what_comes_first_comes_first(clock: SettableClock) -> None:
    looks, order = Looks(), []

    async def first() -> None:
        order.append(looks.count)

    running = rounds(looks, clock)
    running.start(first)
    await looks.next()
    await running.stop()
    assert order == [0]


async def test_a_wake_up_during_a_look_leads_to_another(clock: SettableClock) -> None:
    looks = Looks()
    looks.may_end.clear()
    running = rounds(looks, clock)
    running.start(nothing)
    await looks.next()
    running.wake()
    looks.may_end.set()
    await looks.next()
    assert looks.count == 2
    await running.stop()


async def test_looks_again_when_the_next_piece_is_due(clock: SettableClock) -> None:
    looks = Looks(NOW, NOW + timedelta(milliseconds=1))
    running = rounds(looks, clock)
    running.start(nothing)
    while looks.count < 3:
        await looks.next()
    await running.stop()


async def test_a_refusing_store_does_not_end_the_rounds(
    clock: SettableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.rounds.REFUSED_SECONDS", 0.0)
    looks = Looks(DatabaseRefused("The disk is full."))
    running = rounds(looks, clock)
    running.start(nothing)
    while looks.count < 2:
        await looks.next()
    await running.stop()


async def test_a_stop_that_meets_a_wake_up_stops(clock: SettableClock) -> None:
    for patience in range(5):
        looks = Looks()
        running = rounds(looks, clock)
        running.start(nothing)
        await settle()
        running.wake()
        for _ in range(patience):
            await asyncio.sleep(0)
        async with asyncio.timeout(30):
            await running.stop()


async def test_stopping_what_never_started_is_harmless(clock: SettableClock) -> None:
    await rounds(Looks(), clock).stop()
