"""A PostgreSQL server beneath: each way in which it refuses is one sentence, no password in it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, create_engine, insert, select, text
from sqlalchemy.pool import NullPool

from storage import server as ours
from storage.crypto import Vault
from storage.database import Database
from storage.errors import DatabaseAway, DatabaseRefused, KeyRefused, TryAgain
from storage.tables import meta
from tests.conftest import copied
from tests.fakes.postgres import PASSWORD, Server
from tests.fakes.wire import silent


@pytest.fixture
def name(server: Server) -> Iterator[str]:
    with copied(server) as made:
        yield made


@pytest.fixture
def role(server: Server, name: str) -> Iterator[str]:
    """An ordinary user who comes with a password and may write in the tables."""
    with server.connect(name) as admin:
        admin.execute(f"CREATE ROLE {name}_role LOGIN PASSWORD '{PASSWORD}'")
        admin.execute(f"GRANT ALL ON ALL TABLES IN SCHEMA public TO {name}_role")
        yield f"{name}_role"
        admin.execute(f"DROP OWNED BY {name}_role")
        admin.execute(f"DROP ROLE {name}_role")


def refusal(url: str, password: str | None = None, *, upgrade: bool = False) -> str:
    """Return the sentence with which a database is refused: it holds no password."""
    with pytest.raises(DatabaseRefused) as refused:
        Database.open(url, upgrade=upgrade, password=password)
    said = str(refused.value)
    assert PASSWORD not in said
    assert "falsch" not in said
    return said


class TestGivenAnAddress:
    def test_then_messages_name_the_place_without_user_or_password(
        self, server: Server, name: str, role: str
    ) -> None:
        database = Database.open(server.tcp_url(name, role), upgrade=False, password=PASSWORD)
        assert database.place == f"database {name} at 127.0.0.1:{server.port}"
        assert PASSWORD not in repr(database.engine)
        assert database.shared
        database.close()

    def test_when_the_password_is_in_it_then_it_serves_as_well(
        self, server: Server, name: str, role: str
    ) -> None:
        url = server.tcp_url(name, role).replace("@", f":{PASSWORD}@")
        Database.open(url, upgrade=False).close()

    def test_when_it_is_another_kind_of_database_then_shows_one(self) -> None:
        assert "postgresql://" in refusal("mysql://root@localhost/x")

    def test_then_texts_sort_by_code_point_whatever_the_locale(self, postgresql_url: str) -> None:
        database = Database.open(postgresql_url, upgrade=False)
        wrong = text(
            "SELECT attrelid::regclass, attname FROM pg_attribute "
            "JOIN pg_class ON pg_class.oid = attrelid "
            "JOIN pg_collation ON pg_collation.oid = attcollation "
            "WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace "
            "AND collname <> 'C' AND relname <> 'alembic_version'"
        )
        with database.engine.connect() as connection:
            assert connection.execute(wrong).all() == []
        database.close()


class TestGivenRefusal:
    """Each sentence says what happened, what was kept and what to do."""

    def test_when_nobody_listens_then_says_where(self) -> None:
        with silent() as port:
            pass
        said = refusal(f"postgresql://u@127.0.0.1:{port}/x")
        assert f"database x at 127.0.0.1:{port} cannot be reached" in said
        assert "refused" in said

    def test_when_the_host_is_unknown_then_the_same(self) -> None:
        assert "cannot be reached" in refusal("postgresql://u@no.such.host.invalid/x")

    def test_when_it_accepts_and_says_nothing_then_waited_for_a_few_seconds_only(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(ours, "CONNECT_SECONDS", 2)  # the least libpq takes
        began = time.monotonic()
        with silent() as port:
            assert "cannot be reached" in refusal(f"postgresql://u@127.0.0.1:{port}/x")
        assert time.monotonic() - began < 10

    @pytest.mark.parametrize("password", ["falsch", None])
    def test_when_the_password_is_wrong_then_says_where_it_is_set(
        self, server: Server, name: str, role: str, password: str | None
    ) -> None:
        said = refusal(server.tcp_url(name, role), password)
        assert "does not take the user and password" in said
        assert "password_file" in said

    def test_when_the_user_is_unknown_then_the_same(self, server: Server, name: str) -> None:
        assert "user and password" in refusal(server.url(name, "niemand"))

    def test_when_the_machine_may_not_then_pg_hba_is_named(
        self, server: Server, name: str
    ) -> None:
        with server.connect() as admin:
            rules = Path(admin.execute("SHOW hba_file").fetchone()[0])
            kept = rules.read_text()
            try:
                rules.write_text("local all postgres trust\n")
                admin.execute("SELECT pg_reload_conf()")
                until = time.monotonic() + 10
                said = ""
                while "pg_hba.conf" not in said and time.monotonic() < until:
                    said = refusal(server.tcp_url(name, "anybody"), "falsch")
                assert "pg_hba.conf" in said
            finally:
                rules.write_text(kept)
                admin.execute("SELECT pg_reload_conf()")

    def test_when_the_database_is_missing_then_says_how_to_make_it(self, server: Server) -> None:
        said = refusal(server.url("nowhere"))
        assert "There is no database nowhere" in said
        assert "createdb" in said

    def test_when_there_are_too_many_connections_then_says_what_to_raise(
        self, server: Server, name: str, role: str
    ) -> None:
        with server.connect() as admin:
            admin.execute(f"ALTER ROLE {role} CONNECTION LIMIT 0")
        assert "too many connections" in refusal(server.tcp_url(name, role), PASSWORD)

    def test_when_it_can_only_be_read_then_the_primary_is_asked_for(
        self, server: Server, name: str
    ) -> None:
        with server.connect() as admin:
            admin.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
        said = refusal(server.url(name), upgrade=True)
        assert "can only be read" in said
        assert "standby" in said

    def test_when_the_user_may_not_write_then_says_who_should_own_it(
        self, server: Server, name: str, role: str
    ) -> None:
        with server.connect(name) as admin:
            admin.execute(f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {role}")
        said = refusal(server.tcp_url(name, role), PASSWORD)
        assert "may not do" in said
        assert "OWNER TO" in said

    def test_when_the_server_is_too_old_then_says_what_is_needed(
        self, postgresql_url: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(ours, "OLDEST", 99)
        assert "needs 99 or newer" in refusal(postgresql_url)

    def test_when_it_does_not_keep_every_character_then_refused(
        self, server: Server, name: str
    ) -> None:
        with server.connect() as admin:
            admin.execute(
                f"CREATE DATABASE {name}_latin ENCODING 'LATIN1' LOCALE 'C' "
                "LOCALE_PROVIDER libc TEMPLATE template0"
            )
        said = refusal(server.url(f"{name}_latin"), upgrade=True)
        server.drop(f"{name}_latin")
        assert "LATIN1" in said
        assert "--encoding=UTF8" in said

    def test_when_it_holds_another_programs_tables_then_left_as_it_is(
        self, server: Server
    ) -> None:
        with copied(server, "template1") as other:
            with server.connect(other) as admin:
                admin.execute("CREATE TABLE songs (id int)")
            assert "another program" in refusal(server.url(other), upgrade=True)

    def test_when_newer_or_older_then_says_what_to_do(self, server: Server, name: str) -> None:
        with server.connect(name) as admin:
            admin.execute("UPDATE alembic_version SET version_num = '9999'")
        assert "newer dossierbot (schema 9999" in refusal(server.url(name), upgrade=True)
        with copied(server, "template1") as empty:
            assert "schema none" in refusal(server.url(empty))
            Database.open(server.url(empty), upgrade=True).close()
            Database.open(server.url(empty), upgrade=False).close()

    def test_when_the_key_is_another_then_refused(
        self, postgresql_url: str, vault: Vault, tmp_path: Path
    ) -> None:
        database = Database.open(postgresql_url, upgrade=False)
        database.match(vault)
        with pytest.raises(KeyRefused):
            database.match(Vault.create(tmp_path / "other"))
        database.close()


@pytest.fixture
def writing(postgresql_url: str) -> Iterator[Connection]:
    database = Database.open(postgresql_url, upgrade=False)
    with database.write_connection() as connection:
        yield connection
    database.close()


def fail(connection: Connection, state: str) -> None:
    """Let the server report an error of that SQLSTATE in the middle of a transaction."""
    with connection.begin():
        connection.execute(
            text(f"DO $$ BEGIN RAISE EXCEPTION 'as if' USING ERRCODE = '{state}'; END $$")
        )


class TestGivenATransaction:
    """What happens years later, in the middle of a unit."""

    @pytest.mark.parametrize(
        ("state", "said"),
        [
            ("53100", r"disk of the server .* is full\. All that was confirmed is kept"),
            ("53300", "too many connections"),
            ("57014", "took longer than allowed"),
            ("55P03", "kept a part of .* locked"),
            ("25006", "can only be read"),
            ("42501", "may not do"),
            ("58030", "disk error"),
            ("XX001", "damage"),
        ],
    )
    def test_when_the_server_reports_trouble_then_one_sentence(
        self, writing: Connection, state: str, said: str
    ) -> None:
        with pytest.raises(DatabaseRefused, match=said) as refused:
            fail(writing, state)
        assert not isinstance(refused.value, DatabaseAway)
        with writing.begin():
            assert writing.execute(select(meta.c.key)).all() == []

    @pytest.mark.parametrize("state", ["40001", "40P01"])
    def test_when_another_was_in_the_way_then_it_runs_again(
        self, writing: Connection, state: str
    ) -> None:
        with pytest.raises(TryAgain):
            fail(writing, state)

    def test_when_a_statement_takes_too_long_then_it_ends(self, writing: Connection) -> None:
        def wait() -> None:
            with writing.begin():
                writing.execute(text("SET LOCAL statement_timeout = 20"))
                writing.execute(text("SELECT pg_sleep(60)"))

        with pytest.raises(DatabaseRefused, match="longer than allowed"):
            wait()

    def test_when_another_holds_a_lock_then_waited_for_so_long_only(
        self, writing: Connection, postgresql_url: str
    ) -> None:
        url = postgresql_url.replace("postgresql:", "postgresql+psycopg:")
        other = create_engine(url, poolclass=NullPool)

        def write() -> None:
            with writing.begin():
                writing.execute(text("SET LOCAL lock_timeout = 20"))
                writing.execute(insert(meta).values(key="a", value="1"))

        with other.connect() as holding, holding.begin():
            holding.execute(text("LOCK TABLE meta"))
            with pytest.raises(DatabaseRefused, match=r"locked\. Nothing was changed\. Close"):
                write()
        write()

    def test_when_the_connection_is_ended_then_it_is_away_and_the_next_serves(
        self, writing: Connection, server: Server
    ) -> None:
        process = writing.execute(text("SELECT pg_backend_pid()")).scalar_one()
        writing.rollback()
        with server.connect() as admin:
            admin.execute("SELECT pg_terminate_backend(%s, 10000)", (process,))
        with pytest.raises(DatabaseAway, match="cannot be reached"), writing.begin():
            writing.execute(select(meta.c.key))

    def test_then_no_limit_is_left_out(self, writing: Connection) -> None:
        shown = {
            name: writing.execute(text(f"SHOW {name}")).scalar_one()
            for name in (
                "statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"
            )
        }  # fmt: skip
        assert shown == {
            "statement_timeout": "15s",
            "lock_timeout": "5s",
            "idle_in_transaction_session_timeout": "1min",
        }
