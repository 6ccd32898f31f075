"""What must lie in the database before a form of the approvals, or of a correction, can open."""

from __future__ import annotations

from datetime import timedelta

from msgspec.structs import replace
from sqlalchemy import select, update

from rules.access import StaffId
from rules.approvals import decide, open_case
from rules.calendar import china
from rules.cases import AskBack, Outcome, World
from rules.chains import route
from rules.corrections import Stage
from rules.deciders import Matter
from rules.occasions import Action, Facts
from rules.policy import load_pack
from storage import (
    affairs,
    case_lists,
    cases,
    changes,
    consultations,
    corrections,
    custody,
    dossiers,
    handover_items,
    handover_lists,
    handovers,
    incidents,
    loan_items,
    loan_lists,
    loans,
    meetings,
    staff,
)
from storage.affairs import AffairKind, AffairState
from storage.cases import Stored
from storage.custody import NewStep
from storage.directory import StaffDirectory
from storage.handovers import NewHandover, NewLeg
from storage.loan_items import Counted
from storage.loans import NewLoan
from storage.staff import StaffRow
from storage.tables import affair, consultation
from storage.tables import handover as handover_rows
from storage.unit import Unit
from tests.features import counter, lending

SALES, HEAD, ARCHIVE = "CY015", "CY014", "CY009"
CUSTOMER = "KH-2025-0058"
"""Ungraded and of another department: shown masked to the salesperson."""

POLICY = load_pack("customer-service")
DEALER = load_pack("auto-dealer")
"""Whose rows of handovers the company has besides."""
GIVER = "sales_consultant"


def dossier(unit: Unit) -> int:
    """Return the dossier that the salesperson may ask to read."""
    found = dossiers.by_number(unit.session, CUSTOMER)
    assert found is not None
    return found


def own_dossier(unit: Unit) -> int:
    """Return an ungraded dossier that the salesperson keeps."""
    found = dossiers.by_number(unit.session, "KH-2021-0017")
    assert found is not None
    return found


def own(unit: Unit) -> int:
    """Return a dossier of the salesperson with papers in it."""
    found = dossiers.by_number(unit.session, "KH-2023-0042")
    assert found is not None
    return found


def report(unit: Unit) -> int:
    """Return an approved report of the salesperson's that may be sent out."""
    known = unit.session.execute(select(affair.c.id)).scalar()
    if known is not None:
        return known
    return affairs.add(
        unit,
        AffairKind.REPORT,
        staff_id=SALES,
        detail="",
        words="季度分析报告",
        state=AffairState.APPROVED,
        at=unit.now,
    )


def complaint(unit: Unit) -> int:
    """Return a complaint of the salesperson's that is being handled."""
    known = unit.session.execute(select(affair.c.id)).scalar()
    if known is not None:
        return known
    return affairs.add(
        unit,
        AffairKind.COMPLAINT,
        staff_id=SALES,
        dossier_id=own(unit),
        detail="quality",
        words="有裂纹",
        state=AffairState.OPEN,
        at=unit.now,
    )


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


def gathered(unit: Unit) -> str:
    """Return id and revision of what the salesperson has gathered to be corrected."""
    id_ = dossiers.kept_by(unit.session, [SALES], 1)[0]
    held = changes.draft_of(unit, SALES, id_)
    if held is None:
        kept = dossiers.get(unit, id_)
        assert kept is not None
        values, seen = {"telephone": "0755-0866 1234"}, {"telephone": kept.phone}
        changes.gather(unit, SALES, id_, values, seen)
        held = changes.draft_of(unit, SALES, id_)
        assert held is not None
    return f"{held.id}.{held.rev}"


def correction(unit: Unit, stage: Stage) -> int:
    """Return a correction at that stage whose next step is the salesperson's."""
    for one in corrections.waiting(unit, [SALES], 8):
        if one.stage is stage:
            return one.id
    held = changes.get(unit, int(gathered(unit).partition(".")[0]))
    assert held is not None
    changes.propose(unit, held, unit.now)
    id_ = corrections.add(
        unit,
        2026,
        dossier_id=held.dossier_id,
        set_id=held.id,
        planner=SALES,
        executor=SALES,
        rule="S5-1.X1",
        at=unit.now,
        words={"wrong": "抄错", "remedy": "改正"},
    )
    planned = corrections.get(unit, id_)
    assert planned is not None
    corrections.move(unit, planned, stage, SALES, unit.now)
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


def meeting(unit: Unit) -> int:
    """Return a graded meeting that the head has called."""
    found = meetings.of_person(unit, HEAD, ("confidential",), 1)
    day = POLICY.time.office_day(unit.now + timedelta(days=2))
    facts = {"department": "销售一部", "subject": "底价", "place": "会议室", "passing": ""}
    if found:
        return found[0].id
    return meetings.add(
        unit, host=HEAD, grade="confidential", day=day, hour="14:30", at=unit.now, **facts
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


def incident(unit: Unit) -> int:
    """Return an open incident of which the salesperson was told, with a count still to be made."""
    for id_ in incidents.open_of(unit.session, SALES, 8):
        rows = incidents.told(unit.session, id_)
        if any(one.task == incidents.CHECK and one.confirmed_at is None for one in rows):
            return id_
    one = incidents.report(
        unit, kind="lost", year=2026, words="少了一页", at=unit.now, reported_by="CY016"
    )
    for task in (incidents.KNOW, incidents.CHECK):
        incidents.tell(unit, one.id, SALES, task=task, role="custodian", instead=False)
    return one.id


def delivers(unit: Unit) -> str:
    """Return a kind of papers that the salesperson hands over from now on, as its row says."""
    person = staff.get(unit.session, SALES)
    assert person is not None
    roles = ("salesperson", GIVER)
    row = StaffRow(
        SALES, person.name, person.department, roles, person.superior, clearance=person.clearance
    )
    staff.save(unit, row)
    return "new_car"


def handover(unit: Unit) -> int:
    """Return a handover whose papers the salesperson has to give."""
    for one in handover_lists.to_give(unit, SALES, 1):
        return one.handover_id
    day = POLICY.time.office_day(unit.now) - timedelta(days=1)
    new = NewHandover(
        pack=DEALER.pack,
        kind=delivers(unit),
        department="销售一部",
        subject="沪A12345",
        giver=SALES,
        started_on=day,
        legs=[NewLeg(SALES, "custodian")],
    )
    held = handovers.open_(unit, new, at=unit.now, by=SALES)
    handover_items.lay(unit, held.id, ["purchase_invoice"])
    due = POLICY.time.day_start(day + timedelta(days=4))
    values = {"state": "open", "started_on": day, "due_on": day + timedelta(days=3), "due_at": due}
    handovers.set_leg(unit, handovers.present(unit, held).id, **values)
    return held.id


def put_off(unit: Unit) -> int:
    """Return such a handover under a pack that lets a day be put off."""
    id_ = handover(unit)
    this = handover_rows.c.id == id_
    lends = {"pack": "loan-guarantee", "kind": "loan_file"}
    unit.session.execute(update(handover_rows).where(this).values(**lends))
    (leg,) = handovers.legs(unit, id_)
    today = POLICY.time.office_day(unit.now)
    due = POLICY.time.day_start(today + timedelta(days=1))
    handovers.set_leg(unit, leg.id, due_on=today, due_at=due)
    return id_


def handover_line(unit: Unit) -> int:
    """Return the line of such a handover."""
    return handover_items.of(unit, handover(unit))[0].id


def late(unit: Unit) -> int:
    """Return an overdue loan of the salesperson's."""
    for one in loan_lists.open_of(unit, SALES):
        if one.overdue(unit.now):
            return one.id
    new = NewLoan(
        "loan", own_dossier(unit), SALES, "销售一部", "check", "核对", "out", POLICY.pack
    )
    id_ = loans.add(unit, new, unit.now)
    held = loans.get(unit, id_)
    assert held is not None
    day = POLICY.time.office_day(unit.now) + timedelta(days=-1)
    out = replace(
        held,
        state="lent",
        lent_at=unit.now - timedelta(days=4),
        due_on=day,
        first_due_on=day,
        due_at=POLICY.time.day_start(day + timedelta(days=1)),
    )
    return loans.save(unit, held, out, unit.now).id


def approved(unit: Unit) -> int:
    """Return an approved loan that the archivist hands out."""
    some = loan_lists.to_hand_out(unit, "customer-service", 1)
    found = [one for one in some if one.borrower == SALES]
    return (found[0] if found else counter.written(unit)).id


def offered(unit: Unit) -> int:
    """Return a step that waits for the salesperson to confirm."""
    found = custody.waiting_for(unit, SALES, 1)
    return (found[0] if found else counter.offered(unit)).id


def lent(unit: Unit) -> int:
    """Return a loan whose papers the salesperson has."""
    found = [one for one in loan_lists.open_of(unit, SALES) if one.state == "lent"]
    return (found[0] if found else counter.taken(unit)).id


def asked_to_show(unit: Unit) -> int:
    """Return an ask that the salesperson shows what is lent."""
    loan_id = lent(unit)
    every = custody.of_loan(unit, loan_id)
    found = next((one for one in every if one.kind == "ping"), None)
    new = NewStep(loan_id, "ping", SALES, lending.ARCHIVE, lending.ARCHIVE, every[-1].lines)
    return (found or custody.open_step(unit, new, unit.now)).id


def short(unit: Unit) -> int:
    """Return a loan of the salesperson's that came back damaged."""
    for one in loan_lists.open_of(unit, SALES):
        if one.state == "short":
            return one.id
    held = counter.taken(unit)
    back = [
        Counted(one.position, one.pages, one.copies, "damaged", damaged=True)
        for one in loan_items.of(unit, held.id)
    ]
    loan_items.count_back(unit, held.id, back)
    return loans.save(unit, held, replace(held, state="short"), unit.now).id
