"""Brings a database to the newest schema, inside the caller's transaction."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text

_HERE = Path(__file__).parent


def upgrade(connection: Connection) -> None:
    """Run every migration that is missing; all of them or none.

    On PostgreSQL texts that a migration made in the database's own order are put into that of
    code points (`storage.types.String`), so that no migration has to think of it.
    """
    config = Config()
    config.set_main_option("script_location", str(_HERE).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
    if connection.dialect.name == "postgresql":
        _by_code_point(connection)


_TEXTS = text(
    "SELECT attrelid::regclass::text AS tab, "
    "string_agg(format('ALTER COLUMN %I TYPE text COLLATE \"C\"', attname), ', ') AS changes "
    "FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid "
    "JOIN pg_collation ON pg_collation.oid = attcollation "
    "WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace AND attnum > 0 "
    "AND NOT attisdropped AND relname <> 'alembic_version' "
    "AND (collname <> 'C' OR atttypid <> 'text'::regtype) "
    "GROUP BY attrelid"
)


def _by_code_point(connection: Connection) -> None:
    for table, changes in connection.execute(_TEXTS).all():
        connection.execute(text(f"ALTER TABLE {table} {changes}"))
