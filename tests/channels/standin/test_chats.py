"""Where the bot may write, what it may change, and how the platform says no."""

from __future__ import annotations

import pytest

from tests.channels.standin.conftest import ANN, PNG, Api, later
from tests.fakes.clock import SettableClock
from tests.fakes.telegram.people import Person
from tests.fakes.telegram_server import TelegramServer

KEYS = {"inline_keyboard": [[{"text": "好", "callback_data": "x"}]]}


class TestGivenNobodyToWriteTo:
    async def test_when_the_chat_is_unknown_then_not_found(self, api: Api) -> None:
        refusal = await api.refused("sendMessage", chat_id=99, text="x")
        assert (refusal.code, refusal.description) == (400, "Bad Request: chat not found")

    async def test_when_no_chat_is_named_then_refused(
        self, api: Api, server: TelegramServer
    ) -> None:
        refusal = await api.refused("sendMessage", text="x")
        assert refusal.code == 400
        assert server.mistakes == ["sendMessage.chat_id: Field required"]
        server.mistakes.clear()

    async def test_when_the_person_never_started_then_forbidden(
        self, api: Api, server: TelegramServer
    ) -> None:
        server.person(ANN, "欧阳慧敏")
        refusal = await api.refused("sendMessage", chat_id=ANN, text="x")
        assert (refusal.code, refusal.description) == (
            403,
            "Forbidden: bot can't initiate conversation with a user",
        )

    @pytest.mark.parametrize("method", ["sendMessage", "editMessageText"])
    async def test_when_blocked_then_forbidden_until_started_again(
        self, api: Api, ann: Person, method: str
    ) -> None:
        await api.ok("sendMessage", chat_id=ann.id, text="before")
        await ann.block()
        params = {"chat_id": ann.id, "text": "x", "message_id": ann.last.id}
        if method == "sendMessage":
            del params["message_id"]
        refusal = await api.refused(method, **params)
        assert (refusal.code, refusal.description) == (
            403,
            "Forbidden: bot was blocked by the user",
        )
        await ann.start()
        await api.ok(method, **params)

    async def test_when_the_account_is_gone_then_forbidden(self, api: Api, ann: Person) -> None:
        ann.deactivate()
        refusal = await api.refused("sendPhoto", chat_id=ann.id, photo=PNG)
        assert (refusal.code, refusal.description) == (403, "Forbidden: user is deactivated")


class TestGivenAMessageOfTheBot:
    async def test_when_edited_then_changed_in_place_with_the_time(
        self, api: Api, ann: Person, clock: SettableClock
    ) -> None:
        await api.ok("sendMessage", chat_id=ann.id, text="a", reply_markup=KEYS)
        later(clock, seconds=90.7)
        edited = await api.ok(
            "editMessageText",
            chat_id=ann.id,
            message_id=ann.last.id,
            text="<b>b</b>",
            parse_mode="HTML",
        )
        assert edited["edit_date"] == edited["date"] + 90
        assert (ann.last.text, ann.last.edits, ann.last.buttons) == ("b", 1, [])
        assert ann.last.entities == [{"type": "bold", "offset": 0, "length": 1}]

    async def test_when_edited_to_the_same_then_not_modified(self, api: Api, ann: Person) -> None:
        same = {"chat_id": ann.id, "text": "a", "reply_markup": KEYS}
        await api.ok("sendMessage", **same)
        refusal = await api.refused("editMessageText", message_id=ann.last.id, **same)
        assert refusal.description == (
            "Bad Request: message is not modified: specified new message content and reply "
            "markup are exactly the same as a current content and reply markup of the message"
        )
        assert not ann.last.edited

    async def test_when_only_the_buttons_change_then_the_text_stays(
        self, api: Api, ann: Person
    ) -> None:
        await api.ok("sendMessage", chat_id=ann.id, text="a", reply_markup=KEYS)
        await api.ok("editMessageReplyMarkup", chat_id=ann.id, message_id=ann.last.id)
        assert (ann.last.text, ann.last.buttons) == ("a", [])

    @pytest.mark.parametrize(
        ("method", "words"),
        [
            ("editMessageText", "message to edit not found"),
            ("editMessageReplyMarkup", "message to edit not found"),
            ("deleteMessage", "message to delete not found"),
        ],
    )
    async def test_when_it_is_gone_then_not_found(
        self, api: Api, ann: Person, method: str, words: str
    ) -> None:
        await api.ok("sendMessage", chat_id=ann.id, text="a")
        message = ann.last
        await ann.delete(message)
        params = {"chat_id": ann.id, "message_id": message.id}
        if method == "editMessageText":
            params["text"] = "b"
        refusal = await api.refused(method, **params)
        assert refusal.description == f"Bad Request: {words}"

    async def test_when_it_is_frozen_or_anothers_then_cannot_be_edited(
        self, api: Api, ann: Person
    ) -> None:
        await api.ok("sendMessage", chat_id=ann.id, text="a")
        ann.last.frozen = True
        said = await ann.say("mine")
        for message_id in (ann.last.id, said.id):
            refusal = await api.refused(
                "editMessageText", chat_id=ann.id, message_id=message_id, text="b"
            )
            assert refusal.description == "Bad Request: message can't be edited"

    async def test_when_the_wrong_part_is_edited_then_refused(self, api: Api, ann: Person) -> None:
        await api.ok("sendPhoto", chat_id=ann.id, photo=PNG, caption="a")
        refusal = await api.refused(
            "editMessageText", chat_id=ann.id, message_id=ann.last.id, text="b"
        )
        assert refusal.description == "Bad Request: there is no text in the message to edit"
        await api.ok("editMessageCaption", chat_id=ann.id, message_id=ann.last.id, caption="b")
        assert ann.last.caption == "b"
        await api.ok("sendMessage", chat_id=ann.id, text="t")
        refusal = await api.refused(
            "editMessageCaption", chat_id=ann.id, message_id=ann.last.id, caption="b"
        )
        assert refusal.description == "Bad Request: there is no caption in the message to edit"

    async def test_when_deleted_then_out_of_the_chat_but_not_after_two_days(
        self, api: Api, ann: Person, clock: SettableClock
    ) -> None:
        await api.ok("sendMessage", chat_id=ann.id, text="a")
        await api.ok("sendMessage", chat_id=ann.id, text="b")
        await api.ok("deleteMessage", chat_id=ann.id, message_id=ann.last.id)
        assert ann.chat.texts == ["a"]
        later(clock, hours=49)
        refusal = await api.refused("deleteMessage", chat_id=ann.id, message_id=ann.last.id)
        assert refusal.description == "Bad Request: message can't be deleted for everyone"

    async def test_when_protected_then_remembered_and_not_forwardable(
        self, api: Api, ann: Person
    ) -> None:
        await api.ok("sendMessage", chat_id=ann.id, text="秘密", protect_content=True)
        assert ann.last.protect_content
        with pytest.raises(PermissionError, match="protected"):
            await ann.forward(ann.last)

    async def test_when_answering_a_message_that_is_gone_then_refused(
        self, api: Api, ann: Person
    ) -> None:
        said = await ann.say("question")
        reply = {"message_id": said.id}
        await api.ok("sendMessage", chat_id=ann.id, text="a", reply_parameters=reply)
        assert ann.last.wire["reply_to_message"]["text"] == "question"
        await ann.delete(said)
        refusal = await api.refused(
            "sendMessage", chat_id=ann.id, text="a", reply_parameters=reply
        )
        assert refusal.description == "Bad Request: message to be replied not found"


class TestGivenAGroup:
    async def test_when_the_bot_comes_and_goes_then_it_is_told_and_shut_out(
        self, api: Api, server: TelegramServer, ann: Person
    ) -> None:
        group = server.group(-500, "销售一部")
        refusal = await api.refused("sendMessage", chat_id=-500, text="x")
        assert refusal.description == "Forbidden: bot is not a member of the group chat"
        await group.add_bot(by=ann)
        await api.ok("sendMessage", chat_id=-500, text="x")
        await group.remove_bot(by=ann)
        refusal = await api.refused("sendMessage", chat_id=-500, text="x")
        assert (refusal.code, refusal.description) == (
            403,
            "Forbidden: bot was kicked from the group chat",
        )
        told = [
            one["my_chat_member"]["new_chat_member"]["status"]
            for one in await api.updates()
            if "my_chat_member" in one
        ]
        assert told == ["member", "kicked"]

    async def test_when_it_migrates_then_the_old_chat_points_to_the_new(
        self, api: Api, server: TelegramServer, ann: Person
    ) -> None:
        group = server.group(-500, "销售一部")
        await group.add_bot(by=ann)
        server.updates.clear()
        moved = await group.migrate()
        assert str(moved.id).startswith("-100")
        refusal = await api.refused("sendMessage", chat_id=-500, text="x")
        assert (refusal.code, refusal.description, refusal.parameters) == (
            400,
            "Bad Request: group chat was upgraded to a supergroup chat",
            {"migrate_to_chat_id": moved.id},
        )
        sent = await api.ok("sendMessage", chat_id=moved.id, text="x")
        assert sent["chat"]["type"] == "supergroup"
        first, second = (one["message"] for one in await api.updates())
        assert (first["chat"]["id"], first["migrate_to_chat_id"]) == (-500, moved.id)
        assert (second["chat"]["id"], second["migrate_from_chat_id"]) == (moved.id, -500)

    async def test_when_people_talk_then_the_bot_hears_what_is_meant_for_it(
        self, api: Api, server: TelegramServer, ann: Person
    ) -> None:
        group = server.group(-500, "销售一部")
        await group.add_bot(by=ann)
        server.updates.clear()
        await group.say(ann, "午饭吃什么")
        await group.say(ann, "/today")
        await group.say(ann, "你好 @dossier_test_bot")
        await api.ok("sendMessage", chat_id=-500, text="x")
        await group.say(ann, "回答", reply_to=group.messages[-1].id)
        heard = [one["message"]["text"] for one in await api.updates()]
        assert heard == ["/today", "你好 @dossier_test_bot", "回答"]

    async def test_when_a_button_is_tapped_there_then_the_query_names_the_group(
        self, api: Api, server: TelegramServer, ann: Person
    ) -> None:
        group = server.group(-500, "销售一部")
        await group.add_bot(by=ann)
        server.updates.clear()
        await api.ok("sendMessage", chat_id=-500, text="x", reply_markup=KEYS)
        await group.hand(ann).tap(group.messages[-1], label="好")
        (update,) = await api.updates()
        query = update["callback_query"]
        assert (query["from"]["id"], query["message"]["chat"]["id"]) == (ann.id, -500)

    async def test_when_the_bot_leaves_then_it_is_told_so(
        self, api: Api, server: TelegramServer, ann: Person
    ) -> None:
        group = server.group(-500, "销售一部")
        await group.add_bot(by=ann)
        server.updates.clear()
        await api.ok("leaveChat", chat_id=-500)
        (update,) = await api.updates()
        assert update["my_chat_member"]["new_chat_member"]["status"] == "left"
        member = await api.ok("getChatMember", chat_id=-500, user_id=server.world.bot["id"])
        assert member["status"] == "left"


class TestGivenARequest:
    async def test_when_the_token_is_wrong_then_unauthorized(self, api: Api) -> None:
        for token, words in (
            ("1234567890:wrong", "Unauthorized"),
            ("nothing", "Unauthorized: invalid token specified"),
        ):
            url = f"{api.server.base}/bot{token}/getMe"
            async with api.session.get(url) as answer:
                assert answer.status == 401
                assert (await answer.json())["description"] == words

    async def test_when_the_method_is_unknown_then_not_found(
        self, api: Api, server: TelegramServer
    ) -> None:
        refusal = await api.refused("sendTelepathy")
        assert (refusal.code, refusal.description) == (404, "Not Found: method not found")
        assert server.mistakes[0] == "sendTelepathy: no such method"
        server.mistakes.clear()

    async def test_when_sent_as_query_form_or_json_then_understood_alike(
        self, api: Api, ann: Person
    ) -> None:
        params = {"chat_id": str(ann.id), "text": "x"}
        url = api.url("sendMessage")
        for request in (
            api.session.get(url, params=params),
            api.session.post(url, data=params),
            api.session.post(url, json=params | {"chat_id": ann.id, "reply_markup": KEYS}),
        ):
            async with request as answer:
                assert answer.status == 200
        assert ann.chat.texts == ["x"] * 3
        assert ann.last.buttons == [("好", "x")]

    async def test_when_called_then_recorded_with_decoded_parameters(
        self, api: Api, ann: Person, server: TelegramServer
    ) -> None:
        await api.ok("sendMessage", chat_id=ann.id, text="x", reply_markup=KEYS)
        await api.ok("sendChatAction", chat_id=ann.id, action="typing")
        (call,) = server.calls.of("sendM*", chat_id=ann.id)
        assert call.params == {"chat_id": ann.id, "text": "x", "reply_markup": KEYS}
        assert server.calls.of("send*", chat_id=99) == []

    async def test_when_settings_are_made_then_accepted(self, api: Api, ann: Person) -> None:
        await api.ok("setMyDescription", description="档案")
        await api.ok("setMyShortDescription", short_description="档案")
        await api.ok("setMyName", name="档案助手")
        button = {"type": "commands"}
        await api.ok("setChatMenuButton", chat_id=ann.id, menu_button=button)
        assert api.server.settings.menu_buttons == {ann.id: button}
        chat = await api.ok("getChat", chat_id=ann.id)
        assert chat["first_name"] == "欧阳慧敏"
