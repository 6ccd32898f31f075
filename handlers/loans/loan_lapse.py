"""Approved papers that nobody fetched in time: the approval lapses, both sides hear of it."""

from __future__ import annotations

from handlers.context import Context
from handlers.loans import loan_cards, loan_kinds, loan_sides
from handlers.world import World
from rules.loans import Trigger
from storage import loan_lists, loans, staff
from storage.unit import Unit


def strike(unit: Unit, world: World, limit: int) -> list[Context]:
    """Let approvals lapse that nobody fetched by now; a context for each. Rule: C-54."""
    done = []
    for loan_id in loan_lists.not_fetched(unit.session, unit.now, limit):
        held = loans.get(unit, loan_id, lock=True)
        assert held is not None  # noqa: S101 - loans are never deleted
        borrower = staff.get(unit.session, held.borrower)
        assert borrower is not None  # noqa: S101 - nobody is ever deleted
        ctx = world.context(unit, borrower, "", "", unit.now)
        if held.state == "approved":  # else it lapsed with its photocopy
            lapse(ctx, _of_both(ctx, loan_id))
        done.append(ctx)
    return done


def _of_both(ctx: Context, loan_id: int) -> int:
    """Return the loan of the photocopy that waits for this original; else the loan itself."""
    for copy_id in loans.copies_of(ctx.session, loan_id):
        copy = loans.get(ctx.unit, copy_id)
        if copy is not None and copy.state == "approved":
            return copy_id
    return loan_id


def lapse(ctx: Context, loan_id: int) -> None:
    """Let one approval lapse and tell the borrower and who would have handed it out."""
    held = loans.get(ctx.unit, loan_id)
    assert held is not None  # noqa: S101 - loans are never deleted
    lending = loan_sides.lending_of(ctx, held)
    rule = lending.collect.rule if lending else "C-54"
    held = loan_kinds.end_all(ctx, held, Trigger.LAPSE, rule)
    loan_cards.tell(ctx, held, held.borrower, loan_kinds.NOT_FETCHED, "lapsed")
    for one in loan_sides.custodians(ctx, held):
        loan_cards.tell(ctx, held, one, loan_kinds.NOT_FETCHED_ARCHIVE, "lapsed")
