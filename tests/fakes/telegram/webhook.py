"""Updates brought to the bot's own address, as the platform brings them.

In each queue one after the other and in order: the messages of one chat, the taps of one person.
A tap may overtake a message of its chat, as on the platform. At most `max_connections` at once.
Anything but 2xx, or no answer, means again later: at once, then after 2, 4, 8 ... up to 60
seconds, or after the `Retry-After` of the answer. Nothing waits here by itself: `redeliver`
offers what failed, or `sleep` decides how long a pause takes.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import aiohttp

from tests.fakes.telegram.updates import Queue, Update

Json = dict[str, object]
Execute = Callable[[str, Json], Awaitable[object]]
Sleep = Callable[[float], Awaitable[None]]

SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"
LONGEST_PAUSE = 60
LONGEST_RETRY_AFTER = 3600
USUAL_CONNECTIONS = 40
NOT_FROM_ANSWERS = ("deletewebhook", "setwebhook", "close", "logout", "get")


@dataclass
class Hook:
    url: str = ""
    secret: str = ""
    max_connections: int = USUAL_CONNECTIONS
    last_error: str = ""
    last_error_at: int = 0

    def same(self, other: Hook) -> bool:
        """Return whether the two are set alike, whatever went wrong since."""
        mine, its = ((one.url, one.secret, one.max_connections) for one in (self, other))
        return mine == its


@dataclass
class _Line:
    """One queue: what is left of it, how its first update fared."""

    updates: deque[tuple[Update, bool]]
    """Each with whether it is brought once more although it was taken."""
    fails: int = 0
    delay: int = 1
    task: asyncio.Task[None] | None = None


class Deliveries:
    """Brings updates to a webhook; `hook.url` is empty while none is set."""

    def __init__(
        self,
        queue: Queue,
        execute: Execute,
        seconds: Callable[[], float],
        changed: Callable[[], None],
        sleep: Sleep | None,
    ) -> None:
        self.hook = Hook()
        self.patience = 60.0
        """Seconds an answer may take."""
        self.pauses: list[float] = []
        """The delays given so far, in seconds."""
        self.in_flight = 0
        self.most_in_flight = 0
        self._queue = queue
        self._execute = execute
        self._seconds = seconds
        self._changed = changed
        self._sleep = sleep
        self._running = False
        self._lines: dict[tuple[str, int], _Line] = {}
        self._places = asyncio.Semaphore(USUAL_CONNECTIONS)
        self._session: aiohttp.ClientSession | None = None

    @property
    def idle(self) -> bool:
        """Nothing is on its way and nothing waits."""
        return not any(line.updates for line in self._lines.values())

    def set(self, hook: Hook) -> None:
        self._drop()
        self.hook = hook
        self._places = asyncio.Semaphore(hook.max_connections)
        self.begin()

    def begin(self) -> None:
        """Bring what waits; what comes later follows."""
        self._running = True
        for update in self._queue.waiting():
            self.add(update)

    def add(self, update: Update, *, again: bool = False) -> None:
        """Bring an update after those of its queue; `again`: although it was taken."""
        if not self.hook.url or not self._running:
            return
        line = self._lines.setdefault(update.queue, _Line(deque()))
        line.updates.append((update, again))
        if line.task is None and not line.fails:
            self._go(line)

    async def redeliver(self) -> None:
        """Offer what failed once more, and wait for the answers to it."""
        lines = list(self._lines.values())
        tasks = [self._go(line) for line in lines if line.updates and line.task is None]
        if tasks:
            await asyncio.wait(tasks)

    async def end(self) -> None:
        """Break off what is on its way, and bring nothing until `begin`."""
        self._running = False
        await asyncio.gather(*self._drop(), return_exceptions=True)
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _drop(self) -> list[asyncio.Task[None]]:
        tasks = [line.task for line in self._lines.values() if line.task is not None]
        for task in tasks:
            task.cancel()
        self._lines.clear()
        return tasks

    def _go(self, line: _Line) -> asyncio.Task[None]:
        line.task = asyncio.get_running_loop().create_task(self._run(line))
        return line.task

    async def _run(self, line: _Line) -> None:
        """Deliver until the line is empty or an update fails for good this time."""
        try:
            while line.updates and self.hook.url:
                update, again = line.updates[0]
                if not again and not self._queue.holds(update):
                    line.updates.popleft()
                    continue
                async with self._places:
                    retry_after = await self._offer(update)
                if retry_after is None:
                    line.updates.popleft()
                    line.fails, line.delay = 0, 1
                    self._queue.forget(update)
                    continue
                pause = _pause(line, retry_after)
                self.pauses.append(pause)
                if self._sleep is None:
                    return
                await self._sleep(pause)
        finally:
            line.task = None
            self._changed()

    async def _offer(self, update: Update) -> int | None:
        """Return None when taken, else the seconds the answer asked to wait, 0 without."""
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0), cookie_jar=aiohttp.DummyCookieJar()
            )
        headers = {"Content-Type": "application/json"}
        if self.hook.secret:
            headers[SECRET_HEADER] = self.hook.secret
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        self._changed()
        try:
            async with self._session.post(
                self.hook.url,
                data=json.dumps(update.wire).encode(),
                headers=headers,
                timeout=aiohttp.ClientTimeout(total=self.patience),
                allow_redirects=False,
            ) as answer:
                body = await answer.read()
                if 200 <= answer.status <= 299:
                    await self._obey(body)
                    return None
                self._failed(f"Wrong response from the webhook: {answer.status} {answer.reason}")
                asked = answer.headers.get("Retry-After", "")
                return min(int(asked), LONGEST_RETRY_AFTER) if asked.isdigit() else 0
        except TimeoutError:
            self._failed("Read timeout expired")
        except aiohttp.ClientConnectorError:
            self._failed("Connection refused")
        except aiohttp.ClientError:
            self._failed("Webhook connection closed")
        finally:
            self.in_flight -= 1
        return 0

    def _failed(self, why: str) -> None:
        self.hook.last_error = why
        self.hook.last_error_at = int(self._seconds())

    async def _obey(self, body: bytes) -> None:
        """Carry out the method call that an answer may hold; its result is lost."""
        try:
            call = json.loads(body)
        except ValueError:
            return
        method = str(call.pop("method", "")) if isinstance(call, dict) else ""
        if method and not method.lower().startswith(NOT_FROM_ANSWERS):
            await self._execute(method, call)


def _pause(line: _Line, retry_after: int) -> float:
    pause = retry_after
    if not retry_after and line.fails:
        line.delay = min(line.delay * 2, LONGEST_PAUSE)
        pause = line.delay
    line.fails += 1
    return float(pause)
