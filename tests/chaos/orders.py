"""The other end of `tests.chaos.deciding`: gives orders to a process, and kills it."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import msgspec

from tests.chaos.deciding import Order, Report
from tests.house.sources import ROOT

LIMIT = 120
"""Seconds after which an order counts as lost."""
LONGEST = 1 << 20


class Worker:
    """One process that decides, started again whenever it was killed."""

    def __init__(
        self, folder: Path, url: str, pack: str, *, log: Path, mute: bool = False
    ) -> None:
        """`mute`: see `deciding.Deciding`."""
        self._words = (str(folder), url, pack, *("mute",) * mute)
        self._log = log

    async def start(self) -> None:
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "tests.chaos.deciding", *self._words,
                cwd=ROOT, limit=LONGEST, stderr=log,
                stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
            )  # fmt: skip
        assert await self._line() == b"ready\n", self._log.read_text(encoding="utf-8")

    async def order(self, order: Order, *, kill: float | None = None) -> Report:
        """Return what the process reports of an order.

        `kill`: after so many seconds the process is killed, and the order given to the next.
        """
        await self._give(order)
        if kill is not None:
            await asyncio.sleep(kill)
            self._process.kill()
            await self._process.wait()
            await self.start()
            await self._give(order)
        line = await self._line()
        assert line, self._log.read_text(encoding="utf-8")
        return msgspec.json.decode(line, type=Report)

    async def stop(self) -> None:
        """Let it end by itself; it was killed already if it does not."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        async with asyncio.timeout(LIMIT):
            await self._process.wait()

    async def _give(self, order: Order) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(msgspec.json.encode(order) + b"\n")
        await self._process.stdin.drain()

    async def _line(self) -> bytes:
        assert self._process.stdout is not None
        async with asyncio.timeout(LIMIT):
            return await self._process.stdout.readline()
