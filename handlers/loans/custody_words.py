"""Counts as they are read: line by line what goes from hand to hand, and what its taking means.

Titles are left out for who may not read them where they read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta

from handlers.approvals import case_texts
from handlers.context import Context
from handlers.loans import borrow_facts, loan_sides, loan_words
from handlers.texts import N_, Texts
from storage import custody, loan_items, loan_lists
from storage.custody import Handed, Step
from storage.loan_items import LoanItem
from storage.loans import Loan
from storage.staff import Person

SHOWN = 8
STEPS = 6
"""Steps of the chain on one card, the last ones."""

STEP = N_("{moment} {giver} → {taker}")
WITNESSED = N_("{step}, witness {name}")
NAMED = N_("{place}. {title}: {what}")
UNTITLED = N_("{place}. A paper (title not shown): {what}")
MORE = N_("and {count} more")
PAGES = N_("{pages} of {lent} pp.")
COPIES = N_("{copies} of {lent} copies")
ALL_THERE = N_("all there")
TO_COUNT = N_("to be counted")
NOTHING_THERE = N_("nothing there")
DAMAGED = N_("damaged")
COMES_BACK = N_("What comes back:")
PASSES_ON = N_("To be passed on to {name}")
TO_SETTLE = N_("To be settled by {name}")
NOT_SO = N_("Said about it: {words}")
IF_TAKEN = N_("If it is taken today, it is due {until}: {counted} ({rule})")
TO_SHOW = N_("{moment} {name} asked {holder} to show it, until {until}")
NOT_SHOWN = N_("{moment} {name} asked {holder} to show it; it was not shown")
SHOWN_BY = N_("{moment} {name} showed that it is there")
NOTICE = N_("Who takes it confirms: {words} ({rule})")


def about(ctx: Context, held: Loan, step: Step, reader: Person, texts: Texts) -> Iterator[str]:
    """Yield what a reader of the loan's card has to know of a step that is not settled."""
    titled = loan_sides.titles(ctx, held, loan_sides.dossier_of(ctx, held), reader)
    if step.kind == "hand_out":
        yield from taking(ctx, held, texts)
    elif step.kind == "transfer":
        yield texts.t(PASSES_ON, name=case_texts.name(ctx, step.taker))
    elif step.kind == "return":
        yield texts.t(COMES_BACK)
        counted = step.taker_at is not None
        items = loan_items.of(ctx.unit, held.id)
        yield from lines(items, step.lines, texts, titled=titled, counted=counted)
    if step.words and titled:
        yield texts.t(NOT_SO, words=step.words)
    if step.state == "disputed" and step.witness:
        yield texts.t(TO_SETTLE, name=case_texts.name(ctx, step.witness))


def steps(ctx: Context, dossier_id: int) -> list[Step]:
    """Return the steps of a dossier and of its papers that are done, and what was asked to be
    shown and was not yet or never, in order. Rule: S3-LOG.2.3a."""
    after = ctx.now + timedelta(seconds=1)
    found = {one.id: one for one in custody.chain(ctx.unit, dossier_id, None, after)}
    for held in loan_lists.recent_on(ctx.unit, dossier_id, STEPS):
        found |= {
            one.id: one
            for one in custody.of_loan(ctx.unit, held.id)
            if one.confirmed_at is not None or (one.kind == "ping" and one.state != "refused")
        }
    return sorted(found.values(), key=lambda one: (one.confirmed_at or one.opened_at, one.id))


def step(ctx: Context, one: Step, texts: Texts) -> str:
    """Return who gave to whom, and when."""
    if one.kind == "ping":
        return proof(ctx, one, texts)
    said = texts.t(
        STEP,
        moment=texts.moment(one.confirmed_at or one.opened_at),
        giver=case_texts.name(ctx, one.giver),
        taker=case_texts.name(ctx, one.taker),
    )
    if one.witness is None:
        return said
    return texts.t(WITNESSED, step=said, name=case_texts.name(ctx, one.witness))


def proof(ctx: Context, step: Step, texts: Texts) -> str:
    """Return how an asking for the papers to be shown stands; "": it was called off."""
    asked, by = texts.moment(step.opened_at), case_texts.name(ctx, step.taker)
    holder = case_texts.name(ctx, step.giver)
    match step.state:
        case "open":
            until = loan_words.instant(ctx, loan_sides.proof_until(ctx, step), texts)
            return texts.t(TO_SHOW, moment=asked, name=by, holder=holder, until=until)
        case "lapsed":
            return texts.t(NOT_SHOWN, moment=asked, name=by, holder=holder)
        case "done":
            moment = texts.moment(step.confirmed_at or step.opened_at)
            return texts.t(SHOWN_BY, moment=moment, name=holder)
    return ""


def taking(ctx: Context, held: Loan, texts: Texts) -> Iterator[str]:
    """Yield until when papers taken now are due, and how they are handled.

    Rule: S1-14.6, S2-DOSS.24.4, S1-15.6.4.
    """
    policy = loan_sides.policy_of(ctx, held)
    wanted = borrow_facts.of_loan(ctx, held, policy, loan_sides.dossier_of(ctx, held))
    due = borrow_facts.due_of(ctx, wanted, ctx.now)
    if due is not None:
        deadline, term = due
        until = loan_words.until(ctx, deadline.last_day, deadline.instant, texts)
        counted = loan_words.counted(deadline, term, texts)
        yield texts.t(IF_TAKEN, until=until, counted=counted, rule=deadline.rule)
    for notice in policy.loan.notice_rules if policy.loan is not None else ():
        yield texts.t(NOTICE, words=ctx.clauses[notice].zh, rule=notice)


def lines(
    items: Iterable[LoanItem],
    handed: Iterable[Handed],
    texts: Texts,
    *,
    titled: bool,
    counted: bool = True,
) -> list[str]:
    """Return each line with what is there of what is still to come.

    `counted`: whether the archive has counted it; else what nothing is known against is to be.
    """
    known = {one.position: one for one in items}
    said = [
        _line(known[one.position], one, texts, titled=titled, counted=counted)
        for one in handed
        if one.position in known
    ]
    if len(said) > SHOWN:
        return [*said[:SHOWN], texts.t(MORE, count=len(said) - SHOWN)]
    return said


def _line(item: LoanItem, one: Handed, texts: Texts, *, titled: bool, counted: bool) -> str:
    pages, copies = item.pages - item.back_pages, item.copies - item.back_copies
    parts = []
    if one.pages == 0 and one.copies == 0:
        parts.append(texts.t(NOTHING_THERE))
    else:
        if one.pages != pages:
            parts.append(texts.t(PAGES, pages=one.pages, lent=pages))
        if one.copies != copies:
            parts.append(texts.t(COPIES, copies=one.copies, lent=copies))
    if one.damaged:
        parts.append(texts.t(DAMAGED))
    parts = parts or ([texts.t(ALL_THERE)] if counted else _to_count(pages, copies, texts))
    if one.note and titled:
        parts.append(one.note)
    what = " · ".join(parts)
    if item.whole is not None:
        title = texts.t(loan_words.WHOLE)
    elif titled:
        title = item.title
    else:
        return texts.t(UNTITLED, place=item.position, what=what)
    return texts.t(NAMED, place=item.position, title=title, what=what)


def _to_count(pages: int, copies: int, texts: Texts) -> list[str]:
    """Return what is to be there of a line that nobody has counted."""
    size = [texts.t(loan_words.PAGES, pages=pages)] if pages else []
    size += [texts.t(loan_words.COPIES, copies=copies)] if copies > 1 else []
    return [*size, texts.t(TO_COUNT)]


def found(items: Iterable[LoanItem], places: set[int], texts: Texts) -> list[str]:
    """Return what came of each of these lines, with what was noted: for who hears of damage."""
    return [
        " · ".join(filter(None, (loan_words.line(one, texts, titled=True), one.note)))
        for one in items
        if one.position in places
    ]
