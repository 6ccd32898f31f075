"""What a card is drawn with: the conversation, the reader's language, and names for buttons."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from handlers.conversation.forms import Field, Form, Moment
from handlers.conversation.messages import Button
from handlers.conversation.state import State, fits
from handlers.texts import Texts

Key = Callable[[str, str], str]
"""Makes a button key of verb and argument."""


class Pen:
    """Draws the buttons of one card."""

    def __init__(self, form: Form, state: State, texts: Texts, moment: Moment, key: Key) -> None:
        self.form = form
        self.state = state
        self.texts = texts
        self.moment = moment
        self.key = key

    def button(self, label: str, verb: str, argument: str = "") -> Button:
        return Button(label, self.key(verb, argument))

    def worded(self, label: str, verb: str, argument: str = "", **facts: object) -> Button:
        return self.button(self.texts.t(label, **facts), verb, argument)

    def default(self, field: Field) -> Any:
        """Return the value that is suggested for a field; None: there is none that fits."""
        if field.default is None:
            return None
        value = field.default(self.moment)
        return value if fits(field, value) else None
