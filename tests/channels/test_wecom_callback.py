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
from tests.fakes.wecom.crypto import Keys
from tests.fakes.wecom_server import AES_KEY, AGENT_ID, CORP_ID

OTHER_CORP = "ww000000000000beef"
LAUGHS = "<!DOCTYPE x [<!ENTITY l0 'ha'>{}]>".format(
    "".join(f"<!ENTITY l{n + 1} '{f'&l{n};' * 10}'>" for n in range(9))
)
"""Ten to the ninth words, were they ever written out."""

BOMB = gzip.compress(bytes(BODY_BYTES * 50))


SECRET_WORDS = "a word nobody else may read"


def forged(
    change: Callable[[str], str] = str,
    envelope: Callable[[str], str | bytes] = str,
    token: str = "",
    key: str = AES_KEY,
    corp_id: str = CORP_ID,
    **query: str,
) -> Callable[[WecomHands], tuple[str | bytes, dict[str, str]]]:
    """Return what makes a post that is right but for what is changed."""

    def make(hands: WecomHands) -> tuple[str | bytes, dict[str, str]]:
        keys = hands.server.callbacks._keys
        sealing = Keys(keys.token, key, corp_id)
        sealed = change(text(hands, SECRET_WORDS))
        encrypted = sealing.encrypt(sealed, random=bytes(16))
        keys.token = token or keys.token
        body = (
            f"<xml><ToUserName>{CORP_ID}</ToUserName><Encrypt>{encrypted}</Encrypt>"
            f"<AgentID>{AGENT_ID}</AgentID></xml>"
        )
        return envelope(body), hands.server.callbacks.query(encrypted) | query

    return make


DEEP = "<a>" * 20_000 + "</a>" * 20_000
FORGED = {
    "another signature": forged(msg_signature="0" * 40),
    "no signature": forged(msg_signature=""),
    "another token": forged(token="another"),
    "another time": forged(timestamp="1"),
    "another key": forged(key="B" * 43),
    "sealed for another company": forged(corp_id=OTHER_CORP),
    "half a character inside": forged(lambda xml: xml.replace("nobody", "\udcff")),
    "half a character in the address": forged(nonce="\udcff"),
    "another company outside": forged(envelope=lambda body: body.replace(CORP_ID, OTHER_CORP)),
    "another company inside": forged(lambda xml: xml.replace(CORP_ID, OTHER_CORP)),
    "another app outside": forged(envelope=lambda body: body.replace(str(AGENT_ID), "7")),
    "another app inside": forged(lambda xml: xml.replace(str(AGENT_ID), "7")),
    "no app": forged(lambda xml: xml.replace(str(AGENT_ID), "")),
    "a DOCTYPE": forged(lambda xml: f"<!DOCTYPE xml>{xml}"),
    "a DOCTYPE outside": forged(envelope=lambda body: f"<!DOCTYPE xml>{body}"),
    "entities": forged(lambda xml: LAUGHS + xml.replace("nobody", "&l9;")),
    "entities outside": forged(envelope=lambda body: LAUGHS + body.replace("<xml>", "<xml>&l9;")),
    "20,000 levels": forged(lambda xml: xml.replace("<xml>", f"<xml>{DEEP}")),
    "20,000 levels outside": forged(envelope=lambda body: body.replace("<xml>", f"<xml>{DEEP}")),
    "cut off": forged(envelope=lambda body: body[:-3]),
    "cut off inside": forged(lambda xml: xml[:-3]),
    "another charset": forged(envelope=lambda body: body.encode("utf-16")),
    "no charset": forged(envelope=lambda body: b"\xff" + body.encode()),
    "no time": forged(lambda xml: xml.replace("CreateTime", "Other")),
    "nothing": forged(envelope=lambda _: ""),
}
REFUSED = dict.fromkeys(FORGED, "unreadable") | {
    "another signature": "signature_mismatch",
    "no signature": "signature_mismatch",
    "another token": "signature_mismatch",
    "another time": "signature_mismatch",
    "half a character in the address": "signature_mismatch",
    "another key": "bad_padding",
    "sealed for another company": "receive_id_mismatch",
    "half a character inside": "bad_encoding",
    "another company outside": "corp_id_mismatch",
    "another company inside": "corp_id_mismatch",
    "another app outside": "agent_id_mismatch",
    "another app inside": "agent_id_mismatch",
    "no app": "agent_id_mismatch",
}


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
        with structlog.testing.capture_logs() as logged:
            assert await hands.server.callbacks.verify(**changed) == (403, "")
        code = {"code": "signature_mismatch", "log_level": "warning"}
        assert logged == [{"event": "callback_refused", **code}]

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
            lambda xml: xml.replace("<AgentID>1000002</AgentID>", ""),
            lambda xml: xml.replace("<AgentID>1000002</AgentID>", "<AgentID/>"),
            lambda xml: xml.replace("1000002", "0"),
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

    @pytest.mark.parametrize(
        "event",
        ["click", "template_card_event", "template_card_menu_event", "subscribe", "unsubscribe",
         "enter_agent", "LOCATION", "inactive_alert"],
    )  # fmt: skip
    async def test_when_an_event_names_no_app_then_refused_as_one_of_another(
        self, hands: WecomHands, event: str
    ) -> None:
        what = {"MsgType": "event", "Event": event, "EventKey": "today", "TaskId": "t"}
        for agent in ("", 1000003):
            xml = hands.server.callbacks.xml(ANN, what | {"AgentID": agent})
            assert await hands.server.callbacks.offer(xml) == 403
        assert hands.bot.offered == []

    @pytest.mark.parametrize("event", ["change_contact", "batch_job_result"])
    async def test_when_it_is_of_the_whole_directory_then_it_need_not_name_an_app(
        self, hands: WecomHands, event: str
    ) -> None:
        what = {"MsgType": "event", "Event": event, "ChangeType": "delete_user", "UserID": ANN}
        callbacks = hands.server.callbacks
        for sender in ("sys", ANN):
            for agent, status in (("", 200), (1000003, 403)):
                xml = callbacks.xml(sender, what | {"AgentID": agent})
                assert await callbacks.offer(xml) == status
        said = callbacks.xml(ANN, {"MsgType": "text", "Event": event, "AgentID": ""})
        assert await callbacks.offer(said) == 403
        assert hands.bot.offered == []

    async def test_when_signed_with_another_token_then_refused(self, hands: WecomHands) -> None:
        hands.server.callbacks._keys.token = "another"
        assert await hands.server.callbacks.offer(text(hands)) == 403

    async def test_when_for_another_company_then_refused(self, hands: WecomHands) -> None:
        hands.server.callbacks._keys.receive_id = OTHER_CORP
        assert await hands.server.callbacks.offer(text(hands)) == 403

    @pytest.mark.parametrize(("what", "code"), REFUSED.items(), ids=list(REFUSED))
    async def test_then_all_refusals_are_alike_and_the_log_has_a_code_and_no_content(
        self, hands: WecomHands, what: str, code: str
    ) -> None:
        callbacks = hands.server.callbacks
        envelope, query = FORGED[what](hands)
        quoted = urlencode(query, errors="surrogateescape")
        with structlog.testing.capture_logs() as logged:
            async with (
                aiohttp.ClientSession() as session,
                session.post(f"{callbacks.url}?{quoted}", data=envelope) as answer,
            ):
                headers = {k: v for k, v in answer.headers.items() if k != "Date"}
                assert (answer.status, await answer.text()) == (403, "")
                assert headers.pop("Content-Length") == "0"
                assert headers.keys() <= {"Content-Type", "Server"}
        assert logged == [{"event": "callback_refused", "code": code, "log_level": "warning"}]
        assert hands.bot.offered == []

    async def test_when_it_is_larger_than_any_message_then_that_is_logged_as_well(
        self, hands: WecomHands
    ) -> None:
        callbacks = hands.server.callbacks
        with structlog.testing.capture_logs() as logged:
            body = BytesIO(SECRET_WORDS.encode() * 2**20)
            assert await callbacks.post(body, callbacks.query("x")) == 413
        code = {"code": "body_too_large", "log_level": "warning"}
        assert logged == [{"event": "callback_refused", **code}]

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

    async def test_when_somebody_pasted_signs_that_xml_may_not_hold_then_without_them(
        self, hands: WecomHands
    ) -> None:
        xml = text(hands).replace("hello", "he\x00l\x0bl\x1fo\ufffe")
        assert await hands.server.callbacks.offer(xml) == 200
        assert [one.text for one in hands.bot.heard] == ["hello"]

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
