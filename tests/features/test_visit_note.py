"""A salesperson files a visit note, on every channel."""

from __future__ import annotations

import pytest

from handlers.conversation.messages import FileKind
from storage import accounts
from storage.unit import Unit
from tests.features.office import JPEG, Office, one_channel

SALES, COLLEAGUE, MANAGER, CUSTODIAN, DIRECTOR, SERVICE = (
    "CY015", "CY016", "CY014", "CY009", "CY004", "CY035",
)  # fmt: skip
TINGTAO = "听涛假日酒店"
NEW = "珠江口远航公司"


class TestGivenAVisitToday:
    async def test_when_filed_in_one_line_then_two_messages_and_one_tap_suffice(
        self, office: Office
    ) -> None:
        me = office[SALES]
        shown = await me.say("拜访 佛山市顺德区鸿鑫贸易商行 谈二季度订单 下周三回访")
        assert "谈二季度订单" in shown
        assert "9月23日" in shown
        shown = await me.send((JPEG, FileKind.PHOTO, "门头.jpg"))
        shown = await me.tap("提交")
        assert "访-2026-" in shown
        assert "按时提交" in shown
        assert "下次联系：9月23日" in shown

    async def test_when_filed_by_taps_then_five_steps_suffice(self, office: Office) -> None:
        me = office[SALES]
        assert "拜访记录 1/4\n哪位客户" in await me.say("/visit")
        assert "拜访记录 2/4\n哪天的事" in await me.tap(TINGTAO)
        assert "拜访记录 3/4\n经过如何" in await me.tap("今天 9月14日 周一")
        assert "下次什么时候联系" in await me.say("谈二季度订单")
        shown = await me.tap("跳过")
        assert f"客户：{TINGTAO}" in shown
        assert "经过：谈二季度订单" in shown
        shown = await me.tap("提交")
        assert "按时提交" in shown
        assert "已安排下次联系" not in shown

    @pytest.mark.parametrize("numbers", [True, False])
    async def test_when_everything_is_typed_then_no_tap_is_needed(
        self, office: Office, numbers: bool
    ) -> None:
        me = office[SALES]
        await me.say("今日")
        assert "哪位客户" in await me.say("写拜访记录")
        shown = await me.say("鸿鑫")
        assert "深圳市鸿鑫贸易有限公司" in shown.labels
        customers = [one for one in shown.labels if "鸿" in one]
        customer = customers[0]
        assert "哪天的事" in await me.say("1" if numbers else customer)
        assert "什么方式" in await me.say("2" if numbers else "昨天")
        assert "经过如何" in await me.say("3" if numbers else "电话")
        await me.say("谈二季度订单")
        shown = await me.say("2" if numbers else "明天")
        assert f"客户：{customer}" in shown
        assert "日期：9月13日 周日" in shown
        assert "方式：电话" in shown
        assert "下次联系：9月15日" in shown
        assert "访-2026-" in await me.say("提交")


class TestGivenACustomerNotOnFile:
    @pytest.mark.rule("S1-07.2.3a")
    @pytest.mark.rule("S5-1.4.1")
    async def test_when_noted_as_new_then_a_draft_dossier_meets_the_duty(
        self, office: Office
    ) -> None:
        """An unknown customer becomes a draft dossier (C-69)."""
        me = office[SALES]
        await me.say("/visit")
        shown = await me.say(NEW)
        assert f"没有找到“{NEW}”" in shown
        await me.tap("记为新客户")
        await me.tap("今天 9月14日 周一")
        await me.say("初次见面")
        assert f"{NEW}（新客户）" in await me.say("跳过")
        shown = await me.tap("提交")
        assert "按时提交" in shown
        assert "草稿档案" in shown
        for reader in (SALES, MANAGER):
            shown = await office[reader].say("/find 珠江口")
            assert "尚未编号" in shown
            assert "9月14日 周一 拜访 张晓雯" in shown.labels
        office.change(lambda unit: other_department(unit, office.channel, office.account("X001")))
        for reader in ("X001", COLLEAGUE, SERVICE):
            for words in ("珠江口", "zjkyh", NEW):
                assert "没有找到" in await office[reader].say(f"/find {words}")
            shown = await office[reader].say(f"拜访 {NEW} 谈订单")
            assert "张晓雯" not in shown
            assert "记为新客户" in shown.labels

    async def test_when_noted_again_then_it_is_the_same_draft(self, office: Office) -> None:
        me = office[SALES]
        await me.say(f"拜访 {NEW} 初次见面")
        await me.tap("记为新客户")
        await me.tap("提交")
        shown = await me.say(f"拜访 {NEW} 第二次见面")
        assert f"客户：{NEW}\n" in shown
        await me.tap("提交")
        shown = await me.say("/find 珠江口")
        assert len([one for one in shown.labels if "张晓雯" in one]) == 2


class TestGivenADayThatCannotBe:
    @pytest.mark.parametrize(
        ("words", "said"),
        [
            ("2027-01-01", "这一天还没到"),
            ("明天", "这一天还没到"),
            ("2月31日", "没有“2月31日”"),
            ("2025年1月1日", "一年多以前"),
            ("改天吧", "没看懂这个日期"),
        ],
    )
    async def test_when_typed_then_said_why_with_an_example(
        self, office: Office, words: str, said: str
    ) -> None:
        me = office[SALES]
        await me.say("/visit")
        await me.tap(TINGTAO)
        shown = await me.say(words)
        assert said in shown
        assert "例如：今天 · 昨天 · 9月11日" in shown
        assert "哪天的事" in shown
        assert "经过如何" in await me.say("前天")

    async def test_when_the_next_contact_has_passed_then_said_with_an_example(
        self, office: Office
    ) -> None:
        me = office[SALES]
        await me.say("/visit")
        await me.tap(TINGTAO)
        await me.tap("今天 9月14日 周一")
        await me.say("谈订单")
        shown = await me.say("9月1日")
        assert "例如：下周三" in shown
        assert "下次什么时候联系" in shown


def other_department(unit: Unit, channel: str, account: str) -> None:
    """Give a salesperson of another department the account."""
    accounts.bind(unit, channel, account, "CY022")


@one_channel
async def test_when_submit_is_said_where_a_customer_is_asked_for_then_it_is_no_name(
    office: Office,
) -> None:
    me = office[SALES]
    await me.say("/visit")
    for words in ("提交", "submit"):
        shown = await me.say(words)
        assert "这一题还没有回答；全部答完后再提交。" in shown
        assert f"没有找到“{words}”" not in shown
