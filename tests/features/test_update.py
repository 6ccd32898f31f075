"""Changing a dossier in chat: one field, several in a line, and two people on one field."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from handlers.dossiers import change_sets
from handlers.feature import Feature
from storage import changes, dossiers
from storage.dossiers import Dossier
from storage.unit import Unit
from tests.features.desk import CHANGES_WAIT, Desk, acting, under
from tests.features.diary import COLLEAGUE, MANAGER, SALES, rows
from tests.features.office import Office, Shown, one_channel

ARCHIVIST = "CY009"
TINGTAO, NUMBER, PHONE = "听涛假日酒店", "KH-2022-0044", "15402569624"
NEW = "13800001234"
IDENTITY = "11010519491231002X"


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def features(desk: Desk) -> tuple[Feature, ...]:
    return desk.features


def held(office: Office, number: str = NUMBER) -> Dossier:
    def read(unit: Unit) -> Dossier:
        id_ = dossiers.by_number(unit.session, number)
        assert id_ is not None
        found = dossiers.get(unit, id_)
        assert found is not None
        return found

    return office.look(read)


def gathered(office: Office, person: str = SALES) -> dict[str, str]:
    """Return what a person has gathered for the customer and not handed in, by field."""
    id_ = held(office).id
    draft = office.look(lambda unit: changes.draft_of(unit, person, id_))
    return {row.field: row.new for row in draft.rows} if draft else {}


class TestGivenACustomerOfMine:
    @pytest.mark.rule("S1-01.4")
    async def test_when_said_in_one_line_then_checked_and_written_by_one_tap(
        self, office: Office
    ) -> None:
        me = office[SALES]
        shown = await me.say(f"更新 听涛 电话 {NEW}")
        assert f"电话：154****9624 → {NEW}" in shown
        assert "已填" in shown
        assert PHONE not in shown.text
        assert held(office).phone == PHONE
        shown = await me.tap("提交")
        assert "已更新（S2-DOSS.3.3）：电话。" in shown
        assert held(office).phone == NEW
        assert TINGTAO in await me.say(f"/find {NEW}")
        assert "没有找到" in await me.say(f"/find {PHONE}")

    async def test_when_several_fields_are_in_the_line_then_all_are_taken(
        self, office: Office
    ) -> None:
        me = office[SALES]
        shown = await me.say(
            "/update 听涛 电话:0755-0866 1234，地址改为深圳市南山区青石巷9号 规模 中型"
        )
        assert "电话：154****9624 → 0755-0866 1234" in shown
        assert "深圳市南山区青石巷9号" in shown
        assert "→ 中型" in shown
        await me.tap("提交")
        kept = held(office)
        assert (kept.phone, kept.address) == ("0755-0866 1234", "深圳市南山区青石巷9号")
        assert kept.fields["size"] == "中型"

    async def test_when_the_phone_is_none_then_said_so_and_the_rest_is_taken(
        self, office: Office
    ) -> None:
        me = office[SALES]
        shown = await me.say("更新 听涛 电话 一三八 规模 中型")
        assert "电话未记下" in shown
        assert "0755-0866 1234" in shown
        assert gathered(office) == {"size": "中型"}

    async def test_when_it_says_what_is_there_already_then_nothing_is_gathered(
        self, office: Office
    ) -> None:
        shown = await office[SALES].say(f"更新 听涛 电话 {PHONE}")
        assert "电话与档案一致" in shown
        assert "提交" not in shown.labels

    async def test_when_words_name_no_field_then_they_are_told_back(self, office: Office) -> None:
        shown = await office[SALES].say("更新 听涛 换了采购经理")
        assert "未能识别：换了采购经理" in shown
        assert gathered(office) == {}

    @pytest.mark.rule("S1-07.2.3b")
    async def test_when_asked_field_by_field_then_missing_ones_come_first(
        self, office: Office
    ) -> None:
        me = office[SALES]
        await me.say("/find 听涛")
        shown = await me.tap("更新")
        next_ = next(one for one in shown.labels if one.startswith("补："))
        assert f"下一项待补：{next_[2:]}" in shown
        assert "登记资料" in shown
        shown = await me.tap(next_)
        assert f"{next_[2:]}：（未填）" in shown
        assert "改成什么" in shown
        shown = await me.say("何建国")
        assert "拟改 1 项" in shown
        assert "→ 何建国" in shown
        assert f"下一项待补：{next_[2:]}" not in shown
        shown = await me.tap("选择项目")
        assert "未填的排在前面" in shown
        assert "客户名称" not in shown.text
        assert any("：" in one for one in shown.labels)

    async def test_when_a_wrong_phone_is_typed_then_the_question_stays(
        self, office: Office
    ) -> None:
        me = office[SALES]
        await me.say("更新 听涛")
        id_ = held(office).id
        shown = await me.press(f"f.update.field.{id_}.telephone")
        assert "电话：154****9624" in shown
        shown = await me.say("明天给你")
        assert "0755-0866 1234" in shown
        assert "电话：154****9624" in shown
        assert f"→ {NEW}" in await me.say(NEW)

    async def test_when_a_wrong_postcode_is_typed_then_the_question_stays(
        self, office: Office
    ) -> None:
        me = office[SALES]
        await me.say("更新 听涛")
        await me.press(f"f.update.field.{held(office).id}.postcode")
        assert "应为邮政编码" in await me.say("以后再说")
        assert "→ ５１８０５２" in await me.say("５１８０５２")
        assert "邮编未记下" in await me.say("更新 听涛 邮编 待定")
        assert "→ SW1A 1AA" in await me.say("更新 听涛 邮编 SW1A 1AA")

    async def test_when_a_day_and_a_number_are_asked_then_read_as_such(
        self, office: Office
    ) -> None:
        me = office[SALES]
        id_ = held(office).id
        await me.press(f"f.update.field.{id_}.headcount")
        assert "数字" in await me.say("很多人")
        await me.say("1.2万")
        await me.press(f"f.update.field.{id_}.founded_on")
        shown = await me.say("2015-06-01")
        assert "→ 12,000" in shown
        assert "2015年6月1日" in shown
        assert gathered(office) == {"headcount": "12000", "founded_on": "2015-06-01"}

    async def test_when_submitted_twice_then_done_once(self, office: Office) -> None:
        me = office[SALES]
        await me.say(f"更新 听涛 电话 {NEW}")
        key, ref = me.key_of("提交")
        await me.press(key, ref)
        shown = await me.press(key, ref)
        assert "没有重复提交" in shown
        assert rows(office, "SELECT count(*) FROM change_set") == [(1,)]

    async def test_when_it_changed_on_another_card_then_an_old_submit_files_nothing(
        self, office: Office
    ) -> None:
        me = office[SALES]
        await me.say(f"更新 听涛 电话 {NEW}")
        key, ref = me.key_of("提交")
        await me.say("更新 听涛 规模 中型")
        shown = await me.press(key, ref)
        assert "待提交的修改有变" in shown
        assert held(office).phone == PHONE

    async def test_when_the_bot_restarts_in_the_middle_then_all_is_there(
        self, office: Office
    ) -> None:
        me = office[SALES]
        await me.say(f"更新 听涛 电话 {NEW}")
        await me.press(f"f.update.field.{held(office).id}.size")
        await office.restart()
        shown = await me.say("中型")
        assert f"→ {NEW}" in shown
        assert "→ 中型" in shown
        await me.tap("提交")
        assert (held(office).phone, held(office).fields["size"]) == (NEW, "中型")

    async def test_when_left_unfinished_then_update_offers_it(self, office: Office) -> None:
        me = office[SALES]
        await me.say(f"更新 听涛 电话 {NEW}")
        shown = await me.say("/update")
        assert "尚未提交的修改" in shown
        assert f"→ {NEW}" in await me.tap(TINGTAO)
        await me.say("/update")
        assert "哪位客户" in await me.tap("其他客户")

    async def test_when_taken_out_or_discarded_then_nothing_is_left(self, office: Office) -> None:
        me = office[SALES]
        await me.say(f"更新 听涛 电话 {NEW} 规模 中型")
        await me.tap("去掉一项")
        shown = await me.tap("电话")
        assert NEW not in shown.text
        assert "→ 中型" in shown
        assert "档案未变" in await me.tap("放弃修改")
        assert gathered(office) == {}
        assert held(office).phone == PHONE

    async def test_when_the_name_has_two_hundred_characters_then_it_is_taken_whole(
        self, office: Office
    ) -> None:
        me = office[SALES]
        name = "听涛" * 98 + "有限公司"
        assert len(name) == 200
        await me.say(f"更新 听涛 客户名称 {name}")
        await me.tap("提交")
        assert held(office).name == name
        shown = await me.say(f"更新 {NUMBER} 客户名称 {name}长")
        assert "最多 200 字" in shown

    @pytest.mark.rule("S1-08.1.1b")
    async def test_when_an_identity_number_is_typed_then_only_its_mask_is_kept(
        self, office: Office
    ) -> None:
        me = office[SALES]
        shown = await me.say(f"更新 听涛 身份证明 {IDENTITY}")
        assert "请删除您刚才发的那条消息" in shown
        assert "110****2X" in shown
        assert IDENTITY not in shown.text
        assert gathered(office) == {"identity_proof": "110****2X"}
        await me.press(f"f.update.field.{held(office).id}.identity_proof")
        assert "请删除" in await me.say(f"身份证 {IDENTITY}")
        assert gathered(office) == {"identity_proof": "身份证 110****2X"}

    async def test_when_something_was_changed_then_its_history_tells_who_and_why(
        self, office: Office
    ) -> None:
        me = office[SALES]
        await me.say(f"更新 听涛 电话 {NEW}")
        await me.tap("提交")
        await me.tap("继续更新")
        shown = await me.tap("变更记录")
        assert "电话：154****9624 → 138****1234" in shown
        assert "张晓雯提交" in shown
        assert "S2-DOSS.3.3" in shown

    async def test_then_neither_audit_nor_rows_carry_what_was_written(
        self, office: Office
    ) -> None:
        me = office[SALES]
        await me.say(f"更新 听涛 电话 {NEW}")
        await me.tap("提交")
        facts = rows(office, "SELECT facts FROM audit WHERE action = ?", "dossier.updated")
        assert "telephone" in facts[-1][0]
        assert NEW not in facts[-1][0]


class TestGivenTheCustomerIsNotClear:
    async def test_when_picked_then_the_line_is_taken_as_well(self, office: Office) -> None:
        me = office[SALES]
        shown = await me.say(f"更新 鸿鑫 电话 {NEW}")
        assert "佛山市顺德区鸿鑫贸易商行" in shown.labels
        shown = await me.tap("佛山市顺德区鸿鑫贸易商行")
        assert f"→ {NEW}" in shown


class TestGivenADossierOfSomebodyElse:
    async def test_when_it_is_masked_then_it_cannot_be_changed_here(self, office: Office) -> None:
        shown = await office["CY035"].say(f"/update 听涛 电话 {NEW}")
        assert "只对保管人及其上级开放" in shown
        assert "9624" not in shown.text
        shown = await office["CY035"].press(f"f.update.open.{held(office).id}")
        assert "只对保管人及其上级开放" in shown
        assert "更新" not in (await office["CY035"].say("/find 听涛")).labels

    async def test_when_a_key_is_forged_then_no_other_ones_changes_are_touched(
        self, office: Office
    ) -> None:
        await office[SALES].say(f"更新 听涛 电话 {NEW}")
        id_ = held(office).id
        set_id = office.look(lambda unit: changes.draft_of(unit, SALES, id_)).id
        for key in (f"submit.{set_id}.2", f"discard.{set_id}", "submit.7.1", "mine.1", "drop.x"):
            await office[COLLEAGUE].press(f"f.update.{key}")
        assert gathered(office) == {"telephone": NEW}


class TestGivenSomebodyHasToDecide:
    async def test_when_submitted_then_the_dossier_stays_until_then(
        self, office: Office, desk: Desk
    ) -> None:
        desk.who = "王海峰"
        under(office, approval=(CHANGES_WAIT,))
        me = office[SALES]
        await me.say(f"更新 听涛 电话 {NEW}")
        shown = await me.tap("提交")
        assert "审核通过前档案不变" in shown
        assert "由王海峰审核" in shown
        assert held(office).phone == PHONE
        assert gathered(office) == {}

    @pytest.mark.rule("S1-05.2")
    async def test_when_agreed_then_written_and_the_proposer_hears_of_it(
        self, office: Office, desk: Desk
    ) -> None:
        desk.who = "王海峰"
        under(office, approval=(CHANGES_WAIT,))
        await office[SALES].say(f"更新 听涛 电话 {NEW}")
        await office[SALES].tap("提交")

        def agree(unit: Unit) -> list[str]:
            ctx = acting(office, unit, MANAGER)
            lines = change_sets.review_lines(ctx, desk.handed_in[0], ctx.texts)
            assert lines == (f"电话：154****9624 → {NEW}",)
            change_sets.apply(ctx, desk.handed_in[0], MANAGER, "S1-05.1")
            return [f"{one.staff_id} {one.card(ctx.texts).text}" for one in ctx.told]

        told = office.change(agree)
        assert held(office).phone == NEW
        assert len(told) == 1
        assert told[0].startswith(SALES)
        assert f"{TINGTAO}的电话已按您提交的内容更新（S1-05.1）" in told[0]

    async def test_when_refused_then_the_reason_comes_back(
        self, office: Office, desk: Desk
    ) -> None:
        desk.who = "王海峰"
        under(office, approval=(CHANGES_WAIT,))
        await office[SALES].say(f"更新 听涛 电话 {NEW}")
        await office[SALES].tap("提交")

        def refuse(unit: Unit) -> list[str]:
            ctx = acting(office, unit, MANAGER)
            change_sets.refuse(ctx, desk.handed_in[0], MANAGER, "S1-05.1", "号码打不通")
            return [one.card(ctx.texts).text for one in ctx.told]

        (told,) = office.change(refuse)
        assert "号码打不通" in told
        assert held(office).phone == PHONE


class TestGivenNobodyHasToDecide:
    @pytest.mark.parametrize(
        ("role", "hearer"), [("custodian", ARCHIVIST), ("direct_superior", MANAGER)]
    )
    async def test_when_written_then_who_watches_over_changes_hears_of_it(
        self, office: Office, role: str, hearer: str
    ) -> None:
        under(office, update=replace(under(office).update, reviewed_by=role))
        await office[SALES].say(f"更新 听涛 电话 {NEW}")
        await office[SALES].tap("提交")
        shown = await office[hearer].see()
        assert "张晓雯更新了" in shown
        assert "的电话" in shown
        assert NEW not in shown.text

    async def test_when_somebody_else_changed_it_then_the_keeper_hears_of_it(
        self, office: Office
    ) -> None:
        await office[MANAGER].say(f"更新 听涛 电话 {NEW}")
        await office[MANAGER].tap("提交")
        assert f"更新了{TINGTAO}的电话" in await office[SALES].see()

    async def test_when_the_proposer_is_exempt_then_written_all_the_same(
        self, office: Office, desk: Desk
    ) -> None:
        under(office, approval=(CHANGES_WAIT,))
        await office[SALES].say(f"更新 听涛 电话 {NEW}")
        await office[SALES].tap("提交")
        assert len(desk.handed_in) == 1
        assert held(office).phone == NEW


class TestGivenAPolicyThatAsksWhoseMaterialItIs:
    @pytest.mark.rule("S1-01.4")
    async def test_when_the_person_is_such_a_source_then_it_is_theirs(
        self, office: Office
    ) -> None:
        asked(office, "salesperson", "market_supervisor")
        await office[SALES].say(f"更新 听涛 电话 {NEW}")
        assert "已更新" in await office[SALES].tap("提交")
        assert rows(office, "SELECT source FROM change_set") == [("salesperson",)]

    @pytest.mark.rule("S1-01.4")
    async def test_when_not_then_it_is_asked_before_anything_is_handed_in(
        self, office: Office
    ) -> None:
        asked(office, "market_supervisor", "feedback_admin")
        await office[SALES].say(f"更新 听涛 电话 {NEW}")
        shown = await office[SALES].tap("提交")
        assert "依据谁提供的资料（S1-01.4）" in shown
        assert held(office).phone == PHONE
        assert "已更新" in await office[SALES].tap("信息反馈管理人员")
        assert rows(office, "SELECT source FROM change_set") == [("feedback_admin",)]


def asked(office: Office, *sources: str) -> None:
    policy = under(office)
    update = replace(policy.update, sources=sources, sources_rule="S1-01.4")
    under(office, update=update)


class TestGivenTwoPeopleOnOneField:
    @pytest.mark.rule("S1-05.2")
    async def test_when_the_other_was_quicker_then_both_values_are_shown_to_choose(
        self, office: Office
    ) -> None:
        me, other = office[SALES], office[MANAGER]
        await me.say(f"更新 听涛 电话 {NEW}")
        await other.say("更新 听涛 电话 13900009999")
        assert "已更新" in await other.tap("提交")
        shown = await me.tap("提交")
        assert "电话期间已被改动" in shown
        assert "现在：139****9999" in shown
        assert f"您填写的：{NEW}" in shown
        assert held(office).phone == "13900009999"
        shown = await me.tap("用我填的")
        assert f"电话：139****9999 → {NEW}" in shown
        await me.tap("提交")
        assert held(office).phone == NEW

    async def test_when_the_present_one_is_kept_then_the_change_is_dropped(
        self, office: Office
    ) -> None:
        me, other = office[SALES], office[MANAGER]
        await me.say(f"更新 听涛 电话 {NEW}")
        await other.say("更新 听涛 电话 13900009999")
        await other.tap("提交")
        await me.tap("提交")
        shown = await me.tap("保留现有的")
        assert NEW not in shown.text
        assert held(office).phone == "13900009999"

    async def test_when_it_changes_again_before_the_tap_then_it_is_shown_again(
        self, office: Office
    ) -> None:
        me, other = office[SALES], office[MANAGER]
        await me.say(f"更新 听涛 电话 {NEW}")
        await other.say("更新 听涛 电话 13900009999")
        await other.tap("提交")
        await me.tap("提交")
        key, ref = me.key_of("用我填的") if office.redraws else ("", "")
        if not key:
            return
        await other.say("更新 听涛 电话 13700007777")
        await other.tap("提交")
        assert "现在：137****7777" in await me.press(key, ref)
        assert held(office).phone == "13700007777"

    async def test_when_both_wait_to_be_decided_then_each_is_shown_with_the_other(
        self, office: Office, desk: Desk
    ) -> None:
        desk.who = "周明远"
        under(office, approval=(CHANGES_WAIT,))
        for person, phone in ((MANAGER, "13900009999"), (SALES, NEW)):
            await office[person].say(f"更新 听涛 电话 {phone}")
            await office[person].tap("提交")
        shown = await office[SALES].say("更新 听涛 电话 13700007777")
        assert "也提议将电话改为 139****9999，尚待审核" in shown

        def decide(unit: Unit) -> tuple[tuple[str, ...], int]:
            ctx = acting(office, unit, "CY013")
            change_sets.apply(ctx, desk.handed_in[0], "CY013", "S1-05.1")
            lines = change_sets.review_lines(ctx, desk.handed_in[1], ctx.texts)
            outcome = change_sets.apply(ctx, desk.handed_in[1], "CY013", "S1-05.1")
            return lines, len(outcome.superseded)

        lines, left = office.change(decide)
        assert lines == (f"电话：提交时为 154****9624，现为 139****9999，拟改为 {NEW}",)
        assert left == 1
        assert held(office).phone == "13900009999"


class TestGivenTheFactsOfAVisitNote:
    @one_channel
    @pytest.mark.rule("S1-04.4.1")
    @pytest.mark.rule("S1-06.5.1")
    async def test_when_they_name_a_field_plainly_then_it_is_offered_and_waits_for_a_tap(
        self, office: Office
    ) -> None:
        me = office[SALES]
        shown = await self.filed(office, f"电话改为{NEW}，联系人：何建国，他们在扩建二期")
        assert "更新档案" in shown.labels
        shown = await me.tap("更新档案")
        assert "他们在扩建二期" in shown
        assert f"→ {NEW}" in shown
        assert "→ 何建国" in shown
        assert held(office).phone == PHONE
        assert gathered(office) == {"telephone": NEW, "contact_person": "何建国"}

    @one_channel
    async def test_when_they_name_none_then_they_only_stand_above(self, office: Office) -> None:
        await self.filed(office, "他们电话里说要扩建二期")
        shown = await office[SALES].tap("更新档案")
        assert "他们电话里说要扩建二期" in shown
        assert gathered(office) == {}

    async def filed(self, office: Office, facts: str) -> Shown:
        me = office[SALES]
        await me.say("拜访 听涛 谈订单")
        await me.tap("补充")
        await me.tap("新获信息")
        await me.say(facts)
        return await me.tap("提交")
