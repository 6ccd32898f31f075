"""Which loans there are: whose, of what, late, to be handed out, out now.

Every question is an index look-up with a bound; the conditions are written as the partial indexes
have them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    bindparam,
    case,
    func,
    literal_column,
    or_,
    select,
)

from storage.loans import Loan, loan_of
from storage.session import Session
from storage.tables import loan
from storage.unit import Unit

MOST = 200
"""Open loans of one person or one dossier that are looked at."""

SLICE = 200
"""Loans of one statement where all of them are read."""

Mark = tuple[datetime, int]
"""Where a page of loans ended: the instant they are ordered by, and the id."""


class Burden(msgspec.Struct, frozen=True):
    """How much somebody has to do with loans now."""

    open: int
    """Asked for, approved, or not all back."""
    out: int
    """Not all back."""
    overdue: int


class Wanted(msgspec.Struct, frozen=True):
    """Which loans of the register are asked for; what is left out says nothing."""

    state: str = ""
    borrower: str = ""
    dossier_id: int | None = None
    since: datetime | None = None
    """Asked for at or after this instant."""
    until: datetime | None = None
    """Asked for before this instant."""


class Late(msgspec.Struct, frozen=True):
    """Whose overdue loans are asked for: of departments, of some people, under some packs, or of
    everyone."""

    departments: Sequence[str] = ()
    borrowers: Sequence[str] = ()
    packs: Sequence[str] = ()
    everyone: bool = False


_END = datetime(9999, 12, 31, tzinfo=UTC)

_OPEN = loan.c.closed_at.is_(None)
_OUT = (loan.c.lent_at.is_not(None), _OPEN)
_APPROVED = loan.c.state == literal_column("'approved'")

_OPEN_OF = (
    select(loan)
    .where(loan.c.borrower == bindparam("of"), _OPEN)
    .order_by(loan.c.id)
    .limit(bindparam("limit"))
)

_OPEN_ON = (
    select(loan)
    .where(loan.c.dossier_id == bindparam("of"), _OPEN)
    .order_by(loan.c.id)
    .limit(bindparam("limit"))
)

_PASSED_TO = (
    select(loan)
    .where(loan.c.holder == bindparam("of"), loan.c.holder.is_not(None), *_OUT)
    .order_by(loan.c.id)
    .limit(bindparam("limit"))
)


def _how_many(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)


_BURDEN = select(
    func.count(),
    _how_many(loan.c.lent_at.is_not(None)),
    _how_many(and_(loan.c.lent_at.is_not(None), loan.c.due_at <= bindparam("now"))),
).where(loan.c.borrower == bindparam("of"), _OPEN)

_TO_HAND_OUT = (
    select(loan)
    .where(_APPROVED, loan.c.pack == bindparam("pack"))
    .order_by(loan.c.approved_at, loan.c.id)
    .limit(bindparam("limit"))
)

_NOT_FETCHED = (
    select(loan.c.id)
    .where(_APPROVED, loan.c.collect_by <= bindparam("now"))
    .order_by(loan.c.collect_by, loan.c.id)
    .limit(bindparam("limit"))
)

_NEXT_LAPSE = (
    select(loan.c.collect_by)
    .where(_APPROVED, loan.c.collect_by.is_not(None))
    .order_by(loan.c.collect_by)
    .limit(1)
)

_RECENT_ON = (
    select(loan)
    .where(loan.c.dossier_id == bindparam("of"))
    .order_by(loan.c.asked_at.desc(), loan.c.id.desc())
    .limit(bindparam("limit"))
)

_SOME_OUT = (
    select(loan)
    .where(*_OUT, loan.c.id > bindparam("after"))
    .order_by(loan.c.id)
    .limit(bindparam("limit"))
)


def open_of(unit: Unit, borrower: str, limit: int = MOST) -> tuple[Loan, ...]:
    """Return the open loans of a person, requests too, the oldest first."""
    return _loans(unit, _OPEN_OF, {"of": borrower, "limit": limit})


def passed_to(unit: Unit, holder: str, limit: int = MOST) -> tuple[Loan, ...]:
    """Return the loans of others whose papers a person has, the oldest first."""
    return _loans(unit, _PASSED_TO, {"of": holder, "limit": limit})


def open_on(unit: Unit, dossier_id: int, limit: int = MOST) -> tuple[Loan, ...]:
    """Return the open loans of a dossier and of papers in it, requests too, the oldest first."""
    return _loans(unit, _OPEN_ON, {"of": dossier_id, "limit": limit})


def burden(session: Session, borrower: str, now: datetime) -> Burden:
    """Return how many loans of a person are open, out and overdue."""
    return Burden(*session.execute(_BURDEN, {"of": borrower, "now": now}).one())


def to_hand_out(unit: Unit, pack: str, limit: int) -> tuple[Loan, ...]:
    """Return the approved loans under a pack that nobody was handed yet, the longest approved
    first."""
    return _loans(unit, _TO_HAND_OUT, {"pack": pack, "limit": limit})


def not_fetched(session: Session, now: datetime, limit: int) -> tuple[int, ...]:
    """Return the ids of the loans that nobody fetched in time, the longest ago first."""
    return tuple(session.execute(_NOT_FETCHED, {"now": now, "limit": limit}).scalars())


def next_lapse(session: Session) -> datetime | None:
    """Return when the next approval lapses unless its papers are fetched."""
    return session.execute(_NEXT_LAPSE).scalar()


def recent_on(unit: Unit, dossier_id: int, limit: int) -> tuple[Loan, ...]:
    """Return the last loans of a dossier and of papers in it, closed ones too, latest first."""
    return _loans(unit, _RECENT_ON, {"of": dossier_id, "limit": limit})


def overdue(
    unit: Unit, now: datetime, late: Late, limit: int, after: Mark | None = None
) -> tuple[Loan, ...]:
    """Return overdue loans, the longest overdue first; `after`: the last mark (due_at, id)."""
    query = select(loan).where(*_late(late), loan.c.due_at <= now)
    if after is not None:
        due_at, id_ = after
        query = query.where(loan.c.due_at >= due_at, or_(loan.c.due_at > due_at, loan.c.id > id_))
    return _loans(unit, query.order_by(loan.c.due_at, loan.c.id).limit(limit), {})


def count_overdue(session: Session, now: datetime, late: Late) -> int:
    query = select(func.count()).select_from(loan).where(*_late(late), loan.c.due_at <= now)
    return session.execute(query).scalar_one()


def register(
    unit: Unit, wanted: Wanted, limit: int, before: Mark | None = None
) -> tuple[Loan, ...]:
    """Return loans and requests, the latest first; `before`: the last mark (asked_at, id)."""
    query = select(loan)
    for column, value in (
        (loan.c.state, wanted.state),
        (loan.c.borrower, wanted.borrower),
        (loan.c.dossier_id, wanted.dossier_id),
    ):
        if value:
            query = query.where(column == value)
    if wanted.since is not None:
        query = query.where(loan.c.asked_at >= wanted.since)
    if wanted.until is not None:
        query = query.where(loan.c.asked_at < wanted.until)
    at, id_ = before or (_END, 0)
    query = query.where(loan.c.asked_at <= at, or_(loan.c.asked_at < at, loan.c.id < id_))
    latest = query.order_by(loan.c.asked_at.desc(), loan.c.id.desc()).limit(limit)
    return _loans(unit, latest, {})


def every_out(unit: Unit) -> Iterator[Loan]:
    """Yield all loans whose papers are not all back, as they were asked for; read in slices.

    Rule: S3-ENG.3.6.
    """
    after = 0
    while some := some_out(unit, after):
        yield from some
        after = some[-1].id


def some_out(unit: Unit, after: int, limit: int = SLICE) -> tuple[Loan, ...]:
    """Return the next loans behind that id whose papers are not all back."""
    return _loans(unit, _SOME_OUT, {"after": after, "limit": limit})


def _late(late: Late) -> tuple[ColumnElement[bool], ...]:
    if late.everyone:
        return _OUT
    if late.packs:
        return (loan.c.pack.in_(late.packs), *_OUT)
    if late.departments:
        return (loan.c.department.in_(late.departments), *_OUT)
    return (loan.c.borrower.in_(late.borrowers), *_OUT)


def _loans(unit: Unit, query: Select[*tuple[Any, ...]], asked: dict[str, Any]) -> tuple[Loan, ...]:
    return tuple(loan_of(unit, row) for row in unit.session.execute(query, asked))
