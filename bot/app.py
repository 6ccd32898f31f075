"""The composition root: the one place that knows every part of the running program.

Start opens the store, then the relays, then the channels; stop goes the other way round, so that
nothing is taken in that can no longer be answered.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Coroutine, Sequence
from datetime import datetime
from functools import partial
from typing import Any

import msgspec
import structlog
from msgspec.structs import replace

from bot import dispatch
from bot.channels.base import Channel, OutFile
from bot.clock import Alarm, Clock
from bot.delivery import Prepared, Relay
from bot.dispatch import Handled
from bot.files import Fetcher, largest
from bot.housekeeping import LISTS, Housekeeping
from bot.late import Late
from bot.menus import Menus
from bot.metrics import Metrics, timed
from bot.policies import edited, in_force, policies_of, wording_of
from bot.readings import Readings
from bot.settings import Limits, Settings
from bot.units import UnitFailed, Units
from bot.watchman import Refusals, Watchman
from handlers import FEATURES, reminders
from handlers.conversation.messages import Card, Inbound, Mode, Suggestions
from handlers.dossiers import find, secrecy
from handlers.feature import Feature
from handlers.intake import source_of, washed
from handlers.loans import spot_checks
from handlers.people import reach
from handlers.sheets import made
from handlers.texts import N_
from handlers.world import Registry, World
from rules.calendar import china
from rules.policies import Policies
from storage import (
    attachments,
    case_lists,
    channel_notes,
    inbox,
    leases,
    ledger,
    loan_lists,
    loan_queue,
    meta,
    outbox,
    rounds,
    staff,
)
from storage.crypto import Vault
from storage.database import Database
from storage.errors import DatabaseRefused
from storage.folder import Folder
from storage.outbox import Message
from storage.session import Session
from storage.spool import Spool
from storage.unit import Unit

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
        company = settings.company
        self.world = World(policies_of(company), china(), Registry(features), wording_of(company))
        self._alarm = Alarm(clock, self.scan)
        self._relays: dict[str, Relay] = {}
        self._scanning = asyncio.Lock()
        self._beside: set[asyncio.Task[None]] = set()
        self._process = ""
        """Whose the leases of this process are."""
        self._database: Database | None = None
        self._started = False
        self._policy_edited = False
        self._refusals = Refusals()
        self.metrics = Metrics(self._channels)

    async def start(self) -> None:
        """Take messages from now on.

        Raises:
            StorageError: the store refuses; says what to do.
        """
        storage = self._settings.storage
        self._vault = Vault.load(storage.key_file)
        self._database = await asyncio.to_thread(
            Database.open, storage.url, upgrade=True, make=False, password=storage.secret()
        )
        self._database.match(self._vault)
        self.world = replace(self.world, policies=await asyncio.to_thread(self._policies))
        # alone on a database it is the successor of whoever was killed, and waits for no lease
        self._process = secrets.token_hex(8) if self._database.shared else "alone"
        self._folder = Folder(storage.attachments, self._vault)
        self._units = Units(self._database, self._vault, self._clock)
        self._units.start()
        spool = Spool(storage.attachments, self._vault)
        self._late = Late(self._units, spool, self._clock, self._again)
        self._menus = Menus(self._channels, self._units, self.world)
        self._housekeeping = Housekeeping(
            self._channels,
            self._units,
            self.world,
            self._settings.retention,
            self._vault,
            storage.attachments,
        )
        self._fetcher = Fetcher(
            self._channels,
            self._units,
            self._folder,
            self._clock,
            self._file_told,
            self.metrics.fetched,
        )
        self._relays = {
            name: Relay(
                channel,
                self._units,
                self._clock,
                self._render,
                self._load,
                self._limits(name),
                self.metrics.attempted,
                self._lost,
                self._make,
            )
            for name, channel in self._channels.items()
        }
        await self._housekeeping.follow_people()
        self._readings = Readings(
            self._units, self._folder, self._channels, self.world.policies, self._clock
        )
        self._refusals = Refusals()
        self._watchman = Watchman(
            self._channels,
            self._relays,
            self._fetcher,
            self._readings.room.get,
            self._units,
            self.world,
            self._clock,
            self._refusals,
            self.metrics,
            policy_edited=self._policy_edited,
        )
        for channel in self._channels.values():
            await channel.open(self)
        for relay in self._relays.values():
            relay.start()
        self._fetcher.start()
        await self._late.catch_up()
        for channel in self._channels.values():
            await channel.start()
        self._spawn(self._menus.show_all())
        self._alarm.start()
        self._started = True

    def _limits(self, channel: str) -> Limits:
        """Return what the platform takes; only Telegram's is counted by the relay."""
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
        if self._beside:
            await asyncio.wait(set(self._beside))
        await self._fetcher.stop()
        for relay in self._relays.values():
            await relay.stop()
        for channel in self._channels.values():
            await channel.close()
        await self._units.stop()
        self._database.close()
        self._database = None

    def problems(self) -> tuple[str, ...]:
        """Return codes of what keeps it from taking messages; empty: ready."""
        if not self._started:
            return ("starting",)
        return () if self._refusals.since is None else ("store",)

    async def metrics_page(self, accept: str) -> tuple[bytes, str]:
        """Return what `/metrics` answers, and its content type."""
        reading = room = None
        if self._database is not None:
            store, disk = self._readings.store.get(), self._readings.room.get()
            reading, room = await asyncio.gather(store, disk)
        return self.metrics.page(accept, ready=not self.problems(), reading=reading, room=room)

    # -- messages in ---------------------------------------------------------------------------

    async def intake(self, inbound: Inbound) -> None:
        """Handle one message; returns after commit.

        Raises:
            DatabaseRefused: nothing was kept, so nothing may be acknowledged.
        """
        inbound = washed(inbound)
        if self._late.behind(inbound):
            await self._late.catch_up()
        self.metrics.came(inbound)
        try:
            handled, outcome = await self._handle(inbound)
        except DatabaseRefused:
            self._refusals.refused(self._clock.now())
            self.metrics.ended(inbound, "refused")
            raise
        self._refusals.took(self._clock.now())
        self.metrics.ended(inbound, outcome)
        await self._after(inbound, handled)

    async def keep(self, inbound: Inbound) -> None:
        """Keep one message to be handled later; returns when it outlives the program.

        Raises:
            FolderRefused: nothing was kept, so nothing may be acknowledged.
        """
        await self._late.keep(washed(inbound))

    async def remark(self, inbound: Inbound, text: str) -> None:
        """Answer a message with a remark that the relay sends; returns after commit.

        It takes the place of one that still waits: who taps on and on hears the last of them.
        """
        put = partial(
            outbox.put,
            key=f"{inbound.channel}:{inbound.key}:remark",
            channel=inbound.channel,
            account=inbound.account,
            staff_id=None,
            mode=Mode.SEND,
            slot=f"{outbox.PASSING}remark",
            body=Card(text).encoded(""),
        )
        await self._units.run(lambda unit: put(unit, due_at=unit.now))
        self._wake()

    async def _handle(self, inbound: Inbound) -> tuple[Handled, str]:
        came_at = time.monotonic()
        try:
            run = await self._units.run(
                timed(lambda unit: dispatch.handle(unit, inbound, self.world)), _chat(inbound)
            )
        except UnitFailed as failure:
            return await self._give_up(inbound, failure), "failed"
        self.metrics.handled(inbound.channel, came_at, run)
        return run.value, "repeated" if run.value.repeat else "handled"

    async def suggest(self, channel: str, account: str, words: str, further: str) -> Suggestions:
        """Return customers that fit what is being typed, as all may see them."""

        def look(session: Session) -> Suggestions:
            person = staff.by_account(session, channel, account)
            if person is None:
                return Suggestions()
            reading = self._reading(session)
            ctx = self.world.context(reading, person, channel, account, reading.now)
            return find.suggest(ctx, words, further)

        return await self._units.read(look)

    async def hold(self, name: str, seconds: float, *, shared: bool = False) -> bool:
        """Take or renew a lease for this process; `shared`: for all processes together."""
        holder = "" if shared else self._process
        if not self._units.seat(name).contested:
            # nobody else can be there: what a process left that was killed is not waited out
            await self._units.run(lambda unit: leases.take_over(unit, name, holder))
            return True
        return await self._units.run(lambda unit: leases.take(unit, name, holder, seconds))

    async def release(self, name: str) -> None:
        """Let go of a lease of this process."""
        await self._units.run(lambda unit: leases.release(unit, name, self._process))

    async def seen_at(self, name: str) -> datetime | None:
        """Return when a lease was last renewed; None: it never was."""
        return await self._units.read(lambda session: leases.seen_at(session, name))

    async def learn(self, key: str, value: str) -> None:
        """Keep a fact about a platform, such as `telegram.username`."""
        await self._units.run(lambda unit: meta.put(unit, key, value))

    async def note(self, channel: str, account: str, ref: str, text: str) -> None:
        """Keep what a channel has to remember of a message it sent, or ("") of itself."""
        await self._units.run(
            lambda unit: channel_notes.put(unit, channel, account, ref, text), durable=False
        )

    async def noted(self, channel: str, account: str, ref: str) -> str | None:
        """Return what was kept so; None: nothing."""

        def look(session: Session) -> str | None:
            return channel_notes.get(self._reading(session), channel, account, ref)

        return await self._units.read(look)

    def _reading(self, session: Session) -> Unit:
        return Unit(session, self._vault, iter(()), self._clock.now())

    async def _after(self, inbound: Inbound, handled: Handled) -> None:
        if inbound.files:
            self._fetcher.wake()
        self._wake()
        channel = self._channels.get(inbound.channel)
        if handled.fresh:
            self._menus.forget(inbound.channel, inbound.account)
        if channel is None:  # a message sent round again, of a channel switched off since
            return
        if inbound.choice:
            await channel.answer_tap(inbound, handled.alert)
        if handled.leave:
            await channel.leave(handled.leave)
        if handled.menu is not None:
            self._spawn(self._menus.show(channel, inbound.account, handled.menu))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Do what no message has to wait for."""
        task = asyncio.create_task(work)
        self._beside.add(task)
        task.add_done_callback(self._beside.discard)

    async def _give_up(self, inbound: Inbound, failure: UnitFailed) -> Handled:
        """Keep a message that cannot be handled, say so, and let the next ones pass."""
        reference = secrets.token_hex(4).upper()
        log.error("message_failed", reference=reference, channel=inbound.channel, exc_info=failure)
        keep = partial(self._keep_failed, inbound=inbound, reference=reference)
        await self._units.run(keep, _chat(inbound))
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
            mode=Mode.SEND,
            slot="",
            body=Card(text).encoded(person.locale),
            due_at=unit.now,
        )

    async def _again(self, inbound: Inbound) -> None:
        """Handle a message that waits in the inbox."""

        def again(unit: Unit) -> Handled:
            if not inbox.finish(unit, inbound.channel, inbound.key):
                return Handled(repeat=True)
            return dispatch.answer(unit, inbound, self.world)

        try:
            handled = await self._units.run(again, _chat(inbound))
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

    def _lost(self, unit: Unit, row: Message) -> None:
        ctx = reach.lost(unit, row, self.world)
        if ctx is not None:
            dispatch.close(ctx, self.world)

    def _load(self, session: Session, numbers: tuple[int, ...]) -> tuple[OutFile, ...]:
        reading = self._reading(session)
        found = (attachments.get(reading, number) for number in numbers)
        return tuple(
            OutFile(one.name, one.mime, self._folder.read(one.address))
            for one in found
            if one is not None and one.address is not None
        )

    def _make(self, session: Session, row: Message, card: Card) -> Prepared:
        """Make the files of a card for who has that chat now; who has lost it gets none."""
        person = staff.by_account(session, row.channel, row.account)
        if person is None or person.id != row.staff_id:
            return Prepared(replace(card, makes=""))
        ctx = self.world.context(
            self._reading(session), person, row.channel, row.account, self._clock.now()
        )
        try:
            found = made.make(ctx, card.makes)
        except Exception as error:
            log.error("not_made", outbox=row.id, makes=card.makes, exc_info=error)
            return Prepared(made.shown(card, ctx.t(made.FAILED)))
        if not found.files:
            return Prepared(made.shown(card, found.words))
        words = found.words
        if self._channels[row.channel].capabilities.files_out:
            words = f"{words}\n{found.caption}"
        return Prepared(
            made.shown(card, words, files=True),
            tuple(OutFile(one.name, one.mime, one.content) for one in found.files),
            lambda unit: dispatch.close(replace(ctx, unit=unit), self.world),
        )

    def _file_told(self, unit: Unit, row: attachments.Attachment) -> None:
        """Tell the sender that a file could not be kept."""
        person = staff.get(unit.session, row.staff_id)
        if person is not None and person.active:
            ctx = self.world.context(
                unit, person, person.home_channel, person.home_account, unit.now
            )
            sent_on = self._channels.get(source_of(row).channel)
            reminders.file_refused(ctx, row, largest(sent_on))
            dispatch.close(ctx, self.world)

    def _policies(self) -> Policies:
        """Return what is in force, and log which file says something else."""
        assert self._database is not None  # noqa: S101 - asked for while starting
        company = self._settings.company
        with self._database.engine.connect() as connection:
            reading = Session(connection)
            changed = edited(company, reading)
            self._policy_edited = bool(changed)
            for one in changed:
                log.warning("policy_not_in_force", pack=one.policy.pack, file=one.written.file)
            return in_force(company, reading)

    def _wake(self) -> None:
        for relay in self._relays.values():
            relay.wake()

    # -- the clock -----------------------------------------------------------------------------

    async def scan(self, now: datetime) -> None:
        """Do what is due by `now`; harmless to call at any moment, any number of times."""
        began_at = time.monotonic()
        try:
            async with self._scanning:  # what the alarm has begun is done when this returns
                await self._scan(now)
        except DatabaseRefused:
            self._refusals.refused(self._clock.now())
            raise
        self.metrics.scanned(began_at)

    async def _scan(self, now: datetime) -> None:
        await self._late.catch_up()
        self._refusals.took(self._clock.now())
        await self._housekeeping.follow_people()
        await self._housekeeping.keep_grades()
        await self._housekeeping.escalate()
        await self._housekeeping.lapse_loans()
        await self._housekeeping.pass_offers_on()
        await self._housekeeping.sum_up_looks(now)
        await self._housekeeping.count()
        await self._housekeeping.send_lists(now)
        await self._housekeeping.compare_people(now)
        await self._housekeeping.begin_rounds(now)
        await self._housekeeping.begin_handovers(now)
        await self._housekeeping.settle_days(now)
        await self._housekeeping.close_rounds()
        await self._housekeeping.remind(now)
        await self._housekeeping.check_loans(now)
        await self._housekeeping.forget(now)
        await self._housekeeping.keep_head(now)
        await self._watchman.look(now)
        self._fetcher.wake()
        self._wake()

    async def drain(self) -> datetime | None:
        """Fetch and send all that is due now; return, when nothing is under way, when more may be.

        None: nothing is waited for.
        """
        if self._beside:
            await asyncio.wait(set(self._beside))
        due = [await self._fetcher.drain()]
        due += [await relay.drain() for relay in self._relays.values()]
        return min(filter(None, due), default=None)

    async def next_due(self) -> datetime | None:
        """Return the earliest instant at which a rung or a message is due; None for none."""

        def look(session: Session) -> datetime | None:
            times = [
                ledger.next_due(session),
                case_lists.next_due(session),
                loan_lists.next_lapse(session),
                loan_queue.next_over(session),
                rounds.next_due(session),
                secrecy.next_due(session, self.world),
            ]
            now = self._clock.now()
            times += [one.next_due(self.world, now) for one in (*LISTS, spot_checks)]
            times += [outbox.next_due(session, name) for name in self._channels]
            return min(filter(None, times), default=None)

        return await self._units.read(look)


def _chat(inbound: Inbound) -> str:
    """Return the lane of a message: those of one chat are handled one after the other."""
    return f"{inbound.channel}:{inbound.account}"
