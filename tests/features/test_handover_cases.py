"""Days and hands that meet oddly: midnight, New Year, more time, who is asked in whose place."""

from __future__ import annotations

import io
from datetime import date

import pytest
from msgspec.structs import replace
from openpyxl import load_workbook

from handlers.handovers import receipts
from rules.calendar import china
from storage import handover_extensions, handover_gaps, handovers, staff
from storage.unit import Unit
from tests.features.desk import acting
from tests.features.diary import at, rows
from tests.features.handing import (
    GIVER,
    begun,
    filled,
    gaps,
    hand,
    handed,
    legs,
    line,
    note,
    now,
    sign,
    signed,
)
from tests.features.handing import lends as lending
from tests.features.keeping import later
from tests.features.office import Office, one_channel
from tests.features.showroom import (
    ARCHIVE,
    CAR,
    CARE,
    CHIEF,
    DIRECTOR,
    SELLER,
    delivered,
    every,
    last,
    leg,
    sells,
    serviced,
)
from tests.features.test_handover_extension import ask, lends, paid_out

NEW_YEAR = date(2027, 1, 4)
"""A Monday on which people work as long as nothing else is published."""


def breaches(office: Office) -> list[tuple[str, str]]:
    found = rows(office, "SELECT duty, due_on FROM breach ORDER BY due_on, duty")
    return [(duty.partition(":")[0], str(day)) for duty, day in found]


def unpublished(office: Office) -> None:
    """Let nobody have published the days of 2027 yet."""
    world = office.app.world
    office.app.world = replace(
        world, calendar=replace(china(), years=china().years - {2027}, closed=frozenset())
    )
    office.app._housekeeping._world = office.app.world


def published(office: Office, *off: date) -> None:
    """Let the days of 2027 be published, these among the days off."""
    world = office.app.world
    calendar = replace(
        world.calendar,
        years=world.calendar.years | {2027},
        days_off=dict(world.calendar.days_off) | dict.fromkeys((date(2027, 1, 1), *off), "元旦"),
    )
    office.app.world = replace(world, calendar=calendar)
    office.app._housekeeping._world = office.app.world


@one_channel
class TestGivenMidnight:
    @pytest.mark.rule("S1-09.4.1", "C-58")
    async def test_when_delivered_a_minute_before_on_the_friday_then_that_day_counts(
        self, office: Office
    ) -> None:
        sells(office)
        office.clock.advance(at("09-19 00:03"))
        await office.hand_in(SELLER, text=f"已交车 {CAR} 王某", at=at("09-18 23:59"))
        await office.settle()
        await office[SELLER].tap("登记计时")
        held = last(office)
        assert held.started_on == date(2026, 9, 18)
        assert leg(office, held).due_on == date(2026, 9, 22)

    @pytest.mark.rule("S1-09.5.1")
    @pytest.mark.parametrize(("moment", "late"), [("09-22 23:59", False), ("09-23 00:01", True)])
    async def test_when_handed_over_around_the_deadline_then_the_minute_decides(
        self, office: Office, moment: str, late: bool
    ) -> None:
        sells(office)
        office.clock.advance(at("09-18 15:00"))
        await delivered(office)
        held = last(office)
        filled(office, held)
        await later(office, "09-23 00:02")
        await office.hand_in(SELLER, choice=f"f.sign.hand.{held.id}", at=at(moment))
        await office.settle()
        (this,) = legs(office, held)
        assert this.handed_at == at(moment)
        assert breaches(office) == ([("handover", "2026-09-22")] if late else [])

    @pytest.mark.rule("C-49")
    async def test_when_a_deed_comes_in_the_minute_before_midnight_then_the_next_working_day(
        self, office: Office
    ) -> None:
        lending(office)
        office.clock.advance(at("09-18 23:59"))
        assert leg(office, begun(office, "deeds")).due_on == date(2026, 9, 20)


@one_channel
@pytest.mark.rule("S1-09.4.1")
class TestGivenNewYear:
    async def test_when_the_calendar_comes_then_the_day_moves_and_is_told(
        self, office: Office
    ) -> None:
        sells(office)
        unpublished(office)
        office.clock.advance(at("12-31 10:00"))
        await delivered(office)
        held = last(office)
        assert leg(office, held).due_on == date(2027, 1, 6)
        await office[SELLER].see()
        published(office, NEW_YEAR)
        await office.until(at("12-31 11:00"))
        await office.settle()
        said = await office[SELLER].see()
        assert "节假日安排已公布" in said
        assert leg(office, held).due_on == date(2027, 1, 7)
        assert not leg(office, held).provisional

    @pytest.mark.rule("S4-LOAN.4.5b")
    async def test_when_more_time_was_allowed_then_the_calendar_takes_none_of_it_back(
        self, office: Office
    ) -> None:
        lends(office)
        unpublished(office)
        office.clock.advance(at("12-31 10:00"))
        held = paid_out(office)
        await ask(office, held, "2027年1月20日")
        await office[SELLER].tap("提交")
        await office[CHIEF].see()
        await office[CHIEF].tap("同意")
        assert leg(office, held).due_on == date(2027, 1, 20)
        assert leg(office, held).provisional
        published(office)
        await office.until(at("12-31 11:00"))
        await office.settle()
        assert leg(office, held).due_on == date(2027, 1, 20)
        assert not leg(office, held).provisional

    @pytest.mark.rule("S1-09.5.10", "C-16")
    async def test_when_the_calendar_comes_then_the_day_of_a_gap_moves_and_its_owner_is_told(
        self, office: Office
    ) -> None:
        sells(office)
        unpublished(office)
        office.clock.advance(at("12-31 10:00"))
        held = await signed(office, purchase_invoice={"state": "absent", "reason": "客户未取"})
        (gap,) = gaps(office, held)
        assert (gap.due_on, gap.provisional) == (date(2027, 1, 6), True)
        assert "暂定" in await office[SELLER].press(f"f.gap.card.{gap.id}")
        published(office, NEW_YEAR)
        await office.until(at("12-31 11:00"))
        await office.settle()
        said = await office[SELLER].see()
        assert "购车发票复印件" in said
        assert "补正期限改为 1月7日 周四 24:00，不再是 1月6日" in said
        (gap,) = gaps(office, held)
        assert (gap.due_on, gap.provisional) == (date(2027, 1, 7), False)
        assert "暂定" not in await office[SELLER].press(f"f.gap.card.{gap.id}")

    @pytest.mark.rule("S1-09.5.10")
    async def test_when_the_day_of_a_gap_stays_then_nobody_is_bothered(
        self, office: Office
    ) -> None:
        sells(office)
        unpublished(office)
        office.clock.advance(at("12-31 10:00"))
        held = await handed(office)
        await note(office, held, "delivery_check", "nocustomer")
        await sign(office, held)
        (gap,) = gaps(office, held)
        assert gap.provisional
        await office[SELLER].see()
        published(office)
        await office.until(at("12-31 11:00"))
        await office.settle()
        (after,) = gaps(office, held)
        assert (after.due_on, after.provisional) == (gap.due_on, False)
        assert "节假日安排已公布" not in await office[SELLER].see()


@one_channel
@pytest.mark.rule("S4-LOAN.4.5b")
class TestGivenMoreTimeIsAskedFor:
    async def test_when_the_day_has_passed_then_it_may_be_allowed_and_stays_written_down(
        self, office: Office
    ) -> None:
        lends(office)
        held = paid_out(office)
        await later(office, "09-18 10:00")
        assert breaches(office) == [("handover", "2026-09-17")]
        await ask(office, held)
        await office[SELLER].tap("提交")
        assert "期限已过" in await office[CHIEF].see()
        await office[CHIEF].tap("同意")
        assert leg(office, held).due_on == date(2026, 9, 24)
        assert breaches(office) == [("handover", "2026-09-17")]
        await later(office, "09-25 10:00")
        assert ("handover", "2026-09-24") in breaches(office)

    async def test_when_the_day_of_the_event_is_put_right_after_then_it_is_kept(
        self, office: Office
    ) -> None:
        lends(office)
        held = paid_out(office)
        await ask(office, held)
        await office[SELLER].tap("提交")
        await office[CHIEF].see()
        await office[CHIEF].tap("同意")
        await office[SELLER].press(f"f.handover.move.{held.id}")
        await office[SELLER].say("9月11日")
        await office[SELLER].say("放款是上周五")
        assert now(office, held).started_on == date(2026, 9, 11)
        assert leg(office, held).due_on == date(2026, 9, 24)

    async def test_when_it_is_handed_over_meanwhile_then_nothing_is_put_off(
        self, office: Office
    ) -> None:
        lends(office)
        held = paid_out(office)
        await ask(office, held)
        await office[SELLER].tap("提交")
        filled(office, held)
        await hand(office, held)
        await office[CHIEF].see()
        await office[CHIEF].tap("同意")
        assert leg(office, held).due_on == date(2026, 9, 17)
        (one,) = office.look(lambda unit: handover_extensions.of(unit, held.id))
        assert one.state == "refused"


@one_channel
class TestGivenTheArchiveTakesItsTime:
    @pytest.mark.rule("S1-09.5.1", "S1-09.5.10")
    async def test_when_sent_back_after_the_deadline_then_there_is_time_to_put_it_right(
        self, office: Office
    ) -> None:
        held = await handed(office)
        office.clock.advance(at("09-21 10:00"))
        await office[ARCHIVE].press(f"f.sign.return.{held.id}.{now(office, held).rev}")
        await office[ARCHIVE].tap("有缺项")
        (this,) = legs(office, held)
        assert (this.state, this.due_on) == ("open", date(2026, 9, 22))
        assert breaches(office) == []
        await later(office, "09-23 08:00")
        assert breaches(office) == [("handover", "2026-09-22")]

    @pytest.mark.rule("S1-09.5.1")
    async def test_when_sent_back_in_time_then_the_day_stands(self, office: Office) -> None:
        held = await handed(office)
        await office[ARCHIVE].press(f"f.sign.return.{held.id}.{now(office, held).rev}")
        await office[ARCHIVE].tap("有缺项")
        assert legs(office, held)[0].due_on == date(2026, 9, 17)

    @pytest.mark.rule("S1-09.5.1")
    async def test_when_the_giver_takes_it_back_after_the_deadline_then_it_is_late(
        self, office: Office
    ) -> None:
        held = await handed(office)
        office.clock.advance(at("09-18 10:00"))
        await office[SELLER].press(f"f.sign.back.{held.id}")
        assert breaches(office) == [("handover", "2026-09-17")]


@one_channel
class TestGivenWhoActsIsAnother:
    @pytest.mark.rule("C-55")
    async def test_when_the_consultant_leaves_after_it_was_sent_back_then_the_superior_goes_on(
        self, office: Office
    ) -> None:
        sells(office)
        await serviced(office)
        held = last(office)
        filled(office, held, CARE)
        await hand(office, held, CARE)
        await note(office, held, "work_order", "nocustomer")
        await office[ARCHIVE].press(f"f.sign.return.{held.id}.{now(office, held).rev}")
        await office[ARCHIVE].tap("签字缺失")
        office.change(lambda unit: staff.deactivate(unit, CARE))
        (gap,) = gaps(office, held)
        await office[CHIEF].press(f"f.gap.supply.{gap.id}")
        await office[CHIEF].say("跳过")
        await hand(office, held, CHIEF)
        (this,) = legs(office, held)
        assert (this.state, this.handed_by) == ("handed", "CY034")
        await sign(office, held)
        assert now(office, held).state == "complete"

    @pytest.mark.rule("S1-09.5.10")
    async def test_when_somebody_else_brings_what_is_missing_then_the_archive_takes_it(
        self, office: Office
    ) -> None:
        held = await signed(office, purchase_invoice={"state": "absent", "reason": "客户未取"})
        (gap,) = gaps(office, held)
        shown = await office[CARE].press(f"f.gap.supply.{gap.id}")
        assert held.number not in shown
        await office[DIRECTOR].press(f"f.gap.supply.{gap.id}")
        assert [one.state for one in gaps(office, held)] == ["open"]
        await office[ARCHIVE].press(f"f.gap.accept.{gap.id}")
        assert gaps(office, held) == []
        assert line(office, held, "purchase_invoice").supplied_at is not None

    @pytest.mark.rule("S1-14.9")
    async def test_when_the_archivist_gives_then_they_do_not_look_at_what_they_supply(
        self, office: Office
    ) -> None:
        held = await signed(office, purchase_invoice={"state": "absent", "reason": "客户未取"})
        (gap,) = gaps(office, held)

        def own(unit: Unit) -> None:
            handover_gaps.set_(unit, gap.id, owner=ARCHIVE)

        office.change(own)
        await office[ARCHIVE].press(f"f.gap.accept.{gap.id}")
        assert [one.state for one in gaps(office, held)] == ["open"]


@one_channel
@pytest.mark.rule("S1-09.2.5")
async def test_the_register_that_is_printed_while_the_second_signs_has_no_half_entry(
    office: Office,
) -> None:
    held = await handed(office)

    def half(unit: Unit) -> None:
        here = handovers.present(unit, held)
        handovers.set_leg(unit, here.id, witness_role="gm", signed_at=unit.now, receiver=ARCHIVE)

    office.change(half)
    made = office.look(
        lambda unit: receipts.make_workbook(
            acting(office, unit, ARCHIVE), ("auto-dealer", "202609")
        )
    )
    assert made.files == ()
    await sign_third(office, held.id)
    made = office.look(
        lambda unit: receipts.make_workbook(
            acting(office, unit, ARCHIVE), ("auto-dealer", "202609")
        )
    )
    sheet = load_workbook(io.BytesIO(made.files[0].content)).active
    cells = [cell.value for row in sheet.iter_rows() for cell in row]
    assert held.number in cells
    assert {"单志远", "总经理"} & {str(one) for one in cells}


async def sign_third(office: Office, held_id: int) -> None:
    """Let the third sign, past the chat."""

    def work(unit: Unit) -> None:
        found = handovers.get(unit, held_id)
        assert found is not None
        here = handovers.present(unit, found)
        values = {"state": "signed", "witness": "CY001", "witnessed_at": unit.now}
        handovers.set_leg(unit, here.id, closed_at=unit.now, **values)
        handovers.save(unit, found, state="complete")

    office.change(work)


@one_channel
@pytest.mark.rule("S1-09.4.1")
async def test_the_same_car_on_two_days_is_two_jobs_and_nothing_is_asked(office: Office) -> None:
    sells(office)
    await delivered(office)
    await delivered(office, f"已交车 {CAR} 王某 昨天")
    assert len(every(office)) == 2
    assert {one.giver for one in every(office)} == {GIVER}
