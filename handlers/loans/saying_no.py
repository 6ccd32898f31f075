"""不符: who does not confirm a count says why in a word, and what follows from it."""

from __future__ import annotations

from handlers.context import Context
from handlers.conversation.forms import Answers, Field, Form, Kind
from handlers.conversation.messages import Card, Reply
from handlers.feature import Feature
from handlers.loans import custody_steps, hand_out, loan_sides, return_count, transfers
from handlers.texts import N_

FORM = Form(
    "sayno",
    1,
    N_("Not so"),
    (
        Field(
            "words",
            Kind.TEXT,
            N_("What is not so"),
            N_("What is not so? A word is enough; the other side reads it."),
            max_length=300,
            example=N_("第2份只有11页"),
        ),
    ),
    submit_label=N_("Submit"),
    review=False,
)


def submit(ctx: Context, answers: Answers) -> Reply:
    """Refuse a hand-out or a transfer, or dispute a return; too late, how it stands."""
    found = custody_steps.step_of(ctx, answers.text("_step"))
    if found is None:
        return Reply.of(Card(ctx.t(custody_steps.NOT_THERE)))
    step, held = found
    if step.state != "open":
        return custody_steps.as_it_is(ctx, held)
    counts = step.kind == "return" and step.taker_at is None
    counts = counts and loan_sides.is_custodian(ctx, held, ctx.person)
    if custody_steps.signs_for(ctx, held, step) is None and not counts:
        return custody_steps.not_yours(ctx, held, step)
    words = answers.text("words")
    match step.kind:
        case "hand_out":
            return hand_out.declined(ctx, held, step, words)
        case "transfer":
            return transfers.end(ctx, held, step, words)
        case _:
            return return_count.disputed(ctx, held, step, words)


FEATURE = Feature(FORM.key, FORM.title, form=FORM, submit=submit)
