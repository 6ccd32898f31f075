"""What a message costs inside the program: the same notes without HTTP, statements counted."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvloop
from sqlalchemy import Connection, Engine, event

from bench import arms
from bench.crowd import CONVERSATION, numbers
from bench.walk import walking
from bot.config import load
from storage.database import waits

NOTES = 40


@dataclass(frozen=True)
class Inside:
    """For each message."""

    cpu: float
    """Seconds, all threads."""
    statements: float
    transactions: float
    """That write."""
    durable: float
    """Of these, those that wait for the disk."""


def look(folder: Path) -> Inside:
    """File notes one after the other in this process and return what a message took."""
    config = arms.ours_in(folder, "http://127.0.0.1:1", "1:inside")
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_walk(config))


async def _walk(config: Path) -> Inside:
    account = str(next(iter(numbers(1))))
    counted: Counter[str] = Counter()

    def statement(*_: Any) -> None:
        counted["statements"] += 1

    def commit(connection: Connection) -> None:
        counted["transactions"] += 1
        counted["durable"] += waits(connection)

    async with walking(load(config, {})) as walk:
        for _ in range(5):
            await walk.note(account)
        event.listen(Engine, "before_cursor_execute", statement)
        event.listen(Engine, "commit", commit)
        began = time.process_time()
        for _ in range(NOTES):
            await walk.note(account)
        spent = time.process_time() - began
        event.remove(Engine, "before_cursor_execute", statement)
        event.remove(Engine, "commit", commit)
    messages = NOTES * len(CONVERSATION)
    return Inside(
        spent / messages,
        counted["statements"] / messages,
        counted["transactions"] / messages,
        counted["durable"] / messages,
    )
