"""The whole bot with the sample company behind it, and hands to use it as its people do.

The same transcript runs on every channel of `CHANNELS`. Time stands still unless a test moves it;
nothing is patched, storage is a real database.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from itertools import count
from pathlib import Path
from typing import Protocol, TypeVar

import pytest
from msgspec.structs import replace
from msgspec.structs import replace as changed
from sqlalchemy import select

from bot.app import App
from bot.channels.phones.platform import Changed, Deleted, News, Phone, Platform
from bot.channels.phones.store import Content, Kept, Spot, new_ref
from bot.demo import settings_for
from bot.dispatch import decode_card
from bot.offline import Store, opened
from bot.settings import Settings
from handlers.conversation.messages import (
    Card,
    ChatChange,
    ChatEvent,
    FileKind,
    Inbound,
    Odd,
)
from storage.tables import outbox
from storage.unit import Unit
from tests.fakes.clock import SettableClock
from tests.fakes.narrow import Narrow

T = TypeVar("T")

CHANNELS = ("phones", "narrow", "telegram", "wecom")

one_channel = pytest.mark.one_channel
"""For what no channel can change, such as how words are understood: on the quickest of them, and
on all with `--all-channels`."""

with_files = pytest.mark.parametrize("office", ["phones", "telegram", "wecom"], indirect=True)
"""For what is sent as a file: the narrow channel takes none."""

JPEG = bytes.fromhex("ffd8ffe000104a46494600010100000100010000ffd9")
OGG = b"OggS" + bytes(60)

MIMES = {FileKind.PHOTO: "image/jpeg", FileKind.VOICE: "audio/ogg", FileKind.VIDEO: "video/mp4"}

GROUP = "-1001"
"""A group that some of the people are in."""

PAUSE = timedelta(seconds=1)
"""How far the clock goes on after each message, so that held-back cards are drawn."""


def settings_of(folder: Path, url: str = "") -> Settings:
    """Return the settings of the sample company; `url`: of a database outside its folder."""
    settings = settings_for(folder, 0, "customer-service")
    if not url:
        return settings
    return changed(settings, storage=changed(settings.storage, url=url))


@dataclass(frozen=True)
class Shown:
    """What one person saw since they last did something."""

    text: str
    labels: tuple[str, ...]
    files: int = 0

    def __contains__(self, words: str) -> bool:
        return words in self.text or words in self.labels


class Hands(Protocol):
    async def say(self, text: str, *, forwarded: bool = False) -> Shown: ...
    async def tap(self, label: str) -> Shown: ...
    async def press(self, key: str, ref: str = "") -> Shown: ...
    async def send(self, *files: tuple[bytes, FileKind, str], text: str = "") -> Shown: ...
    async def place(self, latitude: float, longitude: float, label: str = "") -> Shown: ...
    async def again(self) -> Shown: ...
    async def edit(self, text: str, key: str = "", **what: object) -> Shown: ...
    async def odd(self, kind: Odd, text: str = "") -> Shown: ...
    async def in_group(self, text: str, *, mentioned: bool = False) -> Shown: ...
    async def event(self, change: ChatChange, chat: str = GROUP, moved_to: str = "") -> Shown: ...
    @property
    def last_key(self) -> str: ...
    async def see(self) -> Shown: ...
    def plant(self, content: bytes) -> str: ...
    def block(self, blocked: bool = True) -> None: ...
    def key_of(self, label: str) -> tuple[str, str]: ...
    def menu(self) -> tuple[tuple[str, str], ...]: ...


@dataclass
class Office:
    app: App
    clock: SettableClock
    folder: Path
    channel: str = ""
    url: str = ""
    """Of its database when it is not the file in the folder."""
    account: Callable[[str], str] = str
    """The account on this channel of those whom the tests name by a staff number."""
    hands: dict[str, Hands] = field(default_factory=dict)
    keys: count[int] = field(default_factory=lambda: count(1))
    _opened: ExitStack = field(default_factory=ExitStack)

    @property
    def settings(self) -> Settings:
        return settings_of(self.folder, self.url)

    @property
    def redraws(self) -> bool:
        """Whether every card that was sent can change; where not, it also takes few buttons."""
        return self.channel not in ("narrow", "wecom")

    @cached_property
    def store(self) -> Store:
        """The open database: to open it takes longer than most of what is done there."""
        return replace(self._opened.enter_context(opened(self.settings)), clock=self.clock)

    def close(self) -> None:
        """Let go of what `change` and `look` have opened."""
        self._opened.close()

    def change(self, work: Callable[[Unit], T], *, keep: bool = True) -> T:
        """Do one unit of work beside the running bot, as the command line does."""
        return self.store.run(work, keep=keep)

    def look(self, work: Callable[[Unit], T]) -> T:
        return self.change(work, keep=False)

    async def hand_in(self, account: str, **what: object) -> None:
        """Hand the bot a message as no phone of ours would send it, and wait for nothing."""
        given = {
            "channel": self.channel,
            "account": self.account(account),
            "key": f"hand-{next(self.keys)}",
            "at": self.clock.now(),
        }
        await self.app.intake(Inbound(**{**given, **what}))

    def in_group(self, chat: str = GROUP) -> list[Card]:
        """Return what was written for a group so far, in order."""

        def read(unit: Unit) -> list[Card]:
            box = outbox.c
            rows = unit.session.execute(
                select(box.id, box.body)
                .where(box.account == chat, box.body.is_not(None))
                .order_by(box.id)
            )
            return [decode_card(unit.vault.open(row.body, row.id)) for row in rows]

        return self.look(read)

    def __getitem__(self, staff_id: str) -> Hands:
        return self.hands[staff_id]

    async def settle(self) -> None:
        """Let everything happen that is due now."""
        due = await self.app.drain()
        self.clock.advance(self.clock.now() + PAUSE)
        if due is not None and due <= self.clock.now():
            await self.app.drain()

    async def until(self, moment: datetime) -> None:
        """Let time go on, stopping wherever something is due."""
        await self.app.scan(self.clock.now())
        await self.app.drain()
        while self.clock.now() < moment:
            due = await self.app.next_due()
            stop = min(moment, due) if due and due > self.clock.now() else moment
            self.clock.advance(stop)
            await self.app.scan(self.clock.now())
            await self.app.drain()

    async def restart(self) -> None:
        await self.app.stop()
        await self.app.start()


class HandedIn:
    """What neither the phones page nor the narrow channel brings is handed in as it would be."""

    _office: Office
    _account: str

    async def _hand_in(self, **what: object) -> Shown:
        await self._office.hand_in(self._account, **what)
        await self._office.settle()
        return await self.see()

    async def see(self) -> Shown:
        raise NotImplementedError

    @property
    def last_key(self) -> str:
        """The key of the last message that this person sent; of an album, the first part's."""
        raise NotImplementedError

    async def edit(self, text: str, key: str = "", **what: object) -> Shown:
        """Give a message, the last one unless named, a new wording."""
        command, words = command_in(text)
        return await self._hand_in(edits=key or self.last_key, text=words, command=command, **what)

    async def odd(self, kind: Odd, text: str = "") -> Shown:
        return await self._hand_in(odd=kind, text=text)

    async def in_group(self, text: str, *, mentioned: bool = False) -> Shown:
        """Say something in the group; returns what this person then sees in private."""
        command, words = command_in(text)
        return await self._hand_in(group=GROUP, text=words, command=command, mentioned=mentioned)

    async def event(self, change: ChatChange, chat: str = GROUP, moved_to: str = "") -> Shown:
        """Do something to a group: add the bot, remove it, upgrade the group."""
        return await self._hand_in(event=ChatEvent(change, chat, moved_to))


def command_in(text: str) -> tuple[str, str]:
    """Return the slash command and what follows it, or no command and the whole text."""
    if not text.startswith("/"):
        return "", text
    command, _, words = text[1:].partition(" ")
    return command.lower(), words


@dataclass
class Both(Office):
    """An office with two messengers: `hands` hold phones, `narrow` the narrow one."""

    narrow: dict[str, Hands] = field(default_factory=dict)
    make: Callable[..., App] = App
    """Puts the program together again with the messengers of these names only."""

    async def switch(self, *names: str) -> None:
        """Restart with the messengers of these names only."""
        await self.app.stop()
        self.app = self.make(*names)
        await self.app.start()


@dataclass
class Pair(Office):
    """An office with both real messengers: `hands` hold Telegram, `wecom` WeCom."""

    wecom: dict[str, Hands] = field(default_factory=dict)


class NarrowHands(HandedIn):
    def __init__(self, office: Office, channel: Narrow, account: str) -> None:
        self._office = office
        self._account = account
        self._channel = channel
        self._phone = channel.phone(account)
        self._seen: set[str] = set()

    async def _after(self) -> Shown:
        await self._office.settle()
        return await self.see()

    @property
    def last_key(self) -> str:
        return self._last.key

    async def see(self) -> Shown:
        messages = [one for one in self._phone.messages if one.ref not in self._seen]
        self._seen |= {one.ref for one in messages}
        text = "\n".join(one.text for one in messages)
        numbered = tuple(re.findall(r"^\d (.+)$", text, re.MULTILINE))
        said = tuple(re.findall(r"^(?:.*[回|或].*词语?[::])(.+)$", text, re.MULTILINE))
        words = tuple(word for line in said for word in re.split(r"[、,,]\s*", line))
        buttons = tuple(button.label for one in messages for button in one.buttons)
        return Shown(text, buttons + numbered + words)

    def plant(self, content: bytes) -> str:
        """Lay a file down at the platform; return the handle under which it is fetched."""
        return self._channel.keep(content)

    def block(self, blocked: bool = True) -> None:
        """Take the chat away from the bot, or give it back, without a word of the platform."""
        self._channel.block(self._phone.account, blocked)

    def key_of(self, label: str) -> tuple[str, str]:
        for one in reversed(self._phone.messages):
            for button in one.buttons:
                if button.label == label:
                    return button.key, one.ref
        raise AssertionError(label)

    def menu(self) -> tuple[tuple[str, str], ...]:
        """Return the command menu as the messenger has it: command and title."""
        return self._channel.menus[self._phone.account]

    async def say(self, text: str, *, forwarded: bool = False) -> Shown:
        self._last = await self._phone.say(text, forwarded=forwarded)
        return await self._after()

    async def tap(self, label: str) -> Shown:
        for one in reversed(self._phone.messages):
            if any(button.label == label for button in one.buttons):
                self._last = await self._phone.tap(label)
                return await self._after()
            for line in one.text.splitlines():
                number, _, words = line.partition(" ")
                if words == label and number.isdecimal():
                    return await self.say(number)
            if any(label in line for line in one.text.splitlines()[-2:]):
                return await self.say(label)
        raise AssertionError(f"no {label!r} in {[one.text for one in self._phone.messages[-2:]]}")

    async def press(self, key: str, ref: str = "") -> Shown:
        self._last = await self._phone.press(key, ref)
        return await self._after()

    async def send(self, *files: tuple[bytes, FileKind, str], text: str = "") -> Shown:
        album = f"album-{len(self._phone.messages)}" if len(files) > 1 else ""
        sent = []
        for content, kind, name in files:
            sent.append(await self._phone.file(content, kind, text=text, name=name, album=album))
            text = ""
        self._last = sent[0]
        return await self._after()

    async def place(self, latitude: float, longitude: float, label: str = "") -> Shown:
        self._last = await self._phone.place(latitude, longitude, label)
        return await self._after()

    async def again(self) -> Shown:
        await self._phone.again(self._last)
        return await self._after()


class PhonesHands(HandedIn):
    def __init__(self, office: Office, platform: Platform, account: str) -> None:
        self._office = office
        self._platform = platform
        self._account = account
        self._keys = count(1)
        self._shown: list[tuple[int, Content]] = []
        self._new: list[tuple[int, Content]] = []
        self._alerts: list[str] = []
        self._waiting: dict[int, asyncio.Event] = {}
        """What was sent and is not taken by the bot, by message."""
        platform.listen(self._hear)

    def _hear(self, news: News) -> None:
        if isinstance(news, Changed):
            if news.message.taken and news.message.id in self._waiting:
                self._waiting[news.message.id].set()
            elif news.message.account == self._account and not news.message.mine:
                self._shown.append((news.message.id, news.message.content))
                self._new.append((news.message.id, news.message.content))
        elif isinstance(news, Deleted):
            self._new = [one for one in self._new if one[0] != news.id]
            self._shown = [one for one in self._shown if one[0] != news.id]
        elif getattr(news, "account", "") == self._account and hasattr(news, "text"):
            self._alerts.append(news.text)

    async def see(self) -> Shown:
        new = dict(self._new)
        text = "\n".join(part for one in new.values() for part in (one.title, one.text) if part)
        text = "\n".join((*self._alerts, text))
        buttons = [one.label for content in new.values() for row in content.rows for one in row]
        buttons += [one.label for content in new.values() for one in content.nav]
        files = sum(len(content.files) for content in new.values())
        self._new, self._alerts = [], []
        return Shown(text, tuple(buttons), files)

    def plant(self, content: bytes) -> str:
        """Lay a file down at the platform; return the handle under which it is fetched."""
        ref = new_ref()
        store = self._platform.store
        store.path(ref).write_bytes(content)
        store.keep_file(self._account, Kept(ref, "", "image/jpeg", len(content)), used=True)
        return ref

    def block(self, blocked: bool = True) -> None:
        """Take the chat away from the bot, or give it back, without a word of the platform."""
        if blocked:
            self._kept = self._platform.people.pop(self._account)
        else:
            self._platform.people[self._account] = self._kept

    def key_of(self, label: str) -> tuple[str, str]:
        latest = dict(self._shown)
        for number in sorted(latest, reverse=True):
            content = latest[number]
            for one in [button for row in content.rows for button in row] + list(content.nav):
                if one.label == label:
                    return one.key, str(number)
        labels = [b.label for c in latest.values() for row in c.rows for b in row]
        raise AssertionError(f"no button {label!r}; there are {labels}")

    def menu(self) -> tuple[tuple[str, str], ...]:
        """Return the command menu as the messenger has it: command and title."""
        return self._platform.store.chat(self._account, 1).menu

    async def _post(self, *contents: Content) -> Shown:
        self._last = (f"k{next(self._keys)}", list(contents))
        return await self._deliver()

    @property
    def last_key(self) -> str:
        key, _ = self._last
        return f"{self._account}:{key}"

    async def _deliver(self) -> Shown:
        sent = await self._platform.post(self._account, *self._last)
        self._waiting = {one.id: asyncio.Event() for one in sent if not one.taken}
        for taken in self._waiting.values():
            await taken.wait()
        await self._office.settle()
        return await self.see()

    async def say(self, text: str, *, forwarded: bool = False) -> Shown:
        return await self._post(Content(text=text, forwarded=forwarded))

    async def tap(self, label: str) -> Shown:
        key, ref = self.key_of(label)
        return await self.press(key, ref)

    async def press(self, key: str, ref: str = "") -> Shown:
        return await self._post(Content(choice=key, card=ref))

    async def send(self, *files: tuple[bytes, FileKind, str], text: str = "") -> Shown:
        album = f"album-{next(self._keys)}" if len(files) > 1 else ""
        contents = []
        for content, kind, name in files:
            ref = new_ref()
            self._platform.store.path(ref).write_bytes(content)
            kept = Kept(ref, name, MIMES.get(kind, "application/octet-stream"), len(content))
            await self._platform.run(
                lambda kept=kept: self._platform.store.keep_file(self._account, kept, used=True)
            )
            contents.append(Content(text=text, files=(kept,), album=album))
            text = ""
        return await self._post(*contents)

    async def leave(self, key: str, ref: str) -> None:
        """Tap while the bot is down: the platform keeps it."""
        await self._platform.post(
            self._account, f"k{next(self._keys)}", [Content(choice=key, card=ref)]
        )

    async def place(self, latitude: float, longitude: float, label: str = "") -> Shown:
        return await self._post(Content(place=Spot(latitude, longitude, label)))

    async def again(self) -> Shown:
        return await self._deliver()


def phone_of(account: str, name: str) -> Phone:
    return Phone(account, name, "", "")
