"""Words that would begin something else, said to a question that has no use for them.

Inside a form only slash commands interrupt (CONTRACT 2.2). Who says 「我的借阅」 to a list or to
the review card is told the command, rather than offered the words as an answer elsewhere.
"""

from __future__ import annotations

from msgspec.structs import replace

from handlers.context import Context
from handlers.conversation.answers import NOT_A_DATE, NOT_A_NUMBER
from handlers.conversation.engine import Event, Said, Step
from handlers.conversation.said import (
    NOTHING_FOUND,
    PICK_ONE,
    SEND_FILES,
    SEND_PLACE,
    TAP_ONE,
    WORDS_KEPT,
    YES_OR_NO,
)
from handlers.conversation.state import Remark, State, change
from handlers.feature import Feature
from handlers.texts import N_

ELSEWHERE = N_("For “{title}” send /{command}; this form is kept as a draft.")

_NO_ANSWER = frozenset(
    [PICK_ONE, YES_OR_NO, SEND_FILES, SEND_PLACE, TAP_ONE, NOTHING_FOUND, NOT_A_DATE, NOT_A_NUMBER]
)


def with_way(ctx: Context, before: State, event: Event, done: Step) -> Step:
    """Return the step with the command for what words that answer nothing would begin."""
    remarks = done.state.remarks
    if not isinstance(event, Said) or not any(one.message in _NO_ANSWER for one in remarks):
        return done
    feature = _begun_by(ctx, event.text)
    if feature is None:
        return done
    way = Remark(ELSEWHERE, {"title": ctx.t(feature.title), "command": feature.command})
    state = change(
        done.state,
        offered=before.offered,
        sources=before.sources,
        remarks=(*(one for one in remarks if one.message != WORDS_KEPT), way),
    )
    if state.words:  # an order is nobody's name: no customer is offered under it
        state = change(state, words="", page=0, options=None, further=False)
    return replace(done, state=state)


def _begun_by(ctx: Context, text: str) -> Feature | None:
    """Return what the first of the words begins outside a form."""
    word = text.partition(" ")[0]
    feature = ctx.registry.by_word.get(word)
    if feature is None or not feature.command or not feature.audience(ctx.person):
        return None
    return feature
