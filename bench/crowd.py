"""The other side of a bot, in a process of its own: the Bot API it calls and the people it serves.

A person does the next thing only when the bot's answer to the one before has arrived. Orders come
as JSON lines on stdin and are answered on stdout, one line each.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from typing import Any, cast

import msgspec
import uvloop

from bench.botapi import Call, Connection, Platform

SECRET = "bench-secret"  # noqa: S105 - of a bot that nobody else reaches
NOTE = "与采购部谈二季度订单，对方要求月底前给出报价，并希望账期延长到六十天，答应周五前回复。"
QUIET_SECONDS = 0.5
PATIENCE_SECONDS = 60.0

Keyboard = list[list[dict[str, str]]]


@dataclass(frozen=True)
class Step:
    """What a person does, and by which call the bot answers it."""

    name: str
    answer: str
    label: str = ""
    """Beginning of the label of the button that is tapped."""
    text: str = ""


CONVERSATION = (
    Step("start", "sendMessage", text="/visit"),
    Step("customer", "editMessageText"),  # any of the choices
    Step("date", "editMessageText", label="今天"),
    Step("what happened", "sendMessage", text=NOTE),
    Step("next contact", "editMessageText", label="跳过"),
    Step("submit", "sendMessage", label="提交"),
)
CUSTOMERS = 7
"""Customers of each person: all are choices on the first card."""


@dataclass
class Person:
    number: int
    turn: int = 0
    shown: bytes = b""
    """The message with the newest keyboard, as the platform knows it."""
    keyboard: Keyboard = field(default_factory=list)
    waits_for: str = ""
    answered: asyncio.Event = field(default_factory=asyncio.Event)
    answered_at: float = 0.0


class Line(asyncio.Protocol):
    """One connection from the platform to a webhook; it posts one update at a time."""

    def __init__(self) -> None:
        self._answer: asyncio.Future[tuple[int, bytes]] | None = None
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, found, body = self._buffer.partition(b"\r\n\r\n")
        if not found:
            return
        length = 0
        for one in head.lower().split(b"\r\n"):
            if one.startswith(b"content-length:"):
                length = int(one.split(b":")[1])
        if len(body) >= length and self._answer is not None:
            self._buffer = b""
            if not self._answer.done():
                self._answer.set_result((int(head.split(b" ", 2)[1]), body))

    def connection_lost(self, exc: Exception | None) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(exc or ConnectionError("closed"))

    def post(self, path: str, body: bytes) -> asyncio.Future[tuple[int, bytes]]:
        """Post an update and return the status and the body that will answer it."""
        self._answer = asyncio.get_running_loop().create_future()
        head = (
            f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            f"X-Telegram-Bot-Api-Secret-Token: {SECRET}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        self.transport.write(head.encode() + body)
        return self._answer


class Order(msgspec.Struct):
    do: str
    token: str = ""
    port: int = 0
    path: str = ""
    people: int = 0
    conversations: int = 0


class Crowd:
    def __init__(self) -> None:
        self._people: dict[int, Person] = {}
        self._updates = count(1)
        self._token = ""
        self.platform = Platform(self._hear)

    # -- what the bot says ---------------------------------------------------------------------

    def _hear(self, token: str, method: str, call: Call, shown: bytes) -> None:
        if token != self._token or not shown:
            return
        person = self._people.get(int(call["chat_id"]))
        if person is None:
            return
        if markup := call.get("reply_markup"):
            person.keyboard, person.shown = markup["inline_keyboard"], shown
        if method == person.waits_for:
            person.waits_for = ""
            person.answered_at = time.perf_counter()
            person.answered.set()

    # -- what people do ------------------------------------------------------------------------

    def _update(self, person: Person, step: Step) -> bytes:
        number = next(self._updates)
        user = {
            "id": person.number,
            "is_bot": False,
            "first_name": "P",
            "language_code": "zh-hans",
        }
        if step.text:
            content: dict[str, Any] = {
                "message_id": 500_000_000 + number,
                "from": user,
                "chat": {"id": person.number, "type": "private", "first_name": "P"},
                "date": int(time.time()),
                "text": step.text,
            }
            if step.text.startswith("/"):
                command = {"type": "bot_command", "offset": 0, "length": len(step.text)}
                content["entities"] = [command]
            return msgspec.json.encode({"update_id": number, "message": content})
        query = {
            "id": str(number),
            "from": user,
            "message": msgspec.Raw(person.shown),
            "chat_instance": "1",
            "data": self._button(person, step),
        }
        return msgspec.json.encode({"update_id": number, "callback_query": query})

    def _button(self, person: Person, step: Step) -> str:
        buttons = [one for row in person.keyboard for one in row]
        if not step.label:
            return buttons[person.turn % CUSTOMERS]["callback_data"]
        return next(one["callback_data"] for one in buttons if one["text"].startswith(step.label))

    async def _converse(
        self, person: Person, line: Line, order: Order, took: dict[str, list[float]]
    ) -> None:
        person.turn += 1
        for step in CONVERSATION:
            body = self._update(person, step)
            person.answered.clear()
            person.waits_for = step.answer
            began = time.perf_counter()
            posted = line.post(order.path, body)
            try:
                async with asyncio.timeout(PATIENCE_SECONDS):
                    await person.answered.wait()
            except TimeoutError:
                raise RuntimeError(f"{order.token} did not answer {step.name}") from None
            took[step.name].append(person.answered_at - began)
            code, said = await posted
            if code != 200:
                raise RuntimeError(f"{order.token} answered {code} at {step.name}")
            self.platform.calls[order.token, _call_in(said)] += 1

    async def _person(
        self, person: Person, order: Order, left: Iterator[int], took: dict[str, list[float]]
    ) -> None:
        loop = asyncio.get_running_loop()
        _, line = await loop.create_connection(Line, "127.0.0.1", order.port)
        try:
            for _ in left:
                await self._converse(person, line, order, took)
        finally:
            line.transport.close()

    async def talk(self, order: Order) -> dict[str, Any]:
        """Let so many people hold so many conversations; return how long they took."""
        self._token = order.token
        people = [self._people.setdefault(at, Person(at)) for at in numbers(order.people)]
        took: dict[str, list[float]] = {step.name: [] for step in CONVERSATION}
        left = iter(range(order.conversations))
        before = self._calls(order.token)
        began = time.perf_counter()
        async with asyncio.TaskGroup() as group:
            for person in people:
                group.create_task(self._person(person, order, left, took))
        seconds = time.perf_counter() - began
        await self._quiet(order.token)
        return {"seconds": seconds, "took": took, "calls": self._calls(order.token) - before}

    async def ready(self, order: Order) -> dict[str, Any]:
        """Return when the bot has set its webhook and calls no more."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not self.platform.calls[order.token, "setWebhook"]:  # noqa: ASYNC110 - no word of it
                await asyncio.sleep(0.05)
            await self._quiet(order.token)
        return {}

    async def _quiet(self, token: str) -> None:
        while time.monotonic() - self.platform.last_call.get(token, 0.0) < QUIET_SECONDS:  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.05)

    def _calls(self, token: str) -> int:
        """Return how many calls of a conversation the bot has made so far."""
        methods = ("sendMessage", "editMessageText", "answerCallbackQuery")
        return sum(self.platform.calls[token, one] for one in methods)


def _call_in(answer: bytes) -> str:
    """Return the method that the answer to an update carries, a call as good as any other."""
    return str(msgspec.json.decode(answer).get("method", "")) if answer else ""


def numbers(people: int) -> range:
    """Return the Telegram ids of so many people."""
    return range(10_001, 10_001 + people)


async def main() -> None:
    loop = asyncio.get_running_loop()
    crowd = Crowd()
    server = await loop.create_server(partial(Connection, crowd.platform), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        order = msgspec.json.decode(line, type=Order)
        answer = await (crowd.talk(order) if order.do == "talk" else crowd.ready(order))
        print(msgspec.json.encode(answer).decode(), flush=True)


if __name__ == "__main__":
    uvloop.run(main())
