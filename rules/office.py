"""`[time]` of a policy: how the company reckons time.

Zone, cut-off, quiet hours and office hours live here and nowhere else (CONTRACT 3.2).
"""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from itertools import pairwise
from zoneinfo import ZoneInfo

import msgspec

from rules import hours
from rules.calendar import WorkingCalendar
from rules.deadlines import Deadline, Roll, TimeRules
from rules.errors import DomainError
from rules.hours import Clock, Window
from rules.leaves import RuleId
from rules.rungs import Anchor


class ClockSource(StrEnum):
    """Whose clock says when something was done."""

    PLATFORM = "platform_message_time"


class TimePolicy(msgspec.Struct, frozen=True):
    """`[time]`: how the company reckons time."""

    zone: ZoneInfo
    """Zone of every deadline, quiet hour and digest."""
    calendar: str
    """Which holidays: `cn`."""
    cutoff: Clock
    """When an office day ends for deadlines."""
    count_first_day: bool
    """Whether the day of the event is day 1."""
    roll: Roll
    """Where a calendar-day deadline goes that falls on a day off."""
    tolerance_seconds: int
    """Grace after a deadline, in seconds."""
    clock: ClockSource
    quiet_hours: Window
    """No message goes out in these hours; equal times switch it off."""
    office_hours: tuple[Window, ...]
    """Office hours of a working day, ascending."""
    digest: Clock
    """When the morning card goes out; also the time of rungs that name none."""
    rule: RuleId
    """Clause behind the general choices (C-07, C-54, C-58)."""

    def __post_init__(self) -> None:
        if self.calendar != "cn":
            raise DomainError("calendar = 'cn', the only one there is")
        if self.tolerance_seconds < 0:
            raise DomainError("tolerance_seconds of 0 or more")
        edges = [edge for window in self.office_hours for edge in (window.start, window.end)]
        if not edges or any(a >= b for a, b in pairwise(edges)):
            raise DomainError("office_hours ascending, each with its start before its end")
        if self.digest in self.quiet_hours:
            raise DomainError("a digest outside the quiet hours")

    @property
    def rules(self) -> TimeRules:
        """What deadlines need of it."""
        return TimeRules(
            self.zone, self.cutoff, self.count_first_day, self.roll, self.tolerance_seconds
        )

    def anchor(self, start: date, due: Deadline, calendar: WorkingCalendar) -> Anchor:
        """Return what a reminder ladder hangs on."""
        return Anchor(
            due=due.last_day,
            start=start,
            deadline=due.instant,
            time=self.rules,
            digest=self.digest,
            calendar=calendar,
            office_hours=self.office_hours,
        )

    def day_start(self, day: date) -> datetime:
        """Return the UTC instant at which an office day begins."""
        return hours.instant(day, Clock(0), self.zone)

    def office_day(self, at: datetime) -> date:
        """Return the office day on which an aware instant falls."""
        return hours.local_day(at, self.zone)
