"""Short words for tests of deals, complaints and regular statistics: who holds which post."""

from __future__ import annotations

from msgspec.structs import fields
from sqlalchemy import func, select

from rules.chains import Approval
from rules.occasions import Action
from rules.policy import load_pack
from storage import accounts, affairs
from storage import staff as people
from storage.affairs import Affair
from storage.staff import StaffRow
from storage.tables import affair
from storage.unit import Unit
from tests.features.office import Office

OWN = "深圳市鸿鑫贸易有限公司"
"""A customer of the salesperson, ungraded."""


def row_of(pack: str, action: Action) -> Approval:
    """Return the row of a pack, to be laid beside those of the sample's."""
    return next(one for one in load_pack(pack).approval if one.action is action)


def post(office: Office, staff_id: str, *roles: str, account: str = "") -> None:
    """Give somebody these posts beside their own, and an account where they have none."""

    def give(unit: Unit) -> None:
        person = people.get(unit.session, staff_id)
        assert person is not None
        values = {one.name: getattr(person, one.name) for one in fields(StaffRow)}
        values["roles"] = (*sorted(person.roles), *roles)
        people.save(unit, StaffRow(**values))
        if account:
            accounts.bind(unit, office.channel, office.account(account), staff_id)

    office.change(give)


def kept(office: Office) -> Affair:
    """Return the last affair."""

    def read(unit: Unit) -> Affair:
        last = unit.session.execute(select(func.max(affair.c.id))).scalar_one()
        found = affairs.get(unit, last)
        assert found is not None
        return found

    return office.look(read)
