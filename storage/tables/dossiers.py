"""Dossiers, the rows they are found by, and changes of what they hold."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    UniqueConstraint,
    false,
)

from storage.tables.base import Id, metadata, partial
from storage.types import Encrypted, Instant, String

dossier = Table(
    "dossier",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("number", String(40), unique=True),  # None while a draft (C-69)
    Column("name", String(200), nullable=False),  # searchable, declared unprotected
    Column("name_norm", String(200), nullable=False),
    Column("type", String(40), nullable=False, default="customer"),
    Column("keeper", ForeignKey("staff.id"), nullable=False),
    Column("level", String(12), nullable=False, default=""),  # company | department | personal
    Column("grade", String(12), nullable=False, default="none"),
    Column("grade_until", Date),  # last office day of its secrecy (S2-SECR.7)
    Column("grade_watched", Boolean, nullable=False, server_default=false()),
    # whether the clock of that day is set
    Column("class", String(40), nullable=False, default=""),
    Column("phone", Encrypted("dossier.phone")),
    Column("phone_index", LargeBinary(16)),  # keyed index of the full number
    Column("phone_tail_index", LargeBinary(16)),  # keyed index of its last four digits
    Column("contact", Encrypted("dossier.contact")),
    Column("address", Encrypted("dossier.address")),
    Column("fields", Encrypted("dossier.fields")),  # JSON object of the pack's further fields
    Column("location", String(80), nullable=False, default=""),
    Column("department", String(80), nullable=False, default=""),
    Column("opened_on", Date),
    Column("key", String(80), nullable=False, default=""),  # the pack's dossier_key value
    Column("state", String(12), nullable=False, default="active"),
    # draft (C-69) | reported: waits to be verified (S1-01.2) | active
    # | destroyed (S2-DOSS.29): still on record, and offered to nobody
    Column("created_by", String(40), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("open_from", Date),  # the time in which a draft is to be reported runs from here
    # what the duties to complete it depend on; counted after every change of a field
    Column("missing", Integer, nullable=False, server_default="-1"),  # -1: to be counted
    Column("governed_by", String(80), nullable=False, server_default=""),  # pack
    Column("long_term", Boolean, nullable=False, server_default=false()),  # C-46
    Column("completed_on", Date, nullable=False, server_default="0001-01-01"),
    # office day on which a value was last entered; 0001-01-01: never
    Column("reviewed_on", Date, nullable=False, server_default="0001-01-01"),
    # the same, or on which it was said that nothing has changed (S1-05.2)
    Index(None, "keeper", "name_norm"),
    Index(None, "name_norm"),
    Index(None, "phone_index"),
    Index(None, "phone_tail_index"),
    partial("ix_dossier_draft", "keeper", "id", where="state = 'draft'"),
    partial("ix_dossier_uncounted", "id", where="missing < 0"),
    partial(
        "ix_dossier_incomplete",
        "keeper",
        "governed_by",
        "completed_on",
        "id",
        where="missing > 0",
    ),
    partial(
        "ix_dossier_long_term",
        "keeper",
        "governed_by",
        "reviewed_on",
        "id",
        where="long_term",
    ),
    partial(
        "ix_dossier_reviewed",
        "keeper",
        "governed_by",
        "reviewed_on",
        "id",
        where="missing >= 0",
    ),
    partial("ix_dossier_graded_until", "grade_until", where="grade <> 'none'"),
    partial(
        "ix_dossier_unwatched",
        "grade_until",
        where="grade_until IS NOT NULL AND NOT grade_watched",
    ),
    partial("ix_dossier_at", "location", where="location <> ''"),
    partial("ix_dossier_by_key", "key", where="key <> ''"),
)

dossier_merged = Table(  # what became of a dossier that was another one twice
    "dossier_merged",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),  # the one it had
    Column("number", String(40), nullable=False, unique=True),  # leads to the other one now
    Column("into_id", Id, ForeignKey("dossier.id"), nullable=False, index=True),
    Column("name_norm", String(200), nullable=False, index=True),
    Column("type", String(40), nullable=False),
    Column("key", String(80), nullable=False),
    Column("phone_index", LargeBinary(16)),
    Column("content", Encrypted("dossier_merged.content"), nullable=False),  # JSON: all it held
    Column("merged_by", String(40), nullable=False),
    Column("merged_at", Instant, nullable=False),
)

dossier_distinct = Table(  # alike, but a person said that they are two
    "dossier_distinct",
    metadata,
    Column("low_id", Id, ForeignKey("dossier.id"), primary_key=True),
    Column("high_id", Id, ForeignKey("dossier.id"), primary_key=True, index=True),
    Column("marked_by", String(40), nullable=False),
    Column("marked_at", Instant, nullable=False),
)

dossier_gram = Table(  # two neighbouring characters of the normalised name
    "dossier_gram",
    metadata,
    Column("gram", String(2), primary_key=True),
    Column("dossier_id", Id, ForeignKey("dossier.id"), primary_key=True),
    sqlite_with_rowid=False,
)

dossier_key = Table(  # prefixes a dossier is found by: pinyin, initials (full and core name)
    "dossier_key",
    metadata,
    Column("key", String(120), primary_key=True),
    Column("dossier_id", Id, ForeignKey("dossier.id"), primary_key=True),
    Column("keeper", String(40), nullable=False),  # of the dossier: own ones come first
    Index(None, "keeper", "key"),
    sqlite_with_rowid=False,
)

change_set = Table(  # what a person wants changed in a dossier, together
    "change_set",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("dossier_id", Id, ForeignKey("dossier.id"), nullable=False, index=True),
    Column("proposed_by", ForeignKey("staff.id"), nullable=False),
    Column("note_id", Id),  # the visit note whose facts it takes up; None: the update form
    Column("source", String(40), nullable=False, server_default=""),  # role whose material it is
    Column("state", String(12), nullable=False),  # draft | proposed | decided | withdrawn
    Column("rev", Integer, nullable=False),  # raised with every change; buttons carry it
    Column("begun_at", Instant, nullable=False),
    Column("proposed_at", Instant),  # platform time
    partial(
        "ix_change_set_draft",
        "proposed_by",
        "dossier_id",
        where="state = 'draft'",
        unique=True,
    ),
)

field_change = Table(  # one field of it, with what the field held before
    "field_change",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("set_id", Id, ForeignKey("change_set.id"), nullable=False),
    Column("dossier_id", Id, ForeignKey("dossier.id"), nullable=False),
    Column("field", String(40), nullable=False),
    Column("old", Encrypted("field_change.old")),  # as the proposer saw it; None: empty
    Column("new", Encrypted("field_change.new")),  # None: to be emptied
    Column("replaced", Encrypted("field_change.replaced")),  # what applying it took the place of
    Column("state", String(12), nullable=False),
    # draft | proposed | applied | refused | withdrawn | superseded
    Column("decided_by", String(40), nullable=False, server_default=""),
    Column("decided_at", Instant),
    Column("rule", String(24), nullable=False, server_default=""),
    UniqueConstraint("set_id", "field"),
    Index(None, "dossier_id", "field", "decided_at"),
    partial("ix_field_change_open", "dossier_id", where="state = 'proposed'"),
)

recent = Table(  # which dossiers a person last worked on
    "recent",
    metadata,
    Column("staff_id", String(40), primary_key=True),
    Column("dossier_id", Id, ForeignKey("dossier.id"), primary_key=True),
    Column("used_at", Instant, nullable=False),
    Index(None, "staff_id", "used_at"),
)
