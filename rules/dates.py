"""Dates as people write them in a chat, Chinese and English: 下周三, 月底, 10月10日, in 3 days.

How it reads: weeks begin on Monday; 下周三 and "next wednesday" are the Wednesday of next week;
a bare 周三, 15号, 月底 is the nearest one in the preferred direction, today included; a bare
month and day is this year's unless that lies more than 183 days on the wrong side of today;
10/11 is 11 October; 三点 without a part of the day is 15:00 (hours 1 to 6), 3:00 is 03:00.

The traps: quarters (第三季度), amounts (3.5万, 10.5%), fractions (1/3), house numbers (15号楼),
telephone and order numbers are no dates; 本周三个客户 is no Wednesday; a recurring 每周三 is no
single day. An impossible day is a `DateProblem` that says what is wrong, not silence.
"""

from __future__ import annotations

import re
from datetime import date, time

import msgspec
from msgspec.structs import replace

from rules import dates_digits, dates_en, dates_zh
from rules.calendar import WorkingCalendar
from rules.date_numbers import SHORT_NUMBER, YEAR
from rules.date_patterns import Ask, DateProblem, Prefer, hits
from rules.date_reckoning import WRONG_SIDE_DAYS
from rules.dates_en import WEEKDAYS
from rules.dates_zh import RELATIVE
from rules.rungs import MONTHS
from rules.times import time_after

__all__ = [
    "WRONG_SIDE_DAYS",
    "DateProblem",
    "FoundDate",
    "Prefer",
    "find_dates",
    "format_day",
    "parse_date",
    "parse_moment",
]

_PATTERNS = (*dates_zh.PATTERNS, *dates_digits.PATTERNS, *dates_en.PATTERNS)

_FULL_WIDTH = {ord("０") + n: str(n) for n in range(10)} | {
    ord(wide): narrow for wide, narrow in zip("／－—–：．＋　〇两", "/---:.+ 零二", strict=True)
}

_LEAD = re.compile(r"\s*(?:在|于|约|约在|改到|on |by |at )?\s*")
_TRAIL = re.compile(r"(?:之前|以前|前|左右|吧|了|当天|那天|见)?[\s。，,.!！?？~、]*")
_VAGUE = re.compile(
    rf"(?:{RELATIVE})(?:周|星期|礼拜|月)|(?:{YEAR}年|今年|明年|去年)?{SHORT_NUMBER}月份?|明年|今年|去年|后年"
    r"|(?:next|this|last) (?:week|month|year)"
)


class FoundDate(msgspec.Struct, frozen=True):
    """A date phrase inside a text."""

    start: int
    """Index of its first character."""
    end: int
    """Index after its last character, the time of day included."""
    day: date
    at: time | None
    """Wall-clock time that follows the date; None if there is none."""


def parse_date(
    text: str, today: date, calendar: WorkingCalendar, prefer: Prefer = "future"
) -> date | DateProblem | None:
    """Return the day that a whole text names; a time of day may follow and is dropped.

    None: the text is not (only) a date. `DateProblem`: it is one, but no such day exists or the
    day is missing (下周, 10月).
    """
    read = parse_moment(text, today, calendar, prefer)
    return read.day if isinstance(read, FoundDate) else read


def parse_moment(
    text: str, today: date, calendar: WorkingCalendar, prefer: Prefer = "future"
) -> FoundDate | DateProblem | None:
    """Return day and time of day that a whole text names; else as `parse_date`."""
    plain = _normal(text)
    lead = _LEAD.match(plain)
    begin = lead.end() if lead else 0
    ask = Ask(plain, today, calendar, prefer, whole=True)
    problem: DateProblem | None = None
    for hit in sorted(hits(ask, _PATTERNS), key=lambda hit: -hit.end):
        if hit.start != begin:
            continue
        at, end = time_after(plain, hit)
        if not _TRAIL.fullmatch(plain, end):
            continue
        if isinstance(hit.day, date):
            return FoundDate(hit.start, end, hit.day, at)
        problem = problem or replace(hit.day, text=text[hit.start : hit.end])
    if problem is None and _VAGUE.fullmatch(plain.strip()):
        return DateProblem("day_missing", text.strip())
    return problem


def find_dates(
    text: str, today: date, calendar: WorkingCalendar, prefer: Prefer = "future"
) -> tuple[FoundDate, ...]:
    """Return the date phrases inside a sentence, in order, not overlapping.

    Only phrases that cannot well be anything else: 10.10 and 20261010 are left to `parse_date`.
    A phrase that names an impossible day is left out.
    """
    plain = _normal(text)
    ask = Ask(plain, today, calendar, prefer, whole=False)
    found: list[FoundDate] = []
    taken = 0
    for hit in sorted(hits(ask, _PATTERNS), key=lambda hit: (hit.start, -hit.end)):
        if hit.start < taken:
            continue
        taken = hit.end
        if isinstance(hit.day, date):
            at, taken = time_after(plain, hit)
            found.append(FoundDate(hit.start, taken, hit.day, at))
    return tuple(found)


def format_day(day: date, locale: str, today: date | None = None) -> str:
    """Return a day with its weekday, `9月14日 周一` or `Mon 14 Sep`.

    The year is written if `today` is given and lies in another one.
    """
    other_year = today is not None and today.year != day.year
    if locale.lower().startswith("zh"):
        year = f"{day.year}年" if other_year else ""
        return f"{year}{day.month}月{day.day}日 周{'一二三四五六日'[day.weekday()]}"
    name = WEEKDAYS[day.weekday()][:3].title()
    year = f" {day.year}" if other_year else ""
    return f"{name} {day.day} {MONTHS[day.month - 1].title()}{year}"


def _normal(text: str) -> str:
    # One character for one character, so that positions hold; lower() alone can lengthen a text.
    plain = text.translate(_FULL_WIDTH)
    return "".join(char.lower() if char.isascii() else char for char in plain)
