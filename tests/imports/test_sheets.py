"""Reading spreadsheets: encodings, headers, and every way a row can be wrong."""

from __future__ import annotations

import csv
import io
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import event

from handlers.sheets import customer_sheet, staff_sheet
from handlers.sheets.customer_sheet import DOSSIER_COLUMNS, CustomerSheet
from handlers.sheets.document_sheet import DOCUMENT_COLUMNS
from handlers.sheets.sheet import Line, Refused, Unreadable
from handlers.sheets.sheet_text import rows_of
from handlers.sheets.staff_sheet import STAFF_COLUMNS
from rules.policies import Policies
from rules.policy import load_pack
from storage import dossiers, staff
from storage.dossiers import DossierRow
from storage.staff import Person, StaffRow
from storage.unit import Unit
from tests.conftest import UnitFactory
from tests.house.sources import ROOT

DAY = date(2026, 9, 14)
POLICIES = Policies.of(load_pack("customer-service")).on(DAY)
LEVELS = Policies.of(load_pack("sales-levels")).on(DAY)

Row = dict[str, str]


def sheet(columns: tuple[str, ...], *rows: Row) -> tuple[Line, ...]:
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, restval="")
    writer.writeheader()
    writer.writerows(rows)
    return rows_of(text.getvalue().encode())


def staff_rows(*rows: Row) -> tuple[list[StaffRow], list[Refused]]:
    filled = [{"name": "张三", "department": "一部", **row} for row in rows]
    return staff_sheet.read_staff(sheet(STAFF_COLUMNS, *filled))


def person(id_: str, superior: str | None = None, *, active: bool = True) -> Person:
    return Person(
        id=id_, name="李四", department="一部", roles=frozenset(), superior=superior, deputy=None,
        clearance="none", head_of=(), locale="zh_CN", active=active, home_channel="",
        home_account="", wecom_userid="lisi" if id_ == "s9" else None,
    )  # fmt: skip


class TestGivenBytes:
    TEXT = "id,name\r\ns1,张三\r\n\r\ns2,李四\r\n"

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
    def test_text_is_read_as_excel_writes_it(self, encoding: str) -> None:
        lines = rows_of(self.TEXT.encode(encoding))
        assert [line.cells for line in lines] == [("id", "name"), ("s1", "张三"), ("s2", "李四")]
        assert [line.number for line in lines] == [1, 2, 4]  # as an editor counts

    @pytest.mark.parametrize(
        "content", [b"PK\x03\x04\x14\x00\x06\x00\x08\x00", b"\xff\xff\xff", b"\xff\xfe\x00\xd8"]
    )
    def test_anything_else_is_refused_with_a_sentence(self, content: bytes) -> None:
        with pytest.raises(Unreadable, match="CSV UTF-8"):
            rows_of(content)

    @pytest.mark.parametrize("delimiter", [",", ";", "\t"])
    def test_the_header_says_what_separates(self, delimiter: str) -> None:
        text = f"id{delimiter}name\ns1{delimiter}张三\n"
        assert rows_of(text.encode())[1].cells == ("s1", "张三")

    def test_a_quoted_cell_may_hold_separators(self) -> None:
        assert rows_of(b'id,name\ns1,"a, b"\n')[1].cells == ("s1", "a, b")

    @given(st.binary(max_size=300))
    def test_any_bytes_are_read_or_refused(self, content: bytes) -> None:
        try:
            lines = rows_of(content)
        except Unreadable:
            return
        people, refused = staff_sheet.read_staff(lines)
        assert people == []
        assert refused


class TestGivenAHeader:
    def test_chinese_names_do_as_well_and_faults_are_told_by_them(self) -> None:
        rows = rows_of(
            "工号,姓名,部门,岗位,密级\ns1,张三,销售一部,业务员,\ns2,李四,,,x\n".encode()
        )
        (one,), refused = staff_sheet.read_staff(rows)
        assert (one.id, one.name, one.roles) == ("s1", "张三", ("salesperson",))
        assert {problem.column for problem in refused} == {"部门", "密级"}

    @pytest.mark.parametrize("columns", [STAFF_COLUMNS, DOSSIER_COLUMNS, DOCUMENT_COLUMNS])
    def test_no_word_heads_two_columns_and_the_docs_have_the_first(
        self, columns: dict[str, tuple[str, ...]]
    ) -> None:
        words = [*columns, *(word for words in columns.values() for word in words)]
        assert len(words) == len({*words})
        docs = (ROOT / "docs" / "running.md").read_text("utf-8")
        assert [words[0] for words in columns.values() if words[0] not in docs] == []

    def test_a_column_by_two_names_is_there_twice(self) -> None:
        people, refused = staff_sheet.read_staff(
            rows_of("工号,id,姓名,部门\n1,1,张三,a\n".encode())
        )
        assert people == []
        assert "More than once in the first line: id/工号" in str(refused[0])

    def test_an_unknown_column_is_named_and_nothing_read(self) -> None:
        columns = (*STAFF_COLUMNS, "salary")
        people, refused = staff_sheet.read_staff(sheet(columns, {"id": "s1", "name": "张三"}))
        assert people == []
        assert [one.line for one in refused] == [1]
        assert "salary" in str(refused[0])
        assert "wecom_userid" in str(refused[0])

    def test_all_that_is_unknown_missing_or_doubled_has_one_line_each(self) -> None:
        _, refused = staff_sheet.read_staff(rows_of("编码,id,人员,,roles,roles\n".encode()))
        assert [one.line for one in refused] == [1, 1, 1]
        unknown, doubled, missing = map(str, refused)
        assert "编码, 人员, #4;" in unknown
        assert ": roles/角色;" in doubled
        assert ": name/姓名, department/部门;" in missing

    def test_one_that_stands_further_below_is_named(self) -> None:
        text = "销售一部人员名单\n\n填表人：王建国\nid,姓名,部门\ns1,张三,一部\n"
        people, refused = staff_sheet.read_staff(rows_of(text.encode()))
        assert people == []
        assert "stand in line 4: delete the lines above" in str(refused[-1])
        read = customer_sheet.read_dossiers(
            rows_of("客户名单\nname,keeper\n鸿鑫,s1\n".encode()), [person("s1")], POLICIES
        )
        assert "stand in line 2: delete the lines above" in str(read.told.refused[-1])

    def test_where_there_is_none_nothing_is_named(self) -> None:
        _, refused = staff_sheet.read_staff(rows_of("姓名,部门\n张三,一部\n".encode()))
        assert not any("stand in line" in str(one) for one in refused)

    def test_what_may_be_empty_may_be_left_out(self) -> None:
        lines = rows_of("id,name,department\ns1,张三,一部\n".encode())
        people, refused = staff_sheet.read_staff(lines)
        assert (people, refused) == ([StaffRow("s1", "张三", "一部")], [])
        read = customer_sheet.read_dossiers(
            rows_of("name,keeper\n鸿鑫,s1\n".encode()), [person("s1")], POLICIES
        )
        assert [one.name for one in read.taken] == ["鸿鑫"]
        assert read.told.refused == []

    def test_what_is_left_out_stays_as_it_is_with_known_people(self) -> None:
        left = person("s9", "s1", active=False)
        lines = rows_of("id,name,department\ns9,李四,二部\n".encode())
        (one,), _ = staff_sheet.read_staff(lines, [person("s1"), left])
        assert (one.department, one.superior, one.active) == ("二部", "s1", False)
        assert one.wecom_userid == "lisi"

    def test_an_empty_file_says_so(self) -> None:
        people, (refused,) = staff_sheet.read_staff(rows_of(b""))
        assert people == []
        assert "empty" in str(refused)

    def test_empty_columns_at_the_end_are_what_spreadsheets_do(self) -> None:
        header = ",".join(STAFF_COLUMNS)
        people, refused = staff_sheet.read_staff(
            rows_of(f"{header},,\ns1,张三,一部,,,,,,,,,,\n".encode())
        )
        assert [one.id for one in people] == ["s1"]
        assert refused == []


class TestGivenStaffRows:
    def test_a_full_row_is_taken_as_written(self) -> None:
        people, refused = staff_rows(
            {"id": "gm"},
            {
                "id": "s1", "roles": "salesperson; custodian", "superior": "gm", "deputy": "gm",
                "clearance": "secret", "head_of": "一部;二部", "locale": "en",
                "wecom_userid": "ZhangSan", "active": "否",
            },
        )  # fmt: skip
        assert refused == []
        assert people[1] == StaffRow(
            "s1", "张三", "一部", ("salesperson", "custodian"), "gm", "gm", "secret",
            ("一部", "二部"), "en", "ZhangSan", active=False,
        )  # fmt: skip

    def test_what_is_left_empty_has_its_default(self) -> None:
        (one,), _ = staff_rows({"id": "s1"})
        assert one == StaffRow("s1", "张三", "一部")

    @pytest.mark.parametrize(
        ("row", "column", "words"),
        [
            ({"id": ""}, "id", "not be empty"),
            ({"id": "s 1"}, "id", "letters, digits"),
            ({"id": "s1", "name": ""}, "name", "not be empty"),
            ({"id": "s1", "name": "张" * 81}, "name", "80"),
            ({"id": "s1", "name": "张\x07三"}, "name", "control"),
            ({"id": "s1", "department": ""}, "department", "not be empty"),
            ({"id": "s1", "roles": "saleperson"}, "roles", "saleperson"),
            ({"id": "s1", "roles": "external"}, "roles", "external"),
            ({"id": "s1", "superior": "s7"}, "superior", "Nobody"),
            ({"id": "s1", "superior": "s1"}, "superior", "themselves"),
            ({"id": "s1", "deputy": "s1"}, "deputy", "themselves"),
            ({"id": "s1", "deputy": "s7"}, "deputy", "Nobody"),
            ({"id": "1001.0"}, "id", "text"),
            ({"id": "s1", "superior": "1001.0"}, "superior", "text"),
            ({"id": "s1", "wecom_userid": "1001.0"}, "wecom_userid", "text"),
            ({"id": "s1", "clearance": "公开"}, "clearance", "confidential/秘密, secret/机密"),
            ({"id": "s1", "locale": "fr"}, "locale", "zh_CN/中文, en/英文"),
            ({"id": "s1", "active": "maybe"}, "active", "true/yes/1/是/在职, false/no/0/否/离职"),
        ],
    )
    def test_a_wrong_value_is_refused_by_line_and_column(
        self, row: Row, column: str, words: str
    ) -> None:
        people, refused = staff_rows({"id": "good"}, row)
        assert [one.id for one in people] == ["good"]
        assert [(one.line, one.column) for one in refused] == [(3, column)]
        assert refused[0].value == row.get(column, "张三")
        assert words in str(refused[0])

    def test_all_that_is_wrong_with_a_row_is_told_at_once(self) -> None:
        _, refused = staff_rows({"id": "", "roles": "x", "clearance": "y"})
        assert {one.column for one in refused} == {"id", "roles", "clearance"}

    @pytest.mark.parametrize(
        ("word", "grade"),
        [("无", "none"), ("秘密", "confidential"), ("机密", "secret"), ("绝密", "top_secret")],
    )
    def test_grades_may_be_chinese(self, word: str, grade: str) -> None:
        (one,), _ = staff_rows({"id": "s1", "clearance": word})
        assert one.clearance == grade

    @pytest.mark.parametrize(
        ("word", "locale"), [("中文", "zh_CN"), ("英文", "en"), ("ZH_cn", "zh_CN"), ("EN", "en")]
    )
    def test_languages_may_be_chinese(self, word: str, locale: str) -> None:
        (one,), _ = staff_rows({"id": "s1", "locale": word})
        assert one.locale == locale

    @pytest.mark.parametrize("word", ["是", "在职", "true", "TRUE", "yes", "1", ""])
    def test_who_works_here(self, word: str) -> None:
        (one,), _ = staff_rows({"id": "s1", "active": word})
        assert one.active

    @pytest.mark.parametrize("word", ["否", "离职", "false", "FALSE", "no", "0"])
    def test_who_has_left(self, word: str) -> None:
        (one,), _ = staff_rows({"id": "s1", "active": word})
        assert not one.active

    def test_every_role_may_be_chinese(self) -> None:
        possible = staff_sheet.possible_roles()
        assert len(set(possible.values())) == len(possible)
        (one,), refused = staff_rows({"id": "s1", "roles": "；".join(possible.values())})
        assert refused == []
        assert one.roles == tuple(possible)

    def test_a_role_given_twice_counts_once(self) -> None:
        (one,), _ = staff_rows({"id": "s1", "roles": "业务员;salesperson"})
        assert one.roles == ("salesperson",)

    @pytest.mark.parametrize(
        ("word", "near"),
        [("业务人员", "salesperson/业务员"), ("custodan", "custodian/档案管理员")],
    )
    def test_similar_roles_are_named(self, word: str, near: str) -> None:
        _, (refused,) = staff_rows({"id": "s1", "roles": word})
        assert near in str(refused)
        assert "dossierbot staff roles" in str(refused)

    def test_a_number_twice_refuses_both_and_names_the_other(self) -> None:
        people, refused = staff_rows({"id": "s1"}, {"id": "s2"}, {"id": "s1", "name": "李四"})
        assert [one.id for one in people] == ["s2"]
        assert [(one.line, one.column) for one in refused] == [(2, "id"), (4, "id")]
        assert "line 4" in str(refused[0])
        assert "line 2" in str(refused[1])

    def test_a_wecom_account_belongs_to_one(self) -> None:
        people, (refused,) = staff_rows(
            {"id": "s1", "wecom_userid": "a"}, {"id": "s2", "wecom_userid": "a"}
        )
        assert [one.id for one in people] == ["s1"]
        assert "s1" in str(refused)
        rows = sheet(
            STAFF_COLUMNS, {"id": "s1", "name": "a", "department": "b", "wecom_userid": "lisi"}
        )
        people, (refused,) = staff_sheet.read_staff(rows, [person("s9")])
        assert people == []
        assert "s9" in str(refused)

    def test_superiors_in_a_circle_are_refused_with_the_circle(self) -> None:
        people, refused = staff_rows(
            {"id": "a", "superior": "b"},
            {"id": "b", "superior": "c"},
            {"id": "c", "superior": "a"},
            {"id": "d", "superior": "a"},
            {"id": "e"},
        )
        assert [one.id for one in people] == ["e"]
        assert "a → b → c → a" in str(refused[0])
        assert [(one.line, one.column) for one in refused] == [
            (2, "superior"), (3, "superior"), (4, "superior"), (5, "superior"),
        ]  # fmt: skip

    def test_a_circle_with_those_on_the_list_is_seen_too(self) -> None:
        rows = sheet(STAFF_COLUMNS, {"id": "s1", "name": "a", "department": "b", "superior": "s2"})
        people, (refused,) = staff_sheet.read_staff(rows, [person("s1"), person("s2", "s1")])
        assert people == []
        assert refused.column == "superior"

    def test_who_depends_on_a_refused_row_is_refused(self) -> None:
        people, refused = staff_rows(
            {"id": "a", "roles": "nonsense"}, {"id": "b", "superior": "a"}, {"id": "c"}
        )
        assert [one.id for one in people] == ["c"]
        assert [(one.line, one.column) for one in refused] == [(2, "roles"), (3, "superior")]
        assert "line 2" in str(refused[1])

    def test_a_superior_may_come_later_or_be_on_the_list(self) -> None:
        people, refused = staff_rows({"id": "a", "superior": "b"}, {"id": "b"})
        assert len(people) == 2
        rows = sheet(STAFF_COLUMNS, {"id": "s1", "name": "a", "department": "b", "superior": "s2"})
        people, refused = staff_sheet.read_staff(rows, [person("s2")])
        assert [one.id for one in people] == ["s1"]
        assert refused == []


class TestGivenDossierRows:
    STAFF = (person("s1"), person("s8", active=False))

    def read(
        self, *rows: Row, columns: tuple[str, ...] = DOSSIER_COLUMNS
    ) -> tuple[list[DossierRow], list[Refused]]:
        filled = [{"name": f"鸿鑫{at}", "keeper": "s1", **row} for at, row in enumerate(rows)]
        read = customer_sheet.read_dossiers(sheet(columns, *filled), self.STAFF, POLICIES)
        return read.taken, read.told.refused

    def test_a_full_row_is_taken_as_written(self) -> None:
        columns = (*DOSSIER_COLUMNS, "field:legal_representative")
        (one,), refused = self.read(
            {
                "number": "KH-2026-0042", "type": "vehicle", "level": "personal",
                "grade": "secret", "grade_until": "2028-1-5", "class": "A",
                "phone": "0755-0866 1234", "contact": "何总", "address": "听涛街3号",
                "location": "A柜", "department": "一部", "opened_on": "2026年9月1日",
                "key": "VIN1", "field:legal_representative": "何鸿鑫",
            },
            columns=columns,
        )  # fmt: skip
        assert refused == []
        assert (one.number, one.type, one.level, one.grade) == (
            "KH-2026-0042", "vehicle", "personal", "secret",
        )  # fmt: skip
        assert (one.grade_until, one.opened_on) == (date(2028, 1, 5), date(2026, 9, 1))
        assert (one.class_, one.key) == ("A", "VIN1")
        assert one.fields == {"legal_representative": "何鸿鑫"}

    def test_what_is_left_empty_comes_from_the_policy(self) -> None:
        (one,), _ = self.read({})
        assert (one.number, one.type, one.level) == (None, "customer", "")
        assert one.grade == POLICIES.company.dossier.default_grade.value
        rows = sheet(DOSSIER_COLUMNS, {"name": "鸿鑫", "keeper": "s1"})
        (other,) = customer_sheet.read_dossiers(rows, self.STAFF, LEVELS).taken
        assert (other.grade, other.level) == (
            LEVELS.company.dossier.default_grade.value,
            "personal",
        )

    @pytest.mark.parametrize(
        ("row", "column", "words"),
        [
            ({"name": ""}, "name", "not be empty"),
            ({"name": "鸿" * 201}, "name", "200"),
            ({"keeper": ""}, "keeper", "not be empty"),
            ({"keeper": "s7"}, "keeper", "Nobody on the staff list"),
            ({"keeper": "1001.0"}, "keeper", "text"),
            ({"keeper": "s8"}, "keeper", "left"),
            ({"number": "7.0"}, "number", "text"),
            (
                {"grade": "公开"},
                "grade",
                "none/无, confidential/秘密, secret/机密, top_secret/绝密",
            ),
            ({"level": "team"}, "level", "department/部门级"),
            ({"opened_on": "45000"}, "opened_on", "as Excel counts days"),
            ({"opened_on": "2026-09-14 08:30"}, "opened_on", "2026-09-14"),
            ({"phone": "15400001234.0"}, "phone", "text"),
            ({"grade_until": "31.02.2026"}, "grade_until", "2026-09-14"),
            ({"opened_on": "2026-02-31"}, "opened_on", "2026-09-14"),
            ({"phone": "call me"}, "phone", "telephone"),
            ({"phone": "12"}, "phone", "telephone"),
            ({"address": "a\nb"}, "address", "control"),
        ],
    )
    def test_a_wrong_value_is_refused_by_line_and_column(
        self, row: Row, column: str, words: str
    ) -> None:
        taken, (refused,) = self.read(row)
        assert taken == []
        assert refused.column == column
        assert words in str(refused)

    @pytest.mark.parametrize(
        "written",
        ["2026-09-14", "2026/9/14", "2026.9.14", "2026年9月14日", "2026/9/14 0:00",
         "2026-09-14 00:00:00"],
    )  # fmt: skip
    def test_dates_as_people_write_them(self, written: str) -> None:
        (one,), _ = self.read({"opened_on": written})
        assert one.opened_on == date(2026, 9, 14)

    def test_all_that_is_wrong_with_a_row_is_told_at_once(self) -> None:
        _, refused = self.read({"grade": "x", "keeper": "s7", "phone": "12", "number": "7.0"})
        assert sorted(one.column for one in refused) == ["grade", "keeper", "number", "phone"]

    def test_the_docs_say_what_the_errors_say(self) -> None:
        docs = (ROOT / "docs" / "running.md").read_text("utf-8")
        _, refused = staff_rows({"id": "s1", "clearance": "x", "locale": "x", "active": "x"})
        _, more = self.read({"level": "x"})
        for one in [*refused, *more]:
            for word in one.why.facts["choices"].replace("/", ", ").split(", "):
                assert f"`{word}`" in docs, (one.column, word)
        for column in (*STAFF_COLUMNS, *DOSSIER_COLUMNS):
            assert f"`{column}`" in docs, column

    def test_grade_and_level_may_be_chinese(self) -> None:
        row = {"grade": "机密", "grade_until": "2029-9-14", "level": "部门级"}
        (one,), _ = self.read(row)
        assert (one.grade, one.level) == ("secret", "department")

    @pytest.mark.rule("S2-SECR.7")
    def test_d02_a_graded_row_without_the_end_of_its_secrecy_is_refused(self) -> None:
        taken, (refused,) = self.read({"grade": "机密"}, {"grade": "无"})
        assert [one.name for one in taken] == ["鸿鑫1"]
        assert refused.column == "grade_until"
        assert refused.why.facts["rule"] == "S2-SECR.7"

    def test_a_number_twice_refuses_both_and_names_the_other(self) -> None:
        taken, refused = self.read({"number": "KH-2"}, {"number": "KH-2"}, {"number": ""})
        assert len(taken) == 1
        assert [(one.line, one.column) for one in refused] == [(2, "number"), (3, "number")]
        assert "line 3" in str(refused[0])

    def test_a_field_the_policy_does_not_have_is_refused_by_name(self) -> None:
        taken, (refused,) = self.read({}, columns=(*DOSSIER_COLUMNS, "field:shoe_size"))
        assert taken == []
        assert "shoe_size" in str(refused)
        assert "legal_representative" in str(refused)

    def test_more_cells_than_columns_are_refused(self) -> None:
        header = ",".join(DOSSIER_COLUMNS)
        lines = rows_of(f"{header}\n{',' * len(DOSSIER_COLUMNS)}x\n".encode())
        read = customer_sheet.read_dossiers(lines, self.STAFF, POLICIES)
        (refused,) = read.told.refused
        assert read.taken == []
        assert (refused.line, refused.column) == (2, "")


NAMES = {"name": "佛山市明辉五金厂", "keeper": "s1"}


class TestGivenCustomersTwice:
    def read(self, *rows: Row, unit: Unit | None = None) -> CustomerSheet:
        lines = sheet(DOSSIER_COLUMNS, *({**NAMES, **row} for row in rows))
        return customer_sheet.read_dossiers(lines, [person("s1")], POLICIES, unit)

    def on_file(self, unit: Unit, *rows: Row) -> None:
        staff_sheet.apply_staff(unit, [StaffRow("s1", "张三", "一部")])
        customer_sheet.apply_dossiers(unit, self.read(*rows).taken, POLICIES, by="s1")

    SAME = (
        ({}, {}),
        ({"phone": "154-0000-1234"}, {"phone": "+86 15400001234", "name": "佛山市 明辉五金厂"}),
        ({"key": "VIN1", "phone": "0757-08661234"}, {"key": "vin1", "phone": "0757-08661235"}),
        ({"key": "VIN1"}, {}),
    )
    OTHER = (
        ({"phone": "0757-0866 1234"}, {"phone": "0757-0866 1235"}),
        ({"phone": "0757-0866 1234"}, {}),
    )
    APART = (
        ({"key": "VIN1"}, {"key": "VIN2"}),
        ({"type": "customer"}, {"type": "vehicle"}),
        ({}, {"name": "佛山市明辉五金加工厂"}),
    )

    @pytest.mark.parametrize(("first", "second"), SAME)
    def test_the_same_customer_in_one_file_is_taken_once(self, first: Row, second: Row) -> None:
        read = self.read(first, second)
        assert len(read.taken) == 1
        assert [(one.line, one.column) for one in read.told.refused] == [(3, "name")]
        assert "line 2" in str(read.told.refused[0])
        assert read.told.remarks == []

    @pytest.mark.parametrize(("first", "second"), SAME)
    def test_the_same_customer_on_file_is_left(
        self, unit_factory: UnitFactory, first: Row, second: Row
    ) -> None:
        with unit_factory() as unit:
            self.on_file(unit, first)
            read = self.read(second, unit=unit)
            assert (read.taken, read.told.remarks, read.told.refused) == ([], [], [])
            assert read.told.on_file == 1

    @pytest.mark.parametrize(("first", "second"), SAME)
    def test_under_a_number_of_its_own_it_is_refused(
        self, unit_factory: UnitFactory, first: Row, second: Row
    ) -> None:
        with unit_factory() as unit:
            self.on_file(unit, first)
            read = self.read({**second, "number": "KH-9"}, unit=unit)
            assert (read.taken, read.told.on_file) == ([], 0)
            assert "already on file as KH-2026-0001" in str(read.told.refused[0])

    @pytest.mark.parametrize(("first", "second"), OTHER)
    def test_a_namesake_in_the_file_is_taken_with_a_word(self, first: Row, second: Row) -> None:
        read = self.read(first, second)
        assert len(read.taken) == 2
        assert read.told.refused == []
        assert [one.line for one in read.told.remarks] == [3]
        assert "line 2" in str(read.told.remarks[0])

    @pytest.mark.parametrize(("first", "second"), OTHER)
    def test_a_namesake_on_file_is_named(
        self, unit_factory: UnitFactory, first: Row, second: Row
    ) -> None:
        with unit_factory() as unit:
            self.on_file(unit, first)
            read = self.read(second, unit=unit)
            assert len(read.taken) == 1
            assert "KH-2026-0001" in str(read.told.remarks[0])

    @pytest.mark.parametrize(("first", "second"), APART)
    def test_what_tells_two_apart_needs_no_word(
        self, unit_factory: UnitFactory, first: Row, second: Row
    ) -> None:
        read = self.read(first, second)
        assert len(read.taken) == 2
        assert read.told.remarks == []
        with unit_factory() as unit:
            self.on_file(unit, first)
            read = self.read(second, unit=unit)
            assert len(read.taken) == 1
            assert read.told.remarks == []

    def test_a_draft_on_file_is_the_customer_too(self, unit_factory: UnitFactory) -> None:
        with unit_factory() as unit:
            self.on_file(unit)
            draft = DossierRow("佛山市明辉五金厂", "s1")
            dossiers.add(unit, draft, by="s1", draft=True)
            (refused,) = self.read({}, unit=unit).told.refused
            assert "as a draft" in str(refused)

    def test_a_number_of_another_customer_is_refused_for_one_reason(
        self, unit_factory: UnitFactory
    ) -> None:
        with unit_factory() as unit:
            self.on_file(unit, {"number": "KH-7"})
            read = self.read({"number": "KH-7", "name": "瑞禾"}, unit=unit)
            (refused,) = read.told.refused
            assert (refused.column, refused.value) == ("number", "KH-7")
            read = self.read({"number": "KH-7", "phone": "154 0000 0001"}, unit=unit)
            assert (read.told.on_file, read.told.refused) == (1, [])

    @pytest.mark.parametrize("column", ["phone", "key"])
    def test_a_phone_or_key_under_another_name_is_told(
        self, unit_factory: UnitFactory, column: str
    ) -> None:
        shared = {column: "15400001234"}
        other = {**shared, "name": "瑞禾"}
        read = self.read(shared, other)
        assert len(read.taken) == 2
        assert [(one.line, one.column) for one in read.told.remarks] == [(3, column)]
        with unit_factory() as unit:
            self.on_file(unit, shared)
            read = self.read(other, unit=unit)
            assert len(read.taken) == 1
            assert "KH-2026-0001" in str(read.told.remarks[0])

    def test_traditional_and_full_width_forms_are_the_same_customer(self) -> None:
        read = self.read({"name": "鴻鑫貿易有限公司ABC"}, {"name": "鸿鑫贸易有限公司ＡＢＣ"})
        assert len(read.taken) == 1

    def test_ten_thousand_of_one_name_are_looked_at_once_each(self) -> None:
        rows = [{"name": "张伟", "phone": f"154{at:08}"} for at in range(10_000)]
        read = self.read(*rows, *rows[:10])
        assert len(read.taken) == 10_000
        assert len(read.told.refused) == 10

    def test_the_look_up_goes_by_an_index_and_in_few_statements(
        self, unit_factory: UnitFactory
    ) -> None:
        rows = [{"name": f"明辉{at}", "number": f"KH-{at}"} for at in range(1200)]
        with unit_factory() as unit:
            staff.save(unit, StaffRow("s1", "张三", "一部"))
            asked: list[tuple[str, Any]] = []
            connection = unit.session.connection()
            event.listen(
                connection, "before_cursor_execute", lambda *seen: asked.append(seen[2:4])
            )
            assert len(self.read(*rows, unit=unit).taken) == 1200
            assert len(asked) == 12
            if connection.dialect.name == "sqlite":
                for statement, values in asked.copy():
                    plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
                    assert "SCAN" not in str(plan.all()), statement
