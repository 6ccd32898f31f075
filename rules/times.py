"""The time of day that follows a date: 下午三点半, 15:30, 3 pm.

三点 without a part of the day is 15:00 (hours 1 to 6), 3:00 is 03:00. The trap: 三点建议 are three
suggestions, and midnight of 晚上12点 belongs to the next day, so it is asked rather than guessed.
"""

from __future__ import annotations

import re
from datetime import time

from rules.date_numbers import NUMBER, read_number
from rules.date_patterns import Hit

# Blanks are bounded so that a long line of them costs nothing.
_TIME = re.compile(
    r"[ \t,，的]{0,3}(?P<period>凌晨|清晨|早上|早晨|上午|中午|下午|午后|傍晚|晚上|早|晚)?"
    r"[ \t]{0,3}(?:at[ \t]{1,3})?(?:"
    r"(?P<hour>\d{1,2}):(?P<minute>\d{2})(?!\d)(?:[ \t]{0,3}(?P<half_day>[ap]m)(?![a-z]))?"
    r"|(?P<hour12>\d{1,2})[ \t]{0,3}(?P<half_day12>[ap]m)(?![a-z])"
    rf"|(?P<cn_hour>{NUMBER})(?:点钟?|时(?!间|候|段))"
    r"(?!建议|意见|要求|原因|问题|想法|内容|计划|说明)"
    rf"(?:(?P<half>半)|(?P<quarter>[一三])刻|(?P<cn_minute>{NUMBER})分"
    rf"|(?P<bare_minute>\d{{2}}(?!\d)|[二三四五]?十[一二三四五六七八九]?))?"
    r")"
)
_PERIOD_ALONE = re.compile(r"[ \t]{0,3}(?:凌晨|清晨|早上|早晨|上午|中午|下午|午后|傍晚|晚上)")


def time_after(text: str, hit: Hit) -> tuple[time | None, int]:
    """Return the time of day that follows a date phrase and where the phrase ends with it."""
    match = _TIME.match(text, hit.end)
    read = _clock(match, hit.period) if match else None
    if match and read:
        return read, match.end()
    alone = _PERIOD_ALONE.match(text, hit.end)
    return None, alone.end() if alone else hit.end


def read_time(text: str) -> time | None:
    """Return the time of day that a text names and nothing else; None: it is none."""
    match = _TIME.fullmatch(text.strip().replace("\uff1a", ":").replace("两点", "二点"))
    return _clock(match, "") if match else None


def _clock(match: re.Match[str], hint: str) -> time | None:
    hour = read_number(match["hour"] or match["hour12"] or match["cn_hour"] or "")
    if match["half"]:
        minute: int | None = 30
    elif match["quarter"]:
        minute = 15 if match["quarter"] == "一" else 45
    else:
        minute = read_number(match["minute"] or match["cn_minute"] or match["bare_minute"] or "零")
    if hour is None or minute is None or hour > 23 or minute > 59:
        return None
    period = match["period"] or hint
    half_day = match["half_day"] or match["half_day12"]
    if half_day:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half_day == "pm" else 0)
    elif period in ("下午", "午后", "傍晚", "晚上", "晚"):
        if hour == 12 and period in ("晚上", "晚"):
            return None  # midnight belongs to the next day: ask rather than guess
        hour += 12 if hour < 12 else 0
    elif period == "中午":
        hour += 12 if hour <= 2 else 0
    elif not period and match["cn_hour"] and 1 <= hour <= 6:
        hour += 12
    return time(hour, minute)
