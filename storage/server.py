"""A PostgreSQL server beneath: how it is reached, how long it is waited for, how it refuses.

Each refusal becomes one sentence, at the start or years later in the middle of a unit. The trap
is the server that accepts and then says nothing: the time-outs it keeps itself do not help then,
so every wait for an answer ends here as well.
"""

from __future__ import annotations

import re
import time
from collections.abc import Generator
from typing import Any

import psycopg
from psycopg.pq import TransactionStatus
from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import URL, ExceptionContext
from sqlalchemy.pool import NullPool

from storage.errors import DatabaseAway, DatabaseRefused, StorageError, TryAgain
from storage.locks import number

OLDEST = 15
"""The oldest PostgreSQL this program runs on."""
CONNECT_SECONDS = 3
LOCK_MS = 5000
"""How long a statement waits for what another transaction holds, as on SQLite."""
STATEMENT_MS = 15_000
IDLE_MS = 60_000
"""A transaction whose process says nothing is ended after that, so that it holds up nobody."""
NETWORK_MS = 10_000
"""What was sent and is not confirmed by the other machine within that counts as lost."""
ANSWER_SECONDS = 20.0
"""A server that has not answered by then counts as lost: longer than it may take itself."""
FATE_SECONDS = 2.0
"""How long is asked whether a commit that was cut short is kept."""
READERS = 4
"""Connections of the reading side that are kept open."""

_OPTIONS = {
    "lock_timeout": LOCK_MS,
    "statement_timeout": STATEMENT_MS,
    "idle_in_transaction_session_timeout": IDLE_MS,
    "tcp_user_timeout": NETWORK_MS,
    # a machine that vanished holds its locks no longer than that
    "tcp_keepalives_idle": 5,
    "tcp_keepalives_interval": 2,
    "tcp_keepalives_count": 3,
    "timezone": "UTC",
    # Every statement of ours is an index look-up (`test_server_plans`). A planner that reads a
    # table through "until the limit is reached" is right on average and reads all of it when what
    # fits stands at the end, or before it was told how large the table has become.
    "enable_seqscan": "off",
    "jit": "off",
}
_READING = {
    "default_transaction_read_only": "on",
    "default_transaction_isolation": "repeatable\\ read",  # one reader sees one moment
}

_AWAY = (
    "{place} cannot be reached ({why}). All that was confirmed is kept. Check that the server "
    "runs and that [storage] url names it; the program goes on by itself."
)
_FULL = (
    "The disk of the server of {place} is full. All that was confirmed is kept and nothing is "
    "half-written. Free some space there; the program goes on by itself."
)
_READ_ONLY = (
    "{place} can only be read. Nothing was changed. Name the primary server in [storage] url, "
    "not a standby, and allow writing."
)
_LOCKED = (
    "Another program has kept a part of {place} locked. Nothing was changed. Close what has a "
    "transaction open there and try again."
)
_SLOW = (
    "{place} took longer than allowed. Nothing of this was kept. Look at the load of the server "
    "and try again."
)
_MANY = (
    "The server of {place} has too many connections. Nothing was changed. Raise its "
    "max_connections or the role's limit, or close other programs; the program goes on by itself."
)
_WRONG = (
    "The server of {place} does not take the user and password. Nothing was opened. Correct the "
    "user in [storage] url and the password (password, password_file or "
    "DOSSIERBOT_STORAGE_PASSWORD)."
)
_NOT_FROM_HERE = (
    "The server of {place} lets this user in from no such machine or way. Nothing was opened. "
    "Add a line to its pg_hba.conf."
)
_MISSING = (
    "There is no {place}. Nothing was made. Create it (createdb --encoding=UTF8 --owner=USER "
    "NAME), or correct [storage] url."
)
_FORBIDDEN = (
    "The user may not do in {place} what is needed ({why}). Nothing was changed. Let the user "
    "own the database: ALTER DATABASE ... OWNER TO ..."
)
_BROKEN = (
    "The server reported damage or a disk error at {place}. All that was confirmed before is "
    "kept. Look at the server's log; if it persists, restore the last backup."
)

_STATES: tuple[tuple[str, str], ...] = (
    ("53100", _FULL),
    ("53300", _MANY),
    ("53", _SLOW),
    ("25006", _READ_ONLY),
    ("55P03", _LOCKED),
    ("57014", _SLOW),
    ("3D000", _MISSING),
    ("28", _WRONG),
    ("42501", _FORBIDDEN),
    ("58", _BROKEN),
    ("XX", _BROKEN),
)
"""Beginnings of SQLSTATE, the first that fits."""

# While connecting, the driver hands on no SQLSTATE: there are only the server's words, and those
# are in the language of its lc_messages.
_WORDS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"pg_hba\.conf|no encryption"), _NOT_FROM_HERE),
    (re.compile(r"authentication failed|no password supplied|认证失败|密码|口令"), _WRONG),
    (re.compile(r'role ".*" does not exist|角色.*不存在|not permitted to log in'), _WRONG),
    (re.compile(r'database ".*" does not exist|数据库.*不存在'), _MISSING),
    (re.compile(r"permission denied for database|访问数据库"), _FORBIDDEN),
    (
        re.compile(r"too many (clients|connections)|remaining connection slots|太多|过多"),
        _MANY,
    ),
)
_AGAIN = frozenset({"40001", "40P01"})
_GONE = ("08", "57P", "25P03", "25P04")


class _Patient(psycopg.Connection[Any]):
    """A connection that waits for no answer longer than it may take."""

    answer_seconds: float | None = ANSWER_SECONDS
    """None: as long as it takes, for migrations."""

    def wait(
        self, gen: Generator[Any, Any, Any], interval: float = 0.1, timeout: float | None = None
    ) -> Any:
        if timeout is not None:
            return super().wait(gen, interval, timeout)
        try:
            return super().wait(gen, interval, self.answer_seconds)
        except psycopg.errors._WaitTimeout:
            self.close()
            raise psycopg.OperationalError("no answer") from None


def place_of(url: URL) -> str:
    """Return how messages name the database: never with user, password or options."""
    host = url.host or url.query.get("host") or "this machine"
    port = url.port or url.query.get("port") or 5432
    return f"database {url.database} at {host}:{port}"


def normalised(url: URL, password: str | None) -> URL:
    """Return the address with our driver and the password that was kept apart from it."""
    driven = url.set(drivername="postgresql+psycopg")
    return driven if password is None else driven.set(password=password)


def engines(url: URL) -> tuple[Engine, Engine]:
    """Return the engine that reads and the one that writes, a connection for each caller."""
    place = place_of(url)
    reader = _engine(url, place, _OPTIONS | _READING, pool_size=READERS)
    writer = _engine(url, place, _OPTIONS, poolclass=NullPool)
    return reader, writer


def _engine(url: URL, place: str, options: dict[str, Any], **pool: Any) -> Engine:
    words = " ".join(f"-c {name}={value}" for name, value in options.items())
    engine = create_engine(
        url,
        hide_parameters=True,
        use_native_hstore=False,
        connect_args={
            "connect_timeout": CONNECT_SECONDS,
            "options": words,
            "client_encoding": "utf8",
            "application_name": "dossierbot",
            "keepalives_idle": 5,
            "keepalives_interval": 2,
            "keepalives_count": 3,
            "tcp_user_timeout": NETWORK_MS,
        },
        **pool,
    )

    @event.listens_for(engine, "do_connect")
    def connect(_dialect: Any, _record: Any, args: Any, values: dict[str, Any]) -> _Patient:
        return _Patient.connect(*args, **values)

    @event.listens_for(engine, "handle_error")
    def convert(context: ExceptionContext) -> None:
        error = context.original_exception
        if isinstance(error, psycopg.Error):
            refusal = refusal_of(error, place, lost=context.is_disconnect)
            if refusal is not None:
                raise refusal from context.sqlalchemy_exception

    return engine


def refusal_of(error: psycopg.Error, place: str, *, lost: bool) -> StorageError | None:
    """Return what an error of the driver means; None: nothing that concerns the server."""
    state = error.sqlstate or ""
    if state in _AGAIN:
        return TryAgain(state)
    sentence = next((one for begins, one in _STATES if state.startswith(begins)), None)
    words = str(error)
    if not state and isinstance(error, psycopg.OperationalError) and not lost:
        sentence = next((one for pattern, one in _WORDS if pattern.search(words)), None)
    if sentence is not None and not lost:
        why = (error.diag.message_primary or "").splitlines()[:1]
        return DatabaseRefused(sentence.format(place=place, why=" ".join(why) or "not allowed"))
    connecting = not state and isinstance(error, psycopg.OperationalError)
    if lost or connecting or state.startswith(_GONE):
        return DatabaseAway(_AWAY.format(place=place, why=_cause(words)))
    return None


def _cause(words: str) -> str:
    """Return what the driver's first line says at its end."""
    line = next((one for one in words.splitlines() if one.strip()), "")
    cause = line.rpartition("FATAL:")[2].rpartition("failed: ")[2].strip(" .")
    return cause or "connection lost"


def require(connection: Connection, place: str) -> None:
    """Make sure that the server is new enough and keeps every character.

    Raises:
        DatabaseRefused: it is not.
    """
    driver = _driver(connection)
    version = driver.info.server_version // 10_000
    if version < OLDEST:
        raise DatabaseRefused(
            f"The server of {place} is PostgreSQL {version}. Nothing was changed. This program "
            f"needs {OLDEST} or newer: update the server, or name another one."
        )
    encoding = driver.info.parameter_status("server_encoding")
    if encoding != "UTF8":
        raise DatabaseRefused(
            f"{place} keeps its texts as {encoding}, which has not every character. Nothing was "
            "changed. Create it anew with --encoding=UTF8 --template=template0."
        )


def alone(connection: Connection) -> None:
    """Begin a transaction that migrates: one of all processes, and it takes the time it needs."""
    _driver(connection).answer_seconds = None
    connection.execute(text("SET LOCAL statement_timeout = 0"))
    connection.execute(text("SET LOCAL lock_timeout = 0"))
    connection.execute(text("SELECT pg_advisory_xact_lock(:one)"), {"one": number("migrate")})


def failed(connection: Connection) -> bool:
    """Whether a statement of the transaction failed, so that nothing of it can be kept."""
    return _driver(connection).info.transaction_status is TransactionStatus.INERROR


def _driver(connection: Connection) -> _Patient:
    driver = connection.connection.driver_connection
    assert isinstance(driver, _Patient)  # noqa: S101 - what `do_connect` returns
    return driver


def kept(writer: Engine, transaction: str) -> bool | None:
    """Return whether a transaction whose commit was cut short is kept; None: not to be found out.

    Raises:
        DatabaseRefused: the server cannot be asked.
    """
    until = time.monotonic() + FATE_SECONDS
    with writer.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        while True:
            status = connection.execute(
                text("SELECT pg_xact_status(CAST(:number AS xid8))"), {"number": transaction}
            ).scalar()
            if status in ("committed", "aborted"):
                return bool(status == "committed")
            if status is None or time.monotonic() > until:
                return None
            time.sleep(0.05)
