"""WeCom's REST interface on the loopback, for one self-built app: the stand-in for the platform.

Real HTTP and real encryption, the platform's codes and limits, and faults on demand. A test acts
as members (`member`) and looks at their chats. What the platform takes although it was not meant
so (a text that it cuts) is noted and raised at the end, so that it cannot hide.
"""

from __future__ import annotations

import asyncio
import json
import re
import secrets
from collections import Counter, defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Any

from aiohttp import web

from bot.settings import MemberLimits, Secret
from bot.settings import Wecom as Settings
from tests.fakes.telegram import wire
from tests.fakes.telegram.faults import AFTER, Fault, Faults
from tests.fakes.wecom.callbacks import ANSWER_SECONDS, Callbacks
from tests.fakes.wecom.crypto import Keys
from tests.fakes.wecom.directory import Directory
from tests.fakes.wecom.errors import Errcode
from tests.fakes.wecom.media import AT_ONCE, Cabinet
from tests.fakes.wecom.members import Member
from tests.fakes.wecom.menus import Menus
from tests.fakes.wecom.messages import Chats

Json = dict[str, Any]

CORP_ID = "ww1234567890abcdef"
AGENT_ID = 1000002
SECRET = "standin-secret-of-the-app-0123456789abcdefg"
TOKEN = "StandInToken0001"
AES_KEY = "A8rKpQfS3GTSPpDdkyQynK6BgC1y92BVrAEKMPpe5TC"
LASTS = 7200
SEEN_FROM = "203.0.113.7"
ESCAPED = re.compile(rb"\\u[0-9a-fA-F]{4}")
BLOCKED_SECONDS = 60
"""How long a method is refused that was called too often within a minute."""
POSTED = ("message/", "menu/create", "media/upload", "user/list_id")
"""How the methods begin that are posted to; all others are asked with GET."""


@dataclass(frozen=True)
class Call:
    method: str
    body: Json


@dataclass
class Token:
    until: float
    dead: int = 0
    """Code that it is refused with; 0: it is good."""


class WecomServer:
    """One app's platform.

    now: the clock of tokens, codes, files and rates.
    answer_seconds: how long it waits at the app's callback.
    """

    def __init__(
        self, *, now: Callable[[], datetime], answer_seconds: float = ANSWER_SECONDS
    ) -> None:
        def seconds() -> float:
            return now().timestamp()

        self._seconds = seconds
        self.calls: list[Call] = []
        self.faults = Faults()
        self.trusted = True
        """False: the address that calls come from is not on the app's list."""
        self.only_from = ""
        """Address that alone is trusted, and addresses are told as they are; "": all are, and
        calls seem to come from SEEN_FROM."""
        self.suspended = False
        self.secret = SECRET
        self.lasts = LASTS
        """Seconds that a token is good for."""
        self.forbidden: set[str] = set()
        """Methods that the app has no right to."""
        self.most_a_minute: dict[str, int] = {}
        """By method: how many calls within a minute are answered; others are not counted."""
        self.cabinet = Cabinet(seconds)
        self.chats = Chats(seconds, AGENT_ID, self.cabinet)
        self.callbacks = Callbacks(
            Keys(TOKEN, AES_KEY, CORP_ID), AGENT_ID, seconds, self._stir, answer_seconds
        )
        self.tokens: dict[str, Token] = {}
        self.spoilt = 0
        """Calls that `spoil_share` struck."""
        self._spoiling: Callable[[], int] = lambda: 0
        self._members: dict[str, Member] = {}
        self.directory = Directory(
            AGENT_ID, self._members, self.chats.members, lambda: self.suspended
        )
        self.menus = Menus(AGENT_ID)
        self._called: defaultdict[str, deque[float]] = defaultdict(deque)
        self._blocked: dict[str, float] = {}
        self._stirred: set[asyncio.Future[None]] = set()
        self._released = asyncio.Event()
        self._listener = wire.Listener(self._handle)
        self._methods: dict[str, Callable[[Json, dict[str, str]], Json]] = {
            "message/send": lambda body, _: self.chats.send(body),
            "message/update_template_card": lambda body, _: self.chats.update(body),
            "message/recall": lambda body, _: self.chats.recall(body),
            **self.menus.methods,
            **self.directory.methods,
        }

    @property
    def base(self) -> str:
        """The address a bot is given instead of https://qyapi.weixin.qq.com."""
        return f"http://{wire.LOOPBACK}:{self._listener.port}"

    def settings(self, **changed: Any) -> Settings:
        """Return what the app's program is configured with."""
        given: Json = {
            "corp_id": CORP_ID,
            "agent_id": AGENT_ID,
            "secret": Secret(SECRET),
            "token": Secret(TOKEN),
            "encoding_aes_key": Secret(AES_KEY),
            "api_base": self.base,
            "limits": MemberLimits(enabled=False),
        }
        return Settings(**given | changed)

    async def __aenter__(self) -> WecomServer:
        await self._listener.open()
        await self.callbacks.begin()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        await self._listener.close()
        await self.callbacks.end()
        mistakes = [*self.chats.mistakes, *self.callbacks.mistakes]
        if kind is None and mistakes:
            raise AssertionError("\n".join(mistakes))

    async def refuse(self) -> None:
        """Refuse connections: the platform is down."""
        await self._listener.close()

    async def accept(self) -> None:
        await self._listener.open()

    def release(self) -> None:
        """Let the calls go on that a `Fault.SILENCE` holds."""
        self._released.set()
        self._released = asyncio.Event()

    def member(self, userid: str, name: str = "") -> Member:
        """Return a member in the app's visible range."""
        found = self._members.get(userid.lower())
        if found is None:
            found = self._members[userid.lower()] = Member(self, userid, name)
            self.see(userid)
        return found

    def see(self, userid: str, seen: bool = True) -> None:
        """Put a member into the app's visible range, or take them out, without a word."""
        if seen:
            self.chats.members[userid.lower()] = userid
        else:
            self.chats.members.pop(userid.lower(), None)

    def spoil(self, code: int) -> None:
        """Refuse all tokens there are with that code: 42001 expired, 40014 invalid."""
        for token in self.tokens.values():
            token.dead = code

    def spoil_share(self, code: int, share: float, *, seed: int) -> None:
        """Let all tokens go bad in the middle of that share of the calls."""
        random = Random(seed)
        self._spoiling = lambda: code if random.random() < share else 0

    def count(self, method: str) -> int:
        return Counter(one.method for one in self.calls)[method]

    async def until(self, reached: Callable[[], object], within: float = 60) -> None:
        """Wait until `reached()` is true; asked again after each call. Raises TimeoutError."""
        async with asyncio.timeout(within):
            while not reached():
                stirred = asyncio.get_running_loop().create_future()
                self._stirred.add(stirred)
                try:
                    await stirred
                finally:
                    self._stirred.discard(stirred)

    def _stir(self) -> None:
        for one in self._stirred:
            if not one.done():
                one.set_result(None)

    # -- calls ---------------------------------------------------------------------------------

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        method = request.path.removeprefix("/cgi-bin/")
        try:
            return await self._strike(request, method)
        except Errcode as error:
            return _json(error.wire(self._seen_from(request)))
        finally:
            self._stir()

    async def _strike(self, request: web.BaseRequest, method: str) -> web.StreamResponse:
        rule = self.faults.next(method)
        fault = None if rule is None else rule.fault
        match fault:
            case Fault.FLOOD:
                raise Errcode(45009, "reach max api daily quota limit")
            case Fault.CONFLICT:
                raise Errcode(-1, "system busy")
            case Fault.ERROR:
                return web.Response(status=500)
            case Fault.NOT_JSON | Fault.BAD_GATEWAY:
                return web.Response(text=wire.PAGE, content_type="text/html")
            case Fault.RESET:
                await wire.reset(request)
            case Fault.SILENCE:
                await self._released.wait()
        answer = await self._answer(request, method)
        if fault in AFTER:
            self._stir()
            if fault is Fault.TRUNCATED:
                whole = answer.body if isinstance(answer, web.Response) else b""
                assert isinstance(whole, bytes)
                return web.Response(body=whole[: len(whole) // 2], content_type="application/json")
            if fault is Fault.SILENCE_AFTER:
                await self._released.wait()
            await wire.reset(request)
        return answer

    async def _answer(self, request: web.BaseRequest, method: str) -> web.StreamResponse:
        query = dict(request.query)
        if not self.trusted or self.only_from not in ("", request.remote):
            raise Errcode(60020, "not allow to access from your ip")
        self._check_rate(method)
        if request.method != ("POST" if method.startswith(POSTED) else "GET"):
            raise Errcode(43002 if method.startswith(POSTED) else 43001, "another http method")
        if method == "gettoken":
            self.calls.append(Call(method, query))
            return _json(self._give_token(query))
        if code := self._spoiling():
            self.spoilt += 1
            self.spoil(code)
        self._check_token(query.get("access_token", ""))
        if method in self.forbidden:
            raise Errcode(48002, "api forbidden")
        if method == "media/upload":
            return _json(await self._upload(request, query))
        if method == "media/get":
            self.calls.append(Call(method, query))
            return self._download(query, request.headers.get("Range", ""))
        raw = await request.read()
        body = _object(raw)
        self.calls.append(Call(method, body))
        if ESCAPED.search(raw):
            raise Errcode(40033, "invalid characters")
        if self.suspended and method.startswith("message/"):
            raise Errcode(50003, "agent is forbidden")
        act = self._methods.get(method)
        if act is None:
            raise Errcode(404, f"no method {method}")
        return _json(act(body, query))

    def _seen_from(self, request: web.BaseRequest) -> str:
        return str(request.remote) if self.only_from else SEEN_FROM

    def _give_token(self, query: dict[str, str]) -> Json:
        if query.get("corpid") != CORP_ID:
            raise Errcode(40013, "invalid corpid")
        if query.get("corpsecret") != self.secret:
            raise Errcode(40001, "invalid credential")
        token = secrets.token_urlsafe(60)
        self.tokens[token] = Token(self._seconds() + self.lasts)
        return {"access_token": token, "expires_in": self.lasts}

    def _check_rate(self, method: str) -> None:
        most = self.most_a_minute.get(method)
        if most is None:
            return
        now, called = self._seconds(), self._called[method]
        if now < self._blocked.get(method, now):
            raise Errcode(45009, "api freq out of limit")
        while called and now - called[0] >= 60:
            called.popleft()
        if len(called) >= most:
            self._blocked[method] = now + BLOCKED_SECONDS
            raise Errcode(45009, "api freq out of limit")
        called.append(now)

    def _check_token(self, given: str) -> None:
        token = self.tokens.get(given)
        if not given:
            raise Errcode(41001, "access_token missing")
        if token is None:
            raise Errcode(40014, "invalid access_token")
        if token.dead or self._seconds() >= token.until:
            raise Errcode(token.dead or 42001, "access_token expired")

    async def _upload(self, request: web.BaseRequest, query: dict[str, str]) -> Json:
        part = (await request.post()).get("media")
        if not isinstance(part, web.FileField):
            raise Errcode(44001, "empty media data")
        kind = query.get("type", "")
        self.calls.append(Call("media/upload", {"type": kind, "name": part.filename}))
        media_id = self.cabinet.upload(kind, part.file.read(), part.filename)
        return {"type": kind, "media_id": media_id, "created_at": str(int(self._seconds()))}

    def _download(self, query: dict[str, str], part: str) -> web.StreamResponse:
        content = self.cabinet.get(query.get("media_id", "")).content
        named = {"Content-Disposition": 'attachment; filename="file"'}
        asked = re.fullmatch(r"bytes=(\d+)-(\d+)", part)
        if len(content) <= AT_ONCE:
            return web.Response(body=content, headers=named)
        if asked is None or int(asked[2]) - int(asked[1]) >= AT_ONCE:
            raise Errcode(830002, "need range")
        start, end = int(asked[1]), min(int(asked[2]), len(content) - 1)
        named["Content-Range"] = f"bytes {start}-{end}/{len(content)}"
        return web.Response(status=206, body=content[start : end + 1], headers=named)


def _object(raw: bytes) -> Json:
    """Return what was posted; nothing is an empty object."""
    try:
        body = json.loads(raw or b"{}")
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise Errcode(47001, "data format error")
    return body


def _json(answer: Json) -> web.Response:
    body = {"errcode": 0, "errmsg": "ok", **answer}
    text = json.dumps(body, ensure_ascii=False)
    return web.Response(text=text, content_type="application/json")
