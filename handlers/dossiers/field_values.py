"""The value of one field of a dossier: read from words, shown in words.

A value is kept as text whatever its kind: a day as ISO, a choice as its code, yes and no as such.
The trap is an identity number: however it is typed, only its masked form is kept (C-52).
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date

from handlers.conversation.answers import NO, NOT_A_DATE, NOT_A_NUMBER, YES, clean, number
from handlers.conversation.messages import Option, Problem
from handlers.conversation.numerals import parse_number
from handlers.texts import N_, Texts
from rules.calendar import WorkingCalendar
from rules.dates import format_day, parse_date
from rules.fields import FieldKind, FieldSpec
from rules.masks import hide_identity, mask_address, mask_identity, mask_phone
from storage.names import MAX_NAME

NAME = "customer_name"

MAX_TEXT = 1000
"""Characters of a field of text."""

BAD_PHONE = N_("Expected a telephone number such as 0755-0866 1234.")
BAD_POSTCODE = N_("Expected a postcode such as 518000.")
TOO_LONG = N_("That is too long: {count} characters, at most {limit}.")
NOT_OFFERED = N_("That is none of the choices: {choices}.")
EMPTY = N_("(empty)")

_MASKS = {"address": mask_address, "identity_proof": mask_identity}

_POSTCODE = re.compile(r"(?=.*[0-9])[0-9A-Za-z][0-9A-Za-z -]{1,8}[0-9A-Za-z]")
_PHONE = re.compile(r"[0-9+()\- /,;、，；转*#.]+")
_YES, _NO = frozenset("是有对") | {"yes"}, frozenset("否无") | {"不是", "没有", "no"}


def is_phone(text: str) -> bool:
    """Return whether it is a telephone number, or several, as people write them."""
    return bool(_PHONE.fullmatch(text)) and sum(one.isdigit() for one in text) >= 5


def is_postcode(text: str) -> bool:
    """Return whether it is a postcode: six digits, or one from abroad."""
    return bool(_POSTCODE.fullmatch(unicodedata.normalize("NFKC", text)))


def label(spec: FieldSpec, texts: Texts) -> str:
    return spec.zh if texts.locale == "zh_CN" else spec.en


def longest(spec: FieldSpec) -> int:
    """Return how many characters a field of text holds."""
    return MAX_NAME if spec.id == NAME else MAX_TEXT


def choices(spec: FieldSpec, texts: Texts) -> tuple[Option, ...]:
    """Return what can be chosen for a field; () where it is said in words."""
    if spec.kind is FieldKind.YES_NO:
        return (Option("yes", texts.t(YES)), Option("no", texts.t(NO)))
    chinese = texts.locale == "zh_CN"
    return tuple(Option(one.code, one.zh if chinese else one.en) for one in spec.choices)


def read(
    spec: FieldSpec, words: str, texts: Texts, today: date, calendar: WorkingCalendar
) -> str | Problem:
    """Return the value that `words` are for a field, or what is wrong with them."""
    words = clean(words)
    match spec.kind:
        case FieldKind.PHONE:
            return words if is_phone(words) else Problem(BAD_PHONE)
        case FieldKind.POSTCODE:
            return words if is_postcode(words) else Problem(BAD_POSTCODE)
        case FieldKind.DATE:
            day = parse_date(words, today, calendar, "past")
            return day.isoformat() if isinstance(day, date) else Problem(NOT_A_DATE)
        case FieldKind.NUMBER:
            value = parse_number(words)
            return Problem(NOT_A_NUMBER) if value is None else plain(value)
        case FieldKind.YES_NO if words.casefold() in _YES | _NO:
            return "yes" if words.casefold() in _YES else "no"
        case FieldKind.CHOICE | FieldKind.YES_NO:
            return _chosen(spec, words, texts)
    limit = longest(spec)
    if len(words) > limit:
        return Problem(TOO_LONG, {"count": f"{len(words):,}", "limit": f"{limit:,}"})
    return hide_identity(words)


def _chosen(spec: FieldSpec, words: str, texts: Texts) -> str | Problem:
    for one in spec.choices:
        if words.casefold() in (one.code, one.zh, one.en.casefold()):
            return one.code
    offered = " / ".join(one.label for one in choices(spec, texts))
    return Problem(NOT_OFFERED, {"choices": offered})


def plain(value: float) -> str:
    """Return a number as it is kept."""
    return str(int(value)) if value == int(value) else str(value)


def shown(spec: FieldSpec, value: str, texts: Texts, today: date, *, masked: bool = False) -> str:
    """Return a value in the reader's words; `masked`: personal ones as cards show them."""
    if not value:
        return texts.t(EMPTY)
    offered = {one.key: one.label for one in choices(spec, texts)}
    if value in offered:
        return offered[value]
    match spec.kind:
        case FieldKind.PHONE if masked:
            return mask_phone(value)
        case FieldKind.TEXT if masked and spec.id in _MASKS:
            return _MASKS[spec.id](value)
        case FieldKind.DATE if re.fullmatch(r"\d{4}-\d\d-\d\d", value):
            return format_day(date.fromisoformat(value), texts.locale, today)
        case FieldKind.NUMBER if (number_ := parse_number(value)) is not None:
            return number(number_)
    return value
