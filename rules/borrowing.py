"""Whether somebody may ask for these papers now: every reason against it at once.

Asked when a request is written, when it is decided and when the papers are handed out, because
each of these may be days after the one before.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from enum import StrEnum

import msgspec

from rules.calendar import WorkingCalendar
from rules.chains import Approval
from rules.errors import Denied, Reason
from rules.incidents import IncidentKind, told_of
from rules.leaves import RuleId
from rules.lending import LoanPolicy, Place, Sublend
from rules.loan_days import longest_of, that_day
from rules.loans import LoanKind
from rules.occasions import Action
from rules.policy import Policy
from rules.secrecy import Grade


class Wish(msgspec.Struct, frozen=True):
    """What somebody wants to have."""

    kind: LoanKind
    at: datetime
    """When it is asked or handed out, UTC."""
    place: Place
    """Where the papers are to be used."""
    original: bool
    """Whether an original is among them."""
    grade: Grade
    """Highest grade among them now."""
    until: date | None = None
    """The day of return the borrower names; None: none was named."""
    long_term: bool = False

    @property
    def leaves_house(self) -> bool:
        """Whether anything leaves the company's premises; for the choice of the approval."""
        return self.place is Place.OUT


class Overdue(msgspec.Struct, frozen=True):
    """One loan of the borrower that should be back."""

    number: str
    due_on: date


class Away(StrEnum):
    """Why papers are not there to be lent."""

    LENT = "lent"
    SET_ASIDE = "set_aside"
    """Approved for somebody, or offered to the first who waits."""
    LOST = "lost"


class Taken(msgspec.Struct, frozen=True):
    """A wished paper that somebody else, or the borrower, has already."""

    why: Away
    until: date
    """Due day, or the last day on which it is kept for somebody."""
    mine: bool = False
    """Whether the borrower has it."""


class BorrowerFacts(msgspec.Struct, frozen=True):
    """What stands against a borrower; the caller looks it up."""

    clearance: Grade | None
    """Highest grade the borrower may be shown; None: not asked, of who keeps the dossier and of
    people from outside."""
    overdue: tuple[Overdue, ...] = ()
    open_loans: int = 0
    """Loans asked, approved or lent, this one not counted."""
    incidents: tuple[str, ...] = ()
    """Numbers of incidents with papers lent to the borrower that are not settled."""
    disputed: tuple[str, ...] = ()
    """Numbers of loans whose return was counted differently by the two sides."""
    taken: tuple[Taken, ...] = ()
    """Which of the wished papers are not there; one kept for this very borrower is left out."""


def action_of(policy: Policy, kind: LoanKind) -> Action:
    """Return by which rows of the approvals such a request is decided.

    Rule: S1-02.7, C-64.
    """
    if kind is LoanKind.LOAN and policy.loan is not None:
        return policy.loan.request
    return Action(kind.value)


def hindrances(
    policy: Policy, wish: Wish, borrower: BorrowerFacts, calendar: WorkingCalendar
) -> Denied | None:
    """Return every reason why the papers cannot be had; None: nothing stands against it.

    Codes, with facts and next step: `no_loans`; `above_clearance` (grade; ask_keeper);
    `loan_overdue`, one for each (number, due; return_first); `incident_open`, one for each
    (number; settle_incident); `count_disputed`, one for each (number; open_my_loans);
    `too_many_loans` (limit; return_first); `already_yours` (until; open_my_loans);
    `papers_lent` (until; join_queue); `papers_set_aside` (until; join_queue); `papers_lost`
    (ask_custodian); `original_stays` (copy_loan or copy, where the policy has it);
    `place_too_far` (place; stay_within); `no_long_term` (ask_ordinary); `day_missing`
    (name_day); `day_past` (name_later_day); `day_too_late` (last; ask_long_term or
    name_earlier_day).

    A copy or data handed over for good are kept from nobody for a late loan or a lent original.

    Rule: S1-14.5b, S1-15.6.2, S2-SECR.12a, S3-ENG.3.3a, S3-ENG.3.3b, S3-LOG.2.3a, S1-02.7, C-19.
    """
    reasons = [*_clearance(wish, borrower)]
    if wish.kind.comes_back:
        reasons += _lent(policy, wish, borrower, calendar)
    return Denied(tuple(reasons)) if reasons else None


def _lent(
    policy: Policy, wish: Wish, borrower: BorrowerFacts, calendar: WorkingCalendar
) -> Iterator[Reason]:
    """Yield what stands against lending."""
    lending = policy.loan
    if lending is None:
        rule = policy.dossier.rule
        yield Reason.of("no_loans", rule=rule, next_step="request_consultation")
        return
    yield from _record(policy, lending, borrower)
    yield from _away(borrower)
    yield from _reach(policy, lending, wish)
    yield from _day(policy, lending, wish, calendar)


def _clearance(wish: Wish, borrower: BorrowerFacts) -> Iterator[Reason]:
    if borrower.clearance is not None and borrower.clearance < wish.grade:
        yield Reason.of(
            "above_clearance",
            rule="S2-SECR.12a",
            next_step="ask_keeper",
            grade=wish.grade.value,
        )


def _record(policy: Policy, lending: LoanPolicy, borrower: BorrowerFacts) -> Iterator[Reason]:
    """Yield what the borrower has to settle first."""
    missing = told_of(policy, IncidentKind.LOST).rule
    for late in borrower.overdue:
        yield Reason.of(
            "loan_overdue",
            rule=lending.duty.due.rule,
            next_step="return_first",
            number=late.number,
            due=late.due_on,
        )
    for number in borrower.incidents:
        yield Reason.of(
            "incident_open",
            rule=missing,
            next_step="settle_incident",
            number=number,
        )
    for number in borrower.disputed:
        yield Reason.of(
            "count_disputed",
            rule="S1-14.9",
            next_step="open_my_loans",
            number=number,
        )
    limit, rule = lending.limit, lending.limit_rule
    if limit is not None and rule is not None and borrower.open_loans >= limit:
        yield Reason.of("too_many_loans", rule=rule, next_step="return_first", limit=limit)


def _away(borrower: BorrowerFacts) -> Iterator[Reason]:
    rule = "S3-LOG.2.3a"
    for one in borrower.taken:
        if one.why is Away.LOST:
            yield Reason.of("papers_lost", rule=rule, next_step="ask_custodian")
        elif one.mine:
            yield Reason.of("already_yours", rule=rule, next_step="open_my_loans", until=one.until)
        else:
            code = "papers_lent" if one.why is Away.LENT else "papers_set_aside"
            yield Reason.of(code, rule=rule, next_step="join_queue", until=one.until)


def _reach(policy: Policy, lending: LoanPolicy, wish: Wish) -> Iterator[Reason]:
    """Yield why the papers may not go so far."""
    leaves = wish.place is Place.OUT
    if leaves and wish.original and wish.kind is LoanKind.LOAN and lending.originals_rule:
        yield Reason.of(
            "original_stays", rule=lending.originals_rule, next_step=_instead(policy.approval)
        )
    if wish.place.rank > lending.place.rank and lending.place_rule:
        yield Reason.of(
            "place_too_far",
            rule=lending.place_rule,
            next_step="stay_within",
            place=lending.place.value,
        )


def _instead(approvals: tuple[Approval, ...]) -> str:
    """Return which request serves where the original stays; empty: none does."""
    actions = {row.action for row in approvals}
    for action in (Action.COPY_LOAN, Action.COPY):
        if action in actions:
            return action.value
    return ""


def _day(
    policy: Policy, lending: LoanPolicy, wish: Wish, calendar: WorkingCalendar
) -> Iterator[Reason]:
    """Yield what is wrong with the day of return."""
    rule = (lending.long_term_rule if wish.long_term else None) or lending.duty.due.rule
    if wish.long_term and not lending.long_term:
        yield Reason.of("no_long_term", rule=rule, next_step="ask_ordinary")
        return
    if wish.until is None:
        if wish.long_term or lending.stated:
            yield Reason.of("day_missing", rule=rule, next_step="name_day")
        return
    due = that_day(policy, wish.until, calendar)
    if due.instant <= wish.at:
        yield Reason.of("day_past", rule=rule, next_step="name_later_day", day=wish.until)
    elif not wish.long_term:
        last = longest_of(policy, wish.at, calendar).last_day
        if due.last_day > last:
            step = "ask_long_term" if lending.long_term else "name_earlier_day"
            yield Reason.of("day_too_late", rule=rule, next_step=step, last=last)


def carrier_rule(
    lending: LoanPolicy | None, *, leaves_house: bool, important: bool, grade: Grade
) -> RuleId | None:
    """Return the clause by which somebody is named who carries papers outside; None: none does.

    Rule: S2-INFO.23.2, S2-SECR.8.3.
    """
    graded = grade is not Grade.NONE
    if lending is None or not leaves_house or not (important or graded):
        return None
    return (lending.carrier_graded_rule if graded else None) or lending.carrier_rule


def sublend_refusal(lending: LoanPolicy) -> Denied | None:
    """Return why papers may not be passed on to a colleague; None: with the custodian as a third.

    Code `sublend_forbidden`: they go back to the archive, and the colleague asks for them.

    Rule: S1-15.7.3, S1-14.6, S1-05.4.
    """
    if lending.sublend is Sublend.WITNESSED:
        return None
    reason = Reason.of("sublend_forbidden", rule=lending.sublend_rule, next_step="return_first")
    return Denied((reason,))


_ACQUAINTED = ("朋友", "熟人", "亲戚", "老乡", "同学", "私人", "私事", "friend", "private")
_FILLING = "的是我有个为了因帮一下忙托请 ,，。.!！"


def unlinked(reason: str, rule: str = "S1-05.4") -> Reason | None:
    """Return why a reason gives no link between the work and the customer; None: it may be one.

    Nothing is lent on the strength of personal acquaintance: a reason that says nothing else, or
    nothing at all, is none. Code `no_work_link` (next step `say_reason`).

    Rule: S1-05.4.
    """
    rest = reason.casefold()
    for word in _ACQUAINTED:
        rest = rest.replace(word, "")
    rest = rest.strip(_FILLING)
    if len(rest) >= 2 and any(one.isalnum() for one in rest):
        return None
    return Reason.of("no_work_link", rule=rule, next_step="say_reason")
