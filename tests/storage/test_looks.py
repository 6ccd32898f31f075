"""Looks: kept with purpose and right, and found by keeper and week."""

from __future__ import annotations

from datetime import timedelta

import pytest

from storage import looks
from storage.looks import Visitor, Way
from storage.unit import Unit
from tests.conftest import NOW, UnitFactory
from tests.storage.people import add_person
from tests.storage.test_plans import WEEK, a_look


@pytest.fixture
def unit(unit_factory: UnitFactory):
    with unit_factory() as unit:
        for who in ("1", "2", "3"):
            add_person(unit, who)
        yield unit


@pytest.mark.rule("S3-SPEC2.3.4c")
class TestGivenLooks:
    def test_when_listed_then_those_of_others_in_the_week_newest_first(self, unit: Unit) -> None:
        hour = timedelta(hours=1)
        kept = [
            a_look(),
            a_look(staff_id="3", at=NOW + hour, way=Way.REVEAL, purpose="other",
                   purpose_text="寄合同"),
            a_look(staff_id="2", right="keeper"),
            a_look(keeper="3"),
            a_look(at=NOW - hour),
            a_look(at=NOW + timedelta(days=7)),
        ]  # fmt: skip
        looks.add(unit, kept)
        found = looks.of_keeper(unit, "2", WEEK, 8)
        assert [(one.staff_id, one.name, one.way) for one in found] == [
            ("3", "员工3", Way.REVEAL), ("1", "员工1", Way.CARD),
        ]  # fmt: skip
        assert found[0].purpose_text == "寄合同"
        assert looks.of_keeper(unit, "2", WEEK, 8, offset=1) == found[1:]
        assert looks.of_keeper(unit, "1", WEEK, 8) == ()

    def test_when_counted_then_who_looked_most_comes_first(self, unit: Unit) -> None:
        looks.add(unit, [a_look(), a_look(staff_id="3"), a_look(staff_id="3", dossier_id=8)])
        assert looks.visitors(unit.session, "2", WEEK) == (
            Visitor("3", "员工3", 2, 2), Visitor("1", "员工1", 1, 1),
        )  # fmt: skip

    def test_when_keepers_are_gone_through_then_each_with_the_first_look(self, unit: Unit) -> None:
        looks.add(unit, [a_look(at=NOW + timedelta(hours=1)), a_look(), a_look(keeper="1")])
        found = looks.first_of_keepers(unit.session, WEEK, "", 2)
        assert [keeper for keeper, _ in found] == ["1", "2"]
        assert found[0][1] is None  # own look
        assert found[1][1] is not None
        assert looks.first_of_keepers(unit.session, WEEK, "2", 2) == [("3", None)]

    @pytest.mark.rule("C-03")
    def test_when_company_level_is_asked_for_then_own_looks_count_as_well(
        self, unit: Unit
    ) -> None:
        looks.add(unit, [a_look(keeper="1"), a_look(level="personal"), a_look(staff_id="3")])
        found = looks.at_company_level(unit, ["1"], WEEK, 8)
        assert [(one.staff_id, one.keeper) for one in found] == [("1", "1")]
        assert looks.first_at_company_level(unit.session, ["1"], WEEK) is not None
        assert looks.first_at_company_level(unit.session, ["2"], WEEK) is None
