"""Planned visits: made, moved, cancelled, met by a note.

A card may be a day old: every change names the version it was drawn from and loses against
whoever was quicker.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Row, Select, bindparam, func, insert, select, update

from storage import locks
from storage.errors import Conflict
from storage.session import Session
from storage.tables import dossier, staff, visit, visit_note
from storage.unit import Unit

MAX_MISSED = 20
"""Visits whose note is late that are listed."""


class Visit(msgspec.Struct, frozen=True):
    id: int
    dossier_id: int
    dossier_number: str | None
    dossier_name: str
    keeper: str
    """Of the dossier."""
    grade: str
    """Of the dossier."""
    level: str
    """Of the dossier."""
    dossier_type: str
    department: str
    """Of the dossier."""
    staff_id: str
    staff_department: str
    """Of that person."""
    day: date
    """Office day."""
    state: str
    """planned, noted, cancelled or missed."""
    purpose: str
    from_note: int | None
    """The note whose next contact this is."""
    note_id: int | None
    """The note that met the duty."""
    note_at: datetime | None
    """The platform's time of that note."""
    version: int
    entered_at: datetime
    """The platform's time of entering or last moving it."""
    cancelled_at: datetime | None


_VISIT = (
    select(
        visit,
        dossier.c.number.label("dossier_number"),
        dossier.c.name.label("dossier_name"),
        dossier.c.keeper,
        dossier.c.grade,
        dossier.c.level,
        dossier.c.type.label("dossier_type"),
        dossier.c.department,
        staff.c.department.label("staff_department"),
        visit_note.c.filed_at.label("note_at"),
    )
    .select_from(visit)
    .join(dossier, dossier.c.id == visit.c.dossier_id)
    .join(staff, staff.c.id == visit.c.staff_id)
    .outerjoin(visit_note, visit_note.c.id == visit.c.note_id)
)

_PLANNED = (visit.c.staff_id == bindparam("staff_id"), visit.c.state == "planned")

_GET = _VISIT.where(visit.c.id == bindparam("id"))

_ON_DAY = _VISIT.where(*_PLANNED, visit.c.day == bindparam("day")).order_by(visit.c.id)

_UP_TO = (
    _VISIT.where(*_PLANNED, visit.c.day <= bindparam("day"))
    .order_by(visit.c.day, visit.c.id)
    .limit(bindparam("limit"))
)

_MISSED = (
    _VISIT.where(
        visit.c.staff_id == bindparam("staff_id"),
        visit.c.state == "missed",
        visit.c.day <= bindparam("day"),
    )
    .order_by(visit.c.day.desc(), visit.c.id.desc())
    .limit(bindparam("limit"))
)

_BETWEEN = (
    _VISIT.where(*_PLANNED, visit.c.day >= bindparam("first"), visit.c.day <= bindparam("last"))
    .order_by(visit.c.day, visit.c.id)
    .limit(bindparam("limit"))
)

_FROM = (
    _VISIT.where(*_PLANNED, visit.c.day >= bindparam("day"))
    .order_by(visit.c.day, visit.c.id)
    .limit(bindparam("limit"))
)

_OF_DOSSIER = (
    _VISIT.where(
        visit.c.dossier_id == bindparam("dossier_id"),
        visit.c.day >= bindparam("day"),
        visit.c.state == "planned",
    )
    .order_by(visit.c.day, visit.c.id)
    .limit(bindparam("limit"))
)

_SAME = select(visit.c.id).where(
    *_PLANNED, visit.c.day == bindparam("day"), visit.c.dossier_id == bindparam("dossier_id")
)


def plan(
    unit: Unit,
    *,
    staff_id: str,
    dossier_id: int,
    day: date,
    at: datetime,
    purpose: str = "",
    from_note: int | None = None,
) -> int:
    """Plan a visit entered at `at` and return its id; one that is planned already is kept."""
    same = {"staff_id": staff_id, "dossier_id": dossier_id, "day": day}
    locks.take(unit.session, f"plan:{staff_id}:{dossier_id}:{day}")
    planned: int | None = unit.session.execute(_SAME, same).scalar()
    if planned is not None:
        return planned
    id_ = next(unit.ids)
    values = {
        "id": id_,
        "state": "planned",
        "purpose": unit.seal("visit.purpose", id_, purpose or None),
        "from_note": from_note,
        "version": 1,
        "entered_at": at,
        **same,
    }
    unit.session.execute(insert(visit), values)
    return id_


def get(unit: Unit, visit_id: int) -> Visit | None:
    row = unit.session.execute(_GET, {"id": visit_id}).one_or_none()
    return _visit(unit, row) if row else None


def move(unit: Unit, visit_id: int, *, day: date, version: int, at: datetime) -> int:
    """Move a planned visit to another day and return its new version.

    Raises:
        Conflict: it is no longer planned, or was changed since `version`.
    """
    return _change(unit, visit_id, version, {"day": day, "entered_at": at})


def hand_over(
    unit: Unit, visit_id: int, *, staff_id: str, day: date, version: int, at: datetime
) -> int:
    """Make a planned visit that person's, on that day, and return its new version.

    Raises:
        Conflict: it is no longer planned, or was changed since `version`.
    """
    values = {"staff_id": staff_id, "day": day, "entered_at": at}
    return _change(unit, visit_id, version, values)


def cancel(unit: Unit, visit_id: int, *, version: int, at: datetime) -> int:
    """Call off a planned visit and return its new version.

    Raises:
        Conflict: it is no longer planned, or was changed since `version`.
    """
    return _change(unit, visit_id, version, {"state": "cancelled", "cancelled_at": at})


def miss(unit: Unit, visit_id: int, *, version: int) -> int:
    """Record that a planned visit stayed without a note and return its new version.

    Raises:
        Conflict: it is no longer planned, or was changed since `version`.
    """
    return _change(unit, visit_id, version, {"state": "missed"})


def meet(
    unit: Unit,
    *,
    staff_id: str,
    dossier_id: int,
    day: date,
    note_id: int,
    visit_id: int | None = None,
) -> tuple[int, ...]:
    """Let a note meet the visits that the person planned for that customer and day.

    `visit_id`: and the visit it was written for, whatever its day. Returns their ids, those met
    late (state missed) included.
    """
    waiting = visit.c.state.in_(("planned", "missed"))
    mine = (visit.c.staff_id == staff_id, visit.c.dossier_id == dossier_id, waiting)
    values = {"state": "noted", "note_id": note_id}
    return _each(unit, mine, day, visit_id, values)


def cancel_from(unit: Unit, note_id: int, *, at: datetime) -> tuple[int, ...]:
    """Call off the planned visits that came from a note's next contact; return their ids."""
    gone = unit.session.execute(
        update(visit)
        .where(visit.c.from_note == note_id, visit.c.state == "planned")
        .values(state="cancelled", cancelled_at=at, version=visit.c.version + 1)
        .returning(visit.c.id)
    )
    return tuple(gone.scalars())


def reopen(
    unit: Unit,
    *,
    staff_id: str,
    dossier_id: int,
    day: date,
    note_id: int,
    visit_id: int | None = None,
) -> tuple[int, ...]:
    """Let the duties that a withdrawn or moved note had met be open again; return their ids.

    The arguments are those with which it met them.
    """
    met = (visit.c.state == "noted", visit.c.note_id == note_id)
    mine = (visit.c.staff_id == staff_id, visit.c.dossier_id == dossier_id, *met)
    values = {"state": "planned", "note_id": None}
    return _each(unit, mine, day, visit_id, values)


def _each(
    unit: Unit,
    which: tuple[ColumnElement[bool], ...],
    day: date,
    visit_id: int | None,
    values: dict[str, Any],
) -> tuple[int, ...]:
    """Change the visits of a day and, if given, that one of any day; return their ids."""
    found: list[int] = []
    for this in (visit.c.day == day, visit.c.id == visit_id)[: 1 + (visit_id is not None)]:
        changed = unit.session.execute(
            update(visit)
            .where(*which, this)
            .values(version=visit.c.version + 1, **values)
            .returning(visit.c.id)
        )
        found.extend(changed.scalars())
    return tuple(found)


def planned_on(unit: Unit, staff_id: str, day: date) -> tuple[Visit, ...]:
    """Return the visits a person still has to make or note for that day."""
    return _all(unit, _ON_DAY, {"staff_id": staff_id, "day": day})


def due_for(unit: Unit, staff_id: str, up_to: date, limit: int = 50) -> tuple[Visit, ...]:
    """Return what still wants its note up to and including a day, oldest first.

    Planned visits, and the latest MAX_MISSED whose note is late.
    """
    asked = {"staff_id": staff_id, "day": up_to}
    found = [
        *_all(unit, _MISSED, {**asked, "limit": min(limit, MAX_MISSED)}),
        *_all(unit, _UP_TO, {**asked, "limit": limit}),
    ]
    return tuple(sorted(found, key=lambda one: (one.day, one.id))[:limit])


def open_of(unit: Unit, staff_id: str, limit: int = 50) -> tuple[Visit, ...]:
    """Return all visits of a person that are planned or want their note, oldest first."""
    return due_for(unit, staff_id, date.max, limit)


def planned_between(
    unit: Unit, staff_id: str, first: date, last: date, limit: int = 200
) -> tuple[Visit, ...]:
    """Return the planned visits from `first` to `last`, both included."""
    span = {"staff_id": staff_id, "first": first, "last": last, "limit": limit}
    return _all(unit, _BETWEEN, span)


def coming(unit: Unit, staff_id: str, since: date, limit: int = 50) -> tuple[Visit, ...]:
    """Return the planned visits from a day on, next first."""
    return _all(unit, _FROM, {"staff_id": staff_id, "day": since, "limit": limit})


def planned_of(unit: Unit, staff_ids: Sequence[str], limit: int = 200) -> tuple[Visit, ...]:
    """Return the planned visits of these people, next first."""
    query = _VISIT.where(visit.c.staff_id.in_(staff_ids), visit.c.state == "planned")
    query = query.order_by(visit.c.day, visit.c.id).limit(limit)
    return _all(unit, query, {}) if staff_ids else ()


def count_planned(session: Session, staff_ids: Sequence[str]) -> int:
    """Return how many visits these people have planned."""
    query = select(func.count()).where(visit.c.staff_id.in_(staff_ids), visit.c.state == "planned")
    return session.execute(query).scalar_one() if staff_ids else 0


def coming_to(unit: Unit, dossier_id: int, since: date, limit: int = 8) -> tuple[Visit, ...]:
    """Return everybody's planned visits to a customer from a day on, next first."""
    return _all(unit, _OF_DOSSIER, {"dossier_id": dossier_id, "day": since, "limit": limit})


def _change(unit: Unit, visit_id: int, version: int, values: dict[str, Any]) -> int:
    changed = unit.session.execute(
        update(visit)
        .where(visit.c.id == visit_id, visit.c.version == version, visit.c.state == "planned")
        .values(version=version + 1, **values)
        .returning(visit.c.version)
    ).scalar()
    if changed is None:
        raise Conflict(f"visit {visit_id} is no longer planned in version {version}")
    return int(changed)


def _all(
    unit: Unit, statement: Select[*tuple[Any, ...]], values: dict[str, Any]
) -> tuple[Visit, ...]:
    return tuple(_visit(unit, row) for row in unit.session.execute(statement, values))


def _visit(unit: Unit, row: Row[*tuple[Any, ...]]) -> Visit:
    return Visit(
        id=row.id,
        dossier_id=row.dossier_id,
        dossier_number=row.dossier_number,
        dossier_name=row.dossier_name,
        keeper=row.keeper,
        grade=row.grade,
        level=row.level,
        dossier_type=row.dossier_type,
        department=row.department,
        staff_id=row.staff_id,
        staff_department=row.staff_department,
        day=row.day,
        state=row.state,
        purpose=unit.vault.open(row.purpose, row.id),
        from_note=row.from_note,
        note_id=row.note_id,
        note_at=row.note_at,
        version=row.version,
        entered_at=row.entered_at,
        cancelled_at=row.cancelled_at,
    )
