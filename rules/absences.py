"""Leave, sickness and travel put a duty off, when told before its deadline.

Guards against chasing people for a day on which they were ill, and against absences that are told
once the deadline has passed: from it on the breach exists.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime

import msgspec

from rules.calendar import WorkingCalendar
from rules.deadlines import Deadline, Term, TimeRules, Unit, is_late, on_next_workday


class Away(msgspec.Struct, frozen=True):
    """Leave, sickness or travel of the person on duty."""

    first: date
    last: date
    """Last day away, included."""
    told_at: datetime
    """Platform time (UTC) at which it was entered."""


def put_off(
    due: Deadline,
    term: Term,
    away: Collection[Away],
    time: TimeRules,
    calendar: WorkingCalendar,
) -> Deadline:
    """Return `due`, or the first working day after the absences that cover its last day.

    `term`: what `due` was reckoned by. An absence counts if it was told before the deadline.

    Raises:
        CalendarGap: the day can be neither looked up nor computed.

    Rule: S1-07.2.3a.
    """
    moved = True
    while moved:
        moved = False
        for one in away:
            if one.first <= due.last_day <= one.last and not is_late(one.told_at, due):
                same_day = Term(Unit.SAME_DAY, rule=term.rule, cutoff=term.cutoff)
                due = on_next_workday(one.last, same_day, time, calendar)
                moved = True
    return due
