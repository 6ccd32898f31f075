"""Short words for incident tests: who hears of one at the sample company, and a report."""

from __future__ import annotations

from sqlalchemy import select

from storage import accounts, incidents
from storage.tables import incident_told
from storage.unit import Unit
from tests.features.diary import rows
from tests.features.office import Office, Shown

SALES, COLLEAGUE, HEAD, ARCHIVIST = "CY015", "CY016", "CY014", "CY009"
INFO, MANAGER, OFFICE = "X001", "X002", "CY015-2"
"""The accounts that `guard` gives to the supervisor of customer information (CY006), the manager
of customer service (CY005) and the general manager's office (CY003)."""
ALL = (INFO, MANAGER, OFFICE)
ORDINARY, SECRET = "KH-2023-0005", "KH-2022-0013"
"""Customers of the salesperson, ungraded and secret."""
NAMES = {ORDINARY: "鸿鑫", SECRET: "启邦"}
"""By number, what may give away which customer it is."""


def guard(office: Office) -> None:
    """Bind those who hear of a leak and have no account in the sample."""

    def bind(unit: Unit) -> None:
        for account, person in ((INFO, "CY006"), (MANAGER, "CY005"), (OFFICE, "CY003")):
            accounts.bind(unit, office.channel, office.account(account), person)

    office.change(bind)


async def leak(office: Office, customer: str = "跳过", words: str = "报价表发错了群") -> Shown:
    """Report a leak; returns the card of who reports it."""
    me = office[SALES]
    await me.say("/leak")
    await me.tap("超出限定范围")
    await me.say(customer)
    await me.say(words)
    await me.tap("撤回已发内容")
    await me.tap("完成")
    return await me.tap("上报")


async def report(
    office: Office,
    kind: str = "丢失",
    customer: str = "跳过",
    words: str = "合同第3页不见了",
    who: str = SALES,
) -> Shown:
    me = office[who]
    await me.say("/incident")
    await me.tap(kind)
    await me.say(customer)
    await me.say(words)
    return await me.tap("上报")


def told(office: Office) -> list[tuple[str, ...]]:
    """Return who is told for what, and whether they have confirmed, in order."""
    found = rows(office, "SELECT staff_id, task, confirmed_at FROM incident_told ORDER BY id")
    return [(who, task, "yes" if at else "no") for who, task, at in found]


def all_confirm(office: Office) -> None:
    """Let everybody confirm who was told; nobody is told again every so often."""

    def work(unit: Unit) -> None:
        for row in unit.session.execute(select(incident_told.c.id)).all():
            incidents.confirm(unit, row.id, unit.now)

    office.change(work)


def acts(office: Office) -> list[tuple[str, ...]]:
    """Return what the audit has about incidents: who, what and under which clause."""
    return rows(
        office,
        "SELECT staff_id, action, rule FROM audit WHERE action LIKE 'incident.%' ORDER BY seq",
    )


def reminded(office: Office) -> list[str]:
    """Return who was reminded, in order."""
    found = rows(
        office,
        "SELECT staff_id FROM notice WHERE case_kind = 'incident' AND outcome = 'sent' "
        "ORDER BY due_at, staff_id",
    )
    return [who for (who,) in found]
