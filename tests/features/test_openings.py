"""The clock of a new customer: reminders from the first contact on, the superior, the breach."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from handlers.dossiers import dossier_open
from handlers.feature import Feature
from rules.chains import Approval
from rules.occasions import Action
from rules.policy import load_pack
from storage import dossiers
from storage.dossiers import Dossier
from storage.unit import Unit
from tests.features.desk import CHANGES_WAIT, Desk, acting
from tests.features.diary import MANAGER, SALES, at, rows
from tests.features.keeping import later, missed, works_under
from tests.features.office import Office, one_channel

NEW = "珠江口远航物流有限公司"
WAITS, OVERDUE, ABOVE = "有新客户待建档", "新客户建档已逾期", "新客户未按时建档"
WEEK = load_pack("pharma").open


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def features(desk: Desk) -> tuple[Feature, ...]:
    return desk.features


def draft(office: Office) -> Dossier:
    def read(unit: Unit) -> Dossier:
        (id_,) = dossiers.named(unit.session, NEW)
        found = dossiers.get(unit, id_)
        assert found is not None
        return found

    return office.look(read)


async def reported(office: Office) -> None:
    """Begin /open, up to the card of the draft."""
    me = office[SALES]
    await me.say(f"建档 {NEW}")
    await me.say("13800001234")
    await me.say("何远航 总经理")
    await me.tap("登记")
    await me.tap("经销单位")


class TestGivenANewCustomer:
    @pytest.mark.rule("S1-05.1")
    async def test_when_nothing_follows_then_days_3_6_7_and_then_the_superior(
        self, office: Office
    ) -> None:
        works_under(office, open=WEEK)
        await reported(office)
        me = office[SALES]
        for moment, said in (("09-17 08:59", 0), ("09-17 09:00", 1), ("09-20 09:00", 1)):
            await later(office, moment)
            shown = await me.see()
            assert shown.text.count(f"{NEW}：请在9月21日 周一 24:00前建档（S1-05.1）") == said
        assert {"建档", "补充资料"} <= set(shown.labels)
        await later(office, "09-21 09:00")
        assert NEW in await me.see()
        await office[MANAGER].see()
        await later(office, "09-22 09:00")
        shown = await office[MANAGER].see()
        assert ABOVE in shown
        assert f"张晓雯尚未将{NEW}提交建档" in shown.text
        assert missed(office) == [(NEW, "opening", "2026-09-21")]

    @pytest.mark.rule("S1-05.1", "S1-01.2")
    async def test_when_reported_then_the_clock_stops_and_runs_anew_if_sent_back(
        self, office: Office, desk: Desk
    ) -> None:
        works_under(office, open=WEEK, approval=(CHANGES_WAIT, opening_waits()))
        desk.who = "市场监察人员"
        await reported(office)
        shown = await office[SALES].say("今日")
        assert "待建档客户（1）" in shown
        shown = await office[SALES].tap("待建档客户（1）")
        await office[SALES].tap(f"{NEW} · 9月21日 周一 24:00前")
        await office[SALES].tap("提交核实")
        assert "待建档客户（1）" not in await office[SALES].say("今日")
        await later(office, "09-22 10:00")
        assert NEW not in await office[SALES].see()
        assert missed(office) == []

        id_ = draft(office).id

        def send_back(unit: Unit) -> None:
            ctx = acting(office, unit, MANAGER)
            dossier_open.sent_back(ctx, id_, MANAGER, "S1-01.2", "地址查无此处")

        office.change(send_back)
        await later(office, "09-25 08:59")
        assert WAITS not in await office[SALES].see()
        await later(office, "09-25 09:00")
        assert "请在9月29日 周二 24:00前建档" in (await office[SALES].see()).text

    @one_channel
    async def test_when_it_gets_its_number_then_nothing_comes(self, office: Office) -> None:
        works_under(office, open=WEEK)
        await reported(office)
        await office[SALES].tap("提交核实")
        assert draft(office).state == "active"
        await office[SALES].see()
        await later(office, "09-22 10:00")
        assert NEW not in await office[SALES].see()
        assert missed(office) == []

    @one_channel
    async def test_when_reported_late_before_anybody_was_told_then_the_breach_stays(
        self, office: Office
    ) -> None:
        works_under(office, open=WEEK)
        await reported(office)
        await later(office, "09-22 08:00")
        await office[SALES].press(f"f.open.report.{draft(office).id}")
        assert draft(office).state == "active"
        assert missed(office) == [(NEW, "opening", "2026-09-21")]

    @one_channel
    async def test_when_down_for_days_then_one_message_says_so(self, office: Office) -> None:
        works_under(office, open=WEEK)
        await reported(office)
        await office.until(at("09-16 20:00"))
        await office[SALES].see()
        office.clock.advance(at("09-20 10:00"))
        await office.app.scan(office.clock.now())
        await office.settle()
        shown = await office[SALES].see()
        assert shown.text.count(f"{NEW}：") == 1
        assert "服务中断" in shown.text

    @one_channel
    async def test_when_away_on_the_last_day_then_the_week_is_put_off(
        self, office: Office
    ) -> None:
        works_under(office, open=WEEK)
        await reported(office)
        me = office[SALES]
        await later(office, "09-18 09:00")
        await me.say("请假 病假 今天到9月24日")
        await me.tap("提交")
        await later(office, "09-22 10:00")
        assert missed(office) == []
        shown = await me.say("今日")
        shown = await me.tap("待建档客户（1）")
        assert f"{NEW} · 9月28日 周一 24:00前" in shown  # after the festival
        await later(office, "09-29 09:00")
        assert ABOVE in await office[MANAGER].see()

    @one_channel
    async def test_when_it_comes_of_a_visit_note_then_the_day_of_the_visit_counts(
        self, office: Office
    ) -> None:
        works_under(office, open=WEEK)
        await office[SALES].say(f"拜访 {NEW} 9月11日 初次见面")
        await office[SALES].tap("记为新客户")
        await office[SALES].tap("提交")
        assert draft(office).state == "draft"
        await later(office, "09-17 09:00")
        assert "请在9月18日 周五 24:00前建档" in (await office[SALES].see()).text


@one_channel
@pytest.mark.rule("C-69")
async def test_given_a_same_day_rule_and_verification_then_the_draft_is_no_breach(
    office: Office,
) -> None:
    same_day = replace(WEEK, duty=load_pack("sales-levels").open.duty)
    works_under(office, open=same_day, approval=(opening_waits(),))
    await reported(office)
    await later(office, "09-14 18:00")
    assert WAITS in await office[SALES].see()
    await later(office, "09-15 09:00")
    assert ABOVE in await office[MANAGER].see()
    assert missed(office) == []
    query = "SELECT count(*) FROM audit WHERE action = 'dossier.open_missed'"
    assert rows(office, query) == [(0,)]


def opening_waits() -> Approval:
    """Return the row that has a market supervisor verify new customers."""
    return next(one for one in load_pack("sales-levels").approval if one.action is Action.OPEN)
