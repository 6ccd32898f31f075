"""Nobody is waited for in silence: reminders, the next higher, lapse, all in office hours."""

from __future__ import annotations

import pytest

from storage import accounts
from storage.unit import Unit
from tests.features.council import DIRECTOR, HEAD, INFO, SALES, ask, council, rungs, states
from tests.features.diary import at
from tests.features.office import Office, one_channel

REMINDED = "提醒：这件还在等您审批。"


@pytest.mark.rule("C-54")
class TestGivenNobodyAnswers:
    async def test_then_reminded_after_four_office_hours_and_every_eight_after(
        self, office: Office
    ) -> None:
        council(office)
        await ask(office)
        await office[HEAD].see()
        await office.until(at("09-14 13:59"))
        assert REMINDED not in await office[HEAD].see()
        await office.until(at("09-14 14:01"))
        assert REMINDED in await office[HEAD].see()
        await office.until(at("09-15 14:01"))
        assert REMINDED in await office[HEAD].see()
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
        await office.until(at("09-14 14:01"))
        assert "提醒：还在等您回答" in await office[SALES].see()
        assert REMINDED not in await office[HEAD].see()


@pytest.mark.rule("C-54")
class TestGivenTheServiceWasDown:
    async def test_then_what_was_missed_becomes_one_message_each(self, office: Office) -> None:
        council(office)
        await ask(office)
        await office[HEAD].see()
        await office.app.stop()
        office.clock.advance(at("09-16 09:05"))
        await office.app.start()
        await office.until(at("09-16 09:06"))
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
