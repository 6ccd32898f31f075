"""A card as Telegram shows it: HTML texts that fit, and a keyboard."""

from __future__ import annotations

import html
from math import ceil
from typing import Any

import msgspec

from bot.channels.base import UTF16_UNITS, Capabilities
from bot.channels.render import render, texts_of
from handlers.conversation.messages import Button, Card
from handlers.texts import N_

MIB = 2**20

CAPABILITIES = Capabilities(
    buttons=90,
    label_bytes=240,
    text_length=4096,
    measure=UTF16_UNITS,
    edits=True,
    files_in=True,
    files_out=True,
    protects=True,
    file_bytes_in=20 * MIB,
    deletes=True,
)

IN_PRIVATE = N_("Open in the private chat")

NAV_IN_A_ROW = 3

_PROTECTED = "p"


class Drawn(msgspec.Struct, frozen=True):
    parts: tuple[str, ...]
    """HTML, at least one; the keyboard belongs under the last."""
    keyboard: dict[str, Any] | None
    """As the Bot API has it."""


def draw(card: Card, username: str) -> Drawn:
    """Return the card as it is sent; `username` of the bot is needed for deep links."""
    rendered = render(card, CAPABILITIES)
    first, *rest = rendered.parts
    parts = (_headed(first, card.title), *(html.escape(one, quote=False) for one in rest))
    rows = [*rendered.grid, *rendered.rows, *_nav(rendered.nav)]
    keys = [[{"text": one.label, "callback_data": one.key} for one in row] for row in rows]
    if card.way_in and username:
        link = f"https://t.me/{username}?start={card.way_in}"
        keys.append([{"text": texts_of(card.locale).t(IN_PRIVATE), "url": link}])
    return Drawn(parts, {"inline_keyboard": keys} if keys else None)


def _headed(text: str, title: str) -> str:
    if title and (text == title or text.startswith(f"{title}\n")):
        return f"<b>{html.escape(title, quote=False)}</b>" + html.escape(
            text[len(title) :], quote=False
        )
    return html.escape(text, quote=False)


def _nav(buttons: tuple[Button, ...]) -> list[tuple[Button, ...]]:
    """Return the ways to go on in rows of equal length, three at most in each."""
    if not buttons:
        return []
    width = ceil(len(buttons) / ceil(len(buttons) / NAV_IN_A_ROW))
    return [buttons[at : at + width] for at in range(0, len(buttons), width)]


def tapped_ref(message_id: int, protected: bool) -> str:
    """Return the reference of a message as the relay keeps it.

    It says whether the message is protected, because an edit cannot make it so: content that must
    not be forwarded never replaces the text of a message that can be.
    """
    return f"{message_id}{_PROTECTED if protected else ''}"


def read_ref(ref: str) -> tuple[int, bool] | None:
    """Return message id and whether it is protected; None: no reference of ours."""
    digits = ref.removesuffix(_PROTECTED)
    if not (digits.isascii() and digits.isdecimal() and len(digits) < 16):
        return None
    return int(digits), digits != ref
