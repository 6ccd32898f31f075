"""Runs units of work: one writer thread, and those that wait share a commit.

A unit may run more than once: when one of a batch fails, the whole batch is rolled back (no
savepoints: they quarter the rate) and its units run again, each alone. So a unit touches its
session and nothing else, and whoever awaits it hears of it only after the commit.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

import structlog
from sqlalchemy import Connection
from sqlalchemy.orm import Session

from bot.clock import Clock
from storage import ids
from storage.crypto import Vault
from storage.database import Database, session
from storage.errors import DatabaseRefused
from storage.unit import Unit

T = TypeVar("T")

ATTEMPTS = 3
"""How often a unit is run alone before its exception goes to whoever awaits it."""
BATCH_UNITS = 64
BATCH_SECONDS = 0.02
ID_BLOCK = 4096
LOW_IDS = 512
"""With fewer left, a new block is reserved before the next batch."""
READERS = 4

log = structlog.get_logger()


class UnitFailed(Exception):
    """A unit raised each time it was run alone; what it raised last is `__cause__`."""

    def __init__(self, attempts: int) -> None:
        super().__init__(f"failed {attempts} times")
        self.attempts = attempts


class _IdsUsedUp(Exception):
    """A unit drew more ids than were reserved: it runs again with a larger block."""


class _Ids(Iterator[int]):
    def __init__(self) -> None:
        self._left: Iterator[int] = iter(())
        self._count = 0
        self._block = ID_BLOCK

    def __next__(self) -> int:
        if not self._count:
            raise _IdsUsedUp
        self._count -= 1
        return next(self._left)

    def refill(self, connection: Connection) -> None:
        """Reserve a block when few are left, in a transaction of its own."""
        if self._count < LOW_IDS:
            self._reserve(connection)

    def grow(self, connection: Connection) -> None:
        self._block *= 8
        self._reserve(connection)

    def _reserve(self, connection: Connection) -> None:
        with connection.begin():
            block = ids.reserve(connection, self._block)
        self._left, self._count = iter(block), len(block)


@dataclass(eq=False)
class _Job:
    work: Callable[[Unit], Any]
    future: asyncio.Future[Any]


_Result = tuple[_Job, Any, BaseException | None]


class Units:
    """Everything that is written goes through here, one unit after the other."""

    def __init__(
        self,
        database: Database,
        vault: Vault,
        clock: Clock,
        *,
        batch_seconds: float = BATCH_SECONDS,
    ) -> None:
        """`batch_seconds`: no further unit joins a batch that has been running so long."""
        self._database = database
        self._vault = vault
        self._clock = clock
        self._batch_seconds = batch_seconds
        self._queue: SimpleQueue[_Job | None] = SimpleQueue()
        self._ids = _Ids()
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="reader")
        self._open = False
        self._last = False  # the writer has met the end mark

    def start(self) -> None:
        """Start the writer. Needs the running loop.

        Raises:
            DatabaseRefused: the writing connection cannot be opened.
        """
        self._loop = asyncio.get_running_loop()
        self._ended = asyncio.Event()
        opened: SimpleQueue[BaseException | None] = SimpleQueue()
        threading.Thread(target=self._work, args=(opened,), name="writer", daemon=True).start()
        failure = opened.get()
        if failure is not None:
            raise failure
        self._open = True

    async def stop(self, patience: float = 8.0) -> None:
        """Finish what waits, then stop; after `patience` seconds a stuck writer is left behind.

        What it had not committed was acknowledged to nobody.
        """
        if self._open:
            self._open = False
            self._queue.put(None)
            try:
                async with asyncio.timeout(patience):
                    await self._ended.wait()
            except TimeoutError:
                log.error("writer_stuck", seconds=patience)
        self._readers.shutdown(wait=False, cancel_futures=True)

    async def run(self, work: Callable[[Unit], T]) -> T:
        """Return what `work` returned, after it was committed.

        Raises:
            UnitFailed: it raised each of the three times it was run alone.
            DatabaseRefused: nothing was kept and the unit is not to blame: disk full, locked.
        """
        if not self._open:
            raise DatabaseRefused("The program is stopping. Nothing of this was kept.")
        future: asyncio.Future[T] = self._loop.create_future()
        self._queue.put(_Job(work, future))
        return await future

    async def read(self, work: Callable[[Session], T]) -> T:
        """Return what `work` returned, from a reading connection beside the writer."""
        return await asyncio.get_running_loop().run_in_executor(self._readers, self._read, work)

    def _read(self, work: Callable[[Session], T]) -> T:
        with self._database.engine.connect() as connection, session(connection) as reading:
            return work(reading)

    # -- in the writer thread ------------------------------------------------------------------

    def _work(self, opened: SimpleQueue[BaseException | None]) -> None:
        try:
            self._connection = self._database.write_connection()
            self._session = session(self._connection)
        except Exception as error:
            opened.put(error)
            return
        opened.put(None)
        try:
            while not self._last:
                job = self._queue.get()
                if job is None:
                    break
                self._serve(job)
        finally:
            self._connection.close()
            self._tell(self._ended.set)

    def _serve(self, first: _Job) -> None:
        """Run `first` and those that wait behind it in one transaction, else each alone."""
        ran: list[_Job] = []
        done: list[_Result] = []
        try:
            self._ids.refill(self._connection)
            with self._connection.begin():
                until = time.monotonic() + self._batch_seconds
                job: _Job | None = first
                while job is not None:
                    if not job.future.cancelled():
                        ran.append(job)
                        done.append((job, self._run(job), None))
                    job = self._waiting(len(ran), until)
        except DatabaseRefused as error:
            done = [(job, None, _each(error)) for job in ran or [first]]
        except Exception as error:
            if len(ran) > 1:
                done = [self._alone(job) for job in ran]
            else:
                done = [self._alone(first if not ran else ran[0], error)]
        self._tell(partial(_settle, done))

    def _waiting(self, count: int, until: float) -> _Job | None:
        if count >= BATCH_UNITS or time.monotonic() >= until:
            return None
        try:
            job = self._queue.get_nowait()
        except Empty:
            return None
        self._last = job is None
        return job

    def _alone(self, job: _Job, failure: Exception | None = None) -> _Result:
        """Run one unit in transactions of its own; `failure` is that of a first try."""
        attempts = 1 if failure else 0
        while True:
            try:
                if isinstance(failure, _IdsUsedUp):
                    attempts -= 1
                    self._ids.grow(self._connection)
                if attempts == ATTEMPTS:
                    failed = UnitFailed(attempts)
                    failed.__cause__ = failure
                    return job, None, failed
                self._ids.refill(self._connection)
                attempts += 1
                with self._connection.begin():
                    value = self._run(job)
            except DatabaseRefused as error:
                return job, None, error
            except Exception as error:
                failure = error
            else:
                return job, value, None

    def _run(self, job: _Job) -> Any:
        with self._session as working:  # closed, and so emptied, after every unit
            value = job.work(Unit(working, self._vault, self._ids, self._clock.now()))
            working.commit()  # flushes; the transaction is the connection's
        driver = self._connection.connection.dbapi_connection
        if not getattr(driver, "in_transaction", True):
            # SQLite rolls back by itself when the disk is full: a unit that swallowed that
            # error must not go on as if nothing had happened.
            raise DatabaseRefused("The transaction was lost. Nothing of it was kept.")
        return value

    def _tell(self, callback: Callable[[], object]) -> None:
        # a loop that closed did not wait for a stuck writer: nobody is left to be told
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(callback)


def _settle(results: list[_Result]) -> None:
    for job, value, failure in results:
        if job.future.done():
            continue
        if failure is None:
            job.future.set_result(value)
        else:
            job.future.set_exception(failure)


def _each(error: DatabaseRefused) -> DatabaseRefused:
    """Return an exception of its own for one of several that hear the same sentence."""
    refused = DatabaseRefused(str(error))
    refused.__cause__ = error
    return refused
