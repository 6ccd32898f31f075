"""The monthly list of what is lent and not returned: once a month, also after an outage."""

from __future__ import annotations

import io

import pytest
from msgspec.structs import replace
from PIL import Image, ImageFont

from handlers.sheets import list_picture
from handlers.sheets.list_picture import Listing, Row, pictures
from rules.leaves import RoleCode, RuleId
from rules.lending import Unreturned
from rules.policy import load_pack
from rules.rungs import Rung
from tests.features.council import audited
from tests.features.diary import at
from tests.features.keeping import later, works_under
from tests.features.lending import ARCHIVE, HEAD, desks, lend
from tests.features.office import Office, one_channel, with_files

TITLE = "借出未还清单"


def monthly(office: Office) -> None:
    """Let the office send the list to the manager of the department, who has a chat."""
    loan = load_pack("customer-service").loan
    assert loan is not None
    days = (Rung.parse("day 1 09:00"), Rung.parse("day 4 09:00"))
    listed = Unreturned(
        Rung.parse("day 5 09:00"), RoleCode("sales_manager"), RuleId("S3-ENG.3.6"), days
    )
    works_under(office, loan=replace(loan, unreturned=listed))


@pytest.mark.rule("S3-ENG.3.6", "C-26")
class TestGivenAPolicyWithTheList:
    @one_channel
    async def test_it_goes_out_once_on_the_fifth_after_two_reminders(self, office: Office) -> None:
        desks(office)
        monthly(office)
        await lend(office, days=3)
        await later(office, "09-15 10:00")
        for who in (HEAD, ARCHIVE):
            assert TITLE not in await office[who].see()
        await later(office, "10-01 09:01")
        assert TITLE in await office[ARCHIVE].see()
        await later(office, "10-04 09:01")
        assert TITLE in await office[ARCHIVE].see()
        await later(office, "10-05 08:59")
        assert TITLE not in await office[HEAD].see()
        await later(office, "10-05 09:01")
        shown = await office[HEAD].see()
        assert "原件 1 项" in shown
        assert "逾期 1 笔" in shown
        await later(office, "10-06 09:01")
        assert TITLE not in await office[HEAD].see()

    @one_channel
    async def test_an_outage_over_the_fifth_is_caught_up_once(self, office: Office) -> None:
        monthly(office)
        await later(office, "09-15 10:00")
        await office.app.stop()
        office.clock.advance(at("10-07 10:00"))
        await office.app.start()
        monthly(office)
        for _ in range(2):
            await office.app.scan(office.clock.now())
            await office.settle()
        shown = await office[HEAD].see()
        assert shown.text.count(TITLE) == 1
        assert "没有借出未还的资料" in shown


@with_files
async def test_on_demand_there_is_a_file_and_a_picture(office: Office) -> None:
    desks(office)
    await lend(office)
    await office[HEAD].see()
    shown = await office[HEAD].say("/report")
    assert "原件 1 项，复印件 0 项，整卷 0 卷" in shown
    assert f"{TITLE}-2026-09-14.xlsx：共 1 行" in shown
    assert shown.files == (2 if list_picture.font() else 1)
    assert len(audited(office, "report.sent")) == 1


@pytest.mark.skipif(list_picture.font() is None, reason="this machine has no Chinese font")
def test_pictures_are_for_a_phone_and_have_real_characters() -> None:
    rows = [Row(("三季度对账单", "张晓雯", "9月17日 周四"), "原件")] * 60
    drawn = pictures(Listing(TITLE, "报送", ("材料", "借阅人", "应还"), (5, 3, 3), rows))
    assert 1 < len(drawn) <= list_picture.MOST
    for one in drawn:
        width, height = Image.open(io.BytesIO(one.content)).size
        assert (width, height <= list_picture.TALLEST) == (list_picture.WIDTH, True)
    found = list_picture.font()
    assert found is not None
    face = ImageFont.truetype(str(found[0]), 40, index=found[1])
    assert len({bytes(face.getmask(one)) for one in "借出未还\U000fffff"}) == 5


def test_without_a_font_there_is_no_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(list_picture, "font", lambda: None)
    assert pictures(Listing(TITLE, "", ("甲",), (1,), [Row(("乙",))])) == ()
