"""What a return does: listed, the loan waits for the count; counted, it is closed or stays open.

Only here do lines come back and does a loan end by its return. What is short is reported in the
same unit, and what is damaged becomes a repair that waits at the archive.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from handlers.context import Context
from handlers.loans import (
    custody_steps,
    custody_words,
    loan_cards,
    loan_incidents,
    loan_queue,
    loan_sides,
)
from handlers.loans.custody_steps import instant, moved
from handlers.texts import LOCALES, N_
from rules.access import StaffId
from rules.custody import signed_by
from rules.errors import Denied
from rules.incidents import IncidentKind, told_of
from rules.loans import Trigger
from rules.returns import Back, Count, ItemState, Line, compare
from storage import custody, loan_items
from storage.custody import Handed, NewStep, Step
from storage.loan_items import Counted, LoanItem
from storage.loans import Loan

COMPLETE = N_("Discharged: everything is back and was counted by both sides ({rule}).")
PUT_BACK = N_(
    "Discharged: everything is back and was counted by both sides ({rule}). Please put it back in "
    "its place now and check it there."
)
PARTLY = N_("Counted by both sides; the rest stays lent, due as before ({rule}).")
SHORT = N_(
    "Counted by both sides: something is missing or damaged, so it stays open ({rule}). It was "
    "reported at once."
)
REPAIR = N_("Damaged in use: to be repaired in time ({rule}). Note it when it is done.")
REPAIR_RULE = "S3-ENG.3.7"
_LEADS = {
    Trigger.COMPLETE: COMPLETE,
    Trigger.PARTLY: PARTLY,
    Trigger.FALL_SHORT: SHORT,
}
_ACTIONS = {
    Trigger.COMPLETE: "loan.returned",
    Trigger.PARTLY: "loan.returned_partly",
    Trigger.FALL_SHORT: "loan.returned_short",
}


class Sides(msgspec.Struct, frozen=True):
    """Between whom papers come back."""

    giver: str
    taker: str
    opened_by: str
    """One of the two."""


def lent(ctx: Context, held: Loan) -> list[Line]:
    """Return the lines of a loan as the rules count them."""
    return [_line(one) for one in loan_items.of(ctx.unit, held.id) if one.state in _COUNTABLE]


_COUNTABLE = frozenset(one.value for one in ItemState)


def _line(item: LoanItem) -> Line:
    return Line(
        item.position,
        item.pages,
        item.copies,
        item.back_pages,
        item.back_copies,
        item.damaged,
        ItemState(item.state),
    )


def backs(lines: Iterable[Handed]) -> tuple[Back, ...]:
    return tuple(Back(one.position, one.pages, one.copies, one.damaged) for one in lines)


def open_return(
    ctx: Context,
    held: Loan,
    sides: Sides,
    lines: tuple[Handed, ...],
    checks: tuple[str, ...] = (),
) -> tuple[Step, Loan] | Denied:
    """Open a return between two sides, confirmed by one; or say why the list cannot be right.

    Rule: S1-14.9, S1-15.7.5.
    """
    denied = signed_by(StaffId(sides.giver), StaffId(sides.taker))
    if denied is not None:
        return denied
    found = compare(lent(ctx, held), backs(lines))
    if isinstance(found, Denied):
        return found
    new = NewStep(
        held.id,
        "return",
        sides.giver,
        sides.taker,
        sides.opened_by,
        lines,
        checks=checks,
        before=held.state,
    )
    step = custody.open_step(ctx.unit, new, instant(ctx))
    held = moved(ctx, held, Trigger.LIST_BACK)
    custody_steps.follow(ctx, held)
    ctx.record("loan.listed_back", f"loan:{held.id}", "S1-15.7.5")
    return step, held


def take_effect(ctx: Context, held: Loan, step: Step) -> Loan:
    """Write what a count that stands does to the loan; tell who took part, report what is short.

    Rule: S1-15.7.5, S1-15.7.6, S2-INFO.20, S3-ENG.3.7.
    """
    before = {one.position: one for one in loan_items.of(ctx.unit, held.id)}
    count = compare(lent(ctx, held), backs(step.lines))
    assert isinstance(count, Count)  # noqa: S101 - the list was compared when it was made
    notes = {one.position: one.note for one in step.lines}
    back = [
        Counted(
            one.position,
            one.back_pages,
            one.back_copies,
            one.state.value,
            one.damaged,
            notes[one.position] or before[one.position].note,
        )
        for one in count.lines
        if one.position in notes
    ]
    loan_items.count_back(ctx.unit, held.id, back)
    trigger = count.trigger
    held = moved(ctx, held, trigger)
    lending = loan_sides.lending_of(ctx, held)
    rule = lending.return_rule if lending is not None else "S2-INFO.20"
    if trigger is Trigger.FALL_SHORT:
        rule = _short_rule(ctx, held)
    ctx.record(_ACTIONS[trigger], f"loan:{held.id}", rule)
    custody_steps.follow(ctx, held)
    if held.open:
        loan_queue.freed(ctx, held.dossier_id, partly=True)
    _tell(ctx, held, step, _LEADS[trigger], rule)
    if trigger is Trigger.COMPLETE:
        loan_incidents.over(ctx, held, loan_incidents.BACK)
    if trigger is Trigger.FALL_SHORT:
        _report(ctx, held, step, count, before)
    return held


def _tell(ctx: Context, held: Loan, step: Step, lead: str, rule: str) -> None:
    """Send both sides the receipt, and redraw every other copy; who counted puts it back.

    Rule: S1-12.1.2.
    """
    others = {held.borrower, step.giver, step.taker} - {ctx.person.id}
    for one in sorted(others):
        words = PUT_BACK if one == step.taker and lead == COMPLETE else lead
        loan_cards.tell(ctx, held, one, words, f"receipt.{step.id}", rule=rule)
    loan_cards.redraw_all(ctx, held, but=others)


def lead_of(ctx: Context, held: Loan) -> str:
    """Return what a count has come to, for who confirmed last."""
    lending = loan_sides.lending_of(ctx, held)
    returned = lending.return_rule if lending is not None else "S2-INFO.20"
    match held.state:
        case "discharged":
            archive = loan_sides.is_custodian(ctx, held, ctx.person)
            return ctx.t(PUT_BACK if archive else COMPLETE, rule=returned)
        case "lent":
            return ctx.t(PARTLY, rule=returned)
        case _:
            return ctx.t(SHORT, rule=_short_rule(ctx, held))


def _short_rule(ctx: Context, held: Loan) -> str:
    return told_of(loan_sides.policy_of(ctx, held), IncidentKind.LOST).rule


def _report(
    ctx: Context, held: Loan, step: Step, count: Count, before: Mapping[int, LoanItem]
) -> None:
    """Report what this count found missing or damaged and none before it did.

    Rule: S1-15.7.6, S2-INFO.15.
    """
    here = {one.position for one in step.lines}
    known = {place for place, one in before.items() if one.state == "missing"}
    missing = [one for one in count.missing if one.position in here - known]
    known = {place for place, one in before.items() if one.damaged}
    damaged = [one for one in count.damaged if one.position in here - known]
    items = loan_items.of(ctx.unit, held.id)
    for kind, found in ((IncidentKind.LOST, missing), (IncidentKind.DAMAGED, damaged)):
        places = {one.position for one in found}
        if places:
            words = "\n".join(custody_words.found(items, places, ctx.languages[LOCALES[0]]))
            loan_incidents.report(ctx, held, kind, words)
    if damaged:
        for one in loan_sides.custodians(ctx, held):
            loan_cards.tell(ctx, held, one, REPAIR, f"repair.{step.id}", rule=REPAIR_RULE)
