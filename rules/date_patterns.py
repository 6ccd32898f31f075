"""What a date pattern is, and where the patterns of a language match in a text.

The trap: a pattern also matches inside a longer number, word or order number (A1-2026-10-11);
such cut-outs are dropped here, once for all languages.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from typing import Literal, NamedTuple

import msgspec

from rules.calendar import FIRST_YEAR, LAST_YEAR, CalendarGap, WorkingCalendar
from rules.date_numbers import CHINESE_DIGITS

Prefer = Literal["past", "future"]


class DateProblem(msgspec.Struct, frozen=True):
    """A text that names a day which cannot be; the caller words it by `code`."""

    code: Literal["no_such_day", "no_such_month", "day_missing", "out_of_range"]
    text: str
    """What the person wrote, the date part only."""
    facts: tuple[tuple[str, int], ...] = ()
    """`year`, `month`, `day` and `last` (last day of that month), as far as known."""


class Ask(msgspec.Struct, frozen=True):
    """A text in which dates are looked for, and how it is to be understood."""

    text: str
    """In the form that the patterns expect: lower case, half-width."""
    today: date
    calendar: WorkingCalendar
    prefer: Prefer
    whole: bool
    """The whole text is to be a date; else dates are looked for inside a sentence."""

    def before(self, at: int) -> str:
        """The character before `at`, spaces skipped; empty at the start."""
        return self.text[:at].rstrip()[-1:]

    def after(self, at: int) -> str:
        return self.text[at : at + 1]


class Hit(msgspec.Struct, frozen=True):
    """A pattern's match: where it stands and what it names."""

    start: int
    end: int
    day: date | DateProblem
    period: str = ""
    """Part of the day that the phrase named on its way: 晚 in 今晚."""


Handler = Callable[["re.Match[str]", Ask], "date | DateProblem | None"]
"""Says which day a match means; None: it is no date after all."""


class Pattern(NamedTuple):
    regex: re.Pattern[str]
    handler: Handler
    only_whole: bool
    """Too easily something else to be looked for inside a sentence."""


class Patterns(list[Pattern]):
    """The patterns of one language; of two matches of the same length the earlier pattern wins."""

    def reads(self, pattern: str, *, only_whole: bool = False) -> Callable[[Handler], Handler]:
        """Enter the function below as the handler of `pattern`."""

        def add(handler: Handler) -> Handler:
            self.append(Pattern(re.compile(pattern), handler, only_whole))
            return handler

        return add


def hits(ask: Ask, patterns: Iterable[Pattern]) -> Iterator[Hit]:
    """Yield what the patterns find in the text, pattern by pattern; hits may overlap."""
    for pattern, handler, only_whole in patterns:
        if only_whole and not ask.whole:
            continue
        for match in pattern.finditer(ask.text):
            if _inside_something(match, ask):
                continue
            try:
                day = handler(match, ask)
            except (CalendarGap, OverflowError):
                day = DateProblem("out_of_range", match.group())
            if isinstance(day, date) and not FIRST_YEAR <= day.year <= LAST_YEAR:
                day = DateProblem("out_of_range", match.group(), (("year", day.year),))
            if day is not None:
                period = match.groupdict().get("period") or ""
                yield Hit(match.start(), match.end(), day, period)


def _inside_something(match: re.Match[str], ask: Ask) -> bool:
    """Whether the match is cut out of a longer number, word or order number."""
    first, last = match.group()[0], match.group()[-1]
    before = ask.text[: match.start()]
    left = before[-1:]
    right, next_right = ask.after(match.end()), ask.after(match.end() + 1)
    cut = re.search(r"(?:[0-9a-z.\-/#_¥$￥]|[0-9]:)\Z", before[-2:])
    if cut and first.isascii() and first.isalnum():
        return True
    if first in CHINESE_DIGITS and left and left in CHINESE_DIGITS + "百千万第":
        return True
    if first.isdigit() and ask.before(match.start()) == "第":
        return True
    if last.isascii() and last.isalnum():
        if re.match(r"[0-9a-z_%‰]", right):
            return True
        return right in "-/.:" and next_right.isdigit() if right else False
    return False
