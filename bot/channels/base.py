"""What the rest of the program asks of a messenger.

A channel decodes, renders and sends; it keeps no conversation state. It raises `ChannelError`
with one of the outcomes of the relay and nothing else, so that no platform's exception escapes.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from handlers.conversation.messages import Card, Inbound, InFile


@dataclass(frozen=True)
class Capabilities:
    """What a channel can do; the renderer adapts, forms never ask which channel it is."""

    buttons: int
    """Most buttons on one card."""
    label_bytes: int
    """Longest button label, UTF-8 bytes."""
    text_bytes: int
    """Longest message, UTF-8 bytes."""
    edits: bool
    """A sent card can be redrawn in place."""
    files_in: bool
    files_out: bool
    protects: bool
    """Forwarding and saving can be switched off for a message."""
    file_bytes_in: int
    """Largest file a person can send us."""


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


@dataclass(frozen=True)
class OutFile:
    """An attachment to send along: decrypted bytes, name and kind."""

    name: str
    mime: str
    content: bytes


Intake = Callable[[Inbound], Awaitable[None]]
"""Returns only after commit; the channel acknowledges to its platform when it has returned.
Raises when nothing was kept: the channel must not acknowledge then."""


class Channel(Protocol):
    name: str
    capabilities: Capabilities

    async def start(self, intake: Intake) -> None:
        """Begin to take messages; returns when ready."""

    async def stop(self) -> None:
        """Take no more messages; what was handed to `intake` is waited for."""

    async def send(self, account: str, card: Card, files: tuple[OutFile, ...] = ()) -> str:
        """Send `card` and return the platform's reference of the message. Raises ChannelError."""

    async def edit(self, account: str, ref: str, card: Card) -> str:
        """Redraw `ref` and return its (possibly new) reference. Raises ChannelError."""

    async def answer_tap(self, inbound: Inbound, alert: str) -> None:
        """Stop the spinner of a tap; `alert` is shown when not empty. Never raises."""

    def fetch(self, file: InFile) -> AsyncIterator[bytes]:
        """Stream the bytes of an inbound file. Raises ChannelError."""

    async def menu(self, account: str, entries: tuple[tuple[str, str], ...]) -> None:
        """Set the command menu of one person: (command, title) in order."""
