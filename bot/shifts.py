"""Sees to it that of all processes on one database one does a job: sends for a channel, fetches.

Whoever has the shift watches the connection that its seat hangs on and lays the work down as soon
as that is gone; the others ask for the seat again and again. The trap: for a moment two may
believe to have it, so what must not be done twice asks `holds` in the unit that does it.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from functools import partial

import structlog

from bot.units import UnitFailed, Units
from storage import leases
from storage.errors import StorageError
from storage.unit import Unit

BEAT_SECONDS = 1.0
"""Between two looks at whether the seat is still ours, or free by now."""

log = structlog.get_logger()


class Shift:
    """One job of this process."""

    def __init__(
        self,
        name: str,
        units: Units,
        wake: Callable[[], None],
        prepare: Callable[[], Callable[[Unit], object]] = lambda: _nothing,
    ) -> None:
        """`wake`: there is work. `prepare` returns what is done first whenever the job is ours."""
        self._name = name
        self._units = units
        self._seat = units.seat(name)
        self._prepare = prepare
        self._wake = wake
        self._holder = secrets.token_hex(8)
        self._asking = asyncio.Lock()
        self._stirred = asyncio.Event()
        self._call_out = asyncio.Event()
        self._asked = False
        self._ours = False
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def ours(self) -> bool:
        """Whether this process does the job, as far as it knows."""
        return self._ours

    def start(self) -> None:
        """Ask for the seat until it is ours, and again when it is lost. Needs the loop."""
        self._tasks = [asyncio.create_task(self._keep(), name=f"shift {self._name}")]
        if self._seat.contested:
            self._tasks.append(asyncio.create_task(self._calls(), name=f"calls {self._name}"))

    async def stop(self) -> None:
        """Leave it to others; harmless when it was never asked for."""
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        self._tasks = []
        self._ours = self._asked = False
        await self._call(self._seat.leave)

    def call(self) -> None:
        """Say that there is work, when another process has the job."""
        if not self._ours:
            self._call_out.set()

    async def ready(self) -> bool:
        """Whether the job is ours; asks at once if nobody has asked yet."""
        if not self._asked:
            async with self._asking:
                if not self._asked:
                    await self._ask()
        return self._ours

    def holds(self, unit: Unit) -> bool:
        """Whether the job is still ours; nobody takes it over before the unit has ended."""
        return not self._seat.contested or leases.held(unit.session, self._name, self._holder)

    async def _keep(self) -> None:
        await self.ready()
        while not self._ours or self._seat.contested:
            called = await self._beat()
            if not self._ours:
                await self._ask()
            elif not await self._call(self._seat.held):
                self._ours = False
                log.warning("shift_lost", job=self._name)
            elif called:
                self._wake()

    async def _beat(self) -> bool:
        """Wait for the next look at the seat; True: something came over its connection."""
        loop = asyncio.get_running_loop()
        handle = self._seat.fileno() if self._ours else None
        if handle is not None:
            loop.add_reader(handle, self._stirred.set)
        try:
            async with asyncio.timeout(BEAT_SECONDS):
                await self._stirred.wait()
        except TimeoutError:
            return False
        finally:
            if handle is not None:
                loop.remove_reader(handle)
            self._stirred.clear()
        return True

    async def _calls(self) -> None:
        while True:
            await self._call_out.wait()
            self._call_out.clear()
            await self._call(self._seat.call)

    async def _ask(self) -> None:
        try:
            if await self._call(self._seat.take):
                await self._units.run(partial(self._take_over, self._prepare()))
                self._ours = True
                log.info("shift_taken", job=self._name)
        except (StorageError, UnitFailed) as error:
            log.warning("shift_not_taken", job=self._name, why=str(error))
        self._asked = True
        if self._ours:
            self._wake()

    def _take_over(self, prepare: Callable[[Unit], object], unit: Unit) -> None:
        leases.take_over(unit, self._name, self._holder)
        prepare(unit)

    async def _call(self, question: Callable[[], bool | None]) -> bool:
        if not self._seat.contested:
            return bool(question())
        return bool(await asyncio.to_thread(question))


def _nothing(_unit: Unit) -> None:
    return
