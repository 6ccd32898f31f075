"""A company's own bot: which channels it has and on which addresses it listens.

The phones page over a company's own data answers on this machine only (docs/decisions/0002).
"""

from __future__ import annotations

from datetime import datetime, tzinfo

from aiohttp import web

from bot.app import App
from bot.channels.base import Channel
from bot.channels.phones.channel import Phones
from bot.channels.phones.controls import BadTime
from bot.channels.phones.platform import Platform
from bot.channels.phones.server import PhonesPage
from bot.channels.telegram.channel import Telegram
from bot.clock import SystemClock
from bot.commands.channels import require_channels
from bot.offline import Store
from bot.phones_site import LOOPBACK, PhonesProgram, give_phones, phones, site
from bot.policies import policy_of
from bot.service import Program, Site
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


class Company:
    """The company's bot over the channels it has switched on."""

    def __init__(self, settings: Settings) -> None:
        """Nothing is opened yet but, for the phones page, the list of the staff.

        Raises:
            Refused: no channel is switched on, or one lacks a setting.
            StorageError, PolicyError, PacksRefused: it cannot run; says what to do.
        """
        require_channels(settings)
        policy = policy_of(settings.company)
        clock, http = SystemClock(), settings.http
        channels: list[Channel] = []
        public = web.Application()
        self.sites = [Site(http.host, http.port, public, health=http.admin_port is None)]
        if http.admin_port is not None:
            self.sites.append(Site(http.host, http.admin_port, web.Application(), health=True))
        if settings.telegram is not None:
            telegram = Telegram(settings.telegram, clock.now, public_url=http.public_url)
            if settings.telegram.mode == "webhook":
                public.router.add_post(settings.telegram.webhook_path, telegram.webhook.handle)
            channels.append(telegram)
        platform = None
        if settings.phones is not None:
            platform = _platform(settings, clock)
            channels.append(Phones(platform))
            page = PhonesPage(platform, RealTime(clock, policy.time.zone), movable=False)
            self.sites.append(Site(LOOPBACK, settings.phones.port, site(page)))
        app = App(settings, clock, channels)
        self.program: Program = app if platform is None else PhonesProgram(app, platform)


def _platform(settings: Settings, clock: SystemClock) -> Platform:
    """Give everybody a phone and return the pretend platform behind them."""
    storage = settings.storage
    vault = Vault.load(storage.key_file)
    database = Database.open(storage.url, upgrade=True, password=storage.secret())
    try:
        database.match(vault)
        people = Store(database, vault, clock).run(give_phones)
    finally:
        database.close()
    folder = storage.attachments.parent / "phones"
    folder.mkdir(parents=True, exist_ok=True)
    return Platform(folder, phones(people, [one.id for one in people[:SHOWN]]), clock.now)
