"""Companies to do harm to, each made once for a run."""

from __future__ import annotations

import io
import logging
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from bot import logs
from bot.channels.telegram.webhook import secret_for
from bot.clock import SystemClock
from bot.demo import OPENS
from bot.settings import Log, Settings
from tests.chaos import company
from tests.chaos.tally import Tally
from tests.conftest import copied
from tests.fakes import postgres
from tests.fakes.clock import SettableClock
from tests.fakes.postgres import PASSWORD, Server
from tests.fakes.telegram_server import TOKEN
from tests.fakes.wire import Wire

SAMPLE_SEED = 20260914


@pytest.fixture(autouse=True)
def log() -> Iterator[io.StringIO]:
    """What is logged, as the program logs it, with everything that may be said."""
    root = logging.getLogger()
    handlers, level, before = root.handlers[:], root.level, structlog.get_config()
    stream = io.StringIO()
    logs.setup(Log(level="debug"), (TOKEN, secret_for(TOKEN)), stream)
    yield stream
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(False)
    structlog.configure(**before)


@pytest.fixture
def seed(campaign: bool) -> int:
    """What chance begins with: the same for every sample, another one in each campaign."""
    drawn = time.time_ns() % 1_000_000 if campaign else SAMPLE_SEED
    print(f"seed {drawn}")  # noqa: T201 - whoever sees a campaign fail needs it
    return drawn


@pytest.fixture(scope="session")
def tally(request: pytest.FixtureRequest) -> Iterator[Tally]:
    """Keeps the figures of a campaign in which nothing went wrong."""
    found = Tally()
    yield found
    if request.config.getoption("--campaign") and not request.session.testsfailed:
        found.keep()


@pytest.fixture(scope="session")
def real_time(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A company of today, for a program of its own."""
    folder = tmp_path_factory.mktemp("real-time")
    company.made(company.settings_of(folder), SystemClock())
    return folder


@pytest.fixture(scope="session")
def real_time_on_server(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with its database on PostgreSQL, which has the folder's name."""
    folder = tmp_path_factory.mktemp("real-time-on-server")
    name = _name(folder)
    server.create(name, "migrated")
    company.made(company.settings_of(folder, server.url(name)), SystemClock())
    return folder


@pytest.fixture(params=["sqlite", "postgresql"])
def at_work(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Settings]:
    """A company of today on each kind of database, to run a program on."""
    folder = tmp_path / "company"
    if request.param == "sqlite":
        yield company.copied(request.getfixturevalue("real_time"), folder)
        return
    template, server = (request.getfixturevalue(one) for one in ("real_time_on_server", "server"))
    with copied(server, _name(template)) as name:
        yield company.copied(template, folder, server.url(name))


@pytest.fixture
def own_server() -> Iterator[Server]:
    """A server that nobody else needs, with an empty database `company`."""
    folder = postgres.folder()
    guard = postgres.guard(folder)
    server = Server.make(folder)
    server.start()
    server.create("company")
    with server.connect("company") as admin:
        admin.execute(f"CREATE ROLE bot SUPERUSER LOGIN PASSWORD '{PASSWORD}'")
    yield server
    guard.communicate()


@pytest.fixture
def wire(own_server: Server) -> Iterator[Wire]:
    made = Wire(own_server.port)
    yield made
    made.close()


def _name(folder: Path) -> str:
    """Return a database's name for a company; each process of a run has folders of its own."""
    return "_".join(folder.parts[-2:])


@pytest.fixture(scope="session")
def set_time(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A company of the sample's Monday, for an `App` whose clock the test sets."""
    folder = tmp_path_factory.mktemp("set-time")
    company.made(company.settings_of(folder), SettableClock(OPENS))
    return folder
