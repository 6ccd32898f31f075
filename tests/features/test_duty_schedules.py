"""Random schedules of a visit against a small oracle: every rung said once, collapsed or moot.

Plain functions on real storage; each schedule runs in a unit that is rolled back.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from bot.demo import OPENS, settings_for
from bot.offline import Store
from bot.policies import policies_of
from handlers import FEATURES, reminders
from handlers.context import Context
from handlers.conversation.forms import Answers
from handlers.notes import plan, visit_note
from handlers.people import leave
from handlers.world import Registry, World
from rules.calendar import china
from storage import accounts, away, dossiers, ledger, outbox, staff, visits
from storage.crypto import Vault
from storage.database import Database
from storage.unit import Unit
from tests.fakes.clock import SettableClock
from tests.features.diary import MANAGER, MOTINGS, SALES, SHANGHAI

CHINA = china()
FIRST = date(2026, 9, 22)
EVENTS = st.lists(
    st.tuples(
        st.sampled_from(("note", "move", "cancel", "away", "end")),
        st.integers(8, 24 * 6),  # hours after the first midnight, a quarter past
        st.integers(0, 4),  # days of the move or the leave
    ),
    max_size=5,
)
OUTAGES = st.lists(st.tuples(st.integers(0, 24 * 6), st.integers(1, 40)), max_size=2)


def moment(hours: float) -> datetime:
    start = datetime(FIRST.year, FIRST.month, FIRST.day, tzinfo=SHANGHAI)
    return (start + timedelta(hours=hours)).astimezone(UTC)


def strike(day: date, hour: float) -> datetime:
    return moment((day - FIRST).days * 24 + hour)


@dataclass
class Oracle:
    day: date
    open: bool = True
    told: bool = False
    away: list[tuple[date, date, datetime]] = field(default_factory=list)
    said: set[datetime] = field(default_factory=set)

    def due(self) -> date:
        day, before = self.day, None
        while day != before:
            before = day
            for first, last, at in self.away:
                if first <= day <= last and at < strike(day, 24):
                    day = CHINA.next_workday(last)
        return day

    def skip(self, before: date | None, at: datetime) -> None:
        if self.due() != before:
            self.said |= {one for one in self.rungs() if one <= at}

    def rungs(self) -> list[datetime]:
        return [strike(self.due(), hour) for hour in (9, 18, 20.5)]

    def scan(self, now: datetime) -> tuple[int, int]:
        """Return how many messages the author and the manager get at that moment."""
        if not self.open:
            return 0, 0
        late = {one for one in self.rungs() if one <= now} - self.said
        self.said |= late
        tell = not self.told and strike(CHINA.next_workday(self.due()), 9) <= now
        self.told |= tell
        return int(bool(late)), int(tell)


@dataclass
class Bench:
    unit: Unit
    world: World
    visit: int
    oracle: Oracle

    def at(self, now: datetime) -> Unit:
        return replace(self.unit, now=now)

    def act(self, kind: str, days: int, at: datetime, now: datetime) -> None:
        person = staff.get(self.unit.session, SALES)
        assert person is not None
        ctx = self.world.context(self.at(now), person, "phones", SALES, at)
        oracle, visit = self.oracle, visits.get(self.unit, self.visit)
        assert visit is not None
        before, today = oracle.due(), ctx.today
        in_time = oracle.open and not oracle.told and at < strike(before, 24)
        there = today + timedelta(days=days)
        if kind == "note" and visit.day <= today:
            customer = {"key": str(visit.dossier_id), "label": MOTINGS}
            values = {"customer": customer, "day": visit.day.isoformat(), "manner": "visit"}
            visit_note.submit(ctx, Answers({**values, "body": "x"}))
            oracle.open = False
        elif kind == "move" and there != visit.day:
            answers = Answers({"_visit": str(self.visit), "day": there.isoformat()})
            plan.submit_move(ctx, answers)
            if in_time:
                oracle.day = there
                oracle.said |= {one for one in oracle.rungs() if one <= at}
        elif kind == "cancel":
            plan.cancel(ctx, (str(self.visit),))
            oracle.open = oracle.open and not in_time
        elif kind == "away":
            values = {"kind": "sick", "first": today.isoformat(), "last": there.isoformat()}
            leave.submit(ctx, Answers(values))
            oracle.away.append((today, there, at))
            oracle.skip(before, at)
        elif kind == "end":
            self.end(ctx)

    def end(self, ctx: Context) -> None:
        before = self.oracle.due()
        for one in away.upcoming(ctx.session, SALES, ctx.today):
            leave.end(ctx, (str(one.id),))
        yesterday = ctx.today - timedelta(days=1)
        self.oracle.away = [
            (first, min(last, yesterday), told)
            for first, last, told in self.oracle.away
            if first < ctx.today
        ]
        self.oracle.skip(before, ctx.at)

    def scan(self, now: datetime) -> tuple[int, int]:
        unit, sent = self.at(now), []
        busy = True
        while busy:
            busy = bool(ledger.fill(unit, now, day=now.astimezone(SHANGHAI).date()))
            busy = bool(reminders.wind_stalled(unit, self.world, 50)) or busy
            for row in outbox.claim(unit, "phones", now, 50)[0]:
                rendered = reminders.render(unit, row.key, row.staff_id or "", self.world)
                if rendered is None:
                    outbox.drop(unit, row.id, "moot")
                else:
                    outbox.mark_sent(unit, row, str(row.id))
                    sent.append((row.staff_id, rendered.card.text))
        mine = [one for one, text in sent if MOTINGS in text]
        return mine.count(SALES), mine.count(MANAGER)


def run(
    unit: Unit,
    world: World,
    events: list[tuple[str, int, int]],
    outages: list[tuple[int, int]],
) -> None:
    for person in (SALES, MANAGER):
        accounts.bind(unit, "phones", person, person)
        staff.set_home(unit, person, "phones", person)
    for row in visits.open_of(unit, SALES):
        visits.cancel(unit, row.id, version=row.version, at=unit.now)
        ledger.unwatch(unit, "visit", row.id)
    dossier = dossiers.named(unit.session, MOTINGS)[0]
    person = staff.get(unit.session, SALES)
    assert person is not None
    ctx = world.context(replace(unit, now=moment(-1)), person, "phones", SALES, moment(-1))
    plan.submit(
        ctx,
        Answers({"customer": {"key": str(dossier), "label": MOTINGS}, "day": FIRST.isoformat()}),
    )
    visit = visits.planned_on(unit, SALES, FIRST)[0].id
    bench = Bench(unit, world, visit, Oracle(FIRST))
    queue = sorted((moment(hours + 0.25), kind, days) for kind, hours, days in events)
    down = [(moment(start), moment(start + hours)) for start, hours in outages]
    ticks = {moment(24 * day + hour) for day in range(16) for hour in (8, 9, 18, 20.5)}
    for now in sorted(ticks | {at for at, _, _ in queue}):
        if any(start <= now < back for start, back in down):
            continue
        while queue and queue[0][0] <= now:
            at, kind, days = queue.pop(0)
            bench.act(kind, days, at, now)
        if 8 <= now.astimezone(SHANGHAI).hour < 21:
            assert bench.scan(now) == bench.oracle.scan(now), now
    assert {one.outcome for one in ledger.of_case(unit.session, "visit", visit)} <= {
        "sent", "collapsed", "moot",
    }  # fmt: skip
    assert ledger.next_rung(unit.session, "visit", visit) is None


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(events=EVENTS, outages=OUTAGES)
def test_given_any_schedule_then_each_rung_is_said_once_or_not_at_all(
    company: Path, events: list[tuple[str, int, int]], outages: list[tuple[int, int]]
) -> None:
    options = settings_for(company, 0, "customer-service")
    world = World(policies_of(options.company), CHINA, Registry(FEATURES))
    vault = Vault.load(options.storage.key_file)
    database = Database.open(options.storage.url, upgrade=True)
    try:
        Store(database, vault, SettableClock(OPENS)).run(
            lambda unit: run(unit, world, events, outages), keep=False
        )
    finally:
        database.close()
