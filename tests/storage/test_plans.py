"""Statements on the message path are index look-ups: none grows with what was ever kept.

Here on SQLite; `test_server_plans` asks PostgreSQL the same.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from msgspec.structs import replace
from sqlalchemy import event

from rules.destruction import Retention
from rules.policy import load_pack
from storage import (
    attachments,
    audit,
    breaches,
    case_lists,
    channel_notes,
    consultations,
    counters,
    destructions,
    documents,
    dossiers,
    figures,
    forwarding,
    grades,
    groups,
    handover_extensions,
    handover_figures,
    handover_gaps,
    handover_items,
    handover_lists,
    handovers,
    inbox,
    incidents,
    ledger,
    links,
    looks,
    meetings,
    origins,
    outbox,
    outsiders,
    overview,
    receipts,
    rounds,
    shown_cards,
)
from storage.handover_gaps import NewGap
from storage.handovers import NewHandover, NewLeg
from storage.unit import Unit
from tests.conftest import NOW, UnitFactory
from tests.storage.people import add_person
from tests.storage.test_outbox import claim, put


def _inbox(unit: Unit) -> None:
    inbox.take(unit, "phones", "1", "a", NOW)
    inbox.receive(unit, "{}", "phones", "3", "a", NOW)
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
    outbox.mark_sent(unit, one, "r")
    outbox.fail(unit, two.id, "Rejected")
    outbox.drop(unit, two.id, "moot")
    shown_cards.slot_of(unit.session, "phones", "zhang", "r")
    shown_cards.ref_of(unit.session, "phones", "zhang", "c.1")
    forwarding.readdress(unit, "phones", "zhang", "new")
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
    ledger.open_notices(unit.session, "notice:visit:1:evening", 1)
    ledger.count_rest(unit, "notice:visit:1:evening", [])
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
    attachments.of_all(unit, "visit_note", [5, 6])
    attachments.counts(unit.session, "visit_note", [5, 6])


def _rest(unit: Unit) -> None:
    channel_notes.put(unit, "wecom", "zhang", "r", "{}")
    channel_notes.get(unit, "wecom", "zhang", "r")
    channel_notes.purge(unit, NOW)
    counters.next_number(unit, "visit_note", 2026)
    audit.append(unit, [audit.Entry(NOW, "1", "a", "s", "phones")])


WEEK = looks.Span(NOW, NOW + timedelta(days=7))


def a_look(**values: object) -> looks.Look:
    return replace(
        looks.Look(
            at=NOW, staff_id="1", dossier_id=7, keeper="2", level="company", subject="dossier:7",
            way=looks.Way.CARD, right="superior", channel="phones",
        ),
        **values,
    )  # fmt: skip


def _looks(unit: Unit) -> None:
    looks.add(unit, [a_look(), a_look(purpose="other", purpose_text="寄合同")])
    looks.visitors(unit.session, "2", WEEK)
    looks.of_keeper(unit, "2", WEEK, 8)
    looks.at_company_level(unit, ["1", "2"], WEEK, 8)
    looks.first_at_company_level(unit.session, ["1", "2"], WEEK)
    looks.first_of_keepers(unit.session, WEEK, "", 200)


def _rounds(unit: Unit) -> None:
    policies = (load_pack("sales-levels"), load_pack("pharma"))
    for duty in (one for policy in policies for one in policy.completion):
        wanted = rounds.Wanted.by("p", duty, NOW.date())
        rounds.to_complete(unit.session, wanted, "1", 5, but=7)
        rounds.count(unit.session, wanted, "1", 100)
        rounds.keepers(unit.session, wanted, "", 10)
        held = rounds.begin(
            unit, "1", wanted, duty.id, due_on=NOW.date(), due_at=NOW, begun_at=NOW
        )
        assert held is not None
        breaches.miss(unit, held, wanted, "C-70", 10)
        breaches.of_round(unit.session, held, 5)
        breaches.count(unit.session, held)
    rounds.get(unit.session, 7)
    rounds.open_of(unit.session, "1")
    rounds.due(unit.session, NOW, 10)
    rounds.next_due(unit.session)
    rounds.done(unit, 7, NOW.date(), entered=True)
    rounds.kept(unit.session, 7)
    breaches.of_dossier(unit.session, 7)
    breaches.lift(unit, 7, "opening", NOW.date())
    dossiers.drafts_of(unit.session, "1", 100)
    overview.page(unit.session, None, 5, 1)
    overview.page(unit.session, ["1", "2"], 5, 1)


def _incidents(unit: Unit) -> None:
    one = incidents.report(
        unit, kind="lost", year=2026, words="少了一页", at=NOW, reported_by="1", dossier_id=None
    )
    row = incidents.tell(unit, one.id, "1", task="know", role="gm", instead=False)
    assert row is not None
    incidents.get(unit, one.id, lock=True)
    incidents.by_number(unit.session, one.number)
    incidents.told(unit.session, one.id)
    incidents.told_one(unit.session, row.id)
    incidents.count_waiting(unit.session, "1")
    incidents.confirm(unit, row.id, NOW)
    incidents.measure(unit, one.id, staff_id="1", at=NOW, words="找回了")
    incidents.measures(unit, one.id)
    incidents.open_of(unit.session, "1", 8)
    incidents.close(unit, one.id, by="1", words="找到了", at=NOW)


def _handovers(unit: Unit) -> None:
    new = NewHandover(
        pack="p",
        kind="k",
        department="d",
        subject="沪A12345",
        giver="1",
        started_on=NOW.date(),
        legs=[NewLeg("1", "custodian")],
    )
    held = handovers.save(unit, handovers.open_(unit, new, at=NOW, by="1"))
    handovers.get(unit, held.id, lock=True)
    handovers.by_number(unit.session, held.number)
    handovers.alike(unit, "沪A12345", NOW.date())
    handovers.of_period(unit.session, pack="p", kind="k", period_on=NOW.date(), department="d")
    handovers.twin(unit, held)
    dossiers.beside(unit.session, "C柜", ["none"], 5)
    handovers.packs(unit.session)
    handovers.of_dossier(unit, 90_000, 5)
    handover_lists.open_in(unit, ["d"], 5)
    handover_lists.unshelved(unit, "p", 5)
    leg = handovers.present(unit, held)
    handovers.leg(unit, leg.id)
    handovers.set_leg(unit, leg.id, state="open")
    handover_lists.to_give(unit, "1", 5)
    handover_lists.to_sign(unit, ["custodian"], 5)
    handover_lists.to_witness(unit, ["gm"], 5)
    handover_lists.disputed(unit, "p", 5)
    handover_lists.provisional(unit, 5)
    handover_lists.in_stead(unit, "1", NOW, NOW, 5)
    handover_items.lay(unit, held.id, ["a"])
    handover_items.add(unit, held.id, "b")
    line = handover_items.of(unit, held.id)[0]
    handover_items.get(unit, line.id)
    handover_items.put(unit, line.id, state="present")
    gap = handover_gaps.open_(
        unit, NewGap(held.id, 1, line.id, "missing", "1", NOW.date(), NOW), at=NOW, by="1"
    )
    assert gap is not None
    handover_gaps.get(unit, gap)
    handover_gaps.of(unit, held.id)
    handover_gaps.open_of(unit, "1", 5)
    handover_gaps.provisional(unit, 5)
    handover_gaps.in_stead(unit, "1", NOW, NOW, 5)
    handover_gaps.count(unit.session, held.id)
    handover_gaps.set_(unit, gap, state="closed")
    asked = handover_extensions.ask(
        unit, handover_id=held.id, leg=1, by="1", at=NOW, until=NOW.date(), reason="出差"
    )
    assert asked is not None
    handover_extensions.get(unit, asked)
    handover_extensions.of(unit, held.id)
    handover_extensions.decide(unit, asked, "refused")
    receipts.entries(unit, "p", NOW, NOW, 5)
    receipts.entries(unit, "p", NOW, NOW, 5, leg)
    receipts.count(unit.session, "p", NOW, NOW)
    receipts.close(unit, "p", NOW.date(), at=NOW, by="1", entries=0)
    receipts.closed(unit.session, "p", NOW.date(), NOW.date())
    month = ("p", NOW.date(), NOW.date())
    handover_figures.month(unit.session, *month, NOW)
    for which in handover_figures.Which:
        handover_figures.cases(unit, *month, NOW, which, 5, department="d", kind="k")


def _meetings(unit: Unit) -> None:
    day, grades = NOW.date(), ("secret", "top_secret")
    facts = {"grade": "secret", "subject": "底价", "place": "会议室", "passing": ""}
    id = meetings.add(unit, host="1", department="d", day=day, hour="09:00", at=NOW, **facts)
    held = meetings.get(unit, id)
    assert held is not None
    meetings.name(unit, held, "1", NOW)
    meetings.of_person(unit, "1", grades, 8)
    meetings.count_on(unit.session, "1", grades, day)
    meetings.hostless(unit, ["d", "e"], grades, day, 8)
    meetings.members(unit.session, id)
    meetings.dossiers(unit.session, id)
    meetings.leave_out(unit, id, 7)
    meetings.move(unit, id, day=day, hour="10:00", place="会议室")
    meetings.remove(unit, id, "1", NOW)
    meetings.merged(unit, 7, 8)
    meetings.cancel(unit, id, by="1", at=NOW)


def _outsiders(unit: Unit) -> None:
    facts = {"kind": "external", "name": "周明", "credential": "letter", "issuer": "鹏程"}
    id = outsiders.add(unit, sponsor="1", number="18", valid_to=NOW.date(), **facts)
    outsiders.used(unit, "letter", "鹏程", "18")
    outsiders.open_of(unit, "1", NOW.date(), 3)
    outsiders.expect(unit, id)
    outsiders.expected(unit, 8)
    outsiders.count_expected(unit.session)
    outsiders.settle(unit, id, outsiders.CAME, by="1", at=NOW)
    outsiders.get(unit, id)
    consultations.of_outsider(unit, id)
    wanted = figures.add(unit, outsider_id=id, staff_id="1", wanted="客户数量", reason="年报")
    figures.close(unit, wanted, "granted")
    figures.get(unit, wanted)
    figures.of_outsider(unit, id)


def _destructions(unit: Unit) -> None:
    row = dossiers.DossierRow(name="鸿鑫贸易", keeper="1", number="KH-1")
    of = dossiers.add(unit, row, by="1")
    held = destructions.begin(
        unit, drawn_by="1", department="a", pack="p", rule="r", has_witness=True, at=NOW
    )
    new = destructions.NewItem(
        of, None, "", "", 0, 1, "none", Retention.SHORT, NOW.date(), "无查考价值"
    )
    held = destructions.enter(unit, held, [new])
    destructions.draft_of(unit, "1")
    destructions.on_lists(unit.session, of, 1)
    destructions.agreed(unit, 10)
    held = destructions.save(unit, held, state="witnessed", witness="1", place="销毁室")
    destructions.to_witness(unit, "1", 10)
    destructions.settle(unit, held.id, "destroyed")
    destructions.save(unit, held, state="destroyed", ended_at=NOW)
    destructions.done(unit, 10)
    dossiers.destroy(unit, of)
    documents.take_off_all(unit, of, "destroyed")
    case_lists.kinds_on(unit.session, of)
    incidents.open_on(unit.session, of)


def _grades(unit: Unit) -> None:
    grades.give(unit, 7, "secret", NOW.date())
    grades.unwatched(unit.session, NOW.date(), 10)
    grades.watched(unit, 7)
    grades.ended(unit.session, NOW.date(), 10)
    grades.next_end(unit.session)


def _log(unit: Unit) -> None:
    audit.append(unit, [audit.Entry(NOW, "1", "a", "s", "phones")])
    for wanted in ({}, {"staff_id": "1"}, {"subject": "s"}):
        audit.entries(unit.session, audit.Wanted(**wanted, before=2000), 8)
        audit.entries(unit.session, audit.Wanted(**wanted), 8)
    audit.last_act(unit.session, "1")


def _passing(unit: Unit) -> None:
    put(unit, key="say", slot="r.1")
    put(unit, key="say:gone", slot="r.1", mode="delete")
    said, gone = claim(unit)
    outbox.mark_sent(unit, said, "m1")
    outbox.mark_gone(unit, gone.id)


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
    forwarding.forget_chat(unit, "phones", "-1")
    outbox.lately(unit.session, "odd:phones:a", NOW, timedelta(seconds=10))
    outbox.answer_slot(unit.session, "phones:1:0")


@pytest.mark.parametrize(
    "work",
    [
        _inbox,
        _outbox,
        _ledger,
        _attachments,
        _ways,
        _rest,
        _looks,
        _rounds,
        _incidents,
        _handovers,
        _meetings,
        _outsiders,
        _destructions,
        _grades,
        _log,
        _passing,
    ],
)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_no_table_is_read_through(unit_factory: UnitFactory, work: Callable[[Unit], None]) -> None:
    statements: list[tuple[str, object]] = []
    with unit_factory() as unit:
        add_person(unit, "1", "a1")

        def note(_c: object, _d: object, sql: str, values: object, _x: object, many: bool) -> None:
            if sql.startswith(("SELECT", "INSERT", "UPDATE", "DELETE")):
                statements.append((sql, values[0] if many else values))  # type: ignore[index]  # the plan of a statement is a plain row

        engine = unit.session.connection().engine
        event.listen(engine, "before_cursor_execute", note)
        work(unit)
        event.remove(engine, "before_cursor_execute", note)
        driver = unit.session.connection().connection.driver_connection
        assert driver is not None
        for sql, values in statements:
            for *_, step in driver.execute(f"EXPLAIN QUERY PLAN {sql}", values):
                newest = " ORDER BY audit.seq DESC" in sql  # reads the last entry of the key
                passing = step.startswith(
                    ("SCAN due", "SCAN some", "SCAN messages", "SCAN (subquery", "SCAN CONSTANT")
                )
                through = step.startswith("SCAN") or "(rowid<" in step or "(rowid>" in step
                assert newest or passing or not through, (step, sql)
        assert len(statements) > 1


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_keeps_a_chat_back_is_not_sought_among_all_that_waits_there(
    unit_factory: UnitFactory,
) -> None:
    steps: list[str] = []
    with unit_factory() as unit:
        driver = unit.session.connection().connection.driver_connection
        assert driver is not None

        def note(_c: object, _d: object, sql: str, values: object, _x: object, _m: bool) -> None:
            steps.extend(row[3] for row in driver.execute(f"EXPLAIN QUERY PLAN {sql}", values))

        engine = unit.session.connection().engine
        event.listen(engine, "before_cursor_execute", note)
        outbox.next_due(unit.session, "phones")
        outbox.claim(unit, "phones", NOW, 8)
        event.remove(engine, "before_cursor_execute", note)
    earlier = [step for step in steps if "earlier" in step]
    assert earlier
    assert all("ix_outbox_ahead" in step for step in earlier)
