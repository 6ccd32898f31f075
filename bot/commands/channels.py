"""Which channels the settings switch on, and whether this version can serve them."""

from __future__ import annotations

import re

from bot.commands.shared import Refused
from bot.settings import Settings, Telegram, Wecom

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
