"""A whole request in one line: 「借阅 鸿鑫贸易 合同 三天 核对价格」.

The first words name the customer, then come papers, how long, and what for. Nothing is guessed:
what is not clear stays unanswered and is asked.
"""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

import msgspec

from handlers.context import Context
from handlers.conversation import pickers, runner
from handlers.conversation.forms import WHOLE, Answers
from handlers.conversation.messages import Option
from handlers.loans import borrow_facts, borrow_form, paper_picker
from rules import dates, loan_days
from rules.date_numbers import read_number
from rules.deadlines import add_months
from storage.dossiers import Dossier

LINE = "_line"
"""Among the answers to who asks for the customer: what else was said in the line."""

_SPAN = re.compile(r"^借?(\d{1,3}|[一二两三四五六七八九十]{1,3})(天|日|周|个?星期|个?月)$")
_WHOLE = frozenset({"整卷", "全部", "全卷", "整份", "all"})
_PURPOSES = {
    "check": re.compile("核对|核实|对账|查价"),
    "follow_up": re.compile("回访|跟进|拜访|维护"),
    "complaint": re.compile("投诉|索赔"),
    "audit": re.compile("检查|审计|稽核"),
    "court": re.compile("法院|诉讼|仲裁|公安|税务"),
}
_EDGES = " ,,。.;;、\t\n"


class Line(msgspec.Struct, frozen=True):
    """What was read."""

    dossier: str | None
    """Id of the one dossier that the line names; None: none, or several."""
    words: str
    """What to look up where no dossier was named."""
    rest: str
    """What followed the customer."""


def read(ctx: Context, words: str) -> Line:
    """Return which customer a line names, and what follows."""
    parts = words.split()
    if not parts:
        return Line(None, "", "")
    found = pickers.one_customer(ctx, parts)
    if found is None:
        return Line(None, parts[0], " ".join(parts[1:]))
    option, used = found
    return Line(option.key, "", " ".join(parts[used:]))


def answers(ctx: Context, dossier: Dossier, rest: str) -> Answers:
    """Return the answers to a loan for oneself that the words after the customer give."""
    values: dict[str, Any] = {}
    left, until = [], None
    for word in rest.split():
        day = _until(ctx, word)
        if day is not None and until is None:
            until = day
        elif (
            "papers" in values or runner.WORDS in values or not _papers(ctx, dossier, word, values)
        ):
            left.append(word)
    if until is not None:
        values |= _day(ctx, dossier, until)
    reason = " ".join(left).strip(_EDGES)
    if reason:
        values["reason"] = reason
        fitting = [key for key, words in _PURPOSES.items() if words.search(reason)]
        if len(fitting) == 1:
            values["purpose"] = fitting[0]
    return Answers(values)


def _until(ctx: Context, word: str) -> date | None:
    """Return the day that a span or a date in the line leads to."""
    span = _SPAN.match(word)
    if span:
        count = read_number(span[1].replace("两", "二"))
        if count is None:
            return None
        match span[2][-1]:
            case "月":
                return add_months(ctx.today, count)
            case "周" | "期":
                return ctx.today + timedelta(weeks=count)
            case _:
                return ctx.today + timedelta(days=count)
    found = dates.find_dates(word, ctx.today, ctx.calendar)
    return found[0].day if found and found[0].start == 0 and found[0].day >= ctx.today else None


def _day(ctx: Context, dossier: Dossier, until: date) -> dict[str, Any]:
    """Return the day as the form takes it; one that the rule gives anyway is left out."""
    policy = borrow_facts.policy_of(ctx, dossier)
    if policy.loan is None:
        return {}
    if policy.loan.stated:
        return {"until": until.isoformat()}
    longest = loan_days.longest_of(policy, ctx.at, ctx.calendar).last_day
    return {"sooner": until.isoformat()} if until != longest else {}


def _papers(ctx: Context, dossier: Dossier, word: str, values: dict[str, Any]) -> bool:
    """Take a word as the name of papers; several that fit are shown to choose from."""
    if not borrow_form.choosable(ctx, dossier):
        return False
    if word in _WHOLE:
        values["papers"] = [{"key": WHOLE, "label": ctx.t(paper_picker.ALL)}]
        return True
    options = paper_picker.find(ctx, word, str(dossier.id), 0, 20).options
    if len(options) == 1:
        values["papers"] = [_value(options[0])]
    elif options:
        values[runner.WORDS] = word
    return bool(options)


def _value(option: Option) -> dict[str, str]:
    return {"key": option.key, "label": option.label}
