"""What a unit or a reading may do with its connection: execute statements, nothing else.

Whoever opened the transaction ends it. No table is mapped to a class, so the session of the ORM
would have nothing to keep; importing it alone takes 6 MiB and a tenth of the start
(docs/decisions/0011).
"""

from __future__ import annotations

from sqlalchemy import Connection


class Session:
    """Statements on one connection, inside the transaction it has begun."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.execute = connection.execute

    @property
    def dialect(self) -> str:
        """`sqlite` or `postgresql`."""
        return self._connection.dialect.name

    def connection(self) -> Connection:
        return self._connection
