"""Spreadsheets on the command line: what was taken, and a line for every refused row."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Command, Ended

STAFF = (
    "id,name,department,roles,superior,deputy,clearance,head_of,locale,wecom_userid,active\n"
    "1001,王建国,销售一部,department_manager,,,confidential,销售一部,zh_CN,,true\n"
    "1002,李晓梅,销售一部,salesperson,1001,,none,,zh_CN,,true\n"
)
DOSSIERS = (
    "number,name,type,keeper,level,grade,grade_until,class,phone,contact,address,location,"
    "department,opened_on,key\n"
    "KH-2026-0007,深圳市鸿鑫贸易有限公司,customer,1002,,none,,,0755-08661234,陈先生,福田区,A-1,"
    "销售一部,2026-03-02,\n"
    ",佛山市顺德区明辉五金厂,customer,1002,,none,,,,,,,销售一部,,\n"
)


class Company:
    def __init__(self, folder: Path, dossierbot: Command) -> None:
        self.folder = folder
        self._dossierbot = dossierbot

    def take(self, what: str, text: str, *more: str, encoding: str = "utf-8") -> Ended:
        file = self.folder / f"{what}.csv"
        file.write_bytes(text.encode(encoding))
        return self._dossierbot(what, "import", file, *more)

    def staff_list(self) -> str:
        return self._dossierbot("staff", "list").out


@pytest.fixture
def sheets(company: Path, dossierbot: Command) -> Company:
    return Company(company, dossierbot)


class TestGivenAStaffList:
    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
    def test_when_imported_then_they_are_there(self, sheets: Company, encoding: str) -> None:
        ended = sheets.take("staff", STAFF, encoding=encoding)
        assert (ended.code, ended.out) == (0, "2 people taken, 0 rows refused.\n")
        assert "李晓梅" in sheets.staff_list()

    def test_when_only_tried_then_nothing_is_kept(self, sheets: Company) -> None:
        ended = sheets.take("staff", STAFF, "--dry-run")
        assert ended.out == "2 people would be taken, 0 rows refused.\n"
        assert "李晓梅" not in sheets.staff_list()

    def test_when_a_row_is_wrong_then_its_place_is_named_and_the_others_taken(
        self, sheets: Company
    ) -> None:
        ended = sheets.take("staff", STAFF + "1003,赵敏,销售一部,sellar,1001,,,,,,\n")
        assert ended.code == 1
        assert "staff.csv:4  roles = 'sellar':" in ended.out
        assert "2 people taken, 1 row refused." in ended.out

    def test_when_a_row_has_several_faults_then_it_counts_once(self, sheets: Company) -> None:
        ended = sheets.take("staff", STAFF + ",,销售一部,sellar,,,公开,,,,\n")
        assert ended.out.count("staff.csv:4 ") == 4
        assert ended.out.endswith("2 people taken, 1 row refused.\n")

    def test_when_the_roles_are_asked_for_then_code_and_name(self, dossierbot: Command) -> None:
        assert ["custodian", "档案管理员"] in [
            line.split() for line in dossierbot("staff", "roles").out.splitlines()
        ]

    def test_when_a_column_is_unknown_then_it_is_named_and_nothing_taken(
        self, sheets: Company
    ) -> None:
        ended = sheets.take("staff", STAFF.replace("name,department", "name,abteilung", 1))
        assert ended.code == 1
        unknown, missing, summary = ended.out.splitlines()
        assert "Not known in the first line: abteilung;" in unknown
        assert "Missing in the first line: department;" in missing
        assert summary.startswith("0 people taken; mend the first line")

    def test_when_it_is_a_workbook_then_csv_is_asked_for(
        self, sheets: Company, dossierbot: Command
    ) -> None:
        assert "CSV" in dossierbot("staff", "import", sheets.folder / "staff.xlsx").refusal

    def test_when_it_is_not_there_then_said(self, sheets: Company, dossierbot: Command) -> None:
        assert "cannot be read" in dossierbot("staff", "import", sheets.folder / "no.csv").refusal

    def test_when_it_is_no_text_then_said(self, sheets: Company, dossierbot: Command) -> None:
        file = sheets.folder / "photo.csv"
        file.write_bytes(b"\x89PNG\r\n\x1a\n\x00\xff\xfe\x00")
        assert "no text in UTF-8, UTF-16 or GB18030" in dossierbot("staff", "import", file).refusal

    def test_when_they_have_left_then_no_invite(
        self, sheets: Company, dossierbot: Command
    ) -> None:
        sheets.take("staff", STAFF)
        sheets.take("staff", STAFF.replace("zh_CN,,true\n", "zh_CN,,false\n"))
        assert "1002 has left" in dossierbot("staff", "invite", "1002").refusal


class TestGivenDossiers:
    def test_when_imported_then_missing_numbers_are_given_out(self, sheets: Company) -> None:
        sheets.take("staff", STAFF)
        assert sheets.take("dossiers", DOSSIERS).out == "2 customers taken, 0 rows refused.\n"

    def test_when_imported_again_then_what_is_on_file_is_left(self, sheets: Company) -> None:
        sheets.take("staff", STAFF)
        sheets.take("dossiers", DOSSIERS)
        ended = sheets.take("dossiers", "".join(DOSSIERS.splitlines(keepends=True)[:2]))
        assert "dossiers.csv:2  number = 'KH-2026-0007': There is a dossier" in ended.out
        assert ended.code == 1

    def test_when_imported_again_without_numbers_then_nothing_is_taken_twice(
        self, sheets: Company
    ) -> None:
        sheets.take("staff", STAFF)
        sheets.take("dossiers", DOSSIERS)
        ended = sheets.take("dossiers", DOSSIERS)
        assert "already on file as KH-2026-0008; left as it was." in ended.out
        assert ended.out.endswith("0 customers taken, 2 rows refused.\n")

    def test_when_there_is_a_namesake_then_it_is_taken_and_said(self, sheets: Company) -> None:
        sheets.take("staff", STAFF)
        again = "name,phone,keeper\n深圳市鸿鑫贸易有限公司,0755-08661235,1002\n"
        sheets.take("dossiers", DOSSIERS)
        ended = sheets.take("dossiers", again)
        assert ended.code == 0
        assert "on file as KH-2026-0007 with another phone" in ended.out
        assert ended.out.endswith("1 customer taken, 0 rows refused.\n")

    def test_when_only_tried_then_it_can_be_taken_later(self, sheets: Company) -> None:
        sheets.take("staff", STAFF)
        assert "2 customers would be taken" in sheets.take("dossiers", DOSSIERS, "--dry-run").out
        assert "2 customers taken" in sheets.take("dossiers", DOSSIERS).out

    def test_when_the_keeper_is_unknown_then_each_row_says_so(self, sheets: Company) -> None:
        ended = sheets.take("dossiers", DOSSIERS)
        assert ended.out.count("keeper = '1002'") == 2
        assert "0 customers taken" in ended.out
