"""Papers on their way into the archive: leg by leg, line by line, with what is still missing."""

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

handover = Table(  # one set of papers that has to reach the archive (`rules.handovers`)
    "handover",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("number", String(40), nullable=False, unique=True),  # 移-2026-0042
    Column("pack", String(80), nullable=False),  # whose rules it goes by
    Column("kind", String(40), nullable=False),  # id of the row [[handover]]
    Column("dossier_id", Id, ForeignKey("dossier.id")),  # None: not opened yet, or of no customer
    Column("department", String(80), nullable=False),  # that gives the papers
    Column("subject", Encrypted("handover.subject"), nullable=False),  # as it was written
    Column("subject_index", LargeBinary(16), nullable=False),  # keyed index of what is meant
    Column("contact", Encrypted("handover.contact")),  # of this visit (S1-09.5.3)
    Column("period_on", Date),  # first day of the month or year it is about; None: an event
    Column("started_on", Date, nullable=False),  # office day of the event
    Column("opened_at", Instant, nullable=False),
    Column("opened_by", String(40), nullable=False),  # "": the program
    Column("giver", ForeignKey("staff.id"), nullable=False),  # of the first leg
    Column("leg", Integer, nullable=False),  # the present one, from 1
    Column("state", String(12), nullable=False),  # open | complete | cancelled
    Column("gaps", Integer, nullable=False),  # open ones
    Column("location", Encrypted("handover.location")),  # where its papers lie
    Column("kept_by", String(40), nullable=False, server_default=""),  # named for an upper grade
    Column("shelved_at", Instant),
    Column("filed_under", Integer),  # year (S2-DOSS.14); None: that of the event or the period
    Column("receipt_code", String(16), nullable=False),  # for accounting (S5-2.3); "": none
    Column("closed_at", Instant),
    Column("rev", Integer, nullable=False),  # raised with every change; buttons carry it
    Index(None, "subject_index", "started_on"),
    Index(None, "kind", "period_on", "department"),
    partial("ix_handover_of_dossier", "dossier_id", "id", where="dossier_id IS NOT NULL"),
    partial("ix_handover_open_in", "department", "id", where="state = 'open'"),
    partial("ix_handover_open", "pack", "id", where="state = 'open'"),
    partial(
        "ix_handover_unshelved", "pack", "id", where="state = 'complete' AND shelved_at IS NULL"
    ),
)

handover_leg = Table(  # from one hand to the next
    "handover_leg",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("handover_id", Id, ForeignKey("handover.id"), nullable=False),
    Column("n", Integer, nullable=False),  # 1, 2 ... of its handover
    Column("giver", String(40), nullable=False),  # staff number
    Column("receiver", String(40), nullable=False),  # who is named or has signed; "": any
    Column("receiver_role", String(40), nullable=False),
    Column("witness", String(40), nullable=False),  # who is named or has signed; "": any
    Column("witness_role", String(40), nullable=False),  # "": none is needed
    Column("pack", String(80), nullable=False),
    Column("department", String(80), nullable=False),  # that gives
    Column("kind", String(40), nullable=False),
    Column("into_archive", Boolean, nullable=False),  # the last one
    Column("started_on", Date),  # None: not begun
    Column("due_on", Date),  # last day on time; None: without a clock
    Column("due_at", Instant),  # first late instant, tolerance included
    Column("provisional", Boolean, nullable=False),  # a calendar it depends on is not published
    Column("state", String(12), nullable=False),  # of `rules.handovers.LegState`
    Column("handed_at", Instant),  # platform time of the giver's confirmation
    Column("handed_by", String(40), nullable=False),
    Column("signed_at", Instant),
    Column("witnessed_at", Instant),
    Column("closed_at", Instant),  # signed by everybody who has to
    Column("complete", Boolean),  # nothing was missing when it was first signed
    Column("remark", Encrypted("handover_leg.remark")),  # why it was sent back, or is disputed
    UniqueConstraint("handover_id", "n"),
    partial("ix_handover_leg_to_give", "giver", "due_at", "id", where="state = 'open'"),
    partial(
        "ix_handover_leg_to_sign", "receiver_role", "handed_at", "id", where="state = 'handed'"
    ),
    partial(
        "ix_handover_leg_to_witness", "witness_role", "handed_at", "id", where="state = 'handed'"
    ),
    partial("ix_handover_leg_disputed", "pack", "id", where="state = 'disputed'"),
    partial(
        "ix_handover_leg_in_stead",
        "giver",
        "handed_at",
        where="handed_by <> '' AND handed_by <> giver",
    ),
    partial("ix_handover_leg_provisional", "id", where="provisional AND state = 'open'"),
    partial(
        "ix_handover_leg_register",
        "pack",
        "closed_at",
        "id",
        where="into_archive AND state = 'signed'",
    ),
    partial(
        "ix_handover_leg_due_in",
        "pack",
        "due_on",
        "department",
        "kind",
        "id",
        where="into_archive AND due_on IS NOT NULL AND state <> 'cancelled'",
    ),
)

handover_item = Table(  # one line of the list
    "handover_item",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("handover_id", Id, ForeignKey("handover.id"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("item", String(40), nullable=False),  # of the checklist; "": a line of its own
    Column("title", Encrypted("handover_item.title")),  # of a line of its own, or of a deed
    Column("state", String(16), nullable=False),  # open | present | absent | not_applicable
    Column("instead", String(40), nullable=False),  # what stands in its place; "": itself
    Column("form", String(8), nullable=False),  # "" | original | copy | photo
    Column("pages", Integer, nullable=False),  # covers included; 0: not counted
    Column("copies", Integer, nullable=False),
    Column("certificate", Encrypted("handover_item.certificate")),  # number of a deed
    Column("customer_signed", String(8), nullable=False),  # "" | yes | missing | wrong
    Column("staff_signed", String(8), nullable=False),  # the same, of colleagues
    Column("reason", Encrypted("handover_item.reason")),  # why it is absent or does not apply
    Column("supplied_at", Instant),  # when it was first said to be there
    Column("document_id", Id, ForeignKey("document.id")),  # the paper it became in the archive
    UniqueConstraint("handover_id", "position"),
)

handover_gap = Table(  # what is missing or wrong, whose it is, and until when it is put right
    "handover_gap",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("handover_id", Id, ForeignKey("handover.id"), nullable=False),
    Column("leg", Integer, nullable=False),  # in which it was found
    Column("item_id", Id, ForeignKey("handover_item.id"), nullable=False),
    Column("kind", String(20), nullable=False),  # of `rules.handovers.GapKind`
    Column("owner", ForeignKey("staff.id"), nullable=False),
    Column("opened_at", Instant, nullable=False),
    Column("opened_by", String(40), nullable=False),
    Column("ordered_on", Date),  # office day from which its time counts; None: a day was named
    Column("due_on", Date, nullable=False),  # last day on time
    Column("due_at", Instant, nullable=False),  # first late instant
    Column("provisional", Boolean, nullable=False, server_default=false()),  # as of a leg
    Column("lapses", Integer, nullable=False),  # how often its time has passed (S1-09.5.10)
    Column("state", String(12), nullable=False),  # of `rules.handovers.GapState`
    Column("words", Encrypted("handover_gap.words")),  # what the receiver wrote
    Column("supplied_at", Instant),
    Column("supplied_by", String(40), nullable=False, server_default=""),
    Column("closed_at", Instant),
    Column("closed_by", String(40), nullable=False),
    Index(None, "handover_id", "id"),
    partial("ix_handover_gap_provisional", "id", where="provisional AND state = 'open'"),
    partial(
        "ix_handover_gap_in_stead",
        "owner",
        "supplied_at",
        where="supplied_by <> '' AND supplied_by <> owner",
    ),
    partial("ix_handover_gap_of", "owner", "due_at", "id", where="state IN ('open', 'supplied')"),
    partial(
        "ix_handover_gap_open",
        "item_id",
        "kind",
        where="state IN ('open', 'supplied')",
        unique=True,
    ),
)

handover_extension = Table(  # more time asked for, with the reason (S4-LOAN.4.5b)
    "handover_extension",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("handover_id", Id, ForeignKey("handover.id"), nullable=False),
    Column("leg", Integer, nullable=False),
    Column("asked_by", ForeignKey("staff.id"), nullable=False),
    Column("asked_at", Instant, nullable=False),
    Column("until", Date, nullable=False),
    Column("reason", Encrypted("handover_extension.reason"), nullable=False),
    Column("state", String(12), nullable=False),  # asked | granted | refused | withdrawn
    Column("before", Date),  # last day on time as it was
    Index(None, "handover_id", "id"),
    partial(
        "ix_handover_extension_asked", "handover_id", "leg", where="state = 'asked'", unique=True
    ),
)

receipt_day = Table(  # a day of the receipt register that is closed (S1-09.2.5)
    "receipt_day",
    metadata,
    Column("pack", String(80), primary_key=True),
    Column("day", Date, primary_key=True),
    Column("closed_at", Instant, nullable=False),
    Column("closed_by", String(40), nullable=False),
    Column("entries", Integer, nullable=False),
)
