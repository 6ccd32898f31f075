"""The phones page over a company's own data: everybody has a phone, and time is the real one.

It answers on this machine only (docs/decisions/0002).
"""

from __future__ import annotations

from datetime import datetime, tzinfo

from bot.app import App
from bot.channels.phones.channel import Phones
from bot.channels.phones.controls import BadTime
from bot.channels.phones.platform import Platform
from bot.channels.phones.server import PhonesPage
from bot.clock import SystemClock
from bot.offline import Store
from bot.phones_site import LOOPBACK, PhonesProgram, give_phones, phones, site
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


class OwnPhones:
    """The channel, its page, and the program with both."""

    def __init__(self, settings: Settings, clock: SystemClock, port: int, zone: tzinfo) -> None:
        """Opens the database for the list of the staff, and closes it again.

        Raises:
            StorageError: it cannot be opened; says what to do.
        """
        self._platform = _platform(settings, clock)
        self.channel = Phones(self._platform)
        page = PhonesPage(self._platform, RealTime(clock, zone), movable=False)
        self.site = Site(LOOPBACK, port, site(page))

    def program(self, app: App) -> PhonesProgram:
        """Return the bot together with the platform of its phones."""
        return PhonesProgram(app, self._platform)


def _platform(settings: Settings, clock: SystemClock) -> Platform:
    """Give everybody a phone and return the pretend platform behind them."""
    storage = settings.storage
    vault = Vault.load(storage.key_file)
    database = Database.open(storage.url, upgrade=True, make=False, password=storage.secret())
    try:
        database.match(vault)
        people = Store(database, vault, clock).run(give_phones)
    finally:
        database.close()
    folder = storage.attachments.parent / "phones"
    folder.mkdir(parents=True, exist_ok=True)
    return Platform(folder, phones(people, [one.id for one in people[:SHOWN]]), clock.now)
