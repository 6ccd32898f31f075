"""Planned visits: make, move, cancel, and turn into a note (S1-07.2.3a).

Moving or cancelling counts only while the note is not yet due; after that the breach exists and
the way out is the late note.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from handlers import seeing
from handlers.context import Context
from handlers.conversation import runner
from handlers.conversation.forms import Answers, Field, Form, Kind, Moment
from handlers.conversation.messages import MAX_CHOICES, Button, Card, Problem, Reply
from handlers.feature import Clockwork, Feature
from handlers.notes import duties, visit_note, visit_nudge
from handlers.pages import to_today
from handlers.texts import N_
from rules.deadlines import is_late
from storage import visits
from storage.visits import Visit

NOT_THERE = N_("This visit is no longer planned.")
TOO_LATE = N_(
    "The note was due until {until}; it can no longer be moved or cancelled. Please file it."
)
PLANNED = N_("Planned: {customer}, {day}. The note is due until {until} ({rule}).")
ALREADY = N_("That visit is already planned.")
MOVED = N_("Moved: {customer}, from {old} to {day}. The note is due until {until} ({rule}).")
CANCELLED = N_("Cancelled: {customer}, {day}. No reminder will come.")
ASK_CANCEL = N_("Cancel the visit to {customer} on {day}?")
NONE_PLANNED = N_("No visits are planned.")
LIST = N_("Planned visits")


def _future(value: Any, _answers: Answers, moment: Moment) -> Problem | None:
    if date.fromisoformat(value) < moment.today:
        return Problem(N_("A visit can only be planned for today or later."))
    if date.fromisoformat(value) > moment.today + visit_note.FURTHEST:
        return Problem(visit_note.FAR)
    return None


DAY = Field(
    "day",
    Kind.DATE,
    N_("Date"),
    N_("On which day?"),
    check=_future,
    prefer="future",
    example=N_("tomorrow · next Wednesday · 9月30日"),
)
PLAN_FORM = Form(
    "plan",
    1,
    N_("Plan a visit"),
    (
        Field(
            "customer",
            Kind.CUSTOMER,
            N_("Customer"),
            visit_note.WHICH,
            example=N_("鸿鑫 · hx · 0042"),
        ),
        DAY,
        Field("purpose", Kind.TEXT, N_("Purpose"), N_("What for?"), optional=True, max_length=200),
    ),
    submit_label=N_("Submit"),
)
MOVE_FORM = Form("move", 1, N_("Move a visit"), (DAY,), submit_label=N_("Submit"), review=False)


def submit(ctx: Context, answers: Answers) -> Reply:
    customer, day = answers.option("customer"), answers.day("day")
    assert customer is not None  # noqa: S101 - the engine asks every required field
    assert day is not None  # noqa: S101 - as above
    dossier = seeing.reachable(ctx, customer.key)
    if dossier is None:
        return Reply.of(Card(ctx.t(visit_note.NOT_OPEN)))
    planned = visits.planned_on(ctx.unit, ctx.person.id, day)
    if any(one.dossier_id == dossier.id for one in planned):
        return Reply.of(Card(ctx.t(ALREADY), choices=_after(ctx)))
    visit_id = visits.plan(
        ctx.unit,
        dossier_id=dossier.id,
        staff_id=ctx.person.id,
        day=day,
        purpose=answers.text("purpose"),
        at=ctx.at,
    )
    ctx.record("visit.planned", f"visit:{visit_id}")
    return Reply.of(_watched(ctx, PLANNED, visit_id))


def _watched(ctx: Context, words: str, visit_id: int, **facts: str) -> Card:
    """Set the visit's clock and say until when its note is due."""
    due = duties.watch(ctx, visit_id)
    visit = visits.get(ctx.unit, visit_id)
    assert visit is not None  # noqa: S101 - written in this very unit
    return Card(
        ctx.t(
            words,
            customer=seeing.customer(ctx, visit),
            day=ctx.texts.day(visit.day, ctx.today),
            until=ctx.texts.last_minute(due),
            rule=due.rule,
            **facts,
        ),
        choices=_after(ctx),
        columns=2,
    )


def _after(ctx: Context) -> tuple[Button, ...]:
    return (
        Button(ctx.t(LIST), "f.plan.list"),
        to_today(ctx.texts),
    )


def own(ctx: Context, words: str) -> Visit | None:
    """Return the person's own open visit of that id."""
    visit = visits.get(ctx.unit, int(words)) if words.isdecimal() else None
    if visit is None or visit.staff_id != ctx.person.id:
        return None
    return visit if visit.state in ("planned", "missed") else None


def show(ctx: Context, _words: str = "") -> Reply:
    waiting = visits.open_of(ctx.unit, ctx.person.id, limit=MAX_CHOICES)
    new = Button(ctx.t(PLAN_FORM.title), "f.plan.new")
    today = to_today(ctx.texts)
    if not waiting:
        return Reply.of(Card(ctx.t(NONE_PLANNED), title=ctx.t(LIST), nav=(new, today)))
    buttons = tuple(
        Button(
            f"{ctx.texts.day(one.day, ctx.today)} {seeing.customer(ctx, one)}",
            f"f.plan.open.{one.id}",
        )
        for one in waiting
    )
    return Reply.of(
        Card(
            ctx.t(N_("Open one to write its note, move or cancel it.")),
            title=ctx.t(LIST),
            choices=buttons,
            nav=(new, today),
        )
    )


def open_one(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    visit = own(ctx, arguments[0])
    if visit is None:
        return Reply(alert=ctx.t(NOT_THERE))
    due = duties.deadline(ctx, visit)
    lines = [
        f"{ctx.texts.day(visit.day, ctx.today)} · {seeing.customer(ctx, visit)}",
        ctx.t(
            N_("The note is due until {until} ({rule})."),
            until=ctx.texts.last_minute(due),
            rule=due.rule,
        ),
    ]
    if visit.purpose:
        lines.insert(1, visit.purpose)
    return Reply.of(
        Card(
            "\n".join(lines),
            title=ctx.t(N_("Planned visit")),
            choices=(
                Button(ctx.t(N_("Write the note")), f"f.plan.note.{visit.id}"),
                Button(ctx.t(N_("Move")), f"f.plan.move.{visit.id}"),
                Button(ctx.t(N_("Customer")), f"f.find.card.{visit.dossier_id}"),
                Button(ctx.t(N_("Cancel visit")), f"f.plan.cancel.{visit.id}"),
            ),
            columns=2,
            nav=(Button(ctx.t(LIST), "f.plan.list", back=True),),
        )
    )


def write(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Start the note of a planned visit with what is known."""
    visit = own(ctx, arguments[0])
    if visit is None:
        return Reply(alert=ctx.t(NOT_THERE))
    day = min(visit.day, ctx.today)
    return runner.start(
        ctx,
        visit_note.FEATURE,
        Answers(
            {
                "customer": {"key": str(visit.dossier_id), "label": seeing.customer(ctx, visit)},
                "day": day.isoformat(),
                "manner": "visit",
                "_visit": str(visit.id),
            }
        ),
        prefilled=True,
    )


def _movable(ctx: Context, words: str) -> tuple[Visit | None, str]:
    visit = own(ctx, words)
    if visit is None:
        return None, ctx.t(NOT_THERE)
    due = duties.deadline(ctx, visit)
    if is_late(ctx.at, due):
        return None, ctx.t(TOO_LATE, until=ctx.texts.last_minute(due))
    return visit, ""


def start_move(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    visit, why = _movable(ctx, arguments[0])
    if visit is None:
        return Reply(alert=why)
    return runner.start(ctx, MOVE, Answers({"_visit": str(visit.id)}))


def submit_move(ctx: Context, answers: Answers) -> Reply:
    visit, why = _movable(ctx, answers.text("_visit"))
    day = answers.day("day")
    assert day is not None  # noqa: S101 - the engine asks every required field
    if visit is None:
        return Reply.of(Card(why, choices=_after(ctx), columns=2))
    there = visits.planned_on(ctx.unit, ctx.person.id, day)
    if any(one.dossier_id == visit.dossier_id for one in there):
        return Reply.of(Card(ctx.t(ALREADY), choices=_after(ctx), columns=2))
    old = ctx.texts.day(visit.day, ctx.today)
    visits.move(ctx.unit, visit.id, day=day, version=visit.version, at=ctx.at)
    ctx.record("visit.moved", f"visit:{visit.id}", day=day.isoformat())
    return Reply.of(_watched(ctx, MOVED, visit.id, old=old))


def ask_cancel(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    visit, why = _movable(ctx, arguments[0])
    if visit is None:
        return Reply(alert=why)
    return Reply.of(
        Card(
            ctx.t(
                ASK_CANCEL,
                customer=seeing.customer(ctx, visit),
                day=ctx.texts.day(visit.day, ctx.today),
            ),
            nav=(
                Button(ctx.t(N_("Back")), f"f.plan.open.{visit.id}", back=True),
                Button(ctx.t(N_("Cancel visit")), f"f.plan.cancelled.{visit.id}"),
            ),
        )
    )


def cancel(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    visit, why = _movable(ctx, arguments[0])
    if visit is None:
        return Reply(alert=why)
    visits.cancel(ctx.unit, visit.id, version=visit.version, at=ctx.at)
    duties.stop(ctx, visit.id)
    ctx.record("visit.cancelled", f"visit:{visit.id}")
    return Reply.of(
        Card(
            ctx.t(
                CANCELLED,
                customer=seeing.customer(ctx, visit),
                day=ctx.texts.day(visit.day, ctx.today),
            ),
            choices=_after(ctx),
            columns=2,
        )
    )


def new(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Start planning; with a dossier id, for that customer."""
    dossier = seeing.reachable(ctx, arguments[0]) if arguments else None
    if dossier is None:
        return runner.start(ctx, PLANNING)
    customer = {"key": str(dossier.id), "label": seeing.customer(ctx, dossier)}
    return runner.start(ctx, PLANNING, Answers({"customer": customer}), prefilled=True)


PLANNING = Feature(
    key="planning",
    title=PLAN_FORM.title,
    words=("安排", "安排拜访"),
    form=PLAN_FORM,
    submit=submit,
)
MOVE = Feature(key="move", title=MOVE_FORM.title, form=MOVE_FORM, submit=submit_move)
FEATURE = Feature(
    key="plan",
    title=LIST,
    command="plan",
    words=("计划",),
    open=show,
    actions={
        "list": lambda ctx, _arguments: show(ctx),
        "open": open_one,
        "new": new,
        "note": write,
        "move": start_move,
        "cancel": ask_cancel,
        "cancelled": cancel,
        "nudge": visit_nudge.nudge,
    },
    clocks={duties.KIND: Clockwork(duties.notice, duties.watch, duties.hears)},
)
