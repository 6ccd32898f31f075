"""Papers and data for people from outside: who is liable, on which credential and consent."""

from __future__ import annotations

import pytest

from handlers.conversation.messages import FileKind
from rules.completion import CONSENT
from rules.opening import GIVEN
from rules.policy import load_pack
from storage import accounts, dossier_fields, outsiders
from storage.unit import Unit
from tests.features.desk import under
from tests.features.lending import (
    ARCHIVE,
    HX,
    SALES,
    every,
    id_of,
    label_of,
    states,
)
from tests.features.office import JPEG, Office, Shown, one_channel

PHOTO = (JPEG, FileKind.PHOTO, "")


async def _visitor(office: Office, name: str, organisation: str = "") -> None:
    me = office[SALES]
    await me.say(name)
    if organisation:
        await me.say(organisation)


async def _rest(office: Office) -> Shown:
    me = office[SALES]
    await me.tap(label_of(await me.say("对账单"), "原件"))
    await me.tap("完成")
    return await me.see()


@pytest.mark.rule("S2-INFO.24", "C-04")
class TestGivenDataForSomebodyOutside:
    @one_channel
    async def test_then_who_receives_it_stands_on_every_card(self, office: Office) -> None:
        for account, person in (("X001", "CY006"), ("X002", "CY005")):
            office.change(
                lambda unit, a=account, p=person: accounts.bind(
                    unit, office.channel, office.account(a), p
                )
            )
        me = office[SALES]
        await me.say(f"/borrow {HX}")
        await me.tap("对外提供")
        await _visitor(office, "何鸿鑫", "深圳市鸿鑫贸易有限公司")
        await _rest(office)
        await me.tap("核对数据")
        review = await me.say("客户要求提供对账单")
        assert "无须归还" in review
        await me.tap("提交")
        assert states(office) == ["asked"]
        card = await office["X001"].see()
        assert "何鸿鑫（深圳市鸿鑫贸易有限公司）" in card
        assert "资料对外提供，不再收回" in card
        await office["X001"].tap("同意")
        await office["X002"].see()
        await office["X002"].tap("同意")
        assert states(office) == ["approved"]
        await office[ARCHIVE].see()
        shown = await office[ARCHIVE].tap("交付")
        assert "对外提供（S2-INFO.24）" in shown
        await office[ARCHIVE].tap("已交付")
        assert states(office) == ["done"]


@pytest.mark.rule("S1-15.7.2", "C-05")
class TestGivenALoanForSomebodyOutside:
    @one_channel
    async def test_then_the_sponsor_is_liable_and_the_letter_is_shown(
        self, office: Office
    ) -> None:
        pack = load_pack("corporate-archive")
        under(office, loan=pack.loan, approval=pack.approval)
        me = office[SALES]
        shown = await me.say(f"/borrow {HX}")
        await me.tap(label_of(shown, "借阅（代外单位人员"))
        await _visitor(office, "周明", "明德会计师事务所")
        await me.say("明德会计师事务所")
        await me.say("第2026-018号")
        await me.say("10月31日")
        await me.send(PHOTO)
        await me.tap("完成")
        await _rest(office)
        await me.tap("公司内")
        await me.tap("普通借阅")
        await me.say("9月30日")
        await me.tap("检查核对")
        await me.say("年度审计, 核对往来合同")
        shown = await me.tap("提交")
        assert "借阅人：张晓雯（销售一部），代外单位人员借阅：周明（明德会计师事务所）" in shown
        assert "由其负责" in shown
        held = every(office)[0]
        assert (held.for_whom, held.borrower) == ("external", SALES)
        visitor = office.look(lambda unit: outsiders.get(unit, held.outsider_id or 0))
        assert visitor is not None
        assert visitor.name == "周明"

    @one_channel
    async def test_when_the_letter_ends_before_the_papers_are_back_then_none_goes_out(
        self, office: Office
    ) -> None:
        pack = load_pack("corporate-archive")
        under(office, loan=pack.loan, approval=pack.approval)
        me = office[SALES]
        shown = await me.say(f"/borrow {HX}")
        await me.tap(label_of(shown, "借阅（代外单位人员"))
        await _visitor(office, "周明", "明德会计师事务所")
        await me.say("明德会计师事务所")
        await me.say("第2026-018号")
        await me.say("9月20日")
        await me.send(PHOTO)
        await me.tap("完成")
        await _rest(office)
        await me.tap("公司内")
        await me.tap("普通借阅")
        await me.say("9月30日")
        await me.tap("检查核对")
        await me.say("年度审计, 核对往来合同")
        assert "S1-15.7.2" in await me.tap("提交")
        assert every(office) == []


@pytest.mark.rule("C-72", "S3-PROTO.2.2")
class TestGivenTheCustomerAuthorisesToo:
    @one_channel
    async def test_then_a_photo_of_the_consent_is_asked_for(self, office: Office) -> None:
        pack = load_pack("customer-service", ("privacy",))
        under(office, privacy=pack.privacy)
        me = office[SALES]
        id_ = id_of(office, HX)

        def natural(unit: Unit) -> None:
            dossier_fields.write(unit, id_, {CONSENT: GIVEN}, "customer")

        office.change(natural)
        await me.say(f"/borrow {HX}")
        await me.tap("对外提供")
        await me.say("何鸿鑫")
        assert "书面同意" in await me.say("深圳市鸿鑫贸易有限公司")
        assert "书面同意" in await me.tap("完成")
        await me.send(PHOTO)
        await me.tap("完成")
        await _rest(office)
        await me.tap("核对数据")
        await me.say("客户要求提供对账单")
        await me.tap("提交")
        held = every(office)[0]
        visitor = office.look(lambda unit: outsiders.get(unit, held.outsider_id or 0))
        assert visitor is not None
        assert visitor.consent
