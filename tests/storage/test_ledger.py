"""Every rung once: recorded, said, and never lost in between."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, timedelta
from itertools import count

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from storage import ledger, outbox
from storage.tables import notice, staff, watch
from storage.tables import outbox as outbox_table
from storage.unit import Unit
from tests.conftest import NOW, UnitFactory
from tests.storage.people import add_person

HOUR = timedelta(hours=1)
DAY = date(2026, 9, 14)
BLOCKS = count(1)


def keys(unit: Unit) -> list[str]:
    query = select(outbox_table.c.key).order_by(outbox_table.c.id)
    return list(unit.session.execute(query).scalars())


def outcomes(unit: Unit) -> Counter[str]:
    return Counter(unit.session.execute(select(notice.c.outcome)).scalars())


class TestGivenDueRung:
    def test_when_scanned_twice_then_one_notice_and_one_message(
        self, unit_factory: UnitFactory
    ) -> None:
        with unit_factory() as unit:
            add_person(unit, "1", "a1")
            ledger.watch(unit, "visit", 7, "evening", NOW - HOUR, "1")
        with unit_factory() as unit:
            assert ledger.next_due(unit.session) == NOW - HOUR
            assert ledger.fill(unit, NOW) == 1
            assert ledger.fill(unit, NOW) == 0
            assert ledger.next_due(unit.session) is None
            (message,) = outbox.claim(unit, "phones", NOW, 10)[0]
        assert (message.key, message.account, message.body) == (
            "notice:visit:7:evening",
            "a1",
            None,
        )
        assert (message.staff_id, message.mode, message.slot) == ("1", "send", message.key)
        with unit_factory() as unit:
            (said,) = ledger.open_notices(unit.session, message.key)
            assert (said.case_id, said.rung, said.due_at) == (7, "evening", NOW - HOUR)
            outbox.mark_sent(unit, message, "ref")
            assert ledger.open_notices(unit.session, message.key) == []
            (kept,) = ledger.of_case(unit.session, "visit", 7)
            assert kept.outcome == "sent"

    def test_when_not_due_then_nothing(self, unit_factory: UnitFactory) -> None:
        with unit_factory() as unit:
            add_person(unit, "1", "a1")
            ledger.watch(unit, "visit", 7, "evening", NOW + HOUR, "1")
            assert ledger.fill(unit, NOW) == 0
            assert keys(unit) == []

    def test_when_stopped_then_nothing(self, unit_factory: UnitFactory) -> None:
        with unit_factory() as unit:
            add_person(unit, "1", "a1")
            ledger.watch(unit, "visit", 7, "evening", NOW, "1")
            ledger.unwatch(unit, "visit", 7)
            assert ledger.fill(unit, NOW) == 0

    def test_when_set_anew_then_only_the_newer_rung(self, unit_factory: UnitFactory) -> None:
        with unit_factory() as unit:
            add_person(unit, "1", "a1")
            ledger.watch(unit, "visit", 7, "evening-14", NOW - HOUR, "1")
            ledger.watch(unit, "visit", 7, "evening-15", NOW, "1")
            ledger.fill(unit, NOW)
            assert keys(unit) == ["notice:visit:7:evening-15"]

    def test_when_the_next_rung_comes_then_it_is_another_message(
        self, unit_factory: UnitFactory
    ) -> None:
        with unit_factory() as unit:
            add_person(unit, "1", "a1")
            for rung in ("evening", "night", "evening"):
                ledger.watch(unit, "visit", 7, rung, NOW, "1")
                assert ledger.fill(unit, NOW) == 1
            assert keys(unit) == ["notice:visit:7:evening", "notice:visit:7:night"]

    def test_when_no_longer_true_then_moot(self, unit_factory: UnitFactory) -> None:
        with unit_factory() as unit:
            add_person(unit, "1", "a1")
            ledger.watch(unit, "visit", 7, "evening", NOW, "1")
            ledger.fill(unit, NOW)
            (message,) = outbox.claim(unit, "phones", NOW, 10)[0]
            outbox.drop(unit, message.id, "moot")
            assert outcomes(unit) == {"moot": 1}
            assert ledger.stalled(unit.session, 10) == []

    def test_when_missed_in_an_outage_then_it_can_be_collapsed(
        self, unit_factory: UnitFactory
    ) -> None:
        with unit_factory() as unit:
            for _ in range(2):
                ledger.collapse(unit, "visit", 7, "night", NOW, "1", "notice:visit:7:evening")
            assert outcomes(unit) == {"collapsed": 1}
            assert ledger.open_notices(unit.session, "notice:visit:7:evening") == []


class TestGivenNobodyToReach:
    def test_then_recorded_as_unreachable_and_the_ladder_can_go_on(
        self, unit_factory: UnitFactory
    ) -> None:
        with unit_factory() as unit:
            add_person(unit, "no-phone")
            add_person(unit, "left", "a2", active=False)
            for case, who in enumerate(("no-phone", "left", "unknown")):
                ledger.watch(unit, "visit", case, "evening", NOW, who)
            assert ledger.fill(unit, NOW) == 3
            assert keys(unit) == []
            assert outcomes(unit) == {"unreachable": 3}
            assert [one.case_id for one in ledger.stalled(unit.session, 10)] == [0, 1, 2]
            ledger.watch(unit, "visit", 0, "manager", NOW + HOUR, "1")
            ledger.unwatch(unit, "visit", 1)
            assert [one.case_id for one in ledger.stalled(unit.session, 10)] == [2]

    def test_when_the_platform_does_not_reach_them_then_the_same(
        self, unit_factory: UnitFactory
    ) -> None:
        with unit_factory() as unit:
            add_person(unit, "1", "a1")
            ledger.watch(unit, "visit", 7, "evening", NOW, "1")
            ledger.fill(unit, NOW)
            (message,) = outbox.claim(unit, "phones", NOW, 10)[0]
            outbox.fail(unit, message.id, "Unreachable")
            assert [one.case_id for one in ledger.stalled(unit.session, 10)] == [7]


class TestGivenMorningCard:
    def _due(self, unit: Unit, *cases: int, who: str = "1") -> None:
        for case in cases:
            ledger.watch(unit, "visit", case, "morning", NOW, who, ledger.DIGEST)

    def test_then_one_card_for_each_person(self, unit_factory: UnitFactory) -> None:
        with unit_factory() as unit:
            add_person(unit, "1", "a1")
            add_person(unit, "2", "a2")
            self._due(unit, 1, 2)
            self._due(unit, 3, who="2")
            assert ledger.fill(unit, NOW, day=DAY) == 3
            assert sorted(keys(unit)) == ["digest:1:2026-09-14", "digest:2:2026-09-14"]
            said = ledger.open_notices(unit.session, "digest:1:2026-09-14")
            assert [one.case_id for one in said] == [1, 2]
            ledger.settle(unit, "digest:1:2026-09-14", "moot", case=("visit", 1))
            assert outcomes(unit) == {"open": 2, "moot": 1}

    def test_when_it_still_waits_then_later_rungs_join_it(self, unit_factory: UnitFactory) -> None:
        with unit_factory() as unit:
            add_person(unit, "1", "a1")
            self._due(unit, 1)
            ledger.fill(unit, NOW, day=DAY)
            self._due(unit, 2)
            ledger.fill(unit, NOW, day=DAY)
            assert len(keys(unit)) == 1
            assert len(ledger.open_notices(unit.session, "digest:1:2026-09-14")) == 2

    def test_when_it_was_claimed_then_later_rungs_go_singly(
        self, unit_factory: UnitFactory
    ) -> None:
        with unit_factory() as unit:
            add_person(unit, "1", "a1")
            self._due(unit, 1)
            ledger.fill(unit, NOW, day=DAY)
            (card,) = outbox.claim(unit, "phones", NOW, 10)[0]
            self._due(unit, 2)
            ledger.fill(unit, NOW, day=DAY)
            outbox.mark_sent(unit, card, "ref")
            (later,) = outbox.claim(unit, "phones", NOW, 10)[0]
            assert later.key == "notice:visit:2:morning"
            assert outcomes(unit) == {"sent": 1, "open": 1}


CASES = st.lists(
    st.tuples(
        st.integers(-3, 2),  # hours from now
        st.sampled_from(["reached", "reached 2", "nobody"]),
        st.sampled_from([ledger.SINGLE, ledger.DIGEST]),
    ),
    max_size=12,
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(CASES, st.integers(1, 5), st.lists(st.booleans(), max_size=20))
def test_each_due_rung_is_said_exactly_once(
    unit_factory: UnitFactory, cases: list[tuple[int, str, str]], slice: int, relay: list[bool]
) -> None:
    """Any slices, any interleaving with the relay: each rung in one message, each message once."""
    block = next(BLOCKS) * 1000
    said: Counter[int] = Counter()
    kind = f"case{block}"

    def send(unit: Unit, now: datetime) -> None:
        for message in outbox.claim(unit, "phones", now, 2)[0]:
            for one in ledger.open_notices(unit.session, message.key):
                said[one.case_id] += 1
            outbox.mark_sent(unit, message, "ref")

    with unit_factory() as unit:
        if unit.session.execute(select(staff.c.id)).first() is None:
            add_person(unit, "reached", "a1")
            add_person(unit, "reached 2", "a2")
            add_person(unit, "nobody")
        for number, (hours, who, lane) in enumerate(cases):
            ledger.watch(unit, kind, block + number, "rung", NOW + hours * HOUR, who, lane)
    steps = iter(relay)
    with unit_factory() as unit:
        while ledger.fill(unit, NOW, slice, day=DAY):
            if next(steps, False):
                send(unit, NOW)
        for _ in range(len(cases) + 1):
            send(unit, NOW)
        assert ledger.fill(unit, NOW, slice) == 0
        due = {block + number: who for number, (hours, who, _) in enumerate(cases) if hours <= 0}
        assert said == Counter(case for case, who in due.items() if who != "nobody")
        rows = unit.session.execute(
            select(notice.c.case_id, notice.c.outcome).where(notice.c.case_kind == kind)
        )
        assert {case: outcome for case, outcome in rows} == {
            case: "unreachable" if who == "nobody" else "sent" for case, who in due.items()
        }
        unit.session.execute(watch.delete())
