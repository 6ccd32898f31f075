"""Two packs in one company, and a pack that changes: which rule a message names, which date holds.

Acceptance scenarios D17 and D18.
"""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from bot import sample
from handlers import FEATURES, help, seeing
from handlers.context import Context
from handlers.conversation.forms import Answers
from handlers.conversation.messages import Reply, Show
from handlers.notes import duties, plan, visit_note
from handlers.world import Registry, World
from rules.access import Sight
from rules.calendar import china
from rules.policies import Governed, Policies
from rules.policy import load_pack
from rules.wording import reworded
from storage import dossiers, staff, visits
from storage.unit import Unit
from tests.conftest import UnitFactory

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 9, 14, 9, tzinfo=SHANGHAI)
SERVICE = load_pack("customer-service")
DEALER = load_pack("auto-dealer")
SALES = load_pack("sales-levels")
SELLER, CARE = "CY015", "CY036"

TWO = Policies((Governed((SERVICE,)), Governed((DEALER,), dossier_types=("vehicle",))))
BY_DEPARTMENT = Policies((Governed((SERVICE,)), Governed((SALES,), departments=("销售一部",))))


def context(unit: Unit, policies: Policies, staff_id: str, now: datetime = NOW) -> Context:
    person = staff.get(unit.session, staff_id)
    assert person is not None
    world = World(policies, china(), Registry(FEATURES))
    return world.context(unit, person, "phones", staff_id, now)


def planned(ctx: Context, kind: str = "customer", day: date | None = None) -> visits.Visit:
    """Return a planned visit to a dossier of that type, its clock wound."""
    row = dossiers.DossierRow(
        name="远航汽车服务", keeper=ctx.person.id, number="X-1", type=kind, department="汽车售后部"
    )
    dossier_id = dossiers.add(ctx.unit, row, by=ctx.person.id)
    visit_id = visits.plan(
        ctx.unit,
        staff_id=ctx.person.id,
        dossier_id=dossier_id,
        day=day or ctx.today,
        at=ctx.at,
        purpose="",
    )
    duties.watch(ctx, visit_id)
    found = visits.get(ctx.unit, visit_id)
    assert found is not None
    return found


def text(reply: Reply) -> str:
    (shown,) = (one for one in reply.shows if isinstance(one, Show))
    return shown.card.text


class TestGivenTwoPacks:
    @pytest.mark.parametrize(
        ("policies", "who", "kind", "rule"),
        [
            (TWO, CARE, "vehicle", "S1-09.2.5"),
            (TWO, CARE, "customer", "S2-DOSS.3.3"),
            (BY_DEPARTMENT, SELLER, "customer", "S1-07.2.3a"),
            (BY_DEPARTMENT, CARE, "customer", "S2-DOSS.3.3"),
        ],
    )
    def test_when_a_visit_is_shown_then_by_the_rule_that_governs_it(
        self, unit_factory: UnitFactory, policies: Policies, who: str, kind: str, rule: str
    ) -> None:
        with unit_factory(NOW) as unit:
            sample.load(unit, policies)
            ctx = context(unit, policies, who)
            visit = planned(ctx, kind)
            assert f"（{rule}）" in text(plan.open_one(ctx, (str(visit.id),)))
            assert duties.deadline(ctx, visit).rule == rule

    def test_when_a_note_is_filed_then_the_answer_names_the_rule_of_its_dossier(
        self, unit_factory: UnitFactory
    ) -> None:
        with unit_factory(NOW) as unit:
            sample.load(unit, TWO)
            ctx = context(unit, TWO, CARE)
            visit = planned(ctx, "vehicle")
            said = visit_note.submit(
                ctx,
                Answers(
                    {
                        "customer": {"key": str(visit.dossier_id), "label": "远航"},
                        "day": ctx.today.isoformat(),
                        "manner": "visit",
                        "body": "保养提醒",
                    }
                ),
            )
            assert "S1-09.2.5" in text(said)
            assert ctx.recorded[-1].rule == "S1-09.2.5"

    def test_when_a_dossier_is_looked_at_then_its_own_pack_says_who_sees_it(
        self, unit_factory: UnitFactory
    ) -> None:
        with unit_factory(NOW) as unit:
            sample.load(unit, TWO)
            mine = context(unit, TWO, CARE)
            vehicle = dossiers.get(unit, planned(mine, "vehicle").dossier_id)
            assert vehicle is not None
            sight = {
                who: seeing.view(context(unit, TWO, who), vehicle).sight
                for who in ("CY012", "CY007", "CY008")
            }
            assert sight["CY012"] is Sight.FULL  # customer care reads under the dealer's pack
            assert sight["CY007"] is not Sight.FULL  # the other pack's readers do not

    @pytest.mark.rule("S1-07.3.1.0")
    def test_when_a_new_customer_is_noted_then_the_draft_has_the_grade_of_its_pack(
        self, unit_factory: UnitFactory
    ) -> None:
        with unit_factory(NOW) as unit:
            sample.load(unit, BY_DEPARTMENT)
            grades = {}
            for who in (SELLER, CARE):
                ctx = context(unit, BY_DEPARTMENT, who)
                customer = {"key": "", "label": f"新客户{who}"}
                drafted = visit_note.dossier_of(ctx, Answers({"customer": customer}))
                assert drafted is not None
                found = dossiers.get(unit, drafted)
                assert found is not None
                grades[who] = found.grade
            assert grades == {SELLER: "secret", CARE: "none"}


@pytest.mark.rule("S1-09.7.1")
class TestGivenANumberChangesInOctober:
    term = replace(SERVICE.visit.note.due, unit=DEALER.open.duty.due.unit, tolerance_seconds=3600)
    later = replace(
        SERVICE,
        effective_from=date(2026, 10, 8),
        visit=replace(SERVICE.visit, note=replace(SERVICE.visit.note, due=term)),
    )
    policies = Policies((Governed((SERVICE, later)),))

    def test_when_it_is_in_force_then_cases_that_began_before_keep_their_date(
        self, unit_factory: UnitFactory
    ) -> None:
        with unit_factory(NOW) as unit:
            sample.load(unit, self.policies)
            before = planned(context(unit, self.policies, CARE), day=date(2026, 9, 30))
            october = datetime(2026, 10, 9, 9, tzinfo=SHANGHAI)
            ctx = context(unit, self.policies, CARE, october)
            assert ctx.policy is self.later
            assert duties.deadline(ctx, before).tolerance == timedelta(0)
            assert duties.policy_of(ctx, before) is SERVICE
            after = replace(before, day=date(2026, 10, 9))
            assert duties.deadline(ctx, after).tolerance == timedelta(hours=1)


def test_a_clause_is_shown_in_the_company_s_words(unit_factory: UnitFactory) -> None:
    own = reworded('[[clause]]\nid = "S2-INFO.17"\nzh = "未经许可一律不得查阅。"\n', "own.toml")
    with unit_factory(NOW) as unit:
        sample.load(unit, TWO)
        person = staff.get(unit.session, SELLER)
        assert person is not None
        world = World(TWO, china(), Registry(FEATURES), own)
        ctx = world.context(unit, person, "phones", SELLER, NOW)
        assert text(help.clause(ctx, ("S2-INFO", "17"))) == "未经许可一律不得查阅。"
