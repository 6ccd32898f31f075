"""The program as an operating system sees it: a process that can be killed at any moment."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from tests.house.sources import ROOT

LIMIT = 180
"""Seconds after which a start or a stop counts as hung."""


class Program:
    """`dossierbot` with some words, started as often as it is killed."""

    def __init__(self, *words: str | Path, log: Path, ready: str) -> None:
        """`ready` is in the line that says that messages are taken."""
        self._words = words
        self._log = log
        self._ready = ready.encode()
        self._process: asyncio.subprocess.Process | None = None
        self._reading: asyncio.Task[None] | None = None
        self._ready_now = asyncio.Event()

    async def start(self) -> None:
        """Return when messages are taken."""
        await self.launch()
        await self.ready()

    async def launch(self) -> None:
        """Return when the process is there."""
        self._ready_now = asyncio.Event()
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "bot",
            *map(str, self._words),
            cwd=ROOT,
            env=os.environ | {"PYTHONUNBUFFERED": "1"},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        assert self._process.stdout is not None
        self._reading = asyncio.create_task(self._read(self._process.stdout))

    async def ready(self) -> None:
        """Return when messages are taken."""
        assert self._reading is not None
        told = asyncio.create_task(self._ready_now.wait())
        async with asyncio.timeout(LIMIT):
            await asyncio.wait({told, self._reading}, return_when=asyncio.FIRST_COMPLETED)
        assert self._ready_now.is_set(), self._log.read_text(encoding="utf-8")

    async def kill(self) -> None:
        """SIGKILL: nothing is finished, nothing is closed."""
        assert self._process is not None
        self._process.kill()
        await self._gone()

    async def stop(self) -> int:
        """SIGTERM; returns the exit code."""
        assert self._process is not None
        self._process.terminate()
        async with asyncio.timeout(LIMIT):
            return await self._gone()

    async def _gone(self) -> int:
        assert self._process is not None
        assert self._reading is not None
        code = await self._process.wait()
        await self._reading
        return code

    async def _read(self, said: asyncio.StreamReader) -> None:
        with self._log.open("ab") as log:
            async for line in said:
                log.write(line)
                log.flush()
                if self._ready in line:
                    self._ready_now.set()
