"""Takes updates that the platform posts, and answers only when they are committed.

The address is public: nothing of a request is looked at before its secret is right, and then no
more than `BODY_BYTES` of it.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from datetime import datetime
from typing import Any

import msgspec
import structlog
from aiohttp import web
from telegram import Bot, WebhookInfo
from telegram.error import BadRequest, InvalidToken, TelegramError

from bot.channels.base import Desk
from bot.channels.posted import body_of
from bot.channels.telegram.decode import KINDS
from bot.channels.telegram.outcomes import converted
from bot.channels.telegram.polling import BACKLOG_SECONDS, PAUSES, Sleep
from bot.channels.telegram.taptime import TapClock
from storage.errors import StorageError

HEADER = "X-Telegram-Bot-Api-Secret-Token"
CONNECTIONS = 100
"""Updates that the platform may post at the same time: its own maximum."""
LEASE = "webhook:telegram"
BEAT_SECONDS = 10.0
"""How often it is kept in mind that we could be reached."""
BEATS = 12
"""So many lie between two looks at what the platform says of its posts. What it could not deliver
it tries again within a minute, so each look sees a new failure as long as there are any."""

Call = dict[str, Any]
"""A method of the Bot API under `method`, and its parameters. The answer to an update may be one:
it is carried out, and what became of it is not said."""

log = structlog.get_logger()


def secret_for(token: str) -> str:
    """Return the secret of a webhook where the settings name none; the token does not show."""
    return hmac.new(token.encode(), b"dossierbot webhook", hashlib.sha256).hexdigest()


class Webhook:
    def __init__(
        self,
        bot: Bot,
        url: str,
        secret: str,
        prepare: Callable[[], Awaitable[None]],
        take: Callable[[dict[str, Any]], Coroutine[Any, Any, Call | None]],
        taps: TapClock,
        *,
        pauses: Sequence[float] = PAUSES,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        """`url`: the address that the platform is told to post to.

        `take` handles an update and returns what to answer it with; None: nothing but 200.
        """
        self.problem = ""
        """As `Watched` has it."""
        self._bot = bot
        self._url = url
        self._secret = secret
        self._prepare = prepare
        self._take = take
        self._taps = taps
        self._pauses = tuple(pauses)
        self._sleep = sleep
        self._open = False
        self._told = False
        """Whether the platform knows where to post."""
        self._failed: datetime | None = None
        """When a post last failed, as the platform says."""
        self._left = 0
        self._busy: set[asyncio.Task[Call | None]] = set()
        self._caught_up = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def start(self, desk: Desk) -> None:
        """Take updates from now on; returns when what lay at the platform was taken.

        A platform that cannot be reached holds the start up for BACKLOG_SECONDS at most.
        """
        self._desk = desk
        self._taps.behind(await desk.seen_at(LEASE))
        self._caught_up.clear()
        self._left = -1
        self._open = True
        self._task = asyncio.create_task(self._run(), name="telegram webhook")
        waiting = asyncio.create_task(self._caught_up.wait())
        await asyncio.wait({waiting}, timeout=BACKLOG_SECONDS)
        waiting.cancel()

    async def stop(self) -> None:
        """Take no more; returns when what was taken has been handled."""
        self._open = False
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})
            self._task = None
        if self._busy:
            await asyncio.wait(set(self._busy))

    async def _run(self) -> None:
        """Tell the platform where to post, then look again and again whether it does."""
        self._told, beats = False, 0
        while True:
            pause = self._pauses[0]
            try:
                if not self._told:
                    await self._tell()
                if not self._caught_up.is_set():
                    self._catch_up((await self._bot.get_webhook_info()).pending_update_count)
                else:
                    await self._desk.hold(LEASE, BEAT_SECONDS, shared=True)
                    pause = BEAT_SECONDS
                    beats += 1
                    if beats % BEATS == 0:
                        self._look(await self._bot.get_webhook_info())
            except TelegramError as error:
                log.warning("webhook_not_set", kind=type(error).__name__, why=error.message)
                if isinstance(error, InvalidToken):
                    self.problem = "unauthorized"
                elif not self._told:
                    refused = isinstance(error, BadRequest)
                    self.problem = "undelivered" if refused else "unreachable"
                pause = max(self._pauses[-1], converted(error).after)
            except StorageError as error:
                log.warning("webhook_store_refused", kind=type(error).__name__)
                pause = self._pauses[-1]
            await self._sleep(pause)

    async def _tell(self) -> None:
        await self._prepare()
        await self._bot.set_webhook(
            self._url,
            allowed_updates=list(KINDS),
            secret_token=self._secret,
            max_connections=CONNECTIONS,
        )
        self._told = True
        if (
            self.problem != "conflict"
        ):  # that one is over when it still posts to us at the next look
            self.problem = ""

    def _look(self, info: WebhookInfo) -> None:
        """Take in how the platform fares; where it posts to another address it is told anew."""
        failed, self._failed = self._failed, info.last_error_date
        if info.url != self._url:
            self._told, self.problem = False, "conflict"
        elif info.pending_update_count and info.last_error_date not in (None, failed):
            self.problem = "undelivered"
        else:
            self.problem = ""
        if self.problem:
            log.warning("webhook_fails", problem=self.problem, waiting=info.pending_update_count)

    def _catch_up(self, waiting: int) -> None:
        """Note how many updates still wait at the platform; what comes after those is new."""
        self._left = waiting if self._left < 0 else min(waiting, self._left)
        if self._left <= 0:
            self._taps.behind(None)
            self._caught_up.set()

    async def handle(self, request: web.Request) -> web.Response:
        """Answer one request of the platform.

        200: the update is committed, or is nothing we know. 503: nothing was kept, to be posted
        again. 401, 413, 400: not from the platform.
        """
        given = request.headers.get(HEADER, "").encode("utf-8", "surrogateescape")
        if not hmac.compare_digest(given, self._secret.encode()):
            return web.Response(status=401)
        if not self._open:
            return web.Response(status=503)
        body = await body_of(request)
        if body is None:
            return web.Response(status=413)
        try:
            update = msgspec.json.decode(body, type=dict[str, Any])
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return web.Response(status=400)
        # a task of its own: a platform that hangs up must not break a unit of work off
        task = asyncio.create_task(self._take(update))
        self._busy.add(task)
        task.add_done_callback(self._busy.discard)
        try:
            call = await asyncio.shield(task)
        except Exception as error:
            log.warning("update_not_kept", kind=type(error).__name__, exc_info=True)
            return web.Response(status=503)
        if self._left > 0:
            self._catch_up(self._left - 1)
        if call is None:
            return web.Response()
        return web.Response(body=msgspec.json.encode(call), content_type="application/json")
