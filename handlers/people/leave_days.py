"""The days of an absence or a delegation: asked, checked, and read from a sentence."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from handlers.conversation.forms import Answers, Field, Kind, Moment
from handlers.conversation.messages import Problem
from handlers.texts import N_
from rules import dates
from rules.calendar import WorkingCalendar

LONGEST = timedelta(days=366)
"""How far ahead an absence may reach."""

_UNTIL = ("到", "至", "~", "until", "till", "through")
"""Before a single day: that it is the last, and the first is today."""


def _first(value: Any, _answers: Answers, moment: Moment) -> Problem | None:
    if date.fromisoformat(value) < moment.today:
        return Problem(
            N_("An absence can be entered from today on; earlier days stay as they are.")
        )
    return None


def _last(value: Any, answers: Answers, moment: Moment) -> Problem | None:
    if date.fromisoformat(value) > moment.today + LONGEST:
        return Problem(N_("That is more than a year ahead. Please check the year."))
    begins = answers.day("first")
    if begins is not None and date.fromisoformat(value) < begins:
        return Problem(N_("The last day lies before the first."))
    return None


FIELDS = (
    Field(
        "first",
        Kind.DATE,
        N_("First day"),
        N_("From which day?"),
        check=_first,
        default=lambda moment: moment.today.isoformat(),
        prefer="future",
        example=N_("today · tomorrow · 9月30日"),
    ),
    Field(
        "last",
        Kind.DATE,
        N_("Last day"),
        N_("Until which day, included?"),
        check=_last,
        prefer="future",
        example=N_("Friday · 9月30日"),
    ),
)
"""First and last day, in this order."""


def read(words: str, today: date, calendar: WorkingCalendar) -> dict[str, Any]:
    """Return the first and last day that 「明天到周五」 or 「到周五」 names; {} if none."""
    found = dates.find_dates(words, today, calendar)
    if not found:
        return {}
    begins, ends = found[0].day, found[-1].day
    if len(found) == 1 and words[: found[0].start].rstrip().lower().endswith(_UNTIL):
        begins = today
    return {"first": begins.isoformat(), "last": ends.isoformat()}
