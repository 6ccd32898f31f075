"""Words of people are kept without the middle of any identity number in them.

Whoever typed one is asked to delete the message: it stands in the chat as it was sent (C-52).
"""

from __future__ import annotations

from handlers.context import Context
from handlers.conversation.messages import Card, Reply
from handlers.texts import N_
from rules.masks import hide_identity

DELETE = N_(
    "An identity number is kept with its middle hidden only. Please delete the message you sent."
)


def hidden(ctx: Context, words: str) -> tuple[str, Reply]:
    """Return the words as they are kept, and what to say about it. Rule: S1-08.1.1b, C-52."""
    kept = hide_identity(words)
    return kept, Reply() if kept == words else Reply.of(Card(ctx.t(DELETE)))
