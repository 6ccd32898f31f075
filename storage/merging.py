"""Two dossiers of one customer become one; nothing of either is lost.

What the other one held is kept, sealed, under the number it had, and that number leads to the
dossier that stays. The trap: one may be more secret than the other, so the stricter of both holds.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from typing import Any

import msgspec
from msgspec.structs import replace
from sqlalchemy import delete, insert, or_, select, update

from rules.secrecy import AccessLevel, Grade
from storage import (
    affairs,
    attachments,
    cases,
    changes,
    consultations,
    corrections,
    destructions,
    documents,
    dossiers,
    handovers,
    incidents,
    labels,
    loan_queue,
    loans,
    meetings,
)
from storage.dossiers import Dossier, DossierRow
from storage.duplicates import mark_distinct
from storage.names import dossier_keys, grams, normalise
from storage.tables import (
    dossier,
    dossier_distinct,
    dossier_gram,
    dossier_key,
    dossier_merged,
    recent,
    visit,
    visit_note,
)
from storage.unit import Unit
from storage.upsert import changed, insert_or_set

_PLAIN = tuple(
    name
    for name in DossierRow.__struct_fields__
    if name not in ("number", "type", "fields", "grade")
)
"""Fields that are compared one by one."""

_LEVELS = ("", AccessLevel.COMPANY, AccessLevel.DEPARTMENT, AccessLevel.PERSONAL)
"""From many who may see it to few."""


class Plan(msgspec.Struct, frozen=True):
    """What merging would do."""

    keep: Dossier
    gone: Dossier
    obstacles: tuple[str, ...]
    """type, key: what says that these are two; same: it is one dossier already."""
    filled: Mapping[str, str]
    """Fields that were empty, with what they get."""
    differing: Mapping[str, tuple[str, str]]
    """What the one that stays keeps, and what the other one had."""
    row: DossierRow
    """The dossier as it will be."""


class Moved(msgspec.Struct, frozen=True):
    notes: int
    visits: int


def plan(keep: Dossier, gone: Dossier) -> Plan:
    """Return what would become of the two; touches nothing."""
    mine, theirs = _row(keep), _row(gone)
    filled: dict[str, str] = {}
    differing: dict[str, tuple[str, str]] = {}
    values: dict[str, Any] = {}
    for name in _PLAIN:
        one, other = getattr(mine, name), getattr(theirs, name)
        if other and not one and name not in ("level", "grade_until"):
            values[name], filled[name] = other, _words(other)
        elif other and one != other:
            differing[name] = (_words(one), _words(other))
    more = dict(mine.fields)
    for name, other in theirs.fields.items():
        if other and not more.get(name):
            more[name] = filled[f"field:{name}"] = other
        elif other and more[name] != other:
            differing[f"field:{name}"] = (more[name], other)
    if mine.grade != theirs.grade:
        differing["grade"] = (mine.grade, theirs.grade)
    if Grade(theirs.grade) > Grade(mine.grade):
        values |= {"grade": theirs.grade, "grade_until": theirs.grade_until}
    if _LEVELS.index(theirs.level) > _LEVELS.index(mine.level):
        values["level"] = theirs.level
    keys = normalise(mine.key), normalise(theirs.key)
    obstacles = [
        code
        for code, there in (
            ("same", keep.id == gone.id),
            ("type", keep.type != gone.type),
            ("key", all(keys) and keys[0] != keys[1]),
        )
        if there
    ]
    row = replace(mine, **values, fields=more)
    return Plan(keep, gone, tuple(obstacles), filled, differing, row)


def merge(unit: Unit, agreed: Plan, by: str) -> Moved:
    """Carry out a plan without obstacles; return what went to the dossier that stays."""
    keep, gone = agreed.keep, agreed.gone
    index = unit.session.execute(
        select(dossier.c.name_norm, dossier.c.phone_index).where(dossier.c.id == gone.id)
    ).one()
    unit.session.execute(
        insert(dossier_merged).values(
            id=gone.id,
            number=gone.number,
            into_id=keep.id,
            name_norm=index.name_norm,
            type=gone.type,
            key=gone.key,
            phone_index=index.phone_index,
            content=unit.vault.seal("dossier_merged.content", gone.id, _content(gone)),
            merged_by=by,
            merged_at=unit.now,
        )
    )
    unit.session.execute(
        update(dossier_merged).where(dossier_merged.c.into_id == gone.id).values(into_id=keep.id)
    )
    moved = Moved(
        changed(unit.session, _handed_over(visit_note, keep.id, gone.id)),
        changed(unit.session, _handed_over(visit, keep.id, gone.id)),
    )
    cases.merged(unit, keep.id, gone.id)
    consultations.merged(unit, keep.id, gone.id)
    affairs.merged(unit, keep.id, gone.id)
    meetings.merged(unit, keep.id, gone.id)
    incidents.merged(unit, keep.id, gone.id)
    changes.merged(unit, keep.id, gone.id)
    documents.merged(unit, keep.id, gone.id)
    destructions.merged(unit, keep.id, gone.id)
    loans.merged(unit, keep.id, gone.id)
    handovers.merged(unit, keep.id, gone.id)
    loan_queue.merged(unit, keep.id, gone.id)
    corrections.merged(unit, keep.id, gone.id)
    labels.merged(unit, keep.id, gone.id)
    evidence = [one.id for one in attachments.of(unit, "consent", gone.id)]
    attachments.attach(unit, evidence, "consent", keep.id)
    _move_recent(unit, keep.id, gone.id)
    _move_distinct(unit, keep.id, gone.id)
    unit.session.execute(
        delete(dossier_gram).where(
            dossier_gram.c.gram.in_(sorted(grams(index.name_norm))),
            dossier_gram.c.dossier_id == gone.id,
        )
    )
    unit.session.execute(
        delete(dossier_key).where(
            dossier_key.c.key.in_(sorted(dossier_keys(gone.name))),
            dossier_key.c.dossier_id == gone.id,
        )
    )
    unit.session.execute(delete(dossier).where(dossier.c.id == gone.id))
    sealed = dossiers.prepare(unit.vault, keep.id, agreed.row, by=by, at=unit.now).values
    kept = ("id", "number", "state", "created_by", "created_at")
    values = {name: value for name, value in sealed.items() if name not in kept}
    unit.session.execute(update(dossier).where(dossier.c.id == keep.id).values(values))
    return moved


def preserved(unit: Unit, dossier_id: int) -> list[tuple[str, dict[str, Any]]]:
    """Return number and former content of every dossier that was merged into this one."""
    rows = unit.session.execute(
        select(dossier_merged.c.id, dossier_merged.c.number, dossier_merged.c.content)
        .where(dossier_merged.c.into_id == dossier_id)
        .order_by(dossier_merged.c.merged_at, dossier_merged.c.id)
    )
    return [(row.number, json.loads(unit.vault.open(row.content, row.id))) for row in rows]


def _row(held: Dossier) -> DossierRow:
    return DossierRow(**{name: getattr(held, name) for name in DossierRow.__struct_fields__})


def _words(value: object) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)


def _content(held: Dossier) -> str:
    values = {name: getattr(held, name) for name in Dossier.__struct_fields__}
    values["fields"] = dict(held.fields)
    return json.dumps(values, ensure_ascii=False, default=str)


def _handed_over(table: Any, keep: int, gone: int) -> Any:
    return update(table).where(table.c.dossier_id == gone).values(dossier_id=keep)


def _move_recent(unit: Unit, keep: int, gone: int) -> None:
    used: dict[str, Any] = {}
    for row in unit.session.execute(
        select(recent.c.staff_id, recent.c.used_at)
        .where(recent.c.dossier_id.in_((keep, gone)))
        .order_by(recent.c.used_at)
    ):
        used[row.staff_id] = row.used_at
    unit.session.execute(delete(recent).where(recent.c.dossier_id == gone))
    for staff_id, at in used.items():
        latest = {"staff_id": staff_id, "dossier_id": keep, "used_at": at}
        insert_or_set(unit.session, recent, latest, ["used_at"])


def _move_distinct(unit: Unit, keep: int, gone: int) -> None:
    of_gone = or_(dossier_distinct.c.low_id == gone, dossier_distinct.c.high_id == gone)
    pairs = unit.session.execute(
        select(
            dossier_distinct.c.low_id, dossier_distinct.c.high_id, dossier_distinct.c.marked_by
        ).where(of_gone)
    ).all()
    unit.session.execute(delete(dossier_distinct).where(of_gone))
    for low, high, by in pairs:
        other = high if low == gone else low
        if other != keep:
            mark_distinct(unit, keep, other, by)
