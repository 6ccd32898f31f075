"""A dossier's secrecy grade: proposed, given with an end, raised, lowered, lapsing by itself."""

from __future__ import annotations

from datetime import date

import pytest
from msgspec.structs import replace

from handlers import FEATURES
from handlers.context import Context
from handlers.feature import Feature
from handlers.texts import N_
from rules.secrecy import Grade
from storage import accounts, dossiers, grades, merging
from storage.dossiers import Dossier
from storage.unit import Unit
from tests.features.council import CUSTOMER, HEAD, INFO, SALES, ask, audited, council, states
from tests.features.diary import at, rows
from tests.features.office import Office, Shown, one_channel

KEEPER = "CY009"
"""The custodian, who sets grades."""
BERLIN, CONFIDENTIAL = "KH-2021-0017", "KH-2022-0050"
"""Kept by the salesperson; the first is ungraded."""

FOLLOWED: list[tuple[str, str]] = []


def _follow(_ctx: Context, dossier: Dossier, before: Grade) -> None:
    FOLLOWED.append((before.value, dossier.grade))


FOLLOWER = Feature(
    key="follower",
    title=N_("Today"),
    actions={"nothing": lambda _ctx, _arguments: pytest.fail("never pressed")},
    regraded=_follow,
)


@pytest.fixture
def features() -> tuple[Feature, ...]:
    FOLLOWED.clear()
    return (*FEATURES, FOLLOWER)


def graded(office: Office, number: str = BERLIN) -> tuple[str, date | None]:
    def read(unit: Unit) -> tuple[str, date | None]:
        held = dossiers.get(unit, dossiers.by_number(unit.session, number) or 0)
        assert held is not None
        return held.grade, held.grade_until

    return office.look(read)


def give(office: Office, grade: str, until: date | None, number: str = BERLIN) -> None:
    """Write a grade as an import would."""

    def write(unit: Unit) -> None:
        grades.give(unit, dossiers.by_number(unit.session, number) or 0, grade, until)

    office.change(write)


def dossier_id(office: Office, number: str = BERLIN) -> int:
    return office.look(lambda unit: dossiers.by_number(unit.session, number)) or 0


async def wizard(
    office: Office, content: str = "重要客户资料", customer: str = "一般业务往来"
) -> Shown:
    me = office[KEEPER]
    await me.say(f"/find {BERLIN}")
    await me.tap("密级")
    await me.tap(content)
    return await me.tap(customer)


@pytest.mark.rule("S2-SECR.5")
@pytest.mark.rule("S2-SECR.6")
class TestGivenTheCustodianGrades:
    async def test_then_both_tests_propose_a_grade_and_its_end(self, office: Office) -> None:
        await office[KEEPER].say(f"/find {BERLIN}")
        shown = await office[KEEPER].tap("密级")
        assert "当前密级：无密级" in shown
        assert "主要客户的重要信息（S2-SECR.4）" in shown
        await office[KEEPER].tap("重要客户资料")
        shown = await office[KEEPER].tap("一般业务往来")
        assert "建议定为：机密" in shown
        shown = await office[KEEPER].tap("机密（建议）")
        assert "2029" in shown  # three years
        shown = await office[KEEPER].tap("提交")
        assert "无密级 → 机密" in shown
        assert graded(office) == ("secret", date(2029, 9, 14))
        told = await office[SALES].see()
        assert "密级 无密级 → 机密" in told
        assert "由单志远变更" in told
        (entry,) = audited(office, "dossier.graded")
        assert (entry["staff_id"], entry["rule"]) == ("CY009", "S2-SECR.12a")
        assert FOLLOWED == [("none", "secret")]
        shown = await office[KEEPER].say(f"/find {BERLIN}")
        if office.channel == "phones":
            assert "密级：机密，保密至2029年9月14日" in shown

    @one_channel
    async def test_when_nothing_is_secret_then_the_customer_is_not_asked_about(
        self, office: Office
    ) -> None:
        give(office, "confidential", date(2027, 9, 14))
        await office[KEEPER].say(f"/find {BERLIN}")
        await office[KEEPER].tap("密级")
        shown = await office[KEEPER].tap("不涉密")
        assert "建议定为：无密级" in shown
        await office[KEEPER].tap("无密级（建议）")
        assert "秘密 → 无密级" in await office[KEEPER].tap("提交")
        assert graded(office) == ("none", None)
        assert FOLLOWED == [("confidential", "none")]

    @one_channel
    async def test_when_only_prolonged_then_nothing_has_to_follow(self, office: Office) -> None:
        give(office, "secret", date(2027, 9, 14))
        await wizard(office)
        await office[KEEPER].tap("机密（建议）")
        await office[KEEPER].tap("提交")
        assert graded(office) == ("secret", date(2029, 9, 14))
        assert FOLLOWED == []

    @one_channel
    async def test_when_nothing_changes_then_it_says_so(self, office: Office) -> None:
        give(office, "secret", date(2029, 9, 14))
        await wizard(office)
        await office[KEEPER].tap("机密（建议）")
        assert "没有变更" in await office[KEEPER].tap("提交")
        assert audited(office, "dossier.graded") == []


@pytest.mark.rule("S2-SECR.7")
class TestGivenAPeriod:
    @one_channel
    async def test_d02_without_an_end_it_cannot_be_saved(self, office: Office) -> None:
        await office[KEEPER].press(f"f.grade.set.{dossier_id(office)}.none")
        await office[KEEPER].tap("密级")
        shown = await office[KEEPER].tap("秘密")
        assert "保密到哪一天" in shown
        assert "保密到哪一天" in await office[KEEPER].say("跳过")
        assert "这一天已" in await office[KEEPER].say("9月11日")
        await office[KEEPER].say("明天")
        await office[KEEPER].tap("提交")
        assert graded(office) == ("confidential", date(2026, 9, 15))

    async def test_d03_the_day_after_its_last_it_lapses_by_itself(self, office: Office) -> None:
        await wizard(office)
        await office[KEEPER].tap("机密（建议）")
        await office[KEEPER].tap("保密期限至")
        await office[KEEPER].say("9月16日")
        await office[KEEPER].tap("提交")
        await office[SALES].see()
        await office.until(at("09-16 23:59"))
        assert graded(office) == ("secret", date(2026, 9, 16))
        await office[SALES].see()
        await office.until(at("09-17 00:00"))
        assert graded(office) == ("none", None)
        (entry,) = audited(office, "dossier.declassified")
        assert entry["rule"] == "S2-SECR.7"
        assert states(office) == []
        assert FOLLOWED == [("none", "secret"), ("secret", "none")]
        await office.until(at("09-17 09:01"))
        assert "已自行解密（S2-SECR.7）" in await office[SALES].see()
        await office.until(at("09-18 09:01"))
        assert len(audited(office, "dossier.declassified")) == 1

    async def test_then_keeper_and_custodian_are_reminded_before_and_on_the_day(
        self, office: Office
    ) -> None:
        give(office, "confidential", date(2026, 10, 20))
        await office.until(at("09-20 09:01"))
        for who in (SALES, KEEPER):
            assert "密级“秘密”的保密期限到10月20日" in await office[who].see()
        await office.until(at("10-20 09:01"))
        found = rows(
            office,
            "SELECT rung, staff_id, outcome FROM notice WHERE case_kind LIKE 'secrecy%' "
            "ORDER BY due_at, staff_id",
        )
        assert found == [
            (f"2026-10-20 {rung} 09:00 {who}", person, "sent")
            for rung in ("-30d", "-1d", "0d")
            for who, person in (("custodian", "CY009"), ("author", "CY015"))
        ]
        await office.until(at("10-21 09:01"))
        assert graded(office) == ("none", None)

    @one_channel
    async def test_when_prolonged_then_the_old_reminders_are_not_said(
        self, office: Office
    ) -> None:
        give(office, "secret", date(2026, 9, 17))
        await office.until(at("09-14 09:05"))
        await wizard(office)
        await office[KEEPER].tap("机密（建议）")
        await office[KEEPER].tap("提交")
        await office[SALES].see()
        await office.until(at("09-18 09:01"))
        assert "保密期限到" not in await office[SALES].see()
        assert graded(office) == ("secret", date(2029, 9, 14))

    @one_channel
    async def test_when_it_ends_during_an_outage_then_it_lapses_at_the_start(
        self, office: Office
    ) -> None:
        give(office, "secret", date(2026, 9, 16))
        await office.until(at("09-14 09:05"))
        await office.app.stop()
        office.clock.advance(at("09-21 10:00"))
        await office.app.start()
        await office.until(at("09-21 10:01"))
        assert graded(office) == ("none", None)
        assert len(audited(office, "dossier.declassified")) == 1

    @one_channel
    async def test_when_the_custodian_may_not_know_of_it_then_only_the_keeper_hears(
        self, office: Office
    ) -> None:
        give(office, "top_secret", date(2026, 9, 15))
        await office.until(at("09-15 09:01"))
        assert "的保密期限到9月15日" in await office[SALES].see()
        assert "保密期限" not in await office[KEEPER].see()

    @one_channel
    async def test_when_the_dossier_was_merged_then_its_clock_is_silent(
        self, office: Office
    ) -> None:
        give(office, "confidential", date(2026, 9, 16))
        await office.until(at("09-14 09:05"))

        def merge(unit: Unit) -> None:
            pair = [
                dossiers.get(unit, dossiers.by_number(unit.session, number) or 0)
                for number in ("KH-2021-0007", BERLIN)
            ]
            plan = merging.plan(*pair)
            merging.merge(unit, replace(plan, obstacles=()), "CY009")

        office.change(merge)
        await office.until(at("09-17 09:01"))
        assert graded(office, "KH-2021-0007") == ("none", None)
        assert len(audited(office, "dossier.declassified")) == 1


@pytest.mark.rule("S2-SECR.12a")
class TestGivenWhoMayGrade:
    async def test_then_nobody_else_finds_the_way(self, office: Office) -> None:
        shown = await office[SALES].say(f"/find {BERLIN}")
        assert "密级" not in shown.labels
        for key in ("open.{}", "content.{}.none", "customer.{}.none.key", "set.{}.secret"):
            shown = await office[SALES].press("f.grade." + key.format(dossier_id(office)))
            assert "您没有定密权限（S2-SECR.12a）" in shown
        assert graded(office) == ("none", None)

    @one_channel
    async def test_when_it_may_not_be_known_then_it_is_not_there(self, office: Office) -> None:
        give(office, "top_secret", date(2027, 9, 14))
        nothing = await office[KEEPER].press(f"f.grade.open.{2**40}")
        hidden = await office[KEEPER].press(f"f.grade.open.{dossier_id(office)}")
        assert hidden.text == nothing.text

    @one_channel
    async def test_when_keys_are_odd_then_it_asks_anew(self, office: Office) -> None:
        for key in ("content.{}", "content.{}.x", "customer.{}.x.y", "set.{}", "set.{}.royal"):
            shown = await office[KEEPER].press("f.grade." + key.format(dossier_id(office)))
            assert "这份档案的内容属于哪一类？" in shown

    @one_channel
    async def test_when_two_grade_at_once_then_nothing_is_overwritten(
        self, office: Office
    ) -> None:
        await wizard(office)
        await office[KEEPER].tap("机密（建议）")
        give(office, "confidential", date(2027, 1, 4))
        shown = await office[KEEPER].tap("提交")
        assert "密级刚被他人改为秘密" in shown
        assert graded(office) == ("confidential", date(2027, 1, 4))

    @one_channel
    async def test_when_submitted_twice_then_it_is_written_once(self, office: Office) -> None:
        await wizard(office)
        await office[KEEPER].tap("机密（建议）")
        await office[KEEPER].tap("提交")
        await office[KEEPER].again()
        await office.restart()
        await office[KEEPER].again()
        assert len(audited(office, "dossier.graded")) == 1

    @one_channel
    async def test_when_the_duty_is_lost_meanwhile_then_nothing_is_written(
        self, office: Office
    ) -> None:
        await wizard(office)
        await office[KEEPER].tap("机密（建议）")

        def move(unit: Unit) -> None:
            accounts.unbind(unit, office.channel, office.account(KEEPER))
            accounts.bind(unit, office.channel, office.account(KEEPER), "CY018")

        office.change(move)
        await office[KEEPER].say("提交")
        assert graded(office) == ("none", None)


@pytest.mark.rule("C-56")
class TestGivenOpenRequests:
    async def test_when_the_grade_rises_then_they_get_the_steps_of_that_grade(
        self, office: Office
    ) -> None:
        council(office)
        await ask(office)
        await office[HEAD].see()
        await office[HEAD].tap("同意")
        await office[INFO].see()
        me = office[KEEPER]
        await me.say(f"/find {CUSTOMER}")
        await me.tap("密级")
        await me.tap("重要客户资料")
        await me.tap("重要业务往来")
        await me.tap("机密（建议）")
        await me.tap("提交")
        await office[SALES].see()
        shown = await office[SALES].say("/approvals")
        case = rows(office, "SELECT id FROM approval_case")[0][0]
        shown = await office[SALES].press(f"f.case.open.{case}")
        assert "1. 王海峰 09:00 已同意" in shown
        assert "3. 客户服务部经理 之后审批" in shown
        assert "（机密）" in shown

    @one_channel
    async def test_when_it_lapses_then_they_go_on(self, office: Office) -> None:
        council(office)
        give(office, "confidential", date(2026, 9, 14), CUSTOMER)
        await ask(office)
        await office.until(at("09-15 09:01"))
        await office[HEAD].see()
        case = rows(office, "SELECT id FROM approval_case")[0][0]
        shown = await office[HEAD].press(f"f.case.open.{case}")
        assert "（秘密）" not in shown
        assert "同意" in shown.labels
        assert states(office) == ["pending"]
