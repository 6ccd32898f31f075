"""What people write into dossiers reaches WeCom as safe text only: no template card tells it."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from msgspec.structs import replace
from sqlalchemy import update

from bot.channels.wecom import draw
from handlers.conversation.messages import Button, Card
from handlers.feature import Feature
from storage.tables import dossier
from tests.fakes.wecom.messages import Message
from tests.features.council import HEAD
from tests.features.desk import Desk
from tests.features.diary import HONGXIN, SALES, rows
from tests.features.lending import HX, STATEMENT, begin, desks, lend_watched
from tests.features.office import Office
from tests.features.showroom import ARCHIVE, SELLER, delivered, sells
from tests.features.test_handover_extension import ask as more_time
from tests.features.test_handover_extension import lends, paid_out
from tests.features.test_handover_safe import of_grade
from tests.features.test_handover_sign import active, linked
from tests.features.test_meetings import call
from tests.features.wecom_hands import Menued, WecomHands

PLANTED = "琥珀色密语"

pytestmark = pytest.mark.parametrize("office", ["wecom"], indirect=True)


def chat(office: Office, who: str) -> list[Message]:
    hands = office[who]
    assert isinstance(hands, WecomHands)
    return hands.member.messages


def told(office: Office, who: str) -> list[Message]:
    """Return the messages that say what was planted; none of them can be passed on."""
    messages = chat(office, who)
    for one in messages:
        assert PLANTED not in json.dumps(one.card, ensure_ascii=False)
    found = [one for one in messages if PLANTED in one.text]
    assert all(one.safe for one in found if one.kind == "text")
    return found


def tells_nobody(messages: list[Message], words: str) -> None:
    """Assert that no message that can be passed on says it."""
    for one in messages:
        assert one.safe or words not in one.text
        assert words not in json.dumps(one.card, ensure_ascii=False)


class TestGivenFieldsOfADossier:
    @pytest.fixture
    def features(self) -> tuple[Feature, ...]:
        return Desk().features

    async def test_when_they_are_listed_then_by_number_and_a_number_opens_one(
        self, office: Office
    ) -> None:
        me = office[SALES]
        await me.say("/find 听涛")
        shown = await me.tap("更新")
        await me.tap(next(one for one in shown.labels if one.startswith("补：")))
        await me.say(PLANTED)
        await me.tap("提交")
        await me.tap("继续更新")
        shown = await me.tap("选择项目")
        while PLANTED not in shown.text:
            shown = await me.tap("›")
        assert f"1 法定代表人：{PLANTED}" in told(office, SALES)[-1].text.split("\n")
        shown = await me.say("1")
        assert f"法定代表人：{PLANTED}" in shown
        assert "改成什么" in shown
        assert len(told(office, SALES)) > 2


class TestGivenPapersOfAHandover:
    async def test_when_a_line_was_written_then_its_button_is_a_number(
        self, office: Office
    ) -> None:
        sells(office)
        await delivered(office)
        me = office[SELLER]
        await me.tap("资料清单")
        await me.tap("加一行")
        await me.say(PLANTED)
        await me.tap("返回列表")
        text, card = chat(office, SELLER)[-2:]
        assert text.safe
        assert f"1 {PLANTED}" in text.text.split("\n")
        assert [label for label, _ in card.buttons] == [
            "1",
            "其余都齐全",
            "传一批照片",
            "‹",
            "返回",
            "加一行",
        ]
        assert f"13. {PLANTED}" in await me.say("1")
        await me.tap("返回列表")
        assert f"13. {PLANTED}" in await me.tap(PLANTED)


class TestGivenAFormAboutWhatIsGraded:
    async def test_when_a_meeting_is_called_then_no_card_tells_of_what(
        self, office: Office
    ) -> None:
        await call(office, subject=PLANTED)
        assert len(told(office, HEAD)) > 1

    async def test_when_papers_are_shelved_then_no_card_tells_whose(self, office: Office) -> None:
        held = await of_grade(office, "secret")
        name = active(office).name
        before = len(chat(office, ARCHIVE))
        me = office[ARCHIVE]
        await me.press(f"f.sign.shelve.{held.id}")
        shown = await me.say("保险柜2层3号")
        assert name in shown
        assert "上架" in shown.labels
        tells_nobody(chat(office, ARCHIVE)[before:], name)


class TestGivenAFormThatOnlyNamesAGradedDossier:
    """What is asked tells nothing, but over every question stands whose papers it is about."""

    def grade(self, office: Office, number: str) -> str:
        """Let a dossier be confidential, and return whose it is."""
        change = update(dossier).where(dossier.c.number == number).values(grade="confidential")
        office.change(lambda unit: unit.session.execute(change))
        return rows(office, "SELECT name FROM dossier WHERE number = ?", number)[0][0]

    async def test_when_a_loan_is_renewed_then_no_card_tells_whose_it_is(
        self, office: Office
    ) -> None:
        desks(office)
        await lend_watched(office)
        name, before = self.grade(office, HX), len(chat(office, SALES))
        me = office[SALES]
        assert name in await me.say("续借")
        assert name in await me.say("对账尚未完成")
        await me.tap("事由")
        assert name in await me.say("还在对账")
        await me.tap("提交")
        await me.say("/loans")
        tells_nobody(chat(office, SALES)[before:], name)

    async def test_when_a_handover_is_to_be_later_then_no_card_tells_of_what(
        self, office: Office
    ) -> None:
        lends(office)
        held, number = paid_out(office), "KH-2025-0058"
        known = rows(office, "SELECT id FROM dossier WHERE number = ?", number)[0][0]
        office.change(lambda unit: linked(unit, held, int(known)))
        name, before = self.grade(office, number), len(chat(office, SELLER))
        assert held.subject in await more_time(office, held)
        await office[SELLER].tap("提交")
        for words in (held.subject, name):
            tells_nobody(chat(office, SELLER)[before:], words)

    async def test_when_a_note_is_written_then_no_card_tells_it_from_then_on(
        self, office: Office
    ) -> None:
        self.grade(
            office, rows(office, "SELECT number FROM dossier WHERE name = ?", HONGXIN)[0][0]
        )
        me = office[SALES]
        await me.say("/visit")
        await me.say(HONGXIN)
        await me.say("今天")
        await me.say("说到一半")
        await me.tap("保存草稿")
        shown = await me.say("/drafts")
        await me.tap(next(one for one in shown.labels if HONGXIN in one))
        await me.tap("继续填写")
        assert "说到一半" in await me.tap("跳过")
        await me.tap("经过")
        assert PLANTED in await me.say(PLANTED)
        assert PLANTED in await me.tap("取消")
        assert PLANTED in await me.tap("恢复")
        tells_nobody(chat(office, SALES), PLANTED)
        tells_nobody(chat(office, SALES), HONGXIN)

    async def test_when_a_filed_note_is_corrected_then_no_card_tells_it(
        self, office: Office
    ) -> None:
        me = office[SALES]
        await me.say(f"拜访 {HONGXIN} 今天 {PLANTED}")
        await me.tap("提交")
        number = rows(office, "SELECT number FROM dossier WHERE name = ?", HONGXIN)[0][0]
        self.grade(office, number)
        before = len(chat(office, SALES))
        assert PLANTED in await me.tap("更正")
        await me.tap("经过")
        await me.say(f"{PLANTED}，另有补充")
        await me.tap("取消")
        tells_nobody(chat(office, SALES)[before:], PLANTED)

    async def test_when_a_loan_is_explained_then_no_card_tells_why(self, office: Office) -> None:
        desks(office)
        await lend_watched(office)
        self.grade(office, HX)
        before = len(chat(office, SALES))
        await office.until(office.clock.now() + timedelta(days=9))
        me = office[SALES]
        loan_id = rows(office, "SELECT id FROM loan")[0][0]
        await me.press(f"f.loans.explain.{loan_id}")
        await me.say(PLANTED)
        assert told(office, SALES)
        tells_nobody(chat(office, SALES)[before:], PLANTED)

    async def test_when_it_is_not_graded_then_its_cards_are_as_ever(self, office: Office) -> None:
        me = office[SALES]
        await me.say(f"拜访 {HONGXIN} 今天 看了货架")
        assert HONGXIN in chat(office, SALES)[-1].text
        assert chat(office, SALES)[-1].card


class TestGivenPapersOfAGradedDossier:
    async def test_when_some_are_asked_for_then_by_number(self, office: Office) -> None:
        graded = update(dossier).where(dossier.c.number == HX).values(grade="confidential")
        office.change(lambda unit: unit.session.execute(graded))
        me = office[SALES]
        await begin(office)
        shown = await me.say("对账单")
        number = next(one[0] for one in shown.text.split("\n") if STATEMENT in one)
        await me.say(number)
        await me.tap("完成")
        await me.say("我")
        await me.tap("核对数据")
        assert f"材料清单：{STATEMENT}" in await me.say("客户来函核对三季度价格")
        assert {one.safe for one in chat(office, SALES) if "对账单" in one.text} == {True}
        assert not [one for one in chat(office, SALES) if "对账单" in str(one.card)]


async def test_when_a_card_told_content_then_every_transcript_would_fail(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    channel = office.app._channels["wecom"]
    assert isinstance(channel, Menued)
    monkeypatch.setattr(draw, "CAPABILITIES", replace(draw.CAPABILITIES, protects_buttons=True))
    card = Card("哪一家？", choices=(Button("听涛假日酒店", "f.find.card.1"),), protect=True)
    await channel.send(office.account(SALES), card)
    assert channel.chats.mistakes == ["a card tells 听涛假日酒店"]
    channel.chats.mistakes.clear()
