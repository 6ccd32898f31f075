"""Requests and their decisions in Chromium, on the phones of everybody concerned."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import expect

from tests.browser.conftest import Demo, Open, Sight

pytestmark = [
    pytest.mark.browser,
    pytest.mark.xdist_group("browser"),
    pytest.mark.asyncio(loop_scope="session"),
]

SALES, COLLEAGUE, HEAD, SUPERVISOR, SPECIALIST, CUSTODIAN, SALES_DIRECTOR = (
    "CY015", "CY016", "CY014", "CY006", "CY007", "CY009", "CY013",
)  # fmt: skip

ASKED = "阅-2026-0001"
CHANGED = "更-2026-0001"
QUESTION = "是哪一张订单的投诉？"
ANSWER = "八月那批礼盒，少了二十箱"


@pytest_asyncio.fixture(loop_scope="session")
async def reviewed(tmp_path: Path) -> AsyncIterator[Demo]:
    """The sample company under a regulation that has changes of dossiers approved."""
    running = Demo(tmp_path / "data", policy="industrial-sales")
    await running.start()
    yield running
    await running.stop()


async def ask_to_read(sight: Sight) -> None:
    """Ask, as a salesperson, to read the dossier of a colleague's customer."""
    await sight.say(COLLEAGUE, "查找 鸿鑫隆")
    await sight.tap(COLLEAGUE, "申请查阅")
    await sight.tap(COLLEAGUE, "投诉处理")
    await expect(sight.bubble(COLLEAGUE, "为什么需要查阅")).to_be_visible()
    await sight.say(COLLEAGUE, "客户投诉交货延迟，需核对合同")
    await expect(sight.bubble(COLLEAGUE, "到哪天为止")).to_be_visible()
    await sight.say(COLLEAGUE, "周五")
    await sight.tap(COLLEAGUE, "提交")
    await expect(sight.bubble(HEAD, ASKED)).to_contain_text("申请人：李志强")


async def answer(sight: Sight, account: str, words: str) -> None:
    """Answer what was asked back, once both the question and the card offer to."""
    offers = sight.phone(account).get_by_role("log").get_by_role("button", name="回答")
    await expect(offers).to_have_count(2)
    await sight.tap(account, "回答")
    await expect(sight.bubble(account, "怎么回答")).to_be_visible()
    await sight.say(account, words)


class TestGivenARequestToRead:
    async def test_when_head_and_stand_in_agree_then_every_phone_says_so_and_it_is_open(
        self, demo: Demo, look: Open
    ) -> None:
        sight = await look(demo.url, 1390, 1100, phones=(COLLEAGUE, HEAD, SUPERVISOR, SPECIALIST))
        await sight.say(SUPERVISOR, "我出差到周五，请韩雪代")
        await sight.tap(SUPERVISOR, "提交")
        await expect(sight.bubble(SPECIALIST, "欧阳静怡委托您代为审批")).to_be_visible()
        await ask_to_read(sight)

        await sight.tap(HEAD, "问一句")
        await expect(sight.bubble(HEAD, "想问申请人什么")).to_be_visible()
        await sight.say(HEAD, QUESTION)
        await answer(sight, COLLEAGUE, ANSWER)
        await expect(sight.bubble(HEAD, f"答：{ANSWER}").last).to_be_visible()

        await sight.tap(HEAD, "同意")
        partly = sight.bubble(HEAD, "王海峰 09:00 已同意，还需他人审批")
        await expect(partly.last).to_be_visible()
        mine, theirs = sight.bubble(SPECIALIST, ASKED), sight.bubble(SUPERVISOR, ASKED)
        await expect(mine).to_contain_text("您代欧阳静怡审批")
        await expect(theirs).to_contain_text("韩雪（代欧阳静怡） 待审批")
        await sight.picture("approval")

        await sight.tap(SPECIALIST, "同意")
        for copy in (mine, theirs):
            await expect(copy).to_contain_text("2. 韩雪代欧阳静怡 09:00 已同意")
            await expect(copy.get_by_role("button", name="同意")).to_have_count(0)
        await expect(sight.bubble(COLLEAGUE, "可以查阅")).to_be_visible()
        await sight.tap(COLLEAGUE, "客户")
        await expect(sight.bubble(COLLEAGUE, "联系人：冯艳 仓储主管")).to_be_visible()

    async def test_when_refused_in_own_words_then_the_requester_reads_them_at_once(
        self, demo: Demo, look: Open
    ) -> None:
        sight = await look(demo.url)
        await ask_to_read(sight)
        await sight.tap(HEAD, "拒绝")
        await expect(sight.bubble(HEAD, "为什么拒绝")).to_be_visible()
        await sight.tap(HEAD, "写理由")
        await expect(sight.bubble(HEAD, "为什么拒绝？").last).to_be_visible()
        await sight.say(HEAD, "请先向刘洋了解")
        told = sight.bubble(COLLEAGUE, "您的申请未获批准")
        await expect(told).to_contain_text("拒绝理由：请先向刘洋了解")


class TestGivenAChangeThatIsApproved:
    async def test_when_asked_back_and_answered_then_it_is_written_after_both_agreed(
        self, reviewed: Demo, look: Open
    ) -> None:
        people = (SALES, CUSTODIAN, SALES_DIRECTOR)
        sight = await look(reviewed.url, phones=people)
        await sight.say(SALES, "更新 KH-2023-0042 地址 深圳市南山区青石巷15号")
        await sight.tap(SALES, "提交")
        await expect(sight.bubble(CUSTODIAN, CHANGED)).to_contain_text("青石巷15号")
        await sight.tap(CUSTODIAN, "问一句")
        await expect(sight.bubble(CUSTODIAN, "想问申请人什么")).to_be_visible()
        await sight.say(CUSTODIAN, "新址是办公室还是仓库？")
        await answer(sight, SALES, "办公室，下月一日搬")
        await expect(sight.bubble(CUSTODIAN, "答：办公室").last).to_be_visible()
        await sight.tap(CUSTODIAN, "同意")
        await expect(sight.bubble(SALES_DIRECTOR, "1. 单志远 09:00 已同意")).to_be_visible()
        await sight.tap(SALES_DIRECTOR, "同意")
        await expect(sight.bubble(SALES, "档案已更新")).to_contain_text("周明远已同意")
        await expect(sight.bubble(CUSTODIAN, "2. 周明远 09:00 已同意").last).to_be_visible()
