"""People who write as fast as they are answered, through kills, and remember what was accepted.

They behave as the page does: what the platform has not confirmed is sent again with the same key.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from io import BytesIO
from random import Random
from typing import Any

from aiohttp import ClientError, ClientResponseError, ClientSession, ClientWebSocketResponse

Bubble = dict[str, Any]

JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01"
PATIENCE = 120
"""Seconds after which an answer counts as lost."""


@dataclass
class Accepted:
    """What the platform confirmed to have, by the token each message carries."""

    texts: list[str] = field(default_factory=list)
    photos: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.texts) + len(self.photos) + 2 * len(self.notes)


class Wire:
    """The page's connection, as often as the program comes back."""

    def __init__(self, session: ClientSession, accounts: list[str]) -> None:
        self.session = session
        self.accounts = accounts
        self.origin = ""
        self.chats: dict[str, dict[int, Bubble]] = {one: {} for one in accounts}
        self.kept: set[str] = set()
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

    async def shown(self, account: str, fits: Callable[[Bubble], bool]) -> Bubble:
        """Return a message of the bot that fits, shown already or to come."""
        chat = self.chats[account]

        def find() -> Bubble | None:
            return next((one for one in chat.values() if not one["mine"] and fits(one)), None)

        async with asyncio.timeout(PATIENCE):
            await self.until(lambda: find() is not None)
        found = find()
        assert found is not None
        return found

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

    def _note(self, account: str, bubble: Bubble) -> None:
        self.chats[account][bubble["id"]] = bubble


class Person:
    """One salesperson: loose words, photos and visit notes in turn, one after the other."""

    def __init__(
        self, wire: Wire, account: str, customers: list[str], accepted: Accepted, seed: int
    ) -> None:
        self._wire = wire
        self._account = account
        self._customers = customers
        self._accepted = accepted
        self._random = Random(seed)

    async def work(self, ends: asyncio.Event) -> None:
        while not ends.is_set():
            await self._random.choice((self._text, self._photo, self._note, self._note))()

    async def _text(self) -> None:
        token = self._token()
        before = self._newest()
        await self._say(token, text=f"下午与对方核对账目并留存一份复印件,编号 {token}")
        self._accepted.texts.append(token)
        await self._asked(before)

    async def _photo(self) -> None:
        token = self._token()
        before = self._newest()
        content = JPEG + token.encode() * 2000
        while True:
            ref = await self._wire.upload(self._account, content)
            if await self._say(token, text=token, files=[ref]):
                break  # else the upload was forgotten: the kill came before it was sent
        self._accepted.photos.append(token)
        await self._asked(before)

    async def _note(self) -> None:
        token = self._token()
        customer = self._random.choice(self._customers)
        await self._say(token, text=f"拜访 {customer} 谈{token}")
        review = await self._wire.shown(
            self._account,
            lambda one: token in one["text"] and _key_of(one, ".submit") is not None,
        )
        before = self._newest()
        choice = _key_of(review, ".submit")
        await self._wire.say(
            t="tap", account=self._account, key=f"{token}-tap", card=review["id"], choice=choice
        )
        self._accepted.notes.append(token)
        await self._wire.shown(
            self._account, lambda one: one["id"] > before and "访-" in one["title"]
        )

    async def _asked(self, before: int) -> None:
        await self._wire.shown(
            self._account,
            lambda one: one["id"] > before and _key_of(one, "f.loose.") is not None,
        )

    async def _say(self, token: str, **what: object) -> bool:
        return await self._wire.say(t="send", account=self._account, key=f"{token}-said", **what)

    def _newest(self) -> int:
        return max(self._wire.chats[self._account], default=0)

    def _token(self) -> str:
        return f"{self._account}x{self._random.getrandbits(48):012x}"


def _key_of(bubble: Bubble, part: str) -> str | None:
    """Return the key of the first button whose key has `part`."""
    rows = [*bubble["rows"], *bubble["grid"], bubble["nav"]]
    return next((key for row in rows for _, key in row if part in key), None)
