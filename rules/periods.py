"""Completing dossiers period by period: which one a day falls into, until when, which dossiers.

A duty `[[completion]]` is one of who keeps such a dossier, once in each period. The trap is the
dossier opened near the end of a month: its duty begins with the next one (C-71).
"""

from __future__ import annotations

from datetime import date, timedelta

import msgspec

from rules.calendar import WorkingCalendar
from rules.deadlines import Deadline, Term, Unit, add_months, deadline
from rules.office import TimePolicy
from rules.policy import Policy
from rules.rungs import strike
from rules.upkeep import Completes, Completion

_MONTHS = {Unit.QUARTER_END: 3, Unit.YEAR_DATE: 12}

NEVER = date.min
"""Stands for a day that has not come, so that it sorts before every other."""


class Period(msgspec.Struct, frozen=True):
    first: date
    last: date


def period_of(day: date, duty: Completion) -> Period:
    """Return the month, quarter or year, as the duty's term says, in which a day lies.

    Rule: S1-07.2.3b, S1-05.2.
    """
    months = _MONTHS.get(duty.duty.due.unit, 1)
    first = date(day.year, day.month - (day.month - 1) % months, 1)
    return Period(first, add_months(first, months) - timedelta(days=1))


def due_of(
    period: Period, duty: Completion, time: TimePolicy, calendar: WorkingCalendar
) -> Deadline:
    """Return until when the dossiers of a period are completed on time. Rule: C-46."""
    return deadline(period.first, duty.duty.due, time.rules, calendar)


def that_day(day: date, duty: Completion, time: TimePolicy, calendar: WorkingCalendar) -> Deadline:
    """Return the deadline of a duty whose last day on time is known."""
    term = duty.duty.due
    return deadline(
        day, Term(Unit.SAME_DAY, rule=term.rule, cutoff=term.cutoff), time.rules, calendar
    )


def periodic(policy: Policy) -> tuple[Completion, ...]:
    """Return the duties of a policy that come back with every period.

    Not those that begin with a transaction: no transactions are kept.
    """
    return tuple(one for one in policy.completion if one.of is not Completes.TRADED)


class Kept(msgspec.Struct, frozen=True):
    """What is known of a dossier that is kept."""

    missing: int
    """Empty fields among those asked for; below 0 while nobody has counted."""
    long_term: bool
    """Marked as long-term cooperation (C-46)."""
    completed_on: date
    """Last office day on which a value was entered."""
    reviewed_on: date
    """The same, or on which it was confirmed that nothing has changed."""
    opened_on: date | None


def is_open(duty: Completion, period: Period, kept: Kept) -> bool:
    """Return whether a dossier still waits to be completed in the period.

    An incomplete one waits for a value; the others may also be confirmed as they are.

    Rule: S1-07.2.3b, S1-05.2, C-71.
    """
    if duty.from_next and (kept.opened_on or NEVER) >= period.first:
        return False
    match duty.of:
        case Completes.INCOMPLETE:
            return kept.missing > 0 and kept.completed_on < period.first
        case Completes.LONG_TERM:
            return kept.long_term and kept.reviewed_on < period.first
        case _:
            return kept.missing >= 0 and kept.reviewed_on < period.first


def first_call(
    period: Period, duty: Completion, time: TimePolicy, calendar: WorkingCalendar
) -> date:
    """Return the office day from which the duty is spoken of: that of its first reminder.

    Where it has none, the first day of the period.
    """
    anchor = time.anchor(period.first, due_of(period, duty, time, calendar), calendar)
    strikes_at = [strike(rung, anchor) for rung in duty.duty.remind]
    days = [time.office_day(at) for at in strikes_at]
    return max(period.first, min(days, default=period.first))
