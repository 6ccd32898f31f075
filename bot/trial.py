"""The phones page on a company's own data (docs/decisions/0002)."""

from __future__ import annotations

from datetime import datetime, tzinfo

from aiohttp import web

from bot.app import App
from bot.channels.phones.channel import Phones
from bot.channels.phones.controls import BadTime
from bot.channels.phones.platform import Platform
from bot.channels.phones.server import PhonesPage
from bot.clock import SystemClock
from bot.offline import Store
from bot.phones_site import LOOPBACK, PhonesProgram, give_phones, phones, site
from bot.policies import policy_of
from bot.service import Site
from bot.settings import Settings
from storage.crypto import Vault
from storage.database import Database

SHOWN = 4
"""Phones that are open when the page is seen for the first time."""


class RealTime:
    """Controls of a company that lives in real time: there is nothing to move."""

    def __init__(self, clock: SystemClock, zone: tzinfo) -> None:
        self.zone = zone
        self._clock = clock

    def now(self) -> datetime:
        return self._clock.now()

    def back_at(self) -> datetime | None:
        return None

    async def move(self, to: datetime) -> None:
        raise BadTime(to.isoformat())

    async def outage(self, minutes: int) -> None:
        raise BadTime(f"{minutes} min")


class Trial:
    """The company's bot, reached through the phones page on this machine."""

    def __init__(self, settings: Settings, port: int) -> None:
        """Open the company's database and give everybody a phone.

        Raises:
            StorageError, PolicyError, PacksRefused: it cannot run; says what to do.
        """
        policy = policy_of(settings.company)
        clock = SystemClock()
        vault = Vault.load(settings.storage.key_file)
        database = Database.open(settings.storage.url, upgrade=True)
        try:
            database.match(vault)
            people = Store(database, vault, clock).run(give_phones)
        finally:
            database.close()
        folder = settings.storage.attachments.parent / "phones"
        folder.mkdir(parents=True, exist_ok=True)
        platform = Platform(folder, phones(people, [one.id for one in people[:SHOWN]]), clock.now)
        app = App(settings, clock, (Phones(platform),))
        page = PhonesPage(platform, RealTime(clock, policy.time.zone), movable=False)
        self.program = PhonesProgram(app, platform)
        http = settings.http
        self.sites = (
            Site(LOOPBACK, port, site(page)),
            Site(http.host, http.admin_port or http.port, web.Application(), health=True),
        )
