"""The register of loans, section by section and page by page.

Each section is one index look-up with a bound, in the order in which people go through it; the
conditions are written as the partial indexes have them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from enum import StrEnum

import msgspec
from sqlalchemy import ColumnElement, or_, select, text

from storage import loan_lists
from storage.loan_lists import Wanted
from storage.loans import Loan, loan_of
from storage.tables import loan
from storage.tables.loans import BACK, OUT, SHORT
from storage.unit import Unit


class Section(StrEnum):
    OUT = "out"
    """Not all back, the first due first."""
    LATE = "late"
    """Overdue, the longest first."""
    BACK = "back"
    """Settled at or after an instant, the latest first."""
    SHORT = "short"
    """Something is missing or damaged, the latest asked for first."""
    BORROWER = "who"
    """Of one person, requests too, the latest first."""
    DOSSIER = "on"
    """Of one dossier, requests too, the latest first."""


class Asked(msgspec.Struct, frozen=True):
    """Which part of the register is asked for."""

    section: Section
    now: datetime
    since: datetime
    """BACK: settled at or after this instant."""
    departments: Sequence[str] = ()
    """Of the borrowers; empty: every one."""
    of: str = ""
    """BORROWER: staff number; DOSSIER: id of the dossier."""


_START, _END = datetime(2000, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)
_WHERE = {Section.OUT: OUT, Section.LATE: OUT, Section.BACK: BACK, Section.SHORT: SHORT}
_BY = {
    Section.OUT: loan.c.due_at,
    Section.LATE: loan.c.due_at,
    Section.BACK: loan.c.closed_at,
    Section.SHORT: loan.c.asked_at,
}
_RISING = frozenset({Section.OUT, Section.LATE})


def page(unit: Unit, asked: Asked, limit: int, after: Loan | None = None) -> tuple[Loan, ...]:
    """Return the next loans of a section; `after`: the last one before them."""
    if asked.section in (Section.BORROWER, Section.DOSSIER):
        before = (after.asked_at, after.id) if after else None
        return loan_lists.register(unit, _wanted(asked), limit, before)
    # one look-up for each department, so that each follows its index
    found = [
        one
        for department in asked.departments or ("",)
        for one in _some(unit, asked, department, limit, after)
    ]
    rising = asked.section in _RISING
    found.sort(key=lambda one: _mark(one, asked.section), reverse=not rising)
    return tuple(found[:limit])


def _wanted(asked: Asked) -> Wanted:
    if asked.section is Section.BORROWER:
        return Wanted(borrower=asked.of)
    return Wanted(dossier_id=int(asked.of))


def _mark(held: Loan, section: Section) -> tuple[datetime, int]:
    """Return what a section is ordered by."""
    if section in _RISING:
        return held.due_at or _END, held.id
    at = held.closed_at if section is Section.BACK else held.asked_at
    return at or _END, held.id


def _some(
    unit: Unit, asked: Asked, department: str, limit: int, after: Loan | None
) -> tuple[Loan, ...]:
    section, by = asked.section, _BY[asked.section]
    query = select(loan).where(text(_WHERE[section]))
    if department:
        query = query.where(loan.c.department == department)
    if section is Section.LATE:
        query = query.where(by <= asked.now)
    if section is Section.BACK:
        query = query.where(by >= asked.since)
    if after is None:  # a bound, so that the index is looked up and not read from its end
        query = query.where(by >= _START if section in _RISING else by <= _END)
    else:
        query = query.where(*_behind(by, _mark(after, section), rising=section in _RISING))
    order = (by, loan.c.id) if section in _RISING else (by.desc(), loan.c.id.desc())
    rows = unit.session.execute(query.order_by(*order).limit(limit))
    return tuple(loan_of(unit, row) for row in rows)


def _behind(
    by: ColumnElement[datetime], mark: tuple[datetime, int], *, rising: bool
) -> tuple[ColumnElement[bool], ...]:
    at, id_ = mark
    if rising:
        return by >= at, or_(by > at, loan.c.id > id_)
    return by <= at, or_(by < at, loan.c.id < id_)
