"""The sample company, made once for each run and copied for each test.

It lives on SQLite; the modules of `ON_POSTGRESQL` have it on PostgreSQL as well.
"""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, asynccontextmanager
from functools import cache, partial
from pathlib import Path

import pytest
import pytest_asyncio
import uvloop
from msgspec.structs import replace
from sqlalchemy import select, update

from bot import sample
from bot.app import App
from bot.channels.phones.channel import Phones
from bot.channels.phones.platform import Platform
from bot.channels.telegram.channel import Telegram
from bot.demo import OPENS, settings_for
from bot.offline import Store
from bot.policies import policies_of
from bot.settings import Limits, Secret, Settings
from bot.settings import Telegram as TelegramSettings
from handlers import FEATURES
from handlers.dossiers import completeness
from handlers.feature import Feature
from handlers.world import Registry, World
from rules.calendar import china
from rules.policies import Policies
from storage import accounts, tables
from storage.crypto import Vault
from storage.database import Database
from storage.unit import Unit
from tests.conftest import copied
from tests.fakes.channel import RecordingChannel
from tests.fakes.clock import SettableClock
from tests.fakes.narrow import Narrow
from tests.fakes.postgres import Server
from tests.fakes.serving import Serving
from tests.fakes.telegram_server import TelegramServer
from tests.fakes.wecom_server import WecomServer
from tests.features.office import (
    CHANNELS,
    GROUP,
    Both,
    NarrowHands,
    Office,
    Pair,
    PhonesHands,
    phone_of,
    settings_of,
)
from tests.features.telegram_hands import TelegramHands, number_of
from tests.features.wecom_hands import Menued, WecomHands, content_of

ON_POSTGRESQL = (
    "test_dossier_cases",
    "test_visit_note",
    "test_duties",
    "test_outage",
    "test_poison",
    "test_find",
    "test_incident",
    "test_borrow",
)
"""Modules whose transcripts run there too: one case from each corner of the storage floor."""

PEOPLE = ("CY015", "CY016", "CY014", "CY009", "CY004", "CY035")
SECOND_PHONES = {"CY015-2": "CY015"}
"""Account of the second phone of a person."""
OPERATOR = "CY039"
STRANGERS = ("X001", "X002")
"""Accounts that belong to nobody of the company."""
ACCOUNTS = (*PEOPLE, *SECOND_PHONES, OPERATOR, *STRANGERS)


SLICE = 1000
"""Dossiers counted at once."""


@pytest.fixture(scope="session")
def company(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("company")
    settings = settings_for(folder, 0, "customer-service")
    Vault.create(settings.storage.key_file)
    policies = policies_of(settings.company)
    in_store(settings, lambda unit: load(unit, policies))
    return folder


def load(unit: Unit, policies: Policies) -> None:
    """Make the company as it is after the first look at the clock: what dossiers lack is counted.

    Each test would count it anew.
    """
    sample.load(unit, policies)
    world = World(policies, china(), Registry(FEATURES))
    after: int | None = 0
    while after is not None:
        after = completeness.count_again(unit, world, after, SLICE)
    while completeness.count(unit, world, SLICE):
        pass


def in_store(settings: Settings, work: Callable[[Unit], object]) -> None:
    """Do one unit of work while no bot runs."""
    vault = Vault.load(settings.storage.key_file)
    database = Database.open(settings.storage.url, upgrade=True)
    try:
        database.match(vault)
        Store(database, vault, SettableClock(OPENS)).run(work)
    finally:
        database.close()


@pytest.fixture(scope="session")
def bound(company: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Return by channel the company whose people have it, made once."""

    @cache
    def made(channel: str) -> Path:
        folder = tmp_path_factory.mktemp(f"company-{channel}") / "office"
        shutil.copytree(company, folder)
        settings = settings_of(folder)
        in_store(settings, partial(bind, channel))
        look_at_the_clock(settings, channel)
        return folder

    return made


def look_at_the_clock(settings: Settings, channel: str) -> None:
    """Let the program do what it does once a day, and stop: each test would do it anew.

    What menus it showed nobody has seen.
    """

    async def work() -> None:
        clock = SettableClock(OPENS)
        app = App(settings, clock, (RecordingChannel(channel),))
        await app.start()
        await app.scan(clock.now())
        await app.stop()

    with ThreadPoolExecutor(1) as apart:  # from the loop of the test that is the first to ask
        apart.submit(asyncio.run, work()).result()
    in_store(settings, lambda unit: unit.session.execute(update(tables.account).values(menu=None)))


def bind(channel: str, unit: Unit) -> None:
    """Give everybody who takes part an account on this channel, and on no other."""
    of = ACCOUNT_OF.get(channel, str)
    for person in (*PEOPLE, OPERATOR):
        accounts.bind(unit, channel, of(person), person)
    for account, person in SECOND_PHONES.items():
        accounts.bind(unit, channel, of(account), person)


@pytest.fixture(scope="session")
def company_on_server(
    bound: Callable[[str], Path], server: Server, tmp_path_factory: pytest.TempPathFactory
) -> str:
    """The same company with phones in a database on the server, to copy from: its name."""
    name = f"company_{os.environ.get('PYTEST_XDIST_WORKER', '')}"
    server.create(name, "migrated")
    folder = tmp_path_factory.mktemp("company-on-server") / "office"
    shutil.copytree(bound("phones"), folder)
    settings = settings_of(folder, server.url(name))
    policies = policies_of(settings.company)
    in_store(settings, lambda unit: load(unit, policies))
    in_store(settings, partial(bind, "phones"))
    look_at_the_clock(settings, "phones")
    return name


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Let async tests run in the event loop that the program runs in."""
    return {"uvloop": uvloop.new_event_loop}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run every transcript on each channel, and a sample of them on PostgreSQL as well."""
    chosen = [mark.args[0] for mark in metafunc.definition.iter_markers("parametrize")]
    if "office" not in metafunc.fixturenames or "office" in chosen:
        return
    params: tuple[str, ...] = CHANNELS
    one = metafunc.definition.get_closest_marker("one_channel") is not None
    if one and not metafunc.config.getoption("--all-channels"):
        params = ("narrow",)
    elif metafunc.module.__name__.rpartition(".")[2] in ON_POSTGRESQL:
        params = (*CHANNELS, "postgresql")
    metafunc.parametrize("office", params, indirect=True)


@pytest.fixture
def features() -> tuple[Feature, ...]:
    """What the bot can do; a test module may add to it."""
    return FEATURES


@pytest_asyncio.fixture
async def office(
    request: pytest.FixtureRequest,
    bound: Callable[[str], Path],
    tmp_path: Path,
    features: tuple[Feature, ...],
) -> AsyncIterator[Office]:
    folder = tmp_path / "office"
    clock = SettableClock(OPENS)
    channel, url = request.param, ""
    with ExitStack() as stack:
        if channel == "postgresql":
            server = request.getfixturevalue("server")
            template = request.getfixturevalue("company_on_server")
            channel, url = "phones", server.url(stack.enter_context(copied(server, template)))
        shutil.copytree(bound(channel), folder)
        settings = settings_of(folder, url)
        async with OFFICES[channel](settings, clock, features) as office:
            office.url = url
            await office.app.start()
            await office.app.drain()
            yield office
            office.close()
            await office.app.stop()


def folder_of(settings: Settings) -> Path:
    return settings.storage.attachments.parent


PATIENCE = 60.0
ACCOUNT_OF = {"telegram": number_of, "wecom": str.lower}
"""By channel: the account of those whom the tests name by a staff number."""


@asynccontextmanager
async def narrow_office(
    settings: Settings, clock: SettableClock, features: tuple[Feature, ...]
) -> AsyncIterator[Office]:
    narrow = Narrow(clock.now, ACCOUNTS)
    office = Office(
        App(settings, clock, (narrow,), features), clock, folder_of(settings), "narrow"
    )
    office.hands = {one: NarrowHands(office, narrow, one) for one in ACCOUNTS}
    yield office


@asynccontextmanager
async def phones_office(
    settings: Settings, clock: SettableClock, features: tuple[Feature, ...]
) -> AsyncIterator[Office]:
    folder = folder_of(settings)
    platform = Platform(folder, [phone_of(one, one) for one in ACCOUNTS], clock.now)
    office = Office(App(settings, clock, (Phones(platform),), features), clock, folder, "phones")
    office.hands = {one: PhonesHands(office, platform, one) for one in ACCOUNTS}
    yield office
    await platform.close()


@asynccontextmanager
async def telegram_office(
    settings: Settings, clock: SettableClock, features: tuple[Feature, ...]
) -> AsyncIterator[Office]:
    async with TelegramServer(now=clock.now) as server:
        section = TelegramSettings(
            token=Secret(server.token), api_base=server.base, limits=Limits(enabled=False)
        )
        channel = Telegram(section, clock.now, pauses=(0.01,))
        settings = replace(settings, telegram=section)
        app = App(settings, clock, (channel,), features)
        office = Office(app, clock, folder_of(settings), "telegram", account=number_of)
        office.hands = {one: TelegramHands(office, server, one) for one in ACCOUNTS}
        for number in (GROUP, "-1002"):
            server.group(int(number), "销售一部").chat.bot = "member"
        yield office


@asynccontextmanager
async def wecom_channel(clock: SettableClock) -> AsyncIterator[tuple[WecomServer, Menued]]:
    # patient, on a machine that is busy with other tests: what is late would come at the next scan
    async with (
        WecomServer(now=clock.now, answer_seconds=PATIENCE) as server,
        Serving("*") as serving,
    ):
        server.chats.limited = False
        section = server.settings(compare_directory=True)
        link = "https://bot.example.com/notice"
        channel = Menued(section, clock.now, server.chats, patience=PATIENCE, link=link)
        serving.handle = channel.callback.answer
        server.callbacks.url = f"{serving.url}{section.callback_path}"
        yield server, channel


@asynccontextmanager
async def wecom_office(
    settings: Settings, clock: SettableClock, features: tuple[Feature, ...]
) -> AsyncIterator[Office]:
    async with wecom_channel(clock) as (server, channel):
        section = server.settings()
        app = App(replace(settings, wecom=section), clock, (channel,), features)
        office = Office(app, clock, folder_of(settings), "wecom", account=str.lower)
        office.hands = {one: WecomHands(office, server, channel, one) for one in ACCOUNTS}
        channel.graded = lambda: content_of(graded(office))
        yield office


def graded(office: Office) -> list[str]:
    """Return the numbers of all dossiers that have a secrecy grade."""
    query = select(tables.dossier.c.number).where(tables.dossier.c.grade != "none")
    return office.look(lambda unit: list(unit.session.execute(query).scalars()))


OFFICES = {
    "phones": phones_office,
    "narrow": narrow_office,
    "telegram": telegram_office,
    "wecom": wecom_office,
}


@pytest_asyncio.fixture
async def both(bound: Callable[[str], Path], tmp_path: Path) -> AsyncIterator[Both]:
    """Everybody has the phones page; the salesperson has the narrow messenger as well."""
    folder = tmp_path / "office"
    shutil.copytree(bound("phones"), folder)
    clock = SettableClock(OPENS)
    settings = settings_for(folder, 0, "customer-service")
    in_store(settings, lambda unit: accounts.unbind(unit, "phones", "CY015-2"))
    narrow = Narrow(clock.now, ACCOUNTS)
    platform = Platform(folder, [phone_of(one, one) for one in ACCOUNTS], clock.now)
    phones = Phones(platform)
    office = Both(App(settings, clock, (phones, narrow)), clock, folder, "phones")
    office.hands = {one: PhonesHands(office, platform, one) for one in ACCOUNTS}
    office.narrow = {one: NarrowHands(office, narrow, one) for one in ACCOUNTS}
    office.make = lambda *names: App(
        settings, clock, [one for one in (phones, narrow) if one.name in names]
    )
    await office.app.start()
    await office.app.drain()
    yield office
    office.close()
    await office.app.stop()
    await platform.close()


@pytest_asyncio.fixture
async def pair(company: Path, tmp_path: Path) -> AsyncIterator[Pair]:
    """Everybody has Telegram and WeCom."""
    folder = tmp_path / "office"
    shutil.copytree(company, folder)
    clock = SettableClock(OPENS)
    settings = settings_for(folder, 0, "customer-service")
    for name in ("telegram", "wecom"):
        in_store(settings, partial(bind, name))
        second = (name, ACCOUNT_OF[name]("CY015-2"))
        in_store(settings, lambda unit, second=second: accounts.unbind(unit, *second))
    async with TelegramServer(now=clock.now) as platform, wecom_channel(clock) as (server, wecom):
        section = TelegramSettings(
            token=Secret(platform.token), api_base=platform.base, limits=Limits(enabled=False)
        )
        telegram = Telegram(section, clock.now, pauses=(0.01,))
        settings = replace(settings, telegram=section, wecom=server.settings())
        app = App(settings, clock, (telegram, wecom))
        office = Pair(app, clock, folder, "telegram", account=number_of)
        office.hands = {one: TelegramHands(office, platform, one) for one in ACCOUNTS}
        office.wecom = {one: WecomHands(office, server, wecom, one) for one in ACCOUNTS}
        await office.app.start()
        await office.app.drain()
        yield office
        await office.app.stop()
