"""Deliveries to the bot's own address: secret, order, again until taken, how many at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta

import pytest
from aiohttp import web

from tests.channels.standin.conftest import Api, later
from tests.fakes.clock import SettableClock
from tests.fakes.telegram.people import Person
from tests.fakes.telegram_server import TelegramServer

Answer = Callable[[dict[str, object]], Awaitable[web.StreamResponse]]


class Bot:
    """Takes what is brought; `answer` decides what is said to it."""

    def __init__(self) -> None:
        self.heard: list[dict[str, object]] = []
        self.headers: list[dict[str, str]] = []
        self.url = ""
        self.answer: Answer = self.take

    async def take(self, _update: dict[str, object]) -> web.StreamResponse:
        return web.Response()

    async def hook(self, request: web.Request) -> web.StreamResponse:
        self.headers.append(dict(request.headers))
        update = await request.json()
        self.heard.append(update)
        return await self.answer(update)

    @property
    def texts(self) -> list[str]:
        return [one["message"]["text"] for one in self.heard]


@pytest.fixture
async def bot(api: Api) -> AsyncIterator[Bot]:
    hears = Bot()
    application = web.Application()
    application.router.add_post("/telegram/webhook", hears.hook)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    hears.url = f"http://127.0.0.1:{runner.addresses[0][1]}/telegram/webhook"
    await api.ok("setWebhook", url=hears.url, secret_token="se-cret_1", max_connections=4)
    yield hears
    await api.ok("deleteWebhook")
    await runner.cleanup()


def refuse(status: int, **headers: str) -> Answer:
    async def answer(_update: dict[str, object]) -> web.StreamResponse:
        return web.Response(status=status, headers=headers)

    return answer


class TestGivenAWebhook:
    async def test_when_an_update_comes_then_posted_with_the_secret(
        self, bot: Bot, ann: Person, server: TelegramServer, api: Api
    ) -> None:
        await ann.say("a")
        await server.idle()
        assert bot.texts == ["a"]
        headers = bot.headers[0]
        assert headers["X-Telegram-Bot-Api-Secret-Token"] == "se-cret_1"
        assert headers["Content-Type"] == "application/json"
        info = await api.ok("getWebhookInfo")
        assert (info["url"], info["pending_update_count"]) == (bot.url, 0)
        assert info["max_connections"] == 4
        assert "last_error_message" not in info

    async def test_when_updates_waited_before_then_they_are_brought(
        self, bot: Bot, ann: Person, server: TelegramServer, api: Api
    ) -> None:
        await api.ok("deleteWebhook")
        await ann.say("a")
        await ann.say("b")
        await api.ok("setWebhook", url=bot.url)
        await server.idle()
        assert bot.texts == ["a", "b"]
        assert "X-Telegram-Bot-Api-Secret-Token" not in bot.headers[0]

    async def test_when_pending_are_dropped_then_only_new_ones_come(
        self, bot: Bot, ann: Person, server: TelegramServer, api: Api
    ) -> None:
        await api.ok("deleteWebhook")
        await ann.say("a")
        await api.ok("setWebhook", url=bot.url, drop_pending_updates=True)
        await ann.say("b")
        await server.idle()
        assert bot.texts == ["b"]

    async def test_when_its_answer_holds_a_call_then_it_is_carried_out(
        self, bot: Bot, ann: Person, server: TelegramServer
    ) -> None:
        async def reply(_update: dict[str, object]) -> web.StreamResponse:
            call = {"method": "sendMessage", "chat_id": ann.id, "text": "at once"}
            return web.json_response(call)

        bot.answer = reply
        await ann.say("a")
        await server.idle()
        assert ann.last.text == "at once"
        assert len(server.calls.of("sendMessage")) == 1

    async def test_when_it_is_set_again_alike_then_nothing_is_brought_twice(
        self, bot: Bot, ann: Person, server: TelegramServer, api: Api
    ) -> None:
        answered = asyncio.Event()

        async def slow(_update: dict[str, object]) -> web.StreamResponse:
            await answered.wait()
            return web.Response()

        bot.answer = slow
        await ann.say("a")
        await server.until(lambda: server.webhook.in_flight)
        await api.ok("setWebhook", url=bot.url, secret_token="se-cret_1", max_connections=4)
        answered.set()
        await server.idle()
        assert bot.texts == ["a"]


class TestGivenTheBotDoesNotTakeIt:
    @pytest.mark.parametrize(
        ("status", "reason"), [(500, "Internal Server Error"), (302, "Found"), (403, "Forbidden")]
    )
    async def test_when_not_2xx_then_offered_again_with_the_same_number(
        self, bot: Bot, ann: Person, server: TelegramServer, api: Api, status: int, reason: str
    ) -> None:
        bot.answer = refuse(status)
        await ann.say("a")
        await server.until(lambda: server.webhook.pauses)
        info = await api.ok("getWebhookInfo")
        assert info["pending_update_count"] == 1
        assert info["last_error_message"] == f"Wrong response from the webhook: {status} {reason}"
        assert info["last_error_date"] == server.world.seconds()
        bot.answer = bot.take
        await server.redeliver()
        await server.idle()
        first, second = bot.heard
        assert first == second

    async def test_when_it_fails_on_and_on_then_the_pauses_grow(
        self, bot: Bot, ann: Person, server: TelegramServer
    ) -> None:
        bot.answer = refuse(500)
        await ann.say("a")
        await server.until(lambda: server.webhook.pauses)
        for _ in range(8):
            await server.redeliver()
        assert server.webhook.pauses == [0, 2, 4, 8, 16, 32, 60, 60, 60]

    async def test_when_it_asks_for_a_pause_then_that_one(
        self, bot: Bot, ann: Person, server: TelegramServer
    ) -> None:
        bot.answer = refuse(503, **{"Retry-After": "7"})
        await ann.say("a")
        await server.until(lambda: server.webhook.pauses)
        assert server.webhook.pauses == [7]

    async def test_when_it_does_not_answer_then_the_patience_ends(
        self, bot: Bot, ann: Person, server: TelegramServer
    ) -> None:
        async def never(_update: dict[str, object]) -> web.StreamResponse:
            await asyncio.get_running_loop().create_future()
            raise AssertionError("it never comes this far")

        server.webhook.patience = 0.05
        bot.answer = never
        await ann.say("a")
        await server.until(lambda: server.webhook.pauses)
        assert server.webhook.hook.last_error == "Read timeout expired"

    async def test_when_nobody_listens_then_it_waits(
        self, ann: Person, server: TelegramServer, api: Api
    ) -> None:
        await api.ok("setWebhook", url="http://127.0.0.1:9/hook")
        await ann.say("a")
        await server.until(lambda: server.webhook.pauses)
        assert server.webhook.hook.last_error == "Connection refused"
        assert len(server.updates) == 1

    async def test_when_one_fails_then_later_ones_of_that_chat_wait_behind_it(
        self, bot: Bot, ann: Person, server: TelegramServer
    ) -> None:
        bob = server.person(7002, "李敏")
        bot.answer = refuse(500)
        await ann.say("a")
        await server.until(lambda: server.webhook.pauses)
        bot.answer = bot.take
        await ann.say("b")
        await bob.say("x")
        await server.until(lambda: "x" in bot.texts)
        assert bot.texts == ["a", "x"]
        await server.redeliver()
        await server.idle()
        assert bot.texts == ["a", "x", "a", "b"]

    async def test_when_a_pause_is_given_then_it_comes_again_by_itself(
        self, clock: SettableClock, bot: Bot
    ) -> None:
        async def pass_time(seconds: float) -> None:
            clock.advance(clock.now() + timedelta(seconds=seconds))

        async with TelegramServer(now=clock.now, sleep=pass_time) as server:
            bob = server.person(7002, "李敏")
            server.webhook.hook.url = bot.url
            answers = iter([500, 500, 500])

            async def third_time(update: dict[str, object]) -> web.StreamResponse:
                return await refuse(next(answers, 200))(update)

            bot.answer = third_time
            start = clock.now()
            await bob.say("a")
            await server.idle()
            assert bot.texts == ["a"] * 4
            assert clock.now() - start == timedelta(seconds=6)

    async def test_when_it_grew_too_old_then_it_is_dropped(
        self, bot: Bot, ann: Person, server: TelegramServer, clock: SettableClock
    ) -> None:
        bot.answer = refuse(500)
        await ann.say("a")
        await server.until(lambda: server.webhook.pauses)
        later(clock, hours=25)
        await server.redeliver()
        await server.idle()
        assert bot.texts == ["a"]

    async def test_when_the_platform_is_down_then_brought_when_it_is_up_again(
        self, bot: Bot, ann: Person, server: TelegramServer
    ) -> None:
        await server.refuse()
        await ann.say("a")
        await server.accept()
        await server.idle()
        assert bot.texts == ["a"]


class TestGivenManyUpdates:
    async def test_when_of_one_chat_then_one_after_the_other(
        self, bot: Bot, ann: Person, server: TelegramServer
    ) -> None:
        for number in range(20):
            await ann.say(str(number))
        await server.idle()
        assert bot.texts == [str(number) for number in range(20)]
        assert server.webhook.most_in_flight == 1

    async def test_when_of_many_chats_then_no_more_at_once_than_asked_for(
        self, bot: Bot, server: TelegramServer
    ) -> None:
        people = [server.person(8000 + number, "某人") for number in range(10)]
        for text in "abc":
            for person in people:
                await person.say(text)
        await server.idle()
        assert server.webhook.most_in_flight == 4
        for person in people:
            own = [one for one in bot.heard if one["message"]["from"]["id"] == person.id]
            assert [one["message"]["text"] for one in own] == ["a", "b", "c"]

    async def test_when_a_message_is_not_taken_then_a_tap_does_not_wait_for_it(
        self, bot: Bot, ann: Person, server: TelegramServer, api: Api
    ) -> None:
        """The platform keeps the order of a chat's messages and of a person's taps apart."""
        keys = {"inline_keyboard": [[{"text": "好", "callback_data": "x"}]]}
        await api.ok("sendMessage", chat_id=ann.id, text="t", reply_markup=keys)
        bot.answer = refuse(500)
        await ann.say("a")
        await server.until(lambda: server.webhook.pauses)
        bot.answer = bot.take
        await ann.tap(ann.last, "x")
        await server.until(lambda: len(server.updates) == 1)
        assert "callback_query" in bot.heard[-1]

    async def test_when_one_is_repeated_then_it_comes_with_its_number(
        self, bot: Bot, ann: Person, server: TelegramServer
    ) -> None:
        await ann.say("a")
        await server.idle()
        server.repeat(server.updates.past[-1])
        await server.idle()
        first, second = bot.heard
        assert first == second

    async def test_when_all_are_doubled_then_each_comes_twice(
        self, bot: Bot, ann: Person, server: TelegramServer
    ) -> None:
        server.doubling = True
        await ann.say("a")
        await ann.say("b")
        await server.idle()
        assert bot.texts == ["a", "a", "b", "b"]


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"url": "ftp://a.example"}, "invalid webhook URL specified"),
        (
            {"url": "https://a.example", "secret_token": "汉"},
            "secret token contains unallowed characters",
        ),
        (
            {"url": "https://a.example", "secret_token": "a b"},
            "secret token contains unallowed characters",
        ),
        ({"url": "https://a.example", "secret_token": "a" * 257}, "secret token is too long"),
    ],
)
async def test_when_a_webhook_is_out_of_shape_then_refused(
    api: Api, params: dict[str, str], words: str
) -> None:
    refusal = await api.refused("setWebhook", **params)
    assert refusal.description == f"Bad Request: {words}"
    assert (await api.ok("getWebhookInfo"))["url"] == ""
