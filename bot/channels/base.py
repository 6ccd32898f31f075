"""What the rest of the program asks of a messenger.

A channel decodes, renders and sends; it keeps no conversation state. It raises `ChannelError`
with one of the outcomes of the relay and nothing else, so that no platform's exception escapes.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from enum import StrEnum
from typing import Protocol, runtime_checkable

import msgspec

from handlers.conversation.messages import Card, Inbound, InFile, Suggestions
from handlers.people.directory import Listed


class Measure(msgspec.Struct, frozen=True):
    """How a platform counts the length of a text."""

    encoding: str
    unit_bytes: int

    def length(self, text: str) -> int:
        return len(text.encode(self.encoding)) // self.unit_bytes

    def cut(self, text: str, limit: int) -> str:
        """Return the beginning of `text` of at most `limit` units, never half a character."""
        return text.encode(self.encoding)[: limit * self.unit_bytes].decode(
            self.encoding, errors="ignore"
        )


UTF8_BYTES = Measure("utf-8", 1)
UTF16_UNITS = Measure("utf-16-le", 2)


class Capabilities(msgspec.Struct, frozen=True):
    """What a channel can do; the renderer adapts, forms never ask which channel it is."""

    buttons: int
    """Most buttons on one card."""
    label_bytes: int
    """Longest button label, UTF-8 bytes."""
    text_length: int
    """Longest message, in units of `measure`."""
    edits: bool
    """A sent card can be redrawn in place."""
    files_in: bool
    files_out: bool
    protects: bool
    """Forwarding and saving can be switched off for a message."""
    file_bytes_in: int
    """Largest file a person can send us."""
    measure: Measure = UTF8_BYTES
    deletes: bool = False
    """A sent message can be taken out of the chat again."""
    options: int = 0
    """Most entries of a list under a card to pick one from, or to tick several of; 0: it has
    none."""
    option_length: int = 0
    """Longest entry of such a list, in characters."""
    protects_buttons: bool = True
    """What `protects` does for the text of a message holds for its buttons as well."""


class Outcome(StrEnum):
    RETRY_LATER = "retry_later"
    UNREACHABLE = "unreachable"
    REJECTED = "rejected"
    GONE = "gone"
    MOVED = "moved"
    UNKNOWN = "unknown"


class ChannelError(Exception):
    """Why a platform did not take a message (CONTRACT 1.6).

    `after` seconds for RETRY_LATER; `moved_to` the new account for MOVED.
    """

    def __init__(
        self, outcome: Outcome, detail: str = "", *, after: float = 1.0, moved_to: str = ""
    ) -> None:
        super().__init__(f"{outcome}: {detail}")
        self.outcome = outcome
        self.after = after
        self.moved_to = moved_to


class Held(ChannelError):
    """Not tried: its reader was sent as much as the platform lets through, for `after` seconds."""

    def __init__(self, detail: str, *, after: float) -> None:
        super().__init__(Outcome.RETRY_LATER, detail, after=after)


class OutFile(msgspec.Struct, frozen=True):
    """An attachment to send along: decrypted bytes, name and kind."""

    name: str
    mime: str
    content: bytes


class Desk(Protocol):
    """What a channel hands on to."""

    async def intake(self, inbound: Inbound) -> None:
        """Handle one message; returns only after commit.

        The channel acknowledges to its platform when it has returned. Raises when nothing was
        kept: the channel must not acknowledge then.
        """

    async def keep(self, inbound: Inbound) -> None:
        """Keep one message to be handled later; returns when it outlives the program.

        For platforms that wait for some seconds only. Raises when nothing was kept.
        """

    async def remark(self, inbound: Inbound, text: str) -> None:
        """Answer a message with a remark that is sent in its turn, in place of one to the same
        chat that still waits; returns after commit."""

    async def suggest(self, channel: str, account: str, words: str, further: str) -> Suggestions:
        """Return what fits `words` for that person, as all may see it; nothing for strangers."""

    async def hold(self, name: str, seconds: float, *, shared: bool = False) -> bool:
        """Take or renew a lease for this process (CONTRACT 1.5); False: another one has it.

        `shared`: every process has it, and it tells when any of them last did.
        """

    async def release(self, name: str) -> None:
        """Let go of a lease of this process."""

    async def seen_at(self, name: str) -> datetime | None:
        """Return when a lease was last renewed; None: it never was."""

    async def learn(self, key: str, value: str) -> None:
        """Keep a fact about the platform for other parts of the program."""

    async def note(self, channel: str, account: str, ref: str, text: str) -> None:
        """Keep, sealed, what the channel must remember of a message it sent to `account`, or (both
        "" and a name) of itself. A machine that goes down may forget it."""

    async def noted(self, channel: str, account: str, ref: str) -> str | None:
        """Return what was kept so; None: nothing."""


class Channel(Protocol):
    name: str
    capabilities: Capabilities

    async def open(self, desk: Desk) -> None:
        """Be ready to send and to fetch; the first call."""

    async def start(self) -> None:
        """Begin to take messages; returns when ready."""

    async def stop(self) -> None:
        """Take no more messages; what was handed to the desk is waited for."""

    async def close(self) -> None:
        """Let go of the platform, after the last call; it can be opened again."""

    async def send(self, account: str, card: Card, files: tuple[OutFile, ...] = ()) -> str:
        """Send `card` and return the platform's reference of the message. Raises ChannelError."""

    async def edit(self, account: str, ref: str, card: Card) -> str:
        """Redraw `ref` and return its (possibly new) reference. Raises ChannelError."""

    async def delete(self, account: str, ref: str) -> None:
        """Take the message `ref` out of the chat. Raises ChannelError: GONE when it is not there,
        REJECTED when the platform lets nobody delete it any more."""

    async def answer_tap(self, inbound: Inbound, alert: str) -> None:
        """Stop the spinner of a tap; `alert` is shown when not empty. Never raises."""

    def fetch(self, file: InFile) -> AsyncIterator[bytes]:
        """Stream the bytes of an inbound file. Raises ChannelError."""

    async def menu(self, account: str, entries: tuple[tuple[str, str], ...]) -> None:
        """Set the command menu of one person: (command, title) in order; empty takes it away.
        Raises ChannelError."""

    async def leave(self, chat: str) -> None:
        """Leave a group. Never raises."""


@runtime_checkable
class Listing(Protocol):
    """A channel whose platform says who can be reached there."""

    async def people(self) -> tuple[Listed, ...] | None:
        """Return everybody, by the account that messages name; None: it is not to be compared.
        Raises ChannelError."""


@runtime_checkable
class Watched(Protocol):
    """A channel that knows how its intake is; one that does not is left to its relay."""

    @property
    def problem(self) -> str | None:
        """What keeps messages from coming in; "" for nothing.

        `conflict`: another program takes them (a 409 that lasts); `unauthorized`: the token is
        not accepted; `unreachable`: the platform does not answer; `undelivered`: it answers, but
        what it posts to us does not arrive. None: this process does not take in for the channel,
        so it cannot know.
        """
