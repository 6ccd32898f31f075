"""What became of a person's message: which note it was filed in, where it is kept.

An edit names only the message that it rewords. While a form is open its own state knows its
messages; this page knows them afterwards, for as long as messengers let people edit.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

import msgspec
from sqlalchemy import delete, select, update

from storage.tables import origin
from storage.unit import Unit
from storage.upsert import changed, insert_or_set

KEPT = timedelta(days=7)
"""Telegram's limit for an edit is 48 hours."""


class Origin(msgspec.Struct, frozen=True):
    action: str
    """As audited: visit_note.filed."""
    subject: str
    """visit_note:12"""


def note(unit: Unit, marks: Iterable[str], *, staff_id: str, action: str, subject: str) -> None:
    """Record what became of these messages; what was recorded before gives way."""
    common = {"staff_id": staff_id, "action": action, "subject": subject, "at": unit.now}
    rows = [{"mark": mark, **common} for mark in marks]
    if rows:
        insert_or_set(unit.session, origin, rows, list(common))


def of(unit: Unit, mark: str, staff_id: str) -> Origin | None:
    """Return what became of a message of this person; None: nothing that is known here."""
    row = unit.session.execute(
        select(origin.c.action, origin.c.subject).where(
            origin.c.mark == mark, origin.c.staff_id == staff_id
        )
    ).one_or_none()
    return Origin(*row) if row else None


def repoint(unit: Unit, subject: str, action: str, moved_to: str) -> None:
    """Record that what was made of the messages of `subject` became part of another thing."""
    unit.session.execute(
        update(origin).where(origin.c.subject == subject).values(action=action, subject=moved_to)
    )


def forget(unit: Unit, subject: str, staff_id: str) -> None:
    """Forget the messages of this person that a thing was made of."""
    unit.session.execute(
        delete(origin).where(origin.c.subject == subject, origin.c.staff_id == staff_id)
    )


def purge(unit: Unit, before: datetime, limit: int = 500) -> int:
    """Forget what was recorded before that instant, at most `limit`, and return how many."""
    old = select(origin.c.mark).where(origin.c.at < before).order_by(origin.c.at).limit(limit)
    return changed(unit.session, delete(origin).where(origin.c.mark.in_(old)))
