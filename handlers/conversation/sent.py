"""What files and places do to a conversation: they go to the field that takes them.

That holds whatever is asked at the moment. The trap: ten photos come as ten messages, and only
the first of them draws a new card.
"""

from __future__ import annotations

from datetime import timedelta

from msgspec.structs import asdict

from handlers.conversation.answers import clean, one_line
from handlers.conversation.forms import Field, Kind
from handlers.conversation.messages import Place
from handlers.conversation.said import offer, say_text
from handlers.conversation.state import joined, shown
from handlers.conversation.turn import NOT_HERE, Turn
from handlers.texts import N_

TOO_MANY_FILES = N_("Only {limit} fit; the others were left out.")
ADDED = N_("{count} added to: {labels}")
PLACE_ADDED = N_("Location noted under: {labels}")

BURST = timedelta(seconds=10)
"""Files that follow one another so closely are one answer, also without an album mark."""


def receive(turn: Turn, files: tuple[int, ...], caption: str, album: str) -> None:
    """Work in files that are already noted as attachments."""
    asked = turn.field
    target = _first(turn, Kind.FILES)
    if target is None:
        turn.say(NOT_HERE)
        return
    before = turn.state.answers.get(target.key, [])
    limit = int(target.maximum) if target.maximum is not None else None
    after = [*before, *files][:limit]
    parts = joined(turn.state.sources.get(target.key, ()), (turn.source, len(files)))
    turn.keep_answer(target, after, parts)
    _join_burst(turn, album)
    if asked is not target:
        turn.say(ADDED, target.label, count=str(len(after) - len(before)))
    if len(after) < len(before) + len(files):
        turn.say(TOO_MANY_FILES, limit=str(limit))
    _caption(turn, clean(caption))


def _caption(turn: Turn, words: str) -> None:
    """Work in the words under files: an answer where words are asked for, else kept for one."""
    asked = turn.field
    if words and asked is not None and asked.kind is Kind.TEXT:
        say_text(turn, asked, words)
    elif words:
        offer(turn, words)


def _join_burst(turn: Turn, album: str) -> None:
    heard, now = turn.state.heard_at, turn.moment.now
    if album and album == turn.state.album:
        turn.burst = True
    elif not album and heard is not None:
        turn.burst = timedelta() <= now - heard <= BURST
    turn.put(heard_at=now, album=album)


def pin(turn: Turn, place: Place) -> None:
    """Work in a place."""
    asked = turn.field
    target = _first(turn, Kind.PLACE)
    if target is None:
        turn.say(NOT_HERE)
        return
    value = {**asdict(place), "label": one_line(place.label)}
    if asked is target:
        turn.take(target, value)
    elif problem := turn.problem(target, value):
        turn.say(problem.message, **problem.facts)
    else:
        turn.keep_answer(target, value)
        turn.say(PLACE_ADDED, target.label)


def _first(turn: Turn, kind: Kind) -> Field | None:
    """Return the field of that kind that is asked, else the first one of the form."""
    asked = turn.field
    if asked is not None and asked.kind is kind:
        return asked
    return next((one for one in shown(turn.form, turn.state) if one.kind is kind), None)
