"""The days of a handover: when a leg is due, who is reminded, when a periodic one comes up.

A stored leg keeps its due day and instant; a policy that changes meanwhile does not move them
(S1-09.7.1). Guards against two traps of a chain: the second giver who pays for the first one's
delay, and the deed received after closing time that would be late at once.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

import msgspec

from rules.calendar import WorkingCalendar
from rules.deadlines import Deadline, Term, Unit, deadline, on_next_workday
from rules.duty import Duty
from rules.errors import DomainError
from rules.handover_policy import HandoverPolicy, ReceiptPolicy, StartEvent
from rules.hours import MIDNIGHT, instant
from rules.office import TimePolicy
from rules.reminders import Ladder, occurrences
from rules.rungs import Anchor

GIVER = "giver"
"""Audience of the reminders of a leg, and of a gap."""
RECEIVER = "receiver"
"""Audience of who has to sign."""

_DAY = timedelta(days=1)


def leg_deadline(
    policy: HandoverPolicy,
    n: int,
    started_on: date,
    time: TimePolicy,
    calendar: WorkingCalendar,
    *,
    total_start: date | None = None,
    previous_late: bool = False,
    opened_at: datetime | None = None,
) -> Deadline:
    """Return until when the giver of leg `n` (from 0) has handed over.

    `started_on` is the day of the event, or for a later leg the day on which the one before was
    signed. `total_start`, the day of the event, holds a later leg within the time for all of
    them together, unless the one before was late. What is due on the very day is due on the next
    working day where `opened_at` is later that day than the office closes, or the office is
    closed that day.

    Raises:
        DomainError: no such leg.
        CalendarGap: the count leaves the years that can be computed.

    Rule: S1-09.4.1, S1-09.4.2, S1-12.4.2a, S1-15.3.3, S2-DOSS.5.1, S3-ENG.3.2b, S4-LOAN.4.5a,
    S5-2.4.2, C-08, C-49.
    """
    term = _leg(policy, n).due
    due = deadline(started_on, term, time.rules, calendar)
    if term.unit is Unit.SAME_DAY and opened_at is not None:
        due = _still_open(due, term, started_on, opened_at, time, calendar)
    if n == 0 or policy.total is None or total_start is None or previous_late:
        return due
    last = deadline(total_start, policy.total, time.rules, calendar)
    return min(due, last, key=lambda one: one.instant)


def correction_deadline(
    policy: HandoverPolicy, ordered_on: date, time: TimePolicy, calendar: WorkingCalendar
) -> Deadline:
    """Return until when a gap noted, or a correction ordered, on that day is supplied.

    A correction that lapses counts anew from the day on which it lapsed.

    Rule: S1-09.5.10, S4-LOAN.4.2c.
    """
    return deadline(ordered_on, policy.correction.due, time.rules, calendar)


def that_day(
    policy: HandoverPolicy, n: int, day: date, time: TimePolicy, calendar: WorkingCalendar
) -> Deadline:
    """Return the deadline of a leg put off to a named day; a day off rolls.

    Rule: S4-LOAN.4.5b.
    """
    term = _leg(policy, n).due
    fixed = Term(Unit.MONTH_DAY, term.rule, day=day.day, cutoff=term.cutoff)
    return deadline(day, fixed, time.rules, calendar)


def ladder_of(policy: HandoverPolicy, n: int) -> Ladder:
    """Return the reminders of leg `n`; those to `giver` first, then who hears of a delay.

    Rule: S1-09.4.1, S1-09.5.10, S5-2.4.2.
    """
    return _leg(policy, n).ladder(GIVER)


def correction_ladder(policy: HandoverPolicy) -> Ladder:
    """Return the reminders of a gap; those to `giver` first, then who hears of it.

    Rule: S1-09.5.10.
    """
    return policy.correction.ladder(GIVER)


def anchor_of(
    due_on: date,
    due_at: datetime,
    started_on: date,
    time: TimePolicy,
    calendar: WorkingCalendar,
) -> Anchor:
    """Return what the ladder of a leg, or of a gap, hangs on: its stored due day, not a new count.

    Rule: S1-09.7.1.
    """
    return Anchor(
        due=due_on,
        start=started_on,
        deadline=due_at,
        time=time.rules,
        digest=time.digest,
        calendar=calendar,
        office_hours=time.office_hours,
    )


class Rates(msgspec.Struct, frozen=True):
    """How a department handed over in one month: what is counted, everywhere in the same way.

    Only the leg into the archive counts. Timely: of the legs due in the month, those handed over
    before their deadline, whether signed yet or not; one not handed over is not timely. Complete:
    of the legs due in the month and signed, those without any gap at the first signing; what was
    supplied later does not mend it.

    Rule: S1-09.5.8, S1-09.5.1, S1-09.5.4, C-58.
    """

    due: int
    """Legs due in the month, cancelled ones left out."""
    timely: int
    signed: int
    """Of those due, how many are signed."""
    complete: int

    def __post_init__(self) -> None:
        if not 0 <= self.timely <= self.due or not 0 <= self.complete <= self.signed <= self.due:
            raise DomainError("a share that is no larger than the whole")

    @property
    def timeliness(self) -> float | None:
        """Share of what was due that was handed over in time, 0 to 1; None: nothing was due."""
        return self.timely / self.due if self.due else None

    @property
    def completeness(self) -> float | None:
        """Share of what was signed that was complete, 0 to 1; None: nothing was signed."""
        return self.complete / self.signed if self.signed else None


def period_end(start: StartEvent, day: date) -> date:
    """Return the last day of the period that holds `day`; a fiscal year is a calendar year.

    Raises:
        DomainError: no event of the calendar.

    Rule: S1-12.4.2a, S1-12.4.2b, S1-15.3.3, S2-DOSS.5.1, S5-2.4.2.
    """
    if not start.periodic:
        raise DomainError(f"{start} does not come with the calendar")
    month = day.month if start is StartEvent.MONTH_END else 12
    first_of_next = date(day.year + month // 12, month % 12 + 1, 1)
    return first_of_next - _DAY


def opens_on(
    policy: HandoverPolicy, ended_on: date, time: TimePolicy, calendar: WorkingCalendar
) -> date:
    """Return the office day on which the periodic handover of the period ending then comes up.

    The day after, or that of its first reminder where this is earlier: what every December is
    handed over comes up on 1 December.

    Rule: S1-12.4.2a, S1-12.4.2d.
    """
    due = leg_deadline(policy, 0, ended_on, time, calendar)
    anchor = time.anchor(ended_on, due, calendar)
    first = next(occurrences(ladder_of(policy, 0), anchor), None)
    after = ended_on + _DAY
    return after if first is None else min(after, time.office_day(first.at))


def register_day(
    receipts: ReceiptPolicy, signed_at: datetime, time: TimePolicy, calendar: WorkingCalendar
) -> date:
    """Return under which working day a signature is entered in the receipt register.

    After the register's closing time, or on a day off, under the next working day. This moves no
    deadline.

    Rule: S1-09.2.5, C-65.
    """
    day = time.office_day(signed_at)
    closes = instant(day, receipts.duty.due.cutoff or MIDNIGHT, time.zone)
    if calendar.is_workday(day) and signed_at < closes:
        return day
    return calendar.next_workday(day)


def _leg(policy: HandoverPolicy, n: int) -> Duty:
    if not 0 <= n < len(policy.leg):
        raise DomainError(f"{policy.id} has no leg {n}")
    return policy.leg[n].duty


def _still_open(
    due: Deadline,
    term: Term,
    started_on: date,
    opened_at: datetime,
    time: TimePolicy,
    calendar: WorkingCalendar,
) -> Deadline:
    """Return what is due on the very day, or on the next working day where that is over."""
    closed = due.instant <= opened_at or not calendar.is_workday(started_on)
    if time.office_day(opened_at) != started_on or not closed:
        return due
    return on_next_workday(started_on, term, time.rules, calendar)
