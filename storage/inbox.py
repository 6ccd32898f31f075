"""Inbound messages seen: a repeat finds its row and changes nothing.

A row normally says `done` and keeps no content. Only a message that could not be handled, or not
soon enough, keeps its body, sealed, until that is done or it grows too old.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import exists, func, literal_column, select, tuple_, update

from storage.session import Session
from storage.tables import inbox
from storage.unit import Unit
from storage.upsert import changed, insert_or_leave

# written out, not bound: SQLite must see that the partial index fits
_OPEN = inbox.c.state != literal_column("'done'")

# ids are of several processes; the platform has one clock
_ORDER = (inbox.c.at, inbox.c.received_at, inbox.c.id)


class Failed(msgspec.Struct, frozen=True):
    """A message that was given up, without its content."""

    channel: str
    key: str
    account: str
    at: datetime
    """The platform's time."""
    reference: str
    """What the person was told and the log says."""
    attempts: int
    """How often it was given up, 1 for the first time."""


class Waiting(msgspec.Struct, frozen=True):
    """A message that is to be handled again."""

    channel: str
    key: str
    account: str
    body: str
    """JSON of the inbound message."""


def take(unit: Unit, channel: str, key: str, account: str, at: datetime) -> bool:
    """Record that this message is being handled; False: it was already."""
    row = _row(unit, channel, key, account, at) | {"state": "done"}
    return insert_or_leave(unit.session, inbox, row) == 1


def receive(
    unit: Unit, inbound_json: str, channel: str, key: str, account: str, at: datetime
) -> None:
    """Keep a message to be handled later; nothing happens when it was taken already."""
    row = _row(unit, channel, key, account, at)
    body = unit.seal("inbox.body", row["id"], inbound_json)
    insert_or_leave(unit.session, inbox, row | {"state": "received", "body": body})


def reword(unit: Unit, channel: str, key: str, at: datetime) -> bool:
    """Record when a message that was taken got a new wording.

    False: it was not taken yet, or a later wording was.
    """
    newer = update(inbox).where(inbox.c.channel == channel, inbox.c.key == key, inbox.c.at <= at)
    return changed(unit.session, newer.values(at=at)) == 1


def fail(
    unit: Unit,
    inbound_json: str,
    channel: str,
    key: str,
    account: str,
    at: datetime,
    reference: str,
) -> None:
    """Keep a message that could not be handled; it counts as seen."""
    fresh = _row(unit, channel, key, account, at) | {"state": "failed"}
    insert_or_leave(unit.session, inbox, fresh)
    this = (inbox.c.channel == channel, inbox.c.key == key)
    row = unit.session.execute(select(inbox.c.id).where(*this)).scalar_one()
    unit.session.execute(
        update(inbox)
        .where(*this)
        .values(
            state="failed",
            body=unit.seal("inbox.body", row, inbound_json),
            reference=reference,
            attempts=inbox.c.attempts + 1,
        )
    )


def failed(session: Session) -> list[Failed]:
    """Return what was given up and not retried since, oldest first."""
    columns = (
        inbox.c.channel, inbox.c.key, inbox.c.account, inbox.c.at,
        inbox.c.reference, inbox.c.attempts,
    )  # fmt: skip
    query = (
        select(*columns)
        .where(_OPEN, inbox.c.state == "failed", inbox.c.body.is_not(None))
        .order_by(inbox.c.id)
    )
    return [Failed(*row) for row in session.execute(query)]


def failures(session: Session, since: datetime) -> tuple[int, datetime | None]:
    """Return how many messages received since then were given up, and when the first came."""
    query = select(func.count(), func.min(inbox.c.received_at)).where(
        _OPEN, inbox.c.state == "failed", inbox.c.received_at >= since
    )
    count, first = session.execute(query).one()
    return count, first


def requeue(unit: Unit, reference: str) -> bool:
    """Mark a failed message for handling again; False: there is none of that reference."""
    marked = changed(
        unit.session,
        update(inbox)
        .where(
            _OPEN,
            inbox.c.state == "failed",
            inbox.c.reference == reference,
            inbox.c.body.is_not(None),
        )
        .values(state="received"),
    )
    return marked > 0


def waiting(unit: Unit, limit: int) -> list[Waiting]:
    """Return messages to handle again, in the order in which they were written."""
    query = (
        select(inbox.c.id, inbox.c.channel, inbox.c.key, inbox.c.account, inbox.c.body)
        .where(_OPEN, inbox.c.state == "received")
        .order_by(*_ORDER)
        .limit(limit)
    )
    return [
        Waiting(row.channel, row.key, row.account, unit.vault.open(row.body, row.id))
        for row in unit.session.execute(query)
    ]


def finish(unit: Unit, channel: str, key: str) -> bool:
    """Mark a message as handled and forget its content.

    False: somebody else did, or is at an earlier one of the same chat.
    """
    earlier = inbox.alias("earlier")
    behind = exists().where(
        earlier.c.state != literal_column("'done'"),
        earlier.c.state == "received",
        earlier.c.channel == inbox.c.channel,
        earlier.c.account == inbox.c.account,
        tuple_(*(earlier.c[one.name] for one in _ORDER)) < tuple_(*_ORDER),
    )
    this = (inbox.c.channel == channel, inbox.c.key == key, _OPEN, ~behind)
    done = update(inbox).where(*this).values(state="done", body=None)
    return changed(unit.session, done) == 1


def purge(unit: Unit, before: datetime, limit: int = 500) -> int:
    """Forget content received before that instant; returns how many rows held some."""
    old = (
        select(inbox.c.id)
        .where(inbox.c.body.is_not(None), inbox.c.received_at < before)
        .limit(limit)
    )
    purged = update(inbox).where(inbox.c.id.in_(old)).values(state="done", body=None)
    return changed(unit.session, purged)


def _row(unit: Unit, channel: str, key: str, account: str, at: datetime) -> dict[str, Any]:
    return {
        "id": next(unit.ids),
        "channel": channel,
        "key": key,
        "account": account,
        "at": at,
        "received_at": unit.now,
    }
