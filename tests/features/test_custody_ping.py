"""Papers are asked to be shown: a photo with the code of the day, kept in the chain of custody."""

from __future__ import annotations

import re

import pytest

from handlers.conversation.messages import FileKind
from storage import attachments, custody, staff
from storage.custody import Step
from storage.loans import Loan
from tests.features.council import audited
from tests.features.counter import lent, step, steps
from tests.features.keeping import later
from tests.features.lending import ARCHIVE, COLLEAGUE, HEAD, HX, SALES, id_of
from tests.features.office import JPEG, OGG, Office, one_channel
from tests.features.test_loans import regrade

PHOTO = (JPEG, FileKind.PHOTO, "cover.jpg")


async def asked(office: Office) -> Loan:
    """Have the archivist ask the borrower to show what is lent."""
    held = await lent(office)
    await office[ARCHIVE].press(f"f.custody.ping.{held.id}")
    return held


async def shows(office: Office, held: Loan) -> str:
    """Have the borrower show it; return the code that the form had."""
    me = office[SALES]
    shown = await me.press(f"f.custody.prove.{step(office, held).id}")
    code = re.search(r"校验码：(\d{4})", shown.text)
    assert code is not None
    await me.send(PHOTO)
    await me.tap("完成")
    return code[1]


def ping(office: Office, held: Loan) -> Step:
    return next(one for one in steps(office, held) if one.kind == "ping")


@pytest.mark.rule("S1-15.5.3", "S3-LOG.2.3a")
async def test_when_asked_then_shown_by_a_photo_and_it_stands_in_the_chain(office: Office) -> None:
    held = await lent(office)
    me, archive = office[SALES], office[ARCHIVE]
    card = await archive.press(f"f.loans.card.{held.id}")
    assert "请其出示" in card.labels
    shown = await archive.tap("请其出示")
    assert "已请张晓雯拍照出示资料。" in shown
    assert "请其出示" not in shown.labels

    told = await me.see()
    assert "单志远请您出示在手资料" in told
    assert "S1-15.5.3" in told.text
    assert "单志远请张晓雯出示，截止9月15日 周二 24:00（北京时间）" in told
    form = await me.tap("拍照出示")
    code = re.search(r"9月14日 周一校验码：(\d{4})", form.text)
    assert code is not None
    assert "请拍资料封面和校验码" in form
    await me.send(PHOTO)
    done = await me.tap("完成")
    assert "已出示，并已通知单志远；已记入流转记录。" in done

    seen = await archive.see()
    assert f"张晓雯已出示资料。请核对：照片上的校验码应为 {code[1]}。" in seen
    assert "张晓雯出示在手" in seen
    photo = await archive.tap("照片")
    assert f"出示。照片上的校验码应为 {code[1]}。" in photo
    chain = await archive.press(f"f.custody.chain.{id_of(office, HX)}")
    assert "张晓雯出示在手" in chain
    assert "最近见证：单志远" in chain
    proof = ping(office, held)
    assert (proof.state, proof.giver, proof.taker) == ("done", SALES, ARCHIVE)
    kept = office.look(lambda unit: attachments.of(unit, "custody", proof.id))
    assert [one.state for one in kept] == ["kept"]
    assert [one["staff_id"] for one in audited(office, "loan.proof_given")] == [SALES]


@one_channel
class TestGivenAnAsk:
    async def test_then_it_cannot_be_repeated_on_the_same_day(self, office: Office) -> None:
        held = await asked(office)
        again = await office[ARCHIVE].press(f"f.custody.ping.{held.id}")
        assert "今天已要求张晓雯出示，明天可再次要求。" in again
        assert "今天已要求" in await office[HEAD].press(f"f.custody.ping.{held.id}")
        await shows(office, held)
        assert "今天已要求" in await office[ARCHIVE].press(f"f.custody.ping.{held.id}")
        assert len(audited(office, "loan.proof_asked")) == 1
        await later(office, "09-15 09:00")
        assert "已请张晓雯拍照出示" in await office[ARCHIVE].press(f"f.custody.ping.{held.id}")

    async def test_when_two_ask_in_the_same_second_then_one_is_told(self, office: Office) -> None:
        held = await lent(office)
        for one in (ARCHIVE, HEAD):
            await office.hand_in(one, choice=f"f.custody.ping.{held.id}")
        await office.settle()
        assert len([one for one in steps(office, held) if one.kind == "ping"]) == 1
        assert (await office[SALES].see()).text.count("请您出示在手资料") == 1

    @pytest.mark.rule("S1-15.5.3")
    async def test_when_nobody_answers_then_it_runs_out_and_both_hear(
        self, office: Office
    ) -> None:
        held = await asked(office)
        one = step(office, held)
        await office[SALES].see()
        await office[ARCHIVE].see()
        await later(office, "09-15 23:59")
        assert "未出示" not in await office[ARCHIVE].see()
        await later(office, "09-16 08:01")
        told = await office[ARCHIVE].see()
        assert "资料未出示" in told
        assert "张晓雯未按时出示" in told
        assert "上报事故" in told.labels
        assert "资料未按时出示，已告知单志远。" in await office[SALES].see()
        assert ping(office, held).state == "lapsed"
        late = await office[SALES].press(f"f.custody.prove.{one.id}")
        assert "该要求已处理或已过期" in late
        chain = await office[ARCHIVE].press(f"f.custody.chain.{id_of(office, HX)}")
        assert "单志远请张晓雯出示，未出示" in chain
        await later(office, "09-17 08:01")
        assert "资料未出示" not in await office[ARCHIVE].see()
        assert len(audited(office, "loan.proof_missed")) == 1

    async def test_when_answered_between_midnight_and_the_notice_then_it_is_too_late(
        self, office: Office
    ) -> None:
        held = await asked(office)
        await later(office, "09-16 00:10")
        shown = await office[SALES].press(f"f.custody.prove.{step(office, held).id}")
        assert "该要求已处理或已过期" in shown

    async def test_when_the_day_changes_then_so_does_the_code(self, office: Office) -> None:
        held = await asked(office)
        me, one = office[SALES], step(office, held)
        form = await me.press(f"f.custody.prove.{one.id}")
        before = re.search(r"校验码：(\d{4})", form.text)
        await me.send(PHOTO)
        await later(office, "09-15 00:10")
        shown = await me.tap("完成")
        assert "已跨日，校验码已更换" in shown
        after = re.search(r"9月15日 周二校验码：(\d{4})", shown.text)
        assert before is not None
        assert after is not None
        assert before[1] != after[1]
        await me.send(PHOTO)
        assert "已出示" in await me.tap("完成")

    async def test_when_it_is_no_picture_then_a_photo_is_asked_for(self, office: Office) -> None:
        held = await asked(office)
        me = office[SALES]
        await me.press(f"f.custody.prove.{step(office, held).id}")
        await me.send((OGG, FileKind.VOICE, ""))
        shown = await me.tap("完成")
        assert "需要一张照片" in shown
        assert ping(office, held).state == "open"
        await me.send(PHOTO)
        assert "已出示" in await me.tap("完成")

    async def test_when_pressed_twice_then_shown_once(self, office: Office) -> None:
        held = await asked(office)
        await shows(office, held)
        again = await office[SALES].press(f"f.custody.prove.{ping(office, held).id}")
        assert "该要求已处理或已过期" in again
        assert len(audited(office, "loan.proof_given")) == 1

    async def test_when_it_comes_back_meanwhile_then_nothing_is_asked_any_more(
        self, office: Office
    ) -> None:
        held = await asked(office)
        await office[SALES].press(f"f.return.all.{held.id}")
        assert ping(office, held).state == "refused"
        await later(office, "09-16 09:00")
        assert "资料未出示" not in await office[ARCHIVE].see()

    async def test_when_restarted_in_the_middle_then_it_goes_on(self, office: Office) -> None:
        held = await asked(office)
        await office[SALES].press(f"f.custody.prove.{step(office, held).id}")
        await office.restart()
        await office[SALES].send(PHOTO)
        assert "已出示" in await office[SALES].tap("完成")

    async def test_when_who_asked_left_then_it_runs_out_all_the_same(self, office: Office) -> None:
        held = await lent(office)
        await office[HEAD].press(f"f.custody.ping.{held.id}")
        office.change(lambda unit: staff.deactivate(unit, HEAD))
        await later(office, "09-16 09:00")
        assert ping(office, held).state == "lapsed"


@one_channel
class TestGivenWhoMayAsk:
    @pytest.mark.rule("S1-07.3.3.2a")
    async def test_when_a_stranger_to_the_loan_asks_then_nothing_is_learned(
        self, office: Office
    ) -> None:
        held = await asked(office)
        one = step(office, held)
        for key in (f"ping.{held.id}", f"prove.{one.id}", f"proof.{one.id}", "prove.1", "ping.7"):
            shown = await office[COLLEAGUE].press(f"f.custody.{key}")
            assert "鸿鑫" not in shown
            assert "张晓雯" not in shown
        assert audited(office, "loan.press_refused")

    async def test_when_who_has_the_papers_asks_then_refused(self, office: Office) -> None:
        held = await lent(office)
        shown = await office[SALES].press(f"f.custody.ping.{held.id}")
        assert "持有人本人不能" in shown
        assert "请其出示" not in await office[SALES].press(f"f.loans.card.{held.id}")

    async def test_when_nothing_is_lent_then_so_it_says(self, office: Office) -> None:
        held = await lent(office)
        await office[SALES].press(f"f.return.all.{held.id}")
        shown = await office[ARCHIVE].press(f"f.custody.ping.{held.id}")
        assert "只有在借的资料可以要求出示" in shown

    async def test_when_somebody_else_shows_then_it_is_for_the_holder(
        self, office: Office
    ) -> None:
        held = await asked(office)
        shown = await office[HEAD].press(f"f.custody.prove.{step(office, held).id}")
        assert "应由张晓雯确认" in shown

    @pytest.mark.rule("C-01")
    async def test_when_the_chat_may_not_show_it_then_the_photo_stays_away(
        self, office: Office
    ) -> None:
        held = await asked(office)
        await shows(office, held)
        regrade(office, "none", "top_secret")
        shown = await office[ARCHIVE].press(f"f.custody.proof.{ping(office, held).id}")
        assert shown.files == 0
        assert "照片不在本聊天中显示" in shown

    async def test_then_the_whereabouts_have_the_button(self, office: Office) -> None:
        held = await lent(office)
        await office[ARCHIVE].press(f"f.custody.chain.{id_of(office, HX)}")
        await office[ARCHIVE].tap("请其出示")
        assert ping(office, held).state == "open"
        assert office.look(lambda unit: custody.waiting_for(unit, SALES))
        listed = await office[SALES].say("今日")
        assert "待确认清点（1）" in listed.labels
