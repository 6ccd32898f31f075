"""A card of ours as WeCom shows it: texts, and a template card with the buttons under the last.

What is decided has buttons (`button_interaction`), what is picked from a longer list has that
(`multiple_interaction`; `vote_interaction` to tick several), what only says something has neither
(`text_notice`).

Only a template card has buttons and can be redrawn, but it holds little, and nothing in it is kept
from being passed on. So what is long goes before it as text, with its last lines in the card, and
what is protected goes as text that cannot be shared, with a card that says nothing: of its buttons
those that would tell content are numbers of lines in that text.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec.structs import replace

from bot.channels.base import Capabilities
from bot.channels.render import REPLY_NUMBER, Rendered, render, texts_of
from handlers.conversation.messages import TICK, Button, Card
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
    file_bytes_in=50 * MIB,
    deletes=True,
    options=10,
    option_length=16,
    protects_buttons=False,
)
WITHOUT_LISTS = replace(CAPABILITIES, options=0)

TITLE_LENGTH = 36
TEXT_LENGTH = 160
"""Characters of a card's title and text that are shown in full."""
DESCRIPTION_LENGTH = 44
"""The same of the text where a card has a list."""
ROWS, KEY_LENGTH, VALUE_LENGTH = 6, 5, 30
"""Rows of a card below its text, and characters of the two columns."""
NO_KEY = "-"
"""Key of the grey button of a card that has nothing left to press."""
ENTRY_LENGTH = 17
"""Characters of an entry to tick that are shown in full."""
LIST = "="
"""Ends the key of the button below a list; where one entry is picked it is all of it."""
QUESTION = "q"
"""Names the list of a card, which has but one."""
AGAIN = "#"
"""Follows a key that is on a card already, with a number: the platform takes none twice."""
CHOICES, WAYS = 1, 2
"""Styles of buttons: what to answer, and the quieter ways to go on."""

CHOOSE = N_("Please choose")
CONFIRM = N_("OK")
SETTLED = N_("Settled")
BELOW = N_("See below")

_CONTROLS = {code: None for code in (*range(32), 127) if chr(code) not in "\n\t"}
"""JSON would have to escape them, which the platform does not take."""

_LINK = re.compile(r"<(?=\s*a\s)", re.IGNORECASE)
"""The platform makes links of these, under any words: nobody shall do that to a reader. The sign
in its place takes one byte as well, for the text has been measured by then."""

Json = dict[str, Any]


class Drawn(msgspec.Struct, frozen=True):
    texts: tuple[str, ...]
    """Messages of plain text, in order."""
    card: Json | None
    """The template card after them, without its task id; None: nothing can be pressed."""


def draw(card: Card, quote: str = "", link: str = "") -> Drawn:
    """Return the card as it is sent.

    `quote`: text of the one whose place it takes; `link`: where a tap on a notice leads, "" where
    notices are plain messages: the platform has none that lead nowhere.
    """
    rendered = render(card, CAPABILITIES, quote=quote)
    parts = tuple(_plain(one) for one in rendered.parts)
    if not _answers(rendered):
        return _notice(card, parts, link)
    if card.protect:
        return Drawn(parts, buttons_of(card))
    *before, last = parts
    heading, text = _headed(last, card.title)
    if len(text) <= _room(rendered):
        return Drawn(tuple(before), _template(heading, text, rendered, card.locale))
    lead, tail = _tail(last)
    if not tail or rendered.options:
        return Drawn(parts, buttons_of(card))
    leads = (lead,) if lead.strip() else ()
    return Drawn((*before, *leads), _template("", tail, rendered, card.locale))


def redrawn(card: Card) -> Json | None:
    """Return the template card that takes the place of one that was sent.

    None: it cannot be one, for it is too long or protected.
    """
    if card.protect:
        return None
    rendered = render(card, CAPABILITIES)
    if rendered.options:
        heading, text = _headed(_plain(rendered.parts[0]), card.title)
        if len(rendered.parts) == 1 and len(text) <= DESCRIPTION_LENGTH:
            return _template(heading, text, rendered, card.locale)
        rendered = render(card, WITHOUT_LISTS)
    if len(rendered.parts) > 1:
        return None
    heading, text = _headed(_plain(rendered.parts[0]), card.title)
    rows: list[Json] = []
    if len(text) > TEXT_LENGTH:
        text, rows = _packed(text)
    if len(text) > TEXT_LENGTH:
        return None
    made = _template(heading, text, rendered, card.locale)
    if rows:
        made["horizontal_content_list"] = rows
    if not made["button_list"]:
        word = texts_of(card.locale).t(REPLY_NUMBER if card.buttons() else SETTLED)
        grey = {"text": word, "style": WAYS, "key": NO_KEY}
        made |= {"button_list": [grey], "replace_text": word}
    return made


def buttons_of(card: Card) -> Json | None:
    """Return a template card with the buttons alone, for texts stand before it; None: no buttons.

    It holds nothing that must not be passed on.
    """
    rendered = render(card, CAPABILITIES)
    if not _answers(rendered):
        return None
    return _template(texts_of(card.locale).t(CHOOSE), "", rendered, card.locale)


def buttons_after(card: Card) -> Json | None:
    """Return the card with the buttons alone for one whose text was sent earlier and stays.

    None: no buttons, or numbers among them, which would no longer be those of that text.
    """
    choices = [one for row in render(card, CAPABILITIES).rows for one in row]
    return buttons_of(card) if all(one in card.choices for one in choices) else None


def _answers(rendered: Rendered) -> bool:
    """Whether anything on it can be pressed."""
    return bool(rendered.options or rendered.grid or rendered.rows or rendered.nav)


def _room(rendered: Rendered) -> int:
    """Return how many characters of text the card holds."""
    return DESCRIPTION_LENGTH if rendered.options else TEXT_LENGTH


def _notice(card: Card, parts: tuple[str, ...], link: str) -> Drawn:
    """Return what only says something: as a card where it has a title and all of it fits."""
    heading, text = _headed(parts[0], card.title)
    rows: list[Json] = []
    if len(text) > TEXT_LENGTH:
        text, rows = _packed(text)
    fits = len(parts) == 1 and len(text) <= TEXT_LENGTH and not card.protect
    if not (link and heading and text and fits):
        return Drawn(parts, None)
    made: Json = {
        "card_type": "text_notice",
        "main_title": {"title": heading},
        "sub_title_text": text,
        "card_action": {"type": 1, "url": link},
    }
    if rows:
        made["horizontal_content_list"] = rows
    return Drawn((), made)


def greyed(card: Card, word: str) -> Json:
    """Return what makes a card of the old one that nobody can press; `word`: what it says then."""
    return {"button": {"replace_name": texts_of(card.locale).t(word)}}


_ESCAPE = re.compile(r"\\(?=u[0-9a-fA-F]{4})")
"""What looks like an escaped character of JSON, which the platform does not take; of a path that
somebody typed the slash stands for it."""


def _plain(text: str) -> str:
    return _ESCAPE.sub("/", _LINK.sub("(", text.translate(_CONTROLS)))


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
    keys = _keys([one for one, _ in styled])
    return [
        {"text": _plain(one.label), "style": style, "key": key}
        for (one, style), key in zip(styled, keys, strict=True)
    ]


def _keys(buttons: Sequence[Button]) -> list[str]:
    """Return the keys of buttons, none of them twice."""
    seen: Counter[str] = Counter()
    keys = []
    for one in buttons:
        seen[one.key] += 1
        keys.append(one.key if seen[one.key] == 1 else f"{one.key}{AGAIN}{seen[one.key]}")
    return keys


def _list(rendered: Rendered, locale: str) -> Json:
    """Return the list of a card: to pick one entry from, or to tick several."""
    options = [
        {"id": key, "text": _plain(one.label.removeprefix(TICK))}
        for key, one in zip(_keys(rendered.options), rendered.options, strict=True)
    ]
    ticked = [one.label.startswith(TICK) for one in rendered.options]
    texts = texts_of(locale)
    if rendered.several is not None:
        boxes = [
            {"id": one["id"], "text": words, "is_checked": on}
            for one, words, on in zip(options, _numbered(options), ticked, strict=True)
        ]
        return {
            "card_type": "vote_interaction",
            "checkbox": {"question_key": QUESTION, "mode": 1, "option_list": boxes},
            "submit_button": {
                "text": rendered.several.label,
                "key": f"{rendered.several.key}{LIST}",
            },
        }
    picker = {"question_key": QUESTION, "title": texts.t(CHOOSE), "option_list": options}
    if any(ticked):
        picker["selected_id"] = options[ticked.index(True)]["id"]
    return {
        "card_type": "multiple_interaction",
        "select_list": [picker],
        "submit_button": {"text": texts.t(CONFIRM), "key": LIST},
    }


def _numbered(options: Sequence[Json]) -> list[str]:
    """Return the words of entries to tick, each with the number that it can be answered by.

    Without numbers where they leave no room for the words.
    """
    numbered = [f"{number} {one['text']}" for number, one in enumerate(options, 1)]
    fits = all(len(one) <= ENTRY_LENGTH for one in numbered)
    return numbered if fits else [one["text"] for one in options]


def pressed(key: str, ids: Sequence[str] = ()) -> str:
    """Return the key of ours that a button was given, or an entry of a list.

    `ids`: the entries that were picked before the button below the list was pressed. Those that
    were ticked go as their arguments: `c.5.7.set.0-2`.
    """
    own, is_list, _ = key.partition(LIST)
    entries = [one.partition(AGAIN)[0] for one in ids]
    if is_list and own:
        return f"{own}.{'-'.join(one.rpartition('.')[2] for one in entries)}"
    picked = next(iter(entries), "") if is_list else key.partition(AGAIN)[0]
    return picked or NO_KEY


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


def _template(title: str, text: str, rendered: Rendered, locale: str) -> Json:
    if rendered.options:
        words = {"title": title, "desc": text}
        main = {name: one for name, one in words.items() if one}
        return {"main_title": main} | _list(rendered, locale)
    made: Json = {"card_type": "button_interaction", "button_list": _buttons(rendered)}
    if title:
        made["main_title"] = {"title": title}
    if text:
        made["sub_title_text"] = text
    return made
