"""Clock times of the office: cut-off, quiet hours, working hours.

Guards against two traps: 24:00 is the end of a day and has no `datetime.time`, and a wall-clock
time means nothing without the policy's zone. Instants in and out are aware UTC datetimes.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import msgspec

from rules.errors import DomainError

if TYPE_CHECKING:
    from rules.calendar import WorkingCalendar

_CLOCK = re.compile(r"([01]?\d|2[0-4]):([0-5]\d)")


class Clock(msgspec.Struct, frozen=True, order=True):
    """A time of day from 00:00 to 24:00."""

    minutes: int
    """Minutes since midnight, 0 to 1440; 1440 is the end of the day."""

    def __post_init__(self) -> None:
        if not 0 <= self.minutes <= 24 * 60:
            raise DomainError(f"no such time of day: {self.minutes} minutes")

    @classmethod
    def parse(cls, text: str) -> Clock:
        """Return the time written as `H:MM` or `HH:MM`, up to `24:00`.

        Raises:
            DomainError: anything else.
        """
        match = _CLOCK.fullmatch(text)
        if match is None:
            raise DomainError(f"no such time of day: {text!r}, expected HH:MM")
        return cls(int(match[1]) * 60 + int(match[2]))

    def __str__(self) -> str:
        return f"{self.minutes // 60:02d}:{self.minutes % 60:02d}"


MIDNIGHT = Clock(24 * 60)
"""The end of a day."""


class Window(msgspec.Struct, frozen=True):
    """A stretch of the day, `start` included, `end` not; may run over midnight."""

    start: Clock
    end: Clock

    @classmethod
    def parse(cls, start: str, end: str) -> Window:
        """Return the window between two `HH:MM` texts; equal texts mean an empty window."""
        return cls(Clock.parse(start), Clock.parse(end))

    def __contains__(self, clock: Clock) -> bool:
        if self.start <= self.end:
            return self.start <= clock < self.end
        return clock >= self.start or clock < self.end


@lru_cache(maxsize=64)
def zone(name: str) -> ZoneInfo:
    """Return the time zone of that IANA name.

    Raises:
        DomainError: there is no such zone on this machine.
    """
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise DomainError(f"no such time zone: {name!r}") from error


def instant(day: date, clock: Clock, where: ZoneInfo) -> datetime:
    """Return the UTC instant at which `clock` strikes on `day`; 24:00 is 00:00 of the next day."""
    if clock.minutes == 24 * 60:
        day, clock = day + timedelta(days=1), Clock(0)
    hour, minute = divmod(clock.minutes, 60)
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=where).astimezone(UTC)


def local_day(at: datetime, where: ZoneInfo) -> date:
    """Return the office day on which the instant `at` falls.

    Raises:
        DomainError: `at` has no time zone.
    """
    return _local(at, where).date()


def local_clock(at: datetime, where: ZoneInfo) -> Clock:
    """Return the wall-clock time of the instant `at`, seconds dropped."""
    local = _local(at, where)
    return Clock(local.hour * 60 + local.minute)


def after_quiet(at: datetime, quiet: Window | None, where: ZoneInfo) -> datetime:
    """Return `at`, or the end of the quiet hours it falls into (UTC).

    A message due in quiet hours waits; the duty behind it does not.
    """
    if quiet is None or local_clock(at, where) not in quiet:
        return at
    day = local_day(at, where)
    if quiet.start > quiet.end and local_clock(at, where) >= quiet.start:
        day += timedelta(days=1)
    return instant(day, quiet.end, where)


def add_working_hours(
    start: datetime,
    hours: float,
    office_hours: tuple[Window, ...],
    calendar: WorkingCalendar,
    where: ZoneInfo,
) -> datetime:
    """Return the UTC instant when `hours` of office time have passed since `start`.

    Only time inside `office_hours` (ascending, not overlapping) of working days counts; `hours`
    is not negative. A span that ends with the office day ends at closing, not next morning.

    Raises:
        DomainError: negative hours, no office hours, or a window that runs over midnight.
        CalendarGap: the count leaves the years that can be computed.

    Rule: C-54.
    """
    if hours < 0 or not office_hours:
        raise DomainError("working hours need office hours and a span that is not negative")
    if any(window.start >= window.end for window in office_hours):
        raise DomainError("office hours must lie within one day")
    left = timedelta(hours=hours)
    day = local_day(start, where)
    now = start.astimezone(UTC)
    while True:
        if calendar.is_workday(day):
            for window in office_hours:
                begin = max(now, instant(day, window.start, where))
                end = instant(day, window.end, where)
                if begin >= end:
                    continue
                if end - begin >= left:
                    return begin + left
                left -= end - begin
        day = calendar.next_workday(day)


def working_time(
    start: datetime,
    end: datetime,
    office_hours: tuple[Window, ...],
    calendar: WorkingCalendar,
    where: ZoneInfo,
) -> timedelta:
    """Return the office time between two instants; zero when `end` is not after `start`.

    The counterpart of `add_working_hours`.

    Raises:
        CalendarGap: the span leaves the years that can be computed.

    Rule: C-54.
    """
    passed = timedelta(0)
    day, last = local_day(start, where), local_day(end, where)
    while day <= last:
        if calendar.is_workday(day):
            for window in office_hours:
                begin = max(start, instant(day, window.start, where))
                stop = min(end, instant(day, window.end, where))
                passed += max(stop - begin, timedelta(0))
        day += timedelta(days=1)
    return passed


def _local(at: datetime, where: ZoneInfo) -> datetime:
    if at.tzinfo is None:
        raise DomainError("an instant must be an aware datetime")
    return at.astimezone(where)
