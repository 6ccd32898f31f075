"""One pair of hands for every channel: what a person does and sees, so that tests are shared."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Protocol

from bot.channels.base import UTF16_UNITS, Channel
from bot.channels.phones.platform import Phone
from bot.channels.render import split
from bot.channels.telegram.channel import Telegram
from bot.channels.telegram.draw import read_ref, tapped_ref
from bot.channels.wecom.channel import Wecom
from bot.settings import Limits, Secret
from bot.settings import Telegram as Settings
from handlers.conversation.messages import Inbound, Suggestions
from storage.channel_notes import tapped
from tests.fakes.clock import SettableClock
from tests.fakes.desk import NINE, Desk
from tests.fakes.narrow import Narrow
from tests.fakes.page import Page, new_key, open_page
from tests.fakes.serving import Serving
from tests.fakes.telegram.people import Person
from tests.fakes.telegram_server import TelegramServer
from tests.fakes.wecom_server import WecomServer

ANN, BOB = "7001", "7002"
"""Two accounts every harness knows."""

UNLIMITED = Limits(enabled=False)


class Bot:
    """Takes messages as told: keeps them, or raises as often as `failures` says."""

    def __init__(self) -> None:
        self.heard: list[Inbound] = []
        self.offered: list[Inbound] = []
        self.failures = 0
        self.learnt: dict[str, str] = {}
        self.refuses: dict[str, Exception] = {}
        """By account: what is raised in place of keeping their messages."""
        self.suggestions = Suggestions()
        self.asked: list[tuple[str, str, str]] = []
        self.leads = True
        self.taken: Callable[[Inbound], Awaitable[None]] | None = None
        """What the program does with a message once it is kept."""
        self.seen: datetime | None = None
        self.kept: list[Inbound] = []
        """What was kept for later."""
        self.keeps = False
        """Whether anything can be."""
        self.notes: dict[tuple[str, str, str], str] = {}
        self.remarks: list[tuple[str, str]] = []
        """Account and text of what it is to say in its turn."""

    async def intake(self, inbound: Inbound) -> None:
        self.offered.append(inbound)
        if inbound.account in self.refuses:
            raise self.refuses[inbound.account]
        if self.failures:
            self.failures -= 1
            raise RuntimeError("nothing was kept")
        self.heard.append(inbound)
        if self.taken is not None:
            await self.taken(inbound)
        if inbound.redraw:
            here = (inbound.channel, inbound.account, tapped(inbound.card))
            self.notes[here] = inbound.redraw

    async def keep(self, inbound: Inbound) -> None:
        if not self.keeps:
            raise RuntimeError("nothing was kept")
        self.kept.append(inbound)

    async def remark(self, inbound: Inbound, text: str) -> None:
        self.remarks.append((inbound.account, text))

    async def note(self, channel: str, account: str, ref: str, text: str) -> None:
        self.notes[channel, account, ref] = text

    async def noted(self, channel: str, account: str, ref: str) -> str | None:
        return self.notes.get((channel, account, ref))

    async def suggest(self, channel: str, account: str, words: str, further: str) -> Suggestions:
        assert channel == "telegram"
        self.asked.append((account, words, further))
        return self.suggestions

    async def hold(self, name: str, seconds: float, *, shared: bool = False) -> bool:
        del name, seconds, shared
        return self.leads

    async def release(self, name: str) -> None:
        del name

    async def seen_at(self, name: str) -> datetime | None:
        del name
        return self.seen

    async def learn(self, key: str, value: str) -> None:
        self.learnt[key] = value


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
    plain: bool
    """Messages do not say that they were forwarded, pictures come without words, and one of them
    may be the first of several."""

    async def say(self, account: str, text: str, *, forwarded: bool = False) -> int:
        """Say something; returns in how many messages the client sends it."""

    async def tap(self, account: str, ref: str, key: str) -> None: ...
    async def photos(self, account: str, contents: list[bytes], text: str) -> None: ...
    async def place(self, account: str, latitude: float, longitude: float) -> None: ...
    async def seen(self, account: str) -> list[Seen]: ...
    async def settled(self, number: int) -> None:
        """Wait until the bot has kept so many messages."""


class NarrowHands:
    plain = False

    def __init__(self, clock: SettableClock) -> None:
        self.clock = clock
        self.bot = Bot()
        self.channel = Narrow(clock.now, (ANN, BOB))

    async def say(self, account: str, text: str, *, forwarded: bool = False) -> int:
        await self._try(self.channel.phone(account).say(text, forwarded=forwarded))
        return 1

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
    plain = False

    def __init__(self, desk: Desk, bot: Bot, page: Page) -> None:
        self.clock = desk.clock
        self.bot = bot
        self.channel = desk.channel
        self._page = page

    async def say(self, account: str, text: str, *, forwarded: bool = False) -> int:
        await self._page.send(account, text, forwarded=forwarded)
        return 1

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
    await hands.channel.open(hands.bot)
    await hands.channel.start()
    yield hands
    await hands.channel.stop()
    await hands.channel.close()


@asynccontextmanager
async def phones_hands(folder: Path) -> AsyncIterator[Hands]:
    people = (Phone(ANN, "安", "", "", shown=True), Phone(BOB, "鲍", "", "", shown=True))
    desk, bot = Desk(folder, people=people), Bot()
    await desk.start()
    await desk.channel.stop()
    await desk.channel.close()
    await desk.channel.open(bot)
    await desk.channel.start()
    try:
        async with open_page(desk, ANN, BOB) as page:
            yield PhonesHands(desk, bot, page)
    finally:
        await desk.stop()


class TelegramHands:
    """The people of a stand-in for the platform, whichever way the bot gets its updates."""

    plain = False

    def __init__(self, server: TelegramServer, channel: Telegram, clock: SettableClock) -> None:
        self.server = server
        self.channel = channel
        self.clock = clock
        self.bot = Bot()
        for account in (ANN, BOB):
            self.person(account).user.started = True

    def person(self, account: str) -> Person:
        return self.server.person(int(account), f"person {account}")

    async def say(self, account: str, text: str, *, forwarded: bool = False) -> int:
        person, parts = self.person(account), split(text, 4096, UTF16_UNITS)
        for part in parts:
            await (person.forward(part) if forwarded else person.say(part))
        return len(parts)

    async def tap(self, account: str, ref: str, key: str) -> None:
        person = self.person(account)
        shown = read_ref(ref)
        if shown is None or shown[0] not in person.chat.posted:  # nobody can tap a card unseen
            bot = self.server.world.bot
            card = self.server.world.post(person.chat, bot, of_bot=True, text="a card")
            await person.tap(card, key, forge=True)
        else:
            await person.tap(shown[0], key)

    async def photos(self, account: str, contents: list[bytes], text: str) -> None:
        if len(contents) == 1:
            await self.person(account).photo(contents[0], text)
        else:
            await self.person(account).album(contents, text)

    async def place(self, account: str, latitude: float, longitude: float) -> None:
        await self.person(account).location(latitude, longitude)

    async def seen(self, account: str) -> list[Seen]:
        return [
            Seen(
                tapped_ref(one.id, one.protect_content),
                "",
                one.text,
                tuple(key for _, key in one.buttons),
            )
            for one in self.person(account).messages
        ]

    async def settled(self, number: int) -> None:
        await self.server.until(lambda: len(self.bot.heard) >= number)


@asynccontextmanager
async def telegram_hands(_folder: Path, *, mode: str = "polling") -> AsyncIterator[TelegramHands]:
    clock = SettableClock(NINE)
    async with TelegramServer(now=clock.now, sleep=_at_once) as server, Serving() as serving:
        settings = Settings(
            token=Secret(server.token), api_base=server.base, mode=mode, limits=UNLIMITED
        )
        channel = Telegram(settings, clock.now, public_url=serving.url, pauses=(0.01,))
        serving.handle = channel.webhook.handle
        hands = TelegramHands(server, channel, clock)
        await channel.open(hands.bot)
        await channel.start()
        yield hands
        await channel.stop()
        await channel.close()


class WecomHands:
    """The members of a stand-in for the platform."""

    plain = True

    def __init__(
        self, server: WecomServer, serving: Serving, channel: Wecom, clock: SettableClock
    ) -> None:
        self.server = server
        self.channel = channel
        self.clock = clock
        self.bot = Bot()
        self._serving = serving
        self.serve(channel)
        for account in (ANN, BOB):
            server.member(account)

    def serve(self, channel: Wecom) -> None:
        """Let this channel answer at the callback's address."""
        self._serving.handle = channel.callback.answer

    async def say(self, account: str, text: str, *, forwarded: bool = False) -> int:
        del forwarded  # the platform does not say
        await self.server.member(account).say(text)
        return 1

    async def tap(self, account: str, ref: str, key: str) -> None:
        member = self.server.member(account)
        card = next((one for one in member.messages if one.task_id == ref), None)
        await (member.press(card, key) if card else member.forge(ref, key, "no-such-code"))

    async def photos(self, account: str, contents: list[bytes], text: str) -> None:
        del text
        for content in contents:
            await self.server.member(account).photo(content)

    async def place(self, account: str, latitude: float, longitude: float) -> None:
        await self.server.member(account).location(latitude, longitude)

    async def seen(self, account: str) -> list[Seen]:
        refs = {
            message: ref
            for (_, whose, ref), text in self.bot.notes.items()
            if whose == account and text.startswith("{")
            for message in json.loads(text)["messages"][-1:]
        }
        return [
            Seen(refs.get(one.id, ""), "", one.text, tuple(key for _, key in one.buttons))
            for one in self.server.member(account).messages
        ]

    async def settled(self, number: int) -> None:
        while len(self.bot.heard) < number:
            assert self.server.callbacks.waiting, f"{len(self.bot.heard)} of {number}"
            await self.server.callbacks.redeliver()


@asynccontextmanager
async def wecom_hands(_folder: Path) -> AsyncIterator[WecomHands]:
    clock = SettableClock(NINE)
    async with WecomServer(now=clock.now) as server, Serving("*") as serving:
        channel = Wecom(server.settings(), clock.now, sleep=_at_once)
        server.callbacks.url = f"{serving.url}/wecom/callback"
        hands = WecomHands(server, serving, channel, clock)
        await channel.open(hands.bot)
        await channel.start()
        yield hands
        await channel.stop()
        await channel.close()


async def _at_once(_seconds: float) -> None:
    await asyncio.sleep(0)


HARNESSES: dict[str, Callable[[Path], object]] = {
    "narrow": narrow_hands,
    "phones": phones_hands,
    "telegram": telegram_hands,
    "telegram webhook": partial(telegram_hands, mode="webhook"),
    "wecom": wecom_hands,
}
"""Every channel joins the shared suite by its line here."""


def at(hour: int, minute: int = 0) -> datetime:
    """Return an instant of the day the tests live on, in UTC."""
    return NINE.replace(hour=hour, minute=minute)
