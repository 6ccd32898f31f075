"""Planned visits: from a note, from 安排, moved, cancelled, listed, turned into a note."""

from __future__ import annotations

import pytest

from tests.features.diary import HONGXIN, MOTINGS, SALES, at, ledger, note, plan, state
from tests.features.office import Office


class TestGivenANoteWithANextContact:
    async def test_when_filed_then_the_visit_is_planned_and_listed(self, office: Office) -> None:
        shown = await note(office, MOTINGS, "看了样品 下周五回访")
        assert "9月25日" in shown
        shown = await office[SALES].say("计划")
        assert any("9月25日" in one and MOTINGS[:4] in one for one in shown.labels)


class TestGivenAPlan:
    @pytest.mark.rule("S1-07.2.3a")
    async def test_when_moved_then_the_reminders_move_with_it(self, office: Office) -> None:
        me = office[SALES]
        await plan(office, MOTINGS, "9月22日")
        await open_plan(office, "9月22日")
        await me.tap("改期")
        shown = await me.say("9月23日")
        assert "9月23日" in shown
        await office.until(at("09-22 22:00"))
        assert all("09-22" not in one[0] for one in ledger(office, MOTINGS))
        await office.until(at("09-23 18:00"))
        assert any("09-23 0d 18:00" in one[0] for one in ledger(office, MOTINGS))

    async def test_when_cancelled_then_nothing_comes(self, office: Office) -> None:
        me = office[SALES]
        await plan(office, MOTINGS, "9月22日")
        await open_plan(office, "9月22日")
        await me.tap("取消拜访")
        assert "不再提醒" in await me.tap("取消拜访")
        assert "cancelled" in state(office, MOTINGS)
        await office.until(at("09-23 10:00"))
        assert not [one for one in ledger(office, MOTINGS) if "09-22" in one[0]]

    async def test_when_planned_twice_then_said_so(self, office: Office) -> None:
        await plan(office, MOTINGS, "9月22日")
        before = state(office, MOTINGS)
        await plan(office, MOTINGS, "9月22日")
        assert state(office, MOTINGS) == before

    async def test_when_moved_onto_another_plan_then_said_so(self, office: Office) -> None:
        await plan(office, MOTINGS, "9月22日")
        await plan(office, MOTINGS, "9月23日")
        await open_plan(office, "9月22日")
        await office[SALES].tap("改期")
        assert "已改期" not in await office[SALES].say("9月23日")

    async def test_when_the_note_is_written_from_it_then_it_is_settled(
        self, office: Office
    ) -> None:
        me = office[SALES]
        await open_plan(office, HONGXIN[:4])
        await me.tap("写拜访记录")
        await me.say("看了货架")
        await me.say("跳过")
        await me.tap("提交")
        assert state(office) == ["noted"]


async def open_plan(office: Office, words: str) -> None:
    shown = await office[SALES].say("计划")
    await office[SALES].tap(next(one for one in shown.labels if words in one))
