"""Clients of the stand-in for WeCom, as the crowd has them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from bot.channels.wecom.decode import decode, parsed
from bot.channels.wecom.draw import pressed
from tests.chaos.crowd import PATIENCE, Bubble
from tests.chaos.verdict import Platform
from tests.fakes.wecom.callbacks import Delivery
from tests.fakes.wecom.messages import Message
from tests.fakes.wecom_server import WecomServer

NEWEST = 30
"""Messages of a chat that its reader looks at."""
OFFER_SECONDS = 0.05
"""Pause before a message is offered again that was not taken."""


class WecomClient:
    """One person's WeCom. What they do counts once the bot has answered 200."""

    def __init__(self, server: WecomServer, staff_id: str) -> None:
        self.account = staff_id
        self.member = server.member(staff_id)
        self._server = server

    async def say(self, token: str, text: str) -> None:
        del token
        await self._taken(self.member.say(text))

    async def photo(self, token: str, content: bytes) -> None:
        """Send a recording: pictures that follow one another closely are one album here."""
        del token
        await self._taken(self.member.send_file("voice", content))

    async def tap(self, token: str, bubble: Bubble, key: str) -> None:
        del token
        await self._taken(self.member.press(self.member.messages[bubble.id - 1], key))

    def bubbles(self) -> list[Bubble]:
        messages = self.member.messages
        return bubbles_of(messages, max(len(messages) - NEWEST, 0))

    async def until(self, true: Callable[[], bool]) -> None:
        await self._server.until(true, within=PATIENCE)

    async def _taken(self, delivery: Awaitable[Delivery]) -> None:
        await delivery
        callbacks = self._server.callbacks
        while callbacks.behind(self.member.userid):
            await asyncio.sleep(OFFER_SECONDS)
            await callbacks.redeliver(self.member.userid)


def bubbles_of(messages: Sequence[Message], start: int = 0) -> list[Bubble]:
    """Return what a chat shows from message `start` on; a card with the texts before it."""
    made: list[Bubble] = []
    texts: list[str] = []
    for number, one in enumerate(messages[start:], start):
        texts.append(one.text)
        if one.card or number == len(messages) - 1:
            keys = tuple(pressed(key) for _, key in one.buttons)
            made.append(Bubble(number + 1, "\n".join(texts), keys))
            texts = []
    return made


def platform_of(server: WecomServer) -> Platform:
    """Return what the stand-in took from people and has shown them."""
    callbacks = server.callbacks
    chats = dict(server.chats.chats)
    waiting = [
        one for account in server.chats.members.values() for one in callbacks.behind(account)
    ]
    return Platform(
        "wecom",
        frozenset(map(key_of, callbacks.past)),
        frozenset(map(key_of, waiting)),
        {account: bubbles_of(chat) for account, chat in chats.items()},
        captions=False,
        names={
            account: [set(one.names) for one in chat if one.card]
            for account, chat in chats.items()
        },
    )


def key_of(delivery: Delivery) -> str:
    """Return what makes a repeat of this message known."""
    read = decode(parsed(delivery.xml))
    assert read is not None
    return read.key
