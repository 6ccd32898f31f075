"""Changes of a dossier and new customers wait for who decides, and end with the decision."""

from __future__ import annotations

import pytest

from storage import accounts, dossiers
from storage.unit import Unit
from tests.features.council import HEAD, SALES, states
from tests.features.desk import CHANGES_WAIT, under
from tests.features.diary import rows
from tests.features.office import Office

NUMBER, NEW = "KH-2022-0044", "13800001234"
COMPANY = "珠江口远航物流有限公司"
CLERK = "X001"
"""The account that the customer-information specialist gets here."""


def phone(office: Office) -> str:
    def read(unit: Unit) -> str:
        id_ = dossiers.by_number(unit.session, NUMBER)
        found = dossiers.get(unit, id_) if id_ else None
        assert found is not None
        return found.phone

    return office.look(read)


def sets(office: Office) -> list[str]:
    return [one for (one,) in rows(office, "SELECT state FROM change_set ORDER BY id")]


async def propose(office: Office) -> str:
    """Propose a new telephone number; returns what was answered."""
    under(office, approval=(CHANGES_WAIT,))
    await office[SALES].say(f"更新 听涛 电话 {NEW}")
    return (await office[SALES].tap("提交")).text


@pytest.mark.rule("S1-05.1")
class TestGivenAChangeThatWaits:
    async def test_when_agreed_then_it_is_written_and_the_proposer_told(
        self, office: Office
    ) -> None:
        said = await propose(office)
        assert "更-2026-0001 等待审批：王海峰" in said
        assert "档案更改 · 更-2026-0001" in said or not office.redraws
        card = await office[HEAD].see()
        assert "更改 KH-2022-0044 听涛假日酒店的电话" in card
        assert f"电话：154****9624 → {NEW}" in card
        assert phone(office) != NEW
        assert "王海峰 09:00 已同意" in await office[HEAD].tap("同意")
        assert phone(office) == NEW
        assert sets(office) == ["decided"]
        told = await office[SALES].see()
        assert "王海峰已同意：听涛假日酒店的电话" in told
        assert "您的申请已批准" not in told

    async def test_when_refused_then_it_stays_and_the_reason_is_told(self, office: Office) -> None:
        await propose(office)
        assert "拒绝理由：号码不对" in await office[HEAD].say("/no 1 号码不对")
        assert phone(office) != NEW
        assert "号码不对" in await office[SALES].see()
        assert states(office) == ["refused"]

    async def test_when_taken_back_then_it_is_proposed_no_more(self, office: Office) -> None:
        await propose(office)
        await office[SALES].see()
        await office[SALES].tap("撤回")
        await office[SALES].tap("撤回")
        assert (sets(office), states(office)) == (["withdrawn"], ["withdrawn"])


@pytest.mark.rule("S1-01.2")
class TestGivenANewCustomer:
    async def reported(self, office: Office) -> str:
        office.change(
            lambda unit: accounts.bind(unit, office.channel, office.account(CLERK), "CY007")
        )
        me = office[SALES]
        await me.say(f"建档 {COMPANY}")
        await me.say("13800001234")
        await me.say("何远航 总经理")
        await me.tap("登记")
        await me.tap("经销单位")
        return (await me.tap("提交核实")).text

    async def test_when_verified_then_it_gets_its_number(self, office: Office) -> None:
        assert "建-2026-0001 等待审批：韩雪" in await self.reported(office)
        assert f"建档：{COMPANY}" in await office[CLERK].see()
        await office[CLERK].tap("同意")
        told = await office[SALES].see()
        assert f"{COMPANY}已建档：KH-2026-" in told
        assert "待核实" not in await office[SALES].say(f"/find {COMPANY}")

    async def test_when_sent_back_then_it_is_a_draft_again(self, office: Office) -> None:
        await self.reported(office)
        await office[CLERK].say("/no 1 重复客户")
        assert "重复客户" in await office[SALES].see()
        assert rows(office, "SELECT state FROM dossier WHERE name = ?", COMPANY) == [("draft",)]
