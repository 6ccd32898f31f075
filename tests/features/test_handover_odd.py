"""Handovers with odd words, forged buttons, and things that change in the middle."""

from __future__ import annotations

import pytest

from storage import staff
from storage.staff import StaffRow
from storage.unit import Unit
from tests.features.diary import at
from tests.features.handing import begun, filled, hand, handed, legs, lends, note, now, signed
from tests.features.office import Office, one_channel
from tests.features.showroom import (
    ARCHIVE,
    CAR,
    CHIEF,
    SELLER,
    STRANGE,
    delivered,
    every,
    last,
    sells,
)
from tests.features.test_bad_input import failures
from tests.features.test_handover_filing import month

ODD = [
    "王" * 200,
    "😀🚗 王某",
    "<b>王某</b><script>alert(1)</script>",
    '=HYPERLINK("http://example.com","王某")',
    "王某\n第二行",
    "{name} %s {0}",
    "王" * 3000,
]
KEYS = [
    "f.handover.card.{id}",
    "f.handover.papers.{id}.99999999999999999999",
    "f.handover.move.{id}",
    "f.handover.cancel.{id}",
    "f.handover.rest.{id}",
    "f.handover.kind.{id}.{id}",
    "f.handover.start.{id}.{id}",
    "f.sign.hand.{id}.{id}",
    "f.sign.check.{id}.{id}.{id}.{id}",
    "f.sign.note.{id}.pages",
    "f.sign.line.{id}",
    "f.sign.shelve.{id}",
    "f.sign.contents.{id}",
    "f.gap.supply.{id}",
    "f.late.open.{id}",
]
IDS = ["", "0", "-1", "x", "٣", "²", "99999999999999999999"]


@one_channel
@pytest.mark.parametrize("words", ODD)
async def test_odd_names_are_taken_as_written_and_open_once_at_most(
    office: Office, words: str
) -> None:
    sells(office)
    asked = await office[SELLER].say(f"已交车 {CAR} {words}")
    if "登记计时" in asked.labels:
        await office[SELLER].tap("登记计时")
    else:  # too long for a name
        assert "哪位客户" in asked
    assert failures(office) == 0
    assert len(every(office)) <= 1
    shown = await office[SELLER].say("/handover")
    assert shown.text
    if every(office):
        assert CAR in last(office).subject
        assert CAR in await office[ARCHIVE].see()


@one_channel
@pytest.mark.parametrize(
    "words", ["文件办毕 " + "长" * 3000, "文件办毕 =1+1", "文件办毕 <b>x</b>"]
)
async def test_odd_matters_are_taken_or_asked_for_anew(office: Office, words: str) -> None:
    sells(office, "corporate-archive")
    asked = await office[SELLER].say(words)
    if "登记计时" in asked.labels:
        await office[SELLER].tap("登记计时")
    else:
        assert "未能带入" in asked
    assert failures(office) == 0
    assert all(len(one.subject) <= 100 for one in every(office))


@one_channel
async def test_forged_ids_are_answered_and_nothing_fails(office: Office) -> None:
    held = await handed(office)
    for key in KEYS:
        for id_ in IDS:
            await office[ARCHIVE].press(key.format(id=id_))
    for cut in (
        "f.handover.card",
        "f.handover.papers",
        "f.sign.check",
        "f.sign.note",
        "f.gap.take",
    ):
        await office[ARCHIVE].press(cut)
    assert failures(office) == 0
    assert legs(office, held)[0].state == "handed"


@one_channel
@pytest.mark.rule("S4-LOAN.4.2c")
async def test_a_forged_check_does_not_pass_a_file_on_with_gaps(office: Office) -> None:
    lends(office)
    held = begun(office, "loan_file")
    filled(office, held)
    await hand(office, held)
    await note(office, held, "contracts", "nocustomer", CHIEF)
    rev = now(office, held).rev
    shown = await office[CHIEF].press(f"f.sign.check.{held.id}.{rev}.sign.255")
    assert "此环节不得缺项" in shown
    assert legs(office, held)[0].signed_at is None


@one_channel
async def test_a_forged_check_hides_nothing_that_is_missing(office: Office) -> None:
    sells(office)
    await delivered(office)
    held = last(office)
    filled(office, held, purchase_invoice={"state": "absent", "reason": "客户未取"})
    await office[SELLER].press(f"f.sign.check.{held.id}.{now(office, held).rev}.hand.0")
    shown = await office[ARCHIVE].press(f"f.sign.receive.{held.id}")
    assert "缺项签收" in shown.labels
    assert "相符，签收" not in shown.labels


@one_channel
async def test_handed_over_while_somebody_writes_why_it_is_cancelled(office: Office) -> None:
    sells(office)
    await delivered(office)
    held = last(office)
    filled(office, held)
    await office[SELLER].press(f"f.handover.cancel.{held.id}")
    office.clock.advance(at("09-14 12:00"))
    await office.hand_in(SELLER, choice=f"f.sign.hand.{held.id}")
    await office.settle()
    await office[SELLER].say("客户退车")
    assert now(office, held).state == "open"
    assert legs(office, held)[0].state == "handed"


@one_channel
async def test_a_month_cannot_be_moved_to_another_day(office: Office) -> None:
    held = await month(office)
    await office[SELLER].press(f"f.handover.move.{held.id}")
    await office[SELLER].say("今天")
    await office[SELLER].say("改期")
    assert str(now(office, held).started_on) == "2026-09-30"


@one_channel
async def test_who_reads_english_is_answered_in_english(office: Office) -> None:
    sells(office)

    def english(unit: Unit) -> None:
        row = StaffRow(
            "CY033", "董思敏", "汽车销售部", ("sales_consultant",), "CY032", locale="en"
        )
        staff.save(unit, row)

    office.change(english)
    await office[SELLER].say(f"已交车 {CAR} 王某")
    shown = await office[SELLER].press("f.handover.start.0")
    assert failures(office) == 0
    assert "要移交" not in shown


@one_channel
async def test_a_stranger_learns_nothing_of_what_is_signed(office: Office) -> None:
    held = await signed(office)
    for key in ("f.handover.card.{}", "f.handover.papers.{}.0", "f.sign.contents.{}"):
        shown = await office[STRANGE].press(key.format(held.id))
        assert held.number not in shown
        assert CAR not in shown
    assert held.number not in await office[STRANGE].say(f"/handover {held.number}")
