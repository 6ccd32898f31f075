"""Short words for duty tests: a moment of the demo's autumn, the ledger, a planned visit."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import text

from tests.features.office import Office, Shown

SALES, COLLEAGUE, MANAGER, DIRECTOR = "CY015", "CY016", "CY014", "CY013"
SHANGHAI = ZoneInfo("Asia/Shanghai")
HONGXIN = "佛山市顺德区鸿鑫贸易商行"
"""Planned by the sample for CY015 on Monday, 14 September."""
MOTINGS = "听涛假日酒店"
REMINDER = "今天要交拜访记录（第 {} 次提醒）"
OVERDUE = "拜访记录已逾期"
MISSING = "拜访记录未提交"


def at(words: str) -> datetime:
    return datetime.fromisoformat(f"2026-{words}").replace(tzinfo=SHANGHAI).astimezone(UTC)


def rows(office: Office, query: str, *facts: str) -> list[tuple[str, ...]]:
    """Return what the database has; each `?` in `query` stands for one of the facts."""
    values = {f"fact{at}": fact for at, fact in enumerate(facts)}
    words = query.split("?")
    named = words[0] + "".join(
        f":{name}{more}" for name, more in zip(values, words[1:], strict=True)
    )
    found = office.look(lambda unit: unit.session.execute(text(named), values).all())
    return [tuple(row) for row in found]


def ledger(office: Office, customer: str = HONGXIN) -> list[tuple[str, str, str]]:
    """Return rung, hearer and outcome of every recorded rung of a customer's visits."""
    return rows(
        office,
        "SELECT n.rung, n.staff_id, n.outcome FROM notice n JOIN visit v ON v.id = n.case_id "
        "JOIN dossier d ON d.id = v.dossier_id WHERE d.name = ? AND v.staff_id = 'CY015' "
        "ORDER BY n.due_at, n.rung",
        customer,
    )


def state(office: Office, customer: str = HONGXIN) -> list[str]:
    found = rows(
        office,
        "SELECT v.state FROM visit v JOIN dossier d ON d.id = v.dossier_id "
        "WHERE d.name = ? AND v.staff_id = 'CY015' ORDER BY v.id",
        customer,
    )
    return [one for (one,) in found]


async def plan(office: Office, customer: str, day: str) -> Shown:
    """Plan a visit from 安排."""
    me = office[SALES]
    await me.say("安排")
    await me.say(customer)
    await me.say(day)
    await me.say("跳过")
    return await me.tap("提交")


async def note(office: Office, customer: str = HONGXIN, words: str = "看了货架") -> Shown:
    await office[SALES].say(f"拜访 {customer} {words}")
    return await office[SALES].tap("提交")
