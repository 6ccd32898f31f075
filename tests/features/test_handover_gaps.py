"""What is missing is supplied, looked at, not accepted, waived; each late term counts again."""

from __future__ import annotations

import pytest

from handlers.conversation.messages import FileKind
from handlers.handovers import handover_clock
from storage import accounts, attachments, documents, dossiers, handover_items, handovers, staff
from storage.handover_gaps import Gap
from storage.handovers import Handover
from storage.unit import Unit
from tests.features.council import audited
from tests.features.desk import acting
from tests.features.diary import at, rows
from tests.features.handing import GIVER, gaps, handed, line, note, now, sign, signed
from tests.features.office import JPEG, Office, one_channel
from tests.features.showroom import ARCHIVE, CHIEF, DIRECTOR, SELLER, STRANGE

MISSING = {"state": "absent", "reason": "客户未取"}


async def lacking(office: Office) -> tuple[Handover, Gap]:
    """Have the invoice missing in a handover that is signed."""
    held = await signed(office, purchase_invoice=MISSING)
    await office[SELLER].see()
    await office[ARCHIVE].see()
    (gap,) = gaps(office, held)
    return held, gap


async def unsigned(office: Office) -> tuple[Handover, Gap]:
    """Have the archive find the customer's signature missing."""
    held = await handed(office)
    await note(office, held, "delivery_check", "nocustomer")
    await sign(office, held)
    (gap,) = gaps(office, held)
    return held, gap


async def supply(office: Office, gap: Gap, who: str = SELLER) -> None:
    await office[who].press(f"f.gap.supply.{gap.id}")
    await office[who].say("跳过")


def breaches(office: Office) -> list[tuple[str, ...]]:
    found = rows(office, "SELECT duty, staff_id, due_on FROM breach ORDER BY due_on, duty")
    return [(duty.partition(":")[0], who, str(day)) for duty, who, day in found]


def pass_time(office: Office, gap: Gap, words: str) -> None:
    """Let it be that moment, and the clock of the gap wound."""
    office.clock.advance(at(words))
    office.change(lambda unit: handover_clock.wind_gap(acting(office, unit, GIVER), gap.id))


class TestGivenAPaperIsMissing:
    @pytest.mark.rule("S1-09.4.1", "C-16")
    async def test_when_supplied_before_the_deadline_then_no_breach(self, office: Office) -> None:
        held, gap = await lacking(office)
        office.clock.advance(at("09-16 10:00"))
        await office[SELLER].press(f"f.gap.supply.{gap.id}")
        await office[SELLER].send((JPEG, FileKind.PHOTO, ""))
        shown = await office[SELLER].tap("完成")
        assert "已登记补交，待接收人核对" in shown
        assert [one.state for one in gaps(office, held)] == ["supplied"]
        item = line(office, held, "purchase_invoice")
        assert item.state == "present"
        assert office.look(lambda unit: attachments.of(unit, handover_items.PHOTOS, item.id))
        told = await office[ARCHIVE].see()
        assert "董思敏已补交，请核对。" in told
        shown = await office[ARCHIVE].tap("核对无误")
        assert "已补正，资料已全部补齐" in shown
        assert now(office, held).gaps == 0
        assert "资料已全部补齐" in await office[SELLER].see()
        assert breaches(office) == []
        assert audited(office, "handover.gap_closed")[0]["staff_id"] == ARCHIVE

    @one_channel
    @pytest.mark.rule("S1-09.5.10", "C-15")
    async def test_when_not_supplied_then_each_term_is_a_breach(self, office: Office) -> None:
        held, gap = await lacking(office)
        pass_time(office, gap, "09-18 09:00")
        assert breaches(office) == [("gap", GIVER, "2026-09-17")]
        pass_time(office, gap, "09-19 09:00")
        pass_time(office, gap, "09-21 09:00")
        assert [one[2] for one in breaches(office)] == ["2026-09-17", "2026-09-18", "2026-09-20"]
        shown = await office[SELLER].press(f"f.gap.card.{gap.id}")
        assert "已3次逾期未改正" in shown
        await supply(office, gap)
        await office[ARCHIVE].press(f"f.gap.accept.{gap.id}")
        pass_time(office, gap, "09-23 09:00")
        assert len(breaches(office)) == 3
        assert now(office, held).gaps == 0

    @one_channel
    async def test_when_the_paper_comes_over_the_counter_then_the_archive_closes_it(
        self, office: Office
    ) -> None:
        held, gap = await lacking(office)
        shown = await office[ARCHIVE].press(f"f.gap.accept.{gap.id}")
        assert "已补正" in shown
        assert line(office, held, "purchase_invoice").state == "present"
        shown = await office[ARCHIVE].press(f"f.gap.accept.{gap.id}")
        assert "已有结果" in shown
        assert len(audited(office, "handover.gap_closed")) == 1

    @one_channel
    async def test_when_supplied_after_shelving_then_it_joins_the_others(
        self, office: Office
    ) -> None:
        held, gap = await lacking(office)
        id_ = office.look(lambda unit: dossiers.by_number(unit.session, "YH-2019-0007"))

        def link(unit: Unit) -> None:
            found = handovers.get(unit, held.id)
            assert found is not None
            handovers.save(unit, found, dossier_id=id_)

        office.change(link)
        await office[ARCHIVE].press(f"f.sign.shelve.{held.id}")
        await office[ARCHIVE].say("C柜1层16号")
        await office[ARCHIVE].tap("上架")
        await supply(office, gap)
        await office[ARCHIVE].press(f"f.gap.accept.{gap.id}")
        every = office.look(lambda unit: documents.page(unit, id_ or 0, ["none"], 100))
        assert [one.title for one in every].count("购车发票复印件") == 1


class TestGivenSomethingIsNotRight:
    @pytest.mark.rule("S1-09.5.2", "S1-09.5.10")
    async def test_when_corrected_in_a_working_day_then_one_breach_only(
        self, office: Office
    ) -> None:
        _, gap = await unsigned(office)
        assert str(gap.due_on) == "2026-09-15"
        assert breaches(office) == [("gap", GIVER, "2026-09-14")]
        office.clock.advance(at("09-15 15:00"))
        await supply(office, gap)
        pass_time(office, gap, "09-16 09:00")
        await office[ARCHIVE].press(f"f.gap.accept.{gap.id}")
        assert len(breaches(office)) == 1

    @one_channel
    @pytest.mark.rule("S1-09.5.10")
    async def test_when_not_accepted_then_a_new_term_runs(self, office: Office) -> None:
        held, gap = await unsigned(office)
        await supply(office, gap)
        office.clock.advance(at("09-16 09:00"))
        await office[ARCHIVE].press(f"f.gap.refuse.{gap.id}")
        shown = await office[ARCHIVE].say("仍不是客户本人签字")
        assert "不予接受：仍不是客户本人签字" in shown
        (after,) = gaps(office, held)
        assert (after.state, str(after.due_on)) == ("open", "2026-09-17")
        assert line(office, held, "delivery_check").customer_signed == "wrong"
        assert "仍不是客户本人签字" in await office[SELLER].see()
        pass_time(office, gap, "09-18 09:00")
        assert breaches(office)[-1] == ("gap", GIVER, "2026-09-17")

    @one_channel
    @pytest.mark.rule("S1-09.5.9")
    async def test_when_contested_and_waived_then_nothing_stays(self, office: Office) -> None:
        held, gap = await unsigned(office)
        pass_time(office, gap, "09-16 09:00")
        assert len(breaches(office)) == 2
        await office[SELLER].press(f"f.gap.contest.{gap.id}")
        shown = await office[SELLER].say("客户签在背面")
        assert "已请顾怀瑾裁定" in shown
        told = await office[DIRECTOR].see()
        assert "客户签在背面" in told
        await office[DIRECTOR].press(f"f.gap.waive.{gap.id}")
        shown = await office[DIRECTOR].say("背面确有签字")
        assert "顾怀瑾已撤销此项：背面确有签字" in shown
        assert [one.state for one in gaps(office, held, "waived")] == ["waived"]
        assert now(office, held).gaps == 0
        assert breaches(office) == []

    @one_channel
    async def test_when_said_in_time_and_heard_late_then_in_time(self, office: Office) -> None:
        held, gap = await unsigned(office)
        await office[SELLER].press(f"f.gap.supply.{gap.id}")
        pass_time(office, gap, "09-16 00:30")
        assert len(breaches(office)) == 2
        await office.hand_in(SELLER, text="跳过", at=at("09-15 23:59"))
        await office.settle()
        assert [one.state for one in gaps(office, held)] == ["supplied"]
        assert len(breaches(office)) == 1


@one_channel
async def test_the_list_has_no_numbers_beside_those_of_its_entries(office: Office) -> None:
    held, _ = await lacking(office)
    shown = await office[SELLER].press(f"f.gap.list.{held.id}")
    assert "购车发票复印件 · 客户未取：董思敏，9月17日 周四 24:00前" in shown.text.split("\n")
    assert "2. " not in shown


@one_channel
@pytest.mark.rule("C-55")
async def test_when_its_owner_has_left_then_it_names_who_has_it_now(office: Office) -> None:
    held, gap = await lacking(office)
    office.change(lambda unit: staff.deactivate(unit, GIVER))
    for key in (f"card.{gap.id}", f"list.{held.id}"):
        shown = await office[ARCHIVE].press(f"f.gap.{key}")
        assert "杨帆" in shown, shown.text
        assert "董思敏" not in shown


@one_channel
async def test_when_the_day_lies_in_another_year_then_it_says_which(office: Office) -> None:
    _, gap = await lacking(office)
    me = office[ARCHIVE]
    await me.press(f"f.gap.plan.{gap.id}")
    await me.tap("改期限")
    shown = await me.say("2027-01-05")
    assert "现由董思敏于2027年1月5日 周二 24:00前补正" in shown


@one_channel
class TestGivenWhoseGapItIs:
    @pytest.mark.rule("S1-07.3.3.2a")
    async def test_when_it_is_no_concern_of_theirs_then_nothing_is_learned(
        self, office: Office
    ) -> None:
        held, gap = await lacking(office)
        for key in ("card", "supply", "accept", "refuse", "contest", "waive", "plan"):
            shown = await office[STRANGE].press(f"f.gap.{key}.{gap.id}")
            assert "没有这一缺项" in shown
            assert held.number not in shown
        for key in ("accept", "refuse", "waive"):
            await office[SELLER].press(f"f.gap.{key}.{gap.id}")
        assert [one.state for one in gaps(office, held)] == ["open"]

    async def test_when_another_owner_and_day_are_set_then_they_count(
        self, office: Office
    ) -> None:
        held, gap = await lacking(office)
        await office[ARCHIVE].press(f"f.gap.plan.{gap.id}")
        await office[ARCHIVE].tap("换责任人")
        await office[ARCHIVE].say("唐小龙")
        (after,) = gaps(office, held)
        assert after.owner == "CY035"
        await office[ARCHIVE].press(f"f.gap.plan.{gap.id}")
        await office[ARCHIVE].tap("改期限")
        await office[ARCHIVE].say("9月22日")
        (after,) = gaps(office, held)
        assert str(after.due_on) == "2026-09-22"
        await supply(office, gap, "CY035")
        assert [one.state for one in gaps(office, held)] == ["supplied"]

    @pytest.mark.rule("C-55")
    async def test_when_the_owner_has_left_then_the_superior_supplies(
        self, office: Office
    ) -> None:
        held, gap = await lacking(office)
        account = office.account(CHIEF)

        def leave(unit: Unit) -> None:
            accounts.unbind(unit, office.channel, account)
            accounts.bind(unit, office.channel, account, "CY032")
            staff.deactivate(unit, GIVER)

        office.change(leave)
        await supply(office, gap, CHIEF)
        assert [one.state for one in gaps(office, held)] == ["supplied"]

    async def test_when_nothing_is_missing_then_the_list_says_so(self, office: Office) -> None:
        held = await signed(office)
        assert "已无缺项" in await office[SELLER].press(f"f.gap.list.{held.id}")
