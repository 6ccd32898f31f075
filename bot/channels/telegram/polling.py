"""Asks the platform for updates and confirms them only when they are committed.

The offset is raised past an update after the desk has returned, so a process that dies is given
the rest again. One process polls a token at a time: the one that has the lease (CONTRACT 1.5).
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar

import structlog
from telegram.error import Conflict, InvalidToken, RetryAfter, TelegramError

from bot.channels.base import Desk
from bot.channels.telegram.decode import lane
from bot.channels.telegram.outcomes import converted
from bot.channels.telegram.taptime import TapClock
from storage.errors import StorageError

T = TypeVar("T")

Ask = Callable[[int | None, int], Awaitable[list[dict[str, Any]]]]
"""Returns updates from an offset on, after at most so many seconds; at most `FULL` of them."""
Take = Callable[[dict[str, Any]], Awaitable[None]]
"""Handles one update; raises when nothing was kept."""
Sleep = Callable[[float], Awaitable[None]]
"""Returns after so many seconds."""

LEASE = "poller:telegram"
LEASE_SECONDS = 20.0
"""Longer than a poll that hangs. So long after its holder was killed, another process polls."""
RENEW = timedelta(seconds=5)
LONG_POLL_SECONDS = 8
FULL = 100
BACKLOG_SECONDS = 10.0
"""How long the start waits for what lay at the platform to be taken."""
PAUSES = (0.5, 1.0, 2.0, 5.0)
"""Seconds between attempts after a failure."""
CONFLICT_PATIENCE = timedelta(seconds=30)

log = structlog.get_logger()


class Poller:
    def __init__(
        self,
        prepare: Callable[[], Awaitable[None]],
        ask: Ask,
        take: Take,
        taps: TapClock,
        now: Callable[[], datetime],
        *,
        pauses: Sequence[float] = PAUSES,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        """`prepare` is done once before the first poll, again and again until it succeeds."""
        self.problem: str | None = ""
        """As `Watched` has it; None: another process polls."""
        self._prepare: Callable[[], Awaitable[None]] | None = prepare
        self._ask = ask
        self._take = take
        self._taps = taps
        self._now = now
        self._pauses = tuple(pauses)
        self._sleep = sleep
        self._offset: int | None = None
        self._answered: datetime | None = None
        self._renewed: datetime | None = None
        self._conflict_since: datetime | None = None
        self._halted = asyncio.Event()
        self._caught_up = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def start(self, desk: Desk) -> None:
        """Begin to poll; returns when what lay at the platform was taken.

        So nobody is called late for a message that waited there. A platform that cannot be
        reached holds the start up for BACKLOG_SECONDS at most.
        """
        self._desk = desk
        self._halted.clear()
        self._caught_up.clear()
        self._offset = self._renewed = self._conflict_since = None
        self._answered = await desk.seen_at(LEASE)
        self._task = asyncio.create_task(self._run(), name="telegram poller")
        waiting = asyncio.create_task(self._caught_up.wait())
        await asyncio.wait({waiting}, timeout=BACKLOG_SECONDS)
        waiting.cancel()

    async def stop(self) -> None:
        """Ask no more; returns when what was handed on has been handled."""
        self._halted.set()
        if self._task is not None:
            await self._task
            self._task = None
            try:
                await self._desk.release(LEASE)
            except StorageError as error:
                log.warning("lease_not_released", kind=type(error).__name__)

    async def _run(self) -> None:
        failures = 0
        while not self._halted.is_set():
            pause = 0.0
            try:
                leads = await self._leads()
                if not leads:
                    self._caught_up.set()
                    pause = LEASE_SECONDS / 10
                elif self._prepare is not None:
                    await self._unless_halted(self._prepare())
                    self._prepare = None
                elif not await self._poll():
                    pause = self._pauses[0]
                failures, self._conflict_since = 0, None
                self.problem = "" if leads else None
            except TelegramError as error:
                pause = self._failed(error, failures)
                failures += 1
            except StorageError as error:
                log.warning("poller_store_refused", kind=type(error).__name__)
                pause = self._pauses[0]  # the store itself makes us wait
            except Exception as error:
                log.error("poll_failed", kind=type(error).__name__, exc_info=True)
                pause = self._pauses[-1]
            if pause:
                await self._unless_halted(self._sleep(pause))

    async def _leads(self) -> bool:
        """Keep the lease; it also tells a later start until when intake was up."""
        now = self._now()
        if self._renewed is not None and timedelta() <= now - self._renewed < RENEW:
            return True
        held = await self._desk.hold(LEASE, LEASE_SECONDS)
        self._renewed = now if held else None
        return held

    async def _poll(self) -> bool:
        """Take one batch; False: some of it was not kept and has to be asked for again."""
        asked = self._now()
        waits = LONG_POLL_SECONDS if self._caught_up.is_set() else 0
        batch = await self._unless_halted(self._ask(self._offset, waits))
        if batch is None:
            return True
        if not self._caught_up.is_set() or self._silent(asked):
            self._taps.behind(self._answered)
        done = await self._hand_on(batch)
        if len(batch) < FULL and done:
            self._answered = self._now()
            self._taps.behind(None)
            self._caught_up.set()
        return done

    def _silent(self, asked: datetime) -> bool:
        """Whether nobody asked for so long that what came in may have waited."""
        return self._answered is not None and asked - self._answered > RENEW

    async def _hand_on(self, batch: list[dict[str, Any]]) -> bool:
        """Hand a batch on, chat by chat side by side, and raise the offset past what was kept."""
        lanes: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for update in batch:
            lanes[lane(update)].append(update)
        ended = await asyncio.gather(*(self._in_order(one) for one in lanes.values()))
        failed = [one for one in ended if one is not None]
        if failed:
            self._offset = min(failed)
        elif batch:
            self._offset = max(int(one["update_id"]) for one in batch) + 1
        return not failed

    async def _in_order(self, updates: list[dict[str, Any]]) -> int | None:
        """Handle the updates of one chat; returns the id of the first that was not kept."""
        for update in updates:
            try:
                await self._take(update)
            except Exception as error:
                log.warning("update_not_kept", kind=type(error).__name__, exc_info=True)
                return int(update["update_id"])
        return None

    def _failed(self, error: TelegramError, failures: int) -> float:
        """Note why the platform gave no answer and return how long to wait."""
        log.warning("poll_refused", kind=type(error).__name__)
        pause = self._pauses[min(failures, len(self._pauses) - 1)]
        if isinstance(error, Conflict):
            # another program polls the same token: it may be one of ours that is just ending
            self._conflict_since = self._conflict_since or self._now()
            if self._now() - self._conflict_since >= CONFLICT_PATIENCE:
                self.problem = "conflict"
        elif isinstance(error, InvalidToken):
            self.problem = "unauthorized"
        elif isinstance(error, RetryAfter):
            return max(pause, converted(error).after)
        else:
            self.problem = "unreachable"
        return pause

    async def _unless_halted(self, work: Awaitable[T]) -> T | None:
        """Return what `work` returned; None when the stop came first, which ends it."""
        task = asyncio.ensure_future(work)
        halted = asyncio.create_task(self._halted.wait())
        try:
            await asyncio.wait({task, halted}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            halted.cancel()
        if task.done():
            return task.result()
        task.cancel()
        await asyncio.wait({task})
        return None
