"""The composition root: the one place that knows every part of the running program.

Start opens the store, then the relays, then the channels; stop goes the other way round, so that
nothing is taken in that can no longer be answered.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import partial

import msgspec
import structlog
from sqlalchemy.orm import Session

from bot import dispatch
from bot.channels.base import Channel, ChannelError, OutFile
from bot.clock import Alarm, Clock
from bot.delivery import Relay
from bot.dispatch import Handled
from bot.files import Fetcher
from bot.policies import policy_of
from bot.settings import Limits, Settings
from bot.units import UnitFailed, Units
from handlers import FEATURES, reminders
from handlers.conversation.messages import Card, Inbound
from handlers.feature import Feature
from handlers.intake import washed
from handlers.texts import N_
from handlers.world import Registry, World
from rules.calendar import china
from rules.hours import after_quiet
from storage import (
    accounts,
    attachments,
    conversations,
    inbox,
    ledger,
    occurrences,
    outbox,
    staff,
)
from storage.crypto import Vault
from storage.database import Database
from storage.errors import DatabaseRefused
from storage.folder import Folder
from storage.outbox import Message
from storage.unit import Unit

SLICE = 200
"""Due rungs recorded in one unit: a few milliseconds of the writer."""
KEEP_SLICE = 500
APOLOGY = N_(
    "Something went wrong with this message; it is kept. Please try again, or tell your "
    "administrator the reference {reference}."
)

log = structlog.get_logger()


class App:
    """The bot over its channels; may be stopped and started again."""

    def __init__(
        self,
        settings: Settings,
        clock: Clock,
        channels: Sequence[Channel],
        features: tuple[Feature, ...] = FEATURES,
    ) -> None:
        """Nothing is opened yet.

        Raises:
            PolicyError, PacksRefused, FormError, ValueError: the policy or a feature is broken.
        """
        self._settings = settings
        self._clock = clock
        self._channels = {one.name: one for one in channels}
        self.world = World(policy_of(settings.company), china(), Registry(features))
        self._alarm = Alarm(clock, self.scan)
        self._menus: dict[tuple[str, str], tuple[tuple[str, str], ...]] = {}
        self._relays: dict[str, Relay] = {}
        self._database: Database | None = None
        self._started = False
        self._store_takes = True

    async def start(self) -> None:
        """Take messages from now on.

        Raises:
            StorageError: the store refuses; says what to do.
        """
        storage = self._settings.storage
        self._vault = Vault.load(storage.key_file)
        self._database = await asyncio.to_thread(Database.open, storage.url, upgrade=True)
        self._database.match(self._vault)
        self._folder = Folder(storage.attachments, self._vault)
        self._units = Units(self._database, self._vault, self._clock)
        self._units.start()
        self._fetcher = Fetcher(
            self._channels, self._units, self._folder, self._clock, self._file_told
        )
        self._relays = {
            name: Relay(
                channel, self._units, self._clock, self._render, self._load, self._limits(name)
            )
            for name, channel in self._channels.items()
        }
        for relay in self._relays.values():
            relay.start()
        self._fetcher.start()
        for channel in self._channels.values():
            await channel.start(self.intake)
        await self._set_menus()
        self._alarm.start()
        self._started = True

    def _limits(self, channel: str) -> Limits:
        """Return what the platform takes; only Telegram's is counted by us."""
        telegram = self._settings.telegram
        if channel == "telegram" and telegram is not None:
            return telegram.limits
        return Limits(enabled=False)

    async def stop(self) -> None:
        """Take no more messages and finish what was begun; harmless when not started."""
        if self._database is None:
            return
        self._started = False
        await self._alarm.stop()
        for channel in self._channels.values():
            await channel.stop()
        await self._fetcher.stop()
        for relay in self._relays.values():
            await relay.stop()
        await self._units.stop()
        self._database.close()
        self._database = None

    def problems(self) -> tuple[str, ...]:
        """Return codes of what keeps it from taking messages; empty: ready."""
        if not self._started:
            return ("starting",)
        return () if self._store_takes else ("store",)

    # -- messages in ---------------------------------------------------------------------------

    async def intake(self, inbound: Inbound) -> None:
        """Handle one message; returns after commit.

        Raises:
            DatabaseRefused: nothing was kept, so nothing may be acknowledged.
        """
        inbound = washed(inbound)
        try:
            handled = await self._units.run(
                lambda unit: dispatch.handle(unit, inbound, self.world)
            )
        except UnitFailed as failure:
            handled = await self._give_up(inbound, failure)
        except DatabaseRefused:
            self._store_takes = False
            raise
        self._store_takes = True
        await self._after(inbound, handled)

    async def _after(self, inbound: Inbound, handled: Handled) -> None:
        if inbound.files:
            self._fetcher.wake()
        self._wake()
        channel = self._channels.get(inbound.channel)
        if channel is None:  # a message sent round again, of a channel switched off since
            return
        if inbound.choice:
            await channel.answer_tap(inbound, handled.alert)
        await self._show_menu(channel, inbound.account, handled.menu)

    async def _give_up(self, inbound: Inbound, failure: UnitFailed) -> Handled:
        """Keep a message that cannot be handled, say so, and let the next ones pass."""
        reference = secrets.token_hex(4).upper()
        log.error("message_failed", reference=reference, channel=inbound.channel, exc_info=failure)
        await self._units.run(partial(self._keep_failed, inbound=inbound, reference=reference))
        return Handled()

    def _keep_failed(self, unit: Unit, inbound: Inbound, reference: str) -> None:
        body = msgspec.json.encode(inbound).decode()
        inbox.fail(
            unit, body, inbound.channel, inbound.key, inbound.account, inbound.at, reference
        )
        person = staff.by_account(unit.session, inbound.channel, inbound.account)
        if person is None:
            return
        text = self.world.texts(person.locale).t(APOLOGY, reference=reference)
        outbox.put(
            unit,
            key=f"apology:{reference}",
            channel=inbound.channel,
            account=inbound.account,
            staff_id=person.id,
            mode="send",
            slot="",
            body=dispatch.encode_card(Card(text), person.locale),
            due_at=unit.now,
        )

    async def _sweep(self) -> None:
        """Handle messages that wait in the inbox: those the operator has sent round again."""
        for one in await self._units.run(lambda unit: inbox.waiting(unit, SLICE)):
            try:
                inbound = msgspec.json.decode(one.body, type=Inbound)
            except msgspec.DecodeError:
                log.error("message_unreadable", channel=one.channel)
                await self._units.run(partial(inbox.finish, channel=one.channel, key=one.key))
                continue

            def again(unit: Unit, inbound: Inbound = inbound) -> Handled:
                if not inbox.finish(unit, inbound.channel, inbound.key):
                    return Handled(repeat=True)
                return dispatch.answer(unit, inbound, self.world)

            try:
                handled = await self._units.run(again)
            except UnitFailed as failure:
                handled = await self._give_up(inbound, failure)
            await self._after(inbound, handled)

    # -- messages out --------------------------------------------------------------------------

    def _render(self, unit: Unit, row: Message) -> Card | None:
        rendered = reminders.render(unit, row.key, row.staff_id or "", self.world)
        if rendered is None:
            return None
        dispatch.close(rendered.context, self.world)
        return replace(rendered.card, locale=rendered.context.texts.locale)

    def _load(self, session: Session, numbers: tuple[int, ...]) -> tuple[OutFile, ...]:
        reading = Unit(session, self._vault, iter(()), self._clock.now())
        found = (attachments.get(reading, number) for number in numbers)
        return tuple(
            OutFile(one.name, one.mime, self._folder.read(one.address))
            for one in found
            if one is not None and one.address is not None
        )

    def _file_told(self, unit: Unit, row: attachments.Attachment) -> None:
        """Tell the sender that a file could not be kept."""
        person = staff.get(unit.session, row.staff_id)
        if person is not None and person.active:
            ctx = self.world.context(
                unit, person, person.home_channel, person.home_account, unit.now
            )
            reminders.file_refused(ctx, row)
            dispatch.close(ctx, self.world)

    def _wake(self) -> None:
        for relay in self._relays.values():
            relay.wake()

    # -- the clock -----------------------------------------------------------------------------

    async def scan(self, now: datetime) -> None:
        """Record what is due by `now`; harmless to call at any moment, any number of times.

        In quiet hours nothing new is recorded: what is late then is said once they end.
        """
        await self._sweep()
        self._store_takes = True
        time = self.world.policy.time
        if after_quiet(now, time.quiet_hours, time.zone) <= now:
            day = time.office_day(now)
            # a rung that reaches nobody sets the next one, which may be due by now as well
            while await self._units.run(lambda unit: self._wind(unit, now, day)):
                pass
        await self._forget(now)
        self._fetcher.wake()
        self._wake()

    def _wind(self, unit: Unit, now: datetime, day: date) -> int:
        recorded = ledger.fill(unit, now, SLICE, day=day)
        if recorded:
            return recorded
        wound = reminders.wind_stalled(unit, self.world, SLICE)
        for ctx in wound:
            dispatch.close(ctx, self.world)
        return len(wound)

    async def _forget(self, now: datetime) -> None:
        """Carry out retention, once for each office day (CONTRACT 5.4)."""
        day = self.world.policy.time.office_day(now).isoformat()
        if not await self._units.run(lambda unit: occurrences.begin(unit, "retention", day)):
            return
        kept = self._settings.retention
        bodies = now - timedelta(days=kept.bodies_days)
        drafts = now - timedelta(days=kept.drafts_days)
        for purge in (
            lambda unit: inbox.purge(unit, bodies, KEEP_SLICE),
            lambda unit: outbox.purge(unit, bodies, KEEP_SLICE),
            lambda unit: conversations.purge_drafts(unit, drafts, KEEP_SLICE),
        ):
            while await self._units.run(purge) >= KEEP_SLICE:
                pass

    async def drain(self) -> None:
        """Fetch and send all that is due now; returns when nothing is under way."""
        await self._fetcher.drain()
        for relay in self._relays.values():
            await relay.drain()

    async def next_due(self) -> datetime | None:
        """Return the earliest instant at which a rung or a message is due; None for none."""

        def look(session: Session) -> datetime | None:
            times = [ledger.next_due(session)]
            times += [outbox.next_due(session, name) for name in self._channels]
            return min(filter(None, times), default=None)

        return await self._units.read(look)

    # -- command menus -------------------------------------------------------------------------

    async def _set_menus(self) -> None:
        """Give everybody who is bound the menu of their role and language."""

        def look(session: Session) -> list[tuple[str, str, staff.Person]]:
            return [
                (one.channel, one.account, person)
                for person in staff.everybody(session)
                if person.active
                for one in accounts.of_person(session, person.id)
            ]

        for name, account, person in await self._units.read(look):
            if name in self._channels:
                menu = dispatch.menu_for(person, self.world)
                await self._show_menu(self._channels[name], account, menu)

    async def _show_menu(
        self, channel: Channel, account: str, menu: tuple[tuple[str, str], ...] | None
    ) -> None:
        if menu is not None and self._menus.get((channel.name, account)) != menu:
            try:
                await channel.menu(account, menu)
            except ChannelError as error:
                log.warning("menu_not_set", channel=channel.name, outcome=error.outcome.value)
            else:
                self._menus[channel.name, account] = menu
