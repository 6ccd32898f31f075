"""What a department owes and how it is filed: nobody withholds, each year apart, numbers."""

from __future__ import annotations

import io
import zipfile
from datetime import date

import pytest

from handlers.handovers import handover_access, handover_contents, handover_papers_in
from handlers.handovers.handover_access import Act
from storage import documents, handovers, staff
from storage.dossiers import Dossier
from storage.handovers import Handover
from storage.staff import StaffRow
from storage.unit import Unit
from tests.features.council import audited
from tests.features.desk import acting
from tests.features.handing import GIVER, begun, filled, hand, lends, now, sign
from tests.features.keeping import later
from tests.features.office import Office, one_channel
from tests.features.showroom import ARCHIVE, CHIEF, SELLER, delivered, every, last, leg, sells
from tests.features.test_handover_periods import clerk
from tests.features.test_handover_sign import active, linked


async def month(office: Office) -> Handover:
    """Return what the car sales department owes of September."""
    sells(office, "corporate-archive")
    clerk(office)

    def appoint(unit: Unit) -> None:
        roles = ("custodian", "archivist_full")
        staff.save(unit, StaffRow(ARCHIVE, "单志远", "客户服务部", roles, "CY005"))

    office.change(appoint)
    await later(office, "10-01 09:00")
    return next(one for one in every(office) if one.kind == "monthly")


@one_channel
class TestGivenWhatADepartmentOwes:
    @pytest.mark.rule("S1-12.4.1", "S1-15.1.1")
    async def test_when_its_own_people_would_cancel_it_then_they_cannot(
        self, office: Office
    ) -> None:
        held = await month(office)
        for who in (SELLER, CHIEF):
            await office[who].press(f"f.handover.cancel.{held.id}")
            await office[who].say("不交了")
        assert now(office, held).state == "open"
        shown = await office[SELLER].press(f"f.handover.card.{held.id}")
        assert "取消移交" not in shown.labels

    @pytest.mark.rule("S5-2.24", "S2-DOSS.7")
    async def test_when_shelved_then_it_is_filed_under_the_year_that_it_belongs_to(
        self, office: Office
    ) -> None:
        held = await month(office)
        filled(office, held, internal={"state": "present"})
        await hand(office, held)
        await sign(office, held)
        for one in ("种类、份数、页…", "正件与附件、定…"):
            await office[ARCHIVE].tap(one)
        assert now(office, held).state == "complete"
        dossier = active(office)
        office.change(lambda unit: linked(unit, held, dossier.id))
        me = office[ARCHIVE]
        await me.press(f"f.sign.shelve.{held.id}")
        await me.say("C柜1层16号")
        await me.tap("跨年度总结")
        assert "起止年份" in await me.say("三年")
        shown = await me.say("2024-2025")
        assert "归入2025年度（S5-2.24）" in shown
        shown = await me.tap("上架")
        assert now(office, held).filed_under == 2025
        assert "2025年度 · 月度归档" in shown

    @pytest.mark.rule("S5-2.18")
    async def test_when_a_matter_is_finished_then_its_papers_are_due_next_day(
        self, office: Office
    ) -> None:
        sells(office, "corporate-archive")

        def appoint(unit: Unit) -> None:
            row = StaffRow("CY034", "罗建军", "汽车销售部", ("archivist_part",), "CY031")
            staff.save(unit, row)

        office.change(appoint)
        await office[SELLER].say("文件办毕 安全生产请示")
        await office[SELLER].tap("登记计时")
        held = last(office)
        assert (held.kind, held.subject) == ("finished_papers", "安全生产请示")
        assert leg(office, held).due_on == date(2026, 9, 15)
        assert held.number in await office[CHIEF].see()


@one_channel
@pytest.mark.rule("S4-LOAN.4.8")
async def test_a_contract_is_numbered_after_its_file(office: Office) -> None:
    lends(office)
    held = begun(office, "loan_file")
    filled(office, held)
    dossier = active(office)

    def file(unit: Unit) -> None:
        found = handovers.get(unit, held.id)
        assert found is not None
        found = handovers.save(unit, found, dossier_id=dossier.id, location="C柜")
        handover_papers_in.file(acting(office, unit, ARCHIVE), found)

    office.change(file)
    papers = office.look(lambda unit: documents.page(unit, dossier.id, ["none"], 100))
    assert f"重要合同或凭证 {dossier.number}-1" in [one.title for one in papers]


@one_channel
@pytest.mark.rule("S2-DOSS.18")
async def test_a_list_ends_with_notes_name_and_day_also_with_nothing_to_note(
    office: Office,
) -> None:
    held = await month(office)
    filled(office, held, internal={"state": "present"})
    await hand(office, held)
    await sign(office, held)
    for one in ("种类、份数、页…", "正件与附件、定…"):
        await office[ARCHIVE].tap(one)
    made = office.look(
        lambda unit: handover_contents.make(acting(office, unit, ARCHIVE), (str(held.id),))
    )
    text = "".join(
        zipfile.ZipFile(io.BytesIO(made.files[0].content)).read(name).decode()
        for name in zipfile.ZipFile(io.BytesIO(made.files[0].content)).namelist()
        if name.endswith(".xml")
    )
    assert "备考：无需说明的情况" in text
    assert "责任人：单志远，10月1日" in text


def file_in(office: Office, held: Handover, dossier_id: int) -> None:
    """Let the papers of a handover lie in a dossier, past the chat."""

    def work(unit: Unit) -> None:
        found = handovers.get(unit, held.id)
        assert found is not None
        found = handovers.save(unit, found, dossier_id=dossier_id, location="C柜")
        handover_papers_in.file(acting(office, unit, ARCHIVE), found)

    office.change(work)


@one_channel
@pytest.mark.rule("S2-DOSS.12", "S3-ENG.3.3b")
async def test_a_copy_that_comes_in_later_is_known_with_its_original(office: Office) -> None:
    lends(office)
    dossier = active(office)
    for form in ("original", "copy"):
        held = begun(office, "loan_file", subject=f"鸿鑫借款 {form}")
        filled(office, held, investigation={"form": form})
        file_in(office, held, dossier.id)
    papers = office.look(lambda unit: documents.page(unit, dossier.id, ["none"], 100))
    original, copy = (one for one in papers if one.title == "调查资料")
    assert (original.form, copy.form) == ("original", "copy")
    assert copy.twin == original.id


@one_channel
@pytest.mark.rule("S4-LOAN.5.5")
class TestGivenDeedsOfAProjectWithAFile:
    async def received(self, office: Office) -> tuple[Handover, Dossier]:
        """Have the file of a loan in its dossier, and its deeds signed for."""
        lends(office)
        dossier = active(office)
        file_in(office, begun(office, "loan_file"), dossier.id)
        deeds = begun(office, "deeds")

        def sign_all(unit: Unit) -> None:
            here = handovers.present(unit, deeds)
            values = {"state": "signed", "receiver": ARCHIVE, "signed_at": unit.now}
            handovers.set_leg(unit, here.id, closed_at=unit.now, **values)
            found = handovers.get(unit, deeds.id)
            assert found is not None
            handovers.save(unit, found, state="complete")

        office.change(sign_all)
        return deeds, dossier

    async def test_then_they_are_shelved_under_its_number(self, office: Office) -> None:
        deeds, dossier = await self.received(office)
        shown = await office[ARCHIVE].press(f"f.sign.shelve.{deeds.id}")
        assert f"同一业务的资料与权证编号须一致：{dossier.number}" in shown
        assert "新建档案" not in shown.labels
        await office[ARCHIVE].press(f"f.sign.same.{deeds.id}")
        assert now(office, deeds).dossier_id == dossier.id

    async def test_then_they_get_no_other(self, office: Office) -> None:
        deeds, dossier = await self.received(office)
        shown = await office[ARCHIVE].press(f"f.sign.open.{deeds.id}")
        assert f"编号须一致：{dossier.number}" in shown
        await office[ARCHIVE].press(f"f.sign.link.{deeds.id}")
        assert "编号须一致" in await office[ARCHIVE].say("陆嘉豪")
        assert now(office, deeds).dossier_id is None


@one_channel
@pytest.mark.rule("S1-09.2.3")
async def test_the_dossier_of_a_car_is_offered_for_what_comes_next(office: Office) -> None:
    sells(office)
    await delivered(office)
    dossier = active(office)
    file_in(office, last(office), dossier.id)
    await delivered(office)
    await office[SELLER].tap("是")
    await office[SELLER].tap("登记计时")
    held = last(office)

    def sign_all(unit: Unit) -> None:
        here = handovers.present(unit, held)
        handovers.set_leg(unit, here.id, state="signed", receiver=ARCHIVE, closed_at=unit.now)
        found = handovers.get(unit, held.id)
        assert found is not None
        handovers.save(unit, found, state="complete")

    office.change(sign_all)
    shown = await office[ARCHIVE].press(f"f.sign.shelve.{held.id}")
    assert any(str(dossier.number) in one for one in shown.labels)


@one_channel
class TestGivenTheCentralArchive:
    @pytest.mark.rule("S5-2.20", "S1-15.2.2", "S1-15.5.1")
    async def test_then_departments_help_and_its_archivist_files_and_lists(
        self, office: Office
    ) -> None:
        held = await month(office)
        filled(office, held, internal={"state": "present"})
        await hand(office, held)
        assert may(office, held, GIVER) == {Act.SEE, Act.TAKE_BACK}
        assert may(office, held, ARCHIVE) == {Act.SEE, Act.SIGN}
        await sign(office, held)
        for one in ("种类、份数、页…", "正件与附件、定…"):
            await office[ARCHIVE].tap(one)
        for key in ("shelve", "contents", "link", "open"):
            await office[SELLER].press(f"f.sign.{key}.{held.id}")
        assert now(office, held).shelved_at is None
        assert audited(office, "handover.contents_asked") == []
        assert may(office, held, GIVER) == {Act.SEE}
        assert may(office, held, ARCHIVE) == {Act.SEE, Act.SHELVE}

    @pytest.mark.rule("S1-15.4.3", "S5-2.22")
    async def test_then_it_takes_a_volume_only_as_it_demands(self, office: Office) -> None:
        held = await month(office)
        filled(office, held, internal={"state": "present"})
        await hand(office, held)
        await sign(office, held)
        await office[ARCHIVE].tap("种类、份数、页…")
        assert now(office, held).state == "open"
        await office[ARCHIVE].press(f"f.sign.return.{held.id}.{now(office, held).rev}")
        await office[ARCHIVE].tap("其他原因")
        await office[ARCHIVE].say("定稿与草稿请放在一起")
        assert leg(office, now(office, held)).state == "open"
        assert "定稿与草稿请放在一起" in await office[SELLER].see()

    @pytest.mark.rule("S5-2.2")
    async def test_then_papers_of_several_departments_are_kept_by_the_one_that_leads(
        self, office: Office
    ) -> None:
        sells(office, "corporate-archive")

        def appoint(unit: Unit) -> None:
            for one, name, department in (
                ("CY034", "罗建军", "汽车售后部"),
                ("CY036", "曹颖", "汽车销售部"),
            ):
                staff.save(unit, StaffRow(one, name, department, ("archivist_part",), "CY031"))

        office.change(appoint)
        await office[SELLER].say("文件办毕 与售后部合办的客户日")
        await office[SELLER].tap("登记计时")
        held = last(office)
        assert held.department == "汽车销售部"
        filled(office, held)
        await hand(office, held)
        assert Act.SIGN in may(office, held, "CY036")
        assert may(office, held, "CY034") == frozenset()
        assert held.number not in await office[CHIEF].see()


def may(office: Office, held: Handover, who: str) -> frozenset[Act]:
    """Return what somebody may do with a handover now."""
    this = now(office, held)

    def look(unit: Unit) -> frozenset[Act]:
        person = staff.get(unit.session, who)
        assert person is not None
        return handover_access.may(acting(office, unit, who), this, person)

    return office.look(look)
