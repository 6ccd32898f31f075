"""The month behind a date question: weeks of buttons, and the same month in words.

Days off are marked, make-up days too; a channel without room for the buttons shows only the
words, and the typed day of the month does the same.
"""

from __future__ import annotations

import re
import unicodedata
from calendar import Calendar, monthrange
from collections.abc import Callable, Iterable
from datetime import date

from handlers.conversation.messages import Button
from handlers.texts import N_, Texts
from rules.calendar import FIRST_YEAR, LAST_YEAR, WorkingCalendar

OFF = N_("{day} off")
WORKED = N_("{day} work")
OTHER_MONTH = N_("{month}/{day}")
HEADING = N_("{year}-{month}")
DAYS_OFF = N_("Off: {days}")
DAYS_WORKED = N_("Worked weekend: {days}")
PROVISIONAL = N_("The holidays of this year are not published yet: provisional.")
TYPE_DAY = N_("Or type the day: 14, 30 Sep, next Wednesday.")

Key = Callable[[str, str], str]
"""Makes a button key of verb and argument."""

_WEEKS = Calendar(firstweekday=0)
_MONTH = re.compile(r"\d{4}-(?:0[1-9]|1[0-2])", re.ASCII)


def is_month(text: str) -> bool:
    """Return whether `text` is YYYY-MM within the years that can be computed."""
    return bool(_MONTH.fullmatch(text)) and FIRST_YEAR < int(text[:4]) < LAST_YEAR


def day_in(month: str, text: str) -> date | None:
    """Return the day of `month` that a typed number means; None: it means none."""
    digits = unicodedata.normalize("NFKC", text).strip().rstrip("日号號").strip()
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 2):
        return None
    year, number = _parts(month)
    day = int(digits)
    return date(year, number, day) if 1 <= day <= monthrange(year, number)[1] else None


def neighbour(month: str, offset: int) -> str:
    """Return the month `offset` months later."""
    year, number = _parts(month)
    at = year * 12 + number - 1 + offset
    return f"{at // 12:04d}-{at % 12 + 1:02d}"


def grid(
    month: str, calendar: WorkingCalendar, texts: Texts, key: Key
) -> tuple[tuple[Button, ...], ...]:
    """Return the weeks of `month`, Monday first, whole weeks."""
    year, number = _parts(month)

    def button(day: date) -> Button:
        return Button(_name(day, number, calendar, texts), key("d", day.isoformat()))

    weeks = _WEEKS.monthdatescalendar(year, number)
    return tuple(tuple(button(day) for day in week) for week in weeks)


def words(month: str, calendar: WorkingCalendar, texts: Texts) -> list[str]:
    """Return the month in lines: its name, what is off, what is worked, how to type."""
    year, number = _parts(month)
    days = [date(year, number, day + 1) for day in range(monthrange(year, number)[1])]
    off = [day.day for day in days if not calendar.is_workday(day)]
    worked = [day.day for day in days if calendar.is_makeup(day)]
    lines = [texts.t(HEADING, year=year, month=number)]
    if off:
        lines.append(texts.t(DAYS_OFF, days=spans(off)))
    if worked:
        lines.append(texts.t(DAYS_WORKED, days=spans(worked)))
    if year not in calendar.years:
        lines.append(texts.t(PROVISIONAL))
    lines.append(texts.t(TYPE_DAY))
    return lines


def spans(days: Iterable[int]) -> str:
    """Return rising numbers with runs drawn together: 5-6, 12, 25-27."""
    runs: list[list[int]] = []
    for day in days:
        if runs and runs[-1][1] == day - 1:
            runs[-1][1] = day
        else:
            runs.append([day, day])
    return ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in runs)


def _name(day: date, month: int, calendar: WorkingCalendar, texts: Texts) -> str:
    if day.month != month:
        return texts.t(OTHER_MONTH, month=day.month, day=day.day)
    if not calendar.is_workday(day):
        return texts.t(OFF, day=day.day)
    return texts.t(WORKED, day=day.day) if calendar.is_makeup(day) else str(day.day)


def _parts(month: str) -> tuple[int, int]:
    return int(month[:4]), int(month[5:])
