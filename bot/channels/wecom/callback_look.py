"""Saves the callback as the console would: asks our own address to give back a text.

Most newcomers fail at that button, and the console says no more than that it failed. Asked from
here the reason can be told. The trap: a server that cannot reach its own public address from
inside may be well all the same, so silence is a remark and only a wrong answer has to be mended.
"""

from __future__ import annotations

import secrets
import time
from datetime import datetime
from urllib.parse import urlencode

import aiohttp

from bot.channels.wecom.crypto import Crypto
from bot.clock import SystemClock
from bot.commands.channels import require_channels
from bot.commands.shared import Refused
from bot.settings import Settings, Wecom

LIMIT_SECONDS = 1.0
"""How long the console waits."""
PATIENCE_SECONDS = 5.0
TEXT_BYTES = 4096

_WRONG = {
    403: "the program there has another token, encoding_aes_key or corp_id than this "
    "configuration: start it anew with this one",
    404: "nothing answers at that path: the proxy has to pass it on to [http] port as it is",
    405: "whatever answers there takes no such request: the proxy leads elsewhere",
}
"""By status: why the console could not save."""
_NOT_THERE = frozenset({502, 503, 504})
"""What a proxy says while the program behind it does not run."""


async def look(settings: Settings, wecom: Wecom) -> list[str]:
    """Return remarks about the callback, also where the app itself cannot be asked yet: of the
    two the console wants the callback first.

    Raises:
        Refused: the console could not save it; says what to mend.
    """
    try:
        require_channels(settings)
    except Refused:
        return ["it cannot be tried before that of the channels is mended"]
    url = f"{(settings.http.public_url or '').rstrip('/')}{wecom.callback_path}"
    return [
        f"messages are expected at {url}: enter that in the console under 接收消息, API接收, with "
        "this token and EncodingAESKey, while the program runs",
        await try_out(url, wecom, SystemClock().now()),
    ]


async def try_out(url: str, wecom: Wecom, now: datetime) -> str:
    """Return a remark about the callback at `url`.

    Raises:
        Refused: the console could not save it; says what to mend.
    """
    try:
        status, answer, seconds = await _ask(url, wecom, now)
    except aiohttp.ClientConnectorCertificateError:
        raise Refused(
            f"{url} shows a certificate that is not accepted: serve the whole chain of one for "
            "this name."
        ) from None
    except aiohttp.ClientSSLError:
        raise Refused(
            f"{url} does not speak TLS: what stands before the program has to, or [http] "
            "public_url begins with http://."
        ) from None
    except (aiohttp.ClientError, TimeoutError) as error:
        return (
            f"{url} gave no answer here ({_kind(error)}): the console can save it only while the "
            "program runs and is reached from outside"
        )
    if status in _NOT_THERE:
        return f"{url} has nothing behind it ({status}): the program has to run to be saved"
    if status != 200:
        why = _WRONG.get(status, "something else than the program answers there")
        raise Refused(f"{url} answers {status}, so the console cannot save it: {why}.")
    if answer != _text(now):
        raise Refused(
            f"{url} answers with something else than what was asked for: what stands before "
            "the program must not add to its answers."
        )
    if seconds > LIMIT_SECONDS:
        return f"{url} took {seconds:.1f} s to answer; the console gives it 1 s"
    return f"{url} answers as the console wants it"


async def _ask(url: str, wecom: Wecom, now: datetime) -> tuple[int, str, float]:
    """Return status, text and seconds of the answer."""
    crypto = Crypto(wecom.token.reveal(), wecom.encoding_aes_key.reveal(), wecom.corp_id)
    encrypted = crypto.seal(_text(now), secrets.token_bytes(16))
    timestamp, nonce = str(int(now.timestamp())), secrets.token_hex(8)
    query = {
        "msg_signature": crypto.sign(timestamp, nonce, encrypted),
        "timestamp": timestamp,
        "nonce": nonce,
        "echostr": encrypted,
    }
    patience = aiohttp.ClientTimeout(total=PATIENCE_SECONDS)
    began = time.monotonic()
    async with (
        aiohttp.ClientSession(timeout=patience, trust_env=True) as session,
        session.get(f"{url}?{urlencode(query)}", allow_redirects=False) as response,
    ):
        answer = await response.content.read(TEXT_BYTES)
        return response.status, answer.decode(errors="replace"), time.monotonic() - began


def _text(now: datetime) -> str:
    """Return a number such as the console asks for."""
    return str(int(now.timestamp() * 1_000_000))


def _kind(error: Exception) -> str:
    return type(error).__name__
