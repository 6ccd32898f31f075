"""python-telegram-bot's calls over aiohttp, the one HTTP stack of the program.

The trap: every address holds the bot's token, and the library would put answers it cannot read
into the log. So no exception that leaves here carries an address, and no answer is logged.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from http import HTTPStatus
from typing import Any, cast
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
import msgspec
from telegram.error import NetworkError, TelegramError, TimedOut
from telegram.request import BaseRequest, RequestData

from bot.channels.telegram.gate import Gate, kind_of

CONNECT_SECONDS = 10.0
ANSWER_SECONDS = 20.0
UPLOAD_SECONDS = 60.0
PIECE_BYTES = 64 * 1024


class NotSent(NetworkError):
    """The platform was not reached: the call had no effect and may be made again."""


class FileGone(TelegramError):
    """The platform answered that it has no such file, or has it no longer."""


class _Values(msgspec.Struct, frozen=True):
    """What `do_request` asks of the library's `RequestData`."""

    parameters: dict[str, Any]
    contains_files: bool = False


class Request(BaseRequest):
    """One connection pool for all calls of one bot."""

    def __init__(
        self,
        base: str,
        proxy: str | None = None,
        *,
        answer_seconds: float = ANSWER_SECONDS,
        gate: Gate | None = None,
    ) -> None:
        """`base`: where all calls go; without `proxy`, by the one the environment names for it."""
        self._proxy = proxy or _proxy_to(base)
        self._gate = gate
        self._answer_seconds = answer_seconds
        self._session: aiohttp.ClientSession | None = None

    @property
    def read_timeout(self) -> float:
        return self._answer_seconds

    async def initialize(self) -> None:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=100, keepalive_timeout=60.0),
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS),
                json_serialize_bytes=msgspec.json.encode,
                cookie_jar=aiohttp.DummyCookieJar(),
            )

    async def shutdown(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def do_request(
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: Any = BaseRequest.DEFAULT_NONE,
        write_timeout: Any = BaseRequest.DEFAULT_NONE,  # noqa: ARG002 - one bound for the whole call
        connect_timeout: Any = BaseRequest.DEFAULT_NONE,  # noqa: ARG002 - that of the session
        pool_timeout: Any = BaseRequest.DEFAULT_NONE,  # noqa: ARG002 - as above
    ) -> tuple[int, bytes]:
        seconds = self._answer_seconds if read_timeout is self.DEFAULT_NONE else read_timeout
        asked = {} if request_data is None else request_data.parameters
        kind = kind_of(url.partition("?")[0].rpartition("/")[2], asked.get("chat_id"))
        if self._gate is not None:
            self._gate.check(kind)
        body: dict[str, Any] = {}
        if request_data is not None and request_data.contains_files:
            body["data"] = _form(request_data)
            seconds = max(seconds, UPLOAD_SECONDS)
        elif request_data is not None:
            body["json"] = asked
        try:
            async with (
                asyncio.timeout(seconds),
                self._open.request(method, url, proxy=self._proxy, **body) as response,
            ):
                status, payload = response.status, await response.read()
        except TimeoutError:
            raise TimedOut from None
        except aiohttp.ClientConnectorError as error:
            raise NotSent(type(error).__name__) from None
        except aiohttp.ClientError as error:
            raise NetworkError(type(error).__name__) from None
        if status == HTTPStatus.TOO_MANY_REQUESTS and self._gate is not None:
            self._gate.note(kind, payload)
        return status, payload

    async def call(self, url: str, **values: Any) -> Any:
        """Call a method with plain values, leaving out None, and return its plain result.

        For what is called all the time: the library's objects take as long as the call.

        Raises:
            TelegramError: as the library's own calls.
        """
        given = _Values({name: value for name, value in values.items() if value is not None})
        return await self.post(url, cast(RequestData, given))

    @staticmethod
    def parse_json_payload(payload: bytes) -> dict[str, Any]:
        try:
            return msgspec.json.decode(payload, type=dict[str, Any])
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise TelegramError("Invalid server response") from None

    async def stream(self, url: str, size: int | None = None) -> AsyncIterator[bytes]:
        """Yield the file at `url` piece by piece; `size`: how many bytes it has.

        Raises:
            FileGone: it is not there.
            NetworkError: it broke off, or something else came in its place, such as the page of
                a proxy; it may be asked for again.
        """
        patience = aiohttp.ClientTimeout(
            total=None, sock_connect=CONNECT_SECONDS, sock_read=self._answer_seconds
        )
        try:
            async with self._open.get(url, proxy=self._proxy, timeout=patience) as response:
                if response.status == 404:
                    raise FileGone("no such file")
                if response.status != 200:
                    raise NetworkError(f"status {response.status}")
                if size is not None and response.content_length not in (None, size):
                    raise NetworkError("another size")
                async for piece in response.content.iter_chunked(PIECE_BYTES):
                    yield piece
        except aiohttp.ClientError as error:
            raise NetworkError(type(error).__name__) from None

    @property
    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            raise NotSent("not started")
        return self._session


def _proxy_to(base: str) -> str | None:
    """Return the proxy that the environment names on the way to `base`; None for none.

    Looked up once: aiohttp's `trust_env` does it for every call, in two other threads, and that
    takes longer than the call.
    """
    to = urlsplit(base)
    return None if proxy_bypass(to.hostname or "") else getproxies().get(to.scheme)


def _form(request_data: RequestData) -> aiohttp.FormData:
    form = aiohttp.FormData(quote_fields=False)
    for name, value in request_data.json_parameters.items():
        form.add_field(name, value)
    for name, (filename, content, mime) in request_data.multipart_data.items():
        form.add_field(name, content, filename=filename, content_type=mime)
    return form
