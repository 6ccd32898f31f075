"""Single facts about this installation, by key."""

from __future__ import annotations

from sqlalchemy import select

from storage.session import Session
from storage.tables import meta
from storage.unit import Unit
from storage.upsert import insert_or_set


def get(session: Session, key: str) -> str | None:
    """Return what is kept under `key`; None: nothing."""
    return session.execute(select(meta.c.value).where(meta.c.key == key)).scalar()


def put(unit: Unit, key: str, value: str) -> None:
    """Keep a fact, in place of the one before."""
    row = {"key": key, "value": value}
    insert_or_set(unit.session, meta, row, ["value"])
