"""Keeping a loan longer: a new due day, or everything that stands against it.

Guards against the renewal that shortens a loan, and against the one that wipes out a day which
has passed: what is overdue is returned, not renewed.
"""

from __future__ import annotations

from datetime import date, datetime

import msgspec

from rules.calendar import WorkingCalendar
from rules.deadlines import Deadline, deadline
from rules.errors import Denied, Reason
from rules.loan_days import LoanFacts, lending_of, that_day
from rules.loans import LoanState
from rules.policy import Policy


class RenewFacts(msgspec.Struct, frozen=True):
    """What the borrower wants of a renewal, and who else wants the papers."""

    at: datetime
    """The act's own time (C-58)."""
    until: date | None = None
    """The day that is named; None: as long as a renewal may be."""
    long_term: bool = False
    waiting: int = 0
    """Colleagues in the queue for these papers."""


def renewed(
    policy: Policy, loan: LoanFacts, wish: RenewFacts, calendar: WorkingCalendar
) -> Deadline | Denied:
    """Return the new deadline of a renewal, or every reason why there is none.

    Counted from the old due day, which it never moves earlier. Codes: `not_lent`, `overdue`,
    `recalled`, `somebody_waits`, `renewals_used` (next step `ask_long_term` where the policy has
    long-term loans), `no_long_term`, `day_missing`, `day_not_later`, `day_too_late`.

    Rule: S1-14.5b, S1-14.5d, C-19, C-73.
    """
    reasons = [
        *_standing(policy, loan, wish),
        *_counted(policy, loan, wish),
        *_day_of(policy, loan, wish, calendar),
    ]
    if reasons:
        return Denied(tuple(reasons))
    if wish.until is None:
        return _longest(policy, loan, calendar)
    return that_day(policy, wish.until, calendar, _rule(policy, wish))


def _rule(policy: Policy, wish: RenewFacts) -> str:
    lending = lending_of(policy)
    return (lending.long_term_rule if wish.long_term else None) or lending.renewal.rule


def _longest(policy: Policy, loan: LoanFacts, calendar: WorkingCalendar) -> Deadline:
    return deadline(loan.due_on, lending_of(policy).renewal, policy.time.rules, calendar)


def _standing(policy: Policy, loan: LoanFacts, wish: RenewFacts) -> list[Reason]:
    """Return why the loan as it stands is not renewed."""
    lending, due = lending_of(policy), loan.due_on
    if loan.state is not LoanState.LENT:
        return [Reason.of("not_lent", rule=lending.return_rule, state=loan.state.value)]
    reasons = []
    if wish.at >= loan.due_at:
        rule = lending.duty.due.rule
        reasons.append(Reason.of("overdue", rule=rule, next_step="return_first", due=due))
    on_time = "return_on_time"
    if loan.recalled:
        reasons.append(Reason.of("recalled", rule=lending.recall.rule, next_step=on_time, due=due))
    if wish.waiting:
        reasons.append(
            Reason.of(
                "somebody_waits",
                rule=lending.offer.rule,
                next_step=on_time,
                due=due,
                waiting=wish.waiting,
            )
        )
    return reasons


def _counted(policy: Policy, loan: LoanFacts, wish: RenewFacts) -> list[Reason]:
    """Return whether there is a renewal left, or long-term loans at all."""
    lending = lending_of(policy)
    rule = lending.renewal.rule
    if wish.long_term:
        if lending.long_term:
            return []
        return [Reason.of("no_long_term", rule=rule, next_step="return_on_time", due=loan.due_on)]
    if loan.renewals < lending.renewals_max:
        return []
    return [
        Reason.of(
            "renewals_used",
            rule=rule,
            next_step="ask_long_term" if lending.long_term else "return_on_time",
            used=loan.renewals,
            due=loan.due_on,
        )
    ]


def _day_of(
    policy: Policy, loan: LoanFacts, wish: RenewFacts, calendar: WorkingCalendar
) -> list[Reason]:
    """Return what is wrong with the day that a renewal would lead to."""
    lending = lending_of(policy)
    rule = _rule(policy, wish)
    longest = _longest(policy, loan, calendar).last_day
    if wish.until is None and (wish.long_term or lending.renewed_to_a_day):
        return [Reason.of("day_missing", rule=rule, next_step="name_day")]
    day = longest
    if wish.until is not None:
        day = that_day(policy, wish.until, calendar).last_day
    if day <= loan.due_on:
        return [Reason.of("day_not_later", rule=rule, next_step="name_later_day", due=loan.due_on)]
    if day > longest and not wish.long_term:
        return [Reason.of("day_too_late", rule=rule, next_step="name_earlier_day", last=longest)]
    return []
