"""Looks at the program's own state and tells the operators of trouble, each time once.

An operator hears it by a messenger that works, also in quiet hours. With none it is in the log
and in `/metrics`, and is told as soon as one works again.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime

import msgspec
import structlog
from msgspec.structs import replace

from bot.channels.base import Channel, Watched
from bot.clock import Clock
from bot.delivery import Relay
from bot.files import Fetcher
from bot.metrics import Metrics
from bot.units import Units
from handlers import alarms
from handlers.alarms import Line, Signs, Verdict
from handlers.conversation.messages import Mode
from handlers.world import World
from rules.roles import OPERATOR
from storage import accounts, attachments, backlog, episodes, inbox, outbox, staff
from storage.episodes import Episode
from storage.folder import Room
from storage.session import Session
from storage.staff import Person
from storage.unit import Unit

MIN_FREE = 64 * 2**20
"""Bytes below which the disk of the attachments counts as full: one file of the largest size."""

log = structlog.get_logger()


class Refusals:
    """Since when the store refuses, and when it did so for long."""

    def __init__(self) -> None:
        self.since: datetime | None = None
        self._past: list[tuple[datetime, datetime]] = []

    def refused(self, now: datetime) -> None:
        self.since = self.since or now

    def took(self, now: datetime) -> None:
        if self.since is not None and now - self.since >= alarms.REFUSING:
            self._past.append((self.since, now))
        self.since = None

    def past(self) -> tuple[tuple[datetime, datetime], ...]:
        return tuple(self._past)

    def written(self, spans: tuple[tuple[datetime, datetime], ...]) -> None:
        """Forget what is in the database now."""
        self._past = [one for one in self._past if one not in spans]


class _Told(msgspec.Struct, frozen=True):
    episode: Episode
    people: int
    """How many operators the message goes to; 0: nobody can be reached now."""


class Watchman:
    """Looks once at each scan."""

    def __init__(
        self,
        channels: Mapping[str, Channel],
        relays: Mapping[str, Relay],
        fetcher: Fetcher,
        room: Callable[[], Awaitable[Room | None]],
        units: Units,
        world: World,
        clock: Clock,
        refusals: Refusals,
        metrics: Metrics,
        *,
        policy_edited: bool,
    ) -> None:
        """Needs the program's parts as they are from this start on.

        `room` asks the disk of the attachments; None: it does not answer.
        """
        self._channels = channels
        self._relays = relays
        self._fetcher = fetcher
        self._room = room
        self._units = units
        self._world = world
        self._refusals = refusals
        self._metrics = metrics
        self._policy_edited = policy_edited
        self._up_since = clock.now()
        self._problems: dict[str, tuple[str, datetime]] = {}
        self._full_since: datetime | None = None

    async def look(self, now: datetime) -> None:
        """Find out what is wrong, write down what began or ended, and tell the operators."""
        before = self._own_signs(now, await self._room())
        signs, unfinished = await self._units.read(lambda session: _complete(session, before, now))
        ongoing = {one.code: one.started_at for one in unfinished if one.ended_at is None}
        verdict = alarms.judge(signs, ongoing, now)
        if verdict or any(one.told != _wanted(one) for one in unfinished):
            told = await self._units.run(lambda unit: self._write(unit, verdict, signs))
            self._refusals.written(verdict.past)
            _log(told, verdict)
        begun = (ongoing.keys() | verdict.begun.keys()) - verdict.ended
        codes = sorted(code.partition(":") for code in begun)
        self._metrics.alarms((kind, channel) for kind, _, channel in codes)

    def _own_signs(self, now: datetime, room: Room | None) -> Signs:
        """Return what the process knows without asking its database."""
        full = room is None or not room.writable or room.free < MIN_FREE
        self._full_since = (self._full_since or now) if full else None
        refusing = [self._fetcher.refused_since] if self._fetcher.refused_since else []
        if self._full_since and now - self._full_since >= alarms.CALM:
            refusing.append(self._full_since)
        return Signs(
            up_since=self._up_since,
            lines=tuple(self._line(name, now) for name in self._channels),
            folder_refuses_since=min(refusing, default=None),
            folder_kept_at=self._fetcher.kept_at,
            policy_edited=self._policy_edited,
            refusals=self._refusals.past(),
        )

    def _line(self, name: str, now: datetime) -> Line:
        relay, channel = self._relays[name], self._channels[name]
        problem = channel.problem if isinstance(channel, Watched) else None
        known, since = self._problems.get(name, ("", now))
        self._problems[name] = (problem or "", since if known == problem else now)
        return Line(
            channel=name,
            failing_since=relay.failing_since,
            answered_at=relay.answered_at,
            problem=problem,
            problem_since=self._problems[name][1] if problem else None,
        )

    # -- in a unit -----------------------------------------------------------------------------

    def _write(self, unit: Unit, verdict: Verdict, signs: Signs) -> list[_Told]:
        for code, since in verdict.begun.items():
            episodes.begin(unit, code, since)
        for since, until in verdict.past:
            episodes.begin(unit, alarms.STORE, since, until)
        for code in verdict.ended:
            episodes.end(unit, code, unit.now)
        return [
            _Told(one, self._tell(unit, one, signs))
            for one in episodes.unfinished(unit.session)
            if one.told != _wanted(one)
        ]

    def _tell(self, unit: Unit, one: Episode, signs: Signs) -> int:
        """Write what the operators are to hear; return how many will."""
        ways = alarms.ways(signs.lines, one.channel)
        people = [staff.get(unit.session, id) for id in staff.holders(unit.session, OPERATOR)]
        found = [(person, _address(unit, person, ways)) for person in people if person]
        reached = [(person, address) for person, address in found if address]
        stale = one.ended_at is not None and unit.now - one.ended_at >= alarms.STALE
        if not (reached or stale) or not episodes.tell(unit, one, _wanted(one)):
            return 0
        for person, (channel, account) in reached:
            card = alarms.card(one, signs, self._world.texts(person.locale))
            outbox.put(
                unit,
                key=f"{backlog.ALARM}{one.id}:{_wanted(one)}:{person.id}",
                channel=channel,
                account=account,
                staff_id=person.id,
                mode=Mode.SEND,
                slot="",
                body=card.encoded(person.locale),
                due_at=unit.now,
            )
        return len(reached)


def _complete(session: Session, signs: Signs, now: datetime) -> tuple[Signs, list[Episode]]:
    """Return the signs with what the database says, and the episodes it has."""
    refused = backlog.failures(session, now - alarms.FAILING)
    kept_aside, first = inbox.failures(session, now - alarms.FAILING)
    lines = []
    for line in signs.lines:
        waits = backlog.waiting(session, now, line.channel)
        lines.append(replace(line, waiting=waits.count, oldest=waits.oldest))
    complete = replace(
        signs,
        lines=tuple(lines),
        files_pending=attachments.count_pending(session),
        failed_out=refused.count,
        failed_in=kept_aside,
        failed_since=min(filter(None, (refused.first, first)), default=None),
    )
    return complete, episodes.unfinished(session)


def _wanted(one: Episode) -> str:
    """Return what the operators should know of an episode."""
    return "begun" if one.ended_at is None else "over"


def _address(unit: Unit, person: Person, ways: Mapping[str, int]) -> tuple[str, str] | None:
    """Return the account of a person that can be reached best: in doubt where they last wrote."""
    home = (person.home_channel, person.home_account)
    usable = [
        (one.channel, one.account)
        for one in accounts.of_person(unit.session, person.id)
        if one.channel in ways
    ]
    return min(usable, key=lambda one: (ways[one[0]], one != home), default=None)


def _log(told: list[_Told], verdict: Verdict) -> None:
    for one in told:
        episode = one.episode
        event = "alarm" if episode.ended_at is None else "alarm_over"
        facts = {"code": episode.code, "since": str(episode.started_at), "told": one.people}
        if one.people:
            log.warning(event, **facts)
        elif episode.code in verdict.begun or episode.code in verdict.ended:
            log.error(event, **facts)  # once, not at every look until somebody can be told
