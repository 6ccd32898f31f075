"""Visit notes: filed, corrected, withdrawn, commented on, read."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from sqlalchemy import text

from storage import notes, staff
from storage.errors import Conflict
from storage.unit import Unit
from tests.conftest import UnitFactory
from tests.storage.nouns.company import NOW, customer, note, staffed


@pytest.fixture
def unit(unit_factory: UnitFactory) -> Iterator[Unit]:
    with unit_factory() as unit:
        staffed(unit)
        yield unit


def filed(unit: Unit, dossier_id: int, **more: object) -> notes.Note:
    kept = notes.get_note(unit, notes.file_note(unit, note(dossier_id, **more)).id)
    assert kept is not None
    return kept


class TestGivenANewNote:
    def test_everything_is_read_back(self, unit: Unit) -> None:
        dossier_id = customer(unit, "鸿鑫贸易", grade="confidential")
        new = note(
            dossier_id,
            extras={"met": "何总", "place": {"latitude": 22.5}},
            next_contact=date(2026, 9, 23),
            major=True,
            confidential=True,
        )
        one = filed(unit, dossier_id, extras=new.extras, next_contact=new.next_contact, major=True,
                    confidential=True)  # fmt: skip
        for name in ("author", "day", "manner", "body", "filed_at", "deadline", "on_time",
                     "next_contact", "major", "confidential"):  # fmt: skip
            assert getattr(one, name) == getattr(new, name), name
        assert dict(one.extras) == new.extras
        assert (one.dossier_name, one.keeper, one.grade) == ("鸿鑫贸易", "zhang", "confidential")
        assert (one.author_name, one.state, one.version) == ("张晓雯", "filed", 1)

    def test_numbers_run_within_the_year_of_the_visit(self, unit: Unit) -> None:
        dossier_id = customer(unit, "鸿鑫贸易")
        numbers = [
            notes.file_note(unit, note(dossier_id, day=day)).number
            for day in (date(2026, 1, 1), date(2026, 9, 14), date(2025, 12, 31))
        ]
        assert numbers == ["访-2026-0001", "访-2026-0002", "访-2025-0001"]
        assert notes.by_number(unit.session, "访-2026-0002") is not None

    def test_words_lie_sealed(self, unit: Unit) -> None:
        one = filed(unit, customer(unit, "鸿鑫贸易"), extras={"met": "何总"})
        notes.comment(unit, one.id, author="head", body="抓紧", at=NOW)
        kept = unit.session.execute(text("SELECT body, extras FROM visit_note")).one()
        assert "订单".encode() not in kept.body
        assert "何总".encode() not in kept.extras


class TestGivenACorrection:
    def test_the_old_text_is_kept(self, unit: Unit) -> None:
        first, second = customer(unit, "鸿鑫贸易"), customer(unit, "瑞禾贸易")
        old = filed(unit, first)
        version = notes.correct(
            unit, old, note(second, body="改过", major=True), by="zhang", at=NOW
        )
        now = notes.get_note(unit, old.id)
        assert now is not None
        assert version == now.version == 2
        assert (now.body, now.major, now.dossier_id) == ("改过", True, second)
        assert (now.number, now.filed_at, now.author) == (old.number, old.filed_at, old.author)
        (before,) = notes.versions(unit, old.id)
        assert (before.version, before.replaced_by) == (1, "zhang")
        assert before.content["body"] == "谈二季度订单"
        assert before.content["dossier_id"] == first

    def test_who_was_slower_loses_and_changes_nothing(self, unit: Unit) -> None:
        old = filed(unit, customer(unit, "鸿鑫贸易"))
        notes.correct(unit, old, note(old.dossier_id, body="一"), by="zhang", at=NOW)
        with pytest.raises(Conflict):
            notes.correct(unit, old, note(old.dossier_id, body="二"), by="zhang", at=NOW)
        now = notes.get_note(unit, old.id)
        assert now is not None
        assert now.body == "一"
        assert len(notes.versions(unit, old.id)) == 1

    def test_withdrawn_is_out_of_every_list_but_kept(self, unit: Unit) -> None:
        one = filed(unit, customer(unit, "鸿鑫贸易"))
        notes.mark_unread(unit, ["head"], one.id, NOW)
        notes.withdraw(unit, one, by="zhang", at=NOW)
        assert notes.notes_of_dossier(unit, one.dossier_id, 5) == ()
        assert notes.notes_of_author(unit.session, "zhang", 5) == ()
        assert notes.last_note_of(unit, "zhang") is None
        assert notes.unread_for(unit.session, "head", 5) == ()
        assert notes.count_unread(unit.session, "head") == 0
        kept = notes.get_note(unit, one.id)
        assert kept is not None
        assert (kept.state, kept.body) == ("withdrawn", "谈二季度订单")
        with pytest.raises(Conflict):
            notes.withdraw(unit, kept, by="zhang", at=NOW)


class TestGivenManyNotes:
    def test_pages_go_back_in_time_without_gap_or_double(self, unit: Unit) -> None:
        dossier_id = customer(unit, "鸿鑫贸易")
        times = [NOW + timedelta(minutes=at // 3) for at in range(10)]  # some at the same time
        ids = [filed(unit, dossier_id, at=at).id for at in times]
        seen: list[int] = []
        mark = None
        while page := notes.notes_of_dossier(unit, dossier_id, 4, before=mark):
            seen += [one.id for one in page]
            mark = page[-1].mark
        assert seen == ids[::-1]
        briefs = notes.notes_of_author(unit.session, "zhang", 100)
        assert [one.id for one in briefs] == ids[::-1]

    def test_several_authors_are_merged_newest_first(self, unit: Unit) -> None:
        dossier_id = customer(unit, "鸿鑫贸易")
        ids = [
            filed(unit, dossier_id, author=author, at=NOW + timedelta(minutes=at)).id
            for at, author in enumerate(("zhang", "li", "zhang", "shan"))
        ]
        merged = notes.notes_of_authors(unit.session, ["zhang", "li", "zhang"], 2)
        assert [one.id for one in merged] == [ids[2], ids[1]]

    def test_the_last_note_is_the_one_to_copy(self, unit: Unit) -> None:
        dossier_id = customer(unit, "鸿鑫贸易")
        filed(unit, dossier_id, at=NOW + timedelta(hours=1), body="后")
        filed(unit, dossier_id, at=NOW, body="前")
        last = notes.last_note_of(unit, "zhang")
        assert last is not None
        assert last.body == "后"

    def test_colleagues_are_those_who_wrote_since_and_are_still_here(self, unit: Unit) -> None:
        dossier_id = customer(unit, "鸿鑫贸易")
        for at, author in enumerate(("shan", "li", "left", "zhang", "li")):
            filed(unit, dossier_id, author=author, at=NOW + timedelta(days=at))
        since = NOW + timedelta(hours=1)
        assert notes.colleagues_on(unit.session, dossier_id, since, 5) == ("li", "zhang")
        assert notes.colleagues_on(unit.session, dossier_id, since, 1) == ("li",)


class TestGivenReaders:
    def test_unread_is_oldest_first_until_opened(self, unit: Unit) -> None:
        dossier_id = customer(unit, "鸿鑫贸易")
        ids = [filed(unit, dossier_id).id for _ in range(4)]
        for at, id_ in enumerate(ids):
            notes.mark_unread(unit, ["head", "head", "li"], id_, NOW + timedelta(minutes=at // 2))
        assert [one.id for one in notes.unread_for(unit.session, "head", 9)] == ids
        assert [one.id for one in notes.unread_for(unit.session, "head", 2, after=ids[1])] == ids[
            2:
        ]
        assert notes.count_unread(unit.session, "head") == 4
        assert notes.mark_read(unit, "head", ids[0])
        assert not notes.mark_read(unit, "head", ids[0])
        assert not notes.mark_read(unit, "gm", ids[0])
        assert notes.count_unread(unit.session, "head") == 3
        assert notes.count_unread(unit.session, "li") == 4

    def test_next_and_previous_also_lead_to_what_was_read(self, unit: Unit) -> None:
        dossier_id = customer(unit, "鸿鑫贸易")
        told = [filed(unit, dossier_id) for _ in range(3)]
        for one in told:
            notes.mark_unread(unit, ["head"], one.id, NOW)
            notes.mark_read(unit, "head", one.id)
        ids = [one.id for one in told]
        assert notes.neighbours(unit.session, "head", told[0]) == (None, ids[1])
        assert notes.neighbours(unit.session, "head", told[1]) == (ids[0], ids[2])
        assert notes.neighbours(unit.session, "head", told[2]) == (ids[1], None)
        assert notes.neighbours(unit.session, "gm", told[1]) == (None, None)

    def test_a_corrected_note_is_unread_again(self, unit: Unit) -> None:
        one = filed(unit, customer(unit, "鸿鑫贸易"))
        notes.mark_unread(unit, ["head"], one.id, NOW)
        notes.mark_read(unit, "head", one.id)
        notes.mark_unread(unit, ["head"], one.id, NOW + timedelta(hours=1))
        assert notes.count_unread(unit.session, "head") == 1

    def test_counting_stops_at_a_hundred(self, unit: Unit) -> None:
        dossier_id = customer(unit, "鸿鑫贸易")
        for _ in range(103):
            notes.mark_unread(unit, ["head"], filed(unit, dossier_id).id, NOW)
        assert notes.count_unread(unit.session, "head") == notes.MAX_COUNT + 1


class TestGivenComments:
    def test_they_are_read_in_order_with_their_authors(self, unit: Unit) -> None:
        one = filed(unit, customer(unit, "鸿鑫贸易"))
        notes.comment(unit, one.id, author="head", body="价格怎么定?", at=NOW)
        notes.comment(unit, one.id, author="zhang", body="周五给您", at=NOW + timedelta(hours=1))
        said = notes.comments(unit, one.id)
        assert [(each.author_name, each.body) for each in said] == [
            ("王海峰", "价格怎么定?"),
            ("张晓雯", "周五给您"),
        ]
        assert notes.commenters(unit.session, one.id) == ("zhang", "head")

    def test_a_leaver_is_still_named(self, unit: Unit) -> None:
        one = filed(unit, customer(unit, "鸿鑫贸易"))
        staff.deactivate(unit, "zhang")
        kept = notes.get_note(unit, one.id)
        assert kept is not None
        assert kept.author_name == "张晓雯"
