"""Writing statements that run on both databases, which say "or else" each in their own words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Executable, Table, insert
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Dialect
from sqlalchemy.sql.dml import Insert
from sqlalchemy.sql.selectable import Select

from storage.session import Session

Values = Mapping[str, Any] | Sequence[Mapping[str, Any]]
"""What a statement is run with: values for one run, or for several."""

_INSERTS: dict[str, Callable[[Table], Any]] = {
    "sqlite": sqlite.insert,
    "postgresql": postgresql.insert,
}


def insert_of(dialect: Dialect, table: Table) -> Any:
    """Return the dialect's own insert, which knows `on_conflict_do_update`."""
    return _INSERTS[dialect.name](table)


def changed(session: Session, statement: Executable, values: Values | None = None) -> int:
    """Execute a writing statement and return how many rows it changed."""
    # without the option the count of an INSERT is given on SQLite only
    result = session.execute(statement, values, execution_options={"preserve_rowcount": True})
    return result.rowcount


def insert_or_leave(session: Session, table: Table, row: Mapping[str, Any]) -> int:
    """Insert a row unless it is there already; return how many are new."""
    return changed(session, leaving(session.dialect, table), row)


def insert_from(
    session: Session, table: Table, names: Sequence[str], rows: Select[*tuple[Any, ...]]
) -> int:
    """Insert what a select gives, its columns being `names`; rows that are there stay as they are.

    Returns how many were new.
    """
    return changed(session, filling(session.dialect, table, names, rows))


def filling(
    dialect: str, table: Table, names: Sequence[str], rows: Select[*tuple[Any, ...]]
) -> Insert:
    """Return the statement of `insert_from`, to be made once and run often."""
    fresh = _INSERTS[dialect](table).from_select(list(names), rows, include_defaults=False)
    statement: Insert = fresh.on_conflict_do_nothing()
    return statement


def insert_or_set(
    session: Session,
    table: Table,
    row: Mapping[str, Any] | Sequence[Mapping[str, Any]],
    names: Sequence[str],
    *,
    also: Mapping[str, ColumnElement[Any]] | None = None,
    only: ColumnElement[bool] | None = None,
) -> int:
    """Insert a row, or several; set the columns `names` where its primary key is there already.

    `also`: columns set to what is worked out from the row that is there. `only`: rows for which
    this does not hold stay. Returns how many were inserted or set.
    """
    if not row:
        return 0
    dialect = session.dialect
    if also is None and only is None:
        return changed(session, _setting(dialect, table, tuple(names)), row)
    return changed(session, _upsert(dialect, table, names, also, only), row)


# A statement is made once: to make one takes far longer than to run it.


@cache
def leaving(dialect: str, table: Table) -> Insert:
    """Return an insert that leaves a row as it is that is there already."""
    statement: Insert = _INSERTS[dialect](table).on_conflict_do_nothing()
    return statement


@cache
def _setting(dialect: str, table: Table, names: tuple[str, ...]) -> Insert:
    return _upsert(dialect, table, names)


def _upsert(
    dialect: str,
    table: Table,
    names: Sequence[str],
    also: Mapping[str, ColumnElement[Any]] | None = None,
    only: ColumnElement[bool] | None = None,
) -> Insert:
    statement = _INSERTS[dialect](table)
    upsert: Insert = statement.on_conflict_do_update(
        index_elements=list(table.primary_key.columns),
        set_={name: statement.excluded[name] for name in names} | dict(also or {}),
        where=only,
    )
    return upsert


def insert_all(
    session: Session, table: Table, names: Sequence[str], rows: Sequence[tuple[Any, ...]]
) -> None:
    """Insert many rows by one prepared statement; `names` are the columns in their order.

    The values go to the driver as they are, so only texts and numbers will do: for index rows,
    of which a dossier has twenty, the conversions of `session.execute` take as long as writing.
    """
    if not rows:
        return
    connection = session.connection()
    statement = insert(table).compile(dialect=connection.dialect, column_keys=list(names))
    if statement.positional:
        connection.exec_driver_sql(str(statement), list(rows))
    else:
        connection.exec_driver_sql(
            str(statement), [dict(zip(names, row, strict=True)) for row in rows]
        )
