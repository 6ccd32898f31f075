"""The archive counts what comes back, the other side confirms, a third settles what they dispute.

Both look at the same list. A list that the archive corrects is a new one, with buttons of its own:
a tap on the old card confirms nothing.
"""

from __future__ import annotations

from handlers.approvals import case_texts
from handlers.context import Context
from handlers.conversation.forms import Answers
from handlers.conversation.messages import Card, Problem, Reply
from handlers.loans import (
    custody_steps,
    loan_cards,
    loan_clock,
    loan_incidents,
    loan_sides,
    return_effects,
    return_form,
    transfers,
)
from handlers.loans.custody_steps import (
    as_it_is,
    instant,
    moved,
    not_yours,
    refused,
    shown,
    step_of,
)
from handlers.loans.return_effects import Sides
from handlers.loans.return_form import Purpose
from handlers.texts import N_
from rules.errors import Denied
from rules.lending import ReturnCheck
from rules.loans import LoanState, Trigger
from rules.returns import unchecked
from storage import custody, staff
from storage.custody import Handed, Step
from storage.loans import Loan

TO_CONFIRM = N_("The archive has counted what you give back. Please confirm the list.")
COUNTED = N_("Counted. {name} confirms the list on their own phone.")
CORRECTED = N_("Your count differs from the list, so {name} confirms it once more.")
RETRACTED = N_("Taken back: nothing was returned, all is as before.")
DISPUTED = N_("Counted differently. {name} is asked to settle it; reminders pause.")
SETTLE_IT = N_("Both sides have counted differently. Please count the papers and settle it.")
NOT_SETTLING = N_("Who counted cannot settle it; {name} does.")
UNCHECKED = N_("Please confirm every point of the return first ({rule}).")
MENDED = N_("Repaired and settled: the loan is closed ({rule}).")
STILL_MISSING = N_("Papers are still missing; count them back first.")
SOMEBODY = N_("Somebody else of the archive")
REASONS = {
    "same_person": N_("Nobody counts with themselves; a colleague has to do it ({rule})."),
    "nothing_back": N_("Nothing was named that comes back ({rule})."),
    "not_lent": N_("Line {position} is not lent with this loan ({rule})."),
    "counted_twice": N_("Line {position} is named twice ({rule})."),
    "more_than_lent": N_(
        "Line {position}: at most {pages} pp. and {copies} copies can come back. Count again; "
        "what belongs to another loan is returned with that one ({rule})."
    ),
}
FACE_RULE = "S1-14.9"
_BACK_TO = {
    LoanState.LENT: Trigger.RETRACT,
    LoanState.SHORT: Trigger.RETRACT_SHORT,
    LoanState.LOST: Trigger.RETRACT_LOST,
}


def denied_card(ctx: Context, held: Loan, denied: Denied) -> Reply:
    """Say every reason why a list cannot be right, with what to do."""
    lines = [ctx.t(REASONS[one.code], rule=one.rule, **dict(one.facts)) for one in denied.reasons]
    return Reply.of(Card("\n".join(lines), title=loan_cards.title(held, ctx.texts)))


# -- the archive counts ------------------------------------------------------------------------


def count(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Count back what is lent, also where the borrower has listed nothing."""
    held = custody_steps.loan_of(ctx, arguments[0])
    if held is None or not loan_sides.is_custodian(ctx, held, ctx.person):
        return refused(ctx)
    step = loan_cards.open_step(ctx, held)
    if step is not None and step.kind == "return":
        return agree(ctx, (str(step.id),))
    listed = custody_steps.to_come(ctx, held)
    if held.state not in _BACK_TO or not listed:
        return as_it_is(ctx, held)
    checks = _checks(ctx, held)
    return return_form.start(ctx, held, Purpose.COUNT, listed, checks=checks)


def _checks(ctx: Context, held: Loan) -> tuple[ReturnCheck, ...]:
    lending = loan_sides.lending_of(ctx, held)
    return lending.return_checks if lending is not None else ()


def submit_count(ctx: Context, answers: Answers) -> Reply:
    """Offer the archive's count to who gives the papers back, or confirm theirs."""
    held = custody_steps.loan_of(ctx, answers.text(return_form.LOAN))
    lines = return_form.counted(answers)
    if held is None or not loan_sides.is_custodian(ctx, held, ctx.person):
        return Reply.of(Card(ctx.t(custody_steps.NOT_THERE)))
    if isinstance(lines, Problem):
        return Reply.of(Card(ctx.t(lines.message, **lines.facts)))
    checks = return_form.done_checks(answers)
    lending = loan_sides.lending_of(ctx, held)
    if lending is not None:
        missing = unchecked(lending, [ReturnCheck(one) for one in checks])
        if missing is not None:
            return Reply.of(Card(ctx.t(UNCHECKED, rule=lending.return_rule)))
    words = answers.text(return_form.STEP)
    if not words:
        return _counted(ctx, held, lines, checks, answers.files("files"))
    step = custody.get(ctx.unit, int(words))
    if step is None or step.loan_id != held.id or step.state != "open" or step.taker_at:
        return as_it_is(ctx, held)
    return _answered(ctx, held, step, lines, checks, answers.files("files"))


def _counted(
    ctx: Context,
    held: Loan,
    lines: tuple[Handed, ...],
    checks: tuple[str, ...],
    files: tuple[int, ...],
) -> Reply:
    """Open a return that the archive has counted first."""
    if held.state not in _BACK_TO:
        return as_it_is(ctx, held)
    giver, me = loan_sides.holder_of(held), ctx.person.id
    opened = return_effects.open_return(ctx, held, Sides(giver, me, me), lines, checks)
    if isinstance(opened, Denied):
        return denied_card(ctx, held, opened)
    step, held = opened
    custody_steps.attach(ctx, step, files)
    return _to_confirm(ctx, held, step, COUNTED)


def _to_confirm(ctx: Context, held: Loan, step: Step, lead: str) -> Reply:
    """Ask who gives the papers back, or who stands in for them, to confirm the list."""
    asked = _asked(ctx, held, step)
    loan_cards.tell(ctx, held, asked, TO_CONFIRM, f"confirm.{step.id}")
    loan_cards.redraw_all(ctx, held, but=(asked,))
    return shown(ctx, held, ctx.t(lead, name=case_texts.name(ctx, asked)))


def _asked(ctx: Context, held: Loan, step: Step) -> str:
    """Return who confirms for the giver: themselves, else who is liable, or their superior.

    Rule: C-55.
    """
    giver = staff.get(ctx.session, step.giver)
    if giver is not None and giver.active:
        return step.giver
    liable = loan_clock.on_duty(ctx, held)
    above = (liable, *staff.chain(ctx.session, step.giver))
    return next((one for one in above if one not in (step.giver, step.taker)), step.giver)


def _answered(
    ctx: Context,
    held: Loan,
    step: Step,
    lines: tuple[Handed, ...],
    checks: tuple[str, ...],
    files: tuple[int, ...],
) -> Reply:
    """Confirm a list that somebody brought, or put a corrected one in its place."""
    if ctx.person.id == step.giver:
        return as_it_is(ctx, held)
    if _same(lines, step.lines):
        custody_steps.attach(ctx, step, files)
        done = custody.take_back(ctx.unit, step, ctx.person.id, checks, instant(ctx, step))
        return _confirmed(ctx, held, done)
    custody.end(ctx.unit, step.id, "refused")
    held = moved(ctx, held, _BACK_TO[LoanState(step.before)])
    me = ctx.person.id
    opened = return_effects.open_return(ctx, held, Sides(step.giver, me, me), lines, checks)
    if isinstance(opened, Denied):
        loan_cards.redraw_all(ctx, held)
        return denied_card(ctx, held, opened)
    corrected, held = opened
    custody_steps.attach(ctx, corrected, files)
    return _to_confirm(ctx, held, corrected, CORRECTED)


def _same(one: tuple[Handed, ...], other: tuple[Handed, ...]) -> bool:
    return sorted(one, key=_place) == sorted(other, key=_place)


def _place(one: Handed) -> int:
    return one.position


# -- the other side ----------------------------------------------------------------------------


def agree(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Confirm a count; the archive looks at the points of the return first."""
    found = step_of(ctx, arguments[0])
    if found is None or found[0].kind == "hand_out":
        return refused(ctx)
    step, held = found
    if step.state != "open":
        return as_it_is(ctx, held)
    if step.kind == "transfer":
        return transfers.agree(ctx, held, step)
    signer = custody_steps.signs_for(ctx, held, step)
    counts = step.taker_at is None and loan_sides.is_custodian(ctx, held, ctx.person)
    if counts and ctx.person.id != step.giver:
        checks = _checks(ctx, held)
        return return_form.start(
            ctx, held, Purpose.COUNT, step.lines, checks=checks, step_id=step.id
        )
    if signer is None:
        signed = ctx.person.id in (step.giver, step.taker)
        return as_it_is(ctx, held) if signed else not_yours(ctx, held, step)
    if signer != ctx.person.id:
        ctx.record("loan.confirmed_for_leaver", f"loan:{held.id}", "C-55")
    done = custody.confirm(ctx.unit, step.id, signer, instant(ctx, step))
    return _confirmed(ctx, held, done)


def _confirmed(ctx: Context, held: Loan, step: Step) -> Reply:
    if step.state != "done":
        held = custody_steps.touched(ctx, held)
        ctx.record("loan.step_confirmed", f"loan:{held.id}", FACE_RULE)
        loan_cards.redraw_all(ctx, held)
        return shown(ctx, held, ctx.t(custody_steps.CONFIRMED))
    held = return_effects.take_effect(ctx, held, step)
    return shown(ctx, held, return_effects.lead_of(ctx, held))


def retract(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Take back a list that was a mistake. Rule: S1-14.9."""
    found = step_of(ctx, arguments[0])
    if found is None or found[0].kind == "hand_out":
        return refused(ctx)
    step, held = found
    if step.state != "open":
        return as_it_is(ctx, held)
    if ctx.person.id != step.opened_by:
        return not_yours(ctx, held, step)
    if step.kind == "transfer":
        return transfers.end(ctx, held, step, "")
    custody.end(ctx.unit, step.id, "refused")
    held = moved(ctx, held, _BACK_TO[LoanState(step.before)])
    custody_steps.follow(ctx, held)
    ctx.record("loan.return_retracted", f"loan:{held.id}", FACE_RULE)
    others = {step.giver, step.taker} - {ctx.person.id}
    for one in sorted(others):
        loan_cards.tell(ctx, held, one, RETRACTED, f"retracted.{step.id}")
    loan_cards.redraw_all(ctx, held, but=others)
    return shown(ctx, held, ctx.t(RETRACTED))


# -- disputes ----------------------------------------------------------------------------------


def dispute(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Ask who does not agree with a count for a word."""
    found = step_of(ctx, arguments[0])
    if found is None or found[0].kind == "hand_out":
        return refused(ctx)
    step, held = found
    if step.state != "open":
        return as_it_is(ctx, held)
    counts = step.kind == "return" and step.taker_at is None
    counts = counts and loan_sides.is_custodian(ctx, held, ctx.person)
    if custody_steps.signs_for(ctx, held, step) is None and not counts:
        return not_yours(ctx, held, step)
    return custody_steps.ask_why(ctx, step)


def disputed(ctx: Context, held: Loan, step: Step, words: str) -> Reply:
    """Let a third settle a count that the sides do not agree on. Rule: S1-14.9."""
    witness = loan_sides.third(ctx, held, step)
    custody.end(ctx.unit, step.id, "disputed", words=words, witness=witness)
    held = moved(ctx, held, Trigger.DISPUTE)
    custody_steps.follow(ctx, held)
    ctx.record("loan.disputed", f"loan:{held.id}", FACE_RULE)
    sides = {step.giver, step.taker} - {ctx.person.id, witness}
    for one in sorted(sides):
        custody_steps.tell_words(ctx, held, one, words, f"disputed.{step.id}")
    if witness is not None:
        loan_cards.tell(ctx, held, witness, SETTLE_IT, f"settle.{step.id}")
    else:
        loan_sides.alarm(ctx, held)
    loan_cards.redraw_all(ctx, held, but=(*sides, *((witness,) if witness else ())))
    name = case_texts.name(ctx, witness) if witness else ctx.t(SOMEBODY)
    return shown(ctx, held, ctx.t(DISPUTED, name=name))


def settle(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Count as the third what the sides have counted differently."""
    found = step_of(ctx, arguments[0])
    if found is None or found[0].kind != "return":
        return refused(ctx)
    step, held = found
    if step.state != "disputed":
        return as_it_is(ctx, held)
    if not _settles(ctx, held, step):
        name = case_texts.name(ctx, step.witness) if step.witness else ctx.t(SOMEBODY)
        return shown(ctx, held, alert=ctx.t(NOT_SETTLING, name=name))
    checks = _checks(ctx, held)
    return return_form.start(ctx, held, Purpose.SETTLE, step.lines, checks=checks, step_id=step.id)


def _settles(ctx: Context, held: Loan, step: Step) -> bool:
    if ctx.person.id in (step.giver, step.taker):
        return False
    return ctx.person.id == step.witness or loan_sides.is_custodian(ctx, held, ctx.person)


def submit_settle(ctx: Context, answers: Answers) -> Reply:
    found = step_of(ctx, answers.text(return_form.STEP))
    lines = return_form.counted(answers)
    if found is None or not _settles(ctx, found[1], found[0]):
        return Reply.of(Card(ctx.t(custody_steps.NOT_THERE)))
    if isinstance(lines, Problem):
        return Reply.of(Card(ctx.t(lines.message, **lines.facts)))
    step, held = found
    if step.state != "disputed":
        return as_it_is(ctx, held)
    custody_steps.attach(ctx, step, answers.files("files"))
    settled = custody.settle(ctx.unit, step, ctx.person.id, lines, instant(ctx, step))
    ctx.record("loan.dispute_settled", f"loan:{held.id}", FACE_RULE)
    held = return_effects.take_effect(ctx, held, settled)
    return shown(ctx, held, return_effects.lead_of(ctx, held))


# -- repairs -----------------------------------------------------------------------------------


def mended(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Note that what came back damaged is repaired: the loan is closed.

    Rule: S3-ENG.3.7, S2-INFO.15.
    """
    held = custody_steps.loan_of(ctx, arguments[0])
    if held is None or not loan_sides.is_custodian(ctx, held, ctx.person):
        return refused(ctx)
    if held.state != LoanState.SHORT:
        return as_it_is(ctx, held)
    if custody_steps.to_come(ctx, held):
        return shown(ctx, held, alert=ctx.t(STILL_MISSING))
    held = moved(ctx, held, Trigger.SETTLE)
    custody_steps.follow(ctx, held)
    rule = return_effects.REPAIR_RULE
    ctx.record("loan.mended", f"loan:{held.id}", rule)
    loan_incidents.over(ctx, held, loan_incidents.REPAIRED)
    loan_cards.tell(ctx, held, held.borrower, MENDED, "mended", rule=rule)
    loan_cards.redraw_all(ctx, held, but=(held.borrower,))
    return shown(ctx, held, ctx.t(MENDED, rule=rule))
