"""What typed words do to a conversation where they stand for no button: they are an answer.

Words are not lost: those that have no place in the question are kept for a text field of the
form, and a text that is too long is kept until it is shortened.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from handlers.conversation import calendar_view
from handlers.conversation.answers import clean, one_line, read_date, read_number
from handlers.conversation.forms import Field, Kind
from handlers.conversation.messages import Found, Problem
from handlers.conversation.state import MAX_HELD, MAX_NAME, Pane, Part, joined, shown
from handlers.conversation.turn import Turn
from handlers.texts import N_

PICK_ONE = N_("Please choose one of the list.")
YES_OR_NO = N_("Please answer yes or no.")
SEND_FILES = N_("Please send photos, voice or files here.")
SEND_PLACE = N_("Please share a location here.")
TAP_ONE = N_("Please choose a button, or reply with its number.")
SAY_SOMETHING = N_("There is nothing to read in that.")
NOTHING_FOUND = N_("Nothing found for “{words}”.")
NOT_ONESELF = N_("It has to be somebody else than you.")
ANSWER_FIRST = N_("This is still to be answered; you submit at the end.")
NAME_TOO_LONG = N_("That is too long for a name: {count} characters, at most {limit}.")
TOO_LONG = N_(
    "That is {count} characters, {over} more than the {limit} that fit. It is kept for now: "
    "send it shorter, or take the first {limit}."
)
WORDS_KEPT = N_("Your words are kept and offered under: {labels}")

SPLIT = timedelta(seconds=3)
"""A messenger cuts a long text into messages that follow one another so closely."""

SUBMIT = frozenset({"提交", "submit"})
"""Words that end a form, and are no name where one is asked for."""

SHORT = 4
"""Misplaced words of fewer characters are not worth keeping."""


def hear(turn: Turn, text: str, found: Found) -> None:
    """Work in typed words that stand for no button."""
    field = turn.field
    words = clean(text)
    if turn.source and not (field is not None and field.kind is Kind.TEXT):
        turn.put(tried=(turn.part(),))
    if not words:
        turn.say(SAY_SOMETHING)
    elif field is None:
        _misplaced(turn, TAP_ONE, words)
    else:
        match field.kind:
            case Kind.TEXT:
                say_text(turn, field, words)
            case Kind.NUMBER:
                _say_value(turn, field, read_number(field, words))
            case Kind.DATE:
                _say_value(turn, field, _read_day(turn, field, words))
            case Kind.CHOICE | Kind.CHOICES:
                _misplaced(turn, PICK_ONE, words)
            case Kind.CONFIRM:
                _misplaced(turn, YES_OR_NO, words)
            case Kind.FILES:
                _misplaced(turn, SEND_FILES, words)
            case Kind.PLACE:
                _misplaced(turn, SEND_PLACE, words)
            case _:
                _search(turn, field, one_line(words), found)


def _read_day(turn: Turn, field: Field, words: str) -> str | Problem:
    if turn.state.pane is Pane.MONTH:
        day = calendar_view.day_in(turn.state.month, words)
        if day is not None:
            return day.isoformat()
    return read_date(field, words, turn.moment)


def _say_value(turn: Turn, field: Field, value: Any) -> None:
    if isinstance(value, Problem):
        turn.refuse(field, value)
    else:
        turn.take(field, value)


def say_text(turn: Turn, field: Field, words: str, parts: tuple[Part, ...] | None = None) -> None:
    """Answer a text field; the parts of a text that a messenger cut up are put together.

    `parts`: the messages that the words were made of; None: the present one.
    """
    heard, now = turn.state.heard_at, turn.moment.now
    made = (turn.part(words),) if parts is None else parts
    if turn.state.held and heard is not None and timedelta() <= now - heard <= SPLIT:
        before = turn.state.tried or (("", len(turn.state.held)),)
        words = f"{turn.state.held}\n{words}"
        made = joined(before, *made)
    turn.put(tried=made)
    if len(words) <= field.max_length:
        turn.take(field, words, made)
        return
    turn.put(held=words[:MAX_HELD], heard_at=now)
    limit = field.max_length
    facts = {"count": len(words), "over": len(words) - limit, "limit": limit}
    turn.say(TOO_LONG, **{key: f"{one:,}" for key, one in facts.items()})


def _search(turn: Turn, field: Field, words: str, found: Found) -> None:
    if len(words) > MAX_NAME:
        turn.say(NAME_TOO_LONG, count=str(len(words)), limit=str(MAX_NAME))
    elif words.casefold() in SUBMIT:
        turn.say(ANSWER_FIRST)
    elif found.oneself:
        turn.refuse(field, Problem(NOT_ONESELF))
    elif found.exact and found.options:
        turn.pick(field, found.options[0])
    elif not found.options and field.kind is Kind.PAPERS:
        turn.put(words="", page=0, options=None)  # the list of the dossier's papers stays
        turn.refuse(field, Problem(NOTHING_FOUND, {"words": words}))
    else:
        turn.put(words=words, page=0, options=found.options, further=found.more)
        if not found.options:
            turn.refuse(field, Problem(NOTHING_FOUND, {"words": words}))


def _misplaced(turn: Turn, message: str, words: str) -> None:
    """Say that words have no place here, and keep them for the field that takes some."""
    turn.say(message)
    offer(turn, words)


def offer(turn: Turn, words: str) -> None:
    """Keep words for the first text field that has no answer yet."""
    if len(words) < SHORT:
        return
    offered, sources = turn.state.offered, turn.state.sources
    for field in shown(turn.form, turn.state):
        if field.kind is Kind.TEXT and not turn.answered(field):
            before = offered.get(field.key)
            all_words = f"{before}\n{words}" if before else words
            earlier = sources.get(field.key) or ((("", len(before)),) if before else ())
            made = joined(earlier, turn.part(words))
            turn.put(
                offered={**offered, field.key: all_words[:MAX_HELD]},
                sources={**sources, field.key: made},
            )
            turn.say(WORDS_KEPT, field.label)
            return
