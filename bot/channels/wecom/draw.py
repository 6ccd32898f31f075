"""A card of ours as WeCom shows it: texts, and a template card with the buttons under the last.

Only a template card has buttons and can be redrawn, but it holds little, and nothing in it is kept
from being passed on. So what is long goes before it as text, with its last lines in the card, and
what is protected goes as text that cannot be shared, with a card that says nothing.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import Any

from bot.channels.base import Capabilities
from bot.channels.render import REPLY_NUMBER, Rendered, render, texts_of
from handlers.conversation.messages import Card
from handlers.texts import N_

MIB = 2**20

CAPABILITIES = Capabilities(
    buttons=6,
    label_bytes=30,
    text_length=2048,
    edits=True,
    files_in=True,
    files_out=True,
    protects=True,
    file_bytes_in=20 * MIB,
    deletes=True,
)

TITLE_LENGTH = 36
TEXT_LENGTH = 160
"""Characters of a card's title and text that are shown in full."""
ROWS, KEY_LENGTH, VALUE_LENGTH = 6, 5, 30
"""Rows of a card below its text, and characters of the two columns."""
NO_KEY = "-"
"""Key of the grey button of a card that has nothing left to press."""
AGAIN = "#"
"""Follows a key that is on a card already, with a number: the platform takes none twice."""
CHOICES, WAYS = 1, 2
"""Styles of buttons: what to answer, and the quieter ways to go on."""

CHOOSE = N_("Please choose")
SETTLED = N_("Settled")
BELOW = N_("See below")

_CONTROLS = {code: None for code in (*range(32), 127) if chr(code) not in "\n\t"}
"""JSON would have to escape them, which the platform does not take."""

_LINK = re.compile(r"<(?=\s*a\s)", re.IGNORECASE)
"""The platform makes links of these, under any words: nobody shall do that to a reader."""

Json = dict[str, Any]


@dataclass(frozen=True)
class Drawn:
    texts: tuple[str, ...]
    """Messages of plain text, in order."""
    card: Json | None
    """The template card after them, without its task id; None: nothing can be pressed."""


def draw(card: Card, quote: str = "") -> Drawn:
    """Return the card as it is sent; `quote`: text of the one whose place it takes."""
    rendered = render(card, CAPABILITIES, quote=quote)
    parts = tuple(_plain(one) for one in rendered.parts)
    buttons = _buttons(rendered)
    if not buttons:
        return Drawn(parts, None)
    if card.protect:
        return Drawn(parts, _template(texts_of(card.locale).t(CHOOSE), "", buttons))
    *before, last = parts
    heading, text = _headed(last, card.title)
    if len(text) <= TEXT_LENGTH:
        return Drawn(tuple(before), _template(heading, text, buttons))
    lead, tail = _tail(last)
    if not tail:
        return Drawn(parts, _template(texts_of(card.locale).t(CHOOSE), "", buttons))
    leads = (lead,) if lead.strip() else ()
    return Drawn((*before, *leads), _template("", tail, buttons))


def redrawn(card: Card) -> Json | None:
    """Return the template card that takes the place of one that was sent.

    None: it cannot be one, for it is too long or protected.
    """
    rendered = render(card, CAPABILITIES)
    if card.protect or len(rendered.parts) > 1:
        return None
    heading, text = _headed(_plain(rendered.parts[0]), card.title)
    rows: list[Json] = []
    if len(text) > TEXT_LENGTH:
        text, rows = _packed(text)
    if len(text) > TEXT_LENGTH:
        return None
    made = _template(heading, text, _buttons(rendered))
    if rows:
        made["horizontal_content_list"] = rows
    if not made["button_list"]:
        word = texts_of(card.locale).t(REPLY_NUMBER if card.buttons() else SETTLED)
        grey = {"text": word, "style": WAYS, "key": NO_KEY}
        made |= {"button_list": [grey], "replace_text": word}
    return made


def greyed(card: Card, word: str) -> Json:
    """Return what makes a card of the old one that nobody can press; `word`: what it says then."""
    return {"button": {"replace_name": texts_of(card.locale).t(word)}}


def _plain(text: str) -> str:
    return _LINK.sub("＜", text.translate(_CONTROLS))


def _packed(text: str) -> tuple[str, list[Json]]:
    """Return the text without lines that are a word and its value, and those as rows of a card."""
    lines: list[str] = []
    rows: list[Json] = []
    for line in text.split("\n"):
        key, _, value = line.partition("：")
        fits = 0 < len(key) <= KEY_LENGTH and 0 < len(value) <= VALUE_LENGTH
        if fits and len(rows) < ROWS:
            rows.append({"keyname": key, "value": value})
        else:
            lines.append(line)
    return "\n".join(lines), rows


def _buttons(rendered: Rendered) -> list[Json]:
    styled = [(one, CHOICES) for row in (*rendered.grid, *rendered.rows) for one in row]
    styled += [(one, WAYS) for one in rendered.nav]
    seen: Counter[str] = Counter()
    buttons = []
    for one, style in styled:
        seen[one.key] += 1
        key = one.key if seen[one.key] == 1 else f"{one.key}{AGAIN}{seen[one.key]}"
        buttons.append({"text": one.label, "style": style, "key": key})
    return buttons


def pressed(key: str) -> str:
    """Return the key of ours that a button was given."""
    return key.partition(AGAIN)[0]


def _headed(text: str, title: str) -> tuple[str, str]:
    """Return title and text of a card; without a title where that is too long for one."""
    if title and len(title) <= TITLE_LENGTH:
        if text == title:
            return title, ""
        if text.startswith(f"{title}\n"):
            return title, text[len(title) + 1 :]
    return "", text


def _tail(text: str) -> tuple[str, str]:
    """Return the text in two at a line end, the second short enough for a card, or empty."""
    lines = text.split("\n")
    start = len(lines)
    while start > 1 and len("\n".join(lines[start - 1 :])) <= TEXT_LENGTH:
        start -= 1
    return "\n".join(lines[:start]), "\n".join(lines[start:]).strip("\n")


def _template(title: str, text: str, buttons: list[Json]) -> Json:
    made: Json = {"card_type": "button_interaction", "button_list": buttons}
    if title:
        made["main_title"] = {"title": title}
    if text:
        made["sub_title_text"] = text
    return made
