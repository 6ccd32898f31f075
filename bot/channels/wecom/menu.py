"""The menu under the app's chat: three words, five entries below each, the same for everybody.

The platform has no menu for a single person. So it holds what anybody may do; whoever taps more
than that is told, as with a command that was typed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bot.channels.render import shorten, texts_of
from handlers.feature import Feature
from handlers.texts import N_

ENTRIES = 5
TITLE_BYTES = 16
ENTRY_BYTES = 40

GROUPS = (
    (N_("Write"), ("visit", "handover", "update", "open", "incident")),
    (N_("Borrowing"), ("borrow", "loans", "return", "renew", "find")),
    (N_("Mine"), ("today", "approvals", "delegate", "away", "help")),
)
"""Title and commands, in order."""


def menu_of(features: Sequence[Feature], locale: str) -> dict[str, Any]:
    """Return the menu of what the program can do, as the platform takes it."""
    texts = texts_of(locale)
    titles = {one.command: texts.t(one.title) for one in features if one.command and one.listed}
    groups = []
    for title, commands in GROUPS:
        entries = [
            {"type": "click", "name": shorten(titles[one], ENTRY_BYTES), "key": one}
            for one in commands
            if one in titles
        ]
        if entries:
            name = shorten(texts.t(title), TITLE_BYTES)
            groups.append({"name": name, "sub_button": entries[:ENTRIES]})
    return {"button": groups}
