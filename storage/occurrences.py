"""Jobs that are done once for each occasion, whoever and however often the clock asks."""

from __future__ import annotations

from sqlalchemy import func, select

from storage.session import Session
from storage.tables import occurrence
from storage.unit import Unit
from storage.upsert import insert_or_leave


def begin(unit: Unit, job: str, occasion: str) -> bool:
    """Record that the job is done on this occasion (`2026-09-14`); False: it was before."""
    row = {"job": job, "occasion": occasion, "at": unit.now}
    return insert_or_leave(unit.session, occurrence, row) == 1


def done(session: Session, job: str, occasion: str) -> bool:
    """Return whether the job was done on this occasion."""
    query = select(occurrence.c.at).where(
        occurrence.c.job == job, occurrence.c.occasion == occasion
    )
    return session.execute(query).first() is not None


def latest(session: Session, job: str) -> str | None:
    """Return the last occasion on which the job was done, as they sort; None: it never was."""
    query = select(func.max(occurrence.c.occasion)).where(occurrence.c.job == job)
    return session.execute(query).scalar()
