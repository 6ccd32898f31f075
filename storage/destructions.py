"""Destruction lists: what a custodian lists, what becomes of every line, who witnessed it.

Nothing here is ever deleted: a line that drops out says why, a list that was given up stays.
The trap is the button of a moment ago: every change raises `rev`, and a list is changed as it was
seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import msgspec
from sqlalchemy import Row, bindparam, insert, literal_column, select, text, update

from rules.destruction import ListState, Manner, Retention
from storage.errors import Conflict
from storage.session import Session
from storage.tables import destruction, destruction_item
from storage.tables.destructions import AGREED
from storage.unit import Unit
from storage.upsert import changed

MOST = 60
"""Lines of one list."""


class DestructionList(msgspec.Struct, frozen=True):
    id: int
    number: str | None
    """For people: 销-2026-0042; None: not sent to who decides yet."""
    drawn_by: str
    department: str
    """That made what is on it."""
    pack: str
    rule: str
    """Clause of the approval."""
    has_witness: bool
    """Whether a witness signs."""
    state: ListState
    begun_at: datetime
    approved_on: date | None
    apart_until: date | None
    """First day on which it may be verified and destroyed; None: it is not kept apart."""
    verified_at: datetime | None
    place: str
    manner: Manner | None
    carried_by: str | None
    witness: str | None
    ended_at: datetime | None
    rev: int


class Listed(msgspec.Struct, frozen=True):
    """That something stands on a list."""

    list_id: int
    number: str | None
    """None: the list is being drawn up."""
    drawn_by: str


class NewItem(msgspec.Struct, frozen=True):
    """One line that is to stand on a list."""

    dossier_id: int
    document_id: int | None
    """None: the dossier as a whole."""
    title: str
    """As it was listed; empty for a dossier."""
    form: str
    """original or copy; empty for a dossier."""
    pages: int
    """Of all copies together; 0: not counted."""
    copies: int
    grade: str
    """When it was listed: the highest of what it held."""
    retention: Retention
    ended_on: date
    grounds: str


class Item(NewItem, frozen=True):
    """One line of a list."""

    id: int
    list_id: int
    position: int
    """1, 2 ... in its list; never given twice."""
    state: str
    """listed, dropped, kept (its list ended without it) or destroyed."""
    why: str
    """It dropped out: code of a reason; else empty."""


_GET = select(destruction).where(destruction.c.id == bindparam("id"))

# written out, not bound: SQLite must see that the partial indexes fit
_DRAFT = select(destruction.c.id).where(
    destruction.c.drawn_by == bindparam("staff_id"), text("state = 'draft'")
)

_AGREED = (
    select(destruction).where(text(AGREED)).order_by(destruction.c.id).limit(bindparam("limit"))
)

_TO_WITNESS = (
    select(destruction)
    .where(destruction.c.witness == bindparam("staff_id"), text("state = 'witnessed'"))
    .order_by(destruction.c.id)
    .limit(bindparam("limit"))
)

_DONE = (
    select(destruction)
    .where(text("state = 'destroyed'"))
    .order_by(destruction.c.ended_at.desc(), destruction.c.id.desc())
    .limit(bindparam("limit"))
    .offset(bindparam("offset"))
)

_LISTED = destruction_item.c.state == literal_column("'listed'")

_ITEMS = (
    select(destruction_item)
    .where(destruction_item.c.list_id == bindparam("list_id"))
    .order_by(destruction_item.c.position)
)

_ON_LISTS = (
    select(
        destruction_item.c.list_id,
        destruction_item.c.document_id,
        destruction.c.number,
        destruction.c.drawn_by,
    )
    .join_from(destruction_item, destruction, destruction.c.id == destruction_item.c.list_id)
    .where(destruction_item.c.dossier_id == bindparam("dossier_id"), _LISTED)
    .order_by(destruction_item.c.id)
)


def begin(
    unit: Unit,
    *,
    drawn_by: str,
    department: str,
    pack: str,
    rule: str,
    has_witness: bool,
    at: datetime,
) -> DestructionList:
    """Begin a list and return it; somebody has one draft at most."""
    id_ = next(unit.ids)
    unit.session.execute(
        insert(destruction).values(
            id=id_,
            drawn_by=drawn_by,
            department=department,
            pack=pack,
            rule=rule,
            has_witness=has_witness,
            state=ListState.DRAFT.value,
            begun_at=at,
            rev=0,
        )
    )
    return _held(unit, id_)


def get(unit: Unit, list_id: int, *, lock: bool = False) -> DestructionList | None:
    """Return a list. `lock`: others wait until this unit is committed before they change it."""
    query = _GET.with_for_update() if lock else _GET
    row = unit.session.execute(query, {"id": list_id}).one_or_none()
    return _list(unit, row) if row else None


def draft_of(unit: Unit, staff_id: str) -> DestructionList | None:
    """Return the list that somebody is drawing up."""
    found = unit.session.execute(_DRAFT, {"staff_id": staff_id}).scalar()
    return None if found is None else get(unit, found)


def agreed(unit: Unit, limit: int) -> tuple[DestructionList, ...]:
    """Return the lists that are approved and not carried out to the end, the oldest first."""
    return tuple(_list(unit, row) for row in unit.session.execute(_AGREED, {"limit": limit}))


def to_witness(unit: Unit, staff_id: str, limit: int) -> tuple[DestructionList, ...]:
    """Return the lists whose destruction somebody is to confirm as the witness."""
    asked = {"staff_id": staff_id, "limit": limit}
    return tuple(_list(unit, row) for row in unit.session.execute(_TO_WITNESS, asked))


def done(unit: Unit, limit: int, offset: int = 0) -> tuple[DestructionList, ...]:
    """Return the lists whose papers are destroyed, the latest first."""
    asked = {"limit": limit, "offset": offset}
    return tuple(_list(unit, row) for row in unit.session.execute(_DONE, asked))


def items(unit: Unit, list_id: int) -> tuple[Item, ...]:
    """Return every line of a list, in order, also those that dropped out."""
    return tuple(_item(unit, row) for row in unit.session.execute(_ITEMS, {"list_id": list_id}))


def on_lists(session: Session, dossier_id: int, document_id: int | None) -> tuple[Listed, ...]:
    """Return the open lists on which a paper stands, by itself or with its whole dossier; of a
    dossier (no `document_id`) also where one of its papers stands."""
    rows = session.execute(_ON_LISTS, {"dossier_id": dossier_id})
    return tuple(
        Listed(row.list_id, row.number, row.drawn_by)
        for row in rows
        if document_id is None or row.document_id in (None, document_id)
    )


def enter(unit: Unit, held: DestructionList, new: Sequence[NewItem]) -> DestructionList:
    """Put lines on a list that is being drawn up, and return it.

    Raises:
        Conflict: it was changed meanwhile.
    """
    last = max((one.position for one in items(unit, held.id)), default=0)
    rows = []
    for position, one in enumerate(new, last + 1):
        id_ = next(unit.ids)
        rows.append(
            {
                "id": id_,
                "list_id": held.id,
                "position": position,
                "dossier_id": one.dossier_id,
                "document_id": one.document_id,
                "title": unit.seal("destruction_item.title", id_, one.title),
                "form": one.form,
                "pages": one.pages,
                "copies": one.copies,
                "grade": one.grade,
                "retention": one.retention.value,
                "ended_on": one.ended_on,
                "grounds": unit.seal("destruction_item.grounds", id_, one.grounds),
                "state": "listed",
                "why": "",
            }
        )
    if rows:
        unit.session.execute(insert(destruction_item), rows)
    return save(unit, held)


def drop(unit: Unit, item_id: int, why: str = "") -> None:
    """Let a line drop out; `why`: code of a reason, empty: its custodian took it off.

    Raises:
        Conflict: it does not stand on its list any more.
    """
    this = destruction_item.c.id == item_id, _LISTED
    values = {"state": "dropped", "why": why}
    if not changed(unit.session, update(destruction_item).where(*this).values(**values)):
        raise Conflict(f"line {item_id} is not listed any more")


def settle(unit: Unit, list_id: int, state: str) -> None:
    """Let every line that still stands on a list be kept or destroyed."""
    unit.session.execute(
        update(destruction_item)
        .where(destruction_item.c.list_id == list_id, _LISTED)
        .values(state=state)
    )


def save(
    unit: Unit, held: DestructionList, *, place: str | None = None, **values: Any
) -> DestructionList:
    """Change a list as it was seen, and return it as it is now.

    Raises:
        Conflict: it was changed meanwhile.
    """
    if place is not None:
        values["place"] = unit.seal("destruction.place", held.id, place)
    this = destruction.c.id == held.id, destruction.c.rev == held.rev
    values["rev"] = held.rev + 1
    if not changed(unit.session, update(destruction).where(*this).values(**values)):
        raise Conflict(f"destruction list {held.id} is no longer in version {held.rev}")
    return _held(unit, held.id)


def merged(unit: Unit, keep: int, gone: int) -> None:
    """Let lines about a dossier that was another one twice be about the one that stays."""
    unit.session.execute(
        update(destruction_item)
        .where(destruction_item.c.dossier_id == gone)
        .values(dossier_id=keep)
    )


def _held(unit: Unit, list_id: int) -> DestructionList:
    found = get(unit, list_id)
    assert found is not None  # noqa: S101 - lists are never deleted
    return found


def _list(unit: Unit, row: Row[*tuple[Any, ...]]) -> DestructionList:
    return DestructionList(
        id=row.id,
        number=row.number,
        drawn_by=row.drawn_by,
        department=row.department,
        pack=row.pack,
        rule=row.rule,
        has_witness=row.has_witness,
        state=ListState(row.state),
        begun_at=row.begun_at,
        approved_on=row.approved_on,
        apart_until=row.apart_until,
        verified_at=row.verified_at,
        place=unit.vault.open(row.place, row.id),
        manner=Manner(row.manner) if row.manner else None,
        carried_by=row.carried_by,
        witness=row.witness,
        ended_at=row.ended_at,
        rev=row.rev,
    )


def _item(unit: Unit, row: Row[*tuple[Any, ...]]) -> Item:
    return Item(
        id=row.id,
        list_id=row.list_id,
        position=row.position,
        dossier_id=row.dossier_id,
        document_id=row.document_id,
        title=unit.vault.open(row.title, row.id),
        form=row.form,
        pages=row.pages,
        copies=row.copies,
        grade=row.grade,
        retention=Retention(row.retention),
        ended_on=row.ended_on,
        grounds=unit.vault.open(row.grounds, row.id),
        state=row.state,
        why=row.why,
    )
