"""/loans 我的借阅: what somebody holds, has asked for, has to confirm; what is late comes first.

What can be done about one loan is on its card (`handlers.loans.loan_cards`); what is done from
there by one tap or one sentence is in `handlers.loans.loan_acts`.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import msgspec

from handlers.approvals.case_cards import here
from handlers.context import Context
from handlers.conversation.messages import MAX_CHOICES, Button, Card, Reply
from handlers.feature import Feature
from handlers.loans import loan_acts, loan_cards, loan_clock, loan_sides, loan_words
from handlers.pages import HEADING, beside, page_of, to_today
from handlers.texts import N_
from rules.loans import LoanState
from storage import custody, dossiers, loan_lists, loan_queue, loans
from storage.loan_queue import Wait
from storage.loans import Loan

TITLE = N_("My loans")
SIZE = MAX_CHOICES - 2
LIST = "f.loans.list"

NOTHING = N_("Nothing is lent to you and you have asked for nothing.")
PICK = N_("Tap one to see it.")
OVERDUE, MISSING, TO_CONFIRM, HELD, PASSED, TO_FETCH, ASKED, QUEUED = (
    N_("Overdue"),
    N_("Short or lost"),
    N_("To be confirmed by you"),
    N_("Lent to you"),
    N_("Passed on to you"),
    N_("To be fetched"),
    N_("Waiting for approval"),
    N_("Waited for"),
)
LATE = N_("{number} {customer} · due {day}, {days} days over")
LATE_NOW = N_("{number} {customer} · due {day}, overdue")
DUE = N_("{number} {customer} · due {day}")
PLAIN = N_("{number} {customer} · {state}")
FETCH = N_("{number} {customer} · fetch until {day}")
IN_LINE = N_("{customer} · number {place} in the queue")
OFFERED = N_("{customer} · kept for you until {until}")

OVERDUE_COUNT = N_("Overdue loans ({count})")
DUE_COUNT = N_("Due back today ({count})")


class Entry(msgspec.Struct, frozen=True):
    """One line of the list."""

    section: str
    words: str
    label: str
    """Of its button."""
    key: str


def show(ctx: Context, words: str = "", *, page: int = 0) -> Reply:
    """List a person's loans; one that is named by its number opens at once."""
    named = loans.by_number(ctx.session, words.strip()) if words.strip() else None
    if named is not None and loan_sides.loan(ctx, str(named)) is not None:
        return card(ctx, (str(named),))
    entries = list(_entries(ctx))
    last = max(len(entries) - 1, 0) // SIZE
    page = min(page, last)
    shown = entries[page * SIZE : (page + 1) * SIZE]
    lines = [ctx.t(PICK)] if shown else [ctx.t(NOTHING)]
    for section in dict.fromkeys(one.section for one in shown):
        lines.append(ctx.t(HEADING, title=ctx.t(section)))
        lines += [f"· {one.words}" for one in shown if one.section == section]
    borrow = Button(ctx.t(N_("Borrow")), "f.borrow.ask")
    nav = beside(page, more=page < last, key=LIST, back=borrow)
    return Reply.of(
        Card(
            "\n".join(lines),
            title=ctx.t(TITLE),
            choices=tuple(Button(one.label, one.key) for one in shown),
            nav=(*nav, to_today(ctx.texts)),
        )
    )


def _entries(ctx: Context) -> Iterator[Entry]:
    """Yield what is late or missing, what waits for their tap, what they hold and asked for."""
    mine = loan_lists.open_of(ctx.unit, ctx.person.id)
    passed = loan_lists.passed_to(ctx.unit, ctx.person.id)
    missing = [one for one in mine if one.state in (LoanState.SHORT, LoanState.LOST)]
    told = {one.id for one in missing}
    late = sorted(
        (one for one in (*mine, *passed) if one.overdue(ctx.now) and one.state == LoanState.LENT),
        key=lambda one: (one.due_at, one.id),
    )
    yield from (_entry(ctx, one, OVERDUE) for one in late)
    yield from (_entry(ctx, one, MISSING) for one in missing)
    told |= {one.id for one in late}
    for step in custody.waiting_for(ctx.unit, ctx.person.id):
        held = loans.get(ctx.unit, step.loan_id)
        if held is not None and held.id not in told:
            told.add(held.id)
            yield _entry(ctx, held, TO_CONFIRM)
    yield from _offers(ctx)
    rest = [one for one in mine if one.id not in told]
    held_now = [one for one in rest if one.out]
    held_now.sort(key=lambda one: (one.due_at is None, one.due_at, one.id))
    yield from (_entry(ctx, one, HELD) for one in held_now)
    yield from (_entry(ctx, one, PASSED) for one in passed if one.id not in told)
    waiting = (LoanState.APPROVED, LoanState.OFFERED)
    yield from (_entry(ctx, one, TO_FETCH) for one in rest if one.state in waiting)
    yield from (_entry(ctx, one, ASKED) for one in rest if one.state == LoanState.ASKED)


def _entry(ctx: Context, held: Loan, section: str) -> Entry:
    dossier = loan_sides.dossier_of(ctx, held)
    customer = loan_sides.customer(ctx, dossier, here(ctx), ctx.texts)
    number = held.number or "-"
    facts: dict[str, object] = {"number": number, "customer": customer}
    late = held.state == LoanState.LENT and held.overdue(ctx.now)
    if held.due_on is not None and late:
        day, days = ctx.texts.day(held.due_on, ctx.today), (ctx.today - held.due_on).days
        words = ctx.t(LATE if days else LATE_NOW, day=day, days=days, **facts)
    elif held.state == LoanState.LENT and held.due_on is not None:
        words = ctx.t(DUE, day=ctx.texts.day(held.due_on, ctx.today), **facts)
    elif held.state == LoanState.APPROVED and held.collect_by is not None:
        until = loan_words.instant(ctx, held.collect_by, ctx.texts)
        words = ctx.t(FETCH, day=until, **facts)
    else:
        words = ctx.t(PLAIN, state=loan_words.state(ctx, held, ctx.texts), **facts)
    return Entry(section, words, f"{number} {customer}", f"f.loans.card.{held.id}")


def _offers(ctx: Context) -> Iterator[Entry]:
    """Yield the places in queues, those first to whom something is offered."""
    found = loan_queue.of_person(ctx.session, ctx.person.id)
    for one in sorted(found, key=lambda one: one.offer_until is None):
        dossier = dossiers.get(ctx.unit, one.dossier_id)
        if dossier is not None:
            customer = loan_sides.customer(ctx, dossier, here(ctx), ctx.texts)
            words = _in_line(ctx, one, customer)
            yield Entry(QUEUED, words, customer, f"f.queue.open.{one.id}")


def _in_line(ctx: Context, one: Wait, customer: str) -> str:
    if one.offer_until is not None:
        until = loan_words.instant(ctx, one.offer_until, ctx.texts)
        return ctx.t(OFFERED, customer=customer, until=until)
    return ctx.t(IN_LINE, customer=customer, place=loan_queue.ahead(ctx.session, one) + 1)


def card(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Show one loan to who may know of it; a strange press is logged."""
    held = loan_acts.known(ctx, arguments[0])
    if held is None:
        return Reply(alert=ctx.t(loan_acts.NOT_THERE))
    return Reply((loan_cards.show(ctx, held),))


def counts(ctx: Context) -> tuple[tuple[str, int, str], ...]:
    """Return what the day's list says of a person's loans: words, how many, key."""
    tomorrow = ctx.policy.time.day_start(ctx.today + timedelta(days=1))
    late = loan_lists.burden(ctx.session, ctx.person.id, ctx.now).overdue
    soon = loan_lists.burden(ctx.session, ctx.person.id, tomorrow).overdue - late
    return (OVERDUE_COUNT, late, LIST), (DUE_COUNT, soon, LIST)


FEATURE = Feature(
    key="loans",
    title=TITLE,
    command="loans",
    words=("我的借阅", "借阅清单"),
    open=show,
    actions={
        "list": lambda ctx, arguments: show(ctx, page=page_of(arguments)),
        "card": card,
        **loan_acts.ACTIONS,
    },
    clocks=loan_clock.CLOCKS,
    regraded=loan_acts.regraded,
)
