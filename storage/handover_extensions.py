"""More time for a handover: asked for with a reason, granted or refused (S4-LOAN.4.5b).

Of one leg at most one request is open; the day as it was stays known.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import msgspec
from sqlalchemy import Row, bindparam, select, update

from storage.errors import Conflict
from storage.tables import handover_extension
from storage.unit import Unit
from storage.upsert import changed, insert_or_leave


class Extension(msgspec.Struct, frozen=True):
    """A request as it lies in the database."""

    id: int
    handover_id: int
    leg: int
    asked_by: str
    asked_at: datetime
    until: date
    reason: str
    state: str
    """asked, granted, refused or withdrawn."""
    before: date | None
    """Last day on time as it was."""


_GET = select(handover_extension).where(handover_extension.c.id == bindparam("id"))

_OF = (
    select(handover_extension)
    .where(handover_extension.c.handover_id == bindparam("id"))
    .order_by(handover_extension.c.id)
)

_DECIDE = update(handover_extension).where(
    handover_extension.c.id == bindparam("of"), handover_extension.c.state == "asked"
)


def ask(
    unit: Unit, *, handover_id: int, leg: int, by: str, at: datetime, until: date, reason: str
) -> int | None:
    """Keep a request and return its id; None: one is open already."""
    id_ = next(unit.ids)
    row = {
        "id": id_,
        "handover_id": handover_id,
        "leg": leg,
        "asked_by": by,
        "asked_at": at,
        "until": until,
        "reason": unit.seal("handover_extension.reason", id_, reason),
        "state": "asked",
    }
    return id_ if insert_or_leave(unit.session, handover_extension, row) else None


def get(unit: Unit, extension_id: int) -> Extension | None:
    """Return one request."""
    row = unit.session.execute(_GET, {"id": extension_id}).one_or_none()
    return _extension(unit, row) if row else None


def of(unit: Unit, handover_id: int) -> tuple[Extension, ...]:
    """Return the requests of a handover, the first one first."""
    return tuple(_extension(unit, row) for row in unit.session.execute(_OF, {"id": handover_id}))


def decide(unit: Unit, extension_id: int, state: str, before: date | None = None) -> None:
    """Close a request; `before`: the last day on time as it was, where it is granted.

    Raises:
        Conflict: it is closed already.
    """
    if not changed(unit.session, _DECIDE, {"of": extension_id, "state": state, "before": before}):
        raise Conflict(f"extension {extension_id} is decided")


def _extension(unit: Unit, row: Row[*tuple[Any, ...]]) -> Extension:
    values = {name: getattr(row, name) for name in Extension.__struct_fields__}
    values["reason"] = unit.vault.open(row.reason, row.id)
    return Extension(**values)
