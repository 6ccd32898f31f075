"""Finding a customer, and what the card shows to whom."""

from __future__ import annotations

import pytest

from tests.features.diary import COLLEAGUE, SALES
from tests.features.office import Office

SERVICE = "CY035"
TINGTAO = "听涛假日酒店"


class TestGivenACustomerOfMine:
    @pytest.mark.rule("S1-12.3.1")
    @pytest.mark.parametrize(
        "words",
        ["听涛", "ttjr", "tingtaojiari", "9624", "154 0256 9624", "KH-2022-0044", TINGTAO],
    )
    async def test_when_looked_for_in_any_way_then_the_card_comes_at_once(
        self, office: Office, words: str
    ) -> None:
        shown = await office[SALES].say(f"/find {words}")
        assert TINGTAO in shown
        assert "KH-2022-0044" in shown
        assert "154****9624" in shown
        assert "15402569624" not in shown
        assert "2022年11月3日" in shown

    async def test_when_the_card_is_open_then_its_notes_and_acts_are_a_tap_away(
        self, office: Office
    ) -> None:
        me = office[SALES]
        shown = await me.say("查找 听涛")
        label = next(one for one in shown.labels if "9月7日" in one)
        assert "访-2026-" in await me.tap(label)
        await me.say("查找 听涛")
        shown = await me.tap("写拜访记录")
        assert "以什么方式" in shown
        await me.say("/cancel")
        await me.say("查找 听涛")
        shown = await me.tap("安排拜访")
        assert "哪一天" in shown

    async def test_when_several_fit_then_own_come_first_and_each_opens(
        self, office: Office
    ) -> None:
        me = office[SALES]
        shown = await me.say("找 鸿鑫")
        found = [one for one in shown.labels if "鸿" in one]
        assert set(found[:2]) == {"深圳市鸿鑫贸易有限公司", "佛山市顺德区鸿鑫贸易商行"}
        shown = await me.tap("佛山市顺德区鸿鑫贸易商行")
        assert "保管人：张晓雯" in shown

    @pytest.mark.parametrize("command", ["/find", "/visit"])
    async def test_when_it_is_asked_already_then_the_name_after_the_word_counts(
        self, office: Office, command: str
    ) -> None:
        me = office[SALES]
        await me.say(command)
        shown = await me.say("找 鸿鑫")
        assert "没有找到" not in shown
        assert "深圳市鸿鑫贸易有限公司" in shown.labels

    async def test_when_nothing_was_said_then_it_asks(self, office: Office) -> None:
        me = office[SALES]
        assert "哪位客户" in await me.say("/find")
        await me.say("听涛")
        assert "154****9624" in await me.tap(TINGTAO)


class TestGivenCustomersOfOthers:
    @pytest.mark.rule("S3-SPEC1.1.3")
    async def test_when_found_then_masked_with_number_and_keeper_only(
        self, office: Office
    ) -> None:
        shown = await office[SERVICE].say("/find 听涛")
        assert "听＊＊酒店" in shown
        assert "KH-2022-0044" in shown
        assert "张晓雯" in shown
        for hidden in (TINGTAO, "9624", "武雨睿", "青石巷", "9月7日"):
            assert hidden not in shown.text

    async def test_when_secret_then_they_are_not_there(self, office: Office) -> None:
        for words in ("东莞云帆", "ydyf", "KH-2020-0008", "9878"):
            shown = await office[SALES].say(f"/find {words}")
            assert "CY019" not in shown
            assert "云" not in shown.text.replace("东莞云帆", "")
            assert "KH-2020-0008" not in shown.text.replace("“KH-2020-0008”", "")

    async def test_when_a_list_has_more_than_a_page_then_it_can_be_turned(
        self, office: Office
    ) -> None:
        me = office[SALES]
        first = await me.say("/find 汽车租赁")
        second = await me.tap("下一页 ›")
        here, there = ({one for one in shown.labels if "KH-" in one} for shown in (first, second))
        assert here
        assert there
        assert not here & there
        assert "保管人" in await me.tap(sorted(there)[0])


class TestGivenNothingFits:
    async def test_when_looked_for_then_said_with_other_ways(self, office: Office) -> None:
        me = office[COLLEAGUE]
        shown = await me.say("/find 完全没有这家")
        assert "没有找到“完全没有这家”" in shown
        assert "拼音首字母" in shown
        assert "哪位客户" in await me.tap("重新查找")


class TestGivenThePicker:
    async def test_when_all_fits_on_one_page_then_no_page_is_named(self, office: Office) -> None:
        me = office[SALES]
        assert "第 1 页" in await me.say("/visit")
        shown = await me.say("鸿鑫")
        assert "第 1 页" not in shown
        assert "下一页 ›" not in shown.labels
