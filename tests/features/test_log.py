"""The archive log in chat: for those whom its policy names, by page, each query in it."""

from __future__ import annotations

import pytest

from tests.features.diary import MANAGER, SALES, at, rows
from tests.features.office import Office, one_channel

ARCHIVIST = "CY009"
QUERIES = "SELECT staff_id, rule, facts FROM audit WHERE action = 'log.queried' ORDER BY seq"


@pytest.mark.rule("S3-LOG.2.4b", "S3-LOG.1")
class TestGivenTheArchivist:
    async def test_when_the_log_is_asked_for_then_shown_and_the_query_is_in_it(
        self, office: Office
    ) -> None:
        await office[SALES].say("/find 听涛")
        shown = await office[ARCHIVIST].say("/log")
        assert "张晓雯 查看了 KH-2022-0044（S3-SPEC2.3.4c）" in shown
        assert "听涛" not in shown.text
        assert rows(office, QUERIES) == [(ARCHIVIST, "S3-LOG.2.4b", "{}")]
        assert "单志远 查询了日志（S3-LOG.2.4b）" in await office[ARCHIVIST].say("/log")

    async def test_when_a_note_is_missed_then_it_says_whose_not_who_was_told(
        self, office: Office
    ) -> None:
        await office[MANAGER].see()
        await office.until(at("09-15 09:00"))
        shown = await office[ARCHIVIST].say("/log")
        assert " 逾期未交记录 visit:" in shown
        assert "王海峰 逾期未交记录" not in shown
        assert "张晓雯 逾期未交记录" in shown

    async def test_when_more_than_a_page_then_it_is_turned_within_what_was_asked(
        self, office: Office
    ) -> None:
        for _ in range(9):
            await office[SALES].say("/find 听涛")
        await office[MANAGER].say("/find 听涛")
        me = office[ARCHIVIST]
        shown = await me.say("/log KH-2022-0044")
        assert shown.text.count("KH-2022-0044") == 7
        assert "查找了客户" not in shown.text
        shown = await me.tap("下一页 ›")
        assert shown.text.count("KH-2022-0044（") == 3
        shown = await me.say(f"/log {SALES}")
        assert shown.text.count("张晓雯 ") == 7
        assert "张晓雯" in await me.tap("下一页 ›")
        assert len(rows(office, QUERIES)) == 4

    async def test_when_there_is_no_such_thing_then_said(self, office: Office) -> None:
        assert "既不是档案、记录或事故的编号" in await office[ARCHIVIST].say("/log 甲乙丙")
        for key in ("x", "9.d.x", "9.n.7", "9.s.nobody", "9.q"):
            shown = await office[ARCHIVIST].press(f"f.log.page.{key}")
            assert shown.text


@pytest.mark.rule("S3-LOG.2.4b", "S3-LOG.2.2a")
class TestGivenAnybodyElse:
    async def test_when_the_log_is_asked_for_then_there_is_none(self, office: Office) -> None:
        for who in (SALES, MANAGER):
            assert "没有“/log”这个命令" in await office[who].say("/log")
            shown = await office[who].press("f.log.page.9")
            assert "查看了" not in shown.text
        assert rows(office, QUERIES) == []


@one_channel
@pytest.mark.rule("S3-LOG.2.4a")
class TestGivenYearsForWhichTheLogIsKept:
    async def test_when_it_is_looked_at_then_it_says_before_when_nothing_may_be_destroyed(
        self, office: Office
    ) -> None:
        await office[SALES].say("/find 听涛")
        shown = await office[ARCHIVIST].say("/log")
        assert "日志至少保存 10 年（S3-LOG.2.4a）：2036年9月14日 周日前不得销毁" in shown

    async def test_when_it_is_older_than_all_else_that_is_kept_then_nothing_of_it_is_gone(
        self, office: Office
    ) -> None:
        await office[SALES].say("/find 听涛")
        entries = "SELECT seq, action, facts FROM audit ORDER BY seq"
        before = rows(office, entries)
        office.clock.advance(at("12-31 12:00"))
        await office.app.scan(office.clock.now())
        await office.settle()
        assert rows(office, entries)[: len(before)] == before


@pytest.mark.rule("S3-LOG.2.3b", "S3-LOG.2.2a")
class TestGivenWhoIsInChargeOfTheArchive:
    async def test_when_the_log_was_gone_through_then_it_says_by_whom_and_up_to_where(
        self, office: Office
    ) -> None:
        await office[SALES].say("/find 听涛")
        me = office[ARCHIVIST]
        shown = await me.say("/log")
        assert "日志尚未核对（S3-LOG.2.3b）" in shown
        newest = int(shown.text.partition(" · ")[0].split()[-1])
        assert f"已核对至第 {newest} 条" in await me.tap("核对无误")
        checked = "SELECT staff_id, rule, facts FROM audit WHERE action = 'log.checked'"
        assert rows(office, checked) == [(ARCHIVIST, "S3-LOG.2.3b", f'{{"upto": {newest}}}')]
        shown = await me.say("/log")
        assert f"核对至第 {newest} 条（S3-LOG.2.3b），之后新增" in shown
        assert "单志远 核对了日志" in shown
        assert "已核对至第" in await me.press(f"f.log.check.{newest}")
        assert "没有这一条日志" in await me.press("f.log.check.999999")
        assert len(rows(office, checked)) == 1

    @one_channel
    async def test_when_a_day_is_over_then_what_is_unchecked_stands_under_today(
        self, office: Office
    ) -> None:
        me = office[ARCHIVIST]
        await office[SALES].say("/find 听涛")
        await me.say("/log")
        await me.tap("核对无误")
        assert not any("待核对日志" in one for one in (await me.say("今日")).labels)
        await office[SALES].say("/find 听涛")
        await office.until(at("09-15 10:00"))
        await me.see()
        (label,) = (one for one in (await me.say("今日")).labels if "待核对日志" in one)
        await me.tap(label)
        await me.tap("核对无误")
        assert not any("待核对日志" in one for one in (await me.say("今日")).labels)

    @one_channel
    async def test_then_nobody_else_can_say_so(self, office: Office) -> None:
        for who in (SALES, MANAGER):
            shown = await office[who].press("f.log.check.1")
            assert "已核对至第" not in shown
        assert rows(office, "SELECT 1 FROM audit WHERE action = 'log.checked'") == []
