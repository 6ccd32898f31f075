"""Running numbers for people (访-2026-0042): without gaps or doubles within kind and year."""

from __future__ import annotations

from sqlalchemy import select, update

from storage.tables import counter
from storage.unit import Unit
from storage.upsert import changed, insert_or_leave


def next_number(unit: Unit, kind: str, year: int) -> int:
    """Return the next number of that kind in that year, from 1."""
    this = (counter.c.kind == kind, counter.c.year == year)
    count = update(counter).where(*this).values(last=counter.c.last + 1)
    if not changed(unit.session, count):
        first = {"kind": kind, "year": year, "last": 0}
        unit.session.execute(insert_or_leave(unit.session, counter, first))
        unit.session.execute(count)
    last: int = unit.session.execute(select(counter.c.last).where(*this)).scalar_one()
    return last


def raise_to(unit: Unit, kind: str, year: int, last: int) -> None:
    """Let the next number be above `last`; one that is higher already stays."""
    first = {"kind": kind, "year": year, "last": 0}
    unit.session.execute(insert_or_leave(unit.session, counter, first))
    unit.session.execute(
        update(counter)
        .where(counter.c.kind == kind, counter.c.year == year, counter.c.last < last)
        .values(last=last)
    )
