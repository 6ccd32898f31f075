"""Whoever comes too late, twice, or is here no more: an incident is answered with what is true."""

from __future__ import annotations

from functools import partial

import pytest
from sqlalchemy import update

from bot import dispatch
from handlers.incidents import incidents
from rules.incidents import IncidentKind
from storage import accounts, dossiers, staff
from storage import incidents as stored
from storage.tables import staff as people
from storage.unit import Unit
from tests.features.desk import acting
from tests.features.diary import at
from tests.features.guard import (
    ALL,
    ARCHIVIST,
    HEAD,
    INFO,
    MANAGER,
    OFFICE,
    ORDINARY,
    SALES,
    acts,
    guard,
    leak,
    reminded,
    report,
    told,
)
from tests.features.office import Office, Shown, one_channel

pytestmark = one_channel

DIRECTOR = "CY004"
"""The superior of the manager of customer service."""


def number(office: Office, words: str = "事-2026-0001") -> int:
    found = office.look(lambda unit: stored.by_number(unit.session, words))
    assert found is not None
    return found


async def see_all(office: Office) -> None:
    for who in (SALES, ARCHIVIST, DIRECTOR, *ALL):
        await office[who].see()


class TestGivenTheSameTapTwice:
    async def test_when_confirmed_twice_then_once(self, office: Office) -> None:
        guard(office)
        await leak(office)
        me = office[INFO]
        await me.see()
        key = me.key_of("已收到")
        await me.press(*key)
        assert "您已经确认过了" in await me.press(*key)
        await me.again()
        assert [who for who, what, _ in acts(office) if what == "incident.confirmed"] == ["CY006"]

    async def test_when_reported_twice_then_once(self, office: Office) -> None:
        guard(office)
        await leak(office)
        await office[SALES].again()
        assert len(told(office)) == 3

    async def test_when_counted_twice_then_the_second_is_told_and_the_words_are_kept(
        self, office: Office
    ) -> None:
        guard(office)
        await report(office)
        me = office[ARCHIVIST]
        await me.tap("清点")
        await me.tap("有出入")
        await me.say("B柜少一册")
        shown = await me.press(f"f.incident.count.{number(office)}")
        assert "没有等您清点的事项" in shown
        assert [what for _, what, _ in acts(office)].count("incident.counted") == 1


class TestGivenItIsClosed:
    async def closed(self, office: Office) -> Shown:
        guard(office)
        await leak(office)
        await see_all(office)
        await office[MANAGER].tap("结案")
        return await office[MANAGER].say("已收回并说明")

    async def test_when_somebody_confirms_then_told_that_it_is_over(self, office: Office) -> None:
        await self.closed(office)
        shown = await office[INFO].press(f"f.incident.seen.{number(office)}")
        assert "已结案，无须再处理" in shown
        assert ("CY006", "know", "no") in told(office)
        for verb in ("measure", "count", "close"):
            shown = await office[INFO].press(f"f.incident.{verb}.{number(office)}")
            assert "已结案，无须再处理" in shown

    async def test_then_nobody_is_reminded_any_more(self, office: Office) -> None:
        await self.closed(office)
        await office.until(at("09-15 12:00"))
        assert reminded(office) == []

    async def test_when_two_close_it_then_the_second_is_told_and_keeps_the_words(
        self, office: Office
    ) -> None:
        guard(office)
        await leak(office)
        await see_all(office)
        await office[INFO].tap("结案")
        await office[MANAGER].tap("结案")
        await office[MANAGER].say("已收回")
        shown = await office[INFO].say("群主已撤回")
        assert "梁思源已先一步结案" in shown
        assert "群主已撤回（欧阳静怡" in shown
        assert "结案报告：已收回" in shown
        assert [who for who, what, _ in acts(office) if what == "incident.closed"] == ["CY005"]

    async def test_when_a_measure_was_being_written_then_it_is_kept(self, office: Office) -> None:
        guard(office)
        await report(office)
        await see_all(office)
        await office[INFO].tap("补救措施")
        await office[MANAGER].tap("结案")
        await office[MANAGER].say("找到了")
        assert "补打一份（欧阳静怡" in await office[INFO].say("补打一份")


class TestGivenARestart:
    @pytest.mark.rule("S2-SECR.16.2")
    async def test_when_in_the_middle_of_a_report_then_it_goes_on(self, office: Office) -> None:
        guard(office)
        me = office[SALES]
        await me.say("/leak")
        await me.tap("已被他人知悉")
        await office.restart()
        await me.say("跳过")
        await office.restart()
        await me.say("客户名单被拍照")
        await me.say("跳过")
        assert "S2-SECR.16.2" in (await me.tap("上报")).text

    async def test_when_people_are_told_then_their_clocks_go_on(self, office: Office) -> None:
        guard(office)
        await leak(office)
        await office.restart()
        await office.until(at("09-14 11:01"))
        assert reminded(office) == ["CY003", "CY005", "CY006"]


@pytest.mark.rule("C-55")
class TestGivenSomebodyWhoLeft:
    async def test_then_the_next_in_line_hears_it_and_confirms(self, office: Office) -> None:
        guard(office)
        await leak(office)
        await see_all(office)
        office.change(lambda unit: staff.deactivate(unit, "CY005"))
        await office.until(at("09-14 09:05"))
        shown = await office[DIRECTOR].see()
        assert "报价表发错了群" in shown
        assert "顾怀瑾（代客户服务部经理）：尚未确认" in shown
        assert "梁思源（客户服务部经理）：已离职，已转告" in shown
        await office.until(at("09-14 11:06"))
        assert "CY005" not in reminded(office)
        assert reminded(office).count("CY004") == 1
        assert "顾怀瑾（代客户服务部经理）：" in await office[DIRECTOR].tap("已收到")
        assert ("CY004", "know", "yes") in told(office)

    async def test_when_it_is_who_reported_then_it_goes_on_without_them(
        self, office: Office
    ) -> None:
        guard(office)
        await leak(office)
        await see_all(office)
        office.change(lambda unit: staff.deactivate(unit, "CY015"))
        await office.until(at("09-14 09:05"))
        await office[MANAGER].tap("结案")
        assert "结案报告：已收回" in await office[MANAGER].say("已收回")


@pytest.mark.rule("C-06")
class TestGivenSomebodyOutOfReach:
    async def test_when_nobody_can_be_told_for_a_post_then_the_next_hears_and_it_is_said(
        self, office: Office
    ) -> None:
        guard(office)

        def bind(unit: Unit) -> None:
            accounts.unbind(unit, office.channel, office.account(OFFICE))
            accounts.bind(unit, office.channel, office.account("CY035"), "CY001")

        office.change(bind)
        shown = await leak(office)
        assert "总经理办公室：没有可以告知的人，改由陆建澄知悉。" in shown
        assert "陆建澄（代总经理办公室）：尚未确认" in shown
        assert "报价表发错了群" in await office["CY035"].see()
        assert ("CY003", "know", "no") in told(office)

    async def test_when_the_chat_is_lost_later_then_the_superior_hears_it_too(
        self, office: Office
    ) -> None:
        guard(office)
        await leak(office)
        await see_all(office)
        office[MANAGER].block()
        await office.until(at("09-14 11:02"))
        await office.until(at("09-14 13:02"))
        assert ("CY004", "know", "no") in told(office)
        assert "事-2026-0001" in await office[DIRECTOR].see()

    async def test_when_nobody_at_all_can_be_told_then_that_is_said_and_it_is_kept(
        self, office: Office
    ) -> None:
        def alone(unit: Unit) -> None:
            unit.session.execute(
                update(people)
                .where(people.c.id.not_in(("CY015", "CY039")))
                .values(home_channel="", home_account="")
            )
            unit.session.execute(
                update(people).where(people.c.id == "CY015").values(superior=None)
            )

        office.change(alone)
        shown = await leak(office)
        assert "已记录，但没有可以告知的人" in shown
        assert "总经理办公室：没有可以告知的人。" in shown
        heard = await office["CY039"].see()
        assert "事-2026-0001（泄密）没有可以告知的人" in heard
        assert "报价表" not in heard.text
        assert "事-2026-0001 泄密" in (await office[SALES].say("未结事故")).labels

    async def test_when_a_reporter_has_no_superior_then_the_post_is_told_higher_up(
        self, office: Office
    ) -> None:
        guard(office)

        def headless(unit: Unit) -> None:
            unit.session.execute(
                update(people).where(people.c.id == "CY015").values(superior=None)
            )

        office.change(headless)
        shown = await leak(office)
        assert "下列人员已同时收到通知" in shown
        assert len(told(office)) == 3


class TestGivenTheList:
    async def test_then_today_counts_what_waits_for_the_person(self, office: Office) -> None:
        guard(office)
        await leak(office)
        me = office[INFO]
        await me.say("今日")
        shown = await me.tap("待确认事故（1）")
        assert "事-2026-0001 泄密 待您确认" in shown.labels
        await me.tap("事-2026-0001 泄密 待您确认")
        shown = await me.tap("已收到")
        assert "已确认收到" in shown
        assert "待确认事故" not in (await me.say("今日")).text
        assert "事-2026-0001 泄密" in (await me.say("事故清单")).labels
        assert "没有未结的事故" in await office[HEAD].say("事故清单")
        assert "没有未结的事故" in await me.press("f.incident.list.9")

    async def test_then_the_log_tells_what_was_done(self, office: Office) -> None:
        guard(office)
        await leak(office)
        await office[INFO].tap("已收到")
        shown = await office[ARCHIVIST].say("/log 事-2026-0001")
        assert "张晓雯 上报了 事-2026-0001（S2-INFO.27）" in shown
        assert "张晓雯 通知了 事-2026-0001 → 梁思源（S2-INFO.27）" in shown
        assert "欧阳静怡 确认收到 事-2026-0001（C-06）" in shown
        for key in ("9.i.7", "9.i.x", "x.i"):
            assert (await office[ARCHIVIST].press(f"f.log.page.{key}")).text


@pytest.mark.rule("S1-15.7.6")
@pytest.mark.rule("S1-14.7")
class TestGivenTheProgramOpensOne:
    """What follows loans and counts papers calls `incidents.open`."""

    def opened(self, office: Office, unit: Unit, by: str | None, about: str) -> stored.Incident:
        ctx = acting(office, unit, "CY009")
        found = incidents.open(
            ctx,
            IncidentKind.OVERDUE if by is None else IncidentKind.DAMAGED,
            dossier_id=dossiers.by_number(unit.session, ORDINARY),
            loan_id=77,
            words="12页归还11页",
            by=by,
            about=about,
        )
        dispatch.close(ctx, office.app.world)
        return found

    async def test_when_a_page_is_missing_then_who_counted_gets_the_card_too(
        self, office: Office
    ) -> None:
        guard(office)
        one = office.change(partial(self.opened, office, by="CY009", about="CY015"))
        await office.settle()
        assert (one.number, one.loan_id, one.kind) == ("事-2026-0001", 77, "damaged")
        assert "12页归还11页" in await office[INFO].see()
        shown = await office[ARCHIVIST].see()
        assert "上报：单志远" in shown
        assert "清点" in shown.labels

    async def test_when_a_loan_stays_out_then_the_program_found_it(self, office: Office) -> None:
        guard(office)
        office.change(partial(self.opened, office, by=None, about="CY015"))
        await office.settle()
        card = await office[MANAGER].see()
        assert "长期未还，未结案" in card
        assert "由系统发现" in card
        assert [who for who, _, _ in told(office)] == ["CY006", "CY005"]
