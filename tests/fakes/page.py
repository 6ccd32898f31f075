"""A phones page as a program sees it: real HTTP and WebSocket on loopback, no browser."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from io import BytesIO
from typing import Any
from uuid import uuid4

from aiohttp import ClientSession, ClientWebSocketResponse

from tests.fakes.desk import Desk

PATIENCE = 60
"""Seconds after which something that should have happened did not."""


class Page:
    """One open page; `words` holds everything the platform said, in order."""

    def __init__(self, session: ClientSession, url: str, socket: ClientWebSocketResponse) -> None:
        self.session = session
        self.url = url
        self.socket = socket
        self.words: list[dict[str, Any]] = []

    @property
    def origin(self) -> str:
        return self.url.split("/phones")[0]

    async def until(self, fits: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Return the first word, said already or to come, that fits; it is taken out."""
        async with asyncio.timeout(PATIENCE):
            while True:
                for word in self.words:
                    if fits(word):
                        self.words.remove(word)
                        return word
                self.words.append(json.loads(await self.socket.receive_str()))

    async def heard(self, kind: str, **facts: object) -> dict[str, Any]:
        return await self.until(
            lambda word: word["t"] == kind and all(word.get(k) == v for k, v in facts.items())
        )

    async def say(self, **word: object) -> None:
        await self.socket.send_str(json.dumps(word))

    async def send(self, account: str, text: str = "", **more: object) -> str:
        """Send a message and return its key once the platform keeps it: one tick."""
        key = str(more.pop("key", new_key()))
        await self.say(t="send", account=account, key=key, text=text, **more)
        await self.heard("kept", key=key)
        return key

    async def tap(self, account: str, card: int, choice: str) -> str:
        key = new_key()
        await self.say(t="tap", account=account, key=key, card=card, choice=choice)
        await self.heard("kept", key=key)
        return key

    async def taken(self, key: str) -> dict[str, Any]:
        """Wait for the second tick of a message."""
        word = await self.until(
            lambda one: (
                one["t"] == "message" and one["message"]["key"] == key and one["message"]["taken"]
            )
        )
        return dict(word["message"])

    async def told(self, text: str) -> dict[str, Any]:
        """Wait for a message of the bot with this text."""
        word = await self.until(
            lambda one: (
                one["t"] == "message"
                and not one["message"]["mine"]
                and one["message"]["text"] == text
            )
        )
        return dict(word["message"])

    async def chat(self, account: str) -> dict[str, Any]:
        """Return a fresh copy of a chat, as a page gets it that was just opened."""
        await self.say(t="watch", accounts=[account])
        return await self.heard("chat", account=account)

    async def upload(
        self, account: str, content: Any, *, name: str = "a.jpg", mime: str = "image/jpeg"
    ) -> tuple[int, dict[str, Any]]:
        """Upload a file; returns the status and what the platform answered."""
        if isinstance(content, bytes):
            content = BytesIO(content)
        answer = await self.session.post(
            f"{self.url}upload",
            params={"account": account, "name": name},
            data=content,
            headers={"Origin": self.origin, "X-Phones": "1", "Content-Type": mime},
        )
        return answer.status, await answer.json()


def new_key() -> str:
    return uuid4().hex


@asynccontextmanager
async def open_page(desk: Desk, *watch: str) -> AsyncIterator[Page]:
    """Open a page on a desk that runs, watching some phones."""
    origin = desk.url.split("/phones")[0]
    async with (
        ClientSession() as session,
        session.ws_connect(f"{desk.url}ws", headers={"Origin": origin}) as socket,
    ):
        page = Page(session, desk.url, socket)
        await page.heard("welcome")
        if watch:
            await page.say(t="watch", accounts=list(watch))
            for account in watch:
                await page.heard("chat", account=account)
        yield page
