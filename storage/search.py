"""Finds customers by name part, pinyin, initials, phone tail or number, in bounded work.

At a million dossiers half of them hold 有限: so nothing is counted or sorted as a whole. The
rarest two-character gram leads; where even that is common, own and recently used dossiers are
looked at first, and only where they do not fill the page the others come as the index yields
them, up to a limit.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import (
    ColumnElement,
    Executable,
    FromClause,
    Integer,
    Select,
    bindparam,
    func,
    literal_column,
    select,
    union_all,
)

from storage.dossiers import phone_digits
from storage.functions import place_of
from storage.names import HIGHEST, dossier_keys, grams, normalise
from storage.query import Query
from storage.session import Session
from storage.tables import (
    dossier,
    dossier_gram,
    dossier_key,
    dossier_merged,
    recent,
    staff,
)
from storage.unit import Unit

__all__ = ["Hit", "find_dossiers", "normalise"]

MAX_FOUND = 200
"""Dossiers of others that one search ranks; further ones need more words."""

NARROW = 400
"""Up to so many index rows a search reads all of them, and its order is exact."""

MAX_OWN = 5000
"""Own dossiers that are looked through when the words are common."""

MAX_PROBED = 20_000
"""Index rows of a common gram that are checked against a second one."""

PROBE = 2000
"""Where the estimate of how common a gram is stops."""

MAX_RECENT = 50

_MAX_GRAMS = 12


class Hit(msgspec.Struct, frozen=True):
    """One dossier that was found; whether its name may be shown is for `rules.access`."""

    id: int
    number: str | None
    name: str
    keeper: str
    keeper_name: str
    grade: str
    level: str
    type: str
    department: str
    state: str
    own: bool
    recent: bool


class _Candidate(NamedTuple):
    id: int
    norm: str
    keeper: str


class _Rarity(NamedTuple):
    """How many dossiers have a gram; sorts the rarer one first."""

    rows: int
    """At most one more than was counted."""
    nearness: int
    """The id of the last of those rows, negative."""
    gram: str


class _Asked(msgspec.Struct, frozen=True):
    """Who looks for what, and how much of it is shown."""

    query: Query
    staff_id: str
    used: Mapping[int, _Candidate]
    """What the person worked on, by id."""
    wanted: int
    """Dossiers on the page and on those before it."""

    def filled(self, near: Iterable[_Candidate]) -> bool:
        """Whether own and recent ones leave no room for those of others."""
        return len({one.id for one in near}) >= self.wanted


_COLUMNS = (dossier.c.id, dossier.c.name_norm, dossier.c.keeper)

_RECENT = (
    select(*_COLUMNS)
    .join_from(recent, dossier, dossier.c.id == recent.c.dossier_id)
    .where(recent.c.staff_id == bindparam("staff_id"))
    .order_by(recent.c.used_at.desc())
    .limit(MAX_RECENT)
)

_OWN = (
    select(*_COLUMNS)
    .where(dossier.c.keeper == bindparam("staff_id"))
    .order_by(dossier.c.name_norm)
    .limit(bindparam("limit"))
)

_NAME_PREFIX = (
    select(*_COLUMNS)
    .where(dossier.c.name_norm >= bindparam("low"), dossier.c.name_norm < bindparam("high"))
    .order_by(dossier.c.name_norm)
    .limit(bindparam("limit"))
)

_BY_NUMBER = union_all(
    select(
        select(*_COLUMNS)
        .where(dossier.c.number >= bindparam("low"), dossier.c.number < bindparam("high"))
        .order_by(dossier.c.number)
        .limit(bindparam("limit"))
        .subquery("named")
    ),
    select(  # of dossiers that were merged: it leads to the one that stayed
        select(*_COLUMNS)
        .join_from(dossier_merged, dossier, dossier.c.id == dossier_merged.c.into_id)
        .where(
            dossier_merged.c.number >= bindparam("low"),
            dossier_merged.c.number < bindparam("high"),
        )
        .order_by(dossier_merged.c.number)
        .limit(bindparam("limit"))
        .subquery("merged")
    ),
)

_OF_GRAM = (
    select(dossier_gram.c.dossier_id)
    .where(dossier_gram.c.gram == bindparam("gram"))
    .limit(bindparam("limit"))
    .subquery()
)
_GRAM_PROBE = select(func.count(), func.max(_OF_GRAM.c.dossier_id))

_KEY_PROBE = select(func.count()).select_from(
    select(literal_column("1"))
    .where(dossier_key.c.key >= bindparam("low"), dossier_key.c.key < bindparam("high"))
    .limit(bindparam("limit"))
    .subquery()
)

_BY_KEY = (
    select(*_COLUMNS)
    .join_from(dossier_key, dossier, dossier.c.id == dossier_key.c.dossier_id)
    .where(dossier_key.c.key >= bindparam("low"), dossier_key.c.key < bindparam("high"))
    .limit(bindparam("limit"))
)

_OWN_BY_KEY = (
    select(*_COLUMNS)
    .join_from(dossier_key, dossier, dossier.c.id == dossier_key.c.dossier_id)
    .where(
        dossier_key.c.keeper == bindparam("staff_id"),
        dossier_key.c.key >= bindparam("low"),
        dossier_key.c.key < bindparam("high"),
    )
    .limit(bindparam("limit"))
)

_BY_TAIL = (
    select(*_COLUMNS, dossier.c.phone)
    .where(dossier.c.phone_tail_index == bindparam("index"))
    .limit(bindparam("limit"))
)

_BY_PHONE = (
    select(*_COLUMNS).where(dossier.c.phone_index == bindparam("index")).limit(bindparam("limit"))
)

_HITS = (
    select(
        dossier.c.id,
        dossier.c.number,
        dossier.c.name,
        dossier.c.keeper,
        staff.c.name.label("keeper_name"),
        dossier.c.grade,
        dossier.c.level,
        dossier.c.type,
        dossier.c.department,
        dossier.c.state,
    )
    .join_from(dossier, staff, staff.c.id == dossier.c.keeper)
    .where(
        dossier.c.id.in_(bindparam("ids", expanding=True)),
        dossier.c.state != literal_column("'destroyed'"),
    )
)


def find_dossiers(
    unit: Unit, words: str, *, staff_id: str, limit: int, offset: int = 0
) -> list[Hit]:
    """Return one page of the dossiers that fit the words: own, then recent, then others.

    Without words: the recently used and the own ones; only who has neither sees the first names
    of the register. Several words have each to occur in the name. At most MAX_FOUND dossiers of
    others are ever reached by paging.
    """
    query = Query.read(words)
    used = _recent(unit.session, staff_id)
    if query.parts:
        asked = _Asked(query, staff_id, used, offset + limit)
        found = _ranked(asked, _found(unit, asked))
    elif words.strip():  # punctuation only: fits no name
        found = []
    else:
        found = _unasked(unit.session, staff_id, used)
    return _hits(unit.session, [one.id for one in found[offset : offset + limit]], staff_id, used)


def _recent(session: Session, staff_id: str) -> Mapping[int, _Candidate]:
    """Return what the person worked on, latest first, by id."""
    return {one.id: one for one in _run(session, _RECENT, {"staff_id": staff_id})}


def _unasked(session: Session, staff_id: str, used: Mapping[int, _Candidate]) -> list[_Candidate]:
    own = _run(session, _OWN, {"staff_id": staff_id, "limit": MAX_FOUND})
    found = list({one.id: one for one in (*used.values(), *own)}.values())
    return found or _run(session, _NAME_PREFIX, {**_prefix(""), "limit": MAX_FOUND})


def _found(unit: Unit, asked: _Asked) -> list[_Candidate]:
    session, query = unit.session, asked.query
    found: list[_Candidate] = []
    if query.digits:
        found += _by_phone(unit, query.digits)
    if query.number:
        found += _run(session, _BY_NUMBER, {**_prefix(query.number), "limit": MAX_FOUND})
    if query.latin:
        found += _by_latin(session, asked)
    found += _by_name(session, asked)
    return found


def _by_phone(unit: Unit, digits: str) -> list[_Candidate]:
    whole = {"index": unit.vault.index(digits), "limit": MAX_FOUND}
    found = _run(unit.session, _BY_PHONE, whole)
    if found:
        return found
    tail = {"index": unit.vault.index(digits[-4:]), "limit": NARROW}
    rows = unit.session.execute(_BY_TAIL, tail).all()
    return [
        _Candidate(row.id, row.name_norm, row.keeper)
        for row in rows
        if len(digits) == 4 or phone_digits(unit.vault.open(row.phone, row.id)).endswith(digits)
    ]


def _by_latin(session: Session, asked: _Asked) -> list[_Candidate]:
    latin = asked.query.latin
    span = _prefix(latin)
    if _count(session, _KEY_PROBE, span, NARROW) <= NARROW:
        return _run(session, _BY_KEY, {**span, "limit": NARROW})
    own = {**span, "staff_id": asked.staff_id, "limit": MAX_FOUND}
    near = [
        *_run(session, _OWN_BY_KEY, own),
        *(
            one
            for one in asked.used.values()
            if any(key.startswith(latin) for key in dossier_keys(one.norm))
        ),
    ]
    if asked.filled(near):
        return near
    return near + _run(session, _BY_KEY, {**span, "limit": MAX_FOUND})


def _by_name(session: Session, asked: _Asked) -> list[_Candidate]:
    query = asked.query
    pairs = sorted({pair for part in query.parts for pair in grams(part)})[:_MAX_GRAMS]
    rare = _rarest(session, pairs)
    if rare and not rare[0].rows:
        return []
    parts = {f"part{at}": part for at, part in enumerate(query.parts)}
    if rare and rare[0].rows <= NARROW:
        return _run(session, _by_gram(len(parts)), {**parts, "gram": rare[0].gram})
    own = {**parts, "words": query.joined, "staff_id": asked.staff_id, "limit": asked.wanted}
    near = _run(session, _own_part(len(parts)), own)
    near += [one for one in asked.used.values() if query.in_name(one.norm)]
    if asked.filled(near):
        return near
    begins = _run(session, _NAME_PREFIX, {**_prefix(query.parts[0]), "limit": MAX_FOUND})
    found = near + [one for one in begins if query.in_name(one.norm)]
    if rare:
        marks = dict(zip(("gram", "second"), (one.gram for one in rare), strict=False))
        common = {**parts, **marks, "probed": MAX_PROBED, "limit": MAX_FOUND}
        found += _run(session, _by_grams(len(rare), len(parts)), common)
    return found


def _rarest(session: Session, pairs: Sequence[str]) -> list[_Rarity]:
    """Return the two rarest grams, rarest first.

    Each count stops where it exceeds the best so far, so common grams cost little. Of two that
    exceed it the one is rarer whose rows reach further: the index yields them by dossier.
    """
    best: list[_Rarity] = []
    most = PROBE if len(pairs) > 1 else NARROW  # one alone is compared with nothing
    bound = most
    for pair in pairs:
        asked = {"gram": pair, "limit": bound + 1}
        rows, last = session.execute(_GRAM_PROBE, asked).one()
        best = sorted([*best, _Rarity(rows, -(last or 0), pair)])[:2]
        bound = min(most, best[0].rows)
        if bound <= NARROW // 10:
            break
    return best


def _in_name(found: FromClause, parts: int) -> list[ColumnElement[bool]]:
    """Return the recheck of what was found by an index: never a reason to find it otherwise.

    The limit inside `found` keeps PostgreSQL from beginning with it, name by name.
    """
    # Normalised words hold neither % nor _.
    return [found.c.name_norm.contains(bindparam(f"part{at}")) for at in range(parts)]


@cache
def _by_gram(parts: int) -> Select[*tuple[Any, ...]]:
    """Return all that have a rare gram and every part.

    How few they are stands in the statement: PostgreSQL plans it before it knows the gram.
    """
    led = (
        select(dossier_gram.c.dossier_id.label("id"))
        .where(dossier_gram.c.gram == bindparam("gram"))
        .limit(literal_column(str(NARROW), Integer))
        .subquery("led")
    )
    named = select(*_COLUMNS).join_from(led, dossier, dossier.c.id == led.c.id)
    return named.where(*_in_name(dossier, parts))


@cache
def _by_grams(grams_: int, parts: int) -> Select[*tuple[Any, ...]]:
    """Return those that have one gram, or two, and every part, in the order of the index.

    All that a row has to have is looked up row by row, and whoever has enough stops. Beside a
    join SQLite first copies all rows of the gram, and PostgreSQL may read all of the second one.
    """
    led = (
        select(dossier_gram.c.dossier_id.label("id"))
        .where(dossier_gram.c.gram == bindparam("gram"))
        .limit(bindparam("probed"))
        .subquery("led")
    )
    of_led = dossier.c.id == led.c.id
    named = select(
        led.c.id,
        select(dossier.c.name_norm).where(of_led).scalar_subquery().label("name_norm"),
        select(dossier.c.keeper).where(of_led).scalar_subquery().label("keeper"),
    )
    if grams_ == 2:
        other = select(dossier_gram.c.dossier_id).where(
            dossier_gram.c.gram == bindparam("second"), dossier_gram.c.dossier_id == led.c.id
        )
        named = named.where(other.scalar_subquery().is_not(None))
    held = named.limit(MAX_PROBED).subquery("held")
    return select(held).where(*_in_name(held, parts)).limit(bindparam("limit"))


@cache
def _own_part(parts: int) -> Select[*tuple[Any, ...]]:
    """Return own dossiers that have every part, in the order of `_fit`."""
    own = (
        select(*_COLUMNS)
        .where(dossier.c.keeper == bindparam("staff_id"))
        .order_by(dossier.c.name_norm)
        .limit(MAX_OWN)
        .subquery("own")
    )
    norm = own.c.name_norm
    return (
        select(own)
        .where(*_in_name(own, parts))
        .order_by(
            norm != bindparam("words"),
            place_of(norm, bindparam("part0")),
            func.length(norm),
            norm,
            own.c.id,
        )
        .limit(bindparam("limit"))
    )


def _ranked(asked: _Asked, found: Iterable[_Candidate]) -> list[_Candidate]:
    """Return each candidate once: own, recent, others; in each the better fit first."""
    groups: tuple[list[_Candidate], ...] = ([], [], [])
    for one in {one.id: one for one in found}.values():
        groups[0 if one.keeper == asked.staff_id else 1 if one.id in asked.used else 2].append(one)
    words, first = asked.query.joined, asked.query.parts[0]
    for group in groups:
        group.sort(key=lambda one: _fit(words, first, one))
    return [*groups[0], *groups[1], *groups[2][:MAX_FOUND]]


def _fit(words: str, first: str, one: _Candidate) -> tuple[bool, int, int, str, int]:
    at = one.norm.find(first)
    return (one.norm != words, at if at >= 0 else len(one.norm), len(one.norm), one.norm, one.id)


def _hits(session: Session, ids: list[int], staff_id: str, used: Collection[int]) -> list[Hit]:
    if not ids:
        return []
    rows = {row.id: row for row in session.execute(_HITS, {"ids": ids})}
    return [
        Hit(**rows[one]._mapping, own=rows[one].keeper == staff_id, recent=one in used)
        for one in ids
        if one in rows
    ]


def _run(session: Session, statement: Executable, values: dict[str, Any]) -> list[_Candidate]:
    return list(map(_Candidate._make, session.execute(statement, values).all()))


def _count(
    session: Session, probe: Select[*tuple[Any, ...]], values: dict[str, str], bound: int
) -> int:
    """Return how many rows there are, at most `bound` + 1."""
    return int(session.execute(probe, {**values, "limit": bound + 1}).scalar_one())


def _prefix(low: str) -> dict[str, str]:
    return {"low": low, "high": low + HIGHEST}
