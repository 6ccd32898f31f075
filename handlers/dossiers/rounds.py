"""Completing dossiers, period by period: whose turn it is, the reminders, what was missed.

A person has one round for each such duty and period, not a reminder for each dossier. Reminders
hang on the regular end of the period; leave that covers its last day puts off only the end, and
with it the breach (S1-07.2.3b, S1-05.2).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import msgspec

from handlers import ladders
from handlers.context import Context
from handlers.conversation.messages import Button
from handlers.ladders import Case
from handlers.texts import N_
from handlers.world import World
from rules import periods
from rules.absences import put_off
from rules.deadlines import Deadline, is_late
from rules.periods import Kept, Period
from rules.policy import Policy
from rules.reminders import StepKind
from rules.upkeep import Completion
from storage import breaches, ledger, occurrences, rounds, staff
from storage.breaches import Breach
from storage.dossiers import Dossier
from storage.rounds import Round, Wanted
from storage.unit import Unit

KIND, MISSED = "round", "missed"

JOB = "rounds"

NEXT = N_("Next to complete")


class Terms(msgspec.Struct, frozen=True):
    """What a round is by its policy."""

    policy: Policy
    duty: Completion
    period: Period
    wanted: Wanted
    regular: Deadline
    """Until when the dossiers are completed on time if the person is there."""

    @property
    def rule(self) -> str:
        return self.duty.duty.due.rule


def terms_of(ctx: Context, held: Round) -> Terms | None:
    """Return what a round is by the policy of its first day; None: by none any more.

    A policy that changes afterwards leaves a round as it was.
    """
    of_pack = (one for one in ctx.policies.governed if one.pack == held.pack)
    policy = next((one.on(held.first_on) for one in of_pack), None)
    duties = policy.completion if policy else ()
    duty = next((one for one in duties if one.id == held.duty), None)
    if policy is None or duty is None:
        return None
    return _terms(ctx, policy, duty, periods.period_of(held.first_on, duty))


def _terms(ctx: Context | World, policy: Policy, duty: Completion, period: Period) -> Terms:
    wanted = Wanted.by(policy.pack, duty, period.first)
    regular = periods.due_of(period, duty, policy.time, ctx.calendar)
    return Terms(policy, duty, period, wanted, regular)


# -- beginning and end -------------------------------------------------------------------------


def current(world: World, day: date) -> Iterator[Terms]:
    """Yield what is to be completed in the periods of that office day and is spoken of by now."""
    for part in world.policies.governed:
        for duty in periods.periodic(part.on(day)):
            period = periods.period_of(day, duty)
            policy = part.on(period.first)
            begun = next((one for one in policy.completion if one.id == duty.id), None)
            # one that the policy has only since then begins with the next period
            if begun and periods.first_call(period, begun, policy.time, world.calendar) <= day:
                yield _terms(world, policy, begun, period)


def begin(
    unit: Unit, world: World, terms: Terms, after: str, limit: int
) -> tuple[str | None, list[Context]]:
    """Begin the rounds of those of the next `limit` people behind `after` who have to complete.

    Returns where to go on (None: everybody was asked after), and a context for each.
    """
    found = rounds.keepers(unit.session, terms.wanted, after, limit)
    begun = []
    for staff_id, waits in found:
        ctx = _begin(unit, world, terms, staff_id) if waits else None
        begun += [ctx] if ctx else []
    return (found[-1][0] if len(found) == limit else None), begun


def _begin(unit: Unit, world: World, terms: Terms, staff_id: str) -> Context | None:
    person, until = staff.get(unit.session, staff_id), terms.regular
    if person is None or is_late(unit.now, until):
        return None
    called = periods.first_call(terms.period, terms.duty, terms.policy.time, world.calendar)
    before = occurrences.latest(unit.session, JOB)
    # who keeps such a dossier only now is not told as if the service had been down
    newly = before is None or before >= called.isoformat()
    held = rounds.begin(
        unit,
        staff_id,
        terms.wanted,
        terms.duty.id,
        due_on=until.last_day,
        due_at=until.instant + until.tolerance,
        begun_at=unit.now if newly else terms.policy.time.day_start(called),
    )
    if held is None:
        return None
    ctx = world.context(unit, person, "", "", unit.now)
    ladders.watch(ctx, case_of(ctx, held, terms))
    return ctx


def close(unit: Unit, world: World, limit: int) -> list[Context]:
    """End rounds whose time is over, with a breach for each dossier that waits still (C-70).

    Returns a context for each that was looked at; one of many dossiers takes several turns.
    """
    done = []
    for held in rounds.due(unit.session, unit.now, limit):
        keeper = staff.get(unit.session, held.staff_id)
        assert keeper is not None  # noqa: S101 - nobody is ever deleted
        ctx = world.context(unit, keeper, "", "", unit.now)
        done.append(ctx)
        if not _close(ctx, held):
            break
    return done


SLICE = 200
"""Breaches recorded in one unit: a few milliseconds of the writer."""


def _close(ctx: Context, held: Round) -> bool:
    """End a round, or put it off; False: more of its dossiers are to be gone through."""
    terms = terms_of(ctx, held)
    if terms is None or not ctx.person.active:
        _end(ctx, held)
        return True
    absences = ladders.absences(ctx, held.staff_id, terms.period.first)
    time = terms.policy.time.rules
    until = put_off(terms.regular, terms.duty.duty.due, absences, time, ctx.calendar)
    if not is_late(ctx.now, until):
        rounds.put_off(ctx.unit, held.id, until.last_day, until.instant + until.tolerance)
        return True
    if breaches.miss(ctx.unit, held, terms.wanted, terms.rule, SLICE) == SLICE:
        return False
    _end(ctx, held)
    missed = breaches.count(ctx.session, held)
    if missed:
        subject = f"round:{held.id}"
        ctx.record("dossier.completion_missed", subject, terms.rule, count=missed)
        ladders.watch(ctx, missed_case(ctx, held, terms))
    return True


def _end(ctx: Context, held: Round) -> None:
    rounds.close(ctx.unit, held.id)
    ledger.unwatch(ctx.unit, KIND, held.id)


def done(ctx: Context, dossier: Dossier, *, entered: bool) -> None:
    """Note that a dossier was gone through, with a value `entered` or confirmed as it is.

    It counts from when it is handed in: the time in which others decide on it is not the keeper's
    delay. What is handed in after the end of a round that nobody has closed yet is late for it.

    Rule: S1-07.2.3b, S1-05.2.
    """
    found = rounds.kept(ctx.session, dossier.id)
    if found is None:
        return
    pack, kept = found
    for held in rounds.open_of(ctx.session, dossier.keeper):
        if held.pack == pack and held.due_at is not None and held.due_at <= ctx.at:
            _late(ctx, held, dossier, kept)
    for one in breaches.of_dossier(ctx.session, dossier.id):
        if one.duty != "opening" and ctx.at < one.at and entered:
            breaches.lift(ctx.unit, dossier.id, one.duty, one.due_on)
    rounds.done(ctx.unit, dossier.id, ctx.today, entered=entered)


def _late(ctx: Context, held: Round, dossier: Dossier, kept: Kept) -> None:
    terms = terms_of(ctx, held)
    if terms and held.due_at and periods.is_open(terms.duty, terms.period, kept):
        breaches.add(
            ctx.unit,
            Breach(
                dossier.id,
                held.duty,
                held.due_on,
                held.pack,
                held.staff_id,
                terms.rule,
                held.due_at,
            ),
        )


# -- clocks and lists ------------------------------------------------------------------------


def case_of(ctx: Context, held: Round, terms: Terms) -> Case:
    """Return the ladder of reminders, which hangs on the regular end of the period."""
    ladder = terms.duty.duty.ladder(ladders.OWNER)
    reminders = tuple(one for one in ladder if one.kind is StepKind.REMIND)
    anchor = terms.policy.time.anchor(terms.period.first, terms.regular, ctx.calendar)
    return Case(KIND, held.id, held.staff_id, reminders, anchor, held.begun_at)


def missed_case(ctx: Context, held: Round, terms: Terms) -> Case:
    """Return the ladder that tells others once a round is over; it hangs on when that was."""
    ladder = terms.duty.duty.ladder(ladders.OWNER)
    above = tuple(one for one in ladder if one.kind is StepKind.ESCALATE)
    until = until_of(ctx, held, terms)
    anchor = terms.policy.time.anchor(terms.period.first, until, ctx.calendar)
    return Case(MISSED, held.id, held.staff_id, above, anchor, held.begun_at)


def until_of(ctx: Context, held: Round, terms: Terms) -> Deadline:
    """Return the end of a round, put off or not."""
    return periods.that_day(held.due_on, terms.duty, terms.policy.time, ctx.calendar)


def open_rounds(ctx: Context) -> Iterator[tuple[Round, Terms]]:
    """Yield the rounds of this person that are not over, the first due first."""
    for held in rounds.open_of(ctx.session, ctx.person.id):
        terms = terms_of(ctx, held)
        if terms is not None:
            yield held, terms


def next_button(ctx: Context, but: int) -> tuple[Button, ...]:
    """Return the way to the next dossier that the person has to complete; (): there is none."""
    for held, terms in open_rounds(ctx):
        if rounds.to_complete(ctx.session, terms.wanted, held.staff_id, 1, but=but):
            return (Button(ctx.t(NEXT), f"f.today.next.{held.id}.{but}"),)
    return ()
