"""The bots that are measured, each a process of its own, and the company that all of them serve.

Ours is the program itself (`dossierbot run`) with a written config.toml; the peers are those of
`bench.peers`. All share one core, the people and the Bot API the other one.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import func, insert, select

from bench.crowd import CUSTOMERS, SECRET, numbers
from bench.names import company_names
from bot.clock import SystemClock
from bot.config import load
from bot.offline import Store
from bot.settings import Settings
from storage import accounts, dossiers, staff
from storage.crypto import Vault
from storage.database import Database
from storage.dossiers import DossierRow
from storage.staff import StaffRow
from storage.tables import visit_note
from storage.unit import Unit

PEOPLE = 64
BOSS = "B001"
READY_SECONDS = 60.0
TICK = os.sysconf("SC_CLK_TCK")

BOT_CORE, CROWD_CORE = 0, 1

CONFIG = """
[company]
name = "测量公司"
[[company.packs]]
pack = "customer-service"
[storage]
url = "{url}"
[http]
port = {port}
public_url = "http://127.0.0.1:{port}"
[telegram]
token = "{token}"
api_base = "{api}"
mode = "webhook"
webhook_secret = "{secret}"
[telegram.limits]
enabled = false
[log]
level = "warning"
"""


def pinned(process: subprocess.Popen[Any], core: int) -> None:
    """Keep a process on one core, where there are two and the system can."""
    if (os.cpu_count() or 1) > 1 and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(process.pid, {core})


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


@dataclass
class Arm:
    """One bot that runs."""

    name: str
    token: str
    port: int
    path: str
    folder: Path
    process: subprocess.Popen[bytes]

    def cpu_seconds(self) -> float:
        """Return what the process has used so far, all threads."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICK

    def rss_mib(self) -> float:
        """Return the memory the process holds."""
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS"):
                return int(line.split()[1]) / 1024
        raise RuntimeError("no VmRSS")

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


# -- the crowd ---------------------------------------------------------------------------------


class Crowd:
    """The process with the people and the Bot API; closed at the end of the `with` block."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench.crowd"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        pinned(self._process, CROWD_CORE)
        self.api = f"http://127.0.0.1:{int(self._line())}"

    def __enter__(self) -> Crowd:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()

    def _line(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("the crowd has ended")
        return line

    def order(self, do: str, arm: Arm, **more: int) -> dict[str, Any]:
        """Let the crowd do something and return what it says."""
        assert self._process.stdin is not None
        order = {"do": do, "token": arm.token, "port": arm.port, "path": arm.path, **more}
        self._process.stdin.write(msgspec.json.encode(order).decode() + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = msgspec.json.decode(self._line())
        return answer


# -- the bots ----------------------------------------------------------------------------------


def ours_in(folder: Path, api: str, token: str, *, url: str = "") -> Path:
    """Write config.toml, key and database of a company for the crowd; return the config."""
    folder.mkdir()
    config = folder / "config.toml"
    text = CONFIG.format(
        url=url or "sqlite:///dossierbot.sqlite",
        port=free_port(),
        token=token,
        api=api,
        secret=SECRET,
    )
    config.write_text(text, encoding="utf-8")
    in_store(load(config, {}), populate)
    return config


def in_store(settings: Settings, work: Any) -> Any:
    """Do one unit of work on the database of `settings`, made where there is none."""
    key = settings.storage.key_file
    vault = Vault.load(key) if key.exists() else Vault.create(key)
    database = Database.open(settings.storage.url, upgrade=True)
    try:
        database.match(vault)
        return Store(database, vault, SystemClock()).run(work)
    finally:
        database.close()


def staff_of(number: int) -> str:
    return f"S{number}"


def populate(unit: Unit) -> None:
    """Write a manager, the crowd's salespeople and their customers."""
    staff.save(unit, StaffRow(BOSS, "王海峰", "销售一部", ("sales_manager",)))
    names = company_names(1)
    for number in numbers(PEOPLE):
        who = staff_of(number)
        row = StaffRow(who, f"业务员{number}", "销售一部", ("salesperson",), superior=BOSS)
        staff.save(unit, row)
        accounts.bind(unit, "telegram", str(number), who)
        rows = [
            DossierRow(next(names), who, number=f"D-{number}-{at}", phone=f"138{number}{at:04}")
            for at in range(CUSTOMERS)
        ]
        dossiers.add_all(unit, rows, by=BOSS)


def start_ours(name: str, config: Path, token: str) -> Arm:
    settings = load(config, {})
    process = subprocess.Popen(
        [sys.executable, "-m", "bot", "run", "--config", str(config)],
        stdout=subprocess.DEVNULL,
    )
    pinned(process, BOT_CORE)
    arm = Arm(name, token, settings.http.port, "/telegram/webhook", config.parent, process)
    wait_ready(arm)
    return arm


def wait_ready(arm: Arm, path: str = "/readyz") -> None:
    """Return when the program says that it takes messages."""
    until = time.monotonic() + READY_SECONDS
    while time.monotonic() < until:
        if arm.process.poll() is not None:
            raise RuntimeError(f"{arm.name} ended with {arm.process.returncode}")
        with (
            suppress(OSError),
            urllib.request.urlopen(f"http://127.0.0.1:{arm.port}{path}", timeout=5) as answer,
        ):
            if answer.status == 200:
                return
        time.sleep(0.005)
    raise RuntimeError(f"{arm.name} is not ready after {READY_SECONDS:.0f} s")


def peer_in(folder: Path) -> None:
    """Write the peers' database with the same people and customers."""
    from bench.peers import fsm_sqlite, note

    assert fsm_sqlite.fsm.metadata is note.metadata
    folder.mkdir()

    async def write() -> None:
        engine = note.durable(folder / "notes.sqlite")
        names = company_names(1)
        async with engine.begin() as connection:
            await connection.run_sync(note.metadata.create_all)
            for number in numbers(PEOPLE):
                who = staff_of(number)
                await connection.execute(
                    insert(note.account).values(account=str(number), staff_id=who)
                )
                rows = [{"name": next(names), "keeper": who} for _ in range(CUSTOMERS)]
                await connection.execute(insert(note.dossier), rows)
        await engine.dispose()

    asyncio.run(write())


def start_peer(name: str, module: list[str], folder: Path, api: str, token: str) -> Arm:
    port = free_port()
    given = {"folder": folder, "api": api, "token": token, "port": port, "secret": SECRET}
    options = [word for key, value in given.items() for word in (f"--{key}", str(value))]
    process = subprocess.Popen([sys.executable, "-m", *module, *options])
    pinned(process, BOT_CORE)
    return Arm(name, token, port, "/webhook", folder, process)


@contextmanager
def stopping(arms: list[Arm]) -> Iterator[None]:
    try:
        yield
    finally:
        for arm in arms:
            arm.stop()


def kept_by_us(config: Path) -> int:
    """Return how many notes our database holds."""
    found: int = in_store(
        load(config, {}),
        lambda unit: unit.session.execute(select(func.count()).select_from(visit_note)).scalar(),
    )
    return found


def kept_by_peer(folder: Path) -> int:
    """Return how many notes a peer's database holds."""
    from bench.peers import note

    async def count() -> int:
        engine = note.durable(folder / "notes.sqlite")
        async with engine.connect() as connection:
            found = await connection.execute(select(func.count()).select_from(note.visit_note))
        await engine.dispose()
        return int(found.scalar_one())

    return asyncio.run(count())


def clear(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
