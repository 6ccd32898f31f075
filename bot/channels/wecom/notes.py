"""What the channel remembers of a message it sent: how to take it back and how to redraw it."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime

import msgspec
import structlog

from bot.channels.base import ChannelError, Desk, Outcome
from bot.channels.wecom.decode import NAME
from storage.channel_notes import tapped
from storage.errors import StorageError

STORE_SECONDS = 5.0

log = structlog.get_logger()


class Note(msgspec.Struct, frozen=True):
    sent_at: datetime
    messages: tuple[str, ...] = ()
    """The platform's ids of all that was sent, to take it back by; empty: it is taken back."""
    code: str = ""
    """What lets us redraw the card once; empty: it is used, or there is no card."""
    quote: str = ""
    """What the message began with."""
    shown: str = ""
    """Digest of the card as it is now; empty: there is none."""
    guarded: bool = False
    """What it began with is protected: no message that is not may quote it."""
    sure: bool = True
    """False: some of it may stand in the chat under an id that we do not know."""


_NOTE = msgspec.json.Decoder(Note)


class Notes:
    """The notes of one channel, kept where all processes find them."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def of(self, account: str, ref: str) -> Note:
        """Return the note of a message. Raises ChannelError: GONE where there is none."""
        text = await self.read(account, ref)
        if text is None:
            raise ChannelError(Outcome.GONE, "no such message")
        return _NOTE.decode(text)

    async def code_of_tap(self, account: str, ref: str) -> str:
        """Return what a tap on the message lets us redraw it by; "" for nothing."""
        return await self.read(account, tapped(ref)) or ""

    async def keep(self, account: str, ref: str, note: msgspec.Struct) -> None:
        """Keep a note; never raises: without it a message is as good as gone, but it was sent."""
        with suppress(ChannelError):
            await self.write(account, ref, note)

    async def read(self, account: str, ref: str) -> str | None:
        """Return a note as it was written. Raises ChannelError: RETRY_LATER."""
        try:
            return await self._desk.noted(NAME, account, ref)
        except StorageError as error:
            kind = type(error).__name__
            raise ChannelError(Outcome.RETRY_LATER, kind, after=STORE_SECONDS) from None

    async def write(self, account: str, ref: str, note: msgspec.Struct) -> None:
        """Write a note, in place of the one before. Raises ChannelError: RETRY_LATER."""
        try:
            await self._desk.note(NAME, account, ref, msgspec.json.encode(note).decode())
        except StorageError as error:
            kind = type(error).__name__
            log.warning("note_not_kept", kind=kind)
            raise ChannelError(Outcome.RETRY_LATER, kind, after=STORE_SECONDS) from None
