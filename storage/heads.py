"""Heads of the audit trail, kept outside the database: a line for each office day.

Cutting rows off the end of the chain leaves a chain that fits; only what was written down
elsewhere shows it (CONTRACT 5.3). Each line is sealed over the one before, so that a line taken
out or changed shows as well. The file is never half written: it is replaced as a whole.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from os import fsync
from pathlib import Path

import msgspec

from storage.audit import Head, KeptHead
from storage.crypto import Vault
from storage.folder import converted, sync

NAME = "audit-heads.txt"
"""In the folder of the attachments: written by the bot, shared by its processes, backed up."""
JOB = "audit_head"
"""Name of the occurrence: the database remembers on which days a head was kept."""


class Heads(msgspec.Struct, frozen=True):
    """What the file says."""

    kept: tuple[KeptHead, ...]
    """Lines whose seal holds, in order."""
    damaged: tuple[int, ...]
    """Numbers of the lines that were changed, or before which lines were taken out."""


def place(attachments: Path) -> Path:
    """Return where the heads are kept, by the folder of the attachments."""
    return attachments / NAME


def read(path: Path, vault: Vault) -> Heads | None:
    """Return the kept heads; None: there is no such file.

    Raises:
        FolderRefused: it cannot be read.
    """
    with converted(path.parent):
        try:
            text = path.read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            return None
    kept, damaged = [], []
    for number, (one, holds) in enumerate(_lines(text, vault), 1):
        if one is None or not holds:
            damaged.append(number)
        else:
            kept.append(one)
    return Heads(tuple(kept), tuple(damaged))


def keep(path: Path, vault: Vault, day: date, head: Head) -> None:
    """Add the head of a day; what is in the file stays as it is, whole or not.

    Raises:
        FolderRefused: it cannot be written; the file is what it was.
    """
    with converted(path.parent):
        text = path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""
        words = f"{day.isoformat()} {head.count} {head.seal.hex()}"
        line = f"{words} {_seal_of(vault, _last_seal(text), words)}\n"
        before = text if not text or text.endswith("\n") else f"{text}\n"
        fresh = path.with_suffix(".new")
        with fresh.open("w", encoding="utf-8") as file:
            file.write(before + line)
            file.flush()
            fsync(file.fileno())
        fresh.chmod(0o600)
        fresh.replace(path)
        sync(path.parent)


def _lines(text: str, vault: Vault) -> Iterator[tuple[KeptHead | None, bool]]:
    """Yield every line, read as far as it can be, and whether its seal holds."""
    before = ""
    for line in text.splitlines():
        words, _, seal = line.rpartition(" ")
        yield _parsed(words), seal == _seal_of(vault, before, words)
        before = seal


def _parsed(words: str) -> KeptHead | None:
    try:
        day, count, seal = words.split(" ")
        return KeptHead(date.fromisoformat(day), Head(int(count), bytes.fromhex(seal)))
    except ValueError:
        return None


def _last_seal(text: str) -> str:
    return text.splitlines()[-1].rpartition(" ")[2] if text else ""


def _seal_of(vault: Vault, before: str, words: str) -> str:
    return vault.digest(f"audit head {before} {words}".encode())
