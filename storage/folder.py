"""The folder of attachments: encrypted, addressed by content, never half there.

A file is written under a passing name, synced and renamed; its pieces are bound to each other,
to their order and to the address, so an edited, cut, swapped or renamed file does not open.
"""

from __future__ import annotations

import errno
import os
import secrets
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import msgspec

from storage.content import ALLOWED, TEXT, has_controls, mime_of
from storage.crypto import CHUNK_OVERHEAD, Vault
from storage.errors import FileRefused, FolderRefused, SealBroken

PIECE = 1024 * 1024
"""Bytes of content that are sealed together."""

_MAGIC = b"dossier1"
_ID_BYTES = 16
_TAG_BYTES = 32
_HEAD_BYTES = len(_MAGIC) + _ID_BYTES + _TAG_BYTES
_PASSING = "incoming"


class Kept(msgspec.Struct, frozen=True):
    """A file in the folder."""

    address: str
    """Keyed digest of the content, 64 hex digits."""
    size: int
    """Bytes of the content, at least 1."""
    mime: str
    """Found in the content."""


class Room(msgspec.Struct, frozen=True):
    """What the disk of the folder has to say."""

    writable: bool
    free: int
    """Bytes that this user may still write."""


def room(path: Path) -> Room:
    """Return how much can be written below `path`, or below its nearest folder that exists."""
    nearest = next(one for one in (path, *path.parents) if one.exists())
    writable = nearest.is_dir() and os.access(nearest, os.W_OK | os.X_OK)
    return Room(writable, shutil.disk_usage(nearest).free)


class Folder:
    """Keeps and returns files; safe to use from several threads."""

    def __init__(self, path: Path, vault: Vault) -> None:
        """Use the folder at `path`, made if it is missing.

        Raises:
            FolderRefused: it cannot be made or written.
        """
        self._path = path
        self._vault = vault
        with converted(path):
            (path / _PASSING).mkdir(mode=0o700, parents=True, exist_ok=True)

    def begin(self, *, limit: int | None = None) -> Incoming:
        """Start to take in one file of at most `limit` bytes."""
        return Incoming(self._path, self._vault, limit)

    def keep(self, pieces: Iterable[bytes], *, limit: int | None = None) -> Kept:
        """Take in one file. The same content is kept once.

        Raises:
            FileRefused: empty, larger than `limit`, or not of a kind we keep.
            FolderRefused: it cannot be written; nothing is left behind.
        """
        with self.begin(limit=limit) as incoming:
            for piece in pieces:
                incoming.write(piece)
            return incoming.finish()

    def open(self, address: str) -> Iterator[bytes]:
        """Yield the content piece by piece.

        Raises:
            SealBroken: the file is missing, damaged, or was changed; nothing false is yielded.
        """
        try:
            with _place(self._path, address).open("rb") as file:
                yield from _pieces(file, address, self._vault)
        except FileNotFoundError as error:
            raise SealBroken(f"attachment {address} is not in the folder") from error

    def read(self, address: str) -> bytes:
        """Return the whole content; raises what `open` raises."""
        return b"".join(self.open(address))

    def room(self) -> Room:
        """Return how much can still be kept. May hang as long as the disk does."""
        return room(self._path)

    def sweep(self) -> int:
        """Remove what a stopped program left unfinished; at the start only. Returns how many."""
        left = list((self._path / _PASSING).iterdir())
        for file in left:
            file.unlink(missing_ok=True)
        return len(left)


class Incoming:
    """One file that is being taken in; leaving it unfinished removes it."""

    def __init__(self, path: Path, vault: Vault, limit: int | None) -> None:
        self._path = path
        self._vault = vault
        self._limit = limit
        self._id = secrets.token_bytes(_ID_BYTES)
        self._digest = vault.digester()
        self._size = 0
        self._number = 0
        self._mime = ""
        self._held = bytearray()
        self._passing = path / _PASSING / secrets.token_hex(16)
        with converted(path):
            self._file = self._passing.open("xb")
            self._file.write(bytes(_HEAD_BYTES))

    def __enter__(self) -> Incoming:
        return self

    def __exit__(self, *_: object) -> None:
        self.discard()

    def write(self, piece: bytes) -> None:
        """Take the next bytes, any number of them."""
        self._size += len(piece)
        if self._limit is not None and self._size > self._limit:
            raise FileRefused("size")
        self._digest.update(piece)
        self._held += piece
        while len(self._held) > PIECE:  # the last piece, full or not, waits for `finish`
            self._seal(bytes(self._held[:PIECE]), last=False)
            del self._held[:PIECE]

    def finish(self) -> Kept:
        """Put the file in its place for good and return where that is."""
        if not self._size:
            raise FileRefused("empty")
        self._seal(bytes(self._held), last=True)
        address = self._digest.hexdigest()
        place = _place(self._path, address)
        with converted(self._path):
            self._file.seek(0)
            self._file.write(_head(self._vault, self._id, address))
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
            place.parent.mkdir(mode=0o700, exist_ok=True)
            self._passing.replace(place)
            sync(place.parent)
            sync(self._path)
        return Kept(address, self._size, self._mime)

    def discard(self) -> None:
        """Leave nothing behind; harmless after `finish`."""
        self._file.close()
        self._passing.unlink(missing_ok=True)

    def _seal(self, piece: bytes, *, last: bool) -> None:
        if not self._number:
            self._mime = mime_of(piece)
        if self._mime not in ALLOWED or (self._mime == TEXT and has_controls(piece)):
            raise FileRefused("type")
        with converted(self._path):
            self._file.write(self._vault.seal_chunk(self._id, self._number, last, piece))
        self._number += 1


def _head(vault: Vault, id: bytes, address: str) -> bytes:
    return _MAGIC + id + bytes.fromhex(vault.digest(id + address.encode()))


def _pieces(file: BinaryIO, address: str, vault: Vault) -> Iterator[bytes]:
    head = file.read(_HEAD_BYTES)
    id = head[len(_MAGIC) : len(_MAGIC) + _ID_BYTES]
    if head != _head(vault, id, address):
        raise SealBroken(f"attachment {address} was changed or moved")
    sealed, number = file.read(PIECE + CHUNK_OVERHEAD), 0
    while True:
        following = file.read(PIECE + CHUNK_OVERHEAD)
        yield vault.open_chunk(id, number, not following, sealed)
        if not following:
            return
        sealed, number = following, number + 1


def _place(path: Path, address: str) -> Path:
    if len(address) != 2 * _TAG_BYTES or not set(address) <= set("0123456789abcdef"):
        raise SealBroken("not the address of an attachment")
    return path / address[:2] / address


def sync(folder: Path) -> None:
    """Return when what was made or renamed in the folder is on the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def converted(path: Path) -> Iterator[None]:
    """Say what to do where the disk of the attachments refuses: raises FolderRefused."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise FolderRefused(
                f"The disk that holds the attachments ({path}) is full. Files kept before are "
                "whole; the last one was not kept and is fetched again. Free some space."
            ) from error
        raise FolderRefused(
            f"The attachment folder {path} cannot be written ({error.strerror}). Files kept "
            "before were left alone. Give this user the right to write there."
        ) from error
