"""Who on file is alike, and what becomes of two dossiers of one customer."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import event, func, select

from storage import dossiers, duplicates, likeness, merging, notes, search, visits
from storage.dossiers import Dossier
from storage.names import normalise
from storage.tables import dossier, dossier_gram, dossier_key, recent
from storage.unit import Unit
from tests.conftest import NOW, UnitFactory
from tests.storage.nouns.company import customer, note, staffed


def listed(unit: Unit) -> list[tuple[str, tuple[str, ...]]]:
    return [
        (one.why, tuple(member.name for member in one.members))
        for one in duplicates.groups(unit.session)
    ]


def held(unit: Unit, dossier_id: int) -> Dossier:
    found = dossiers.get(unit, dossier_id)
    assert found is not None
    return found


class TestGivenDossiersAlike:
    def test_the_same_name_in_other_forms_is_one_group(self, unit_factory: UnitFactory) -> None:
        with unit_factory() as unit:
            staffed(unit)
            for name in ("鸿鑫贸易", "鴻鑫貿易", "鸿鑫 貿易", "瑞禾"):
                customer(unit, name)
            assert listed(unit) == [("name", ("鸿鑫贸易", "鴻鑫貿易", "鸿鑫 貿易"))]

    def test_the_same_phone_counts_under_another_name_only(
        self, unit_factory: UnitFactory
    ) -> None:
        with unit_factory() as unit:
            staffed(unit)
            customer(unit, "鸿鑫", phone="154 0000-1234")
            customer(unit, "瑞禾", phone="+86 15400001234")
            customer(unit, "明辉", phone="15400001235")
            assert listed(unit) == [("phone", ("鸿鑫", "瑞禾"))]

    def test_one_name_and_one_phone_is_told_once(self, unit_factory: UnitFactory) -> None:
        with unit_factory() as unit:
            staffed(unit)
            for _ in range(2):
                customer(unit, "鸿鑫", phone="15400001234")
            assert listed(unit) == [("name", ("鸿鑫", "鸿鑫"))]

    def test_the_same_key_counts_and_other_keys_tell_apart(
        self, unit_factory: UnitFactory
    ) -> None:
        with unit_factory() as unit:
            staffed(unit)
            customer(unit, "鸿鑫", key="VIN1")
            customer(unit, "鸿鑫", key="VIN2")
            assert listed(unit) == []
            customer(unit, "瑞禾", key="VIN1")
            assert listed(unit) == [("key", ("鸿鑫", "瑞禾"))]

    def test_other_types_and_drafts_are_left_out(self, unit_factory: UnitFactory) -> None:
        with unit_factory() as unit:
            staffed(unit)
            customer(unit, "鸿鑫")
            customer(unit, "鸿鑫", type="vehicle")
            dossiers.add(unit, dossiers.DossierRow("鸿鑫", "zhang"), by="zhang", draft=True)
            assert listed(unit) == []

    def test_a_pair_that_a_person_told_apart_is_not_listed_again(
        self, unit_factory: UnitFactory
    ) -> None:
        with unit_factory() as unit:
            staffed(unit)
            one, other = customer(unit, "鸿鑫"), customer(unit, "鸿鑫")
            assert duplicates.mark_distinct(unit, other, one, "operator")
            assert not duplicates.mark_distinct(unit, one, other, "operator")
            assert listed(unit) == []
            customer(unit, "鸿鑫")
            assert listed(unit) == [("name", ("鸿鑫", "鸿鑫", "鸿鑫"))]

    def test_no_index_is_read_more_than_once_and_no_table(self, unit_factory: UnitFactory) -> None:
        with unit_factory() as unit:
            staffed(unit)
            customer(unit, "鸿鑫", phone="15400001234", key="VIN1")
            connection = unit.session.connection()
            if connection.dialect.name != "sqlite":
                pytest.skip("SQLite says in its plans what a statement walks through")
            asked: list[Any] = []
            event.listen(
                connection, "before_cursor_execute", lambda *seen: asked.append(seen[2:4])
            )
            assert listed(unit) == []
            assert len(asked) == 3
            for statement, values in asked.copy():
                plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
                assert "COVERING INDEX" in str(plan.all()), statement


class TestGivenTwoDossiersOfOneCustomer:
    def merged(self, unit: Unit, **gone: object) -> tuple[int, int, merging.Plan]:
        staffed(unit)
        keep = customer(unit, "鸿鑫贸易", phone="15400001234", address="听涛街3号")
        other = customer(unit, "鴻鑫貿易", **gone)
        plan = merging.plan(held(unit, keep), held(unit, other))
        assert plan.obstacles == ()
        merging.merge(unit, plan, "operator")
        return keep, other, plan

    def test_notes_visits_and_recents_move(self, unit_factory: UnitFactory) -> None:
        with unit_factory() as unit:
            staffed(unit)
            keep, gone = customer(unit, "鸿鑫"), customer(unit, "鸿鑫")
            filed = notes.file_note(unit, note(gone))
            day = date(2026, 9, 20)
            visits.plan(unit, staff_id="zhang", dossier_id=gone, day=day, at=NOW, purpose="谈")
            dossiers.touch_recent(unit, "zhang", keep, NOW - timedelta(days=1))
            dossiers.touch_recent(unit, "zhang", gone, NOW)
            dossiers.touch_recent(unit, "li", gone, NOW)
            moved = merging.merge(
                unit, merging.plan(held(unit, keep), held(unit, gone)), "operator"
            )
            assert (moved.notes, moved.visits) == (1, 1)
            assert [one.id for one in notes.notes_of_dossier(unit, keep, 9)] == [filed.id]
            planned = visits.planned_on(unit, "zhang", day)
            assert [one.dossier_id for one in planned] == [keep]
            used = unit.session.execute(
                select(recent.c.staff_id, recent.c.used_at).where(recent.c.dossier_id == keep)
            ).all()
            assert sorted(map(tuple, used)) == [("li", NOW), ("zhang", NOW)]

    def test_empty_fields_are_filled_and_nothing_of_the_other_is_lost(
        self, unit_factory: UnitFactory
    ) -> None:
        with unit_factory() as unit:
            keep, _, plan = self.merged(
                unit,
                phone="0755-0866 1234",
                contact="何总",
                location="A柜",
                fields={"industry": "贸易"},
            )
            kept = held(unit, keep)
            assert (kept.phone, kept.contact, kept.location, kept.address) == (
                "15400001234", "何总", "A柜", "听涛街3号",
            )  # fmt: skip
            assert dict(kept.fields) == {"industry": "贸易"}
            assert set(plan.filled) == {"contact", "location", "field:industry"}
            assert plan.differing["phone"] == ("15400001234", "0755-0866 1234")
            ((number, content),) = merging.preserved(unit, keep)
            assert number == plan.gone.number
            assert (content["name"], content["phone"]) == ("鴻鑫貿易", "0755-0866 1234")

    def test_the_old_number_leads_to_the_one_that_stays(self, unit_factory: UnitFactory) -> None:
        with unit_factory() as unit:
            keep, gone, plan = self.merged(unit)
            number = plan.gone.number or ""
            assert dossiers.by_number(unit.session, number) == keep
            assert held(unit, gone).id == keep
            hits = search.find_dossiers(unit, number, staff_id="zhang", limit=9)
            assert [one.id for one in hits] == [keep]
            hits = search.find_dossiers(unit, "鸿鑫", staff_id="zhang", limit=9)
            assert [one.id for one in hits] == [keep]
            for table in (dossier_gram, dossier_key):
                left = select(func.count()).where(table.c.dossier_id == gone)
                assert unit.session.execute(left).scalar() == 0

    def test_its_number_is_never_given_out_again(self, unit_factory: UnitFactory) -> None:
        pattern = "KH-{}-{:04d}".format
        with unit_factory() as unit:
            staffed(unit)
            rows = [dossiers.DossierRow("鸿鑫", "zhang", pattern(2026, at)) for at in (8, 9)]
            keep, gone = dossiers.add_all(unit, rows, by="shan")
            merging.merge(unit, merging.plan(held(unit, keep), held(unit, gone)), "operator")
            drawn = [dossiers.draw_number(unit, pattern, 2026) for _ in range(8)]
            assert drawn[-1] == pattern(2026, 10)

    def test_a_spreadsheet_still_knows_it_as_on_file(self, unit_factory: UnitFactory) -> None:
        with unit_factory() as unit:
            _, _, plan = self.merged(unit, phone="0755-0866 1234")
            name = normalise(plan.gone.name)
            number = plan.gone.number or ""
            filed = likeness.on_file(unit.session, names=[name], numbers=[number])
            assert [one.number for one in filed.names[name]] == [plan.keep.number] * 2
            assert filed.numbers[number].number == plan.keep.number

    def test_the_stricter_grade_holds_for_both(self, unit_factory: UnitFactory) -> None:
        until = date(2028, 1, 1)
        with unit_factory() as unit:
            keep, _, plan = self.merged(unit, grade="secret", grade_until=until, level="personal")
            kept = held(unit, keep)
            assert (kept.grade, kept.grade_until, kept.level) == ("secret", until, "personal")
            assert plan.differing["grade"] == ("none", "secret")

    def test_merged_twice_all_numbers_lead_on(self, unit_factory: UnitFactory) -> None:
        with unit_factory() as unit:
            staffed(unit)
            first, second, third = (customer(unit, "鸿鑫") for _ in range(3))
            numbers = [held(unit, one).number or "" for one in (first, second, third)]
            duplicates.mark_distinct(unit, first, third, "operator")
            merging.merge(unit, merging.plan(held(unit, second), held(unit, first)), "operator")
            assert listed(unit) == []  # who was told apart from either stays so
            merging.merge(unit, merging.plan(held(unit, third), held(unit, second)), "operator")
            assert {dossiers.by_number(unit.session, one) for one in numbers} == {third}
            assert unit.session.execute(select(func.count()).select_from(dossier)).scalar() == 1

    @pytest.mark.parametrize(
        ("gone", "obstacle"),
        [({"type": "vehicle"}, "type"), ({"key": "VIN2"}, "key"), ({"key": "vin-1"}, "")],
    )
    def test_what_says_that_they_are_two_is_named(
        self, unit_factory: UnitFactory, gone: dict[str, str], obstacle: str
    ) -> None:
        with unit_factory() as unit:
            staffed(unit)
            keep = customer(unit, "鸿鑫", key="VIN1")
            plan = merging.plan(held(unit, keep), held(unit, customer(unit, "鸿鑫", **gone)))
            assert plan.obstacles == ((obstacle,) if obstacle else ())
            itself = merging.plan(held(unit, keep), held(unit, keep))
            assert itself.obstacles == ("same",)
