"""Every update delivered twice: nothing happens twice, whichever way it comes in."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import aiohttp
import pytest

from bot.channels.telegram.webhook import HEADER
from tests.chaos import client, company
from tests.chaos.crowd import Accepted
from tests.chaos.desk import Desk, staffed, telegram_desk
from tests.chaos.tally import Page, Tally
from tests.chaos.test_faults import PEOPLE, SUPERIOR, crowd
from tests.chaos.verdict import opened

UPDATES = (60, 10_000)
"""At least so many updates come twice, in the sample and in the campaign."""
FIGURES = Page(
    "chaos-doubles",
    "Every update twice",
    "`make chaos`: the stand-in for Telegram brings every update twice. Afterwards each has one "
    "effect, and no message was sent once more.",
    ("intake", "updates", "deliveries", "extra effects", "extra messages"),
)
MADE_IN_A_ROUND = 4 * len(PEOPLE)
"""A text, a photo, a note and the tap that files it, of each person."""


@pytest.mark.chaos
@pytest.mark.parametrize("mode", ["polling", "webhook"])
async def test_when_every_update_comes_twice_then_each_has_one_effect(
    tmp_path: Path, set_time: Path, campaign: bool, tally: Tally, mode: str
) -> None:
    settings = staffed(company.copied(set_time, tmp_path / "company"), (*PEOPLE, SUPERIOR))
    async with telegram_desk(settings, mode=mode, check=not campaign) as desk:
        desk.server.doubling = True
        await desk.start()
        accepted = await crowd(desk, -(-UPDATES[campaign] // MADE_IN_A_ROUND))
        assert len(desk.server.updates.past) >= UPDATES[campaign]
        problems = verdict_of(desk, accepted)
        assert not problems, "\n".join(problems)
        updates = len(desk.server.updates.past)
        tally.add(FIGURES, mode, updates, 2 * updates, 0, 0)


@pytest.mark.chaos
async def test_when_two_connections_bring_the_same_update_at_once_then_it_has_one_effect(
    tmp_path: Path, set_time: Path
) -> None:
    settings = staffed(company.copied(set_time, tmp_path / "company"), (*PEOPLE, SUPERIOR))
    async with telegram_desk(settings, mode="webhook") as desk, aiohttp.ClientSession() as session:
        await desk.start()
        hook = desk.server.webhook.hook

        async def bring(wire: object) -> int:
            headers = {HEADER: hook.secret}
            body = json.dumps(wire).encode()
            async with session.post(hook.url, data=body, headers=headers) as answer:
                return answer.status

        accepted = await crowd(desk, 1)
        again = [bring(one.wire) for one in desk.server.updates.past for _ in range(2)]
        assert set(await asyncio.gather(*again)) == {200}
        await desk.through()
        person = client.TelegramClient(desk.server, PEOPLE[0])
        hook.url, url = "", hook.url  # the platform holds the next one back
        await person.say("", "只来一次的话")
        hook.url = url
        (fresh,) = desk.server.updates.waiting()
        assert await asyncio.gather(*(bring(fresh.wire) for _ in range(4))) == [200] * 4
        desk.server.updates.forget(fresh)
        await desk.through()
        problems = verdict_of(desk, accepted)
        assert not problems, "\n".join(problems)


def verdict_of(desk: Desk, accepted: Accepted) -> list[str]:
    platform = client.platform_of(desk.server)
    with opened(desk.settings, platform, desk.clock.now()) as verdict:
        return verdict.problems(accepted, 0)
