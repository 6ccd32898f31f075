"""Running numbers for people (访-2026-0042): without gaps or doubles within kind and year."""

from __future__ import annotations

from sqlalchemy import bindparam, update

from storage.tables import counter
from storage.unit import Unit
from storage.upsert import insert_or_leave

_RAISE = (
    update(counter)
    .where(counter.c.kind == bindparam("of_kind"), counter.c.year == bindparam("of_year"))
    .values(last=counter.c.last + bindparam("count"))
    .returning(counter.c.last)
)


def next_number(unit: Unit, kind: str, year: int) -> int:
    """Return the next number of that kind in that year, from 1."""
    return next_numbers(unit, kind, year, 1)[0]


def next_numbers(unit: Unit, kind: str, year: int, count: int) -> range:
    """Return the next `count` numbers of that kind in that year."""
    this = {"of_kind": kind, "of_year": year, "count": count}
    last: int | None = unit.session.execute(_RAISE, this).scalar()
    if last is None:
        insert_or_leave(unit.session, counter, {"kind": kind, "year": year, "last": 0})
        last = unit.session.execute(_RAISE, this).scalar_one()
    return range(last - count + 1, last + 1)


def raise_to(unit: Unit, kind: str, year: int, last: int) -> None:
    """Let the next number be above `last`; one that is higher already stays."""
    first = {"kind": kind, "year": year, "last": 0}
    insert_or_leave(unit.session, counter, first)
    unit.session.execute(
        update(counter)
        .where(counter.c.kind == kind, counter.c.year == year, counter.c.last < last)
        .values(last=last)
    )
