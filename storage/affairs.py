"""Affairs: what somebody reports or plans and others decide before it goes on.

A deal that waits for a signature, a complaint whose result is approved before the customer is
answered, statistics that a department wants regularly. An affair goes from state to state by its
own unit only: who comes second meets a conflict.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec
from sqlalchemy import Row, insert, select, update

from storage.errors import Conflict
from storage.tables import affair
from storage.unit import Unit
from storage.upsert import changed


class AffairKind(StrEnum):
    DEAL = "deal"
    COMPLAINT = "complaint"
    STATISTICS = "statistics"
    SPARE_KEY = "sparekey"
    AMENDMENT = "amendment"
    REPORT = "report"


class AffairState(StrEnum):
    """Where an affair stands."""

    OPEN = "open"
    """Nothing is asked of anybody yet: a complaint that is being handled."""
    HELD = "held"
    """Waits for who decides."""
    APPROVED = "approved"
    FREE = "free"
    """Nobody had to decide."""
    ANSWERED = "answered"
    """A complaint: the customer has the answer."""
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"


class Affair(msgspec.Struct, frozen=True):
    id: int
    kind: AffairKind
    staff_id: str
    """Who reported or planned it."""
    dossier_id: int | None
    detail: str
    """Code: way of payment, kind of complaint, how often."""
    words: str
    result: str
    """Of a complaint: how it was settled; empty: not yet."""
    state: AffairState
    at: datetime
    ended_by: str | None
    ended_at: datetime | None


def add(
    unit: Unit,
    kind: AffairKind,
    *,
    staff_id: str,
    detail: str,
    words: str,
    state: AffairState,
    at: datetime,
    dossier_id: int | None = None,
) -> int:
    """Keep an affair and return its id."""
    id_ = next(unit.ids)
    unit.session.execute(
        insert(affair).values(
            id=id_,
            kind=kind.value,
            staff_id=staff_id,
            dossier_id=dossier_id,
            detail=detail,
            words=unit.vault.seal("affair.words", id_, words),
            state=state.value,
            at=at,
        )
    )
    return id_


def get(unit: Unit, affair_id: int) -> Affair | None:
    row = unit.session.execute(select(affair).where(affair.c.id == affair_id)).one_or_none()
    return _affair(unit, row) if row else None


def settle(unit: Unit, affair_id: int, result: str) -> None:
    """Write how a complaint was settled; it waits for who approves that.

    Raises:
        Conflict: it does not stand open any more.
    """
    sealed = unit.vault.seal("affair.result", affair_id, result)
    _moved(unit, affair_id, AffairState.OPEN, state=AffairState.HELD.value, result=sealed)


def move(
    unit: Unit,
    affair_id: int,
    before: AffairState,
    after: AffairState,
    *,
    by: str | None = None,
    at: datetime | None = None,
) -> None:
    """Let an affair go on; `by` and `at`: who ended it and when.

    Raises:
        Conflict: it is no longer in the state `before`.
    """
    _moved(unit, affair_id, before, state=after.value, ended_by=by, ended_at=at)


def merged(unit: Unit, keep: int, gone: int) -> None:
    """Let affairs of a dossier that was another one twice be of the one that stays."""
    unit.session.execute(update(affair).where(affair.c.dossier_id == gone).values(dossier_id=keep))


def _moved(unit: Unit, affair_id: int, before: AffairState, **values: object) -> None:
    this = affair.c.id == affair_id, affair.c.state == before.value
    if not changed(unit.session, update(affair).where(*this).values(**values)):
        raise Conflict(f"affair {affair_id} is no longer {before}")


def _affair(unit: Unit, row: Row[tuple[object, ...]]) -> Affair:
    return Affair(
        id=row.id,
        kind=AffairKind(row.kind),
        staff_id=row.staff_id,
        dossier_id=row.dossier_id,
        detail=row.detail,
        words=unit.vault.open(row.words, row.id),
        result=unit.vault.open(row.result, row.id),
        state=AffairState(row.state),
        at=row.at,
        ended_by=row.ended_by,
        ended_at=row.ended_at,
    )
