"""Folds SQLite's log into the database file beside the writer, instead of within its commits.

The writer's own checkpoint (`wal_autocheckpoint`) is the backstop: only whoever writes can begin
the log anew, and by then little of it is left to fold. What fails here fails there too, and is
said there.
"""

from __future__ import annotations

import sqlite3
import threading
from contextlib import suppress
from typing import cast

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from storage.database import Database
from storage.errors import DatabaseRefused

ROWS = 2_400
"""Changed rows between two checkpoints: some 300 pages, a few milliseconds of the disk."""


class Checkpointer:
    """Works in a thread of its own; its methods are for the thread of one writing connection."""

    def __init__(self, database: Database) -> None:
        """`database`: an SQLite file."""
        self._database = database
        self._counted = 0
        self._asked = threading.Event()
        self._ended = False
        self._thread: threading.Thread | None = None

    def wrote(self, connection: Connection) -> None:
        """Hear that `connection` may have committed; checkpoint when it wrote much since."""
        changes = _driver(connection).total_changes
        if abs(changes - self._counted) < ROWS:
            return
        self._counted = changes
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="checkpointer", daemon=True)
            self._thread.start()
        self._asked.set()

    def close(self) -> None:
        """Finish: what was asked for is done."""
        if self._thread is not None:
            self._ended = True
            self._asked.set()
            self._thread.join()

    def _work(self) -> None:
        while not self._ended:
            self._asked.wait()
            self._asked.clear()
            with (
                suppress(DatabaseRefused, SQLAlchemyError, sqlite3.Error),
                self._database.engine.connect() as connection,
            ):
                # neither waits for others nor keeps them; a later one does what it must leave
                _driver(connection).execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()


def _driver(connection: Connection) -> sqlite3.Connection:
    return cast("sqlite3.Connection", connection.connection.driver_connection)
