"""What a visit note is, and how a joined row of it becomes one.

Lists carry the facts that access depends on (keeper, grade, level), so that a page is one query.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, datetime
from types import MappingProxyType
from typing import Any

import msgspec
from sqlalchemy import Row, Select, select

from storage.tables import dossier, staff, visit_note
from storage.unit import Unit

Mark = tuple[datetime, int]
"""Where a page ends: filing time and id of its last note."""

NOTHING: Mapping[str, Any] = MappingProxyType({})


class NewNote(msgspec.Struct, frozen=True):
    dossier_id: int
    author: str
    day: date
    """Office day of the visit."""
    manner: str
    """visit, reception, call or letter."""
    body: str
    """What happened, as written."""
    filed_at: datetime
    """The platform's message time; aware UTC."""
    deadline: datetime
    """First instant that is late; aware UTC."""
    on_time: bool
    extras: Mapping[str, Any] = msgspec.field(default_factory=dict)
    """Further fields of the note by field id; values are what JSON can hold."""
    next_contact: date | None = None
    major: bool = False
    confidential: bool = False


class Filed(msgspec.Struct, frozen=True):
    id: int
    number: str


class Brief(msgspec.Struct, frozen=True):
    """A note without its words: for lists, reminders and access."""

    id: int
    number: str
    dossier_id: int
    dossier_number: str | None
    dossier_name: str
    keeper: str
    """Of the dossier."""
    grade: str
    """Of the dossier."""
    level: str
    """Of the dossier."""
    dossier_type: str
    department: str
    """Of the dossier."""
    author: str
    author_name: str
    author_department: str
    day: date
    manner: str
    next_contact: date | None
    major: bool
    confidential: bool
    state: str
    """filed or withdrawn."""
    version: int
    filed_at: datetime
    deadline: datetime
    on_time: bool

    @property
    def mark(self) -> Mark:
        return (self.filed_at, self.id)


class Note(Brief, frozen=True):
    body: str
    extras: Mapping[str, Any]


class Comment(msgspec.Struct, frozen=True):
    id: int
    author: str
    author_name: str
    body: str
    at: datetime


class OldVersion(msgspec.Struct, frozen=True):
    """What a note said before it was replaced."""

    version: int
    content: Mapping[str, Any]
    """body, extras, day, manner, next_contact, major, confidential."""
    replaced_at: datetime
    replaced_by: str


BRIEF = (
    visit_note.c.id,
    visit_note.c.number,
    visit_note.c.dossier_id,
    dossier.c.number.label("dossier_number"),
    dossier.c.name.label("dossier_name"),
    dossier.c.keeper,
    dossier.c.grade,
    dossier.c.level,
    dossier.c.type.label("dossier_type"),
    dossier.c.department,
    visit_note.c.author,
    staff.c.name.label("author_name"),
    staff.c.department.label("author_department"),
    visit_note.c.day,
    visit_note.c.manner,
    visit_note.c.next_contact,
    visit_note.c.major,
    visit_note.c.confidential,
    visit_note.c.state,
    visit_note.c.version,
    visit_note.c.filed_at,
    visit_note.c.deadline,
    visit_note.c.on_time,
)


def joined(*columns: Any) -> Select[*tuple[Any, ...]]:
    """Return a select over notes with their dossier and author."""
    return (
        select(*columns)
        .select_from(visit_note)
        .join(dossier, dossier.c.id == visit_note.c.dossier_id)
        .join(staff, staff.c.id == visit_note.c.author)
    )


def _facts(row: Row[*tuple[Any, ...]]) -> dict[str, Any]:
    return {column.name: row._mapping[column.name] for column in BRIEF}


def brief(row: Row[*tuple[Any, ...]]) -> Brief:
    return Brief(**_facts(row))


def note(unit: Unit, row: Row[*tuple[Any, ...]]) -> Note:
    extras = unit.vault.open(row.extras, row.id)
    return Note(
        **_facts(row),
        body=unit.vault.open(row.body, row.id),
        extras=MappingProxyType(json.loads(extras)) if extras else NOTHING,
    )
