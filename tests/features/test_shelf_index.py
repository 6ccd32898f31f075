"""Where every file stands, for who keeps the archive: in order, and no more than may be known."""

from __future__ import annotations

import io

import pytest
from openpyxl import load_workbook

from handlers.dossiers import shelf_index
from handlers.sheets.made import Made, Maker
from storage import documents, dossiers
from storage.tables import dossier
from storage.unit import Unit
from tests.features.council import audited
from tests.features.desk import acting
from tests.features.office import Office, one_channel, with_files
from tests.features.showroom import ARCHIVE, SELLER, sells


def made(office: Office, maker: Maker = shelf_index.make_workbook, who: str = ARCHIVE) -> Made:
    return office.look(lambda unit: maker(acting(office, unit, who), ()))


def rows(office: Office, who: str = ARCHIVE) -> list[tuple[str, ...]]:
    (file,) = made(office, who=who).files
    sheet = load_workbook(io.BytesIO(file.content)).active
    assert sheet is not None
    found = list(sheet.iter_rows(min_row=4, values_only=True))
    return [tuple(str(cell or "") for cell in row) for row in found]


def of_cabinet(office: Office) -> list[tuple[str, ...]]:
    """Return what the index has of the cabinet that only these tests know."""
    return [one for one in rows(office) if one[0].startswith("Z柜")]


def change(office: Office, number: str, **values: str) -> int:
    """Let a dossier of the sample be as that says."""

    def work(unit: Unit) -> int:
        id_ = dossiers.by_number(unit.session, number)
        assert id_ is not None
        unit.session.execute(dossier.update().where(dossier.c.id == id_).values(**values))
        return id_

    return office.change(work)


@one_channel
class TestGivenFilesOnShelves:
    @pytest.mark.rule("S2-INFO.6", "S2-INFO.7", "S1-15.5.2", "S1-10.2")
    async def test_then_the_index_has_them_in_the_order_of_the_shelves(
        self, office: Office
    ) -> None:
        for number, place in (
            ("KH-2020-0008", "Z柜10层1号"),
            ("KH-2020-0025", "Z柜2层11号"),
            ("KH-2022-0004", "Z柜2层3号"),
        ):
            change(office, number, location=place, grade="none")
        found = of_cabinet(office)
        assert [one[1] for one in found] == ["KH-2022-0004", "KH-2020-0025", "KH-2020-0008"]
        assert found[0][0] == "Z柜2层3号"
        assert found[0][2] == "惠州市绿洲服饰集团有限公司"

    @pytest.mark.rule("S2-INFO.6")
    async def test_then_a_single_one_is_found_by_part_of_its_name(self, office: Office) -> None:
        change(office, "KH-2022-0004", location="Z柜2层3号", grade="none")
        assert "Z柜2层3号" in await office[ARCHIVE].say("/shelf 绿洲服饰")

    async def test_then_a_paper_with_a_place_of_its_own_stands_there(self, office: Office) -> None:
        id_ = change(office, "KH-2022-0004", location="Z柜2层3号", grade="none")
        paper = documents.DocumentRow("厂区光盘", "original", location="防磁柜1层2号")
        office.change(lambda unit: documents.add(unit, id_, paper))
        assert ("防磁柜1层2号", "KH-2022-0004", "厂区光盘") in [
            (one[0], one[1], one[3]) for one in rows(office)
        ]

    @pytest.mark.rule("S2-INFO.17")
    async def test_then_what_the_reader_may_not_know_is_not_in_it(self, office: Office) -> None:
        change(office, "KH-2020-0008", location="Z柜1层1号", grade="top_secret")
        id_ = change(office, "KH-2022-0004", location="Z柜2层3号", grade="none")
        paper = documents.DocumentRow("底价", "original", location="保险柜", grade="top_secret")
        office.change(lambda unit: documents.add(unit, id_, paper))
        found = rows(office)
        assert "KH-2022-0004" in {one[1] for one in found}
        assert "KH-2020-0008" not in {one[1] for one in found}
        assert "底价" not in {one[3] for one in found}

    async def test_then_nobody_else_gets_it(self, office: Office) -> None:
        sells(office)
        for words in ("/shelf", "架位索引"):
            assert "各卷存放位置" not in await office[SELLER].say(words)
        shown = await office[SELLER].press("f.shelf.file.xlsx")
        assert audited(office, "shelf.asked") == []
        assert shown.files == 0


@with_files
async def test_it_is_sent_as_a_sheet_and_to_be_printed(office: Office) -> None:
    for label in ("导出 Excel", "打印版（PDF）"):
        assert "各卷存放位置一览" in await office[ARCHIVE].say("架位索引")
        assert (await office[ARCHIVE].tap(label)).files == 1
    assert len(audited(office, "shelf.sent")) == 2


@pytest.mark.parametrize("office", ["phones", "wecom"], indirect=True)  # up to their ceiling
@pytest.mark.rule("S2-INFO.22")
async def test_the_upper_grades_stand_in_the_remarks(office: Office) -> None:
    change(office, "KH-2020-0008", location="Z柜1层1号", grade="secret")
    (first,) = of_cabinet(office)
    assert (first[0], first[5]) == ("Z柜1层1号", "机密")
