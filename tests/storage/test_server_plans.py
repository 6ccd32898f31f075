"""On PostgreSQL, at the size of years: no statement of the message path reads a table through."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from storage import search
from storage.crypto import Vault
from storage.database import Database
from storage.session import Session
from storage.unit import Unit
from tests.conftest import NOW, copied
from tests.fakes.postgres import Server
from tests.storage import test_plans as one
from tests.storage.crowd import Plans, fill
from tests.storage.nouns import test_plans as nouns
from tests.storage.nouns.company import staffed
from tests.storage.people import add_person

PATH = nouns.TestGivenTheMessagePath()


@pytest.fixture(scope="module")
def crowded(server: Server) -> Iterator[Database]:
    with copied(server) as name:
        with server.connect(name) as admin:
            fill(admin)
        database = Database.open(server.url(name), upgrade=False)
        yield database
        database.close()


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Vault:
    folder: Path = tmp_path_factory.mktemp("key")
    return Vault.create(folder / "key")


@pytest.fixture
def unit(crowded: Database, key: Vault) -> Iterator[Unit]:
    """A unit of which nothing stays."""
    with crowded.write_connection() as connection:
        transaction = connection.begin()
        unit = Unit(Session(connection), key, iter(range(2_000_000, 2_100_000)), NOW)
        staffed(unit)
        add_person(unit, "1", "a1")
        yield unit
        transaction.rollback()


@pytest.fixture
def plans(unit: Unit) -> Iterator[Plans]:
    watching = Plans(unit.session.connection())
    watching.start()
    yield watching
    watching.stop()
    assert watching.checked
    assert watching.scans == []


@pytest.mark.usefixtures("plans")
class TestGivenYearsOfUse:
    @pytest.mark.parametrize(
        "work",
        [
            one._inbox,
            one._outbox,
            one._ledger,
            one._attachments,
            one._ways,
            one._rest,
            one._looks,
            one._incidents,
            one._handovers,
            one._meetings,
            one._outsiders,
            one._grades,
            one._log,
            one._passing,
        ],
    )
    def test_messages_and_clock(self, unit: Unit, work: Callable[[Unit], None]) -> None:
        work(unit)

    def test_people(self, unit: Unit) -> None:
        PATH.test_people(unit)

    def test_approvals(self, unit: Unit) -> None:
        PATH.test_approvals(unit)

    def test_papers_and_loans(self, unit: Unit, monkeypatch: pytest.MonkeyPatch) -> None:
        # lists of everybody's loans meet rows of the crowd, in which nothing is sealed
        monkeypatch.setattr(unit.vault, "open", lambda _sealed, _row: "")
        PATH.test_papers_and_loans(unit)

    def test_the_register_of_loans(self, unit: Unit, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(unit.vault, "open", lambda _sealed, _row: "")
        PATH.test_the_register_of_loans(unit)

    def test_custody_and_waiting(self, unit: Unit) -> None:
        PATH.test_custody_and_waiting(unit)

    def test_corrections(self, unit: Unit) -> None:
        PATH.test_corrections(unit)

    def test_notes_and_visits(self, unit: Unit) -> None:
        PATH.test_notes_and_visits(unit)

    def test_conversations_and_loose_things(self, unit: Unit) -> None:
        PATH.test_conversations_and_loose_things(unit)

    @pytest.mark.parametrize(
        "words",
        [
            "",
            "客户",
            "客",
            "有限公司",
            "客户 123",
            "kehu",
            "kehu123",
            "1234",
            "138 0013 8000",
            "KH-2020-1",
        ],
    )
    @pytest.mark.parametrize("narrow", [search.NARROW, 0])
    def test_search(
        self, unit: Unit, monkeypatch: pytest.MonkeyPatch, words: str, narrow: int
    ) -> None:
        PATH.test_search(unit, monkeypatch, words, narrow)
        search.find_dossiers(unit, words, staff_id="s7", limit=8)


def test_the_check_sees_a_scan(unit: Unit) -> None:
    watching = Plans(unit.session.connection())
    watching.start()
    unit.session.execute(text("SELECT id FROM dossier WHERE address IS NULL"))
    watching.stop()
    assert [table for table, _ in watching.scans] == ["dossier"]
