"""Opens the database and keeps it honest: durable, of our version, an SQLite file used by one
program only.

Every way in which it can refuse service becomes one sentence that says what happened, what was
kept and what to do, wherever it happens: at the start or years later when the disk is full.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
from importlib.resources import files
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect, select, text
from sqlalchemy.engine import URL, ExceptionContext, make_url
from sqlalchemy.exc import ArgumentError

from storage.crypto import Vault
from storage.errors import DatabaseRefused, KeyRefused, StorageError
from storage.seats import OwnSeat, Seat, ServerSeat
from storage.session import Session
from storage.tables import meta
from storage.upsert import insert_of

_DURABLE = "durable"
"""Where a writing connection to SQLite remembers how it commits."""
PATIENCE_MS = 5000
"""How long a statement waits for another program's lock."""

_NOT_MADE = (
    "Nothing was made. Correct [storage] url, mount its disk, or restore the last backup; "
    "`dossierbot init` begins a new company in a folder of its own."
)

_SENTENCES = {
    sqlite3.SQLITE_FULL: "The disk that holds {place} is full. All that was confirmed is kept and "
    "nothing is half-written. Free some space; the program goes on by itself.",
    sqlite3.SQLITE_READONLY: "{place} can only be read. Nothing was changed. Give this user the "
    "right to write the file and its folder, or mount the disk for writing.",
    sqlite3.SQLITE_BUSY: "Another program has kept {place} locked. Nothing was changed. Close "
    "what has it open (a viewer, a copy program) and try again.",
    sqlite3.SQLITE_CANTOPEN: "{place} cannot be opened. Nothing was changed. Check that its "
    "folder exists and that this user may read and write there.",
    sqlite3.SQLITE_IOERR: "The disk reported an error at {place}. All that was confirmed before "
    "is kept. Check the disk, then restart; if it persists, restore the last backup.",
    sqlite3.SQLITE_CORRUPT: "{place} is damaged. It was left as it is. Keep a copy of the file "
    "and restore the last backup.",
    sqlite3.SQLITE_NOTADB: "{place} is not a dossierbot database. It was left as it is. Correct "
    "[storage] url, or restore the last backup.",
}
_SENTENCES[sqlite3.SQLITE_LOCKED] = _SENTENCES[sqlite3.SQLITE_BUSY]
_SENTENCES[sqlite3.SQLITE_PROTOCOL] = _SENTENCES[sqlite3.SQLITE_BUSY]


class Database:
    """One opened database; `close` it at the end."""

    def __init__(self, engine: Engine, writer: Engine, place: str, lock: int | None) -> None:
        self.engine = engine
        """For reading: on SQLite it refuses every change."""
        self.place = place
        """Where the data are, for messages; without a password."""
        self.shared = engine.dialect.name == "postgresql"
        """True: several units, and several processes, write at the same time."""
        self._writer = writer
        self._lock = lock
        self._seats: list[ServerSeat] = []

    @classmethod
    def open(
        cls,
        url: str,
        *,
        upgrade: bool,
        make: bool = True,
        alone: bool = True,
        password: str | None = None,
    ) -> Database:
        """Open the database at `url`, made or brought up to date if `upgrade`.

        `make` off: never made, only brought up to date. A disk that was not mounted must not
        look like a company of nobody, to which everybody is a stranger.
        `alone`: hold a lock file beside an SQLite file, so that no second program writes it.
        `password`: of the user on a PostgreSQL server, when it is not in `url`.

        Raises:
            DatabaseRefused: in use, locked, read-only, newer than this program, older without
                `upgrade`, not there or empty without `make`, damaged, no database of ours, or a
                server that does not let us.
        """
        try:
            parsed = make_url(url)
        except ArgumentError as error:
            raise DatabaseRefused(
                "[storage] url is not a database address. Nothing was opened. Write for example "
                "sqlite:////var/lib/dossierbot/dossierbot.sqlite"
            ) from error
        if parsed.get_backend_name() == "sqlite":
            return cls._open_file(parsed, upgrade=upgrade, make=upgrade and make, alone=alone)
        if parsed.get_backend_name() != "postgresql" or not parsed.database:
            raise DatabaseRefused(
                "[storage] url names no database this program knows. Nothing was opened. Write "
                "for example postgresql://dossierbot@db.example.com:5432/dossierbot"
            )
        from storage import server  # its driver takes 8 MiB that a file does not need

        url_of_ours = server.normalised(parsed, password)
        reader, writer = server.engines(url_of_ours)
        return cls(reader, writer, server.place_of(url_of_ours), None)._ready(upgrade, make)

    @classmethod
    def _open_file(cls, url: URL, *, upgrade: bool, make: bool, alone: bool) -> Database:
        name = (url.database or "").removeprefix("file:")
        if name in ("", ":memory:"):
            raise DatabaseRefused(
                "[storage] url names no file; a database in memory would forget everything. "
                "Write for example sqlite:///dossierbot.sqlite"
            )
        path = Path(name)
        if not make and not path.exists():
            raise DatabaseRefused(f"There is no database at {path}. {_NOT_MADE}")
        lock = _lock(path) if alone else None
        try:
            if make and "mode" not in url.query:
                _make(path)
            reader = _sqlite(url, path, writes=False)
            writer = _sqlite(url, path, writes=True)
            return cls(reader, writer, str(path), lock)._ready(upgrade, make)
        except BaseException:
            if lock is not None:
                os.close(lock)
            raise

    def _ready(self, upgrade: bool, make: bool) -> Database:
        try:
            with self.write_connection() as connection, connection.begin():
                if self.shared:
                    from storage import server

                    server.require(connection, self.place)
                self._check_version(connection, upgrade, make)
        except BaseException:
            self.engine.dispose()
            self._writer.dispose()
            raise
        return self

    def _check_version(self, connection: Connection, upgrade: bool, make: bool) -> None:
        if upgrade and self.shared:
            from storage import server

            server.alone(connection)
        present = _version(connection)
        known = versions()
        if present == known[-1]:
            # a transaction alone would begin on a read-only file as well
            connection.execute(text("UPDATE alembic_version SET version_num = version_num"))
            return
        if present is not None and present not in known:
            raise DatabaseRefused(
                f"{self.place} was written by a newer dossierbot (schema {present}, this program "
                f"knows up to {known[-1]}). It was left as it is. Install the newer version, or "
                "restore a backup made with this one."
            )
        if present is None and inspect(connection).get_table_names():
            raise DatabaseRefused(
                f"{self.place} is not a dossierbot database: it holds tables of another program. "
                "It was left as it is. Correct [storage] url, or restore the last backup."
            )
        if present is None and not make:
            raise DatabaseRefused(f"{self.place} is empty. {_NOT_MADE}")
        if not upgrade:
            raise DatabaseRefused(
                f"{self.place} has schema {present or 'none'}, this program needs {known[-1]}. "
                "Nothing was changed. Make a backup, then start once with `dossierbot run`, "
                "which brings it up to date."
            )
        from storage.migrations import run  # Alembic is only needed here and slow to import

        run.upgrade(connection)

    def write_connection(self) -> Connection:
        """Return a connection whose transactions write; on SQLite they begin with the lock."""
        return self._writer.connect()

    def seat(self, name: str) -> Seat:
        """Return the seat of a job that one process of all does; see `storage.seats`."""
        if not self.shared:
            return OwnSeat()
        seat = ServerSeat(self._writer, name)
        self._seats.append(seat)
        return seat

    def kept(self, transaction: str) -> bool | None:
        """Return whether a transaction whose commit was cut short is kept; None: unknown.

        `transaction` as `locks.begin` returned it.

        Raises:
            DatabaseRefused: the server cannot be asked.
        """
        from storage import server

        return server.kept(self._writer, transaction)

    def match(self, vault: Vault) -> None:
        """Make sure that `vault` is the one this database was written with.

        Raises:
            KeyRefused: it was written with another key file.
        """
        with self.write_connection() as connection, connection.begin():
            ours = insert_of(connection.dialect, meta).values(key="key", value=vault.key_id)
            connection.execute(ours.on_conflict_do_nothing())
            found = connection.execute(select(meta.c.value).where(meta.c.key == "key")).scalar()
            if found != vault.key_id:
                raise KeyRefused(
                    f"The key file does not belong to {self.place} (key {vault.key_id}, needed "
                    f"{found}). Nothing was opened. Put the right key file back from its copy."
                )

    def close(self) -> None:
        """Close all connections and let other programs in."""
        for seat in self._seats:
            seat.leave()
        self.engine.dispose()
        self._writer.dispose()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def confirm(connection: Connection) -> None:
    """Make sure that the transaction of a unit that ended well is still there to be committed.

    Raises:
        DatabaseRefused, StorageError: the unit swallowed an error that ended it.
    """
    driver = connection.connection.driver_connection
    if isinstance(driver, sqlite3.Connection):
        if not driver.in_transaction:  # SQLite rolls back by itself when the disk is full
            raise DatabaseRefused("The transaction was lost. Nothing of it was kept.")
        return
    from storage import server

    if server.failed(connection):
        # the server would answer COMMIT with a rollback, and without an error
        raise StorageError("a unit went on after a statement that had failed")


def flushing(connection: Connection, durable: bool) -> None:
    """Say how the next transactions of a writing connection are kept; outside any.

    Not `durable`: SQLite leaves the commit with the operating system. It outlives the program,
    and the next durable commit, which comes behind it in the same log, takes it to the disk. So
    when the machine goes down what is lost is always the end, never something in between. On
    PostgreSQL every commit is durable.
    """
    driver = connection.connection.driver_connection
    if not isinstance(driver, sqlite3.Connection) or waits(connection) == durable:
        return
    driver.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
    connection.info[_DURABLE] = durable


def waits(connection: Connection) -> bool:
    """Whether a commit of this connection returns only when it is on the disk."""
    return bool(connection.info.get(_DURABLE, True))


def bytes_used(session: Session) -> int:
    """Return how large the database is."""
    if session.dialect == "sqlite":
        pages = session.execute(text("PRAGMA page_count")).scalar_one()
        size: int = pages * session.execute(text("PRAGMA page_size")).scalar_one()
    else:
        size = session.execute(text("SELECT pg_database_size(current_database())")).scalar_one()
    return size


def versions() -> tuple[str, ...]:
    """Return the schema versions this program knows, oldest first."""
    folder = files("storage").joinpath("migrations", "versions")
    return tuple(sorted(one.name[:4] for one in folder.iterdir() if one.name[:4].isdigit()))


def _version(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.execute(
        text("SELECT version_num FROM alembic_version")
    ).scalar()
    return found


def _sqlite(url: URL, path: Path, *, writes: bool) -> Engine:
    # one that writes is kept for the next unit: to open it is to read the whole schema
    pool = {"pool_size": 1, "max_overflow": -1} if writes else {}
    engine = create_engine(url, hide_parameters=True, **pool)

    @event.listens_for(engine, "connect")
    def prepare(connection: sqlite3.Connection, _record: Any) -> None:
        connection.isolation_level = None  # `begin` below says when a transaction starts
        connection.execute(f"PRAGMA busy_timeout = {PATIENCE_MS}")
        connection.execute("PRAGMA foreign_keys = ON")
        if writes:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            # whoever writes when the log is folded in waits for the disk twice: seldom, then; of
            # what is written in bulk most is folded in beforehand, see `storage.checkpoints`
            connection.execute("PRAGMA wal_autocheckpoint = 4000")
        else:
            connection.execute("PRAGMA query_only = ON")

    def begin(connection: Any) -> None:
        # a transaction that reads first and writes later cannot wait for the lock: SQLite
        # fails it at once, so one that will write takes the lock when it begins
        connection.driver_connection.execute("BEGIN IMMEDIATE" if writes else "BEGIN")

    # not by the event "begin": beside any such listener every statement looks for its own
    engine.dialect.do_begin = begin  # type: ignore[method-assign,assignment]  # its own dialect

    @event.listens_for(engine, "handle_error")
    def convert(context: ExceptionContext) -> None:
        code = getattr(context.original_exception, "sqlite_errorcode", None)
        sentence = None if code is None else _SENTENCES.get(code & 0xFF)
        if sentence is not None:
            raise DatabaseRefused(sentence.format(place=path)) from context.sqlalchemy_exception

    return engine


def _make(path: Path) -> None:
    try:
        os.close(os.open(path, os.O_CREAT, 0o600))
    except OSError as error:
        raise DatabaseRefused(_SENTENCES[sqlite3.SQLITE_CANTOPEN].format(place=path)) from error


def _lock(path: Path) -> int:
    """Return the open lock file beside the database; closing it, or dying, unlocks."""
    beside = path.with_name(path.name + ".lock")
    try:
        handle = os.open(beside, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        code = sqlite3.SQLITE_CANTOPEN if not path.parent.is_dir() else sqlite3.SQLITE_READONLY
        raise DatabaseRefused(_SENTENCES[code].format(place=path)) from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        holder = os.pread(handle, 20, 0).decode("ascii", "replace").strip() or "unknown"
        os.close(handle)
        raise DatabaseRefused(
            f"{path} is in use by another dossierbot (process {holder}). This one did nothing. "
            "Stop the other one first, or give this one a database of its own."
        ) from error
    os.ftruncate(handle, 0)
    os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
    return handle
