"""Consultations: requests to read a dossier in place. One that is granted is the right to read.

The right opens when it is granted and ends with its last day by itself; nothing is carried out
then, every look asks. One for somebody from outside opens nothing to who asked for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

import msgspec
from sqlalchemy import Row, bindparam, insert, select, update

from storage.errors import Conflict
from storage.session import Session
from storage.tables import consultation
from storage.unit import Unit
from storage.upsert import changed


class Consultation(msgspec.Struct, frozen=True):
    id: int
    dossier_id: int
    staff_id: str
    """Who wants to read."""
    purpose: str
    reason: str
    last_day: date
    """Until when, included."""
    state: str
    """asked, granted, refused, withdrawn or lapsed."""
    asked_at: datetime
    granted_at: datetime | None
    slot: str
    """When to come to the reading room, in the custodian's words; empty: not fixed."""
    outsider_id: int | None
    """Who reads, where that is somebody from outside; None: who asked."""
    parts: tuple[str, ...]
    """Of the dossier; empty: the whole."""


_OPEN_TO = select(consultation.c.dossier_id, consultation.c.parts).where(
    consultation.c.staff_id == bindparam("staff_id"),
    consultation.c.state == "granted",
    consultation.c.last_day >= bindparam("day"),
    consultation.c.outsider_id.is_(None),
)


def add(
    unit: Unit,
    *,
    dossier_id: int,
    staff_id: str,
    purpose: str,
    reason: str,
    last_day: date,
    at: datetime,
    outsider_id: int | None = None,
    parts: Sequence[str] = (),
) -> int:
    """Keep a request and return its id."""
    id_ = next(unit.ids)
    unit.session.execute(
        insert(consultation).values(
            id=id_,
            dossier_id=dossier_id,
            staff_id=staff_id,
            purpose=purpose,
            reason=unit.vault.seal("consultation.reason", id_, reason),
            last_day=last_day,
            state="asked",
            asked_at=at,
            outsider_id=outsider_id,
            parts=" ".join(parts),
        )
    )
    return id_


def get(unit: Unit, consultation_id: int) -> Consultation | None:
    row = unit.session.execute(
        select(consultation).where(consultation.c.id == consultation_id)
    ).one_or_none()
    return _consultation(unit, row) if row else None


def asked(session: Session, staff_id: str, dossier_id: int) -> int | None:
    """Return the person's request to read a dossier that is not decided yet."""
    query = select(consultation.c.id).where(
        consultation.c.staff_id == staff_id,
        consultation.c.state == "asked",
        consultation.c.dossier_id == dossier_id,
        consultation.c.outsider_id.is_(None),
    )
    return session.execute(query.limit(1)).scalar()


def of_outsider(unit: Unit, outsider_id: int) -> list[Consultation]:
    """Return every request to let a visitor read, in order."""
    query = select(consultation).where(consultation.c.outsider_id == outsider_id)
    rows = unit.session.execute(query.order_by(consultation.c.id))
    return [_consultation(unit, row) for row in rows]


def open_to(session: Session, staff_id: str, day: date) -> dict[int, frozenset[str]]:
    """Return the dossiers that are open to a person for a time, on that office day.

    With each its parts, from all that was granted; none: the whole is open.
    """
    found: dict[int, frozenset[str]] = {}
    for dossier_id, words in session.execute(_OPEN_TO, {"staff_id": staff_id, "day": day}):
        some, before = frozenset(words.split()), found.get(dossier_id)
        if before is not None:
            some = some | before if some and before else frozenset()
        found[dossier_id] = some
    return found


def close(unit: Unit, consultation_id: int, state: str, at: datetime) -> None:
    """Say what became of a request: granted, refused, withdrawn or lapsed.

    Raises:
        Conflict: that was said before.
    """
    granted_at = at if state == "granted" else None
    said = (
        update(consultation)
        .where(consultation.c.id == consultation_id, consultation.c.state == "asked")
        .values(state=state, granted_at=granted_at)
    )
    if not changed(unit.session, said):
        raise Conflict(f"consultation {consultation_id} is no longer asked for")


def propose(unit: Unit, consultation_id: int, slot: str) -> None:
    """Say when the reader may come to the reading room."""
    unit.session.execute(
        update(consultation)
        .where(consultation.c.id == consultation_id)
        .values(slot=unit.seal("consultation.slot", consultation_id, slot))
    )


def merged(unit: Unit, keep: int, gone: int) -> None:
    """Let consultations of a dossier that was another one twice be of the one that stays."""
    unit.session.execute(
        update(consultation).where(consultation.c.dossier_id == gone).values(dossier_id=keep)
    )


def _consultation(unit: Unit, row: Row[tuple[object, ...]]) -> Consultation:
    return Consultation(
        row.id,
        row.dossier_id,
        row.staff_id,
        row.purpose,
        unit.vault.open(row.reason, row.id),
        row.last_day,
        row.state,
        row.asked_at,
        row.granted_at,
        unit.vault.open(row.slot, row.id),
        row.outsider_id,
        tuple(row.parts.split()),
    )
