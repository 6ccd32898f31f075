"""A visit of today waits for its note: reminders, the manager next morning, late notes."""

from __future__ import annotations

import asyncio

import pytest

from tests.features.diary import (
    COLLEAGUE,
    HONGXIN,
    MANAGER,
    MISSING,
    MOTINGS,
    OVERDUE,
    REMINDER,
    SALES,
    at,
    ledger,
    note,
    plan,
    rows,
    state,
)
from tests.features.office import Office, one_channel


class TestGivenAVisitToday:
    @pytest.mark.rule("S1-07.2.3a")
    @pytest.mark.rule("S2-DOSS.3.3")
    async def test_when_no_note_comes_then_two_reminders_and_the_manager_next_morning(
        self, office: Office
    ) -> None:
        me, manager = office[SALES], office[MANAGER]
        await office.until(at("09-14 17:59"))
        await me.see()
        await manager.see()
        await office.until(at("09-14 18:00"))
        shown = await me.see()
        assert REMINDER.format(1) in shown
        assert f"{HONGXIN}：9月14日 周一的拜访记录最迟 9月14日 周一 24:00 提交" in shown
        assert "S2-DOSS.3.3" in shown.text
        assert {"写拜访记录", "改期", "取消拜访", "查看条款"} <= set(shown.labels)
        await office.until(at("09-14 20:30"))
        assert REMINDER.format(2) in await me.see()
        await office.until(at("09-15 08:59"))
        assert MISSING not in await manager.see()
        await office.until(at("09-15 09:00"))
        shown = await manager.see()
        assert MISSING in shown
        assert "查看条款" in shown.labels
        assert f"张晓雯尚未提交9月14日 周一拜访{HONGXIN}的记录" in shown
        await office.until(at("09-15 12:00"))
        assert MISSING not in await manager.see()
        assert ledger(office) == [
            ("2026-09-14 0d 18:00 author", SALES, "sent"),
            ("2026-09-14 0d 20:30 author", SALES, "sent"),
            ("2026-09-14 +1wd 09:00 direct_superior", MANAGER, "sent"),
        ]

    @one_channel
    @pytest.mark.rule("S1-07.2.3a")
    async def test_when_the_next_day_is_off_then_the_manager_hears_it_on_the_next_working_one(
        self, office: Office
    ) -> None:
        manager = office[MANAGER]
        await plan(office, MOTINGS, "9月18日")
        missing = f"尚未提交9月18日 周五拜访{MOTINGS}的记录"
        await office.until(at("09-20 08:59"))  # a Sunday that is worked; the Saturday is not
        assert missing not in await manager.see()
        await office.until(at("09-20 09:00"))
        assert missing in await manager.see()

    @one_channel
    async def test_when_the_manager_taps_remind_then_the_author_hears_it_once_a_day(
        self, office: Office
    ) -> None:
        await office.until(at("09-15 09:00"))
        await office[SALES].see()
        assert "催促" in (await office[MANAGER].see()).labels
        told = rows(
            office,
            "SELECT dossier.name, visit.id FROM visit JOIN notice ON case_id = visit.id "
            "JOIN dossier ON dossier.id = visit.dossier_id WHERE rung LIKE '%superior'",
        )
        visit = dict(told)[HONGXIN]
        for _ in range(2):
            assert "已提醒张晓雯" in await office[MANAGER].press(f"f.plan.nudge.{visit}")
        shown = await office[SALES].see()
        assert shown.text.count(f"王海峰提醒您补交9月14日 周一拜访{HONGXIN}的记录") == 1
        assert "写拜访记录" in shown.labels
        assert "没有待补交" in await office[COLLEAGUE].press(f"f.plan.nudge.{visit}")

    async def test_when_the_note_is_filed_a_second_before_then_nothing_comes(
        self, office: Office
    ) -> None:
        me = office[SALES]
        await me.say(f"拜访 {HONGXIN} 看了货架")
        await office.until(at("09-14 17:59:59"))
        await me.tap("提交")
        await office.until(at("09-15 12:00"))
        assert f"{HONGXIN}：9月14日" not in await me.see()
        assert f"拜访{HONGXIN}的记录" not in await office[MANAGER].see()
        assert ledger(office) == []

    @pytest.mark.rule("C-58")
    @pytest.mark.parametrize(
        ("moment", "words"), [("09-14 23:59:59", "按时提交"), ("09-15 00:00:00", "逾期")]
    )
    async def test_when_the_last_second_decides_then_the_platforms_time_counts(
        self, office: Office, moment: str, words: str
    ) -> None:
        await office[SALES].say(f"拜访 {HONGXIN} 今天 看了货架")
        await office.until(at(moment))
        assert words in await office[SALES].tap("提交")

    async def test_when_it_is_late_then_today_shows_it_and_the_note_still_meets_it(
        self, office: Office
    ) -> None:
        me = office[SALES]
        await office.until(at("09-15 10:00"))
        await me.see()
        shown = await me.say("今日")
        overdue = next(one for one in shown.labels if HONGXIN in one and "逾期" in one)
        await me.tap(overdue)
        await me.tap("写拜访记录")
        await me.say("看了货架")
        await me.say("跳过")
        shown = await me.tap("提交")
        assert "逾期" in shown
        assert state(office) == ["noted"]
        assert HONGXIN not in await me.say("今日")

    async def test_when_the_note_is_withdrawn_at_night_then_old_reminders_stay_unsaid(
        self, office: Office
    ) -> None:
        me = office[SALES]
        await note(office)
        await office.until(at("09-14 19:00"))
        await me.tap("查看")
        await me.tap("撤回")
        await me.tap("撤回")
        await me.see()
        await office.app.scan(office.clock.now())
        await office.settle()
        assert REMINDER.format(1) not in await me.see()
        await office.until(at("09-14 20:30"))
        shown = await me.see()
        assert REMINDER.format(2) in shown
        assert "服务中断" not in shown
        assert [one[2] for one in ledger(office)] == ["moot", "sent"]


class TestGivenSeveralVisits:
    async def test_when_the_morning_comes_then_one_card_and_a_ledger_row_each(
        self, office: Office
    ) -> None:
        me = office[SALES]
        await plan(office, MOTINGS, "9月18日")
        await plan(office, HONGXIN, "9月18日")
        await me.see()
        await office.until(at("09-18 08:59"))
        await me.see()
        await office.until(at("09-18 09:00"))
        shown = await me.see()
        assert shown.text.count("今日拜访计划") == 1
        assert f"· {HONGXIN}" in shown.text
        assert f"· {MOTINGS}" in shown.text
        for customer in (HONGXIN, MOTINGS):
            rungs = [one for one in ledger(office, customer) if "09-18" in one[0]]
            assert rungs == [("2026-09-18 0d 09:00 author", SALES, "sent")]

    async def test_when_several_notes_are_missing_then_the_manager_hears_of_each(
        self, office: Office
    ) -> None:
        await plan(office, MOTINGS, "今天")
        await office.until(at("09-15 08:59"))
        await office[MANAGER].see()
        await office.until(at("09-15 09:00"))
        shown = await office[MANAGER].see()
        for customer in (HONGXIN, MOTINGS):
            assert shown.text.count(f"张晓雯尚未提交9月14日 周一拜访{customer}的记录") == 1


class TestGivenAScan:
    async def test_when_it_runs_twice_and_at_once_then_each_rung_comes_once(
        self, office: Office
    ) -> None:
        me = office[SALES]
        await me.see()
        office.clock.advance(at("09-14 18:00"))
        await asyncio.gather(*(office.app.scan(office.clock.now()) for _ in range(4)))
        await office.app.drain()
        await office.app.scan(office.clock.now())
        await office.app.drain()
        assert (await me.see()).text.count(f"{HONGXIN}：") == 1

    async def test_when_the_bot_restarts_between_the_rungs_then_nothing_is_said_twice(
        self, office: Office
    ) -> None:
        me = office[SALES]
        await office.until(at("09-14 18:00"))
        assert REMINDER.format(1) in await me.see()
        await office.restart()
        await office.until(at("09-14 20:30"))
        shown = await me.see()
        assert REMINDER.format(1) not in shown
        assert REMINDER.format(2) in shown


class TestGivenAnOverdueVisit:
    async def test_when_it_is_to_be_moved_then_the_breach_stays(self, office: Office) -> None:
        me = office[SALES]
        await office.until(at("09-14 20:30"))
        await me.see()
        await office.until(at("09-15 00:00"))
        shown = await me.tap("改期")
        assert "24:00" in shown
        assert state(office) == ["planned"]
        assert OVERDUE not in shown
