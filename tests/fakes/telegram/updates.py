"""What waits for the bot: numbered updates, forgotten when a higher offset is asked for."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from dataclasses import dataclass

from tests.fakes.telegram.errors import ApiError, conflict

Json = dict[str, object]

UNASKED = frozenset({"chat_member", "message_reaction", "message_reaction_count"})
"""Kinds a bot gets only when it names them."""
LIFE_SECONDS = {"inline_query": 30, "chosen_inline_result": 600, "callback_query": 150}
DAY_SECONDS = 86_400
LONGEST_POLL = 50
AHEAD = 10
"""An offset further beyond the end than this counts as no offset."""


@dataclass(frozen=True)
class Update:
    """`queue` keeps the order of a webhook's deliveries: same queue, one after the other."""

    id: int
    kind: str
    wire: Json
    queue: tuple[str, int]
    until: float
    """Forgotten after this second of the clock, delivered or not."""


class Queue:
    """The updates of one bot. `changed` is called whenever one comes or goes."""

    def __init__(self, seconds: Callable[[], float], changed: Callable[[], None]) -> None:
        self._seconds = seconds
        self._changed = changed
        self._ids = itertools.count(100_000_001)
        self._waiting: dict[int, Update] = {}
        self._again: list[Update] = []
        self._shown_again = 0
        self._end = 0
        self._allowed: frozenset[str] | None = None
        self._poll: asyncio.Future[None] | None = None
        self.past: list[Update] = []
        """Every update there ever was, oldest first."""

    def __len__(self) -> int:
        return len(self._waiting) + len(self._again)

    @property
    def allowed(self) -> list[str] | None:
        """The kinds asked for; None for the usual ones."""
        return None if self._allowed is None else sorted(self._allowed)

    @property
    def polled(self) -> bool:
        """Somebody waits in a long poll at this moment."""
        return self._poll is not None

    def allow(self, kinds: object) -> None:
        """Remember which kinds to keep; without a list the last one stays, as on the platform."""
        if isinstance(kinds, list):
            self._allowed = frozenset(map(str, kinds)) or None

    def add(self, kind: str, content: Json, queue: tuple[str, int]) -> Update | None:
        """Keep an update; None when the bot did not ask for its kind."""
        wanted = kind not in UNASKED if self._allowed is None else kind in self._allowed
        if not wanted:
            return None
        number = next(self._ids)
        until = self._seconds() + LIFE_SECONDS.get(kind, DAY_SECONDS)
        update = Update(number, kind, {"update_id": number, kind: content}, queue, until)
        self._waiting[number] = update
        self._end = number + 1
        self.past.append(update)
        self._wake()
        return update

    def repeat(self, update: Update) -> None:
        """Put an update into the next answer once more, whatever its offset."""
        self._again.append(update)
        self._wake()

    def waiting(self) -> list[Update]:
        return list(self._waiting.values())

    def forget(self, update: Update) -> None:
        self._waiting.pop(update.id, None)
        self._changed()

    def clear(self) -> None:
        self._waiting.clear()
        self._changed()

    def holds(self, update: Update) -> bool:
        """Return whether an update still waits; one that grew too old does not."""
        if update.until < self._seconds():
            self.forget(update)
        return update.id in self._waiting

    async def poll(self, offset: int, limit: int, seconds: int) -> list[Json]:
        """Answer getUpdates. Raises ApiError when another call takes this one's place."""
        known = 0 < offset <= self._end + AHEAD
        for one in self.waiting()[:offset] if offset < 0 else self._below(offset if known else 0):
            del self._waiting[one.id]
        del self._again[: self._shown_again]
        self._shown_again = 0
        self._changed()
        found = self._page(limit)
        if found or seconds == 0:
            return found
        self._end_poll(
            conflict(
                "terminated by other getUpdates request; "
                "make sure that only one bot instance is running"
            )
        )
        self._poll = poll = asyncio.get_running_loop().create_future()
        self._changed()
        try:
            async with asyncio.timeout(min(seconds, LONGEST_POLL)):
                await poll
        except TimeoutError:
            return []
        finally:
            if self._poll is poll:
                self._poll = None
        return self._page(limit)

    def interrupt(self) -> None:
        """A webhook is being set: a waiting poll fails."""
        self._end_poll(conflict("terminated by setWebhook request"))

    def _below(self, offset: int) -> list[Update]:
        return list(itertools.takewhile(lambda one: one.id < offset, self._waiting.values()))

    def _page(self, limit: int) -> list[Json]:
        again = self._again[:limit]
        self._shown_again = len(again)
        fresh = itertools.islice(filter(self.holds, self.waiting()), limit - len(again))
        return [one.wire for one in (*again, *fresh)]

    def _end_poll(self, error: ApiError) -> None:
        if self._poll is not None and not self._poll.done():
            self._poll.set_exception(error)

    def _wake(self) -> None:
        if self._poll is not None and not self._poll.done():
            self._poll.set_result(None)
        self._changed()
