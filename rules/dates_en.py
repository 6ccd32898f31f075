"""Date phrases in English: tomorrow, next wednesday, in 3 working days, 10 October, end of month.

The trap: sat and sun are words of a sentence too, and "every friday" is no single day.
"""

from __future__ import annotations

import re
from datetime import date, timedelta

from rules.date_patterns import Ask, DateProblem, Patterns
from rules.date_reckoning import directed, make_day, moved, near_day, part_of_month
from rules.deadlines import add_months
from rules.rungs import MONTHS

PATTERNS = Patterns()

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

_DAY = r"(?P<weekday>" + "|".join(f"{name[:3]}(?:{name[3:]})?" for name in WEEKDAYS) + ")"
_MONTH = (
    r"(?P<month>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    r"|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
)
_COUNT = r"(?P<count>\d{1,3}|an?|one|two|three|four|five|six|seven|eight|nine|ten)"
_WORDS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_NUMBERS = {"a": 1, "an": 1} | {word: n for n, word in enumerate(_WORDS, start=1)}


@PATTERNS.reads(
    r"(?P<name>the day after tomorrow|day after tomorrow|today|tonight|tomorrow|yesterday)"
)
def _named_day(match: re.Match[str], ask: Ask) -> date:
    shift = {"today": 0, "tonight": 0, "tomorrow": 1, "yesterday": -1}.get(match["name"], 2)
    return ask.today + timedelta(days=shift)


@PATTERNS.reads(rf"(?:(?P<rel>next|this|last)\s+)?{_DAY}")
def _weekday(match: re.Match[str], ask: Ask) -> date | None:
    if not ask.whole and len(match["weekday"]) == 3 and not match["rel"]:
        return None  # sat and sun are words
    if match["rel"] is None and ask.text[: match.start()].rstrip().endswith("every"):
        return None
    index = [name[:3] for name in WEEKDAYS].index(match["weekday"][:3])
    this = ask.today + timedelta(days=index - ask.today.weekday())
    week = timedelta(weeks=1)
    if match["rel"]:
        return this + week * {"next": 1, "this": 0, "last": -1}[match["rel"]]
    return directed(ask, this, this + week, this - week)


_UNIT = r"(?P<unit>working day|business day|day|week|month|year)s?"


@PATTERNS.reads(rf"(?P<lead>in )?{_COUNT} {_UNIT}(?P<side> ago| later)?")
def _offset(match: re.Match[str], ask: Ask) -> date | None:
    if not match["lead"] and not match["side"]:
        return None
    count = _NUMBERS.get(match["count"]) or int(match["count"])
    codes = {"working day": "wd", "business day": "wd", "day": "d", "week": "w", "year": "y"}
    sign = -1 if match["side"] == " ago" else 1
    return moved(ask, count * sign, codes.get(match["unit"], "m"))


@PATTERNS.reads(
    rf"(?P<day>\d{{1,2}})(?:st|nd|rd|th)?\s?(?:of\s)?{_MONTH}(?:,?\s(?P<year>\d{{4}}))?"
)
def _day_month(match: re.Match[str], ask: Ask) -> date | DateProblem:
    return _of_year(match, ask)


@PATTERNS.reads(rf"{_MONTH}\.?\s(?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?:,?\s(?P<year>\d{{4}}))?")
def _month_day(match: re.Match[str], ask: Ask) -> date | DateProblem:
    return _of_year(match, ask)


def _of_year(match: re.Match[str], ask: Ask) -> date | DateProblem:
    month, day = MONTHS.index(match["month"][:3]) + 1, int(match["day"])
    if match["year"]:
        return make_day(match.group(), int(match["year"]), month, day)
    return near_day(ask, match.group(), month, day)


@PATTERNS.reads(r"(?:the )?end of (?:the |this )?(?P<rel>next |last )?(?P<what>month|year)")
def _end(match: re.Match[str], ask: Ask) -> date:
    shift = {"next ": 1, "last ": -1}.get(match["rel"] or "", 0)
    if match["what"] == "year":
        return date(ask.today.year + shift, 12, 31)
    return part_of_month(add_months(ask.today.replace(day=1), shift), "底")
