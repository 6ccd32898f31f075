"""The ways on from a card: to today, and to the pages beside one of a list longer than a card."""

from __future__ import annotations

from handlers.conversation.messages import MAX_CHOICES, Button
from handlers.texts import N_, Texts

SIZE = MAX_CHOICES - 1
MOST_PAGES = 10_000
TODAY = "f.today.open"
HEADING = N_("{title}:")
"""Above the lines of one kind in a list of several."""


def to_today(texts: Texts) -> Button:
    """Return the button that opens the day's list, where everything else can be reached from."""
    return Button(texts.t(N_("Today")), TODAY, back=True)


def page_of(arguments: tuple[str, ...], place: int = 0) -> int:
    """Return the number of the page that a button asks for; the first for anything odd."""
    words = arguments[place] if len(arguments) > place else ""
    return min(int(words), MOST_PAGES) if words.isdecimal() else 0


def beside(page: int, *, more: bool, key: str, back: Button) -> tuple[Button, ...]:
    """Return the buttons for the page before, for what lies above the list, and for the next."""
    before = (Button("‹", f"{key}.{page - 1}"),) if page else ()
    after = (Button("›", f"{key}.{page + 1}"),) if more else ()
    return (*before, back, *after)
