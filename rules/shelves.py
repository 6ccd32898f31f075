"""排架: in which order files stand, so that each is found at once and put back where it was.

Cabinet by cabinet, in each from top to bottom, on a tier from left to right. The trap is the tenth
tier that a machine puts before the second: numbers in a place are compared as numbers.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from rules.date_numbers import read_number

_PARTS = re.compile(r"\d{1,3}|[一二三四五六七八九十廿卅]+|[^\d一二三四五六七八九十廿卅]+|\d")

CLAUSES = {"S2-INFO": "S2-INFO.6", "S1-15": "S1-15.5.2", "S1-10": "S1-10.2"}
"""Clause that wants an index of places, or an order in which things are found, by regulation."""


def place_key(place: str) -> tuple[tuple[int, str], ...]:
    """Return by what a place such as C柜1层16号 is sorted among others.

    Rule: S1-10.2, S1-15.5.2, S2-INFO.7.
    """
    words = unicodedata.normalize("NFKC", place).casefold()
    return tuple(_part(one) for one in _PARTS.findall("".join(words.split())))


def index_rule(sources: Iterable[str]) -> str | None:
    """Return the clause by which a policy of these regulations has its index; None: none."""
    known = set(sources)
    return next((clause for one, clause in CLAUSES.items() if one in known), None)


def _part(words: str) -> tuple[int, str]:
    number = read_number(words)
    return (number, "") if number is not None else (-1, words)
