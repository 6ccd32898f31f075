"""Reminder expressions and ladders: every form, order, doubles, outages."""

from datetime import UTC, date, datetime
from itertools import islice
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from rules.calendar import china
from rules.deadlines import Term, TimeRules, Unit, deadline
from rules.errors import DomainError
from rules.hours import Clock, Window
from rules.reminders import Ladder, Step, StepKind, collapse, missed, next_due, occurrences
from rules.rungs import Anchor, Rung, strike, strikes

SHANGHAI = ZoneInfo("Asia/Shanghai")
QUIET = Window.parse("21:30", "08:00")
START, DUE = date(2026, 9, 18), date(2026, 9, 22)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI).astimezone(UTC)


def anchor(start: date = START) -> Anchor:
    time = TimeRules(SHANGHAI)
    due = deadline(start, Term(Unit.WORKING_DAY, "S1-09.4.1", 3), time, china())
    return Anchor(
        due=due.last_day,
        start=start,
        deadline=due.instant,
        time=time,
        digest=Clock.parse("09:00"),
        calendar=china(),
        office_hours=(Window.parse("09:00", "12:00"), Window.parse("13:00", "18:00")),
    )


def ladder(*rungs: str, audience: str = "borrower") -> Ladder:
    return tuple(
        Step(Rung.parse(text), audience, StepKind.REMIND, "S2-INFO.19.5") for text in rungs
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("-1wd 09:00", "2026-09-21 09:00"),
        ("-2wd 09:00", "2026-09-20 09:00"),
        ("-1d 09:00", "2026-09-21 09:00"),
        ("0d 16:00", "2026-09-22 16:00"),
        ("+0d 24:00", "2026-09-23 00:00"),
        ("+1d 09:00", "2026-09-23 09:00"),
        ("+1wd", "2026-09-23 09:00"),
        ("3d", "2026-09-25 09:00"),
        ("+1w 10:00", "2026-09-29 10:00"),
        ("-1m", "2026-08-22 09:00"),
        ("4wh", "2026-09-23 14:00"),
        ("1h", "2026-09-23 01:00"),
        ("1 Jun", "2026-06-01 09:00"),
        ("15 Dec 10:00", "2026-12-15 10:00"),
        ("day 20 09:00", "2026-09-20 09:00"),
        ("last wd 09:00", "2026-09-30 09:00"),
        ("start+1wd 09:00", "2026-09-20 09:00"),
        ("start+0d 17:00", "2026-09-18 17:00"),
    ],
)
def test_each_form_strikes_when_it_should(text: str, expected: str) -> None:
    rung = Rung.parse(text)
    assert strike(rung, anchor()) == at(expected)
    assert Rung.parse(str(rung)) == rung


def test_every_working_day_until_due() -> None:
    rung = Rung.parse("every 1wd 09:00 until due")
    assert strikes(rung, anchor()) == [at(f"2026-09-{day} 09:00") for day in (20, 21, 22)]
    assert Rung.parse(str(rung)) == rung


def test_a_repetition_goes_on_from_the_rung_before_it() -> None:
    run = occurrences(ladder("+1d 09:00", "every 1d until return"), anchor())
    assert [due.at for due in islice(run, 4)] == [
        at(f"2026-09-{day} 09:00") for day in (23, 24, 25, 26)
    ]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "tomorrow",
        "1",
        "-1wd 25:00",
        "0d 9",
        "every 0d until return",
        "every day",
        "4wh 09:00",
        "-4wh",
        "32 Jun",
        "1 Foo",
        "day 0",
        "day 32",
        "1 d",
    ],
)
def test_what_is_not_an_expression_is_refused(text: str) -> None:
    with pytest.raises(DomainError):
        Rung.parse(text)


class TestGivenALoanLadder:
    LADDER = ladder("-1d 09:00", "0d 09:00", "+0d 24:00", "+1d 09:00", "every 1d until return")

    def test_when_nothing_was_sent_then_the_first_rung_is_next(self) -> None:
        first = next_due(self.LADDER, anchor(), (), QUIET)
        assert first is not None
        assert first.send_at == at("2026-09-21 09:00")
        assert first.key == "2026-09-22 -1d 09:00 borrower"

    def test_when_one_was_sent_then_the_next_follows(self) -> None:
        first = next_due(self.LADDER, anchor(), ())
        assert first is not None
        second = next_due(self.LADDER, anchor(), {first.key})
        assert second is not None
        assert second.at == at("2026-09-22 09:00")

    def test_when_a_rung_strikes_in_quiet_hours_then_it_waits_for_the_morning(self) -> None:
        third = list(islice(occurrences(self.LADDER, anchor(), QUIET), 3))[-1]
        assert (third.at, third.send_at) == (at("2026-09-23 00:00"), at("2026-09-23 08:00"))

    def test_when_opened_late_then_earlier_rungs_are_left_out(self) -> None:
        first = next_due(self.LADDER, anchor(), (), QUIET, opened_at=at("2026-09-22 10:00"))
        assert first is not None
        assert first.at == at("2026-09-23 00:00")

    def test_when_the_bot_was_down_then_one_message_stands_for_all(self) -> None:
        late = missed(self.LADDER, anchor(), (), at("2026-09-25 12:00"), QUIET)
        assert len(late) == 6
        (one,) = collapse(late)
        assert one.latest.at == at("2026-09-25 09:00")
        assert [due.at for due in one.missed] == sorted(due.at for due in late)[:-1]
        after = next_due(self.LADDER, anchor(), {due.key for due in late}, QUIET)
        assert after is not None
        assert after.at == at("2026-09-26 09:00")

    def test_when_several_audiences_are_late_then_each_gets_one(self) -> None:
        boss = ladder("+1d 09:00", audience="direct_superior")
        late = missed(self.LADDER + boss, anchor(), (), at("2026-09-24 12:00"))
        assert {one.latest.step.audience for one in collapse(late)} == {
            "borrower",
            "direct_superior",
        }

    def test_when_the_due_day_changes_then_the_keys_change(self) -> None:
        old, new = (
            next_due(self.LADDER, anchor(), ()),
            next_due(self.LADDER, anchor(date(2026, 9, 21)), ()),
        )
        assert old is not None
        assert new is not None
        assert old.key != new.key


def test_a_finished_ladder_has_no_next_rung() -> None:
    steps = ladder("0d 09:00")
    only = next_due(steps, anchor(), ())
    assert only is not None
    assert next_due(steps, anchor(), {only.key}) is None
    assert collapse(()) == ()


@given(st.lists(st.sampled_from([0, 3, 20, 26, 50, 75, 200]), min_size=1, max_size=6))
def test_whenever_the_scan_runs_each_rung_is_sent_once_and_in_order(gaps: list[int]) -> None:
    steps = TestGivenALoanLadder.LADDER
    sent: list[str] = []
    now = at("2026-09-20 08:00").timestamp()
    for gap in gaps:
        now += gap * 3600
        late = missed(steps, anchor(), set(sent), datetime.fromtimestamp(now, UTC), QUIET)
        sent.extend(due.key for due in late)
    assert len(sent) == len(set(sent))
    everything = list(islice(occurrences(steps, anchor(), QUIET), len(sent)))
    assert {due.key for due in everything} == set(sent)


class TestGivenWhatIsLateOnDaysOff:
    LADDER = ladder("0d 09:00", "+1d 09:00", "every 1d until return")

    def late(self, *, rests: bool) -> list[tuple[datetime, datetime]]:
        due = replace(anchor(date(2026, 9, 21)), rests=rests)  # due on Thursday 24
        assert due.due == date(2026, 9, 24)
        return [(one.at, one.send_at) for one in islice(occurrences(self.LADDER, due, QUIET), 5)]

    @pytest.mark.rule("C-07")
    def test_then_it_waits_for_the_next_working_morning(self) -> None:
        days = [at(f"2026-09-{day} 09:00") for day in (24, 25, 26, 27, 28)]
        assert self.late(rests=True) == [
            (days[0], days[0]),
            (days[1], days[4]),
            (days[2], days[4]),
            (days[3], days[4]),
            (days[4], days[4]),
        ]

    def test_where_it_does_not_rest_then_it_is_said_every_day(self) -> None:
        assert all(strike_at == said for strike_at, said in self.late(rests=False))

    def test_before_the_deadline_then_nothing_waits(self) -> None:
        due = replace(anchor(date(2026, 9, 23)), rests=True)  # due on Tuesday 29
        before = next(occurrences(ladder("-3d 09:00"), due))
        assert before.at == before.send_at == at("2026-09-26 09:00")
