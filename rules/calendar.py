"""Working days in China: base week, published days off, make-up days (调休), company overrides.

Guards against the silent Monday-to-Friday: a year without published data is computed from the
weekends and the statutory days, and each of its dates is marked provisional (暂定).
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from enum import StrEnum
from functools import cached_property, lru_cache
from types import MappingProxyType
from typing import cast

import msgspec
from chinese_calendar.constants import holidays as _PUBLISHED_OFF
from chinese_calendar.constants import workdays as _PUBLISHED_WORK
from lunardate import LunarDate

from rules.errors import DomainError

_DAY = timedelta(days=1)
FIRST_YEAR, LAST_YEAR = 1901, 2099
"""Years for which the lunar table and the solar-term formula hold."""

# A year that the installed data lack or have wrong is mended here:
# year -> (days off, make-up days), after the notice of the State Council's general office.
# Checked on the whole of 2026 (off 1-3 Jan, 15-23 Feb, 4-6 Apr, 1-5 May, 19-21 Jun, 25-27 Sep,
# 1-7 Oct; work 4 Jan, 14 and 28 Feb, 9 May, 20 Sep, 10 Oct): the data agree, nothing to mend.
_CORRECTIONS: Mapping[int, tuple[tuple[date, ...], tuple[date, ...]]] = MappingProxyType({})


class CalendarGap(DomainError):
    """The count runs into a year that can be neither looked up nor computed."""

    def __init__(self, year: int) -> None:
        super().__init__(f"no working calendar for {year}")
        self.year = year


class Festival(StrEnum):
    """Statutory holidays, by code."""

    NEW_YEAR = "new_year"
    SPRING_FESTIVAL = "spring_festival"
    TOMB_SWEEPING = "tomb_sweeping"
    LABOUR_DAY = "labour_day"
    DRAGON_BOAT = "dragon_boat"
    MID_AUTUMN = "mid_autumn"
    NATIONAL_DAY = "national_day"

    @property
    def zh(self) -> str:
        """Chinese name."""
        return _FESTIVAL_NAMES[self]


_FESTIVAL_NAMES = {
    Festival.NEW_YEAR: "元旦",
    Festival.SPRING_FESTIVAL: "春节",
    Festival.TOMB_SWEEPING: "清明节",
    Festival.LABOUR_DAY: "劳动节",
    Festival.DRAGON_BOAT: "端午节",
    Festival.MID_AUTUMN: "中秋节",
    Festival.NATIONAL_DAY: "国庆节",
}


@lru_cache(maxsize=256)
def statutory_days(year: int) -> tuple[tuple[date, Festival], ...]:
    """Return the fixed statutory days of `year` in order, each with its festival.

    New Year's Day, lunar New Year's Eve and the first three days, Tomb-Sweeping, 1-2 May, Dragon
    Boat, Mid-Autumn, 1-3 October: the list in force since 2025.

    Raises:
        CalendarGap: before 1901 or after 2099.
    """
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise CalendarGap(year)
    spring = _solar(year, 1, 1)
    days = [
        (date(year, 1, 1), Festival.NEW_YEAR),
        *((spring + offset * _DAY, Festival.SPRING_FESTIVAL) for offset in (-1, 0, 1, 2)),
        (_tomb_sweeping(year), Festival.TOMB_SWEEPING),
        *((date(year, 5, day), Festival.LABOUR_DAY) for day in (1, 2)),
        (_solar(year, 5, 5), Festival.DRAGON_BOAT),
        (_solar(year, 8, 15), Festival.MID_AUTUMN),
        *((date(year, 10, day), Festival.NATIONAL_DAY) for day in (1, 2, 3)),
    ]
    return tuple(sorted(days))


def _solar(year: int, lunar_month: int, lunar_day: int) -> date:
    return cast(date, LunarDate(year, lunar_month, lunar_day).to_solar_date())


def _tomb_sweeping(year: int) -> date:
    # The usual formula for the solar term; right for each year from 1901 to 2099.
    rest = year % 100
    base = 4.81 if year >= 2000 else 5.59
    return date(year, 4, int(rest * 0.2422 + base) - rest // 4)


class WorkingCalendar(msgspec.Struct, frozen=True, dict=True):
    """Base week plus dated exceptions; immutable, never pruned, cheap to ask.

    Precedence: the company's `closed` and `makeup`, then the published exceptions, then the
    base week; in years without published data the statutory days stand in for the exceptions.
    """

    days_off: Mapping[date, str]
    """Published days off, with the holiday's name; weekends inside a holiday included."""
    workdays: frozenset[date]
    """Published make-up days: weekend days on which people work."""
    years: frozenset[int]
    """Years whose exceptions are published; all others are provisional."""
    closed: frozenset[date] = frozenset()
    """The company's own days off; they win over everything published."""
    makeup: frozenset[date] = frozenset()
    """The company's own working days; they win over everything published."""
    weekend: frozenset[int] = frozenset({5, 6})
    """Days off of the base week, Monday is 0."""

    def __post_init__(self) -> None:
        both = self.closed & self.makeup
        if both:
            raise DomainError(f"both closed and make-up: {', '.join(map(str, sorted(both)))}")
        if len(self.weekend) > 6:
            raise DomainError("a week without working days")

    @cached_property
    def _cache(self) -> dict[int, tuple[date, ...]]:
        return {}

    def __hash__(self) -> int:
        return hash((self.workdays, self.years, self.closed, self.makeup, self.weekend))

    def with_company(
        self, closed: Iterable[date] = (), makeup: Iterable[date] = ()
    ) -> WorkingCalendar:
        """Return a calendar with the company's own days added; a later word on a day wins."""
        closed, makeup = frozenset(closed), frozenset(makeup)
        return WorkingCalendar(
            self.days_off,
            self.workdays,
            self.years,
            closed=(self.closed - makeup) | closed,
            makeup=(self.makeup - closed) | makeup,
            weekend=self.weekend,
        )

    def is_workday(self, day: date) -> bool:
        """Return whether the office works on `day`.

        Raises:
            CalendarGap: the year can be neither looked up nor computed.
        """
        days = self._year(day.year)
        at = bisect_left(days, day)
        return at < len(days) and days[at] == day

    def is_makeup(self, day: date) -> bool:
        """Return whether `day` is worked although the base week has it off."""
        return day.weekday() in self.weekend and self.is_workday(day)

    def holiday(self, day: date) -> str | None:
        """Return why a `day` outside the weekend pattern is off: a festival code or `closed`.

        None for working days and for plain weekends.
        """
        if self.is_workday(day):
            return None
        if day in self.closed:
            return "closed"
        if day.year in self.years:
            return self.days_off.get(day)
        return next((str(name) for off, name in statutory_days(day.year) if off == day), None)

    def is_provisional(self, day: date) -> bool:
        """Return whether the standing of `day` is computed and may change with the notice.

        A day that the company itself declared closed or worked is settled.

        Rule: 5.3.
        """
        return day.year not in self.years and day not in self.closed and day not in self.makeup

    def provisional_years(self, first: date, last: date) -> tuple[int, ...]:
        """Return the years between two days, both included, that have no published data."""
        years = range(min(first, last).year, max(first, last).year + 1)
        return tuple(year for year in years if year not in self.years)

    def add_working_days(self, day: date, count: int) -> date:
        """Return the `count`-th working day after `day`, or before it when negative.

        `day` itself is day zero and is never counted; 0 returns `day` unchanged, working or not.

        Raises:
            CalendarGap: the count leaves the years that can be computed.
        """
        year, left = day.year, abs(count)
        if count == 0:
            return day
        if count > 0:
            days = self._year(year)
            at = bisect_right(days, day)
            while at + left > len(days):
                left -= len(days) - at
                year, at = year + 1, 0
                days = self._year(year)
            return days[at + left - 1]
        days = self._year(year)
        at = bisect_left(days, day)
        while left > at:
            left -= at
            year -= 1
            days = self._year(year)
            at = len(days)
        return days[at - left]

    def working_days_between(self, first: date, last: date) -> int:
        """Return how many working days lead from `first` to `last`, negative when going back.

        `first` is not counted, `last` is: for a working day `last` this is the count that
        `add_working_days(first, count)` needs to arrive there.
        """
        if last < first:
            return -self._count(last, first - _DAY)
        return self._count(first + _DAY, last)

    def next_workday(self, day: date) -> date:
        """Return the first working day after `day`."""
        return self.add_working_days(day, 1)

    def previous_workday(self, day: date) -> date:
        """Return the last working day before `day`."""
        return self.add_working_days(day, -1)

    def on_or_after(self, day: date) -> date:
        """Return `day` if it is worked, else the next working day."""
        return day if self.is_workday(day) else self.next_workday(day)

    def on_or_before(self, day: date) -> date:
        """Return `day` if it is worked, else the working day before it."""
        return day if self.is_workday(day) else self.previous_workday(day)

    def _count(self, first: date, last: date) -> int:
        if last < first:
            return 0
        total = 0
        for year in range(first.year, last.year + 1):
            days = self._year(year)
            total += bisect_right(days, last) - bisect_left(days, first)
        return total

    def _year(self, year: int) -> tuple[date, ...]:
        found = self._cache.get(year)
        if found is None:
            found = self._cache[year] = self._compute(year)
        return found

    def _compute(self, year: int) -> tuple[date, ...]:
        known = year in self.years
        if not known and not FIRST_YEAR <= year <= LAST_YEAR:
            raise CalendarGap(year)
        off = self.days_off.keys() if known else {day for day, _ in statutory_days(year)}
        extra = self.workdays if known else frozenset[date]()
        first = date(year, 1, 1)
        worked = []
        for offset in range((date(year, 12, 31) - first).days + 1):
            day = first + offset * _DAY
            if day in self.closed:
                works = False
            elif day in self.makeup or day in extra:
                works = True
            else:
                works = day.weekday() not in self.weekend and day not in off
            if works:
                worked.append(day)
        return tuple(worked)


@lru_cache(maxsize=1)
def china() -> WorkingCalendar:
    """Return the published calendar of mainland China, without any company's own days.

    A year counts as published when the data hold both its 1 January and its 1 October.
    """
    off = dict(cast("Mapping[date, str]", _PUBLISHED_OFF))
    work = set(cast("Mapping[date, str]", _PUBLISHED_WORK))
    years = {
        year
        for year in {day.year for day in off}
        if date(year, 1, 1) in off and date(year, 10, 1) in off
    }
    names = {day: _festival_code(name) for day, name in off.items()}
    for year, (days_off, days_work) in _CORRECTIONS.items():
        names = {day: name for day, name in names.items() if day.year != year}
        names |= dict.fromkeys(days_off, "holiday")
        work = {day for day in work if day.year != year} | set(days_work)
        years.add(year)
    return WorkingCalendar(MappingProxyType(names), frozenset(work), frozenset(years))


def company_calendar(
    closed: Iterable[date] = (), makeup: Iterable[date] = (), *, missing: Iterable[int] = ()
) -> WorkingCalendar:
    """Return the published calendar with a company's closed and make-up days on top.

    `missing` names years to treat as not yet published: rehearsals and tests use it.

    Raises:
        DomainError: a day is both closed and make-up.
    """
    base = china()
    return WorkingCalendar(
        base.days_off,
        base.workdays,
        base.years - frozenset(missing),
        closed=frozenset(closed),
        makeup=frozenset(makeup),
    )


def _festival_code(name: str) -> str:
    codes = {
        "New Year's Day": Festival.NEW_YEAR,
        "Spring Festival": Festival.SPRING_FESTIVAL,
        "Tomb-sweeping Day": Festival.TOMB_SWEEPING,
        "Labour Day": Festival.LABOUR_DAY,
        "Dragon Boat Festival": Festival.DRAGON_BOAT,
        "Mid-autumn Festival": Festival.MID_AUTUMN,
        "National Day": Festival.NATIONAL_DAY,
    }
    return str(codes.get(name, "holiday"))
