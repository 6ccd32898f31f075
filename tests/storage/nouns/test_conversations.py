"""Conversations, drafts, menus, and things without a place yet."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from storage import conversations, loose, tables
from storage.conversations import Stored
from storage.errors import Conflict
from storage.unit import Unit
from tests.conftest import UnitFactory
from tests.storage.nouns.company import NOW, staffed


@pytest.fixture
def unit(unit_factory: UnitFactory) -> Iterator[Unit]:
    with unit_factory() as unit:
        staffed(unit)
        yield unit


def started(unit: Unit, staff_id: str = "zhang", at: datetime = NOW) -> Stored:
    return conversations.start(
        unit,
        staff_id=staff_id,
        feature="visit",
        form_version=1,
        state_json='{"body": "谈订单"}',
        channel="phones",
        account="1",
        at=at,
        title="鸿鑫贸易",
    )


def step(unit: Unit, one: Stored, rev: int, state_json: str = "{}") -> int:
    return conversations.save(
        unit,
        one.id,
        rev=rev,
        state_json=state_json,
        title="瑞禾贸易",
        card=2,
        channel="telegram",
        account="9",
        at=NOW + timedelta(minutes=1),
    )


class TestGivenAConversation:
    def test_it_is_read_back_as_started(self, unit: Unit) -> None:
        one = started(unit)
        assert conversations.active(unit, "zhang") == one
        assert conversations.get(unit, one.id) == one
        assert (one.rev, one.status) == (1, "active")
        assert conversations.active(unit, "li") is None

    def test_a_step_raises_the_revision_and_moves_it(self, unit: Unit) -> None:
        one = started(unit)
        assert step(unit, one, 1, '{"body": "改"}') == 2
        now = conversations.get(unit, one.id)
        assert now is not None
        assert (now.rev, now.card, now.channel, now.account) == (2, 2, "telegram", "9")
        assert (now.state_json, now.title) == ('{"body": "改"}', "瑞禾贸易")
        assert (now.started_at, now.touched_at) == (NOW, NOW + timedelta(minutes=1))

    def test_the_slower_phone_is_refused_and_changes_nothing(self, unit: Unit) -> None:
        one = started(unit)
        step(unit, one, 1, '"first"')
        with pytest.raises(Conflict):
            step(unit, one, 1, '"second"')
        now = conversations.get(unit, one.id)
        assert now is not None
        assert now.state_json == '"first"'

    def test_one_is_active_for_each_person(self, unit: Unit) -> None:
        started(unit, "li")
        started(unit)
        with pytest.raises(IntegrityError), unit.session.connection().begin_nested():
            started(unit)

    def test_answers_lie_sealed(self, unit: Unit) -> None:
        started(unit)
        kept = unit.session.execute(text("SELECT state, title FROM conversation")).one()
        assert "订单".encode() not in kept.state
        assert "鸿鑫".encode() not in kept.title

    def test_ended_it_is_gone(self, unit: Unit) -> None:
        one = started(unit)
        assert conversations.end(unit, one.id)
        assert not conversations.end(unit, one.id)
        assert conversations.active(unit, "zhang") is None
        with pytest.raises(Conflict):
            step(unit, one, 1)


class TestGivenDrafts:
    def test_parked_ones_are_listed_latest_first_and_their_buttons_are_stale(
        self, unit: Unit
    ) -> None:
        ids = []
        for at in range(3):
            one = started(unit, at=NOW + timedelta(hours=at))
            conversations.park(unit, one.id)
            ids.append(one.id)
        drafts = conversations.drafts(unit, "zhang", 2)
        assert [one.id for one in drafts] == [ids[2], ids[1]]
        assert (drafts[0].status, drafts[0].rev) == ("draft", 2)
        assert conversations.count_drafts(unit.session, "zhang") == 3
        conversations.activate(unit, ids[0])
        assert conversations.count_drafts(unit.session, "zhang") == 2
        active = conversations.active(unit, "zhang")
        assert active is not None
        assert active.id == ids[0]

    def test_abandoned_ones_are_purged_in_slices(self, unit: Unit) -> None:
        for days in range(4):
            conversations.park(unit, started(unit, at=NOW - timedelta(days=days)).id)
        active = started(unit, at=NOW - timedelta(days=9))
        assert conversations.purge_drafts(unit, NOW - timedelta(hours=1), limit=2) == 2
        assert conversations.purge_drafts(unit, NOW - timedelta(hours=1), limit=2) == 1
        assert conversations.purge_drafts(unit, NOW - timedelta(hours=1), limit=2) == 0
        assert conversations.count_drafts(unit.session, "zhang") == 1
        assert conversations.get(unit, active.id) is not None


class TestGivenAMenu:
    def test_the_last_card_counts(self, unit: Unit) -> None:
        empty, later = conversations.Menu(), conversations.Menu(("f.today.open",), {"今日": "f"})
        assert conversations.menu(unit.session, "phones", "1") == empty
        conversations.set_menu(unit, "phones", "1", conversations.Menu(("c.1.1.o.0",)))
        conversations.set_menu(unit, "phones", "1", later)
        kept = conversations.menu(unit.session, "phones", "1")
        assert (kept.keys, conversations.labelled(unit, kept, "今日")) == (later.keys, "f")
        assert conversations.labelled(unit, kept, "明日") is None
        assert conversations.menu(unit.session, "phones", "2") == empty

    def test_what_a_label_says_is_not_kept(self, unit: Unit) -> None:
        conversations.set_menu(unit, "phones", "1", conversations.Menu(words={"查找 暗号": "f"}))
        (kept,) = unit.session.execute(select(tables.menu.c["keys"])).scalars()
        assert "暗号" not in kept
        assert "\\u" not in kept


class TestGivenLooseThings:
    def test_they_wait_latest_first_until_used_or_dropped(self, unit: Unit) -> None:
        ids = [
            loose.keep(
                unit, staff_id="zhang", body={"text": str(at)}, at=NOW + timedelta(minutes=at)
            )
            for at in range(3)
        ]
        assert loose.count_open(unit.session, "zhang") == 3
        assert [one.id for one in loose.open_items(unit, "zhang", 2)] == [ids[2], ids[1]]
        loose.use(unit, ids[2])
        loose.drop(unit, ids[1])
        assert [one.body["text"] for one in loose.open_items(unit, "zhang")] == ["0"]
        with pytest.raises(Conflict):
            loose.use(unit, ids[1])
        dropped = loose.get(unit, ids[1])
        assert dropped is not None
        assert (dropped.state, dict(dropped.body)) == ("dropped", {})

    def test_an_album_gathers_in_one(self, unit: Unit) -> None:
        id_ = loose.keep(unit, staff_id="zhang", body={}, at=NOW, album="a1")
        one = loose.by_album(unit, "zhang", "a1")
        assert one is not None
        assert one.id == id_
        assert loose.by_album(unit, "zhang", "a2") is None
        assert loose.by_album(unit, "zhang", "") is None
        assert loose.by_album(unit, "li", "a1") is None
        loose.rewrite(unit, id_, {"text": "说明"})
        again = loose.by_album(unit, "zhang", "a1")
        assert again is not None
        assert dict(again.body) == {"text": "说明"}
