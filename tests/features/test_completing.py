"""Completing dossiers month by month and quarter by quarter: reminders, the next one, breaches."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace
from sqlalchemy import update as update_of

from handlers.feature import Feature
from rules.policy import load_pack
from storage import dossier_fields, dossiers, staff
from storage.dossiers import Dossier
from storage.staff import StaffRow
from storage.tables import dossier
from storage.unit import Unit
from tests.features.desk import Desk
from tests.features.diary import MANAGER, SALES, at, rows
from tests.features.keeping import LACKING, NEXT, REVIEW, later, missed, works_under
from tests.features.office import Office, one_channel

ARCHIVIST = "CY009"
TINGTAO, NUMBER = "听涛假日酒店", "KH-2022-0044"
FIRST = "补：广州芒种机电设…"
SAME, MISSED, WAITING = "无变动", "客户档案未按时完善", "待完善档案"

MONTHLY = tuple(one for one in load_pack("sales-levels").completion if one.id == "monthly")
QUARTERLY = load_pack("pharma").completion


@pytest.fixture
def features() -> tuple[Feature, ...]:
    return Desk().features


def kept(office: Office, before: str = "2026-09-01") -> int:
    """Return how many dossiers the salesperson keeps that were opened before that day."""
    query = "SELECT count(*) FROM dossier WHERE keeper = ? AND opened_on < ?"
    return int(rows(office, query, SALES, before)[0][0])


def hr_is(office: Office, person: str) -> None:
    row = StaffRow(person, "单志远", "客户服务部", ("custodian", "hr"), "CY005", None, "secret")
    office.change(lambda unit: staff.save(unit, row))


def tingtao(unit: Unit) -> Dossier:
    id_ = dossiers.by_number(unit.session, NUMBER)
    assert id_ is not None
    found = dossiers.get(unit, id_)
    assert found is not None
    return found


def long_term(office: Office) -> int:
    def mark(unit: Unit) -> int:
        id_ = tingtao(unit).id
        dossier_fields.write(unit, id_, {"long_term": "yes"}, "customer")
        return id_

    return office.change(mark)


async def update(office: Office, words: str = "规模 中型") -> None:
    await office[SALES].say(f"更新 听涛 {words}")
    await office[SALES].tap("提交")


class TestGivenIncompleteDossiers:
    @pytest.mark.rule("S1-07.2.3b")
    async def test_when_the_20th_comes_then_one_message_and_one_dossier_after_the_other(
        self, office: Office
    ) -> None:
        works_under(office, completion=MONTHLY)
        await later(office, "09-20 08:59")
        assert LACKING not in await office[SALES].see()
        await later(office, "09-20 09:00")
        me = office[SALES]
        shown = await me.see()
        assert shown.text.count(LACKING) == 1
        assert f"有 {kept(office)} 份资料不全" in shown
        assert "（S1-07.2.3b）" in shown.text
        shown = await me.tap(FIRST)
        next_ = next(one for one in shown.labels if one.startswith("补："))
        await me.tap(next_)
        await me.say("何建国")
        shown = await me.tap("提交")
        assert NEXT in shown.labels
        shown = await me.tap(NEXT)
        assert "更新 · 查良玉" in shown.text
        shown = await me.say("今日")
        assert f"{WAITING}（{kept(office) - 1}）" in shown
        shown = await me.tap(f"{WAITING}（{kept(office) - 1}）")
        assert FIRST not in shown.labels

    @pytest.mark.rule("C-70", "C-71", "S1-07.2.3c")
    async def test_when_the_month_ends_then_a_breach_for_each_and_hr_hears_once(
        self, office: Office
    ) -> None:
        works_under(office, completion=MONTHLY)
        hr_is(office, ARCHIVIST)
        await later(office, "09-21 09:00")
        await update(office)
        due = kept(office)
        await later(office, "09-30 23:58")
        assert missed(office) == []
        await office[ARCHIVIST].see()
        await later(office, "10-01 09:00")
        found = missed(office)
        assert len(found) == due - 1
        assert {(duty, day) for _, duty, day in found} == {("monthly", "2026-09-30")}
        assert TINGTAO not in {name for name, _, _ in found}
        shown = await office[ARCHIVIST].see()
        assert MISSED in shown
        assert shown.text.count(f"张晓雯有 {due - 1} 份档案未在") == 1
        # the next month starts afresh: the one that was completed waits again (A04)
        assert f"有 {kept(office, '2026-10-01')} 份资料不全" in await office[SALES].see()

    @one_channel
    async def test_when_everything_is_filled_in_then_nothing_waits_and_nothing_is_missed(
        self, office: Office
    ) -> None:
        works_under(office, completion=MONTHLY)
        await later(office, "09-15 09:00")
        office.change(lambda unit: unit.session.execute(update_of(dossier).values(missing=0)))
        await later(office, "09-20 09:00")
        assert LACKING not in await office[SALES].see()
        await later(office, "10-01 09:00")
        assert missed(office) == []

    @one_channel
    async def test_when_emptied_only_then_it_was_not_completed(self, office: Office) -> None:
        works_under(office, completion=MONTHLY)
        await later(office, "09-21 09:00")
        shown = await office[SALES].say("今日")
        before = next(one for one in shown.labels if one.startswith(WAITING))

        def empty(unit: Unit) -> None:
            dossier_fields.write(unit, tingtao(unit).id, {"address": ""}, "customer")

        office.change(empty)
        await later(office, "09-21 09:05")
        assert before in (await office[SALES].say("今日")).labels
        await update(office)
        assert before not in (await office[SALES].say("今日")).labels

    @one_channel
    @pytest.mark.rule("C-58")
    async def test_when_filled_in_after_midnight_while_the_clock_stood_then_late_all_the_same(
        self, office: Office
    ) -> None:
        works_under(office, completion=MONTHLY)
        await later(office, "09-30 20:00")
        office.clock.advance(at("10-01 07:00"))  # nobody has looked at the clock since
        await update(office)
        await office.app.scan(office.clock.now())
        assert TINGTAO in {name for name, _, day in missed(office) if day == "2026-09-30"}
        await later(office, "10-20 09:00")
        assert f"有 {kept(office, '2026-10-01') - 1} 份资料不全" in await office[SALES].see()

    @one_channel
    async def test_when_down_over_the_first_then_it_is_said_once_afterwards(
        self, office: Office
    ) -> None:
        works_under(office, completion=MONTHLY)
        await later(office, "09-20 09:00")
        await office[SALES].see()
        office.clock.advance(at("10-21 10:00"))
        for _ in range(2):
            await office.app.scan(office.clock.now())
            await office.settle()
        shown = await office[SALES].see()
        assert shown.text.count("请在10月31日") == 1
        assert "有 1 条提醒未能按时发出" in shown.text or "1" in shown.text
        assert {day for _, _, day in missed(office)} == {"2026-09-30"}

    @one_channel
    @pytest.mark.rule("S1-07.2.3a")
    async def test_when_away_on_the_last_day_then_due_on_the_return_and_not_chased(
        self, office: Office
    ) -> None:
        works_under(office, completion=MONTHLY)
        await later(office, "09-28 09:00")
        me = office[SALES]
        await me.say("请假 病假 今天到10月9日")
        await me.tap("提交")
        await later(office, "10-09 12:00")
        assert LACKING not in await me.see()
        assert missed(office) == []
        await update(office)
        await later(office, "10-11 00:01")
        found = {name for name, _, day in missed(office)}
        assert len(found) == kept(office) - 1
        assert TINGTAO not in found

    @one_channel
    async def test_when_the_keeper_left_then_nothing_is_held_against_anybody(
        self, office: Office
    ) -> None:
        works_under(office, completion=MONTHLY)
        await later(office, "09-21 09:00")
        office.change(lambda unit: staff.deactivate(unit, SALES))
        await later(office, "10-01 09:00")
        assert missed(office) == []

    @one_channel
    async def test_when_another_presses_the_button_then_nothing_is_shown(
        self, office: Office
    ) -> None:
        works_under(office, completion=MONTHLY)
        await later(office, "09-20 09:00")
        query = "SELECT id FROM completion_round WHERE staff_id = ?"
        (round_,) = rows(office, query, SALES)[0]
        for key in (f"f.today.round.{round_}", f"f.today.next.{round_}.0", "f.today.round.x"):
            assert "已没有待完善的档案" in await office[MANAGER].press(key)


class TestGivenALongTermCustomer:
    @pytest.mark.rule("S1-05.2")
    async def test_when_the_quarter_nears_its_end_then_led_through_what_is_empty_or_oldest(
        self, office: Office
    ) -> None:
        works_under(office, completion=QUARTERLY)
        id_ = long_term(office)
        await later(office, "09-15 08:00")
        await update(office, "规模 小型")
        office.change(
            lambda unit: unit.session.execute(
                update_of(dossier)
                .where(dossier.c.id == id_)
                .values(reviewed_on=at("01-02 09:00").date())
            )
        )
        await office[SALES].see()
        await later(office, "09-25 09:00")
        me = office[SALES]
        shown = await me.see()
        assert f"有 1 份须在9月30日 周三 24:00前{REVIEW}" in shown.text
        shown = await me.tap(f"补：{TINGTAO}")
        assert "未填" in shown.text
        assert "最久未更新" in shown.text
        assert "规模（" not in shown.text.split("最久未更新")[1]
        assert sum(one.startswith("补") for one in shown.labels) == 0
        shown = await me.tap(SAME)
        assert f"{TINGTAO}的档案无变动（S1-05.2）" in shown
        assert rows(office, "SELECT rule FROM audit WHERE action = 'dossier.confirmed'") == [
            ("S1-05.2",)
        ]
        await later(office, "10-08 09:00")
        assert REVIEW not in await me.see()
        assert missed(office) == []

    @one_channel
    @pytest.mark.rule("S1-05.2")
    async def test_when_nothing_is_done_then_the_superior_hears_after_the_holidays(
        self, office: Office
    ) -> None:
        works_under(office, completion=QUARTERLY)
        long_term(office)
        await later(office, "10-08 08:59")
        assert missed(office) == [(TINGTAO, "quarterly", "2026-09-30")]
        assert MISSED not in await office[MANAGER].see()
        await later(office, "10-08 09:00")
        shown = await office[MANAGER].see()
        assert f"张晓雯有 1 份档案未在9月30日 周三 24:00前完善（S1-05.2）：{TINGTAO}" in shown

    @one_channel
    async def test_when_changed_before_then_no_reminder_comes(self, office: Office) -> None:
        works_under(office, completion=QUARTERLY)
        long_term(office)
        await update(office)
        await later(office, "09-30 09:00")
        assert REVIEW not in await office[SALES].see()
        await later(office, "10-08 09:00")
        assert missed(office) == []

    @one_channel
    async def test_when_it_is_over_then_no_change_cannot_be_said_any_more(
        self, office: Office
    ) -> None:
        works_under(office, completion=QUARTERLY)
        id_ = long_term(office)
        await later(office, "10-08 09:00")
        query = "SELECT id FROM completion_round WHERE staff_id = ?"
        (round_,) = rows(office, query, SALES)[0]
        shown = await office[SALES].press(f"f.today.same.{round_}.{id_}")
        assert "已没有待完善的档案" in shown


@one_channel
async def test_given_another_field_list_then_every_dossier_is_counted_anew(office: Office) -> None:
    counts = "SELECT missing, count(*) FROM dossier GROUP BY missing ORDER BY missing"
    await later(office, "09-14 09:10")
    before = rows(office, counts)
    assert all(missing >= 0 for missing, _ in before)
    policy = office.app.world.policies.governed[0].versions[0]
    fewer = policy.dossier.fields[:1]
    works_under(office, dossier=replace(policy.dossier, fields=fewer))
    office.clock.advance(office.clock.now() + timedelta(minutes=1))
    await office.app.scan(office.clock.now())
    after = rows(office, counts)
    assert after != before
    assert all(missing >= 0 for missing, _ in after)
