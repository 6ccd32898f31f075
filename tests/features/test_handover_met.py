"""People and papers that meet oddly: the archivist gives, the giver leaves, two act at once."""

from __future__ import annotations

import pytest

from rules.checklists import checklist
from storage import accounts, handovers, staff
from storage.handovers import Handover
from storage.unit import Unit
from tests.features.handing import GIVER, filled, for_a_witness, hand, legs, line, now, sign
from tests.features.office import Office
from tests.features.showroom import (
    ARCHIVE,
    CAR,
    CARE,
    CHIEF,
    OWNER,
    SELLER,
    delivered,
    every,
    last,
    leg,
    sells,
    serviced,
)
from tests.features.test_handover_access import give_post


def turned(office: Office, account: str, person: str) -> None:
    """Let an account be somebody else's."""

    def turn(unit: Unit) -> None:
        named = office.account(account)
        accounts.unbind(unit, office.channel, named)
        accounts.bind(unit, office.channel, named, person)

    office.change(turn)


async def with_witness(office: Office) -> Handover:
    """Have the papers of a section signed by the archive; the witness has not signed."""
    held = await for_a_witness(office)
    for one in checklist("public_documents").checks:
        await office[ARCHIVE].tap(one.zh if len(one.zh) <= 8 else f"{one.zh[:7]}…")
    return held


@pytest.mark.rule("S1-12.4.4", "S1-09.2.5")
async def test_the_register_is_asked_for_while_the_witness_signs(office: Office) -> None:
    held = await with_witness(office)
    assert legs(office, held)[0].signed_at is not None
    month = "f.receipts.month.public-body.202609"
    shown = await office[ARCHIVE].press(month)
    assert held.number not in shown
    assert "打印版（PDF）" not in shown.labels
    await office.hand_in(CHIEF, choice=f"f.sign.witness.{held.id}")
    await office.hand_in(ARCHIVE, choice="f.receipts.file.public-body.202609.pdf")
    await office.settle()
    assert legs(office, held)[0].state == "signed"
    assert (await office[ARCHIVE].see()).files == (0 if office.channel == "narrow" else 1)
    assert held.number in await office[ARCHIVE].press(month)


@pytest.mark.rule("C-55", "S1-09.4.2")
async def test_a_consultant_leaves_while_the_list_is_filled_in(office: Office) -> None:
    sells(office)
    await delivered(office)
    held = last(office)
    me = office[SELLER]
    invoice = line(office, held, "purchase_invoice")
    await me.press(f"f.handover.has.{invoice.id}.copy")
    await me.press(f"f.handover.say.{invoice.id}.pages")

    office.change(lambda unit: staff.deactivate(unit, GIVER))
    shown = await me.say("3")
    assert held.number not in shown
    assert line(office, held, "purchase_invoice").pages == 0
    turned(office, CHIEF, "CY032")
    above = office[CHIEF]
    shown = await above.press(f"f.handover.papers.{held.id}")
    assert "购车发票复印件：复印件" in shown
    filled(office, held, "CY032")
    await hand(office, held, CHIEF)
    (this,) = legs(office, held)
    assert (this.giver, this.handed_by) == (GIVER, "CY032")
    await sign(office, held)
    assert now(office, held).state == "complete"
    assert "杨帆（代董思敏） → 单志远" in await office[ARCHIVE].say("签收簿")


@pytest.mark.rule("S1-09.4.1", "S1-14.9", "C-76")
async def test_who_keeps_the_archive_gives_and_the_head_of_the_unit_signs(
    office: Office,
) -> None:
    sells(office)
    await serviced(office)
    held = last(office)
    give_post(office, ARCHIVE, "service_consultant")
    here = leg(office, held)
    office.change(lambda unit: handovers.set_leg(unit, here.id, giver=ARCHIVE))
    turned(office, CHIEF, "CY012")
    filled(office, held, ARCHIVE)
    shown = await hand(office, held, ARCHIVE)
    assert "苏敏签收后以此时间为准" in shown
    assert "清点签收" not in shown.labels
    shown = await office[ARCHIVE].press(f"f.sign.receive.{held.id}")
    assert "相符，签收" not in shown.labels
    assert not any("待签收" in one for one in (await office[ARCHIVE].say("今日")).labels)
    assert any("待签收" in one for one in (await office[CHIEF].say("今日")).labels)
    await sign(office, held, CHIEF)
    (this,) = legs(office, held)
    assert (this.handed_by, this.receiver) == (ARCHIVE, "CY012")


@pytest.mark.rule("S1-09.2.3")
async def test_the_same_car_has_two_jobs_in_a_day_with_a_list_each(office: Office) -> None:
    sells(office)
    await serviced(office)
    me = office[CARE]
    asked = await me.say(f"保养完工 {CAR} {OWNER}")
    assert "这是另一次作业吗" not in asked  # another kind of job is one
    await me.say("李女士 15400001234")
    await me.tap("登记计时")
    first, second = every(office)
    assert (first.kind, second.kind) == ("first_service", "maintenance")
    assert first.number != second.number
    filled(office, second, CARE)
    await hand(office, second, CARE)
    await sign(office, second)
    assert (now(office, first).state, now(office, second).state) == ("open", "complete")
    assert first.number in await me.say("移交")
