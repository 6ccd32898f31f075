"""One row of the outbox: the states it goes through, and its end.

Several units may write at once, and one relay may claim meanwhile: a row is changed only in the
state it was seen in.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, FromClause, bindparam, literal_column, select, update

from storage import ledger
from storage.tables import outbox
from storage.unit import Unit
from storage.upsert import changed


# States are written out, not bound: SQLite must see that its partial indexes fit.
def in_state(table: FromClause, *states: str) -> ColumnElement[bool]:
    """Return the condition that a row is in one of these states."""
    literals: list[ColumnElement[str]] = [literal_column(f"'{state}'") for state in states]
    state: ColumnElement[Any] = table.c.state
    return state.in_(literals) if len(literals) > 1 else state == literals[0]


def ready(table: FromClause = outbox) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions of a row that no relay has taken up yet."""
    return in_state(table, "ready", "sending"), in_state(table, "ready")


_ONE = select(
    outbox.c.key, outbox.c.channel, outbox.c.account, outbox.c.slot, outbox.c.mode
).where(outbox.c.id == bindparam("id"))

_DROP = (
    update(outbox)
    .where(outbox.c.id.in_(bindparam("ids", expanding=True)), *ready())
    .values(state="dropped", body=None)
)


def end(unit: Unit, id: int, *states: str, **values: Any) -> bool:
    """Say what became of a row in one of these states; False: it is in none any more."""
    there = update(outbox).where(outbox.c.id == id, in_state(outbox, *states))
    return changed(unit.session, there.values(**values)) == 1


def drop_ready(unit: Unit, ids: Sequence[int], problem: str) -> None:
    """Drop what is still ready of these."""
    if ids:
        unit.session.execute(_DROP, {"ids": ids, "problem": problem[:200]})


def one(unit: Unit, id: int) -> Any:
    """Return key, chat, slot and mode of a row."""
    return unit.session.execute(_ONE, {"id": id}).one()


def moot(unit: Unit, id: int, problem: str, *states: str) -> None:
    """Drop a row in one of these states, and the notices it was to say."""
    if end(unit, id, *states, state="dropped", problem=problem[:200], body=None):
        ledger.settle(unit, one(unit, id).key, "moot")


def fail(unit: Unit, id: int, problem: str, *states: str) -> None:
    """Give up a row in one of these states; its notices reached nobody."""
    values = {"state": "failed", "problem": problem[:200], "failed_at": unit.now}
    if end(unit, id, *states, **values):
        ledger.settle(unit, one(unit, id).key, "unreachable")
