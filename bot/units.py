"""Runs units of work: on SQLite one after the other, those that wait share a commit; on
PostgreSQL side by side, in a handful of threads.

A unit may run more than once: when one of a batch fails, the whole batch is rolled back (no
savepoints: they quarter the rate) and its units run again, each alone. So a unit touches its
session and nothing else, and whoever awaits it hears of it only after the commit.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from queue import SimpleQueue
from typing import TypeVar

import structlog

from bot.clock import Clock
from bot.writer import ATTEMPTS, BATCH_SECONDS, ID_BLOCK, Job, Result, UnitFailed, Writer
from storage.crypto import Vault
from storage.database import Database
from storage.errors import DatabaseAway, DatabaseRefused
from storage.seats import Seat
from storage.session import Session
from storage.unit import Unit

__all__ = ["ATTEMPTS", "ID_BLOCK", "UnitFailed", "Units"]

T = TypeVar("T")

READERS = 4
WRITERS = 4
"""Threads that write where several may, each with a connection and a block of ids."""

log = structlog.get_logger()


class Units:
    """Everything that is written goes through here."""

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
        self._queue: SimpleQueue[Job | None] = SimpleQueue()
        self._writers = WRITERS if database.shared else 1
        self._left = 0
        """Writers that have not ended."""
        self._lanes: dict[str, deque[Job]] = {}
        """What waits behind a unit of the same lane; a lane is here while one of it runs."""
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="reader")
        self._open = False

    def start(self) -> None:
        """Start the writers. Needs the running loop.

        Raises:
            DatabaseRefused: a writing connection cannot be opened.
        """
        self._loop = asyncio.get_running_loop()
        self._ended = asyncio.Event()
        self._quiet = asyncio.Event()
        self._quiet.set()
        self._unsettled = 0
        writers = [self._writer() for _ in range(self._writers)]
        opened: SimpleQueue[BaseException | None] = SimpleQueue()
        for number, writer in enumerate(writers, start=1):
            name = f"writer-{number}"
            threading.Thread(target=writer.work, args=(opened,), name=name, daemon=True).start()
        failures = [failure for _ in writers if (failure := opened.get()) is not None]
        self._left = len(writers) - len(failures)
        if failures:
            self._end()
            raise failures[0]
        self._open = True

    def _writer(self) -> Writer:
        return Writer(
            self._database,
            self._vault,
            self._clock,
            self._queue,
            lambda results: self._tell(partial(self._settle, results)),
            lambda: self._tell(self._one_left),
            batch_seconds=self._batch_seconds,
        )

    async def stop(self, patience: float = 8.0) -> None:
        """Finish what waits, then stop; after `patience` seconds a stuck thread is left behind.

        What it had not committed was acknowledged to nobody. Whoever waited for a reading may be
        gone; its connection is still in use, and the database must not be closed over it.
        """
        written, self._open = self._open, False
        try:
            async with asyncio.timeout(patience):
                if written:
                    await self._quiet.wait()
                    self._end()
                    await self._ended.wait()
                await asyncio.to_thread(self._readers.shutdown, cancel_futures=True)
        except TimeoutError:
            self._end()
            self._readers.shutdown(wait=False, cancel_futures=True)
            log.error("writer_stuck" if self._left else "reader_stuck", seconds=patience)

    async def run(self, work: Callable[[Unit], T], lane: str = "", *, durable: bool = True) -> T:
        """Return what `work` returned, after it was committed.

        Units of one lane never run at the same time, also not in two processes, and within this
        one in the order in which they were given. `durable` False: for what may be undone when the
        machine goes down; it outlives the program, and whatever is committed later keeps it too.

        Raises:
            UnitFailed: it raised each of the three times it was run alone.
            DatabaseRefused: nothing was kept and the unit is not to blame: disk full, locked.
                When the database was cut off in the middle of a commit it may be kept after all:
                the sentence says so.
        """
        if not self._open:
            raise DatabaseRefused("The program is stopping. Nothing of this was kept.")
        future: asyncio.Future[T] = self._loop.create_future()
        job = Job(work, future, lane, durable)
        self._unsettled += 1
        self._quiet.clear()
        behind = self._lanes.get(lane) if lane and self._writers > 1 else None
        if behind is not None:
            behind.append(job)
        else:
            if lane and self._writers > 1:
                self._lanes[lane] = deque()
            self._queue.put(job)
        return await future

    async def read(self, work: Callable[[Session], T]) -> T:
        """Return what `work` returned, from a reading connection beside the writer."""
        return await asyncio.get_running_loop().run_in_executor(self._readers, self._read, work)

    def _read(self, work: Callable[[Session], T]) -> T:
        try:
            return self._read_once(work)
        except DatabaseAway:
            # a connection that lay idle while the server went and came back: the next is fresh
            return self._read_once(work)

    def _read_once(self, work: Callable[[Session], T]) -> T:
        with self._database.engine.connect() as connection:
            return work(Session(connection))

    def seat(self, name: str) -> Seat:
        """Return the seat of a job that one process of all on this database does."""
        return self._database.seat(name)

    # -- in the loop ---------------------------------------------------------------------------

    def _settle(self, results: list[Result]) -> None:
        for job, value, failure in results:
            if not job.future.done():
                if failure is None:
                    job.future.set_result(value)
                else:
                    job.future.set_exception(failure)
            self._unsettled -= 1
            if job.lane and self._writers > 1:
                self._follow(job.lane)
        if not self._unsettled:
            self._quiet.set()

    def _follow(self, lane: str) -> None:
        behind = self._lanes[lane]
        if behind:
            self._queue.put(behind.popleft())
        else:
            del self._lanes[lane]

    def _end(self) -> None:
        for _ in range(self._left):
            self._queue.put(None)

    def _one_left(self) -> None:
        self._left -= 1
        if not self._left:
            self._ended.set()

    def _tell(self, callback: Callable[[], object]) -> None:
        # a loop that closed did not wait for a stuck writer: nobody is left to be told
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(callback)
