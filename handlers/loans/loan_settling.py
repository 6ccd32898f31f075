"""结清 and 核销: a loan whose papers came back short, or not at all, is ended by somebody above.

Settled: what was missing or damaged is made good. Written off: the papers are gone. The trap is
the paper that turned up in the meantime: what can be done is looked at again at every step.
"""

from __future__ import annotations

from handlers.context import Context
from handlers.conversation import runner
from handlers.conversation.forms import Answers, Field, Form, Kind
from handlers.conversation.messages import Card, Reply
from handlers.feature import Feature
from handlers.incidents import incident_cards as cards
from handlers.incidents import incidents
from handlers.loans import custody_steps, loan_cards, loan_clock, loan_queue, loan_sides
from handlers.loans.loan_acts import AS_IT_IS
from handlers.texts import N_
from rules.incidents import IncidentKind, told_of
from rules.loans import Trigger
from rules.secrecy import Grade
from storage import documents, loan_items, staff
from storage import incidents as stored
from storage.loans import Loan

LOAN, HOW = "_loan", "_how"

NOT_FOR_YOU = N_("That is for those who hear of losses and damage, and never for the borrower.")
WILL_SETTLE = N_(
    "Settled with who answers for it: what is damaged is repaired, what is missing is replaced or "
    "compensated. The loan is closed ({rule})."
)
WILL_WRITE_OFF = N_(
    "Written off: what did not come back is lost for good and can no longer be lent. The loan is "
    "closed ({rule})."
)
SETTLED = N_("Settled by {name} ({rule}): {words}")
SETTLED_BARE = N_("Settled by {name} ({rule}); why is not shown in this chat.")
WRITTEN_OFF = N_("Written off by {name} ({rule}): {words}")
WRITTEN_OFF_BARE = N_("Written off by {name} ({rule}); why is not shown in this chat.")
_SAID = {
    Trigger.SETTLE: (SETTLED, SETTLED_BARE),
    Trigger.WRITE_OFF: (WRITTEN_OFF, WRITTEN_OFF_BARE),
}
_RECORDED = {Trigger.SETTLE: "loan.settled", Trigger.WRITE_OFF: "loan.written_off"}

FORM = Form(
    "settling",
    1,
    N_("Settle or write off"),
    (
        Field(
            "words",
            Kind.TEXT,
            N_("Reason"),
            N_("How was it settled, or why is it given up? The borrower reads this."),
            max_length=300,
            example=N_("已补签同样合同归档, 费用由借阅人承担"),
        ),
    ),
    submit_label=N_("Confirm"),
)


def settle(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    return _start(ctx, arguments[0], Trigger.SETTLE)


def write_off(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    return _start(ctx, arguments[0], Trigger.WRITE_OFF)


def _start(ctx: Context, words: str, how: Trigger) -> Reply:
    held = custody_steps.loan_of(ctx, words)
    refusal = _refusal(ctx, held, how)
    if refusal is not None:
        return refusal
    return runner.start(ctx, FEATURE, Answers({LOAN: words, HOW: how.value}))


def _refusal(ctx: Context, held: Loan | None, how: Trigger) -> Reply | None:
    """Return what to answer where who acts cannot end the loan so, as things are now."""
    if held is None:
        return custody_steps.refused(ctx)
    if ctx.person.id not in loan_sides.settlers(ctx, held):
        ctx.record("loan.press_refused", f"loan:{held.id}", custody_steps.FORGED)
        return Reply(alert=ctx.t(NOT_FOR_YOU))
    if how not in loan_sides.endings(ctx, held):
        return custody_steps.shown(ctx, held, ctx.t(AS_IT_IS))
    return None


def review(ctx: Context, answers: Answers) -> str:
    """Say what follows, with the papers as they stand."""
    held = custody_steps.loan_of(ctx, answers.text(LOAN))
    if held is None:
        return ctx.t(custody_steps.NOT_THERE)
    how = Trigger(answers.text(HOW))
    said = WILL_SETTLE if how is Trigger.SETTLE else WILL_WRITE_OFF
    return ctx.t(said, rule=_rule(ctx, held, how))


def submit(ctx: Context, answers: Answers) -> Reply:
    """End a loan whose papers did not come back whole; everybody concerned hears why.

    Rule: S1-14.7, S1-15.7.6.
    """
    held, how = custody_steps.loan_of(ctx, answers.text(LOAN)), Trigger(answers.text(HOW))
    refusal = _refusal(ctx, held, how)
    if refusal is not None or held is None:
        found = refusal or custody_steps.refused(ctx)
        return found if found.shows else Reply.of(Card(found.alert))
    words, rule = answers.text("words"), _rule(ctx, held, how)
    told = _told(ctx, held)
    if how is Trigger.SETTLE:
        loan_items.replaced(ctx.unit, held.id)
    else:
        loan_items.write_off(ctx.unit, held.id)
    held = custody_steps.moved(ctx, held, how)
    ctx.record(_RECORDED[how], f"loan:{held.id}", rule)
    _after(ctx, held, how)
    _note(ctx, held, words)
    for one in told:
        _tell(ctx, held, one, how, words, rule)
    loan_cards.redraw_all(ctx, held, but=told)
    said, _ = _SAID[how]
    lead = ctx.t(said, name=ctx.person.name, words=words, rule=rule)
    return custody_steps.shown(ctx, held, lead)


def _after(ctx: Context, held: Loan, how: Trigger) -> None:
    """Stop the reminders; what is kept of the dossier goes to who waits for it."""
    if how is Trigger.SETTLE:
        custody_steps.follow(ctx, held)
        return
    loan_clock.stop(ctx, held)
    lost = any(
        one.state == "gone" and one.whole is not None and not (one.back_pages or one.back_copies)
        for one in loan_items.of(ctx.unit, held.id)
    )
    kept = documents.count(ctx.session, held.dossier_id, [one.value for one in Grade])
    loan_queue.written_off(ctx, held.dossier_id, left=not lost or kept > 0)


def _note(ctx: Context, held: Loan, words: str) -> None:
    """Keep the reason with the incidents that are not closed, else with the last one."""
    every = stored.all_of_loan(ctx.unit, held.id)
    for one in [each for each in every if each.open] or every[-1:]:
        incidents.add_measures(ctx, cards.held(ctx, one), (), words)


def _told(ctx: Context, held: Loan) -> tuple[str, ...]:
    """Return who hears of it besides who acts: both sides, all who were told of an incident.

    For a borrower who has left it is who answers for them.
    """
    people = [held.borrower, loan_clock.on_duty(ctx, held), loan_sides.holder_of(held)]
    people += [*loan_sides.custodians(ctx, held), *loan_sides.settlers(ctx, held)]
    for one in stored.all_of_loan(ctx.unit, held.id):
        people += [told.staff_id for told in stored.told(ctx.session, one.id)]
    return tuple(one for one in dict.fromkeys(people) if one != ctx.person.id)


def _tell(ctx: Context, held: Loan, staff_id: str, how: Trigger, words: str, rule: str) -> None:
    """Send somebody the closed loan, and why where their chat may show it (C-01)."""
    reader = staff.get(ctx.session, staff_id)
    if reader is None or not loan_sides.knows(ctx, held, reader):
        return
    dossier = loan_sides.dossier_of(ctx, held)
    said, bare = _SAID[how]
    facts = {"name": ctx.person.name, "rule": rule}
    if loan_sides.titles(ctx, held, dossier, reader):
        loan_cards.tell(ctx, held, staff_id, said, how.value, words=words, **facts)
    else:
        loan_cards.tell(ctx, held, staff_id, bare, how.value, **facts)


def _rule(ctx: Context, held: Loan, how: Trigger) -> str:
    kind = IncidentKind.DAMAGED if how is Trigger.SETTLE else IncidentKind.LOST
    return told_of(loan_sides.policy_of(ctx, held), kind).rule


FEATURE = Feature(
    key=FORM.key,
    title=FORM.title,
    form=FORM,
    submit=submit,
    review=review,
    actions={Trigger.SETTLE.value: settle, Trigger.WRITE_OFF.value: write_off},
)
