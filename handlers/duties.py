"""The clock of a planned visit: which rung comes next, and what it says when it comes.

A rung is looked at again when it is about to be sent: a visit noted, moved or cancelled a second
ago sends nothing, and rungs an outage held up become one message that says so (S1-07.2.3a).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

from handlers import seeing
from handlers.context import Context
from handlers.conversation.messages import Button, Card
from handlers.texts import N_
from rules import visits as duty
from rules.deadlines import Deadline, is_late
from rules.reminders import Due, StepKind, collapse, missed
from storage import away, ledger, staff, visits
from storage.visits import Visit

KIND = "visit"

AUTHOR = "author"

EVER = datetime.min.replace(tzinfo=UTC)


def absences(ctx: Context, staff_id: str, day: date) -> tuple[duty.Away, ...]:
    """Return the leave and sickness that ends on `day` or later, as the rules read it."""
    return tuple(
        duty.Away(one.first_day, one.last_day, one.told_at)
        for one in away.upcoming(ctx.session, staff_id, day)
    )


def facts(ctx: Context, visit: Visit) -> duty.Visit:
    return duty.Visit(
        day=visit.day,
        entered_at=visit.entered_at,
        away=absences(ctx, visit.staff_id, visit.day),
    )


def watch(ctx: Context, visit_id: int) -> Deadline:
    """Set the clock of a planned visit to its next rung, or stop it when none is left.

    Returns until when its note is on time. A ladder that ended without a note is a breach, also
    when nobody could be told.
    """
    visit = visits.get(ctx.unit, visit_id)
    assert visit is not None  # noqa: S101 - visits are never deleted
    case = facts(ctx, visit)
    until = duty.note_deadline(case, ctx.policy, ctx.calendar)
    _skip(ctx, visit, case, until)
    due = duty.next_rung(case, ctx.policy, ctx.calendar, recorded(ctx, visit_id))
    recipient = _recipient(ctx, visit, due) if due else None
    if due is None or recipient is None:
        stop(ctx, visit.id)
        if is_late(ctx.now, until):
            miss(ctx, visit)
    else:
        ledger.watch(
            ctx.unit,
            KIND,
            visit.id,
            rung=due.key,
            due_at=due.send_at,
            staff_id=recipient,
            lane=_lane(ctx, due),
        )
    return until


def _skip(ctx: Context, visit: Visit, case: duty.Visit, until: Deadline) -> None:
    """Leave out reminders for a due day that struck before it was the due day.

    Otherwise a note withdrawn at 21:00, or leave that ends at 19:00, would bring the evening's
    reminders at once, as if the service had been down.
    """
    before = ledger.next_rung(ctx.session, KIND, visit.id)
    if before is not None and before.startswith(until.last_day.isoformat()):
        return
    for due in duty.rungs(case, ctx.policy, ctx.calendar):
        if due.step.kind is StepKind.REMIND and due.at <= ctx.at:
            ledger.skip(ctx.unit, KIND, visit.id, due.key, due.send_at, visit.staff_id)


def miss(ctx: Context, visit: Visit) -> None:
    """Record that the deadline passed without a note. Rule: S1-07.2.3a."""
    if visit.state == "planned":
        visits.miss(ctx.unit, visit.id, version=visit.version)
        ctx.record("visit.missed", f"visit:{visit.id}", ctx.policy.visit.note.due.rule)


def recorded(ctx: Context, visit_id: int) -> set[str]:
    """Return the rungs of a visit that were said, or of which the ledger knows why not."""
    return {one.rung for one in ledger.of_case(ctx.session, KIND, visit_id)}


def deadline(ctx: Context, visit: Visit) -> Deadline:
    """Return until when the note of a visit is on time. Rule: S1-07.2.3a."""
    return duty.note_deadline(facts(ctx, visit), ctx.policy, ctx.calendar)


def stop(ctx: Context, visit_id: int) -> None:
    ledger.unwatch(ctx.unit, KIND, visit_id)


def _lane(ctx: Context, due: Due) -> str:
    """Reminders up to the digest hour share one morning card; escalations come singly."""
    local = due.send_at.astimezone(ctx.policy.time.zone)
    early = local.hour * 60 + local.minute <= ctx.policy.time.digest.minutes
    return "digest" if early and due.step.kind is StepKind.REMIND else "single"


def _recipient(ctx: Context, visit: Visit, due: Due) -> str | None:
    if due.step.audience == AUTHOR:
        return visit.staff_id
    owner = staff.get(ctx.session, visit.staff_id)
    if owner is None:
        return None
    return _above(ctx, owner.id, due.step.audience)


def hears(ctx: Context, visit_id: int, rung: str) -> str | None:
    """Return who is to hear a rung of a visit as things are now."""
    visit = visits.get(ctx.unit, visit_id)
    if visit is None or visit.state not in ("planned", "missed"):
        return None
    rungs = duty.rungs(facts(ctx, visit), ctx.policy, ctx.calendar)
    due = next((one for one in rungs if one.key == rung), None)
    return _recipient(ctx, visit, due) if due else None


def _above(ctx: Context, staff_id: str, role: str) -> str | None:
    """Return who holds `role` above this person; the direct superior when nobody does.

    Somebody who left or has no account is passed over while anybody above can be told.
    """
    found = (staff.get(ctx.session, one) for one in staff.chain(ctx.session, staff_id))
    chain = [person for person in found if person is not None]
    ranked = [one for one in chain if role in one.roles] + chain
    told = next((one for one in ranked if one.active and one.home_account), None)
    told = told or next((one for one in ranked if one.active), None)
    return told.id if told else None


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
HELD_UP = N_("{count} earlier reminders could not be sent while the service was down.")


def notice(ctx: Context, visit_id: int, rung: str, key: str) -> Card | None:
    """Render the rung of a visit that is about to be sent, late ones folded into it."""
    visit = visits.get(ctx.unit, visit_id)
    if visit is None or visit.state not in ("planned", "missed"):
        stop(ctx, visit_id)
        return None
    case = facts(ctx, visit)
    # what this very message speaks for counts as unsaid: it may be drawn again for another try
    said = ledger.of_case(ctx.session, KIND, visit_id)
    sent = {one.rung for one in said if one.outbox_key != key} - {rung}
    late = missed(
        duty.ladder(ctx.policy),
        duty.anchor(case, ctx.policy, ctx.calendar),
        sent,
        ctx.now,
        ctx.policy.time.quiet_hours,
        case.entered_at,
    )
    mine = next(
        (one for one in collapse(late) if rung in {due.key for due in (*one.missed, one.latest)}),
        None,
    )
    if mine is None or _recipient(ctx, visit, mine.latest) != ctx.person.id:
        watch(ctx, visit_id)
        return None
    for due in (*mine.missed, mine.latest):
        if due.key != rung:
            ledger.collapse(ctx.unit, KIND, visit_id, due.key, due.send_at, ctx.person.id, key)
    if mine.latest.step.kind is StepKind.ESCALATE:
        miss(ctx, visit)
    if visit.state == "planned":
        watch(ctx, visit_id)
    card = _card(ctx, visit, mine.latest)
    if not mine.missed:
        return card
    held = ctx.t(HELD_UP, count=len(mine.missed))
    return replace(card, text=f"{card.text}\n{held}")


def _card(ctx: Context, visit: Visit, due: Due) -> Card:
    if due.step.kind is StepKind.ESCALATE:
        return _escalation(ctx, visit, due)
    until = deadline(ctx, visit)
    if is_late(ctx.now, until):
        return _reminder(ctx, visit, due, ctx.t(OVERDUE), OVERDUE_TEXT)
    if _lane(ctx, due) == "digest" and until.last_day == visit.day:
        purpose = f" · {visit.purpose}" if visit.purpose else ""
        text = ctx.t(MORNING_TEXT, customer=seeing.customer(ctx, visit), purpose=purpose)
        return Card(text, title=ctx.t(MORNING), choices=_buttons(ctx, visit, due), columns=2)
    if _lane(ctx, due) == "digest":
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
    rungs = duty.rungs(replace(facts(ctx, visit), entered_at=EVER), ctx.policy, ctx.calendar)
    evening = [one.key for one in rungs if _lane(ctx, one) == "single"]
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
    return Card(text, title=ctx.t(ESCALATED), choices=(clause,))
