"""Loans as requests: how one is said to who decides, and what follows when that ends.

Approved papers wait in the archive to be fetched: the custodians get them to hand out, the
borrower hears when and where. The trap is the approval that comes too late: what stands against
the loan is looked at once more, and papers that went to somebody else meanwhile are not promised.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from handlers import seeing
from handlers.approvals import case_texts
from handlers.approvals.case_kinds import Asking, CaseKind, Ending
from handlers.context import Context
from handlers.conversation.messages import Card
from handlers.loans import (
    borrow_facts,
    loan_blocks,
    loan_cards,
    loan_queue,
    loan_sides,
    loan_words,
)
from handlers.loans.borrow_facts import Wanted
from handlers.texts import N_, Texts
from rules import loan_days
from rules.access import Sight
from rules.cases import CaseState
from rules.errors import Denied
from rules.loans import LoanKind, LoanState, Trigger, move
from rules.secrecy import Grade
from storage import loan_items, loan_lists, loans, outsiders
from storage.dossiers import Dossier
from storage.loans import Loan
from storage.staff import Person

KEYS = {
    LoanKind.LOAN: "loan",
    LoanKind.COPY_LOAN: "copyloan",
    LoanKind.COPY: "copy",
    LoanKind.DISCLOSE: "disclose",
}
"""Kinds of cases by kinds of loans."""

SHOWN = 4

WANTS = N_("{kind}: {customer}")
WANTS_GRADED = N_("{kind}: {customer} ({grade})")
PURPOSE = N_("{purpose} · {reason}")
PASSED = N_("{until} has passed: it cannot be fetched any more and has to be asked for anew")
DUE = N_("until {until}, if handed out today: {counted} ({rule})")
LONG_TERM = N_("long-term loan until {until}")
FOR_GOOD = N_("for good")
OTHERS = N_("{count} more requests about this dossier are open")
HAS_OPEN = N_("has {count} other loans open")
LEAVES = N_("The papers leave the company")
LEAVES_FOR_GOOD = N_("Data or papers go outside and do not come back")
ORIGINALS = N_("Originals are among them")
STANDS_AGAINST = N_("As things are it cannot be had: {words}")

FETCH = N_("Approved. Please fetch it from {unit} ({names}).")
FETCH_AT = N_("Approved. Please fetch it from {unit}.")
TO_HAND_OUT = N_("Approved, to be handed out.")
TO_HAND_OVER = N_("Approved, to be handed over.")
ON_REGISTER = N_("Registered, no approval needed. Please fetch it from {unit}.")
TOO_LATE = N_("Approved, but it cannot be had any more:")
PAPERS_GONE = N_("Some of the papers are no longer on record.")
OVERTAKEN = N_(
    "A colleague was quicker: some of these papers are kept for them. {number} goes on."
)
UPGRADED = N_(
    "The grade is higher by now than what was approved; the approval has lapsed ({rule})."
)
NOT_FETCHED = N_("Lapsed: it was not fetched in time. You can ask again.")
NOT_FETCHED_ARCHIVE = N_("Lapsed: it was not fetched in time. The papers stay.")
TAKEN_BACK = N_("The borrower has taken the request back.")

_ENDS = {
    CaseState.REFUSED: Trigger.REFUSE,
    CaseState.WITHDRAWN: Trigger.WITHDRAW,
    CaseState.LAPSED: Trigger.LAPSE,
}


# -- how it is said ----------------------------------------------------------------------------


def say(ctx: Context, subject: int, reader: Person, texts: Texts) -> Asking:
    held = _held(ctx, subject)
    dossier = loan_sides.dossier_of(ctx, held)
    policy = loan_sides.policy_of(ctx, held)
    wanted = borrow_facts.of_loan(ctx, held, policy, dossier)
    seen = seeing.view(ctx, dossier, reader)
    if reader.id != held.borrower:
        loan_cards.looked_at(ctx, held, reader)
    purpose = loan_words.purpose(held, texts)
    return Asking(
        what="\n".join(_what(ctx, held, wanted, reader, texts)),
        why=texts.t(PURPOSE, purpose=purpose, reason=held.reason),
        how_long=_how_long(ctx, held, wanted, texts),
        cautions=tuple(_cautions(ctx, held, wanted, texts)),
        key=_key(ctx, held, dossier, reader) if seen.sight is not Sight.NONE else "",
    )


def _what(ctx: Context, held: Loan, wanted: Wanted, reader: Person, texts: Texts) -> Iterator[str]:
    kind = texts.t(loan_words.KINDS[wanted.kind])
    customer = loan_sides.customer(ctx, wanted.dossier, reader, texts)
    grade = wanted.grade
    if grade is Grade.NONE or seeing.view(ctx, wanted.dossier, reader).sight is not Sight.FULL:
        yield texts.t(WANTS, kind=kind, customer=customer)
    else:
        shown = grade.zh if texts.locale == "zh_CN" else grade.en
        yield texts.t(WANTS_GRADED, kind=kind, customer=customer, grade=shown)
    items = loan_items.of(ctx.unit, held.id)
    titled = loan_sides.titles(ctx, held, wanted.dossier, reader)
    yield from (loan_words.line(one, texts, titled=titled) for one in items[:SHOWN])
    if len(items) > SHOWN:
        yield texts.t(loan_cards.MORE, count=len(items) - SHOWN)
    about = (loan_words.whom(ctx, held, texts), loan_words.carried(ctx, held, texts))
    yield from filter(None, about)


def _how_long(ctx: Context, held: Loan, wanted: Wanted, texts: Texts) -> str:
    if not wanted.kind.comes_back:
        return texts.t(FOR_GOOD)
    if held.due_on is not None and held.due_at is not None:
        return loan_words.until(ctx, held.due_on, held.due_at, texts)
    found = borrow_facts.due_of(ctx, wanted, ctx.now)
    if found is None:
        return ""
    due, term = found
    until = loan_words.until(ctx, due.last_day, due.instant, texts)
    if due.instant <= ctx.now:
        return texts.t(PASSED, until=until)
    if wanted.long_term:
        return texts.t(LONG_TERM, until=until)
    counted = loan_words.counted(due, term, texts)
    return texts.t(DUE, until=until, counted=counted, rule=due.rule)


def _cautions(ctx: Context, held: Loan, wanted: Wanted, texts: Texts) -> Iterator[str]:
    """Yield what speaks for a second look: other loans, what leaves, what stands against it."""
    if held.state != LoanState.ASKED:
        return
    if wanted.kind is LoanKind.DISCLOSE:
        yield texts.t(LEAVES_FOR_GOOD)
    elif wanted.leaves_house and borrow_facts.asks_place(wanted.policy, wanted.kind):
        yield texts.t(LEAVES)
    if wanted.original and wanted.kind is LoanKind.LOAN:
        yield texts.t(ORIGINALS)
    own = (held.id, held.parent_id)
    mine = [one for one in loan_lists.open_of(ctx.unit, held.borrower) if one.id not in own]
    if mine:
        yield texts.t(HAS_OPEN, count=len(mine))
    others = [
        one
        for one in loan_lists.open_on(ctx.unit, held.dossier_id)
        if one.id not in own and one.state == LoanState.ASKED
    ]
    if others:
        yield texts.t(OTHERS, count=len(others))
    borrower = loan_sides.borrower_of(ctx, held)
    denied = borrow_facts.against(ctx, wanted, borrower, but=held)
    if denied is not None:
        words = loan_blocks.lines(replace_texts(ctx, texts), denied, wanted.dossier)
        yield texts.t(STANDS_AGAINST, words=" ".join(words))


def replace_texts(ctx: Context, texts: Texts) -> Context:
    """Return the context of the same unit with the words of another reader."""
    return replace(ctx, texts=texts)


def _key(ctx: Context, held: Loan, dossier: Dossier, reader: Person) -> str:
    if "loans" in ctx.registry.by_key and loan_sides.knows(ctx, held, reader):
        return f"f.loans.card.{held.id}"
    return f"f.find.card.{dossier.id}"


# -- what follows ------------------------------------------------------------------------------


def end(ctx: Context, ending: Ending) -> bool:
    """Let the papers wait to be fetched, or close the loan. Rule: S2-INFO.19.4, C-54."""
    held = numbered(ctx, ending.subject, ending.number)
    if ending.state in (CaseState.APPROVED, CaseState.REGISTERED):
        return _approved(ctx, held, ending)
    end_all(ctx, held, _ENDS[ending.state], ending.rule)
    return False


def numbered(ctx: Context, loan_id: int, number: str) -> Loan:
    """Return the loan under its case's number; that of the original lies beside it."""
    held = _held(ctx, loan_id)
    if held.number is None:
        loans.give_number(ctx.unit, held.id, number)
        if held.parent_id is not None:
            loans.give_number(ctx.unit, held.parent_id, f"{number}{loan_sides.ORIGINAL}")
    return _held(ctx, loan_id)


def _approved(ctx: Context, held: Loan, ending: Ending) -> bool:
    borrower = loan_sides.borrower_of(ctx, held)
    dossier = loan_sides.dossier_of(ctx, held)
    wanted = borrow_facts.of_loan(ctx, held, loan_sides.policy_of(ctx, held), dossier)
    denied = borrow_facts.against(ctx, wanted, borrower, but=held)
    on_record = _on_record(wanted)
    held = _approve(ctx, held, wanted, ending.rule)
    if denied is not None or not on_record or not borrower.active:
        end_all(ctx, held, Trigger.LAPSE, ending.rule)
        _tell_too_late(ctx, _held(ctx, held.id), denied, dossier)
        return True
    loan_sides.alarm(ctx, held)
    if held.outsider_id is not None:
        outsiders.expect(ctx.unit, held.outsider_id)
    first = _held(ctx, held.parent_id) if held.parent_id is not None else held
    told = []
    words = TO_HAND_OUT if loan_words.kind(first).comes_back else TO_HAND_OVER
    for one in loan_sides.custodians(ctx, first):
        if one != ctx.person.id or not ctx.channel:
            loan_cards.tell(ctx, first, one, words, "ready")
            told.append(one)
    if borrower.id != ctx.person.id or not ctx.channel:
        unit, names = fetch_at(ctx, held)
        words = FETCH if names else FETCH_AT
        loan_cards.tell(ctx, held, borrower.id, words, "fetch", unit=unit, names=names)
        told.append(borrower.id)
    loan_cards.redraw_all(ctx, held, but=told)
    _tell_overtaken(ctx, held, wanted)
    return True


def _approve(ctx: Context, held: Loan, wanted: Wanted, rule: str) -> Loan:
    """Let a loan wait to be fetched, and the original of its photocopy with it."""
    lending = wanted.policy.loan
    by = None
    if lending is not None:
        until = wanted.until if wanted.kind.comes_back else None
        by = loan_days.collect_by(wanted.policy, ctx.now, ctx.calendar, until).instant
    after = replace(
        held,
        state=move(LoanState(held.state), Trigger.APPROVE, LoanKind(held.kind)).value,
        approved_at=ctx.now,
        collect_by=by,
        grade_at_lending=wanted.grade.value,
    )
    saved = loans.save(ctx.unit, held, after, ctx.now)
    ctx.record("loan.approved", f"loan:{held.id}", rule)
    if held.parent_id is not None:
        _approve(ctx, _held(ctx, held.parent_id), wanted, rule)
    return saved


def upgraded(held: Loan, wanted: Wanted) -> bool:
    """Return whether the papers have a higher grade by now than was approved. Rule: C-56."""
    return wanted.grade > Grade(held.grade_at_lending)


def approved_lead(ctx: Context, held: Loan) -> str:
    """Return what is said to who needed no approval. Rule: S4-LOAN.6.1a, S1-12.3.2a."""
    if held.state != LoanState.APPROVED:
        return ""
    unit, _names = fetch_at(ctx, held)
    return ctx.t(ON_REGISTER, unit=unit)


def fetch_at(ctx: Context, held: Loan) -> tuple[str, str]:
    """Return the department that hands out, and the names of who does."""
    names = [case_texts.name(ctx, one) for one in loan_sides.custodians(ctx, held)]
    return loan_sides.policy_of(ctx, held).custodian_unit, "、".join(names[:3])


def _on_record(wanted: Wanted) -> bool:
    """Return whether all papers that were asked for are still kept in this dossier."""
    kept = [
        one for one in wanted.papers if one.state == "kept" and one.dossier_id == wanted.dossier.id
    ]
    return len(kept) == len(wanted.papers) and (wanted.whole or bool(kept))


def end_all(ctx: Context, held: Loan, trigger: Trigger, rule: str = "C-54") -> Loan:
    """Close a loan before anything was handed out, and what hangs on it; redraw its cards.

    Raises:
        Conflict: somebody was quicker.
    """
    state = move(LoanState(held.state), trigger, LoanKind(held.kind))
    waited = held.state in (LoanState.APPROVED, LoanState.OFFERED)
    saved = loans.save(ctx.unit, held, replace(held, state=state.value), ctx.now)
    ctx.record(f"loan.{state}", f"loan:{held.id}", rule)
    step = loan_cards.open_step(ctx, held)
    if step is not None:
        loan_cards.refuse_step(ctx, step)
    if held.parent_id is not None:
        parent = _held(ctx, held.parent_id)
        if parent.open and not parent.out:
            end_all(ctx, parent, trigger, rule)
    loan_cards.redraw_all(ctx, saved)
    if waited and LoanKind(held.kind).comes_back:
        loan_queue.freed(ctx, held.dossier_id)
    if waited and trigger is Trigger.WITHDRAW:
        for one in loan_sides.custodians(ctx, saved):
            if one != ctx.person.id:
                loan_cards.tell(ctx, saved, one, TAKEN_BACK, "withdrawn")
    return saved


def _tell_too_late(ctx: Context, held: Loan, denied: Denied | None, dossier: Dossier) -> None:
    """Tell the borrower why approved papers cannot be had after all, with what can be done."""

    def card(texts: Texts) -> Card:
        there = replace_texts(ctx, texts)
        head = texts.t(TOO_LATE)
        if denied is None:
            body = Card(f"{head}\n· {texts.t(PAPERS_GONE)}")
        else:
            blocks = loan_blocks.card(there, denied, dossier)
            body = replace(blocks, text=f"{head}\n{blocks.text}")
        return replace(body, title=loan_cards.title(held, texts))

    ctx.tell(held.borrower, card, f"loan:{held.id}:{held.version}:late")


def overlaps(ctx: Context, held: Loan, wanted: Wanted) -> bool:
    """Return whether a loan is about some of the same papers."""
    items = loan_items.of(ctx.unit, held.parent_id or held.id)
    if wanted.whole or any(one.whole is not None for one in items):
        return True
    ids = {one.document_id for one in items}
    return any(one.id in ids for one in wanted.papers)


def _tell_overtaken(ctx: Context, held: Loan, wanted: Wanted) -> None:
    """Tell who has asked for the same papers that they are somebody's now. Rule: S3-LOG.2.3a."""
    if not wanted.kind.comes_back:
        return
    for other in loan_lists.open_on(ctx.unit, held.dossier_id):
        same = other.state == LoanState.ASKED and LoanKind(other.kind).comes_back
        if same and other.borrower != held.borrower and overlaps(ctx, other, wanted):
            number = other.number or ""
            loan_cards.tell(
                ctx, other, other.borrower, OVERTAKEN, f"over.{held.id}", number=number
            )


def _held(ctx: Context, loan_id: int) -> Loan:
    held = loans.get(ctx.unit, loan_id)
    assert held is not None  # noqa: S101 - loans are never deleted
    return held


CASES = {
    "loan": CaseKind("借", N_("Request for a loan"), say, end, tells_who_carries_out=True),
    "copyloan": CaseKind(
        "影", N_("Request for a photocopy"), say, end, tells_who_carries_out=True
    ),
    "copy": CaseKind("复", N_("Request to copy"), say, end, tells_who_carries_out=True),
    "disclose": CaseKind("供", N_("Request to disclose"), say, end, tells_who_carries_out=True),
}
