"""Column types of our own: instants that cannot be naive, values that cannot be stored open.

A sealed value is bound to its column here and to its row in `storage.crypto`; neither can be
forgotten, because plain text is refused when it is bound.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import sqlalchemy
from sqlalchemy import DateTime, LargeBinary
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.types import TypeDecorator

from storage.crypto import Sealed
from storage.errors import StorageError


class String(sqlalchemy.String):
    """Text that is compared by code point on every database, whatever its locale.

    A prefix is looked up as a range, which is right and indexed in that order only. The length
    says what to expect; no database refuses more.
    """


class Text(String):
    """The same without a length."""


@compiles(String, "postgresql")
def _by_code_point(*_: Any, **__: Any) -> str:
    return 'TEXT COLLATE "C"'


@compiles(Text, "sqlite")
def _text(*_: Any, **__: Any) -> str:
    return "TEXT"


class Instant(TypeDecorator[datetime]):
    """Aware UTC datetime; kept as fixed-width text on SQLite, so that it sorts as time does."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise StorageError(f"an instant needs a zone: {value.isoformat()}")
        in_utc = value.astimezone(UTC)
        return in_utc.replace(tzinfo=None) if dialect.name == "sqlite" else in_utc

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        instant: datetime = value
        if dialect.name == "sqlite":
            return instant.replace(tzinfo=UTC)
        return instant.astimezone(UTC)


class Encrypted(TypeDecorator[Sealed]):
    """Takes and returns `Sealed` of one column, named `table.column`; never opens it."""

    impl = LargeBinary
    cache_ok = True

    def __init__(self, column: str) -> None:
        super().__init__()
        self.column = column

    def process_bind_param(
        self,
        value: Any | None,
        dialect: Dialect,  # noqa: ARG002 - same on every database
    ) -> bytes | None:
        if value is None:
            return None
        if not isinstance(value, Sealed) or value.column != self.column:
            raise StorageError(f"{self.column} takes only values sealed for it")
        return value.data

    def process_result_value(
        self,
        value: Any | None,
        dialect: Dialect,  # noqa: ARG002 - same on every database
    ) -> Sealed | None:
        return None if value is None else Sealed(self.column, bytes(value))
