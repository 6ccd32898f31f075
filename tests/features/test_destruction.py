"""Destruction of what has expired: listed, appraised, approved, witnessed, and gone for good."""

from __future__ import annotations

import io
from datetime import datetime

import pytest
from openpyxl import load_workbook
from openpyxl.cell.cell import Cell
from sqlalchemy import update

from handlers import seeing
from handlers.destruction import destroy_register
from rules.destruction import ListState
from rules.occasions import Action
from rules.policy import load_pack
from storage import dossiers, grades, staff
from storage.tables import destruction, dossier
from storage.unit import Unit
from tests.features.affair import post
from tests.features.burning import (
    DIRECTOR,
    MANAGER,
    PAPER,
    WITNESS,
    agree,
    approved,
    carry,
    lines,
    list_one,
    paper,
    posts,
    sent,
    state,
    the_list,
)
from tests.features.desk import acting, under
from tests.features.diary import SHANGHAI, rows
from tests.features.lending import ARCHIVE, HEAD, HX, SALES, ask, desks, id_of, lend
from tests.features.office import Office, one_channel

OTHERS = "KH-2025-0058"
"""A dossier that another department made."""
OTHER = "CY035"
"""Somebody of another department, who has nothing to do with it."""


def sheet(office: Office) -> list[tuple[Cell, ...]]:
    """Return the heads and the rows of the register as a file."""
    made = []

    def work(unit: Unit) -> None:
        made.append(destroy_register.make(acting(office, unit, ARCHIVE), ()))

    office.look(work)
    book = load_workbook(io.BytesIO(made[0].files[0].content))
    assert book.active is not None
    return list(book.active.iter_rows(min_row=3))


class TestGivenAnExpiredPaper:
    @pytest.mark.rule("S2-DOSS.29.1", "S2-DOSS.29.3")
    async def test_when_all_agree_and_the_witness_signs_then_it_is_destroyed(
        self, office: Office
    ) -> None:
        shown = await sent(office)
        assert "销毁清册 · 销-2026-0001" in shown
        assert state(office) is ListState.ASKED
        card = await office[MANAGER].see()
        assert "三季度对账单（原件） · 短期，2025年6月30日 周一期满" in card
        assert "合同已履行完毕，无查考价值" in card
        await office[MANAGER].tap("同意")
        await office[HEAD].see()
        await office[HEAD].tap("同意")
        assert state(office) is ListState.ASKED  # both have appraised, the director approves
        await office[DIRECTOR].see()
        await office[DIRECTOR].tap("同意")
        assert state(office) is ListState.APPROVED
        assert "可在监销人监督下销毁" in await office[ARCHIVE].see()
        assert "已请监销人李志强签字" in await carry(office)
        assert state(office) is ListState.WITNESSED
        assert paper(office).state == "kept"
        card = await office[WITNESS].see()
        assert "您被指定为这次销毁的监销人" in card
        assert "档案楼一层销毁室，粉碎，执行人单志远" in card
        assert "并记入销毁清册" in await office[WITNESS].tap("监销签字")
        assert state(office) is ListState.DESTROYED
        assert paper(office).state == "destroyed"
        assert "监销人已签字" in await office[ARCHIVE].see()
        assert [one.state for one in lines(office)] == ["destroyed"]

    async def test_when_it_was_destroyed_then_it_is_not_offered_any_more(
        self, office: Office
    ) -> None:
        await approved(office)
        await carry(office)
        await office[WITNESS].see()
        await office[WITNESS].tap("监销签字")
        await office[SALES].say(f"/borrow {HX}")
        shown = await office[SALES].tap("借阅")
        offered = "".join((shown.text, *shown.labels))
        assert f"{PAPER}（复印件）" in offered
        assert f"{PAPER}（原件）" not in offered

    @one_channel
    async def test_when_the_witness_taps_twice_then_it_happened_once(self, office: Office) -> None:
        await approved(office)
        await carry(office)
        held = the_list(office)
        key = f"f.destroysign.ok.{held.id}.{held.rev}"
        await office[WITNESS].press(key)
        shown = await office[WITNESS].press(key)
        assert "清册已有变动" in shown
        done = rows(office, "SELECT count(*) FROM audit WHERE action = 'destruction.destroyed'")
        assert done == [(1,)]

    @one_channel
    async def test_then_the_log_says_it_in_words(self, office: Office) -> None:
        await approved(office)
        await carry(office)
        await office[WITNESS].see()
        await office[WITNESS].tap("监销签字")
        post(office, DIRECTOR, "gm")
        shown = await office[DIRECTOR].say("/log")
        assert "销毁了清册所列 销-2026-0001（S2-DOSS.29.1）" in shown


@one_channel
class TestGivenWhatMayNotBeDestroyed:
    @pytest.mark.rule("S2-INFO.25", "S2-DOSS.29.1")
    async def test_when_its_retention_lasts_then_the_day_is_refused(self, office: Office) -> None:
        me = office[ARCHIVE]
        await me.say(f"/destroy {HX}")
        shown = await me.say(PAPER)
        await me.tap(next(one for one in shown.labels if "原件" in one))
        await me.tap("完成")
        await me.tap("短期")
        assert "只销毁保管期满的资料" in await me.say("今天")
        assert rows(office, "SELECT count(*) FROM destruction") == [(0,)]

    @pytest.mark.rule("S2-DOSS.29.1")
    async def test_when_it_is_lent_then_it_is_refused_with_the_reason(
        self, office: Office
    ) -> None:
        desks(office)
        await lend(office)
        shown = await list_one(office)
        assert f"未列入清册：\n· {PAPER}（原件）：已借出或借出未归（S2-DOSS.29.1）" in shown
        assert "未列入清册：\n· 整卷：" not in shown
        assert "已借出或借出未归" in await list_one(office, paper="")
        assert rows(office, "SELECT count(*) FROM destruction") == [(0,)]

    async def test_when_somebody_asks_for_it_then_it_is_refused(self, office: Office) -> None:
        desks(office)
        await ask(office)
        assert "这份档案还有未办结的事项" in await list_one(office)

    async def test_when_it_stands_on_a_list_already_then_it_is_refused(
        self, office: Office
    ) -> None:
        await list_one(office)
        assert "已列入正在造册的清册" in await list_one(office)
        assert "已列入正在造册的清册" in await list_one(office, paper="")
        assert len(lines(office)) == 1

    async def test_when_it_stands_on_the_draft_of_somebody_who_left_then_it_may_be_listed(
        self, office: Office
    ) -> None:
        post(office, OTHER, "custodian")
        await list_one(office)
        old = the_list(office)
        office.change(
            lambda unit: unit.session.execute(
                update(destruction).where(destruction.c.id == old.id).values(drawn_by=OTHER)
            )
        )
        assert "已列入正在造册的清册" in await list_one(office)
        office.change(lambda unit: staff.deactivate(unit, OTHER))
        assert "已列入1项" in await list_one(office)

    @pytest.mark.rule("S2-SECR.12a", "C-68")
    async def test_when_it_is_graded_above_the_custodian_then_it_is_refused(
        self, office: Office
    ) -> None:
        await list_one(office)
        await office[ARCHIVE].tap("送审")
        id_ = id_of(office, HX)
        posts(office)
        office.change(lambda unit: grades.give(unit, id_, "top_secret", None))
        await agree(office)
        assert state(office) is ListState.EMPTY
        assert "密级为绝密，超出档案管理员的涉密权限" in await office[ARCHIVE].see()

    async def test_when_nothing_is_known_of_it_then_it_is_as_if_it_never_was(
        self, office: Office
    ) -> None:
        never = await office[ARCHIVE].say("/destroy KH-1999-0001")
        id_ = id_of(office, HX)
        office.change(lambda unit: grades.give(unit, id_, "top_secret", None))
        assert (await office[ARCHIVE].say(f"/destroy {HX}")).text == never.text

    async def test_when_others_would_decide_then_it_needs_a_list_of_its_own(
        self, office: Office
    ) -> None:
        await list_one(office)
        shown = await list_one(office, paper="", customer=OTHERS)
        assert "请先将这份清册送审" in shown


@one_channel
class TestGivenAListOnItsWay:
    @pytest.mark.rule("S2-DOSS.29.1")
    async def test_when_a_loan_is_asked_for_meanwhile_then_it_drops_out(
        self, office: Office
    ) -> None:
        await sent(office)
        desks(office)
        await ask(office)
        await agree(office)
        assert state(office) is ListState.EMPTY
        told = await office[ARCHIVE].see()
        assert "清册上已没有可销毁的内容" in told
        assert "这份档案还有未办结的事项" in told
        assert paper(office).state == "kept"

    async def test_when_lent_before_the_signature_then_the_witness_signs_anew(
        self, office: Office
    ) -> None:
        posts(office)
        await list_one(office)
        await list_one(office, paper="质量保证协议")
        await office[ARCHIVE].tap("送审")
        await agree(office)
        await carry(office)
        old = the_list(office)
        desks(office)
        await lend(office)
        await office[WITNESS].see()
        shown = await office[WITNESS].press(f"f.destroysign.ok.{old.id}.{old.rev}")
        assert "请就清册上剩余的内容重新签字" in shown
        assert state(office) is ListState.WITNESSED
        assert "已移出清册" in await office[ARCHIVE].see()
        await office[WITNESS].tap("监销签字")
        assert [one.state for one in lines(office)] == ["dropped", "destroyed"]
        assert paper(office).state == "kept"

    async def test_when_refused_then_all_is_kept_and_may_be_listed_again(
        self, office: Office
    ) -> None:
        await sent(office)
        await office[HEAD].see()
        await office[HEAD].say("/no 1 仍有查考价值")
        assert "仍有查考价值" in await office[ARCHIVE].see()
        assert state(office) is ListState.REFUSED
        assert [one.state for one in lines(office)] == ["kept"]
        assert "已列入1项" in await list_one(office)

    async def test_when_taken_back_then_all_is_kept(self, office: Office) -> None:
        await sent(office)
        await office[ARCHIVE].tap("撤回")
        await office[ARCHIVE].tap("撤回")  # asked once more
        assert state(office) is ListState.WITHDRAWN

    async def test_when_given_up_or_a_line_is_taken_off_then_it_is_kept(
        self, office: Office
    ) -> None:
        await list_one(office)
        assert "已移出，继续保存" in await office[ARCHIVE].tap("移出第1行")
        await list_one(office)
        assert "清册已作废" in await office[ARCHIVE].tap("作废清册")
        assert state(office) is ListState.DROPPED
        assert [one.state for one in lines(office)] == ["dropped", "kept"]

    async def test_when_an_old_button_is_pressed_then_the_present_state_is_shown(
        self, office: Office
    ) -> None:
        await list_one(office)
        key = f"f.destroying.send.{the_list(office).id}.{the_list(office).rev}"
        posts(office)
        await office[ARCHIVE].press(key)
        assert "清册已有变动" in await office[ARCHIVE].press(key)
        assert rows(office, "SELECT count(*) FROM approval_case WHERE kind = 'destroy'") == [(1,)]

    async def test_then_it_waits_under_today_until_it_is_done(self, office: Office) -> None:
        await approved(office)
        shown = await office[ARCHIVE].say("今日")
        assert "销毁清册（1）" in shown.labels
        assert "销-2026-0001 · 已批准，待销毁" in await office[ARCHIVE].tap("销毁清册（1）")
        await carry(office)
        assert "销毁清册（1）" in (await office[WITNESS].say("今日")).labels


class TestGivenTheWitness:
    @one_channel
    @pytest.mark.rule("S2-DOSS.29.3", "S1-12.1.4")
    async def test_when_it_is_the_custodian_then_refused(self, office: Office) -> None:
        await approved(office)
        assert "监销人不能是档案管理员（S2-DOSS.29.3）" in await carry(office, "单志远")
        assert state(office) is ListState.APPROVED
        post(office, WITNESS, "custodian")
        assert "监销人不能是档案管理员" in await carry(office)

    @one_channel
    async def test_when_somebody_else_signs_then_refused(self, office: Office) -> None:
        await approved(office)
        await carry(office)
        held = the_list(office)
        key = f"f.destroysign.ok.{held.id}.{held.rev}"
        assert "没有这份清册" in await office[OTHER].press(key)
        for one in (HEAD, ARCHIVE):
            assert "只有指定的监销人可以签字" in await office[one].press(key)
        assert state(office) is ListState.WITNESSED
        assert paper(office).state == "kept"

    @one_channel
    async def test_when_made_a_custodian_meanwhile_then_their_signature_does_not_count(
        self, office: Office
    ) -> None:
        await approved(office)
        await carry(office)
        held = the_list(office)
        post(office, WITNESS, "custodian")
        shown = await office[WITNESS].press(f"f.destroysign.ok.{held.id}.{held.rev}")
        assert "只有指定的监销人可以签字" in shown
        assert state(office) is ListState.WITNESSED

    async def test_when_they_were_not_there_then_nothing_is_destroyed(
        self, office: Office
    ) -> None:
        await approved(office)
        await carry(office)
        await office[WITNESS].see()
        await office[WITNESS].tap("不符")
        assert "所列均未销毁" in await office[WITNESS].say("销毁时我不在现场")
        assert state(office) is ListState.APPROVED
        assert "李志强没有签字：销毁时我不在现场" in await office[ARCHIVE].see()
        assert paper(office).state == "kept"

    @one_channel
    async def test_when_they_left_then_another_is_named(self, office: Office) -> None:
        await approved(office)
        await carry(office)
        office.change(lambda unit: staff.deactivate(unit, WITNESS))
        held = the_list(office)
        shown = await office[ARCHIVE].press(f"f.destruction.card.{held.id}")
        assert "李志强已不能监销签字" in shown
        await office[ARCHIVE].tap("另定监销人")
        await office[ARCHIVE].say("张晓雯")
        await office[ARCHIVE].tap("提交")
        await office[SALES].see()
        await office[SALES].tap("监销签字")
        assert state(office) is ListState.DESTROYED


class TestGivenAHalfYearApart:
    @one_channel
    @pytest.mark.rule("S2-DOSS.29.2")
    async def test_then_it_is_verified_after_it_and_not_before(self, office: Office) -> None:
        await approved(office)
        await office[ARCHIVE].see()
        shown = await office[ARCHIVE].tap("先单独存放")
        assert "单独存放至 2027年3月14日" in shown
        assert state(office) is ListState.APART
        held = the_list(office)
        early = await office[ARCHIVE].press(f"f.destroying.verify.{held.id}.{held.rev}")
        assert "之前不得销毁（S2-DOSS.29.2）" in early
        assert "清册已有变动" in await office[ARCHIVE].press(f"f.destroycarry.new.{held.id}")
        await office.until(datetime(2027, 3, 14, 9, 0, 1, tzinfo=SHANGHAI))
        await office.settle()
        told = await office[ARCHIVE].see()
        assert "单独存放期已满，请核实是否确无保存价值（S2-DOSS.29.2）" in told
        shown = await office[ARCHIVE].press(f"f.destroying.verify.{held.id}.{held.rev}")
        assert "期满核实确无价值" in shown
        await carry(office)
        await office[WITNESS].see()
        await office[WITNESS].tap("监销签字")
        assert state(office) is ListState.DESTROYED

    @one_channel
    @pytest.mark.rule("S2-DOSS.29.2")
    async def test_when_nobody_verifies_it_then_who_approved_hears(self, office: Office) -> None:
        await approved(office)
        await office[ARCHIVE].see()
        await office[ARCHIVE].tap("先单独存放")
        for day in (14, 17):
            await office.until(datetime(2027, 3, day, 9, 0, 1, tzinfo=SHANGHAI))
            await office.settle()
        told = await office[DIRECTOR].see()
        assert "单独存放至3月14日 周日，期满后单志远尚未核实是否确无保存价值" in told
        await office[DIRECTOR].tap("查看")
        held = the_list(office)
        await office[ARCHIVE].press(f"f.destroying.verify.{held.id}.{held.rev}")
        assert rows(office, "SELECT * FROM watch WHERE case_kind = 'destruction'") == []


class TestGivenAWholeDossier:
    @pytest.mark.rule("S2-DOSS.29.3")
    async def test_when_destroyed_then_asking_for_it_is_as_if_it_never_was(
        self, office: Office
    ) -> None:
        number = "KH-2023-0042"
        await approved(office, paper="")
        await carry(office)
        await office[WITNESS].see()
        await office[WITNESS].tap("监销签字")
        id_ = id_of(office, number)
        held = office.look(lambda unit: dossiers.get(unit, id_))
        assert held is not None
        assert held.state == seeing.DESTROYED
        for who in (SALES, WITNESS):
            for words in ("/find {0}", "/borrow {0}"):
                mine = await office[who].say(words.format(number))
                await office[who].say("取消")
                never = await office[who].say(words.format("KH-1999-9999"))
                await office[who].say("取消")
                assert mine.text.replace(number, "") == never.text.replace("KH-1999-9999", "")
            assert await office[who].press(f"f.consult.new.{id_}") == await office[who].press(
                "f.consult.new.999999"
            )
        query = "SELECT DISTINCT state FROM document WHERE dossier_id = ?"
        assert rows(office, query, str(id_)) == [("destroyed",)]  # and still on record

    @pytest.mark.parametrize("office", ["phones"], indirect=True)
    async def test_then_the_register_has_it(self, office: Office) -> None:
        await approved(office, paper="")
        await carry(office)
        assert "还没有销毁过档案" in await office[ARCHIVE].say("销毁清册")
        await office[WITNESS].see()
        await office[WITNESS].tap("监销签字")
        shown = await office[ARCHIVE].say("/destroyed")
        assert "销-2026-0001 · 销售一部 · 9月14日 周一 · 1项" in shown
        sent = await office[ARCHIVE].tap("导出 Excel")
        assert "销毁清册-2026-09-14.xlsx：共 1 行，校验码 " in sent
        row = {head.value: cell.value for head, cell in zip(*sheet(office), strict=True)}
        assert row["清册编号"] == "销-2026-0001"
        assert row["材料名称"] == "整卷"
        assert (row["执行人"], row["监销人"]) == ("单志远", "李志强")
        assert (row["状态"], row["地点"], row["方式"]) == ("已销毁", "档案楼一层销毁室", "粉碎")
        assert row["销毁理由"] == "合同已履行完毕，无查考价值"


@one_channel
class TestGivenAnotherRegulation:
    @pytest.mark.rule("S1-12.1.4")
    async def test_then_the_deputy_chief_approves_before_it_starts(self, office: Office) -> None:
        public_body(office)
        post(office, DIRECTOR, "deputy_chief")
        await list_one(office)
        await office[ARCHIVE].tap("送审")
        assert state(office) is ListState.ASKED
        held = the_list(office)
        assert "清册已有变动" in await office[ARCHIVE].press(f"f.destroycarry.new.{held.id}")
        await office[DIRECTOR].see()
        await office[DIRECTOR].tap("同意")
        shown = await office[ARCHIVE].see()
        assert "先单独存放" not in shown.labels
        assert "请监销人" in await carry(office)
        assert paper(office).state == "kept"
        await office[WITNESS].see()
        assert "（S1-12.1.4）" in await office[WITNESS].tap("监销签字")
        assert state(office) is ListState.DESTROYED

    @pytest.mark.rule("S1-13.4")
    async def test_where_no_witness_is_asked_for_then_the_leaders_approval_is_enough(
        self, office: Office
    ) -> None:
        public_body(office)
        post(office, DIRECTOR, "leader_in_charge")
        of = id_of(office, HX)
        office.change(
            lambda unit: unit.session.execute(
                update(dossier).where(dossier.c.id == of).values(type="justice")
            )
        )
        await list_one(office)
        await office[ARCHIVE].tap("送审")
        await office[DIRECTOR].see()
        await office[DIRECTOR].tap("同意")
        assert "已批准，可以销毁" in await office[ARCHIVE].see()
        await office[ARCHIVE].tap("登记销毁")
        await office[ARCHIVE].say("档案楼一层销毁室")
        await office[ARCHIVE].tap("焚毁")
        await office[ARCHIVE].tap("提交")
        assert state(office) is ListState.DESTROYED
        assert paper(office).state == "destroyed"


def public_body(office: Office) -> None:
    """Let it be decided as the water bureau and its justice offices have it."""
    rows_now = office.app.world.policies.governed[0].versions[0].approval
    others = [one for one in rows_now if one.action is not Action.DESTROY]
    theirs = [one for one in load_pack("public-body").approval if one.action is Action.DESTROY]
    under(office, approval=(*others, *theirs), destruction=None)
