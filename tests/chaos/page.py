"""The page of phones as the crowd has it: what the platform has not confirmed is sent again."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any

import msgspec
from aiohttp import ClientError, ClientResponseError, ClientSession, ClientWebSocketResponse
from sqlalchemy import create_engine, select

from bot.channels.phones.store import Content, message
from tests.chaos.crowd import PATIENCE, Bubble
from tests.chaos.verdict import Platform

Raw = dict[str, Any]


class Page:
    """The page's connection, as often as the program comes back."""

    def __init__(self, session: ClientSession, accounts: list[str]) -> None:
        self.session = session
        self.accounts = accounts
        self.origin = ""
        self.chats: dict[str, dict[int, Raw]] = {one: {} for one in accounts}
        self.kept: set[str] = set()
        """Keys that the platform said it has."""
        self.refused: set[str] = set()
        self.generation = 0
        self.news = asyncio.Condition()
        self._socket: ClientWebSocketResponse | None = None

    async def run(self, origin: str) -> None:
        """Listen until the program is gone."""
        self.origin = origin
        headers = {"Origin": origin}
        try:
            async with self.session.ws_connect(f"{origin}/phones/ws", headers=headers) as socket:
                await socket.send_str(json.dumps({"t": "watch", "accounts": self.accounts}))
                await self._changed(socket)
                async for received in socket:
                    self._hear(json.loads(received.data))
                    await self._changed(socket)
        except (ClientError, ConnectionError):
            pass  # killed
        finally:
            await self._changed(None)

    async def say(self, **word: object) -> bool:
        """Send a word until the platform says that it keeps it; False: that it does not."""
        key = str(word["key"])
        self.refused.discard(key)
        text = json.dumps(word)
        async with asyncio.timeout(PATIENCE):
            while key not in self.kept | self.refused:
                generation, socket = self.generation, self._socket
                if socket is not None:
                    try:
                        await socket.send_str(text)
                    except (ClientError, ConnectionError):
                        socket = None
                if socket is None:
                    await self.until(partial(self._changed_since, generation))
                else:
                    await self.until(partial(self._settled_or_changed, key, generation))
        return key in self.kept

    def _changed_since(self, generation: int) -> bool:
        return self.generation != generation

    def _settled_or_changed(self, key: str, generation: int) -> bool:
        return key in self.kept | self.refused or self._changed_since(generation)

    async def upload(self, account: str, content: bytes) -> str:
        """Upload a photo and return its reference; again after a kill."""
        async with asyncio.timeout(PATIENCE):
            while True:
                await self.until(lambda: self._socket is not None)
                generation = self.generation
                try:
                    answer = await self.session.post(
                        f"{self.origin}/phones/upload",
                        params={"account": account, "name": "photo.jpg"},
                        data=BytesIO(content),
                        headers={
                            "Origin": self.origin,
                            "X-Phones": "1",
                            "Content-Type": "image/jpeg",
                        },
                        raise_for_status=True,
                    )
                    return str((await answer.json())["ref"])
                except ClientResponseError:
                    raise
                except (ClientError, ConnectionError):
                    await self.until(partial(self._changed_since, generation))

    async def until(self, true: Callable[[], bool]) -> None:
        async with self.news:
            await self.news.wait_for(true)

    async def _changed(self, socket: ClientWebSocketResponse | None) -> None:
        if socket is not self._socket:
            self._socket = socket
            self.generation += 1
        async with self.news:
            self.news.notify_all()

    def _hear(self, word: dict[str, Any]) -> None:
        match word["t"]:
            case "kept":
                self.kept.add(word["key"])
            case "refused":
                self.refused.add(word["key"])
            case "message":
                self._note(word["account"], word["message"])
            case "chat":
                for bubble in word["messages"]:
                    self._note(word["account"], bubble)

    def _note(self, account: str, bubble: Raw) -> None:
        self.chats[account][bubble["id"]] = bubble


class PhonesClient:
    """One phone of the page."""

    def __init__(self, page: Page, account: str) -> None:
        self.account = account
        self._page = page

    async def say(self, token: str, text: str) -> None:
        await self._send(token, text=text)

    async def photo(self, token: str, content: bytes) -> None:
        while True:
            ref = await self._page.upload(self.account, content)
            if await self._send(token, text=token, files=[ref]):
                break  # else the upload was forgotten: the kill came before it was sent

    async def tap(self, token: str, bubble: Bubble, key: str) -> None:
        await self._page.say(
            t="tap", account=self.account, key=f"{token}-tap", card=bubble.id, choice=key
        )

    def bubbles(self) -> list[Bubble]:
        chat = self._page.chats[self.account]
        return [_bubble(one) for one in chat.values() if not one["mine"]]

    async def until(self, true: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE):
            await self._page.until(true)

    async def _send(self, token: str, **what: object) -> bool:
        return await self._page.say(t="send", account=self.account, key=f"{token}-said", **what)


def _bubble(raw: Raw) -> Bubble:
    rows = [*raw["rows"], *raw["grid"], raw["nav"]]
    keys = tuple(key for row in rows for _, key in row)
    return Bubble(raw["id"], f"{raw['title']}\n{raw['text']}", keys)


def platform_of(folder: Path) -> Platform:
    """Return what the page's platform has, read from its own database while nothing runs."""
    engine = create_engine(f"sqlite:///{folder / 'phones' / 'phones.sqlite'}")
    with engine.connect() as connection:
        rows = connection.execute(select(message).order_by(message.c.id)).mappings().all()
    engine.dispose()
    shown: dict[str, list[Bubble]] = {}
    for row in rows:
        if not row["mine"]:
            content = msgspec.json.decode(row["content"], type=Content)
            buttons = [button for line in content.rows for button in line]
            buttons += [button for line in content.grid for button in line]
            keys = tuple(one.key for one in (*buttons, *content.nav))
            bubble = Bubble(row["id"], f"{content.title}\n{content.text}", keys)
            shown.setdefault(row["account"], []).append(bubble)
    mine = {f"{one['account']}:{one['key']}": one["taken"] for one in rows if one["mine"]}
    waiting = frozenset(key for key, taken in mine.items() if not taken)
    return Platform("phones", frozenset(mine), waiting, shown)
