"""A request is decided on its card: by whom, in which order, and what everybody sees of it."""

from __future__ import annotations

import pytest
from sqlalchemy import select, update

from bot import dispatch
from handlers.approvals import approvals
from storage import (
    case_lists,
    dossiers,
)
from storage import staff as people
from storage.tables import consultation, dossier
from storage.unit import Unit
from tests.features.council import (
    COLLEAGUE,
    CUSTOMER,
    DIRECTOR,
    HEAD,
    INFO,
    SALES,
    ask,
    audited,
    council,
    states,
)
from tests.features.desk import acting
from tests.features.diary import at
from tests.features.office import Office, one_channel


@pytest.mark.rule("S2-INFO.18.2", "S2-INFO.18.1", "S2-DOSS.27.1")
class TestGivenARequestToRead:
    async def test_when_both_agree_then_it_is_open_and_every_card_says_so(
        self, office: Office
    ) -> None:
        council(office)
        assert "阅-2026-0001" in await ask(office)
        card = await office[HEAD].see()
        lines = [
            "申请人：张晓雯（销售一部）",
            "事由：投诉处理，客户投诉交货延迟",
            "期限：至9月14日",
        ]
        places = [card.text.index(one) for one in (*lines, "1. 部门负责人：王海峰 待审批")]
        assert places == sorted(places)
        assert "2. 客户信息主管 之后审批" in card
        assert "飞扬花园酒店" not in card  # the head may not read it
        assert {"同意", "拒绝", "问一句", "转交"} <= set(card.labels)

        assert "王海峰 09:00 已同意" in await office[HEAD].tap("同意")
        assert "飞扬花园酒店" in await office[INFO].see()
        shown = await office[INFO].tap("同意")
        assert "2. 欧阳静怡 09:00 已同意" in shown
        assert "同意" not in shown.labels
        assert states(office) == ["approved"]
        assert "可以查阅飞扬花园酒店" in await office[SALES].see()
        opened = await office[SALES].tap("客户")
        assert "电话" in opened
        if office.redraws:
            assert "欧阳静怡 09:00 已同意" in await office[HEAD].see()

    @one_channel
    async def test_without_purpose_and_reason_there_is_no_report_and_nothing_is_sent(
        self, office: Office
    ) -> None:
        council(office)
        me = office[SALES]
        await me.say(f"/find {CUSTOMER}")
        await me.tap("申请查阅")
        assert "要用来做什么" in await me.say("跳过")
        await me.tap("投诉处理")
        assert "为什么需要查阅" in await me.say("跳过")
        assert states(office) == []

    async def test_before_it_is_sent_who_decides_is_shown_with_the_clauses(
        self, office: Office
    ) -> None:
        await office[SALES].say(f"/find {CUSTOMER}")
        shown = await office[SALES].tap("申请查阅")
        assert "审批人：\n1. 部门负责人：王海峰 待审批（S2-INFO.18.2）" in shown
        assert "2. 客户信息主管：欧阳静怡 待审批（S2-INFO.18.3）（制度未写明，按默认）" in shown
        assert "部门" in await office[SALES].tap("条款 S2-INFO.18.2")
        assert states(office) == []

    async def test_when_the_last_day_is_over_then_it_is_closed_again(self, office: Office) -> None:
        council(office)
        await ask(office)
        await office[HEAD].tap("同意")
        await office[INFO].see()
        await office[INFO].tap("同意")
        await office.until(at("09-15 09:01"))
        await office[SALES].see()
        shown = await office[SALES].say(f"/find {CUSTOMER}")
        assert "飞＊＊酒店" in shown
        assert "申请查阅" in shown.labels

    async def test_when_asked_twice_then_the_first_request_is_shown(self, office: Office) -> None:
        council(office)
        await ask(office)
        await office[SALES].say(f"/find {CUSTOMER}")
        assert "阅-2026-0001 正在等审批" in await office[SALES].tap("申请查阅")
        assert states(office) == ["pending"]


@pytest.mark.rule("S2-INFO.17")
class TestGivenADossierThatIsSecret:
    async def test_when_asked_for_then_answered_as_for_one_that_is_not_there(
        self, office: Office
    ) -> None:
        secret = office.look(lambda unit: _dossier(unit, "KH-2026-0019"))
        nothing = await office[SALES].press(f"f.consult.new.{2**40}")
        assert (await office[SALES].press(f"f.consult.new.{secret}")).text == nothing.text
        assert states(office) == []


def _dossier(unit: Unit, number: str) -> int:
    return unit.session.execute(select(dossier.c.id).where(dossier.c.number == number)).scalar()


@pytest.mark.rule("C-54")
class TestGivenTheHeadRefuses:
    @pytest.mark.parametrize("quick", [True, False])
    async def test_then_the_requester_reads_the_reason(self, office: Office, quick: bool) -> None:
        council(office)
        await ask(office)
        await office[HEAD].see()
        shown = await office[HEAD].tap("拒绝")
        assert {"资料不齐", "用途不明确", "与工作无关", "时机不合适"} <= set(shown.labels)
        if quick:
            shown = await office[HEAD].tap("用途不明确")
        else:
            await office[HEAD].tap("写理由")
            shown = await office[HEAD].say("请先向客户负责人了解")
        reason = "用途不明确" if quick else "请先向客户负责人了解"
        assert f"拒绝理由：{reason}" in shown
        told = await office[SALES].see()
        assert "您的申请未获批准。王海峰 09:00 已拒绝" in told
        assert f"拒绝理由：{reason}" in told
        assert f"拒绝理由：{reason}" in await office[SALES].tap("查看")
        assert states(office) == ["refused"]
        assert office.look(_states) == ["refused"]

    async def test_when_back_is_pressed_then_nothing_happened(self, office: Office) -> None:
        council(office)
        await ask(office)
        await office[HEAD].see()
        await office[HEAD].tap("拒绝")
        assert "同意" in (await office[HEAD].tap("返回")).labels
        assert states(office) == ["pending"]


def _states(unit: Unit) -> list[str]:
    return list(unit.session.execute(select(consultation.c.state)).scalars())


class TestGivenAQuestion:
    async def test_when_answered_then_it_goes_on_with_question_and_answer(
        self, office: Office
    ) -> None:
        council(office)
        await ask(office)
        await office[HEAD].see()
        await office[HEAD].tap("问一句")
        assert "王海峰问：哪一批货？" in await office[HEAD].say("哪一批货？")
        assert "王海峰就您的申请问一句：哪一批货？" in await office[SALES].see()
        await office[SALES].tap("回答")
        assert "答：九月那一批" in await office[SALES].say("九月那一批")
        card = await office[HEAD].see()
        assert "王海峰问：哪一批货？\n答：九月那一批" in card
        assert "王海峰 09:00 已同意" in await office[HEAD].tap("同意")
        assert "没有等您回答的问题" in await office[SALES].press(
            f"f.case.answer.{office.look(_first)}"
        )


def _first(unit: Unit) -> int:
    found = case_lists.by_number(unit.session, "阅-2026-0001")
    assert found is not None
    return found


class TestGivenTheDecisionIsPassedOn:
    async def test_then_the_superior_decides_and_the_giver_no_longer(self, office: Office) -> None:
        council(office)
        await ask(office)
        await office[HEAD].see()
        old = office[HEAD].key_of("同意")
        shown = await office[HEAD].tap("转交")
        assert "周明远 · 销售部" in shown.labels
        await office[HEAD].tap("周明远 · 销售部")
        assert "这件转交给您审批" in await office[DIRECTOR].see()
        assert "不等您审批" in await office[HEAD].press(*old)
        assert "周明远 09:00 已同意" in await office[DIRECTOR].tap("同意")
        assert "欧阳静怡" in await office[INFO].see()

    async def test_when_a_signer_is_added_then_both_must_agree(self, office: Office) -> None:
        council(office)
        await ask(office)
        await office[HEAD].see()
        await office[HEAD].tap("转交")
        await office[HEAD].tap("加签")
        await office[HEAD].say("周明远")
        assert "加签" in await office[DIRECTOR].see()
        await office[HEAD].press(f"f.case.ok.{office.look(_first)}.0")
        assert office.look(lambda unit: case_lists.count_waiting(unit.session, "CY006")) == 0
        await office[DIRECTOR].tap("同意")
        assert office.look(lambda unit: case_lists.count_waiting(unit.session, "CY006")) == 1


class TestGivenTheRequesterActs:
    async def test_when_withdrawn_then_an_old_tap_answers_with_what_is_so(
        self, office: Office
    ) -> None:
        council(office)
        await ask(office)
        await office[HEAD].see()
        old = office[HEAD].key_of("同意")
        await office[SALES].tap("撤回")
        assert states(office) == ["pending"]
        assert "张晓雯 09:00 已撤回" in await office[SALES].tap("撤回")
        shown = await office[HEAD].see()
        assert "已撤回" in shown
        assert "同意" not in shown.labels
        assert "这件申请已结束：已撤回" in await office[HEAD].press(*old)
        assert states(office) == ["withdrawn"]
        assert office.look(_states) == ["withdrawn"]

    async def test_when_nudged_then_the_decider_hears_it_once_in_a_while(
        self, office: Office
    ) -> None:
        council(office)
        await ask(office)
        await office[HEAD].see()
        assert "之后可以再催" in await office[SALES].tap("催办")
        await office.until(at("09-14 11:30"))
        assert "申请人已催办，11:30" in await office[SALES].tap("催办")
        assert "申请人催办：请尽快审批。" in await office[HEAD].see()
        assert "13:30之后可以再催" not in await office[HEAD].see()
        assert "之后可以再催" in await office[SALES].tap("催办")
        assert "王海峰 11:30 已同意" in await office[HEAD].tap("同意")


@pytest.mark.rule("S1-07.3.3.2a")
class TestGivenSomebodyElse:
    async def test_when_a_forwarded_or_forged_key_is_pressed_then_refused_and_logged(
        self, office: Office
    ) -> None:
        council(office)
        await ask(office)
        await office[HEAD].see()
        key, _ = office[HEAD].key_of("同意")
        for pressed in (key, key.replace(".ok.", ".why."), key.replace(".ok.", ".open.")):
            shown = await office[COLLEAGUE].press(pressed)
            assert "没有这件申请，或不由您审批" in shown
            assert "酒店" not in shown
            assert "阅-" not in shown
        strange = await office[COLLEAGUE].press(f"f.case.ok.{2**40}.0")
        assert strange.text == (await office[COLLEAGUE].press(key)).text
        assert states(office) == ["pending"]
        logged = audited(office, "case.press_refused")
        assert {one["staff_id"] for one in logged} == {"CY016"}
        assert {one["rule"] for one in logged} == {"S1-07.3.3.2a"}

    async def test_when_typed_then_it_is_no_other_than_what_is_not_there(
        self, office: Office
    ) -> None:
        council(office)
        await ask(office)
        for line in ("/ok 阅-2026-0001", "/no 阅-2026-0001", "/ask 阅-2026-0001 为什么"):
            mine = await office[COLLEAGUE].say(line)
            other = await office[COLLEAGUE].say(line.replace("0001", "0009"))
            assert mine.text == other.text

    async def test_when_it_is_ones_own_then_it_cannot_be_decided(self, office: Office) -> None:
        council(office)
        await ask(office)
        shown = await office[SALES].say("/ok 阅-2026-0001")
        assert "自己的申请不能自己审批" in shown


class TestGivenTheTypedForms:
    async def test_ok_no_and_ask_do_what_the_buttons_do(self, office: Office) -> None:
        council(office)
        await ask(office)
        assert "王海峰问：为什么" in await office[HEAD].say("/ask 1 为什么")
        assert "拒绝必须说明理由" in await office[HEAD].say("/no 1")
        assert "王海峰 09:00 已同意" in await office[HEAD].say("/ok 0001")
        assert "拒绝理由：资料不齐" in await office[INFO].say("拒绝 阅-2026-0001 资料不齐")
        assert states(office) == ["refused"]

    async def test_without_a_number_it_says_what_waits(self, office: Office) -> None:
        council(office)
        assert "没有等您审批的申请" in await office[HEAD].say("/ok")
        await ask(office)
        assert "/ok 阅-2026-0001" in await office[HEAD].say("/ok")


class TestGivenTheList:
    async def test_then_it_shows_what_waits_and_today_counts_it(self, office: Office) -> None:
        council(office)
        await ask(office)
        await ask(office, customer="KH-2026-0045")
        assert "待审批（2）" in (await office[HEAD].say("今日")).labels
        shown = await office[HEAD].say("/approvals")
        assert "阅-2026-0001 张晓雯 查阅 KH-2025-0058 飞＊＊酒店" in shown
        assert "同意" in (await office[HEAD].press(f"f.case.open.{office.look(_first)}")).labels
        assert "我的申请（2）" in (await office[SALES].say("待审批")).labels
        shown = await office[SALES].tap("我的申请（2）")
        assert "阅-2026-0002 待审批 查阅 KH-2026-0045" in " ".join(shown.labels)

    async def test_when_several_are_alike_then_they_are_agreed_to_at_once(
        self, office: Office
    ) -> None:
        council(office)
        await ask(office)
        await ask(office, customer="KH-2026-0045")
        await office[HEAD].say("/approvals")
        shown = await office[HEAD].tap("查阅申请：2 件一起同意")
        assert "阅-2026-0002" in shown
        old = office[HEAD].key_of("2 件全部同意")
        await office[HEAD].press(f"f.case.ok.{office.look(_first)}.0")
        shown = await office[HEAD].press(*old)
        assert "清单刚才有变化" in shown
        assert office.look(lambda unit: case_lists.count_waiting(unit.session, "CY014")) == 1
        await office[INFO].see()
        await ask(office, customer="KH-2023-0026")
        await office[HEAD].say("/approvals")
        await office[HEAD].tap("查阅申请：2 件一起同意")
        assert "已同意：阅-2026-0002, 阅-2026-0003" in await office[HEAD].tap("2 件全部同意")
        assert office.look(lambda unit: case_lists.count_waiting(unit.session, "CY006")) == 3

    async def test_when_graded_then_it_is_not_among_several(self, office: Office) -> None:
        council(office)
        await ask(office)
        await ask(office, customer="KH-2025-0001")  # confidential
        shown = await office[HEAD].say("/approvals")
        assert not [one for one in shown.labels if "一起同意" in one]


class TestGivenContentAboveTheCeiling:
    async def test_then_reason_and_name_are_withheld_there(self, office: Office) -> None:
        council(office)
        await ask(office, customer="KH-2025-0001")
        card = await office[HEAD].see()
        assert "（秘密）" in card
        assert "厚朴超市" not in card
        assert ("客户投诉交货延迟" in card) is (office.channel != "narrow")
        await office[HEAD].tap("同意")
        card = await office[INFO].see()
        assert ("厚朴超市" in card) is (office.channel != "narrow")
        await office[INFO].tap("同意")
        told = await office[SALES].see()
        assert ("到阅览室" in told) is (office.channel == "narrow")
        if office.channel == "narrow":
            assert "请安排到阅览室的时间" in await office["CY009"].see()
            await office["CY009"].tap("阅览室")
            await office["CY009"].say("9月14日 14:00 三楼")
            assert "9月14日 14:00 三楼" in await office[SALES].see()


@pytest.mark.rule("C-56")
class TestGivenTheGradeIsRaised:
    async def test_then_the_case_gets_the_steps_of_that_grade_and_loses_nothing(
        self, office: Office
    ) -> None:
        council(office)
        await ask(office)
        await office[HEAD].tap("同意")
        await office[SALES].see()

        def raise_it(unit: Unit) -> None:
            id_ = _dossier(unit, CUSTOMER)
            unit.session.execute(update(dossier).where(dossier.c.id == id_).values(grade="secret"))
            held = dossiers.get(unit, id_)
            assert held is not None
            ctx = acting(office, unit, "CY009")
            approvals.regrade(ctx, held)
            dispatch.close(ctx, office.app.world)

        office.change(raise_it)
        await office.settle()
        shown = await office[SALES].press(f"f.case.open.{office.look(_first)}")
        assert "1. 王海峰 09:00 已同意" in shown
        assert "3. 客户服务部经理 之后审批" in shown
        assert "（机密）" in shown


class TestGivenSomebodyWhoCannotDecide:
    async def test_when_the_head_has_left_then_the_superior_decides(self, office: Office) -> None:
        council(office)
        await ask(office)
        await office[HEAD].see()
        old = office[HEAD].key_of("同意")
        office.change(lambda unit: people.deactivate(unit, "CY014"))
        await office.until(at("09-14 09:10"))
        assert "阅-2026-0001" in await office[DIRECTOR].see()
        shown = await office[HEAD].press(*old)
        assert "阅-2026" not in shown
        assert states(office) == ["pending"]
        assert "周明远 09:10 已同意" in await office[DIRECTOR].tap("同意")

    async def test_when_the_requester_has_left_then_it_is_withdrawn(self, office: Office) -> None:
        council(office)
        await ask(office)
        await office[HEAD].see()
        office.change(lambda unit: people.deactivate(unit, "CY015"))
        await office.until(at("09-14 09:10"))
        assert states(office) == ["withdrawn"]
        assert office.look(_states) == ["withdrawn"]
        if office.redraws:
            assert "同意" not in (await office[HEAD].see()).labels

    async def test_when_nobody_is_left_then_operators_and_hr_are_told(
        self, office: Office
    ) -> None:
        council(office)
        await ask(office)

        def leave(unit: Unit) -> None:
            everybody = people.everybody(unit.session)
            for one in everybody:
                if one.id not in ("CY015", "CY039"):
                    people.deactivate(unit, one.id)

        office.change(leave)
        await office.until(at("09-14 09:10"))
        assert "没有人能审批" in await office["CY039"].see()
        assert "目前没有人能审批" in await office[SALES].see()
