"""The sample company on the phones page, with a clock and an outage that can be moved.

The trap: a clock that jumps over an evening would show one late reminder instead of the three a
person would have had. So it stops at every instant at which something is due.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path

from sqlalchemy import func, select

from bot import sample
from bot.app import App
from bot.channels.phones.channel import Phones
from bot.channels.phones.platform import Platform
from bot.channels.phones.server import PhonesPage
from bot.clock import DemoClock
from bot.commands.shared import Refused
from bot.offline import Store
from bot.phones_site import LOOPBACK, PhonesProgram, give_phones, phones, site
from bot.policies import policies_of
from bot.sample import handed, lent
from bot.service import Site
from bot.settings import Company, Http, Pack, Settings, Storage
from storage import staff
from storage.crypto import Vault
from storage.database import Database
from storage.folder import Folder
from storage.tables import outbox
from storage.unit import Unit

OPENS = datetime(2026, 9, 14, 1, 0, tzinfo=UTC)
"""Monday, 09:00 in Shanghai (CONTRACT 4.3)."""
OWN, CARS, OVERLAYS = "customer-service", "auto-dealer", ("log", "privacy")
"""The pack of the sample company, that of its car departments, and what lies over both."""
EXAMPLES = {
    "CY015": "拜访 深圳市鸿鑫贸易 谈二季度订单 下周三回访",
    "CY016": "拜访 77度咖啡 答复账期 下周五回访",
    "CY014": "查找 鸿鑫",
    "CY006": "我出差到周五，请韩雪代",
    "CY009": "查找 hx",
    "CY004": "查找 鸿鑫",
    "CY035": "接待 欧阳慧敏 检查中控屏",
    "CY033": "已交车 粤B51C27 王若晴",
}
"""A sentence to try, by staff number, offered on a phone on which nothing was said yet."""
CHAINED = 4
"""How often what is due is done at one instant before it counts as what cannot be done."""
BLIND_STEP = timedelta(minutes=15)
"""How far the clock goes at once while something that is due cannot be done."""


def settings_for(folder: Path, port: int, pack: str) -> Settings:
    """Return the settings of the sample company kept in `folder`.

    Under its own pack the car departments have theirs (CONTRACT 3.1); another one is tried alone.
    """
    cars = (Pack(pack=CARS, departments=sample.CAR_DEPARTMENTS),) if pack == OWN else ()
    packs = (Pack(pack=pack), *cars, *(Pack(pack=name) for name in OVERLAYS))
    return Settings(
        company=Company(name=sample.COMPANY, packs=packs),
        storage=Storage(
            url=f"sqlite:///{folder / 'dossierbot.sqlite'}",
            attachments=folder / "attachments",
            key_file=folder / "dossierbot.key",
        ),
        http=Http(host=LOOPBACK, port=port),
    )


class Demo:
    """The sample company, made on the first start and found again on the next ones."""

    def __init__(self, folder: Path, port: int, pack: str) -> None:
        """Open or make the company in `folder`.

        Raises:
            Refused: the folder holds a company of its own.
            StorageError, PolicyError: it cannot be made; says what to do.
        """
        if (folder / "config.toml").exists():
            raise Refused(
                f"{folder} holds a company of its own; give the sample company another folder."
            )
        settings = settings_for(folder.absolute(), port, pack)
        zone = policies_of(settings.company).zone
        people, starts = _prepare(folder.absolute(), settings)
        clock = DemoClock(starts)
        platform = Platform(
            folder / "phones", phones(people, sample.DEMO_PHONES, EXAMPLES), clock.now
        )
        app = App(settings, clock, (Phones(platform),))
        self.controls = Controls(app, clock, zone)
        page = PhonesPage(platform, self.controls)
        self.program = PhonesProgram(app, platform)
        self.sites = (Site(LOOPBACK, port, site(page), health=True),)


def _prepare(folder: Path, settings: Settings) -> tuple[tuple[staff.Person, ...], datetime]:
    """Make the company if it is not there; return its people and the time it is."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "phones").mkdir(exist_ok=True)
    key = settings.storage.key_file
    vault = Vault.load(key) if key.exists() else Vault.create(key)
    database = Database.open(settings.storage.url, upgrade=True)
    try:
        database.match(vault)
        store = Store(database, vault, DemoClock(OPENS))
        if not store.run(lambda unit: staff.everybody(unit.session), keep=False):
            policies = policies_of(settings.company)
            store.run(lambda unit: sample.load(unit, policies))
            store.run(give_phones)
            if policies.at(OPENS).company.loan is not None:
                store.run(lambda unit: lent.lend(unit, policies))
            if CARS in {one.pack for one in policies.governed}:
                shot = Folder(settings.storage.attachments, vault).keep([handed.photo()])
                store.run(lambda unit: handed.hand_over(unit, policies, shot))
        return store.run(give_phones), store.run(_time, keep=False)
    finally:
        database.close()


def _time(unit: Unit) -> datetime:
    """Return when the demo was left, so that its clock never goes back."""
    last: datetime | None = unit.session.execute(select(func.max(outbox.c.created_at))).scalar()
    return max(OPENS, last) if last else OPENS


class Controls:
    """The clock and the outage, as the page moves them."""

    def __init__(self, app: App, clock: DemoClock, zone: tzinfo) -> None:
        self.zone = zone
        self._app = app
        self._clock = clock
        self._back_at: datetime | None = None
        self._return: asyncio.Task[None] | None = None
        self._one_at_a_time = asyncio.Lock()

    def now(self) -> datetime:
        return self._clock.now()

    def back_at(self) -> datetime | None:
        return self._back_at

    async def move(self, to: datetime) -> None:
        """Move the clock on to `to`, through every instant at which something is due."""
        async with self._one_at_a_time:
            while (now := self.now()) < to:
                self._clock.advance(await self._next_stop(now, to))
                if self._back_at and self._back_at <= self.now():
                    await self._come_back()
                if self._back_at is None:
                    await self._do_due()
            if self._back_at:
                self._return_at(self._back_at)

    async def outage(self, minutes: int) -> None:
        """Stop the bot and bring it back in `minutes` by the demo's clock; 0: at once."""
        async with self._one_at_a_time:
            if minutes <= 0:
                if self._back_at:
                    await self._come_back()
                return
            if self._back_at is None:
                await self._app.stop()
            back_at = self.now() + timedelta(minutes=minutes, seconds=1)
            self._back_at = back_at.replace(microsecond=0)  # as exactly as the page can name it
            self._return_at(self._back_at)

    async def _do_due(self) -> None:
        """Do what is due, and what that brings at once: who is late, then who hears of it."""
        for _ in range(CHAINED):
            await self._app.scan(self.now())
            await self._app.drain()
            due = await self._app.next_due()
            if due is None or due > self.now():
                return

    async def _next_stop(self, now: datetime, to: datetime) -> datetime:
        if self._back_at:
            return min(to, self._back_at)
        due = await self._app.next_due()
        if due is None:
            return to
        return min(to, due if due > now else now + BLIND_STEP)

    def _return_at(self, instant: datetime) -> None:
        self._wait_no_more()
        seconds = (instant - self.now()).total_seconds() + 0.05  # never a hair too early
        self._return = asyncio.create_task(self._return_in(seconds))

    async def _return_in(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        self._return = None
        async with self._one_at_a_time:
            if self._back_at and self._back_at <= self.now():
                await self._come_back()

    async def _come_back(self) -> None:
        self._wait_no_more()
        self._back_at = None
        await self._app.start()

    def _wait_no_more(self) -> None:
        if self._return is not None:
            self._return.cancel()
            self._return = None
