"""Incidents: numbered, told once, confirmed person by person, closed by one."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from storage import dossiers, incidents, merging
from storage.errors import Conflict
from storage.incidents import CHECK, KNOW, Incident
from storage.tables import incident
from storage.unit import Unit
from tests.conftest import NOW, UnitFactory
from tests.storage.nouns.company import customer, staffed

LATER = NOW + timedelta(hours=1)
WORDS = "合同第3页不见了"


def reported(unit: Unit, by: str | None = "zhang", **more: object) -> Incident:
    staffed(unit)
    values: dict[str, object] = {"kind": "lost", "year": 2026, "words": WORDS, "at": NOW, **more}
    return incidents.report(unit, reported_by=by, **values)  # type: ignore[arg-type]  # values of a table


def told(unit: Unit, one: Incident, *people: str, task: str = KNOW) -> list[int]:
    rows = [
        incidents.tell(unit, one.id, who, task=task, role="custodian", instead=False)
        for who in people
    ]
    return [row.id for row in rows if row is not None]


class TestGivenAReport:
    def test_then_it_is_numbered_and_kept_sealed(self, unit_factory: UnitFactory) -> None:
        with unit_factory() as unit:
            one = reported(unit)
            other = incidents.report(
                unit,
                kind="leaked",
                year=2026,
                words="",
                at=NOW,
                reported_by=None,
                leak_case="open",
            )
        assert (one.number, other.number) == ("事-2026-0001", "事-2026-0002")
        with unit_factory() as unit:
            found = incidents.get(unit, one.id)
            assert found == one
            assert found is not None
            assert (found.words, found.open, found.closing) == (WORDS, True, "")
            assert incidents.get(unit, 7) is None
            assert incidents.by_number(unit.session, "事-2026-0001") == one.id
            assert incidents.by_number(unit.session, "事-2026-0009") is None
            rows = unit.session.execute(select(incident.c.words).order_by(incident.c.id)).scalars()
            sealed, nothing = rows
            assert WORDS.encode() not in sealed.data
            assert nothing is None

    def test_when_two_dossiers_become_one_then_it_follows(self, unit_factory: UnitFactory) -> None:
        with unit_factory() as unit:
            staffed(unit)
            keep, gone = customer(unit, "鸿鑫贸易"), customer(unit, "鸿鑫商贸")
            one = reported(unit, dossier_id=gone)
            mine, theirs = dossiers.get(unit, keep), dossiers.get(unit, gone)
            assert mine is not None
            assert theirs is not None
            merging.merge(unit, merging.plan(mine, theirs), by="shan")
        with unit_factory() as unit:
            found = incidents.get(unit, one.id)
            assert found is not None
            assert found.dossier_id == keep


@pytest.mark.rule("C-06")
class TestGivenPeopleWhoAreTold:
    def test_then_each_is_told_once_for_each_task(self, unit_factory: UnitFactory) -> None:
        with unit_factory() as unit:
            one = reported(unit)
            assert len(told(unit, one, "gm", "shan", "gm")) == 2
            assert len(told(unit, one, "shan", task=CHECK)) == 1
            rows = incidents.told(unit.session, one.id)
            assert [(row.staff_id, row.task) for row in rows] == [
                ("gm", KNOW), ("shan", KNOW), ("shan", CHECK),
            ]  # fmt: skip
            assert {row.told_at for row in rows} == {NOW}

    def test_when_one_confirms_then_the_others_still_wait(self, unit_factory: UnitFactory) -> None:
        with unit_factory() as unit:
            one = reported(unit)
            gm, _ = told(unit, one, "gm", "shan")
            assert incidents.confirm(unit, gm, LATER)
            assert not incidents.confirm(unit, gm, LATER + timedelta(hours=1))
            row = incidents.told_one(unit.session, gm)
            assert row is not None
            assert row.confirmed_at == LATER
            assert incidents.count_waiting(unit.session, "gm") == 0
            assert incidents.count_waiting(unit.session, "shan") == 1
            told(unit, one, "shan", task=CHECK)
            assert incidents.count_waiting(unit.session, "shan") == 1

    def test_then_they_and_who_reported_find_it_while_it_is_open(
        self, unit_factory: UnitFactory
    ) -> None:
        with unit_factory() as unit:
            one = reported(unit)
            two = incidents.report(
                unit, kind="fire", year=2026, words="x", at=NOW, reported_by="gm"
            )
            told(unit, one, "gm", "shan")
            for who, expected in (
                ("gm", (two.id, one.id)),
                ("zhang", (one.id,)),
                ("shan", (one.id,)),
                ("li", ()),
            ):
                assert incidents.open_of(unit.session, who, 8) == expected
            assert incidents.open_of(unit.session, "gm", 1, 1) == (one.id,)
            incidents.close(unit, one.id, by="gm", words="找到了", at=LATER)
            assert incidents.open_of(unit.session, "shan", 8) == ()
            assert incidents.open_of(unit.session, "gm", 8) == (two.id,)
            assert incidents.count_waiting(unit.session, "shan") == 0


class TestGivenMeasuresAndAnEnd:
    def test_then_measures_stand_in_order_in_words_or_codes(
        self, unit_factory: UnitFactory
    ) -> None:
        with unit_factory() as unit:
            one = reported(unit)
            incidents.measure(unit, one.id, staff_id="gm", at=NOW, code="papers")
            incidents.measure(unit, one.id, staff_id="zhang", at=LATER, words="电话说明")
        with unit_factory() as unit:
            found = [
                (each.staff_id, each.code, each.words) for each in incidents.measures(unit, one.id)
            ]
            assert found == [("gm", "papers", ""), ("zhang", "", "电话说明")]

    def test_when_two_close_it_then_the_second_is_told(self, unit_factory: UnitFactory) -> None:
        with unit_factory() as unit:
            one = reported(unit)
            incidents.close(unit, one.id, by="gm", words="找到了", at=LATER)
            with pytest.raises(Conflict):
                incidents.close(unit, one.id, by="shan", words="没找到", at=LATER)
        with unit_factory() as unit:
            found = incidents.get(unit, one.id)
            assert found is not None
            assert (found.open, found.closed_by, found.closed_at) == (False, "gm", LATER)
            assert found.closing == "找到了"
