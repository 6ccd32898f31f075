"""Every statement of the message path is an index look-up: none reads a table through.

Here on SQLite; `test_server_plans` asks PostgreSQL the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace
from sqlalchemy import event, text

from rules.access import StaffId
from rules.approvals import open_case
from rules.calendar import china
from rules.cases import Case, Outcome, World
from rules.chains import route
from rules.corrections import Stage
from rules.deciders import Matter
from rules.occasions import Action, Facts
from rules.policy import load_pack
from storage import (
    accounts,
    away,
    case_copies,
    case_lists,
    cases,
    changes,
    consultations,
    conversations,
    corrections,
    custody,
    delegations,
    documents,
    dossiers,
    explanations,
    incidents,
    labels,
    loan_items,
    loan_lists,
    loan_queue,
    loan_register,
    loans,
    loose,
    notes,
    references,
    renewals,
    search,
    staff,
    visits,
)
from storage.directory import StaffDirectory
from storage.loan_lists import Late, Wanted
from storage.loan_register import Asked, Section
from storage.tables import metadata
from storage.unit import Unit
from tests.conftest import UnitFactory
from tests.storage.nouns import lent
from tests.storage.nouns.company import NOW, TODAY, customer, note, staffed

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


class Plans:
    """Asks SQLite for the plan of each statement and keeps those that read a table through."""

    def __init__(self, unit: Unit) -> None:
        self.unit = unit
        self.checked = 0
        self.scans: list[tuple[str, str]] = []

    def look(self, _conn: Any, cursor: Any, statement: str, values: Any, *_rest: Any) -> None:
        if statement.lstrip().split()[0] not in ("SELECT", "UPDATE", "DELETE", "WITH"):
            return
        self.checked += 1
        raw = cursor.connection.execute(f"EXPLAIN QUERY PLAN {statement}", values)
        tables = "|".join(metadata.tables)
        for *_, detail in raw.fetchall():
            if re.match(rf"SCAN ({tables}|above|below|other)\b", detail):
                self.scans.append((detail, statement))


def pending(unit: Unit) -> Case:
    """Return a case that waits for the head of department."""
    policy, facts = load_pack("customer-service"), Facts(Action.CONSULT)
    world = World(StaffDirectory(unit.session, TODAY), policy.approvals, policy.time, china(), NOW)
    approval = route(policy.approval, facts)
    assert approval is not None
    done = open_case(approval, Matter(facts, StaffId("zhang")), world)
    assert isinstance(done, Outcome)
    return done.case


@pytest.fixture
def unit(unit_factory: UnitFactory) -> Iterator[Unit]:
    with unit_factory() as unit:
        staffed(unit)
        yield unit


@pytest.fixture
def plans(unit: Unit) -> Iterator[Plans]:
    watching = Plans(unit)
    connection = unit.session.connection()
    event.listen(connection, "before_cursor_execute", watching.look)
    yield watching
    event.remove(connection, "before_cursor_execute", watching.look)
    assert watching.checked
    assert watching.scans == []


@pytest.mark.usefixtures("plans")
class TestGivenTheMessagePath:
    def test_people(self, unit: Unit) -> None:
        accounts.bind(unit, "phones", "1", "zhang")
        staff.by_account(unit.session, "phones", "1")
        staff.get(unit.session, "zhang")
        staff.chain(unit.session, "zhang")
        staff.reports(unit.session, "head")
        staff.with_deputy(unit.session, "head")
        staff.team(unit.session, "gm")
        staff.find(unit.session, "zhang", 8)
        staff.holders(unit.session, "gm")
        staff.heads(unit.session, "销售一部")
        staff.set_home(unit, "zhang", "phones", "1")
        staff.set_locale(unit, "zhang", "en")
        accounts.of_person(unit.session, "zhang")
        accounts.stranger_seen(unit, "phones", "2", NOW)
        accounts.met(unit, "phones", "3", NOW)
        accounts.redeem(unit, "phones", "2", "x", NOW)

    @pytest.mark.parametrize(
        "words", ["", "鸿鑫", "鸿", "鸿鑫 贸易", "hx", "1234", "0755-0866 1234", "KH-2026", "a1"]
    )
    @pytest.mark.parametrize("narrow", [400, -1])
    def test_search(
        self, unit: Unit, monkeypatch: pytest.MonkeyPatch, words: str, narrow: int
    ) -> None:
        monkeypatch.setattr(search, "NARROW", narrow)  # -1: as if every word were common
        id_ = customer(unit, "鸿鑫贸易", phone="0755-0866 1234")
        dossiers.touch_recent(unit, "zhang", id_, NOW)
        dossiers.get(unit, id_)
        dossiers.named(unit.session, "鸿鑫贸易")
        dossiers.keyed(unit.session, "LSVAB2187D2100001")
        search.find_dossiers(unit, words, staff_id="zhang", limit=8)
        search.find_dossiers(unit, words, staff_id="gm", limit=8)

    def test_corrections(self, unit: Unit) -> None:
        id_ = customer(unit, "鸿鑫贸易")
        set_id = changes.gather(unit, "zhang", id_, {"telephone": "1"}, {})
        who = {"planner": "zhang", "executor": "li", "rule": "S5-1.X1", "words": {"wrong": "错"}}
        one = corrections.add(unit, 2026, dossier_id=id_, set_id=set_id, at=NOW, **who)
        held = corrections.get(unit, one)
        assert held is not None
        corrections.move(unit, held, Stage.ORDERED, "li", NOW)
        corrections.waiting(unit, ["li", "zhang"], 8)
        corrections.count_waiting(unit.session, ["li", "zhang"])
        corrections.open_on(unit, id_)
        task = labels.begin(unit, id_, "custodian", NOW)
        assert task is not None
        labels.get(unit.session, task)
        labels.open_of(unit.session, ["custodian", "gm"], 8)
        labels.count_open(unit.session, ["custodian", "gm"])
        labels.done(unit, task, "shan", NOW)

    def test_approvals(self, unit: Unit) -> None:
        dossier_id = customer(unit, "鸿鑫贸易")
        about = {"dossier_id": dossier_id, "subject": 7, "kind": "consult", "mark": "阅"}
        case = pending(unit)
        one = cases.add(unit, case, year=2026, next_due_at=NOW, **about)
        cases.get(unit, one.id, lock=True)
        slot = case_copies.keep_card(unit, one.id, "head", "phones", "1")
        assert slot
        case_copies.copies(unit.session, one.id)
        cases.history(unit, one.id)
        for words in (one.number, "nothing"):
            case_lists.by_number(unit.session, words)
        case_lists.about(unit.session, "consult", 7)
        for person in ("head", "zhang"):
            case_lists.waiting(unit.session, person, 8, 8)
            case_lists.count_waiting(unit.session, person)
            case_lists.numbers_waiting(unit.session, person)
            case_lists.involving(unit.session, person)
            case_lists.asked_by(unit.session, person, 8, 8)
            case_lists.open_of(unit.session, person)
            case_lists.in_name_of(unit.session, person, NOW, NOW)
            delegations.upcoming(unit.session, person, TODAY)
            consultations.open_to(unit.session, person, TODAY)
            consultations.asked(unit.session, person, dossier_id)
        case_lists.open_on(unit.session, dossier_id)
        case_lists.due(unit.session, NOW, 5)
        case_lists.next_due(unit.session)
        cases.save(unit, one, replace(case, stuck=True), NOW)
        cases.merged(unit, dossier_id, dossier_id)
        consultations.merged(unit, dossier_id, dossier_id)
        days = {"first_day": TODAY, "last_day": TODAY}
        given = delegations.add(unit, staff_id="head", stand_in="dir", at=NOW, **days)
        delegations.get(unit.session, given.id)
        delegations.end(unit, given.id, staff_id="head", at=NOW)

    def test_papers_and_loans(self, unit: Unit) -> None:
        dossier_id = customer(unit, "鸿鑫贸易")
        original, copy = (lent.paper(unit, dossier_id, form=one) for one in ("original", "copy"))
        documents.pair(unit, copy, original)
        for one in documents.many(unit, (original, copy)):
            documents.twin_of(unit, one)
        documents.page(unit, dossier_id, ["none"], 8, 8)
        documents.count(unit.session, dossier_id, ["none"])
        index = documents.index_of(unit.vault, "合同")
        documents.filed(unit.session, [dossier_id], [index])
        documents.locate(unit, copy, "A柜")
        references.meant(unit.session, ["KH-2026-0001", "鸿鑫贸易"])
        asked = lent.asked(unit, dossier_id, (original,), borrower="li")
        loans.give_number(unit, asked.id, "借-2026-9999")
        loans.by_number(unit.session, "借-2026-9999")
        loans.copies_of(unit.session, asked.id)
        held = lent.lent(unit, dossier_id, (copy,), due=NOW)
        loan_items.blocking(unit, dossier_id, [original, copy], but=asked)
        loan_items.count_back(unit, held.id, [loan_items.Counted(1, 11, 1, "missing")])
        loan_items.replaced(unit, held.id)
        loan_items.write_off(unit, held.id)
        loan_lists.open_of(unit, "zhang")
        loan_lists.passed_to(unit, "zhang")
        loan_lists.open_on(unit, dossier_id)
        loan_lists.recent_on(unit, dossier_id, 8)
        loan_lists.next_lapse(unit.session)
        loan_lists.burden(unit.session, "zhang", NOW)
        loan_lists.to_hand_out(unit, "customer-service", 8)
        loan_lists.not_fetched(unit.session, NOW, 8)
        for late in (
            Late(["销售一部"]),
            Late(borrowers=("zhang", "li")),
            Late(packs=["customer-service"]),
            Late(everyone=True),
        ):
            loan_lists.overdue(unit, NOW, late, 8)
            loan_lists.overdue(unit, NOW, late, 8, (NOW, 7))
            loan_lists.count_overdue(unit.session, NOW, late)
        for wanted in (
            Wanted(),
            Wanted(state="lent"),
            Wanted(borrower="zhang"),
            Wanted(dossier_id=dossier_id),
            Wanted(since=NOW, until=NOW + timedelta(days=1)),
        ):
            loan_lists.register(unit, wanted, 8)
            loan_lists.register(unit, wanted, 8, (NOW, 7))
        list(loan_lists.every_out(unit))
        renewal = renewals.ask(unit, held, until=TODAY, reason="", at=NOW)
        renewals.get(unit, renewal)
        renewals.asked(unit, held.id)
        renewals.of_loan(unit, held.id)
        renewals.close(unit, renewal, "granted")
        explanations.add(unit, held.id, "周五归还", NOW)
        explanations.last(unit, held.id)
        incidents.of_loan(unit, held.id, "overdue")
        incidents.all_of_loan(unit, held.id)

    def test_the_register_of_loans(self, unit: Unit) -> None:
        dossier_id = customer(unit, "鸿鑫贸易")
        papers = [lent.paper(unit, dossier_id, form=one) for one in ("original", "copy")]
        for paper in papers:
            held = lent.lent(unit, dossier_id, (paper,), due=NOW)
        for section in Section:
            of = {Section.BORROWER: "zhang", Section.DOSSIER: str(dossier_id)}.get(section, "")
            for departments in ((), ("销售一部",), ("销售一部", "销售二部")):
                asked = Asked(section, NOW, NOW - timedelta(days=30), departments, of)
                loan_register.page(unit, asked, 8)
                loan_register.page(unit, asked, 8, held)

    def test_custody_and_waiting(self, unit: Unit) -> None:
        dossier_id = customer(unit, "鸿鑫贸易")
        papers = (lent.paper(unit, dossier_id),)
        held = lent.lent(unit, dossier_id, papers)
        lines = (custody.Handed(1, 12, 1),)
        new = custody.NewStep(held.id, "hand_out", "shan", "zhang", "shan", lines, witness="li")
        step = custody.open_step(unit, new, NOW)
        custody.waiting_for(unit, "zhang")
        custody.confirm(unit, step.id, "zhang", NOW)
        custody.end(unit, step.id, "disputed", witness="li")
        custody.to_settle(unit, "li")
        custody.settle(unit, step, "li", lines, NOW)
        again = custody.open_step(unit, new, NOW)
        custody.take_back(unit, again, "head", (), NOW)
        custody.of_loan(unit, held.id)
        for one in (None, *papers):
            custody.chain(unit, dossier_id, one, NOW + timedelta(days=1))
        first = loan_queue.join(unit, dossier_id, "li", NOW)
        second = loan_queue.join(unit, dossier_id, "head", NOW, papers)
        loan_queue.offer(unit, first.id, NOW, NOW)
        loan_queue.queue(unit.session, dossier_id)
        loan_queue.ahead(unit.session, second)
        loan_queue.of_person(unit.session, "li")
        loan_queue.next_over(unit.session)
        loan_queue.expire(unit, NOW)
        loan_queue.close(unit, second.id, "left")
        loan_queue.leave_all(unit, "li")
        loan_queue.merged(unit, dossier_id, dossier_id)
        loans.merged(unit, dossier_id, dossier_id)
        documents.merged(unit, dossier_id, dossier_id)

    def test_notes_and_visits(self, unit: Unit) -> None:
        dossier_id = customer(unit, "鸿鑫贸易")
        filed = notes.file_note(unit, note(dossier_id))
        one = notes.get_note(unit, filed.id)
        assert one is not None
        notes.mark_unread(unit, ["head"], filed.id, NOW)
        notes.unread_for(unit.session, "head", 8)
        notes.unread_for(unit.session, "head", 8, after=filed.id)
        notes.count_unread(unit.session, "head")
        notes.neighbours(unit.session, "head", one)
        notes.mark_read(unit, "head", filed.id)
        notes.by_number(unit.session, filed.number)
        notes.notes_of_dossier(unit, dossier_id, 5, before=one.mark)
        notes.notes_of_authors(unit.session, ["zhang", "li"], 5)
        notes.last_note_of(unit, "zhang")
        notes.colleagues_on(unit.session, dossier_id, NOW, 5)
        notes.comment(unit, filed.id, author="head", body="好", at=NOW)
        notes.comments(unit, filed.id)
        notes.commenters(unit.session, filed.id)
        notes.correct(unit, one, note(dossier_id), by="zhang", at=NOW)
        notes.versions(unit, filed.id)
        plan = visits.plan(
            unit, staff_id="zhang", dossier_id=dossier_id, day=TODAY, at=NOW, from_note=filed.id
        )
        visits.get(unit, plan)
        visits.planned_on(unit, "zhang", TODAY)
        visits.open_of(unit, "zhang")
        visits.coming(unit, "zhang", TODAY)
        visits.coming_to(unit, dossier_id, TODAY)
        visits.planned_between(unit, "zhang", TODAY, TODAY)
        duty = {"staff_id": "zhang", "dossier_id": dossier_id, "day": TODAY, "note_id": filed.id}
        duty["visit_id"] = plan
        visits.meet(unit, **duty)
        visits.reopen(unit, **duty)
        visits.move(unit, plan, day=TODAY, version=3, at=NOW)
        visits.cancel_from(unit, filed.id, at=NOW)
        absence = away.add(
            unit, staff_id="zhang", first_day=TODAY, last_day=TODAY, kind="leave", at=NOW
        )
        away.current(unit.session, "zhang", TODAY)
        away.get(unit.session, absence)
        away.cancel(unit, absence, staff_id="zhang", at=NOW)

    def test_conversations_and_loose_things(self, unit: Unit) -> None:
        one = conversations.start(
            unit, staff_id="zhang", feature="visit", form_version=1, state_json="{}",
            channel="phones", account="1", at=NOW,
        )  # fmt: skip
        conversations.active(unit, "zhang")
        conversations.save(
            unit, one.id, rev=1, state_json="{}", title="", card=1, channel="phones",
            account="1", at=NOW,
        )  # fmt: skip
        conversations.park(unit, one.id)
        conversations.drafts(unit, "zhang", 8)
        conversations.count_drafts(unit.session, "zhang")
        conversations.purge_drafts(unit, NOW - timedelta(days=1))
        conversations.end(unit, one.id)
        conversations.set_menu(unit, "phones", "1", conversations.Menu(("a",)))
        conversations.menu(unit.session, "phones", "1")
        kept = loose.keep(unit, staff_id="zhang", body={}, at=NOW, album="x")
        loose.by_album(unit, "zhang", "x")
        loose.count_open(unit.session, "zhang")
        loose.use(unit, kept)


def test_the_check_sees_a_scan(unit: Unit) -> None:
    watching = Plans(unit)
    connection = unit.session.connection()
    event.listen(connection, "before_cursor_execute", watching.look)
    unit.session.execute(text("SELECT id FROM dossier WHERE address IS NULL"))
    event.remove(connection, "before_cursor_execute", watching.look)
    assert len(watching.scans) == 1
