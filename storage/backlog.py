"""What people wait for: messages that are due and did not arrive, and those that were given up."""

from __future__ import annotations

from datetime import datetime

import msgspec
from sqlalchemy import ColumnElement, func, select, true

from storage.outbox_rows import in_state
from storage.session import Session
from storage.tables import outbox
from storage.types import Instant

UNREACHABLE = "unreachable"
"""Problem of a message whose reader cannot be reached: blocked us, left the messenger."""
ALARM = "alarm:"
"""How the keys of alarms to the operators begin: they are no reason for another alarm."""
MOST_COUNTED = 20_000


class Backlog(msgspec.Struct, frozen=True):
    """Messages that are due and did not arrive."""

    count: int
    """At most MOST_COUNTED."""
    oldest: datetime | None
    """Since when the longest waiting one is owed; None: none waits."""


class Failures(msgspec.Struct, frozen=True):
    """Messages that were given up since some instant, without those to people out of reach."""

    count: int
    first: datetime | None


def waiting(session: Session, now: datetime, channel: str | None = None) -> Backlog:
    """Return what waits to be sent although it is due, alarms to operators left out.

    `channel`: on that one only.
    """
    owed_at = func.coalesce(outbox.c.first_due_at, outbox.c.due_at).label("owed_at")
    owed = (
        select(owed_at)
        .where(
            true() if channel is None else outbox.c.channel == channel,
            in_state(outbox, "ready", "sending"),
            (outbox.c.due_at <= now) | (outbox.c.attempts > 0) | in_state(outbox, "sending"),
            _no_alarm(),
        )
        .order_by(outbox.c.due_at)
        .limit(MOST_COUNTED)
        .subquery()
    )
    query = select(func.count(), func.min(owed.c.owed_at, type_=Instant)).select_from(owed)
    return Backlog(*session.execute(query).one())


def failures(session: Session, since: datetime) -> Failures:
    """Return what the platforms refused since then; people out of reach are not counted."""
    query = select(func.count(), func.min(outbox.c.failed_at)).where(
        in_state(outbox, "failed"),
        outbox.c.failed_at >= since,
        outbox.c.problem != UNREACHABLE,
        _no_alarm(),
    )
    return Failures(*session.execute(query).one())


def _no_alarm() -> ColumnElement[bool]:
    return ~outbox.c.key.startswith(ALARM, autoescape=True)
