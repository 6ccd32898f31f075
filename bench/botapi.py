"""A Bot API endpoint that costs next to nothing: canned answers, each call handed to a listener.

It checks nothing, so that what is measured is the bot; the strict one is `tests/fakes`. It reads
the three ways in which libraries post a call: JSON, a form, a form of several parts.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any, cast
from urllib.parse import parse_qsl

import msgspec

Call = dict[str, Any]
Listener = Callable[[str, str, Call, bytes], None]
"""Token, method, parameters, and the JSON of the message that was shown (empty for none)."""

_PART = re.compile(rb'name="?([a-z_]+)"?[^\r\n]*\r\n(?:[^\r\n]+\r\n)*\r\n(.*?)\r\n--', re.DOTALL)
_HEAD = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: keep-alive\r\n"
    b'Content-Length: %d\r\n\r\n{"ok":true,"result":%b}'
)
_WRAPPED = len(b'{"ok":true,"result":}')
_ME = b'{"id":7,"is_bot":true,"first_name":"Dossiers","username":"dossier_bot"}'
_CANNED = {
    "getMe": _ME,
    "getWebhookInfo": b'{"url":"","has_custom_certificate":false,"pending_update_count":0}',
}


class Platform:
    """What all connections share."""

    def __init__(self, listener: Listener) -> None:
        self.listener = listener
        self.calls: Counter[tuple[str, str]] = Counter()
        """How often each method was called, by token."""
        self.last_call: dict[str, float] = {}
        """When a token was last used."""
        self.messages = count(1000)


class Connection(asyncio.Protocol):
    """One connection of a bot."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            head = self._buffer[:end]
            length = _length(head)
            if len(self._buffer) < end + 4 + length:
                return
            body = self._buffer[end + 4 : end + 4 + length]
            self._buffer = self._buffer[end + 4 + length :]
            self._answer(head, body)

    def _answer(self, head: bytes, body: bytes) -> None:
        _, token, method = head.split(b" ", 2)[1].partition(b"?")[0].decode().rsplit("/", 2)
        token = token.removeprefix("bot")
        platform = self._platform
        platform.calls[token, method] += 1
        platform.last_call[token] = time.monotonic()
        call: Call = {}
        shown = b""
        if method in ("sendMessage", "editMessageText"):
            call = read(head, body)
            shown = _message(call, platform.messages)
        result = shown or _CANNED.get(method, b"true")
        self._transport.write(_HEAD % (len(result) + _WRAPPED, result))
        platform.listener(token, method, call, shown)


def _length(head: bytes) -> int:
    found = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
    return int(found[1]) if found else 0


def read(head: bytes, body: bytes) -> Call:
    """Return the parameters of a call; nested ones as they are in JSON."""
    if b"application/json" in head:
        call: Call = msgspec.json.decode(body)
    elif b"multipart/form-data" in head:
        call = {name.decode(): value.decode() for name, value in _PART.findall(body)}
    else:
        call = dict(parse_qsl(body.decode()))
    if isinstance(markup := call.get("reply_markup"), str):
        call["reply_markup"] = msgspec.json.decode(markup)
    return call


def _message(call: Call, fresh: Iterator[int]) -> bytes:
    """Return the message as the platform answers it: with its text and keyboard."""
    number = int(call["message_id"]) if "message_id" in call else next(fresh)
    chat = int(call["chat_id"])
    wire = {
        "message_id": number,
        "from": msgspec.Raw(_ME),
        "chat": {"id": chat, "type": "private", "first_name": "P"},
        "date": int(time.time()),
        "text": re.sub("<[^>]*>", "", call["text"]),
    }
    if call.get("reply_markup"):
        wire["reply_markup"] = call["reply_markup"]
    return msgspec.json.encode(wire)
