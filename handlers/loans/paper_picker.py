"""What a form offers of a dossier's papers: the whole of it, then paper by paper, page by page.

Only to who sees what is in the dossier. The trap is that of `handlers.dossiers.papers`: a paper
above the reader's clearance is not there, one above the chat's ceiling has no title.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from handlers import seeing
from handlers.context import Context
from handlers.conversation.forms import WHOLE
from handlers.conversation.messages import Found, Option
from handlers.dossiers import papers
from handlers.texts import N_
from rules.access import View
from rules.secrecy import Grade
from storage import documents, loan_items
from storage.documents import Document
from storage.dossiers import Dossier
from storage.loan_items import Block, Why
from storage.names import normalise

ALL = N_("The whole dossier")
PAPER = N_("{title} ({form})")
GRADED = N_("Paper graded {grade} ({form})")
OUT_UNTIL = N_("lent until {day}")
TAKEN = N_("kept for somebody")
GONE = N_("missing")


def find(ctx: Context, words: str, dossier_id: str, page: int, limit: int) -> Found:
    """Return one page of what fits the words; nothing to who must not see inside."""
    dossier = seeing.reachable(ctx, dossier_id)
    if dossier is None or not seeing.view(ctx, dossier).content:
        return Found()
    views = papers.views(ctx, dossier)
    if words:
        return _searched(ctx, dossier, views, words, limit)
    first = page * limit - 1
    some = documents.page(ctx.unit, dossier.id, views, limit + (page > 0), max(first, 0))
    shown = some[: limit - (page == 0)]
    options = _options(ctx, dossier, views, shown)
    if page == 0:
        options = (Option(WHOLE, ctx.t(ALL)), *options)
    return Found(options, more=len(some) > len(shown))


def _searched(
    ctx: Context, dossier: Dossier, views: Mapping[str, View], words: str, limit: int
) -> Found:
    """Titles lie sealed: they are compared one by one, in one dossier at a time."""
    wanted = normalise(words)
    every = documents.page(ctx.unit, dossier.id, views, documents.MOST)
    fit = [one for one in every if views[one.grade].content and wanted in normalise(one.title)]
    options = _options(ctx, dossier, views, fit[:limit])
    return Found(options, more=len(fit) > limit, exact=len(fit) == 1)


def _options(
    ctx: Context, dossier: Dossier, views: Mapping[str, View], some: Iterable[Document]
) -> tuple[Option, ...]:
    shown = tuple(some)
    blocks = loan_items.blocking(ctx.unit, dossier.id, [one.id for one in shown])
    taken = {one.document_id: one for one in reversed(blocks) if one.why is not Why.RESERVED}
    whole = taken.pop(None, None)
    options = []
    for one in shown:
        block = taken.get(one.id) or whole
        hint = _size(ctx, one) if block is None else _away(ctx, block)
        options.append(Option(str(one.id), label(ctx, one, views[one.grade]), hint))
    return tuple(options)


def _size(ctx: Context, one: Document) -> str:
    pages = ctx.t(papers.PAGES, pages=one.pages) if one.pages else ""
    copies = ctx.t(papers.COPIES, copies=one.copies) if one.copies > 1 else ""
    return " · ".join(filter(None, (pages, copies)))


def _away(ctx: Context, block: Block) -> str:
    """Return why a paper is not there, and until when; never with whom."""
    if block.why is Why.OUT and block.due_on is not None:
        return ctx.t(OUT_UNTIL, day=ctx.texts.day(block.due_on, ctx.today))
    return ctx.t(GONE if block.why is Why.MISSING else TAKEN)


def label(ctx: Context, one: Document, seen: View) -> str:
    """Return what a paper is called in a list, as far as it may be named here."""
    form = ctx.t(papers.FORMS[one.form])
    if not seen.content:
        return ctx.t(GRADED, grade=Grade(one.grade).zh, form=form)
    return ctx.t(PAPER, title=one.title, form=form)
