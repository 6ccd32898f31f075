"""Rounds: the dossiers that one person has to complete in one period, as one duty.

Which dossiers those are is not written down but asked: it changes with every field that is filled
in. The trap is a query over all dossiers; each here is of one keeper, by index, and bounded.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import msgspec
from msgspec.structs import asdict
from sqlalchemy import (
    ColumnElement,
    Date,
    Select,
    cast,
    exists,
    func,
    literal,
    literal_column,
    select,
    update,
)

from rules.periods import NEVER, Kept
from rules.upkeep import Completes, Completion
from storage.session import Session
from storage.tables import completion_round, dossier, staff
from storage.unit import Unit
from storage.upsert import insert_or_leave


class Round(msgspec.Struct, frozen=True):
    id: int
    staff_id: str
    """Whose dossiers."""
    pack: str
    duty: str
    """Id of the row `[[completion]]` of that pack's policy."""
    first_on: date
    """First day of the period."""
    due_on: date
    """Last day on time."""
    due_at: datetime | None
    """First late instant; None: it is over."""
    begun_at: datetime
    """Rungs before it are not said."""


class Wanted(msgspec.Struct, frozen=True):
    """Which dossiers a round is about."""

    pack: str
    of: Completes
    first: date
    """First day of the period."""
    from_next: bool
    """Whether those opened in the period are left out (C-71)."""

    @classmethod
    def by(cls, pack: str, duty: Completion, first: date) -> Wanted:
        return cls(pack, duty.of, first, duty.from_next)


# written out, not bound: SQLite must see that its partial indexes fit
_KINDS: dict[Completes, tuple[ColumnElement[bool], ColumnElement[Any]]] = {
    Completes.INCOMPLETE: (dossier.c.missing > literal_column("0"), dossier.c.completed_on),
    Completes.LONG_TERM: (dossier.c.long_term, dossier.c.reviewed_on),
    Completes.ALL: (dossier.c.missing >= literal_column("0"), dossier.c.reviewed_on),
}

_OPEN = completion_round.c.due_at.is_not(None)


def waiting(wanted: Wanted, keeper: Any) -> tuple[ColumnElement[bool], ...]:
    """Return what is true of the dossiers that still wait."""
    kind, done_on = _KINDS[wanted.of]
    opened = func.coalesce(dossier.c.opened_on, cast(literal(NEVER, Date), Date))
    return (
        kind,
        dossier.c.keeper == keeper,
        dossier.c.governed_by == wanted.pack,
        done_on < wanted.first,
        dossier.c.state == "active",
        *((opened < wanted.first,) if wanted.from_next else ()),
    )


def to_complete(
    session: Session, wanted: Wanted, keeper: str, limit: int, *, but: int = 0
) -> tuple[int, ...]:
    """Return the keeper's dossiers that still wait, those untouched for longest first.

    `but`: one that is left out.
    """
    query = (
        select(dossier.c.id)
        .where(*waiting(wanted, keeper), dossier.c.id != but)
        .order_by(_KINDS[wanted.of][1], dossier.c.id)
        .limit(limit)
    )
    return tuple(session.execute(query).scalars())


def count(session: Session, wanted: Wanted, keeper: str, most: int) -> int:
    """Return how many of the keeper's dossiers still wait, `most` standing for that and more."""
    some = select(dossier.c.id).where(*waiting(wanted, keeper)).limit(most).subquery("some")
    return session.execute(select(func.count()).select_from(some)).scalar_one()


def keepers(session: Session, wanted: Wanted, after: str, limit: int) -> list[tuple[str, bool]]:
    """Return the next `limit` people behind `after`, and whether a dossier of theirs waits."""
    query: Select[str, bool] = (
        select(staff.c.id, exists().where(*waiting(wanted, staff.c.id), staff.c.active))
        .where(staff.c.id > after)
        .order_by(staff.c.id)
        .limit(limit)
    )
    return [(row[0], bool(row[1])) for row in session.execute(query)]


def begin(
    unit: Unit,
    staff_id: str,
    wanted: Wanted,
    duty: str,
    *,
    due_on: date,
    due_at: datetime,
    begun_at: datetime,
) -> Round | None:
    """Begin a person's round; None: there is one of that period already."""
    fresh = Round(
        next(unit.ids), staff_id, wanted.pack, duty, wanted.first, due_on, due_at, begun_at
    )
    return fresh if insert_or_leave(unit.session, completion_round, asdict(fresh)) else None


def kept(session: Session, dossier_id: int) -> tuple[str, Kept] | None:
    """Return the pack that governs a dossier, and what the duties to complete it depend on."""
    names = Kept.__struct_fields__
    query = select(dossier.c.governed_by, *(dossier.c[name] for name in names))
    row = session.execute(query.where(dossier.c.id == dossier_id)).one_or_none()
    return None if row is None else (row[0], Kept(*row[1:]))


def get(session: Session, round_id: int) -> Round | None:
    return _one(session, completion_round.c.id == round_id)


def open_of(session: Session, staff_id: str) -> tuple[Round, ...]:
    """Return the rounds of a person that are not over, the first due first."""
    return _rounds(session, completion_round.c.staff_id == staff_id, _OPEN, limit=20)


def due(session: Session, now: datetime, limit: int) -> tuple[Round, ...]:
    """Return rounds whose time is over by `now`, the first due first."""
    return _rounds(session, completion_round.c.due_at <= now, limit=limit)


def next_due(session: Session) -> datetime | None:
    """Return when the time of the next round is over."""
    return session.execute(select(func.min(completion_round.c.due_at)).where(_OPEN)).scalar()


def put_off(unit: Unit, round_id: int, due_on: date, due_at: datetime) -> None:
    """Let a round last longer."""
    _set(unit, round_id, due_on=due_on, due_at=due_at)


def close(unit: Unit, round_id: int) -> None:
    """End a round."""
    _set(unit, round_id, due_at=None)


def done(unit: Unit, dossier_id: int, day: date, *, entered: bool) -> None:
    """Note that a dossier was gone through on that office day, a value `entered` or nothing new.

    Rule: S1-07.2.3b, S1-05.2.
    """
    columns = (dossier.c.reviewed_on, dossier.c.completed_on)
    for column in columns if entered else columns[:1]:
        unit.session.execute(
            update(dossier)
            .where(dossier.c.id == dossier_id, column < day)
            .values({column.name: day})
        )


def _set(unit: Unit, round_id: int, **values: Any) -> None:
    unit.session.execute(
        update(completion_round).where(completion_round.c.id == round_id).values(**values)
    )


def _one(session: Session, *where: ColumnElement[bool]) -> Round | None:
    return next(iter(_rounds(session, *where, limit=1)), None)


def _rounds(session: Session, *where: ColumnElement[bool], limit: int) -> tuple[Round, ...]:
    query = (
        select(completion_round)
        .where(*where)
        .order_by(completion_round.c.due_at, completion_round.c.id)
        .limit(limit)
    )
    return tuple(Round(**row._mapping) for row in session.execute(query))
