"""`/ok NUMBER`, `/no NUMBER reason`, `/ask NUMBER question`: the buttons of a card, typed.

A number may be its last digits where that is one of those that wait (CONTRACT 2.3).
"""

from __future__ import annotations

import re
from collections.abc import Callable

from handlers.approvals import case_cards, case_texts
from handlers.approvals.approval import done
from handlers.context import Context
from handlers.conversation.messages import Button, Card, Reply
from handlers.feature import Feature
from handlers.texts import N_
from rules.access import StaffId
from rules.cases import Act, Approve, AskBack, Refuse
from storage import case_lists

WHICH = N_("Which one? Please name the number, for example {example}.")
NONE_WAITS = N_("Nothing waits for your decision.")


def typed(
    what: Callable[[StaffId, str], Act], *, needs_words: bool
) -> Callable[[Context, str], Reply]:
    """Return what `/ok NUMBER`, `/no NUMBER reason` and `/ask NUMBER question` do."""

    def say(ctx: Context, line: str) -> Reply:
        number, _, rest = line.strip().partition(" ")
        case_id = named(ctx, number)
        if case_id is None:
            return _which(ctx, number)
        words = rest.strip() if needs_words else ""
        return done(ctx, case_id, what(StaffId(ctx.person.id), words), words)

    return say


def named(ctx: Context, words: str) -> int | None:
    """Return the case of a number, or of its last digits among those that wait for the person."""
    found = case_lists.by_number(ctx.session, words.replace("－", "-"))
    if found is not None or not re.fullmatch(r"[0-9]{1,9}", words):
        return found
    ends = [
        case_id
        for case_id, number in case_lists.numbers_waiting(ctx.session, ctx.person.id)
        if int(number.rpartition("-")[2]) == int(words)
    ]
    return ends[0] if len(ends) == 1 else None


def _which(ctx: Context, number: str) -> Reply:
    waiting = case_lists.numbers_waiting(ctx.session, ctx.person.id)
    if number or not waiting:
        return Reply(alert=ctx.t(case_texts.NOT_THERE if number else NONE_WAITS))
    look = Button(ctx.t(case_cards.NEXT, count=len(waiting)), case_cards.LIST)
    return Reply.of(Card(ctx.t(WHICH, example=f"/ok {waiting[0][1]}"), choices=(look,)))


OK = Feature(
    "ok",
    N_("Agree to a request"),
    command="ok",
    words=("同意",),
    open=typed(lambda by, _words: Approve(by), needs_words=False),
    listed=False,
)
NO = Feature(
    "no",
    N_("Refuse a request"),
    command="no",
    words=("拒绝", "不同意"),
    open=typed(Refuse, needs_words=True),
    listed=False,
)
ASK = Feature(
    "ask",
    N_("Ask back about a request"),
    command="ask",
    words=("问一句",),
    open=typed(AskBack, needs_words=True),
    listed=False,
)
