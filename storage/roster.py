"""Who can be reached and who cannot, who left, and who is in charge of it.

Lists for operators and superiors. The trap: a superior who has left or cannot be told either
would be the end of it; so below such people the next one above is in charge.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    bindparam,
    exists,
    false,
    func,
    select,
    true,
    update,
)

from storage.session import Session
from storage.staff import COLUMNS, MAX_TEAM, Person, person_of
from storage.tables import account, staff
from storage.unit import Unit


class Standing(StrEnum):
    """How somebody on the staff list can be reached."""

    BOUND = "bound"
    UNBOUND = "unbound"
    """Has never had an account, or has none any more."""
    UNREACHABLE = "unreachable"
    """Has accounts, and no message arrives at any of them."""
    LEFT = "left"


def _charge() -> Select[*tuple[Any, ...]]:
    walk = (
        select(staff.c.id, staff.c.active, staff.c.home_channel)
        .where(staff.c.superior == bindparam("id"))
        .cte("charge", recursive=True)
    )
    below = staff.alias("below")
    # below somebody who cannot be told, the next one above is in charge
    mute = (walk.c.active == false()) | (walk.c.home_channel == "")
    walk = walk.union(
        select(below.c.id, below.c.active, below.c.home_channel).where(
            below.c.superior == walk.c.id, mute
        )
    )
    return (
        select(*COLUMNS)
        .select_from(walk.join(staff, staff.c.id == walk.c.id))
        .where(staff.c.id != bindparam("id"))
        .order_by(staff.c.id)
        .limit(MAX_TEAM)
    )


_CHARGE = _charge()

_HAS_ACCOUNT = exists().where(account.c.staff_id == staff.c.id)

_STANDING: dict[Standing, tuple[ColumnElement[bool], ...]] = {
    Standing.BOUND: (staff.c.active == true(), staff.c.home_channel != ""),
    Standing.UNBOUND: (staff.c.active == true(), ~_HAS_ACCOUNT),
    Standing.UNREACHABLE: (staff.c.active == true(), staff.c.home_channel == "", _HAS_ACCOUNT),
    Standing.LEFT: (staff.c.active == false(),),
}


def unreachable_below(session: Session, staff_id: str) -> tuple[Person, ...]:
    """Return the unreachable people for whom `staff_id` is the nearest superior to be told."""
    query = _CHARGE.where(*_STANDING[Standing.UNREACHABLE])
    return tuple(person_of(row) for row in session.execute(query, {"id": staff_id}))


def leavers_below(session: Session, staff_id: str) -> tuple[Person, ...]:
    """Return those who left and whose nearest superior to be told is `staff_id`."""
    query = _CHARGE.where(*_STANDING[Standing.LEFT])
    return tuple(person_of(row) for row in session.execute(query, {"id": staff_id}))


def page(session: Session, standing: Standing, limit: int, offset: int = 0) -> tuple[Person, ...]:
    """Return people who can be reached so, by department; not for the message path."""
    query = select(*COLUMNS).where(*_STANDING[standing])
    query = query.order_by(staff.c.department, staff.c.id).limit(limit).offset(offset)
    return tuple(person_of(row) for row in session.execute(query))


def count(session: Session, standing: Standing) -> int:
    query = select(func.count()).select_from(staff).where(*_STANDING[standing])
    return session.execute(query).scalar_one()


def turned(session: Session, limit: int) -> tuple[Person, ...]:
    """Return who left or came back and what follows was not done yet, the longest ago first."""
    query = select(*COLUMNS).where(staff.c.turned_at.is_not(None))
    rows = session.execute(query.order_by(staff.c.turned_at, staff.c.id).limit(limit))
    return tuple(person_of(row) for row in rows)


def turn_done(unit: Unit, staff_id: str) -> None:
    """Record that what follows from leaving or coming back was done."""
    unit.session.execute(update(staff).where(staff.c.id == staff_id).values(turned_at=None))
