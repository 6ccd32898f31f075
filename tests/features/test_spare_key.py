"""Papers taken with the spare key: registered at once, and the back-office manager is told."""

from __future__ import annotations

import pytest

from rules.policy import load_pack
from storage.affairs import AffairState
from tests.features.affair import OWN, kept, post
from tests.features.council import audited, states
from tests.features.desk import under
from tests.features.office import Office, one_channel

TOP, KEEPER = "X002", "X001"
"""Accounts of the general manager and of the back-office manager."""


def contractor(office: Office, *, manager: bool = True) -> None:
    """Let the policy of a contractor decide, with who keeps the cabinet."""
    under(office, approval=load_pack("engineering").approval, custodian_unit="内勤部")
    post(office, "CY001", account=TOP)
    if manager:
        post(office, "CY007", "back_office_manager", account=KEEPER)


@pytest.mark.rule("S3-ENG.3.2c")
class TestGivenTheGeneralManagerTookPapers:
    async def test_then_it_is_registered_and_the_manager_of_the_cabinet_hears_what(
        self, office: Office
    ) -> None:
        contractor(office)
        top = office[TOP]
        await top.say("备用钥匙")
        await top.say(OWN)
        await top.say("竣工图一册，售后维修用")
        shown = await top.tap("提交")
        assert "已登记，并知会韩雪（S3-ENG.3.2c）" in shown
        told = await office[KEEPER].see()
        assert "用备用钥匙取走KH-2023-0042" in told
        assert "竣工图一册，售后维修用" in told
        assert states(office) == ["registered"]
        assert kept(office).state is AffairState.FREE
        (entry,) = audited(office, "sparekey.free")
        assert (entry["staff_id"], entry["rule"]) == ("CY001", "S3-ENG.3.2c")

    @one_channel
    async def test_when_nobody_keeps_the_cabinet_then_it_says_so(self, office: Office) -> None:
        contractor(office, manager=False)
        top = office[TOP]
        await top.say("/sparekey")
        await top.say(OWN)
        await top.say("竣工图一册，售后维修用")
        assert "目前无人可知会，请自行告知内勤部" in await top.tap("提交")
        assert kept(office).state is AffairState.FREE

    @one_channel
    async def test_when_the_policy_knows_no_spare_key_then_it_is_in_the_log_only(
        self, office: Office
    ) -> None:
        post(office, "CY001", account=TOP)
        top = office[TOP]
        await top.say("备用钥匙")
        await top.say(OWN)
        await top.say("合同一份")
        assert "没有备用钥匙的规定" in await top.tap("提交")
        assert states(office) == []
        assert [one["staff_id"] for one in audited(office, "sparekey.noted")] == ["CY001"]
