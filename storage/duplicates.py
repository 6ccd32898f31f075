"""Dossiers on file that may be one customer twice: same name, same phone, same key.

What is shared is found by walking an index once, never by comparing all with all: at a million
dossiers that takes a second, and memory for one group at a time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import combinations
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, func, literal_column, select, union

from storage.names import normalise
from storage.session import Session
from storage.tables import dossier, dossier_distinct, staff
from storage.unit import Unit
from storage.upsert import insert_or_leave

MAX_MEMBERS = 100
"""Dossiers of one group that are listed."""

_SLICE = 200
"""Groups whose members are read at once."""


class Member(msgspec.Struct, frozen=True):
    id: int
    number: str
    name: str
    keeper: str
    """Name of the person."""
    type: str
    norm: str
    key: str
    """Normalised."""


class Group(msgspec.Struct, frozen=True):
    why: str
    """name, phone or key: what all members share."""
    members: tuple[Member, ...]
    """At least two, by id; at most MAX_MEMBERS."""


_SHARED: tuple[tuple[str, Any, ColumnElement[bool]], ...] = (
    ("name", dossier.c.name_norm, dossier.c.name_norm != ""),
    ("phone", dossier.c.phone_index, dossier.c.phone_index.is_not(None)),
    ("key", dossier.c.key, dossier.c.key != literal_column("''")),  # as the index says it
)


def groups(session: Session) -> Iterator[Group]:
    """Yield the groups of dossiers that are alike, by name, then by phone, then by key.

    Left out are drafts, pairs that `mark_distinct` has marked, dossiers of different types or
    with keys that differ; and under phone and key, those that share their name as well.
    """
    for why, column, there in _SHARED:
        shared = (
            select(column)
            .where(there)
            .group_by(column)
            .having(func.count() > 1)
            .order_by(column)
            .execution_options(yield_per=_SLICE)
        )
        for values in session.execute(shared).scalars().partitions():
            found: dict[Any, list[Member]] = {}
            members = (
                select(
                    column.label("shared"),
                    dossier.c.id,
                    dossier.c.number,
                    dossier.c.name,
                    dossier.c.name_norm,
                    dossier.c.type,
                    dossier.c.key,
                    staff.c.name.label("keeper"),
                )
                .join_from(dossier, staff, staff.c.id == dossier.c.keeper)
                .where(column.in_(values), dossier.c.number.is_not(None))
                .order_by(dossier.c.id)
            )
            for row in session.execute(members):
                group = found.setdefault(row.shared, [])
                if len(group) < MAX_MEMBERS:
                    key = normalise(row.key)
                    group.append(
                        Member(
                            row.id, row.number, row.name, row.keeper, row.type, row.name_norm, key
                        )
                    )
            for value in values:
                if alike := _alike(session, why, found.get(value, [])):
                    yield Group(why, alike)


def _alike(session: Session, why: str, members: list[Member]) -> tuple[Member, ...]:
    """Return those with at least one other that nothing tells them apart from."""
    pairs = [
        (one, other)
        for one, other in combinations(members, 2)
        if one.type == other.type
        and not (one.key and other.key and one.key != other.key)
        and (why == "name" or one.norm != other.norm)
    ]
    marked = _marked(session, {one.id for one in members}) if pairs else frozenset()
    left = {
        member.id for pair in pairs if (pair[0].id, pair[1].id) not in marked for member in pair
    }
    return tuple(one for one in members if one.id in left)


def mark_distinct(unit: Unit, one: int, other: int, by: str) -> bool:
    """Remember that the two are different customers; return whether that is new."""
    row = {
        "low_id": min(one, other),
        "high_id": max(one, other),
        "marked_by": by,
        "marked_at": unit.now,
    }
    known = _marked(unit.session, (one, other))
    insert_or_leave(unit.session, dossier_distinct, row)
    return (row["low_id"], row["high_id"]) not in known


def _marked(session: Session, ids: Iterable[int]) -> frozenset[tuple[int, int]]:
    among = list(ids)
    query = union(
        *(
            select(dossier_distinct.c.low_id, dossier_distinct.c.high_id).where(one.in_(among))
            for one in (dossier_distinct.c.low_id, dossier_distinct.c.high_id)
        )
    )
    return frozenset((low, high) for low, high in session.execute(query))
