"""Messages on their way to the app: posts, signed and encrypted, offered three times at most."""

from __future__ import annotations

import asyncio
import secrets
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO
from urllib.parse import urlencode
from xml.sax.saxutils import escape

import aiohttp

from tests.fakes.wecom.crypto import Keys

ANSWER_SECONDS = 5.0
VERIFY_SECONDS = 1.0
OFFERS = 3
Tree = dict[str, object]
"""Elements of a message: texts, numbers, elements again, or several of those."""


@dataclass
class Delivery:
    """One message; a repeated offer has the same content."""

    account: str
    xml: str
    offers: int = 0


class Callbacks:
    """The platform's side of the app's callback."""

    def __init__(
        self,
        keys: Keys,
        agent_id: int,
        seconds: Callable[[], float],
        stirred: Callable[[], None],
        answer_seconds: float,
    ) -> None:
        self.url = ""
        """Where the app wants its messages."""
        self.past: list[Delivery] = []
        """All that were offered for the first time, in order."""
        self.lost: list[Delivery] = []
        """Those that the app did not take in three offers: the platform forgets them."""
        self.mistakes: list[str] = []
        self.seconds_taken: list[float] = []
        """How long the app took to answer each offer."""
        self.patient = False
        """True: it offers a message as often as it takes, and forgets none."""
        self.offering = 0
        """Offers that wait for their answer."""
        self._keys = keys
        self._agent_id = agent_id
        self._seconds = seconds
        self._stirred = stirred
        self._patience = aiohttp.ClientTimeout(answer_seconds)
        self._waiting: defaultdict[str, deque[Delivery]] = defaultdict(deque)
        self._client: aiohttp.ClientSession | None = None

    async def begin(self) -> None:
        self._client = aiohttp.ClientSession(timeout=self._patience)

    async def end(self) -> None:
        if self._client is not None:
            await self._client.close()

    @property
    def waiting(self) -> int:
        return sum(map(len, self._waiting.values()))

    def behind(self, account: str) -> list[Delivery]:
        """Return what a member sent and the app did not take yet."""
        return list(self._waiting[account])

    def xml(self, account: str, content: Tree) -> str:
        """Return a message of a member, as it is before it is encrypted."""
        head: Tree = {
            "ToUserName": self._keys.receive_id,
            "FromUserName": account,
            "CreateTime": int(self._seconds()),
            "AgentID": self._agent_id,
        }
        return f"<xml>{_elements(head | content)}</xml>"

    async def deliver(self, account: str, content: Tree) -> Delivery:
        """Offer a message to the app, behind those of the same member that it did not take."""
        made = Delivery(account, self.xml(account, content))
        self.past.append(made)
        self._waiting[account].append(made)
        if len(self._waiting[account]) == 1:
            await self.redeliver(account)
        return made

    async def redeliver(self, *accounts: str) -> None:
        """Offer once more what was not taken, in order; all members' or only these ones'."""
        for account in accounts or tuple(self._waiting):
            waiting = self._waiting[account]
            while waiting:
                one = waiting[0]
                one.offers += 1
                if await self.offer(one.xml) == 200:
                    waiting.popleft()
                elif one.offers >= OFFERS and not self.patient:
                    self.lost.append(waiting.popleft())
                else:
                    break
        self._stirred()

    async def offer(self, xml: str, **changed: str) -> int:
        """Post one message and return the status of the answer; 0: there was none in time.

        `changed`: parts of the address in place of the right ones.
        """
        encrypted = self._keys.encrypt(xml)
        body = (
            f"<xml><ToUserName><![CDATA[{self._keys.receive_id}]]></ToUserName>"
            f"<Encrypt><![CDATA[{encrypted}]]></Encrypt>"
            f"<AgentID><![CDATA[{self._agent_id}]]></AgentID></xml>"
        )
        return await self.post(body, self.query(encrypted) | changed)

    def query(self, encrypted: str) -> dict[str, str]:
        timestamp, nonce = str(int(self._seconds())), secrets.token_hex(5)
        signature = self._keys.sign(timestamp, nonce, encrypted)
        return {"msg_signature": signature, "timestamp": timestamp, "nonce": nonce}

    async def post(self, body: str | BinaryIO, query: dict[str, str]) -> int:
        """Post anything to the callback."""
        assert self._client is not None
        began = asyncio.get_running_loop().time()
        self.offering += 1
        try:
            async with self._client.post(f"{self.url}?{urlencode(query)}", data=body) as response:
                if await response.read():
                    self.mistakes.append("an answer that is not empty")
                return response.status
        except (aiohttp.ClientError, TimeoutError):
            return 0
        finally:
            self.offering -= 1
            self.seconds_taken.append(asyncio.get_running_loop().time() - began)

    async def verify(self, text: str = "1616140317555161061", **changed: str) -> tuple[int, str]:
        """Check the address, as when the administrator saves it; return status and answer."""
        assert self._client is not None
        encrypted = self._keys.encrypt(text)
        query = self.query(encrypted) | {"echostr": encrypted} | changed
        async with (
            asyncio.timeout(VERIFY_SECONDS),
            self._client.get(f"{self.url}?{urlencode(query)}") as response,
        ):
            return response.status, await response.text()


def _elements(tree: Tree) -> str:
    return "".join(f"<{name}>{_content(one)}</{name}>" for name, one in tree.items())


def _content(value: object) -> str:
    if isinstance(value, dict):
        return _elements(value)
    if isinstance(value, list):
        return "".join(map(_elements, value))
    if isinstance(value, int | float):
        return str(value)
    text = "".join(one for one in str(value) if one in "\n\t" or ord(one) >= 32)
    if "]]>" in text or "\r" in text:
        return escape(text)
    return f"<![CDATA[{text}]]>"
