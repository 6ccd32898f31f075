"""Two libraries drive the stand-in over real HTTP: aiogram's own client, and our library's."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from io import BytesIO

import pytest
import telegram
import telegram.error
from aiogram import Bot as Aiogram
from aiogram import exceptions
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.types import (
    BotCommand,
    BotCommandScopeChat,
    BufferedInputFile,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InlineQueryResultArticle,
    InputMediaPhoto,
    InputTextMessageContent,
)
from telegram.request import HTTPXRequest

from tests.channels.standin.conftest import JPEG, PNG
from tests.fakes.telegram.faults import Fault
from tests.fakes.telegram.people import Person
from tests.fakes.telegram_server import TelegramServer

KEYS = InlineKeyboardMarkup(
    inline_keyboard=[[InlineKeyboardButton(text="好", callback_data="yes")]]
)


class Session(AiohttpSession):
    async def close(self) -> None:
        """Close without the quarter of a second that aiogram waits for TLS."""
        if self._session is not None:
            await self._session.close()


@pytest.fixture
async def aiogram(server: TelegramServer) -> AsyncIterator[Aiogram]:
    bot = Aiogram(server.token, session=Session(api=TelegramAPIServer.from_base(server.base)))
    yield bot
    await bot.session.close()


@pytest.fixture
async def ptb(server: TelegramServer) -> AsyncIterator[telegram.Bot]:
    async with telegram.Bot(
        server.token,
        base_url=f"{server.base}/bot",
        base_file_url=f"{server.base}/file/bot",
        request=HTTPXRequest(read_timeout=5),
        get_updates_request=HTTPXRequest(read_timeout=5),
    ) as bot:
        yield bot


class TestGivenAiogramsClient:
    async def test_when_a_conversation_is_held_then_both_sides_see_it(
        self, aiogram: Aiogram, ann: Person, server: TelegramServer
    ) -> None:
        async def serve() -> None:
            offset = 0
            while True:
                for update in await aiogram.get_updates(offset=offset, timeout=50):
                    offset = update.update_id + 1
                    if update.message:
                        await aiogram.send_message(
                            update.message.chat.id,
                            f"<b>{update.message.text}</b>?",
                            parse_mode="HTML",
                            reply_markup=KEYS,
                            protect_content=True,
                        )
                    if update.callback_query:
                        query = update.callback_query
                        await aiogram.answer_callback_query(query.id, "记下了", show_alert=True)
                        await aiogram.edit_message_text(
                            f"已选 {query.data}",
                            chat_id=query.message.chat.id,
                            message_id=query.message.message_id,
                        )

        serving = asyncio.ensure_future(serve())
        await ann.say("鸿鑫贸易")
        await server.until(lambda: ann.messages)
        assert (ann.last.text, ann.last.buttons) == ("鸿鑫贸易?", [("好", "yes")])
        assert ann.last.protect_content
        tap = await (await ann.tap(ann.last, label="好")).wait()
        assert (tap.text, tap.alert) == ("记下了", True)
        await server.idle()
        await server.until(lambda: ann.last.edited)
        assert (ann.last.text, ann.last.buttons) == ("已选 yes", [])
        serving.cancel()

    async def test_when_files_go_both_ways_then_the_bytes_are_the_same(
        self, aiogram: Aiogram, ann: Person
    ) -> None:
        await ann.photo(JPEG, "封面")
        (update,) = await aiogram.get_updates()
        assert update.message.caption == "封面"
        received = await aiogram.download(update.message.photo[-1], BytesIO())
        assert received.read() == JPEG
        sent = await aiogram.send_document(
            ann.id, BufferedInputFile(b"a,b", "报表.csv"), caption="九月"
        )
        assert sent.document.file_name == "报表.csv"
        received = await aiogram.download(sent.document, BytesIO())
        assert received.read() == b"a,b"

    async def test_when_an_album_is_sent_then_it_is_one(
        self, aiogram: Aiogram, ann: Person
    ) -> None:
        media = [
            InputMediaPhoto(media=BufferedInputFile(PNG, f"{one}.png"), caption=one)
            for one in ("一", "二")
        ]
        sent = await aiogram.send_media_group(ann.id, media)
        assert sent[0].media_group_id == sent[1].media_group_id
        assert [one.caption for one in ann.messages] == ["一", "二"]

    async def test_when_menus_are_set_then_people_see_them(
        self, aiogram: Aiogram, ann: Person
    ) -> None:
        commands = [BotCommand(command="today", description="今日")]
        scope = BotCommandScopeChat(chat_id=ann.id)
        await aiogram.set_my_commands(commands, scope=scope, language_code="zh")
        assert ann.menu == [("today", "今日")]
        (kept,) = await aiogram.get_my_commands(scope=scope, language_code="zh")
        assert (kept.command, kept.description) == ("today", "今日")
        await aiogram.delete_my_commands(scope=scope, language_code="zh")
        assert ann.menu == []

    async def test_when_an_inline_query_is_answered_then_offered(
        self, aiogram: Aiogram, ann: Person, server: TelegramServer
    ) -> None:
        typing = asyncio.ensure_future(ann.inline("鸿鑫"))
        (update,) = await aiogram.get_updates(timeout=5)
        result = InlineQueryResultArticle(
            id="1",
            title="D-2026-0007",
            input_message_content=InputTextMessageContent(message_text="鸿*"),
        )
        await aiogram.answer_inline_query(
            update.inline_query.id, [result], cache_time=0, is_personal=True, next_offset="1"
        )
        offered = await typing
        assert (len(offered.results), offered.next_offset) == (1, "1")
        assert server.mistakes == []

    async def test_when_refused_then_its_own_errors_are_raised(
        self, aiogram: Aiogram, ann: Person, server: TelegramServer
    ) -> None:
        with pytest.raises(exceptions.TelegramBadRequest, match="chat not found"):
            await aiogram.send_message(99, "x")
        with pytest.raises(exceptions.TelegramBadRequest, match="can't parse entities"):
            await aiogram.send_message(ann.id, "<p>", parse_mode="HTML")
        await ann.block()
        with pytest.raises(exceptions.TelegramForbiddenError, match="bot was blocked"):
            await aiogram.send_message(ann.id, "x")
        group = server.group(-500, "销售一部")
        await group.add_bot(by=ann)
        moved = await group.migrate()
        with pytest.raises(exceptions.TelegramMigrateToChat) as raised:
            await aiogram.send_message(-500, "x")
        assert raised.value.migrate_to_chat_id == moved.id
        stranger = Aiogram(
            "1:wrong", session=Session(api=TelegramAPIServer.from_base(server.base))
        )
        with pytest.raises(exceptions.TelegramUnauthorizedError):
            await stranger.get_me()
        await stranger.session.close()

    @pytest.mark.parametrize(
        ("fault", "error"),
        [
            (Fault.FLOOD, exceptions.TelegramRetryAfter),
            (Fault.ERROR, exceptions.TelegramServerError),
            (Fault.CONFLICT, exceptions.TelegramConflictError),
            (Fault.BAD_GATEWAY, exceptions.ClientDecodeError),
            (Fault.NOT_JSON, exceptions.ClientDecodeError),
            (Fault.TRUNCATED, exceptions.ClientDecodeError),
            (Fault.RESET, exceptions.TelegramNetworkError),
            (Fault.RESET_AFTER, exceptions.TelegramNetworkError),
        ],
    )
    async def test_when_a_fault_strikes_then_its_own_error_is_raised(
        self,
        aiogram: Aiogram,
        ann: Person,
        server: TelegramServer,
        fault: Fault,
        error: type[Exception],
    ) -> None:
        server.faults.add(fault, "sendMessage")
        with pytest.raises(error):
            await aiogram.send_message(ann.id, "x")
        done = fault in (Fault.TRUNCATED, Fault.RESET_AFTER)
        assert len(ann.messages) == done

    async def test_when_a_second_poller_comes_then_the_first_gets_a_conflict(
        self, aiogram: Aiogram, ann: Person, server: TelegramServer
    ) -> None:
        first = asyncio.ensure_future(aiogram.get_updates(timeout=50))
        await server.until(lambda: server.updates.polled)
        second = asyncio.ensure_future(aiogram.get_updates(timeout=50))
        with pytest.raises(exceptions.TelegramConflictError, match="terminated by other"):
            await first
        await ann.say("x")
        assert len(await second) == 1


@pytest.mark.filterwarnings("ignore:Deprecated since version v22.2")  # its own time deltas
class TestGivenPythonTelegramBot:
    async def test_when_it_talks_then_understood(
        self, ptb: telegram.Bot, ann: Person, server: TelegramServer
    ) -> None:
        await ann.photo(JPEG, "封面")
        (update,) = await ptb.get_updates(timeout=0)
        assert update.message.caption == "封面"
        file = await ptb.get_file(update.message.photo[-1].file_id)
        assert bytes(await file.download_as_bytearray()) == JPEG
        keys = telegram.InlineKeyboardMarkup(
            [[telegram.InlineKeyboardButton("好", callback_data="yes")]]
        )
        sent = await ptb.send_message(
            ann.id,
            "<b>问</b>",
            parse_mode="HTML",
            reply_markup=keys,
            protect_content=True,
            link_preview_options=telegram.LinkPreviewOptions(is_disabled=True),
            reply_parameters=telegram.ReplyParameters(update.message.message_id),
        )
        tap = await ann.tap(sent.message_id, label="好")
        (update,) = await ptb.get_updates(offset=update.update_id + 1, timeout=0)
        assert await update.callback_query.answer("好的")
        assert (tap.text, tap.alert) == ("好的", False)
        await ptb.edit_message_text("完", ann.id, sent.message_id)
        assert ann.last.text == "完"
        await ptb.send_media_group(ann.id, [telegram.InputMediaPhoto(PNG)] * 2)
        await ptb.send_document(ann.id, b"a,b", filename="报表.csv")
        assert [one.media for one in ann.messages] == ["", "photo", "photo", "document"]
        scope = telegram.BotCommandScopeChat(ann.id)
        await ptb.set_my_commands([("today", "今日")], scope=scope)
        assert ann.menu == [("today", "今日")]
        await ptb.set_webhook("http://127.0.0.1:9/hook", secret_token="s", max_connections=2)
        assert (await ptb.get_webhook_info()).max_connections == 2
        await ptb.delete_webhook()
        assert server.mistakes == []

    @pytest.mark.parametrize(
        ("refuse", "error", "words"),
        [
            (lambda ann: ann.block(), telegram.error.Forbidden, "bot was blocked by the user"),
            (lambda ann: ann.say("x"), telegram.error.BadRequest, "Message to edit not found"),
        ],
    )
    async def test_when_refused_then_its_own_errors_are_raised(
        self,
        ptb: telegram.Bot,
        ann: Person,
        refuse: Callable[[Person], Awaitable[object]],
        error: type[Exception],
        words: str,
    ) -> None:
        await refuse(ann)
        with pytest.raises(error, match=words):
            await ptb.edit_message_text("y", ann.id, 999)

    @pytest.mark.parametrize(
        ("fault", "error"),
        [
            (Fault.FLOOD, telegram.error.RetryAfter),
            (Fault.ERROR, telegram.error.NetworkError),
            (Fault.CONFLICT, telegram.error.Conflict),
            (Fault.BAD_GATEWAY, telegram.error.NetworkError),
            (Fault.TRUNCATED, telegram.error.TelegramError),
            (Fault.RESET, telegram.error.NetworkError),
        ],
    )
    async def test_when_a_fault_strikes_then_its_own_error_is_raised(
        self,
        ptb: telegram.Bot,
        ann: Person,
        server: TelegramServer,
        fault: Fault,
        error: type[Exception],
    ) -> None:
        server.faults.add(fault, "sendMessage")
        with pytest.raises(error):
            await ptb.send_message(ann.id, "x")

    async def test_when_an_update_is_sent_by_webhook_then_it_reads_it(
        self, ptb: telegram.Bot, ann: Person, server: TelegramServer
    ) -> None:
        """What is posted to a webhook is the same JSON that a poll answers."""
        await ann.location(31.2, 121.5)
        (update,) = server.updates.waiting()
        read = telegram.Update.de_json(json.loads(json.dumps(update.wire)), ptb)
        assert (read.message.location.latitude, read.effective_user.id) == (31.2, ann.id)
