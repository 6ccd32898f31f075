"""The phones page as a channel: what the bot calls to reach a person on the pretend platform."""

from __future__ import annotations

from collections.abc import AsyncIterator

from msgspec.structs import replace

from bot.channels.base import Capabilities, ChannelError, Desk, Outcome, OutFile
from bot.channels.phones.platform import MAX_FILE_BYTES, NAME, Platform
from bot.channels.phones.store import Content, Pressable
from bot.channels.render import Rendered, render
from handlers.conversation.messages import Button, Card, Inbound, InFile

CAPABILITIES = Capabilities(
    buttons=64,
    label_bytes=240,
    text_length=4096 * 4,
    edits=True,
    files_in=True,
    files_out=True,
    protects=True,
    file_bytes_in=MAX_FILE_BYTES,
    deletes=True,
)


class Phones:
    name = NAME
    capabilities = CAPABILITIES

    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    async def open(self, desk: Desk) -> None:
        self._desk = desk

    async def start(self) -> None:
        await self._platform.connect(self._desk.intake)

    async def stop(self) -> None:
        await self._platform.disconnect()

    async def close(self) -> None:
        """The platform goes on: it is closed by the demo that runs it."""

    async def send(self, account: str, card: Card, files: tuple[OutFile, ...] = ()) -> str:
        self._known(account)
        rendered = render(card, self.capabilities, own_title=True)
        kept = [
            await self._platform.give_file(account, one.name, one.mime, one.content)
            for one in files
        ]
        contents = [Content(text=part, protect=card.protect) for part in rendered.parts[:-1]]
        contents.append(replace(_last(rendered, card), files=tuple(kept)))
        contents[0] = replace(contents[0], title=rendered.title)
        for content in contents:
            message = await self._platform.show(account, content)
        return str(message.id)

    async def edit(self, account: str, ref: str, card: Card) -> str:
        self._known(account)
        rendered = render(card, self.capabilities, own_title=True)
        if len(rendered.parts) > 1:
            return await self.send(account, card)

        def change(old: Content) -> Content:
            new = replace(_last(rendered, card), title=rendered.title, files=old.files)
            same = replace(new, redrawn=old.redrawn) == old
            return old if same else replace(new, redrawn=old.redrawn + 1)

        message = None
        if ref.isascii() and ref.isdigit():
            message = await self._platform.redraw(account, int(ref), change)
        if message is None:
            raise ChannelError(Outcome.GONE, "no such message")
        return ref

    async def delete(self, account: str, ref: str) -> None:
        self._known(account)
        number = int(ref) if ref.isascii() and ref.isdigit() else 0
        if not await self._platform.delete(account, number):
            raise ChannelError(Outcome.GONE, "no such message")

    async def answer_tap(self, inbound: Inbound, alert: str) -> None:
        if alert:
            self._platform.alert(inbound.account, inbound.key, alert)

    async def fetch(self, file: InFile) -> AsyncIterator[bytes]:
        found = False
        async for chunk in self._platform.file_bytes(file.ref):
            found = True
            yield chunk
        if not found:
            raise ChannelError(Outcome.GONE, "no such file")

    async def menu(self, account: str, entries: tuple[tuple[str, str], ...]) -> None:
        self._known(account)
        await self._platform.set_menu(account, entries)

    async def leave(self, chat: str) -> None:
        """There are no groups on the page."""

    def _known(self, account: str) -> None:
        if account not in self._platform.people:
            raise ChannelError(Outcome.UNREACHABLE, "no such phone")


def _last(rendered: Rendered, card: Card) -> Content:
    return Content(
        text=rendered.parts[-1],
        rows=tuple(_pressables(row) for row in rendered.rows),
        grid=tuple(_pressables(row) for row in rendered.grid),
        nav=_pressables(rendered.nav),
        protect=card.protect,
    )


def _pressables(buttons: tuple[Button, ...]) -> tuple[Pressable, ...]:
    return tuple(Pressable(one.label, one.key) for one in buttons)
