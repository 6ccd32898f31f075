"""Secrets at rest: one key file, subkeys for each purpose, every value bound to its place.

A value is sealed with AES-GCM under a key of its column, with column and row as associated
data: copied to another row or column it does not open. The key's id stands in the value, so a
second key can be added to the file and old values still open.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import stat
from base64 import b64decode, b64encode
from pathlib import Path

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from storage.errors import KeyRefused, SealBroken

_HEADING = "dossierbot key file 1; keep a copy apart from the backups"
_KEY_BYTES = 32
_VERSION = b"\x01"
_ID_BYTES = 4
_NONCE_BYTES = 12
_HEAD_BYTES = len(_VERSION) + _ID_BYTES + _NONCE_BYTES
_UTF8 = ("utf-8", "surrogatepass")  # a phone may send half a character; it is kept as it came


class Sealed(msgspec.Struct, frozen=True):
    """An encrypted value and the column it belongs to."""

    column: str
    """`table.column`."""
    data: bytes
    """Format version, key id, nonce, ciphertext with tag."""


def _derive(key: bytes, purpose: str, salt: bytes | None = None) -> bytes:
    return HKDF(SHA256(), _KEY_BYTES, salt, f"dossierbot {purpose}".encode()).derive(key)


def _place(column: str, row: int) -> bytes:
    return column.encode() + b"\0" + row.to_bytes(8, "big", signed=True)


class Vault:
    """Seals and opens values; safe to share between threads."""

    def __init__(self, keys: list[bytes]) -> None:
        """`keys`, oldest first: the newest seals, all open; the oldest makes indexes and audit."""
        self._keys = {_derive(key, "key id")[:_ID_BYTES]: key for key in keys}
        self._newest = list(self._keys)[-1]
        self._ciphers: dict[tuple[bytes, str], AESGCM] = {}
        self._index_key = _derive(keys[0], "index")
        self._digest_key = _derive(keys[0], "digest")
        self.audit_key = _derive(keys[0], "audit")
        self.key_id = next(iter(self._keys)).hex()
        """Names the oldest key: a database remembers it (`Database.match`)."""

    @classmethod
    def create(cls, path: Path) -> Vault:
        """Write a new key file that only its owner can read.

        Raises:
            KeyRefused: there is a file already, or it cannot be written.
        """
        key = secrets.token_bytes(_KEY_BYTES)
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "w", encoding="ascii") as file:
                file.write(f"{_HEADING}\n{b64encode(key).decode()}\n")
                file.flush()
                os.fsync(file.fileno())
        except FileExistsError as error:
            raise KeyRefused(
                f"There is a key file at {path} already; it was left as it is. Move it away only "
                "if no database was made with it."
            ) from error
        except OSError as error:
            raise KeyRefused(
                f"The key file {path} cannot be written ({error.strerror}); nothing was made. "
                "Choose a folder that this user may write."
            ) from error
        return cls([key])

    @classmethod
    def load(cls, path: Path) -> Vault:
        """Read a key file.

        Raises:
            KeyRefused: missing, damaged, or readable by others (by the group too, if it is ours).
        """
        try:
            found = path.stat()
            lines = path.read_text("ascii").splitlines()
        except OSError as error:
            raise KeyRefused(
                f"The key file {path} cannot be read ({error.strerror}); the data were left "
                "alone. Put the key file back from its copy, or correct key_file in config.toml."
            ) from error
        except UnicodeDecodeError:
            lines = []
        mode = stat.S_IMODE(found.st_mode)
        # root hands a key out through the group, and systemd's credentials look the same
        if mode & (0o077 if found.st_uid == os.geteuid() else 0o037):
            raise KeyRefused(
                f"The key file {path} can be read by others (mode {mode:03o}); nothing was "
                f"opened. Run: chmod 600 {path}"
            )
        keys = [_key_of(line) for line in lines[1:] if line.strip()]
        if not keys or lines[0] != _HEADING or not all(len(key) == _KEY_BYTES for key in keys):
            raise KeyRefused(
                f"{path} is not a dossierbot key file, or it is damaged; the data were left "
                "alone. Put the key file back from its copy."
            )
        return cls(keys)

    def seal(self, column: str, row: int, value: str) -> Sealed:
        """Return `value` encrypted for this column and row."""
        nonce = os.urandom(_NONCE_BYTES)
        cipher = self._cipher(self._newest, column)
        body = cipher.encrypt(nonce, value.encode(*_UTF8), _place(column, row))
        return Sealed(column, _VERSION + self._newest + nonce + body)

    def open(self, sealed: Sealed | None, row: int) -> str:
        """Return the text of a value read from `row`; "" for None.

        Raises:
            SealBroken: edited, moved from another place, or sealed with a key we do not have.
        """
        if sealed is None:
            return ""
        data = sealed.data
        key_id = data[len(_VERSION) : len(_VERSION) + _ID_BYTES]
        if len(data) < _HEAD_BYTES or data[: len(_VERSION)] != _VERSION:
            raise SealBroken(f"{sealed.column} of row {row} is not a sealed value")
        if key_id not in self._keys:
            raise SealBroken(f"{sealed.column} of row {row} was sealed with another key file")
        nonce, body = data[len(_VERSION) + _ID_BYTES : _HEAD_BYTES], data[_HEAD_BYTES:]
        cipher = self._cipher(key_id, sealed.column)
        try:
            return cipher.decrypt(nonce, body, _place(sealed.column, row)).decode(*_UTF8)
        except InvalidTag as error:
            raise SealBroken(f"{sealed.column} of row {row} was changed or moved") from error

    def index(self, value: str) -> bytes:
        """Return 16 bytes by which a sealed value can be found again."""
        return hmac.digest(self._index_key, value.encode(*_UTF8), "sha256")[:16]

    def digest(self, data: bytes) -> str:
        """Return a keyed digest, 64 hex digits: says nothing to who has no key."""
        return hmac.digest(self._digest_key, data, "sha256").hex()

    def digester(self) -> hmac.HMAC:
        """Return what computes `digest` piece by piece."""
        return hmac.new(self._digest_key, digestmod=hashlib.sha256)

    def seal_chunk(self, file: bytes, number: int, last: bool, data: bytes) -> bytes:
        """Return one piece of a file, bound to the file's random id, its place and the end.

        Each file has a key of its own, so number and end flag serve as nonce.
        """
        return self._newest + self._file_cipher(self._newest, file).encrypt(
            _chunk_nonce(number, last), data, file
        )

    def open_chunk(self, file: bytes, number: int, last: bool, sealed: bytes) -> bytes:
        """Return the bytes of one piece.

        Raises:
            SealBroken: edited, out of place, from another file, or under another key.
        """
        key_id = sealed[:_ID_BYTES]
        if key_id not in self._keys:
            raise SealBroken("a file was sealed with another key file")
        try:
            return self._file_cipher(key_id, file).decrypt(
                _chunk_nonce(number, last), sealed[_ID_BYTES:], file
            )
        except InvalidTag as error:
            raise SealBroken(f"piece {number} of a file was changed or moved") from error

    def _cipher(self, key_id: bytes, column: str) -> AESGCM:
        found = self._ciphers.get((key_id, column))
        if found is None:
            found = AESGCM(_derive(self._keys[key_id], f"column {column}"))
            self._ciphers[key_id, column] = found
        return found

    def _file_cipher(self, key_id: bytes, file: bytes) -> AESGCM:
        return AESGCM(_derive(self._keys[key_id], "file", file))


CHUNK_OVERHEAD = _ID_BYTES + 16
"""Bytes that `seal_chunk` adds: key id and tag."""


def _key_of(line: str) -> bytes:
    try:
        return b64decode(line.strip(), validate=True)
    except ValueError:
        return b""


def _chunk_nonce(number: int, last: bool) -> bytes:
    return number.to_bytes(_NONCE_BYTES - 1, "big") + (b"\x01" if last else b"\x00")
