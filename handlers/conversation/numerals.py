"""Numbers as people type them: 3.5万, 1万5千, 三万五, 12,000, full-width digits, 元 behind."""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal

_DIGITS = {one: at for at, one in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_SMALL = {"十": 10, "百": 100, "千": 1000}
_LARGE = {"万": 10**4, "亿": 10**8}

_TOKEN = re.compile(r"\d+(?:\.\d+)?|[零〇一二两三四五六七八九]|[十百千万亿]")
_MEASURE = "元|块|块钱|个|人|次|天|页|份|台|辆|件"
_WHOLE = re.compile(rf"([+-]?)[¥$]?((?:{_TOKEN.pattern})+)(?:{_MEASURE})?")
_GROUPED = re.compile(r"(?<=\d)[, ](?=\d{3}(?!\d))")

MAX_LENGTH = 40


def parse_number(text: str) -> int | float | None:
    """Return the number that `text` is as a whole; None: it is not one."""
    plain = unicodedata.normalize("NFKC", text).strip()
    if len(plain) > MAX_LENGTH:
        return None
    plain = _GROUPED.sub("", plain.replace("负", "-").replace("萬", "万").replace("億", "亿"))
    match = _WHOLE.fullmatch(plain)
    if match is None:
        return None
    value = _value(_TOKEN.findall(match[2]))
    if value is None:
        return None
    if match[1] == "-":
        value = -value
    return int(value) if value == value.to_integral_value() else float(value)


def _value(parts: list[str]) -> Decimal | None:
    """Return what the parts add up to: sections below 万, sections below 亿."""
    total = section = Decimal(0)
    number: Decimal | None = None
    unit, filled = 1, False  # the unit before, and whether a 零 stands after it
    for part in parts:
        if part in _SMALL:
            if number is None and part != "十":
                return None
            unit, filled = _SMALL[part], False
            section += (1 if number is None else number) * unit
            number = None
        elif part in _LARGE:
            section += number or 0
            if not section and not total:
                return None
            unit, filled = _LARGE[part], False
            total = (total + section) * unit if unit == 10**8 else total + section * unit
            section, number = Decimal(0), None
        else:
            digit = Decimal(_DIGITS.get(part, part))
            if number is not None:
                return None
            if part in "零〇" and len(parts) > 1:
                filled = True
                continue
            number = digit
    if number is not None:
        # 三万五 and 1万5 leave the last unit unsaid: it is the next lower one.
        unsaid = unit >= 100 and not filled and number < 10 and number == int(number)
        section += number * (unit // 10 if unsaid else 1)
    return total + section
