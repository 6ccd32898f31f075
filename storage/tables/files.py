"""Attachments, and what was sent and has no place yet."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, Table

from storage.tables.base import Id, metadata, partial
from storage.types import Encrypted, Instant, String

attachment = Table(
    "attachment",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("staff_id", ForeignKey("staff.id"), nullable=False),
    Column("kind", String(12), nullable=False),  # photo | voice | video | document
    Column("name", Encrypted("attachment.name")),  # as sent, cleaned for showing
    Column("source", Encrypted("attachment.source")),  # JSON: channel, account, ref
    Column("state", String(12), nullable=False),  # pending | kept | refused | lost
    Column("problem", String(40), nullable=False, default=""),  # code, for refused and lost
    Column("address", String(64)),  # keyed digest of the content; its place in the folder
    Column("mime", String(80), nullable=False, default=""),  # found in the content
    Column("size", BigInteger),  # bytes
    Column("subject_kind", String(16), nullable=False, default=""),
    # visit_note | loose | change_set | consent: of a dossier | outsider | incident | custody |
    # handover_item
    Column("subject_id", Id),
    Column("attempts", Integer, nullable=False, default=0),
    Column("next_try_at", Instant),  # None: nothing to fetch
    Column("created_at", Instant, nullable=False),
    Index(None, "subject_kind", "subject_id"),
    partial("ix_attachment_pending", "next_try_at", where="state = 'pending'"),
)

loose = Table(  # sent outside any conversation: kept, and asked what it belongs to
    "loose",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("staff_id", ForeignKey("staff.id"), nullable=False),
    Column("body", Encrypted("loose.body")),  # JSON: text, place, forwarded
    Column("album", String(80), nullable=False, default=""),
    Column("state", String(12), nullable=False),  # open | used | dropped
    Column("at", Instant, nullable=False),
    Index(None, "staff_id", "state", "at"),
)
