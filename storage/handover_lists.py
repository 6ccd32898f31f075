"""Handovers and legs that wait for somebody, by who has to act; bounded, the most urgent first."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Select, bindparam, literal_column, select, text

from storage.handovers import Handover, Leg, handover_of, leg_of
from storage.tables import handover, handover_leg
from storage.unit import Unit

_OPEN_IN = (
    select(handover)
    .where(
        handover.c.department.in_(bindparam("departments", expanding=True)),
        handover.c.state == literal_column("'open'"),
    )
    .order_by(handover.c.id)
    .limit(bindparam("limit"))
    .offset(bindparam("offset"))
)

_UNSHELVED = (
    select(handover)
    .where(
        handover.c.pack == bindparam("pack"),
        handover.c.state == literal_column("'complete'"),
        handover.c.shelved_at.is_(None),
    )
    .order_by(handover.c.id)
    .limit(bindparam("limit"))
    .offset(bindparam("offset"))
)

_TO_GIVE = (
    select(handover_leg)
    .where(
        handover_leg.c.giver == bindparam("staff_id"),
        handover_leg.c.state == literal_column("'open'"),
    )
    .order_by(handover_leg.c.due_at, handover_leg.c.id)
    .limit(bindparam("limit"))
    .offset(bindparam("offset"))
)

_HANDED = handover_leg.c.state == literal_column("'handed'")


def _waiting(role: Column[str], signed_at: Column[datetime]) -> Select[*tuple[Any, ...]]:
    """Return the question for handed legs on which holders of a role have not signed."""
    return (
        select(handover_leg)
        .where(role == bindparam("role"), _HANDED, signed_at.is_(None))
        .order_by(handover_leg.c.handed_at, handover_leg.c.id)
        .limit(bindparam("limit"))
    )


_TO_SIGN = _waiting(handover_leg.c.receiver_role, handover_leg.c.signed_at)
_TO_WITNESS = _waiting(handover_leg.c.witness_role, handover_leg.c.witnessed_at)

_DISPUTED = (
    select(handover_leg)
    .where(
        handover_leg.c.pack == bindparam("pack"),
        handover_leg.c.state == literal_column("'disputed'"),
    )
    .order_by(handover_leg.c.id)
    .limit(bindparam("limit"))
)

_PROVISIONAL = (
    select(handover_leg)
    .where(
        text("handover_leg.provisional"),
        handover_leg.c.state == literal_column("'open'"),
        handover_leg.c.id > bindparam("after"),
    )
    .order_by(handover_leg.c.id)
    .limit(bindparam("limit"))
)

_IN_STEAD = (
    select(handover_leg)
    .where(
        handover_leg.c.giver == bindparam("staff_id"),
        handover_leg.c.handed_at >= bindparam("since"),
        handover_leg.c.handed_at < bindparam("until"),
        handover_leg.c.handed_by != literal_column("''"),
        handover_leg.c.handed_by != handover_leg.c.giver,
    )
    .order_by(handover_leg.c.handed_at, handover_leg.c.id)
    .limit(bindparam("limit"))
)


def open_in(
    unit: Unit, departments: Iterable[str], limit: int, offset: int = 0
) -> tuple[Handover, ...]:
    """Return the open handovers of these departments, the earliest first."""
    asked = {"departments": sorted(set(departments)), "limit": limit, "offset": offset}
    return tuple(handover_of(unit, row) for row in unit.session.execute(_OPEN_IN, asked))


def unshelved(unit: Unit, pack: str, limit: int, offset: int = 0) -> tuple[Handover, ...]:
    """Return those that are signed into the archive and have no place there yet."""
    asked = {"pack": pack, "limit": limit, "offset": offset}
    return tuple(handover_of(unit, row) for row in unit.session.execute(_UNSHELVED, asked))


def to_give(unit: Unit, staff_id: str, limit: int, offset: int = 0) -> tuple[Leg, ...]:
    """Return the legs whose papers a person has to hand over, the first due first."""
    asked = {"staff_id": staff_id, "limit": limit, "offset": offset}
    return tuple(leg_of(unit, row) for row in unit.session.execute(_TO_GIVE, asked))


def to_sign(unit: Unit, roles: Iterable[str], limit: int) -> tuple[Leg, ...]:
    """Return the handed legs that holders of these roles have to sign, the first handed first."""
    return _handed(unit, _TO_SIGN, roles, limit)


def to_witness(unit: Unit, roles: Iterable[str], limit: int) -> tuple[Leg, ...]:
    """Return the handed legs to which holders of these roles are the witness."""
    return _handed(unit, _TO_WITNESS, roles, limit)


def disputed(unit: Unit, pack: str, limit: int) -> tuple[Leg, ...]:
    """Return the legs that wait for somebody to settle them."""
    rows = unit.session.execute(_DISPUTED, {"pack": pack, "limit": limit})
    return tuple(leg_of(unit, row) for row in rows)


def provisional(unit: Unit, limit: int, after: int = 0) -> tuple[Leg, ...]:
    """Return open legs whose due day depends on a calendar that was not published, by id."""
    rows = unit.session.execute(_PROVISIONAL, {"after": after, "limit": limit})
    return tuple(leg_of(unit, row) for row in rows)


def in_stead(
    unit: Unit, staff_id: str, since: datetime, until: datetime, limit: int
) -> tuple[Leg, ...]:
    """Return the legs of a giver that others handed over from `since` up to `until`, in order."""
    asked = {"staff_id": staff_id, "since": since, "until": until, "limit": limit}
    return tuple(leg_of(unit, row) for row in unit.session.execute(_IN_STEAD, asked))


def _handed(unit: Unit, query: Any, roles: Iterable[str], limit: int) -> tuple[Leg, ...]:
    found = [
        leg_of(unit, row)
        for role in sorted(set(roles))
        for row in unit.session.execute(query, {"role": role, "limit": limit})
    ]
    found.sort(key=lambda one: (one.handed_at is not None, one.handed_at, one.id))
    return tuple(found[:limit])
