"""The app's access token: all processes use the same one, and one of them renews it.

The trap: a token that two processes ask for may end the one that either was given first. So who
asks for one has the lease for it, and looks once more whether another has just got it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import msgspec
import structlog

from bot.channels.base import ChannelError, Desk, Outcome
from bot.channels.wecom.decode import NAME
from storage.errors import StorageError

SPARE = timedelta(seconds=300)
"""A token is renewed when it lasts no longer than that."""
LEASE_SECONDS = 30.0
"""More than the platform is given to answer."""
LOOK_SECONDS = 0.25
"""Between looks at whether another process has got one by now."""
LOOKS = int(LEASE_SECONDS / LOOK_SECONDS)
AGAIN_SECONDS = 5.0

Sleep = Callable[[float], Awaitable[None]]

log = structlog.get_logger()


class Token(msgspec.Struct, frozen=True):
    value: str
    until: datetime


_TOKEN = msgspec.json.Decoder(Token)


class Shelf:
    """Where the token of one app lies for all processes."""

    def __init__(self, desk: Desk, ref: str, sleep: Sleep) -> None:
        """`ref` names the app, and its secret; `sleep`: between looks."""
        self._desk = desk
        self._ref = ref
        self._sleep = sleep

    async def take(self) -> Token | None:
        """Return the token; None: there is none yet, or the store does not say."""
        try:
            text = await self._desk.noted(NAME, "", self._ref)
            return _TOKEN.decode(text) if text else None
        except (StorageError, msgspec.DecodeError) as error:
            log.warning("token_not_recalled", kind=type(error).__name__)
            return None

    async def lay(self, token: Token) -> None:
        """Let others use it, unless it took so long to get that they have another by now."""
        try:
            if await self._ours():
                await self._desk.note(NAME, "", self._ref, msgspec.json.encode(token).decode())
        except StorageError as error:
            log.warning("token_not_shared", kind=type(error).__name__)

    async def turn(self) -> None:
        """Return when it is ours to renew it.

        Raises:
            ChannelError: RETRY_LATER, another process has been at it for too long.
        """
        for _ in range(LOOKS):
            try:
                if await self._ours():
                    return
            except StorageError:  # which is no reason to be silent
                return
            await self._sleep(LOOK_SECONDS)
        raise ChannelError(Outcome.RETRY_LATER, "another renews the token", after=AGAIN_SECONDS)

    async def over(self) -> None:
        """Let the next one renew it."""
        try:
            await self._desk.release(self._lease)
        except StorageError as error:
            log.warning("token_lease_not_released", kind=type(error).__name__)

    async def _ours(self) -> bool:
        return await self._desk.hold(self._lease, LEASE_SECONDS)

    @property
    def _lease(self) -> str:
        return f"{NAME} {self._ref}"


class Tokens:
    """The token of one app, asked for when it is needed."""

    def __init__(self, fetch: Callable[[], Awaitable[Token]], now: Callable[[], datetime]) -> None:
        self.shelf: Shelf | None = None
        """None: nobody else uses it."""
        self._fetch = fetch
        self._now = now
        self._token: Token | None = None
        self._renewing = asyncio.Lock()

    async def valid(self, *, stale: str = "") -> str:
        """Return a token that is not `stale`, which was just refused: a newer one stays.

        Raises:
            ChannelError: the platform gives none.
        """
        async with self._renewing:
            if self._token is None or not self._fits(self._token, stale):
                self._token = await self._renewed(stale)
            return self._token.value

    async def _renewed(self, stale: str) -> Token:
        if self.shelf is None:
            return await self._fetch()
        shared = await self.shelf.take()
        if shared is not None and self._fits(shared, stale):
            return shared
        await self.shelf.turn()
        try:
            shared = await self.shelf.take()
            if shared is not None and self._fits(shared, stale):
                return shared
            fresh = await self._fetch()
            await self.shelf.lay(fresh)
            return fresh
        finally:
            await self.shelf.over()

    def _fits(self, token: Token, stale: str) -> bool:
        return token.value != stale and token.until - self._now() > SPARE
