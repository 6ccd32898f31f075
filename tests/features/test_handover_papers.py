"""The papers of a handover: filled in by tapping, photos sorted, what is odd said at once."""

from __future__ import annotations

import pytest

from handlers.conversation.messages import FileKind
from storage import attachments
from storage.handover_items import PHOTOS
from tests.features.office import JPEG, OGG, Office, Shown
from tests.features.showroom import (
    ARCHIVE,
    CARE,
    SELLER,
    delivered,
    items,
    last,
    sells,
    serviced,
)

PDF = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"


def photo(mark: str) -> tuple[bytes, FileKind, str]:
    return JPEG + mark.encode(), FileKind.PHOTO, f"{mark}.jpg"


async def tap_line(office: Office, who: str, item: str) -> Shown:
    """Open one line of the last handover."""
    return await office[who].press(f"f.handover.item.{items(office, last(office))[item].id}")


def photos(office: Office, item: str) -> list[str]:
    """Return the states of the photos of a line."""
    row = items(office, last(office))[item]
    return office.look(lambda unit: [one.state for one in attachments.of(unit, PHOTOS, row.id)])


class TestGivenANewCar:
    async def test_when_the_list_is_opened_then_twelve_lines_fit_the_phone(
        self, office: Office
    ) -> None:
        sells(office)
        await delivered(office)
        me = office[SELLER]
        shown = await me.tap("资料清单")
        assert "还有 11 项未填，共 11 项" in shown.text
        assert "6. 行驶证复印件" in shown.text
        assert "7. " not in shown.text
        shown = await me.tap("›")
        assert "12. 其他证件（特殊客户）：选填" in shown.text

    @pytest.mark.rule("S1-09.4.1.12")
    async def test_when_lines_are_counted_then_an_optional_one_only_once_it_is_answered(
        self, office: Office
    ) -> None:
        sells(office)
        await delivered(office)
        me = office[SELLER]
        card = f"f.handover.card.{last(office).id}"
        assert "资料清单：已填 0/11 项" in (await me.press(card)).text
        await tap_line(office, SELLER, "other_certificates")
        await me.tap("原件")
        assert "资料清单：已填 1/12 项" in (await me.press(card)).text
        assert "还有 11 项未填，共 12 项" in (await me.tap("资料清单")).text

    @pytest.mark.rule("S1-09.4.1.2", "S1-09.4.1.5")
    async def test_when_a_line_is_tapped_then_it_is_kept_and_the_next_follows(
        self, office: Office
    ) -> None:
        sells(office)
        await delivered(office)
        me = office[SELLER]
        await tap_line(office, SELLER, "purchase_invoice")
        shown = await me.tap("复印件")
        assert "已" not in shown.text or "购车发票复印件：复印件" in shown.text
        assert "销售合同原件" in shown.text
        assert items(office, last(office))["purchase_invoice"].form == "copy"
        await tap_line(office, SELLER, "delivery_check")
        shown = await me.tap("原件")
        assert "客户未签" in shown.labels
        await me.tap("客户未签")
        row = items(office, last(office))["delivery_check"]
        assert (row.state, row.customer_signed) == ("present", "missing")

    @pytest.mark.rule("S1-09.4.1.4")
    async def test_when_a_company_buys_then_its_code_certificate_will_do(
        self, office: Office
    ) -> None:
        sells(office)
        await delivered(office)
        shown = await tap_line(office, SELLER, "identity_card")
        assert "照片 2 张" in shown.text
        row = items(office, last(office))["identity_card"]
        await office[SELLER].press(f"f.handover.instead.{row.id}.0")
        row = items(office, last(office))["identity_card"]
        assert (row.state, row.instead) == ("present", "organisation_code")

    @pytest.mark.rule("S1-09.4.1.12")
    async def test_when_a_paper_is_missing_then_it_is_noted(self, office: Office) -> None:
        sells(office)
        await delivered(office)
        await tap_line(office, SELLER, "vehicle_licence")
        await office[SELLER].tap("缺")
        held = last(office)
        assert items(office, held)["vehicle_licence"].state == "absent"
        card = await office[SELLER].press(f"f.handover.card.{held.id}")
        assert "缺：行驶证复印件" in card.text
        shown = await tap_line(office, SELLER, "green_card")
        assert "不适用" not in shown.labels

    async def test_when_all_others_are_there_then_one_tap_says_so(self, office: Office) -> None:
        sells(office)
        await delivered(office)
        me = office[SELLER]
        await me.tap("资料清单")
        shown = await me.tap("其余都齐全")
        assert "还要照片：身份证复印件" in shown.text
        rows = items(office, last(office))
        assert rows["delivery_check"].customer_signed == "yes"
        assert rows["sales_contract"].form == "original"
        assert rows["identity_card"].state == "open"

    @pytest.mark.rule("S1-09.4.1.10")
    async def test_when_photos_of_a_line_are_sent_then_they_belong_to_it(
        self, office: Office
    ) -> None:
        sells(office)
        await delivered(office)
        me = office[SELLER]
        await tap_line(office, SELLER, "delivery_photo")
        await me.tap("传照片")
        await me.send(photo("a"))
        await me.tap("完成")
        assert photos(office, "delivery_photo") == ["kept"]
        row = items(office, last(office))["delivery_photo"]
        assert (row.state, row.form) == ("present", "photo")

    async def test_when_a_voice_is_sent_for_a_paper_then_it_is_not_taken(
        self, office: Office
    ) -> None:
        sells(office)
        await delivered(office)
        me = office[SELLER]
        await tap_line(office, SELLER, "purchase_invoice")
        await me.tap("传照片")
        await me.send((OGG, FileKind.VOICE, "a.ogg"))
        shown = await me.tap("完成")
        assert "不是资料的照片或扫描件" in shown.text
        assert photos(office, "purchase_invoice") == []
        assert items(office, last(office))["purchase_invoice"].state == "open"

    async def test_when_a_scan_is_sent_then_it_is_taken(self, office: Office) -> None:
        sells(office)
        await delivered(office)
        me = office[SELLER]
        await tap_line(office, SELLER, "purchase_invoice")
        await me.tap("传照片")
        await me.send((PDF, FileKind.DOCUMENT, "发票.pdf"))
        await me.tap("完成")
        assert photos(office, "purchase_invoice") == ["kept"]

    async def test_when_many_photos_come_then_they_are_sorted_by_tapping(
        self, office: Office
    ) -> None:
        sells(office)
        await delivered(office)
        me, held = office[SELLER], last(office)
        await me.press(f"f.handover.pile.{held.id}")
        await me.send(photo("a"), photo("b"), photo("c"))
        shown = await me.tap("完成")
        assert "共 3 张" in shown.text
        pile = office.look(lambda unit: attachments.of(unit, "handover", held.id))
        card, invoice = (items(office, held)[one] for one in ("identity_card", "purchase_invoice"))
        for one, row in zip(pile, (card, card, invoice), strict=True):
            shown = await me.press(f"f.handover.put.{one.id}.{row.id}")
        assert "照片已全部归类" in shown.text
        assert photos(office, "identity_card") == ["kept", "kept"]
        assert photos(office, "purchase_invoice") == ["kept"]
        row = items(office, held)["identity_card"]
        assert (row.state, row.form) == ("present", "copy")

    async def test_when_one_photo_shows_two_papers_then_both_say_so(self, office: Office) -> None:
        sells(office)
        await delivered(office)
        me, held = office[SELLER], last(office)
        await me.press(f"f.handover.pile.{held.id}")
        await me.send(photo("a"))
        await me.tap("完成")
        (one,) = office.look(lambda unit: attachments.of(unit, "handover", held.id))
        rows = items(office, held)
        await me.press(f"f.handover.put.{one.id}.{rows['vehicle_licence'].id}")
        asked = await me.tap("还用于另一项")
        assert "还用于哪一项" in asked.text
        await me.press(f"f.handover.both.{one.id}.{rows['conformity_certificate'].id}")
        assert photos(office, "conformity_certificate") == ["kept"]
        shown = await tap_line(office, SELLER, "conformity_certificate")
        assert "同一张照片也用于：行驶证复印件" in shown.text

    async def test_when_photos_come_unasked_then_they_can_go_to_the_handover(
        self, office: Office
    ) -> None:
        sells(office)
        await delivered(office)
        me, held = office[SELLER], last(office)
        shown = await me.send(photo("a"))
        assert "放进移交" in shown.labels
        shown = await me.tap("放进移交")
        assert "是哪一项资料" in shown.text
        assert len(office.look(lambda unit: attachments.of(unit, "handover", held.id))) == 1

    @pytest.mark.rule("S1-09.4.1.1")
    async def test_when_the_green_card_is_looked_at_then_what_the_dossier_lacks_is_named(
        self, office: Office
    ) -> None:
        sells(office)
        await delivered(office, "已交车 沪B77777 陆嘉豪")
        assert last(office).dossier_id is not None
        shown = await tap_line(office, SELLER, "green_card")
        assert "绿卡应有而档案还缺" in shown.text
        assert "手机" in shown.text

    async def test_when_only_the_archive_looks_then_nothing_can_be_tapped(
        self, office: Office
    ) -> None:
        sells(office)
        await delivered(office)
        held = last(office)
        shown = await office[ARCHIVE].press(f"f.handover.papers.{held.id}")
        assert "12 项" not in shown.labels
        row = items(office, held)["purchase_invoice"]
        shown = await office[ARCHIVE].press(f"f.handover.has.{row.id}.copy")
        assert items(office, held)["purchase_invoice"].state == "open"
        assert held.number in shown.text

    async def test_when_restarted_in_the_middle_then_nothing_is_lost(self, office: Office) -> None:
        sells(office)
        await delivered(office)
        me = office[SELLER]
        row = items(office, last(office))["purchase_invoice"]
        await me.press(f"f.handover.has.{row.id}.copy")
        world = office.app.world
        await office.restart()
        office.app.world = world
        assert items(office, last(office))["purchase_invoice"].state == "present"


class TestGivenAMinorRepair:
    @pytest.mark.rule("S1-09.4.2.1")
    async def test_when_a_paper_does_not_apply_then_a_reason_is_kept(self, office: Office) -> None:
        sells(office)
        await serviced(office, "小修完工")
        me = office[CARE]
        row = items(office, last(office))["damage_assessment"]
        await me.press(f"f.handover.item.{row.id}")
        await me.tap("不适用")
        await me.tap("其他原因")
        await me.say("客户自行定损")
        row = items(office, last(office))["damage_assessment"]
        assert (row.state, row.reason) == ("not_applicable", "客户自行定损")

    async def test_when_the_rest_does_not_apply_then_one_tap_says_so(self, office: Office) -> None:
        sells(office)
        await serviced(office, "小修完工")
        me = office[CARE]
        await me.tap("资料清单")
        await me.tap("其余都齐全")
        shown = await me.tap("其余都不适用")
        assert "已全部填好" in shown.text
        rows = items(office, last(office))
        assert rows["estimate"].reason == "本次作业没有"

    async def test_when_a_line_is_added_then_it_stands_at_the_end(self, office: Office) -> None:
        sells(office)
        await serviced(office, "小修完工")
        me, held = office[CARE], last(office)
        await me.press(f"f.handover.add.{held.id}")
        shown = await me.say("代办委托书")
        assert "10. 代办委托书" in shown.text
        await me.tap("原件")
        await me.press(f"f.handover.papers.{held.id}.1")
        assert items(office, held)[""].form == "original"
