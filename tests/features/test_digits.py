"""0 goes back and 9 cancels wherever a person stands, unless they are an answer or an entry."""

from __future__ import annotations

import pytest

from handlers.conversation.talk import base36
from storage import conversations
from storage.conversations import Menu
from storage.unit import Unit
from tests.features.diary import SALES
from tests.features.office import Office, one_channel

ARCHIVE = "CY009"
HX, TINGTAO = "深圳市鸿鑫贸易有限公司", "听涛假日酒店"
NOTHING = "现在没有正在填写的内容"


def shows(office: Office, entries: int, back: str = "", who: str = SALES) -> None:
    """Let the last card have been one with so many entries, each a page of the papers of HX."""

    def keep(unit: Unit) -> None:
        keys = tuple(f"f.help.clause.S1-{number:02d}" for number in range(1, entries + 1))
        menu = Menu(keys, {}, back)
        conversations.set_menu(unit, office.channel, office.account(who), menu)

    office.change(keep)


class TestGivenAPlaceBelowAnother:
    async def test_when_0_in_a_register_then_its_front_page_and_then_today(
        self, office: Office
    ) -> None:
        me = office[ARCHIVE]
        front = await me.say("登记册")
        await me.tap("在借")
        assert set((await me.say("0")).labels) == set(front.labels)
        assert "今天是9月14日 周一" in await me.say("0")

    async def test_when_0_in_the_papers_then_the_customer_and_then_today(
        self, office: Office
    ) -> None:
        me = office[SALES]
        await me.say(f"/find {HX}")
        await me.tap("材料清单")
        await me.tap("›")
        assert "保管人：张晓雯" in await me.say("0")
        assert "张晓雯，今天是9月14日" in await me.say("0")

    async def test_when_0_at_what_was_found_then_it_asks_anew(self, office: Office) -> None:
        me = office[SALES]
        await me.say("找 鸿鑫")
        assert "哪位客户" in await me.say("0")

    @pytest.mark.parametrize("word", ["0", "返回"])
    async def test_when_a_fields_card_is_left_then_nothing_is_gathered(
        self, office: Office, word: str
    ) -> None:
        me = office[SALES]
        await me.say("/find 听涛")
        before = await me.tap("更新")
        await me.tap("选择项目")
        shown = await me.say(word)
        assert set(shown.labels) == set(before.labels)
        assert TINGTAO in await me.say(word)

    async def test_when_the_bot_restarts_in_between_then_0_goes_back_all_the_same(
        self, office: Office
    ) -> None:
        me = office[SALES]
        await me.say(f"/find {HX}")
        await me.tap("材料清单")
        await office.restart()
        assert "保管人：张晓雯" in await me.say("0")

    async def test_when_it_is_a_numbered_list_then_it_says_where_0_leads(
        self, office: Office
    ) -> None:
        shown = await office[SALES].say("找 鸿鑫")
        assert ("0 重新查找" in shown.text) is not office.redraws


class TestGivenNothingOpen:
    @pytest.mark.parametrize("word", ["0", "9", "返回", "取消", "Back", "提交"])
    async def test_then_it_says_so_and_shows_today(self, office: Office, word: str) -> None:
        shown = await office[SALES].say(word)
        assert NOTHING in shown
        assert "张晓雯，今天是9月14日" in shown
        assert "待整理（1）" not in shown.labels

    @pytest.mark.parametrize(("typed", "says"), [("０", NOTHING), ("９。", NOTHING)])
    async def test_when_typed_in_full_width_then_the_same(
        self, office: Office, typed: str, says: str
    ) -> None:
        assert says in await office[SALES].say(typed)

    async def test_when_9_on_a_card_then_nothing_of_it_is_done(self, office: Office) -> None:
        me = office[SALES]
        await me.say("设置")
        shown = await me.say("9")
        assert NOTHING in shown
        assert "张晓雯，今天是9月14日" in shown

    async def test_when_9_ends_a_form_then_it_does_not_end_it_again(self, office: Office) -> None:
        me = office[SALES]
        await me.say("/visit")
        assert "已取消" in await me.say("9")
        assert NOTHING in await me.say("9")


@one_channel
class TestGivenALongList:
    @pytest.mark.parametrize(("typed", "rule"), [("9", "S1-09"), ("10", "S1-10"), ("12", "S1-12")])
    async def test_then_9_and_beyond_are_its_entries(
        self, office: Office, typed: str, rule: str
    ) -> None:
        shows(office, 12)
        shown = await office[SALES].say(typed)
        assert NOTHING not in shown
        assert shown.text == (await office[SALES].press(f"f.help.clause.{rule}")).text

    @pytest.mark.parametrize("typed", ["２", "2。"])
    async def test_when_typed_in_full_width_or_with_a_stop_then_its_entry(
        self, office: Office, typed: str
    ) -> None:
        shows(office, 12)
        shown = await office[SALES].say(typed)
        assert shown.text == (await office[SALES].press("f.help.clause.S1-02")).text

    @pytest.mark.parametrize("typed", ["13", "012", "99", "1 2"])
    async def test_when_there_is_no_such_entry_then_it_is_kept_as_any_other_words(
        self, office: Office, typed: str
    ) -> None:
        shows(office, 12)
        await office[SALES].say(typed)
        assert "待整理（1）" in (await office[SALES].say("今日")).labels

    async def test_when_it_has_eight_entries_then_9_is_none_of_them(self, office: Office) -> None:
        shows(office, 8, back="f.today.open")
        assert NOTHING in await office[SALES].say("9")

    async def test_when_the_way_up_is_not_theirs_any_more_then_it_is_refused(
        self, office: Office
    ) -> None:
        shows(office, 3, back="f.register.open")
        assert "没有使用这项功能的权限" in await office[SALES].say("0")


async def test_when_a_form_asks_for_words_then_9_is_the_answer(office: Office) -> None:
    me = office[SALES]
    await me.say(f"拜访 {HX} 今天")
    await me.press(key_of_body(office))
    assert "经过：9" in await me.say("9")


def key_of_body(office: Office) -> str:
    """Return the key that opens the text of the note for editing."""
    shown = office.look(lambda unit: conversations.active(unit, SALES))
    assert shown is not None
    return f"c.{base36(shown.id)}.{base36(shown.rev)}.e.body"
