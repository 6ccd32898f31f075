"""What did not come back whole is settled or written off by those who hear of losses."""

from __future__ import annotations

import pytest

from storage import documents, incidents, loan_items, loan_queue
from storage.loans import Loan
from storage.unit import Unit
from tests.features.council import audited
from tests.features.counter import ABOVE, PAPERS, checked, items, lent, now, step
from tests.features.diary import rows
from tests.features.lending import ARCHIVE, COLLEAGUE, HX, SALES, id_of
from tests.features.office import Office, one_channel
from tests.features.test_leavers import leaves

BOSS = ABOVE
"""The manager of customer service, who hears of losses and damage."""


async def short(office: Office, line: str) -> Loan:
    """Have papers counted back by both sides with one line that is not as it was lent."""
    held = await lent(office)
    await office[ARCHIVE].press(f"f.return.count.{held.id}")
    await office[ARCHIVE].tap("有出入")
    await office[ARCHIVE].say(line)
    await checked(office)
    await office[SALES].press(f"f.return.agree.{step(office, held).id}")
    for one in (BOSS, SALES, ARCHIVE):
        await office[one].see()
    held = now(office, held)
    assert held.state == "short"
    return held


async def lost(office: Office) -> Loan:
    held = await lent(office)
    await office[SALES].press(f"f.loans.lost.{held.id}")
    await office[SALES].say("周二外出后未找到")
    for one in (BOSS, ARCHIVE):
        await office[one].see()
    held = now(office, held)
    assert held.state == "lost"
    return held


async def end(office: Office, held: Loan, how: str, words: str = "已赔偿, 责任人检讨") -> str:
    await office[BOSS].press(f"f.settling.{how}.{held.id}")
    await office[BOSS].say(words)
    return (await office[BOSS].tap("确认")).text


def kept(office: Office, held: Loan) -> list[str]:
    """Return the state of each paper of a loan."""
    ids = [one.document_id for one in items(office, held) if one.document_id is not None]
    found = office.look(lambda unit: {one.id: one.state for one in documents.many(unit, ids)})
    return [found[one] for one in ids]


def clocks(office: Office) -> list[tuple[str, ...]]:
    return rows(office, "SELECT case_id FROM watch WHERE case_kind = 'loan'")


@pytest.mark.rule("S1-15.7.6")
async def test_when_the_damage_is_made_good_then_the_loan_is_settled(office: Office) -> None:
    held = await short(office, "2 破损 边角撕裂")
    boss = office[BOSS]
    card = await boss.press(f"f.loans.card.{held.id}")
    assert "结清" in card.labels
    assert "核销" not in card.labels
    assert "事故未结案：事-2026-0001" in card
    assert "事-2026-0001" in card.labels
    await boss.tap("结清")
    review = await boss.say("已重新装订, 费用由借阅人承担")
    assert "借阅随之注销" in review
    assert now(office, held).state == "short"
    shown = await boss.tap("确认")
    assert "梁思源已办理结清（S2-DOSS.23b）：已重新装订" in shown
    after = now(office, held)
    assert (after.state, after.open) == ("discharged", False)
    assert kept(office, held) == ["kept", "kept"]
    for one in (SALES, ARCHIVE):
        assert "梁思源已办理结清" in await office[one].see()
    assert audited(office, "loan.settled")[0]["rule"] == "S2-DOSS.23b"


@one_channel
class TestGivenPapersAreMissing:
    @pytest.mark.rule("S1-14.7", "S1-15.7.6")
    async def test_when_written_off_then_gone_papers_are_lost_and_the_others_kept(
        self, office: Office
    ) -> None:
        held = await short(office, "1 缺")
        assert "已办理核销" in await end(office, held, "write_off")
        assert now(office, held).state == "written_off"
        assert [one.state for one in items(office, held)] == ["gone", "back"]
        assert kept(office, held) == ["lost", "kept"]
        assert audited(office, "loan.written_off")
        assert "已办理核销" in await office[SALES].see()
        papers = [one.document_id for one in items(office, held)]
        assert not office.look(
            lambda unit: loan_items.blocking(unit, held.dossier_id, [one for one in papers if one])
        )

    async def test_when_only_a_page_is_gone_then_the_rest_of_the_paper_is_kept(
        self, office: Office
    ) -> None:
        held = await short(office, "1 11页")
        await end(office, held, "write_off")
        assert [one.state for one in items(office, held)] == ["gone", "back"]
        assert kept(office, held) == ["kept", "kept"]

    async def test_when_a_replacement_is_accepted_then_nothing_is_lost(
        self, office: Office
    ) -> None:
        held = await short(office, "1 缺")
        assert "已办理结清" in await end(office, held, "settle", "已补签同样协议")
        assert now(office, held).state == "discharged"
        assert [one.state for one in items(office, held)] == ["replaced", "back"]
        assert kept(office, held) == ["kept", "kept"]

    async def test_the_reason_stands_with_the_incident_which_stays_open(
        self, office: Office
    ) -> None:
        held = await short(office, "1 缺")
        await end(office, held, "write_off", "多次查找未果")

        def look(unit: Unit) -> tuple[bool, list[str | None]]:
            (one,) = incidents.all_of_loan(unit, held.id)
            return one.open, [each.words for each in incidents.measures(unit, one.id)]

        assert office.look(look) == (True, ["多次查找未果"])

    async def test_when_they_turn_up_while_the_reason_is_written_then_it_stands(
        self, office: Office
    ) -> None:
        held = await short(office, "1 缺")
        await office[BOSS].press(f"f.settling.write_off.{held.id}")
        await office[BOSS].say("多次查找未果")
        await office[SALES].press(f"f.return.all.{held.id}")
        assert now(office, held).state == "returning"
        assert "已不能这样处理，现状如下" in await office[BOSS].tap("确认")
        assert now(office, held).state == "returning"

    async def test_when_somebody_was_quicker_then_shown_how_it_stands(
        self, office: Office
    ) -> None:
        held = await short(office, "1 缺")
        await end(office, held, "write_off")
        for how in ("write_off", "settle"):
            again = await office[BOSS].press(f"f.settling.{how}.{held.id}")
            assert "已不能这样处理，现状如下" in again
        assert len(audited(office, "loan.written_off")) == 1

    @pytest.mark.rule("S1-14.7", "S1-15.7.6")
    async def test_neither_the_borrower_nor_the_archive_ends_it(self, office: Office) -> None:
        held = await short(office, "1 缺")
        for one in (SALES, ARCHIVE):
            card = await office[one].press(f"f.loans.card.{held.id}")
            assert not {"结清", "核销"} & set(card.labels)
            refused = await office[one].press(f"f.settling.write_off.{held.id}")
            assert "借阅人不能自己办理" in refused
        assert "没有这次清点" in await office[COLLEAGUE].press(f"f.settling.settle.{held.id}")
        assert now(office, held).state == "short"


@one_channel
class TestGivenTheyAreReportedLost:
    @pytest.mark.rule("S1-14.7")
    async def test_when_written_off_then_no_reminder_and_no_place_of_it_is_left(
        self, office: Office
    ) -> None:
        held = await lost(office)
        card = await office[BOSS].press(f"f.loans.card.{held.id}")
        assert "核销" in card.labels
        assert "结清" not in card.labels
        await end(office, held, "write_off")
        assert now(office, held).state == "written_off"
        assert kept(office, held) == ["lost"] * len(PAPERS)
        assert clocks(office) == []

    async def test_when_somebody_waits_then_they_hear_and_get_what_there_is(
        self, office: Office
    ) -> None:
        held = await lost(office)
        dossier_id = id_of(office, HX)
        office.change(lambda unit: loan_queue.join(unit, dossier_id, "CY014", unit.now))
        await end(office, held, "write_off")
        told = await office["CY014"].see()
        assert "为您保留" in told.text
        assert office.look(lambda unit: loan_queue.offer_of(unit.session, dossier_id))

    async def test_when_the_borrower_has_left_then_it_is_ended_all_the_same(
        self, office: Office
    ) -> None:
        held = await lost(office)
        await leaves(office)
        assert "已办理核销" in await end(office, held, "write_off")
        assert now(office, held).state == "written_off"
        assert "已办理核销" in await office["CY014"].see()
