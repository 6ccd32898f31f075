"""Copies and data that go out for good: compared, signed and stamped before they do."""

from __future__ import annotations

from msgspec.structs import replace

from handlers.context import Context
from handlers.conversation.messages import Button, Card, Reply
from handlers.feature import Feature
from handlers.loans import (
    borrow_facts,
    loan_blocks,
    loan_cards,
    loan_kinds,
    loan_lapse,
    loan_sides,
)
from handlers.loans.borrow_facts import Wanted
from handlers.texts import N_
from rules.errors import Denied
from rules.loans import LoanKind, LoanState, Trigger, move
from storage import loans
from storage.loans import Loan

NOT_THERE = N_("There is nothing to hand over, or it is not for you to do.")
TITLE = N_("Hand over")
STAMPED = N_(
    "Compared with the original, found correct, signed and stamped ({rule})? Then hand it to "
    "{name}."
)
DISCLOSED = N_("Handed to somebody outside: {rule}. Has {name} received it to pass on?")
DONE = N_("Handed over: compared, signed and stamped.")
LEFT = N_("{name} has left the company.")
CONFIRM, NOT_NOW = N_("Yes, handed over"), N_("Not yet")
RULES = {LoanKind.COPY: "S1-15.7.5", LoanKind.DISCLOSE: "S2-INFO.24"}
UPGRADE_RULE = "C-56"


def ask(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Ask whether the copy was compared, signed and stamped. Rule: S1-15.7.5."""
    held = _mine(ctx, arguments[0])
    if held is None:
        return Reply(alert=ctx.t(NOT_THERE))
    if held.state != LoanState.APPROVED:
        return Reply((loan_cards.show(ctx, held),))
    kind = LoanKind(held.kind)
    words = STAMPED if kind is LoanKind.COPY else DISCLOSED
    name = loan_sides.borrower_of(ctx, held).name
    card = Card(
        ctx.t(words, rule=RULES[kind], name=name),
        title=loan_cards.title(held, ctx.texts),
        choices=(
            Button(ctx.t(CONFIRM), f"f.copies.done.{held.id}"),
            Button(ctx.t(NOT_NOW), f"f.copies.card.{held.id}"),
        ),
        columns=2,
    )
    return Reply.of(card)


def done(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Note that a copy or data were handed over. Rule: S1-15.7.5, S2-INFO.24, C-56."""
    held = _mine(ctx, arguments[0], lock=True)
    if held is None:
        return Reply(alert=ctx.t(NOT_THERE))
    if held.state != LoanState.APPROVED:
        return Reply((loan_cards.show(ctx, held),))
    dossier = loan_sides.dossier_of(ctx, held)
    wanted = borrow_facts.of_loan(ctx, held, loan_sides.policy_of(ctx, held), dossier)
    if held.collect_by is not None and held.collect_by <= ctx.now:
        loan_lapse.lapse(ctx, held.id)
        ended = loans.get(ctx.unit, held.id) or held
        return Reply((loan_cards.show(ctx, ended, lead=ctx.t(loan_kinds.NOT_FETCHED_ARCHIVE)),))
    if against := _against(ctx, held, wanted):
        ctx.record("loan.hand_out_refused", f"loan:{held.id}", RULES[wanted.kind])
        return Reply((loan_cards.show(ctx, held, lead=against),))
    if loan_kinds.upgraded(held, wanted):
        ended = loan_kinds.end_all(ctx, held, Trigger.UPGRADE, UPGRADE_RULE)
        loan_cards.tell(
            ctx, ended, ended.borrower, loan_kinds.UPGRADED, "upgraded", rule=UPGRADE_RULE
        )
        lead = ctx.t(loan_kinds.UPGRADED, rule=UPGRADE_RULE)
        return Reply((loan_cards.show(ctx, ended, lead=lead),))
    kind = LoanKind(held.kind)
    state = move(LoanState(held.state), Trigger.HAND_OVER, kind)
    saved = loans.save(ctx.unit, held, replace(held, state=state.value), ctx.now)
    ctx.record("loan.done", f"loan:{held.id}", RULES[kind])
    loan_cards.redraw_all(ctx, saved, but=(held.borrower,))
    if held.borrower != ctx.person.id:
        loan_cards.tell(ctx, saved, held.borrower, DONE, "done")
    return Reply((loan_cards.show(ctx, saved, lead=ctx.t(DONE)),))


def _against(ctx: Context, held: Loan, wanted: Wanted) -> str:
    """Return why nothing can be handed over now; empty: nothing stands against it.

    Rule: C-05, C-55.
    """
    borrower = loan_sides.borrower_of(ctx, held)
    if not borrower.active:
        return ctx.t(LEFT, name=borrower.name)
    ends = borrow_facts.credential_ends(ctx, held, wanted, ctx.today)
    if ends is None:
        return ""
    return "\n".join(loan_blocks.lines(ctx, Denied((ends,)), wanted.dossier))


def card(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Show the card of a copy to who hands it over."""
    held = _mine(ctx, arguments[0])
    return Reply((loan_cards.show(ctx, held),)) if held else Reply(alert=ctx.t(NOT_THERE))


def _mine(ctx: Context, words: str, *, lock: bool = False) -> Loan | None:
    """Return a copy or disclosure that this person hands over."""
    held = loan_sides.loan(ctx, words, lock=lock)
    if held is None or not loan_sides.is_custodian(ctx, held, ctx.person):
        return None
    return None if LoanKind(held.kind).comes_back else held


FEATURE = Feature(key="copies", title=TITLE, actions={"ask": ask, "done": done, "card": card})
