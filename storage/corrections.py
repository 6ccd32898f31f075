"""Corrections of wrong customer data: the plan, what was done, and at which stage each one is.

Which stage may follow which is `rules.corrections`; here it is written once, by a conditional
update, so that two who press at once carry a step out once. What is put right is a change set.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Row, func, insert, literal_column, select, update

from rules.corrections import OPEN, Stage
from storage.counters import next_number
from storage.errors import Conflict
from storage.session import Session
from storage.tables import correction
from storage.unit import Unit
from storage.upsert import changed

WORDS = ("wrong", "remedy", "told", "done", "feedback", "report")
"""Columns of people's words, sealed; "" until somebody wrote them."""


class Correction(msgspec.Struct, frozen=True):
    id: int
    number: str
    dossier_id: int
    set_id: int
    """The change set: what is wrong and what is right, field by field."""
    planner: str
    executor: str
    stage: Stage
    waits_on: str | None
    """Whose turn it is, staff number; None: others decide, or it is over."""
    since: datetime
    """When the stage began; platform time, aware UTC."""
    version: int
    rule: str
    """Clause under which it is done."""
    wrong: str
    """What is wrong, and how that was found."""
    remedy: str
    told: str
    """Who is told, and how."""
    done: str
    feedback: str
    report: str


_OPEN = tuple(stage.value for stage in OPEN)

# written out, not bound: SQLite must see that the partial index fits
_WAITS: ColumnElement[bool] = literal_column("waits_on IS NOT NULL")


def add(
    unit: Unit,
    year: int,
    *,
    dossier_id: int,
    set_id: int,
    planner: str,
    executor: str,
    rule: str,
    at: datetime,
    words: dict[str, str],
) -> int:
    """Keep a plan that waits to be agreed to under the next number of the year; return its id.

    `words`: by column of `WORDS`.
    """
    id_ = next(unit.ids)
    row = {
        "id": id_,
        "number": f"正-{year}-{next_number(unit, 'correction', year):04d}",
        "dossier_id": dossier_id,
        "set_id": set_id,
        "planner": planner,
        "executor": executor,
        "stage": Stage.PLANNED.value,
        "since": at,
        "version": 1,
        "rule": rule,
        **_sealed(unit, id_, words),
    }
    unit.session.execute(insert(correction), row)
    return id_


def get(unit: Unit, correction_id: int) -> Correction | None:
    query = select(correction).where(correction.c.id == correction_id)
    row = unit.session.execute(query).one_or_none()
    return _correction(unit, row) if row else None


def move(
    unit: Unit,
    held: Correction,
    stage: Stage,
    waits_on: str | None,
    at: datetime,
    words: dict[str, str] | None = None,
    *,
    executor: str = "",
) -> Correction:
    """Bring a correction to its next stage, with what somebody wrote; return it as it is then.

    Raises:
        Conflict: somebody was quicker; nothing was written.
    """
    values: dict[str, Any] = {
        "stage": stage.value,
        "waits_on": waits_on,
        "since": at,
        "version": held.version + 1,
        "executor": executor or held.executor,
        **_sealed(unit, held.id, words or {}),
    }
    this = correction.c.id == held.id, correction.c.version == held.version
    if not changed(unit.session, update(correction).where(*this).values(values)):
        raise Conflict(f"correction {held.id} is no longer in version {held.version}")
    moved = get(unit, held.id)
    assert moved is not None  # noqa: S101 - corrections are never deleted
    return moved


def open_on(unit: Unit, dossier_id: int) -> tuple[Correction, ...]:
    """Return the corrections of a dossier that are not over, the oldest first."""
    query = (
        select(correction)
        .where(correction.c.dossier_id == dossier_id, correction.c.stage.in_(_OPEN))
        .order_by(correction.c.id)
    )
    return tuple(_correction(unit, row) for row in unit.session.execute(query))


def waiting(unit: Unit, people: Collection[str], limit: int) -> tuple[Correction, ...]:
    """Return the corrections that wait on one of these people, the longest waiting first."""
    query = (
        select(correction)
        .where(correction.c.waits_on.in_(sorted(people)), _WAITS)
        .order_by(correction.c.since, correction.c.id)
        .limit(limit)
    )
    return tuple(_correction(unit, row) for row in unit.session.execute(query))


def count_waiting(session: Session, people: Collection[str]) -> int:
    query = (
        select(func.count())
        .select_from(correction)
        .where(correction.c.waits_on.in_(sorted(people)), _WAITS)
    )
    return session.execute(query).scalar_one()


def merged(unit: Unit, keep: int, gone: int) -> None:
    """Let corrections of a dossier that was another one twice be of the one that stays."""
    unit.session.execute(
        update(correction).where(correction.c.dossier_id == gone).values(dossier_id=keep)
    )


def _sealed(unit: Unit, id_: int, words: dict[str, str]) -> dict[str, Any]:
    return {name: unit.seal(f"correction.{name}", id_, said) for name, said in words.items()}


def _correction(unit: Unit, row: Row[Any]) -> Correction:
    held = dict(row._mapping)
    for name in WORDS:
        held[name] = unit.vault.open(held[name], row.id)
    return Correction(**{**held, "stage": Stage(held["stage"])})
