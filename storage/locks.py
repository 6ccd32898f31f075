"""Who may go on while another unit runs: needed on PostgreSQL, where several run side by side.

SQLite has one writer at a time, so there every call here returns at once. All are held until the
transaction ends. Every unit takes what it needs in this order, so that no two wait for each other:

1. the chat it serves (`begin`, its first statement);
2. a question of its own, where nothing but a look decides whether to write (`take`);
3. rows, as it changes them: cases by their version, then counters;
4. cards of chats, by account and slot (`take` in `outbox.put`);
5. the end of the audit chain (`audit.append`, its last statement).

What is taken in another order now and then ends as a deadlock: PostgreSQL notices within a
second, and the unit runs again.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b
from typing import Any

from sqlalchemy import Select, text

from storage.session import Session


def number(name: str) -> int:
    """Return the number under which PostgreSQL knows a lock; 64 bits, with a sign."""
    return int.from_bytes(blake2b(name.encode(), digest_size=8).digest(), signed=True)


def shared(session: Session) -> bool:
    """Whether other units may run while this one does."""
    return session.dialect == "postgresql"


def begin(session: Session, lane: str) -> str:
    """Take the lane of a unit ("" for none) and return the transaction's number.

    Only where `shared`; one statement for both.
    """
    if not lane:
        return str(session.execute(_NUMBER).scalar_one())
    taken = session.execute(_BEGIN, {"number": number(f"lane:{lane}")})
    return str(taken.scalar_one())


def take(session: Session, name: str) -> None:
    """Wait until no other transaction has this lock."""
    if shared(session):
        session.execute(_TAKE, {"number": number(name)})


def free(session: Session, name: str) -> bool:
    """Take the lock if no other transaction has it; False: another is at it."""
    if not shared(session):
        return True
    return bool(session.execute(_TRY, {"number": number(name)}).scalar_one())


def rows(session: Session, which: Select[Any], values: Mapping[str, Any] | None = None) -> None:
    """Keep others from changing these rows; `values` are what the select is run with."""
    if shared(session):
        session.execute(which.with_for_update(), values).all()


_NUMBER = text("SELECT CAST(pg_current_xact_id() AS text)")
_BEGIN = text(
    "SELECT CAST(pg_current_xact_id() AS text) FROM (SELECT pg_advisory_xact_lock(:number)) taken"
)
_TAKE = text("SELECT pg_advisory_xact_lock(:number)")
_TRY = text("SELECT pg_try_advisory_xact_lock(:number)")
