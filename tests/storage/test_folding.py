"""The migration that folds names to simplified forms, on a database that has others."""

from __future__ import annotations

from importlib import import_module

import pytest
from sqlalchemy import delete, insert, select, update

from storage import search, staff
from storage.tables import dossier, dossier_gram, dossier_key, staff_key
from storage.unit import Unit
from tests.conftest import UnitFactory
from tests.storage.nouns.company import customer, staffed

MIGRATION = import_module("storage.migrations.versions.0006_dossiers_alike")


def unfold(unit: Unit, dossier_id: int, norm: str) -> None:
    """Leave the dossier as the program before would have written it."""
    unit.session.execute(update(dossier).where(dossier.c.id == dossier_id).values(name_norm=norm))
    unit.session.execute(delete(dossier_gram).where(dossier_gram.c.dossier_id == dossier_id))
    unit.session.execute(
        insert(dossier_gram),
        [{"gram": norm[at : at + 2], "dossier_id": dossier_id} for at in range(len(norm) - 1)],
    )
    unit.session.execute(
        insert(dossier_key).values(key="oldreading", dossier_id=dossier_id, keeper="zhang")
    )


class TestGivenNamesInTraditionalForms:
    def test_when_migrated_then_found_in_both_forms(self, unit_factory: UnitFactory) -> None:
        with unit_factory() as unit:
            staffed(unit)
            traditional, simplified = customer(unit, "鴻鑫貿易"), customer(unit, "瑞禾贸易")
            unfold(unit, traditional, "鴻鑫貿易")
            before = set(unit.session.execute(select(dossier_gram)).all())
            MIGRATION.fold_dossiers(unit.session.connection())
            for words in ("鴻鑫", "鸿鑫", "貿易", "hxmy"):
                hits = search.find_dossiers(unit, words, staff_id="li", limit=9)
                assert traditional in [one.id for one in hits], words
            of_other = {one for one in before if one.dossier_id == simplified}
            after = set(unit.session.execute(select(dossier_gram)).all())
            assert of_other < after
            assert not any("鴻" in one.gram for one in after)
            stale = select(dossier_key).where(dossier_key.c.key == "oldreading")
            assert unit.session.execute(stale).all() == []

    def test_when_there_are_many_then_slice_by_slice(
        self, unit_factory: UnitFactory, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with unit_factory() as unit:
            staffed(unit)
            ids = [customer(unit, f"鴻鑫{at}") for at in range(7)]
            for one in ids:
                unfold(unit, one, "鴻鑫")
            monkeypatch.setattr(MIGRATION, "SLICE", 3)
            MIGRATION.fold_dossiers(unit.session.connection())
            hits = search.find_dossiers(unit, "鸿鑫", staff_id="zhang", limit=9)
            assert sorted(one.id for one in hits) == sorted(ids)

    def test_colleagues_are_found_too(self, unit_factory: UnitFactory) -> None:
        with unit_factory() as unit:
            staff.save(unit, staff.StaffRow("s1", "張曉雯", "一部"))
            unit.session.execute(delete(staff_key).where(staff_key.c.key == "张晓雯"))
            MIGRATION.fold_staff(unit.session.connection())
            assert [one.id for one in staff.find(unit.session, "张晓", 9)] == ["s1"]
