"""A Telegram Bot API server on the loopback, for one bot: the stand-in for the platform.

Real HTTP, the platform's limits and error texts, its offsets and webhook deliveries, and faults
on demand. A test acts as people (`person`, `group`) and looks at the chats (`chat`, `calls`).
What the bot sends and what the stand-in answers is also checked against aiogram's types; what is
wrong is answered with 400, noted in `mistakes`, and raised by `stop`, so that it cannot hide.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase
from pathlib import Path
from types import ModuleType
from urllib.parse import unquote

from aiohttp import web

from tests.fakes.telegram import wire
from tests.fakes.telegram.chats import Chat, Posted, User, World
from tests.fakes.telegram.errors import ApiError, bad
from tests.fakes.telegram.faults import AFTER, DOWNLOAD, Fault, Faults, Rule
from tests.fakes.telegram.files import Cabinet
from tests.fakes.telegram.groups import Group
from tests.fakes.telegram.intake import Intake
from tests.fakes.telegram.limits import Sizes
from tests.fakes.telegram.methods import Messages
from tests.fakes.telegram.params import Params
from tests.fakes.telegram.people import Person, push_membership
from tests.fakes.telegram.questions import Questions
from tests.fakes.telegram.rates import Rates
from tests.fakes.telegram.settings import Settings
from tests.fakes.telegram.updates import Queue, Update
from tests.fakes.telegram.webhook import Deliveries, Sleep

Json = dict[str, object]

TOKEN = "1234567890:AAHstandinstandinstandinstandinstan"
POLL = "getupdates"
PRESENT = ("member", "administrator")


@dataclass(frozen=True)
class Call:
    """One request of the bot as it came in, whatever became of it."""

    method: str
    params: Json
    at: float
    """Seconds of the server's pace."""


class Calls(list[Call]):
    def of(self, method: str = "*", **params: object) -> list[Call]:
        """Return the calls of `method`, a pattern, that had these parameters."""
        return [
            one
            for one in self
            if fnmatchcase(one.method, method)
            and all(one.params.get(name) == value for name, value in params.items())
        ]


class TelegramServer:
    """One bot's platform. Its state survives `stop` and `start`, which keeps the port.

    now: the clock of message dates and of what grows old.
    pace: seconds for rate limits and `retry_after`.
    check: compare both directions with aiogram's types; benchmarks switch it off.
    local: as a self-hosted server, files by path below this folder and without a size limit.
    sleep: how a webhook pauses before it offers an update again; None: until `redeliver`.
    privacy: in groups the bot reads commands, mentions and replies only, as bots usually do.
    """

    def __init__(
        self,
        token: str = TOKEN,
        *,
        now: Callable[[], datetime],
        pace: Callable[[], float] = time.monotonic,
        check: bool = True,
        local: Path | None = None,
        sleep: Sleep | None = None,
        privacy: bool = True,
        username: str = "dossier_test_bot",
    ) -> None:
        self.token = token
        self.privacy = privacy
        self.doubling = False
        """Set by a test: every update comes twice."""
        self.mistakes: list[str] = []
        self._schema = _schema() if check else None
        self.calls = Calls()
        self.faults = Faults()
        self.rates = Rates(pace)
        self.sizes = Sizes()
        bot: Json = {
            "id": int(token.partition(":")[0]),
            "is_bot": True,
            "first_name": "档案助手",
            "username": username,
        }

        def seconds() -> float:
            return now().timestamp()

        self.world = World(bot, seconds)
        self.cabinet = Cabinet(self.sizes, local)
        self.questions = Questions(seconds)
        self.settings = Settings(self.world, self._bot_left)
        self.updates = Queue(seconds, self._stir)
        self.webhook = Deliveries(self.updates, self._execute, seconds, self._stir, sleep)
        self._intake = Intake(self.updates, self.webhook)
        self._methods = (
            Messages(self.world, self.cabinet, self.questions).table()
            | self.settings.table()
            | self._intake.table()
        )
        self._pace = pace
        self._people: dict[int, Person] = {}
        self.held = 0
        """Calls that wait at this moment because of a stall or a silence."""
        self._stirred: set[asyncio.Future[None]] = set()
        self._released = asyncio.Event()
        self._going = asyncio.Event()
        self._going.set()
        self._listener = wire.Listener(self._handle)

    @property
    def port(self) -> int:
        return self._listener.port

    @property
    def base(self) -> str:
        """The address a bot is given instead of https://api.telegram.org."""
        return f"http://{wire.LOOPBACK}:{self.port}"

    async def start(self) -> TelegramServer:
        await self.accept()
        return self

    async def stop(self) -> None:
        """Close, and raise AssertionError for what was wrong on the wire."""
        await self.refuse()
        if self.mistakes:
            raise AssertionError("\n".join(self.mistakes))

    async def __aenter__(self) -> TelegramServer:
        return await self.start()

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        await (self.stop() if kind is None else self.refuse())

    async def refuse(self) -> None:
        """Refuse connections, break those there are, bring nothing: the platform is down."""
        await self._listener.close()
        await self.webhook.end()

    async def accept(self) -> None:
        """Be up again, on the same port and with everything as it was."""
        await self._listener.open()
        self.webhook.begin()

    def stall(self) -> None:
        """Take connections and answer nothing, until `resume`."""
        self._going.clear()

    def resume(self) -> None:
        self._going.set()

    def release(self) -> None:
        """Let the calls go on that a `Fault.SILENCE` holds."""
        self._released.set()
        self._released = asyncio.Event()

    def person(self, user_id: int, name: str, *, language: str = "", username: str = "") -> Person:
        """Return the person with this identifier, who has not opened the chat with the bot yet."""
        found = self._people.get(user_id)
        if found is None:
            user = User(user_id, name, language, username)
            found = self._people[user_id] = Person(self, user, self.world.user(user))
        return found

    def group(self, chat_id: int, title: str) -> Group:
        """Return a new group without the bot in it."""
        return Group(self, self.world.group(chat_id, title))

    def chat(self, chat: int | Person | Group) -> Chat:
        """Return what is in a chat."""
        return self.world.chats[chat if isinstance(chat, int) else chat.chat.id]

    def menu(self, chat_id: int, language: str = "") -> list[tuple[str, str]]:
        return self.settings.menu(chat_id, language)

    def push(self, kind: str, content: Json, queue: tuple[str, int]) -> Update | None:
        """Queue an update for the bot; None when it did not ask for its kind."""
        update = self.updates.add(kind, content, queue)
        if update is not None:
            if self._schema is not None:
                self.mistakes += self._schema.update_mistakes(update.wire)
            self.webhook.add(update)
            if self.doubling:
                self.repeat(update)
        return update

    def repeat(self, update: Update) -> None:
        """Deliver an update (see `updates.past`) once more, with the number it had."""
        if self.webhook.hook.url:
            self.webhook.add(update, again=True)
        else:
            self.updates.repeat(update)

    def reads(self, posted: Posted) -> bool:
        """Return whether the bot is shown this message of a person."""
        chat = self.world.chats[posted.chat_id]
        if chat.user is not None:
            return True
        reply = posted.wire.get("reply_to_message")
        to_bot = isinstance(reply, dict) and reply["from"]["id"] == self.world.bot["id"]
        named = f"@{self.world.bot['username']}" in posted.text
        meant = to_bot or named or posted.text.startswith("/") or not self.privacy
        return meant and chat.bot in PRESENT

    async def redeliver(self) -> None:
        """Offer the webhook once more what it did not take."""
        await self.webhook.redeliver()

    async def idle(self, within: float = 60) -> None:
        """Wait until the bot has confirmed everything. Raises TimeoutError."""
        await self.until(lambda: not self.updates and self.webhook.idle, within)

    async def until(self, reached: Callable[[], object], within: float = 60) -> None:
        """Wait until `reached()` is true; asked again after each call and each update.

        Raises TimeoutError, with the last calls, after so many seconds.
        """
        try:
            async with asyncio.timeout(within):
                while not reached():
                    stirred = asyncio.get_running_loop().create_future()
                    self._stirred.add(stirred)
                    try:
                        await stirred
                    finally:
                        self._stirred.discard(stirred)
        except TimeoutError:
            last = ", ".join(one.method for one in self.calls[-5:])
            raise TimeoutError(
                f"{len(self.updates)} updates wait, {len(self.calls)} calls, last: {last}"
            ) from None

    async def _hold(self, until: asyncio.Event) -> None:
        if until.is_set():
            return
        self.held += 1
        self._stir()
        try:
            await until.wait()
        finally:
            self.held -= 1
            self._stir()

    def _stir(self) -> None:
        for one in self._stirred:
            if not one.done():
                one.set_result(None)

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        await self._hold(self._going)
        path = unquote(request.rel_url.raw_path)
        kind, _, rest = path.partition("/bot")
        token, slash, name = rest.partition("/")
        if kind not in ("", "/file") or not slash:
            return wire.answer(ApiError(404, "Not Found"))
        if token != self.token:
            known = ":" in token
            words = "Unauthorized" if known else "Unauthorized: invalid token specified"
            return wire.answer(ApiError(401, words))
        if kind == "/file":
            return await self._download(request, name)
        try:
            params = await wire.params_of(request)
            self.calls.append(Call(name, params.values, self._pace()))
            return await self._answer(request, name, params)
        except ApiError as error:
            return wire.answer(error)
        finally:
            self._stir()

    async def _answer(
        self, request: web.BaseRequest, method: str, params: Params
    ) -> web.StreamResponse:
        self.rates.early(method, params.integer("chat_id"))
        rule = self.faults.next(method)
        if rule is not None and rule.fault not in AFTER:
            failed = await self._strike(request, rule, method, params)
            if failed is not None:
                return failed
        result = await self._result(method, params)
        if rule is not None and rule.fault in AFTER:
            return await self._lose(request, rule, result)
        return wire.answer(result)

    async def _strike(
        self, request: web.BaseRequest, rule: Rule, method: str, params: Params
    ) -> web.StreamResponse | None:
        """Fail a call before its effect; None when it may go on after all."""
        if rule.fault is Fault.FLOOD:
            raise self.rates.close(method, params.integer("chat_id"), rule.retry_after)
        if rule.fault is Fault.SILENCE:
            await self._hold(self._released)
            return None
        if rule.fault is Fault.RESET:
            await wire.reset(request)
        return wire.failure(rule.fault)

    async def _lose(
        self, request: web.BaseRequest, rule: Rule, result: object
    ) -> web.StreamResponse:
        """Keep an answer from arriving as it should; the effect is done."""
        self._stir()
        if rule.fault is Fault.RESET_AFTER:
            await wire.reset(request)
        if rule.fault is Fault.SILENCE_AFTER:
            await self._hold(self._released)
            return wire.answer(result)
        return wire.half(result)

    async def _result(self, method: str, params: Params) -> object:
        """Return what a call answers, an ApiError included."""
        try:
            result = await self._carry_out(method, params)
        except ApiError as error:
            return error
        except Exception as error:
            self.mistakes.append(f"{method}: {error!r}")
            raise
        if self._schema is not None:
            self.mistakes += self._schema.result_mistakes(method, result)
        return result

    async def _carry_out(self, method: str, params: Params) -> object:
        name = method.lower()
        act = self._methods.get(name)
        if self._schema is not None:
            mistakes = self._schema.request_mistakes(method, params)
            self.mistakes += mistakes
            if mistakes and (act or name == POLL):
                raise bad("; ".join(mistakes))
        if name == POLL:
            return await self._intake.get_updates(params)
        if act is None:
            self.mistakes.append(f"{method}: the stand-in does not know this method")
            raise ApiError(404, "Not Found: method not found")
        album = params.values.get("media")
        messages = len(album) if isinstance(album, list) else 1
        self.rates.count(method, params.integer("chat_id"), messages)
        return act(params)

    async def _execute(self, method: str, call: Json) -> None:
        """Carry out a call that came in the answer of a webhook; nobody hears of its result."""
        params = Params(call)
        self.calls.append(Call(method, params.values, self._pace()))
        await self._result(method, params)
        self._stir()

    async def _download(self, request: web.BaseRequest, path: str) -> web.StreamResponse:
        rule = self.faults.next(DOWNLOAD)
        stored = self.cabinet.by_path(path)
        fault = None if rule is None else rule.fault
        if stored is None or fault is Fault.MISSING:
            return wire.answer(ApiError(404, "Not Found"))
        broken = fault is Fault.BROKEN or fault in AFTER
        if rule is not None and not broken:
            failed = await self._strike(request, rule, DOWNLOAD, Params({}))
            if failed is not None:
                return failed
        return await wire.download(request, stored.content, broken=broken)

    def _bot_left(self, chat: Chat) -> None:
        old, chat.bot = chat.bot, "left"
        bot = self.world.bot
        by = User(int(str(bot["id"])), str(bot["first_name"]), username=str(bot["username"]))
        push_membership(self, chat, by, old, "left")


def _schema() -> ModuleType:
    """Import aiogram, which takes seconds, only where it is wanted, and before anything runs."""
    from tests.fakes.telegram import schema

    return schema
