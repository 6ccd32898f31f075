"""The papers of a dossier, who has them out, and how they go from hand to hand."""

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
)

from storage.tables.base import Id, metadata, partial
from storage.types import Encrypted, Instant, String

OPEN = "closed_at IS NULL"
"""Of a loan: something is still to happen with it."""
OUT = "lent_at IS NOT NULL AND closed_at IS NULL"
"""Of a loan: its papers left the archive and are not all back."""
BACK = "state IN ('discharged', 'written_off', 'done')"
"""Of a loan: what was lent or handed over is settled."""
SHORT = "state IN ('short', 'lost')"
"""Of a loan: something of it is missing."""
AWAY = "state IN ('out', 'missing')"
"""Of a line of a loan: the paper is not in its place."""

document = Table(  # one paper of a dossier
    "document",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("dossier_id", Id, ForeignKey("dossier.id"), nullable=False),
    Column("title", Encrypted("document.title"), nullable=False),
    Column("title_index", LargeBinary(16), nullable=False),  # keyed index of the title
    Column("form", String(8), nullable=False),  # original | copy
    Column("pages", Integer, nullable=False),  # of one copy; 0: not counted
    Column("copies", Integer, nullable=False),
    Column("location", Encrypted("document.location")),  # None: with its dossier
    Column("grade", String(12), nullable=False),
    Column("important", Boolean, nullable=False),  # S2-INFO.23.1
    Column("material", String(16), nullable=False),  # of `rules.occasions.Material`
    Column("twin", Id, ForeignKey("document.id")),  # of a copy: the original it was made from
    Column("state", String(12), nullable=False),  # kept | lost | destroyed
    Column("added_at", Instant, nullable=False),
    Index(None, "dossier_id", "state", "id"),
    Index(None, "dossier_id", "title_index"),
    partial("ix_document_twin", "twin", where="twin IS NOT NULL"),
)

loan = Table(  # papers asked for, lent and returned (`rules.loans`)
    "loan",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("number", String(40), unique=True),  # 借-2026-0042; None until its case is opened
    Column("kind", String(12), nullable=False),  # loan | copy_loan | copy | disclose
    Column("dossier_id", Id, ForeignKey("dossier.id"), nullable=False),
    Column("borrower", ForeignKey("staff.id"), nullable=False),  # liable, also for an outsider
    Column("department", String(80), nullable=False),  # of the borrower, when it was asked for
    Column("for_whom", String(12), nullable=False),  # insider | external | subject | proxy
    Column("outsider_id", Id),
    Column("purpose", String(16), nullable=False),
    Column("reason", Encrypted("loan.reason"), nullable=False),
    Column("place", String(16), nullable=False),
    Column("long_term", Boolean, nullable=False),
    Column("grade_at_lending", String(12), nullable=False),
    Column("pack", String(80), nullable=False),  # whose rules it goes by
    Column("wanted_until", Date),
    Column("state", String(12), nullable=False),  # of `rules.loans.LoanState`
    Column("asked_at", Instant, nullable=False),
    Column("approved_at", Instant),
    Column("collect_by", Instant),  # approved and not fetched by then, it lapses
    Column("lent_at", Instant),
    Column("due_on", Date),  # last day on time
    Column("due_at", Instant),  # first late instant
    Column("first_due_on", Date),  # before any renewal or recall
    Column("renewals", Integer, nullable=False),
    Column("recalled_at", Instant),
    Column("closed_at", Instant),  # None: something is still to happen
    Column("parent_id", Id, ForeignKey("loan.id")),  # of a photocopy: the loan of its original
    Column("carrier", String(40)),  # staff number of who carries it outside, where one is named
    Column("holder", String(40)),  # staff number of to whom it was passed on; None: the borrower
    Column("version", Integer, nullable=False),  # raised with every change
    Index(None, "asked_at", "id"),
    Index(None, "state", "asked_at", "id"),
    Index(None, "borrower", "asked_at", "id"),
    Index(None, "dossier_id", "asked_at", "id"),
    partial("ix_loan_open_of", "borrower", "id", where=OPEN),
    partial("ix_loan_open_on", "dossier_id", "id", where=OPEN),
    partial("ix_loan_approved", "pack", "approved_at", "id", where="state = 'approved'"),
    partial("ix_loan_collect", "collect_by", "id", where="state = 'approved'"),
    partial("ix_loan_out", "id", where=OUT),
    partial("ix_loan_due", "due_at", "id", where=OUT),
    partial("ix_loan_due_in", "department", "due_at", "id", where=OUT),
    partial("ix_loan_due_of", "borrower", "due_at", "id", where=OUT),
    partial("ix_loan_passed_to", "holder", "id", where=f"holder IS NOT NULL AND {OUT}"),
    partial("ix_loan_back", "closed_at", "id", where=BACK),
    partial("ix_loan_back_in", "department", "closed_at", "id", where=BACK),
    partial("ix_loan_short", "asked_at", "id", where=SHORT),
    partial("ix_loan_parent", "parent_id", where="parent_id IS NOT NULL"),
)

loan_item = Table(  # one line of a loan: a paper, or the dossier as a whole
    "loan_item",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("loan_id", Id, ForeignKey("loan.id"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("document_id", Id, ForeignKey("document.id")),  # None: the whole dossier
    Column("whole", Id),  # the dossier that is meant, as it was before any merging; None: a paper
    Column("title", Encrypted("loan_item.title"), nullable=False),  # as it was lent
    Column("form", String(8), nullable=False),
    Column("pages", Integer, nullable=False),  # of all copies together
    Column("copies", Integer, nullable=False),
    Column("back_pages", Integer, nullable=False),
    Column("back_copies", Integer, nullable=False),
    Column("damaged", Boolean, nullable=False),
    Column("note", Encrypted("loan_item.note")),
    Column("state", String(8), nullable=False),  # of `loan_items.LoanItem`
    UniqueConstraint("loan_id", "position"),
    Index(None, "document_id"),
    partial("ix_loan_item_whole", "whole", where="whole IS NOT NULL"),
    partial("ix_loan_item_away", "document_id", where=AWAY, unique=True),
    partial("ix_loan_item_whole_away", "whole", where=AWAY, unique=True),
)

custody_step = Table(  # papers go from one hand to another, or are shown to be where they should
    "custody_step",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("loan_id", Id, ForeignKey("loan.id"), nullable=False),
    Column("kind", String(12), nullable=False),  # hand_out | return | transfer | ping
    Column("giver", ForeignKey("staff.id"), nullable=False),
    Column("taker", ForeignKey("staff.id"), nullable=False),
    Column("witness", ForeignKey("staff.id")),
    Column("body", Encrypted("custody_step.body"), nullable=False),  # JSON: lines and checks
    Column("state", String(12), nullable=False),  # open | done | refused | disputed
    Column("opened_by", ForeignKey("staff.id"), nullable=False),
    Column("opened_at", Instant, nullable=False),
    Column("giver_at", Instant),  # when each of them confirmed; None: not yet
    Column("taker_at", Instant),
    Column("witness_at", Instant),
    Column("confirmed_at", Instant),  # when the last of them had; None: not done
    Index(None, "loan_id", "id"),
    partial("ix_custody_step_open", "loan_id", "kind", where="state = 'open'", unique=True),
    partial("ix_custody_step_giver", "giver", where="state = 'open'"),
    partial("ix_custody_step_taker", "taker", where="state = 'open'"),
    partial("ix_custody_step_witness", "witness", where="state = 'open'"),
    partial("ix_custody_step_disputed", "witness", where="state = 'disputed'"),
)

renewal = Table(  # a loan made longer, or asked to be; what was due before stays known
    "renewal",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("loan_id", Id, ForeignKey("loan.id"), nullable=False),
    Column("n", Integer, nullable=False),  # 1, 2 ... of that loan
    Column("asked_at", Instant, nullable=False),
    Column("until", Date),  # None: for as long as a long-term loan lasts
    Column("long_term", Boolean, nullable=False),
    Column("reason", Encrypted("renewal.reason")),
    Column("state", String(12), nullable=False),  # asked | granted | refused
    Column("before", Date),  # last day on time as it was
    UniqueConstraint("loan_id", "n"),
    partial("ix_renewal_asked", "loan_id", where="state = 'asked'", unique=True),
)

loan_wait = Table(  # who waits for papers that are out, in order
    "loan_wait",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("dossier_id", Id, ForeignKey("dossier.id"), nullable=False),
    Column("staff_id", ForeignKey("staff.id"), nullable=False),
    Column("asked_at", Instant, nullable=False),
    Column("papers", String(1000)),  # ids of those that are waited for; None: whatever is out
    Column("state", String(8), nullable=False),  # waiting | offered | taken | expired | left
    Column("offered_at", Instant),
    Column("offer_until", Instant),  # first instant at which the offer is over
    Index(None, "dossier_id"),
    partial(
        "ix_loan_wait_open",
        "dossier_id",
        "staff_id",
        where="state IN ('waiting', 'offered')",
        unique=True,
    ),
    partial("ix_loan_wait_of", "staff_id", where="state IN ('waiting', 'offered')"),
    partial("ix_loan_wait_queue", "dossier_id", "asked_at", "id", where="state = 'waiting'"),
    partial("ix_loan_wait_offer", "dossier_id", where="state = 'offered'"),
    partial("ix_loan_wait_until", "offer_until", where="state = 'offered'"),
)

loan_explanation = Table(  # what the borrower says about papers that are late
    "loan_explanation",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("loan_id", Id, ForeignKey("loan.id"), nullable=False),
    Column("words", Encrypted("loan_explanation.words"), nullable=False),
    Column("at", Instant, nullable=False),
    Index(None, "loan_id", "id"),
)
