from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, cast

import pytest
from msgspec.structs import replace
from sqlalchemy import event, select, update

from bot.channels.base import Held, Outcome, OutFile
from bot.delivery import Pace, Relay
from bot.settings import Limits
from bot.units import Units
from handlers.conversation.messages import Card, Mode
from storage import forwarding, ledger, outbox, shown_cards
from storage.database import Database
from storage.outbox import Message
from storage.session import Session
from storage.tables import notice
from storage.tables import outbox as rows
from storage.unit import Unit
from tests.conftest import NOW
from tests.fakes.channel import PHONE, RecordingChannel
from tests.fakes.clock import SettableClock

FREE = Limits(enabled=False)
_KEYS = itertools.count(1)


def put(
    text: str | None,
    account: str = "anna",
    *,
    mode: Mode = Mode.SEND,
    slot: str = "",
    due: datetime = NOW,
    key: str = "",
    files: tuple[int, ...] = (),
) -> Callable[[Unit], None]:
    """Return a unit that writes one message; `text` None: to be rendered when sent."""

    def work(unit: Unit) -> None:
        outbox.put(
            unit,
            key=key or f"key-{next(_KEYS)}",
            channel="fake",
            account=account,
            staff_id=None,
            mode=mode,
            slot=slot,
            body=None if text is None else Card(text, files=files).encoded("zh_CN"),
            due_at=due,
        )

    return work


class Post:
    """A relay over a recording channel, sent out by hand: nothing waits, nothing sleeps."""

    def __init__(self, units: Units, clock: SettableClock, channel: RecordingChannel) -> None:
        self.units = units
        self.clock = clock
        self.channel = channel
        self.rendered: list[str] = []
        self.card: Card | None = Card("rendered")
        self.relay = Relay(channel, units, clock, self._render, self._files, FREE)

    def _render(self, _unit: Unit, row: Message) -> Card | None:
        self.rendered.append(row.key)
        return self.card

    @staticmethod
    def _files(_session: Session, numbers: tuple[int, ...]) -> tuple[OutFile, ...]:
        return tuple(OutFile(f"{one}.jpg", "image/jpeg", b"jpeg") for one in numbers)

    async def put(self, *messages: Callable[[Unit], None]) -> None:
        for one in messages:
            await self.units.run(one)

    async def send(self, *messages: Callable[[Unit], None]) -> None:
        await self.put(*messages)
        await self.relay.drain()

    async def later(self, **time: float) -> None:
        self.clock.advance(self.clock.now() + timedelta(**time))
        await self.relay.drain()

    async def states(self) -> list[tuple[str, str]]:
        """Return state and problem of every row, oldest first."""
        query = select(rows.c.state, rows.c.problem).order_by(rows.c.turn)
        found = await self.units.read(lambda session: session.execute(query).all())
        return [(row.state, row.problem) for row in found]


@pytest.fixture
def channel() -> RecordingChannel:
    return RecordingChannel()


@pytest.fixture
def post(units: Units, clock: SettableClock, channel: RecordingChannel) -> Post:
    return Post(units, clock, channel)


class TestOrder:
    async def test_messages_of_a_chat_arrive_in_the_order_written(self, post: Post) -> None:
        texts = [f"{number:02}" for number in range(30)]
        await post.send(*(put(text) for text in texts))
        assert post.channel.texts("anna") == texts
        assert set(await post.states()) == {("sent", "")}

    async def test_written_while_the_chat_is_busy(self, post: Post) -> None:
        await post.put(put("one"))
        post.channel.passes.clear()
        draining = asyncio.create_task(post.relay.drain())
        await post.channel.sending.wait()
        await post.put(put("two"), put("three"))
        post.channel.passes.set()
        await draining
        assert post.channel.texts("anna") == ["one", "two", "three"]

    async def test_a_blocked_chat_holds_up_no_other(self, post: Post) -> None:
        post.channel.fail(Outcome.RETRY_LATER, account="anna", after=30)
        await post.send(put("a1"), put("b1", "bo"), put("a2"), put("b2", "bo"))
        assert post.channel.texts("bo") == ["b1", "b2"]
        assert post.channel.texts("anna") == []
        await post.later(seconds=29)
        assert post.channel.texts("anna") == []
        await post.later(seconds=1)
        assert post.channel.texts("anna") == ["a1", "a2"]

    async def test_what_is_due_later_waits_and_blocks_nothing(self, post: Post) -> None:
        await post.send(put("tomorrow", due=NOW + timedelta(days=1)), put("now"))
        assert post.channel.texts("anna") == ["now"]
        await post.later(days=1)
        assert post.channel.texts("anna") == ["now", "tomorrow"]

    async def test_many_more_than_one_claim_takes(self, post: Post) -> None:
        def many(unit: Unit) -> None:
            for number in range(250):
                put(f"{number:03}", f"chat-{number % 7}")(unit)

        await post.send(many)
        for chat in range(7):
            texts = post.channel.texts(f"chat-{chat}")
            assert texts == sorted(texts)
        assert len(post.channel.messages) == 250


class TestOutcomes:
    async def test_sent_keeps_the_reference_of_the_card(self, post: Post) -> None:
        await post.send(put("first", slot="c.1.1"))
        ref = post.channel.messages[0].ref
        found = await post.units.read(lambda s: shown_cards.ref_of(s, "fake", "anna", "c.1.1"))
        assert found == ref

    async def test_retry_later_waits_as_long_as_the_platform_says(self, post: Post) -> None:
        post.channel.fail(Outcome.RETRY_LATER, after=17)
        await post.send(put("text"))
        assert await post.states() == [("ready", "retry_later")]
        await post.later(seconds=16)
        assert post.channel.attempts == 1
        await post.later(seconds=1)
        assert post.channel.texts("anna") == ["text"]

    async def test_held_back_is_no_try_and_no_silence_of_the_platform(self, post: Post) -> None:
        for _ in range(3):
            post.channel.fail(Held("enough", after=60), account="anna")
        await post.send(put("one"), put("two"), put("other", "bo"))
        assert post.channel.texts("bo") == ["other"]
        post.relay.answered_at = None
        for _ in range(2):
            await post.later(seconds=60)
            assert (await post.states())[:2] == [("ready", "held"), ("ready", "")]
        tried = await post.units.read(lambda s: s.execute(select(rows.c.attempts)).scalars().all())
        assert set(tried) == {0}
        assert (post.relay.failing_since, post.relay.answered_at) == (None, None)
        await post.later(seconds=60)
        assert post.channel.texts("anna") == ["one", "two"]

    async def test_retry_later_backs_off_by_itself(self, post: Post) -> None:
        for _ in range(5):
            post.channel.fail(Outcome.RETRY_LATER, after=0)
        await post.send(put("text"))
        for seconds in (1, 2, 4, 8):
            await post.later(seconds=seconds - 0.5)
            tried = post.channel.attempts
            await post.later(seconds=0.5)
            assert post.channel.attempts == tried + 1
        await post.later(seconds=16)
        assert post.channel.texts("anna") == ["text"]

    async def test_retry_later_goes_on_through_an_outage_of_many_days(self, post: Post) -> None:
        post.channel.fail(Outcome.RETRY_LATER, after=0)
        await post.put(put("text"))
        long_ago = update(rows).values(attempts=5000)
        await post.put(lambda unit: unit.session.execute(long_ago))
        await post.relay.drain()
        assert await post.states() == [("ready", "retry_later")]
        await post.later(minutes=5)
        assert post.channel.texts("anna") == ["text"]

    async def test_unreachable_is_given_up_and_the_next_is_tried(self, post: Post) -> None:
        post.channel.fail(Outcome.UNREACHABLE)
        await post.send(put("lost"), put("next"))
        assert await post.states() == [("failed", "unreachable"), ("sent", "")]

    async def test_rejected_is_given_up_and_the_next_is_sent(self, post: Post) -> None:
        post.channel.fail(Outcome.REJECTED)
        await post.send(put("wrong"), put("next"))
        assert await post.states() == [("failed", "rejected"), ("sent", "")]

    async def test_gone_card_is_shown_afresh(self, post: Post) -> None:
        await post.send(put("old", slot="c.1.1"))
        old = post.channel.messages[0]
        assert old.card.instead_of == ""
        post.channel.forget(old.ref)
        await post.send(put("new", mode=Mode.REDRAW, slot="c.1.1"))
        assert post.channel.texts("anna") == ["new"]
        assert post.channel.messages[0].card.instead_of == old.ref
        await post.send(put("newest", mode=Mode.REDRAW, slot="c.1.1"))
        assert post.channel.texts("anna") == ["newest"]

    async def test_gone_card_is_not_tidied(self, post: Post) -> None:
        await post.send(put("old", slot="c.1.1"))
        post.channel.forget(post.channel.messages[0].ref)
        await post.send(put("tidy", mode=Mode.TIDY, slot="c.1.1"))
        assert post.channel.texts("anna") == []
        assert (await post.states())[-1] == ("dropped", "gone")

    async def test_moved_chat_is_followed_in_order(self, post: Post) -> None:
        await post.send(put("shown", "-100", slot="c.1.1"))
        post.channel.fail(Outcome.MOVED, account="-100", moved_to="-200")
        await post.send(put("one", "-100"), put("two", "-100"))
        assert post.channel.texts("-200") == ["one", "two"]

    async def test_unknown_is_repeated_once_for_each_fault(self, post: Post) -> None:
        post.channel.fail(Outcome.UNKNOWN, shown=True)
        await post.send(put("text"))
        await post.later(seconds=1)
        await post.later(hours=1)
        assert post.channel.texts("anna") == ["text", "text"]
        assert await post.states() == [("sent", "")]

    async def test_every_try_of_a_message_has_its_name_and_no_other(self, post: Post) -> None:
        post.channel.fail(Outcome.UNKNOWN, shown=True)
        await post.send(put("first", key="a"), put("second", key="b"))
        await post.later(seconds=2)
        tries = [one.card.try_of for one in post.channel.messages]
        assert tries == ["a", "a", "b"]

    async def test_an_error_of_ours_in_the_channel_stops_nothing(self, post: Post) -> None:
        post.channel.fail(KeyError("bug"))
        await post.send(put("broken"), put("next"))
        assert await post.states() == [("failed", "KeyError"), ("sent", "")]


class TestRedraw:
    async def test_redraws_in_place(self, post: Post) -> None:
        await post.send(put("question", slot="c.1.1"), put("below"))
        await post.send(put("answered", mode=Mode.REDRAW, slot="c.1.1"))
        assert post.channel.texts("anna") == ["answered", "below"]

    async def test_never_shown_is_sent(self, post: Post) -> None:
        await post.send(put("card", mode=Mode.REDRAW, slot="c.1.1"))
        assert post.channel.texts("anna") == ["card"]

    async def test_tidies_in_place(self, post: Post) -> None:
        await post.send(put("question", slot="c.1.1"))
        await post.send(put("answered", mode=Mode.TIDY, slot="c.1.1"))
        assert post.channel.texts("anna") == ["answered"]

    async def test_never_shown_is_not_tidied(self, post: Post) -> None:
        await post.send(put("answered", mode=Mode.TIDY, slot="c.1.1"))
        assert post.channel.messages == []
        assert await post.states() == [("dropped", "cannot_edit")]

    async def test_two_redraws_before_sending_show_the_newest_once(self, post: Post) -> None:
        await post.send(put("first", slot="c.1.1"))
        later = NOW + timedelta(milliseconds=700)
        for number in range(5):
            await post.send(put(f"photo {number}", mode=Mode.REDRAW, slot="c.1.1", due=later))
        await post.later(milliseconds=700)
        assert post.channel.log == ["anna first", "anna photo 4"]

    async def test_a_channel_without_edits_gets_redraws_but_no_tidying(
        self, units: Units, clock: SettableClock
    ) -> None:
        post = Post(units, clock, RecordingChannel(capabilities=replace(PHONE, edits=False)))
        await post.send(put("question", slot="c.1.1"))
        await post.send(put("tidied", mode=Mode.TIDY, slot="c.1.1"))
        await post.send(put("redrawn", mode=Mode.REDRAW, slot="c.1.1"))
        assert post.channel.texts("anna") == ["question", "redrawn"]

    async def test_retry_of_a_redraw_stays_in_place(self, post: Post) -> None:
        await post.send(put("question", slot="c.1.1"))
        post.channel.fail(Outcome.UNKNOWN, shown=True)
        await post.send(put("answered", mode=Mode.REDRAW, slot="c.1.1"))
        await post.later(seconds=1)
        assert post.channel.texts("anna") == ["answered"]


class TestRendering:
    async def test_a_row_without_body_is_drawn_when_sent(self, post: Post) -> None:
        await post.send(put(None, key="notice:visit:7:evening"))
        assert post.rendered == ["notice:visit:7:evening"]
        assert post.channel.texts("anna") == ["rendered"]

    async def test_what_is_no_longer_true_is_dropped(self, post: Post) -> None:
        post.card = None
        await post.send(put(None), put("next"))
        assert post.channel.texts("anna") == ["next"]
        assert (await post.states())[0] == ("dropped", "moot")

    async def test_is_drawn_anew_for_every_try(self, post: Post) -> None:
        post.channel.fail(Outcome.RETRY_LATER)
        await post.send(put(None))
        post.card = Card("as it is now")
        await post.later(seconds=1)
        assert post.channel.texts("anna") == ["as it is now"]

    async def test_one_that_cannot_be_drawn_holds_up_nothing(
        self, units: Units, clock: SettableClock, channel: RecordingChannel
    ) -> None:
        def render(_unit: Unit, _row: Message) -> Card:
            raise ZeroDivisionError

        relay = Relay(channel, units, clock, render, Post._files, FREE)
        await units.run(put(None))
        await units.run(put("next"))
        await relay.drain()
        assert channel.texts("anna") == ["next"]

    async def test_files_go_along(self, post: Post) -> None:
        await post.send(put("photos", files=(3, 4)))
        assert [one.name for one in post.channel.messages[0].files] == ["3.jpg", "4.jpg"]

    async def test_files_stay_behind_where_the_channel_sends_none(self, post: Post) -> None:
        post.channel.capabilities = replace(PHONE, files_out=False)
        await post.send(put("photos", files=(3, 4)))
        assert [one.files for one in post.channel.messages] == [()]

    @pytest.mark.parametrize(
        ("outcome", "noted"), [(None, "sent"), (Outcome.UNREACHABLE, "unreachable")]
    )
    async def test_the_ledger_hears_what_became_of_it(
        self, post: Post, outcome: Outcome | None, noted: str
    ) -> None:
        def recorded(unit: Unit) -> None:
            unit.session.execute(
                notice.insert().values(
                    case_kind="visit",
                    case_id=7,
                    rung="evening",
                    staff_id="S1",
                    due_at=NOW,
                    recorded_at=NOW,
                    outbox_key="notice:visit:7:evening",
                )
            )

        if outcome:
            post.channel.fail(outcome)
        await post.send(recorded, put(None, key="notice:visit:7:evening"))
        found = await post.units.read(lambda session: ledger.of_case(session, "visit", 7))
        assert [one.outcome for one in found] == [noted]


class TestRunning:
    """The relay as the program runs it: started, woken, stopped."""

    async def test_a_wake_up_after_commit_is_never_lost(self, post: Post) -> None:
        post.relay.start()
        for number in range(40):
            await post.put(put(f"{number:02}", f"chat-{number % 3}"))
            post.relay.wake()
            if number % 4 == 0:
                await asyncio.sleep(0)
        await post.channel.reached(40)
        await post.relay.stop()

    async def test_what_is_due_soon_after_another_of_its_chat_is_not_forgotten(
        self, post: Post
    ) -> None:
        await post.send(put("question", slot="c.1.1"))
        post.channel.passes.clear()
        post.relay.start()
        await post.put(
            put("answered", mode=Mode.TIDY, slot="c.1.1"),
            put("next card", due=NOW + timedelta(milliseconds=1)),
        )
        post.relay.wake()
        await post.channel.sending.wait()
        await post.units.run(lambda _unit: None)  # the relay has looked once more meanwhile
        post.channel.passes.set()
        async with asyncio.timeout(60):
            while (await post.states())[1] != ("sent", ""):
                pass
            post.clock.advance(NOW + timedelta(seconds=1))
            await post.channel.reached(2)
        await post.relay.stop()
        assert post.channel.texts("anna") == ["answered", "next card"]

    async def test_a_restart_repeats_only_what_was_on_its_way(self, post: Post) -> None:
        await post.put(put("one"), put("two"))
        post.channel.passes.clear()
        relay = post.relay
        relay.start()
        await post.channel.sending.wait()
        await relay.stop(patience=0)
        post.channel.passes.set()
        assert [state for state, _ in await post.states()] == ["sending", "sending"]
        fresh = Post(post.units, post.clock, post.channel)
        fresh.relay.start()
        await post.channel.reached(2)
        await fresh.relay.stop()
        assert post.channel.texts("anna") == ["one", "two"]

    async def test_stop_lets_what_is_on_its_way_arrive(self, post: Post) -> None:
        await post.put(put("one"), put("two"))
        post.channel.passes.clear()
        post.relay.start()
        await post.channel.sending.wait()
        stopping = asyncio.create_task(post.relay.stop())
        await asyncio.sleep(0)
        post.channel.passes.set()
        await stopping
        assert post.channel.texts("anna") == ["one"]
        assert [state for state, _ in await post.states()] == ["sent", "sending"]

    async def test_drain_beside_the_running_relay_sends_nothing_twice(self, post: Post) -> None:
        post.relay.start()
        for number in range(20):
            await post.send(put(f"{number:02}"))
        await post.relay.stop()
        assert post.channel.texts("anna") == [f"{number:02}" for number in range(20)]


class TestManyChatsAtOnce:
    async def test_what_arrives_meanwhile_is_marked_together(
        self, post: Post, database: Database
    ) -> None:
        looks = 0

        def count(_c: object, _d: object, statement: str, *_: object) -> None:
            nonlocal looks
            looks += " AS due" in statement

        await post.put(*(put("hello", f"chat-{number}") for number in range(30)))
        with database.write_connection() as connection:
            engine = connection.engine
        event.listen(engine, "before_cursor_execute", count)
        await post.relay.drain()
        event.remove(engine, "before_cursor_execute", count)
        assert set(await post.states()) == {("sent", "")}
        assert looks < 10

    async def test_one_that_cannot_be_marked_holds_up_no_other(
        self, units: Units, clock: SettableClock
    ) -> None:
        post = Post(units, clock, _Garbled())
        await post.send(*(put("hello", chat, slot="c.1.1") for chat in ("anna", "bo", "cai")))
        assert await post.states() == [("sent", ""), ("sending", ""), ("sent", "")]
        await post.send(put("more", "anna"), put("more", "cai"))
        assert post.channel.texts("anna") == post.channel.texts("cai") == ["hello", "more"]


class _Garbled(RecordingChannel):
    """Names what it shows to one account in a way that no database takes."""

    async def send(self, account: str, card: Card, files: tuple[OutFile, ...] = ()) -> str:
        ref = await super().send(account, card, files)
        return ref if account != "bo" else cast(str, object())


class TestPace:
    """Capacities over an hour: a slow machine cannot make these tests pass or fail."""

    HOURLY = Limits(chat_per_second=5 / 3600, chat_burst=5, overall_per_second=1e6)

    async def passed(self, pace: Pace, account: str, asked: int) -> int:
        """Return how many of `asked` messages may go at once."""
        waits = [asyncio.create_task(pace.wait(account)) for _ in range(asked)]
        for _ in range(50):
            await asyncio.sleep(0)
        passed = 0
        for one in waits:
            passed += one.done()
            one.cancel()
        await asyncio.gather(*waits, return_exceptions=True)
        return passed

    async def test_a_chat_has_a_burst_of_five(self) -> None:
        assert await self.passed(Pace(self.HOURLY), "anna", 8) == 5

    async def test_chats_have_paces_of_their_own(self) -> None:
        pace = Pace(self.HOURLY)
        assert await self.passed(pace, "anna", 8) == 5
        assert await self.passed(pace, "bo", 3) == 3

    async def test_a_group_stays_below_its_minute(self) -> None:
        pace = Pace(Limits(group_per_minute=20 / 60, overall_per_second=1e6))
        assert await self.passed(pace, "-100", 8) == 1
        pace = Pace(Limits(group_per_minute=20, overall_per_second=1e6))
        assert await self.passed(pace, "-100", 25) in range(5, 8)

    async def test_overall_they_are_spread(self) -> None:
        pace = Pace(Limits(overall_per_second=1 / 3600))
        assert await self.passed(pace, "anna", 1) == 1
        assert await self.passed(pace, "bo", 1) == 0

    async def test_switched_off(self) -> None:
        pace = Pace(replace_limits(self.HOURLY, enabled=False))
        assert await self.passed(pace, "anna", 100) == 100

    async def test_stop_does_not_wait_for_the_pace(
        self, units: Units, clock: SettableClock, channel: RecordingChannel
    ) -> None:
        post = Post(units, clock, channel)
        relay = Relay(channel, units, clock, post._render, post._files, self.HOURLY)
        await post.put(*(put(f"{number}") for number in range(7)))
        relay.start()
        await post.channel.reached(5)
        await relay.stop()
        assert channel.texts("anna") == ["0", "1", "2", "3", "4"]

    async def test_redrawing_in_place_does_not_count(
        self, units: Units, clock: SettableClock, channel: RecordingChannel
    ) -> None:
        post = Post(units, clock, channel)
        post.relay = Relay(channel, units, clock, post._render, post._files, self.HOURLY)
        await post.send(put("0", slot="c.1.1"))
        for number in range(1, 10):
            await post.send(put(f"{number}", mode=Mode.REDRAW, slot="c.1.1"))
        assert channel.texts("anna") == ["9"]


def replace_limits(limits: Limits, **changes: Any) -> Limits:
    values = {name: getattr(limits, name) for name in limits.__struct_fields__}
    return Limits(**values | changes)


class TestChatsThatAreGone:
    async def test_what_follows_is_done_in_the_unit_that_gives_up(self, post: Post) -> None:
        lost: list[tuple[str, list[str]]] = []

        def note(unit: Unit, row: Message) -> None:
            states = unit.session.execute(select(rows.c.state)).scalars()
            lost.append((row.account, list(states)))

        relay = Relay(
            post.channel, post.units, post.clock, post._render, post._files, FREE, lost=note
        )
        post.channel.fail(Outcome.UNREACHABLE)
        await post.put(put("one"))
        await relay.drain()
        assert lost == [("anna", ["sending"])]
        assert await post.states() == [("failed", "unreachable")]

    async def test_a_farewell_takes_the_menu_along_once_it_arrived(self, post: Post) -> None:
        post.channel.menus["anna"] = (("today", "今日"),)
        await post.send(farewell)
        assert post.channel.texts("anna") == ["bye"]
        assert post.channel.menus["anna"] == ()

    async def test_a_farewell_that_fails_is_no_trouble(self, post: Post) -> None:
        post.channel.menus["anna"] = (("today", "今日"),)
        post.channel.fail(Outcome.UNREACHABLE)
        await post.send(farewell)
        assert await post.states() == [("failed", "unreachable")]


def farewell(unit: Unit) -> None:
    outbox.put(
        unit,
        key="bye",
        channel="fake",
        account="anna",
        staff_id=None,
        mode=Mode.SEND,
        slot="",
        body=Card("bye", ends=True).encoded("zh_CN"),
        due_at=NOW,
    )


class TestGivenAMessageThatDoesNotStay:
    """Written together: the message, and the row that takes it out of the chat a minute later."""

    MINUTE = timedelta(seconds=60)

    def both(self, text: str = "154 0256 9624") -> tuple[Callable[[Unit], None], ...]:
        return (
            put(text, slot="r.1", key="say"),
            put("taken back", slot="r.1", key="say:gone", mode=Mode.DELETE, due=NOW + self.MINUTE),
        )

    async def bodies(self, post: Post) -> list[bool]:
        query = select(rows.c.body).order_by(rows.c.turn)
        found = await post.units.read(lambda session: session.execute(query).scalars().all())
        return [one is not None for one in found]

    async def test_when_the_minute_is_over_then_it_is_deleted_and_forgotten(
        self, post: Post
    ) -> None:
        await post.send(*self.both(), put("next"))
        assert post.channel.texts("anna") == ["154 0256 9624", "next"]
        await post.later(seconds=59)
        assert len(post.channel.texts("anna")) == 2
        await post.later(seconds=1)
        assert post.channel.texts("anna") == ["next"]
        assert {state for state, _ in await post.states()} == {"sent"}
        assert await self.bodies(post) == [False, True, True]

    async def test_when_the_bot_was_down_then_it_is_shown_and_deleted_at_once(
        self, post: Post, clock: SettableClock
    ) -> None:
        await post.put(*self.both())
        clock.advance(NOW + timedelta(hours=3))
        await post.relay.drain()
        assert post.channel.texts("anna") == []
        assert post.channel.log == ["anna 154 0256 9624"]

    async def test_when_the_platform_is_down_then_it_is_tried_until_it_is_gone(
        self, post: Post
    ) -> None:
        await post.send(*self.both())
        post.channel.fail(Outcome.RETRY_LATER, after=30)
        post.channel.fail(Outcome.UNKNOWN, shown=True)
        await post.later(seconds=60)
        assert post.channel.texts("anna") != []
        for _ in range(4):
            await post.later(seconds=60)
        assert post.channel.texts("anna") == []
        assert {state for state, _ in await post.states()} == {"sent"}

    async def test_when_sending_it_is_tried_again_then_it_is_still_the_message_and_deleted(
        self, post: Post
    ) -> None:
        post.channel.fail(Outcome.RETRY_LATER, after=90)
        await post.send(*self.both())
        await post.later(seconds=61)
        assert post.channel.log == []
        await post.later(seconds=60)
        assert post.channel.log == ["anna 154 0256 9624"]
        assert post.channel.texts("anna") == []

    async def test_when_its_reader_deleted_it_then_there_is_nothing_to_do(
        self, post: Post
    ) -> None:
        await post.send(*self.both())
        post.channel.forget(post.channel.messages[0].ref)
        await post.later(seconds=60)
        assert {state for state, _ in await post.states()} == {"sent"}

    async def test_when_the_platform_deletes_it_no_more_then_it_is_redrawn(
        self, post: Post
    ) -> None:
        await post.send(*self.both())
        post.channel.fail(Outcome.REJECTED)
        await post.later(seconds=60)
        assert post.channel.texts("anna") == ["taken back"]

    @pytest.mark.parametrize(
        ("edits", "left"), [(True, ["taken back"]), (False, ["154 0256 9624"])]
    )
    async def test_when_the_channel_cannot_delete_then_it_is_redrawn_or_stays(
        self, post: Post, edits: bool, left: list[str]
    ) -> None:
        post.channel.capabilities = replace(PHONE, deletes=False, edits=edits)
        await post.send(*self.both())
        await post.later(seconds=60)
        assert post.channel.texts("anna") == left
        assert (await post.states())[1][0] == ("sent" if edits else "dropped")

    async def test_when_it_was_never_shown_then_nothing_is_deleted(self, post: Post) -> None:
        post.channel.fail(Outcome.REJECTED)
        await post.send(*self.both(), put("next"))
        await post.later(seconds=60)
        assert post.channel.texts("anna") == ["next"]
        assert (await post.states())[1] == ("dropped", "cannot_delete")

    async def test_when_the_reader_moved_to_another_chat_then_it_goes_to_no_other(
        self, post: Post
    ) -> None:
        await post.put(*self.both())
        await post.units.run(
            lambda unit: forwarding.forward(
                unit, "fake", "anna", None, ("fake", "other"), problem="moved"
            )
        )
        await post.later(seconds=60)
        assert post.channel.log == []
