"""People for storage tests: rows that other rows refer to."""

from __future__ import annotations

from sqlalchemy import insert

from storage.tables import staff
from storage.unit import Unit
from tests.conftest import NOW


def add_person(unit: Unit, id: str, account: str | None = None, *, active: bool = True) -> None:
    """Add a member of staff; without an account, one whom no message reaches."""
    unit.session.execute(
        insert(staff).values(
            id=id,
            name=f"员工{id}",
            department="销售一部",
            active=active,
            home_channel="phones" if account else "",
            home_account=account or "",
            created_at=NOW,
        )
    )
