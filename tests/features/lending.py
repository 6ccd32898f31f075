"""Short words for tests of loans: who decides and hands out at the sample company, and asking.

A salesperson borrows papers of an own customer: the head of the department decides, then the
specialist for customer information; the archivist hands out (S2-INFO.19).
"""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from handlers.loans import loan_clock
from storage import accounts, custody, dossiers, loan_items, loan_lists, loans
from storage.custody import Handed, NewStep
from storage.loans import Loan
from storage.unit import Unit
from tests.features.desk import acting
from tests.features.diary import rows
from tests.features.office import Office, Shown

SALES, COLLEAGUE, HEAD, ARCHIVE = "CY015", "CY016", "CY014", "CY009"
SPECIALIST = "X001"
"""The account that `desks` gives to the specialist for customer information, CY007."""
HX = "KH-2023-0042"
"""Kept by the salesperson, nine papers; two of them are confidential."""
STATEMENT = "三季度对账单（原件）"


def desks(office: Office) -> None:
    """Bind the specialist for customer information, who has no account in the sample."""

    def bind(unit: Unit) -> None:
        accounts.bind(unit, office.channel, office.account(SPECIALIST), "CY007")

    office.change(bind)


async def begin(office: Office, who: str = SALES, customer: str = HX, kind: str = "借阅") -> Shown:
    """Open the form of a request."""
    await office[who].say(f"/borrow {customer}")
    return await office[who].tap(kind)


async def ask(
    office: Office,
    who: str = SALES,
    customer: str = HX,
    paper: str = "对账单",
    kind: str = "借阅",
) -> Shown:
    """Ask for the original of a paper; returns the own card."""
    me = office[who]
    await begin(office, who, customer, kind)
    await me.tap(label_of(await me.say(paper), "原件"))
    return await finish(office, who)


def label_of(shown: Shown, words: str) -> str:
    return next(one for one in shown.labels if words in one)


async def finish(office: Office, who: str = SALES) -> Shown:
    """Say what for, from the papers on, and submit; important ones the borrower carries."""
    me = office[who]
    if "由谁携带资料外出" in await me.tap("完成"):
        await me.say(who)
    await me.tap("核对数据")
    await me.say("客户来函核对三季度价格")
    return await me.tap("提交")


async def agree(office: Office) -> None:
    """Let everybody of the chain agree."""
    for one in (HEAD, SPECIALIST):
        await office[one].see()
        await office[one].tap("同意")


def hand_out(office: Office, loan_id: int, days: int = 3) -> None:
    """Let approved papers be in the borrower's hands now, due `days` days from today."""

    def lend(unit: Unit) -> None:
        held = loans.get(unit, loan_id)
        assert held is not None
        loan_items.hand_out(unit, held)
        items = loan_items.of(unit, held.id)
        lines = tuple(Handed(one.position, one.pages, one.copies) for one in items)
        step = NewStep(held.id, "hand_out", ARCHIVE, held.borrower, ARCHIVE, lines)
        custody.confirm(unit, custody.open_step(unit, step, unit.now).id, held.borrower, unit.now)
        due = unit.now.date() + timedelta(days=days)
        late = datetime.combine(due + timedelta(days=1), time(), ZoneInfo("Asia/Shanghai"))
        out = replace(
            held, state="lent", lent_at=unit.now, due_on=due, first_due_on=due, due_at=late
        )
        loans.save(unit, held, out, unit.now)

    office.change(lend)


async def lend(office: Office, days: int = 3, **what: str) -> Loan:
    """Have papers asked for, approved and handed out, and return the loan."""
    await ask(office, **what)
    await agree(office)
    hand_out(office, every(office)[-1].id, days)
    return every(office)[-1]


def every(office: Office) -> list[Loan]:
    """Return all loans, in the order they were asked for."""

    def look(unit: Unit) -> list[Loan]:
        found = loan_lists.register(unit, loan_lists.Wanted(), 100)
        return sorted(found, key=lambda one: (one.asked_at, one.id))

    return office.look(look)


def states(office: Office) -> list[str]:
    return [one.state for one in every(office)]


def id_of(office: Office, number: str) -> int:
    found = office.look(lambda unit: dossiers.by_number(unit.session, number))
    assert found is not None
    return found


async def lend_watched(office: Office, days: int = 3, **what: str) -> Loan:
    """Have papers lent as `lend` does, with the reminders of the hand-out."""
    held = await lend(office, days, **what)
    watch(office, held.id)
    return held


def watch(office: Office, loan_id: int) -> None:
    """Begin the reminders of a loan, as its hand-out does."""

    def begin(unit: Unit) -> None:
        held = loans.get(unit, loan_id)
        assert held is not None
        loan_clock.start(acting(office, unit, held.borrower), held)

    office.change(begin)


def said(office: Office) -> list[tuple[str, ...]]:
    """Return rung, hearer and outcome of every reminder of loans, in order."""
    return rows(
        office,
        "SELECT rung, staff_id, outcome FROM notice WHERE case_kind = 'loan' "
        "ORDER BY due_at, rung",
    )
