"""Another department wants statistics regularly: two approve before the first delivery."""

from __future__ import annotations

import pytest

from storage.affairs import AffairState
from tests.features.affair import kept, post
from tests.features.council import HEAD, SALES, states
from tests.features.office import Office, one_channel

MANAGER, TOP, COUNTS = "X001", "X002", "CY035"
"""Accounts of the customer-service manager, the general manager, and who compiles statistics."""


def staffed(office: Office) -> None:
    post(office, "CY005", account=MANAGER)
    post(office, "CY001", account=TOP)
    post(office, "CY035", "statistician")


async def ask(office: Office) -> None:
    me = office[SALES]
    assert "S2-INFO.10" in await me.say("定期报表")
    await me.say("各地区客户数量，用于编制销售计划")
    await me.tap("每月")
    await me.tap("提交")


@pytest.mark.rule("S2-INFO.10")
class TestGivenADepartmentThatWantsThem:
    async def test_then_nobody_delivers_before_both_have_approved(self, office: Office) -> None:
        staffed(office)
        await ask(office)
        card = await office[MANAGER].see()
        assert "定期报表（每月）" in card
        assert "各地区客户数量" in card
        await office[MANAGER].tap("同意")
        assert "已批准" not in await office[COUNTS].see()
        await office[TOP].see()
        await office[TOP].tap("同意")
        told = await office[COUNTS].see()
        assert "已批准张晓雯（销售一部）的定期报表，每月：各地区客户数量" in told
        assert "您的申请已批准" in await office[SALES].see()
        assert kept(office).state is AffairState.APPROVED

    @one_channel
    async def test_when_refused_then_nobody_delivers(self, office: Office) -> None:
        staffed(office)
        await ask(office)
        await office[MANAGER].say("/no 1 已有月报")
        assert states(office) == ["refused"]
        assert "已批准" not in await office[COUNTS].see()
        assert "没有等您审批的申请" in await office[HEAD].say("/ok")
