"""What database and disk say of themselves, read beside the writer for `/metrics` and alarms.

The trap is a reader that hangs with its database: whoever asks waits `PATIENCE_SECONDS` and no
longer, and while one reading hangs no second one is begun. Asking every second costs one reading
in `FRESH_SECONDS`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Generic, TypeVar

import msgspec

from bot.clock import Clock
from bot.units import Units
from rules.hours import after_quiet
from rules.policies import Policies
from storage import accounts, attachments, backlog, ledger
from storage.backlog import Backlog
from storage.folder import Folder
from storage.session import Session

T = TypeVar("T")

PATIENCE_SECONDS = 2.0
"""Prometheus itself waits ten seconds for a page."""
FRESH_SECONDS = 5.0
DAY = timedelta(days=1)


class Reading(msgspec.Struct, frozen=True):
    """What the database says at one moment."""

    backlogs: Mapping[str, Backlog]
    """By channel."""
    files_pending: int
    rungs_late_seconds: float
    """How long the longest waiting rung that may be recorded has not been; quiet hours apart."""
    unreachable_people: int
    """People whom no message reaches, though they have a chat."""
    at: datetime


class Cached(Generic[T]):
    """Takes one reading at a time, at most every few seconds, and waits for none too long."""

    def __init__(
        self,
        take: Callable[[], Awaitable[T]],
        *,
        fresh: float = FRESH_SECONDS,
        patience: float = PATIENCE_SECONDS,
    ) -> None:
        self._take = take
        self._fresh = fresh
        self._patience = patience
        self._task: asyncio.Task[T] | None = None
        self._value: T | None = None
        self._taken_at = 0.0

    async def get(self) -> T | None:
        """Return the reading; None: it failed, or is not there yet."""
        if self._value is not None and time.monotonic() - self._taken_at < self._fresh:
            return self._value
        if self._task is None:
            self._task = asyncio.create_task(self._run())
            # it may fail when nobody waits for it any more
            self._task.add_done_callback(lambda task: task.cancelled() or task.exception())
        task = self._task
        # one that hangs is left to itself: a second one would hang beside it
        await asyncio.wait({task}, timeout=self._patience)
        if not task.done():
            return None
        return None if task.cancelled() or task.exception() else task.result()

    async def _run(self) -> T:
        self._value = None
        try:
            self._value = await self._take()
            self._taken_at = time.monotonic()
            return self._value
        finally:
            self._task = None


class Readings:
    """Both readings of one running program."""

    def __init__(
        self,
        units: Units,
        folder: Folder,
        channels: Iterable[str],
        policies: Policies,
        clock: Clock,
    ) -> None:
        self._channels = tuple(channels)
        self._policies = policies
        self._clock = clock
        self.store = Cached(lambda: units.read(self._read))
        self.room = Cached(lambda: asyncio.to_thread(folder.room))

    def _read(self, session: Session) -> Reading:
        return read(session, self._channels, self._policies, self._clock.now())


def read(session: Session, channels: Iterable[str], policies: Policies, now: datetime) -> Reading:
    """Return what the database says, by look-ups whose work is bounded."""
    due = ledger.next_due(session)
    office = policies.at(now).company.time
    # what is due in quiet hours is recorded when they end, and is not late before that
    may = None if due is None else after_quiet(due, office.quiet_hours, office.zone)
    quiet = after_quiet(now, office.quiet_hours, office.zone) > now
    late = 0.0 if may is None or quiet else max(0.0, (now - may).total_seconds())
    return Reading(
        backlogs={name: backlog.waiting(session, now, name) for name in channels},
        files_pending=attachments.count_pending(session),
        rungs_late_seconds=late,
        unreachable_people=accounts.count_unreachable(session),
        at=now,
    )
