"""What people send outside any conversation: kept until they say what it belongs to.

Photos of one album arrive as several messages without an end mark; they gather in one item.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any

import msgspec
from sqlalchemy import Row, bindparam, func, insert, select, update

from storage.errors import Conflict
from storage.session import Session
from storage.tables import loose
from storage.unit import Unit

MAX_COUNT = 99
"""Open items are counted up to here; one more means "more"."""


class Loose(msgspec.Struct, frozen=True):
    id: int
    staff_id: str
    body: Mapping[str, Any]
    """text, mark (of the message that the text is), place, forwarded; files are attachment rows
    with this as subject."""
    album: str
    state: str
    """open, used or dropped."""
    at: datetime
    """The platform's time."""


_GET = select(loose).where(loose.c.id == bindparam("id"))

_OPEN = (
    select(loose)
    .where(loose.c.staff_id == bindparam("staff_id"), loose.c.state == "open")
    .order_by(loose.c.at.desc(), loose.c.id.desc())
    .limit(bindparam("limit"))
)

_COUNT = select(func.count()).select_from(
    select(loose.c.id)
    .where(loose.c.staff_id == bindparam("staff_id"), loose.c.state == "open")
    .limit(MAX_COUNT + 1)
    .subquery()
)

_ALBUM_REACH = 20


def keep(
    unit: Unit, *, staff_id: str, body: Mapping[str, Any], at: datetime, album: str = ""
) -> int:
    """Keep one item and return its id."""
    id_ = next(unit.ids)
    unit.session.execute(
        insert(loose).values(
            id=id_,
            staff_id=staff_id,
            body=_sealed(unit, id_, body),
            album=album,
            state="open",
            at=at,
        )
    )
    return id_


def get(unit: Unit, loose_id: int) -> Loose | None:
    row = unit.session.execute(_GET, {"id": loose_id}).one_or_none()
    return _loose(unit, row) if row else None


def open_items(unit: Unit, staff_id: str, limit: int = 8) -> tuple[Loose, ...]:
    """Return what waits for a place, latest first."""
    rows = unit.session.execute(_OPEN, {"staff_id": staff_id, "limit": limit})
    return tuple(_loose(unit, row) for row in rows)


def count_open(session: Session, staff_id: str) -> int:
    """Return how many items wait for a place, at most MAX_COUNT + 1."""
    return int(session.execute(_COUNT, {"staff_id": staff_id}).scalar_one())


def by_album(unit: Unit, staff_id: str, album: str) -> Loose | None:
    """Return the open item that gathers this album, among the person's latest."""
    latest = open_items(unit, staff_id, _ALBUM_REACH)
    return next((one for one in latest if album and one.album == album), None)


def rewrite(unit: Unit, loose_id: int, body: Mapping[str, Any]) -> None:
    """Replace what an open item holds: its text was edited, or came with a later photo."""
    unit.session.execute(
        update(loose).where(loose.c.id == loose_id).values(body=_sealed(unit, loose_id, body))
    )


def use(unit: Unit, loose_id: int) -> None:
    """Record that the item found its place.

    Raises:
        Conflict: it was used or dropped already.
    """
    _close(unit, loose_id, "used")


def drop(unit: Unit, loose_id: int) -> None:
    """Record that the person does not want it kept; its content goes.

    Raises:
        Conflict: it was used or dropped already.
    """
    _close(unit, loose_id, "dropped", body=None)


def _close(unit: Unit, loose_id: int, state: str, **values: None) -> None:
    closed = unit.session.execute(
        update(loose)
        .where(loose.c.id == loose_id, loose.c.state == "open")
        .values(state=state, **values)
        .returning(loose.c.id)
    )
    if closed.first() is None:
        raise Conflict(f"loose item {loose_id} is no longer open")


def _sealed(unit: Unit, id_: int, body: Mapping[str, Any]) -> Any:
    return unit.seal("loose.body", id_, json.dumps(dict(body), ensure_ascii=False))


def _loose(unit: Unit, row: Row[*tuple[Any, ...]]) -> Loose:
    body = unit.vault.open(row.body, row.id)
    return Loose(
        id=row.id,
        staff_id=row.staff_id,
        body=MappingProxyType(json.loads(body) if body else {}),
        album=row.album,
        state=row.state,
        at=row.at,
    )
