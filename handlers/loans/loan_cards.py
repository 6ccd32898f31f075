"""The one card of a loan, drawn for whoever reads it: what, who has it, until when, what to do.

Everybody gets the same facts and only the buttons that would act now, and every copy follows the
loan. The trap is the title that gives a secret away: papers are named only to who may read them,
where they read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial

from handlers import live_cards, seeing
from handlers.approvals import case_texts
from handlers.approvals.case_cards import here
from handlers.context import Context
from handlers.conversation.answers import listed
from handlers.conversation.messages import Button, Card, Show
from handlers.loans import custody_words, loan_sides, loan_words
from handlers.loans.loan_sides import is_above, is_custodian
from handlers.texts import N_, Texts
from rules.access import Sight
from rules.lending import Place, Sublend
from rules.loans import LoanState, Trigger
from rules.secrecy import Grade
from storage import (
    custody,
    explanations,
    incidents,
    loan_items,
    loans,
    staff,
)
from storage.custody import Step
from storage.dossiers import Dossier
from storage.incidents import Incident
from storage.loans import Loan
from storage.looks import Way
from storage.staff import Person

SHOWN = 8
"""Papers that are listed on a card."""

HEADER = N_("{kind} · {number}")
DOSSIER = N_("{customer} ({grade})")
DOSSIER_THEN = N_("{customer} ({grade} when it was lent)")
MORE = N_("and {count} more")
HOLDER = N_("Borrower: {name} ({department})")
HOLDER_FOR = N_("Borrower: {name} ({department}), liable, {whom}")
USED = N_("May be used {place}")
REASON = N_("Needed for: {purpose} · {reason}")
COLLECT = N_("To be fetched until {until}")
DUE = N_("Due back {until}")
WAS_DUE = N_("Renewed {count} times; before it was due {day}")
RECALLED = N_("Asked back {moment}")
LENT = N_("Handed out {moment}")
CLOSED = N_("Closed {moment}")
WAITING = N_("{count} colleagues wait for it")
NOW_WITH = N_("Now with: {name}")
DECIDES = N_("To be decided by {names}")
STEP_WAITS = N_("To be confirmed by {names}")
EXPLAINED = N_("Explained: {words}")
EXPLAINED_BARE = N_("Explained; the words are not shown in this chat")
LONG_TERM = N_("Long-term loan")
OF_ORIGINAL = N_("A photocopy of what was lent as {number}")
RULE = N_("Under {rule}")
INCIDENT_OPEN = N_("Incident not closed yet: {number}")

COUNT_OUT, TAKE, DECLINE, WITNESS = (
    N_("Count and hand out"),
    N_("Received"),
    N_("Not so"),
    N_("Witnessed"),
)
HAND_OVER, BRING, COUNT_BACK = N_("Handed over"), N_("Give back"), N_("Count back in")
AGREE, DISPUTE, SETTLE = N_("The count is right"), N_("Not so"), N_("Settle it")
CLEAR, WRITE_OFF = N_("Settle"), N_("Write off")
RETRACT, MENDED = N_("Take the list back"), N_("Repaired")
RENEW, PASS, PASS_BACK = N_("Renew"), N_("Pass on"), N_("Back to the borrower")
ASK_PROOF, PROVE, PROOF = N_("Ask to show"), N_("Show it"), N_("Photo")
RECALL, NUDGE, EXPLAIN, LOST = N_("Ask back early"), N_("Remind"), N_("Explain"), N_("Lost")
WITHDRAW, PROGRESS, CLAUSE = N_("Take back"), N_("Progress"), N_("Clause")
ASK_ANEW = N_("Ask anew")


def slot(loan_id: int) -> str:
    """Return the name under which a loan's card is redrawn, in every chat that has one."""
    return f"loan.{loan_id}"


# -- showing, telling, redrawing ---------------------------------------------------------------


def show(ctx: Context, held: Loan, *, lead: str = "") -> Show:
    """Return the loan's card for who acts: in place of the tapped copy, else as a new one."""
    card = draw(ctx, held, here(ctx), ctx.texts, lead=lead)
    looked_at(ctx, held)
    return live_cards.show(ctx, card, slot(held.id))


def tell(ctx: Context, held: Loan, staff_id: str, lead: str, what: str, **facts: object) -> None:
    """Send the card to somebody as a new message; `lead` (N_) says why, with its facts.

    `what` names the occasion: once for each version of the loan.
    """
    reader = staff.get(ctx.session, staff_id)
    if reader is None or not reader.active:
        return

    def card(texts: Texts) -> Card:
        return draw(ctx, held, reader, texts, lead=texts.t(lead, **facts))

    looked_at(ctx, held, reader)
    key = f"loan:{held.id}:{held.version}:{what}:{staff_id}"
    ctx.tell(staff_id, card, key, slot=slot(held.id))


def looked_at(ctx: Context, held: Loan, reader: Person | None = None) -> None:
    """Record that papers are named to who acts, or to another reader. Rule: S3-SPEC2.3.4c."""
    dossier = loan_sides.dossier_of(ctx, held)
    if loan_sides.titles(ctx, held, dossier, reader or here(ctx)):
        seeing.look(ctx, dossier, Way.PAPERS, reader)


def redraw_all(ctx: Context, held: Loan, *, but: Iterable[str] = ()) -> None:
    """Let every copy of the card show what is so now, on every messenger of those concerned.

    What is answered to who acts does already; `but`: who was just sent a new card.
    """
    live_cards.redraw(
        ctx,
        _concerned(ctx, held),
        partial(draw, ctx, held),
        slot=slot(held.id),
        key=f"loan:{held.id}:{held.version}",
        but=but,
    )


def _concerned(ctx: Context, held: Loan) -> tuple[str, ...]:
    """Return who may have a copy of the card: both sides, and all who took part in a step."""
    steps = custody.of_loan(ctx.unit, held.id)
    people = [held.borrower, *loan_sides.custodians(ctx, held)]
    people += [who for one in steps for who in (one.giver, one.taker, one.witness) if who]
    if incidents.all_of_loan(ctx.unit, held.id):
        people += loan_sides.settlers(ctx, held)
    return tuple(dict.fromkeys(people))


# -- drawing -----------------------------------------------------------------------------------


def draw(ctx: Context, held: Loan, reader: Person, texts: Texts, *, lead: str = "") -> Card:
    """Return the card of a loan for a reader who may know of it (`loan_sides.knows`)."""
    dossier = loan_sides.dossier_of(ctx, held)
    rule = rule_of(ctx, held)
    state = loan_words.state(ctx, held, texts)
    lines = [
        lead,
        "" if lead.startswith(state) else state,
        *_what(ctx, held, dossier, reader, texts),
        *_who(ctx, held, dossier, reader, texts),
        *_when(ctx, held, texts),
        *_open(ctx, held, reader, texts),
        texts.t(RULE, rule=rule),
    ]
    return Card(
        "\n".join(filter(None, lines)),
        title=title(held, texts),
        choices=tuple(_buttons(ctx, held, dossier, reader, texts)),
        columns=2,
        protect=True,
    )


def title(held: Loan, texts: Texts) -> str:
    """Return what every message about a loan is headed with."""
    kind = texts.t(loan_words.KINDS[loan_words.kind(held)])
    return texts.t(HEADER, kind=kind, number=held.number) if held.number else kind


def rule_of(ctx: Context, held: Loan) -> str:
    """Return the clause that matters now: of the return once it is lent, else of the decision."""
    lending = loan_sides.lending_of(ctx, held)
    if lending is not None and held.lent_at is not None:
        late = held.state == LoanState.LENT
        return lending.duty.due.rule if late else lending.return_rule
    stored = loan_sides.case_of(ctx, held)
    policy = loan_sides.policy_of(ctx, held)
    return stored.case.approval.rule if stored else policy.dossier.rule


def _what(
    ctx: Context, held: Loan, dossier: Dossier, reader: Person, texts: Texts
) -> Iterator[str]:
    """Yield the customer with the grade at lending, and the papers as far as they may be named."""
    customer = loan_sides.customer(ctx, dossier, reader, texts)
    grade = Grade(held.grade_at_lending)
    shown = grade.zh if texts.locale == "zh_CN" else grade.en
    graded = grade is not Grade.NONE
    over = grade > loan_sides.grade_now(ctx, held, dossier)
    words = DOSSIER_THEN if over else DOSSIER
    yield texts.t(words, customer=customer, grade=shown) if graded else customer
    items = loan_items.of(ctx.unit, held.id)
    titled = loan_sides.titles(ctx, held, dossier, reader)
    yield from (loan_words.line(one, texts, titled=titled) for one in items[:SHOWN])
    if len(items) > SHOWN:
        yield texts.t(MORE, count=len(items) - SHOWN)
    if held.parent_id is not None:
        yield _parent(ctx, held, texts)


def _parent(ctx: Context, held: Loan, texts: Texts) -> str:
    parent = loans.get(ctx.unit, held.parent_id) if held.parent_id is not None else None
    return texts.t(OF_ORIGINAL, number=(parent.number if parent else None) or "-")


def _who(
    ctx: Context, held: Loan, dossier: Dossier, reader: Person, texts: Texts
) -> Iterator[str]:
    """Yield who is liable and for whom, and what the papers are needed for."""
    borrower = loan_sides.borrower_of(ctx, held)
    facts = {"name": borrower.name, "department": held.department}
    whom = loan_words.whom(ctx, held, texts)
    yield texts.t(HOLDER_FOR, **facts, whom=whom) if whom else texts.t(HOLDER, **facts)
    if reader.id == held.borrower or loan_sides.seen_content(ctx, dossier, reader):
        purpose = loan_words.purpose(held, texts)
        readable = seeing.readable(ctx, dossier, reader)
        reason = (
            held.reason
            if readable
            else texts.t(seeing.ABOVE_CEILING, grade=Grade(dossier.grade).zh)
        )
        yield texts.t(REASON, purpose=purpose, reason=reason)
    if loan_words.kind(held).comes_back and held.place != Place.OUT:
        yield texts.t(USED, place=texts.t(loan_words.PLACES[Place(held.place)]))
    yield loan_words.carried(ctx, held, texts)
    if held.long_term:
        yield texts.t(LONG_TERM)


def _when(ctx: Context, held: Loan, texts: Texts) -> Iterator[str]:
    """Yield the days of the loan: fetched until, handed out, due, renewed, asked back, closed."""
    if held.state in (LoanState.APPROVED, LoanState.OFFERED) and held.collect_by is not None:
        yield texts.t(COLLECT, until=loan_words.instant(ctx, held.collect_by, texts))
    if held.lent_at is not None:
        yield texts.t(LENT, moment=texts.moment(held.lent_at))
    if held.due_on is not None and held.due_at is not None and held.open:
        yield texts.t(DUE, until=loan_words.until(ctx, held.due_on, held.due_at, texts))
    if held.renewals and held.first_due_on is not None:
        day = texts.day(held.first_due_on, ctx.today)
        yield texts.t(WAS_DUE, count=held.renewals, day=day)
    if held.recalled_at is not None and held.open:
        yield texts.t(RECALLED, moment=texts.moment(held.recalled_at))
    if held.closed_at is not None:
        yield texts.t(CLOSED, moment=texts.moment(held.closed_at))


def _open(ctx: Context, held: Loan, reader: Person, texts: Texts) -> Iterator[str]:
    """Yield what is waited for: a confirmation, colleagues in the queue, the end of an incident;
    why it is late."""
    if held.open:
        yield explained(ctx, held, reader, texts)
    for one in open_incidents(ctx, held, reader):
        yield texts.t(INCIDENT_OPEN, number=one.number)
    stored = loan_sides.case_of(ctx, held) if held.state == LoanState.ASKED else None
    if stored is not None:
        deciders = tuple(who for _, place in stored.case.here for who in place.deciders)
        yield texts.t(DECIDES, names=case_texts.people(ctx, deciders, texts))
    step = open_step(ctx, held)
    if step is not None:
        names = [case_texts.name(ctx, one) for one in step.waits_for]
        if names:
            yield texts.t(STEP_WAITS, names=listed(names, texts))
        yield from custody_words.about(ctx, held, step, reader, texts)
    asked = loan_sides.last_proof(ctx, held) if held.out else None
    if asked is not None:
        yield custody_words.proof(ctx, asked, texts)
    holder = loan_sides.holder_of(held)
    if holder != held.borrower and held.out:
        yield texts.t(NOW_WITH, name=case_texts.name(ctx, holder))
    if held.out and (reader.id == held.borrower or is_custodian(ctx, held, reader)):
        waiting = loan_sides.waiters(ctx, held)
        if waiting:
            yield texts.t(WAITING, count=waiting)


def explained(ctx: Context, held: Loan, reader: Person, texts: Texts) -> str:
    """Return what the borrower last said about a delay, as far as the reader may read it."""
    said = explanations.last(ctx.unit, held.id)
    if said is None:
        return ""
    dossier = loan_sides.dossier_of(ctx, held)
    readable = reader.id == held.borrower or loan_sides.titles(ctx, held, dossier, reader)
    return texts.t(EXPLAINED, words=said.words) if readable else texts.t(EXPLAINED_BARE)


def open_incidents(ctx: Context, held: Loan, reader: Person) -> list[Incident]:
    """Return the incidents with a loan that are not closed and concern the reader."""
    return [
        one
        for one in incidents.all_of_loan(ctx.unit, held.id)
        if one.open
        and (
            one.reported_by == reader.id
            or any(told.staff_id == reader.id for told in incidents.told(ctx.session, one.id))
        )
    ]


def refuse_step(ctx: Context, step: Step) -> None:
    """Let a step end without effect because its loan is over."""
    if step.state == "open":
        custody.end(ctx.unit, step.id, "refused")


def open_step(ctx: Context, held: Loan) -> Step | None:
    """Return the step of custody that is not settled; proofs of possession are none."""
    steps = custody.of_loan(ctx.unit, held.id)
    waiting = (one for one in reversed(steps) if one.state in ("open", "disputed"))
    return next((one for one in waiting if one.kind != "ping"), None)


# -- buttons -----------------------------------------------------------------------------------


def _buttons(
    ctx: Context, held: Loan, dossier: Dossier, reader: Person, texts: Texts
) -> Iterator[Button]:
    """Yield what the reader can do now, the likeliest first, and the ways on."""
    acts = [*_of_step(ctx, held, reader), *_of_state(ctx, held, reader)]
    acts += of_proof(ctx, held, reader)
    for label, key in dict.fromkeys(acts):
        if key.split(".")[1] in ctx.registry.by_key:
            yield Button(texts.t(label), key)
    for one in open_incidents(ctx, held, reader):
        yield Button(one.number, f"f.incident.open.{one.id}")
    if seeing.view(ctx, dossier, reader).sight is Sight.FULL:
        yield Button(texts.t(N_("Customer")), f"f.find.card.{dossier.id}")
    yield Button(texts.t(CLAUSE), f"f.help.clause.{rule_of(ctx, held)}")


def of_proof(ctx: Context, held: Loan, reader: Person) -> Iterator[tuple[str, str]]:
    """Yield how papers that are lent can be asked to be shown, and the way to the last photo."""
    if not held.out or not loan_sides.knows(ctx, held, reader):
        return
    lent = held.state == LoanState.LENT and not loan_sides.proof_asked(ctx, held)
    if lent and loan_sides.asks_for_proof(ctx, held, reader):
        yield ASK_PROOF, f"f.custody.ping.{held.id}"
    last = loan_sides.last_proof(ctx, held)
    dossier = loan_sides.dossier_of(ctx, held)
    if last is not None and last.state == "done" and loan_sides.titles(ctx, held, dossier, reader):
        yield PROOF, f"f.custody.proof.{last.id}"


def _of_step(ctx: Context, held: Loan, reader: Person) -> Iterator[tuple[str, str]]:
    """Yield what somebody can do about a count, or papers to be shown, that wait for them."""
    asked = loan_sides.last_proof(ctx, held)
    if asked is not None and reader.id in asked.waits_for and held.state == LoanState.LENT:
        yield PROVE, f"f.custody.prove.{asked.id}"
    step = open_step(ctx, held)
    if step is None:
        return
    if step.state == "disputed":
        if reader.id == step.witness or (
            is_custodian(ctx, held, reader) and reader.id not in (step.giver, step.taker)
        ):
            yield SETTLE, f"f.return.settle.{step.id}"
        return
    waits = reader.id in step.waits_for
    if step.kind == "hand_out":
        if waits:
            taking = reader.id == step.taker
            yield (
                (TAKE, f"f.handout.take.{step.id}")
                if taking
                else (
                    WITNESS,
                    f"f.handout.witness.{step.id}",
                )
            )
        if waits or reader.id == step.giver:
            yield DECLINE, f"f.handout.decline.{step.id}"
    elif waits or _counts(ctx, held, step, reader) or _for_leaver(ctx, held, step, reader):
        yield AGREE, f"f.return.agree.{step.id}"
        yield DISPUTE, f"f.return.dispute.{step.id}"
    elif reader.id == step.opened_by:
        yield RETRACT, f"f.return.retract.{step.id}"


def _counts(ctx: Context, held: Loan, step: Step, reader: Person) -> bool:
    """Return whether a reader is one of the archive who can count what was listed."""
    listed = step.kind == "return" and step.taker_at is None and reader.id != step.giver
    return listed and is_custodian(ctx, held, reader)


def _for_leaver(ctx: Context, held: Loan, step: Step, reader: Person) -> bool:
    """Return whether a reader confirms for somebody who has left. Rule: C-55."""
    if step.kind != "return" or step.giver_at is not None or reader.id == step.taker:
        return False
    return loan_sides.answers_for(ctx, held, reader, step.giver)


def _of_state(ctx: Context, held: Loan, reader: Person) -> Iterator[tuple[str, str]]:
    """Yield what each side can do about the loan itself."""
    if reader.id == held.borrower:
        yield from _of_borrower(ctx, held)
    elif held.out and reader.id == held.holder:
        yield from _of_holder(ctx, held)
    if is_custodian(ctx, held, reader):
        yield from _of_custodian(ctx, held)
    elif is_above(ctx, held, reader) and held.overdue(ctx.now):
        yield NUDGE, f"f.loans.nudge.{held.id}"
    yield from _of_settler(ctx, held, reader)


def _of_settler(ctx: Context, held: Loan, reader: Person) -> Iterator[tuple[str, str]]:
    """Yield how somebody who hears of incidents can end what did not come back whole."""
    ways = loan_sides.endings(ctx, held)
    if ways and reader.id in loan_sides.settlers(ctx, held):
        for way in ways:
            label = CLEAR if way is Trigger.SETTLE else WRITE_OFF
            yield label, f"f.settling.{way.value}.{held.id}"


def _of_borrower(ctx: Context, held: Loan) -> Iterator[tuple[str, str]]:
    match held.state:
        case LoanState.ASKED:
            stored = loan_sides.case_of(ctx, held)
            if stored is not None:
                yield PROGRESS, f"f.case.open.{stored.id}"
            yield WITHDRAW, f"f.borrow.withdraw.{held.id}"
        case LoanState.APPROVED | LoanState.OFFERED:
            yield WITHDRAW, f"f.borrow.withdraw.{held.id}"
        case LoanState.LENT:
            yield from _of_lent(ctx, held)
        case LoanState.SHORT:
            yield BRING, f"f.return.bring.{held.id}"
            yield EXPLAIN, f"f.loans.explain.{held.id}"
        case LoanState.LOST:
            yield BRING, f"f.return.bring.{held.id}"
        case LoanState.REFUSED | LoanState.LAPSED | LoanState.WITHDRAWN:
            yield ASK_ANEW, f"f.borrow.new.{held.dossier_id}"


def _of_lent(ctx: Context, held: Loan) -> Iterator[tuple[str, str]]:
    """Yield what the borrower can do; papers that a colleague has are given back by that one."""
    holder = staff.get(ctx.session, loan_sides.holder_of(held))
    passed = holder is not None and holder.active and holder.id != held.borrower
    if not passed:
        yield BRING, f"f.return.bring.{held.id}"
    if held.overdue(ctx.now):
        yield EXPLAIN, f"f.loans.explain.{held.id}"
    elif held.recalled_at is None and not loan_sides.waiters(ctx, held):
        yield RENEW, f"f.renew.ask.{held.id}"
    lending = loan_sides.lending_of(ctx, held)
    asked = loan_sides.last_proof(ctx, held)
    shows = asked is not None and asked.state == "open"  # first of all, and six have room
    witnessed = lending is not None and lending.sublend is Sublend.WITNESSED
    if witnessed and not (shows or passed):
        yield PASS, f"f.return.pass.{held.id}"
    yield LOST, f"f.loans.lost.{held.id}"


def _of_holder(ctx: Context, held: Loan) -> Iterator[tuple[str, str]]:
    """Yield how the colleague to whom papers were passed on gives them back."""
    if held.state in (LoanState.LENT, LoanState.SHORT, LoanState.LOST) and _to_come(ctx, held):
        yield BRING, f"f.return.bring.{held.id}"
    borrower = loan_sides.borrower_of(ctx, held)
    if held.state == LoanState.LENT and borrower.active and open_step(ctx, held) is None:
        yield PASS_BACK, f"f.return.back.{held.id}"


def _of_custodian(ctx: Context, held: Loan) -> Iterator[tuple[str, str]]:
    match held.state:
        case LoanState.APPROVED if loan_words.kind(held).comes_back:
            yield COUNT_OUT, f"f.handout.count.{held.id}"
        case LoanState.APPROVED:
            yield HAND_OVER, f"f.copies.ask.{held.id}"
        case LoanState.LENT:
            yield COUNT_BACK, f"f.return.count.{held.id}"
            if held.recalled_at is None:
                yield RECALL, f"f.loans.recall.{held.id}"
        case LoanState.SHORT if not _to_come(ctx, held):
            yield MENDED, f"f.return.mended.{held.id}"
        case LoanState.SHORT | LoanState.LOST:
            yield COUNT_BACK, f"f.return.count.{held.id}"


def _to_come(ctx: Context, held: Loan) -> bool:
    """Return whether something of a loan is still to come back; else only damage keeps it open."""
    return any(one.state in ("out", "missing") for one in loan_items.of(ctx.unit, held.id))
