"""Breaches: deadlines of dossiers that passed, one row for each (C-70).

Written once for ever by dossier, duty and day, so that whoever looks twice finds one breach.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

import msgspec
from msgspec.structs import asdict
from sqlalchemy import ColumnElement, Date, delete, exists, func, literal, select

from storage.rounds import Round, Wanted, waiting
from storage.session import Session
from storage.tables import breach, dossier
from storage.types import Instant
from storage.unit import Unit
from storage.upsert import insert_from, insert_or_leave


class Breach(msgspec.Struct, frozen=True):
    dossier_id: int
    duty: str
    """opening, or the id of a row `[[completion]]`."""
    due_on: date
    """Last day that was on time."""
    pack: str
    """Of the policy that sets the deadline."""
    staff_id: str
    """Whose duty it was."""
    rule: str
    at: datetime
    """First late instant."""


def add(unit: Unit, one: Breach) -> bool:
    """Record that the deadline of one dossier passed; False: it was recorded before."""
    return insert_or_leave(unit.session, breach, asdict(one)) == 1


def lift(unit: Unit, dossier_id: int, duty: str, due_on: date) -> None:
    """Take a breach back: what was to be done had been done in time, as came out later."""
    unit.session.execute(
        delete(breach).where(
            breach.c.dossier_id == dossier_id, breach.c.duty == duty, breach.c.due_on == due_on
        )
    )


def miss(unit: Unit, round_: Round, wanted: Wanted, rule: str, limit: int) -> int:
    """Record a breach of up to `limit` dossiers of a round that still wait; returns how many.

    Rule: C-70.
    """
    known = exists().where(
        breach.c.dossier_id == dossier.c.id,
        breach.c.duty == round_.duty,
        breach.c.due_on == round_.due_on,
    )
    query = (
        select(
            dossier.c.id,
            literal(round_.duty),
            literal(round_.due_on, Date),
            literal(round_.pack),
            dossier.c.keeper,
            literal(rule),
            literal(round_.due_at, Instant),
        )
        .where(*waiting(wanted, round_.staff_id), ~known)
        .order_by(dossier.c.id)
        .limit(limit)
    )
    names = ("dossier_id", "duty", "due_on", "pack", "staff_id", "rule", "at")
    return insert_from(unit.session, breach, names, query)


def of_dossier(session: Session, dossier_id: int) -> tuple[Breach, ...]:
    """Return the breaches of a dossier, the first due first."""
    query = select(breach).where(breach.c.dossier_id == dossier_id)
    rows = session.execute(query.order_by(breach.c.due_on, breach.c.duty))
    return tuple(Breach(**row._mapping) for row in rows)


def of_round(session: Session, round_: Round, limit: int) -> tuple[int, ...]:
    """Return dossiers of which a round recorded a breach."""
    query = select(breach.c.dossier_id).where(*_of(round_)).order_by(breach.c.dossier_id)
    return tuple(session.execute(query.limit(limit)).scalars())


def count(session: Session, round_: Round) -> int:
    """Return how many breaches a round ended with."""
    return session.execute(select(func.count()).where(*_of(round_))).scalar_one()


def _of(round_: Round) -> Sequence[ColumnElement[bool]]:
    return (
        breach.c.staff_id == round_.staff_id,
        breach.c.duty == round_.duty,
        breach.c.due_on == round_.due_on,
        breach.c.pack == round_.pack,
    )
