"""What the platform's error codes mean, in the words of the relay (CONTRACT 1.6)."""

from __future__ import annotations

from bot.channels.base import ChannelError, Outcome

STALE_TOKEN = frozenset({40001, 40014, 41001, 42001})
"""The token in use is not accepted (any more): a fresh one may be."""
UNAUTHORIZED = frozenset({40001, 40013, 40056, 40091, 48002, 50003, 301002})
"""Settings of ours or of the console are wrong; nothing gets through until they are mended."""
UNTRUSTED = 60020
"""The address that we call from is not on the app's list."""
FREQUENCY = 45009
MEDIA_GONE = 40007
TASK_KNOWN = 42014
"""A card of that task id was taken before (or the id is none)."""
TOO_LARGE = 830002
"""A file that is given out in pieces only, for its size."""

_UNREACHABLE = frozenset({40003, 60011, 60021, 60111, 81013, 82001, 92000})
_BUSY = frozenset({-1, 6000, 45033})

BUSY_SECONDS = 2.0
STORM_SECONDS = 5.0
"""Pause after the platform could not be reached."""
MINUTE = 60.0
"""How long the platform refuses calls that came too often, and how long we wait where only a
person can mend it."""


class Refused(ChannelError):
    """The platform answered with an error code."""

    def __init__(self, code: int, *, after: float = 1.0) -> None:
        super().__init__(outcome_of(code), f"errcode {code}", after=after)
        self.code = code


def outcome_of(code: int) -> Outcome:
    if code in _UNREACHABLE:
        return Outcome.UNREACHABLE
    if code in (MEDIA_GONE, TOO_LARGE):
        return Outcome.GONE
    waits = code in STALE_TOKEN | UNAUTHORIZED | _BUSY or code in (UNTRUSTED, FREQUENCY)
    return Outcome.RETRY_LATER if waits else Outcome.REJECTED


def pause_of(code: int) -> float:
    """Return how many seconds to wait before such a call is made again."""
    if code in _BUSY:
        return BUSY_SECONDS
    return MINUTE if outcome_of(code) is Outcome.RETRY_LATER else 1.0
