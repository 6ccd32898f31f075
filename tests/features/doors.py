"""What must lie in the database before a form of the approvals can be opened by a button."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from rules.access import StaffId
from rules.approvals import decide, open_case
from rules.calendar import china
from rules.cases import AskBack, Outcome, World
from rules.chains import route
from rules.deciders import Matter
from rules.occasions import Action, Facts
from rules.policy import load_pack
from storage import (
    case_lists,
    cases,
    consultations,
    dossiers,
)
from storage.cases import Stored
from storage.directory import StaffDirectory
from storage.tables import consultation
from storage.unit import Unit

SALES, HEAD = "CY015", "CY014"
CUSTOMER = "KH-2025-0058"
"""Ungraded and of another department: shown masked to the salesperson."""

POLICY = load_pack("customer-service")


def dossier(unit: Unit) -> int:
    """Return the dossier that the salesperson may ask to read."""
    found = dossiers.by_number(unit.session, CUSTOMER)
    assert found is not None
    return found


def waiting(unit: Unit) -> str:
    """Return case and step that the head may decide and has not asked about."""
    return f"{_waiting(unit).id}.0"


def asked_back(unit: Unit) -> int:
    """Return a case of the salesperson's with a question that is not answered yet."""
    for case_id in case_lists.open_of(unit.session, SALES):
        found = cases.get(unit, case_id)
        if found is not None and found.case.asked_back:
            return found.id
    stored = _waiting(unit)
    done = decide(stored.case, AskBack(StaffId(HEAD), "哪一批？"), _world(unit))
    assert isinstance(done, Outcome)
    cases.remember(unit, stored.id, done.events, "哪一批？", unit.now)
    return cases.save(unit, stored, done.case, None).id


def granted(unit: Unit) -> int:
    """Return a consultation for which the custodian may fix a time."""
    found = unit.session.execute(
        select(consultation.c.id).where(consultation.c.state == "granted").limit(1)
    ).scalar()
    if found is not None:
        return found
    id_ = _consultation(unit)
    consultations.close(unit, id_, "granted", unit.now)
    return id_


def _waiting(unit: Unit) -> Stored:
    for case_id in case_lists.waiting(unit.session, HEAD):
        found = cases.get(unit, case_id)
        if found is not None and not found.case.asked_back:
            return found
    facts = Facts(Action.CONSULT)
    approval = route(POLICY.approval, facts)
    assert approval is not None
    opened = open_case(approval, Matter(facts, StaffId(SALES)), _world(unit))
    assert isinstance(opened, Outcome)
    return cases.add(
        unit,
        opened.case,
        kind="consult",
        mark="阅",
        year=2026,
        subject=_consultation(unit),
        dossier_id=dossier(unit),
        next_due_at=None,
    )


def _consultation(unit: Unit) -> int:
    return consultations.add(
        unit,
        dossier_id=dossier(unit),
        staff_id=SALES,
        purpose="audit",
        reason="核对",
        last_day=POLICY.time.office_day(unit.now + timedelta(days=7)),
        at=unit.now,
    )


def _world(unit: Unit) -> World:
    today = POLICY.time.office_day(unit.now)
    directory = StaffDirectory(unit.session, today)
    return World(directory, POLICY.approvals, POLICY.time, china(), unit.now)
