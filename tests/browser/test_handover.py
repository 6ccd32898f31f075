"""A handover in Chromium, from the delivery to the printed register, on the phones of both ends.

The car is delivered on the Friday before a make-up Sunday, so that the three working days end on
Tuesday (S1-09.4.1).
"""

from __future__ import annotations

from pathlib import Path

import pytest
from openpyxl import load_workbook
from playwright.async_api import Locator, expect

from tests.browser.conftest import Demo, Open, Sight
from tests.browser.test_demo import shop_front
from tests.browser.test_loans import move

pytestmark = [
    pytest.mark.browser,
    pytest.mark.xdist_group("browser"),
    pytest.mark.asyncio(loop_scope="session"),
]

SELLER, CUSTODIAN, DIRECTOR = "CY033", "CY009", "CY013"

DELIVERED = "已交车 粤B51C27 王若晴"
DUE = "9月22日 周二"
REGISTER = "用户档案签收薄"


def newest(sight: Sight, account: str, text: str) -> Locator:
    return sight.bubble(account, text).last


async def to_friday(sight: Sight) -> None:
    """Move the clock from Monday morning to the morning of Friday, the 18th."""
    for day in ("9月15日", "9月16日", "9月17日", "9月18日"):
        await move(sight, "到明早 9:00", day)


async def photos(sight: Sight, line: str, *files: dict[str, object]) -> None:
    """Send the photos of one line of the list that lies open, and go back to the list."""
    await sight.tap(SELLER, line)
    await expect(newest(sight, SELLER, "要求：")).to_contain_text(f"照片 {len(files)} 张")
    await sight.tap(SELLER, "传照片")
    await sight.attach(SELLER, "照片", list(files))
    await sight.send(SELLER)
    await sight.tap(SELLER, "完成")
    await expect(newest(sight, SELLER, f"已收照片 {len(files)} 张")).to_be_visible()
    await sight.tap(SELLER, "返回列表")


async def filled(sight: Sight) -> None:
    """Say that all papers are there but the vehicle licence."""
    shot = await shop_front(sight)
    sides = [{**shot, "name": name} for name in ("正面.jpg", "反面.jpg")]
    await sight.tap(SELLER, "资料清单")
    await photos(sight, "身份证复印件", *sides)
    await expect(newest(sight, SELLER, "还有 10 项未填，共 11 项")).to_be_visible()
    await sight.tap(SELLER, "行驶证复印件")
    await expect(newest(sight, SELLER, "现状：未填")).to_contain_text("行驶证复印件")
    await sight.tap(SELLER, "缺")
    await expect(newest(sight, SELLER, "行驶证复印件：缺失")).to_be_visible()
    await sight.tap(SELLER, "返回列表")
    await photos(sight, "交车照片", shot)
    await expect(newest(sight, SELLER, "还有 8 项未填，共 11 项")).to_be_visible()
    await sight.tap(SELLER, "其余都齐全")
    await expect(newest(sight, SELLER, "已全部填好")).to_be_visible()


async def file_of(sight: Sight, account: str, label: str, folder: Path) -> Path:
    """Tap a button that a file answers, and return the file as it was downloaded."""
    links = sight.phone(account).get_by_role("log").get_by_role("link", name="下载")
    before = await links.count()
    await sight.tap(account, label)
    await expect(links).to_have_count(before + 1)
    async with sight.page.expect_download() as download:
        await links.last.click()
    file = await download.value
    path = folder / file.suggested_filename
    await file.save_as(path)
    return path


class TestGivenACarDelivered:
    async def test_when_a_paper_is_missing_then_it_is_chased_supplied_and_in_the_register(
        self, demo: Demo, look: Open, tmp_path: Path
    ) -> None:
        people = (SELLER, CUSTODIAN, DIRECTOR)
        sight = await look(demo.url, 1320, 1100, phones=people)
        await to_friday(sight)
        await sight.say(SELLER, DELIVERED)
        review = newest(sight, SELLER, DUE)
        await expect(review).to_contain_text("第3个工作日")
        await expect(review).to_contain_text("9月20日")  # the make-up Sunday counts
        await sight.tap(SELLER, "登记计时")
        await expect(newest(sight, CUSTODIAN, "粤B51C27 王若晴")).to_contain_text(DUE)

        await filled(sight)
        await sight.tap(SELLER, "移交")
        await expect(newest(sight, SELLER, "以下各项缺失或不符")).to_contain_text("行驶证")
        await sight.tap(SELLER, "仍然移交")
        await sight.tap(CUSTODIAN, "清点签收")
        await expect(newest(sight, CUSTODIAN, "请当面逐项清点")).to_contain_text("行驶证")
        await sight.tap(CUSTODIAN, "缺项签收")
        await expect(newest(sight, CUSTODIAN, "由董思敏于")).to_contain_text(DUE)
        await sight.tap(CUSTODIAN, "按缺项签收")
        await expect(newest(sight, SELLER, "有1项由您补正")).to_be_visible()

        for day in ("9月19日", "9月20日", "9月21日", "9月22日"):
            await move(sight, "到明早 9:00", day)
        await expect(newest(sight, SELLER, "行驶证复印件（缺失）")).to_be_visible()
        await move(sight, "到明早 9:00", "9月23日")
        late = newest(sight, SELLER, "缺项未补")
        await expect(late).to_contain_text("行驶证复印件")
        await expect(newest(sight, DIRECTOR, "董思敏")).to_contain_text("行驶证复印件")

        shot = await shop_front(sight)
        await sight.tap(SELLER, "补交")
        await sight.attach(SELLER, "照片", [{**shot, "name": "行驶证.jpg"}])
        await sight.send(SELLER)
        await sight.tap(SELLER, "完成")
        await expect(newest(sight, CUSTODIAN, "已补交")).to_be_visible()
        await sight.tap(CUSTODIAN, "核对无误")
        await expect(newest(sight, SELLER, "资料已全部补齐")).to_be_visible()

        await sight.say(CUSTODIAN, "签收簿")
        await expect(newest(sight, CUSTODIAN, REGISTER)).to_contain_text("粤B51C27")
        sheet = await file_of(sight, CUSTODIAN, "导出 Excel", tmp_path)
        cells = [str(one.value) for row in load_workbook(sheet).active.iter_rows() for one in row]
        assert any("粤B51C27 王若晴" in one for one in cells)
        printed = await file_of(sight, CUSTODIAN, "打印版（PDF）", tmp_path)
        assert printed.read_bytes().startswith(b"%PDF")

        await sight.say(DIRECTOR, "移交月报")
        await expect(newest(sight, DIRECTOR, "汽车销售部")).to_be_visible()
        await sight.tap(DIRECTOR, "图片和表格")
        pictures = sight.phone(DIRECTOR).get_by_role("log").locator("img")
        await expect(pictures.last).to_be_visible()
        await sight.picture("handover")
