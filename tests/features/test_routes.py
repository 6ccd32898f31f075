"""A request in chat goes the way its pack says, step by step, and opens the dossier at its end."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from handlers import FEATURES, seeing
from handlers.approvals import approvals
from handlers.context import Context
from handlers.conversation.forms import Answers
from handlers.dossiers import change_sets, dossier_cases
from handlers.requests import consult
from handlers.world import Registry, World
from rules.access import Sight
from rules.calendar import china
from rules.cases import Approve, CaseState
from rules.policies import Governed, Policies
from rules.policy import load_pack
from storage import case_lists, cases, changes, dossiers, staff
from storage.cases import Stored
from storage.dossiers import Dossier
from storage.staff import StaffRow
from storage.unit import Unit
from tests.conftest import UnitFactory

NOW = datetime(2026, 9, 14, 9, tzinfo=ZoneInfo("Asia/Shanghai"))
READER, KEEPER, TOP = "reader", "keeper", "top"


def world(pack: str) -> World:
    return World(Policies((Governed((load_pack(pack),)),)), china(), Registry(FEATURES))


def company(unit: Unit, posts: Mapping[str, tuple[str, ...]]) -> None:
    """Make a reader below a head below the top, a keeper elsewhere, and who holds posts."""
    rows = [
        StaffRow(TOP, "顶头", "总部", ("gm",), clearance="top_secret"),
        StaffRow("head", "头头", "一部", (), TOP, clearance="top_secret", head_of=("一部",)),
        StaffRow(READER, "读者", "一部", ("salesperson",), "head", clearance="top_secret"),
        StaffRow(KEEPER, "保管", "二部", ("salesperson",), TOP, clearance="top_secret"),
    ]
    for id_, roles in posts.items():
        rows.append(StaffRow(id_, id_, "总部", roles, TOP, clearance="top_secret"))
    for row in rows:
        staff.save(unit, row)


def context(unit: Unit, of: World, staff_id: str) -> Context:
    person = staff.get(unit.session, staff_id)
    assert person is not None
    return of.context(unit, person, "phones", staff_id, NOW)


def kept(unit: Unit, kind: str, **more: object) -> Dossier:
    row = dossiers.DossierRow(
        name="远航", keeper=KEEPER, number="X-1", type=kind, department="二部", **more
    )
    found = dossiers.get(unit, dossiers.add(unit, row, by=KEEPER))
    assert found is not None
    return found


def waiting(unit: Unit, dossier: Dossier) -> Stored:
    (case_id,) = case_lists.open_on(unit.session, dossier.id)
    found = cases.get(unit, case_id)
    assert found is not None
    return found


def decided(unit: Unit, of: World, stored: Stored) -> list[str]:
    """Let whoever is asked agree until it is over; returns who was, in order."""
    asked = []
    while stored.case.open:
        (who,) = stored.case.deciders
        asked.append(str(who))
        done = approvals.act(context(unit, of, who), stored.id, Approve(who, stored.case.step))
        assert isinstance(done, Stored)
        stored = done
    assert stored.case.state is CaseState.APPROVED
    return asked


CONSULTATIONS = [
    # pack, type of the dossier, level, who holds which posts, who decides in order
    pytest.param(
        "property", "tenant", "", {"tm": ("tenant_manager",), "ts": ("tenant_supervisor",)},
        ["tm"], marks=pytest.mark.rule("S1-02.7"),
    ),
    pytest.param(
        "property", "resident", "", {"cu": ("custodian",)}, ["cu"],
        marks=pytest.mark.rule("S5-4.2"),
    ),
    pytest.param(
        "public-body", "party_papers", "", {"ps": ("party_secretary",)}, ["ps"],
        marks=pytest.mark.rule("S1-12.3.2c"),
    ),
    pytest.param(
        "public-body", "minutes", "", {"od": ("office_director",)}, ["od"],
        marks=pytest.mark.rule("S1-12.3.2b"),
    ),
    pytest.param(
        "customer-service", "customer", "", {"is": ("info_supervisor",)}, ["head", "is"],
        marks=[pytest.mark.rule("S2-DOSS.27.2"), pytest.mark.rule("S2-DOSS.27.3")],
    ),
    pytest.param(
        "sales-levels", "customer", "company", {"sd": ("sales_director",)}, ["sd"],
        marks=pytest.mark.rule("S1-07.3.1.1"),
    ),
    pytest.param(
        "corporate-archive", "customer", "", {"li": ("leader_in_charge",)}, ["li"],
        marks=pytest.mark.rule("S1-15.6.2"),
    ),
]  # fmt: skip


@pytest.mark.parametrize(("pack", "kind", "level", "posts", "expected"), CONSULTATIONS)
def test_a_dossier_is_read_when_those_of_the_clause_agreed_and_not_before(
    unit_factory: UnitFactory,
    pack: str,
    kind: str,
    level: str,
    posts: dict[str, tuple[str, ...]],
    expected: list[str],
) -> None:
    of = world(pack)
    with unit_factory(NOW) as unit:
        company(unit, posts)
        dossier = kept(unit, kind, level=level)
        ctx = context(unit, of, READER)
        assert seeing.view(ctx, dossier).sight is not Sight.FULL
        answers = {
            "_dossier": dossier.id,
            "purpose": "audit",
            "reason": "核对合同",
            "last": ctx.today.isoformat(),
        }
        consult.submit(ctx, Answers(answers))
        stored = waiting(unit, dossier)
        assert seeing.view(context(unit, of, READER), dossier).sight is not Sight.FULL
        assert decided(unit, of, stored) == expected
        assert seeing.view(context(unit, of, READER), dossier).sight is Sight.FULL


@pytest.mark.rule("S1-14.1")
def test_where_no_clause_allows_it_nobody_can(unit_factory: UnitFactory) -> None:
    of = world("file-custody")
    with unit_factory(NOW) as unit:
        company(unit, {"sc": ("section_chief",)})
        dossier = kept(unit, "customer")
        ctx = context(unit, of, READER)
        reply = consult.start(ctx, (str(dossier.id),))
        assert case_lists.open_on(unit.session, dossier.id) == ()
        assert reply.alert
        assert seeing.view(ctx, dossier).sight is not Sight.FULL


@pytest.mark.rule("S1-04.4.4")
def test_a_changed_dossier_is_confirmed_by_the_sales_director(unit_factory: UnitFactory) -> None:
    of = world("industrial-sales")
    with unit_factory(NOW) as unit:
        company(unit, {"cu": ("custodian",), "sd": ("sales_director",)})
        dossier = kept(unit, "customer")
        ctx = context(unit, of, KEEPER)
        set_id = changes.gather(unit, KEEPER, dossier.id, {"credit": "良好"}, {})
        held = changes.get(unit, set_id)
        assert held is not None
        assert change_sets.hand_in(ctx, held, dossier_cases.REVIEW)
        assert decided(unit, of, waiting(unit, dossier)) == ["cu", "sd"]
        found = dossiers.get(unit, dossier.id)
        assert found is not None
        assert found.fields["credit"] == "良好"
