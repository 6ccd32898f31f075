"""How many handovers were on time and complete: one aggregate over the rows of one month.

A leg counts in the month in which it was due. Timely: handed over before its deadline; complete:
nothing was missing when it was first signed. The figures and the cases behind them come from the
same conditions, so that they cannot differ (S1-09.5.8).
"""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

import msgspec
from sqlalchemy import (
    ColumnElement,
    and_,
    bindparam,
    case,
    func,
    literal_column,
    or_,
    select,
    text,
)

from storage.handovers import Leg, leg_of
from storage.session import Session
from storage.tables import handover_leg
from storage.unit import Unit


class Which(StrEnum):
    """Which of the handovers behind a rate are meant."""

    DUE = "due"
    TIMELY = "timely"
    LATE = "late"
    COMPLETE = "complete"
    INCOMPLETE = "incomplete"


class Rate(msgspec.Struct, frozen=True):
    """One department's handovers of one kind that were due in a month."""

    department: str
    kind: str
    due: int
    """All that were due, whose deadline has passed or whose papers were handed over."""
    timely: int
    """Of these: handed over before their deadline."""
    signed: int
    """Of these: signed by the archive."""
    complete: int
    """Of the signed: nothing was missing at the first signing."""


_TIMELY = and_(
    handover_leg.c.handed_at.is_not(None), handover_leg.c.handed_at < handover_leg.c.due_at
)
_COUNTS = or_(handover_leg.c.handed_at.is_not(None), handover_leg.c.due_at <= bindparam("now"))
_OF_MONTH = (
    handover_leg.c.pack == bindparam("pack"),
    text("handover_leg.into_archive"),
    handover_leg.c.state != literal_column("'cancelled'"),
    handover_leg.c.due_on.is_not(None),
    handover_leg.c.due_on >= bindparam("first"),
    handover_leg.c.due_on <= bindparam("last"),
    _COUNTS,
)

_WHICH: dict[Which, ColumnElement[bool] | None] = {
    Which.DUE: None,
    Which.TIMELY: _TIMELY,
    Which.LATE: or_(
        handover_leg.c.handed_at.is_(None), handover_leg.c.handed_at >= handover_leg.c.due_at
    ),
    Which.COMPLETE: handover_leg.c.complete.is_(literal_column("true")),
    Which.INCOMPLETE: handover_leg.c.complete.is_(literal_column("false")),
}


def _sum(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)


_MONTH = (
    select(
        handover_leg.c.department,
        handover_leg.c.kind,
        func.count().label("due"),
        _sum(_TIMELY).label("timely"),
        _sum(handover_leg.c.complete.is_not(None)).label("signed"),
        _sum(handover_leg.c.complete.is_(literal_column("true"))).label("complete"),
    )
    .where(*_OF_MONTH)
    .group_by(handover_leg.c.department, handover_leg.c.kind)
    .order_by(handover_leg.c.department, handover_leg.c.kind)
)


def month(session: Session, pack: str, first: date, last: date, now: datetime) -> tuple[Rate, ...]:
    """Return the rates of what was due from `first` to `last`, by department and kind.

    Rule: S1-09.5.8.
    """
    asked = {"pack": pack, "first": first, "last": last, "now": now}
    return tuple(
        Rate(row.department, row.kind, row.due, row.timely, row.signed, row.complete)
        for row in session.execute(_MONTH, asked)
    )


def cases(
    unit: Unit,
    pack: str,
    first: date,
    last: date,
    now: datetime,
    which: Which,
    limit: int,
    offset: int = 0,
    *,
    department: str = "",
    kind: str = "",
) -> tuple[Leg, ...]:
    """Return the legs behind a figure, the first due first; empty department or kind: all."""
    query = select(handover_leg).where(*_OF_MONTH)
    if (more := _WHICH[which]) is not None:
        query = query.where(more)
    if department:
        query = query.where(handover_leg.c.department == department)
    if kind:
        query = query.where(handover_leg.c.kind == kind)
    query = query.order_by(handover_leg.c.due_on, handover_leg.c.id).limit(limit).offset(offset)
    asked = {"pack": pack, "first": first, "last": last, "now": now}
    return tuple(leg_of(unit, row) for row in unit.session.execute(query, asked))
