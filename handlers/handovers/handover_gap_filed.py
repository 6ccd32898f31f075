"""A paper that comes when the file stands on its shelf already: it joins it, and who keeps the
archive is told where it goes in.

The contents list has it in the pack's order, so what lies behind it is numbered anew. The trap is
the paper that was supplied and is only in the register: it becomes one of the dossier's here.
"""

from __future__ import annotations

from handlers.approvals.case_cards import here
from handlers.context import Context
from handlers.conversation.messages import Button, Card, Reply
from handlers.handovers import handover_card, handover_contents, handover_papers_in, handover_words
from handlers.handovers.handover_contents import Entry
from handlers.texts import N_
from rules.handovers import GapKind
from storage import documents, handover_items
from storage.handover_gaps import Gap
from storage.handovers import Handover

PUT_IN = N_("To be put in ({rule}): {title}, as no. {number} of the list, in {place}.")
PUT_IN_PAGES = N_(
    "To be put in ({rule}): {title}, as no. {number} of the list, pages {span}, in {place}. What "
    "lies behind it is numbered anew."
)
PUT_ANNEX = N_("To be put in ({rule}): {title}, with the annexes, in {place}.")
RULE = "S2-DOSS.6"


def join(ctx: Context, held: Handover, gap: Gap) -> Reply:
    """Put what closed a gap on record in a file that is shelved; return where it goes in.

    Rule: S2-DOSS.6, S2-DOSS.15, S2-DOSS.17.
    """
    if held.shelved_at is None or gap.kind not in (GapKind.MISSING, GapKind.PAGES):
        return Reply()
    handover_papers_in.file(ctx, held)
    item = handover_items.get(ctx.unit, gap.item_id)
    if gap.kind == GapKind.PAGES and item is not None and item.document_id is not None:
        documents.recount(ctx.unit, item.document_id, item.pages)
    ctx.record("handover.joined", f"handover:{held.id}", RULE, kind=gap.kind)
    entry = handover_contents.entry_of(ctx, held, gap.item_id)
    if entry is None or not handover_words.readable(ctx, held, here(ctx)):
        return Reply()
    button = Button(ctx.t(handover_contents.TITLE), f"f.sign.contents.{held.id}")
    title = handover_card.title(held, ctx.texts)
    return Reply.of(Card(_words(ctx, held, entry), title=title, choices=(button,), protect=True))


def _words(ctx: Context, held: Handover, entry: Entry) -> str:
    words = PUT_IN_PAGES if entry.span else PUT_IN if entry.number else PUT_ANNEX
    return ctx.t(
        words,
        rule=RULE,
        title=entry.line.title(ctx.texts),
        number=entry.number,
        span=entry.span,
        place=handover_words.place(ctx, held, ctx.texts),
    )
