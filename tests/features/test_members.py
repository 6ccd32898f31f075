"""Members who come into the app's visible range and leave it: told by the platform itself."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot import dispatch
from handlers.sheets.staff_sheet import apply_staff
from storage import accounts, staff
from storage.unit import Unit
from tests.features.conftest import OPERATOR
from tests.features.diary import MANAGER, SALES, at, rows
from tests.features.office import Office
from tests.features.test_reach import OUT, alone
from tests.features.wecom_hands import WecomHands

pytestmark = pytest.mark.parametrize("office", ["wecom"], indirect=True)

NEW, UNLISTED, ANOTHER = "CY017", "X001", "X002"
"""Somebody of the staff list who never wrote; two members nobody vouched for."""
HELLO = "刘洋，您好！我是公司的客户档案助手"


def hands(office: Office, who: str) -> WecomHands:
    found = office[who]
    assert isinstance(found, WecomHands)
    return found


async def event(office: Office, who: str, name: str, ago: int = 0, **content: object) -> None:
    """Let the platform say it now, of a moment so many seconds `ago`."""
    sent = int(office.clock.now().timestamp()) - ago
    what = {"EventKey": "", "CreateTime": sent} | content
    delivery = await hands(office, who).member.event(name, **what)
    assert delivery.offers == 1
    await office.settle()


@pytest.fixture
def listed(office: Office) -> WecomHands:
    """Somebody new, bound by the userid of the staff list."""
    member = hands(office, UNLISTED)
    office.change(lambda unit: accounts.bind(unit, "wecom", UNLISTED.lower(), NEW))
    return member


class TestGivenANewcomerOfTheStaffList:
    async def test_then_a_first_word_says_who_it_is_and_what_one_can_do(
        self, office: Office, listed: WecomHands
    ) -> None:
        await event(office, UNLISTED, "subscribe")
        shown = await listed.see()
        assert shown.text.count(HELLO) == 1
        assert "/visit" in shown
        assert "今日" in shown.labels
        assert listed.menu()
        assert "等您处理" in await listed.tap("今日")

    async def test_when_the_platform_says_it_again_then_once(
        self, office: Office, listed: WecomHands
    ) -> None:
        came = await listed.member.event("subscribe", EventKey="")
        assert await listed.member.again(came) == 200
        await office.settle()
        assert (await listed.see()).text.count(HELLO) == 1
        for name in ("unsubscribe", "subscribe", "subscribe"):
            await event(office, UNLISTED, name)
        assert HELLO not in await listed.see()

    async def test_when_they_read_english_then_in_english(
        self, office: Office, listed: WecomHands
    ) -> None:
        office.change(lambda unit: staff.set_locale(unit, NEW, "en"))
        await event(office, UNLISTED, "subscribe")
        assert "I am your company's assistant" in await listed.see()

    async def test_when_it_is_night_then_in_the_morning(
        self, office: Office, listed: WecomHands
    ) -> None:
        await office.until(at("09-14 23:30"))
        await event(office, UNLISTED, "subscribe")
        assert HELLO not in await listed.see()
        await office.until(at("09-15 08:30"))
        assert (await listed.see()).text.count(HELLO) == 1

    async def test_when_they_have_written_before_then_no_first_word(self, office: Office) -> None:
        await office[SALES].say("今日")
        for name in ("subscribe", "unsubscribe", "subscribe"):
            await event(office, SALES, name)
        assert "我是公司的客户档案助手" not in await office[SALES].see()

    async def test_when_they_have_left_the_company_then_nothing(
        self, office: Office, listed: WecomHands
    ) -> None:
        office.change(lambda unit: staff.deactivate(unit, NEW))
        await event(office, UNLISTED, "subscribe")
        assert (await listed.see()).text == ""


class TestGivenWhoIsListedAfterTheyCame:
    def enlist(self, office: Office) -> None:
        """Take the staff list in as the command line does, with the member on it."""

        def take(unit: Unit) -> None:
            person = staff.get(unit.session, NEW)
            assert person is not None
            row = staff.StaffRow(NEW, person.name, person.department, wecom_userid=UNLISTED)
            for staff_id, account in apply_staff(unit, [row]):
                dispatch.welcome(unit, office.app.world, staff_id, "wecom", account)

        office.change(take)

    async def test_then_the_first_word_comes_with_the_listing_and_once(
        self, office: Office
    ) -> None:
        await event(office, UNLISTED, "subscribe")
        assert "公司内部助手" in await office[UNLISTED].see()
        for _ in range(2):
            self.enlist(office)
            await office.settle()
        assert (await office[UNLISTED].see()).text.count(HELLO) == 1
        for name in ("enter_agent", "unsubscribe", "subscribe"):
            await event(office, UNLISTED, name)
        assert HELLO not in await office[UNLISTED].see()

    async def test_when_they_are_listed_at_night_then_in_the_morning(self, office: Office) -> None:
        await event(office, UNLISTED, "subscribe")
        await office.until(at("09-14 23:30"))
        self.enlist(office)
        await office.settle()
        assert HELLO not in await office[UNLISTED].see()
        await office.until(at("09-15 08:30"))
        assert (await office[UNLISTED].see()).text.count(HELLO) == 1

    async def test_when_they_had_written_before_then_as_well(self, office: Office) -> None:
        await office[UNLISTED].say("你好")
        self.enlist(office)
        await office.settle()
        assert HELLO in await office[UNLISTED].see()

    async def test_when_nobody_told_that_they_came_then_when_they_open_the_chat(
        self, office: Office
    ) -> None:
        await office.until(at("09-14 23:30"))
        self.enlist(office)
        await office.settle()
        assert (await office[UNLISTED].see()).text == ""
        for _ in range(2):
            await event(office, UNLISTED, "enter_agent")
        assert (await office[UNLISTED].see()).text.count(HELLO) == 1


class TestGivenAnAppThatIsHardlyUsed:
    async def test_then_the_operators_hear_of_it_once_a_day(self, office: Office) -> None:
        for name in ("inactive_alert", "low_active_alert", "inactive_alert"):
            for sender in ("sys", SALES):
                await event(office, OPERATOR, name, FromUserName=sender)
        assert (await office[OPERATOR].see()).text.count("企业微信提示应用使用过少") == 1
        assert (await office[SALES].see()).text == ""
        assert rows(office, "SELECT * FROM stranger") == []
        await office.until(office.clock.now() + timedelta(days=1))
        await office[OPERATOR].see()
        await event(office, OPERATOR, "close_inactive_agent")
        assert "应用使用过少" in await office[OPERATOR].see()
        await event(office, OPERATOR, "reopen_inactive_agent")
        assert (await office[OPERATOR].see()).text == ""


class TestGivenAMemberNobodyVouchedFor:
    async def test_then_they_hear_what_strangers_hear_and_the_operator_is_told_once(
        self, office: Office
    ) -> None:
        before = await office[ANOTHER].say("你好")
        for name in ("subscribe", "unsubscribe", "subscribe"):
            await event(office, UNLISTED, name)
        shown = await office[UNLISTED].see()
        assert shown.text.strip() == before.text.strip() != ""
        assert shown.labels == ()
        told = await office[OPERATOR].see()
        assert told.text.count("x001进入了企业微信应用的可见范围") == 1
        assert "x001" in await office[OPERATOR].press("f.admin.strangers")

    async def test_when_hundreds_come_then_the_operator_gets_one_message_a_day(
        self, office: Office
    ) -> None:
        server = hands(office, OPERATOR)._server
        for number in range(30):
            await server.member(f"new{number}").event("subscribe", EventKey="")
        await office.settle()
        assert (await office[OPERATOR].see()).text.count("可见范围") == 1
        assert "陌生账号（30）" in (await office[OPERATOR].say("/admin")).labels
        await office.until(office.clock.now() + timedelta(days=1))
        await office[OPERATOR].see()
        await event(office, UNLISTED, "subscribe")
        assert "x001进入了" in await office[OPERATOR].see()

    async def test_when_it_is_night_then_nobody_is_woken(self, office: Office) -> None:
        await office.until(at("09-14 23:30"))
        await office[OPERATOR].see()
        await event(office, UNLISTED, "subscribe")
        assert (await office[UNLISTED].see()).text == ""
        assert "可见范围" not in await office[OPERATOR].see()
        await office.until(at("09-15 08:30"))
        assert "公司内部助手" in await office[UNLISTED].see()
        assert "可见范围" in await office[OPERATOR].see()


class TestGivenSomebodyWhoLeavesTheRange:
    async def test_then_they_are_out_of_reach_and_their_superior_hears_once(
        self, office: Office
    ) -> None:
        await alone(office)
        for _ in range(2):
            await event(office, SALES, "unsubscribe")
        assert (await office[MANAGER].see()).text.count(OUT) == 1
        assert lost(office) == [SALES]

    async def test_when_an_older_leaving_comes_late_then_they_stay(self, office: Office) -> None:
        await event(office, SALES, "subscribe")
        await event(office, SALES, "unsubscribe", ago=60)
        assert lost(office) == []
        assert OUT not in await office[MANAGER].see()

    async def test_when_an_older_coming_comes_late_then_they_are_gone(
        self, office: Office, listed: WecomHands
    ) -> None:
        await event(office, UNLISTED, "unsubscribe")
        await event(office, UNLISTED, "subscribe", ago=60)
        assert lost(office) == [NEW]
        assert (await listed.see()).text == ""

    async def test_when_an_older_message_comes_late_then_it_is_no_sign_of_life(
        self, office: Office
    ) -> None:
        sent = int(office.clock.now().timestamp()) - 60
        await event(office, SALES, "unsubscribe")
        what = {"Content": "今日", "MsgId": 77, "CreateTime": sent}
        await hands(office, SALES).member.other("text", **what)
        await office.settle()
        assert lost(office) == [SALES]
        await office[SALES].say("今日")
        assert lost(office) == []


def lost(office: Office) -> list[str]:
    found = rows(office, "SELECT staff_id FROM account WHERE unreachable_since > ''")
    return [one for (one,) in found]
