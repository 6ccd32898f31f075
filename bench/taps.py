"""From the tap on 同意 to the card redrawn on both phones, the decider's and the requester's.

Over the webhook with the program as it runs, over the page of phones, and with a bare loop that
updates one row and edits two messages.
"""

from __future__ import annotations

import asyncio
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any, Protocol

import msgspec
import uvloop
from aiohttp import ClientSession, ClientWebSocketResponse
from sqlalchemy import create_engine, select

from bench import arms
from bench.arms import Arm
from bench.botapi import Call, Connection, Platform
from bench.crowd import PATIENCE_SECONDS, Line
from bench.peers import taps as bare
from bench.report import Effort, Section, ratio, table
from bot import dispatch
from bot.channels.phones.store import Content, message
from bot.config import load
from bot.demo import OPENS, settings_for
from bot.offline import Store
from bot.policies import policies_of
from bot.settings import Settings
from handlers import FEATURES
from handlers.approvals import approvals, case_notices
from handlers.world import Registry, World
from rules.access import StaffId
from rules.calendar import china
from rules.deciders import Matter
from rules.errors import Denied
from rules.occasions import Action, Facts
from storage import accounts, consultations, dossiers, staff
from storage.crypto import Vault
from storage.database import Database
from storage.dossiers import DossierRow
from storage.staff import StaffRow
from storage.unit import Unit

TELEGRAM, PHONES, BARE = "telegram", "phones", "bare"
TITLES = {
    TELEGRAM: "dossierbot, Telegram over the webhook",
    PHONES: "dossierbot, the page of phones",
    BARE: "bare loop: one row, two edits",
}


@dataclass(frozen=True)
class Size:
    rounds: int
    taps: int
    """In each round of each arm."""


SIZES = {
    Effort.FULL: Size(7, 60),
    Effort.BRIEF: Size(3, 30),
    Effort.QUICK: Size(2, 4),
}


@dataclass(frozen=True)
class Cast:
    """Who asks, who decides, and whose dossiers it is about."""

    channel: str
    asker: str
    head: str
    keeper: str
    accounts: tuple[str, str]
    """Of asker and head."""


ON_TELEGRAM = Cast("telegram", arms.staff_of(10_001), "H001", "K001", ("10001", "20001"))
ON_PHONES = Cast("phones", "CY015", "CY014", "K001", ("CY015", "CY014"))


class Fixed:
    """A moment of office hours, so that no card waits for the morning."""

    def __init__(self, now: datetime) -> None:
        self._now = now

    def now(self) -> datetime:
        return self._now


def yesterday_morning() -> datetime:
    day = datetime.now(UTC) - timedelta(days=1)
    return day.replace(hour=2, minute=0, second=0, microsecond=0)


# -- requests that wait ------------------------------------------------------------------------


def asked(settings: Settings, cast: Cast, now: datetime, requests: int) -> list[int]:
    """Write so many requests that wait for the head, each card on both phones to be sent."""
    vault = Vault.load(settings.storage.key_file)
    world = World(policies_of(settings.company), china(), Registry(FEATURES))
    database = Database.open(settings.storage.url, upgrade=True)
    try:
        store = Store(database, vault, Fixed(now))
        store.run(partial(_people, cast=cast))
        return [store.run(partial(_ask, world=world, cast=cast, at=at)) for at in range(requests)]
    finally:
        database.close()


def _people(unit: Unit, cast: Cast) -> None:
    staff.save(unit, StaffRow(cast.keeper, "何文静", "销售二部", ("salesperson",)))
    if cast is ON_TELEGRAM:
        head = StaffRow(cast.head, "王海峰", "销售一部", head_of=("销售一部",))
        staff.save(unit, head)
        accounts.bind(unit, cast.channel, cast.accounts[1], cast.head)


def _ask(unit: Unit, world: World, cast: Cast, at: int) -> int:
    row = DossierRow(f"测量客户{at}", cast.keeper, f"M-{at}", department="销售二部")
    dossier = dossiers.add(unit, row, by=cast.keeper)
    person = staff.get(unit.session, cast.asker)
    assert person is not None
    ctx = world.context(unit, person, cast.channel, cast.accounts[0], unit.now)
    facts = Facts(Action.CONSULT, dossier_type="customer")
    approval = approvals.approval_of(ctx.policy, facts)
    assert approval is not None
    wish = consultations.add(
        unit, dossier_id=dossier, staff_id=person.id, purpose="audit", reason="核对往来账目",
        last_day=ctx.today + timedelta(days=30), at=unit.now,
    )  # fmt: skip
    matter = Matter(facts, StaffId(person.id), StaffId(cast.keeper), "销售二部")
    stored = approvals.request(ctx, "consult", wish, approval, matter, dossier_id=dossier)
    assert not isinstance(stored, Denied)
    case_notices.follow_along(ctx, stored)
    dispatch.close(ctx, world)
    return stored.id


# -- the phones --------------------------------------------------------------------------------


class Stage(Protocol):
    async def tap(self, number: int) -> float:
        """Tap on 同意 of a request; return the seconds until both cards were redrawn."""


@dataclass
class Redraws:
    """Waits until both copies of one card were redrawn."""

    waits_for: set[tuple[str, int]] = field(default_factory=set)
    done: asyncio.Event = field(default_factory=asyncio.Event)
    at: float = 0.0

    def drawn(self, account: str, card: int) -> None:
        if (account, card) in self.waits_for:
            self.waits_for.discard((account, card))
            if not self.waits_for:
                self.at = time.perf_counter()
                self.done.set()

    async def both(self, *cards: tuple[str, int], begin: Any) -> float:
        self.waits_for, self.done = set(cards), asyncio.Event()
        began = time.perf_counter()
        await begin()
        async with asyncio.timeout(PATIENCE_SECONDS):
            await self.done.wait()
        return self.at - began


class BotApi:
    """The Bot API and two clients of it; every bot that is measured calls this one."""

    def __init__(self) -> None:
        self.platform = Platform(self._hear)
        self.cards: dict[tuple[str, str], bytes] = {}
        """The message with a button, by account and key."""
        self.redraws = Redraws()

    async def serve(self) -> str:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(partial(Connection, self.platform), "127.0.0.1", 0)
        return f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"

    def _hear(self, _token: str, method: str, call: Call, shown: bytes) -> None:
        if method == "editMessageText":
            self.redraws.drawn(str(call["chat_id"]), int(call["message_id"]))
        for row in (call.get("reply_markup") or {}).get("inline_keyboard", ()):
            for button in row:
                self.cards[str(call["chat_id"]), button["callback_data"]] = shown

    async def post(self, arm: Arm, line: Line, chat: str, shown: bytes, data: str) -> None:
        user = {"id": int(chat), "is_bot": False, "first_name": "P", "language_code": "zh-hans"}
        number = next(_UPDATES)
        query = {
            "id": str(number),
            "from": user,
            "message": msgspec.Raw(shown),
            "chat_instance": "1",
            "data": data,
        }
        update = {"update_id": number, "callback_query": query}
        await line.post(arm.path, msgspec.json.encode(update))


_UPDATES = count(1)


@dataclass
class OnTelegram:
    api: BotApi
    arm: Arm
    line: Line
    requests: list[int]

    async def tap(self, number: int) -> float:
        asker, head = ON_TELEGRAM.accounts
        case = self.requests[number]
        key = f"f.case.ok.{case}.0"
        mine = self.api.cards[head, key]
        other = self.api.cards[asker, f"f.case.nudge.{case}"]
        cards = ((head, _number(mine)), (asker, _number(other)))
        post = partial(self.api.post, self.arm, self.line, head, mine, key)
        return await self.api.redraws.both(*cards, begin=post)


@dataclass
class Bare:
    api: BotApi
    arm: Arm
    line: Line

    async def tap(self, number: int) -> float:
        asker, head = ON_TELEGRAM.accounts
        mine = msgspec.json.encode(
            {
                "message_id": number + 1,
                "chat": {"id": int(head), "type": "private", "first_name": "P"},
                "date": 1,
                "text": "-",
            }
        )
        cards = ((head, number + 1), (asker, bare.FIRST_COPY + number + 1))
        post = partial(self.api.post, self.arm, self.line, head, mine, f"ok.{asker}.{number + 1}")
        return await self.api.redraws.both(*cards, begin=post)


@dataclass
class OnPhones:
    socket: ClientWebSocketResponse
    requests: list[int]
    cards: dict[tuple[str, str], int]
    redraws: Redraws = field(default_factory=Redraws)

    async def listen(self) -> None:
        async for word in self.socket:
            said = msgspec.json.decode(word.data)
            if said["t"] == "message":
                self.redraws.drawn(said["account"], said["message"]["id"])

    async def tap(self, number: int) -> float:
        asker, head = ON_PHONES.accounts
        case = self.requests[number]
        key = f"f.case.ok.{case}.0"
        mine, other = self.cards[head, key], self.cards[asker, f"f.case.nudge.{case}"]
        word = {
            "t": "tap",
            "account": head,
            "key": f"bench-tap-{case:08}",
            "card": mine,
            "choice": key,
        }
        send = partial(self.socket.send_str, msgspec.json.encode(word).decode())
        return await self.redraws.both((head, mine), (asker, other), begin=send)


def _number(shown: bytes) -> int:
    return int(msgspec.json.decode(shown)["message_id"])


# -- the programs ------------------------------------------------------------------------------


@asynccontextmanager
async def on_telegram(folder: Path, api: BotApi, url: str, requests: int) -> AsyncIterator[Stage]:
    config = arms.ours_in(folder / TELEGRAM, url, "1:ours")
    cases = asked(load(config, {}), ON_TELEGRAM, yesterday_morning(), requests)
    arm = await asyncio.to_thread(arms.start_ours, TELEGRAM, config, "1:ours")
    with arms.stopping([arm]):
        asker, head = ON_TELEGRAM.accounts
        wanted = [(head, f"f.case.ok.{one}.0") for one in cases]
        wanted += [(asker, f"f.case.nudge.{one}") for one in cases]
        async with asyncio.timeout(5 * PATIENCE_SECONDS):
            while not all(one in api.cards for one in wanted):  # noqa: ASYNC110 - no word of it
                await asyncio.sleep(0.05)
        yield OnTelegram(api, arm, await _line(arm), cases)


@asynccontextmanager
async def bare_loop(folder: Path, api: BotApi, url: str, requests: int) -> AsyncIterator[Stage]:
    bare.made(folder / BARE, requests)
    start = partial(arms.start_peer, BARE, ["bench.peers.taps"], folder / BARE, url, "2:bare")
    arm = await asyncio.to_thread(start)
    with arms.stopping([arm]):
        await asyncio.to_thread(arms.wait_ready, arm)
        yield Bare(api, arm, await _line(arm))


@asynccontextmanager
async def on_phones(folder: Path, requests: int) -> AsyncIterator[Stage]:
    home, port = folder / PHONES, arms.free_port()
    words = [sys.executable, "-m", "bot", "demo", "--port", str(port), "--data", str(home)]
    settings = settings_for(home, port, "customer-service")

    def started() -> Arm:
        process = subprocess.Popen(words, stdout=subprocess.DEVNULL)
        arms.pinned(process, arms.BOT_CORE)
        arm = Arm(PHONES, "", port, "", home, process)
        arms.wait_ready(arm)
        return arm

    with arms.stopping([await asyncio.to_thread(started)]):
        pass  # the company is made
    cases = asked(settings, ON_PHONES, OPENS, requests)
    with arms.stopping([await asyncio.to_thread(started)]):
        wanted = {f"f.case.nudge.{one}" for one in cases} | {f"f.case.ok.{one}.0" for one in cases}
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not wanted <= {key for _, key in _shown(home)}:  # noqa: ASYNC110 - as above
                await asyncio.sleep(0.2)
        origin = f"http://127.0.0.1:{port}"
        headers = {"Origin": origin}
        async with (
            ClientSession() as session,
            session.ws_connect(f"{origin}/phones/ws", headers=headers) as socket,
        ):
            watch = {"t": "watch", "accounts": list(ON_PHONES.accounts)}
            await socket.send_str(msgspec.json.encode(watch).decode())
            stage = OnPhones(socket, cases, _shown(home))
            listening = asyncio.create_task(stage.listen())
            yield stage
            listening.cancel()


def _shown(home: Path) -> dict[tuple[str, str], int]:
    """Return the cards on the page's phones by account and key of a button."""
    engine = create_engine(f"sqlite:///{home / 'phones' / 'phones.sqlite'}")
    with engine.connect() as connection:
        rows = connection.execute(select(message).where(~message.c.mine)).mappings().all()
    engine.dispose()
    return {
        (row["account"], button.key): row["id"]
        for row in rows
        for line in msgspec.json.decode(row["content"], type=Content).rows
        for button in line
    }


async def _line(arm: Arm) -> Line:
    loop = asyncio.get_running_loop()
    _, line = await loop.create_connection(Line, "127.0.0.1", arm.port)
    return line


# -- the figures -------------------------------------------------------------------------------


def p95(seconds: list[float]) -> float:
    return sorted(seconds)[int(len(seconds) * 0.95)]


async def measure(folder: Path, size: Size) -> dict[str, list[list[float]]]:
    requests = (size.rounds + 1) * size.taps
    api = BotApi()
    url = await api.serve()
    measured: dict[str, list[list[float]]] = {name: [] for name in TITLES}
    async with (
        on_telegram(folder, api, url, requests) as telegram,
        bare_loop(folder, api, url, requests) as loop,
        on_phones(folder, requests) as phones,
    ):
        stages = [(TELEGRAM, telegram), (PHONES, phones), (BARE, loop)]
        for number in range(size.rounds + 1):
            for name, stage in stages[number % 3 :] + stages[: number % 3]:
                taps = range(number * size.taps, (number + 1) * size.taps)
                took = [await stage.tap(at) for at in taps]
                if number:  # the first round warms up
                    measured[name].append(took)
    return measured


def run(effort: Effort = Effort.FULL) -> Section:
    size = SIZES[effort]
    with tempfile.TemporaryDirectory() as folder:
        measured = uvloop.run(measure(Path(folder), size))
    rows = []
    for name, rounds in measured.items():
        slow = [p95(one) for one in rounds]
        times = ratio(slow, [p95(one) for one in measured[BARE]])
        rows.append(
            (
                TITLES[name],
                f"{statistics.median(statistics.median(one) for one in rounds) * 1000:.1f}",
                f"{statistics.median(slow) * 1000:.1f}",
                f"{times:.2f}",
            )
        )
    return Section(
        "taps",
        "From the tap to the card on both phones",
        "One person taps 同意 on the card of a request to read a dossier; the time runs from the "
        "post of the update until the cards of the decider and of the requester are both redrawn. "
        "Ours decides by the chain, the staff list and the clock, writes history and audit in a "
        "durable commit (SQLite, WAL, `synchronous=FULL`) and sends through its outbox; the bare "
        "loop updates one row in a durable commit and edits two messages. The bots run on one "
        f"core, the people and the Bot API on the other. {size.rounds} rounds of {size.taps} taps "
        "in turns; medians of the rounds, and the median of the rounds' ratios.",
        table(("bot", "median, ms", "p95, ms", "p95 to the bare loop's"), rows),
    )
