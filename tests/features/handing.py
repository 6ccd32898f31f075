"""Short words for tests of signing: a list that is filled in, handed over, counted and signed."""

from __future__ import annotations

from datetime import date
from typing import Any

from handlers.handovers import handover_given, handover_open
from handlers.handovers.handover_open import Start
from rules.checklists import Form
from rules.policy import load_pack
from storage import attachments, handover_gaps, handover_items, handovers, staff
from storage.handover_gaps import Gap
from storage.handovers import Handover, Leg
from storage.staff import StaffRow
from storage.unit import Unit
from tests.features.desk import acting
from tests.features.office import Office, Shown
from tests.features.showroom import ARCHIVE, SELLER, delivered, last, sells

GIVER = "CY033"
"""The sales consultant, or manager A of a loan; SELLER is the account."""
OTHER = "CY034"
"""The service manager, or manager B of a loan; CHIEF is the account."""


def filled(office: Office, held: Handover, who: str = GIVER, **lines: dict[str, Any]) -> None:
    """Say that everything on the list is there and signed, but for these lines by their id."""

    def fill(unit: Unit) -> None:
        for one in handover_given.lines(acting(office, unit, who), held):
            said = lines.get(one.item.item)
            if said is None and (one.there is None or one.there.needed.value == "optional"):
                continue
            values = said or {"state": "present"}
            if values.get("state", "present") == "present":
                values = _there(unit, one) | values
            handover_items.put(unit, one.item.id, **values)

    office.change(fill)


def _there(unit: Unit, one: handover_given.Line) -> dict[str, Any]:
    paper = one.there
    assert paper is not None
    for _ in range(paper.photos_needed - one.photos):
        photo = attachments.note_pending(unit, staff_id=GIVER, kind="photo", name="", source="{}")
        attachments.kept(unit, photo, attachments.Kept("0" * 64, 1, "image/jpeg"))
        attachments.attach(unit, (photo,), handover_items.PHOTOS, one.item.id)
    form = Form.ORIGINAL if paper.form is Form.ANY else paper.form
    return {
        "state": "present",
        "form": form.value,
        "pages": 2,
        "customer_signed": "yes" if paper.customer_signs else "",
        "staff_signed": "yes" if paper.staff_signs else "",
        "certificate": "A-0091" if paper.certificate else "",
    }


async def handed(office: Office, **lines: dict[str, Any]) -> Handover:
    """Have the papers of a new car handed over; what is named is as it says."""
    sells(office)
    await delivered(office)
    held = last(office)
    filled(office, held, **lines)
    await hand(office, held)
    return now(office, held)


async def hand(office: Office, held: Handover, who: str = SELLER) -> Shown:
    """Hand over what is on the list, also where something is missing."""
    shown = await office[who].press(f"f.sign.hand.{held.id}")
    return await office[who].tap("仍然移交") if "仍然移交" in shown.labels else shown


async def count(office: Office, held: Handover, who: str = ARCHIVE) -> Shown:
    return await office[who].press(f"f.sign.receive.{held.id}")


async def note(office: Office, held: Handover, item: str, what: str, who: str = ARCHIVE) -> Shown:
    """Tap what is not right about a line."""
    return await office[who].press(f"f.sign.note.{line(office, held, item).id}.{what}")


async def sign(office: Office, held: Handover, who: str = ARCHIVE) -> Shown:
    """Count and sign, with gaps where something is noted."""
    shown = await count(office, held, who)
    if "缺项签收" in shown.labels:
        await office[who].tap("缺项签收")
        return await office[who].tap("按缺项签收")
    return await office[who].tap("相符，签收")


async def signed(office: Office, **lines: dict[str, Any]) -> Handover:
    """Have the papers of a new car signed into the archive."""
    held = await handed(office, **lines)
    await sign(office, held)
    return now(office, held)


def now(office: Office, held: Handover) -> Handover:
    found = office.look(lambda unit: handovers.get(unit, held.id))
    assert found is not None
    return found


def legs(office: Office, held: Handover) -> tuple[Leg, ...]:
    return office.look(lambda unit: handovers.legs(unit, held.id))


def line(office: Office, held: Handover, item: str) -> handover_items.Item:
    every = office.look(lambda unit: handover_items.of(unit, held.id))
    return next(one for one in every if one.item == item)


def gaps(office: Office, held: Handover, *states: str) -> list[Gap]:
    """Return the gaps in these states, the open ones unless others are named."""
    found = office.look(lambda unit: handover_gaps.of(unit, held.id))
    return [one for one in found if one.state in (states or ("open", "supplied"))]


def lends(office: Office) -> None:
    """Let the car departments lend money: manager A, manager B, and who keeps file and deeds."""
    sells(office, "loan-guarantee")

    def appoint(unit: Unit) -> None:
        for one, name, roles, above in (
            (GIVER, "董思敏", ("pm_a",), "CY032"),
            (OTHER, "罗建军", ("pm_b",), "CY031"),
        ):
            department = "汽车销售部" if one == GIVER else "汽车售后部"
            staff.save(unit, StaffRow(one, name, department, roles, above))
        keeper = ("custodian", "archivist_full", "deed_keeper")
        staff.save(unit, StaffRow(ARCHIVE, "单志远", "客户服务部", keeper, "CY005"))

    office.change(appoint)


def begun(
    office: Office,
    kind: str,
    pack: str = "loan-guarantee",
    subject: str = "鸿鑫借款",
    giver: str = GIVER,
    second: str = OTHER,
) -> Handover:
    """Start a handover of a pack today, past the chat."""
    row = load_pack(pack).handover_of(kind)
    assert row is not None

    def start(unit: Unit) -> Handover:
        ctx = acting(office, unit, giver)
        today: date = ctx.today
        start = Start(pack, row, ctx.person, subject, subject, today, second=second)
        return handover_open.open_(ctx, start)

    return office.change(start)


async def for_a_witness(office: Office) -> Handover:
    """Have the papers of a section before the archive, which counts them; a witness is to sign."""
    sells(office, "public-body")

    def appoint(unit: Unit) -> None:
        for one, role in ((GIVER, "archivist_part"), ("CY034", "office_director")):
            person = staff.get(unit.session, one)
            assert person is not None
            row = StaffRow(one, person.name, person.department, (role,), person.superior)
            staff.save(unit, row)

    office.change(appoint)
    held = begun(office, "documents", "public-body", "2026年度文书", second="")
    filled(office, held)
    await hand(office, held)
    await sign(office, held)
    return held
