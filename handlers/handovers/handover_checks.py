"""What who signs confirms point by point: name, number and quantity of a deed, a volume's state.

Which points are confirmed stands in the button itself, so nothing is kept of a look that was
broken off. The trap is the signature with one tap on something nobody has looked at.
"""

from __future__ import annotations

from enum import StrEnum

from handlers.context import Context
from handlers.conversation.messages import Button, Card, Reply
from handlers.handovers import handover_access, handover_findings, handover_given
from handlers.handovers.handover_access import Act
from handlers.texts import LOCALES, N_
from rules.checklists import Check
from storage.handovers import Handover

TITLE = N_("Check · {number}")
EACH = N_("Confirm each point; with the last one you sign.")
EACH_HAND = N_("Confirm each point; with the last one you hand over.")
POINT = N_("{mark} {what} ({rule})")
DONE, OPEN = "☑", "☐"


class Side(StrEnum):
    """Who confirms."""

    HAND = "hand"
    SIGN = "sign"
    WITNESS = "witness"


_ACTS = {Side.HAND: Act.GIVE, Side.SIGN: Act.SIGN, Side.WITNESS: Act.WITNESS}


def points(ctx: Context, held: Handover, side: Side) -> tuple[Check, ...]:
    """Return what that side confirms: the receiver every point, the others those of deeds.

    Rule: S4-LOAN.5.2b, S1-15.1.3, S2-DOSS.11.
    """
    papers = handover_access.papers_of(ctx, held)
    deeds = any(one.certificate for one in papers.item)
    return papers.checks if side is Side.SIGN or deeds else ()


def first(ctx: Context, held: Handover, side: Side) -> Reply | None:
    """Return the card of the points, none confirmed; None: there are none."""
    return _card(ctx, held, side, 0) if points(ctx, held, side) else None


def side_of(arguments: tuple[str, ...]) -> tuple[Side, Act]:
    """Return whose confirmation a button is, and what it needs the right to."""
    words = arguments[2] if len(arguments) > 2 else ""
    side = Side(words) if words in {one.value for one in Side} else Side.SIGN
    return side, _ACTS[side]


def further(ctx: Context, held: Handover, side: Side, arguments: tuple[str, ...]) -> Reply | None:
    """Return the card with the points that are confirmed by now; None: all of them are."""
    words = arguments[3] if len(arguments) > 3 else ""
    mask = int(words) if words.isdecimal() else 0
    every = (1 << len(points(ctx, held, side))) - 1
    return None if mask & every == every else _card(ctx, held, side, mask)


def _card(ctx: Context, held: Handover, side: Side, mask: int) -> Reply:
    zh = ctx.texts.locale == LOCALES[0]
    lines = [
        handover_findings.described(one, ctx.texts)
        for one in handover_given.lines(ctx, held)
        if one.paper is not None and one.paper.certificate and one.item.state == "present"
    ]
    lines.append(ctx.t(EACH_HAND if side is Side.HAND else EACH))
    buttons = []
    for at, one in enumerate(points(ctx, held, side)):
        done = bool(mask >> at & 1)
        what = one.zh if zh else one.en
        lines.append(ctx.t(POINT, mark=DONE if done else OPEN, what=what, rule=one.rule))
        if not done:
            key = f"f.sign.check.{held.id}.{held.rev}.{side.value}.{mask | 1 << at}"
            buttons.append(Button(what if len(what) <= 8 else f"{what[:7]}…", key))
    return Reply.of(
        Card(
            "\n".join(lines),
            title=ctx.t(TITLE, number=held.number),
            choices=tuple(buttons),
            columns=2,
            nav=(Button(ctx.t(N_("Back")), f"f.handover.card.{held.id}", back=True),),
            protect=True,
        )
    )
