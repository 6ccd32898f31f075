"""People whom no message reaches: told of once, and nothing is lost or doubled."""

from __future__ import annotations

from handlers.conversation.messages import ChatChange, ChatEvent
from storage import accounts
from tests.features.conftest import OPERATOR
from tests.features.diary import HONGXIN, MANAGER, REMINDER, SALES, at, ledger, rows
from tests.features.office import Both, Office
from tests.features.test_binding import CODE, chats, enter, home, invite

OUT = "发给张晓雯的消息送不到"


async def alone(office: Office) -> None:
    """Leave the salesperson one chat only."""
    office.change(lambda unit: accounts.unbind(unit, office.channel, office.account("CY015-2")))
    await office.settle()


async def event(office: Office, change: ChatChange, who: str = SALES) -> None:
    chat = who if who.startswith("-") else office.account(who)
    await office.hand_in(who, event=ChatEvent(change, chat))
    await office.settle()


class TestGivenSomebodyWhoBlockedTheBot:
    async def test_when_a_reminder_fails_then_the_superior_hears_once(
        self, office: Office
    ) -> None:
        await alone(office)
        me, manager = office[SALES], office[MANAGER]
        me.block()
        await office.until(at("09-14 18:00"))
        shown = await manager.see()
        assert shown.text.count(OUT) == 1
        assert home(office) == ("", "")
        await office.until(at("09-14 21:00"))
        assert OUT not in await manager.see()
        assert "联系不上（1）" in (await manager.say("今日")).labels
        assert "联系不上：张晓雯（9月14日 周一 18:00起）" in await manager.say("团队")
        assert "联系不上" not in (await office["CY016"].say("今日")).text

    async def test_when_they_write_again_then_what_is_true_comes_once(
        self, office: Office
    ) -> None:
        await alone(office)
        me, manager = office[SALES], office[MANAGER]
        me.block()
        await office.until(at("09-14 19:00"))
        me.block(False)
        await me.see()
        shown = await me.say("今日")
        await office.settle()
        text = shown.text + (await me.see()).text
        assert text.count(f"· {HONGXIN}：") == 1
        await office.until(at("09-14 20:30"))
        assert REMINDER.format(2) in await me.see()
        assert [one[2] for one in ledger(office)] == ["sent", "sent"]
        await manager.see()
        assert "联系不上" not in (await manager.say("今日")).text

    async def test_when_the_note_was_settled_meanwhile_then_no_old_reminder_comes(
        self, office: Office
    ) -> None:
        await alone(office)
        me = office[SALES]
        me.block()
        await office.until(at("09-14 18:00"))
        me.block(False)
        await office.hand_in(SALES, text=f"拜访 {HONGXIN} 看了货架")
        await office.settle()
        await me.tap("提交")
        shown = await me.see()
        await office.settle()
        assert REMINDER.format(2) not in shown.text + (await me.see()).text

    async def test_when_it_begins_anew_then_the_superior_hears_again(self, office: Office) -> None:
        await alone(office)
        manager = office[MANAGER]
        for hour in (10, 11):
            await office.until(at(f"09-14 {hour}:00"))
            await event(office, ChatChange.LEFT)
            await event(office, ChatChange.LEFT)
            assert (await manager.see()).text.count(OUT) == 1
            await event(office, ChatChange.JOINED)
            assert home(office) == (office.channel, office.account(SALES))

    async def test_when_it_is_noticed_at_night_then_the_superior_hears_in_the_morning(
        self, office: Office
    ) -> None:
        await alone(office)
        await office.until(at("09-14 23:30"))
        await office[MANAGER].see()
        await event(office, ChatChange.LEFT)
        assert OUT not in await office[MANAGER].see()
        await office.until(at("09-15 08:30"))
        assert OUT in await office[MANAGER].see()

    async def test_when_they_are_back_before_the_morning_then_nobody_is_told(
        self, office: Office
    ) -> None:
        await alone(office)
        await office.until(at("09-14 23:30"))
        await event(office, ChatChange.LEFT)
        await event(office, ChatChange.JOINED)
        await office.until(at("09-15 08:30"))
        assert OUT not in await office[MANAGER].see()

    async def test_when_the_superior_is_out_of_reach_too_then_the_operators_hear(
        self, office: Office
    ) -> None:
        await alone(office)
        office[MANAGER].block()
        await event(office, ChatChange.LEFT)
        shown = await office[OPERATOR].see()
        assert OUT in shown
        assert "发给王海峰的消息送不到" in shown
        shown = await office[OPERATOR].say("管理")
        assert "联系不上（2）" in shown.labels

    async def test_when_an_escalation_fails_then_the_next_one_above_gets_it(
        self, office: Office
    ) -> None:
        await office.app.stop()
        office.change(
            lambda unit: accounts.bind(unit, office.channel, office.account("X002"), "CY013")
        )
        await office.app.start()
        office[MANAGER].block()
        await office.until(at("09-15 09:00"))
        assert f"拜访{HONGXIN}的记录" in await office["X002"].see()
        assert ledger(office)[-1][1:] == ("CY013", "sent")
        office[MANAGER].block(False)
        shown = await office[MANAGER].say("今日")
        await office.settle()
        assert f"拜访{HONGXIN}的记录" not in shown.text + (await office[MANAGER].see()).text

    async def test_when_a_stranger_or_a_group_leaves_then_nothing_happens(
        self, office: Office
    ) -> None:
        for chat in ("X001", "-100200"):
            await event(office, ChatChange.LEFT, chat)
            await event(office, ChatChange.JOINED, chat)
        assert rows(office, "SELECT account FROM account WHERE unreachable_since > ''") == []

    async def test_when_bound_anew_then_it_is_over(self, office: Office) -> None:
        await alone(office)
        office[SALES].block()
        await office.until(at("09-14 18:00"))
        await enter(office["X001"], invite(office))
        await office.settle()
        assert home(office) == (office.channel, office.account("X001"))
        assert [one[2] for one in ledger(office)] == ["sent"]


class TestGivenTwoMessengers:
    async def test_when_one_fails_then_the_other_brings_it_once(self, both: Both) -> None:
        await enter(both.narrow[SALES], invite(both))
        await both[SALES].say("今日")
        both[SALES].block()
        await both.until(at("09-14 18:00"))
        shown = await both.narrow[SALES].see()
        assert shown.text.count(f"{HONGXIN}：") == 1
        assert OUT not in await both[MANAGER].see()
        assert [one[2] for one in ledger(both)] == ["sent"]
        await both.until(at("09-14 20:30"))
        assert (await both.narrow[SALES].see()).text.count(f"{HONGXIN}：") == 1

    async def test_when_the_messenger_is_switched_off_then_notices_go_to_the_other(
        self, both: Both
    ) -> None:
        await enter(both.narrow[SALES], invite(both))
        await both.switch("phones")
        assert home(both) == ("phones", SALES)
        await both.until(at("09-14 18:00"))
        assert REMINDER.format(1) in await both[SALES].see()
        shown = await both[SALES].say("设置")
        assert "该渠道已停用" in shown
        await both.switch("phones", "narrow")
        assert "该渠道已停用" not in (await both[SALES].say("设置")).text

    async def test_when_there_is_no_other_then_nothing_waits_for_ever(self, both: Both) -> None:
        await enter(both.narrow["X001"], invite(both, "CY017", CODE))
        await both[SALES].say("今日")
        await both.until(at("09-14 23:30"))
        both.change(lambda unit: queued(unit, "X001", "CY017"))
        both.change(lambda unit: queued(unit, "X002", None))
        await both.switch("phones")
        assert home(both, "CY017") == ("", "")
        left = rows(both, "SELECT state, problem FROM outbox WHERE key LIKE 'queued:%'")
        assert left == [("failed", "off"), ("failed", "off")]
        await both.until(at("09-15 10:00"))
        assert "联系不上（1）" in (await both[MANAGER].say("今日")).labels
        assert "刘洋的消息送不到" not in (await both[MANAGER].see()).text
        assert chats(both, "CY017") == [("narrow", "X001")]
        waiting = "SELECT key FROM outbox WHERE channel = 'narrow' AND state = 'ready'"
        assert rows(both, waiting) == []


def queued(unit, account: str, staff_id: str | None) -> None:
    from storage import outbox

    outbox.put(
        unit,
        key=f"queued:{account}",
        channel="narrow",
        account=account,
        staff_id=staff_id,
        mode="send",
        slot="",
        body="{}",
        due_at=at("09-15 08:00"),
    )
