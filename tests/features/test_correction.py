"""Wrong customer data are corrected: planned, agreed to, carried out, reported on, filed.

Acceptance scenarios A16 and E09.
"""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from rules.chains import ChainStep
from storage import changes, dossiers, staff
from storage.unit import Unit
from tests.features.council import HEAD, audited
from tests.features.diary import COLLEAGUE, SALES, at, rows
from tests.features.errata import (
    ARCHIVIST,
    GM,
    MANAGER,
    NEW,
    NUMBER,
    OLD,
    PLAN,
    agree,
    phone,
    plan,
    stages,
    works,
)
from tests.features.office import Office, one_channel


def history(office: Office) -> list[tuple[str, str, str, str]]:
    """Return old value, new value, who wrote it and the clause, of the telephone."""

    def read(unit: Unit) -> list[tuple[str, str, str, str]]:
        id_ = dossiers.by_number(unit.session, NUMBER)
        assert id_ is not None
        found = changes.history(unit, id_, "telephone")
        return [(row.replaced, row.new, row.decided_by, row.rule) for _, row in found]

    return office.look(read)


async def carried_out(office: Office) -> None:
    """Bring a correction that the planner carries out to where feedback is awaited."""
    works(office)
    await plan(office)
    await agree(office)
    await office[SALES].see()
    await office[SALES].tap("已执行")
    await office[SALES].say("已改")


@pytest.mark.rule("S5-1.X1")
class TestGivenWrongData:
    async def test_the_ten_steps_from_the_plan_to_the_file(self, office: Office) -> None:
        works(office)
        me = office[SALES]
        shown = await me.say(f"更正 听涛 电话 {NEW}")
        assert f"电话：154****9624 → {NEW}" in shown
        shown = await me.tap("按更正提交")
        assert "1. 客户服务部经理：梁思源 待审批（S5-1.X1）" in shown
        assert "2. 总经理：陆建澄 待审批（S5-1.X1）" in shown
        await me.say("录入时抄错两位")
        await me.say("改正并换发旧表")
        await me.say("致电客户")
        await me.say("单志远")
        shown = await me.tap("提交")
        assert "补救方案 · 补-2026-0001" in shown
        assert "正-2026-0001" in shown

        card = await office[MANAGER].see()
        assert "更正KH-2022-0044 听涛假日酒店的电话" in card
        assert "差错：录入时抄错两位" in card
        assert "补救：改正并换发旧表" in card
        await office[MANAGER].tap("同意")
        await office[GM].see()
        assert phone(office) == OLD
        await office[GM].tap("同意")
        assert phone(office) == OLD
        assert "您的补救方案已批准，由单志远执行" in await me.see()

        order = await office[ARCHIVIST].see()
        assert "补救方案已批准，请执行" in order
        assert "3. 执行：单志远，9月16日 周三 24:00前（S5-1.X1）" in order
        assert "随即更正" in await office[ARCHIVIST].tap("已执行")
        shown = await office[ARCHIVIST].say("已改，财务部已换表")
        assert "执行：已改，财务部已换表" in shown
        assert phone(office) == NEW
        assert history(office) == [(OLD, NEW, "CY009", "S5-1.X1")]

        assert "下一步请登记反馈" in await me.see()
        await me.tap("登记反馈")
        assert "下一步请写更正报告" in await me.say("客户确认无误")
        await me.tap("写报告")
        shown = await me.say("录入无复核，今后双人核对")
        assert "更正报告 · 报-2026-0001" in shown
        assert "今后双人核对" in await office[MANAGER].see()
        await office[MANAGER].tap("同意")
        await office[GM].see()
        await office[GM].tap("同意")
        shown = await me.see()
        assert "本次更正存档办结" in shown
        assert "7. 存档：已完成" in shown
        assert stages(office) == ["filed"]
        for action in ("planned", "ordered", "carried_out", "fed_back", "reported", "filed"):
            (one,) = audited(office, f"correction.{action}")
            assert one["rule"] == "S5-1.X1"

    async def test_when_the_gm_refuses_the_plan_then_nobody_is_asked_to_act(
        self, office: Office
    ) -> None:
        works(office)
        await plan(office, "单志远")
        await office[MANAGER].see()
        await office[MANAGER].tap("同意")
        await office[GM].see()
        await office[GM].say("/no 1 先核实号码")
        assert "请执行" not in (await office[ARCHIVIST].see()).text
        shown = await office[SALES].see()
        assert "补救方案未获批准（S5-1.X1）：先核实号码" in shown
        assert "1. 补救方案：张晓雯" in shown
        assert (stages(office), phone(office)) == (["returned"], OLD)

        shown = await office[SALES].tap("重写方案")
        assert "录入时抄错两位" in shown
        await office[SALES].tap("提交")
        assert "补-2026-0002" in await office[MANAGER].see()
        assert stages(office) == ["planned"]

    async def test_when_the_report_is_refused_then_it_is_written_anew(
        self, office: Office
    ) -> None:
        await carried_out(office)
        me = office[SALES]
        await me.tap("登记反馈")
        await me.say("客户确认")
        await me.tap("写报告")
        await me.say("已改")
        await office[MANAGER].see()
        await office[MANAGER].say("/no 1 没写原因")
        assert "更正报告未获批准（S5-1.X1）：没写原因" in await me.see()
        assert (stages(office), phone(office)) == (["fed_back"], NEW)
        await me.tap("写报告")
        await me.say("录入抄错，已双人核对")
        await agree(office)
        assert stages(office) == ["filed"]


@one_channel
class TestGivenThingsGoOtherwise:
    async def test_when_taken_back_then_nothing_was_changed(self, office: Office) -> None:
        works(office)
        await plan(office)
        await office[SALES].tap("撤回")
        await office[SALES].tap("撤回")
        assert (stages(office), phone(office)) == (["dropped"], OLD)
        assert rows(office, "SELECT state FROM change_set") == [("withdrawn",)]

    async def test_when_a_returned_plan_is_given_up_then_the_dossier_stays(
        self, office: Office
    ) -> None:
        works(office)
        await plan(office)
        await office[MANAGER].see()
        await office[MANAGER].say("/no 1 无误")
        await office[SALES].see()
        assert "档案保持原样" in await office[SALES].tap("放弃更正")
        assert (stages(office), phone(office)) == (["dropped"], OLD)

    async def test_when_nobody_decides_in_time_then_the_plan_is_with_its_writer(
        self, office: Office
    ) -> None:
        works(office)
        await plan(office)
        await office.until(at("10-12 12:00"))
        await office.settle()
        assert "补救方案未获批准（S5-1.X1），已退回给您" in await office[SALES].see()
        assert stages(office) == ["returned"]

    async def test_when_a_second_person_corrects_the_same_field_then_the_first_is_shown(
        self, office: Office
    ) -> None:
        works(office)
        await plan(office)
        await office[ARCHIVIST].say("更正 听涛 电话 0755-0866 1234")
        shown = await office[ARCHIVIST].tap("按更正提交")
        assert "正-2026-0001 已在更正这一项" in shown
        assert stages(office) == ["planned"]

    async def test_when_the_field_was_updated_meanwhile_then_it_is_left_and_said(
        self, office: Office
    ) -> None:
        works(office)
        await plan(office)
        await agree(office)
        await office[ARCHIVIST].say("更新 听涛 电话 0755-0866 1234")
        await office[ARCHIVIST].tap("提交")
        await office[SALES].see()
        await office[SALES].tap("已执行")
        shown = await office[SALES].say("已改")
        assert "电话" in shown
        assert "已被改动" in shown or "未写入" in shown
        assert phone(office) == "0755-0866 1234"

    async def test_when_the_executor_may_not_see_the_dossier_then_another_is_asked_for(
        self, office: Office
    ) -> None:
        works(office)
        shown = await plan(office, "李志强")
        assert "李志强无权查看这份档案" in shown
        assert "改正并换发旧表" in shown  # nothing of the plan is lost
        assert stages(office) == []
        await office[SALES].tap("提交")
        assert stages(office) == ["planned"]

    async def test_when_tapped_twice_then_it_is_carried_out_once(self, office: Office) -> None:
        await carried_out(office)
        key = await _key(office)
        shown = await office[SALES].press(key)
        assert "这一步已办过" in shown
        assert len(history(office)) == 1

    async def test_when_a_stranger_to_it_presses_then_they_learn_nothing(
        self, office: Office
    ) -> None:
        await carried_out(office)
        key = await _key(office)
        for one in (key, key.replace(".do.", ".open."), key.replace(".do.", ".back.")):
            shown = await office[COLLEAGUE].press(one)
            assert "没有这项更正" in shown
            assert "听涛" not in shown.text

    async def test_when_it_stalls_then_who_has_the_turn_is_reminded_and_the_superior_told(
        self, office: Office
    ) -> None:
        works(office)
        await plan(office)
        await agree(office)
        assert "更正待办（1）" in await office[SALES].say("今日")
        shown = await office[SALES].tap("更正待办（1）")
        assert "正-2026-0001" in shown.text + "".join(shown.labels)
        await office.until(at("09-16 09:01"))
        assert "轮到您办理，9月16日 周三 24:00前完成" in await office[SALES].see()
        await office.until(at("09-17 09:01"))
        told = await office[HEAD].see()
        assert "更正停滞" in told
        (line,) = [one for one in told.text.splitlines() if "正-2026-0001" in one]
        assert line.startswith("正-2026-0001 停在张晓雯处：执行应在9月16日 周三 24:00前完成")
        assert "听涛" not in line

    async def test_when_the_executor_has_left_then_it_is_the_superior_s(
        self, office: Office
    ) -> None:
        works(office)
        await plan(office)
        await agree(office)
        office.change(lambda unit: staff.deactivate(unit, SALES))
        await office.app.scan(office.clock.now())
        await office.settle()
        assert "更正 1 项，下一步由您办理" in await office[HEAD].see()
        await office[HEAD].say("今日")
        await office[HEAD].tap("更正待办（1）")
        await office[HEAD].tap("1" if not office.redraws else "执行")
        await office[HEAD].tap("已执行")
        await office[HEAD].say("代为改正")
        assert history(office) == [(OLD, NEW, HEAD, "S5-1.X1")]

    async def test_without_a_row_nothing_is_offered(self, office: Office) -> None:
        shown = await office[SALES].say(f"更新 听涛 电话 {NEW}")
        assert "按更正提交" not in shown.labels
        assert "没有等您办理的更正" in await office[SALES].say("/correct")


async def _key(office: Office) -> str:
    ((id_,),) = rows(office, "SELECT id FROM correction")
    return f"f.correction.do.{id_}"


@pytest.mark.rule("S5-4.4")
class TestGivenAPolicyThatAsksForTheSuperiorOnly:
    async def test_when_the_superior_has_looked_then_it_is_changed_and_both_values_stay(
        self, office: Office
    ) -> None:
        works(office, replace(PLAN, chain=(ChainStep.parse(["superior"]),), rule="S5-4.4"))
        me = office[SALES]
        await me.say(f"更正 听涛 电话 {NEW}")
        await me.tap("按更正提交")
        await me.say("录入时抄错两位")
        await me.tap("提交")
        assert phone(office) == OLD
        await office[HEAD].see()
        await office[HEAD].tap("同意")
        assert history(office) == [(OLD, NEW, HEAD, "S5-4.4")]
        assert stages(office) == ["filed"]
        assert "王海峰已同意：听涛假日酒店的电话" in await me.see()
