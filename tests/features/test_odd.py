"""Stickers, polls and contacts: a kind word once, the question stays, nothing is lost."""

from __future__ import annotations

from datetime import timedelta

import pytest

from handlers.conversation.messages import Odd
from storage import conversations, dossiers, loose, search
from tests.features.diary import SALES
from tests.features.office import Office

TINGTAO = "听涛假日酒店"
WORDS = {
    Odd.STICKER: "这里收不了贴纸",
    Odd.POLL: "这里收不了投票",
    Odd.DICE: "这里收不了骰子",
    Odd.GAME: "这里收不了游戏",
    Odd.STORY: "这里收不了动态",
    Odd.OTHER: "这里收不了这类消息",
}


def phone(office: Office, name: str = TINGTAO) -> str:
    """Return the phone of a customer of the sample as a contact carries it."""

    def read(unit):
        (hit,) = search.find_dossiers(unit, name, staff_id=SALES, limit=2)
        return dossiers.get(unit, hit.id).phone

    number = office.look(read)
    return f"+86 {number[:3]} {number[3:7]} {number[7:]}"


class TestGivenNoForm:
    @pytest.mark.parametrize("kind", WORDS)
    async def test_when_one_comes_then_it_is_named_and_what_can_be_sent_is_said(
        self, office: Office, kind: Odd
    ) -> None:
        shown = await office[SALES].odd(kind)
        assert WORDS[kind] in shown
        assert "可以发文字、照片、语音、文件和位置" in shown
        assert office.look(lambda unit: loose.count_open(unit.session, SALES)) == 0

    async def test_when_many_come_at_once_then_one_is_answered(self, office: Office) -> None:
        me = office[SALES]
        said = [(await me.odd(Odd.STICKER)).text.strip() for _ in range(5)]
        assert [bool(one) for one in said] == [True, False, False, False, False]
        office.clock.advance(office.clock.now() + timedelta(seconds=30))
        assert (await me.odd(Odd.STICKER)).text.strip()
        assert (await office["CY016"].odd(Odd.STICKER)).text.strip()

    async def test_when_a_contact_is_a_customers_then_the_customer_is_shown(
        self, office: Office
    ) -> None:
        shown = await office[SALES].odd(Odd.CONTACT, f"王经理 {phone(office)}")
        assert "KH-2022-0044" in shown

    async def test_when_a_contact_is_nobodys_then_it_is_kept(self, office: Office) -> None:
        await office[SALES].odd(Odd.CONTACT, "王经理 +86 100 0000 0000")
        (item,) = office.look(lambda unit: loose.open_items(unit, SALES))
        assert item.body["text"] == "王经理 +86 100 0000 0000"


class TestGivenAForm:
    async def test_when_they_come_then_the_question_stays_and_one_is_answered(
        self, office: Office
    ) -> None:
        me = office[SALES]
        await me.press("f.note.again")
        await me.say(TINGTAO)
        before = office.look(lambda unit: conversations.active(unit, SALES))
        shown = await me.odd(Odd.STICKER)
        assert "这里收不了贴纸。\n请点选或者打字回答。" in shown
        assert "哪天的事" in shown
        assert before is not None
        after = office.look(lambda unit: conversations.active(unit, SALES))
        assert after is not None
        assert after.title == before.title
        for _ in range(4):
            assert not (await me.odd(Odd.STICKER)).text.strip()
        assert "以什么方式" in await me.say("昨天")
        await me.say("电话")
        assert "这一步请写文字" in await me.odd(Odd.POLL)
        assert "下次什么时候联系" in await me.say("谈订单")

    async def test_when_a_contact_is_sent_to_a_picker_then_it_is_looked_for(
        self, office: Office
    ) -> None:
        me = office[SALES]
        await me.press("f.note.again")
        shown = await me.odd(Odd.CONTACT, f"王经理 {phone(office)}")
        assert TINGTAO in shown.labels or "哪天的事" in shown
        await me.say("/cancel")
        await me.press("f.note.again")
        shown = await me.odd(Odd.CONTACT, "珠江口远航公司 +86 100 0000 0000")
        assert "“珠江口远航公司”可以记为新客户" in shown.text or "记为新客户" in shown.labels
