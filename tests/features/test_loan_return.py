"""What comes back: listed and counted on the same list, whole, in part, short or disputed."""

from __future__ import annotations

import asyncio

import pytest
from msgspec.structs import replace

from handlers.conversation.messages import FileKind
from rules.lending import ReturnCheck
from rules.policy import load_pack
from storage import attachments, staff
from storage.loans import Loan
from tests.features.council import audited
from tests.features.counter import (
    ABOVE,
    checked,
    counter,
    hand_out,
    items,
    lent,
    now,
    put,
    step,
    steps,
)
from tests.features.desk import under
from tests.features.keeping import later
from tests.features.lending import (
    ARCHIVE,
    COLLEAGUE,
    HEAD,
    SALES,
    agree,
    begin,
    every,
    finish,
)
from tests.features.office import JPEG, Office, one_channel
from tests.features.test_leavers import leaves


@pytest.mark.rule("S1-14.9", "S1-15.7.5", "S2-INFO.20", "S1-12.3.6", "S1-12.1.2")
@pytest.mark.rule("S2-DOSS.28.5", "S3-LOG.3.4")
async def test_when_everything_is_back_and_counted_then_it_is_discharged(office: Office) -> None:
    held = await lent(office)
    me, archive = office[SALES], office[ARCHIVE]
    shown = await me.say("/return")
    assert "1. 质量保证协议：12 页 · 2 份 · 待清点" in shown
    assert "齐全" not in shown
    assert "档案保管人与您当面清点（S2-INFO.20）" in shown
    shown = await me.tap("全部归还")
    assert "请将材料交回，由单志远与您当面清点。" in shown
    assert now(office, held).state == "returning"
    told = await archive.see()
    assert "有材料归还，请当面清点。" in told
    assert "1. 质量保证协议：12 页 · 2 份 · 待清点" in told
    await archive.tap("清点无误")
    await archive.tap("全部相符")
    await archive.tap("是")
    review = await archive.tap("是")
    assert "2. 2025年度框架供货合同：齐全" in review
    shown = await archive.tap("确认清点")
    assert "已注销：全部归还，双方已当面清点（S2-INFO.20）。请立即归档入位并核实。" in shown
    loan = now(office, held)
    assert (loan.state, loan.open) == ("discharged", False)
    assert [one.state for one in items(office, held)] == ["back", "back"]
    assert step(office, held).checks == ("completeness", "damage")
    assert "已注销：全部归还" in await me.see()
    (entry,) = audited(office, "loan.returned")
    assert (entry["rule"], entry["staff_id"]) == ("S2-INFO.20", ARCHIVE)
    assert (step(office, held).taker, step(office, held).confirmed_at) == (ARCHIVE, loan.closed_at)


@one_channel
class TestGivenTheArchiveCountsFirst:
    async def test_when_the_borrower_confirms_then_it_is_discharged(self, office: Office) -> None:
        held = await lent(office)
        assert held.number is not None
        await office[ARCHIVE].say(f"/return {held.number}")
        await office[ARCHIVE].tap("全部相符")
        assert "请张晓雯在自己的手机上确认" in await checked(office)
        assert "档案保管人已清点您归还的材料，请确认清单。" in await office[SALES].see()
        shown = await office[SALES].press(f"f.return.agree.{step(office, held).id}")
        assert "已注销" in shown
        assert now(office, held).state == "discharged"

    @pytest.mark.rule("S1-10.7", "S1-15.7.5")
    async def test_when_a_check_fails_then_the_line_has_to_be_named(self, office: Office) -> None:
        held = await lent(office)
        archive = office[ARCHIVE]
        await archive.press(f"f.return.count.{held.id}")
        await archive.tap("全部相符")
        await archive.tap("是")
        assert "请指明哪一项与借出时不同" in await archive.tap("否")
        assert now(office, held).state == "lent"

    async def test_when_the_archive_corrects_the_list_then_it_is_confirmed_anew(
        self, office: Office
    ) -> None:
        held = await lent(office)
        await office[SALES].press(f"f.return.all.{held.id}")
        first = step(office, held)
        await office[ARCHIVE].press(f"f.return.agree.{first.id}")
        await office[ARCHIVE].tap("有出入")
        await office[ARCHIVE].say("2 10页")
        assert "请张晓雯再确认一次" in await checked(office)
        assert now(office, held).state == "returning"
        assert "2. 2025年度框架供货合同：10/11 页" in await office[SALES].see()
        assert "已有结果" in await office[SALES].press(f"f.return.agree.{first.id}")
        assert now(office, held).state == "returning"
        await office[SALES].press(f"f.return.agree.{step(office, held).id}")
        assert now(office, held).state == "short"


@one_channel
class TestGivenNotAllOfItComesBack:
    async def part(self, office: Office, words: str) -> None:
        await office[SALES].tap("只还部分")
        await office[SALES].say(words)
        await office[SALES].tap("确认清点")

    async def test_when_a_part_is_back_then_the_rest_stays_lent_as_before(
        self, office: Office
    ) -> None:
        held = await lent(office)
        await office[SALES].press(f"f.return.part.{held.id}")
        await self.part(office, "2")
        await office[ARCHIVE].press(f"f.return.agree.{step(office, held).id}")
        await office[ARCHIVE].tap("全部相符")
        shown = await checked(office)
        assert "其余仍在借，应还日不变" in shown
        after = now(office, held)
        assert (after.state, after.due_on) == ("lent", held.due_on)
        assert [one.state for one in items(office, held)] == ["out", "back"]
        await office[SALES].press(f"f.return.all.{held.id}")
        await office[ARCHIVE].press(f"f.return.agree.{step(office, held).id}")
        await office[ARCHIVE].tap("全部相符")
        assert "已注销" in await checked(office)

    @pytest.mark.rule("S1-15.7.5", "S1-15.7.6", "S2-DOSS.23b")
    async def test_when_a_page_is_missing_then_it_stays_open_and_is_reported(
        self, office: Office
    ) -> None:
        held = await lent(office)
        archive = office[ARCHIVE]
        await archive.press(f"f.return.count.{held.id}")
        await archive.tap("有出入")
        review = await archive.say("1 11页")
        await archive.tap("是")
        await archive.tap("是")
        review = await archive.tap("确认清点")
        assert "1. 质量保证协议：11/12 页" in review
        assert audited(office, "incident.reported") == []
        await office[SALES].press(f"f.return.agree.{step(office, held).id}")
        assert now(office, held).state == "short"
        assert [one.state for one in items(office, held)] == ["missing", "back"]
        told = await office[ABOVE].see()
        assert "缺 1 页" in told
        assert len(audited(office, "incident.reported")) == 1
        assert "资料不齐" in await archive.press(f"f.handout.card.{held.id}")
        # the page turns up
        await archive.press(f"f.return.count.{held.id}")
        assert "最多" not in await archive.tap("全部相符")
        await checked(office)
        await office[SALES].press(f"f.return.agree.{step(office, held).id}")
        assert now(office, held).state == "discharged"

    async def test_when_a_page_of_a_whole_dossier_is_missing_then_it_stays_open_too(
        self, office: Office
    ) -> None:
        counter(office)
        await begin(office)
        await office[SALES].tap("整卷")
        await finish(office)
        await agree(office)
        await office[ABOVE].see()
        await office[ABOVE].tap("同意")
        held = every(office)[-1]
        await hand_out(office, held)
        archive = office[ARCHIVE]
        await archive.press(f"f.return.count.{held.id}")
        await archive.tap("有出入")
        await archive.say("1 缺1页")
        await archive.tap("是")
        assert "1. 整卷：破损" in await archive.tap("是")
        await archive.tap("确认清点")
        await office[SALES].press(f"f.return.agree.{step(office, held).id}")
        assert now(office, held).state == "short"
        assert "缺1页" in await office[ABOVE].see()

    @pytest.mark.rule("S3-ENG.3.7", "S2-INFO.15", "S1-15.7.6")
    async def test_when_it_is_damaged_then_it_is_to_be_repaired(self, office: Office) -> None:
        held = await lent(office)
        archive = office[ARCHIVE]
        await archive.press(f"f.return.count.{held.id}")
        await archive.tap("有出入")
        await archive.say("2 破损 边角撕裂")
        await archive.tap("是")
        await archive.tap("否")
        await archive.tap("补充")
        await archive.send((JPEG, FileKind.PHOTO, ""))
        await archive.tap("返回")
        await archive.tap("确认清点")
        one = step(office, held)
        assert office.look(lambda unit: attachments.of(unit, "custody", one.id))
        await office[SALES].press(f"f.return.agree.{one.id}")
        assert now(office, held).state == "short"
        assert items(office, held)[1].note == "边角撕裂"
        told = await archive.see()
        assert "使用中破损：请及时修复（S3-ENG.3.7）" in told
        assert "归还清点" not in told.labels
        shown = await archive.press(f"f.return.mended.{held.id}")
        assert "已修复，借阅注销（S3-ENG.3.7）" in shown
        assert now(office, held).state == "discharged"
        assert "已有结果" in await archive.press(f"f.return.mended.{held.id}")

    @pytest.mark.rule("S1-15.7.6")
    async def test_when_it_is_damaged_then_nobody_is_recalled_at_night(
        self, office: Office
    ) -> None:
        held = await lent(office)
        await office[ARCHIVE].press(f"f.return.count.{held.id}")
        await office[ARCHIVE].tap("有出入")
        await office[ARCHIVE].say("2 破损")
        await checked(office)
        await office[SALES].press(f"f.return.agree.{step(office, held).id}")
        assert "已收到" in (await office[ABOVE].see()).labels
        await later(office, "09-15 08:59")
        assert "还没有您的确认" not in await office[ABOVE].see()
        await later(office, "09-15 09:00")
        assert "还没有您的确认，请点“已收到”" in await office[ABOVE].see()

    async def test_when_papers_are_missing_then_no_repair_closes_it(self, office: Office) -> None:
        held = await lent(office)
        await office[ARCHIVE].press(f"f.return.count.{held.id}")
        await office[ARCHIVE].tap("有出入")
        await office[ARCHIVE].say("1 缺")
        await checked(office)
        await office[SALES].press(f"f.return.agree.{step(office, held).id}")
        assert "仍有材料未还" in await office[ARCHIVE].press(f"f.return.mended.{held.id}")
        assert "没有这次清点" in await office[SALES].press(f"f.return.mended.{held.id}")
        assert now(office, held).state == "short"

    async def test_when_more_comes_than_was_lent_then_refused_with_what_to_do(
        self, office: Office
    ) -> None:
        held = await lent(office)
        await office[SALES].press(f"f.return.part.{held.id}")
        await office[SALES].tap("有出入")
        shown = await office[SALES].say("1 13页")
        assert "借出未还的只有12页、2份" in shown
        assert "多出的材料属于别处" in shown
        assert steps(office, held)[-1].kind == "hand_out"


@one_channel
class TestGivenOddTaps:
    async def test_when_it_was_never_lent_then_it_is_said(self, office: Office) -> None:
        counter(office)
        held = put(office)
        shown = await office[SALES].say("归还")
        assert "您没有借出未还的档案。" in shown
        assert {"我的借阅", "今日"} <= set(shown.labels)
        assert "尚未借出，无需归还。" in await office[SALES].press(f"f.return.bring.{held.id}")
        assert "没有这次清点" in await office[SALES].press("f.return.bring.123")
        assert now(office, held).state == "approved"

    async def test_when_tapped_twice_on_the_same_day_then_harmless(self, office: Office) -> None:
        held = await lent(office)
        for _ in range(2):
            await office[SALES].press(f"f.return.all.{held.id}")
        assert len(steps(office, held)) == 2
        await office[ARCHIVE].press(f"f.return.agree.{step(office, held).id}")
        await office[ARCHIVE].tap("全部相符")
        await checked(office)
        shown = await office[SALES].press(f"f.return.all.{held.id}")
        assert "全部归还。" in shown
        for key in ("agree", "dispute", "retract"):
            shown = await office[SALES].press(f"f.return.{key}.{step(office, held).id}")
            assert "已有结果" in shown
        assert now(office, held).state == "discharged"

    async def test_when_both_confirm_in_the_same_second_then_once(self, office: Office) -> None:
        held = await lent(office)
        await office[ARCHIVE].press(f"f.return.count.{held.id}")
        await office[ARCHIVE].tap("全部相符")
        await checked(office)
        one = step(office, held)
        await asyncio.gather(
            office.hand_in(SALES, choice=f"f.return.agree.{one.id}"),
            office.hand_in(SALES, choice=f"f.return.agree.{one.id}"),
            office.hand_in(ARCHIVE, choice=f"f.return.retract.{one.id}"),
        )
        await office.settle()
        state = (now(office, held).state, step(office, held).state)
        assert state in {("discharged", "done"), ("lent", "refused")}
        assert (
            len(audited(office, "loan.returned")) + len(audited(office, "loan.return_retracted"))
            == 1
        )

    @pytest.mark.rule("S1-07.3.3.2a")
    async def test_when_it_is_no_concern_of_theirs_then_refused(self, office: Office) -> None:
        held = await lent(office)
        await office[SALES].press(f"f.return.all.{held.id}")
        one = step(office, held)
        for key in (f"bring.{held.id}", f"count.{held.id}", f"pass.{held.id}", f"agree.{one.id}"):
            shown = await office[COLLEAGUE].press(f"f.return.{key}")
            assert "没有这次清点" in shown
        assert "应由单志远确认" in await office[HEAD].press(f"f.return.agree.{one.id}")
        assert now(office, held).state == "returning"

    async def test_when_listed_by_mistake_then_all_is_as_before(self, office: Office) -> None:
        held = await lent(office)
        await office[SALES].press(f"f.return.all.{held.id}")
        card = await office[SALES].press(f"f.handout.card.{held.id}")
        assert "撤回清点" in card.labels
        await office[SALES].press(f"f.return.retract.{step(office, held).id}")
        assert now(office, held).state == "lent"
        assert "已撤回" in await office[ARCHIVE].see()

    async def test_when_several_are_lent_then_they_are_listed(self, office: Office) -> None:
        first = await lent(office, "质量保证协议")
        second = put(office, ("新仓库现场照片",))
        await hand_out(office, second)
        shown = await office[SALES].say("/return")
        assert "归还哪一项？" in shown
        for one in (first, second):
            assert any(one.number in label for label in shown.labels)
        shown = await office[SALES].say("/return 没有的")
        assert "没有与“没有的”相符的借阅" in shown


@one_channel
class TestGivenTheyCountDifferently:
    async def disputed(self, office: Office) -> Loan:
        held = await lent(office)
        await office[ARCHIVE].press(f"f.return.count.{held.id}")
        await office[ARCHIVE].tap("有出入")
        await office[ARCHIVE].say("1 11页")
        await checked(office)
        await office[SALES].press(f"f.return.dispute.{step(office, held).id}")
        shown = await office[SALES].say("12页都在")
        assert "已请梁思源裁定" in shown
        assert now(office, held).state == "disputed"
        return held

    @pytest.mark.rule("S1-14.9")
    async def test_when_the_third_counts_then_that_stands(self, office: Office) -> None:
        held = await self.disputed(office)
        assert "张晓雯表示不符：12页都在" in await office[ARCHIVE].see()
        told = await office[ABOVE].see()
        assert "双方清点不一致，请您清点后裁定。" in told
        one = step(office, held)
        for who in (SALES, ARCHIVE):
            assert "由梁思源裁定" in await office[who].press(f"f.return.settle.{one.id}")
        await office[ABOVE].press(f"f.return.settle.{one.id}")
        await office[ABOVE].tap("有出入")
        await office[ABOVE].say("1 12页")
        shown = await checked(office, ABOVE)
        assert "已注销" in shown
        assert now(office, held).state == "discharged"
        assert step(office, held).witness == "CY005"
        assert "已有结果" in await office[ABOVE].press(f"f.return.settle.{one.id}")

    async def test_then_the_third_finds_it_among_what_waits_until_it_is_settled(
        self, office: Office
    ) -> None:
        held = await self.disputed(office)
        assert "待梁思源裁定" in await office[SALES].press(f"f.loans.card.{held.id}")
        shown = await office[ABOVE].say("今日")
        label = next(one for one in shown.labels if "待确认" in one)
        await office[ABOVE].tap(label)
        assert "裁定" in (await office[ABOVE].tap(f"{held.number} 张晓雯")).labels
        await office[ABOVE].tap("裁定")
        await office[ABOVE].tap("有出入")
        await office[ABOVE].say("1 12页")
        await checked(office, ABOVE)
        assert label not in (await office[ABOVE].say("今日")).labels

    @pytest.mark.rule("S1-14.9")
    async def test_when_the_borrower_asks_for_more_then_told_that_it_is_not_settled(
        self, office: Office
    ) -> None:
        held = await self.disputed(office)
        shown = await begin(office)
        assert f"{held.number} 归还时双方清点不一致，尚待裁定（S1-14.9）" in shown
        assert "缺失或损坏" not in shown

    async def test_when_the_third_finds_it_short_then_it_is_reported(self, office: Office) -> None:
        held = await self.disputed(office)
        await office[ABOVE].press(f"f.return.settle.{step(office, held).id}")
        await office[ABOVE].tap("全部相符")
        await checked(office, ABOVE)
        assert now(office, held).state == "short"
        assert len(audited(office, "incident.reported")) == 1


@one_channel
class TestGivenPapersArePassedOn:
    @pytest.mark.rule("S3-LOG.2.3a")
    async def test_when_all_three_tap_then_the_colleague_has_them(self, office: Office) -> None:
        held = await lent(office)
        me = office[SALES]
        await me.press(f"f.return.pass.{held.id}")
        shown = await me.say("李志强")
        assert "待李志强和档案保管人确认" in shown
        one = step(office, held)
        assert "同事拟将这些材料转交给您" in await office[COLLEAGUE].see()
        await office[COLLEAGUE].press(f"f.return.agree.{one.id}")
        assert step(office, held).state == "open"
        await office[ARCHIVE].press(f"f.return.agree.{one.id}")
        assert step(office, held).state == "done"
        after = now(office, held)
        assert (after.state, after.due_on, after.borrower) == ("lent", held.due_on, SALES)
        assert "现由李志强持有" in await me.press(f"f.handout.card.{held.id}")
        assert "材料在李志强手中" in await me.press(f"f.return.all.{held.id}")
        await office[COLLEAGUE].press(f"f.return.all.{held.id}")
        await office[ARCHIVE].press(f"f.return.agree.{step(office, held).id}")
        await office[ARCHIVE].tap("全部相符")
        await checked(office)
        assert now(office, held).state == "discharged"
        givers = [(one.giver, one.taker) for one in steps(office, held)]
        assert givers == [("CY009", SALES), (SALES, COLLEAGUE), (COLLEAGUE, "CY009")]

    async def test_when_the_archive_says_no_then_all_is_as_before(self, office: Office) -> None:
        held = await lent(office)
        await office[SALES].press(f"f.return.pass.{held.id}")
        await office[SALES].say("李志强")
        await office[ARCHIVE].press(f"f.return.dispute.{step(office, held).id}")
        await office[ARCHIVE].say("请先归还")
        assert step(office, held).state == "refused"
        assert now(office, held).state == "lent"
        assert "单志远表示不符：请先归还" in await office[SALES].see()

    async def test_when_it_is_oneself_then_not(self, office: Office) -> None:
        held = await lent(office)
        await office[SALES].press(f"f.return.pass.{held.id}")
        assert "不能选自己，请指定他人。" in await office[SALES].say("张晓雯")
        assert len(steps(office, held)) == 1


@one_channel
@pytest.mark.rule("S1-14.6", "S1-15.7.3")
async def test_when_nothing_may_be_passed_on_then_the_clause_and_the_way(office: Office) -> None:
    lending = load_pack("file-custody").loan
    assert lending is not None
    under(office, loan=replace(lending, return_checks=(ReturnCheck.DAMAGE,)))
    held = await lent(office)
    card = await office[SALES].press(f"f.handout.card.{held.id}")
    assert "转交" not in card.labels
    shown = await office[SALES].press(f"f.return.pass.{held.id}")
    assert "这些材料不得转借（S1-14.6）。请先归还，由同事另行申请借阅。" in shown
    assert "归还" in shown.labels
    assert audited(office, "loan.pass_refused")[0]["rule"] == "S1-14.6"
    assert len(steps(office, held)) == 1


@one_channel
@pytest.mark.rule("C-55")
async def test_when_the_borrower_has_left_then_the_superior_returns(office: Office) -> None:
    held = await lent(office)
    await leaves(office)
    told = await office[HEAD].see()
    assert "借出未还 1 项，由您代为归还" in told
    assert held.number is not None
    assert "质量保证协议：12 页 · 2 份 · 待清点" in await office[HEAD].tap(held.number)
    await office[HEAD].press(f"f.return.all.{held.id}")
    assert now(office, held).state == "returning"
    await office[ARCHIVE].press(f"f.return.agree.{step(office, held).id}")
    await office[ARCHIVE].tap("全部相符")
    await checked(office)
    assert now(office, held).state == "discharged"
    assert [one["staff_id"] for one in audited(office, "loan.confirmed_for_leaver")] == [HEAD]


@one_channel
@pytest.mark.rule("C-55")
async def test_when_the_archive_counts_for_a_leaver_then_the_superior_confirms(
    office: Office,
) -> None:
    held = await lent(office)
    office.change(lambda unit: staff.deactivate(unit, SALES))
    await office[ARCHIVE].press(f"f.return.count.{held.id}")
    await office[ARCHIVE].tap("全部相符")
    await checked(office)
    assert "请确认清单" in await office[HEAD].see()
    await office[HEAD].press(f"f.return.agree.{step(office, held).id}")
    assert now(office, held).state == "discharged"


@one_channel
@pytest.mark.rule("S3-ENG.3.5")
async def test_a_photocopy_and_its_original_are_each_counted(office: Office) -> None:
    counter(office)
    original = put(office)
    copy = put(office, kind="copy_loan", parent_id=original.id)
    for one in (original, copy):
        await hand_out(office, one)
        assert now(office, one).state == "lent"
    for one, state in ((copy, "lent"), (original, "discharged")):
        await office[SALES].press(f"f.return.all.{one.id}")
        await office[ARCHIVE].press(f"f.return.agree.{step(office, one).id}")
        await office[ARCHIVE].tap("全部相符")
        await checked(office)
        assert now(office, one).state == "discharged"
        assert now(office, original).state == state
