"""Customer dossiers: one row each, and the index rows by which it is found.

Sealed values are opened here and nowhere above. The trap: a name or keeper changed without its
index rows would be found under what it was; only this module writes either.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import islice
from types import MappingProxyType

from sqlalchemy import bindparam, delete, insert, select, update
from sqlalchemy.orm import Session

from storage.counters import next_number, raise_to
from storage.errors import StorageError
from storage.names import MAX_NAME, dossier_keys, grams, normalise
from storage.tables import dossier, dossier_gram, dossier_key, recent
from storage.unit import Unit
from storage.upsert import insert_or_set

_NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True)
class DossierRow:
    """A customer as a spreadsheet or a conversation names them."""

    name: str
    keeper: str
    """Staff number."""
    number: str | None = None
    """None: a draft, or still to be given out."""
    type: str = "customer"
    level: str = ""
    """company, department or personal; empty where the policy has no levels."""
    grade: str = "none"
    grade_until: date | None = None
    class_: str = ""
    phone: str = ""
    contact: str = ""
    address: str = ""
    location: str = ""
    """Where the paper dossier stands."""
    department: str = ""
    opened_on: date | None = None
    key: str = ""
    """Value of the pack's dossier key, such as a VIN."""
    fields: Mapping[str, str] = field(default_factory=dict)
    """Further fields of the pack, by field id."""


@dataclass(frozen=True)
class Dossier:
    """A dossier with everything opened; what of it may be shown is for `rules.access`."""

    id: int
    number: str | None
    name: str
    type: str
    keeper: str
    level: str
    grade: str
    grade_until: date | None
    class_: str
    phone: str
    contact: str
    address: str
    fields: Mapping[str, str]
    location: str
    department: str
    opened_on: date | None
    key: str
    state: str
    """draft (C-69) or active."""
    created_by: str
    created_at: datetime


_GET = select(dossier).where(dossier.c.id == bindparam("id"))

_BY_NUMBER = select(dossier.c.id).where(dossier.c.number == bindparam("number"))

_NAMED = (
    select(dossier.c.id)
    .where(dossier.c.name_norm == bindparam("name_norm"))
    .order_by(dossier.c.id)
    .limit(bindparam("limit"))
)


_LOOKED_UP = 500
"""Names or numbers of one statement."""

_NUMBERS = select(dossier.c.number).where(
    dossier.c.number.in_(bindparam("numbers", expanding=True))
)

_NAMESAKES = (
    select(
        dossier.c.number, dossier.c.name_norm, dossier.c.type, dossier.c.key, dossier.c.phone_index
    )
    .where(dossier.c.name_norm.in_(bindparam("names", expanding=True)))
    .order_by(dossier.c.id)
)


@dataclass(frozen=True)
class Likeness:
    """What a customer is known again by."""

    name: str
    """Normalised."""
    type: str
    key: str
    """Normalised; empty for none."""
    phone: bytes
    """Keyed index of the number; empty for none."""

    def same(self, other: Likeness) -> bool:
        """Whether both are one dossier: the key decides where both have one, else the phone."""
        if (self.name, self.type) != (other.name, other.type):
            return False
        if self.key and other.key:
            return self.key == other.key
        return self.phone == other.phone

    def confusable(self, other: Likeness) -> bool:
        """Whether nothing but the name says something about their being one."""
        keyed = bool(self.key and other.key)
        return (self.name, self.type) == (other.name, other.type) and not keyed


def likeness(row: DossierRow, index: Callable[[str], bytes]) -> Likeness:
    """Return what `row` is known again by; `index` as of `Vault`, or any other on both sides."""
    digits = phone_digits(row.phone)
    phone = index(digits) if digits else b""
    return Likeness(_norm(row.name), row.type, normalise(row.key), phone)


def numbers_on_file(session: Session, numbers: Iterable[str]) -> frozenset[str]:
    """Return those of the numbers that a dossier has."""
    taken: set[str | None] = set()
    for part in _parts(numbers):
        taken.update(session.execute(_NUMBERS, {"numbers": part}).scalars())
    return frozenset(one for one in taken if one is not None)


def namesakes(
    session: Session, names: Iterable[str]
) -> dict[str, list[tuple[str | None, Likeness]]]:
    """Return numbers (None: a draft) and likenesses on file by normalised name; reads no phone."""
    found: dict[str, list[tuple[str | None, Likeness]]] = {}
    for part in _parts(dict.fromkeys(names)):
        for row in session.execute(_NAMESAKES, {"names": part}):
            like = Likeness(row.name_norm, row.type, normalise(row.key), row.phone_index or b"")
            found.setdefault(like.name, []).append((row.number, like))
    return found


def _parts(values: Iterable[str]) -> Iterator[list[str]]:
    rest = iter(values)
    while part := list(islice(rest, _LOOKED_UP)):
        yield part


def get(unit: Unit, dossier_id: int) -> Dossier | None:
    row = unit.session.execute(_GET, {"id": dossier_id}).one_or_none()
    if row is None:
        return None
    held = row._mapping
    fields = unit.vault.open(held["fields"], dossier_id)
    return Dossier(
        id=dossier_id,
        number=held["number"],
        name=held["name"],
        type=held["type"],
        keeper=held["keeper"],
        level=held["level"],
        grade=held["grade"],
        grade_until=held["grade_until"],
        class_=held["class"],
        phone=unit.vault.open(held["phone"], dossier_id),
        contact=unit.vault.open(held["contact"], dossier_id),
        address=unit.vault.open(held["address"], dossier_id),
        fields=MappingProxyType(json.loads(fields)) if fields else _NOTHING,
        location=held["location"],
        department=held["department"],
        opened_on=held["opened_on"],
        key=held["key"],
        state=held["state"],
        created_by=held["created_by"],
        created_at=held["created_at"],
    )


def by_number(session: Session, number: str) -> int | None:
    """Return the id of the dossier with exactly that number."""
    return session.execute(_BY_NUMBER, {"number": number}).scalar()


def named(session: Session, name: str, limit: int = 8) -> tuple[int, ...]:
    """Return the ids of the dossiers with that name, punctuation and spaces aside."""
    norm = _norm(name)
    return tuple(session.execute(_NAMED, {"name_norm": norm, "limit": limit}).scalars())


def add(unit: Unit, row: DossierRow, *, by: str, draft: bool = False) -> int:
    """Write a new dossier with its index rows and return its id.

    Raises:
        StorageError: an active dossier without a number, or a draft with one (C-69).
    """
    if draft is not (row.number is None):
        raise StorageError("an active dossier has a number, a draft has none")
    return add_all(unit, [row], by=by)[0]


def add_all(unit: Unit, rows: Iterable[DossierRow], *, by: str) -> tuple[int, ...]:
    """Write new dossiers in a few statements and return their ids; without a number: drafts."""
    written = [(next(unit.ids), row) for row in rows]
    if not written:
        return ()
    unit.session.execute(insert(dossier), [_values(unit, id_, row, by) for id_, row in written])
    found_by = [entry for id_, row in written for entry in _grams(id_, row.name)]
    if found_by:
        unit.session.execute(insert(dossier_gram), found_by)
    latin = [entry for id_, row in written for entry in _keys(id_, row.name, row.keeper)]
    if latin:
        unit.session.execute(insert(dossier_key), latin)
    return tuple(id_ for id_, _ in written)


def draw_number(unit: Unit, pattern: Callable[[int, int], str], year: int) -> str:
    """Return the next free dossier number of the year; `pattern` makes it of year and count."""
    while True:
        number = pattern(year, next_number(unit, "dossier", year))
        if by_number(unit.session, number) is None:
            return number


def pass_over(unit: Unit, pattern: Callable[[int, int], str], numbers: Iterable[str]) -> None:
    """Let the running numbers begin after those of `numbers` that follow the pattern."""
    last: dict[int, int] = {}
    for number in numbers:
        digits = re.search(r"[0-9]{1,9}$", number)
        years = {int(year) for year in re.findall(r"(?=([0-9]{4}))", number)}
        for year in years if digits else ():
            seq = int(digits[0]) if digits else 0
            if pattern(year, seq) == number:
                last[year] = max(seq, last.get(year, 0))
    for year, seq in sorted(last.items()):
        raise_to(unit, "dossier", year, seq)


def rename(unit: Unit, dossier_id: int, name: str) -> None:
    """Give the customer another name; it is found by the new one only."""
    held = unit.session.execute(_GET, {"id": dossier_id}).one()
    unit.session.execute(
        update(dossier).where(dossier.c.id == dossier_id).values(name=name, name_norm=_norm(name))
    )
    old, new = grams(held.name_norm), grams(_norm(name))
    unit.session.execute(
        delete(dossier_gram).where(
            dossier_gram.c.gram.in_(sorted(old - new)), dossier_gram.c.dossier_id == dossier_id
        )
    )
    if new - old:
        unit.session.execute(
            insert(dossier_gram),
            [{"gram": gram, "dossier_id": dossier_id} for gram in sorted(new - old)],
        )
    unit.session.execute(
        delete(dossier_key).where(
            dossier_key.c.key.in_(sorted(dossier_keys(held.name))),
            dossier_key.c.dossier_id == dossier_id,
        )
    )
    if latin := _keys(dossier_id, name, held.keeper):
        unit.session.execute(insert(dossier_key), latin)


def give_to(unit: Unit, dossier_id: int, keeper: str) -> None:
    """Change the keeper; the new one finds it among the own dossiers."""
    name = unit.session.execute(
        update(dossier)
        .where(dossier.c.id == dossier_id)
        .values(keeper=keeper)
        .returning(dossier.c.name)
    ).scalar_one()
    unit.session.execute(
        update(dossier_key)
        .where(
            dossier_key.c.key.in_(sorted(dossier_keys(name))),
            dossier_key.c.dossier_id == dossier_id,
        )
        .values(keeper=keeper)
    )


def touch_recent(unit: Unit, staff_id: str, dossier_id: int, at: datetime) -> None:
    """Remember that the person worked on the dossier, so that it is offered first."""
    used = {"staff_id": staff_id, "dossier_id": dossier_id, "used_at": at}
    unit.session.execute(insert_or_set(unit.session, recent, used, ["used_at"]))


def phone_digits(phone: str) -> str:
    """Return the digits a number is found by: no separators, no +86; of several, the first."""
    digits = re.sub(r"[^0-9]", "", re.split(r"[/,;、，；]", phone.strip(), maxsplit=1)[0])
    if len(digits) == 13 and digits.startswith("86"):
        return digits[2:]
    return digits


def _norm(name: str) -> str:
    return normalise(name)[:MAX_NAME]


def _values(unit: Unit, id_: int, row: DossierRow, by: str) -> dict[str, object]:
    digits = phone_digits(row.phone)
    fields = json.dumps(dict(row.fields), ensure_ascii=False) if row.fields else None
    return {
        "id": id_,
        "number": row.number,
        "name": row.name,
        "name_norm": _norm(row.name),
        "type": row.type,
        "keeper": row.keeper,
        "level": row.level,
        "grade": row.grade,
        "grade_until": row.grade_until,
        "class": row.class_,
        "phone": unit.seal("dossier.phone", id_, row.phone or None),
        "phone_index": unit.vault.index(digits) if digits else None,
        "phone_tail_index": unit.vault.index(digits[-4:]) if len(digits) >= 4 else None,
        "contact": unit.seal("dossier.contact", id_, row.contact or None),
        "address": unit.seal("dossier.address", id_, row.address or None),
        "fields": unit.seal("dossier.fields", id_, fields),
        "location": row.location,
        "department": row.department,
        "opened_on": row.opened_on,
        "key": row.key,
        "state": "draft" if row.number is None else "active",
        "created_by": by,
        "created_at": unit.now,
    }


def _grams(id_: int, name: str) -> list[dict[str, object]]:
    return [{"gram": gram, "dossier_id": id_} for gram in sorted(grams(_norm(name)))]


def _keys(id_: int, name: str, keeper: str) -> list[dict[str, object]]:
    return [
        {"key": key, "dossier_id": id_, "keeper": keeper} for key in sorted(dossier_keys(name))
    ]
