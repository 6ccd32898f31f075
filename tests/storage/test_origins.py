"""What became of people's messages, by key only, for as long as they can be edited."""

from __future__ import annotations

from storage import origins
from storage.origins import KEPT, Origin
from tests.conftest import NOW, UnitFactory

LOOSE, FILED = Origin("loose.kept", "loose:1"), Origin("visit_note.filed", "visit_note:2")


class TestGivenMessages:
    def test_when_what_became_of_them_changes_then_the_latest_counts(
        self, unit_factory: UnitFactory
    ) -> None:
        with unit_factory() as unit:
            origins.note(unit, [], staff_id="a1", action="x", subject="x:1")
            origins.note(unit, ["m1", "m2"], staff_id="a1", action="loose.kept", subject="loose:1")
            assert origins.of(unit, "m1", "a1") == LOOSE
            assert origins.of(unit, "m1", "a2") is None
            origins.note(unit, ["m1"], staff_id="a1", action=FILED.action, subject=FILED.subject)
            assert origins.of(unit, "m1", "a1") == FILED
            assert origins.of(unit, "m2", "a1") == LOOSE
            origins.repoint(unit, LOOSE.subject, FILED.action, FILED.subject)
            assert origins.of(unit, "m2", "a1") == FILED
            origins.forget(unit, FILED.subject, "a1")
            assert origins.of(unit, "m1", "a1") is None

    def test_when_they_are_old_then_they_are_forgotten(self, unit_factory: UnitFactory) -> None:
        with unit_factory() as unit:
            origins.note(unit, ["old"], staff_id="a1", action="x", subject="x:1")
        with unit_factory(NOW + KEPT) as unit:
            origins.note(unit, ["new"], staff_id="a1", action="x", subject="x:2")
            assert origins.purge(unit, NOW + KEPT) == 1
            assert origins.of(unit, "old", "a1") is None
            assert origins.of(unit, "new", "a1") is not None
