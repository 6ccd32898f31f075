"""The same-day note after a visit: deadline, reminders, leave, cancelling, major matters."""

from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from rules.calendar import china
from rules.policy import load_pack
from rules.reminders import StepKind, collapse, missed
from rules.visits import (
    Away,
    Visit,
    VisitState,
    anchor,
    ladder,
    major_matter_to,
    next_rung,
    note_deadline,
    on_time,
    rungs,
    state,
)

SHANGHAI = ZoneInfo("Asia/Shanghai")
CHINA = china()
SALES, CS = load_pack("sales-levels"), load_pack("customer-service")


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-{text}").replace(tzinfo=SHANGHAI).astimezone(UTC)


def visit(day: str = "09-14", entered: str = "09-14 09:00", **more: Any) -> Visit:
    return replace(Visit(date.fromisoformat(f"2026-{day}"), at(entered)), **more)


@pytest.mark.rule("S1-07.2.3a")
def test_a01_a_note_at_21_00_is_in_time() -> None:
    due = note_deadline(visit(), SALES, CHINA)
    assert due.rule == "S1-07.2.3a"
    assert on_time(at("09-14 21:00"), due)
    filed = visit(note_at=at("09-14 21:00"))
    assert state(filed, SALES, CHINA, at("09-15 00:30")) is VisitState.FILED
    assert rungs(filed, SALES, CHINA) == ()
    assert next_rung(filed, SALES, CHINA, ()) is None


@pytest.mark.rule("S1-07.2.3a")
@pytest.mark.rule("S1-07.2.3c")
def test_a02_without_a_note_the_breach_exists_from_midnight() -> None:
    case = visit("03-05", "03-05 10:00")
    assert state(case, SALES, CHINA, at("03-05 23:59")) is VisitState.OPEN
    assert state(case, SALES, CHINA, at("03-06 00:00")) is VisitState.MISSED
    late = visit("03-05", "03-05 10:00", note_at=at("03-06 00:00"))
    assert state(late, SALES, CHINA, at("03-06 08:00")) is VisitState.FILED_LATE


@pytest.mark.rule("S1-07.2.3a")
def test_the_ladder_reminds_in_the_evening_and_tells_the_manager_next_morning() -> None:
    found = rungs(visit("09-15"), SALES, CHINA)
    assert [(due.send_at, due.step.audience, due.step.kind) for due in found] == [
        (at("09-15 09:00"), "author", StepKind.REMIND),
        (at("09-15 18:00"), "author", StepKind.REMIND),
        (at("09-15 20:30"), "author", StepKind.REMIND),
        (at("09-16 09:00"), "department_manager", StepKind.ESCALATE),
    ]


@pytest.mark.rule("S2-DOSS.3.3")
def test_the_customer_service_pack_has_the_same_day_too() -> None:
    assert note_deadline(visit(), CS, CHINA).instant == at("09-15 00:00")
    assert rungs(visit(), CS, CHINA)[-1].step.audience == "direct_superior"


def test_a_visit_on_a_day_off_is_due_on_that_day() -> None:
    assert note_deadline(visit("10-03"), SALES, CHINA).last_day == date(2026, 10, 3)


class TestGivenAnOutage:
    def test_when_the_bot_comes_back_then_each_audience_gets_one_message(self) -> None:
        case, quiet = visit(), SALES.time.quiet_hours
        late = missed(ladder(SALES), anchor(case, SALES, CHINA), (), at("09-15 10:00"), quiet)
        author, manager = collapse(late)
        assert (author.latest.at, len(author.missed)) == (at("09-14 20:30"), 2)
        assert (manager.latest.at, manager.missed) == (at("09-15 09:00"), ())


class TestGivenRungsAlreadySent:
    def test_when_the_first_went_out_then_the_second_is_next(self) -> None:
        first = next_rung(visit(), SALES, CHINA, ())
        assert first is not None
        second = next_rung(visit(), SALES, CHINA, {first.key})
        assert second is not None
        assert second.send_at == at("09-14 20:30")

    def test_when_the_visit_is_entered_at_night_then_the_evening_rungs_are_left_out(self) -> None:
        found = rungs(visit(entered="09-14 21:00"), SALES, CHINA)
        assert [due.send_at for due in found] == [at("09-15 09:00")]

    def test_when_it_is_planned_then_nothing_is_due_before_the_day(self) -> None:
        planned = visit("09-16")
        assert state(planned, SALES, CHINA, at("09-15 12:00")) is VisitState.PLANNED
        assert state(planned, SALES, CHINA, at("09-16 00:00")) is VisitState.OPEN
        assert rungs(planned, SALES, CHINA)[0].send_at == at("09-16 09:00")


class TestGivenLeaveOrCancelling:
    @staticmethod
    def away(told: str, first: str = "09-14", last: str = "09-17") -> Away:
        year = "2026-"
        return Away(date.fromisoformat(year + first), date.fromisoformat(year + last), at(told))

    def test_when_told_before_the_deadline_then_the_duty_waits_for_the_return(self) -> None:
        sick = visit(away=(self.away("09-14 20:00"),))
        assert note_deadline(sick, SALES, CHINA).last_day == date(2026, 9, 18)
        assert state(sick, SALES, CHINA, at("09-15 09:00")) is VisitState.OPEN
        assert rungs(sick, SALES, CHINA)[0].send_at == at("09-18 09:00")

    def test_when_the_return_is_followed_by_more_leave_then_it_waits_again(self) -> None:
        more = self.away("09-17 09:00", "09-18", "09-30")
        sick = visit(away=(more, self.away("09-14 20:00")))
        assert note_deadline(sick, SALES, CHINA).last_day == date(2026, 10, 8)

    def test_when_told_after_the_deadline_then_the_breach_stays(self) -> None:
        sick = visit(away=(self.away("09-15 08:00"),))
        assert state(sick, SALES, CHINA, at("09-15 09:00")) is VisitState.MISSED

    def test_when_cancelled_in_time_then_nothing_is_due(self) -> None:
        off = visit(cancelled_at=at("09-14 23:59"))
        assert state(off, SALES, CHINA, at("09-15 09:00")) is VisitState.CANCELLED
        assert rungs(off, SALES, CHINA) == ()

    def test_when_cancelled_too_late_then_the_breach_stays(self) -> None:
        off = visit(cancelled_at=at("09-15 00:00"))
        assert state(off, SALES, CHINA, at("09-15 09:00")) is VisitState.MISSED
        assert rungs(off, SALES, CHINA)


@pytest.mark.rule("S2-DOSS.26")
@pytest.mark.rule("S5-1.5")
@pytest.mark.parametrize(
    ("major", "confidential", "held", "expected"),
    [
        (True, False, {"info_department", "direct_superior"}, "info_department"),
        (True, False, {"direct_superior"}, "direct_superior"),
        (True, False, set(), None),
        (True, True, {"info_department"}, None),
        (False, False, {"info_department"}, None),
    ],
)
def test_a11_a_major_matter_is_told_unless_confidential(
    major: bool, confidential: bool, held: set[str], expected: str | None
) -> None:
    told = major_matter_to(CS, major=major, confidential=confidential, is_held=held.__contains__)
    assert told == expected


@pytest.mark.rule("S5-1.5")
def test_a11_where_the_responsible_department_hears_it_is_not_the_information_department() -> None:
    held = {"info_department", "marketing_department", "direct_superior"}
    for role in ("marketing_department", "direct_superior"):
        told = major_matter_to(SALES, major=True, confidential=False, is_held=held.__contains__)
        assert told == role
        held.discard(role)
    assert major_matter_to(SALES, major=True, confidential=True, is_held=held.__contains__) is None


@pytest.mark.rule("S1-07.2.3a")
def test_a_duty_put_off_into_a_year_without_data_is_provisional() -> None:
    away = Away(date(2026, 12, 30), date(2026, 12, 31), at("12-29 10:00"))
    due = note_deadline(visit("12-30", away=(away,)), SALES, CHINA)
    assert (due.last_day, due.provisional) == (date(2027, 1, 4), True)
    earlier = Away(date(2026, 12, 28), date(2026, 12, 30), at("12-27 10:00"))
    due = note_deadline(visit("12-29", away=(earlier,)), SALES, CHINA)
    assert (due.last_day, due.provisional) == (date(2026, 12, 31), False)
