"""Bodies that platforms post to us: the address is public, so no more is read than is needed."""

from __future__ import annotations

import asyncio

from aiohttp import web

BODY_BYTES = 1024 * 1024
BODY_SECONDS = 10.0


async def body_of(request: web.Request, seconds: float | None = None) -> bytes | None:
    """Return the body; None when it is larger than any message or does not end in time.

    Empty where it is not encoded as its head says, or whoever posts it hangs up. `seconds` it may
    take; None: BODY_SECONDS.
    """
    if request.content_length is not None and request.content_length > BODY_BYTES:
        return None
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS if seconds is None else seconds):
            async for piece in request.content.iter_any():
                body += piece
                if len(body) > BODY_BYTES:
                    return None
    except TimeoutError:
        return None
    except (web.RequestPayloadError, ConnectionError):
        return b""
    return bytes(body)
