"""A customer register of any size, written as fast as the database takes it.

Rows are worked out in all cores and written past the store's own functions, with secondary
indexes made at the end; `check` compares one with what the store itself writes.
"""

from __future__ import annotations

import os
import random
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import psycopg
from psycopg import sql
from sqlalchemy import Table, select

from bench import names
from bot.clock import SystemClock
from bot.offline import Store
from storage import accounts, dossiers, staff
from storage.crypto import Vault
from storage.database import Database
from storage.dossiers import DossierRow, phone_digits
from storage.names import MAX_NAME, dossier_keys, grams, normalise
from storage.staff import StaffRow
from storage.tables import dossier, dossier_gram, dossier_key, metadata
from storage.unit import Unit

SEED = 20260914
CHUNK = 5_000
FIRST_ID = 10_000_000
"""Above every id that the store draws by itself while a benchmark runs."""
PER_KEEPER = 500
TEAM = 20
NOW = datetime(2026, 9, 14, 1, 0, tzinfo=UTC)

DOSSIER = (
    "id", "number", "name", "name_norm", "type", "keeper", "level", "grade", "class", "phone",
    "phone_index", "phone_tail_index", "location", "department", "key", "state", "created_by",
    "created_at",
)  # fmt: skip

Row = tuple[object, ...]


@dataclass(frozen=True)
class Entry:
    """One customer: the row of its dossier and the Latin keys it is found by."""

    row: Row
    norm: str
    keys: tuple[str, ...]


@dataclass(frozen=True)
class Customer:
    name: str
    phone: str


def customer(number: int) -> Customer:
    """Return the customer of that number; the same one on every machine."""
    chance = random.Random(SEED * 1_000_003 + number)
    return Customer(names.customer(chance), f"1{chance.randrange(3 * 10**9, 10**10):010}")


def keepers(size: int) -> int:
    return max(2, size // PER_KEEPER)


def keeper(number: int, size: int) -> str:
    return f"K{number % keepers(size):05}"


def team_of(number: int) -> str:
    return f"销售{number // TEAM + 1}部"


def entries(key_file: Path, size: int, start: int) -> list[Entry]:
    """Return the customers from `start` on, one chunk; runs in a process of its own."""
    vault = Vault.load(key_file)
    return [_entry(vault, number, size) for number in range(start, min(start + CHUNK, size))]


def _entry(vault: Vault, number: int, size: int) -> Entry:
    one, id_ = customer(number), FIRST_ID + number
    digits = phone_digits(one.phone)
    norm = normalise(one.name)[:MAX_NAME]
    row = (
        id_,
        f"KH-{number:07}",
        one.name,
        norm,
        "customer",
        keeper(number, size),
        "",
        "none",
        "",
        vault.seal("dossier.phone", id_, one.phone).data,
        vault.index(digits),
        vault.index(digits[-4:]),
        "",
        team_of(number % keepers(size)),
        "",
        "active",
        "M000",
        NOW,
    )
    return Entry(row, norm, tuple(sorted(dossier_keys(one.name))))


def people(size: int, unit: Unit) -> None:
    """Write the keepers, a manager for each team, and the keepers' accounts."""
    staff.save(unit, StaffRow("M000", "顾怀瑾", "总经理办公室", ("gm",)))
    for at in range(keepers(size)):
        team = at // TEAM
        if at % TEAM == 0:
            row = StaffRow(
                f"M{team + 1:03}", f"经理{team + 1}", team_of(at), ("sales_manager",), "M000"
            )
            staff.save(unit, row)
        row = StaffRow(
            f"K{at:05}", f"业务员{at}", team_of(at), ("salesperson",), f"M{team + 1:03}"
        )
        staff.save(unit, row)
        accounts.bind(unit, "telegram", str(100_000 + at), f"K{at:05}")


def write_sqlite(folder: Path, size: int) -> None:
    """Make `dossierbot.sqlite` and its key in `folder`, with so many dossiers."""
    key_file, path = folder / "dossierbot.key", folder / "dossierbot.sqlite"
    vault = Vault.create(key_file)
    database = Database.open(f"sqlite:///{path}", upgrade=True)
    database.match(vault)
    Store(database, vault, SystemClock()).run(partial(people, size))
    database.close()
    connection = sqlite3.connect(path, isolation_level=None)
    connection.executescript(
        "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -2000000;"
        "PRAGMA temp_store = MEMORY; PRAGMA foreign_keys = OFF; BEGIN;"
    )
    indexes = connection.execute(
        "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL "
        "AND tbl_name IN ('dossier', 'dossier_gram', 'dossier_key')"
    ).fetchall()
    for name, _ in indexes:
        connection.execute(f"DROP INDEX {name}")
    names_ = ", ".join(f'"{name}"' for name in DOSSIER)
    marks = ", ".join("?" * len(DOSSIER))
    into_dossier = f"INSERT INTO dossier ({names_}) VALUES ({marks})"  # noqa: S608 - our own names
    connection.execute("CREATE TEMP TABLE gram (gram TEXT, id INTEGER)")
    connection.execute("CREATE TEMP TABLE latin (key TEXT, id INTEGER, keeper TEXT)")
    for chunk in chunks(key_file, size):
        stamp = NOW.strftime("%Y-%m-%d %H:%M:%S.%f")
        connection.executemany(into_dossier, ((*one.row[:-1], stamp) for one in chunk))
        connection.executemany(
            "INSERT INTO gram VALUES (?, ?)",
            ((gram, one.row[0]) for one in chunk for gram in grams(one.norm)),
        )
        connection.executemany(
            "INSERT INTO latin VALUES (?, ?, ?)",
            ((key, one.row[0], one.row[5]) for one in chunk for key in one.keys),
        )
    connection.execute("INSERT INTO dossier_gram SELECT gram, id FROM gram ORDER BY gram, id")
    connection.execute("INSERT INTO dossier_key SELECT key, id, keeper FROM latin ORDER BY 1, 2")
    connection.execute("DROP TABLE gram")
    connection.execute("DROP TABLE latin")
    for _, statement in indexes:
        connection.execute(statement)
    connection.execute("COMMIT")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.close()
    database = Database.open(f"sqlite:///{path}", upgrade=False)
    for number in range(0, size, size // 20):
        Store(database, vault, SystemClock()).run(
            partial(check, number=number, size=size), keep=False
        )
    database.close()


def copy_to_server(folder: Path, url: str) -> None:
    """Copy every row that `write_sqlite` made in `folder` to an empty PostgreSQL database."""
    Database.open(url, upgrade=True).close()
    source = sqlite3.connect(folder / "dossierbot.sqlite")
    with psycopg.connect(url, options="-c timezone=UTC -c synchronous_commit=off") as server:
        server.execute("SET session_replication_role = replica")  # tables come in any order
        for table in metadata.sorted_tables:
            columns = [one.name for one in table.c]
            names_ = ", ".join(f'"{name}"' for name in columns)
            into = sql.SQL("COPY {} ({}) FROM STDIN").format(
                sql.Identifier(table.name), sql.SQL(", ").join(map(sql.Identifier, columns))
            )
            server.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(table.name)))
            with server.cursor() as cursor, cursor.copy(into) as copy:
                for row in source.execute(f'SELECT {names_} FROM "{table.name}"'):  # noqa: S608 - our own names
                    copy.write_row(row)
        server.commit()
        server.autocommit = True
        server.execute("VACUUM ANALYZE")
    source.close()


def check(unit: Unit, number: int, size: int) -> None:
    """Make sure that the store writes that customer as this module did. Nothing is to be kept."""
    one = customer(number)
    row = DossierRow(one.name, keeper(number, size), number="check", phone=one.phone)
    stored = dossiers.add(unit, row, by="M000")
    for table in (dossier, dossier_gram, dossier_key):
        mine, its = (_of(unit, table, id_) for id_ in (FIRST_ID + number, stored))
        assert mine == its, (mine, its)


_APART = {"id", "dossier_id", "number", "phone", "department", "created_at"}
"""Columns in which the two may differ."""


def _of(unit: Unit, table: Table, id_: int) -> set[tuple[object, ...]]:
    """Return what a table holds of a dossier."""
    column = table.c.id if "id" in table.c else table.c.dossier_id
    columns = [one for one in table.c if one.name not in _APART]
    return {tuple(row) for row in unit.session.execute(select(*columns).where(column == id_))}


def chunks(key_file: Path, size: int) -> Iterator[list[Entry]]:
    """Yield all customers in order, worked out in all cores."""
    starts = range(0, size, CHUNK)
    if len(starts) == 1:
        yield entries(key_file, size, 0)
        return
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        yield from pool.map(partial(entries, key_file, size), starts)
