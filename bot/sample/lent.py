"""One loan of the sample company that is out, so that the demo shows papers on their way."""

from __future__ import annotations

from datetime import datetime, time

from msgspec.structs import replace

from handlers import FEATURES
from handlers.loans import loan_clock
from handlers.world import Registry, World
from rules import loan_days
from rules.calendar import china
from rules.policies import Policies
from storage import custody, documents, dossiers, loan_items, loans, staff
from storage.counters import next_number
from storage.custody import Handed, NewStep
from storage.dossiers import Dossier
from storage.errors import StorageError
from storage.loan_items import Line
from storage.loans import NewLoan
from storage.unit import Unit

CUSTOMER, PAPER = "广州鸿欣商贸有限公司", "经销协议"
BORROWER, CUSTODIAN = "CY016", "CY009"
HOUR = time(10, 30)


def lend(unit: Unit, policies: Policies) -> int:
    """Hand out one paper on the last working day before today, with its reminders; return the
    loan's id.

    Raises:
        StorageError: the sample has no such customer or paper.
    """
    calendar = china()
    day = calendar.previous_workday(policies.at(unit.now).day)
    at = datetime.combine(day, HOUR, policies.zone)
    dossier, paper = _paper(unit)
    policy = policies.on(day).governing(dossier.department, dossier.type)
    person = staff.get(unit.session, BORROWER)
    if person is None or policy.loan is None:
        raise StorageError(f"the sample lends nothing to {BORROWER}")
    place = policy.loan.place.value
    new = NewLoan(
        "loan",
        dossier.id,
        BORROWER,
        person.department,
        "check",
        "核对返利条款，客户来电询问",
        place,
        policy.pack,
    )
    held = loans.get(unit, loans.add(unit, new, at))
    assert held is not None  # noqa: S101 - written just now
    number = next_number(unit, "case:loan", day.year)
    loans.give_number(unit, held.id, f"借-{day.year}-{number:04d}")
    pages = paper.pages * paper.copies
    loan_items.add(unit, held, [Line(paper.id, paper.title, paper.form, pages, paper.copies)])
    loan_items.hand_out(unit, held)
    _sign(unit, held.id, pages, paper.copies, at)
    due = loan_days.longest_of(policy, at, calendar)
    out = replace(
        held,
        state="lent",
        approved_at=at,
        lent_at=at,
        due_on=due.last_day,
        first_due_on=due.last_day,
        due_at=due.instant,
    )
    out = loans.save(unit, held, out, at)
    world = World(policies, calendar, Registry(FEATURES))
    loan_clock.start(world.context(unit, person, "", "", unit.now), out)
    return out.id


def _paper(unit: Unit) -> tuple[Dossier, documents.Document]:
    found = dossiers.named(unit.session, CUSTOMER)
    dossier = dossiers.get(unit, found[0]) if found else None
    papers = documents.page(unit, dossier.id, ["none"], documents.MOST) if dossier else ()
    paper = next((one for one in papers if (one.title, one.form) == (PAPER, "original")), None)
    if dossier is None or paper is None:
        raise StorageError(f"the sample has no {PAPER} of {CUSTOMER}")
    return dossier, paper


def _sign(unit: Unit, loan_id: int, pages: int, copies: int, at: datetime) -> None:
    lines = (Handed(1, pages, copies),)
    step = NewStep(loan_id, "hand_out", CUSTODIAN, BORROWER, CUSTODIAN, lines)
    custody.confirm(unit, custody.open_step(unit, step, at).id, BORROWER, at)
