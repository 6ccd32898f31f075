"""What anybody can post to the callback's address: nothing is taken but the platform's messages,
and those are never lost for having come at a bad moment."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from io import BytesIO
from pathlib import Path

import pytest

from bot.channels.posted import BODY_BYTES
from bot.channels.wecom.callback import PATIENCE_SECONDS
from bot.channels.wecom.channel import Wecom
from handlers.conversation.messages import Inbound
from tests.channels.harness import ANN, Bot, WecomHands, wecom_hands
from tests.fakes.wecom.callbacks import ANSWER_SECONDS, OFFERS

OTHER_CORP = "ww000000000000beef"


@pytest.fixture
async def hands(tmp_path: Path) -> AsyncIterator[WecomHands]:
    async with wecom_hands(tmp_path) as opened:
        yield opened


def text(hands: WecomHands, words: str = "hello", **other: object) -> str:
    content = {"MsgType": "text", "Content": words, "MsgId": 7} | other
    return hands.server.callbacks.xml(ANN, content)


class TestGivenTheCheckOfTheAddress:
    async def test_then_the_very_text_comes_back(self, hands: WecomHands) -> None:
        assert await hands.server.callbacks.verify("16161 40+/=") == (200, "16161 40+/=")

    async def test_when_the_bot_is_stopped_then_it_does_all_the_same(
        self, hands: WecomHands
    ) -> None:
        await hands.channel.stop()
        assert (await hands.server.callbacks.verify())[0] == 200

    @pytest.mark.parametrize(
        "changed", [{"msg_signature": "0" * 40}, {"echostr": "x"}, {"nonce": "1"}]
    )
    async def test_when_forged_then_refused_without_a_word(
        self, hands: WecomHands, changed: dict[str, str]
    ) -> None:
        assert await hands.server.callbacks.verify(**changed) == (403, "")


class TestGivenBadInput:
    @pytest.mark.parametrize(
        "change",
        [
            lambda xml: xml.replace("ww1234567890abcdef", OTHER_CORP),
            lambda xml: xml.replace("1000002", "1000003"),
            lambda xml: xml.replace("<xml>", "<!DOCTYPE xml><xml>"),
            lambda xml: xml.replace("<xml>", '<!DOCTYPE x [<!ENTITY a "b">]><xml>&a;'),
            lambda xml: xml[:-1],
            lambda xml: xml.replace("xml>", "html>"),
            lambda xml: xml.replace("<xml>", "<xml>" + "<a>" * 20_000 + "</a>" * 20_000),
            lambda _: "",
            lambda _: "{}",
            lambda xml: xml.replace("<CreateTime>", "<CreateTime>9" + "9" * 30),
            lambda xml: xml.replace("<CreateTime>", "<CreateTime>noon"),
        ],
    )
    async def test_when_signed_all_the_same_then_refused(
        self, hands: WecomHands, change: Callable[[str], str]
    ) -> None:
        assert await hands.server.callbacks.offer(change(text(hands))) == 403
        assert hands.bot.offered == []

    @pytest.mark.parametrize(
        ("body", "status"),
        [
            (b"", 403),
            (b"\xff\xfe", 403),
            ("<xml><Encrypt>你好</Encrypt></xml>".encode("gb18030"), 403),
            (b"<xml><Encrypt></Encrypt></xml>", 403),
            (b'<!DOCTYPE a [<!ENTITY b "c">]><xml>&b;</xml>', 403),
            (b"<xml>" + b"<a>" * 20_000 + b"</a>" * 20_000 + b"</xml>", 403),
            (b"<a>" * 20_000, 403),
            (b"x" * (BODY_BYTES + 1), 413),
        ],
    )
    async def test_when_not_of_the_platform_then_refused(
        self, hands: WecomHands, body: bytes, status: int
    ) -> None:
        callbacks = hands.server.callbacks
        assert await callbacks.post(BytesIO(body), callbacks.query("x")) == status
        assert await callbacks.post(BytesIO(body), {}) == status
        assert hands.bot.offered == []

    async def test_when_signed_with_another_token_then_refused(self, hands: WecomHands) -> None:
        hands.server.callbacks._keys.token = "another"
        assert await hands.server.callbacks.offer(text(hands)) == 403

    async def test_when_for_another_company_then_refused(self, hands: WecomHands) -> None:
        hands.server.callbacks._keys.receive_id = OTHER_CORP
        assert await hands.server.callbacks.offer(text(hands)) == 403

    async def test_when_from_the_system_then_passed_over(self, hands: WecomHands) -> None:
        xml = text(hands).replace(f"<![CDATA[{ANN}]]>", "<![CDATA[sys]]>")
        assert await hands.server.callbacks.offer(xml) == 200
        assert hands.bot.offered == []


class Slow(Bot):
    """Handles nothing until it is let."""

    def __init__(self) -> None:
        super().__init__()
        self.keeps = True
        self.may = asyncio.Event()

    async def intake(self, inbound: Inbound) -> None:
        await self.may.wait()
        await super().intake(inbound)


class TestGivenTheStoreIsSlow:
    def test_then_there_is_time_left_to_keep_the_message(self) -> None:
        assert PATIENCE_SECONDS + 1.0 < ANSWER_SECONDS

    async def test_then_the_message_is_kept_and_counts_as_taken(self, hands: WecomHands) -> None:
        slow = Slow()
        channel = Wecom(hands.server.settings(), hands.clock.now, patience=0.02)
        await channel.start(slow)
        hands.serve(channel)
        ann = hands.server.member(ANN)
        sent = [await ann.say("one"), await ann.say("two")]
        assert [one.offers for one in sent] == [1, 1]
        assert [one.text for one in slow.kept] == ["one", "two"]
        assert slow.heard == []
        slow.may.set()
        await channel.stop()
        assert [one.text for one in slow.heard] == ["one", "two"]

    async def test_when_it_refuses_then_the_message_is_kept_at_once(
        self, hands: WecomHands
    ) -> None:
        hands.bot.failures = 1
        hands.bot.keeps = True
        await hands.server.member(ANN).say("one")
        assert [one.text for one in hands.bot.kept] == ["one"]
        assert max(hands.server.callbacks.seconds_taken) < PATIENCE_SECONDS

    async def test_when_nothing_can_be_kept_then_it_is_offered_again(
        self, hands: WecomHands
    ) -> None:
        hands.bot.failures = OFFERS - 1
        sent = await hands.server.member(ANN).say("one")
        await hands.settled(1)
        assert sent.offers == OFFERS
        assert hands.server.callbacks.lost == []
