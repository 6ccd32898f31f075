"""WeCom's REST interface over aiohttp: tokens, calls, files.

The trap: the token stands in every address, and the platform's words may quote a message. So no
exception that leaves here carries an address or an answer; of errors the code is told, and the
address that the platform saw us call from.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import aiohttp
import msgspec
import structlog

from bot.channels.base import ChannelError, Outcome, OutFile
from bot.channels.wecom.outcomes import (
    FREQUENCY,
    MINUTE,
    STALE_TOKEN,
    STORM_SECONDS,
    TOO_LARGE,
    UNAUTHORIZED,
    UNTRUSTED,
    Refused,
    pause_of,
)
from bot.channels.wecom.token import Shelf, Token, Tokens
from bot.settings import Wecom as Settings
from storage.errors import FileRefused

Json = dict[str, Any]

CONNECT_SECONDS = 10.0
ANSWER_SECONDS = 20.0
UPLOAD_SECONDS = 60.0
PIECE_BYTES = 64 * 1024
PART_BYTES = 20 * 2**20
"""Most of a file that the platform gives out at once."""
AT_ONCE = 10
"""Most calls under way: more are refused with 45033."""
LONGEST_PAUSE = 3600.0
NOT_UNDERSTOOD = "wrong json format"
"""What the platform says of a message that it took without some of it."""

_PART = re.compile(r"bytes (\d{1,15})-\d{1,15}/(\d{1,15})")
_FROM_IP = re.compile(r"from ip: ([0-9a-fA-F.:]{3,45})")

log = structlog.get_logger()


class Closed(msgspec.Struct):
    """Calls of one kind that the platform does not take for a while."""

    until: datetime
    seconds: float


class Api:
    """One app's calls, over one connection pool."""

    def __init__(
        self,
        settings: Settings,
        now: Callable[[], datetime],
        *,
        answer_seconds: float = ANSWER_SECONDS,
    ) -> None:
        self.problem = ""
        """As `Watched` has it, of the last call."""
        self.seen_from = ""
        """Address that the platform saw the last call come from, where it refused that; empty: it
        took it, or does not say."""
        self._settings = settings
        self._base = f"{settings.api_base.rstrip('/')}/cgi-bin"
        self._now = now
        self._answer_seconds = answer_seconds
        self._session: aiohttp.ClientSession | None = None
        self._tokens = Tokens(self._fetch, now)
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._closed: dict[str, Closed] = {}

    async def open(self, shelf: Shelf | None = None) -> None:
        """Be ready for calls; `shelf` has the token for all processes."""
        self._tokens.shelf = shelf
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=AT_ONCE, keepalive_timeout=60.0),
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS),
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=self._settings.proxy is None,
            )

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    # -- calls ---------------------------------------------------------------------------------

    async def get(self, method: str, **query: str) -> Json:
        """Ask with a GET. Raises ChannelError."""
        return await self._call(method, query)

    async def post(self, method: str, body: Json, **query: str) -> Json:
        """Send JSON and return the answer. Raises ChannelError."""
        answer = await self._call(method, query, lambda: msgspec.json.encode(body))
        if NOT_UNDERSTOOD in str(answer.get("errmsg", "")):
            kind = str(body.get("msgtype", ""))
            log.warning("wecom_not_understood", method=method, kind=kind)
        return answer

    async def upload(self, kind: str, file: OutFile) -> str:
        """Give the platform a file and return the id to send it by. Raises ChannelError."""

        def form() -> aiohttp.FormData:
            made = aiohttp.FormData(quote_fields=False)  # names stay as they are, not %E5...
            made.add_field("media", file.content, filename=file.name, content_type=file.mime)
            return made

        answer = await self._call("media/upload", {"type": kind}, form, UPLOAD_SECONDS)
        return str(answer.get("media_id", ""))

    async def download(self, media_id: str) -> AsyncIterator[bytes]:
        """Yield a file that somebody sent.

        Raises:
            FileRefused: larger than the platform gives out.
            ChannelError: GONE when it is not there, or not any more.
        """
        token = await self._tokens.valid()
        got, fresh = 0, False
        while True:
            before, whole = got, 0
            try:
                async for piece, length in self._stream(media_id, token, got):
                    got, whole = got + len(piece), length
                    yield piece
            except Refused as error:
                if error.code == TOO_LARGE:
                    raise FileRefused("size") from None
                if error.code not in STALE_TOKEN or fresh:
                    raise
                token, fresh = await self._tokens.valid(stale=token), True
                continue
            if got >= whole:
                return
            if got == before:
                raise ChannelError(Outcome.UNKNOWN, "a file that does not go on")

    async def address(self) -> str:
        """Return the address that the platform sees us call from; "": it does not say.

        It does only where it refuses something: it is asked for a file that there is not.

        Raises:
            ChannelError: it did not answer.
        """
        token = await self._tokens.valid()
        answer = await self._request("media/get", {"access_token": token, "media_id": "0"})
        return _seen_from(str(answer.get("errmsg", "")))

    async def _call(
        self,
        method: str,
        query: dict[str, str],
        data: Callable[[], Any] | None = None,
        seconds: float | None = None,
    ) -> Json:
        """Make a call; once more with a fresh token when the platform wants one."""
        self._check_open(method)
        token = await self._tokens.valid()
        answer = await self._request(method, {"access_token": token, **query}, data, seconds)
        if _code(answer) in STALE_TOKEN:
            token = await self._tokens.valid(stale=token)
            answer = await self._request(method, {"access_token": token, **query}, data, seconds)
        self._settle(method, answer)
        return answer

    async def _request(
        self,
        method: str,
        query: dict[str, str],
        data: Callable[[], Any] | None = None,
        seconds: float | None = None,
    ) -> Json:
        """Make one call and return its answer, whatever its code says."""
        how: Json = {} if data is None else {"data": data()}
        if how and isinstance(how["data"], bytes):
            how["headers"] = {"Content-Type": "application/json"}
        url = f"{self._base}/{method}?{urlencode(query)}"
        async with self._slots:
            try:
                async with (
                    asyncio.timeout(max(seconds or 0.0, self._answer_seconds)),
                    self._open.request(
                        "POST" if how else "GET", url, proxy=self._settings.proxy, **how
                    ) as response,
                ):
                    payload = await response.read()
            except TimeoutError:
                raise ChannelError(Outcome.UNKNOWN, "no answer") from None
            except (aiohttp.ClientConnectorError, aiohttp.ClientHttpProxyError) as error:
                self.problem = "unreachable"
                kind = type(error).__name__
                raise ChannelError(Outcome.RETRY_LATER, kind, after=STORM_SECONDS) from None
            except aiohttp.ClientError as error:
                raise ChannelError(Outcome.UNKNOWN, type(error).__name__) from None
        return _read(payload)

    async def _stream(
        self, media_id: str, token: str, start: int
    ) -> AsyncIterator[tuple[bytes, int]]:
        """Yield a file from `start` on, as far as it is given out at once.

        Each piece comes with the length of the whole file; 0: all of it is given out.
        """
        query = urlencode({"access_token": token, "media_id": media_id})
        patience = aiohttp.ClientTimeout(
            total=None, sock_connect=CONNECT_SECONDS, sock_read=self._answer_seconds
        )
        part = {"Range": f"bytes={start}-{start + PART_BYTES - 1}"}
        try:
            async with self._open.get(
                f"{self._base}/media/get?{query}",
                proxy=self._settings.proxy,
                timeout=patience,
                headers=part,
            ) as response:
                if "Content-Disposition" not in response.headers:
                    self._settle("media/get", _read(await response.read()))
                    raise ChannelError(Outcome.UNKNOWN, "neither a file nor an error")
                whole = _whole(response.headers.get("Content-Range", ""), start)
                async for piece in response.content.iter_chunked(PIECE_BYTES):
                    yield piece, whole
        except TimeoutError:
            raise ChannelError(Outcome.UNKNOWN, "no answer") from None
        except aiohttp.ClientError as error:
            raise ChannelError(Outcome.UNKNOWN, type(error).__name__) from None

    @property
    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            raise ChannelError(Outcome.RETRY_LATER, "not started", after=STORM_SECONDS)
        return self._session

    # -- what the platform refuses ---------------------------------------------------------------

    def _check_open(self, method: str) -> None:
        closed = self._closed.get(method)
        left = (closed.until - self._now()).total_seconds() if closed else 0.0
        if left > 0:
            raise ChannelError(Outcome.RETRY_LATER, f"{method} waits", after=left)

    def _settle(self, method: str, answer: Json) -> None:
        """Take in how a call ended. Raises Refused."""
        code = _code(answer)
        self._note(code, str(answer.get("errmsg", "")))
        if code == 0:
            self._closed.pop(method, None)
            return
        after = pause_of(code)
        if code == FREQUENCY:
            # refused again after the minute was over: then it is the limit of an hour
            before, now = self._closed.get(method), self._now()
            if before is not None and before.until > now:  # of a call that was under way
                raise Refused(code, after=(before.until - now).total_seconds())
            after = min(before.seconds * 2, LONGEST_PAUSE) if before else MINUTE
            self._closed[method] = Closed(now + timedelta(seconds=after), after)
        raise Refused(code, after=after)

    def _note(self, code: int, words: str) -> None:
        self.seen_from = _seen_from(words) if code else ""
        if code == UNTRUSTED:
            self.problem = "address"
        else:
            self.problem = "unauthorized" if code in UNAUTHORIZED else ""
        if code:
            log.warning("wecom_refused", errcode=code, seen_from=self.seen_from)

    # -- the token -----------------------------------------------------------------------------

    async def _fetch(self) -> Token:
        """Ask for a token. Raises ChannelError."""
        self._check_open("gettoken")
        settings = self._settings
        query = {"corpid": settings.corp_id, "corpsecret": settings.secret.reveal()}
        answer = await self._request("gettoken", query)
        code = _code(answer)
        if code in UNAUTHORIZED | {UNTRUSTED}:
            # thousands of wrong tries within an hour would shut us out for another one
            before = self._closed.get("gettoken")
            seconds = min(before.seconds * 2, LONGEST_PAUSE) if before else MINUTE
            self._closed["gettoken"] = Closed(self._now() + timedelta(seconds=seconds), seconds)
            self._note(code, str(answer.get("errmsg", "")))
            raise Refused(code, after=seconds)
        self._settle("gettoken", answer)
        try:
            lasts = timedelta(seconds=int(answer["expires_in"]))
            return Token(str(answer["access_token"]), self._now() + lasts)
        except (KeyError, ValueError, TypeError, OverflowError):
            raise ChannelError(Outcome.UNKNOWN, "no token in the answer") from None


def _read(payload: bytes) -> Json:
    try:
        answer = msgspec.json.decode(payload, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise ChannelError(Outcome.UNKNOWN, "not JSON") from None
    if not isinstance(answer.get("errcode"), int):
        raise ChannelError(Outcome.UNKNOWN, "no errcode")
    return answer


def _seen_from(words: str) -> str:
    found = _FROM_IP.search(words)
    return found[1] if found else ""


def _code(answer: Json) -> int:
    code: int = answer["errcode"]
    return code


def _whole(content_range: str, start: int) -> int:
    """Return the length of the file of which a part is given out; 0: it is no part.

    Raises ChannelError: it is another part than the one asked for.
    """
    if not content_range:
        if start:
            raise ChannelError(Outcome.UNKNOWN, "not the part that was asked for")
        return 0
    found = _PART.fullmatch(content_range)
    if found is None or int(found[1]) != start:
        raise ChannelError(Outcome.UNKNOWN, "not the part that was asked for")
    return int(found[2])
