"""From the parts of a date phrase to a day: which year, which month, how far from today.

The same for every language. The trap: months differ in length, so a day is made here only, where
one that cannot be becomes a `DateProblem`.
"""

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta

from rules.calendar import FIRST_YEAR, LAST_YEAR
from rules.date_patterns import Ask, DateProblem
from rules.deadlines import add_months

WRONG_SIDE_DAYS = 183
"""How far on the unpreferred side a month and day may lie before the year changes."""


def make_day(text: str, year: int, month: int, day: int) -> date | DateProblem:
    """Return the day, or why there is none; `text` is what the person wrote."""
    if not 1 <= month <= 12:
        return DateProblem("no_such_month", text, (("month", month),))
    if not FIRST_YEAR <= year <= LAST_YEAR:
        return DateProblem("out_of_range", text, (("year", year),))
    last = monthrange(year, month)[1]
    if not 1 <= day <= last:
        facts = (("year", year), ("month", month), ("day", day), ("last", last))
        return DateProblem("no_such_day", text, facts)
    return date(year, month, day)


def near_day(ask: Ask, text: str, month: int, day: int) -> date | DateProblem:
    """Return a month and day without a year: this year's, unless far on the wrong side."""
    year = ask.today.year
    read = make_day(text, year, month, day)
    # 29 February of a common year: measured by its neighbour, then refused if it must be.
    measure = read if isinstance(read, date) else make_day(text, year, month, min(day, 28))
    if isinstance(measure, date):
        ahead = (measure - ask.today).days
        if ask.prefer == "future" and ahead < -WRONG_SIDE_DAYS:
            return make_day(text, year + 1, month, day)
        if ask.prefer == "past" and ahead > WRONG_SIDE_DAYS:
            return make_day(text, year - 1, month, day)
    return read


def directed(ask: Ask, this: date, next_one: date, last_one: date) -> date:
    """Return of three repetitions the nearest in the preferred direction, today included."""
    if ask.prefer == "future":
        return next_one if this < ask.today else this
    return last_one if this > ask.today else this


def part_of_month(any_day: date, part: str) -> date:
    """Return the first, 15th or last day of the month of `any_day`: 初, 中 or 中旬, 底 or 末."""
    if part in ("底", "末"):
        return any_day.replace(day=monthrange(any_day.year, any_day.month)[1])
    return any_day.replace(day=1 if part == "初" else 15)


def moved(ask: Ask, count: int, unit: str) -> date:
    """Return the day `count` units from today; it may be before it.

    `unit`: 工作日, 天, 日, 周, 星期, 礼拜, 月, 年 (个 before it or not), or wd, d, w, m, y.
    """
    unit = unit.removeprefix("个")
    if unit in ("工作日", "wd"):
        return ask.calendar.add_working_days(ask.today, count)
    if unit in ("天", "日", "d"):
        return ask.today + timedelta(days=count)
    if unit in ("周", "星期", "礼拜", "w"):
        return ask.today + timedelta(weeks=count)
    return add_months(ask.today, count * (12 if unit in ("年", "y") else 1))
