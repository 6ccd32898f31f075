"""The people of the sample company in WeCom: members at the stand-in, as the office's hands."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import datetime
from functools import cache
from itertools import count

from bot.channels.base import OutFile
from bot.channels.wecom.channel import Wecom
from bot.channels.wecom.decode import decode, parsed
from bot.sample import rows
from bot.settings import Wecom as Settings
from handlers.conversation.messages import Card, FileKind, InFile
from tests.fakes.wecom import cards
from tests.fakes.wecom.callbacks import Delivery
from tests.fakes.wecom.members import Member
from tests.fakes.wecom.messages import Chats, Message
from tests.fakes.wecom_server import WecomServer
from tests.features.office import HandedIn, Office, Shown

CHOOSE = "请选择"
"""All that a card says whose content went before it as text."""
WIRE = {FileKind.VOICE: "voice", FileKind.VIDEO: "video", FileKind.DOCUMENT: "file"}


_NUMBERS = count(1)


@cache
def by_number() -> dict[str, frozenset[str]]:
    """Return what each dossier of the sample company says: name, numbers, address, titles."""
    told = {
        one["number"]: {one["name"], one["phone"], one["contact"], one["address"]}
        for one in rows("dossiers.csv")
    }
    for one in rows("documents.csv"):
        told[one["dossier"]].add(one["title"])
    return {number: frozenset(filter(None, words)) for number, words in told.items()}


@cache
def content() -> frozenset[str]:
    """Return what the dossiers of the sample company say."""
    return frozenset[str]().union(*by_number().values())


def content_of(numbers: Iterable[str]) -> frozenset[str]:
    """Return what these dossiers say and no other one does."""
    told, these = by_number(), frozenset(numbers)
    others = (words for number, words in told.items() if number not in these)
    return frozenset[str]().union(*(told.get(one, ()) for one in these)).difference(*others)


class Menued(Wecom):
    """Keeps what menu each person is to have; the platform has one for all.

    Counts it as a mistake where the template card of a protected one tells content, and where one
    that is not protected tells of a graded dossier.
    """

    def __init__(
        self,
        settings: Settings,
        now: Callable[[], datetime],
        chats: Chats,
        *,
        patience: float,
        link: str,
    ) -> None:
        super().__init__(settings, now, patience=patience, link=link)
        self.menus: dict[str, tuple[tuple[str, str], ...]] = {}
        self.chats = chats
        self.graded: Callable[[], frozenset[str]] = frozenset
        """What graded dossiers say, as things are."""

    async def send(self, account: str, card: Card, files: tuple[OutFile, ...] = ()) -> str:
        return self._looked_at(account, card, await super().send(account, card, files))

    async def edit(self, account: str, ref: str, card: Card) -> str:
        return self._looked_at(account, card, await super().edit(account, ref, card))

    def _looked_at(self, account: str, card: Card, ref: str) -> str:
        if card.protect:
            shown = [one for one in self.chats.chats[account.lower()] if one.task_id == ref]
            parts = [
                words
                for one in shown
                for words in (one.text, *(label for label, _ in one.buttons))
            ]
            said, told = "a card tells", content()
        else:
            parts = [card.title, card.text, *(one.label for one in card.buttons())]
            said, told = "not protected:", self.graded()
        words = "\n".join(parts)
        self.chats.mistakes += [f"{said} {one}" for one in told if one in words]
        return ref

    async def menu(self, account: str, entries: tuple[tuple[str, str], ...]) -> None:
        self.menus[account] = entries


class WecomHands(HandedIn):
    def __init__(self, office: Office, server: WecomServer, channel: Menued, account: str) -> None:
        self._channel = channel
        self._office = office
        self._account = account
        self._server = server
        self.member: Member = server.member(account)
        self._marks: dict[str, str] = {}
        self._last: Delivery | None = None
        self._handed = ""
        """Key of the last message, when it was handed in."""

    async def see(self) -> Shown:
        new = [one for one in self.member.messages if self._marks.get(one.id) != _mark(one)]
        self._marks |= {one.id: _mark(one) for one in new}
        text = "\n".join(one.text for one in new if one.text != CHOOSE)
        named = dict(re.findall(r"^(\d+) (.+)$", text, re.MULTILINE))
        said = re.findall(r"^.*回复文字：(.+)$", text, re.MULTILINE)
        words = tuple(word for line in said for word in re.split(r"[、，]\s*", line))
        words += tuple(re.findall(r"，[09] ([^，\n]+)", text))
        pressed = [label for one in new for label, _ in _buttons(one)]
        buttons = tuple(named.get(label, label) for label in pressed)
        numbered = tuple(label for label in named.values() if label not in buttons)
        said_too = tuple(one for one in words if one not in buttons)
        return Shown(text, buttons + numbered + said_too, sum(bool(one.media) for one in new))

    def plant(self, content: bytes) -> str:
        """Lay a file down at the platform; return the handle under which it is fetched."""
        return self._server.cabinet.keep(content, "file")

    def block(self, blocked: bool = True) -> None:
        """Take the member out of the app's visible range, or put them back."""
        self._server.see(self._account, not blocked)

    def key_of(self, label: str) -> tuple[str, str]:
        """Return the key of the newest button of that label, and its card.

        Of a card with a list, below which there are no ways to go on: the key of an entry.
        """
        for one in reversed(self.member.messages):
            for words, key in _buttons(one):
                if words == label or one.kind_of_card in (cards.PICKS, cards.TICKS):
                    return key, one.task_id
            if (under := self._numbered(one, label)) is not None:
                return under[1], under[0].task_id
        raise AssertionError(f"no {label!r} in {[one.buttons for one in self.member.messages]}")

    def menu(self) -> tuple[tuple[str, str], ...]:
        """Return the commands that the bot wants this person to see: command and title."""
        return self._channel.menus[self._office.account(self._account)]

    async def _after(self) -> Shown:
        await self._office.settle()
        return await self.see()

    async def say(self, text: str, *, forwarded: bool = False) -> Shown:
        if forwarded:  # of which the platform says nothing
            return await self._hand_in(text=text, forwarded=True)
        self._did(await self.member.say(text))
        return await self._after()

    async def tap(self, label: str) -> Shown:
        for one in reversed(self.member.messages):
            if label in (buttons := dict(_buttons(one))):
                key = buttons[label]
                if one.kind_of_card == cards.TICKS and key != one.card["submit_button"]["key"]:
                    self.member.tick(one, key)
                    return Shown("", ())
                self._did(await self.member.press(one, key))
                return await self._after()
            if (under := self._numbered(one, label)) is not None:
                self._did(await self.member.press(*under))
                return await self._after()
            for line in one.text.splitlines():
                number, _, words = line.partition(" ")
                if words == label and number.isdecimal():
                    return await self.say(number)
            if any(label in line for line in one.text.splitlines()[-2:]):
                return await self.say(label)
        raise AssertionError(f"no {label!r} in {[one.text for one in self.member.messages[-2:]]}")

    def _numbered(self, text: Message, label: str) -> tuple[Message, str] | None:
        """Return the card below a protected text, and the key there of what a line names."""
        chat = self.member.messages
        below = chat[chat.index(text) + 1 :]
        card = next((one for one in below if one.card), None)
        number = re.search(rf"^(\d+) {re.escape(label)}$", text.text, re.MULTILINE)
        key = dict(_buttons(card)).get(number[1]) if text.safe and card and number else None
        return (card, key) if card and key else None

    async def press(self, key: str, ref: str = "") -> Shown:
        card = next((one for one in self.member.messages if ref and one.task_id == ref), None)
        press = self.member.press(card, key) if card else self.member.forge(ref, key, "none")
        self._did(await press)
        return await self._after()

    async def send(self, *files: tuple[bytes, FileKind, str], text: str = "") -> Shown:
        if text:  # words and album marks are nothing that the platform has
            sent = f"captioned-{next(_NUMBERS)}"
            for number, (content, kind, name) in enumerate(files):
                file = InFile(self.plant(content), kind, name, len(content))
                what = {"key": f"{sent}.{number}", "files": (file,), "text": text}
                album = sent if len(files) > 1 else ""
                await self._office.hand_in(self._account, album=album, **what)
                text = ""
            self._handed = f"{sent}.0"
            return await self._after()
        for content, kind, name in files:
            if kind is FileKind.PHOTO:
                self._did(await self.member.photo(content))
            else:
                self._did(await self.member.send_file(WIRE[kind], content, name))
        return await self._after()

    async def place(self, latitude: float, longitude: float, label: str = "") -> Shown:
        self._did(await self.member.location(latitude, longitude, label))
        return await self._after()

    def _did(self, delivery: Delivery) -> None:
        self._last, self._handed = delivery, ""

    @property
    def last_key(self) -> str:
        if self._handed:
            return self._handed
        assert self._last is not None
        read = decode(parsed(self._last.xml))
        assert read is not None
        return read.key

    async def again(self) -> Shown:
        assert self._last is not None
        assert await self.member.again(self._last) == 200
        return await self._after()


def _buttons(message: Message) -> list[tuple[str, str]]:
    """Return what can be pressed, without the numbers that entries to tick begin with."""
    ticks = message.kind_of_card == cards.TICKS
    return [
        (re.sub(r"^\d+ ", "", label) if ticks else label, key) for label, key in message.buttons
    ]


def _mark(message: Message) -> str:
    """Return what tells whether a message changed since it was seen."""
    return f"{message.edits} {message.replaced} {message.text}"
