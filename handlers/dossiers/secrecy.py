"""The secrecy grade of a dossier: changed by a person, ended by itself, announced before.

Whatever changes a grade goes through `change`, so that everything that hangs on it follows: open
requests, loans, the clock. The trap is the period that ends while nobody looks: the next day's
first look at the clock ends it, without anybody's approval (S2-SECR.7).
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import partial

from handlers import ladders, seeing
from handlers.context import Context
from handlers.conversation.messages import Button, Card
from handlers.feature import Clockwork
from handlers.ladders import Case
from handlers.texts import N_, Texts
from handlers.world import World
from rules import grading
from rules.access import Sight
from rules.policy import Policy
from rules.secrecy import Grade
from storage import dossiers, grades, ledger, staff
from storage.dossiers import Dossier
from storage.session import Session
from storage.unit import Unit

KEEPERS, ARCHIVE = "secrecy", "secrecy_archive"
"""The two clocks of a period: the keeper's, and the custodian's where that is somebody else."""
AUDIENCES = {KEEPERS: grading.KEEPER, ARCHIVE: grading.CUSTODIAN}

AHEAD = timedelta(days=14)
"""How long before its first reminder a clock is set: days off may move that one."""

TITLE = N_("Secrecy grade")
CHANGED = N_("{customer}: secrecy grade {before} → {after}, set by {name}.")
CHANGED_UNTIL = N_("{customer}: secrecy grade {before} → {after} until {day}, set by {name}.")
LAPSED = N_(
    "{customer}: secrecy ended on {day}; the grade {before} has lapsed by itself ({rule})."
)
ENDS = N_(
    "{customer}: the secrecy grade {grade} ends on {day} and then lapses by itself ({rule}). "
    "Whoever may set grades can give a new end before."
)


def named(grade: Grade, texts: Texts) -> str:
    """Return what a grade is called."""
    return grade.zh if texts.locale == "zh_CN" else grade.en


def policy_of(ctx: Context, dossier: Dossier) -> Policy:
    return seeing.policy_of(ctx, seeing.Subject.of(dossier))


# -- changes -----------------------------------------------------------------------------------


def change(ctx: Context, dossier: Dossier, grade: Grade, until: date | None) -> None:
    """Give a dossier another grade or end of secrecy, for `ctx.person`, and let all follow.

    Rule: S2-SECR.7, C-56.
    """
    rule = policy_of(ctx, dossier).secrecy.graders_rule
    after = _written(ctx, dossier, grade, until)
    ctx.record(
        "dossier.graded",
        f"dossier:{dossier.id}",
        rule,
        before=dossier.grade,
        after=grade.value,
        until=until.isoformat() if until else "",
    )
    if dossier.keeper != ctx.person.id:
        _tell_keeper(ctx, dossier, after)
    _follow(ctx, dossier, after)


def _written(ctx: Context, dossier: Dossier, grade: Grade, until: date | None) -> Dossier:
    grades.give(ctx.unit, dossier.id, grade.value, until)
    after = dossiers.get(ctx.unit, dossier.id)
    assert after is not None  # noqa: S101 - it was written just now
    watch(ctx, after)
    seeing.customer(ctx, after)  # so that what names it already in this unit is guarded as well
    return after


def _follow(ctx: Context, before: Dossier, after: Dossier) -> None:
    if before.grade != after.grade:
        for follow in ctx.registry.regraded:
            follow(ctx, after, Grade(before.grade))


def _tell_keeper(ctx: Context, before: Dossier, after: Dossier) -> None:
    keeper = staff.get(ctx.session, after.keeper)
    name = ctx.person.name

    def card(texts: Texts) -> Card:
        facts = {
            "customer": seeing.customer(ctx, after, keeper),
            "before": named(Grade(before.grade), texts),
            "after": named(Grade(after.grade), texts),
            "name": name,
        }
        if after.grade_until is None:
            said = texts.t(CHANGED, **facts)
        else:
            day = texts.day(after.grade_until, ctx.today)
            said = texts.t(CHANGED_UNTIL, day=day, **facts)
        return _notice(after, said, texts)

    ctx.tell(after.keeper, card, f"dossier:{after.id}:graded:{ctx.new_id()}")


def _notice(dossier: Dossier, said: str, texts: Texts) -> Card:
    look = Button(texts.t(N_("Customer")), f"f.find.card.{dossier.id}")
    return Card(said, title=texts.t(TITLE), choices=(look,), protect=True)


# -- the end of it -----------------------------------------------------------------------------


def lapse(unit: Unit, world: World, limit: int) -> list[Context]:
    """End the grades whose last day is over; a context for each. Rule: S2-SECR.7."""
    day = world.policies.at(unit.now).day
    done = []
    for dossier_id in grades.ended(unit.session, day, limit):
        dossier = dossiers.get(unit, dossier_id, lock=True)
        assert dossier is not None  # noqa: S101 - found just now
        keeper = staff.get(unit.session, dossier.keeper)
        assert keeper is not None  # noqa: S101 - nobody is ever deleted
        ctx = world.context(unit, keeper, "", "", unit.now)
        done.append(ctx)
        if grading.ended(dossier.grade_until, day):
            _lapse(ctx, dossier)
    return done


def _lapse(ctx: Context, dossier: Dossier) -> None:
    rule = policy_of(ctx, dossier).secrecy.until_rule
    after = _written(ctx, dossier, Grade.NONE, None)
    ctx.record("dossier.declassified", f"dossier:{dossier.id}", rule, before=dossier.grade)

    def card(texts: Texts) -> Card:
        said = texts.t(
            LAPSED,
            customer=seeing.customer(ctx, after, ctx.person),
            day=texts.day(dossier.grade_until or ctx.today, ctx.today),
            before=named(Grade(dossier.grade), texts),
            rule=rule,
        )
        return _notice(after, said, texts)

    ctx.tell(after.keeper, card, f"dossier:{after.id}:declassified:{dossier.grade_until}")
    _follow(ctx, dossier, after)


def next_due(session: Session, world: World) -> datetime | None:
    """Return when the next grade lapses."""
    until = grades.next_end(session)
    if until is None:
        return None
    return world.policies.on(until).company.time.day_start(until + timedelta(days=1))


# -- the clock ---------------------------------------------------------------------------------


def begin(unit: Unit, world: World, limit: int) -> list[Context]:
    """Set the clocks of dossiers whose secrecy ends before long; a context for each."""
    in_force = world.policies.at(unit.now)
    leads = (grading.lead(one, in_force.day, world.calendar) for one in in_force.every)
    done = []
    for dossier_id in grades.unwatched(unit.session, in_force.day + max(leads) + AHEAD, limit):
        dossier = dossiers.get(unit, dossier_id)
        assert dossier is not None  # noqa: S101 - found just now
        keeper = staff.get(unit.session, dossier.keeper)
        assert keeper is not None  # noqa: S101 - nobody is ever deleted
        ctx = world.context(unit, keeper, "", "", unit.now)
        watch(ctx, dossier)
        done.append(ctx)
    return done


def watch(ctx: Context, dossier: Dossier) -> None:
    """Set the clock of a dossier's secrecy to its next reminder, or stop it."""
    grades.watched(ctx.unit, dossier.id)
    for kind in AUDIENCES:
        _wind(kind, ctx, dossier.id)


def _case(ctx: Context, dossier: Dossier, kind: str) -> Case | None:
    if dossier.grade_until is None or Grade(dossier.grade) is Grade.NONE:
        return None
    policy = policy_of(ctx, dossier)
    keeper = staff.get(ctx.session, dossier.keeper)
    if kind == ARCHIVE and keeper is not None and grading.CUSTODIAN in keeper.roles:
        return None
    anchor = grading.anchor(dossier.grade_until, policy, ctx.calendar)
    ladder = grading.ladder(policy, AUDIENCES[kind])
    return Case(kind, dossier.id, dossier.keeper, ladder, anchor, dossier.created_at)


def _held(ctx: Context, dossier_id: int) -> Dossier | None:
    """Return the dossier if it is still the one; None: it is gone, perhaps into another one."""
    dossier = dossiers.get(ctx.unit, dossier_id)
    if dossier is None or dossier.id != dossier_id or dossier.state == seeing.DESTROYED:
        return None
    return dossier


def _wind(kind: str, ctx: Context, dossier_id: int) -> None:
    dossier = _held(ctx, dossier_id)
    case = _case(ctx, dossier, kind) if dossier else None
    if case is None:
        ledger.unwatch(ctx.unit, kind, dossier_id)
    else:
        ladders.pass_over(ctx, case)
        ladders.watch(ctx, case)


def _hears(kind: str, ctx: Context, dossier_id: int, rung: str) -> str | None:
    dossier = _held(ctx, dossier_id)
    case = _case(ctx, dossier, kind) if dossier else None
    return ladders.hears(ctx, case, rung) if case else None


def _notice_of(kind: str, ctx: Context, dossier_id: int, rung: str, key: str) -> Card | None:
    """Say that secrecy ends soon; None: not any more. Rule: S2-SECR.7."""
    dossier = _held(ctx, dossier_id)
    case = _case(ctx, dossier, kind) if dossier else None
    said = ladders.to_say(ctx, case, rung, key) if case else None
    _wind(kind, ctx, dossier_id)
    if dossier is None or dossier.grade_until is None or said is None:
        return None
    if seeing.view(ctx, dossier).sight is Sight.NONE:
        return None
    words = ctx.t(
        ENDS,
        customer=" ".join(filter(None, (dossier.number, seeing.customer(ctx, dossier)))),
        grade=named(Grade(dossier.grade), ctx.texts),
        day=ctx.texts.day(dossier.grade_until, ctx.today),
        rule=said.latest.step.rule,
    )
    return ladders.with_held_up(ctx, _notice(dossier, words, ctx.texts), said)


CLOCKS = {
    kind: Clockwork(partial(_notice_of, kind), partial(_wind, kind), partial(_hears, kind))
    for kind in AUDIENCES
}
