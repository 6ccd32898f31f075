"""The narrow channel of CONTRACT 7.1: WeCom's limits without WeCom.

Text cannot be redrawn, six buttons at most, 2048 bytes a message, longer lists are numbered and
answered by digit, files come in from private chats only and none goes out. Transcripts that pass
here pass wherever a channel is poorer than a form would like.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime
from itertools import count

from bot.channels.base import Capabilities, ChannelError, Desk, Outcome, OutFile
from bot.channels.render import render
from handlers.conversation.messages import Button, Card, FileKind, Inbound, InFile, Place

NARROW = Capabilities(
    buttons=6,
    label_bytes=30,
    text_length=2048,
    edits=False,
    files_in=True,
    files_out=False,
    protects=False,
    file_bytes_in=20 * 1024 * 1024,
    deletes=True,
)


@dataclass(frozen=True)
class Seen:
    """One message as its reader has it."""

    ref: str
    text: str
    buttons: tuple[Button, ...]
    protect: bool


class Narrow:
    """A real `Channel`; `phone(account)` is what its person holds."""

    name = "narrow"
    capabilities = NARROW

    def __init__(self, now: Callable[[], datetime], accounts: tuple[str, ...] = ()) -> None:
        self.now = now
        self.menus: dict[str, tuple[tuple[str, str], ...]] = {}
        self._chats: dict[str, list[Seen]] = {account: [] for account in accounts}
        self.left: list[str] = []
        """Groups it was told to leave."""
        self._files: dict[str, bytes] = {}
        self._waiting: list[Inbound] = []
        self._desk: Desk | None = None
        self._numbers = count(1)
        self._blocked: set[str] = set()

    def phone(self, account: str) -> NarrowPhone:
        self._chats.setdefault(account, [])
        return NarrowPhone(self, account)

    def chat(self, account: str) -> list[Seen]:
        return self._chats[account]

    async def open(self, desk: Desk) -> None:
        self._opened = desk

    async def start(self) -> None:
        self._desk = self._opened
        await self.redeliver()

    async def stop(self) -> None:
        self._desk = None

    async def close(self) -> None:
        """Nothing is held."""

    async def redeliver(self) -> None:
        """Hand over again what was not taken, oldest first, with the same keys."""
        while self._waiting and self._desk is not None:
            await self._desk.intake(self._waiting[0])
            self._waiting.pop(0)

    async def deliver(self, inbound: Inbound) -> None:
        """Hand a message over; kept for `redeliver` when the bot does not take it."""
        self._waiting.append(inbound)
        try:
            await self.redeliver()
        except Exception:
            if inbound not in self._waiting:
                raise

    async def send(self, account: str, card: Card, files: tuple[OutFile, ...] = ()) -> str:
        if files:
            raise ChannelError(Outcome.REJECTED, "no files go out here")
        return self._show(account, card, "")

    async def edit(self, account: str, ref: str, card: Card) -> str:
        """Show a fresh message that quotes the old one."""
        old = next((one for one in self._known(account) if one.ref == ref), None)
        if old is None:
            raise ChannelError(Outcome.GONE, ref)
        return self._show(account, card, old.text)

    async def delete(self, account: str, ref: str) -> None:
        kept = [one for one in self._known(account) if one.ref != ref]
        if len(kept) == len(self._chats[account]):
            raise ChannelError(Outcome.GONE, ref)
        self._chats[account][:] = kept

    async def answer_tap(self, inbound: Inbound, alert: str) -> None:
        if alert and inbound.account in self._chats and inbound.account not in self._blocked:
            self._show(inbound.account, Card(alert), "")

    async def fetch(self, file: InFile) -> AsyncIterator[bytes]:
        if file.ref not in self._files:
            raise ChannelError(Outcome.GONE, file.ref)
        yield self._files[file.ref]

    async def menu(self, account: str, entries: tuple[tuple[str, str], ...]) -> None:
        self._known(account)
        self.menus[account] = entries

    async def leave(self, chat: str) -> None:
        self.left.append(chat)

    def keep(self, content: bytes) -> str:
        ref = f"f{next(self._numbers)}"
        self._files[ref] = content
        return ref

    def new_key(self) -> str:
        return f"n{next(self._numbers)}"

    def block(self, account: str, blocked: bool = True) -> None:
        """Let nothing through to that account, as when its person blocks the bot."""
        if blocked:
            self._blocked.add(account)
        else:
            self._blocked.discard(account)

    def _known(self, account: str) -> list[Seen]:
        if account not in self._chats or account in self._blocked:
            raise ChannelError(Outcome.UNREACHABLE, account)
        return self._chats[account]

    def _show(self, account: str, card: Card, quote: str) -> str:
        chat = self._known(account)
        rendered = render(card, self.capabilities, quote=quote)
        rows = rendered.grid + rendered.rows
        buttons = tuple(button for row in rows for button in row) + rendered.nav
        assert len(buttons) <= NARROW.buttons, "the platform refuses more buttons"
        for part in rendered.parts:
            assert len(part.encode()) <= NARROW.text_length, "the platform cuts longer texts"
            chat.append(Seen(self.new_key(), part, (), card.protect))
        chat[-1] = Seen(chat[-1].ref, chat[-1].text, buttons, card.protect)
        return chat[-1].ref


class NarrowPhone:
    """What one person does on the narrow channel."""

    def __init__(self, channel: Narrow, account: str) -> None:
        self._channel = channel
        self.account = account

    @property
    def messages(self) -> list[Seen]:
        return self._channel.chat(self.account)

    @property
    def last(self) -> Seen:
        return self.messages[-1]

    async def say(self, text: str, *, forwarded: bool = False) -> Inbound:
        command, words = "", text
        if text.startswith("/"):
            command, _, words = text[1:].partition(" ")
        return await self._deliver(text=words, command=command.lower(), forwarded=forwarded)

    async def type_number(self, number: int) -> Inbound:
        """Answer a numbered list."""
        return await self.say(str(number))

    async def tap(self, label: str) -> Inbound:
        """Press a button by its words, the newest one that has them."""
        for seen in reversed(self.messages):
            for button in seen.buttons:
                if button.label == label:
                    return await self.press(button.key, seen.ref)
        shown = [button.label for seen in self.messages for button in seen.buttons]
        raise AssertionError(f"no button {label!r}; there are {shown}")

    async def choose(self, label: str) -> Inbound:
        """Pick a choice however it is offered: by its button, else by its number in the list."""
        for line in reversed(self.last.text.split("\n")):
            number, _, words = line.partition(" ")
            if words == label and number.isdigit():
                return await self.type_number(int(number))
        return await self.tap(label)

    async def press(self, key: str, ref: str) -> Inbound:
        """Send a button's key as it is, also one that nobody showed."""
        return await self._deliver(choice=key, card=ref)

    async def photo(
        self, content: bytes, text: str = "", *, name: str = "", album: str = ""
    ) -> Inbound:
        return await self.file(content, FileKind.PHOTO, text=text, name=name, album=album)

    async def file(
        self,
        content: bytes,
        kind: FileKind = FileKind.DOCUMENT,
        *,
        text: str = "",
        name: str = "",
        album: str = "",
    ) -> Inbound:
        file = InFile(self._channel.keep(content), kind, name, len(content))
        return await self._deliver(text=text, files=(file,), album=album)

    async def place(self, latitude: float, longitude: float, label: str = "") -> Inbound:
        return await self._deliver(place=Place(latitude, longitude, label))

    async def again(self, inbound: Inbound) -> None:
        """Let the platform deliver a message once more."""
        await self._channel.deliver(inbound)

    async def _deliver(self, **what: object) -> Inbound:
        inbound = Inbound(
            channel=Narrow.name,
            account=self.account,
            key=self._channel.new_key(),
            at=self._channel.now(),
            **what,  # type: ignore[arg-type]  # names and types are those of Inbound's fields
        )
        await self._channel.deliver(inbound)
        return inbound
