"""What a template card may be: names, counts, lengths."""

from __future__ import annotations

import re
from typing import Any

from tests.fakes.wecom.errors import Errcode

Json = dict[str, Any]

KNOWN = {
    "card_type", "source", "action_menu", "main_title", "quote_area", "sub_title_text",
    "horizontal_content_list", "card_action", "task_id", "button_selection", "button_list",
    "replace_text",
}  # fmt: skip
TASK = re.compile(r"[0-9A-Za-z_@-]{1,128}")
BUTTONS, KEY_BYTES, ROWS = 6, 1024, 6
TITLE, TEXT, LABEL_BYTES = 36, 160, 30
"""Advised lengths, which the program keeps to: characters, characters, bytes of UTF-8."""


def check(card: Json, *, update: bool = False) -> list[str]:
    """Return what goes beyond the advised. Raises Errcode for what the platform refuses."""
    if card.get("card_type") in ("text_notice", "news_notice") and not card.get("card_action"):
        raise Errcode(42045, "template card action missing")
    if card.get("card_type") != "button_interaction":
        raise Errcode(40016, "invalid card type")
    if not TASK.fullmatch(str(card.get("task_id", ""))):
        raise Errcode(42014, "invalid task id")
    if not update and "replace_text" in card:
        raise Errcode(40035, "replace_text is for updates")
    _check_buttons(card.get("button_list"))
    rows = card.get("horizontal_content_list", [])
    if len(rows) > ROWS or not all(one.get("keyname") for one in rows):
        raise Errcode(40058, "1 to 6 rows, each with a name")
    title, text = _words(card)
    if not title and not text:
        raise Errcode(40058, "a card needs a title or a text")
    found = [f"a card has no {name}" for name in sorted(card.keys() - KNOWN)]
    if len(title) > TITLE:
        found.append(f"a title of {len(title)} characters")
    if len(text) > TEXT:
        found.append(f"a card's text of {len(text)} characters")
    found += [f"row {one}" for one in rows if len(one["keyname"]) > 5 or len(one["value"]) > 30]
    labels = [one["text"] for one in card["button_list"]]
    found += [f"button {one!r}" for one in labels if len(one.encode()) > LABEL_BYTES]
    return found


def text_of(card: Json) -> str:
    rows = (f"{one['keyname']}：{one['value']}" for one in card.get("horizontal_content_list", []))
    return "\n".join(filter(None, (*_words(card), *rows)))


def _words(card: Json) -> tuple[str, str]:
    return card.get("main_title", {}).get("title", ""), card.get("sub_title_text", "")


def _check_buttons(buttons: object) -> None:
    if not isinstance(buttons, list) or not 1 <= len(buttons) <= BUTTONS:
        raise Errcode(42014, "1 to 6 buttons")
    keys = [str(one.get("key", "")) for one in buttons]
    if len(set(keys)) != len(keys):
        raise Errcode(40058, "a key twice")
    for key, one in zip(keys, buttons, strict=True):
        if not key or len(key.encode()) > KEY_BYTES:
            raise Errcode(40058, "invalid key")
        if not one.get("text") or one.get("style", 1) not in (1, 2, 3, 4):
            raise Errcode(40058, "invalid button")
        if one.keys() - {"type", "text", "style", "key"}:
            raise Errcode(40058, "unknown field of a button")
