"""Lists to pick from, lists to tick in, notices: what WeCom has beside cards with buttons."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from bot.channels.base import ChannelError, Outcome
from bot.channels.wecom.channel import Wecom
from bot.channels.wecom.draw import LIST, pressed
from handlers.conversation.messages import TICK, Button, Card
from tests.channels.harness import ANN, Bot, WecomHands, wecom_hands

LINK = "https://bot.example.com/wecom/callback/notice"
CANCEL = Button("取消", "c.5.7.cancel")
MANY = tuple(Button(f"客户{n}", f"c.5.7.o.{n}") for n in range(8))
QUESTION = Card("哪一家？", title="拜访 1/5", choices=MANY, nav=(CANCEL,), picks=True)
DONE = Button("完成", "c.5.7.done")
SEVERAL = Card(
    "做了什么？",
    title="措施",
    choices=(Button(f"{TICK}报告上级", "c.5.7.o.0"), Button("收回", "c.5.7.o.1")),
    nav=(DONE, CANCEL),
    several=Button("完成", "c.5.7.set"),
)


@pytest.fixture
async def hands(tmp_path: Path) -> AsyncIterator[WecomHands]:
    async with wecom_hands(tmp_path) as opened:
        yield opened


class TestGivenAQuestionWithALongList:
    async def test_then_it_is_picked_from_a_list_and_0_and_9_are_said(
        self, hands: WecomHands
    ) -> None:
        back = Button("返回", "c.5.7.back")
        skip = Button("跳过", "c.5.7.skip")
        await hands.channel.send(ANN, replace(QUESTION, nav=(skip, back, CANCEL)))
        card = hands.server.member(ANN).last.card
        assert card["card_type"] == "multiple_interaction"
        assert card["main_title"] == {
            "title": "拜访 1/5",
            "desc": "哪一家？\n\n0 返回，9 取消\n也可以回复文字：跳过",
        }
        (picker,) = card["select_list"]
        assert [one["text"] for one in picker["option_list"]] == [one.label for one in MANY]

    async def test_when_an_entry_is_picked_then_it_is_as_if_its_button_was_pressed(
        self, hands: WecomHands
    ) -> None:
        ref = await hands.channel.send(ANN, QUESTION)
        await hands.server.member(ANN).tap("客户3")
        heard = hands.bot.heard[0]
        assert (heard.choice, heard.card) == ("c.5.7.o.3", ref)
        assert heard.redraw

    async def test_when_there_was_an_answer_then_it_is_the_one_shown(
        self, hands: WecomHands
    ) -> None:
        choices = (*MANY[:2], replace(MANY[2], label=f"{TICK}客户2"), *MANY[3:])
        await hands.channel.send(ANN, replace(QUESTION, choices=choices))
        (picker,) = hands.server.member(ANN).last.card["select_list"]
        assert picker["selected_id"] == "c.5.7.o.2"
        assert picker["option_list"][2]["text"] == "客户2"

    async def test_when_the_question_is_long_then_it_stands_before_the_list(
        self, hands: WecomHands
    ) -> None:
        await hands.channel.send(ANN, replace(QUESTION, text="说明" * 60))
        text, card = hands.server.member(ANN).messages
        assert text.text.startswith("拜访 1/5\n说明")
        assert card.card["main_title"] == {"title": "请选择"}
        assert len(card.buttons) == 8

    async def test_when_an_entry_is_too_long_then_it_is_a_numbered_list(
        self, hands: WecomHands
    ) -> None:
        choices = (*MANY[:7], Button("长" * 17, "c.5.7.o.7"))
        await hands.channel.send(ANN, replace(QUESTION, choices=choices))
        shown = hands.server.member(ANN).last
        assert f"8 {'长' * 17}" in shown.text
        assert shown.card["card_type"] == "button_interaction"

    async def test_when_all_fits_as_buttons_then_it_has_buttons(self, hands: WecomHands) -> None:
        await hands.channel.send(ANN, replace(QUESTION, choices=MANY[:5]))
        assert hands.server.member(ANN).last.card["card_type"] == "button_interaction"

    async def test_when_it_is_no_question_then_it_is_a_numbered_list(
        self, hands: WecomHands
    ) -> None:
        await hands.channel.send(ANN, replace(QUESTION, picks=False))
        assert "8 客户7" in hands.server.member(ANN).last.text

    async def test_when_a_card_comes_to_it_then_in_place_and_on_to_the_next(
        self, hands: WecomHands
    ) -> None:
        ann = hands.server.member(ANN)
        ref = await hands.channel.send(ANN, Card("开始？", choices=MANY[:1]))
        await ann.tap("客户0")
        ref = await hands.channel.edit(ANN, ref, QUESTION)
        await ann.tap("客户3")
        await hands.channel.edit(ANN, ref, Card("客户3"))
        assert [(one.text, one.replaced) for one in ann.messages] == [("客户3", "已处理")]

    async def test_when_redrawn_with_more_text_than_a_list_has_room_for_then_numbered(
        self, hands: WecomHands
    ) -> None:
        ref = await hands.channel.send(ANN, Card("开始？", choices=MANY[:1]))
        await hands.channel.edit(ANN, ref, replace(QUESTION, text="说明" * 30))
        assert "8 客户7" in hands.server.member(ANN).last.text


class TestGivenSeveralAtOnce:
    async def test_then_they_are_ticked_and_sent_together(self, hands: WecomHands) -> None:
        ann = hands.server.member(ANN)
        await hands.channel.send(ANN, SEVERAL)
        card = ann.last.card
        assert card["card_type"] == "vote_interaction"
        assert card["checkbox"]["mode"] == 1
        assert [one["is_checked"] for one in card["checkbox"]["option_list"]] == [True, False]
        assert card["submit_button"]["text"] == "完成"
        assert [one["text"] for one in card["checkbox"]["option_list"]] == ["1 报告上级", "2 收回"]
        assert card["main_title"]["desc"] == (
            "做了什么？\n\n勾选后按“完成”才算数；也可回复数字，如 1 2，9 取消"
        )
        ann.tick(ann.last, "c.5.7.o.1")
        await ann.tap("完成")
        assert hands.bot.heard[0].choice == "c.5.7.set.0-1"

    async def test_when_an_entry_has_no_room_for_its_number_then_none_has_one(
        self, hands: WecomHands
    ) -> None:
        long = replace(SEVERAL, choices=(Button("长" * 16, "c.5.7.o.0"), SEVERAL.choices[1]))
        await hands.channel.send(ANN, long)
        entries = hands.server.member(ANN).last.card["checkbox"]["option_list"]
        assert [one["text"] for one in entries] == ["长" * 16, "收回"]

    async def test_when_none_is_ticked_then_so_it_is_said(self, hands: WecomHands) -> None:
        ann = hands.server.member(ANN)
        await hands.channel.send(ANN, SEVERAL)
        ann.tick(ann.last, "c.5.7.o.0")
        await ann.tap("完成")
        assert hands.bot.heard[0].choice == "c.5.7.set."


@pytest.mark.parametrize(
    ("key", "ids", "choice"),
    [
        ("f.a.b", (), "f.a.b"),
        ("f.a.b#2", (), "f.a.b"),
        (LIST, ("f.a.b#2",), "f.a.b"),
        (LIST, (), "-"),
        (f"c.1.2.set{LIST}", ("c.1.2.o.4", "c.1.2.o.0"), "c.1.2.set.4-0"),
    ],
)
def test_what_a_press_means(key: str, ids: tuple[str, ...], choice: str) -> None:
    assert pressed(key, ids) == choice


class TestGivenANotice:
    @pytest.fixture
    async def noticing(self, hands: WecomHands) -> AsyncIterator[Wecom]:
        channel = Wecom(hands.server.settings(), hands.clock.now, link=LINK)
        await channel.open(Bot())
        await channel.start()
        yield channel
        await channel.stop()
        await channel.close()

    async def test_then_it_is_a_card_with_title_and_text(
        self, hands: WecomHands, noticing: Wecom
    ) -> None:
        await noticing.send(ANN, Card("到期了", title="提醒"))
        card = hands.server.member(ANN).last.card
        assert card["card_type"] == "text_notice"
        assert (card["main_title"]["title"], card["sub_title_text"]) == ("提醒", "到期了")
        assert card["card_action"] == {"type": 1, "url": LINK}

    @pytest.mark.parametrize(
        "card",
        [
            Card("到期了"),
            Card("长" * 161, title="提醒"),
            Card("电话 0755-1", title="提醒", protect=True),
            Card("到期了", title="长" * 37),
        ],
    )
    async def test_when_it_has_no_title_or_no_room_or_is_protected_then_plain(
        self, hands: WecomHands, noticing: Wecom, card: Card
    ) -> None:
        await noticing.send(ANN, card)
        shown = hands.server.member(ANN).last
        assert (shown.kind, shown.safe) == ("text", card.protect)
        assert card.text in shown.text

    async def test_when_it_comes_to_say_something_else_then_a_fresh_one_does(
        self, hands: WecomHands, noticing: Wecom
    ) -> None:
        ref = await noticing.send(ANN, Card("到期了", title="提醒"))
        with pytest.raises(ChannelError) as caught:
            await noticing.edit(ANN, ref, Card("还了", title="提醒"))
        assert caught.value.outcome is Outcome.GONE
        await noticing.delete(ANN, ref)
        assert hands.server.member(ANN).messages == []


class TestGivenAProtectedCardThatChanges:
    async def test_when_nobody_waits_for_it_then_its_buttons_follow_and_show_nothing(
        self, hands: WecomHands
    ) -> None:
        ann = hands.server.member(ANN)
        ways = Button("同意", "f.case.ok.1"), Button("查看", "f.case.open.1")
        guarded = Card("电话 0755-1", title="鸿鑫", choices=ways, protect=True)
        ref = await hands.channel.send(ANN, guarded)
        later = replace(guarded, choices=ways[1:], quiet=True)
        fresh = await hands.channel.edit(ANN, ref, later)
        assert (ann.last.text, ann.last.buttons) == ("请选择", [("查看", "f.case.open.1")])
        assert await hands.channel.edit(ANN, fresh, later) == fresh
        assert ann.last.edits == 1
