"""Destruction lists, and the papers and dossiers on them."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    Table,
    UniqueConstraint,
)

from storage.tables.base import Id, metadata, partial
from storage.types import Encrypted, Instant, String

AGREED = "state IN ('approved', 'apart', 'witnessed')"
"""Of a list: approved, and not carried out to the end."""

destruction = Table(  # what is to be destroyed together (`rules.destruction`)
    "destruction",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("number", String(40), unique=True),  # 销-2026-0042; None until its case is opened
    Column("drawn_by", ForeignKey("staff.id"), nullable=False),
    Column("department", String(80), nullable=False),  # that made what is on it
    Column("pack", String(80), nullable=False),  # whose rules it goes by
    Column("rule", String(24), nullable=False),  # clause of the approval
    Column("has_witness", Boolean, nullable=False),  # whether a witness signs
    Column("state", String(12), nullable=False),  # of `rules.destruction.ListState`
    Column("begun_at", Instant, nullable=False),
    Column("approved_on", Date),
    Column("apart_until", Date),  # first day on which it may be verified and destroyed
    Column("verified_at", Instant),
    Column("place", Encrypted("destruction.place")),
    Column("manner", String(12)),  # of `rules.destruction.Manner`
    Column("carried_by", String(40)),
    Column("witness", String(40)),
    Column("ended_at", Instant),  # None: still open
    Column("rev", Integer, nullable=False),  # raised with every change; buttons carry it
    partial("ix_destruction_draft", "drawn_by", where="state = 'draft'", unique=True),
    partial("ix_destruction_agreed", "state", "id", where=AGREED),
    partial("ix_destruction_witness", "witness", where="state = 'witnessed'"),
    partial("ix_destruction_done", "state", "ended_at", "id", where="state = 'destroyed'"),
)

destruction_item = Table(  # one line of it: a paper, or a dossier as a whole
    "destruction_item",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("list_id", Id, ForeignKey("destruction.id"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("dossier_id", Id, ForeignKey("dossier.id"), nullable=False),
    Column("document_id", Id, ForeignKey("document.id")),  # None: the dossier as a whole
    Column("title", Encrypted("destruction_item.title"), nullable=False),
    # as it was listed; of a dossier "": its name is the dossier's
    Column("form", String(8), nullable=False),
    Column("pages", Integer, nullable=False),  # of all copies together
    Column("copies", Integer, nullable=False),
    Column("grade", String(12), nullable=False),  # when it was listed
    Column("retention", String(8), nullable=False),  # of `rules.destruction.Retention`
    Column("ended_on", Date, nullable=False),  # last day of the retention
    Column("grounds", Encrypted("destruction_item.grounds"), nullable=False),
    Column("state", String(10), nullable=False),  # listed | dropped | kept | destroyed
    Column("why", String(20), nullable=False),  # it dropped out: code of a reason; else empty
    UniqueConstraint("list_id", "position"),
    Index(None, "dossier_id", "state"),
)
