"""Graded meetings: who calls them, and who may be named to take part."""

from __future__ import annotations

import pytest

from rules.meetings import MOST_NAMED, Candidate, grades, may_host, naming_refusal
from rules.policy import load_pack
from rules.secrecy import Grade

SERVICE, HOTEL = load_pack("customer-service"), load_pack("hotel")

pytestmark = pytest.mark.rule("S2-SECR.9.2")


def reasons(grade: Grade, candidate: Candidate, taking_part: int = 1) -> list[str]:
    denied = naming_refusal(grade, candidate, taking_part)
    return [one.code for one in denied.reasons] if denied else []


def cleared(clearance: Grade, *, active: bool = True, named: bool = False) -> Candidate:
    return Candidate(active, clearance, named)


class TestGivenAHost:
    def test_then_it_is_the_head_of_a_department_or_whom_the_policy_names(self) -> None:
        assert may_host(["销售一部"], [], HOTEL)
        assert not may_host([], ["salesperson", "custodian"], SERVICE)
        assert may_host([], ["customer_director"], SERVICE)
        assert not may_host([], ["customer_director"], HOTEL)

    def test_then_no_meeting_lies_above_the_clearance(self) -> None:
        assert grades(Grade.NONE) == ()
        assert grades(Grade.SECRET) == (Grade.CONFIDENTIAL, Grade.SECRET)


class TestGivenSomebodyToName:
    @pytest.mark.parametrize("grade", [one for one in Grade if one is not Grade.NONE])
    @pytest.mark.parametrize("clearance", list(Grade))
    def test_then_the_clearance_reaches_the_grade(self, grade: Grade, clearance: Grade) -> None:
        refused = reasons(grade, cleared(clearance))
        assert refused == ([] if clearance >= grade else ["not_cleared"])

    def test_then_every_reason_is_given(self) -> None:
        candidate = cleared(Grade.NONE, active=False, named=True)
        assert reasons(Grade.SECRET, candidate, MOST_NAMED) == [
            "not_active",
            "already_named",
            "not_cleared",
            "circle_full",
        ]

    def test_then_the_circle_is_limited(self) -> None:
        one_more = cleared(Grade.TOP_SECRET)
        assert reasons(Grade.SECRET, one_more, MOST_NAMED - 1) == []
        assert reasons(Grade.SECRET, one_more, MOST_NAMED) == ["circle_full"]
