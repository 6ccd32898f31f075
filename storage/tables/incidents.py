"""What happened to dossiers, who hears of it, and what was done about it."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Table, UniqueConstraint

from storage.tables.base import Id, metadata, partial
from storage.types import Encrypted, Instant, String

incident = Table(  # something happened to a dossier, or to what is in it
    "incident",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("number", String(40), nullable=False, unique=True),  # 事-2026-0042
    Column("kind", String(12), nullable=False),  # of IncidentKind
    Column("leak_case", String(12), nullable=False),  # of LeakCase; "": no leak
    Column("dossier_id", Id, ForeignKey("dossier.id"), index=True),
    Column("loan_id", Id),
    Column("reported_by", String(40)),  # None: the program found it
    Column("words", Encrypted("incident.words")),
    Column("state", String(8), nullable=False),  # open | closed
    Column("at", Instant, nullable=False),
    Column("closed_at", Instant),
    Column("closed_by", String(40)),
    Column("closing", Encrypted("incident.closing")),  # what was done
    partial("ix_incident_loan", "loan_id", where="loan_id IS NOT NULL"),
    partial("ix_incident_open_of", "reported_by", where="state = 'open'"),
)

incident_told = Table(  # who hears of it, or counts after it, each with a clock of their own
    "incident_told",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("incident_id", Id, ForeignKey("incident.id"), nullable=False),
    Column("staff_id", ForeignKey("staff.id"), nullable=False),
    Column("task", String(8), nullable=False),  # know | check
    Column("role", String(40), nullable=False),  # for which they are told
    Column("instead", Boolean, nullable=False),  # in place of who holds it
    Column("told_at", Instant, nullable=False),
    Column("confirmed_at", Instant),
    Column("live", Boolean, nullable=False),  # while the incident is open
    UniqueConstraint("incident_id", "staff_id", "task"),
    partial("ix_incident_told_live", "staff_id", where="live"),
)

incident_measure = Table(  # what was done about it
    "incident_measure",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("incident_id", Id, ForeignKey("incident.id"), nullable=False, index=True),
    Column("staff_id", String(40), nullable=False),
    Column("code", String(16), nullable=False),  # of the checklist; "": in words only
    Column("words", Encrypted("incident_measure.words")),
    Column("at", Instant, nullable=False),
)
