"""The register of loans in chat: what is out, late, settled or short, by person and by customer.

For who hands papers out, for heads of departments (of their own) and for directors. Each line
leads to the card of its loan; a file of a whole section is made when it is sent. What a reader may
not know of is not there, and its place is not counted.
"""

from __future__ import annotations

import msgspec

from handlers import seeing
from handlers.approvals import case_texts
from handlers.approvals.case_cards import here
from handlers.context import Context
from handlers.conversation import runner
from handlers.conversation.forms import Answers, Field, Form, Kind
from handlers.conversation.messages import FRESH, Button, Card, Reply, Show
from handlers.feature import Feature
from handlers.loans import loan_sides, loan_words, register_rows
from handlers.loans.register_rows import Entry
from handlers.pages import to_today
from handlers.sheets.made import Made, caption
from handlers.sheets.table_file import Table, workbook
from handlers.texts import N_
from rules.roles import ROLES, RoleKind
from storage import dossiers, loan_register, loans, staff
from storage.loan_register import Asked, Section
from storage.loans import Loan
from storage.staff import Person

RULE = "S3-LOG.2.1"
FILE_RULE = "S3-LOG.2.4c"
SIZE = 6
"""Loans on one card."""
LOOKED_AT = 100
"""Loans that are looked at for one card; where fewer may be shown, it goes on with the next."""
MOST = 1000
"""Loans of one file."""
MOST_LOOKED_AT = 5000
DIRECTOR = 5
"""Rank from which on the register of every department is open."""
DESKS = frozenset(
    {"custodian", "archivist_full", "archivist_part", "deed_keeper", "accounting",
     "company_office", "back_office_manager", "tenant_supervisor"}
)  # fmt: skip
"""Roles that hand papers out."""

TITLE = N_("Loan register")
SECTIONS = {
    Section.OUT: N_("Out now"),
    Section.LATE: N_("Overdue"),
    Section.BACK: N_("Settled this month"),
    Section.SHORT: N_("Short or lost"),
    Section.BORROWER: N_("By borrower"),
    Section.DOSSIER: N_("By customer"),
}
OF_DEPARTMENTS = N_("Loans of {departments}")
OF_ALL = N_("Which part of it?")
NOTHING = N_("There are no such loans.")
NO_LENDING = N_("Under the policy in force nothing is lent.")
UNKNOWN = N_("“{words}” is no colleague and no number of a dossier.")
LINE = N_("{number} · {customer}")
LINE_WHO = N_("{name} ({department}) · {state}")
LINE_DUE = N_("due {day}")
HEADED = N_("{title} · {section}")
EXPORT = N_("As Excel file")
NEXT = N_("Next ›")
COMING = N_("{section}: as things are now.")
COUNTED = N_("Loans: {loans}, rows: {rows}.")
CUT = N_("Only the first {count} loans are in it; choose a smaller part for the others.")
WORDS = N_("{section} · for {name} · {moment}")

WHO_FORM = Form(
    "registerwho",
    1,
    N_("Register by borrower"),
    (Field("who", Kind.STAFF, N_("Borrower"), N_("Whose loans? Part of the name.")),),
    submit_label=N_("Show"),
    review=False,
)
ON_FORM = Form(
    "registeron",
    1,
    N_("Register by customer"),
    (Field("dossier", Kind.DOSSIER, N_("Customer"), N_("Whose dossier? Part of the name.")),),
    submit_label=N_("Show"),
    review=False,
)


class Found(msgspec.Struct, frozen=True):
    loans: tuple[Loan, ...]
    last: Loan | None
    """Where to go on; None: that was all."""


def audience(person: Person) -> bool:
    return person.active and (bool(person.head_of) or everywhere(person))


def everywhere(person: Person) -> bool:
    """Return whether a person may go through the loans of every department."""
    return any(
        code in DESKS
        or (code in ROLES and ROLES[code].rank >= DIRECTOR and ROLES[code].kind is RoleKind.POST)
        for code in person.roles
    )


def title(ctx: Context) -> str:
    """Return what the regulation calls the register, where all that name it call it the same."""
    lending = [one.loan for one in ctx.in_force.every if one.loan is not None]
    forms = {one.form for one in lending if one.form}
    form = next(iter(forms)) if len(forms) == 1 else None
    return str(form) if form else ctx.t(TITLE)


def lends(ctx: Context) -> bool:
    return any(one.loan is not None for one in ctx.in_force.every)


# -- which loans -------------------------------------------------------------------------------


def asked(ctx: Context, section: Section, of: str = "") -> Asked | None:
    """Return a section as it is open to who acts; None: it is not, or names nobody."""
    if section is Section.BORROWER and staff.get(ctx.session, of) is None:
        return None
    if section is Section.DOSSIER and seeing.reachable(ctx, of) is None:
        return None
    open_to_all = everywhere(ctx.person)
    since = ctx.policy.time.day_start(ctx.today.replace(day=1))
    departments = () if open_to_all else ctx.person.head_of
    return Asked(section, ctx.now, since, departments, of)


def find(ctx: Context, wanted: Asked, limit: int, most: int, after: Loan | None = None) -> Found:
    """Return the next loans that the reader may know of, among `most` that are looked at."""
    found: list[Loan] = []
    seen = 0
    while True:
        some = loan_register.page(ctx.unit, wanted, LOOKED_AT, after)
        for one in some:
            if len(found) == limit or seen == most:
                return Found(tuple(found), after)
            seen += 1
            after = one
            if register_rows.listed(ctx, one):
                found.append(one)
        if len(some) < LOOKED_AT:
            return Found(tuple(found), None)


def _read(ctx: Context, arguments: tuple[str, ...]) -> Asked | None:
    """Return what a key asks for: `<section>[.<of>]`."""
    words, of = (*arguments, "", "")[:2]
    if words not in {one.value for one in Section}:
        return None
    return asked(ctx, Section(words), of)


# -- cards -------------------------------------------------------------------------------------


def show(ctx: Context, words: str = "") -> Reply:
    """Show the sections, or the loans of the colleague or the dossier that is named."""
    if not lends(ctx):
        return Reply.of(Card(ctx.t(NO_LENDING), title=ctx.t(TITLE), nav=(to_today(ctx.texts),)))
    words = words.strip()
    if not words:
        return menu(ctx, ())
    wanted = _named(ctx, words)
    if wanted is None:
        return _menu(ctx, ctx.t(UNKNOWN, words=words[:40]))
    return _list(ctx, wanted, None)


def _named(ctx: Context, words: str) -> Asked | None:
    dossier = dossiers.by_number(ctx.session, words)
    if dossier is not None:
        return asked(ctx, Section.DOSSIER, str(dossier))
    people = staff.find(ctx.session, words, 2)
    exact = [one for one in people if words in (one.id, one.name)] or list(people)
    return asked(ctx, Section.BORROWER, exact[0].id) if len(exact) == 1 else None


def menu(ctx: Context, _arguments: tuple[str, ...]) -> Reply:
    """Show which parts of the register there are."""
    return _menu(ctx, "")


def _menu(ctx: Context, lead: str) -> Reply:
    said = ctx.t(OF_ALL)
    if not everywhere(ctx.person):
        said = ctx.t(OF_DEPARTMENTS, departments="、".join(ctx.person.head_of))
    starts = {Section.BORROWER: "f.register.who", Section.DOSSIER: "f.register.on"}
    choices = [
        Button(ctx.t(label), starts.get(one, f"f.register.list.{one}"))
        for one, label in SECTIONS.items()
    ]
    text = "\n".join(filter(None, (lead, said)))
    return Reply.of(
        Card(
            text,
            title=title(ctx),
            choices=tuple(choices),
            columns=2,
            nav=(to_today(ctx.texts),),
        )
    )


def listing(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Show a page of a section: `<section>.<of or ->.<last loan before it>`."""
    words, of, mark = (*arguments, "", "", "")[:3]
    wanted = _read(ctx, (words, _of(of)))
    if wanted is None:
        return Reply(alert=ctx.t(NOTHING))
    after = loans.get(ctx.unit, int(mark)) if mark.isdecimal() else None
    return _list(ctx, wanted, after)


def _list(ctx: Context, wanted: Asked, after: Loan | None) -> Reply:
    found = find(ctx, wanted, SIZE, LOOKED_AT, after)
    ctx.record("register.read", f"staff:{ctx.person.id}", RULE, section=wanted.section.value)
    choices = [_button(one) for one in found.loans if "loans" in ctx.registry.by_key]
    if found.loans:
        choices.append(Button(ctx.t(EXPORT), f"f.register.export.{_key(wanted)}"))
    nav = [Button(title(ctx), "f.register.open", back=True)]
    if found.last is not None:
        nav.append(Button(ctx.t(NEXT), f"f.register.list.{_key(wanted)}.{found.last.id}"))
    return Reply.of(
        Card(
            "\n".join(_line(ctx, one) for one in found.loans) or ctx.t(NOTHING),
            title=_headed(ctx, wanted),
            choices=tuple(choices),
            columns=2,
            nav=tuple(nav),
            protect=True,
        )
    )


def _key(wanted: Asked) -> str:
    return f"{wanted.section}.{wanted.of or '-'}"


def _of(words: str) -> str:
    return "" if words == "-" else words


def _button(one: Loan) -> Button:
    return Button(one.number or str(one.id), f"f.loans.card.{one.id}")


def _headed(ctx: Context, wanted: Asked) -> str:
    return ctx.t(HEADED, title=title(ctx), section=section(ctx, wanted))


def section(ctx: Context, wanted: Asked) -> str:
    """Return what a part of the register is called, with whom or what it is about."""
    if wanted.section is Section.BORROWER:
        return case_texts.name(ctx, wanted.of)
    if wanted.section is Section.DOSSIER:
        dossier = seeing.reachable(ctx, wanted.of)
        return seeing.customer(ctx, dossier) if dossier else ""
    return ctx.t(SECTIONS[wanted.section])


def _line(ctx: Context, held: Loan) -> str:
    dossier = loan_sides.dossier_of(ctx, held)
    customer = loan_sides.customer(ctx, dossier, here(ctx), ctx.texts)
    number = held.number or ctx.t(loan_words.KINDS[loan_words.kind(held)])
    who = ctx.t(
        LINE_WHO,
        name=case_texts.name(ctx, held.borrower),
        department=held.department,
        state=loan_words.state(ctx, held, ctx.texts),
    )
    if held.out and held.due_on is not None and not held.overdue(ctx.now):
        due = ctx.t(LINE_DUE, day=ctx.texts.day(held.due_on, ctx.today))
        who = f"{who} · {due}"
    return f"{ctx.t(LINE, number=number, customer=customer)}\n{who}"


# -- by borrower, by customer ------------------------------------------------------------------


def ask_who(ctx: Context, _arguments: tuple[str, ...]) -> Reply:
    return runner.start(ctx, WHO, Answers({}))


def ask_on(ctx: Context, _arguments: tuple[str, ...]) -> Reply:
    return runner.start(ctx, ON, Answers({}))


def _submit(ctx: Context, section: Section, answers: Answers, field: str) -> Reply:
    chosen = answers.option(field)
    wanted = asked(ctx, section, chosen.key) if chosen else None
    return _list(ctx, wanted, None) if wanted else Reply.of(Card(ctx.t(NOTHING)))


# -- as a file ---------------------------------------------------------------------------------


def export(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Ask for a section as a file; it is made when it is sent. Rule: S3-LOG.2.4b."""
    words, of = (*arguments, "")[:2]
    wanted = _read(ctx, (words, _of(of)))
    if wanted is None:
        return Reply(alert=ctx.t(NOTHING))
    ctx.record("register.asked", f"staff:{ctx.person.id}", FILE_RULE, section=words)
    card = Card(
        ctx.t(COMING, section=section(ctx, wanted)),
        title=title(ctx),
        makes=f"register.file.{_key(wanted)}",
    )
    return Reply((Show(card, slot=FRESH),))


def make(ctx: Context, arguments: tuple[str, ...]) -> Made:
    """Make a section as a workbook. Rule: S3-LOG.2.4c, S2-INFO.19.5, S3-LOG.2.1."""
    words, of = (*arguments, "")[:2]
    wanted = _read(ctx, (words, _of(of)))
    if wanted is None:
        return Made(ctx.t(NOTHING))
    found = find(ctx, wanted, MOST, MOST_LOOKED_AT)
    lines = [one for held in found.loans for one in register_rows.entries(ctx, held)]
    if not lines:
        return Made(ctx.t(NOTHING))
    file = workbook(_table(ctx, wanted, lines))
    register_rows.look(ctx, lines)
    ctx.record(
        "register.sent",
        f"staff:{ctx.person.id}",
        FILE_RULE,
        section=words,
        rows=len(lines),
        sum=file.checksum,
    )
    said = [ctx.t(COUNTED, loans=len(found.loans), rows=len(lines))]
    said += [ctx.t(CUT, count=len(found.loans))] if found.last is not None else []
    return Made("\n".join(said), caption(ctx, file, len(lines)), (file,))


def _table(ctx: Context, wanted: Asked, lines: list[Entry]) -> Table:
    made_at = register_rows.wall(ctx, ctx.now)
    assert made_at is not None  # noqa: S101 - there is a present
    words = ctx.t(
        WORDS,
        section=section(ctx, wanted),
        name=ctx.person.name,
        moment=ctx.texts.moment(ctx.now),
    )
    columns = register_rows.REGISTER
    return Table(
        title(ctx),
        words,
        register_rows.heads(ctx, columns),
        register_rows.cells(ctx, columns, lines),
        made_at,
    )


FEATURE = Feature(
    key="register",
    title=TITLE,
    command="register",
    words=("登记册", "借阅登记册"),
    audience=audience,
    open=show,
    actions={"open": menu, "list": listing, "who": ask_who, "on": ask_on, "export": export},
    makes={"file": make},
)
WHO = Feature(
    "registerwho",
    WHO_FORM.title,
    audience=audience,
    form=WHO_FORM,
    submit=lambda ctx, answers: _submit(ctx, Section.BORROWER, answers, "who"),
)
ON = Feature(
    "registeron",
    ON_FORM.title,
    audience=audience,
    form=ON_FORM,
    submit=lambda ctx, answers: _submit(ctx, Section.DOSSIER, answers, "dossier"),
)
