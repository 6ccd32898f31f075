"""Serves the phones page: its files, uploads, and the WebSocket that carries everything else."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, assert_never
from urllib.parse import quote

import msgspec
import structlog
from aiohttp import WSMsgType, web

from bot.channels.phones import frames
from bot.channels.phones.controls import BadTime, Controls, target
from bot.channels.phones.frames import MAX_FILES, MAX_TEXT
from bot.channels.phones.guard import add_headers, guard
from bot.channels.phones.platform import (
    MAX_FILE_BYTES,
    FileRefused,
    News,
    Platform,
    Power,
)
from bot.channels.phones.store import Content, Kept, Spot

STATIC = Path(__file__).parent / "static"
HISTORY = 60
"""Messages sent when a phone is opened, and for each look further back."""
MAX_BEHIND = 5_000
"""Frames a slow page may be behind before it is cut off; it starts afresh when it reconnects."""
MAX_WORD_BYTES = 512 * 1024
MAX_NAME = 255
SHOWN_INLINE = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})

SAMPLE_PLACES = (
    Spot(31.2397, 121.4998, "上海 陆家嘴"),
    Spot(31.3190, 120.7165, "苏州工业园区 金鸡湖"),
    Spot(30.2907, 120.2131, "杭州东站"),
    Spot(32.0431, 118.7842, "南京 新街口"),
)

Move = Callable[[], Awaitable[None]]

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")

log = structlog.get_logger()


class _Page:
    """One open browser page."""

    def __init__(self, socket: web.WebSocketResponse) -> None:
        self.socket = socket
        self.watched: set[str] = set()
        self._queue: asyncio.Queue[dict[str, Any]] = asyncio.Queue(MAX_BEHIND)
        self.behind = False

    def push(self, frame: dict[str, Any]) -> None:
        try:
            self._queue.put_nowait(frame)
        except asyncio.QueueFull:
            self.behind = True

    async def write(self) -> None:
        while not self.behind:
            frame = await self._queue.get()
            await self.socket.send_str(msgspec.json.encode(frame).decode())
        await self.socket.close()


class PhonesPage:
    """The page over one platform; `app()` is mounted under /phones."""

    def __init__(
        self,
        platform: Platform,
        controls: Controls,
        *,
        product: str = "dossierbot",
        places: Sequence[Spot] = SAMPLE_PLACES,
        movable: bool = True,
    ) -> None:
        """`movable`: the page shows the controls of clock and outage."""
        self._platform = platform
        self._controls = controls
        self._product = product
        self._places = tuple(places)
        self._movable = movable
        self._pages: set[_Page] = set()
        self._moves: set[asyncio.Task[None]] = set()
        self._moving = asyncio.Lock()

    def app(self) -> web.Application:
        app = web.Application(middlewares=[guard])
        app.on_response_prepare.append(add_headers)
        app.on_startup.append(self._open)
        app.on_shutdown.append(self._close)
        app.add_routes(
            [
                web.get("/", self._index),
                web.get("/static/{name}", self._static),
                web.get("/ws", self._socket),
                web.post("/upload", self._upload),
                web.get("/file/{ref}", self._file),
            ]
        )
        self._files = {one.name: one for one in STATIC.iterdir() if one.is_file()}
        return app

    async def _open(self, _app: web.Application) -> None:
        self._platform.listen(self._hear)

    async def _close(self, _app: web.Application) -> None:
        self._platform.unlisten(self._hear)
        for page in tuple(self._pages):
            await page.socket.close(code=1001)
        for move in tuple(self._moves):
            move.cancel()
        await asyncio.gather(*self._moves, return_exceptions=True)

    async def _index(self, _request: web.Request) -> web.StreamResponse:
        return web.FileResponse(self._files["index.html"])

    async def _static(self, request: web.Request) -> web.StreamResponse:
        path = self._files.get(request.match_info["name"])
        if path is None:
            raise web.HTTPNotFound
        return web.FileResponse(path)

    async def _upload(self, request: web.Request) -> web.StreamResponse:
        account = request.query.get("account", "")
        if account not in self._platform.people:
            return _refusal("unknown", 404)
        if request.content_length is not None and request.content_length > MAX_FILE_BYTES:
            return _refusal("too_large", 413)
        name = well_formed(request.query.get("name", ""))[-MAX_NAME:]
        chunks = request.content.iter_chunked(64 * 1024)
        try:
            kept = await self._platform.take_file(account, name, request.content_type, chunks)
        except FileRefused as refused:
            return _refusal(refused.reason, 413 if refused.reason == "too_large" else 400)
        return web.json_response(frames.file(kept))

    async def _file(self, request: web.Request) -> web.StreamResponse:
        found = await self._platform.run(self._platform.store.file, request.match_info["ref"])
        if found is None:
            raise web.HTTPNotFound
        kept = found[1]
        headers = {
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "Cache-Control": "private, max-age=31536000, immutable",
        }
        if kept.mime in SHOWN_INLINE or kept.mime.startswith(("audio/", "video/")):
            headers["Content-Type"] = kept.mime
        else:
            headers["Content-Type"] = "application/octet-stream"
            name = quote(kept.name or "file", safe="")
            headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{name}"
        return web.FileResponse(self._platform.store.path(kept.ref), headers=headers)

    async def _socket(self, request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse(heartbeat=20, max_msg_size=MAX_WORD_BYTES)
        await socket.prepare(request)
        page = _Page(socket)
        self._pages.add(page)
        writer = asyncio.create_task(page.write())
        try:
            page.push(await self._welcome())
            async for received in socket:
                if received.type is WSMsgType.TEXT:
                    await self._answer(page, received.data)
        finally:
            self._pages.discard(page)
            writer.cancel()
            await asyncio.gather(writer, return_exceptions=True)
        return socket

    async def _welcome(self) -> dict[str, Any]:
        platform = self._platform
        counts = await platform.run(platform.store.unread)
        return {
            "t": "welcome",
            "product": self._product,
            "people": [
                {
                    "account": one.account,
                    "name": one.name,
                    "role": one.role,
                    "department": one.department,
                    "shown": one.shown,
                    "example": one.example,
                    "unread": counts.get(one.account, 0),
                }
                for one in platform.people.values()
            ],
            "limits": {"file": MAX_FILE_BYTES, "files": MAX_FILES, "text": MAX_TEXT},
            "places": [[one.latitude, one.longitude, one.label] for one in self._places],
            "movable": self._movable,
            "clock": self._clock(),
        }

    def _clock(self) -> dict[str, Any]:
        zone, back_at = self._controls.zone, self._controls.back_at()
        return {
            "t": "clock",
            "local": self._controls.now().astimezone(zone).strftime("%Y-%m-%dT%H:%M:%S"),
            "moving": self._moving.locked(),
            "up": self._platform.up,
            "until": back_at and back_at.astimezone(zone).strftime("%Y-%m-%dT%H:%M:%S"),
        }

    def _hear(self, news: News) -> None:
        if isinstance(news, Power):
            self._tell_clock()
            return
        frame = frames.news(news, self._controls.zone)
        if frame is None:
            return
        for page in self._pages:
            if frame["t"] == "unread" or frame["account"] in page.watched:
                page.push(frame)

    def _tell_clock(self) -> None:
        for page in self._pages:
            page.push(self._clock())

    async def _answer(self, page: _Page, data: str) -> None:
        try:
            word = frames.read_word(data)
        except msgspec.DecodeError as error:
            page.push({"t": "refused", "key": _key_in(data), "reason": "not_understood"})
            log.warning("phones_word_refused", kind=type(error).__name__)
            return
        platform = self._platform
        match word:
            case frames.Watch(accounts):
                page.watched = {one for one in accounts if one in platform.people}
                for account in accounts:
                    await self._show_chat(page, account, None)
            case frames.Older(account, before):
                await self._show_chat(page, account, before)
            case frames.Read(account, upto):
                if account in platform.people:
                    await platform.read(account, upto)
            case frames.Send():
                await self._send(page, word)
            case frames.Tap(account, key, card, choice):
                await self._post(page, account, key, [Content(choice=choice, card=str(card))])
            case frames.Clock() | frames.Outage() if not self._movable:
                page.push({"t": "refused", "key": "", "reason": "control_failed"})
            case frames.Clock(step, to):
                self._move(page, step, to)
            case frames.Outage(minutes):
                self._start(partial(self._controls.outage, minutes))
            case _:
                assert_never(word)

    async def _show_chat(self, page: _Page, account: str, before: int | None) -> None:
        if account not in self._platform.people:
            return
        chat = await self._platform.run(self._platform.store.chat, account, HISTORY, before)
        page.push(frames.history(account, chat, self._controls.zone, older=before is not None))

    async def _send(self, page: _Page, word: frames.Send) -> None:
        def refuse(reason: str) -> None:
            page.push({"t": "refused", "key": word.key, "reason": reason})

        if len(word.text) > MAX_TEXT:
            return refuse("too_long")
        kept: list[Kept] = []
        for ref in word.files:
            found = await self._platform.run(self._platform.store.file, ref)
            if found is None or found[0] != word.account:
                return refuse("lost_file")
            kept.append(found[1])
        text = well_formed(word.text)
        place = None
        if word.place:
            label = well_formed(word.place.label)
            place = Spot(word.place.latitude, word.place.longitude, label)
        if not (text.strip() or kept or place):
            return refuse("empty")
        await self._post(page, word.account, word.key, _contents(word, text, kept, place))
        return None

    async def _post(self, page: _Page, account: str, key: str, contents: list[Content]) -> None:
        if account not in self._platform.people:
            page.push({"t": "refused", "key": key, "reason": "unknown"})
            return
        await self._platform.post(account, key, contents)
        page.push({"t": "kept", "account": account, "key": key})

    def _move(self, page: _Page, step: str, to: str) -> None:
        controls = self._controls
        try:
            instant = target(step, to, controls.now(), controls.zone)
        except BadTime:
            page.push({"t": "refused", "key": "", "reason": "bad_time"})
            return
        self._start(partial(controls.move, instant))

    def _start(self, move: Move) -> None:
        task = asyncio.create_task(self._carry_out(move))
        self._moves.add(task)
        task.add_done_callback(self._moves.discard)

    async def _carry_out(self, move: Move) -> None:
        """Move clock or outage, one at a time; pages see when it begins and when it is done."""
        try:
            async with self._moving:
                self._tell_clock()
                await move()
        except Exception as error:
            log.error("phones_control_failed", kind=type(error).__name__, exc_info=True)
            for page in self._pages:
                page.push({"t": "refused", "key": "", "reason": "control_failed"})
        self._tell_clock()


def well_formed(text: str) -> str:
    """Return `text` without what no store can hold: lone surrogates and NUL become U+FFFD."""
    return _UNSTORABLE.sub("\ufffd", text)


def _contents(word: frames.Send, text: str, kept: list[Kept], place: Spot | None) -> list[Content]:
    """Return one message, or one per file of an album; the first carries the caption."""
    if len(kept) < 2:
        return [Content(text=text, files=tuple(kept), place=place, forwarded=word.forwarded)]
    return [
        Content(
            text="" if number else text,
            files=(one,),
            place=None if number else place,
            album=word.key,
            forwarded=word.forwarded,
        )
        for number, one in enumerate(kept)
    ]


def _refusal(reason: str, status: int) -> web.Response:
    return web.json_response({"reason": reason}, status=status)


def _key_in(data: str) -> str:
    """Return the page's key of a word that was not understood, so that it can stop resending."""
    try:
        key = msgspec.json.decode(data, type=dict[str, Any]).get("key")
    except msgspec.DecodeError:
        return ""
    return key if isinstance(key, str) else ""
