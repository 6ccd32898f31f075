"""When a tap counts as made: the platform does not say (CONTRACT 1.4).

Usually that is when it came in. While intake was down or behind, it is the last moment intake was
known to be up: whoever tapped in time is not late because we were.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import msgspec

GAP = timedelta(seconds=5)
"""Shorter silences of our own do not count."""


class TapTime(msgspec.Struct, frozen=True):
    at: datetime
    certain: bool
    """False: estimated, in the sender's favour."""


class TapClock:
    """Knows whether intake keeps up."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._behind_since: datetime | None = None

    def behind(self, since: datetime | None) -> None:
        """Say that what comes in now may have waited since then; None: intake keeps up."""
        late = since is not None and self._now() - since > GAP
        self._behind_since = since if late else None

    def time(self) -> TapTime:
        """Return the time of a tap that comes in now."""
        if self._behind_since is None:
            return TapTime(self._now(), certain=True)
        return TapTime(self._behind_since, certain=False)
