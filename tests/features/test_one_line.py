"""A whole note in one line, in the shapes that people write it."""

from __future__ import annotations

import pytest

from tests.features.diary import SALES
from tests.features.office import Office, Shown, one_channel

TINGTAO = "听涛假日酒店"
NEW = "珠江口远航公司"


async def said(office: Office, line: str) -> Shown:
    return await office[SALES].say(line)


class TestGivenACustomerOfMine:
    @one_channel
    @pytest.mark.parametrize(
        "line",
        [
            "拜访 听涛 谈订单",
            "拜访　听涛　谈订单",
            "拜访听涛假日酒店谈订单",
            "拜访 听涛酒店 谈订单",
            "拜访，听涛假日酒店，谈订单",
            "拜访 ttjr 谈订单",
            "拜访 9624 谈订单",
            "/visit 听涛 谈订单",
        ],
    )
    async def test_when_a_line_names_it_then_it_is_all_understood(
        self, office: Office, line: str
    ) -> None:
        shown = await said(office, line)
        assert f"客户：{TINGTAO}" in shown
        assert "日期：9月14日 周一" in shown
        assert "经过：谈订单\n" in shown
        assert "提交" in shown

    @one_channel
    @pytest.mark.parametrize(
        ("word", "manner"), [("电话", "电话"), ("接待", "接待"), ("来信", "来信")]
    )
    async def test_when_the_word_is_another_then_so_is_the_manner(
        self, office: Office, word: str, manner: str
    ) -> None:
        for between in (" ", ""):
            shown = await said(office, f"{word}{between}{TINGTAO} 谈价格")
            assert f"方式：{manner}" in shown
            assert "经过：谈价格\n" in shown
            await office[SALES].say("/cancel")

    @one_channel
    async def test_when_a_day_to_come_stands_first_then_it_stays_in_the_words(
        self, office: Office
    ) -> None:
        shown = await said(office, "拜访 明天 听涛 谈订单")
        assert f"客户：{TINGTAO}" in shown
        assert "日期：9月14日 周一" in shown
        assert "经过：明天 谈订单\n" in shown

    async def test_when_the_day_stands_before_the_customer_then_it_is_the_day(
        self, office: Office
    ) -> None:
        shown = await said(office, "拜访 昨天 听涛 谈订单")
        assert f"客户：{TINGTAO}" in shown
        assert "日期：9月13日 周日" in shown
        assert "经过：谈订单\n" in shown

    @one_channel
    @pytest.mark.parametrize(
        ("words", "day"),
        [
            ("下周三回访", "9月23日"),
            ("约下周五", "9月25日"),
            ("下次9月28日", "9月28日"),
            ("下次联系：9月28日", "9月28日"),
            ("follow up 28 Sep", "9月28日"),
        ],
    )
    async def test_when_a_next_contact_is_named_then_it_leaves_the_text(
        self, office: Office, words: str, day: str
    ) -> None:
        shown = await said(office, f"拜访 听涛 谈价格 {words}")
        assert f"下次联系：{day}" in shown
        assert "经过：谈价格\n" in shown

    async def test_when_a_day_to_come_is_only_mentioned_then_it_stays_in_the_text(
        self, office: Office
    ) -> None:
        shown = await said(office, "拜访 听涛 要求下周五前报价")
        assert "经过：要求下周五前报价\n" in shown
        assert "下次联系：（未填）" in shown


class TestGivenSeveralCustomersThatFit:
    async def test_when_one_is_picked_then_nothing_of_the_line_was_lost(
        self, office: Office
    ) -> None:
        shown = await said(office, "拜访 鸿鑫 谈订单 下周三回访")
        assert "哪位客户" in shown
        assert "深圳市鸿鑫贸易有限公司" in shown.labels
        assert "佛山市顺德区鸿鑫贸易商行" in shown.labels
        shown = await office[SALES].tap("深圳市鸿鑫贸易有限公司")
        assert "经过：谈订单\n" in shown
        assert "下次联系：9月23日" in shown


class TestGivenANameNobodyHas:
    @pytest.mark.parametrize("between", [" ", ""])
    async def test_when_noted_as_new_then_nothing_of_the_line_was_lost(
        self, office: Office, between: str
    ) -> None:
        shown = await said(office, f"拜访{between}{NEW} 谈订单 下周三回访")
        assert f"“{NEW}”记为新客户" in shown
        shown = await office[SALES].tap("记为新客户")
        assert f"客户：{NEW}（新客户）" in shown
        assert "经过：谈订单\n" in shown
        assert "下次联系：9月23日" in shown

    async def test_when_it_may_be_no_name_then_it_stays_in_the_text_as_well(
        self, office: Office
    ) -> None:
        shown = await said(office, "拜访 恒大粮油 谈订单")
        assert "记为新客户" in shown.labels
        assert "经过：恒大粮油 谈订单" in await office[SALES].tap("记为新客户")

    async def test_when_only_its_place_is_known_then_it_is_not_taken_for_another(
        self, office: Office
    ) -> None:
        for line in ("拜访 内蒙古大草原牧业 谈订单", "拜访 内蒙古 谈订单"):
            shown = await said(office, line)
            assert "哪位客户" in shown
            assert "记为新客户" in shown.labels
            await office[SALES].say("/cancel")

    async def test_when_written_without_spaces_then_it_is_kept_and_asked_about(
        self, office: Office
    ) -> None:
        shown = await said(office, "拜访内蒙古大草原牧业谈订单")
        assert "已存好" in shown
        shown = await office[SALES].tap("写拜访记录")
        assert "哪位客户" in shown

    async def test_when_a_long_name_is_of_a_colleague_then_it_is_masked(
        self, office: Office
    ) -> None:
        shown = await said(office, "拜访 内蒙古自治区呼伦贝尔市草原之星有机乳业 谈订单")
        assert "客户：内蒙古自＊＊" in shown
        assert "经过：谈订单\n" in shown


class TestGivenAWordOnly:
    async def test_when_left_then_no_empty_draft_remains(self, office: Office) -> None:
        assert "哪位客户" in await said(office, "拜访")
        await said(office, "/today")
        assert "没有草稿" in await said(office, "草稿")

    async def test_when_begun_again_then_the_last_draft_is_offered(self, office: Office) -> None:
        await said(office, "拜访 听涛 谈订单")
        await said(office, "/today")
        shown = await said(office, "/visit")
        label = next(one for one in shown.labels if "刚刚" in one)
        assert "经过：谈订单" in await office[SALES].tap(label)
