"""Keeps the phones page to this machine and to its own page.

A page without accounts trusts whoever reaches it. So it is reached over loopback only, under a
loopback name (a foreign `Host` would be DNS rebinding), and changes nothing for a foreign `Origin`
(a page elsewhere that lets a visitor's browser write here).
"""

from __future__ import annotations

from ipaddress import ip_address

from aiohttp import web
from aiohttp.typedefs import Handler

OWN_HEADER = "X-Phones"
"""Sent with every upload: a form on a foreign page cannot set it."""

LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]"})

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; "
        "media-src 'self' blob:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "no-store",
}


@web.middleware
async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    if not _is_loopback(request.remote):
        raise web.HTTPForbidden(text="The phones page is open to this machine only.")
    if _name_of(request.host) not in LOOPBACK_NAMES:
        raise web.HTTPForbidden(text="Open the phones page as http://localhost or 127.0.0.1.")
    origin = request.headers.get("Origin")
    changes = request.method != "GET" or "Upgrade" in request.headers
    if origin != f"http://{request.host}" and (changes or origin is not None):
        raise web.HTTPForbidden(text="This request came from another page.")
    if request.method != "GET" and OWN_HEADER not in request.headers:
        raise web.HTTPForbidden(text="This request came from another page.")
    return await handler(request)


async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
    del request
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)


def _is_loopback(remote: str | None) -> bool:
    try:
        return remote is not None and ip_address(remote).is_loopback
    except ValueError:
        return False


def _name_of(host: str) -> str:
    name, colon, port = host.rpartition(":")
    return name.lower() if colon and port.isdigit() else host.lower()
