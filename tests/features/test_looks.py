"""Every time content is shown to a person, who saw it, how, and by which right is kept."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from bot.dispatch import decode_card
from storage import dossiers, notes
from storage import tables as t
from storage.unit import Unit
from tests.features.diary import COLLEAGUE, HONGXIN, MANAGER, SALES, rows
from tests.features.office import Office

SERVICE = "CY035"


def looks(office: Office) -> list[tuple[str, ...]]:
    """Return who saw what how by which right, in order; each subject by its kind only."""
    found = rows(office, "SELECT staff_id, subject, way, by_right FROM look ORDER BY id")
    return [(who, subject.partition(":")[0], way, right) for who, subject, way, right in found]


def unseen(office: Office) -> list[str]:
    """Return what was written for somebody as content at a moment when no look was kept."""

    def read(unit: Unit) -> list[str]:
        box, look = t.outbox.c, t.look.c
        kept = {
            (row.staff_id, row.at) for row in unit.session.execute(select(look.staff_id, look.at))
        }
        written = unit.session.execute(
            select(box.id, box.staff_id, box.body, box.created_at).where(box.body.is_not(None))
        )
        return [
            card.text
            for row in written
            if (card := decode_card(unit.vault.open(row.body, row.id))).protect
            and (row.staff_id, row.created_at) not in kept
        ]

    return office.look(read)


async def a_note(office: Office) -> notes.Note:
    """Let the keeper file a note, correct it, and the superior comment it."""
    me = office[SALES]
    await me.say(f"拜访 {HONGXIN} 谈二季度订单")
    await me.tap("提交")
    note = office.look(lambda unit: notes.last_note_of(unit, SALES))
    assert note is not None
    return note


@pytest.mark.rule("S3-SPEC2.3.4c", "S3-SPEC1.5.1")
class TestGivenACardWithContent:
    async def test_when_the_keeper_the_superior_and_others_look_then_each_right_is_kept(
        self, office: Office
    ) -> None:
        await office[SALES].say("/find 听涛")
        await office[MANAGER].say("/find 听涛")
        await office[SERVICE].say("/find 听涛")  # masked: saw no content
        assert looks(office) == [
            (SALES, "dossier", "card", "keeper"),
            (MANAGER, "dossier", "card", "superior"),
        ]
        assert rows(office, "SELECT DISTINCT keeper, channel, purpose FROM look") == [
            (SALES, office.channel, "")
        ]
        found = rows(
            office,
            "SELECT staff_id, facts FROM audit WHERE action = 'dossier.looked_at' ORDER BY seq",
        )
        assert found == [
            (SALES, '{"by": "keeper"}'), (MANAGER, '{"by": "superior"}'),
            (SERVICE, '{"sight": "masked"}'),
        ]  # fmt: skip

    async def test_when_it_was_refused_then_nothing_was_seen(self, office: Office) -> None:
        note = await a_note(office)
        await office[SERVICE].press(f"f.note.open.{note.id}")
        await office[COLLEAGUE].press(f"f.note.history.{note.id}")
        assert looks(office) == []

    async def test_when_the_message_comes_again_then_it_is_one_look(self, office: Office) -> None:
        await office[SALES].say("/find 听涛")
        await office[SALES].again()
        assert len(looks(office)) == 1


@pytest.mark.rule("S3-SPEC2.3.4c")
class TestGivenANote:
    async def test_when_it_is_read_in_every_way_then_each_is_a_look(self, office: Office) -> None:
        note = await a_note(office)
        me, boss = office[SALES], office[MANAGER]
        await boss.press(f"f.team.open.{note.id}")
        await boss.tap("点评")
        await boss.say("问一下账期")
        await me.press(f"f.note.open.{note.id}")
        await me.press(f"f.note.correct.{note.id}")
        await me.tap("提交")
        await boss.press(f"f.note.history.{note.id}")
        await boss.press(f"f.note.files.{note.id}")
        assert looks(office) == [
            (MANAGER, "visit_note", "note", "superior"),
            (SALES, "visit_note", "comment", "keeper"),
            (SALES, "visit_note", "note", "keeper"),
            (SALES, "visit_note", "note", "keeper"),
            (MANAGER, "visit_note", "history", "superior"),
            (MANAGER, "visit_note", "files", "superior"),
        ]
        assert unseen(office) == []


class TestGivenWhatIsNoContent:
    async def test_when_customers_are_listed_or_suggested_then_nothing_was_seen(
        self, office: Office
    ) -> None:
        await office[SALES].say("/find 鸿鑫")
        await office[SALES].say("/team")
        await office.app.suggest(office.channel, office.account(SALES), "听涛", "")
        assert looks(office) == []

    async def test_when_it_is_a_draft_of_ones_own_then_it_is_no_look(self, office: Office) -> None:
        row = dossiers.DossierRow(name="谁也不认识的新客户", keeper=SALES)
        draft = office.change(lambda unit: dossiers.add(unit, row, by=SALES, draft=True))
        assert row.name in await office[SALES].press(f"f.find.card.{draft}")
        assert looks(office) == []
