"""Who did what, when: append-only, ids and digests only, each row sealed over the one before.

Changing, removing or inserting a row breaks the chain from there on. Cutting off its end does
not: that shows against a head kept outside the database (CONTRACT 5.3).
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any

import msgspec
from sqlalchemy import insert, select

from storage import locks
from storage.crypto import Vault
from storage.session import Session
from storage.tables import audit
from storage.unit import Unit


class Entry(msgspec.Struct, frozen=True):
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
    facts: Mapping[str, str | int] = msgspec.field(default_factory=dict)
    """Ids, codes, digests; never what somebody wrote."""


class Row(msgspec.Struct, frozen=True):
    """An entry as it stands in the trail."""

    seq: int
    entry: Entry


class Wanted(msgspec.Struct, frozen=True):
    """Which entries are asked for; empty or None: whichever."""

    staff_id: str = ""
    subject: str = ""
    action: str = ""
    before: int | None = None
    """Only those with a lower number."""
    since: datetime | None = None
    until: datetime | None = None
    """Not in it."""


class Head(msgspec.Struct, frozen=True):
    """The newest row: what its seal covers is all there was."""

    count: int
    """Rows in the chain; 0 for none."""
    seal: bytes


class KeptHead(msgspec.Struct, frozen=True):
    """A head as it was kept outside the database (`storage.heads`)."""

    day: date
    """Office day on which it was kept."""
    head: Head


class Fault(StrEnum):
    """What does not fit where the chain breaks."""

    CHANGED = "changed"
    """The row is not what was written there: edited, put in, or moved."""
    MISSING = "missing"
    """Rows are gone from the middle or the beginning."""
    REPLACED = "replaced"
    """The row fits those before it, but is not the one whose head was kept."""
    CUT = "cut"
    """Rows are gone from the end: a kept head covers more."""


class Break(msgspec.Struct, frozen=True):
    fault: Fault
    first: int
    """Number of the first row concerned."""
    last: int
    """Of the last one."""
    day: date | None = None
    """Of the kept head that shows it; None: the chain itself does."""


class Verdict(msgspec.Struct, frozen=True):
    head: Head
    """The last row before anything that does not fit."""
    breaks: tuple[Break, ...] = ()
    """Where the chain breaks, in order; at most MOST_BREAKS."""
    count: int = 0
    """Rows that are there."""

    @property
    def broken_at(self) -> int | None:
        """Number of the first row that does not fit; None: all do."""
        return self.breaks[0].first if self.breaks else None


MOST_BREAKS = 20
_SEEN_EACH = 1000

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


def written_at(session: Session, seq: int) -> datetime | None:
    """Return when an entry was written; None: there is none of that number."""
    return session.execute(select(audit.c.at).where(audit.c.seq == seq)).scalar()


def last_act(session: Session, staff_id: str) -> datetime | None:
    """Return when the person last did something that was recorded."""
    mine = select(audit.c.at).where(audit.c.staff_id == staff_id)
    return session.execute(mine.order_by(audit.c.seq.desc()).limit(1)).scalar()


def entries(session: Session, wanted: Wanted, limit: int) -> list[Row]:
    """Return the entries that are wanted, newest first.

    By person, by subject or without either it is a look-up; by action or time it walks.
    """
    query = select(audit).order_by(audit.c.seq.desc()).limit(limit)
    exactly = {"staff_id": wanted.staff_id, "subject": wanted.subject, "action": wanted.action}
    for name, value in exactly.items():
        if value:
            query = query.where(audit.c[name] == value)
    if wanted.before is not None:
        query = query.where(audit.c.seq < wanted.before)
    if wanted.since is not None:
        query = query.where(audit.c.at >= wanted.since)
    if wanted.until is not None:
        query = query.where(audit.c.at < wanted.until)
    return [_row(one) for one in session.execute(query).mappings()]


def _row(found: Mapping[Any, Any]) -> Row:
    names = ("at", "staff_id", "action", "subject", "channel", "rule")
    facts = json.loads(found["facts"])
    return Row(found["seq"], Entry(**{name: found[name] for name in names}, facts=facts))


def verify(
    session: Session,
    vault: Vault,
    kept: Iterable[KeptHead] = (),
    seen: Callable[[int], object] = lambda _count: None,
) -> Verdict:
    """Walk the whole chain, row by row, and hold it against the heads that were kept.

    Long: not on the message path. `seen` hears now and then how many rows were walked. A row
    that was changed hides nothing behind it: the walk goes on from the seal it carries.
    """
    walk = _Walk(vault, kept)
    query = select(audit).order_by(audit.c.seq).execution_options(yield_per=_SEEN_EACH)
    with session.execute(query) as rows:
        for row in rows.mappings():
            walk.step(row)
            if walk.count % _SEEN_EACH == 0:
                seen(walk.count)
    seen(walk.count)
    return walk.verdict()


class _Walk:
    """One walk along the chain: it holds one row, the kept heads, and the first breaks."""

    def __init__(self, vault: Vault, kept: Iterable[KeptHead]) -> None:
        self.count = 0
        self._vault = vault
        self._kept: dict[int, list[KeptHead]] = {}
        for one in kept:
            self._kept.setdefault(one.head.count, []).append(one)
        self._last = Head(0, b"")
        self._whole = self._last
        self._breaks: list[Break] = []

    def step(self, row: Mapping[Any, Any]) -> None:
        seq, seal = row["seq"], row["seal"]
        self.count += 1
        if seq != self._last.count + 1:  # what follows a gap cannot be checked against it
            self._broken(Break(Fault.MISSING, self._last.count + 1, seq - 1))
        elif seal != _seal(self._vault, self._last.seal, row):
            self._broken(Break(Fault.CHANGED, seq, seq))
        else:
            other = [one for one in self._kept.get(seq, ()) if one.head.seal != seal]
            if other:
                self._broken(Break(Fault.REPLACED, seq, seq, other[0].day))
        self._last = Head(seq, seal)
        if not self._breaks:
            self._whole = self._last

    def verdict(self) -> Verdict:
        last = self._last.count
        beyond = [one for count, kept in self._kept.items() if count > last for one in kept]
        if beyond:
            first = min(beyond, key=lambda one: one.day)
            most = max(one.head.count for one in beyond)
            self._broken(Break(Fault.CUT, last + 1, most, first.day))
        return Verdict(self._whole, tuple(self._breaks), self.count)

    def _broken(self, one: Break) -> None:
        if len(self._breaks) < MOST_BREAKS:
            self._breaks.append(one)


def _seal(vault: Vault, before: bytes, row: Mapping[str, Any]) -> bytes:
    facts = [row["seq"], row["at"].astimezone(UTC).isoformat(), *(row[name] for name in _TEXTS)]
    data = before + json.dumps(facts, ensure_ascii=True).encode()
    return hmac.digest(vault.audit_key, data, "sha256")


_TEXTS = ("staff_id", "action", "subject", "channel", "rule", "facts")
