"""The sample company, made once for each run and copied for each test."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path

import pytest
import pytest_asyncio

from bot import sample
from bot.app import App
from bot.channels.phones.channel import Phones
from bot.channels.phones.platform import Platform
from bot.demo import OPENS, settings_for
from bot.offline import Store
from bot.policies import policy_of
from bot.settings import Settings
from handlers import FEATURES
from handlers.feature import Feature
from storage import accounts
from storage.crypto import Vault
from storage.database import Database
from storage.unit import Unit
from tests.fakes.clock import SettableClock
from tests.fakes.narrow import Narrow
from tests.features.office import CHANNELS, NarrowHands, Office, PhonesHands, phone_of

PEOPLE = sample.DEMO_PHONES
SECOND_PHONES = {"CY015-2": "CY015"}
"""Account of the second phone of a person."""
STRANGERS = ("X001", "X002")
"""Accounts that belong to nobody of the company."""
ACCOUNTS = (*PEOPLE, *SECOND_PHONES, *STRANGERS)


@pytest.fixture(scope="session")
def company(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("company")
    settings = settings_for(folder, 0, "customer-service")
    Vault.create(settings.storage.key_file)
    policy = policy_of(settings.company)
    in_store(settings, lambda unit: sample.load(unit, policy))
    return folder


def in_store(settings: Settings, work: Callable[[Unit], object]) -> None:
    """Do one unit of work while no bot runs."""
    vault = Vault.load(settings.storage.key_file)
    database = Database.open(settings.storage.url, upgrade=True)
    try:
        database.match(vault)
        Store(database, vault, SettableClock(OPENS)).run(work)
    finally:
        database.close()


def bind(channel: str, unit: Unit) -> None:
    """Give everybody who takes part an account on this channel, and on no other."""
    for person in PEOPLE:
        accounts.bind(unit, channel, person, person)
    for account, person in SECOND_PHONES.items():
        accounts.bind(unit, channel, account, person)


@pytest.fixture
def features() -> tuple[Feature, ...]:
    """What the bot can do; a test module may add to it."""
    return FEATURES


@pytest_asyncio.fixture(params=CHANNELS)
async def office(
    request: pytest.FixtureRequest,
    company: Path,
    tmp_path: Path,
    features: tuple[Feature, ...],
) -> AsyncIterator[Office]:
    folder = tmp_path / "office"
    shutil.copytree(company, folder)
    clock = SettableClock(OPENS)
    settings = settings_for(folder, 0, "customer-service")
    in_store(settings, partial(bind, request.param))
    if request.param == "narrow":
        narrow = Narrow(clock.now, ACCOUNTS)
        app = App(settings, clock, (narrow,), features)
        office = Office(app, clock, folder, request.param)
        office.hands = {one: NarrowHands(office, narrow, one) for one in ACCOUNTS}
    else:
        platform = Platform(folder, [phone_of(one, one) for one in ACCOUNTS], clock.now)
        app = App(settings, clock, (Phones(platform),), features)
        office = Office(app, clock, folder, request.param)
        office.hands = {one: PhonesHands(office, platform, one) for one in ACCOUNTS}
    await app.start()
    yield office
    await app.stop()
    if request.param == "phones":
        await platform.close()
