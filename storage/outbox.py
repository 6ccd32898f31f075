"""Messages to send, written in the unit that decided them, sent by the relay afterwards.

A card that was not sent yet is never sent in an outdated form: a newer body for the same slot
takes its place, so at most one row of a slot is ready at any time.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, FromClause, exists, literal_column, select, update
from sqlalchemy.orm import Session

from storage import ledger
from storage.tables import message_ref, outbox
from storage.unit import Unit
from storage.upsert import changed, insert_or_leave, insert_or_set

SEND = "send"


@dataclass(frozen=True)
class Message:
    """One row that was claimed for sending."""

    id: int
    key: str
    channel: str
    account: str
    staff_id: str | None
    mode: str
    """send | redraw | tidy | tap"""
    slot: str
    """Name of the card; "" for a passing remark."""
    body: str | None
    """JSON of the card; None: to be rendered from the open notices of `key`."""
    due_at: datetime
    attempts: int
    """Tries that failed so far."""
    created_at: datetime


# States are written out, not bound: SQLite must see that its partial indexes fit.
def _in_state(table: FromClause, *states: str) -> ColumnElement[bool]:
    literals: list[ColumnElement[str]] = [literal_column(f"'{state}'") for state in states]
    state: ColumnElement[Any] = table.c.state
    return state.in_(literals) if len(literals) > 1 else state == literals[0]


def _ready(table: FromClause = outbox) -> tuple[ColumnElement[bool], ...]:
    return _in_state(table, "ready", "sending"), _in_state(table, "ready")


def put(
    unit: Unit,
    *,
    key: str,
    channel: str,
    account: str,
    staff_id: str | None,
    mode: str,
    slot: str,
    body: str | None,
    due_at: datetime,
) -> None:
    """Write a message; nothing happens when `key` was written before.

    An unsent message of the same slot gives way to it: an unsent redraw is dropped; an unsent
    new card stays a new card in its place, with this body and the later of both due instants.
    """
    row = next(unit.ids)
    values = {
        "id": row,
        "key": key,
        "channel": channel,
        "account": account,
        "staff_id": staff_id,
        "mode": str(mode),
        "slot": slot,
        "body": unit.seal("outbox.body", row, body),
        "state": "ready",
        "due_at": due_at,
        "created_at": unit.now,
    }
    if not changed(unit.session, insert_or_leave(unit.session, outbox, values)):
        return
    if not slot or body is None:
        return
    older = _of_slot(unit, channel, account, slot, row)
    first = next((one for one in older if one.mode == SEND), None)
    if first is None:
        _drop(unit, [one.id for one in older], "superseded")
        return
    unit.session.execute(
        update(outbox)
        .where(outbox.c.id == first.id)
        .values(body=unit.seal("outbox.body", first.id, body), due_at=max(first.due_at, due_at))
    )
    _drop(unit, [row, *(one.id for one in older if one.id != first.id)], "superseded")


def due(session: Session, channel: str, now: datetime, limit: int) -> list[int]:
    """Return the ids of what may be sent now, in the order to send it.

    A message waits while an earlier one to the same chat is being sent or tried again.
    """
    query = (
        select(outbox.c.id)
        .where(outbox.c.channel == channel, *_ready(), outbox.c.due_at <= now, ~_blocked())
        .order_by(outbox.c.due_at, outbox.c.id)
        .limit(limit)
    )
    return list(session.execute(query).scalars())


def next_due(session: Session, channel: str) -> datetime | None:
    """Return when the next message may be sent; None: none, or only behind one being sent."""
    query = (
        select(outbox.c.due_at)
        .where(outbox.c.channel == channel, *_ready(), ~_blocked())
        .order_by(outbox.c.due_at)
        .limit(1)
    )
    return session.execute(query).scalar()


def claim(unit: Unit, channel: str, now: datetime, limit: int) -> list[Message]:
    """Mark what is `due` as being sent and return it; one relay for each channel claims."""
    ids = due(unit.session, channel, now, limit)
    if not ids:
        return []
    unit.session.execute(update(outbox).where(outbox.c.id.in_(ids)).values(state="sending"))
    columns = [outbox.c[name] for name in Message.__dataclass_fields__]
    query = select(*columns).where(outbox.c.id.in_(ids)).order_by(outbox.c.due_at, outbox.c.id)
    return [_message(unit, row) for row in unit.session.execute(query)]


def mark_sent(unit: Unit, id: int, ref: str) -> None:
    """Record that the platform took the message and shows it as `ref` ("" if it says none)."""
    row = _one(unit, id)
    unit.session.execute(
        update(outbox).where(outbox.c.id == id).values(state="sent", sent_at=unit.now, problem="")
    )
    if row.slot and ref:
        shown = {
            "channel": row.channel,
            "account": row.account,
            "slot": row.slot,
            "ref": ref,
            "at": unit.now,
        }
        unit.session.execute(insert_or_set(unit.session, message_ref, shown, ("ref", "at")))
    ledger.settle(unit, row.key, "sent")


def retry(unit: Unit, id: int, due_at: datetime, problem: str) -> None:
    """Give a claimed message back after a failed try: not before `due_at`.

    Later messages to the same chat wait for it.
    """
    _give_back(unit, id, {"due_at": due_at, "problem": problem, "attempts": outbox.c.attempts + 1})


def release(unit: Unit, ids: Iterable[int]) -> None:
    """Give claimed messages back that were not tried."""
    for id in ids:
        _give_back(unit, id, {})


def recover(unit: Unit, channel: str) -> int:
    """Give back what a relay that died had claimed; those may reach people twice."""
    query = select(outbox.c.id).where(
        outbox.c.channel == channel,
        _in_state(outbox, "ready", "sending"),
        _in_state(outbox, "sending"),
    )
    ids = list(unit.session.execute(query).scalars())
    release(unit, ids)
    return len(ids)


def drop(unit: Unit, id: int, problem: str) -> None:
    """Give a message up because it is no longer true or not needed."""
    key = _one(unit, id).key
    _drop(unit, [id], problem)
    ledger.settle(unit, key, "moot")


def fail(unit: Unit, id: int, problem: str) -> None:
    """Give a message up because the platform does not take it or does not reach the person."""
    key = _one(unit, id).key
    unit.session.execute(
        update(outbox).where(outbox.c.id == id).values(state="failed", problem=problem[:200])
    )
    ledger.settle(unit, key, "unreachable")


def readdress(unit: Unit, channel: str, account: str, moved_to: str) -> None:
    """Follow a chat that moved: what waits for it and the cards it shows."""
    for table, pending in ((outbox, True), (message_ref, False)):
        query = update(table).where(table.c.channel == channel, table.c.account == account)
        if pending:
            query = query.where(_in_state(outbox, "ready", "sending"))
        unit.session.execute(query.values(account=moved_to))


def slot_of(session: Session, channel: str, account: str, ref: str) -> str:
    """Return which card a platform message shows; "" when unknown."""
    query = (
        select(message_ref.c.slot)
        .where(
            message_ref.c.channel == channel,
            message_ref.c.account == account,
            message_ref.c.ref == ref,
        )
        .order_by(message_ref.c.at.desc())
        .limit(1)
    )
    return session.execute(query).scalar() or ""


def ref_of(session: Session, channel: str, account: str, slot: str) -> str | None:
    """Return which platform message shows a card; None when it was never shown."""
    query = select(message_ref.c.ref).where(
        message_ref.c.channel == channel,
        message_ref.c.account == account,
        message_ref.c.slot == slot,
    )
    return session.execute(query).scalar()


def purge(unit: Unit, before: datetime, limit: int = 500) -> int:
    """Forget bodies written before that instant; returns how many. What waits is kept."""
    old = (
        select(outbox.c.id)
        .where(
            outbox.c.body.is_not(None),
            outbox.c.created_at < before,
            _in_state(outbox, "sent", "dropped", "failed"),
        )
        .limit(limit)
    )
    return changed(unit.session, update(outbox).where(outbox.c.id.in_(old)).values(body=None))


def _blocked() -> ColumnElement[bool]:
    earlier = outbox.alias("earlier")
    return (
        exists()
        .where(
            earlier.c.channel == outbox.c.channel,
            earlier.c.account == outbox.c.account,
            _in_state(earlier, "ready", "sending"),
            earlier.c.id < outbox.c.id,
            _in_state(earlier, "sending") | (earlier.c.attempts > 0),
        )
        .correlate(outbox)
    )


def _of_slot(unit: Unit, channel: str, account: str, slot: str, but: int) -> Sequence[Any]:
    query = (
        select(outbox.c.id, outbox.c.mode, outbox.c.due_at, outbox.c.body)
        .where(
            outbox.c.channel == channel,
            outbox.c.account == account,
            outbox.c.slot == slot,
            *_ready(),
            outbox.c.id != but,
        )
        .order_by(outbox.c.id)
    )
    return unit.session.execute(query).all()


def _give_back(unit: Unit, id: int, values: dict[str, Any]) -> None:
    row = _one(unit, id)
    newer = _of_slot(unit, row.channel, row.account, row.slot, id) if row.slot else []
    if newer and row.mode != SEND:
        _drop(unit, [id], "superseded")
        return
    if newer and newer[-1].body is not None:
        body = unit.vault.open(newer[-1].body, newer[-1].id)
        values = values | {"body": unit.seal("outbox.body", id, body)}
        _drop(unit, [one.id for one in newer], "superseded")
    unit.session.execute(update(outbox).where(outbox.c.id == id).values(state="ready", **values))


def _drop(unit: Unit, ids: Sequence[int], problem: str) -> None:
    if ids:
        unit.session.execute(
            update(outbox)
            .where(outbox.c.id.in_(ids))
            .values(state="dropped", problem=problem[:200], body=None)
        )


def _one(unit: Unit, id: int) -> Any:
    columns = (outbox.c.key, outbox.c.channel, outbox.c.account, outbox.c.slot, outbox.c.mode)
    return unit.session.execute(select(*columns).where(outbox.c.id == id)).one()


def _message(unit: Unit, row: Any) -> Message:
    values = row._asdict()
    if row.body is not None:
        values["body"] = unit.vault.open(row.body, row.id)
    return Message(**values)
