"""What a loan is about, line by line: papers of a dossier, or the dossier as a whole.

Guards against one paper in two hands: a line goes out only while neither the paper nor its whole
dossier is out, and the database itself holds no two such lines.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from enum import StrEnum
from typing import Any, Protocol

import msgspec
from sqlalchemy import Row, bindparam, insert, literal_column, select, update

from storage.errors import Conflict
from storage.loans import Loan
from storage.tables import document, dossier, loan, loan_item, loan_wait
from storage.unit import Unit
from storage.upsert import changed

MOST = 500
"""Lines of open loans of one dossier that are looked at."""


class Line(msgspec.Struct, frozen=True):
    """What is asked for: a paper on record, or the whole dossier."""

    document_id: int | None
    """None: the whole dossier, or a photocopy made for this loan."""
    title: str
    """As it is lent, whatever becomes of the record."""
    form: str = ""
    """original or copy; empty for a whole dossier."""
    pages: int = 0
    """Of all copies together; 0: not counted."""
    copies: int = 1
    made: bool = False
    """Whether it is a photocopy made for this loan, which is no paper of the dossier."""


class LoanItem(msgspec.Struct, frozen=True):
    """One line of a loan as it lies in the database."""

    id: int
    loan_id: int
    position: int
    """1, 2 ... in its loan."""
    document_id: int | None
    whole: int | None
    """The dossier that is meant as a whole, as it was before any merging; None: a paper, or a
    photocopy made for the loan."""
    title: str
    form: str
    pages: int
    """Of all copies together; 0: not counted."""
    copies: int
    back_pages: int
    """So far."""
    back_copies: int
    damaged: bool
    note: str
    """What was noted when it came back."""
    state: str
    """asked, out, back, missing, damaged (back, but so), replaced or gone (written off)."""


class Counted(msgspec.Struct, frozen=True):
    """One line after a count."""

    position: int
    back_pages: int
    """All that is back so far."""
    back_copies: int
    state: str
    """back, missing or damaged."""
    damaged: bool = False
    note: str = ""


class Recounted(Protocol):
    """One line as it was counted before it went out."""

    @property
    def position(self) -> int: ...
    @property
    def pages(self) -> int: ...
    @property
    def copies(self) -> int: ...


class Why(StrEnum):
    """Why a paper cannot be lent now."""

    OUT = "out"
    """Somebody has it."""
    MISSING = "missing"
    """It did not come back from a loan that is not settled."""
    OFFERED = "offered"
    """It is counted out for somebody who has not taken it yet."""
    APPROVED = "approved"
    """It is approved to somebody who has not fetched it yet."""
    RESERVED = "reserved"
    """The dossier is offered to who waited for it first."""


class Block(msgspec.Struct, frozen=True):
    """One thing that is in the way of a loan."""

    why: Why
    document_id: int | None
    """None: the whole dossier."""
    loan_id: int | None
    """None: no loan, an offer."""
    staff_id: str
    """Who has it, is to get it, or to whom it is offered."""
    due_on: date | None
    """When it is due back, if somebody has it."""


_OF_LOAN = (
    select(loan_item)
    .where(loan_item.c.loan_id == bindparam("loan_id"))
    .order_by(loan_item.c.position)
)

_LENT = (
    select(
        loan_item.c.document_id,
        loan_item.c.whole,
        loan_item.c.state,
        loan.c.id,
        loan.c.borrower,
        loan.c.due_on,
        loan.c.state.label("loan_state"),
    )
    .join_from(loan, loan_item, loan_item.c.loan_id == loan.c.id)
    .where(
        loan.c.dossier_id == bindparam("of"),
        loan.c.closed_at.is_(None),
        loan.c.kind.in_((literal_column("'loan'"), literal_column("'copy_loan'"))),
    )
    .order_by(loan.c.id, loan_item.c.position)
    .limit(MOST)
)

_OFFER = select(loan_wait.c.staff_id).where(
    loan_wait.c.dossier_id == bindparam("of"),
    loan_wait.c.state == literal_column("'offered'"),
)

_LOCK = select(dossier.c.id).where(dossier.c.id == bindparam("of")).with_for_update()

_RECOUNTED = (
    update(loan_item)
    .where(
        loan_item.c.loan_id == bindparam("of"),
        loan_item.c.position == bindparam("at"),
        loan_item.c.state == "asked",
    )
    .values(pages=bindparam("real_pages"), copies=bindparam("real_copies"))
)

_COUNTED = (
    update(loan_item)
    .where(
        loan_item.c.loan_id == bindparam("of"),
        loan_item.c.position == bindparam("at"),
        loan_item.c.state.in_(("out", "missing")),
    )
    .values(
        back_pages=bindparam("pages_back"),
        back_copies=bindparam("copies_back"),
        damaged=bindparam("is_damaged"),
        note=bindparam("noted"),
        state=bindparam("becomes"),
    )
)


def add(unit: Unit, held: Loan, lines: Sequence[Line]) -> None:
    """Keep what a loan is asked for, in that order."""
    rows = []
    for position, line in enumerate(lines, 1):
        id_ = next(unit.ids)
        rows.append(
            {
                "id": id_,
                "loan_id": held.id,
                "position": position,
                "document_id": line.document_id,
                "whole": None if line.made or line.document_id else held.dossier_id,
                "title": unit.seal("loan_item.title", id_, line.title),
                "form": line.form,
                "pages": line.pages,
                "copies": line.copies,
                "back_pages": 0,
                "back_copies": 0,
                "damaged": False,
                "state": "asked",
            }
        )
    if rows:
        unit.session.execute(insert(loan_item), rows)


def of(unit: Unit, loan_id: int) -> tuple[LoanItem, ...]:
    """Return the lines of a loan, in order."""
    return tuple(_item(unit, row) for row in unit.session.execute(_OF_LOAN, {"loan_id": loan_id}))


def some_out(unit: Unit, loan_id: int) -> bool:
    """Return whether a line of a loan is lent that was never brought."""
    return any(one.state == "out" for one in of(unit, loan_id))


def blocking(
    unit: Unit, dossier_id: int, documents: Iterable[int] | None, *, but: Loan | None = None
) -> tuple[Block, ...]:
    """Return what is in the way of lending these papers, or the whole dossier if None.

    A copy that is handed over for good, or made for a loan, is in nobody's way.
    `but`: the loan in question, which is not in its own way, nor is an offer to its borrower.
    """
    wanted = None if documents is None else frozenset(documents)
    found: list[Block] = []
    if wanted is not None and not wanted:
        return ()
    for row in unit.session.execute(_LENT, {"of": dossier_id}):
        if row.whole is not None or wanted is None:
            touched = row.whole is not None or row.document_id is not None
        else:
            touched = row.document_id in wanted
        why = _why(row.state, row.loan_state)
        if why is not None and touched and (but is None or row.id != but.id):
            due_on = row.due_on if why in (Why.OUT, Why.MISSING) else None
            found.append(Block(why, row.document_id, row.id, row.borrower, due_on))
    found += [
        Block(Why.RESERVED, None, None, staff_id, None)
        for staff_id in unit.session.execute(_OFFER, {"of": dossier_id}).scalars()
        if but is None or staff_id != but.borrower
    ]
    return tuple(found)


def recount(unit: Unit, loan_id: int, lines: Iterable[Recounted]) -> None:
    """Note what is really there of the lines of a loan, before it goes out.

    Raises:
        Conflict: one of the lines is out already.
    """
    for line in lines:
        values = {
            "of": loan_id,
            "at": line.position,
            "real_pages": line.pages,
            "real_copies": line.copies,
        }
        if not changed(unit.session, _RECOUNTED, values):
            raise Conflict(f"line {line.position} of loan {loan_id} is out")


def hand_out(unit: Unit, held: Loan) -> None:
    """Let the papers of a loan be out, all of them or none.

    Raises:
        Conflict: one of them, or their whole dossier, is out already, or was never asked for.
    """
    unit.session.execute(_LOCK, {"of": held.dossier_id})
    lines = of(unit, held.id)
    papers = [one.document_id for one in lines if one.document_id is not None]
    whole = any(one.whole is not None for one in lines)
    blocks = blocking(unit, held.dossier_id, None if whole else papers, but=held)
    if any(one.why in (Why.OUT, Why.MISSING) for one in blocks):
        raise Conflict(f"papers of loan {held.id} are out")
    _turn(unit, held.id, ("asked",), "out", len(lines))


def count_back(unit: Unit, loan_id: int, lines: Iterable[Counted]) -> None:
    """Note what came back, line by line; also what was missing and has turned up.

    Raises:
        Conflict: one of the lines is not out.
    """
    ids = {one.position: one.id for one in of(unit, loan_id)}
    for line in lines:
        note = line.note or None
        values = {
            "of": loan_id,
            "at": line.position,
            "pages_back": line.back_pages,
            "copies_back": line.back_copies,
            "is_damaged": line.damaged,
            "noted": unit.seal("loan_item.note", ids.get(line.position, 0), note),
            "becomes": line.state,
        }
        if not changed(unit.session, _COUNTED, values):
            raise Conflict(f"line {line.position} of loan {loan_id} is not out")


def replaced(unit: Unit, loan_id: int) -> None:
    """Take what was filed instead for what of a loan is missing: its papers are kept again."""
    missing = loan_item.c.loan_id == loan_id, loan_item.c.state == "missing"
    unit.session.execute(update(loan_item).where(*missing).values(state="replaced"))


def write_off(unit: Unit, loan_id: int) -> None:
    """Give up what of a loan did not come back: papers of which nothing is back are lost.

    Of a whole dossier those are lost that lay in it when it was lent.
    """
    gone = loan_item.c.loan_id == loan_id, loan_item.c.state.in_(("out", "missing"))
    whole = *gone, loan_item.c.back_pages == 0, loan_item.c.back_copies == 0
    papers = select(loan_item.c.document_id).where(*whole, loan_item.c.document_id.is_not(None))
    dossiers = select(loan_item.c.whole).where(*whole, loan_item.c.whole.is_not(None))
    lent_at = select(loan.c.lent_at).where(loan.c.id == loan_id).scalar_subquery()
    for lost in (
        (document.c.id.in_(papers),),
        (document.c.dossier_id.in_(dossiers), document.c.added_at <= lent_at),
    ):
        this = update(document).where(*lost, document.c.state == "kept")
        unit.session.execute(this.values(state="lost"))
    unit.session.execute(update(loan_item).where(*gone).values(state="gone"))


def _turn(unit: Unit, loan_id: int, before: Sequence[str], state: str, count: int) -> None:
    this = loan_item.c.loan_id == loan_id, loan_item.c.state.in_(before)
    if changed(unit.session, update(loan_item).where(*this).values(state=state)) != count:
        raise Conflict(f"the lines of loan {loan_id} are no longer {before[0]}")


def _why(line: str, held: str) -> Why | None:
    if line == "out":
        return Why.OUT
    if line == "missing":
        return Why.MISSING
    if line == "asked" and held in ("offered", "approved"):
        return Why(held)
    return None


def _item(unit: Unit, row: Row[*tuple[Any, ...]]) -> LoanItem:
    return LoanItem(
        row.id,
        row.loan_id,
        row.position,
        row.document_id,
        row.whole,
        unit.vault.open(row.title, row.id),
        row.form,
        row.pages,
        row.copies,
        row.back_pages,
        row.back_copies,
        row.damaged,
        unit.vault.open(row.note, row.id),
        row.state,
    )
