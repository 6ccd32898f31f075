"""Short words for approval tests: who decides at the sample company, and a request to them.

A salesperson asks to read an ungraded dossier of another department: the head of the own
department decides, then the supervisor of customer information (S2-INFO.18).
"""

from __future__ import annotations

from storage import accounts
from storage.unit import Unit
from tests.features.diary import rows
from tests.features.office import Office, Shown

SALES, COLLEAGUE, HEAD = "CY015", "CY016", "CY014"
INFO = "X001"
"""The account that `council` gives to the supervisor of customer information, CY006."""
DIRECTOR = "X002"
"""The account that it gives to the director of sales, CY013: the head's superior."""
CUSTOMER = "KH-2025-0058"


def council(office: Office) -> None:
    """Bind those of the chain who have no account in the sample."""

    def bind(unit: Unit) -> None:
        for account, person in ((INFO, "CY006"), (DIRECTOR, "CY013")):
            accounts.bind(unit, office.channel, office.account(account), person)

    office.change(bind)


async def ask(office: Office, who: str = SALES, customer: str = CUSTOMER) -> Shown:
    """Ask to read a dossier that is shown masked; returns the own card."""
    me = office[who]
    await me.say(f"/find {customer}")
    await me.tap("申请查阅")
    await me.tap("投诉处理")
    await me.say("客户投诉交货延迟")
    await me.say("今天")
    return await me.tap("提交")


def states(office: Office) -> list[str]:
    """Return the states of all cases, in order."""
    found = rows(office, "SELECT state FROM approval_case ORDER BY id")
    return [one for (one,) in found]


def audited(office: Office, action: str) -> list[dict[str, str]]:
    """Return who did something and under which rule, as the audit has it."""
    found = rows(office, "SELECT staff_id, rule, facts FROM audit WHERE action = ?", action)
    return [dict(zip(("staff_id", "rule", "facts"), one, strict=True)) for one in found]


def rungs(office: Office) -> list[tuple[str, ...]]:
    """Return rung, hearer and outcome of every reminder, in order."""
    return rows(
        office,
        "SELECT rung, staff_id, outcome FROM notice WHERE case_kind = 'case' ORDER BY due_at",
    )
