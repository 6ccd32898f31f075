"""Messages kept beside the store while that cannot be reached: one sealed file for each.

A file is written under a passing name, synced and renamed, so it is there as a whole or not at
all. Names are numbers that rise with the time of keeping: sorted, they are in order.
"""

from __future__ import annotations

import os
import re
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from storage.crypto import Sealed, Vault
from storage.folder import converted, sync

NAME = "spool"
"""In the folder of the attachments: shared by the processes of a company."""
_COLUMN = "spool.message"
_KEPT, _PASSING, _BAD = ".msg", ".part", ".bad"
_NAME = re.compile(r"([0-9]{1,20})\.msg", re.ASCII)
"""Of a file with a text; a copy that somebody made beside it is none."""


class Spool:
    """Keeps texts until they are taken out; safe to use from several processes."""

    def __init__(self, attachments: Path, vault: Vault) -> None:
        self._path = attachments / NAME
        self._vault = vault

    def keep(self, text: str, now: datetime) -> None:
        """Keep a text; returns when it is on the disk.

        Raises:
            FolderRefused: it cannot be written.
        """
        with converted(self._path):
            self._path.mkdir(mode=0o700, parents=True, exist_ok=True)
            number, file = self._begin(round(now.timestamp() * 1_000_000))
            passing = self._path / f"{number}{_PASSING}"
            with os.fdopen(file, "wb") as writing:
                writing.write(self._vault.seal(_COLUMN, number, text).data)
                writing.flush()
                os.fsync(writing.fileno())
            passing.rename(passing.with_suffix(_KEPT))
            sync(self._path)

    def waiting(self) -> tuple[int, ...]:
        """Return the numbers of what is kept, in order."""
        with converted(self._path):
            if not self._path.is_dir():
                return ()
            found = (_NAME.fullmatch(one) for one in os.listdir(self._path))
            return tuple(sorted(int(one[1]) for one in found if one))

    def read(self, number: int) -> str | None:
        """Return a text; None: it was taken out meanwhile.

        Raises:
            SealBroken: it was changed, or sealed with another key.
            FolderRefused: it cannot be read.
        """
        with converted(self._path):
            try:
                data = self._file(number).read_bytes()
            except FileNotFoundError:
                return None
        return self._vault.open(Sealed(_COLUMN, data), number)

    def done(self, number: int) -> None:
        """Take a text out."""
        with converted(self._path):
            self._file(number).unlink(missing_ok=True)

    def set_aside(self, number: int) -> None:
        """Leave a text that cannot be read where nobody asks for it again."""
        with converted(self._path), suppress(FileNotFoundError):
            self._file(number).rename(self._file(number).with_suffix(_BAD))

    def _begin(self, number: int) -> tuple[int, int]:
        """Return the first free number from `number` on, and its file, open for writing."""
        while True:
            if not self._file(number).exists():
                with suppress(FileExistsError):
                    path = self._path / f"{number}{_PASSING}"
                    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
                    return number, os.open(path, flags, 0o600)
            number += 1

    def _file(self, number: int) -> Path:
        return self._path / f"{number}{_KEPT}"
