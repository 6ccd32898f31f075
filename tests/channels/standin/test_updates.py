"""Polling: what an offset forgets, what a poll waits for, who may poll."""

from __future__ import annotations

import asyncio

import pytest

from tests.channels.standin.conftest import ANN, JPEG, Api, later
from tests.fakes.clock import SettableClock
from tests.fakes.telegram.people import Person
from tests.fakes.telegram_server import TelegramServer


def texts(updates: list[dict[str, object]]) -> list[str]:
    return [one["message"]["text"] for one in updates]


class TestGivenUpdatesWait:
    @pytest.fixture(autouse=True)
    async def _three(self, ann: Person) -> None:
        for text in "abc":
            await ann.say(text)

    async def test_when_asked_without_offset_then_all_come_again_and_again(self, api: Api) -> None:
        assert texts(await api.updates()) == texts(await api.updates()) == ["a", "b", "c"]

    async def test_when_an_offset_is_given_then_those_below_are_gone_for_ever(
        self, api: Api, server: TelegramServer
    ) -> None:
        first, *_ = await api.updates()
        assert texts(await api.updates(offset=first["update_id"] + 2)) == ["c"]
        assert texts(await api.updates()) == ["c"]
        assert len(server.updates) == 1

    async def test_when_the_offset_is_negative_then_the_last_ones_stay(self, api: Api) -> None:
        assert texts(await api.updates(offset=-1)) == ["c"]
        assert texts(await api.updates()) == ["c"]

    async def test_when_the_offset_is_far_beyond_then_it_counts_as_none(self, api: Api) -> None:
        *_, last = await api.updates()
        assert texts(await api.updates(offset=last["update_id"] + 1000)) == ["a", "b", "c"]
        assert await api.updates(offset=last["update_id"] + 1) == []

    async def test_when_a_limit_is_given_then_the_oldest_come(self, api: Api) -> None:
        assert texts(await api.updates(limit=2)) == ["a", "b"]
        assert texts(await api.updates(limit=0)) == ["a"]
        assert texts(await api.updates(limit=1000)) == ["a", "b", "c"]

    async def test_when_a_webhook_drops_them_then_nothing_waits(
        self, api: Api, server: TelegramServer
    ) -> None:
        await api.ok("deleteWebhook", drop_pending_updates=True)
        assert not server.updates

    async def test_when_a_day_passes_then_they_are_gone(
        self, api: Api, clock: SettableClock
    ) -> None:
        later(clock, hours=25)
        assert await api.updates() == []


class TestGivenALongPoll:
    async def test_when_an_update_comes_then_answered_at_once(
        self, api: Api, ann: Person, server: TelegramServer
    ) -> None:
        poll = asyncio.ensure_future(api.updates(timeout=50))
        await server.until(lambda: server.updates.polled)
        await ann.say("now")
        assert texts(await poll) == ["now"]

    async def test_when_a_second_one_starts_then_the_first_fails(
        self, api: Api, ann: Person, server: TelegramServer
    ) -> None:
        first = asyncio.ensure_future(api.refused("getUpdates", timeout=50))
        await server.until(lambda: server.updates.polled)
        second = asyncio.ensure_future(api.updates(timeout=50))
        refusal = await first
        assert (refusal.code, refusal.description) == (
            409,
            "Conflict: terminated by other getUpdates request; "
            "make sure that only one bot instance is running",
        )
        await ann.say("now")
        assert texts(await second) == ["now"]

    async def test_when_a_webhook_is_set_then_it_fails_and_polling_is_refused(
        self, api: Api, server: TelegramServer
    ) -> None:
        poll = asyncio.ensure_future(api.refused("getUpdates", timeout=50))
        await server.until(lambda: server.updates.polled)
        await api.ok("setWebhook", url="http://127.0.0.1:1/hook")
        assert (await poll).description == "Conflict: terminated by setWebhook request"
        refusal = await api.refused("getUpdates")
        assert (refusal.code, refusal.description) == (
            409,
            "Conflict: can't use getUpdates method while webhook is active; "
            "use deleteWebhook to delete the webhook first",
        )
        await api.ok("deleteWebhook")
        assert await api.updates() == []

    async def test_when_the_caller_goes_away_then_nothing_is_lost(
        self, api: Api, ann: Person, server: TelegramServer
    ) -> None:
        poll = asyncio.ensure_future(api.updates(timeout=50))
        await server.until(lambda: server.updates.polled)
        poll.cancel()
        await server.until(lambda: not server.updates.polled)
        await ann.say("kept")
        assert texts(await api.updates()) == ["kept"]


class TestGivenKindsAreChosen:
    async def test_when_messages_only_then_taps_never_come(
        self, api: Api, ann: Person, server: TelegramServer
    ) -> None:
        await api.updates(allowed_updates=["message"])
        await ann.block()
        await ann.start()
        assert texts(await api.updates()) == ["/start"]
        info = await api.ok("getWebhookInfo")
        assert info["allowed_updates"] == ["message"]
        await api.updates(allowed_updates=[])
        await ann.block()
        assert len(server.updates) == 2


class TestGivenWhatPeopleSend:
    async def test_when_anything_is_sent_then_the_update_has_its_shape(
        self, api: Api, ann: Person, server: TelegramServer
    ) -> None:
        """The shapes themselves are compared with aiogram's types as they are made."""
        said = await ann.say("鸿鑫")
        await ann.edit(said, "鸿鑫贸易")
        await ann.voice()
        await ann.video(caption="录像")
        await ann.document(b"x", "合同.pdf")
        await ann.sticker()
        await ann.location(31.2, 121.5)
        await ann.venue(31.2, 121.5, "外滩", "上海")
        await ann.contact("+8613800000000", "赵磊")
        await ann.poll("好吗", "好", "不好")
        await ann.forward("转来的")
        await ann.forward(said)
        kinds = [next(iter(set(one) - {"update_id"})) for one in await api.updates()]
        assert kinds == ["message", "edited_message", *["message"] * 10]
        assert server.mistakes == []

    async def test_when_an_album_is_sent_then_its_parts_share_a_number(
        self, api: Api, ann: Person
    ) -> None:
        await ann.album([JPEG, JPEG, JPEG], "三张")
        messages = [one["message"] for one in await api.updates()]
        assert len({one["media_group_id"] for one in messages}) == 1
        assert [one.get("caption") for one in messages] == ["三张", None, None]

    async def test_when_edited_then_dated_by_the_edit(
        self, api: Api, ann: Person, clock: SettableClock
    ) -> None:
        said = await ann.say("a")
        later(clock, minutes=5)
        await ann.edit(said, "b")
        first, second = await api.updates()
        assert first["message"]["text"] == "a"
        assert second["edited_message"]["edit_date"] == first["message"]["date"] + 300

    async def test_when_blocked_and_unblocked_then_told(self, api: Api, ann: Person) -> None:
        await ann.block()
        with pytest.raises(PermissionError):
            await ann.say("x")
        await ann.unblock()
        told = [one["my_chat_member"]["new_chat_member"]["status"] for one in await api.updates()]
        assert told == ["kicked", "member"]

    async def test_when_a_deep_link_is_used_then_its_payload_comes(
        self, api: Api, server: TelegramServer
    ) -> None:
        bob = server.person(ANN + 1, "李敏")
        await bob.start("inv_AbC-1")
        assert texts(await api.updates()) == ["/start inv_AbC-1"]
        with pytest.raises(ValueError, match="deep link"):
            await bob.start("汉字")

    async def test_when_inline_words_are_typed_then_answered_and_chosen(
        self, api: Api, ann: Person, server: TelegramServer
    ) -> None:
        typing = asyncio.ensure_future(ann.inline("鸿鑫"))
        await server.until(lambda: server.updates)
        (update,) = await api.updates()
        content = {"message_text": "D-2026-0007 鸿*"}
        result = {"type": "article", "id": "1", "title": "x", "input_message_content": content}
        await api.ok(
            "answerInlineQuery", inline_query_id=update["inline_query"]["id"], results=[result]
        )
        offered = await typing
        sent = await ann.choose(offered, "1")
        assert (sent.text, sent.wire["via_bot"]) == ("D-2026-0007 鸿*", server.world.bot)


class TestGivenARepeatedUpdate:
    async def test_when_confirmed_before_then_it_comes_once_more(
        self, api: Api, ann: Person, server: TelegramServer
    ) -> None:
        await ann.say("a")
        (update,) = await api.updates()
        after = update["update_id"] + 1
        assert await api.updates(offset=after) == []
        server.repeat(server.updates.past[-1])
        assert await api.updates(offset=after) == [update]
        assert await api.updates(offset=after) == []
        assert not server.updates

    async def test_when_everything_is_doubled_then_each_comes_twice(
        self, api: Api, ann: Person, server: TelegramServer
    ) -> None:
        server.doubling = True
        await ann.say("a")
        await ann.say("b")
        assert sorted(texts(await api.updates())) == ["a", "a", "b", "b"]


class TestGivenSomebodyWaits:
    async def test_when_all_is_confirmed_then_idle(
        self, api: Api, ann: Person, server: TelegramServer
    ) -> None:
        await ann.say("a")
        with pytest.raises(TimeoutError, match="1 updates wait"):
            await server.idle(within=0.01)
        waiting = asyncio.ensure_future(server.idle())
        (update,) = await api.updates()
        assert not waiting.done()
        await api.updates(offset=update["update_id"] + 1)
        await waiting
