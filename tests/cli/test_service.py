"""The program runs until it is told to stop, answers how it is, and lets go of its ports."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp
import pytest
from aiohttp import web

from bot import service
from bot.http import PortTaken, Server
from bot.service import Site
from storage.errors import DatabaseRefused


@dataclass
class Program:
    """Starts and stops, and remembers in which order."""

    refusal: Exception | None = None
    found: tuple[str, ...] = ()
    stuck: asyncio.Event | None = None
    calls: list[str] = field(default_factory=list)
    stopping: asyncio.Event = field(default_factory=asyncio.Event)

    async def start(self) -> None:
        self.calls.append("start")
        if self.refusal:
            raise self.refusal

    async def stop(self) -> None:
        self.calls.append("stop")
        self.stopping.set()
        if self.stuck:
            await self.stuck.wait()

    def problems(self) -> tuple[str, ...]:
        return self.found

    async def metrics_page(self, accept: str) -> tuple[bytes, str]:
        return f"for {accept}".encode(), "text/plain; version=1.0.0"


def site(port: int = 0) -> Site:
    return Site("127.0.0.1", port, web.Application(), health=True)


@asynccontextmanager
async def running(program: Program) -> AsyncIterator[tuple[str, asyncio.Task[int]]]:
    listening: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    serving = asyncio.create_task(
        service._serve(program, [site()], lambda ports: listening.set_result(ports[0]))
    )
    port = await listening
    yield f"http://127.0.0.1:{port}", serving
    if not serving.done():
        os.kill(os.getpid(), signal.SIGTERM)
        await serving


async def answer(url: str) -> tuple[int, dict[str, object]]:
    async with aiohttp.ClientSession() as session, session.get(url) as response:
        return response.status, await response.json()


class TestGivenARunningProgram:
    async def test_when_asked_then_healthy_and_ready(self) -> None:
        async with running(Program()) as (address, _):
            assert await answer(f"{address}/healthz") == (200, {"status": "ok"})
            assert await answer(f"{address}/readyz") == (200, {"status": "ready", "problems": []})

    async def test_when_something_is_wrong_then_not_ready_but_healthy(self) -> None:
        async with running(Program(found=("writer",))) as (address, _):
            assert (await answer(f"{address}/healthz"))[0] == 200
            status, body = await answer(f"{address}/readyz")
            assert (status, body["problems"]) == (503, ["writer"])

    async def test_when_asked_for_metrics_then_the_programs_page(self) -> None:
        async with (
            running(Program()) as (address, _),
            aiohttp.ClientSession(headers={"Accept": "text/plain"}) as session,
            session.get(f"{address}/metrics") as response,
        ):
            assert response.headers["Content-Type"] == "text/plain; version=1.0.0"
            assert await response.text() == "for text/plain"

    @pytest.mark.parametrize("by", [signal.SIGTERM, signal.SIGINT])
    async def test_when_told_to_stop_then_it_drains_and_returns_zero(
        self, by: signal.Signals
    ) -> None:
        program = Program()
        async with running(program) as (_, serving):
            os.kill(os.getpid(), by)
            assert await serving == 0
        assert program.calls == ["start", "stop"]

    async def test_when_draining_then_not_ready(self) -> None:
        program = Program(stuck=asyncio.Event())
        async with running(program) as (address, serving):
            os.kill(os.getpid(), signal.SIGTERM)
            await program.stopping.wait()
            status, body = await answer(f"{address}/readyz")
            assert (status, body["problems"]) == (503, ["draining"])
            assert program.stuck
            program.stuck.set()
            assert await serving == 0

    async def test_when_it_cannot_finish_then_it_ends_all_the_same(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        ended: list[int] = []
        server = Server()
        monkeypatch.setattr(service, "Server", lambda: server)
        monkeypatch.setattr(service, "DRAIN_SECONDS", 0.01)
        monkeypatch.setattr(os, "_exit", ended.append)
        program = Program(stuck=asyncio.Event())
        async with running(program):
            pass
        assert ended == [1]
        await server.stop()  # as the end of the process would have


class TestGivenAStartThatIsRefused:
    async def start(self, program: Program, where: Callable[[], Site] = site) -> None:
        await service._serve(program, [where()], lambda _: pytest.fail("it started"))

    async def test_when_the_database_is_refused_then_said_and_stopped(self) -> None:
        program = Program(refusal=DatabaseRefused("in use"))
        with pytest.raises(DatabaseRefused):
            await self.start(program)
        assert program.calls == ["start", "stop"]

    async def test_when_the_port_is_taken_then_it_is_named(self) -> None:
        program = Program()
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            with pytest.raises(PortTaken, match=f"127.0.0.1:{port}"):
                await self.start(program, lambda: site(port))
        assert "start" not in program.calls
