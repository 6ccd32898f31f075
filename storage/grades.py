"""Secrecy grades of dossiers in time: given until a day, watched, at their end.

A dossier whose clock is not set is marked by its row, whatever wrote the grade: an import, a
merger and a person in a chat need nothing of their own.
"""

from __future__ import annotations

from datetime import date

from sqlalchemy import bindparam, literal_column, select, text, update

from storage.session import Session
from storage.tables import dossier
from storage.unit import Unit

# written out, not bound: SQLite must see that its partial indexes fit
_GRADED = dossier.c.grade != literal_column("'none'")

_UNWATCHED = (
    select(dossier.c.id)
    .where(
        dossier.c.grade_until <= bindparam("day"),
        dossier.c.grade_until.is_not(None),
        text("NOT grade_watched"),
    )
    .order_by(dossier.c.grade_until)
    .limit(bindparam("limit"))
)

_ENDED = (
    select(dossier.c.id)
    .where(_GRADED, dossier.c.grade_until < bindparam("day"))
    .order_by(dossier.c.grade_until, dossier.c.id)
    .limit(bindparam("limit"))
)

_NEXT = (
    select(dossier.c.grade_until)
    .where(_GRADED, dossier.c.grade_until.is_not(None))
    .order_by(dossier.c.grade_until)
    .limit(1)
)


def give(unit: Unit, dossier_id: int, grade: str, until: date | None) -> None:
    """Give a dossier a grade until that day, included; None: without an end."""
    unit.session.execute(
        update(dossier)
        .where(dossier.c.id == dossier_id)
        .values(grade=grade, grade_until=until, grade_watched=False)
    )


def unwatched(session: Session, day: date, limit: int) -> tuple[int, ...]:
    """Return dossiers whose secrecy ends by that day, and whose clock is not set."""
    return tuple(session.execute(_UNWATCHED, {"day": day, "limit": limit}).scalars())


def watched(unit: Unit, dossier_id: int) -> None:
    """Note that the clock of a dossier's secrecy is set."""
    unit.session.execute(
        update(dossier).where(dossier.c.id == dossier_id).values(grade_watched=True)
    )


def ended(session: Session, day: date, limit: int) -> tuple[int, ...]:
    """Return graded dossiers whose last day of secrecy lies before an office day."""
    return tuple(session.execute(_ENDED, {"day": day, "limit": limit}).scalars())


def next_end(session: Session) -> date | None:
    """Return the last day of secrecy that comes, or came, first."""
    return session.execute(_NEXT).scalar()
