"""Papers are handed out: counted face to face, confirmed by who takes them and by a witness.

Only then is it lent and the time begins. The trap is what changed on the way from the approval to
the counter: everything that stands against the loan is looked at again, when the papers are
counted out and when they are taken.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from handlers.approvals.case_cards import here
from handlers.context import Context
from handlers.conversation import runner
from handlers.conversation.forms import Answers
from handlers.conversation.messages import Button, Card, Problem, Reply
from handlers.feature import Feature
from handlers.loans import (
    borrow_facts,
    copies,
    custody_steps,
    hand_out_form,
    hand_out_lists,
    loan_blocks,
    loan_cards,
    loan_clock,
    loan_kinds,
    loan_lapse,
    loan_sides,
    loan_words,
    return_form,
)
from handlers.loans.borrow_facts import Wanted
from handlers.loans.custody_steps import (
    as_asked,
    instant,
    moved,
    not_yours,
    refused,
    shown,
    step_of,
)
from handlers.loans.hand_out_form import FORM, review
from handlers.pages import page_of
from handlers.texts import N_, Texts
from rules.access import StaffId
from rules.custody import signed_by
from rules.errors import Denied
from rules.loans import LoanKind, LoanState, Trigger
from rules.occasions import Material
from storage import custody, documents, loan_items, loan_queue, staff
from storage.custody import Handed, NewStep, Step
from storage.loan_items import LoanItem
from storage.loans import Loan

FACE_TO_FACE = N_("Count pages and copies face to face with {name} ({rule}).")
AS_LISTED, DIFFERS = N_("As listed"), N_("Differs, photo")
OFFERED = N_("Counted out. {name} confirms it on their own phone.")
TAKE_IT = N_("Please count, then confirm what you were given.")
BE_WITNESS = N_("You are named as the second person present. Please confirm what you see.")
LENT = N_("Lent: both sides have counted.")
LENT_FORM = N_("Lent: both sides have counted. Entered in the {form}.")
STOPPED = N_("Something came between: it cannot be handed out as things are now.")
TAKEN_BACK = N_("The papers stay in the archive for now.")
REFUSED = N_("Cannot be handed out as things are now:")
NO_CHAT = N_("{name} has no chat to confirm in; please name somebody else who is present.")
SIGNING = {
    "same_person": N_("Nobody counts with themselves; a colleague has to do it ({rule})."),
    "witness_missing": N_("Please name the second person present ({rule})."),
    "witness_takes_part": N_("The second person can be neither giver nor taker ({rule})."),
}
FACE_RULE, AWAY_RULE = "S1-14.9", "S3-LOG.2.3a"


# -- the custodian's side ----------------------------------------------------------------------


def open_card(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    held = custody_steps.loan_of(ctx, arguments[0])
    return shown(ctx, held) if held is not None else refused(ctx)


def count(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Show what is to be counted out, one tap away from the borrower's hands."""
    held = _mine(ctx, arguments[0])
    if isinstance(held, Reply):
        return held
    if ended := _ended(ctx, held):
        return ended
    if why := _against(ctx, held):
        return _stopped(ctx, held, why)
    return _form(ctx, held) if _needs_witness(ctx, held) else _counting(ctx, held)


def _mine(ctx: Context, words: str) -> Loan | Reply:
    """Return an approved loan that who acts hands out, else what to answer."""
    held = custody_steps.loan_of(ctx, words)
    if held is None or not LoanKind(held.kind).comes_back:
        return refused(ctx)
    if not loan_sides.is_custodian(ctx, held, ctx.person):
        if ctx.person.id != held.borrower:
            return refused(ctx)
        denied = signed_by(StaffId(held.borrower), StaffId(held.borrower))
        return shown(ctx, held, alert=_signing(ctx, denied)) if denied else refused(ctx)
    return held if held.state == LoanState.APPROVED else custody_steps.as_it_is(ctx, held)


def _counting(ctx: Context, held: Loan) -> Reply:
    name = loan_sides.borrower_of(ctx, held).name
    titled = loan_sides.titles(ctx, held, loan_sides.dossier_of(ctx, held), here(ctx))
    items = loan_items.of(ctx.unit, held.id)
    lines = [loan_words.line(one, ctx.texts, titled=titled) for one in items]
    said = ctx.t(FACE_TO_FACE, name=name, rule=FACE_RULE)
    return Reply.of(
        Card(
            "\n".join((*lines[: loan_cards.SHOWN], *_more(ctx, items), said)),
            title=loan_cards.title(held, ctx.texts),
            choices=(
                Button(ctx.t(AS_LISTED), f"f.handout.ready.{held.id}"),
                Button(ctx.t(DIFFERS), f"f.handout.differ.{held.id}"),
            ),
            columns=2,
            nav=(Button(ctx.t(N_("Back")), f"f.handout.card.{held.id}", back=True),),
            protect=True,
        )
    )


def _more(ctx: Context, items: Sequence[LoanItem]) -> tuple[str, ...]:
    left = len(items) - loan_cards.SHOWN
    return (ctx.t(loan_cards.MORE, count=left),) if left > 0 else ()


def differ(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    held = _mine(ctx, arguments[0])
    return held if isinstance(held, Reply) else _form(ctx, held)


def _form(ctx: Context, held: Loan) -> Reply:
    given = {
        "_loan": str(held.id),
        "_name": held.number or "",
        hand_out_form.LINES: return_form.carried(as_asked(ctx, held)),
        hand_out_form.NEEDS_WITNESS: _needs_witness(ctx, held),
    }
    return runner.start(ctx, HANDING, Answers(given))


def ready(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Offer the papers to the borrower as they are listed."""
    held = _mine(ctx, arguments[0])
    return held if isinstance(held, Reply) else _offer(ctx, held, as_asked(ctx, held), None, ())


def submit(ctx: Context, answers: Answers) -> Reply:
    held = _mine(ctx, answers.text("_loan"))
    if isinstance(held, Reply):
        return Reply.of(Card(held.alert)) if held.alert and not held.shows else held
    lines = hand_out_form.lines_of(answers)
    if isinstance(lines, Problem):
        return Reply.of(Card(ctx.t(lines.message, **lines.facts)))
    second = answers.option("witness")
    if second is not None and (why := _witness_refused(ctx, held, second.key)):
        kept = {key: one for key, one in answers.values.items() if key != "witness"}
        again = runner.start(ctx, HANDING, Answers(kept), at_review=True)
        return Reply.of(Card(why, title=loan_cards.title(held, ctx.texts))).plus(again)
    return _offer(ctx, held, lines, second.key if second else None, answers.files("files"))


def _witness_refused(ctx: Context, held: Loan, second: str) -> str:
    """Return why somebody cannot be the second person present; empty: they can.

    Rule: S4-LOAN.5.2a.
    """
    sides = StaffId(ctx.person.id), StaffId(held.borrower)
    denied = signed_by(*sides, witness=StaffId(second))
    if denied is not None:
        return _signing(ctx, denied)
    person = staff.get(ctx.session, second)
    if person is not None and person.active and person.home_channel:
        return ""
    name = person.name if person is not None else second
    return ctx.t(NO_CHAT, name=name)


def _needs_witness(ctx: Context, held: Loan) -> bool:
    """Return whether a second person has to be present. Rule: S4-LOAN.5.2a."""
    stored = loan_sides.case_of(ctx, held)
    if stored is not None and stored.case.approval.witness:
        return True
    return _wanted(ctx, held).material is Material.DEED


def _wanted(ctx: Context, held: Loan) -> Wanted:
    policy, dossier = loan_sides.policy_of(ctx, held), loan_sides.dossier_of(ctx, held)
    return borrow_facts.of_loan(ctx, held, policy, dossier)


def _offer(
    ctx: Context,
    held: Loan,
    lines: tuple[Handed, ...],
    second: str | None,
    files: Iterable[int],
) -> Reply:
    """Open the step that the borrower, and a witness, have to confirm.

    Rule: S1-14.9, S4-LOAN.5.2a.
    """
    if ended := _ended(ctx, held):
        return ended
    if why := _against(ctx, held):
        return _stopped(ctx, held, why)
    denied = signed_by(
        StaffId(ctx.person.id),
        StaffId(held.borrower),
        witness=StaffId(second) if second else None,
        needs_witness=_needs_witness(ctx, held),
    )
    if denied is not None:
        return Reply.of(Card(_signing(ctx, denied), title=loan_cards.title(held, ctx.texts)))
    loan_items.recount(ctx.unit, held.id, lines)
    new = NewStep(
        held.id,
        "hand_out",
        ctx.person.id,
        held.borrower,
        ctx.person.id,
        lines,
        witness=second,
        before=held.state,
    )
    step = custody.open_step(ctx.unit, new, instant(ctx))
    custody_steps.attach(ctx, step, files)
    held = moved(ctx, held, Trigger.COUNT_OUT)
    ctx.record("loan.counted_out", f"loan:{held.id}", FACE_RULE)
    loan_cards.tell(ctx, held, held.borrower, TAKE_IT, f"take.{step.id}")
    if second is not None:
        loan_cards.tell(ctx, held, second, BE_WITNESS, f"witness.{step.id}")
    told = (held.borrower, *((second,) if second else ()))
    loan_cards.redraw_all(ctx, held, but=told)
    name = loan_sides.borrower_of(ctx, held).name
    return shown(ctx, held, ctx.t(OFFERED, name=name))


def _signing(ctx: Context, denied: Denied) -> str:
    return "\n".join(ctx.t(SIGNING[one.code], rule=one.rule) for one in denied.reasons)


# -- what stands against it now ----------------------------------------------------------------

Why = Callable[[Texts], list[str]]
"""Says in one language why papers cannot be handed out."""


def _against(ctx: Context, held: Loan) -> Why | None:
    """Return what stands against handing out papers now; None: nothing. Rule: S3-LOG.2.3a."""
    borrower, wanted = loan_sides.borrower_of(ctx, held), _wanted(ctx, held)
    carrier = staff.get(ctx.session, held.carrier) if held.carrier else None
    left = next((one for one in (borrower, carrier) if one and not one.active), None)
    if left is not None:
        return lambda texts: [texts.t(copies.LEFT, name=left.name)]
    ids = {one.document_id for one in loan_items.of(ctx.unit, held.id)} - {None}
    found = documents.many(ctx.unit, (one for one in ids if one is not None))
    if sum(one.state == "kept" for one in found) < len(ids):
        return lambda texts: [texts.t(loan_kinds.PAPERS_GONE)]
    denied = borrow_facts.against(ctx, wanted, borrower, but=held)
    due = borrow_facts.due_of(ctx, wanted, ctx.now)
    ends = borrow_facts.credential_ends(ctx, held, wanted, due[0].last_day) if due else None
    reasons = (*(denied.reasons if denied else ()), *((ends,) if ends else ()))
    if not reasons:
        return None
    return lambda texts: loan_blocks.lines(
        loan_kinds.replace_texts(ctx, texts), Denied(reasons), wanted.dossier
    )


def _ended(ctx: Context, held: Loan) -> Reply | None:
    """Let an approval lapse that is worth nothing any more. Rule: C-54, C-56."""
    if loan_kinds.upgraded(held, _wanted(ctx, held)):
        ended = loan_kinds.end_all(ctx, held, Trigger.UPGRADE, copies.UPGRADE_RULE)
        facts = {"rule": copies.UPGRADE_RULE}
        if ended.borrower != ctx.person.id:
            loan_cards.tell(ctx, ended, ended.borrower, loan_kinds.UPGRADED, "upgraded", **facts)
        return shown(ctx, ended, ctx.t(loan_kinds.UPGRADED, **facts))
    late = held.collect_by is not None and held.collect_by <= ctx.now
    if late and held.state == LoanState.APPROVED:
        loan_lapse.lapse(ctx, held.id)
        return shown(ctx, custody_steps.now(ctx, held), ctx.t(loan_kinds.NOT_FETCHED_ARCHIVE))
    return None


def _stopped(ctx: Context, held: Loan, why: Why) -> Reply:
    """Say why papers cannot be handed out; they stay in the archive."""
    ctx.record("loan.hand_out_refused", f"loan:{held.id}", AWAY_RULE)
    return shown(ctx, held, "\n".join((ctx.t(REFUSED), *why(ctx.texts))))


# -- the other sides ---------------------------------------------------------------------------


def take(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Confirm a count: who takes the papers, or the second person. Lent with the last of them."""
    found = step_of(ctx, arguments[0])
    if found is None or found[0].kind != "hand_out":
        return refused(ctx)
    step, held = found
    if step.state != "open" or held.state != LoanState.OFFERED:
        return custody_steps.as_it_is(ctx, held)
    if ctx.person.id not in step.waits_for:
        signed = ctx.person.id in (step.giver, step.taker, step.witness)
        return custody_steps.as_it_is(ctx, held) if signed else not_yours(ctx, held, step)
    if ended := _ended(ctx, held):
        return ended
    if why := _against(ctx, held):
        return _put_back(ctx, held, step, why)
    step = custody.confirm(ctx.unit, step.id, ctx.person.id, instant(ctx, step))
    if step.state != "done":
        held = custody_steps.touched(ctx, held)
        ctx.record("loan.step_confirmed", f"loan:{held.id}", FACE_RULE)
        loan_cards.redraw_all(ctx, held)
        return shown(ctx, held, ctx.t(custody_steps.CONFIRMED))
    return _lend(ctx, held, step)


def _lend(ctx: Context, held: Loan, step: Step) -> Reply:
    """Let the loan begin: due from now, entered in the register.

    Rule: S2-INFO.19.5, S1-14.9, S1-12.3.6.
    """
    at = step.confirmed_at
    due = borrow_facts.due_of(ctx, _wanted(ctx, held), at) if at is not None else None
    assert at is not None  # noqa: S101 - every side has confirmed
    assert due is not None  # noqa: S101 - a day that is missing or over was refused before
    loan_items.hand_out(ctx.unit, held)
    day, first_late = due[0].last_day, due[0].instant
    held = moved(
        ctx, held, Trigger.TAKE, lent_at=at, due_on=day, due_at=first_late, first_due_on=day
    )
    loan_clock.start(ctx, held)
    ctx.record("loan.lent", f"loan:{held.id}", due[0].rule)
    place = loan_queue.waits(ctx.session, held.dossier_id, held.borrower)
    if place is not None and loan_sides.is_waited_for(ctx, held, place.papers):
        loan_queue.close(ctx.unit, place.id, "taken")
    words, facts = LENT, {}
    if form := _form_name(ctx, held):
        words, facts = LENT_FORM, {"form": form}
    others = {step.giver, step.taker} - {ctx.person.id}
    for one in sorted(others):
        loan_cards.tell(ctx, held, one, words, "lent", **facts)
    loan_cards.redraw_all(ctx, held, but=others)
    return shown(ctx, held, ctx.t(words, **facts))


def _form_name(ctx: Context, held: Loan) -> str:
    """Return what the regulation calls the register in which the loan is entered."""
    lending, stored = loan_sides.lending_of(ctx, held), loan_sides.case_of(ctx, held)
    if lending is not None and lending.form is not None:
        return lending.form
    return (stored.case.approval.form if stored is not None else None) or ""


def _put_back(ctx: Context, held: Loan, step: Step, why: Why) -> Reply:
    """Let a count end because something came between; the custodian keeps the papers."""
    custody.end(ctx.unit, step.id, "refused")
    held = moved(ctx, held, Trigger.DECLINE)
    others = {step.giver, step.taker} - {ctx.person.id}
    for one in sorted(others):
        loan_cards.tell(ctx, held, one, STOPPED, f"stopped.{step.id}")
    loan_cards.redraw_all(ctx, held, but=others)
    return _stopped(ctx, held, why)


def decline(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Ask who is to confirm a count why not; who has counted out takes the papers back."""
    found = step_of(ctx, arguments[0])
    if found is None or found[0].kind != "hand_out":
        return refused(ctx)
    step, held = found
    if step.state != "open":
        return custody_steps.as_it_is(ctx, held)
    if ctx.person.id in step.waits_for:
        return custody_steps.ask_why(ctx, step)
    return (
        declined(ctx, held, step, "")
        if ctx.person.id == step.giver
        else not_yours(ctx, held, step)
    )


def declined(ctx: Context, held: Loan, step: Step, words: str) -> Reply:
    """Let a count end that somebody says no to; the papers stay in the archive. Rule: S1-14.9."""
    custody.end(ctx.unit, step.id, "refused", words=words)
    held = moved(ctx, held, Trigger.DECLINE)
    ctx.record("loan.declined", f"loan:{held.id}", FACE_RULE)
    others = {step.giver, step.taker, *((step.witness,) if step.witness else ())}
    others -= {ctx.person.id}
    for one in sorted(others):
        if words:
            custody_steps.tell_words(ctx, held, one, words, f"declined.{step.id}")
        else:
            loan_cards.tell(ctx, held, one, TAKEN_BACK, f"back.{step.id}")
    loan_cards.redraw_all(ctx, held, but=others)
    return shown(ctx, held, ctx.t(TAKEN_BACK))


HANDING = Feature("handing", FORM.title, form=FORM, submit=submit, review=review)
FEATURE = Feature(
    key="handout",
    title=hand_out_lists.TITLE,
    words=("待出借", "出借"),
    open=hand_out_lists.show,
    actions={
        "list": lambda ctx, arguments: hand_out_lists.show(ctx, page=page_of(arguments)),
        "waiting": lambda ctx, arguments: hand_out_lists.waiting(ctx, page_of(arguments)),
        "card": open_card,
        "count": count,
        "differ": differ,
        "ready": ready,
        "take": take,
        "witness": take,
        "decline": decline,
    },
)
