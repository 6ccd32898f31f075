"""What anybody can post to the callback's address: nothing is taken but the platform's messages,
and those are never lost for having come at a bad moment."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator, Callable
from io import BytesIO
from pathlib import Path
from urllib.parse import urlencode

import aiohttp
import pytest
import structlog
from yarl import URL

from bot.channels.posted import BODY_BYTES
from bot.channels.wecom.callback import PATIENCE_SECONDS
from bot.channels.wecom.channel import Wecom
from handlers.conversation.messages import Inbound
from tests.channels.harness import ANN, Bot, WecomHands, wecom_hands
from tests.fakes.wecom.callbacks import ANSWER_SECONDS, OFFERS

OTHER_CORP = "ww000000000000beef"
LAUGHS = "<!DOCTYPE x [<!ENTITY l0 'ha'>{}]>".format(
    "".join(f"<!ENTITY l{n + 1} '{f'&l{n};' * 10}'>" for n in range(9))
)
"""Ten to the ninth words, were they ever written out."""

BOMB = gzip.compress(bytes(BODY_BYTES * 50))


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
        await hands.channel.close()
        assert (await hands.server.callbacks.verify())[0] == 200

    @pytest.mark.parametrize(
        "changed", [{"msg_signature": "0" * 40}, {"echostr": "x"}, {"nonce": "1"}]
    )
    async def test_when_forged_then_refused_without_a_word(
        self, hands: WecomHands, changed: dict[str, str]
    ) -> None:
        assert await hands.server.callbacks.verify(**changed) == (403, "")

    async def test_when_a_plus_came_as_a_blank_and_a_line_end_behind_then_all_the_same(
        self, hands: WecomHands
    ) -> None:
        callbacks, blanks = hands.server.callbacks, 0
        async with aiohttp.ClientSession() as session:
            for number in range(5):
                encrypted = callbacks._keys.encrypt(f"{number}\n")
                blanks += encrypted.count("+")
                query = urlencode(callbacks.query(encrypted))
                # as an address that nobody encoded: + for a blank
                bare = f"{callbacks.url}?{query}&echostr={encrypted.replace('=', '%3D')}%0A"
                async with session.get(URL(bare, encoded=True)) as answer:
                    assert (answer.status, await answer.text()) == (200, f"{number}\n")
        assert blanks


class TestGivenBadInput:
    @pytest.mark.parametrize(
        "change",
        [
            lambda xml: xml.replace("ww1234567890abcdef", OTHER_CORP),
            lambda xml: xml.replace("1000002", "1000003"),
            lambda xml: xml.replace("<xml>", "<!DOCTYPE xml><xml>"),
            lambda xml: xml.replace("<xml>", '<!DOCTYPE x [<!ENTITY a "b">]><xml>&a;'),
            lambda xml: f"{LAUGHS}{xml.replace('hello', '&l9;')}",
            lambda xml: xml[:-1],
            lambda xml: xml.replace("xml>", "html>"),
            lambda xml: xml.replace("<xml>", "<xml>" + "<a>" * 20_000 + "</a>" * 20_000),
            lambda _: "",
            lambda _: "{}",
            lambda xml: xml.replace("<CreateTime>", "<CreateTime>9" + "9" * 30),
            lambda xml: xml.replace("<CreateTime>", "<CreateTime>noon"),
            lambda xml: xml.replace("<CreateTime>", "<CreateTime>-"),
            lambda xml: xml.replace("<CreateTime>", "<CreateTime>25"),
            lambda xml: xml.replace(ANN, "z" * 65),
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
            (b"<xml>" + b"<a/>" * 200_000 + b"</xml>", 403),
            (b'<?xml version="1.0" encoding="nonsense"?><xml/>', 403),
            (f"{LAUGHS}<xml><Encrypt>&l9;</Encrypt></xml>".encode(), 403),
            (b"x" * (BODY_BYTES + 1), 413),
            (b"x" * 10 * 2**20, 413),
        ],
    )
    async def test_when_not_of_the_platform_then_refused(
        self, hands: WecomHands, body: bytes, status: int
    ) -> None:
        callbacks = hands.server.callbacks
        assert await callbacks.post(BytesIO(body), callbacks.query("x")) == status
        assert await callbacks.post(BytesIO(body), {}) == status
        assert hands.bot.offered == []

    @pytest.mark.parametrize(
        ("head", "body", "status"),
        [
            ("Content-Encoding: gzip\r\nContent-Length: 5", b"hello", 403),
            ("Content-Encoding: deflate\r\nContent-Length: 5", b"hello", 403),
            (f"Content-Encoding: gzip\r\nContent-Length: {len(BOMB)}", BOMB, 413),
            ("Transfer-Encoding: chunked", b"zz\r\nhello\r\n0\r\n\r\n", 400),
        ],
    )
    async def test_when_encoded_otherwise_than_its_head_says_then_refused(
        self, hands: WecomHands, head: str, body: bytes, status: int
    ) -> None:
        address = URL(hands.server.callbacks.url)
        reader, writer = await asyncio.open_connection(address.host, address.port)
        first = f"POST {address.path} HTTP/1.1\r\nHost: x\r\n{head}\r\n\r\n"
        writer.write(first.encode() + body)
        line = await reader.readline()
        writer.close()
        assert int(line.split()[1]) == status
        assert hands.bot.offered == []

    async def test_when_signed_with_another_token_then_refused(self, hands: WecomHands) -> None:
        hands.server.callbacks._keys.token = "another"
        assert await hands.server.callbacks.offer(text(hands)) == 403

    async def test_when_for_another_company_then_refused(self, hands: WecomHands) -> None:
        hands.server.callbacks._keys.receive_id = OTHER_CORP
        assert await hands.server.callbacks.offer(text(hands)) == 403

    async def test_then_all_refusals_are_alike_and_the_log_has_a_code_and_no_content(
        self, hands: WecomHands
    ) -> None:
        callbacks, xml = hands.server.callbacks, text(hands, "a word nobody else may read")
        encrypted = callbacks._keys.encrypt(xml)
        envelope = f"<xml><ToUserName>{{}}</ToUserName><Encrypt>{encrypted}</Encrypt></xml>"
        right = callbacks.query(encrypted)
        posts = [
            (envelope.format(OTHER_CORP), right),
            (envelope.format("ww1234567890abcdef"), right | {"msg_signature": "0" * 40}),
            (envelope.format("ww1234567890abcdef"), right | {"nonce": "\udcff"}),
            (envelope.format("ww1234567890abcdef")[:-3], right),
            ("<xml/>", {}),
        ]
        answers = set()
        with structlog.testing.capture_logs() as logged:
            async with aiohttp.ClientSession() as session:
                for body, query in posts:
                    quoted = urlencode(query, errors="surrogateescape")
                    async with session.post(f"{callbacks.url}?{quoted}", data=body) as answer:
                        headers = {k: v for k, v in answer.headers.items() if k != "Date"}
                        answers.add((answer.status, await answer.text(), repr(headers)))
        assert len(answers) == 1
        assert next(iter(answers))[:2] == (403, "")
        assert [one["event"] for one in logged] == ["callback_refused"] * len(posts)
        assert all(one.keys() == {"event", "code", "log_level"} for one in logged)
        assert hands.bot.offered == []

    async def test_when_posted_once_more_as_it_was_then_it_is_the_same_message(
        self, hands: WecomHands
    ) -> None:
        callbacks, xml = hands.server.callbacks, text(hands)
        encrypted = callbacks._keys.encrypt(xml)
        body = (
            f"<xml><ToUserName>ww1234567890abcdef</ToUserName><Encrypt>{encrypted}</Encrypt></xml>"
        )
        query = callbacks.query(encrypted)
        assert [await callbacks.post(body, query) for _ in range(3)] == [200] * 3
        assert len({one.key for one in hands.bot.heard}) == 1

    async def test_when_the_address_has_another_time_then_it_is_the_same_message_all_the_same(
        self, hands: WecomHands
    ) -> None:
        callbacks, xml = hands.server.callbacks, text(hands)
        encrypted = callbacks._keys.encrypt(xml)
        body = (
            f"<xml><ToUserName>ww1234567890abcdef</ToUserName><Encrypt>{encrypted}</Encrypt></xml>"
        )
        for moment in ("", "0", "-1", "4102444800", "9" * 40, "noon"):
            signature = callbacks._keys.sign(moment, "n", encrypted)
            query = {"msg_signature": signature, "timestamp": moment, "nonce": "n"}
            assert await callbacks.post(body, query) == 200
            assert await callbacks.post(body, query | {"timestamp": f"{moment}1"}) == 403
        assert len({(one.key, one.at) for one in hands.bot.heard}) == 1

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
        await channel.open(slow)
        await channel.start()
        hands.serve(channel)
        ann = hands.server.member(ANN)
        sent = [await ann.say("one"), await ann.say("two")]
        assert [one.offers for one in sent] == [1, 1]
        assert [one.text for one in slow.kept] == ["one", "two"]
        assert slow.heard == []
        slow.may.set()
        await channel.stop()
        await channel.close()
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
