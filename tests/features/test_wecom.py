"""The sample company on WeCom, where that is not as everywhere: the store stalls, cards
are redrawn by codes, the menu is one for all."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest

from bot import late
from bot.channels.wecom.channel import Wecom
from handlers.conversation.messages import Card, Mode
from handlers.sheets.staff_sheet import apply_staff
from storage import accounts, outbox, staff
from storage.unit import Unit
from tests.fakes.telegram.faults import Fault
from tests.fakes.wecom.messages import Message
from tests.features import council, guard
from tests.features.conftest import PATIENCE
from tests.features.diary import HONGXIN, SALES, rows
from tests.features.office import Office
from tests.features.wecom_hands import WecomHands

on_wecom = pytest.mark.parametrize("office", ["wecom"], indirect=True)


def hands(office: Office, who: str = SALES) -> WecomHands:
    found = office[who]
    assert isinstance(found, WecomHands)
    return found


def wait(office: Office, seconds: float) -> None:
    """Give messages so long to be handled at once."""
    channel = office.app._channels["wecom"]
    assert isinstance(channel, Wecom)
    channel.callback._patience = seconds


@contextmanager
def locked(office: Office) -> Iterator[None]:
    """Let another program hold the database."""
    other = sqlite3.connect(office.settings.storage.url.removeprefix("sqlite:///"))
    other.isolation_level = None
    other.execute("BEGIN IMMEDIATE")
    yield
    other.execute("ROLLBACK")
    other.close()


@pytest.fixture
def impatient(office: Office, monkeypatch: pytest.MonkeyPatch) -> Office:
    wait(office, 0.05)
    monkeypatch.setattr(late, "KEEP_SECONDS", 0.05)
    return office


@on_wecom
class TestGivenADatabaseThatStalls:
    async def test_then_messages_are_taken_and_handled_once_in_order_when_it_is_back(
        self, impatient: Office
    ) -> None:
        member = hands(impatient).member
        with locked(impatient):
            sent = [await member.say(text) for text in (f"拜访 {HONGXIN}", "看了货架", "跳过")]
            assert [one.offers for one in sent] == [1, 1, 1]
            assert member.messages == []
        await impatient.app.scan(impatient.clock.now())
        await impatient.settle()
        shown = await hands(impatient).see()
        assert "经过：看了货架" in shown
        assert "提交" in shown.labels
        for one in sent:
            assert await member.again(one) == 200
        await impatient.settle()
        assert (await hands(impatient).see()).text == ""
        assert rows(impatient, "SELECT count(*) FROM inbox WHERE state <> 'done'") == [(0,)]

    async def test_when_the_program_ends_meanwhile_then_the_next_start_handles_them(
        self, impatient: Office
    ) -> None:
        me = hands(impatient)
        with locked(impatient):
            await me.member.say("今日")
        await impatient.restart()
        await impatient.settle()
        assert HONGXIN in await me.see()

    async def test_when_the_next_one_comes_first_then_it_waits_for_those_before(
        self, impatient: Office
    ) -> None:
        me = hands(impatient)
        with locked(impatient):
            await me.member.say(f"拜访 {HONGXIN}")
        wait(impatient, PATIENCE)
        assert "经过：看了货架" in await me.say("看了货架")


@on_wecom
async def test_when_a_button_is_pressed_then_its_card_changes_in_place(office: Office) -> None:
    me = hands(office)
    await me.say(f"拜访 {HONGXIN} 今天 看了货架")
    card = me.member.last
    assert "提交" in dict(card.buttons)
    shown = await me.tap("提交")
    assert (card.edits, card.buttons) == (1, [])
    assert "下次联系" in card.text
    assert "已归档" in shown


@on_wecom
class TestGivenACardToDecide:
    async def asked(self, office: Office) -> Message:
        """Return the head's card of a request."""
        council.council(office)
        await council.ask(office)
        return hands(office, council.HEAD).member.last

    async def test_when_pressed_twice_in_one_second_then_it_counts_once(
        self, office: Office
    ) -> None:
        card = await self.asked(office)
        head = hands(office, council.HEAD)
        key = dict(card.buttons)["同意"]
        first, second = [await head.member.press(card, key) for _ in range(2)]
        assert first.xml != second.xml  # each has a code of its own
        assert (first.offers, second.offers) == (1, 1)
        await office.settle()
        said = rows(office, "SELECT count(*) FROM audit WHERE action = 'case.decided'")
        assert said == [(1,)]
        assert rows(office, "SELECT count(*) FROM inbox WHERE state <> 'done'") == [(0,)]

    async def test_when_pressed_by_another_then_it_is_refused(self, office: Office) -> None:
        card = await self.asked(office)
        key = dict(card.buttons)["同意"]
        other = hands(office, council.COLLEAGUE)
        await other.see()
        strange = hands(office, "CY015-2")
        office.change(lambda unit: accounts.unbind(unit, "wecom", "cy015-2"))
        taken = [
            await one.member.forge(card.task_id, key, "a-code")
            for one in (other, hands(office, "X002"), strange)
        ]
        await office.settle()
        assert [one.offers for one in taken] == [1, 1, 1]
        for one in (other, strange):
            shown = await one.see()
            assert "飞" not in shown.text + "".join(shown.labels)
            assert "同意" not in shown.labels
        assert council.states(office) == ["pending"]
        assert rows(office, "SELECT count(*) FROM audit WHERE action = 'case.decided'") == [(0,)]
        assert not card.replaced

    async def test_when_the_app_is_disabled_then_it_counts_and_is_answered_once_it_is_not(
        self, office: Office
    ) -> None:
        await self.asked(office)
        head = hands(office, council.HEAD)
        await head.see()
        head._server.suspended = True
        await head.tap("同意")
        assert rows(office, "SELECT count(*) FROM audit WHERE action = 'case.decided'") == [(1,)]
        head._server.suspended = False
        await office.until(office.clock.now() + timedelta(minutes=2))
        assert "王海峰 09:00 已同意" in await head.see()


@on_wecom
class TestGivenChoicesToTick:
    """The platform tells of ticks only when the card's own button is pressed."""

    async def asked(self, office: Office) -> WecomHands:
        guard.guard(office)
        me = hands(office)
        await me.say("/leak")
        await me.tap("已被他人知悉")
        await me.say("跳过")
        shown = await me.say("客户名单被拍照")
        assert "勾选后按“完成”才算数；也可回复数字，如 1 2" in shown
        assert [one for one, _ in me.member.last.buttons][:2] == ["1 收回资料", "2 撤回已发内容"]
        return me

    async def test_when_ticks_were_not_sent_then_done_in_words_says_so_and_files_nothing(
        self, office: Office
    ) -> None:
        me = await self.asked(office)
        await me.tap("收回资料")
        shown = await me.say("完成")
        assert "还没有收到您的选择" in shown
        assert "都不适用时请回复“跳过”" in shown
        assert "上报" not in shown.labels
        await me.tap("收回资料")
        assert "补救措施：收回资料" in await me.tap("完成")

    async def test_when_answered_by_numbers_then_done_in_words_takes_them(
        self, office: Office
    ) -> None:
        me = await self.asked(office)
        await me.say("1 2")
        assert "补救措施：收回资料、撤回已发内容" in await me.say("完成")

    async def test_when_none_applies_then_skipped(self, office: Office) -> None:
        me = await self.asked(office)
        assert "上报" in (await me.say("跳过")).labels


@on_wecom
class TestGivenAMessageOfSeveralParts:
    LINES = tuple(f"{number} " + "长" * 600 for number in range(4))

    def say(self, office: Office) -> None:
        account, body = office.account(SALES), Card("\n".join(self.LINES)).encoded("zh_CN")
        message = {"channel": "wecom", "account": account, "staff_id": SALES, "body": body}
        office.change(
            lambda unit: outbox.put(
                unit, key="report", mode=Mode.SEND, slot="", due_at=unit.now, **message
            )
        )

    @pytest.mark.parametrize("fault", [Fault.RESET, Fault.RESET_AFTER])
    async def test_when_it_is_cut_off_then_it_goes_on_after_a_restart(
        self, office: Office, fault: Fault
    ) -> None:
        me = hands(office)
        await me.see()
        me._server.faults.add(fault, "message/send", spare=2)
        self.say(office)
        await office.app.drain()
        assert len(me.member.messages) == 3 - (fault is Fault.RESET)
        await office.restart()
        office.clock.advance(office.clock.now() + timedelta(seconds=5))
        await office.settle()
        assert tuple(one.text for one in me.member.messages) == self.LINES
        assert rows(office, "SELECT state FROM outbox WHERE key = 'report'") == [("sent",)]


@on_wecom
async def test_when_a_tap_is_refused_then_the_relay_says_so(office: Office) -> None:
    me = hands(office)
    await me.say(f"拜访 {HONGXIN} 今天 看了货架")
    key = dict(me.member.last.buttons)["提交"]
    await me.tap("提交")
    said = (await me.press(key)).text
    assert said
    assert rows(office, "SELECT state FROM outbox WHERE key LIKE '%remark'") == [("sent",)]
    await me.again()
    assert rows(office, "SELECT count(*) FROM outbox WHERE key LIKE '%remark'") == [(1,)]


@on_wecom
class TestGivenAMessageThatCannotBeEdited:
    async def test_then_every_answer_can_be_given_anew_before_and_after(
        self, office: Office
    ) -> None:
        me = hands(office)
        await me.say(f"拜访 {HONGXIN}")
        await me.say("看了仓库")
        await me.say("返回")
        await me.say("返回")
        await me.say("看了货架")
        assert "经过：看了货架" in await me.say("跳过")
        await me.tap("经过")
        assert "经过：谈了价格" in await me.say("谈了价格")
        assert "更正" in (await me.tap("提交")).labels
        await me.tap("更正")
        await me.tap("经过")
        assert "经过：谈了交货" in await me.say("谈了交货")


@on_wecom
class TestGivenAnAppThatIsInNoGroups:
    async def test_then_all_that_a_group_would_show_is_decided_and_told_in_private(
        self, office: Office
    ) -> None:
        council.council(office)
        await council.ask(office)
        asked = await hands(office, council.HEAD).see()
        for words in ("阅-2026-0001", "张晓雯", "部门负责人：王海峰 待审批"):
            assert words in asked.text
        await hands(office, council.HEAD).tap("同意")
        assert "王海峰 09:00 已同意" in await hands(office, council.INFO).see()
        await hands(office, council.INFO).tap("同意")
        assert council.states(office) == ["approved"]
        assert "可以查阅飞扬花园酒店" in await hands(office).see()
        spoke_to = {one for (one,) in rows(office, "SELECT account FROM outbox")}
        members = {one for (one,) in rows(office, "SELECT account FROM account")}
        assert spoke_to <= members

    async def test_when_a_group_is_asked_for_then_it_says_what_there_is_instead(
        self, office: Office
    ) -> None:
        council.council(office)
        await council.ask(office)
        head = hands(office, council.HEAD)
        await head.see()
        for words in ("/here", "/here off", "/here 销售一部"):
            shown = await head.say(words)
            assert "企业微信里没有我能进的群" in shown
        assert "阅-2026-0001" in "".join((await head.tap("待审批")).labels)
        assert "/here" not in (await head.say("/help")).text
        assert "here" not in [command for command, _ in head.menu()]
        assert rows(office, "SELECT * FROM chat_group") == []


@on_wecom
async def test_the_menu_does_what_the_command_does(office: Office) -> None:
    me = hands(office)
    await me.member.click("drafts")
    await office.settle()
    by_menu = await me.see()
    assert by_menu == await me.say("/drafts")
    await me.member.click("admin")  # nor may they more than in words
    await office.settle()
    assert "没有“/admin”这个命令" in await me.see()


@on_wecom
async def test_who_opens_the_chat_is_greeted_the_first_time_alone(office: Office) -> None:
    for who in (SALES, SALES, "X001"):
        await hands(office, who).member.event("enter_agent", EventKey="")
    await office.settle()
    assert (await hands(office).see()).text.count("我是公司的客户档案助手") == 1
    await hands(office).say("今日")
    office.clock.advance(office.clock.now() + timedelta(days=1))
    await hands(office).member.event("enter_agent", EventKey="")
    await office.settle()
    assert "客户档案助手" not in (await hands(office).see()).text
    assert (await hands(office, "X001").see()).text == ""
    assert rows(office, "SELECT * FROM stranger") == []


@on_wecom
async def test_a_userid_of_the_staff_list_is_bound_in_any_case(office: Office) -> None:
    def listed(unit: Unit) -> None:
        person = staff.get(unit.session, "CY017")
        assert person is not None
        row = staff.StaffRow("CY017", person.name, person.department, wecom_userid="X001")
        apply_staff(unit, [row])

    office.change(listed)
    assert "今日" in (await hands(office, "X001").say("今日")).text
