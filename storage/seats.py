"""One process of several does a job: it sits in the job's seat until it leaves or dies.

On PostgreSQL a seat is an advisory lock on a connection of its own, so the server itself notices
when its holder is gone; over the same connection the others call the holder when there is work.
On SQLite the lock file keeps a second program out: nobody else can ask.
"""

from __future__ import annotations

import threading
from typing import Any, Protocol

from sqlalchemy import Connection, Engine, text

from storage.errors import DatabaseRefused
from storage.locks import number


class Seat(Protocol):
    contested: bool
    """False: nobody else can ever sit here, so there is nothing to watch."""

    def take(self) -> bool:
        """Sit down if nobody does; False: somebody does, or the database cannot be asked."""

    def held(self) -> bool:
        """Whether it is still ours; asks the database. Never True again without `take`."""

    def call(self) -> None:
        """Tell whoever sits here that there is work; may get lost with a connection."""

    def fileno(self) -> int | None:
        """Return what becomes readable when the holder was called or cut off; None: nothing."""

    def leave(self) -> None:
        """Let others sit down, for good; harmless when not taken."""


class OwnSeat:
    contested = False

    def take(self) -> bool:
        return True

    def held(self) -> bool:
        return True

    def call(self) -> None:
        return

    def fileno(self) -> int | None:
        return None

    def leave(self) -> None:
        return


class ServerSeat:
    contested = True

    def __init__(self, engine: Engine, name: str) -> None:
        self._engine = engine
        self._number = number(f"seat:{name}")
        self._bell = f"seat {name}"
        self._connection: Connection | None = None
        self._left = False
        self._using = threading.Lock()

    def take(self) -> bool:
        with self._using:
            taken = self._ask("SELECT pg_try_advisory_lock(:number)", number=self._number)
            return taken and self._listen()

    def held(self) -> bool:
        with self._using:
            return self._connection is not None and self._ask("SELECT true")

    def call(self) -> None:
        with self._using:
            self._ask("SELECT pg_notify(:bell, '') IS NOT NULL", bell=self._bell)

    def fileno(self) -> int | None:
        connection = self._connection
        driver: Any = connection and connection.connection.driver_connection
        return None if driver is None else driver.fileno()

    def leave(self) -> None:
        with self._using:
            if self._connection is not None:
                # closing alone frees it only once the server has noticed
                self._ask("SELECT pg_advisory_unlock(:number)", number=self._number)
            self._left = True  # a `take` that another thread is about to begin comes too late
            self._drop()

    def _listen(self) -> bool:
        return self._ask(f'LISTEN "{self._bell}"')

    def _ask(self, question: str, **values: int | str) -> bool:
        if self._left:
            return False
        try:
            if self._connection is None:
                self._connection = self._engine.connect().execution_options(
                    isolation_level="AUTOCOMMIT"
                )
            answer = self._connection.execute(text(question), values)
            return bool(answer.scalar_one()) if answer.returns_rows else True
        except DatabaseRefused:
            self._drop()  # with its connection the lock is gone
            return False

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
