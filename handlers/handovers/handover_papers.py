"""The papers of a handover, filled in by tapping: the list, and what many lines share.

One line is `handlers.handovers.handover_item`, photos are `handlers.handovers.handover_photos`.
"""

from __future__ import annotations

from typing import Any

from handlers.context import Context
from handlers.conversation.messages import Reply
from handlers.feature import Action
from handlers.handovers import (
    handover_access,
    handover_acts,
    handover_ask,
    handover_card,
    handover_given,
    handover_item,
    handover_photos,
)
from handlers.handovers.handover_access import Act
from handlers.handovers.handover_given import Line
from handlers.handovers.handover_list import list_card, needed, quick
from handlers.pages import page_of
from handlers.texts import N_
from rules.checklists import Form, Needed
from rules.handovers import ItemState, Signed
from storage import handover_items, handovers

REST_DONE = N_("Noted for {count} lines: there, in the form asked for, and signed.")
REST_LEFT = N_("Photos are still asked for of: {names}")
NONE_DONE = N_("Noted for {count} lines: not in this job.")


def papers(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Show one page of the list to who may know of the handover."""
    held = handover_access.known(ctx, arguments[0])
    if held is None:
        return handover_card.refused(ctx, None)
    return Reply.of(list_card(ctx, held, page_of(arguments, 1)))


def rest(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Say of all papers of which nothing was said that they are there and signed.

    Not of one of which photos are still asked for.
    """
    held = handover_acts.allowed(ctx, arguments[0], Act.GIVE)
    if isinstance(held, Reply):
        return held
    lines = handover_given.lines(ctx, held)
    open_ = [one for one in lines if needed(one) and one.item.state == ItemState.OPEN]
    held = handovers.save(ctx.unit, held)
    sure = [one for one in open_ if quick(one)]
    for one in sure:
        handover_items.put(ctx.unit, one.item.id, **_complete(ctx, one))
    lead = [ctx.t(REST_DONE, count=len(sure))]
    if len(sure) < len(open_):
        names = "、".join(one.title(ctx.texts) for one in open_ if not quick(one))
        lead.append(ctx.t(REST_LEFT, names=names))
    return Reply.of(list_card(ctx, held, lead="\n".join(lead)))


def _complete(ctx: Context, one: Line) -> dict[str, Any]:
    paper = one.paper
    assert paper is not None  # noqa: S101 - only lines of the checklist are asked for
    return {
        "state": ItemState.PRESENT.value,
        "form": "" if paper.form is Form.ANY else paper.form.value,
        "customer_signed": Signed.YES.value if paper.customer_signs else "",
        "staff_signed": Signed.YES.value if paper.staff_signs else "",
        "supplied_at": ctx.at,
    }


def none_of_rest(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Say of the other papers that may be missing that they do not apply in this job."""
    held = handover_acts.allowed(ctx, arguments[0], Act.GIVE)
    if isinstance(held, Reply):
        return held
    open_ = [
        one
        for one in handover_given.lines(ctx, held)
        if one.paper is not None
        and one.paper.needed is Needed.APPLICABLE
        and one.item.state == ItemState.OPEN
    ]
    held = handovers.save(ctx.unit, held)
    for one in open_:
        values = {
            "state": ItemState.NOT_APPLICABLE.value,
            "reason": handover_item.reason(ctx, "none"),
        }
        handover_items.put(ctx.unit, one.item.id, **values)
    handover_card.redraw(ctx, held)
    return Reply.of(list_card(ctx, held, lead=ctx.t(NONE_DONE, count=len(open_))))


def add(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Ask what a line of its own is called."""
    held = handover_acts.allowed(ctx, arguments[0], Act.GIVE)
    return held if isinstance(held, Reply) else handover_ask.ask(ctx, held, None, "line")


ACTIONS: dict[str, Action] = {
    "papers": papers,
    "rest": rest,
    "none": none_of_rest,
    "add": add,
    **handover_item.ACTIONS,
    **handover_photos.ACTIONS,
}
