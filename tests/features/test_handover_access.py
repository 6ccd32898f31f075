"""Who may do what with a handover: nobody signs for the own papers, who left is stood in for."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from handlers.handovers import handover_access
from handlers.handovers.handover_access import Act
from rules.policies import Policies
from storage import handovers, staff
from storage.staff import StaffRow
from storage.unit import Unit
from tests.features.desk import acting
from tests.features.office import Office, one_channel
from tests.features.showroom import (
    ARCHIVE,
    CARE,
    CHIEF,
    DIRECTOR,
    SELLER,
    STRANGE,
    delivered,
    items,
    last,
    leg,
    sells,
    serviced,
)

CUSTOMER_CARE = "CY012"
"""Heads the unit that keeps the dealer's archive."""


def acts(office: Office, who: str) -> frozenset[Act]:
    """Return what somebody may do with the last handover."""
    held = last(office)

    def look(unit: Unit) -> frozenset[Act]:
        person = staff.get(unit.session, who)
        assert person is not None
        return handover_access.may(acting(office, unit, who), held, person)

    return office.look(look)


def receivers(office: Office) -> tuple[str, ...]:
    held = last(office)

    def look(unit: Unit) -> tuple[str, ...]:
        return handover_access.receivers(
            acting(office, unit, ARCHIVE), held, handovers.present(unit, held)
        )

    return office.look(look)


def give_post(office: Office, staff_id: str, *roles: str) -> None:
    def give(unit: Unit) -> None:
        person = staff.get(unit.session, staff_id)
        assert person is not None
        row = StaffRow(
            staff_id,
            person.name,
            person.department,
            (*person.roles, *roles),
            person.superior,
            clearance=person.clearance,
        )
        staff.save(unit, row)

    office.change(give)


@one_channel
class TestGivenAHandoverOnItsWay:
    @pytest.mark.rule("S1-09.3.1", "S1-09.3.2")
    async def test_then_each_side_may_do_its_part_and_nobody_else_any(
        self, office: Office
    ) -> None:
        sells(office)
        await delivered(office)
        assert acts(office, "CY033") == {Act.SEE, Act.GIVE, Act.MOVE, Act.CANCEL}
        assert acts(office, ARCHIVE) == {Act.SEE}
        assert acts(office, "CY013") == {  # the sales director
            Act.SEE,
            Act.MOVE,
            Act.CANCEL,
            Act.REPLACE,
        }
        assert acts(office, DIRECTOR) == {Act.SEE}
        assert acts(office, STRANGE) == frozenset()

    @pytest.mark.rule("S1-09.2.2")
    async def test_when_handed_over_then_the_archive_signs(self, office: Office) -> None:
        sells(office)
        await delivered(office)
        here = leg(office, last(office))
        values = {"state": "handed", "handed_at": office.clock.now(), "handed_by": "CY033"}
        office.change(lambda unit: handovers.set_leg(unit, here.id, **values))
        assert acts(office, "CY033") == {Act.SEE, Act.TAKE_BACK}
        assert acts(office, ARCHIVE) == {Act.SEE, Act.SIGN}

    @pytest.mark.rule("C-55")
    async def test_when_the_giver_has_left_then_the_superior_gives(self, office: Office) -> None:
        sells(office)
        await serviced(office)
        office.change(lambda unit: staff.deactivate(unit, CARE))
        assert Act.GIVE in acts(office, "CY034")
        row = items(office, last(office))["work_order"]
        await office[CHIEF].press(f"f.handover.lacks.{row.id}")
        assert items(office, last(office))["work_order"].state == "absent"

    @pytest.mark.rule("S1-14.9", "C-76")
    async def test_when_the_archivist_gives_then_the_head_of_the_unit_signs(
        self, office: Office
    ) -> None:
        sells(office)
        give_post(office, ARCHIVE, "service_consultant")
        await serviced(office)
        assert receivers(office) == (ARCHIVE,)
        held = last(office)
        here = leg(office, held)
        office.change(lambda unit: handovers.set_leg(unit, here.id, giver=ARCHIVE))
        assert receivers(office) == (CUSTOMER_CARE,)
        assert Act.SIGN not in acts(office, ARCHIVE)

    async def test_when_the_company_drops_the_pack_then_it_goes_on_by_it(
        self, office: Office
    ) -> None:
        sells(office)
        await delivered(office)
        world = office.app.world
        left = Policies(world.policies.governed[:1])
        office.app.world = replace(world, policies=left)
        shown = await office[SELLER].press(f"f.handover.card.{last(office).id}")
        assert "S1-09.4.1" in shown.text

    async def test_when_the_company_takes_its_kind_out_then_it_goes_on_by_it(
        self, office: Office
    ) -> None:
        sells(office)
        await delivered(office)
        world = office.app.world
        company, dealer = world.policies.governed
        without = tuple(replace(one, handover=()) for one in dealer.versions)
        changed = Policies((company, replace(dealer, versions=without)))
        office.app.world = replace(world, policies=changed)
        shown = await office[SELLER].press(f"f.handover.card.{last(office).id}")
        assert "S1-09.4.1" in shown.text
