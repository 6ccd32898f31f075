"""Requests that others decide, who decides in whose stead, and consultations."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Date, ForeignKey, Index, Integer, LargeBinary, Table

from storage.tables.base import Id, metadata, partial
from storage.types import Encrypted, Instant, String, Text

approval_case = Table(  # one request that others decide (`rules.cases.Case`)
    "approval_case",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("number", String(40), nullable=False, unique=True),  # 阅-2026-0042
    Column("kind", String(16), nullable=False),  # of `Registry.cases`
    Column("subject", Id, nullable=False),  # what is asked: a row of the kind's own table
    Column("dossier_id", Id, ForeignKey("dossier.id")),
    Column("requester", ForeignKey("staff.id"), nullable=False),
    Column("terms", Text, nullable=False),  # JSON: matter, approval and chain
    Column("asked", Text, nullable=False),  # JSON: staff ids of all who ever got its card
    Column("state", String(12), nullable=False),  # of CaseState
    Column("step", Integer, nullable=False),
    Column("stuck", Boolean, nullable=False),
    Column("version", Integer, nullable=False),
    Column("opened_at", Instant, nullable=False),
    Column("nudged_at", Instant),
    Column("closed_at", Instant),
    Column("closed_by", String(40)),
    Column("next_due_at", Instant),  # when the clock acts next; None: it does not
    Index(None, "kind", "subject"),
    Index(None, "dossier_id", "state"),
    Index(None, "requester", "opened_at"),
    partial("ix_approval_case_asking", "requester", where="state = 'pending'"),
    partial("ix_approval_case_due", "next_due_at", where="next_due_at IS NOT NULL"),
)

case_place = Table(  # one place of an opened step (`rules.cases.Place`)
    "case_place",
    metadata,
    Column("case_id", Id, ForeignKey("approval_case.id"), primary_key=True),
    Column("place", Integer, primary_key=True),  # index in the case
    Column("step", Integer, nullable=False),
    Column("state", String(12), nullable=False),  # of PlaceState
    Column("body", Text, nullable=False),  # JSON of the place, without its deciders
    Column("decided_by", String(40)),
    Column("acting_for", String(40)),  # in whose stead; None: in one's own right
    Column("decided_at", Instant),
    partial(
        "ix_case_place_acting_for",
        "acting_for",
        "decided_at",
        where="acting_for IS NOT NULL",
    ),
)

case_decider = Table(  # who may decide an open place now: what waits for whom
    "case_decider",
    metadata,
    Column("staff_id", String(40), primary_key=True),
    Column("case_id", Id, ForeignKey("approval_case.id"), primary_key=True),
    Column("place", Integer, primary_key=True),
    Column("turn", Integer, nullable=False),  # order among the deciders of the place
    Column("via", String(12), nullable=False),
    Column("acting_for", String(40)),
    Index(None, "case_id"),
    partial("ix_case_decider_acting_for", "acting_for", where="acting_for IS NOT NULL"),
)

case_act = Table(  # what happened to a case, with people's words
    "case_act",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("case_id", Id, ForeignKey("approval_case.id"), nullable=False, index=True),
    Column("kind", String(20), nullable=False),  # of EventKind
    Column("step", Integer, nullable=False),
    Column("place", Integer),
    Column("staff_id", String(40)),  # who did it; None: time, or the staff list
    Column("acting_for", String(40)),
    Column("why", String(20), nullable=False),
    Column("words", Encrypted("case_act.words")),  # reason, question or answer
    Column("at", Instant, nullable=False),
)

case_card = Table(  # which copies of a case's card are out
    "case_card",
    metadata,
    Column("case_id", Id, ForeignKey("approval_case.id"), primary_key=True),
    Column("number", Id, primary_key=True, autoincrement=False),  # its slot is `case.NUMBER`
    Column("staff_id", String(40), nullable=False),
    Column("channel", String(16), nullable=False),
    Column("account", String(80), nullable=False),
)

delegation = Table(  # who decides in somebody's stead, from day to day
    "delegation",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("staff_id", ForeignKey("staff.id"), nullable=False),
    Column("stand_in", ForeignKey("staff.id"), nullable=False),
    Column("first_day", Date, nullable=False),
    Column("last_day", Date, nullable=False),  # inclusive
    Column("told_at", Instant, nullable=False),
    Column("ended_at", Instant),  # called off before its last day
    Index(None, "staff_id", "last_day"),
    Index(None, "stand_in", "last_day"),
)

consultation = Table(  # a request to read a dossier in place; granted, the right to do so
    "consultation",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("dossier_id", Id, ForeignKey("dossier.id"), nullable=False, index=True),
    Column("staff_id", ForeignKey("staff.id"), nullable=False),
    Column("purpose", String(16), nullable=False),
    Column("reason", Encrypted("consultation.reason"), nullable=False),
    Column("last_day", Date, nullable=False),  # until when it is wanted, included
    Column("state", String(12), nullable=False),  # asked | granted | refused | withdrawn | lapsed
    Column("asked_at", Instant, nullable=False),
    Column("granted_at", Instant),
    Column("parts", String(40), nullable=False, server_default=""),
    # of the dossier, with blanks between; empty: the whole
    Column("slot", Encrypted("consultation.slot")),  # when to come to the reading room
    Column("outsider_id", Id, index=True),  # who reads; None: who asks
    Index(None, "staff_id", "state", "last_day"),
)

outsider = Table(  # somebody from outside who comes to read or borrow, once
    "outsider",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("sponsor", ForeignKey("staff.id"), nullable=False),
    Column("kind", String(12), nullable=False),  # external | subject | proxy
    Column("name", Encrypted("outsider.name"), nullable=False),
    Column("organisation", Encrypted("outsider.organisation"), nullable=False),
    Column("credential", String(24), nullable=False),
    Column("issuer", Encrypted("outsider.issuer"), nullable=False),
    Column("number", Encrypted("outsider.number"), nullable=False),  # of the credential
    Column("paper", LargeBinary(16)),  # keyed index of credential, issuer and number
    Column("valid_to", Date),
    Column("consent", Boolean, nullable=False),  # the customer's own (C-72)
    Column("visit", String(12), nullable=False),  # asked | expected | came | missed
    Column("settled_by", String(40)),
    Column("settled_at", Instant),
    Column("created_at", Instant, nullable=False),
    Index(None, "sponsor", "visit"),
    Index(None, "paper"),
    partial("ix_outsider_expected", "visit", "id", where="visit = 'expected'"),
)

figures_request = Table(  # statistics wanted by an external body (S2-STAT.6)
    "figures_request",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("outsider_id", ForeignKey("outsider.id"), nullable=False, index=True),
    Column("staff_id", ForeignKey("staff.id"), nullable=False),
    Column("wanted", Encrypted("figures_request.wanted"), nullable=False),
    Column("reason", Encrypted("figures_request.reason"), nullable=False),
    Column("state", String(12), nullable=False),  # as of a consultation
    Column("asked_at", Instant, nullable=False),
)

affair = (
    Table(  # what somebody reports or plans and others decide: a deal, a complaint, statistics
        "affair",
        metadata,
        Column("id", Id, primary_key=True, autoincrement=False),
        Column("kind", String(16), nullable=False),  # of `storage.affairs.AffairKind`
        Column("staff_id", ForeignKey("staff.id"), nullable=False),
        Column("dossier_id", Id, ForeignKey("dossier.id"), index=True),
        Column(
            "detail", String(16), nullable=False
        ),  # way of payment, kind of complaint, how often
        Column("words", Encrypted("affair.words"), nullable=False),
        Column("result", Encrypted("affair.result")),
        Column("state", String(12), nullable=False),
        Column("at", Instant, nullable=False),
        Column("ended_by", String(40)),
        Column("ended_at", Instant),
    )
)
