"""A clock that a test sets: time passes only when it says so."""

from __future__ import annotations

from datetime import datetime

from bot.clock import utc


class SettableClock:
    """Stands still until it is moved; by itself it never goes back."""

    def __init__(self, start: datetime) -> None:
        self._now = utc(start)

    def now(self) -> datetime:
        return self._now

    def advance(self, to: datetime) -> None:
        """Move on to the instant `to`; an earlier one changes nothing."""
        self._now = max(self._now, utc(to))

    def set(self, to: datetime) -> None:
        """Put it at the instant `to`, also back: as the clock of a machine that was wrong."""
        self._now = utc(to)
