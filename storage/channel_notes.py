"""What a channel has to remember: how a message it sent can be changed, what it is known by.

Sealed, for such a note may quote the message, or be what lets whoever has it call the platform.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import bindparam, delete, select

from storage.tables import channel_note
from storage.unit import Unit
from storage.upsert import changed, insert_or_set

_GET = select(channel_note.c.id, channel_note.c.note).where(
    channel_note.c.channel == bindparam("channel"),
    channel_note.c.account == bindparam("account"),
    channel_note.c.ref == bindparam("ref"),
)


def tapped(ref: str) -> str:
    """Return under which reference the note is that came with a tap on the message `ref`."""
    return f"{ref}:tapped"


def put(unit: Unit, channel: str, account: str, ref: str, text: str) -> None:
    """Keep a note, in place of the one before; `account` "": it is of the channel itself."""
    row = next(unit.ids)
    values = {
        "channel": channel,
        "account": account,
        "ref": ref,
        "id": row,
        "note": unit.seal("channel_note.note", row, text),
        "at": unit.now,
    }
    insert_or_set(unit.session, channel_note, values, ("id", "note", "at"))


def get(unit: Unit, channel: str, account: str, ref: str) -> str | None:
    """Return a note; None: there is none."""
    here = {"channel": channel, "account": account, "ref": ref}
    row = unit.session.execute(_GET, here).one_or_none()
    return unit.vault.open(row.note, row.id) if row else None


def purge(unit: Unit, before: datetime, limit: int = 500) -> int:
    """Forget what was kept before that instant, at most `limit`, and return how many."""
    old = (
        select(channel_note.c.id)
        .where(channel_note.c.at < before)
        .order_by(channel_note.c.at)
        .limit(limit)
    )
    return changed(unit.session, delete(channel_note).where(channel_note.c.id.in_(old)))
