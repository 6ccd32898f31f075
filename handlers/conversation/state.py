"""What a conversation knows between two messages: one small value, stored as JSON.

It holds everything the next card needs, so that any process can draw it again after a restart.
Whatever comes out of storage is checked against the form before it is used (`fits`, `sound`).
"""

from __future__ import annotations

import math
from datetime import date, datetime
from enum import StrEnum
from typing import Any

import msgspec

from handlers.conversation.forms import PICKERS, Answers, Field, Form, Kind
from handlers.conversation.messages import Option

change = msgspec.structs.replace

MAX_HELD = 20_000
"""Characters of a text that is too long which are kept for the person to shorten."""

MAX_NAME = 80
"""Characters of a customer's name that is not on file."""


MAX_PARTS = 20
"""Messages that one answer remembers to be made of; earlier ones can no longer be edited."""

Part = tuple[str, int]
"""A message by its `Inbound.mark` ("" for none that is known), and how many of its characters,
or files, went in."""


IMPLIED = "_implied"
"""Among the answers: keys of those that the way into the form gave, nobody entered them."""


ABOUT = "_about"
"""Among the answers: words in the reader's language that stand on every card of the form."""
GUARDED = "_guarded"
"""Among the answers: that what is asked tells what a graded dossier holds, as `Form.protect`."""


class Pane(StrEnum):
    """Which card of a form is shown."""

    ASK = "ask"
    MONTH = "month"
    """The calendar behind a date."""
    REVIEW = "review"
    MORE = "more"
    """The list of fields behind 补充."""


class Remark(msgspec.Struct, frozen=True, omit_defaults=True):
    """A line above the question, said once."""

    message: str
    """Source string with {named} facts."""
    facts: dict[str, str] = {}
    labels: tuple[str, ...] = ()
    """Source strings that are translated and fill {labels}."""


class State(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    version: int
    """Of the form, when the state was last written."""
    pane: Pane = Pane.ASK
    at: str = ""
    """Key of the field asked; empty on the review card and the list of further fields."""
    answers: dict[str, Any] = {}
    """By field key, in the shapes of `Answers`; keys with "_" are carried along."""
    names: dict[str, str] = {}
    """Labels (source strings) of what was answered, so that a dropped answer can be named."""
    skipped: tuple[str, ...] = ()
    reviewed: bool = False
    """The review card was reached: from now on only what is required is asked unbidden."""
    edit: bool = False
    """The field was opened from the review card: back leads there."""
    page: int = 0
    words: str = ""
    """What was typed into a picker."""
    options: tuple[Option, ...] | None = None
    """What the picker shows; None: not looked up yet."""
    further: bool = False
    """The picker has a further page."""
    guarded: bool = False
    """What the picker shows names the customer of a graded dossier."""
    month: str = ""
    """YYYY-MM on the calendar."""
    ticks: tuple[str, ...] = ()
    """Choices ticked so far."""
    held: str = ""
    """A text that was too long, kept until it is shortened."""
    offered: dict[str, str] = {}
    """Words that were said elsewhere and are offered as answer to a text field."""
    remarks: tuple[Remark, ...] = ()
    heard_at: datetime | None = None
    """When the last file or over-long text came; aware UTC."""
    album: str = ""
    """Of the last file."""
    sources: dict[str, tuple[Part, ...]] = {}
    """By field key, in order: the messages that the answer was made of, or the words offered."""
    tried: tuple[Part, ...] = ()
    """Messages that were said to the present question and are no answer to it yet."""
    line: str = ""
    """Mark of the message that began the form with several answers in one line."""
    odd_at: datetime | None = None
    """When something came to this question that nothing can be done with; aware UTC."""
    earlier: str = ""
    """Base-36 id of a draft of the same form, offered on the first card."""
    earlier_at: datetime | None = None
    """When that draft was last written; aware UTC."""


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(State)


def encode(state: State) -> str:
    return _encoder.encode(state).decode()


def decode(text: str) -> State | None:
    """Return the stored state; None: it cannot be read."""
    try:
        return _decoder.decode(text)
    except (msgspec.DecodeError, msgspec.ValidationError):
        return None


def shown(form: Form, state: State) -> tuple[Field, ...]:
    """Return the fields that apply to the answers so far, in order."""
    return tuple(_walk(form, state)[0])


def effective(form: Form, state: State) -> Answers:
    """Return the answers that count: those of fields that apply, and what is carried along."""
    return Answers(_walk(form, state)[1])


def _walk(form: Form, state: State) -> tuple[list[Field], dict[str, Any]]:
    fields: list[Field] = []
    values = {key: one for key, one in state.answers.items() if key.startswith("_")}
    for field in form.fields:
        if field.when is None or field.when(Answers(values)):
            fields.append(field)
            if field.key in state.answers:
                values[field.key] = state.answers[field.key]
    return fields, values


def entered(state: State) -> bool:
    """Return whether the person would lose anything if the conversation vanished."""
    implied = state.answers.get(IMPLIED, ())
    given = any(not key.startswith("_") and key not in implied for key in state.answers)
    return given or begun(state)


def joined(parts: tuple[Part, ...], *more: Part) -> tuple[Part, ...]:
    """Return the parts with more of them, the earliest made one without a name if too many."""
    whole = (*parts, *more)
    while len(whole) > MAX_PARTS:
        whole = (("", whole[0][1] + 1 + whole[1][1]), *whole[2:])
    return whole


def made_of(parts: tuple[Part, ...], mark: str) -> bool:
    """Return whether this message is among the parts."""
    return any(one == mark for one, _ in parts)


def marks(state: State) -> set[str]:
    """Return the messages that answers of this conversation came from."""
    parts = (one for made in state.sources.values() for one in made)
    return {mark for mark, _ in parts if mark} | ({state.line} if state.line else set())


def begun(state: State) -> bool:
    """Return whether something was said that is no answer yet."""
    return bool(state.held or state.offered or state.ticks)


def fits(field: Field, value: Any) -> bool:
    """Return whether `value` has the shape and the limits of an answer to `field`."""
    match field.kind:
        case Kind.TEXT:
            return isinstance(value, str) and 0 < len(value) <= field.max_length
        case Kind.CHOICE:
            return value in [one.key for one in field.choices]
        case Kind.CHOICES:
            keys = {one.key for one in field.choices}
            return isinstance(value, list) and bool(value) and all(one in keys for one in value)
        case Kind.DATE:
            return _is_day(value)
        case Kind.NUMBER:
            return _is_number(value) and within(field, value)
        case Kind.FILES:
            return isinstance(value, list) and bool(value) and all(type(i) is int for i in value)
        case Kind.PLACE:
            return (
                isinstance(value, dict)
                and value.keys() == {"latitude", "longitude", "label"}
                and _is_number(value["latitude"])
                and _is_number(value["longitude"])
                and isinstance(value["label"], str)
            )
        case Kind.CONFIRM:
            return isinstance(value, bool)
        case Kind.PAPERS:
            return (
                isinstance(value, list)
                and bool(value)
                and all(_is_option(one) and bool(one["key"]) for one in value)
            )
    assert field.kind in PICKERS  # noqa: S101 - the match above names every other kind
    return _is_option(value) and (bool(value["key"]) or field.unknown_ok)


def _is_option(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and value.keys() == {"key", "label"}
        and isinstance(value["key"], str)
        and isinstance(value["label"], str)
        and bool(value["label"])
    )


def _is_number(value: object) -> bool:
    return type(value) in (int, float) and math.isfinite(value)  # type: ignore[arg-type] # numbers by the first test


def within(field: Field, value: Any) -> bool:
    """Return whether a number is inside the limits of its field."""
    low = field.minimum is None or value >= field.minimum
    return low and (field.maximum is None or value <= field.maximum)


def _is_day(value: object) -> bool:
    if not isinstance(value, str):
        return False
    try:
        return date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


def sound(form: Form, state: State) -> bool:
    """Return whether the state belongs to this form and could have been left by it."""
    if state.version != form.version:
        return False
    asking = state.pane in (Pane.ASK, Pane.MONTH)
    if asking != (state.at in form.by_key) or (not asking and state.at):
        return False
    if state.pane is Pane.MONTH and form.by_key[state.at].kind is not Kind.DATE:
        return False
    return all(
        key.startswith("_") or (key in form.by_key and fits(form.by_key[key], value))
        for key, value in state.answers.items()
    )
