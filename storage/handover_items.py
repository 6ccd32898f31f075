"""The list of a handover, line by line: what is there, in which form, with how many pages.

A line is written by the giver as papers are found, so that nothing typed is lost; the same line
is what the receiver counts. Photos hang on it as attachments (`handover_item`).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Row, bindparam, func, insert, select, update

from storage.tables import handover_item
from storage.unit import Unit

PHOTOS = "handover_item"
"""Kind of subject under which the photos of a line are kept."""

MOST = 200
"""Lines of one list."""

_SEALED = ("title", "certificate", "reason")


class Item(msgspec.Struct, frozen=True):
    """One line as it lies in the database."""

    id: int
    handover_id: int
    position: int
    item: str
    """Of the checklist; "": a line of its own, whose title says what it is."""
    title: str
    """Of a line of its own, or the name on a deed; else ""."""
    state: str
    """open, present, absent or not_applicable."""
    instead: str
    """The item of the checklist that stands in its place; "": itself."""
    form: str
    """original, copy or photo; "" until it is said."""
    pages: int
    """Of one copy, covers included; 0: not counted."""
    copies: int
    """Of a deed: its quantity."""
    certificate: str
    """Number of a deed."""
    customer_signed: str
    """yes, missing or wrong; "": not said or not needed."""
    staff_signed: str
    """The same, of colleagues."""
    reason: str
    """Why it is absent, or does not apply."""
    supplied_at: datetime | None
    document_id: int | None
    """The paper it became in the archive."""


_OF = (
    select(handover_item)
    .where(handover_item.c.handover_id == bindparam("id"))
    .order_by(handover_item.c.position)
    .limit(MOST)
)

_GET = select(handover_item).where(handover_item.c.id == bindparam("id"))

_LAST = select(func.max(handover_item.c.position)).where(
    handover_item.c.handover_id == bindparam("id")
)

_PUT = update(handover_item).where(handover_item.c.id == bindparam("of"))


def lay(unit: Unit, handover_id: int, items: Sequence[str]) -> None:
    """Begin the list of a handover with these items of its checklist, in order."""
    rows = [_row(next(unit.ids), handover_id, at, item) for at, item in enumerate(items, 1)]
    if rows:
        unit.session.execute(insert(handover_item), rows)


def add(unit: Unit, handover_id: int, title: str) -> int | None:
    """Add a line of its own at the end and return its id; None: the list is full."""
    last = unit.session.execute(_LAST, {"id": handover_id}).scalar() or 0
    if last >= MOST:
        return None
    id_ = next(unit.ids)
    row = _row(id_, handover_id, last + 1, "") | {
        "title": unit.seal("handover_item.title", id_, title)
    }
    unit.session.execute(insert(handover_item), row)
    return id_


def of(unit: Unit, handover_id: int) -> tuple[Item, ...]:
    """Return the list of a handover, in order."""
    rows = unit.session.execute(_OF, {"id": handover_id})
    return tuple(_item(unit, row) for row in rows)


def get(unit: Unit, item_id: int) -> Item | None:
    """Return one line."""
    row = unit.session.execute(_GET, {"id": item_id}).one_or_none()
    return _item(unit, row) if row else None


def put(unit: Unit, item_id: int, **values: Any) -> None:
    """Write what is said of a line; `handovers.save` its handover first."""
    for name in _SEALED:
        if name in values:
            values[name] = unit.seal(f"handover_item.{name}", item_id, values[name] or None)
    unit.session.execute(_PUT, {"of": item_id, **values})


def _row(id_: int, handover_id: int, position: int, item: str) -> dict[str, Any]:
    return {
        "id": id_,
        "handover_id": handover_id,
        "position": position,
        "item": item,
        "state": "open",
        "instead": "",
        "form": "",
        "pages": 0,
        "copies": 1,
        "customer_signed": "",
        "staff_signed": "",
    }


def _item(unit: Unit, row: Row[*tuple[Any, ...]]) -> Item:
    values = {name: getattr(row, name) for name in Item.__struct_fields__}
    for name in _SEALED:
        values[name] = unit.vault.open(values[name], row.id)
    return Item(**values)
