"""Secrecy grades: what the two tests propose, what cannot be saved, when one ends."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from rules.calendar import china
from rules.errors import Denied
from rules.grading import (
    CONTENT,
    CUSTODIAN,
    CUSTOMER,
    KEEPER,
    anchor,
    ended,
    ladder,
    lead,
    may_grade,
    proposed,
    proposed_until,
    refusal,
)
from rules.policy import load_pack
from rules.reminders import occurrences
from rules.secrecy import Grade

SERVICE, DEALER = load_pack("customer-service"), load_pack("auto-dealer")
DAY = date(2026, 9, 14)
SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.mark.rule("S2-SECR.5")
@pytest.mark.rule("S2-SECR.6")
class TestGivenContentAndCustomer:
    @pytest.mark.parametrize(
        ("content", "customer", "grade"),
        [
            ("ordinary", "ordinary", Grade.CONFIDENTIAL),
            ("important", "ordinary", Grade.SECRET),
            ("ordinary", "important", Grade.SECRET),
            ("ordinary", "key", Grade.TOP_SECRET),
            ("most_important", "ordinary", Grade.TOP_SECRET),
        ],
    )
    def test_then_the_stricter_test_counts(
        self, content: str, customer: str, grade: Grade
    ) -> None:
        assert proposed(content, customer) is grade

    @pytest.mark.rule("S2-SECR.4")
    def test_when_nothing_is_secret_then_no_customer_makes_it_so(self) -> None:
        assert {proposed("none", customer) for customer in CUSTOMER} == {Grade.NONE}

    def test_then_a_stricter_answer_never_lowers_the_grade(self) -> None:
        for customer in CUSTOMER:
            found = [proposed(content, customer).rank for content in CONTENT]
            assert found == sorted(found)


@pytest.mark.rule("S2-SECR.7")
class TestGivenAPeriod:
    @pytest.mark.rule("C-35")
    def test_then_one_three_and_five_years_are_proposed(self) -> None:
        years = [proposed_until(grade, DAY, SERVICE) for grade in list(Grade)[1:]]
        assert years == [date(2027, 9, 14), date(2029, 9, 14), date(2031, 9, 14)]
        assert proposed_until(Grade.NONE, DAY, SERVICE) is None
        leap = proposed_until(Grade.CONFIDENTIAL, date(2028, 2, 29), SERVICE)
        assert leap == date(2029, 2, 28)

    def test_d02_a_graded_dossier_without_period_cannot_be_saved(self) -> None:
        denied = refusal(Grade.CONFIDENTIAL, None, DAY, SERVICE)
        assert isinstance(denied, Denied)
        assert [(one.code, one.rule) for one in denied.reasons] == [("until_missing", "S2-SECR.7")]
        assert refusal(Grade.CONFIDENTIAL, DAY, DAY, SERVICE) is None
        assert refusal(Grade.NONE, None, DAY, SERVICE) is None
        assert refusal(Grade.CONFIDENTIAL, None, DAY, DEALER) is None

    def test_when_it_has_passed_then_it_cannot_be_saved(self) -> None:
        for policy in (SERVICE, DEALER):
            denied = refusal(Grade.SECRET, date(2026, 9, 13), DAY, policy)
            assert isinstance(denied, Denied)
            assert [one.code for one in denied.reasons] == ["until_passed"]

    def test_d03_it_is_over_from_the_day_after_its_last(self) -> None:
        assert not ended(DAY, DAY)
        assert ended(DAY, date(2026, 9, 15))
        assert not ended(None, DAY)

    def test_then_keeper_and_custodian_are_reminded_three_times(self) -> None:
        at = anchor(date(2026, 12, 1), SERVICE, china())
        for who in (KEEPER, CUSTODIAN):
            due = list(occurrences(ladder(SERVICE, who), at))
            local = [one.at.astimezone(SHANGHAI).isoformat()[5:16] for one in due]
            assert local == ["11-01T09:00", "11-30T09:00", "12-01T09:00"]
            assert {one.step.audience for one in due} == {who}

    def test_then_it_is_spoken_of_thirty_days_ahead(self) -> None:
        assert lead(SERVICE, DAY, china()).days == 30


@pytest.mark.rule("S2-SECR.12a")
class TestGivenARole:
    def test_then_only_who_the_policy_names_sets_grades(self) -> None:
        assert may_grade({"custodian"}, DEALER)
        assert may_grade({"info_supervisor"}, SERVICE)
        assert not may_grade({"info_supervisor"}, DEALER)
        assert not may_grade({"gm", "salesperson"}, SERVICE)
        named = replace(SERVICE.secrecy, graders=("gm",))
        assert may_grade({"gm"}, replace(SERVICE, secrecy=named))
