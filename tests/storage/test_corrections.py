"""Corrections and label tasks in the database: moved once, found by whose turn it is."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace
from sqlalchemy import text

from rules.corrections import Stage
from storage import changes, corrections, labels
from storage.corrections import Correction
from storage.errors import Conflict
from storage.unit import Unit
from tests.conftest import NOW, UnitFactory
from tests.storage.nouns.company import customer, staffed

WRONG, REMEDY = "电话抄错两位", "改正并通知财务部"


def planned(unit: Unit, dossier_id: int, field: str = "telephone") -> Correction:
    set_id = changes.gather(unit, "zhang", dossier_id, {field: "新"}, {field: "旧"})
    held = changes.get(unit, set_id)
    assert held is not None
    changes.propose(unit, held, NOW)
    id_ = corrections.add(
        unit,
        2026,
        dossier_id=dossier_id,
        set_id=set_id,
        planner="zhang",
        executor="li",
        rule="S5-1.X1",
        at=NOW,
        words={"wrong": WRONG, "remedy": REMEDY},
    )
    found = corrections.get(unit, id_)
    assert found is not None
    return found


class TestGivenACorrection:
    def test_its_words_are_sealed_and_its_number_runs(self, unit_factory: UnitFactory) -> None:
        with unit_factory() as unit:
            staffed(unit)
            one = planned(unit, customer(unit, "鸿鑫贸易"))
            two = planned(unit, customer(unit, "瑞禾贸易"))
            assert (one.number, two.number) == ("正-2026-0001", "正-2026-0002")
            assert (one.wrong, one.remedy, one.report) == (WRONG, REMEDY, "")
            raw = unit.session.execute(text("SELECT wrong, remedy FROM correction")).first()
            assert raw is not None
            assert all(WRONG.encode() not in bytes(value) for value in raw)

    def test_it_waits_for_whose_turn_it_is(self, unit_factory: UnitFactory) -> None:
        with unit_factory() as unit:
            staffed(unit)
            held = planned(unit, customer(unit, "鸿鑫贸易"))
            assert corrections.count_waiting(unit.session, ["zhang", "li"]) == 0
            held = corrections.move(unit, held, Stage.ORDERED, "li", NOW)
            assert corrections.waiting(unit, ["li"], 8) == (held,)
            assert corrections.count_waiting(unit.session, ["zhang"]) == 0
            later = NOW + timedelta(hours=1)
            held = corrections.move(
                unit, held, Stage.CARRIED_OUT, "zhang", later, {"done": "已改"}, executor="head"
            )
            assert (held.done, held.executor, held.since) == ("已改", "head", later)
            assert corrections.waiting(unit, ["li"], 8) == ()

    def test_when_two_take_the_same_step_then_the_second_is_told(
        self, unit_factory: UnitFactory
    ) -> None:
        with unit_factory() as unit:
            staffed(unit)
            held = planned(unit, customer(unit, "鸿鑫贸易"))
            corrections.move(unit, held, Stage.ORDERED, "li", NOW)
            with pytest.raises(Conflict):
                corrections.move(unit, held, Stage.RETURNED, "zhang", NOW)

    def test_only_those_that_are_not_over_are_open(self, unit_factory: UnitFactory) -> None:
        with unit_factory() as unit:
            staffed(unit)
            id_ = customer(unit, "鸿鑫贸易")
            one, two = planned(unit, id_), planned(unit, id_, "address")
            assert corrections.open_on(unit, id_) == (one, two)
            corrections.move(unit, one, Stage.DROPPED, None, NOW)
            corrections.move(unit, two, Stage.FILED, None, NOW)
            assert corrections.open_on(unit, id_) == ()

    def test_when_its_dossier_was_another_one_twice_then_it_goes_along(
        self, unit_factory: UnitFactory
    ) -> None:
        with unit_factory() as unit:
            staffed(unit)
            gone, keep = customer(unit, "鸿鑫贸易"), customer(unit, "鸿鑫商贸")
            held = planned(unit, gone)
            corrections.merged(unit, keep, gone)
            assert corrections.open_on(unit, keep) == (replace(held, dossier_id=keep),)


@pytest.mark.rule("S1-02.5")
class TestGivenALabelToReplace:
    def test_there_is_one_task_until_it_is_done(self, unit_factory: UnitFactory) -> None:
        with unit_factory() as unit:
            staffed(unit)
            id_ = customer(unit, "鸿鑫贸易")
            task = labels.begin(unit, id_, "tenant_supervisor", NOW)
            assert task is not None
            assert labels.begin(unit, id_, "tenant_supervisor", NOW) is None
            assert labels.count_open(unit.session, ["tenant_supervisor"]) == 1
            assert labels.count_open(unit.session, ["custodian"]) == 0
            assert labels.done(unit, task, "li", NOW)
            assert not labels.done(unit, task, "zhang", NOW)
            found = labels.get(unit.session, task)
            assert found is not None
            assert found.done_by == "li"
            assert labels.begin(unit, id_, "tenant_supervisor", NOW) is not None

    def test_when_two_dossiers_become_one_then_one_task_is_left(
        self, unit_factory: UnitFactory
    ) -> None:
        with unit_factory() as unit:
            staffed(unit)
            gone, keep = customer(unit, "鸿鑫贸易"), customer(unit, "鸿鑫商贸")
            for one in (gone, keep):
                labels.begin(unit, one, "custodian", NOW)
            labels.merged(unit, keep, gone)
            (left,) = labels.open_of(unit.session, ["custodian"], 8)
            assert left.dossier_id == keep
