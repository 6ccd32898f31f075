"""Papers that are lent are passed on to a colleague, where the policy lets the archive sign it.

The due day stays and so does who is liable; only whose hands they are in changes. Where nothing
may be passed on, the clause is shown with the way there is: give back, and a new request.
"""

from __future__ import annotations

from msgspec.structs import replace

from handlers.approvals import case_texts
from handlers.context import Context
from handlers.conversation import runner
from handlers.conversation.forms import Answers, Field, Form, Kind
from handlers.conversation.messages import Button, Card, Reply
from handlers.feature import Feature
from handlers.loans import borrow_facts, custody_steps, loan_blocks, loan_cards, loan_sides
from handlers.loans.custody_steps import as_it_is, instant, not_yours, refused, shown
from handlers.texts import N_
from rules.access import StaffId
from rules.borrowing import sublend_refusal
from rules.custody import signed_by
from rules.errors import Denied
from rules.loans import LoanState
from storage import custody, loans, staff
from storage.custody import NewStep, Step
from storage.loans import Loan
from storage.staff import Person

FORBIDDEN = N_(
    "These papers may not be passed on ({rule}). Give them back; your colleague asks for them."
)
NOT_LENT = N_("Only papers that are with you can be passed on; here is how it stands.")
NOT_THEM = N_("That is not a colleague who could take them.")
NO_CHAT = N_("{name} has no chat to confirm in; please give the papers back.")
NOT_TO = N_("They cannot go to {name} now:")
NOBODY = N_("Nobody of the archive can sign as the third; the operators were told.")
ASKED = N_("{name} and the archive have to confirm; until then the papers are yours.")
TO_TAKE = N_("A colleague wants to pass these papers on to you. The due day stays the same.")
TO_SIGN = N_("Papers are to be passed on; the archive signs as the third.")
PASSED = N_("Passed on to {name}; the due day stays the same.")
NOT_PASSED = N_("They are not passed on; all is as before.")
RULE = "S3-LOG.2.3a"

FORM = Form(
    "passing",
    1,
    N_("Pass on"),
    (
        Field(
            "whom",
            Kind.STAFF,
            N_("Colleague"),
            N_("To whom do the papers go? Part of the name."),
            others=True,
        ),
    ),
    submit_label=N_("Pass on"),
    review=False,
)


def start(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Ask to whom, or show the clause that forbids it."""
    held = _held(ctx, arguments[0])
    if isinstance(held, Reply):
        return held
    return runner.start(ctx, FEATURE, Answers({"_loan": str(held.id)}))


def _held(ctx: Context, words: str) -> Loan | Reply:
    """Return a loan whose papers who acts may pass on, else what to answer.

    Rule: S1-15.7.3, S1-14.6, S1-05.4.
    """
    held = custody_steps.loan_of(ctx, words)
    if held is None:
        return refused(ctx)
    lending = loan_sides.lending_of(ctx, held)
    denied = sublend_refusal(lending) if lending is not None else None
    if denied is not None:
        ctx.record("loan.pass_refused", f"loan:{held.id}", denied.rules[0])
        return _forbidden(ctx, held, denied.rules[0])
    if held.state != LoanState.LENT or loan_sides.holder_of(held) != ctx.person.id:
        return shown(ctx, held, ctx.t(NOT_LENT))
    return held if loan_cards.open_step(ctx, held) is None else as_it_is(ctx, held)


def _forbidden(ctx: Context, held: Loan, rule: str) -> Reply:
    back = (Button(ctx.t(loan_cards.BRING), f"f.return.bring.{held.id}"),)
    mine = ctx.person.id == loan_sides.holder_of(held) and held.out
    clause = Button(ctx.t(loan_cards.CLAUSE), f"f.help.clause.{rule}")
    return Reply.of(
        Card(
            ctx.t(FORBIDDEN, rule=rule),
            title=loan_cards.title(held, ctx.texts),
            choices=(*(back if mine else ()), clause),
            columns=2,
        )
    )


def submit(ctx: Context, answers: Answers) -> Reply:
    """Ask the colleague and the archive to confirm."""
    held = _held(ctx, answers.text("_loan"))
    if isinstance(held, Reply):
        return Reply.of(Card(held.alert)) if held.alert and not held.shows else held
    option = answers.option("whom")
    return _pass_to(ctx, held, staff.get(ctx.session, option.key) if option else None)


def back(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Give papers that were passed on back to the borrower, witnessed as before."""
    held = _held(ctx, arguments[0])
    if isinstance(held, Reply):
        return held
    return _pass_to(ctx, held, loan_sides.borrower_of(ctx, held))


def _pass_to(ctx: Context, held: Loan, colleague: Person | None) -> Reply:
    if colleague is None or not colleague.active or colleague.id == ctx.person.id:
        return Reply.of(Card(ctx.t(NOT_THEM)))
    if not colleague.home_channel:
        return Reply.of(Card(ctx.t(NO_CHAT, name=colleague.name)))
    if against := _against(ctx, held, colleague):
        body = "\n".join((ctx.t(NOT_TO, name=colleague.name), *against))
        return Reply.of(Card(body, title=loan_cards.title(held, ctx.texts)))
    taking_part = (ctx.person.id, colleague.id)
    third = next((one for one in loan_sides.custodians(ctx, held) if one not in taking_part), None)
    if third is None:
        loan_sides.alarm(ctx, held)
        return Reply.of(Card(ctx.t(NOBODY)))
    return _ask(ctx, held, colleague, third)


def _against(ctx: Context, held: Loan, colleague: Person) -> list[str]:
    """Return why a colleague cannot have the papers, as they could not borrow them either.

    What else the borrower has open is no reason: they answer for these papers all the while.
    """
    policy, dossier = loan_sides.policy_of(ctx, held), loan_sides.dossier_of(ctx, held)
    wanted = borrow_facts.of_loan(ctx, held, policy, dossier)
    denied = borrow_facts.against(ctx, wanted, colleague, but=held)
    reasons = denied.reasons if denied is not None else ()
    if colleague.id == held.borrower:
        reasons = tuple(one for one in reasons if one.code == "above_clearance")
    return loan_blocks.lines(ctx, Denied(reasons), dossier) if reasons else []


def _ask(ctx: Context, held: Loan, colleague: Person, third: str) -> Reply:
    denied = signed_by(
        StaffId(ctx.person.id), StaffId(colleague.id), witness=StaffId(third), needs_witness=True
    )
    if denied is not None:
        return Reply.of(Card(ctx.t(NOT_THEM)))
    new = NewStep(
        held.id,
        "transfer",
        ctx.person.id,
        colleague.id,
        ctx.person.id,
        custody_steps.to_come(ctx, held),
        witness=third,
        before=held.state,
    )
    step = custody.open_step(ctx.unit, new, instant(ctx))
    held = custody_steps.touched(ctx, held)
    ctx.record("loan.pass_asked", f"loan:{held.id}", RULE)
    loan_cards.tell(ctx, held, colleague.id, TO_TAKE, f"pass.{step.id}")
    loan_cards.tell(ctx, held, third, TO_SIGN, f"pass.{step.id}")
    loan_cards.redraw_all(ctx, held, but=(colleague.id, third))
    return shown(ctx, held, ctx.t(ASKED, name=colleague.name))


def agree(ctx: Context, held: Loan, step: Step) -> Reply:
    """Confirm that papers are passed on; in the colleague's hands with the last who does.

    Rule: S3-LOG.2.3a, S1-14.6.
    """
    if ctx.person.id not in step.waits_for:
        signed = ctx.person.id in (step.giver, step.taker, step.witness)
        return as_it_is(ctx, held) if signed else not_yours(ctx, held, step)
    colleague = staff.get(ctx.session, step.taker)
    if colleague is None or not colleague.active or _against(ctx, held, colleague):
        return end(ctx, held, step, "")
    step = custody.confirm(ctx.unit, step.id, ctx.person.id, instant(ctx, step))
    if step.state != "done":
        ctx.record("loan.step_confirmed", f"loan:{held.id}", RULE)
        held = custody_steps.touched(ctx, held)
        loan_cards.redraw_all(ctx, held)
        return shown(ctx, held, ctx.t(custody_steps.CONFIRMED))
    custody_steps.call_off(ctx, held)
    holder = None if step.taker == held.borrower else step.taker
    held = loans.save(ctx.unit, held, replace(held, holder=holder), ctx.now)
    ctx.record("loan.passed_on", f"loan:{held.id}", RULE, taker=step.taker)
    name = case_texts.name(ctx, step.taker)
    others = {held.borrower, *_people(step)} - {ctx.person.id}
    for one in sorted(others):
        loan_cards.tell(ctx, held, one, PASSED, f"passed.{step.id}", name=name)
    loan_cards.redraw_all(ctx, held, but=others)
    return shown(ctx, held, ctx.t(PASSED, name=name))


def end(ctx: Context, held: Loan, step: Step, words: str) -> Reply:
    """Let nothing come of it, and show how it stands."""
    return shown(ctx, drop(ctx, held, step, words), ctx.t(NOT_PASSED))


def drop(ctx: Context, held: Loan, step: Step, words: str) -> Loan:
    """Let nothing come of it: somebody said no or left, or it was taken back."""
    custody.end(ctx.unit, step.id, "refused", words=words)
    held = custody_steps.touched(ctx, held)
    ctx.record("loan.not_passed_on", f"loan:{held.id}", RULE)
    others = _people(step) - {ctx.person.id}
    for one in sorted(others):
        if words:
            custody_steps.tell_words(ctx, held, one, words, f"not.{step.id}")
        else:
            loan_cards.tell(ctx, held, one, NOT_PASSED, f"not.{step.id}")
    loan_cards.redraw_all(ctx, held, but=others)
    return held


def _people(step: Step) -> set[str]:
    return {one for one in (step.giver, step.taker, step.witness) if one is not None}


FEATURE = Feature("passing", FORM.title, form=FORM, submit=submit)
