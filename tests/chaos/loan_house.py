"""The program over a letterbox and a set clock, and a way to end it between two statements.

Killed, it keeps what was committed and nothing else: from the chosen moment on every statement,
commit and message of it fails, as if its process were gone. A new one is opened on the same
database.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from itertools import count
from random import Random
from typing import Any, TypeVar

from msgspec.structs import replace
from sqlalchemy import event, select

from bot import dispatch
from bot.app import App
from bot.settings import Settings
from handlers.context import Context
from rules.lending import DaysOff
from rules.policies import Policies
from storage import inbox, staff
from storage.session import Session
from storage.tables import inbox as seen
from storage.tables import outbox
from storage.unit import Unit
from tests.chaos.letterbox import Letter, Letterbox
from tests.chaos.verdict import looking
from tests.fakes.clock import SettableClock

T = TypeVar("T")

ABANDON_SECONDS = 20.0
AWAY_SECONDS = 300
"""How long it takes at most, by the set clock, until a new program is there."""


class Killed(Exception):
    """The program is no more."""


def chase_every_day(app: App) -> None:
    """Let overdue loans be asked back on days off as well: so the oracle reckons (C-07)."""
    parts = []
    for part in app.world.policies.governed:
        versions = [
            replace(one, loan=replace(one.loan, days_off=DaysOff.SEND)) if one.loan else one
            for one in part.versions
        ]
        parts.append(replace(part, versions=tuple(versions)))
    app.world = replace(app.world, policies=Policies(tuple(parts)))
    app._housekeeping._world = app.world


class House:
    """One company's program, opened as often as it is killed."""

    def __init__(self, settings: Settings, clock: SettableClock, chance: Random) -> None:
        self.clock = clock
        self.kills = 0
        self.sent: list[Letter] = []
        """Since they were last taken."""
        self.may_repeat: Counter[Letter] = Counter()
        """Messages that were on their way when the program was killed."""
        self._settings = settings
        self._chance = chance
        self._letterbox = Letterbox(self._step)
        self._keys = count(1)
        self._fuse: int | None = None
        """Steps that are left until the program is killed; None: it is not to be."""
        self._dead = False
        self._died = asyncio.Event()

    @property
    def now(self) -> datetime:
        return self.clock.now()

    async def open(self) -> None:
        self._dead, self._fuse = False, None
        self._died = asyncio.Event()
        self.app = App(self._settings, self.clock, (self._letterbox,))
        await self.app.start()
        chase_every_day(self.app)

    async def close(self) -> None:
        await self.app.stop()

    # -- killing -------------------------------------------------------------------------------

    def light(self, steps: int) -> None:
        """Kill the program after so many further statements, commits and messages."""
        self._loop = asyncio.get_running_loop()
        self._fuse = steps
        assert self.app._database is not None
        for engine in (self.app._database._writer, self.app._database.engine):
            for name in ("before_cursor_execute", "commit"):
                event.listen(engine, name, self._step)

    def _step(self, *_of: object) -> None:
        if self._dead:
            raise Killed
        if self._fuse is None:
            return
        self._fuse -= 1
        if self._fuse <= 0:
            self._dead = True
            self._loop.call_soon_threadsafe(self._died.set)
            raise Killed

    @property
    def lit(self) -> bool:
        return self._fuse is not None

    async def alive(self, work: Coroutine[Any, Any, T]) -> T:
        """Return what `work` returned.

        Raises:
            Killed: the program was killed meanwhile; a new one is open.
        """
        doing = asyncio.ensure_future(work)
        dying = asyncio.ensure_future(self._died.wait())
        await asyncio.wait({doing, dying}, return_when=asyncio.FIRST_COMPLETED)
        if not self._dead:
            dying.cancel()
            return doing.result()
        doing.cancel()
        await asyncio.wait({doing}, timeout=ABANDON_SECONDS)
        if doing.done() and not doing.cancelled():
            doing.exception()  # of a dead one nothing is asked
        await self._abandon()
        self.kills += 1
        self._gather()
        self.clock.advance(self.now + timedelta(seconds=self._chance.randrange(AWAY_SECONDS)))
        await self.open()
        raise Killed

    async def _abandon(self) -> None:
        """Let go of what a process holds; whatever the program still tries fails."""
        database = self.app._database
        with suppress(Exception):
            async with asyncio.timeout(ABANDON_SECONDS):
                await self.app.stop()
        if database is not None and self.app._database is not None:
            database.close()

    def _gather(self) -> None:
        """Take in what was sent; what was on its way then may come once more."""
        letters = self._letterbox.taken()
        self.sent += letters
        if not self._dead:
            return
        last = {one.account: one for one in letters}
        for account in self._on_their_way():
            if account in last:
                self.may_repeat[last[account]] += 1

    def _on_their_way(self) -> set[str]:
        with looking(self._settings.storage.url) as connection:
            query = select(outbox.c.account).where(outbox.c.state == "sending")
            return set(connection.execute(query).scalars())

    # -- what happens --------------------------------------------------------------------------

    async def settle(self) -> None:
        """Let everything happen that is due now, whatever kills it takes."""
        while True:
            with suppress(Killed):
                await self.alive(self._settle())
                self._gather()
                return

    async def _settle(self) -> None:
        quiet = 0
        while quiet < 2:
            before = self._letterbox.posted
            await self.app.scan(self.now)
            await self.app.drain()
            due = await self.app.next_due()
            if due is None or due > self.now:
                return
            # at night what is due waits; else what was said has set the next one
            quiet = 0 if self._letterbox.posted > before else quiet + 1

    async def next_due(self) -> datetime | None:
        return await self._insist(lambda: self.app.next_due())

    async def act(self, person: str, work: Callable[[Context], object]) -> None:
        """Let a person do something, once, whatever kills it takes."""
        key = f"act-{next(self._keys)}"
        while True:
            with suppress(Killed):
                unit = partial(self._act, person, work, key)
                await self.alive(self.app._units.run(unit, f"phones:{person}"))
                return
            await self.settle()
            if await self.look(lambda unit: self._taken(unit.session, key)):
                return

    def _act(self, person: str, work: Callable[[Context], object], key: str, unit: Unit) -> None:
        if not inbox.take(unit, "phones", key, person, unit.now):
            return
        who = staff.get(unit.session, person)
        assert who is not None
        ctx = self.app.world.context(unit, who, "phones", person, unit.now)
        work(ctx)
        dispatch.close(ctx, self.app.world)

    def _taken(self, session: Session, key: str) -> bool:
        return session.execute(select(seen.c.key).where(seen.c.key == key)).first() is not None

    async def enter(self, work: Callable[[Unit], object]) -> None:
        """Do something as the command line does; it may be done twice."""
        await self._insist(lambda: self.app._units.run(work))

    async def look(self, work: Callable[[Unit], T]) -> T:
        """Return what `work` finds."""

        def read(session: Session) -> T:
            return work(Unit(session, self.app._vault, iter(()), self.now))

        return await self._insist(lambda: self.app._units.read(read))

    async def _insist(self, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        while True:
            with suppress(Killed):
                return await self.alive(work())

    def taken(self) -> tuple[list[Letter], Counter[Letter]]:
        """Return what was sent since the last time, and what of it may be there twice."""
        sent, self.sent = self.sent, []
        again, self.may_repeat = self.may_repeat, Counter()
        return sent, again
