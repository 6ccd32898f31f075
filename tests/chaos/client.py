"""Clients of the stand-in for Telegram, as the crowd has them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from tests.chaos.crowd import PATIENCE, Bubble
from tests.chaos.verdict import Platform
from tests.fakes.telegram.chats import Posted
from tests.fakes.telegram.people import Person
from tests.fakes.telegram.updates import Update
from tests.fakes.telegram_server import TelegramServer
from tests.features.telegram_hands import number_of

NEWEST = 30
"""Messages of a chat that its reader looks at."""


class TelegramClient:
    """One person's Telegram. The platform has at once what a client sends."""

    def __init__(self, server: TelegramServer, staff_id: str, patience: float = PATIENCE) -> None:
        self.account = staff_id
        self.person: Person = server.person(int(number_of(staff_id)), staff_id)
        self.person.user.started = True
        self._server = server
        self._patience = patience

    async def say(self, token: str, text: str) -> None:
        del token
        await self.person.say(text)

    async def photo(self, token: str, content: bytes) -> None:
        await self.person.photo(content, token)

    async def tap(self, token: str, bubble: Bubble, key: str) -> None:
        del token
        await self.person.tap(bubble.id, key)

    def bubbles(self) -> list[Bubble]:
        return bubbles_of(self.person.newest(NEWEST))

    async def until(self, true: Callable[[], bool]) -> None:
        await self._server.until(true, within=self._patience)


def bubbles_of(messages: list[Posted]) -> list[Bubble]:
    return [
        Bubble(one.id, one.text or one.caption, tuple(key for _, key in one.buttons))
        for one in messages
    ]


def platform_of(server: TelegramServer) -> Platform:
    """Return what the stand-in took from people and has shown them."""
    asked = {one.id: _key(one) for one in server.updates.past}
    return Platform(
        "telegram",
        frozenset(asked.values()),
        frozenset(asked[one.id] for one in server.updates.waiting()),
        {
            str(chat.id): bubbles_of(chat.messages)
            for chat in server.world.chats.values()
            if chat.messages
        },
    )


def _key(update: Update) -> str:
    """Return what makes a repeat of this update known."""
    content = cast("dict[str, Any]", update.wire[update.kind])
    match update.kind:
        case "message":
            return f"m{content['chat']['id']}.{content['message_id']}"
        case "callback_query":
            return f"c{content['id']}"
    raise NotImplementedError(update.kind)
