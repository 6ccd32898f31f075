"""/return 归还: what comes back is listed by one side and counted by the other, on the same list.

Discharged only when everything is back and whole. The trap is the loan that is given back by
somebody who does not have it: after passing on it is who has the papers, and for who has left a
superior.
"""

from __future__ import annotations

from collections.abc import Iterable

from handlers.approvals import case_texts
from handlers.approvals.case_cards import here
from handlers.context import Context
from handlers.conversation.forms import Answers
from handlers.conversation.messages import MAX_CHOICES, Button, Card, Problem, Reply
from handlers.feature import Feature
from handlers.loans import (
    custody_steps,
    custody_words,
    loan_cards,
    loan_clock,
    loan_sides,
    return_count,
    return_effects,
    return_form,
    transfers,
)
from handlers.loans.custody_steps import refused, shown
from handlers.loans.return_effects import Sides
from handlers.loans.return_form import FORM, Purpose
from handlers.pages import to_today
from handlers.texts import N_
from rules.errors import Denied
from rules.loans import OUT_STATES, LoanState
from storage import custody, loan_items, loan_lists, loans
from storage.custody import Handed
from storage.loans import Loan

TITLE = N_("Give back")
PICK = N_("What do you give back?")
NONE = N_("Nothing is lent to you.")
NO_SUCH = N_("No loan of yours fits “{words}”. These are lent to you:")
ENTRY = N_("{number} {customer}")
WHAT_BACK = N_("What comes back? The archive counts it with you ({rule}).")
ALL, PART = N_("All of it"), N_("Part, or differs")
LISTED = N_("Listed. Please bring the papers; {name} counts them with you.")
TO_COUNT = N_("Papers come back. Please count them face to face.")
NOT_LENT = N_("It was not handed out; there is nothing to give back.")
OVER = N_("All of it was given back, {moment}.")
WITH = N_("{name} has the papers and gives them back.")
NOBODY = N_("Nobody holds the post that counts papers back; the operators were told.")


# -- the way in --------------------------------------------------------------------------------


def show(ctx: Context, words: str = "") -> Reply:
    """List what is lent to who asks; one loan, or one that is named, opens at once."""
    words = words.strip()
    with_me = loan_lists.passed_to(ctx.unit, ctx.person.id)
    found_here = (*loan_lists.open_of(ctx.unit, ctx.person.id), *with_me)
    mine = [one for one in found_here if one.state in OUT_STATES]
    if words:
        named = loans.by_number(ctx.session, words)
        if named is not None and loan_sides.loan(ctx, str(named)) is not None:
            return _opened(bring(ctx, (str(named),)))
    found = [one for one in mine if words in _entry(ctx, one)] if words else mine
    if len(found) == 1:
        return _opened(bring(ctx, (str(found[0].id),)))
    if not mine:
        nav = (Button(ctx.t(loan_clock.MINE), "f.loans.list", back=True), to_today(ctx.texts))
        return Reply.of(Card(ctx.t(NONE), title=ctx.t(TITLE), nav=nav))
    said = ctx.t(PICK) if found else ctx.t(NO_SUCH, words=words[:30])
    buttons = tuple(
        Button(_entry(ctx, one), f"f.return.bring.{one.id}")
        for one in (found or mine)[:MAX_CHOICES]
    )
    return Reply.of(Card(said, title=ctx.t(TITLE), choices=buttons))


def _opened(reply: Reply) -> Reply:
    """Return an answer to typed words: nothing was tapped that an alert could pop up over."""
    return reply if reply.shows or not reply.alert else Reply.of(Card(reply.alert))


def _entry(ctx: Context, held: Loan) -> str:
    dossier = loan_sides.dossier_of(ctx, held)
    customer = loan_sides.customer(ctx, dossier, here(ctx), ctx.texts)
    return ctx.t(ENTRY, number=held.number or "", customer=customer).strip()


# -- listing what comes back -------------------------------------------------------------------


def bring(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Ask who has the papers what of them comes back."""
    held = _bringing(ctx, arguments[0])
    if isinstance(held, Reply):
        return held
    lending = loan_sides.lending_of(ctx, held)
    titled = loan_sides.titles(ctx, held, loan_sides.dossier_of(ctx, held), here(ctx))
    lines = custody_words.lines(
        loan_items.of(ctx.unit, held.id),
        custody_steps.to_come(ctx, held),
        ctx.texts,
        titled=titled,
        counted=False,
    )
    rule = lending.return_rule if lending is not None else return_count.FACE_RULE
    return Reply.of(
        Card(
            "\n".join((*lines, ctx.t(WHAT_BACK, rule=rule))),
            title=loan_cards.title(held, ctx.texts),
            choices=(
                Button(ctx.t(ALL), f"f.return.all.{held.id}"),
                Button(ctx.t(PART), f"f.return.part.{held.id}"),
            ),
            columns=2,
            protect=True,
        )
    )


def _bringing(ctx: Context, words: str) -> Loan | Reply:
    """Return a loan that who acts can list as coming back, else what to answer."""
    held = custody_steps.loan_of(ctx, words)
    if held is None:
        return refused(ctx)
    holder = loan_sides.holder_of(held)
    if ctx.person.id == holder or loan_sides.answers_for(ctx, held, ctx.person, holder):
        return _still_out(ctx, held)
    if loan_sides.is_custodian(ctx, held, ctx.person):
        return return_count.count(ctx, (words,))
    if ctx.person.id != held.borrower:
        return refused(ctx)
    return shown(ctx, held, alert=ctx.t(WITH, name=case_texts.name(ctx, holder)))


def _still_out(ctx: Context, held: Loan) -> Loan | Reply:
    """Return the loan if something of it can come back now, else how it stands."""
    if held.closed_at is not None and held.lent_at is not None:
        return shown(ctx, held, ctx.t(OVER, moment=ctx.texts.moment(held.closed_at)))
    if held.lent_at is None:
        return shown(ctx, held, ctx.t(NOT_LENT))
    waits = held.state in (LoanState.RETURNING, LoanState.DISPUTED)
    if waits or not custody_steps.to_come(ctx, held):
        return custody_steps.as_it_is(ctx, held)
    return held


def bring_all(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """List everything that is lent as coming back."""
    held = _bringing(ctx, arguments[0])
    if isinstance(held, Reply):
        return held
    return _list_back(ctx, held, custody_steps.to_come(ctx, held), ())


def bring_part(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    held = _bringing(ctx, arguments[0])
    if isinstance(held, Reply):
        return held
    return return_form.start(ctx, held, Purpose.BRING, custody_steps.to_come(ctx, held))


def submit(ctx: Context, answers: Answers) -> Reply:
    """File a count: of who brings papers, of the archive, or of who settles a dispute."""
    match Purpose(answers.text(return_form.PURPOSE)):
        case Purpose.COUNT:
            return return_count.submit_count(ctx, answers)
        case Purpose.SETTLE:
            return return_count.submit_settle(ctx, answers)
    held = _bringing(ctx, answers.text(return_form.LOAN))
    if isinstance(held, Reply):
        return _opened(held)
    lines = return_form.counted(answers)
    if isinstance(lines, Problem):
        return Reply.of(Card(ctx.t(lines.message, **lines.facts)))
    return _list_back(ctx, held, lines, answers.files("files"))


def _list_back(ctx: Context, held: Loan, lines: tuple[Handed, ...], files: Iterable[int]) -> Reply:
    """Ask the archive to count what is listed. Rule: S1-15.7.5, C-55."""
    giver, me = loan_sides.holder_of(held), ctx.person.id
    takers = [one for one in loan_sides.custodians(ctx, held) if one not in (giver, me)]
    if not takers:
        loan_sides.alarm(ctx, held)
        return Reply.of(Card(ctx.t(NOBODY)))
    out = [one.giver for one in custody.of_loan(ctx.unit, held.id) if one.kind == "hand_out"]
    taker = next((one for one in reversed(out) if one in takers), takers[0])
    opened = return_effects.open_return(ctx, held, Sides(giver, taker, giver), lines)
    if isinstance(opened, Denied):
        return return_count.denied_card(ctx, held, opened)
    step, held = opened
    if giver != me:
        ctx.record("loan.confirmed_for_leaver", f"loan:{held.id}", "C-55")
    custody_steps.attach(ctx, step, files)
    for one in takers:
        loan_cards.tell(ctx, held, one, TO_COUNT, f"count.{step.id}")
    loan_cards.redraw_all(ctx, held, but=takers)
    return shown(ctx, held, ctx.t(LISTED, name=case_texts.name(ctx, taker)))


RETURNING = Feature(FORM.key, FORM.title, form=FORM, submit=submit, review=return_form.review)
FEATURE = Feature(
    key="return",
    title=TITLE,
    command="return",
    words=("归还", "还档", "还"),
    open=show,
    actions={
        "bring": bring,
        "all": bring_all,
        "part": bring_part,
        "count": return_count.count,
        "agree": return_count.agree,
        "retract": return_count.retract,
        "dispute": return_count.dispute,
        "settle": return_count.settle,
        "mended": return_count.mended,
        "pass": transfers.start,
        "back": transfers.back,
    },
)
