"""One thread that writes: takes units from a queue, runs and commits them.

The trap is a connection that is cut in the middle of a commit: whether the unit is kept is then
asked on another connection, and nothing is called done that is not.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Any

import msgspec
import structlog
from sqlalchemy import Connection

from bot.clock import Clock
from storage import locks
from storage.checkpoints import Checkpointer
from storage.crypto import Vault
from storage.database import Database, confirm, flushing
from storage.errors import DatabaseAway, DatabaseRefused, TryAgain
from storage.ids import Ids, UsedUp
from storage.session import Session
from storage.unit import Unit

ATTEMPTS = 3
"""How often a unit is run alone before its exception goes to whoever awaits it."""
YIELDS = 20
"""How often a unit gives way to another process's before it is refused."""
CUTS = 3
"""How often the connection may be cut under a unit before it is refused."""
BATCH_UNITS = 64
BATCH_SECONDS = 0.02
ID_BLOCK = 4096

log = structlog.get_logger()


class UnitFailed(Exception):
    """A unit raised each time it was run alone; what it raised last is `__cause__`."""

    def __init__(self, attempts: int) -> None:
        super().__init__(f"failed {attempts} times")
        self.attempts = attempts


class Job(msgspec.Struct, eq=False):
    work: Callable[[Unit], Any]
    future: asyncio.Future[Any]
    lane: str = ""
    """"" for none; never two of one lane at the same time."""
    durable: bool = True
    """False: it may be undone when the machine goes down, never when the program does."""


Result = tuple[Job, Any, BaseException | None]


class _Tries(msgspec.Struct):
    """What one unit that runs alone has met so far."""

    attempts: int = 0
    yields: int = 0
    cuts: int = 0
    failure: Exception | None = None


class Writer:
    """Works in a thread of its own; what it hands out goes through the two callbacks."""

    def __init__(
        self,
        database: Database,
        vault: Vault,
        clock: Clock,
        queue: SimpleQueue[Job | None],
        settle: Callable[[list[Result]], None],
        ended: Callable[[], None],
        *,
        batch_seconds: float,
    ) -> None:
        self._database = database
        self._vault = vault
        self._clock = clock
        self._queue = queue
        self._settle = settle
        self._ended = ended
        # PostgreSQL gathers the commits of its connections by itself, and units that share a
        # transaction would hold each other's locks (docs/decisions/0005)
        self._batch_units = 1 if database.shared else BATCH_UNITS
        self._batch_seconds = batch_seconds
        self._checkpointer = None if database.shared else Checkpointer(database)
        self._ids = Ids(ID_BLOCK)
        self._connection: Connection | None = None
        self._session: Session
        self._number = ""
        self._behind: deque[Job] = deque()
        """Taken from the queue and not yet run."""
        self._last = False  # it has met the end mark

    def work(self, opened: SimpleQueue[BaseException | None]) -> None:
        """Work until the end mark; `opened` hears whether the connection could be opened."""
        try:
            self._connect()
        except Exception as error:
            opened.put(error)
            return
        opened.put(None)
        try:
            while (job := self._next()) is not None:
                self._serve(job)
                if self._checkpointer is not None and self._connection is not None:
                    self._checkpointer.wrote(self._connection)
        finally:
            if self._checkpointer is not None:
                self._checkpointer.close()
            self._disconnect()
            self._ended()

    def _next(self) -> Job | None:
        """Wait for a job and return it; None: there will be no more."""
        if not self._behind and not self._last:
            self._take(self._queue.get())
        return self._behind.popleft() if self._behind else None

    def _gather(self) -> None:
        """Take what waits in the queue, as much as one transaction may hold."""
        with suppress(Empty):
            while not self._last and len(self._behind) < self._batch_units:
                self._take(self._queue.get_nowait())

    def _take(self, job: Job | None) -> None:
        if job is None:
            self._last = True
        else:
            self._behind.append(job)

    def _connect(self) -> Connection:
        if self._connection is None:
            self._connection = self._database.write_connection()
            self._session = Session(self._connection)
        return self._connection

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _serve(self, first: Job) -> None:
        """Run `first` and those that wait behind it in one transaction, else each alone."""
        taken: list[Job] = []
        done: list[Result] = []
        if self._batch_units == 1:
            self._settle([self._alone(first)])
            return
        try:
            connection = self._connect()
            self._ids.refill(connection)
            self._gather()
            durable = first.durable or any(job.durable for job in self._behind)
            flushing(connection, durable)
            with connection.begin():
                until = time.monotonic() + self._batch_seconds
                job: Job | None = first
                while job is not None:
                    taken.append(job)
                    done.append((job, self._run(connection, job), None))
                    job = self._waiting(len(taken), until, durable)
        except DatabaseRefused as error:
            done = [(job, None, _each(error)) for job in taken or [first]]
        except Exception as error:
            if len(taken) > 1:
                done = [self._alone(job) for job in taken]
            else:
                done = [self._alone(first, error)]
        self._settle(done)

    def _waiting(self, count: int, until: float, durable: bool) -> Job | None:
        """Return a job that may share the transaction; `durable`: as it is kept."""
        if count >= self._batch_units or time.monotonic() >= until:
            return None
        self._gather()
        if not self._behind or (self._behind[0].durable and not durable):
            return None
        return self._behind.popleft()

    def _alone(self, job: Job, failure: Exception | None = None) -> Result:
        """Run one unit in transactions of its own; `failure` is that of a first try."""
        tries = _Tries(1 if failure else 0, failure=failure)
        while True:
            committing, value = False, None
            try:
                connection = self._connect()
                if isinstance(tries.failure, UsedUp):
                    tries.attempts -= 1
                    tries.failure = None
                    self._ids.grow(connection)
                if tries.attempts == ATTEMPTS:
                    failed = UnitFailed(ATTEMPTS)
                    failed.__cause__ = tries.failure
                    return job, None, failed
                self._ids.refill(connection)
                flushing(connection, job.durable)
                with connection.begin():
                    value = self._run(connection, job)
                    committing = True
            except DatabaseAway as error:
                ended = self._cut(job, tries, error, committing)
                if ended is not None:
                    return ended if ended[2] else (job, value, None)
            except DatabaseRefused as error:
                return job, None, error
            except TryAgain as error:
                tries.yields += 1
                if tries.yields == YIELDS:
                    return job, None, _crowded(error)
            except Exception as error:
                tries.attempts += 1
                tries.failure = error
            else:
                return job, value, None

    def _cut(
        self, job: Job, tries: _Tries, error: DatabaseAway, committing: bool
    ) -> Result | None:
        """Return how a unit ended whose connection was cut; None: it runs again."""
        connected = self._connection is not None
        self._disconnect()
        tries.cuts += 1
        if committing and self._number:
            try:
                kept = self._database.kept(self._number)
            except DatabaseRefused:
                kept = None
            log.warning("commit_cut", kept=kept)
            if kept:
                return job, None, None
            if kept is None:
                unknown = DatabaseRefused(f"{error} Whether this is kept is not known.")
                unknown.__cause__ = error
                return job, None, unknown
        return (job, None, error) if not connected or tries.cuts == CUTS else None

    def _run(self, connection: Connection, job: Job) -> Any:
        if job.future.cancelled():
            return None
        if self._database.shared:
            self._number = locks.begin(self._session, job.lane)
        value = job.work(Unit(self._session, self._vault, self._ids, self._clock.now()))
        confirm(connection)
        return value


def _each(error: DatabaseRefused) -> DatabaseRefused:
    """Return an exception of its own for one of several that hear the same sentence."""
    refused = DatabaseRefused(str(error))
    refused.__cause__ = error
    return refused


def _crowded(error: TryAgain) -> DatabaseRefused:
    refused = DatabaseRefused(
        "Other transactions were in the way each time. Nothing of this was kept; try again."
    )
    refused.__cause__ = error
    return refused
