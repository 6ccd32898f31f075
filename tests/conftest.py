"""What every storage test stands on: a real database, a vault, units of work.

The schema is migrated once for each run and copied for each test. A PostgreSQL database joins
by a second parameter of `database_url`.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from storage import ids
from storage.crypto import Vault
from storage.database import Database, session
from storage.unit import Unit

NOW = datetime(2026, 9, 14, 1, 0, tzinfo=UTC)
"""Monday 2026-09-14, nine o'clock in China."""

IDS_FOR_EACH_UNIT = 2000

UnitFactory = Callable[..., AbstractContextManager[Unit]]
"""`with unit_factory(now) as unit:` is one unit of work, committed at its end."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--campaign", action="store_true", help="the long campaign of kills, not a sample"
    )


@pytest.fixture
def campaign(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--campaign"))


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("schema") / "empty.sqlite"
    Database.open(f"sqlite:///{path}", upgrade=True).close()
    return path


@pytest.fixture(params=["sqlite"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    path = tmp_path / "test.sqlite"
    shutil.copy(request.getfixturevalue("migrated_file"), path)
    return f"sqlite:///{path}"


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    opened = Database.open(database_url, upgrade=False)
    yield opened
    opened.close()


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return Vault.create(tmp_path / "key")


@pytest.fixture
def unit_factory(database: Database, vault: Vault) -> UnitFactory:
    @contextmanager
    def unit(now: datetime = NOW) -> Iterator[Unit]:
        with database.write_connection() as connection:
            with connection.begin():
                block = ids.reserve(connection, IDS_FOR_EACH_UNIT)
            with connection.begin(), session(connection) as working:
                yield Unit(working, vault, iter(block), now)
                working.commit()

    return unit
