"""Signature and encryption of WeCom's callbacks, checked more strictly than the platform asks.

The address is public: until its signature is right nothing of a request is looked at, and
afterwards everything still is, for a leaked token alone must not let anybody write.
"""

from __future__ import annotations

import binascii
import hashlib
import hmac
import re
from base64 import b64decode, b64encode

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

_KEY = re.compile(r"[A-Za-z0-9]{43}")
_RANDOM, _LENGTH = 16, 4
_HEAD = _RANDOM + _LENGTH
_BLOCK, _PAD = 16, 32


class Forged(Exception):
    """Not from the platform, or not for us; the code says which check it failed."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Crypto:
    """Opens what the platform sends to one app, and makes the like of it."""

    def __init__(self, token: str, encoding_aes_key: str, receive_id: str) -> None:
        """`receive_id`: whom messages are for; of a self-built app its corp id.

        Raises:
            ValueError: the key is not one that the console makes: 43 letters and digits.
        """
        if not _KEY.fullmatch(encoding_aes_key):
            raise ValueError("not 43 letters and digits")
        self._token = token
        self._key = b64decode(encoding_aes_key + "=")
        self._receive_id = receive_id.encode()

    def open(self, signature: str, timestamp: str, nonce: str, encrypted: str) -> str:
        """Return the text of a message.

        Raises:
            Forged: it is not signed with our token, or not encrypted with our key for us.
        """
        signed = self.sign(timestamp, nonce, encrypted)
        if not hmac.compare_digest(signed.encode(), signature.encode()):
            raise Forged("signature_mismatch")
        return self._decrypt(encrypted)

    def sign(self, timestamp: str, nonce: str, encrypted: str) -> str:
        parts = (one.encode() for one in (self._token, timestamp, nonce, encrypted))
        return hashlib.sha1(b"".join(sorted(parts)), usedforsecurity=False).hexdigest()

    def seal(self, text: str, random: bytes) -> str:
        """Encrypt a text as the platform does; `random`: 16 bytes of a good source."""
        message = text.encode()
        plain = random + len(message).to_bytes(_LENGTH, "big") + message + self._receive_id
        count = _PAD - len(plain) % _PAD
        sealing = Cipher(AES(self._key), CBC(self._key[:_BLOCK])).encryptor()
        data = sealing.update(plain + bytes([count]) * count) + sealing.finalize()
        return b64encode(data).decode()

    def _decrypt(self, encrypted: str) -> str:
        try:
            data = b64decode(encrypted, validate=True)
        except (binascii.Error, ValueError):
            raise Forged("bad_ciphertext") from None
        if not data or len(data) % _BLOCK:
            raise Forged("bad_ciphertext")
        opening = Cipher(AES(self._key), CBC(self._key[:_BLOCK])).decryptor()
        plain = _unpadded(opening.update(data) + opening.finalize())
        if len(plain) < _HEAD:
            raise Forged("bad_length")
        end = _HEAD + int.from_bytes(plain[_RANDOM:_HEAD], "big")
        if end > len(plain):
            raise Forged("bad_length")
        if not hmac.compare_digest(plain[end:], self._receive_id):
            raise Forged("receive_id_mismatch")
        try:
            return plain[_HEAD:end].decode()
        except UnicodeDecodeError:
            raise Forged("bad_encoding") from None


def _unpadded(padded: bytes) -> bytes:
    """Take off PKCS#7 of 32-byte blocks, twice the cipher's own."""
    count = padded[-1]
    if not 1 <= count <= min(_PAD, len(padded)) or padded[-count:] != bytes([count]) * count:
        raise Forged("bad_padding")
    return padded[:-count]
