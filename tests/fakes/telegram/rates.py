"""How often a bot may write, and whether it keeps away as long as it was told."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from tests.fakes.telegram.errors import ApiError, too_many

Key = tuple[str, int]

SLACK = 0.1
"""Part of a message forgiven, since calls can come closer together than they were sent."""


@dataclass(frozen=True)
class Rate:
    """So many at once, and then so many a second."""

    burst: float
    a_second: float


@dataclass
class Limits:
    """The usual figures. The platform publishes no bursts; these are what bots live with."""

    private: Rate = Rate(5, 1)
    group: Rate = Rate(20, 20 / 60)
    overall: Rate = Rate(30, 30)


class Rates:
    """Counts what is sent. Off until `on` is set; a `retry_after` once given always holds."""

    def __init__(self, pace: Callable[[], float]) -> None:
        self._pace = pace
        self.on = False
        self.limits = Limits()
        self._levels: dict[Key, tuple[float, float]] = {}
        self._closed: dict[Key, tuple[float, float]] = {}
        """Since when and until when such calls are closed."""
        self.undercut = 0
        """Calls that came before a `retry_after` had passed."""
        self.stepped = False
        """Set by a test whose pace stands still between steps: calls of the very instant in which
        a `retry_after` was given were on their way already, and do not count as undercut."""

    def close(self, method: str, chat_id: int, retry_after: int) -> ApiError:
        """Take no such call for so many seconds; returns what the caller is told."""
        now = self._pace()
        self._closed[_key(method, chat_id)] = now, now + retry_after
        return too_many(retry_after)

    def early(self, method: str, chat_id: int) -> None:
        """Raise ApiError for a call that comes before it was told to."""
        now = self._pace()
        since, until = self._closed.get(_key(method, chat_id), (now, now))
        if now < until:
            self.undercut += now > since or not self.stepped
            raise too_many(math.ceil(until - now))

    def count(self, method: str, chat_id: int, messages: int = 1) -> None:
        """Count what is sent. Raises ApiError when it is too much."""
        if self.on and method.startswith(("send", "forward", "copy")) and chat_id:
            wait = self._count(self._pace(), chat_id, messages)
            if wait > 0:
                raise self.close(method, chat_id, math.ceil(wait))

    def _count(self, now: float, chat_id: int, messages: int) -> float:
        """Return the seconds to wait; zero when the messages were counted."""
        own = self.limits.private if chat_id > 0 else self.limits.group
        rates = {("chat", chat_id): own, ("all", 0): self.limits.overall}
        levels = {key: self._level(key, rate, now) + messages for key, rate in rates.items()}
        waits = (
            (levels[key] - rate.burst) / rate.a_second
            for key, rate in rates.items()
            if levels[key] > rate.burst + SLACK
        )
        wait = max(waits, default=0.0)
        if not wait:
            self._levels.update({key: (level, now) for key, level in levels.items()})
        return wait

    def _level(self, key: Key, rate: Rate, now: float) -> float:
        level, then = self._levels.get(key, (0.0, now))
        return max(0.0, level - (now - then) * rate.a_second)


def _key(method: str, chat_id: int) -> Key:
    return ("send" if method.startswith("send") else method, chat_id)
