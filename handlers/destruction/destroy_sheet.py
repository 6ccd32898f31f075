"""销毁清册 as a workbook: a row for each line, as its reader may have it.

The trap is the file that tells more than the card: titles and grounds stand only where the reader
may see what was in the dossier.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from handlers import seeing
from handlers.approvals.case_cards import here
from handlers.context import Context
from handlers.destruction import destroy_access, destroy_checks, destroy_words
from handlers.destruction.destroy_checks import Thing
from handlers.loans.register_rows import wall
from handlers.sheets.table_file import Cell, Table
from handlers.texts import N_
from rules.secrecy import Grade
from storage.destructions import DestructionList, Item
from storage.looks import Way

TITLE = N_("Destruction register")
WORDS = N_("{what} · for {name} · {moment}")
KEPT, DESTROYED, LISTED = N_("kept"), N_("destroyed"), N_("listed")
_STATES = {"listed": LISTED, "kept": KEPT, "destroyed": DESTROYED}


class Entry(msgspec.Struct, frozen=True):
    held: DestructionList
    item: Item
    thing: Thing
    shown: bool
    """Whether title and grounds may be shown."""


def entries(ctx: Context, held: DestructionList) -> list[Entry]:
    """Return the lines of a list that who acts may know of."""
    me, found = here(ctx), []
    for item in destroy_access.lines_for(ctx, held, me):
        thing = destroy_checks.thing_of(ctx, item)
        found.append(Entry(held, item, thing, destroy_words.titled(ctx, thing, me)))
    return found


def _state(ctx: Context, one: Entry) -> Cell:
    why = destroy_words.why(one.item, ctx.texts)
    return why or ctx.t(_STATES[one.item.state])


def _material(ctx: Context, one: Entry) -> Cell:
    return destroy_words.name_of(ctx, one.thing, one.item.title, here(ctx), ctx.texts)


def _grade(ctx: Context, one: Entry) -> Cell:
    grade = one.thing.grade
    if grade is Grade.NONE:
        return ""
    return grade.zh if ctx.texts.locale == "zh_CN" else grade.en


def _manner(ctx: Context, one: Entry) -> Cell:
    manner = one.held.manner
    return ctx.t(destroy_words.MANNERS[manner]) if manner else ""


Value = Callable[[Context, Entry], Cell]

COLUMNS: tuple[tuple[str, int, Value], ...] = (
    (N_("List no."), 15, lambda _ctx, one: one.held.number),
    (N_("Line"), 6, lambda _ctx, one: one.item.position),
    (N_("Dossier no."), 15, lambda _ctx, one: one.thing.dossier.number),
    (
        N_("Dossier name"),
        26,
        lambda ctx, one: seeing.customer(ctx, one.thing.dossier, here(ctx)),
    ),
    (N_("Grade"), 8, _grade),
    (N_("Material"), 28, _material),
    (N_("Pages"), 7, lambda _ctx, one: one.item.pages or None),
    (N_("Copies"), 7, lambda _ctx, one: one.item.copies),
    (N_("Retention"), 10, lambda ctx, one: ctx.t(destroy_words.RETENTIONS[one.item.retention])),
    (N_("Kept until"), 12, lambda _ctx, one: one.item.ended_on),
    (N_("Grounds"), 28, lambda _ctx, one: one.item.grounds if one.shown else ""),
    (N_("Department"), 14, lambda _ctx, one: one.held.department),
    (N_("Drawn up by"), 10, lambda ctx, one: destroy_words.name(ctx, one.held.drawn_by)),
    (N_("Approved"), 12, lambda _ctx, one: one.held.approved_on),
    (N_("Place"), 18, lambda _ctx, one: one.held.place),
    (N_("Manner"), 10, _manner),
    (N_("Carried out by"), 10, lambda ctx, one: destroy_words.name(ctx, one.held.carried_by)),
    (N_("Destruction witness"), 10, lambda ctx, one: destroy_words.name(ctx, one.held.witness)),
    (N_("Witness signed"), 17, lambda ctx, one: wall(ctx, one.held.ended_at)),
    (N_("State"), 16, _state),
)
"""Rule: S2-DOSS.29.1, S2-DOSS.29.3, S1-12.1.4."""


def table(ctx: Context, what: str, lines: Sequence[Entry]) -> Table:
    """Return lines as they will stand in a file; `what`: which of them these are."""
    made_at = wall(ctx, ctx.now)
    assert made_at is not None  # noqa: S101 - there is a present
    words = ctx.t(WORDS, what=what, name=ctx.person.name, moment=ctx.texts.moment(ctx.now))
    heads = tuple((ctx.t(title), width) for title, width, _ in COLUMNS)
    rows = [tuple(value(ctx, one) for _, _, value in COLUMNS) for one in lines]
    return Table(ctx.t(TITLE), words, heads, rows, made_at)


def look(ctx: Context, lines: Sequence[Entry]) -> None:
    """Record what of dossiers the file shows. Rule: S3-SPEC2.3.4c."""
    shown = {one.thing.dossier.id: one.thing.dossier for one in lines if one.shown}
    for dossier in shown.values():
        if seeing.right(ctx, dossier) is not None:
            seeing.look(ctx, dossier, Way.REGISTER)
