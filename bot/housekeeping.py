"""What time brings: rungs that are due, what follows when people leave, the end of what was kept.

Each job asks what is due and not yet done, so it may be called at any moment and any number of
times. The trap is the one large transaction that would keep the writer from everybody: all of it
is done in slices.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime, timedelta

from bot import dispatch
from bot.settings import Retention
from bot.units import Units
from handlers import leavers, reach, reminders
from handlers.world import World
from rules.hours import after_quiet
from storage import conversations, inbox, ledger, links, occurrences, origins, outbox
from storage.unit import Unit

SLICE = 200
"""Due rungs recorded in one unit: a few milliseconds of the writer."""
KEEP_SLICE = 500


class Housekeeping:
    """The jobs of one process; another one may do the same at the same time."""

    def __init__(
        self, channels: Collection[str], units: Units, world: World, retention: Retention
    ) -> None:
        """`channels`: the messengers that are switched on."""
        self._channels = frozenset(channels)
        self._units = units
        self._world = world
        self._retention = retention

    async def follow_people(self) -> None:
        """Do what follows where somebody left or came back, or a messenger was switched."""

        def follow(unit: Unit) -> int:
            if not ledger.alone(unit):  # another process does
                return 0
            moved = reach.switch(unit, self._world, self._channels, SLICE)
            moved += leavers.settle(unit, self._world, SLICE)
            for ctx in moved:
                dispatch.close(ctx, self._world)
            return len(moved)

        while await self._units.run(follow):
            pass

    async def remind(self, now: datetime) -> None:
        """Record the rungs that are due by `now`.

        In quiet hours nothing new is recorded: what is late then is said once they end.
        """
        office = self._world.policy.time
        if after_quiet(now, office.quiet_hours, office.zone) <= now:
            day = office.office_day(now)
            # a rung that reaches nobody sets the next one, which may be due by now as well
            while await self._units.run(lambda unit: self._wind(unit, now, day)):
                pass

    def _wind(self, unit: Unit, now: datetime, day: date) -> int:
        if not ledger.alone(unit):
            return 0
        recorded = ledger.fill(unit, now, SLICE, day=day)
        if recorded:
            return recorded
        wound = reminders.wind_stalled(unit, self._world, SLICE)
        for ctx in wound:
            dispatch.close(ctx, self._world)
        return len(wound)

    async def forget(self, now: datetime) -> None:
        """Carry out retention, once for each office day (CONTRACT 5.4)."""
        day = self._world.policy.time.office_day(now).isoformat()
        if not await self._units.run(lambda unit: occurrences.begin(unit, "retention", day)):
            return
        bodies = now - timedelta(days=self._retention.bodies_days)
        drafts = now - timedelta(days=self._retention.drafts_days)
        for purge in (
            lambda unit: inbox.purge(unit, bodies, KEEP_SLICE),
            lambda unit: outbox.purge(unit, bodies, KEEP_SLICE),
            lambda unit: conversations.purge_drafts(unit, drafts, KEEP_SLICE),
            lambda unit: links.purge(unit, now, KEEP_SLICE),
            lambda unit: origins.purge(unit, now - origins.KEPT, KEEP_SLICE),
        ):
            while await self._units.run(purge) >= KEEP_SLICE:
                pass
