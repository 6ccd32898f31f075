"""A complaint is handled, its result approved, and only then the customer answered."""

from __future__ import annotations

import pytest

from rules.occasions import Action
from storage.affairs import AffairState
from tests.features.affair import OWN, kept, post, row_of
from tests.features.council import COLLEAGUE, HEAD, SALES, states
from tests.features.desk import under
from tests.features.office import Office, Shown, one_channel

OFFICE = "CY009"


def handling(office: Office) -> None:
    """Let the head be the general manager, and others the office and the production department."""
    rows = office.app.world.policies.governed[0].versions[0].approval
    under(office, approval=(*rows, row_of("industrial-sales", Action.COMPLAINT_RESULT)))
    post(office, "CY014", "gm")
    post(office, COLLEAGUE, "production_dept")
    post(office, OFFICE, "company_office")


async def complained(office: Office, kind: str) -> Shown:
    me = office[SALES]
    await me.say("客户投诉")
    await me.say(OWN)
    await me.tap(kind)
    await me.say("九月那一批钢板有裂纹")
    return await me.tap("提交")


async def settled(office: Office) -> None:
    await office[SALES].tap("填写结果")
    await office[SALES].say("全部换货，运费由我方承担")


@pytest.mark.rule("S1-04.7.2")
class TestGivenAComplaintAboutQuality:
    async def test_then_production_assists_the_gm_approves_and_the_office_answers(
        self, office: Office
    ) -> None:
        handling(office)
        assert f"已登记：{OWN}的投诉（质量）" in await complained(office, "质量")
        assert "请协同：张晓雯正在处理" in await office[COLLEAGUE].see()
        await settled(office)
        card = await office[HEAD].see()
        assert f"{OWN}投诉的处理结果（质量）" in card
        assert "九月那一批钢板有裂纹 → 全部换货" in card
        early = await office[OFFICE].press(f"f.complaint.answered.{kept(office).id}")
        assert "这件投诉已不在这一步" in early
        await office[HEAD].tap("同意")
        assert "公司办公室答复" in await office[SALES].see()
        assert "已批准：请答复" in await office[OFFICE].see()
        assert "已答复" in await office[OFFICE].tap("已答复客户")
        assert kept(office).state is AffairState.ANSWERED
        assert f"已答复{OWN}" in await office[SALES].see()

    @one_channel
    async def test_when_the_result_is_refused_then_it_is_settled_anew(
        self, office: Office
    ) -> None:
        handling(office)
        await complained(office, "质量")
        await settled(office)
        await office[HEAD].say("/no 1 先查明原因")
        assert "拒绝理由：先查明原因" in await office[SALES].see()
        assert kept(office).state is AffairState.OPEN
        await settled(office)
        assert states(office) == ["refused", "pending"]

    @one_channel
    async def test_when_somebody_else_presses_then_nothing_is_known_of_it(
        self, office: Office
    ) -> None:
        handling(office)
        await complained(office, "质量")
        for action in ("result", "answered"):
            key = f"f.complaint.{action}.{kept(office).id}"
            nothing = await office["CY035"].press(f"f.complaint.{action}.{2**40}")
            assert (await office["CY035"].press(key)).text == nothing.text

    @one_channel
    async def test_when_answered_twice_then_the_first_counts(self, office: Office) -> None:
        handling(office)
        await complained(office, "质量")
        await settled(office)
        await office[HEAD].say("/ok 1")
        post(office, "CY035", "company_office")
        key = f"f.complaint.answered.{kept(office).id}"
        await office[OFFICE].press(key)
        assert "已答复" in await office["CY035"].press(key)
        assert kept(office).ended_by == OFFICE


@one_channel
@pytest.mark.rule("S1-04.7.3")
class TestGivenAComplaintAboutTheService:
    async def test_then_production_is_not_asked_and_the_gm_approves_all_the_same(
        self, office: Office
    ) -> None:
        handling(office)
        await complained(office, "服务过程")
        assert "请协同" not in await office[COLLEAGUE].see()
        await settled(office)
        await office[HEAD].say("/ok 1")
        assert "（S1-04.7.3）" in await office[OFFICE].see()


@one_channel
async def test_where_the_policy_says_nothing_then_nothing_is_entered(office: Office) -> None:
    assert "制度未规定" in await complained(office, "质量")
    assert states(office) == []
