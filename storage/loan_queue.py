"""Who waits for papers that are out: in order of asking, offered to one at a time.

The trap is the offer that nobody answers: it runs out by itself, and the next one is asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import (
    Row,
    Select,
    and_,
    bindparam,
    func,
    literal_column,
    or_,
    select,
    update,
)

from storage.errors import Conflict
from storage.session import Session
from storage.tables import dossier, loan_wait
from storage.unit import Unit
from storage.upsert import changed, insert_or_leave

MOST = 200
"""People waiting for one dossier, or dossiers one person waits for, that are looked at."""


MOST_PAPERS = 40
"""Papers that are noted of what one person waits for."""


class Wait(msgspec.Struct, frozen=True):
    id: int
    dossier_id: int
    staff_id: str
    asked_at: datetime
    state: str
    """waiting, offered, taken, expired or left."""
    offered_at: datetime | None
    offer_until: datetime | None
    """First instant at which the offer is over."""
    papers: tuple[int, ...] = ()
    """Those that are waited for; empty: whatever is out."""


# written out, not bound: SQLite must see that its partial indexes fit
_WAITING = loan_wait.c.state == literal_column("'waiting'")
_OFFERED = loan_wait.c.state == literal_column("'offered'")
_OPEN = loan_wait.c.state.in_((literal_column("'waiting'"), literal_column("'offered'")))

_MINE = select(loan_wait).where(
    loan_wait.c.dossier_id == bindparam("dossier_id"),
    loan_wait.c.staff_id == bindparam("staff_id"),
    _OPEN,
)

_QUEUE = (
    select(loan_wait)
    .where(loan_wait.c.dossier_id == bindparam("dossier_id"), _WAITING)
    .order_by(loan_wait.c.asked_at, loan_wait.c.id)
    .limit(bindparam("limit"))
)

_OFFER = select(loan_wait).where(loan_wait.c.dossier_id == bindparam("dossier_id"), _OFFERED)

_OF = (
    select(loan_wait)
    .where(loan_wait.c.staff_id == bindparam("staff_id"), _OPEN)
    .order_by(loan_wait.c.asked_at, loan_wait.c.id)
    .limit(MOST)
)

_AHEAD = select(func.count()).where(
    loan_wait.c.dossier_id == bindparam("dossier_id"),
    _WAITING,
    loan_wait.c.asked_at <= bindparam("at"),
    or_(
        loan_wait.c.asked_at < bindparam("at"),
        and_(loan_wait.c.asked_at == bindparam("at"), loan_wait.c.id < bindparam("id")),
    ),
)

_NEXT_OVER = (
    select(loan_wait.c.offer_until)
    .where(_OFFERED, loan_wait.c.offer_until.is_not(None))
    .order_by(loan_wait.c.offer_until)
    .limit(1)
)

_LOCK = select(dossier.c.id).where(dossier.c.id == bindparam("of")).with_for_update()


def join(
    unit: Unit, dossier_id: int, staff_id: str, at: datetime, papers: Sequence[int] = ()
) -> Wait:
    """Let a person wait for a dossier, behind those who do, and return their place in it.

    `papers`: which of it; none, or more than MOST_PAPERS: whatever is out. Who waits for it
    already keeps the place they have.
    """
    some = papers if len(papers) <= MOST_PAPERS else ()
    row = {
        "id": next(unit.ids),
        "dossier_id": dossier_id,
        "staff_id": staff_id,
        "asked_at": at,
        "papers": " ".join(map(str, some)) or None,
        "state": "waiting",
    }
    insert_or_leave(unit.session, loan_wait, row)
    held = waits(unit.session, dossier_id, staff_id)
    assert held is not None  # noqa: S101 - written just now, or before
    return held


def get(session: Session, wait_id: int) -> Wait | None:
    row = session.execute(select(loan_wait).where(loan_wait.c.id == wait_id)).one_or_none()
    return _wait(row) if row else None


def waits(session: Session, dossier_id: int, staff_id: str) -> Wait | None:
    """Return the place of a person who waits for a dossier or to whom it is offered."""
    row = session.execute(_MINE, {"dossier_id": dossier_id, "staff_id": staff_id}).one_or_none()
    return _wait(row) if row else None


def of_person(session: Session, staff_id: str) -> tuple[Wait, ...]:
    """Return what a person waits for or is offered, the longest waited for first."""
    return _waits(session, _OF, staff_id=staff_id)


def queue(session: Session, dossier_id: int, limit: int = MOST) -> tuple[Wait, ...]:
    """Return who waits for a dossier, the next one first; not to whom it is offered."""
    return _waits(session, _QUEUE, dossier_id=dossier_id, limit=limit)


def offer_of(session: Session, dossier_id: int) -> Wait | None:
    """Return the offer of a dossier that stands."""
    return next(iter(_waits(session, _OFFER, dossier_id=dossier_id)), None)


def ahead(session: Session, one: Wait) -> int:
    """Return how many come before somebody who waits."""
    asked = {"dossier_id": one.dossier_id, "at": one.asked_at, "id": one.id}
    return session.execute(_AHEAD, asked).scalar_one()


def offer(unit: Unit, wait_id: int, at: datetime, until: datetime) -> None:
    """Offer the dossier to somebody who waits for it, until that instant.

    Raises:
        Conflict: they do not wait any more, or it is offered to somebody else.
    """
    held = get(unit.session, wait_id)
    if held is not None:
        unit.session.execute(_LOCK, {"of": held.dossier_id})
    if held is None or offer_of(unit.session, held.dossier_id) is not None:
        raise Conflict(f"nothing to offer to place {wait_id}")
    said = update(loan_wait).where(loan_wait.c.id == wait_id, _WAITING)
    if not changed(unit.session, said.values(state="offered", offered_at=at, offer_until=until)):
        raise Conflict(f"place {wait_id} is given up")


def close(unit: Unit, wait_id: int, state: str) -> None:
    """Note that somebody waits no longer: taken (they got it) or left.

    Raises:
        Conflict: they did not wait any more.
    """
    said = update(loan_wait).where(loan_wait.c.id == wait_id, _OPEN).values(state=state)
    if not changed(unit.session, said):
        raise Conflict(f"place {wait_id} is given up")


def leave_all(unit: Unit, staff_id: str) -> tuple[Wait, ...]:
    """Let a person who left wait for nothing any more; return what they waited for."""
    held = of_person(unit.session, staff_id)
    unit.session.execute(
        update(loan_wait).where(loan_wait.c.staff_id == staff_id, _OPEN).values(state="left")
    )
    return held


def expire(unit: Unit, now: datetime, limit: int = MOST) -> tuple[Wait, ...]:
    """Let offers that ran out be over, up to `limit`, and return them as they are then."""
    some = (
        select(loan_wait.c.id)
        .where(_OFFERED, loan_wait.c.offer_until <= now)
        .order_by(loan_wait.c.offer_until)
        .limit(limit)
    )
    over = update(loan_wait).where(loan_wait.c.id.in_(some), _OFFERED)
    rows = unit.session.execute(over.values(state="expired").returning(*loan_wait.c))
    return tuple(sorted((_wait(row) for row in rows), key=lambda one: one.id))


def next_over(session: Session) -> datetime | None:
    """Return when the next offer runs out."""
    return session.execute(_NEXT_OVER).scalar()


def merged(unit: Unit, keep: int, gone: int) -> None:
    """Let who waits for a dossier that was another one twice wait for the one that stays.

    Who waits for both keeps the place in the line of the one that stays.
    """
    both = select(loan_wait.c.staff_id).where(loan_wait.c.dossier_id == keep, _OPEN)
    unit.session.execute(
        update(loan_wait)
        .where(loan_wait.c.dossier_id == gone, _OPEN, loan_wait.c.staff_id.in_(both))
        .values(state="left")
    )
    unit.session.execute(
        update(loan_wait).where(loan_wait.c.dossier_id == gone).values(dossier_id=keep)
    )


def _waits(session: Session, query: Select[*tuple[Any, ...]], **asked: Any) -> tuple[Wait, ...]:
    return tuple(_wait(row) for row in session.execute(query, asked))


def _wait(row: Row[*tuple[Any, ...]]) -> Wait:
    return Wait(
        row.id,
        row.dossier_id,
        row.staff_id,
        row.asked_at,
        row.state,
        row.offered_at,
        row.offer_until,
        tuple(int(one) for one in (row.papers or "").split()),
    )
