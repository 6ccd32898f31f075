"""The queue: joined while papers are out, offered to one after the other, left."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from bot import dispatch
from handlers.loans import loan_queue
from storage import loan_items, loan_lists, loans, staff
from storage import loan_queue as places
from storage.unit import Unit
from tests.features.council import audited
from tests.features.counter import checked, items, lent, step
from tests.features.desk import acting
from tests.features.diary import rows
from tests.features.keeping import later
from tests.features.lending import (
    ARCHIVE,
    COLLEAGUE,
    HEAD,
    HX,
    SALES,
    desks,
    id_of,
    label_of,
    lend_watched,
)
from tests.features.office import Office, one_channel

CLERK = "CY003"
"""Somebody else who may know of the dossier: the manager of customer service."""


def queue(office: Office) -> list[tuple[str, ...]]:
    return rows(office, "SELECT staff_id, state FROM loan_wait ORDER BY asked_at, id")


def back(office: Office) -> None:
    """Let everything that is lent of the dossier come back, as the return does."""

    def bring(unit: Unit) -> None:
        dossier_id = next(iter(_out(unit))).dossier_id
        for held in _out(unit):
            items = loan_items.of(unit, held.id)
            loan_items.count_back(
                unit,
                held.id,
                [loan_items.Counted(one.position, one.pages, one.copies, "back") for one in items],
            )
            loans.save(unit, held, replace(held, state="discharged"), unit.now)
        ctx = acting(office, unit, "CY009")
        loan_queue.freed(ctx, dossier_id)
        dispatch.close(ctx, office.app.world)

    office.change(bring)


def _out(unit: Unit) -> list[loans.Loan]:
    return list(loan_lists.every_out(unit))


async def waits(office: Office, who: str) -> None:
    await office[who].press(f"f.queue.join.{id_of(office, HX)}")


@pytest.mark.rule("S3-LOG.2.3a")
class TestGivenPapersAreOut:
    async def test_when_a_second_asks_then_lent_until_and_a_place_in_the_queue(
        self, office: Office
    ) -> None:
        desks(office)
        await lend_watched(office)
        await office[SALES].see()
        head = office[HEAD]
        await head.see()
        await head.say(f"/borrow {HX}")
        shown = await head.tap("借阅")
        if "排队等候" not in shown.labels:
            await head.tap(label_of(await head.say("对账单"), "原件"))
            await head.tap("完成")
            await head.tap("核对数据")
            shown = await head.say("客户来函核对三季度价格")
            assert "应还9月17日" in shown.text
            shown = await head.tap("提交")
        joined = await head.tap("排队等候")
        assert "您排第 1 位，归还后通知您" in joined.text
        assert "已借出，应还9月17日" in joined.text
        told = await office[SALES].see()
        assert "有同事排队等候，不能再续借" in told.text
        assert queue(office) == [(HEAD, "waiting")]
        await waits(office, HEAD)
        assert "您已在排队" in await head.press(f"f.queue.join.{id_of(office, HX)}")
        assert queue(office) == [(HEAD, "waiting")]
        await office[SALES].see()
        await waits(office, COLLEAGUE)
        assert "有同事排队等候" not in await office[SALES].see()
        listed = await head.say("/loans")
        assert "排第 1 位" in listed.text

    async def test_when_it_comes_back_then_offered_and_taken_or_passed_on(
        self, office: Office
    ) -> None:
        desks(office)
        await lend_watched(office)
        for one in (HEAD, COLLEAGUE):
            await waits(office, one)
            await office[one].see()
        back(office)
        await office.settle()
        offered = await office[HEAD].see()
        assert "深圳市鸿鑫贸易有限公司已归还，为您保留至9月15日 周二 24:00（北京时间）" in offered
        assert "已归还" not in await office[COLLEAGUE].see()
        assert queue(office) == [(HEAD, "offered"), (COLLEAGUE, "waiting")]
        begun = await office[HEAD].tap("申请借阅")
        assert "借阅" in begun.text

        await later(office, "09-16 00:00")
        await later(office, "09-16 08:30")
        assert queue(office) == [(HEAD, "expired"), (COLLEAGUE, "offered")]
        assert "保留期内未申请" in await office[HEAD].see()
        assert "已归还，为您保留至" in await office[COLLEAGUE].see()
        assert "该排队已失效" in await office[HEAD].tap("申请借阅")
        assert len(audited(office, "queue.offered")) == 2

    @one_channel
    async def test_when_the_first_does_not_need_it_then_the_next_is_asked(
        self, office: Office
    ) -> None:
        desks(office)
        await lend_watched(office)
        for one in (HEAD, COLLEAGUE):
            await waits(office, one)
        back(office)
        await office.settle()
        await office[HEAD].see()
        await office[HEAD].tap("不需要了")
        assert queue(office) == [(HEAD, "left"), (COLLEAGUE, "offered")]

    @one_channel
    async def test_when_a_part_comes_back_then_who_asked_for_that_part_gets_it(
        self, office: Office
    ) -> None:
        held = await lent(office)  # two papers
        first, second = (one.document_id for one in items(office, held))
        assert first is not None
        assert second is not None

        def wait(unit: Unit) -> None:
            for who, papers in ((HEAD, (second,)), (COLLEAGUE, ()), (CLERK, (first,))):
                places.join(unit, held.dossier_id, who, unit.now, papers)

        office.change(wait)
        await office[SALES].press(f"f.return.part.{held.id}")
        await office[SALES].tap("只还部分")
        await office[SALES].say("1")
        await office[SALES].tap("确认清点")
        await office[ARCHIVE].press(f"f.return.agree.{step(office, held).id}")
        await office[ARCHIVE].tap("全部相符")
        assert "其余仍在借" in await checked(office)
        assert dict(queue(office)) == {HEAD: "waiting", COLLEAGUE: "waiting", CLERK: "offered"}
        assert len(audited(office, "queue.offered")) == 1

    @one_channel
    async def test_when_who_waits_left_then_they_drop_out(self, office: Office) -> None:
        desks(office)
        await lend_watched(office)
        for one in (HEAD, COLLEAGUE):
            await waits(office, one)
        back(office)
        office.change(lambda unit: staff.deactivate(unit, HEAD))
        await office.app.scan(office.clock.now())
        await office.settle()
        assert queue(office) == [(HEAD, "left"), (COLLEAGUE, "offered")]

    @one_channel
    async def test_when_it_is_there_then_nobody_has_to_wait(self, office: Office) -> None:
        shown = await office[SALES].press(f"f.queue.join.{id_of(office, HX)}")
        assert "档案在库，可直接申请借阅" in shown
        assert queue(office) == []

    @one_channel
    async def test_when_the_place_is_not_theirs_then_nothing_happens(self, office: Office) -> None:
        desks(office)
        await lend_watched(office)
        await waits(office, HEAD)
        id_ = id_of(office, HX)
        (place,) = office.look(lambda unit: places.queue(unit.session, id_))
        for act in ("leave", "take", "open"):
            assert "该排队已失效" in await office[COLLEAGUE].press(f"f.queue.{act}.{place.id}")
        assert queue(office) == [(HEAD, "waiting")]
