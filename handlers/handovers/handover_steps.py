"""What signing, sending back and settling have in common: a leg that two or three people sign.

A button names a handover and the version it was drawn for; who pressed it and how things stand
now decide. The trap is the second tap in the same second: the handover is locked before anything
is read, and who comes second is shown what is so.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from handlers.context import Context
from handlers.conversation.messages import Card, Reply
from handlers.handovers import handover_access, handover_card
from handlers.handovers.handover_access import Act
from handlers.texts import N_
from rules.handovers import LegState, Trigger, move
from storage import handover_gaps, handovers
from storage.handovers import Handover, Leg

CHANGED = N_("It was changed meanwhile; please look once more.")


def mine(ctx: Context, arguments: tuple[str, ...], act: Act) -> tuple[Handover, Leg] | Reply:
    """Return a handover with its present leg if who acts can do that now, else what to answer.

    `arguments`: the id, and the version the button was drawn for where it has one.
    """
    held = handover_access.known(ctx, arguments[0], lock=True)
    if held is None:
        return handover_card.refused(ctx, held)
    if act not in handover_access.may(ctx, held, ctx.person):
        return _not_now(ctx, held, act)
    drawn = arguments[1] if len(arguments) > 1 else ""
    if drawn.isdecimal() and int(drawn) != held.rev:
        return handover_card.shown(ctx, held, ctx.t(CHANGED))
    return held, handovers.present(ctx.unit, held)


def _not_now(ctx: Context, held: Handover, act: Act) -> Reply:
    """Answer who cannot do that: the moment is over, or it is for somebody else."""
    if took_part(ctx, held):
        return handover_card.as_it_is(ctx, held)
    ctx.record(
        "handover.press_refused", f"handover:{held.id}", handover_access.FORGED, act=act.value
    )
    return handover_card.refused(ctx, held)


def took_part(ctx: Context, held: Handover) -> bool:
    """Return whether who acts gives, receives or witnesses a leg of a handover."""
    return ctx.person.id in handover_access.concerned(ctx, held)


def opened(reply: Reply) -> Reply:
    """Return an answer to typed words: nothing was tapped that an alert could pop up over."""
    return reply if reply.shows or not reply.alert else Reply.of(Card(reply.alert))


def instant(ctx: Context, after: datetime | None) -> datetime:
    """Return when who acts did so, by the platform's clock; never before `after`. Rule: C-58."""
    return max(ctx.at, after) if after is not None else ctx.at


def moved(
    ctx: Context,
    held: Handover,
    trigger: Trigger,
    *,
    witnessed: bool = True,
    leg: dict[str, Any] | None = None,
) -> Handover:
    """Write what becomes of the present leg, `leg` with it, and return the handover.

    Raises:
        Conflict: somebody was quicker.
    """
    present = handovers.present(ctx.unit, held)
    state = move(LegState(present.state), trigger, witnessed=witnessed)
    held = touched(ctx, held)
    handovers.set_leg(ctx.unit, present.id, state=state.value, **(leg or {}))
    return held


def touched(ctx: Context, held: Handover, **values: Any) -> Handover:
    """Raise the version of a handover about which something changed; its gaps are counted anew.

    Raises:
        Conflict: somebody was quicker.
    """
    return handovers.save(ctx.unit, held, gaps=handover_gaps.count(ctx.session, held.id), **values)


def tell_all(
    ctx: Context,
    held: Handover,
    people: Iterable[str],
    lead: str,
    what: str,
    but: Collection[str] = (),
    **facts: object,
) -> None:
    """Send the card to these people as a new message, not to who acts; redraw all other copies.

    `but`: who was sent a card of their own already.
    """
    told = sorted(set(people) - {ctx.person.id, *but})
    for one in filter(None, told):
        handover_card.tell(ctx, held, one, lead, what, **facts)
    handover_card.redraw(ctx, held, but=(*told, *but))
