"""A filed note: read, corrected, withdrawn, copied, with its files, on one phone or two."""

from __future__ import annotations

import pytest

from handlers.conversation.messages import FileKind
from tests.features.diary import (
    COLLEAGUE,
    HONGXIN,
    MANAGER,
    MOTINGS,
    SALES,
    at,
    ledger,
    note,
    plan,
    rows,
    state,
)
from tests.features.office import JPEG, Hands, Office, Shown

SERVICE, SECOND_PHONE = "CY035", "CY015-2"
NO_NOTE = "没有这条记录，或者您无权查看"
CHANGED = "没有覆盖任何内容"
PICTURE = (JPEG, FileKind.PHOTO, "门头.jpg")


def newest(office: Office) -> str:
    """Return the id of the note that was filed last."""
    ((id_,),) = rows(
        office,
        "SELECT CAST(id AS TEXT) FROM visit_note ORDER BY filed_at DESC, id DESC LIMIT 1",
    )
    return id_


def count(office: Office) -> int:
    ((found,),) = rows(office, "SELECT count(*) FROM visit_note")
    return int(found)


async def opened(office: Office, who: str = SALES) -> Shown:
    return await office[who].press(f"f.note.open.{newest(office)}")


async def correct(hands: Hands, field: str, words: str) -> Shown:
    """Open one field of the correction card and answer it anew."""
    await hands.tap(field)
    return await hands.say(words)


async def withdraw(office: Office) -> Shown:
    await opened(office)
    await office[SALES].tap("撤回")
    return await office[SALES].tap("撤回")


class TestGivenANoteJustFiled:
    @pytest.mark.rule("S1-07.2.3a")
    @pytest.mark.rule("S2-DOSS.3.3")
    async def test_when_the_card_comes_then_it_names_every_change(self, office: Office) -> None:
        shown = await note(office, words="看了货架 下周三回访")
        assert "已归档 访-2026-" in shown
        assert f"{HONGXIN} · 9月14日 周一 · 拜访" in shown
        assert "按时提交（期限 9月14日 周一 24:00，S2-DOSS.3.3）" in shown
        assert "对应的拜访计划已完成，不再提醒" in shown
        assert "已安排下次联系：9月23日 周三" in shown
        assert {"查看", "更正", "再记一条", "照此再写", "客户", "今日"} <= set(shown.labels)

    @pytest.mark.rule("S1-07.2.3a")
    async def test_when_viewed_then_it_says_on_time_by_which_clause(self, office: Office) -> None:
        me = office[SALES]
        await note(office)
        shown = await me.tap("查看")
        assert "看了货架" in shown
        assert "按时（S2-DOSS.3.3）" in shown
        clause = await me.tap("查看条款")
        assert "S2-DOSS.3.3" in clause.text
        assert len(clause.text) > 30

    @pytest.mark.rule("S1-07.2.3a")
    async def test_when_it_was_late_then_the_note_says_so_for_good(self, office: Office) -> None:
        me = office[SALES]
        await me.say(f"拜访 {HONGXIN} 今天 看了货架")
        await office.until(at("09-15 08:00"))
        shown = await me.tap("提交")
        assert "逾期" in shown
        assert "查看条款" in shown.labels
        assert "逾期（S2-DOSS.3.3）" in await me.tap("查看")
        await me.tap("更正")
        await correct(me, "经过", "看了货架和仓库")
        assert "逾期（S2-DOSS.3.3）" in await me.tap("提交")

    async def test_when_an_earlier_customer_has_a_colleague_then_they_are_told(
        self, office: Office
    ) -> None:
        await note(office, "深圳市鸿鑫贸易有限公司", "对了账")
        told = await office[COLLEAGUE].see()
        assert "张晓雯" in told
        assert "深圳市鸿＊＊有限公司" in told
        assert "访-2026-" in told
        assert "对了账" not in told
        assert "打开" not in told.labels


class TestGivenADoubleTap:
    async def test_when_submitted_twice_then_it_is_filed_once(self, office: Office) -> None:
        me = office[SALES]
        before = count(office)
        await me.say(f"拜访 {HONGXIN} 看了货架")
        key, ref = me.key_of("提交")
        await me.press(key, ref)
        shown = await me.press(key, ref)
        assert "没有重复提交" in shown
        await me.again()
        assert count(office) == before + 1


class TestGivenACorrection:
    @pytest.mark.rule("S3-LOG.2.3c")
    async def test_when_one_field_changes_then_the_old_text_is_in_the_history(
        self, office: Office
    ) -> None:
        me = office[SALES]
        await note(office)
        await me.tap("更正")
        await correct(me, "经过", "看了货架和仓库")
        shown = await me.tap("提交")
        assert "原文保留在历史记录中" in shown
        assert "看了货架和仓库" in shown
        assert "已更正 1 次" in shown
        shown = await me.tap("历史")
        assert "第 1 版" in shown
        assert shown.text.rstrip().endswith("9月14日 周一 · 看了货架")

    async def test_when_the_manager_had_read_it_then_it_is_unread_again(
        self, office: Office
    ) -> None:
        me, manager = office[SALES], office[MANAGER]
        await note(office)
        await opened(office, MANAGER)
        assert HONGXIN not in await manager.say("团队")
        await opened(office)
        await me.tap("更正")
        await correct(me, "经过", "看了货架和仓库")
        await me.tap("提交")
        shown = await manager.say("团队")
        assert any(HONGXIN in one for one in shown.labels)

    async def test_when_the_customer_changes_then_the_duties_follow(self, office: Office) -> None:
        me = office[SALES]
        await plan(office, MOTINGS, "今天")
        await note(office)
        assert state(office) == ["noted"]
        await opened(office)
        await me.tap("更正")
        await me.tap("客户")
        shown = await me.say("听涛")
        if MOTINGS in shown.labels:
            await me.tap(MOTINGS)
        shown = await me.tap("提交")
        assert "这次拜访又需要一条记录，期限 9月14日 周一 24:00" in shown
        assert "对应的拜访计划已完成" in shown
        assert state(office) == ["planned"]
        assert "noted" in state(office, MOTINGS)

    async def test_when_the_next_contact_changes_then_the_plan_does(self, office: Office) -> None:
        me = office[SALES]
        await note(office, words="看了货架 下周三回访")
        await me.tap("更正")
        await correct(me, "下次联系", "9月25日")
        shown = await me.tap("提交")
        assert "下次拜访已取消" in shown
        assert "已安排下次联系：9月25日" in shown
        assert state(office) == ["noted", "cancelled", "planned"]

    async def test_when_the_note_is_old_then_its_days_stay(self, office: Office) -> None:
        me = office[SALES]
        await note(office, words="看了货架 下周三回访")
        await office.until(at("10-09 10:00"))
        await opened(office)
        shown = await me.tap("更正")
        assert "9月23日" in shown
        await correct(me, "经过", "看了货架和仓库")
        assert "下次联系：9月23日" in await me.tap("提交")

    async def test_when_all_files_are_taken_off_then_they_are_gone(self, office: Office) -> None:
        me = office[SALES]
        await me.say(f"拜访 {HONGXIN} 看了货架")
        await me.send(PICTURE)
        await me.tap("提交")
        await me.tap("更正")
        await me.tap("附件")
        await me.tap("全部移除")
        shown = await me.tap("完成") if "完成" in await me.see() else await me.say("跳过")
        shown = await me.tap("提交")
        assert "附件（1）" not in shown.labels
        assert rows(office, "SELECT count(*) FROM attachment WHERE state = 'kept'") == [(1,)]

    async def test_when_cancelled_untouched_then_nothing_was_lost(self, office: Office) -> None:
        me = office[SALES]
        await note(office)
        await me.tap("更正")
        assert "没有作任何改动" in await me.tap("取消")

    async def test_when_cancelled_then_only_what_was_changed_is_named(
        self, office: Office
    ) -> None:
        me = office[SALES]
        await note(office)
        await me.tap("更正")
        await correct(me, "经过", "看了货架和仓库")
        shown = await me.tap("取消")
        assert "以下内容没有提交：经过。" in shown
        assert "看了货架和仓库" in shown
        assert HONGXIN not in shown
        assert "恢复" in shown.labels


class TestGivenTwoPhones:
    async def test_when_the_other_one_corrected_meanwhile_then_nothing_is_overwritten(
        self, office: Office
    ) -> None:
        one, two = office[SALES], office[SECOND_PHONE]
        await note(office)
        id_ = newest(office)
        await one.tap("更正")
        await correct(one, "经过", "从第一部手机改的")
        await two.press(f"f.note.correct.{id_}")
        await correct(two, "经过", "从第二部手机改的")
        assert "从第二部手机改的" in await two.tap("提交")
        await one.tap(next(label for label in (await drafts(one)).labels if "更正" in label))
        if "提交" not in await one.see():
            await one.tap("继续填写")
        shown = await one.tap("提交")
        assert CHANGED in shown
        shown = await one.press(f"f.note.open.{id_}")
        assert "从第二部手机改的" in shown
        assert "从第一部手机改的" not in shown

    async def test_when_one_writes_on_the_other_then_the_conversation_moves(
        self, office: Office
    ) -> None:
        one, two = office[SALES], office[SECOND_PHONE]
        await one.say("拜访")
        await one.say(HONGXIN)
        key, ref = one.key_of("取消")
        shown = await two.say("今天")
        assert "拜访记录" in shown
        old = await one.see()
        if office.redraws:
            assert "另一" in old
        before = count(office)
        shown = await one.press(key, ref)
        assert "拜访记录" in shown
        assert "已取消" not in shown
        await one.say("看了货架")
        await one.say("跳过")
        await one.tap("提交")
        assert count(office) == before + 1

    async def test_when_submitted_on_the_other_then_the_old_card_files_nothing(
        self, office: Office
    ) -> None:
        one, two = office[SALES], office[SECOND_PHONE]
        before = count(office)
        await one.say(f"拜访 {HONGXIN} 看了货架")
        key, ref = one.key_of("提交")
        await two.say("完成")
        await two.tap("提交")
        assert count(office) == before + 1
        assert "没有重复提交" in await one.press(key, ref)
        assert count(office) == before + 1


async def drafts(hands: Hands) -> Shown:
    return await hands.say("草稿")


class TestGivenAWithdrawal:
    @pytest.mark.rule("S3-LOG.2.3c")
    async def test_when_it_had_met_a_visit_then_that_waits_again_and_its_plan_goes(
        self, office: Office
    ) -> None:
        await note(office, words="看了货架 下周三回访")
        shown = await withdraw(office)
        assert "已撤回 访-2026-" in shown
        assert "这次拜访又需要一条记录，期限 9月14日 周一 24:00" in shown
        assert "下次拜访已取消" in shown
        assert state(office) == ["planned", "cancelled"]
        await office.until(at("09-14 18:00"))
        assert [one[2] for one in ledger(office)] == ["sent"]

    @pytest.mark.rule("S3-LOG.2.3c")
    async def test_when_not_confirmed_then_nothing_happens(self, office: Office) -> None:
        me = office[SALES]
        await note(office)
        await me.tap("查看")
        assert "撤回" in await me.tap("撤回")
        assert "看了货架" in await me.tap("返回")
        assert state(office) == ["noted"]

    @pytest.mark.rule("S3-LOG.2.3c")
    async def test_when_withdrawn_then_only_its_author_still_sees_the_text(
        self, office: Office
    ) -> None:
        me, manager = office[SALES], office[MANAGER]
        await note(office)
        id_ = newest(office)
        await opened(office)
        await me.tap("更正")
        await correct(me, "经过", "看了货架和仓库")
        await me.tap("提交")
        await withdraw(office)
        assert HONGXIN not in await manager.say("团队")
        shown = await manager.press(f"f.note.open.{id_}")
        assert "撤回" in shown.text
        assert "看了货架" not in shown
        assert not {"历史", "点评"} & set(shown.labels)
        for verb in ("history", "files", "comment"):
            shown = await manager.press(f"f.note.{verb}.{id_}")
            assert NO_NOTE in shown
            assert "看了货架" not in shown
        shown = await me.press(f"f.note.open.{id_}")
        assert "看了货架和仓库" in shown
        assert not {"更正", "撤回", "回复"} & set(shown.labels)
        assert "看了货架" in await me.tap("历史")

    async def test_when_it_was_corrected_meanwhile_then_the_question_is_asked_anew(
        self, office: Office
    ) -> None:
        one, two = office[SALES], office[SECOND_PHONE]
        await note(office)
        await one.tap("查看")
        await one.tap("撤回")
        await two.press(f"f.note.correct.{newest(office)}")
        await correct(two, "经过", "从第二部手机改的")
        await two.tap("提交")
        shown = await one.tap("撤回")
        assert CHANGED in shown
        assert state(office) == ["noted"]

    async def test_when_tapped_twice_then_the_second_says_it_is_gone(self, office: Office) -> None:
        me = office[SALES]
        await note(office)
        await opened(office)
        await me.tap("撤回")
        key, ref = me.key_of("撤回")
        assert "已撤回" in await me.press(key, ref)
        assert NO_NOTE in await me.press(key, ref)


class TestGivenACopy:
    async def test_when_written_again_then_it_is_a_new_note_of_today(self, office: Office) -> None:
        me = office[SALES]
        await note(office, words="看了货架 下周三回访")
        await office.until(at("09-15 10:00"))
        before = count(office)
        first = newest(office)
        await me.see()
        shown = await me.press(f"f.note.again.{first}")
        assert "9月15日" in shown
        assert "看了货架" in shown
        assert "9月23日" not in shown
        shown = await me.tap("提交")
        assert "已归档" in shown
        assert count(office) == before + 1
        assert newest(office) != first

    async def test_when_it_is_somebody_elses_then_an_empty_note_begins(
        self, office: Office
    ) -> None:
        await note(office)
        shown = await office[MANAGER].press(f"f.note.again.{newest(office)}")
        assert "看了货架" not in shown
        assert HONGXIN not in shown.text


class TestGivenAttachments:
    async def test_when_asked_for_then_they_are_counted_and_sent_where_that_can_be(
        self, office: Office
    ) -> None:
        me = office[SALES]
        await me.say(f"拜访 {HONGXIN} 看了货架")
        await me.send(PICTURE, (JPEG + b"2", FileKind.PHOTO, "货架.jpg"))
        await me.tap("提交")
        await me.tap("查看")
        shown = await me.tap("附件（2）")
        assert "附件（2）" in shown.text
        if office.channel == "narrow":
            assert "无法发送文件" in shown
        else:
            assert shown.files == 2

    async def test_when_one_was_refused_then_it_is_named(self, office: Office) -> None:
        me = office[SALES]
        await me.say(f"拜访 {HONGXIN} 看了货架")
        await me.send((b"MZ\x90\x00" + bytes(60), FileKind.DOCUMENT, "setup.exe"))
        await me.tap("提交")
        await opened(office)
        shown = await me.tap("附件（1）")
        assert "setup.exe：" in shown
        assert shown.files == 0


class TestGivenSomebodyWithoutRight:
    @pytest.mark.rule("S2-INFO.17")
    @pytest.mark.parametrize(
        "verb", ["open", "history", "files", "correct", "withdraw", "withdrawn", "comment"]
    )
    async def test_when_a_key_is_forged_then_it_learns_nothing(
        self, office: Office, verb: str
    ) -> None:
        other = office[SERVICE]
        await note(office)
        id_ = newest(office)
        missing = str(int(id_) + 12345)
        await other.see()
        there = await other.press(f"f.note.{verb}.{id_}")
        nowhere = await other.press(f"f.note.{verb}.{missing}")
        assert NO_NOTE in there
        assert there == nowhere
        assert NO_NOTE in await other.press(f"f.team.open.{id_}")

    @pytest.mark.rule("S2-INFO.17")
    @pytest.mark.rule("S3-SPEC1.5.1")
    async def test_when_a_superior_tries_to_change_it_then_it_stays(self, office: Office) -> None:
        await note(office)
        for verb in ("correct", "withdraw", "withdrawn"):
            assert NO_NOTE in await office[MANAGER].press(f"f.note.{verb}.{newest(office)}")


class TestGivenANoteWrittenFromAPlan:
    async def test_when_written_a_day_early_then_it_meets_that_visit(self, office: Office) -> None:
        me = office[SALES]
        await plan(office, MOTINGS, "9月15日")
        await from_plan(office)
        assert "对应的拜访计划已完成" in await me.tap("提交")
        assert state(office, MOTINGS)[-1] == "noted"
        await office.until(at("09-15 23:00"))
        assert not [one for one in ledger(office, MOTINGS) if "09-15" in one[0]]

    async def test_when_its_day_is_changed_then_it_still_meets_that_visit(
        self, office: Office
    ) -> None:
        me = office[SALES]
        await plan(office, MOTINGS, "今天")
        await from_plan(office)
        await correct(me, "日期", "昨天")
        await me.tap("提交")
        assert state(office, MOTINGS)[-1] == "noted"

    async def test_when_the_note_is_withdrawn_then_that_visit_waits_again(
        self, office: Office
    ) -> None:
        await plan(office, MOTINGS, "9月15日")
        await from_plan(office)
        await office[SALES].tap("提交")
        shown = await withdraw(office)
        assert "期限 9月15日 周二 24:00" in shown
        assert state(office, MOTINGS)[-1] == "planned"

    async def test_when_its_text_is_corrected_then_it_goes_on_meeting_it(
        self, office: Office
    ) -> None:
        me = office[SALES]
        await plan(office, MOTINGS, "9月15日")
        await from_plan(office)
        await me.tap("提交")
        await me.tap("更正")
        await correct(me, "日期", "9月13日")
        shown = await me.tap("提交")
        assert "又需要一条记录" not in shown
        assert state(office, MOTINGS)[-1] == "noted"

    async def test_when_it_is_about_another_customer_then_the_visit_still_waits(
        self, office: Office
    ) -> None:
        me = office[SALES]
        await plan(office, MOTINGS, "9月15日")
        await from_plan(office)
        await me.tap("客户")
        await me.say(HONGXIN)
        await me.tap("提交")
        assert state(office, MOTINGS)[-1] == "planned"


async def from_plan(office: Office) -> None:
    """Write the note of the visit to MOTINGS, up to the review card."""
    me = office[SALES]
    ((visit,),) = rows(
        office,
        "SELECT CAST(v.id AS TEXT) FROM visit v JOIN dossier d ON d.id = v.dossier_id "
        "WHERE d.name = ? AND v.staff_id = 'CY015' AND v.state = 'planned' "
        "ORDER BY v.day LIMIT 1",
        MOTINGS,
    )
    await me.press(f"f.plan.note.{visit}")
    await me.say("试用了样品")
    await me.say("跳过")


class TestGivenANextContactFarAhead:
    async def test_when_more_than_a_year_then_it_is_asked_again(self, office: Office) -> None:
        me = office[SALES]
        await me.say(f"拜访 {HONGXIN} 看了货架")
        await me.tap("下次联系")
        assert "超过一年" in await me.say("2028年9月30日")
        await me.say("2027年9月14日")
        assert "2027年9月14日" in await me.tap("提交")


class TestGivenACancelledNote:
    async def test_when_only_begun_then_nothing_had_been_entered(self, office: Office) -> None:
        await office[SALES].say("拜访")
        assert "还没有填写任何内容" in await office[SALES].tap("取消")

    async def test_when_some_was_entered_then_it_is_named_and_nothing_else(
        self, office: Office
    ) -> None:
        me = office[SALES]
        await me.say("拜访")
        await me.say(HONGXIN)
        shown = await me.tap("取消")
        assert "以下内容没有提交：客户。" in shown
        assert f"客户：{HONGXIN}" in shown
        assert "未填" not in shown
        await me.tap("恢复")
        await me.say("今天")
        await me.say("看了货架")
        await me.say("跳过")
        assert f"{HONGXIN} · 9月14日 周一" in await me.tap("提交")
