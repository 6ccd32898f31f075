"""The conversation engine: what every form can do without asking for it. Pure.

`step` takes a state and one event and returns the next state; it looks nothing up and raises
nothing, whatever a person sends. The runner fetches, saves and files; `view` draws.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from handlers.conversation.answers import clean, one_line
from handlers.conversation.forms import PICKERS, Answers, Field, Form, Kind, Moment
from handlers.conversation.messages import MAX_CHOICES, Found, Place
from handlers.conversation.reworded import asked_with, correct, read_again
from handlers.conversation.said import hear
from handlers.conversation.sent import pin, receive
from handlers.conversation.state import MAX_NAME, Pane, State, change, effective, fits, shown
from handlers.conversation.taps import tap
from handlers.conversation.turn import Then, Turn
from handlers.texts import N_

FORM_CHANGED = N_("This form has changed since you began; your answers were taken over.")
FORM_CHANGED_LESS = N_(
    "This form has changed since you began. No longer asked, or no longer fitting: {labels}. "
    "All other answers were taken over."
)
NOT_USABLE = N_("Not taken over: {labels}")


class Tap(msgspec.Struct, frozen=True):
    """A button of the present card, or the typed word or number that stands for it."""

    verb: str
    argument: str = ""
    source: str = ""
    """Mark of the message that stands for it."""


class Said(msgspec.Struct, frozen=True):
    text: str
    source: str = ""
    """Mark of the message."""


class Sent(msgspec.Struct, frozen=True):
    """Files, already noted as attachments."""

    files: tuple[int, ...]
    caption: str = ""
    album: str = ""
    source: str = ""


class Pinned(msgspec.Struct, frozen=True):
    place: Place
    source: str = ""


class Edited(msgspec.Struct, frozen=True):
    """The new wording of a message that gave an answer."""

    text: str
    source: str
    """Mark of the message, the same for every wording."""
    tap: Tap | None = None
    """The button that it stands for on the card of the question it had answered."""


class ReadAgain(msgspec.Struct, frozen=True):
    """The new wording of the line that began the form; None: it is no such line any more."""

    answers: Mapping[str, Any] | None
    words: str
    """What to look up in the first picker."""
    source: str


Event = Tap | Said | Sent | Pinned | Edited | ReadAgain


class Step(msgspec.Struct, frozen=True):
    state: State
    then: Then = Then.ASK
    burst: bool = False
    """The event belongs with the one before: the same card is drawn again."""
    corrected: tuple[str, ...] = ()
    """Keys of the fields that a new wording corrected."""
    idle: bool = False
    """A new wording that changes nothing and needs no word."""


class Query(msgspec.Struct, frozen=True):
    """What the runner has to look up for a picker."""

    field: Field
    words: str
    page: int
    limit: int
    answers: Answers
    """Those that count so far."""


def begin(
    form: Form,
    answers: Mapping[str, Any],
    moment: Moment,
    *,
    at_review: bool = False,
    line: str = "",
) -> State:
    """Return the first state, with the answers that are already known.

    `at_review`: begin on the review card, or on the first field that is needed for it. `line`:
    mark of the message that gave the answers. Answers that do not fit are named, never carried
    along silently.
    """
    turn = Turn(form, State(version=form.version, reviewed=at_review, line=line), moment, line)
    refused = []
    for key, value in answers.items():
        field = form.by_key.get(key)
        if key.startswith("_"):
            turn.put(answers={**turn.state.answers, key: value})
        elif field is None or value is None:
            continue
        elif not fits(field, value):
            refused.append(field.label)
        elif problem := turn.problem(field, value):
            turn.say(problem.message, **problem.facts)
        else:
            turn.keep_answer(field, value)
    if refused:
        turn.say(NOT_USABLE, *refused)
    turn.onward()
    return turn.state


def adopt(form: Form, state: State, moment: Moment) -> State:
    """Return the state of an older version of the form fitted to the present one.

    Answers that still fit are kept; the remark names those that were dropped.
    """
    kept, dropped = {}, []
    for key, value in state.answers.items():
        field = form.by_key.get(key)
        if key.startswith("_") or (field is not None and fits(field, value)):
            kept[key] = value
        else:
            dropped.append(state.names.get(key, key))
    fresh = State(
        version=form.version,
        answers=kept,
        names={key: form.by_key[key].label for key in kept if key in form.by_key},
        skipped=tuple(key for key in state.skipped if key in form.by_key),
        reviewed=state.reviewed,
        offered={key: one for key, one in state.offered.items() if _is_text(form, key)},
        held=state.held if _is_text(form, state.at) else "",
        line=state.line,
    )
    fresh = change(
        fresh,
        sources={
            key: parts
            for key, parts in state.sources.items()
            if key in fresh.answers or key in fresh.offered
        },
    )
    turn = Turn(form, fresh, moment)
    if state.at and state.at in {one.key for one in shown(form, fresh)}:
        turn.ask(form.by_key[state.at], edit=state.edit)
        turn.put(held=fresh.held, tried=state.tried if fresh.held else ())
    else:
        turn.onward()
    if dropped:
        turn.say(FORM_CHANGED_LESS, *dropped)
    else:
        turn.say(FORM_CHANGED)
    return turn.state


def _is_text(form: Form, key: str) -> bool:
    return key in form.by_key and form.by_key[key].kind is Kind.TEXT


def wanted(form: Form, state: State, event: Event | None = None) -> Query | None:
    """Return what must be looked up: for `event` before `step`, or (None) before the view."""
    if isinstance(event, Edited):
        field = asked_with(form, state, event.source)
    else:
        field = form.by_key.get(state.at) if state.pane is Pane.ASK else None
    if field is None or field.kind not in PICKERS:
        return None
    known = effective(form, state)
    limit = MAX_CHOICES - 1 if field.default or field.unknown_ok else MAX_CHOICES
    if isinstance(event, Said | Edited):
        words = one_line(event.text)
        return Query(field, words, 0, limit, known) if 0 < len(words) <= MAX_NAME else None
    if event is None and state.options is None:
        return Query(field, state.words, state.page, limit, known)
    return None


def listing(state: State, found: Found) -> State:
    """Return the state with what the picker shows, so that a tap means what was seen."""
    return change(state, options=found.options, further=found.more)


def takes_files(form: Form, state: State) -> bool:
    return any(one.kind is Kind.FILES for one in shown(form, state))


def takes_place(form: Form, state: State) -> bool:
    return any(one.kind is Kind.PLACE for one in shown(form, state))


def step(
    form: Form, state: State, event: Event, moment: Moment, found: Found | None = None
) -> Step:
    """Return what `event` leads to. `found`: the answer to `wanted(form, state, event)`."""
    before = change(state, remarks=())
    if not isinstance(event, Edited | ReadAgain):
        before = change(before, earlier="")
    turn = Turn(form, before, moment, event.source)
    match event:
        case Tap(verb, argument):
            tap(turn, verb, argument)
        case Said(text):
            hear(turn, text, found or Found())
        case Sent(files, caption, album):
            receive(turn, files, caption, album)
        case Pinned(place):
            pin(turn, place)
        case Edited(text, _, stands_for):
            button = (stands_for.verb, stands_for.argument) if stands_for else None
            correct(turn, clean(text), button, found or Found())
        case ReadAgain(answers, words):
            read_again(turn, answers, words)
    idle = isinstance(event, Edited | ReadAgain) and turn.state == before
    return Step(turn.state, turn.then, turn.burst, tuple(turn.corrected), idle)
