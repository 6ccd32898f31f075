"""Runs the program until it is told to stop, then lets it finish what it has begun.

The trap: a thread that hangs keeps an interpreter from ending, for ever. After `DRAIN_SECONDS`
the process ends anyway; nothing was acknowledged that was not committed.
"""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import sys
from collections.abc import Callable, Sequence
from typing import Protocol

import msgspec
import structlog
from aiohttp import web

from bot.http import Server, health

log = structlog.get_logger()

DRAIN_SECONDS = 9.0


class Program(Protocol):
    async def start(self) -> None:
        """Return when messages are taken."""

    async def stop(self) -> None:
        """Take no more messages and finish what was begun; harmless when not started."""

    def problems(self) -> tuple[str, ...]:
        """Return codes of what keeps it from taking messages; empty: ready."""

    async def metrics_page(self, accept: str) -> tuple[bytes, str]:
        """Return what `/metrics` answers, and its content type; soon, also when it is not well."""


class Site(msgspec.Struct, frozen=True):
    host: str
    port: int
    application: web.Application
    health: bool = False
    """True: `/healthz`, `/readyz` and `/metrics` are answered here."""


def serve(
    program: Program, sites: Sequence[Site], ready: Callable[[tuple[int, ...]], None]
) -> int:
    """Run until SIGTERM or SIGINT and return the exit code; `ready` hears the ports in use.

    Raises:
        PortTaken, StorageError: the start was refused.
    """
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        return runner.run(_serve(program, sites, ready))


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    if sys.platform == "win32":
        return None
    import uvloop

    return uvloop.new_event_loop


async def _serve(
    program: Program, sites: Sequence[Site], ready: Callable[[tuple[int, ...]], None]
) -> int:
    told_to_stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for one in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(one, told_to_stop.set)
    server = Server()

    def problems() -> tuple[str, ...]:
        return ("draining",) if told_to_stop.is_set() else program.problems()

    try:
        # listening first: a platform that posts has to be let in while the start waits for it
        for site in sites:
            if site.health:
                health(site.application, problems, program.metrics_page)
            await server.listen(site.application, site.host, site.port)
        await program.start()
        gc.collect()
        gc.freeze()
        log.info("started", ports=server.ports)
        ready(server.ports)
        await told_to_stop.wait()
        log.info("stopping")
    finally:
        await _drain(program, server)
    log.info("stopped")
    return 0


async def _drain(program: Program, server: Server) -> None:
    try:
        async with asyncio.timeout(DRAIN_SECONDS):
            await program.stop()
            await server.stop()
    except TimeoutError:
        log.error("drain_stuck", seconds=DRAIN_SECONDS)
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(1)
