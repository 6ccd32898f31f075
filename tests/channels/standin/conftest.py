"""A server, a person who has opened the chat, and a bare hand on the Bot API."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from io import BytesIO

import aiohttp
import pytest

from tests.fakes.clock import SettableClock
from tests.fakes.telegram.people import Person
from tests.fakes.telegram_server import TelegramServer

Json = dict[str, object]

NINE = datetime(2026, 9, 14, 1, 0, tzinfo=UTC)
"""Monday 2026-09-14, nine o'clock in China."""
ANN = 7001
PNG = b"\x89PNG\r\n\x1a\npicture"
JPEG = b"\xff\xd8\xffpicture"


@dataclass(frozen=True)
class Refusal:
    code: int
    description: str
    parameters: Json


class Api:
    """Calls methods as plain HTTP and shows what came back, without a library between."""

    def __init__(self, server: TelegramServer, session: aiohttp.ClientSession) -> None:
        self.server = server
        self.session = session

    def url(self, method: str) -> str:
        return f"{self.server.base}/bot{self.server.token}/{method}"

    async def ok(self, method: str, **params: object) -> object:
        """Return the result of a call. Raises AssertionError when it was refused."""
        answer = await self.call(method, params)
        assert answer["ok"], answer
        return answer["result"]

    async def refused(self, method: str, **params: object) -> Refusal:
        answer = await self.call(method, params)
        assert not answer["ok"], answer
        return Refusal(answer["error_code"], answer["description"], answer.get("parameters", {}))

    async def updates(self, **params: object) -> list[Json]:
        found = await self.ok("getUpdates", **params)
        assert isinstance(found, list)
        return found

    async def call(self, method: str, params: Json) -> dict[str, object]:
        form = aiohttp.FormData()
        for name, value in params.items():
            if isinstance(value, bytes):
                form.add_field(name, BytesIO(value), filename=f"{name}.bin")
            else:
                form.add_field(name, value if isinstance(value, str) else json.dumps(value))
        async with self.session.post(self.url(method), data=form) as answer:
            return json.loads(await answer.read())


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock(NINE)


@pytest.fixture
async def server(clock: SettableClock) -> AsyncIterator[TelegramServer]:
    async with TelegramServer(now=clock.now, pace=lambda: clock.now().timestamp()) as running:
        yield running


@pytest.fixture
async def api(server: TelegramServer) -> AsyncIterator[Api]:
    async with aiohttp.ClientSession() as session:
        yield Api(server, session)


@pytest.fixture
async def ann(server: TelegramServer) -> Person:
    """A person who has opened the chat, and whose /start is confirmed."""
    person = server.person(ANN, "欧阳慧敏", language="zh")
    await person.start()
    server.updates.clear()
    return person


def later(clock: SettableClock, **by: float) -> None:
    clock.advance(clock.now() + timedelta(**by))
