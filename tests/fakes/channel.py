"""A channel that remembers what was shown, and fails as a platform can when it is told to."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass

from bot.channels.base import Capabilities, ChannelError, Desk, Outcome, OutFile
from handlers.conversation.messages import Card, Inbound, InFile

PHONE = Capabilities(
    buttons=16,
    label_bytes=64,
    text_length=4096,
    edits=True,
    files_in=True,
    files_out=True,
    protects=True,
    file_bytes_in=20 * 1024 * 1024,
    deletes=True,
)


@dataclass(frozen=True)
class Shown:
    """One message as its reader has it, in the order of sending."""

    account: str
    ref: str
    card: Card
    files: tuple[OutFile, ...] = ()


class RecordingChannel:
    """Keeps the promises of `Channel`: refs are fresh, unknown ones are gone."""

    def __init__(self, name: str = "fake", capabilities: Capabilities = PHONE) -> None:
        self.name = name
        self.capabilities = capabilities
        self.log: list[str] = []
        """`account text`, one for each message and redraw, as it was shown."""
        self.messages: list[Shown] = []
        self.alerts: list[str] = []
        self.menus: dict[str, tuple[tuple[str, str], ...]] = {}
        self.left: list[str] = []
        """Groups it was told to leave."""
        self.contents: dict[str, list[bytes | ChannelError]] = {}
        """What `fetch` streams by ref; an error is raised where it stands."""
        self.attempts = 0
        self.passes = asyncio.Event()
        """Cleared: whatever is sent waits until it is set."""
        self.passes.set()
        self.sending = asyncio.Event()
        """Set when something was handed over to be sent."""
        self._grown = asyncio.Event()
        self._trouble: deque[tuple[str | None, Exception, bool]] = deque()
        self._desk: Desk | None = None

    def fail(
        self,
        outcome: Outcome | Exception,
        *,
        account: str | None = None,
        shown: bool = False,
        after: float = 1.0,
        moved_to: str = "",
    ) -> None:
        """Fail the next call (of `account`) so; `shown`: the reader has it, the answer is lost."""
        error = (
            ChannelError(outcome, "as asked", after=after, moved_to=moved_to)
            if isinstance(outcome, Outcome)
            else outcome
        )
        self._trouble.append((account, error, shown))

    def texts(self, account: str) -> list[str]:
        """Return what the chat of `account` shows now."""
        return [one.card.text for one in self.messages if one.account == account]

    async def reached(self, count: int) -> None:
        """Return when so many messages were shown."""
        async with asyncio.timeout(30):
            while len(self.messages) < count:
                self._grown.clear()
                await self._grown.wait()

    def forget(self, ref: str) -> None:
        """Delete a message, as its reader can."""
        self.messages = [one for one in self.messages if one.ref != ref]

    async def say(self, inbound: Inbound) -> None:
        """Hand a person's message in; returns when the platform may forget it."""
        assert self._desk is not None, "the channel was not started"
        await self._desk.intake(inbound)

    async def open(self, desk: Desk) -> None:
        self._desk = desk

    async def start(self) -> None:
        """It takes what it is handed from the moment it is open."""

    async def stop(self) -> None:
        self._desk = None

    async def close(self) -> None:
        """Nothing is held."""

    async def send(self, account: str, card: Card, files: tuple[OutFile, ...] = ()) -> str:
        shown = Shown(account, f"m{self.attempts + 1}", card, files)
        await self._attempt(account, lambda: self._append(shown))
        return shown.ref

    async def edit(self, account: str, ref: str, card: Card) -> str:
        if not self.capabilities.edits:
            return await self.send(account, card)
        await self._attempt(account, lambda: self._redraw(account, ref, card))
        return ref

    async def delete(self, account: str, ref: str) -> None:
        await self._attempt(account, lambda: self._remove(account, ref))

    async def answer_tap(self, inbound: Inbound, alert: str) -> None:
        self.alerts.append(f"{inbound.account} {alert}")

    async def fetch(self, file: InFile) -> AsyncIterator[bytes]:
        self.attempts += 1
        if file.ref not in self.contents:
            raise ChannelError(Outcome.GONE, file.ref)
        for piece in self.contents[file.ref]:
            if isinstance(piece, ChannelError):
                raise piece
            yield piece

    async def menu(self, account: str, entries: tuple[tuple[str, str], ...]) -> None:
        self.menus[account] = entries

    async def leave(self, chat: str) -> None:
        self.left.append(chat)

    async def _attempt(self, account: str, show: object) -> None:
        assert callable(show)
        self.attempts += 1
        self.sending.set()
        await self.passes.wait()
        for trouble in self._trouble:
            whose, error, shown = trouble
            if whose in (None, account):
                self._trouble.remove(trouble)
                if shown:
                    show()
                raise error
        show()

    def _append(self, shown: Shown) -> None:
        self.messages.append(shown)
        self.log.append(f"{shown.account} {shown.card.text}")
        self._grown.set()

    def _remove(self, account: str, ref: str) -> None:
        if not any((one.account, one.ref) == (account, ref) for one in self.messages):
            raise ChannelError(Outcome.GONE, ref)
        self.forget(ref)

    def _redraw(self, account: str, ref: str, card: Card) -> None:
        for place, one in enumerate(self.messages):
            if (one.account, one.ref) == (account, ref):
                self.messages[place] = Shown(account, ref, card, one.files)
                self.log.append(f"{account} {card.text}")
                return
        raise ChannelError(Outcome.GONE, ref)
