"""A loan's file goes from A to B to the archive, each with days of their own (S4-LOAN.4)."""

from __future__ import annotations

import pytest

from handlers.conversation.messages import FileKind
from storage import attachments, handover_items
from storage.handovers import Handover
from tests.features.diary import at
from tests.features.handing import (
    GIVER,
    OTHER,
    begun,
    count,
    filled,
    gaps,
    hand,
    legs,
    lends,
    line,
    note,
    now,
    sign,
)
from tests.features.office import JPEG, Office, one_channel
from tests.features.showroom import ARCHIVE, CHIEF, SELLER


def file(office: Office) -> Handover:
    lends(office)
    held = begun(office, "loan_file")
    filled(office, held)
    return held


class TestGivenARelay:
    @pytest.mark.rule("S4-LOAN.4.1", "S4-LOAN.4.2a", "S4-LOAN.4.5a", "S4-LOAN.4.6", "C-08")
    async def test_when_each_signs_then_each_leg_runs_from_receipt(self, office: Office) -> None:
        held = file(office)
        first, second = legs(office, held)
        assert (str(first.due_on), second.due_on, second.state) == ("2026-09-17", None, "waiting")
        await hand(office, held)
        assert "请清点签收" in await office[CHIEF].see()
        office.clock.advance(at("09-15 10:00"))
        shown = await sign(office, held, CHIEF)
        assert "请于9月17日 周四 24:00前继续移交" in shown
        first, second = legs(office, held)
        assert (first.state, first.receiver) == ("signed", OTHER)
        assert (second.state, second.giver, str(second.due_on)) == ("open", OTHER, "2026-09-17")
        assert now(office, held).leg == 2
        assert "罗建军已签收您移交的资料" in await office[SELLER].see()
        await hand(office, held, CHIEF)
        await sign(office, held)
        assert now(office, held).state == "complete"
        assert [one.state for one in legs(office, held)] == ["signed", "signed"]

    @one_channel
    @pytest.mark.rule("C-08", "S4-LOAN.4.5a")
    async def test_when_a_was_in_time_then_b_ends_with_day_five(self, office: Office) -> None:
        held = file(office)
        office.clock.advance(at("09-17 17:00"))
        await hand(office, held)
        office.clock.advance(at("09-18 17:00"))
        await sign(office, held, CHIEF)
        # two days from the 18th would be the 21st: day five, with the make-up Sunday, is the 20th
        assert str(legs(office, held)[1].due_on) == "2026-09-20"

    @one_channel
    @pytest.mark.rule("C-08")
    async def test_when_a_was_late_then_b_keeps_two_days(self, office: Office) -> None:
        held = file(office)
        office.clock.advance(at("09-21 09:00"))
        await hand(office, held)
        await sign(office, held, CHIEF)
        assert str(legs(office, held)[1].due_on) == "2026-09-23"


class TestGivenBFindsSomethingMissing:
    @pytest.mark.rule("S4-LOAN.4.2b", "S4-LOAN.4.2c")
    async def test_then_the_list_goes_to_a_and_the_file_does_not_go_on(
        self, office: Office
    ) -> None:
        held = file(office)
        await hand(office, held)
        shown = await note(office, held, "contracts", "nocustomer", CHIEF)
        assert "缺项签收" not in shown.labels
        rev = now(office, held).rev
        shown = await office[CHIEF].press(f"f.sign.gaps.{held.id}.{rev}")
        assert "此环节不得缺项" in shown
        await count(office, held, CHIEF)
        await office[CHIEF].tap("退回补充")
        await office[CHIEF].tap("签字缺失")
        (gap,) = gaps(office, held)
        assert (gap.owner, gap.kind, gap.state) == (GIVER, "customer_signature", "open")
        told = await office[SELLER].see()
        assert "需补充1项" in told
        assert "缺客户签字" in told
        shown = await office[SELLER].press(f"f.sign.hand.{held.id}")
        assert "退回后尚有1项未补交" in shown
        assert legs(office, held)[0].state == "open"
        assert legs(office, held)[1].state == "waiting"
        await office[SELLER].press(f"f.gap.supply.{gap.id}")
        await office[SELLER].send((JPEG, FileKind.PHOTO, ""))
        shown = await office[SELLER].tap("完成")
        assert "补齐后请重新移交" in shown
        assert line(office, held, "contracts").customer_signed == "yes"
        item = line(office, held, "contracts")
        photos = office.look(lambda unit: attachments.of(unit, handover_items.PHOTOS, item.id))
        assert photos
        await hand(office, held)
        await sign(office, held, CHIEF)
        assert gaps(office, held) == []
        assert [one.state for one in gaps(office, held, "closed")] == ["closed"]
        assert now(office, held).leg == 2

    @one_channel
    async def test_when_it_is_still_missing_then_the_same_gap_is_open_again(
        self, office: Office
    ) -> None:
        held = file(office)
        await hand(office, held)
        for _ in range(2):
            await note(office, held, "contracts", "nocustomer", CHIEF)
            await count(office, held, CHIEF)
            await office[CHIEF].tap("退回补充")
            await office[CHIEF].tap("签字缺失")
            (gap,) = gaps(office, held)
            await office[SELLER].press(f"f.gap.supply.{gap.id}")
            await office[SELLER].say("跳过")
            await hand(office, held)
        assert len(gaps(office, held, "open", "supplied", "closed")) == 1
        await sign(office, held, CHIEF)
        assert now(office, held).gaps == 0

    @one_channel
    async def test_when_the_archive_finds_it_then_b_answers(self, office: Office) -> None:
        held = file(office)
        await hand(office, held)
        await sign(office, held, CHIEF)
        await hand(office, held, CHIEF)
        await note(office, held, "investigation", "missing")
        await sign(office, held)
        (gap,) = gaps(office, held)
        assert (gap.owner, gap.leg) == (OTHER, 2)
        assert now(office, held).state == "complete"
        assert str(gap.due_on) >= "2026-09-15"
        assert legs(office, held)[1].receiver == ARCHIVE
