"""What a member was sent within the hour: so that nothing is too much, cut off or said twice.

The platform drops what goes over a member's limit without a word, and a message of several parts
can end between two of them. So each part is written down before it goes and once it has arrived:
whatever ends the program, the next try counts right and goes on from there.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import msgspec

from bot.channels.wecom.notes import Notes
from bot.settings import MemberLimits

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
BOOK = "book"
"""Under what name it is kept beside the notes of the member's messages."""


class Sent(msgspec.Struct, frozen=True, array_like=True):
    """One message that the platform took, or may have taken."""

    at: datetime
    mark: str
    """Digest of what it said."""


class Way(msgspec.Struct, frozen=True, array_like=True):
    """How far a message has come."""

    message: str = ""
    """Digest of the message and of what it is a try of; empty: it is tried but once."""
    ref: str = ""
    """What names it from now on, and its card at the platform."""
    parts: tuple[str, ...] = ()
    """The platform's ids of the parts that arrived, in order; empty where it gave none."""
    code: str = ""
    """What lets us redraw the card that arrived last."""
    media: str = ""
    """By what id the file that is next was uploaded; empty: it was not."""
    doubt: bool = False
    """Whether the part that is next may have arrived already."""
    checked: bool = False
    """Whether that part was sent so that the platform does not show it twice."""
    sure: bool = True
    """False: a part was in doubt, so it may be shown under an id that nobody told us."""


class Book(msgspec.Struct, frozen=True, array_like=True):
    sent: tuple[Sent, ...] = ()
    """Of the past hour, in order."""
    way: Way = Way()
    """Of the message that was on its way last."""

    def wait(self, limits: MemberLimits, now: datetime) -> float:
        """Return in how many seconds one more message may go to the member; 0: now."""
        if not limits.enabled:
            return 0.0
        waits = [0.0]
        for span, most in (
            (MINUTE, limits.member_per_minute), (HOUR, limits.member_per_hour),
        ):  # fmt: skip
            if len(self.sent) >= most:
                waits.append((self.sent[-most].at + span - now).total_seconds())
        return max(waits)

    def said(self, mark: str) -> bool:
        """Whether the like of it was sent within the hour."""
        return any(one.mark == mark for one in self.sent)


_BOOK = msgspec.json.Decoder(Book)


class Books:
    """The books of all members, kept where all processes find them."""

    def __init__(self, notes: Notes, now: Callable[[], datetime]) -> None:
        self._notes = notes
        self._now = now

    async def of(self, account: str) -> Book:
        """Return a member's book. Raises ChannelError: RETRY_LATER, the store refuses."""
        text = await self._notes.read(account, BOOK)
        try:
            book = _BOOK.decode(text) if text else Book()
        except msgspec.DecodeError:  # of another version
            return Book()
        now = self._now()
        # a clock that was put back must not shut a member out for longer than the limit does
        lately = (Sent(min(one.at, now), one.mark) for one in book.sent if now - one.at < HOUR)
        return Book(tuple(lately), book.way)

    async def write(self, account: str, book: Book) -> None:
        """Write down what is about to happen. Raises ChannelError: RETRY_LATER."""
        await self._notes.write(account, BOOK, book)

    async def keep(self, account: str, book: Book) -> None:
        """Write down what has happened; never raises."""
        await self._notes.keep(account, BOOK, book)


def digest(value: Any) -> str:
    """Return what tells a value from others, as JSON has it."""
    return hashlib.sha256(msgspec.json.encode(value)).hexdigest()[:32]
