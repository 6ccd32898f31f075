"""Which channels the settings switch on, and whether this version can serve them."""

from __future__ import annotations

from bot.commands.shared import Refused
from bot.settings import Settings


def require_channels(settings: Settings) -> None:
    """Make sure that somebody can reach the bot.

    Raises:
        Refused: no channel is switched on, one lacks a setting, or this version does not have it.
    """
    if settings.wecom is not None:
        raise Refused(
            "[wecom] cannot be served: this version has Telegram and the phones page. "
            "Put a # before the section, or install a version that has this channel."
        )
    if settings.telegram is None and settings.phones is None:
        raise Refused(
            "No channel is configured, so nobody could reach the bot. "
            "Put [telegram] into the configuration, or [phones] to try it on this machine."
        )
    telegram = settings.telegram
    if telegram is not None and telegram.mode == "webhook" and settings.http.public_url is None:
        raise Refused(
            "[telegram] mode is webhook, but [http] public_url is missing: Telegram would not "
            "know where to post. Give the https:// address of this server, or use polling."
        )
