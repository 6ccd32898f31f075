"""Sends a message part by part, each in its turn, and goes on where an earlier try ended.

The trap: an answer that is lost. A card has a task id, which the platform takes once: one that it
knows already has arrived. Of anything else it is asked not to show the same request twice within
half an hour. Nothing tells two messages apart that say the same, and one of them would be lost: so
that is asked only where the member was sent nothing like it lately. A message that repeats an
earlier one may therefore come once too often, as at least once is the promise.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Sequence
from datetime import datetime

import msgspec
from msgspec.structs import replace

from bot.channels.base import ChannelError, Held, Outcome, OutFile
from bot.channels.wecom.api import Api, Json
from bot.channels.wecom.book import Book, Books, Sent, Way, digest
from bot.channels.wecom.outcomes import MEDIA_GONE, TASK_KNOWN, Refused
from bot.settings import MemberLimits

ONCE = {"enable_duplicate_check": 1, "duplicate_check_interval": 1800}
"""Asks the platform not to show the same again; seconds, less than a book goes back."""
CARD = "template_card"


class Part(msgspec.Struct, frozen=True):
    """What the platform takes as one message."""

    kind: str
    content: Json
    """Of a file empty: it is uploaded right before it is sent."""
    safe: bool | None = None
    """True: it cannot be passed on. None: the kind knows no such thing."""
    file: OutFile | None = None

    def body(self, way: Way) -> Json:
        content = self.content
        if self.kind == CARD:
            content = content | {"task_id": way.ref}
        elif self.file is not None:
            content = {"media_id": way.media}
        body: Json = {"msgtype": self.kind, self.kind: content}
        return body if self.safe is None else body | {"safe": int(self.safe)}


class Sender:
    """Sends to the members of one app.

    One message at a time goes to a member: the relay's order keeps it so.
    """

    def __init__(
        self,
        api: Api,
        books: Books,
        agent_id: int,
        limits: MemberLimits,
        now: Callable[[], datetime],
    ) -> None:
        self._api = api
        self._books = books
        self._agent_id = agent_id
        self._limits = limits
        self._now = now

    async def send(self, account: str, parts: Sequence[Part], try_of: str) -> Book:
        """Send a message and return the member's book, to be kept with what else is known of it.

        `try_of` names the message to all tries; "": there is but this one.

        Raises:
            ChannelError: Held where the next part has to wait for its turn.
        """
        if account.startswith("@") or "|" in account:
            raise ChannelError(Outcome.REJECTED, "not one member")
        message = digest([try_of, *map(_print, parts)]) if try_of else ""
        book = await self._books.of(account)
        if not message or book.way.message != message:
            book = replace(book, way=Way(message, new_ref()))
        try:
            for part in parts[len(book.way.parts) :]:
                book = await self._next(account, book, part)
        except ChannelError as error:
            if error.outcome is not Outcome.UNKNOWN:  # else it is written down as in doubt
                await self._books.keep(account, _refused(book))
            raise
        return book

    async def _next(self, account: str, book: Book, part: Part) -> Book:
        after = book.wait(self._limits, self._now())
        if after > 0:
            raise Held("member's limit", after=after)
        if part.file is None:
            return await self._try(account, book, part)
        if not book.way.media:
            book = await self._uploaded(account, book, part.kind, part.file)
        try:
            return await self._try(account, book, part)
        except Refused as error:
            if error.code != MEDIA_GONE:
                raise
        book = await self._uploaded(account, book, part.kind, part.file)
        return await self._try(account, book, part)

    async def _uploaded(self, account: str, book: Book, kind: str, file: OutFile) -> Book:
        await self._books.keep(account, book)  # the upload may be what fails
        media = await self._api.upload(kind, file)
        return replace(book, way=replace(book.way, media=media))

    async def _try(self, account: str, book: Book, part: Part) -> Book:
        way = book.way
        body = part.body(way)
        mark = digest(body)[:8]
        checked = way.checked if way.doubt else part.kind != CARD and not book.said(mark)
        begun = replace(way, doubt=True, checked=checked)
        await self._books.write(account, Book((*book.sent, Sent(self._now(), mark)), begun))
        try:
            answer = await self._say(account, body | ONCE if checked else body)
        except Refused as error:
            if error.code != TASK_KNOWN or not way.doubt:
                raise
            answer = {}
        arrived = Way(
            way.message,
            way.ref,
            (*way.parts, str(answer.get("msgid") or "")),
            str(answer.get("response_code") or ""),
            sure=way.sure and not way.doubt,
        )
        return Book((*book.sent, Sent(self._now(), mark)), arrived)

    async def _say(self, account: str, body: Json) -> Json:
        """Send one part. Raises ChannelError, also when it is answered that nobody got it."""
        whom = {"touser": account, "agentid": self._agent_id}
        answer = await self._api.post("message/send", whom | body)
        for name in ("invaliduser", "unlicenseduser"):
            if answer.get(name):
                raise ChannelError(Outcome.UNREACHABLE, name)
        return answer


def new_ref() -> str:
    """Return what names a message of ours, and its card at the platform; never used twice."""
    return secrets.token_hex(12)


def _refused(book: Book) -> Book:
    """Return how it is left when the next part was refused: the platform may know its task id."""
    way = book.way
    return book if way.doubt else replace(book, way=replace(way, ref=new_ref()))


def _print(part: Part) -> list[object]:
    """Return what tells a part from others."""
    file = part.file
    content = hashlib.sha256(file.content).hexdigest() if file else ""
    return [part.kind, part.content, part.safe, file.name if file else "", content]
