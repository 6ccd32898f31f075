"""A paper comes when the file stands on its shelf: it joins it, and its place is told."""

from __future__ import annotations

import io
from datetime import date, timedelta

import pytest
from openpyxl import load_workbook

from handlers.handovers import handover_contents, receipts
from handlers.sheets.made import Made
from storage import documents, handover_gaps
from storage.documents import Document
from storage.handover_gaps import NewGap
from storage.handovers import Handover
from storage.unit import Unit
from tests.features.council import audited
from tests.features.desk import acting
from tests.features.handing import (
    GIVER,
    begun,
    filled,
    gaps,
    hand,
    handed,
    lends,
    line,
    note,
    now,
    sign,
    signed,
)
from tests.features.office import Office, one_channel
from tests.features.showroom import ARCHIVE, CHIEF, DIRECTOR, SELLER
from tests.features.test_handover_sign import active, linked


async def on_the_shelf(office: Office, held: Handover) -> int:
    """Have papers that are signed shelved in a dossier; return its id."""
    known = active(office)
    office.change(lambda unit: linked(unit, held, known.id))
    await office[ARCHIVE].press(f"f.sign.shelve.{held.id}")
    await office[ARCHIVE].say("C柜1层16号")
    await office[ARCHIVE].tap("上架")
    assert now(office, held).shelved_at is not None
    return known.id


def papers(office: Office, dossier_id: int) -> dict[str, Document]:
    every = office.look(lambda unit: documents.page(unit, dossier_id, ["none"], 100))
    return {one.title: one for one in every}


def sheet(made: Made) -> list[tuple[object, ...]]:
    """Return the rows of a workbook below its header."""
    rows = list(
        load_workbook(io.BytesIO(made.files[0].content)).active.iter_rows(values_only=True)
    )
    head = next(at for at, row in enumerate(rows) if row[0] == "序号")
    return [row for row in rows[head + 1 :] if row[1]]


def contents(office: Office, held: Handover) -> list[tuple[object, ...]]:
    return sheet(
        office.look(
            lambda unit: handover_contents.make(acting(office, unit, ARCHIVE), (str(held.id),))
        )
    )


@pytest.mark.rule("S2-DOSS.6", "S2-DOSS.15", "S2-DOSS.17", "S4-LOAN.4.2a")
async def test_it_comes_in_the_packs_order_with_pages_and_its_place_is_told(
    office: Office,
) -> None:
    lends(office)
    held = begun(office, "loan_file")
    filled(office, held)
    await hand(office, held)
    await sign(office, held, CHIEF)
    await hand(office, held, CHIEF)
    await note(office, held, "contracts", "missing")
    await sign(office, held)
    dossier_id = await on_the_shelf(office, held)
    before = contents(office, held)
    (gap,) = gaps(office, held)
    shown = await office[ARCHIVE].press(f"f.gap.accept.{gap.id}")
    assert "现在共多少页" in shown
    shown = await office[ARCHIVE].say("3")
    assert "资料已全部补齐" in shown
    assert (
        "请归入案卷（S2-DOSS.6）：重要合同或凭证，目录第 2 号、第 3–5 页，存放C柜1层16号" in shown
    )
    assert "卷内目录" in shown.labels
    filed = next(one for name, one in papers(office, dossier_id).items() if "重要合同" in name)
    assert filed.pages == 3
    after = contents(office, held)
    assert [row[0] for row in before] == ["1", None, "2", "3"]
    assert [row[0] for row in after] == ["1", "2", "3", "4"]
    assert [row[4] for row in after] == ["1–2", "3–5", "6–7", "8–9"]
    assert audited(office, "handover.joined")[0]["staff_id"] == ARCHIVE


@one_channel
@pytest.mark.rule("S1-09.2.5", "S1-09.4.1")
async def test_the_register_shows_that_it_came_and_the_gap_is_closed(office: Office) -> None:
    held = await signed(office, purchase_invoice={"state": "absent", "reason": "客户未取"})
    dossier_id = await on_the_shelf(office, held)
    (gap,) = gaps(office, held)
    assert register(office)[12:] == (10, "购车发票复印件（缺失）", None)
    await office[SELLER].press(f"f.gap.supply.{gap.id}")
    await office[SELLER].say("跳过")
    shown = await office[ARCHIVE].press(f"f.gap.accept.{gap.id}")
    assert "购车发票复印件，目录第 2 号，存放C柜1层16号" in shown
    papers_now, lacked, supplied = register(office)[12:]
    assert (papers_now, lacked) == (11, "购车发票复印件（缺失）")
    assert supplied is not None
    assert gaps(office, held) == []
    assert "购车发票复印件" in papers(office, dossier_id)


def register(office: Office) -> tuple[object, ...]:
    """Return the one entry of this month's register."""
    (row,) = sheet(
        office.look(
            lambda unit: receipts.make_workbook(
                acting(office, unit, ARCHIVE), ("auto-dealer", "202609")
            )
        )
    )
    return row


@one_channel
@pytest.mark.rule("S2-DOSS.11")
async def test_pages_that_come_later_are_counted_in_the_archive_too(office: Office) -> None:
    held = await signed(office)
    dossier_id = await on_the_shelf(office, held)
    title = "销售合同原件"
    assert papers(office, dossier_id)[title].pages == 2
    item = line(office, held, "sales_contract")
    gap = lacking_pages(office, held, item.id)
    await office[SELLER].press(f"f.gap.supply.{gap}")
    await office[SELLER].say("5")
    await office[SELLER].say("跳过")
    await office[ARCHIVE].press(f"f.gap.accept.{gap}")
    assert papers(office, dossier_id)[title].pages == 5


def lacking_pages(office: Office, held: Handover, item_id: int) -> int:
    """Let pages of a line turn out to be missing."""

    def open_(unit: Unit) -> int:
        due = unit.now + timedelta(days=1)
        new = NewGap(held.id, 1, item_id, "pages", GIVER, date(2026, 9, 15), due)
        gap = handover_gaps.open_(unit, new, at=unit.now, by=ARCHIVE)
        assert gap is not None
        return gap

    return office.change(open_)


@one_channel
async def test_before_it_is_shelved_nothing_has_to_be_put_in(office: Office) -> None:
    held = await signed(office, purchase_invoice={"state": "absent", "reason": "客户未取"})
    (gap,) = gaps(office, held)
    assert "请归入案卷" not in await office[ARCHIVE].press(f"f.gap.accept.{gap.id}")


@one_channel
@pytest.mark.rule("S1-09.4.1", "S1-09.5.9")
async def test_what_the_receiver_did_not_find_is_in_the_file_only_if_that_is_waived(
    office: Office,
) -> None:
    held = await handed(office)
    await note(office, held, "purchase_invoice", "missing")
    await sign(office, held)
    assert line(office, held, "purchase_invoice").state == "absent"
    dossier_id = await on_the_shelf(office, held)
    assert "购车发票复印件" not in papers(office, dossier_id)
    (gap,) = gaps(office, held)
    await office[DIRECTOR].press(f"f.gap.waive.{gap.id}")
    await office[DIRECTOR].say("夹在合同后面")
    assert line(office, held, "purchase_invoice").state == "present"
    assert "购车发票复印件" in papers(office, dossier_id)
