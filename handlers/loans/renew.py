"""/renew 续借: papers are kept longer, to a day that is later, if nothing stands against it.

What stands against it is said all at once, each with what can be done. What was due before stays
known. The trap is the renewal that is granted after the papers were called back, or once somebody
waits: it is looked at again when it is decided.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from handlers.approvals import approvals, case_texts
from handlers.approvals.case_cards import here
from handlers.context import Context
from handlers.conversation import runner
from handlers.conversation.forms import Answers, Choice, Field, Form, Kind, Moment
from handlers.conversation.messages import MAX_CHOICES, Button, Card, Problem, Reply
from handlers.conversation.state import ABOUT
from handlers.feature import Feature
from handlers.loans import (
    custody_steps,
    loan_cards,
    loan_clock,
    loan_sides,
    loan_words,
    renewing,
)
from handlers.loans.borrow_form import PAST
from handlers.loans.loan_acts import LOAN, NOT_THERE
from handlers.pages import to_today
from handlers.texts import N_
from rules.errors import Denied
from rules.loans import LoanState
from rules.renewals import RenewFacts
from storage import loan_lists, renewals
from storage.errors import Conflict
from storage.loans import Loan

LONG_TERM = "long"
STATED, EITHER, LONGER_ONLY, NAME = "_stated", "_either", "_long", "_name"
"""Carried along: whether a day is named in any case, whether both kinds are open or the long-term
one alone, and of what it is."""

TITLE = N_("Renew")
PICK = N_("Which loan do you want to keep longer?")
NONE = N_("Nothing is lent to you that could be renewed.")
NO_SUCH = N_("No loan of yours fits “{words}”. These are lent to you:")
ASKED_ALREADY = N_("It is asked to be renewed already; here is how it stands.")

FROM_TO = N_("Due {old} so far, then {new} ({rule})")
WHO_DECIDES = N_("Who decides:")
AT_ONCE = N_("Nobody has to decide; it is renewed at once.")
STANDS_AGAINST = N_("As things are, it is not renewed:")
SENT = N_("Asked for. Until it is decided the old day stands.")


def _future(value: Any, _answers: Answers, moment: Moment) -> Problem | None:
    return Problem(PAST) if date.fromisoformat(value) < moment.today else None


def _is_long(answers: Answers) -> bool:
    return answers.flag(LONGER_ONLY) or answers.text("term") == LONG_TERM


FORM = Form(
    "renewing",
    1,
    TITLE,
    (
        Field(
            "term",
            Kind.CHOICE,
            N_("How long"),
            N_("An ordinary renewal, or a long-term loan?"),
            choices=(
                Choice("ordinary", N_("Ordinary renewal")),
                Choice(LONG_TERM, N_("Long-term loan")),
            ),
            when=lambda answers: answers.flag(EITHER),
        ),
        Field(
            "until",
            Kind.DATE,
            N_("Back by"),
            N_("By which day will it be back?"),
            check=_future,
            when=lambda answers: answers.flag(STATED) or _is_long(answers),
            prefer="future",
            example=N_("today · Friday · 9月30日"),
        ),
        Field(
            "reason",
            Kind.TEXT,
            N_("Reason"),
            N_("Why is it needed longer?"),
            max_length=500,
            example=N_("对账尚未完成"),
        ),
    ),
    submit_label=N_("Submit"),
    summary=lambda answers: answers.text(NAME),
)


# -- the way in --------------------------------------------------------------------------------


def show(ctx: Context, words: str = "") -> Reply:
    """List what is lent to who asks; one loan, or one that is named, opens at once."""
    words = words.strip()
    mine = [
        one for one in loan_lists.open_of(ctx.unit, ctx.person.id) if one.state == LoanState.LENT
    ]
    found = [one for one in mine if words in _label(ctx, one)]
    if len(found) == 1:
        reply = ask(ctx, (str(found[0].id),))
        return reply if reply.shows or not reply.alert else Reply.of(Card(reply.alert))
    buttons = tuple(
        Button(_label(ctx, one), f"f.renew.ask.{one.id}") for one in (found or mine)[:MAX_CHOICES]
    )
    said = ctx.t(PICK) if found else ctx.t(NO_SUCH, words=words[:30]) if mine else ctx.t(NONE)
    nav = (Button(ctx.t(loan_clock.MINE), "f.loans.list", back=True), to_today(ctx.texts))
    return Reply.of(Card(said, title=ctx.t(TITLE), choices=buttons, nav=nav))


def _label(ctx: Context, held: Loan) -> str:
    return f"{held.number or '-'} {renewing.named(ctx, held, here(ctx), ctx.texts)}"


def ask(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Begin a renewal, unless something stands against it whatever is answered."""
    return _begin(ctx, arguments[0], long_term=False)


def ask_long(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Begin to ask for a long-term loan in place of an ordinary one. Rule: S1-14.5d."""
    return _begin(ctx, arguments[0], long_term=True)


def _begin(ctx: Context, words: str, *, long_term: bool) -> Reply:
    held = _mine(ctx, words)
    lending = loan_sides.lending_of(ctx, held) if held is not None else None
    if held is None or lending is None:
        return Reply(alert=ctx.t(NOT_THERE))
    if renewals.asked(ctx.unit, held.id) is not None:
        return Reply((loan_cards.show(ctx, held, lead=ctx.t(ASKED_ALREADY)),))
    long_term = long_term or held.long_term
    denied = renewing.against(
        ctx, held, RenewFacts(ctx.at, None, long_term, loan_sides.waiters(ctx, held))
    )
    if denied is not None:
        return renewing.refused(ctx, held, denied)
    values = {
        LOAN: str(held.id),
        NAME: _label(ctx, held),
        ABOUT: _label(ctx, held),
        STATED: lending.renewed_to_a_day,
        EITHER: lending.long_term and not long_term,
        LONGER_ONLY: long_term,
    }
    return runner.start(ctx, RENEWING, Answers(values))


def _mine(ctx: Context, words: str) -> Loan | None:
    held = custody_steps.loan_of(ctx, words)
    if held is None or held.borrower != ctx.person.id:
        return None
    return held if loan_words.kind(held).comes_back else None


# -- asking ------------------------------------------------------------------------------------


def _wish(ctx: Context, held: Loan, answers: Answers) -> RenewFacts:
    waiting = loan_sides.waiters(ctx, held)
    return RenewFacts(ctx.at, answers.day("until"), _is_long(answers), waiting)


def review(ctx: Context, answers: Answers) -> str:
    """Say the old day and the new one, and who decides, or what stands against it."""
    held = _mine(ctx, answers.text(LOAN))
    if held is None:
        return ctx.t(NOT_THERE)
    wish = _wish(ctx, held, answers)
    found = renewing.outcome(ctx, held, wish)
    if isinstance(found, Denied):
        return "\n".join((ctx.t(STANDS_AGAINST), *renewing.lines(ctx, held, found)))
    old, new = renewing.days(ctx, held, found, ctx.texts)
    lines = [ctx.t(FROM_TO, old=old, new=new, rule=found.rule)]
    approval = renewing.approval_of(ctx, held, long_term=wish.long_term)
    if approval is None:
        return "\n".join((*lines, ctx.t(AT_ONCE)))
    preview = approvals.preview(
        ctx, approval, renewing.matter_of(ctx, held, long_term=wish.long_term)
    )
    return "\n".join((*lines, ctx.t(WHO_DECIDES), *case_texts.foreseen(ctx, preview)))


def submit(ctx: Context, answers: Answers) -> Reply:
    """Renew at once, or ask who decides. Rule: S1-14.5b, S1-14.5d, C-19."""
    held = _mine(ctx, answers.text(LOAN))
    if held is None:
        return Reply.of(Card(ctx.t(NOT_THERE)))
    wish = _wish(ctx, held, answers)
    found = renewing.outcome(ctx, held, wish)
    if isinstance(found, Denied):
        return renewing.refused(ctx, held, found)
    approval = renewing.approval_of(ctx, held, long_term=wish.long_term)
    try:
        id_ = renewals.ask(
            ctx.unit,
            held,
            until=found.last_day,
            reason=answers.text("reason"),
            at=ctx.at,
            long_term=wish.long_term,
        )
    except Conflict:
        return Reply((loan_cards.show(ctx, held, lead=ctx.t(ASKED_ALREADY)),))
    if approval is None:
        saved = renewing.grant(ctx, held, renewing.renewal_of(ctx, id_), found, found.rule)
        old, new = renewing.days(ctx, held, found, ctx.texts)
        return Reply((loan_cards.show(ctx, saved, lead=ctx.t(renewing.DONE, old=old, new=new)),))
    ctx.record("loan.renewal_asked", f"loan:{held.id}", found.rule)
    matter = renewing.matter_of(ctx, held, long_term=wish.long_term)
    opened = approvals.request(
        ctx, renewing.KIND, id_, approval, matter, dossier_id=held.dossier_id
    )
    if isinstance(opened, Denied):
        renewals.close(ctx.unit, id_, "refused")
        return Reply.of(Card(case_texts.denial(ctx, opened)))
    now = renewing.loan_of(ctx, held.id)
    if not opened.case.open:
        old, new = renewing.days(ctx, held, found, ctx.texts)
        return Reply((loan_cards.show(ctx, now, lead=ctx.t(renewing.DONE, old=old, new=new)),))
    return Reply((loan_cards.show(ctx, now, lead=ctx.t(SENT)),))


RENEWING = Feature("renewing", TITLE, form=FORM, submit=submit, review=review)
FEATURE = Feature(
    key=renewing.KIND,
    title=TITLE,
    command="renew",
    words=("续借",),
    open=show,
    actions={"ask": ask, "long": ask_long},
    cases=renewing.CASES,
)
