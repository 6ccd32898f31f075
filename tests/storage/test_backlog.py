"""What waits, and what failed: by index, and since when its reader has been waiting."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Connection

from storage import attachments, backlog, inbox, outbox
from storage.unit import Unit
from tests.conftest import NOW, UnitFactory

MINUTE = timedelta(minutes=1)


def put(unit: Unit, key: str, account: str = "zhang", due_at: datetime = NOW) -> None:
    outbox.put(
        unit,
        key=key,
        channel="phones",
        account=account,
        staff_id=account,
        mode="send",
        slot="",
        body="{}",
        due_at=due_at,
    )


class TestGivenMessagesThatWait:
    def test_when_tries_fail_then_the_first_due_instant_counts(
        self, unit_factory: UnitFactory
    ) -> None:
        with unit_factory() as unit:
            put(unit, "a")
            put(unit, "tomorrow", "li", NOW + timedelta(days=1))
            for tries in range(3):
                (one,) = outbox.claim(unit, "phones", NOW + tries * MINUTE, 1)[0]
                assert one.owed_at == NOW
                outbox.retry(unit, one.id, NOW + (tries + 1) * MINUTE, "retry_later")
            assert backlog.waiting(unit.session, NOW + 2 * MINUTE, "phones") == backlog.Backlog(
                1, NOW
            )

    def test_when_its_reader_was_sent_enough_then_it_is_not_late(
        self, unit_factory: UnitFactory
    ) -> None:
        with unit_factory() as unit:
            put(unit, "a")
            (one,) = outbox.claim(unit, "phones", NOW, 1)[0]
            outbox.hold(unit, one.id, NOW + 60 * MINUTE)
            waits = backlog.waiting(unit.session, NOW + 59 * MINUTE, "phones")
            assert waits == backlog.Backlog(0, None)

    def test_when_all_is_sent_or_not_due_then_nothing_waits(
        self, unit_factory: UnitFactory
    ) -> None:
        with unit_factory() as unit:
            put(unit, "a")
            put(unit, "later", "li", NOW + MINUTE)
            (one,) = outbox.claim(unit, "phones", NOW, 9)[0]
            outbox.mark_sent(unit, one, "")
            assert backlog.waiting(unit.session, NOW, "phones") == backlog.Backlog(0, None)
            assert backlog.waiting(unit.session, NOW, "wecom") == backlog.Backlog(0, None)

    def test_alarms_are_left_out(self, unit_factory: UnitFactory) -> None:
        with unit_factory() as unit:
            put(unit, f"{backlog.ALARM}1:begun:op")
            assert backlog.waiting(unit.session, NOW, "phones").count == 0
            outbox.fail(unit, outbox.claim(unit, "phones", NOW, 1)[0][0].id, "rejected")
            assert backlog.failures(unit.session, NOW).count == 0


class TestGivenMessagesThatFailed:
    def test_when_counted_then_those_out_of_reach_apart(self, unit_factory: UnitFactory) -> None:
        for minute, problem in enumerate(("rejected", "unreachable", "unreachable", "KeyError")):
            with unit_factory(NOW + minute * MINUTE) as unit:
                put(unit, f"k{minute}", "zhang" if minute < 3 else "li")
                (one,) = outbox.claim(unit, "phones", NOW + minute * MINUTE, 1)[0]
                outbox.fail(unit, one.id, problem)
        with unit_factory() as unit:
            assert backlog.failures(unit.session, NOW) == backlog.Failures(2, NOW)
            later = backlog.failures(unit.session, NOW + MINUTE)
            assert later == backlog.Failures(1, NOW + 3 * MINUTE)

    def test_those_of_people_are_counted_too(self, unit_factory: UnitFactory) -> None:
        with unit_factory() as unit:
            for key in "ab":
                inbox.fail(unit, "{}", "phones", key, "zhang", NOW, f"REF{key}")
            assert inbox.failures(unit.session, NOW) == (2, NOW)
            assert inbox.failures(unit.session, NOW + MINUTE) == (0, None)


def test_pending_files_are_counted(unit_factory: UnitFactory) -> None:
    with unit_factory() as unit:
        assert attachments.count_pending(unit.session) == 0


@pytest.mark.parametrize(
    "look",
    [
        lambda unit: backlog.waiting(unit.session, NOW, "phones"),
        lambda unit: backlog.failures(unit.session, NOW),
        lambda unit: inbox.failures(unit.session, NOW),
        lambda unit: attachments.count_pending(unit.session),
    ],
    ids=["backlog", "failures", "inbox", "files"],
)
def test_every_look_is_by_index(unit_factory: UnitFactory, look: object) -> None:
    with unit_factory() as unit:
        connection = unit.session.connection()
        if connection.dialect.name != "sqlite":
            pytest.skip("an empty table is scanned there")
        asked: list[tuple[str, object]] = []

        @event.listens_for(connection, "before_cursor_execute")
        def keep(
            _c: Connection, _k: object, statement: str, given: object, _x: object, _m: bool
        ) -> None:
            asked.append((statement, given))

        assert callable(look)
        look(unit)
        event.remove(connection, "before_cursor_execute", keep)
        plans = [
            row[-1]
            for statement, given in asked
            for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", given)
        ]
        tables = [one for one in plans if "outbox" in one or "inbox" in one or "attach" in one]
        assert tables
        assert all("INDEX" in one for one in tables), plans
