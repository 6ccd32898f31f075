"""The platform's side of the callback's encryption, written apart from the program's."""

from __future__ import annotations

import hashlib
import os
import struct
from base64 import b64decode, b64encode

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7


class Keys:
    """What the administrator and the platform share."""

    def __init__(self, token: str, encoding_aes_key: str, receive_id: str) -> None:
        self.token = token
        self.receive_id = receive_id
        self._key = b64decode(f"{encoding_aes_key}=")

    def encrypt(self, text: str, *, random: bytes | None = None) -> str:
        message = text.encode(errors="surrogateescape")  # half a character is a byte of none
        head = (os.urandom(16) if random is None else random) + struct.pack(">I", len(message))
        padder = PKCS7(256).padder()
        padded = padder.update(head + message + self.receive_id.encode()) + padder.finalize()
        cipher = Cipher(algorithms.AES(self._key), modes.CBC(self._key[:16])).encryptor()
        return b64encode(cipher.update(padded) + cipher.finalize()).decode()

    def sign(self, timestamp: str, nonce: str, encrypted: str) -> str:
        parts = sorted([self.token, timestamp, nonce, encrypted])
        return hashlib.sha1("".join(parts).encode(), usedforsecurity=False).hexdigest()
