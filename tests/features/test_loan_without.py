"""Loans that go on without somebody: who left, who has no chat, an archive of another post."""

from __future__ import annotations

import pytest

from storage import accounts, staff
from storage.dossiers import by_number
from storage.loans import Loan
from storage.tables import document
from storage.tables import staff as staff_table
from storage.unit import Unit
from tests.features.council import audited
from tests.features.counter import (
    ABOVE,
    checked,
    counter,
    items,
    lent,
    now,
    put,
    step,
    steps,
)
from tests.features.diary import at, rows
from tests.features.estate import NUMBER, SUPERVISOR, manages
from tests.features.keeping import later
from tests.features.lending import (
    ARCHIVE,
    COLLEAGUE,
    HEAD,
    HX,
    SALES,
    desks,
    every,
    watch,
)
from tests.features.office import Office, one_channel
from tests.features.test_leavers import leaves

pytestmark = one_channel

UNHEARD = "CY008"
"""A colleague of the sample company who has no account."""
ELSEWHERE = "CY035"
"""One of another department, who knows nothing of the papers."""


async def disputed(office: Office) -> Loan:
    """Have a return that the archive and the borrower count differently."""
    held = await lent(office)
    await office[ARCHIVE].press(f"f.return.count.{held.id}")
    await office[ARCHIVE].tap("有出入")
    await office[ARCHIVE].say("1 11页")
    await checked(office)
    await office[SALES].press(f"f.return.dispute.{step(office, held).id}")
    await office[SALES].say("12页都在")
    return held


async def passed_on(office: Office) -> Loan:
    """Have papers passed on to the colleague, with the archive as the third."""
    held = await lent(office)
    await office[SALES].press(f"f.return.pass.{held.id}")
    await office[SALES].say("李志强")
    one = step(office, held)
    await office[COLLEAGUE].press(f"f.return.agree.{one.id}")
    await office[ARCHIVE].press(f"f.return.agree.{one.id}")
    for who in (SALES, COLLEAGUE):
        await office[who].see()
    return held


def deed(office: Office, **what: object) -> Loan:
    """Put an approved loan of title papers on record, which a second person has to see go out."""
    counter(office)

    def mark(unit: Unit) -> None:
        dossier_id = by_number(unit.session, HX)
        this = document.update().where(document.c.dossier_id == dossier_id)
        unit.session.execute(this.values(material="deed"))

    office.change(mark)
    return put(office, **what)


class TestGivenADispute:
    @pytest.mark.rule("S1-14.9", "C-55")
    async def test_when_who_was_to_settle_it_leaves_then_the_next_above_does(
        self, office: Office
    ) -> None:
        held = await disputed(office)
        assert step(office, held).witness == "CY005"
        await leaves(office, "CY005")
        account = office.account(ABOVE)
        office.change(lambda unit: accounts.bind(unit, office.channel, account, "CY004"))
        assert step(office, held).witness == "CY004"
        shown = await office[ABOVE].press(f"f.loans.card.{held.id}")
        assert "裁定" in shown.labels
        await office[ABOVE].press(f"f.return.settle.{step(office, held).id}")
        await office[ABOVE].tap("有出入")
        await office[ABOVE].say("1 12页")
        await checked(office, ABOVE)
        assert now(office, held).state == "discharged"
        assert [one["rule"] for one in audited(office, "loan.third_named")] == ["C-55"]


class TestGivenAnApprovalOfSomebodyWhoLeaves:
    @pytest.mark.rule("C-55")
    @pytest.mark.parametrize("counted_out", [False, True])
    async def test_then_it_is_over_and_the_papers_are_free(
        self, office: Office, counted_out: bool
    ) -> None:
        counter(office)
        held = put(office)
        if counted_out:
            await office[ARCHIVE].press(f"f.handout.ready.{held.id}")
        await office[ARCHIVE].see()
        await leaves(office)
        assert now(office, held).state == "lapsed"
        assert all(one.state != "open" for one in steps(office, held))
        assert "张晓雯已离职，申请终止，资料留在档案室（C-55）" in await office[ARCHIVE].see()

    @pytest.mark.rule("C-55", "S3-ENG.3.5")
    async def test_when_it_is_a_photocopy_then_its_original_is_free_too(
        self, office: Office
    ) -> None:
        counter(office)
        original = put(office)
        copy = put(office, kind="copy_loan", parent_id=original.id)
        await leaves(office)
        assert [now(office, one).state for one in (original, copy)] == ["lapsed", "lapsed"]


class TestGivenPapersOfSomebodyWhoTookThemOver:
    @pytest.mark.rule("C-55", "S1-14.9")
    async def test_when_they_leave_then_who_is_liable_gives_them_back(
        self, office: Office
    ) -> None:
        held = await passed_on(office)
        me = office[SALES]
        card = await me.press(f"f.loans.card.{held.id}")
        assert not {"归还", "转交"} & set(card.labels)
        await leaves(office, COLLEAGUE)
        assert "归还" in (await me.press(f"f.loans.card.{held.id}")).labels
        await me.press(f"f.return.all.{held.id}")
        await office[ARCHIVE].press(f"f.return.agree.{step(office, held).id}")
        await office[ARCHIVE].tap("全部相符")
        await checked(office)
        assert now(office, held).state == "discharged"
        last = step(office, held)
        assert (last.giver, last.taker) == (COLLEAGUE, "CY009")

    @pytest.mark.rule("C-55", "S1-14.9")
    async def test_when_the_archive_counts_then_who_is_liable_confirms(
        self, office: Office
    ) -> None:
        held = await passed_on(office)
        await leaves(office, COLLEAGUE)
        await office[ARCHIVE].press(f"f.return.count.{held.id}")
        await office[ARCHIVE].tap("全部相符")
        await checked(office)
        assert "请确认清单" in await office[SALES].see()
        await office[SALES].press(f"f.return.agree.{step(office, held).id}")
        assert now(office, held).state == "discharged"

    @pytest.mark.rule("S1-14.8", "S1-15.5.3")
    async def test_when_they_are_asked_back_then_both_hear(self, office: Office) -> None:
        held = await passed_on(office)
        await office[ARCHIVE].press(f"f.loans.recall.{held.id}")
        shown = await office[ARCHIVE].say("年度归档需要原件")
        assert "已催还，并已通知张晓雯、李志强。" in shown
        assert "单志远提前催还：年度归档需要原件" in await office[SALES].see()
        told = await office[COLLEAGUE].see()
        assert "单志远提前催还" in told
        assert "归还" in told.labels
        assert "续借" not in (await office[SALES].press(f"f.loans.card.{held.id}")).labels

    @pytest.mark.rule("S3-LOG.2.3a")
    async def test_then_the_colleague_finds_them_and_can_give_them_to_the_archive(
        self, office: Office
    ) -> None:
        held = await passed_on(office)
        me = office[COLLEAGUE]
        shown = await me.say("/loans")
        assert "转交您保管" in shown
        assert held.number is not None
        card = await me.tap(next(one for one in shown.labels if held.number in one))
        assert {"归还", "交还借阅人"} <= set(card.labels)
        assert "待清点" in await me.say("/return")
        await me.tap("全部归还")
        assert "交还借阅人" not in (await me.press(f"f.loans.card.{held.id}")).labels
        assert step(office, held).giver == COLLEAGUE

    @pytest.mark.rule("S3-LOG.2.3a")
    async def test_when_late_then_they_come_first(self, office: Office) -> None:
        held = await passed_on(office)
        await office.until(at("09-21 09:00"))
        await office[COLLEAGUE].see()
        shown = await office[COLLEAGUE].say("/loans")
        assert "逾期" in shown
        assert "转交您保管" not in shown
        assert held.number in shown.text

    @pytest.mark.rule("S3-LOG.2.3a")
    async def test_when_they_go_back_to_the_borrower_then_as_before(self, office: Office) -> None:
        held = await passed_on(office)
        shown = await office[COLLEAGUE].press(f"f.return.back.{held.id}")
        assert "待张晓雯和档案保管人确认" in shown
        one = step(office, held)
        assert "同事拟将这些材料转交给您" in await office[SALES].see()
        await office[SALES].press(f"f.return.agree.{one.id}")
        await office[ARCHIVE].press(f"f.return.agree.{one.id}")
        assert now(office, held).holder is None
        assert "转交您保管" not in await office[COLLEAGUE].say("/loans")
        assert "没有借出未还" in await office[COLLEAGUE].say("/return")
        assert "归还" in (await office[SALES].press(f"f.loans.card.{held.id}")).labels
        assert "材料" in await office[COLLEAGUE].press(f"f.return.back.{held.id}")
        assert len(steps(office, held)) == 2 + 1

    async def test_when_the_borrower_owes_other_papers_then_these_still_go_back(
        self, office: Office
    ) -> None:
        held = await passed_on(office)
        await office.until(at("09-21 09:00"))
        await office[COLLEAGUE].press(f"f.return.back.{held.id}")
        assert step(office, held).is_open("transfer")

    @pytest.mark.rule("C-55")
    async def test_when_the_colleague_leaves_then_their_superior_gives_them_back(
        self, office: Office
    ) -> None:
        held = await passed_on(office)
        this = staff_table.update().where(staff_table.c.id == COLLEAGUE)
        office.change(lambda unit: unit.session.execute(this.values(superior=ELSEWHERE)))
        assert "没有这次清点" in await office[ELSEWHERE].press(f"f.return.bring.{held.id}")
        await leaves(office, COLLEAGUE)
        told = await office[ELSEWHERE].see()
        assert "借出未还 1 项，由您代为归还" in told
        assert held.number is not None
        assert "待清点" in await office[ELSEWHERE].tap(held.number)
        await office[ELSEWHERE].tap("全部归还")
        assert now(office, held).state == "returning"


class TestGivenALeaversLoan:
    @pytest.mark.rule("C-55", "S1-14.8")
    async def test_when_it_is_asked_back_then_the_superior_hears(self, office: Office) -> None:
        held = await lent(office)
        await leaves(office)
        await office[HEAD].see()
        await office[ARCHIVE].press(f"f.loans.recall.{held.id}")
        assert "已通知王海峰" in await office[ARCHIVE].say("年度归档需要原件")
        assert "单志远提前催还：年度归档需要原件" in await office[HEAD].see()

    @pytest.mark.rule("C-55", "S1-15.5.3")
    async def test_when_it_is_overdue_then_the_superior_has_it_on_the_board(
        self, office: Office
    ) -> None:
        held = await lent(office)
        watch(office, held.id)
        await leaves(office)
        await later(office, "09-18 10:00")
        await office[HEAD].see()
        shown = await office[HEAD].say("逾期")
        assert f"{held.number} 张晓雯" in shown.labels
        assert "他人逾期未还（1）" in (await office[HEAD].say("今日")).labels


class TestGivenASecondPerson:
    @pytest.mark.rule("S4-LOAN.5.2a")
    async def test_when_they_have_no_chat_then_another_is_asked_for(self, office: Office) -> None:
        held = deed(office)
        archive = office[ARCHIVE]
        await archive.press(f"f.handout.count.{held.id}")
        await archive.say("曾佳佳")
        await archive.say("跳过")
        assert "曾佳佳没有聊天账号，无法确认，请另指一位在场人员。" in await archive.tap("出借")
        assert steps(office, held) == ()
        await archive.say("李志强")
        await archive.tap("出借")
        assert step(office, held).witness == COLLEAGUE

    @pytest.mark.rule("S4-LOAN.5.2a", "C-55")
    async def test_when_they_leave_before_they_confirm_then_it_is_counted_anew(
        self, office: Office
    ) -> None:
        held = deed(office)
        archive = office[ARCHIVE]
        await archive.press(f"f.handout.count.{held.id}")
        await archive.say("李志强")
        await archive.say("跳过")
        await archive.tap("出借")
        await office[SALES].press(f"f.handout.take.{step(office, held).id}")
        await leaves(office, COLLEAGUE)
        assert (now(office, held).state, step(office, held).state) == ("approved", "refused")
        told = "在场的第二人李志强已离职，请另请一人到场，重新清点出借（C-55）"
        for who in (ARCHIVE, SALES):
            assert told in await office[who].see()
        assert {one.state for one in items(office, held)} == {"asked"}


class TestGivenSomebodyWithoutAChat:
    @pytest.mark.rule("S1-14.5c")
    async def test_when_they_are_to_be_reminded_then_it_is_said_that_they_cannot(
        self, office: Office
    ) -> None:
        held = await lent(office)
        office.change(lambda unit: silenced(unit, SALES))
        shown = await office[ARCHIVE].press(f"f.loans.nudge.{held.id}")
        assert "张晓雯没有绑定聊天账号，请当面询问。" in shown
        assert rows(office, "SELECT * FROM notice WHERE rung LIKE 'nudge%'") == []
        assert audited(office, "loan.nudged") == []

    async def test_when_papers_are_to_be_passed_on_to_them_then_not(self, office: Office) -> None:
        held = await lent(office)
        await office[SALES].press(f"f.return.pass.{held.id}")
        shown = await office[SALES].say("曾佳佳")
        assert "曾佳佳没有聊天账号，无法确认，不能转交，请先归还。" in shown
        assert len(steps(office, held)) == 1


def silenced(unit: Unit, staff_id: str) -> None:
    """Let nobody reach a person any more."""
    for one in accounts.of_person(unit.session, staff_id):
        accounts.unbind(unit, one.channel, one.account)
    accounts.settle_home(unit, staff_id)


class TestGivenACopyToBeHandedOver:
    async def approved(self, office: Office, **what: object) -> Loan:
        desks(office)
        return put(office, ("质量保证协议",), kind="copy", **what)

    @pytest.mark.rule("C-55")
    async def test_when_who_asked_has_left_then_nothing_is_handed_over(
        self, office: Office
    ) -> None:
        held = await self.approved(office)
        office.change(lambda unit: staff.deactivate(unit, SALES))
        shown = await office[ARCHIVE].press(f"f.copies.done.{held.id}")
        assert "张晓雯已离职。" in shown
        assert now(office, held).state == "approved"
        assert len(audited(office, "loan.hand_out_refused")) == 1


@pytest.mark.rule("S1-02.7", "S1-15.5.3")
async def test_given_another_post_that_hands_out_then_the_board_is_theirs(office: Office) -> None:
    manages(office, "tenant")
    await office[SALES].say(f"/borrow {NUMBER}")
    await office[SALES].tap("借阅")
    await office[SALES].tap("核对数据")
    await office[SALES].say("核对租赁面积")
    await office[SALES].tap("提交")
    await office[HEAD].see()
    await office[HEAD].tap("同意")
    held = every(office)[-1]
    await office[SUPERVISOR].press(f"f.handout.ready.{held.id}")
    await office[SALES].press(f"f.handout.take.{step(office, held).id}")
    await later(office, "09-14 18:30")
    shown = await office[SUPERVISOR].say("逾期")
    assert "应还9月14日 周一，已逾期" in shown
    assert f"{held.number} 张晓雯" in shown.labels
    assert "他人逾期未还（1）" in (await office[SUPERVISOR].say("今日")).labels
