"""Numbers without gaps or doubles; jobs once for each occasion."""

from __future__ import annotations

import pytest

from storage import counters, occurrences
from tests.conftest import UnitFactory


def test_numbers_run_by_kind_and_year(unit_factory: UnitFactory) -> None:
    with unit_factory() as unit:
        numbers = [counters.next_number(unit, "visit_note", 2026) for _ in range(3)]
        assert numbers == [1, 2, 3]
        assert counters.next_number(unit, "visit_note", 2027) == 1
        assert counters.next_number(unit, "loan", 2026) == 1


def test_a_number_of_a_failed_unit_is_given_again(unit_factory: UnitFactory) -> None:
    def fail() -> None:
        with unit_factory() as unit:
            counters.next_number(unit, "visit_note", 2026)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with unit_factory() as unit:
        assert counters.next_number(unit, "visit_note", 2026) == 1


class TestGivenAJob:
    def test_when_begun_twice_on_one_occasion_then_once(self, unit_factory: UnitFactory) -> None:
        with unit_factory() as unit:
            assert occurrences.begin(unit, "retention", "2026-09-14")
            assert not occurrences.begin(unit, "retention", "2026-09-14")
        with unit_factory() as unit:
            assert not occurrences.begin(unit, "retention", "2026-09-14")
            assert occurrences.begin(unit, "retention", "2026-09-15")
