"""What every storage test stands on: a real database, a vault, units of work.

The schema is migrated once for each run and copied for each test, on SQLite and on PostgreSQL:
`database_url` gives one of each. A test about SQLite's file takes `sqlite_url` instead, one about
the server `postgresql_url`.
"""

from __future__ import annotations

import fcntl
import itertools
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
import structlog
from hypothesis import HealthCheck, settings

from storage import ids
from storage.crypto import Vault
from storage.database import Database
from storage.session import Session
from storage.unit import Unit
from tests.fakes import postgres, statements
from tests.fakes.postgres import Server

NOW = datetime(2026, 9, 14, 1, 0, tzinfo=UTC)
"""Monday 2026-09-14, nine o'clock in China."""

IDS_FOR_EACH_UNIT = 2000

UnitFactory = Callable[..., AbstractContextManager[Unit]]
"""`with unit_factory(now) as unit:` is one unit of work, committed at its end."""

_SERVER = "SERVER_OF_THESE_TESTS"
"""In the environment: the folder of the run's PostgreSQL server, for all its processes."""

_COUNT = itertools.count(1)

_MEMORY = Path("/dev/shm")  # noqa: S108 - pytest makes a folder of its own there
_ROOM = 4 << 30
"""Bytes of memory below which the tests' folders stay on the disk."""


# drawn with every local variable, as structlog does by itself, one traceback takes seconds
structlog.configure(processors=[structlog.processors.KeyValueRenderer()])

# how long one example takes says more of the machine than of us
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")

statements.share()

# many tests start the program, and it starts in half the time where its bytecode is kept;
# so do not leave that to the surroundings, here or in what is started from here
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--campaign", action="store_true", help="the long campaign of kills, not a sample"
    )
    parser.addoption(
        "--all-channels", action="store_true", help="every transcript on each of the channels"
    )


_GUARD = pytest.StashKey[subprocess.Popen[bytes]]()


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):  # the workers of pytest-xdist inherit the folders
        if _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free > _ROOM:
            # every test commits durably, again and again: on a disk they mostly wait for it
            os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(_MEMORY))
        folder = postgres.folder()
        os.environ[_SERVER] = str(folder)
        config.stash[_GUARD] = postgres.guard(folder)


def pytest_unconfigure(config: pytest.Config) -> None:
    guard = config.stash.get(_GUARD, None)
    if guard is not None:
        guard.communicate()


@pytest.fixture
def campaign(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--campaign"))


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("schema") / "empty.sqlite"
    Database.open(f"sqlite:///{path}", upgrade=True).close()
    return path


@pytest.fixture(scope="session")
def server() -> Server:
    """The PostgreSQL server of this run, with the database `migrated` to copy from."""
    folder = Path(os.environ[_SERVER])
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if (folder / "data").exists():
            return Server(folder)
        made = Server.make(folder)
        made.start()
        made.create("migrated")
        Database.open(made.url("migrated"), upgrade=True).close()
        return made


@contextmanager
def copied(server: Server, template: str = "migrated") -> Iterator[str]:
    """Give a database of its own; returns its name."""
    name = f"{os.environ.get('PYTEST_XDIST_WORKER', 'test')}_{next(_COUNT)}"
    server.create(name, template)
    yield name
    server.drop(name)


@pytest.fixture
def sqlite_url(migrated_file: Path, tmp_path: Path) -> str:
    path = tmp_path / "test.sqlite"
    shutil.copy(migrated_file, path)
    return f"sqlite:///{path}"


@pytest.fixture(scope="session")
def kept_database(server: Server) -> Iterator[str]:
    """A database for one test after the other: making one takes longer than emptying it."""
    with copied(server) as name:
        yield name


@pytest.fixture
def postgresql_url(server: Server, kept_database: str) -> Iterator[str]:
    yield server.url(kept_database)
    server.empty(kept_database)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


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
            with connection.begin():
                yield Unit(Session(connection), vault, iter(block), now)

    return unit
