"""Working days: published years, make-up days, company overrides, provisional years."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.calendar import (
    CalendarGap,
    Festival,
    WorkingCalendar,
    china,
    company_calendar,
    statutory_days,
)
from rules.errors import DomainError

CHINA = china()
DAYS = st.dates(date(2005, 1, 1), date(2040, 12, 31))
COUNTS = st.integers(-400, 400)


def days(first: date, last: date) -> set[date]:
    return {first + timedelta(days=n) for n in range((last - first).days + 1)}


class TestGivenTheYear2026:
    OFF = (
        days(date(2026, 1, 1), date(2026, 1, 3))
        | days(date(2026, 2, 15), date(2026, 2, 23))
        | days(date(2026, 4, 4), date(2026, 4, 6))
        | days(date(2026, 5, 1), date(2026, 5, 5))
        | days(date(2026, 6, 19), date(2026, 6, 21))
        | days(date(2026, 9, 25), date(2026, 9, 27))
        | days(date(2026, 10, 1), date(2026, 10, 7))
    )
    MAKEUP = frozenset(
        date(2026, month, day)
        for month, day in ((1, 4), (2, 14), (2, 28), (5, 9), (9, 20), (10, 10))
    )

    def test_when_each_day_is_asked_then_it_agrees_with_the_notice(self) -> None:
        for day in days(date(2026, 1, 1), date(2026, 12, 31)):
            works = day in self.MAKEUP or (day.weekday() < 5 and day not in self.OFF)
            assert CHINA.is_workday(day) is works, day
            assert CHINA.is_makeup(day) is (day in self.MAKEUP)
            assert not CHINA.is_provisional(day)

    def test_when_a_day_off_is_asked_then_its_festival_is_known(self) -> None:
        assert CHINA.holiday(date(2026, 10, 7)) == Festival.NATIONAL_DAY
        assert CHINA.holiday(date(2026, 9, 25)) == Festival.MID_AUTUMN
        assert CHINA.holiday(date(2026, 9, 19)) is None
        assert CHINA.holiday(date(2026, 9, 20)) is None
        assert Festival.NATIONAL_DAY.zh == "国庆节"


class TestGivenAYearWithoutData:
    CALENDAR = company_calendar(missing=(2026,))

    def test_when_asked_then_statutory_days_are_off_and_all_is_provisional(self) -> None:
        for day, _ in statutory_days(2026):
            assert not self.CALENDAR.is_workday(day)
        assert not self.CALENDAR.is_workday(date(2026, 9, 20))
        assert self.CALENDAR.is_workday(date(2026, 10, 6))
        assert self.CALENDAR.is_provisional(date(2026, 3, 2))
        assert not self.CALENDAR.is_provisional(date(2025, 3, 3))
        assert self.CALENDAR.holiday(date(2026, 6, 19)) == Festival.DRAGON_BOAT
        assert self.CALENDAR.provisional_years(date(2025, 12, 1), date(2027, 1, 1)) == (2026, 2027)

    def test_when_the_company_settles_a_day_then_it_is_not_provisional(self) -> None:
        calendar = self.CALENDAR.with_company(closed=[date(2026, 3, 2)])
        assert not calendar.is_workday(date(2026, 3, 2))
        assert not calendar.is_provisional(date(2026, 3, 2))

    def test_when_not_even_computing_helps_then_it_says_which_year(self) -> None:
        with pytest.raises(CalendarGap, match="2100") as caught:
            CHINA.is_workday(date(2100, 1, 4))
        assert caught.value.year == 2100
        with pytest.raises(CalendarGap):
            CHINA.add_working_days(date(2099, 12, 30), 40)
        with pytest.raises(CalendarGap):
            CHINA.add_working_days(date(1901, 1, 10), -40)

    def test_statutory_days_of_2027_and_2028(self) -> None:
        assert [day for day, _ in statutory_days(2027)][1:6] == [
            date(2027, 2, 5),
            date(2027, 2, 6),
            date(2027, 2, 7),
            date(2027, 2, 8),
            date(2027, 4, 5),
        ]
        by_name = {name: day for day, name in statutory_days(2028)}
        assert by_name[Festival.TOMB_SWEEPING] == date(2028, 4, 4)
        assert by_name[Festival.DRAGON_BOAT] == date(2028, 5, 28)
        assert by_name[Festival.MID_AUTUMN] == date(2028, 10, 3)

    @pytest.mark.parametrize("year", sorted(year for year in CHINA.years if year >= 2025))
    def test_the_computed_statutory_days_are_off_in_published_years(self, year: int) -> None:
        assert not [day for day, _ in statutory_days(year) if CHINA.is_workday(day)]

    @pytest.mark.parametrize("year", sorted(year for year in CHINA.years if year >= 2008))
    def test_the_lunar_and_solar_festivals_agree_with_published_years(self, year: int) -> None:
        lunar = (Festival.TOMB_SWEEPING, Festival.DRAGON_BOAT, Festival.MID_AUTUMN)
        assert not [
            day for day, name in statutory_days(year) if name in lunar and CHINA.is_workday(day)
        ]


class TestGivenCompanyOverrides:
    CALENDAR = company_calendar(closed=[date(2026, 9, 20)], makeup=[date(2026, 10, 7)])

    def test_when_asked_then_the_company_wins(self) -> None:
        assert not self.CALENDAR.is_workday(date(2026, 9, 20))
        assert self.CALENDAR.holiday(date(2026, 9, 20)) == "closed"
        assert self.CALENDAR.is_workday(date(2026, 10, 7))
        assert self.CALENDAR.add_working_days(date(2026, 9, 18), 1) == date(2026, 9, 21)

    def test_when_a_later_override_contradicts_then_the_later_wins(self) -> None:
        calendar = self.CALENDAR.with_company(makeup=[date(2026, 9, 20)])
        assert calendar.is_workday(date(2026, 9, 20))
        assert calendar.is_workday(date(2026, 10, 7))

    def test_when_a_day_is_both_then_it_is_refused(self) -> None:
        with pytest.raises(DomainError, match="2026-09-20"):
            company_calendar(closed=[date(2026, 9, 20)], makeup=[date(2026, 9, 20)])


def test_zero_days_is_the_day_itself_even_when_it_is_off() -> None:
    assert CHINA.add_working_days(date(2026, 10, 1), 0) == date(2026, 10, 1)


def test_calendars_compare_and_hash_by_value() -> None:
    one, two = company_calendar(closed=[date(2026, 9, 1)]), company_calendar([date(2026, 9, 1)])
    one.is_workday(date(2026, 1, 1))
    assert one == two
    assert hash(one) == hash(two)
    assert one != CHINA


@given(DAYS, COUNTS)
def test_n_days_forward_and_back_is_the_identity_from_a_working_day(day: date, n: int) -> None:
    start = CHINA.on_or_after(day)
    assert CHINA.add_working_days(CHINA.add_working_days(start, n), -n) == start


@given(DAYS, COUNTS.filter(bool))
def test_the_result_is_a_working_day_and_the_count_leads_there(day: date, n: int) -> None:
    end = CHINA.add_working_days(day, n)
    assert CHINA.is_workday(end)
    assert CHINA.working_days_between(day, end) == n


@given(DAYS, st.integers(1, 60), st.sets(DAYS, max_size=5))
def test_a_further_day_off_never_makes_a_count_end_earlier(
    day: date, n: int, closed: set[date]
) -> None:
    calendar: WorkingCalendar = company_calendar(closed)
    assert calendar.add_working_days(day, n) >= CHINA.add_working_days(day, n)


@given(DAYS, st.integers(1, 30))
def test_the_count_agrees_with_counting_one_by_one(day: date, n: int) -> None:
    at, left = day, n
    while left:
        at += timedelta(days=1)
        left -= CHINA.is_workday(at)
    assert CHINA.add_working_days(day, n) == at
