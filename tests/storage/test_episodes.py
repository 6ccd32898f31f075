from __future__ import annotations

from datetime import timedelta

from storage import episodes
from tests.conftest import NOW, UnitFactory

CODE = "outbox:telegram"


def test_an_episode_goes_on_until_it_is_over_and_told(unit_factory: UnitFactory) -> None:
    with unit_factory() as unit:
        episodes.begin(unit, CODE, NOW)
        episodes.begin(unit, CODE, NOW + timedelta(hours=1))
        (one,) = episodes.unfinished(unit.session)
        assert (one.kind, one.channel, one.started_at, one.told) == ("outbox", "telegram", NOW, "")
        assert episodes.tell(unit, one, "begun")
        assert not episodes.tell(unit, one, "begun"), "another process was quicker"
    with unit_factory() as unit:
        episodes.end(unit, CODE, NOW + timedelta(hours=2))
        episodes.end(unit, CODE, NOW + timedelta(hours=3))
        (one,) = episodes.unfinished(unit.session)
        assert one.ended_at == NOW + timedelta(hours=2)
        assert episodes.tell(unit, one, "over")
        assert episodes.unfinished(unit.session) == []


def test_the_same_trouble_can_come_again(unit_factory: UnitFactory) -> None:
    with unit_factory() as unit:
        episodes.begin(unit, CODE, NOW)
        episodes.end(unit, CODE, NOW)
        episodes.begin(unit, CODE, NOW)
        episodes.begin(unit, "attachments", NOW)
        found = episodes.unfinished(unit.session)
    assert [(one.code, one.ended_at) for one in found] == [
        (CODE, NOW), (CODE, None), ("attachments", None),
    ]  # fmt: skip


def test_what_is_past_when_it_becomes_known_is_written_as_past(unit_factory: UnitFactory) -> None:
    with unit_factory() as unit:
        episodes.begin(unit, "store", NOW, NOW + timedelta(minutes=6))
        episodes.begin(unit, "store", NOW + timedelta(days=1), NOW + timedelta(days=2))
        assert len(episodes.unfinished(unit.session)) == 2
