"""Short words for tests of dossiers that are to be opened and completed in time."""

from __future__ import annotations

from datetime import timedelta

from tests.features.desk import under
from tests.features.diary import SALES, at, rows
from tests.features.office import Office

REVIEW = "核对一遍"
LACKING = "资料不全"
NEXT = "下一份待补充"


def works_under(office: Office, **changes: object) -> None:
    """Let the office and its clock work under its policy with some tables changed."""
    under(office, **changes)
    office.app._housekeeping._world = office.app.world


def missed(office: Office, person: str = SALES) -> list[tuple[str, str, str]]:
    """Return dossier, duty and day of every breach of a person."""
    query = (
        "SELECT d.name, b.duty, b.due_on FROM breach b JOIN dossier d ON d.id = b.dossier_id "
        "WHERE b.staff_id = ? ORDER BY b.due_on, d.name"
    )
    return [(name, duty, str(day)) for name, duty, day in rows(office, query, person)]


async def later(office: Office, words: str) -> None:
    """Let time go on to a moment such as `09-20 08:00` and a second further."""
    await office.until(at(words) + timedelta(seconds=1))
    await office.settle()
