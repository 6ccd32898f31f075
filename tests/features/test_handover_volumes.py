"""What is bound together on the shelf, what apart, and who reads a number or a list of it."""

from __future__ import annotations

import pytest

from handlers.handovers import handover_contents
from handlers.sheets.made import Made
from storage import documents, staff
from storage.documents import Document
from storage.handovers import Handover
from storage.staff import StaffRow
from storage.tables import dossier
from storage.unit import Unit
from tests.features.desk import acting
from tests.features.handing import filled, hand, now, sign, signed
from tests.features.office import Office, Shown, one_channel
from tests.features.showroom import ARCHIVE, SELLER
from tests.features.test_handover_filing import month
from tests.features.test_handover_sign import active, linked

PAPERS = ("internal", "contracts", "secret")
"""Lines 5, 7 and 11 of what a department files each month."""
GRADES = ("none", "confidential", "secret", "top_secret")


def clear(office: Office, clearance: str) -> None:
    def change(unit: Unit) -> None:
        roles = ("custodian", "archivist_full")
        staff.save(
            unit, StaffRow(ARCHIVE, "单志远", "客户服务部", roles, "CY005", clearance=clearance)
        )

    office.change(change)


def graded(office: Office, dossier_id: int, grade: str) -> None:
    """Let a dossier be as secret as that."""

    def change(unit: Unit) -> None:
        unit.session.execute(
            dossier.update().where(dossier.c.id == dossier_id).values(grade=grade)
        )

    office.change(change)


async def received(office: Office, clearance: str = "top_secret") -> tuple[Handover, int]:
    """Have a month's three papers signed into the archive, and a dossier for them."""
    held = await month(office)
    clear(office, clearance)
    filled(office, held, **{one: {"state": "present"} for one in PAPERS})
    await hand(office, held)
    await sign(office, held)
    for one in ("种类、份数、页…", "正件与附件、定…"):
        await office[ARCHIVE].tap(one)
    known = active(office)
    office.change(lambda unit: linked(unit, held, known.id))
    return now(office, held), known.id


async def to_review(office: Office, held: Handover) -> Shown:
    me = office[ARCHIVE]
    await me.press(f"f.sign.shelve.{held.id}")
    await me.say("C柜1层16号")
    return await me.tap("仅属该年度")


async def name_secret(office: Office, lines: str) -> Shown:
    await office[ARCHIVE].tap("补充")
    await office[ARCHIVE].tap("绝密文件")
    return await office[ARCHIVE].say(lines)


def filed(office: Office, dossier_id: int) -> dict[str, Document]:
    every = office.look(lambda unit: documents.page(unit, dossier_id, GRADES, 100))
    return {one.title: one for one in every}


def made(office: Office, held: Handover) -> Made:
    return office.look(
        lambda unit: handover_contents.make(acting(office, unit, ARCHIVE), (str(held.id),))
    )


@pytest.mark.rule("S2-DOSS.13", "S5-2.23", "C-60")
async def test_a_top_secret_paper_is_bound_apart_and_the_rest_as_ever(office: Office) -> None:
    held, dossier_id = await received(office)
    shown = await to_review(office, held)
    assert "绝密文件单独立卷（S5-2.23）" in shown
    assert "11. 属保密制度范围的材料" in shown
    await name_secret(office, "11")
    shown = await office[ARCHIVE].say("保险柜2层3号")
    assert "绝密卷（S5-2.23）：第 11 行，存放于保险柜2层3号。" in shown
    shown = await office[ARCHIVE].tap("上架")
    assert "绝密" in shown
    assert "1 份，单独立卷" in shown
    shown = await office[ARCHIVE].press(f"f.sign.shelve.{held.id}")
    assert "1 份，单独立卷" in shown
    assert "保险柜2层3号" not in shown
    papers = filed(office, dossier_id)
    assert papers["属保密制度范围的材料"].grade == "top_secret"
    assert papers["属保密制度范围的材料"].location == "保险柜2层3号"
    assert papers["合同、协议"].grade == "none"
    assert now(office, held).location == "C柜1层16号"


@one_channel
@pytest.mark.rule("S2-DOSS.13", "S5-2.23", "C-60")
class TestGivenATopSecretPaper:
    async def test_then_one_closely_tied_goes_with_it_and_is_as_secret(
        self, office: Office
    ) -> None:
        held, dossier_id = await received(office)
        await to_review(office, held)
        await name_secret(office, "第11行")
        await office[ARCHIVE].say("保险柜2层3号")
        await office[ARCHIVE].tap("补充")
        await office[ARCHIVE].tap("随卷文件")
        shown = await office[ARCHIVE].say("7")
        assert "第 7、11 行" in shown
        await office[ARCHIVE].tap("上架")
        papers = filed(office, dossier_id)
        assert papers["合同、协议"].grade == "top_secret"
        assert papers["合同、协议"].location == "保险柜2层3号"
        assert papers["内部计划、总结、统计、重要工作记录、简报"].grade == "none"

    async def test_then_the_list_of_the_file_does_not_name_it(self, office: Office) -> None:
        held, _ = await received(office)
        await to_review(office, held)
        await name_secret(office, "11")
        await office[ARCHIVE].say("保险柜2层3号")
        await office[ARCHIVE].tap("上架")
        assert "2 行" in made(office, held).caption
        clear(office, "none")
        after = now(office, held)

        def read(unit: Unit) -> str:
            ctx = acting(office, unit, ARCHIVE)
            return handover_contents.labels(ctx, after, ctx.texts)

        assert "绝密" not in office.look(read)

    async def test_when_all_are_then_there_is_one_volume(self, office: Office) -> None:
        held, dossier_id = await received(office)
        await to_review(office, held)
        shown = await name_secret(office, "5、7、11")
        assert "绝密卷（S5-2.23）：第 5、7、11 行，存放于C柜1层16号。" in shown
        assert "须存放在保险柜内" in await office[ARCHIVE].tap("上架")
        await office[ARCHIVE].say("保险柜2层3号")
        await office[ARCHIVE].tap("上架")
        assert {one.grade for one in filed(office, dossier_id).values()} >= {"top_secret"}
        assert "其目录请在档案室编写" in made(office, held).words

    @pytest.mark.parametrize("lines", ["3", "十一", "11、99", "合同"])
    async def test_when_the_line_is_not_on_the_list_then_it_is_asked_again(
        self, office: Office, lines: str
    ) -> None:
        held, _ = await received(office)
        await to_review(office, held)
        assert "请填写清单上的行号" in await name_secret(office, lines)

    async def test_when_the_archivist_is_not_cleared_then_it_is_for_who_is(
        self, office: Office
    ) -> None:
        held, _ = await received(office, clearance="secret")
        await to_review(office, held)
        assert "须由有绝密权限的人立卷" in await name_secret(office, "11")

    async def test_when_it_lies_with_the_others_then_another_place_is_asked(
        self, office: Office
    ) -> None:
        held, _ = await received(office)
        await to_review(office, held)
        await name_secret(office, "11")
        assert "绝密卷须单独存放" in await office[ARCHIVE].say("C柜1层16号")


@one_channel
@pytest.mark.rule("S2-INFO.17")
async def test_who_may_not_know_the_dossier_reads_no_number_of_it(office: Office) -> None:
    held = await signed(office)
    known = active(office)
    office.change(lambda unit: linked(unit, held, known.id))
    graded(office, known.id, "top_secret")
    assert known.number
    shown = await office[ARCHIVE].press(f"f.sign.shelve.{held.id}")
    seen = [shown, await office[ARCHIVE].say("C柜1层16号")]
    assert "须存放在保险柜内" in seen[1]
    seen += [await office[ARCHIVE].say("保险柜2层3号"), await office[ARCHIVE].say("顾怀瑾")]
    seen += [await office[ARCHIVE].tap("上架")]
    seen += [await office[ARCHIVE].press(f"f.sign.shelve.{held.id}"), await office[SELLER].see()]
    assert now(office, held).shelved_at is not None
    for one in seen:
        assert known.number not in one
        assert known.name not in one
    assert f"档号 {held.number}" in seen[4]


@one_channel
@pytest.mark.rule("S2-DOSS.17", "S5-2.26")
async def test_the_list_is_there_to_be_printed_in_order_with_pages(office: Office) -> None:
    held, _ = await received(office)
    await to_review(office, held)
    await office[ARCHIVE].tap("上架")
    book, print_ = made(office, held).files
    assert book.name.endswith(".xlsx")
    assert print_.name == book.name.replace(".xlsx", ".pdf")
    assert print_.content.startswith(b"%PDF-")
    assert b"/MediaBox [ 0 0 595" in print_.content
