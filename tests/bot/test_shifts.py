"""Two processes on one database: one sends for a channel, and another goes on when it dies."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import pytest
from sqlalchemy import func, select

from bot import rounds, shifts
from bot.delivery import Relay
from bot.settings import Limits
from bot.units import Units
from handlers.conversation.messages import Card
from storage import outbox
from storage.crypto import Vault
from storage.database import Database
from storage.tables import outbox as rows
from storage.unit import Unit
from tests.conftest import NOW
from tests.fakes.channel import RecordingChannel
from tests.fakes.clock import SettableClock
from tests.fakes.postgres import Server

PATIENCE = 60.0


def put(number: int, account: str = "anna", due: datetime = NOW) -> Callable[[Unit], None]:
    def work(unit: Unit) -> None:
        outbox.put(
            unit, key=f"k{number}", channel="fake", account=account, staff_id=None, mode="send",
            slot="", body=Card(f"{number:03}").encoded("zh_CN"), due_at=due,
        )  # fmt: skip

    return work


async def until(reached: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not reached():  # noqa: ASYNC110 - another thread's work, which tells nobody
            await asyncio.sleep(0)


@dataclass
class Process:
    """What one process of the bot has of its own."""

    database: Database
    units: Units
    channel: RecordingChannel
    relay: Relay

    @property
    def leads(self) -> bool:
        return self.relay._shift.ours

    async def until_it_leads(self) -> None:
        await until(lambda: self.leads)

    async def close(self) -> None:
        await self.relay.stop()
        await self.units.stop()
        self.database.close()


@pytest.fixture
async def processes(
    postgresql_url: str, vault: Vault, clock: SettableClock, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[list[Process]]:
    """Two processes; the first asks first, so it sends."""
    monkeypatch.setattr(shifts, "BEAT_SECONDS", 0.05)
    # whatever is sent within the patience is not sent by the look now and then
    monkeypatch.setattr(rounds, "LOOK_SECONDS", 10 * PATIENCE)
    made = []
    for _ in range(2):
        database = Database.open(postgresql_url, upgrade=False)
        units = Units(database, vault, clock)
        units.start()
        channel = RecordingChannel()
        relay = Relay(
            channel,
            units,
            clock,
            lambda _unit, _row: None,
            lambda _s, _n: (),
            Limits(enabled=False),
        )
        made.append(Process(database, units, channel, relay))
    made[0].relay.start()
    await made[0].until_it_leads()
    made[1].relay.start()
    await made[1].relay._shift.ready()
    yield made
    for one in made:
        await one.close()


async def all_sent(process: Process, count: int) -> None:
    query = select(func.count()).select_from(rows).where(rows.c.state == "sent")
    async with asyncio.timeout(PATIENCE):
        while await process.units.read(lambda s: s.execute(query).scalar_one()) < count:
            pass


def end_seat(server: Server, process: Process) -> None:
    """End the connection that the seat hangs on, as when its machine is cut off."""
    connection = process.relay._shift._seat._connection  # type: ignore[attr-defined]  # a real seat
    ended = connection.connection.driver_connection.info.backend_pid
    with server.connect() as admin:
        admin.execute("SELECT pg_terminate_backend(%s, 10000)", (ended,))


class TestGivenTwoProcesses:
    async def test_then_one_sends_what_either_wrote_at_once(
        self, processes: list[Process]
    ) -> None:
        first, second = processes
        assert (first.leads, second.leads) == (True, False)
        for number in range(20):
            by = processes[number % 2]
            await by.units.run(put(number), "fake:anna")
            by.relay.wake()
        await all_sent(first, 20)
        assert first.channel.texts("anna") == [f"{n:03}" for n in range(20)]
        assert second.channel.texts("anna") == []

    async def test_when_the_first_stops_then_the_second_goes_on(
        self, processes: list[Process]
    ) -> None:
        first, second = processes
        await first.relay.stop()
        await second.until_it_leads()
        await first.units.run(put(1))
        second.relay.wake()
        await all_sent(second, 1)
        assert second.channel.texts("anna") == ["001"]

    async def test_when_its_connection_is_cut_then_the_other_takes_over_and_nothing_is_lost(
        self, processes: list[Process], server: Server
    ) -> None:
        first, second = processes
        for number in range(30):
            await second.units.run(put(number, f"chat-{number % 3}"))
        first.relay.wake()
        began = time.monotonic()
        await asyncio.to_thread(end_seat, server, first)
        await until(lambda: first.leads or second.leads)
        for number in range(30, 60):
            await first.units.run(put(number, f"chat-{number % 3}"))
            second.relay.wake()
            first.relay.wake()
        await all_sent(second, 60)
        assert time.monotonic() - began < PATIENCE
        assert first.leads is not second.leads
        for chat in ("chat-0", "chat-1", "chat-2"):
            sent = first.channel.texts(chat) + second.channel.texts(chat)
            # at least once, and at most one twice: what was on its way
            assert len(sent) - len(set(sent)) <= 1
        everything = {
            one
            for process in processes
            for chat in ("chat-0", "chat-1", "chat-2")
            for one in process.channel.texts(chat)
        }
        assert everything == {f"{n:03}" for n in range(60)}

    async def test_when_another_has_taken_over_then_nothing_is_claimed_or_given_back(
        self, processes: list[Process]
    ) -> None:
        first, second = processes
        first.channel.passes.clear()
        await first.units.run(put(1))
        first.relay.wake()
        await first.channel.sending.wait()
        # the second takes over although the first has not noticed: its connection hangs
        shift = second.relay._shift
        await second.units.run(partial(shift._take_over, second.relay._recovery()))
        assert (await second.units.run(lambda unit: outbox.claim(unit, "fake", NOW, 9)))[0]
        await first.units.run(put(2))
        first.relay.wake()
        await first.relay._round()
        first.channel.passes.set()
        await all_sent(first, 1)  # it did arrive, and that is written down
        states = select(rows.c.key, rows.c.state).order_by(rows.c.turn)
        found = await first.units.read(lambda s: [tuple(r) for r in s.execute(states)])
        assert found == [("k1", "sent"), ("k2", "ready")]

    async def test_when_a_claim_is_kept_but_not_known_then_it_is_sent_all_the_same(
        self, processes: list[Process]
    ) -> None:
        first, second = processes
        await second.units.run(put(1))
        # as a claim whose answer was lost leaves it
        await second.units.run(lambda unit: outbox.claim(unit, "fake", NOW, 9) and None)
        first.relay._in_doubt = True
        first.relay.wake()
        await all_sent(first, 1)
        assert first.channel.texts("anna") == ["001"]

    async def test_when_a_chat_ends_while_the_shift_is_taken_again_then_all_it_held_is_sent(
        self, processes: list[Process]
    ) -> None:
        first, _ = processes
        for number in range(3):
            await first.units.run(put(number, "anna"))
        first.channel.passes.clear()
        first.relay.wake()
        await first.channel.sending.wait()
        shift = first.relay._shift
        shift._ours = False
        await first.units.run(partial(shift._take_over, first.relay._recovery()))
        first.channel.passes.set()
        await until(lambda: not first.relay._chats)  # it saw that the shift was lost
        shift._ours = True
        first.relay.wake()
        await all_sent(first, 3)
        assert first.channel.texts("anna") == ["000", "001", "002"]


def test_the_seat_is_looked_at_within_seconds() -> None:
    assert shifts.BEAT_SECONDS <= 2
