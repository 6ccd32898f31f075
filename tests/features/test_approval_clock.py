"""Nobody is waited for in silence: reminders, the next higher, lapse, all in office hours."""

from __future__ import annotations

import pytest

from storage import accounts
from storage.unit import Unit
from tests.features.council import (
    COLLEAGUE,
    DIRECTOR,
    HEAD,
    INFO,
    SALES,
    ask,
    council,
    rungs,
    states,
)
from tests.features.diary import at
from tests.features.office import Office, one_channel

REMINDED = "提醒：以下还在等您审批。"
MANY = ("KH-2025-0058", "KH-2020-0009", "KH-2019-0003")


@pytest.mark.rule("C-54")
class TestGivenNobodyAnswers:
    async def test_then_reminded_after_four_office_hours_and_every_eight_after(
        self, office: Office
    ) -> None:
        council(office)
        await ask(office)
        await office[HEAD].see()
        await office.until(at("09-14 14:04"))
        assert REMINDED not in await office[HEAD].see()
        await office.until(at("09-14 14:06"))
        shown = await office[HEAD].see()
        assert REMINDED in shown
        await office.until(at("09-15 14:06"))
        shown = await office[HEAD].see()
        assert REMINDED in shown
        assert "王海峰 9月15日" not in await office[HEAD].tap("同意")
        assert "14:0" in await office[INFO].see()

    async def test_then_the_next_higher_is_asked_after_sixteen(self, office: Office) -> None:
        council(office)
        await ask(office)
        await office.until(at("09-16 08:59"))
        await office[DIRECTOR].see()
        await office.until(at("09-16 09:01"))
        card = await office[DIRECTOR].see()
        assert "您也可以审批：王海峰不在或未答复。" in card
        assert "周明远 09:0" in await office[DIRECTOR].tap("同意")
        if office.redraws:
            assert "同意" not in (await office[HEAD].see()).labels

    async def test_then_it_lapses_in_the_end_and_the_requester_hears_it(
        self, office: Office
    ) -> None:
        council(office)
        await ask(office)
        await office.until(at("10-31 12:00"))
        assert states(office) == ["lapsed"]
        assert "您的申请已失效：到期没有人审批" in await office[SALES].see()

    async def test_when_a_question_is_open_then_the_requester_is_reminded_instead(
        self, office: Office
    ) -> None:
        council(office)
        await ask(office)
        await office[HEAD].say("/ask 1 哪一批？")
        await office[SALES].see()
        await office.until(at("09-14 14:06"))
        assert "提醒：还在等您回答" in await office[SALES].see()
        assert REMINDED not in await office[HEAD].see()


@pytest.mark.rule("C-54")
class TestGivenAReminder:
    async def test_then_it_is_a_line_with_what_comes_next_and_opens_the_card(
        self, office: Office
    ) -> None:
        council(office)
        await ask(office)
        await office[HEAD].see()
        await office.until(at("09-14 14:06"))
        shown = await office[HEAD].see()
        assert "阅-2026-0001 查阅申请 · 张晓雯，" in shown
        assert "起等待；9月16日 周三 09:00起上一级也可审批。" in shown
        assert "客户投诉交货延迟" not in shown
        assert "同意" not in shown.labels
        await office.until(at("09-15 14:06"))
        assert "已等 1 个工作日" in await office[HEAD].see()
        card = await office[HEAD].tap("查看")
        assert "客户投诉交货延迟" in card
        assert "同意" in card.labels

    async def test_when_decided_before_it_is_opened_then_the_card_says_so(
        self, office: Office
    ) -> None:
        council(office)
        await ask(office)
        await office.until(at("09-14 14:06"))
        shown = await office[HEAD].see()
        await office[SALES].tap("撤回")
        await office[SALES].tap("撤回")
        await office[HEAD].see()
        assert "查看" in shown.labels
        card = await office[HEAD].press("f.case.open.1")
        assert "同意" not in card.labels

    async def test_when_several_wait_then_one_message_a_day_names_them_all(
        self, office: Office
    ) -> None:
        council(office)
        await ask(office)
        await office.until(at("09-14 11:00"))
        await ask(office, COLLEAGUE)
        await office[HEAD].see()
        await office.until(at("09-14 14:06"))
        assert "张晓雯" in await office[HEAD].see()
        await office.until(at("09-14 17:00"))
        shown = await office[HEAD].see()  # of the second, for the first time
        assert shown.text.count(REMINDED) == 1
        await office.until(at("09-15 18:00"))
        shown = await office[HEAD].see()
        assert shown.text.count(REMINDED) == 1
        assert "待审批（2）" in shown
        assert "阅-2026-0001" in shown
        assert "阅-2026-0002" in shown
        outcomes = [one[2] for one in rungs(office) if one[1] == HEAD]
        assert outcomes == ["sent", "sent", "sent", "collapsed"]

    @one_channel
    async def test_when_more_wait_than_fit_then_the_rest_is_counted(self, office: Office) -> None:
        council(office)
        for who in (SALES, COLLEAGUE):
            for customer in MANY:
                await ask(office, who, customer)
        await office[HEAD].see()
        await office.until(at("09-14 14:06"))
        shown = await office[HEAD].see()
        assert shown.text.count("查阅申请 ·") == 5
        assert "另有 " in shown
        assert "全部待审批" in shown.labels


@pytest.mark.rule("C-54")
class TestGivenTheServiceWasDown:
    async def test_then_what_was_missed_becomes_one_message_each(self, office: Office) -> None:
        council(office)
        await ask(office)
        await office[HEAD].see()
        await office.app.stop()
        office.clock.advance(at("09-16 09:05"))
        await office.app.start()
        await office.until(at("09-16 09:11"))
        shown = await office[HEAD].see()
        assert shown.text.count(REMINDED) == 1
        assert "您也可以审批" in await office[DIRECTOR].see()
        assert [one[1:] for one in rungs(office) if one[1] == "CY014"] == [("CY014", "sent")]


@one_channel
class TestGivenQuietHours:
    async def test_when_asked_at_night_then_the_card_comes_in_the_morning(
        self, office: Office
    ) -> None:
        council(office)
        await office.until(at("09-14 22:00"))
        await office[HEAD].see()
        await ask(office)
        assert "阅-2026-0001" not in await office[HEAD].see()
        await office.until(at("09-15 08:00"))
        assert "阅-2026-0001" in await office[HEAD].see()

    async def test_when_withdrawn_before_the_morning_then_only_that_is_said(
        self, office: Office
    ) -> None:
        council(office)
        await office.until(at("09-14 22:00"))
        await ask(office)
        await office[SALES].tap("撤回")
        await office[SALES].tap("撤回")
        await office[HEAD].see()
        await office.until(at("09-15 08:00"))
        shown = await office[HEAD].see()
        assert "同意" not in shown.labels


@one_channel
class TestGivenADeciderOutOfReach:
    async def test_then_the_clock_goes_on_and_the_next_higher_is_asked(
        self, office: Office
    ) -> None:
        council(office)

        def cut(unit: Unit) -> None:
            accounts.unbind(unit, office.channel, office.account("CY014"))

        office.change(cut)
        await ask(office)
        await office.until(at("09-16 09:01"))
        assert "您也可以审批" in await office[DIRECTOR].see()
        assert ("CY014", "unreachable") in [(one[1], one[2]) for one in rungs(office)]
