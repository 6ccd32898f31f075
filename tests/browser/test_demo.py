"""The real demo in Chromium, as the people of the sample company use it."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from playwright.async_api import expect

from tests.browser.conftest import Demo, Open, Sight

pytestmark = [
    pytest.mark.browser,
    pytest.mark.xdist_group("browser"),
    pytest.mark.asyncio(loop_scope="session"),
]

SALES, COLLEAGUE, MANAGER, SUPERVISOR, CUSTODIAN, DIRECTOR, SERVICE, SELLER = (
    "CY015", "CY016", "CY014", "CY006", "CY009", "CY004", "CY035", "CY033",
)  # fmt: skip

SHOP_FRONT = """() => {
    const paper = document.createElement("canvas");
    [paper.width, paper.height] = [640, 420];
    const pen = paper.getContext("2d");
    const box = (colour, ...where) => { pen.fillStyle = colour; pen.fillRect(...where); };
    box("#9cc4dd", 0, 0, 640, 420);
    box("#e7d9bd", 50, 80, 540, 310);
    box("#a33b2f", 50, 80, 540, 84);
    pen.fillStyle = "#fff";
    pen.font = "46px 'Noto Sans CJK SC', sans-serif";
    pen.textAlign = "center";
    pen.fillText("鸿鑫贸易", 320, 139);
    for (const left of [84, 396]) box("#47606b", left, 194, 160, 160);
    box("#6b4a32", 268, 200, 104, 190);
    box("#7d7f78", 0, 385, 640, 35);
    return paper.toDataURL("image/jpeg", 0.85).split(",")[1];
}"""


async def shop_front(sight: Sight) -> dict[str, Any]:
    drawn = base64.b64decode(await sight.page.evaluate(SHOP_FRONT))
    return {"name": "门头.jpg", "mimeType": "image/jpeg", "buffer": drawn}


class TestGivenTheFirstOpening:
    async def test_then_the_salesperson_comes_first_and_every_phone_says_how_to_begin(
        self, demo: Demo, look: Open
    ) -> None:
        sight = await look(demo.url)
        phones = sight.page.locator(".phone")
        shown = [await phones.nth(at).get_attribute("data-account") for at in range(8)]
        assert shown[:4] == [SALES, COLLEAGUE, MANAGER, SUPERVISOR]
        assert shown[4:] == [CUSTODIAN, DIRECTOR, SERVICE, SELLER]
        await expect(sight.bubble(COLLEAGUE, "借-2026-0001")).to_be_visible()
        await expect(phones.locator(".empty")).to_have_count(7)
        await sight.tap(SALES, "今日")
        await expect(sight.bubble(SALES, "张晓雯，今天是9月14日 周一")).to_be_visible()

    async def test_when_the_sentence_to_try_is_chosen_then_it_can_be_changed_before_it_is_sent(
        self, demo: Demo, look: Open
    ) -> None:
        sight = await look(demo.url)
        await sight.phone(SALES).locator(".example").click()
        await expect(sight.input(SALES)).to_have_value(
            "拜访 深圳市鸿鑫贸易 谈二季度订单 下周三回访"
        )
        await expect(sight.input(SALES)).to_be_focused()
        await expect(sight.phone(SALES).locator("article")).to_have_count(0)


class TestGivenAVisit:
    async def test_when_noted_with_a_photo_then_read_commented_and_corrected_all_see_it(
        self, demo: Demo, look: Open
    ) -> None:
        sight = await look(demo.url, 1048, 1240)
        await self._filed(sight)
        assert sight.messages <= 3, "messages of the salesperson"
        assert sight.taps <= 4, "taps of the salesperson, those for the photo included"
        told = sight.bubble(COLLEAGUE, "张晓雯对")
        await expect(told).to_contain_text("访-2026-0016")

        await sight.say(MANAGER, "今日")
        await sight.tap(MANAGER, "团队未读记录（7）")
        await sight.tap(MANAGER, "张晓雯 · 深圳市鸿鑫贸易有限公司")
        note = sight.bubble(MANAGER, "访-2026-0016 拜访记录")
        await expect(note).to_contain_text("谈二季度订单")
        await sight.tap(MANAGER, "点评")
        await sight.say(MANAGER, "报价前先和我过一遍账期。")
        await expect(sight.bubble(MANAGER, "已发给张晓雯。")).to_be_visible()
        await expect(sight.bubble(SALES, "报价前先和我过一遍账期。")).to_be_visible()
        await sight.picture("phones")

        await sight.tap(SALES, "更正")
        await sight.tap(SALES, "经过")
        await expect(sight.bubble(SALES, "更正记录 · 经过")).to_be_visible()
        await sight.say(SALES, "谈二季度订单，对方要求月底前报价")
        review = sight.bubble(SALES, "更正记录 · 核对").filter(has_text="月底前报价")
        await expect(review).to_be_visible()
        await sight.tap(SALES, "提交")
        await expect(sight.bubble(SALES, "已更正 访-2026-0016")).to_be_visible()
        await sight.tap(MANAGER, "查看")
        await expect(sight.bubble(MANAGER, "对方要求月底前报价").last).to_be_visible()

    @staticmethod
    async def _filed(sight: Sight) -> None:
        await sight.say(SALES, "拜访 深圳市鸿鑫贸易 谈二季度订单 下周三回访")
        await expect(sight.bubble(SALES, "拜访记录 · 核对")).to_be_visible()
        await sight.attach(SALES, "照片", [await shop_front(sight)])
        await sight.send(SALES)
        await expect(sight.bubble(SALES, "附件：1 个文件")).to_be_visible()
        await sight.tap(SALES, "提交")
        await expect(sight.bubble(SALES, "已归档 访-2026-0016")).to_be_visible()

    async def test_when_everything_is_done_by_keyboard_then_it_is_filed_too(
        self, demo: Demo, look: Open
    ) -> None:
        sight = await look(demo.url, color_scheme="dark")
        keyboard = sight.page.keyboard
        await sight.input(SALES).focus()
        await keyboard.type("拜访 深圳市鸿鑫贸易 谈二季度订单 下周三回访")
        await keyboard.press("Enter")
        await expect(sight.bubble(SALES, "拜访记录 · 核对")).to_be_visible()
        for _ in range(9):
            if await sight.phone(SALES).locator(".key:focus").count():
                break
            await keyboard.press("Shift+Tab")
        submit = sight.phone(SALES).get_by_role("button", name="提交")
        for _ in range(9):
            if await submit.evaluate("(one) => one === document.activeElement"):
                break
            await keyboard.press("ArrowRight")
        await keyboard.press("Enter")
        await expect(sight.bubble(SALES, "已归档")).to_be_visible()


class TestGivenAPlannedVisit:
    async def test_when_the_clock_comes_to_the_evening_then_it_reminds(
        self, demo: Demo, look: Open
    ) -> None:
        sight = await look(demo.url, 1048, 800)
        await sight.page.get_by_role("button", name="演示时钟").click()
        await sight.page.get_by_role("dialog").get_by_role("button", name="到 18:00").click()
        reminder = sight.bubble(SALES, "佛山市顺德区鸿鑫贸易商行")
        await expect(reminder.first).to_be_visible()
        await expect(sight.page.locator(".now")).to_contain_text("18:00")
        await expect(sight.phone(SALES).locator(".owner .badge")).to_be_visible()
        await sight.picture("reminder")


class TestGivenANarrowScreen:
    async def test_when_a_step_is_done_by_touch_then_all_of_it_fits(
        self, demo: Demo, look: Open
    ) -> None:
        sight = await look(demo.url, 390, 844, has_touch=True, device_scale_factor=2)
        await sight.say(SALES, "/visit")
        await expect(sight.bubble(SALES, "拜访记录 1/4")).to_be_visible()
        await sight.tap(SALES, "深圳市鸿鑫贸易有限公司")
        await sight.tap(SALES, "选日历")
        await expect(sight.phone(SALES).locator(".grid .key").first).to_be_in_viewport()
        wide = await sight.page.evaluate("document.documentElement.scrollWidth")
        assert wide <= 390
        for key in await sight.phone(SALES).locator(".key").all():
            cut = await key.evaluate("(one) => one.scrollWidth > one.clientWidth + 1")
            assert not cut, await key.inner_text()
        await sight.picture("narrow-screen")


class TestGivenAnOutage:
    async def test_when_written_meanwhile_then_one_tick_and_after_it_two(
        self, demo: Demo, look: Open
    ) -> None:
        sight = await look(demo.url)
        await sight.say(SALES, "今日")
        await expect(sight.bubble(SALES, "张晓雯，今天是")).to_be_visible()
        await sight.page.get_by_role("button", name="停机").click()
        await sight.page.get_by_role("button", name="停机 2 小时").click()
        banner = sight.page.locator(".notice.down")
        await expect(banner).to_contain_text("助手已停机，11:00 恢复")
        await sight.say(SALES, "拜访 深圳市鸿鑫贸易 谈二季度订单")
        await expect(sight.phone(SALES).get_by_label("已送达平台")).to_have_count(1)
        await sight.input(SALES).fill("还没写完")
        await sight.page.reload()
        await expect(sight.input(SALES)).to_have_value("还没写完")
        await expect(sight.bubble(SALES, "张晓雯，今天是")).to_be_visible()
        await expect(sight.phone(SALES).get_by_label("已送达平台")).to_have_count(1)
        await banner.get_by_role("button", name="快进到 11:00").click()
        await expect(sight.phone(SALES).get_by_label("助手已收到")).to_have_count(2)
        await expect(sight.bubble(SALES, "拜访记录 · 核对")).to_be_visible()
        await expect(banner).to_have_count(0)


class TestGivenAPowerCut:
    async def test_when_it_is_back_then_two_windows_go_on_with_all_that_was_said(
        self, demo: Demo, look: Open
    ) -> None:
        first, second = await look(demo.url), await look(demo.url)
        await first.say(SALES, "拜访 深圳市鸿鑫贸易 谈二季度订单")
        await expect(second.bubble(SALES, "拜访记录 · 核对")).to_be_visible()
        await demo.kill()
        await expect(first.page.locator(".notice.lost")).to_be_visible()
        await first.say(SALES, "完成")
        await demo.start()
        for sight in (first, second):
            await expect(sight.page.locator(".notice.lost")).to_have_count(0)
            await expect(sight.bubble(SALES, "谈二季度订单").first).to_be_visible()
            await expect(sight.phone(SALES).get_by_label("助手已收到")).to_have_count(2)
        await second.tap(SALES, "提交")
        for sight in (first, second):
            await expect(sight.bubble(SALES, "已归档 访-2026-0016")).to_have_count(1)
