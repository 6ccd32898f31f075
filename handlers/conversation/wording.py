"""A conversation's answers, remarks and options in the reader's words.

What names a thing is cut to the room there is, in UTF-8 bytes: a Chinese character takes three.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, timedelta

from handlers.conversation.answers import display, listed
from handlers.conversation.forms import Form
from handlers.conversation.messages import Option
from handlers.conversation.state import Remark, State, effective, shown
from handlers.texts import N_, Texts

LINE = N_("{label}: {value}")
NOTHING_YET = N_("(empty)")

LABEL_BYTES = 64
"""Longest label of what is picked from, in UTF-8 bytes; channels with less room list it."""


def summary(
    form: Form, state: State, texts: Texts, today: date, *, only: Collection[str] | None = None
) -> str:
    """Return the answers line by line, in full, as the review card has them.

    `only`: these fields and no others.
    """
    return "\n".join(_lines(form, state, texts, today, only))


def _lines(
    form: Form, state: State, texts: Texts, today: date, only: Collection[str] | None
) -> list[str]:
    answers = effective(form, state)
    lines = []
    for field in shown(form, state):
        if only is not None and field.key not in only:
            continue
        if field.key in answers:
            value = display(field, answers.values[field.key], texts, today)
        elif field.more:
            continue
        else:
            value = texts.t(NOTHING_YET)
        lines.append(texts.t(LINE, label=texts.t(field.label), value=value))
    return lines


def draft_name(form: Form, state: State, texts: Texts, today: date) -> str:
    """Return the line that names a draft: what the form says, else its first answer."""
    answers = effective(form, state)
    named = form.summary(answers) if form.summary else ""
    if not named:
        given = (one for one in shown(form, state) if one.key in answers)
        first = next(given, None)
        named = display(first, answers.values[first.key], texts, today) if first else ""
    return shorten(" ".join(named.split()), 60)


def shorten(text: str, limit: int) -> str:
    """Return `text` in at most `limit` UTF-8 bytes, an ellipsis where it was cut."""
    if len(text.encode()) <= limit:
        return text
    return text.encode()[: limit - 3].decode(errors="ignore") + "…"


def shorten_middle(text: str, limit: int) -> str:
    """Return `text` in at most `limit` UTF-8 bytes, cut where names differ least: inside."""
    data = text.encode()
    if len(data) <= limit:
        return text
    end = (limit - 3) // 2
    head = data[: limit - 3 - end].decode(errors="ignore")
    return f"{head}…{data[len(data) - end :].decode(errors='ignore')}"


def remark(one: Remark, texts: Texts) -> str:
    """Return a remark in the reader's words."""
    facts: dict[str, str] = dict(one.facts)
    if one.labels:
        facts["labels"] = listed([texts.t(each) for each in one.labels], texts)
    return texts.t(one.message, **facts)


def age(texts: Texts, then: timedelta) -> str:
    """Return how long ago, in the largest whole unit."""
    minutes = max(int(then.total_seconds() // 60), 0)
    if minutes < 1:
        return texts.t(N_("just now"))
    if minutes < 60:
        return texts.t(N_("{count} min ago"), count=minutes)
    if minutes < 60 * 24:
        return texts.t(N_("{count} h ago"), count=minutes // 60)
    return texts.t(N_("{count} d ago"), count=minutes // (60 * 24))


def option_label(option: Option) -> str:
    """Return the button of something found: its name, and what tells it from others."""
    name, hint = " ".join(option.label.split()), " ".join(option.hint.split())
    if not hint:
        return shorten_middle(name, LABEL_BYTES)
    hint = shorten(f" · {hint}", LABEL_BYTES * 2 // 3)
    return shorten_middle(name, LABEL_BYTES - len(hint.encode())) + hint
