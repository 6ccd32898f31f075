"""Approval cards in a group of managers: nothing of the content, judged by who taps."""

from __future__ import annotations

import pytest

from handlers.conversation.messages import Card, ChatChange, ChatEvent
from tests.features.council import COLLEAGUE, HEAD, INFO, SALES, ask, audited, council, states
from tests.features.diary import rows
from tests.features.office import GROUP, Office, one_channel

OPERATOR, NEW_GROUP = "CY039", "-1002"


async def linked(office: Office, who: str = HEAD, words: str = "") -> str:
    """Link the group and return what its owner hears in private."""
    council(office)
    await office[who].event(ChatChange.JOINED)
    shown = await office[who].in_group(f"/here {words}".strip())
    return shown.text


def cards(office: Office, chat: str = GROUP) -> list[Card]:
    """Return the cards of cases that were written for a group, in order."""
    return [one for one in office.in_group(chat) if "阅-2026" in one.title]


async def tap(office: Office, who: str, key: str = "") -> None:
    """Tap the button of the newest card in the group."""
    choice = key or cards(office)[-1].choices[0].key
    await office.hand_in(who, choice=choice, group=GROUP)
    await office.settle()


class TestGivenALinkedGroup:
    @pytest.mark.rule("C-01")
    async def test_then_the_card_there_says_who_asks_and_nothing_of_the_content(
        self, office: Office
    ) -> None:
        assert "今后销售一部的审批卡会发到该群" in await linked(office)
        assert "销售一部的审批卡会发到本群" in office.in_group()[-1].text
        await ask(office)
        (card,) = cards(office)
        assert card.title == "查阅申请 · 阅-2026-0001"
        assert "张晓雯（销售一部）" in card.text
        assert "1. 部门负责人：王海峰 待审批" in card.text
        for words in ("酒店", "KH-", "投诉"):
            assert words not in card.text + card.title
        assert [one.label for one in card.choices] == ["同意"]
        shown = await office[HEAD].say(f"/start {card.way_in}")
        assert "飞＊＊酒店" in shown
        hidden = await office[COLLEAGUE].say(f"/start {card.way_in}")
        assert "阅-2026-0001" not in hidden

    async def test_when_the_head_agrees_there_then_every_copy_says_so(
        self, office: Office
    ) -> None:
        await linked(office)
        await ask(office)
        await office[HEAD].see()
        await tap(office, HEAD)
        card = cards(office)[-1]
        assert "1. 王海峰 09:00 已同意" in card.text
        assert "欧阳静怡" in await office[INFO].see()
        if office.redraws:
            assert "王海峰 09:00 已同意" in await office[HEAD].see()
        await office[INFO].tap("同意")
        card = cards(office)[-1]
        assert "2. 欧阳静怡 09:00 已同意" in card.text
        assert card.choices == ()
        assert states(office) == ["approved"]
        if office.channel == "telegram":  # sent once, and edited from then on
            sent = rows(
                office,
                "SELECT mode, state FROM outbox WHERE slot LIKE 'case.%' AND account = ?",
                GROUP,
            )
            assert sent == [("send", "sent"), ("redraw", "sent"), ("redraw", "sent")]
            refs = "SELECT count(*) FROM message_ref WHERE slot LIKE 'case.%' AND account = ?"
            assert rows(office, refs, GROUP) == [(1,)]

    @one_channel
    @pytest.mark.rule("S1-07.3.3.2a")
    async def test_when_others_tap_then_nothing_happens_and_it_is_logged(
        self, office: Office
    ) -> None:
        await linked(office)
        await ask(office)
        key = cards(office)[-1].choices[0].key
        for who in (COLLEAGUE, SALES):
            await tap(office, who, key)
        for odd in ("f.case.no.1.0.papers", "f.case.ok.1", "f.case.ok.99.0", "c.1.1.submit"):
            await tap(office, COLLEAGUE, odd)
        assert states(office) == ["pending"]
        logged = audited(office, "case.press_refused")
        assert [one["staff_id"] for one in logged] == ["CY016", "CY015"]

    @one_channel
    async def test_when_tapped_twice_or_late_then_it_counts_once(self, office: Office) -> None:
        await linked(office)
        await ask(office)
        key = cards(office)[-1].choices[0].key
        await tap(office, HEAD, key)
        await tap(office, HEAD, key)
        assert len(audited(office, "case.decided")) == 1
        await office[INFO].see()
        await office[INFO].tap("同意")
        await tap(office, HEAD, key)
        assert states(office) == ["approved"]

    @one_channel
    async def test_when_another_post_decides_next_then_its_group_gets_the_card(
        self, office: Office
    ) -> None:
        assert "客户信息主管" in await linked(office, OPERATOR, "客户信息主管")
        await ask(office)
        assert cards(office) == []
        await office[HEAD].see()
        await office[HEAD].tap("同意")
        (card,) = cards(office)
        assert "2. 客户信息主管：欧阳静怡 待审批" in card.text
        await tap(office, INFO)
        assert states(office) == ["approved"]


@one_channel
class TestGivenTheGroupChanges:
    async def test_when_it_moves_then_its_copies_move_along(self, office: Office) -> None:
        await linked(office)
        await ask(office)
        event = ChatEvent(ChatChange.MOVED, GROUP, NEW_GROUP)
        await office.hand_in(HEAD, event=event)
        await office.settle()
        await office[HEAD].say("/ok 1")
        assert "1. 王海峰 09:00 已同意" in cards(office, NEW_GROUP)[-1].text
        await ask(office, customer="KH-2026-0045")
        assert cards(office, NEW_GROUP)[-1].title == "查阅申请 · 阅-2026-0002"

    async def test_when_the_bot_is_removed_then_no_card_goes_there(self, office: Office) -> None:
        await linked(office)
        await ask(office)
        await office[HEAD].event(ChatChange.LEFT)
        before = len(cards(office))
        await office[HEAD].say("/ok 1")
        await ask(office, customer="KH-2026-0045")
        assert len(cards(office)) == before
        assert rows(office, "SELECT count(*) FROM group_card") == [(0,)]
        await office[HEAD].event(ChatChange.JOINED)
        await ask(office, customer="KH-2023-0026")
        assert len(cards(office)) == before  # it has to be linked anew

    async def test_when_it_is_ended_then_open_copies_still_follow(self, office: Office) -> None:
        await linked(office)
        await ask(office)
        shown = await office[HEAD].in_group("/here off")
        assert "该群不再接收审批卡" in shown
        await ask(office, customer="KH-2026-0045")
        assert {one.title for one in cards(office)} == {"查阅申请 · 阅-2026-0001"}
        await office[HEAD].say("/ok 1")
        assert "已同意" in cards(office)[-1].text
        assert [one["rule"] for one in audited(office, "group.unlinked")] == ["C-01"]

    async def test_when_somebody_else_links_it_then_nothing_is_linked(
        self, office: Office
    ) -> None:
        council(office)
        await office[SALES].event(ChatChange.JOINED)
        for words in ("/here", "/here 销售一部", "/here gm", "/here off"):
            assert "没有设置成功" in await office[SALES].in_group(words)
        assert "没有设置成功" in await office[HEAD].in_group("/here 销售二部")
        assert "没有设置成功" in await office[OPERATOR].in_group("/here 没有的部门")
        await ask(office)
        assert cards(office) == []
        assert audited(office, "group.linked") == []
        await linked(office)
        assert "没有设置成功" in await office[SALES].in_group("/here off")
        assert "部门负责人在我所在的群里发送 /here" in await office[SALES].say("/here")
