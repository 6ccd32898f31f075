"""Statements on the message path are index look-ups: none grows with what was ever kept.

Here on SQLite; `test_server_plans` asks PostgreSQL the same.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import event

from storage import (
    attachments,
    audit,
    counters,
    groups,
    inbox,
    ledger,
    links,
    origins,
    outbox,
)
from storage.unit import Unit
from tests.conftest import NOW, UnitFactory
from tests.storage.people import add_person
from tests.storage.test_outbox import claim, put


def _inbox(unit: Unit) -> None:
    inbox.take(unit, "phones", "1", "a", NOW)
    inbox.fail(unit, "{}", "phones", "2", "a", NOW, "ref")
    inbox.failed(unit.session)
    inbox.requeue(unit, "ref")
    inbox.waiting(unit, 10)
    inbox.finish(unit, "phones", "2")
    inbox.purge(unit, NOW)


def _outbox(unit: Unit) -> None:
    for mode in ("send", "redraw"):
        put(unit, slot="c.1", mode=mode)
    put(unit, account="li")
    outbox.next_due(unit.session, "phones")
    one, two = claim(unit)
    put(unit, slot="c.1", mode="redraw")
    outbox.retry(unit, one.id, NOW, "RetryLater")
    outbox.release(unit, [two.id])
    one, two = claim(unit)
    outbox.recover(unit, "phones")
    outbox.mark_sent(unit, one.id, "r")
    outbox.fail(unit, two.id, "Rejected")
    outbox.drop(unit, two.id, "moot")
    outbox.slot_of(unit.session, "phones", "zhang", "r")
    outbox.ref_of(unit.session, "phones", "zhang", "c.1")
    outbox.readdress(unit, "phones", "zhang", "new")
    outbox.purge(unit, NOW)


def _ledger(unit: Unit) -> None:
    ledger.watch(unit, "visit", 1, "evening", NOW, "1")
    ledger.watch(unit, "visit", 2, "morning", NOW, "1", ledger.DIGEST)
    ledger.next_due(unit.session)
    assert ledger.fill(unit, NOW) == 2
    ledger.open_notices(unit.session, "notice:visit:1:evening")
    ledger.of_case(unit.session, "visit", 1)
    ledger.collapse(unit, "visit", 1, "night", NOW, "1", "notice:visit:1:evening")
    ledger.settle(unit, "notice:visit:1:evening", "sent", case=("visit", 1))
    ledger.stalled(unit.session, 10)
    ledger.unwatch(unit, "visit", 1)


def _attachments(unit: Unit) -> None:
    id = attachments.note_pending(unit, staff_id="1", kind="photo", name="", source="{}")
    attachments.pending_due(unit, NOW, 10)
    attachments.next_due(unit.session)
    attachments.postpone(unit, id, NOW + timedelta(minutes=1))
    attachments.attach(unit, [id], "visit_note", 5)
    attachments.refused(unit, id, "type")
    attachments.of(unit, "visit_note", 5)


def _rest(unit: Unit) -> None:
    counters.next_number(unit, "visit_note", 2026)
    audit.append(unit, [audit.Entry(NOW, "1", "a", "s", "phones")])


def _ways(unit: Unit) -> None:
    key = links.make(unit, links.Target(choice="f.today.open"))
    links.follow(unit, key, "1")
    links.purge(unit, NOW)
    groups.join(unit, "phones", "-1", added_by="1", at=NOW)
    groups.move(unit, "phones", "-1", "-2")
    groups.leave(unit, "phones", "-2", NOW)
    origins.note(unit, ["phones:1"], staff_id="1", action="a", subject="s:1")
    origins.of(unit, "phones:1", "1")
    origins.repoint(unit, "s:1", "b", "s:2")
    origins.forget(unit, "s:2", "1")
    origins.purge(unit, NOW)
    inbox.take(unit, "phones", "1", "a", NOW)
    inbox.reword(unit, "phones", "1", NOW)
    put(unit, account="-1")
    outbox.forget_chat(unit, "phones", "-1")
    outbox.lately(unit.session, "odd:phones:a", NOW, timedelta(seconds=10))
    outbox.answer_slot(unit.session, "phones:1:0")


@pytest.mark.parametrize("work", [_inbox, _outbox, _ledger, _attachments, _ways, _rest])
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_no_table_is_read_through(unit_factory: UnitFactory, work: Callable[[Unit], None]) -> None:
    statements: list[tuple[str, object]] = []
    with unit_factory() as unit:
        add_person(unit, "1", "a1")

        def note(_c: object, _d: object, sql: str, values: object, _x: object, many: bool) -> None:
            if sql.startswith(("SELECT", "INSERT", "UPDATE", "DELETE")):
                statements.append((sql, values[0] if many else values))  # type: ignore[index]  # the plan of a statement is a plain row

        engine = unit.session.get_bind().engine
        event.listen(engine, "before_cursor_execute", note)
        work(unit)
        event.remove(engine, "before_cursor_execute", note)
        driver = unit.session.connection().connection.driver_connection
        assert driver is not None
        for sql, values in statements:
            for *_, step in driver.execute(f"EXPLAIN QUERY PLAN {sql}", values):
                newest = " ORDER BY audit.seq DESC" in sql  # reads the last entry of the key
                passing = step.startswith(
                    ("SCAN due", "SCAN messages", "SCAN (subquery", "SCAN CONSTANT")
                )
                through = step.startswith("SCAN") or "(rowid<" in step or "(rowid>" in step
                assert newest or passing or not through, (step, sql)
        assert len(statements) > 1
