"""/away suspends what is not yet due; ending it early makes it due again, never a breach."""

from __future__ import annotations

import pytest

from tests.features.diary import HONGXIN, MANAGER, SALES, at, ledger, note, state
from tests.features.office import Office, Shown


async def away(office: Office, kind: str, first: str, last: str) -> Shown:
    me = office[SALES]
    shown = await me.say("/away")
    if "再登记一次" in shown.labels:
        await me.tap("再登记一次")
    await me.tap(kind)
    await me.say(first)
    await me.say(last)
    return await me.tap("提交")


@pytest.mark.rule("S1-07.2.3a")
class TestGivenAVisitToday:
    @pytest.mark.parametrize("kind", ["休假", "病假", "出差"])
    async def test_when_away_before_the_deadline_then_due_on_the_first_working_day_after(
        self, office: Office, kind: str
    ) -> None:
        await office.until(at("09-14 17:00"))
        assert HONGXIN in await away(office, kind, "今天", "9月18日")
        await office.until(at("09-20 08:59"))
        assert ledger(office) == []
        await office[SALES].see()
        await office.until(at("09-20 18:00"))  # the Sunday is a make-up working day
        assert f"{HONGXIN}：9月14日 周一的拜访记录最迟 9月20日" in await office[SALES].see()
        assert "按时提交" in await note_of(office, "9月14日")

    async def test_when_told_after_the_deadline_then_the_breach_stays(
        self, office: Office
    ) -> None:
        await office.until(at("09-15 00:30"))
        assert HONGXIN not in await away(office, "病假", "今天", "9月18日")
        await office.until(at("09-15 09:00"))
        assert f"拜访{HONGXIN}的记录" in await office[MANAGER].see()
        assert state(office) == ["missed"]

    async def test_when_it_ends_early_then_due_on_that_day_and_no_breach(
        self, office: Office
    ) -> None:
        me = office[SALES]
        await away(office, "病假", "今天", "9月18日")
        await office.until(at("09-15 19:00"))
        shown = await me.say("/away")
        await me.tap(next(one for one in shown.labels if "病假" in one))
        await office.until(at("09-15 20:29"))
        assert "服务中断" not in await me.see()
        await office.until(at("09-15 20:30"))
        assert f"{HONGXIN}：9月14日 周一的拜访记录最迟 9月15日" in await me.see()
        assert [one[2] for one in ledger(office)] == ["moot", "moot", "sent"]
        assert f"拜访{HONGXIN}的记录" not in await office[MANAGER].see()

    async def test_when_absences_overlap_and_the_second_ends_then_the_first_still_holds(
        self, office: Office
    ) -> None:
        me = office[SALES]
        await away(office, "休假", "今天", "9月15日")
        await away(office, "病假", "9月16日", "9月30日")
        await office.until(at("09-16 10:00"))
        shown = await me.say("/away")
        shown = await me.tap(next(one for one in shown.labels if "病假" in one))
        assert f"{HONGXIN}：拜访记录" in shown
        assert "9月16日" in shown

    async def test_when_the_leave_runs_over_the_holidays_then_due_after_them(
        self, office: Office
    ) -> None:
        await away(office, "休假", "今天", "9月30日")
        await office.until(at("10-08 08:59"))
        assert ledger(office) == []
        await office.until(at("10-08 18:00"))
        assert [one[0][:10] for one in ledger(office)] == ["2026-10-08"] * 2

    async def test_when_the_year_is_wrong_then_it_is_asked_again(self, office: Office) -> None:
        me = office[SALES]
        await me.say("/away")
        await me.tap("休假")
        await me.say("今天")
        assert "请核对年份" in await me.say("2099年12月31日")


async def note_of(office: Office, day: str) -> Shown:
    return await note(office, HONGXIN, f"{day} 看了货架")
