"""What a new wording of an earlier message does: it corrects what had come of the first one.

The question that is asked stays the one that is asked. A wording that does not fit leaves the
answer as it was and says why; an answer that was since given by other means is left alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from handlers.conversation.answers import one_line, read_date, read_number
from handlers.conversation.forms import PICKERS, PREFILLED, Field, Form, Kind
from handlers.conversation.messages import Found, Problem
from handlers.conversation.said import (
    NAME_TOO_LONG,
    NOTHING_FOUND,
    PICK_ONE,
    SAY_SOMETHING,
    WORDS_KEPT,
    YES_OR_NO,
    offer,
)
from handlers.conversation.state import (
    IMPLIED,
    MAX_HELD,
    MAX_NAME,
    Part,
    State,
    change,
    fits,
    made_of,
    shown,
)
from handlers.conversation.turn import NOT_HERE, Turn
from handlers.texts import N_

STAYS = N_("Not corrected, it stays as it was: {labels}")
TOO_LONG_NOW = N_("That would be {count} characters; {limit} fit.")
SEVERAL = N_("“{words}” fits several. Please open that answer and choose one.")
LIST_GONE = N_("The list that this number meant is no longer shown.")
NO_LINE = N_("This can no longer be read as one line, so nothing was changed.")

_CHOSEN = frozenset({Kind.CHOICE, Kind.CHOICES, Kind.CONFIRM, Kind.DATE, Kind.NUMBER}) | (
    PICKERS - {Kind.PAPERS}
)
"""Kinds whose answer one message gives whole."""

_OF_LIST = 2
"""Digits of a number that stands for an entry of a list."""


def knows(state: State, mark: str) -> bool:
    """Return whether something of this conversation came from that message."""
    return mark == state.line or any(
        made_of(parts, mark) for parts in (*state.sources.values(), state.tried)
    )


def asked_with(form: Form, state: State, mark: str) -> Field | None:
    """Return the question that the message had answered whole; None: there is none."""
    fields = (one for one in shown(form, state) if one.kind in _CHOSEN)
    return next((one for one in fields if made_of(state.sources.get(one.key, ()), mark)), None)


def spliced(
    text: str, parts: tuple[Part, ...], mark: str, words: str
) -> tuple[str, tuple[Part, ...]]:
    """Return a text and its parts with the new words of one of its messages."""
    start = 0
    for at, (name, length) in enumerate(parts):
        if name == mark:
            before, after = text[:start].rstrip("\n"), text[start + length :].lstrip("\n")
            pieces = (before, words, after)
            mine = ((mark, len(words)),) if words else ()
            joined = "\n".join(piece for piece in pieces if piece)
            return joined, (*parts[:at], *mine, *parts[at + 1 :])
        start += length + 1
    return text, parts


def unsaid(form: Form, state: State, mark: str, words: str) -> tuple[State, str] | None:
    """Return the state without what was last said in vain, and what to hear in its place.

    None: it is one of several messages that ticked choices, and cannot be told from the others.
    """
    asked = form.by_key.get(state.at)
    if asked is not None and asked.kind is Kind.CHOICES and state.ticks:
        if len(state.tried) > 1:
            return None
        state = change(state, ticks=tuple(state.answers.get(asked.key) or ()))
    offered, sources = dict(state.offered), dict(state.sources)
    for key in [key for key, parts in sources.items() if made_of(parts, mark)]:
        if key in offered and key not in state.answers:
            text, parts = spliced(offered[key], sources[key], mark, "")
            offered[key], sources[key] = text, parts
            if not text:
                del offered[key], sources[key]
    if state.held:
        words, _ = spliced(state.held, state.tried, mark, words)
    return change(state, offered=offered, sources=sources, held="", tried=()), words


def correct(turn: Turn, words: str, button: tuple[str, str] | None, found: Found) -> None:
    """Work in the new wording of a message that gave an answer.

    `button`: verb and argument of the button that it stands for on that question's card.
    """
    fields = [
        one
        for one in shown(turn.form, turn.state)
        if made_of(turn.state.sources.get(one.key, ()), turn.source)
    ]
    captioned = any(one.kind is Kind.TEXT for one in fields)
    for field in fields:
        if field.kind is Kind.TEXT:
            _correct_text(turn, field, words)
        elif field.kind is Kind.FILES and not captioned:
            offer(turn, words)  # whatever is asked now, that is not what they answer
        elif field.kind in _CHOSEN:
            _replace(turn, field, _value(turn, field, words, button, found))
        elif field.kind is Kind.PAPERS:
            turn.say(STAYS, field.label)
    asked = turn.field
    if asked is not None and not fields:
        turn.say(STAYS, asked.label)
    elif asked is not None and asked not in shown(turn.form, turn.state):
        turn.onward()
    elif asked is not None and asked.key in turn.corrected and asked.kind is Kind.CHOICES:
        turn.put(ticks=tuple(turn.state.answers[asked.key]))


def _correct_text(turn: Turn, field: Field, words: str) -> None:
    state = turn.state
    answered = turn.answered(field)
    old = state.answers[field.key] if answered else state.offered.get(field.key, "")
    text, parts = spliced(old, state.sources[field.key], turn.source, words)
    if text == old:
        return
    if answered:
        problem = Problem(SAY_SOMETHING) if not text else None
        if len(text) > field.max_length:
            facts = {"count": f"{len(text):,}", "limit": f"{field.max_length:,}"}
            problem = Problem(TOO_LONG_NOW, facts)
        _replace(turn, field, problem or text, parts)
        return
    offered = {**state.offered, field.key: text[:MAX_HELD]}
    sources = {**state.sources, field.key: parts}
    if text:
        turn.say(WORDS_KEPT, field.label)
    else:
        del offered[field.key], sources[field.key]
    turn.put(offered=offered, sources=sources)


def _replace(turn: Turn, field: Field, value: Any, parts: tuple[Part, ...] | None = None) -> None:
    """Put a new answer in the place of the old one, or say why it stays."""
    if value == turn.state.answers.get(field.key):
        return
    problem = value if isinstance(value, Problem) else turn.problem(field, value)
    if problem is not None:
        turn.say(STAYS, field.label)
        turn.refuse(field, problem)
        return
    turn.keep_answer(field, value, parts)
    turn.corrected.append(field.key)


def _value(
    turn: Turn, field: Field, words: str, button: tuple[str, str] | None, found: Found
) -> Any:
    """Return the answer that a new wording gives to a question that is not asked now."""
    if button is not None:
        return _tapped(turn, field, *button)
    match field.kind:
        case Kind.DATE:
            return read_date(field, words, turn.moment)
        case Kind.NUMBER:
            return read_number(field, words)
        case Kind.CHOICE | Kind.CHOICES:
            return Problem(PICK_ONE)
        case Kind.CONFIRM:
            return Problem(YES_OR_NO)
    return _picked(turn, field, one_line(words), found)


def _tapped(turn: Turn, field: Field, verb: str, argument: str) -> Any:
    keys = [one.key for one in field.choices]
    value: Any = None
    match verb, field.kind:
        case "o", Kind.CHOICE if argument.isdecimal() and int(argument) < len(keys):
            value = keys[int(argument)]
        case "o", Kind.CHOICES if len(turn.state.sources[field.key]) == 1:
            ticked = {int(one) for one in argument.split("-") if one.isdecimal()}
            value = [key for at, key in enumerate(keys) if at in ticked]
        case "v", Kind.CONFIRM:
            value = argument == "1"
        case "d", Kind.DATE:
            value = argument
        case "def", _ if field.default is not None:
            value = field.default(turn.moment)
    return value if fits(field, value) else Problem(NOT_HERE)


def _picked(turn: Turn, field: Field, words: str, found: Found) -> Any:
    if words.isdecimal() and len(words) <= _OF_LIST:
        return Problem(LIST_GONE)
    if found.options and (found.exact or (len(found.options) == 1 and not found.more)):
        return {"key": found.options[0].key, "label": found.options[0].label}
    if found.options:
        return Problem(SEVERAL, {"words": words})
    if len(words) > MAX_NAME:
        return Problem(NAME_TOO_LONG, {"count": str(len(words)), "limit": str(MAX_NAME)})
    if words and field.unknown_ok and not turn.state.answers[field.key]["key"]:
        return {"key": "", "label": words}
    return Problem(NOTHING_FOUND, {"words": words})


def read_again(turn: Turn, answers: Mapping[str, Any] | None, words: str) -> None:
    """Work in the line that began the form, read anew.

    Only answers that still are what the first reading gave are changed or taken out; what had no
    answer yet gets one. `words`: a customer's name that still has to be looked up.
    """
    if answers is None:
        turn.say(NO_LINE)
        return
    asked = turn.field
    waiting = asked is not None and not turn.answered(asked)
    _carry(turn, answers)
    for field in turn.form.fields:
        parts = turn.state.sources.get(field.key, ())
        ours = len(parts) == 1 and made_of(parts, turn.source)
        value = answers.get(field.key)
        if turn.answered(field) and not ours:
            continue
        if value is None:
            if ours and turn.answered(field):
                _take_out(turn, field)
        elif field.key not in turn.state.skipped:
            _replace(turn, field, value if fits(field, value) else Problem(NOT_HERE))
    if asked is None or not waiting:
        return
    if turn.answered(asked):
        turn.put(reviewed=True)
        turn.onward()
    elif asked.kind in PICKERS and words:
        turn.put(words=words[:MAX_NAME], page=0, options=None)


def _carry(turn: Turn, answers: Mapping[str, Any]) -> None:
    """Take over what the reading says beside the answers themselves."""
    kept = {key: one for key, one in turn.state.answers.items() if key not in (PREFILLED, IMPLIED)}
    given = {key: answers[key] for key in (PREFILLED, IMPLIED) if key in answers}
    turn.put(answers={**kept, **given})


def _take_out(turn: Turn, field: Field) -> None:
    """Let a question be open again, as if the line had never answered it."""
    skipped = turn.state.skipped
    turn.drop(field)
    turn.put(skipped=skipped)
    turn.corrected.append(field.key)
