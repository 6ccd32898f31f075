"""The list of a handover as the rules read it: what is asked for, what is said of each line.

Giver and receiver look at the same lines. A line that somebody added has no paper of the
checklist behind it; it is never missing, for nobody asked for it.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from handlers.context import Context
from handlers.handovers import handover_access
from handlers.texts import LOCALES, Texts
from rules import handovers as rules
from rules.checklists import Checklist, Form
from rules.checklists import Item as Paper
from rules.handovers import Gap, Given, ItemState, Signed
from storage import attachments, handover_items
from storage.handover_items import Item
from storage.handovers import Handover


class Line(msgspec.Struct, frozen=True):
    """One line of the list with what the checklist says of it."""

    item: Item
    paper: Paper | None
    """What the checklist asks for; None: somebody added the line."""
    there: Paper | None
    """What is there: the paper itself or the one in its place."""
    others: tuple[Paper, ...]
    """Any one of which may stand in its place."""
    photos: int

    @property
    def key(self) -> str:
        """By what the rules know it."""
        return self.item.item or f"+{self.item.id}"

    def title(self, texts: Texts) -> str:
        """Return what it is called, the one in its place where that was said."""
        if self.there is not None:
            return named(self.there, texts)
        return self.item.title


def named(paper: Paper, texts: Texts) -> str:
    return paper.zh if texts.locale == LOCALES[0] else paper.en


def lines(ctx: Context, held: Handover) -> tuple[Line, ...]:
    """Return the list of a handover, in order."""
    papers = handover_access.papers_of(ctx, held)
    items = handover_items.of(ctx.unit, held.id)
    photos = attachments.counts(ctx.session, handover_items.PHOTOS, [one.id for one in items])
    return tuple(line(papers, one, photos.get(one.id, 0)) for one in items)


def line(papers: Checklist, item: Item, photos: int) -> Line:
    paper = papers.of(item.item)
    there = papers.of(item.instead or item.item)
    others = (papers.of(one) for one in paper.instead) if paper is not None else ()
    return Line(item, paper, there, tuple(one for one in others if one is not None), photos)


def given(found: tuple[Line, ...]) -> Mapping[str, Given]:
    """Return what is said about each line, by what the rules know it."""
    return {one.key: _given(one) for one in found}


def unanswered(ctx: Context, held: Handover, found: tuple[Line, ...]) -> tuple[Line, ...]:
    """Return the lines of which the giver still has to say something. Rule: S1-09.4.1."""
    papers = handover_access.papers_of(ctx, held)
    open_ = {one.id for one in rules.ready(papers, given(found))}
    return tuple(one for one in found if one.key in open_)


class Progress(msgspec.Struct, frozen=True):
    """How far a list is filled in, counted everywhere in the same way.

    A line counts that has to be answered or has been: an optional one of which nothing is said
    is in neither number.
    """

    left: tuple[Line, ...]
    """Lines of which something has still to be said."""
    total: int

    @property
    def said(self) -> int:
        return self.total - len(self.left)


def progress(ctx: Context, held: Handover, found: tuple[Line, ...]) -> Progress:
    """Return how far the list is filled in. Rule: S1-09.4.1."""
    left = unanswered(ctx, held, found)
    keys = {one.key for one in left}
    answered = sum(one.item.state != ItemState.OPEN and one.key not in keys for one in found)
    return Progress(left, answered + len(left))


def gaps(ctx: Context, held: Handover, found: tuple[Line, ...]) -> tuple[Gap, ...]:
    """Return what the papers lack as the list says it now."""
    return rules.gaps(handover_access.papers_of(ctx, held), given(found))


def _given(one: Line) -> Given:
    item = one.item
    return Given(
        item=one.key,
        state=ItemState(item.state),
        instead=item.instead,
        form=Form(item.form) if item.form else Form.ANY,
        pages=item.pages or None,
        copies=item.copies,
        photos=one.photos,
        customer_signed=Signed(item.customer_signed),
        staff_signed=Signed(item.staff_signed),
        certificate=item.certificate,
        reason=item.reason,
    )
