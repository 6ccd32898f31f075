"""The import of a spreadsheet against one bare `executemany` of the rows that it wrote.

The bare arm gets every row ready made: nothing is read, checked, sealed, or looked up, and each
slice is three statements and a commit. Both write fresh databases of the same kind, in turns.
"""

from __future__ import annotations

import cProfile
import os
import pstats
import random
import resource
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import openpyxl
from sqlalchemy import update

from bench.report import Effort, Section, table
from bot.clock import SystemClock
from bot.commands.dossiers import SLICE, Import
from bot.offline import Store
from handlers.sheets.customer_sheet import DOSSIER_COLUMNS, CustomerList
from handlers.sheets.sheet import Sheet
from handlers.sheets.sheet_text import open_text
from handlers.sheets.workbook import open_workbook
from handlers.texts import Texts
from rules.policies import Policies
from rules.policy import load_pack
from storage import staff
from storage.crypto import Vault
from storage.database import Database
from storage.staff import StaffRow
from storage.tables import meta

ROWS = 100_000
ROUNDS = 3
SAMPLE = 10_000
"""Customers of the runs that are not timed: beside a bot, and under the profiler."""
SEED = 20260914
AIM = 5.0
KEEPERS = [f"S{at:03}" for at in range(40)]
POLICIES = Policies.of(load_pack("customer-service"))

PLACES = (
    "深圳市", "佛山市顺德区", "广州市", "东莞市", "杭州", "宁波市", "厦门", "上海", "苏州市",
    "成都市", "武汉", "长沙市",
)  # fmt: skip
ENDINGS = (
    "贸易有限公司", "五金厂", "科技股份有限公司", "商行", "电子有限公司", "建材经营部",
    "物流有限公司",
)  # fmt: skip
SYLLABLES = "鸿鑫明辉瑞禾美源远航天路大发金鼎华润嘉诚宏图永盛德昌恒泰兴隆祥和顺达通宝利丰凯捷"
SURNAMES = "王李张刘陈杨赵黄周吴徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹"
STREETS = ["听涛街", "福田路", "长江东路", "人民南路", "工业三路", "湖滨大道", "学府街"]


def customers(count: int) -> Iterator[list[str]]:
    """Yield the header and the customers: a third with a number, most with a phone."""
    drawn = random.Random(SEED)
    yield ["number", "name", "keeper", "phone", "contact", "address", "opened_on", "location"]
    for at in range(count):
        chosen = "".join(drawn.choices(SYLLABLES, k=drawn.randint(2, 4)))
        company = drawn.random() < 0.7
        name = (
            drawn.choice(PLACES) + chosen + drawn.choice(ENDINGS)
            if company
            else drawn.choice(SURNAMES) + chosen[:2]
        )
        yield [
            f"KH-2025-{at:06}" if at % 3 == 0 else "",
            name,
            drawn.choice(KEEPERS),
            f"1540{at:07}" if drawn.random() < 0.95 else "",
            drawn.choice(SURNAMES) + drawn.choice(["先生", "女士", "总"]),
            f"{drawn.choice(PLACES)}{drawn.choice(STREETS)}{drawn.randint(1, 900)}号",
            (date(2015, 1, 1) + timedelta(days=drawn.randint(0, 4000))).isoformat(),
            f"{drawn.choice('ABCD')}柜{drawn.randint(1, 9)}层{drawn.randint(1, 99)}号",
        ]


def write_files(folder: Path) -> dict[str, Path]:
    files = {name: folder / name for name in ("all.csv", "all.xlsx", "sample.csv")}
    for name, count in (("all.csv", ROWS), ("sample.csv", SAMPLE)):
        with files[name].open("w", encoding="utf-8") as text:
            text.writelines(",".join(row) + "\n" for row in customers(count))
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet()
    for row in customers(ROWS):
        sheet.append(row)
    book.save(files["all.xlsx"])
    return files


def by_command(folder: Path, file: Path) -> tuple[Path, int]:
    """Import the file as a person does; return the database and the peak of memory in MiB."""
    company = folder / "company"
    people = folder / "staff.csv"
    rows = (f"{one},员工{one},销售一部\n" for one in KEEPERS)
    people.write_text("id,name,department\n" + "".join(rows), "utf-8")
    for words in (["init", company], ["staff", "import", people], ["dossiers", "import", file]):
        place = folder if words[0] == "init" else company
        command = [sys.executable, "-m", "bot", *map(str, words)]
        subprocess.run(command, cwd=place, env=_environment(), stdout=subprocess.DEVNULL)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
    return company / "dossierbot.sqlite", peak


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)}


def fresh(folder: Path, name: str) -> Store:
    database = Database.open(f"sqlite:///{folder / name}.sqlite", upgrade=True)
    store = Store(database, Vault.create(folder / f"{name}.key"), SystemClock())

    def people(unit: Any) -> None:
        for one in KEEPERS:
            staff.save(unit, StaffRow(one, f"员工{one}", "销售一部"))

    store.run(people)
    return store


def opened(path: Path) -> Sheet:
    if path.suffix == ".xlsx":
        return open_workbook(path, DOSSIER_COLUMNS)
    return open_text(lambda: path.open("rb"))


def ours(store: Store, path: Path) -> CustomerList:
    """Import the file as `dossierbot dossiers import` does, bars included."""
    policies = POLICIES.at(store.clock.now())
    list_ = CustomerList(opened(path).lines, store.read(staff.everybody), policies)
    Import(store, list_, policies, Texts("en", POLICIES.zone)).run(dry_run=False)
    return list_


Slice = list[tuple[str, list[tuple[Any, ...]]]]


def ready_made(database: Path) -> list[Slice]:
    """Return what was written, as the statements and rows of each slice."""
    with sqlite3.connect(database) as connection:
        kept = [
            (name, connection.execute(f"SELECT * FROM {name}").fetchall())  # noqa: S608 - own names
            for name in ("dossier", "dossier_gram", "dossier_key")
        ]
    connection.close()
    at = {"dossier": 0, "dossier_gram": 1, "dossier_key": 1}
    order = {row[0]: place // SLICE for place, row in enumerate(sorted(kept[0][1]))}
    slices: list[Slice] = [[] for _ in range(max(order.values()) + 1)]
    for name, rows in kept:
        parts: list[list[tuple[Any, ...]]] = [[] for _ in slices]
        for row in rows:
            parts[order[row[at[name]]]].append(row)
        marks = ",".join("?" * len(rows[0]))
        for part, slice_ in zip(parts, slices, strict=True):
            slice_.append((f"INSERT INTO {name} VALUES ({marks})", part))  # noqa: S608 - as above
    return slices


def bare(store: Store, slices: Sequence[Slice]) -> None:
    with store.database.write_connection() as connection:
        driver = connection.connection.driver_connection
        assert isinstance(driver, sqlite3.Connection)
        for one in slices:
            driver.execute("BEGIN IMMEDIATE")
            for statement, rows in one:
                driver.executemany(statement, rows)
            driver.execute("COMMIT")


def waits(store: Store, stop: threading.Event) -> list[float]:
    """Write beside the import, as a running bot does; return how long each write took, in ms."""
    took = []
    while not stop.wait(0.02):
        began = time.perf_counter()
        with store.database.write_connection() as connection, connection.begin():
            connection.execute(update(meta).where(meta.c.key == "key").values(key="key"))
        took.append((time.perf_counter() - began) * 1000)
    return took


def beside(folder: Path, path: Path) -> list[float]:
    store, stop, took = fresh(folder, "beside"), threading.Event(), list[float]()
    bot = threading.Thread(target=lambda: took.extend(waits(store, stop)))
    bot.start()
    ours(store, path)
    stop.set()
    bot.join()
    store.database.close()
    return took


def profile(folder: Path, path: Path) -> list[tuple[str, str]]:
    """Return where the time of one import goes, in percent of all of it."""
    store, profiler = fresh(folder, "profiled"), cProfile.Profile()
    profiler.enable()
    ours(store, path)
    profiler.disable()
    store.database.close()
    stats: Any = pstats.Stats(profiler)
    spent: dict[str, float] = {}
    for (file, _, function), (_, _, _, cumulated, _) in stats.stats.items():
        for part, (where, name) in PARTS.items():
            if name == function and where in file:
                spent[part] = spent.get(part, 0) + cumulated
    return [(part, f"{100 * spent.get(part, 0) / stats.total_tt:.0f} %") for part in PARTS]


PARTS = {
    "looking who is on file": ("customer_sheet", "known"),
    "checking rows": ("customer_sheet", "_checked"),
    "names: pinyin, initials": ("names.py", "dossier_keys"),
    "sealing and phone indexes": ("dossiers.py", "_values"),
    "writing in the database": ("customer_sheet", "write_new"),
}


def run(effort: Effort = Effort.FULL) -> Section:
    rounds = ROUNDS if effort is Effort.FULL else 1
    times: dict[str, list[float]] = {"bare": [], "csv": [], "xlsx": []}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = write_files(folder)
        database, peak = by_command(folder, files["all.csv"])
        slices = ready_made(database)
        taken = sum(len(one[0][1]) for one in slices)
        for number in range(rounds):
            for arm in times:
                store = fresh(folder, f"{arm}{number}")
                began = time.perf_counter()
                if arm == "bare":
                    bare(store, slices)
                else:
                    ours(store, files[f"all.{arm}"])
                times[arm].append(time.perf_counter() - began)
                store.database.close()
                (folder / f"{arm}{number}.sqlite").unlink()
        del slices
        took = sorted(beside(folder, files["sample.csv"]))
        parts = profile(folder, files["sample.csv"])
    rows = [
        (
            label,
            f"{statistics.median(times[arm]):.1f}",
            f"{ROWS / statistics.median(times[arm]):,.0f}",
            f"{_ratio(times[arm], times['bare']):.2f}",
        )
        for arm, label in (
            ("bare", "bare `executemany`, rows ready made"),
            ("csv", "`dossiers import`, .csv"),
            ("xlsx", "`dossiers import`, .xlsx"),
        )
    ]
    middle, late = took[len(took) // 2], took[int(len(took) * 0.99)]
    return Section(
        "imports",
        "Import of 100,000 dossiers",
        f"{ROWS:,} seeded customers ({taken:,} taken, the rest is twice in the file) with "
        "name, phone, contact, address, day and place, by the import with its checks, sealing, "
        f"look-ups and bars, and by `executemany` of the same rows in slices of {SLICE} with a "
        "durable commit each (SQLite, WAL, `synchronous=FULL`). "
        f"{rounds} rounds in turns; medians, and medians of the rounds' ratios. Aim: at most "
        f"{AIM:.0f} times the bare one.",
        table(("arm", "seconds", "rows a second", "of the bare one"), rows)
        + "\n\nWhere the time goes (under the profiler, .csv): "
        + ", ".join(f"{part} {share}" for part, share in parts)
        + ".\n\nA small write beside the import, as of a running bot: median "
        + f"{middle:.1f} ms, 99 of 100 within {late:.0f} ms, the longest {took[-1]:.0f} ms. "
        + f"The peak of memory of the command, .csv: {peak} MiB.",
    )


def _ratio(mine: list[float], peer: list[float]) -> float:
    return statistics.median(a / b for a, b in zip(mine, peer, strict=True))
