"""Whether somebody may be named to decide in one's stead."""

from __future__ import annotations

from datetime import date

import pytest
from msgspec.structs import replace

from rules.access import StaffId
from rules.deciders import Away
from rules.stand_ins import refusal
from tests.rules.staff_list import StaffList

FIRST, LAST = date(2026, 9, 14), date(2026, 9, 18)
HEAD, REP, OTHER = StaffId("head"), StaffId("rep"), StaffId("other")


@pytest.fixture
def staff() -> StaffList:
    company = StaffList()
    for name in ("head", "rep", "other"):
        company.add(name)
    return company


def away(staff: StaffList, who: StaffId, to: StaffId | None, first: date = FIRST) -> None:
    person = staff.people[who]
    staff.people[who] = replace(person, away=(*person.away, Away(first, LAST, to)))


def codes(staff: StaffList, to: str = "rep") -> list[str]:
    denied = refusal(HEAD, StaffId(to), FIRST, LAST, staff, "C-54")
    return [one.code for one in denied.reasons] if denied else []


@pytest.mark.rule("C-54")
class TestGivenSomebodyToStandIn:
    def test_then_a_colleague_who_is_there_may(self, staff: StaffList) -> None:
        assert codes(staff) == []

    def test_then_nobody_stands_in_for_themselves(self, staff: StaffList) -> None:
        assert codes(staff, "head") == ["own_stand_in"]

    def test_then_who_left_or_never_was_may_not(self, staff: StaffList) -> None:
        staff.people[REP] = replace(staff.people[REP], active=False)
        assert codes(staff) == ["stand_in_left"]
        assert codes(staff, "nobody") == ["stand_in_left"]

    def test_then_a_way_that_leads_back_is_refused(self, staff: StaffList) -> None:
        away(staff, REP, OTHER)
        assert codes(staff) == []
        away(staff, OTHER, HEAD)
        assert codes(staff) == ["stand_in_circle"]

    def test_then_the_deputy_of_the_staff_list_counts_where_nobody_was_named(
        self, staff: StaffList
    ) -> None:
        staff.people[REP] = replace(staff.people[REP], deputy=HEAD)
        assert codes(staff) == []
        away(staff, REP, None)
        assert codes(staff) == ["stand_in_circle"]

    def test_then_an_absence_on_other_days_does_not_matter(self, staff: StaffList) -> None:
        person = staff.people[REP]
        later = Away(date(2026, 9, 21), date(2026, 9, 22), HEAD)
        staff.people[REP] = replace(person, away=(later,))
        assert codes(staff) == []

    def test_then_a_circle_among_others_ends(self, staff: StaffList) -> None:
        away(staff, REP, OTHER)
        away(staff, OTHER, REP)
        assert codes(staff) == []
