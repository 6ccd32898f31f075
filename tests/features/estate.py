"""An office that keeps its dossiers as a property manager does: who is who, and its dossiers."""

from __future__ import annotations

from msgspec.structs import replace
from sqlalchemy import update

from rules.policies import Policies
from rules.policy import load_pack
from storage import dossier_fields, dossiers, staff
from storage.staff import StaffRow
from storage.tables import dossier
from storage.unit import Unit
from tests.features.diary import SALES
from tests.features.office import Office

CLERK, SUPERVISOR, MANAGER = SALES, "CY009", "CY014"
NUMBER, TENANT = "KH-2022-0044", "听涛假日酒店"
POSTS = {CLERK: "tenant_services", SUPERVISOR: "tenant_supervisor", MANAGER: "tenant_manager"}


def manages(office: Office, kind: str, **fields: str) -> None:
    """Let the office work under the property pack; the dossier is of that type, with fields."""
    world = office.app.world
    office.app.world = replace(world, policies=Policies.of(load_pack("property")))
    office.app._housekeeping._world = office.app.world

    def arrange(unit: Unit) -> None:
        for staff_id, role in POSTS.items():
            person = staff.get(unit.session, staff_id)
            assert person is not None
            superior = None if staff_id == MANAGER else MANAGER
            row = StaffRow(staff_id, person.name, person.department, (role,), superior)
            staff.save(unit, row)
        unit.session.execute(update(dossier).where(dossier.c.id == id_of(unit)).values(type=kind))

    office.change(arrange)
    if fields:
        office.change(lambda unit: filled(unit, fields))


def filled(unit: Unit, fields: dict[str, str]) -> None:
    dossier_fields.write(unit, id_of(unit), fields, "unit")


def id_of(unit: Unit) -> int:
    found = dossiers.by_number(unit.session, NUMBER)
    assert found is not None
    return found


def value(office: Office, field: str) -> str:
    def read(unit: Unit) -> str:
        held = dossiers.get(unit, id_of(unit))
        assert held is not None
        return dossier_fields.value(held, field, "unit")

    return office.look(read)
