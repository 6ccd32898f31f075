"""The clock of a handover: reminders, who above hears, gaps, a calendar that comes late."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import TypeVar

import pytest
from msgspec.structs import replace

from handlers.context import Context
from handlers.handovers import handover_clock
from rules.calendar import china
from rules.handovers import GapKind, LegState
from storage import handover_gaps, handover_items, handovers
from storage.handover_gaps import Gap, NewGap
from storage.handovers import Handover
from storage.unit import Unit
from tests.features.desk import acting
from tests.features.diary import at, rows
from tests.features.keeping import later
from tests.features.office import Office, one_channel
from tests.features.showroom import ARCHIVE, CAR, SELLER, delivered, last, leg, sells, serviced

T = TypeVar("T")


def as_(office: Office, person: str, do: Callable[[Context], T]) -> T:
    """Do something as somebody, past the chat."""
    return office.change(lambda unit: do(acting(office, unit, person)))


def given(office: Office, held: Handover, moment: str) -> None:
    """Let the papers of a handover have been handed over."""

    def hand(unit: Unit) -> None:
        now = handovers.save(unit, held)
        this = handovers.present(unit, now)
        values = {"state": LegState.HANDED.value, "handed_at": at(moment), "handed_by": this.giver}
        handovers.set_leg(unit, this.id, **values)

    office.change(hand)
    as_(office, "CY033", lambda ctx: handover_clock.follow(ctx, held))


def lacking(office: Office, held: Handover, day: date) -> Gap:
    """Let something be missing since that day."""

    def note(ctx: Context) -> Gap:
        (line, *_) = handover_items.of(ctx.unit, held.id)
        due = handover_clock.gap_due(ctx, held, GapKind.WRONG, day)
        new = NewGap(held.id, 1, line.id, GapKind.WRONG.value, "CY033", due.last_day, due.instant)
        id_ = handover_gaps.open_(ctx.unit, new, at=ctx.now, by=ARCHIVE)
        assert id_ is not None
        found = handover_gaps.get(ctx.unit, id_)
        assert found is not None
        handover_clock.follow_gap(ctx, found)
        return found

    return as_(office, ARCHIVE, note)


def breaches(office: Office) -> list[tuple[str, str, str]]:
    query = "SELECT staff_id, due_on, rule FROM breach WHERE duty LIKE ? ORDER BY due_on"
    return [(who, str(day), rule) for who, day, rule in rows(office, query, "%:%")]


class TestGivenACarDelivered:
    @pytest.mark.rule("S1-09.4.1", "S1-09.5.1")
    async def test_then_each_working_day_and_at_the_deadline_somebody_hears(
        self, office: Office
    ) -> None:
        sells(office)
        await delivered(office)
        held = last(office)
        await office[SELLER].see()
        for moment in ("09-15 09:00", "09-16 09:00", "09-17 09:00", "09-17 16:00"):
            await later(office, moment)
            said = await office[SELLER].see()
            assert CAR in said, moment
            assert held.number in said
        await later(office, "09-18 07:30")
        assert breaches(office) == []
        await later(office, "09-18 08:00")
        assert "资料未按时移交" in await office[ARCHIVE].see()
        assert breaches(office) == [("CY033", "2026-09-17", "S1-09.4.1")]
        await later(office, "09-18 09:00")
        assert "移交已逾期" in await office[SELLER].see()

    @pytest.mark.rule("S1-09.4.2")
    async def test_when_a_service_job_is_done_then_the_evening_and_the_next_day(
        self, office: Office
    ) -> None:
        sells(office)
        await serviced(office)
        held = last(office)
        me = office["CY035"]
        await me.see()
        for moment in ("09-14 17:00", "09-15 09:00", "09-15 16:00"):
            await later(office, moment)
            assert held.number in await me.see(), moment
        await later(office, "09-16 08:00")
        assert breaches(office) == [("CY035", "2026-09-15", "S1-09.4.2")]

    @one_channel
    async def test_when_handed_over_then_nobody_hears_any_more(self, office: Office) -> None:
        sells(office)
        await delivered(office)
        held = last(office)
        given(office, held, "09-15 12:00")
        await office[SELLER].see()
        await office[ARCHIVE].see()
        await later(office, "09-21 10:00")
        assert held.number not in await office[SELLER].see()
        assert "未按时移交" not in await office[ARCHIVE].see()
        assert breaches(office) == []

    @one_channel
    async def test_when_down_over_the_days_then_one_message_says_so(self, office: Office) -> None:
        sells(office)
        await delivered(office)
        await office[SELLER].see()
        await office.app.stop()
        office.clock.advance(at("09-17 10:00"))
        await office.app.start()
        sells(office)
        for _ in range(2):
            await office.app.scan(office.clock.now())
            await office.settle()
        said = await office[SELLER].see()
        assert said.text.count(last(office).number) == 1
        assert "2 条提醒" in said


class TestGivenAGap:
    @pytest.mark.rule("S1-09.5.10")
    async def test_then_each_working_day_without_it_is_another_breach(
        self, office: Office
    ) -> None:
        sells(office)
        await delivered(office)
        held = last(office)
        given(office, held, "09-14 12:00")
        gap = lacking(office, held, date(2026, 9, 14))
        assert gap.due_on == date(2026, 9, 15)
        await office[SELLER].see()
        await later(office, "09-15 09:00")
        assert "不合要求" in await office[SELLER].see()
        await later(office, "09-17 10:00")
        assert breaches(office) == [
            ("CY033", "2026-09-15", "S1-09.5.10"),
            ("CY033", "2026-09-16", "S1-09.5.10"),
        ]
        assert "催补" in await office[SELLER].see()
        found = office.look(lambda unit: handover_gaps.get(unit, gap.id))
        assert found is not None
        assert found.lapses == 2

    @pytest.mark.rule("S1-09.4.1")
    @one_channel
    async def test_when_missing_then_it_may_come_until_the_day_of_the_handover(
        self, office: Office
    ) -> None:
        sells(office)
        await delivered(office)
        held = last(office)

        def due(ctx: Context) -> date:
            day = date(2026, 9, 14)
            return handover_clock.gap_due(ctx, held, GapKind.MISSING, day).last_day

        assert as_(office, ARCHIVE, due) == date(2026, 9, 17)


class TestGivenACalendarThatIsNotPublished:
    @one_channel
    async def test_then_the_day_is_provisional_and_counted_again_when_it_comes(
        self, office: Office
    ) -> None:
        sells(office)
        world = office.app.world
        later_years = replace(china(), years=china().years - {2027})
        office.app.world = replace(world, calendar=later_years)
        office.app._housekeeping._world = office.app.world
        office.clock.advance(at("12-31 10:00"))
        shown = await delivered(office, f"已交车 {CAR} 王某")
        held = last(office)
        assert "暂定" in shown
        assert leg(office, held).provisional
        await office.settle()
        assert "2027年的节假日安排尚未公布" in await office["CY039"].see()
        known = replace(later_years, years=later_years.years | {2027})
        office.app.world = replace(office.app.world, calendar=known)
        office.app._housekeeping._world = office.app.world
        await office[SELLER].see()
        await office.until(at("12-31 11:00"))
        await office.settle()
        said = await office[SELLER].see()
        assert "节假日安排已公布" in said
        assert not leg(office, held).provisional
