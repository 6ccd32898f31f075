"""WeCom as a channel: what the bot calls to reach a person there, and how it listens."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta

import msgspec
import structlog
from msgspec.structs import replace

from bot.channels.base import UTF8_BYTES, ChannelError, Desk, Outcome, OutFile
from bot.channels.beside import Beside, quietly
from bot.channels.render import QUOTE_BYTES
from bot.channels.wecom.api import ANSWER_SECONDS, Api, Json
from bot.channels.wecom.book import Books, digest
from bot.channels.wecom.callback import PATIENCE_SECONDS, Callback
from bot.channels.wecom.decode import NAME
from bot.channels.wecom.directory import people
from bot.channels.wecom.draw import (
    BELOW,
    CAPABILITIES,
    SETTLED,
    buttons_after,
    draw,
    greyed,
    redrawn,
)
from bot.channels.wecom.files import guarded, kind_of, name_of
from bot.channels.wecom.notes import Note, Notes
from bot.channels.wecom.outcomes import Refused
from bot.channels.wecom.sender import CARD, Part, Sender, new_ref
from bot.channels.wecom.token import Shelf, Sleep
from bot.settings import Wecom as Settings
from handlers.conversation.messages import Card, Inbound, InFile
from handlers.people.directory import Listed
from storage.errors import StorageError

RECALLABLE = timedelta(hours=24)
"""How long the platform lets us take a message back."""
IN_SIGHT = timedelta(minutes=10)
"""So long a message counts as standing right above the one that takes its place."""
TOKEN, MENU = "token", "menu"
"""What is noted of the app beside its messages, each with a digest: of another app, or once the
secret is another, it says nothing."""
MENU_SECONDS = 300.0
"""Pause between tries to set the app's menu."""

log = structlog.get_logger()


class Wecom:
    name = NAME
    capabilities = CAPABILITIES

    def __init__(
        self,
        settings: Settings,
        now: Callable[[], datetime],
        *,
        menu: Json | None = None,
        link: str = "",
        patience: float = PATIENCE_SECONDS,
        sleep: Sleep = asyncio.sleep,
        answer_seconds: float = ANSWER_SECONDS,
    ) -> None:
        """`menu`: of the app, for everybody; None: it is left as it is. `link`: where a tap on a
        notice leads; "": notices are plain messages.

        `patience`: how long a message may take to be handled; `sleep`: between tries to set the
        menu, and between looks for a token; `answer_seconds`: patience with one call.

        Raises:
            ValueError: the EncodingAESKey is not one.
        """
        self.callback = Callback(settings, patience=patience)
        app = f"{settings.corp_id} {settings.agent_id}"
        self._menu_ref = f"{MENU}:{_short(app)}"
        self._token_ref = f"{TOKEN}:{_short(f'{app} {settings.secret.reveal()}')}"
        self._agent_id = settings.agent_id
        self._limits = settings.limits
        self._now = now
        self._compares = settings.compare_directory
        self._menu = menu
        self._link = link
        self._sleep = sleep
        self._api = Api(settings, now, answer_seconds=answer_seconds)
        self._beside = Beside()

    @property
    def problem(self) -> str:
        """Code of what the platform last complained of; "" for nothing."""
        return self._api.problem

    async def open(self, desk: Desk) -> None:
        self._desk = desk
        self._notes = Notes(desk)
        self._books = Books(self._notes, self._now)
        self._sender = Sender(self._api, self._books, self._agent_id, self._limits, self._now)
        await self._api.open(Shelf(desk, self._token_ref, self._sleep))

    async def start(self) -> None:
        self.callback.start(self._desk)
        if self._menu is not None:
            self._beside.spawn(self._set_menu(self._menu))

    async def stop(self) -> None:
        await self.callback.stop()

    async def close(self) -> None:
        await self._beside.stop()
        await self._api.close()

    # -- speaking ------------------------------------------------------------------------------

    async def send(self, account: str, card: Card, files: tuple[OutFile, ...] = ()) -> str:
        before = await self._before(account, card.instead_of)
        drawn = draw(card, self._quote(before, card), self._link)
        parts = [_file(one, protect=card.protect) for one in files]
        parts += [Part("text", {"content": text}, safe=card.protect) for text in drawn.texts]
        if drawn.card is not None:
            parts.append(Part(CARD, drawn.card))
        book = await self._sender.send(account, parts, card.try_of)
        way = book.way
        note = Note(
            self._now(),
            tuple(filter(None, way.parts)),
            way.code,
            _beginning(card),
            digest(drawn.card) if drawn.card is not None else "",
            guarded=card.protect,
            sure=way.sure,
        )
        await asyncio.gather(
            self._notes.keep(account, way.ref, note), self._books.keep(account, book)
        )
        if before is not None:
            grey = greyed(card, BELOW)
            change = self._change(account, card.instead_of, before, grey)
            await quietly(change, ChannelError)
        return way.ref

    async def edit(self, account: str, ref: str, card: Card) -> str:
        """Redraw a card in place, by the code of a tap on it or by the one it was sent with.

        A card that cannot show what it has come to counts as gone; it is greyed out where nothing
        is left to press. Where nobody waits for it, the buttons follow and that will do.
        """
        note = await self._notes.of(account, ref)
        template = redrawn(card)
        if template is None and card.protect and card.quiet:
            template = buttons_after(card)
        if template is None:
            if not card.buttons():
                await self._change(account, ref, note, greyed(card, SETTLED))
            raise ChannelError(Outcome.GONE, "more than a card shows")
        shown = digest(template)
        if shown == note.shown:
            return ref
        fresh = new_ref()
        change = {"template_card": template | {"task_id": fresh}}
        left = await self._change(account, ref, note, change)
        now = msgspec.structs.replace(
            note, code=left, quote=_beginning(card), guarded=card.protect, shown=shown
        )
        await self._notes.keep(account, fresh, now)
        return fresh

    async def _change(self, account: str, ref: str, note: Note, change: Json) -> str:
        """Change a card and return the code that is left to do so again, "" for none.

        Raises ChannelError: GONE where no code is good.
        """
        codes = (await self._notes.code_of_tap(account, ref), note.code)
        for code in filter(None, dict.fromkeys(codes)):
            target = {"agentid": self._agent_id, "userids": [account], "response_code": code}
            try:
                await self._api.post("message/update_template_card", target | change)
            except Refused as error:
                # which code means used or too old is written nowhere; the next one may do
                if error.outcome is Outcome.RETRY_LATER:
                    raise
                continue
            return "" if code == note.code else note.code
        raise ChannelError(Outcome.GONE, "it can be redrawn no more")

    async def delete(self, account: str, ref: str) -> None:
        note = await self._notes.of(account, ref)
        if not note.messages and note.sure:
            raise ChannelError(Outcome.GONE, "taken back already")
        if self._now() - note.sent_at >= RECALLABLE:
            raise ChannelError(Outcome.REJECTED, "too old to be taken back")
        gone = 0
        for message in note.messages:
            try:
                await self._api.post("message/recall", {"msgid": message})
            except Refused as error:
                if error.outcome is Outcome.RETRY_LATER:
                    raise
                gone += 1
        await self._notes.keep(account, ref, Note(note.sent_at))
        if not note.sure:
            raise ChannelError(Outcome.REJECTED, "some of it may be there still")
        if gone == len(note.messages):
            raise ChannelError(Outcome.GONE, "not there any more")

    async def answer_tap(self, inbound: Inbound, alert: str) -> None:
        """Say what stands against a tap: there is no spinner to stop and no pop-up to show.

        The relay sends it, for it counts with all that its reader is sent.
        """
        if alert:
            try:
                await self._desk.remark(inbound, alert)
            except StorageError as error:
                log.warning("remark_not_kept", kind=type(error).__name__)

    async def fetch(self, file: InFile) -> AsyncIterator[bytes]:
        async for piece in self._api.download(file.ref):
            yield piece

    async def menu(self, account: str, entries: tuple[tuple[str, str], ...]) -> None:
        """The platform has one menu for all, which the start sets."""

    async def people(self) -> tuple[Listed, ...] | None:
        """Return whom the app can see, where that is to be compared."""
        return await people(self._api, self._agent_id) if self._compares else None

    async def leave(self, chat: str) -> None:
        """An app is in no groups."""

    async def _before(self, account: str, ref: str) -> Note | None:
        """Return what is known of the message whose place one takes."""
        if not ref:
            return None
        try:
            return await self._notes.of(account, ref)
        except ChannelError:
            return None

    def _quote(self, before: Note | None, card: Card) -> str:
        """Return what a message quotes of the one whose place it takes, "" for nothing."""
        if before is None or (before.guarded and not card.protect):
            return ""
        return before.quote if self._now() - before.sent_at > IN_SIGHT else ""

    # -- what all processes share ----------------------------------------------------------------

    async def _set_menu(self, menu: Json) -> None:
        """Set the app's menu where it changed, again and again until the platform takes it."""
        wanted = msgspec.json.encode(menu).decode()
        while True:
            try:
                if await self._desk.noted(NAME, "", self._menu_ref) != wanted:
                    await self._api.post("menu/create", menu, agentid=str(self._agent_id))
                    await self._desk.note(NAME, "", self._menu_ref, wanted)
                return
            except (ChannelError, StorageError) as error:
                log.warning("menu_not_set", channel=NAME, kind=type(error).__name__)
                if isinstance(error, ChannelError) and error.outcome is Outcome.REJECTED:
                    return
            await self._sleep(MENU_SECONDS)


def _short(words: str) -> str:
    return hashlib.sha256(words.encode()).hexdigest()[:16]


def _file(file: OutFile, *, protect: bool) -> Part:
    """Return a file as it is sent. Raises ChannelError: REJECTED, the platform takes none."""
    kind = kind_of(file)
    named = replace(file, name=name_of(kind, file))
    return Part(kind, {}, safe=protect and guarded(kind, file), file=named)


def _beginning(card: Card) -> str:
    """Return what a message is known by; of a protected one no more than its title."""
    text = card.title if card.protect else card.title or card.text
    return UTF8_BYTES.cut(text.partition("\n")[0], QUOTE_BYTES)
