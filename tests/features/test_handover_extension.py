"""More time for a handover: asked with a reason, decided by who may, the old reminders stop."""

from __future__ import annotations

from datetime import date

import pytest

from handlers.handovers import handover_open
from handlers.handovers.handover_open import Start
from storage import handover_extensions, staff
from storage.handovers import Handover
from storage.staff import StaffRow
from storage.unit import Unit
from tests.features.desk import acting
from tests.features.keeping import later
from tests.features.office import Office, Shown, one_channel
from tests.features.showroom import CHIEF, SELLER, last, leg, sells


def lends(office: Office) -> None:
    """Let the car departments be those of a loan company: A, B and who may allow more time."""
    sells(office, "loan-guarantee")

    def change(unit: Unit) -> None:
        for row in (
            StaffRow("CY033", "董思敏", "汽车销售部", ("pm_a",), "CY032"),
            StaffRow("CY034", "罗建军", "汽车售后部", ("authorised_approver",), "CY031"),
            StaffRow("CY036", "曹颖", "汽车售后部", ("pm_b",), "CY034"),
        ):
            staff.save(unit, row)

    office.change(change)


def paid_out(office: Office) -> Handover:
    """Let a loan have been paid out today, A and B named."""

    def start(unit: Unit) -> Handover:
        ctx = acting(office, unit, "CY033")
        policy = ctx.in_force.governing("汽车销售部")
        row = policy.handover_of("loan_file")
        assert row is not None
        subject = "鸿达置业 200万"
        new = Start(policy.pack, row, ctx.person, subject, subject, ctx.today, second="CY036")
        return handover_open.open_(ctx, new)

    return office.change(start)


async def ask(office: Office, held: Handover, day: str = "9月24日") -> Shown:
    me = office[SELLER]
    await me.press(f"f.late.ask.{held.id}")
    await me.say(day)
    return await me.say("等待登记机关出证")


@pytest.mark.rule("S4-LOAN.4.5b")
class TestGivenMoreTimeIsNeeded:
    async def test_when_allowed_then_the_new_day_counts_and_the_old_reminders_stop(
        self, office: Office
    ) -> None:
        lends(office)
        held = paid_out(office)
        assert leg(office, held).due_on == date(2026, 9, 17)
        review = await ask(office, held)
        assert "罗建军" in review
        await office[SELLER].tap("提交")
        case = await office[CHIEF].see()
        assert "等待登记机关出证" in case
        assert leg(office, held).due_on == date(2026, 9, 17)
        await office[CHIEF].tap("同意")
        assert leg(office, held).due_on == date(2026, 9, 24)
        assert "9月24日" in await office[SELLER].see()
        await later(office, "09-18 10:00")
        assert "移交已逾期" not in await office[SELLER].see()
        (one,) = office.look(lambda unit: handover_extensions.of(unit, held.id))
        assert (one.state, one.before) == ("granted", date(2026, 9, 17))

    async def test_when_refused_then_the_old_day_stands(self, office: Office) -> None:
        lends(office)
        held = paid_out(office)
        await ask(office, held)
        await office[SELLER].tap("提交")
        await office[CHIEF].see()
        await office[CHIEF].tap("拒绝")
        await office[CHIEF].tap("时机不合适")
        assert leg(office, held).due_on == date(2026, 9, 17)
        (one,) = office.look(lambda unit: handover_extensions.of(unit, held.id))
        assert one.state == "refused"

    @one_channel
    async def test_when_asked_twice_then_the_first_stands(self, office: Office) -> None:
        lends(office)
        held = paid_out(office)
        await ask(office, held)
        await office[SELLER].tap("提交")
        said = await office[SELLER].press(f"f.late.ask.{held.id}")
        assert "已申请延期" in said

    @one_channel
    async def test_when_the_day_is_not_later_then_it_is_asked_again(self, office: Office) -> None:
        lends(office)
        held = paid_out(office)
        me = office[SELLER]
        await me.press(f"f.late.ask.{held.id}")
        assert "请填写晚于" in await me.say("9月17日")

    @one_channel
    async def test_of_somebody_else_nothing_is_asked(self, office: Office) -> None:
        lends(office)
        held = paid_out(office)
        said = await office["CY015"].press(f"f.late.ask.{held.id}")
        assert held.subject not in said
        assert "没有这项移交" in said


@one_channel
async def test_where_nobody_may_allow_it_it_is_said(office: Office) -> None:
    sells(office)
    await office[SELLER].say("已交车 沪A12345 王某")
    await office[SELLER].tap("登记计时")
    said = await office[SELLER].press(f"f.late.ask.{last(office).id}")
    assert "未规定可以延期移交" in said
