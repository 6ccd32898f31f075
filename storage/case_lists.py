"""Which approval cases there are: for whom one waits, whose request it is, when the clock acts.

Every question is an index look-up with a bound; what a case holds is read by `storage.cases`.
"""

from __future__ import annotations

from datetime import datetime

import msgspec
from sqlalchemy import bindparam, func, literal_column, select

from storage.session import Session
from storage.tables import approval_case, case_decider, case_place

MOST = 500
"""Open cases of one person or one dossier that are looked at."""


class InNameOf(msgspec.Struct, frozen=True):
    """One decision taken in somebody's stead."""

    case_id: int
    decided_by: str
    state: str
    """approved or refused."""
    at: datetime


# written out, not bound: SQLite must see that the partial indexes fit
_OPEN = approval_case.c.state == literal_column("'pending'")

_WAITING = (
    select(case_decider.c.case_id)
    .where(case_decider.c.staff_id == bindparam("staff_id"))
    .distinct()
    .order_by(case_decider.c.case_id)
    .limit(bindparam("limit"))
    .offset(bindparam("offset"))
)

_COUNT_WAITING = select(func.count(case_decider.c.case_id.distinct())).where(
    case_decider.c.staff_id == bindparam("staff_id")
)

_NEXT_DUE = (
    select(approval_case.c.next_due_at)
    .where(approval_case.c.next_due_at.is_not(None))
    .order_by(approval_case.c.next_due_at)
    .limit(1)
)

_DUE = (
    select(approval_case.c.id)
    .where(
        approval_case.c.next_due_at.is_not(None), approval_case.c.next_due_at <= bindparam("now")
    )
    .order_by(approval_case.c.next_due_at, approval_case.c.id)
    .limit(bindparam("limit"))
)


def by_number(session: Session, number: str) -> int | None:
    """Return the id of the case of that number."""
    query = select(approval_case.c.id).where(approval_case.c.number == number)
    return session.execute(query).scalar()


def about(session: Session, kind: str, subject: int) -> int | None:
    """Return the id of the last case about a subject."""
    query = (
        select(approval_case.c.id)
        .where(approval_case.c.kind == kind, approval_case.c.subject == subject)
        .order_by(approval_case.c.id.desc())
        .limit(1)
    )
    return session.execute(query).scalar()


def waiting(
    session: Session, staff_id: str, limit: int = MOST, offset: int = 0
) -> tuple[int, ...]:
    """Return the ids of the cases that a person may decide now, the oldest first."""
    asked = {"staff_id": staff_id, "limit": limit, "offset": offset}
    return tuple(session.execute(_WAITING, asked).scalars())


def count_waiting(session: Session, staff_id: str) -> int:
    """Return how many cases a person may decide now."""
    return session.execute(_COUNT_WAITING, {"staff_id": staff_id}).scalar_one()


def numbers_waiting(session: Session, staff_id: str) -> tuple[tuple[int, str], ...]:
    """Return id and number of the cases that a person may decide now, the oldest first."""
    query = (
        select(approval_case.c.id, approval_case.c.number)
        .join(case_decider, case_decider.c.case_id == approval_case.c.id)
        .where(case_decider.c.staff_id == staff_id)
        .distinct()
        .order_by(approval_case.c.id)
        .limit(MOST)
    )
    return tuple((row.id, row.number) for row in session.execute(query))


def involving(session: Session, staff_id: str) -> tuple[int, ...]:
    """Return the open cases that somebody decides now, or somebody else in that person's stead."""
    ids: set[int] = set()
    for column in (case_decider.c.staff_id, case_decider.c.acting_for):
        query = select(case_decider.c.case_id).where(column == staff_id).distinct().limit(MOST)
        ids.update(session.execute(query).scalars())
    return tuple(sorted(ids))


def asked_by(session: Session, staff_id: str, limit: int, offset: int = 0) -> tuple[int, ...]:
    """Return the ids of the requests of a person, the latest first."""
    query = (
        select(approval_case.c.id)
        .where(approval_case.c.requester == staff_id)
        .order_by(approval_case.c.opened_at.desc(), approval_case.c.id.desc())
        .limit(limit)
        .offset(offset)
    )
    return tuple(session.execute(query).scalars())


def open_of(session: Session, staff_id: str) -> tuple[int, ...]:
    """Return the ids of the open requests of a person, the oldest first."""
    query = select(approval_case.c.id).where(approval_case.c.requester == staff_id, _OPEN)
    return tuple(session.execute(query.order_by(approval_case.c.id).limit(MOST)).scalars())


def open_on(session: Session, dossier_id: int) -> tuple[int, ...]:
    """Return the ids of the open requests about a dossier, the oldest first."""
    query = select(approval_case.c.id).where(approval_case.c.dossier_id == dossier_id, _OPEN)
    return tuple(session.execute(query.order_by(approval_case.c.id).limit(MOST)).scalars())


def kinds_on(session: Session, dossier_id: int) -> frozenset[str]:
    """Return of which kinds the open requests about a dossier are."""
    query = select(approval_case.c.kind).distinct()
    query = query.where(approval_case.c.dossier_id == dossier_id, _OPEN)
    return frozenset(session.execute(query).scalars())


def due(session: Session, now: datetime, limit: int) -> tuple[int, ...]:
    """Return the ids of the cases on which the clock has to act by `now`, longest due first."""
    return tuple(session.execute(_DUE, {"now": now, "limit": limit}).scalars())


def next_due(session: Session) -> datetime | None:
    """Return when the clock has to act on any case next."""
    return session.execute(_NEXT_DUE).scalar()


def in_name_of(
    session: Session, staff_id: str, since: datetime, until: datetime, limit: int = MOST
) -> tuple[InNameOf, ...]:
    """Return what others decided in a person's stead from `since` up to `until`, in order."""
    query = (
        select(
            case_place.c.case_id,
            case_place.c.decided_by,
            case_place.c.state,
            case_place.c.decided_at,
        )
        .where(
            case_place.c.acting_for == staff_id,
            case_place.c.acting_for.is_not(None),
            case_place.c.decided_at >= since,
            case_place.c.decided_at < until,
        )
        .order_by(case_place.c.decided_at, case_place.c.case_id)
        .limit(limit)
    )
    return tuple(InNameOf(*row) for row in session.execute(query))
