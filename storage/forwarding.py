"""What waits for a chat that moved, went away or is served no more: where it goes instead."""

from __future__ import annotations

import msgspec
from sqlalchemy import select, update

from storage import ledger
from storage.outbox import DELETE, PASSING, SEND, Message, put
from storage.outbox_rows import drop_ready, end, fail, in_state, moot, ready
from storage.session import Session
from storage.tables import message_ref, outbox
from storage.unit import Unit


class Stranded(msgspec.Struct, frozen=True):
    """A chat on a channel that nobody serves, for which something waits."""

    channel: str
    account: str
    staff_id: str | None


def readdress(unit: Unit, channel: str, account: str, moved_to: str) -> None:
    """Follow a chat that moved: what waits for it and the cards it shows."""
    for table, pending in ((outbox, True), (message_ref, False)):
        query = update(table).where(table.c.channel == channel, table.c.account == account)
        if pending:
            query = query.where(in_state(outbox, "ready", "sending"))
        unit.session.execute(query.values(account=moved_to))


def forget_chat(unit: Unit, channel: str, account: str) -> int:
    """Drop what waits for a chat that is gone; returns how many."""
    query = select(outbox.c.id).where(
        outbox.c.channel == channel, outbox.c.account == account, *ready()
    )
    waiting = list(unit.session.execute(query).scalars())
    for id in waiting:
        moot(unit, id, "chat gone", "ready")
    return len(waiting)


def forward(
    unit: Unit,
    channel: str,
    account: str,
    staff_id: str | None,
    to: tuple[str, str] | None,
    *,
    problem: str,
    claimed: bool = False,
) -> None:
    """Send what waits for an account elsewhere; None: give it up for `problem`.

    Only new messages go along: what would redraw a card stays where the card is, and what does
    not stay in the chat goes to no other. `claimed`: also what is being sent, for a channel that
    nobody serves any more.
    """
    states = ("ready", "sending") if claimed else ("ready",)
    query = select(outbox.c.id, outbox.c.mode, outbox.c.slot).where(
        outbox.c.channel == channel,
        outbox.c.account == account,
        outbox.c.staff_id == staff_id,
        in_state(outbox, "ready", "sending"),
        in_state(outbox, *states),
    )
    for row in unit.session.execute(query.order_by(outbox.c.turn)).all():
        if row.mode == DELETE and not claimed:
            continue
        if row.mode != SEND or row.slot.startswith(PASSING):
            drop_ready(unit, [row.id], problem)
        elif to is None:
            fail(unit, row.id, problem, *states)
        else:
            values = {"channel": to[0], "account": to[1], "attempts": 0, "problem": ""}
            end(
                unit, row.id, *states, state="ready", **values
            )  # unless the relay has taken it up since


def send_elsewhere(unit: Unit, row: Message, channel: str, account: str) -> None:
    """Send a message that did not arrive to another account of its reader, once.

    Must come before `fail`: open notices then wait for the new message.
    """
    key = f"elsewhere:{row.id}"
    if row.body is None:
        ledger.hold(unit, row.key, key)
    put(
        unit,
        key=key,
        channel=channel,
        account=account,
        staff_id=row.staff_id,
        mode=SEND,
        slot=row.slot,
        body=row.body,
        due_at=unit.now,
    )


def unrendered(session: Session, channel: str, account: str) -> tuple[str, ...]:
    """Return the keys of unsent messages to a chat that are drawn from the ledger when sent."""
    query = select(outbox.c.key).where(
        outbox.c.channel == channel,
        outbox.c.account == account,
        *ready(),
        outbox.c.body.is_(None),
    )
    return tuple(session.execute(query).scalars())


def stranded(session: Session, channels: frozenset[str], limit: int) -> list[Stranded]:
    """Return chats on other channels than `channels` for which something waits."""
    query = (
        select(outbox.c.channel, outbox.c.account, outbox.c.staff_id)
        .where(in_state(outbox, "ready", "sending"), outbox.c.channel.not_in(channels))
        .distinct()
        .limit(limit)
    )
    return [Stranded(*row) for row in session.execute(query)]
