"""The HTTP server: health, readiness and metrics, and the sites that channels bring.

`/healthz` says that the program turns, `/readyz` that it takes messages; both answer codes only,
so that they may be asked by anybody who reaches the port. `/metrics` has counts and codes, still
nothing for strangers: keep it behind `[http] admin_port` or the proxy (docs/deploy.md).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from aiohttp import web

Problems = Callable[[], tuple[str, ...]]
"""Codes of what keeps the program from taking messages; empty: it is ready."""


Page = Callable[[str], Awaitable[tuple[bytes, str]]]
"""Makes the page of metrics for an Accept header; returns it with its content type."""


_ACCEPTING_TURNS = 3
"""Turns of the event loop from the socket of a connection to who handles it."""


class PortTaken(Exception):
    """A port that cannot be listened on; the sentence says what to change."""


def health(application: web.Application, problems: Problems, metrics: Page) -> None:
    """Add `/healthz`, `/readyz` and `/metrics` to `application`."""

    async def healthz(_request: web.Request) -> web.Response:
        return web.json_response({"status": "ok"})

    async def readyz(_request: web.Request) -> web.Response:
        found = problems()
        return web.json_response(
            {"status": "not ready" if found else "ready", "problems": list(found)},
            status=503 if found else 200,
        )

    async def page(request: web.Request) -> web.Response:
        body, kind = await metrics(request.headers.get("Accept", ""))
        return web.Response(body=body, headers={"Content-Type": kind})

    application.router.add_get("/healthz", healthz)
    application.router.add_get("/readyz", readyz)
    application.router.add_get("/metrics", page)


async def stop_listening(runner: web.BaseRunner) -> None:
    """Take no more connections; those that were just being accepted are known afterwards."""
    for site in list(runner.sites):
        await site.stop()
    for _ in range(_ACCEPTING_TURNS):
        await asyncio.sleep(0)


class Server:
    """Listens on any number of ports, each with an application of its own."""

    def __init__(self) -> None:
        self._runners: list[web.AppRunner] = []

    async def listen(self, application: web.Application, host: str, port: int) -> None:
        """Serve `application` on host and port.

        Raises:
            PortTaken: nothing can listen there.
        """
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=2.0)
        await runner.setup()
        self._runners.append(runner)
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as error:
            raise PortTaken(
                f"Cannot listen on {host}:{port} ({error.strerror}); "
                "stop what uses it or choose another port."
            ) from error

    @property
    def ports(self) -> tuple[int, ...]:
        """The ports in use, in the order they were asked for."""
        return tuple(address[1] for runner in self._runners for address in runner.addresses)

    async def stop(self) -> None:
        for runner in reversed(self._runners):
            await stop_listening(runner)
            await runner.cleanup()
        self._runners.clear()
