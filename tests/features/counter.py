"""Short words for tests of hand-outs and returns: approved papers at the counter."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from msgspec.structs import replace

from storage import accounts, custody, documents, loan_items, loans, staff
from storage.custody import Handed, NewStep, Step
from storage.dossiers import by_number
from storage.loan_items import Line, LoanItem
from storage.loans import Loan, NewLoan
from storage.unit import Unit
from tests.features.lending import ARCHIVE, HX, SALES, agree, ask, desks, every
from tests.features.office import Office, Shown

PAPERS = ("质量保证协议", "2025年度框架供货合同")
ABOVE = "X002"
"""The account that `counter` gives to the archivist's superior, CY005, who hears of incidents."""


def counter(office: Office) -> None:
    """Bind who settles a dispute and hears of incidents, who has no account in the sample."""
    desks(office)
    account = office.account(ABOVE)
    office.change(lambda unit: accounts.bind(unit, office.channel, account, "CY005"))


async def approved(office: Office) -> Loan:
    """Have the original of a paper of three pages asked for and approved."""
    counter(office)
    await ask(office)
    await agree(office)
    return every(office)[-1]


def put(
    office: Office,
    papers: tuple[str, ...] = PAPERS,
    borrower: str = SALES,
    **what: Any,
) -> Loan:
    """Put an approved loan of these originals on record, as if it had been asked for."""
    return office.change(lambda unit: written(unit, papers, borrower, **what))


def written(
    unit: Unit, papers: tuple[str, ...] = PAPERS, borrower: str = SALES, **what: Any
) -> Loan:
    """Write an approved loan of these originals.

    `parent_id`: the lines are photocopies made of what that loan lends.
    """
    dossier_id = by_number(unit.session, HX)
    person = staff.get(unit.session, borrower)
    assert dossier_id is not None
    assert person is not None
    every_paper = documents.page(unit, dossier_id, ["none", "confidential"], 100)
    found = {one.title: one for one in every_paper if one.form == "original"}
    lines = [
        Line(None, one.title, "copy", one.pages, made=True)
        if "parent_id" in what
        else Line(one.id, one.title, one.form, one.pages * one.copies, one.copies)
        for one in (found[title] for title in papers)
    ]
    given = {"kind": "loan", "pack": "customer-service", "place": "out", **what}
    new = NewLoan(
        dossier_id=dossier_id,
        borrower=borrower,
        department=person.department,
        purpose="check",
        reason="核对合同",
        **given,
    )
    id_ = loans.add(unit, new, unit.now)
    loans.give_number(unit, id_, f"借-2026-9{id_ % 1000:03}")
    held = loans.get(unit, id_)
    assert held is not None
    loan_items.add(unit, held, lines)
    return loans.save(unit, held, replace(held, state="approved", approved_at=unit.now), unit.now)


def offered(unit: Unit) -> Step:
    """Write a loan that is counted out and waits for the salesperson."""
    held = written(unit)
    lines = tuple(
        Handed(one.position, one.pages, one.copies) for one in loan_items.of(unit, held.id)
    )
    new = NewStep(held.id, "hand_out", ARCHIVE, SALES, ARCHIVE, lines)
    loans.save(unit, held, replace(held, state="offered"), unit.now)
    return custody.open_step(unit, new, unit.now)


def taken(unit: Unit) -> Loan:
    """Write a loan that is in the salesperson's hands until tomorrow."""
    one = offered(unit)
    custody.confirm(unit, one.id, SALES, unit.now)
    held = loans.get(unit, one.loan_id)
    assert held is not None
    loan_items.hand_out(unit, held)
    late = unit.now + timedelta(days=2)
    day = late.date() - timedelta(days=1)
    out = replace(held, state="lent", lent_at=unit.now, due_at=late, due_on=day)
    return loans.save(unit, held, out, unit.now)


async def hand_out(office: Office, held: Loan, borrower: str = SALES) -> None:
    """Count out as listed and have it confirmed."""
    await office[ARCHIVE].press(f"f.handout.ready.{held.id}")
    await office[borrower].press(f"f.handout.take.{step(office, held).id}")


async def lent(office: Office, *papers: str) -> Loan:
    """Have papers in the salesperson's hands."""
    counter(office)
    held = put(office, *((papers,) if papers else ()))
    await hand_out(office, held)
    await office[SALES].see()
    await office[ARCHIVE].see()
    return now(office, held)


async def checked(office: Office, who: str = ARCHIVE) -> Shown:
    """Say yes to both points of the return, and file the count."""
    await office[who].tap("是")
    await office[who].tap("是")
    return await office[who].tap("确认清点")


def steps(office: Office, held: Loan) -> tuple[Step, ...]:
    return office.look(lambda unit: custody.of_loan(unit, held.id))


def step(office: Office, held: Loan) -> Step:
    """Return the last step of a loan."""
    return steps(office, held)[-1]


def now(office: Office, held: Loan) -> Loan:
    found = office.look(lambda unit: loans.get(unit, held.id))
    assert found is not None
    return found


def items(office: Office, held: Loan) -> tuple[LoanItem, ...]:
    return office.look(lambda unit: loan_items.of(unit, held.id))
