"""From words to an answer and back: what was typed is cleaned and read, what is kept is shown."""

from __future__ import annotations

import unicodedata
from datetime import date
from typing import Any

from handlers.conversation.forms import Field, Kind, Moment
from handlers.conversation.messages import Problem
from handlers.conversation.numerals import parse_number
from handlers.conversation.state import within
from handlers.texts import N_, Texts
from rules.dates import DateProblem, format_day, parse_date

NOT_A_DATE = N_("That is not a date I can read.")
NO_SUCH_DAY = N_("{month}/{year} has only {last} days: “{text}” does not exist.")
NO_SUCH_MONTH = N_("There is no such month: “{text}”.")
DAY_MISSING = N_("“{text}” does not say which day.")
OUT_OF_RANGE = N_("“{text}” is too far away.")
NOT_A_NUMBER = N_("That is not a number I can read.")
TOO_SMALL = N_("That is too small: at least {minimum}.")
TOO_LARGE = N_("That is too large: at most {maximum}.")

NEW = N_("{name} (new customer)")
FILES = N_("{count} files")
YES = N_("Yes")
NO = N_("No")
LIST = N_("{first}, {rest}")

_DIRECTING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c")
"""Turn the reading direction of what follows, also of our own words around an answer."""

_UNSEEN = frozenset("\u200b\u2060\ufeff\u00ad\ufff9\ufffa\ufffb")


def clean(text: str) -> str:
    """Return `text` as it is kept: NFC, no control, direction or invisible characters.

    Emoji with their joiners, markup signs and line ends stay as typed.
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n")
    kept = (
        one
        for one in unicodedata.normalize("NFC", lines)
        if one in "\n\t"
        or not (unicodedata.category(one) in ("Cc", "Cs") or one in _DIRECTING or one in _UNSEEN)
    )
    return "".join(kept).strip()


def one_line(text: str) -> str:
    """Return `text` cleaned and on one line."""
    return " ".join(clean(text).split())


def read_date(field: Field, text: str, moment: Moment) -> str | Problem:
    """Return the day that `text` names as ISO, or what is wrong with it."""
    read = parse_date(text, moment.today, moment.calendar, field.prefer)
    if isinstance(read, date):
        return read.isoformat()
    if read is None:
        return Problem(NOT_A_DATE)
    facts = {name: str(value) for name, value in read.facts} | {"text": read.text}
    return Problem(_date_message(read), facts)


def _date_message(problem: DateProblem) -> str:
    match problem.code:
        case "no_such_day":
            known = {name for name, _ in problem.facts}
            return NO_SUCH_DAY if known >= {"year", "month", "last"} else NOT_A_DATE
        case "no_such_month":
            return NO_SUCH_MONTH
        case "day_missing":
            return DAY_MISSING
        case "out_of_range":
            return OUT_OF_RANGE


def read_number(field: Field, text: str) -> int | float | Problem:
    """Return the number that `text` is, or what is wrong with it."""
    value = parse_number(text)
    if value is None:
        return Problem(NOT_A_NUMBER)
    if within(field, value):
        return value
    if field.minimum is not None and value < field.minimum:
        return Problem(TOO_SMALL, {"minimum": number(field.minimum)})
    return Problem(TOO_LARGE, {"maximum": number(field.maximum or 0)})


def number(value: float) -> str:
    """Return a number as shown: thousands apart, no idle decimals."""
    whole = int(value)
    return f"{whole:,}" if whole == value else f"{value:,}"


def display(field: Field, value: Any, texts: Texts, today: date) -> str:
    """Return an answer in the reader's words, whole."""
    match field.kind:
        case Kind.CHOICE:
            return label(field, value, texts)
        case Kind.CHOICES:
            return listed([label(field, one, texts) for one in value], texts)
        case Kind.DATE:
            return format_day(date.fromisoformat(value), texts.locale, today)
        case Kind.NUMBER:
            return number(value)
        case Kind.FILES:
            return texts.t(FILES, count=len(value))
        case Kind.PLACE:
            where = f"{value['latitude']:.5f}, {value['longitude']:.5f}"
            return f"{value['label']} ({where})" if value["label"] else where
        case Kind.CONFIRM:
            return texts.t(YES if value else NO)
        case Kind.TEXT:
            return str(value)
        case Kind.PAPERS:
            return listed([one["label"] for one in value], texts)
        case _:
            name = str(value["label"])
            return name if value["key"] else texts.t(NEW, name=name)


def label(field: Field, key: str, texts: Texts) -> str:
    """Return what a choice is called."""
    return next((texts.t(one.label) for one in field.choices if one.key == key), key)


def listed(parts: list[str], texts: Texts) -> str:
    """Return several words as a list in the reader's language."""
    if not parts:
        return ""
    joined = parts[0]
    for part in parts[1:]:
        joined = texts.t(LIST, first=joined, rest=part)
    return joined
