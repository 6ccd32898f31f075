"""A person's loans: the list, the card, what is explained, called back, reminded of or lost."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from bot import dispatch
from rules.secrecy import Grade
from storage import dossiers, grades, loans
from storage.unit import Unit
from tests.features import guard
from tests.features.council import audited
from tests.features.desk import acting
from tests.features.diary import rows
from tests.features.keeping import later
from tests.features.lending import (
    ARCHIVE,
    COLLEAGUE,
    HEAD,
    HX,
    SALES,
    ask,
    desks,
    every,
    lend_watched,
    said,
    states,
)
from tests.features.office import Office, one_channel


class TestGivenLoans:
    async def test_then_they_are_listed_what_is_late_first(self, office: Office) -> None:
        me = office[SALES]
        assert "您没有借阅，也没有待办申请。" in await me.say("我的借阅")
        desks(office)
        await lend_watched(office)
        await ask(office, paper="质量保证")
        shown = await me.say("/loans")
        assert (
            "已借出：\n· 借-2026-0001 KH-2023-0042 深圳市鸿鑫贸易有限公司 · 应还9月17日"
            in shown.text
        )
        assert "待审批:\n· 借-2026-0002" in shown.text.replace("：", ":")
        await later(office, "09-19 10:00")
        shown = await me.say("/loans")
        assert "应还9月17日 周四，逾期 2 天" in shown.text
        assert shown.text.index("逾期") < shown.text.index("借-2026-0002")
        card = await me.tap("借-2026-0001 KH-2023-0042 深圳市鸿鑫贸易有限公司")
        assert "借阅 · 借-2026-0001" in card
        assert {"归还", "说明", "报失"} <= set(card.labels)
        assert "借阅逾期（1）" in (await me.say("今日")).labels

    @one_channel
    async def test_when_due_today_then_the_day_says_so(self, office: Office) -> None:
        desks(office)
        await lend_watched(office)
        await later(office, "09-17 10:00")
        shown = await office[SALES].say("今日")
        assert "今日应还（1）" in shown.labels
        assert "借阅逾期（1）" not in shown.labels

    @one_channel
    async def test_when_not_theirs_then_nothing_is_shown_and_it_is_logged(
        self, office: Office
    ) -> None:
        desks(office)
        held = await lend_watched(office)
        for act in ("card", "explain", "lost", "recall", "nudge", "keep"):
            shown = await office[COLLEAGUE].press(f"f.loans.{act}.{held.id}")
            assert "没有这笔借阅，或您无权查看。" in shown
            assert "借-2026-0001" not in shown
        assert audited(office, "loan.press_refused")
        assert "没有这笔借阅" in await office[SALES].press("f.loans.card.77")


class TestGivenAnOverdueLoan:
    @pytest.mark.rule("S1-14.5c")
    async def test_when_explained_then_who_reminds_reads_it_and_reminds_once_a_day(
        self, office: Office
    ) -> None:
        desks(office)
        me, head = office[SALES], office[HEAD]
        held = await lend_watched(office)
        await later(office, "09-18 10:00")
        await me.see()
        await me.press(f"f.loans.explain.{held.id}")
        noted = await me.say("出差在外，周一上午归还")
        assert "已记下说明" in noted
        assert "说明：出差在外，周一上午归还" in noted

        await head.see()
        board = await head.say("/overdue")
        assert "他人逾期未还（1）" in board
        assert "张晓雯（销售一部）· 应还9月17日 周四，逾期 1 天" in board.text
        assert "说明：出差在外，周一上午归还" in board.text
        done = await head.tap("催促")
        assert "已催还张晓雯" in done
        reminded = await me.see()
        assert "请归还（S2-INFO.19.5）" in reminded.text
        again = await head.press(f"f.loans.nudge.{held.id}")
        assert "今天已催过张晓雯" in again
        archive = await office[ARCHIVE].press(f"f.loans.nudge.{held.id}")
        assert "今天已催过张晓雯" in archive
        assert len(audited(office, "loan.nudged")) == 1
        await later(office, "09-19 10:00")
        await head.see()
        await office[ARCHIVE].press(f"f.loans.nudge.{held.id}")
        copied = await head.see()
        assert "单志远已催还张晓雯：借-2026-0001" in copied.text

    @one_channel
    async def test_when_nothing_is_late_then_the_board_says_so(self, office: Office) -> None:
        assert "没有逾期未还的借阅。" in await office[ARCHIVE].say("逾期")
        assert "没有由您督促的借阅。" in await office[COLLEAGUE].say("逾期")

    @one_channel
    async def test_every_button_of_a_loan_that_is_out_leads_somewhere(
        self, office: Office
    ) -> None:
        desks(office)
        held = await lend_watched(office)
        for who in (SALES, ARCHIVE):
            shown = await office[who].press(f"f.loans.card.{held.id}")
            keys = [office[who].key_of(label)[0] for label in shown.labels]
            assert len(keys) > 3
            for key in keys:
                assert "已停用" not in await office[who].press(key)

    @one_channel
    async def test_when_only_an_own_loan_is_late_then_the_board_leads_to_it(
        self, office: Office
    ) -> None:
        desks(office)
        await lend_watched(office)
        await later(office, "09-18 09:00")
        await office[SALES].see()
        assert "您本人有 1 笔逾期未还" in await office[SALES].say("逾期")
        assert "逾期 1 天" in await office[SALES].tap("我的借阅")

    @one_channel
    async def test_when_not_late_then_there_is_nothing_to_explain(self, office: Office) -> None:
        desks(office)
        held = await lend_watched(office)
        shown = await office[SALES].press(f"f.loans.explain.{held.id}")
        assert "已不能这样处理" in shown


class TestGivenPapersAreLost:
    @pytest.mark.rule("S1-14.7", "C-06")
    async def test_when_reported_then_all_hear_and_the_reminders_stop(
        self, office: Office
    ) -> None:
        desks(office)
        held = await lend_watched(office)
        me = office[SALES]
        await me.press(f"f.loans.lost.{held.id}")
        shown = await me.say("周二外出后未找到")
        assert "已报失（事-2026-0001）" in shown
        assert states(office) == ["lost"]
        assert rows(office, "SELECT kind, loan_id FROM incident") == [("lost", held.id)]
        assert [one["rule"] for one in audited(office, "loan.lost")] == ["S1-14.7"]
        again = await me.press(f"f.loans.lost.{held.id}")
        assert "已不能这样处理" in again
        guard.all_confirm(office)
        await later(office, "09-26 10:00")
        listed = await me.say("/loans")
        assert "缺损遗失：\n· 借-2026-0001" in listed.text.replace(":", "：")
        assert "已报失" in listed.text
        assert "逾期：" not in listed.text.replace(":", "：")
        assert said(office) == []
        assert rows(office, "SELECT kind FROM incident") == [("lost",)]


class TestGivenPapersAreCalledBack:
    @pytest.mark.rule("S1-14.5c", "S1-14.8")
    async def test_when_the_archive_needs_them_then_due_sooner_and_reminded_anew(
        self, office: Office
    ) -> None:
        desks(office)
        held = await lend_watched(office)
        await office[SALES].see()
        await office[ARCHIVE].press(f"f.loans.recall.{held.id}")
        done = await office[ARCHIVE].say("年度归档需要原件")
        assert "已催还，并已通知张晓雯" in done
        told = await office[SALES].see()
        assert "单志远提前催还：年度归档需要原件" in told.text
        assert "9月15日 周二 24:00" in told.text
        assert "续借" not in told.labels or "催还" in told.text
        now = every(office)[0]
        assert (str(now.due_on), str(now.first_due_on)) == ("2026-09-15", "2026-09-17")
        again = await office[ARCHIVE].press(f"f.loans.recall.{held.id}")
        assert "已不能这样处理" in again
        await later(office, "09-15 15:00")
        assert "应还9月15日 周二 24:00" in (await office[SALES].see()).text
        kept = [one for one, _, outcome in said(office) if outcome == "sent"]
        assert all(one.startswith("2026-09-15") for one in kept)

    @one_channel
    @pytest.mark.rule("C-56")
    async def test_when_the_grade_rises_then_at_once(self, office: Office) -> None:
        desks(office)
        await lend_watched(office)
        await office[SALES].see()
        regrade(office, "confidential", "top_secret")
        now = every(office)[0]
        assert str(now.due_on) == "2026-09-14"
        assert now.grade_at_lending != "top_secret"
        await office.settle()
        assert "请立即归还（C-56）" in (await office[SALES].see()).text
        assert "已立即催还（C-56）" in (await office[ARCHIVE].see()).text
        assert [one["rule"] for one in audited(office, "loan.recalled")] == ["C-56"]

    @one_channel
    @pytest.mark.rule("S2-SECR.7", "C-56")
    async def test_when_the_grade_falls_then_the_day_and_the_register_stay(
        self, office: Office
    ) -> None:
        desks(office)
        before = await lend_watched(office)

        def graded(unit: Unit) -> None:
            held = loans.get(unit, before.id)
            assert held is not None
            loans.save(unit, held, replace(held, grade_at_lending="secret"), unit.now)

        office.change(graded)
        await office[SALES].see()
        regrade(office, "secret", "none")
        now = every(office)[0]
        assert (now.due_on, now.grade_at_lending) == (before.due_on, "secret")
        assert now.recalled_at is None
        await office.settle()
        assert "应还日不变（S2-SECR.7）" in (await office[SALES].see()).text


def regrade(office: Office, before: str, after: str) -> None:
    """Let the grade of the dossier change, as somebody with the right to would."""

    def change(unit: Unit) -> None:
        id_ = dossiers.by_number(unit.session, HX)
        assert id_ is not None
        grades.give(unit, id_, after, None)
        dossier = dossiers.get(unit, id_)
        assert dossier is not None
        ctx = acting(office, unit, "CY006")
        for follow in ctx.registry.regraded:
            follow(ctx, dossier, Grade(before))
        dispatch.close(ctx, office.app.world)

    office.change(change)
