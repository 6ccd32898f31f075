"""A deal that is not paid in cash waits for a signature, and the dossier is consulted first."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from sqlalchemy import delete

from rules.occasions import Action
from rules.policy import load_pack
from storage.affairs import AffairState
from storage.tables import recent
from tests.features.affair import OWN, kept, post, row_of
from tests.features.council import CUSTOMER, HEAD, SALES, states
from tests.features.desk import under
from tests.features.office import Office, Shown, one_channel


def signing(office: Office) -> None:
    """Let the sample company ask for signatures, and its head of sales give them."""
    rows = office.app.world.policies.governed[0].versions[0].approval
    under(office, approval=(*rows, row_of("sales-levels", Action.NONCASH_DEAL)))
    post(office, "CY014", "market_manager")


async def review(office: Office, payment: str, customer: str = OWN) -> Shown:
    me = office[SALES]
    await me.say("签约")
    await me.say(customer)
    await me.say("钢材200吨，总价86万元，60天付清")
    return await me.tap(payment)


@pytest.mark.rule("S1-01.5")
class TestGivenADealNotPaidInCash:
    async def test_then_it_is_held_until_it_is_signed(self, office: Office) -> None:
        signing(office)
        assert "签字前不得成交" in await review(office, "赊销")
        assert "签字前不得成交" in await office[SALES].tap("提交")
        assert kept(office).state is AffairState.HELD
        card = await office[HEAD].see()
        assert f"{OWN}成交，付款：赊销" in card
        assert "钢材200吨" in card
        assert "已同意" in await office[HEAD].tap("同意")
        assert kept(office).state is AffairState.APPROVED
        assert kept(office).ended_by == "CY014"
        assert f"与{OWN}的交易可以成交（S1-01.5）" in await office[SALES].see()

    @one_channel
    async def test_when_refused_then_it_is_not_made(self, office: Office) -> None:
        signing(office)
        await review(office, "票据")
        await office[SALES].tap("提交")
        await office[HEAD].say("/no 1 账期太长")
        assert "拒绝理由：账期太长" in await office[SALES].see()
        assert kept(office).state is AffairState.REFUSED

    @one_channel
    async def test_when_taken_back_then_it_is_over(self, office: Office) -> None:
        signing(office)
        await review(office, "分期")
        await office[SALES].tap("提交")
        await office[SALES].tap("撤回")
        await office[SALES].tap("撤回")
        assert kept(office).state is AffairState.WITHDRAWN


@one_channel
@pytest.mark.rule("S1-01.5")
class TestGivenNoSignatureIsNeeded:
    async def test_when_paid_in_cash_then_it_is_only_entered(self, office: Office) -> None:
        signing(office)
        assert "签字前不得成交" not in await review(office, "现款")
        assert "不需签字" in await office[SALES].tap("提交")
        assert states(office) == []
        assert kept(office).state is AffairState.FREE

    async def test_when_the_switch_is_off_then_it_is_only_entered(self, office: Office) -> None:
        await review(office, "赊销")
        assert "不需签字" in await office[SALES].tap("提交")
        assert states(office) == []


@one_channel
@pytest.mark.rule("S1-04.4.5")
class TestGivenARegulationThatWantsTheDossierConsulted:
    @pytest.fixture(autouse=True)
    def wanted(self, office: Office) -> None:
        policy = office.app.world.policies.governed[0].versions[0]
        rule = load_pack("industrial-sales").dossier.deal_rule
        under(office, dossier=replace(policy.dossier, deal_rule=rule))
        office.change(lambda unit: unit.session.execute(delete(recent)))

    async def test_when_it_was_not_then_it_is_said_and_offered(self, office: Office) -> None:
        assert "签约前应先查阅该客户的档案（S1-04.4.5）" in await review(office, "现款")
        assert "签约前应先查阅该客户的档案" in await office[SALES].tap("提交")
        assert OWN in await office[SALES].tap("客户")

    async def test_when_it_was_then_nothing_is_said(self, office: Office) -> None:
        shown = await office[SALES].say(f"/find {OWN}")
        assert "签约" in shown.labels
        assert "应先查阅" not in await review(office, "现款")
        assert "应先查阅" not in await office[SALES].tap("提交")

    async def test_when_it_is_closed_to_who_deals_then_reading_it_is_asked_for(
        self, office: Office
    ) -> None:
        await office[SALES].say(f"/find {CUSTOMER}")
        assert "应先查阅" in await review(office, "现款", CUSTOMER)
        assert "申请查阅" in (await office[SALES].tap("提交")).labels

    async def test_then_who_signs_reads_it_too(self, office: Office) -> None:
        signing(office)
        policy = office.app.world.policies.governed[0].versions[0]
        under(office, dossier=replace(policy.dossier, deal_rule="S1-04.4.5"))
        await review(office, "赊销")
        await office[SALES].tap("提交")
        assert "申请人未查阅该客户的档案（S1-04.4.5）" in await office[HEAD].see()
