"""Opening a database: what it guarantees, and each way in which it refuses."""

from __future__ import annotations

import re
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, create_engine, insert, inspect, select, text
from sqlalchemy.engine import make_url
from sqlalchemy.pool import NullPool

from storage import ids, inbox
from storage.crypto import Vault
from storage.database import Database, versions
from storage.errors import DatabaseRefused, KeyRefused
from storage.session import Session
from storage.tables import inbox as inbox_table
from storage.tables import meta, metadata, occurrence
from storage.unit import Unit
from tests.conftest import NOW, UnitFactory, copied

only_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""About its file; what a server refuses is in `test_server`."""


def _path(url: str) -> Path:
    return Path(make_url(url).database or "")


def _schema(engine: Engine) -> dict[str, object]:
    """Return what a database is made of, whatever order and statement made it."""
    seen = inspect(engine)
    found: dict[str, object] = {}
    for table in seen.get_table_names():
        columns = seen.get_columns(table)
        key = seen.get_pk_constraint(table)
        found[table] = {
            "columns": {
                one["name"]: (
                    one["type"].compile(engine.dialect),
                    one["nullable"],
                    (one["default"] or "").split("::")[0].strip("'"),
                    getattr(one["type"], "collation", None),
                )
                for one in columns
            },
            "key": (key["name"], key["constrained_columns"]),
            "foreign": sorted(
                (one["name"], *one["constrained_columns"], one["referred_table"])
                for one in seen.get_foreign_keys(table)
            ),
            "unique": sorted(
                (one["name"], *one["column_names"]) for one in seen.get_unique_constraints(table)
            ),
            "indexes": sorted(
                (one["name"], *one["column_names"], one["unique"], _where(one))
                for one in seen.get_indexes(table)
            ),
        }
    if engine.dialect.name == "sqlite":
        with engine.connect() as connection:
            bare = text("SELECT name FROM sqlite_master WHERE sql LIKE '%WITHOUT ROWID%'")
            found["without rowid"] = sorted(connection.execute(bare).scalars())
    else:
        found["sequences"] = seen.get_sequence_names()
    found.pop("alembic_version", None)
    return found


def _where(index: Any) -> str:
    options = index.get("dialect_options", {})
    where = str(options.get("sqlite_where", options.get("postgresql_where", "")))
    # a server says of a column that was changed later how its constants became text
    return re.sub(r"::(text|character varying)(\[\])?|[()]", "", where)


def test_migrations_make_exactly_the_tables(
    database: Database, request: pytest.FixtureRequest
) -> None:
    if database.shared:
        server = request.getfixturevalue("server")
        with copied(server, "template1") as name:
            url = server.url(name).replace("postgresql:", "postgresql+psycopg:")
            declared = _declared(create_engine(url, poolclass=NullPool))
    else:
        declared = _declared(create_engine("sqlite://"))
    assert _schema(database.engine) == declared


def _declared(engine: Engine) -> dict[str, object]:
    metadata.create_all(engine)
    found = _schema(engine)
    engine.dispose()
    return found


def test_versions_are_those_of_the_migrations() -> None:
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", "storage:migrations")
    config.set_main_option("path_separator", "os")
    script = ScriptDirectory.from_config(config)
    assert versions()[-1] == script.get_current_head()
    assert set(versions()) == {one.revision for one in script.walk_revisions()}


class TestGivenOpenDatabase:
    @only_sqlite
    def test_then_writing_is_durable_and_checked(self, database: Database) -> None:
        with database.write_connection() as connection:
            for pragma, value in (
                ("journal_mode", "wal"),
                ("synchronous", 2),
                ("foreign_keys", 1),
                ("busy_timeout", 5000),
            ):
                assert connection.exec_driver_sql(f"PRAGMA {pragma}").scalar() == value

    @only_sqlite
    def test_then_a_writing_transaction_holds_the_lock_from_its_start(
        self, database: Database
    ) -> None:
        with database.write_connection() as connection, connection.begin():
            rival = sqlite3.connect(database.place, timeout=0)
            with pytest.raises(sqlite3.OperationalError, match="locked"):
                rival.execute("BEGIN IMMEDIATE")
            rival.close()

    def test_then_readers_see_only_what_is_committed(self, database: Database) -> None:
        with database.write_connection() as writing, database.engine.connect() as reading:
            with writing.begin():
                writing.execute(insert(meta).values(key="a", value="1"))
                assert reading.execute(select(meta.c.key)).all() == []
            reading.rollback()
            assert reading.execute(select(meta.c.key)).scalars().all() == ["a"]

    def test_then_the_reading_engine_writes_nothing(self, database: Database) -> None:
        with database.engine.connect() as reading, pytest.raises(DatabaseRefused):
            reading.execute(insert(meta).values(key="a", value="1"))

    def test_then_a_rollback_takes_tables_back_too(self, database: Database) -> None:
        with database.write_connection() as connection:
            transaction = connection.begin()
            connection.execute(text("CREATE TABLE passing (id INTEGER)"))
            transaction.rollback()
            assert not inspect(connection).has_table("passing")

    def test_then_the_file_is_private(self, tmp_path: Path) -> None:
        Database.open(f"sqlite:///{tmp_path}/own.sqlite", upgrade=True).close()
        assert (tmp_path / "own.sqlite").stat().st_mode & 0o077 == 0


class TestGivenKeyFile:
    def test_when_it_is_the_databases_own_then_matches_again(
        self, database: Database, vault: Vault
    ) -> None:
        database.match(vault)
        database.match(vault)

    def test_when_it_is_another_then_refused(
        self, database: Database, vault: Vault, tmp_path: Path
    ) -> None:
        database.match(vault)
        with pytest.raises(KeyRefused, match="does not belong"):
            database.match(Vault.create(tmp_path / "other"))


class TestGivenRefusal:
    """Each sentence says what happened, what was kept and what to do."""

    def test_when_another_process_runs_on_it_then_says_which(self, sqlite_url: str) -> None:
        program = (
            "import sys\n"
            "from storage.database import Database\n"
            "Database.open(sys.argv[1], upgrade=False)\n"
            "print('open', flush=True)\n"
            "sys.stdin.read()\n"
        )
        other = subprocess.Popen(
            [sys.executable, "-c", program, sqlite_url],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        try:
            assert other.stdout is not None
            assert other.stdout.readline() == b"open\n"
            with pytest.raises(DatabaseRefused, match=rf"in use .*process {other.pid}\).*Stop"):
                Database.open(sqlite_url, upgrade=False)
            Database.open(sqlite_url, upgrade=False, alone=False).close()
        finally:
            other.kill()
            other.communicate()
        Database.open(sqlite_url, upgrade=False).close()

    @only_sqlite
    def test_when_this_process_has_it_open_then_refused(self, database: Database) -> None:
        with pytest.raises(DatabaseRefused, match="in use by another"):
            Database.open(f"sqlite:///{database.place}", upgrade=False)

    def test_when_newer_then_left_as_it_is(self, sqlite_url: str) -> None:
        with sqlite3.connect(_path(sqlite_url)) as connection:
            connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.close()
        with pytest.raises(DatabaseRefused, match=r"newer dossierbot \(schema 9999.*Install"):
            Database.open(sqlite_url, upgrade=True)

    def test_when_older_then_only_upgraded_if_asked(self, tmp_path: Path) -> None:
        path = tmp_path / "empty.sqlite"
        path.touch()
        with pytest.raises(DatabaseRefused, match="is empty"):
            Database.open(f"sqlite:///{path}", upgrade=False)
        Database.open(f"sqlite:///{path}", upgrade=True).close()
        Database.open(f"sqlite:///{path}", upgrade=False).close()

    def test_when_locked_then_says_what_to_close(
        self, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("storage.database.PATIENCE_MS", 1)
        rival = sqlite3.connect(_path(sqlite_url))
        rival.execute("BEGIN EXCLUSIVE")
        with pytest.raises(DatabaseRefused, match=r"locked\. Nothing was changed\. Close"):
            Database.open(sqlite_url, upgrade=False)
        rival.close()

    def test_when_read_only_then_says_whose_right_is_missing(self, sqlite_url: str) -> None:
        url = f"sqlite:///file:{_path(sqlite_url)}?mode=ro&uri=true"
        with pytest.raises(DatabaseRefused, match=r"can only be read.*right to write"):
            Database.open(url, upgrade=True)

    def test_when_missing_then_init_is_named_and_nothing_is_made(self, tmp_path: Path) -> None:
        with pytest.raises(DatabaseRefused, match="dossierbot init"):
            Database.open(f"sqlite:///{tmp_path}/none.sqlite", upgrade=False)
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.parametrize("empty", [False, True])
    def test_when_a_start_finds_none_of_ours_then_none_is_made(
        self, tmp_path: Path, empty: bool
    ) -> None:
        path = tmp_path / "data.sqlite"
        if empty:
            path.touch()
        for _ in range(2):
            with pytest.raises(DatabaseRefused, match="Nothing was made"):
                Database.open(f"sqlite:///{path}", upgrade=True, make=False)
        assert path.exists() == empty

    def test_when_the_folder_is_missing_then_refused(self, tmp_path: Path) -> None:
        with pytest.raises(DatabaseRefused, match="folder exists"):
            Database.open(f"sqlite:///{tmp_path}/no/own.sqlite", upgrade=True)

    def test_when_it_is_no_database_then_left_as_it_is(self, tmp_path: Path) -> None:
        path = tmp_path / "notes.txt"
        path.write_text("a shopping list, not a database" * 50)
        with pytest.raises(DatabaseRefused, match="not a dossierbot database"):
            Database.open(f"sqlite:///{path}", upgrade=True)
        assert path.read_text().startswith("a shopping list")

    def test_when_it_is_another_programs_then_left_as_it_is(self, tmp_path: Path) -> None:
        path = tmp_path / "other.sqlite"
        with sqlite3.connect(path) as connection:
            connection.execute("CREATE TABLE songs (id INTEGER)")
        connection.close()
        with pytest.raises(DatabaseRefused, match="not a dossierbot database"):
            Database.open(f"sqlite:///{path}", upgrade=True)

    @pytest.mark.parametrize("url", ["", "sqlite://", "sqlite:///:memory:", "not an address"])
    def test_when_the_address_is_none_then_shows_one(self, url: str) -> None:
        with pytest.raises(DatabaseRefused, match="Write for example"):
            Database.open(url, upgrade=True)

    def test_when_refused_then_others_may_open_it(self, sqlite_url: str) -> None:
        with sqlite3.connect(_path(sqlite_url)) as connection:
            connection.execute("UPDATE alembic_version SET version_num = '9999'")
        for _ in range(2):
            with pytest.raises(DatabaseRefused, match="newer"):
                Database.open(sqlite_url, upgrade=False)
        connection.close()


@only_sqlite
class TestGivenFullDisk:
    def test_when_writing_then_says_so_and_keeps_what_was_confirmed(
        self, database: Database, vault: Vault
    ) -> None:
        def fill(connection: Connection) -> None:
            with connection.begin():
                unit = Unit(Session(connection), vault, iter(range(1, 99)), NOW)
                inbox.take(unit, "phones", "1", "a", NOW)
                inbox.fail(unit, "x" * 100_000, "phones", "2", "a", NOW, "ref")

        with database.write_connection() as connection:
            with connection.begin():
                pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
                connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
                connection.execute(insert(meta).values(key="kept", value="1"))
            with pytest.raises(
                DatabaseRefused, match=r"is full\. All that was confirmed is kept.*Free some space"
            ):
                fill(connection)
            with connection.begin():
                assert connection.execute(select(meta.c.key)).scalars().all() == ["kept"]
                assert connection.execute(select(inbox_table.c.key)).all() == []
                connection.exec_driver_sql("PRAGMA max_page_count = 100000")
            fill(connection)  # with space again it goes on by itself
            with connection.begin():
                assert len(connection.execute(select(inbox_table.c.key)).all()) == 2


class TestGivenIds:
    def test_when_reserved_then_blocks_follow_each_other(self, database: Database) -> None:
        with database.write_connection() as connection, connection.begin():
            first, second = ids.reserve(connection, 10), ids.reserve(connection, 5)
        assert (first, second) == (range(1, 11), range(11, 16))

    def test_when_neighbours_are_needed_then_a_gap_is_skipped(self) -> None:
        drawn = iter([*range(1, 4), *range(10, 20)])
        assert ids.neighbours(drawn, 5) == 10
        assert next(drawn) == 15
        assert ids.neighbours(iter([7]), 1) == 7


def test_a_failed_unit_leaves_nothing(database: Database, unit_factory: UnitFactory) -> None:
    def fail() -> None:
        with unit_factory() as unit:
            unit.session.execute(insert(occurrence).values(job="j", occasion="o", at=NOW))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with database.engine.connect() as connection:
        assert connection.execute(select(occurrence)).all() == []
