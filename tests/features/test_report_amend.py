"""Items of a report are changed: one approves, customer service has it on record."""

from __future__ import annotations

import pytest

from storage.affairs import AffairState
from tests.features.affair import kept, post
from tests.features.council import SALES, audited, states
from tests.features.office import Office, one_channel

TOP, SERVICE, COUNTS = "X002", "X001", "CY035"
"""Accounts of the general manager, the head of customer service, and who compiles statistics."""


def staffed(office: Office) -> None:
    post(office, "CY001", account=TOP)
    post(office, "CY005", account=SERVICE)
    post(office, "CY035", "statistician")


async def ask(office: Office) -> None:
    me = office[SALES]
    assert "S2-INFO.11" in await me.say("报表改项")
    await me.say("客户分布月报增加新客户数一项")
    await me.tap("提交")


@pytest.mark.rule("S2-INFO.11")
class TestGivenItemsOfAReport:
    async def test_when_the_general_manager_approves_then_it_is_on_record_and_nobody_else_asked(
        self, office: Office
    ) -> None:
        staffed(office)
        await ask(office)
        assert "新客户数" not in await office[SERVICE].see()
        card = await office[TOP].see()
        assert "修改统计报表的个别项目" in card
        await office[TOP].tap("同意")
        assert states(office) == ["approved"]
        for one in (SERVICE, COUNTS):
            told = await office[one].see()
            assert "请客户服务部备案：已批准张晓雯修改报表项目（S2-INFO.11）" in told
            assert "客户分布月报增加新客户数一项" in told
        (entry,) = audited(office, "amendment.approved")
        assert (entry["staff_id"], entry["rule"]) == ("CY001", "S2-INFO.11")

    @one_channel
    async def test_when_refused_then_nothing_is_on_record(self, office: Office) -> None:
        staffed(office)
        await ask(office)
        await office[TOP].say("/no 1 维持原报表")
        assert "备案" not in await office[SERVICE].see()
        assert kept(office).state is AffairState.REFUSED
