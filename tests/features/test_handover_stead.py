"""A giver is away: who stands in sees the papers, hands them over in that name, and it is said."""

from __future__ import annotations

import pytest

from storage import staff
from storage.handovers import Handover
from storage.staff import StaffRow
from storage.tables import dossier
from storage.unit import Unit
from tests.features.council import audited
from tests.features.diary import at
from tests.features.handing import (
    GIVER,
    begun,
    filled,
    gaps,
    hand,
    handed,
    legs,
    lends,
    now,
    sign,
    signed,
)
from tests.features.keeping import later
from tests.features.office import Office, Shown, one_channel
from tests.features.showroom import ARCHIVE, CARE, CHIEF, SELLER, delivered, last, sells, serviced
from tests.features.test_handover_sign import active, linked

OF_OTHERS = "代同事移交的资料（1）"


async def leave(office: Office, sentence: str = "我出差到周三，请唐小龙代") -> Shown:
    await office[SELLER].say(sentence)
    return await office[SELLER].tap("提交")


async def left(office: Office) -> Handover:
    """Have a car delivered whose seller is away to Wednesday; a service consultant stands in."""
    sells(office)
    await delivered(office)
    shown = await leave(office)
    assert "待移交、待补交的资料 1 份，唐小龙也能看到并代办" in shown
    return last(office)


@pytest.mark.rule("C-54", "S1-09.4.1")
async def test_who_stands_in_sees_it_hands_it_over_and_both_names_are_on_record(
    office: Office,
) -> None:
    held = await left(office)
    assert "资料 1 份由您代办" in await office[CARE].see()
    assert OF_OTHERS in (await office[CARE].say("今日")).labels
    shown = await office[CARE].tap(OF_OTHERS)
    assert "代不在的同事移交" in shown
    assert held.number in shown
    filled(office, held)
    shown = await hand(office, held, CARE)
    assert "唐小龙（代董思敏）已移交" in shown
    (leg,) = legs(office, held)
    assert (leg.giver, leg.handed_by) == (GIVER, CARE)
    assert f'"giver": "{GIVER}"' in audited(office, "handover.handed")[0]["facts"]
    assert "唐小龙（代董思敏）" in await office[ARCHIVE].press(f"f.sign.receive.{held.id}")
    await sign(office, held)
    assert now(office, held).state == "complete"
    assert "唐小龙（代董思敏） → 单志远" in await office[ARCHIVE].say("/receipts")


@pytest.mark.rule("C-54", "S1-09.4.1")
async def test_reminders_go_to_both_and_stop_for_the_stand_in_with_the_return(
    office: Office,
) -> None:
    held = await left(office)
    await office[CARE].see()
    await office[SELLER].see()
    await later(office, "09-15 09:00")
    assert held.number in await office[SELLER].see()
    told = await office[CARE].see()
    assert "董思敏不在，由您代办" in told
    assert held.number in told
    assert "新车档案，最迟 9月17日 周四 24:00" in told
    await later(office, "09-16 10:00")
    assert "不在，由您代办" in await office[CARE].see()
    await later(office, "09-17 09:00")
    assert held.number in await office[SELLER].see()
    told = await office[CARE].see()
    assert "不在，由您代办" not in told
    assert OF_OTHERS not in (await office[CARE].say("今日")).labels
    assert held.number not in await office[CARE].press(f"f.sign.hand.{held.id}")
    assert legs(office, held)[0].state == "open"


@pytest.mark.rule("C-54")
async def test_on_return_it_is_said_what_was_handed_over_and_supplied(office: Office) -> None:
    held = await left(office)
    filled(office, held, purchase_invoice={"state": "absent", "reason": "客户未取"})
    await hand(office, held, CARE)
    await sign(office, held)
    (gap,) = gaps(office, held)
    assert "董思敏须补正 1 项；对方不在，由您代办" in await office[CARE].see()
    await office[CARE].press(f"f.gap.supply.{gap.id}")
    await office[CARE].say("跳过")
    assert [(one.state, one.supplied_by) for one in gaps(office, held)] == [("supplied", CARE)]
    await office[SELLER].see()
    await later(office, "09-17 09:00")
    told = await office[SELLER].see()
    assert "代您移交、补交的资料：" in told
    assert f"{held.number} 由唐小龙移交" in told
    assert f"{held.number} 由唐小龙补交" in told
    assert "没有以您的名义作出审批" not in told


@one_channel
@pytest.mark.rule("C-54")
class TestGivenSomebodyStandsIn:
    async def test_when_the_giver_does_it_from_afar_then_it_is_the_own_signature(
        self, office: Office
    ) -> None:
        held = await left(office)
        filled(office, held)
        await hand(office, held)
        assert legs(office, held)[0].handed_by == GIVER
        assert "已移交" in await office[CARE].press(f"f.sign.hand.{held.id}")

    async def test_then_the_day_and_the_end_of_it_stay_with_the_giver(
        self, office: Office
    ) -> None:
        held = await left(office)
        shown = await office[CARE].press(f"f.handover.card.{held.id}")
        assert shown.labels == ("资料清单", "移交", "查看条款")

    @pytest.mark.rule("S1-09.4.1")
    async def test_when_the_archivist_stands_in_then_somebody_else_signs(
        self, office: Office
    ) -> None:
        sells(office)
        await delivered(office)
        await leave(office, "我出差到周三，请单志远代")
        held = last(office)
        filled(office, held)
        await hand(office, held, ARCHIVE)
        assert legs(office, held)[0].handed_by == ARCHIVE
        shown = await office[ARCHIVE].press(f"f.sign.receive.{held.id}")
        assert "相符，签收" not in shown.labels
        assert legs(office, held)[0].signed_at is None

    @pytest.mark.rule("S1-09.5.10")
    async def test_when_the_archivist_stands_in_for_a_gap_then_it_is_only_looked_at(
        self, office: Office
    ) -> None:
        held = await signed(office, purchase_invoice={"state": "absent", "reason": "客户未取"})
        (gap,) = gaps(office, held)
        await leave(office, "我出差到周三，请单志远代")
        shown = await office[ARCHIVE].press(f"f.gap.card.{gap.id}")
        assert "补交" not in shown.labels
        await office[ARCHIVE].tap("核对无误")
        assert gaps(office, held) == []

    async def test_when_the_dossier_is_too_secret_for_the_stand_in_then_it_does_not_go_there(
        self, office: Office
    ) -> None:
        sells(office)
        await delivered(office)
        held, known = last(office), active(office)
        office.change(lambda unit: linked(unit, held, known.id))

        def grade(unit: Unit) -> None:
            values = {"grade": "secret", "keeper": GIVER}
            unit.session.execute(dossier.update().where(dossier.c.id == known.id).values(**values))

        office.change(grade)
        shown = await leave(office)
        assert "待移交、待补交的资料" not in shown
        assert OF_OTHERS not in (await office[CARE].say("今日")).labels
        assert held.number not in await office[CARE].press(f"f.handover.card.{held.id}")

    async def test_when_nobody_was_named_then_it_is_the_deputy_of_the_staff_list(
        self, office: Office
    ) -> None:
        sells(office)
        await serviced(office)

        def deputy(unit: Unit) -> None:
            row = StaffRow(
                CARE, "唐小龙", "汽车售后部", ("service_consultant",), "CY034", deputy=GIVER
            )
            staff.save(unit, row)

        office.change(deputy)
        assert OF_OTHERS not in (await office[SELLER].say("今日")).labels
        await office[CARE].say("/away 病假 今天到周三")
        await office[CARE].tap("提交")
        assert OF_OTHERS in (await office[SELLER].say("今日")).labels
        held = last(office)
        filled(office, held, CARE)
        await hand(office, held)
        assert legs(office, held)[0].handed_by == GIVER

    async def test_when_the_stand_in_is_away_too_then_it_goes_on_to_the_next(
        self, office: Office
    ) -> None:
        held = await left(office)
        await office[CARE].say("我请假到周三，请单志远代")
        await office[CARE].tap("提交")
        assert OF_OTHERS not in (await office[CARE].say("今日")).labels
        assert OF_OTHERS in (await office[ARCHIVE].say("今日")).labels
        assert held.number in await office[ARCHIVE].tap(OF_OTHERS)

    @pytest.mark.rule("S4-LOAN.4.2b")
    async def test_when_it_is_who_audits_the_papers_then_they_do_not_hand_them_over(
        self, office: Office
    ) -> None:
        lends(office)
        held = begun(office, "loan_file")
        shown = await leave(office, "我出差到周三，请罗建军代")
        assert "待移交、待补交的资料" not in shown
        filled(office, held)
        await office[CHIEF].press(f"f.sign.hand.{held.id}")
        assert legs(office, held)[0].state == "open"
        assert OF_OTHERS not in (await office[CHIEF].say("今日")).labels

    async def test_when_called_off_then_it_is_not_shown_any_more(self, office: Office) -> None:
        held = await left(office)
        shown = await office[SELLER].say("/delegate")
        await office[SELLER].tap(next(one for one in shown.labels if "唐小龙" in one))
        assert OF_OTHERS not in (await office[CARE].say("今日")).labels
        await office[CARE].press(f"f.sign.hand.{held.id}")
        assert legs(office, held)[0].state == "open"

    async def test_when_it_is_sent_back_then_the_stand_in_hears_of_it_too(
        self, office: Office
    ) -> None:
        held = await handed(office)
        await leave(office)
        await office[CARE].see()
        await office[ARCHIVE].press(f"f.sign.return.{held.id}.{now(office, held).rev}")
        await office[ARCHIVE].tap("有缺项")
        assert held.number in await office[CARE].see()

    async def test_when_away_later_then_nothing_goes_over_before_that_day(
        self, office: Office
    ) -> None:
        sells(office)
        await delivered(office)
        shown = await leave(office, "委托 唐小龙 明天到周三")
        assert "待移交、待补交的资料" not in shown
        assert OF_OTHERS not in (await office[CARE].say("今日")).labels
        office.clock.advance(at("09-15 08:30"))
        assert OF_OTHERS in (await office[CARE].say("今日")).labels
