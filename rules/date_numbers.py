"""Numbers inside a date phrase, in digits or Chinese: 15, 十五, 廿三, 二零二六.

The patterns and what reads their matches stand together: whatever a pattern lets through that is
no number is None, not an error.
"""

from __future__ import annotations

CHINESE_DIGITS = "零一二三四五六七八九十廿卅"
_DIGIT = {char: n for n, char in enumerate("零一二三四五六七八九")}

NUMBER = rf"(?:\d{{1,3}}|[{CHINESE_DIGITS}]{{1,3}})"
SHORT_NUMBER = rf"(?:\d{{1,2}}|[{CHINESE_DIGITS}]{{1,2}})"
YEAR = r"(?:\d{4}|[零一二三四五六七八九]{4})"


def read_number(text: str) -> int | None:
    """Return a number up to 999 in digits, or up to 99 in Chinese; None if it is none."""
    if text.isdigit():
        return int(text)
    text = text.replace("廿", "二十").replace("卅", "三十")
    if "十" not in text:
        return _DIGIT.get(text) if len(text) == 1 else None
    tens, _, ones = text.partition("十")
    if (tens and tens not in _DIGIT) or (ones and ones not in _DIGIT) or "零" in text:
        return None
    return _DIGIT.get(tens, 1) * 10 + _DIGIT.get(ones, 0)


def read_year(text: str) -> int:
    """Return the year that a match of `YEAR` means."""
    return int("".join(str(_DIGIT.get(char, char)) for char in text))
