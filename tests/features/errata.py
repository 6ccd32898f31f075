"""Short words for tests of corrections: who decides on them, and a plan handed in."""

from __future__ import annotations

from rules.chains import Approval, ChainStep
from rules.leaves import RuleId
from rules.occasions import Action
from storage import accounts, dossiers
from storage.unit import Unit
from tests.features.diary import SALES, rows
from tests.features.keeping import works_under
from tests.features.office import Office, Shown

MANAGER, GM = "X001", "X002"
"""The accounts that `works` gives to the customer-service manager, CY005, and the GM, CY001."""
ARCHIVIST = "CY009"
NUMBER, OLD, NEW = "KH-2022-0044", "15402569624", "13800001234"


def _row(action: Action) -> Approval:
    chain = (ChainStep.parse(["cs_manager"]), ChainStep.parse(["gm"]))
    return Approval(action, RuleId("S5-1.X1"), chain)


PLAN, REPORT = _row(Action.CORRECT), _row(Action.CORRECT_REPORT)


def works(office: Office, *approval: Approval) -> None:
    """Let the office correct data by these rows, those of the worked example unless given."""
    works_under(office, approval=approval or (PLAN, REPORT))

    def bind(unit: Unit) -> None:
        for account, person in ((MANAGER, "CY005"), (GM, "CY001")):
            accounts.bind(unit, office.channel, office.account(account), person)

    office.change(bind)


async def plan(office: Office, executor: str = "跳过", who: str = SALES) -> Shown:
    """Hand in the plan that a telephone number is wrong; returns the own card."""
    me = office[who]
    await me.say(f"更正 听涛 电话 {NEW}")
    await me.tap("按更正提交")
    await me.say("录入时抄错两位")
    await me.say("改正并换发旧表")
    await me.say("致电客户")
    await me.say(executor)
    return await me.tap("提交")


async def agree(office: Office) -> None:
    """Let both agree to what waits."""
    for who in (MANAGER, GM):
        await office[who].see()
        await office[who].tap("同意")


def phone(office: Office) -> str:
    def read(unit: Unit) -> str:
        id_ = dossiers.by_number(unit.session, NUMBER)
        found = dossiers.get(unit, id_) if id_ else None
        assert found is not None
        return found.phone

    return office.look(read)


def stages(office: Office) -> list[str]:
    return [one for (one,) in rows(office, "SELECT stage FROM correction ORDER BY id")]
