"""The versions of a policy that somebody approved: what is in force, word for word.

Rows are only added. The trap is a file that somebody edits: what it says now counts for nothing
until it stands here (S1-09.7.1).
"""

from __future__ import annotations

from datetime import date, datetime

import msgspec
from msgspec.structs import asdict
from sqlalchemy import insert, select

from storage import locks
from storage.session import Session
from storage.tables import policy_version
from storage.unit import Unit


class Activated(msgspec.Struct, frozen=True):
    """One version."""

    pack: str
    version: int
    """1, 2, 3 ... of that pack."""
    digest: str
    """SHA-256 of the body, in hex."""
    effective_from: date
    """First office day on which it applies."""
    body: str
    """`Written.body` of the policy."""
    approved_by: str
    """Staff id."""
    approved_on: date
    activated_at: datetime


def every(session: Session) -> tuple[Activated, ...]:
    """Return all versions of all packs, by pack and version."""
    columns = [policy_version.c[name] for name in Activated.__struct_fields__]
    query = select(*columns).order_by(policy_version.c.pack, policy_version.c.version)
    return tuple(Activated(*row) for row in session.execute(query))


def of(session: Session, pack: str) -> tuple[Activated, ...]:
    """Return the versions of one pack, earliest first."""
    return tuple(one for one in every(session) if one.pack == pack)


def add(
    unit: Unit,
    pack: str,
    *,
    digest: str,
    body: str,
    effective_from: date,
    approved_by: str,
    approved_on: date,
) -> Activated:
    """Keep the next version of a pack and return it."""
    locks.take(unit.session, "policy")  # two at a time would take the same number
    before = of(unit.session, pack)
    kept = Activated(
        pack=pack,
        version=before[-1].version + 1 if before else 1,
        digest=digest,
        effective_from=effective_from,
        body=body,
        approved_by=approved_by,
        approved_on=approved_on,
        activated_at=unit.now,
    )
    unit.session.execute(insert(policy_version).values(**asdict(kept)))
    return kept
