"""Borrowing: asked for, decided, fetched in time or not; and everything that stands against it."""

from __future__ import annotations

from datetime import date

import pytest
from msgspec.structs import replace
from sqlalchemy import update

from rules.deadlines import Unit as Count
from rules.policy import load_pack
from storage import accounts, consultations, documents, dossiers, loan_items, staff
from storage.tables import document, dossier
from storage.tables import staff as people
from storage.unit import Unit
from tests.features.council import audited
from tests.features.desk import under
from tests.features.diary import at
from tests.features.lending import (
    ARCHIVE,
    COLLEAGUE,
    HEAD,
    HX,
    SALES,
    SPECIALIST,
    STATEMENT,
    agree,
    ask,
    begin,
    desks,
    every,
    finish,
    hand_out,
    id_of,
    label_of,
    lend,
    states,
)
from tests.features.office import Office, Shown, one_channel


@pytest.mark.rule("S2-INFO.19.2", "S2-INFO.19.3", "S2-INFO.19.4", "S2-INFO.19.5")
@pytest.mark.rule("S2-DOSS.28.1", "S2-DOSS.28.2", "S2-DOSS.28.3", "S3-LOG.3.3")
class TestGivenPapersAreAskedFor:
    async def test_when_all_agree_then_they_wait_to_be_fetched(self, office: Office) -> None:
        desks(office)
        me = office[SALES]
        await begin(office)
        await me.tap(label_of(await me.say("对账单"), "原件"))
        await me.tap("完成")
        await me.tap("核对数据")
        review = await me.say("客户来函核对三季度价格")
        assert f"材料清单：{STATEMENT}" in review
        assert "今日领取，应还9月17日 周四 24:00（北京时间）：第3天（S2-INFO.19.5）" in review
        assert "1. 部门负责人：王海峰 待审批（S2-INFO.19.3）" in review
        assert every(office) == []

        mine = await me.tap("提交")
        assert "借阅 · 借-2026-0001" in mine
        assert "待王海峰审批" in mine
        assert "1. 三季度对账单 · 原件 · 3 页" in mine
        assert {"审批进度", "撤回"} <= set(mine.labels)

        card = await office[HEAD].see()
        assert "申请人：张晓雯（销售一部）" in card
        assert "借阅：KH-2023-0042 深圳市鸿鑫贸易有限公司" in card
        assert "1. 三季度对账单 · 原件 · 3 页" in card
        assert "事由：核对数据，客户来函核对三季度价格" in card
        assert "期限：今日领取则至9月17日 周四 24:00（北京时间）：第3天" in card
        assert "注意：含原件" in card
        await office[HEAD].tap("同意")
        assert states(office) == ["asked"]
        await office[SPECIALIST].see()
        await office[SPECIALIST].tap("同意")

        assert states(office) == ["approved"]
        told = await me.see()
        assert "已批准，请到客户服务部领取（单志远）。" in told
        assert "请于9月17日 周四 24:00（北京时间）前领取" in told
        assert "已批准，待出借。" in await office[ARCHIVE].see()
        assert audited(office, "loan.approved")[0]["rule"] == "S2-INFO.19.4"

    @one_channel
    async def test_in_one_line_everything_is_read(self, office: Office) -> None:
        desks(office)
        shown = await office[SALES].say("借阅 深圳市鸿鑫贸易有限公司 质量保证 三天 核对三季度价格")
        assert "材料清单：质量保证协议（原件）" in shown
        assert "用途：核对数据" in shown
        assert "事由：核对三季度价格" in shown
        assert "应还9月17日 周四" in shown
        await office[SALES].tap("提交")
        assert states(office) == ["asked"]

    @one_channel
    async def test_when_a_day_before_the_limit_is_said_then_that_one_counts(
        self, office: Office
    ) -> None:
        shown = await office[SALES].say("借阅 深圳市鸿鑫贸易有限公司 质量保证 两天 核对三季度价格")
        assert "应还9月16日 周三 24:00（北京时间）：按所定日期" in shown
        later = await office[SALES].say(
            "/borrow 深圳市鸿鑫贸易有限公司 质量保证 五天 核对三季度价格"
        )
        assert "最迟9月17日 周四归还，请改早（S2-INFO.19.5）" in later

    @one_channel
    async def test_when_the_word_fits_several_papers_then_they_are_listed(
        self, office: Office
    ) -> None:
        shown = await office[SALES].say("借阅 深圳市鸿鑫贸易有限公司 供货合同 投诉")
        assert "要哪些资料" in shown
        assert any("2025年度框架供货合同（原件）" in one for one in shown.labels)

    @one_channel
    async def test_when_the_customer_is_asked_then_the_rest_of_the_line_is_kept(
        self, office: Office
    ) -> None:
        shown = await office[SALES].say("借阅 鸿鑫 质量保证 核对三季度价格")
        chosen = await office[SALES].tap(label_of(shown, "深圳市鸿鑫贸易有限公司"))
        assert "材料清单：质量保证协议（原件）" in chosen

    @one_channel
    @pytest.mark.rule("S2-INFO.17")
    async def test_when_no_customer_fits_then_said_alike_of_none_and_of_a_secret_one(
        self, office: Office
    ) -> None:
        secret = await office[SALES].say("/borrow KH-2026-0019 合同")
        assert "没有找到“KH-2026-0019”。" in secret
        await office[SALES].say("/cancel")
        nobody = await office[SALES].say("/borrow KH-2099-0019 合同")
        assert nobody.text == secret.text.replace("2026", "2099")

    @one_channel
    async def test_when_the_whole_dossier_is_chosen_then_single_papers_give_way(
        self, office: Office
    ) -> None:
        me = office[SALES]
        shown = await begin(office)
        await me.tap(label_of(shown, "营业执照"))
        assert "已填：整卷" in await me.tap("整卷")
        shown = await finish(office)
        assert "1. 整卷" in shown

    @one_channel
    async def test_when_asked_twice_then_the_first_request_is_shown(self, office: Office) -> None:
        await ask(office)
        again = await ask(office)
        assert "您已申请过这些资料" in again
        assert states(office) == ["asked"]

    @one_channel
    async def test_across_the_new_year_the_day_is_provisional(self, office: Office) -> None:
        office.clock.advance(at("12-30 09:00"))
        shown = await office[SALES].say("借阅 深圳市鸿鑫贸易有限公司 质量保证 核对三季度价格")
        assert "2027年放假安排尚未公布，日期暂定" in shown

    @one_channel
    async def test_a_made_up_working_day_is_named(self, office: Office) -> None:
        policy = load_pack("customer-service")
        assert policy.loan is not None
        due = replace(policy.loan.duty.due, unit=Count.WORKING_DAY)
        duty = replace(policy.loan.duty, due=due)
        under(office, loan=replace(policy.loan, duty=duty))
        office.clock.advance(at("10-09 09:00"))
        shown = await office[SALES].say("借阅 深圳市鸿鑫贸易有限公司 质量保证 核对三季度价格")
        assert "第3个工作日，10月10日 周六补班计入" in shown


class TestGivenSomethingStandsAgainstIt:
    @one_channel
    @pytest.mark.rule("S2-INFO.19.1", "S1-14.5c")
    async def test_when_a_loan_is_overdue_then_said_before_anything_is_asked(
        self, office: Office
    ) -> None:
        desks(office)
        await lend(office)
        await office.until(at("09-18 09:00"))
        await office[SALES].see()
        shown = await begin(office, customer=HX)
        assert "借-2026-0001 应还日9月17日 周四，已逾期，请先归还（S2-INFO.19.5）" in shown
        assert "要哪些资料" not in shown
        assert audited(office, "loan.blocked")[0]["staff_id"] == SALES

    @one_channel
    async def test_when_several_reasons_then_all_of_them(self, office: Office) -> None:
        desks(office)
        policy = load_pack("customer-service")
        assert policy.loan is not None
        await lend(office)
        under(office, loan=replace(policy.loan, limit=1))
        await office.until(at("09-18 09:00"))
        await office[SALES].see()
        shown = await begin(office)
        assert "已逾期，请先归还" in shown
        assert "您在借已达 1 笔上限" in shown

    @one_channel
    @pytest.mark.rule("S3-LOG.2.3a")
    async def test_when_the_paper_is_out_then_until_when_and_which_place_in_the_queue(
        self, office: Office
    ) -> None:
        desks(office)
        await lend(office)
        me = office[COLLEAGUE]
        give_sight(office)
        await begin(office, COLLEAGUE)
        shown = await me.say("对账单")
        assert any("借出至9月17日 周四" in one for one in shown.labels)
        await me.tap(label_of(shown, "原件"))
        await me.tap("完成")
        await me.tap("核对数据")
        review = await me.say("客户来函核对三季度价格")
        assert "目前不能借出：" in review
        assert "已借出，应还9月17日 周四；可排队等候，排第 1 位（S3-LOG.2.3a）" in review
        assert "张晓雯" not in review
        await me.tap("提交")
        assert states(office) == ["lent"]

    @one_channel
    @pytest.mark.rule("S1-05.4")
    async def test_when_the_reason_is_acquaintance_then_refused_and_logged(
        self, office: Office
    ) -> None:
        me = office[SALES]
        await begin(office)
        await me.tap(label_of(await me.say("对账单"), "原件"))
        await me.tap("完成")
        await me.tap("其他用途")
        assert "私人交情不能作为借阅事由（S1-05.4）" in await me.say("朋友帮忙")
        await me.tap("提交")
        assert every(office) == []
        logged = audited(office, "loan.blocked")
        assert logged[0]["rule"] == "S1-05.4"

    @one_channel
    @pytest.mark.rule("S2-SECR.12a")
    async def test_when_the_grade_is_above_the_clearance_then_the_keeper_is_asked(
        self, office: Office
    ) -> None:
        grade(office, "KH-2025-0058", "confidential")
        clear(office, COLLEAGUE, "none")
        shown = await begin(office, COLLEAGUE, "KH-2025-0058")
        assert "密级超出您的涉密权限，请联系建档人（S2-SECR.12a）" in shown

    @one_channel
    @pytest.mark.rule("S2-INFO.17")
    async def test_when_the_dossier_must_not_be_known_of_then_as_if_there_were_none(
        self, office: Office
    ) -> None:
        secret = id_of(office, "KH-2026-0019")
        me = office[SALES]
        nothing = await me.press(f"f.borrow.new.{2**40}")
        for key in (f"f.borrow.new.{secret}", f"f.borrow.for.{secret}.loan.insider"):
            assert (await me.press(key)).text == nothing.text
        assert (await me.press(f"f.custody.chain.{secret}")).text == nothing.text

    @one_channel
    async def test_when_a_paper_was_taken_off_meanwhile_then_it_is_asked_anew(
        self, office: Office
    ) -> None:
        me = office[SALES]
        await begin(office)
        await me.tap(label_of(await me.say("对账单"), "原件"))
        await me.tap("完成")
        await me.tap("核对数据")
        await me.say("客户来函核对三季度价格")
        office.change(lambda unit: documents.take_off(unit, paper(unit, "三季度"), "destroyed"))
        shown = await me.tap("提交")
        assert "所选资料有的已不在案，请重新选择。" in shown
        assert "要哪些资料" in shown
        assert every(office) == []

    @one_channel
    async def test_when_a_paper_is_taken_off_before_it_is_approved_then_it_lapses(
        self, office: Office
    ) -> None:
        desks(office)
        await ask(office)
        office.change(lambda unit: documents.take_off(unit, paper(unit, "三季度"), "destroyed"))
        await agree(office)
        assert states(office) == ["lapsed"]
        assert "虽已批准，但现在已不能借出：\n· 有的资料已不在案。" in await office[SALES].see()
        assert "待出借" not in await office[ARCHIVE].see()


@pytest.mark.rule("S3-LOG.2.3a")
class TestGivenTwoWantTheSamePaper:
    @one_channel
    async def test_when_one_is_approved_then_the_other_is_told_and_lapses_when_agreed_to(
        self, office: Office
    ) -> None:
        desks(office)
        give_sight(office)
        await ask(office)
        await ask(office, who=COLLEAGUE)
        for one in (HEAD, SPECIALIST):
            await office[one].say("/ok 借-2026-0001")
        assert states(office) == ["approved", "asked"]
        assert "同事先获批准，其中有的资料已留给对方" in await office[COLLEAGUE].see()
        await agree_rest(office)
        assert states(office) == ["approved", "lapsed"]
        told = await office[COLLEAGUE].see()
        assert "虽已批准，但现在已不能借出：" in told
        assert "已留给同事，保留至9月17日 周四；可排队等候，排第 1 位" in told


@pytest.mark.rule("C-54")
class TestGivenTheRequestEndsOtherwise:
    async def test_when_taken_back_then_the_case_is_withdrawn(self, office: Office) -> None:
        desks(office)
        await ask(office)
        assert "已撤回" in await office[SALES].tap("撤回")
        assert states(office) == ["withdrawn"]
        assert "同意" not in (await office[HEAD].see()).labels or not office.redraws

    @one_channel
    async def test_when_taken_back_after_approval_then_the_archive_hears(
        self, office: Office
    ) -> None:
        desks(office)
        await ask(office)
        await agree(office)
        await office[SALES].see()
        await office[ARCHIVE].see()
        await office[SALES].tap("撤回")
        assert states(office) == ["withdrawn"]
        assert "借阅人已撤回申请" in await office[ARCHIVE].see()

    @one_channel
    async def test_when_refused_then_the_card_says_so(self, office: Office) -> None:
        desks(office)
        await ask(office)
        await office[HEAD].say("/no 借-2026-0001 先看复印件")
        assert states(office) == ["refused"]
        told = await office[SALES].see()
        assert "未获批准" in told
        assert "先看复印件" in told
        held = every(office)[0]
        assert "重新申请" in (await office[SALES].press(f"f.loans.card.{held.id}")).labels
        assert "深圳市鸿鑫贸易有限公司" in await office[SALES].tap("重新申请")

    async def test_when_not_fetched_in_time_then_it_lapses_and_both_hear(
        self, office: Office
    ) -> None:
        desks(office)
        await ask(office)
        await agree(office)
        await office[SALES].see()
        await office[ARCHIVE].see()
        await office.until(at("09-18 08:30"))
        assert states(office) == ["lapsed"]
        assert "逾期未领取，已失效，可重新申请。" in await office[SALES].see()
        assert "资料不再留存待领" in await office[ARCHIVE].see()
        assert len(audited(office, "loan.lapsed")) == 1

    @one_channel
    async def test_when_the_borrower_leaves_before_it_is_decided_then_it_is_withdrawn(
        self, office: Office
    ) -> None:
        desks(office)
        await ask(office)
        office.change(lambda unit: staff.deactivate(unit, SALES))
        await office.until(at("09-14 10:00"))
        assert states(office) == ["withdrawn"]

    @one_channel
    async def test_somebody_else_can_take_nothing_back(self, office: Office) -> None:
        await ask(office)
        loan_id = every(office)[0].id
        shown = await office[COLLEAGUE].press(f"f.borrow.withdraw.{loan_id}")
        assert "没有这笔借阅，或与您无关" in shown
        assert states(office) == ["asked"]


@pytest.mark.rule("S4-LOAN.6.1a")
class TestGivenWhoNeedsNoApproval:
    @one_channel
    async def test_then_it_waits_to_be_fetched_at_once(self, office: Office) -> None:
        pack = load_pack("loan-guarantee")
        under(office, loan=pack.loan, approval=pack.approval)
        office.change(
            lambda unit: accounts.bind(unit, office.channel, office.account("X002"), "CY001")
        )
        me = office["X002"]
        await me.say(f"/borrow {HX}")
        await me.tap(label_of(await me.say("对账单"), "原件"))
        await me.tap("完成")
        await me.say("下周五")
        await me.tap("核对数据")
        review = await me.say("核对授信")
        assert "您是总经理，无需审批，只作登记" in review
        shown = await me.tap("提交")
        assert "已登记，无须审批，请到" in shown
        assert states(office) == ["approved"]
        assert "待出借" in await office[ARCHIVE].see()


@pytest.mark.rule("S3-ENG.3.3a", "S3-ENG.3.3b", "S3-ENG.3.5")
class TestGivenOriginalsStayInTheCompany:
    @one_channel
    async def test_when_one_is_wanted_outside_then_a_photocopy_is_one_tap_away(
        self, office: Office
    ) -> None:
        pack = load_pack("engineering")
        under(office, loan=pack.loan, approval=pack.approval)
        me = office[SALES]
        await begin(office)
        await me.tap(label_of(await me.say("对账单"), "原件"))
        await me.tap("完成")
        await me.tap("带出公司")
        await me.tap("核对数据")
        assert "原件不得带出公司（S3-ENG.3.3a）" in await me.say("到客户处核对价格")
        offered = await me.tap("提交")
        assert "可改借复印件" in offered
        assert "影印使用 · 深圳市鸿鑫贸易有限公司" in offered
        assert every(office) == []
        shown = await me.tap("提交")
        assert "影-2026-0001" in shown
        assert "1. 三季度对账单 · 复印件 · 3 页" in shown
        original, copy = every(office)
        assert (original.kind, original.number) == ("loan", "影-2026-0001-原")
        assert (copy.kind, copy.parent_id) == ("copy_loan", original.id)
        lines = office.look(lambda unit: loan_items.of(unit, original.id))
        assert lines[0].document_id is not None
        made = office.look(lambda unit: loan_items.of(unit, copy.id))
        assert (made[0].document_id, made[0].whole) == (None, None)

    @one_channel
    async def test_when_approved_then_both_wait_and_both_can_be_out_at_once(
        self, office: Office
    ) -> None:
        await photocopy(office)
        assert states(office) == ["approved", "approved"]
        original, copy = every(office)
        hand_out(office, original.id)
        hand_out(office, copy.id)
        assert states(office) == ["lent", "lent"]

    @one_channel
    async def test_when_not_fetched_then_both_lapse_and_it_is_said_once(
        self, office: Office
    ) -> None:
        await photocopy(office)
        await office[SALES].see()
        await office.until(at("09-18 08:30"))
        assert states(office) == ["lapsed", "lapsed"]
        told = await office[SALES].see()
        assert told.text.count("逾期未领取") == 1

    @one_channel
    async def test_when_the_original_is_taken_back_then_the_photocopy_is_too(
        self, office: Office
    ) -> None:
        await photocopy(office)
        original = every(office)[0]
        shown = await office[SALES].press(f"f.borrow.withdraw.{original.id}")
        assert "影印使用 · 影-2026-0001" in shown
        assert states(office) == ["withdrawn", "withdrawn"]


@pytest.mark.rule("S2-INFO.23.2")
class TestGivenImportantPapersGoOutside:
    async def test_then_who_carries_them_is_named_and_shown(self, office: Office) -> None:
        desks(office)
        me, head = office[SALES], office[HEAD]
        who = office.look(lambda unit: staff.get(unit.session, COLLEAGUE))
        assert who is not None
        await begin(office)
        await me.tap(label_of(await me.say("2026年度框架"), "原件"))
        assert "由谁携带资料外出" in await me.tap("完成")
        await me.say(who.name)
        await me.tap("核对数据")
        assert "携带人" in await me.say("客户来函核对三季度价格")
        shown = await me.tap("提交")
        assert f"由{who.name}携带外出（S2-INFO.23.2）" in shown
        assert f"由{who.name}携带外出（S2-INFO.23.2）" in await head.see()
        assert every(office)[-1].carrier == COLLEAGUE

    @one_channel
    async def test_when_who_was_named_has_left_then_another_is_asked_for(
        self, office: Office
    ) -> None:
        desks(office)
        me = office[SALES]
        who = office.look(lambda unit: staff.get(unit.session, COLLEAGUE))
        assert who is not None
        await begin(office)
        await me.tap(label_of(await me.say("2026年度框架"), "原件"))
        await me.tap("完成")
        await me.say(who.name)
        await me.tap("核对数据")
        await me.say("客户来函核对三季度价格")
        office.change(lambda unit: staff.deactivate(unit, COLLEAGUE))
        shown = await me.tap("提交")
        assert "请指定一位同事携带资料外出。" in shown
        assert "由谁携带资料外出" in shown
        assert every(office) == []

    @one_channel
    async def test_when_they_carry_them_themselves_then_a_word_is_enough(
        self, office: Office
    ) -> None:
        me = office[SALES]
        await begin(office)
        await me.tap(label_of(await me.say("2026年度框架"), "原件"))
        assert "本人携带发“我”" in await me.tap("完成")
        await me.say("我")
        await me.tap("核对数据")
        assert "携带人：张晓雯" in await me.say("客户来函核对三季度价格")

    @one_channel
    async def test_when_they_carry_them_themselves_then_they_can_tap_their_name(
        self, office: Office
    ) -> None:
        me = office[SALES]
        await begin(office)
        await me.tap(label_of(await me.say("2026年度框架"), "原件"))
        shown = await me.tap("完成")
        assert not any("李志强" in one for one in shown.labels)
        await me.tap(label_of(shown, "张晓雯"))
        await me.tap("核对数据")
        assert "携带人：张晓雯" in await me.say("客户来函核对三季度价格")

    @one_channel
    async def test_when_the_papers_are_ordinary_then_nobody_is_asked_for(
        self, office: Office
    ) -> None:
        await begin(office)
        await office[SALES].tap(label_of(await office[SALES].say("对账单"), "原件"))
        assert "由谁携带资料外出" not in await office[SALES].tap("完成")


class TestGivenADayThatPassedBeforeTheDecision:
    @one_channel
    async def test_then_who_decides_reads_that_it_has_to_be_asked_for_anew(
        self, office: Office
    ) -> None:
        me = office[SALES]
        await me.say(f"借阅 {HX} 质量保证 两天 核对三季度价格")
        await me.say("核对数据")
        await me.tap("提交")
        assert "今日领取则至9月16日 周三 24:00" in await office[HEAD].see()
        office.clock.advance(at("09-17 10:00"))
        listed = await office[HEAD].say("/approvals")
        shown = await office[HEAD].tap(label_of(listed, "借-2026-0001"))
        assert "所定归还日9月16日 周三 24:00（北京时间）已过" in shown
        assert "今日领取" not in shown


class TestGivenACopyForOneself:
    @one_channel
    async def test_then_the_form_says_what_it_is_for(self, office: Office) -> None:
        me = office[SALES]
        await me.say(f"/borrow {HX}")
        shown = await me.tap("复制摘录")
        assert "复制摘录 1/" in shown
        assert "借阅 1/" not in shown
        await me.tap(label_of(await me.say("对账单"), "原件"))
        assert "复制摘录 2/" in await me.tap("完成")
        await me.say("取消")
        await me.say(f"/borrow {HX}")
        assert "对外提供 1/" in await me.tap("对外提供")

    @one_channel
    async def test_when_nothing_fits_in_the_list_of_papers_then_the_list_stays(
        self, office: Office
    ) -> None:
        me = office[SALES]
        await me.say(f"/borrow {HX}")
        await me.tap("复制摘录")
        for words in ("归还", "今日", "借阅"):  # acts outside a form only (CONTRACT 2.2)
            shown = await me.say(words)
            assert f"没有找到“{words}”" in shown
            assert any("整卷" in one for one in (shown.text, *shown.labels))
        await me.say("1")
        assert "复制摘录 2/" in await me.say("完成")

    @one_channel
    @pytest.mark.rule("S1-15.7.5")
    async def test_when_approved_then_it_is_handed_over_signed_and_stamped(
        self, office: Office
    ) -> None:
        assert "已批准，待交付。" in await copied(office)
        shown = await office[ARCHIVE].tap("交付")
        assert "复制件是否已与原件核对无误并签章（S1-15.7.5）" in shown
        done = await office[ARCHIVE].tap("已交付")
        assert "已交付：核对无误，已签章。" in done
        assert states(office) == ["done"]
        assert "已交付：核对无误，已签章。" in await office[SALES].see()

    @one_channel
    @pytest.mark.rule("C-56")
    async def test_when_the_grade_has_risen_since_then_the_approval_has_lapsed(
        self, office: Office
    ) -> None:
        await copied(office)
        loan_id = every(office)[0].id
        office.change(lambda unit: raise_grade(unit, "三季度"))
        shown = await office[ARCHIVE].press(f"f.copies.done.{loan_id}")
        assert "密级已高于批准时的密级，原批准失效（C-56）" in shown
        assert states(office) == ["lapsed"]

    @one_channel
    async def test_somebody_else_hands_over_nothing(self, office: Office) -> None:
        await copied(office)
        loan_id = every(office)[0].id
        shown = await office[SALES].press(f"f.copies.done.{loan_id}")
        assert "不由您办理" in shown
        assert states(office) == ["approved"]


class TestGivenItIsAskedWhereItIs:
    @one_channel
    @pytest.mark.rule("S3-LOG.2.3a")
    async def test_then_the_holder_only_to_who_may_know(self, office: Office) -> None:
        desks(office)
        await lend(office)
        shown = await office[SALES].say(f"/find {HX}")
        assert "1 份资料：在张晓雯处，应还9月17日 周四 24:00（北京时间）" in shown
        assert "最近见证：单志远" in shown
        masked = await office["CY035"].say(f"/find {HX}")
        assert "1 份资料：已借出，应还9月17日 周四" in masked
        assert "张晓雯处" not in masked

    @one_channel
    @pytest.mark.rule("S3-LOG.2.3a")
    async def test_then_who_had_it_on_a_day_has_one_answer(self, office: Office) -> None:
        desks(office)
        await lend(office, days=30)
        await office.until(at("09-16 09:00"))
        me = office[SALES]
        await me.say(f"/find {HX}")
        chain = await me.tap("去向")
        assert "单志远 → 张晓雯" in chain
        await me.tap("某日在谁手中")
        shown = await me.say("昨天")
        assert "9月15日 周二 整卷：在库" in shown
        assert "三季度对账单：张晓雯（9月14日 周一 09:00起）" in shown
        await me.tap("某日在谁手中")
        assert "这一天还没到" in await me.say("明天")

    @pytest.mark.rule("S3-LOG.2.3a")
    @pytest.mark.parametrize("words", [f"在哪 {HX}", f"去向 {HX}", f"where {HX}", f"在哪里{HX}？"])
    async def test_then_a_word_and_the_number_are_enough(self, office: Office, words: str) -> None:
        desks(office)
        await lend(office)
        shown = await office[SALES].say(words)
        assert "1 份资料：在张晓雯处，应还9月17日 周四 24:00（北京时间）" in shown
        assert "单志远 → 张晓雯" in shown
        masked = await office["CY035"].say(words)
        assert "1 份资料：已借出，应还9月17日 周四" in masked
        for hidden in ("张晓雯处", "单志远", "鸿鑫贸易"):
            assert hidden not in masked

    @one_channel
    @pytest.mark.rule("S2-INFO.17")
    async def test_when_it_must_not_be_known_of_then_as_if_there_were_none(
        self, office: Office
    ) -> None:
        me = office[SALES]
        secret = await me.say("在哪 KH-2026-0019")
        assert "没有找到“KH-2026-0019”。" in secret
        await me.say("/cancel")
        nobody = await me.say("在哪 KH-2099-0019")
        assert nobody.text == secret.text.replace("2026", "2099")
        await me.say("/cancel")
        kept = await me.say("在哪KH-2026-0019")
        assert kept.text == (await me.say("在哪KH-2099-0019")).text.replace("2099", "2026")

    @one_channel
    async def test_when_several_are_meant_then_asked_which(self, office: Office) -> None:
        me = office[SALES]
        shown = await me.say("在哪 鸿鑫")
        assert "从未借出" in await me.tap(label_of(shown, "深圳市鸿鑫贸易有限公司"))
        await me.say("/where")
        assert "去向" in await me.say("听涛假日酒店")

    @one_channel
    async def test_when_in_place_then_others_learn_no_place(self, office: Office) -> None:
        shown = await office["CY035"].say(f"去向 {HX}")
        assert "在库" in shown
        assert "柜" not in shown


# -- what the office is like -------------------------------------------------------------------


async def photocopy(office: Office) -> None:
    """Have a photocopy approved whose original has to be fetched first."""
    pack = load_pack("engineering")
    under(office, loan=pack.loan, approval=pack.approval)
    office.change(
        lambda unit: accounts.bind(unit, office.channel, office.account("X002"), "CY001")
    )
    await ask(office, kind="影印使用")
    for one in (ARCHIVE, "X002"):
        await office[one].see()
        await office[one].tap("同意")


async def copied(office: Office) -> Shown:
    """Have a copy approved that waits to be handed over; returns what the archive reads."""
    office.change(
        lambda unit: accounts.bind(unit, office.channel, office.account("X002"), "CY006")
    )
    await ask(office, kind="复制摘录")
    await office["X002"].see()
    await office["X002"].tap("同意")
    assert states(office) == ["approved"]
    return await office[ARCHIVE].see()


async def agree_rest(office: Office) -> None:
    for one in (HEAD, SPECIALIST):
        await office[one].say("/ok 借-2026-0002")


def give_sight(office: Office) -> None:
    """Let the colleague see what is in the dossier."""

    def grant(unit: Unit) -> None:
        asked = consultations.add(
            unit,
            dossier_id=id_of_(unit, HX),
            staff_id=COLLEAGUE,
            purpose="audit",
            reason="核对",
            last_day=date(2026, 10, 14),
            at=unit.now,
        )
        consultations.close(unit, asked, "granted", unit.now)

    office.change(grant)


def id_of_(unit: Unit, number: str) -> int:
    found = dossiers.by_number(unit.session, number)
    assert found is not None
    return found


def paper(unit: Unit, title: str) -> int:
    grades = ["none", "confidential"]
    papers = documents.page(unit, id_of_(unit, HX), grades, 50)
    return next(one.id for one in papers if title in one.title and one.form == "original")


def raise_grade(unit: Unit, title: str) -> None:
    unit.session.execute(
        update(document).where(document.c.id == paper(unit, title)).values(grade="confidential")
    )


def grade(office: Office, number: str, value: str) -> None:
    office.change(
        lambda unit: unit.session.execute(
            update(dossier).where(dossier.c.number == number).values(grade=value)
        )
    )


def clear(office: Office, who: str, value: str) -> None:
    office.change(
        lambda unit: unit.session.execute(
            update(people).where(people.c.id == who).values(clearance=value)
        )
    )
