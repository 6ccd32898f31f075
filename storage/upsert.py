"""Writing statements that run on both databases: the one place where dialects are told apart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Column, CursorResult, Executable, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session
from sqlalchemy.sql.dml import Insert
from sqlalchemy.sql.selectable import Select


def _insert(session: Session, table: Table) -> Any:
    of = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}
    return of[session.get_bind().dialect.name](table)


def changed(session: Session, statement: Executable) -> int:
    """Execute a writing statement and return how many rows it changed."""
    result = session.execute(statement)
    assert isinstance(result, CursorResult)  # noqa: S101 - what every INSERT, UPDATE, DELETE gives
    return result.rowcount


def insert_or_leave(
    session: Session,
    table: Table,
    rows: dict[str, Any] | Select[*tuple[Any, ...]],
    names: Sequence[str] = (),
) -> Insert:
    """Return an insert that leaves rows which are there already as they are.

    `rows`: the values of one row, or a select whose columns are `names`. The row count of its
    result says how many were new.
    """
    if isinstance(rows, Select):
        statement = _insert(session, table).from_select(list(names), rows, include_defaults=False)
    else:
        statement = _insert(session, table).values(rows)
    fresh: Insert = statement.on_conflict_do_nothing()
    return fresh


def insert_or_set(
    session: Session,
    table: Table,
    row: dict[str, Any],
    names: Sequence[str],
    on: Sequence[Column[Any]] = (),
) -> Insert:
    """Return an insert that sets the columns `names` where the row is there already.

    `on`: what makes it the same row; the primary key unless given.
    """
    statement = _insert(session, table).values(row)
    upsert: Insert = statement.on_conflict_do_update(
        index_elements=list(on) or list(table.primary_key.columns),
        set_={name: statement.excluded[name] for name in names},
    )
    return upsert
