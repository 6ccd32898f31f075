"""Spreadsheets on the command line: what was taken, and a line for every refused row."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace
from sqlalchemy import select

from bot.commands import staff as staff_commands
from bot.config import load
from bot.offline import opened
from handlers.world import World
from storage import accounts, audit, dossiers, grades, loans
from storage.audit import Wanted
from storage.staff import StaffRow
from storage.tables import outbox
from storage.unit import Unit
from tests.cli.conftest import Command, Ended
from tests.imports.workbooks import text_row, with_sheet, workbook

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
HEAD = "id,name,department,roles,superior,wecom_userid\n"
FORMS = ("csv", "xlsx")


class Company:
    def __init__(self, folder: Path, dossierbot: Command) -> None:
        self.folder = folder
        self._dossierbot = dossierbot

    def trail(self, subject: str) -> list[tuple[str, Mapping[str, str | int]]]:
        """Return action and facts of what the audit trail has on a subject, oldest first."""
        with opened(load(self.folder / "config.toml", {})) as store:
            found = store.read(
                lambda session: audit.entries(session, Wanted(subject=subject), 100)
            )
        return [(one.entry.action, one.entry.facts) for one in reversed(found)]

    def take(
        self, what: str, text: str, *more: str, form: str = "csv", encoding: str = "utf-8"
    ) -> Ended:
        file = self.folder / f"{what}.{form}"
        if form == "xlsx":
            workbook(file, csv.reader(io.StringIO(text)))
        else:
            file.write_bytes(text.encode(encoding))
        return self._dossierbot(what, "import", file, *more)

    def run(self, *words: str | Path) -> Ended:
        return self._dossierbot(*words)

    def staff_list(self) -> str:
        return self._dossierbot("staff", "list").out


@pytest.fixture
def sheets(company: Path, dossierbot: Command, monkeypatch: pytest.MonkeyPatch) -> Company:
    """A company that speaks English."""
    monkeypatch.setenv("DOSSIERBOT_COMPANY_LOCALE", "en")
    return Company(company, dossierbot)


def people(new: int = 0, changed: int = 0, unchanged: int = 0, left: int = 0, bad: int = 0) -> str:
    return (
        f"People: {new} new, {changed} changed, {unchanged} unchanged, {left} deactivated; "
        f"rows refused: {bad}.\n"
    )


def customers(taken: int = 0, on_file: int = 0, bad: int = 0) -> str:
    return f"Customers: {taken} taken, {on_file} on file already; rows refused: {bad}.\n"


def papers(taken: int = 0, on_file: int = 0, bad: int = 0) -> str:
    return f"Papers: {taken} taken, {on_file} on record already; rows refused: {bad}.\n"


class TestGivenAStaffList:
    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
    def test_when_imported_then_they_are_there(self, sheets: Company, encoding: str) -> None:
        ended = sheets.take("staff", STAFF, encoding=encoding)
        assert (ended.code, ended.out) == (0, people(new=2))
        assert "李晓梅" in sheets.staff_list()

    @pytest.mark.parametrize("form", FORMS)
    def test_when_only_tried_then_nothing_is_kept(self, sheets: Company, form: str) -> None:
        ended = sheets.take("staff", STAFF, "--dry-run", form=form)
        assert ended.out == people(new=2) + "Only tried: nothing was written.\n"
        assert "李晓梅" not in sheets.staff_list()
        assert sheets.take("staff", STAFF, form=form).out == people(new=2)

    @pytest.mark.parametrize("form", FORMS)
    @pytest.mark.parametrize(
        ("rows", "told"),
        [
            (
                "1003,赵敏,一部,,9999,\n",
                ["4  superior = '9999': Nobody in this file or on the staff list"],
            ),
            (
                "1003,赵敏,一部,,1004,\n1004,钱江,一部,,1005,\n1005,孙立,一部,,1003,\n",
                [
                    "4  superior = '1004': The superiors go round in a circle: 1003 → 1004 → 1005",
                    "5  superior = '1005': The superiors go round in a circle",
                    "6  superior = '1003': The superiors go round in a circle",
                ],
            ),
            ("1003,赵敏,一部,,1003,\n", ["4  superior = '1003': Nobody can be that for them"]),
            (
                "1003,赵敏,一部,,,\n1003,钱江,一部,,,\n",
                ["4  id = '1003': The same number is in line 5", "5  id = '1003': The same"],
            ),
            ("1003,赵敏,一部,sellar,,\n", ["4  roles = 'sellar': There is no role sellar"]),
            (
                "1003,赵敏,一部,,,zm\n1004,钱江,一部,,,zm\n",
                ["5  wecom_userid = 'zm': This WeCom account belongs to staff number 1003"],
            ),
            ("1003,赵敏,一部,,,@all\n", ["4  wecom_userid = '@all': A WeCom account has"]),
            ("1003,赵敏,一部,,,a|b\n", ["4  wecom_userid = 'a|b': A WeCom account has"]),
            ("1003,赵敏,一部,,1001.0,\n", ["4  superior = '1001.0': The spreadsheet program"]),
        ],
    )
    def test_when_a_row_is_wrong_then_place_and_reason_are_told_and_the_others_taken(
        self, sheets: Company, form: str, rows: str, told: list[str]
    ) -> None:
        good = "1001,王建国,一部,,,\n1002,李晓梅,一部,,1001,\n"
        ended = sheets.take("staff", HEAD + good + rows, form=form)
        assert ended.code == 1
        *lines, summary = ended.out.splitlines()
        assert len(lines) == len(told)
        for line, words in zip(lines, told, strict=True):
            assert line.startswith(f"staff.{form}:{words}")
        new = 2 + rows.count("\n") - len(told)
        assert summary + "\n" == people(new=new, bad=len(told))

    def test_when_a_cell_cannot_be_told_then_it_is_named(self, sheets: Company) -> None:
        head = text_row(1, "id", "name", "department")
        row = '<row r="2"><c r="A2"><v>1</v></c><c r="B2" t="e"><v>#REF!</v></c></row>'
        file = with_sheet(sheets.folder / "staff.xlsx", head + row)
        ended = sheets.run("staff", "import", file)
        assert "staff.xlsx:2  name = '': The cell B2 shows the error #REF!" in ended.out

    def test_when_imported_again_then_it_says_what_it_changed(self, sheets: Company) -> None:
        sheets.take("staff", STAFF)
        assert sheets.take("staff", STAFF).out == people(unchanged=2)
        changed = STAFF.replace("李晓梅", "李小梅") + "1003,赵敏,销售一部,,1001,,,,,,\n"
        assert sheets.take("staff", changed).out == people(new=1, changed=1, unchanged=1)
        assert sheets.take(
            "staff", changed.replace("zh_CN,,true\n1003", "zh_CN,,no\n1003")
        ).out == (people(unchanged=2, left=1))

    def test_when_columns_are_left_out_then_what_they_held_stays(self, sheets: Company) -> None:
        sheets.take("staff", STAFF)
        short = "id,name,department\n1002,李晓梅,销售一部\n"
        assert sheets.take("staff", short).out.startswith(people(unchanged=1))
        assert "salesperson" in sheets.staff_list()

    def test_when_cut_off_then_the_same_command_completes_it(
        self, sheets: Company, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        slices = []
        real = staff_commands.take

        def cut_off(people: list[StaffRow], world: World, unit: Unit) -> None:
            slices.append(len(people))
            if len(slices) == 2:
                raise RuntimeError("cut off")
            real(people, world, unit)

        many = HEAD + "".join(f"{n},王{n},一部,,{n + 1},\n" for n in range(1000, 1249))
        many += "1249,王总,一部,gm,,\n"
        monkeypatch.setattr(staff_commands, "take", cut_off)
        with pytest.raises(RuntimeError):
            sheets.take("staff", many)
        assert sheets.take("staff", many).out == people(new=150, unchanged=100)
        assert slices == [100, 100, 100, 50]
        assert sheets.take("staff", many).out == people(unchanged=250)
        assert sheets.trail("staff:1100") == [("staff.entered", {})]

    def test_when_somebody_is_left_out_then_they_stay_and_are_named(self, sheets: Company) -> None:
        sheets.take("staff", STAFF)
        short = STAFF.replace("1002,", "1003,")
        ended = sheets.take("staff", short)
        assert "not in this file: 1 (1002 李晓梅). They stay as they are" in ended.out
        assert "李晓梅" in sheets.staff_list()
        wrong = sheets.take("staff", STAFF.replace("1002,", "1002,,"))
        assert "not in this file: 1 (1003 李晓梅)" in wrong.out

    def test_when_imported_then_the_audit_trail_has_who_but_not_what(
        self, sheets: Company
    ) -> None:
        sheets.take("staff", STAFF)
        changed = STAFF.replace("1002,李晓梅", "1002,李小梅").replace(",,true", ",wang,true", 1)
        for active in ("true", "true", "no"):
            sheets.take("staff", changed[:-5] + f"{active}\n", "--dry-run")
            sheets.take("staff", changed[:-5] + f"{active}\n")
        assert sheets.trail("staff:1001") == [
            ("staff.entered", {}),
            ("staff.changed", {"columns": "wecom_userid"}),
            ("account.bound", {"messenger": "wecom"}),
        ]
        assert sheets.trail("staff:1002") == [
            ("staff.entered", {}),
            ("staff.changed", {"columns": "name"}),
            ("staff.deactivated", {}),
        ]

    def test_when_two_swap_their_wecom_accounts_then_both_are_taken(self, sheets: Company) -> None:
        rows = "1001,王建国,一部,,,{}\n1002,李晓梅,一部,,,{}\n"
        sheets.take("staff", HEAD + rows.format("a", "b"))
        assert sheets.take("staff", HEAD + rows.format("b", "a")).out == people(changed=2)
        assert sheets.take("staff", HEAD + rows.format("b", "a")).out == people(unchanged=2)
        refused = sheets.take("staff", HEAD + "1002,李晓梅,一部,,,b\n")
        assert "belongs to staff number 1001" in refused.out

    def test_when_somebody_came_before_they_were_listed_then_they_hear_a_first_word(
        self, sheets: Company
    ) -> None:
        settings = load(sheets.folder / "config.toml", {})

        def owed() -> list[tuple[str, str]]:
            query = select(outbox.c.account, outbox.c.staff_id)
            with opened(settings) as store:
                return store.run(lambda unit: list(map(tuple, unit.session.execute(query))))

        rows = "1001,王建国,一部,,,wangjg\n1002,李晓梅,一部,,1001,LiXM\n"
        with opened(settings) as store:
            store.run(lambda unit: accounts.met(unit, "wecom", "lixm", unit.now))
        sheets.take("staff", HEAD + rows, "--dry-run")
        assert owed() == []
        for _ in range(2):
            sheets.take("staff", HEAD + rows)
            assert owed() == [("lixm", "1002")]

    def test_when_a_row_has_several_faults_then_it_counts_once(self, sheets: Company) -> None:
        ended = sheets.take("staff", STAFF + ",,销售一部,sellar,,,公开,,,,\n")
        assert ended.out.count("staff.csv:4 ") == 4
        assert ended.out.endswith(people(new=2, bad=1))

    def test_when_the_roles_are_asked_for_then_code_and_name(self, dossierbot: Command) -> None:
        assert ["custodian", "档案管理员"] in [
            line.split() for line in dossierbot("staff", "roles").out.splitlines()
        ]

    @pytest.mark.parametrize("form", FORMS)
    def test_when_a_column_is_unknown_then_it_is_named_and_nothing_taken(
        self, sheets: Company, form: str
    ) -> None:
        text = STAFF.replace("name,department", "name,abteilung", 1)
        ended = sheets.take("staff", text, form=form)
        assert ended.code == 1
        unknown, missing, summary = ended.out.splitlines()
        assert "Not known in the first line: abteilung;" in unknown
        assert "Missing in the first line: department/部门;" in missing
        assert summary.startswith("Nothing was taken; mend the first line")

    @pytest.mark.parametrize("form", ["csv", "xls", "ods", "xlsm", "txt"])
    def test_when_its_name_lies_then_its_content_counts(self, sheets: Company, form: str) -> None:
        file = workbook(sheets.folder / "staff.xlsx", csv.reader(io.StringIO(STAFF)))
        file = file.rename(sheets.folder / f"staff.{form}")
        assert sheets.run("staff", "import", file).out == people(new=2)
        file = sheets.folder / "staff.xlsx"
        file.write_text(STAFF, encoding="utf-8")
        assert sheets.run("staff", "import", file).out == people(unchanged=2)

    def test_when_it_is_not_there_then_said(self, sheets: Company) -> None:
        assert "cannot be read" in sheets.run("staff", "import", sheets.folder / "no.csv").refusal

    def test_when_it_is_no_text_then_said(self, sheets: Company) -> None:
        file = sheets.folder / "photo.csv"
        file.write_bytes(b"\x89PNG\r\n\x1a\n\x00\xff\xfe\x00")
        refusal = sheets.run("staff", "import", file).refusal
        assert "no text in UTF-8, UTF-16 or GB18030" in refusal

    def test_when_they_have_left_then_no_invite(self, sheets: Company) -> None:
        sheets.take("staff", STAFF)
        sheets.take("staff", STAFF.replace("zh_CN,,true\n", "zh_CN,,false\n"))
        assert "1002 has left" in sheets.run("staff", "invite", "1002").refusal


class TestGivenACompanyThatSpeaksChinese:
    def test_when_imported_then_all_of_it_is_told_in_chinese(
        self, company: Path, dossierbot: Command
    ) -> None:
        chinese = Company(company, dossierbot)
        ended = chinese.take("staff", STAFF + "1003,赵敏,销售一部,sellar,9999,,,,,,\n")
        role, summary = ended.out.splitlines()
        assert role.startswith("staff.csv:4  roles = 'sellar': 没有角色“sellar”")
        assert summary == "人员：新增 2，变更 0，未变 0，停用 0；退回 1 行。"
        ended = chinese.take("dossiers", DOSSIERS, "--dry-run")
        assert ended.out == "客户：导入 2，已在册 0；退回 0 行。\n仅为试导入：未写入任何内容。\n"
        file = company / "old.xls"
        file.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600))
        assert dossierbot("dossiers", "import", file).refusal.startswith("这不是 .xlsx 工作簿")
        assert dossierbot("dossiers", "duplicates").out == "没有相似的档案。\n"


class TestGivenDossiers:
    @pytest.fixture(autouse=True)
    def staff(self, sheets: Company) -> None:
        sheets.take("staff", STAFF)

    @pytest.mark.parametrize("form", FORMS)
    def test_when_imported_then_missing_numbers_are_given_out(
        self, sheets: Company, form: str
    ) -> None:
        assert sheets.take("dossiers", DOSSIERS, form=form).out == customers(taken=2)

    @pytest.mark.parametrize("form", FORMS)
    def test_when_imported_again_then_nothing_is_written(self, sheets: Company, form: str) -> None:
        sheets.take("dossiers", DOSSIERS)
        ended = sheets.take("dossiers", DOSSIERS, form=form)
        assert (ended.code, ended.out) == (0, customers(on_file=2))

    def test_when_a_number_is_another_customers_then_refused(self, sheets: Company) -> None:
        sheets.take("dossiers", DOSSIERS)
        ended = sheets.take("dossiers", "number,name,keeper\nKH-2026-0007,瑞禾,1002\n")
        assert "dossiers.csv:2  number = 'KH-2026-0007': Another customer" in ended.out
        assert ended.code == 1

    def test_when_there_is_a_namesake_then_it_is_taken_and_said(self, sheets: Company) -> None:
        again = "name,phone,keeper\n深圳市鸿鑫贸易有限公司,0755-08661235,1002\n"
        sheets.take("dossiers", DOSSIERS)
        ended = sheets.take("dossiers", again)
        assert ended.code == 0
        assert "on file as KH-2026-0007 with another phone" in ended.out
        assert ended.out.endswith(
            customers(taken=1)
            + "Alike are 1 of them; `dossierbot dossiers duplicates` lists who is.\n"
        )

    def test_when_only_tried_then_it_can_be_taken_later(self, sheets: Company) -> None:
        tried = sheets.take("dossiers", DOSSIERS, "--dry-run").out
        assert tried == customers(taken=2) + "Only tried: nothing was written.\n"
        assert sheets.take("dossiers", DOSSIERS).out == customers(taken=2)

    def test_when_tried_then_it_tells_exactly_what_a_real_run_tells(self, sheets: Company) -> None:
        text = DOSSIERS + (
            ",深圳市鴻鑫貿易有限公司,customer,1002,,,,,075508661234,,,,,,\n"
            ",深圳市鸿鑫贸易有限公司,customer,1002,,,,,0755-08661239,,,,,,\n"
            ",瑞禾,customer,1002,,,,,0755-08661239,,,,,,VIN1\n"
            ",远航,customer,1009,,,,,,,,,,,\n"
            ",远航,customer,1002,,,46279,,,,,,,,vin1\n"
        )
        tried = sheets.take("dossiers", text, "--dry-run").out
        assert tried.replace("Only tried: nothing was written.\n", "") == (
            sheets.take("dossiers", text).out
        )
        assert customers(taken=4, bad=3) in tried

    def test_when_the_keeper_is_unknown_then_each_row_says_so(self, sheets: Company) -> None:
        ended = sheets.take("dossiers", DOSSIERS.replace(",1002,", ",1009,"))
        assert ended.out.count("keeper = '1009'") == 2
        assert customers(bad=2) in ended.out

    def test_when_the_header_is_wrong_then_nothing_is_taken(self, sheets: Company) -> None:
        ended = sheets.take("dossiers", "name,keeper,shoe\n鸿鑫,1002,43\n")
        assert ended.code == 1
        assert ended.out.endswith("Nothing was taken; mend the first line and import the file "
                                  "again.\n")  # fmt: skip

    def test_when_imported_then_the_audit_trail_says_how_many_and_only_once(
        self, sheets: Company
    ) -> None:
        sheets.take("dossiers", DOSSIERS, "--dry-run")
        for _ in range(2):
            sheets.take("dossiers", DOSSIERS)
        for _ in range(2):
            sheets.take("documents", TestGivenPapers.TEXT)
        said = sheets.run("audit", "show").out
        assert said.count("The command line imported customers") == 1
        assert said.count("The command line imported papers") == 1


class TestGivenPapers:
    TEXT = (
        "dossier,title,form,pages,copies,location,grade,twin\n"
        "KH-2026-0007,框架合同,原件,12,1,A-1,秘密,\n"
        "深圳市鸿鑫贸易有限公司,框架合同,copy,12,2,,,框架合同\n"
        "佛山市顺德区明辉五金厂,营业执照,copy,1,,,,\n"
    )

    @pytest.fixture(autouse=True)
    def taken(self, sheets: Company) -> None:
        sheets.take("staff", STAFF)
        sheets.take("dossiers", DOSSIERS)

    @pytest.mark.parametrize("form", FORMS)
    def test_when_imported_then_they_are_there_once(self, sheets: Company, form: str) -> None:
        ended = sheets.take("documents", self.TEXT, "--dry-run", form=form)
        assert ended.out == papers(taken=3) + "Only tried: nothing was written.\n"
        ended = sheets.take("documents", self.TEXT, form=form)
        assert (ended.code, ended.out) == (0, papers(taken=3))
        ended = sheets.take("documents", self.TEXT, form=form)
        assert (ended.code, ended.out) == (0, papers(on_file=3))

    def test_when_a_row_is_wrong_then_place_and_reason_are_told(self, sheets: Company) -> None:
        wrong = "KH-2026-0099,合同,原件,,,,,\nKH-2026-0007,合同,scan,x,,,,\n"
        tried = sheets.take("documents", self.TEXT + wrong, "--dry-run")
        ended = sheets.take("documents", self.TEXT + wrong)
        assert tried.out == ended.out + "Only tried: nothing was written.\n"
        assert ended.code == 1
        dossier, form, pages, summary = ended.out.splitlines()
        assert dossier.startswith("documents.csv:5  dossier = 'KH-2026-0099': No dossier has")
        assert form.startswith("documents.csv:6  form = 'scan': Expected one of: original/原件")
        assert pages.startswith("documents.csv:6  pages = 'x': Expected a whole number, 0 or more")
        assert summary + "\n" == papers(taken=3, bad=2)

    def test_when_a_column_is_unknown_then_it_is_named(self, sheets: Company) -> None:
        ended = sheets.take("documents", self.TEXT.replace("twin", "twins", 1))
        assert ended.code == 1
        assert "Not known in the first line: twins;" in ended.out

    def test_when_a_list_is_longer_than_a_slice_then_all_of_it_is_taken(
        self, sheets: Company
    ) -> None:
        rows = "".join(
            f"KH-2026-0007,单据{n},copy,,,,,单据{n}\nKH-2026-0007,单据{n},original,,,,,\n"
            for n in range(130)
        )
        text = "dossier,title,form,pages,copies,location,grade,twin\n" + rows
        assert sheets.take("documents", text).out == papers(taken=260)
        assert sheets.take("documents", text).out == papers(on_file=260)


class TestGivenTwoDossiersOfOneCustomer:
    TEXT = (
        "number,name,keeper,phone,contact\n"
        "KH-1,鸿鑫贸易,1002,15400001234,\n"
        "KH-2,鴻鑫貿易,1002,15400001235,陈先生\n"
        'KH-3,"=HYPERLINK(""x"")",1002,15400001235,\n'
    )

    @pytest.fixture(autouse=True)
    def taken(self, sheets: Company) -> None:
        sheets.take("staff", STAFF)
        sheets.take("dossiers", self.TEXT)

    def test_they_are_listed(self, sheets: Company) -> None:
        assert sheets.run("dossiers", "duplicates").out.splitlines()[:6] == [
            "same name",
            "  KH-1  鸿鑫贸易  kept by 李晓梅",
            "  KH-2  鴻鑫貿易  kept by 李晓梅",
            "same phone, another name",
            "  KH-2  鴻鑫貿易  kept by 李晓梅",
            '  KH-3  =HYPERLINK("x")  kept by 李晓梅',
        ]

    def test_page_by_page(self, sheets: Company) -> None:
        first = sheets.run("dossiers", "duplicates", "--size", "1").out
        assert "same phone" not in first
        assert "dossiers duplicates --page 2" in first
        second = sheets.run("dossiers", "duplicates", "--size", "1", "--page", "2").out
        assert second.startswith("same phone")
        assert "--page" not in second

    def test_to_a_file_that_is_safe_to_open(self, sheets: Company) -> None:
        file = sheets.folder / "alike.csv"
        assert "2 groups are in" in sheets.run("dossiers", "duplicates", "--out", file).out
        lines = list(csv.reader(file.read_text("utf-8-sig").splitlines()))
        assert lines[0] == ["group", "why", "number", "name", "keeper"]
        assert lines[4][3] == '\'=HYPERLINK("x")'
        assert "cannot be written" in sheets.run(
            "dossiers", "duplicates", "--out", sheets.folder / "no" / "a.csv"
        ).refusal  # fmt: skip

    def test_told_apart_they_are_not_listed_again(self, sheets: Company) -> None:
        sheets.run("dossiers", "distinct", "KH-1", "KH-2")
        assert "same name" not in sheets.run("dossiers", "duplicates").out
        refusal = sheets.run("dossiers", "distinct", "KH-1", "KH-1").refusal
        assert "are one dossier already" in refusal

    def test_merged_the_old_number_leads_on(self, sheets: Company) -> None:
        tried = sheets.run("dossiers", "merge", "KH-1", "KH-2", "--dry-run").out.splitlines()
        assert tried == [
            "contact: 陈先生 (was empty in KH-1)",
            "name: 鸿鑫贸易 stays; 鴻鑫貿易 of KH-2 is kept with its old number",
            "phone: 15400001234 stays; 15400001235 of KH-2 is kept with its old number",
            "Only tried: KH-2 (鴻鑫貿易) would go into KH-1 (鸿鑫贸易).",
        ]
        assert "KH-2 (鴻鑫貿易) is now part of KH-1" in sheets.run(
            "dossiers", "merge", "KH-1", "KH-2"
        ).out  # fmt: skip
        assert "  phone: 15400001235" in sheets.run("dossiers", "merged", "KH-2").out.splitlines()
        assert sheets.run("dossiers", "duplicates").out == "No dossiers are alike.\n"
        assert sheets.take("dossiers", self.TEXT).out == customers(on_file=3)
        assert "are one dossier already" in sheets.run("dossiers", "merge", "KH-1", "KH-2").refusal

    @pytest.mark.rule("C-56")
    def test_merged_into_a_higher_grade_what_is_lent_is_called_back(self, sheets: Company) -> None:
        config = sheets.folder / "config.toml"

        def lend(unit: Unit) -> int:
            id_ = dossiers.by_number(unit.session, "KH-2")
            other = dossiers.by_number(unit.session, "KH-1")
            assert id_ is not None
            assert other is not None
            grades.give(unit, other, "secret", None)
            new = loans.NewLoan(
                "loan", id_, "1002", "一部", "check", "核对", "out", "customer-service"
            )
            held = loans.get(unit, loans.add(unit, new, unit.now))
            assert held is not None
            late = unit.now + timedelta(days=30)
            lent = replace(held, state="lent", lent_at=unit.now, due_on=late.date(), due_at=late)
            return loans.save(unit, held, lent, unit.now).id

        with opened(load(config, {})) as store:
            loan_id = store.run(lend)
        sheets.run("dossiers", "merge", "KH-1", "KH-2", "--dry-run")
        with opened(load(config, {})) as store:
            tried = store.run(lambda unit: loans.get(unit, loan_id), keep=False)
        assert tried is not None
        assert tried.recalled_at is None
        assert sheets.run("dossiers", "merge", "KH-1", "KH-2").code == 0
        with opened(load(config, {})) as store:
            held = store.run(lambda unit: loans.get(unit, loan_id), keep=False)
        assert held is not None
        assert held.recalled_at is not None
        assert held.due_on is not None
        assert tried.due_on is not None
        assert held.due_on < tried.due_on

    def test_what_cannot_be_merged_says_why(self, sheets: Company) -> None:
        more = "number,name,keeper,type,key\nV-1,车一,1002,vehicle,A1\nV-2,车二,1002,vehicle,B1\n"
        sheets.take("dossiers", more)
        merge = ("dossiers", "merge")
        assert "no dossier KH-9" in sheets.run(*merge, "KH-1", "KH-9").refusal
        assert "different types (customer, vehicle)" in sheets.run(*merge, "KH-1", "V-1").refusal
        assert "different keys (A1, B1)" in sheets.run(*merge, "V-1", "V-2").refusal
        assert sheets.run("dossiers", "merged", "V-1").out == "Nothing was merged into V-1.\n"
