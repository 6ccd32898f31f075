"""Loans: one row each, changed only from the version it was read in.

Whatever happens to a loan, two people at once have one effect: who comes second gets `Conflict`
and reads what became of it. The trap is the loan that is over and still counts as open: what
ends one is known here, so that nobody forgets to say so.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import msgspec
from msgspec.structs import replace
from sqlalchemy import Row, bindparam, insert, select, update

from storage.errors import Conflict
from storage.session import Session
from storage.tables import loan
from storage.unit import Unit
from storage.upsert import changed

OVER = frozenset({"refused", "withdrawn", "lapsed", "discharged", "written_off", "done"})
"""States after which nothing happens any more."""


class NewLoan(msgspec.Struct, frozen=True):
    """What somebody asks for."""

    kind: str
    """loan, copy_loan, copy or disclose."""
    dossier_id: int
    borrower: str
    """Staff number; liable, also where somebody from outside is to have it."""
    department: str
    """Of the borrower."""
    purpose: str
    reason: str
    place: str
    """Where it is to be used: archive_room, office_only, company_only or out."""
    pack: str
    """Whose rules it goes by."""
    grade_at_lending: str = "none"
    for_whom: str = "insider"
    """insider, external, subject or proxy."""
    outsider_id: int | None = None
    long_term: bool = False
    wanted_until: date | None = None
    parent_id: int | None = None
    """Of a photocopy: the loan of its original (S3-ENG.3.5)."""
    carrier: str | None = None
    """Staff number of who carries it outside (S2-INFO.23.2); None: nobody has to be named."""


class Loan(msgspec.Struct, frozen=True):
    """A loan as it lies in the database."""

    id: int
    number: str | None
    """For people: 借-2026-0042; None until its case is opened."""
    kind: str
    dossier_id: int
    borrower: str
    department: str
    for_whom: str
    outsider_id: int | None
    purpose: str
    reason: str
    place: str
    long_term: bool
    grade_at_lending: str
    pack: str
    wanted_until: date | None
    state: str
    """Of `rules.loans.LoanState`."""
    asked_at: datetime
    approved_at: datetime | None
    collect_by: datetime | None
    """Approved and not fetched by this instant, it lapses."""
    lent_at: datetime | None
    due_on: date | None
    """Last day on time."""
    due_at: datetime | None
    """First instant that is late."""
    first_due_on: date | None
    """Before any renewal or recall."""
    renewals: int
    recalled_at: datetime | None
    closed_at: datetime | None
    """None: something is still to happen."""
    parent_id: int | None
    carrier: str | None
    """Staff number of who carries it outside; None: nobody had to be named."""
    holder: str | None
    """Staff number of the colleague to whom its papers were passed on; None: the borrower."""
    version: int

    @property
    def open(self) -> bool:
        return self.closed_at is None

    @property
    def out(self) -> bool:
        """Whether its papers left the archive and are not all back."""
        return self.lent_at is not None and self.closed_at is None

    def overdue(self, now: datetime) -> bool:
        return self.out and self.due_at is not None and self.due_at <= now


_SET_ONCE = frozenset(
    {"id", "number", "kind", "dossier_id", "borrower", "department", "reason", "asked_at",
     "carrier", "version"}
)  # fmt: skip

_CHANGING = tuple(name for name in Loan.__struct_fields__ if name not in _SET_ONCE)

_GET = select(loan).where(loan.c.id == bindparam("id"))

_SAVE = (
    update(loan)
    .where(loan.c.id == bindparam("of"), loan.c.version == bindparam("of_version"))
    .values(version=loan.c.version + 1)
)


def add(unit: Unit, new: NewLoan, at: datetime) -> int:
    """Keep what somebody asks for and return its id; its lines: `loan_items.add`."""
    id_ = next(unit.ids)
    values = {name: getattr(new, name) for name in NewLoan.__struct_fields__}
    values["reason"] = unit.seal("loan.reason", id_, new.reason)
    unit.session.execute(
        insert(loan).values(id=id_, state="asked", asked_at=at, renewals=0, version=1, **values)
    )
    return id_


def get(unit: Unit, loan_id: int, *, lock: bool = False) -> Loan | None:
    """Return a loan; `lock`: nobody else changes it until the unit ends."""
    query = _GET.with_for_update() if lock else _GET
    row = unit.session.execute(query, {"id": loan_id}).one_or_none()
    return loan_of(unit, row) if row else None


def by_number(session: Session, number: str) -> int | None:
    """Return the id of the loan of that number."""
    return session.execute(select(loan.c.id).where(loan.c.number == number)).scalar()


def copies_of(session: Session, loan_id: int) -> tuple[int, ...]:
    """Return the ids of the loans of photocopies that were made of what this one lends."""
    query = select(loan.c.id).where(loan.c.parent_id == loan_id, loan.c.parent_id.is_not(None))
    return tuple(session.execute(query.order_by(loan.c.id)).scalars())


def give_number(unit: Unit, loan_id: int, number: str) -> None:
    """Note under which number the loan is known to people.

    Raises:
        Conflict: it has one.
    """
    said = update(loan).where(loan.c.id == loan_id, loan.c.number.is_(None))
    if not changed(unit.session, said.values(number=number)):
        raise Conflict(f"loan {loan_id} has a number")


def save(unit: Unit, before: Loan, after: Loan, at: datetime) -> Loan:
    """Write what became of a loan at `at`, and return it as it lies there now.

    Who asked for what, when and why is never changed; a state of `OVER` closes it.

    Raises:
        Conflict: it was changed since `before` was read; nothing was written.
    """
    closed_at = (before.closed_at or at) if after.state in OVER else None
    after = replace(after, closed_at=closed_at, version=before.version + 1)
    values: dict[str, Any] = {name: getattr(after, name) for name in _CHANGING}
    values |= {"of": before.id, "of_version": before.version}
    if not changed(unit.session, _SAVE, values):
        raise Conflict(f"loan {before.id} is no longer in version {before.version}")
    return after


def merged(unit: Unit, keep: int, gone: int) -> None:
    """Let the loans of a dossier that was another one twice be of the one that stays.

    Their lines still say which of the two was lent as a whole: both may be out.
    """
    unit.session.execute(update(loan).where(loan.c.dossier_id == gone).values(dossier_id=keep))


def loan_of(unit: Unit, row: Row[*tuple[Any, ...]]) -> Loan:
    """Return the loan of a row of all columns of the table."""
    values = {name: getattr(row, name) for name in Loan.__struct_fields__}
    values["reason"] = unit.vault.open(row.reason, row.id)
    return Loan(**values)
