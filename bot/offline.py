"""Units of work for the command line, beside a running bot or without one.

Each runs in its own transaction of the same database; SQLite lets one writer wait for the other,
on PostgreSQL a unit that got in another's way runs again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import msgspec
from sqlalchemy import Connection

from bot.clock import Clock, SystemClock
from bot.settings import Settings
from storage.crypto import Vault
from storage.database import Database, confirm
from storage.errors import TryAgain
from storage.ids import Ids, UsedUp, reserve
from storage.session import Session
from storage.unit import Unit

T = TypeVar("T")

ID_BLOCK = 4096
YIELDS = 20
"""How often a unit gives way to one of the running bot."""


class Store(msgspec.Struct, frozen=True):
    """An open database with its key."""

    database: Database
    vault: Vault
    clock: Clock
    ids: Ids = msgspec.field(default_factory=lambda: Ids(ID_BLOCK))

    def run(self, work: Callable[[Unit], T], *, keep: bool = True) -> T:
        """Return what `work` returned, committed; with `keep` off nothing of it is kept.

        Raises:
            StorageError: the database refuses, or others are in the way each time.
        """
        with self.database.write_connection() as connection:
            return self._run(connection, work, keep=keep)

    @contextmanager
    def writer(self) -> Iterator[Callable[[Callable[[Unit], T]], T]]:
        """Open one connection for many units of work; each is committed for itself."""
        with self.database.write_connection() as connection:
            yield lambda work: self._run(connection, work, keep=True)

    def read(self, look: Callable[[Session], T]) -> T:
        """Return what `look` found; nobody who writes waits for it."""
        with self.database.engine.connect() as connection:
            return look(Session(connection))

    def fresh_ids(self) -> Iterator[int]:
        """Yield row ids for what is prepared outside a unit of work."""
        while True:
            with self.database.write_connection() as connection, connection.begin():
                block = reserve(connection, ID_BLOCK)
            yield from block

    def _run(self, connection: Connection, work: Callable[[Unit], T], *, keep: bool) -> T:
        self.ids.refill(connection)
        for _ in range(YIELDS):
            try:
                return self._try(connection, work, keep)
            except UsedUp as error:
                last: Exception = error
                self.ids.grow(connection)
            except TryAgain as error:
                last = error
        raise last

    def _try(self, connection: Connection, work: Callable[[Unit], T], keep: bool) -> T:
        transaction = connection.begin()
        try:
            value = work(Unit(Session(connection), self.vault, self.ids, self.clock.now()))
            if keep:
                confirm(connection)
                transaction.commit()
            return value
        finally:
            if transaction.is_active:
                transaction.rollback()


@contextmanager
def opened(settings: Settings) -> Iterator[Store]:
    """Open the company's database and key, and close them at the end.

    Raises:
        StorageError: one of them cannot be used; says what to do.
    """
    vault = Vault.load(settings.storage.key_file)
    storage = settings.storage
    database = Database.open(storage.url, upgrade=False, alone=False, password=storage.secret())
    try:
        database.match(vault)
        yield Store(database, vault, SystemClock())
    finally:
        database.close()
