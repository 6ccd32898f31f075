"""SIGKILL at random moments under load: every accepted message has its effect exactly once."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from random import Random

import pytest
from aiohttp import ClientSession

from bench import report
from tests.chaos.crowd import Accepted, Person, Wire
from tests.chaos.program import Program
from tests.chaos.verdict import customers, opened, unsent

SAMPLE = 4
CAMPAIGN = 50
PEOPLE = 12
UPTIME = (0.05, 2.5)
"""Seconds the program lives after it began to take messages."""
QUIET_SECONDS = 120


@pytest.mark.chaos
async def test_killed_at_random_moments_nothing_is_lost_doubled_or_half_written(
    tmp_path: Path, campaign: bool
) -> None:
    kills = CAMPAIGN if campaign else SAMPLE
    seed = time.time_ns() % 1_000_000
    print(f"seed {seed}")  # noqa: T201 - whoever sees it fail needs it
    accepted = await _campaign(Program(tmp_path), kills, Random(seed))
    with opened(tmp_path / "company") as verdict:
        problems = verdict.problems(accepted, kills)
    figures = f"{kills} kills, {len(accepted)} messages accepted, seed {seed}"
    assert not problems, "\n".join([figures, *problems])
    assert len(accepted) >= kills * 5, "the load was too small to mean anything"
    if campaign:
        _keep(kills, accepted)


async def _campaign(program: Program, kills: int, random: Random) -> Accepted:
    """Kill the program again and again while people write; return what was accepted."""
    accepted, ends = Accepted(), asyncio.Event()
    await program.start()
    await program.stop()  # the company is made in peace
    keepers = dict(list(customers(program.folder).items())[:PEOPLE])
    async with ClientSession() as session, asyncio.TaskGroup() as group:
        wire = Wire(session, list(keepers))
        work = [
            group.create_task(
                Person(wire, account, names, accepted, random.getrandbits(32)).work(ends)
            )
            for account, names in keepers.items()
        ]
        for _ in range(kills):
            await program.start()
            listening = group.create_task(wire.run(program.origin))
            await asyncio.sleep(random.uniform(*UPTIME))
            await program.kill()
            await listening
        await program.start()
        listening = group.create_task(wire.run(program.origin))
        ends.set()
        await asyncio.wait(work)
        await _quiet(program)
        assert await program.stop() == 0
        await listening
    return accepted


async def _quiet(program: Program) -> None:
    """Wait until nothing is left to be sent or fetched."""
    async with asyncio.timeout(QUIET_SECONDS):
        while await asyncio.to_thread(unsent, program.folder):  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.1)


def _keep(kills: int, accepted: Accepted) -> None:
    figures = report.table(
        (
            "kills",
            "messages accepted",
            "texts",
            "photos",
            "visit notes",
            "effects lost",
            "effects doubled",
        ),
        [
            (
                str(kills),
                f"{len(accepted):,}",
                f"{len(accepted.texts):,}",
                f"{len(accepted.photos):,}",
                f"{len(accepted.notes):,}",
                "0",
                "0",
            )
        ],
    )
    report.keep(
        report.Section(
            "chaos",
            "SIGKILL at random moments",
            f"`make chaos`: {PEOPLE} people write to the demo as fast as they are answered while "
            "its process is killed again and again. Afterwards every message the platform had "
            "accepted has its effect exactly once, every reply was shown at least once, and "
            "nothing is half-written.",
            figures,
        )
    )
