"""The days of handovers: scenarios by their number, each pack against a second reckoning."""

from datetime import UTC, date, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from rules.calendar import china, company_calendar
from rules.chains import route
from rules.deadlines import Deadline, Unit, is_late
from rules.errors import DomainError
from rules.handover_days import (
    GIVER,
    Rates,
    anchor_of,
    correction_deadline,
    correction_ladder,
    ladder_of,
    leg_deadline,
    opens_on,
    period_end,
    register_day,
    that_day,
)
from rules.handover_policy import HandoverPolicy, StartEvent
from rules.occasions import Action, Facts
from rules.policy import Policy, available_packs, load_pack
from rules.reminders import Ladder, occurrences
from rules.rungs import Anchor
from tests.rules import handover_oracle as oracle

CHINA = china()
SHANGHAI = ZoneInfo("Asia/Shanghai")
DEALER, LOANS = load_pack("auto-dealer"), load_pack("loan-guarantee")
ARCHIVE, BUREAU = load_pack("corporate-archive"), load_pack("public-body")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI).astimezone(UTC)


def row(policy: Policy, name: str) -> HandoverPolicy:
    found = policy.handover_of(name)
    assert found is not None
    return found


def due(policy: Policy, name: str, start: str, n: int = 0, **more: object) -> Deadline:
    started = date.fromisoformat(start)
    return leg_deadline(row(policy, name), n, started, policy.time, CHINA, **more)  # type: ignore[arg-type]  # keywords pass through


def moments(ladder: Ladder, anchor: Anchor, audience: str, count: int = 40) -> list[str]:
    """Return when the rungs for an audience strike, in Shanghai."""
    run = islice(occurrences(ladder, anchor), count)
    found = [one.at.astimezone(SHANGHAI) for one in run if one.step.audience == audience]
    return [one.strftime("%m-%d %H:%M") for one in found]


def heard(policy: Policy, name: str, start: str, audience: str = GIVER, n: int = 0) -> list[str]:
    found = due(policy, name, start, n)
    started = date.fromisoformat(start)
    anchor = anchor_of(found.last_day, found.instant, started, policy.time, CHINA)
    return moments(ladder_of(row(policy, name), n), anchor, audience)


@pytest.mark.rule("S1-09.4.1")
@pytest.mark.rule("C-09")
def test_b01_a_new_car_of_friday_is_due_tuesday_over_a_makeup_sunday() -> None:
    found = due(DEALER, "new_car", "2026-09-18")
    assert found.last_day == date(2026, 9, 22)
    assert found.makeup_days == (date(2026, 9, 20),)
    assert found.rule == "S1-09.4.1"


@pytest.mark.parametrize(
    "job", ["repair_minor", "first_service", "maintenance", "repair_major", "warranty"]
)
@pytest.mark.rule("S1-09.4.2")
def test_b03_a_repair_of_13_february_is_due_on_the_makeup_saturday(job: str) -> None:
    found = due(DEALER, job, "2026-02-13")
    assert found.last_day == date(2026, 2, 14)
    assert found.instant == at("2026-02-15 00:00:00")


@pytest.mark.parametrize(
    ("handed", "in_time"),
    [
        ("2026-09-22 23:59:59.999999", True),
        ("2026-09-23 00:00:00", False),
        ("2026-09-23 00:01:00", False),
    ],
)
@pytest.mark.rule("S1-09.5.1")
@pytest.mark.rule("S1-09.5.4")
def test_b05_midnight_is_late(handed: str, in_time: bool) -> None:
    assert is_late(at(handed), due(DEALER, "new_car", "2026-09-18")) is not in_time


@pytest.mark.rule("S3-ENG.3.2b")
def test_b18_completion_papers_of_3_june_are_due_8_june() -> None:
    assert due(load_pack("engineering"), "completion", "2026-06-03").last_day == date(2026, 6, 8)


@pytest.mark.rule("S5-2.4.2")
@pytest.mark.rule("C-26")
def test_b19_after_the_10th_the_head_of_the_department_hears() -> None:
    found = due(ARCHIVE, "monthly", "2026-08-31")
    assert found.last_day == date(2026, 9, 10)
    assert heard(ARCHIVE, "monthly", "2026-08-31", "department_head") == ["09-11 00:00"]
    assert heard(ARCHIVE, "monthly", "2026-08-31", "leader_in_charge") == ["09-11 09:00"]


class TestGivenNoCalendarOfNextYear:
    """B23: provisional at first, counted anew when the calendar is there."""

    @pytest.mark.rule("S1-09.4.2")
    def test_when_it_crosses_new_year_then_provisional_and_it_may_move(self) -> None:
        missing = company_calendar(missing=(2026,))
        job = row(DEALER, "warranty")
        before = leg_deadline(job, 0, date(2025, 12, 31), DEALER.time, missing)
        after = leg_deadline(job, 0, date(2025, 12, 31), DEALER.time, CHINA)
        assert (before.last_day, before.provisional) == (date(2026, 1, 2), True)
        assert (after.last_day, after.provisional) == (date(2026, 1, 4), False)


REMINDED = [
    # pack, handover, start, what the giver is reminded of until then
    ("auto-dealer", "new_car", "2026-09-18",
     ["09-20 09:00", "09-21 09:00", "09-22 09:00", "09-22 16:00", "09-23 09:00"]),
    ("auto-dealer", "warranty", "2026-09-18",
     ["09-18 17:00", "09-20 09:00", "09-20 16:00", "09-21 09:00"]),
    ("loan-guarantee", "loan_file", "2026-09-18",
     ["09-20 09:00", "09-21 09:00", "09-22 09:00", "09-22 16:00", "09-23 09:00"]),
    ("engineering", "completion", "2026-06-03", ["06-06 09:00", "06-07 09:00", "06-08 09:00"]),
    ("customer-service", "monthly_sales", "2026-08-31",
     ["09-02 09:00", "09-04 09:00", "09-07 09:00"]),
    ("corporate-archive", "monthly", "2026-08-31", ["09-05 09:00", "09-08 09:00", "09-09 09:00"]),
    ("corporate-archive", "year_volumes", "2025-12-31",
     ["02-01 09:00", "02-15 09:00", "02-22 09:00"]),
    ("public-body", "documents", "2025-12-31",
     ["12-31 09:00", "02-01 09:00", "03-01 09:00", "03-15 09:00"]),
    ("corporate-archive", "trip_papers", "2026-09-18", ["09-23 09:00", "09-24 09:00"]),
    ("corporate-archive", "filing_plan", "2026-12-31",
     ["01-15 09:00", "01-30 09:00", "02-02 09:00"]),
    ("public-body", "audiovisual", "2026-12-31", ["12-01 09:00", "12-15 09:00"]),
    ("public-body", "accounting", "2025-12-31", ["11-01 09:00", "12-01 09:00", "12-24 09:00"]),
]  # fmt: skip


@pytest.mark.parametrize(("pack", "name", "start", "expected"), REMINDED)
@pytest.mark.rule("S1-09.4.1")
@pytest.mark.rule("S1-09.4.2")
@pytest.mark.rule("S1-12.4.2a")
@pytest.mark.rule("S1-12.4.2b")
@pytest.mark.rule("S1-12.4.2d")
@pytest.mark.rule("S1-15.1.7")
@pytest.mark.rule("S1-15.3.3")
@pytest.mark.rule("S2-DOSS.5.1")
@pytest.mark.rule("S3-ENG.3.2b")
@pytest.mark.rule("S4-LOAN.4.5a")
@pytest.mark.rule("S5-2.3")
@pytest.mark.rule("S5-2.4.2")
@pytest.mark.rule("S5-2.17")
def test_the_giver_is_reminded(pack: str, name: str, start: str, expected: list[str]) -> None:
    assert heard(load_pack(pack), name, start)[: len(expected)] == expected


LATE = [
    # pack, handover, start, who hears when it is late, when first
    ("auto-dealer", "new_car", "2026-09-18", "custodian", "09-23 00:00"),
    ("auto-dealer", "new_car", "2026-09-18", "sales_director", "09-23 00:00"),
    ("auto-dealer", "repair_major", "2026-09-18", "custodian", "09-21 00:00"),
    ("auto-dealer", "repair_major", "2026-09-18", "service_director", "09-21 00:00"),
    ("loan-guarantee", "loan_file", "2026-09-18", "gm", "09-23 00:00"),
    ("loan-guarantee", "deeds", "2026-09-18", "gm", "09-20 09:00"),
    ("engineering", "completion", "2026-06-03", "back_office_manager", "06-09 09:00"),
    ("customer-service", "monthly_finance", "2026-08-31", "department_head", "09-09 09:00"),
    ("public-body", "documents", "2025-12-31", "deputy_chief", "04-01 09:00"),
    ("corporate-archive", "year_volumes", "2025-12-31", "leader_in_charge", "03-02 09:00"),
]


@pytest.mark.parametrize(("pack", "name", "start", "audience", "first"), LATE)
@pytest.mark.rule("S1-09.3.2")
@pytest.mark.rule("S1-09.3.3")
@pytest.mark.rule("S4-LOAN.4.5a")
def test_who_hears_when_it_is_late(
    pack: str, name: str, start: str, audience: str, first: str
) -> None:
    assert heard(load_pack(pack), name, start, audience)[0] == first


@pytest.mark.rule("S1-09.5.10")
def test_what_is_late_is_brought_up_every_working_day() -> None:
    days = heard(DEALER, "new_car", "2026-09-18", "sales_director")
    assert days[:4] == ["09-23 00:00", "09-24 09:00", "09-28 09:00", "09-29 09:00"]


FRIDAYS = [
    # start, last day, what the archive and the director hear, when the director hears it again
    ("2026-09-15", "2026-09-18", "09-19 00:00", "09-20 09:00"),  # a Saturday; the Sunday works
    ("2026-09-08", "2026-09-11", "09-12 00:00", "09-14 09:00"),  # an ordinary weekend
    ("2026-09-25", "2026-09-30", "10-01 00:00", "10-08 09:00"),  # National Day
]


@pytest.mark.parametrize(("start", "last", "late", "again"), FRIDAYS)
@pytest.mark.rule("C-07", "S1-09.5.1", "S1-09.5.10")
def test_the_end_of_a_last_day_does_not_wait_for_the_office_to_open(
    start: str, last: str, late: str, again: str
) -> None:
    """What rolls is the day; its 24:00 is the first instant of whatever day comes next, and who
    answers hears of it then. Only what is brought up again waits for a working day."""
    assert due(DEALER, "new_car", start).last_day == date.fromisoformat(last)
    assert heard(DEALER, "new_car", start, "custodian")[0] == late
    assert heard(DEALER, "new_car", start, "sales_director")[:2] == [late, again]


@pytest.mark.parametrize("pack", available_packs())
@pytest.mark.rule("C-07", "S3-ENG.3.2b", "S5-2.4.2", "S1-12.4.2a", "S1-15.3.3")
def test_no_day_of_a_handover_falls_on_a_day_off(pack: str) -> None:
    """Working days, plain days and fixed dates alike: each ends on, or rolls to, a working day."""
    policy = load_pack(pack)
    for start in (date(2026, 1, 1) + timedelta(days=one) for one in range(0, 270, 3)):
        for one in policy.handover:
            ordered = correction_deadline(one, start, policy.time, CHINA)
            assert CHINA.is_workday(ordered.last_day), (one.id, start)
            for n, leg in enumerate(one.leg):
                if leg.duty.due.unit is Unit.SAME_DAY and not CHINA.is_workday(start):
                    continue  # what arrives on a day off: `test_when_it_is_a_day_off_...`
                last = leg_deadline(one, n, start, policy.time, CHINA, total_start=start)
                assert CHINA.is_workday(last.last_day), (one.id, n, start)


class TestGivenChain:
    """C-08: A has three working days, B two from receipt, both together five."""

    def b(self, received: str, *, late: bool = False) -> date:
        start = date(2026, 9, 14)
        more = {"total_start": start, "previous_late": late}
        return due(LOANS, "loan_file", received, 1, **more).last_day

    @pytest.mark.rule("S4-LOAN.4.5a")
    def test_when_a_is_early_then_b_counts_from_receipt(self) -> None:
        assert self.b("2026-09-15") == date(2026, 9, 17)

    @pytest.mark.rule("S4-LOAN.4.5a")
    def test_when_a_takes_three_days_then_b_ends_on_day_five(self) -> None:
        assert self.b("2026-09-17") == date(2026, 9, 20)  # the make-up Sunday is day five

    @pytest.mark.rule("S4-LOAN.4.5a")
    def test_when_b_receives_later_without_delay_of_a_then_day_five_holds(self) -> None:
        assert self.b("2026-09-18") == date(2026, 9, 20)

    @pytest.mark.rule("S4-LOAN.4.5a")
    def test_when_a_was_late_then_b_keeps_two_days(self) -> None:
        assert self.b("2026-09-21", late=True) == date(2026, 9, 23)

    def test_when_there_is_no_such_leg_then_refused(self) -> None:
        with pytest.raises(DomainError, match="no leg 2"):
            due(LOANS, "loan_file", "2026-09-14", 2)


class TestGivenDeed:
    """C-49: at once is the same day, before the office closes; hourly in office hours."""

    @pytest.mark.rule("S4-LOAN.5.2b")
    def test_when_it_comes_in_the_morning_then_by_six(self) -> None:
        found = due(LOANS, "deeds", "2026-09-18", opened_at=at("2026-09-18 10:20"))
        assert found.instant == at("2026-09-18 18:00")

    @pytest.mark.parametrize("opened", ["2026-09-18 18:00", "2026-09-18 20:00"])
    @pytest.mark.rule("S4-LOAN.5.2b")
    def test_when_the_office_is_closed_then_the_next_working_day(self, opened: str) -> None:
        found = due(LOANS, "deeds", "2026-09-18", opened_at=at(opened))
        assert found.instant == at("2026-09-20 18:00")

    @pytest.mark.rule("S4-LOAN.5.2b")
    def test_when_it_is_a_day_off_then_the_next_working_day(self) -> None:
        found = due(LOANS, "deeds", "2026-09-19", opened_at=at("2026-09-19 10:00"))
        assert found.instant == at("2026-09-20 18:00")

    @pytest.mark.rule("S4-LOAN.5.2b")
    def test_when_it_is_told_days_later_then_it_was_due_on_its_day(self) -> None:
        found = due(LOANS, "deeds", "2026-09-16", opened_at=at("2026-09-18 10:00"))
        assert found.instant == at("2026-09-16 18:00")

    @pytest.mark.rule("S4-LOAN.5.2b")
    def test_b16_then_hourly_through_office_hours_and_on_the_next_day(self) -> None:
        times = heard(LOANS, "deeds", "2026-09-18")
        assert times[:9] == [
            "09-18 10:00", "09-18 11:00", "09-18 12:00", "09-18 14:00", "09-18 15:00",
            "09-18 16:00", "09-18 17:00", "09-20 10:00", "09-20 11:00",
        ]  # fmt: skip


@pytest.mark.rule("S4-LOAN.4.5b")
def test_b15_put_off_to_15_may_new_reminders_hang_on_the_new_day() -> None:
    loan_file = row(LOANS, "loan_file")
    found = that_day(loan_file, 0, date(2026, 5, 15), LOANS.time, CHINA)
    assert found.last_day == date(2026, 5, 15)
    anchor = anchor_of(found.last_day, found.instant, date(2026, 5, 14), LOANS.time, CHINA)
    times = moments(ladder_of(loan_file, 0), anchor, GIVER)
    assert times[:2] == ["05-15 09:00", "05-15 16:00"]
    off = that_day(loan_file, 0, date(2026, 5, 16), LOANS.time, CHINA)
    assert off.last_day == date(2026, 5, 18)


@pytest.mark.rule("S4-LOAN.4.5b")
def test_only_loans_and_guarantees_may_be_put_off() -> None:
    late = Facts(Action.LATE_HANDOVER)
    allowed = {pack for pack in available_packs() if route(load_pack(pack).approval, late)}
    assert allowed == {"loan-guarantee"}


@pytest.mark.rule("S1-09.5.10")
def test_an_ordered_correction_has_one_working_day_and_then_another() -> None:
    new_car = row(DEALER, "new_car")
    first = correction_deadline(new_car, date(2026, 9, 18), DEALER.time, CHINA)
    assert first.last_day == date(2026, 9, 20)
    again = correction_deadline(new_car, first.last_day, DEALER.time, CHINA)
    assert again.last_day == date(2026, 9, 21)
    start = date(2026, 9, 18)
    anchor = anchor_of(first.last_day, first.instant, start, DEALER.time, CHINA)
    assert moments(correction_ladder(new_car), anchor, GIVER)[:3] == [
        "09-20 09:00", "09-20 16:00", "09-21 09:00",
    ]  # fmt: skip


FIXED = [
    # pack, handover, a day of the period, its end, when it comes up, last day on time
    ("public-body", "documents", "2025-06-01", "2025-12-31", "2025-12-31", "2026-03-31"),
    ("public-body", "accounting", "2025-06-01", "2025-12-31", "2026-01-01", "2026-12-31"),
    ("public-body", "audiovisual", "2026-06-01", "2026-12-31", "2026-12-01", "2026-12-31"),
    ("public-body", "audiovisual", "2028-06-01", "2028-12-31", "2028-12-01", "2028-12-29"),
    ("corporate-archive", "year_volumes", "2025-01-01", "2025-12-31", "2026-01-01", "2026-02-28"),
    ("corporate-archive", "year_volumes", "2027-12-31", "2027-12-31", "2028-01-01", "2028-02-29"),
    ("corporate-archive", "filing_plan", "2026-01-04", "2026-12-31", "2026-01-15", "2026-02-02"),
    ("corporate-archive", "monthly", "2026-08-31", "2026-08-31", "2026-09-01", "2026-09-10"),
    ("corporate-archive", "monthly", "2026-12-01", "2026-12-31", "2027-01-01", "2027-01-11"),
    ("customer-service", "monthly_sales", "2026-09-01", "2026-09-30", "2026-09-28", "2026-10-08"),
    (
        "customer-service",
        "monthly_finance",
        "2026-09-09",
        "2026-09-30",
        "2026-09-28",
        "2026-10-08",
    ),
    (
        "customer-service",
        "monthly_service",
        "2026-02-09",
        "2026-02-28",
        "2026-03-01",
        "2026-03-10",
    ),
]


@pytest.mark.parametrize(("pack", "name", "day", "end", "opens", "last"), FIXED)
@pytest.mark.rule("S1-12.4.2a")
@pytest.mark.rule("S1-12.4.2b")
@pytest.mark.rule("S1-12.4.2d")
@pytest.mark.rule("S1-15.3.3")
@pytest.mark.rule("S2-DOSS.5.1")
@pytest.mark.rule("S2-DOSS.5.2")
@pytest.mark.rule("S2-DOSS.5.3")
@pytest.mark.rule("S5-2.4.2")
@pytest.mark.rule("C-31")
def test_what_comes_with_the_calendar(
    pack: str, name: str, day: str, end: str, opens: str, last: str
) -> None:
    policy = load_pack(pack)
    found = row(policy, name)
    ended = period_end(found.start, date.fromisoformat(day))
    assert ended == date.fromisoformat(end)
    assert opens_on(found, ended, policy.time, CHINA) == date.fromisoformat(opens)
    assert due(policy, name, end).last_day == date.fromisoformat(last)


def test_what_somebody_reports_has_no_period() -> None:
    with pytest.raises(DomainError, match="calendar"):
        period_end(StartEvent.VEHICLE_DELIVERED, date(2026, 9, 18))


@pytest.mark.rule("S1-12.4.2c")
@pytest.mark.rule("C-48")
def test_an_accepted_project_has_thirty_working_days() -> None:
    assert due(BUREAU, "engineering", "2026-06-30").last_day == date(2026, 8, 11)


EVENTS = [
    (pack, one.id, n)
    for pack in available_packs()
    for one in load_pack(pack).handover
    for n in range(len(one.leg))
    if one.start not in (StartEvent.YEAR_END, StartEvent.FISCAL_YEAR_END)
]


@given(st.sampled_from(EVENTS), st.dates(date(2026, 1, 1), date(2026, 10, 31)))
@pytest.mark.rule("S1-09.4.1")
@pytest.mark.rule("S1-09.4.2")
@pytest.mark.rule("S1-12.4.2c")
@pytest.mark.rule("S2-DOSS.5.1")
@pytest.mark.rule("S3-ENG.3.2b")
@pytest.mark.rule("S4-LOAN.4.5a")
@pytest.mark.rule("S5-2.4.2")
@pytest.mark.rule("C-07")
def test_every_day_of_the_year_is_reckoned_as_the_second_time(
    event: tuple[str, str, int], start: date
) -> None:
    pack, name, n = event
    found = due(load_pack(pack), name, start.isoformat(), n)
    assert found.last_day == oracle.last_day(pack, name, start, n)


@given(
    st.dates(date(2026, 1, 1), date(2026, 9, 30)),
    st.integers(0, 8),
    st.booleans(),
)
@pytest.mark.rule("S4-LOAN.4.5a")
@pytest.mark.rule("C-08")
def test_b_never_pays_for_the_delay_of_a(start: date, took: int, late: bool) -> None:
    received = start + timedelta(days=took)
    more = {"total_start": start, "previous_late": late}
    found = due(LOANS, "loan_file", received.isoformat(), 1, **more).last_day
    two = oracle.working_days(received, 2)
    assert found == (two if late else min(two, oracle.working_days(start, 5)))


@given(
    st.sampled_from(EVENTS),
    st.dates(date(2026, 1, 1), date(2026, 9, 30)),
    st.lists(st.integers(0, 60), max_size=4, unique=True),
)
@pytest.mark.rule("S1-09.4.1")
def test_a_day_the_company_closes_never_makes_it_earlier(
    event: tuple[str, str, int], start: date, closed: list[int]
) -> None:
    pack, name, n = event
    policy = load_pack(pack)
    calendar = company_calendar(closed=[start + timedelta(days=one) for one in closed])
    later = leg_deadline(row(policy, name), n, start, policy.time, calendar)
    assert later.last_day >= due(policy, name, start.isoformat(), n).last_day


@given(st.sampled_from(EVENTS), st.dates(date(2026, 1, 1), date(2026, 9, 30)))
@pytest.mark.rule("S1-09.5.10")
def test_nobody_is_woken_and_the_giver_hears_before_it_is_late(
    event: tuple[str, str, int], start: date
) -> None:
    pack, name, n = event
    policy = load_pack(pack)
    found = due(policy, name, start.isoformat(), n)
    anchor = anchor_of(found.last_day, found.instant, start, policy.time, CHINA)
    ladder = ladder_of(row(policy, name), n)
    sent = list(islice(occurrences(ladder, anchor, policy.time.quiet_hours), 25))
    times = [one.send_at.astimezone(SHANGHAI).strftime("%H:%M") for one in sent]
    assert all("08:00" <= time < "21:30" for time in times)
    if oracle.works(start):  # what arrives on a day off begins on the next working day
        assert any(one.step.audience == GIVER and one.at < found.instant for one in sent)


@given(st.dates(date(2026, 1, 1), date(2026, 10, 31)), st.sampled_from(["new_car", "warranty"]))
@pytest.mark.rule("S1-09.4.1")
def test_a_later_start_is_never_due_earlier(start: date, name: str) -> None:
    first = due(DEALER, name, start.isoformat())
    second = due(DEALER, name, (start + timedelta(days=1)).isoformat())
    assert first.last_day <= second.last_day
    assert oracle.works(first.last_day)


@pytest.mark.parametrize(
    ("signed", "entered"),
    [
        ("2026-09-18 09:00", "2026-09-18"),
        ("2026-09-18 17:29:59", "2026-09-18"),
        ("2026-09-18 17:30", "2026-09-20"),
        ("2026-09-19 10:00", "2026-09-20"),
        ("2026-09-30 18:00", "2026-10-08"),
    ],
)
@pytest.mark.rule("S1-09.2.5")
@pytest.mark.rule("C-65")
def test_after_closing_an_entry_is_of_the_next_working_day(signed: str, entered: str) -> None:
    assert DEALER.receipts is not None
    found = register_day(DEALER.receipts, at(signed), DEALER.time, CHINA)
    assert found == date.fromisoformat(entered)


@pytest.mark.rule("S1-09.2.5")
@pytest.mark.rule("C-65")
def test_after_closing_moves_no_deadline() -> None:
    assert not is_late(at("2026-09-18 20:00"), due(DEALER, "warranty", "2026-09-17"))


@pytest.mark.parametrize(
    ("counts", "timeliness", "completeness"),
    [
        ((0, 0, 0, 0), None, None),
        ((4, 3, 0, 0), 0.75, None),
        ((4, 3, 2, 1), 0.75, 0.5),
        ((4, 4, 4, 4), 1.0, 1.0),
    ],
)
@pytest.mark.rule("S1-09.5.8")
def test_the_rates_of_a_month(
    counts: tuple[int, int, int, int], timeliness: float | None, completeness: float | None
) -> None:
    rates = Rates(*counts)
    assert (rates.timeliness, rates.completeness) == (timeliness, completeness)


@given(st.tuples(*[st.integers(0, 9)] * 4))
@pytest.mark.rule("S1-09.5.8")
def test_a_rate_is_a_share_or_is_refused(counts: tuple[int, int, int, int]) -> None:
    whole, timely, signed, complete = counts
    if timely > whole or not complete <= signed <= whole:
        with pytest.raises(DomainError, match="share"):
            Rates(*counts)
        return
    rates = Rates(*counts)
    for one in (rates.timeliness, rates.completeness):
        assert one is None or 0 <= one <= 1


def test_a_policy_that_changes_leaves_the_stored_day_alone() -> None:
    stored = date(2026, 9, 30)
    anchor = anchor_of(stored, at("2026-10-01 00:00"), date(2026, 9, 18), DEALER.time, CHINA)
    leg = row(DEALER, "new_car").leg[0]
    shorter = replace(leg, duty=replace(leg.duty, due=replace(leg.duty.due, count=1)))
    changed = replace(row(DEALER, "new_car"), leg=(shorter,))
    assert "09-30 16:00" in moments(ladder_of(changed, 0), anchor, GIVER)
