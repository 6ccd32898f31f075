"""A loan in Chromium, from the request to the missing page, on the phones of all concerned."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.browser.conftest import Demo, Open, Sight

pytestmark = [
    pytest.mark.browser,
    pytest.mark.xdist_group("browser"),
    pytest.mark.asyncio(loop_scope="session"),
]

SALES, HEAD, SUPERVISOR, SPECIALIST, CUSTODIAN = "CY015", "CY014", "CY006", "CY007", "CY009"

DUE = "9月17日 周四 24:00（北京时间）"
ASKED = "借阅 深圳市鸿鑫贸易有限公司 质量保证 三天 核对三季度价格"


async def lent(sight: Sight) -> None:
    """Ask for a paper, have it approved, counted out and taken."""
    await sight.say(SALES, ASKED)
    review = sight.bubble(SALES, "质量保证协议（原件）")
    await expect(review).to_contain_text(
        "应还9月17日 周四 24:00（北京时间）：第3天（S2-INFO.19.5）"
    )
    await sight.tap(SALES, "提交")
    for who in (HEAD, SPECIALIST):
        await expect(sight.bubble(who, "借-2026-")).to_contain_text("核对三季度价格")
        await sight.tap(who, "同意")
    await expect(sight.bubble(CUSTODIAN, "已批准，待出借")).to_be_visible()
    await sight.tap(CUSTODIAN, "清点出借")
    await expect(sight.bubble(CUSTODIAN, "当面清点页数和份数")).to_be_visible()
    await sight.tap(CUSTODIAN, "与清单相符")
    await expect(sight.bubble(SALES, "相符后点“收到”")).to_be_visible()
    await sight.tap(SALES, "收到")
    for who in (SALES, CUSTODIAN):
        told = sight.bubble(who, "已借出：双方已当面清点，已记入《外借登记册》")
        await expect(told).to_contain_text("应还：9月17日 周四 24:00")


async def move(sight: Sight, step: str, until: str) -> None:
    await sight.page.get_by_role("button", name="演示时钟").click()
    await sight.page.get_by_role("dialog").get_by_role("button", name=step).click()
    await expect(sight.page.locator(".now")).to_contain_text(until)


class TestGivenALoan:
    async def test_when_overdue_after_an_outage_then_one_honest_message_and_a_page_is_missed(
        self, demo: Demo, look: Open
    ) -> None:
        people = (SALES, HEAD, CUSTODIAN, SUPERVISOR, SPECIALIST)
        sight = await look(demo.url, 1720, 1100, phones=people)
        await lent(sight)
        await move(sight, "+1 天", "9月15日")
        await move(sight, "到明早 9:00", "9月16日")
        await expect(
            sight.bubble(SALES, "应还9月17日 周四 24:00（北京时间）（第 1 次提醒")
        ).to_be_visible()

        await sight.page.get_by_role("button", name="停机").click()
        await sight.page.get_by_role("button", name="停机 3 天").click()
        banner = sight.page.locator(".notice.down")
        await banner.get_by_role("button", name="快进到").click()
        late = sight.bubble(SALES, "次逾期通知")
        await expect(late).to_have_count(1)
        await expect(late).to_contain_text("条提醒")
        await expect(sight.bubble(HEAD, "张晓雯（销售一部）尚未归还")).to_be_visible()
        await sight.picture("overdue")

        await sight.tap(SALES, "归还")
        await expect(sight.bubble(SALES, "当面清点（S2-INFO.20）")).to_be_visible()
        await sight.tap(SALES, "全部归还")
        await expect(sight.bubble(CUSTODIAN, "有材料归还，请当面清点")).to_be_visible()
        await sight.tap(CUSTODIAN, "清点无误")
        await expect(sight.bubble(CUSTODIAN, "请逐项清点页数和份数")).to_be_visible()
        await sight.tap(CUSTODIAN, "有出入")
        await expect(sight.bubble(CUSTODIAN, "归还清点 2/")).to_be_visible()
        await sight.say(CUSTODIAN, "1 缺1页")
        for step in ("归还清点 3/", "归还清点 4/"):
            await expect(sight.bubble(CUSTODIAN, step)).to_be_visible()
            await sight.tap(CUSTODIAN, "是")
        await sight.tap(CUSTODIAN, "确认清点")
        await sight.tap(SALES, "清点无误")
        await expect(sight.bubble(SALES, "资料不齐")).to_be_visible()
        told = sight.bubble(SUPERVISOR, "事-2026-")
        await expect(told.last).to_be_visible()
        await sight.tap(SUPERVISOR, "已收到")
        await sight.picture("loan")
