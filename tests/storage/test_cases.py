"""Approval cases: kept whole, found by who decides and when, changed by one at a time."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from rules.access import StaffId
from rules.approvals import decide, open_case
from rules.calendar import china
from rules.cases import (
    Approve,
    AskBack,
    CaseState,
    Outcome,
    PassOn,
    PlaceState,
    Refuse,
    World,
)
from rules.chains import CHAIN_PARSERS, Approval
from rules.deciders import Matter, Via
from rules.errors import Denied
from rules.escalations import elapse
from rules.occasions import Action, Facts
from rules.policy import load_pack
from rules.schema import Reader
from rules.secrecy import Grade
from storage import (
    away,
    case_copies,
    case_lists,
    cases,
    consultations,
    delegations,
    dossiers,
    merging,
    staff,
)
from storage.cases import Stored
from storage.directory import StaffDirectory
from storage.errors import Conflict
from storage.unit import Unit
from tests.conftest import NOW, UnitFactory
from tests.storage.nouns.company import TODAY, customer, staffed

POLICY = load_pack("customer-service")


def row(*chain: object, **more: object) -> Approval:
    table = {"action": "consult", "rule": "S2-INFO.18.2", "chain": list(chain)} | more
    return Reader("test", CHAIN_PARSERS).read(Approval, table)


def world(unit: Unit, hours: float = 0) -> World:
    now = NOW + timedelta(hours=hours)
    directory = StaffDirectory(unit.session, TODAY)
    return World(directory, POLICY.approvals, POLICY.time, china(), now)


def opened(unit: Unit, approval: Approval | None = None, **more: object) -> Stored:
    matter = Matter(Facts(Action.CONSULT, Grade.NONE), StaffId("zhang"))
    done = open_case(approval or row(["department_head"], ["gm"]), matter, world(unit))
    assert isinstance(done, Outcome)
    values = {"kind": "consult", "mark": "阅", "year": 2026, "subject": 7, "dossier_id": None}
    return cases.add(unit, done.case, **{**values, "next_due_at": None, **more})


def after(unit: Unit, stored: Stored, act: object, hours: float = 0) -> Stored:
    done = decide(stored.case, act, world(unit, hours))
    assert isinstance(done, Outcome), done
    cases.remember(unit, stored.id, done.events, getattr(act, "reason", ""), NOW)
    return cases.save(unit, stored, done.case, None)


def test_a_case_is_read_as_it_was_written(unit_factory: UnitFactory) -> None:
    with unit_factory() as unit:
        staffed(unit)
        stored = opened(unit, row(["department_head"], {"all": ["gm", "sales_director"]}))
        asked = after(unit, stored, AskBack(StaffId("head"), "为什么？"), 0.5)
        passed = after(unit, asked, PassOn(StaffId("head"), StaffId("dir")), 1)
        done = after(unit, passed, Approve(StaffId("dir")), 2)
    with unit_factory() as unit:
        assert cases.get(unit, stored.id) == done
        assert done.case.step == 1
        assert done.case.places[0].state is PlaceState.APPROVED
        assert done.number == "阅-2026-0001"
        assert case_lists.by_number(unit.session, done.number) == done.id
        assert case_lists.about(unit.session, "consult", 7) == done.id


def test_numbers_rise_by_kind(unit_factory: UnitFactory) -> None:
    with unit_factory() as unit:
        staffed(unit)
        numbers = [opened(unit).number, opened(unit).number]
        numbers.append(opened(unit, kind="update", mark="更").number)
    assert numbers == ["阅-2026-0001", "阅-2026-0002", "更-2026-0001"]


class TestGivenTwoWhoDecideAtOnce:
    def test_when_both_read_the_same_then_the_second_is_refused(
        self, unit_factory: UnitFactory
    ) -> None:
        with unit_factory() as unit:
            staffed(unit)
            stored = opened(unit)
            after(unit, stored, Approve(StaffId("head")))
            with pytest.raises(Conflict):
                after(unit, stored, Refuse(StaffId("head"), "nein"))
            kept = cases.get(unit, stored.id)
            assert kept is not None
            assert kept.case.places[0].state is PlaceState.APPROVED
            assert kept.version == 2


class TestGivenPeopleForWhomSomethingWaits:
    def test_then_it_is_found_by_them_and_by_whom_they_stand_in_for(
        self, unit_factory: UnitFactory
    ) -> None:
        with unit_factory() as unit:
            staffed(unit)
            delegations.add(
                unit, staff_id="head", stand_in="dir", first_day=TODAY, last_day=TODAY, at=NOW
            )
            stored = opened(unit)
            session = unit.session
            assert case_lists.waiting(session, "dir") == (stored.id,)
            assert case_lists.waiting(session, "head") == (stored.id,)
            assert case_lists.involving(session, "head") == (stored.id,)
            assert case_lists.numbers_waiting(session, "dir") == ((stored.id, stored.number),)
            assert case_lists.count_waiting(session, "gm") == 0
            assert case_lists.open_of(session, "zhang") == (stored.id,)
            done = after(unit, stored, Approve(StaffId("dir")))
            assert case_lists.waiting(session, "dir") == ()
            assert case_lists.waiting(session, "gm") == (stored.id,)
            assert done.case.places[0].decision is not None
            assert done.case.places[0].decision.decider.via is Via.STAND_IN
            mine = case_lists.in_name_of(session, "head", NOW, NOW + timedelta(days=1))
            assert [(one.decided_by, one.state) for one in mine] == [("dir", "approved")]
            assert case_lists.in_name_of(session, "dir", NOW, NOW + timedelta(days=1)) == ()


class TestGivenTheClock:
    def test_then_due_cases_are_found_in_order_and_not_when_closed(
        self, unit_factory: UnitFactory
    ) -> None:
        with unit_factory() as unit:
            staffed(unit)
            late = opened(unit, next_due_at=NOW + timedelta(hours=4))
            soon = opened(unit, next_due_at=NOW + timedelta(hours=1))
            assert case_lists.next_due(unit.session) == NOW + timedelta(hours=1)
            at = NOW + timedelta(hours=5)
            assert case_lists.due(unit.session, at, 9) == (soon.id, late.id)
            lapsed = elapse(late.case, world(unit, 24 * 60)).case
            assert lapsed.state is CaseState.LAPSED
            cases.save(unit, late, lapsed, None)
            assert case_lists.due(unit.session, at, 9) == (soon.id,)
            assert case_lists.open_of(unit.session, "zhang") == (soon.id,)
            assert case_lists.asked_by(unit.session, "zhang", 9) == (soon.id, late.id)


class TestGivenWordsOfPeople:
    def test_then_they_are_sealed_and_kept_with_their_act(self, unit_factory: UnitFactory) -> None:
        with unit_factory() as unit:
            staffed(unit)
            stored = opened(unit)
            after(unit, stored, Refuse(StaffId("head"), "资料不齐"))
            told = [(one.kind, one.staff_id, one.words) for one in cases.history(unit, stored.id)]
            assert told[0] == ("decided", "head", "资料不齐")
            assert [words for _, _, words in told[1:]] == [""] * (len(told) - 1)
            column = unit.session.connection().exec_driver_sql("SELECT words FROM case_act").all()
            assert not any("资料".encode() in bytes(one) for (one,) in column if one)


def test_copies_are_known_by_their_slot(unit_factory: UnitFactory) -> None:
    with unit_factory() as unit:
        staffed(unit)
        stored = opened(unit)
        slots = [
            case_copies.keep_card(unit, stored.id, "head", "phones", one) for one in ("a", "b")
        ]
        found = case_copies.copies(unit.session, stored.id)
        assert [(one.slot, one.account) for one in found] == list(zip(slots, "ab", strict=True))
        more = [case_copies.keep_card(unit, stored.id, "head", "phones", "a") for _ in range(5)]
        mine = [
            one.slot for one in case_copies.copies(unit.session, stored.id) if one.account == "a"
        ]
        assert mine == more[-case_copies.COPIES :]


class TestGivenTheDirectory:
    def test_then_it_answers_as_the_rules_ask(self, unit_factory: UnitFactory) -> None:
        with unit_factory() as unit:
            staffed(unit)
            directory = StaffDirectory(unit.session, TODAY)
            assert directory.holders("salesperson") == ("li", "zhang")
            assert directory.heads("销售一部") == ("head",)
            assert directory.superiors(StaffId("zhang")) == ("head", "dir", "gm")
            assert directory.colleague(StaffId("nobody")) is None
            left = directory.colleague(StaffId("left"))
            assert left is not None
            assert not left.active

    def test_then_a_delegation_counts_before_mere_leave(self, unit_factory: UnitFactory) -> None:
        with unit_factory() as unit:
            staffed(unit)
            span = {"staff_id": "zhang", "first_day": TODAY, "last_day": TODAY}
            delegations.add(unit, **span, stand_in="dir", at=NOW)
            away.add(unit, **span, kind="leave", at=NOW + timedelta(hours=1))
            found = StaffDirectory(unit.session, TODAY).colleague(StaffId("zhang"))
            assert found is not None
            absence = found.absence(TODAY)
            assert absence is not None
            assert (absence.stand_in, found.deputy) == ("dir", "li")
            tomorrow = TODAY + timedelta(days=1)
            later = StaffDirectory(unit.session, tomorrow).colleague(StaffId("zhang"))
            assert later is not None
            assert later.away == ()

    def test_then_who_left_meanwhile_decides_nothing(self, unit_factory: UnitFactory) -> None:
        with unit_factory() as unit:
            staffed(unit)
            stored = opened(unit, row(["department_head"]))
            staff.deactivate(unit, "head")
            denied = decide(stored.case, Approve(StaffId("head")), world(unit))
            assert isinstance(denied, Denied)
            done = after(unit, stored, Approve(StaffId("dir")))
            assert done.case.state is CaseState.APPROVED


class TestGivenAConsultation:
    def test_when_granted_then_it_is_open_until_its_last_day(
        self, unit_factory: UnitFactory
    ) -> None:
        with unit_factory() as unit:
            staffed(unit)
            dossier = customer(unit, "鸿鑫贸易")
            asked = consultations.add(
                unit,
                dossier_id=dossier,
                staff_id="li",
                purpose="audit",
                reason="核对",
                last_day=date(2026, 9, 16),
                at=NOW,
            )
            assert consultations.asked(unit.session, "li", dossier) == asked
            assert consultations.open_to(unit.session, "li", TODAY) == {}
            consultations.close(unit, asked, "granted", NOW)
            opened = consultations.open_to(unit.session, "li", date(2026, 9, 16))
            assert opened == {dossier: frozenset()}
            assert consultations.open_to(unit.session, "li", date(2026, 9, 17)) == {}
            with pytest.raises(Conflict):
                consultations.close(unit, asked, "refused", NOW)

    def test_when_its_dossier_is_merged_then_it_follows(self, unit_factory: UnitFactory) -> None:
        with unit_factory() as unit:
            staffed(unit)
            keep, gone = customer(unit, "鸿鑫贸易"), customer(unit, "鸿鑫商贸")
            stored = opened(unit, dossier_id=gone)
            asked = consultations.add(
                unit,
                dossier_id=gone,
                staff_id="li",
                purpose="audit",
                reason="核对",
                last_day=TODAY,
                at=NOW,
            )
            pair = [dossiers.get(unit, one) for one in (keep, gone)]
            assert pair[0] is not None
            assert pair[1] is not None
            merging.merge(unit, merging.plan(pair[0], pair[1]), "shan")
            assert case_lists.open_on(unit.session, keep) == (stored.id,)
            held = consultations.get(unit, asked)
            assert held is not None
            assert held.dossier_id == keep


def test_what_a_case_rests_on_stays_when_the_policy_changes(unit_factory: UnitFactory) -> None:
    with unit_factory() as unit:
        staffed(unit)
        stored = opened(unit)
        read = cases.get(unit, stored.id)
        assert read is not None
        assert read.case.approval == row(["department_head"], ["gm"])
