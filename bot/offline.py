"""Units of work for the command line, beside a running bot or without one.

Each runs in its own transaction of the same database; SQLite lets one writer wait for the other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import Connection

from bot.clock import Clock, SystemClock
from bot.settings import Settings
from storage import ids
from storage.crypto import Vault
from storage.database import Database, session
from storage.unit import Unit

T = TypeVar("T")

ID_BLOCK = 1024


@dataclass(frozen=True)
class Store:
    """An open database with its key."""

    database: Database
    vault: Vault
    clock: Clock

    def run(self, work: Callable[[Unit], T], *, keep: bool = True) -> T:
        """Return what `work` returned, committed; with `keep` off nothing of it is kept."""
        with self.database.write_connection() as connection:
            transaction = connection.begin()
            try:
                with session(connection) as working:
                    unit = Unit(working, self.vault, _fresh_ids(connection), self.clock.now())
                    value = work(unit)
                    working.commit()  # flushes; the transaction is the connection's
                if keep:
                    transaction.commit()
                return value
            finally:
                if transaction.is_active:
                    transaction.rollback()


def _fresh_ids(connection: Connection) -> Iterator[int]:
    while True:
        yield from ids.reserve(connection, ID_BLOCK)


@contextmanager
def opened(settings: Settings) -> Iterator[Store]:
    """Open the company's database and key, and close them at the end.

    Raises:
        StorageError: one of them cannot be used; says what to do.
    """
    vault = Vault.load(settings.storage.key_file)
    database = Database.open(settings.storage.url, upgrade=False, alone=False)
    try:
        database.match(vault)
        yield Store(database, vault, SystemClock())
    finally:
        database.close()
