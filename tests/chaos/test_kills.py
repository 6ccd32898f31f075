"""SIGKILL at random moments under load: every accepted message has its effect exactly once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pytest
from aiohttp import ClientSession

from bot.channels.telegram.polling import LEASE
from bot.clock import SystemClock
from bot.demo import OPENS
from bot.settings import Settings
from storage import leases
from tests.chaos import client as telegram
from tests.chaos import company, page
from tests.chaos.crowd import Accepted, Client, Person
from tests.chaos.desk import telegram_desk
from tests.chaos.program import LIMIT, Program
from tests.chaos.tally import Page, Tally, database_of
from tests.chaos.verdict import customers, opened, unsent
from tests.fakes.clock import SettableClock
from tests.fakes.ports import free_port
from tests.fakes.telegram_server import TelegramServer

KILLS = {"phones": (4, 50), "telegram": (2, 75)}
"""In the sample and in the campaign; of Telegram for each way in and each database."""
PEOPLE = 12
UPTIME = (0.05, 2.5)
"""Seconds the program lives after it began to take messages."""
QUIET_SECONDS = 120
FIGURES = Page(
    "chaos",
    "SIGKILL at random moments",
    f"`make chaos`: {PEOPLE} people write as fast as they are answered, to the demo over the page "
    "of phones and to `dossierbot run` over the stand-ins, while its process is "
    "killed again and again. Afterwards every message the platform had accepted has its effect "
    "exactly once, every reply was shown at least once and in each chat at most once more for "
    "each kill, and nothing is half-written.",
    (
        "over",
        "kills",
        "messages accepted",
        "texts",
        "photos",
        "visit notes",
        "effects lost",
        "effects doubled",
    ),
)

Crowd = Sequence[tuple[Client, list[str]]]
"""Everybody who writes, with the customers they write about."""


@pytest.mark.chaos
async def test_killed_at_random_moments_nothing_is_lost_doubled_or_half_written(
    tmp_path: Path, campaign: bool, tally: Tally
) -> None:
    kills, random = KILLS["phones"][campaign], seeded()
    settings, port = company.settings_of(tmp_path / "company"), free_port()
    words = ("demo", "--port", str(port), "--data", tmp_path / "company")
    origin = f"http://127.0.0.1:{port}"
    program = Program(*words, log=tmp_path / "log", ready=origin)
    await program.start()
    await program.stop()  # the company is made in peace
    keepers = dict(list(customers(settings.storage.url).items())[:PEOPLE])
    async with ClientSession() as session:
        open_page = page.Page(session, list(keepers))
        crowd = [(page.PhonesClient(open_page, one), names) for one, names in keepers.items()]
        accepted = await harmed(
            program, crowd, kills, random,
            quiet=lambda: unsent(settings.storage.url, datetime.max.replace(tzinfo=UTC)),
            beside=lambda: open_page.run(origin),
        )  # fmt: skip
        kept = {key for key in open_page.kept}
    platform = page.platform_of(tmp_path / "company")
    assert kept <= {key.partition(":")[2] for key in platform.asked}
    with opened(settings, platform) as verdict:
        judged(verdict.problems(accepted, kills), accepted, kills)
    tell(tally, "the page of phones, SQLite", kills, accepted)


@pytest.mark.chaos
@pytest.mark.parametrize("mode", ["polling", "webhook"])
async def test_killed_over_telegram_nothing_is_lost_doubled_or_half_written(
    tmp_path: Path, at_work: Settings, campaign: bool, tally: Tally, mode: str
) -> None:
    kills, random = KILLS["telegram"][campaign], seeded()
    settings, url = at_work, at_work.storage.url
    keepers = dict(list(customers(url).items())[:PEOPLE])
    company.change(settings, SystemClock(), lambda unit: company.bind(unit, keepers))
    async with TelegramServer(now=_now, sleep=_soon) as server:
        wiring = company.Wiring(mode, server.base, server.token, free_port())
        config = company.write_config(settings, wiring)
        program = Program(
            "run", "--config", config, log=tmp_path / "log", ready='"event": "started"'
        )
        crowd = [(telegram.TelegramClient(server, one), names) for one, names in keepers.items()]
        accepted = await harmed(
            program, crowd, kills, random,
            quiet=lambda: unsent(url, _now()) + len(server.updates),
            taking=lambda: asks(server, mode),
        )  # fmt: skip
        platform = telegram.platform_of(server)
        with opened(settings, platform, _now()) as verdict:
            judged(verdict.problems(accepted, kills), accepted, kills)
    tell(tally, f"Telegram, {mode}, {database_of(url)}", kills, accepted)


async def test_when_a_killed_process_had_the_lease_then_on_sqlite_the_next_one_polls_at_once(
    tmp_path: Path, set_time: Path
) -> None:
    settings = company.copied(set_time, tmp_path / "company")
    company.change(
        settings,
        SettableClock(OPENS),
        lambda unit: leases.take(unit, LEASE, "killed", 3600),
    )
    async with telegram_desk(settings) as desk:
        await desk.start()
        await desk.server.until(lambda: desk.server.updates.polled)


async def harmed(
    program: Program,
    crowd: Crowd,
    kills: int,
    random: Random,
    *,
    quiet: Callable[[], int],
    beside: Callable[[], Awaitable[None]] | None = None,
    taking: Callable[[], Awaitable[None]] | None = None,
) -> Accepted:
    """Kill the program again and again while people write; return what was accepted.

    `quiet`: how much is still to be done; `beside` runs as long as the program does; `taking`
    returns when it takes messages, where that is later than it says.
    """
    accepted, ends = Accepted(), asyncio.Event()
    async with asyncio.TaskGroup() as group:
        work = [
            group.create_task(Person(one, names, accepted, random.getrandbits(32)).work(ends))
            for one, names in crowd
        ]
        for last in (False,) * kills + (True,):
            taken = asyncio.ensure_future(taking()) if taking else None
            await program.start()
            if taken:
                await taken
            listening = group.create_task(beside()) if beside else None
            if last:
                ends.set()
                await asyncio.wait(work)
                async with asyncio.timeout(QUIET_SECONDS):
                    while await asyncio.to_thread(quiet):  # noqa: ASYNC110 - another process
                        await asyncio.sleep(0.1)
                assert await program.stop() == 0
            else:
                await asyncio.sleep(random.uniform(*UPTIME))
                await program.kill()
            if listening:
                await listening
    return accepted


def judged(problems: list[str], accepted: Accepted, kills: int) -> None:
    """Let the test fail where something is wrong."""
    figures = f"{kills} kills, {len(accepted)} messages accepted"
    assert not problems, "\n".join([figures, *problems])
    assert len(accepted) >= kills * 5, "the load was too small to mean anything"


async def asks(server: TelegramServer, mode: str) -> None:
    """Return when the bot has asked for updates, or for those to be brought."""
    method = "getUpdates" if mode == "polling" else "setWebhook"
    before = len(server.calls.of(method))
    await server.until(lambda: len(server.calls.of(method)) > before, within=LIMIT)


def tell(tally: Tally, over: str, kills: int, accepted: Accepted) -> None:
    """Keep the figures of kills under which nothing was lost."""
    counts = (len(one) for one in (accepted.texts, accepted.photos, accepted.notes))
    tally.add(FIGURES, over, kills, len(accepted), *counts, 0, 0)


def seeded() -> Random:
    """Return randomness whose seed is told."""
    seed = time.time_ns() % 1_000_000
    print(f"seed {seed}")  # noqa: T201 - whoever sees it fail needs it
    return Random(seed)


def _now() -> datetime:
    return datetime.now(UTC)


async def _soon(_pause: float) -> None:
    """How the platform's patience passes here: what the bot missed comes again at once."""
    await asyncio.sleep(0.1)
