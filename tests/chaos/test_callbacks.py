"""A database that stalls or is away beneath WeCom's callbacks: each gets its 200 in time, and what
it was answered for is handled once the database is back."""

from __future__ import annotations

import asyncio
import sqlite3
import statistics
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.clock import SystemClock
from bot.settings import Settings
from storage import staff
from storage.staff import StaffRow
from storage.unit import Unit
from tests.chaos import company, wecom
from tests.chaos.crowd import Accepted
from tests.chaos.program import Program
from tests.chaos.tally import Page, Tally
from tests.chaos.verdict import opened, unhandled, unsent
from tests.fakes.ports import free_port
from tests.fakes.postgres import PASSWORD, Server
from tests.fakes.wecom.callbacks import ANSWER_SECONDS
from tests.fakes.wecom_server import WecomServer
from tests.fakes.wire import Wire

PEOPLE = (8, 64)
"""Who write, in the sample and in the campaign."""
CALM_SECONDS = (1.0, 3.0)
"""How long they write before and after the trouble."""
THINKING_SECONDS = 0.5
QUIET_SECONDS = 600.0
FIGURES = Page(
    "chaos-callbacks",
    "WeCom's callbacks",
    f"`make chaos`: {PEOPLE[1]} people write over WeCom to `dossierbot run`, each again "
    f"{THINKING_SECONDS:g} s after the empty 200, while the database stalls or is away. WeCom "
    "gives up after 5 s. Afterwards every message that was answered 200 has its effect once; the "
    "program was not restarted.",
    ("database", "trouble", "messages", "median", "p99", "longest", "over 5 s", "lost"),
)


@dataclass(frozen=True)
class Trouble:
    name: str
    campaign: float
    """How long it lasts, in seconds."""
    sample: float = 0.0
    """The same in the sample; 0: it is not in it."""
    again: int = 0
    """Answers in each chat that the store could not be told of in time: they are sent again, for
    sending is at least once."""


STALLS = (
    Trouble("none", 10),
    Trouble("stalls for 2 s", 2),
    Trouble("stalls for 20 s", 20, sample=4.5, again=1),
)
DOWN = Trouble("down for 20 s", 20, sample=2, again=1)


class Writers:
    """People who write again as soon as the platform has their message."""

    def __init__(self, server: WecomServer, numbers: list[str]) -> None:
        self.accepted = Accepted()
        self._clients = [wecom.WecomClient(server, one) for one in numbers]
        self._ends = asyncio.Event()

    async def write(self) -> None:
        await asyncio.gather(*(self._one(one) for one in self._clients))

    def stop(self) -> None:
        self._ends.set()

    async def _one(self, client: wecom.WecomClient) -> None:
        number = 0
        while not self._ends.is_set():
            token = f"{client.account}x{number:04}"
            await client.say(token, f"下午与对方核对账目并留存一份复印件,编号 {token}")
            self.accepted.texts.append(token)
            number += 1
            await asyncio.sleep(THINKING_SECONDS)


def sampled(trouble: Trouble, campaign: bool) -> None:
    if not (campaign or trouble.sample):
        pytest.skip("in the campaign only")


@pytest.mark.chaos
@pytest.mark.parametrize("trouble", STALLS, ids=lambda one: one.name)
async def test_when_the_file_is_locked_then_each_callback_is_answered_in_time(
    tmp_path: Path, real_time: Path, campaign: bool, tally: Tally, trouble: Trouble
) -> None:
    sampled(trouble, campaign)
    settings = company.copied(real_time, tmp_path / "company")
    async with _writing(settings, settings, tmp_path / "log", campaign) as (writers, server):
        await _lock(settings, trouble, campaign)
        await _end(writers, server, settings, campaign)
    _judge("SQLite", trouble, settings, writers, server, tally)


@pytest.mark.chaos
@pytest.mark.parametrize("trouble", [*STALLS[1:], DOWN], ids=lambda one: one.name)
async def test_when_the_server_stalls_or_is_down_then_each_callback_is_answered_in_time(
    tmp_path: Path,
    request: pytest.FixtureRequest,
    campaign: bool,
    tally: Tally,
    trouble: Trouble,
) -> None:
    sampled(trouble, campaign)
    own_server: Server = request.getfixturevalue("own_server")
    wire: Wire = request.getfixturevalue("wire")
    direct = company.settings_of(tmp_path, own_server.url("company"))
    company.made(direct, SystemClock())
    over_wire = f"postgresql://bot:{PASSWORD}@127.0.0.1:{wire.port}/company"
    settings = company.settings_of(tmp_path, over_wire)
    async with _writing(direct, settings, tmp_path / "log", campaign) as (writers, server):
        if trouble is DOWN:
            await asyncio.to_thread(own_server.stop)
        else:
            wire.hold()
        await asyncio.sleep(_seconds(trouble, campaign))
        if trouble is DOWN:
            await asyncio.to_thread(own_server.start)
        else:
            wire.release()
        await _end(writers, server, direct, campaign)
    _judge("PostgreSQL", trouble, direct, writers, server, tally)


@asynccontextmanager
async def _writing(
    direct: Settings, settings: Settings, log: Path, campaign: bool
) -> AsyncIterator[tuple[Writers, WecomServer]]:
    """Let people write to a running program; `direct`: its settings without the wire."""
    numbers = [f"W{number:03}" for number in range(PEOPLE[campaign])]
    company.change(direct, SystemClock(), lambda unit: _hire(unit, numbers))
    async with WecomServer(now=_now) as server, asyncio.TaskGroup() as group:
        server.chats.limited = False
        server.callbacks.patient = True
        wiring = company.WecomWiring(server.base, free_port())
        server.callbacks.url = f"http://127.0.0.1:{wiring.port}/wecom/callback"
        config = company.write_config(settings, wiring)
        program = Program("run", "--config", config, log=log, ready='"event": "started"')
        await program.start()
        try:
            writers = Writers(server, numbers)
            writing = group.create_task(writers.write())
            await asyncio.sleep(CALM_SECONDS[campaign])
            yield writers, server
            await writing
        except BaseException:
            await program.kill()
            raise
        assert await program.stop() == 0


def _hire(unit: Unit, numbers: list[str]) -> None:
    for one in numbers:
        staff.save(unit, StaffRow(one, f"业务员{one}", "销售一部", ("salesperson",)))
    company.bind(unit, numbers, "wecom")


async def _lock(settings: Settings, trouble: Trouble, campaign: bool) -> None:
    """Let another program hold the file for as long as the trouble lasts."""
    file = settings.storage.url.removeprefix("sqlite:///")
    other = sqlite3.connect(file, timeout=30, check_same_thread=False, isolation_level=None)
    if trouble.name != "none":
        await asyncio.to_thread(other.execute, "BEGIN IMMEDIATE")
    await asyncio.sleep(_seconds(trouble, campaign))
    other.close()


async def _end(writers: Writers, server: WecomServer, settings: Settings, campaign: bool) -> None:
    """Let people write on for a while, and wait until all they wrote is answered."""
    await asyncio.sleep(CALM_SECONDS[campaign])
    writers.stop()
    url = settings.storage.url
    async with asyncio.timeout(QUIET_SECONDS):
        while server.callbacks.offering or server.callbacks.waiting:  # noqa: ASYNC110 - of others
            await asyncio.sleep(0.1)
        while await asyncio.to_thread(_left, url):  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.2)


def _left(url: str) -> int:
    return unhandled(url) + unsent(url, _now())


def _judge(
    database: str,
    trouble: Trouble,
    settings: Settings,
    writers: Writers,
    server: WecomServer,
    tally: Tally,
) -> None:
    platform, taken = wecom.platform_of(server), sorted(server.callbacks.seconds_taken)
    with opened(settings, platform, _now()) as verdict:
        problems = verdict.problems(writers.accepted, trouble.again)
    assert not problems, "\n".join(problems)
    offers = [one.offers for one in server.callbacks.past]
    assert set(offers) == {1}, f"{sum(one > 1 for one in offers)} of {len(offers)} came again"
    assert taken[-1] < ANSWER_SECONDS
    tally.add(
        FIGURES,
        database,
        trouble.name,
        len(writers.accepted),
        _ms(statistics.median(taken)),
        _ms(taken[int(len(taken) * 0.99)]),
        _ms(taken[-1]),
        0,
        0,
    )


def _seconds(trouble: Trouble, campaign: bool) -> float:
    return trouble.campaign if campaign else trouble.sample


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:,.0f} ms"


def _now() -> datetime:
    return datetime.now(UTC)
