"""Renewals: the first, the second, the long one; what they never do to a due day."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from rules.deadlines import Deadline
from rules.errors import Denied
from rules.loan_days import LoanFacts, due_of
from rules.loans import LoanState
from rules.policy import load_pack
from rules.renewals import RenewFacts, renewed
from tests.rules.lent import CHINA, PACKS, at, day, lent, moments


def extended(pack: str, loan: LoanFacts, when: str, **more: Any) -> Deadline | Denied:
    return renewed(load_pack(pack), loan, RenewFacts(at(when), **more), CHINA)


def codes(found: Deadline | Denied) -> list[str]:
    assert isinstance(found, Denied)
    return [reason.code for reason in found.reasons]


class TestGivenARenewal:
    @pytest.mark.rule("S1-14.5b")
    @pytest.mark.rule("C-19")
    def test_when_it_is_the_first_then_one_week_from_the_due_day(self) -> None:
        found = extended("file-custody", lent("file-custody", "09-14 10:00"), "09-16 10:00")
        assert isinstance(found, Deadline)
        assert (found.last_day, found.rule) == (day("09-28"), "S1-14.5b")

    @pytest.mark.rule("S1-14.5b")
    @pytest.mark.rule("S1-14.5d")
    @pytest.mark.rule("C-19")
    def test_l03_when_it_is_the_second_then_refused_with_the_hint(self) -> None:
        loan = lent("file-custody", "09-14 10:00", renewals=1)
        found = extended("file-custody", loan, "09-16 10:00")
        assert isinstance(found, Denied)
        (reason,) = found.reasons
        assert (reason.code, reason.rule) == ("renewals_used", "S1-14.5b")
        assert reason.next_step == "ask_long_term"
        other = lent("customer-service", "09-14 10:00", renewals=1)
        refused = extended("customer-service", other, "09-16 10:00")
        assert isinstance(refused, Denied)
        assert refused.reasons[0].next_step == "return_on_time"

    @pytest.mark.rule("S1-14.5d")
    def test_when_it_is_for_long_then_it_needs_a_day_and_no_count(self) -> None:
        loan = lent("file-custody", "09-14 10:00", renewals=1)
        assert codes(extended("file-custody", loan, "09-16 10:00", long_term=True)) == [
            "day_missing"
        ]
        until = date(2027, 3, 1)
        found = extended("file-custody", loan, "09-16 10:00", long_term=True, until=until)
        assert isinstance(found, Deadline)
        assert (found.last_day, found.rule) == (until, "S1-14.5d")

    @pytest.mark.rule("C-73")
    def test_when_it_is_to_a_named_date_then_at_most_a_week(self) -> None:
        loan = lent("engineering", "09-14 10:00")
        found = extended("engineering", loan, "09-14 11:00", until=day("09-16"))
        assert isinstance(found, Deadline)
        assert (found.last_day, found.rule) == (day("09-16"), "C-73")
        assert codes(extended("engineering", loan, "09-14 11:00", until=day("09-22"))) == [
            "day_too_late"
        ]
        assert codes(extended("engineering", loan, "09-14 11:00", until=day("09-14"))) == [
            "day_not_later"
        ]

    @pytest.mark.rule("C-73")
    def test_when_no_date_is_named_then_a_loan_of_one_day_is_not_renewed(self) -> None:
        loan = lent("engineering", "09-14 10:00")
        assert codes(extended("engineering", loan, "09-14 11:00")) == ["day_missing"]

    @pytest.mark.rule("S1-15.6.2")
    def test_when_days_are_stated_then_a_new_one_is_named(self) -> None:
        loan = lent("corporate-archive", "09-14 10:00", stated=day("09-22"))
        assert codes(extended("corporate-archive", loan, "09-16 10:00")) == ["day_missing"]

    @pytest.mark.rule("C-64")
    def test_when_papers_are_read_in_the_office_then_there_is_none(self) -> None:
        loan = lent("property", "09-14 10:00")
        assert codes(extended("property", loan, "09-14 11:00")) == ["renewals_used"]

    @pytest.mark.rule("C-19")
    @pytest.mark.rule("C-56")
    @pytest.mark.rule("S3-LOG.2.3a")
    def test_when_much_stands_against_it_then_all_is_said(self) -> None:
        loan = lent("customer-service", "09-14 10:00", renewals=1, recalled=True)
        found = extended("customer-service", loan, "09-18 10:00", waiting=2, long_term=True)
        assert codes(found) == [
            "overdue", "recalled", "somebody_waits", "no_long_term", "day_missing",
        ]  # fmt: skip

    def test_when_it_is_being_returned_then_it_is_not_renewed(self) -> None:
        loan = lent("customer-service", "09-14 10:00", state=LoanState.RETURNING)
        assert codes(extended("customer-service", loan, "09-15 10:00")) == ["not_lent"]


@given(
    st.sampled_from(PACKS),
    moments,
    st.lists(st.tuples(st.integers(-3, 10), st.booleans()), max_size=5),
)
@pytest.mark.rule("S1-14.5b")
@pytest.mark.rule("C-19")
def test_a_due_day_never_moves_earlier_by_a_renewal(
    pack: str, lent_at: datetime, tries: list[tuple[int, bool]]
) -> None:
    policy = load_pack(pack)
    assert policy.loan is not None
    first = due_of(policy, lent_at, CHINA)
    loan = LoanFacts(LoanState.LENT, lent_at, first.last_day, first.instant)
    for offset, named in tries:
        until = loan.due_on + timedelta(days=offset) if named else None
        found = renewed(policy, loan, RenewFacts(lent_at, until), CHINA)
        if isinstance(found, Denied):
            continue
        assert found.last_day > loan.due_on
        assert found.instant > loan.due_at
        assert CHINA.is_workday(found.last_day)
        loan = replace(
            loan, due_on=found.last_day, due_at=found.instant, renewals=loan.renewals + 1
        )
    assert loan.renewals <= policy.loan.renewals_max
    assert loan.due_on >= first.last_day


@given(st.sampled_from(PACKS), moments, st.timedeltas(timedelta(0), timedelta(days=90)))
@pytest.mark.rule("C-19")
def test_a_renewal_never_erases_a_day_that_has_passed(
    pack: str, lent_at: datetime, late: timedelta
) -> None:
    policy = load_pack(pack)
    due = due_of(policy, lent_at, CHINA)
    loan = LoanFacts(LoanState.LENT, lent_at, due.last_day, due.instant)
    found = renewed(policy, loan, RenewFacts(due.instant + late), CHINA)
    assert "overdue" in codes(found)
