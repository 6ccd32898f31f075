"""What `dossierbot check` asks the platform, and what to mend when it says no.

It never asks for updates: that would end the poll of a bot that runs meanwhile.
"""

from __future__ import annotations

from telegram import Bot, User, WebhookInfo
from telegram.error import InvalidToken, TelegramError

from bot.channels.telegram.request import NotSent, Request
from bot.commands.shared import Refused
from bot.settings import Settings, Telegram, without_password


async def look(settings: Settings, telegram: Telegram) -> list[str]:
    """Return remarks about the bot as the platform has it.

    Raises:
        Refused: the platform cannot be reached or does not take the token; says what to mend.
    """
    base = telegram.api_base.rstrip("/")
    request = Request(base, telegram.proxy)
    bot = Bot(
        telegram.token.reveal(),
        base_url=f"{base}/bot",
        request=request,
        get_updates_request=request,
    )
    await request.initialize()
    try:
        me = await bot.get_me()
        webhook = await bot.get_webhook_info()
    except InvalidToken:
        raise Refused(
            "Telegram does not know the token. Copy it anew from @BotFather (/mybots, API Token) "
            "into [telegram] token; a revoked token stops working at once."
        ) from None
    except NotSent:
        proxy = f" through {without_password(telegram.proxy)}" if telegram.proxy else ""
        raise Refused(
            f"{base} cannot be reached{proxy}. Check the network and the firewall; where Telegram "
            "is blocked, set [telegram] proxy, or api_base of a Bot API server of your own."
        ) from None
    except TelegramError as error:
        raise Refused(
            f"{base} gave no usable answer ({type(error).__name__}). Check [telegram] api_base "
            "and proxy, and try again."
        ) from None
    finally:
        await request.shutdown()
    return [*_of_bot(me), *_of_webhook(settings, telegram, webhook)]


def _of_bot(me: User) -> list[str]:
    remarks = [f"the bot is @{me.username}"]
    if not me.supports_inline_queries:
        remarks.append(
            "inline search is off: @BotFather, /setinline, so that /find works in any chat"
        )
    if me.can_read_all_group_messages:
        remarks.append(
            "the bot reads everything in groups, which it does not need: @BotFather, /setprivacy, "
            "Enable"
        )
    return remarks


def _of_webhook(settings: Settings, telegram: Telegram, webhook: WebhookInfo) -> list[str]:
    url = f"{(settings.http.public_url or '').rstrip('/')}{telegram.webhook_path}"
    if telegram.mode == "polling":
        if webhook.url:
            return [
                "another address gets the messages of this bot; the start takes them back. If "
                "another program uses this token, give each a bot of its own"
            ]
        return []
    if webhook.url and webhook.url != url:
        return ["the platform posts to another address; the start tells it this one"]
    if webhook.last_error_message:
        return [
            f"the platform could not deliver lately: {webhook.last_error_message}; "
            f"{webhook.pending_update_count} messages wait there. Check that {url} is reached "
            "from outside with a valid certificate"
        ]
    return []
