"""Calls that nobody waits for: a spinner that stops, a card that is greyed out, a refusal said."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import structlog

log = structlog.get_logger()


class Beside:
    """What goes on beside everything else, as long as its channel runs."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def settle(self) -> None:
        """Return when all that was begun is done."""
        if self._tasks:
            await asyncio.wait(set(self._tasks))

    async def stop(self) -> None:
        """End what is still under way."""
        for task in self._tasks:
            task.cancel()
        await self.settle()


async def quietly(call: Coroutine[Any, Any, object], *refusals: type[Exception]) -> None:
    """Make a call that changes nothing when it is refused: a message deleted, a tap too old."""
    try:
        await call
    except refusals as error:
        log.info("call_refused", kind=type(error).__name__)
