"""The clock of a loan: reminders, who above hears of it, the breach, the incident, outages."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from handlers.conversation.wording import LABEL_BYTES
from handlers.reminders import SHOWN
from rules.lending import DaysOff
from rules.policy import load_pack
from rules.rungs import Rung
from storage import loans, staff
from storage.unit import Unit
from tests.features.council import audited
from tests.features.counter import ABOVE, counter
from tests.features.diary import at, rows
from tests.features.keeping import later, works_under
from tests.features.lending import (
    HEAD,
    SALES,
    desks,
    every,
    lend_watched,
    said,
    watch,
)
from tests.features.office import Office, one_channel

PACK = load_pack("customer-service").loan
DUE = "应还9月17日 周四 24:00（北京时间）"


def missed(office: Office) -> list[tuple[str, ...]]:
    return rows(office, "SELECT duty, due_on, staff_id FROM breach WHERE duty LIKE 'loan:%'")


def reported(office: Office) -> list[tuple[str, ...]]:
    return rows(office, "SELECT kind, loan_id FROM incident WHERE loan_id IS NOT NULL")


class TestGivenPapersAreLent:
    @pytest.mark.rule("S2-INFO.19.5", "S1-14.5c", "C-07")
    async def test_when_nothing_comes_back_then_reminded_and_the_head_and_an_incident(
        self, office: Office
    ) -> None:
        desks(office)
        me, head = office[SALES], office[HEAD]
        held = await lend_watched(office)
        await me.see()
        await later(office, "09-16 08:59")
        assert DUE not in await me.see()
        await later(office, "09-16 09:00")
        shown = await me.see()
        assert (
            f"借-2026-0001 KH-2023-0042 深圳市鸿鑫贸易有限公司：{DUE}（第 1 次提醒" in shown.text
        )
        await later(office, "09-17 09:00")
        assert "第 2 次提醒" in (await me.see()).text
        await later(office, "09-17 15:00")
        shown = await me.see()
        assert "第 3 次提醒" in shown.text
        assert {"归还", "续借", "报失", "查看条款"} <= set(shown.labels)
        assert missed(office) == []
        await head.see()

        await later(office, "09-18 09:00")
        shown = await me.see()
        assert "借阅已逾期" in shown
        assert "第 1 次逾期通知" in shown.text
        above = await head.see()
        assert "借阅未归还" in above
        assert "张晓雯（销售一部）尚未归还借-2026-0001" in above.text
        assert {"催促", "查看", "查看条款"} <= set(above.labels)
        assert missed(office) == [(f"loan:{held.id}", "2026-09-17", SALES)]
        assert [one["rule"] for one in audited(office, "loan.overdue")] == ["S2-INFO.19.5"]

        await later(office, "09-23 09:00")
        await me.see()
        assert reported(office) == []
        await later(office, "09-24 09:00")
        shown = await me.see()
        assert "已作为事件上报（事-2026-0001" in shown.text
        assert reported(office) == [("overdue", held.id)]
        await later(office, "09-26 09:00")
        assert reported(office) == [("overdue", held.id)]
        keys = [one for one, _, _ in said(office)]
        assert len(keys) == len(set(keys))

    @one_channel
    @pytest.mark.rule("C-07")
    async def test_when_the_job_runs_twice_then_one_reminder(self, office: Office) -> None:
        desks(office)
        await lend_watched(office)
        await later(office, "09-16 09:00")
        await office[SALES].see()
        before = said(office)
        for _ in range(3):
            await office.app.scan(office.clock.now())
            await office.settle()
        assert "第 1 次提醒" not in await office[SALES].see()
        assert said(office) == before

    @one_channel
    @pytest.mark.rule("C-07", "S1-14.8")
    async def test_when_it_is_late_on_a_day_off_then_the_next_working_morning_says_it(
        self, office: Office
    ) -> None:
        desks(office)
        me, head = office[SALES], office[HEAD]
        await lend_watched(office)
        await later(office, "09-18 10:00")
        assert "第 1 次逾期通知" in (await me.see()).text
        await head.see()
        await later(office, "09-19 23:00")  # Saturday
        assert "借-2026-0001" not in await me.see()
        await later(office, "09-20 09:00")  # Sunday, worked in place of a holiday
        shown = await me.see()
        assert "第 2 次逾期通知" in shown.text
        assert "服务中断" not in shown.text
        assert "第 3 次" not in shown.text
        await later(office, "09-24 10:00")
        await me.see()
        await later(office, "09-27 23:00")  # Friday to Sunday are off
        assert "次逾期通知" not in await me.see()
        await later(office, "09-28 09:00")
        assert "第 7 次逾期通知" in (await me.see()).text
        keys = [one for one, _, _ in said(office)]
        assert len(keys) == len(set(keys))

    @one_channel
    @pytest.mark.rule("C-07")
    async def test_when_the_pack_asks_for_it_then_on_days_off_too(self, office: Office) -> None:
        desks(office)
        assert PACK is not None
        works_under(office, loan=replace(PACK, days_off=DaysOff.SEND))
        await lend_watched(office)
        await later(office, "09-18 10:00")
        await office[SALES].see()
        await later(office, "09-19 09:00")
        assert "第 2 次逾期通知" in (await office[SALES].see()).text

    @one_channel
    @pytest.mark.rule("S1-07.2.3a")
    async def test_when_it_strikes_at_night_then_it_waits_for_the_morning(
        self, office: Office
    ) -> None:
        desks(office)
        assert PACK is not None
        duty = replace(PACK.duty, remind=(Rung.parse("0d 23:00"),))
        works_under(office, loan=replace(PACK, duty=duty))
        await lend_watched(office)
        await office[SALES].see()
        await later(office, "09-17 23:30")
        assert "借-2026-0001" not in await office[SALES].see()
        await later(office, "09-18 07:59")
        assert "借-2026-0001" not in await office[SALES].see()
        await later(office, "09-18 08:00")
        assert DUE in (await office[SALES].see()).text

    @one_channel
    @pytest.mark.rule("S1-07.2.3a")
    async def test_when_down_for_days_then_each_hears_once_and_every_rung_is_recorded(
        self, office: Office
    ) -> None:
        desks(office)
        await lend_watched(office)
        await office[SALES].see()
        await office[HEAD].see()
        office.clock.advance(at("09-20 10:00"))
        await office.until(at("09-20 10:01"))
        await office.settle()
        shown = await office[SALES].see()
        assert shown.text.count("· 借-2026-0001") == 1
        assert "服务中断" in shown.text
        assert (await office[HEAD].see()).text.count("借-2026-0001") == 1
        kept = said(office)
        assert len({one for one, _, _ in kept}) == len(kept)
        to_me = [(rung, outcome) for rung, who, outcome in kept if who == SALES]
        assert [outcome for _, outcome in to_me].count("sent") == 1
        assert {outcome for _, outcome in to_me} == {"sent", "collapsed"}
        # three before the due day is over, one on each of the mornings after
        assert len(to_me) == 6

    @one_channel
    @pytest.mark.rule("S2-INFO.19.5")
    async def test_when_nobody_reads_it_then_breach_and_incident_come_all_the_same(
        self, office: Office
    ) -> None:
        desks(office)
        held = await lend_watched(office)

        def mute(unit: Unit) -> None:
            for one in staff.everybody(unit.session):
                staff.set_home(unit, one.id, "", "")

        office.change(mute)
        await later(office, "09-25 10:00")
        assert missed(office) == [(f"loan:{held.id}", "2026-09-17", SALES)]
        assert reported(office) == [("overdue", held.id)]

    @one_channel
    @pytest.mark.rule("S1-14.7")
    async def test_when_it_stays_out_then_its_incident_is_recalled_in_the_mornings_only(
        self, office: Office
    ) -> None:
        counter(office)
        await lend_watched(office)
        await later(office, "09-24 09:00")
        assert "已收到" in (await office[ABOVE].see()).labels
        await later(office, "09-28 08:59")  # after the three days of Mid-Autumn
        assert "还没有您的确认" not in await office[ABOVE].see()
        await later(office, "09-28 09:00")
        assert "还没有您的确认，请点“已收到”" in await office[ABOVE].see()

    @one_channel
    @pytest.mark.rule("S5-1.6", "C-55")
    async def test_when_the_borrower_left_then_the_superior_hears(self, office: Office) -> None:
        desks(office)
        await lend_watched(office)
        office.change(lambda unit: staff.deactivate(unit, SALES))
        await office[HEAD].see()
        await later(office, "09-17 16:00")
        shown = await office[HEAD].see()
        assert "离职人员在借" in shown
        assert "借阅未归还" not in shown
        assert "张晓雯（销售一部）已离职，不得留存资料" in shown.text
        assert "须立即归还，不等应还日9月17日 周四 24:00（北京时间）（S5-1.6）" in shown.text
        await later(office, "09-18 09:00")
        shown = await office[HEAD].see()
        assert "离职人员在借" in shown
        assert "尚未归还，应还日为9月17日" in shown.text

    @one_channel
    async def test_when_many_are_late_then_the_morning_card_stays_short(
        self, office: Office
    ) -> None:
        desks(office)
        held = await lend_watched(office)

        def more(unit: Unit) -> None:
            for number in range(30):
                new = loans.NewLoan(
                    "loan",
                    held.dossier_id,
                    SALES,
                    held.department,
                    "check",
                    "核对",
                    "out",
                    held.pack,
                )
                id_ = loans.add(unit, new, unit.now)
                loans.give_number(unit, id_, f"借-2026-{100 + number:04d}")
                one = loans.get(unit, id_)
                assert one is not None
                lent = {name: getattr(held, name) for name in ("lent_at", "due_on", "due_at")}
                loans.save(unit, one, replace(one, state="lent", **lent), unit.now)

        office.change(more)
        for one in every(office):
            if one.id != held.id:
                watch(office, one.id)
        await office[SALES].see()
        await later(office, "09-16 09:00")
        shown = await office[SALES].see()
        listed = [one for one in shown.text.splitlines() if one.startswith("· ")]
        assert len(listed) == SHOWN
        assert "另有 17 项" in shown.text
        assert max(len(label.encode()) for label in shown.labels) <= LABEL_BYTES
        assert "我的借阅" in shown.labels


class TestGivenALongTermLoan:
    @one_channel
    @pytest.mark.rule("S1-14.5d")
    async def test_when_a_quarter_has_gone_then_asked_whether_it_is_needed(
        self, office: Office
    ) -> None:
        desks(office)
        held = await lend_watched(office, days=200)
        works_under(office, loan=load_pack("file-custody").loan)

        def long(unit: Unit) -> None:
            now = loans.get(unit, held.id)
            assert now is not None
            loans.save(unit, now, replace(now, long_term=True), unit.now)

        office.change(long)
        watch(office, held.id)
        await later(office, "12-14 08:59")
        await office[SALES].see()
        await later(office, "12-14 09:00")
        shown = await office[SALES].see()
        assert "是否仍需使用" in shown
        assert "S1-14.5d" in shown.text
        noted = await office[SALES].tap("仍需使用")
        assert "已记下：仍需使用" in noted
        assert [one["rule"] for one in audited(office, "loan.kept")] == ["S1-14.5d"]
