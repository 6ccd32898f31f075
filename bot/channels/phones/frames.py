"""The words between the page and the platform, one JSON object each (docs/phones.md).

What the page sends is checked by its types here and nowhere else: unknown words, missing or
surplus keys, and values out of range are refused as a whole.
"""

from __future__ import annotations

from datetime import tzinfo
from typing import Annotated, Any, Literal

import msgspec

from bot.channels.phones.platform import Alert, Changed, Deleted, Menu, News, Power, Unread
from bot.channels.phones.store import Chat, Content, Kept, Message, Pressable

MAX_TEXT = 20_000
"""Characters of one typed message."""
MAX_FILES = 30
"""Files of one album."""

Key = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{8,64}\Z")]
Ref = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{32}\Z")]
Account = Annotated[str, msgspec.Meta(max_length=200)]
Latitude = Annotated[float, msgspec.Meta(ge=-90, le=90)]
Longitude = Annotated[float, msgspec.Meta(ge=-180, le=180)]
MessageId = Annotated[int, msgspec.Meta(ge=0, le=2**53)]


class _Word(msgspec.Struct, tag_field="t", forbid_unknown_fields=True):
    pass


class Watch(_Word, tag="watch"):
    """Send the chats of these people, and what happens in them."""

    accounts: Annotated[list[Account], msgspec.Meta(max_length=100)]


class Older(_Word, tag="older"):
    account: Account
    before: MessageId


class At(msgspec.Struct, forbid_unknown_fields=True):
    latitude: Latitude
    longitude: Longitude
    label: Annotated[str, msgspec.Meta(max_length=100)] = ""


class Send(_Word, tag="send"):
    account: Account
    key: Key
    text: str = ""
    files: Annotated[list[Ref], msgspec.Meta(max_length=MAX_FILES)] = []
    place: At | None = None
    forwarded: bool = False


class Tap(_Word, tag="tap"):
    account: Account
    key: Key
    card: MessageId
    choice: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_.-]{1,64}\Z")]


class Read(_Word, tag="read"):
    account: Account
    upto: MessageId


class Clock(_Word, tag="clock"):
    """Move the clock on: by a step, or to a local time of the office."""

    step: Literal["hour", "evening", "morning", "day", "to"]
    to: str = ""
    """With step `to`: 2026-09-15T18:00."""


class Outage(_Word, tag="outage"):
    """Stop the bot for so long by its clock; 0 brings it back at once."""

    minutes: Annotated[int, msgspec.Meta(ge=0, le=60 * 24 * 30)]


Word = Watch | Older | Send | Tap | Read | Clock | Outage

_decoder: msgspec.json.Decoder[Word] = msgspec.json.Decoder(Word)


def read_word(data: str) -> Word:
    """Return what the page said. Raises msgspec.DecodeError (ValidationError is one of them)."""
    return _decoder.decode(data)


def news(item: News, zone: tzinfo) -> dict[str, Any] | None:
    """Return what the page is told of `item`; None: not meant for the page."""
    match item:
        case Changed(message):
            if message.tap:
                return {
                    "t": "tapped",
                    "account": message.account,
                    "key": message.key,
                    "card": message.content.card,
                    "taken": message.taken,
                }
            return {
                "t": "message",
                "account": message.account,
                "message": bubble(message, zone),
            }
        case Deleted(account, id):
            return {"t": "deleted", "account": account, "id": id}
        case Unread(account, count, upto):
            return {"t": "unread", "account": account, "count": count, "upto": upto}
        case Alert(account, key, text):
            return {"t": "alert", "account": account, "key": key, "text": text}
        case Menu(account, entries):
            return {"t": "menu", "account": account, "entries": _entries(entries)}
        case Power():
            return None


def history(account: str, chat: Chat, zone: tzinfo, *, older: bool) -> dict[str, Any]:
    return {
        "t": "older" if older else "chat",
        "account": account,
        "messages": [bubble(one, zone) for one in chat.messages],
        "more": chat.more,
        "upto": chat.read_upto,
        "menu": _entries(chat.menu),
    }


def bubble(message: Message, zone: tzinfo) -> dict[str, Any]:
    content = message.content
    return {
        "id": message.id,
        "mine": message.mine,
        "key": message.key,
        "at": message.at.astimezone(zone).strftime("%Y-%m-%dT%H:%M:%S"),
        "taken": message.taken,
        **_said(content),
    }


def _said(content: Content) -> dict[str, Any]:
    place = content.place
    return {
        "text": content.text,
        "title": content.title,
        "grid": [_keys(row) for row in content.grid],
        "rows": [_keys(row) for row in content.rows],
        "nav": _keys(content.nav),
        "files": [file(one) for one in content.files],
        "place": place and [place.latitude, place.longitude, place.label],
        "album": content.album,
        "forwarded": content.forwarded,
        "protect": content.protect,
        "redrawn": content.redrawn,
    }


def _keys(row: tuple[Pressable, ...]) -> list[list[str]]:
    return [[one.label, one.key] for one in row]


def file(kept: Kept) -> dict[str, Any]:
    return {
        "ref": kept.ref,
        "name": kept.name,
        "mime": kept.mime,
        "size": kept.size,
        "kind": kept.kind.value,
    }


def _entries(entries: tuple[tuple[str, str], ...]) -> list[list[str]]:
    return [list(one) for one in entries]
