"""What time brings: rungs that are due, what follows when people leave, the end of what was kept.

Each job asks what is due and not yet done, so it may be called at any moment and any number of
times. The trap is the one large transaction that would keep the writer from everybody: all of it
is done in slices.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import structlog

from bot import dispatch
from bot.channels.base import Channel, ChannelError, Listing
from bot.settings import Retention
from bot.units import Units
from handlers import reminders
from handlers.approvals import approvals
from handlers.context import Context
from handlers.dossiers import completeness, looks, rounds, secrecy
from handlers.handovers import handover_calendar, handover_periods, handover_rates, receipt_days
from handlers.loans import loan_lapse, loan_queue, spot_checks, unreturned
from handlers.people import directory, leavers, reach
from handlers.world import World
from rules.hours import after_quiet
from storage import (
    audit,
    channel_notes,
    conversations,
    heads,
    inbox,
    ledger,
    links,
    locks,
    occurrences,
    origins,
    outbox,
)
from storage.crypto import Vault
from storage.errors import FolderRefused
from storage.unit import Unit

SLICE = 200
"""Due rungs recorded in one unit: a few milliseconds of the writer."""
SHARED_SLICE = 1_000
"""The same where others write meanwhile: they wait for no more than the cases it is about."""
WIND_SLICE = 20
"""Cases whose next rung is set in one unit: each is some milliseconds of the writer."""
KEEP_SLICE = 500
CASE_SLICE = 5
"""Cases on which the clock acts in one unit: each is some milliseconds of the writer."""
ROUND_SLICE = 10
"""People whose rounds begin or end in one unit: each is a millisecond or two."""
GRADE_SLICE = 10
"""Secrecy grades that end, or get their clock, in one unit: each is some milliseconds."""
COUNT_SLICE = 100
"""Dossiers counted in one unit: a few milliseconds of the writer."""
COUNTS = 200
"""Such units in one look at the clock: after an import of a million the rest waits for the next
ones, so that reminders do not wait for it."""

LISTS = (unreturned, receipt_days, handover_rates)
"""What is sent on its day by itself: each says what has struck by now, and sends it."""

KNOWN = 100
"""Occasions that are not asked for again: more than come up in one look at the clock."""

ASK_AGAIN = timedelta(hours=1)
"""Pause before a messenger's directory is asked again that did not answer."""

log = structlog.get_logger()

Sweep = Callable[[Unit, World, int], list[Context]]
"""Does up to so many things that are due, in one unit; returns a context for each."""


class Housekeeping:
    """The jobs of one process; another one may do the same at the same time."""

    def __init__(
        self,
        channels: Mapping[str, Channel],
        units: Units,
        world: World,
        retention: Retention,
        vault: Vault,
        attachments: Path,
    ) -> None:
        """`channels`: the messengers that are switched on; `attachments`: the folder of files."""
        self._channels = frozenset(channels)
        self._listing = {name: one for name, one in channels.items() if isinstance(one, Listing)}
        self._asks_after: dict[str, datetime] = {}
        """By messenger: when its directory is asked again that did not answer."""
        self._units = units
        self._world = world
        self._retention = retention
        self._vault = vault
        self._heads = heads.place(attachments)
        self._head_refused = False
        self._known: dict[tuple[str, str], None] = {}
        """Jobs with their occasion that were seen to be done, the latest last."""

    async def follow_people(self) -> None:
        """Do what follows where somebody left or came back, or a messenger was switched."""

        def follow(unit: Unit, world: World, limit: int) -> list[Context]:
            moved = reach.switch(unit, world, self._channels, limit)
            return moved + leavers.settle(unit, world, limit)

        await self._sweep(follow, SLICE)

    async def escalate(self) -> None:
        """Let the clock act on requests that wait for a decision: remind, go up, lapse (C-54)."""
        await self._sweep(approvals.strike, CASE_SLICE)

    async def lapse_loans(self) -> None:
        """Let approvals of loans lapse whose papers nobody fetched in time (C-54)."""
        await self._sweep(loan_lapse.strike, CASE_SLICE)

    async def keep_grades(self) -> None:
        """End the secrecy grades whose time is over, and set the clocks of those that end next.

        Rule: S2-SECR.7.
        """
        for work in (secrecy.lapse, secrecy.begin):
            for _ in range(COUNTS):
                if not await self._units.run(partial(self._slice, work, GRADE_SLICE)):
                    break

    async def pass_offers_on(self) -> None:
        """Let offers of papers that came back go on to the next where nobody took them in time."""
        await self._sweep(loan_queue.strike, CASE_SLICE)

    async def _done(self, job: str, occasion: str) -> bool:
        """Return whether it was done, by whichever process; then it is asked once."""
        if (job, occasion) in self._known:
            return True
        done = await self._units.read(lambda session: occurrences.done(session, job, occasion))
        if done:
            self._known[job, occasion] = None
            if len(self._known) > KNOWN:
                del self._known[next(iter(self._known))]
        return done

    async def _sweep(self, work: Sweep, limit: int) -> None:
        """Do all that is due, slice by slice."""
        while await self._units.run(partial(self._slice, work, limit)):
            pass

    def _slice(self, work: Sweep, limit: int, unit: Unit) -> int:
        """Do up to `limit` of what is due; 0: nothing is, or another process does it."""
        if not ledger.alone(unit):
            return 0
        done = work(unit, self._world, limit)
        for ctx in done:
            dispatch.close(ctx, self._world)
        return len(done)

    async def count(self) -> None:
        """Count what dossiers lack that were changed, or that are asked for more than before."""
        after: int | None = 0
        while after is not None:
            after = await self._units.run(partial(self._count_again, after))
        for _ in range(COUNTS):
            if not await self._units.run(self._count):
                break

    def _count_again(self, after: int, unit: Unit) -> int | None:
        return completeness.count_again(unit, self._world, after, KEEP_SLICE)

    def _count(self, unit: Unit) -> int:
        if not ledger.alone(unit):
            return 0
        return completeness.count(unit, self._world, COUNT_SLICE)

    async def begin_rounds(self, now: datetime) -> None:
        """Begin, once for each office day, what people have to complete in its period."""
        day = self._world.policies.at(now).day
        job = (rounds.JOB, day.isoformat())
        if await self._done(*job):
            return
        for terms in rounds.current(self._world, day):
            after: str | None = ""
            while after is not None:
                after = await self._units.run(partial(self._begin_rounds, terms, after))
        await self._units.run(lambda unit: occurrences.begin(unit, *job))

    def _begin_rounds(self, terms: rounds.Terms, after: str, unit: Unit) -> str | None:
        going_on, begun = rounds.begin(unit, self._world, terms, after, ROUND_SLICE)
        for ctx in begun:
            dispatch.close(ctx, self._world)
        return going_on

    async def close_rounds(self) -> None:
        """Record what was not completed where the time is over (C-70)."""
        await self._sweep(rounds.close, ROUND_SLICE)

    async def begin_handovers(self, now: datetime) -> None:
        """Open, once for each office day, what comes with the calendar.

        Rule: S2-DOSS.5.1, S1-12.4.2a, S1-15.3.3, S5-2.4.2.
        """
        day = self._world.policies.at(now).day
        job = (handover_periods.JOB, day.isoformat())
        if not await self._done(*job):
            await self._units.run(partial(self._begin_handovers, day, job))

    def _begin_handovers(self, day: date, job: tuple[str, str], unit: Unit) -> None:
        if not ledger.alone(unit) or not occurrences.begin(unit, *job):
            return
        for ctx in handover_periods.open_due(unit, self._world, day):
            dispatch.close(ctx, self._world)

    async def check_loans(self, now: datetime) -> None:
        """Ask some of who have papers to show them, once for each working day.

        Rule: S1-15.5.3.
        """
        day = spot_checks.day_of(self._world, now)
        if day is None:
            return
        job = (spot_checks.JOB, day.isoformat())
        if await self._done(*job):
            return
        after: int | None = 0
        while after is not None:
            after = await self._units.run(partial(self._check_loans, day, after))
        await self._units.run(partial(_begin, *job))

    def _check_loans(self, day: date, after: int, unit: Unit) -> int | None:
        going_on, asked = spot_checks.ask_some(unit, self._world, day, after, CASE_SLICE)
        for ctx in asked:
            dispatch.close(ctx, self._world)
        return going_on

    async def settle_days(self, now: datetime) -> None:
        """Count days again, once for each calendar that has come (5.3)."""
        day = self._world.policies.at(now).day
        for occasion in handover_calendar.settled(self._world, day):
            if not await self._done(handover_calendar.JOB, occasion):
                await self._sweep(handover_calendar.settle, CASE_SLICE)
                await self._units.run(partial(_begin, handover_calendar.JOB, occasion))

    async def sum_up_looks(self, now: datetime) -> None:
        """Let keepers be told who looked at their dossiers, once for each week that is over."""
        monday = looks.monday_of(self._world.policies.at(now).day)
        job = (looks.KIND, monday.isoformat())
        if await self._done(*job):
            return
        after: str | None = ""
        while after is not None:
            after = await self._units.run(partial(self._sum_up, monday, after))
        await self._units.run(lambda unit: occurrences.begin(unit, *job))

    def _sum_up(self, monday: date, after: str, unit: Unit) -> str | None:
        return looks.sum_up(unit, self._world, monday, after, SLICE)

    async def send_lists(self, now: datetime) -> None:
        """Send what goes out on its day by itself, once each: what is lent and not returned, the
        closing of the receipt register, the figures of the month.

        Rule: S3-ENG.3.6, S1-09.2.5, S1-09.5.8.
        """
        for lists in LISTS:
            for one in lists.struck(self._world, now):
                if not await self._done(*one.job):
                    await self._units.run(partial(self._send_list, lists.send, one))

    def _send_list(
        self, send: Callable[[Unit, World, Any], list[Context]], one: object, unit: Unit
    ) -> None:
        for ctx in send(unit, self._world, one):
            dispatch.close(ctx, self._world)

    async def compare_people(self, now: datetime) -> None:
        """Tell operators whom a messenger shows otherwise than the staff list, once a night."""
        day = self._world.policies.at(now).day.isoformat()
        for name, channel in self._listing.items():
            job = f"{directory.JOB}.{name}"
            if self._asks_after.get(name, now) > now:
                continue
            if await self._done(job, day):
                continue
            try:
                seen = await channel.people()
            except ChannelError as error:
                log.warning("directory_not_read", channel=name, kind=error.outcome.value)
                self._asks_after[name] = now + ASK_AGAIN
                continue
            if seen is not None:
                await self._units.run(partial(self._propose, name, seen))
            await self._units.run(partial(occurrences.begin, job=job, occasion=day))

    def _propose(self, channel: str, seen: tuple[directory.Listed, ...], unit: Unit) -> None:
        for ctx in directory.propose(unit, self._world, channel, seen):
            dispatch.close(ctx, self._world)

    async def remind(self, now: datetime) -> None:
        """Record the rungs that are due by `now`.

        In quiet hours only what is said at night too: anything else that is late then is said
        once they end.
        """
        office = self._world.policies.at(now).company.time
        quiet = after_quiet(now, office.quiet_hours, office.zone) > now
        clocks = self._world.registry.clocks
        kinds = [kind for kind, clock in clocks.items() if clock.at_night] if quiet else None
        wind = partial(self._wind, now, office.office_day(now), kinds)
        # a rung that reaches nobody sets the next one, which may be due by now as well; what a
        # machine forgets that goes down is due again
        while await self._units.run(wind, durable=False):
            pass

    def _wind(self, now: datetime, day: date, kinds: list[str] | None, unit: Unit) -> int:
        if not ledger.alone(unit):
            return 0
        many = SHARED_SLICE if locks.shared(unit.session) else SLICE
        recorded = ledger.fill(unit, now, many, day=day, kinds=kinds)
        if recorded:
            return recorded
        wound = reminders.wind_stalled(unit, self._world, WIND_SLICE)
        for ctx in wound:
            dispatch.close(ctx, self._world)
        return len(wound)

    async def forget(self, now: datetime) -> None:
        """Carry out retention, once for each office day (CONTRACT 5.4)."""
        day = self._world.policies.at(now).day.isoformat()
        if await self._done("retention", day):
            return
        if not await self._units.run(lambda unit: occurrences.begin(unit, "retention", day)):
            return
        bodies = now - timedelta(days=self._retention.bodies_days)
        drafts = now - timedelta(days=self._retention.drafts_days)
        for purge in (
            lambda unit: inbox.purge(unit, bodies, KEEP_SLICE),
            lambda unit: outbox.purge(unit, bodies, KEEP_SLICE),
            lambda unit: conversations.purge_drafts(unit, drafts, KEEP_SLICE),
            lambda unit: channel_notes.purge(unit, bodies, KEEP_SLICE),
            lambda unit: links.purge(unit, now, KEEP_SLICE),
            lambda unit: origins.purge(unit, now - origins.KEPT, KEEP_SLICE),
        ):
            while await self._units.run(purge) >= KEEP_SLICE:
                pass

    async def keep_head(self, now: datetime) -> None:
        """Keep the head of the audit trail outside the database, once for each office day.

        A disk that refuses is asked again at the next scan. Rule: S3-LOG.2.3c.
        """
        day = self._world.policies.at(now).day
        job = (heads.JOB, day.isoformat())
        if await self._done(*job):
            return
        head = await self._units.read(audit.head)
        if not head.count:
            return
        try:
            await asyncio.to_thread(heads.keep, self._heads, self._vault, day, head)
        except FolderRefused as error:
            if not self._head_refused:
                log.error("audit_head_not_kept", why=str(error))
            self._head_refused = True
            return
        self._head_refused = False
        # shown in the log as well: where that is kept elsewhere, so is the head
        log.info("audit_head", day=day.isoformat(), count=head.count, seal=head.seal.hex())
        await self._units.run(lambda unit: occurrences.begin(unit, *job))


def _begin(job: str, occasion: str, unit: Unit) -> bool:
    return occurrences.begin(unit, job, occasion)
