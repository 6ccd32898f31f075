"""Deadlines: each unit against a table of days, lateness to the second, properties."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from rules.calendar import CalendarGap, china, company_calendar
from rules.deadlines import (
    Deadline,
    Note,
    Roll,
    Term,
    TimeRules,
    Unit,
    deadline,
    is_late,
    lateness,
)
from rules.errors import DomainError
from rules.hours import Clock

SHANGHAI = ZoneInfo("Asia/Shanghai")
TIME = TimeRules(SHANGHAI)
CHINA = china()
RULE = "S1-09.4.1"


def due(start: date, term: Term, time: TimeRules = TIME) -> Deadline:
    return deadline(start, term, time, CHINA)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI).astimezone(UTC)


def working(count: int) -> Term:
    return Term(Unit.WORKING_DAY, RULE, count)


@pytest.mark.rule("S1-09.4.1")
def test_b01_new_car_of_friday_is_due_tuesday_over_a_makeup_sunday() -> None:
    found = due(date(2026, 9, 18), working(3))
    assert found.last_day == date(2026, 9, 22)
    assert found.counted == (date(2026, 9, 20), date(2026, 9, 21), date(2026, 9, 22))
    assert found.makeup_days == (date(2026, 9, 20),)
    assert not found.provisional


@pytest.mark.rule("S1-09.4.2")
def test_b03_repair_of_13_february_is_due_on_the_makeup_saturday() -> None:
    found = due(date(2026, 2, 13), Term(Unit.WORKING_DAY, "S1-09.4.2", 1))
    assert found.last_day == date(2026, 2, 14)
    assert found.instant == at("2026-02-15 00:00:00")


@pytest.mark.rule("S1-09.5.1")
def test_b05_the_deadline_is_the_last_instant_before_midnight() -> None:
    found = due(date(2026, 9, 18), working(3))
    assert not is_late(at("2026-09-22 23:59:59.999999"), found)
    assert is_late(at("2026-09-23 00:00:00"), found)
    assert lateness(at("2026-09-23 00:01:00"), found) == timedelta(minutes=1)
    assert lateness(at("2026-09-22 12:00:00"), found) == timedelta(0)


@pytest.mark.rule("S3-ENG.3.2b")
def test_b18_formal_dossier_of_3_june_is_due_8_june() -> None:
    found = due(date(2026, 6, 3), Term(Unit.CALENDAR_DAY, "S3-ENG.3.2b", 5))
    assert found.last_day == date(2026, 6, 8)
    assert len(found.counted) == 5


class TestGivenNoDataForNextYear:
    """B23: a deadline that crosses into a year without a published calendar."""

    def test_when_it_crosses_new_year_then_it_is_provisional_and_knows_the_festival(self) -> None:
        found = due(date(2026, 12, 30), working(3))
        assert found.last_day == date(2027, 1, 5)
        assert found.provisional
        assert {note.day for note in found.notes if note.note is Note.PROVISIONAL}
        assert (date(2027, 1, 1), "new_year") in {
            (note.day, note.festival) for note in found.notes if note.note is Note.DAY_OFF
        }

    def test_when_the_calendar_arrives_then_the_recomputed_date_may_move(self) -> None:
        missing = company_calendar(missing=(2026,))
        before = deadline(date(2025, 12, 31), working(1), TIME, missing)
        after = deadline(date(2025, 12, 31), working(1), TIME, CHINA)
        assert (before.last_day, before.provisional) == (date(2026, 1, 2), True)
        assert (after.last_day, after.provisional) == (date(2026, 1, 4), False)

    def test_when_it_stays_in_this_year_then_it_is_not_provisional(self) -> None:
        assert not due(date(2026, 12, 30), working(1)).provisional

    def test_when_nothing_is_counted_or_rolled_then_it_is_not_provisional(self) -> None:
        term = Term(Unit.CALENDAR_DAY, RULE, 5, roll=Roll.NONE)
        assert not due(date(2026, 12, 30), term).provisional

    def test_when_nothing_can_be_computed_then_it_says_so(self) -> None:
        with pytest.raises(CalendarGap):
            due(date(2099, 12, 30), Term(Unit.MONTH, RULE, 6))


@pytest.mark.parametrize(
    ("start", "term", "expected"),
    [
        ("2026-09-14", Term(Unit.SAME_DAY, RULE), "2026-09-14"),
        ("2026-10-03", Term(Unit.SAME_DAY, RULE), "2026-10-03"),
        ("2026-09-14", Term(Unit.CALENDAR_DAY, RULE, 3), "2026-09-17"),
        ("2026-09-30", Term(Unit.CALENDAR_DAY, RULE, 3), "2026-10-08"),
        ("2026-09-30", Term(Unit.CALENDAR_DAY, RULE, 3, roll=Roll.NONE), "2026-10-03"),
        ("2026-09-30", Term(Unit.CALENDAR_DAY, RULE, 3, roll=Roll.BACKWARD), "2026-09-30"),
        ("2026-09-14", Term(Unit.CALENDAR_DAY, RULE, 7), "2026-09-21"),
        ("2026-09-14", Term(Unit.CALENDAR_DAY, RULE, 3, count_first_day=True), "2026-09-16"),
        ("2026-09-18", Term(Unit.WORKING_DAY, RULE, 3, count_first_day=True), "2026-09-21"),
        ("2026-09-19", Term(Unit.WORKING_DAY, RULE, 1, count_first_day=True), "2026-09-20"),
        ("2026-09-14", Term(Unit.MONTH, RULE, 6), "2027-03-15"),
        ("2026-08-31", Term(Unit.MONTH, RULE, 6, roll=Roll.NONE), "2027-02-28"),
        ("2026-09-14", Term(Unit.MONTH_DAY, RULE, 1, day=10), "2026-10-10"),
        ("2026-09-14", Term(Unit.MONTH_DAY, RULE, 1, day=5), "2026-10-08"),
        ("2026-12-14", Term(Unit.MONTH_DAY, RULE, 1, day=5), "2027-01-05"),
        ("2026-07-14", Term(Unit.MONTH_DAY, RULE, 1, day=10, inclusive=False), "2026-08-10"),
        (
            "2026-07-14",
            Term(Unit.MONTH_DAY, RULE, 1, day=10, inclusive=False, roll=Roll.NONE),
            "2026-08-09",
        ),
        ("2026-05-05", Term(Unit.YEAR_DATE, RULE, 1, day=31, month=3), "2027-03-31"),
        (
            "2026-05-05",
            Term(Unit.YEAR_DATE, RULE, 1, day=29, month=2, roll=Roll.NONE),
            "2027-02-28",
        ),
        ("2026-05-05", Term(Unit.MONTH_END, RULE, roll=Roll.BACKWARD), "2026-05-29"),
        ("2026-05-05", Term(Unit.MONTH_END, RULE, 1, roll=Roll.BACKWARD), "2026-06-30"),
        ("2026-05-05", Term(Unit.QUARTER_END, RULE, roll=Roll.BACKWARD), "2026-06-30"),
        ("2026-12-05", Term(Unit.QUARTER_END, RULE, 1, roll=Roll.NONE), "2027-03-31"),
    ],
)
def test_last_day(start: str, term: Term, expected: str) -> None:
    assert due(date.fromisoformat(start), term).last_day == date.fromisoformat(expected)


def test_a_cutoff_at_close_of_business_ends_the_day_early() -> None:
    found = due(date(2026, 9, 14), Term(Unit.SAME_DAY, RULE, cutoff=Clock.parse("18:00")))
    assert found.instant == at("2026-09-14 18:00:00")
    assert is_late(at("2026-09-14 18:00:00"), found)


def test_tolerance_is_grace_after_the_deadline() -> None:
    found = due(date(2026, 9, 14), Term(Unit.SAME_DAY, RULE), replace(TIME, tolerance_seconds=60))
    assert not is_late(at("2026-09-15 00:00:59"), found)
    assert is_late(at("2026-09-15 00:01:00"), found)
    assert lateness(at("2026-09-15 00:01:00"), found) == timedelta(minutes=1)


def test_a_rolled_deadline_says_why() -> None:
    found = due(date(2026, 9, 30), Term(Unit.CALENDAR_DAY, RULE, 3))
    assert (date(2026, 10, 3), Note.ROLLED) in [(note.day, note.note) for note in found.notes]


@pytest.mark.parametrize(
    "broken",
    [
        lambda: Term(Unit.WORKING_DAY, RULE),
        lambda: Term(Unit.CALENDAR_DAY, RULE, -1),
        lambda: Term(Unit.MONTH_DAY, RULE, 1),
        lambda: Term(Unit.SAME_DAY, RULE, day=3),
        lambda: Term(Unit.YEAR_DATE, RULE, 1, day=3),
        lambda: Term(Unit.MONTH_DAY, RULE, 1, day=32),
        lambda: Term(Unit.YEAR_DATE, RULE, 1, day=3, month=13),
        lambda: is_late(at("2026-09-14").replace(tzinfo=None), due(date(2026, 9, 14), working(1))),
    ],
)
def test_misuse_is_refused(broken: Callable[[], object]) -> None:
    with pytest.raises(DomainError):
        broken()


STARTS = st.dates(date(2010, 1, 1), date(2030, 12, 31))
TERMS = st.one_of(
    st.builds(working, st.integers(1, 40)),
    st.builds(Term, st.just(Unit.CALENDAR_DAY), st.just(RULE), st.integers(1, 90)),
    st.builds(Term, st.just(Unit.MONTH), st.just(RULE), st.integers(1, 24)),
    st.builds(
        Term, st.just(Unit.MONTH_DAY), st.just(RULE), st.integers(0, 3), day=st.integers(1, 31)
    ),
)


@given(STARTS, TERMS)
def test_the_due_date_is_a_working_day(start: date, term: Term) -> None:
    assert CHINA.is_workday(due(start, term).last_day)


@given(STARTS, TERMS, st.sets(st.integers(0, 120), max_size=6))
def test_the_due_date_never_moves_earlier_when_a_holiday_is_added(
    start: date, term: Term, offsets: set[int]
) -> None:
    closed = {start + timedelta(days=n) for n in offsets}
    calendar = company_calendar(closed)
    assert deadline(start, term, TIME, calendar).last_day >= due(start, term).last_day


@given(STARTS, TERMS)
def test_the_instant_is_the_midnight_after_the_last_day(start: date, term: Term) -> None:
    found = due(start, term)
    local = found.instant.astimezone(SHANGHAI)
    assert (local.date(), local.hour, local.minute) == (found.last_day + timedelta(days=1), 0, 0)
    assert found.instant.tzinfo is UTC


@given(STARTS, TERMS)
def test_a_deadline_is_provisional_only_with_a_year_without_data(start: date, term: Term) -> None:
    found = due(start, term)
    if found.provisional:
        assert CHINA.provisional_years(start, found.last_day)
    elif term.unit is Unit.WORKING_DAY and found.last_day > start:
        assert not CHINA.is_provisional(found.last_day)
