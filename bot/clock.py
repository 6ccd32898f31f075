"""What time it is, and what wakes the program.

`SystemClock` is the only place that reads the machine's clock: whatever else asked for the time
by itself could not be moved by the demo's clock control, nor set by a test.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler

log = structlog.get_logger()


def utc(instant: datetime) -> datetime:
    """Return the instant in UTC; one without a time zone is a mistake (ValueError)."""
    if instant.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    return instant.astimezone(UTC)


class Clock(Protocol):
    def now(self) -> datetime:
        """Return the present instant, aware UTC. Called from any thread."""


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)


class DemoClock:
    """Starts at an instant of its own, runs on at the real pace, and can jump ahead."""

    def __init__(self, start: datetime, pace: Callable[[], float] = time.monotonic) -> None:
        self._start = utc(start)
        self._pace = pace
        self._began = pace()

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self._pace() - self._began)

    def advance(self, to: datetime) -> None:
        """Jump ahead to the instant `to`; an earlier one changes nothing."""
        ahead = utc(to) - self.now()
        if ahead > timedelta():
            self._start += ahead


class Alarm:
    """Calls `scan(clock.now())` again and again; a scan finds by itself what is due.

    So a missed or a doubled ring does no harm, and nothing of the business is in the scheduler.
    """

    def __init__(
        self,
        clock: Clock,
        scan: Callable[[datetime], Awaitable[object]],
        *,
        every: timedelta = timedelta(seconds=10),
    ) -> None:
        self._clock = clock
        self._scan = scan
        self._every = every
        self._scheduler: AsyncIOScheduler | None = None
        self._ringing = asyncio.Lock()

    def start(self) -> None:
        """Ring at once and then at every interval. Needs the running loop."""
        self._scheduler = AsyncIOScheduler(timezone=UTC)
        self._scheduler.add_job(
            self.ring,
            "interval",
            seconds=self._every.total_seconds(),
            coalesce=True,
            misfire_grace_time=None,
            next_run_time=SystemClock().now(),
        )
        self._scheduler.start()

    async def stop(self) -> None:
        """Ring no more; a scan under way is waited for, since the scheduler would break it off."""
        if self._scheduler is not None:
            self._scheduler.remove_all_jobs()
            await asyncio.sleep(0)  # one that was just rung takes the lock first
            async with self._ringing:
                self._scheduler.shutdown(wait=False)
            self._scheduler = None

    async def ring(self) -> None:
        """Scan once; a scan that fails is logged, and the next ring tries again."""
        async with self._ringing:
            try:
                await self._scan(self._clock.now())
            except Exception as error:
                log.error("scan_failed", kind=type(error).__name__, exc_info=True)
