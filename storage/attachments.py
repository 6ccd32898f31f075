"""Files that people sent: what is known of each, from the announcement to its place.

A row exists as soon as the message is handled; the bytes are fetched after commit, with retry.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any

import msgspec
from sqlalchemy import bindparam, func, insert, literal_column, select, update

from storage.folder import Folder, Incoming, Kept
from storage.session import Session
from storage.tables import attachment
from storage.unit import Unit

__all__ = ["Attachment", "Folder", "Incoming", "Kept", "clean_name"]

MAX_NAME = 80
"""Characters of a file name that are shown."""
MOST_COUNTED = 20_000

# written out, not bound: SQLite must see that the partial index fits
_PENDING = attachment.c.state == literal_column("'pending'")


class Attachment(msgspec.Struct, frozen=True):
    id: int
    staff_id: str
    """Who sent it."""
    kind: str
    """photo | voice | video | document"""
    name: str
    """Cleaned for showing; "" for none."""
    source: str
    """JSON: where it is fetched from."""
    state: str
    """pending | kept | refused | lost"""
    problem: str
    """Code, for refused and lost."""
    address: str | None
    """Place in the folder, once kept."""
    mime: str
    size: int | None
    """Bytes, once kept."""
    subject_kind: str
    """`visit_note`, `loose` ...; "" for nothing yet."""
    subject_id: int | None
    attempts: int
    created_at: datetime


_SELECT = select(*(attachment.c[name] for name in Attachment.__struct_fields__))

_OF = _SELECT.where(
    attachment.c.subject_kind == bindparam("kind"), attachment.c.subject_id == bindparam("id")
).order_by(attachment.c.id)

_OF_ALL = _SELECT.where(
    attachment.c.subject_kind == bindparam("kind"),
    attachment.c.subject_id.in_(bindparam("ids", expanding=True)),
).order_by(attachment.c.id)

_COUNTS = (
    select(attachment.c.subject_id, func.count().label("count"))
    .where(
        attachment.c.subject_kind == bindparam("kind"),
        attachment.c.subject_id.in_(bindparam("ids", expanding=True)),
        attachment.c.state.in_(("pending", "kept")),
    )
    .group_by(attachment.c.subject_id)
)

_DUE = (
    _SELECT.where(_PENDING, attachment.c.next_try_at <= bindparam("now"))
    .order_by(attachment.c.next_try_at)
    .limit(bindparam("limit"))
)
_NEXT_DUE = (
    select(attachment.c.next_try_at)
    .where(_PENDING, attachment.c.next_try_at.is_not(None))
    .order_by(attachment.c.next_try_at)
    .limit(1)
)


def clean_name(name: str) -> str:
    """Return a file name that is safe to show: no path, no control or direction signs, short."""
    last = name.replace("\\", "/").rstrip("/").rpartition("/")[2]
    shown = "".join(
        one for one in unicodedata.normalize("NFC", last) if unicodedata.category(one)[0] != "C"
    )
    shown = " ".join(shown.split()).lstrip(". ")
    if len(shown) <= MAX_NAME:
        return shown
    ending = PurePosixPath(shown).suffix[:12]
    return shown[: MAX_NAME - 1 - len(ending)] + "…" + ending


def note_pending(
    unit: Unit,
    *,
    staff_id: str,
    kind: str,
    name: str,
    source: str,
    subject_kind: str = "",
    subject_id: int | None = None,
) -> int:
    """Write down a file that is still to be fetched, from now on; returns its id."""
    row = next(unit.ids)
    values = {
        "id": row,
        "staff_id": staff_id,
        "kind": kind,
        "name": unit.seal("attachment.name", row, clean_name(name)),
        "source": unit.seal("attachment.source", row, source),
        "state": "pending",
        "subject_kind": subject_kind,
        "subject_id": subject_id,
        "next_try_at": unit.now,
        "created_at": unit.now,
    }
    unit.session.execute(insert(attachment), values)
    return row


def pending_due(unit: Unit, now: datetime, limit: int) -> list[Attachment]:
    """Return files to fetch now, the longest waiting first."""
    rows = unit.session.execute(_DUE, {"now": now, "limit": limit})
    return [_opened(unit, row) for row in rows]


def next_due(session: Session) -> datetime | None:
    """Return when the next file is to be fetched."""
    return session.execute(_NEXT_DUE).scalar()


def count_pending(session: Session) -> int:
    """Return how many files are still to be fetched, MOST_COUNTED at most."""
    pending = select(attachment.c.next_try_at).where(_PENDING).limit(MOST_COUNTED).subquery()
    return session.execute(select(func.count()).select_from(pending)).scalar_one()


def postpone(unit: Unit, id: int, next_try_at: datetime) -> int:
    """Count a failed try and wait until that instant; returns how many failed."""
    this = attachment.c.id == id
    unit.session.execute(
        update(attachment)
        .where(this, _PENDING)
        .values(attempts=attachment.c.attempts + 1, next_try_at=next_try_at)
    )
    count = select(attachment.c.attempts).where(this)
    attempts: int = unit.session.execute(count).scalar_one()
    return attempts


def kept(unit: Unit, id: int, file: Kept) -> None:
    """Record that the file is in the folder."""
    _end(unit, id, state="kept", address=file.address, size=file.size, mime=file.mime)


def refused(unit: Unit, id: int, problem: str) -> None:
    """Record that the file is not kept because of what it is (`FileRefused.code`)."""
    _end(unit, id, state="refused", problem=problem[:40])


def lost(unit: Unit, id: int, problem: str) -> None:
    """Record that the file could not be fetched and never will be."""
    _end(unit, id, state="lost", problem=problem[:40])


def attach(unit: Unit, ids: Iterable[int], kind: str, id: int) -> None:
    """Say what files belong to."""
    if of_them := list(ids):
        unit.session.execute(
            update(attachment)
            .where(attachment.c.id.in_(of_them))
            .values(subject_kind=kind, subject_id=id)
        )


def of(unit: Unit, kind: str, id: int) -> list[Attachment]:
    """Return the files of a subject, in the order in which they came."""
    return [_opened(unit, row) for row in unit.session.execute(_OF, {"kind": kind, "id": id})]


def of_all(unit: Unit, kind: str, ids: Iterable[int]) -> list[Attachment]:
    """Return the files of several subjects of one kind, in the order in which they came."""
    wanted = sorted(set(ids))
    rows = unit.session.execute(_OF_ALL, {"kind": kind, "ids": wanted}) if wanted else ()
    return [_opened(unit, row) for row in rows]


def counts(session: Session, kind: str, ids: Iterable[int]) -> Mapping[int, int]:
    """Return how many files each of these subjects has, those refused or lost left out."""
    wanted = sorted(set(ids))
    rows = session.execute(_COUNTS, {"kind": kind, "ids": wanted}) if wanted else ()
    return {subject: count for subject, count in rows}


def again(unit: Unit, one: Attachment, kind: str, id: int) -> int:
    """Let a file belong to one more subject and return the id of the new row.

    One that is not fetched yet is fetched for both.
    """
    row = next(unit.ids)
    values = {name: getattr(one, name) for name in Attachment.__struct_fields__}
    values |= {
        "id": row,
        "name": unit.seal("attachment.name", row, one.name),
        "source": unit.seal("attachment.source", row, one.source),
        "subject_kind": kind,
        "subject_id": id,
        "next_try_at": unit.now if one.state == "pending" else None,
        "created_at": unit.now,
    }
    unit.session.execute(insert(attachment), values)
    return row


def get(unit: Unit, id: int) -> Attachment | None:
    """Return one file's row."""
    row = unit.session.execute(_SELECT.where(attachment.c.id == id)).first()
    return _opened(unit, row) if row else None


def _end(unit: Unit, id: int, **values: Any) -> None:
    unit.session.execute(
        update(attachment)
        .where(attachment.c.id == id, _PENDING)
        .values(next_try_at=None, **values)
    )


def _opened(unit: Unit, row: Any) -> Attachment:
    values = row._asdict()
    for name in ("name", "source"):
        values[name] = unit.vault.open(values[name], row.id)
    return Attachment(**values)
