"""Reading what people type, and showing it back."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.conversation.answers import clean, display, read_date, read_number
from handlers.conversation.forms import Field, Kind, Moment
from handlers.conversation.messages import Problem
from handlers.conversation.numerals import parse_number
from handlers.texts import Texts
from rules.calendar import china
from tests.conversation.demo import of_kind

MOMENT = Moment(datetime(2026, 9, 14, 1, tzinfo=UTC), date(2026, 9, 14), china())
ENGLISH = Texts("en", ZoneInfo("Asia/Shanghai"))


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("3.5万", 35_000),
        ("1万5千", 15_000),
        ("1万5", 15_000),
        ("三万五", 35_000),
        ("12,300元", 12_300),
        ("12 000", 12_000),
        ("十五", 15),
        ("两千零五", 2005),
        ("1亿2000万", 120_000_000),
        ("-5", -5),
        ("负5", -5),
        ("0.25", 0.25),
        ("3 4", None),
        ("万", None),
        ("5%", None),
        ("", None),
        ("9" * 60, None),
        ("abc", None),
    ],
)
def test_numbers_are_read_as_people_write_them(typed: str, value: float | None) -> None:
    assert parse_number(typed) == value


@given(st.text(max_size=50))
def test_no_text_breaks_the_reading_of_numbers(text: str) -> None:
    parse_number(text)


@given(st.text(max_size=200))
def test_cleaning_twice_is_cleaning_once(text: str) -> None:
    once = clean(text)
    assert clean(once) == once
    once.encode()


def test_cleaning_removes_what_turns_or_hides_and_keeps_what_was_typed() -> None:
    assert clean("a\u202eb\u2066c\x00d\x1b") == "abcd"
    assert clean(" <b>*_[]&amp;👩‍👩‍👧‍👦\r\n2 ") == "<b>*_[]&amp;👩‍👩‍👧‍👦\n2"
    assert clean("e\u0301") == "é"
    assert clean("\ud800x") == "x"
    assert clean(" \u200b\u202e ") == ""


def test_an_impossible_day_is_answered_with_what_is_wrong() -> None:
    problem = read_date(of_kind(Kind.DATE), "2月31日", MOMENT)
    assert isinstance(problem, Problem)
    assert "does not exist" in ENGLISH.t(problem.message, **problem.facts)


@pytest.mark.parametrize("typed", ["下周", "13月1日", "9999年", "9999-99-99", "quark"])
def test_each_problem_of_a_date_has_words(typed: str) -> None:
    problem = read_date(of_kind(Kind.DATE), typed, MOMENT)
    assert isinstance(problem, Problem)
    assert ENGLISH.t(problem.message, **problem.facts)


def test_numbers_outside_their_limits_are_answered_with_the_limit() -> None:
    field = Field("a", Kind.NUMBER, "L", "P", minimum=1, maximum=10_000)
    assert read_number(field, "0") == Problem(
        "That is too small: at least {minimum}.", {"minimum": "1"}
    )
    assert read_number(field, "2万") == Problem(
        "That is too large: at most {maximum}.", {"maximum": "10,000"}
    )


def test_a_day_of_another_year_is_shown_with_its_year() -> None:
    assert "2025" in display(of_kind(Kind.DATE), "2025-09-14", ENGLISH, date(2026, 9, 14))
