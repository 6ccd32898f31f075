"""Each limit of the platform, at it and one past it, with the platform's words."""

from __future__ import annotations

import pytest

from tests.channels.standin.conftest import ANN, PNG, Api, later
from tests.fakes.clock import SettableClock
from tests.fakes.telegram.people import Person
from tests.fakes.telegram_server import TelegramServer


def button(text: str = "好", data: str = "x", **more: object) -> dict[str, object]:
    return {"text": text, "callback_data": data, **more}


def rows(*rows: list[dict[str, object]]) -> dict[str, object]:
    return {"inline_keyboard": list(rows)}


class TestGivenAText:
    async def test_when_4096_characters_then_sent(self, api: Api, ann: Person) -> None:
        await api.ok("sendMessage", chat_id=ANN, text="😀" * 4096)
        assert len(ann.last.text) == 4096

    async def test_when_one_more_then_too_long(self, api: Api, ann: Person) -> None:
        refusal = await api.refused("sendMessage", chat_id=ann.id, text="字" * 4097)
        assert (refusal.code, refusal.description) == (400, "Bad Request: message is too long")

    async def test_when_tags_make_it_longer_then_only_the_text_counts(
        self, api: Api, ann: Person
    ) -> None:
        text = "<b>" + "字" * 4096 + "</b>"
        await api.ok("sendMessage", chat_id=ann.id, text=text, parse_mode="HTML")
        assert len(ann.last.text) == 4096

    @pytest.mark.parametrize(
        ("text", "words"),
        [("", "message text is empty"), (" \n ", "text must be non-empty")],
    )
    async def test_when_empty_then_refused(
        self, api: Api, ann: Person, text: str, words: str
    ) -> None:
        refusal = await api.refused("sendMessage", chat_id=ann.id, text=text)
        assert refusal.description == f"Bad Request: {words}"

    async def test_when_html_leaves_nothing_then_refused(self, api: Api, ann: Person) -> None:
        refusal = await api.refused(
            "sendMessage", chat_id=ann.id, text="<b> </b>", parse_mode="HTML"
        )
        assert refusal.description == "Bad Request: text must be non-empty"

    async def test_when_edited_too_long_then_the_old_one_stays(
        self, api: Api, ann: Person
    ) -> None:
        await api.ok("sendMessage", chat_id=ann.id, text="kept")
        refusal = await api.refused(
            "editMessageText", chat_id=ann.id, message_id=ann.last.id, text="x" * 4097
        )
        assert refusal.description == "Bad Request: message is too long"
        assert ann.last.text == "kept"
        assert not ann.last.edited


class TestGivenACaption:
    async def test_when_1024_then_sent_and_one_more_refused(self, api: Api, ann: Person) -> None:
        await api.ok("sendPhoto", chat_id=ann.id, photo=PNG, caption="字" * 1024)
        refusal = await api.refused("sendPhoto", chat_id=ann.id, photo=PNG, caption="字" * 1025)
        assert refusal.description == "Bad Request: message caption is too long"
        assert len(ann.messages) == 1

    async def test_when_edited_past_the_limit_then_refused(self, api: Api, ann: Person) -> None:
        await api.ok("sendPhoto", chat_id=ann.id, photo=PNG)
        refusal = await api.refused(
            "editMessageCaption", chat_id=ann.id, message_id=ann.last.id, caption="x" * 1025
        )
        assert refusal.description == "Bad Request: message caption is too long"


class TestGivenAKeyboard:
    @pytest.mark.parametrize("data", ["x", "字" * 21 + "x"])
    async def test_when_data_is_1_to_64_bytes_then_shown(
        self, api: Api, ann: Person, data: str
    ) -> None:
        await api.ok(
            "sendMessage", chat_id=ann.id, text="t", reply_markup=rows([button(data=data)])
        )
        assert ann.last.buttons == [("好", data)]

    @pytest.mark.parametrize(
        ("markup", "words"),
        [
            (rows([button(data="字" * 22)]), "BUTTON_DATA_INVALID"),
            (rows([button(text=" ")]), "inline keyboard button text must be non-empty"),
            (
                rows([{"text": "x"}]),
                "can't parse inline keyboard button: "
                "Text buttons are unallowed in the inline keyboard",
            ),
            (rows([button()] * 9), "reply markup is too long"),
            (rows(*[[button()]] * 101), "reply markup is too long"),
            (
                rows([{"text": "x", "url": "not a link"}]),
                "inline keyboard button URL 'not a link' is invalid: Wrong HTTP URL",
            ),
            (rows([button(url="https://a.example")]), "BUTTON_TYPE_INVALID"),
        ],
    )
    async def test_when_out_of_shape_then_refused(
        self, api: Api, ann: Person, markup: dict[str, object], words: str
    ) -> None:
        refusal = await api.refused("sendMessage", chat_id=ann.id, text="t", reply_markup=markup)
        assert refusal.description == f"Bad Request: {words}"
        assert ann.messages == []

    async def test_when_100_buttons_in_rows_of_8_then_shown(self, api: Api, ann: Person) -> None:
        markup = rows(*[[button()] * 8] * 12, [button()] * 4)
        await api.ok("sendMessage", chat_id=ann.id, text="t", reply_markup=markup)
        assert len(ann.last.buttons) == 100

    async def test_when_an_edit_brings_another_kind_then_refused(
        self, api: Api, ann: Person
    ) -> None:
        await api.ok("sendMessage", chat_id=ann.id, text="t")
        refusal = await api.refused(
            "editMessageReplyMarkup",
            chat_id=ann.id,
            message_id=ann.last.id,
            reply_markup=rows([button(data="")]),
        )
        assert refusal.code == 400
        assert ann.last.buttons == []


class TestGivenCommands:
    @pytest.mark.parametrize(
        ("command", "description", "words"),
        [
            ("Today", "x", "BOT_COMMAND_INVALID"),
            ("", "x", "BOT_COMMAND_INVALID"),
            ("a" * 33, "x", "BOT_COMMAND_INVALID"),
            ("今日", "x", "BOT_COMMAND_INVALID"),
            ("today", "", "BOT_COMMAND_DESCRIPTION_INVALID"),
            ("today", "x" * 257, "BOT_COMMAND_DESCRIPTION_INVALID"),
        ],
    )
    async def test_when_out_of_shape_then_refused(
        self, api: Api, command: str, description: str, words: str
    ) -> None:
        entry = {"command": command, "description": description}
        refusal = await api.refused("setMyCommands", commands=[entry])
        assert refusal.description == f"Bad Request: {words}"

    async def test_when_100_then_kept_and_101_refused(self, api: Api) -> None:
        entries = [{"command": f"c{one}", "description": "x"} for one in range(101)]
        await api.ok("setMyCommands", commands=entries[:100])
        refusal = await api.refused("setMyCommands", commands=entries)
        assert refusal.description == "Bad Request: BOT_COMMANDS_TOO_MUCH"
        assert await api.ok("getMyCommands") == entries[:100]

    async def test_when_scopes_differ_then_the_narrowest_is_shown(
        self, api: Api, ann: Person
    ) -> None:
        for scope, language, title in (
            ({"type": "default"}, "", "all"),
            ({"type": "all_private_chats"}, "zh", "private"),
            ({"type": "chat", "chat_id": ann.id}, "", "own"),
        ):
            entry = {"command": "today", "description": title}
            await api.ok("setMyCommands", commands=[entry], scope=scope, language_code=language)
        assert ann.menu == [("today", "own")]
        await api.ok("deleteMyCommands", scope={"type": "chat", "chat_id": ann.id})
        assert ann.menu == [("today", "private")]

    async def test_when_the_chat_of_a_scope_is_unknown_then_refused(self, api: Api) -> None:
        scope = {"type": "chat", "chat_id": 99}
        refusal = await api.refused("setMyCommands", commands=[], scope=scope)
        assert refusal.description == "Bad Request: chat not found"


class TestGivenATap:
    async def test_when_answered_with_201_characters_then_refused(
        self, api: Api, ann: Person
    ) -> None:
        await api.ok("sendMessage", chat_id=ann.id, text="t", reply_markup=rows([button()]))
        tap = await ann.tap(ann.last, "x")
        refusal = await api.refused(
            "answerCallbackQuery", callback_query_id=tap.id, text="x" * 201
        )
        assert refusal.description == "Bad Request: MESSAGE_TOO_LONG"
        assert not tap.answered
        await api.ok("answerCallbackQuery", callback_query_id=tap.id, text="x" * 200)
        assert (await tap.wait()).text == "x" * 200

    async def test_when_answered_late_then_too_old(
        self, api: Api, ann: Person, clock: SettableClock, server: TelegramServer
    ) -> None:
        await api.ok("sendMessage", chat_id=ann.id, text="t", reply_markup=rows([button()]))
        tap = await ann.tap(ann.last, "x")
        later(clock, seconds=server.questions.life + 1)
        refusal = await api.refused("answerCallbackQuery", callback_query_id=tap.id)
        assert refusal.description == (
            "Bad Request: query is too old and response timeout expired or query ID is invalid"
        )
        assert not tap.answered

    async def test_when_no_such_button_then_nobody_can_tap_it(self, api: Api, ann: Person) -> None:
        await api.ok("sendMessage", chat_id=ann.id, text="t", reply_markup=rows([button()]))
        with pytest.raises(LookupError, match="no button"):
            await ann.tap(ann.last, "y")
        await ann.tap(ann.last, "forged", forge=True)
        (update,) = await api.updates()
        assert update["callback_query"]["data"] == "forged"


class TestGivenAnInlineQuery:
    @pytest.mark.parametrize(
        ("count", "id_length", "offset", "words"),
        [
            (51, 2, "", "too many inline query results specified"),
            (1, 65, "", "RESULT_ID_INVALID"),
            (1, 2, "x" * 65, "NEXT_OFFSET_INVALID"),
        ],
    )
    async def test_when_past_a_limit_then_refused(
        self,
        api: Api,
        server: TelegramServer,
        count: int,
        id_length: int,
        offset: str,
        words: str,
    ) -> None:
        asked = server.questions.new_inline("鸿鑫", "")
        refusal = await api.refused(
            "answerInlineQuery",
            inline_query_id=asked.id,
            results=[article(f"{one:0{id_length}}") for one in range(count)],
            next_offset=offset,
        )
        assert refusal.description == f"Bad Request: {words}"
        assert not asked.answered

    async def test_when_50_results_then_offered(self, api: Api, server: TelegramServer) -> None:
        asked = server.questions.new_inline("鸿鑫", "")
        await api.ok(
            "answerInlineQuery",
            inline_query_id=asked.id,
            results=[article(f"{one:064}") for one in range(50)],
            next_offset="50",
            is_personal=True,
            cache_time=0,
        )
        assert (len(asked.results), asked.next_offset) == (50, "50")
        assert (asked.is_personal, asked.cache_time) == (True, 0)

    async def test_when_two_have_one_id_then_refused(
        self, api: Api, server: TelegramServer
    ) -> None:
        asked = server.questions.new_inline("鸿鑫", "")
        refusal = await api.refused(
            "answerInlineQuery", inline_query_id=asked.id, results=[article("a")] * 2
        )
        assert refusal.description == "Bad Request: RESULT_ID_DUPLICATE"


def article(result_id: str) -> dict[str, object]:
    return {
        "type": "article",
        "id": result_id,
        "title": "D-2026-0007",
        "input_message_content": {"message_text": "D-2026-0007 鸿*"},
    }
