"""Papers from a spreadsheet: found again, paired with their twins, refused row by row."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import pytest

from handlers.sheets import document_sheet
from handlers.sheets.document_sheet import DOCUMENT_COLUMNS, DocumentList, take
from handlers.sheets.long_sheet import Told
from rules.secrecy import Grade
from storage import documents
from storage.documents import Document
from storage.references import meant
from storage.unit import Unit
from tests.conftest import UnitFactory
from tests.imports.test_sheets import Row, sheet
from tests.storage.nouns.company import customer, staffed

HX = "鸿鑫贸易"


def taken(unit: Unit, *rows: Row) -> Told:
    filled = [{"dossier": HX, "form": "original", **row} for row in rows]
    return take(unit, sheet(DOCUMENT_COLUMNS, *filled))


def kept(unit: Unit, dossier_id: int) -> list[Document]:
    return list(documents.page(unit, dossier_id, [one.value for one in Grade], 99))


def refused(told: Told) -> list[tuple[int, str]]:
    return [(one.line, one.column) for one in told.refused]


@pytest.fixture
def unit(unit_factory: UnitFactory) -> Iterator[Unit]:
    with unit_factory() as unit:
        staffed(unit)
        yield unit


class TestGivenAList:
    def test_all_columns_are_taken(self, unit: Unit) -> None:
        id_ = customer(unit, HX)
        row = {"title": "合同", "form": "影印件", "pages": "12", "copies": "3", "location": "C柜",
               "grade": "机密"}  # fmt: skip
        assert taken(unit, row).taken == 1
        (one,) = kept(unit, id_)
        assert (one.form, one.pages, one.copies, one.location) == ("copy", 12, 3, "C柜")
        assert (one.grade, one.important, one.material) == ("secret", False, "dossier")

    @pytest.mark.rule("S2-DOSS.13")
    def test_a_top_secret_paper_is_filed_apart(self, unit: Unit) -> None:
        id_ = customer(unit, HX)
        rows = ({"title": "合同"}, {"title": "报价与成本", "grade": "绝密"})
        assert refused(taken(unit, *rows)) == [(3, "location")]
        assert [one.title for one in kept(unit, id_)] == ["合同"]
        apart = {"title": "报价与成本", "grade": "绝密", "location": "保密柜2层"}
        assert taken(unit, apart, {"title": "附件", "location": "保密柜2层"}).taken == 2
        assert len(kept(unit, id_)) == 3

    def test_what_is_left_out_has_a_default(self, unit: Unit) -> None:
        id_ = customer(unit, HX)
        taken(unit, {"title": "合同"})
        (one,) = kept(unit, id_)
        assert (one.pages, one.copies, one.location, one.grade) == (0, 1, "", "none")

    def test_taken_twice_it_is_there_once(self, unit: Unit) -> None:
        id_ = customer(unit, HX)
        rows = ({"title": "合同"}, {"title": "合同", "form": "copy"}, {"title": "对账单"})
        assert taken(unit, *rows).taken == 3
        again = taken(unit, *rows, {"title": "附件"})
        assert (again.taken, again.on_file, again.refused) == (1, 3, [])
        assert len(kept(unit, id_)) == 4

    def test_what_was_destroyed_does_not_come_back(self, unit: Unit) -> None:
        id_ = customer(unit, HX)
        taken(unit, {"title": "合同"})
        documents.take_off(unit, kept(unit, id_)[0].id, "destroyed")
        told = taken(unit, {"title": "合同"})
        assert (told.taken, told.on_file) == (0, 1)
        assert kept(unit, id_) == []

    @pytest.mark.parametrize(
        ("row", "column"),
        [
            ({"dossier": "无此客户"}, "dossier"),
            ({"dossier": "瑞禾"}, "dossier"),
            ({"dossier": ""}, "dossier"),
            ({"title": ""}, "title"),
            ({"title": "长" * 201}, "title"),
            ({"form": ""}, "form"),
            ({"form": "副本"}, "form"),
            ({"pages": "十二"}, "pages"),
            ({"pages": "12.0"}, "pages"),
            ({"pages": "-1"}, "pages"),
            ({"copies": "0"}, "copies"),
            ({"grade": "公开"}, "grade"),
            ({"twin": "没有的"}, "twin"),
            ({"twin": "99"}, "twin"),
        ],
    )
    def test_a_wrong_row_is_refused_and_the_others_are_taken(
        self, unit: Unit, row: Row, column: str
    ) -> None:
        id_ = customer(unit, HX)
        for _ in range(2):
            customer(unit, "瑞禾")
        told = taken(unit, {"title": "营业执照"}, {"title": "合同", **row})
        assert refused(told) == [(3, column)]
        assert [one.title for one in kept(unit, id_)] == ["营业执照"]

    def test_a_second_line_of_one_paper_is_refused(self, unit: Unit) -> None:
        id_ = customer(unit, HX, phone="15400001234")
        number = "KH-2026-0001"
        told = taken(unit, {"title": "合同A"}, {"title": "合同ａ", "dossier": number})
        assert refused(told) == [(3, "title")]
        assert "2" in told.refused[0].why.facts["line"]
        assert len(kept(unit, id_)) == 1

    def test_a_wrong_header_takes_nothing(self, unit: Unit) -> None:
        customer(unit, HX)
        told = take(unit, sheet(("dossier", "title", "form", "colour"), {"dossier": HX}))
        assert [one.whole for one in told.refused] == [True]


COPY = {"title": "合同复印件", "form": "copy"}


class TestGivenTwins:
    def paired(self, unit: Unit, id_: int) -> dict[str, str]:
        """Return the title of the original of each copy."""
        papers = {one.id: one for one in kept(unit, id_)}
        return {
            one.title: papers[one.twin].title for one in papers.values() if one.twin is not None
        }

    @pytest.mark.parametrize(
        "rows",
        [
            ({"title": "合同"}, {**COPY, "twin": "合同"}),
            ({**COPY, "twin": "合同"}, {"title": "合同"}),
            ({"title": "合同", "twin": "合同复印件"}, COPY),
            ({"title": "合同"}, {**COPY, "twin": "2"}),
            ({"title": "合同", "twin": "3"}, {**COPY, "twin": "合同"}),
        ],
    )
    def test_either_may_name_the_other_by_title_or_line(
        self, unit: Unit, rows: tuple[Row, ...]
    ) -> None:
        id_ = customer(unit, HX)
        assert taken(unit, *rows).refused == []
        assert self.paired(unit, id_) == {"合同复印件": "合同"}

    def test_one_title_for_both_will_do(self, unit: Unit) -> None:
        id_ = customer(unit, HX)
        taken(unit, {"title": "合同"}, {"title": "合同", "form": "copy", "twin": "合同"})
        assert self.paired(unit, id_) == {"合同": "合同"}

    def test_a_twin_on_record_is_found_and_one_that_was_cut_off_is_mended(
        self, unit: Unit
    ) -> None:
        id_ = customer(unit, HX)
        taken(unit, {"title": "合同"}, COPY)
        told = taken(unit, {**COPY, "twin": "合同"})
        assert (told.on_file, told.refused) == (1, [])
        assert self.paired(unit, id_) == {"合同复印件": "合同"}

    @pytest.mark.parametrize(
        "other", [{"dossier": "瑞禾"}, {"form": "copy"}], ids=["another dossier", "same form"]
    )
    @pytest.mark.parametrize("twin", ["合同", "2"])
    def test_what_cannot_be_a_twin_is_refused(self, unit: Unit, other: Row, twin: str) -> None:
        customer(unit, HX)
        customer(unit, "瑞禾")
        told = taken(unit, {"title": "合同", **other}, {**COPY, "twin": twin})
        assert refused(told) == [(3, "twin")]

    def test_a_title_of_digits_comes_before_a_line(self, unit: Unit) -> None:
        id_ = customer(unit, HX)
        taken(unit, {"title": "合同"}, {"title": "2"}, {**COPY, "twin": "2"})
        assert self.paired(unit, id_) == {"合同复印件": "2"}

    def test_in_slices_a_twin_may_be_far_away(self, unit: Unit) -> None:
        id_ = customer(unit, HX)
        rows = [{"title": f"合同{n}"} for n in range(5)]
        rows += [{"title": f"合同{n}", "form": "copy", "twin": f"合同{n}"} for n in range(5)]
        filled = [{"dossier": HX, "form": "original", **row} for row in reversed(rows)]
        lines = sheet(DOCUMENT_COLUMNS, *filled)
        listed = DocumentList(lambda: iter(lines))
        assert listed.survey(partial(meant, unit.session)) == 10
        for count, good in listed.slices(3):
            assert count <= 3
            filed = document_sheet.known(unit.session, good, unit.vault)
            for one in listed.new(good, filed):
                documents.add(unit, one.dossier_id, one.row)
        document_sheet.apply_pairs(unit, listed.pairs.values())
        assert self.paired(unit, id_) == {f"合同{n}": f"合同{n}" for n in range(5)}
