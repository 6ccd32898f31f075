"""The receipt register: by month, closed every working day, as a workbook and to be printed."""

from __future__ import annotations

import io

import pytest
from openpyxl import load_workbook

from handlers.handovers import handover_open, receipts
from handlers.handovers.handover_open import Start
from handlers.sheets.made import Made, Maker
from rules.handovers import HandoverState, LegState
from storage import accounts, handover_items, handovers
from storage.handovers import Handover
from storage.unit import Unit
from tests.features.council import audited
from tests.features.desk import acting
from tests.features.diary import at
from tests.features.keeping import later
from tests.features.office import Office, one_channel, with_files
from tests.features.showroom import ARCHIVE, CHIEF, SELLER, sells

REGISTER = "用户档案签收薄"


def signed(
    office: Office, handed: str, closed: str | None, subject: str = "沪A12345 王某"
) -> Handover:
    """Let a new car's papers have been handed over, and signed for where a moment is named."""

    def work(unit: Unit) -> Handover:
        ctx = acting(office, unit, "CY033")
        policy = ctx.in_force.governing("汽车销售部")
        row = policy.handover_of("new_car")
        assert row is not None
        start = Start(policy.pack, row, ctx.person, subject, subject, ctx.today)
        held = handovers.save(unit, handover_open.open_(ctx, start))
        leg = handovers.present(unit, held)
        given = {"handed_at": at(handed), "handed_by": "CY033", "state": LegState.HANDED.value}
        handovers.set_leg(unit, leg.id, **given)
        handover_items.put(unit, handover_items.of(unit, held.id)[0].id, state="present")
        if closed is None:
            return held
        done = {"signed_at": at(closed), "closed_at": at(closed), "receiver": "CY009"}
        handovers.set_leg(unit, leg.id, state=LegState.SIGNED.value, complete=True, **done)
        return handovers.save(unit, held, state=HandoverState.COMPLETE.value)

    return office.change(work)


class TestGivenEntries:
    @pytest.mark.rule("S1-09.2.5")
    async def test_then_the_month_is_shown_and_the_day_is_closed(self, office: Office) -> None:
        sells(office)
        held = signed(office, "09-14 09:00", "09-14 09:30")
        office.clock.advance(at("09-14 17:00"))
        shown = await office[ARCHIVE].say("签收簿")
        assert REGISTER in shown
        assert held.number in shown
        assert "共 1 笔" in shown
        assert "尚未结清" in shown
        closed = await office[ARCHIVE].tap("当日结清")
        assert "当日已结清：共 1 笔" in closed
        (entry,) = audited(office, "receipts.closed")
        assert (entry["staff_id"], entry["rule"]) == (ARCHIVE, "S1-09.2.5")
        signed(office, "09-14 16:00", "09-14 17:10", "沪B00001 李某")
        assert "此后又有 1 笔" in await office[ARCHIVE].say("/receipts")

    @one_channel
    async def test_after_the_closing_time_it_is_entered_under_the_next_day(
        self, office: Office
    ) -> None:
        sells(office)
        signed(office, "09-14 17:00", "09-14 17:40")
        office.clock.advance(at("09-14 17:45"))
        shown = await office[ARCHIVE].say("签收簿")
        assert "9月15日 周二：登记 1 笔" in shown

    @pytest.mark.rule("S1-09.2.5")
    @one_channel
    async def test_after_the_closing_time_the_day_itself_is_closed_first(
        self, office: Office
    ) -> None:
        sells(office)
        signed(office, "09-14 09:00", "09-14 09:30")
        signed(office, "09-14 17:00", "09-14 17:40", "沪B00001 李某")
        office.clock.advance(at("09-14 17:45"))
        assert "待结清签收簿（1）" in (await office[ARCHIVE].say("今日")).labels
        assert "9月14日 周一：登记 1 笔" in await office[ARCHIVE].say("签收簿")
        assert "当日已结清：共 1 笔" in await office[ARCHIVE].tap("当日结清")
        shown = await office[ARCHIVE].say("签收簿")
        assert "9月15日 周二：登记 1 笔" in shown
        assert "客户信息与档案管理制度" in shown.labels

    @one_channel
    async def test_when_papers_wait_in_the_evening_then_today_is_closed_not_tomorrow(
        self, office: Office
    ) -> None:
        sells(office)
        signed(office, "09-14 10:00", None)
        office.clock.advance(at("09-14 18:30"))
        shown = await office[ARCHIVE].say("签收簿")
        assert "9月14日 周一：登记 0 笔，已移交未签收 1 笔" in shown

    @pytest.mark.rule("S1-09.2.5")
    @one_channel
    async def test_when_not_closed_then_the_archivist_and_in_the_morning_the_head_hear(
        self, office: Office
    ) -> None:
        sells(office)
        office.change(
            lambda unit: accounts.bind(unit, office.channel, office.account(CHIEF), "CY012")
        )
        await later(office, "09-14 09:05")
        signed(office, "09-14 09:00", "09-14 09:30")
        signed(office, "09-14 10:00", None, "沪C00002 赵某")
        await later(office, "09-14 17:30")
        said = await office[ARCHIVE].see()
        assert "登记 1 笔，另有 1 笔已移交未签收" in said
        await later(office, "09-15 09:00")
        assert "未结清" in await office[CHIEF].see()

    @one_channel
    async def test_when_closed_or_nothing_came_in_then_nobody_hears(self, office: Office) -> None:
        sells(office)
        await later(office, "09-14 17:31")
        assert REGISTER not in await office[ARCHIVE].see()
        await later(office, "09-15 10:00")
        signed(office, "09-15 09:00", "09-15 09:30")
        await office[ARCHIVE].say("签收簿")
        await office[ARCHIVE].tap("当日结清")
        await later(office, "09-16 09:01")
        assert "请当日结清" not in await office[ARCHIVE].see()

    @one_channel
    async def test_nobody_else_reads_or_closes_it(self, office: Office) -> None:
        sells(office)
        held = signed(office, "09-14 09:00", "09-14 09:30")
        assert held.number not in await office[SELLER].say("/receipts")
        assert held.number not in await office[SELLER].press("f.receipts.month.auto-dealer.202609")
        await office[SELLER].press("f.receipts.close.auto-dealer.20260914")
        assert audited(office, "receipts.closed") == []

    @one_channel
    @pytest.mark.parametrize(
        "words",
        [
            "f.receipts.month.x.999999",
            "f.receipts.month.auto-dealer.00",
            "f.receipts.file.auto-dealer.202609.exe",
            "f.receipts.close.auto-dealer.20261399",
        ],
    )
    async def test_forged_keys_are_answered(self, office: Office, words: str) -> None:
        sells(office)
        assert (await office[ARCHIVE].press(words)).text


def made(office: Office, maker: Maker) -> Made:
    """Return the file of a month as it is made when it is sent."""

    def work(unit: Unit) -> Made:
        return maker(acting(office, unit, ARCHIVE), ("auto-dealer", "202609"))

    return office.look(work)


@with_files
class TestGivenTheFiles:
    @pytest.mark.rule("S1-09.2.5")
    async def test_then_workbook_and_print_have_times_names_and_gaps(self, office: Office) -> None:
        sells(office)
        held = signed(office, "09-14 09:00", "09-14 09:30", "=cmd|'/c' <b>王</b>")
        (file,) = made(office, receipts.make_workbook).files
        sheet = load_workbook(io.BytesIO(file.content)).active
        assert sheet is not None
        rows = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=3)]
        assert rows[0][2] == "移交编号"
        assert rows[1][2:4] == [held.number, held.subject]
        assert (rows[1][5], rows[1][10]) == ("董思敏", "单志远")
        assert rows[1][9] == "及时"
        (file,) = made(office, receipts.make_pdf).files
        assert file.name == f"{REGISTER}-2026-09-14.pdf"
        assert file.content.startswith(b"%PDF-")
        assert b"STSong-Light" in file.content

    async def test_then_it_is_sent_when_asked_for(self, office: Office) -> None:
        sells(office)
        signed(office, "09-14 09:00", "09-14 09:30")
        for label in ("导出 Excel", "打印版（PDF）"):
            await office[ARCHIVE].say("签收簿")
            assert (await office[ARCHIVE].tap(label)).files == 1
        assert len(audited(office, "receipts.shown")) == 2

    async def test_what_is_being_signed_is_in_it_whole_or_not_at_all(self, office: Office) -> None:
        sells(office)
        signed(office, "09-14 09:00", "09-14 09:30")
        signed(office, "09-14 09:00", None, "沪C00002 赵某")
        assert "共 1 笔" in made(office, receipts.make_workbook).words

    async def test_of_a_month_without_entries_there_is_none(self, office: Office) -> None:
        sells(office)
        assert made(office, receipts.make_pdf).files == ()
