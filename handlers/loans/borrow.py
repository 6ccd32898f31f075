"""/borrow 借阅: papers of a dossier are asked for; the policy says who decides and until when.

What stands against it is said before anything is filled in, again on the review card and when it
is submitted. The trap is the dossier that must not be known of: asking for it is answered as
asking for nothing.
"""

from __future__ import annotations

from datetime import date

from msgspec.structs import replace

from handlers import seeing
from handlers.approvals import approvals, case_texts
from handlers.context import Context
from handlers.conversation import runner
from handlers.conversation.forms import DOSSIER, Answers, Field, Form, Kind
from handlers.conversation.messages import Button, Card, Reply
from handlers.feature import Feature
from handlers.loans import (
    borrow_facts,
    borrow_form,
    borrow_line,
    borrow_write,
    loan_blocks,
    loan_cards,
    loan_kinds,
    loan_sides,
    loan_words,
)
from handlers.loans.borrow_facts import Wanted
from handlers.loans.borrow_form import FORM, FORMS, KIND, TITLED
from handlers.requests import outsiders
from handlers.texts import N_
from rules.access import Sight, StaffId
from rules.borrowing import unlinked
from rules.cases import Withdraw
from rules.chains import Approval
from rules.deciders import Matter
from rules.errors import Denied
from rules.loans import LoanKind, LoanState, Trigger
from rules.occasions import ReaderKind
from storage import loan_lists, loans, staff
from storage.dossiers import Dossier
from storage.errors import Conflict
from storage.loans import Loan
from storage.looks import Way

NOT_YET = N_("This dossier has no number yet; there is nothing to borrow.")
NOTHING = N_(
    "The policy lends nothing of this dossier and copies nothing; ask to read it in place."
)
NOBODY = N_("The policy has nobody who could allow this ({rule}).")
WHICH = N_("What do you need of {customer}?")
FOR_WHOM = N_("{kind}, {whom}")
GONE = N_("Some of these papers are no longer on record. Please choose again.")
NO_CARRIER = N_("Please name a colleague who carries the papers outside.")
ALREADY = N_("You have asked for this already.")
SENT = N_("Asked for. You will hear what is decided.")
TOO_LATE = N_("That can no longer be taken back; this is how it stands.")
TAKEN_BACK = N_("Taken back.")
NOT_YOURS = N_("There is no such loan, or it is not yours.")

DUE = N_("If it is handed out today, it is due {until}: {counted} ({rule})")
FOR_GOOD = N_("Nothing has to come back.")
WHO_DECIDES = N_("Who decides:")
STANDS_AGAINST = N_("As things are, it cannot be had:")

ASKING_FORM = Form(
    "borrowing",
    1,
    N_("Borrow"),
    (
        Field(
            "dossier",
            Kind.DOSSIER,
            N_("Customer"),
            N_("Of which customer?"),
            example=N_("鸿鑫 · hx · 0042"),
        ),
    ),
    submit_label=N_("Continue"),
    review=False,
)


# -- the way in --------------------------------------------------------------------------------


def show(ctx: Context, words: str) -> Reply:
    """Answer `/borrow`, with the customer and what is needed in one line, or without."""
    line = borrow_line.read(ctx, words)
    if line.dossier is not None:
        return _of_line(ctx, line.dossier, line.rest)
    given = {runner.WORDS: line.words, borrow_line.LINE: line.rest} if line.words else {}
    return runner.start(ctx, ASKING, Answers(given))


def submit_dossier(ctx: Context, answers: Answers) -> Reply:
    option = answers.option("dossier")
    return _of_line(ctx, option.key if option else "", answers.text(borrow_line.LINE))


def _of_line(ctx: Context, dossier_id: str, rest: str) -> Reply:
    """Begin with what a line said after the customer: a loan for oneself; else ask what for."""
    dossier = seeing.reachable(ctx, dossier_id)
    if dossier is not None and rest and _lendable(dossier):
        policy = borrow_facts.policy_of(ctx, dossier)
        if ReaderKind.INSIDER in borrow_facts.readers(policy, LoanKind.LOAN):
            given = borrow_line.answers(ctx, dossier, rest)
            return _begin(ctx, dossier, LoanKind.LOAN, ReaderKind.INSIDER, given)
    reply = start(ctx, (dossier_id,))
    # nothing was tapped that an alert could pop up over
    return reply if reply.shows or not reply.alert else Reply.of(Card(reply.alert))


def start(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Ask what is needed of a dossier, where there is a choice."""
    dossier = seeing.reachable(ctx, arguments[0])
    if dossier is None:
        return Reply(alert=ctx.t(seeing.NO_DOSSIER))
    if not _lendable(dossier):
        return Reply(alert=ctx.t(NOT_YET))
    ways = _ways(ctx, dossier)
    if not ways:
        return Reply(alert=ctx.t(NOTHING))
    if len(ways) == 1:
        return _begin(ctx, dossier, *ways[0])
    buttons = tuple(
        Button(
            _way_label(ctx, kind, reader),
            f"f.borrow.for.{dossier.id}.{kind.value}.{reader.value}",
        )
        for kind, reader in ways
    )
    ctx.record("dossier.looked_at", f"dossier:{dossier.id}", why="borrow")
    said = ctx.t(WHICH, customer=seeing.customer(ctx, dossier))
    return Reply.of(Card(said, title=ctx.t(FORM.title), choices=buttons))


def start_kind(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Begin a request of one kind, for oneself or for somebody else."""
    dossier = seeing.reachable(ctx, arguments[0])
    if dossier is None:
        return Reply(alert=ctx.t(seeing.NO_DOSSIER))
    wished = next(
        (way for way in _ways(ctx, dossier) if tuple(one.value for one in way) == arguments[1:3]),
        None,
    )
    if wished is None or not _lendable(dossier):
        return Reply(alert=ctx.t(NOTHING))
    return _begin(ctx, dossier, *wished)


def _lendable(dossier: Dossier) -> bool:
    return dossier.number is not None and dossier.state == "active"


def _ways(ctx: Context, dossier: Dossier) -> tuple[tuple[LoanKind, ReaderKind], ...]:
    """Return the kinds of requests with for whom each may be made."""
    policy = borrow_facts.policy_of(ctx, dossier)
    return tuple(
        (kind, reader)
        for kind in borrow_facts.kinds(policy)
        for reader in borrow_facts.readers(policy, kind)
    )


def _way_label(ctx: Context, kind: LoanKind, reader: ReaderKind) -> str:
    named = ctx.t(loan_words.KINDS[kind])
    if reader is ReaderKind.INSIDER or kind is LoanKind.DISCLOSE:
        return named
    return ctx.t(FOR_WHOM, kind=named, whom=ctx.t(loan_words.FOR[reader]))


def _begin(
    ctx: Context,
    dossier: Dossier,
    kind: LoanKind,
    reader: ReaderKind,
    given: Answers | None = None,
) -> Reply:
    """Start the form, unless something stands against it whatever is answered."""
    if denied := _whatever(ctx, dossier, kind, reader):
        ctx.record("loan.blocked", f"dossier:{dossier.id}", denied.rules[0], why=_codes(denied))
        return Reply.of(loan_blocks.card(ctx, denied, dossier))
    carried = borrow_form.carried(ctx, dossier, kind, reader)
    if carried[TITLED]:
        seeing.look(ctx, dossier, Way.PAPERS)
    values = {**carried, **(given.values if given else {})}
    return runner.start(ctx, _feature(kind), Answers(values), at_review=given is not None)


def _feature(kind: LoanKind) -> Feature:
    return next(one for one in (FEATURE, *KINDS) if one.form is FORMS[kind])


def _whatever(ctx: Context, dossier: Dossier, kind: LoanKind, reader: ReaderKind) -> Denied | None:
    """Return what stands against any such request: the borrower's own loans, a dossier out."""
    policy = borrow_facts.policy_of(ctx, dossier)
    if not kind.comes_back or policy.loan is None:
        return None
    single = borrow_form.choosable(ctx, dossier)
    wanted = Wanted(dossier, policy, kind, (), not single, policy.loan.place, reader)
    denied = borrow_facts.against(ctx, wanted, ctx.person)
    settled = {"day_missing", "original_stays"}  # what the answers will say
    reasons = tuple(one for one in denied.reasons if one.code not in settled) if denied else ()
    return Denied(reasons) if reasons else None


def _codes(denied: Denied) -> str:
    return ",".join(one.code for one in denied.reasons)


# -- what would follow -------------------------------------------------------------------------


def review(ctx: Context, answers: Answers) -> str:
    """Say until when, how that was counted, who decides and why, and what stands against it."""
    dossier = seeing.reachable(ctx, answers.text(DOSSIER))
    wanted = borrow_form.wanted(ctx, dossier, answers) if dossier else None
    if dossier is None or wanted is None:
        return ctx.t(GONE if dossier else seeing.NO_DOSSIER)
    lines = []
    if denied := _against(ctx, wanted, answers):
        lines += [ctx.t(STANDS_AGAINST), *loan_blocks.lines(ctx, denied, dossier), ""]
    lines.append(until_line(ctx, wanted))
    approval = borrow_facts.approval_of(wanted, ctx.person)
    if approval is None:
        lines.append(ctx.t(NOBODY, rule=wanted.policy.dossier.rule))
    else:
        matter = _matter(ctx, wanted, answers)
        preview = approvals.preview(ctx, approval, matter)
        lines += [ctx.t(WHO_DECIDES), *case_texts.foreseen(ctx, preview)]
    return "\n".join(lines)


def until_line(ctx: Context, wanted: Wanted) -> str:
    """Return the due day with its counting, in the office's zone. Rule: S2-INFO.19.5, C-07."""
    found = borrow_facts.due_of(ctx, wanted, ctx.at)
    if found is None:
        return ctx.t(FOR_GOOD) if not wanted.kind.comes_back else ""
    due, term = found
    return ctx.t(
        DUE,
        until=loan_words.until(ctx, due.last_day, due.instant, ctx.texts),
        counted=loan_words.counted(due, term, ctx.texts),
        rule=due.rule,
    )


def _against(ctx: Context, wanted: Wanted, answers: Answers) -> Denied | None:
    """Return everything against it: the borrower, the papers, and a reason that is none."""
    denied = borrow_facts.against(ctx, wanted, ctx.person)
    reasons = denied.reasons if denied else ()
    nothing = unlinked(answers.text("reason")) if "reason" in answers else None
    every = (*reasons, nothing) if nothing else reasons
    return Denied(every) if every else None


# -- asking ------------------------------------------------------------------------------------


def submit(ctx: Context, answers: Answers) -> Reply:
    """Ask for the papers, if nothing stands against it.

    Rule: S2-INFO.19.2, S2-INFO.19.5, S1-05.4, S3-ENG.3.5.
    """
    dossier = seeing.reachable(ctx, answers.text(DOSSIER))
    if dossier is None or not _lendable(dossier):
        return Reply.of(Card(ctx.t(seeing.NO_DOSSIER)))
    wanted = borrow_form.wanted(ctx, dossier, answers)
    if wanted is None:
        kept = {key: one for key, one in answers.values.items() if key != "papers"}
        again = runner.start(ctx, _feature(_kind(answers)), Answers(kept), at_review=True)
        return Reply.of(Card(ctx.t(GONE))).plus(again)
    if not _carrier_there(ctx, wanted, answers):
        kept = {key: one for key, one in answers.values.items() if key != "carrier"}
        again = runner.start(ctx, _feature(wanted.kind), Answers(kept), at_review=True)
        return Reply.of(Card(ctx.t(NO_CARRIER))).plus(again)
    if (same := _asked_already(ctx, wanted)) is not None:
        return Reply((loan_cards.show(ctx, same, lead=ctx.t(ALREADY)),))
    if denied := _against(ctx, wanted, answers):
        return _blocked(ctx, wanted, answers, denied)
    approval = borrow_facts.approval_of(wanted, ctx.person)
    if approval is None:
        return Reply.of(Card(ctx.t(NOBODY, rule=wanted.policy.dossier.rule)))
    matter = _matter(ctx, wanted, answers)
    if visitor := _visitor_refused(ctx, wanted, answers, approval, matter):
        feature = _feature(wanted.kind)
        again = runner.start(ctx, feature, answers, at_review=True)
        denial = Card(case_texts.denial(ctx, visitor), title=ctx.t(feature.title))
        return Reply.of(denial).plus(again)
    held = borrow_write.keep(ctx, wanted, answers)
    key = loan_kinds.KEYS[wanted.kind]
    opened = approvals.request(ctx, key, held.id, approval, matter, dossier_id=dossier.id)
    assert not isinstance(opened, Denied)  # noqa: S101 - the credential was looked at before
    held = loan_kinds.numbered(ctx, held.id, opened.number)
    lead = ctx.t(SENT) if held.state == LoanState.ASKED else loan_kinds.approved_lead(ctx, held)
    return Reply((loan_cards.show(ctx, held, lead=lead),))


def _carrier_there(ctx: Context, wanted: Wanted, answers: Answers) -> bool:
    """Return whether who carries the papers outside is named where somebody has to be.

    Rule: S2-INFO.23.2.
    """
    if not borrow_facts.carrier_rule(wanted):
        return True
    named = answers.option("carrier")
    person = staff.get(ctx.session, named.key) if named else None
    return person is not None and person.active


def _kind(answers: Answers) -> LoanKind:
    return LoanKind(answers.text(KIND))


def _matter(ctx: Context, wanted: Wanted, answers: Answers) -> Matter:
    """Return the facts of the case, with the credential that a visitor hands in."""
    matter = borrow_facts.matter_of(wanted, ctx.person)
    if not outsiders.comes(answers):
        return matter
    shown = outsiders.shown(ctx, answers).counting(_last_day(ctx, wanted))
    return replace(matter, credentials=shown)


def _visitor_refused(
    ctx: Context, wanted: Wanted, answers: Answers, approval: Approval, matter: Matter
) -> Denied | None:
    """Return why the visitor's papers do not do. Rule: C-05, C-72, S1-15.7.2."""
    if not outsiders.comes(answers):
        return None
    consent = borrow_facts.consent_rule(wanted.dossier, wanted.policy, wanted.kind, wanted.reader)
    day = _last_day(ctx, wanted)
    return outsiders.refusal(ctx, answers, approval, matter, day, consent)


def _last_day(ctx: Context, wanted: Wanted) -> date:
    """Return until when the papers are needed."""
    found = borrow_facts.due_of(ctx, wanted, ctx.at)
    return found[0].last_day if found else ctx.today


def _asked_already(ctx: Context, wanted: Wanted) -> Loan | None:
    """Return an open request of the person's own for some of the same papers."""
    for held in loan_lists.open_of(ctx.unit, ctx.person.id):
        if held.kind != wanted.kind or held.state != LoanState.ASKED:
            continue
        if held.dossier_id == wanted.dossier.id and loan_kinds.overlaps(ctx, held, wanted):
            return held
    return None


def _blocked(ctx: Context, wanted: Wanted, answers: Answers, denied: Denied) -> Reply:
    """Say all reasons with what can be done, and offer the answers again.

    Where only the original may not leave, they are offered as a request for a photocopy (L07).
    Rule: S3-ENG.3.3a, S3-ENG.3.3b, S1-05.4.
    """
    dossier = wanted.dossier
    ctx.record("loan.blocked", f"dossier:{dossier.id}", denied.rules[0], why=_codes(denied))
    card = loan_blocks.card(ctx, denied, dossier)
    values = dict(answers.values)
    instead = next((one.next_step for one in denied.reasons if one.code == "original_stays"), "")
    if instead and len(denied.reasons) == 1:
        values.pop("place", None)
        values |= borrow_form.carried(ctx, dossier, LoanKind(instead), wanted.reader)
    again = Answers(values)
    return Reply.of(card).plus(runner.start(ctx, _feature(_kind(again)), again, at_review=True))


# -- taking back -------------------------------------------------------------------------------


def withdraw(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Take a request back, as long as the papers are not in the borrower's hands. Rule: C-54."""
    held = loan_sides.loan(ctx, arguments[0], lock=True)
    if held is None or held.borrower != ctx.person.id:
        return Reply(alert=ctx.t(NOT_YOURS))
    held = _asked_for(ctx, held)
    stored = loan_sides.case_of(ctx, held)
    try:
        if held.state == LoanState.ASKED and stored is not None:
            approvals.act(ctx, stored.id, Withdraw(StaffId(ctx.person.id)))
        elif held.state in (LoanState.APPROVED, LoanState.OFFERED):
            loan_kinds.end_all(ctx, held, Trigger.WITHDRAW)
        else:
            return Reply((loan_cards.show(ctx, held),), alert=ctx.t(TOO_LATE))
    except Conflict:
        pass  # somebody was quicker: what is so now is shown
    now = loans.get(ctx.unit, held.id)
    assert now is not None  # noqa: S101 - loans are never deleted
    return Reply((loan_cards.show(ctx, now, lead=ctx.t(TAKEN_BACK)),))


def _asked_for(ctx: Context, held: Loan) -> Loan:
    """Return the loan that was asked for: of an original to be copied, that of the photocopy."""
    for copy_id in loans.copies_of(ctx.session, held.id):
        copy = loans.get(ctx.unit, copy_id, lock=True)
        if copy is not None and copy.open:
            return copy
    return held


def button(ctx: Context, dossier: Dossier) -> tuple[Button, ...]:
    """Return the way in from the customer's card; none where there is nothing to ask for."""
    known = seeing.view(ctx, dossier).sight is not Sight.NONE
    if not known or not _lendable(dossier) or not _ways(ctx, dossier):
        return ()
    return (Button(ctx.t(FORM.title), f"f.borrow.new.{dossier.id}"),)


ASKING = Feature("borrowing", ASKING_FORM.title, form=ASKING_FORM, submit=submit_dossier)
FEATURE = Feature(
    key="borrow",
    title=FORM.title,
    command="borrow",
    words=("借阅", "借"),
    open=show,
    form=FORM,
    submit=submit,
    review=review,
    actions={
        "ask": lambda ctx, _arguments: runner.start(ctx, ASKING),
        "new": start,
        "for": start_kind,
        "withdraw": withdraw,
    },
    cases=loan_kinds.CASES,
)
KINDS = tuple(
    Feature(form.key, form.title, form=form, submit=submit, review=review)
    for form in FORMS.values()
    if form is not FORM
)
"""Requests of other kinds than a loan."""
