"""What is done about a handover itself: looked at, moved to another day of the event, cancelled.

Both sides hear of it with the reason. The trap is the day that is moved to be in time: whose day
has passed cannot move it any more, only who answers for the department can.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from handlers.context import Context
from handlers.conversation import runner
from handlers.conversation.forms import Answers, Field, Form, Kind, Moment
from handlers.conversation.messages import Card, Problem, Reply
from handlers.feature import Action, Feature
from handlers.handovers import handover_access, handover_card, handover_clock, handover_words
from handlers.handovers.handover_access import Act
from handlers.texts import N_
from rules.errors import DomainError
from rules.handovers import HandoverState, LegState, Trigger, transition
from storage import handover_gaps, handovers
from storage.handovers import Handover

HELD = "_handover"
"""Among the answers: the handover they are about."""

LONGEST = 300

MOVED = N_("{name} has moved the day from {before} to {after}: {words}")
CANCELLED = N_("{name} has cancelled this handover: {words}")
UNCOUNTED = N_("The days cannot be counted so far ahead; please check the date.")
SAME = N_("That is the day it has; nothing was changed.")
TO_COME = N_("That day is still to come: cancel this one and start it when it has happened.")
TOO_OLD = N_("That is more than three years ago. Please check the year.")
_OLDEST_YEARS = 3

RULE = "S1-09.4.1"


def _happened(value: Any, _answers: Answers, moment: Moment) -> Problem | None:
    day = date.fromisoformat(value)
    if day > moment.today:
        return Problem(TO_COME)
    return Problem(TOO_OLD) if moment.today.year - day.year > _OLDEST_YEARS else None


_WORDS = Field(
    "words",
    Kind.TEXT,
    N_("Reason"),
    N_("Why? Both sides read it."),
    max_length=LONGEST,
    example=N_("客户改期, 实际昨天提车"),
)
MOVING_FORM = Form(
    "handmove",
    1,
    N_("Other day"),
    (
        Field(
            "day",
            Kind.DATE,
            N_("Date"),
            N_("On which day was it really?"),
            check=_happened,
            example=N_("today · yesterday · 9月11日"),
        ),
        _WORDS,
    ),
    submit_label=N_("Submit"),
    review=False,
)
CANCELLING_FORM = Form(
    "handcancel",
    1,
    N_("Cancel handover"),
    (_WORDS,),
    submit_label=N_("Submit"),
    review=False,
)


def card(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Show one handover to who may know of it; a strange press is logged."""
    held = handover_access.known(ctx, arguments[0])
    if held is None:
        return handover_card.refused(ctx, None)
    return handover_card.shown(ctx, held)


def allowed(ctx: Context, words: str, act: Act) -> Handover | Reply:
    """Return a handover, locked, if who acts can do that with it now, else what to answer."""
    held = handover_access.known(ctx, words, lock=True)
    if held is None:
        return handover_card.refused(ctx, None)
    if act not in handover_access.may(ctx, held, ctx.person):
        return handover_card.as_it_is(ctx, held)
    return held


# -- another day -------------------------------------------------------------------------------


def move(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Ask on which day the event really was, and why that is said now."""
    held = allowed(ctx, arguments[0], Act.MOVE)
    if isinstance(held, Reply):
        return held
    return runner.start(ctx, MOVING, Answers({HELD: str(held.id)}))


def submit_move(ctx: Context, answers: Answers) -> Reply:
    """Count the days anew from another day of the event; both sides hear why.

    Rule: S1-09.4.1, C-09.
    """
    held, day = allowed(ctx, answers.text(HELD), Act.MOVE), answers.day("day")
    if isinstance(held, Reply):
        return _opened(held)
    if day is None or day == held.started_on:
        return handover_card.shown(ctx, held, ctx.t(SAME))
    leg, before = handovers.present(ctx.unit, held), held.started_on
    try:
        found = handover_words.reckoned(ctx, held, leg, day)
    except DomainError:
        return handover_card.shown(ctx, held, ctx.t(UNCOUNTED))
    assert found is not None  # noqa: S101 - a day was given
    due = handover_clock.allowed(ctx, held, leg, found[0])
    held = handovers.save(ctx.unit, held, started_on=day)
    handovers.set_leg(
        ctx.unit,
        leg.id,
        started_on=day,
        due_on=due.last_day,
        due_at=due.instant + due.tolerance,
        provisional=due.provisional,
    )
    handover_clock.follow(ctx, held)
    ctx.record("handover.moved", f"handover:{held.id}", RULE, day=day.isoformat())
    facts = {"name": ctx.person.name, "words": answers.text("words")}
    _tell(ctx, held, MOVED, "moved", {**facts, "before": before, "after": day})
    days = {"before": ctx.texts.day(before, ctx.today), "after": ctx.texts.day(day, ctx.today)}
    return handover_card.shown(ctx, held, ctx.t(MOVED, **facts, **days))


# -- cancelled ---------------------------------------------------------------------------------


def cancel(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Ask why a handover is cancelled."""
    held = allowed(ctx, arguments[0], Act.CANCEL)
    if isinstance(held, Reply):
        return held
    return runner.start(ctx, CANCELLING, Answers({HELD: str(held.id)}))


def submit_cancel(ctx: Context, answers: Answers) -> Reply:
    """End a handover before it is complete: nothing is reminded of any more. Rule: S1-09.4.1."""
    held = allowed(ctx, answers.text(HELD), Act.CANCEL)
    if isinstance(held, Reply):
        return _opened(held)
    for gap in handover_gaps.of(ctx.unit, held.id):
        if gap.open:
            values = {"state": "waived", "closed_at": ctx.now, "closed_by": ctx.person.id}
            handover_gaps.set_(ctx.unit, gap.id, **values)
    concerned = handover_access.concerned(ctx, held)
    held = handovers.save(ctx.unit, held, state=HandoverState.CANCELLED.value, gaps=0)
    for leg in handovers.legs(ctx.unit, held.id):
        if transition(LegState(leg.state), Trigger.CANCEL) is not None:
            handovers.set_leg(ctx.unit, leg.id, state=LegState.CANCELLED.value)
    handover_clock.stop(ctx, held)
    ctx.record("handover.cancelled", f"handover:{held.id}", RULE)
    facts = {"name": ctx.person.name, "words": answers.text("words")}
    _tell(ctx, held, CANCELLED, "cancelled", facts, concerned)
    return handover_card.shown(ctx, held, ctx.t(CANCELLED, **facts))


def _tell(
    ctx: Context,
    held: Handover,
    lead: str,
    what: str,
    facts: Mapping[str, object],
    people: tuple[str, ...] | None = None,
) -> None:
    """Tell everybody on both sides but who acts, as a new message that says why."""
    told = people or handover_access.concerned(ctx, held)
    for one in told:
        if one != ctx.person.id:
            handover_card.tell(ctx, held, one, lead, what, **facts)
    handover_card.redraw(ctx, held, but=told)


def _opened(reply: Reply) -> Reply:
    """Return an answer to typed words: nothing was tapped that an alert could pop up over."""
    return reply if reply.shows or not reply.alert else Reply.of(Card(reply.alert))


MOVING = Feature("handmove", MOVING_FORM.title, form=MOVING_FORM, submit=submit_move)
CANCELLING = Feature(
    "handcancel", CANCELLING_FORM.title, form=CANCELLING_FORM, submit=submit_cancel
)

ACTIONS: dict[str, Action] = {"move": move, "cancel": cancel}
