"""The figures of a month of handovers beside one aggregate written by hand, in years of them.

The same rows lie in SQLite and on a PostgreSQL server: a few years, and many. A month has as many
rows in both, so what grows with the years kept would show.
"""

from __future__ import annotations

import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, text

from bench.report import Effort, Section, ratio, table
from storage import handover_figures
from storage.database import Database
from storage.session import Session
from tests.fakes import postgres

AIM, GROWTH_AIM = 2.0, 1.3
FIRST_YEAR = 2020
DAYS = 365
SLICE = 50_000
"""Handovers that one statement writes: the program waits only so long for an answer."""
NOW = datetime(2026, 9, 14, 1, 0, tzinfo=UTC)
MONTH = (date(2020, 9, 1), date(2020, 9, 30))


@dataclass(frozen=True)
class Size:
    a_year: int
    """Handovers."""
    few: int
    """Years."""
    many: int
    rounds: int


SIZES = {
    Effort.FULL: Size(200_000, 1, 5, 31),
    Effort.BRIEF: Size(20_000, 1, 5, 15),
    Effort.QUICK: Size(2_000, 1, 5, 5),
}

_NUMBERS = {
    "sqlite": (
        "WITH RECURSIVE numbers(n) AS "
        "(SELECT :first UNION ALL SELECT n + 1 FROM numbers WHERE n < :last) "
    ),
    "postgresql": (
        "WITH numbers(n) AS "
        "(SELECT generate_series(CAST(:first AS integer), CAST(:last AS integer))) "
    ),
}

_DAY = {
    "sqlite": f"date('{FIRST_YEAR}-01-01', '+' || (n % (:years * {DAYS})) || ' days')",
    "postgresql": f"date '{FIRST_YEAR}-01-01' + (n % (:years * {DAYS}))",
}

_INSTANT = {
    "sqlite": "strftime('%Y-%m-%d %H:%M:%f000', {day}, '{hours} hours')",
    "postgresql": "(({day}) + interval '{hours} hours') AT TIME ZONE 'UTC'",
}

_HANDOVER = """
INSERT INTO handover (id, number, pack, kind, department, subject, subject_index, started_on,
    opened_at, opened_by, giver, leg, state, gaps, receipt_code, rev)
{numbers}
SELECT n, 'B-' || n, 'auto-dealer', 'new_car', 'd' || n % 12, {blob}, {blob}, {day}, {made}, '',
    'bench', 1, 'complete', 0, '', 1 FROM numbers
"""

_LEG = """
INSERT INTO handover_leg (id, handover_id, n, giver, receiver, receiver_role, witness,
    witness_role, pack, department, kind, into_archive, started_on, due_on, due_at, provisional,
    state, handed_at, handed_by, signed_at, closed_at, complete)
{numbers}
SELECT n, n, 1, 'bench', 'bench', 'custodian', '', '', 'auto-dealer', 'd' || n % 12,
    'k' || n % 6, true, {day}, {day}, {due}, false, 'signed',
    CASE WHEN n % 9 = 0 THEN {late} ELSE {made} END, 'bench', {late}, {late}, n % 7 > 0
FROM numbers
"""

_BY_HAND = """
SELECT department, kind, count(*),
    sum(CASE WHEN handed_at < due_at THEN 1 ELSE 0 END),
    sum(CASE WHEN complete IS NOT NULL THEN 1 ELSE 0 END),
    sum(CASE WHEN complete THEN 1 ELSE 0 END)
FROM handover_leg
WHERE pack = 'auto-dealer' AND into_archive AND due_on IS NOT NULL AND state <> 'cancelled'
    AND due_on BETWEEN '2020-09-01' AND '2020-09-30'
GROUP BY department, kind ORDER BY department, kind
"""


def fill(connection: Connection, count: int, years: int) -> None:
    """Write so many handovers over so many years by set statements of the database itself."""
    name = connection.dialect.name
    day = _DAY[name]
    parts = {
        "numbers": _NUMBERS[name],
        "day": day,
        "blob": "x'00'" if name == "sqlite" else "'\\x00'::bytea",
        "made": _INSTANT[name].format(day=day, hours="+8"),
        "due": _INSTANT[name].format(day=day, hours="+16"),
        "late": _INSTANT[name].format(day=day, hours="+20"),
    }
    connection.execute(
        text(
            "INSERT INTO staff (id, name, department, roles, clearance, head_of, locale, active, "
            "home_channel, home_account, created_at) VALUES ('bench', 'B', 'd0', '', 'none', '', "
            "'zh_CN', true, '', '', '2020-01-01')"
        )
    )
    for first in range(1, count + 1, SLICE):
        asked = {"first": first, "last": min(first + SLICE - 1, count), "years": years}
        for statement in (_HANDOVER, _LEG):
            connection.execute(text(statement.format(**parts)), asked)
    connection.execute(text("ANALYZE"))


@contextmanager
def filled(url: str, count: int, years: int) -> Iterator[Database]:
    database = Database.open(url, upgrade=True)
    with database.write_connection() as connection, connection.begin():
        fill(connection, count, years)
    yield database
    database.close()


def ours(connection: Connection) -> list[tuple[Any, ...]]:
    found = handover_figures.month(Session(connection), "auto-dealer", *MONTH, NOW)
    return [
        (one.department, one.kind, one.due, one.timely, one.signed, one.complete) for one in found
    ]


def by_hand(connection: Connection) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in connection.exec_driver_sql(_BY_HAND)]


def timed(work: Callable[[Connection], list[tuple[Any, ...]]], connection: Connection) -> float:
    began = time.perf_counter()
    work(connection)
    return time.perf_counter() - began


@dataclass(frozen=True)
class Took:
    ours: list[float]
    by_hand: list[float]


def measured(database: Database, rounds: int) -> Took:
    took = Took([], [])
    with database.write_connection() as connection, connection.begin():
        if ours(connection) != by_hand(connection):
            raise RuntimeError("the figures differ from the aggregate written by hand")
        for _ in range(rounds):
            took.ours.append(timed(ours, connection))
            took.by_hand.append(timed(by_hand, connection))
    return took


def run(effort: Effort = Effort.FULL) -> Section:
    size = SIZES[effort]
    parts = []
    with tempfile.TemporaryDirectory() as base:
        place = postgres.folder()
        server = postgres.Server.make(place)
        server.start()
        try:
            for name in ("few", "many"):
                server.create(name)
            urls = {
                "SQLite": lambda name: f"sqlite:///{Path(base) / name}.sqlite",
                "PostgreSQL": server.url,
            }
            for database, url in urls.items():
                found = {}
                for name, years in (("few", size.few), ("many", size.many)):
                    with filled(url(name), size.a_year * years, years) as opened:
                        found[name] = measured(opened, size.rounds)
                parts += [f"### {database}", _figures(found, size)]
        finally:
            server.stop("immediate")
            shutil.rmtree(place)
    return Section(
        "rates",
        f"The figures of a month among {size.a_year * size.many:,} handovers",
        "`storage.handover_figures.month` beside one aggregate of the same rows written by hand, "
        f"a month of {size.a_year // 12:,} handovers, 12 departments and 6 kinds, in a register "
        f"of {size.few} and of {size.many} years; {size.rounds} times in turns, medians.",
        "\n\n".join(parts),
    )


def _figures(found: dict[str, Took], size: Size) -> str:
    rows = [
        (
            f"{years} years" if years > 1 else "1 year",
            f"{statistics.median(one.ours) * 1000:.2f}",
            f"{statistics.median(one.by_hand) * 1000:.2f}",
            f"{ratio(one.ours, one.by_hand):.2f}",
            f"at most {AIM}",
        )
        for years, one in ((size.few, found["few"]), (size.many, found["many"]))
    ]
    grown = ratio(found["many"].ours, found["few"].ours)
    rows.append(("many to few years", "", "", f"{grown:.2f}", f"at most {GROWTH_AIM}"))
    return table(("kept", "ours, ms", "by hand, ms", "ratio", "goal"), rows)
