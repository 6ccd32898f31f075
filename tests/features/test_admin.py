"""/admin: operators see who can be reached and act on it; nobody else learns that it is there."""

from __future__ import annotations

import re
from datetime import timedelta

import msgspec
import pytest

from handlers.conversation.messages import Inbound
from storage import accounts, inbox, meta, staff
from storage.staff import StaffRow
from tests.features.conftest import OPERATOR
from tests.features.diary import MANAGER, SALES, rows
from tests.features.office import Hands, Office, Shown, one_channel
from tests.features.test_binding import audited, chats, enter

LATE = "CY017"
"""Somebody without an account."""

ROOT = StaffRow(OPERATOR, "系统运维", department="", roles=("operator",))
"""The operator as `dossierbot init` enters one."""


async def person(hands: Hands, name: str) -> Shown:
    return await hands.say(f"管理 {name}")


MESSENGERS = {"phones": "网页手机", "telegram": "Telegram", "wecom": "企业微信"}


class TestGivenAnOperator:
    async def test_when_opened_then_it_says_how_things_stand(self, office: Office) -> None:
        admin = office[OPERATOR]
        assert ("admin", "系统管理") in admin.menu()
        await office["X001"].say("在吗")
        shown = await admin.say("/admin")
        assert {"已绑定（7）", "未绑定（32）", "联系不上（0）", "陌生账号（1）"} <= set(
            shown.labels
        )
        assert {"失败消息（0）", "已离职（1）", "查找同事"} <= set(shown.labels)
        assert re.search(r"数据库：sqlite · \S+", shown.text)
        assert re.search(r"版本：\d", shown.text)
        assert "今日未送达：0 条" in shown
        assert "系统管理" in await admin.say("管理")

    @one_channel
    async def test_when_that_is_all_they_are_then_today_leads_there(self, office: Office) -> None:
        admin = office[OPERATOR]
        assert "写拜访记录" in await admin.say("今日")
        office.change(lambda unit: staff.save(unit, ROOT))
        shown = await admin.say("今日")
        assert "出去走访" not in shown.text
        assert shown.labels == ("系统管理", "查找")
        assert "今日未送达" in await admin.tap("系统管理")

    async def test_when_lists_are_paged_then_all_come_once(self, office: Office) -> None:
        admin = office[OPERATOR]
        await admin.say("管理")
        shown = await admin.tap("未绑定（32）")
        seen = [one for one in shown.labels if " · " in one]
        while "›" in shown.labels:
            shown = await admin.tap("›")
            seen += [one for one in shown.labels if " · " in one]
        assert len(seen) == len(set(seen)) == 32
        assert "刘洋 · 销售一部" in seen

    async def test_when_somebody_is_of_no_department_then_the_name_stands_alone(
        self, office: Office
    ) -> None:
        admin = office[OPERATOR]
        office.change(lambda unit: staff.save(unit, ROOT))
        await admin.say("管理")
        assert "系统运维" in (await admin.tap("已绑定（7）")).labels
        assert "系统运维 ·" not in await admin.say("设置")
        assert "部门：-" in await person(admin, OPERATOR)

    async def test_when_strangers_knock_then_they_are_counted(self, office: Office) -> None:
        await office["X001"].say("/start WRONGCODEWRONGCODE")
        await office["X001"].say("在吗")
        await office[OPERATOR].say("管理")
        shown = await office[OPERATOR].tap("陌生账号（1）")
        assert f"{office.account('X001')}：" in shown
        assert "1 次邀请码错误" in shown

    async def test_when_a_colleague_is_searched_then_the_card_has_the_facts(
        self, office: Office
    ) -> None:
        admin = office[OPERATOR]
        await office[SALES].press("f.settings.language.zh_CN")
        await admin.say("管理")
        await admin.tap("查找同事")
        shown = await admin.say("zxw")
        if "部门：" not in shown.text:
            shown = await admin.tap(next(one for one in shown.labels if "张晓雯" in one))
        for words in ("部门：销售一部", "角色：业务员", "上级：王海峰", "最近活动：9月14日"):
            assert words in shown
        assert f"{MESSENGERS.get(office.channel, office.channel)}，" in shown
        assert {"新邀请码", "解绑", "登记离职"} <= set(shown.labels)
        assert "没有找到" in await person(admin, "没有这个人")

    async def test_when_invited_then_the_code_binds_and_is_shown_once(
        self, office: Office
    ) -> None:
        admin = office[OPERATOR]
        office.change(name_bot)
        await person(admin, "刘洋")
        shown = await admin.tap("新邀请码")
        (code,) = re.findall(r"^/start ([A-Z2-7]{26})$", shown.text, re.MULTILINE)
        assert f"https://t.me/cheng_bot?start={code}" in shown
        assert code not in (await person(admin, "刘洋")).text
        kept = rows(office, "SELECT facts, subject FROM audit WHERE action = 'account.invited'")
        assert kept == [("{}", f"staff:{LATE}")]
        assert "刘洋" in await enter(office["X001"], code)
        await person(admin, "刘洋")
        shown = await admin.tap("新邀请码")
        assert "9月14日 周一绑定的账号随即失效" in shown
        assert code not in shown.text

    async def test_when_unbound_then_after_a_question_and_at_once(self, office: Office) -> None:
        admin = office[OPERATOR]
        await person(admin, "张晓雯")
        shown = await admin.tap("解绑")
        assert "解绑张晓雯的全部聊天" in shown
        assert len(chats(office)) == 2
        shown = await admin.tap("解绑")
        assert "已解绑 2 个聊天" in shown
        assert chats(office) == []
        assert "等您处理" not in (await office[SALES].say("今日")).text
        assert audited(office, "account.unbound") == [(OPERATOR, f"staff:{SALES}")] * 2

    async def test_when_somebody_left_and_is_back_then_both_are_audited(
        self, office: Office
    ) -> None:
        admin = office[OPERATOR]
        await person(admin, "张晓雯")
        shown = await admin.tap("登记离职")
        assert "张晓雯已离职？" in shown
        shown = await admin.tap("登记离职")
        assert "张晓雯已不能再使用" in shown
        await office.app.scan(office.clock.now())
        await office.settle()
        assert "张晓雯已离职" in await office[MANAGER].see()
        await admin.say("管理")
        await admin.tap("已离职（2）")
        await admin.tap("张晓雯 · 销售一部")
        await admin.tap("恢复")
        assert "张晓雯已恢复" in await admin.tap("恢复")
        assert "张晓雯，" in await office[SALES].say("今日")
        for action in ("staff.deactivated", "staff.reactivated"):
            assert audited(office, action) == [(OPERATOR, f"staff:{SALES}")]

    @pytest.mark.parametrize("action", ["cut", "leave"])
    async def test_when_he_is_the_last_then_he_cannot_shut_himself_out(
        self, office: Office, action: str
    ) -> None:
        shown = await office[OPERATOR].press(f"f.admin.{action}.{OPERATOR}")
        assert "您是唯一联系得上的运维人员" in shown
        assert chats(office, OPERATOR) != []
        assert "系统管理" in await office[OPERATOR].say("管理")

    async def test_when_there_is_another_then_he_can_go(self, office: Office) -> None:
        office.change(promote)
        shown = await office[OPERATOR].press(f"f.admin.leave.{OPERATOR}")
        assert "田浩然已不能再使用" in shown
        assert "系统管理" not in (await office[OPERATOR].say("管理")).text

    async def test_when_messages_failed_then_they_go_round_again(self, office: Office) -> None:
        for number in range(3):
            office.change(lambda unit, number=number: give_up(office, unit, number))
        admin = office[OPERATOR]
        await admin.say("管理")
        shown = await admin.tap("失败消息（3）")
        label = next(one for one in shown.labels if one.startswith("AAAA0000"))
        assert "9月14日 周一" in label
        assert "1 条将在一分钟内重新处理" in await admin.tap(label)
        await admin.press("f.admin.failed")
        assert "2 条将在一分钟内重新处理" in await admin.tap("全部重新处理")
        await office.app.scan(office.clock.now())
        await office.settle()
        assert (await office[SALES].see()).text.count("张晓雯，今天是") == 3
        assert office.look(lambda unit: inbox.failed(unit.session)) == []
        assert "已没有这个编号" in await admin.press("f.admin.retry.AAAA0000")


class TestGivenAStaffNumberWithDots:
    async def test_when_opened_and_asked_then_it_is_that_person(self, office: Office) -> None:
        office.change(lambda unit: staff.save(unit, staff.StaffRow("A.1.b", "丁一", "财务部")))
        admin = office[OPERATOR]
        assert "丁一 · A.1.b" in await person(admin, "丁一")
        assert "/start " in await admin.tap("新邀请码")
        assert "丁一已离职？" in await admin.press("f.admin.askleave.A.1.b")


def name_bot(unit) -> None:
    meta.put(unit, accounts.TELEGRAM_NAME, "cheng_bot")


def promote(unit) -> None:
    row = staff.StaffRow(MANAGER, "王海峰", "销售一部", ("sales_manager", "operator"), "CY013")
    staff.save(unit, row)


def give_up(office: Office, unit, number: int) -> None:
    key, at = f"lost-{number}", unit.now + timedelta(seconds=number)
    account = office.account(SALES)
    inbound = Inbound(office.channel, account, key, at, command="today")
    body = msgspec.json.encode(inbound).decode()
    inbox.fail(unit, body, office.channel, key, account, at, f"AAAA000{number}")


class TestGivenSomebodyElse:
    @pytest.mark.parametrize("who", [SALES, MANAGER, "CY004"])
    async def test_when_they_try_then_it_is_not_there(self, office: Office, who: str) -> None:
        hands = office[who]
        await hands.say("今日")
        assert "admin" not in dict(hands.menu())
        assert "没有“/admin”这个命令" in await hands.say("/admin")
        assert "系统管理" not in (await hands.say("管理")).text
        for key in (
            "open", "find", "list.bound", "strangers", "failed", "retryall", "person.CY017",
            "invite.CY017", "cut.CY039", "leave.CY039", "back.CY040", "askcut.CY039",
        ):  # fmt: skip
            shown = await hands.press(f"f.admin.{key}")
            assert "您没有使用这项功能的权限" in shown
        assert chats(office, OPERATOR) != []
        assert audited(office, "account.invited") == []
