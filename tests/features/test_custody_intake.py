"""A file comes into custody: nothing is agreed to before it was strictly checked."""

from __future__ import annotations

import pytest

from storage import staff
from storage.staff import StaffRow
from storage.unit import Unit
from tests.features.handing import GIVER, line
from tests.features.office import Office, one_channel
from tests.features.showroom import SELLER, last, sells


@pytest.mark.rule("S1-10.5", "S1-10.6")
@one_channel
async def test_e13_given_a_check_that_failed_then_the_agreement_has_to_wait(
    office: Office,
) -> None:
    sells(office, "file-custody")

    def archivist(unit: Unit) -> None:
        person = staff.get(unit.session, GIVER)
        assert person is not None
        row = StaffRow(GIVER, person.name, person.department, ("custodian",), person.superior)
        staff.save(unit, row)

    office.change(archivist)
    me = office[SELLER]
    await me.say("收到托管档案 王某")
    await me.tap("登记计时")
    held = last(office)
    await me.press(f"f.handover.lacks.{line(office, held, 'strict_check').id}")
    shown = await me.press(f"f.handover.has.{line(office, held, 'agreement').id}.original")
    assert "须先完成：严格审核转来的档案（S1-10.6）" in shown
