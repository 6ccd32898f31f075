"""Template cards can be passed on by anybody: of protected content none of them tells a word."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from bot.channels.base import ChannelError, Outcome
from bot.channels.wecom.draw import buttons_after, buttons_of, draw, redrawn
from handlers import seeing
from handlers.context import Context
from handlers.conversation.messages import TICK, Button, Card
from handlers.texts import LOCALES, N_, is_own
from tests.channels.harness import ANN, WecomHands, wecom_hands

SECRET = "鸿鑫贸易"
AGREE, BACK = Button("同意", "f.case.ok.1"), Button("返回", "f.x.list", back=True)
PAPERS = tuple(Button(f"{SECRET}合同{n}", f"f.x.open.{n}") for n in (1, 2))
GUARDED = Card("两份资料", title=SECRET, choices=(*PAPERS, AGREE), nav=(BACK,), protect=True)
OWN = ("同意", "拒绝", "返回", "今日", "‹", "›", "…", "草稿（3）")


@pytest.fixture
async def hands(tmp_path: Path) -> AsyncIterator[WecomHands]:
    async with wecom_hands(tmp_path) as opened:
        yield opened


labels = st.one_of(
    st.sampled_from(OWN), st.text("0123456789 ：·合同", max_size=30).map(lambda end: SECRET + end)
)
buttons = st.lists(
    st.builds(Button, labels | labels.map(TICK.__add__), st.just("f.x.y")), max_size=9
).map(tuple)
cards = st.builds(
    Card,
    st.text("字\n", min_size=1, max_size=200).map(SECRET.__add__),
    title=st.sampled_from(("", SECRET)),
    choices=buttons,
    nav=buttons,
    grid=st.lists(buttons.filter(bool), max_size=2).map(tuple),
    picks=st.booleans(),
    several=st.sampled_from((None, Button("完成", "c.5.7.set"))),
    protect=st.just(True),
    locale=st.sampled_from(("", "zh_CN")),
)


class TestGivenAnyProtectedCard:
    @given(card=cards, quote=st.sampled_from(("", SECRET)))
    def test_then_no_template_card_tells_of_it_and_the_text_all(
        self, card: Card, quote: str
    ) -> None:
        drawn = draw(card, quote, "https://bot.example.com/notice")
        for template in (drawn.card, buttons_of(card), buttons_after(card), redrawn(card)):
            assert SECRET not in json.dumps(template, ensure_ascii=False)
        told = "\n".join(drawn.texts).split("\n")
        for number, one in enumerate(card.choices, 1):
            if SECRET in one.label:
                assert f"{number} {one.label}" in told
        for way in card.nav:
            assert SECRET not in way.label or any(way.label in line for line in told)


class TestGivenAListOfPapers:
    async def test_then_they_are_numbers_and_the_safe_text_names_them(
        self, hands: WecomHands
    ) -> None:
        ann = hands.server.member(ANN)
        await hands.channel.send(ANN, GUARDED)
        text, card = ann.messages
        assert text.safe
        assert text.text == f"{SECRET}\n两份资料\n\n1 {SECRET}合同1\n2 {SECRET}合同2\n3 同意"
        assert [label for label, _ in card.buttons] == ["1", "2", "同意", "返回"]
        await ann.tap("2")
        assert hands.bot.heard[0].choice == "f.x.open.2"

    async def test_when_a_way_on_tells_of_it_then_it_is_a_word_of_the_text(
        self, hands: WecomHands
    ) -> None:
        way = Button(SECRET, "f.find.card.1")
        await hands.channel.send(ANN, replace(GUARDED, nav=(way, BACK)))
        text, card = hands.server.member(ANN).messages
        assert text.text.endswith(f"请回复文字：{SECRET}")
        assert [label for label, _ in card.buttons] == ["1", "2", "同意", "返回"]

    async def test_when_it_changes_and_nobody_waits_then_the_numbers_stay_those_of_the_text(
        self, hands: WecomHands
    ) -> None:
        ann = hands.server.member(ANN)
        ref = await hands.channel.send(ANN, GUARDED)
        with pytest.raises(ChannelError) as caught:
            await hands.channel.edit(ANN, ref, replace(GUARDED, choices=PAPERS[1:], quiet=True))
        assert caught.value.outcome is Outcome.GONE
        assert dict(ann.last.buttons)["2"] == PAPERS[1].key


class TestGivenACardThatTakesAProtectedOnesPlace:
    async def test_when_it_is_not_protected_then_it_does_not_quote_it(
        self, hands: WecomHands
    ) -> None:
        ref = await hands.channel.send(ANN, GUARDED)
        await hands.channel.send(ANN, Card("已处理", choices=(AGREE,), instead_of=ref))
        assert hands.server.member(ANN).last.text == "已处理"

    async def test_when_it_is_then_its_text_does(self, hands: WecomHands) -> None:
        ref = await hands.channel.send(ANN, GUARDED)
        hands.clock.advance(hands.clock.now() + timedelta(minutes=11))
        await hands.channel.send(ANN, replace(GUARDED, instead_of=ref))
        *_, text, card = hands.server.member(ANN).messages
        assert text.text.startswith(f"更新此前的消息：{SECRET}")
        assert text.safe
        assert SECRET not in json.dumps(card.card, ensure_ascii=False)

    async def test_when_it_stands_right_above_then_it_is_not_quoted(
        self, hands: WecomHands
    ) -> None:
        ref = await hands.channel.send(ANN, GUARDED)
        await hands.channel.send(ANN, replace(GUARDED, instead_of=ref))
        first, _, again, _ = hands.server.member(ANN).messages
        assert again.text == first.text


@pytest.mark.parametrize(
    ("words", "own"),
    [
        ("同意", True),
        ("草稿（12）", True),
        ("‹", True),
        ("13800138000", False),
        ("王总", False),
        ("电话：0755", False),
        ("Drafts (3)", False),
    ],
)
def test_which_words_are_the_programs_own(words: str, own: bool) -> None:
    assert is_own(words, LOCALES[0]) is own


def test_in_english_they_are_the_english_ones() -> None:
    assert is_own(N_("Drafts ({count})").format(count=3), "en")
    assert not is_own("草稿（3）", "en")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (f"1 {SECRET}有限公司", True),
        ("鸿鑫贸易有…", True),
        ("借-2026-0001 鸿鑫…", True),
        ("鸿…", False),
        ("鸿鑫贸**司", False),
        ("", False),
    ],
)
def test_which_cards_tell_of_a_graded_dossier(words: str, told: bool) -> None:
    ctx = cast(Context, SimpleNamespace(guarded={f"{SECRET}有限公司"}))
    for card in (Card(words or "x"), Card("x", title=words), Card("x", nav=(Button(words, "a"),))):
        assert seeing.guard(ctx, card).protect is told
    assert (
        seeing.guard(cast(Context, SimpleNamespace(guarded=set())), Card(words)).protect is False
    )
