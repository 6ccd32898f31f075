"""Opening a dossier in chat: reported, completed, sent for verification, numbered."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from handlers.conversation.messages import FileKind
from handlers.dossiers import dossier_open
from handlers.feature import Feature
from rules.leaves import Text
from rules.policy import load_pack
from storage import attachments, dossier_fields, dossiers
from storage.dossiers import Dossier
from storage.unit import Unit
from tests.features.desk import CHANGES_WAIT, Desk, acting, under
from tests.features.diary import MANAGER, SALES, rows
from tests.features.office import JPEG, Office, Shown

COMPANY, PERSON = "珠江口远航物流有限公司", "王小明"


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def features(desk: Desk) -> tuple[Feature, ...]:
    return desk.features


def held(office: Office, name: str) -> Dossier:
    def read(unit: Unit) -> Dossier:
        (id_,) = dossiers.named(unit.session, name)
        found = dossiers.get(unit, id_)
        assert found is not None
        return found

    return office.look(read)


async def noted(office: Office, name: str = COMPANY) -> Shown:
    """Report a company as a new customer, up to the card of its draft."""
    me = office[SALES]
    await me.say(f"建档 {name}")
    await me.say("13800001234")
    await me.say("何远航 总经理")
    assert "核实后编号（S2-INFO.4）" in await me.tap("登记")
    return await me.tap("经销单位")


class TestGivenANewCompany:
    @pytest.mark.rule("S1-01.2")
    async def test_when_sent_then_it_waits_and_has_no_number_before(
        self, office: Office, desk: Desk
    ) -> None:
        desk.who = "市场监察人员"
        assert "所需资料已齐" in await noted(office)
        shown = await office[SALES].tap("提交核实")
        assert "待核实（S2-INFO.4）" in shown
        assert "由市场监察人员核实" in shown
        kept = held(office, COMPANY)
        assert (kept.state, kept.number, kept.keeper) == ("reported", None, SALES)
        assert "待核实，尚未编号" in await office[SALES].say(f"/find {COMPANY}")

        def verify(unit: Unit) -> tuple[str, list[str]]:
            ctx = acting(office, unit, MANAGER)
            number = dossier_open.verified(ctx, kept.id, MANAGER, "S1-01.2")
            return number, [one.card(ctx.texts).text for one in ctx.told]

        number, told = office.change(verify)
        assert number.startswith("KH-2026-")
        assert told == [f"{COMPANY}已建档：{number}（S1-01.2）。"]
        assert number in await office[SALES].say(f"/find {COMPANY}")

    async def test_when_nobody_has_to_verify_then_it_gets_its_number_at_once(
        self, office: Office
    ) -> None:
        await noted(office)
        key, ref = office[SALES].key_of("提交核实") if office.redraws else ("", "")
        shown = await office[SALES].tap("提交核实")
        kept = held(office, COMPANY)
        assert kept.state == "active"
        assert f"已建档：{kept.number}" in shown
        if key:
            assert "已提交核实或已建档" in await office[SALES].press(key, ref)
        assert held(office, COMPANY).number == kept.number

    async def test_when_sent_back_then_it_is_a_draft_again_and_the_reason_comes(
        self, office: Office, desk: Desk
    ) -> None:
        desk.who = "市场监察人员"
        await noted(office)
        await office[SALES].tap("提交核实")
        id_ = held(office, COMPANY).id

        def send_back(unit: Unit) -> list[str]:
            ctx = acting(office, unit, MANAGER)
            dossier_open.sent_back(ctx, id_, MANAGER, "S1-01.2", "地址查无此处")
            return [one.card(ctx.texts).text for one in ctx.told]

        (told,) = office.change(send_back)
        assert "地址查无此处" in told
        assert held(office, COMPANY).state == "draft"
        shown = await office[SALES].press(f"f.open.card.{id_}")
        assert "提交核实" in shown.labels

    async def test_when_the_number_is_written_behind_the_name_too_then_it_stands_there_once(
        self, office: Office
    ) -> None:
        me = office[SALES]
        await me.say(f"建档 {COMPANY}")
        await me.say("13800001234")
        assert "只填姓名和职务" in await me.say("何远航 138 0000 1234")
        assert "请连同姓名一起填写" in await me.say("0755-0866 1234")
        shown = await me.say("何远航")
        assert shown.text.count("13800001234") == 1
        await me.tap("登记")
        assert held(office, COMPANY).contact == "何远航"

    @pytest.mark.rule("S5-1.8.3")
    async def test_when_important_then_a_second_contact_person_is_asked_for(
        self, office: Office
    ) -> None:
        me, policy = office[SALES], under(office)
        opens = replace(policy.open, contact_persons=2, contact_persons_rule="S5-1.8.3")
        under(office, open=opens)
        await me.say(f"建档 {COMPANY}")
        await me.say("跳过")
        await me.say("是")
        shown = await me.say("何远航 总经理")
        assert "第二联系人" in shown
        assert "与第一联系人相同" in await me.say("何远航 总经理")
        await me.say("林小姐 财务")
        await me.tap("登记")
        kept = held(office, COMPANY)
        assert (kept.contact, kept.fields["second_contact"]) == ("何远航 总经理", "林小姐 财务")
        id_ = kept.id
        taken_out = {"second_contact": ""}
        office.change(lambda unit: dossier_fields.write(unit, id_, taken_out, "customer"))
        shown = await me.press(f"f.open.card.{id_}")
        assert "重要客户需有 2 位联系人（S5-1.8.3）" in shown
        assert "提交核实" not in shown.labels

    @pytest.mark.rule("C-69")
    async def test_when_completed_while_a_draft_then_written_without_asking_anybody(
        self, office: Office, desk: Desk
    ) -> None:
        desk.who = "王海峰"
        under(office, approval=(CHANGES_WAIT,))
        await noted(office)
        await office[SALES].tap("补充资料")
        await office[SALES].press(f"f.update.field.{held(office, COMPANY).id}.size")
        await office[SALES].say("中型")
        assert "已更新" in await office[SALES].tap("提交")
        assert held(office, COMPANY).fields["size"] == "中型"
        assert desk.handed_in == []

    @pytest.mark.rule("S1-04.4.2")
    async def test_when_a_required_field_is_empty_then_it_is_named_and_none_will_do(
        self, office: Office
    ) -> None:
        opens = replace(
            under(office).open, required=("telephone", "credit"), required_rule="S1-04.4.2"
        )
        under(office, open=opens)
        shown = await noted(office)
        assert "信用状况（S1-04.4.2）" in shown
        assert "电话（S1-04.4.2）" not in shown
        assert "提交核实" not in shown.labels
        await office[SALES].say(f"更新 {COMPANY} 信用状况 无")
        await office[SALES].tap("提交")
        shown = await office[SALES].press(f"f.open.card.{held(office, COMPANY).id}")
        assert "提交核实" in shown.labels


class TestGivenANaturalPerson:
    @pytest.mark.rule("S3-PROTO.2.1b")
    async def test_when_there_is_no_consent_then_evidence_is_asked_and_nothing_else_kept(
        self, office: Office
    ) -> None:
        me = office[SALES]
        before = rows(office, "SELECT count(*) FROM dossier")
        shown = await me.say(f"建档 {PERSON}")
        assert PERSON not in shown.text
        shown = await me.tap("自然人")
        assert "须先取得本人同意" in shown
        shown = await me.say("他口头同意了")
        assert "须先取得本人同意" in shown
        await me.say("/cancel")
        assert rows(office, "SELECT count(*) FROM dossier") == before

    @pytest.mark.rule("S3-PROTO.2.1b")
    async def test_when_the_evidence_is_there_then_it_stays_with_the_dossier(
        self, office: Office
    ) -> None:
        me = office[SALES]
        await me.say("/open")
        await me.tap("自然人")
        await me.send((JPEG, FileKind.PHOTO, ""))
        await me.tap("完成")
        await me.say("昨天")
        await me.say(PERSON)
        await me.say("13800001234")
        await me.say("跳过")
        await me.tap("登记")
        assert "所需资料已齐" in await me.tap("个人客户")
        kept = held(office, PERSON)
        assert (kept.fields["consent"], kept.fields["consent_on"]) == ("given", "2026-09-13")
        files = office.look(lambda unit: attachments.of(unit, "consent", kept.id))
        assert len(files) == 1

    @pytest.mark.rule("C-52")
    async def test_when_a_draft_has_no_consent_then_personal_fields_wait_for_it(
        self, office: Office
    ) -> None:
        me = office[SALES]
        id_ = office.change(
            lambda unit: dossiers.add(
                unit, dossiers.DossierRow(PERSON, SALES), by=SALES, draft=True
            )
        )
        shown = await me.press(f"f.open.card.{id_}")
        assert "客户本人同意，或注明不是自然人" in shown
        shown = await me.press(f"f.update.field.{id_}.telephone")
        assert "属于个人资料" in shown
        assert "S3-PROTO.2.1b" in shown
        await me.tap("已同意，有凭证")
        await me.send((JPEG, FileKind.PHOTO, ""))
        await me.tap("完成")
        shown = await me.say("昨天")
        assert "客户同意：（未填） → 已同意" in shown
        await me.press(f"f.update.field.{id_}.telephone")
        await me.say("13800001234")
        await me.tap("提交")
        kept = held(office, PERSON)
        assert (kept.phone, kept.fields["consent"]) == ("13800001234", "given")
        assert len(office.look(lambda unit: attachments.of(unit, "consent", id_))) == 1
        await me.press(f"f.open.card.{id_}")
        assert "所需资料已齐" in await me.tap("个人客户")

    @pytest.mark.rule("C-52")
    async def test_when_said_in_one_line_without_consent_then_not_even_gathered(
        self, office: Office
    ) -> None:
        me = office[SALES]
        office.change(
            lambda unit: dossiers.add(
                unit, dossiers.DossierRow(PERSON, SALES), by=SALES, draft=True
            )
        )
        shown = await me.say(f"更新 {PERSON} 电话 13800001234 规模 小")
        assert "未取得客户本人同意，未记下：电话" in shown
        assert "13800001234" not in shown.text
        assert "→ 小" in shown


class TestGivenACustomerThatMayBeOnFile:
    async def test_when_the_other_may_be_known_then_it_is_named_as_far_as_allowed(
        self, office: Office
    ) -> None:
        me = office["CY035"]
        await me.say("建档 听涛假日酒店")
        await me.say("跳过")
        await me.say("跳过")
        shown = await me.tap("登记")
        assert "可能已有该客户的档案：听＊＊酒店（KH-2022-0044，保管人张晓雯）" in shown

    async def test_when_the_other_must_not_be_known_then_only_that_there_may_be_one(
        self, office: Office
    ) -> None:
        def hide(unit: Unit) -> None:
            row = dossiers.DossierRow(
                COMPANY, "CY019", "KH-2020-9999", grade="secret", phone="13800001234"
            )
            dossiers.add(unit, row, by="CY019")

        office.change(hide)
        shown = await noted(office, "另一家物流有限公司")
        assert "可能已有该客户的档案，请先向档案管理员核实" in shown
        for hidden in ("KH-2020-9999", COMPANY, "珠"):
            assert hidden not in shown.text


class TestGivenKindsOfCustomers:
    @pytest.mark.rule("S2-INFO.3.1", "S2-INFO.3.2", "S5-1.2.2")
    async def test_when_no_kind_is_said_then_it_is_not_sent_and_every_kind_is_offered(
        self, office: Office
    ) -> None:
        me = office[SALES]
        await me.say(f"建档 {COMPANY}")
        await me.say("跳过")
        await me.say("跳过")
        shown = await me.tap("登记")
        assert "客户类别（S2-INFO.3.1）" in shown
        assert {"经销单位", "个人客户", "特殊客户"} <= set(shown.labels)
        assert "提交核实" not in shown.labels
        id_ = held(office, COMPANY).id
        assert "提交核实" not in (await me.press(f"f.open.report.{id_}")).labels
        await me.press(f"f.open.card.{id_}")
        shown = await me.tap("特殊客户")
        assert "提交核实" in shown.labels
        assert "个人客户" not in shown.labels
        assert held(office, COMPANY).fields["customer_kind"] == "special"
        await me.tap("提交核实")
        shown = await me.say(f"/find {COMPANY}")
        assert "客户类别：特殊客户" in shown
        shown = await me.press(f"f.update.open.{id_}")
        assert "特殊客户 0/1" in shown
        assert "四类资料" not in shown

    @pytest.mark.rule("S1-07.2.2", "S5-1.2.1")
    async def test_when_the_card_is_another_departments_then_it_is_neither_offered_nor_sent(
        self, office: Office
    ) -> None:
        me, levels = office[SALES], load_pack("sales-levels")
        ours = tuple(
            replace(one, departments=(Text("销售一部"),)) if one.id == "terminal" else one
            for one in levels.dossier.kind
        )
        under(office, dossier=replace(under(office).dossier, kind=ours), open=levels.open)
        await me.say(f"建档 {COMPANY}")
        await me.say("跳过")
        await me.say("否")
        await me.say("跳过")
        shown = await me.tap("登记")
        assert "客户类别（S1-07.2.2）" in shown
        assert {"终端客户", "供应商", "特殊客户"} <= set(shown.labels)
        assert "经销商" not in shown.labels
        id_ = held(office, COMPANY).id
        assert "不能选择这一客户类别" in await me.press(f"f.open.kind.{id_}.distributor")
        assert "customer_kind" not in held(office, COMPANY).fields
        given = {"customer_kind": "distributor"}
        office.change(lambda unit: dossier_fields.write(unit, id_, given, "customer"))
        shown = await me.press(f"f.open.card.{id_}")
        assert "经销商的客户档案卡由区域、大区提供，销售一部不能提供（S1-07.2.2）" in shown
        assert "提交核实" not in shown.labels
        await me.say(f"更新 {COMPANY} 客户类别 终端客户")
        await me.tap("提交")
        assert "提交核实" in (await me.press(f"f.open.card.{id_}")).labels
        assert "终端客户（《终端客户档案卡》）" in await me.say(f"/find {COMPANY}")
