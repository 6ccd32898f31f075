"""Clock times: parsing, quiet hours, office hours."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.calendar import china
from rules.errors import DomainError
from rules.hours import (
    MIDNIGHT,
    Clock,
    Window,
    add_working_hours,
    after_quiet,
    instant,
    local_clock,
    local_day,
    working_time,
    zone,
)

SHANGHAI = ZoneInfo("Asia/Shanghai")
QUIET = Window.parse("21:30", "08:00")
OFFICE = (Window.parse("09:00", "12:00"), Window.parse("13:00", "18:00"))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI).astimezone(UTC)


@pytest.mark.parametrize("text", ["24:01", "25:00", "9", "09:60", "", "09:00:00", "24:30"])
def test_no_such_time_is_refused(text: str) -> None:
    with pytest.raises(DomainError):
        Clock.parse(text)


def test_midnight_is_the_first_instant_of_the_next_day() -> None:
    assert Clock.parse("24:00") == MIDNIGHT
    assert instant(date(2026, 9, 14), MIDNIGHT, SHANGHAI) == at("2026-09-15 00:00")
    assert str(MIDNIGHT) == "24:00"
    assert local_day(at("2026-09-15 00:00"), SHANGHAI) == date(2026, 9, 15)
    assert local_clock(at("2026-09-15 09:05"), SHANGHAI) == Clock.parse("9:05")


def test_unknown_zone_and_naive_instant_are_refused() -> None:
    with pytest.raises(DomainError):
        zone("Asia/Nowhere")
    with pytest.raises(DomainError):
        local_day(datetime(2026, 9, 14), SHANGHAI)  # noqa: DTZ001  naive on purpose


@pytest.mark.parametrize(
    ("given_at", "expected"),
    [
        ("2026-09-14 21:29", "2026-09-14 21:29"),
        ("2026-09-14 21:30", "2026-09-15 08:00"),
        ("2026-09-15 00:00", "2026-09-15 08:00"),
        ("2026-09-15 07:59", "2026-09-15 08:00"),
        ("2026-09-15 08:00", "2026-09-15 08:00"),
    ],
)
def test_quiet_hours_hold_a_message_until_they_end(given_at: str, expected: str) -> None:
    assert after_quiet(at(given_at), QUIET, SHANGHAI) == at(expected)
    assert after_quiet(at(given_at), None, SHANGHAI) == at(given_at)
    assert after_quiet(at(given_at), Window.parse("08:00", "08:00"), SHANGHAI) == at(given_at)


@pytest.mark.rule("C-54")
@pytest.mark.parametrize(
    ("start", "hours", "expected"),
    [
        ("2026-09-14 09:00", 4, "2026-09-14 14:00"),
        ("2026-09-14 11:30", 4, "2026-09-14 16:30"),
        ("2026-09-14 16:00", 4, "2026-09-15 11:00"),
        ("2026-09-14 20:00", 4, "2026-09-15 14:00"),
        ("2026-09-14 09:00", 8, "2026-09-14 18:00"),
        ("2026-09-18 17:00", 4, "2026-09-20 12:00"),
        ("2026-09-30 17:00", 2, "2026-10-08 10:00"),
        ("2026-09-14 10:00", 0.5, "2026-09-14 10:30"),
    ],
)
def test_office_hours_are_counted_on_working_days_only(
    start: str, hours: float, expected: str
) -> None:
    assert add_working_hours(at(start), hours, OFFICE, china(), SHANGHAI) == at(expected)


def test_office_hours_that_make_no_sense_are_refused() -> None:
    for hours, office in ((-1, OFFICE), (1, ()), (1, (QUIET,))):
        with pytest.raises(DomainError):
            add_working_hours(at("2026-09-14 09:00"), hours, office, china(), SHANGHAI)


INSTANTS = st.datetimes(
    datetime(2020, 1, 1),  # noqa: DTZ001  Hypothesis adds the zone
    datetime(2028, 1, 1),  # noqa: DTZ001  Hypothesis adds the zone
    timezones=st.just(UTC),
)


@given(INSTANTS)
def test_nothing_goes_out_in_quiet_hours_and_nothing_early(moment: datetime) -> None:
    sent = after_quiet(moment, QUIET, SHANGHAI)
    assert sent >= moment
    assert sent - moment <= timedelta(hours=10, minutes=30)
    assert local_clock(sent, SHANGHAI) not in QUIET


@given(INSTANTS, st.floats(0.25, 30))
def test_office_hours_end_in_office_hours(moment: datetime, hours: float) -> None:
    end = add_working_hours(moment, hours, OFFICE, china(), SHANGHAI)
    assert end > moment
    assert china().is_workday(local_day(end, SHANGHAI))


@given(INSTANTS, st.integers(1, 30))
def test_office_time_is_counted_forward_and_back_alike(moment: datetime, hours: int) -> None:
    end = add_working_hours(moment, hours, OFFICE, china(), SHANGHAI)
    assert working_time(moment, end, OFFICE, china(), SHANGHAI) == timedelta(hours=hours)
    assert working_time(end, moment, OFFICE, china(), SHANGHAI) == timedelta(0)
