"""The HTTP side: requests read in every form the platform takes, answers, broken connections."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
from collections.abc import Awaitable, Callable
from typing import NoReturn
from urllib.parse import parse_qsl

from aiohttp import web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.http_parser import RawRequestMessage
from aiohttp.streams import StreamReader
from aiohttp.web_protocol import RequestHandler

from bot.http import stop_listening
from tests.fakes.telegram.errors import ApiError, bad, conflict
from tests.fakes.telegram.faults import Fault
from tests.fakes.telegram.params import Params, Upload

Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]

LOOPBACK = "127.0.0.1"
ENDLESS = 2**40
"""Bytes of a body that HTTP itself lets through; the limits are checked later."""
PAGE = (
    "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n"
    "<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n</body>\r\n</html>\r\n"
)


class Listener:
    """Listens on one port of the loopback; closed and opened again, it is the same port."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self._server: web.Server | None = None
        self._runner: web.ServerRunner | None = None
        self.port = 0

    async def open(self) -> None:
        self._server = web.Server(
            self._handler, handler_cancellation=True, request_factory=_request, access_log=None
        )
        self._runner = web.ServerRunner(self._server, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, LOOPBACK, self.port, reuse_address=True, backlog=512)
        await site.start()
        self.port = self._runner.addresses[0][1]

    async def close(self) -> None:
        """Refuse connections, and break those there are in the middle of what they do."""
        runner, self._runner = self._runner, None
        if runner is None or self._server is None:
            return
        await stop_listening(runner)
        for connection in self._server.connections:
            break_off(connection.transport)
        await asyncio.sleep(0)
        await runner.cleanup()


def _request(
    message: RawRequestMessage,
    payload: StreamReader,
    protocol: RequestHandler,
    writer: AbstractStreamWriter,
    task: asyncio.Task[None],
) -> web.BaseRequest:
    loop = asyncio.get_running_loop()
    return web.BaseRequest(message, payload, protocol, writer, task, loop, client_max_size=ENDLESS)


async def params_of(request: web.BaseRequest) -> Params:
    """Return what a call says, from its address and its body. Raises ApiError."""
    raw: dict[str, object] = dict(request.rel_url.query)
    files: dict[str, Upload] = {}
    match request.content_type:
        case "application/json":
            raw |= _json_object(await request.read())
        case "multipart/form-data":
            for name, part in (await request.post()).items():
                if isinstance(part, str):
                    raw[name] = part
                elif isinstance(part, bytes | bytearray):
                    raw[name] = part.decode()
                else:
                    files[name] = Upload(part.filename, part.content_type, part.file.read())
        case "application/x-www-form-urlencoded":
            body = (await request.read()).decode()
            raw |= parse_qsl(body, keep_blank_values=True)
    return Params(raw, files)


def _json_object(body: bytes) -> dict[str, object]:
    try:
        found = json.loads(body or b"{}")
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise bad("can't parse JSON object")
    return found


def body(result: object) -> bytes:
    wire = result.wire() if isinstance(result, ApiError) else {"ok": True, "result": result}
    return json.dumps(wire, ensure_ascii=False).encode("utf-8", "surrogatepass")


def answer(result: object) -> web.Response:
    """Return a result, or an error as the platform answers it."""
    response = web.Response(body=body(result), content_type="application/json")
    if isinstance(result, ApiError):
        response.set_status(result.code)
        if "retry_after" in result.parameters:
            response.headers["Retry-After"] = str(result.parameters["retry_after"])
    return response


def failure(fault: Fault) -> web.Response:
    """Return the answer of a fault that is one. Raises ValueError for the others."""
    match fault:
        case Fault.ERROR:
            return answer(ApiError(500, "Internal Server Error"))
        case Fault.CONFLICT:
            return answer(
                conflict(
                    "terminated by other getUpdates request; "
                    "make sure that only one bot instance is running"
                )
            )
        case Fault.BAD_GATEWAY:
            return web.Response(status=502, text=PAGE, content_type="text/html")
        case Fault.NOT_JSON:
            return web.Response(text=PAGE, content_type="text/html")
        case _:
            raise ValueError(f"{fault} is no answer")


def half(result: object) -> web.Response:
    """Return an answer that ends in the middle."""
    whole = body(result)
    return web.Response(body=whole[: len(whole) // 2], content_type="application/json")


async def download(
    request: web.BaseRequest, content: bytes, *, broken: bool
) -> web.StreamResponse:
    """Send a file; `broken`: half of it."""
    response = web.StreamResponse()
    response.content_type = "application/octet-stream"
    response.content_length = len(content)
    await response.prepare(request)
    if broken:
        await response.write(content[: len(content) // 2])
        await reset(request)
    await response.write(content)
    await response.write_eof()
    return response


async def reset(request: web.BaseRequest) -> NoReturn:
    """Break the connection of a request; what handles it is cancelled by that."""
    await asyncio.sleep(0)
    break_off(request.transport)
    await asyncio.get_running_loop().create_future()
    raise AssertionError("nobody answers a broken connection")


def break_off(transport: asyncio.Transport | None) -> None:
    if transport is None:
        return
    raw = transport.get_extra_info("socket")
    if raw is not None:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
