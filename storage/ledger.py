"""Reminders: which case waits for which rung, and every rung that was recorded.

The key (case, rung) makes a notice happen once, however often the scan runs. `watch` holds one
row for each open case; what is written about a rung is decided when it is sent, not here.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any

import msgspec
from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    FromClause,
    Insert,
    Select,
    Update,
    UpdateBase,
    and_,
    bindparam,
    case,
    cast,
    delete,
    exists,
    false,
    func,
    literal,
    literal_column,
    select,
    tuple_,
    update,
)
from sqlalchemy.types import Integer, String

from storage import locks
from storage.ids import neighbours
from storage.session import Session
from storage.tables import notice, outbox, outbox_turn, staff
from storage.tables import watch as waiting
from storage.types import Instant
from storage.unit import Unit
from storage.upsert import changed, filling, insert_or_leave, insert_or_set

SINGLE, DIGEST = "single", "digest"

GATHER = timedelta(minutes=5)
"""For how long a message waits for what belongs on it; cases give their rungs one by one."""


class Notice(msgspec.Struct, frozen=True):
    """One rung of one case that was recorded."""

    case_kind: str
    case_id: int
    rung: str
    staff_id: str
    """Who hears it."""
    due_at: datetime
    """When it should have been said."""
    recorded_at: datetime
    outcome: str
    """open | sent | counted | collapsed | moot | unreachable"""
    outbox_key: str
    """The message that speaks for it; "" when none was meant to."""


_UNWATCH = delete(waiting).where(
    waiting.c.case_kind == bindparam("kind"), waiting.c.case_id == bindparam("id")
)

_NEXT_DUE = (
    select(waiting.c.next_due_at)
    .where(waiting.c.next_due_at.is_not(None))
    .order_by(waiting.c.next_due_at)
    .limit(1)
)


def watch(
    unit: Unit,
    kind: str,
    case_id: int,
    rung: str,
    due_at: datetime,
    staff_id: str,
    lane: str = SINGLE,
) -> None:
    """Set the next rung of a case, in place of the one before.

    A rung is recorded once for ever: one that can come again needs a name of its own
    (`evening-0914`), or it counts as said. `lane` DIGEST joins it to the person's morning card.
    """
    row = {
        "case_kind": kind,
        "case_id": case_id,
        "next_rung": rung,
        "next_due_at": due_at,
        "staff_id": staff_id,
        "lane": lane,
    }
    names = ("next_rung", "next_due_at", "staff_id", "lane")
    insert_or_set(unit.session, waiting, row, names)


def unwatch(unit: Unit, kind: str, case_id: int) -> None:
    """Stop the clock of a case."""
    unit.session.execute(_UNWATCH, {"kind": kind, "id": case_id})


def next_rung(session: Session, kind: str, case_id: int) -> str | None:
    """Return the rung that a case waits for; None: its clock stands."""
    query = select(waiting.c.next_rung).where(
        waiting.c.case_kind == kind, waiting.c.case_id == case_id
    )
    return session.execute(query).scalar()


def next_due(session: Session) -> datetime | None:
    """Return when the next rung of any case is due."""
    return session.execute(_NEXT_DUE).scalar()


def alone(unit: Unit) -> bool:
    """Whether no other process is recording what is due; none will until the unit has ended."""
    return locks.free(unit.session, "fill")


def fill(
    unit: Unit,
    now: datetime,
    limit: int = 200,
    *,
    day: date | None = None,
    kinds: Collection[str] | None = None,
) -> int:
    """Record up to `limit` due rungs and their messages; returns how many, 0 when none is left.

    `day` is the office day that names the morning card (UTC's unless given): rungs for it join
    the one that still waits to be sent; once that was sent, they go singly. Who cannot be
    reached gets no message, and the notice says so. `kinds`: of these cases only (all unless
    given). While another process fills there is nothing left to do.
    """
    if not alone(unit):
        return 0
    dialect = unit.session.dialect
    of_slice = _slice(dialect, None if kinds is None else tuple(sorted(kinds)))
    asked = {"of_now": now, "of_limit": limit, "of_day": f":{day or now.date()}"}
    if not unit.session.execute(of_slice.count, asked).scalar_one():
        return 0
    # drawn before anything is written: where too few are left the unit runs again
    numbered = asked | {"of_first": neighbours(unit.ids, limit)}
    done = 0
    for one in of_slice.steps:
        done = changed(unit.session, one, numbered)
    return done


class _Slice(msgspec.Struct, frozen=True):
    """What records one slice of due rungs; the values are `of_now`, `of_limit` and the like."""

    count: Select[int]
    steps: tuple[UpdateBase, ...]
    """In order; the last one changes the cases that are done."""


@cache
def _slice(dialect: str, kinds: tuple[str, ...] | None) -> _Slice:
    """Return the statements, made once: to make them takes longer than to run them."""
    wanted = () if kinds is None else (waiting.c.case_kind.in_(kinds),)
    due = (
        select(waiting)
        .where(waiting.c.next_due_at <= _NOW, *wanted)
        .order_by(waiting.c.next_due_at, waiting.c.case_kind, waiting.c.case_id)
        .limit(bindparam("of_limit", type_=Integer))
    )
    count = select(func.count()).select_from(due.subquery("due"))
    if dialect == "postgresql":
        return _Slice(count, (_at_once(due),))
    return _Slice(count, _one_by_one(due.subquery("due")))


def _one_by_one(due: FromClause) -> tuple[UpdateBase, ...]:
    """Where nobody else writes: what is due stays the same from one statement to the next."""
    # a card that was claimed, sent or dropped takes no more: a rung that joined it would be lost
    closed = exists().where(outbox.c.key == _digest(due), outbox.c.state != "ready")
    cases = tuple_(waiting.c.case_kind, waiting.c.case_id).in_(
        select(due.c.case_kind, due.c.case_id)
    )
    return (
        _record("sqlite", due, closed),
        _write("sqlite", due.join(notice, _same_rung(due)), notice.c),
        update(waiting).where(cases).values(next_due_at=None),
    )


def _at_once(selected: Select[Any]) -> Update:
    """Where others write: what is due, and the cards it joins, are theirs again at the end."""
    due = selected.with_for_update().cte("due")
    # locked, or a card would be taken up before the notice that joins it is there to be read
    cards = (
        select(outbox.c.key)
        .where(
            outbox.c.key.in_(select(_digest(due)).where(due.c.lane == DIGEST)),
            outbox.c.state == "ready",
        )
        .with_for_update()
        .cte("cards")
    )
    there = exists().where(outbox.c.key == _digest(due))
    closed = and_(there, ~exists().where(cards.c.key == _digest(due)))
    recorded = (
        _record("postgresql", due, closed)
        .returning(notice.c.staff_id, notice.c.due_at, notice.c.outbox_key, notice.c.outcome)
        .cte("recorded")
    )
    return (
        update(waiting)
        .where(waiting.c.case_kind == due.c.case_kind, waiting.c.case_id == due.c.case_id)
        .values(next_due_at=None)
        .add_cte(_write("postgresql", recorded, recorded.c).cte("written"))
    )


_NOW = bindparam("of_now", type_=Instant)


def _digest(due: FromClause) -> ColumnElement[str]:
    return literal("digest:") + due.c.staff_id + bindparam("of_day", type_=String)


def _record(dialect: str, due: FromClause, closed: ColumnElement[bool]) -> Insert:
    """Notices: one for each due rung that has none. `closed`: its morning card takes no more."""
    single = (
        literal("notice:")
        + due.c.case_kind
        + literal(":")
        + cast(due.c.case_id, String)
        + literal(":")
        + due.c.next_rung
    )
    reached = func.coalesce(
        and_(staff.c.active, staff.c.home_channel != "", staff.c.home_account != ""), false()
    )
    query = (
        select(
            due.c.case_kind,
            due.c.case_id,
            due.c.next_rung,
            due.c.staff_id,
            due.c.next_due_at,
            _NOW,
            case((and_(due.c.lane == DIGEST, ~closed), _digest(due)), else_=single),
            case((cast(reached, Boolean), "open"), else_="unreachable"),
        )
        .select_from(due.outerjoin(staff, staff.c.id == due.c.staff_id))
        .where(due.c.next_due_at <= _NOW)  # without a WHERE SQLite takes ON CONFLICT for a join
    )
    names = (
        "case_kind", "case_id", "rung", "staff_id", "due_at",
        "recorded_at", "outbox_key", "outcome",
    )  # fmt: skip
    return filling(dialect, notice, names, query)


def _write(dialect: str, source: FromClause, recorded: Any) -> Insert:
    """Outbox rows: one for each key, its text rendered when it is sent.

    `recorded`: the columns of the notices in `source`.
    """
    numbered = (
        select(
            (
                func.row_number().over(order_by=(recorded.due_at, recorded.outbox_key))
                + bindparam("of_first", type_=BigInteger)
                - literal_column("1")
            ).label("id"),
            recorded.outbox_key.label("key"),
            staff.c.home_channel.label("channel"),
            staff.c.home_account.label("account"),
            staff.c.id.label("staff_id"),
        )
        .select_from(source.join(staff, staff.c.id == recorded.staff_id))
        .where(recorded.outcome == "open")
    )
    shared = dialect == "postgresql"
    # turns are given in this order, on SQLite they are the ids; of one key the first is left
    messages = (numbered.order_by("id") if shared else numbered).subquery("messages")
    query = select(
        messages,
        outbox_turn.next_value() if shared else messages.c.id,
        literal("send"),
        messages.c.key,
        literal("ready"),
        _NOW,
        literal(0, Integer),
        literal(""),
        _NOW,
    ).where(messages.c.id > 0)  # as in `_record`
    names = (
        "id", "key", "channel", "account", "staff_id", "turn", "mode", "slot", "state",
        "due_at", "attempts", "problem", "created_at",
    )  # fmt: skip
    return filling(dialect, outbox, names, query)


def open_notices(session: Session, outbox_key: str, limit: int | None = None) -> list[Notice]:
    """Return what the message of that key has to say, the longest due first."""
    query = (
        select(*_columns())
        .where(notice.c.outbox_key == outbox_key, notice.c.outcome == "open")
        .order_by(notice.c.due_at, notice.c.case_id)
        .limit(limit)
    )
    return [Notice(*row) for row in session.execute(query)]


def count_rest(unit: Unit, outbox_key: str, said: Collection[Notice]) -> int:
    """Let a message only count what it has no room for, and return how much that is.

    `said`: what it says one by one. What no clock waits for any more is not counted; the others
    get their next rung as those do that reached nobody (`stalled`).
    """
    spoken = tuple_(notice.c.case_kind, notice.c.case_id, notice.c.rung).in_(
        [(one.case_kind, one.case_id, one.rung) for one in said]
    )
    rest = update(notice).where(
        notice.c.outbox_key == outbox_key, notice.c.outcome == "open", ~spoken
    )
    holds = exists().where(_same_rung(waiting))
    unit.session.execute(rest.where(holds).values(outcome="counted"))
    unit.session.execute(rest.values(outcome="moot"))
    counted = select(func.count()).where(
        notice.c.outbox_key == outbox_key, notice.c.outcome == "counted"
    )
    return unit.session.execute(counted).scalar_one()


def of_case(session: Session, kind: str, case_id: int) -> list[Notice]:
    """Return every recorded rung of a case, in order."""
    query = (
        select(*_columns())
        .where(notice.c.case_kind == kind, notice.c.case_id == case_id)
        .order_by(notice.c.due_at, notice.c.rung)
    )
    return [Notice(*row) for row in session.execute(query)]


def skip(unit: Unit, kind: str, case_id: int, rung: str, due_at: datetime, staff_id: str) -> None:
    """Record that a rung is not said, because it struck before there was a reason to say it."""
    _settled(unit, kind, case_id, rung, due_at, staff_id, "", "moot")


def owe(
    unit: Unit, kind: str, case_id: int, rung: str, staff_id: str, key: str, *, reached: bool
) -> None:
    """Record a rung that is due now, for the message `key` to say when it is sent.

    `reached`: whether the person has a chat to send it to; without one nothing is sent.
    """
    outcome = "open" if reached else "unreachable"
    _settled(unit, kind, case_id, rung, unit.now, staff_id, key, outcome)


def hand_on(unit: Unit, notice_: Notice, staff_id: str, key: str) -> None:
    """Let another person hear an open rung, in the message `key`."""
    unit.session.execute(
        update(notice)
        .where(
            notice.c.case_kind == notice_.case_kind,
            notice.c.case_id == notice_.case_id,
            notice.c.rung == notice_.rung,
        )
        .values(staff_id=staff_id, outbox_key=key)
    )


def hold(unit: Unit, outbox_key: str, held_key: str) -> None:
    """Let another message, sent later, speak for the open notices of this one."""
    unit.session.execute(
        update(notice)
        .where(notice.c.outbox_key == outbox_key, notice.c.outcome == "open")
        .values(outbox_key=held_key)
    )


def collapse(
    unit: Unit, kind: str, case_id: int, rung: str, due_at: datetime, staff_id: str, key: str
) -> None:
    """Record a rung missed in an outage that the message `key` speaks for."""
    _settled(unit, kind, case_id, rung, due_at, staff_id, key, "collapsed")


def _settled(
    unit: Unit,
    kind: str,
    case_id: int,
    rung: str,
    due_at: datetime,
    staff_id: str,
    key: str,
    outcome: str,
) -> None:
    row = {
        "case_kind": kind,
        "case_id": case_id,
        "rung": rung,
        "staff_id": staff_id,
        "due_at": due_at,
        "recorded_at": unit.now,
        "outbox_key": key,
        "outcome": outcome,
    }
    insert_or_leave(unit.session, notice, row)


_SETTLE = update(notice).where(notice.c.outbox_key == bindparam("of"), notice.c.outcome == "open")

_SETTLE_CASE = _SETTLE.where(
    notice.c.case_kind == bindparam("kind"), notice.c.case_id == bindparam("id")
)


def settle(
    unit: Unit, outbox_key: str, outcome: str, *, case: tuple[str, int] | None = None
) -> None:
    """Say what became of the open notices of a message, or of one case in it."""
    became: dict[str, object] = {
        "of": outbox_key,
        "outcome": outcome,
        "sent_at": unit.now if outcome == "sent" else None,
    }
    if case is None:
        unit.session.execute(_SETTLE, became)
    else:
        unit.session.execute(_SETTLE_CASE, became | {"kind": case[0], "id": case[1]})


def watched_by(session: Session, staff_id: str) -> tuple[tuple[str, int], ...]:
    """Return the open cases (kind, id) whose next rung that person is to hear."""
    query = select(waiting.c.case_kind, waiting.c.case_id).where(waiting.c.staff_id == staff_id)
    return tuple((row.case_kind, row.case_id) for row in session.execute(query))


def reopen(unit: Unit, staff_id: str, since: datetime, key: str) -> int:
    """Let the message `key` speak for what did not reach a person since then; return how much.

    Of each case only the last rung: when it was said, nothing before it is news.
    """
    later = notice.alias("later")
    superseded = exists().where(
        later.c.case_kind == notice.c.case_kind,
        later.c.case_id == notice.c.case_id,
        later.c.staff_id == notice.c.staff_id,
        later.c.due_at > notice.c.due_at,
        later.c.outcome != "moot",
    )
    return changed(
        unit.session,
        update(notice)
        .where(
            notice.c.staff_id == staff_id,
            notice.c.outcome == literal_column("'unreachable'"),
            notice.c.due_at >= since,
            ~superseded,
        )
        .values(outcome="open", outbox_key=key),
    )


def stalled(session: Session, limit: int) -> list[Notice]:
    """Return rungs that reached nobody, or were only counted, whose case has no next rung yet.

    Nothing was rendered for them, so nothing set the next one: the ladder must be moved on.
    """
    query = (
        select(*_columns())
        .select_from(waiting.join(notice, _same_rung(waiting)))
        .where(waiting.c.next_due_at.is_(None), notice.c.outcome.in_(("unreachable", "counted")))
        .limit(limit)
    )
    return [Notice(*row) for row in session.execute(query)]


def _same_rung(source: Any) -> ColumnElement[bool]:
    return and_(
        notice.c.case_kind == source.c.case_kind,
        notice.c.case_id == source.c.case_id,
        notice.c.rung == source.c.next_rung,
    )


def _columns() -> Sequence[ColumnElement[Any]]:
    return [notice.c[name] for name in Notice.__struct_fields__]
