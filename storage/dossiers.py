"""Customer dossiers: one row each, and the index rows by which it is found.

Sealed values are opened here and nowhere above. The trap: a name or keeper changed without its
index rows would be found under what it was; only this module writes either.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from types import MappingProxyType
from typing import Any

import msgspec
from sqlalchemy import bindparam, delete, func, insert, literal_column, select, update

from storage.counters import next_numbers, raise_to
from storage.crypto import Vault
from storage.errors import Conflict, StorageError
from storage.names import MAX_NAME, dossier_keys, grams, normalise
from storage.session import Session
from storage.tables import dossier, dossier_gram, dossier_key, dossier_merged, recent
from storage.unit import Unit
from storage.upsert import changed, insert_all, insert_or_set

_NOTHING: Mapping[str, str] = MappingProxyType({})


class DossierRow(msgspec.Struct, frozen=True):
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
    fields: Mapping[str, str] = msgspec.field(default_factory=dict)
    """Further fields of the pack, by field id."""


class Dossier(msgspec.Struct, frozen=True):
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
    open_from: date | None
    """Of a draft: office day from which the time to report it runs; None: when it was made."""
    state: str
    """draft (C-69), reported (waits to be verified, S1-01.2), active or destroyed (S2-DOSS.29)."""
    created_by: str
    created_at: datetime


_GET = select(dossier).where(dossier.c.id == bindparam("id"))

_TYPE = select(dossier.c.type).where(dossier.c.id == bindparam("id"))

# of what was destroyed nothing is offered any more, and nothing gives it away
_THERE = dossier.c.state != literal_column("'destroyed'")

_BY_NUMBER = select(dossier.c.id).where(dossier.c.number == bindparam("number"))

_NAMED = (
    select(dossier.c.id)
    .where(dossier.c.name_norm == bindparam("name_norm"), _THERE)
    .order_by(dossier.c.id)
    .limit(bindparam("limit"))
)

_PHONED = (
    select(dossier.c.id)
    .where(dossier.c.phone_index == bindparam("phone_index"), _THERE)
    .order_by(dossier.c.id)
    .limit(bindparam("limit"))
)

_KEYED = (
    select(dossier.c.id)
    # written out, not bound: SQLite must see that its partial index fits
    .where(dossier.c.key == bindparam("key"), dossier.c.key != literal_column("''"), _THERE)
    .order_by(dossier.c.id)
    .limit(bindparam("limit"))
)

_SUCCESSOR = select(dossier_merged.c.into_id).where(dossier_merged.c.id == bindparam("id"))

_BY_OLD_NUMBER = select(dossier_merged.c.into_id).where(
    dossier_merged.c.number == bindparam("number")
)

_ON_SHELVES = (
    select(dossier.c.id)
    .where(dossier.c.location != "", dossier.c.state == "active")
    .order_by(dossier.c.location, dossier.c.id)
    .limit(bindparam("limit"))
)

_AT = (
    select(dossier.c.grade)
    .where(
        dossier.c.location == bindparam("place"),
        dossier.c.location != literal_column("''"),
        dossier.c.id != bindparam("but"),
        dossier.c.grade.in_(bindparam("grades", expanding=True)),
        dossier.c.state == literal_column("'active'"),
    )
    .limit(1)
)

_DRAFTS = (
    select(dossier.c.id)
    # written out, not bound: SQLite must see that its partial index fits
    .where(dossier.c.keeper == bindparam("keeper"), dossier.c.state == literal_column("'draft'"))
    .order_by(dossier.c.id)
    .limit(bindparam("limit"))
)

_TAKEN = [
    select(table.c.number).where(table.c.number.in_(bindparam("numbers", expanding=True)))
    for table in (dossier, dossier_merged)
]


class Prepared(msgspec.Struct, frozen=True):
    """A new dossier as it will be written: sealed, with its index rows."""

    values: dict[str, Any]
    """By column of the table."""
    grams: list[tuple[str, int]]
    keys: list[tuple[str, int, str]]

    def numbered(self, number: str) -> Prepared:
        """Return the dossier with the number it was given."""
        values = self.values | {"number": number, "state": "active"}
        return Prepared(values, self.grams, self.keys)


def get(unit: Unit, dossier_id: int, *, lock: bool = False) -> Dossier | None:
    """Return the dossier; for one that was merged, the other one, under its own id.

    `lock`: others wait until this unit is committed before they change it.
    """
    query = _GET.with_for_update() if lock else _GET
    row = unit.session.execute(query, {"id": dossier_id}).one_or_none()
    if row is None:
        successor = unit.session.execute(_SUCCESSOR, {"id": dossier_id}).scalar()
        return None if successor is None else get(unit, successor, lock=lock)
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
        open_from=held["open_from"],
        state=held["state"],
        created_by=held["created_by"],
        created_at=held["created_at"],
    )


def type_of(session: Session, dossier_id: int) -> str:
    """Return the type of a dossier that is there."""
    kind: str = session.execute(_TYPE, {"id": dossier_id}).scalar_one()
    return kind


def by_number(session: Session, number: str) -> int | None:
    """Return the id of the dossier that has, or had before it was merged, exactly that number."""
    found: int | None = session.execute(_BY_NUMBER, {"number": number}).scalar()
    if found is None:
        found = session.execute(_BY_OLD_NUMBER, {"number": number}).scalar()
    return found


def named(session: Session, name: str, limit: int = 8) -> tuple[int, ...]:
    """Return the ids of the dossiers with that name, punctuation and spaces aside."""
    norm = _norm(name)
    return tuple(session.execute(_NAMED, {"name_norm": norm, "limit": limit}).scalars())


def phoned(unit: Unit, phone: str, limit: int = 8) -> tuple[int, ...]:
    """Return the ids of the dossiers with that telephone number, however it is written."""
    digits = phone_digits(phone)
    if not digits:
        return ()
    values = {"phone_index": unit.vault.index(digits), "limit": limit}
    return tuple(unit.session.execute(_PHONED, values).scalars())


def keyed(session: Session, key: str, limit: int = 8) -> tuple[int, ...]:
    """Return the ids of the dossiers with that key of their pack, such as a VIN."""
    return tuple(session.execute(_KEYED, {"key": key, "limit": limit}).scalars())


def count_kept(session: Session, keepers: Sequence[str]) -> int:
    """Return how many dossiers these people keep."""
    query = select(func.count()).where(dossier.c.keeper.in_(keepers), _THERE)
    return session.execute(query).scalar_one() if keepers else 0


def kept_by(
    session: Session, keepers: Sequence[str], limit: int, offset: int = 0
) -> tuple[int, ...]:
    """Return the ids of the dossiers that these people keep, by name."""
    query = select(dossier.c.id).where(dossier.c.keeper.in_(keepers), _THERE)
    query = query.order_by(dossier.c.name_norm, dossier.c.id).limit(limit).offset(offset)
    return tuple(session.execute(query).scalars()) if keepers else ()


def drafts_of(session: Session, keeper: str, limit: int) -> tuple[int, ...]:
    """Return the ids of a person's drafts that were not sent to be verified, oldest first."""
    return tuple(session.execute(_DRAFTS, {"keeper": keeper, "limit": limit}).scalars())


def on_shelves(session: Session, limit: int) -> tuple[int, ...]:
    """Return the open dossiers that have a place. Reads the table through: for files, not chats.

    Rule: S2-INFO.6.
    """
    return tuple(session.execute(_ON_SHELVES, {"limit": limit}).scalars())


def beside(session: Session, place: str, grades: Iterable[str], but: int) -> bool:
    """Return whether another open dossier of one of these grades stands at that very place.

    Rule: S2-INFO.22.
    """
    asked = {"place": place, "grades": sorted(grades), "but": but}
    return session.execute(_AT, asked).first() is not None


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
    prepared = [prepare(unit.vault, next(unit.ids), row, by=by, at=unit.now) for row in rows]
    write(unit.session, prepared)
    return tuple(one.values["id"] for one in prepared)


def prepare(vault: Vault, id_: int, row: DossierRow, *, by: str, at: datetime) -> Prepared:
    """Do what takes time for a new dossier, without a database; `id_` is fresh."""
    norm = _norm(row.name)
    return Prepared(
        _values(vault, id_, row, norm, by, at),
        [(gram, id_) for gram in sorted(grams(norm))],
        [(key, id_, row.keeper) for key in sorted(dossier_keys(row.name))],
    )


def write(session: Session, prepared: Sequence[Prepared]) -> None:
    """Write new dossiers with their index rows, in three statements."""
    if not prepared:
        return
    session.execute(insert(dossier), [one.values for one in prepared])
    found_by = [row for one in prepared for row in one.grams]
    insert_all(session, dossier_gram, ("gram", "dossier_id"), found_by)
    latin = [row for one in prepared for row in one.keys]
    insert_all(session, dossier_key, ("key", "dossier_id", "keeper"), latin)


def draw_number(unit: Unit, pattern: Callable[[int, int], str], year: int) -> str:
    """Return the next free dossier number of the year; `pattern` makes it of year and count."""
    return draw_numbers(unit, pattern, year, 1)[0]


def draw_numbers(
    unit: Unit, pattern: Callable[[int, int], str], year: int, count: int
) -> list[str]:
    """Return the next `count` free dossier numbers of the year."""
    drawn: list[str] = []
    while len(drawn) < count:
        fresh = next_numbers(unit, "dossier", year, count - len(drawn))
        numbers = [pattern(year, one) for one in fresh]
        values = {"numbers": numbers}
        taken = {one for query in _TAKEN for one in unit.session.execute(query, values).scalars()}
        drawn += [one for one in numbers if one not in taken]
    return drawn


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
    held = unit.session.execute(_GET.with_for_update(), {"id": dossier_id}).one()
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
        fresh = [(gram, dossier_id) for gram in sorted(new - old)]
        insert_all(unit.session, dossier_gram, ("gram", "dossier_id"), fresh)
    unit.session.execute(
        delete(dossier_key).where(
            dossier_key.c.key.in_(sorted(dossier_keys(held.name))),
            dossier_key.c.dossier_id == dossier_id,
        )
    )
    latin = [(key, dossier_id, held.keeper) for key in sorted(dossier_keys(name))]
    insert_all(unit.session, dossier_key, ("key", "dossier_id", "keeper"), latin)


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


def place(unit: Unit, dossier_id: int, location: str) -> None:
    """Say where the paper dossier stands from now on."""
    unit.session.execute(
        update(dossier).where(dossier.c.id == dossier_id).values(location=location)
    )


def report(unit: Unit, dossier_id: int) -> None:
    """Let a draft wait to be verified.

    Raises:
        Conflict: it is no draft any more.
    """
    _turn(unit, dossier_id, "draft", state="reported")


def send_back(unit: Unit, dossier_id: int, day: date) -> None:
    """Make a draft again of a dossier that was not verified; its time runs from `day`.

    Raises:
        Conflict: it does not wait to be verified.
    """
    _turn(unit, dossier_id, "reported", state="draft", open_from=day)


def begin_from(unit: Unit, dossier_id: int, day: date) -> None:
    """Let the time in which a draft is to be reported run from that office day."""
    unit.session.execute(update(dossier).where(dossier.c.id == dossier_id).values(open_from=day))


def verify(unit: Unit, dossier_id: int, number: str, opened_on: date) -> None:
    """Open a dossier that waits to be verified, under its number. Rule: S1-01.2.

    Raises:
        Conflict: it does not wait to be verified.
    """
    _turn(unit, dossier_id, "reported", state="active", number=number, opened_on=opened_on)


def destroy(unit: Unit, dossier_id: int) -> None:
    """Note that a dossier was destroyed; it stays on record, and is found no more.

    Rule: S2-DOSS.29.3.

    Raises:
        Conflict: it is not an active one.
    """
    _turn(unit, dossier_id, "active", state="destroyed")


def _turn(unit: Unit, dossier_id: int, before: str, **values: Any) -> None:
    this = (dossier.c.id == dossier_id, dossier.c.state == before)
    if not changed(unit.session, update(dossier).where(*this).values(**values)):
        raise Conflict(f"dossier {dossier_id} is no longer {before}")


def touch_recent(unit: Unit, staff_id: str, dossier_id: int, at: datetime) -> None:
    """Remember that the person worked on the dossier, so that it is offered first."""
    used = {"staff_id": staff_id, "dossier_id": dossier_id, "used_at": at}
    insert_or_set(unit.session, recent, used, ["used_at"])


def last_used(session: Session, staff_id: str, dossier_id: int) -> datetime | None:
    """Return when the person last worked on the dossier."""
    query = select(recent.c.used_at).where(
        recent.c.staff_id == staff_id, recent.c.dossier_id == dossier_id
    )
    return session.execute(query).scalar()


def phone_digits(phone: str) -> str:
    """Return the digits a number is found by: no separators, no +86; of several, the first."""
    digits = re.sub(r"[^0-9]", "", re.split(r"[/,;、，；]", phone.strip(), maxsplit=1)[0])
    if len(digits) == 13 and digits.startswith("86"):
        return digits[2:]
    return digits


def _norm(name: str) -> str:
    return normalise(name)[:MAX_NAME]


def _values(
    vault: Vault, id_: int, row: DossierRow, norm: str, by: str, at: datetime
) -> dict[str, Any]:
    digits = phone_digits(row.phone)
    fields = json.dumps(dict(row.fields), ensure_ascii=False) if row.fields else ""
    return {
        "id": id_,
        "number": row.number,
        "name": row.name,
        "name_norm": norm,
        "type": row.type,
        "keeper": row.keeper,
        "level": row.level,
        "grade": row.grade,
        "grade_until": row.grade_until,
        "grade_watched": False,
        "class": row.class_,
        "phone": vault.seal("dossier.phone", id_, row.phone) if row.phone else None,
        "phone_index": vault.index(digits) if digits else None,
        "phone_tail_index": vault.index(digits[-4:]) if len(digits) >= 4 else None,
        "contact": vault.seal("dossier.contact", id_, row.contact) if row.contact else None,
        "address": vault.seal("dossier.address", id_, row.address) if row.address else None,
        "fields": vault.seal("dossier.fields", id_, fields) if fields else None,
        "location": row.location,
        "department": row.department,
        "opened_on": row.opened_on,
        "key": row.key,
        "state": "draft" if row.number is None else "active",
        "created_by": by,
        "created_at": at,
        "missing": -1,
    }
