"""退回: papers go back to the giver with a list of what is to be supplied, and why.

The giver's earlier confirmation counts no more; the papers cannot go on before every supplement is
there (S4-LOAN.4.2c). The trap is the whole set sent back without a word: a reason is asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from handlers.context import Context
from handlers.conversation import runner
from handlers.conversation.forms import Answers, Choice, Field, Form, Kind
from handlers.conversation.messages import Reply
from handlers.feature import Feature
from handlers.handovers import (
    handover_access,
    handover_card,
    handover_clock,
    handover_gap_cards,
    handover_notes,
    handover_stead,
    handover_steps,
    handover_words,
)
from handlers.handovers.handover_access import Act
from handlers.handovers.handover_card import shown
from handlers.texts import LOCALES, N_
from rules.handovers import Trigger
from storage import handovers, staff
from storage.handovers import Handover, Leg

REASONS = {
    "incomplete": N_("Incomplete"),
    "signature": N_("Signature missing"),
    "unfit": N_("Illegible, wrong ink"),
    "other_papers": N_("Not what is listed"),
    "other": N_("Another reason"),
}
RULES = {"unfit": "S1-15.1.5", "signature": "S4-LOAN.4.2c", "incomplete": "S1-15.1.3"}
FORM = Form(
    "handingback",
    1,
    N_("Send back"),
    (
        Field(
            "why",
            Kind.CHOICE,
            N_("Reason"),
            N_("Why do the papers go back?"),
            choices=tuple(Choice(key, label) for key, label in REASONS.items()),
        ),
        Field(
            "words",
            Kind.TEXT,
            N_("In words"),
            N_("What has to be put right? The giver reads this."),
            max_length=300,
            example=N_("第3项用圆珠笔填写, 请用碳素墨水重写"),
            when=lambda answers: answers.text("why") in ("unfit", "other_papers", "other"),
        ),
    ),
    submit_label=N_("Send back"),
    review=False,
)

SENT_BACK = N_("Sent back to {name}: {why} ({rule}).")
BACK = N_("{name} sent your papers back: {why} ({rule}). Put it right and hand over again.")
BACK_LIST = N_(
    "{name} sent your papers back with {count} supplements: {why} ({rule}). They go on when each "
    "is there."
)
BARE = N_("{name} sent your papers back ({rule}); why is not shown in this chat.")


def ask(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Ask why papers go back."""
    found = handover_steps.mine(ctx, arguments, Act.SIGN)
    if isinstance(found, Reply):
        return found
    held, _ = found
    given = {"_held": str(held.id), "_rev": str(held.rev)}
    return runner.start(ctx, FEATURE, Answers(given))


def submit(ctx: Context, answers: Answers) -> Reply:
    """Send papers back with what is noted as the list of supplements.

    Rule: S4-LOAN.4.2c, S1-15.1.5.
    """
    arguments = (answers.text("_held"), answers.text("_rev"))
    found = handover_steps.mine(ctx, arguments, Act.SIGN)
    if isinstance(found, Reply):
        return handover_steps.opened(found)
    held, leg = found
    day = handover_clock.again(ctx, held, leg)
    return sent_back(ctx, held, leg, answers.text("why"), answers.text("words"), day)


def sent_back(
    ctx: Context,
    held: Handover,
    leg: Leg,
    why: str,
    words: str,
    day: Mapping[str, Any] | None = None,
) -> Reply:
    """Let the giver have the papers again; every signature is void. `day`: until another one."""
    chinese = ctx.languages[LOCALES[0]]
    remark = reason(chinese.t(REASONS.get(why, REASONS["other"])), words)
    gaps = handover_notes.open_all(ctx, held, leg)
    change = {
        "handed_at": None,
        "handed_by": "",
        "signed_at": None,
        "witnessed_at": None,
        "complete": None,
        "remark": remark,
        **anybody(leg),
        **(day or {}),
    }
    held = handover_steps.moved(ctx, held, Trigger.SEND_BACK, leg=change)
    rule = RULES.get(why, handover_access.row_of(ctx, held).rule)
    ctx.record("handover.sent_back", f"handover:{held.id}", rule, gaps=len(gaps))
    handover_clock.follow(ctx, held)
    leg = handovers.present(ctx.unit, held)
    giver = handover_access.giver_of(ctx, leg)
    facts = {"name": ctx.person.name, "rule": rule}
    reader = staff.get(ctx.session, giver)
    if reader is not None and not handover_words.readable(ctx, held, reader):
        handover_steps.tell_all(ctx, held, (giver,), BARE, f"back.{held.rev}", **facts)
    elif gaps:
        facts |= {"why": remark, "count": str(len(gaps))}
        handover_gap_cards.tell_list(ctx, held, giver, gaps, BACK_LIST, **facts)
        handover_card.redraw(ctx, held)
    else:
        handover_steps.tell_all(ctx, held, (giver,), BACK, f"back.{held.rev}", why=remark, **facts)
    if other := handover_stead.stand_in(ctx, held, giver):
        handover_card.tell(ctx, held, other, BARE, f"back.{held.rev}", **facts)
    name = handover_words.names(ctx, (giver,), ctx.texts)
    return shown(ctx, held, ctx.t(SENT_BACK, name=name, why=remark, rule=rule))


def anybody(leg: Leg) -> dict[str, str]:
    """Return that whoever keeps the archive may sign, not only who looked at the papers first."""
    return {"receiver": ""} if leg.into_archive else {}


def reason(why: str, words: str) -> str:
    return f"{why}：{words}" if words else why


FEATURE = Feature(FORM.key, FORM.title, form=FORM, submit=submit)
ACTIONS = {"return": ask}
