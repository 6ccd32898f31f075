"""The pretend platform: what Telegram or WeCom are elsewhere, behind the phones page.

It keeps a message before its sender sees one tick, hands messages to the bot in order per person,
and gives the second tick when the bot has confirmed. What was not confirmed it hands over again,
with the same key: after a failure, an outage, or a restart.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import structlog

from bot.channels.phones.store import Content, Kept, Message, Store, new_ref
from bot.channels.words import split_command
from handlers.conversation.messages import Inbound, InFile, Place

T = TypeVar("T")

Intake = Callable[[Inbound], Awaitable[None]]

NAME = "phones"
MAX_FILE_BYTES = 20 * 1024 * 1024
CHUNK_BYTES = 64 * 1024
RETRY_SECONDS = (0.5, 1.0, 2.0, 5.0, 10.0)
"""Pauses between attempts to hand over a message that the bot did not keep."""
BACKLOG_SECONDS = 3.0
"""How long a bot that comes back waits for what lay here to be taken."""

log = structlog.get_logger()


class Phone(msgspec.Struct, frozen=True):
    """One person whose phone can be shown."""

    account: str
    name: str
    role: str
    """As people say it: 客户经理."""
    department: str
    shown: bool = False
    """Open when the page is seen for the first time."""
    example: str = ""
    """A sentence to try, offered while nothing was said on this phone."""


class FileRefused(Exception):
    """A file the platform does not take; `reason` is a word the page has a sentence for."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Changed(msgspec.Struct, frozen=True):
    """A message is new, or not what it was."""

    message: Message


class Deleted(msgspec.Struct, frozen=True):
    """The bot took a message out of the chat."""

    account: str
    id: int


class Unread(msgspec.Struct, frozen=True):
    account: str
    count: int
    upto: int | None
    """Seen up to this message; None: unchanged."""


class Alert(msgspec.Struct, frozen=True):
    """A remark that pops up on one phone and is not kept."""

    account: str
    key: str
    text: str


class Menu(msgspec.Struct, frozen=True):
    account: str
    entries: tuple[tuple[str, str], ...]


class Power(msgspec.Struct, frozen=True):
    """The bot was switched on or off."""

    up: bool


News = Changed | Deleted | Unread | Alert | Menu | Power


class Platform:
    def __init__(
        self,
        folder: Path,
        people: Sequence[Phone],
        now: Callable[[], datetime],
        *,
        retry_seconds: Sequence[float] = RETRY_SECONDS,
    ) -> None:
        self.people = {one.account: one for one in people}
        self.now = now
        self.store = Store(folder)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="phones")
        self._listeners: set[Callable[[News], None]] = set()
        self._intake: Intake | None = None
        self._halted = asyncio.Event()
        self._couriers: dict[str, asyncio.Task[None]] = {}
        self._retry_seconds = tuple(retry_seconds)

    @property
    def up(self) -> bool:
        """The bot takes messages."""
        return self._intake is not None

    def listen(self, listener: Callable[[News], None]) -> None:
        """Call `listener` in the loop with everything that happens, in order; it must not wait."""
        self._listeners.add(listener)

    def unlisten(self, listener: Callable[[News], None]) -> None:
        self._listeners.discard(listener)

    async def run(self, function: Callable[..., T], *arguments: Any) -> T:
        """Call a method of the store in its thread; calls are served in order."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, function, *arguments)

    def tell(self, news: News) -> None:
        for listener in tuple(self._listeners):
            listener(news)

    async def connect(self, intake: Intake) -> None:
        """Switch the bot on: hand over what waits, oldest first.

        Returns when that was taken, so that nobody is called late for a message that lay here;
        what is not taken at once goes on being offered afterwards.
        """
        self._intake = intake
        self._halted = asyncio.Event()
        self.tell(Power(up=True))
        for account in await self.run(self.store.waiting_accounts):
            self._dispatch(account)
        if self._couriers:
            await asyncio.wait(set(self._couriers.values()), timeout=BACKLOG_SECONDS)

    async def disconnect(self) -> None:
        """Switch the bot off; returns when no message is in its hands."""
        self._intake = None
        self._halted.set()
        self.tell(Power(up=False))
        await asyncio.gather(*self._couriers.values())

    async def close(self) -> None:
        await self.disconnect()
        await self.run(self.store.close)
        self._thread.shutdown()

    async def post(self, account: str, key: str, contents: list[Content]) -> list[Message]:
        """Keep what a person sent and return it as kept: the first tick. A repeat changes nothing.

        `key` is the page's; several contents share it and are numbered.
        """
        messages = await self.run(self.store.add, account, key, self.now(), contents)
        for message in messages:
            self.tell(Changed(message))
        self._dispatch(account)
        return messages

    async def show(self, account: str, content: Content) -> Message:
        """Keep and show what the bot says."""
        message = await self.run(self.store.show, account, self.now(), content)
        self.tell(Changed(message))
        await self._count(account)
        return message

    async def redraw(
        self, account: str, message_id: int, change: Callable[[Content], Content]
    ) -> Message | None:
        message = await self.run(self.store.redraw, account, message_id, change)
        if message is not None:
            self.tell(Changed(message))
        return message

    async def delete(self, account: str, message_id: int) -> bool:
        """Take out what the bot said; False: there is no such message of the bot in this chat."""
        found = await self.run(self.store.delete, account, message_id)
        if found:
            self.tell(Deleted(account, message_id))
            await self._count(account)
        return found

    def alert(self, account: str, key: str, text: str) -> None:
        self.tell(Alert(account, key.removeprefix(f"{account}:"), text))

    async def read(self, account: str, upto: int) -> None:
        await self.run(self.store.read, account, upto)
        await self._count(account, upto)

    async def set_menu(self, account: str, entries: tuple[tuple[str, str], ...]) -> None:
        await self.run(self.store.set_menu, account, entries)
        self.tell(Menu(account, entries))

    async def take_file(
        self, account: str, name: str, mime: str, chunks: AsyncIterator[bytes]
    ) -> Kept:
        """Keep a file a person attaches, as it comes in. Raises FileRefused."""
        ref, size = new_ref(), 0
        path = self.store.path(ref)
        target = await asyncio.to_thread(path.open, "xb")
        try:
            async for chunk in chunks:
                size += len(chunk)
                if size > MAX_FILE_BYTES:
                    raise FileRefused("too_large")
                await asyncio.to_thread(target.write, chunk)
            if size == 0:
                raise FileRefused("empty")
        except BaseException:
            target.close()
            path.unlink(missing_ok=True)
            raise
        target.close()
        kept = Kept(ref, name, mime, size)
        await self.run(lambda: self.store.keep_file(account, kept, used=False))
        return kept

    async def give_file(self, account: str, name: str, mime: str, content: bytes) -> Kept:
        """Keep a file the bot sends."""
        kept = Kept(new_ref(), name, mime, len(content))

        def write() -> None:
            self.store.path(kept.ref).write_bytes(content)
            self.store.keep_file(account, kept, used=True)

        await self.run(write)
        return kept

    async def file_bytes(self, ref: str) -> AsyncIterator[bytes]:
        """Stream a file; nothing when there is no such file."""
        found = await self.run(self.store.file, ref)
        if found is None:
            return
        source = await asyncio.to_thread(self.store.path(ref).open, "rb")
        try:
            while chunk := await asyncio.to_thread(source.read, CHUNK_BYTES):
                yield chunk
        finally:
            source.close()

    async def _count(self, account: str, upto: int | None = None) -> None:
        counts = await self.run(self.store.unread, account)
        self.tell(Unread(account, counts.get(account, 0), upto))

    def _dispatch(self, account: str) -> None:
        """Make sure that somebody hands over the messages of this person."""
        if self._intake is None:
            return
        running = self._couriers.get(account)
        if running is None or running.done():
            self._couriers[account] = asyncio.create_task(self._hand_over(account))

    async def _hand_over(self, account: str) -> None:
        failures = 0
        while (intake := self._intake) is not None:
            message = await self.run(self.store.waiting, account)
            if message is None:
                # Nothing can have come since: a new message is kept in the same thread, and
                # whoever kept it calls _dispatch after this task is done.
                self._couriers.pop(account, None)
                return
            try:
                await intake(decode(message))
            except Exception as error:
                log.warning("phones_not_taken", message=message.id, kind=type(error).__name__)
                await self._pause(failures)
                failures += 1
                continue
            failures = 0
            self.tell(Changed(await self.run(self.store.taken, message.id)))

    async def _pause(self, failures: int) -> None:
        seconds = self._retry_seconds[min(failures, len(self._retry_seconds) - 1)]
        try:
            await asyncio.wait_for(self._halted.wait(), seconds)
        except TimeoutError:
            return


def decode(message: Message) -> Inbound:
    """Return what a person sent as the bot understands it; the key is the same for a repeat."""
    content = message.content
    command, _, rest = split_command(content.text)
    return Inbound(
        channel=NAME,
        account=message.account,
        key=f"{message.account}:{message.key}",
        at=message.at,
        text=rest if command else content.text,
        command=command,
        choice=content.choice,
        card=content.card,
        files=tuple(InFile(one.ref, one.kind, one.name, one.size) for one in content.files),
        place=(
            Place(content.place.latitude, content.place.longitude, content.place.label)
            if content.place
            else None
        ),
        album=content.album,
        forwarded=content.forwarded,
    )
