"""What a channel remembers is sealed, is its own, and goes when its chat does."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from storage import accounts, channel_notes
from storage.tables import channel_note
from tests.conftest import NOW, UnitFactory
from tests.storage.people import add_person


def test_a_note_is_kept_sealed_and_replaced(unit_factory: UnitFactory) -> None:
    with unit_factory() as unit:
        channel_notes.put(unit, "wecom", "zhang", "r1", "一")
        channel_notes.put(unit, "wecom", "zhang", "r1", "二")
        channel_notes.put(unit, "wecom", "", "token", "三")
    with unit_factory() as unit:
        assert channel_notes.get(unit, "wecom", "zhang", "r1") == "二"
        assert channel_notes.get(unit, "wecom", "", "token") == "三"
        assert channel_notes.get(unit, "wecom", "li", "r1") is None
        kept = [one.data for one in unit.session.execute(select(channel_note.c.note)).scalars()]
        assert not any("二".encode() in one or "三".encode() in one for one in kept)


def test_what_came_with_a_tap_is_beside_it(unit_factory: UnitFactory) -> None:
    with unit_factory() as unit:
        channel_notes.put(unit, "wecom", "zhang", "r1", "the card")
        channel_notes.put(unit, "wecom", "zhang", channel_notes.tapped("r1"), "the tap")
        assert channel_notes.get(unit, "wecom", "zhang", "r1") == "the card"


def test_when_the_chat_is_let_go_then_nothing_of_it_is_left(unit_factory: UnitFactory) -> None:
    with unit_factory() as unit:
        add_person(unit, "s1")
        accounts.bind(unit, "wecom", "zhang", "s1")
        channel_notes.put(unit, "wecom", "zhang", "r1", "a")
        channel_notes.put(unit, "wecom", "", "token", "b")
        accounts.unbind(unit, "wecom", "zhang")
        assert channel_notes.get(unit, "wecom", "zhang", "r1") is None
        assert channel_notes.get(unit, "wecom", "", "token") == "b"


def test_old_ones_are_forgotten_in_slices(unit_factory: UnitFactory) -> None:
    with unit_factory() as unit:
        for number in range(3):
            channel_notes.put(unit, "wecom", "zhang", str(number), "a")
    with unit_factory(NOW + timedelta(days=1)) as unit:
        channel_notes.put(unit, "wecom", "zhang", "new", "b")
        later = NOW + timedelta(hours=1)
        assert [channel_notes.purge(unit, later, 2) for _ in range(3)] == [2, 1, 0]
        assert channel_notes.get(unit, "wecom", "zhang", "new") == "b"
