"""Takes what the platform posts: its check of our address, messages, events.

The platform waits five seconds, offers a message three times and then forgets it. So a message
that is not handled by then is kept (`Desk.keep`) and counts as taken. Whoever posts something that
is not the platform's learns nothing: every failure is the same empty 403.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from functools import partial
from typing import Any

import structlog
from aiohttp import web

from bot.channels.base import Desk
from bot.channels.posted import body_of
from bot.channels.wecom.albums import Albums
from bot.channels.wecom.crypto import Crypto, Forged
from bot.channels.wecom.decode import Unreadable, decode, of_no_app, parsed, value
from bot.settings import Wecom as Settings
from handlers.conversation.messages import Inbound

PATIENCE_SECONDS = 3.0
"""How long a message may take to be handled before it is kept for later."""
BODY_SECONDS = 2.0
ENVELOPE_TAGS = 64
"""More than begin in what the platform posts, of which the message itself is one encrypted word:
nobody makes us read a tree of a million before we know who posts it."""

log = structlog.get_logger()


class Callback:
    """What answers at the callback's address."""

    def __init__(self, settings: Settings, *, patience: float = PATIENCE_SECONDS) -> None:
        """Raises ValueError: the EncodingAESKey is not one."""
        key = settings.encoding_aes_key.reveal()
        self._crypto = Crypto(settings.token.reveal(), key, settings.corp_id)
        self._corp_id = settings.corp_id
        self._agent_id = str(settings.agent_id)
        self._patience = patience
        self._albums = Albums()
        self._desk: Desk | None = None
        self._busy: set[asyncio.Task[None]] = set()

    def start(self, desk: Desk) -> None:
        """Take messages from now on."""
        self._desk = desk

    async def stop(self) -> None:
        """Take no more; returns when what was taken has been handled."""
        self._desk = None
        while self._busy:  # what fails is kept, which is one more to wait for
            await asyncio.wait(set(self._busy))

    async def answer(self, request: web.Request) -> web.Response:
        """Answer whatever comes to the callback's address: a check, or a message.

        200: it is handled, or kept, or is nothing that concerns us. 503: nothing was kept, to be
        posted again. 413, 403: not from the platform.
        """
        if request.method == "GET":
            return self._verify(request)
        return await self._handle(request)

    def _verify(self, request: web.Request) -> web.Response:
        """Answer the check of the address, made when the administrator saves it."""
        try:
            return web.Response(text=self._open(request, _base64(request)))
        except Forged as error:
            return _refused(error.code)

    async def _handle(self, request: web.Request) -> web.Response:
        body = await body_of(request, BODY_SECONDS)
        if body is None:
            return _refused("body_too_large", 413)
        try:
            inbound = self._inbound(request, body)
        except Forged as error:
            return _refused(error.code)
        except (Unreadable, UnicodeDecodeError):
            return _refused("unreadable")
        if inbound is None:
            return web.Response()
        if self._desk is None:
            return web.Response(status=503)
        return await self._take(self._desk, self._albums.marked(inbound))

    def _inbound(self, request: web.Request, body: bytes) -> Inbound | None:
        if body.count(b"<") > ENVELOPE_TAGS:
            raise Unreadable
        envelope = parsed(body.decode())
        message = parsed(self._open(request, value(envelope, "Encrypt")))
        for part in (envelope, message):
            if value(part, "ToUserName") != self._corp_id:
                raise Forged("corp_id_mismatch")
            if value(part, "AgentID") not in ("", self._agent_id):
                raise Forged("agent_id_mismatch")
        if not value(message, "AgentID") and not of_no_app(message):
            raise Forged("agent_id_mismatch")
        return decode(message)

    def _open(self, request: web.Request, encrypted: str) -> str:
        given = request.query.get
        signature, timestamp = given("msg_signature", ""), given("timestamp", "")
        try:
            return self._crypto.open(signature, timestamp, given("nonce", ""), encrypted)
        except UnicodeEncodeError:  # half a character in the address
            raise Forged("signature_mismatch") from None

    async def _take(self, desk: Desk, inbound: Inbound) -> web.Response:
        # a task of its own: it goes on when the platform hangs up, or has its answer
        task = self._spawn(desk.intake(inbound))
        await asyncio.wait({task}, timeout=self._patience)
        if task.done() and task.exception() is None:
            return web.Response()
        try:
            await asyncio.shield(self._spawn(desk.keep(inbound)))
        except Exception as error:
            log.error("message_not_kept", kind=type(error).__name__, exc_info=True)
            return web.Response(status=503)
        return web.Response()

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._busy.add(task)
        task.add_done_callback(partial(_ended, self._busy))
        return task


def _ended(busy: set[asyncio.Task[None]], task: asyncio.Task[None]) -> None:
    busy.discard(task)
    error = None if task.cancelled() else task.exception()
    if error is not None:
        log.warning("message_not_handled", kind=type(error).__name__, exc_info=error)


def _base64(request: web.Request) -> str:
    """Return the encrypted text of a check; in an address a bare + reads as a blank."""
    return request.query.get("echostr", "").strip("\r\n").replace(" ", "+")


def _refused(code: str, status: int = 403) -> web.Response:
    log.warning("callback_refused", code=code)
    return web.Response(status=status)
