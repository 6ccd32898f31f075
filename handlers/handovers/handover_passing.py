"""Somebody else hands over: the giver left or is away, and who answers for them names another.

The day stays the same; what was not put right goes with it. Whose delay a passed day was is
written down already and stays theirs.
"""

from __future__ import annotations

from typing import Any

from handlers.approvals import case_texts
from handlers.context import Context
from handlers.conversation import runner
from handlers.conversation.forms import Answers, Field, Form, Kind
from handlers.conversation.messages import Card, Reply
from handlers.feature import Feature
from handlers.handovers import handover_card, handover_clock, handover_notes, handover_steps
from handlers.handovers.handover_access import Act
from handlers.handovers.handover_card import shown
from handlers.texts import N_
from storage import handover_gaps, handovers, staff

RULE = "C-55"

FORM = Form(
    "handpassing",
    1,
    N_("Other giver"),
    (
        Field(
            "whom",
            Kind.STAFF,
            N_("Colleague"),
            N_("Who hands these papers over from now on? Part of the name."),
        ),
    ),
    submit_label=N_("Pass on"),
    review=False,
)

NOT_THEM = N_("That is not a colleague who could hand these papers over.")
YOURS = N_("{name} passed this handover on to you. The day stays the same.")
THEIRS = N_("{name} passed this handover on; {whom} hands the papers over.")


def ask(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    found = handover_steps.mine(ctx, arguments[:1], Act.REPLACE)
    if isinstance(found, Reply):
        return found
    return runner.start(ctx, FEATURE, Answers({"_held": str(found[0].id)}))


def submit(ctx: Context, answers: Answers) -> Reply:
    """Let another one hand the papers over. Rule: C-55."""
    found = handover_steps.mine(ctx, (answers.text("_held"),), Act.REPLACE)
    if isinstance(found, Reply):
        return handover_steps.opened(found)
    held, leg = found
    chosen = answers.option("whom")
    person = staff.get(ctx.session, chosen.key) if chosen else None
    if person is None or not person.active or person.id == leg.giver:
        return Reply.of(Card(ctx.t(NOT_THEM)))
    handover_clock.wind(ctx, leg.id)  # a day that has passed is written down as the giver's
    before = leg.giver
    first: dict[str, Any] = {"giver": person.id} if leg.n == 1 else {}
    for gap in handover_notes.unsettled(ctx, held):
        if gap.owner == before:
            handover_gaps.set_(ctx.unit, gap.id, owner=person.id)
            handover_clock.follow_gap(ctx, gap)
    held = handover_steps.touched(ctx, held, **first)
    handovers.set_leg(ctx.unit, leg.id, giver=person.id)
    ctx.record("handover.passed_on", f"handover:{held.id}", RULE, giver=person.id)
    handover_clock.follow(ctx, held)
    handover_card.tell(ctx, held, person.id, YOURS, "passed", name=ctx.person.name)
    whom = case_texts.name(ctx, person.id)
    facts = {"name": ctx.person.name, "whom": whom}
    handover_steps.tell_all(ctx, held, (before,), THEIRS, "passed", but=(person.id,), **facts)
    return shown(ctx, held, ctx.t(THEIRS, **facts))


FEATURE = Feature(FORM.key, FORM.title, form=FORM, submit=submit)
ACTIONS = {"pass": ask}
