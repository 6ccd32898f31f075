"""One pair of hands for every channel: what a person does and sees, so that tests are shared."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from bot.channels.base import Channel
from handlers.conversation.messages import Inbound
from tests.fakes.clock import SettableClock
from tests.fakes.desk import NINE, Desk
from tests.fakes.narrow import Narrow
from tests.fakes.page import Page, new_key, open_page

ANN, BOB = "s1", "m1"
"""Two accounts every harness knows."""


class Bot:
    """Takes messages as told: keeps them, or raises as often as `failures` says."""

    def __init__(self) -> None:
        self.heard: list[Inbound] = []
        self.offered: list[Inbound] = []
        self.failures = 0

    async def intake(self, inbound: Inbound) -> None:
        self.offered.append(inbound)
        if self.failures:
            self.failures -= 1
            raise RuntimeError("nothing was kept")
        self.heard.append(inbound)


@dataclass(frozen=True)
class Seen:
    ref: str
    title: str
    text: str
    keys: tuple[str, ...]


class Hands(Protocol):
    channel: Channel
    bot: Bot
    clock: SettableClock

    async def say(self, account: str, text: str, *, forwarded: bool = False) -> None: ...
    async def tap(self, account: str, ref: str, key: str) -> None: ...
    async def photos(self, account: str, contents: list[bytes], text: str) -> None: ...
    async def place(self, account: str, latitude: float, longitude: float) -> None: ...
    async def seen(self, account: str) -> list[Seen]: ...
    async def settled(self, number: int) -> None:
        """Wait until the bot has kept so many messages."""


class NarrowHands:
    def __init__(self, clock: SettableClock) -> None:
        self.clock = clock
        self.bot = Bot()
        self.channel = Narrow(clock.now, (ANN, BOB))

    async def say(self, account: str, text: str, *, forwarded: bool = False) -> None:
        await self._try(self.channel.phone(account).say(text, forwarded=forwarded))

    async def tap(self, account: str, ref: str, key: str) -> None:
        await self._try(self.channel.phone(account).press(key, ref))

    async def photos(self, account: str, contents: list[bytes], text: str) -> None:
        album = new_key() if len(contents) > 1 else ""
        for number, content in enumerate(contents):
            caption = "" if number else text
            await self._try(self.channel.phone(account).photo(content, caption, album=album))

    async def place(self, account: str, latitude: float, longitude: float) -> None:
        await self._try(self.channel.phone(account).place(latitude, longitude))

    async def seen(self, account: str) -> list[Seen]:
        return [
            Seen(one.ref, "", one.text, tuple(button.key for button in one.buttons))
            for one in self.channel.chat(account)
        ]

    async def settled(self, number: int) -> None:
        for _ in range(100):
            if len(self.bot.heard) >= number:
                return
            await self._try(self.channel.redeliver())
        raise AssertionError(f"heard {len(self.bot.heard)} of {number}")

    async def _try(self, delivery: Awaitable[object]) -> None:
        try:
            await delivery
        except RuntimeError:
            return


class PhonesHands:
    def __init__(self, desk: Desk, bot: Bot, page: Page) -> None:
        self.clock = desk.clock
        self.bot = bot
        self.channel = desk.channel
        self._page = page

    async def say(self, account: str, text: str, *, forwarded: bool = False) -> None:
        await self._page.send(account, text, forwarded=forwarded)

    async def tap(self, account: str, ref: str, key: str) -> None:
        await self._page.tap(account, int(ref), key)

    async def photos(self, account: str, contents: list[bytes], text: str) -> None:
        refs = []
        for content in contents:
            _, file = await self._page.upload(account, content)
            refs.append(file["ref"])
        await self._page.send(account, text, files=refs)

    async def place(self, account: str, latitude: float, longitude: float) -> None:
        spot = {"latitude": latitude, "longitude": longitude}
        await self._page.send(account, place=spot)

    async def seen(self, account: str) -> list[Seen]:
        chat = await self._page.chat(account)
        return [
            Seen(
                str(one["id"]),
                one["title"],
                one["text"],
                tuple(key for row in [*one["grid"], *one["rows"], one["nav"]] for _, key in row),
            )
            for one in chat["messages"]
            if not one["mine"]
        ]

    async def settled(self, number: int) -> None:
        while len(self.bot.heard) < number:
            # Each kept message brings a word to the page: its second tick, or the tap's end.
            await self._page.until(
                lambda word: (
                    (word["t"] == "tapped" and word["taken"])
                    or (word["t"] == "message" and word["message"]["taken"])
                )
            )


@asynccontextmanager
async def narrow_hands(_folder: Path) -> AsyncIterator[Hands]:
    hands = NarrowHands(SettableClock(NINE))
    await hands.channel.start(hands.bot.intake)
    yield hands
    await hands.channel.stop()


@asynccontextmanager
async def phones_hands(folder: Path) -> AsyncIterator[Hands]:
    desk, bot = Desk(folder), Bot()
    await desk.start()
    await desk.channel.stop()
    await desk.channel.start(bot.intake)
    try:
        async with open_page(desk, ANN, BOB) as page:
            yield PhonesHands(desk, bot, page)
    finally:
        await desk.stop()


HARNESSES: dict[str, Callable[[Path], object]] = {
    "narrow": narrow_hands,
    "phones": phones_hands,
}
"""Every channel joins the shared suite by its line here."""


def at(hour: int, minute: int = 0) -> datetime:
    """Return an instant of the day the tests live on, in UTC."""
    return NINE.replace(hour=hour, minute=minute)
