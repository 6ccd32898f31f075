"""SIGKILL at every call to the platform that one visit note makes, right before it and after.

Before: the call was made and has no effect. After: it had its effect, and the answer is lost.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random

import pytest
from sqlalchemy import update

from bot.clock import SystemClock
from bot.settings import Settings
from storage.tables import account
from storage.unit import Unit
from tests.chaos import client, company
from tests.chaos.crowd import Accepted, Person
from tests.chaos.program import Program
from tests.chaos.tally import Page, Tally, database_of
from tests.chaos.verdict import customers, opened, unsent
from tests.fakes.ports import free_port
from tests.fakes.telegram.faults import DOWNLOAD, Fault
from tests.fakes.telegram_server import TelegramServer

AUTHOR, SUPERIOR = "CY015", "CY014"
MOMENTS = {"before": Fault.SILENCE, "after": Fault.SILENCE_AFTER}
SAMPLE = 1
"""Calls to die at, of those a clean run makes."""
RACING = {"getUpdates", "setMyCommands", "answerCallbackQuery"}
"""Called once more or once less, as the program is slower or faster than the person. Over a
webhook a tap is answered in the answer to its post, and only a slow one in a call."""
STRUCK_SECONDS = 60
QUIET_SECONDS = 120

FIGURES = Page(
    "chaos-calls",
    "SIGKILL at every platform call of a visit note",
    "`make chaos`: `dossierbot run` is killed right before and right after each call that "
    "starting it and filing one visit note with a photo make. After the next start the note is "
    "there once, its photo once, and in each chat at most one message for each kill came again.",
    ("over", "kills", "notes completed", "notes lost or doubled"),
)

Filing = asyncio.Task[None]


@dataclass(frozen=True)
class Target:
    """The call to die at: the `nth` of its method since the start, from 0."""

    method: str
    nth: int
    moment: str


@dataclass
class Bench:
    """One company, one platform, and a program that is started for each note."""

    server: TelegramServer
    settings: Settings
    program: Program
    author: client.TelegramClient
    names: list[str]
    notes: int = 0

    async def note(self, target: Target | None) -> list[str]:
        """File a note with a photo, dying at `target`; return the calls it took.

        There are none when the target was never met.
        """
        faults, calls, accepted = self.server.faults, len(self.server.calls), Accepted()
        before = faults.struck.copy()
        if target:
            faults.add(MOMENTS[target.moment], target.method, spare=target.nth)
        self.notes += 1
        company.change(self.settings, SystemClock(), _forget_menus)  # all calls are made anew
        person = Person(self.author, self.names, accepted, self.notes)
        await self.program.launch()
        filing = asyncio.create_task(person.note(picture=True))
        if target and await self._reached(before, filing):
            await self.program.kill()
            await self.program.launch()
        faults.clear()
        await filing
        await self.program.ready()
        async with asyncio.timeout(QUIET_SECONDS):
            while await asyncio.to_thread(self._busy):  # noqa: ASYNC110 - another process
                await asyncio.sleep(0.05)
        assert await self.program.stop() == 0
        met = faults.struck - before
        with opened(self.settings, client.platform_of(self.server), _now()) as verdict:
            problems = verdict.problems(accepted, self.kills)
        assert not problems, "\n".join([str(target), *problems])
        return [one.method for one in self.server.calls[calls:]] if met or not target else []

    @property
    def kills(self) -> int:
        """How often it was killed so far."""
        return self.server.faults.struck.total()

    async def _reached(self, before: Counter[tuple[str, Fault]], filing: Filing) -> bool:
        """Wait until the program stands at the call, or is done without one."""
        server = self.server

        def there() -> bool:
            met = server.faults.struck - before
            # a download that struck is broken off and not held
            return filing.done() or bool(met and (server.held or met[DOWNLOAD, MOMENTS["after"]]))

        standing = asyncio.create_task(server.until(there, within=STRUCK_SECONDS))
        # over a webhook nothing is called any more once the note is filed
        await asyncio.wait((standing, filing), return_when=asyncio.FIRST_COMPLETED)
        if filing.done():
            standing.cancel()
        await asyncio.gather(standing, return_exceptions=filing.done())
        return bool(server.faults.struck - before)

    def _busy(self) -> int:
        return unsent(self.settings.storage.url, _now()) + len(self.server.updates)


@asynccontextmanager
async def bench(settings: Settings, mode: str) -> AsyncIterator[Bench]:
    url, folder = settings.storage.url, settings.storage.key_file.parent
    people = (AUTHOR, SUPERIOR)
    company.change(settings, SystemClock(), lambda unit: company.bind(unit, people))
    async with TelegramServer(now=_now, sleep=_soon) as server:
        wiring = company.Wiring(mode, server.base, server.token, free_port())
        config = company.write_config(settings, wiring)
        ready = '"event": "started"'
        program = Program("run", "--config", config, log=folder / "log", ready=ready)
        author, _ = (client.TelegramClient(server, one) for one in people)
        yield Bench(server, settings, program, author, customers(url)[AUTHOR])


@pytest.mark.chaos
@pytest.mark.parametrize("mode", ["polling", "webhook"])
async def test_killed_at_any_call_the_note_is_completed_once(
    at_work: Settings, campaign: bool, tally: Tally, mode: str
) -> None:
    async with bench(at_work, mode) as on:
        clean = Counter([*await on.note(None), DOWNLOAD])
        targets = [
            Target(method, nth, moment)
            for method, count in clean.items()
            for nth in range(count)
            for moment in MOMENTS
        ]
        chosen = targets if campaign else Random(f"{mode}").sample(targets, SAMPLE)
        missed = [one for one in chosen if not await on.note(one)]
        assert {one.method for one in missed} <= RACING, missed
        assert len(missed) <= len(chosen) // 4
        met = len(chosen) - len(missed)
        over = f"Telegram, {mode}, {database_of(at_work.storage.url)}"
        tally.add(FIGURES, over, met, met, 0)


def _forget_menus(unit: Unit) -> None:
    unit.session.execute(update(account).values(menu=None))


def _now() -> datetime:
    return datetime.now(UTC)


async def _soon(_pause: float) -> None:
    await asyncio.sleep(0.05)
