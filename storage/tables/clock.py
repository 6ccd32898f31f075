"""Reminders, duties of a period and deadlines that passed."""

from __future__ import annotations

from sqlalchemy import Column, Date, ForeignKey, Index, Table, UniqueConstraint

from storage.tables.base import Id, metadata, partial
from storage.types import Instant, String

watch = Table(  # every open case with a clock: its next rung only
    "watch",
    metadata,
    Column("case_kind", String(16), primary_key=True),
    Column("case_id", Id, primary_key=True),
    Column("next_rung", String(80), nullable=False),
    Column("next_due_at", Instant),  # None: waits until the rung is rendered, or has ended
    Column("staff_id", String(40), nullable=False),  # who hears the next rung
    Column("lane", String(8), nullable=False, default="single"),  # single | digest
    Index(None, "next_due_at", "case_kind", "case_id"),
)

notice = Table(  # the ledger: one row for each rung of each case
    "notice",
    metadata,
    Column("case_kind", String(16), primary_key=True),
    Column("case_id", Id, primary_key=True),
    Column("rung", String(80), primary_key=True),
    Column("staff_id", String(40), nullable=False),
    Column("due_at", Instant, nullable=False),
    Column("recorded_at", Instant, nullable=False),
    Column("outbox_key", String(160), nullable=False, index=True),
    Column("outcome", String(12), nullable=False, default="open"),
    # open | sent | counted | collapsed | moot | unreachable
    Column("sent_at", Instant),
    partial("ix_notice_unreachable", "staff_id", "due_at", where="outcome = 'unreachable'"),
)

completion_round = Table(  # what a person has to complete in one period, as one duty
    "completion_round",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("staff_id", ForeignKey("staff.id"), nullable=False),
    Column("pack", String(80), nullable=False),
    Column("duty", String(40), nullable=False),  # id of the row [[completion]]
    Column("first_on", Date, nullable=False),  # first day of the period
    Column("due_on", Date, nullable=False),  # last day on time
    Column("due_at", Instant),  # first late instant; None: it is over
    Column("begun_at", Instant, nullable=False),  # rungs before it are not said
    UniqueConstraint("staff_id", "pack", "duty", "first_on"),
    partial("ix_completion_round_open", "due_at", where="due_at IS NOT NULL"),
    partial("ix_completion_round_of", "staff_id", where="due_at IS NOT NULL"),
)

breach = Table(  # a deadline of a dossier that passed; a proposal comes from each (C-70)
    "breach",
    metadata,
    Column("dossier_id", Id, primary_key=True),
    Column("duty", String(40), primary_key=True),  # opening | id of the row [[completion]]
    Column("due_on", Date, primary_key=True),  # last day that was on time
    Column("pack", String(80), nullable=False),  # that sets the deadline
    Column("staff_id", String(40), nullable=False),  # whose duty it was
    Column("rule", String(24), nullable=False),
    Column("at", Instant, nullable=False),  # first late instant
    Index(None, "staff_id", "duty", "due_on"),
)

occurrence = Table(  # jobs done once for each occasion
    "occurrence",
    metadata,
    Column("job", String(40), primary_key=True),
    Column("occasion", String(40), primary_key=True),
    Column("at", Instant, nullable=False),
)

episode = Table(  # trouble that operators are told about, from its beginning to its end
    "episode",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("code", String(40), nullable=False),  # outbox:telegram, attachments ...
    Column("started_at", Instant, nullable=False),
    Column("ended_at", Instant),  # None: it goes on
    Column("told", String(8), nullable=False, default=""),  # "" | begun | over
    partial("ix_episode_ongoing", "code", where="ended_at IS NULL", unique=True),
    partial("ix_episode_untold", "id", where="told <> 'over'"),
)
