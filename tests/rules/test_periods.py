"""Periods in which dossiers are completed, and which dossiers wait in one."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from msgspec.structs import replace

from rules.absences import Away
from rules.calendar import china
from rules.opening import draft_meets, open_deadline
from rules.periods import (
    NEVER,
    Kept,
    Period,
    due_of,
    first_call,
    is_open,
    period_of,
    periodic,
)
from rules.policy import load_pack
from rules.upkeep import Completes, Completion

CHINA = china()
SALES, PHARMA = load_pack("sales-levels"), load_pack("pharma")
MONTHLY = next(one for one in SALES.completion if one.id == "monthly")
YEARLY = next(one for one in SALES.completion if one.id == "yearly")
(QUARTERLY,) = PHARMA.completion
APRIL = Period(date(2026, 4, 1), date(2026, 4, 30))
OLD = date(2020, 1, 2)


def kept(**values: object) -> Kept:
    return replace(Kept(3, False, NEVER, NEVER, OLD), **values)


@pytest.mark.parametrize(
    ("duty", "day", "first", "last"),
    [
        (MONTHLY, date(2026, 2, 28), date(2026, 2, 1), date(2026, 2, 28)),
        (MONTHLY, date(2028, 2, 1), date(2028, 2, 1), date(2028, 2, 29)),
        (QUARTERLY, date(2026, 9, 30), date(2026, 7, 1), date(2026, 9, 30)),
        (QUARTERLY, date(2026, 10, 1), date(2026, 10, 1), date(2026, 12, 31)),
        (YEARLY, date(2026, 12, 31), date(2026, 1, 1), date(2026, 12, 31)),
    ],
)
@pytest.mark.rule("S1-07.2.3b", "S1-05.2")
def test_a_day_lies_in_the_period_of_the_duty(
    duty: Completion, day: date, first: date, last: date
) -> None:
    assert period_of(day, duty) == Period(first, last)


@pytest.mark.rule("C-46")
def test_a_quarter_ends_for_the_duty_on_its_last_working_day() -> None:
    period = period_of(date(2027, 1, 15), QUARTERLY)
    assert due_of(period, QUARTERLY, PHARMA.time, CHINA).last_day == date(2027, 3, 31)
    period = period_of(date(2028, 12, 1), QUARTERLY)  # it ends on a Sunday
    assert due_of(period, QUARTERLY, PHARMA.time, CHINA).last_day == date(2028, 12, 29)


def test_a_duty_is_spoken_of_from_its_first_reminder_on() -> None:
    assert first_call(APRIL, MONTHLY, SALES.time, CHINA) == date(2026, 4, 1)
    quarter = period_of(date(2026, 9, 1), QUARTERLY)
    assert first_call(quarter, QUARTERLY, PHARMA.time, CHINA) == date(2026, 9, 15)
    year = period_of(date(2026, 9, 1), YEARLY)
    assert first_call(year, YEARLY, SALES.time, CHINA) == date(2026, 12, 1)
    silent = replace(MONTHLY, duty=replace(MONTHLY.duty, remind=()))
    assert first_call(APRIL, silent, SALES.time, CHINA) == date(2026, 4, 1)


@pytest.mark.rule("S1-04.4.3")
def test_a_duty_that_begins_with_a_transaction_has_no_periods() -> None:
    assert periodic(load_pack("industrial-sales")) == ()
    assert {one.id for one in periodic(SALES)} == {"monthly", "yearly"}


@pytest.mark.parametrize(
    ("values", "waits"),
    [
        ({}, True),
        ({"missing": 0}, False),
        ({"missing": -1}, False),
        ({"completed_on": date(2026, 3, 31)}, True),
        ({"completed_on": date(2026, 4, 1)}, False),
        ({"reviewed_on": date(2026, 4, 1)}, True),  # that nothing has changed fills nothing in
        ({"opened_on": date(2026, 3, 31)}, True),
        ({"opened_on": date(2026, 4, 1)}, False),
        ({"opened_on": None}, True),
    ],
)
@pytest.mark.rule("S1-07.2.3b", "C-71")
def test_an_incomplete_dossier_waits_for_a_value_each_month_after_its_opening(
    values: dict[str, object], waits: bool
) -> None:
    assert is_open(MONTHLY, APRIL, kept(**values)) is waits


@pytest.mark.rule("S1-05.2")
def test_a_long_term_customer_may_be_confirmed_as_it_is() -> None:
    quarter = period_of(date(2026, 4, 1), QUARTERLY)
    assert is_open(QUARTERLY, quarter, kept(long_term=True, missing=0))
    assert not is_open(QUARTERLY, quarter, kept())
    assert not is_open(QUARTERLY, quarter, kept(long_term=True, reviewed_on=date(2026, 4, 1)))
    every = replace(QUARTERLY, of=Completes.ALL)
    assert is_open(every, quarter, kept())
    assert not is_open(every, quarter, kept(reviewed_on=date(2026, 5, 1)))


class TestGivenANewCustomer:
    @pytest.mark.rule("S1-05.1")
    def test_then_it_is_reported_within_a_week_and_leave_puts_it_off(self) -> None:
        start = date(2026, 9, 14)
        due = open_deadline(start, (), PHARMA, CHINA)
        assert (due.last_day, due.rule) == (date(2026, 9, 21), "S1-05.1")
        told = datetime(2026, 9, 18, tzinfo=UTC)
        away = Away(date(2026, 9, 18), date(2026, 9, 22), told)
        assert open_deadline(start, (away,), PHARMA, CHINA).last_day == date(2026, 9, 23)
        late = replace(away, told_at=datetime(2026, 9, 22, tzinfo=UTC))
        assert open_deadline(start, (late,), PHARMA, CHINA) == due

    @pytest.mark.rule("C-69")
    def test_then_a_draft_keeps_a_same_day_rule_only_where_somebody_verifies(self) -> None:
        assert draft_meets(SALES)
        assert not draft_meets(PHARMA)
        assert not draft_meets(load_pack("hotel"))
