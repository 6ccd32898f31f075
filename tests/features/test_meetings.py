"""Graded meetings: called by a host, known to those named, and to nobody else."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import fields, replace
from sqlalchemy import select, update

from rules.secrecy import Grade
from storage import accounts, meetings, staff
from storage.meetings import Meeting
from storage.staff import StaffRow
from storage.tables import dossier as dossier_rows
from storage.tables import meeting
from storage.unit import Unit
from tests.features.council import COLLEAGUE, HEAD, SALES, audited
from tests.features.office import Both, Office, Shown, one_channel

DIRECTOR, ARCHIVE, NEWCOMER = "CY004", "CY009", "X001"
TOPIC = "鸿鑫贸易的底价"
OWN = "深圳市鸿鑫贸易有限公司"
NOT_THERE = "没有这个会议，或会议不对您开放"
GRADES = {one.zh: one for one in Grade}
CEILING = {"phones": Grade.SECRET, "wecom": Grade.SECRET, "telegram": Grade.CONFIDENTIAL}

pytestmark = pytest.mark.rule("S2-SECR.9.2")


async def call(
    office: Office,
    host: str = HEAD,
    grade: str = "秘密",
    dossier: str = "跳过",
    subject: str = TOPIC,
) -> Shown:
    """Call a meeting for tomorrow; returns its card."""
    me = office[host]
    await me.say("涉密会议")
    await me.tap("安排会议")
    await me.tap(grade)
    topic = (subject,) if shows(office, GRADES[grade]) else ()
    for words in ("明天", "下午两点半", "三楼小会议室", *topic, dossier, "跳过"):
        await me.say(words)
    return await me.tap("提交")


async def name(office: Office, *names: str, host: str = HEAD) -> Shown:
    shown = await office[host].see()
    for one in names:
        await office[host].press(f"f.meeting.name.{kept(office).id}")
        shown = await office[host].say(one)
    return shown


def kept(office: Office) -> Meeting:
    """Return the last meeting."""

    def read(unit: Unit) -> Meeting:
        last = unit.session.execute(select(meeting.c.id).order_by(meeting.c.id.desc())).scalars()
        found = meetings.get(unit, last.first() or 0)
        assert found is not None
        return found

    return office.look(read)


def circle(office: Office) -> tuple[str, ...]:
    id_ = kept(office).id
    return office.look(lambda unit: meetings.members(unit.session, id_))


def set_person(office: Office, staff_id: str, **values: object) -> None:
    def write(unit: Unit) -> None:
        person = staff.get(unit.session, staff_id)
        assert person is not None
        row = StaffRow(**{one.name: getattr(person, one.name) for one in fields(StaffRow)})
        row = replace(row, roles=tuple(sorted(row.roles)), **values)
        staff.save(unit, row)

    office.change(write)


def bind(office: Office, staff_id: str) -> None:
    """Give somebody the account that nobody has."""
    account = office.account(NEWCOMER)
    office.change(lambda unit: accounts.bind(unit, office.channel, account, staff_id))


def shows(office: Office, grade: Grade) -> bool:
    return grade <= CEILING.get(office.channel, Grade.NONE)


class TestGivenAHost:
    @pytest.mark.rule("S2-SECR.9.3", "S2-SECR.9.4")
    async def test_then_a_meeting_is_called_and_who_takes_part_is_named(
        self, office: Office
    ) -> None:
        card = await call(office)
        assert "尚未指定人员" in card
        assert "秘密 · 9月15日 周二 14:30" in card
        assert "地点：三楼小会议室" in card
        assert "参会人员（1人）：王海峰" in card
        assert (TOPIC in card) is shows(office, Grade.CONFIDENTIAL)
        await office[HEAD].tap("指定人员")
        shown = await office[HEAD].say("张晓雯")
        assert "已指定张晓雯参会，并已告知本人" in shown
        assert "参会人员（2人）：王海峰、张晓雯" in shown
        told = await office[SALES].see()
        assert "王海峰指定您参加涉密会议（S2-SECR.9.2）" in told
        assert "参会人员（2人）：王海峰、张晓雯" in told
        assert "设备和文件按保密规定" in told
        assert "会议内容不传达" in told
        assert "指定人员" not in told.labels
        assert "涉密会议" not in (await office[COLLEAGUE].see()).text
        assert [one["staff_id"] for one in audited(office, "meeting.named")] == [HEAD]

    async def test_then_who_was_named_reads_later_who_else_takes_part(
        self, office: Office
    ) -> None:
        await call(office)
        await name(office, "张晓雯", "李志强")
        await office[SALES].say("/meetings")
        label = TOPIC if shows(office, Grade.CONFIDENTIAL) else "秘密"
        shown = await office[SALES].tap(f"9月15日 周二 14:30 · {label}")
        assert "参会人员（3人）：王海峰、张晓雯、李志强" in shown
        assert "主办：王海峰（销售一部）" in shown

    @one_channel
    @pytest.mark.rule("S2-SECR.9.1", "S2-SECR.9.4")
    async def test_when_the_hour_or_day_cannot_be_then_it_is_asked_again(
        self, office: Office
    ) -> None:
        me = office[HEAD]
        await me.press("f.meeting.new")
        await me.tap("机密")
        assert "这一天已经过去" in await me.say("昨天")
        await me.say("今天")
        assert "请写明几点几分" in await me.say("25:00")
        assert "场所须具备保密条件（S2-SECR.9.1）" in await me.say("9:05")
        await me.say("小会议室")
        assert "传达到什么范围（S2-SECR.9.4）" in await me.say("跳过")
        await me.say("只传达到销售一部")
        await me.tap("提交")
        assert (kept(office).day.isoformat(), kept(office).hour) == ("2026-09-14", "09:05")
        assert kept(office).passing == "只传达到销售一部"

    @one_channel
    async def test_then_no_grade_above_the_own_clearance_is_offered(self, office: Office) -> None:
        me = office[HEAD]
        shown = await me.press("f.meeting.new")
        assert "机密" in shown
        assert "绝密" not in shown
        assert "超出了您本人的知密范围" in await me.say("绝密")

    @one_channel
    async def test_when_others_call_one_then_the_clause_is_named(self, office: Office) -> None:
        shown = await office[SALES].say("涉密会议")
        assert "没有指定您参加的涉密会议" in shown
        assert "安排会议" not in shown.labels
        assert "由部门负责人安排（S2-SECR.9.2）" in await office[SALES].press("f.meeting.new")

    @one_channel
    async def test_then_the_posts_of_the_policy_may_call_one_as_well(self, office: Office) -> None:
        assert "尚未指定人员" in await call(office, DIRECTOR, "绝密")

    @one_channel
    async def test_when_cleared_for_nothing_then_there_is_no_such_command(
        self, office: Office
    ) -> None:
        bind(office, "CY019")
        before = await office[NEWCOMER].say("/meetings")
        assert "涉密会议" not in before
        assert "/meetings" not in (await office[NEWCOMER].say("/help")).text
        assert "/meetings" in (await office[SALES].say("/help")).text


class TestGivenSomebodyToName:
    async def test_when_not_cleared_for_the_grade_then_refused_and_not_told(
        self, office: Office
    ) -> None:
        await call(office, grade="机密")
        before = await office[SALES].see()
        shown = await name(office, "张晓雯")
        assert "不能指定张晓雯参会" in shown
        assert "知密范围不到机密（S2-SECR.9.2）" in shown
        assert circle(office) == (HEAD,)
        assert (await office[SALES].see()).text == before.text

    @one_channel
    async def test_when_named_twice_then_told_once(self, office: Office) -> None:
        await call(office)
        await name(office, "张晓雯")
        assert "已在参会名单中" in await name(office, "张晓雯")
        assert "已在参会名单中" in await name(office, "我")
        assert circle(office) == (HEAD, SALES)

    @one_channel
    async def test_when_without_a_chat_then_the_host_is_asked_to_tell(
        self, office: Office
    ) -> None:
        await call(office)
        assert "没有绑定聊天，请自行告知" in await name(office, "刘洋")
        assert circle(office) == (HEAD, "CY017")

    @one_channel
    async def test_when_the_person_has_left_meanwhile_then_refused(self, office: Office) -> None:
        await call(office)
        await office[HEAD].tap("指定人员")
        shown = await office[HEAD].say("李志")
        set_person(office, COLLEAGUE, active=False)
        if "已不在公司" not in shown:
            shown = await office[HEAD].tap(next(one for one in shown.labels if "李志强" in one))
        assert "已不在公司" in shown
        assert circle(office) == (HEAD,)


@pytest.mark.rule("S2-SECR.11")
class TestGivenAChatBelowTheGrade:
    async def test_then_what_it_is_about_is_not_in_it(self, office: Office) -> None:
        card = await call(office, grade="机密")
        told = await office[ARCHIVE].see()
        assert "涉密会议" not in told.text
        await name(office, "单志远")
        told = await office[ARCHIVE].see()
        assert "9月15日 周二 14:30" in told
        for seen in (card, told):
            assert (TOPIC in seen) is shows(office, Grade.SECRET)
            assert ("内容不在聊天中显示" in seen) is not shows(office, Grade.SECRET)
        assert kept(office).subject == (TOPIC if shows(office, Grade.SECRET) else "")

    async def test_when_top_secret_then_the_topic_is_not_even_asked(self, office: Office) -> None:
        me = office[DIRECTOR]
        await me.press("f.meeting.new")
        assert "哪一天" in await me.tap("绝密")
        for words in ("明天", "9:00", "会议室", "跳过"):
            await me.say(words)
        assert "不得出现会议议题，请当面告知" in await me.say("跳过")
        assert "内容不在聊天中显示" in await me.tap("提交")

    async def test_when_the_topic_was_told_in_person_then_other_chats_say_so(
        self, both: Both
    ) -> None:
        both.change(lambda unit: accounts.bind(unit, "narrow", SALES, SALES))
        set_person(both, SALES, head_of=("销售一部",))
        here, there = both.narrow[SALES], both[SALES]
        await here.say("涉密会议")
        await here.tap("安排会议")
        await here.tap("秘密")
        for words in ("明天", "9:00", "会议室", "跳过", "跳过"):
            await here.say(words)
        assert "内容不在聊天中显示" in await here.tap("提交")
        assert "议题由主办人当面告知" in await there.press(f"f.meeting.open.{kept(both).id}")


class TestGivenSomebodyWhoIsNotNamed:
    @one_channel
    async def test_then_the_meeting_is_answered_like_what_never_was(self, office: Office) -> None:
        await call(office)
        id_ = kept(office).id
        actions = office.app.world.registry.by_key["meeting"].actions
        for action in sorted(actions.keys() - {"list", "left", "new"}):
            real = await office[COLLEAGUE].press(f"f.meeting.{action}.{id_}.{SALES}")
            never = await office[COLLEAGUE].press(f"f.meeting.{action}.{2**40}.{SALES}")
            assert NOT_THERE in real, action
            assert real == never, action
        assert "没有指定您参加" in await office[COLLEAGUE].say("/meetings")
        assert circle(office) == (HEAD,)

    @one_channel
    async def test_when_only_named_then_nothing_can_be_changed(self, office: Office) -> None:
        await call(office)
        await name(office, "张晓雯")
        id_ = kept(office).id
        for action in ("name", "about", "off", "remove", "leave", "move", "cancel", "cancelled"):
            shown = await office[SALES].press(f"f.meeting.{action}.{id_}.{SALES}")
            assert "只能由主办人变更" in shown, action
        assert circle(office) == (HEAD, SALES)
        assert kept(office).cancelled_at is None

    @one_channel
    async def test_when_the_clearance_is_lowered_then_it_is_gone(self, office: Office) -> None:
        await call(office)
        await name(office, "张晓雯")
        set_person(office, SALES, clearance="none")
        id_ = kept(office).id
        assert NOT_THERE not in await office[HEAD].press(f"f.meeting.open.{id_}")
        assert TOPIC not in await office[SALES].press(f"f.meeting.open.{id_}")
        set_person(office, HEAD, clearance="none")
        assert "参会人员" not in await office[HEAD].press(f"f.meeting.open.{id_}")

    @one_channel
    async def test_then_the_log_names_neither_topic_nor_people(self, office: Office) -> None:
        await call(office)
        await name(office, "张晓雯")
        shown = await office[ARCHIVE].say("/log")
        assert "王海峰 安排了涉密会议" in shown
        assert "王海峰 指定了涉密会议的参会人员" in shown
        assert TOPIC not in shown
        assert "张晓雯" not in shown.text


class TestGivenAListThatChanges:
    async def test_when_taken_off_then_told_and_it_is_no_longer_seen(self, office: Office) -> None:
        await call(office)
        await name(office, "张晓雯", "李志强")
        await office[SALES].say("今日")
        await office[HEAD].tap("移出名单")
        shown = await office[HEAD].tap("张晓雯")
        assert "已将张晓雯移出名单" in shown
        assert "参会人员（2人）：王海峰、李志强" in shown
        told = await office[SALES].see()
        assert "王海峰已将您移出9月15日 周二 14:30涉密会议的名单" in told
        assert TOPIC not in told
        assert NOT_THERE in await office[SALES].press(f"f.meeting.open.{kept(office).id}")
        assert "没有指定您参加" in await office[SALES].say("/meetings")
        assert circle(office) == (HEAD, COLLEAGUE)

    @one_channel
    async def test_when_taken_off_twice_then_once_and_may_be_named_again(
        self, office: Office
    ) -> None:
        await call(office)
        await name(office, "张晓雯")
        key = f"f.meeting.remove.{kept(office).id}"
        await office[HEAD].press(f"{key}.{SALES}")
        assert "已不在名单上" in await office[HEAD].press(f"{key}.{SALES}")
        assert "已不在名单上" in await office[HEAD].press(f"{key}.{HEAD}")
        assert circle(office) == (HEAD,)
        assert "已指定张晓雯参会" in await name(office, "张晓雯")
        assert "参会人员（2人）" in await office[SALES].see()
        assert "名单上只有主办人" not in await office[HEAD].tap("移出名单")

    async def test_when_moved_then_everybody_named_is_told(self, office: Office) -> None:
        await call(office)
        await name(office, "张晓雯")
        me = office[HEAD]
        await me.press(f"f.meeting.move.{kept(office).id}")
        await me.say("9月16日")
        assert "三楼小会议室" in await me.say("16:00")
        assert "已改期，并已告知全体参会人员" in await me.tap("提交")
        told = await office[SALES].see()
        assert "王海峰已变更会议安排，原定9月15日 周二 14:30" in told
        assert "9月16日 周三 16:00" in told

    async def test_when_called_off_then_told_and_nothing_is_changed_any_more(
        self, office: Office
    ) -> None:
        await call(office)
        await name(office, "张晓雯")
        me = office[HEAD]
        await me.tap("取消会议")
        assert "已取消，并已告知全体参会人员" in await me.tap("取消会议")
        assert "王海峰已取消本次会议" in await office[SALES].see()
        assert "不能再变更" in await me.press(f"f.meeting.cancelled.{kept(office).id}")
        assert len(audited(office, "meeting.cancelled")) == 1
        listed = await office[SALES].say("/meetings")
        assert any(one.startswith("已取消：9月15日 周二 14:30") for one in listed.labels)

    @one_channel
    async def test_when_its_day_comes_then_today_counts_it_and_afterwards_it_stays_on_file(
        self, office: Office
    ) -> None:
        await call(office)
        await name(office, "张晓雯")
        assert "今日涉密会议" not in await office[SALES].say("今日")
        await office.until(office.clock.now() + timedelta(days=1))
        assert "今日涉密会议（1）" in await office[SALES].say("今日")
        assert "今日涉密会议" not in await office[COLLEAGUE].say("今日")
        await office.until(office.clock.now() + timedelta(days=1))
        assert "今日涉密会议" not in await office[SALES].say("今日")
        id_ = kept(office).id
        assert "参会人员（2人）" in await office[SALES].press(f"f.meeting.open.{id_}")
        assert "不能再变更" in await office[HEAD].press(f"f.meeting.name.{id_}")

    @one_channel
    async def test_when_the_host_has_left_then_the_head_of_the_department_takes_over(
        self, office: Office
    ) -> None:
        bind(office, "CY005")
        await call(office, DIRECTOR)
        head, id_ = office[NEWCOMER], kept(office).id
        assert NOT_THERE in await head.press(f"f.meeting.open.{id_}")
        set_person(office, DIRECTOR, active=False)
        await office.app.scan(office.clock.now())
        await office.settle()
        told = await head.see()
        assert "已离职，会议由您接管（S2-SECR.9.2）" in told
        assert "主办：顾怀瑾（客户服务部），已离职，由接管人变更会议" in told
        assert "会议改期" in told
        await head.say("/meetings")
        assert "接管（S2-SECR.9.2）" in await head.tap("主办人已离职（1）")
        await head.press(f"f.meeting.name.{id_}")
        assert "已指定张晓雯参会" in await head.say("张晓雯")

    @one_channel
    async def test_when_there_is_no_head_either_then_the_superior_takes_over(
        self, office: Office
    ) -> None:
        bind(office, "CY013")
        await call(office)
        await name(office, "张晓雯")
        superior, id_ = office[NEWCOMER], kept(office).id
        assert NOT_THERE in await superior.press(f"f.meeting.open.{id_}")
        set_person(office, "CY013", clearance="secret")
        set_person(office, HEAD, active=False)
        await office.app.scan(office.clock.now())
        await office.settle()
        assert "王海峰已离职，会议由您接管（S2-SECR.9.2）" in await superior.see()
        await superior.say("/meetings")
        assert "接管（S2-SECR.9.2）" in await superior.tap("主办人已离职（1）")
        await superior.press(f"f.meeting.move.{id_}")
        await superior.say("9月16日")
        await superior.say("16:00")
        assert "已改期" in await superior.tap("提交")


class TestGivenDossiersThatAreSpokenOf:
    async def test_then_each_reads_of_them_what_is_open_to_them(self, office: Office) -> None:
        card = await call(office, dossier=OWN)
        await name(office, "唐小龙")
        told = await office["CY035"].see()
        assert (OWN in card) is shows(office, Grade.CONFIDENTIAL)
        assert OWN not in told
        await office[HEAD].press(f"f.meeting.about.{kept(office).id}")
        shown = await office[HEAD].say("KH-2021-0003")
        assert "已添加：KH-2021-0003" in shown

    @one_channel
    async def test_when_graded_higher_then_refused_and_nothing_is_lost(
        self, office: Office
    ) -> None:
        graded = update(dossier_rows).where(dossier_rows.c.name == OWN).values(grade="secret")
        office.change(lambda unit: unit.session.execute(graded))
        shown = await call(office, dossier="KH-2023-0042")
        assert "密级高于会议" in shown
        assert "三楼小会议室" in shown  # still on the review card
        await office[HEAD].tap("密级")
        await office[HEAD].tap("机密")
        assert "尚未指定人员" in await office[HEAD].tap("提交")

    @one_channel
    async def test_when_taken_off_then_it_is_not_spoken_of(self, office: Office) -> None:
        await call(office, dossier=OWN)
        id_ = kept(office).id
        (about,) = office.look(lambda unit: meetings.dossiers(unit.session, id_))
        assert "已将该档案移出名单" in await office[HEAD].press(f"f.meeting.leave.{id_}.{about}")
        assert "已不在名单上" in await office[HEAD].press(f"f.meeting.leave.{id_}.{about}")
        assert office.look(lambda unit: meetings.dossiers(unit.session, id_)) == ()
