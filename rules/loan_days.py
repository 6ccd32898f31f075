"""The days of a loan: fetched until, due, called back, reminded.

A stored loan keeps its due day and instant; a policy that changes meanwhile does not move them
(S1-09.7.1). Guards against the same-day loan that is handed out after close of business and would
be overdue at once.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

import msgspec
from msgspec.structs import replace

from rules.calendar import WorkingCalendar
from rules.deadlines import Deadline, Term, Unit, deadline, on_next_workday
from rules.errors import DomainError
from rules.incidents import IncidentKind, told_of
from rules.lending import DaysOff, LoanPolicy
from rules.loans import OUT_STATES, LoanState
from rules.policy import Policy
from rules.reminders import Ladder, Step, StepKind
from rules.rungs import Anchor
from rules.secrecy import Grade

BORROWER = "borrower"
"""Audience of the reminders."""
STILL_NEEDED = "still_needed"
"""Audience of the question to the borrower of a long-term loan whether it is still needed."""
INCIDENT = "incident"
"""Audience of the rung at which an overdue loan becomes an incident."""
CUSTODIAN = "custodian"
"""Audience of the reminders before the monthly list goes out."""


class LoanFacts(msgspec.Struct, frozen=True):
    """A loan that was handed out."""

    state: LoanState
    lent_at: datetime
    due_on: date
    """Last office day on time, renewals and recalls included."""
    due_at: datetime
    """First late instant."""
    renewals: int = 0
    """Ordinary renewals that were granted."""
    recalled: bool = False
    """Whether the custodian has asked for it back early."""
    long_term: bool = False
    rest_lent: bool = False
    """Of one that is short: whether other papers of it were never brought, and are lent on."""

    @property
    def watched(self) -> bool:
        """Whether papers are in the borrower's hands, to be brought by the due day."""
        return self.state is LoanState.LENT or (self.state is LoanState.SHORT and self.rest_lent)


class Recall(StrEnum):
    """Why papers are asked back early."""

    UPGRADED = "upgraded"
    """Their grade is higher now than when they were lent: at once."""
    NEEDED = "needed"
    """The archive needs them, or somebody waits: within the policy's term."""


def lending_of(policy: Policy) -> LoanPolicy:
    """Return how the policy lends.

    Raises:
        DomainError: it lends nothing; ask `policy.loan` first.
    """
    if policy.loan is None:
        raise DomainError(f"{policy.pack} lends nothing")
    return policy.loan


def due_of(
    policy: Policy,
    lent_at: datetime,
    calendar: WorkingCalendar,
    *,
    stated: date | None = None,
    long_term: bool = False,
) -> Deadline:
    """Return until when papers handed out at `lent_at` are back on time.

    `stated` is the day the borrower named; a day off rolls as the company's time says. Without
    it the policy's longest ordinary loan counts, the day of the hand-out being day 0. Papers
    handed out after the day's cut-off count from the next working day.

    Raises:
        DomainError: the policy lends nothing, wants a day and none is stated, or the stated day
            is over (`collect_by` has the approval lapse before).
        CalendarGap: the count leaves the years that can be computed.

    Rule: S2-INFO.19.5, S1-14.5b, S1-15.6.2, S4-LOAN.6.3, S3-ENG.3.3a, C-07, C-18, C-64.
    """
    loan = lending_of(policy)
    if stated is None:
        if loan.stated or long_term:
            raise DomainError("a day of return must be stated")
        return longest_of(policy, lent_at, calendar)
    rule = loan.long_term_rule if long_term else None
    due = that_day(policy, stated, calendar, rule or "")
    if due.instant <= lent_at:
        raise DomainError(f"handed out after {stated}, the day of return")
    return due


def longest_of(policy: Policy, lent_at: datetime, calendar: WorkingCalendar) -> Deadline:
    """Return until when an ordinary loan handed out at `lent_at` may last at most.

    Rule: S2-INFO.19.5, S1-14.5b, C-18.
    """
    return _still_open(policy, lending_of(policy).duty.due, lent_at, calendar)


def that_day(policy: Policy, day: date, calendar: WorkingCalendar, rule: str = "") -> Deadline:
    """Return the deadline of papers that are due on a named day; a day off rolls.

    `rule` is the clause behind it; empty: that of an ordinary loan.

    Rule: S1-15.6.2, S4-LOAN.6.3, S1-14.5d.
    """
    due = lending_of(policy).duty.due
    term = Term(Unit.MONTH_DAY, rule or due.rule, day=day.day, cutoff=due.cutoff)
    return deadline(day, term, policy.time.rules, calendar)


def day_before(first_late: datetime, zone: ZoneInfo) -> date:
    """Return the last office day of a deadline by its first late instant; 24:00 ends a day."""
    return (first_late.astimezone(zone) - timedelta(microseconds=1)).date()


def collect_by(
    policy: Policy, approved_at: datetime, calendar: WorkingCalendar, stated: date | None = None
) -> Deadline:
    """Return until when approved papers are fetched; then the approval lapses.

    Not later than a stated day of return: an approval for a loan that should be over has lapsed.

    Rule: C-54.
    """
    term = lending_of(policy).collect
    day = policy.time.office_day(approved_at)
    due = deadline(day, term, policy.time.rules, calendar)
    if stated is None:
        return due
    return min(due, that_day(policy, stated, calendar), key=lambda one: one.instant)


def offer_until(policy: Policy, offered_at: datetime, calendar: WorkingCalendar) -> Deadline:
    """Return how long papers that came back wait for the first in the queue.

    Rule: S3-LOG.2.3a.
    """
    day = policy.time.office_day(offered_at)
    return deadline(day, lending_of(policy).offer, policy.time.rules, calendar)


def recall_of(lent_grade: Grade, grade: Grade) -> Recall | None:
    """Return whether a new grade calls lent papers back; None: the loan goes on as it is.

    Above the grade at lending they come back at once. A lower grade, or one that lapsed, leaves
    the due day alone.

    Rule: C-56, S2-SECR.7.
    """
    return Recall.UPGRADED if grade > lent_grade else None


def recalled(
    policy: Policy, loan: LoanFacts, why: Recall, at: datetime, calendar: WorkingCalendar
) -> Deadline:
    """Return until when papers are back that are called back at `at`.

    Never later than they were due anyhow. At once means the same office day, or the next one
    where the office is closed.

    Raises:
        DomainError: the papers are not out.

    Rule: C-56, S1-14.5c, S1-14.8, S1-15.5.3.
    """
    if loan.state not in OUT_STATES:
        raise DomainError(f"a loan that is {loan.state} cannot be called back")
    lending = lending_of(policy)
    upgraded = why is Recall.UPGRADED
    term = Term(Unit.SAME_DAY, "C-56") if upgraded else lending.recall
    due = _still_open(policy, term, at, calendar, worked=True)
    if due.instant < loan.due_at:
        return due
    as_before = Term(Unit.SAME_DAY, lending.duty.due.rule, cutoff=lending.duty.due.cutoff)
    return deadline(loan.due_on, as_before, policy.time.rules, calendar)


def ladder_of(policy: Policy, loan: LoanFacts) -> Ladder:
    """Return the reminders of a loan; those to `borrower` first, then who hears of a delay.

    While a count waits for the other side only the rung `incident` is left, and nothing once the
    papers are back, short or lost: then the incident has its own. Of a short loan the papers that
    were never brought are reminded of as before. When the due day was set anew, that instant is
    the `opened_at` of `rules.reminders`, so that no rung before it strikes.

    Rule: S1-14.5c, S1-14.8, S1-15.5.3, S1-14.5d.
    """
    lending = lending_of(policy)
    rule = told_of(policy, IncidentKind.OVERDUE).rule
    incident = Step(lending.incident_after, INCIDENT, StepKind.ESCALATE, rule)
    if loan.state in (LoanState.RETURNING, LoanState.DISPUTED):
        return (incident,)
    if not loan.watched:
        return ()
    check = _still_needed(lending) if loan.long_term else ()
    return (*lending.duty.ladder(BORROWER), *check, incident)


def anchor_of(policy: Policy, loan: LoanFacts, calendar: WorkingCalendar) -> Anchor:
    """Return what the ladder of a loan hangs on: its stored due day, not a new count.

    Rule: S1-09.7.1, C-07.
    """
    time = policy.time
    return Anchor(
        due=loan.due_on,
        start=time.office_day(loan.lent_at),
        deadline=loan.due_at,
        time=time.rules,
        digest=time.digest,
        calendar=calendar,
        office_hours=time.office_hours,
        rests=lending_of(policy).days_off is DaysOff.WAIT,
    )


def list_ladder(policy: Policy) -> Ladder:
    """Return the rungs of the monthly list: to the custodian, then to who receives it.

    Empty where the policy has no such list.

    Rule: S3-ENG.3.6.
    """
    listed = lending_of(policy).unreturned
    if listed is None:
        return ()
    before = (Step(one, CUSTODIAN, StepKind.REMIND, listed.rule) for one in listed.remind)
    return (*before, Step(listed.send, listed.to, StepKind.ESCALATE, listed.rule))


def list_anchor(policy: Policy, day: date, calendar: WorkingCalendar) -> Anchor:
    """Return what the monthly list of the month of `day` hangs on.

    Rule: S3-ENG.3.6.
    """
    term = Term(Unit.MONTH_END, policy.time.rule)
    due = deadline(day, term, policy.time.rules, calendar)
    anchor = policy.time.anchor(day.replace(day=1), due, calendar)
    # a month whose last day is off ends in the next one, and its rungs are days of this one
    return replace(anchor, due=day)


def _still_open(
    policy: Policy,
    term: Term,
    at: datetime,
    calendar: WorkingCalendar,
    *,
    worked: bool = False,
) -> Deadline:
    """Return the deadline of a term that starts at an instant and must not be over by then.

    With `worked` it starts on a working day.
    """
    day, time = policy.time.office_day(at), policy.time.rules
    if worked and not calendar.is_workday(day):
        return on_next_workday(day, term, time, calendar)
    due = deadline(day, term, time, calendar)
    while due.instant <= at:
        due = on_next_workday(day, term, time, calendar)
        day = calendar.next_workday(day)
    return due


def _still_needed(lending: LoanPolicy) -> Ladder:
    rung, rule = lending.long_term_check, lending.long_term_rule
    if rung is None or rule is None:
        return ()
    return (Step(rung, STILL_NEEDED, StepKind.REMIND, rule),)
