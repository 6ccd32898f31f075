"""What turns on the way of a loan: a letter ends, somebody leaves, a part is back already."""

from __future__ import annotations

import asyncio
from datetime import date

import pytest
from sqlalchemy import update

from rules.policy import load_pack
from storage import accounts, inbox, outsiders, staff
from storage.loans import Loan
from storage.staff import StaffRow
from storage.tables import dossier
from storage.unit import Unit
from tests.features.council import audited
from tests.features.counter import checked, hand_out, items, lent, now, put, step, steps
from tests.features.diary import rows
from tests.features.estate import CLERK, SUPERVISOR, manages
from tests.features.keeping import later, works_under
from tests.features.lending import (
    ARCHIVE,
    COLLEAGUE,
    HEAD,
    HX,
    SALES,
    SPECIALIST,
    ask,
    desks,
    every,
    id_of,
    lend_watched,
)
from tests.features.office import Office, one_channel

SECOND = "X001"
"""The account of a second archivist, CY010, where a test needs one."""


ABOVE = "X002"
"""The account of the manager above the head of the department, CY013, likewise."""


def failures(office: Office) -> int:
    return office.look(lambda unit: len(inbox.failed(unit.session)))


def visited(office: Office, until: date) -> Loan:
    """Put an approved loan for somebody from outside on record, due on the 18th."""
    pack = load_pack("corporate-archive")
    works_under(office, loan=pack.loan, approval=pack.approval)

    def visitor(unit: Unit) -> int:
        return outsiders.add(
            unit,
            sponsor=SALES,
            kind="external",
            name="周明",
            organisation="明德会计师事务所",
            credential="letter",
            issuer="明德会计师事务所",
            number="第2026-018号",
            valid_to=until,
        )

    outsider_id = office.change(visitor)
    day = date(2026, 9, 18)
    given = {"for_whom": "external", "place": "company_only", "wanted_until": day}
    return put(office, outsider_id=outsider_id, **given)


@one_channel
@pytest.mark.rule("S1-15.7.2", "C-05")
class TestGivenALetterOfSomebodyOutside:
    async def test_when_it_ends_before_the_papers_are_back_then_they_stay(
        self, office: Office
    ) -> None:
        held = visited(office, date(2026, 9, 17))
        shown = await office[ARCHIVE].press(f"f.handout.ready.{held.id}")
        assert "证件有效期只到9月17日 周四（S1-15.7.2）" in shown.text
        assert (now(office, held).state, steps(office, held)) == ("approved", ())

    async def test_when_it_ends_before_the_later_day_then_not_renewed(
        self, office: Office
    ) -> None:
        held = visited(office, date(2026, 9, 20))
        await hand_out(office, held)
        me = office[SALES]
        await me.press(f"f.renew.ask.{held.id}")
        await me.tap("一般续借")
        await me.say("9月21日")
        review = await me.say("审计尚未结束")
        assert "证件有效期只到9月20日 周日（S1-15.7.2）" in review.text
        assert "未能续借" in await me.tap("提交")
        assert str(now(office, held).due_on) == "2026-09-18"
        assert rows(office, "SELECT * FROM renewal") == []


@one_channel
class TestGivenARenewal:
    @pytest.mark.rule("C-19", "S1-14.5b")
    async def test_when_asked_in_time_and_agreed_once_it_is_late_then_it_stands(
        self, office: Office
    ) -> None:
        desks(office)
        await lend_watched(office)
        await later(office, "09-17 20:00")
        await office[SALES].say("续借")
        await office[SALES].say("对账尚未完成")
        await office[SALES].tap("提交")
        await later(office, "09-18 10:00")
        assert "已逾期" in await office[SALES].see()
        await office[SPECIALIST].see()
        await office[SPECIALIST].tap("同意")
        assert "已续借" in (await office[SALES].see()).text
        assert str(every(office)[0].due_on) == "2026-09-20"
        await later(office, "09-19 10:00")
        assert "逾期" not in (await office[SALES].see()).text

    @pytest.mark.rule("S1-14.5c")
    async def test_when_it_is_overdue_then_there_is_none(self, office: Office) -> None:
        desks(office)
        held = await lend_watched(office)
        await later(office, "09-18 10:00")
        await office[SALES].see()
        assert "续借" not in (await office[SALES].press(f"f.loans.card.{held.id}")).labels
        assert "已逾期：请归还或说明原因" in await office[SALES].press(f"f.renew.ask.{held.id}")

    @pytest.mark.rule("C-19", "S1-14.9")
    async def test_when_a_part_is_back_then_the_rest_is_renewed(self, office: Office) -> None:
        held = await lent(office)
        me, archive = office[SALES], office[ARCHIVE]
        await me.press(f"f.return.part.{held.id}")
        await me.tap("只还部分")
        await me.say("2")
        await me.tap("确认清点")
        assert "续借" not in (await me.press(f"f.loans.card.{held.id}")).labels
        await archive.press(f"f.return.agree.{step(office, held).id}")
        await archive.tap("全部相符")
        await checked(office)
        await me.press(f"f.renew.ask.{held.id}")
        await me.say("余下一份尚未核完")
        await me.tap("提交")
        found = rows(office, "SELECT state, before, until FROM renewal")
        assert found == [("asked", "2026-09-17", "2026-09-20")]
        assert [one.state for one in items(office, held)] == ["out", "back"]
        await me.press(f"f.return.all.{held.id}")  # and brings it before that is decided
        await archive.press(f"f.return.agree.{step(office, held).id}")
        await archive.tap("全部相符")
        assert "已注销" in await checked(office)
        assert now(office, held).state == "discharged"
        assert failures(office) == 0


@one_channel
class TestGivenSomebodyWhoLeaves:
    @pytest.mark.rule("C-55")
    async def test_when_the_manager_leaves_during_a_request_then_the_next_above_decides(
        self, office: Office
    ) -> None:
        desks(office)
        account = office.account(ABOVE)
        office.change(lambda unit: accounts.bind(unit, office.channel, account, "CY013"))
        await ask(office)
        await office[HEAD].see()
        office.change(lambda unit: staff.deactivate(unit, HEAD))
        await later(office, "09-14 18:00")
        await later(office, "09-15 18:00")
        assert [one.state for one in every(office)] == ["asked"]
        assert "借-2026-0001" in await office[ABOVE].see()
        await office[ABOVE].tap("同意")
        await office[SPECIALIST].see()
        await office[SPECIALIST].tap("同意")
        assert [one.state for one in every(office)] == ["approved"]

    @pytest.mark.rule("S2-INFO.23.2")
    async def test_when_who_is_to_carry_the_papers_left_then_they_stay(
        self, office: Office
    ) -> None:
        desks(office)
        held = put(office, carrier=COLLEAGUE)
        office.change(lambda unit: staff.deactivate(unit, COLLEAGUE))
        shown = await office[ARCHIVE].press(f"f.handout.ready.{held.id}")
        assert "目前不能出借" in shown.text
        assert "已离职" in shown.text
        assert now(office, held).state == "approved"


class TestGivenTwoArchivists:
    @pytest.mark.rule("S1-14.9", "S3-LOG.2.3a")
    @pytest.mark.parametrize("office", ["narrow", "postgresql"], indirect=True)
    async def test_when_both_hand_the_same_out_at_once_then_one_count_is_kept(
        self, office: Office
    ) -> None:
        desks(office)

        def second(unit: Unit) -> None:
            person = staff.get(unit.session, "CY010")
            assert person is not None
            staff.save(unit, StaffRow("CY010", person.name, person.department, ("custodian",)))
            accounts.unbind(unit, office.channel, office.account(SECOND))
            accounts.bind(unit, office.channel, office.account(SECOND), "CY010")

        office.change(second)
        held = put(office)
        await asyncio.gather(
            *(
                office.hand_in(one, choice=f"f.handout.ready.{held.id}")
                for one in (ARCHIVE, SECOND)
            )
        )
        await office.settle()
        (one,) = steps(office, held)
        assert one.giver in (ARCHIVE, "CY010")
        assert now(office, held).state == "offered"
        assert len(audited(office, "loan.counted_out")) == 1
        assert (await office[SALES].see()).text.count("请当面清点，相符后点“收到”") == 1
        assert failures(office) == 0
        await office[SALES].press(f"f.handout.take.{one.id}")
        assert now(office, held).state == "lent"


@one_channel
@pytest.mark.rule("S1-02.5")
async def test_given_papers_that_are_out_when_the_label_is_replaced_then_they_come_back_under_it(
    office: Office,
) -> None:
    manages(office, "tenant")
    papers = id_of(office, HX)

    def keeps(unit: Unit) -> None:
        person = staff.get(unit.session, SUPERVISOR)
        assert person is not None
        roles = ("tenant_supervisor", "custodian")
        staff.save(unit, StaffRow(SUPERVISOR, person.name, person.department, roles))
        named = update(dossier).where(dossier.c.id == papers).values(type="tenant")
        unit.session.execute(named)

    office.change(keeps)
    held = put(office, pack="property", place="office_only")
    await hand_out(office, held)
    await office[CLERK].say(f"更新 {HX} 租户公司名称 鸿鑫国际贸易有限公司")
    await office[CLERK].tap("提交")
    assert "档案标牌须改为" in await office[SUPERVISOR].see()
    await later(office, "09-14 10:00")
    ((task,),) = rows(office, "SELECT id FROM label_task")
    await office[SUPERVISOR].press(f"f.label.done.{task}")
    assert now(office, held).state == "lent"
    await office[CLERK].press(f"f.return.all.{held.id}")
    await office[SUPERVISOR].press(f"f.return.agree.{step(office, held).id}")
    await office[SUPERVISOR].tap("全部相符")
    assert "已注销" in await checked(office)
    assert failures(office) == 0
