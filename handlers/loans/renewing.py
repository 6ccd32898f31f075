"""What a renewal leads to or why there is none, and what follows when it is decided.

The same questions are asked before it is filled in, when it is submitted and when it is granted,
which may be days apart: papers that were called back meanwhile, or that somebody waits for, are
not promised.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from msgspec.structs import replace

from handlers.approvals import approvals, case_texts
from handlers.approvals.case_kinds import Asking, CaseKind, Ending
from handlers.context import Context
from handlers.conversation.messages import Button, Card, Reply
from handlers.loans import borrow_facts, loan_cards, loan_clock, loan_sides, loan_words
from handlers.texts import N_, Texts
from rules.access import StaffId
from rules.cases import CaseState, Withdraw
from rules.chains import Approval
from rules.deadlines import Deadline
from rules.deciders import Matter
from rules.errors import Denied, Reason
from rules.loans import LoanState
from rules.occasions import Action
from rules.renewals import RenewFacts, renewed
from storage import case_lists, loans, renewals
from storage.loans import Loan
from storage.renewals import Renewal
from storage.staff import Person

KIND = "renew"

REFUSED = N_("Not renewed")
DONE = N_("Renewed: due {new} instead of {old}.")
TOO_LATE = N_("The renewal was approved, but stands no more:")

WANTS = N_("Renew {number}: {customer}")
WANTS_LONG = N_("Long-term loan of {number}: {customer}")
HOW_LONG = N_("until {new} instead of {old}")
RENEWED_BEFORE = N_("Renewed {count} times before")
SOMEBODY_WAITS = N_("{count} colleagues wait for it")

REASONS = {
    "not_lent": N_("The papers are not with you; there is nothing to renew ({rule})."),
    "overdue": N_(
        "It was due {due}: what is overdue is given back or explained, not renewed ({rule})."
    ),
    "recalled": N_("It was asked back early; please bring it by {due} ({rule})."),
    "somebody_waits": N_("{waiting} colleagues wait for it; please bring it by {due} ({rule})."),
    "renewals_used": N_(
        "Renewed {used} times already, the most there may be; due {due} ({rule})."
    ),
    "no_long_term": N_("There are no long-term loans; ask for an ordinary one ({rule})."),
    "day_missing": N_("Please name the day of return ({rule})."),
    "day_not_later": N_("Please name a later day than {due} ({rule})."),
    "day_too_late": N_("At most until {last}; please name an earlier day ({rule})."),
    "credential_expired": N_("The credential is valid until {until} only ({rule})."),
}
UNSETTLED = N_("As it stands ({state}) it is not renewed; that is to be settled first ({rule}).")
ASK_LONG = N_("{reason} A long-term loan can be asked for; it is decided by: {roles}.")
BRING, EXPLAIN, LONGER, SEE = (
    N_("Give back"),
    N_("Explain"),
    N_("Long-term loan"),
    N_("View"),
)


def named(ctx: Context, held: Loan, reader: Person, texts: Texts) -> str:
    """Return number and name of the dossier, as far as the reader may know of it."""
    return loan_sides.customer(ctx, loan_sides.dossier_of(ctx, held), reader, texts)


# -- what stands against it --------------------------------------------------------------------


def outcome(ctx: Context, held: Loan, wish: RenewFacts) -> Deadline | Denied:
    """Return the new deadline, or everything against it."""
    if not held.out:
        rule = loan_cards.rule_of(ctx, held)
        return Denied((Reason.of("not_lent", rule=rule, state=held.state),))
    policy = loan_sides.policy_of(ctx, held)
    found = renewed(policy, loan_clock.facts_of(held), wish, ctx.calendar)
    if isinstance(found, Denied) or held.outsider_id is None:
        return found
    wanted = borrow_facts.of_loan(ctx, held, policy, loan_sides.dossier_of(ctx, held))
    ends = borrow_facts.credential_ends(ctx, held, wanted, found.last_day)
    return Denied((ends,)) if ends else found


def against(ctx: Context, held: Loan, wish: RenewFacts) -> Denied | None:
    """Return what stands against it whatever day is named."""
    found = outcome(ctx, held, wish)
    if not isinstance(found, Denied):
        return None
    reasons = tuple(one for one in found.reasons if one.code != "day_missing")
    return Denied(reasons) if reasons else None


def refused(ctx: Context, held: Loan, denied: Denied) -> Reply:
    """Say all reasons with what can be done, and record them."""
    ctx.record(
        "loan.renewal_refused",
        f"loan:{held.id}",
        denied.rules[0],
        why=",".join(one.code for one in denied.reasons),
    )
    return Reply.of(_denial(ctx, held, denied))


def _denial(ctx: Context, held: Loan, denied: Denied) -> Card:
    """Return all reasons with the buttons of what can be done."""
    steps = {one.next_step for one in denied.reasons}
    buttons = []
    if held.state == LoanState.LENT:
        buttons.append(Button(ctx.t(BRING), f"f.return.bring.{held.id}"))
    if "return_first" in steps:
        buttons.append(Button(ctx.t(EXPLAIN), f"f.loans.explain.{held.id}"))
    if steps == {"ask_long_term"}:
        buttons.insert(0, Button(ctx.t(LONGER), f"f.renew.long.{held.id}"))
    buttons.append(Button(ctx.t(SEE), f"f.loans.card.{held.id}"))
    clauses = (
        Button(ctx.t(N_("Clause {rule}"), rule=rule), f"f.help.clause.{rule}")
        for rule in denied.rules
    )
    return Card(
        "\n".join(lines(ctx, held, denied)),
        title=f"{ctx.t(REFUSED)} · {held.number or '-'}",
        choices=(*buttons, *clauses)[:6],
        columns=2,
    )


def lines(ctx: Context, held: Loan, denied: Denied) -> Iterator[str]:
    for one in denied.reasons:
        facts: dict[str, object] = {"rule": one.rule}
        for key, value in one.facts:
            facts[key] = ctx.texts.day(value, ctx.today) if isinstance(value, date) else value
        said = ctx.t(REASONS[one.code], **facts)
        if one.code == "not_lent" and held.out:
            state = loan_words.state(ctx, held, ctx.texts)
            said = ctx.t(UNSETTLED, rule=one.rule, state=state)
        if one.next_step == "ask_long_term":
            said = ctx.t(ASK_LONG, reason=said, roles=_long_term_roles(ctx, held))
        yield f"· {said}"


def _long_term_roles(ctx: Context, held: Loan) -> str:
    """Return who decides about long-term loans. Rule: S1-14.5d."""
    approval = approval_of(ctx, held, long_term=True)
    if approval is None or not approval.chain:
        return "-"
    return ", ".join(case_texts.roles(step, ctx.texts) for step in approval.chain)


def matter_of(ctx: Context, held: Loan, *, long_term: bool) -> Matter:
    dossier = loan_sides.dossier_of(ctx, held)
    wanted = borrow_facts.of_loan(ctx, held, loan_sides.policy_of(ctx, held), dossier)
    matter = borrow_facts.matter_of(wanted, loan_sides.borrower_of(ctx, held))
    facts = replace(matter.facts, action=Action.RENEW, long_term=long_term)
    return replace(matter, facts=facts)


def approval_of(ctx: Context, held: Loan, *, long_term: bool) -> Approval | None:
    """Return who decides; None: nobody has to."""
    facts = matter_of(ctx, held, long_term=long_term).facts
    return approvals.approval_of(loan_sides.policy_of(ctx, held), facts)


def days(ctx: Context, held: Loan, due: Deadline, texts: Texts) -> tuple[str, str]:
    """Return the old last minute and the new one."""
    assert held.due_on is not None  # noqa: S101 - it was handed out
    assert held.due_at is not None  # noqa: S101 - as above
    return (
        loan_words.until(ctx, held.due_on, held.due_at, texts),
        loan_words.until(ctx, due.last_day, due.instant, texts),
    )


def renewal_of(ctx: Context, renewal_id: int) -> Renewal:
    """Return a renewal that is known to be there."""
    found = renewals.get(ctx.unit, renewal_id)
    assert found is not None  # noqa: S101 - renewals are never deleted
    return found


def loan_of(ctx: Context, loan_id: int) -> Loan:
    """Return a loan that is known to be there, locked."""
    held = loans.get(ctx.unit, loan_id, lock=True)
    assert held is not None  # noqa: S101 - loans are never deleted
    return held


def grant(ctx: Context, held: Loan, one: Renewal, due: Deadline, rule: str) -> Loan:
    """Set the later day, and the reminders for it; what was due before stays in the record.

    Raises:
        Conflict: the loan was changed since it was read.
    """
    after = replace(
        held,
        due_on=due.last_day,
        due_at=due.instant,
        renewals=held.renewals + (not one.long_term),
        long_term=held.long_term or one.long_term,
    )
    saved = loans.save(ctx.unit, held, after, ctx.now)
    renewals.close(ctx.unit, one.id, "granted")
    ctx.record("loan.renewed", f"loan:{held.id}", rule)
    loan_clock.follow(ctx, saved)
    loan_cards.redraw_all(ctx, saved)
    return saved


# -- how it is said, and what follows ----------------------------------------------------------


def say(ctx: Context, subject: int, reader: Person, texts: Texts) -> Asking:
    one = renewal_of(ctx, subject)
    held = loans.get(ctx.unit, one.loan_id)
    assert held is not None  # noqa: S101 - loans are never deleted
    words = WANTS_LONG if one.long_term else WANTS
    customer = named(ctx, held, reader, texts)
    old = texts.day(one.before, ctx.today) if one.before else "-"
    new = texts.day(one.until, ctx.today) if one.until else "-"
    cautions = []
    if one.state == "asked" and held.renewals:
        cautions.append(texts.t(RENEWED_BEFORE, count=held.renewals))
    if one.state == "asked" and (waiting := loan_sides.waiters(ctx, held)):
        cautions.append(texts.t(SOMEBODY_WAITS, count=waiting))
    return Asking(
        what=texts.t(words, number=held.number or "-", customer=customer),
        why=one.reason,
        how_long=texts.t(HOW_LONG, old=old, new=new),
        cautions=tuple(cautions),
        key=f"f.loans.card.{held.id}" if loan_sides.knows(ctx, held, reader) else "",
    )


def end(ctx: Context, ending: Ending) -> bool:
    """Renew as was decided if nothing stands against it by now. Rule: S1-14.5b, S1-14.5d."""
    one = renewal_of(ctx, ending.subject)
    held = loan_of(ctx, one.loan_id)
    if ending.state not in (CaseState.APPROVED, CaseState.REGISTERED):
        renewals.close(ctx.unit, one.id, "refused")
        loan_cards.redraw_all(ctx, held)
        return False
    # who asked in time does not lose by how long the decision took
    wish = RenewFacts(one.asked_at, one.until, one.long_term, loan_sides.waiters(ctx, held))
    found = outcome(ctx, held, wish)
    if isinstance(found, Denied):
        renewals.close(ctx.unit, one.id, "refused")
        _tell_too_late(ctx, held, found)
        return True
    saved = grant(ctx, held, one, found, ending.rule)
    if ctx.person.id != held.borrower or not ctx.channel:
        _tell_done(ctx, held, saved, found)
    return True


def drop(ctx: Context, held: Loan) -> None:
    """Take back a renewal that nobody has decided: the papers are back, short or lost.

    Rule: C-54.
    """
    one = renewals.asked(ctx.unit, held.id)
    case_id = case_lists.about(ctx.session, KIND, one.id) if one is not None else None
    if case_id is not None:
        approvals.act(ctx, case_id, Withdraw(StaffId(held.borrower)))


def _tell_done(ctx: Context, before: Loan, saved: Loan, due: Deadline) -> None:
    def card(texts: Texts) -> Card:
        old, new = days(ctx, before, due, texts)
        borrower = loan_sides.borrower_of(ctx, saved)
        lead = texts.t(DONE, old=old, new=new)
        return loan_cards.draw(ctx, saved, borrower, texts, lead=lead)

    key = f"loan:{saved.id}:{saved.version}:renewed"
    ctx.tell(saved.borrower, card, key, slot=loan_cards.slot(saved.id))


def _tell_too_late(ctx: Context, held: Loan, denied: Denied) -> None:
    ctx.record(
        "loan.renewal_refused",
        f"loan:{held.id}",
        denied.rules[0],
        why=",".join(one.code for one in denied.reasons),
    )

    def card(texts: Texts) -> Card:
        body = _denial(replace(ctx, texts=texts), held, denied)
        return replace(body, text=f"{texts.t(TOO_LATE)}\n{body.text}")

    ctx.tell(held.borrower, card, f"loan:{held.id}:{held.version}:notrenewed")


CASES = {KIND: CaseKind("续", N_("Request to renew"), say, end)}
