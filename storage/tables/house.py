"""The house's own: the audit trail, looks, counters, leases, policies."""

from __future__ import annotations

from sqlalchemy import Column, Date, ForeignKey, Index, Integer, LargeBinary, Table

from storage.tables.base import Id, metadata, partial
from storage.types import Encrypted, Instant, String, Text

audit = Table(  # append-only; ids and digests, never values
    "audit",
    metadata,
    Column("seq", Id, primary_key=True, autoincrement=False),  # 1, 2, 3 ... without gaps
    Column("at", Instant, nullable=False),
    Column("staff_id", String(40), nullable=False),  # "" for the program itself
    Column("action", String(40), nullable=False),  # visit_note.filed ...
    Column("subject", String(80), nullable=False),  # visit_note:123
    Column("channel", String(16), nullable=False),
    Column("rule", String(24), nullable=False, default=""),
    Column("facts", Text, nullable=False, default="{}"),  # JSON: ids, codes, digests
    Column("seal", LargeBinary(32), nullable=False),  # HMAC over the row and the previous seal
    Index(None, "subject", "seq"),
    Index(None, "staff_id", "seq"),
)

look = Table(  # content of a dossier or a note that was shown to a person
    "look",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("at", Instant, nullable=False),
    Column("staff_id", String(40), nullable=False),  # who saw it
    Column("dossier_id", Id, nullable=False),
    Column("keeper", String(40), nullable=False),  # of the dossier, at that time
    Column("level", String(12), nullable=False),  # of the dossier, at that time
    Column("subject", String(80), nullable=False),  # dossier:12 | visit_note:123
    Column("way", String(12), nullable=False),  # of `storage.looks.Way`
    Column("by_right", String(12), nullable=False),  # keeper | author | superior | reader
    Column("channel", String(16), nullable=False),
    Column("purpose", String(12), nullable=False),  # code; "": none was asked
    Column("purpose_text", Encrypted("look.purpose_text")),  # in words, where no code fits
    # looks of a keeper at the own dossiers are most, and concern nobody
    partial("ix_look_by_others", "keeper", "at", "id", where="staff_id <> keeper"),
    partial("ix_look_company", "staff_id", "at", "id", where="level = 'company'"),
)

counter = Table(  # running numbers for people, by kind and year
    "counter",
    metadata,
    Column("kind", String(24), primary_key=True),
    Column("year", Integer, primary_key=True),
    Column("last", Integer, nullable=False),
)

lease = Table(  # which process may do what only one may at a time
    "lease",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("holder", String(80), nullable=False),
    Column("until", Instant, nullable=False),  # the holder's until then, unless renewed
    Column("seen_at", Instant, nullable=False),  # when a holder was last known to be up
)

meta = Table(
    "meta",
    metadata,
    Column("key", String(40), primary_key=True),
    Column("value", Text, nullable=False),
)

policy_version = Table(  # what a policy said when somebody approved it; never changed
    "policy_version",
    metadata,
    Column("pack", String(80), primary_key=True),
    Column("version", Integer, primary_key=True),  # 1, 2, 3 ... of that pack
    Column("digest", String(64), nullable=False),  # SHA-256 of the body, hex
    Column("effective_from", Date, nullable=False),  # first office day
    Column("body", Text, nullable=False),  # JSON of everything it says, base and overlays too
    Column("approved_by", ForeignKey("staff.id"), nullable=False, index=True),
    Column("approved_on", Date, nullable=False),
    Column("activated_at", Instant, nullable=False),
)
