"""The words of handovers: what started it, where it stands, until when and how it is counted."""

from __future__ import annotations

from datetime import date

from handlers import seeing
from handlers.approvals import case_texts
from handlers.context import Context
from handlers.conversation.answers import listed
from handlers.handovers.handover_access import policy_of, row_of
from handlers.handovers.handover_given import Line
from handlers.loans import loan_words
from handlers.texts import LOCALES, N_, Texts
from rules.access import Sight
from rules.checklists import Needed
from rules.deadlines import Deadline, Term, deadline
from rules.errors import DomainError
from rules.handover_days import leg_deadline
from rules.handover_policy import HandoverPolicy, StartEvent
from rules.handovers import HandoverState, ItemState, LegState, Signed
from rules.roles import ROLES
from storage import dossiers, handovers
from storage.dossiers import Dossier
from storage.handovers import Handover, Leg
from storage.staff import Person

EVENTS = {
    StartEvent.VEHICLE_DELIVERED: N_("Delivered"),
    StartEvent.LOAN_PAID_OUT: N_("Paid out"),
    StartEvent.DEED_RECEIVED: N_("Deed received"),
    StartEvent.COMPLETION_RECEIVED: N_("Completion papers received"),
    StartEvent.ACCEPTANCE: N_("Accepted"),
    StartEvent.TRIP_ENDED: N_("Trip ended"),
    StartEvent.MATTER_FINISHED: N_("Matter finished"),
    StartEvent.FILE_RECEIVED: N_("File received"),
    StartEvent.MONTH_END: N_("Month ended"),
    StartEvent.YEAR_END: N_("Year ended"),
    StartEvent.FISCAL_YEAR_END: N_("Fiscal year ended"),
    StartEvent.PROJECT_CLOSED: N_("Project closed"),
}
LEGS = {
    LegState.WAITING: N_("not begun"),
    LegState.OPEN: N_("to be handed over"),
    LegState.HANDED: N_("handed over, to be signed for"),
    LegState.DISPUTED: N_("disputed, to be settled"),
    LegState.SIGNED: N_("signed for"),
    LegState.CANCELLED: N_("cancelled"),
}
TO_WITNESS = N_("signed for, the witness still signs")
TO_SHELVE = N_("signed for, to be shelved")
DUE_TODAY = N_("due today")
LEFT = N_("{count} working days left")
LATE = N_("{count} working days late")
LATE_TODAY = N_("late")

FORMS = {"original": N_("original"), "copy": N_("copy"), "photo": N_("photo")}
ABSENT, NOT_APPLICABLE, UNSAID = N_("missing"), N_("does not apply"), N_("not filled in")
OPTIONAL, PRESENT = N_("optional"), N_("there")
PAGES, COPIES, PHOTOS = N_("{pages} pp."), N_("× {copies}"), N_("{count} photos")
CERTIFICATE = N_("no. {number}")
SIGNATURES = {
    ("customer", Signed.YES): N_("customer signed"),
    ("customer", Signed.MISSING): N_("customer's signature missing"),
    ("customer", Signed.WRONG): N_("customer's signature wrong"),
    ("staff", Signed.YES): N_("signed by us"),
    ("staff", Signed.MISSING): N_("our signature missing"),
    ("staff", Signed.WRONG): N_("our signature wrong"),
}
ANNEX = N_("annex, not numbered")
KEPT = N_("{place}, kept by {name}")


def kind(row: HandoverPolicy, texts: Texts) -> str:
    return row.zh if texts.locale == LOCALES[0] else row.en


def role(code: str, texts: Texts) -> str:
    found = ROLES[code]
    return found.zh if texts.locale == LOCALES[0] else found.en


def event(row: HandoverPolicy, texts: Texts) -> str:
    return texts.t(EVENTS[row.start])


# -- what it is about --------------------------------------------------------------------------


def dossier_of(ctx: Context, held: Handover) -> Dossier | None:
    return dossiers.get(ctx.unit, held.dossier_id) if held.dossier_id is not None else None


def readable(ctx: Context, held: Handover, reader: Person) -> bool:
    """Return whether what people wrote may be shown where the reader reads (C-01)."""
    dossier = dossier_of(ctx, held)
    return dossier is None or seeing.readable(ctx, dossier, reader)


def subject(ctx: Context, held: Handover, reader: Person) -> str:
    """Return what a handover is about in a line, as far as the reader may know it."""
    dossier = dossier_of(ctx, held)
    if dossier is None:
        return held.subject
    known = seeing.readable(ctx, dossier, reader)
    parts = [seeing.written(ctx, dossier, held.subject)] if known else []
    if seeing.view(ctx, dossier, reader).sight is not Sight.NONE:
        customer = seeing.customer(ctx, dossier, reader)
        parts += [] if customer in held.subject else [customer]
        parts += [] if parts or dossier.number is None else [dossier.number]
    return " ".join(parts)


def dossier_number(ctx: Context, held: Handover, reader: Person) -> str:
    """Return the number of the dossier if the reader may know of it; "": not, or it has none.

    Rule: S2-INFO.17.
    """
    dossier = dossier_of(ctx, held)
    if dossier is None or seeing.view(ctx, dossier, reader).sight is Sight.NONE:
        return ""
    return dossier.number or ""


def number(ctx: Context, held: Handover, reader: Person) -> str:
    """Return under which number papers are filed, as far as the reader may know it: that of the
    dossier, else that of the handover. Rule: S4-LOAN.5.5."""
    return dossier_number(ctx, held, reader) or held.number


def handed_by(ctx: Context, leg: Leg, texts: Texts) -> str:
    """Return who gave the papers of a leg, and for whom where somebody stood in. Rule: C-54."""
    name = case_texts.name(ctx, leg.handed_by or leg.giver)
    if leg.handed_by in ("", leg.giver):
        return name
    return texts.t(case_texts.STANDS_IN, name=name, other=case_texts.name(ctx, leg.giver))


def place(ctx: Context, held: Handover, texts: Texts) -> str:
    """Return where papers lie and, of an upper grade, who is named to keep them.

    Rule: S2-INFO.22.
    """
    if not held.kept_by:
        return held.location
    return texts.t(KEPT, place=held.location, name=case_texts.name(ctx, held.kept_by))


# -- where it stands ---------------------------------------------------------------------------


def state(ctx: Context, held: Handover, leg: Leg, texts: Texts) -> str:
    """Return where a handover stands, with how many days are left or over."""
    if held.state == HandoverState.COMPLETE and held.shelved_at is None:
        return texts.t(TO_SHELVE)
    if held.state != HandoverState.OPEN:
        ended = LegState.SIGNED if held.state == HandoverState.COMPLETE else LegState.CANCELLED
        return texts.t(LEGS[ended])
    if leg.state == LegState.HANDED and leg.signed_at is not None:
        return texts.t(TO_WITNESS)
    words = texts.t(LEGS[LegState(leg.state)])
    return " · ".join(filter(None, (words, left(ctx, leg, texts))))


def left(ctx: Context, leg: Leg, texts: Texts) -> str:
    """Return how many working days a leg has left or is late; empty: it was handed over."""
    if leg.due_on is None or leg.handed_at is not None or leg.state != LegState.OPEN:
        return ""
    if leg.late(ctx.now):
        over = ctx.calendar.working_days_between(leg.due_on, ctx.today)
        return texts.t(LATE, count=over) if over > 0 else texts.t(LATE_TODAY)
    days = ctx.calendar.working_days_between(ctx.today, leg.due_on)
    return texts.t(LEFT, count=days) if days > 0 else texts.t(DUE_TODAY)


# -- until when --------------------------------------------------------------------------------


def reckoned(
    ctx: Context, held: Handover, leg: Leg, started_on: date | None = None
) -> tuple[Deadline, Term] | None:
    """Return how the deadline of a leg is counted, and by which term; None: it has not begun.

    `started_on`: as if it had begun on that day.

    Raises:
        CalendarGap: the count leaves the years that can be computed.

    Rule: C-08, S4-LOAN.4.5a.
    """
    begun = started_on or leg.started_on
    if begun is None:
        return None
    row, time = row_of(ctx, held), policy_of(ctx, held).time
    before = handovers.legs(ctx.unit, held.id)[leg.n - 2] if leg.n > 1 else None
    due = leg_deadline(
        row,
        leg.n - 1,
        begun,
        time,
        ctx.calendar,
        total_start=held.started_on,
        previous_late=before is not None and before.late(ctx.now),
        opened_at=held.opened_at,
    )
    term = row.leg[leg.n - 1].duty.due
    own = deadline(begun, term, time.rules, ctx.calendar)
    if row.total is not None and due.last_day < own.last_day:
        term = row.total
    return due, term


def counted(ctx: Context, held: Handover, leg: Leg, texts: Texts) -> str:
    """Return how the due day came about: 第3个工作日, 9月20日补班计入; that it was put off."""
    found = _reckoned(ctx, held, leg)
    if found is None or found[0].last_day != leg.due_on:
        return texts.t(loan_words.NAMED_DAY)
    return loan_words.counted(*found, texts)


def _reckoned(ctx: Context, held: Handover, leg: Leg) -> tuple[Deadline, Term] | None:
    try:
        return reckoned(ctx, held, leg)
    except DomainError:  # no calendar reaches so far
        return None


# -- the list ----------------------------------------------------------------------------------


def said(line: Line, texts: Texts) -> str:
    """Return what is said about a line of the list: there or not, form, pages, signatures."""
    item = line.item
    match ItemState(item.state):
        case ItemState.OPEN:
            optional = line.paper is not None and line.paper.needed is Needed.OPTIONAL
            return texts.t(OPTIONAL if optional else UNSAID)
        case ItemState.ABSENT:
            return texts.t(ABSENT)
        case ItemState.NOT_APPLICABLE:
            return texts.t(NOT_APPLICABLE)
    facts = [
        texts.t(FORMS[item.form]) if item.form else texts.t(PRESENT),
        texts.t(PAGES, pages=item.pages) if item.pages else "",
        texts.t(COPIES, copies=item.copies) if item.copies > 1 else "",
        texts.t(CERTIFICATE, number=item.certificate) if item.certificate else "",
        *_signatures(line, texts),
        texts.t(PHOTOS, count=line.photos) if line.photos else "",
        texts.t(ANNEX) if line.paper is not None and not line.paper.coded else "",
    ]
    return " · ".join(filter(None, facts))


def _signatures(line: Line, texts: Texts) -> list[str]:
    item, there = line.item, line.there
    asked = there is not None and (
        ("customer", there.customer_signs),
        ("staff", there.staff_signs),
    )
    words = {"customer": item.customer_signed, "staff": item.staff_signed}
    return [
        texts.t(SIGNATURES[who, Signed(words[who])])
        for who, wanted in asked or ()
        if wanted and words[who]
    ]


def names(ctx: Context, people: tuple[str, ...], texts: Texts, most: int = 3) -> str:
    """Return the first names of several people as a list."""
    return listed([case_texts.name(ctx, one) for one in people[:most]], texts)
