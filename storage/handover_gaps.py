"""What a handover still lacks: each gap has an owner and a day, and stays until it is put right.

Of one line and kind at most one gap is open; the database itself holds no two. The number of open
ones lies with the handover, so that no list has to be counted.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import msgspec
from sqlalchemy import (
    Row,
    bindparam,
    delete,
    func,
    insert,
    literal_column,
    select,
    text,
    update,
)

from storage.session import Session
from storage.tables import handover_gap
from storage.unit import Unit
from storage.upsert import insert_or_leave

OPEN = ("open", "supplied")
"""States in which something is still to be done."""


class NewGap(msgspec.Struct, frozen=True):
    handover_id: int
    leg: int
    """In which it was found."""
    item_id: int
    kind: str
    """Of `rules.handovers.GapKind`."""
    owner: str
    """Who puts it right: staff number."""
    due_on: date
    """Last day on time."""
    due_at: datetime
    """First late instant."""
    words: str = ""
    """What the receiver wrote."""
    ordered_on: date | None = None
    """Office day from which its time is counted; None: a day was named."""
    provisional: bool = False
    """Whether a calendar its day depends on is not published."""


class Gap(msgspec.Struct, frozen=True):
    """A gap as it lies in the database."""

    id: int
    handover_id: int
    leg: int
    item_id: int
    kind: str
    owner: str
    opened_at: datetime
    opened_by: str
    ordered_on: date | None
    """Office day from which its time is counted; None: a day was named."""
    due_on: date
    due_at: datetime
    provisional: bool
    lapses: int
    """How often its time has passed (S1-09.5.10)."""
    state: str
    """noted (nobody has signed for it yet), open, supplied, closed or waived."""
    words: str
    supplied_at: datetime | None
    supplied_by: str
    """Who said so: the owner, or who stands in."""
    closed_at: datetime | None
    closed_by: str

    @property
    def open(self) -> bool:
        return self.state in OPEN


_GET = select(handover_gap).where(handover_gap.c.id == bindparam("id"))

_OF = (
    select(handover_gap)
    .where(handover_gap.c.handover_id == bindparam("id"))
    .order_by(handover_gap.c.id)
)

_OPEN = handover_gap.c.state.in_((literal_column("'open'"), literal_column("'supplied'")))

_OPEN_OF = (
    select(handover_gap)
    .where(handover_gap.c.owner == bindparam("owner"), _OPEN)
    .order_by(handover_gap.c.due_at, handover_gap.c.id)
    .limit(bindparam("limit"))
    .offset(bindparam("offset"))
)

_PROVISIONAL = (
    select(handover_gap)
    .where(
        text("handover_gap.provisional"),
        handover_gap.c.state == literal_column("'open'"),
        handover_gap.c.id > bindparam("after"),
    )
    .order_by(handover_gap.c.id)
    .limit(bindparam("limit"))
)

_IN_STEAD = (
    select(handover_gap)
    .where(
        handover_gap.c.owner == bindparam("owner"),
        handover_gap.c.supplied_at >= bindparam("since"),
        handover_gap.c.supplied_at < bindparam("until"),
        handover_gap.c.supplied_by != literal_column("''"),
        handover_gap.c.supplied_by != handover_gap.c.owner,
    )
    .order_by(handover_gap.c.supplied_at, handover_gap.c.id)
    .limit(bindparam("limit"))
)

_COUNT = select(func.count()).where(handover_gap.c.handover_id == bindparam("id"), _OPEN)

_SET = update(handover_gap).where(handover_gap.c.id == bindparam("of"))


def open_(unit: Unit, new: NewGap, *, at: datetime, by: str) -> int | None:
    """Note a gap and return its id; None: the same one is open already."""
    id_ = next(unit.ids)
    row = _row(unit, id_, new, at, by) | {"state": "open"}
    return id_ if insert_or_leave(unit.session, handover_gap, row) else None


def note(unit: Unit, new: NewGap, *, at: datetime, by: str) -> int:
    """Write down what is found before anybody has signed, and return its id."""
    id_ = next(unit.ids)
    unit.session.execute(insert(handover_gap), _row(unit, id_, new, at, by) | {"state": "noted"})
    return id_


def forget(unit: Unit, gap_id: int) -> None:
    """Take back what was only noted; a gap that somebody signed for stays."""
    this = handover_gap.c.id == gap_id, handover_gap.c.state == "noted"
    unit.session.execute(delete(handover_gap).where(*this))


def get(unit: Unit, gap_id: int) -> Gap | None:
    """Return one gap."""
    row = unit.session.execute(_GET, {"id": gap_id}).one_or_none()
    return _gap(unit, row) if row else None


def of(unit: Unit, handover_id: int) -> tuple[Gap, ...]:
    """Return the gaps of a handover, open and closed, as they were found."""
    return tuple(_gap(unit, row) for row in unit.session.execute(_OF, {"id": handover_id}))


def open_of(unit: Unit, owner: str, limit: int, offset: int = 0) -> tuple[Gap, ...]:
    """Return the open gaps that are a person's to put right, the first due first."""
    asked = {"owner": owner, "limit": limit, "offset": offset}
    return tuple(_gap(unit, row) for row in unit.session.execute(_OPEN_OF, asked))


def provisional(unit: Unit, limit: int, after: int = 0) -> tuple[Gap, ...]:
    """Return open gaps whose day depends on a calendar that was not published, by id."""
    rows = unit.session.execute(_PROVISIONAL, {"after": after, "limit": limit})
    return tuple(_gap(unit, row) for row in rows)


def in_stead(
    unit: Unit, owner: str, since: datetime, until: datetime, limit: int
) -> tuple[Gap, ...]:
    """Return what others supplied for a person from `since` up to `until`, in order."""
    asked = {"owner": owner, "since": since, "until": until, "limit": limit}
    return tuple(_gap(unit, row) for row in unit.session.execute(_IN_STEAD, asked))


def count(session: Session, handover_id: int) -> int:
    """Return how many gaps of a handover are open: what its `gaps` has to be."""
    return session.execute(_COUNT, {"id": handover_id}).scalar_one()


def set_(unit: Unit, gap_id: int, **values: Any) -> None:
    """Write what became of a gap; `handovers.save` its handover first, with the new count."""
    if "words" in values:
        values["words"] = unit.seal("handover_gap.words", gap_id, values["words"] or None)
    unit.session.execute(_SET, {"of": gap_id, **values})


def _row(unit: Unit, id_: int, new: NewGap, at: datetime, by: str) -> dict[str, Any]:
    values = {name: getattr(new, name) for name in NewGap.__struct_fields__}
    values["words"] = unit.seal("handover_gap.words", id_, new.words or None)
    given = {"id": id_, "opened_at": at, "opened_by": by, "lapses": 0}
    given |= {"supplied_by": "", "closed_by": ""}
    return values | given


def _gap(unit: Unit, row: Row[*tuple[Any, ...]]) -> Gap:
    values = {name: getattr(row, name) for name in Gap.__struct_fields__}
    values["words"] = unit.vault.open(row.words, row.id)
    return Gap(**values)
