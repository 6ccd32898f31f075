"""Who is away when: leave, sickness and travel suspend duties (CONTRACT 2.8)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import msgspec
from sqlalchemy import Row, bindparam, insert, select, update

from storage.session import Session
from storage.tables import away
from storage.unit import Unit

MAX_AHEAD = 50
"""Absences ahead that are looked at."""


class Absence(msgspec.Struct, frozen=True):
    id: int
    staff_id: str
    first_day: date
    last_day: date
    """Included."""
    kind: str
    """leave, sick or trip."""
    told_at: datetime
    """The platform's time at which it was entered."""
    cancelled_at: datetime | None

    def covers(self, day: date) -> bool:
        return self.first_day <= day <= self.last_day


_GET = select(away).where(away.c.id == bindparam("id"))

_UPCOMING = (
    select(away)
    .where(
        away.c.staff_id == bindparam("staff_id"),
        away.c.last_day >= bindparam("day"),
        away.c.cancelled_at.is_(None),
    )
    .order_by(away.c.last_day, away.c.first_day, away.c.id)
    .limit(bindparam("limit"))
)


def add(
    unit: Unit, *, staff_id: str, first_day: date, last_day: date, kind: str, at: datetime
) -> int:
    """Enter an absence, told at `at`, and return its id."""
    id_ = next(unit.ids)
    unit.session.execute(
        insert(away).values(
            id=id_,
            staff_id=staff_id,
            first_day=first_day,
            last_day=last_day,
            kind=kind,
            created_at=at,
        )
    )
    return id_


def get(session: Session, away_id: int) -> Absence | None:
    """Return an absence, also a cancelled one."""
    row = session.execute(_GET, {"id": away_id}).one_or_none()
    return _absence(row) if row else None


def upcoming(
    session: Session, staff_id: str, day: date, limit: int = MAX_AHEAD
) -> tuple[Absence, ...]:
    """Return the absences of a person that end on `day` or later, first to end first."""
    rows = session.execute(_UPCOMING, {"staff_id": staff_id, "day": day, "limit": limit})
    return tuple(_absence(row) for row in rows)


def current(session: Session, staff_id: str, day: date) -> Absence | None:
    """Return the absence that covers the day; of several, the one that ends last."""
    covering = [one for one in upcoming(session, staff_id, day) if one.covers(day)]
    return covering[-1] if covering else None


def covers(session: Session, staff_id: str, day: date) -> bool:
    """Whether the person is away on that day."""
    return current(session, staff_id, day) is not None


def cancel(unit: Unit, away_id: int, *, staff_id: str, at: datetime) -> bool:
    """Call off an absence of that person; True if it stood until now."""
    gone = unit.session.execute(
        update(away)
        .where(away.c.id == away_id, away.c.staff_id == staff_id, away.c.cancelled_at.is_(None))
        .values(cancelled_at=at)
        .returning(away.c.id)
    )
    return gone.first() is not None


def shorten(unit: Unit, away_id: int, *, staff_id: str, last_day: date) -> bool:
    """Let an absence of that person end with an earlier day; True if it stood until now."""
    cut = unit.session.execute(
        update(away)
        .where(
            away.c.id == away_id,
            away.c.staff_id == staff_id,
            away.c.cancelled_at.is_(None),
            away.c.first_day <= last_day,
            away.c.last_day > last_day,
        )
        .values(last_day=last_day)
        .returning(away.c.id)
    )
    return cut.first() is not None


def _absence(row: Row[*tuple[Any, ...]]) -> Absence:
    return Absence(
        id=row.id,
        staff_id=row.staff_id,
        first_day=row.first_day,
        last_day=row.last_day,
        kind=row.kind,
        told_at=row.created_at,
        cancelled_at=row.cancelled_at,
    )
