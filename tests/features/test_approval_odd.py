"""What goes wrong with requests: a tap that comes too late, everybody away, odd words."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import update

from storage import accounts, away, delegations
from storage import staff as people
from storage.tables import staff
from storage.unit import Unit
from tests.features.council import (
    DIRECTOR,
    HEAD,
    INFO,
    SALES,
    ask,
    council,
    states,
)
from tests.features.desk import under
from tests.features.diary import at
from tests.features.office import Office, one_channel

IDENTITY = "11010519491231002X"
HIDDEN = "110****2X"
TODAY = at("09-14 09:00").date()


@one_channel
class TestGivenARequestThatIsOver:
    async def test_when_pressed_after_it_lapsed_then_that_is_said_and_nothing_happens(
        self, office: Office
    ) -> None:
        council(office)
        await ask(office)
        await office[HEAD].see()
        old = office[HEAD].key_of("同意")
        await office.until(at("10-31 12:00"))
        assert states(office) == ["lapsed"]
        assert "这件申请已结束：已失效" in await office[HEAD].press(*old)
        assert "已失效" in await office[HEAD].say("/ok 阅-2026-0001")
        assert states(office) == ["lapsed"]

    async def test_when_somebody_who_has_left_presses_then_they_are_a_stranger(
        self, office: Office
    ) -> None:
        council(office)
        await ask(office)
        await office[HEAD].see()
        old = office[HEAD].key_of("同意")
        office.change(lambda unit: people.deactivate(unit, "CY014"))
        shown = await office[HEAD].press(*old)
        assert "阅-2026" not in shown
        assert "酒店" not in shown
        assert states(office) == ["pending"]


@one_channel
@pytest.mark.rule("C-54")
class TestGivenStandInsInACircle:
    async def test_then_nobody_of_the_circle_decides_and_the_next_above_does(
        self, office: Office
    ) -> None:
        """The staff list may hold one that nobody could have named in chat."""
        council(office)

        def circle(unit: Unit) -> None:
            for who, other in (("CY014", "CY016"), ("CY016", "CY014")):
                delegations.add(
                    unit,
                    staff_id=who,
                    stand_in=other,
                    first_day=TODAY,
                    last_day=TODAY,
                    at=unit.now,
                )

        office.change(circle)
        await ask(office)
        assert "阅-2026" not in await office["CY016"].see()
        await office.until(at("09-14 14:01"))
        assert "您也可以审批" in await office[DIRECTOR].see()
        assert "周明远" in await office[DIRECTOR].tap("同意")
        assert "阅-2026-0001" in await office[INFO].see()


@one_channel
@pytest.mark.rule("C-54")
class TestGivenEverybodyOfTheChainIsAway:
    async def test_then_the_next_above_is_asked_and_it_goes_on(self, office: Office) -> None:
        council(office)

        def leave(unit: Unit) -> None:
            for who in ("CY014", "CY006"):
                until = TODAY + timedelta(days=7)
                away.add(
                    unit, staff_id=who, first_day=TODAY, last_day=until, kind="leave", at=unit.now
                )
            named = staff.c.id.in_(("CY014", "CY006"))
            unit.session.execute(update(staff).where(named).values(deputy=None))
            accounts.bind(unit, office.channel, office.account("CY015-2"), "CY005")

        office.change(leave)
        await ask(office)
        await office.until(at("09-14 14:01"))
        assert "您也可以审批：王海峰不在或未答复。" in await office[DIRECTOR].see()
        await office[DIRECTOR].tap("同意")
        await office.until(at("09-15 14:01"))
        assert states(office) == ["pending"]
        assert "阅-2026-0001" in await office["CY015-2"].see()


@one_channel
class TestGivenANameOfTwoHundredCharacters:
    async def test_then_every_card_still_says_who_and_can_be_pressed(self, office: Office) -> None:
        council(office)
        long = "阿" * 200

        def name(unit: Unit) -> None:
            unit.session.execute(
                update(staff).where(staff.c.id.in_(("CY014", "CY015"))).values(name=long)
            )

        office.change(name)
        assert "阅-2026-0001" in await ask(office)
        card = await office[HEAD].see()
        assert "阿阿阿" in card
        assert "同意" in card.labels
        await office[HEAD].tap("同意")
        assert "阅-2026-0001" in await office[INFO].see()


@pytest.mark.rule("S1-08.1.1b", "C-52")
class TestGivenAnIdentityNumberInTheWords:
    @one_channel
    async def test_when_asking_then_it_is_kept_masked_and_the_message_to_be_deleted(
        self, office: Office
    ) -> None:
        council(office)
        me = office[SALES]
        await me.say("/find KH-2025-0058")
        await me.tap("申请查阅")
        await me.tap("投诉处理")
        await me.say(f"客户 {IDENTITY} 投诉")
        await me.say("今天")
        assert "请删除您刚才发的那条消息" in await me.tap("提交")
        card = await office[HEAD].see()
        assert HIDDEN in card
        assert IDENTITY not in card

    @one_channel
    async def test_when_refusing_or_asking_back_then_too(self, office: Office) -> None:
        council(office)
        await ask(office)
        assert "请删除您刚才发的那条消息" in await office[HEAD].say(f"/ask 1 {IDENTITY} 是谁？")
        assert HIDDEN in await office[SALES].see()
        await office[HEAD].say(f"/no 1 {IDENTITY} 未授权")
        told = await office[SALES].see()
        assert HIDDEN in told
        assert IDENTITY not in told


@one_channel
@pytest.mark.rule("S1-09.7.1")
async def test_when_the_policy_changes_meanwhile_then_a_request_keeps_its_chain(
    office: Office,
) -> None:
    council(office)
    await ask(office)
    await office[HEAD].see()
    under(office, approval=())
    assert "王海峰 09:00 已同意" in await office[HEAD].tap("同意")
    await office[INFO].see()
    assert "欧阳静怡 09:00 已同意" in await office[INFO].tap("同意")
    assert states(office) == ["approved"]
