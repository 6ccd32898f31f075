"""Papers at the counter: counted out, taken or not, and what changed since the approval."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta

import pytest
from msgspec.structs import replace

from handlers.conversation.messages import FileKind
from handlers.loans import hand_out_lists
from rules.policies import Governed
from rules.policy import load_pack
from storage import attachments, documents, dossiers, loan_items, loan_queue, loans, staff
from storage.loans import Loan
from storage.tables import document
from storage.unit import Unit
from tests.features.council import audited
from tests.features.counter import (
    approved,
    counter,
    hand_out,
    items,
    lent,
    now,
    put,
    step,
    steps,
)
from tests.features.lending import ARCHIVE, COLLEAGUE, HEAD, HX, SALES, id_of
from tests.features.office import JPEG, Office, one_channel


@pytest.mark.rule("S1-14.9", "S2-INFO.19.5", "S2-DOSS.24.4", "S1-12.3.6")
async def test_when_both_have_counted_then_it_is_lent(office: Office) -> None:
    held = await approved(office)
    archive, me = office[ARCHIVE], office[SALES]
    await me.see()
    await archive.see()
    assert "待出借（1）" in (await archive.say("今日")).labels
    listed = await archive.press("f.handout.list")
    assert "借-2026-0001 张晓雯" in listed.labels
    shown = await archive.tap("借-2026-0001 张晓雯")
    assert "1. 三季度对账单 · 原件 · 3 页" in shown
    assert "请与张晓雯当面清点页数和份数（S1-14.9）" in shown
    shown = await archive.tap("与清单相符")
    assert "请张晓雯在自己的手机上确认收到" in shown
    assert now(office, held).state == "offered"

    card = await me.see()
    assert "请当面清点，相符后点“收到”。" in card
    assert "今日领取，应还9月17日 周四 24:00（北京时间）：第3天（S2-INFO.19.5）" in card
    assert "领取即确认：客户档案材料不得擅自带到公共场合" in card
    assert {"收到", "不符"} <= set(card.labels)
    assert now(office, held).lent_at is None
    shown = await me.tap("收到")
    assert "已借出：双方已当面清点，已记入《外借登记册》。" in shown
    assert shown.text.count("已借出") == 1, "the state stands in the line above already"
    assert "应还：9月17日 周四 24:00" in shown

    loan = now(office, held)
    assert (loan.state, loan.due_on, loan.first_due_on) == (
        "lent",
        date(2026, 9, 17),
        date(2026, 9, 17),
    )
    assert [one.state for one in items(office, held)] == ["out"]
    assert (step(office, held).giver, step(office, held).taker) == ("CY009", SALES)
    assert "已借出：双方已当面清点" in await archive.see()
    assert [one["staff_id"] for one in audited(office, "loan.lent")] == [SALES]
    assert "待出借（1）" not in (await archive.say("今日")).labels


@one_channel
class TestGivenACountAtTheCounter:
    async def test_when_tapped_twice_or_late_then_nothing_is_done_twice(
        self, office: Office
    ) -> None:
        held = await lent(office)
        one = step(office, held)
        for who in (SALES, ARCHIVE):
            for key in ("take", "decline"):
                shown = await office[who].press(f"f.handout.{key}.{one.id}")
                assert "已有结果，现状如下。" in shown
        shown = await office[ARCHIVE].press(f"f.handout.ready.{held.id}")
        assert "已有结果" in shown
        assert now(office, held).version == held.version
        assert len(steps(office, held)) == 1

    @pytest.mark.rule("S1-14.9")
    async def test_when_more_is_there_than_listed_then_asked_first_and_what_was_typed_stays(
        self, office: Office
    ) -> None:
        counter(office)
        held = put(office)
        archive = office[ARCHIVE]
        await archive.press(f"f.handout.differ.{held.id}")
        asked = await archive.say("1 15页")
        assert "多于申请和批准的数量" in asked
        no = await archive.tap("否")
        assert "请返回更正不符之处" in no
        assert now(office, held).state == "approved"
        review = await archive.tap("是")
        assert "多于申请：第 1 项" in review
        assert "15" in review.text
        await archive.tap("出借")
        assert now(office, held).state == "offered"
        assert items(office, held)[0].pages == 15

    async def test_when_less_is_there_than_listed_then_nothing_more_is_asked(
        self, office: Office
    ) -> None:
        counter(office)
        held = put(office)
        await office[ARCHIVE].press(f"f.handout.differ.{held.id}")
        assert "多于" not in await office[ARCHIVE].say("1 11页")

    async def test_when_both_tap_in_the_same_second_then_one_effect(self, office: Office) -> None:
        counter(office)
        held = put(office)
        await office[ARCHIVE].press(f"f.handout.ready.{held.id}")
        one = step(office, held)
        await asyncio.gather(
            office.hand_in(SALES, choice=f"f.handout.take.{one.id}"),
            office.hand_in(ARCHIVE, choice=f"f.handout.decline.{one.id}"),
        )
        await office.settle()
        state = now(office, held).state
        assert (state, step(office, held).state) in {("lent", "done"), ("approved", "refused")}

    @pytest.mark.rule("S1-07.3.3.2a")
    async def test_when_a_third_person_taps_then_nothing_happens(self, office: Office) -> None:
        counter(office)
        held = put(office)
        await office[ARCHIVE].press(f"f.handout.ready.{held.id}")
        one = step(office, held)
        for key in (f"take.{one.id}", f"decline.{one.id}", f"count.{held.id}", f"card.{held.id}"):
            shown = await office[COLLEAGUE].press(f"f.handout.{key}")
            assert "没有这次清点，或不需要您确认。" in shown
            assert "质量保证" not in shown
        assert "应由张晓雯确认" in await office[HEAD].press(f"f.handout.take.{one.id}")
        assert "没有这次清点" in await office[SALES].press(f"f.handout.ready.{held.id}x")
        assert now(office, held).state == "offered"
        assert len(audited(office, "loan.press_refused")) == 5

    async def test_when_it_is_not_so_then_the_papers_stay_with_the_word(
        self, office: Office
    ) -> None:
        counter(office)
        held = put(office)
        await office[ARCHIVE].press(f"f.handout.ready.{held.id}")
        await office[ARCHIVE].see()
        one = step(office, held)
        await office[SALES].press(f"f.handout.decline.{one.id}")
        shown = await office[SALES].say("第2份只有10页")
        assert "材料仍由档案保管人保管" in shown
        assert now(office, held).state == "approved"
        told = await office[ARCHIVE].see()
        assert "张晓雯表示不符：第2份只有10页" in told
        again = await office[ARCHIVE].press(f"f.handout.ready.{held.id}")
        assert "已清点" in again
        assert now(office, held).state == "offered"

    async def test_when_the_custodian_takes_it_back_then_it_waits_again(
        self, office: Office
    ) -> None:
        counter(office)
        held = put(office)
        await office[ARCHIVE].press(f"f.handout.ready.{held.id}")
        await office[ARCHIVE].press(f"f.handout.decline.{step(office, held).id}")
        assert now(office, held).state == "approved"
        assert step(office, held).state == "refused"
        assert "未借出" in await office[SALES].see()

    async def test_when_pages_differ_then_what_is_there_is_lent(self, office: Office) -> None:
        counter(office)
        held = put(office)
        archive = office[ARCHIVE]
        await archive.press(f"f.handout.differ.{held.id}")
        assert "没有待清点的第7项" in await archive.say("7 缺1页")
        assert "没有以序号开头" in await archive.say("合同少了")
        shown = await archive.say("2 10页; 1 2份")
        assert "10/11 页" in shown
        await archive.tap("补充")
        await archive.send((JPEG, FileKind.PHOTO, ""))
        await archive.tap("返回")
        await archive.tap("出借")
        one = step(office, held)
        assert [(line.pages, line.copies) for line in one.lines] == [(12, 2), (10, 1)]
        kept = office.look(lambda unit: attachments.of(unit, "custody", one.id))
        assert len(kept) == 1
        assert "2. 2025年度框架供货合同 · 原件 · 10 页" in await office[SALES].see()
        await office[SALES].press(f"f.handout.take.{one.id}")
        assert [one.pages for one in items(office, held)] == [12, 10]

    async def test_when_nothing_waits_then_it_is_said(self, office: Office) -> None:
        assert "没有待出借的档案。" in await office[ARCHIVE].say("待出借")
        assert "没有待出借的档案。" in await office[SALES].say("待出借")
        assert "没有待您确认的清点。" in await office[SALES].press("f.handout.waiting")

    async def test_when_another_desk_is_busy_then_it_hides_nothing(
        self, office: Office, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        counter(office)
        monkeypatch.setattr(hand_out_lists, "COUNTED", 1)
        put(office, ("质量保证协议",), pack="auto-dealer")
        mine = put(office, ("2025年度框架供货合同",))
        shown = await office[ARCHIVE].say("待出借")
        assert any(str(mine.number) in one for one in shown.labels)

    async def test_when_its_pack_is_listed_no_more_then_it_still_waits(
        self, office: Office
    ) -> None:
        counter(office)
        world = office.app.world
        former = (Governed((load_pack("property"),)),)
        policies = replace(world.policies, former=former)
        office.app.world = replace(world, policies=policies)
        held = put(office, ("质量保证协议",), pack="property")
        shown = await office[ARCHIVE].say("待出借")
        assert any(str(held.number) in one for one in shown.labels)

    async def test_when_something_waits_for_me_then_today_says_so(self, office: Office) -> None:
        counter(office)
        held = put(office)
        await office[ARCHIVE].press(f"f.handout.ready.{held.id}")
        await office[SALES].see()
        assert "待确认清点（1）" in (await office[SALES].say("今日")).labels
        await office[SALES].tap("待确认清点（1）")
        shown = await office[SALES].press(f"f.handout.card.{held.id}")
        assert "收到" in shown.labels

    async def test_when_restarted_in_between_then_it_goes_on(self, office: Office) -> None:
        counter(office)
        held = put(office)
        await office[ARCHIVE].press(f"f.handout.ready.{held.id}")
        await office.restart()
        await office[SALES].press(f"f.handout.take.{step(office, held).id}")
        assert now(office, held).state == "lent"


@one_channel
class TestGivenSomethingChangedSinceTheApproval:
    @pytest.mark.rule("C-54")
    async def test_when_it_was_withdrawn_a_second_ago_then_it_stays(self, office: Office) -> None:
        counter(office)
        held = put(office)
        await office[ARCHIVE].press(f"f.handout.ready.{held.id}")
        one = step(office, held)
        await office[SALES].press(f"f.borrow.withdraw.{held.id}")
        assert "已有结果" in await office[SALES].press(f"f.handout.take.{one.id}")
        assert "已有结果" in await office[ARCHIVE].press(f"f.handout.count.{held.id}")
        assert now(office, held).state == "withdrawn"
        assert step(office, held).state == "refused"

    @pytest.mark.rule("S3-LOG.2.3a")
    async def test_when_the_borrower_has_left_then_it_stays(self, office: Office) -> None:
        counter(office)
        held = put(office)
        office.change(lambda unit: staff.deactivate(unit, SALES))
        shown = await office[ARCHIVE].press(f"f.handout.ready.{held.id}")
        assert "目前不能出借：" in shown
        assert "张晓雯已离职。" in shown
        assert steps(office, held) == ()

    @pytest.mark.rule("S1-14.5b")
    async def test_when_another_loan_is_overdue_meanwhile_then_with_reasons(
        self, office: Office
    ) -> None:
        first = await lent(office, "质量保证协议")
        second = put(office, ("新仓库现场照片",))
        await office[ARCHIVE].press(f"f.handout.ready.{second.id}")
        one = step(office, second)
        office.clock.advance(office.clock.now() + timedelta(days=5))
        shown = await office[SALES].press(f"f.handout.take.{one.id}")
        assert "目前不能出借：" in shown
        assert first.number is not None
        assert first.number in shown
        assert now(office, second).state == "approved"
        assert step(office, second).state == "refused"
        assert "情况有变，目前不能出借。" in await office[ARCHIVE].see()
        shown = await office[ARCHIVE].press(f"f.handout.count.{second.id}")
        assert "目前不能出借：" in shown

    @pytest.mark.rule("C-56")
    async def test_when_the_grade_is_higher_by_now_then_the_approval_lapses(
        self, office: Office
    ) -> None:
        counter(office)
        held = put(office)

        def upgrade(unit: Unit) -> None:
            first = items_of(unit, held)[0].document_id
            unit.session.execute(
                document.update().where(document.c.id == first).values(grade="confidential")
            )

        office.change(upgrade)
        shown = await office[ARCHIVE].press(f"f.handout.ready.{held.id}")
        assert "原批准失效（C-56）" in shown
        assert now(office, held).state == "lapsed"
        assert "原批准失效（C-56）" in await office[SALES].see()

    async def test_when_a_paper_is_lost_meanwhile_then_it_stays(self, office: Office) -> None:
        counter(office)
        held = put(office)
        first = items(office, held)[0].document_id
        assert first is not None
        office.change(lambda unit: documents.take_off(unit, first, "lost"))
        shown = await office[ARCHIVE].press(f"f.handout.count.{held.id}")
        assert "有的资料已不在案。" in shown

    @pytest.mark.rule("C-54")
    async def test_when_it_was_not_fetched_in_time_then_it_lapses(self, office: Office) -> None:
        counter(office)
        held = put(office)

        def late(unit: Unit) -> None:
            loan = loans.get(unit, held.id)
            assert loan is not None
            loans.save(unit, loan, replace(loan, collect_by=unit.now), unit.now)

        office.change(late)
        assert "逾期未领取，已失效" in await office[ARCHIVE].press(f"f.handout.count.{held.id}")
        assert now(office, held).state == "lapsed"

    async def test_when_who_waited_first_takes_it_then_they_wait_no_more(
        self, office: Office
    ) -> None:
        counter(office)
        dossier_id = id_of(office, HX)

        def wait(unit: Unit) -> None:
            place = loan_queue.join(unit, dossier_id, SALES, unit.now)
            loan_queue.offer(unit, place.id, unit.now, unit.now + timedelta(days=1))

        office.change(wait)
        held = put(office)
        await hand_out(office, held)
        assert now(office, held).state == "lent"
        assert office.look(lambda unit: loan_queue.of_person(unit.session, SALES)) == ()


@one_channel
class TestGivenASecondPersonMustBePresent:
    async def deed(self, office: Office) -> Loan:
        counter(office)

        def mark(unit: Unit) -> None:
            dossier_id = dossiers.by_number(unit.session, HX)
            unit.session.execute(
                document.update()
                .where(document.c.dossier_id == dossier_id)
                .values(material="deed")
            )

        office.change(mark)
        return put(office)

    @pytest.mark.rule("S4-LOAN.5.2a")
    async def test_when_all_three_tap_then_it_is_lent(self, office: Office) -> None:
        held = await self.deed(office)
        archive = office[ARCHIVE]
        assert "请指明在场的第二人（S4-LOAN.5.2a）" in await archive.press(
            f"f.handout.ready.{held.id}"
        )
        assert "在场的第二人是谁" in await archive.press(f"f.handout.count.{held.id}")
        await archive.say("李志强")
        await archive.say("跳过")
        await archive.tap("出借")
        one = step(office, held)
        assert one.witness == COLLEAGUE
        assert "您是在场的第二人" in await office[COLLEAGUE].see()
        await office[SALES].press(f"f.handout.take.{one.id}")
        assert now(office, held).state == "offered"
        shown = await office[COLLEAGUE].press(f"f.handout.witness.{one.id}")
        assert "已借出" in shown
        assert now(office, held).state == "lent"

    @pytest.mark.rule("S4-LOAN.5.2a")
    async def test_when_it_is_one_of_the_two_then_refused(self, office: Office) -> None:
        held = await self.deed(office)
        archive = office[ARCHIVE]
        await archive.press(f"f.handout.count.{held.id}")
        await archive.say("张晓雯")
        await archive.say("跳过")
        assert "在场的第二人不能是交接双方" in await archive.tap("出借")
        assert steps(office, held) == ()


@one_channel
@pytest.mark.rule("S1-14.9")
async def test_when_the_custodian_borrows_then_somebody_else_hands_out(office: Office) -> None:
    counter(office)
    held = put(office, borrower=ARCHIVE)
    shown = await office[ARCHIVE].press(f"f.handout.ready.{held.id}")
    assert "不能自己与自己清点" in shown
    assert "已清点" in await office["X002"].press(f"f.handout.ready.{held.id}")
    await office[ARCHIVE].press(f"f.handout.take.{step(office, held).id}")
    assert now(office, held).state == "lent"


def items_of(unit: Unit, held: Loan) -> tuple[loan_items.LoanItem, ...]:
    return loan_items.of(unit, held.id)
