"""The clock of papers starts: by one line, by form, by job type; on odd days, twice a day."""

from __future__ import annotations

from datetime import date

import pytest

from storage import dossiers, handovers, staff
from storage.staff import StaffRow
from storage.unit import Unit
from tests.features.diary import rows
from tests.features.office import Office, Shown
from tests.features.showroom import (
    ARCHIVE,
    CAR,
    CARE,
    CHIEF,
    OWNER,
    SELLER,
    STRANGE,
    at,
    delivered,
    every,
    last,
    leg,
    sells,
    serviced,
)


class TestGivenACarDelivered:
    @pytest.mark.rule("S1-09.4.1")
    async def test_when_said_in_one_line_then_both_ends_see_one_card(self, office: Office) -> None:
        sells(office)
        shown = await delivered(office)
        held = last(office)
        assert held.number in shown.text
        assert "第3个工作日" in shown.text
        assert "9月17日" in shown.text
        assert "S1-09.4.1" in shown.text
        told = await office[ARCHIVE].see()
        assert held.number in told.text
        assert "第3个工作日" in told.text
        assert leg(office, held).due_on == date(2026, 9, 17)

    @pytest.mark.rule("S1-09.4.1")
    async def test_when_on_the_friday_before_a_make_up_sunday_then_it_counts(
        self, office: Office
    ) -> None:
        sells(office)
        at(office, date(2026, 9, 21))
        shown = await delivered(office, f"已交车 {CAR} 王某 9月18日")
        assert leg(office, last(office)).due_on == date(2026, 9, 22)
        assert "9月20日" in shown.text

    async def test_when_written_without_spaces_then_it_is_understood(self, office: Office) -> None:
        sells(office)
        await delivered(office, "已交车沪A·12345 王某")
        assert last(office).subject == "沪A12345 王某"

    async def test_when_the_same_car_comes_twice_in_a_day_then_it_is_asked(
        self, office: Office
    ) -> None:
        sells(office)
        await delivered(office)
        asked = await delivered(office)
        assert last(office).number in asked.text
        assert "这是另一次作业吗" in asked.text
        await office[SELLER].tap("否")
        said = await office[SELLER].tap("登记计时")
        assert "未重复登记" in said.text
        assert len(every(office)) == 1
        await delivered(office)
        await office[SELLER].tap("是")
        await office[SELLER].tap("登记计时")
        assert len(every(office)) == 2

    async def test_when_the_day_is_to_come_then_it_is_kept_until_then(
        self, office: Office
    ) -> None:
        sells(office)
        me = office[SELLER]
        asked = await me.say(f"已交车 {CAR} 王某 9月16日")
        assert "还没到" in asked.text
        await me.tap("是")
        kept = await me.tap("登记计时")
        assert "提醒" in kept.text
        assert every(office) == []
        at(office, date(2026, 9, 16), 10)
        await office.settle()
        assert CAR in (await me.see()).text
        await me.tap("继续填写")
        await me.say("今天")
        await me.tap("登记计时")
        assert last(office).started_on == date(2026, 9, 16)

    async def test_when_the_day_is_of_last_year_then_it_is_asked(self, office: Office) -> None:
        sells(office)
        asked = await office[SELLER].say(f"已交车 {CAR} 王某 2025年12月30日")
        assert "往年" in asked.text
        shown = await office[SELLER].tap("是")
        assert "期限已过" in shown.text
        shown = await office[SELLER].tap("登记计时")
        assert "已逾期" in shown.text
        assert last(office).started_on == date(2025, 12, 30)

    async def test_when_the_day_moves_then_it_is_counted_anew_and_both_hear_why(
        self, office: Office
    ) -> None:
        sells(office)
        await delivered(office, f"已交车 {CAR} 王某 9月10日")
        held = last(office)
        await office[ARCHIVE].see()
        me = office[SELLER]
        await me.press(f"f.handover.move.{held.id}")
        await me.say("9月11日")
        shown = await me.say("客户改期")
        assert leg(office, held).due_on == date(2026, 9, 16)
        assert "9月16日" in shown.text
        told = await office[ARCHIVE].see()
        assert "客户改期" in told.text
        assert "9月11日" in told.text

    async def test_when_it_is_late_then_the_giver_cannot_move_it(self, office: Office) -> None:
        sells(office)
        await delivered(office, f"已交车 {CAR} 王某 9月7日")
        held = last(office)
        shown = await office[SELLER].press(f"f.handover.move.{held.id}")
        assert "已不能" in shown.text or held.number in shown.text
        assert last(office).started_on == date(2026, 9, 7)
        assert "更改日期" not in shown.labels

    async def test_when_cancelled_then_the_archive_hears_why(self, office: Office) -> None:
        sells(office)
        await delivered(office)
        held = last(office)
        await office[ARCHIVE].see()
        await office[SELLER].press(f"f.handover.cancel.{held.id}")
        shown = await office[SELLER].say("客户退车")
        assert last(office).state == "cancelled"
        assert leg(office, held).state == "cancelled"
        assert "已取消" in shown.text
        assert "客户退车" in (await office[ARCHIVE].see()).text

    async def test_when_somebody_else_looks_then_they_learn_nothing(self, office: Office) -> None:
        sells(office)
        await delivered(office)
        held = last(office)
        for act in ("card", "papers", "move", "cancel", "rest", "pile"):
            shown = await office[STRANGE].press(f"f.handover.{act}.{held.id}")
            assert CAR not in shown.text
            assert "没有这份移交" in shown.text
        shown = await office[STRANGE].say(f"已交车 {CAR} 王某")
        assert len(every(office)) == 1
        assert held.number not in shown.text

    async def test_when_the_list_is_asked_for_then_it_is_there(self, office: Office) -> None:
        sells(office)
        await delivered(office)
        held = last(office)
        mine = await office[SELLER].say("移交")
        assert held.number in mine.text
        assert "还剩 3 个工作日" in mine.text
        card = await office[SELLER].say(f"/handover {held.number}")
        assert "第3个工作日" in card.text
        assert "没有待移交" in (await office[STRANGE].say("移交")).text

    @pytest.mark.rule("S1-09.2.3")
    async def test_when_the_car_has_a_dossier_then_it_is_found_by_its_key(
        self, office: Office
    ) -> None:
        sells(office)
        vin = "LSVAB2187D2100001"
        dossier = office.change(lambda unit: keyed(unit, vin, "CY033"))
        await delivered(office, f"已交车 {vin}")
        assert last(office).dossier_id == dossier


class TestGivenAServiceJob:
    @pytest.mark.rule("S1-09.4.2", "S1-09.5.3")
    async def test_when_it_starts_then_contact_and_number_are_asked(self, office: Office) -> None:
        sells(office)
        me = office[CARE]
        asked = await me.say(f"首保完工 {CAR} {OWNER}")
        assert "本次联系人" in asked.text
        await me.say("李女士")
        wrong = await me.say("没有")
        assert "7 至 15 位" in wrong.text
        await me.say("15400001234")
        shown = await me.tap("登记计时")
        held = last(office)
        assert (held.kind, held.contact) == ("first_service", "李女士 15400001234")
        assert leg(office, held).due_on == date(2026, 9, 15)
        assert "李女士" in shown.text
        assert "李女士" in (await office[ARCHIVE].see()).text

    @pytest.mark.rule("S1-09.5.3")
    async def test_when_the_number_is_written_behind_the_name_then_it_is_not_asked_again(
        self, office: Office
    ) -> None:
        sells(office)
        me = office[CARE]
        await me.say(f"首保完工 {CAR} {OWNER}")
        assert "请连同姓名一起填写" in await me.say("15400001234")
        await me.say("李女士 154 0000 1234")
        await me.tap("登记计时")
        assert last(office).contact == "李女士 154 0000 1234"

    async def test_when_the_next_word_names_the_job_then_it_is_that(self, office: Office) -> None:
        sells(office)
        await serviced(office, "维修完工 保养")
        assert last(office).kind == "maintenance"

    async def test_when_no_job_is_named_then_it_is_asked(self, office: Office) -> None:
        sells(office)
        me = office[CARE]
        asked = await me.say(f"/handover {CAR} {OWNER}")
        assert "大修档案" in asked.labels
        await me.tap("大修档案")
        await me.say("李女士")
        await me.say("15400001234")
        await me.tap("登记计时")
        held = last(office)
        assert held.kind == "repair_major"
        assert held.subject.startswith(CAR)

    @pytest.mark.rule("S1-09.5.3")
    async def test_when_a_superior_forces_it_then_with_a_reason(self, office: Office) -> None:
        sells(office)
        await without_contact(office, CHIEF)
        held = last(office)
        assert (held.giver, held.contact) == ("CY035", "")
        assert "客户拒绝留联系人" in (await office[CARE].see()).text
        assert ("handover.forced",) in rows(
            office, "SELECT action FROM audit WHERE staff_id = 'CY034'"
        )

    @pytest.mark.rule("S1-09.5.3")
    async def test_when_no_superior_forces_it_then_it_is_refused(self, office: Office) -> None:
        sells(office)
        said = await without_contact(office, ARCHIVE)
        assert "上级可以登记" in said.text
        assert every(office) == []


async def without_contact(office: Office, who: str) -> Shown:
    """Start the first service of the consultant's customer without a contact person."""
    me = office[who]
    await me.press("f.handover.kind.first_service")
    await me.say("唐小龙")
    await me.say(OWNER)
    await me.say(CAR)
    await me.say("今天")
    await me.tap("否")
    await me.say("客户拒绝留联系人")
    return await me.tap("登记计时")


def keyed(unit: Unit, key: str, keeper: str) -> int:
    row = dossiers.DossierRow(
        name="王某", keeper=keeper, number="YH-2026-0001", key=key, department="汽车销售部"
    )
    return dossiers.add(unit, row, by=keeper)


class TestGivenALoanPaidOut:
    @pytest.mark.rule("S4-LOAN.4.1", "S4-LOAN.4.5a")
    async def test_when_b_is_named_then_there_are_two_legs(self, office: Office) -> None:
        sells(office, "loan-guarantee")
        office.change(lambda unit: hold(unit, CY033="pm_a", CY034="pm_b"))
        me = office[SELLER]
        await me.say("已放款 流贷2026-08")
        await me.say("王某")
        await me.tap("记为新客户")
        await me.say("罗建军")
        shown = await me.tap("登记计时")
        held = last(office)
        first, second = office.look(lambda unit: handovers.legs(unit, held.id))
        assert (first.giver, first.receiver, first.due_on) == ("CY033", "CY034", date(2026, 9, 17))
        assert (second.giver, second.receiver_role) == ("CY034", "custodian")
        assert (first.state, second.state) == ("open", "waiting")
        assert "罗建军" in shown.text
        assert held.number in (await office[CHIEF].see()).text


def hold(unit: Unit, **roles: str) -> None:
    """Let these people have these posts."""
    for staff_id, role in roles.items():
        person = staff.get(unit.session, staff_id)
        assert person is not None
        row = StaffRow(staff_id, person.name, person.department, (role,), person.superior)
        staff.save(unit, row)
