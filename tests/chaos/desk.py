"""The whole bot over the stand-in in one process, with time that goes on only when all is quiet.

No pause is slept for: whoever waits (the relay, the fetcher, the poller, the platform's webhook)
is waited out by setting the clock. So a thousand faults take seconds, and `retry_after` is
measured by the same clock on both sides.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from msgspec.structs import replace

from bot.app import App
from bot.channels.telegram.channel import Telegram
from bot.channels.wecom.channel import Wecom
from bot.demo import OPENS
from bot.settings import Limits, Secret, Settings
from bot.settings import Telegram as Section
from storage import attachments, outbox
from storage.errors import StorageError
from storage.session import Session
from tests.chaos import company
from tests.chaos.crowd import PATIENCE
from tests.fakes.clock import SettableClock
from tests.fakes.serving import Serving
from tests.fakes.telegram_server import TelegramServer
from tests.fakes.wecom_server import WecomServer

GLANCE = 0.002
"""Seconds of the machine between two looks at whether all is quiet."""
LOOKS = 3
"""How often in a row all has to be quiet."""
ANSWER_SECONDS = 3.0
"""Of the machine: patience with a platform that is silent."""
PATIENCE_SECONDS = 60.0
"""Of the machine: how long a callback may take to be handled at once."""


class SteppedClock(SettableClock):
    """A clock that is slept by: a sleeper goes on when the clock has come so far."""

    def __init__(self, start: datetime) -> None:
        super().__init__(start)
        self._sleepers: dict[asyncio.Future[None], datetime] = {}

    async def sleep(self, seconds: float) -> None:
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._sleepers[woken] = self.now() + timedelta(seconds=seconds)
        try:
            await woken
        finally:
            del self._sleepers[woken]

    def advance(self, to: datetime) -> None:
        super().advance(to)
        for woken, at in self._sleepers.items():
            if at <= self.now() and not woken.done():
                woken.set_result(None)

    def waking(self) -> list[datetime]:
        """Return when those will wake who sleep now."""
        return list(self._sleepers.values())

    def seconds(self) -> float:
        return self.now().timestamp()


@dataclass
class Desk:
    app: App
    server: TelegramServer
    clock: SteppedClock
    settings: Settings
    serving: Serving
    channel: str = "telegram"

    async def start(self) -> None:
        """Start, letting time go on where it has to."""
        starting = asyncio.create_task(self.app.start())
        while not starting.done():
            await asyncio.sleep(GLANCE)
            if not starting.done() and self._listening():
                self._step(self.clock.waking())
        await starting

    async def through(self, *people: asyncio.Task[None]) -> None:
        """Let time go on until these have done what they do and nothing is left to be done."""
        while True:
            await self._quiet()
            due = await self._next()
            for one in people:
                if one.done():
                    one.result()  # what went wrong with one would leave others waiting
            if due is not None:
                self._step([due, *self.clock.waking()])
            elif not all(one.done() for one in people) or self._left():
                self._step(self.clock.waking())
            else:
                return

    async def sent(self, updates: int) -> None:
        """Return once people have done so many things."""
        await self.server.until(lambda: len(self.server.updates.past) >= updates, PATIENCE)

    async def _quiet(self) -> None:
        looks = 0
        while looks < LOOKS:
            with suppress(StorageError):
                await self.app.drain()
            await asyncio.sleep(GLANCE)
            looks = looks + 1 if self._listening() else 0

    def _listening(self) -> bool:
        """Whether what people sent has been taken, or waits for somebody's pause to end."""
        server = self.server
        if server.webhook.hook.url:
            return not server.webhook.in_flight
        return bool(self.clock.waking()) or (server.updates.polled and not server.updates)

    def _left(self) -> bool:
        """Whether the platform has something that was not taken."""
        return bool(self.server.updates)

    async def _next(self) -> datetime | None:
        """Return when something is due to be sent or fetched."""

        def look(session: Session) -> datetime | None:
            times = (outbox.next_due(session, self.channel), attachments.next_due(session))
            return min(filter(None, times), default=None)

        return await self.app._units.read(look)

    def _step(self, times: Iterable[datetime]) -> None:
        self.clock.advance(min(times, default=self.clock.now()))


@dataclass
class WecomDesk(Desk):
    """The same over WeCom, which posts what people do, one at a time for each."""

    server: WecomServer
    channel: str = "wecom"

    def _listening(self) -> bool:
        return not self.server.callbacks.offering

    def _left(self) -> bool:
        return bool(self.server.callbacks.waiting)


@asynccontextmanager
async def telegram_desk(
    settings: Settings,
    *,
    mode: str = "polling",
    check: bool = True,
    answer_seconds: float = PATIENCE_SECONDS,
) -> AsyncIterator[Desk]:
    """Give the bot of the company in `settings`, not started yet; it is stopped at the end.

    `answer_seconds` (of the machine): patience with a platform that is silent.
    """
    clock = SteppedClock(OPENS)
    async with (
        Serving() as serving,
        TelegramServer(
            now=clock.now, pace=clock.seconds, sleep=clock.sleep, check=check
        ) as server,
    ):
        server.rates.stepped = True
        section = Section(
            token=Secret(server.token),
            api_base=server.base,
            mode=mode,
            limits=Limits(enabled=False),
        )
        channel = Telegram(
            section,
            clock.now,
            public_url=serving.url,
            sleep=clock.sleep,
            answer_seconds=answer_seconds,
        )
        serving.handle = channel.webhook.handle
        settings = replace(settings, telegram=section)
        app = App(settings, clock, (channel,))
        try:
            yield Desk(app, server, clock, settings, serving)
        finally:
            await app.stop()


@asynccontextmanager
async def wecom_desk(settings: Settings) -> AsyncIterator[WecomDesk]:
    """Give the bot of the company in `settings`, not started yet; it is stopped at the end."""
    clock = SteppedClock(OPENS)
    async with Serving("*") as serving, WecomServer(now=clock.now) as server:
        server.chats.limited = False
        server.callbacks.patient = True
        section = server.settings()
        channel = Wecom(
            section, clock.now, patience=PATIENCE_SECONDS, answer_seconds=ANSWER_SECONDS
        )
        serving.handle = channel.callback.answer
        server.callbacks.url = f"{serving.url}{section.callback_path}"
        settings = replace(settings, wecom=section)
        app = App(settings, clock, (channel,))
        try:
            yield WecomDesk(app, server, clock, settings, serving)
        finally:
            await app.stop()


def staffed(settings: Settings, people: Iterable[str], channel: str = "telegram") -> Settings:
    """Give these people their accounts."""
    company.change(
        settings, SettableClock(OPENS), lambda unit: company.bind(unit, people, channel)
    )
    return settings
