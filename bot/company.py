"""A company's own bot: which channels it has and on which addresses it listens.

What a channel needs is loaded only where it is switched on.
"""

from __future__ import annotations

from aiohttp import web

from bot.app import App
from bot.channels.base import Channel
from bot.clock import SystemClock
from bot.commands.channels import require_channels
from bot.loading import loading
from bot.policies import policies_of
from bot.service import Program, Site
from bot.settings import Settings
from handlers import FEATURES


class Company:
    """The company's bot over the channels it has switched on."""

    def __init__(self, settings: Settings) -> None:
        """Nothing is opened yet but, for the phones page, the list of the staff.

        Raises:
            Refused: no channel is switched on, or one lacks a setting.
            StorageError, PolicyError, PacksRefused: it cannot run; says what to do.
        """
        require_channels(settings)
        policies = policies_of(settings.company)
        clock, http = SystemClock(), settings.http
        channels: list[Channel] = []
        public = web.Application()
        self.sites = [Site(http.host, http.port, public, health=http.admin_port is None)]
        if http.admin_port is not None:
            self.sites.append(Site(http.host, http.admin_port, web.Application(), health=True))
        if settings.telegram is not None:
            with loading():
                from bot.channels.telegram.channel import Telegram

            telegram = Telegram(settings.telegram, clock.now, public_url=http.public_url)
            if settings.telegram.mode == "webhook":
                public.router.add_post(settings.telegram.webhook_path, telegram.webhook.handle)
            channels.append(telegram)
        if settings.wecom is not None:
            with loading():
                from bot.channels.wecom.channel import Wecom
                from bot.channels.wecom.menu import menu_of
                from bot.channels.wecom.notice import lead, link_of

            menu = menu_of(FEATURES, settings.company.locale)
            path = settings.wecom.callback_path
            link = link_of(http.public_url or "", path)
            wecom = Wecom(settings.wecom, clock.now, menu=menu, link=link)
            public.router.add_get(link_of("", path), lead)
            for method in ("GET", "POST"):
                public.router.add_route(method, path, wecom.callback.answer)
            channels.append(wecom)
        own_phones = None
        if settings.phones is not None:
            with loading():
                from bot.own_phones import OwnPhones

            own_phones = OwnPhones(settings, clock, settings.phones.port, policies.zone)
            channels.append(own_phones.channel)
            self.sites.append(own_phones.site)
        app = App(settings, clock, channels)
        self.program: Program = app if own_phones is None else own_phones.program(app)
