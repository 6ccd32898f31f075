"""Where graded papers lie: in a safe, the two upper grades apart and with somebody named for it.

Two regulations of one set say it, one for every grade and one for the upper two; both are kept
(C-67). The trap is the file that was graded after it had its place in an open cabinet.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from rules.secrecy import Grade

UPPER = frozenset({Grade.SECRET, Grade.TOP_SECRET})
"""Grades whose papers lie apart, with a named keeper (S2-INFO.22)."""


def fits(place: str, grade: Grade, safes: Iterable[str]) -> bool:
    """Return whether papers of a grade may lie at a place; `safes`: words that name a safe.

    Rule: S2-SECR.8.1, C-67.
    """
    words = _folded(place)
    return grade is Grade.NONE or any(_folded(one) in words for one in safes)


def place_rule(grade: Grade) -> str:
    """Return the clause behind the place of graded papers. Rule: C-67."""
    return "S2-INFO.22" if grade in UPPER else "S2-SECR.8.1"


def _folded(words: str) -> str:
    return "".join(unicodedata.normalize("NFKC", words).casefold().split())
