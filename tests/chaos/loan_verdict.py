"""What must be true of loans at the end: the chain of hands, the ledger, the breaches."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

from sqlalchemy import func, select, text

from storage import audit, custody, loan_items, loans
from storage.custody import Step
from storage.loan_items import LoanItem
from storage.loans import Loan
from storage.tables import audit as audit_rows
from storage.tables import breach, inbox, loan, notice, outbox
from storage.unit import Unit
from tests.chaos.loan_oracle import Oracle


def problems(unit: Unit, oracle: Oracle) -> list[str]:
    """Return everything that is wrong."""
    ids = unit.session.execute(select(loan.c.id).order_by(loan.c.id)).scalars().all()
    every = [one for id_ in ids if (one := loans.get(unit, id_)) is not None]
    found = [words for one in every for words in _chain(unit, one)]
    running = {one.number for one in every if one.state in ("lent", "returning", "disputed")}
    if running != oracle.out.keys():
        found.append(f"out: {sorted(map(str, running ^ oracle.out.keys()))[:5]} differ")
    found += _ledger(unit, oracle)
    missed = {
        (loan_of[row.duty.partition(":")[2]], row.due_on)
        for loan_of in ({str(one.id): one.number for one in every},)
        for row in unit.session.execute(select(breach).where(breach.c.duty.like("loan:%")))
    }
    if missed != oracle.missed:
        found.append(f"breaches: {sorted(map(str, missed ^ oracle.missed))[:5]} differ")
    return found + _sound(unit)


def _chain(unit: Unit, held: Loan) -> list[str]:
    """Return where the hands of a loan's papers do not join."""
    steps = [one for one in custody.of_loan(unit, held.id) if one.state == "done"]
    items = loan_items.of(unit, held.id)
    name = f"{held.number}"
    if held.lent_at is None:
        return [f"{name}: steps, and was never lent"] if steps else []
    if not steps or steps[0].kind != "hand_out" or steps[0].confirmed_at != held.lent_at:
        return [f"{name}: lent without a hand-out"]
    found = []
    holder = steps[0].taker
    if holder != held.borrower:
        found.append(f"{name}: handed to {holder}")
    for one in steps:
        alone = one.giver == one.taker
        unsigned = None in (one.giver_at, one.taker_at) and one.witness_at is None
        if alone or unsigned:
            found.append(f"{name}: {one.kind} {one.id} is not confirmed by both sides")
    for before, one in pairwise(steps):
        if one.kind == "hand_out" or one.giver != holder:
            found.append(f"{name}: {one.kind} by {one.giver}, but {holder} had it")
        if one.confirmed_at < before.confirmed_at:  # type: ignore[operator]  # both are done
            found.append(f"{name}: steps out of order")
        if one.kind == "transfer":
            holder = one.taker
    return found + _returned(name, held, items, [one for one in steps if one.kind == "return"])


def _returned(
    name: str, held: Loan, items: tuple[LoanItem, ...], returns: list[Step]
) -> list[str]:
    """Return where what came back does not add up."""
    found = []
    pages: Counter[int] = Counter()
    for one in returns:
        for line in one.lines:
            pages[line.position] += line.pages
    for item in items:
        if item.back_pages != pages[item.position]:
            found.append(f"{name}: line {item.position} has {item.back_pages} pages back")
        if item.state == "back" and item.back_pages != item.pages:
            found.append(f"{name}: line {item.position} is back without all its pages")
    over = held.state == "discharged"
    if over != all(item.state in ("back", "damaged") for item in items) and held.state != "short":
        found.append(f"{name}: {held.state} with {[one.state for one in items]}")
    if over and not returns:
        found.append(f"{name}: discharged without a return")
    return found


def _ledger(unit: Unit, oracle: Oracle) -> list[str]:
    query = select(notice.c.outcome, func.count()).where(notice.c.case_kind == "loan")
    outcomes = dict(map(tuple, unit.session.execute(query.group_by(notice.c.outcome))))
    found = []
    if outcomes.get("open"):
        found.append(f"{outcomes['open']} rungs were never said")
    for name in ("sent", "collapsed"):
        if outcomes.get(name, 0) != oracle.outcomes[name]:
            wanted = oracle.outcomes[name]
            found.append(f"{outcomes.get(name, 0)} rungs are {name}, not {wanted}")
    return found


def _sound(unit: Unit) -> list[str]:
    session = unit.session
    found = []
    for table, bad in ((inbox, "failed"), (outbox, "failed")):
        query = select(func.count()).select_from(table).where(table.c.state == bad)
        if count := session.execute(query).scalar_one():
            found.append(f"{count} rows of {table.name} failed")
    lent = Counter(
        session.execute(
            select(audit_rows.c.subject).where(audit_rows.c.action == "loan.lent")
        ).scalars()
    )
    twice = [subject for subject, times in lent.items() if times > 1]
    found += [f"{subject} was lent more than once" for subject in twice]
    if session.execute(text("PRAGMA integrity_check")).scalar() != "ok":
        found.append("the database is damaged")
    if session.execute(text("PRAGMA foreign_key_check")).first():
        found.append("a row refers to nothing")
    broken = audit.verify(session, unit.vault).broken_at
    if broken is not None:
        found.append(f"the audit chain is broken at {broken}")
    return found
