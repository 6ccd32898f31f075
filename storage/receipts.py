"""The receipt register (签收簿): what was signed into the archive, in order, closed day by day.

An entry is a leg whose papers reached the archive; who prints the register while one is being
signed gets it with the entry or without it, never half of it.
"""

from __future__ import annotations

from datetime import date, datetime

import msgspec
from sqlalchemy import bindparam, func, literal_column, or_, select, text

from storage.handovers import Leg, leg_of
from storage.session import Session
from storage.tables import handover_leg, receipt_day
from storage.unit import Unit
from storage.upsert import insert_or_set


class Closed(msgspec.Struct, frozen=True):
    """A day of the register that was closed."""

    at: datetime
    by: str
    """Staff number."""
    entries: int
    """How many there were then."""


_SIGNED = (
    handover_leg.c.pack == bindparam("pack"),
    text("handover_leg.into_archive"),
    handover_leg.c.state == literal_column("'signed'"),
    handover_leg.c.closed_at >= bindparam("first"),
    handover_leg.c.closed_at < bindparam("end"),
)

_PAGE = (
    select(handover_leg)
    .where(
        *_SIGNED,
        or_(
            handover_leg.c.closed_at > bindparam("after_at"),
            handover_leg.c.id > bindparam("after_id"),
        ),
    )
    .order_by(handover_leg.c.closed_at, handover_leg.c.id)
    .limit(bindparam("limit"))
)

_COUNT = select(func.count()).where(*_SIGNED)

_CLOSED = select(receipt_day).where(
    receipt_day.c.pack == bindparam("pack"),
    receipt_day.c.day >= bindparam("first"),
    receipt_day.c.day <= bindparam("last"),
)


def entries(
    unit: Unit,
    pack: str,
    first: datetime,
    end: datetime,
    limit: int,
    after: Leg | None = None,
) -> tuple[Leg, ...]:
    """Return the next entries signed from `first` on and before `end`; `after`: the last before.

    Rule: S1-09.2.5.
    """
    mark = after.closed_at if after else None
    asked = {
        "pack": pack,
        "first": mark or first,
        "end": end,
        "after_at": mark or first,
        "after_id": after.id if after else -1,
        "limit": limit,
    }
    return tuple(leg_of(unit, row) for row in unit.session.execute(_PAGE, asked))


def count(session: Session, pack: str, first: datetime, end: datetime) -> int:
    """Return how many entries were signed from `first` on and before `end`."""
    return session.execute(_COUNT, {"pack": pack, "first": first, "end": end}).scalar_one()


def close(unit: Unit, pack: str, day: date, *, at: datetime, by: str, entries: int) -> None:
    """Close a working day of the register, or close it again with what came since.

    Rule: S1-09.2.5.
    """
    row = {"pack": pack, "day": day, "closed_at": at, "closed_by": by, "entries": entries}
    insert_or_set(unit.session, receipt_day, row, ("closed_at", "closed_by", "entries"))


def closed(session: Session, pack: str, first: date, last: date) -> dict[date, Closed]:
    """Return the closed days of a time."""
    rows = session.execute(_CLOSED, {"pack": pack, "first": first, "last": last})
    return {row.day: Closed(row.closed_at, row.closed_by, row.entries) for row in rows}
