"""Renewing: to a later day, refused with all reasons, decided by the policy's row, long-term."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from handlers.loans import loan_acts
from rules.loan_days import Recall
from rules.occasions import Action
from rules.policy import load_pack
from storage import loan_queue, loans
from storage.unit import Unit
from tests.features.council import audited
from tests.features.desk import acting
from tests.features.diary import rows
from tests.features.keeping import later, works_under
from tests.features.lending import (
    COLLEAGUE,
    SALES,
    SPECIALIST,
    desks,
    every,
    lend_watched,
    said,
)
from tests.features.office import Office, one_channel

WEEKS = load_pack("file-custody")


async def asked(office: Office, words: str = "对账尚未完成") -> str:
    """Ask to renew the only loan in the ordinary way; returns what is shown."""
    me = office[SALES]
    await me.say("续借")
    review = await me.say(words)
    await me.tap("提交")
    return review.text


def kept(office: Office) -> list[tuple[str, ...]]:
    return rows(office, "SELECT state, before, until FROM renewal ORDER BY n")


def custody(office: Office) -> None:
    """Let the office lend as the policy for personal files does; the leader has an account."""
    approvals = tuple(one for one in WEEKS.approval if one.action is Action.RENEW)
    base = office.app.world.policies.governed[0].versions[0].approval
    rest = tuple(one for one in base if one.action is not Action.RENEW)
    works_under(office, loan=WEEKS.loan, approval=(*rest, *approvals))


class TestGivenALoan:
    @pytest.mark.rule("S2-INFO.19.5", "C-19")
    async def test_when_renewed_then_decided_and_due_later(self, office: Office) -> None:
        desks(office)
        await lend_watched(office)
        me = office[SALES]
        shown = await asked(office)
        assert "原应还9月17日 周四 24:00（北京时间），续借后应还9月20日 周日 24:00" in shown
        assert "客户信息专员：韩雪" in shown
        assert str(every(office)[0].due_on) == "2026-09-17"
        card = await office[SPECIALIST].see()
        assert "续借申请 · 续-2026-0001" in card
        assert "续借借-2026-0001：KH-2023-0042 深圳市鸿鑫贸易有限公司" in card
        assert "由9月17日 周四延至9月20日 周日" in card
        await me.see()
        await office[SPECIALIST].tap("同意")
        told = await me.see()
        assert "已续借：应还日由9月17日 周四 24:00（北京时间）改为9月20日 周日 24:00" in told.text
        now = every(office)[0]
        assert (str(now.due_on), str(now.first_due_on)) == ("2026-09-20", "2026-09-17")
        assert now.renewals == 1
        assert kept(office) == [("granted", "2026-09-17", "2026-09-20")]
        await later(office, "09-18 16:00")
        assert "借-2026-0001" not in await me.see()
        await later(office, "09-19 09:00")
        assert "应还9月20日 周日 24:00" in (await me.see()).text
        assert all(one.startswith("2026-09-20") for one, _, _ in said(office))

        refused = await me.say("/renew")
        assert "已续借 1 次，达到上限" in refused.text
        assert {"归还", "查看"} <= set(refused.labels)
        assert audited(office, "loan.renewal_refused")

    @one_channel
    async def test_when_nobody_has_to_decide_then_at_once(self, office: Office) -> None:
        desks(office)
        await lend_watched(office)
        base = office.app.world.policies.governed[0].versions[0].approval
        rest = tuple(one for one in base if one.action is not Action.RENEW)
        works_under(office, approval=rest)
        assert "无须审批，提交后即续借" in await asked(office)
        assert str(every(office)[0].due_on) == "2026-09-20"
        assert kept(office) == [("granted", "2026-09-17", "2026-09-20")]

    @one_channel
    async def test_when_asked_twice_then_the_first_stands(self, office: Office) -> None:
        desks(office)
        held = await lend_watched(office)
        await asked(office)
        shown = await office[SALES].press(f"f.renew.ask.{held.id}")
        assert "已申请续借，现状如下" in shown
        assert len(kept(office)) == 1

    @one_channel
    async def test_when_refused_then_the_old_day_stands(self, office: Office) -> None:
        desks(office)
        await lend_watched(office)
        await asked(office)
        await office[SPECIALIST].see()
        await office[SPECIALIST].tap("拒绝")
        await office[SPECIALIST].tap("写理由")
        await office[SPECIALIST].say("其他部门急用")
        assert str(every(office)[0].due_on) == "2026-09-17"
        assert kept(office) == [("refused", "2026-09-17", "2026-09-20")]
        assert "其他部门急用" in await office[SALES].see()

    @one_channel
    async def test_when_nothing_is_lent_then_it_says_so(self, office: Office) -> None:
        assert "您没有可以续借的借阅。" in await office[SALES].say("续借")
        assert "没有这笔借阅" in await office[SALES].press("f.renew.ask.77")

    @one_channel
    async def test_when_another_number_is_said_then_what_is_lent_is_listed(
        self, office: Office
    ) -> None:
        desks(office)
        await lend_watched(office)
        shown = await office[SALES].say("/renew 借-2026-9999")
        assert "没有与“借-2026-9999”相符的借阅" in shown
        asked = await office[SALES].tap("借-2026-0001 KH-2023-0042 深圳市鸿鑫贸易有限公司")
        assert "借-2026-0001 KH-2023-0042 深圳市鸿鑫贸易有限公司" in asked.text
        assert "为何需要续借" in asked

    @one_channel
    @pytest.mark.rule("S3-LOG.2.3a")
    async def test_when_somebody_waits_then_there_is_no_button_that_would_be_refused(
        self, office: Office
    ) -> None:
        desks(office)
        held = await lend_watched(office)
        me, card = office[SALES], f"f.loans.card.{held.id}"
        assert "续借" in (await me.press(card)).labels
        office.change(lambda unit: loan_queue.join(unit, held.dossier_id, COLLEAGUE, unit.now))
        shown = await me.press(card)
        assert "续借" not in shown.labels
        assert "1 人排队等候" in shown
        await later(office, "09-16 09:00")
        assert "续借" not in (await me.see()).labels
        assert "1 人排队等候" in await me.press(f"f.renew.ask.{held.id}")

    @one_channel
    @pytest.mark.rule("S1-14.5c", "S3-LOG.2.3a")
    async def test_when_late_and_waited_for_then_all_reasons_are_said(
        self, office: Office
    ) -> None:
        desks(office)
        held = await lend_watched(office)
        office.change(lambda unit: loan_queue.join(unit, held.dossier_id, COLLEAGUE, unit.now))
        await later(office, "09-18 10:00")
        shown = await office[SALES].say("续借")
        assert "应还9月17日 周四，已逾期：请归还或说明原因，不能续借" in shown.text
        assert "1 人排队等候" in shown.text
        assert {"归还", "说明"} <= set(shown.labels)

    @one_channel
    @pytest.mark.rule("C-56", "S1-14.5c")
    async def test_when_called_back_in_the_same_second_then_one_wins_and_the_other_is_told(
        self, office: Office
    ) -> None:
        desks(office)
        held = await lend_watched(office)
        await asked(office)
        await office[SPECIALIST].see()

        def recall(unit: Unit) -> None:
            now = loans.get(unit, held.id)
            assert now is not None
            ctx = acting(office, unit, "CY009")
            loan_acts.call_back(ctx, now, Recall.NEEDED, "C-56")

        office.change(recall)
        await office[SALES].see()
        await office[SPECIALIST].tap("同意")
        told = await office[SALES].see()
        assert "续借已批准，但现在不能续借：" in told.text
        assert "已催还，请于9月15日 周二前归还" in told.text
        now = every(office)[0]
        assert (str(now.due_on), now.renewals) == ("2026-09-15", 0)
        assert kept(office)[0][0] == "refused"


@pytest.mark.rule("S1-14.5d", "C-19")
class TestGivenLongTermLoans:
    @one_channel
    async def test_when_the_renewal_is_used_then_the_way_to_a_long_term_loan_is_shown(
        self, office: Office
    ) -> None:
        desks(office)
        held = await lend_watched(office)
        custody(office)

        def used(unit: Unit) -> None:
            now = loans.get(unit, held.id)
            assert now is not None
            loans.save(unit, now, replace(now, renewals=1), unit.now)

        office.change(used)
        me = office[SALES]
        shown = await me.say("续借")
        assert "可申请长期借阅，审批：主管领导" in shown.text
        await me.tap("长期借阅")
        await me.say("12月31日")
        review = await me.say("长期项目需要")
        assert "续借后应还12月31日 周四 24:00（北京时间）（S1-14.5d）" in review.text
        await me.tap("提交")
        found = rows(office, "SELECT long_term, state FROM renewal")
        assert [bool(found[0][0]), found[0][1]] in ([True, "asked"], [True, "granted"])

    @one_channel
    async def test_when_no_end_is_named_then_it_is_asked_for(self, office: Office) -> None:
        desks(office)
        held = await lend_watched(office)
        custody(office)
        me = office[SALES]
        shown = await me.press(f"f.renew.long.{held.id}")
        assert "哪天归还" in shown.text
        passed = await me.say("9月1日")
        assert "这一天已经过去" in passed.text
