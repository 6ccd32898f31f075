"""PostgreSQL refused, cut, stalled and killed beneath a running program: it goes on by itself."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.clock import SystemClock
from tests.chaos import client, company
from tests.chaos.crowd import Accepted, Person
from tests.chaos.program import Program
from tests.chaos.tally import Page, Tally
from tests.chaos.test_kills import asks
from tests.chaos.verdict import customers, opened, unsent
from tests.fakes.ports import free_port
from tests.fakes.postgres import PASSWORD, Server
from tests.fakes.telegram_server import TelegramServer
from tests.fakes.wire import Wire

PEOPLE = 6
TIMES = (1, 10)
"""How often each trouble comes, in the sample and in the campaign."""
AWAY_SECONDS = 1.5
AGAIN_SECONDS = (20.0, 5.0)
"""How soon it serves again; a sample may run on a machine that is busy with other tests."""
QUIET_SECONDS = 120
FIGURES = Page(
    "chaos-server",
    "PostgreSQL away",
    f"`make chaos`: the server beneath `dossierbot run` goes away for {AWAY_SECONDS} s while "
    f"{PEOPLE} people write over Telegram, and comes back. Whatever the bot confirmed to "
    "somebody is in the database; the program was not restarted.",
    ("trouble", "times", "messages", "false confirmations", "serving again after, at most"),
)

Act = Callable[[Server, Wire], Awaitable[None]]


@dataclass(frozen=True)
class Trouble:
    name: str
    begin: Act
    end: Act


async def _stop(server: Server, _wire: Wire) -> None:
    await asyncio.to_thread(server.stop)


async def _kill(server: Server, _wire: Wire) -> None:
    server.kill()


async def _start(server: Server, _wire: Wire) -> None:
    await asyncio.to_thread(server.start)


async def _cut(_server: Server, wire: Wire) -> None:
    wire.cut()


async def _hold(_server: Server, wire: Wire) -> None:
    wire.hold()


async def _release(_server: Server, wire: Wire) -> None:
    wire.release()


TROUBLES = (
    Trouble("refused", _stop, _start),
    Trouble("cut", _cut, _cut),
    Trouble("stalled", _hold, _release),
    Trouble("killed", _kill, _start),
)


@pytest.mark.chaos
@pytest.mark.parametrize("trouble", TROUBLES, ids=lambda one: one.name)
async def test_when_the_server_goes_away_then_nothing_false_is_confirmed_and_it_serves_again(
    tmp_path: Path,
    own_server: Server,
    wire: Wire,
    campaign: bool,
    tally: Tally,
    trouble: Trouble,
) -> None:
    direct = company.settings_of(tmp_path, own_server.url("company"))
    company.made(direct, SystemClock())
    keepers = dict(list(customers(direct.storage.url).items())[:PEOPLE])
    company.change(direct, SystemClock(), lambda unit: company.bind(unit, keepers))
    over_wire = f"postgresql://bot:{PASSWORD}@127.0.0.1:{wire.port}/company"
    accepted, ends, slowest = Accepted(), asyncio.Event(), 0.0
    async with TelegramServer(now=_now) as platform, asyncio.TaskGroup() as group:
        wiring = company.Wiring("polling", platform.base, platform.token, free_port())
        config = company.write_config(company.settings_of(tmp_path, over_wire), wiring)
        ready = '"event": "started"'
        program = Program("run", "--config", config, log=tmp_path / "log", ready=ready)
        asking = asyncio.ensure_future(asks(platform, "polling"))
        await program.start()
        await asking
        work = [
            group.create_task(
                Person(client.TelegramClient(platform, one), names, accepted, n).work(ends)
            )
            for n, (one, names) in enumerate(keepers.items())
        ]
        for _ in range(TIMES[campaign]):
            await _answered(platform, PEOPLE)
            await trouble.begin(own_server, wire)
            await asyncio.sleep(AWAY_SECONDS)
            await trouble.end(own_server, wire)
            back = time.monotonic()
            await _answered(platform, 1)
            slowest = max(slowest, time.monotonic() - back)
        ends.set()
        await asyncio.wait(work)
        async with asyncio.timeout(QUIET_SECONDS):
            while await asyncio.to_thread(unsent, direct.storage.url, _now()):  # noqa: ASYNC110 - another process
                await asyncio.sleep(0.1)
        await platform.idle(QUIET_SECONDS)
        assert await program.stop() == 0
        with opened(direct, client.platform_of(platform), _now()) as verdict:
            problems = verdict.problems(accepted, TIMES[campaign])
    assert not problems, "\n".join(problems)
    assert slowest <= AGAIN_SECONDS[campaign]
    tally.add(FIGURES, trouble.name, TIMES[campaign], len(accepted), 0, f"{slowest:.1f} s")


async def _answered(platform: TelegramServer, times: int) -> None:
    """Return when the bot has written so many messages from now on."""
    wanted = len(platform.calls.of("sendMessage")) + times
    await platform.until(
        lambda: len(platform.calls.of("sendMessage")) >= wanted, within=QUIET_SECONDS
    )


def _now() -> datetime:
    return datetime.now(UTC)
