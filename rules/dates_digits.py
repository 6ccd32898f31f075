"""Dates in digits alone: 2026-10-11, 20261011, 10/11 (11 October), 10.11.

The trap: in a sentence 1/3 is a fraction, 7/24 a service promise, 3.5 an amount.
"""

from __future__ import annotations

import re
from datetime import date

from rules.date_patterns import Ask, DateProblem, Patterns
from rules.date_reckoning import make_day, near_day

PATTERNS = Patterns()


@PATTERNS.reads(r"(?P<year>\d{4})(?P<sep>[-/.])(?P<month>\d{1,2})(?P=sep)(?P<day>\d{1,2})")
def _iso(match: re.Match[str], ask: Ask) -> date | DateProblem | None:  # noqa: ARG001 handler
    return make_day(match.group(), int(match["year"]), int(match["month"]), int(match["day"]))


@PATTERNS.reads(r"(?P<year>(?:19|20)\d\d)(?P<month>\d\d)(?P<day>\d\d)", only_whole=True)
def _compact(match: re.Match[str], ask: Ask) -> date | DateProblem:  # noqa: ARG001 handler
    return make_day(match.group(), int(match["year"]), int(match["month"]), int(match["day"]))


@PATTERNS.reads(r"(?P<month>\d{1,2})/(?P<day>\d{1,2})")
def _slashed(match: re.Match[str], ask: Ask) -> date | DateProblem | None:
    month, day = int(match["month"]), int(match["day"])
    if ask.whole:
        if month > 12 >= day >= 1:
            month, day = day, month
        return near_day(ask, match.group(), month, day)
    left, right = ask.text[: match.start()][-1:], ask.after(match.end())
    # In a sentence 1/3 is a fraction and 7/24 a service promise.
    if len(match["month"] + match["day"]) < 3 or (month, day) == (7, 24):
        return None
    if left and not left.isspace() and left not in "，。、,;；(（:：在于到至":
        return None
    rest = ask.text[match.end() :].lstrip()[:1]
    if (right and right.isalnum() and right not in "前之后日号回拜见交") or rest == "的":
        return None
    read = near_day(ask, match.group(), month, day)
    return read if isinstance(read, date) else None


@PATTERNS.reads(r"(?P<month>\d{1,2})[.-](?P<day>\d{1,2})", only_whole=True)
def _dotted(match: re.Match[str], ask: Ask) -> date | DateProblem:
    return near_day(ask, match.group(), int(match["month"]), int(match["day"]))
