"""The groups that the bot is in, as the platform's events tell of them in any order."""

from __future__ import annotations

from storage import groups
from tests.conftest import NOW, UnitFactory


class TestGivenAGroup:
    def test_when_joined_twice_then_it_counts_once(self, unit_factory: UnitFactory) -> None:
        with unit_factory() as unit:
            assert groups.join(unit, "tg", "-1", added_by="a1", at=NOW)
            assert not groups.join(unit, "tg", "-1", added_by="a2", at=NOW)
            known = groups.get(unit.session, "tg", "-1")
        assert known == groups.Group("tg", "-1", NOW, "a1", None)

    def test_when_removed_and_added_again_then_by_whom_is_new(
        self, unit_factory: UnitFactory
    ) -> None:
        with unit_factory() as unit:
            groups.join(unit, "tg", "-1", added_by="a1", at=NOW)
            assert groups.leave(unit, "tg", "-1", NOW)
            assert not groups.leave(unit, "tg", "-1", NOW)
            assert groups.join(unit, "tg", "-1", added_by="a2", at=NOW)
            known = groups.get(unit.session, "tg", "-1")
        assert known is not None
        assert (known.added_by, known.gone_at) == ("a2", None)

    def test_when_moved_then_only_the_new_id_is_known(self, unit_factory: UnitFactory) -> None:
        with unit_factory() as unit:
            groups.join(unit, "tg", "-1", added_by="a1", at=NOW)
            groups.join(unit, "tg", "-2", added_by="a2", at=NOW)
            assert groups.move(unit, "tg", "-1", "-2")
            assert not groups.move(unit, "tg", "-1", "-2")
            assert groups.get(unit.session, "tg", "-1") is None
            known = groups.get(unit.session, "tg", "-2")
        assert known is not None
        assert known.added_by == "a1"
