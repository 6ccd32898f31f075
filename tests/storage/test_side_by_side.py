"""Two units at once on PostgreSQL: what one checks, the other may be about to write.

Each test holds the first unit open after its writes, lets the second run into it, and then
commits the first: the second waits, and sees what was committed.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import date, timedelta
from typing import Any, TypeVar

import pytest
from msgspec.structs import replace
from sqlalchemy import func, select, text

from rules.access import StaffId
from rules.approvals import decide
from rules.calendar import china
from rules.cases import Act, Approve, PlaceState, Refuse, World
from rules.errors import Denied
from rules.policy import load_pack
from storage import (
    accounts,
    audit,
    cases,
    conversations,
    counters,
    ids,
    inbox,
    leases,
    ledger,
    locks,
    notes,
    occurrences,
    outbox,
    staff,
    visits,
)
from storage.crypto import Vault
from storage.database import Database
from storage.directory import StaffDirectory
from storage.errors import Conflict, StorageError
from storage.session import Session
from storage.tables import conversation, note_reader, notice, stranger, visit
from storage.tables import outbox as messages
from storage.unit import Unit
from tests.conftest import NOW
from tests.storage.nouns.company import TODAY, customer, note, staffed
from tests.storage.nouns.test_plans import pending
from tests.storage.people import add_person

T = TypeVar("T")

PATIENCE = 60.0


class Two:
    """Two units on connections of their own, as two processes have them."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self._database = database
        self._vault = vault

    def one(self, work: Callable[[Unit], T]) -> T:
        """Run one unit and commit it."""
        with self._database.write_connection() as connection:
            with connection.begin():
                block = ids.reserve(connection, 1000)
            with connection.begin():
                return work(Unit(Session(connection), self._vault, iter(block), NOW))

    def at_once(
        self, first: Callable[[Unit], Any], second: Callable[[Unit], Any], *, waits: bool = True
    ) -> tuple[Any, Any]:
        """Return what both returned or raised; the second begins while the first is open.

        `waits`: the second is expected to wait for the first one's commit.
        """
        written, go = threading.Event(), threading.Event()
        ended: dict[str, Any] = {}

        def held(unit: Unit) -> Any:
            value = first(unit)
            written.set()
            assert go.wait(PATIENCE)
            return value

        def run(name: str, work: Callable[[Unit], Any]) -> None:
            try:
                ended[name] = self.one(work)
            except Exception as error:  # handed to the test as a value
                ended[name] = error
                written.set()

        with ExitStack() as stack:
            threads = [
                threading.Thread(target=run, args=("first", held)),
                threading.Thread(target=run, args=("second", second)),
            ]
            stack.callback(go.set)
            threads[0].start()
            assert written.wait(PATIENCE)
            threads[1].start()
            if waits:
                self._until_it_waits(threads[1])
            else:
                threads[1].join(PATIENCE)
                assert not threads[1].is_alive()
            go.set()
            for one in threads:
                one.join(PATIENCE)
        return ended["first"], ended["second"]

    def _until_it_waits(self, thread: threading.Thread) -> None:
        waiting = text(
            "SELECT count(*) FROM pg_stat_activity "
            "WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        with self._database.engine.connect() as connection:
            while thread.is_alive():
                if connection.execute(waiting).scalar_one():
                    return
                connection.rollback()


@pytest.fixture
def two(postgresql_url: str, vault: Vault) -> Iterator[Two]:
    database = Database.open(postgresql_url, upgrade=False)
    yield Two(database, vault)
    database.close()


def put(key: str, **more: Any) -> Callable[[Unit], None]:
    values = {
        "channel": "phones", "account": "zhang", "staff_id": None, "mode": "send", "slot": "",
        "body": "{}", "due_at": NOW,
    }  # fmt: skip

    def work(unit: Unit) -> None:
        outbox.put(unit, key=key, **{**values, **more})

    return work


def rows(two: Two) -> list[tuple[str, str]]:
    query = select(messages.c.key, messages.c.state).order_by(messages.c.turn)
    return [tuple(row) for row in two.one(lambda unit: unit.session.execute(query).all())]


def claim(unit: Unit) -> list[str]:
    return [one.key for one in outbox.claim(unit, "phones", NOW, 10)[0]]


class TestGivenNumbersAndIds:
    def test_then_the_first_of_a_kind_is_given_once(self, two: Two) -> None:
        def number(unit: Unit) -> int:
            return counters.next_number(unit, "visit_note", 2026)

        assert two.at_once(number, number) == (1, 2)
        assert two.at_once(number, number) == (3, 4)

    def test_then_blocks_never_overlap_not_even_the_first(self, two: Two) -> None:
        def block(unit: Unit) -> range:
            return ids.reserve(unit.session.connection(), 10)

        first, second = two.at_once(block, block)
        assert set(first).isdisjoint(second)

    def test_then_a_key_file_is_matched_by_both(self, postgresql_url: str, vault: Vault) -> None:
        opened = [Database.open(postgresql_url, upgrade=False) for _ in range(2)]
        threads = [threading.Thread(target=one.match, args=(vault,)) for one in opened]
        for one in threads:
            one.start()
        for one in threads:
            one.join(PATIENCE)
        for one in opened:
            one.match(vault)
            one.close()


class TestGivenMessagesIn:
    def test_when_one_is_brought_to_both_then_handled_once(self, two: Two) -> None:
        def take(unit: Unit) -> bool:
            return inbox.take(unit, "phones", "1", "zhang", NOW)

        assert two.at_once(take, take) == (True, False)

    def test_when_both_sweep_then_each_is_done_once_and_in_order(self, two: Two) -> None:
        def failed(unit: Unit) -> None:
            for number in (1, 2):
                at = NOW + timedelta(seconds=number)
                inbox.fail(unit, "{}", "phones", f"{number}", "zhang", at, f"r{number}")
                inbox.requeue(unit, f"r{number}")

        def finish(key: str) -> Callable[[Unit], bool]:
            return lambda unit: inbox.finish(unit, "phones", key)

        two.one(failed)
        assert two.one(lambda u: [one.key for one in inbox.waiting(u, 9)]) == ["1", "2"]
        assert two.one(finish("2")) is False  # the first is still to come
        assert two.at_once(finish("1"), finish("1")) == (True, False)
        assert two.one(finish("2")) is True


class TestGivenPeople:
    def test_when_an_invite_is_redeemed_twice_then_it_binds_once(self, two: Two) -> None:
        def invited(unit: Unit) -> None:
            staffed(unit)
            accounts.invite(unit, "zhang", "CODE-CODE-CODE-CODE", NOW)

        def redeem(account: str) -> Callable[[Unit], object]:
            return lambda u: accounts.redeem(u, "phones", account, "CODE-CODE-CODE-CODE", NOW)

        two.one(invited)
        first, second = two.at_once(redeem("a"), redeem("b"))
        assert first == accounts.Redeemed("zhang")
        assert second is accounts.Refusal.USED
        bound = two.one(lambda unit: accounts.of_person(unit.session, "zhang"))
        assert [one.account for one in bound] == ["a"]

    def test_when_two_invites_are_opened_then_the_later_one_works(self, two: Two) -> None:
        two.one(staffed)
        codes = ("FIRST-FIRST-FIRST-1", "SECOND-SECOND-SECO-2")
        two.at_once(*(lambda u, c=c: accounts.invite(u, "zhang", c, NOW) for c in codes))
        answers = [two.one(lambda u, c=c: accounts.redeem(u, "phones", c, c, NOW)) for c in codes]
        assert answers == [accounts.Refusal.EXPIRED, accounts.Redeemed("zhang")]

    def test_when_a_stranger_writes_twice_then_both_count_and_one_is_answered(
        self, two: Two
    ) -> None:
        def seen(unit: Unit) -> bool:
            return accounts.stranger_seen(unit, "phones", "x", NOW)

        assert two.at_once(seen, seen) == (True, False)
        count = select(stranger.c.seen)
        assert two.one(lambda unit: unit.session.execute(count).scalar_one()) == 2

    def test_when_wrong_codes_come_at_once_then_each_counts(self, two: Two) -> None:
        def wrong(unit: Unit) -> object:
            return accounts.redeem(unit, "phones", "x", "WRONG-WRONG-WRONG-1", NOW)

        two.at_once(wrong, wrong)
        two.at_once(wrong, wrong)
        count = select(stranger.c.wrong_codes)
        assert two.one(lambda unit: unit.session.execute(count).scalar_one()) == 4

    def test_when_an_account_is_bound_twice_then_the_later_has_it(self, two: Two) -> None:
        two.one(staffed)

        def bind(person: str) -> Callable[[Unit], None]:
            return lambda unit: accounts.bind(unit, "phones", "a", person)

        assert two.at_once(bind("zhang"), bind("li")) == (False, False)
        owner = two.one(lambda unit: staff.by_account(unit.session, "phones", "a"))
        assert owner is not None
        assert owner.id == "li"


class TestGivenConversations:
    def test_when_two_begin_then_one_is_active(self, two: Two) -> None:
        two.one(staffed)

        def start(unit: Unit) -> None:
            conversations.start(
                unit, staff_id="zhang", feature="visit", form_version=1, state_json="{}",
                channel="phones", account="1", at=NOW,
            )  # fmt: skip

        first, second = two.at_once(start, start)
        assert first is None
        assert isinstance(second, Exception)  # it runs again, and finds the other
        count = select(func.count()).select_from(conversation)
        assert two.one(lambda unit: unit.session.execute(count).scalar_one()) == 1

    def test_when_two_phones_take_a_step_then_the_second_is_refused(self, two: Two) -> None:
        def start(unit: Unit) -> int:
            staffed(unit)
            return conversations.start(
                unit, staff_id="zhang", feature="visit", form_version=1, state_json="{}",
                channel="phones", account="1", at=NOW,
            ).id  # fmt: skip

        number = two.one(start)

        def step(unit: Unit) -> int:
            return conversations.save(
                unit, number, rev=1, state_json="{}", title="", card=1, channel="phones",
                account="1", at=NOW,
            )  # fmt: skip

        first, second = two.at_once(step, step)
        assert first == 2
        assert isinstance(second, StorageError)


class TestGivenVisitsAndNotes:
    def test_when_one_visit_is_planned_twice_then_there_is_one(self, two: Two) -> None:
        def company(unit: Unit) -> int:
            staffed(unit)
            return customer(unit, "鸿鑫贸易")

        dossier = two.one(company)
        day = date(2026, 9, 15)

        def plan(unit: Unit) -> int:
            return visits.plan(unit, staff_id="zhang", dossier_id=dossier, day=day, at=NOW)

        first, second = two.at_once(plan, plan)
        assert first == second
        count = select(func.count()).select_from(visit)
        assert two.one(lambda unit: unit.session.execute(count).scalar_one()) == 1

    def test_when_a_note_is_told_twice_then_it_is_unread_once(self, two: Two) -> None:
        def filed(unit: Unit) -> int:
            staffed(unit)
            return notes.file_note(unit, note(customer(unit, "鸿鑫贸易"))).id

        number = two.one(filed)

        def tell(unit: Unit) -> None:
            notes.mark_unread(unit, ["head", "dir"], number, NOW)

        assert two.at_once(tell, tell) == (None, None)
        count = select(func.count()).select_from(note_reader)
        assert two.one(lambda unit: unit.session.execute(count).scalar_one()) == 2


class TestGivenApprovals:
    def test_when_two_decide_at_once_then_the_first_wins_and_the_second_sees_it(
        self, two: Two
    ) -> None:
        case_id = two.one(_asked)

        def decided(act: Callable[[StaffId], Act]) -> Callable[[Unit], object]:
            def work(unit: Unit) -> object:
                stored = cases.get(unit, case_id, lock=True)
                assert stored is not None
                done = decide(stored.case, act(StaffId("head")), _world(unit))
                if isinstance(done, Denied):
                    return [one.code for one in done.reasons]
                return cases.save(unit, stored, done.case, None).case.places[0].state

            return work

        agreed = decided(Approve)
        refused = decided(lambda by: Refuse(by, "资料不齐", 0))
        assert two.at_once(agreed, refused) == (PlaceState.APPROVED, ["already_decided"])

    def test_when_read_without_the_lock_then_the_version_refuses(self, two: Two) -> None:
        case_id = two.one(_asked)

        def stuck(unit: Unit) -> bool:
            stored = cases.get(unit, case_id)
            assert stored is not None
            cases.save(unit, stored, replace(stored.case, stuck=True), None)
            return True

        first, second = two.at_once(stuck, stuck)
        assert first is True
        assert isinstance(second, Conflict)


def _asked(unit: Unit) -> int:
    staffed(unit)
    case = pending(unit)
    values = {"kind": "consult", "mark": "阅", "year": 2026, "subject": 1, "dossier_id": None}
    return cases.add(unit, case, next_due_at=None, **values).id


def _world(unit: Unit) -> World:
    policy = load_pack("customer-service")
    directory = StaffDirectory(unit.session, TODAY)
    return World(directory, policy.approvals, policy.time, china(), NOW)


class TestGivenMessagesOut:
    def test_when_two_redraw_one_card_then_the_later_body_stays(self, two: Two) -> None:
        two.at_once(put("a", slot="n.1"), put("b", slot="n.1", mode="redraw"))
        assert rows(two) == [("a", "ready"), ("b", "dropped")]
        two.at_once(put("c", slot="n.2", mode="redraw"), put("d", slot="n.2", mode="redraw"))
        assert rows(two)[2:] == [("c", "dropped"), ("d", "ready")]

    def test_when_it_is_claimed_meanwhile_then_the_newer_body_still_goes_out(
        self, two: Two
    ) -> None:
        two.one(put("a", slot="n.1"))
        claimed, _ = two.at_once(claim, put("b", slot="n.1", mode="redraw"))
        assert claimed == ["a"]
        assert rows(two) == [("a", "sending"), ("b", "ready")]

    def test_when_a_claim_meets_a_newer_body_then_that_is_what_is_sent(self, two: Two) -> None:
        two.one(put("a", slot="n.1", body='"old"'))
        newer = put("b", slot="n.1", body='"new"')

        def bodies(unit: Unit) -> list[str | None]:
            return [one.body for one in outbox.claim(unit, "phones", NOW, 10)[0]]

        assert two.at_once(newer, bodies) == (None, ['"new"'])

    def test_when_two_claim_then_each_message_goes_to_one(self, two: Two) -> None:
        two.one(put("a"))
        assert two.at_once(claim, claim) == (["a"], [])

    def test_then_a_chat_has_the_order_of_writing_whatever_the_ids(self, two: Two) -> None:
        def late_ids(unit: Unit) -> None:
            unit.ids = iter(range(900_000, 900_100))
            put("first")(unit)

        def early_ids(unit: Unit) -> None:
            unit.ids = iter(range(800_000, 800_100))
            put("second")(unit)

        two.one(late_ids)
        two.one(early_ids)
        assert two.one(claim) == ["first", "second"]

    def test_then_what_was_written_later_waits_behind_one_that_is_tried_again(
        self, two: Two
    ) -> None:
        def late_ids(unit: Unit) -> None:
            unit.ids = iter(range(900_000, 900_100))
            put("first")(unit)
            (one,) = outbox.claim(unit, "phones", NOW, 10)[0]
            outbox.retry(unit, one.id, NOW + timedelta(minutes=1), "RetryLater")

        def early_ids(unit: Unit) -> None:
            unit.ids = iter(range(800_000, 800_100))
            put("second")(unit)

        two.one(late_ids)
        two.one(early_ids)
        assert two.one(claim) == []


class TestGivenTheClock:
    def _due(self, unit: Unit) -> None:
        add_person(unit, "1", "a1")
        ledger.watch(unit, "visit", 1, "evening", NOW, "1")
        ledger.watch(unit, "visit", 2, "morning", NOW, "1", ledger.DIGEST)

    def test_when_two_scan_then_each_rung_is_recorded_once_and_none_waits(self, two: Two) -> None:
        two.one(self._due)
        fill = lambda unit: ledger.fill(unit, NOW)  # noqa: E731 - the same twice
        assert two.at_once(fill, fill, waits=False) == (2, 0)
        count = select(func.count()).select_from(notice)
        assert two.one(lambda unit: unit.session.execute(count).scalar_one()) == 2
        assert len(rows(two)) == 2

    def test_when_a_case_ends_while_it_is_recorded_then_it_ends_afterwards(self, two: Two) -> None:
        two.one(self._due)
        recorded, _ = two.at_once(
            lambda unit: ledger.fill(unit, NOW), lambda unit: ledger.unwatch(unit, "visit", 1)
        )
        assert recorded == 2
        assert two.one(lambda unit: ledger.next_rung(unit.session, "visit", 1)) is None

    def test_when_a_rung_joins_a_card_then_it_is_not_taken_up_before(self, two: Two) -> None:
        two.one(self._due)
        two.one(lambda unit: ledger.fill(unit, NOW))
        two.one(lambda unit: ledger.watch(unit, "visit", 3, "m", NOW, "1", ledger.DIGEST))

        def take_up(unit: Unit) -> int:
            (card,) = (
                one
                for one in outbox.claim(unit, "phones", NOW, 10)[0]
                if one.key.startswith("digest")
            )
            return len(ledger.open_notices(unit.session, card.key))

        assert two.at_once(lambda unit: ledger.fill(unit, NOW), take_up) == (1, 2)

    def test_when_a_card_is_taken_up_meanwhile_then_the_rung_goes_singly(self, two: Two) -> None:
        two.one(self._due)
        two.one(lambda unit: ledger.fill(unit, NOW))
        two.one(lambda unit: ledger.watch(unit, "visit", 3, "m", NOW, "1", ledger.DIGEST))
        claimed, recorded = two.at_once(claim, lambda unit: ledger.fill(unit, NOW))
        assert (len(claimed), recorded) == (2, 1)
        (rung,) = two.one(lambda unit: ledger.of_case(unit.session, "visit", 3))
        assert rung.outbox_key == "notice:visit:3:m"
        assert len(rows(two)) == 3

    def test_when_two_begin_a_job_then_one_does_it(self, two: Two) -> None:
        def begin(unit: Unit) -> bool:
            return occurrences.begin(unit, "retention", "2026-09-14")

        assert two.at_once(begin, begin) == (True, False)

    def test_when_a_shift_is_taken_over_then_after_what_the_one_before_has_begun(
        self, two: Two
    ) -> None:
        two.one(lambda unit: leases.take_over(unit, "relay", "a"))
        held, _ = two.at_once(
            lambda unit: leases.held(unit.session, "relay", "a"),
            lambda unit: leases.take_over(unit, "relay", "b"),
        )
        assert held
        assert not two.one(lambda unit: leases.held(unit.session, "relay", "a"))


class TestGivenTheAudit:
    def test_when_two_append_then_the_chain_is_whole(self, two: Two) -> None:
        def append(unit: Unit) -> None:
            audit.append(unit, [audit.Entry(NOW, "1", "a", "s", "phones")])

        assert two.at_once(append, append) == (None, None)
        verdict = two.one(lambda unit: audit.verify(unit.session, unit.vault))
        assert verdict.head.count == 2
        assert verdict.broken_at is None


def test_the_lane_is_held_until_the_end(two: Two) -> None:
    def begin(unit: Unit) -> str:
        return locks.begin(unit.session, "phones:zhang")

    first, second = two.at_once(begin, begin)
    assert int(first) != int(second)
