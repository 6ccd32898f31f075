"""The access token of WeCom's app: several programs use one, and never ask for two at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from bot.channels.base import ChannelError, Outcome
from bot.channels.wecom.channel import Wecom
from bot.settings import MemberLimits
from bot.units import Units
from handlers.conversation.messages import Card
from storage import channel_notes, leases
from storage.crypto import Vault
from storage.database import Database
from storage.errors import DatabaseRefused
from tests.channels.harness import ANN, Bot, WecomHands, wecom_hands
from tests.fakes.telegram.faults import Fault

GET = "gettoken"


class Leases:
    """Whose turn it is, as the database says it."""

    def __init__(self) -> None:
        self.holders: dict[str, object] = {}

    def hold(self, name: str, holder: object) -> bool:
        return self.holders.setdefault(name, holder) is holder

    def release(self, name: str, holder: object) -> None:
        if self.holders.get(name) is holder:
            del self.holders[name]


class Program(Bot):
    """One of several on a store."""

    def __init__(self, leases: Leases, notes: dict[tuple[str, str, str], str]) -> None:
        super().__init__()
        self.notes = notes
        self.leases = leases
        self.asked_for_turn = 0
        self.refusing = False

    async def hold(self, name: str, seconds: float, *, shared: bool = False) -> bool:
        assert seconds > 20
        assert not shared
        self.asked_for_turn += 1
        if self.refusing:
            raise DatabaseRefused("away")
        return self.leases.hold(name, self)

    async def release(self, name: str) -> None:
        self.leases.release(name, self)


@pytest.fixture
async def hands(tmp_path: Path) -> AsyncIterator[WecomHands]:
    async with wecom_hands(tmp_path) as opened:
        yield opened


@asynccontextmanager
async def programs(hands: WecomHands, number: int) -> AsyncIterator[list[tuple[Wecom, Program]]]:
    leases, notes = Leases(), {}
    async with AsyncExitStack() as opened:
        found = []
        for _ in range(number):
            program = Program(leases, notes)
            channel = Wecom(hands.server.settings(), hands.clock.now, sleep=at_once)
            await channel.open(program)
            opened.push_async_callback(channel.close)
            found.append((channel, program))
        yield found


async def at_once(_seconds: float) -> None:
    await asyncio.sleep(0.001)


async def until(reached: Callable[[], object]) -> None:
    async with asyncio.timeout(5):
        while not reached():  # noqa: ASYNC110 - no word of it
            await asyncio.sleep(0)


class TestGivenTwoPrograms:
    @pytest.mark.parametrize("spoilt", [False, True])
    async def test_when_both_need_a_token_at_once_then_one_asks_for_both(
        self, hands: WecomHands, spoilt: bool
    ) -> None:
        async with programs(hands, 2) as ((one, _), (other, waiting)):
            if spoilt:
                await one.send(ANN, Card("a"))
                await other.send(ANN, Card("b"))
                hands.server.spoil(42001)
            before = hands.server.count(GET)
            hands.server.faults.add(Fault.SILENCE, GET)
            first = asyncio.create_task(one.send(ANN, Card("c")))
            await until(lambda: hands.server.faults.struck[GET, Fault.SILENCE])
            second = asyncio.create_task(other.send(ANN, Card("d")))
            await until(lambda: waiting.asked_for_turn > 2)
            hands.server.release()
            await asyncio.gather(first, second)
            assert hands.server.count(GET) == before + 1
            assert waiting.leases.holders == {}

    async def test_when_an_old_token_is_refused_late_then_the_newer_one_stays(
        self, hands: WecomHands
    ) -> None:
        async with programs(hands, 2) as ((one, _), (other, _)):
            await one.send(ANN, Card("a"))
            await other.send(ANN, Card("b"))
            hands.server.faults.add(Fault.SILENCE, "message/send")
            late = asyncio.create_task(one.send(ANN, Card("c")))
            await until(lambda: hands.server.faults.struck["message/send", Fault.SILENCE])
            hands.server.spoil(40014)
            await other.send(ANN, Card("d"))
            hands.server.release()
            await late
            await other.send(ANN, Card("e"))
            assert hands.server.count(GET) == 2

    async def test_when_the_one_that_asks_is_refused_then_the_other_may(
        self, hands: WecomHands
    ) -> None:
        async with programs(hands, 2) as ((one, _), (other, _)):
            hands.server.faults.add(Fault.CONFLICT, GET)
            with pytest.raises(ChannelError):
                await one.send(ANN, Card("a"))
            await other.send(ANN, Card("b"))
            assert hands.server.count(GET) == 1

    async def test_when_the_one_that_asks_says_nothing_for_too_long_then_later(
        self, hands: WecomHands
    ) -> None:
        async with programs(hands, 2) as ((one, _), (other, waiting)):
            hands.server.faults.add(Fault.SILENCE, GET)
            first = asyncio.create_task(one.send(ANN, Card("a")))
            await until(lambda: hands.server.faults.struck[GET, Fault.SILENCE])
            with pytest.raises(ChannelError) as caught:
                await other.send(ANN, Card("b"))
            assert caught.value.outcome is Outcome.RETRY_LATER
            hands.server.release()
            await first
            assert waiting.asked_for_turn > 100

    async def test_when_it_took_so_long_that_another_got_one_then_that_one_stays(
        self, hands: WecomHands
    ) -> None:
        async with programs(hands, 2) as ((one, late), (other, _)):
            hands.server.faults.add(Fault.SILENCE, GET)
            first = asyncio.create_task(one.send(ANN, Card("a")))
            await until(lambda: hands.server.faults.struck[GET, Fault.SILENCE])
            late.leases.holders.clear()  # the lease ran out
            await other.send(ANN, Card("b"))
            (newer,) = hands.server.tokens
            late.leases.holders[f"wecom {token_ref(late)}"] = None
            hands.server.release()
            await first
            assert newer in late.notes["wecom", "", token_ref(late)]

    async def test_when_the_store_is_away_then_each_asks_for_itself(
        self, hands: WecomHands
    ) -> None:
        async with programs(hands, 1) as ((one, program),):
            program.refusing = True
            channel_tokens = one._api._tokens
            assert await channel_tokens.valid()
            assert hands.server.count(GET) == 1

    async def test_when_it_is_about_to_run_out_then_one_renews_it(self, hands: WecomHands) -> None:
        async with programs(hands, 3) as found:
            for _ in range(2):
                await asyncio.gather(*(one.send(ANN, Card("a")) for one, _ in found))
                hands.clock.advance(hands.clock.now() + timedelta(seconds=7000))
            assert hands.server.count(GET) == 2


class Stored(Bot):
    """A program's desk over a database."""

    def __init__(self, units: Units, holder: str) -> None:
        super().__init__()
        self.units = units
        self.holder = holder
        self.waited = 0

    async def hold(self, name: str, seconds: float, *, shared: bool = False) -> bool:
        del shared
        work = partial(leases.take, name=name, holder=self.holder, seconds=seconds)
        held = await self.units.run(work)
        self.waited += not held
        return held

    async def release(self, name: str) -> None:
        await self.units.run(partial(leases.release, name=name, holder=self.holder))

    async def note(self, channel: str, account: str, ref: str, text: str) -> None:
        put = partial(channel_notes.put, channel=channel, account=account, ref=ref, text=text)
        await self.units.run(put, durable=False)

    async def noted(self, channel: str, account: str, ref: str) -> str | None:
        get = partial(channel_notes.get, channel=channel, account=account, ref=ref)
        return await self.units.run(get)


async def test_when_two_programs_share_a_server_then_one_token_and_one_count(
    hands: WecomHands, postgresql_url: str, vault: Vault
) -> None:
    async with AsyncExitStack() as opened:
        found: list[tuple[Wecom, Stored]] = []
        for holder in ("one", "other"):
            database = Database.open(postgresql_url, upgrade=False)
            opened.callback(database.close)
            units = Units(database, vault, hands.clock)
            units.start()
            opened.push_async_callback(units.stop)
            desk = Stored(units, holder)
            limits = MemberLimits(member_per_minute=2)
            settings = hands.server.settings(limits=limits)
            channel = Wecom(settings, hands.clock.now, sleep=at_once)
            await channel.open(desk)
            opened.push_async_callback(channel.close)
            found.append((channel, desk))
        (one, _), (other, waiting) = found
        hands.server.faults.add(Fault.SILENCE, GET)
        first = asyncio.create_task(one.send(ANN, Card("a")))
        await until(lambda: hands.server.faults.struck[GET, Fault.SILENCE])
        second = asyncio.create_task(other._api._tokens.valid())
        await until(lambda: waiting.waited > 1)
        hands.server.release()
        await asyncio.gather(first, second)
        await other.send(ANN, Card("b"))
        assert hands.server.count(GET) == 1
        with pytest.raises(ChannelError) as caught:
            await one.send(ANN, Card("c"))
        assert caught.value.after == 60


def token_ref(program: Program) -> str:
    return next(ref for _, account, ref in program.notes if not account)
