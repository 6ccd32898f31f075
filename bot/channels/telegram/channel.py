"""Telegram as a channel: what the bot calls to reach a person there, and how it listens."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import structlog
from msgspec.structs import replace
from telegram import (
    Bot,
    BotCommand,
    BotCommandScopeAllGroupChats,
    BotCommandScopeAllPrivateChats,
    BotCommandScopeChat,
    InlineQueryResultArticle,
    InputTextMessageContent,
)
from telegram.constants import ParseMode
from telegram.error import BadRequest, TelegramError

from bot.channels.base import ChannelError, Desk, Outcome, OutFile
from bot.channels.beside import Beside, quietly
from bot.channels.render import texts_of
from bot.channels.telegram import files as telegram_files
from bot.channels.telegram.decode import KINDS, NAME, Typing, decode
from bot.channels.telegram.draw import CAPABILITIES, draw, read_ref, tapped_ref
from bot.channels.telegram.gate import Gate
from bot.channels.telegram.outcomes import NOT_MODIFIED, converted, says
from bot.channels.telegram.polling import FULL, PAUSES, Poller, Sleep
from bot.channels.telegram.request import ANSWER_SECONDS, Request
from bot.channels.telegram.taptime import TapClock
from bot.channels.telegram.webhook import Call, Webhook, secret_for
from bot.settings import Telegram as Settings
from handlers.conversation.messages import Card, Inbound, InFile, Suggestions
from handlers.texts import LOCALES, N_
from storage.errors import StorageError

ANSWER_TAP = "answerCallbackQuery"
ALERT_LENGTH = 200
OWN_SERVER_BYTES = 2000 * 2**20
"""Largest file that a self-hosted Bot API server gives out."""
LANGUAGES = {"zh_CN": "zh", "en": ""}
"""Telegram's language code of each of ours; the one without is everybody else's."""
BEGIN = N_("Begin, or enter your invite code")
PLAIN = {"is_disabled": True}

log = structlog.get_logger()


class Telegram:
    name = NAME

    def __init__(
        self,
        settings: Settings,
        now: Callable[[], datetime],
        *,
        public_url: str | None = None,
        pauses: Sequence[float] = PAUSES,
        sleep: Sleep = asyncio.sleep,
        answer_seconds: float = ANSWER_SECONDS,
    ) -> None:
        """`public_url`: where the platform reaches this server, for webhooks.

        `pauses`, `sleep`: between attempts to listen; `answer_seconds`: patience with one call.
        """
        self.capabilities = (
            CAPABILITIES
            if settings.files_root is None
            else replace(CAPABILITIES, file_bytes_in=OWN_SERVER_BYTES)
        )
        self.username = ""
        """Of the bot, without the @; empty until the platform said it."""
        self._settings = settings
        self._token = settings.token.reveal()
        self._api = f"{settings.api_base.rstrip('/')}/bot"
        self._request = Request(
            settings.api_base, settings.proxy, answer_seconds=answer_seconds, gate=Gate(now)
        )
        self._bot = Bot(
            self._token,
            base_url=self._api,
            base_file_url=f"{settings.api_base.rstrip('/')}/file/bot",
            request=self._request,
            get_updates_request=self._request,
        )
        self._beside = Beside()
        self._posted: dict[str, Call | None] = {}
        """By key: taps that were posted, with what the answer to the post is to say."""
        taps = TapClock(now)
        secret = settings.webhook_secret.reveal() if settings.webhook_secret else ""
        self.webhook = Webhook(
            self._bot,
            f"{(public_url or '').rstrip('/')}{settings.webhook_path}",
            secret or secret_for(self._token),
            self._introduce,
            self._take_posted,
            taps,
            pauses=pauses,
            sleep=sleep,
        )
        self._poller = Poller(
            self._prepare_polling, self._ask, self._take, taps, now, pauses=pauses, sleep=sleep
        )
        self._taps = taps
        self._intake = self.webhook if settings.mode == "webhook" else self._poller

    @property
    def problem(self) -> str | None:
        """Code of what keeps messages from coming in; "" for nothing, None: not known here."""
        return self._intake.problem

    # -- listening -----------------------------------------------------------------------------

    async def open(self, desk: Desk) -> None:
        self._desk = desk
        await self._request.initialize()

    async def start(self) -> None:
        await self._intake.start(self._desk)

    async def stop(self) -> None:
        await self._intake.stop()

    async def close(self) -> None:
        await self._beside.stop()
        await self._request.shutdown()

    async def _prepare_polling(self) -> None:
        await self._introduce()
        await self._bot.delete_webhook()

    async def _introduce(self) -> None:
        """Learn our own name, and leave strangers a menu with nothing but the beginning."""
        me = await self._bot.get_me()
        self.username = me.username or ""
        await self._desk.learn("telegram.username", self.username)
        for locale in LOCALES:
            begin = [BotCommand("start", texts_of(locale).t(BEGIN))]
            await self._bot.set_my_commands(
                begin, BotCommandScopeAllPrivateChats(), LANGUAGES[locale] or None
            )
        await self._bot.delete_my_commands(BotCommandScopeAllGroupChats())

    async def _ask(self, offset: int | None, seconds: int) -> list[dict[str, Any]]:
        """Return raw updates: one that the library cannot read must not hide the others."""
        asked: dict[str, Any] = {
            "limit": FULL,
            "timeout": seconds,
            "allowed_updates": "[" + ",".join(f'"{one}"' for one in KINDS) + "]",
        }
        if offset is not None:
            asked["offset"] = offset
        found = await self._request.post(
            f"{self._api}{self._token}/getUpdates?{urlencode(asked)}", read_timeout=seconds + 10
        )
        return found if isinstance(found, list) else []

    async def _take(self, update: dict[str, Any]) -> None:
        """Handle one update that was asked for."""
        await self._hand_on(self._read(update))

    async def _take_posted(self, update: dict[str, Any]) -> Call | None:
        """Handle one update that was posted; returns the call to answer it with."""
        read = self._read(update)
        if not isinstance(read, Inbound) or not read.choice:
            await self._hand_on(read)
            return None
        self._posted[read.key] = None
        try:
            await self._hand_on(read)
        finally:
            call = self._posted.pop(read.key, None)
        return call

    def _read(self, update: dict[str, Any]) -> Inbound | Typing | None:
        """Return what it means; None as well for one that cannot be read: the next ones can."""
        try:
            return decode(update, self.username, self._taps.time())
        except Exception as error:
            log.error("update_unreadable", kind=type(error).__name__, exc_info=True)
            return None

    async def _hand_on(self, read: Inbound | Typing | None) -> None:
        if isinstance(read, Typing):
            self._beside.spawn(self._suggest(read))
        elif read is not None:
            await self._desk.intake(read)

    async def _suggest(self, typing: Typing) -> None:
        try:
            found = await self._desk.suggest(NAME, typing.account, typing.words, typing.further)
        except StorageError as error:
            log.warning("not_suggested", kind=type(error).__name__)
            found = Suggestions()
        articles = [
            InlineQueryResultArticle(
                one.key, one.title, InputTextMessageContent(one.text), description=one.hint
            )
            for one in found.entries
        ]
        answer = self._bot.answer_inline_query(
            typing.query, articles, cache_time=0, is_personal=True, next_offset=found.further
        )
        await quietly(answer, TelegramError)

    # -- speaking ------------------------------------------------------------------------------

    async def send(self, account: str, card: Card, files: tuple[OutFile, ...] = ()) -> str:
        drawn = draw(card, self.username)
        *before, last = drawn.parts
        try:
            await telegram_files.send(self._bot, account, files, protect=card.protect)
            for part in before:
                await self._say(account, part, card)
            shown = await self._say(account, last, card, reply_markup=drawn.keyboard)
        except TelegramError as error:
            raise converted(error) from None
        number = shown.get("message_id") if isinstance(shown, dict) else None
        if not isinstance(number, int):
            raise ChannelError(Outcome.UNKNOWN, "no message in the answer")
        return tapped_ref(number, card.protect)

    async def edit(self, account: str, ref: str, card: Card) -> str:
        shown = read_ref(ref)
        if shown is None:
            raise ChannelError(Outcome.GONE, "no such message")
        message_id, protected = shown
        drawn = draw(card, self.username)
        if len(drawn.parts) > 1 or (card.protect and not protected):
            fresh = await self.send(account, card)
            await quietly(self._bot.delete_message(account, message_id), TelegramError)
            return fresh
        try:
            await self._call(
                "editMessageText",
                text=drawn.parts[0],
                chat_id=account,
                message_id=message_id,
                parse_mode=ParseMode.HTML,
                reply_markup=drawn.keyboard,
                link_preview_options=PLAIN,
            )
        except BadRequest as error:
            if not says(error, NOT_MODIFIED):
                raise converted(error) from None
        except TelegramError as error:
            raise converted(error) from None
        return ref

    async def delete(self, account: str, ref: str) -> None:
        shown = read_ref(ref)
        if shown is None:
            raise ChannelError(Outcome.GONE, "no such message")
        try:
            await self._call("deleteMessage", chat_id=account, message_id=shown[0])
        except TelegramError as error:
            raise converted(error) from None

    async def _say(self, account: str, text: str, card: Card, **more: Any) -> Any:
        return await self._call(
            "sendMessage",
            chat_id=account,
            text=text,
            parse_mode=ParseMode.HTML,
            protect_content=card.protect or None,
            link_preview_options=PLAIN,
            **more,
        )

    async def _call(self, method: str, **values: Any) -> Any:
        return await self._request.call(f"{self._api}{self._token}/{method}", **values)

    async def answer_tap(self, inbound: Inbound, alert: str) -> None:
        """Stop the spinner, without holding anything up: a late answer does no harm."""
        values: Call = {"callback_query_id": inbound.key.removeprefix("c")}
        if alert:
            short = alert if len(alert) <= ALERT_LENGTH else f"{alert[: ALERT_LENGTH - 1]}…"
            values |= {"text": short, "show_alert": True}
        if inbound.key in self._posted:
            self._posted[inbound.key] = {"method": ANSWER_TAP, **values}
        else:
            self._beside.spawn(quietly(self._call(ANSWER_TAP, **values), TelegramError))

    async def fetch(self, file: InFile) -> AsyncIterator[bytes]:
        root = self._settings.files_root
        try:
            async for piece in telegram_files.fetch(self._bot, self._request, file.ref, root):
                yield piece
        except TelegramError as error:
            raise converted(error) from None

    async def menu(self, account: str, entries: tuple[tuple[str, str], ...]) -> None:
        scope = BotCommandScopeChat(int(account))
        try:
            if entries:
                await self._bot.set_my_commands([BotCommand(*one) for one in entries], scope)
            else:
                await self._bot.delete_my_commands(scope)
        except TelegramError as error:
            raise converted(error) from None

    async def leave(self, chat: str) -> None:
        """Leave a group; harmless when that is done already."""
        self._beside.spawn(quietly(self._bot.leave_chat(chat), TelegramError))
