"""A tap as a bare loop: one row updated in a durable commit, then two messages edited.

No rights, no history, no audit, no queue: what anybody would write first. Over the webhook, with
aiohttp on both sides.
"""

from __future__ import annotations

import asyncio
import sqlite3
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import uvloop
from aiohttp import ClientSession, web

from bench.peers.note import PATH, Where, where

TEXT = (
    "<b>查阅申请 · 阅-2026-{number:04d}</b>\n{who} 已同意。\n\n"
    "1. 部门负责人：王海峰 已同意\n2. 客户信息主管 之后审批"
)
BUTTONS = {"inline_keyboard": [[{"text": "查看", "callback_data": "open"}]]}
FIRST_COPY = 1_000_000
"""The requester's message of the request `n` is this plus `n`."""


def decide(connection: sqlite3.Connection, number: int, who: int) -> bool:
    """Keep the decision if nobody decided before."""
    with connection:
        done = connection.execute(
            "UPDATE request SET state = 'approved', decided_by = ? "
            "WHERE id = ? AND state = 'pending'",
            (who, number),
        )
    return done.rowcount == 1


class Bot:
    def __init__(self, given: Where, session: ClientSession) -> None:
        self._api = f"{given.api}/bot{given.token}"
        self._session = session
        self._lock = asyncio.Lock()
        self._database = sqlite3.connect(given.folder / "taps.sqlite", check_same_thread=False)
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = FULL")

    async def tapped(self, request: web.Request) -> web.Response:
        query = msgspec.json.decode(await request.read())["callback_query"]
        who, number = query["from"]["id"], int(query["data"].rpartition(".")[2])
        loop = asyncio.get_running_loop()
        async with self._lock:
            work = partial(decide, self._database, number, who)
            kept = await loop.run_in_executor(None, work)
        text = TEXT.format(number=number, who=who)
        mine, asker = query["message"], int(query["data"].split(".")[1])
        edits = [(mine["chat"]["id"], mine["message_id"]), (asker, FIRST_COPY + number)]
        await asyncio.gather(
            self._call("answerCallbackQuery", callback_query_id=query["id"]),
            *(self._edit(chat, message, text) for chat, message in edits if kept),
        )
        return web.Response()

    async def _edit(self, chat: int, message: int, text: str) -> None:
        await self._call(
            "editMessageText", chat_id=chat, message_id=message, text=text, parse_mode="HTML",
            reply_markup=BUTTONS,
        )  # fmt: skip

    async def _call(self, method: str, **what: Any) -> None:
        async with self._session.post(f"{self._api}/{method}", json=what) as answer:
            await answer.read()


def made(folder: Path, requests: int) -> None:
    """Write the peer's database with so many open requests."""
    folder.mkdir()
    with sqlite3.connect(folder / "taps.sqlite") as connection:
        connection.execute("CREATE TABLE request (id INTEGER PRIMARY KEY, state, decided_by)")
        rows = [(number, "pending") for number in range(1, requests + 1)]
        connection.executemany("INSERT INTO request (id, state) VALUES (?, ?)", rows)


async def main() -> None:
    given = where()
    async with ClientSession() as session:
        application = web.Application()
        application.router.add_post(PATH, Bot(given, session).tapped)
        application.router.add_get("/readyz", _ready)
        runner = web.AppRunner(application, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", given.port).start()
        await asyncio.Event().wait()


async def _ready(_request: web.Request) -> web.Response:
    return web.Response()


if __name__ == "__main__":
    uvloop.run(main())
