"""The figures of the month: one definition, each figure with its cases, sent by itself."""

from __future__ import annotations

import io

import pytest
from openpyxl import load_workbook

from handlers.handovers import handover_rates
from handlers.sheets import list_picture
from handlers.sheets.made import Made
from storage.unit import Unit
from tests.features.desk import acting
from tests.features.diary import at
from tests.features.keeping import later
from tests.features.office import Office, one_channel, with_files
from tests.features.showroom import ARCHIVE, SELLER, sells
from tests.features.test_receipts import signed

DIRECTOR = "CY004"
TITLE = "移交月报"


def three(office: Office) -> None:
    """One in time, one late, one handed over in time and not signed for; all due on the 17th."""
    signed(office, "09-14 09:00", "09-14 09:30")
    signed(office, "09-18 00:00", "09-18 09:00", "沪B00001 李某")
    signed(office, "09-17 23:59", None, "沪C00002 赵某")


@pytest.mark.rule("S1-09.5.8")
class TestGivenAMonth:
    async def test_then_each_figure_leads_to_its_cases(self, office: Office) -> None:
        sells(office)
        three(office)
        office.clock.advance(at("09-18 10:00"))
        shown = await office[DIRECTOR].say("移交月报")
        assert "汽车销售部：应交 3，及时 2（66.6%），签收 2 中完整 2（100%）" in shown
        late = await office[DIRECTOR].tap("逾期（1）")
        assert "沪B00001" in late
        assert "沪A12345" not in late

    @one_channel
    async def test_then_the_heads_get_it_on_the_first_working_day(self, office: Office) -> None:
        sells(office)
        await later(office, "09-14 09:05")
        three(office)
        await later(office, "10-07 10:00")
        assert TITLE not in await office[DIRECTOR].see()
        await later(office, "10-08 09:00")
        said = await office[DIRECTOR].see()
        assert "2026年9月" in said
        assert "应交 3，及时 2" in said
        await later(office, "10-09 09:01")
        assert TITLE not in await office[DIRECTOR].see()

    @one_channel
    async def test_nobody_else_reads_it(self, office: Office) -> None:
        sells(office)
        three(office)
        assert "汽车销售部" not in await office[SELLER].say("/rates")
        assert "汽车销售部" not in await office[SELLER].press("f.rates.month.auto-dealer.202609")

    @one_channel
    @pytest.mark.parametrize(
        "words",
        [
            "f.rates.month.auto-dealer.209913",
            "f.rates.cases.auto-dealer.202609.x",
            "f.rates.cases.auto-dealer.202609.late.99999999",
            "f.rates.send.nothing.x",
        ],
    )
    async def test_forged_keys_are_answered(self, office: Office, words: str) -> None:
        sells(office)
        three(office)
        shown = await office[DIRECTOR].press(words)
        assert shown.text

    @one_channel
    async def test_a_month_without_any_says_so(self, office: Office) -> None:
        sells(office)
        assert "没有到期的移交" in await office[ARCHIVE].say("/rates")


@with_files
async def test_picture_and_workbook_say_the_same(office: Office) -> None:
    sells(office)
    three(office)
    office.clock.advance(at("09-18 10:00"))

    def work(unit: Unit) -> Made:
        ctx = acting(office, unit, DIRECTOR)
        return handover_rates.make(ctx, ("auto-dealer", "202609"))

    found = office.look(work)
    assert len(found.files) == (2 if list_picture.font() else 1)
    sheet = load_workbook(io.BytesIO(found.files[-1].content)).active
    assert sheet is not None
    row = [cell.value for cell in next(iter(sheet.iter_rows(min_row=4)))]
    assert row == ["汽车销售部", "新车档案", 3, 2, "66.6%", 2, 2, "100%"]


@pytest.mark.parametrize(
    ("share", "words"), [(None, "–"), (0.0, "0%"), (1.0, "100%"), (0.9999, "99.9%"), (0.5, "50%")]
)
def test_a_share_is_never_rounded_up(share: float | None, words: str) -> None:
    assert handover_rates.percent(share) == words
