"""Every kind of deadline: which day is the last one on time, and which instant is too late.

Guards against off-by-one midnights: `last_day` is a date and still on time; `instant` is the
first moment that is late (cut-off 24:00 means 00:00 of the next day in the policy's zone).
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

import msgspec
from msgspec.structs import replace

from rules import hours
from rules.calendar import FIRST_YEAR, LAST_YEAR, CalendarGap, WorkingCalendar
from rules.errors import DomainError, Lacking
from rules.hours import MIDNIGHT, Clock

_DAY = timedelta(days=1)


class Unit(StrEnum):
    """How the last day is found."""

    WORKING_DAY = "working_day"
    """`count` working days after the start."""
    CALENDAR_DAY = "calendar_day"
    """`count` days after the start; weeks are written as 7 days each."""
    SAME_DAY = "same_day"
    """The start itself; never rolled, a Sunday's duty is due on that Sunday."""
    MONTH = "month"
    """`count` months after the start, the last of the month if the day does not exist."""
    MONTH_DAY = "month_day"
    """Day `day` of the month that lies `count` months after the start's month."""
    YEAR_DATE = "year_date"
    """Day `day` of month `month` in the year `count` years after the start's year."""
    MONTH_END = "month_end"
    """Last day of the month `count` months after the start's; roll backward: last working day."""
    QUARTER_END = "quarter_end"
    """Last day of the quarter `count` quarters after the start's."""


class Roll(StrEnum):
    """What happens to a last day on which the office is closed."""

    NONE = "none"
    FORWARD = "forward"
    BACKWARD = "backward"


class Note(StrEnum):
    """Why a day on the way to a deadline deserves a word."""

    MAKEUP = "makeup"
    """Weekend day that is worked and was counted."""
    DAY_OFF = "day_off"
    """Weekday off that was not counted."""
    ROLLED = "rolled"
    """The count ended here, but the office is closed: the deadline moved."""
    PROVISIONAL = "provisional"
    """No published calendar for this day's year yet."""


class TimeRules(msgspec.Struct, frozen=True):
    """How a company reckons time; the `[time]` values that every deadline needs."""

    zone: ZoneInfo
    """Zone of office days and clock times."""
    cutoff: Clock = MIDNIGHT
    """When an office day ends for deadlines; acts at this very time are late."""
    count_first_day: bool = False
    """Whether the start's own day is day 1 (if it qualifies); otherwise it is day 0."""
    roll: Roll = Roll.FORWARD
    """For every unit but working days and the same day."""
    tolerance_seconds: int = 0
    """Seconds after the deadline in which an act is still accepted as on time."""


class Term(msgspec.Struct, frozen=True):
    """One deadline as the policy writes it; None takes the company's general value."""

    unit: Unit
    rule: str
    """Id of the clause that sets it; every card shows it."""
    count: int = 0
    """Days, months, quarters or years, as `unit` says; not negative."""
    day: int | None = None
    """Day of the month, 1 to 31; a shorter month's last day stands in (28 February)."""
    month: int | None = None
    """Month, 1 to 12; only for `year_date`."""
    inclusive: bool = True
    """Whether "before the N-th" still allows the N-th (C-26); only for month_day, year_date."""
    cutoff: Clock | None = None
    count_first_day: bool | None = None
    roll: Roll | None = None
    tolerance_seconds: int | None = None

    def __post_init__(self) -> None:
        if self.count < 0:
            raise DomainError("a term cannot run backwards")
        wants_day = self.unit in (Unit.MONTH_DAY, Unit.YEAR_DATE)
        if wants_day and self.day is None:
            raise Lacking(f"a term in {self.unit} needs day", "day", "a day of the month, 1 to 31")
        if not wants_day and self.day is not None:
            raise DomainError(f"a term in {self.unit} has no day")
        if (self.unit is Unit.YEAR_DATE) != (self.month is not None):
            raise DomainError("month belongs to year_date, and year_date needs it")
        if self.day is not None and not 1 <= self.day <= 31:
            raise DomainError(f"no such day of the month: {self.day}")
        if self.month is not None and not 1 <= self.month <= 12:
            raise DomainError(f"no such month: {self.month}")
        counted = self.unit in (Unit.WORKING_DAY, Unit.CALENDAR_DAY, Unit.MONTH)
        if counted and self.count == 0:
            raise DomainError(f"a term in {self.unit} needs a count; for 0 write same_day")


class DayNote(msgspec.Struct, frozen=True):
    """A remark on one day, for the line that explains a deadline."""

    day: date
    note: Note
    festival: str = ""
    """Festival code, `closed` for the company's own day, empty if there is none."""


class Deadline(msgspec.Struct, frozen=True):
    """A deadline with what is needed to explain it."""

    last_day: date
    """Last office day that is on time."""
    instant: datetime
    """First UTC instant that is late, tolerance not included."""
    tolerance: timedelta
    """Grace after `instant`."""
    provisional: bool
    """Whether a day it depends on has no published calendar yet."""
    counted: tuple[date, ...]
    """The days that were counted, ascending; empty for dates fixed by month or year."""
    notes: tuple[DayNote, ...]
    """Remarks on days from start to end, ascending."""
    rule: str
    """Id of the clause that sets it."""

    @property
    def makeup_days(self) -> tuple[date, ...]:
        """Make-up days that were counted."""
        return tuple(note.day for note in self.notes if note.note is Note.MAKEUP)


def deadline(start: date, term: Term, time: TimeRules, calendar: WorkingCalendar) -> Deadline:
    """Return the deadline of a term that starts on the office day `start`.

    Raises:
        CalendarGap: the count runs into a year that can be neither looked up nor computed.

    Rule: C-07, C-26, S1-09.4.1, S1-09.4.2, S3-ENG.3.2b.
    """
    roll = Roll.NONE if term.unit is Unit.SAME_DAY else (term.roll or time.roll)
    counts_first = time.count_first_day if term.count_first_day is None else term.count_first_day
    counted = tuple(_counted(start, term, counts_first, calendar))
    end = counted[-1] if counted else _fixed(start, term)
    if not FIRST_YEAR <= end.year <= LAST_YEAR:
        raise CalendarGap(end.year)
    last = _rolled(end, roll, calendar)
    notes = tuple(_notes(start, end, last, counted, term, calendar))
    cutoff = term.cutoff or time.cutoff
    seconds = time.tolerance_seconds if term.tolerance_seconds is None else term.tolerance_seconds
    return Deadline(
        last_day=last,
        instant=hours.instant(last, cutoff, time.zone),
        tolerance=timedelta(seconds=seconds),
        provisional=_provisional(start, end, last, term, roll, calendar),
        counted=counted,
        notes=notes,
        rule=term.rule,
    )


def on_next_workday(day: date, term: Term, time: TimeRules, calendar: WorkingCalendar) -> Deadline:
    """Return the deadline of a term that starts on the first working day after `day`.

    Provisional also where the days up to that one have no published calendar yet.

    Raises:
        CalendarGap: as `deadline`.

    Rule: C-49, C-64, S1-07.2.3a.
    """
    start = calendar.next_workday(day)
    due = deadline(start, term, time, calendar)
    computed = any(map(calendar.is_provisional, _days(day + _DAY, start)))
    return replace(due, provisional=due.provisional or computed)


def is_late(at: datetime, due: Deadline) -> bool:
    """Return whether an act with platform time `at` misses the deadline.

    The deadline instant itself is late (tolerance 0): 24:00 is the end, not a moment within.

    Rule: S1-09.5.1, C-58.
    """
    if at.tzinfo is None:
        raise DomainError("an instant must be an aware datetime")
    return at >= due.instant + due.tolerance


def lateness(at: datetime, due: Deadline) -> timedelta:
    """Return how long after the deadline `at` is; zero when it is on time."""
    return at - due.instant if is_late(at, due) else timedelta(0)


def add_months(day: date, months: int) -> date:
    """Return `day` moved by months; the last of the month where the day does not exist.

    Raises:
        CalendarGap: the year leaves 1 to 9999.
    """
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    return month_day(year, month + 1, day.day)


def month_day(year: int, month: int, day: int) -> date:
    """Return that day, or the last of the month where the month is shorter.

    Raises:
        CalendarGap: the year leaves 1 to 9999.
    """
    if not 1 <= year <= 9999:
        raise CalendarGap(year)
    return date(year, month, min(day, monthrange(year, month)[1]))


def _counted(
    start: date, term: Term, counts_first: bool, calendar: WorkingCalendar
) -> Iterator[date]:
    if term.unit is Unit.WORKING_DAY:
        day = start - _DAY if counts_first else start
        for _ in range(term.count):
            day = calendar.next_workday(day)
            yield day
    elif term.unit is Unit.CALENDAR_DAY:
        first = 0 if counts_first else 1
        yield from (start + offset * _DAY for offset in range(first, term.count + first))
    elif term.unit is Unit.SAME_DAY:
        yield start


def _fixed(start: date, term: Term) -> date:
    if term.unit is Unit.MONTH:
        return add_months(start, term.count)
    if term.unit is Unit.MONTH_END:
        return add_months(start.replace(day=1), term.count + 1) - _DAY
    if term.unit is Unit.QUARTER_END:
        to_next = 3 - (start.month - 1) % 3
        return add_months(start.replace(day=1), to_next + 3 * term.count) - _DAY
    if term.day is None:
        raise DomainError(f"a term in {term.unit} needs day")
    if term.unit is Unit.MONTH_DAY:
        month = add_months(start.replace(day=1), term.count)
        end = month_day(month.year, month.month, term.day)
    else:
        end = month_day(start.year + term.count, term.month or 1, term.day)
    return end if term.inclusive else end - _DAY


def _rolled(end: date, roll: Roll, calendar: WorkingCalendar) -> date:
    if roll is Roll.NONE:
        return end
    return calendar.on_or_after(end) if roll is Roll.FORWARD else calendar.on_or_before(end)


def _provisional(
    start: date, end: date, last: date, term: Term, roll: Roll, calendar: WorkingCalendar
) -> bool:
    if term.unit is Unit.WORKING_DAY:
        return any(map(calendar.is_provisional, _days(start + _DAY, end)))
    if roll is Roll.NONE:
        return False
    return any(map(calendar.is_provisional, _days(min(end, last), max(end, last))))


def _notes(
    start: date,
    end: date,
    last: date,
    counted: tuple[date, ...],
    term: Term,
    calendar: WorkingCalendar,
) -> Iterator[DayNote]:
    if term.unit is Unit.WORKING_DAY:
        days = list(_days(min(start + _DAY, counted[0]), end))
    else:
        days = list(_days(min(end, last), max(end, last))) if end != last else []
    for day in days:
        if calendar.is_makeup(day):
            yield DayNote(day, Note.MAKEUP)
        elif day == end != last:
            yield DayNote(day, Note.ROLLED, calendar.holiday(day) or "")
        elif name := calendar.holiday(day):
            yield DayNote(day, Note.DAY_OFF, name)
        if calendar.is_provisional(day):
            yield DayNote(day, Note.PROVISIONAL)


def _days(first: date, last: date) -> Iterator[date]:
    for offset in range((last - first).days + 1):
        yield first + offset * _DAY
