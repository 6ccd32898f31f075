"""The program as an operating system sees it: a process that can be killed at any moment."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from pathlib import Path

from tests.house.sources import ROOT

LIMIT = 60
"""Seconds after which a start or a stop counts as hung."""


class Program:
    """`dossierbot demo` on one folder, started as often as it is killed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "company"
        self.log = folder / "program.log"
        self.port = _free_port()
        self._process: asyncio.subprocess.Process | None = None

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        """Return when messages are taken."""
        words = ("demo", "--port", str(self.port), "--data", str(self.folder))
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "bot",
                *words,
                cwd=ROOT,
                env=os.environ | {"PYTHONUNBUFFERED": "1"},
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
            )
        assert self._process.stdout is not None
        async with asyncio.timeout(LIMIT):
            line = await self._process.stdout.readline()
        assert self.origin.encode() in line, self.log.read_text(encoding="utf-8")

    async def kill(self) -> None:
        """SIGKILL: nothing is finished, nothing is closed."""
        assert self._process is not None
        self._process.kill()
        await self._process.wait()

    async def stop(self) -> int:
        """SIGTERM; returns the exit code."""
        assert self._process is not None
        self._process.terminate()
        async with asyncio.timeout(LIMIT):
            return await self._process.wait()


def _free_port() -> int:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        port: int = holder.getsockname()[1]
        return port
