"""Files that are made when they are sent: a register as a workbook, a list as a picture.

Nothing of them lies anywhere before that: the message in the outbox only names what is to be made.
So the right is looked at once more when it is, and a long look holds up no writer. The trap is the
reader who lost the right meanwhile: they get a sentence.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import msgspec
from msgspec.structs import replace

from handlers.context import Context
from handlers.conversation.messages import Card
from handlers.texts import N_

FAILED = N_("The file could not be made. Please try again, or tell your administrator.")
NOT_YOURS = N_("This is not open to you any more.")
CHECKSUM = N_("{name}: {rows} rows, checksum {sum}")

SHOWN_DIGITS = 16
"""Of the SHA-256 of a file, those that are shown; the log has all."""


class MadeFile(msgspec.Struct, frozen=True):
    name: str
    mime: str
    content: bytes

    @property
    def checksum(self) -> str:
        """SHA-256 of the bytes, 64 hexadecimal digits."""
        return hashlib.sha256(self.content).hexdigest()


class Made(msgspec.Struct, frozen=True):
    words: str
    """Shown on every messenger."""
    caption: str = ""
    """Shown where the files are."""
    files: tuple[MadeFile, ...] = ()


Maker = Callable[[Context, tuple[str, ...]], Made]
"""Makes the files of a key `<feature>.<name>[.<arg>...]` for `context.person`. Reads only; what it
records and which looks it notes are written when the message has arrived."""


def make(ctx: Context, key: str) -> Made:
    """Return what a key names, for who may have it now."""
    name, verb, *arguments = (*key.split("."), "")
    feature = ctx.registry.by_key.get(name)
    maker = feature.makes.get(verb) if feature is not None else None
    if feature is None or maker is None or not feature.audience(ctx.person):
        return Made(ctx.t(NOT_YOURS))
    return maker(ctx, tuple(arguments))


def shown(card: Card, words: str, *, files: bool = False) -> Card:
    """Return the card with the words behind its own; `files`: it still stands for some."""
    text = "\n".join(filter(None, (card.text, words)))
    return replace(card, text=text, makes=card.makes if files else "")


def caption(ctx: Context, file: MadeFile, rows: int) -> str:
    """Return how many rows a file has and what it can be checked by. Rule: S3-LOG.2.4c."""
    digits = file.checksum[:SHOWN_DIGITS]
    spaced = " ".join(digits[at : at + 4] for at in range(0, SHOWN_DIGITS, 4))
    return ctx.t(CHECKSUM, name=file.name, rows=rows, sum=spaced)
