"""Who works here: people, their superiors, and who holds which role.

The trap: an organisation chart from a spreadsheet may hold a circle or a chain through somebody
who left. Every walk here is bounded, never meets a person twice and passes over inactive people.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import (
    Row,
    Select,
    bindparam,
    case,
    delete,
    false,
    insert,
    literal,
    select,
    true,
    update,
)

from storage.names import HIGHEST, MAX_KEY, normalise, person_keys
from storage.session import Session
from storage.tables import account, invite, outbox, staff, staff_key
from storage.unit import Unit

MAX_CHAIN = 20
"""Superiors above one another that are followed."""

MAX_TEAM = 2000
"""People below one manager that are returned."""

_KEY_LENGTH = 80


class Person(msgspec.Struct, frozen=True):
    id: str
    """The company's own staff number."""
    name: str
    department: str
    roles: frozenset[str]
    """Role codes of `rules.roles`."""
    superior: str | None
    """Staff number; None at the top."""
    deputy: str | None
    clearance: str
    """Highest secrecy grade this person may see: none, confidential, secret, top_secret."""
    head_of: tuple[str, ...]
    """Departments this person heads."""
    locale: str
    active: bool
    """False: left or suspended; has no access."""
    home_channel: str
    """Where notices go; empty while no account is bound."""
    home_account: str
    wecom_userid: str | None = None
    """As the company's list names it."""
    pinned_channel: str = ""
    """The messenger this person chose for notices; empty: the one last written on."""
    turned_at: datetime | None = None
    """When this person left or came back; None: what follows from it was done."""


class Known(msgspec.Struct, frozen=True):
    """Who is bound to an account, and whether our messages arrive there."""

    person: Person
    unreachable_since: datetime | None


class StaffRow(msgspec.Struct, frozen=True):
    """A person as the company's list names them."""

    id: str
    name: str
    department: str
    roles: tuple[str, ...] = ()
    superior: str | None = None
    deputy: str | None = None
    clearance: str = "none"
    head_of: tuple[str, ...] = ()
    locale: str = "zh_CN"
    wecom_userid: str | None = None
    active: bool = True


COLUMNS = (
    staff.c.id,
    staff.c.name,
    staff.c.department,
    staff.c.roles,
    staff.c.superior,
    staff.c.deputy,
    staff.c.clearance,
    staff.c.head_of,
    staff.c.locale,
    staff.c.active,
    staff.c.home_channel,
    staff.c.home_account,
    staff.c.wecom_userid,
    staff.c.pinned_channel,
    staff.c.turned_at,
)

_GET = select(*COLUMNS).where(staff.c.id == bindparam("id"))

_BY_ACCOUNT = (
    select(*COLUMNS, account.c.unreachable_since)
    .join(account, account.c.staff_id == staff.c.id)
    .where(
        account.c.channel == bindparam("channel"),
        account.c.account == bindparam("account"),
        staff.c.active == true(),
    )
)

_REPORTS = (
    select(*COLUMNS)
    .where(staff.c.superior == bindparam("id"), staff.c.active == true())
    .order_by(staff.c.id)
    .limit(MAX_TEAM)
)


def _upward() -> Select[str, str]:
    walk = (
        select(staff.c.id.label("below"), staff.c.superior.label("id"), literal(1).label("depth"))
        .where(staff.c.id.in_(bindparam("ids", expanding=True)))
        .cte("up", recursive=True)
    )
    above = staff.alias("above")
    walk = walk.union_all(
        select(walk.c.below, above.c.superior, walk.c.depth + 1).where(
            above.c.id == walk.c.id, walk.c.depth < MAX_CHAIN
        )
    )
    return (
        select(walk.c.below, staff.c.id)
        .select_from(walk.join(staff, staff.c.id == walk.c.id))
        .where(staff.c.active == true(), staff.c.id != walk.c.below)
        .order_by(walk.c.depth)
    )


def _downward() -> Select[*tuple[Any, ...]]:
    walk = (
        select(staff.c.id.label("id"))
        .where(staff.c.superior == bindparam("id"))
        .cte("down", recursive=True)
    )
    below = staff.alias("below")
    # UNION, not UNION ALL: somebody met before ends the walk, so a circle cannot go round.
    walk = walk.union(select(below.c.id).where(below.c.superior == walk.c.id))
    return (
        select(*COLUMNS)
        .select_from(walk.join(staff, staff.c.id == walk.c.id))
        .where(staff.c.active == true(), staff.c.id != bindparam("id"))
        .order_by(staff.c.department, staff.c.id)
        .limit(MAX_TEAM)
    )


_CHAINS = _upward()

_WITH_DEPUTY = (
    select(staff.c.id)
    .where(
        staff.c.deputy == bindparam("id"),
        staff.c.deputy.is_not(None),
        staff.c.active == true(),
    )
    .order_by(staff.c.id)
    .limit(MAX_TEAM)
)

_TEAM = _downward()

_FIND = (
    select(*COLUMNS)
    .where(
        staff.c.id.in_(
            select(staff_key.c.staff_id)
            .where(staff_key.c.key >= bindparam("low"), staff_key.c.key < bindparam("high"))
            .limit(MAX_TEAM)
        ),
        staff.c.active == true(),
    )
    .order_by(staff.c.name, staff.c.id)
    .limit(bindparam("limit"))
    .offset(bindparam("offset"))
)

_BY_KEY = (
    select(staff.c.id)
    .join(staff_key, staff_key.c.staff_id == staff.c.id)
    .where(staff_key.c.key == bindparam("key"), staff.c.active == true())
    .order_by(staff.c.id)
    .limit(MAX_TEAM)
)


def person_of(row: Row[*tuple[Any, ...]]) -> Person:
    """Return the person of a row of `COLUMNS`."""
    return Person(
        id=row.id,
        name=row.name,
        department=row.department,
        roles=frozenset(_split(row.roles)),
        superior=row.superior,
        deputy=row.deputy,
        clearance=row.clearance,
        head_of=_split(row.head_of),
        locale=row.locale,
        active=row.active,
        home_channel=row.home_channel,
        home_account=row.home_account,
        wecom_userid=row.wecom_userid,
        pinned_channel=row.pinned_channel,
        turned_at=row.turned_at,
    )


def _split(joined: str) -> tuple[str, ...]:
    return tuple(one for one in joined.split(";") if one)


def get(session: Session, staff_id: str) -> Person | None:
    """Return the person of that staff number, also when inactive; None for nobody."""
    row = session.execute(_GET, {"id": staff_id}).one_or_none()
    return person_of(row) if row else None


def by_account(session: Session, channel: str, account_id: str) -> Person | None:
    """Return the active person bound to the account; None for strangers and leavers."""
    known = at_account(session, channel, account_id)
    return known.person if known else None


def at_account(session: Session, channel: str, account_id: str) -> Known | None:
    """Return the active person bound to the account, and whether it is marked unreachable."""
    row = session.execute(_BY_ACCOUNT, {"channel": channel, "account": account_id}).one_or_none()
    return Known(person_of(row), row.unreachable_since) if row else None


def chain(session: Session, staff_id: str) -> tuple[str, ...]:
    """Return the active superiors of a person, nearest first, at most MAX_CHAIN."""
    return chains(session, (staff_id,))[staff_id]


def chains(session: Session, staff_ids: Collection[str]) -> dict[str, tuple[str, ...]]:
    """Return the active superiors of each of those people, as `chain` does."""
    above: dict[str, dict[str, None]] = {one: {} for one in staff_ids}
    if above:
        for below, superior in session.execute(_CHAINS, {"ids": list(above)}).all():
            above[below][superior] = None
    return {one: tuple(chain) for one, chain in above.items()}


def reports(session: Session, staff_id: str) -> tuple[Person, ...]:
    """Return the active people whose direct superior is `staff_id`."""
    return tuple(person_of(row) for row in session.execute(_REPORTS, {"id": staff_id}))


def with_deputy(session: Session, staff_id: str) -> tuple[str, ...]:
    """Return the staff numbers of the active people whose deputy is `staff_id`."""
    return tuple(session.execute(_WITH_DEPUTY, {"id": staff_id}).scalars())


def team(session: Session, staff_id: str) -> tuple[Person, ...]:
    """Return all active people below `staff_id`, at most MAX_TEAM, by department."""
    return tuple(person_of(row) for row in session.execute(_TEAM, {"id": staff_id}))


def find(session: Session, words: str, limit: int, offset: int = 0) -> tuple[Person, ...]:
    """Return active people by part of the name, pinyin, initials or staff number, by name."""
    low = normalise(words)[:MAX_KEY]
    if not low:
        return ()
    rows = session.execute(
        _FIND, {"low": low, "high": low + HIGHEST, "limit": limit, "offset": offset}
    )
    return tuple(person_of(row) for row in rows)


def holders(session: Session, role: str) -> tuple[str, ...]:
    """Return the staff numbers of the active people who hold `role`."""
    return tuple(session.execute(_BY_KEY, {"key": _mark("role", role)}).scalars())


def heads(session: Session, department: str) -> tuple[str, ...]:
    """Return the staff numbers of the active people who head `department`."""
    return tuple(session.execute(_BY_KEY, {"key": _mark("head", department)}).scalars())


def superiors(session: Session) -> dict[str, str | None]:
    """Return every staff number with that of the direct superior; not for the message path."""
    return {row.id: row.superior for row in session.execute(select(staff.c.id, staff.c.superior))}


def everybody(session: Session) -> tuple[Person, ...]:
    """Return all people, leavers too, by number; not for the message path."""
    rows = session.execute(select(*COLUMNS).order_by(staff.c.id))
    return tuple(person_of(row) for row in rows)


def save(unit: Unit, row: StaffRow) -> None:
    """Write a person as the list names them; a known number is brought up to date."""
    values = {
        "name": row.name,
        "department": row.department,
        "roles": ";".join(row.roles),
        "superior": row.superior,
        "deputy": row.deputy,
        "clearance": row.clearance,
        "head_of": ";".join(row.head_of),
        "locale": row.locale,
        "wecom_userid": row.wecom_userid,
    }
    changed = unit.session.execute(
        update(staff).where(staff.c.id == row.id).values(**values).returning(staff.c.active)
    ).first()
    if changed is None:
        unit.session.execute(
            insert(staff).values(id=row.id, active=row.active, created_at=unit.now, **values)
        )
    keys = set(person_keys(row.name, row.id))
    keys.update(_mark("role", one) for one in row.roles)
    keys.update(_mark("head", one) for one in row.head_of)
    _replace_keys(unit, row.id, keys)
    if not row.active:
        deactivate(unit, row.id)
    elif changed is not None and not changed.active:
        reactivate(unit, row.id)


def deactivate(unit: Unit, staff_id: str) -> None:
    """End a person's access with the next message: no account counts, no invite opens one.

    What was written for the person and not sent yet is not sent any more.
    """
    unit.session.execute(
        update(staff)
        .where(staff.c.id == staff_id)
        .values(
            turned_at=case((staff.c.active == true(), unit.now), else_=staff.c.turned_at),
            active=False,
            home_channel="",
            home_account="",
        )
    )
    unit.session.execute(
        update(invite)
        .where(invite.c.staff_id == staff_id, invite.c.used_at.is_(None))
        .values(expires_at=unit.now)
    )
    unit.session.execute(
        update(outbox)
        .where(
            outbox.c.staff_id == staff_id,
            outbox.c.state == "ready",
            outbox.c.body.is_not(None),  # the others are rungs, looked at again when sent
        )
        .values(state="dropped", problem="left", body=None)
    )


def reactivate(unit: Unit, staff_id: str) -> None:
    """Let somebody in again who had left, with the accounts they had."""
    unit.session.execute(
        update(staff)
        .where(staff.c.id == staff_id, staff.c.active == false())
        .values(active=True, turned_at=unit.now)
    )


def pin(unit: Unit, staff_id: str, channel: str) -> None:
    """Send the person's notices to that messenger whatever they write on; "": to the last used."""
    unit.session.execute(
        update(staff).where(staff.c.id == staff_id).values(pinned_channel=channel)
    )


def set_locale(unit: Unit, staff_id: str, locale: str) -> None:
    unit.session.execute(update(staff).where(staff.c.id == staff_id).values(locale=locale))


def set_home(unit: Unit, staff_id: str, channel: str, account_id: str) -> None:
    """Send the person's notices to this account from now on."""
    unit.session.execute(
        update(staff)
        .where(staff.c.id == staff_id)
        .values(home_channel=channel, home_account=account_id)
    )


def _mark(kind: str, value: str) -> str:
    return f"{kind}:{value}"[:_KEY_LENGTH]


def _replace_keys(unit: Unit, staff_id: str, keys: set[str]) -> None:
    kept = set(
        unit.session.execute(
            select(staff_key.c.key).where(staff_key.c.staff_id == staff_id)
        ).scalars()
    )
    if gone := kept - keys:
        unit.session.execute(
            delete(staff_key).where(staff_key.c.staff_id == staff_id, staff_key.c.key.in_(gone))
        )
    if new := keys - kept:
        unit.session.execute(
            insert(staff_key), [{"key": key, "staff_id": staff_id} for key in sorted(new)]
        )
