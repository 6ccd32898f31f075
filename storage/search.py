"""Finds customers by name part, pinyin, initials, phone tail or number, in bounded work.

At a million dossiers half of them hold 有限: so nothing is counted or sorted as a whole. The
rarest two-character gram leads; where even that is common, own and recently used dossiers are
looked at first and the others come as the index yields them, up to a limit.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Select,
    Subquery,
    bindparam,
    func,
    literal_column,
    select,
)
from sqlalchemy.orm import Session

from storage.dossiers import phone_digits
from storage.names import HIGHEST, MAX_KEY, dossier_keys, grams, is_latin, normalise
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

MAX_WORDS = 60
"""Characters of a query that are used."""

_MAX_GRAMS = 12
_MAX_PARTS = 4


@dataclass(frozen=True)
class Hit:
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


@dataclass(frozen=True)
class _Query:
    """What the words can mean."""

    parts: tuple[str, ...]
    """Normalised; each has to occur in the name."""
    latin: str
    """Pinyin or initials; empty if it cannot be."""
    digits: str
    """Phone number or its tail; empty if it cannot be."""
    number: str
    """Beginning of a dossier number; empty if it cannot be."""

    @classmethod
    def read(cls, words: str) -> _Query:
        plain = unicodedata.normalize("NFKC", words).strip()[:MAX_WORDS]
        parts = tuple(part for part in map(normalise, plain.split()) if part)[:_MAX_PARTS]
        joined = normalise(plain)
        digits = phone_digits(plain)
        whole = (joined, joined.removeprefix("86"))
        return cls(
            parts=parts,
            latin=joined[:MAX_KEY] if is_latin(joined) else "",
            digits=digits if len(digits) >= 4 and digits in whole else "",
            number=plain.upper() if any(one.isdigit() for one in plain) else "",
        )

    def in_name(self, norm: str) -> bool:
        return all(part in norm for part in self.parts)


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

_NUMBER_PREFIX = (
    select(*_COLUMNS)
    .where(dossier.c.number >= bindparam("low"), dossier.c.number < bindparam("high"))
    .order_by(dossier.c.number)
    .limit(bindparam("limit"))
)

_OLD_NUMBER_PREFIX = (  # of dossiers that were merged: it leads to the one that stayed
    select(*_COLUMNS)
    .join_from(dossier_merged, dossier, dossier.c.id == dossier_merged.c.into_id)
    .where(
        dossier_merged.c.number >= bindparam("low"), dossier_merged.c.number < bindparam("high")
    )
    .order_by(dossier_merged.c.number)
    .limit(bindparam("limit"))
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
    query = _Query.read(words)
    used = _recent(unit.session, staff_id)
    if query.parts:
        found = _ranked(query, _found(unit, query, staff_id, used), staff_id, used)
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


def _found(
    unit: Unit, query: _Query, staff_id: str, used: Mapping[int, _Candidate]
) -> list[_Candidate]:
    session = unit.session
    found: list[_Candidate] = []
    if query.digits:
        found += _by_phone(unit, query.digits)
    if query.number:
        span = {**_prefix(query.number), "limit": MAX_FOUND}
        found += _run(session, _NUMBER_PREFIX, span)
        found += _run(session, _OLD_NUMBER_PREFIX, span)
    if query.latin:
        found += _by_latin(session, query.latin, staff_id, used)
    found += _by_name(session, query, staff_id, used)
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


def _by_latin(
    session: Session, latin: str, staff_id: str, used: Mapping[int, _Candidate]
) -> list[_Candidate]:
    span = _prefix(latin)
    if _count(session, _KEY_PROBE, span, NARROW) <= NARROW:
        return _run(session, _BY_KEY, {**span, "limit": NARROW})
    own = {**span, "staff_id": staff_id, "limit": MAX_FOUND}
    return [
        *_run(session, _OWN_BY_KEY, own),
        *(
            one
            for one in used.values()
            if any(key.startswith(latin) for key in dossier_keys(one.norm))
        ),
        *_run(session, _BY_KEY, {**span, "limit": MAX_FOUND}),
    ]


def _by_name(
    session: Session, query: _Query, staff_id: str, used: Mapping[int, _Candidate]
) -> list[_Candidate]:
    pairs = sorted({pair for part in query.parts for pair in grams(part)})[:_MAX_GRAMS]
    rare = _rarest(session, pairs)
    parts = {f"part{at}": part for at, part in enumerate(query.parts)}
    if rare and rare[0].rows <= NARROW:
        narrow = {"gram": rare[0].gram, "probed": NARROW, "limit": NARROW}
        return _run(session, _by_grams(1, len(parts)), {**parts, **narrow})
    begins = _run(session, _NAME_PREFIX, {**_prefix(query.parts[0]), "limit": MAX_FOUND})
    found = [one for one in (*used.values(), *begins) if query.in_name(one.norm)]
    found += _run(session, _own_part(len(parts)), {**parts, "staff_id": staff_id})
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
    bound = PROBE
    for pair in pairs:
        asked = {"gram": pair, "limit": bound + 1}
        rows, last = session.execute(_GRAM_PROBE, asked).one()
        best = sorted([*best, _Rarity(rows, -(last or 0), pair)])[:2]
        if (bound := best[0].rows) <= NARROW // 10:
            break
    return best


def _in_name(found: Subquery, parts: int) -> list[ColumnElement[bool]]:
    """Return the recheck of what was found by an index: never a reason to find it otherwise.

    The limit inside `found` keeps PostgreSQL from beginning with it, name by name.
    """
    # Normalised words hold neither % nor _.
    return [found.c.name_norm.contains(bindparam(f"part{at}")) for at in range(parts)]


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
    own = (
        select(*_COLUMNS)
        .where(dossier.c.keeper == bindparam("staff_id"))
        .order_by(dossier.c.name_norm)
        .limit(MAX_OWN)
        .subquery("own")
    )
    return select(own).where(*_in_name(own, parts)).limit(MAX_FOUND)


def _ranked(
    query: _Query, found: Iterable[_Candidate], staff_id: str, used: Mapping[int, _Candidate]
) -> list[_Candidate]:
    """Return each candidate once: own, recent, others; in each the better fit first."""
    groups: tuple[list[_Candidate], ...] = ([], [], [])
    for one in {one.id: one for one in found}.values():
        groups[0 if one.keeper == staff_id else 1 if one.id in used else 2].append(one)
    words = "".join(query.parts)
    for group in groups:
        group.sort(key=lambda one: (*_fit(words, query.parts[0], one.norm), one.norm, one.id))
    return [*groups[0], *groups[1], *groups[2][:MAX_FOUND]]


def _fit(words: str, first: str, norm: str) -> tuple[bool, int, int]:
    at = norm.find(first)
    return (norm != words, at if at >= 0 else len(norm), len(norm))


def _hits(session: Session, ids: list[int], staff_id: str, used: Collection[int]) -> list[Hit]:
    if not ids:
        return []
    rows = {row.id: row for row in session.execute(_HITS, {"ids": ids})}
    return [
        Hit(**rows[one]._mapping, own=rows[one].keeper == staff_id, recent=one in used)
        for one in ids
        if one in rows
    ]


def _run(
    session: Session, statement: Select[*tuple[Any, ...]], values: dict[str, Any]
) -> list[_Candidate]:
    return list(map(_Candidate._make, session.execute(statement, values).all()))


def _count(
    session: Session, probe: Select[*tuple[Any, ...]], values: dict[str, str], bound: int
) -> int:
    """Return how many rows there are, at most `bound` + 1."""
    return int(session.execute(probe, {**values, "limit": bound + 1}).scalar_one())


def _prefix(low: str) -> dict[str, str]:
    return {"low": low, "high": low + HIGHEST}
