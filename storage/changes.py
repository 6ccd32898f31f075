"""Changes of a dossier, proposed field by field: gathered, handed in, decided, and kept.

A change holds the value its proposer saw and the one it replaced, so that the history of a field
can be told. The trap is the second person on one field: a change takes effect only while the
field still holds what its proposer, or whoever was shown both values since, had seen.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Row, delete, exists, func, insert, literal_column, select, update

from storage import dossier_fields, dossiers
from storage.errors import Conflict
from storage.session import Session
from storage.tables import change_set, field_change
from storage.unit import Unit
from storage.upsert import changed, insert_or_leave

_MOST = 100
"""Open proposals of one dossier, or entries of one field's history, that are read."""


class FieldChange(msgspec.Struct, frozen=True):
    """One field of a change set; values opened, "" for an empty field."""

    id: int
    set_id: int
    dossier_id: int
    field: str
    old: str
    """What the field held when the proposer saw it, or was last shown both values."""
    new: str
    replaced: str
    """What it held when the change was applied; "" until then."""
    state: str
    """draft, proposed, applied, refused, withdrawn or superseded: changed by another meanwhile."""
    decided_by: str
    decided_at: datetime | None
    rule: str
    """Clause under which it was decided."""


class ChangeSet(msgspec.Struct, frozen=True):
    id: int
    dossier_id: int
    proposed_by: str
    note_id: int | None
    """The visit note whose facts it takes up; None: from the update form."""
    source: str
    """Role whose material it rests on (S1-01.4); "" where the policy does not ask."""
    state: str
    """draft, proposed, decided or withdrawn."""
    rev: int
    begun_at: datetime
    proposed_at: datetime | None
    rows: tuple[FieldChange, ...]
    """In the order in which they were entered."""

    def row(self, field: str) -> FieldChange | None:
        """Return the change of that field, if there is one."""
        return next((one for one in self.rows if one.field == field), None)


class Outcome(msgspec.Struct, frozen=True):
    """What became of a change set that was decided for."""

    applied: tuple[FieldChange, ...]
    superseded: tuple[FieldChange, ...]
    """Not written: the field holds something else by now than what was seen."""


# written out, not bound: SQLite must see that the partial indexes fit
_DRAFT = change_set.c.state == literal_column("'draft'")
_OPEN = field_change.c.state == literal_column("'proposed'")


def get(unit: Unit, set_id: int) -> ChangeSet | None:
    """Return a change set with its fields."""
    row = unit.session.execute(select(change_set).where(change_set.c.id == set_id)).one_or_none()
    if row is None:
        return None
    rows = unit.session.execute(
        select(field_change).where(field_change.c.set_id == set_id).order_by(field_change.c.id)
    )
    return ChangeSet(**row._mapping, rows=tuple(_opened(unit, one) for one in rows))


def draft_of(unit: Unit, staff_id: str, dossier_id: int) -> ChangeSet | None:
    """Return what the person has gathered for a dossier and not handed in yet."""
    query = select(change_set.c.id).where(
        change_set.c.proposed_by == staff_id, change_set.c.dossier_id == dossier_id, _DRAFT
    )
    found = unit.session.execute(query).scalar()
    return None if found is None else get(unit, found)


def drafts_of(unit: Unit, staff_id: str, limit: int) -> tuple[int, ...]:
    """Return the dossiers for which the person has gathered changes, the latest first."""
    query = (
        select(change_set.c.dossier_id)
        .where(change_set.c.proposed_by == staff_id, _DRAFT)
        .where(exists().where(field_change.c.set_id == change_set.c.id))
        .order_by(change_set.c.id.desc())
        .limit(limit)
    )
    return tuple(unit.session.execute(query).scalars())


def gather(
    unit: Unit,
    staff_id: str,
    dossier_id: int,
    values: Mapping[str, str],
    seen: Mapping[str, str],
    *,
    note_id: int | None = None,
) -> int:
    """Add changes to what the person gathers for a dossier and return the id of the set.

    `values`: new values by field, "" to empty one; `seen`: what each field held on the card. A
    field that is changed back to what it holds is taken out.
    """
    set_id = _begun(unit, staff_id, dossier_id, note_id)
    for field, new in values.items():
        unit.session.execute(
            delete(field_change).where(
                field_change.c.set_id == set_id, field_change.c.field == field
            )
        )
        if new == seen.get(field, ""):
            continue
        id_ = next(unit.ids)
        row = {
            "id": id_,
            "set_id": set_id,
            "dossier_id": dossier_id,
            "field": field,
            "old": _sealed(unit, "old", id_, seen.get(field, "")),
            "new": _sealed(unit, "new", id_, new),
            "state": "draft",
        }
        unit.session.execute(insert(field_change), row)
    _touch(unit, set_id)
    return set_id


def drop(unit: Unit, held: ChangeSet, field: str) -> None:
    """Take a field out of what is gathered."""
    unit.session.execute(
        delete(field_change).where(
            field_change.c.set_id == held.id,
            field_change.c.field == field,
            field_change.c.state == "draft",
        )
    )
    _touch(unit, held.id)


def face(unit: Unit, held: ChangeSet, field: str, present: str) -> None:
    """Let a change stand over `present`: whoever says so was shown both values."""
    row = held.row(field)
    if row is not None:
        unit.session.execute(
            update(field_change)
            .where(field_change.c.id == row.id)
            .values(old=_sealed(unit, "old", row.id, present))
        )
        _touch(unit, held.id)


def rest_on(unit: Unit, held: ChangeSet, source: str) -> None:
    """Note whose material gathered changes rest on, a role. Rule: S1-01.4."""
    unit.session.execute(
        update(change_set).where(change_set.c.id == held.id, _DRAFT).values(source=source)
    )
    _touch(unit, held.id)


def discard(unit: Unit, held: ChangeSet) -> None:
    """Forget what was gathered and never handed in."""
    unit.session.execute(delete(field_change).where(field_change.c.set_id == held.id))
    unit.session.execute(delete(change_set).where(change_set.c.id == held.id, _DRAFT))


def propose(unit: Unit, held: ChangeSet, at: datetime) -> None:
    """Hand a gathered set in.

    Raises:
        Conflict: it was changed or handed in since `held` was read.
    """
    _move(unit, held, "draft", state="proposed", proposed_at=at)
    _decide(unit, held, state="proposed")


def withdraw(unit: Unit, held: ChangeSet, *, by: str, at: datetime) -> None:
    """Take a proposal back.

    Raises:
        Conflict: it is no longer proposed.
    """
    _move(unit, held, "proposed", state="withdrawn")
    _decide(unit, held, state="withdrawn", decided_by=by, decided_at=at)


def refuse(unit: Unit, held: ChangeSet, *, by: str, rule: str, at: datetime) -> None:
    """Decide against a proposal; the dossier stays as it is.

    Raises:
        Conflict: it is no longer proposed.
    """
    _move(unit, held, "proposed", state="decided")
    _decide(unit, held, state="refused", decided_by=by, decided_at=at, rule=rule)


def apply(
    unit: Unit, held: ChangeSet, *, by: str, rule: str, at: datetime, key_field: str
) -> Outcome:
    """Write a proposal into its dossier, field by field.

    A field that holds something else by now than what was seen stays as it is.

    Raises:
        Conflict: it is no longer proposed.
    """
    _move(unit, held, "proposed", state="decided")
    dossier = dossiers.get(unit, held.dossier_id, lock=True)
    assert dossier is not None  # noqa: S101 - the set refers to it
    applied: list[FieldChange] = []
    superseded: list[FieldChange] = []
    for row in held.rows:
        present = dossier_fields.value(dossier, row.field, key_field)
        fits = present in (row.old, row.new)
        (applied if fits else superseded).append(row)
        unit.session.execute(
            update(field_change)
            .where(field_change.c.id == row.id)
            .values(
                state="applied" if fits else "superseded",
                replaced=_sealed(unit, "replaced", row.id, present),
                decided_by=by,
                decided_at=at,
                rule=rule,
            )
        )
    values = {row.field: row.new for row in applied}
    dossier_fields.write(unit, dossier.id, values, key_field)
    return Outcome(tuple(applied), tuple(superseded))


def open_on(unit: Unit, dossier_id: int) -> tuple[tuple[str, FieldChange], ...]:
    """Return the proposals on a dossier that wait to be decided, each with its proposer."""
    query = (
        select(change_set.c.proposed_by, field_change)
        .join(change_set, change_set.c.id == field_change.c.set_id)
        .where(field_change.c.dossier_id == dossier_id, _OPEN)
        .order_by(field_change.c.id)
        .limit(_MOST)
    )
    rows = unit.session.execute(query)
    return tuple((row.proposed_by, _opened(unit, row)) for row in rows)


def history(unit: Unit, dossier_id: int, field: str = "") -> tuple[tuple[str, FieldChange], ...]:
    """Return what was changed in a dossier, the latest first, each with its proposer.

    `field`: in this field only.
    """
    of_field = (field_change.c.field == field,) if field else ()
    query = (
        select(change_set.c.proposed_by, field_change)
        .join(change_set, change_set.c.id == field_change.c.set_id)
        .where(
            field_change.c.dossier_id == dossier_id,
            field_change.c.state == "applied",
            *of_field,
        )
        .order_by(field_change.c.decided_at.desc(), field_change.c.id.desc())
        .limit(_MOST)
    )
    rows = unit.session.execute(query)
    return tuple((row.proposed_by, _opened(unit, row)) for row in rows)


def last_changed(session: Session, dossier_id: int) -> dict[str, datetime]:
    """Return when each field of a dossier was last changed, by field; others never were."""
    query = (
        select(field_change.c.field, func.max(field_change.c.decided_at))
        .where(field_change.c.dossier_id == dossier_id, field_change.c.state == "applied")
        .group_by(field_change.c.field)
    )
    return {row[0]: row[1] for row in session.execute(query)}


def merged(unit: Unit, keep: int, gone: int) -> None:
    """Give the changes of a dossier that was another one twice to the one that stays.

    What was gathered for it and not handed in is forgotten.
    """
    gathered = select(change_set.c.id).where(change_set.c.dossier_id == gone, _DRAFT)
    for id_ in unit.session.execute(gathered).scalars().all():
        unit.session.execute(delete(field_change).where(field_change.c.set_id == id_))
        unit.session.execute(delete(change_set).where(change_set.c.id == id_))
    for table in (change_set, field_change):
        unit.session.execute(
            update(table).where(table.c.dossier_id == gone).values(dossier_id=keep)
        )


def _begun(unit: Unit, staff_id: str, dossier_id: int, note_id: int | None) -> int:
    row = {
        "id": next(unit.ids),
        "dossier_id": dossier_id,
        "proposed_by": staff_id,
        "note_id": note_id,
        "state": "draft",
        "rev": 1,
        "begun_at": unit.now,
    }
    insert_or_leave(unit.session, change_set, row)
    query = select(change_set.c.id).where(
        change_set.c.proposed_by == staff_id, change_set.c.dossier_id == dossier_id, _DRAFT
    )
    set_id: int = unit.session.execute(query).scalar_one()
    if note_id is not None:
        unit.session.execute(
            update(change_set).where(change_set.c.id == set_id).values(note_id=note_id)
        )
    return set_id


def _touch(unit: Unit, set_id: int) -> None:
    unit.session.execute(
        update(change_set).where(change_set.c.id == set_id).values(rev=change_set.c.rev + 1)
    )


def _move(unit: Unit, held: ChangeSet, before: str, **values: Any) -> None:
    this = (
        change_set.c.id == held.id,
        change_set.c.state == before,
        change_set.c.rev == held.rev,
    )
    moved = update(change_set).where(*this).values(rev=held.rev + 1, **values)
    if not changed(unit.session, moved):
        raise Conflict(f"change set {held.id} is no longer {before} as it was read")


def _decide(unit: Unit, held: ChangeSet, **values: Any) -> None:
    unit.session.execute(
        update(field_change).where(field_change.c.set_id == held.id).values(**values)
    )


def _sealed(unit: Unit, column: str, id_: int, words: str) -> Any:
    return unit.seal(f"field_change.{column}", id_, words or None)


def _opened(unit: Unit, row: Row[Any]) -> FieldChange:
    held = {name: row._mapping[name] for name in FieldChange.__struct_fields__}
    for name in ("old", "new", "replaced"):
        held[name] = unit.vault.open(held[name], row.id)
    return FieldChange(**held)
