"""Chats of one person: a new phone, a lost one, a second messenger, and where notices go."""

from __future__ import annotations

from sqlalchemy import select

from bot.commands.staff import cut_off
from storage import accounts, staff
from storage import tables as t
from tests.features.conftest import OPERATOR, STRANGERS
from tests.features.diary import HONGXIN, SALES, at, rows
from tests.features.office import Both, Hands, Office, Shown

NEW_PHONE, OTHER_PHONE = STRANGERS
CODE = "ABCDEFGHIJKLMNOPQRSTUVWXY2"
BOUND = "此聊天已解除绑定"


def invite(office: Office, staff_id: str = SALES, code: str = CODE) -> str:
    office.change(lambda unit: accounts.invite(unit, staff_id, code, unit.now))
    return code


def chats(office: Office, staff_id: str = SALES) -> list[tuple[str, str]]:
    found = office.look(lambda unit: accounts.of_person(unit.session, staff_id))
    return sorted((one.channel, one.account) for one in found)


def home(office: Office, staff_id: str = SALES) -> tuple[str, str]:
    person = office.look(lambda unit: staff.get(unit.session, staff_id))
    assert person is not None
    return person.home_channel, person.home_account


def audited(office: Office, action: str) -> list[tuple[str, str]]:
    columns = (t.audit.c.staff_id, t.audit.c.subject)
    query = select(*columns).where(t.audit.c.action == action).order_by(t.audit.c.seq)
    return office.look(lambda unit: [tuple(one) for one in unit.session.execute(query)])


async def enter(hands: Hands, code: str) -> Shown:
    return await hands.say(f"/start {code}")


class TestGivenANewPhone:
    async def test_when_the_code_is_used_then_the_old_chats_die_at_once(
        self, office: Office
    ) -> None:
        old, new = office[SALES], office[NEW_PHONE]
        await old.say("今日")
        key, ref = old.key_of("查找")
        assert old.menu()
        shown = await enter(new, invite(office))
        assert "张晓雯" in shown
        assert BOUND in await old.see()
        assert old.menu() == ()
        assert chats(office) == [(office.channel, office.account(NEW_PHONE))]
        shown = await old.press(key, ref)
        assert "张晓雯" not in shown.text
        assert not shown.labels
        assert audited(office, "account.unbound") == [(SALES, f"staff:{SALES}")] * 2
        assert ("visit", "写拜访记录") in new.menu()

    async def test_when_something_waits_then_it_comes_to_the_new_phone(
        self, office: Office
    ) -> None:
        old, new = office[SALES], office[NEW_PHONE]
        await office.until(at("09-14 23:00"))
        await old.see()
        ((visit,),) = rows(
            office, "SELECT CAST(MIN(id) AS TEXT) FROM visit WHERE staff_id = 'CY015'"
        )
        office.change(lambda unit: waits(office, unit, visit))
        await enter(new, invite(office))
        await new.see()
        await office.until(at("09-15 08:00"))
        assert "明早给我报价单" in await new.see()
        assert "明早给我报价单" not in await old.see()

    async def test_when_the_old_chat_binds_again_then_its_menu_is_back(
        self, office: Office
    ) -> None:
        await enter(office[NEW_PHONE], invite(office))
        assert office[SALES].menu() == ()
        await enter(office[SALES], invite(office, code=CODE[::-1]))
        assert ("visit", "写拜访记录") in office[SALES].menu()
        assert BOUND in await office[NEW_PHONE].see()

    async def test_when_it_was_cut_off_and_binds_again_at_once_then_it_keeps_its_menu(
        self, office: Office
    ) -> None:
        me = office[SALES]
        await me.say("今日")
        office.change(lambda unit: cut_off(unit, office.app.world, SALES, office.channel))
        code = invite(office)
        shown = await enter(me, code)
        _, welcome, after = shown.text.partition("欢迎您，张晓雯")
        assert welcome
        assert BOUND not in after  # it may have left before the code came
        assert BOUND not in (await me.see()).text
        assert ("visit", "写拜访记录") in me.menu()


def waits(office: Office, unit, visit: str) -> None:
    from handlers.conversation.messages import Card
    from storage import outbox

    outbox.put(
        unit,
        key=f"test:{visit}",
        channel=office.channel,
        account=office.account(SALES),
        staff_id=SALES,
        mode="send",
        slot="n.test",
        body=Card("明早给我报价单").encoded("zh_CN"),
        due_at=at("09-15 08:00"),
    )


class TestGivenACodeInABoundChat:
    async def test_when_it_is_somebody_elses_then_kindly_refused_and_still_good(
        self, office: Office
    ) -> None:
        shown = await enter(office[SALES], invite(office, "CY017"))
        assert "此聊天已绑定给张晓雯" in shown
        assert "刘洋" not in shown.text
        assert "刘洋" in await enter(office[NEW_PHONE], CODE)

    async def test_when_it_is_their_own_then_nothing_is_done(self, office: Office) -> None:
        before = chats(office)
        shown = await enter(office[SALES], invite(office))
        assert "无需再绑定" in shown
        assert chats(office) == before

    async def test_when_it_is_no_code_then_the_day_is_shown(self, office: Office) -> None:
        assert "等您处理" in await enter(office[SALES], "hello-world-and-more")


class TestGivenTwoMessengers:
    async def test_when_the_second_is_bound_then_both_work(self, both: Both) -> None:
        phone, narrow = both[SALES], both.narrow[SALES]
        await enter(narrow, invite(both))
        assert chats(both) == [("narrow", SALES), ("phones", SALES)]
        assert BOUND not in await phone.see()
        assert "等您处理" in await phone.say("今日")
        assert home(both) == ("phones", SALES)
        shown = await narrow.say("设置")
        assert "narrow，9月14日 周一绑定 · 通知发到这里" in shown
        assert "网页手机，9月14日 周一绑定" in shown

    async def test_when_a_messenger_is_chosen_then_notices_stay_there(self, both: Both) -> None:
        phone, narrow = both[SALES], both.narrow[SALES]
        await enter(narrow, invite(both))
        await narrow.say("设置")
        shown = await narrow.tap("通知发到narrow")
        assert "按您的选择，通知一直发到narrow" in shown
        await phone.say("今日")
        assert home(both) == ("narrow", SALES)
        await both.until(at("09-14 18:00"))
        assert HONGXIN in await narrow.see()
        assert f"{HONGXIN}：" not in await phone.see()
        await narrow.say("设置")
        assert "最近使用" in await narrow.tap("通知跟随最近使用")
        await phone.say("今日")
        assert home(both) == ("phones", SALES)

    async def test_when_the_other_is_unbound_then_after_a_question(self, both: Both) -> None:
        phone, narrow = both[SALES], both.narrow[SALES]
        await enter(narrow, invite(both))
        shown = await phone.say("设置")
        assert "解绑narrow" in shown.labels
        shown = await phone.tap("解绑narrow")
        assert "重新绑定需要新的邀请码" in shown
        assert len(chats(both)) == 2
        shown = await phone.tap("解绑")
        assert "narrow已解绑" in shown
        assert BOUND in await narrow.see()
        assert chats(both) == [("phones", SALES)]
        assert not any(one.startswith("解绑") for one in (await phone.say("设置")).labels)

    async def test_when_the_only_one_is_to_be_unbound_then_it_stays(self, both: Both) -> None:
        for channel in ("phones", "narrow", "telegram"):
            shown = await both[SALES].press(f"f.settings.unbind.{channel}")
            assert "没有其他聊天" in shown
        assert chats(both) == [("phones", SALES)]

    async def test_when_nothing_was_bound_then_others_are_untouched(self, both: Both) -> None:
        await enter(both.narrow[SALES], invite(both))
        assert chats(both, OPERATOR) == [("phones", OPERATOR)]
        assert await both.narrow[OTHER_PHONE].see() == Shown("", ())
