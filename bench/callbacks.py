"""WeCom's callbacks: how long the platform waits for its empty 200 while many people write.

The program runs as a process of its own over a file of its own (`dossierbot run`, every message
durable before its 200); the people and the stand-in for WeCom are this process, on another core.
Each person files visit notes, one message or tap after the answer to the one before.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import uvloop

from bench import arms
from bench.crowd import CUSTOMERS, NOTE, numbers
from bench.names import company_names
from bench.report import Effort, Section, table
from bot.channels.wecom.draw import pressed
from bot.config import load
from storage import accounts
from storage.unit import Unit
from tests.fakes.wecom.members import Member
from tests.fakes.wecom_server import AES_KEY, AGENT_ID, CORP_ID, SECRET, TOKEN, WecomServer

PEOPLE = (1, 16, 64)
SIZES = {Effort.FULL: (256, 5), Effort.BRIEF: (128, 3), Effort.QUICK: (64, 1)}
"""Notes in each round, and rounds."""
ANSWERED_SECONDS = 120.0

CONFIG = """
[company]
name = "测量公司"
[[company.packs]]
pack = "customer-service"
[storage]
url = "sqlite:///dossierbot.sqlite"
[http]
port = {port}
public_url = "http://127.0.0.1:{port}"
[wecom]
corp_id = "{corp_id}"
agent_id = {agent_id}
secret = "{secret}"
token = "{token}"
encoding_aes_key = "{key}"
api_base = "{base}"
limits.enabled = false
[log]
level = "warning"
"""


@dataclass(frozen=True)
class Round:
    callbacks: list[float]
    """Seconds from the post to its answer, sorted."""
    seconds: float
    again: int
    """Callbacks that had no empty 200 within five seconds, and were posted again."""

    def at(self, share: float) -> float:
        """Return what that share of the callbacks did not exceed, in milliseconds."""
        return self.callbacks[int(share * (len(self.callbacks) - 1))] * 1000


class Person:
    """One salesperson in WeCom."""

    def __init__(self, server: WecomServer, number: int, customers: list[str]) -> None:
        self._server = server
        self._member: Member = server.member(arms.staff_of(number))
        self._customers = customers

    async def file(self, notes: int) -> None:
        for at in range(notes):
            customer = self._customers[at % len(self._customers)]
            before = len(self._member.messages)
            await self._member.say(f"拜访 {customer} 今天 {NOTE}")
            card, submit = await self._shown(before, ".submit")
            before = len(self._member.messages)
            await self._member.press(self._member.messages[card], submit)
            await self._shown(before, "f.note.open.")

    async def _shown(self, before: int, part: str) -> tuple[int, str]:
        """Return the place of a new card with a button, and the button's key."""

        def find() -> tuple[int, str] | None:
            new = enumerate(self._member.messages[before:], before)
            keys = ((at, pressed(key)) for at, one in new for _, key in one.buttons)
            return next(((at, key) for at, key in keys if part in key), None)

        await self._server.until(find, within=ANSWERED_SECONDS)
        found = find()
        assert found is not None
        return found


def _populate(unit: Unit) -> None:
    arms.populate(unit)
    for number in numbers(arms.PEOPLE):
        account = arms.staff_of(number).lower()
        accounts.bind(unit, "wecom", account, arms.staff_of(number))


@contextmanager
def _on_core(core: int) -> Iterator[None]:
    """Keep this process on one core, where there are two and the system can."""
    if (os.cpu_count() or 1) < 2 or not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    yield
    os.sched_setaffinity(0, before)


async def _measure(folder: Path, notes: int, rounds: int) -> dict[int, list[Round]]:
    found: dict[int, list[Round]] = {people: [] for people in PEOPLE}
    async with WecomServer(now=lambda: datetime.now(UTC)) as server:
        server.chats.limited = False
        config = folder / "config.toml"
        port = arms.free_port()
        config.write_text(
            CONFIG.format(
                port=port,
                corp_id=CORP_ID,
                agent_id=AGENT_ID,
                secret=SECRET,
                token=TOKEN,
                key=AES_KEY,
                base=server.base,
            ),
            encoding="utf-8",
        )
        await asyncio.to_thread(arms.in_store, load(config, {}), _populate)
        server.callbacks.url = f"http://127.0.0.1:{port}/wecom/callback"
        names = company_names(1)
        crowd = [
            Person(server, number, [next(names) for _ in range(CUSTOMERS)])
            for number in numbers(arms.PEOPLE)
        ]
        arm = await asyncio.to_thread(arms.start_ours, "dossierbot", config, "")
        try:
            await _round(server, crowd[:16], 64)  # warms up
            for _ in range(rounds):
                for people, kept in found.items():
                    kept.append(await _round(server, crowd[:people], notes))
        finally:
            await asyncio.to_thread(arm.stop)
    return found


async def _round(server: WecomServer, people: list[Person], notes: int) -> Round:
    callbacks = server.callbacks
    callbacks.seconds_taken.clear()
    callbacks.past.clear()
    began = time.perf_counter()
    await asyncio.gather(*(one.file(max(notes // len(people), 1)) for one in people))
    seconds = time.perf_counter() - began
    again = sum(one.offers > 1 for one in callbacks.past)
    return Round(sorted(callbacks.seconds_taken), seconds, again)


def run(effort: Effort = Effort.FULL) -> Section:
    notes, rounds = SIZES[effort]
    with (
        _on_core(arms.CROWD_CORE),
        tempfile.TemporaryDirectory() as folder,
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        found = runner.run(_measure(Path(folder), notes, rounds))
    rows = []
    for people, kept in found.items():
        rate = statistics.median(len(one.callbacks) / one.seconds for one in kept)
        middle, late = (statistics.median(one.at(share) for one in kept) for share in (0.5, 0.99))
        longest = max(one.at(1) for one in kept)
        counted = sum(len(one.callbacks) for one in kept)
        rows.append(
            (
                f"{people}",
                f"{counted:,}",
                f"{rate:.1f}",
                f"{middle:,.0f} ms",
                f"{late:,.0f} ms",
                f"{longest:,.0f} ms",
                f"{sum(one.again for one in kept)}",
            )
        )
    return Section(
        "callbacks",
        "A callback of WeCom to its empty 200",
        "People file visit notes over the stand-in for WeCom (one line, then 提交) with "
        "`dossierbot run` (limits off, every message durable before its 200: SQLite, WAL, "
        "`synchronous=FULL`), each of them the next message or tap after the answer to the one "
        "before. The program has one core, the people and the stand-in, which decrypts, checks "
        f"and keeps everything, the other one. {rounds} rounds in turns of {notes} notes; medians "
        "of the rounds, and the longest of all. WeCom waits 5,000 ms and then posts again.",
        table(
            (
                "people",
                "callbacks",
                "a second",
                "median",
                "p99",
                "longest",
                "posted again",
            ),
            rows,
        ),
    )
