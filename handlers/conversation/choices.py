"""What a question offers to pick from: its choices, quick dates or what a picker found, by page.

The default stands first. The trap: that moves choices about, so the button of one carries its
place in the form, not on the card.
"""

from __future__ import annotations

from datetime import date, timedelta

import msgspec

from handlers.conversation.answers import display, label
from handlers.conversation.forms import PICKERS, Field, Kind, Moment, columns
from handlers.conversation.messages import MAX_CHOICES, TICK, Button
from handlers.conversation.pen import Pen
from handlers.conversation.state import effective
from handlers.conversation.wording import LABEL_BYTES, option_label, shorten
from handlers.texts import N_
from rules.calendar import CalendarGap

CALENDAR = N_("Calendar")
PREVIOUS, NEXT = N_("‹ Previous"), N_("Next ›")
TODAY, YESTERDAY, TOMORROW = N_("Today {day}"), N_("Yesterday {day}"), N_("Tomorrow {day}")
DAY_BEFORE = N_("2 days ago {day}")
WORKING_DAYS = N_("+3 workdays {day}")
NEXT_MONDAY = N_("Next week {day}")
PAGE_OF = N_("Page {page}/{pages}")

SHORT_LABEL = 12
"""Labels up to so many columns stand two in a row."""

_DAY = timedelta(days=1)


class Choices(msgspec.Struct, frozen=True):
    """One page of what can be picked."""

    buttons: tuple[Button, ...] = ()
    turning: tuple[Button, ...] = ()
    """To the page before and after, as far as there is one."""
    columns: int = 1
    """How many stand in a row."""


def choices(pen: Pen, field: Field) -> Choices:
    """Return what a question offers to pick from."""
    match field.kind:
        case Kind.CHOICE | Kind.CHOICES:
            return _listed_choices(pen, field)
        case Kind.CONFIRM:
            yes, no = (display(field, one, pen.texts, pen.moment.today) for one in (True, False))
            buttons = [pen.button(yes, "v", "1"), pen.button(no, "v", "0")]
            return Choices(
                tuple(buttons if pen.default(field) is not False else buttons[::-1]), columns=2
            )
        case Kind.DATE:
            return Choices((*_days(pen, field), pen.worded(CALENDAR, "cal")), columns=2)
    if field.kind in PICKERS:
        return _options(pen, field)
    return Choices()


def _listed_choices(pen: Pen, field: Field) -> Choices:
    state, texts = pen.state, pen.texts
    ticked = set(state.ticks)
    if field.kind is Kind.CHOICE:
        ticked = {state.answers.get(field.key, "")}
    keys = [one.key for one in field.choices]
    first = pen.default(field) if field.kind is Kind.CHOICE else None
    order = sorted(range(len(keys)), key=lambda at: keys[at] != first)
    if field.offered is not None:
        known = effective(pen.form, state)
        order = [at for at in order if field.offered(keys[at], known)]
    labels = [label(field, one, texts) for one in keys]
    buttons = [
        pen.button(f"{TICK}{labels[at]}" if keys[at] in ticked else labels[at], "o", str(at))
        for at in order
    ]
    short = all(columns(one) <= SHORT_LABEL for one in labels)
    return paged(pen, buttons, 2 if short else 1)


def _days(pen: Pen, field: Field) -> list[Button]:
    """Return the quick dates, the default first."""
    moment = pen.moment
    today = moment.today
    if field.prefer == "past":
        near = [(TODAY, today), (YESTERDAY, today - _DAY), (DAY_BEFORE, today - 2 * _DAY)]
    else:
        near = [
            (TODAY, today),
            (TOMORROW, today + _DAY),
            (WORKING_DAYS, _workdays_on(moment, 3)),
            (NEXT_MONDAY, today + timedelta(days=7 - today.weekday())),
        ]
    first = pen.default(field)
    near.sort(key=lambda one: one[1].isoformat() != first)
    buttons = {
        day: pen.worded(name, "d", day.isoformat(), day=pen.texts.day(day))
        for name, day in reversed(near)
    }
    quick = [buttons[day] for day in dict.fromkeys(day for _, day in near)]
    if first is not None and all(day.isoformat() != first for _, day in near):
        quick.insert(0, pen.button(display(field, first, pen.texts, today), "def"))
    return quick


def _options(pen: Pen, field: Field) -> Choices:
    state = pen.state
    taken = state.answers.get(field.key, ()) if field.kind is Kind.PAPERS else ()
    ticked = {one["key"] for one in taken}
    buttons = [
        pen.button(
            f"{TICK}{option_label(one)}" if one.key in ticked else option_label(one), "o", str(at)
        )
        for at, one in enumerate(state.options or ())
    ]
    default = pen.default(field)
    if default is not None and not state.page and not state.words:
        buttons.insert(0, pen.button(shorten(default["label"], LABEL_BYTES), "def"))
    turning = _turning(pen, state.page > 0, state.further)
    return Choices(tuple(buttons[:MAX_CHOICES]), turning)


def paged(pen: Pen, buttons: list[Button], across: int = 2) -> Choices:
    """Return the page of a list that the person has turned to."""
    last = _pages(len(buttons)) - 1
    page = min(pen.state.page, last)
    start = page * MAX_CHOICES
    shown = tuple(buttons[start : start + MAX_CHOICES])
    return Choices(shown, _turning(pen, page > 0, page < last), across)


def _turning(pen: Pen, before: bool, after: bool) -> tuple[Button, ...]:
    page = pen.state.page
    buttons = []
    if before:
        buttons.append(pen.worded(PREVIOUS, "pg", str(max(page - 1, 0))))
    if after:
        buttons.append(pen.worded(NEXT, "pg", str(page + 1)))
    return tuple(buttons)


def page_line(pen: Pen, count: int) -> str:
    """Return which page of a list of `count` is shown; empty: there is only one."""
    total = _pages(count)
    page = min(pen.state.page, total - 1) + 1
    return pen.texts.t(PAGE_OF, page=page, pages=total) if total > 1 else ""


def _pages(count: int) -> int:
    """Return how many pages a list of `count` takes, at least one."""
    return max(-(-count // MAX_CHOICES), 1)


def _workdays_on(moment: Moment, count: int) -> date:
    try:
        return moment.calendar.add_working_days(moment.today, count)
    except CalendarGap:
        return moment.today + timedelta(days=count)
