"""What is written or sent about a handover's papers: pages, reasons, deeds, photos, more lines."""

from __future__ import annotations

from handlers.context import Context
from handlers.conversation.forms import Answers
from handlers.conversation.messages import Card, Reply
from handlers.feature import Feature
from handlers.handovers import (
    handover_acts,
    handover_card,
    handover_given,
    handover_item,
    handover_list,
    handover_photos,
)
from handlers.handovers.handover_access import Act
from handlers.handovers.handover_ask import ASK, FORM, HELD, ITEM
from handlers.texts import N_
from rules.handovers import ItemState
from storage import attachments, handover_items, handovers
from storage.handover_items import PHOTOS
from storage.handovers import Handover

FULL = N_("The list is full.")
ADDED = N_("Added: {title}. Say what is there of it.")
PHOTOS_KEPT = N_("{count} photos kept.")


def submit(ctx: Context, answers: Answers) -> Reply:
    """Write what was typed or sent. Rule: S1-09.4.1, S4-LOAN.4.2a, S4-LOAN.5.2b."""
    match answers.text(ASK):
        case "pages":
            reply = _said(ctx, answers, pages=int(answers.values["pages"]))
        case "reason":
            state = ItemState.NOT_APPLICABLE.value
            reply = _said(ctx, answers, state=state, form="", reason=answers.text("reason"))
        case "deed":
            reply = _said(
                ctx,
                answers,
                title=answers.text("name"),
                certificate=answers.text("certificate"),
                copies=int(answers.values["copies"]),
            )
        case "line":
            reply = _added(ctx, answers)
        case "files":
            reply = _photos(ctx, answers)
        case _:
            reply = _pile(ctx, answers)
    return reply if reply.shows or not reply.alert else Reply.of(Card(reply.alert))


def _record(ctx: Context, held: Handover) -> None:
    ctx.record("handover.listed", f"handover:{held.id}", handover_acts.RULE)


def _said(ctx: Context, answers: Answers, **values: object) -> Reply:
    written = handover_item.write(ctx, answers.text(ITEM), values)
    if isinstance(written, Reply):
        return written
    _record(ctx, written[0])
    return handover_item.onward(ctx, *written)


def _added(ctx: Context, answers: Answers) -> Reply:
    held = handover_acts.allowed(ctx, answers.text(HELD), Act.GIVE)
    if isinstance(held, Reply):
        return held
    title = answers.text("line")
    held = handovers.save(ctx.unit, held)
    id_ = handover_items.add(ctx.unit, held.id, title)
    if id_ is None:
        return Reply.of(handover_list.list_card(ctx, held, lead=ctx.t(FULL)))
    _record(ctx, held)
    found = next(one for one in handover_given.lines(ctx, held) if one.item.id == id_)
    return Reply.of(handover_item.item_card(ctx, held, found, ctx.t(ADDED, title=title)))


def _photos(ctx: Context, answers: Answers) -> Reply:
    """Keep photos of one line; of a paper of which nothing was said, they say that it is there."""
    found = handover_item.found_line(ctx, answers.text(ITEM), lock=True)
    if found is None:
        return handover_card.refused(ctx, None)
    ids, said = handover_photos.taken(ctx, answers.files("files"))
    written = handover_item.write(
        ctx, answers.text(ITEM), handover_photos.of_state(found[1]) if ids else {}
    )
    if isinstance(written, Reply):
        return written
    held, one = written
    attachments.attach(ctx.unit, ids, PHOTOS, one.item.id)
    _record(ctx, held)
    kept = ctx.t(PHOTOS_KEPT, count=len(ids)) if ids else ""
    one = next(each for each in handover_given.lines(ctx, held) if each.key == one.key)
    lead = "\n".join(filter(None, (kept, said)))
    return Reply.of(handover_item.item_card(ctx, held, one, lead))


def _pile(ctx: Context, answers: Answers) -> Reply:
    held = handover_acts.allowed(ctx, answers.text(HELD), Act.GIVE)
    if isinstance(held, Reply):
        return held
    _record(ctx, held)
    return handover_photos.put_on_pile(ctx, held, answers.files("files"))


FEATURE = Feature(FORM.key, FORM.title, form=FORM, submit=submit)
