"""Which channels the settings switch on, and whether this version can serve them."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from bot.commands.shared import Refused
from bot.settings import Settings, Telegram, Wecom

TELEGRAM = "https://api.telegram.org"
POSTS_TO = (443, 80, 88, 8443)
"""Ports to which Telegram posts."""
_POSTED = re.compile(r"[A-Za-z0-9_-]{1,256}")
"""What it sends as the secret of a webhook."""
_COPIED = re.compile(r"[!-~]+")
"""What the values are made of that the console of WeCom shows."""


def require_channels(settings: Settings) -> None:
    """Make sure that somebody can reach the bot.

    Raises:
        Refused: no channel is switched on, one lacks a setting, or this version does not have it.
    """
    if settings.telegram is None and settings.wecom is None and settings.phones is None:
        raise Refused(
            "No channel is configured, so nobody could reach the bot. "
            "Put [telegram] or [wecom] into the configuration, or [phones] to try it on this "
            "machine."
        )
    if settings.telegram is not None:
        _require_telegram(settings, settings.telegram)
    if settings.wecom is not None:
        _require_wecom(settings, settings.wecom)


def _require_telegram(settings: Settings, telegram: Telegram) -> None:
    if telegram.mode == "webhook" and settings.http.public_url is None:
        raise Refused(
            "[telegram] mode is webhook, but [http] public_url is missing: Telegram would not "
            "know where to post. Give the https:// address of this server, or use polling."
        )
    if telegram.mode == "webhook" and telegram.api_base.startswith(TELEGRAM):
        _require_postable(settings.http.public_url or "")
    secret = telegram.webhook_secret
    if secret is not None and not _POSTED.fullmatch(secret.reveal()):
        raise Refused(
            "[telegram] webhook_secret is not one that Telegram takes: up to 256 letters, digits, "
            "_ and -. Leave it out, and one is made from the token."
        )


def _require_postable(url: str) -> None:
    """Make sure that Telegram itself would post there; a server of one's own is less strict."""
    if _port(url) not in POSTS_TO:
        ports = ", ".join(map(str, POSTS_TO))
        raise Refused(
            f"[http] public_url is {url}, where Telegram does not post: it wants https:// on one "
            f"of the ports {ports}. Let a proxy with a certificate pass it on, or use polling."
        )


def _port(url: str) -> int | None:
    """Return the port of an https:// address; None: it is none."""
    try:
        to = urlsplit(url)
        return (to.port or 443) if to.scheme == "https" else None
    except ValueError:
        return None


def _require_wecom(settings: Settings, wecom: Wecom) -> None:
    # here, for it brings the cryptography, which others need not wait for
    from bot.channels.wecom.crypto import Crypto

    if wecom.aibot is not None:
        raise Refused(
            "[wecom] aibot cannot be served: this version has the self-built app. "
            "Put a # before [wecom.aibot] and its keys."
        )
    for name, value in (
        ("corp_id", wecom.corp_id),
        ("secret", wecom.secret.reveal()),
        ("token", wecom.token.reveal()),
    ):
        if not _COPIED.fullmatch(value):
            raise Refused(
                f"[wecom] {name} is not one: it has a blank, a line end or a sign within it that "
                "the console's have not, or nothing else. Copy it anew."
            )
    try:
        Crypto("", wecom.encoding_aes_key.reveal(), "")
    except ValueError:
        raise Refused(
            "[wecom] encoding_aes_key is not one: it has 43 letters and digits. Copy it anew "
            "from the app's page in the console, 接收消息, without spaces."
        ) from None
    if settings.http.public_url is None:
        raise Refused(
            "[wecom] is there, but [http] public_url is missing: WeCom posts messages to this "
            "server. Give the address at which it is reached from outside."
        )
