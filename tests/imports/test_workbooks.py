"""Workbooks: what is read from them, and every way in which a cell or a file is refused."""

from __future__ import annotations

import resource
import time
import zipfile
from datetime import date, datetime
from datetime import time as clock
from pathlib import Path

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from xlsxwriter import Workbook

from handlers.sheets import staff_sheet, workbook_scan
from handlers.sheets.sheet import Line, Refused, Sheet, Unreadable
from handlers.sheets.staff_sheet import STAFF_COLUMNS
from handlers.sheets.workbook import open_workbook
from storage.staff import StaffRow
from tests.imports.workbooks import (
    SHEET,
    STAFF_HEADER,
    text_row,
    with_part,
    with_sheet,
    workbook,
)

OLD = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)
GOOD = ("s1", "张三", "一部", "", "是")


def opened(path: Path) -> Sheet:
    return open_workbook(path, STAFF_COLUMNS)


def lines(path: Path) -> list[Line]:
    return list(opened(path).lines())


def staff_of(path: Path) -> tuple[list[StaffRow], list[Refused]]:
    return staff_sheet.read_staff(opened(path).lines())


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "名单.xlsx"


class TestGivenAGoodWorkbook:
    def test_cells_are_read_as_a_person_sees_them(self, file: Path) -> None:
        values = [
            "张三 ", 1001, 75508661234, 1.5, True, False, date(2026, 9, 14),
            datetime(2026, 9, 14, 8, 30),  # noqa: DTZ001 - a cell has no zone
            clock(8, 30),
        ]  # fmt: skip
        workbook(file, [STAFF_HEADER, values])
        assert lines(file)[1].cells == (
            "张三", "1001", "75508661234", "1.5", "TRUE", "FALSE", "2026-09-14",
            "2026-09-14 08:30:00", "08:30:00",
        )  # fmt: skip

    @pytest.mark.parametrize("mac", [False, True])
    def test_days_are_those_that_are_seen_from_whatever_year_they_are_counted(
        self, file: Path, mac: bool
    ) -> None:
        with Workbook(file, {"date_1904": mac}) as book:
            page = book.add_worksheet()
            page.write_row(0, 0, STAFF_HEADER)
            day = book.add_format({"num_format": "yyyy/m/d"})
            page.write_datetime(1, 0, date(2026, 3, 2), day)
        assert lines(file)[1].cells[0] == "2026-03-02"

    def test_lines_have_the_numbers_of_the_spreadsheet(self, file: Path) -> None:
        workbook(file, [[], [], STAFF_HEADER, [], GOOD])
        assert [line.number for line in lines(file)] == [3, 5]
        _, (refused,) = staff_of(workbook(file, [STAFF_HEADER, [], ("", "李四", "一部")]))
        assert (refused.line, refused.column) == (3, "id")

    def test_it_can_be_read_twice(self, file: Path) -> None:
        sheet = opened(workbook(file, [STAFF_HEADER, GOOD]))
        assert list(sheet.lines()) == list(sheet.lines())

    def test_a_formula_counts_as_what_it_shows(self, file: Path) -> None:
        row = (
            '<row r="2"><c r="A2" t="str"><f>"s"&amp;1</f><v>s1</v></c>'
            '<c r="B2" t="str"><f>X1</f><v></v></c></row>'
        )
        (_, line) = lines(with_sheet(file, text_row(1, "id", "name") + row))
        assert (line.cells, line.faults) == (("s1", ""), ())


class TestGivenSeveralSheets:
    def book(self, file: Path, **sheets: list[tuple[str, ...]]) -> Path:
        book = openpyxl.Workbook()
        assert book.active is not None
        book.remove(book.active)
        for name, rows in sheets.items():
            sheet = book.create_sheet(name)
            for row in rows:
                sheet.append(row)
            if name.startswith("hidden"):
                sheet.sheet_state = "hidden"
        book.save(file)
        return file

    def test_the_first_visible_one_with_our_header_is_read_and_named(self, file: Path) -> None:
        sheet = opened(
            self.book(file, 说明=[("请勿改动",)], hidden=[STAFF_HEADER], 在职=[STAFF_HEADER, GOOD])
        )
        assert sheet.remark is not None
        assert sheet.remark.facts == {"count": "3", "sheet": "在职"}
        assert len(list(sheet.lines())) == 2

    def test_without_our_header_the_first_with_anything_says_what_is_missing(
        self, file: Path
    ) -> None:
        _, refused = staff_of(self.book(file, 空=[], 名单=[("编码", "人员")]))
        assert any("编码, 人员" in str(one) for one in refused)

    def test_a_header_in_chinese_is_ours_as_well(self, file: Path) -> None:
        rows = [("工号", "姓名", "部门"), ("s1", "张三", "一部")]
        people, refused = staff_of(self.book(file, 说明=[("填写说明",)], 名单=rows))
        assert ([one.id for one in people], refused) == (["s1"], [])

    def test_only_hidden_or_empty_ones_are_refused(self, file: Path) -> None:
        with pytest.raises(Unreadable, match="no visible sheet"):
            opened(self.book(file, 空=[], hidden=[STAFF_HEADER]))


class TestGivenCellsThatCannotBeTold:
    def refused(self, file: Path) -> list[tuple[int, str, str]]:
        people, refused = staff_of(file)
        assert [one.id for one in people] == ["s1"]
        return [(one.line, one.column, str(one)) for one in refused]

    @pytest.mark.parametrize("error", ["#REF!", "#N/A", "#DIV/0!", "#VALUE!"])
    def test_an_error_is_named_with_its_cell(self, file: Path, error: str) -> None:
        broken = (
            f'<row r="3"><c r="A3"><v>2</v></c><c r="B3" t="e"><f>Z9</f><v>{error}</v></c>'
            '<c r="C3"><v>7</v></c></row>'
        )
        with_sheet(file, text_row(1, "id", "name", "department") + text_row(2, *GOOD[:3]) + broken)
        ((line, column, words),) = self.refused(file)
        assert (line, column) == (3, "name")
        assert f"B3 shows the error {error}" in words

    def test_a_formula_without_a_result_is_named(self, file: Path) -> None:
        workbook(file, [STAFF_HEADER, GOOD, ("s2", "=A1&B1", "一部", "", "")])
        ((line, column, words),) = self.refused(file)
        assert (line, column) == (3, "name")
        assert "B3 holds a formula" in words

    def test_a_merged_value_counts_for_its_first_row(self, file: Path) -> None:
        rows = [STAFF_HEADER, GOOD, ("s2", "李四"), ("s3", "王五")]
        workbook(file, rows)
        book = openpyxl.load_workbook(file)
        sheet = book.active
        assert sheet is not None
        sheet.merge_cells("C2:C4")
        book.save(file)
        refused = self.refused(file)
        assert [(line, column) for line, column, _ in refused] == [
            (3, "department"),
            (4, "department"),
        ]
        assert "C2:C4 is one merged cell, and its value counts for row 2 only" in refused[0][2]

    def test_a_cell_merged_over_columns_refuses_its_row(self, file: Path) -> None:
        workbook(file, [STAFF_HEADER, GOOD, ("s2", "李四", "一部")])
        book = openpyxl.load_workbook(file)
        sheet = book.active
        assert sheet is not None
        sheet.merge_cells("B3:C3")
        book.save(file)
        assert "B3:C3" in self.refused(file)[0][2]

    def test_a_merged_header_keeps_the_file_out(self, file: Path) -> None:
        workbook(file, [STAFF_HEADER, GOOD])
        book = openpyxl.load_workbook(file)
        sheet = book.active
        assert sheet is not None
        sheet.merge_cells("A1:B1")
        book.save(file)
        people, refused = staff_of(file)
        assert people == []
        assert all(one.whole for one in refused)
        assert "A1:B1" in str(refused[0])

    def test_a_number_that_was_rounded_is_refused(self, file: Path) -> None:
        workbook(file, [STAFF_HEADER, GOOD, (440301199001011234, "李四", "一部")])
        assert "A3 holds a number of more than 15 digits" in self.refused(file)[0][2]

    def test_zeros_that_are_only_shown_are_refused(self, file: Path) -> None:
        workbook(file, [STAFF_HEADER, GOOD, (12, "李四", "一部")])
        book = openpyxl.load_workbook(file)
        sheet = book.active
        assert sheet is not None
        sheet["A3"].number_format = "00000"
        book.save(file)
        assert "A3 shows zeros at its beginning" in self.refused(file)[0][2]

    def test_a_text_with_zeros_is_kept(self, file: Path) -> None:
        people, refused = staff_of(workbook(file, [STAFF_HEADER, ("0012", "李四", "一部")]))
        assert ([one.id for one in people], refused) == (["0012"], [])


class TestGivenAHugeWorkbook:
    def test_a_million_formatted_rows_are_read_in_seconds(self, file: Path) -> None:
        empty = "".join(
            f'<row r="{at}" s="1"><c r="A{at}" s="1"/><c r="XFD{at}" s="1"/></row>'
            for at in range(3, 1_000_003)
        )
        head = text_row(1, "id", "name", "department") + text_row(2, "s1", "张三", "一部")
        with_sheet(file, head + empty)
        del empty
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        began = time.process_time()
        people, refused = staff_of(file)
        assert time.process_time() - began < 20
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000  # KiB
        assert ([one.id for one in people], refused) == (["s1"], [])

    @pytest.mark.parametrize("cell", ["T1048576", "XFD9000"])
    def test_a_cell_far_away_is_named_before_memory_is_taken(self, file: Path, cell: str) -> None:
        row = cell.lstrip("TXFD")
        far = f'<row r="{row}"><c r="{cell}"><v>1</v></c></row>'
        with_sheet(file, text_row(1, "id") + far)
        with pytest.raises(Unreadable, match=f"{cell}, too far to be read"):
            opened(file)

    def test_a_bomb_is_refused_by_what_it_holds_not_by_what_it_says(
        self, file: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(workbook_scan, "MAX_UNPACKED", 1 << 20)
        with_sheet(file, text_row(1, "id") + " " * (4 << 20))
        with pytest.raises(Unreadable, match="larger than 1 MB"):
            opened(file)
        content = file.read_bytes()
        with zipfile.ZipFile(file) as archive:
            true = archive.getinfo(SHEET).file_size.to_bytes(4, "little")
        file.write_bytes(content.replace(true, (100).to_bytes(4, "little")))
        with pytest.raises(Unreadable, match="larger than 1 MB"):
            opened(file)


class TestGivenSomethingElse:
    def test_a_protected_workbook_says_so(self, file: Path) -> None:
        file.write_bytes(
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
            + bytes(600)
            + "EncryptedPackage".encode("utf-16-le")
        )
        with pytest.raises(Unreadable, match="password"):
            opened(file)

    def test_an_old_workbook_says_what_to_save_it_as(self, file: Path) -> None:
        file.write_bytes(OLD)
        with pytest.raises(Unreadable, match=r"another kind than \.xlsx"):
            opened(file)

    def test_another_archive_says_so(self, file: Path) -> None:
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        with pytest.raises(Unreadable, match=r"another kind than \.xlsx"):
            opened(file)

    def test_a_part_that_is_no_xml_says_so(self, file: Path) -> None:
        workbook(file, [STAFF_HEADER, GOOD])
        with_part(file, "xl/workbook.xml", b"<workbook><sheets><sheet name=")
        with pytest.raises(Unreadable):
            opened(file)

    @settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(cut=st.floats(0.01, 2), hits=st.lists(st.floats(0, 1, exclude_max=True), max_size=6))
    def test_whatever_is_cut_off_or_changed_is_read_or_refused(
        self, tmp_path: Path, cut: float, hits: list[float]
    ) -> None:
        file = workbook(tmp_path / "a.xlsx", [STAFF_HEADER, GOOD, ("s2", 7, None)])
        content = bytearray(file.read_bytes())
        del content[int(cut * len(content)) :]
        for at in hits:
            content[int(at * len(content))] ^= 0x55
        file.write_bytes(content)
        try:
            read = lines(file)
        except Unreadable:
            return
        assert all(line.cells for line in read)
