"""An address of the bot on the loopback, to which a platform can post."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import web

from bot.http import Server

Handle = Callable[[web.Request], Awaitable[web.StreamResponse]]


async def _nobody(_request: web.Request) -> web.StreamResponse:
    return web.Response(status=503)


class Serving:
    """Hands whatever is posted to `handle`; with the method `*` whatever is asked as well."""

    def __init__(self, method: str = "POST") -> None:
        self.handle: Handle = _nobody
        self._server = Server()
        self._method = method

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.ports[0]}"

    async def __aenter__(self) -> Serving:
        application = web.Application()
        application.router.add_route(self._method, "/{path:.*}", self._post)
        await self._server.listen(application, "127.0.0.1", 0)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._server.stop()

    async def _post(self, request: web.Request) -> web.StreamResponse:
        return await self.handle(request)
