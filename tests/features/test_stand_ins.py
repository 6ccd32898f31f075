"""Somebody decides for somebody else, for some days, and both know."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from storage import (
    case_lists,
)
from storage import staff as people
from storage.tables import staff
from storage.unit import Unit
from tests.features.council import COLLEAGUE, DIRECTOR, HEAD, ask, council, states
from tests.features.diary import at
from tests.features.office import Office, one_channel


async def away(office: Office, sentence: str = "我出差到周五，请李志强代") -> str:
    """Say it in one sentence and submit; returns what was answered."""
    shown = await office[HEAD].say(sentence)
    assert "李志强" in shown
    return (await office[HEAD].tap("提交")).text


@pytest.mark.rule("C-54")
class TestGivenASentence:
    async def test_then_what_waits_goes_to_the_stand_in_and_both_are_told(
        self, office: Office
    ) -> None:
        council(office)
        await ask(office)
        await office[HEAD].see()
        said = await away(office)
        assert "9月14日 周一" in said
        assert "已委托李志强代您审批，9月14日 周一至9月18日 周五" in said
        assert "现在等您审批的 1 件也已转给李志强" in said
        assert "李志强只能看到“秘密”及以下" in said
        told = await office[COLLEAGUE].see()
        assert "王海峰委托您代为审批" in told
        assert "您代王海峰审批：对方不在，已委托您。" in told
        assert "李志强代王海峰 09:00 已同意" in await office[COLLEAGUE].tap("同意")
        if office.redraws:
            assert "李志强代王海峰 09:00 已同意" in await office[HEAD].see()

    async def test_when_back_then_what_was_decided_in_the_own_name_is_said(
        self, office: Office
    ) -> None:
        council(office)
        await away(office)
        await ask(office)
        await office[COLLEAGUE].see()
        await office[COLLEAGUE].tap("同意")
        await office[HEAD].see()
        await office[COLLEAGUE].see()
        await office.until(at("09-20 08:59"))
        assert "代您审批的时间已结束" not in await office[HEAD].see()
        await office.until(at("09-20 09:01"))  # the Sunday is a make-up working day
        told = await office[HEAD].see()
        assert "李志强代您审批的时间已结束。" in told
        assert "阅-2026-0001 李志强代王海峰 9月14日 周一 09:00 已同意" in told
        assert "王海峰的委托已结束" in await office[COLLEAGUE].see()
        await ask(office, customer="KH-2026-0045")
        assert "同意" in (await office[HEAD].see()).labels
        assert "阅-2026-0002" not in await office[COLLEAGUE].see()

    async def test_when_it_begins_later_then_what_waits_goes_over_on_that_day(
        self, office: Office
    ) -> None:
        council(office)
        await ask(office)
        await office[HEAD].say("委托 李志强 明天到周五")
        await office[HEAD].tap("提交")
        assert "阅-2026-0001" not in await office[COLLEAGUE].see()
        await office.until(at("09-15 08:01"))
        assert "您代王海峰审批" in await office[COLLEAGUE].see()

    async def test_when_called_off_then_it_comes_back_at_once(self, office: Office) -> None:
        council(office)
        await ask(office)
        await office[HEAD].say("委托 李志强 今天到周五")
        await office[HEAD].tap("提交")
        await office[COLLEAGUE].see()
        old = office[COLLEAGUE].key_of("同意")
        shown = await office[HEAD].say("/delegate")
        await office[HEAD].tap(next(one for one in shown.labels if "李志强" in one))
        assert "王海峰的委托已结束" in await office[COLLEAGUE].see()
        assert "不等您审批" in await office[COLLEAGUE].press(*old)
        assert "09:00 已同意" in await office[HEAD].say("/ok 1")


@pytest.mark.rule("C-54")
class TestGivenAnAbsence:
    async def test_when_it_ends_early_then_it_says_who_still_stands_in(
        self, office: Office
    ) -> None:
        council(office)
        await away(office)
        shown = await office[HEAD].tap("提前结束")
        assert "李志强仍代您审批，至9月18日 周五" in shown
        shown = await office[HEAD].tap("委托")
        await office[HEAD].tap(next(one for one in shown.labels if one.startswith("李志强：")))
        assert "由本人审批" in await office[COLLEAGUE].see()

    async def test_when_it_is_said_twice_then_it_stands_once(self, office: Office) -> None:
        council(office)
        await away(office)
        await away(office)
        assert (await office[COLLEAGUE].see()).text.count("委托您代为审批") == 1
        assert [one for one in (await office[HEAD].say("/away")).labels if "出差" in one] == [
            "出差：9月14日 周一 至 9月18日 周五"
        ]
        shown = await office[HEAD].say("/delegate")
        assert len([one for one in shown.labels if one.startswith("李志强：")]) == 1

    async def test_when_the_staff_list_names_a_deputy_then_that_one_decides(
        self, office: Office
    ) -> None:
        council(office)
        await ask(office)
        await office[HEAD].say("/away 出差 今天到周五")
        await office[HEAD].tap("提交")
        waiting = office.look(lambda unit: _waiting(unit, "CY021"))
        assert waiting == 1  # the deputy of the head in the sample company
        assert states(office) == ["pending"]

    async def test_when_everybody_is_away_then_the_next_higher_after_four_hours(
        self, office: Office
    ) -> None:
        council(office)
        office.change(_no_deputy)
        await ask(office)
        await office[HEAD].say("/away 病假 今天到周五")
        await office[HEAD].tap("提交")
        await office.until(at("09-14 13:59"))
        await office[DIRECTOR].see()
        await office.until(at("09-14 14:01"))
        assert "您也可以审批：王海峰不在或未答复。" in await office[DIRECTOR].see()


def _waiting(unit: Unit, staff_id: str) -> int:
    return case_lists.count_waiting(unit.session, staff_id)


def _no_deputy(unit: Unit) -> None:
    unit.session.execute(update(staff).where(staff.c.id == "CY014").values(deputy=None))


@one_channel
@pytest.mark.rule("C-54")
class TestGivenSomebodyWhoCannotStandIn:
    async def test_when_it_leads_back_then_refused(self, office: Office) -> None:
        council(office)
        await office[COLLEAGUE].say("委托 王海峰 今天到周五")
        await office[COLLEAGUE].tap("提交")
        await office[HEAD].say("委托 李志强 今天到周五")
        assert "最后又委托回您" in await office[HEAD].tap("提交")

    async def test_when_it_is_oneself_then_refused(self, office: Office) -> None:
        await office[HEAD].say("委托 王海峰 今天到周五")
        assert "不能委托自己" in await office[HEAD].tap("提交")

    async def test_when_asked_and_oneself_is_said_then_somebody_else_is_asked_for(
        self, office: Office
    ) -> None:
        head = office[HEAD]
        assert "由谁" in await head.press("f.delegate.new")
        for words in ("王海峰", "我"):
            assert "不能选自己，请指定他人。" in await head.say(words)
        assert "不能选自己" not in await head.say("李志强")

    @pytest.mark.parametrize("line", ["我出差到周五，请路人甲代", "/away 出差 到周五，请路人甲代"])
    async def test_when_no_such_colleague_then_it_says_so_and_the_rest_is_kept(
        self, office: Office, line: str
    ) -> None:
        shown = await office[HEAD].say(line)
        assert "同事“路人甲”没有找到，或不止一位" in shown
        assert "最后一天：9月18日 周五" in shown
        assert "委托：" not in shown
        assert "补充" in shown.labels

    async def test_when_it_is_about_somebody_else_then_it_is_no_absence(
        self, office: Office
    ) -> None:
        assert "请假外出" not in await office[HEAD].say("客户王总出差到周五，请路人甲代收")

    async def test_when_the_stand_in_leaves_then_it_comes_back(self, office: Office) -> None:
        council(office)
        await ask(office)
        await office[HEAD].say("委托 李志强 今天到周五")
        await office[HEAD].tap("提交")
        office.change(lambda unit: people.deactivate(unit, "CY016"))
        await office.until(at("09-14 09:10"))
        assert office.look(lambda unit: _waiting(unit, "CY016")) == 0
        assert office.look(lambda unit: _waiting(unit, "CY014")) == 1

    async def test_when_the_grade_is_above_the_stand_in_then_it_does_not_go_there(
        self, office: Office
    ) -> None:
        council(office)
        await office[HEAD].say("委托 林佳慧 今天到周五")
        await office[HEAD].tap("提交")
        await ask(office, customer="KH-2025-0001")  # confidential; CY019 has no clearance
        assert office.look(lambda unit: _waiting(unit, "CY019")) == 0
        await office.until(at("09-14 14:01"))
        assert "您也可以审批" in await office[DIRECTOR].see()
