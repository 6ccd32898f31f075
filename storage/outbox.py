"""Messages to send, written in the unit that decided them, sent by the relay afterwards.

A card that was not sent yet is never sent in an outdated form: a newer body for the same slot
takes its place, so at most one row of a slot is ready at any time.

Several units may write at once, and one relay may claim meanwhile: what is changed here is
changed only in the state it was seen in. A chat's order is that of `turn`, not of ids.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import msgspec
from sqlalchemy import (
    ColumnElement,
    bindparam,
    delete,
    exists,
    func,
    literal_column,
    select,
    union_all,
    update,
)
from sqlalchemy.sql.dml import Insert

from storage import ledger, locks, outbox_rows
from storage.session import Session
from storage.tables import message_ref, outbox, outbox_turn
from storage.unit import Unit
from storage.upsert import changed, insert_or_leave, insert_or_set, leaving

SEND = "send"
TIDY = "tidy"
DELETE = "delete"
GONE = ":gone"
"""How the key ends of a row that takes the message of the key before it out of the chat."""
HELD = "held"
"""Problem of a message that waits because its reader was sent enough for now."""
PASSING = "r."
"""How the slots of messages begin that do not stay: they go to no other chat."""


class Message(msgspec.Struct, frozen=True):
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
    first_due_at: datetime | None = None
    """When it was due before the first failed try; None: none failed."""
    ref: str | None = None
    """Which platform message shows its card; None: none yet, or a new one is to be sent."""

    @property
    def owed_at(self) -> datetime:
        """Since when its reader waits for it."""
        return self.first_due_at or self.due_at


def _blocked() -> ColumnElement[bool]:
    earlier = outbox.alias("earlier")
    return (
        exists()
        .where(
            earlier.c.channel == outbox.c.channel,
            earlier.c.account == outbox.c.account,
            outbox_rows.in_state(earlier, "ready", "sending"),
            earlier.c.turn < outbox.c.turn,
            outbox_rows.in_state(earlier, "sending")
            | (earlier.c.attempts > literal_column("0"))
            | (earlier.c.problem == literal_column(f"'{HELD}'")),
            earlier.c.account != literal_column("''"),
        )
        .correlate(outbox)
    )


@cache
def _put_in_turn() -> Insert:
    # later than every turn a chat has been given; where one program writes, ids rise with it
    return leaving("postgresql", outbox).values(turn=outbox_turn.next_value())


_OF_SLOT = (
    select(outbox.c.id, outbox.c.turn, outbox.c.mode, outbox.c.due_at, outbox.c.body)
    .where(
        outbox.c.channel == bindparam("channel"),
        outbox.c.account == bindparam("account"),
        outbox.c.slot == bindparam("slot"),
        *outbox_rows.ready(),
        outbox.c.mode != DELETE,  # it takes nobody's place, and nobody takes its own
        outbox.c.id != bindparam("but"),
    )
    .order_by(outbox.c.turn)
)

_RENEW = update(outbox).where(outbox.c.id == bindparam("of"), *outbox_rows.ready())

_SHOWN = (
    select(message_ref.c.ref)
    .where(
        message_ref.c.channel == outbox.c.channel,
        message_ref.c.account == outbox.c.account,
        message_ref.c.slot == outbox.c.slot,
        outbox.c.mode != SEND,
    )
    .correlate(outbox)
    .scalar_subquery()
)

_WAITING = (
    select(outbox.c.id, outbox.c.due_at, outbox.c.turn, _SHOWN.label("ref"))
    .where(outbox.c.channel == bindparam("channel"), *outbox_rows.ready(), ~_blocked())
    .order_by(outbox.c.due_at, outbox.c.turn)
)
_DUE = _WAITING.where(outbox.c.due_at <= bindparam("now")).limit(bindparam("limit"))
_LATER = _WAITING.where(outbox.c.due_at > bindparam("now")).limit(1)
_AHEAD = union_all(select(_DUE.subquery("due")), select(_LATER.subquery("due_later")))
"""What is due, and the first that will be: one statement, since it runs all the time."""

_NEXT_DUE = (
    select(outbox.c.due_at)
    .where(outbox.c.channel == bindparam("channel"), *outbox_rows.ready(), ~_blocked())
    .order_by(outbox.c.due_at)
    .limit(1)
)

_CLAIM = (
    update(outbox)
    .where(outbox.c.id.in_(bindparam("ids", expanding=True)), *outbox_rows.ready())
    .values(state="sending")
    .returning(*(outbox.c[name] for name in Message.__struct_fields__ if name != "ref"))
)

_MARK_SENT = (
    update(outbox)
    .where(outbox.c.id == bindparam("of"))
    .values(state="sent", sent_at=bindparam("at"), problem="")
)


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
    One that is tidied waits no longer: what follows must not come before it.
    """
    if slot:
        locks.take(unit.session, f"card:{channel}:{account}:{slot}")
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
    if locks.shared(unit.session):
        new = changed(unit.session, _put_in_turn(), values)
    else:
        new = insert_or_leave(unit.session, outbox, values | {"turn": row})
    if not new:
        return
    if not slot or body is None or mode == DELETE:
        return
    older = _of_slot(unit, channel, account, slot, row)
    first = next((one for one in older if one.mode == SEND), None)
    renewed = first is not None and changed(
        unit.session,
        _RENEW,
        {
            "of": first.id,
            "body": unit.seal("outbox.body", first.id, body),
            "due_at": due_at if mode == TIDY else max(first.due_at, due_at),
        },
    )
    if first is None or not renewed:  # none, or the relay has taken it up since
        outbox_rows.drop_ready(unit, [one.id for one in older], "superseded")
    else:
        outbox_rows.drop_ready(
            unit, [row, *(one.id for one in older if one.id != first.id)], "superseded"
        )


def next_due(session: Session, channel: str) -> datetime | None:
    """Return when the next message may be sent; None: none, or only behind one being sent."""
    return session.execute(_NEXT_DUE, {"channel": channel}).scalar()


def claim(
    unit: Unit, channel: str, now: datetime, limit: int
) -> tuple[list[Message], datetime | None]:
    """Mark what may be sent now as being sent and return it, in the order to send it.

    Returns as well when the next one may be sent, as `next_due` does. A message waits while an
    earlier one to the same chat is being sent or tried again. One relay for each channel claims.
    """
    ahead = unit.session.execute(_AHEAD, {"channel": channel, "now": now, "limit": limit}).all()
    due = sorted(
        (row for row in ahead if row.due_at <= now), key=lambda row: (row.due_at, row.turn)
    )
    later = next((row.due_at for row in ahead if row.due_at > now), None)
    if not due:
        return [], later
    refs = {row.id: row.ref for row in due}
    claimed = {row.id: row for row in unit.session.execute(_CLAIM, {"ids": list(refs)})}
    messages = [_message(unit, claimed[id], ref) for id, ref in refs.items() if id in claimed]
    return messages, now if len(due) == limit else later


def mark_sent(unit: Unit, row: Message, ref: str) -> None:
    """Record that the platform took the message and shows it as `ref` ("" if it says none)."""
    # also when another relay has taken over meanwhile: it arrived, so it need not go again
    unit.session.execute(_MARK_SENT, {"of": row.id, "at": unit.now})
    if row.slot and ref and ref != row.ref:
        shown = {
            "channel": row.channel,
            "account": row.account,
            "slot": row.slot,
            "ref": ref,
            "at": unit.now,
        }
        insert_or_set(unit.session, message_ref, shown, ("ref", "at"))
    if row.body is None:  # else no notice hangs on it
        ledger.settle(unit, row.key, "sent")


def mark_gone(unit: Unit, id: int) -> None:
    """Record that a message was taken out of its chat, and forget what it said."""
    row = outbox_rows.one(unit, id)
    unit.session.execute(_MARK_SENT, {"of": id, "at": unit.now})
    unit.session.execute(
        delete(message_ref).where(
            message_ref.c.channel == row.channel,
            message_ref.c.account == row.account,
            message_ref.c.slot == row.slot,
        )
    )
    said = outbox.c.key == row.key.removesuffix(GONE), outbox_rows.in_state(outbox, "sent")
    unit.session.execute(update(outbox).where(*said).values(body=None))


def retry(unit: Unit, id: int, due_at: datetime, problem: str) -> None:
    """Give a claimed message back after a failed try: not before `due_at`.

    Later messages to the same chat wait for it.
    """
    values = {
        "due_at": due_at,
        "first_due_at": func.coalesce(outbox.c.first_due_at, outbox.c.due_at),
        "problem": problem,
        "attempts": outbox.c.attempts + 1,
    }
    _give_back(unit, id, values)


def hold(unit: Unit, id: int, due_at: datetime) -> None:
    """Give a claimed message back that may not be tried before `due_at`: its reader was sent
    enough for now.

    Later messages to the same chat wait for it; it counts neither as tried nor as late.
    """
    _give_back(unit, id, {"due_at": due_at, "problem": HELD})


def release(unit: Unit, ids: Iterable[int]) -> None:
    """Give claimed messages back that were not tried."""
    for id in ids:
        _give_back(unit, id, {})


def recover(unit: Unit, channel: str, but: Collection[int] = ()) -> int:
    """Give back what a relay that died had claimed; those may reach people twice.

    `but`: what is in hand.
    """
    query = select(outbox.c.id).where(
        outbox.c.channel == channel,
        outbox_rows.in_state(outbox, "ready", "sending"),
        outbox_rows.in_state(outbox, "sending"),
    )
    ids = [id for id in unit.session.execute(query).scalars() if id not in but]
    release(unit, ids)
    return len(ids)


def drop(unit: Unit, id: int, problem: str) -> None:
    """Give a claimed message up because it is no longer true or not needed."""
    outbox_rows.moot(unit, id, problem, "sending")


def fail(unit: Unit, id: int, problem: str) -> None:
    """Give a claimed message up: the platform does not take it or does not reach the person."""
    outbox_rows.fail(unit, id, problem, "sending")


def withdraw(unit: Unit, slot: str) -> None:
    """Do not send the card of that name, to whomever; what is on its way arrives."""
    query = select(outbox.c.id).where(*outbox_rows.ready(), outbox.c.slot == slot)
    outbox_rows.drop_ready(unit, list(unit.session.execute(query).scalars()), "withdrawn")


def withdraw_here(unit: Unit, channel: str, account: str, stem: str) -> None:
    """Do not send to this chat the cards whose names begin so; what is on its way arrives."""
    query = select(outbox.c.id).where(
        *outbox_rows.ready(),
        outbox.c.channel == channel,
        outbox.c.account == account,
        outbox.c.slot.startswith(stem, autoescape=True),
    )
    outbox_rows.drop_ready(unit, list(unit.session.execute(query).scalars()), "withdrawn")


def lately(session: Session, stem: str, at: datetime, pace: timedelta) -> str:
    """Return the key under which something may be said now; "" if it was said within `pace`.

    Time is cut into pieces of `pace`; nothing is said in a piece after one in which it was.
    """
    piece = int(at.timestamp() // pace.total_seconds())
    keys = [f"{stem}:{piece}", f"{stem}:{piece - 1}"]
    said = session.execute(select(outbox.c.id).where(outbox.c.key.in_(keys)).limit(1)).scalar()
    return "" if said else keys[0]


def answer_slot(session: Session, key: str) -> str:
    """Return the slot of the message that was written under this key; "" for none."""
    return session.execute(select(outbox.c.slot).where(outbox.c.key == key)).scalar() or ""


def state_of(session: Session, key: str) -> str | None:
    """Return what became so far of the message of that key; None: there is none.

    One that waits is not taken up, and none is written by others, before the unit has ended.
    """
    locks.take(session, f"message:{key}")
    query = select(outbox.c.state).where(outbox.c.key == key).with_for_update()
    return session.execute(query).scalar()


def purge(unit: Unit, before: datetime, limit: int = 500) -> int:
    """Forget bodies written before that instant; returns how many. What waits is kept."""
    old = (
        select(outbox.c.id)
        .where(
            outbox.c.body.is_not(None),
            outbox.c.created_at < before,
            outbox_rows.in_state(outbox, "sent", "dropped", "failed"),
        )
        .limit(limit)
    )
    return changed(unit.session, update(outbox).where(outbox.c.id.in_(old)).values(body=None))


def _of_slot(unit: Unit, channel: str, account: str, slot: str, but: int) -> Sequence[Any]:
    """Return what else is ready for a card, in order."""
    card = {"channel": channel, "account": account, "slot": slot, "but": but}
    return unit.session.execute(_OF_SLOT, card).all()


def _give_back(unit: Unit, id: int, values: dict[str, Any]) -> None:
    row = outbox_rows.one(unit, id)
    if row.slot:
        locks.take(unit.session, f"card:{row.channel}:{row.account}:{row.slot}")
    replaced = row.slot and row.mode != DELETE
    newer = _of_slot(unit, row.channel, row.account, row.slot, id) if replaced else []
    if newer and row.mode != SEND:
        outbox_rows.end(unit, id, "sending", state="dropped", problem="superseded", body=None)
        return
    if newer and newer[-1].body is not None:
        body = unit.vault.open(newer[-1].body, newer[-1].id)
        values = values | {"body": unit.seal("outbox.body", id, body)}
        outbox_rows.drop_ready(unit, [one.id for one in newer], "superseded")
    outbox_rows.end(unit, id, "sending", state="ready", **values)


def _message(unit: Unit, row: Any, ref: str | None) -> Message:
    values = row._asdict() | {"ref": ref}
    if row.body is not None:
        values["body"] = unit.vault.open(row.body, row.id)
    return Message(**values)
