"""Writing what was read: numbers given out, accounts bound, the sample company loaded."""

from __future__ import annotations

import csv
import re
from importlib.resources import files

import pytest
from msgspec.structs import replace

from bot import sample
from handlers.sheets import customer_sheet, staff_sheet
from rules.policies import Policies
from rules.policy import available_packs, load_pack
from storage import accounts, dossiers, notes, search, staff, visits
from storage.dossiers import DossierRow
from storage.staff import StaffRow
from tests.conftest import NOW, UnitFactory

POLICIES = Policies.of(load_pack("customer-service", ("log", "privacy")))
ZHANG = StaffRow("s1", "张三", "一部", wecom_userid="zhangsan")


def customers() -> list[dict[str, str]]:
    content = (files("bot.sample") / "dossiers.csv").read_text("utf-8")
    return list(csv.DictReader(content.splitlines()))


class TestGivenAList:
    def test_a_wecom_account_is_bound_and_changed(self, unit_factory: UnitFactory) -> None:
        with unit_factory() as unit:
            staff_sheet.apply_staff(unit, [ZHANG])
            person = staff.by_account(unit.session, "wecom", "zhangsan")
            assert person is not None
            assert person.wecom_userid == "zhangsan"
            staff_sheet.apply_staff(unit, [replace(ZHANG, wecom_userid="zs")])
            assert staff.by_account(unit.session, "wecom", "zhangsan") is None
            assert [one.account for one in accounts.of_person(unit.session, "s1")] == ["zs"]

    def test_applied_twice_it_is_the_same(self, unit_factory: UnitFactory) -> None:
        with unit_factory() as unit:
            staff_sheet.apply_staff(unit, [ZHANG])
            once = staff.everybody(unit.session)
            staff_sheet.apply_staff(unit, [ZHANG])
            assert staff.everybody(unit.session) == once

    def test_empty_numbers_run_on_behind_those_of_the_file(
        self, unit_factory: UnitFactory
    ) -> None:
        rows = [
            DossierRow("甲甲", "s1", "KH-2026-0400"),
            DossierRow("乙乙", "s1"),
            DossierRow("丙丙", "s1"),
        ]
        with unit_factory() as unit:
            staff_sheet.apply_staff(unit, [ZHANG])
            ids = customer_sheet.apply_dossiers(unit, rows, POLICIES.at(NOW), by="s1")
            numbers = [kept.number for id_ in ids if (kept := dossiers.get(unit, id_))]
            assert numbers == ["KH-2026-0400", "KH-2026-0401", "KH-2026-0402"]

    def test_no_customers_are_no_error(self, unit_factory: UnitFactory) -> None:
        with unit_factory() as unit:
            assert customer_sheet.apply_dossiers(unit, [], POLICIES.at(NOW), by="s1") == ()


class TestGivenTheSampleCompany:
    @pytest.mark.parametrize("pack", available_packs())
    def test_it_loads_under_every_pack_it_can_be_shown_with(
        self, unit_factory: UnitFactory, pack: str
    ) -> None:
        with unit_factory() as unit:
            sample.load(unit, Policies.of(load_pack(pack)))
            assert len(staff.everybody(unit.session)) == 40

    def test_the_lists_of_the_demo_people_are_not_empty(self, unit_factory: UnitFactory) -> None:
        with unit_factory() as unit:
            sample.load(unit, POLICIES)
            people = [staff.get(unit.session, one) for one in sample.DEMO_PHONES]
            seller, colleague, manager, supervisor, archivist, director, service, cars = people
            for person in people:
                assert person is not None
                assert person.active
            assert seller is not None
            assert seller.name.startswith("张")
            assert manager is not None
            assert staff.chain(unit.session, seller.id)[0] == manager.id
            assert supervisor is not None
            assert "info_supervisor" in supervisor.roles
            assert archivist is not None
            assert "custodian" in archivist.roles
            assert director is not None
            assert "customer_director" in director.roles
            assert service is not None
            assert "service_consultant" in service.roles
            assert cars is not None
            assert "sales_consultant" in cars.roles
            today = POLICIES.at(NOW).day
            for one in (seller.id, service.id):
                assert visits.planned_on(unit, one, today)
            assert notes.count_unread(unit.session, manager.id) >= 3
            assert notes.last_note_of(unit, seller.id) is not None
            hits = search.find_dossiers(unit, "hx", staff_id=seller.id, limit=8)
            assert hits[0].name == "深圳市鸿鑫贸易有限公司"
            assert hits[0].own
            assert colleague is not None
            writers = notes.notes_of_dossier(unit, hits[0].id, 9)
            assert {one.author for one in writers} == {seller.id, colleague.id}

    def test_400_customers_of_all_kinds(self) -> None:
        rows = customers()
        assert len(rows) == 400
        assert len({row["number"] for row in rows}) == 400
        assert {row["grade"] for row in rows} == {"none", "confidential", "secret", "top_secret"}
        assert sum(row["grade"] == "none" for row in rows) > 250
        assert sum(len(row["name"]) >= 40 for row in rows) >= 3
        assert sum("鸿鑫" in row["name"] for row in rows) >= 5

    def test_no_number_can_reach_anybody(self) -> None:
        """154 is no prefix of any operator, and no local number begins with 0."""
        rows = customers()
        for row in rows:
            assert re.fullmatch(r"1540\d{7}|0\d{2,3}-0\d{2,3} \d{4}", row["phone"]), row["phone"]
