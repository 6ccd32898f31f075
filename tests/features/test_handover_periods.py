"""Handovers that come with the calendar: opened once, for who gives, in time."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from storage import staff
from storage.staff import StaffRow
from storage.unit import Unit
from tests.features.keeping import later
from tests.features.office import Office, one_channel
from tests.features.showroom import SELLER, every, leg, sells


def clerk(office: Office) -> None:
    """Let the sales consultant be the archivist of the car sales department as well."""

    def change(unit: Unit) -> None:
        row = StaffRow(
            "CY033", "董思敏", "汽车销售部", ("sales_consultant", "archivist_part"), "CY032"
        )
        staff.save(unit, row)

    office.change(change)


@pytest.mark.rule("S5-2.4.2", "C-26")
class TestGivenAMonthThatEnds:
    async def test_then_its_papers_are_asked_for_once_by_the_tenth(self, office: Office) -> None:
        sells(office, "corporate-archive")
        clerk(office)
        await later(office, "09-15 09:00")
        before = {one.id for one in every(office)}
        await later(office, "10-01 09:00")
        mine = [one for one in every(office) if one.id not in before and one.kind == "monthly"]
        assert [(one.department, one.giver) for one in mine] == [("汽车销售部", "CY033")]
        (held,) = mine
        assert "2026年9月" in held.subject
        assert leg(office, held).due_on is not None
        assert str(leg(office, held).due_on) == "2026-10-10"
        assert held.number in await office[SELLER].see()
        await later(office, "10-02 09:00")
        assert sum(one.kind == "monthly" for one in every(office)) == 1

    @one_channel
    async def test_when_nobody_holds_the_post_then_the_head_does(self, office: Office) -> None:
        sells(office, "corporate-archive")
        part = office.app.world.policies.governed[1]
        (policy,) = part.versions
        rows = tuple(
            replace(row, departments=("汽车售后部",)) if row.id == "monthly" else row
            for row in policy.handover
        )
        changed = replace(part, versions=(replace(policy, handover=rows),))
        policies = replace(
            office.app.world.policies, governed=(office.app.world.policies.governed[0], changed)
        )
        office.app.world = replace(office.app.world, policies=policies)
        office.app._housekeeping._world = office.app.world
        await later(office, "10-01 09:00")
        heads = office.look(lambda unit: staff.heads(unit.session, "汽车售后部"))
        mine = [one for one in every(office) if one.kind == "monthly"]
        assert {one.giver for one in mine} <= set(heads)
        assert mine
