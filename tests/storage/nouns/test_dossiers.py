"""Dossiers and their index rows."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import text

from storage import dossiers, search
from storage.dossiers import DossierRow
from storage.errors import StorageError
from storage.unit import Unit
from tests.conftest import UnitFactory
from tests.storage.nouns.company import customer, staffed

PATTERN = "KH-{}-{:04d}".format


def found(unit: Unit, words: str, staff_id: str = "zhang") -> list[str]:
    return [one.name for one in search.find_dossiers(unit, words, staff_id=staff_id, limit=20)]


class TestGivenANewDossier:
    def test_everything_is_read_back(self, unit_factory: UnitFactory) -> None:
        row = DossierRow(
            name="深圳市鸿鑫贸易有限公司",
            keeper="zhang",
            number="KH-2026-0042",
            grade="confidential",
            grade_until=date(2028, 1, 1),
            class_="A",
            phone="0755-0866 1234",
            contact="何鸿鑫 总经理",
            address="深圳市南山区听涛街3号",
            location="A柜3层12号",
            department="销售一部",
            opened_on=date(2023, 6, 29),
            fields={"industry": "贸易"},
        )
        with unit_factory() as unit:
            staffed(unit)
            id_ = dossiers.add(unit, row, by="shan")
            kept = dossiers.get(unit, id_)
            assert kept is not None
            for name in (
                "name", "keeper", "number", "grade", "grade_until", "class_", "phone", "contact",
                "address", "location", "department", "opened_on",
            ):  # fmt: skip
                assert getattr(kept, name) == getattr(row, name), name
            assert dict(kept.fields) == {"industry": "贸易"}
            assert (kept.state, kept.created_by) == ("active", "shan")
            assert dossiers.by_number(unit.session, "KH-2026-0042") == id_
            assert dossiers.named(unit.session, "深圳市 鸿鑫贸易有限公司") == (id_,)
            assert dossiers.get(unit, 999) is None

    def test_phone_contact_and_address_lie_sealed(self, unit_factory: UnitFactory) -> None:
        with unit_factory() as unit:
            staffed(unit)
            customer(unit, "鸿鑫", phone="15400001234", contact="何鸿鑫", address="听涛街3号")
            row = unit.session.execute(
                text("SELECT phone, contact, address, fields FROM dossier")
            ).one()
            assert b"15400001234" not in row.phone
            assert "何鸿鑫".encode() not in row.contact
            assert "听涛街".encode() not in row.address
            assert row.fields is None

    def test_a_draft_has_no_number_and_an_active_one_has(self, unit_factory: UnitFactory) -> None:
        """Rule: C-69."""
        with unit_factory() as unit:
            staffed(unit)
            draft = dossiers.add(unit, DossierRow("新客户", "zhang"), by="zhang", draft=True)
            kept = dossiers.get(unit, draft)
            assert kept is not None
            assert (kept.state, kept.number) == ("draft", None)
            with pytest.raises(StorageError):
                dossiers.add(unit, DossierRow("新客户", "zhang"), by="zhang")
            with pytest.raises(StorageError):
                dossiers.add(unit, DossierRow("新", "zhang", "KH-1"), by="zhang", draft=True)


class TestGivenNumbers:
    def test_they_run_on_and_step_over_those_on_file(self, unit_factory: UnitFactory) -> None:
        with unit_factory() as unit:
            staffed(unit)
            dossiers.add(unit, DossierRow("甲甲", "zhang", PATTERN(2026, 2)), by="shan")
            drawn = [dossiers.draw_number(unit, PATTERN, 2026) for _ in range(2)]
            assert drawn == ["KH-2026-0001", "KH-2026-0003"]

    def test_imported_numbers_are_passed_over_at_once(self, unit_factory: UnitFactory) -> None:
        with unit_factory() as unit:
            numbers = ["KH-2026-0400", "KH-2026-0007", "KH-2025-0009", "旧-12", "KH-2026-x"]
            dossiers.pass_over(unit, PATTERN, numbers)
            assert dossiers.draw_number(unit, PATTERN, 2026) == "KH-2026-0401"
            assert dossiers.draw_number(unit, PATTERN, 2025) == "KH-2025-0010"
            dossiers.pass_over(unit, PATTERN, ["KH-2026-0300"])
            assert dossiers.draw_number(unit, PATTERN, 2026) == "KH-2026-0402"


class TestGivenAChange:
    def test_a_renamed_customer_is_found_by_the_new_name_only(
        self, unit_factory: UnitFactory
    ) -> None:
        with unit_factory() as unit:
            staffed(unit)
            id_ = customer(unit, "鸿鑫贸易有限公司")
            dossiers.rename(unit, id_, "瑞禾贸易有限公司")
            assert found(unit, "鸿鑫") == []
            assert found(unit, "hxmy") == []
            assert found(unit, "瑞禾") == found(unit, "rhmy") == ["瑞禾贸易有限公司"]

    def test_the_new_keeper_finds_it_as_an_own_one(self, unit_factory: UnitFactory) -> None:
        with unit_factory() as unit:
            staffed(unit)
            id_ = customer(unit, "鸿鑫贸易有限公司")
            dossiers.give_to(unit, id_, "li")
            (hit,) = search.find_dossiers(unit, "hxmy", staff_id="li", limit=5)
            assert (hit.own, hit.keeper_name) == (True, "李志强")


@pytest.mark.parametrize(
    ("phone", "digits"),
    [
        ("154 0000-1234", "15400001234"),
        ("+86 154 0000 1234", "15400001234"),
        ("0755-0866 1234", "075508661234"),
        ("0755-0866 1234 / 15400001234", "075508661234"),
        ("", ""),
    ],
)
def test_phone_digits(phone: str, digits: str) -> None:
    assert dossiers.phone_digits(phone) == digits


class TestGivenADossierWithAKey:
    def test_it_is_found_by_that_key_alone(self, unit_factory: UnitFactory) -> None:
        with unit_factory() as unit:
            staffed(unit)
            id_ = customer(unit, "王某", key="LSVAB2187D2100001")
            customer(unit, "李某")
            assert dossiers.keyed(unit.session, "LSVAB2187D2100001") == (id_,)
            assert dossiers.keyed(unit.session, "LSVAB") == ()
            assert dossiers.keyed(unit.session, "") == ()
