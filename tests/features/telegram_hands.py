"""The people of the sample company in Telegram: clients of the stand-in, as the office's hands."""

from __future__ import annotations

from itertools import count

from handlers.conversation.messages import FileKind, Odd
from tests.fakes.telegram.chats import Posted
from tests.fakes.telegram.people import Hand, Person
from tests.fakes.telegram.questions import Tap
from tests.fakes.telegram_server import TelegramServer
from tests.features.office import GROUP, MIMES, HandedIn, Office, Shown

_albums = count(1)


def number_of(account: str) -> str:
    """Return the Telegram id of an account the tests name by a staff number."""
    return str(int.from_bytes(account.encode()) % 9_000_000_007 + 10_000)


class TelegramHands(HandedIn):
    def __init__(self, office: Office, server: TelegramServer, account: str) -> None:
        self._office = office
        self._account = account
        self._server = server
        self.person: Person = server.person(int(number_of(account)), account)
        self.person.user.started = True
        self._seen: dict[int, Posted] = {}
        self._marks: dict[int, str] = {}
        self._taps: list[Tap] = []
        self._last: list[Posted] = []

    async def see(self) -> Shown:
        new = [one for one in self.person.messages if self._marks.get(one.id) != _mark(one)]
        self._marks |= {one.id: _mark(one) for one in new}
        alerts = [tap.text for tap in self._taps if tap.text]
        self._taps = [tap for tap in self._taps if not tap.answered]
        return Shown(
            "\n".join((*alerts, *(one.text or one.caption for one in new))),
            tuple(label for one in new for label, _ in one.buttons),
            sum(bool(one.media) for one in new),
        )

    def plant(self, content: bytes) -> str:
        """Lay a file down at the platform; return the handle under which it is fetched."""
        return self._server.cabinet.keep("photo", content).id

    def block(self, blocked: bool = True) -> None:
        """Let nothing through from the bot, as somebody does who is fed up, or take it again."""
        self.person.user.blocked = blocked

    def key_of(self, label: str) -> tuple[str, str]:
        for one in reversed(self.person.messages):
            for words, key in one.buttons:
                if words == label:
                    return key, str(one.id)
        raise AssertionError(f"no {label!r} in {[one.buttons for one in self.person.messages]}")

    def menu(self) -> tuple[tuple[str, str], ...]:
        """Return the command menu as the messenger has it: command and title."""
        shown = tuple(self.person.menu)
        return () if [name for name, _ in shown] == ["start"] else shown  # that is everybody's

    async def _after(self) -> Shown:
        await self._server.idle()
        await self._office.settle()
        return await self.see()

    async def say(self, text: str, *, forwarded: bool = False) -> Shown:
        say = self.person.forward if forwarded else self.person.say
        self._last = [await say(text)]
        return await self._after()

    async def tap(self, label: str) -> Shown:
        key, ref = self.key_of(label)
        return await self.press(key, ref)

    async def press(self, key: str, ref: str = "") -> Shown:
        self._taps.append(await self._press(key, ref))
        return await self._after()

    async def _press(self, key: str, ref: str) -> Tap:
        if not (ref.isdecimal() and int(ref) in self.person.chat.posted):
            bot = self._server.world.bot  # nobody can tap a card unseen
            card = self._server.world.post(self.person.chat, bot, of_bot=True, text="a card")
            self._marks[card.id] = _mark(card)
            return await self.person.tap(card, key, forge=True)
        return await self.person.tap(int(ref), key, forge=True)

    async def leave(self, key: str, ref: str) -> None:
        """Tap while the bot is down: the platform keeps it."""
        self._taps.append(await self._press(key, ref))

    async def send(self, *files: tuple[bytes, FileKind, str], text: str = "") -> Shown:
        album = f"album-{next(_albums)}" if len(files) > 1 else ""
        self._last = []
        for content, kind, name in files:
            mime = MIMES.get(kind, "")
            self._last.append(
                self.person._send_file(
                    kind.value, content, text, album=album, name=name, mime=mime
                )
            )
            text = ""
        return await self._after()

    async def place(self, latitude: float, longitude: float, label: str = "") -> Shown:
        if label:
            self._last = [await self.person.venue(latitude, longitude, label, "")]
        else:
            self._last = [await self.person.location(latitude, longitude)]
        return await self._after()

    @property
    def last_key(self) -> str:
        return f"m{self.person.id}.{self._last[0].id}"

    async def edit(self, text: str, key: str = "", **what: object) -> Shown:
        number = (key or self.last_key).rpartition(".")[2]
        if what or not number.isdecimal():
            return await super().edit(text, key, **what)
        await self.person.edit(int(number), text)
        return await self._after()

    async def odd(self, kind: Odd, text: str = "") -> Shown:
        match kind:
            case Odd.STICKER:
                self._last = [await self.person.sticker()]
            case Odd.POLL:
                self._last = [await self.person.poll("?", "a", "b")]
            case Odd.CONTACT if " " in text:
                name, _, phone = text.rpartition(" ")
                self._last = [await self.person.contact(phone, name)]
            case _:
                return await super().odd(kind, text)
        return await self._after()

    async def in_group(self, text: str, *, mentioned: bool = False) -> Shown:
        group = self._server.world.chats[int(GROUP)]
        hand = Hand(self._server, self.person.user, group)
        group.members.setdefault(self.person.id, "member")
        name = f"@{self._server.world.bot['username']}"
        await hand.say(f"{name} {text}".strip() if mentioned else text)
        return await self._after()

    async def again(self) -> Shown:
        self._server.repeat(self._server.updates.past[-1])
        return await self._after()


def _mark(message: Posted) -> str:
    """Return what tells whether a message changed since it was seen."""
    return f"{message.wire.get('edit_date')} {message.text} {message.buttons} {message.edits}"
