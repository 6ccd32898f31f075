"""Reminder expressions of the policy, such as `-1wd 09:00` or `every 1d until return`.

A rung hangs on an anchor day: the due day, or the start when it begins with `start`. Guards
against arithmetic on clocks: a rung is a day plus a wall-clock time, made an instant at the end.

    [start][+|-]N UNIT [HH:MM]      -1wd 09:00   0d 16:00   +0d 24:00   start+3d 09:00   4wh
    every N UNIT [HH:MM] [until E]  every 1d until return   every 1wd 09:00 until due
    D MON [HH:MM]                   1 Jun   15 Feb 09:00
    day N [HH:MM] | last wd [HH:MM] day 20 09:00   last wd 09:00   (of the due day's month)

Units: d days, wd working days, w weeks, m months, h hours, wh office hours (both from the
deadline, without a time). Without a time a rung strikes at the policy's digest time.
"""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from enum import StrEnum
from itertools import count

import msgspec

from rules import hours
from rules.calendar import WorkingCalendar
from rules.deadlines import TimeRules, add_months, month_day
from rules.errors import DomainError
from rules.hours import Clock, Window

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")

_TIME = r"(?: (?P<time>\d{1,2}:\d\d))?"
_OFFSET = re.compile(
    rf"(?P<start>start)?(?P<offset>[+-]?\d+)(?P<unit>wd|wh|d|w|m|h){_TIME}",
)
_EVERY = re.compile(
    rf"every (?P<offset>\d+)(?P<unit>wd|wh|d|w|m|h){_TIME}(?: until (?P<until>\w+))?"
)
_DATE = re.compile(rf"(?P<day>\d{{1,2}}) (?P<month>[A-Za-z]{{3}}){_TIME}")
_MONTH_DAY = re.compile(rf"day (?P<day>\d{{1,2}}){_TIME}")
_LAST = re.compile(rf"last wd{_TIME}")


class RungUnit(StrEnum):
    """Unit of a rung's offset."""

    DAY = "d"
    WORKING_DAY = "wd"
    WEEK = "w"
    MONTH = "m"
    HOUR = "h"
    WORKING_HOUR = "wh"
    DATE = "date"
    """A fixed day and month of the due day's year."""
    MONTH_DAY = "month_day"
    """A fixed day of the due day's month."""
    LAST_WORKING_DAY = "last_working_day"
    """Last working day of the due day's month."""


class Rung(msgspec.Struct, frozen=True):
    """One rung of a reminder ladder."""

    offset: int
    """How many units from the anchor, negative before it; for `every` the step; day of month."""
    unit: RungUnit
    time: Clock | None = None
    """Wall-clock time; None is the digest time (and no time at all for hours)."""
    repeat: bool = False
    """Whether it repeats each `offset` units after the rung before it in the ladder."""
    until: str = ""
    """What ends a repetition: `due` ends it at the due day, any other word the case itself."""
    month: int = 0
    """Month of a fixed date, else 0."""
    from_start: bool = False
    """Whether the anchor is the start instead of the due day."""

    @classmethod
    def parse(cls, text: str) -> Rung:
        """Return the rung that a policy writes as `text`.

        Raises:
            DomainError: the expression is not understood.
        """
        if match := _OFFSET.fullmatch(text):
            return _checked(
                text,
                cls(
                    int(match["offset"]),
                    RungUnit(match["unit"]),
                    _clock(match["time"]),
                    from_start=match["start"] is not None,
                ),
            )
        if match := _EVERY.fullmatch(text):
            until = match["until"] or ""
            return _checked(
                text,
                cls(
                    int(match["offset"]),
                    RungUnit(match["unit"]),
                    _clock(match["time"]),
                    repeat=True,
                    until=until,
                    from_start=until == "due",
                ),
            )
        if match := _DATE.fullmatch(text):
            name = match["month"].lower()
            if name in MONTHS:
                month = MONTHS.index(name) + 1
                rung = cls(int(match["day"]), RungUnit.DATE, _clock(match["time"]), month=month)
                return _checked(text, rung)
        if match := _MONTH_DAY.fullmatch(text):
            return _checked(
                text, cls(int(match["day"]), RungUnit.MONTH_DAY, _clock(match["time"]))
            )
        if match := _LAST.fullmatch(text):
            return cls(0, RungUnit.LAST_WORKING_DAY, _clock(match["time"]))
        raise DomainError(
            f"reminder {text!r} is not understood; examples: '-1wd 09:00', '0d 16:00', "
            "'+0d 24:00', 'every 1d until return', '1 Jun'"
        )

    def __str__(self) -> str:
        time = f" {self.time}" if self.time else ""
        if self.repeat:
            until = f" until {self.until}" if self.until else ""
            return f"every {self.offset}{self.unit}{time}{until}"
        if self.unit is RungUnit.DATE:
            return f"{self.offset} {MONTHS[self.month - 1].title()}{time}"
        if self.unit is RungUnit.MONTH_DAY:
            return f"day {self.offset}{time}"
        if self.unit is RungUnit.LAST_WORKING_DAY:
            return f"last wd{time}"
        sign = "+" if self.offset > 0 or (self.time and self.time.minutes == 24 * 60) else ""
        return f"{'start' if self.from_start else ''}{sign}{self.offset}{self.unit}{time}"


class Anchor(msgspec.Struct, frozen=True):
    """What a ladder hangs on."""

    due: date
    """Last day on time."""
    start: date
    """Day on which the duty began; the due day itself where there is no other."""
    deadline: datetime
    """First late UTC instant; hours count from here."""
    time: TimeRules
    digest: Clock
    """Time of rungs that name none."""
    calendar: WorkingCalendar
    office_hours: tuple[Window, ...] = ()
    rests: bool = False
    """Whether what strikes on a day off, once the deadline has passed, waits for a working day."""


def strike(rung: Rung, anchor: Anchor, n: int = 1, after: date | None = None) -> datetime:
    """Return the UTC instant at which a rung strikes, quiet hours not considered.

    For a repeating rung `n` is which repetition, from 1, and `after` the day of the rung before
    it in the ladder (default: the due day, or the start for `until due`).

    Raises:
        CalendarGap: the day leaves the years that can be computed.
        DomainError: office hours are asked for where the anchor has none.
    """
    if rung.unit in (RungUnit.HOUR, RungUnit.WORKING_HOUR):
        return _strike_hours(rung, anchor, n)
    base = anchor.start if rung.from_start else anchor.due
    if rung.repeat and after is not None and not rung.from_start:
        base = after
    day = _day(rung, base, rung.offset * n if rung.repeat else rung.offset, anchor.calendar)
    return hours.instant(day, rung.time or anchor.digest, anchor.time.zone)


def strikes(rung: Rung, anchor: Anchor, after: date | None = None) -> list[datetime]:
    """Return all instants of a rung that ends by itself: one, or each until the due day.

    Raises:
        DomainError: the rung repeats until something happens; use `strike` with n.
    """
    if not rung.repeat:
        return [strike(rung, anchor)]
    if rung.until != "due":
        raise DomainError(f"{rung} repeats without an end of its own")
    found: list[datetime] = []
    for n in count(1):
        at = strike(rung, anchor, n, after)
        if at >= anchor.deadline:
            return found
        found.append(at)
    raise AssertionError("count() never ends")


def _day(rung: Rung, base: date, offset: int, calendar: WorkingCalendar) -> date:
    match rung.unit:
        case RungUnit.DAY:
            return base + timedelta(days=offset)
        case RungUnit.WORKING_DAY:
            return calendar.add_working_days(base, offset)
        case RungUnit.WEEK:
            return base + timedelta(weeks=offset)
        case RungUnit.MONTH:
            return add_months(base, offset)
        case RungUnit.DATE:
            return month_day(base.year, rung.month, offset)
        case RungUnit.MONTH_DAY:
            return month_day(base.year, base.month, offset)
        case _:
            return calendar.on_or_before(month_day(base.year, base.month, 31))


def _strike_hours(rung: Rung, anchor: Anchor, n: int) -> datetime:
    amount = rung.offset * n
    base = anchor.deadline
    if rung.from_start:
        base = hours.instant(anchor.start, Clock(0), anchor.time.zone)
    if rung.unit is RungUnit.HOUR:
        return base + timedelta(hours=amount)
    return hours.add_working_hours(
        base, amount, anchor.office_hours, anchor.calendar, anchor.time.zone
    )


def _clock(text: str | None) -> Clock | None:
    return None if text is None else Clock.parse(text)


def _checked(text: str, rung: Rung) -> Rung:
    if rung.repeat and rung.offset < 1:
        raise DomainError(f"reminder {text!r} repeats without a step")
    if rung.unit in (RungUnit.HOUR, RungUnit.WORKING_HOUR) and rung.time is not None:
        raise DomainError(f"reminder {text!r}: hours have no time of day")
    if rung.unit is RungUnit.WORKING_HOUR and rung.offset < 0:
        raise DomainError(f"reminder {text!r}: office hours count forward only")
    if rung.unit in (RungUnit.DATE, RungUnit.MONTH_DAY) and not 1 <= rung.offset <= 31:
        raise DomainError(f"reminder {text!r}: no such day of the month")
    return rung
