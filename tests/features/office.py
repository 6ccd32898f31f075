"""The whole bot with the sample company behind it, and hands to use it as its people do.

The same transcript runs on every channel of `CHANNELS`. Time stands still unless a test moves it;
nothing is patched, storage is a real database.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Protocol, TypeVar

from bot.app import App
from bot.channels.phones.platform import Changed, News, Phone, Platform
from bot.channels.phones.store import Content, Kept, Spot, new_ref
from bot.demo import settings_for
from bot.offline import Store, opened
from handlers.conversation.messages import FileKind, Inbound
from storage.unit import Unit
from tests.fakes.clock import SettableClock
from tests.fakes.narrow import Narrow

T = TypeVar("T")

CHANNELS = ("phones", "narrow")

JPEG = bytes.fromhex("ffd8ffe000104a46494600010100000100010000ffd9")
OGG = b"OggS" + bytes(60)

MIMES = {FileKind.PHOTO: "image/jpeg", FileKind.VOICE: "audio/ogg", FileKind.VIDEO: "video/mp4"}

PAUSE = timedelta(seconds=1)
"""How far the clock goes on after each message, so that held-back cards are drawn."""


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
    async def see(self) -> Shown: ...
    def plant(self, content: bytes) -> str: ...
    def key_of(self, label: str) -> tuple[str, str]: ...
    def menu(self) -> tuple[tuple[str, str], ...]: ...


@dataclass
class Office:
    app: App
    clock: SettableClock
    folder: Path
    channel: str = ""
    hands: dict[str, Hands] = field(default_factory=dict)
    keys: count[int] = field(default_factory=lambda: count(1))

    def change(self, work: Callable[[Unit], T], *, keep: bool = True) -> T:
        """Do one unit of work beside the running bot, as the command line does."""
        with opened(settings_for(self.folder, 0, "customer-service")) as store:
            return Store(store.database, store.vault, self.clock).run(work, keep=keep)

    def look(self, work: Callable[[Unit], T]) -> T:
        return self.change(work, keep=False)

    async def hand_in(self, account: str, **what: object) -> None:
        """Hand the bot a message as no phone of ours would send it, and wait for nothing."""
        given = {
            "channel": self.channel,
            "account": account,
            "key": f"hand-{next(self.keys)}",
            "at": self.clock.now(),
        }
        await self.app.intake(Inbound(**{**given, **what}))

    def __getitem__(self, staff_id: str) -> Hands:
        return self.hands[staff_id]

    async def settle(self) -> None:
        """Let everything happen that is due now."""
        await self.app.drain()
        self.clock.advance(self.clock.now() + PAUSE)
        await self.app.drain()

    async def until(self, moment: datetime) -> None:
        """Let time go on, stopping wherever something is due."""
        while self.clock.now() < moment:
            due = await self.app.next_due()
            stop = min(moment, due) if due and due > self.clock.now() else moment
            self.clock.advance(stop)
            await self.app.scan(self.clock.now())
            await self.app.drain()

    async def restart(self) -> None:
        await self.app.stop()
        await self.app.start()


class NarrowHands:
    def __init__(self, office: Office, channel: Narrow, account: str) -> None:
        self._office = office
        self._channel = channel
        self._phone = channel.phone(account)
        self._seen = 0

    async def _after(self) -> Shown:
        await self._office.settle()
        return await self.see()

    async def see(self) -> Shown:
        messages = self._phone.messages[self._seen :]
        self._seen = len(self._phone.messages)
        text = "\n".join(one.text for one in messages)
        numbered = tuple(re.findall(r"^\d (.+)$", text, re.MULTILINE))
        said = tuple(re.findall(r"^(?:.*[回|或].*词语?[::])(.+)$", text, re.MULTILINE))
        words = tuple(word for line in said for word in re.split(r"[、,,]\s*", line))
        buttons = tuple(button.label for one in messages for button in one.buttons)
        return Shown(text, buttons + numbered + words)

    def plant(self, content: bytes) -> str:
        """Lay a file down at the platform; return the handle under which it is fetched."""
        return self._channel.keep(content)

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
            if label in one.text.splitlines()[-1]:
                return await self.say(label)
        raise AssertionError(f"no {label!r} in {[one.text for one in self._phone.messages[-2:]]}")

    async def press(self, key: str, ref: str = "") -> Shown:
        self._last = await self._phone.press(key, ref)
        return await self._after()

    async def send(self, *files: tuple[bytes, FileKind, str], text: str = "") -> Shown:
        album = f"album-{len(self._phone.messages)}" if len(files) > 1 else ""
        for content, kind, name in files:
            self._last = await self._phone.file(content, kind, text=text, name=name, album=album)
            text = ""
        return await self._after()

    async def place(self, latitude: float, longitude: float, label: str = "") -> Shown:
        self._last = await self._phone.place(latitude, longitude, label)
        return await self._after()

    async def again(self) -> Shown:
        await self._phone.again(self._last)
        return await self._after()


class PhonesHands:
    def __init__(self, office: Office, platform: Platform, account: str) -> None:
        self._office = office
        self._platform = platform
        self._account = account
        self._keys = count(1)
        self._shown: list[tuple[int, Content]] = []
        self._new: list[tuple[int, Content]] = []
        self._alerts: list[str] = []
        platform.listen(self._hear)

    def _hear(self, news: News) -> None:
        if isinstance(news, Changed):
            if news.message.account == self._account and not news.message.mine:
                self._shown.append((news.message.id, news.message.content))
                self._new.append((news.message.id, news.message.content))
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

    async def _deliver(self) -> Shown:
        await self._platform.post(self._account, *self._last)
        waiting = self._platform.store.waiting
        while await self._platform.run(waiting, self._account):  # noqa: ASYNC110 - no word of it
            await asyncio.sleep(0)
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
