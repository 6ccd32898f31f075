"""A car dealer's office: who delivers, who keeps the archive, and short words to start a handover.

The company runs its own pack and the dealer's; the dealer's governs the three car departments.
"""

from __future__ import annotations

from datetime import UTC, date, datetime

from msgspec.structs import replace

from rules.policies import Governed, Policies
from rules.policy import load_pack
from storage import accounts, handover_items, handovers
from storage.handover_items import Item
from storage.handovers import Handover, Leg
from storage.tables import handover
from storage.unit import Unit
from tests.features.office import Office, Shown

CARE, ARCHIVE, DIRECTOR, STRANGE = "CY035", "CY009", "CY004", "CY015"
"""A service consultant, the archivist, the customer director, somebody of another department."""
SELLER, CHIEF = "X001", "X002"
"""The accounts that `sells` gives to the sales consultant CY033 and the service manager CY034."""
DEPARTMENTS = ("汽车事业部", "汽车销售部", "汽车售后部")
CAR, OWNER = "沪A12345", "欧阳慧敏"


def sells(office: Office, pack: str = "auto-dealer") -> None:
    """Let the car departments work under the dealer's pack."""
    world = office.app.world
    company = world.policies.governed[0]
    part = Governed((load_pack(pack),), departments=DEPARTMENTS)
    office.app.world = replace(world, policies=Policies((company, part)))
    office.app._housekeeping._world = office.app.world

    def bind(unit: Unit) -> None:
        accounts.bind(unit, office.channel, office.account(SELLER), "CY033")
        accounts.bind(unit, office.channel, office.account(CHIEF), "CY034")

    office.change(bind)


def at(office: Office, day: date, hour: int = 9) -> None:
    """Let it be that hour of that day in Shanghai."""
    moment = datetime(day.year, day.month, day.day, hour - 8, tzinfo=UTC)
    office.clock.advance(moment)


async def delivered(office: Office, line: str = f"已交车 {CAR} 王某", who: str = SELLER) -> Shown:
    """Start the clock of a new car by one line; returns the own card."""
    await office[who].say(line)
    return await office[who].tap("登记计时")


async def serviced(office: Office, word: str = "首保完工", who: str = CARE) -> Shown:
    """Start the clock of a service job by one line; the contact is asked for."""
    me = office[who]
    await me.say(f"{word} {CAR} {OWNER}")
    await me.say("李女士")
    await me.say("15400001234")
    return await me.tap("登记计时")


def every(office: Office) -> list[Handover]:
    """Return all handovers, in the order they were opened."""

    def look(unit: Unit) -> list[Handover]:
        rows = unit.session.execute(handover.select().order_by(handover.c.id)).all()
        found = (handovers.get(unit, row.id) for row in rows)
        return [one for one in found if one is not None]

    return office.look(look)


def last(office: Office) -> Handover:
    return every(office)[-1]


def leg(office: Office, held: Handover) -> Leg:
    """Return the present leg."""
    return office.look(lambda unit: handovers.present(unit, held))


def items(office: Office, held: Handover) -> dict[str, Item]:
    """Return the lines of the checklist by their id."""
    return office.look(lambda unit: {one.item: one for one in handover_items.of(unit, held.id)})
