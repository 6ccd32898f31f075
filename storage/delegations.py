"""Who decides in whose stead, from day to day; a delegation ends by itself (C-54)."""

from __future__ import annotations

from datetime import date, datetime

import msgspec
from sqlalchemy import Row, bindparam, insert, select, update

from storage.session import Session
from storage.tables import delegation
from storage.unit import Unit
from storage.upsert import changed

MOST = 50
"""Delegations of one person that have not ended."""


class Delegation(msgspec.Struct, frozen=True):
    id: int
    staff_id: str
    stand_in: str
    first_day: date
    last_day: date
    """Included."""
    told_at: datetime
    """The platform's time at which it was entered."""
    ended_at: datetime | None
    """When it was called off before its last day."""


_UPCOMING, _TO = (
    select(delegation)
    .where(
        column == bindparam("staff_id"),
        delegation.c.last_day >= bindparam("day"),
        delegation.c.ended_at.is_(None),
    )
    .order_by(delegation.c.told_at, delegation.c.id)
    .limit(MOST)
    for column in (delegation.c.staff_id, delegation.c.stand_in)
)


def add(
    unit: Unit, *, staff_id: str, stand_in: str, first_day: date, last_day: date, at: datetime
) -> Delegation:
    """Enter a delegation told at `at`."""
    one = Delegation(next(unit.ids), staff_id, stand_in, first_day, last_day, at, None)
    unit.session.execute(
        insert(delegation).values(
            id=one.id,
            staff_id=staff_id,
            stand_in=stand_in,
            first_day=first_day,
            last_day=last_day,
            told_at=at,
        )
    )
    return one


def get(session: Session, delegation_id: int) -> Delegation | None:
    """Return a delegation, also one that has ended."""
    row = session.execute(select(delegation).where(delegation.c.id == delegation_id)).one_or_none()
    return _delegation(row) if row else None


def upcoming(session: Session, staff_id: str, day: date) -> tuple[Delegation, ...]:
    """Return a person's delegations that end on `day` or later, the last told at the end."""
    rows = session.execute(_UPCOMING, {"staff_id": staff_id, "day": day})
    return tuple(map(_delegation, rows))


def to(session: Session, stand_in: str, day: date) -> tuple[Delegation, ...]:
    """Return the delegations to a person that end on `day` or later, the last told at the end."""
    rows = session.execute(_TO, {"staff_id": stand_in, "day": day})
    return tuple(map(_delegation, rows))


def end(unit: Unit, delegation_id: int, *, staff_id: str, at: datetime) -> bool:
    """Call off a delegation of that person; True if it stood until now."""
    ended = (
        update(delegation)
        .where(
            delegation.c.id == delegation_id,
            delegation.c.staff_id == staff_id,
            delegation.c.ended_at.is_(None),
        )
        .values(ended_at=at)
    )
    return changed(unit.session, ended) == 1


def _delegation(row: Row[tuple[object, ...]]) -> Delegation:
    return Delegation(
        row.id,
        row.staff_id,
        row.stand_in,
        row.first_day,
        row.last_day,
        row.told_at,
        row.ended_at,
    )
