"""卷内目录: what lies in the file, in the pack's order with pages, to be printed; and its label.

Made when it is sent, for who looks after the papers. A line somebody still has to supply is on it,
with what is missing: the list says what is there, not what should be.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

import msgspec

from handlers.approvals import case_texts
from handlers.approvals.case_cards import here
from handlers.context import Context
from handlers.conversation.messages import FRESH, Card, Reply, Show
from handlers.dossiers import papers
from handlers.handovers import (
    handover_access,
    handover_card,
    handover_ends,
    handover_findings,
    handover_given,
    handover_words,
)
from handlers.handovers.handover_access import Act
from handlers.handovers.handover_given import Line
from handlers.loans import register_rows
from handlers.sheets.made import Made, MadeFile, caption
from handlers.sheets.table_file import Cell, Table, workbook
from handlers.texts import N_, Texts
from rules.handovers import order
from rules.secrecy import Grade
from storage import documents, handover_gaps, handovers
from storage.handover_gaps import Gap
from storage.handovers import Handover

RULE = "S2-DOSS.17"

TITLE = N_("Contents list")
COLUMNS = (
    (N_("No."), 6),
    (N_("Title"), 46),
    (N_("Form"), 10),
    (N_("Pages"), 8),
    (N_("From – to"), 12),
    (N_("Copies"), 8),
    (N_("Remarks"), 40),
)
SECRET_LABEL = N_("No. {number} · {grade}\n{year} · {count} papers, filed apart")
LABEL = N_("No. {number}\n{subject}\n{year} · {kind}\n{place}")
ANNEX = N_("annex")
WORDS = N_("{number} · {subject} · handed over by {giver}, signed for by {receiver}, {day}")
COPIES = N_("In {count} copies: one for each who signs, one in the file.")
NOTES = N_("Notes: {words}. Responsible: {name}, {day}.")
NO_NOTES = N_("nothing to note")
APART = N_("{count} papers are too secret for a chat; their list is written in the archive.")
PAGE = N_("Page {page}")
COMING = N_("The contents list is being made.")
NOTHING = N_("There is nothing to list yet.")


def label(ctx: Context, held: Handover, texts: Texts, place: str = "") -> str:
    """Return what the label of the file says. Rule: S2-DOSS.7, S2-DOSS.20, S4-LOAN.5.5."""
    row = handover_access.row_of(ctx, held)
    return texts.t(
        LABEL,
        number=handover_words.number(ctx, held, here(ctx)),
        subject=handover_words.subject(ctx, held, here(ctx)),
        year=held.year,
        kind=handover_words.kind(row, texts),
        place=place or held.location,
    )


def labels(ctx: Context, held: Handover, texts: Texts) -> str:
    """Return what the labels of shelved papers say: of the file, and of a top-secret volume beside
    it, whose place no chat shows. Rule: S2-DOSS.13, S2-INFO.22."""
    apart = [one for one in _graded(ctx, held).values() if one is Grade.TOP_SECRET]
    if not apart:
        return label(ctx, held, texts)
    secret = texts.t(
        SECRET_LABEL,
        number=handover_words.number(ctx, held, here(ctx)),
        grade=Grade.TOP_SECRET.zh,
        year=held.year,
        count=len(apart),
    )
    rest = len(apart) < len(handover_ends.papers(ctx, held))
    return "\n\n".join((label(ctx, held, texts), secret)) if rest else secret


def _graded(ctx: Context, held: Handover) -> dict[int, Grade]:
    """Return by line how secret the papers in the archive are that who acts may know of."""
    dossier = handover_words.dossier_of(ctx, held)
    if dossier is None:
        return {}
    seen = papers.views(ctx, dossier)
    items = {one.document_id: one.id for one in handover_ends.papers(ctx, held)}
    filed = documents.many(ctx.unit, (one for one in items if one is not None))
    return {items[one.id]: Grade(one.grade) for one in filed if one.grade in seen}


def ask(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Ask for the list as a file; it is made when it is sent."""
    held = handover_access.known(ctx, arguments[0])
    if held is None or Act.SHELVE not in handover_access.may(ctx, held, ctx.person):
        return handover_card.refused(ctx, held)
    ctx.record("handover.contents_asked", f"handover:{held.id}", RULE)
    card = Card(
        ctx.t(COMING), title=handover_card.title(held, ctx.texts), makes=f"sign.list.{held.id}"
    )
    return Reply((Show(card, slot=FRESH),))


def make(ctx: Context, arguments: tuple[str, ...]) -> Made:
    """Make the contents list as a workbook, and as a PDF to be printed and bound in front.

    Rule: S2-DOSS.15, S2-DOSS.17, S2-DOSS.18, S1-12.4.3, S5-2.25, S5-2.26.
    """
    held = handover_access.known(ctx, arguments[0])
    if held is None or Act.SHELVE not in handover_access.may(ctx, held, ctx.person):
        return Made(ctx.t(NOTHING))
    listed, apart = _listed(ctx, held)
    rows = _rows(ctx, held, listed)
    more = ctx.t(APART, count=apart) if apart else ""
    if not rows:
        return Made(more or ctx.t(NOTHING))
    made_at = register_rows.wall(ctx, ctx.now)
    assert made_at is not None  # noqa: S101 - there is a present
    columns = tuple((ctx.t(title), width) for title, width in COLUMNS)
    name, words = (
        f"{ctx.t(TITLE)} {held.number}",
        " ".join(filter(None, (_words(ctx, held), more))),
    )
    notes = _notes(ctx, held)
    file = workbook(Table(name, f"{words} {notes}", columns, rows, made_at))
    print_ = _printed(Table(name, words, columns, rows, made_at), ctx.t(PAGE), notes)
    ctx.record("handover.contents_sent", f"handover:{held.id}", RULE, sum=file.checksum)
    return Made(labels(ctx, held, ctx.texts), caption(ctx, file, len(rows)), (file, print_))


def _printed(table: Table, page: str, end: str) -> MadeFile:
    from handlers.sheets.print_file import printed  # memory that few programs need

    return printed(table, page, upright=True, end=end)


def _listed(ctx: Context, held: Handover) -> tuple[frozenset[int], int]:
    """Return the lines that a chat may show to who acts, and how many papers it may not."""
    lines = frozenset(one.item.id for one in handover_given.lines(ctx, held))
    dossier = handover_words.dossier_of(ctx, held)
    if dossier is None:
        return lines, 0
    seen = papers.views(ctx, dossier)
    readable = {Grade(grade) for grade, view in seen.items() if view.content}
    graded = _graded(ctx, held)
    filed = {one.id for one in handover_ends.papers(ctx, held) if one.document_id is not None}
    known = {one: graded.get(one) if one in filed else Grade.NONE for one in lines}
    listed = frozenset(one for one, grade in known.items() if grade in readable)
    return listed, sum(grade is not None and grade not in readable for grade in known.values())


def _rows(ctx: Context, held: Handover, listed: Collection[int]) -> list[tuple[Cell, ...]]:
    """Return the lines in the pack's order; pages are numbered through, annexes are not."""
    contracts = contract_numbers(
        handover_words.dossier_number(ctx, held, here(ctx)), handover_given.lines(ctx, held)
    )
    rows: list[tuple[Cell, ...]] = []
    for one in _entries(ctx, held, listed):
        item = one.line.item
        number = str(one.number) if one.number else ctx.t(ANNEX) if one.there else ""
        rows.append(
            (
                number,
                " ".join(filter(None, (_title(one.line, ctx.texts), contracts.get(item.id)))),
                ctx.t(handover_words.FORMS[item.form]) if item.form else "",
                item.pages or None,
                one.span,
                item.copies if one.there else None,
                "; ".join(handover_findings.what(gap, ctx.texts) for gap in one.gaps),
            )
        )
    return rows


class Entry(msgspec.Struct, frozen=True):
    """One line of the contents list."""

    line: Line
    there: bool
    """Whether the paper lies in the file; else somebody still has to supply it."""
    number: int
    """On the list, from 1; 0: an annex, or not there."""
    span: str
    """Its pages in the file, such as 3–4; "": not numbered or not counted."""
    gaps: tuple[Gap, ...]
    """Open ones."""


def _entries(ctx: Context, held: Handover, listed: Collection[int]) -> Iterator[Entry]:
    """Yield the lines in the pack's order; pages are numbered through, annexes are not.

    Rule: S2-DOSS.15, S2-DOSS.16, S4-LOAN.4.4.
    """
    there = {one.id for one in handover_ends.papers(ctx, held)}
    gaps = handover_findings.by_item(
        [one for one in handover_gaps.of(ctx.unit, held.id) if one.open]
    )
    lines = {
        one.key: one
        for one in handover_given.lines(ctx, held)
        if one.item.id in listed and (one.item.id in there or one.item.id in gaps)
    }
    number, page = 0, 0
    for key in order(handover_access.papers_of(ctx, held), lines):
        line = lines[key]
        coded = line.item.id in there and (line.paper is None or line.paper.coded)
        number += coded
        pages = line.item.pages if coded else 0
        span = f"{page + 1}–{page + pages}" if pages else ""
        page += pages
        found = tuple(gaps.get(line.item.id, ()))
        yield Entry(line, line.item.id in there, number if coded else 0, span, found)


def entry_of(ctx: Context, held: Handover, item_id: int) -> Entry | None:
    """Return where a paper comes on the list as things are now; None: it is not on it, or is too
    secret for a chat."""
    listed, _ = _listed(ctx, held)
    found = (one for one in _entries(ctx, held, listed) if one.line.item.id == item_id)
    return next(found, None)


def contract_numbers(number: str, found: Iterable[Line]) -> dict[int, str]:
    """Return the number of each contract by the id of its line, after that of the file.

    Rule: S4-LOAN.4.8.
    """
    asked = [one.item.id for one in found if one.paper is not None and one.paper.numbered]
    return {id_: f"{number}-{at}" for at, id_ in enumerate(asked, 1)} if number else {}


def _title(line: Line, texts: Texts) -> str:
    own = line.item.title if line.there is not None else ""
    return " ".join(filter(None, (line.title(texts), own, line.item.certificate)))


def _words(ctx: Context, held: Handover) -> str:
    """Return what stands above the list."""
    row = handover_access.row_of(ctx, held)
    leg = handovers.present(ctx.unit, held)
    day = ctx.texts.day(ctx.policy.time.office_day(leg.signed_at or ctx.now))
    said = ctx.t(
        WORDS,
        number=handover_words.number(ctx, held, here(ctx)),
        subject=handover_words.subject(ctx, held, here(ctx)),
        giver=handover_words.handed_by(ctx, leg, ctx.texts),
        receiver=case_texts.name(ctx, leg.receiver),
        day=day,
    )
    copies = ctx.t(COPIES, count=row.copies) if row.copies > 1 else ""
    return " ".join(filter(None, (said, copies)))


def _notes(ctx: Context, held: Handover) -> str:
    """Return the notes at the end, with name and day also where there is nothing to note.

    Rule: S2-DOSS.18.
    """
    return ctx.t(
        NOTES,
        words=handovers.present(ctx.unit, held).remark or ctx.t(NO_NOTES),
        name=ctx.person.name,
        day=ctx.texts.day(ctx.today),
    )
