"""What a template card may be: kinds, names, counts, lengths."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from tests.fakes.wecom.errors import Errcode

Json = dict[str, Any]

NOTICE, BUTTONS, TICKS, PICKS = (
    "text_notice", "button_interaction", "vote_interaction", "multiple_interaction",
)  # fmt: skip
_ASKS = {"source", "main_title", "task_id", "submit_button", "replace_text"}
_SAYS = {
    "source", "action_menu", "main_title", "quote_area", "sub_title_text",
    "horizontal_content_list", "card_action", "task_id",
}  # fmt: skip
KNOWN = {
    NOTICE: _SAYS | {"emphasis_content", "jump_list"},
    BUTTONS: _SAYS | {"button_selection", "button_list", "replace_text"},
    TICKS: _ASKS | {"checkbox"},
    PICKS: _ASKS | {"select_list"},
}
TASK = re.compile(r"[0-9A-Za-z_@-]{1,128}")
MOST_BUTTONS, KEY_BYTES, ROWS, LISTS = 6, 1024, 6, 3
ENTRIES = {TICKS: 20, PICKS: 10}
ID_BYTES = 128
TITLE, DESCRIPTION, TEXT, LABEL_BYTES, ENTRY = 36, 44, 160, 30, {TICKS: 17, PICKS: 16}
"""Advised lengths, which the program keeps to: characters, but of labels bytes of UTF-8."""


def check(card: Json, *, update: bool = False) -> list[str]:
    """Return what goes beyond the advised. Raises Errcode for what the platform refuses."""
    kind = str(card.get("card_type"))
    if kind not in KNOWN:
        raise Errcode(40016, "invalid card type")
    if not TASK.fullmatch(str(card.get("task_id", ""))):
        raise Errcode(42014, "invalid task id")
    if not update and "replace_text" in card:
        raise Errcode(40035, "replace_text is for updates")
    if kind == NOTICE:
        _check_action(card.get("card_action"))
    elif kind == BUTTONS:
        _check_buttons(card.get("button_list"))
    else:
        _check_lists(kind, card)
    rows = card.get("horizontal_content_list", [])
    if len(rows) > ROWS or not all(one.get("keyname") for one in rows):
        raise Errcode(40058, "1 to 6 rows, each with a name")
    title, description, text = _words(card)
    if not (title or description or text):
        raise Errcode(40058, "a card needs a title or a text")
    found = [
        f"a {kind} has no {name}" for name in sorted(card.keys() - KNOWN[kind] - {"card_type"})
    ]
    found += [
        f"{name} of {len(words)} characters"
        for name, words, most in (
            ("a title", title, TITLE),
            ("a description", description, DESCRIPTION),
            ("a card's text", text, TEXT),
        )
        if len(words) > most
    ]
    found += [f"row {one}" for one in rows if len(one["keyname"]) > 5 or len(one["value"]) > 30]
    labels = [one["text"] for one in card.get("button_list", [])]
    found += [f"button {one!r}" for one in labels if len(one.encode()) > LABEL_BYTES]
    most = ENTRY.get(kind, 0)
    found += [f"entry {one['text']!r}" for one in entries(card) if len(one["text"]) > most]
    return found


def entries(card: Json) -> Iterator[Json]:
    """Yield what can be picked or ticked on a card."""
    yield from card.get("checkbox", {}).get("option_list", [])
    for one in card.get("select_list", []):
        yield from one.get("option_list", [])


def text_of(card: Json) -> str:
    rows = (f"{one['keyname']}：{one['value']}" for one in card.get("horizontal_content_list", []))
    return "\n".join(filter(None, (*_words(card), *rows)))


def _words(card: Json) -> tuple[str, str, str]:
    main = card.get("main_title", {})
    return main.get("title", ""), main.get("desc", ""), card.get("sub_title_text", "")


def _check_action(action: object) -> None:
    if not isinstance(action, dict) or action.get("type") != 1:
        raise Errcode(42045, "template card action missing")
    if not re.match(r"https?://", str(action.get("url", ""))):
        raise Errcode(40054, "invalid url")


def _check_buttons(buttons: object) -> None:
    if not isinstance(buttons, list) or not 1 <= len(buttons) <= MOST_BUTTONS:
        raise Errcode(42014, "1 to 6 buttons")
    keys = [str(one.get("key", "")) for one in buttons]
    if len(set(keys)) != len(keys):
        raise Errcode(40058, "a key twice")
    for key, one in zip(keys, buttons, strict=True):
        _check_key(key)
        if not one.get("text") or one.get("style", 1) not in (1, 2, 3, 4):
            raise Errcode(40058, "invalid button")
        if one.keys() - {"type", "text", "style", "key"}:
            raise Errcode(40058, "unknown field of a button")


def _check_lists(kind: str, card: Json) -> None:
    _check_key(str(card.get("submit_button", {}).get("key", "")))
    lists = card.get("select_list", []) if kind == PICKS else [card.get("checkbox", {})]
    if not 1 <= len(lists) <= LISTS or len({one.get("question_key") for one in lists}) < len(
        lists
    ):
        raise Errcode(40058, "1 to 3 lists, each with a key of its own")
    for one in lists:
        _check_key(str(one.get("question_key", "")))
        options = one.get("option_list", [])
        ids = [str(option.get("id", "")) for option in options]
        if not 1 <= len(ids) <= ENTRIES[kind] or len(set(ids)) < len(ids):
            raise Errcode(40058, "too few or too many entries, or one twice")
        if any(not id or len(id.encode()) > ID_BYTES for id in ids):
            raise Errcode(40058, "invalid id")
        if not all(option.get("text") for option in options):
            raise Errcode(40058, "an entry without words")
        if one.get("selected_id", ids[0]) not in ids:
            raise Errcode(40058, "selected_id is none of the list")


def _check_key(key: str) -> None:
    if not key or len(key.encode()) > KEY_BYTES:
        raise Errcode(40058, "invalid key")
