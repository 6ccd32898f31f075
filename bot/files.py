"""Fetches what people sent along, after commit: a slow photo never holds up a chat.

The row is there from the moment the message is handled, so nothing is forgotten: what cannot be
fetched now is tried again, what cannot be kept is told to its sender.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from datetime import datetime, timedelta
from functools import partial

import structlog

from bot.channels.base import Channel, ChannelError, Outcome
from bot.clock import Clock
from bot.rounds import REFUSED_SECONDS, Rounds
from bot.shifts import Shift
from bot.units import UnitFailed, Units
from handlers.conversation.messages import FileKind, InFile
from handlers.intake import MAX_FILE_BYTES, source_of
from storage import attachments
from storage.attachments import Attachment
from storage.errors import DatabaseRefused, FileRefused, FolderRefused
from storage.folder import Folder, Kept
from storage.unit import Unit

Told = Callable[[Unit, Attachment], None]
"""Tells the sender that a file was not kept; the row says why. Part of the same unit."""
Settle = Callable[[Unit], None]
Ended = Callable[[str], None]
"""Hears, after commit, how one try ended: kept | refused | lost | later | folder."""

AT_ONCE = 4
"""Files that are fetched side by side."""
CLAIM = 50
FETCH_SECONDS = 300.0
TRIES = 150
"""Failed tries, with growing pauses, after which a file counts as lost: about a day."""
LONGEST_RETRY_SECONDS = 600.0
PASSING = frozenset({Outcome.RETRY_LATER, Outcome.UNKNOWN})
"""Outcomes after which the platform may still give the file."""

log = structlog.get_logger()


def largest(channel: Channel | None) -> int:
    """Return the bytes of the largest file that is fetched from a channel; None: switched off."""
    given_out = channel.capabilities.file_bytes_in if channel else MAX_FILE_BYTES
    return min(MAX_FILE_BYTES, given_out)


class Fetcher:
    """Fetches pending attachments from their channels into the folder, in one process of all."""

    def __init__(
        self,
        channels: Mapping[str, Channel],
        units: Units,
        folder: Folder,
        clock: Clock,
        told: Told,
        ended: Ended = lambda _outcome: None,
    ) -> None:
        self.refused_since: datetime | None = None
        """Since when the folder takes no file; None: it took the last one."""
        self.kept_at: datetime | None = None
        """When it last took one; None: not since the start."""
        self._clock = clock
        self._ended = ended
        self._channels = channels
        self._units = units
        self._folder = folder
        self._told = told
        self._shift = Shift("fetcher", units, lambda: self._rounds.wake())
        self._rounds = Rounds("fetcher", clock, self._round)
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._tasks: dict[int, asyncio.Task[None]] = {}

    def start(self) -> None:
        """Begin to fetch, first what a stop left unfinished. Needs the running loop."""
        self._shift.start()
        self._rounds.start(self._sweep)

    async def stop(self) -> None:
        """Stop at once; what was half-fetched begins anew after the next start."""
        await self._rounds.stop()
        for task in self._tasks.values():
            task.cancel()
        if self._tasks:
            await asyncio.wait(set(self._tasks.values()))
        await self._shift.stop()

    def wake(self) -> None:
        """Say that there may be a file to fetch."""
        self._rounds.wake()
        self._shift.call()

    async def drain(self) -> datetime | None:
        """Fetch all that is due now; return, when nothing is under way, when more will be due."""
        while True:
            due = await self._round()
            if not self._tasks:
                return due
            await asyncio.wait(set(self._tasks.values()))

    async def _sweep(self) -> None:
        if not await self._shift.ready():
            return  # what lies half-written there may be another process's
        try:
            await asyncio.to_thread(self._folder.sweep)
        except OSError as error:
            log.warning("sweep_failed", kind=type(error).__name__)

    async def _round(self) -> datetime | None:
        """Start to fetch what is due; return when the next file will be."""
        if not await self._shift.ready():
            return None
        due = await self._units.read(attachments.next_due)
        if due is not None and due <= self._clock.now():
            # asked again where nothing can end meanwhile: a file must not be fetched twice
            for row in await self._units.run(self._due):
                if row.id not in self._tasks:
                    task = asyncio.create_task(self._fetch(row))
                    self._tasks[row.id] = task
                    task.add_done_callback(partial(self._finished, row.id))
        return None if self._tasks else due  # each wakes the rounds when it ends

    def _due(self, unit: Unit) -> list[Attachment]:
        return attachments.pending_due(unit, unit.now, CLAIM + len(self._tasks))

    def _finished(self, id: int, _task: asyncio.Task[None]) -> None:
        del self._tasks[id]
        self.wake()

    async def _fetch(self, row: Attachment) -> None:
        async with self._slots:
            outcome, settle = await self._take_in(row)
            try:
                await self._units.run(settle)
                self._note(outcome)
            except (DatabaseRefused, UnitFailed) as error:
                # the row is as it was: the file is fetched again
                log.error("file_not_settled", attachment=row.id, exc_info=error)
                await asyncio.sleep(REFUSED_SECONDS)

    def _note(self, outcome: str) -> None:
        if outcome == "kept":
            self.refused_since, self.kept_at = None, self._clock.now()
        elif outcome == "folder" and self.refused_since is None:
            self.refused_since = self._clock.now()
        self._ended(outcome)

    async def _take_in(self, row: Attachment) -> tuple[str, Settle]:
        """Fetch one file and return what became of it and how to write that down."""
        try:
            async with asyncio.timeout(FETCH_SECONDS):
                kept = await self._keep(row)
        except FileRefused as refused:
            return "refused", partial(self._end, row, attachments.refused, refused.code)
        except FolderRefused as error:
            log.error("folder_refused", attachment=row.id, exc_info=error)
            return "folder", partial(self._again, row, 0.0)
        except ChannelError as error:
            if error.outcome in PASSING:
                return self._try_again(row, error.after, error.outcome.value)
            return "lost", partial(self._end, row, attachments.lost, error.outcome.value)
        except Exception as error:
            log.error("fetch_failed", attachment=row.id, exc_info=error)
            return self._try_again(row, 0.0, type(error).__name__)
        return "kept", partial(attachments.kept, id=row.id, file=kept)

    async def _keep(self, row: Attachment) -> Kept:
        source = source_of(row)
        channel = self._channels.get(source.channel)
        if channel is None:
            raise ChannelError(Outcome.RETRY_LATER, "the channel is switched off")
        limit = largest(channel)
        incoming = await asyncio.to_thread(partial(self._folder.begin, limit=limit))
        pieces = channel.fetch(InFile(source.ref, FileKind(row.kind), row.name))
        try:
            async for piece in pieces:
                await asyncio.to_thread(incoming.write, piece)
            return await asyncio.to_thread(incoming.finish)
        finally:
            incoming.discard()
            if isinstance(pieces, AsyncGenerator):
                await pieces.aclose()  # a refused file leaves the rest of its stream unread

    def _try_again(self, row: Attachment, after: float, problem: str) -> tuple[str, Settle]:
        if row.attempts + 1 < TRIES:
            return "later", partial(self._again, row, after)
        return "lost", partial(self._end, row, attachments.lost, problem)

    def _again(self, row: Attachment, after: float, unit: Unit) -> None:
        seconds = max(after, min(2.0 ** min(row.attempts + 1, 16), LONGEST_RETRY_SECONDS))
        attachments.postpone(unit, row.id, unit.now + timedelta(seconds=seconds))

    def _end(
        self, row: Attachment, write: Callable[[Unit, int, str], None], problem: str, unit: Unit
    ) -> None:
        write(unit, row.id, problem)
        ended = attachments.get(unit, row.id)
        if ended is not None:
            self._told(unit, ended)
