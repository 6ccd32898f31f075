"""Statistics that an external body asks for, received by customer service (S2-STAT.6)."""

from __future__ import annotations

import msgspec
from sqlalchemy import Row, insert, select, update

from storage.errors import Conflict
from storage.tables import figures_request
from storage.unit import Unit
from storage.upsert import changed


class FiguresRequest(msgspec.Struct, frozen=True):
    id: int
    outsider_id: int
    """Who brought the letter."""
    staff_id: str
    """Staff number of who received it."""
    wanted: str
    """Which figures, in the words of who received it."""
    reason: str
    state: str
    """asked, granted, refused, withdrawn or lapsed."""


def add(unit: Unit, *, outsider_id: int, staff_id: str, wanted: str, reason: str) -> int:
    """Keep a request and return its id."""
    id_ = next(unit.ids)
    unit.session.execute(
        insert(figures_request).values(
            id=id_,
            outsider_id=outsider_id,
            staff_id=staff_id,
            wanted=unit.vault.seal("figures_request.wanted", id_, wanted),
            reason=unit.vault.seal("figures_request.reason", id_, reason),
            state="asked",
            asked_at=unit.now,
        )
    )
    return id_


def get(unit: Unit, request_id: int) -> FiguresRequest | None:
    query = select(figures_request).where(figures_request.c.id == request_id)
    row = unit.session.execute(query).one_or_none()
    return _request(unit, row) if row else None


def of_outsider(unit: Unit, outsider_id: int) -> list[FiguresRequest]:
    """Return what was asked for on one visit, in order."""
    query = select(figures_request).where(figures_request.c.outsider_id == outsider_id)
    rows = unit.session.execute(query.order_by(figures_request.c.id))
    return [_request(unit, row) for row in rows]


def close(unit: Unit, request_id: int, state: str) -> None:
    """Say what became of a request.

    Raises:
        Conflict: that was said before.
    """
    this = figures_request.c.id == request_id, figures_request.c.state == "asked"
    if not changed(unit.session, update(figures_request).where(*this).values(state=state)):
        raise Conflict(f"figures request {request_id} is no longer asked for")


def _request(unit: Unit, row: Row[tuple[object, ...]]) -> FiguresRequest:
    wanted, reason = (unit.vault.open(one, row.id) for one in (row.wanted, row.reason))
    return FiguresRequest(row.id, row.outsider_id, row.staff_id, wanted, reason, row.state)
