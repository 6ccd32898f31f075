"""What the page's top bar moves: the demo's clock, and an outage of the bot."""

from __future__ import annotations

from datetime import datetime, time, timedelta, tzinfo
from typing import Protocol

EVENING, MORNING = time(18), time(9)
FURTHEST = timedelta(days=400)
"""Longest step of the clock."""


class Controls(Protocol):
    zone: tzinfo
    """In which the page shows times."""

    def now(self) -> datetime:
        """Aware UTC, by the demo's clock."""

    def back_at(self) -> datetime | None:
        """When the outage ends by the demo's clock; None: no outage was asked for."""

    async def move(self, to: datetime) -> None:
        """Move the clock on, through every instant at which something is due.

        Reaching the end of an outage brings the bot back.
        """

    async def outage(self, minutes: int) -> None:
        """Stop the bot now and bring it back in `minutes` by the demo's clock; 0: at once."""


class BadTime(Exception):
    """The clock cannot be moved there: not a time, in the past, or too far off."""


def target(step: str, to: str, now: datetime, zone: tzinfo) -> datetime:
    """Return the instant a step of the clock leads to. Raises BadTime."""
    local = now.astimezone(zone)
    match step:
        case "hour":
            return now + timedelta(hours=1)
        case "day":
            return now + timedelta(days=1)
        case "evening":
            return _next(local, EVENING)
        case "morning":
            return _next(local, MORNING)
    try:
        wanted = datetime.fromisoformat(to)
    except ValueError as error:
        raise BadTime(to) from error
    if wanted.tzinfo is None:
        wanted = wanted.replace(tzinfo=zone)
    if not now <= wanted <= now + FURTHEST:
        raise BadTime(to)
    return wanted


def _next(local: datetime, hour: time) -> datetime:
    """Return the next time it is `hour`, later than now."""
    today = datetime.combine(local.date(), hour, local.tzinfo)
    if local < today:
        return today
    return datetime.combine(local.date() + timedelta(days=1), hour, local.tzinfo)
