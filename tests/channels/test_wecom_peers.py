"""The callback's encryption against two peers that we did not write: the platform's own module
for node, and wechatpy. What they make is opened, what we make they open, and both post to our
callback as the platform would."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import warnings
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any, Protocol

import pytest

from bot.channels.wecom.crypto import Crypto, Forged
from bot.channels.wecom.decode import parsed, value
from tests.channels.harness import ANN, wecom_hands
from tests.fakes.wecom.crypto import Keys
from tests.fakes.wecom_server import AES_KEY, CORP_ID, TOKEN

MODULE = "@wecom/crypto@1.0.1"
MISSING = (
    f"no node with {MODULE}: `npm install --prefix DIR {MODULE}` outside this folder, and "
    "NODE_PATH=DIR/node_modules"
)
SCRIPT = """
const {getSignature, encrypt, decrypt} = require("@wecom/crypto");
const lines = require("readline").createInterface({input: process.stdin});
const does = {
  sign: one => getSignature(one.token, one.timestamp, one.nonce, one.encrypted),
  seal: one => encrypt(one.key, one.text, one.id),
  open: one => { const {message, id} = decrypt(one.key, one.encrypted); return {message, id}; },
};
lines.on("line", line => {
  const one = JSON.parse(line);
  process.stdout.write(JSON.stringify(does[one.act](one)) + "\\n");
});
"""
TEXTS = ["", "1616140317555161061", "你好，客户档案", "👨‍👩‍👧 \u200d\r\n<xml>&", "长" * 8000]
SEED = 20260914


class Peer(Protocol):
    """Somebody else's implementation, of our app."""

    def sign(self, timestamp: str, nonce: str, encrypted: str) -> str: ...
    def seal(self, text: str) -> str: ...
    def open(self, encrypted: str) -> str:
        """Return a text that was encrypted for our company."""


class Node:
    """The platform's module under node, in a process of its own."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def _ask(self, act: str, **what: str) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"act": act, **what}) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def sign(self, timestamp: str, nonce: str, encrypted: str) -> str:
        return self._ask(
            "sign", token=TOKEN, timestamp=timestamp, nonce=nonce, encrypted=encrypted
        )

    def seal(self, text: str) -> str:
        return self._ask("seal", key=AES_KEY, text=text, id=CORP_ID)

    def open(self, encrypted: str) -> str:
        opened = self._ask("open", key=AES_KEY, encrypted=encrypted)
        assert opened["id"] == CORP_ID
        return opened["message"]


class Wechatpy:
    """wechatpy, which users of the platform wrote."""

    def __init__(self) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of 2021: it uses what has been renamed since
            from wechatpy.enterprise.crypto import WeChatCrypto
            from wechatpy.utils import WeChatSigner

        self._crypto = WeChatCrypto(TOKEN, AES_KEY, CORP_ID)
        self._signer = WeChatSigner

    def sign(self, timestamp: str, nonce: str, encrypted: str) -> str:
        signer = self._signer()
        signer.add_data(TOKEN, timestamp, nonce, encrypted)
        return signer.signature

    def seal(self, text: str) -> str:
        return value(parsed(self._crypto.encrypt_message(text, "7", "1")), "Encrypt")

    def open(self, encrypted: str) -> str:
        signature = self.sign("1", "7", encrypted)
        return self._crypto.decrypt_message({"Encrypt": encrypted}, signature, "1", "7")


@pytest.fixture(scope="module")
def node() -> Iterator[Node]:
    program = shutil.which("node")
    found = (
        program is not None
        and not subprocess.run(
            [program, "-e", "require('@wecom/crypto')"], capture_output=True, check=False
        ).returncode
    )
    if program is None or not found:
        if os.environ.get("CI"):
            pytest.fail(MISSING)
        pytest.skip(MISSING)
    with subprocess.Popen(
        [program, "-e", SCRIPT], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield Node(process)
        assert process.stdin is not None
        process.stdin.close()


@pytest.fixture(params=["node", "wechatpy"])
def peer(request: pytest.FixtureRequest) -> Peer:
    made: Peer = request.getfixturevalue("node") if request.param == "node" else Wechatpy()
    return made


def texts() -> Iterator[str]:
    """Yield texts of every padding, and odd ones."""
    random = Random(SEED)
    yield from TEXTS
    for length in range(64):
        yield "".join(chr(random.choice([65, 0x5BA2, 0x1F600])) for _ in range(length))


def test_what_a_peer_makes_we_open(peer: Peer) -> None:
    ours = Crypto(TOKEN, AES_KEY, CORP_ID)
    for text in texts():
        encrypted = peer.seal(text)
        assert ours.open(peer.sign("1", "7", encrypted), "1", "7", encrypted) == text


def test_what_we_and_the_stand_in_make_a_peer_opens(peer: Peer) -> None:
    ours, stand_in = Crypto(TOKEN, AES_KEY, CORP_ID), Keys(TOKEN, AES_KEY, CORP_ID)
    for text in texts():
        for encrypted in (ours.seal(text, os.urandom(16)), stand_in.encrypt(text)):
            assert peer.open(encrypted) == text
        for made in (ours.sign, stand_in.sign):
            assert made("1726300000", "ab12", encrypted) == peer.sign(
                "1726300000", "ab12", encrypted
            )


def test_what_a_peer_made_for_another_company_we_refuse(node: Node) -> None:
    encrypted = node._ask("seal", key=AES_KEY, text="a", id="ww000000000000beef")
    with pytest.raises(Forged, match="receive_id_mismatch"):
        Crypto(TOKEN, AES_KEY, CORP_ID).open(node.sign("1", "7", encrypted), "1", "7", encrypted)


async def test_when_a_peer_posts_as_the_platform_then_it_is_a_message(
    peer: Peer, tmp_path: Path
) -> None:
    async with wecom_hands(tmp_path) as hands:
        callbacks = hands.server.callbacks
        xml = callbacks.xml(ANN, {"MsgType": "text", "Content": "拜访 鸿鑫贸易", "MsgId": 7})
        encrypted = peer.seal(xml)
        query = {
            "msg_signature": peer.sign("1726300000", "ab12", encrypted),
            "timestamp": "1726300000",
            "nonce": "ab12",
        }
        body = f"<xml><ToUserName>{CORP_ID}</ToUserName><Encrypt>{encrypted}</Encrypt></xml>"
        assert await callbacks.post(body, query) == 200
        assert [one.text for one in hands.bot.heard] == ["拜访 鸿鑫贸易"]
        assert await callbacks.post(body, query | {"nonce": "ab13"}) == 403
