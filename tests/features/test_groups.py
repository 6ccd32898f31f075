"""In a group nothing is said but where the private chat is; who let the bot in is known."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import func, select

from handlers.conversation.messages import ChatChange, ChatEvent
from storage import groups, loose, outbox, staff
from storage import tables as t
from tests.features.diary import HONGXIN, SALES
from tests.features.office import GROUP, Office

COLLEAGUE, STRANGER, OPERATOR = "CY016", "X001", "CY004"
NEW_GROUP = "-1002"
MINUTE = timedelta(minutes=2)
MOVED = ChatEvent(ChatChange.MOVED, GROUP, NEW_GROUP)


def rows(office: Office) -> int:
    count = select(func.count()).select_from(t.inbox)
    return office.look(lambda unit: unit.session.execute(count).scalar() or 0)


def group(office: Office, chat: str = GROUP) -> groups.Group | None:
    return office.look(lambda unit: groups.get(unit.session, office.channel, chat))


def waiting(office: Office, chat: str) -> int:
    query = select(func.count()).where(t.outbox.c.account == chat, t.outbox.c.state == "ready")
    return office.look(lambda unit: unit.session.execute(query).scalar() or 0)


class TestGivenAGroup:
    async def test_when_a_command_is_used_then_one_notice_leads_to_what_was_asked(
        self, office: Office
    ) -> None:
        me = office[SALES]
        shown = await me.in_group(f"/find {HONGXIN}")
        assert not shown.text.strip()
        (notice,) = office.in_group()
        assert notice.text == "请在私聊里办理。"
        assert not notice.buttons()
        assert HONGXIN not in notice.way_in
        shown = await me.say(f"/start {notice.way_in}")
        assert HONGXIN in shown
        assert HONGXIN in await me.say(f"/start {notice.way_in}")  # twice

    async def test_when_the_link_is_somebody_elses_then_it_only_leads_to_today(
        self, office: Office
    ) -> None:
        await office[SALES].in_group(f"/find {HONGXIN}")
        (notice,) = office.in_group()
        shown = await office[COLLEAGUE].say(f"/start {notice.way_in}")
        assert "链接已失效" in shown
        assert "李志强" in shown
        assert HONGXIN not in shown.text

    async def test_when_asked_within_the_minute_then_there_is_no_second_notice(
        self, office: Office
    ) -> None:
        for who in (SALES, COLLEAGUE, SALES):
            await office[who].in_group("/today")
        assert len(office.in_group()) == 1
        office.clock.advance(office.clock.now() + MINUTE)
        await office[SALES].in_group("", mentioned=True)
        assert len(office.in_group()) == 2

    async def test_when_people_talk_then_nothing_is_said_and_nothing_kept(
        self, office: Office
    ) -> None:
        before = rows(office)
        for words in ("今日", f"拜访 {HONGXIN} 谈订单", "1", "/weather 上海"):
            assert not (await office[SALES].in_group(words)).text.strip()
        assert office.in_group() == []
        assert rows(office) == before + 1  # the other bot's command
        assert office.look(lambda unit: loose.count_open(unit.session, SALES)) == 0

    async def test_when_a_stranger_speaks_then_there_is_silence(self, office: Office) -> None:
        await office[STRANGER].in_group("/today")
        await office[STRANGER].in_group("在吗", mentioned=True)
        assert office.in_group() == []
        assert not (await office[STRANGER].see()).text.strip()

    async def test_when_a_form_is_open_then_it_does_not_hear_the_group(
        self, office: Office
    ) -> None:
        me = office[SALES]
        await me.press("f.note.again")
        assert not (await me.in_group(HONGXIN, mentioned=True)).text.strip()
        assert "哪天的事" in await me.say(HONGXIN)


class TestGivenTheBotIsAdded:
    async def test_when_by_somebody_of_the_company_then_it_greets_and_says_how_it_behaves(
        self, office: Office
    ) -> None:
        shown = await office[SALES].event(ChatChange.JOINED)
        assert "我已进群" in shown
        (hello,) = office.in_group()
        assert "请在私聊里办理" in hello.text
        assert "张晓雯" in await office[SALES].say(f"/start {hello.way_in}")
        assert "李志强" in await office[COLLEAGUE].say(f"/start {hello.way_in}")
        known = group(office)
        assert known is not None
        assert (known.added_by, known.gone_at) == (SALES, None)
        await office[COLLEAGUE].event(ChatChange.JOINED)
        assert len(office.in_group()) == 1

    async def test_when_by_a_stranger_then_it_leaves_without_a_word_and_operators_hear_once(
        self, office: Office
    ) -> None:
        office.change(_make_operator)
        for _ in range(2):
            shown = await office[STRANGER].event(ChatChange.JOINED)
            assert not shown.text.strip()
        assert office.in_group() == []
        assert group(office) is None
        told = await office[OPERATOR].see()
        assert told.text.count("未绑定的账号") == 1
        if office.channel == "narrow":
            assert office.app._channels["narrow"].left == [GROUP, GROUP]

    async def test_when_removed_then_what_waits_is_dropped_and_who_added_it_told(
        self, office: Office
    ) -> None:
        await office[SALES].event(ChatChange.JOINED)
        later = office.clock.now() + timedelta(days=1)
        office.change(lambda unit: _wait(unit, office.channel, GROUP, later))
        assert waiting(office, GROUP) == 1
        await office[COLLEAGUE].event(ChatChange.LEFT)
        assert waiting(office, GROUP) == 0
        assert "移出" in await office[SALES].see()
        known = group(office)
        assert known is not None
        assert known.gone_at is not None
        await office[COLLEAGUE].event(ChatChange.LEFT)
        assert not (await office[SALES].see()).text.strip()

    async def test_when_upgraded_then_row_and_waiting_messages_follow_in_either_order(
        self, office: Office
    ) -> None:
        me = office[SALES]
        await me.event(ChatChange.JOINED)
        later = office.clock.now() + timedelta(days=1)
        office.change(lambda unit: _wait(unit, office.channel, GROUP, later))
        for _ in range(2):  # one message says so in the old group, one in the new
            await office.hand_in("", event=MOVED)
            assert group(office) is None
            assert group(office, NEW_GROUP) is not None
            assert waiting(office, NEW_GROUP) == 1
        await office[STRANGER].event(ChatChange.JOINED, NEW_GROUP)
        await me.event(ChatChange.LEFT)
        known = group(office, NEW_GROUP)
        assert known is not None
        assert known.gone_at is None

    async def test_when_left_is_said_before_moved_then_the_bot_is_in_the_new_one(
        self, office: Office
    ) -> None:
        await office[SALES].event(ChatChange.JOINED)
        await office.hand_in("", event=ChatEvent(ChatChange.LEFT, GROUP))
        await office.hand_in("", event=MOVED)
        known = group(office, NEW_GROUP)
        assert known is not None
        assert (known.added_by, known.gone_at) == (SALES, None)


class TestGivenALink:
    async def test_when_it_has_expired_then_today_is_shown_and_later_it_is_forgotten(
        self, office: Office
    ) -> None:
        me = office[SALES]
        await me.in_group("/find 听涛")
        (notice,) = office.in_group()
        await office.until(office.clock.now() + timedelta(days=2))
        await me.see()
        shown = await me.say(f"/start {notice.way_in}")
        assert "链接已失效" in shown
        assert "张晓雯" in shown
        count = select(func.count()).select_from(t.link)
        assert office.look(lambda unit: unit.session.execute(count).scalar()) == 0

    async def test_when_a_stranger_follows_it_then_it_is_any_wrong_code(
        self, office: Office
    ) -> None:
        await office[SALES].event(ChatChange.JOINED)
        (hello,) = office.in_group()
        shown = await office[STRANGER].say(f"/start {hello.way_in}")
        wrong = await office["X002"].say("/start WRONGCODEWRONGCODEWRONG")
        assert shown == wrong
        assert shown.text.strip()

    async def test_when_it_is_guessed_then_it_is_unknown(self, office: Office) -> None:
        me = office[SALES]
        await me.in_group("/find 听涛")
        (notice,) = office.in_group()
        number, _, seal = notice.way_in.partition("-")
        for key in (
            f"{int(number) + 1}-{seal}", f"{number}-{seal[::-1]}", number, f"0{notice.way_in}",
            "9" * 18 + "-" + seal, "-", "x" * 64,
        ):  # fmt: skip
            shown = await me.say(f"/start {key}")
            assert "链接已失效" in shown
            assert "KH-2022-0044" not in shown

    async def test_when_the_right_ended_meanwhile_then_it_gives_none(self, office: Office) -> None:
        me = office[SALES]
        await me.in_group("/find 听涛")
        (notice,) = office.in_group()
        office.change(lambda unit: staff.deactivate(unit, SALES))
        assert "KH-2022-0044" not in await me.say(f"/start {notice.way_in}")

    async def test_when_a_form_is_open_then_it_becomes_a_draft(self, office: Office) -> None:
        me = office[SALES]
        await me.in_group("/today")
        (notice,) = office.in_group()
        await me.press("f.note.again")
        await me.say(HONGXIN)
        shown = await me.say(f"/start {notice.way_in}")
        assert "草稿" in shown
        assert "张晓雯" in shown


def _wait(unit, channel: str, chat: str, due_at) -> None:
    outbox.put(
        unit, key="waits", channel=channel, account=chat, staff_id=None, mode="send", slot="",
        body='{"text":"x"}', due_at=due_at,
    )  # fmt: skip


def _make_operator(unit) -> None:
    person = staff.get(unit.session, OPERATOR)
    staff.save(
        unit,
        staff.StaffRow(
            person.id, person.name, person.department, roles=(*person.roles, "operator"),
            superior=person.superior,
        ),
    )  # fmt: skip
