"""Planned visits and visit notes."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Date, ForeignKey, Index, Integer, Table, UniqueConstraint

from storage.tables.base import Id, metadata, partial
from storage.types import Encrypted, Instant, String

visit = Table(  # a planned visit and its duty to file a note the same day (S1-07.2.3a)
    "visit",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("dossier_id", Id, ForeignKey("dossier.id"), nullable=False),
    Column("staff_id", ForeignKey("staff.id"), nullable=False),
    Column("day", Date, nullable=False),
    Column("state", String(12), nullable=False),  # planned | noted | cancelled | missed
    Column("purpose", Encrypted("visit.purpose")),
    Column("from_note", Id),  # the note whose next contact this is
    Column("note_id", Id),  # the note that met the duty
    Column("version", Integer, nullable=False, default=1),
    Column("entered_at", Instant, nullable=False),  # platform time of entering or last moving it
    Column("cancelled_at", Instant),  # platform time
    Index(None, "staff_id", "state", "day"),
    Index(None, "dossier_id", "day"),
    Index(None, "from_note"),
)

visit_note = Table(
    "visit_note",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("number", String(40), nullable=False, unique=True),  # 访-2026-0042
    Column("dossier_id", Id, ForeignKey("dossier.id"), nullable=False),
    Column("author", ForeignKey("staff.id"), nullable=False),
    Column("day", Date, nullable=False),
    Column("manner", String(12), nullable=False),  # visit | reception | call | letter
    Column("body", Encrypted("visit_note.body"), nullable=False),  # what happened
    Column("extras", Encrypted("visit_note.extras")),  # JSON: met, facts, problems, next step ...
    Column("next_contact", Date),
    Column("major", Boolean, nullable=False, default=False),
    Column("confidential", Boolean, nullable=False, default=False),
    Column("state", String(12), nullable=False),  # filed | withdrawn
    Column("version", Integer, nullable=False, default=1),
    Column("filed_at", Instant, nullable=False),  # the platform's message time
    Column("deadline", Instant, nullable=False),  # first instant that is late
    Column("on_time", Boolean, nullable=False),
    Index(None, "dossier_id", "filed_at"),
    Index(None, "author", "filed_at"),
)

visit_note_version = Table(  # what a note said before it was corrected or withdrawn
    "visit_note_version",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("note_id", Id, ForeignKey("visit_note.id"), nullable=False),
    Column("version", Integer, nullable=False),
    Column("content", Encrypted("visit_note_version.content"), nullable=False),  # JSON
    Column("replaced_at", Instant, nullable=False),
    Column("replaced_by", String(40), nullable=False),
    UniqueConstraint("note_id", "version"),
)

note_comment = Table(
    "note_comment",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("note_id", Id, ForeignKey("visit_note.id"), nullable=False, index=True),
    Column("author", ForeignKey("staff.id"), nullable=False),
    Column("body", Encrypted("note_comment.body"), nullable=False),
    Column("at", Instant, nullable=False),
)

note_reader = Table(  # who was told of a note, and since when they know it
    "note_reader",
    metadata,
    Column("staff_id", String(40), primary_key=True),
    Column("note_id", Id, ForeignKey("visit_note.id"), primary_key=True),
    Column("told_at", Instant, nullable=False),
    Column("read_at", Instant),  # None: not opened yet
    Index(None, "staff_id", "told_at"),
    partial("ix_note_reader_unread", "staff_id", "told_at", where="read_at IS NULL"),
)
