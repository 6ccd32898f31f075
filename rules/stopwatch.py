"""Office time that runs and can be stopped: how long a decision has been waited for.

Guards against ladders that run through nights, holidays and the hours in which the person who
asked has still to answer a question.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec

from rules import hours
from rules.calendar import WorkingCalendar
from rules.hours import Clock, Window


class Office(msgspec.Struct, frozen=True):
    """When a company works."""

    office_hours: tuple[Window, ...]
    calendar: WorkingCalendar
    zone: ZoneInfo

    def after(self, start: datetime, span: timedelta) -> datetime:
        """Return the UTC instant when `span` of office time has passed since `start`."""
        amount = span / timedelta(hours=1)
        return hours.add_working_hours(start, amount, self.office_hours, self.calendar, self.zone)

    def between(self, start: datetime, end: datetime) -> timedelta:
        """Return the office time from `start` to `end`."""
        return hours.working_time(start, end, self.office_hours, self.calendar, self.zone)

    def day(self, at: datetime) -> date:
        """Return the office day on which `at` falls."""
        return hours.local_day(at, self.zone)

    def day_start(self, day: date) -> datetime:
        """Return the UTC instant at which an office day begins."""
        return hours.instant(day, Clock(0), self.zone)


class Stopwatch(msgspec.Struct, frozen=True):
    """Office time spent so far."""

    since: datetime | None
    """UTC instant from which it has been running; None while it stands."""
    used: timedelta = timedelta(0)
    """Office time spent before that."""

    def stopped(self, at: datetime, office: Office) -> Stopwatch:
        """Return it standing still from `at` on."""
        if self.since is None:
            return self
        return Stopwatch(None, self.used + office.between(self.since, at))

    def running(self, at: datetime) -> Stopwatch:
        """Return it going on from `at`; one that runs already is left alone."""
        return self if self.since is not None else Stopwatch(at, self.used)

    def due(self, amount: int, office: Office) -> datetime | None:
        """Return when it reads `amount` office hours; None while it stands."""
        if self.since is None:
            return None
        left = timedelta(hours=amount) - self.used
        return office.after(self.since, left) if left > timedelta(0) else self.since
