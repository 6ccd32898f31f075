"""/shelf 架位索引: where every file stands, in the order of the shelves, to be printed.

Who keeps the archive fetches and puts back by it. It is made when it is sent, of what the reader
may know: a place is content, and a file whose content no chat may show has its number only.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from handlers import seeing
from handlers.approvals.case_cards import here
from handlers.context import Context
from handlers.conversation.messages import FRESH, Button, Card, Reply, Show
from handlers.dossiers import find, papers
from handlers.feature import Feature
from handlers.loans import loan_register, register_rows, whereabouts
from handlers.pages import to_today
from handlers.sheets.made import Made, MadeFile, caption
from handlers.sheets.table_file import Table, workbook
from handlers.texts import N_
from rules.safes import UPPER
from rules.secrecy import Grade
from rules.shelves import index_rule, place_key
from storage import documents, dossiers, staff
from storage.dossiers import Dossier
from storage.looks import Way

KEY = "shelf"
MOST = 3000
"""Files and papers with a place of their own in one index, of each so many."""

TITLE = N_("Shelf index")
INTRO = N_(
    "Where every file stands: cabinet by cabinet, from top to bottom and left to right ({rule}). "
    "For a single one write /shelf and part of its name."
)
COMING = N_("The shelf index is being made.")
NOTHING = N_("No file has a place yet.")
COUNTED = N_("{count} places, as things are now.")
CUT = N_("Only the first {count} are in it.")
WORDS = N_("{unit} · for {name} · {moment}")
PAGE = N_("Page {page}")
EXCEL, PDF = N_("As Excel file"), N_("To print (PDF)")
COLUMNS = (
    (N_("Place of the file"), 20),
    (N_("Number"), 16),
    (N_("Customer"), 34),
    (N_("Title"), 30),
    (N_("Whereabouts"), 30),
    (N_("Remarks"), 12),
)


class Standing(msgspec.Struct, frozen=True):
    """What stands at one place."""

    place: str
    dossier: Dossier
    title: str
    """Of a paper with a place of its own; "": the file itself."""
    grade: Grade


def audience(person: staff.Person) -> bool:
    return person.active and bool(loan_register.DESKS & person.roles)


def show(ctx: Context, words: str = "") -> Reply:
    """Offer the index, or find one file, whose card says where it is. Rule: S2-INFO.6."""
    if words.strip():
        return find.show(ctx, words)
    buttons = (
        Button(ctx.t(EXCEL), f"f.{KEY}.file.xlsx"),
        Button(ctx.t(PDF), f"f.{KEY}.file.pdf"),
    )
    text, nav = ctx.t(INTRO, rule=_rule(ctx)), (to_today(ctx.texts),)
    return Reply.of(Card(text, title=ctx.t(TITLE), choices=buttons, columns=2, nav=nav))


def file(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Ask for the index as a file, made when it is sent: `xlsx` or `pdf`."""
    ending = arguments[0] if arguments[0] == "pdf" else "xlsx"
    ctx.record("shelf.asked", f"staff:{ctx.person.id}", _rule(ctx))
    card = Card(ctx.t(COMING), title=ctx.t(TITLE), makes=f"{KEY}.{ending}")
    return Reply((Show(card, slot=FRESH),))


def _rule(ctx: Context) -> str:
    found = (index_rule(policy.sources) for policy in ctx.in_force.every)
    return next(filter(None, found), "S2-INFO.6")


def make_workbook(ctx: Context, _arguments: tuple[str, ...]) -> Made:
    return _make(ctx, pdf=False)


def make_pdf(ctx: Context, _arguments: tuple[str, ...]) -> Made:
    return _make(ctx, pdf=True)


def _make(ctx: Context, *, pdf: bool) -> Made:
    """Make the index of places. Rule: S2-INFO.6, S2-INFO.7, S2-INFO.22, S1-10.2, S1-15.5.2."""
    found = sorted(_standing(ctx), key=lambda one: place_key(one.place))
    if not found:
        return Made(ctx.t(NOTHING))
    table = _table(ctx, found)
    made = _printed(table, ctx.t(PAGE)) if pdf else workbook(table)
    for one in {one.dossier.id: one.dossier for one in found}.values():
        seeing.look(ctx, one, Way.REGISTER)
    who = f"staff:{ctx.person.id}"
    ctx.record("shelf.sent", who, _rule(ctx), rows=len(found), sum=made.checksum)
    said = [ctx.t(COUNTED, count=len(found))]
    said += [ctx.t(CUT, count=len(found))] if len(found) >= MOST else []
    return Made("\n".join(said), caption(ctx, made, len(found)), (made,))


def _printed(table: Table, page: str) -> MadeFile:
    from handlers.sheets.print_file import printed  # memory that few programs need

    return printed(table, page)


def _standing(ctx: Context) -> Iterator[Standing]:
    """Yield what has a place, as far as who acts may read it there."""
    for dossier_id in dossiers.on_shelves(ctx.session, MOST):
        dossier = dossiers.get(ctx.unit, dossier_id)
        if dossier is not None and seeing.view(ctx, dossier, here(ctx)).content:
            yield Standing(dossier.location, dossier, "", Grade(dossier.grade))
    for one in documents.apart(ctx.unit, MOST):
        dossier = dossiers.get(ctx.unit, one.dossier_id)
        seen = papers.views(ctx, dossier).get(one.grade) if dossier is not None else None
        if dossier is not None and seen is not None and seen.content:
            yield Standing(one.location, dossier, one.title, Grade(one.grade))


def _table(ctx: Context, found: list[Standing]) -> Table:
    made_at = register_rows.wall(ctx, ctx.now)
    assert made_at is not None  # noqa: S101 - there is a present
    words = ctx.t(
        WORDS,
        unit=ctx.policy.custodian_unit,
        name=ctx.person.name,
        moment=ctx.texts.moment(ctx.now),
    )
    rows = [
        (
            one.place,
            one.dossier.number or "",
            seeing.customer(ctx, one.dossier, here(ctx)),
            one.title,
            "; ".join(whereabouts.lines(ctx, one.dossier)),
            one.grade.zh if one.grade in UPPER else "",
        )
        for one in found
    ]
    columns = tuple((ctx.t(name), width) for name, width in COLUMNS)
    return Table(ctx.t(TITLE), words, columns, rows, made_at)


FEATURE = Feature(
    key=KEY,
    title=TITLE,
    command="shelf",
    words=("架位索引", "存放索引"),
    audience=audience,
    open=show,
    actions={"file": file},
    makes={"xlsx": make_workbook, "pdf": make_pdf},
)
