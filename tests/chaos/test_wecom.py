"""WeCom that fails in every way, and a program that is killed beneath it: nothing lost, nothing
twice."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.clock import SystemClock
from bot.settings import Settings
from tests.chaos import company, wecom
from tests.chaos.crowd import Accepted, Person
from tests.chaos.desk import WecomDesk, staffed, wecom_desk
from tests.chaos.program import Program
from tests.chaos.tally import Page, Tally, database_of
from tests.chaos.test_faults import PEOPLE, SEED, SHARES, SUPERIOR
from tests.chaos.test_kills import PEOPLE as CROWD
from tests.chaos.test_kills import harmed, judged, seeded, tell
from tests.chaos.verdict import customers, opened, unhandled, unsent
from tests.fakes.ports import free_port
from tests.fakes.telegram.faults import AFTER, Fault
from tests.fakes.wecom_server import WecomServer

ROUNDS = (1, 47)
"""Texts, recordings and notes of each person: in the campaign more than 10,000 messages."""
KILLS = (2, 100)
"""On each database."""
TOKENS = {"42001 in the middle": 42001, "40014 in the middle": 40014}
"""Tokens that go bad while they are in use."""
CALLS = {
    "45009": Fault.FLOOD,
    "-1": Fault.CONFLICT,
    "HTTP 500": Fault.ERROR,
    "connection reset": Fault.RESET,
    "reset after the effect": Fault.RESET_AFTER,
    "truncated body": Fault.TRUNCATED,
    "not JSON": Fault.NOT_JSON,
}
FIGURES = Page(
    "chaos-wecom",
    "Faults of WeCom",
    "`make chaos`: each way in which a call can fail strikes that share of all calls of the "
    "stand-in for WeCom. Every conversation was completed, and every message is there once.",
    ("fault", "share", "messages", "struck", "sent again", "lost", "effects doubled"),
)


@pytest.mark.chaos
@pytest.mark.parametrize("fault", [*CALLS, *TOKENS])
async def test_when_the_platform_fails_then_all_is_completed_and_nothing_twice(
    tmp_path: Path, set_time: Path, campaign: bool, tally: Tally, fault: str
) -> None:
    for share in SHARES if campaign else SHARES[2:]:
        folder = company.copied(set_time, tmp_path / f"{share}")
        settings = staffed(folder, (*PEOPLE, SUPERIOR), "wecom")
        async with wecom_desk(settings) as desk:
            if fault in TOKENS:
                desk.server.spoil_share(TOKENS[fault], share, seed=SEED)
            else:
                desk.server.faults.share(CALLS[fault], share, seed=SEED)
            await desk.start()
            accepted = await crowd(desk, ROUNDS[campaign])
            struck = desk.server.faults.struck
            repeated = sum(
                count
                for (method, one), count in struck.items()
                if one in AFTER and method == "message/send"
            )
            platform = wecom.platform_of(desk.server)
            with opened(desk.settings, platform, desk.clock.now()) as verdict:
                problems = verdict.problems(accepted, repeated)
                extra = sum(verdict.extra().values())
            assert not problems, "\n".join([str(struck), *problems])
            assert extra <= repeated
            hits = struck.total() + desk.server.spoilt
            assert hits
            tally.add(FIGURES, fault, f"{share:.0%}", len(accepted), hits, extra, 0, 0)


@pytest.mark.chaos
async def test_killed_over_wecom_nothing_is_lost_doubled_or_half_written(
    tmp_path: Path, at_work: Settings, campaign: bool, tally: Tally
) -> None:
    kills, random = KILLS[campaign], seeded()
    settings, url = at_work, at_work.storage.url
    keepers = dict(list(customers(url).items())[:CROWD])
    company.change(settings, SystemClock(), lambda unit: company.bind(unit, keepers, "wecom"))
    async with WecomServer(now=_now) as server:
        server.chats.limited = False
        server.callbacks.patient = True
        wiring = company.WecomWiring(server.base, free_port())
        server.callbacks.url = f"http://127.0.0.1:{wiring.port}/wecom/callback"
        config = company.write_config(settings, wiring)
        program = Program(
            "run", "--config", config, log=tmp_path / "log", ready='"event": "started"'
        )
        people = [(wecom.WecomClient(server, one), names) for one, names in keepers.items()]
        accepted = await harmed(
            program, people, kills, random,
            quiet=lambda: unsent(url, _now()) + unhandled(url) + server.callbacks.waiting,
        )  # fmt: skip
        platform = wecom.platform_of(server)
        with opened(settings, platform, _now()) as verdict:
            judged(verdict.problems(accepted, kills), accepted, kills)
    tell(tally, f"WeCom, {database_of(url)}", kills, accepted)


async def crowd(desk: WecomDesk, rounds: int) -> Accepted:
    """Let everybody do each thing so many times; return what was accepted."""
    accepted = Accepted()
    names = customers(desk.settings.storage.url)
    wecom.WecomClient(desk.server, SUPERIOR)
    people = [
        Person(wecom.WecomClient(desk.server, one), names[one], accepted, SEED + number)
        for number, one in enumerate(PEOPLE)
    ]
    await desk.through(*(asyncio.create_task(one.rounds(rounds)) for one in people))
    return accepted


def _now() -> datetime:
    return datetime.now(UTC)
