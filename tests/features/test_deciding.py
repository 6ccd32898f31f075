"""Who decides about a dossier by what it holds, who made it and on which level it is kept."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from bot import sample
from handlers import FEATURES
from handlers.approvals import approvals, deciding
from handlers.conversation.forms import Answers
from handlers.dossiers import dossier_open
from handlers.notes import visit_note
from handlers.world import Registry, World
from rules.calendar import china
from rules.chains import Approval
from rules.occasions import MADE_BY, MATERIAL, Action
from rules.policies import Governed, Policies
from rules.policy import load_pack
from storage import dossier_fields, dossiers, staff
from storage.tables import dossier
from storage.tables import staff as people
from storage.unit import Unit
from tests.conftest import UnitFactory
from tests.features.council import CUSTOMER, DIRECTOR, HEAD, ask, audited, council, states
from tests.features.desk import under
from tests.features.lending import HX, SALES, begin, label_of
from tests.features.office import Office, one_channel

BUREAU, LEVELS = load_pack("public-body"), load_pack("sales-levels")
NOW = datetime(2026, 9, 14, 9, tzinfo=ZoneInfo("Asia/Shanghai"))
SELLER, COLLEAGUE, DEPARTMENT = "CY015", "CY016", "销售一部"


def holds(office: Office, number: str, **fields: str) -> None:
    """Write into a dossier what it holds and who made it."""

    def write(unit: Unit) -> None:
        found = dossiers.by_number(unit.session, number)
        assert found is not None
        dossier_fields.write(unit, found, fields, "file")

    office.change(write)


class TestGivenABureausFiles:
    @pytest.mark.rule("S1-12.3.2b")
    @one_channel
    async def test_when_they_are_minutes_then_the_office_director_decides(
        self, office: Office
    ) -> None:
        under(office, approval=BUREAU.approval)
        holds(office, CUSTOMER, **{MATERIAL: "minutes", MADE_BY: DEPARTMENT})
        await office[SALES].say(f"/find {CUSTOMER}")
        shown = await office[SALES].tap("申请查阅")
        assert "1. 局办公室主任" in shown
        assert "S1-12.3.2b" in shown

    @pytest.mark.rule("S1-12.3.2c")
    @one_channel
    async def test_when_they_are_party_papers_then_one_from_outside_needs_the_secretary_too(
        self, office: Office
    ) -> None:
        under(office, approval=BUREAU.approval)
        holds(office, CUSTOMER, **{MATERIAL: "party_papers"})
        await office[SALES].say(f"/find {CUSTOMER}")
        shown = await office[SALES].tap("外来查阅")
        assert "1. 分管办公室的局领导" in shown
        assert "2. 党组织书记" in shown

    @pytest.mark.rule("S1-12.3.2c")
    @one_channel
    async def test_when_party_papers_are_borrowed_then_the_secretary_decides(
        self, office: Office
    ) -> None:
        under(office, loan=BUREAU.loan, approval=BUREAU.approval)
        holds(office, HX, **{MATERIAL: "party_papers"})
        me = office[SALES]
        await begin(office)
        await me.tap(label_of(await me.say("对账单"), "原件"))
        await me.tap("完成")
        await me.tap("核对数据")
        assert "1. 党组织书记" in await me.say("核对年度材料")

    @pytest.mark.rule("S1-12.3.2a")
    @one_channel
    async def test_when_the_own_department_made_them_then_they_are_registered_only(
        self, office: Office
    ) -> None:
        under(office, approval=BUREAU.approval)
        holds(office, CUSTOMER, **{MATERIAL: "document", MADE_BY: DEPARTMENT})
        me = office[SALES]
        await me.say(f"/find {CUSTOMER}")
        assert "无需审批，只作登记（S1-12.3.2a）" in await me.tap("申请查阅")
        await me.tap("检查核对")
        await me.say("核对本部门材料")
        await me.say("今天")
        await me.tap("提交")
        assert states(office) == ["registered"]


def levels(office: Office, number: str, level: str) -> None:
    """Let the office work on three levels; the dossier is secret and of one of them."""
    office.app.world = replace(office.app.world, policies=Policies.of(LEVELS))
    graded = dossier.update().where(dossier.c.number == number)
    office.change(lambda unit: unit.session.execute(graded.values(level=level, grade="secret")))


class TestGivenThreeLevels:
    @pytest.mark.rule("S1-07.3.1.1")
    @one_channel
    async def test_q01_when_a_manager_asks_for_company_level_then_one_card_to_the_director(
        self, office: Office
    ) -> None:
        council(office)
        levels(office, CUSTOMER, "company")
        await ask(office, HEAD)
        assert states(office) == ["pending"]
        card = await office[DIRECTOR].see()
        assert "申请人：王海峰" in card
        assert "机密" in card

    @pytest.mark.rule("S1-07.3.1.3")
    @one_channel
    async def test_q03_when_another_salesperson_asks_then_the_department_manager_decides(
        self, office: Office
    ) -> None:
        levels(office, HX, "personal")
        hidden = await office["CY016"].say(f"/find {HX}")
        assert "没有找到" in hidden
        cleared = people.update().where(people.c.id == "CY016").values(clearance="secret")
        office.change(lambda unit: unit.session.execute(cleared))
        assert "S1-07.3.1.3" in await ask(office, "CY016", HX)
        assert "李志强" in await office[HEAD].see()
        assert "机密" in await office[SALES].say(f"/find {HX}")


@pytest.mark.rule("S1-07.3.3.1", "C-02")
@one_channel
async def test_given_company_level_when_papers_are_handed_out_then_the_formal_way(
    office: Office,
) -> None:
    under(office, dossier=LEVELS.dossier, loan=LEVELS.loan, approval=LEVELS.approval)

    def raise_level(unit: Unit) -> None:
        raised = dossier.update().where(dossier.c.number == HX).values(level="company")
        unit.session.execute(raised)

    office.change(raise_level)
    me = office[SALES]
    await me.say(f"/borrow {HX}")
    await me.tap(label_of(await me.say("对账单"), "原件"))
    await me.tap("完成")
    await me.tap("核对数据")
    review = await me.say("核对三季度价格")
    assert "1. 部门经理：王海峰" in review
    assert "2. 总经理" in review
    assert "S1-07.3.3.1" in review


@pytest.mark.rule("S1-05.4")
@one_channel
async def test_given_acquaintance_when_asked_to_read_then_refused_and_logged(
    office: Office,
) -> None:
    me = office[SALES]
    await me.say(f"/find {CUSTOMER}")
    await me.tap("申请查阅")
    await me.tap("其他用途")
    await me.say("朋友帮忙")
    await me.say("今天")
    shown = await me.tap("提交")
    assert "私人交情不能作为借阅事由（S1-05.4）" in shown
    assert "朋友帮忙" in shown
    assert states(office) == []
    assert [one["rule"] for one in audited(office, "consultation.unfounded")] == ["S1-05.4"]


def _row(unit: Unit, world: World, dossier_id: int) -> Approval | None:
    person, found = staff.get(unit.session, COLLEAGUE), dossiers.get(unit, dossier_id)
    assert person is not None
    assert found is not None
    ctx = world.context(unit, person, "phones", COLLEAGUE, NOW)
    policy = ctx.in_force.governing(found.department, found.type)
    return approvals.approval_of(policy, deciding.facts(Action.CONSULT, found, person))


@pytest.mark.rule("S1-07.3.1.3")
@pytest.mark.parametrize("way", ["open", "visit"])
def test_given_levels_when_a_salesperson_reports_a_customer_then_it_is_personal(
    unit_factory: UnitFactory, way: str
) -> None:
    policies = Policies((Governed((LEVELS,)),))
    with unit_factory(NOW) as unit:
        sample.load(unit, policies)
        world = World(policies, china(), Registry(FEATURES))
        person = staff.get(unit.session, SELLER)
        assert person is not None
        ctx = world.context(unit, person, "phones", SELLER, NOW)
        if way == "open":
            made = dossier_open.drafted(ctx, Answers({"name": "远航汽车服务"}), person)
        else:
            customer = {"key": "", "label": "远航汽车服务"}
            made = visit_note.dossier_of(ctx, Answers({"customer": customer})) or 0
        found = dossiers.get(unit, made)
        assert found is not None
        assert (found.level, found.grade) == ("personal", "secret")
        row = _row(unit, world, made)
        assert row is not None
        assert row.rule == "S1-07.3.1.3"
