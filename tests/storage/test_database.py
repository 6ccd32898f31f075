"""Opening a database: what it guarantees, and each way in which it refuses."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import Connection, create_engine, insert, select, text
from sqlalchemy.engine import make_url

from storage import ids, inbox
from storage.crypto import Vault
from storage.database import Database, session, versions
from storage.errors import DatabaseRefused, KeyRefused
from storage.tables import inbox as inbox_table
from storage.tables import meta, metadata, occurrence
from storage.unit import Unit
from tests.conftest import NOW, UnitFactory


def _path(url: str) -> Path:
    return Path(make_url(url).database or "")


def _schema(connection: sqlite3.Connection) -> dict[str, object]:
    rows = connection.execute(
        "SELECT type, name, sql FROM sqlite_master "
        "WHERE name NOT LIKE 'alembic%' AND name NOT LIKE 'sqlite%'"
    )
    # one line for each column and constraint, in any order
    return {
        f"{kind} {name}": sorted(line.strip(" \t,") for line in sql.splitlines())
        for kind, name, sql in rows
    }


def test_migrations_make_exactly_the_tables(database_url: str) -> None:
    memory = create_engine("sqlite://")
    metadata.create_all(memory)
    with sqlite3.connect(_path(database_url)) as migrated:
        made = _schema(migrated)
    migrated.close()
    with memory.connect() as connection:
        driver = connection.connection.driver_connection
        assert isinstance(driver, sqlite3.Connection)
        declared = _schema(driver)
    memory.dispose()
    assert made == declared


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
    def test_then_writing_is_durable_and_checked(self, database: Database) -> None:
        with database.write_connection() as connection:
            for pragma, value in (
                ("journal_mode", "wal"),
                ("synchronous", 2),
                ("foreign_keys", 1),
                ("busy_timeout", 5000),
            ):
                assert connection.exec_driver_sql(f"PRAGMA {pragma}").scalar() == value

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
            found = connection.execute(text("SELECT 1 FROM sqlite_master WHERE name='passing'"))
            assert found.all() == []

    def test_then_the_file_is_private(self, tmp_path: Path) -> None:
        Database.open(f"sqlite:///{tmp_path}/own.sqlite", upgrade=True).close()
        assert (tmp_path / "own.sqlite").stat().st_mode & 0o077 == 0

    def test_then_a_session_commit_stays_inside_the_transaction(self, database: Database) -> None:
        with database.write_connection() as connection:
            transaction = connection.begin()
            with session(connection) as working:
                working.execute(insert(meta).values(key="a", value="1"))
                working.commit()
            transaction.rollback()
            assert connection.execute(select(meta.c.key)).all() == []


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

    def test_when_another_process_runs_on_it_then_says_which(self, database_url: str) -> None:
        program = (
            "import sys\n"
            "from storage.database import Database\n"
            "Database.open(sys.argv[1], upgrade=False)\n"
            "print('open', flush=True)\n"
            "sys.stdin.read()\n"
        )
        other = subprocess.Popen(
            [sys.executable, "-c", program, database_url],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        try:
            assert other.stdout is not None
            assert other.stdout.readline() == b"open\n"
            with pytest.raises(DatabaseRefused, match=rf"in use .*process {other.pid}\).*Stop"):
                Database.open(database_url, upgrade=False)
            Database.open(database_url, upgrade=False, alone=False).close()
        finally:
            other.kill()
            other.communicate()
        Database.open(database_url, upgrade=False).close()

    def test_when_this_process_has_it_open_then_refused(self, database: Database) -> None:
        with pytest.raises(DatabaseRefused, match="in use by another"):
            Database.open(f"sqlite:///{database.place}", upgrade=False)

    def test_when_newer_then_left_as_it_is(self, database_url: str) -> None:
        with sqlite3.connect(_path(database_url)) as connection:
            connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.close()
        with pytest.raises(DatabaseRefused, match=r"newer dossierbot \(schema 9999.*Install"):
            Database.open(database_url, upgrade=True)

    def test_when_older_then_only_upgraded_if_asked(self, tmp_path: Path) -> None:
        path = tmp_path / "empty.sqlite"
        path.touch()
        with pytest.raises(DatabaseRefused, match="schema none"):
            Database.open(f"sqlite:///{path}", upgrade=False)
        Database.open(f"sqlite:///{path}", upgrade=True).close()
        Database.open(f"sqlite:///{path}", upgrade=False).close()

    def test_when_locked_then_says_what_to_close(
        self, database_url: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("storage.database.PATIENCE_MS", 1)
        rival = sqlite3.connect(_path(database_url))
        rival.execute("BEGIN EXCLUSIVE")
        with pytest.raises(DatabaseRefused, match=r"locked\. Nothing was changed\. Close"):
            Database.open(database_url, upgrade=False)
        rival.close()

    def test_when_read_only_then_says_whose_right_is_missing(self, database_url: str) -> None:
        url = f"sqlite:///file:{_path(database_url)}?mode=ro&uri=true"
        with pytest.raises(DatabaseRefused, match=r"can only be read.*right to write"):
            Database.open(url, upgrade=True)

    def test_when_missing_then_init_is_named_and_nothing_is_made(self, tmp_path: Path) -> None:
        with pytest.raises(DatabaseRefused, match="dossierbot init"):
            Database.open(f"sqlite:///{tmp_path}/none.sqlite", upgrade=False)
        assert list(tmp_path.iterdir()) == []

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

    def test_when_refused_then_others_may_open_it(self, database_url: str) -> None:
        with sqlite3.connect(_path(database_url)) as connection:
            connection.execute("UPDATE alembic_version SET version_num = '9999'")
        for _ in range(2):
            with pytest.raises(DatabaseRefused, match="newer"):
                Database.open(database_url, upgrade=False)
        connection.close()


class TestGivenFullDisk:
    def test_when_writing_then_says_so_and_keeps_what_was_confirmed(
        self, database: Database, vault: Vault
    ) -> None:
        def fill(connection: Connection) -> None:
            with connection.begin(), session(connection) as working:
                unit = Unit(working, vault, iter(range(1, 99)), NOW)
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
