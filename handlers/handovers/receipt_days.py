"""The working days of the receipt register: which entries belong to one, and who hears of it.

What is signed after the register's closing time is entered under the next working day (C-65).
The archivist is reminded to close a day, and in the morning the one who answers hears of a day
that was not closed; where nothing came in there is nothing to close (S1-09.2.5).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta

import msgspec

from handlers import months
from handlers.context import Context
from handlers.conversation.messages import Button, Card
from handlers.texts import N_, Texts
from handlers.world import World
from rules.deadlines import deadline
from rules.handover_days import register_day
from rules.handover_policy import ReceiptPolicy
from rules.hours import MIDNIGHT, instant
from rules.policies import InForce
from rules.policy import Policy
from rules.reminders import StepKind
from rules.rungs import strike
from storage import handover_lists, occurrences, receipts, staff
from storage.unit import Unit

JOB = "receipts"
CUSTODIAN = "custodian"
MOST = 200
"""Papers that wait for a signature and are counted."""

TITLE = N_("Receipt register")
CLOSE = N_("Close the day")
REMINDER = N_(
    "{day}: {count} entries in {register}, {waiting} handed over and not signed for. The day is "
    "to be closed ({rule})."
)
NOT_DONE = N_(
    "{register}: {day} was not closed; {count} entries, {waiting} not signed for ({rule})."
)


class Span(msgspec.Struct, frozen=True):
    """One working day or month of the register."""

    first: datetime
    end: datetime


def policies(in_force: InForce) -> list[Policy]:
    """Return the policies by which papers are or were handed over, those with a daily register
    first."""
    return sorted(in_force.handing, key=lambda one: one.receipts is None)


def policy_named(in_force: InForce, pack: str) -> Policy | None:
    """Return the one of them that a pack names, else the first; None: there is none."""
    found = policies(in_force)
    return next((one for one in found if one.pack == pack), found[0] if found else None)


def register(policy: Policy, texts: Texts) -> str:
    """Return what the regulation calls its register."""
    named = [one.register for one in policy.handover if one.register]
    if policy.receipts is not None:
        return str(policy.receipts.name)
    return str(named[0]) if named else texts.t(TITLE)


def span_of_day(world: World | Context, policy: Policy, day: date) -> Span:
    """Return from when to when what is signed is entered under a working day. Rule: C-65."""
    time = policy.time
    cutoff = policy.receipts.duty.due.cutoff if policy.receipts else None
    before = world.calendar.previous_workday(day) if cutoff else day - timedelta(days=1)
    at = cutoff or MIDNIGHT
    return Span(instant(before, at, time.zone), instant(day, at, time.zone))


def span_of_month(ctx: Context, policy: Policy, first: date) -> Span:
    """Return from when to when what is signed is entered under a working day of a month."""
    last = months.last_day(first)
    if policy.receipts is None:
        return Span(policy.time.day_start(first), policy.time.day_start(months.following(first)))
    start = span_of_day(ctx, policy, ctx.calendar.on_or_after(first)).first
    return Span(start, span_of_day(ctx, policy, ctx.calendar.on_or_before(last)).end)


def day_of(ctx: Context, policy: Policy) -> date:
    """Return under which working day is entered what is signed now."""
    if policy.receipts is None:
        return ctx.today
    return register_day(policy.receipts, ctx.now, policy.time, ctx.calendar)


def day_to_close(ctx: Context, policy: Policy) -> date:
    """Return which working day is closed now: the last one while it is not, else the present.

    In the evening that is today, though what is signed now is entered under the next (C-65). Where
    nothing came in there is nothing to close. Rule: S1-09.2.5.
    """
    day = day_of(ctx, policy)
    before = ctx.calendar.previous_workday(day)
    closed = receipts.closed(ctx.session, policy.pack, before, before).get(before)
    if closed is None and before == ctx.today and waiting(ctx, policy):
        return before
    return before if _entries(ctx, policy, before) > (closed.entries if closed else 0) else day


def left_to_close(ctx: Context, policy: Policy) -> int:
    """Return how many entries of the day that is closed now nobody has closed."""
    day = day_to_close(ctx, policy)
    closed = receipts.closed(ctx.session, policy.pack, day, day).get(day)
    return _entries(ctx, policy, day) - (closed.entries if closed else 0)


def _entries(ctx: Context, policy: Policy, day: date) -> int:
    span = span_of_day(ctx, policy, day)
    return receipts.count(ctx.session, policy.pack, span.first, span.end)


def waiting(ctx: Context, policy: Policy) -> int:
    """Return how many legs were handed over to the archive and are not signed for."""
    roles = {one.leg[-1].receiver for one in policy.handover}
    found = handover_lists.to_sign(ctx.unit, roles, MOST)
    return sum(one.pack == policy.pack and one.into_archive for one in found)


# -- every working day -------------------------------------------------------------------------


class Struck(msgspec.Struct, frozen=True):
    """A rung of one policy's closing that has struck."""

    policy: Policy
    receipts: ReceiptPolicy
    day: date
    escalates_to: str
    """Role that hears that it was not closed; "": the archivist is reminded."""
    at: datetime

    @property
    def job(self) -> tuple[str, str]:
        """Once for each policy, day and audience."""
        return f"{JOB} {self.policy.pack}", f"{self.day} {self.escalates_to or CUSTODIAN}"


def _rungs(world: World, now: datetime) -> Iterator[Struck]:
    today = world.policies.at(now).day
    day = world.calendar.on_or_before(today)
    for policy in world.policies.at(now).every:
        if policy.receipts is None:
            continue
        for one in (world.calendar.previous_workday(day), day):
            duty = policy.receipts.duty
            due = deadline(one, duty.due, policy.time.rules, world.calendar)
            anchor = policy.time.anchor(one, due, world.calendar)
            for step in duty.ladder(CUSTODIAN):
                told = step.audience if step.kind is StepKind.ESCALATE else ""
                yield Struck(policy, policy.receipts, one, told, strike(step.rung, anchor))


def struck(world: World, now: datetime) -> tuple[Struck, ...]:
    """Return the rungs of the last working days that have struck by now."""
    return tuple(one for one in _rungs(world, now) if one.at <= now)


def next_due(world: World, now: datetime) -> datetime | None:
    """Return when the next rung strikes."""
    return min((one.at for one in _rungs(world, now) if one.at > now), default=None)


def send(unit: Unit, world: World, one: Struck) -> list[Context]:
    """Tell who closes, or who hears of it, that a day is not closed; a context for each.

    A day on which nothing came in has nothing to be closed. Rule: S1-09.2.5.
    """
    job, occasion = one.job
    new = occurrences.latest(unit.session, job) is None
    if not occurrences.begin(unit, job, occasion):
        return []
    span = span_of_day(world, one.policy, one.day)
    count = receipts.count(unit.session, one.policy.pack, span.first, span.end)
    closed = receipts.closed(unit.session, one.policy.pack, one.day, one.day).get(one.day)
    role = one.escalates_to or CUSTODIAN
    people = (staff.get(unit.session, each) for each in staff.holders(unit.session, role))
    found: list[Context] = []
    for person in people:
        if person is None or not person.active or not person.home_channel:
            continue
        ctx = world.context(unit, person, "", "", unit.now)
        unsigned = waiting(ctx, one.policy)
        done = closed is not None and closed.entries >= count
        if done or not (count or unsigned) or (new and one.escalates_to):
            return found
        _tell(ctx, one, count, unsigned)
        found.append(ctx)
    return found


def _tell(ctx: Context, one: Struck, count: int, unsigned: int) -> None:
    def card(texts: Texts) -> Card:
        said = texts.t(
            NOT_DONE if one.escalates_to else REMINDER,
            register=register(one.policy, texts),
            day=texts.day(one.day),
            count=count,
            waiting=unsigned,
            rule=one.receipts.rule,
        )
        key = f"f.receipts.close.{one.policy.pack}.{one.day:%Y%m%d}"
        buttons = [] if one.escalates_to else [Button(texts.t(CLOSE), key)]
        buttons.append(Button(register(one.policy, texts), f"f.receipts.month.{one.policy.pack}."))
        return Card(said, title=register(one.policy, texts), choices=tuple(buttons))

    ctx.tell(ctx.person.id, card, f"{' '.join(one.job)}:{ctx.person.id}")
