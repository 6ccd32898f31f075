"""Messages that are kept but not handled yet: their platform could not wait any longer.

Such a platform drops a message for good after some seconds. So what is not handled by then is
kept in the inbox or, while the store cannot be reached, in files beside it, and handled later in
the order in which it came. The trap is the next message of the same person: it must not overtake.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

import msgspec
import structlog

from bot.clock import Clock
from bot.units import UnitFailed, Units
from handlers.conversation.messages import Inbound
from storage import inbox
from storage.errors import DatabaseRefused, FolderRefused, SealBroken
from storage.spool import Spool
from storage.unit import Unit

SLICE = 200
"""Messages that are read at once."""
KEEP_SECONDS = 1.0
"""How long the store may take to keep a message before that is done beside it."""

Handle = Callable[[Inbound], Awaitable[None]]

_INBOUND = msgspec.json.Decoder(Inbound)

log = structlog.get_logger()


class Late:
    """What waits in the inbox, of all processes, and in the files beside the store."""

    def __init__(self, units: Units, spool: Spool, clock: Clock, handle: Handle) -> None:
        """`handle` handles a message that waits in the inbox; raises DatabaseRefused when nothing
        was kept."""
        self._units = units
        self._spool = spool
        self._clock = clock
        self._handle = handle
        self._behind: set[tuple[str, str]] = set()
        """Chats of which this process has kept something since it last caught up."""
        self._busy = asyncio.Lock()

    def behind(self, inbound: Inbound) -> bool:
        """Whether something earlier of the same chat waits."""
        return (inbound.channel, inbound.account) in self._behind

    async def keep(self, inbound: Inbound) -> None:
        """Keep a message to be handled later.

        Raises:
            FolderRefused: neither the store nor the disk takes it.
        """
        self._behind.add((inbound.channel, inbound.account))
        try:
            async with asyncio.timeout(KEEP_SECONDS):
                await self._units.run(partial(_receive, inbound))
        except (TimeoutError, DatabaseRefused, UnitFailed) as error:
            body = msgspec.json.encode(inbound).decode()
            await asyncio.to_thread(self._spool.keep, body, self._clock.now())
            log.warning("message_spooled", channel=inbound.channel, why=type(error).__name__)

    async def catch_up(self) -> None:
        """Handle all that waits, in order.

        Raises:
            DatabaseRefused: the rest goes on waiting.
        """
        async with self._busy:
            behind = set(self._behind)
            await self._take_in()
            if await self._sweep():
                self._behind -= behind

    async def _take_in(self) -> None:
        """Bring what is kept beside the store into the inbox, where all has one order."""
        try:
            for number in await asyncio.to_thread(self._spool.waiting):
                inbound = await asyncio.to_thread(self._read, number)
                if inbound is not None:
                    await self._bring_in(number, inbound)
        except FolderRefused as error:
            log.error("spool_refused", why=str(error))

    async def _bring_in(self, number: int, inbound: Inbound) -> None:
        """Bring one in; one that the inbox cannot hold does not stop those behind it."""
        try:
            await self._units.run(partial(_receive, inbound))
        except UnitFailed as failure:
            log.error("message_not_taken_in", channel=inbound.channel, exc_info=failure)
            await asyncio.to_thread(self._spool.set_aside, number)
            return
        await asyncio.to_thread(self._spool.done, number)

    def _read(self, number: int) -> Inbound | None:
        try:
            text = self._spool.read(number)
            return _INBOUND.decode(text) if text is not None else None
        except (SealBroken, msgspec.DecodeError) as error:
            log.error("message_unreadable", channel="spool", kind=type(error).__name__)
            self._spool.set_aside(number)
            return None

    async def _sweep(self) -> bool:
        """Handle what waits in the inbox; False: there may be more."""
        waiting = await self._units.run(lambda unit: inbox.waiting(unit, SLICE))
        for one in waiting:
            try:
                inbound = _INBOUND.decode(one.body)
            except msgspec.DecodeError:
                log.error("message_unreadable", channel=one.channel)
                await self._units.run(partial(inbox.finish, channel=one.channel, key=one.key))
                continue
            await self._handle(inbound)
        return len(waiting) < SLICE


def _receive(inbound: Inbound, unit: Unit) -> None:
    body = msgspec.json.encode(inbound).decode()
    inbox.receive(unit, body, inbound.channel, inbound.key, inbound.account, inbound.at)
