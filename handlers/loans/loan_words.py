"""The words of loans: kinds and states, what was lent, until when and how that was counted."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from handlers.context import Context
from handlers.requests import outsiders
from handlers.texts import N_, Texts
from rules.deadlines import DayNote, Deadline, Note, Term, Unit
from rules.lending import Place
from rules.loan_days import day_before
from rules.loans import LoanKind, LoanState
from rules.occasions import ReaderKind
from storage import outsiders as stored_outsiders
from storage import staff
from storage.documents import COPY, ORIGINAL
from storage.loan_items import LoanItem
from storage.loans import Loan

KINDS = {
    LoanKind.LOAN: N_("Loan"),
    LoanKind.COPY_LOAN: N_("Loan of a photocopy"),
    LoanKind.COPY: N_("Copy for oneself"),
    LoanKind.DISCLOSE: N_("For somebody outside"),
}
STATES = {
    LoanState.ASKED: N_("waiting for approval"),
    LoanState.APPROVED: N_("approved"),
    LoanState.OFFERED: N_("counted out, to be confirmed"),
    LoanState.LENT: N_("lent"),
    LoanState.RETURNING: N_("return being counted"),
    LoanState.SHORT: N_("papers missing or damaged"),
    LoanState.DISPUTED: N_("counted differently"),
    LoanState.LOST: N_("reported lost"),
    LoanState.DISCHARGED: N_("discharged"),
    LoanState.WRITTEN_OFF: N_("written off"),
    LoanState.DONE: N_("handed over"),
    LoanState.REFUSED: N_("refused"),
    LoanState.WITHDRAWN: N_("withdrawn"),
    LoanState.LAPSED: N_("lapsed"),
}
OVERDUE = N_("overdue since {day}")
RECALLED = N_("asked back")
PLACES = {
    Place.ARCHIVE_ROOM: N_("in the archive room only"),
    Place.OFFICE_ONLY: N_("in the office of the department only"),
    Place.COMPANY_ONLY: N_("in the company only"),
    Place.OUT: N_("outside the company too"),
}
FOR = {
    ReaderKind.EXTERNAL: N_("for somebody from outside"),
    ReaderKind.SUBJECT: N_("for the person concerned"),
    ReaderKind.PROXY: N_("for an authorised person"),
}
CARRIED = N_("Carried outside by {name} ({rule})")
CARRIER_RULE = "S2-INFO.23.2"
FOR_WHOM = N_("{whom}: {who}")
PURPOSES = {
    "check": N_("Check figures"),
    "follow_up": N_("Customer care"),
    "complaint": N_("Complaint"),
    "audit": N_("Inspection"),
    "court": N_("Court or authority"),
    "other": N_("Other purpose"),
}

WHOLE = N_("The whole dossier")
FORMS = {ORIGINAL: N_("original"), COPY: N_("copy")}
LINE = N_("{place}. {title}")
UNTITLED = N_("{place}. A paper (title not shown)")
PAGES = N_("{pages} pp.")
COPIES = N_("× {copies}")
ITEM_STATES = {
    "back": N_("back"),
    "missing": N_("missing: {pages} pp., {copies} copies"),
    "damaged": N_("back, damaged"),
    "replaced": N_("replaced"),
    "gone": N_("written off"),
}

MISSING_PAGES = N_("missing: {pages} pp.")

NTH = {
    Unit.WORKING_DAY: N_("working day {count}"),
    Unit.CALENDAR_DAY: N_("day {count}"),
    Unit.SAME_DAY: N_("the same day"),
    Unit.MONTH: N_("{count} months"),
}
NAMED_DAY = N_("the day named")
MAKEUP = N_("{day} is worked and counts")
DAY_OFF = N_("{day} is a day off and does not count")
ROLLED = N_("{day} is a day off, so it moves on")
PROVISIONAL = N_("provisional: the calendar of {year} is not published yet")
AND = N_("{counted}, {note}")
ZONE = N_("{until} ({zone})")
ZONES = {"Asia/Shanghai": N_("Beijing time")}
_LISTED = 3


def kind(held: Loan) -> LoanKind:
    return LoanKind(held.kind)


def purpose(held: Loan, texts: Texts) -> str:
    """Return what the papers are needed for; a purpose of another time counts as another."""
    return texts.t(PURPOSES.get(held.purpose, PURPOSES["other"]))


def line(item: LoanItem, texts: Texts, *, titled: bool) -> str:
    """Return one line of a loan: title, form, pages and copies, and what became of it."""
    if item.whole is not None:
        named = texts.t(LINE, place=item.position, title=texts.t(WHOLE))
    elif titled:
        named = texts.t(LINE, place=item.position, title=item.title)
    else:
        named = texts.t(UNTITLED, place=item.position)
    facts = [
        texts.t(FORMS[item.form]) if item.form in FORMS else "",
        texts.t(PAGES, pages=item.pages) if item.pages else "",
        texts.t(COPIES, copies=item.copies) if item.copies > 1 else "",
        became(item, texts),
    ]
    return " · ".join((named, *filter(None, facts)))


def became(item: LoanItem, texts: Texts) -> str:
    """Return what became of a line that went out; empty: nothing worth saying."""
    words = ITEM_STATES.get(item.state)
    if words is None:
        return ""
    if item.state != "missing":
        return texts.t(words)
    pages, copies = item.pages - item.back_pages, item.copies - item.back_copies
    return texts.t(words if copies else MISSING_PAGES, pages=pages, copies=copies)


def zone_name(zone: ZoneInfo, texts: Texts) -> str:
    """Return how people call the zone of the office: 北京时间, or its key."""
    words = ZONES.get(zone.key)
    return texts.t(words) if words else zone.key


def until(ctx: Context, last_day: date, first_late: datetime, texts: Texts) -> str:
    """Return the last minute that is on time, and whose clock it is. Rule: C-07."""
    said = texts.until(last_day, first_late, ctx.today)
    return texts.t(ZONE, until=said, zone=zone_name(ctx.policies.zone, texts))


def instant(ctx: Context, first_late: datetime, texts: Texts) -> str:
    """Return the last minute before an instant: the day before at 24:00 where it is midnight."""
    return until(ctx, day_before(first_late, ctx.policies.zone), first_late, texts)


def whom(ctx: Context, held: Loan, texts: Texts) -> str:
    """Return for whom the borrower takes the papers, and on which credential; empty: none."""
    words = FOR.get(ReaderKind(held.for_whom))
    if words is None:
        return ""
    visitor = stored_outsiders.get(ctx.unit, held.outsider_id) if held.outsider_id else None
    if visitor is None:
        return texts.t(words)
    return texts.t(FOR_WHOM, whom=texts.t(words), who=outsiders.line(ctx, visitor, texts))


def carried(ctx: Context, held: Loan, texts: Texts) -> str:
    """Return who carries the papers outside; empty: nobody had to be named. Rule: S2-INFO.23.2."""
    person = staff.get(ctx.session, held.carrier) if held.carrier else None
    return texts.t(CARRIED, name=person.name, rule=CARRIER_RULE) if person is not None else ""


def counted(due: Deadline, term: Term | None, texts: Texts) -> str:
    """Return how a due day was counted: 第3个工作日, 10月10日补班计入.

    `term`: None where the day was named and not counted.

    Rule: C-07, S2-INFO.19.5.
    """
    if term is None:
        parts = [texts.t(NAMED_DAY)]
    else:
        parts = [texts.t(NTH[term.unit], count=term.count)] if term.unit in NTH else []
    parts += [_noted(one, texts) for one in _worth_saying(due)]
    if due.provisional:
        parts.append(texts.t(PROVISIONAL, year=due.last_day.year))
    said = parts[0] if parts else ""
    for one in parts[1:]:
        said = texts.t(AND, counted=said, note=one)
    return said


def _worth_saying(due: Deadline) -> list[DayNote]:
    rolled = [one for one in due.notes if one.note is Note.ROLLED]
    return rolled or [one for one in due.notes if one.note in _NOTES][:_LISTED]


_NOTES = {Note.MAKEUP: MAKEUP, Note.DAY_OFF: DAY_OFF, Note.ROLLED: ROLLED}


def _noted(one: DayNote, texts: Texts) -> str:
    return texts.t(_NOTES[one.note], day=texts.day(one.day))


def state(ctx: Context, held: Loan, texts: Texts) -> str:
    """Return where a loan stands, in a word or two, and since when it is late."""
    words = [texts.t(STATES[LoanState(held.state)])]
    if held.recalled_at is not None and held.out:
        words.append(texts.t(RECALLED))
    if held.overdue(ctx.now) and held.due_on is not None:
        words.append(texts.t(OVERDUE, day=texts.day(held.due_on, ctx.today)))
    return " · ".join(words)
