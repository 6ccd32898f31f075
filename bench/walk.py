"""The program inside this process, over a channel that shows everything at once.

What is left is its own work: units of work, the engine, the store, the relay.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count

from bench.crowd import NOTE
from bot.app import App
from bot.channels.base import Capabilities, ChannelError, Desk, Outcome, OutFile
from bot.channels.telegram.draw import CAPABILITIES
from bot.clock import SystemClock
from bot.settings import Settings
from handlers.conversation.messages import Card, Inbound, InFile


class Instant:
    """A channel whose platform takes no time."""

    name = "telegram"
    capabilities: Capabilities = CAPABILITIES

    def __init__(self) -> None:
        self.cards: dict[str, Card] = {}
        """The newest card with buttons, by account."""
        self.refs: dict[str, str] = {}
        self._fresh = count(1)

    async def open(self, desk: Desk) -> None:
        """Nothing is needed."""

    async def start(self) -> None:
        """Nothing comes in by itself."""

    async def stop(self) -> None:
        """Nothing to wait for."""

    async def close(self) -> None:
        """Nothing was opened."""

    async def send(self, account: str, card: Card, _files: tuple[OutFile, ...] = ()) -> str:
        return await self.edit(account, str(next(self._fresh)), card)

    async def edit(self, account: str, ref: str, card: Card) -> str:
        if card.buttons():
            self.cards[account], self.refs[account] = card, ref
        return ref

    async def delete(self, account: str, ref: str) -> None:
        """What was shown is not looked at again."""

    async def answer_tap(self, inbound: Inbound, alert: str) -> None:
        """Nobody waits for it."""

    async def fetch(self, file: InFile) -> AsyncIterator[bytes]:
        raise ChannelError(Outcome.GONE, file.ref)
        yield b""

    async def menu(self, account: str, entries: tuple[tuple[str, str], ...]) -> None:
        """Menus are not looked at."""

    async def leave(self, chat: str) -> None:
        """There are no groups."""


@dataclass
class Walk:
    """One program and those who write to it."""

    app: App
    channel: Instant
    clock: SystemClock = field(default_factory=SystemClock)
    keys: Iterator[int] = field(default_factory=lambda: count(1))

    async def step(
        self, account: str, *, text: str = "", command: str = "", tap: str = ""
    ) -> float:
        """Do one thing and return how long the program took until it was committed.

        `tap`: beginning of the label of a button; "*" for the first one.
        """
        choice = card = ""
        if tap:
            await self.app.drain()
            buttons = self.channel.cards[account].buttons()
            button = next(one for one in buttons if tap == "*" or one.label.startswith(tap))
            choice, card = button.key, self.channel.refs[account]
        key = f"k{next(self.keys)}"
        inbound = Inbound("telegram", account, key, self.clock.now(), text, command, choice, card)
        began = time.perf_counter()
        await self.app.intake(inbound)
        return time.perf_counter() - began

    async def note(self, account: str, words: str = "") -> dict[str, float]:
        """File a visit note and return how long each step took; `words` are searched by."""
        took = {"start": await self.step(account, command="visit")}
        if words:
            took["search"] = await self.step(account, text=words)
        took["customer"] = await self.step(account, tap="*")
        took["date"] = await self.step(account, tap="今天")
        took["what happened"] = await self.step(account, text=NOTE)
        took["next contact"] = await self.step(account, tap="跳过")
        took["submit"] = await self.step(account, tap="提交")
        await self.app.drain()
        return took


@asynccontextmanager
async def walking(settings: Settings) -> AsyncIterator[Walk]:
    channel = Instant()
    app = App(settings, SystemClock(), (channel,))
    await app.start()
    await asyncio.sleep(0)
    try:
        yield Walk(app, channel)
    finally:
        await app.stop()
