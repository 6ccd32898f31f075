"""What the platform refuses for its size or shape, in its words."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tests.fakes.telegram.errors import bad
from tests.fakes.telegram.markup import Entity, parse_html, trim

TEXT = 4096
CAPTION = 1024
RAW_TEXT_BYTES = 1 << 15
CALLBACK_DATA_BYTES = 64
BUTTONS = 100
BUTTONS_IN_A_ROW = 8
ALBUM = range(2, 11)
INLINE_RESULTS = 50
INLINE_BYTES = 64
TAP_ANSWER = 200
COMMANDS = 100
COMMAND = re.compile(r"[a-z0-9_]{1,32}")
COMMAND_DESCRIPTION = range(1, 257)
SECRET = re.compile(r"[A-Za-z0-9_-]*")
SECRET_LENGTH = 256
START_PAYLOAD = re.compile(r"[A-Za-z0-9_-]{1,64}")

Json = dict[str, object]


@dataclass
class Sizes:
    """Bytes of files. A test of a limit may set smaller ones."""

    download: int = 20 * 2**20
    upload: int = 50 * 2**20
    photo: int = 10 * 2**20


def formatted(text: str, mode: str, entities: object) -> tuple[str, list[Entity]]:
    """Return the text as stored and its entities. Raises ApiError when they do not parse."""
    if len(text.encode("utf-8", "surrogatepass")) > RAW_TEXT_BYTES:
        raise bad("text is too long")
    match mode.lower():
        case "html":
            plain, found = parse_html(text)
        case "" | "none":
            plain, found = text, list(entities) if isinstance(entities, list) else []
        case "markdown" | "markdownv2":
            raise NotImplementedError("the stand-in reads HTML only")
        case _:
            raise bad("unsupported parse_mode")
    return trim(plain, found)


def message_text(text: str, mode: str, entities: object) -> tuple[str, list[Entity]]:
    if not text:
        raise bad("message text is empty")
    plain, found = formatted(text, mode, entities)
    if not plain:
        raise bad("text must be non-empty")
    if len(plain) > TEXT:
        raise bad("message is too long")
    return plain, found


def caption(text: str, mode: str, entities: object) -> tuple[str, list[Entity]]:
    plain, found = formatted(text, mode, entities)
    if len(plain) > CAPTION:
        raise bad("message caption is too long")
    return plain, found


def keyboard(markup: object, *, inline_only: bool = False) -> Json | None:
    """Return the markup as the message will carry it: inline keyboards only, None without."""
    if markup in (None, ""):
        return None
    if not isinstance(markup, dict):
        raise bad("object expected as reply markup")
    if "inline_keyboard" not in markup:
        if inline_only:
            raise bad("inline keyboard expected")
        return None
    rows = markup["inline_keyboard"]
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise bad('field "inline_keyboard" of the InlineKeyboardMarkup must be an Array of Arrays')
    if sum(map(len, rows)) > BUTTONS or any(len(row) > BUTTONS_IN_A_ROW for row in rows):
        raise bad("reply markup is too long")
    for button in (button for row in rows for button in row):
        _button(button)
    kept = [row for row in rows if row]
    return {"inline_keyboard": kept} if kept else None


def _button(button: object) -> None:
    if not isinstance(button, dict):
        raise bad("can't parse inline keyboard button: InlineKeyboardButton must be an Object")
    if not isinstance(button.get("text"), str):
        raise bad("can't parse inline keyboard button: Can't find field \"text\"")
    if not button["text"].strip():
        raise bad("inline keyboard button text must be non-empty")
    kinds = [one for one in button if one not in ("text", "icon_custom_emoji_id", "style")]
    if not any(button[one] not in ("", None) or one.startswith("switch") for one in kinds):
        raise bad(
            "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard"
        )
    if len(kinds) > 1:
        raise bad("BUTTON_TYPE_INVALID")
    data = button.get("callback_data")
    if data is not None and not 1 <= len(str(data).encode()) <= CALLBACK_DATA_BYTES:
        raise bad("BUTTON_DATA_INVALID")
    url = button.get("url")
    if url is not None and not re.match(r"(https?|tg)://\S+$|[\w-]+(\.[\w-]+)+\S*$", str(url)):
        raise bad(f"inline keyboard button URL '{url}' is invalid: Wrong HTTP URL")


def commands(entries: object) -> list[Json]:
    if not isinstance(entries, list):
        raise bad("expected an Array of BotCommand")
    if len(entries) > COMMANDS:
        raise bad("BOT_COMMANDS_TOO_MUCH")
    for one in entries:
        if not COMMAND.fullmatch(str(one.get("command", ""))):
            raise bad("BOT_COMMAND_INVALID")
        if len(str(one.get("description", ""))) not in COMMAND_DESCRIPTION:
            raise bad("BOT_COMMAND_DESCRIPTION_INVALID")
    return entries


def inline_results(results: object, next_offset: str) -> list[Json]:
    if not isinstance(results, list):
        raise bad("expected an Array of inline query results")
    if len(results) > INLINE_RESULTS:
        raise bad("too many inline query results specified")
    if len(next_offset.encode()) > INLINE_BYTES:
        raise bad("NEXT_OFFSET_INVALID")
    ids = [str(one.get("id", "")) for one in results]
    if any(not 1 <= len(one.encode()) <= INLINE_BYTES for one in ids):
        raise bad("RESULT_ID_INVALID")
    if len(set(ids)) < len(ids):
        raise bad("RESULT_ID_DUPLICATE")
    for one in results:
        keyboard(one.get("reply_markup"))
        content = one.get("input_message_content")
        if isinstance(content, dict) and "message_text" in content:
            message_text(
                str(content["message_text"]),
                str(content.get("parse_mode", "")),
                content.get("entities"),
            )
    return results
