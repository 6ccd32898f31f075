"""The clock of a planned visit: until when its note is due, and what its rungs say.

What all clocks share is in `handlers.ladders`.
"""

from __future__ import annotations

from datetime import UTC, datetime

from msgspec.structs import replace

from handlers import ladders, seeing
from handlers.context import Context
from handlers.conversation.messages import Button, Card
from handlers.ladders import Case
from handlers.texts import N_
from rules import visits as duty
from rules.deadlines import Deadline, is_late
from rules.policy import Policy
from rules.reminders import Due, StepKind
from storage import ledger, staff, visits
from storage.visits import Visit

KIND = "visit"

EVER = datetime.min.replace(tzinfo=UTC)


def policy_of(ctx: Context, visit: Visit) -> Policy:
    """Return the policy of a visit: that of its day, for the visitor's department.

    A policy that changes afterwards leaves the date of its note as it was (S1-09.7.1).
    """
    return ctx.policies.on(visit.day).governing(visit.staff_department, visit.dossier_type)


def facts(ctx: Context, visit: Visit) -> duty.Visit:
    return duty.Visit(
        day=visit.day,
        entered_at=visit.entered_at,
        away=ladders.absences(ctx, visit.staff_id, visit.day),
    )


def case_of(ctx: Context, visit: Visit) -> Case:
    case, policy = facts(ctx, visit), policy_of(ctx, visit)
    anchor = duty.anchor(case, policy, ctx.calendar)
    return Case(
        KIND, visit.id, visit.staff_id, duty.ladder(policy), anchor, begun_at=visit.entered_at
    )


def watch(ctx: Context, visit_id: int) -> Deadline:
    """Set the clock of a planned visit to its next rung, or stop it when none is left.

    Returns until when its note is on time. A ladder that ended without a note is a breach, also
    when nobody could be told.
    """
    visit = visits.get(ctx.unit, visit_id)
    assert visit is not None  # noqa: S101 - visits are never deleted
    until, case = deadline(ctx, visit), case_of(ctx, visit)
    ladders.pass_over(ctx, case)
    if not ladders.watch(ctx, case) and is_late(ctx.now, until):
        miss(ctx, visit)
    return until


def miss(ctx: Context, visit: Visit) -> None:
    """Record that the deadline passed without a note. Rule: S1-07.2.3a."""
    if visit.state == "planned":
        visits.miss(ctx.unit, visit.id, version=visit.version)
        rule = policy_of(ctx, visit).visit.note.due.rule
        ctx.record("visit.missed", f"visit:{visit.id}", rule, whose=visit.staff_id)


def deadline(ctx: Context, visit: Visit) -> Deadline:
    """Return until when the note of a visit is on time. Rule: S1-07.2.3a."""
    return duty.note_deadline(facts(ctx, visit), policy_of(ctx, visit), ctx.calendar)


def stop(ctx: Context, visit_id: int) -> None:
    ledger.unwatch(ctx.unit, KIND, visit_id)


def hears(ctx: Context, visit_id: int, rung: str) -> str | None:
    """Return who is to hear a rung of a visit as things are now."""
    visit = visits.get(ctx.unit, visit_id)
    if visit is None or visit.state not in ("planned", "missed"):
        return None
    return ladders.hears(ctx, case_of(ctx, visit), rung)


REMINDER = N_("Visit note due today (reminder {number})")
REMIND_TEXT = N_("{customer}: the note about {day} is due by {until} ({rule}).")
OVERDUE = N_("Visit note overdue")
OVERDUE_TEXT = N_(
    "{customer}: the note about {day} was due by {until} ({rule}). Please still file it."
)
MORNING = N_("Planned for today")
MORNING_TEXT = N_("{customer}{purpose}")
WAITING = N_("Still to be noted")
ESCALATED = N_("Visit note missing")
ESCALATED_TEXT = N_(
    "{name} has not filed the note about {customer} on {day}; it was due by {until} ({rule})."
)
LEFT_TEXT = N_(
    "{name} has left; no note about {customer} on {day} was filed (due by {until}, {rule})."
)


def notice(ctx: Context, visit_id: int, rung: str, key: str) -> Card | None:
    """Render the rung of a visit that is about to be sent, late ones folded into it."""
    visit = visits.get(ctx.unit, visit_id)
    if visit is None or visit.state not in ("planned", "missed"):
        stop(ctx, visit_id)
        return None
    said = ladders.to_say(ctx, case_of(ctx, visit), rung, key)
    if said is None:
        watch(ctx, visit_id)
        return None
    if said.latest.step.kind is StepKind.ESCALATE:
        miss(ctx, visit)
    if visit.state == "planned":
        watch(ctx, visit_id)
    return ladders.with_held_up(ctx, _card(ctx, visit, said.latest), said)


def _card(ctx: Context, visit: Visit, due: Due) -> Card:
    if due.step.kind is StepKind.ESCALATE:
        return _escalation(ctx, visit, due)
    until = deadline(ctx, visit)
    if is_late(ctx.now, until):
        return _reminder(ctx, visit, due, ctx.t(OVERDUE), OVERDUE_TEXT)
    if ladders.lane(ctx, due) == "digest" and until.last_day == visit.day:
        purpose = f" · {visit.purpose}" if visit.purpose else ""
        text = ctx.t(MORNING_TEXT, customer=seeing.customer(ctx, visit), purpose=purpose)
        return Card(text, title=ctx.t(MORNING), choices=_buttons(ctx, visit, due), columns=2)
    if ladders.lane(ctx, due) == "digest":
        return _reminder(ctx, visit, due, ctx.t(WAITING), REMIND_TEXT)
    title = ctx.t(REMINDER, number=_number(ctx, visit, due))
    return _reminder(ctx, visit, due, title, REMIND_TEXT)


def _reminder(ctx: Context, visit: Visit, due: Due, title: str, words: str) -> Card:
    text = ctx.t(
        words,
        customer=seeing.customer(ctx, visit),
        day=ctx.texts.day(visit.day),
        until=ctx.texts.last_minute(deadline(ctx, visit)),
        rule=due.step.rule,
    )
    return Card(text, title=title, choices=_buttons(ctx, visit, due), columns=2)


def _number(ctx: Context, visit: Visit, due: Due) -> int:
    """Return the how-manieth reminder of the note it is; the morning's plan is none."""
    rungs = ladders.rungs(ctx, replace(case_of(ctx, visit), begun_at=EVER))
    evening = [one.key for one in rungs if ladders.lane(ctx, one) == "single"]
    return evening.index(due.key) + 1


def _buttons(ctx: Context, visit: Visit, due: Due) -> tuple[Button, ...]:
    clause = Button(ctx.t(N_("Clause")), f"f.help.clause.{due.step.rule}")
    note = Button(ctx.t(N_("Write the note")), f"f.plan.note.{visit.id}")
    if is_late(ctx.now, deadline(ctx, visit)):
        return note, clause
    return (
        note,
        Button(ctx.t(N_("Move")), f"f.plan.move.{visit.id}"),
        Button(ctx.t(N_("Cancel visit")), f"f.plan.cancel.{visit.id}"),
        clause,
    )


def _escalation(ctx: Context, visit: Visit, due: Due) -> Card:
    owner = staff.get(ctx.session, visit.staff_id)
    text = ctx.t(
        ESCALATED_TEXT if owner and owner.active else LEFT_TEXT,
        name=owner.name if owner else visit.staff_id,
        customer=seeing.customer(ctx, visit),
        day=ctx.texts.day(visit.day),
        until=ctx.texts.last_minute(deadline(ctx, visit)),
        rule=due.step.rule,
    )
    clause = Button(ctx.t(N_("Clause")), f"f.help.clause.{due.step.rule}")
    nudge = Button(ctx.t(N_("Remind")), f"f.plan.nudge.{visit.id}")
    choices = (nudge, clause) if owner and owner.active else (clause,)
    return Card(text, title=ctx.t(ESCALATED), choices=choices, columns=2)
