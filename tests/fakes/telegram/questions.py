"""What the bot has to answer soon: taps on buttons and inline queries."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Self

from tests.fakes.telegram.errors import bad

Json = dict[str, object]

TOO_OLD = "query is too old and response timeout expired or query ID is invalid"


@dataclass
class Asked:
    """`at`: the second of the clock it was asked."""

    id: str
    at: float
    _answered: asyncio.Event = field(default_factory=asyncio.Event, repr=False, init=False)

    @property
    def answered(self) -> bool:
        return self._answered.is_set()

    async def wait(self, within: float = 5) -> Self:
        """Return this once it is answered. Raises TimeoutError after so many seconds."""
        async with asyncio.timeout(within):
            await self._answered.wait()
        return self


@dataclass
class Tap(Asked):
    """One press of a button. `text` is what the bot showed, in a window when `alert`."""

    data: str
    text: str = ""
    alert: bool = False
    url: str = ""
    answers: int = 0

    def answer(self, text: str, *, alert: bool, url: str) -> None:
        self.text, self.alert, self.url = text, alert, url
        self.answers += 1
        self._answered.set()


@dataclass
class Inline(Asked):
    """One inline query and what the bot offered."""

    query: str
    offset: str
    results: list[Json] = field(default_factory=list)
    next_offset: str = ""
    is_personal: bool = False
    cache_time: int = 300
    button: object = None

    def answer(
        self,
        results: list[Json],
        *,
        next_offset: str,
        is_personal: bool,
        cache_time: int,
        button: object,
    ) -> None:
        self.results, self.next_offset = results, next_offset
        self.is_personal, self.cache_time, self.button = is_personal, cache_time, button
        self._answered.set()


class Questions:
    """Open taps and queries; each can be answered for `life` seconds of the clock."""

    def __init__(self, seconds: Callable[[], float]) -> None:
        self._seconds = seconds
        self._ids = itertools.count(4_400_000_000_000_000_001)
        self._taps: dict[str, Tap] = {}
        self._inlines: dict[str, Inline] = {}
        self.life = 15.0

    def new_tap(self, data: str) -> Tap:
        tap = Tap(str(next(self._ids)), self._seconds(), data)
        self._taps[tap.id] = tap
        return tap

    def new_inline(self, query: str, offset: str) -> Inline:
        asked = Inline(str(next(self._ids)), self._seconds(), query, offset)
        self._inlines[asked.id] = asked
        return asked

    def tap(self, query_id: str) -> Tap:
        found = self._taps.get(query_id)
        if found is None or self._seconds() - found.at > self.life:
            raise bad(TOO_OLD)
        return found

    def inline(self, query_id: str) -> Inline:
        found = self._inlines.get(query_id)
        if found is None or self._seconds() - found.at > self.life:
            raise bad(TOO_OLD)
        return found
