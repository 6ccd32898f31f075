"""A whole visit note in one line: 「拜访 鸿鑫贸易 谈二季度订单 下周三回访」.

The first words name the customer, a day before today says when it was, a day with 回访 (or one
that is still to come at the end) says when the next contact is; the rest is what happened.
Nothing is guessed: what is not clear stays unanswered and is asked.
"""

from __future__ import annotations

import re
from typing import Any

from handlers import seeing
from handlers.context import Context
from handlers.conversation import pickers, runner
from handlers.conversation.forms import PREFILLED, Answers
from handlers.conversation.messages import Option
from handlers.conversation.state import IMPLIED
from rules import dates
from storage import search
from storage.names import core, is_company, normalise, place_length

_MANNERS = {
    "visit": re.compile("拜访|走访|去了|到访"),
    "reception": re.compile("接待|来访|来了(?:公司|我们|我司)"),
    "call": re.compile("电话|通话"),
    "letter": re.compile("来信|邮件|来函"),
}
"""What a sentence says of the manner; if it says two things it says nothing."""

MANNER_WORDS = {"拜访": "visit", "接待": "reception", "电话": "call", "来信": "letter"}

_NEXT = re.compile(
    r"^\s*(?:再?回访|再访|再联系|再约|再来|再去|联系|跟进|复访|follow[- ]?up|call back)"
)
_ANNOUNCED = re.compile(
    r"(?:下次(?:联系|回访)?|下回|约定|约好|约了|约在|约|回访|再访|再联系"
    r"|next(?: contact| time| visit)?|follow[- ]?up|call back)\s*(?:on\s*)?[:：]?\s*$"
)
_EDGES = " ,,。.;;、\t\n"
_NEAR = 30
"""Own and recent customers that are looked for in a text."""
_LONG = 60
"""Characters of a word before a space that may be a customer's name."""
_NAME_LENGTHS = range(12, 1, -1)
"""Characters at the beginning of words written without a space that may be a customer's name."""


def read(ctx: Context, word: str, rest: str) -> Answers:
    """Return the answers that a word such as 拜访 and one line after it give."""
    values: dict[str, Any] = {"manner": MANNER_WORDS.get(word, "visit")}
    if not rest.strip():
        return Answers({**values, IMPLIED: ["manner"], PREFILLED: dict(values)})
    option, rest = _customer(ctx, rest.strip())
    if option is None:
        option, rest = _after_day(ctx, rest, values)
    if option is not None:
        values["customer"] = {"key": option.key, "label": option.label}
    elif len(name := rest.split()[0]) <= (_LONG if " " in rest else _NAME_LENGTHS[0]):
        values[runner.WORDS] = name
        # else it may be no name: nothing is taken out
        if is_company(name) or pickers.dossiers(ctx, name, 0).options:
            rest = rest.removeprefix(name)
    body = _days(ctx, rest, values)
    if body:
        values["body"] = body
    if "day" not in values:
        values["day"] = ctx.today.isoformat()
        values[PREFILLED] = {"day": values["day"]}
    return Answers(values)


def within(ctx: Context, text: str) -> dict[str, Any]:
    """Return what a text sent on its own says of a note; the text itself stays as it is."""
    values: dict[str, Any] = {"body": text}
    _days(ctx, text, values)
    manners = [manner for manner, words in _MANNERS.items() if words.search(text)]
    if len(manners) == 1:
        values["manner"] = manners[0]
    said = normalise(text)
    near = search.find_dossiers(ctx.unit, "", staff_id=ctx.person.id, limit=_NEAR)
    named = [hit for hit in near if (name := core(hit.name)) and len(name) > 1 and name in said]
    if len(named) == 1:
        label = seeing.customer(ctx, named[0])
        values["customer"] = {"key": str(named[0].id), "label": label}
    return values


def _customer(ctx: Context, rest: str) -> tuple[Option | None, str]:
    """Return the one customer that the beginning names, and what follows the name."""
    parts = rest.split()
    found = pickers.one_customer(ctx, parts)
    # a place at the beginning (深圳) is no name, though only one customer may have it
    place = place_length(parts[0])
    if found is not None and (found[1] > 1 or place < len(parts[0])):
        return found[0], " ".join(parts[found[1] :])
    for length in _NAME_LENGTHS:
        name = parts[0][:length]
        if place < length < len(parts[0]):
            found = pickers.one_customer(ctx, [name])
            if found is not None and normalise(name) in core(found[0].label):
                if _shortened(parts[0], found[0].label):
                    return found[0], " ".join(parts[1:])
                return found[0], rest[length:]
    return None, rest


def _shortened(word: str, name: str) -> bool:
    """Whether a word is the name with something left out, such as 听涛酒店 for 听涛假日酒店."""
    left = iter(normalise(name))
    return all(one in left for one in normalise(word))


def _after_day(ctx: Context, rest: str, values: dict[str, Any]) -> tuple[Option | None, str]:
    """Read a day that stands before the customer, as in 「拜访 昨天 鸿鑫贸易 谈订单」.

    A day to come is none on which something happened: it stays in the words.
    """
    first = next(iter(dates.find_dates(rest, ctx.today, ctx.calendar)), None)
    if first is None or first.start:
        return None, rest
    follows = rest[first.end :].strip(_EDGES)
    if not follows:
        return None, rest
    if first.day > ctx.today:
        option, left = _customer(ctx, follows)
        return option, f"{rest[: first.end]} {left}" if option else rest
    values["day"] = first.day.isoformat()
    return _customer(ctx, follows)


def _days(ctx: Context, rest: str, values: dict[str, Any]) -> str:
    """Take the day and the next contact out of the line; return what is left of it."""
    kept: list[str] = []
    position = 0
    for one in dates.find_dates(rest, ctx.today, ctx.calendar):
        before, after = rest[position : one.start], rest[one.end :]
        follows, announced = _NEXT.match(after), _ANNOUNCED.search(before)
        if "next" not in values and one.day >= ctx.today and (follows or announced):
            values["next"] = one.day.isoformat()
            end = one.end + (follows.end() if follows else 0)
            before = before[: announced.start()] if announced else before
        elif "day" not in values and one.day <= ctx.today and not before.strip(_EDGES):
            values["day"] = one.day.isoformat()
            end = one.end
        else:
            continue
        kept.append(before)
        position = end
    kept.append(rest[position:])
    return " ".join(part.strip(_EDGES) for part in kept if part.strip(_EDGES))
