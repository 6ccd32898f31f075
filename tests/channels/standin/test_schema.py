"""The second opinion bites: seeded mistakes in calls, and in what the stand-in says itself."""

from __future__ import annotations

import aiohttp
import pytest

from tests.channels.standin.conftest import ANN, Api
from tests.fakes.clock import SettableClock
from tests.fakes.telegram.params import Params
from tests.fakes.telegram.people import Person
from tests.fakes.telegram.schema import request_mistakes, result_mistakes, update_mistakes
from tests.fakes.telegram_server import TelegramServer

SOUND = {
    "chat_id": "7001",
    "text": "x",
    "reply_markup": '{"inline_keyboard": [[{"text": "a", "callback_data": "b"}]]}',
    "link_preview_options": '{"is_disabled": true}',
}


def test_when_a_call_is_sound_then_nothing_is_found() -> None:
    assert request_mistakes("sendMessage", Params(SOUND)) == []


@pytest.mark.parametrize(
    ("method", "change", "found"),
    [
        ("sendMessage", {"txt": "x"}, "sendMessage.txt: unknown field"),
        (
            "sendMessage",
            {"reply_markup": '{"inline_keyboard": [[{"text": "a", "callback_dta": "b"}]]}'},
            "sendMessage.reply_markup.inline_keyboard[0][0].callback_dta: unknown field",
        ),
        (
            "sendMessage",
            {"link_preview_options": '{"is_disabled": true, "disabled": true}'},
            "sendMessage.link_preview_options.disabled: unknown field",
        ),
        ("sendMessage", {"protect_content": "perhaps"}, "sendMessage.protect_content: not JSON"),
        ("sendMessage", {"message_thread_id": "1.5"}, "sendMessage.message_thread_id"),
        ("sendMessage", {"message_thread_id": '"x"'}, "sendMessage.message_thread_id"),
        ("sendMessage", {"reply_markup": "{"}, "sendMessage.reply_markup: not JSON"),
        (
            "sendMessage",
            {"reply_markup": '{"inline_keybord": []}'},
            "sendMessage.reply_markup",
        ),
        (
            "sendMessage",
            {"reply_markup": '{"inline_keyboard": [[{"callback_data": "b"}]]}'},
            "sendMessage.reply_markup",
        ),
        ("sendMesage", {}, "sendMesage: no such method"),
        ("editMessageText", {"message_id": "last"}, "editMessageText.message_id: not JSON"),
        ("setMyCommands", {}, "setMyCommands.commands: Field required"),
    ],
)
def test_when_a_mistake_is_seeded_then_it_is_named(
    method: str, change: dict[str, object], found: str
) -> None:
    mistakes = request_mistakes(method, Params({**SOUND, **change}))
    assert any(one.startswith(found) for one in mistakes), mistakes


def test_when_our_own_answer_or_update_is_wrong_then_it_is_named() -> None:
    chat = {"id": ANN, "type": "private"}
    message = {"message_id": 1, "date": 1, "chat": chat}
    assert result_mistakes("sendMessage", message) == []
    assert update_mistakes({"update_id": 1, "message": message}) == []
    wrong = message | {"chat": chat | {"nick_name": "x"}}
    assert result_mistakes("sendMessage", wrong) == [
        "answer of sendMessage.chat.nick_name: unknown field"
    ]
    assert update_mistakes({"update_id": 1, "message": {"message_id": 1}})


class TestGivenAMistakeOnTheWire:
    async def test_when_made_then_answered_with_400_and_raised_at_the_end(
        self, clock: SettableClock
    ) -> None:
        server = await TelegramServer(now=clock.now).start()
        await server.person(ANN, "欧阳慧敏").start()
        async with aiohttp.ClientSession() as session:
            refusal = await Api(server, session).refused(
                "sendMessage", chat_id=ANN, text="x", parse_mod="HTML"
            )
        assert refusal.description == "Bad Request: sendMessage.parse_mod: unknown field"
        with pytest.raises(AssertionError, match="parse_mod: unknown field"):
            await server.stop()
        assert server.chat(ANN).messages == []

    async def test_when_switched_off_then_let_through(self, clock: SettableClock) -> None:
        async with (
            TelegramServer(now=clock.now, check=False) as server,
            aiohttp.ClientSession() as session,
        ):
            await server.person(ANN, "欧阳慧敏").start()
            await Api(server, session).ok("sendMessage", chat_id=ANN, text="x", parse_mod="HTML")
            assert server.mistakes == []

    async def test_when_the_stand_in_does_not_know_a_method_then_it_says_so(
        self, api: Api, ann: Person, server: TelegramServer
    ) -> None:
        refusal = await api.refused("sendDice", chat_id=ann.id)
        assert refusal.code == 404
        assert server.mistakes == ["sendDice: the stand-in does not know this method"]
        server.mistakes.clear()
