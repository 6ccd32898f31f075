"""Graded meetings, who is named for them, and the dossiers they are about."""

from __future__ import annotations

from sqlalchemy import Column, Date, ForeignKey, Index, Table

from storage.tables.base import Id, metadata, partial
from storage.types import Encrypted, Instant, String

meeting = Table(  # a meeting on a graded matter (S2-SECR.9.2)
    "meeting",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("host", ForeignKey("staff.id"), nullable=False),  # who called it
    Column("department", String(80), nullable=False),  # of the host, that day
    Column("grade", String(12), nullable=False),
    Column("subject", Encrypted("meeting.subject"), nullable=False),
    Column("place", Encrypted("meeting.place"), nullable=False),
    Column("passing", Encrypted("meeting.passing")),  # how far it is passed on; None: not at all
    Column("day", Date, nullable=False),
    Column("hour", String(5), nullable=False),  # 14:30, in the policy's zone
    Column("called_at", Instant, nullable=False),
    Column("cancelled_by", String(40)),
    Column("cancelled_at", Instant),
    Index(None, "department", "day"),
)

meeting_member = Table(  # who is named for it; the host is from the beginning
    "meeting_member",
    metadata,
    Column("meeting_id", Id, ForeignKey("meeting.id"), primary_key=True),
    Column("staff_id", ForeignKey("staff.id"), primary_key=True),
    Column("day", Date, nullable=False),  # of the meeting
    Column("named_at", Instant, nullable=False),
    Column("removed_at", Instant),
    partial("ix_meeting_member_of", "staff_id", "day", where="removed_at IS NULL"),
)

meeting_dossier = Table(  # a dossier that is spoken of there
    "meeting_dossier",
    metadata,
    Column("meeting_id", Id, ForeignKey("meeting.id"), primary_key=True),
    Column("dossier_id", Id, ForeignKey("dossier.id"), primary_key=True, index=True),
)
