"""A look at the clock over a million open loans of which a hundred thousand have a rung due.

What the scan does in slices is held against the same set statements in one go; meanwhile somebody
taps. The trap is the fast scan that keeps the writer: how long a tap waits counts as much.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import psycopg
import uvloop

from bench.report import Effort, Section, ratio, table
from bench.search import settings_for
from bot import dispatch
from bot.clock import DemoClock
from bot.housekeeping import SHARED_SLICE, SLICE, Housekeeping
from bot.offline import Store
from bot.policies import policies_of
from bot.settings import Retention, Settings
from bot.units import Units
from handlers import FEATURES
from handlers.conversation.messages import Inbound
from handlers.world import Registry, World
from rules.calendar import china
from storage import accounts, staff
from storage.crypto import Vault
from storage.database import Database
from storage.staff import StaffRow
from storage.unit import Unit
from tests.fakes import postgres
from tests.fakes.channel import RecordingChannel

NOW = datetime(2026, 9, 17, 7, 0, tzinfo=UTC)
"""Thursday, 15:00 in Shanghai: the hour at which the last reminder of a due day strikes."""
FIRST_ID = 10_000_000
AIM, TAP_AIM = 2.0, 2.0
TEAM = 20


@dataclass(frozen=True)
class Size:
    loans: int
    due: int
    people: int
    rounds: int
    taps: int
    """While nothing is scanned."""


SIZES = {
    Effort.FULL: Size(1_000_000, 100_000, 2_000, 3, 400),
    Effort.BRIEF: Size(200_000, 20_000, 400, 3, 300),
    Effort.QUICK: Size(20_000, 2_000, 40, 1, 50),
}


# -- the loans ---------------------------------------------------------------------------------

LOANS = """
INSERT INTO loan (id, number, kind, dossier_id, borrower, department, for_whom, purpose, reason,
                  place, long_term, grade_at_lending, pack, state, asked_at, approved_at, lent_at,
                  due_on, due_at, first_due_on, renewals, version)
SELECT {first} + i, '借-2026-' || CAST({first} + i AS TEXT), 'loan', {first} + i,
       {person}, '销售部', 'insider', 'check', {reason},
       'out', {no}, 'none', 'customer-service', 'lent', {lent}, {lent}, {lent},
       CASE WHEN i < {due} THEN {day} ELSE {later_day} END,
       CASE WHEN i < {due} THEN {late} ELSE {later_late} END, {day}, 0, 1
FROM {series}
"""
WATCHES = """
INSERT INTO watch (case_kind, case_id, next_rung, next_due_at, staff_id, lane)
SELECT 'loan', {first} + i, {rung}, CASE WHEN i < {due} THEN {now} ELSE {later} END,
       {person}, 'single'
FROM {series}
"""
RAW = (
    """
    INSERT INTO notice (case_kind, case_id, rung, staff_id, due_at, recorded_at, outbox_key,
                        outcome)
    SELECT w.case_kind, w.case_id, w.next_rung, w.staff_id, w.next_due_at, {now},
           'notice:' || w.case_kind || ':' || CAST(w.case_id AS TEXT) || ':' || w.next_rung,
           CASE WHEN s.active AND s.home_account <> '' THEN 'open' ELSE 'unreachable' END
    FROM watch w LEFT JOIN staff s ON s.id = w.staff_id
    WHERE w.next_due_at <= {now} ON CONFLICT DO NOTHING
    """,
    """
    INSERT INTO outbox (id, key, channel, account, staff_id, turn, mode, slot, state, due_at,
                        attempts, problem, created_at)
    SELECT {first} + row_number() OVER (ORDER BY n.due_at, n.outbox_key), n.outbox_key,
           s.home_channel, s.home_account, s.id,
           {first} + row_number() OVER (ORDER BY n.due_at, n.outbox_key),
           'send', n.outbox_key, 'ready', {now}, 0, '', {now}
    FROM watch w
    JOIN notice n ON n.case_kind = w.case_kind AND n.case_id = w.case_id AND n.rung = w.next_rung
    JOIN staff s ON s.id = n.staff_id
    WHERE w.next_due_at <= {now} AND n.outcome = 'open' ON CONFLICT DO NOTHING
    """,
    "UPDATE watch SET next_due_at = NULL WHERE next_due_at <= {now}",
)
"""What the scan does, over all due rows at once."""
AGAIN = (
    "DELETE FROM notice",
    "DELETE FROM outbox",
    "DELETE FROM inbox",
    "UPDATE watch SET next_due_at = {now} WHERE next_due_at IS NULL",
)


def words(size: Size, *, server: bool) -> dict[str, object]:
    """Return what the statements are filled with, for SQLite or for the server."""
    lent = NOW - timedelta(days=3)
    later = NOW + timedelta(days=30)
    instants = {"now": NOW, "lent": lent, "later": later, "late": NOW + timedelta(hours=9)}
    instants["later_late"] = later
    shape = "'{0:%Y-%m-%d %H:%M:%S.%f}" + ("+00'::timestamptz" if server else "'")
    days = {"day": NOW.date(), "later_day": later.date()}
    dated = "'{0}'::date" if server else "'{0}'"
    last = size.loans - 1
    series = (
        f"generate_series(0::bigint, {last}) AS n(i)"
        if server
        else "(WITH RECURSIVE n(i) AS "  # noqa: S608 - our own numbers
        f"(SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < {last}) SELECT i FROM n)"
    )
    # a person's loans lie all over, as they do in a register
    number = f"CAST({10_000} + i * 7919 % {size.people} AS TEXT)"
    return {
        **{name: shape.format(one) for name, one in instants.items()},
        **{name: dated.format(one) for name, one in days.items()},
        "first": FIRST_ID,
        "due": size.due,
        "no": "FALSE",
        "person": f"'K' || {number}",
        "reason": "'\\x00'::bytea" if server else "x'00'",
        "rung": "'2026-09-17 0d 15:00 borrower'",
        "series": series,
    }


def people(count: int, unit: Unit) -> None:
    """Write who borrows, who is above them, and their accounts."""
    staff.save(unit, StaffRow("M000", "顾怀瑾", "总经理办公室", ("gm",)))
    for at in range(count):
        id_ = f"K{10_000 + at}"
        head = f"K{10_000 + at // TEAM * TEAM}"
        above = "M000" if head == id_ else head
        staff.save(unit, StaffRow(id_, f"业务员{at}", "销售部", ("salesperson",), above))
        accounts.bind(unit, "telegram", str(100_000 + at), id_)


@contextmanager
def databases(base: Path, size: Size) -> Iterator[dict[str, Settings]]:
    """Yield the settings of a company with so many loans on either database."""
    place = postgres.folder()
    server = postgres.Server.make(place)
    server.start({"fsync": "on", "shared_buffers": "256MB", "max_wal_size": "4GB"})
    try:
        server.create("scan")
        made = {
            "SQLite": settings_for(base),
            "PostgreSQL": settings_for(base, server.url("scan")),
        }
        vault = Vault.create(made["SQLite"].storage.key_file)
        for settings in made.values():
            database = Database.open(settings.storage.url, upgrade=True)
            database.match(vault)
            Store(database, vault, DemoClock(NOW)).run(partial(people, size.people))
            database.close()
        rows = (LOANS, WATCHES)
        with Plain(made["SQLite"].storage.url) as sqlite:
            sqlite.run(one.format(**words(size, server=False)) for one in rows)
            sqlite.tidy()
        with Plain(made["PostgreSQL"].storage.url) as plain:
            plain.run(one.format(**words(size, server=True)) for one in rows)
            plain.tidy()
        yield made
    finally:
        server.stop("immediate")
        shutil.rmtree(place)


class Plain:
    """A bare connection of the driver, durable as the program's are."""

    def __init__(self, url: str) -> None:
        self.server = url.startswith("postgresql")
        if self.server:
            self._server = psycopg.connect(url, autocommit=True)
            # tables come without what they refer to
            self._server.execute("SET session_replication_role = replica")
        else:
            self._file = sqlite3.connect(url.partition("///")[2], isolation_level=None)
            self._file.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;")

    def __enter__(self) -> Plain:
        return self

    def __exit__(self, *_of: object) -> None:
        (self._server if self.server else self._file).close()

    def run(self, statements: Iterator[str]) -> float:
        """Do statements in one transaction and return how long it took."""
        do: Callable[[str], object] = self._server.execute if self.server else self._file.execute  # type: ignore[assignment]  # both take a text
        began = time.perf_counter()
        do("BEGIN")
        for one in statements:
            do(one)
        do("COMMIT")
        return time.perf_counter() - began

    def tidy(self) -> None:
        """Let the database forget what was deleted, and know how much there is."""
        if self.server:
            self._server.execute("VACUUM ANALYZE")
            self._server.execute("CHECKPOINT")
        else:
            self._file.execute("PRAGMA wal_checkpoint(TRUNCATE)")


# -- the program -------------------------------------------------------------------------------


@dataclass
class Taken:
    """What one database has shown."""

    raw: list[float] = field(default_factory=list)
    scan: list[float] = field(default_factory=list)
    idle: list[float] = field(default_factory=list)
    """Seconds of each tap while nothing was scanned."""
    busy: list[float] = field(default_factory=list)
    slices: list[float] = field(default_factory=list)
    """Seconds that each slice had the writer."""
    nothing: list[float] = field(default_factory=list)
    """Seconds of a look that finds nothing due."""
    memory: list[float] = field(default_factory=list)
    """MiB by which the process grew while it scanned, for each round."""


class Clocked:
    """The writer, the clock's jobs and somebody who taps; messages are written, not sent."""

    def __init__(self, settings: Settings, size: Size) -> None:
        self._clock = DemoClock(NOW)
        self._database = Database.open(settings.storage.url, upgrade=False)
        vault = Vault.load(settings.storage.key_file)
        self._world = World(policies_of(settings.company), china(), Registry(FEATURES))
        self._units = Units(self._database, vault, self._clock)
        self._housekeeping = Housekeeping(
            {"telegram": RecordingChannel("telegram")}, self._units, self._world, Retention(),
            vault, settings.storage.attachments,
        )  # fmt: skip
        self._size = size
        self._taps = 0

    async def __aenter__(self) -> Clocked:
        self._units.start()
        return self

    async def __aexit__(self, *_of: object) -> None:
        await self._units.stop()
        self._database.close()

    async def scan(self) -> float:
        """Record what is due, as every look at the clock does; return how long it took."""
        began = time.perf_counter()
        await self._housekeeping.remind(NOW)
        return time.perf_counter() - began

    async def slice(self) -> float:
        """Return how long the writer was kept by one slice, its commit included."""
        took = []

        def timed(unit: Unit) -> int:
            began = time.perf_counter()
            recorded = self._housekeeping._wind(NOW, NOW.date(), None, unit)
            took.append(time.perf_counter() - began)
            return recorded

        return took[-1] if await self._units.run(timed) else 0.0

    async def tap(self) -> float:
        """Have the next person open their day; return how long it took until it was committed."""
        self._taps += 1
        account = str(100_000 + self._taps % self._size.people)
        inbound = Inbound("telegram", account, f"k{time.perf_counter_ns()}", NOW, command="today")
        began = time.perf_counter()
        lane = f"telegram:{account}"
        await self._units.run(partial(dispatch.handle, inbound=inbound, world=self._world), lane)
        return time.perf_counter() - began

    async def look(self) -> float:
        """Return how long all jobs of a look at the clock take, reminders recorded before."""
        jobs = self._housekeeping
        began = time.perf_counter()
        for one in (
            jobs.follow_people(), jobs.keep_grades(), jobs.escalate(), jobs.lapse_loans(),
            jobs.pass_offers_on(), jobs.sum_up_looks(NOW), jobs.count(), jobs.send_lists(NOW),
            jobs.begin_rounds(NOW), jobs.close_rounds(), jobs.remind(NOW),
        ):  # fmt: skip
            await one
        return time.perf_counter() - began


async def measured(settings: Settings, size: Size) -> Taken:
    found = Taken()
    with Plain(settings.storage.url) as plain:
        asked = words(size, server=plain.server)
        raw, again = ([one.format(**asked) for one in part] for part in (RAW, AGAIN))

        def afresh() -> None:
            plain.run(iter(again))
            plain.tidy()

        async with Clocked(settings, size) as ours:
            await ours.look()  # begins what every day begins with
            for turn in range(size.rounds + 1):
                afresh()
                seconds = plain.run(iter(raw))
                afresh()
                taps = [await ours.tap() for _ in range(size.taps)]
                with growing() as grown:
                    alone = await ours.scan()
                nothing = await ours.look()
                afresh()
                busy = await _tapped(ours)
                if turn:  # the first round warms up
                    found.raw.append(seconds)
                    found.scan.append(alone)
                    found.idle += taps
                    found.busy += busy
                    found.nothing.append(nothing)
                    found.memory.append(grown[0])
            afresh()
            while seconds := await ours.slice():
                found.slices.append(seconds)
    return found


async def _tapped(ours: Clocked) -> list[float]:
    """Return how long taps took, one after the other, while a scan went on."""
    scanning = asyncio.ensure_future(ours.scan())
    taps = []
    while not scanning.done():
        taps.append(await ours.tap())
    return taps[:-1] or taps


@contextmanager
def growing() -> Iterator[list[float]]:
    """Give, at the end, by how many MiB the process was larger at most than at the beginning."""
    page, ended, found = os.sysconf("SC_PAGE_SIZE"), threading.Event(), [0.0]

    def held() -> float:
        return int(Path("/proc/self/statm").read_text().split()[1]) * page / 2**20

    before = held()

    def watch() -> None:
        while not ended.wait(0.02):
            found[0] = max(found[0], held() - before)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield found
    finally:
        ended.set()
        thread.join()


def run(effort: Effort = Effort.FULL) -> Section:
    size = SIZES[effort]
    with (
        tempfile.TemporaryDirectory() as base,
        databases(Path(base), size) as made,
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        found = {name: runner.run(measured(one, size)) for name, one in made.items()}
    return Section(
        "scan",
        f"Reminders of {size.loans:,} open loans, {size.due:,} due",
        "`Housekeeping.remind` records every due rung and its message in slices, a commit each "
        f"(SQLite {SLICE}, PostgreSQL {SHARED_SLICE:,}); against it the same three statements "
        "over all due rows by a bare connection in one durable transaction (SQLite: WAL, "
        "`synchronous=FULL`; PostgreSQL: `fsync` on), "
        f"{size.rounds} rounds in turns; medians, and the median of the rounds' ratios. A tap "
        "opens somebody's day (one message from its arrival to its commit), one after the other, "
        f"{size.taps} in each round while nothing is scanned and as many as there is time for "
        "while a scan goes on. Nothing is sent meanwhile.",
        _figures(found),
    )


def _p99(values: list[float]) -> float:
    return sorted(values)[int(len(values) * 0.99)]


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.1f}"


def _figures(found: dict[str, Taken]) -> str:
    lines = {
        "raw statements, s": lambda one: f"{statistics.median(one.raw):.2f}",
        "the scan, s": lambda one: f"{statistics.median(one.scan):.2f}",
        f"ratio (goal: at most {AIM:.0f})": lambda one: f"{ratio(one.scan, one.raw):.2f}",
        "a slice keeps the writer, median, ms": lambda one: _ms(statistics.median(one.slices)),
        "the same, 99 of 100 (goal with one writer: at most 10)": lambda one: _ms(
            _p99(one.slices)
        ),
        "memory grown at most by, MiB": lambda one: f"{max(one.memory):.1f}",
        "a tap alone, median, ms": lambda one: _ms(statistics.median(one.idle)),
        "a tap alone, p99, ms": lambda one: _ms(_p99(one.idle)),
        "a tap while scanning, median, ms": lambda one: _ms(statistics.median(one.busy)),
        "a tap while scanning, p99, ms": lambda one: _ms(_p99(one.busy)),
        f"ratio of the p99 (goal: at most {TAP_AIM:.0f})": lambda one: (
            f"{_p99(one.busy) / _p99(one.idle):.2f}"
        ),
        "a whole look that finds nothing due, ms": lambda one: _ms(statistics.median(one.nothing)),
    }
    rows = [(what, *(show(one) for one in found.values())) for what, show in lines.items()]
    return table(("", *found), rows)
