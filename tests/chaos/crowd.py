"""People who write as fast as they are answered, through kills, and remember what was accepted.

What they write with is a `Client`: the page of phones, or a client of the stand-in for Telegram.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Protocol

JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01"
PATIENCE = 120
"""Seconds after which an answer counts as lost."""


@dataclass(frozen=True)
class Bubble:
    """One message of the bot as its reader has it now."""

    id: int
    text: str
    keys: tuple[str, ...]

    def key(self, part: str) -> str:
        """Return the first button's key that has `part`; empty when there is none."""
        return next((one for one in self.keys if part in one), "")


class Client(Protocol):
    """Every act returns once the platform has it; it is tried again until then."""

    @property
    def account(self) -> str:
        """What is behind the tokens, so that no two people write the same."""

    async def say(self, token: str, text: str) -> None: ...
    async def photo(self, token: str, content: bytes) -> None: ...
    async def tap(self, token: str, bubble: Bubble, key: str) -> None: ...
    def bubbles(self) -> list[Bubble]: ...
    async def until(self, true: Callable[[], bool]) -> None:
        """Return when `true()` is; asked again whenever the chat changed."""


@dataclass
class Accepted:
    """What the platform confirmed to have, by the token each message carries."""

    texts: list[str] = field(default_factory=list)
    photos: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    pictured: list[str] = field(default_factory=list)
    """Of the notes, those with a photo."""

    def __len__(self) -> int:
        return len(self.texts) + len(self.photos) + 2 * len(self.notes) + len(self.pictured)


class Person:
    """One salesperson: loose words, photos and visit notes in turn, one after the other."""

    def __init__(
        self, client: Client, customers: list[str], accepted: Accepted, seed: int
    ) -> None:
        self._client = client
        self._customers = customers
        self._accepted = accepted
        self._random = Random(seed)

    async def work(self, ends: asyncio.Event) -> None:
        while not ends.is_set():
            await self._random.choice((self.text, self.photo, self.note, self.note))()

    async def rounds(self, count: int) -> None:
        """Do each thing so many times."""
        for _ in range(count):
            await self.text()
            await self.photo()
            await self.note()

    async def text(self) -> None:
        token, before = self._token(), self._newest()
        await self._client.say(token, f"下午与对方核对账目并留存一份复印件,编号 {token}")
        self._accepted.texts.append(token)
        await self._asked(before)

    async def photo(self) -> None:
        token, before = self._token(), self._newest()
        await self._client.photo(token, photo_of(token))
        self._accepted.photos.append(token)
        await self._asked(before)

    async def note(self, *, picture: bool = False) -> None:
        token = self._token()
        customer = self._random.choice(self._customers)
        await self._client.say(token, f"拜访 {customer} 谈{token}")
        review = await self.shown(lambda one: token in one.text and bool(one.key(".submit")))
        if picture:
            await self._client.photo(token, photo_of(token))
            self._accepted.pictured.append(token)
            review = await self.shown(
                lambda one: (
                    token in one.text and "附件：1" in one.text and bool(one.key(".submit"))
                )
            )
        before = self._newest()
        await self._client.tap(token, review, review.key(".submit"))
        self._accepted.notes.append(token)
        await self.shown(lambda one: one.id > before and "访-" in one.text)

    async def shown(self, fits: Callable[[Bubble], bool]) -> Bubble:
        """Return a message of the bot that fits, shown already or to come."""

        def find() -> Bubble | None:
            return next((one for one in self._client.bubbles() if fits(one)), None)

        await self._client.until(lambda: find() is not None)
        found = find()
        assert found is not None
        return found

    async def _asked(self, before: int) -> None:
        await self.shown(lambda one: one.id > before and bool(one.key("f.loose.")))

    def _newest(self) -> int:
        return max((one.id for one in self._client.bubbles()), default=0)

    def _token(self) -> str:
        return f"{self._client.account}x{self._random.getrandbits(48):012x}"


def photo_of(token: str) -> bytes:
    return JPEG + token.encode() * 2000
