"""What overtakes what with a loan: one thing waits for somebody while another one happens."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from storage import grades, loans
from storage.loans import Loan
from storage.unit import Unit
from tests.features.council import audited
from tests.features.counter import (
    ABOVE,
    checked,
    hand_out,
    items,
    lent,
    now,
    put,
    step,
    steps,
)
from tests.features.diary import rows
from tests.features.keeping import later
from tests.features.lending import (
    ARCHIVE,
    COLLEAGUE,
    HEAD,
    HX,
    SALES,
    SPECIALIST,
    begin,
    id_of,
    label_of,
    said,
    watch,
)
from tests.features.office import Office, one_channel
from tests.features.test_loans import regrade

pytestmark = one_channel

QUALITY, FRAMEWORK = "质量保证协议", "2025年度框架供货合同"


async def counted_back(office: Office, held: Loan) -> str:
    """Let the archive count what was listed; returns what it reads then."""
    await office[ARCHIVE].press(f"f.return.agree.{step(office, held).id}")
    await office[ARCHIVE].tap("全部相符")
    return (await checked(office)).text


async def part_damaged(office: Office) -> Loan:
    """Have one of two papers come back damaged, while the other is lent on."""
    held = await lent(office)
    watch(office, held.id)
    await office[SALES].press(f"f.return.part.{held.id}")
    await office[SALES].tap("只还部分")
    await office[SALES].say("1 破损")
    await office[SALES].tap("确认清点")
    await counted_back(office, held)
    assert now(office, held).state == "short"
    assert [one.state for one in items(office, held)] == ["damaged", "out"]
    await office[SALES].see()
    return held


class TestGivenPapersToBePassedOn:
    async def passing(self, office: Office) -> tuple[Loan, int]:
        held = await lent(office)
        await office[SALES].press(f"f.return.pass.{held.id}")
        await office[SALES].say("李志强")
        await office[COLLEAGUE].see()
        return held, step(office, held).id

    @pytest.mark.rule("S3-LOG.2.3a", "S1-14.6")
    async def test_when_they_come_back_first_then_nobody_takes_them_over(
        self, office: Office
    ) -> None:
        held, passing = await self.passing(office)
        await office[SALES].press(f"f.return.all.{held.id}")
        assert "这些材料不再转交：归还清点。" in await office[COLLEAGUE].see()
        for who in (COLLEAGUE, ARCHIVE):
            assert "已有结果" in await office[who].press(f"f.return.agree.{passing}")
        assert "已注销" in await counted_back(office, held)
        found = [(one.kind, one.state) for one in steps(office, held)]
        assert found == [("hand_out", "done"), ("transfer", "refused"), ("return", "done")]

    @pytest.mark.rule("S3-LOG.2.3a", "S1-14.7")
    async def test_when_they_are_lost_first_then_nobody_takes_them_over(
        self, office: Office
    ) -> None:
        held, passing = await self.passing(office)
        await office[SALES].press(f"f.loans.lost.{held.id}")
        await office[SALES].say("丢在出租车上")
        await office[COLLEAGUE].press(f"f.return.agree.{passing}")
        assert (now(office, held).state, step(office, held).state) == ("lost", "refused")


class TestGivenARenewalThatNobodyHasDecided:
    @pytest.mark.rule("C-54")
    async def test_when_the_papers_come_back_then_it_is_taken_back(self, office: Office) -> None:
        held = await lent(office)
        await office[SALES].press(f"f.renew.ask.{held.id}")
        await office[SALES].say("尚未核完")
        await office[SALES].tap("提交")
        await office[SPECIALIST].see()
        await office[SALES].press(f"f.return.all.{held.id}")
        assert rows(office, "SELECT state FROM renewal") == [("asked",)]
        await counted_back(office, held)
        assert rows(office, "SELECT state FROM renewal") == [("refused",)]
        kinds = rows(office, "SELECT kind, state FROM approval_case")
        assert kinds == [("renew", "withdrawn")]
        await later(office, "09-15 18:00")
        assert "还在等您审批" not in (await office[SPECIALIST].see()).text


class TestGivenOneOfTwoPapersCameBackDamaged:
    @pytest.mark.rule("S1-14.5c", "S1-15.5.3", "S2-INFO.19.5")
    async def test_then_the_other_one_is_reminded_of_as_before(self, office: Office) -> None:
        held = await part_damaged(office)
        for day in ("09-16 10:00", "09-17 16:00"):
            await later(office, day)
        shown = await office[SALES].see()
        assert "应还9月17日 周四 24:00（北京时间）（第 3 次提醒" in shown.text
        assert "续借" not in shown.labels
        for day in ("09-18 10:00", "09-20 10:00", "09-21 10:00"):
            await later(office, day)
        assert "已逾期（第 1 次逾期通知" in (await office[SALES].see()).text
        heard = {one.split()[-1] for one, _, outcome in said(office) if outcome != "moot"}
        assert heard == {"borrower", "department_head", "cs_manager"}
        assert [one["rule"] for one in audited(office, "loan.overdue")] == ["S2-INFO.19.5"]
        assert len(rows(office, "SELECT * FROM breach")) >= 1
        nudged = await office[ARCHIVE].press(f"f.loans.nudge.{held.id}")
        assert "已催还张晓雯。" in nudged

    @pytest.mark.rule("S1-15.7.6")
    async def test_when_it_comes_back_whole_then_only_the_damage_is_left(
        self, office: Office
    ) -> None:
        held = await part_damaged(office)
        assert "核销" not in (await office[ABOVE].press(f"f.loans.card.{held.id}")).labels
        await office[SALES].press(f"f.return.all.{held.id}")
        await counted_back(office, held)
        assert now(office, held).state == "short"
        assert len(audited(office, "incident.reported")) == 1
        await later(office, "09-19 10:00")
        assert said(office) == []
        await office[ARCHIVE].press(f"f.return.mended.{held.id}")
        assert now(office, held).state == "discharged"
        told = await office[ABOVE].see()
        assert f"{held.number}的资料已归还并修好。请写结案报告。" in told


class TestGivenLostPapers:
    @pytest.mark.rule("S1-14.7", "S1-15.7.6")
    async def test_when_they_turn_up_then_all_who_heard_of_it_hear_that(
        self, office: Office
    ) -> None:
        held = await lent(office)
        await office[SALES].press(f"f.loans.lost.{held.id}")
        await office[SALES].say("丢在出租车上")
        await office[ABOVE].see()
        await office[SALES].press(f"f.return.all.{held.id}")
        await counted_back(office, held)
        told = await office[ABOVE].see()
        back = f"{held.number}的资料已全部归还，双方已当面清点。"
        assert f"{back}请写结案报告。" in told
        shown = await office[ABOVE].tap("查看")
        assert f"· {back}" in shown.text
        assert "结案" in shown.labels

    @pytest.mark.rule("S3-LOG.2.3a", "C-06")
    async def test_when_reported_as_an_incident_first_then_there_is_one_of_the_loan(
        self, office: Office
    ) -> None:
        held = await lent(office)
        me = office[SALES]
        await me.say("/incident")
        await me.tap("丢失")
        await me.say(HX)
        await me.say("合同找不到了")
        shown = await me.tap("上报")
        assert "最近交接：\n· 9月14日 周一 09:00 单志远 → 张晓雯" in shown.text
        assert f"{held.number}仍在您名下，应还日不变。" in shown
        assert "请打开该借阅并点“报失”" in shown
        assert "单志远 → 张晓雯" in await office[ABOVE].see()
        await me.tap("借阅")
        await me.press(f"f.loans.lost.{held.id}")
        assert "已报失（事-2026-0001）" in await me.say("最后在三楼会议室")
        assert now(office, held).state == "lost"
        assert len(rows(office, "SELECT id FROM incident")) == 1
        await office[ABOVE].press(f"f.loans.card.{held.id}")
        assert "最后在三楼会议室" in await office[ABOVE].tap("事-2026-0001")


class TestGivenAGradeThatEnds:
    @pytest.mark.rule("C-56", "S2-SECR.7")
    async def test_when_papers_are_lent_then_the_chat_shows_them_again(
        self, office: Office
    ) -> None:
        held = await lent(office)

        def graded(unit: Unit) -> None:
            one = loans.get(unit, held.id)
            assert one is not None
            loans.save(unit, one, replace(one, grade_at_lending="top_secret"), unit.now)
            grades.give(unit, one.dossier_id, "top_secret", None)

        office.change(graded)
        card = await office[SALES].press(f"f.loans.card.{held.id}")
        assert "（绝密）" in card
        assert QUALITY not in card.text
        regrade(office, "top_secret", "none")
        await office.settle()
        shown = await office[SALES].see()
        assert "（借出时为绝密）" in shown
        assert f"1. {QUALITY}" in shown.text
        assert now(office, held).grade_at_lending == "top_secret"


class TestGivenSomebodyWaitsForAnotherPaper:
    @pytest.mark.rule("S3-LOG.2.3a", "C-19")
    async def test_then_what_nobody_waits_for_is_renewed(self, office: Office) -> None:
        one = await lent(office, QUALITY)
        two = put(office, (FRAMEWORK,))
        await hand_out(office, two)
        await office[SALES].see()
        await begin(office, HEAD)
        await office[HEAD].tap(label_of(await office[HEAD].say("质量保证"), "原件"))
        await office[HEAD].press(f"f.queue.join.{id_of(office, HX)}")
        ((papers,),) = rows(office, "SELECT papers FROM loan_wait")
        assert papers
        told = await office[SALES].see()
        assert one.number is not None
        assert two.number is not None
        assert one.number in told.text
        assert two.number not in told.text
        assert "1 人排队等候" in await office[SALES].press(f"f.renew.ask.{one.id}")
        assert "为何需要续借" in await office[SALES].press(f"f.renew.ask.{two.id}")


class TestGivenPapersListedInTime:
    @pytest.mark.rule("S2-INFO.19.5", "S1-14.9")
    async def test_when_the_archive_counts_late_then_the_borrower_is_not_late(
        self, office: Office
    ) -> None:
        held = await lent(office)
        me = office[SALES]
        await me.press(f"f.return.all.{held.id}")
        await later(office, "09-18 10:00")
        await me.see()
        shown = await me.say("/loans")
        assert "逾期 1 天" not in shown.text
        assert f"{held.number}" in shown.text
        await me.press(f"f.borrow.new.{id_of(office, HX)}")
        await begin(office)
        await me.tap(label_of(await me.say("对账单"), "原件"))
        assert "请先归还" not in (await me.tap("完成")).text
        await counted_back(office, held)
        assert rows(office, "SELECT * FROM breach WHERE duty LIKE 'loan:%'") == []


class TestGivenAGradeThatRises:
    @pytest.mark.rule("C-56")
    async def test_when_papers_are_not_fetched_yet_then_nobody_comes_in_vain(
        self, office: Office
    ) -> None:
        held = await lent(office, QUALITY)
        waits = put(office, (FRAMEWORK,))
        await office[ARCHIVE].see()
        regrade(office, "none", "top_secret")
        await office.settle()
        assert (now(office, held).state, now(office, waits).state) == ("lent", "lapsed")
        for who in (SALES, ARCHIVE):
            shown = await office[who].see()
            assert "密级已高于批准时的密级，原批准失效（C-56）" in shown
            assert waits.number is not None
            assert waits.number in shown.text


class TestGivenACountThatIsNotSettled:
    @pytest.mark.rule("C-19")
    async def test_when_the_rest_is_to_be_renewed_then_it_says_what_comes_first(
        self, office: Office
    ) -> None:
        held = await part_damaged(office)
        shown = await office[SALES].press(f"f.renew.ask.{held.id}")
        assert "目前“资料不齐”，须先了结，不能续借" in shown
