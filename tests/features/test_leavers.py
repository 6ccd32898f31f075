"""Somebody leaves: what waited is with the superior until each of it is decided."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from storage import staff
from storage.staff import StaffRow
from tests.features.conftest import OPERATOR
from tests.features.diary import COLLEAGUE, HONGXIN, MANAGER, MOTINGS, SALES, at, note, plan, rows
from tests.features.office import Hands, Office, Shown
from tests.features.test_binding import audited, home

OTHER = "深圳市鸿鑫贸易有限公司"


async def leaves(office: Office, who: str = SALES) -> None:
    office.change(lambda unit: staff.deactivate(unit, who))
    await office.app.scan(office.clock.now())
    await office.settle()


async def returns(office: Office, who: str = SALES) -> None:
    office.change(lambda unit: staff.reactivate(unit, who))
    await office.app.scan(office.clock.now())
    await office.settle()


def owners(office: Office, customer: str = HONGXIN) -> list[tuple[str, str]]:
    return rows(
        office,
        "SELECT v.staff_id, v.state FROM visit v JOIN dossier d ON d.id = v.dossier_id "
        "WHERE d.name = ? ORDER BY v.id",
        customer,
    )


async def open_visit(hands: Hands, customer: str = HONGXIN) -> Shown:
    shown = await hands.press("f.left.list")
    label = next(one for one in shown.labels if customer in one)
    return await hands.tap(label)


class TestGivenSomebodyLeaves:
    async def test_when_it_is_entered_then_the_superior_gets_one_card(
        self, office: Office
    ) -> None:
        await office[SALES].say("客户说下周要货")
        await office[SALES].say(f"拜访 {MOTINGS} 谈订单")
        await leaves(office)
        shown = await office[MANAGER].see()
        assert shown.text.count("张晓雯已离职") == 1
        assert "现由您处理" in shown
        assert "草稿和待整理内容 2 项" in shown
        assert "客户说下周要货" not in shown.text
        assert f"9月14日 周一 · {HONGXIN}" in shown
        assert any(HONGXIN[:7] in one for one in shown.labels)
        await leaves(office)
        assert "已离职" not in (await office[MANAGER].see()).text
        assert "等您处理" not in (await office[SALES].say("今日")).text

    async def test_when_they_write_again_then_their_menu_is_gone(self, office: Office) -> None:
        person = office[SALES]
        await person.say("今日")
        assert person.menu()
        await leaves(office)
        await person.say("今日")
        assert person.menu() == ()
        await returns(office)
        await person.say("今日")
        assert person.menu()

    async def test_when_they_never_write_again_then_the_next_start_takes_their_menu(
        self, office: Office
    ) -> None:
        await office[SALES].say("今日")
        await leaves(office)
        await office.restart()
        await office.settle()
        assert office[SALES].menu() == ()

    async def test_when_the_list_says_no_then_the_access_ends_and_the_superior_hears(
        self, office: Office
    ) -> None:
        person = office.look(lambda unit: staff.get(unit.session, SALES))
        assert person is not None
        row = StaffRow(SALES, person.name, person.department, ("salesperson",), MANAGER)
        office.change(lambda unit: staff.save(unit, replace(row, active=False)))
        await office.app.scan(office.clock.now())
        await office.settle()
        assert "张晓雯已离职" in await office[MANAGER].see()

    async def test_when_taken_over_then_visit_and_duty_are_the_superiors(
        self, office: Office
    ) -> None:
        await leaves(office)
        manager = office[MANAGER]
        label = next(one for one in (await manager.see()).labels if HONGXIN[:7] in one)
        shown = await manager.tap(label)
        assert {"我来接手", "转给同事", "取消拜访"} <= set(shown.labels)
        shown = await manager.tap("我来接手")
        assert f"已接手：{HONGXIN}，9月14日 周一" in shown
        assert (MANAGER, "planned") in owners(office)
        assert (SALES, "planned") not in owners(office)
        await office.until(at("09-14 18:00"))
        assert f"{HONGXIN}：" in await manager.see()
        assert audited(office, "visit.handed_over")[0][0] == MANAGER

    async def test_when_given_to_a_colleague_then_they_are_told(self, office: Office) -> None:
        await leaves(office)
        await open_visit(office[MANAGER])
        shown = await office[MANAGER].tap("转给同事")
        assert "李志强 · 销售一部" in shown.labels
        assert not any("张晓雯" in one for one in shown.labels)
        shown = await office[MANAGER].tap("李志强 · 销售一部")
        assert "已转给李志强" in shown
        shown = await office[COLLEAGUE].see()
        assert "王海峰把张晓雯的拜访转给您" in shown
        assert (COLLEAGUE, "planned") in owners(office)

    async def test_when_the_colleague_has_that_visit_already_then_one_stays(
        self, office: Office
    ) -> None:
        manager = office[MANAGER]
        await manager.say("安排")
        await manager.say(HONGXIN)
        await manager.say("今天")
        await manager.say("跳过")
        await manager.tap("提交")
        await leaves(office)
        await open_visit(manager)
        assert "重复的一项已取消" in await manager.tap("我来接手")
        assert sorted(owners(office))[-2:] == [(MANAGER, "planned"), (SALES, "cancelled")]

    async def test_when_cancelled_then_with_a_reason_and_no_reminder(self, office: Office) -> None:
        await leaves(office)
        manager = office[MANAGER]
        await open_visit(manager)
        shown = await manager.tap("取消拜访")
        assert "为什么取消" in shown
        assert "不再提醒" in await manager.tap("客户谢绝")
        assert (SALES, "cancelled") in owners(office)
        facts = rows(office, "SELECT facts FROM audit WHERE action = 'visit.cancelled'")
        assert "customer" in facts[0][0]
        await office.until(at("09-15 10:00"))
        assert f"拜访{HONGXIN}的记录" not in await manager.see()

    async def test_when_nothing_is_decided_then_it_stays_under_today_and_is_not_silent(
        self, office: Office
    ) -> None:
        await leaves(office)
        manager = office[MANAGER]
        shown = await manager.say("今日")
        count = next(one for one in shown.labels if one.startswith("离职人员事项（"))
        before = int(count.removeprefix("离职人员事项（").removesuffix("）"))
        await open_visit(manager)
        await manager.tap("我来接手")
        shown = await manager.say("今日")
        assert before == 1 or f"离职人员事项（{before - 1}）" in shown.labels
        await office.until(at("09-15 09:00"))
        shown = await manager.see()
        assert f"张晓雯已离职，9月14日 周一拜访{OTHER}的记录没有提交" in shown
        assert "张晓雯尚未提交" not in shown.text

    async def test_when_every_visit_is_decided_then_the_list_is_empty(
        self, office: Office
    ) -> None:
        await leaves(office)
        manager = office[MANAGER]
        for _ in range(20):
            shown = await manager.press("f.left.list")
            label = next((one for one in shown.labels if one.startswith("张晓雯 ·")), None)
            if label is None:
                break
            await manager.tap(label)
            await manager.tap("取消拜访")
            await manager.tap("不再需要")
        assert "没有离职人员的事项等您处理" in shown
        assert not any("事项" in one for one in (await manager.say("今日")).labels)

    async def test_when_the_customers_are_opened_then_they_are_the_leavers(
        self, office: Office
    ) -> None:
        await leaves(office)
        manager = office[MANAGER]
        shown = await manager.press("f.left.list")
        label = next(one for one in shown.labels if one.startswith("离职人员的客户"))
        shown = await manager.tap(label)
        assert "›" in shown.labels
        first = set(shown.labels)
        shown = await manager.tap("›")
        assert "‹" in shown.labels
        assert first != set(shown.labels)
        customer = next(one for one in shown.labels if len(one) > 4)
        assert customer in await manager.tap(customer)

    @pytest.mark.parametrize("who", [COLLEAGUE, "CY035", OPERATOR])
    async def test_when_somebody_else_forges_a_button_then_nothing_happens(
        self, office: Office, who: str
    ) -> None:
        await leaves(office)
        ((visit,),) = rows(
            office,
            "SELECT CAST(MIN(id) AS TEXT) FROM visit WHERE staff_id = 'CY015' "
            "AND state = 'planned'",
        )
        for key in (
            f"f.left.visit.{visit}", f"f.left.take.{visit}", f"f.left.to.{visit}.{who}",
            f"f.left.to.{visit}", f"f.left.cancel.{visit}.moot", f"f.left.why.{visit}",
            "f.left.take.0", "f.left.take", "f.left.kept.99999999999", f"f.left.list.{SALES}",
            f"f.left.who.{visit}.7",
        ):  # fmt: skip
            shown = await office[who].press(key)
            assert HONGXIN not in shown.text
            assert OTHER not in shown.text
        assert (who, "planned") not in owners(office)

    async def test_when_a_chosen_person_is_not_of_the_team_then_refused(
        self, office: Office
    ) -> None:
        await leaves(office)
        ((visit,),) = rows(
            office,
            "SELECT CAST(MIN(id) AS TEXT) FROM visit WHERE staff_id = 'CY015' "
            "AND state = 'planned'",
        )
        shown = await office[MANAGER].press(f"f.left.to.{visit}.CY035")
        assert "唐小龙不在您的团队" in shown


class TestGivenSomebodyIsBack:
    async def test_when_within_days_then_what_nobody_took_is_theirs_again(
        self, office: Office
    ) -> None:
        await plan(office, MOTINGS, "9月18日")
        await leaves(office)
        await open_visit(office[MANAGER])
        await office[MANAGER].tap("我来接手")
        await office.until(at("09-16 10:00"))
        await returns(office)
        assert "张晓雯已恢复" in await office[MANAGER].see()
        assert home(office)[0] == office.channel
        await office[SALES].see()
        assert "张晓雯，" in await office[SALES].say("今日")
        assert owners(office, MOTINGS)[-1] == (SALES, "planned")
        assert (MANAGER, "planned") in owners(office) or (MANAGER, "missed") in owners(office)
        await office[SALES].see()
        await office.until(at("09-18 09:00"))
        assert MOTINGS in await office[SALES].see()
        shown = await office[MANAGER].press("f.left.list")
        assert "没有离职人员的事项等您处理" in shown


class TestGivenAManagerLeaves:
    async def test_when_unread_notes_wait_then_they_move_up(self, office: Office) -> None:
        await note(office)
        before = rows(office, "SELECT COUNT(*) FROM note_reader WHERE staff_id = 'CY013'")
        await leaves(office, MANAGER)
        after = rows(office, "SELECT COUNT(*) FROM note_reader WHERE staff_id = 'CY013'")
        assert after > before
        await note(office, MOTINGS, "又看了货架")
        last = rows(
            office,
            "SELECT r.staff_id FROM note_reader r JOIN visit_note n ON n.id = r.note_id "
            "WHERE n.author = 'CY015' ORDER BY n.filed_at DESC, n.id DESC LIMIT 1",
        )
        assert last == [("CY013",)]

    async def test_when_nobody_above_can_be_told_then_the_operators_are(
        self, office: Office
    ) -> None:
        await leaves(office, MANAGER)
        shown = await office[OPERATOR].see()
        assert "王海峰已离职" in shown
        await leaves(office)
        shown = await office[OPERATOR].see()
        assert "张晓雯已离职" in shown
        shown = await office[OPERATOR].press(f"f.left.list.{SALES}")
        assert any("张晓雯" in one for one in shown.labels)
