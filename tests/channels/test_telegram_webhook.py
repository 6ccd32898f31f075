"""What anybody can post to the webhook's address: nothing is taken but the platform's updates."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import aiohttp
import pytest

from bot.channels import posted
from bot.channels.posted import BODY_BYTES
from bot.channels.telegram.channel import Telegram
from bot.channels.telegram.webhook import BEAT_SECONDS, BEATS, HEADER, secret_for
from bot.settings import Secret
from bot.settings import Telegram as Settings
from handlers.conversation.messages import Button, Card
from tests.channels.harness import ANN, UNLIMITED, Bot, TelegramHands, telegram_hands
from tests.fakes.clock import SettableClock
from tests.fakes.desk import NINE
from tests.fakes.serving import Serving
from tests.fakes.telegram.webhook import Hook
from tests.fakes.telegram_server import TelegramServer


@pytest.fixture
async def hands(tmp_path: Path) -> AsyncIterator[TelegramHands]:
    async with telegram_hands(tmp_path, mode="webhook") as opened:
        yield opened


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as opened:
        yield opened


def address(hands: TelegramHands) -> str:
    return hands.server.webhook.hook.url


def right(hands: TelegramHands) -> str:
    return secret_for(hands.server.token)


def update(number: int = 1, **content: object) -> bytes:
    message = {
        "message_id": number,
        "date": 1_789_347_600,
        "chat": {"id": int(ANN), "type": "private", "first_name": "Ann"},
        "from": {"id": int(ANN), "is_bot": False, "first_name": "Ann"},
        "text": "forged",
    }
    return json.dumps({"update_id": number, **(content or {"message": message})}).encode()


async def status(
    session: aiohttp.ClientSession, hands: TelegramHands, body: object, secret: str | None
) -> int:
    headers = {} if secret is None else {HEADER: secret}
    async with session.post(address(hands), data=body, headers=headers) as answer:
        assert await answer.read() == b""
        return answer.status


class TestGivenSomebodyWhoIsNotThePlatform:
    @pytest.mark.parametrize(
        "change",
        [
            lambda _: None,
            lambda _: "",
            lambda secret: secret[:-1],
            lambda secret: secret + "x",
            lambda secret: secret.upper(),
            lambda secret: secret[::-1],
            lambda _: "\xe9" * 64,
        ],
        ids=["none", "empty", "prefix", "longer", "upper", "reversed", "latin"],
    )
    async def test_when_the_secret_is_not_right_then_nothing_is_looked_at(
        self, hands: TelegramHands, session: aiohttp.ClientSession, change: object
    ) -> None:
        assert callable(change)
        assert await status(session, hands, update(), change(right(hands))) == 401
        assert await status(session, hands, b"{", change(right(hands))) == 401
        assert hands.bot.offered == []

    async def test_when_it_sends_ten_megabytes_then_refused_before_they_are_read(
        self, hands: TelegramHands, session: aiohttp.ClientSession
    ) -> None:
        sent = 0

        async def endless() -> AsyncIterator[bytes]:
            nonlocal sent
            for _ in range(160):
                yield bytes(65_536)
                sent += 1

        try:
            answered = await status(session, hands, endless(), None)
        except aiohttp.ClientError:
            answered = 401  # it hung up before all was sent
        assert answered == 401
        assert hands.bot.offered == []

    async def test_when_it_uses_another_method_or_path_then_nothing_is_there(
        self, hands: TelegramHands, session: aiohttp.ClientSession
    ) -> None:
        async with session.get(address(hands), headers={HEADER: right(hands)}) as answer:
            assert answer.status in (404, 405)
        assert hands.bot.offered == []


class TestGivenThePlatform:
    async def test_when_the_update_is_right_then_taken_once_however_often_it_comes(
        self, hands: TelegramHands, session: aiohttp.ClientSession
    ) -> None:
        answers = await asyncio.gather(
            *(status(session, hands, update(), right(hands)) for _ in range(2))
        )
        assert answers == [200, 200]
        assert {one.key for one in hands.bot.offered} == {f"m{ANN}.1"}

    @pytest.mark.parametrize(
        ("body", "expected"),
        [
            (b"", 400),
            (b"not json", 400),
            (b'"text"', 400),
            (b"[1, 2]", 400),
            (b"null", 400),
            (b'{"update_id": 1', 400),
            (b'{"message": "\xff\xfe"}', 400),
            (b"[" * 100_000, 400),
            (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, 400),
            (b"{}", 200),
            (b'{"update_id": "x"}', 200),
            (b'{"update_id": 1, "message": 7}', 200),
            (b'{"update_id": 1, "message": {}}', 200),
            (b'{"update_id": 1, "message": {"text": {"deep": [[[[]]]]}}}', 200),
            (update(5, chat_boost={"chat": {}}), 200),
            (update(6, something_new={"a": 1}), 200),
        ],
    )
    async def test_when_the_body_is_no_update_then_said_so_and_the_next_one_is_taken(
        self,
        hands: TelegramHands,
        session: aiohttp.ClientSession,
        body: bytes,
        expected: int,
    ) -> None:
        assert await status(session, hands, body, right(hands)) == expected
        assert hands.bot.offered == []
        assert await status(session, hands, update(7), right(hands)) == 200
        assert [one.key for one in hands.bot.heard] == [f"m{ANN}.7"]

    async def test_when_the_body_is_too_large_then_refused_whether_it_says_so_or_not(
        self, hands: TelegramHands, session: aiohttp.ClientSession
    ) -> None:
        async def unannounced() -> AsyncIterator[bytes]:
            for _ in range(BODY_BYTES // 65_536 + 8):
                yield b" " * 65_536

        for body in (BytesIO(b" " * (BODY_BYTES + 1)), unannounced()):
            with suppress(aiohttp.ClientError):  # it may hang up before all was sent
                assert await status(session, hands, body, right(hands)) == 413
        assert hands.bot.offered == []
        assert await status(session, hands, update(8), right(hands)) == 200

    async def test_when_the_body_does_not_end_then_not_waited_for(
        self,
        hands: TelegramHands,
        session: aiohttp.ClientSession,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(posted, "BODY_SECONDS", 0.05)
        forever = asyncio.Event()

        async def slow() -> AsyncIterator[bytes]:
            yield b'{"update_id":'
            await forever.wait()

        posting = asyncio.create_task(status(session, hands, slow(), right(hands)))
        done, _ = await asyncio.wait({posting}, timeout=60)
        forever.set()
        assert done
        assert posting.exception() is not None or posting.result() in (408, 413)
        assert hands.bot.offered == []

    async def test_when_nothing_can_be_kept_then_it_is_asked_to_come_again(
        self, hands: TelegramHands, session: aiohttp.ClientSession
    ) -> None:
        hands.bot.failures = 1
        assert await status(session, hands, update(9), right(hands)) == 503
        assert await status(session, hands, update(9), right(hands)) == 200
        assert [one.key for one in hands.bot.heard] == [f"m{ANN}.9"]

    @pytest.mark.parametrize(
        ("alert", "more"), [("", {}), ("不行", {"text": "不行", "show_alert": True})]
    )
    async def test_when_a_tap_is_taken_then_the_answer_to_the_post_stops_its_spinner(
        self,
        hands: TelegramHands,
        session: aiohttp.ClientSession,
        alert: str,
        more: dict[str, object],
    ) -> None:
        hands.bot.taken = lambda tapped: hands.channel.answer_tap(tapped, alert)
        ann = {"id": int(ANN), "is_bot": False, "first_name": "Ann"}
        tap = {"id": "44", "from": ann, "chat_instance": "1", "data": "c.1.1.submit"}
        body, headers = update(11, callback_query=tap), {HEADER: right(hands)}
        async with session.post(address(hands), data=body, headers=headers) as answer:
            assert await answer.json() == {
                "method": "answerCallbackQuery", "callback_query_id": "44", **more
            }  # fmt: skip

    async def test_when_a_tap_is_not_kept_then_nothing_is_answered_until_it_is(
        self, hands: TelegramHands
    ) -> None:
        hands.bot.taken = lambda tapped: hands.channel.answer_tap(tapped, "")
        hands.bot.failures = 1
        ann = hands.person(ANN)
        await hands.channel.send(ANN, Card("x", choices=(Button("1", "c.1.1.submit"),)))
        tap = await ann.tap(ann.last, "c.1.1.submit")
        await hands.settled(1)
        await tap.wait()
        assert len(hands.bot.offered) == 2

    async def test_when_stopped_then_it_is_asked_to_come_again(
        self, hands: TelegramHands, session: aiohttp.ClientSession
    ) -> None:
        await hands.channel.stop()
        await hands.channel.close()
        assert await status(session, hands, update(10), right(hands)) == 503
        await hands.channel.open(hands.bot)
        await hands.channel.start()
        assert await status(session, hands, update(10), right(hands)) == 200


class Watch:
    """Lets the webhook go on from beat to beat as a test says."""

    def __init__(self) -> None:
        self._beat = asyncio.Event()
        self._waits = asyncio.Event()

    async def pause(self, seconds: float) -> None:
        if seconds < BEAT_SECONDS:
            return
        self._waits.set()
        await self._beat.wait()
        self._beat.clear()

    async def look(self) -> None:
        """Return after the next look at what the platform says."""
        for _ in range(BEATS):
            await self._waits.wait()
            self._waits.clear()
            self._beat.set()
        await self._waits.wait()


@pytest.fixture
async def watched(tmp_path: Path) -> AsyncIterator[tuple[TelegramHands, Watch]]:
    del tmp_path
    clock, watch = SettableClock(NINE), Watch()
    async with TelegramServer(now=clock.now) as server, Serving() as serving:
        settings = Settings(
            token=Secret(server.token), api_base=server.base, mode="webhook", limits=UNLIMITED
        )
        channel = Telegram(
            settings, clock.now, public_url=serving.url, pauses=(0.01,), sleep=watch.pause
        )
        serving.handle = channel.webhook.handle
        hands = TelegramHands(server, channel, clock)
        await channel.open(hands.bot)
        await channel.start()
        yield hands, watch
        await channel.stop()
        await channel.close()


class TestGivenThePlatformPostsInVain:
    async def test_when_it_posts_to_another_address_then_said_and_told_ours_again(
        self, watched: tuple[TelegramHands, Watch]
    ) -> None:
        hands, watch = watched
        ours = address(hands)
        hands.server.webhook.set(Hook("https://another.example.com/hook"))
        await watch.look()
        assert hands.channel.problem == "conflict"
        assert address(hands) == ours
        await watch.look()
        assert hands.channel.problem == ""

    async def test_when_posts_fail_again_and_again_then_said_until_they_arrive(
        self, watched: tuple[TelegramHands, Watch]
    ) -> None:
        hands, watch = watched
        hands.bot.failures = 2
        await hands.say(ANN, "lost?")
        await hands.server.until(lambda: hands.server.webhook.hook.last_error)
        await watch.look()
        assert hands.channel.problem == "undelivered"
        hands.clock.advance(hands.clock.now() + timedelta(minutes=1))
        await hands.server.redeliver()
        await watch.look()
        assert hands.channel.problem == "undelivered"
        await hands.server.redeliver()
        assert [one.text for one in hands.bot.heard] == ["lost?"]
        await watch.look()
        assert hands.channel.problem == ""

    async def test_when_what_failed_is_long_past_then_nothing_is_wrong(
        self, watched: tuple[TelegramHands, Watch]
    ) -> None:
        hands, watch = watched
        hands.bot.failures = 1
        await hands.say(ANN, "late")
        await hands.server.until(lambda: hands.server.webhook.hook.last_error)
        await watch.look()
        await watch.look()
        assert hands.channel.problem == ""

    async def test_when_it_refuses_the_address_then_said(self) -> None:
        clock, watch = SettableClock(NINE), Watch()
        async with TelegramServer(now=clock.now) as server:
            settings = Settings(
                token=Secret(server.token), api_base=server.base, mode="webhook", limits=UNLIMITED
            )
            channel = Telegram(
                settings, clock.now, public_url="ftp://bot", pauses=(0.01,), sleep=watch.pause
            )
            await channel.open(Bot())
            starting = asyncio.create_task(channel.start())
            async with asyncio.timeout(60):
                while channel.problem != "undelivered":  # noqa: ASYNC110 - no word of it
                    await asyncio.sleep(0.01)
            starting.cancel()
            await asyncio.wait({starting})
            await channel.stop()
            await channel.close()
