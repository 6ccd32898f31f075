"""What hand-outs, returns and transfers have in common: a step two or three people confirm.

A button names a step; who pressed it and how things stand now decide. The trap is the second tap
in the same second: the loan is locked before anything is read, and who comes second is shown what
is so.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import partial
from typing import Any

from msgspec.structs import replace

from handlers.approvals import case_texts
from handlers.context import Context
from handlers.conversation import runner
from handlers.conversation.answers import listed
from handlers.conversation.forms import Answers
from handlers.conversation.messages import Button, Card, Reply
from handlers.loans import (
    loan_cards,
    loan_clock,
    loan_queue,
    loan_sides,
    loan_words,
    renewing,
)
from handlers.texts import N_, Texts
from rules.loans import LoanKind, LoanState, Trigger, move
from storage import attachments, custody, ledger, loan_items, loans, staff
from storage.custody import Handed, Step
from storage.loans import Loan

FORGED = "S1-07.3.3.2a"
"""Clause under which a press of somebody whom it does not concern is refused and logged."""

NOT_THERE = N_("There is no such count, or it is not yours to confirm.")
AS_IT_IS = N_("This is settled already; here is how it stands.")
WAITS_FOR = N_("That is for {names} to confirm.")
SAID_NO = N_("{name} says it is not so: {words}")
SAID_NO_BARE = N_("{name} says it is not so; why is not shown in this chat.")
CONFIRMED = N_("Confirmed. The others confirm it too.")
NOT_PASSED = N_("The papers are not passed on any more: {state}.")

_AT_AN_END = frozenset({LoanState.SHORT, LoanState.LOST})
"""Open states in which a loan is no longer kept longer."""


def loan_of(ctx: Context, words: str) -> Loan | None:
    """Return the loan of that id, locked, if who acts may know of it; else log the press."""
    held = loan_sides.loan(ctx, words, lock=True)
    if held is None and words.isdecimal() and loans.get(ctx.unit, int(words)) is not None:
        ctx.record("loan.press_refused", f"loan:{words}", FORGED)
    return held


def step_of(ctx: Context, words: str) -> tuple[Step, Loan] | None:
    """Return a step with its loan, locked, if who acts may know of it."""
    step = custody.get(ctx.unit, int(words)) if words.isdecimal() else None
    held = loan_of(ctx, str(step.loan_id)) if step is not None else None
    if step is None or held is None:
        return None
    now = custody.get(ctx.unit, step.id)  # the lock may have waited for somebody else's tap
    assert now is not None  # noqa: S101 - steps are never deleted
    return now, held


def refused(ctx: Context) -> Reply:
    return Reply(alert=ctx.t(NOT_THERE))


def shown(ctx: Context, held: Loan, lead: str = "", *, alert: str = "") -> Reply:
    """Answer with the loan's card as it is now."""
    return Reply((loan_cards.show(ctx, held, lead=lead),), alert=alert)


def as_it_is(ctx: Context, held: Loan) -> Reply:
    return shown(ctx, held, ctx.t(AS_IT_IS))


def not_yours(ctx: Context, held: Loan, step: Step) -> Reply:
    """Say for whom a step waits to somebody who knows of it and takes no part."""
    ctx.record("loan.press_refused", f"loan:{held.id}", FORGED)
    names = listed([case_texts.name(ctx, one) for one in step.waits_for], ctx.texts)
    return shown(ctx, held, alert=ctx.t(WAITS_FOR, names=names))


def signs_for(ctx: Context, held: Loan, step: Step) -> str | None:
    """Return for whom who acts can confirm a step: themselves, or a giver who has left.

    Rule: S1-14.9, C-55.
    """
    if ctx.person.id in step.waits_for:
        return ctx.person.id
    listed = step.kind == "return" and step.giver in step.waits_for
    if listed and ctx.person.id != step.taker:
        stands_in = loan_sides.answers_for(ctx, held, ctx.person, step.giver)
        return step.giver if stands_in else None
    return None


def now(ctx: Context, held: Loan) -> Loan:
    """Return a loan as it is by now."""
    found = loans.get(ctx.unit, held.id)
    assert found is not None  # noqa: S101 - loans are never deleted
    return found


def ask_why(ctx: Context, step: Step) -> Reply:
    """Ask who says no to a step for a word."""
    return runner.start(ctx, ctx.registry.by_key["sayno"], Answers({"_step": str(step.id)}))


def tell_words(ctx: Context, held: Loan, staff_id: str, words: str, what: str) -> None:
    """Tell somebody that who acts said no, and why where their chat may show it (C-01)."""
    reader = staff.get(ctx.session, staff_id)
    dossier = loan_sides.dossier_of(ctx, held)
    if reader is not None and loan_sides.titles(ctx, held, dossier, reader):
        loan_cards.tell(ctx, held, staff_id, SAID_NO, what, name=ctx.person.name, words=words)
    else:
        loan_cards.tell(ctx, held, staff_id, SAID_NO_BARE, what, name=ctx.person.name)


def instant(ctx: Context, step: Step | None = None) -> datetime:
    """Return when who acts did so; never before the step was opened."""
    return max(ctx.at, step.opened_at) if step is not None else ctx.at


def moved(ctx: Context, held: Loan, trigger: Trigger, **changes: Any) -> Loan:
    """Write what becomes of a loan and return it.

    Raises:
        Conflict: somebody was quicker.
    """
    state = move(LoanState(held.state), trigger, LoanKind(held.kind))
    after = replace(held, state=state.value, **changes)
    return loans.save(ctx.unit, held, after, ctx.now)


def touched(ctx: Context, held: Loan) -> Loan:
    """Note that something about a loan's step changed, so that every copy of the card follows."""
    return loans.save(ctx.unit, held, held, ctx.now)


def follow(ctx: Context, held: Loan) -> None:
    """Let the reminders of a loan follow what became of it; what is back goes to who waits."""
    call_off(ctx, held)
    if not held.open or held.state in _AT_AN_END:
        renewing.drop(ctx, held)
    if held.open:
        loan_clock.follow(ctx, held)
        return
    loan_clock.stop(ctx, held)
    loan_queue.freed(ctx, held.dossier_id)


def call_off(ctx: Context, held: Loan) -> None:
    """Let nobody be asked any more to show papers that somebody else has, or is to count, now.

    Nor are papers passed on that come back or are lost: nobody would have them twice.
    """
    asked = loan_sides.last_proof(ctx, held)
    if asked is not None and asked.state == "open":
        custody.end(ctx.unit, asked.id, "refused")
        ledger.unwatch(ctx.unit, asked.kind, asked.id)
    passing = next(
        (one for one in custody.of_loan(ctx.unit, held.id) if one.is_open("transfer")), None
    )
    if passing is not None and held.state != LoanState.LENT:
        custody.end(ctx.unit, passing.id, "refused")
        for one in filter(None, (passing.taker, passing.witness)):
            if one != ctx.person.id:
                key = f"loan:{held.id}:{held.version}:not.{passing.id}:{one}"
                ctx.tell(one, partial(_not_passed, ctx, held), key)


def _not_passed(ctx: Context, held: Loan, texts: Texts) -> Card:
    look = Button(texts.t(loan_clock.LOOK), f"f.loans.card.{held.id}")
    said = texts.t(NOT_PASSED, state=loan_words.state(ctx, held, texts))
    return Card(said, title=loan_cards.title(held, texts), choices=(look,))


def attach(ctx: Context, step: Step, files: Iterable[int]) -> None:
    """Keep photos with a step."""
    attachments.attach(ctx.unit, files, "custody", step.id)


def to_come(ctx: Context, held: Loan) -> tuple[Handed, ...]:
    """Return what of each line is still to come back, lines that are all back left out."""
    return tuple(
        Handed(one.position, one.pages - one.back_pages, one.copies - one.back_copies)
        for one in loan_items.of(ctx.unit, held.id)
        if one.state in ("out", "missing")
    )


def as_asked(ctx: Context, held: Loan) -> tuple[Handed, ...]:
    """Return the lines of a loan as they are to be handed out."""
    items = loan_items.of(ctx.unit, held.id)
    return tuple(Handed(one.position, one.pages, one.copies) for one in items)
