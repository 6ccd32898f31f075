"""Months as lists and registers go through them: in the keys of buttons, and in words."""

from __future__ import annotations

from datetime import date, timedelta

from handlers.texts import LOCALES, Texts


def key(first: date) -> str:
    """Return a month as it stands in the key of a button: yyyymm."""
    return f"{first:%Y%m}"


def read(words: str, today: date) -> date:
    """Return the first day of a month written as yyyymm, at the latest of this one.

    What is no month is this one.
    """
    this = today.replace(day=1)
    if len(words) != 6 or not words.isdecimal() or not 1 <= int(words[4:]) <= 12:
        return this
    return min(date(max(int(words[:4]), 2000), int(words[4:]), 1), this)


def following(first: date) -> date:
    return (first + timedelta(days=31)).replace(day=1)


def before(first: date) -> date:
    return (first - timedelta(days=1)).replace(day=1)


def last_day(first: date) -> date:
    return following(first) - timedelta(days=1)


def name(first: date, texts: Texts) -> str:
    """Return what a month is called: 2026年9月, or 2026-09."""
    zh = texts.locale == LOCALES[0]
    return f"{first.year}年{first.month}月" if zh else f"{first:%Y-%m}"
