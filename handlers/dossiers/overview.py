"""客户一览表: the customers whose dossiers are open to a person, as a list and as a file.

One form for everybody (S5-1.3.2). The trap is the list that gives away more than the cards: a
dossier that is not open to the reader is not there, and what the messenger may not carry is empty.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from enum import StrEnum

import msgspec

from handlers import seeing
from handlers.approvals import case_texts
from handlers.context import Context
from handlers.conversation.messages import FRESH, Button, Card, Reply, Show
from handlers.dossiers import customer_kind, secrecy
from handlers.feature import Feature
from handlers.loans import register_rows
from handlers.pages import to_today
from handlers.sheets.made import Made, caption
from handlers.sheets.table_file import Cell, Table, workbook
from handlers.texts import N_
from rules.access import Sight, View
from rules.customer_kinds import KIND
from rules.secrecy import Grade
from storage import dossiers, overview, staff
from storage.dossiers import Dossier

RULE = "S5-1.3.2"
SIZE = 8
"""Customers on one card."""
LOOKED_AT = 100
"""Dossiers that are looked at for one card; where fewer are open, it goes on with the next."""
MOST = 2000
"""Customers of one file."""
MOST_LOOKED_AT = 10_000

TITLE = N_("Customer overview")
NOTHING = N_("There is no customer here whose dossier is open to you.")
WHICH = N_("Whose customers?")
LINE = N_("{number} {customer}")
LINE_MORE = N_("{kind} · {kept}")
LINE_KEPT = N_("kept by {keeper}")
EXPORT = N_("As Excel file")
COMING = N_("{section}: as things are now.")
COUNTED = N_("{count} customers.")
CUT = N_("Only the first {count} are in it.")
HEADED = N_("{title} · {section}")
WORDS = N_("{section} · for {name} · {moment}")
DRAFT, REPORTED, ACTIVE = N_("draft"), N_("waiting for verification"), N_("on file")
_STATES = {"draft": DRAFT, "reported": REPORTED, "active": ACTIVE}


class Section(StrEnum):
    MINE = "mine"
    TEAM = "team"
    ALL = "all"


SECTIONS = {
    Section.MINE: N_("My customers"),
    Section.TEAM: N_("My team's customers"),
    Section.ALL: N_("All customers"),
}


class Entry(msgspec.Struct, frozen=True):
    """One customer as the reader may have it."""

    dossier: Dossier
    view: View
    customer: str
    kind: str


class Found(msgspec.Struct, frozen=True):
    entries: tuple[Entry, ...]
    last: int | None
    """Id of the dossier to go on behind; None: that was all."""


def sections(ctx: Context) -> tuple[Section, ...]:
    """Return which lists there are for who acts: readers by their role have the whole one."""
    found = [Section.MINE]
    if staff.reports(ctx.session, ctx.person.id):
        found.append(Section.TEAM)
    readers = (one for policy in ctx.in_force.every for one in policy.dossier.readers)
    if any(one.role in ctx.person.roles for one in readers):
        found.append(Section.ALL)
    return tuple(found)


def _keepers(ctx: Context, section: Section) -> Collection[str] | None:
    match section:
        case Section.MINE:
            return (ctx.person.id,)
        case Section.TEAM:
            return tuple(one.id for one in staff.team(ctx.session, ctx.person.id))
        case Section.ALL:
            return None


def find(ctx: Context, section: Section, limit: int, most: int, after: int | None) -> Found:
    """Return the next customers whose dossiers are open to who acts, `most` looked at.

    Rule: S5-1.3.2, S2-INFO.17.
    """
    keepers, found, seen = _keepers(ctx, section), list[Entry](), 0
    names = None if keepers is None else tuple(keepers)
    while True:
        some = overview.page(ctx.session, names, LOOKED_AT, after)
        for id_ in some:
            if len(found) == limit or seen == most:
                return Found(tuple(found), after)
            seen, after = seen + 1, id_
            dossier = dossiers.get(ctx.unit, id_)
            view = seeing.view(ctx, dossier) if dossier else None
            if dossier and view and view.sight is Sight.FULL:
                found.append(_entry(ctx, dossier, view))
        if len(some) < LOOKED_AT:
            return Found(tuple(found), None)


def _entry(ctx: Context, dossier: Dossier, view: View) -> Entry:
    kinds = seeing.policy_of(ctx, seeing.Subject.of(dossier)).dossier
    kind = kinds.kind_of(dossier.fields.get(KIND, "")) if view.content else None
    words = customer_kind.named(kind, ctx.texts) if kind else ""
    return Entry(dossier, view, seeing.customer(ctx, dossier), words)


# -- cards -------------------------------------------------------------------------------------


def show(ctx: Context, _words: str = "") -> Reply:
    """Show which lists there are; where there is one only, that one."""
    offered = sections(ctx)
    if len(offered) == 1:
        return _list(ctx, offered[0], None)
    choices = tuple(Button(ctx.t(SECTIONS[one]), f"f.customers.list.{one}") for one in offered)
    card = Card(ctx.t(WHICH), title=ctx.t(TITLE), choices=choices, nav=(to_today(ctx.texts),))
    return Reply.of(card)


def listing(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Show a page of a list: `<section>.<last customer before it>`."""
    words, mark = (*arguments, "")[:2]
    section = _section(ctx, words)
    if section is None:
        return Reply(alert=ctx.t(NOTHING))
    return _list(ctx, section, int(mark) if mark.isdecimal() else None)


def _section(ctx: Context, words: str) -> Section | None:
    return next((one for one in sections(ctx) if one == words), None)


def _list(ctx: Context, section: Section, after: int | None) -> Reply:
    found = find(ctx, section, SIZE, LOOKED_AT, after)
    ctx.record("overview.read", f"staff:{ctx.person.id}", RULE, section=section.value)
    choices = [Button(one.customer, f"f.find.card.{one.dossier.id}") for one in found.entries]
    if found.entries:
        choices.append(Button(ctx.t(EXPORT), f"f.customers.export.{section}"))
    nav = [to_today(ctx.texts)]
    if len(sections(ctx)) > 1:
        nav.insert(0, Button(ctx.t(TITLE), "f.customers.open", back=True))
    if found.last is not None:
        nav.append(Button(ctx.t(N_("Next ›")), f"f.customers.list.{section}.{found.last}"))
    return Reply.of(
        Card(
            "\n".join(_line(ctx, one) for one in found.entries) or ctx.t(NOTHING),
            title=ctx.t(HEADED, title=ctx.t(TITLE), section=ctx.t(SECTIONS[section])),
            choices=tuple(choices),
            columns=2,
            nav=tuple(nav),
            protect=True,
        )
    )


def _line(ctx: Context, one: Entry) -> str:
    number = one.dossier.number or ctx.t(_STATES[one.dossier.state])
    said = ctx.t(LINE, number=number, customer=one.customer)
    keeper = case_texts.name(ctx, one.dossier.keeper)
    kept = ctx.t(LINE_KEPT, keeper=keeper)
    return f"{said}\n{ctx.t(LINE_MORE, kind=one.kind, kept=kept) if one.kind else kept}"


# -- as a file ---------------------------------------------------------------------------------


def export(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Ask for a list as a file; it is made when it is sent."""
    section = _section(ctx, arguments[0])
    if section is None:
        return Reply(alert=ctx.t(NOTHING))
    ctx.record("overview.asked", f"staff:{ctx.person.id}", RULE, section=section.value)
    said = ctx.t(COMING, section=ctx.t(SECTIONS[section]))
    card = Card(said, title=ctx.t(TITLE), makes=f"customers.file.{section}")
    return Reply((Show(card, slot=FRESH),))


def make(ctx: Context, arguments: tuple[str, ...]) -> Made:
    """Make a list as a workbook, sorted by the kinds of customers. Rule: S5-1.3.2, S1-05.3."""
    section = _section(ctx, arguments[0])
    found = find(ctx, section, MOST, MOST_LOOKED_AT, None) if section else None
    if section is None or found is None or not found.entries:
        return Made(ctx.t(NOTHING))
    entries = sorted(found.entries, key=lambda one: one.kind)
    file = workbook(_table(ctx, section, entries))
    ctx.record(
        "overview.sent",
        f"staff:{ctx.person.id}",
        RULE,
        section=section.value,
        rows=len(entries),
        sum=file.checksum,
    )
    said = [ctx.t(COUNTED, count=len(entries))]
    said += [ctx.t(CUT, count=len(entries))] if found.last is not None else []
    return Made("\n".join(said), caption(ctx, file, len(entries)), (file,))


class _Column(msgspec.Struct, frozen=True):
    title: str
    width: int
    value: Callable[[Context, Entry], Cell]


def _grade(ctx: Context, one: Entry) -> str:
    grade = Grade(one.dossier.grade)
    return "" if grade is Grade.NONE else secrecy.named(grade, ctx.texts)


_COLUMNS = (
    _Column(register_rows.DOSSIER_NUMBER, 15, lambda _ctx, one: one.dossier.number),
    _Column(N_("Customer name"), 30, lambda _ctx, one: one.customer),
    _Column(N_("Customer kind"), 14, lambda _ctx, one: one.kind),
    _Column(register_rows.GRADE, 8, _grade),
    _Column(N_("Keeper"), 10, lambda ctx, one: case_texts.name(ctx, one.dossier.keeper)),
    _Column(register_rows.DEPARTMENT, 14, lambda _ctx, one: one.dossier.department),
    _Column(N_("Opened on"), 12, lambda _ctx, one: one.dossier.opened_on),
    _Column(
        N_("Place of the file"),
        18,
        lambda _ctx, one: one.dossier.location if one.view.content else "",
    ),
    _Column(register_rows.STATE, 12, lambda ctx, one: ctx.t(_STATES[one.dossier.state])),
)


def _table(ctx: Context, section: Section, entries: list[Entry]) -> Table:
    made_at = register_rows.wall(ctx, ctx.now)
    assert made_at is not None  # noqa: S101 - there is a present
    words = ctx.t(
        WORDS,
        section=ctx.t(SECTIONS[section]),
        name=ctx.person.name,
        moment=ctx.texts.moment(ctx.now),
    )
    return Table(
        ctx.t(TITLE),
        words,
        tuple((ctx.t(one.title), one.width) for one in _COLUMNS),
        [tuple(column.value(ctx, one) for column in _COLUMNS) for one in entries],
        made_at,
    )


FEATURE = Feature(
    key="customers",
    title=TITLE,
    command="customers",
    words=("客户一览表", "一览表"),
    open=show,
    actions={
        "open": lambda ctx, _arguments: show(ctx),
        "list": listing,
        "export": export,
    },
    makes={"file": make},
)
