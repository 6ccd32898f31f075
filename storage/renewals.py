"""Renewals of loans: asked for, granted or refused. What was due before is never erased."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import msgspec
from sqlalchemy import Row, bindparam, func, literal_column, select, update

from storage.errors import Conflict
from storage.loans import Loan
from storage.tables import renewal
from storage.unit import Unit
from storage.upsert import changed, insert_or_leave


class Renewal(msgspec.Struct, frozen=True):
    id: int
    loan_id: int
    n: int
    """1, 2 ... of that loan."""
    asked_at: datetime
    until: date | None
    """Last day on time that is wanted; None: for as long as a long-term loan lasts."""
    long_term: bool
    reason: str
    state: str
    """asked, granted or refused (withdrawn and lapsed too)."""
    before: date | None
    """Last day on time when it was asked for."""


_OF = select(renewal).where(renewal.c.loan_id == bindparam("loan_id")).order_by(renewal.c.n)

_ASKED = select(renewal).where(
    renewal.c.loan_id == bindparam("loan_id"), renewal.c.state == literal_column("'asked'")
)

_LAST = select(func.coalesce(func.max(renewal.c.n), 0)).where(
    renewal.c.loan_id == bindparam("loan_id")
)


def ask(
    unit: Unit,
    held: Loan,
    *,
    until: date | None,
    reason: str,
    at: datetime,
    long_term: bool = False,
) -> int:
    """Keep that a loan is asked to be made longer, and return the id of the request.

    Raises:
        Conflict: another one is not decided yet.
    """
    id_ = next(unit.ids)
    last = unit.session.execute(_LAST, {"loan_id": held.id}).scalar_one()
    values = {
        "id": id_,
        "loan_id": held.id,
        "n": last + 1,
        "asked_at": at,
        "until": until,
        "long_term": long_term,
        "reason": unit.seal("renewal.reason", id_, reason or None),
        "state": "asked",
        "before": held.due_on,
    }
    if not insert_or_leave(unit.session, renewal, values):
        raise Conflict(f"loan {held.id} is asked to be renewed")
    return id_


def get(unit: Unit, renewal_id: int) -> Renewal | None:
    row = unit.session.execute(select(renewal).where(renewal.c.id == renewal_id)).one_or_none()
    return _renewal(unit, row) if row else None


def asked(unit: Unit, loan_id: int) -> Renewal | None:
    """Return the renewal of a loan that is not decided yet."""
    row = unit.session.execute(_ASKED, {"loan_id": loan_id}).one_or_none()
    return _renewal(unit, row) if row else None


def of_loan(unit: Unit, loan_id: int) -> tuple[Renewal, ...]:
    """Return the renewals of a loan, in order, refused ones too."""
    return tuple(_renewal(unit, row) for row in unit.session.execute(_OF, {"loan_id": loan_id}))


def close(unit: Unit, renewal_id: int, state: str) -> None:
    """Say what became of a request: granted or refused.

    Raises:
        Conflict: that was said before.
    """
    asked_for = renewal.c.id == renewal_id, renewal.c.state == "asked"
    if not changed(unit.session, update(renewal).where(*asked_for).values(state=state)):
        raise Conflict(f"renewal {renewal_id} is no longer asked for")


def _renewal(unit: Unit, row: Row[*tuple[Any, ...]]) -> Renewal:
    return Renewal(
        row.id,
        row.loan_id,
        row.n,
        row.asked_at,
        row.until,
        row.long_term,
        unit.vault.open(row.reason, row.id),
        row.state,
        row.before,
    )
