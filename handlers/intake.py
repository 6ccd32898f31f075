"""What a message brings in: clean words, and files noted in its unit.

The bytes of a file are fetched after commit. Half a character (a lone surrogate, which phones can
send) cannot be written as UTF-8, and a direction sign turns round what others read after it: both
are dealt with before anything looks at a message.
"""

from __future__ import annotations

from math import ceil

import msgspec
from msgspec.structs import replace

from handlers.context import Context
from handlers.conversation.answers import clean
from handlers.conversation.messages import Inbound, InFile
from handlers.texts import N_
from storage import attachments

MAX_FILE_BYTES = 50 * 2**20
"""Larger files are refused when they are announced; a channel's own limit may be lower."""

EMPTY = N_("“{name}” is empty and was not kept.")
TOO_LARGE = N_("“{name}” is too large: {size} MB, at most {limit} MB.")


class Source(msgspec.Struct, frozen=True):
    """Where the bytes of an attachment come from; sealed in its row."""

    channel: str
    account: str
    ref: str


_SOURCE = msgspec.json.Decoder(Source)


def washed(inbound: Inbound) -> Inbound:
    """Return the message without control, direction and invisible signs in its words.

    Half characters become the sign for one; emoji and markup signs stay as typed.
    """
    place = inbound.place
    return replace(
        inbound,
        text=clean(_whole(inbound.text)),
        command=_whole(inbound.command),
        choice=_whole(inbound.choice),
        card=_whole(inbound.card),
        album=_whole(inbound.album),
        files=tuple(replace(one, name=_whole(one.name)) for one in inbound.files),
        place=place and replace(place, label=clean(_whole(place.label))),
    )


def _whole(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def note_files(
    ctx: Context, inbound: Inbound, subject_kind: str, subject_id: int
) -> tuple[tuple[int, ...], str]:
    """Note the files of a message as attachments to fetch.

    Returns their ids in order, and a line on those refused at once ("" for none).
    """
    taken, refused = sifted(ctx, inbound)
    noted = [
        attachments.note_pending(
            ctx.unit,
            staff_id=ctx.person.id,
            kind=file.kind,
            name=file.name,
            source=msgspec.json.encode(
                Source(inbound.channel, inbound.account, file.ref)
            ).decode(),
            subject_kind=subject_kind,
            subject_id=subject_id,
        )
        for file in taken
    ]
    return tuple(noted), refused


def sifted(ctx: Context, inbound: Inbound) -> tuple[tuple[InFile, ...], str]:
    """Return the files that may be fetched, and a line for each that may not."""
    taken, refused = [], []
    for file in inbound.files:
        name = attachments.clean_name(file.name) or file.kind
        if file.size == 0:
            refused.append(ctx.t(EMPTY, name=name))
        elif file.size is not None and file.size > MAX_FILE_BYTES:
            size, limit = ceil(file.size / 2**20), MAX_FILE_BYTES // 2**20
            refused.append(ctx.t(TOO_LARGE, name=name, size=size, limit=limit))
        else:
            taken.append(file)
    return tuple(taken), "\n".join(refused)


def source_of(row: attachments.Attachment) -> Source:
    return _SOURCE.decode(row.source)
