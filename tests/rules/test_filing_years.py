"""Under which year papers are filed that belong to more than one."""

import pytest

from rules.errors import DomainError
from rules.filing_years import Matter, year_of, year_rule

YEARS = [
    pytest.param(Matter.ONE_YEAR, 2026, 2026, 2026, marks=pytest.mark.rule("S2-DOSS.7")),
    pytest.param(Matter.ANSWERED, 2025, 2026, 2026, marks=pytest.mark.rule("S2-DOSS.14.1")),
    pytest.param(Matter.UNANSWERED, 2025, 2026, 2025, marks=pytest.mark.rule("S2-DOSS.14.2")),
    pytest.param(Matter.PLAN, 2026, 2030, 2026, marks=pytest.mark.rule("S2-DOSS.14.2")),
    pytest.param(Matter.SUMMARY, 2021, 2025, 2025, marks=pytest.mark.rule("S2-DOSS.14.3")),
    pytest.param(Matter.MEETING, 2025, 2026, 2025, marks=pytest.mark.rule("S2-DOSS.14.4")),
]


@pytest.mark.parametrize(("matter", "first", "last", "year"), YEARS)
@pytest.mark.rule("S5-2.24")
def test_what_spans_years_goes_by_what_it_is(
    matter: Matter, first: int, last: int, year: int
) -> None:
    assert year_of(matter, first, last) == year


@pytest.mark.parametrize(
    ("matter", "first", "last"), [(Matter.PLAN, 2027, 2026), (Matter.ONE_YEAR, 2025, 2026)]
)
def test_years_that_cannot_be_are_refused(matter: Matter, first: int, last: int) -> None:
    with pytest.raises(DomainError):
        year_of(matter, first, last)


def test_each_policy_names_its_own_clause_or_does_not_ask() -> None:
    assert year_rule(("S1-15", "S5-2"), Matter.SUMMARY) == "S5-2.24"
    assert year_rule(("S2-INFO", "S2-DOSS"), Matter.SUMMARY) == "S2-DOSS.14.3"
    assert year_rule(("S1-12",), Matter.SUMMARY) is None
