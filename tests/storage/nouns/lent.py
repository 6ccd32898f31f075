"""Papers and loans for tests."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from msgspec.structs import replace

from storage import documents, loan_items, loans
from storage.documents import DocumentRow
from storage.loan_items import Line
from storage.loans import Loan, NewLoan
from storage.unit import Unit
from tests.storage.nouns.company import NOW


def paper(unit: Unit, dossier_id: int, title: str = "合同", form: str = "original") -> int:
    return documents.add(unit, dossier_id, DocumentRow(title, form, pages=12, copies=1))


def held(unit: Unit, loan_id: int) -> Loan:
    found = loans.get(unit, loan_id)
    assert found is not None
    return found


def asked(
    unit: Unit,
    dossier_id: int,
    papers: tuple[int, ...] = (),
    lines: tuple[Line, ...] = (),
    *,
    at: datetime = NOW,
    **more: str,
) -> Loan:
    """Return a loan of some papers, or of the whole dossier, that somebody asks for.

    `lines`: in place of the papers.
    """
    new = NewLoan(
        dossier_id=dossier_id,
        department="销售一部",
        purpose="visit",
        reason="带去签约",
        place="out",
        **{"kind": "loan", "borrower": "zhang", "pack": "customer-service", **more},
    )
    loan = held(unit, loans.add(unit, new, at))
    of_papers = [Line(one, "合同", "original", pages=12) for one in papers]
    loan_items.add(unit, loan, lines or of_papers or [Line(None, "全部材料")])
    return loan


def approved(
    unit: Unit, dossier_id: int, papers: tuple[int, ...] = (), *, at: datetime = NOW, **more: str
) -> Loan:
    before = asked(unit, dossier_id, papers, at=at, **more)
    by = at + timedelta(days=3)
    after = replace(before, state="approved", approved_at=at, collect_by=by)
    return loans.save(unit, before, after, at)


def lent(
    unit: Unit,
    dossier_id: int,
    papers: tuple[int, ...] = (),
    *,
    at: datetime = NOW,
    due: datetime = NOW + timedelta(days=3),
    **more: str,
) -> Loan:
    before = approved(unit, dossier_id, papers, at=at, **more)
    loan_items.hand_out(unit, before)
    day: date = due.date()
    after = replace(before, state="lent", lent_at=at, due_at=due, due_on=day, first_due_on=day)
    return loans.save(unit, before, after, at)
