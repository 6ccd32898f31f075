"""Planned visits and absences."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import pytest

from storage import away, notes, visits
from storage.errors import Conflict
from storage.unit import Unit
from tests.conftest import UnitFactory
from tests.storage.nouns.company import NOW, TODAY, customer, note, staffed

TOMORROW = TODAY + timedelta(days=1)
YESTERDAY = TODAY - timedelta(days=1)


@pytest.fixture
def unit(unit_factory: UnitFactory) -> Iterator[Unit]:
    with unit_factory() as unit:
        staffed(unit)
        yield unit


def planned(unit: Unit, dossier_id: int, day: date = TODAY, **more: object) -> visits.Visit:
    id_ = visits.plan(unit, staff_id="zhang", dossier_id=dossier_id, day=day, at=NOW, **more)
    visit = visits.get(unit, id_)
    assert visit is not None
    return visit


def state(unit: Unit, visit: visits.Visit) -> str:
    now = visits.get(unit, visit.id)
    assert now is not None
    return now.state


class TestGivenAPlannedVisit:
    def test_everything_is_read_back(self, unit: Unit) -> None:
        visit = planned(unit, customer(unit, "鸿鑫贸易"), purpose="送目录")
        assert (visit.state, visit.version, visit.purpose) == ("planned", 1, "送目录")
        assert (visit.dossier_name, visit.keeper, visit.entered_at) == ("鸿鑫贸易", "zhang", NOW)
        assert (visit.note_id, visit.note_at, visit.cancelled_at) == (None, None, None)

    def test_planning_it_again_keeps_the_first(self, unit: Unit) -> None:
        dossier_id = customer(unit, "鸿鑫贸易")
        assert planned(unit, dossier_id).id == planned(unit, dossier_id).id
        assert planned(unit, dossier_id).id != planned(unit, dossier_id, TOMORROW).id

    def test_moved_it_counts_from_the_moving(self, unit: Unit) -> None:
        visit = planned(unit, customer(unit, "鸿鑫贸易"))
        later = NOW + timedelta(hours=3)
        assert visits.move(unit, visit.id, day=TOMORROW, version=1, at=later) == 2
        now = visits.get(unit, visit.id)
        assert now is not None
        assert (now.day, now.entered_at, now.version) == (TOMORROW, later, 2)
        assert visits.planned_on(unit, "zhang", TODAY) == ()
        assert [one.id for one in visits.planned_on(unit, "zhang", TOMORROW)] == [visit.id]

    def test_an_old_card_changes_nothing(self, unit: Unit) -> None:
        visit = planned(unit, customer(unit, "鸿鑫贸易"))
        visits.move(unit, visit.id, day=TOMORROW, version=1, at=NOW)
        with pytest.raises(Conflict):
            visits.cancel(unit, visit.id, version=1, at=NOW)
        visits.cancel(unit, visit.id, version=2, at=NOW)
        with pytest.raises(Conflict):
            visits.move(unit, visit.id, day=TODAY, version=3, at=NOW)
        assert state(unit, visit) == "cancelled"

    def test_a_note_meets_the_duty_of_its_day_and_customer(self, unit: Unit) -> None:
        first, second = customer(unit, "鸿鑫贸易"), customer(unit, "瑞禾贸易")
        visit, other, next_day = (
            planned(unit, first),
            planned(unit, second),
            planned(unit, first, TOMORROW),
        )
        filed = notes.file_note(unit, note(first))
        duty = {"staff_id": "zhang", "dossier_id": first, "day": TODAY, "note_id": filed.id}
        assert visits.meet(unit, **duty) == (visit.id,)
        assert visits.meet(unit, **duty) == ()
        now = visits.get(unit, visit.id)
        assert now is not None
        assert (now.state, now.note_id, now.note_at) == ("noted", filed.id, NOW)
        assert {state(unit, one) for one in (other, next_day)} == {"planned"}
        assert visits.reopen(unit, **duty) == (visit.id,)
        assert state(unit, visit) == "planned"

    def test_a_note_written_for_a_visit_meets_it_whatever_its_day(self, unit: Unit) -> None:
        first, second = customer(unit, "鸿鑫贸易"), customer(unit, "瑞禾贸易")
        visit, other = planned(unit, first, TOMORROW), planned(unit, second, TOMORROW)
        filed = notes.file_note(unit, note(first))
        duty = {"staff_id": "zhang", "dossier_id": first, "day": TODAY, "note_id": filed.id}
        assert visits.meet(unit, **duty, visit_id=other.id) == ()
        assert visits.meet(unit, **duty, visit_id=visit.id) == (visit.id,)
        assert visits.reopen(unit, **duty) == ()
        assert visits.reopen(unit, **duty, visit_id=visit.id) == (visit.id,)
        assert {state(unit, one) for one in (visit, other)} == {"planned"}

    def test_a_late_note_still_meets_it(self, unit: Unit) -> None:
        dossier_id = customer(unit, "鸿鑫贸易")
        visit = planned(unit, dossier_id)
        visits.miss(unit, visit.id, version=1)
        filed = notes.file_note(unit, note(dossier_id))
        assert visits.meet(
            unit, staff_id="zhang", dossier_id=dossier_id, day=TODAY, note_id=filed.id
        ) == (visit.id,)

    def test_a_withdrawn_note_takes_its_plan_along(self, unit: Unit) -> None:
        dossier_id = customer(unit, "鸿鑫贸易")
        filed = notes.file_note(unit, note(dossier_id))
        visit = planned(unit, dossier_id, TOMORROW, from_note=filed.id)
        own = planned(unit, dossier_id, TOMORROW + timedelta(days=1))
        assert visits.cancel_from(unit, filed.id, at=NOW) == (visit.id,)
        assert state(unit, own) == "planned"


class TestGivenSeveralVisits:
    def test_due_are_the_missed_and_the_planned_up_to_the_day(self, unit: Unit) -> None:
        dossier_id = customer(unit, "鸿鑫贸易")
        old, today, ahead = (
            planned(unit, dossier_id, day) for day in (YESTERDAY, TODAY, TOMORROW)
        )
        visits.miss(unit, old.id, version=1)
        assert [one.id for one in visits.due_for(unit, "zhang", TODAY)] == [old.id, today.id]
        assert [one.id for one in visits.open_of(unit, "zhang")] == [old.id, today.id, ahead.id]
        assert [one.id for one in visits.coming(unit, "zhang", TOMORROW)] == [ahead.id]
        assert [one.id for one in visits.coming_to(unit, dossier_id, TODAY)] == [
            today.id,
            ahead.id,
        ]
        between = visits.planned_between(unit, "zhang", YESTERDAY, TODAY)
        assert [one.id for one in between] == [today.id]
        assert visits.due_for(unit, "li", TODAY) == ()


class TestGivenAnAbsence:
    def test_it_covers_first_and_last_day(self, unit: Unit) -> None:
        away.add(unit, staff_id="zhang", first_day=TODAY, last_day=TOMORROW, kind="leave", at=NOW)
        days = [YESTERDAY, TODAY, TOMORROW, TOMORROW + timedelta(days=1)]
        assert [away.covers(unit.session, "zhang", day) for day in days] == [
            False, True, True, False,
        ]  # fmt: skip
        assert not away.covers(unit.session, "li", TODAY)

    def test_of_several_the_one_that_ends_last_is_current(self, unit: Unit) -> None:
        for last in (TOMORROW, TODAY):
            away.add(unit, staff_id="zhang", first_day=TODAY, last_day=last, kind="sick", at=NOW)
        current = away.current(unit.session, "zhang", TODAY)
        assert current is not None
        assert (current.last_day, current.told_at) == (TOMORROW, NOW)

    def test_cancelled_it_counts_no_more(self, unit: Unit) -> None:
        id_ = away.add(
            unit, staff_id="zhang", first_day=TODAY, last_day=TOMORROW, kind="trip", at=NOW
        )
        assert not away.cancel(unit, id_, staff_id="li", at=NOW)
        assert away.cancel(unit, id_, staff_id="zhang", at=NOW)
        assert not away.cancel(unit, id_, staff_id="zhang", at=NOW)
        assert away.upcoming(unit.session, "zhang", TODAY) == ()
        kept = away.get(unit.session, id_)
        assert kept is not None
        assert kept.cancelled_at == NOW
