"""The HTTP server: health and readiness, and the sites that channels bring.

`/healthz` says that the program turns, `/readyz` that it takes messages; both answer codes only,
so that they may be asked by anybody who reaches the port.
"""

from __future__ import annotations

from collections.abc import Callable

from aiohttp import web

Problems = Callable[[], tuple[str, ...]]
"""Codes of what keeps the program from taking messages; empty: it is ready."""


class PortTaken(Exception):
    """A port that cannot be listened on; the sentence says what to change."""


def health(application: web.Application, problems: Problems) -> None:
    """Add `/healthz` and `/readyz` to `application`."""

    async def healthz(_request: web.Request) -> web.Response:
        return web.json_response({"status": "ok"})

    async def readyz(_request: web.Request) -> web.Response:
        found = problems()
        return web.json_response(
            {"status": "not ready" if found else "ready", "problems": list(found)},
            status=503 if found else 200,
        )

    application.router.add_get("/healthz", healthz)
    application.router.add_get("/readyz", readyz)


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
            await runner.cleanup()
        self._runners.clear()
