"""Messages leave once, in order for each chat, and never in an outdated form."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from storage import forwarding, outbox, shown_cards
from storage.tables import outbox as table
from storage.unit import Unit
from tests.conftest import NOW, UnitFactory

SECOND = timedelta(seconds=1)
KEYS = count()


def put(
    unit: Unit,
    body: str | None = "{}",
    *,
    key: str = "",
    account: str = "zhang",
    mode: str = "send",
    slot: str = "",
    due_at: datetime = NOW,
) -> None:
    outbox.put(
        unit,
        key=key or f"k{next(KEYS)}",
        channel="phones",
        account=account,
        staff_id="0001",
        mode=mode,
        slot=slot,
        body=body,
        due_at=due_at,
    )


def claim(unit: Unit, now: datetime = NOW, limit: int = 50) -> list[outbox.Message]:
    return outbox.claim(unit, "phones", now, limit)[0]


def bodies(messages: list[outbox.Message]) -> list[tuple[str, str | None]]:
    return [(one.mode, one.body) for one in messages]


class TestGivenSameKey:
    def test_when_written_twice_then_sent_once(self, unit_factory: UnitFactory) -> None:
        with unit_factory() as unit:
            put(unit, "first", key="k")
            put(unit, "second", key="k")
            assert bodies(claim(unit)) == [("send", "first")]

    def test_when_it_was_superseded_then_still_not_written_again(
        self, unit_factory: UnitFactory
    ) -> None:
        with unit_factory() as unit:
            put(unit, "1", key="a", slot="c.1")
            put(unit, "2", key="b", slot="c.1", mode="redraw")
            (one,) = claim(unit)
            outbox.mark_sent(unit, one, "r")
            put(unit, "2", key="b", slot="c.1", mode="redraw")
            assert claim(unit) == []


class TestGivenUnsentCard:
    def test_when_redrawn_then_it_goes_out_new_in_its_old_place(
        self, unit_factory: UnitFactory
    ) -> None:
        with unit_factory() as unit:
            put(unit, "old", slot="c.1")
            put(unit, "other")
            put(unit, "new", slot="c.1", mode="tidy", due_at=NOW + SECOND)
            (other,) = claim(unit)
            assert bodies([other]) == [("send", "other")]
            outbox.mark_sent(unit, other, "r")
            assert outbox.next_due(unit.session, "phones") == NOW + SECOND
            assert bodies(claim(unit, NOW + SECOND)) == [("send", "new")]

    def test_when_tidied_then_it_does_not_come_after_what_follows(
        self, unit_factory: UnitFactory
    ) -> None:
        with unit_factory() as unit:
            put(unit, "waits for more photos", slot="c.1", due_at=NOW + SECOND)
            put(unit, "answered", slot="c.1", mode="tidy")
            put(unit, "next question", slot="c.2")
            assert bodies(claim(unit)) == [("send", "answered"), ("send", "next question")]

    def test_when_a_redraw_waits_then_the_newer_one_goes(self, unit_factory: UnitFactory) -> None:
        with unit_factory() as unit:
            put(unit, "1", slot="c.1", mode="redraw", due_at=NOW + SECOND)
            put(unit, "2", slot="c.1", mode="tidy", due_at=NOW)
            put(unit, "elsewhere", slot="c.2", mode="redraw")
            put(unit, "somebody else", slot="c.1", mode="redraw", account="li")
            assert bodies(claim(unit, NOW + SECOND)) == [
                ("tidy", "2"),
                ("redraw", "elsewhere"),
                ("redraw", "somebody else"),
            ]

    def test_when_without_slot_then_all_go(self, unit_factory: UnitFactory) -> None:
        with unit_factory() as unit:
            put(unit, "1")
            put(unit, "2")
            assert bodies(claim(unit)) == [("send", "1"), ("send", "2")]


class TestGivenClaimed:
    def test_then_nobody_claims_it_again(self, unit_factory: UnitFactory) -> None:
        with unit_factory() as unit:
            put(unit)
            assert len(claim(unit)) == 1
            assert claim(unit) == []

    def test_when_the_relay_died_then_it_is_claimed_again(self, unit_factory: UnitFactory) -> None:
        with unit_factory() as unit:
            put(unit, "1")
            put(unit, "2")
            claim(unit)
        with unit_factory() as unit:
            assert outbox.recover(unit, "phones") == 2
            assert bodies(claim(unit)) == [("send", "1"), ("send", "2")]

    def test_when_retried_then_its_chat_waits_and_others_go_on(
        self, unit_factory: UnitFactory
    ) -> None:
        later = NOW + 5 * SECOND
        with unit_factory() as unit:
            put(unit, "head")
            put(unit, "behind")
            put(unit, "other", account="li")
            head, behind, other = claim(unit)
            outbox.retry(unit, head.id, later, "RetryLater")
            outbox.release(unit, [behind.id])
            outbox.mark_sent(unit, other, "r1")
            put(unit, "other 2", account="li")
            assert bodies(claim(unit, NOW + SECOND)) == [("send", "other 2")]
            assert outbox.next_due(unit.session, "phones") == later
            (again,) = claim(unit, later)
            assert (again.body, again.attempts) == ("head", 1)
            assert claim(unit, later) == []
            outbox.mark_sent(unit, again, "r2")
            assert bodies(claim(unit, later)) == [("send", "behind")]

    def test_when_held_then_its_chat_waits_and_it_was_not_tried(
        self, unit_factory: UnitFactory
    ) -> None:
        later = NOW + 5 * SECOND
        with unit_factory() as unit:
            put(unit, "head")
            put(unit, "behind")
            put(unit, "other", account="li")
            head, behind, other = claim(unit)
            outbox.hold(unit, head.id, later)
            outbox.release(unit, [behind.id])
            outbox.release(unit, [other.id])
            assert bodies(claim(unit, NOW + SECOND)) == [("send", "other")]
            assert outbox.next_due(unit.session, "phones") == later
            (again,) = claim(unit, later)
            assert (again.body, again.attempts, again.owed_at) == ("head", 0, later)
            assert claim(unit, later) == []
            outbox.mark_sent(unit, again, "r2")
            assert bodies(claim(unit, later)) == [("send", "behind")]

    def test_when_something_is_held_for_the_morning_then_others_pass_it(
        self, unit_factory: UnitFactory
    ) -> None:
        with unit_factory() as unit:
            put(unit, "morning", due_at=NOW + timedelta(hours=9))
            put(unit, "now")
            assert bodies(claim(unit)) == [("send", "now")]

    def test_when_a_card_is_retried_then_with_its_newest_body(
        self, unit_factory: UnitFactory
    ) -> None:
        with unit_factory() as unit:
            put(unit, "old", slot="c.1")
            (one,) = claim(unit)
            put(unit, "new", slot="c.1", mode="redraw")
            outbox.retry(unit, one.id, NOW, "RetryLater")
            assert bodies(claim(unit)) == [("send", "new")]

    def test_when_a_redraw_is_retried_then_not_over_a_newer_one(
        self, unit_factory: UnitFactory
    ) -> None:
        with unit_factory() as unit:
            put(unit, "old", slot="c.1", mode="redraw")
            (one,) = claim(unit)
            put(unit, "new", slot="c.1", mode="redraw")
            outbox.retry(unit, one.id, NOW, "RetryLater")
            assert bodies(claim(unit)) == [("redraw", "new")]

    def test_when_given_up_then_the_next_goes(self, unit_factory: UnitFactory) -> None:
        with unit_factory() as unit:
            for body in ("1", "2", "3"):
                put(unit, body)
            one, two, three = claim(unit)
            outbox.fail(unit, one.id, "x" * 500)
            outbox.drop(unit, two.id, "moot")
            outbox.release(unit, [three.id])
            assert bodies(claim(unit)) == [("send", "3")]

    def test_when_the_chat_moved_then_all_follows(self, unit_factory: UnitFactory) -> None:
        with unit_factory() as unit:
            put(unit, "1", slot="c.1")
            (one,) = claim(unit)
            outbox.mark_sent(unit, one, "r1")
            put(unit, "2", slot="c.1", mode="redraw")
            forwarding.readdress(unit, "phones", "zhang", "new")
            assert [one.account for one in claim(unit)] == ["new"]
            assert shown_cards.ref_of(unit.session, "phones", "new", "c.1") == "r1"


class TestGivenSentCard:
    def test_then_slot_and_reference_find_each_other(self, unit_factory: UnitFactory) -> None:
        with unit_factory() as unit:
            for ref in ("r1", "r2"):
                put(unit, slot="c.1")
                (one,) = claim(unit)
                outbox.mark_sent(unit, one, ref)
            assert shown_cards.ref_of(unit.session, "phones", "zhang", "c.1") == "r2"
            assert shown_cards.slot_of(unit.session, "phones", "zhang", "r2") == "c.1"
            assert shown_cards.slot_of(unit.session, "phones", "zhang", "r1") == ""
            assert shown_cards.ref_of(unit.session, "phones", "li", "c.1") is None

    def test_when_old_then_only_bodies_that_left_are_forgotten(
        self, unit_factory: UnitFactory
    ) -> None:
        with unit_factory() as unit:
            put(unit, "sent", key="k")
            (one,) = claim(unit)
            outbox.mark_sent(unit, one, "")
            put(unit, "waits", account="li")
        with unit_factory() as unit:
            assert outbox.purge(unit, NOW) == 0
            assert outbox.purge(unit, NOW + SECOND) == 1
            assert outbox.purge(unit, NOW + SECOND) == 0
            put(unit, "again", key="k")
            assert bodies(claim(unit)) == [("send", "waits")]


@dataclass(frozen=True)
class Put:
    slot: str
    mode: str
    delay: int


@dataclass(frozen=True)
class Go:
    outcome: str


STEPS = st.lists(
    st.one_of(
        st.builds(
            Put,
            st.sampled_from(["a", "b"]),
            st.sampled_from(["send", "redraw", "tidy"]),
            st.integers(0, 2),
        ),
        st.builds(Go, st.sampled_from(["sent", "retry", "release", "crash"])),
    ),
    max_size=14,
)


@pytest.mark.filterwarnings("default::hypothesis.errors.NonInteractiveExampleWarning")
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS)
def test_every_card_ends_in_its_newest_form(
    unit_factory: UnitFactory, steps: list[object]
) -> None:
    """Whatever order, retries and crashes: one ready row for each slot, newest body shown last."""
    account = f"p{next(KEYS)}"
    newest: dict[str, str] = {}
    shown: dict[str, str] = {}
    now = NOW

    def attempt(unit: Unit, outcome: str) -> None:
        for one in claim(unit, now):
            if outcome == "sent":
                shown[one.slot] = one.body or ""
                outbox.mark_sent(unit, one, f"{one.slot}-ref")
            elif outcome == "retry":
                outbox.retry(unit, one.id, now + SECOND, "RetryLater")
            elif outcome == "release":
                outbox.release(unit, [one.id])

    with unit_factory() as unit:
        for number, step in enumerate(steps):
            now += SECOND
            if isinstance(step, Put):
                newest[step.slot] = str(number)
                due_at = now + step.delay * SECOND
                put(
                    unit,
                    str(number),
                    account=account,
                    slot=step.slot,
                    mode=step.mode,
                    due_at=due_at,
                )
            elif isinstance(step, Go):
                attempt(unit, step.outcome)
                outbox.recover(unit, "phones")
            ready = unit.session.execute(
                select(table.c.slot).where(table.c.account == account, table.c.state == "ready")
            ).scalars()
            slots = list(ready)
            assert len(slots) == len(set(slots))
        for _ in range(len(steps) + 2):
            now += 5 * SECOND
            attempt(unit, "sent")
    assert shown == newest
