"""Looks for work when woken and when the next piece is due, and at least now and then.

The trap is the lost wake-up: one that rings while a look is under way leads to another look.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import structlog

from bot.clock import Clock
from bot.units import UnitFailed
from storage.errors import StorageError

LOOK_SECONDS = 30.0
"""Longest wait between two looks."""
REFUSED_SECONDS = 1.0
"""Pause after the store refused."""

log = structlog.get_logger()


class Rounds:
    """Calls `look` again and again; it starts the work and returns when more will be due."""

    def __init__(
        self, name: str, clock: Clock, look: Callable[[], Awaitable[datetime | None]]
    ) -> None:
        self._name = name
        self._clock = clock
        self._look = look
        self._woken = asyncio.Event()
        self._planned: datetime | None = None
        """When the next look comes by itself; None while one is under way."""
        self._task: asyncio.Task[None] | None = None

    def start(self, first: Callable[[], Awaitable[object]]) -> None:
        """Do `first` once, then look. Needs the running loop."""
        self._task = asyncio.create_task(self._run(first), name=self._name)

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})
            self._task = None

    def wake(self) -> None:
        """Say that there may be work: after a commit, after the clock was moved."""
        self._woken.set()

    def expect(self, due: datetime | None) -> None:
        """Say when the next piece will be due, as somebody saw who looked; None: there is none."""
        if due is not None and (self._planned is None or due < self._planned):
            self.wake()

    async def _run(self, first: Callable[[], Awaitable[object]]) -> None:
        await first()
        while True:
            self._woken.clear()
            self._planned = None
            try:
                wait = self._until(await self._look())
            except (StorageError, UnitFailed) as error:
                log.error("round_failed", name=self._name, exc_info=error)
                wait = REFUSED_SECONDS
            self._planned = self._clock.now() + timedelta(seconds=wait)
            try:
                # not wait_for: on Python 3.11 it loses a stop that meets a wake-up
                async with asyncio.timeout(wait):
                    await self._woken.wait()
            except TimeoutError:
                continue

    def _until(self, instant: datetime | None) -> float:
        if instant is None:
            return LOOK_SECONDS
        return min(LOOK_SECONDS, max(0.0, (instant - self._clock.now()).total_seconds()))
