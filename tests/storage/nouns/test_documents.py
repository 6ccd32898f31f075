"""Papers of a dossier: on record, found again, paired, moved, taken off."""

from __future__ import annotations

import pytest

from rules.secrecy import Grade
from storage import documents, merging, references
from storage.documents import DocumentRow
from storage.errors import Conflict
from storage.unit import Unit
from tests.conftest import UnitFactory
from tests.storage.nouns import lent
from tests.storage.nouns.company import customer, staffed
from tests.storage.nouns.test_duplicates import held

ALL = [grade.value for grade in Grade]


def titles(unit: Unit, dossier_id: int, grades: list[str] = ALL) -> list[str]:
    return [one.title for one in documents.page(unit, dossier_id, grades, 99)]


class TestGivenPapers:
    def test_they_are_kept_as_they_were_named(self, unit_factory: UnitFactory) -> None:
        row = DocumentRow(
            "年度合同", "copy", pages=12, copies=2, location="C柜", grade="secret", important=True
        )
        with unit_factory() as unit:
            staffed(unit)
            id_ = documents.add(unit, customer(unit, "鸿鑫贸易"), row)
            one = documents.get(unit, id_)
            assert one is not None
            assert (one.title, one.form, one.pages, one.copies) == ("年度合同", "copy", 12, 2)
            assert (one.location, one.grade, one.important) == ("C柜", "secret", True)
            assert (one.state, one.twin) == ("kept", None)
            assert documents.many(unit, [id_, 99]) == (one,)
            assert documents.many(unit, []) == ()

    def test_they_are_listed_page_by_page_and_by_grade(self, unit_factory: UnitFactory) -> None:
        with unit_factory() as unit:
            staffed(unit)
            id_ = customer(unit, "鸿鑫贸易")
            for number, grade in enumerate(("none", "secret", "none")):
                documents.add(unit, id_, DocumentRow(f"合同{number}", "original", grade=grade))
            assert titles(unit, id_) == ["合同0", "合同1", "合同2"]
            assert titles(unit, id_, ["none"]) == ["合同0", "合同2"]
            assert documents.count(unit.session, id_, ALL) == 3
            assert documents.count(unit.session, id_, ["none"]) == 2
            assert [one.title for one in documents.page(unit, id_, ALL, 1, 1)] == ["合同1"]

    @pytest.mark.parametrize("title", ["年度 合同A", "年度\u3000合同Ａ", " 年度  合同a "])
    def test_a_title_is_known_again_however_it_is_typed(
        self, unit_factory: UnitFactory, title: str
    ) -> None:
        with unit_factory() as unit:
            staffed(unit)
            id_ = customer(unit, "鸿鑫贸易")
            filed = documents.add(unit, id_, DocumentRow("年度 合同A", "original"))
            index = documents.index_of(unit.vault, title)
            found = documents.filed(unit.session, [id_], [index])
            assert found == {(id_, index, "original"): filed}

    def test_annexes_are_not_one_paper(self) -> None:
        assert documents.folded("附件1-1") != documents.folded("附件11")

    def test_put_on_record_twice_they_are_there_once(self, unit_factory: UnitFactory) -> None:
        with unit_factory() as unit:
            staffed(unit)
            id_ = customer(unit, "鸿鑫贸易")
            prepared = [
                documents.prepare(
                    unit.vault, next(unit.ids), id_, DocumentRow("合同", form), unit.now
                )
                for form in ("original", "copy", "original")
            ]
            assert documents.add_new(unit, prepared[:2]) == 2
            assert documents.add_new(unit, prepared) == 0
            assert len(titles(unit, id_)) == 2


class TestGivenTwins:
    @pytest.mark.rule("S3-ENG.3.3b")
    def test_each_leads_to_the_other(self, unit_factory: UnitFactory) -> None:
        with unit_factory() as unit:
            staffed(unit)
            id_ = customer(unit, "鸿鑫贸易")
            original, copy, second = (
                lent.paper(unit, id_, form=form) for form in ("original", "copy", "copy")
            )
            assert documents.pair(unit, copy, original)
            assert documents.pair(unit, second, original)
            assert not documents.pair(unit, copy, second)
            assert not documents.pair(unit, original, copy)
            one, two = documents.get(unit, original), documents.get(unit, copy)
            assert one is not None
            assert two is not None
            assert documents.twin_of(unit, one) == two
            assert documents.twin_of(unit, two) == one
            documents.take_off(unit, copy, "destroyed")
            after = documents.twin_of(unit, one)
            assert after is not None
            assert after.id == second
            documents.take_off(unit, original, "lost")
            assert documents.twin_of(unit, after) is None


class TestGivenAChange:
    def test_it_lies_where_it_was_put_last(self, unit_factory: UnitFactory) -> None:
        with unit_factory() as unit:
            staffed(unit)
            id_ = lent.paper(unit, customer(unit, "鸿鑫贸易"))
            documents.locate(unit, id_, "D柜3层")
            documents.mark_important(unit, id_)
            one = documents.get(unit, id_)
            assert one is not None
            assert (one.location, one.important) == ("D柜3层", True)
            documents.locate(unit, id_, "")
            one = documents.get(unit, id_)
            assert one is not None
            assert one.location == ""

    def test_what_is_gone_stays_on_record_and_cannot_be_moved(
        self, unit_factory: UnitFactory
    ) -> None:
        with unit_factory() as unit:
            staffed(unit)
            dossier_id = customer(unit, "鸿鑫贸易")
            id_ = lent.paper(unit, dossier_id)
            documents.take_off(unit, id_, "destroyed")
            assert titles(unit, dossier_id) == []
            index = documents.index_of(unit.vault, "合同")
            assert documents.filed(unit.session, [dossier_id], [index])
            for work in (
                lambda: documents.take_off(unit, id_, "lost"),
                lambda: documents.locate(unit, id_, "A"),
                lambda: documents.mark_important(unit, id_),
            ):
                with pytest.raises(Conflict):
                    work()

    def test_what_somebody_has_cannot_be_taken_off(self, unit_factory: UnitFactory) -> None:
        with unit_factory() as unit:
            staffed(unit)
            dossier_id = customer(unit, "鸿鑫贸易")
            id_ = lent.paper(unit, dossier_id)
            lent.lent(unit, dossier_id, (id_,))
            with pytest.raises(Conflict):
                documents.take_off(unit, id_, "destroyed")


class TestGivenWordsForADossier:
    def test_number_old_number_and_name_mean_it(self, unit_factory: UnitFactory) -> None:
        with unit_factory() as unit:
            staffed(unit)
            keep, gone = customer(unit, "鸿鑫贸易"), customer(unit, "鸿鑫商贸")
            first, second = customer(unit, "瑞禾"), customer(unit, "瑞禾")
            old, number = held(unit, gone).number, held(unit, keep).number
            assert old is not None
            assert number is not None
            merging.merge(unit, merging.plan(held(unit, keep), held(unit, gone)), "operator")
            words = [number, old, "鴻鑫 貿易", "瑞禾", "无此客户"]
            found = references.meant(unit.session, words)
            assert found == {
                number: (keep,), old: (keep,), "鴻鑫 貿易": (keep,), "瑞禾": (first, second),
                "无此客户": (),
            }  # fmt: skip
