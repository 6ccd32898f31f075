"""Counts what each member is sent: the platform drops what is too much without a word.

So a message that would go over the limit is not sent now but put off, and none is lost.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable
from datetime import datetime, timedelta

from bot.channels.base import ChannelError, Outcome
from bot.settings import MemberLimits

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


class Throttle:
    def __init__(self, limits: MemberLimits, now: Callable[[], datetime]) -> None:
        self._limits = limits
        self._now = now
        self._sent: defaultdict[str, deque[datetime]] = defaultdict(deque)

    def take(self, account: str, count: int) -> None:
        """Count `count` messages to a member that go out now.

        Raises:
            ChannelError: RETRY_LATER, none of them may; `after` says when all may.
        """
        if not self._limits.enabled:
            return
        now, sent = self._now(), self._sent[account]
        while sent and now - sent[0] >= HOUR:
            sent.popleft()
        for span, most in (
            (MINUTE, self._limits.member_per_minute),
            (HOUR, self._limits.member_per_hour),
        ):
            # the one that has to be out of the span before all of ours fit; more than fit into
            # any span go when it is empty
            place = len(sent) + min(count, most) - most
            if place > 0 and now - sent[place - 1] < span:
                after = (span - (now - sent[place - 1])).total_seconds()
                raise ChannelError(Outcome.RETRY_LATER, "member's limit", after=after)
        sent.extend([now] * count)
