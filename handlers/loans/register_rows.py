"""The lines of the loan register as one reader may have them: a row for each paper of a loan.

What the regulations want in it: when, which material, how many copies, why, who took it and signed
(S2-INFO.19.5), the dossier's name and number, department, operator and remarks (S3-LOG.2.1). The
trap is the register that gives away what the card keeps: titles and reasons stand only where the
reader may see what is in the dossier, and loans of dossiers they may not know of are not there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

import msgspec

from handlers import seeing
from handlers.approvals import case_texts
from handlers.approvals.case_cards import here
from handlers.context import Context
from handlers.loans import loan_sides, loan_words
from handlers.sheets.table_file import Cell
from handlers.texts import N_
from rules.access import Sight
from rules.lending import Place
from rules.loans import LoanState
from rules.secrecy import Grade
from storage import custody, loan_items
from storage.custody import Step
from storage.dossiers import Dossier
from storage.loan_items import LoanItem
from storage.loans import Loan
from storage.looks import Way
from storage.staff import Person

NOT_SHOWN = N_("(title not shown)")
LOAN_NUMBER, DOSSIER_NUMBER, DOSSIER_NAME = N_("Loan no."), N_("Dossier no."), N_("Dossier name")
GRADE, PAPER, FORM, PAGES = N_("Grade"), N_("Material"), N_("Form"), N_("Pages")
COPIES, OPERATION, BORROWER = N_("Copies"), N_("Operation"), N_("Borrower")
DEPARTMENT, FOR_WHOM, PURPOSE = N_("Department"), N_("For whom"), N_("Used for")
REASON, ASKED, LENT, OPERATOR = N_("Reason"), N_("Asked for"), N_("Lent"), N_("Operator")
SIGNED, DUE, RENEWALS = N_("Signed for"), N_("Due back"), N_("Renewals")
RETURNED, COUNTED_BY, STATE = N_("Returned"), N_("Counted by"), N_("State")
REMARKS, DAYS_LATE, WHERE = N_("Remarks"), N_("Days late"), N_("Whereabouts")
WITH = N_("with {name}, {place}")
SEEN = N_("{where}; seen {moment}")


class Entry(msgspec.Struct, frozen=True):
    """One line of a loan with what a reader may have of it."""

    held: Loan
    item: LoanItem
    dossier: Dossier
    number: str
    """Of the dossier, and its name: empty where the reader may not know which one it is."""
    name: str
    titled: bool
    """Whether the paper may be named."""
    reason: str
    steps: tuple[Step, ...]

    @property
    def handed_out(self) -> Step | None:
        done = (one for one in self.steps if one.kind == "hand_out" and one.state == "done")
        return next(done, None)

    @property
    def taken_back(self) -> Step | None:
        back = (one for one in self.steps if one.kind == "return" and one.state == "done")
        return next(iter(reversed(list(back))), None)


class Column(msgspec.Struct, frozen=True):
    title: str
    width: int
    value: Callable[[Context, Entry], Cell]


def listed(ctx: Context, held: Loan) -> bool:
    """Return whether a loan stands in the register of who acts.

    Who has to do with the loan itself knows of the dossier; of others who may know of both.
    """
    person = ctx.person
    if person.id == held.borrower or loan_sides.is_custodian(ctx, held, person):
        return True
    return loan_sides.knows(ctx, held, person) and known(ctx, held)


def known(ctx: Context, held: Loan) -> bool:
    """Return whether who acts may know that there is the dossier of a loan."""
    dossier = loan_sides.dossier_of(ctx, held)
    return seeing.view(ctx, dossier, here(ctx)).sight is not Sight.NONE


def entries(ctx: Context, held: Loan) -> Iterator[Entry]:
    """Yield the lines of a loan that is `listed`."""
    reader = here(ctx)
    dossier = loan_sides.dossier_of(ctx, held)
    shown = seeing.view(ctx, dossier, reader).sight is not Sight.NONE
    number = (dossier.number or "") if shown else ""
    name = seeing.customer(ctx, dossier, reader) if shown else ""
    titled = loan_sides.titles(ctx, held, dossier, reader)
    reason = _reason(ctx, held, dossier, reader)
    steps = custody.of_loan(ctx.unit, held.id)
    for item in loan_items.of(ctx.unit, held.id):
        yield Entry(held, item, dossier, number, name, titled, reason, steps)


def _reason(ctx: Context, held: Loan, dossier: Dossier, reader: Person) -> str:
    mine = reader.id == held.borrower and seeing.readable(ctx, dossier, reader)
    return held.reason if mine or loan_sides.titles(ctx, held, dossier, reader) else ""


def look(ctx: Context, found: list[Entry]) -> None:
    """Note for each dossier that what is in it is shown. Rule: S3-SPEC2.3.4c."""
    seen = {one.dossier.id: one.dossier for one in found if one.titled}
    for dossier in seen.values():
        seeing.look(ctx, dossier, Way.REGISTER)


# -- cells -------------------------------------------------------------------------------------


def title(ctx: Context, one: Entry) -> str:
    if one.item.whole is not None:
        return ctx.t(loan_words.WHOLE)
    return one.item.title if one.titled else ctx.t(NOT_SHOWN)


def form(ctx: Context, one: Entry) -> str:
    words = loan_words.FORMS.get(one.item.form)
    return ctx.t(words) if words else ""


def borrower(ctx: Context, one: Entry) -> str:
    return case_texts.name(ctx, one.held.borrower)


def days_late(ctx: Context, one: Entry) -> int:
    """Return for how many office days what is out is overdue, 0 when it is not."""
    held = one.held
    if not held.overdue(ctx.now) or held.due_on is None:
        return 0
    return max((ctx.today - held.due_on).days, 1)


def whereabouts(ctx: Context, one: Entry) -> str:
    """Return who has the papers, how far they may go, and when somebody last saw them.

    Rule: S3-ENG.3.6.
    """
    moved = [step for step in one.steps if step.state == "done"]
    hands = [step.taker for step in moved if step.kind in ("hand_out", "transfer")]
    name = case_texts.name(ctx, hands[-1] if hands else one.held.borrower)
    place = ctx.t(loan_words.PLACES[Place(one.held.place)])
    where = ctx.t(WITH, name=name, place=place)
    seen = [step.confirmed_at for step in moved if step.kind == "ping" and step.confirmed_at]
    return ctx.t(SEEN, where=where, moment=ctx.texts.moment(seen[-1])) if seen else where


def _grade(ctx: Context, one: Entry) -> str:
    grade = Grade(one.held.grade_at_lending)
    if grade is Grade.NONE:
        return ""
    return grade.zh if ctx.texts.locale == "zh_CN" else grade.en


def _operator(ctx: Context, one: Entry) -> str:
    return case_texts.name(ctx, one.handed_out.giver) if one.handed_out else ""


def _signed(ctx: Context, one: Entry) -> Cell:
    return wall(ctx, one.handed_out.taker_at) if one.handed_out else None


def _counted_by(ctx: Context, one: Entry) -> str:
    return case_texts.name(ctx, one.taken_back.taker) if one.taken_back else ""


def _returned(ctx: Context, one: Entry) -> Cell:
    back = one.taken_back.confirmed_at if one.taken_back else one.held.closed_at
    return wall(ctx, back)


def _remarks(ctx: Context, one: Entry) -> str:
    note = one.item.note if one.titled else ""
    return " · ".join(filter(None, (loan_words.became(one.item, ctx.texts), note)))


def _state(ctx: Context, one: Entry) -> str:
    return ctx.t(loan_words.STATES[LoanState(one.held.state)])


def _kind(ctx: Context, one: Entry) -> str:
    return ctx.t(loan_words.KINDS[loan_words.kind(one.held)])


def wall(ctx: Context, instant: datetime | None) -> datetime | None:
    """Return an instant as the clock on the office wall shows it, without a zone."""
    if instant is None:
        return None
    return instant.astimezone(ctx.policies.zone).replace(tzinfo=None, second=0, microsecond=0)


_LOAN = Column(LOAN_NUMBER, 15, lambda _ctx, one: one.held.number)
_NUMBER = Column(DOSSIER_NUMBER, 15, lambda _ctx, one: one.number)
_NAME = Column(DOSSIER_NAME, 26, lambda _ctx, one: one.name)
_PAPER = Column(PAPER, 28, title)
_FORM = Column(FORM, 8, form)
_PAGES = Column(PAGES, 7, lambda _ctx, one: one.item.pages or None)
_COPIES = Column(COPIES, 7, lambda _ctx, one: one.item.copies)
_WHO = Column(BORROWER, 10, borrower)
_DEPARTMENT = Column(DEPARTMENT, 14, lambda _ctx, one: one.held.department)
_LENT = Column(LENT, 17, lambda ctx, one: wall(ctx, one.held.lent_at))
_DUE = Column(DUE, 12, lambda _ctx, one: one.held.due_on)
_RENEWED = Column(RENEWALS, 9, lambda _ctx, one: one.held.renewals)
_STATE = Column(STATE, 14, _state)

REGISTER = (
    _LOAN,
    _NUMBER,
    _NAME,
    Column(GRADE, 8, _grade),
    _PAPER,
    _FORM,
    _PAGES,
    _COPIES,
    Column(OPERATION, 12, _kind),
    _WHO,
    _DEPARTMENT,
    Column(FOR_WHOM, 14, lambda ctx, one: loan_words.whom(ctx, one.held, ctx.texts)),
    Column(PURPOSE, 12, lambda ctx, one: ctx.t(loan_words.PURPOSES[one.held.purpose])),
    Column(REASON, 28, lambda _ctx, one: one.reason),
    Column(ASKED, 17, lambda ctx, one: wall(ctx, one.held.asked_at)),
    _LENT,
    Column(OPERATOR, 10, _operator),
    Column(SIGNED, 17, _signed),
    _DUE,
    _RENEWED,
    Column(RETURNED, 17, _returned),
    Column(COUNTED_BY, 10, _counted_by),
    _STATE,
    Column(REMARKS, 24, _remarks),
)
"""Rule: S2-INFO.19.5, S1-12.3.3, S1-14.2, S4-LOAN.6.2, S3-LOG.2.1."""

UNRETURNED = (
    _LOAN,
    _NUMBER,
    _NAME,
    _PAPER,
    _FORM,
    _PAGES,
    _COPIES,
    _WHO,
    _DEPARTMENT,
    _LENT,
    _DUE,
    Column(DAYS_LATE, 9, days_late),
    _RENEWED,
    Column(WHERE, 32, whereabouts),
    _STATE,
)
"""Rule: S3-ENG.3.6."""


def cells(ctx: Context, columns: tuple[Column, ...], found: list[Entry]) -> list[tuple[Cell, ...]]:
    return [tuple(column.value(ctx, one) for column in columns) for one in found]


def heads(ctx: Context, columns: tuple[Column, ...]) -> tuple[tuple[str, int], ...]:
    return tuple((ctx.t(one.title), one.width) for one in columns)
