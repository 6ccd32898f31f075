"""What somebody wants to borrow as things are now: which row decides, what stands against it.

The same questions are asked of a form that is being filled in and of a loan that was asked for:
when it is submitted and when it is approved, which may be days apart.
"""

from __future__ import annotations

from datetime import date, datetime

import msgspec
from msgspec.structs import replace

from handlers import seeing
from handlers.approvals import approvals, deciding
from handlers.context import Context
from rules import borrowing, loan_days, outsiders
from rules.borrowing import (
    Away,
    BorrowerFacts,
    Overdue,
    Taken,
    Wish,
    action_of,
    hindrances,
)
from rules.chains import Approval
from rules.completion import CONSENT
from rules.deadlines import Deadline, Term
from rules.deciders import Matter
from rules.errors import Denied, Reason
from rules.lending import Place
from rules.loan_days import day_before
from rules.loans import LoanKind, LoanState
from rules.occasions import Action, Facts, Material, ReaderKind
from rules.opening import GIVEN
from rules.policy import Policy
from rules.secrecy import Grade
from storage import documents, loan_items, loan_lists, loan_queue, loans
from storage import outsiders as visitors
from storage.documents import ORIGINAL, Document
from storage.dossiers import Dossier
from storage.loan_items import Block, Why
from storage.loans import Loan
from storage.staff import Person

_CARED_FOR = (Material.DEED, Material.PERSONAL_FILE, Material.MINUTES, Material.PARTY_PAPERS)
"""Kinds of papers with rows of their own, the strictest first."""


class Wanted(msgspec.Struct, frozen=True):
    """What is asked for, of one dossier."""

    dossier: Dossier
    policy: Policy
    kind: LoanKind
    papers: tuple[Document, ...]
    """Of a whole dossier: all that are on record."""
    whole: bool
    place: Place
    reader: ReaderKind = ReaderKind.INSIDER
    until: date | None = None
    long_term: bool = False

    @property
    def grade(self) -> Grade:
        """The highest grade among the dossier and the papers."""
        return max((Grade(self.dossier.grade), *(Grade(one.grade) for one in self.papers)))

    @property
    def original(self) -> bool:
        """Whether an original is among them; of a whole dossier always."""
        return self.whole or any(one.form == ORIGINAL for one in self.papers)

    @property
    def material(self) -> Material:
        found = {Material(one.material) for one in self.papers} | {deciding.material(self.dossier)}
        return next((one for one in _CARED_FOR if one in found), Material.DOSSIER)

    @property
    def leaves_house(self) -> bool:
        """Whether anything leaves the company."""
        return self.kind is LoanKind.DISCLOSE or (self.kind.comes_back and self.place is Place.OUT)

    @property
    def ids(self) -> tuple[int, ...] | None:
        """The papers, None: the whole dossier."""
        return None if self.whole else tuple(one.id for one in self.papers)


def policy_of(ctx: Context, dossier: Dossier) -> Policy:
    return seeing.policy_of(ctx, seeing.Subject.of(dossier))


def kinds(policy: Policy) -> tuple[LoanKind, ...]:
    """Return what the policy has rows for and colleagues can ask for.

    Rule: S2-INFO.19.4, S3-ENG.3.5, S1-15.7.4, S2-SECR.10.
    """
    return tuple(one for one in LoanKind if readers(policy, one))


def readers(policy: Policy, kind: LoanKind) -> tuple[ReaderKind, ...]:
    """Return for whom such a request can be made under the policy.

    Rows without readers are for the company's own people; what is disclosed goes outside.
    """
    if kind.comes_back and policy.loan is None:
        return ()
    action = action_of(policy, kind)
    rows = [row for row in policy.approval if row.action is action]
    if kind is LoanKind.DISCLOSE:
        return (ReaderKind.EXTERNAL,) if rows else ()
    named = {one for row in rows for one in row.when.readers or (ReaderKind.INSIDER,)}
    if action is Action.CONSULT:  # outsiders read in the room, nothing is handed to them
        named &= {ReaderKind.INSIDER}
    return tuple(one for one in ReaderKind if one in named)


def asks_place(policy: Policy, kind: LoanKind) -> bool:
    """Return whether it matters if the papers leave the company.

    Rule: S3-ENG.3.3a, S1-15.6.2, C-21.
    """
    lending = policy.loan
    if lending is None or lending.place is not Place.OUT or kind is not LoanKind.LOAN:
        return False
    action = action_of(policy, kind)
    rows = (row for row in policy.approval if row.action is action)
    return not lending.originals_out or any(row.when.leaves_house is not None for row in rows)


def row_for(policy: Policy, kind: LoanKind, reader: ReaderKind) -> Approval | None:
    """Return the first row for such requests: its credentials are those that are accepted."""
    action = action_of(policy, kind)
    rows = (row for row in policy.approval if row.action is action)
    named = (row for row in rows if kind is LoanKind.DISCLOSE or reader in row.when.readers)
    return next(named, None)


def carrier_rule(wanted: Wanted) -> str:
    """Return the clause by which it is named who carries the papers; empty: nobody is.

    Rule: S2-INFO.23.2.
    """
    rule = borrowing.carrier_rule(
        wanted.policy.loan,
        leaves_house=wanted.leaves_house,
        important=any(one.important for one in wanted.papers),
        grade=wanted.grade,
    )
    return rule or ""


def consent_rule(dossier: Dossier, policy: Policy, kind: LoanKind, reader: ReaderKind) -> str:
    """Return the clause that wants the customer's own consent too; empty: none does.

    Rule: C-72, S3-PROTO.2.2.
    """
    natural = dossier.fields.get(CONSENT) == GIVEN
    facts = Facts(action_of(policy, kind), reader=reader, natural_person=natural)
    return outsiders.consent_rule(policy, facts)


def facts_of(wanted: Wanted, borrower: Person) -> Facts:
    """Return what the choice of who decides depends on.

    Papers that are handed out for reading are asked for in the formal way, with the form.

    Rule: S1-07.3.3.1, C-02.
    """
    action = action_of(wanted.policy, wanted.kind)
    return replace(
        deciding.facts(action, wanted.dossier, borrower),
        grade=wanted.grade,
        reader=wanted.reader,
        material=wanted.material,
        formal=action is Action.CONSULT,
        important=any(one.important for one in wanted.papers),
        original=wanted.original,
        leaves_house=wanted.leaves_house,
        long_term=wanted.long_term,
    )


def matter_of(wanted: Wanted, borrower: Person) -> Matter:
    return deciding.matter(facts_of(wanted, borrower), wanted.dossier, borrower.id)


def approval_of(wanted: Wanted, borrower: Person) -> Approval | None:
    """Return who decides; None: the policy has nobody who could allow it.

    Who is from outside is admitted only by rows that name such readers.
    """
    facts = facts_of(wanted, borrower)
    if wanted.reader is ReaderKind.INSIDER or wanted.kind is LoanKind.DISCLOSE:
        return approvals.approval_of(wanted.policy, facts)
    return outsiders.admitted(wanted.policy.approval, facts)


def of_loan(ctx: Context, held: Loan, policy: Policy, dossier: Dossier) -> Wanted:
    """Return what a loan is about, with the papers as they are on record now.

    Of a photocopy made for the loan: the papers it is made from.
    """
    source = held.parent_id or held.id
    items = loan_items.of(ctx.unit, source)
    whole = any(one.whole is not None for one in items)
    ids = [one.document_id for one in items if one.document_id is not None]
    papers = all_papers(ctx, dossier) if whole else documents.many(ctx.unit, ids)
    return Wanted(
        dossier,
        policy,
        LoanKind(held.kind),
        papers,
        whole,
        Place(held.place),
        ReaderKind(held.for_whom),
        held.wanted_until,
        held.long_term,
    )


def all_papers(ctx: Context, dossier: Dossier) -> tuple[Document, ...]:
    """Return every kept paper of a dossier, whatever its grade: for rules, not for eyes."""
    grades = [one.value for one in Grade]
    return documents.page(ctx.unit, dossier.id, grades, documents.MOST)


# -- what stands against it --------------------------------------------------------------------


def against(
    ctx: Context, wanted: Wanted, borrower: Person, *, but: Loan | None = None
) -> Denied | None:
    """Return every reason why the papers cannot be had now; None: nothing stands against it.

    `but`: the loan in question, which is not in its own way.

    Rule: S1-14.5b, S2-SECR.12a, S3-ENG.3.3a, S3-LOG.2.3a, C-19.
    """
    wish = Wish(
        wanted.kind,
        ctx.now,
        wanted.place,
        wanted.original,
        wanted.grade,
        wanted.until,
        wanted.long_term,
    )
    facts = _borrower(ctx, wanted, borrower, but)
    return hindrances(wanted.policy, wish, facts, ctx.calendar)


def _borrower(ctx: Context, wanted: Wanted, borrower: Person, but: Loan | None) -> BorrowerFacts:
    mine = [
        one
        for one in loan_lists.open_of(ctx.unit, borrower.id)
        if LoanKind(one.kind).comes_back and (but is None or one.id not in (but.id, but.parent_id))
    ]
    # what was listed as coming back waits for the archive, not for the borrower
    waits = (LoanState.RETURNING, LoanState.DISPUTED)
    late = [one for one in mine if one.overdue(ctx.now) and one.state not in waits]
    unsettled = (LoanState.SHORT, LoanState.LOST)
    own = wanted.dossier.keeper == borrower.id or wanted.reader is not ReaderKind.INSIDER
    return BorrowerFacts(
        clearance=None if own else Grade(borrower.clearance),
        overdue=tuple(Overdue(_number(one), one.due_on) for one in late if one.due_on),
        open_loans=len({one.parent_id or one.id for one in mine}),
        incidents=tuple(_number(one) for one in mine if one.state in unsettled),
        disputed=tuple(_number(one) for one in mine if one.state == LoanState.DISPUTED),
        taken=_taken(ctx, wanted, borrower, but),
    )


def _number(held: Loan) -> str:
    return held.number or "-"


def _taken(ctx: Context, wanted: Wanted, borrower: Person, but: Loan | None) -> tuple[Taken, ...]:
    """Return which papers are not there, each reason once, with the last of its days."""
    if not wanted.kind.comes_back:
        return ()
    ids = wanted.ids if but is None else _lent_ids(ctx, wanted, but)
    found: dict[tuple[Away, bool], date] = {}
    for block in loan_items.blocking(ctx.unit, wanted.dossier.id, ids, but=but):
        mine = block.staff_id == borrower.id
        if mine and block.why is Why.RESERVED:
            continue
        why, until = _away(ctx, block, wanted)
        found[why, mine] = max(until, found.get((why, mine), until))
    return tuple(Taken(why, until, mine) for (why, mine), until in found.items())


def _lent_ids(ctx: Context, wanted: Wanted, held: Loan) -> tuple[int, ...] | None:
    """Return which papers a loan takes out of the archive.

    Of photocopies made for it, once that is approved, those it is made from do not matter: they
    are lent by themselves (S3-ENG.3.5).
    """
    if held.parent_id is None or held.state == LoanState.ASKED:
        return wanted.ids
    items = loan_items.of(ctx.unit, held.id)
    return tuple(one.document_id for one in items if one.document_id is not None)


def _away(ctx: Context, block: Block, wanted: Wanted) -> tuple[Away, date]:
    held = loans.get(ctx.unit, block.loan_id) if block.loan_id is not None else None
    if block.why is Why.MISSING or (held is not None and held.state == LoanState.LOST):
        return Away.LOST, block.due_on or ctx.today
    if block.why is Why.OUT:
        return Away.LENT, block.due_on or ctx.today
    until = held.collect_by if held is not None else None
    if block.why is Why.RESERVED:
        offer = loan_queue.offer_of(ctx.session, wanted.dossier.id)
        until = offer.offer_until if offer is not None else None
    return Away.SET_ASIDE, day_before(until, ctx.policies.zone) if until is not None else ctx.today


def credential_ends(ctx: Context, held: Loan, wanted: Wanted, day: date) -> Reason | None:
    """Return that the credential of whom the papers are for ends before `day`; None: it does not.

    Rule: S1-15.7.2, C-05.
    """
    visitor = visitors.get(ctx.unit, held.outsider_id) if held.outsider_id else None
    row = row_for(wanted.policy, wanted.kind, wanted.reader) if visitor else None
    if visitor is None or row is None:
        return None
    return outsiders.ends_before(visitor.valid_to, day, row.rule)


# -- until when --------------------------------------------------------------------------------


def due_of(ctx: Context, wanted: Wanted, lent_at: datetime) -> tuple[Deadline, Term | None] | None:
    """Return until when papers handed out at an instant are back, and the term that was counted.

    The term is None where a day was named. None: nothing comes back, or a day is missing.

    Rule: S2-INFO.19.5, S1-15.6.2, C-18.
    """
    lending = wanted.policy.loan
    if lending is None or not wanted.kind.comes_back:
        return None
    if wanted.until is None:
        if lending.stated or wanted.long_term:
            return None
        due = loan_days.longest_of(wanted.policy, lent_at, ctx.calendar)
        return due, lending.duty.due
    rule = lending.long_term_rule if wanted.long_term else None
    return loan_days.that_day(wanted.policy, wanted.until, ctx.calendar, rule or ""), None
