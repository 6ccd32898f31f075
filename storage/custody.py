"""Whose hands papers are in: every step from one to another, confirmed by each side.

A step is opened by one of those who take part and is done when all of them have confirmed; the
unbroken chain of steps says who had a paper on any day.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Row, bindparam, literal_column, or_, select, union, update

from storage.crypto import Sealed
from storage.errors import Conflict
from storage.session import Session
from storage.tables import custody_step, dossier_merged, loan_item
from storage.unit import Unit
from storage.upsert import changed, insert_or_leave

MOST = 200
"""Steps that are read at once."""

SIDES = ("giver", "taker", "witness")


class Handed(msgspec.Struct, frozen=True):
    """What of one line of a loan goes from hand to hand."""

    position: int
    pages: int
    """Of all copies together."""
    copies: int
    damaged: bool = False
    note: str = ""


class _Body(msgspec.Struct, frozen=True):
    lines: tuple[Handed, ...]
    checks: tuple[str, ...]
    before: str = ""
    words: str = ""


class NewStep(msgspec.Struct, frozen=True):
    """Papers of a loan that are to go from one hand to another, or were shown."""

    loan_id: int
    kind: str
    """hand_out, return, transfer or ping (shown to be where they should)."""
    giver: str
    taker: str
    opened_by: str
    """One of the two, or the witness; has confirmed by opening it."""
    lines: tuple[Handed, ...]
    checks: tuple[str, ...] = ()
    """Codes of what was looked at, of `rules.lending.ReturnCheck`."""
    witness: str | None = None
    """Who has to confirm as a third, where somebody has to."""
    before: str = ""
    """State of the loan until then: what it falls back to where nothing comes of the step."""


class Step(msgspec.Struct, frozen=True):
    """A step as it lies in the database."""

    id: int
    loan_id: int
    kind: str
    giver: str
    taker: str
    witness: str | None
    lines: tuple[Handed, ...]
    checks: tuple[str, ...]
    state: str
    """open, done, refused, disputed or, of a proof of possession, lapsed."""
    opened_by: str
    opened_at: datetime
    giver_at: datetime | None
    """When that side confirmed."""
    taker_at: datetime | None
    witness_at: datetime | None
    confirmed_at: datetime | None
    """When the last of them had; None: not done."""
    before: str
    """State of the loan until it was opened; empty: not noted."""
    words: str
    """Why somebody said no to it."""

    def is_open(self, kind: str) -> bool:
        """Return whether it is a step of that kind which is not settled."""
        return self.kind == kind and self.state == "open"

    @property
    def waits_for(self) -> tuple[str, ...]:
        """Who has not confirmed yet; nobody once it is not open."""
        if self.state != "open":
            return ()
        people = (getattr(self, side) for side in SIDES if not getattr(self, f"{side}_at"))
        return tuple(dict.fromkeys(one for one in people if one is not None))


# written out, not bound: SQLite must see that its partial indexes fit
_BODY = msgspec.json.Decoder(_Body)

_OPEN = custody_step.c.state == literal_column("'open'")

_GET = select(custody_step).where(custody_step.c.id == bindparam("id"))

_OF_LOAN = (
    select(custody_step)
    .where(custody_step.c.loan_id == bindparam("loan_id"))
    .order_by(custody_step.c.id)
)

_WAITING = union(
    *(
        select(custody_step.c.id).where(
            custody_step.c[side] == bindparam("who"),
            _OPEN,
            custody_step.c[f"{side}_at"].is_(None),
        )
        for side in SIDES
    )
)

_TO_SETTLE = (
    select(custody_step)
    .where(
        custody_step.c.witness == bindparam("who"),
        custody_step.c.state == literal_column("'disputed'"),
    )
    .order_by(custody_step.c.id)
)

_ALL_CONFIRMED = (
    custody_step.c.giver_at.is_not(None),
    custody_step.c.taker_at.is_not(None),
    or_(custody_step.c.witness.is_(None), custody_step.c.witness_at.is_not(None)),
)


def open_step(unit: Unit, new: NewStep, at: datetime) -> Step:
    """Open a step, confirmed by who opens it, and return it.

    Raises:
        Conflict: one of that kind is open for this loan.
    """
    id_ = next(unit.ids)
    values: dict[str, Any] = {
        "id": id_,
        "loan_id": new.loan_id,
        "kind": new.kind,
        "giver": new.giver,
        "taker": new.taker,
        "witness": new.witness,
        "body": _sealed(unit, id_, _Body(new.lines, new.checks, new.before)),
        "state": "open",
        "opened_by": new.opened_by,
        "opened_at": at,
    }
    if not insert_or_leave(unit.session, custody_step, values):
        raise Conflict(f"a {new.kind} of loan {new.loan_id} is under way")
    return confirm(unit, id_, new.opened_by, at)


def get(unit: Unit, step_id: int) -> Step | None:
    row = unit.session.execute(_GET, {"id": step_id}).one_or_none()
    return _step(unit, row) if row else None


def confirm(unit: Unit, step_id: int, staff_id: str, at: datetime) -> Step:
    """Note that somebody who takes part confirms, and return the step: done with the last of them.

    Raises:
        Conflict: it is not open, or does not wait for that person.
    """
    confirmed = 0
    for side in SIDES:
        said = update(custody_step).where(
            custody_step.c.id == step_id,
            custody_step.c[side] == staff_id,
            custody_step.c[f"{side}_at"].is_(None),
            _OPEN,
        )
        confirmed += changed(unit.session, said.values({f"{side}_at": at}))
    if not confirmed:
        raise Conflict(f"step {step_id} does not wait for that person")
    done = update(custody_step).where(custody_step.c.id == step_id, _OPEN, *_ALL_CONFIRMED)
    unit.session.execute(done.values(state="done", confirmed_at=at))
    step = get(unit, step_id)
    assert step is not None  # noqa: S101 - it was changed just now
    return step


def take_back(unit: Unit, step: Step, taker: str, checks: tuple[str, ...], at: datetime) -> Step:
    """Note who has counted papers that were listed as coming back, with what was looked at.

    It may be another one of those who keep the archive than who was expected.

    Raises:
        Conflict: it is not open, or was counted meanwhile.
    """
    counted = update(custody_step).where(
        custody_step.c.id == step.id, custody_step.c.taker_at.is_(None), _OPEN
    )
    body = _sealed(unit, step.id, _Body(step.lines, checks, step.before, step.words))
    if not changed(unit.session, counted.values(taker=taker, body=body)):
        raise Conflict(f"step {step.id} was counted meanwhile")
    return confirm(unit, step.id, taker, at)


def end(
    unit: Unit, step_id: int, state: str, *, words: str = "", witness: str | None = None
) -> None:
    """Note that an open step is refused, disputed or lapsed, why, and who is to settle it.

    Raises:
        Conflict: it is not open any more.
    """
    step = get(unit, step_id)
    values: dict[str, Any] = {"state": state}
    if words and step is not None:
        body = _Body(step.lines, step.checks, step.before, words)
        values["body"] = _sealed(unit, step_id, body)
    if witness is not None:
        values["witness"] = witness
    said = update(custody_step).where(custody_step.c.id == step_id, _OPEN).values(values)
    if not changed(unit.session, said):
        raise Conflict(f"step {step_id} is no longer open")


def settle(unit: Unit, step: Step, witness: str, lines: tuple[Handed, ...], at: datetime) -> Step:
    """Note what the third has counted whom the sides of a disputed step asked: it is done so.

    Raises:
        Conflict: it is not disputed.
    """
    disputed = custody_step.c.id == step.id, custody_step.c.state == "disputed"
    body = _sealed(unit, step.id, _Body(lines, step.checks, step.before, step.words))
    done = (
        update(custody_step)
        .where(*disputed)
        .values(state="done", confirmed_at=at, witness=witness, witness_at=at, body=body)
    )
    if not changed(unit.session, done):
        raise Conflict(f"step {step.id} is not disputed")
    settled = get(unit, step.id)
    assert settled is not None  # noqa: S101 - it was changed just now
    return settled


def ask_third(unit: Unit, step_id: int, witness: str) -> None:
    """Note that somebody else is to settle a disputed step.

    Raises:
        Conflict: it is not disputed.
    """
    disputed = custody_step.c.id == step_id, custody_step.c.state == "disputed"
    if not changed(unit.session, update(custody_step).where(*disputed).values(witness=witness)):
        raise Conflict(f"step {step_id} is not disputed")


def of_loan(unit: Unit, loan_id: int) -> tuple[Step, ...]:
    """Return the steps of a loan, in order."""
    return _steps(unit, _OF_LOAN.limit(MOST), loan_id=loan_id)


def waiting_for(unit: Unit, staff_id: str, limit: int = MOST) -> tuple[Step, ...]:
    """Return the open steps that wait for a person to confirm, the oldest first."""
    query = select(custody_step).where(custody_step.c.id.in_(_WAITING))
    return _steps(unit, query.order_by(custody_step.c.id).limit(limit), who=staff_id)


def to_settle(unit: Unit, staff_id: str, limit: int = MOST) -> tuple[Step, ...]:
    """Return the disputed steps that a person was asked to settle, the oldest first."""
    return _steps(unit, _TO_SETTLE.limit(limit), who=staff_id)


def chain(
    unit: Unit, dossier_id: int, document_id: int | None, before: datetime
) -> tuple[Step, ...]:
    """Return the last steps of a paper, or of the dossier as a whole, that were done by then.

    In order, at most MOST. The loans of the whole dossier count for each paper in it, those of
    a dossier that was merged into it too.
    """
    whole = [dossier_id, *_merged_into(unit.session, dossier_id)]
    lines = select(loan_item.c.loan_id, loan_item.c.position)
    queries = [lines.where(loan_item.c.whole.in_(whole), loan_item.c.whole.is_not(None))]
    if document_id is not None:
        queries.append(lines.where(loan_item.c.document_id == document_id))
    lent = {
        (row.loan_id, row.position) for query in queries for row in unit.session.execute(query)
    }
    done = (
        select(custody_step)
        .where(
            custody_step.c.loan_id.in_({loan_id for loan_id, _ in lent}),
            custody_step.c.state == "done",
            custody_step.c.confirmed_at < before,
        )
        .order_by(custody_step.c.confirmed_at.desc(), custody_step.c.id.desc())
        .limit(MOST)
    )
    latest = [
        one
        for one in (_steps(unit, done) if lent else ())
        if any((one.loan_id, line.position) in lent for line in one.lines)
    ]
    return tuple(reversed(latest))


def _merged_into(session: Session, dossier_id: int) -> list[int]:
    query = select(dossier_merged.c.id).where(dossier_merged.c.into_id == dossier_id)
    return list(session.execute(query).scalars())


def _steps(unit: Unit, query: Any, **asked: Any) -> tuple[Step, ...]:
    return tuple(_step(unit, row) for row in unit.session.execute(query, asked))


def _sealed(unit: Unit, step_id: int, body: _Body) -> Sealed:
    return unit.vault.seal("custody_step.body", step_id, msgspec.json.encode(body).decode())


def _step(unit: Unit, row: Row[*tuple[Any, ...]]) -> Step:
    body = _BODY.decode(unit.vault.open(row.body, row.id))
    return Step(
        row.id,
        row.loan_id,
        row.kind,
        row.giver,
        row.taker,
        row.witness,
        body.lines,
        body.checks,
        row.state,
        row.opened_by,
        row.opened_at,
        row.giver_at,
        row.taker_at,
        row.witness_at,
        row.confirmed_at,
        body.before,
        body.words,
    )
