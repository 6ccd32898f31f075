"""Incidents: reported, told, confirmed person by person, closed once.

What people wrote is sealed. The trap is two who close at once, or one who confirms twice: every
change names the state before it, and only the first counts.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import (
    Row,
    bindparam,
    func,
    insert,
    literal_column,
    select,
    text,
    update,
)

from storage.counters import next_number
from storage.errors import Conflict
from storage.session import Session
from storage.tables import incident, incident_measure, incident_told
from storage.unit import Unit
from storage.upsert import changed, insert_or_leave

KNOW, CHECK = "know", "check"
"""What somebody is told for: to know of it, or to count after it."""


class Incident(msgspec.Struct, frozen=True):
    id: int
    number: str
    kind: str
    """Of `rules.incidents.IncidentKind`."""
    leak_case: str
    """Of `rules.incidents.LeakCase`; "" where it is no leak."""
    dossier_id: int | None
    loan_id: int | None
    reported_by: str | None
    """Staff number; None: the program found it."""
    words: str
    state: str
    """open or closed."""
    at: datetime
    """The platform's time of the report."""
    closed_at: datetime | None
    closed_by: str | None
    closing: str
    """What was done, in the words of who closed it."""

    @property
    def open(self) -> bool:
        return self.state == "open"

    @property
    def of_count(self) -> bool:
        """Whether nobody reported it but a count of a loan found it."""
        return self.loan_id is not None and self.reported_by is None


class Told(msgspec.Struct, frozen=True):
    """One person who is told of an incident."""

    id: int
    incident_id: int
    staff_id: str
    task: str
    """KNOW or CHECK."""
    role: str
    """Post for which they are told."""
    instead: bool
    """Whether in place of who holds it."""
    told_at: datetime
    confirmed_at: datetime | None


class Measure(msgspec.Struct, frozen=True):
    """One thing that was done."""

    staff_id: str
    code: str
    """Of the checklist; "" where there are words only."""
    words: str
    at: datetime


_GET = select(incident).where(incident.c.id == bindparam("id"))

_OF_LOAN = (
    select(incident)
    .where(
        incident.c.loan_id == bindparam("loan_id"),
        incident.c.loan_id.is_not(None),
        incident.c.kind == bindparam("kind"),
    )
    .order_by(incident.c.id)
    .limit(1)
)

_ALL_OF_LOAN = (
    select(incident)
    .where(incident.c.loan_id == bindparam("loan_id"), incident.c.loan_id.is_not(None))
    .order_by(incident.c.id)
)

_TOLD = select(*(incident_told.c[name] for name in Told.__struct_fields__))

_TOLD_OF = _TOLD.where(incident_told.c.incident_id == bindparam("id")).order_by(incident_told.c.id)

_TOLD_GET = _TOLD.where(incident_told.c.id == bindparam("id"))

# written out, not bound: SQLite must see that the partial indexes fit
_OPEN = incident.c.state == literal_column("'open'")
_LIVE = text("incident_told.live")

_WAITING = select(func.count(incident_told.c.incident_id.distinct())).where(
    incident_told.c.staff_id == bindparam("staff_id"),
    _LIVE,
    incident_told.c.confirmed_at.is_(None),
)


def report(
    unit: Unit,
    *,
    kind: str,
    year: int,
    words: str,
    at: datetime,
    reported_by: str | None,
    leak_case: str = "",
    dossier_id: int | None = None,
    loan_id: int | None = None,
) -> Incident:
    """Keep a report under the next number of the year."""
    id_ = next(unit.ids)
    values = {
        "id": id_,
        "number": f"事-{year}-{next_number(unit, 'incident', year):04d}",
        "kind": kind,
        "leak_case": leak_case,
        "dossier_id": dossier_id,
        "loan_id": loan_id,
        "reported_by": reported_by,
        "words": unit.seal("incident.words", id_, words or None),
        "state": "open",
        "at": at,
    }
    unit.session.execute(insert(incident).values(values))
    found = get(unit, id_)
    assert found is not None  # noqa: S101 - written in this very unit
    return found


def get(unit: Unit, incident_id: int, *, lock: bool = False) -> Incident | None:
    """Return an incident; `lock`: nobody else changes it until the unit ends."""
    query = _GET.with_for_update() if lock else _GET
    row = unit.session.execute(query, {"id": incident_id}).one_or_none()
    return _incident(unit, row) if row else None


def by_number(session: Session, number: str) -> int | None:
    """Return the incident of that number."""
    return session.execute(select(incident.c.id).where(incident.c.number == number)).scalar()


def of_loan(unit: Unit, loan_id: int, kind: str) -> Incident | None:
    """Return the first incident of that kind with a loan, open or closed."""
    row = unit.session.execute(_OF_LOAN, {"loan_id": loan_id, "kind": kind}).first()
    return _incident(unit, row) if row else None


def all_of_loan(unit: Unit, loan_id: int) -> tuple[Incident, ...]:
    """Return the incidents with a loan, open and closed, the first one first."""
    rows = unit.session.execute(_ALL_OF_LOAN, {"loan_id": loan_id})
    return tuple(_incident(unit, row) for row in rows)


def tell(
    unit: Unit, incident_id: int, staff_id: str, *, task: str, role: str, instead: bool
) -> Told | None:
    """Note that a person is told now, and return that; None: they were told before."""
    id_ = next(unit.ids)
    row = {
        "id": id_,
        "incident_id": incident_id,
        "staff_id": staff_id,
        "task": task,
        "role": role,
        "instead": instead,
        "told_at": unit.now,
        "live": True,
    }
    return (
        told_one(unit.session, id_) if insert_or_leave(unit.session, incident_told, row) else None
    )


def told(session: Session, incident_id: int) -> tuple[Told, ...]:
    """Return everybody who is told of an incident, in the order in which they were."""
    return tuple(Told(*row) for row in session.execute(_TOLD_OF, {"id": incident_id}))


def told_one(session: Session, told_id: int) -> Told | None:
    row = session.execute(_TOLD_GET, {"id": told_id}).one_or_none()
    return Told(*row) if row else None


def confirm(unit: Unit, told_id: int, at: datetime) -> bool:
    """Note that the person has confirmed; False: they had before."""
    said = (
        update(incident_told)
        .where(incident_told.c.id == told_id, incident_told.c.confirmed_at.is_(None))
        .values(confirmed_at=at)
    )
    return bool(changed(unit.session, said))


def measure(
    unit: Unit, incident_id: int, *, staff_id: str, at: datetime, code: str = "", words: str = ""
) -> None:
    """Note what a person did about it."""
    id_ = next(unit.ids)
    values = {
        "id": id_,
        "incident_id": incident_id,
        "staff_id": staff_id,
        "code": code,
        "words": unit.seal("incident_measure.words", id_, words or None),
        "at": at,
    }
    unit.session.execute(insert(incident_measure).values(values))


def measures(unit: Unit, incident_id: int) -> tuple[Measure, ...]:
    """Return what was done about an incident, in order."""
    query = (
        select(incident_measure)
        .where(incident_measure.c.incident_id == incident_id)
        .order_by(incident_measure.c.id)
    )
    return tuple(
        Measure(row.staff_id, row.code, unit.vault.open(row.words, row.id), row.at)
        for row in unit.session.execute(query)
    )


def close(unit: Unit, incident_id: int, *, by: str, words: str, at: datetime) -> None:
    """Close an incident with what was done.

    Raises:
        Conflict: it is closed already; nothing was written.
    """
    done = (
        update(incident)
        .where(incident.c.id == incident_id, _OPEN)
        .values(
            state="closed",
            closed_at=at,
            closed_by=by,
            closing=unit.seal("incident.closing", incident_id, words),
        )
    )
    if not changed(unit.session, done):
        raise Conflict(f"incident {incident_id} is closed")
    unit.session.execute(
        update(incident_told).where(incident_told.c.incident_id == incident_id).values(live=False)
    )


def open_on(session: Session, dossier_id: int) -> bool:
    """Return whether something that happened to a dossier is not closed."""
    query = select(incident.c.id).where(incident.c.dossier_id == dossier_id, _OPEN).limit(1)
    return session.execute(query).scalar() is not None


def open_of(session: Session, staff_id: str, limit: int, offset: int = 0) -> tuple[int, ...]:
    """Return the open incidents that a person reported or was told of, the latest first."""
    mine = select(incident.c.id).where(incident.c.reported_by == staff_id, _OPEN)
    heard = select(incident_told.c.incident_id).where(incident_told.c.staff_id == staff_id, _LIVE)
    both = mine.union(heard).subquery("some")
    query = select(both.c.id).order_by(both.c.id.desc()).limit(limit).offset(offset)
    return tuple(session.execute(query).scalars())


def count_waiting(session: Session, staff_id: str) -> int:
    """Return how many open incidents wait for this person's word."""
    return session.execute(_WAITING, {"staff_id": staff_id}).scalar_one()


def merged(unit: Unit, keep: int, gone: int) -> None:
    """Let incidents of a dossier that was another one twice be of the one that stays."""
    unit.session.execute(
        update(incident).where(incident.c.dossier_id == gone).values(dossier_id=keep)
    )


def _incident(unit: Unit, row: Row[Any]) -> Incident:
    values = {name: getattr(row, name) for name in Incident.__struct_fields__}
    for name in ("words", "closing"):
        values[name] = unit.vault.open(values[name], row.id)
    return Incident(**values)
