"""Language, help, drafts and the start page."""

from __future__ import annotations

import re

import pytest

from tests.features.diary import COLLEAGUE, MANAGER, SALES
from tests.features.office import Office, one_channel

CUSTODIAN, SERVICE = "CY009", "CY035"


class TestGivenAPersonWhoReadsEnglish:
    async def test_when_chosen_then_everything_is_english_at_once(self, office: Office) -> None:
        me = office[SALES]
        assert "语言：中文" in await me.say("设置")
        shown = await me.tap("English")
        assert "Language: English" in shown
        assert "Today" in shown.labels
        assert ("visit", "File a visit note") in me.menu()
        assert "Which customer?" in await me.say("/visit")
        assert "Nothing had been entered" in await me.say("cancel")
        await me.say("/settings")
        assert "语言：中文" in await me.tap("中文")
        assert ("visit", "写拜访记录") in me.menu()

    @one_channel
    @pytest.mark.parametrize("word", ["语言", "英文", "中文"])
    async def test_when_a_language_is_named_then_both_are_offered(
        self, office: Office, word: str
    ) -> None:
        shown = await office[SALES].say(word)
        assert {"中文", "English"} <= set(shown.labels)

    async def test_when_help_is_asked_then_it_is_english_and_works_as_it_says(
        self, office: Office
    ) -> None:
        me = office[SALES]
        await me.say("设置")
        await me.tap("English")
        shown = await me.say("/help")
        lines = shown.text.splitlines()
        assert any("/today · /visit · /plan · /find" in one for one in lines)
        assert not [one for one in shown.text if "\u4e00" <= one <= "\u9fff"]
        shown = await me.say("/visit ttjr talked about prices, follow up next Wednesday")
        assert "What happened: talked about prices" in shown
        assert "Next contact: Wed 23 Sep" in shown
        for word in ("back", "skip", "save draft"):
            assert word in "\n".join(lines)
        assert "Saved as a draft" in await me.say("save draft")


class TestGivenHelp:
    async def test_when_asked_then_each_command_stands_once_in_its_group_on_one_screen(
        self, office: Office
    ) -> None:
        me = office[SALES]
        shown = await me.say("帮助")
        assert "客户与拜访：今日 /today · 拜访 /visit · 计划 /plan · 查找 /find" in shown
        assert "借阅 /borrow · 我的借阅 /loans" in shown
        commands = re.findall(r"/[a-z]+", shown.text)
        assert len(set(commands)) == len(commands)
        named = {command for command, _ in me.menu()} - {"help", "start", "cancel"}
        assert {one[1:] for one in commands} == named
        assert len(shown.text.splitlines()) <= 20

    @one_channel
    async def test_when_somebody_hands_papers_over_then_their_line_is_among_the_examples(
        self, office: Office
    ) -> None:
        assert "小修完工 沪A12345 王某" in await office[SERVICE].say("/help")
        assert "沪A12345" not in await office[SALES].say("/help")

    async def test_when_a_command_is_unknown_then_said_above_what_there_is(
        self, office: Office
    ) -> None:
        shown = await office[SALES].say("/blah 一二三")
        assert "没有“/blah”这个命令" in shown
        assert shown.text.count("可以做什么") <= 1
        assert "拜访 /visit" in shown

    @pytest.mark.rule("S1-07.2.3a")
    async def test_when_the_clause_is_tapped_then_its_chinese_wording_comes(
        self, office: Office
    ) -> None:
        me = office[SALES]
        shown = await me.press("f.help.clause.S1-07.2.3a")
        assert "S1-07.2.3a" in shown
        assert "当天" in shown or "当日" in shown
        assert "没有这个编号" in await me.press("f.help.clause.S9-1")


class TestGivenDrafts:
    async def test_when_resumed_then_it_goes_on_where_it_stopped(self, office: Office) -> None:
        me = office[SALES]
        await me.say("拜访 听涛 谈订单")
        shown = await me.say("/today")
        assert "已存为草稿" in shown
        assert "草稿（1）" in shown.labels
        office.clock.advance(office.clock.now().replace(hour=4))
        shown = await me.say("继续")
        (label,) = [one for one in shown.labels if "听涛假日酒店" in one]
        assert "小时前" in label
        await me.tap(label)
        shown = await me.tap("继续填写")
        assert "经过：谈订单" in shown
        assert "访-2026-" in await me.tap("提交")
        assert "没有草稿" in await me.say("草稿")

    async def test_when_deleted_then_it_is_gone_and_no_number_does_that(
        self, office: Office
    ) -> None:
        me = office[SALES]
        await me.say("拜访 听涛 谈订单")
        shown = await me.say("/drafts")
        label = next(one for one in shown.labels if "听涛假日酒店" in one)
        await me.tap(label)
        for number in ("2", "3"):
            await me.say(number)
        shown = await me.say("/drafts")
        assert "草稿（1）" in shown
        await me.tap(label)
        assert "没有草稿" in await me.tap("删除")

    async def test_when_another_has_it_then_it_cannot_be_opened(self, office: Office) -> None:
        await office[SALES].say("拜访 听涛 谈订单")
        await office[SALES].say("/drafts")
        label = "拜访记录 · 听涛假日酒店 · 刚刚"
        if not office.redraws:
            await office[SALES].tap(label)
            key, _ = office[SALES].key_of("删除")
        else:
            key, _ = office[SALES].key_of(label)
        shown = await office[COLLEAGUE].press(key)
        assert "听涛" not in shown
        assert "草稿（1）" in await office[SALES].say("/drafts")


class TestGivenTheStartPage:
    async def test_when_something_waits_then_it_is_counted_and_a_tap_away(
        self, office: Office
    ) -> None:
        me = office[SALES]
        await me.say("客户说下周要货")
        shown = await me.say("今日")
        assert "有 3 项等您处理" in shown
        assert "待整理（1）" in shown.labels
        assert "“客户说下周要货”" in (await me.tap("待整理（1）")).labels
        shown = await office[MANAGER].say("今日")
        label = next(one for one in shown.labels if one.startswith("团队未读记录"))
        assert "未读记录（" in await office[MANAGER].tap(label)

    async def test_when_nothing_waits_then_it_is_kind(self, office: Office) -> None:
        shown = await office[CUSTODIAN].say("今日")
        assert "没有" in shown.text
        assert "等您处理" not in shown
        assert "走访" not in shown

    @one_channel
    async def test_then_everybody_has_the_ways_of_their_own_work(self, office: Office) -> None:
        visits = {"写拜访记录", "查找", "拜访计划"}
        assert visits <= set((await office[SALES].say("今日")).labels)
        desk = set((await office[CUSTODIAN].say("今日")).labels)
        assert {"查找", "借阅登记册", "签收簿"} <= desk
        above = set((await office[MANAGER].say("今日")).labels)
        assert {"团队记录", "查找", "写拜访记录"} <= above
        assert not (desk | above) & {"拜访计划"}

    @one_channel
    async def test_when_nobody_reports_to_a_person_then_the_team_s_notes_say_so(
        self, office: Office
    ) -> None:
        assert "您没有下属" in await office[SALES].say("团队")

    async def test_when_a_digit_stands_for_nothing_then_it_is_not_kept_as_text(
        self, office: Office
    ) -> None:
        me = office[CUSTODIAN]
        await me.say("今日")
        assert "没有第 8 项" in await me.say("8")
        assert "待整理（1）" not in (await me.say("今日")).labels
