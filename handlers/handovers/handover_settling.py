"""有争议: what giver and receiver see differently is settled by a third, on both counts.

Settled means: said what was there. Then the receiver signs for that, or the papers go back. The
trap is the judge in the own case: neither side settles.
"""

from __future__ import annotations

from handlers.approvals import case_texts
from handlers.approvals.case_cards import here
from handlers.context import Context
from handlers.conversation import runner
from handlers.conversation.forms import Answers, Field, Form, Kind
from handlers.conversation.messages import Button, Card, Reply
from handlers.feature import Feature
from handlers.handovers import (
    handover_access,
    handover_back,
    handover_card,
    handover_clock,
    handover_findings,
    handover_given,
    handover_notes,
    handover_steps,
    handover_words,
)
from handlers.handovers.handover_access import Act
from handlers.handovers.handover_card import shown
from handlers.handovers.handover_steps import tell_all
from handlers.texts import N_
from rules.handovers import Trigger
from storage import handover_gaps, handovers
from storage.handovers import Handover, Leg

RULE = "S1-09.5.9"

FORM = Form(
    "handdispute",
    1,
    N_("Dispute it"),
    (
        Field(
            "words",
            Kind.TEXT,
            N_("What is not so"),
            N_("What do you see differently? Who settles it reads this."),
            max_length=300,
            example=N_("未收到这套资料"),
        ),
    ),
    submit_label=N_("Submit"),
    review=False,
)

DISPUTED = N_("Disputed. {names} settles it; until then nobody signs ({rule}).")
SAYS_NO = N_("{name} does not agree with your list. {names} settles it ({rule}).")
SETTLE_IT = N_("{number}: both sides count differently. Please settle it ({rule}).")
NOBODY = N_("nobody yet")

TITLE = N_("Settle · {number}")
BOTH = N_("{giver} has handed over {moment}; {receiver} does not agree: {words}")
LISTED, FOUND = N_("On the giver's list:"), N_("What the receiver found:")
NOTHING_FOUND = N_("Nothing was noted line by line.")
GIVER_RIGHT, RECEIVER_RIGHT = N_("As the giver listed"), N_("As the receiver found")
NOT_HANDED = N_("Not handed over")
SETTLED = {
    "giver": N_("{name} has settled it: it is as the giver listed. The receiver signs ({rule})."),
    "receiver": N_("{name} has settled it: as the receiver found. The receiver signs ({rule})."),
}
SHOWN = 20


def ask(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Ask what the receiver sees differently."""
    found = handover_steps.mine(ctx, arguments, Act.SIGN)
    if isinstance(found, Reply):
        return found
    held, _ = found
    return runner.start(ctx, FEATURE, Answers({"_held": str(held.id), "_rev": str(held.rev)}))


def submit(ctx: Context, answers: Answers) -> Reply:
    """Let somebody above settle what the sides do not agree on. Rule: S1-09.5.9."""
    arguments = (answers.text("_held"), answers.text("_rev"))
    found = handover_steps.mine(ctx, arguments, Act.SIGN)
    if isinstance(found, Reply):
        return handover_steps.opened(found)
    held, leg = found
    words = answers.text("words")
    change = {"receiver": ctx.person.id, "remark": words, "signed_at": None, "witnessed_at": None}
    held = handover_steps.moved(ctx, held, Trigger.DISPUTE, leg=change)
    ctx.record("handover.disputed", f"handover:{held.id}", RULE)
    handover_clock.follow(ctx, held)
    judges = handover_access.settlers(ctx, held)
    for one in judges:
        what = f"settle.{held.rev}"
        handover_card.tell(ctx, held, one, SETTLE_IT, what, number=held.number, rule=RULE)
    names = handover_words.names(ctx, judges, ctx.texts) if judges else ctx.t(NOBODY)
    facts = {"name": ctx.person.name, "names": names, "rule": RULE}
    sides = {handover_access.giver_of(ctx, leg), leg.handed_by} - set(judges)
    tell_all(ctx, held, sides, SAYS_NO, f"disputed.{held.rev}", but=judges, **facts)
    return shown(ctx, held, ctx.t(DISPUTED, names=names, rule=RULE))


def show(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Show both counts to who settles."""
    found = handover_steps.mine(ctx, arguments[:1], Act.SETTLE)
    if isinstance(found, Reply):
        return found
    held, leg = found
    readable = handover_words.readable(ctx, held, here(ctx))
    lines = [ctx.t(LISTED)]
    every = handover_given.lines(ctx, held)
    lines += [handover_findings.described(one, ctx.texts) for one in every[:SHOWN]]
    own = [one for one in handover_notes.noted(ctx, held) if one.opened_by != leg.handed_by]
    by_item = handover_findings.by_item(own)
    lines.append(ctx.t(FOUND))
    lines += [
        handover_findings.described(one, ctx.texts, by_item[one.item.id])
        for one in every
        if one.item.id in by_item
    ] or [ctx.t(NOTHING_FOUND)]
    assert leg.handed_at is not None  # noqa: S101 - only what was handed over is disputed
    head = ctx.t(
        BOTH,
        giver=handover_words.handed_by(ctx, leg, ctx.texts),
        moment=ctx.texts.moment(leg.handed_at),
        receiver=case_texts.name(ctx, leg.receiver),
        words=leg.remark if readable else "…",
    )
    ways = ((GIVER_RIGHT, "giver"), (RECEIVER_RIGHT, "receiver"), (NOT_HANDED, "back"))
    buttons = tuple(
        Button(ctx.t(label), f"f.sign.decide.{held.id}.{held.rev}.{way}") for label, way in ways
    )
    return Reply.of(
        Card(
            "\n".join((head, *lines)),
            title=ctx.t(TITLE, number=held.number),
            choices=buttons,
            nav=(Button(ctx.t(N_("Back")), f"f.handover.card.{held.id}", back=True),),
            protect=True,
        )
    )


def decide(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Say what was there; the receiver signs for it, or the papers go back. Rule: S1-09.5.9."""
    found = handover_steps.mine(ctx, arguments, Act.SETTLE)
    if isinstance(found, Reply):
        return found
    held, leg = found
    way = arguments[2] if len(arguments) > 2 else ""
    if way == "back":
        handover_notes.clear(ctx, held)
        ctx.record("handover.settled", f"handover:{held.id}", RULE, way=way)
        return handover_back.sent_back(ctx, held, leg, "other", leg.remark)
    if way not in SETTLED:
        return handover_card.as_it_is(ctx, held)
    if way == "giver":
        for one in handover_notes.noted(ctx, held):
            if one.opened_by != leg.handed_by:
                handover_gaps.forget(ctx.unit, one.id)
    return _settled(ctx, held, leg, way)


def _settled(ctx: Context, held: Handover, leg: Leg, way: str) -> Reply:
    held = handover_steps.moved(
        ctx, held, Trigger.SETTLE, leg={"remark": "", **handover_back.anybody(leg)}
    )
    ctx.record("handover.settled", f"handover:{held.id}", RULE, way=way)
    handover_clock.follow(ctx, held)
    after = handovers.present(ctx.unit, held)
    people = {handover_access.giver_of(ctx, after), leg.handed_by, leg.receiver}
    what = f"settled.{held.rev}"
    tell_all(ctx, held, people, SETTLED[way], what, name=ctx.person.name, rule=RULE)
    return shown(ctx, held, ctx.t(SETTLED[way], name=ctx.person.name, rule=RULE))


FEATURE = Feature(FORM.key, FORM.title, form=FORM, submit=submit)
ACTIONS = {"dispute": ask, "settle": show, "decide": decide}
