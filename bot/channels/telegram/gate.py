"""Keeps away from what the platform has closed for a while: no call before `retry_after` is over.

The relay and the poller wait by themselves. Without this, the answer to the next tap, the next
menu or file would go out at once, and each early call may lengthen the ban.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import datetime, timedelta

import msgspec
from telegram.error import RetryAfter

Kind = tuple[str, str]
"""What is closed together: a method in a chat; all ways of sending to a chat are one."""


class _Parameters(msgspec.Struct):
    retry_after: int = 0


class _Answer(msgspec.Struct):
    parameters: _Parameters = msgspec.field(default_factory=_Parameters)


_ANSWER = msgspec.json.Decoder(_Answer)


class Gate:
    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._closed: dict[Kind, datetime] = {}

    def check(self, kind: Kind) -> None:
        """Raise RetryAfter, as the platform would, while such calls are closed."""
        until = self._closed.get(kind)
        if until is None:
            return
        left = (until - self._now()).total_seconds()
        if left > 0:
            raise RetryAfter(timedelta(seconds=math.ceil(left)))
        del self._closed[kind]

    def note(self, kind: Kind, payload: bytes) -> None:
        """Take in the answer to a call that came too often."""
        try:
            seconds = _ANSWER.decode(payload).parameters.retry_after
        except (msgspec.DecodeError, RecursionError):
            return
        now = self._now()
        self._closed = {one: until for one, until in self._closed.items() if until > now}
        self._closed[kind] = now + timedelta(seconds=seconds)


def kind_of(method: str, chat: object) -> Kind:
    return ("send" if method.startswith("send") else method, str(chat or ""))
