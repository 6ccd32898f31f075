"""The register of loans in chat and as a file: who sees which lines, and what stands in a cell."""

from __future__ import annotations

import io
from datetime import datetime, timedelta

import pytest
from msgspec.structs import replace
from openpyxl import Workbook, load_workbook
from openpyxl.worksheet.worksheet import Worksheet
from sqlalchemy import update

from handlers import FEATURES
from handlers.context import Context
from handlers.conversation.messages import Card, Reply
from handlers.feature import Feature
from handlers.loans.loan_register import make
from handlers.sheets.table_file import Table, workbook
from storage import loans, staff
from storage.tables import dossier
from storage.tables import staff as people
from storage.unit import Unit
from tests.features.council import audited
from tests.features.diary import at
from tests.features.lending import (
    ARCHIVE,
    COLLEAGUE,
    HEAD,
    HX,
    SALES,
    ask,
    desks,
    every,
    id_of,
    lend,
)
from tests.features.office import Office, Shown, one_channel, with_files

FORM = "外借登记册"
NARROW = pytest.mark.parametrize("office", ["narrow"], indirect=True)
"""It takes no files."""


@pytest.fixture
def features() -> tuple[Feature, ...]:
    """The card of a loan, in words only where nothing answers its button yet."""
    if any(one.key == "loans" for one in FEATURES):
        return FEATURES
    return (*FEATURES, Feature("loans", "Loan", actions={"card": _card}))


def _card(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    held = loans.get(ctx.unit, int(arguments[0]))
    assert held is not None
    return Reply.of(Card(held.number or ""))


def made(office: Office, who: str, *key: str) -> tuple[str, str, Worksheet]:
    """Make a file as it would be made now; returns words, caption and its sheet."""
    unit_out = []

    def work(unit: Unit) -> None:
        person = staff.get(unit.session, who)
        assert person is not None
        ctx = office.app.world.context(unit, person, office.channel, who, unit.now)
        unit_out.append(make(ctx, key))

    office.look(work)
    (one,) = unit_out
    book = load_workbook(io.BytesIO(one.files[0].content)) if one.files else Workbook()
    assert book.active is not None
    return one.words, one.caption, book.active


def row_of(sheet: Worksheet, number: int = 4) -> dict[str, object]:
    heads = [cell.value for cell in sheet[3]]
    return dict(zip(map(str, heads), [cell.value for cell in sheet[number]], strict=True))


def raised(office: Office, number: str) -> None:
    """Let a dossier be top secret, which neither the archivist nor a colleague may know of."""

    def work(unit: Unit) -> None:
        unit.session.execute(
            update(dossier).where(dossier.c.number == number).values(grade="top_secret")
        )

    office.change(work)


@pytest.mark.rule("S2-INFO.19.5", "S3-LOG.2.1")
class TestGivenPapersAreOut:
    @with_files
    async def test_the_custodian_reads_the_register_and_takes_it_as_a_file(
        self, office: Office
    ) -> None:
        desks(office)
        held = await lend(office)
        archive = office[ARCHIVE]
        await archive.see()
        menu = await archive.say("/register")
        assert FORM in menu
        assert {"在借", "逾期", "本月注销", "缺损遗失", "按借阅人", "按客户"} <= set(menu.labels)
        shown = await archive.tap("在借")
        assert f"{FORM} · 在借" in shown
        assert "借-2026-0001 · KH-2023-0042" in shown
        assert "张晓雯（销售一部）· 已借出 · 应还9月17日 周四" in shown
        assert held.number in shown.labels

        sent = await archive.tap("导出 Excel")
        assert "借阅 1 笔，共 1 行。" in sent
        assert f"{FORM}-2026-09-14.xlsx：共 1 行，校验码 " in sent
        assert sent.files == 1
        (entry,) = audited(office, "register.sent")
        assert entry["staff_id"] == ARCHIVE
        assert entry["rule"] == "S3-LOG.2.4c"
        assert len(audited(office, "register.asked")) == 1

    @with_files
    @pytest.mark.rule("S2-DOSS.28.4", "S5-2.4.3", "S1-12.3.3", "S4-LOAN.6.2")
    async def test_what_stands_in_the_file(self, office: Office) -> None:
        desks(office)
        held = await lend(office)
        words, caption, sheet = made(office, HEAD, "out", "-")
        assert words == "借阅 1 笔，共 1 行。"
        assert "共 1 行，校验码 " in caption
        assert sheet["A1"].value == FORM
        assert "导出人：王海峰" in str(sheet["A2"].value)
        assert sheet.freeze_panes == "B4"
        assert sheet.auto_filter.ref is not None
        row = row_of(sheet)
        assert row["借阅编号"] == held.number
        assert row["档案编号"] == HX
        assert row["档案名称"] == "深圳市鸿鑫贸易有限公司"
        assert row["材料名称"] == "三季度对账单"
        assert (row["形式"], row["页数"], row["份数"]) == ("原件", 3, 1)
        assert (row["借阅人"], row["部门"]) == ("张晓雯", "销售一部")
        assert (row["用途"], row["事由"]) == ("核对数据", "客户来函核对三季度价格")
        assert row["应还日期"] == datetime(2026, 9, 17)  # noqa: DTZ001 - as a cell has it
        assert isinstance(row["借出时间"], datetime)
        assert isinstance(row["借阅人签收"], datetime)
        assert row["经办人"] == "单志远"
        assert row["状态"] == "已借出"
        assert row["归还时间"] is None

    @NARROW
    async def test_where_no_file_can_be_sent_then_it_says_so(self, office: Office) -> None:
        desks(office)
        await lend(office)
        await office[ARCHIVE].see()
        await office[ARCHIVE].say("/register")
        await office[ARCHIVE].tap("在借")
        sent = await office[ARCHIVE].tap("导出 Excel")
        assert "无法发送文件" in sent or "不能发送文件" in sent
        assert "校验码" not in sent
        assert audited(office, "register.sent") == []

    @one_channel
    async def test_by_number_of_a_dossier_and_by_name_of_a_colleague(self, office: Office) -> None:
        await ask(office)
        shown = await office[HEAD].say(f"/register {HX}")
        assert "张晓雯（销售一部）· 待审批" in shown
        assert HX in await office[HEAD].say("/register 张晓雯")
        assert "不是同事姓名" in await office[HEAD].say("/register 没有此人")
        await office[HEAD].say("/register")
        await office[HEAD].tap("按借阅人")
        chosen = await office[HEAD].say("张晓雯")
        assert HX in chosen
        await office[HEAD].say("/register")
        await office[HEAD].tap("按客户")
        assert "待审批" in await office[HEAD].say(HX)

    @one_channel
    async def test_nothing_is_overdue_until_it_is(self, office: Office) -> None:
        desks(office)
        await lend(office)
        office.clock.advance(at("09-16 09:00"))
        assert "没有这样的借阅记录" in await office[HEAD].press("f.register.list.late")
        office.clock.advance(at("09-18 09:00"))
        shown = await office[HEAD].press("f.register.list.late")
        assert "已借出 · 逾期" in shown

    @one_channel
    async def test_what_is_settled_this_month_and_what_is_short(self, office: Office) -> None:
        desks(office)
        held = await lend(office)
        assert "没有这样的借阅记录" in await office[HEAD].press("f.register.list.short")
        _becomes(office, held.id, "short")
        assert held.number in await office[HEAD].press("f.register.list.short")
        _becomes(office, held.id, "discharged")
        assert held.number in await office[HEAD].press("f.register.list.back")
        office.clock.advance(at("10-02 09:00"))
        assert "没有这样的借阅记录" in await office[HEAD].press("f.register.list.back")


@one_channel
class TestGivenMoreThanOneCard:
    async def test_it_goes_on_page_by_page(self, office: Office) -> None:
        papers = ("营业执照", "对账单", "质量保证")
        for one in papers:
            await ask(office, paper=one)
        _copied(office, 9)
        shown = await office[HEAD].say(f"/register {HX}")
        first = set(_numbers(shown))
        assert len(first) == 6
        second = set(_numbers(await office[HEAD].tap("下一页 ›")))
        assert second
        assert not first & second

    async def test_a_section_goes_on_behind_the_last_line(self, office: Office) -> None:
        desks(office)
        held = await lend(office)
        _copied(office, 7, like=held.id)
        shown = await office[HEAD].press("f.register.list.out")
        again = await office[HEAD].tap("下一页 ›")
        assert len(_numbers(shown)) == 6
        assert len(_numbers(again)) == 2
        assert not set(_numbers(shown)) & set(_numbers(again))


class TestGivenReadersWithLessRight:
    @one_channel
    async def test_who_has_no_register_is_told_nothing(self, office: Office) -> None:
        assert "没有“/register”这个命令" in await office[SALES].say("/register")
        assert "没有“/register”这个命令" in await office[COLLEAGUE].say("/register")
        refused = await office[COLLEAGUE].press("f.register.list.out")
        assert FORM not in refused

    @one_channel
    async def test_a_head_sees_the_own_department_only(self, office: Office) -> None:
        desks(office)
        held = await lend(office)

        def moved(unit: Unit) -> None:
            unit.session.execute(
                update(people).where(people.c.id == HEAD).values(head_of="销售二部")
            )

        office.change(moved)
        assert held.number not in await office[HEAD].press("f.register.list.out")

    @with_files
    async def test_who_may_not_know_of_the_dossier_finds_no_line_and_no_gap(
        self, office: Office
    ) -> None:
        desks(office)
        await lend(office)
        assert "借-2026-0001" in await office[HEAD].press("f.register.list.out")
        raised(office, HX)
        shown = await office[HEAD].press("f.register.list.out")
        assert "没有这样的借阅记录" in shown
        words, _, _ = made(office, HEAD, "out", "-")
        assert words == "没有这样的借阅记录。"
        by_customer = await office[HEAD].press(f"f.register.list.on.{id_of(office, HX)}")
        assert "没有这样的借阅记录" in by_customer

    @with_files
    async def test_who_loses_the_right_before_it_is_made_gets_no_file(
        self, office: Office
    ) -> None:
        desks(office)
        await lend(office)
        await office[HEAD].press("f.register.list.out")

        def left(unit: Unit) -> None:
            whose = update(people).where(people.c.id == HEAD)
            unit.session.execute(whose.values(head_of="", roles=""))

        await office.app.drain()
        await office.hand_in(HEAD, choice="f.register.export.out.-")
        office.change(left)
        await office.settle()
        shown = await office[HEAD].see()
        assert "您已无权查看" in shown or "校验码" in shown
        # the relay may have been quicker than the change: then it was still allowed
        assert shown.files == ("校验码" in shown)

    @with_files
    async def test_content_in_a_file_is_a_look(self, office: Office) -> None:
        desks(office)
        await lend(office)
        await office[HEAD].press("f.register.list.out")
        await office[HEAD].tap("导出 Excel")
        (entry,) = audited(office, "dossier.listed")
        assert entry["staff_id"] == HEAD
        assert entry["rule"] == "S3-SPEC2.3.4c"


@pytest.mark.rule("S3-LOG.2.4c")
class TestGivenWordsThatLookLikeFormulas:
    def test_they_are_words(self) -> None:
        wicked = ("=1+1", "+1", "-1", "@SUM(A1)", '=HYPERLINK("http://x")', "00123", "\t=1")
        made_at = datetime(2026, 9, 14)  # noqa: DTZ001 - as a cell has it
        table = Table("登记/册", "", tuple((one, 9) for one in "ABCDEFG"), [wicked], made_at)
        file = workbook(table)
        assert file.name == "登记 册-2026-09-14.xlsx"
        assert len(file.checksum) == 64
        sheet = load_workbook(io.BytesIO(file.content)).active
        assert sheet is not None
        for cell, words in zip(sheet[4], wicked, strict=True):
            assert (cell.data_type, cell.value, cell.hyperlink) == ("s", words, None)


def _becomes(office: Office, loan_id: int, state: str) -> None:
    def work(unit: Unit) -> None:
        held = loans.get(unit, loan_id)
        assert held is not None
        loans.save(unit, held, replace(held, state=state), unit.now)

    office.change(work)


def _copied(office: Office, count: int, like: int | None = None) -> None:
    """Put more loans into the database like one that is there, without lines of papers."""
    chosen = like or every(office)[0].id

    def work(unit: Unit) -> None:
        first = loans.get(unit, chosen)
        assert first is not None
        for number in range(count):
            new = loans.NewLoan(
                first.kind, first.dossier_id, first.borrower, first.department, first.purpose,
                first.reason, first.place, first.pack,
            )  # fmt: skip
            id_ = loans.add(unit, new, unit.now + timedelta(seconds=number))
            loans.give_number(unit, id_, f"借-2026-1{number:03}")
            if like is not None:
                before = loans.get(unit, id_)
                assert before is not None
                after = replace(
                    before, state="lent", lent_at=first.lent_at, due_on=first.due_on,
                    due_at=first.due_at, first_due_on=first.due_on,
                )  # fmt: skip
                loans.save(unit, before, after, unit.now)

    office.change(work)


def _numbers(shown: Shown) -> list[str]:
    return sorted({one for one in shown.labels if one.startswith("借-")})
