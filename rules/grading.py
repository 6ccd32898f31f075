"""Secrecy grades as they are given: what is proposed, what is refused, when one ends by itself.

The content and the customer are two questions, and the stricter answer counts. The trap is the
grade without an end: under a policy that asks for one nothing graded is kept without it.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, timedelta

from rules.calendar import WorkingCalendar
from rules.deadlines import Deadline, add_months
from rules.errors import Denied, Reason
from rules.policy import Policy
from rules.reminders import Ladder, Step, StepKind
from rules.rungs import Anchor, strike
from rules.secrecy import Grade

CONTENT = {
    "none": Grade.NONE,
    "ordinary": Grade.CONFIDENTIAL,
    "important": Grade.SECRET,
    "most_important": Grade.TOP_SECRET,
}
"""How important the data are, by the grade that follows (S2-SECR.5)."""

CUSTOMER = {
    "ordinary": Grade.CONFIDENTIAL,
    "important": Grade.SECRET,
    "key": Grade.TOP_SECRET,
}
"""What dealings the company has with the customer, by the grade that follows (S2-SECR.6)."""

KEEPER, CUSTODIAN = "author", "custodian"
"""Who is reminded of the end of a period."""


def proposed(content: str, customer: str) -> Grade:
    """Return the grade that both tests lead to: none where nothing is secret, else the higher.

    Raises:
        KeyError: no such answer.

    Rule: S2-SECR.4, S2-SECR.5, S2-SECR.6.
    """
    by_content, by_customer = CONTENT[content], CUSTOMER[customer]
    if by_content is Grade.NONE:
        return Grade.NONE
    return max(by_content, by_customer, key=lambda grade: grade.rank)


def proposed_until(grade: Grade, day: date, policy: Policy) -> date | None:
    """Return the last day of secrecy that is proposed; None: ungraded.

    Rule: C-35.
    """
    if grade is Grade.NONE:
        return None
    return add_months(day, 12 * policy.secrecy.years[grade.value])


def may_grade(roles: Collection[str], policy: Policy) -> bool:
    """Return whether a role among these gives and changes grades. Rule: S2-SECR.12a."""
    return any(role in roles for role in policy.secrecy.graders)


def refusal(grade: Grade, until: date | None, day: date, policy: Policy) -> Denied | None:
    """Return why a dossier cannot have that grade until that day; None if it can.

    Rule: S2-SECR.7.
    """
    if grade is Grade.NONE:
        return None
    rule = policy.secrecy.until_rule
    if until is None:
        if not policy.secrecy.until_required:
            return None
        return Denied((Reason.of("until_missing", rule=rule, next_step="give_until"),))
    if until < day:
        return Denied((Reason.of("until_passed", rule=rule, next_step="give_until", until=until),))
    return None


def ended(until: date | None, day: date) -> bool:
    """Return whether secrecy is over by an office day: from the day after its last one.

    Rule: S2-SECR.7.
    """
    return until is not None and until < day


def anchor(until: date, policy: Policy, calendar: WorkingCalendar) -> Anchor:
    """Return what the reminders of an end of secrecy hang on."""
    instant = policy.time.day_start(until + timedelta(days=1))
    rule = policy.secrecy.until_rule
    due = Deadline(until, instant, timedelta(0), False, (), (), rule)
    return policy.time.anchor(until, due, calendar)


def lead(policy: Policy, day: date, calendar: WorkingCalendar) -> timedelta:
    """Return how long before its last day a period ending about `day` is spoken of first."""
    at = anchor(day, policy, calendar)
    first = min(strike(rung, at) for rung in policy.secrecy.remind)
    return max(day - policy.time.office_day(first), timedelta(0))


def ladder(policy: Policy, who: str) -> Ladder:
    """Return the reminders before the end of secrecy, to the keeper or the custodian.

    Rule: S2-SECR.7.
    """
    rule = policy.secrecy.until_rule
    return tuple(Step(rung, who, StepKind.REMIND, rule) for rung in policy.secrecy.remind)
