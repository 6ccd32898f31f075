"""Somebody leaves: what waits for their hand in loans is over, or goes to somebody else.

What they have borrowed stays out and is given back through their superior; here is what nobody
could end any more without them. The trap is the request that was approved and is never fetched:
its papers would be kept for somebody who does not come.
"""

from __future__ import annotations

from handlers.context import Context
from handlers.loans import (
    custody_steps,
    loan_cards,
    loan_kinds,
    loan_sides,
    return_count,
    transfers,
)
from handlers.texts import N_
from rules.loans import LoanState, Trigger
from storage import custody, loan_lists, loans
from storage.custody import Step
from storage.loans import Loan

RULE = "C-55"

OVER = N_("{name} has left: the request is over and the papers stay in the archive ({rule}).")
WITNESS_LEFT = N_(
    "{name}, the second person, has left. Please count out again with somebody else ({rule})."
)


def settle(ctx: Context) -> None:
    """Let loans go on without `ctx.person`, who left. Rule: C-55, S1-14.9, S4-LOAN.5.2a."""
    for one in loan_lists.open_of(ctx.unit, ctx.person.id):
        held = _locked(ctx, one.id)  # a photocopy ends with its original
        if held.state in (LoanState.APPROVED, LoanState.OFFERED):
            _not_fetched(ctx, held)
    for step in custody.waiting_for(ctx.unit, ctx.person.id):
        _without(ctx, step)
    for step in custody.to_settle(ctx.unit, ctx.person.id):
        _other_third(ctx, step)


def _not_fetched(ctx: Context, held: Loan) -> None:
    """End what was approved and is not in the leaver's hands, a photocopy with its original."""
    copies = (loans.get(ctx.unit, one) for one in loans.copies_of(ctx.session, held.id))
    asked = next((one for one in copies if one is not None and one.open), held)
    ended = loan_kinds.end_all(ctx, _locked(ctx, asked.id), Trigger.LAPSE, RULE)
    for one in loan_sides.custodians(ctx, ended):
        loan_cards.tell(ctx, ended, one, OVER, "left", name=ctx.person.name, rule=RULE)


def _without(ctx: Context, step: Step) -> None:
    """End a count or a passing on that only the leaver could confirm."""
    held = _locked(ctx, step.loan_id)
    now = custody.get(ctx.unit, step.id)
    if now is None or now.state != "open":
        return
    if step.kind == "transfer":
        transfers.drop(ctx, held, step, "")
    elif step.kind == "hand_out" and step.witness == ctx.person.id:
        custody.end(ctx.unit, step.id, "refused")
        held = custody_steps.moved(ctx, held, Trigger.DECLINE)
        ctx.record("loan.declined", f"loan:{held.id}", RULE)
        told = (step.giver, step.taker)
        facts = {"name": ctx.person.name, "rule": RULE}
        for one in told:
            loan_cards.tell(ctx, held, one, WITNESS_LEFT, f"left.{step.id}", **facts)
        loan_cards.redraw_all(ctx, held, but=told)


def _other_third(ctx: Context, step: Step) -> None:
    """Ask the next in line to settle what the leaver was to settle."""
    held = _locked(ctx, step.loan_id)
    third = loan_sides.third(ctx, held, step)
    if third is None:
        loan_sides.alarm(ctx, held)
        return
    custody.ask_third(ctx.unit, step.id, third)
    held = custody_steps.touched(ctx, held)
    ctx.record("loan.third_named", f"loan:{held.id}", RULE, to=third)
    loan_cards.tell(ctx, held, third, return_count.SETTLE_IT, f"settle.{step.id}")
    loan_cards.redraw_all(ctx, held, but=(third,))


def _locked(ctx: Context, loan_id: int) -> Loan:
    held = loans.get(ctx.unit, loan_id, lock=True)
    assert held is not None  # noqa: S101 - loans are never deleted
    return held
