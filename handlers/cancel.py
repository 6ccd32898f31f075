"""/cancel: ends the open conversation, from anywhere."""

from __future__ import annotations

from handlers.context import Context
from handlers.conversation import runner
from handlers.conversation.messages import Card, Reply
from handlers.feature import Feature
from handlers.pages import to_today
from handlers.texts import N_

NOTHING = N_("There is nothing to cancel.")


def cancel(ctx: Context, _words: str) -> Reply:
    ended = runner.cancel_active(ctx)
    if ended is not None:
        return ended
    return Reply.of(Card(ctx.t(NOTHING), choices=(to_today(ctx.texts),)))


FEATURE = Feature(
    key="cancel",
    title=N_("Cancel"),
    command="cancel",
    open=cancel,
)
