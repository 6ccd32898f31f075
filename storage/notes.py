"""Visit notes: filed, corrected, withdrawn, commented on, and who has not read them yet.

Nothing a note once said is lost: a correction or withdrawal first copies what it said to
`visit_note_version`. A withdrawn note leaves every list but stays to be read by its id.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, exists, func, insert, or_, select, true, update

from storage.counters import next_number
from storage.errors import Conflict
from storage.note_records import (
    BRIEF,
    Brief,
    Comment,
    Filed,
    Mark,
    NewNote,
    Note,
    OldVersion,
    brief,
    joined,
)
from storage.note_records import note as record
from storage.session import Session
from storage.tables import note_comment, note_reader, staff, visit_note
from storage.tables import visit_note_version as version_table
from storage.unit import Unit
from storage.upsert import changed, insert_or_set

__all__ = ["Brief", "Comment", "Filed", "Mark", "NewNote", "Note", "OldVersion"]

MAX_COUNT = 99
"""Unread notes are counted up to here; one more means "more"."""

_LAST_OF_DOSSIER = 100

_NOTE = joined(*BRIEF, visit_note.c.body, visit_note.c.extras)

_FILED = visit_note.c.state == "filed"

_BEFORE = (
    visit_note.c.filed_at <= bindparam("before_at"),
    or_(visit_note.c.filed_at < bindparam("before_at"), visit_note.c.id < bindparam("before_id")),
)

_NEWEST_FIRST = (visit_note.c.filed_at.desc(), visit_note.c.id.desc())

_GET = _NOTE.where(visit_note.c.id == bindparam("id"))

_BY_NUMBER = select(visit_note.c.id).where(visit_note.c.number == bindparam("number"))

_OF_DOSSIER = (
    _NOTE.where(visit_note.c.dossier_id == bindparam("of"), _FILED, *_BEFORE)
    .order_by(*_NEWEST_FIRST)
    .limit(bindparam("limit"))
)

_OF_AUTHOR = (
    joined(*BRIEF)
    .where(visit_note.c.author == bindparam("of"), _FILED, *_BEFORE)
    .order_by(*_NEWEST_FIRST)
    .limit(bindparam("limit"))
)

_LAST_OF = (
    _NOTE.where(visit_note.c.author == bindparam("of"), _FILED).order_by(*_NEWEST_FIRST).limit(1)
)

_COMMENTS = (
    select(note_comment, staff.c.name.label("author_name"))
    .join(staff, staff.c.id == note_comment.c.author)
    .where(note_comment.c.note_id == bindparam("note_id"))
    .order_by(note_comment.c.at, note_comment.c.id)
)

_VERSIONS = (
    select(version_table)
    .where(version_table.c.note_id == bindparam("note_id"))
    .order_by(version_table.c.version)
)

_COMMENTERS = (
    select(note_comment.c.author)
    .where(note_comment.c.note_id == bindparam("note_id"))
    .order_by(note_comment.c.at.desc(), note_comment.c.id.desc())
    .limit(_LAST_OF_DOSSIER)
)

_READER = note_reader.c.staff_id == bindparam("staff_id")

_HERE = (
    select(note_reader.c.told_at)
    .where(_READER, note_reader.c.note_id == bindparam("here"))
    .scalar_subquery()
)

_LATER = (
    note_reader.c.told_at >= _HERE,
    or_(note_reader.c.told_at > _HERE, note_reader.c.note_id > bindparam("here")),
)

_EARLIER = (
    note_reader.c.told_at <= _HERE,
    or_(note_reader.c.told_at < _HERE, note_reader.c.note_id < bindparam("here")),
)

_OLDEST_FIRST = (note_reader.c.told_at, note_reader.c.note_id)

_UNREAD = (
    joined(*BRIEF)
    .join(note_reader, note_reader.c.note_id == visit_note.c.id)
    .where(_READER, note_reader.c.read_at.is_(None), _FILED)
    .order_by(*_OLDEST_FIRST)
    .limit(bindparam("limit"))
)

_UNREAD_AFTER = _UNREAD.where(*_LATER)

_COUNT_UNREAD = select(func.count()).select_from(
    select(note_reader.c.note_id)
    .join(visit_note, visit_note.c.id == note_reader.c.note_id)
    .where(_READER, note_reader.c.read_at.is_(None), _FILED)
    .limit(MAX_COUNT + 1)
    .subquery()
)

_TOLD = (
    select(note_reader.c.note_id)
    .join(visit_note, visit_note.c.id == note_reader.c.note_id)
    .where(_READER, _FILED)
    .limit(1)
)

_NEXT = _TOLD.where(*_LATER).order_by(*_OLDEST_FIRST)

_PREVIOUS = _TOLD.where(*_EARLIER).order_by(
    note_reader.c.told_at.desc(), note_reader.c.note_id.desc()
)

_COLLEAGUES = (
    select(visit_note.c.author, staff.c.active)
    .join(staff, staff.c.id == visit_note.c.author)
    .where(
        visit_note.c.dossier_id == bindparam("dossier_id"),
        visit_note.c.filed_at >= bindparam("since"),
        _FILED,
        staff.c.active == true(),
    )
    .order_by(*_NEWEST_FIRST)
    .limit(_LAST_OF_DOSSIER)
)


def file_note(unit: Unit, note: NewNote) -> Filed:
    """Write a note under the next number of its year."""
    id_ = next(unit.ids)
    number = f"访-{note.day.year}-{next_number(unit, 'visit_note', note.day.year):04d}"
    values = {
        "id": id_,
        "number": number,
        "dossier_id": note.dossier_id,
        "author": note.author,
        "state": "filed",
        "version": 1,
        "filed_at": note.filed_at,
        "deadline": note.deadline,
        "on_time": note.on_time,
        **_content(unit, id_, note),
    }
    unit.session.execute(insert(visit_note), values)
    return Filed(id_, number)


def get_note(unit: Unit, note_id: int) -> Note | None:
    """Return a note, also a withdrawn one."""
    row = unit.session.execute(_GET, {"id": note_id}).one_or_none()
    return record(unit, row) if row else None


def by_number(session: Session, number: str) -> int | None:
    """Return the id of the note with that number."""
    return session.execute(_BY_NUMBER, {"number": number}).scalar()


def correct(unit: Unit, old: Note, new: NewNote, *, by: str, at: datetime) -> int:
    """Replace what a note says and return its new version; author and filing time stay.

    The customer may change too. What it said is kept.

    Raises:
        Conflict: the note was corrected or withdrawn since `old` was read.
    """
    values = {"dossier_id": new.dossier_id, **_content(unit, old.id, new)}
    return _replace(unit, old, by, at, values)


def withdraw(unit: Unit, old: Note, *, by: str, at: datetime) -> None:
    """Take a note out of every list; it stays in the history.

    Raises:
        Conflict: the note was corrected or withdrawn since `old` was read.
    """
    _replace(unit, old, by, at, {"state": "withdrawn"})


def versions(unit: Unit, note_id: int) -> tuple[OldVersion, ...]:
    """Return what a note said before, oldest first."""
    rows = unit.session.execute(_VERSIONS, {"note_id": note_id})
    return tuple(
        OldVersion(
            version=row.version,
            content=json.loads(unit.vault.open(row.content, row.id)),
            replaced_at=row.replaced_at,
            replaced_by=row.replaced_by,
        )
        for row in rows
    )


def comment(unit: Unit, note_id: int, *, author: str, body: str, at: datetime) -> int:
    """Add a comment and return its id."""
    id_ = next(unit.ids)
    unit.session.execute(
        insert(note_comment).values(
            id=id_,
            note_id=note_id,
            author=author,
            body=unit.seal("note_comment.body", id_, body),
            at=at,
        )
    )
    return id_


def comments(unit: Unit, note_id: int) -> tuple[Comment, ...]:
    """Return the comments on a note, oldest first."""
    rows = unit.session.execute(_COMMENTS, {"note_id": note_id})
    return tuple(
        Comment(row.id, row.author, row.author_name, unit.vault.open(row.body, row.id), row.at)
        for row in rows
    )


def notes_of_dossier(
    unit: Unit, dossier_id: int, limit: int, before: Mark | None = None
) -> tuple[Note, ...]:
    """Return the filed notes on a customer, newest first; `before`: the last mark shown."""
    rows = unit.session.execute(_OF_DOSSIER, _page(dossier_id, limit, before))
    return tuple(record(unit, row) for row in rows)


def notes_of_author(
    session: Session, staff_id: str, limit: int, before: Mark | None = None
) -> tuple[Brief, ...]:
    """Return the filed notes of a person, newest first."""
    rows = session.execute(_OF_AUTHOR, _page(staff_id, limit, before))
    return tuple(brief(row) for row in rows)


def notes_of_authors(
    session: Session, staff_ids: Iterable[str], limit: int, before: Mark | None = None
) -> tuple[Brief, ...]:
    """Return the filed notes of several people, newest first; one look-up for each of them."""
    found = [
        note
        for staff_id in dict.fromkeys(staff_ids)
        for note in notes_of_author(session, staff_id, limit, before)
    ]
    return tuple(sorted(found, key=lambda note: note.mark, reverse=True)[:limit])


def last_note_of(unit: Unit, staff_id: str) -> Note | None:
    """Return the note a person filed last, to copy from."""
    row = unit.session.execute(_LAST_OF, {"of": staff_id}).one_or_none()
    return record(unit, row) if row else None


def colleagues_on(
    session: Session, dossier_id: int, since: datetime, limit: int
) -> tuple[str, ...]:
    """Return who filed notes on the customer since then, latest first; active people only."""
    rows = session.execute(_COLLEAGUES, {"dossier_id": dossier_id, "since": since})
    return tuple(dict.fromkeys(row.author for row in rows))[:limit]


def commenters(session: Session, note_id: int) -> tuple[str, ...]:
    """Return who commented on a note, latest first."""
    return tuple(dict.fromkeys(session.execute(_COMMENTERS, {"note_id": note_id}).scalars()))


def mark_unread(unit: Unit, staff_ids: Iterable[str], note_id: int, told_at: datetime) -> None:
    """Put the note at the end of these people's unread lists, also if they read it before."""
    told = {"note_id": note_id, "told_at": told_at, "read_at": None}
    rows = [{"staff_id": one, **told} for one in sorted(set(staff_ids))]
    if rows:
        names = ("told_at", "read_at")
        insert_or_set(unit.session, note_reader, rows, names)


def hand_unread(unit: Unit, staff_id: str, to: str) -> int:
    """Move what a person has not read to another's unread list; return how many."""
    known = note_reader.alias("known")
    there = exists().where(known.c.staff_id == to, known.c.note_id == note_reader.c.note_id)
    return changed(
        unit.session,
        update(note_reader)
        .where(note_reader.c.staff_id == staff_id, note_reader.c.read_at.is_(None), ~there)
        .values(staff_id=to),
    )


def mark_read(unit: Unit, staff_id: str, note_id: int) -> bool:
    """Take the note off the person's unread list; True if it was there."""
    read = unit.session.execute(
        update(note_reader)
        .where(
            note_reader.c.staff_id == staff_id,
            note_reader.c.note_id == note_id,
            note_reader.c.read_at.is_(None),
        )
        .values(read_at=unit.now)
        .returning(note_reader.c.note_id)
    )
    return read.first() is not None


def unread_for(
    session: Session, staff_id: str, limit: int, after: int | None = None
) -> tuple[Brief, ...]:
    """Return the notes a person has not opened, oldest first; `after`: the last shown."""
    asked = {"staff_id": staff_id, "limit": limit}
    if after is None:
        rows = session.execute(_UNREAD, asked)
    else:
        rows = session.execute(_UNREAD_AFTER, {**asked, "here": after})
    return tuple(brief(row) for row in rows)


def count_unread(session: Session, staff_id: str) -> int:
    """Return how many notes the person has not opened, at most MAX_COUNT + 1."""
    return int(session.execute(_COUNT_UNREAD, {"staff_id": staff_id}).scalar_one())


def neighbours(session: Session, staff_id: str, note: Brief) -> tuple[int | None, int | None]:
    """Return the notes told to the person before and after this one, read or not."""
    here = {"staff_id": staff_id, "here": note.id}
    return (session.execute(_PREVIOUS, here).scalar(), session.execute(_NEXT, here).scalar())


_END = datetime.fromisoformat("9999-01-01T00:00:00+00:00")


def _page(of: int | str, limit: int, before: Mark | None) -> dict[str, Any]:
    at, id_ = before or (_END, 0)
    return {"of": of, "limit": limit, "before_at": at, "before_id": id_}


def _content(unit: Unit, id_: int, note: NewNote) -> dict[str, Any]:
    extras = json.dumps(dict(note.extras), ensure_ascii=False) if note.extras else None
    return {
        "day": note.day,
        "manner": note.manner,
        "body": unit.seal("visit_note.body", id_, note.body),
        "extras": unit.seal("visit_note.extras", id_, extras),
        "next_contact": note.next_contact,
        "major": note.major,
        "confidential": note.confidential,
    }


def _replace(unit: Unit, old: Note, by: str, at: datetime, values: dict[str, Any]) -> int:
    changed = unit.session.execute(
        update(visit_note)
        .where(visit_note.c.id == old.id, visit_note.c.version == old.version, _FILED)
        .values(version=old.version + 1, **values)
        .returning(visit_note.c.version)
    ).scalar()
    if changed is None:
        raise Conflict(f"visit note {old.id} is no longer version {old.version}")
    said = {
        "dossier_id": old.dossier_id,
        "body": old.body,
        "extras": dict(old.extras),
        "day": old.day.isoformat(),
        "manner": old.manner,
        "next_contact": old.next_contact.isoformat() if old.next_contact else None,
        "major": old.major,
        "confidential": old.confidential,
    }
    id_ = next(unit.ids)
    content = json.dumps(said, ensure_ascii=False)
    unit.session.execute(
        insert(version_table).values(
            id=id_,
            note_id=old.id,
            version=old.version,
            content=unit.seal("visit_note_version.content", id_, content),
            replaced_at=at,
            replaced_by=by,
        )
    )
    return int(changed)
