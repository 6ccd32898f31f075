"""The callback's encryption against known values, and the stand-in's against the same ones."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest

from bot.channels.wecom.crypto import Crypto, Forged
from bot.channels.wecom.decode import parsed, value
from tests.fakes.wecom.crypto import Keys

Vector = dict[str, Any]

VECTORS = json.loads((Path(__file__).parent / "wecom_vectors.json").read_text("utf-8"))
BY_ID: dict[str, Vector] = {one["id"]: one for one in VECTORS["positive"]}
ANY_REFUSAL = "decrypt_failure"


def each(kind: str) -> pytest.MarkDecorator:
    ones = VECTORS[kind]
    return pytest.mark.parametrize("vector", ones, ids=[one["id"] for one in ones])


def crypto(vector: Vector) -> Crypto:
    return Crypto(vector["token"], vector["encoding_aes_key"], vector["receive_id"])


def opened(vector: Vector) -> str:
    parts = (vector[name] for name in ("msg_signature", "timestamp", "nonce", "encrypt"))
    return crypto(vector).open(*parts)


@each("positive")
def test_what_is_ours_opens_to_the_very_text(vector: Vector) -> None:
    assert opened(vector) == vector["plaintext"]


@each("positive")
def test_the_stand_in_encrypts_and_signs_the_same(vector: Vector) -> None:
    keys = Keys(vector["token"], vector["encoding_aes_key"], vector["receive_id"])
    random = bytes.fromhex(vector["random_16_hex"])
    assert keys.encrypt(vector["plaintext"], random=random) == vector["encrypt"]
    signature = keys.sign(vector["timestamp"], vector["nonce"], vector["encrypt"])
    assert signature == vector["msg_signature"]


@each("positive")
def test_we_encrypt_and_sign_the_same(vector: Vector) -> None:
    random = bytes.fromhex(vector["random_16_hex"])
    assert crypto(vector).seal(vector["plaintext"], random) == vector["encrypt"]
    parts = (vector[name] for name in ("timestamp", "nonce", "encrypt"))
    assert crypto(vector).sign(*parts) == vector["msg_signature"]


@each("negative")
def test_what_is_not_ours_is_refused_for_its_reason(vector: Vector) -> None:
    with pytest.raises(Forged) as caught:
        opened(vector)
    assert vector["expect"] in (caught.value.code, ANY_REFUSAL)


@each("config")
def test_a_key_that_the_console_would_not_make_is_refused(vector: Vector) -> None:
    with pytest.raises(ValueError, match="43"):
        Crypto("t", vector["encoding_aes_key"], "ww1")


def test_what_the_stand_in_sends_opens() -> None:
    keys = Keys("t", BY_ID["p01-echostr-digits"]["encoding_aes_key"], "ww1")
    for length in range(70):
        text = "客" * length
        encrypted = keys.encrypt(text)
        signature = keys.sign("1", "2", encrypted)
        ours = Crypto("t", BY_ID["p01-echostr-digits"]["encoding_aes_key"], "ww1")
        assert ours.open(signature, "1", "2", encrypted) == text


def test_a_whole_post_is_read_to_its_inner_message() -> None:
    envelope = next(one for one in VECTORS["http_envelopes"] if one.get("method") == "POST")
    vector = BY_ID[envelope["vector"]]
    query = {name: found[0] for name, found in parse_qs(envelope["query"]).items()}
    encrypted = value(parsed(envelope["body"]), "Encrypt")
    ours = crypto(vector)
    text = ours.open(query["msg_signature"], query["timestamp"], query["nonce"], encrypted)
    assert value(parsed(text), "ToUserName") == vector["receive_id"]


@pytest.mark.parametrize("signature", ["", "ä" * 40, "0" * 40, "0" * 4000])
def test_a_wrong_signature_is_refused_before_anything_else(signature: str) -> None:
    with pytest.raises(Forged) as caught:
        crypto(BY_ID["p01-echostr-digits"]).open(signature, "1", "2", "not base64!")
    assert caught.value.code == "signature_mismatch"
