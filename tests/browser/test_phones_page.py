"""The phones page in Chromium with a tiny bot behind it: what a person can do and sees."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import expect

from handlers.conversation.messages import Button, Card
from tests.browser.conftest import Open
from tests.fakes.desk import ASK_DAY, PICTURE, Desk

pytestmark = [
    pytest.mark.browser,
    pytest.mark.xdist_group("browser"),
    pytest.mark.asyncio(loop_scope="session"),
]

ANN, MANAGER = "s1", "m1"


def photo(name: str) -> dict[str, Any]:
    return {"name": name, "mimeType": "image/png", "buffer": PICTURE}


class TestFirstSight:
    async def test_six_phones_with_name_role_and_department(self, desk: Desk, look: Open) -> None:
        sight = await look(desk.url)
        await expect(sight.page.locator(".phone")).to_have_count(6)
        owner = sight.phone(ANN).locator(".owner")
        await expect(owner).to_contain_text("张晓彤")
        await expect(owner).to_contain_text("客户经理 · 销售一部")
        await expect(sight.page.locator(".now")).to_have_text("2026年9月14日 周一 09:00")

    async def test_people_are_found_shown_and_remembered(self, desk: Desk, look: Open) -> None:
        sight = await look(desk.url)
        await sight.page.get_by_role("button", name="人员").click()
        await sight.page.get_by_role("searchbox").fill("总经")
        await sight.page.get_by_role("checkbox").check()
        await sight.page.keyboard.press("Escape")
        await expect(sight.phone("g1")).to_be_visible()
        await sight.phone(ANN).get_by_role("button", name="收起").click()
        await sight.page.reload()
        await expect(sight.phone("g1")).to_be_visible()
        await expect(sight.phone(ANN)).to_have_count(0)

    async def test_english_and_dark_are_remembered(self, desk: Desk, look: Open) -> None:
        sight = await look(desk.url)
        await sight.page.get_by_role("button", name="切换深色与浅色").click()
        await sight.page.get_by_role("button", name="English").click()
        await expect(sight.page.get_by_role("button", name="People")).to_be_visible()
        await expect(sight.page.locator("html")).to_have_attribute("data-theme", "dark")
        await expect(sight.page.locator(".now")).to_have_text("Mon 14 Sep 2026 09:00")
        await sight.picture("page-dark-english")


class TestWriting:
    async def test_enter_sends_shift_enter_breaks_and_ticks_tell(
        self, desk: Desk, look: Open
    ) -> None:
        sight = await look(desk.url)
        box = sight.input(ANN)
        await box.press_sequentially("第一行")
        await box.press("Shift+Enter")
        await box.press_sequentially("第二行")
        await box.press("Enter")
        await expect(sight.bubble(ANN, "收到:第一行")).to_be_visible()
        assert desk.heard[0].text == "第一行\n第二行"
        await expect(sight.phone(ANN).get_by_label("助手已收到")).to_have_count(1)

    async def test_markup_and_turned_letters_are_shown_as_typed(
        self, desk: Desk, look: Open
    ) -> None:
        sight = await look(desk.url)
        hostile = "<img src=x onerror=alert(1)> <b>x</b> &amp; \u202eabc\u202c مرحبا 😀"
        await sight.say(ANN, hostile)
        answer = sight.bubble(ANN, "收到:").locator(".text")
        await expect(answer).to_have_text(f"收到:{hostile}")
        assert await sight.phone(ANN).locator(".log img, .log b").count() == 0

    async def test_ten_thousand_characters_fold_and_unfold(self, desk: Desk, look: Open) -> None:
        sight = await look(desk.url)
        await sight.say(ANN, "长" * 10_000)
        await sight.bubble(ANN, "收到:").get_by_role("button", name="展开全文").click()
        assert desk.heard[0].text == "长" * 10_000

    async def test_typing_and_history_survive_a_reload(self, desk: Desk, look: Open) -> None:
        sight = await look(desk.url)
        await sight.say(ANN, "先发一条")
        await expect(sight.bubble(ANN, "收到:先发一条")).to_be_visible()
        await sight.input(ANN).fill("没写完的话")
        await sight.page.reload()
        await expect(sight.input(ANN)).to_have_value("没写完的话")
        await expect(sight.bubble(ANN, "收到:先发一条")).to_be_visible()

    async def test_a_command_from_the_menu_by_keyboard(self, desk: Desk, look: Open) -> None:
        await desk.channel.menu(ANN, (("today", "今日"), ("visit", "拜访")))
        sight = await look(desk.url)
        await expect(sight.phone(ANN).get_by_role("button", name="拜访")).to_be_visible()
        await sight.phone(ANN).get_by_role("button", name="命令菜单").press("Enter")
        await sight.page.keyboard.press("ArrowDown")
        await sight.page.keyboard.press("Enter")
        await expect(sight.phone(ANN).locator("article .key").first).to_be_visible()
        assert desk.heard[0].command == "visit"
        await expect(sight.input(ANN)).to_be_focused()


class TestButtons:
    async def test_arrows_move_enter_taps_and_the_card_is_redrawn_with_the_focus_kept(
        self, desk: Desk, look: Open
    ) -> None:
        await desk.channel.send(ANN, ASK_DAY)
        sight = await look(desk.url)
        keys = sight.phone(ANN).locator(".key")
        await expect(keys).to_have_count(8)
        await keys.first.focus()
        await sight.page.keyboard.press("ArrowRight")
        await sight.page.keyboard.press("Enter")
        await expect(sight.phone(ANN).locator(".text")).to_have_text("日期:昨天 9月13日 周日")
        await expect(sight.phone(ANN).locator(".redrawn")).to_have_count(1)
        await expect(keys).to_have_count(4)
        await expect(sight.phone(ANN).locator(".key:focus")).to_have_count(1)
        await sight.picture("redrawn")

    async def test_a_refusal_pops_up_and_cancel_keeps_its_corner(
        self, desk: Desk, look: Open
    ) -> None:
        await desk.channel.send(ANN, ASK_DAY)
        sight = await look(desk.url)
        cancel = sight.phone(ANN).get_by_role("button", name="取消")
        nav = await sight.phone(ANN).locator(".nav").bounding_box()
        corner = await cancel.bounding_box()
        assert abs(corner["x"] + corner["width"] - nav["x"] - nav["width"]) < 2
        await cancel.click()
        toast = sight.phone(ANN).get_by_role("alert").filter(has_text="已经不能用了")
        await expect(toast).to_be_visible()
        await expect(sight.phone(ANN).locator("[aria-busy]")).to_have_count(0)

    async def test_a_month_of_six_weeks_stands_above_the_other_buttons(
        self, desk: Desk, look: Open
    ) -> None:
        weeks = tuple(
            tuple(Button(f"{7 * w + d} 休", f"c.1.1.d.{7 * w + d}") for d in range(1, 8))
            for w in range(6)
        )
        months = (Button("‹ 7月", "c.1.1.m.7"), Button("9月 ›", "c.1.1.m.9"))
        month = Card("哪一天?", "2026年8月", months, 2, nav=ASK_DAY.nav, grid=weeks)
        await desk.channel.send(ANN, month)
        sight = await look(desk.url)
        await expect(sight.phone(ANN).locator(".grid .key")).to_have_count(42)
        await expect(sight.phone(ANN).locator(".key")).to_have_count(48)
        await sight.picture("month")


class TestFiles:
    async def test_an_album_with_a_caption_is_one_bubble(self, desk: Desk, look: Open) -> None:
        sight = await look(desk.url)
        await sight.attach(ANN, "照片", [photo(f"{n}.png") for n in range(3)])
        await expect(sight.phone(ANN).locator(".thumb")).to_have_count(3)
        await sight.input(ANN).fill("门店现场")
        await sight.input(ANN).press("Enter")
        album = sight.bubble(ANN, "门店现场")
        await expect(album.locator("img")).to_have_count(3)
        await expect(album.get_by_label("助手已收到")).to_be_visible()
        assert [len(one.files) for one in desk.heard] == [1, 1, 1]
        assert len({one.album for one in desk.heard}) == 1
        await album.get_by_role("button").first.click()
        await expect(sight.page.get_by_role("dialog")).to_be_visible()

    async def test_empty_and_large_files_are_named_at_once_and_the_rest_is_kept(
        self, desk: Desk, look: Open, tmp_path_factory: pytest.TempPathFactory
    ) -> None:
        large = tmp_path_factory.mktemp("files") / "视频.bin"
        with large.open("wb") as file:
            file.truncate(60 * 1024 * 1024)
        empty = large.with_name("空.txt")
        empty.touch()
        fine = large.with_name("清单.txt")
        fine.write_text("客户清单", encoding="utf-8")
        sight = await look(desk.url)
        await sight.attach(ANN, "文件", [str(large), str(empty), str(fine)])
        warning = sight.phone(ANN).locator(".warning")
        await expect(warning).to_contain_text("视频.bin 超过 20.0 MB")
        await expect(warning).to_contain_text("空.txt 是空文件")
        await expect(sight.phone(ANN).locator(".strip .chip")).to_have_count(1)
        await sight.phone(ANN).get_by_role("button", name="发送").click()
        await expect(sight.phone(ANN).locator(".document")).to_contain_text("清单.txt")

    async def test_a_pasted_and_a_dropped_picture_are_attached(
        self, desk: Desk, look: Open
    ) -> None:
        sight = await look(desk.url)
        for event, holder in (("paste", "clipboardData"), ("drop", "dataTransfer")):
            await sight.input(ANN).evaluate(
                """(box, [event, holder]) => {
                    const data = new DataTransfer();
                    data.items.add(new File(["x"], "a.png", { type: "image/png" }));
                    const Kind = event === "drop" ? DragEvent : ClipboardEvent;
                    const options = { [holder]: data, bubbles: true, cancelable: true };
                    box.dispatchEvent(new Kind(event, options));
                }""",
                [event, holder],
            )
        await expect(sight.phone(ANN).locator(".thumb")).to_have_count(2)

    async def test_protected_content_cannot_be_copied(self, desk: Desk, look: Open) -> None:
        await desk.channel.send(ANN, Card("客户电话 139", protect=True))
        sight = await look(desk.url)
        box = sight.phone(ANN).locator(".protected")
        await expect(box).to_contain_text("受保护")
        assert await box.evaluate("(one) => getComputedStyle(one).userSelect") == "none"
        copied = "(one) => one.dispatchEvent(new ClipboardEvent('copy', {cancelable: true}))"
        assert not await box.evaluate(copied)

    async def test_a_place_and_a_forwarded_message(self, desk: Desk, look: Open) -> None:
        sight = await look(desk.url)
        await sight.phone(ANN).get_by_role("button", name="添加").click()
        await sight.phone(ANN).get_by_role("menuitem", name="位置").click()
        dialog = sight.page.get_by_role("dialog")
        await dialog.get_by_label("纬度").fill("95")
        await dialog.get_by_label("经度").fill("121.5")
        await dialog.get_by_role("button", name="发送").click()
        await expect(dialog.get_by_role("alert")).to_be_visible()
        await dialog.get_by_label("纬度").fill("31.25")
        await dialog.get_by_role("button", name="发送").click()
        await expect(sight.phone(ANN).locator(".place")).to_contain_text("31.2500, 121.5000")
        await sight.phone(ANN).get_by_role("button", name="添加").click()
        await sight.phone(ANN).get_by_role("menuitem", name="转发").click()
        await sight.say(ANN, "客户说的话")
        await expect(sight.bubble(ANN, "转发的消息")).to_be_visible()
        await expect(sight.phone(ANN).get_by_label("助手已收到")).to_have_count(2)
        assert desk.heard[0].place is not None
        assert desk.heard[1].forwarded


class TestTroubleOnTheWay:
    async def test_what_is_written_while_the_server_is_away_arrives_once(
        self, desk: Desk, look: Open
    ) -> None:
        sight = await look(desk.url)
        await desk.stop()
        await expect(sight.page.locator(".notice.lost")).to_be_visible()
        await sight.say(ANN, "断线时写的")
        await sight.attach(ANN, "照片", [photo("断线.png")])
        await sight.input(ANN).press("Enter")
        await expect(sight.phone(ANN).get_by_label("等待发送")).to_have_count(2)
        await sight.picture("reconnecting")
        await desk.start()
        await expect(sight.phone(ANN).get_by_label("助手已收到")).to_have_count(2)
        await expect(sight.page.locator(".notice.lost")).to_have_count(0)
        assert [one.text for one in desk.heard] == ["断线时写的", ""]

    async def test_an_unsent_photo_survives_a_reload(self, desk: Desk, look: Open) -> None:
        sight = await look(desk.url)
        await sight.page.route("**/phones/upload*", lambda route: route.abort())
        await sight.attach(ANN, "照片", [photo("a.png")])
        await sight.input(ANN).press("Enter")
        await expect(sight.phone(ANN).get_by_label("等待发送")).to_be_visible()
        await sight.page.reload()
        await expect(sight.phone(ANN).get_by_label("等待发送")).to_be_visible()
        await sight.page.unroute("**/phones/upload*")
        await expect(sight.phone(ANN).get_by_label("助手已收到")).to_be_visible()
        assert len(desk.heard) == 1

    async def test_during_an_outage_one_tick_and_a_banner_then_two(
        self, desk: Desk, look: Open
    ) -> None:
        sight = await look(desk.url)
        await sight.page.get_by_role("button", name="停机").click()
        await sight.page.get_by_role("button", name="停机 2 小时").click()
        banner = sight.page.locator(".notice.down")
        await expect(banner).to_contain_text("助手已停机，11:00 恢复")
        await sight.say(ANN, "有人吗")
        await expect(sight.phone(ANN).get_by_label("已送达平台")).to_be_visible()
        await sight.picture("outage")
        await banner.get_by_role("button", name="快进到 11:00").click()
        await expect(sight.phone(ANN).get_by_label("助手已收到")).to_be_visible()
        await expect(banner).to_have_count(0)
        await expect(sight.page.locator(".now")).to_have_text("2026年9月14日 周一 11:00")


class TestUnread:
    async def test_a_phone_nobody_looks_at_is_marked_until_somebody_does(
        self, desk: Desk, look: Open
    ) -> None:
        sight = await look(desk.url)
        await sight.input(ANN).click()
        await desk.channel.send(MANAGER, Card("新的拜访记录"))
        await expect(sight.phone(MANAGER).locator(".owner .badge")).to_have_text("1")
        await expect(sight.page).to_have_title("(1) dossierbot")
        await sight.input(MANAGER).click()
        await expect(sight.phone(MANAGER).locator(".owner .badge")).to_be_hidden()
        await expect(sight.page).to_have_title("dossierbot")

    async def test_on_a_narrow_screen_one_phone_and_a_switcher_with_badges(
        self, desk: Desk, look: Open
    ) -> None:
        sight = await look(desk.url, 390, 844, has_touch=True)
        await expect(sight.page.locator(".phone:visible")).to_have_count(1)
        await desk.channel.send(MANAGER, Card("新的拜访记录"))
        chip = sight.page.locator(".who-chip").filter(has_text="王海燕")
        await expect(chip.locator(".badge")).to_have_text("1")
        await sight.picture("narrow")
        await chip.click()
        await expect(sight.phone(MANAGER)).to_be_visible()
        await expect(chip.locator(".badge")).to_be_hidden()
        wide = await sight.page.evaluate("document.documentElement.scrollWidth")
        assert wide <= 390
        box = await sight.input(MANAGER).bounding_box()
        assert box["height"] >= 34

    async def test_scrolled_up_nobody_is_pulled_down(self, desk: Desk, look: Open) -> None:
        for number in range(70):
            await desk.channel.send(ANN, Card(f"第 {number} 条"))
        sight = await look(desk.url)
        log = sight.phone(ANN).get_by_role("log")
        await expect(sight.bubble(ANN, "第 69 条")).to_be_in_viewport()
        await log.evaluate("(one) => (one.scrollTop = 0)")
        await expect(sight.bubble(ANN, "第 0 条")).to_have_count(1)
        before = await log.evaluate("(one) => one.scrollTop")
        await desk.channel.send(ANN, Card("最新一条"))
        await expect(sight.phone(ANN).get_by_role("button", name="有新消息")).to_be_visible()
        assert await log.evaluate("(one) => one.scrollTop") == before
        await sight.phone(ANN).get_by_role("button", name="有新消息").click()
        await expect(sight.bubble(ANN, "最新一条")).to_be_in_viewport()
