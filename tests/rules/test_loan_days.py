"""The days of a loan: a table of 2026 with its holidays and make-up days, renewals, recalls."""

from datetime import date, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from rules.calendar import company_calendar
from rules.deadlines import Deadline, is_late
from rules.duty import Duty
from rules.errors import DomainError
from rules.loan_days import (
    BORROWER,
    INCIDENT,
    STILL_NEEDED,
    LoanFacts,
    Recall,
    anchor_of,
    collect_by,
    day_before,
    due_of,
    ladder_of,
    list_anchor,
    list_ladder,
    offer_until,
    recall_of,
    recalled,
)
from rules.loans import LoanState
from rules.policy import Policy, load_pack
from rules.reminders import missed, occurrences
from rules.renewals import RenewFacts, renewed
from rules.rungs import Rung
from rules.secrecy import Grade
from tests.rules.lent import CHINA, PACKS, SHANGHAI, at, day, lent, moments


def days(policy: Policy, loan: LoanFacts, audience: str, count: int = 20) -> list[str]:
    """Return when the rungs for an audience strike, in Shanghai."""
    run = occurrences(ladder_of(policy, loan), anchor_of(policy, loan, CHINA))
    found = [due.at for due in islice(run, count) if due.step.audience == audience]
    return [one.astimezone(SHANGHAI).strftime("%m-%d %H:%M") for one in found]


DUE = [
    # pack, handed out, last day on time
    ("customer-service", "09-14 10:00", "09-17"),  # L01: Monday to Thursday
    ("customer-service", "09-17 10:00", "09-20"),  # ends on a make-up Sunday
    ("customer-service", "09-23 10:00", "09-28"),  # ends in Mid-Autumn
    ("customer-service", "09-30 10:00", "10-08"),  # ends in the National Day week
    ("customer-service", "10-07 10:00", "10-10"),  # ends on a make-up Saturday
    ("customer-service", "02-11 10:00", "02-14"),  # ends on the make-up Saturday before
    ("customer-service", "02-13 10:00", "02-24"),  # ends in Spring Festival
    ("customer-service", "04-30 10:00", "05-06"),  # ends in Labour Day
    ("customer-service", "06-17 10:00", "06-22"),  # ends in Dragon Boat
    ("file-custody", "09-14 10:00", "09-21"),
    ("file-custody", "09-18 10:00", "09-28"),
    ("pharma", "09-14 10:00", "09-17"),
    ("public-body", "09-14 10:00", "09-17"),
    ("engineering", "09-14 10:00", "09-14"),
    ("engineering", "09-13 10:00", "09-13"),  # a Sunday's loan is due that Sunday
    ("engineering", "09-14 21:00", "09-14"),
    ("property", "09-14 15:00", "09-14"),
    ("property", "09-14 18:00", "09-15"),  # after close of business: the next working day
    ("property", "09-18 18:30", "09-20"),  # which is a make-up Sunday
    ("property", "09-30 18:30", "10-08"),
]


@pytest.mark.parametrize(("pack", "when", "last"), DUE)
@pytest.mark.rule("S2-INFO.19.5")
@pytest.mark.rule("S1-14.5b")
@pytest.mark.rule("S3-ENG.3.3a")
@pytest.mark.rule("C-07")
@pytest.mark.rule("C-18")
@pytest.mark.rule("C-39")
@pytest.mark.rule("C-64")
def test_a_loan_is_due_on_the_day_of_the_table(pack: str, when: str, last: str) -> None:
    found = due_of(load_pack(pack), at(when), CHINA)
    assert found.last_day == day(last)
    assert found.instant > at(when)


@pytest.mark.rule("S2-INFO.19.5")
def test_l01_monday_under_three_days_is_due_thursday_24_00() -> None:
    found = due_of(load_pack("customer-service"), at("09-14 10:00"), CHINA)
    assert found.instant == at("09-18 00:00")
    assert not is_late(at("09-17 23:59"), found)
    assert found.counted == (day("09-15"), day("09-16"), day("09-17"))


@pytest.mark.rule("C-64")
def test_what_is_read_in_the_office_is_back_at_close_of_business() -> None:
    assert due_of(load_pack("property"), at("09-14 15:00"), CHINA).instant == at("09-14 18:00")


@pytest.mark.rule("S2-INFO.19.5")
def test_across_new_year_the_day_is_provisional_and_may_move() -> None:
    policy = load_pack("customer-service")
    found = due_of(policy, at("12-30 10:00"), company_calendar(missing=(2027,)))
    assert (found.last_day, found.provisional) == (date(2027, 1, 4), True)
    before = due_of(policy, at("12-30 10:00", 2025), company_calendar(missing=(2026,)))
    after = due_of(policy, at("12-30 10:00", 2025), CHINA)
    assert (before.last_day, before.provisional) == (date(2026, 1, 2), True)
    assert (after.last_day, after.provisional) == (date(2026, 1, 4), False)


@pytest.mark.rule("S2-INFO.19.5")
def test_l16_a_day_ends_in_beijing_wherever_the_borrower_is() -> None:
    urumqi = datetime(2026, 9, 17, 22, 30, tzinfo=ZoneInfo("Asia/Urumqi"))
    found = due_of(load_pack("customer-service"), at("09-14 10:00"), CHINA)
    assert is_late(urumqi, found)


class TestGivenTheDayIsStated:
    @pytest.mark.rule("S1-15.6.2")
    @pytest.mark.rule("S4-LOAN.6.3")
    def test_then_it_holds_and_a_day_off_rolls(self) -> None:
        for pack in ("corporate-archive", "loan-guarantee"):
            policy = load_pack(pack)
            assert policy.loan is not None
            found = due_of(policy, at("09-14 10:00"), CHINA, stated=day("09-22"))
            assert (found.last_day, found.rule) == (day("09-22"), policy.loan.duty.due.rule)
            rolled = due_of(policy, at("09-14 10:00"), CHINA, stated=day("10-01"))
            assert rolled.last_day == day("10-08")

    def test_then_none_or_one_that_is_over_is_misuse(self) -> None:
        policy = load_pack("loan-guarantee")
        with pytest.raises(DomainError, match="must be stated"):
            due_of(policy, at("09-14 10:00"), CHINA)
        with pytest.raises(DomainError, match="handed out after"):
            due_of(policy, at("09-15 10:00"), CHINA, stated=day("09-14"))

    @pytest.mark.rule("C-54")
    def test_then_what_is_not_fetched_by_that_day_has_lapsed(self) -> None:
        policy = load_pack("loan-guarantee")
        assert collect_by(policy, at("09-14 10:00"), CHINA).last_day == day("09-17")
        found = collect_by(policy, at("09-14 10:00"), CHINA, day("09-15"))
        assert found.last_day == day("09-15")

    def test_then_an_ordinary_policy_keeps_an_earlier_one_too(self) -> None:
        found = due_of(load_pack("file-custody"), at("09-14 10:00"), CHINA, stated=day("09-16"))
        assert found.last_day == day("09-16")


def test_a_policy_that_lends_nothing_has_no_days() -> None:
    with pytest.raises(DomainError, match="hotel lends nothing"):
        due_of(load_pack("hotel"), at("09-14 10:00"), CHINA)


@pytest.mark.rule("S3-LOG.2.3a")
def test_l20_an_offer_stands_to_the_next_working_day() -> None:
    policy = load_pack("customer-service")
    assert offer_until(policy, at("09-18 10:00"), CHINA).last_day == day("09-20")


class TestGivenARecall:
    @pytest.mark.rule("C-56")
    def test_l12_when_the_grade_rises_then_back_at_once(self) -> None:
        policy = load_pack("customer-service")
        why = recall_of(Grade.NONE, Grade.TOP_SECRET)
        assert why is Recall.UPGRADED
        loan = lent("customer-service", "09-14 10:00")
        found = recalled(policy, loan, why, at("09-15 11:00"), CHINA)
        assert (found.last_day, found.rule) == (day("09-15"), "C-56")
        week = lent("file-custody", "09-30 10:00")
        closed = recalled(load_pack("file-custody"), week, why, at("10-02 11:00"), CHINA)
        assert closed.last_day == week.due_on == day("10-08")

    @pytest.mark.rule("C-56")
    @pytest.mark.rule("S2-SECR.7")
    def test_l11_when_the_grade_falls_then_the_day_is_unchanged(self) -> None:
        assert recall_of(Grade.SECRET, Grade.NONE) is None
        assert recall_of(Grade.SECRET, Grade.SECRET) is None

    @pytest.mark.rule("S1-14.5c")
    def test_when_the_archive_needs_them_then_the_next_working_day(self) -> None:
        loan = lent("file-custody", "09-14 10:00")
        policy = load_pack("file-custody")
        found = recalled(policy, loan, Recall.NEEDED, at("09-15 11:00"), CHINA)
        assert (found.last_day, found.rule) == (day("09-16"), "S1-14.5c")

    def test_when_they_are_not_out_then_it_is_misuse(self) -> None:
        loan = lent("file-custody", "09-14 10:00", state=LoanState.DISCHARGED)
        with pytest.raises(DomainError):
            recalled(load_pack("file-custody"), loan, Recall.NEEDED, at("09-15 11:00"), CHINA)

    @given(st.sampled_from(PACKS), moments, st.sampled_from(Recall), st.integers(0, 60 * 24 * 30))
    @pytest.mark.rule("C-56")
    def test_then_it_is_never_later_than_before(
        self, pack: str, lent_at: datetime, why: Recall, minutes: int
    ) -> None:
        policy = load_pack(pack)
        due = due_of(policy, lent_at, CHINA)
        loan = LoanFacts(LoanState.LENT, lent_at, due.last_day, due.instant)
        found = recalled(policy, loan, why, lent_at + timedelta(minutes=minutes), CHINA)
        assert found.instant <= loan.due_at
        assert found.last_day <= loan.due_on


class TestGivenTheLadder:
    @pytest.mark.rule("S2-INFO.19.5")
    def test_three_days_bring_the_eve_the_day_twice_and_each_day_after(self) -> None:
        policy, loan = load_pack("customer-service"), lent("customer-service", "09-14 10:00")
        assert days(policy, loan, BORROWER)[:5] == [
            "09-16 09:00", "09-17 09:00", "09-17 15:00", "09-18 09:00", "09-19 09:00",
        ]  # fmt: skip
        assert days(policy, loan, "department_head") == ["09-18 09:00"]
        assert days(policy, loan, "cs_manager") == ["09-20 09:00"]
        assert days(policy, loan, INCIDENT) == ["09-24 09:00"]

    @pytest.mark.rule("S1-14.5c")
    @pytest.mark.rule("S1-14.8")
    def test_one_week_brings_day_5_day_7_and_each_day_after(self) -> None:
        policy, loan = load_pack("file-custody"), lent("file-custody", "09-14 10:00")
        assert days(policy, loan, BORROWER)[:4] == [
            "09-19 09:00", "09-21 09:00", "09-22 09:00", "09-23 09:00",
        ]  # fmt: skip
        assert days(policy, loan, "section_chief") == days(policy, loan, "custodian")
        assert days(policy, loan, "custodian") == ["09-22 09:00"]

    @pytest.mark.rule("S3-ENG.3.3a")
    def test_the_same_day_brings_half_past_four_and_the_close(self) -> None:
        policy, loan = load_pack("engineering"), lent("engineering", "09-18 10:00")
        assert days(policy, loan, BORROWER)[:3] == ["09-18 16:30", "09-18 18:00", "09-19 09:00"]
        assert days(policy, loan, "back_office_manager") == ["09-20 09:00"]

    @pytest.mark.rule("S1-15.5.3")
    def test_the_archivist_chases_what_is_late(self) -> None:
        loan = lent("corporate-archive", "09-14 10:00", stated=day("09-17"))
        assert days(load_pack("corporate-archive"), loan, "archivist_full") == ["09-18 09:00"]

    @pytest.mark.rule("S1-14.5d")
    def test_l05_a_long_loan_is_asked_after_each_quarter(self) -> None:
        policy = load_pack("file-custody")
        loan = lent("file-custody", "03-02 10:00", stated=day("12-31"), long_term=True)
        assert days(policy, loan, STILL_NEEDED) == ["06-02 09:00", "09-02 09:00", "12-02 09:00"]
        assert days(policy, lent("file-custody", "03-02 10:00"), STILL_NEEDED) == []
        with pytest.raises(DomainError, match="must be stated"):
            due_of(policy, at("03-02 10:00"), CHINA, long_term=True)

    @pytest.mark.rule("C-19")
    def test_a_renewed_loan_has_its_rungs_again(self) -> None:
        policy, loan = load_pack("file-custody"), lent("file-custody", "09-14 10:00")
        found = renewed(policy, loan, RenewFacts(at("09-16 10:00")), CHINA)
        assert isinstance(found, Deadline)
        again = replace(loan, due_on=found.last_day, due_at=found.instant, renewals=1)
        assert days(policy, again, BORROWER)[:2] == ["09-26 09:00", "09-28 09:00"]

    @pytest.mark.rule("S1-09.7.1")
    def test_a_running_loan_keeps_its_day_when_the_policy_changes(self) -> None:
        loan = lent("file-custody", "09-14 10:00")
        assert days(load_pack("customer-service"), loan, BORROWER)[1] == "09-21 09:00"

    def test_while_a_count_waits_only_the_incident_is_left(self) -> None:
        policy = load_pack("customer-service")
        for state in (LoanState.RETURNING, LoanState.DISPUTED):
            loan = lent("customer-service", "09-14 10:00", state=state)
            assert [step.audience for step in ladder_of(policy, loan)] == [INCIDENT]
        for state in (LoanState.SHORT, LoanState.LOST, LoanState.DISCHARGED):
            assert ladder_of(policy, lent("customer-service", "09-14 10:00", state=state)) == ()

    @pytest.mark.rule("S1-14.5c", "S1-15.5.3")
    def test_what_is_lent_on_of_a_short_loan_is_reminded_of_as_before(self) -> None:
        policy = load_pack("customer-service")
        loan = lent("customer-service", "09-14 10:00")
        short = replace(loan, state=LoanState.SHORT, rest_lent=True)
        assert ladder_of(policy, short) == ladder_of(policy, loan)
        lost = replace(short, state=LoanState.LOST)
        assert ladder_of(policy, lost) == ()

    @pytest.mark.rule("S2-INFO.19.5")
    def test_l17_a_notice_at_23_00_waits_till_08_00(self) -> None:
        policy = load_pack("customer-service")
        assert policy.loan is not None
        duty = Duty(policy.loan.duty.due, (Rung.parse("+1d 23:00"),))
        policy = replace(policy, loan=replace(policy.loan, duty=duty))
        loan = lent("customer-service", "09-14 10:00")
        ladder, anchor = ladder_of(policy, loan), anchor_of(policy, loan, CHINA)
        quiet = policy.time.quiet_hours
        assert missed(ladder, anchor, (), at("09-18 23:30"), quiet) == ()
        (late,) = missed(ladder, anchor, (), at("09-19 08:00"), quiet)
        assert (late.at, late.send_at) == (at("09-18 23:00"), at("09-19 08:00"))
        assert late.step.audience == BORROWER


@pytest.mark.rule("S3-ENG.3.6")
@pytest.mark.rule("C-26")
def test_the_monthly_list_goes_out_on_the_5th() -> None:
    policy = load_pack("engineering")
    run = occurrences(list_ladder(policy), list_anchor(policy, day("09-14"), CHINA))
    found = [(one.step.audience, one.at.astimezone(SHANGHAI).strftime("%m-%d %H:%M"))
             for one in run]  # fmt: skip
    assert found == [
        ("custodian", "09-01 09:00"), ("custodian", "09-04 09:00"), ("gm", "09-05 09:00"),
    ]  # fmt: skip
    assert list_ladder(load_pack("customer-service")) == ()


@pytest.mark.rule("C-07")
def test_a_deadline_at_24_00_belongs_to_the_day_that_ends() -> None:
    midnight = datetime(2026, 9, 18, tzinfo=SHANGHAI)
    assert day_before(midnight, SHANGHAI) == date(2026, 9, 17)
    assert day_before(midnight + timedelta(hours=18), SHANGHAI) == date(2026, 9, 18)


@pytest.mark.rule("C-64")
def test_what_is_put_off_into_a_year_without_data_is_provisional() -> None:
    policy = load_pack("property")
    in_time = due_of(policy, at("12-31 10:00"), CHINA)
    assert (in_time.last_day, in_time.provisional) == (day("12-31"), False)
    too_late = due_of(policy, at("12-31 18:00"), CHINA)
    assert (too_late.last_day, too_late.provisional) == (date(2027, 1, 4), True)
