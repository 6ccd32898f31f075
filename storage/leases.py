"""Which process may do what only one may at a time, such as polling a token (CONTRACT 1.5).

A lease runs out by itself, so a process that died is succeeded. `seen_at` is the last moment at
which its holder is known to have been up (CONTRACT 1.4).
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import bindparam, select, update

from storage.session import Session
from storage.tables import lease
from storage.unit import Unit
from storage.upsert import insert_or_set

_NAMES = ("holder", "until", "seen_at")

_HOLDER = (
    select(lease.c.holder)
    .where(lease.c.name == bindparam("name"))
    .with_for_update(read=True)  # a take-over waits until the unit that asked is committed
)


def take(unit: Unit, name: str, holder: str, seconds: float) -> bool:
    """Take or renew a lease for so many seconds; False: another holder's still runs."""
    row = _row(unit, name, holder, unit.now + timedelta(seconds=seconds))
    free = (lease.c.holder == holder) | (lease.c.until <= unit.now)
    return insert_or_set(unit.session, lease, row, _NAMES, only=free) == 1


def release(unit: Unit, name: str, holder: str) -> None:
    """Let the next one take it at once; nothing happens when it is another's."""
    unit.session.execute(
        update(lease)
        .where(lease.c.name == name, lease.c.holder == holder)
        .values(until=unit.now, seen_at=unit.now)
    )


def seen_at(session: Session, name: str) -> datetime | None:
    """Return when a holder last took, renewed or released the lease; None: never."""
    return session.execute(select(lease.c.seen_at).where(lease.c.name == name)).scalar()


def take_over(unit: Unit, name: str, holder: str) -> None:
    """Take a lease whoever has it: for the one who sits in the seat of that name."""
    row = _row(unit, name, holder, unit.now)
    insert_or_set(unit.session, lease, row, _NAMES)


def held(session: Session, name: str, holder: str) -> bool:
    """Whether it is still this holder's; it stays so until the unit has ended."""
    return session.execute(_HOLDER, {"name": name}).scalar() == holder


def _row(unit: Unit, name: str, holder: str, until: datetime) -> dict[str, object]:
    return {"name": name, "holder": holder, "until": until, "seen_at": unit.now}
