"""The customer overview in chat and as a file: what is open to the reader, and nothing else."""

from __future__ import annotations

import io

import pytest
from openpyxl import load_workbook
from openpyxl.worksheet.worksheet import Worksheet

from handlers.dossiers.overview import make
from storage import dossier_fields, dossiers, staff
from storage.dossiers import DossierRow
from storage.unit import Unit
from tests.features.diary import COLLEAGUE, MANAGER, SALES
from tests.features.office import Office, with_files

ARCHIVE = "CY009"
FORMULA = "=cmd|' /C calc'!A0 贸易公司"
SECRET = "绝对不能知道的客户"


pytestmark = pytest.mark.rule("S5-1.3.2")


def made(office: Office, who: str, section: str) -> tuple[str, Worksheet | None]:
    """Make a list as it would be made now; returns its words and its sheet."""

    def work(unit: Unit) -> tuple[str, Worksheet | None]:
        person = staff.get(unit.session, who)
        assert person is not None
        ctx = office.app.world.context(unit, person, office.channel, who, unit.now)
        one = make(ctx, (section,))
        if not one.files:
            return one.words, None
        sheet = load_workbook(io.BytesIO(one.files[0].content)).active
        assert isinstance(sheet, Worksheet)
        return one.words, sheet

    return office.look(work)


def column(sheet: Worksheet | None, title: str) -> list[object]:
    assert sheet is not None
    at = [cell.value for cell in sheet[3]].index(title)
    return [row[at].value for row in sheet.iter_rows(min_row=4)]


def add(office: Office, name: str, keeper: str, grade: str = "none", kind: str = "") -> int:
    def work(unit: Unit) -> int:
        number = f"KH-2026-9{len(name):03}"
        row = DossierRow(name, keeper, number, grade=grade, department="销售一部")
        id_ = dossiers.add(unit, row, by=keeper)
        if kind:
            dossier_fields.write(unit, id_, {"customer_kind": kind}, "customer")
        return id_

    return office.change(work)


class TestGivenASalesperson:
    @with_files
    async def test_then_the_list_is_of_the_own_customers_and_leads_to_their_cards(
        self, office: Office
    ) -> None:
        me = office[SALES]
        shown = await me.say("客户一览表")
        assert "客户一览表 · 我的客户" in shown
        assert shown.text.count("保管人 张晓雯") == 8
        first = next(one for one in shown.labels if f" {one}\n" in shown.text)
        more = await me.tap("下一页 ›")
        assert first not in more.labels
        assert more.text.count("保管人 张晓雯") == 8
        card = await me.tap(next(one for one in more.labels if f" {one}\n" in more.text))
        assert "保管人：张晓雯" in card

    async def test_then_nobody_elses_are_in_it_whatever_the_button_says(
        self, office: Office
    ) -> None:
        me = office[SALES]
        for section in ("all", "team", "nonsense"):
            shown = await me.press(f"f.customers.list.{section}")
            assert "没有对您开放的客户档案" in shown
            assert "没有对您开放的客户档案" in made(office, SALES, section)[0]

    @with_files
    async def test_then_it_comes_as_a_file_of_one_form_sorted_by_kind(
        self, office: Office
    ) -> None:
        add(office, FORMULA, SALES, kind="special")
        me = office[SALES]
        await me.say("/customers")
        sent = await me.tap("导出 Excel")
        assert "客户一览表-2026-09-14.xlsx：共" in sent
        _, sheet = made(office, SALES, "mine")
        assert sheet is not None
        heads = "档案编号 客户名称 客户类别 密级 保管人 部门 建档日期 存放位置 状态"
        assert [cell.value for cell in sheet[3]] == heads.split()
        kinds = [one or "" for one in column(sheet, "客户类别")]
        assert kinds == sorted(kinds, key=str)
        assert kinds[-1] == "特殊客户"
        assert set(column(sheet, "保管人")) == {"张晓雯"}
        (cell,) = (
            one for row in sheet.iter_rows(min_row=4) for one in row if one.value == FORMULA
        )
        assert cell.data_type == "s"


class TestGivenASuperior:
    async def test_then_the_teams_customers_are_a_list_of_their_own(self, office: Office) -> None:
        boss = office[MANAGER]
        shown = await boss.say("一览表")
        assert {"我的客户", "下属的客户"} <= set(shown.labels)
        await boss.tap("下属的客户")
        keepers = set(column(made(office, MANAGER, "team")[1], "保管人"))
        assert "张晓雯" in keepers
        assert office.look(lambda unit: staff.get(unit.session, COLLEAGUE)).name in keepers


class TestGivenAReaderByRole:
    @pytest.mark.rule("S2-INFO.17", "S2-SECR.12a")
    async def test_then_all_customers_are_there_up_to_the_clearance_and_no_gap_shows(
        self, office: Office
    ) -> None:
        archive = office[ARCHIVE]
        assert "全部客户" in (await archive.say("/customers")).labels
        before = column(made(office, ARCHIVE, "all")[1], "客户名称")
        add(office, SECRET, COLLEAGUE, grade="top_secret")
        words, sheet = made(office, ARCHIVE, "all")
        assert column(sheet, "客户名称") == before
        assert f"共 {len(before)} 位客户" in words
        shown = await archive.tap("全部客户")
        for _ in range(3):
            assert SECRET not in shown.text
            shown = await archive.tap("下一页 ›")

    async def test_when_the_role_is_lost_before_it_is_made_then_there_is_no_file(
        self, office: Office
    ) -> None:
        def lose(unit: Unit) -> None:
            person = staff.get(unit.session, ARCHIVE)
            assert person is not None
            staff.deactivate(unit, ARCHIVE)

        office.change(lose)
        assert made(office, ARCHIVE, "all")[1] is None
