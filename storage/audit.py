"""Who did what, when: append-only, ids and digests only, each row sealed over the one before.

Changing, removing or inserting a row breaks the chain from there on. Cutting off its end does
not: that shows against a head kept outside the database (CONTRACT 5.3).
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from storage import locks
from storage.crypto import Vault
from storage.tables import audit
from storage.unit import Unit


@dataclass(frozen=True)
class Entry:
    """One fact for the audit trail."""

    at: datetime
    staff_id: str
    """"" for the program itself."""
    action: str
    """`visit_note.filed`"""
    subject: str
    """`visit_note:123`"""
    channel: str
    rule: str = ""
    facts: Mapping[str, str | int] = field(default_factory=dict)
    """Ids, codes, digests; never what somebody wrote."""


@dataclass(frozen=True)
class Head:
    """The newest row: what its seal covers is all there was."""

    count: int
    """Rows in the chain; 0 for none."""
    seal: bytes


@dataclass(frozen=True)
class Verdict:
    head: Head
    """The last row that fits."""
    broken_at: int | None
    """Number of the first row that does not fit; None: all do."""


_APPEND = insert(audit)

_HEAD = select(audit.c.seq, audit.c.seal).order_by(audit.c.seq.desc()).limit(1)


def append(unit: Unit, entries: Iterable[Entry]) -> None:
    """Append `entries` in order; the last statement of a unit."""
    rows = list(entries)
    if not rows:
        return
    locks.take(unit.session, "audit")  # one appender at a time
    last = head(unit.session)
    seal, values = last.seal, []
    for seq, entry in enumerate(rows, last.count + 1):
        row = {
            "seq": seq,
            "at": entry.at,
            "staff_id": entry.staff_id,
            "action": entry.action,
            "subject": entry.subject,
            "channel": entry.channel,
            "rule": entry.rule,
            "facts": json.dumps(dict(entry.facts), ensure_ascii=False, sort_keys=True),
        }
        seal = _seal(unit.vault, seal, row)
        values.append(row | {"seal": seal})
    unit.session.execute(_APPEND, values)


def head(session: Session) -> Head:
    """Return the end of the chain."""
    row = session.execute(_HEAD).first()
    return Head(row.seq, row.seal) if row else Head(0, b"")


def newest(session: Session) -> datetime | None:
    """Return when the last entry was written; None: there is none."""
    query = select(audit.c.at).order_by(audit.c.seq.desc()).limit(1)
    return session.execute(query).scalar()


def last_act(session: Session, staff_id: str) -> datetime | None:
    """Return when the person last did something that was recorded."""
    query = select(func.max(audit.c.at)).where(audit.c.staff_id == staff_id)
    return session.execute(query).scalar()


def verify(session: Session, vault: Vault) -> Verdict:
    """Walk the whole chain. Long: not on the message path."""
    seal, seq = b"", 0
    query = select(audit).order_by(audit.c.seq).execution_options(yield_per=1000)
    with session.execute(query) as rows:
        for seq, row in enumerate(rows.mappings(), 1):
            if row["seq"] != seq or row["seal"] != _seal(vault, seal, dict(row)):
                return Verdict(Head(seq - 1, seal), seq)
            seal = row["seal"]
    return Verdict(Head(seq, seal), None)


def _seal(vault: Vault, before: bytes, row: Mapping[str, Any]) -> bytes:
    facts = [row["seq"], row["at"].astimezone(UTC).isoformat(), *(row[name] for name in _TEXTS)]
    data = before + json.dumps(facts, ensure_ascii=True).encode()
    return hmac.digest(vault.audit_key, data, "sha256")


_TEXTS = ("staff_id", "action", "subject", "channel", "rule", "facts")
