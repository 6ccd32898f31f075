"""Finding one customer among a million, as the picker asks: access applied, one page.

The same register lies in SQLite and on a PostgreSQL server. A note is filed in it and in a
register of a thousand, in turns, on either database.
"""

from __future__ import annotations

import asyncio
import random
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import uvloop

from bench import register
from bench.report import Effort, Section, ratio, table
from bench.walk import Walk, walking
from bot.clock import SystemClock
from bot.policies import policies_of
from bot.settings import Company, Pack, Settings, Storage
from handlers import FEATURES
from handlers.conversation import pickers
from handlers.world import Registry, World
from rules.calendar import china
from storage import staff
from storage.crypto import Vault
from storage.database import Database
from storage.names import ascii_only, core, dossier_keys, normalise
from storage.session import Session
from storage.unit import Unit
from tests.fakes import postgres

LARGE, SMALL = 1_000_000, 1_000
AIMS_MS = {"SQLite": 5.0, "PostgreSQL": 15.0}
STEP_AIM = 1.3
CLOCK = SystemClock()


@dataclass(frozen=True)
class Size:
    large: int
    words: int
    """Questions of each kind."""
    notes: int
    """Filed in each register."""


SIZES = {
    Effort.FULL: Size(LARGE, 400, 60),
    Effort.BRIEF: Size(20_000, 200, 10),
    Effort.QUICK: Size(20_000, 20, 4),
}


def settings_for(folder: Path, url: str = "") -> Settings:
    """Return the settings of a register; `url`: of the server it lies on, else SQLite."""
    return Settings(
        company=Company(name="测量公司", packs=(Pack(pack="customer-service"),)),
        storage=Storage(
            url=url or f"sqlite:///{folder / 'dossierbot.sqlite'}",
            attachments=folder / "attachments",
            key_file=folder / "dossierbot.key",
        ),
    )


# -- what people type --------------------------------------------------------------------------


def part_of(text: str, length: int, chance: random.Random) -> str:
    at = chance.randrange(max(1, len(text) - length + 1))
    return text[at : at + length]


def anywhere(length: int) -> Callable[[register.Customer, random.Random], str]:
    return lambda one, chance: part_of(normalise(one.name), length, chance)


def in_core(length: int) -> Callable[[register.Customer, random.Random], str]:
    return lambda one, chance: part_of(core(one.name), length, chance)


def initials(one: register.Customer, chance: random.Random) -> str:
    """Return two to four letters of what the customer is found by in Latin letters."""
    key = min(dossier_keys(one.name), key=len)
    return ascii_only(key)[: chance.choice((2, 3, 4))]


def pinyin(one: register.Customer, chance: random.Random) -> str:
    """Return the beginning of a name in pinyin, as far as somebody types it."""
    key = max(dossier_keys(one.name), key=len)
    return ascii_only(key)[: chance.choice((4, 6, 8))]


KINDS: dict[str, Callable[[register.Customer, random.Random], str]] = {
    "2 characters of what it is called": in_core(2),
    "3 characters of what it is called": in_core(3),
    "4 characters of what it is called": in_core(4),
    "2 characters from anywhere (有限, 科技)": anywhere(2),
    "3 characters from anywhere": anywhere(3),
    "4 characters from anywhere": anywhere(4),
    "pinyin initials, 2 to 4": initials,
    "pinyin, 4 to 8 letters": pinyin,
    "phone tail": lambda one, _: one.phone[-4:],
}


class Took(NamedTuple):
    """Seconds of one page."""

    waited: float
    computed: float
    """Of them on the processor, by this process: what other programs do does not add to it."""


class Desk:
    """Asks as the picker does, for one viewer after the other."""

    def __init__(self, settings: Settings) -> None:
        self._database = Database.open(settings.storage.url, upgrade=True, alone=False)
        self._vault = Vault.load(settings.storage.key_file)
        self._world = World(policies_of(settings.company), china(), Registry(FEATURES))
        self._connection = self._database.engine.connect()
        self._session = Session(self._connection)

    def ask(self, viewer: str, words: str) -> Took:
        """Return how long one page took."""
        person = staff.get(self._session, viewer)
        assert person is not None
        unit = Unit(self._session, self._vault, iter(()), CLOCK.now())
        ctx = self._world.context(unit, person, "telegram", "1", unit.now)
        began, used = time.perf_counter(), time.thread_time()
        pickers.dossiers(ctx, words, 0)
        return Took(time.perf_counter() - began, time.thread_time() - used)

    def close(self) -> None:
        self._connection.close()
        self._database.close()


def asked(settings: Settings, size: int, many: int) -> dict[str, list[Took]]:
    """Return how long each question took, by its kind; the kinds take turns."""
    desk, chance = Desk(settings), random.Random(register.SEED)
    took: dict[str, list[Took]] = {kind: [] for kind in KINDS}
    for turn in range(many + 10):
        for kind, words in KINDS.items():
            one = register.customer(chance.randrange(size))
            viewer = register.keeper(chance.randrange(size), size)
            page = desk.ask(viewer, words(one, chance))
            if turn >= 10:  # the first ones compile the statements
                took[kind].append(page)
    desk.close()
    return took


# -- a note in a small and in a large register -------------------------------------------------


async def filed(registers: dict[str, Settings], many: int) -> dict[str, dict[str, list[float]]]:
    """Return how long each step took in each register."""
    took: dict[str, dict[str, list[float]]] = {name: {} for name in registers}
    async with walking(registers["small"]) as small, walking(registers["large"]) as large:
        walks: dict[str, Walk] = {"small": small, "large": large}
        chance = random.Random(register.SEED)
        names = [core(register.customer(number).name) for number in range(SMALL)]
        names = [one for one in names if len(one) > 2]  # a whole name is taken without a list
        for turn in range(many + 5):
            words = part_of(chance.choice(names), 2, chance)
            account = str(100_000 + turn % 2)
            for name in sorted(walks, reverse=bool(turn % 2)):
                for step, seconds in (await walks[name].note(account, words)).items():
                    if turn >= 5:
                        took[name].setdefault(step, []).append(seconds)
    return took


@contextmanager
def registers(base: Path, size: int) -> Iterator[dict[str, dict[str, Settings]]]:
    """Yield the settings of a small and a large register on either database."""
    made: dict[str, dict[str, Settings]] = {name: {} for name in AIMS_MS}
    place = postgres.folder()
    server = postgres.Server.make(place)
    server.start({"fsync": "on", "shared_buffers": "256MB"})
    try:
        for name, many in (("small", SMALL), ("large", size)):
            folder = base / name
            folder.mkdir()
            register.write_sqlite(folder, many)
            made["SQLite"][name] = settings_for(folder)
            server.create(name)
            register.copy_to_server(folder, server.url(name))
            made["PostgreSQL"][name] = settings_for(folder, server.url(name))
        yield made
    finally:
        server.stop("immediate")
        shutil.rmtree(place)


def run(effort: Effort = Effort.FULL) -> Section:
    size = SIZES[effort]
    parts = []
    with tempfile.TemporaryDirectory() as base, registers(Path(base), size.large) as made:
        for database, of in made.items():
            took = asked(of["large"], size.large, size.words)
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                steps = runner.run(filed(of, size.notes))
            parts += [f"### {database}", _asked(took, AIMS_MS[database]), _steps(steps)]
    return Section(
        "search",
        f"One customer among {size.large:,}",
        "One page of the picker (`handlers.conversation.pickers.dossiers`: "
        "`storage.search.find_dossiers` and what the asker may see of each) for a salesperson "
        f"with {register.PER_KEEPER} dossiers of their own, one reading connection, "
        f"{size.words} questions of each kind in turns, each asked once; computing is the time on "
        "the processor without the server's, to which a busy machine adds little. Below it: the "
        "steps of a visit note (from the message to its commit, no platform) in that register and "
        f"in one of {SMALL:,}, {size.notes} notes in each in turns.",
        "\n\n".join(parts),
    )


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.2f}"


def _p95(values: list[float]) -> float:
    return sorted(values)[int(len(values) * 0.95)]


def _asked(took: dict[str, list[Took]], aim: float) -> str:
    rows = []
    for kind, pages in took.items():
        waited = [one.waited for one in pages]
        computed = _p95([one.computed for one in pages])
        times = (statistics.median(waited), _p95(waited), max(waited), computed)
        rows.append((kind, *map(_ms, times), f"{aim:.0f}"))
    heads = ("median, ms", "p95, ms", "slowest, ms", "p95 of computing, ms", "goal for p95, ms")
    return table(("words", *heads), rows)


def _steps(took: dict[str, dict[str, list[float]]]) -> str:
    rows = [
        (
            step,
            _ms(statistics.median(small)),
            _ms(statistics.median(took["large"][step])),
            f"{ratio(took['large'][step], small):.2f}",
            f"at most {STEP_AIM}",
        )
        for step, small in took["small"].items()
    ]
    whole = {
        name: [sum(one) for one in zip(*of.values(), strict=True)] for name, of in took.items()
    }
    rows.append(
        (
            "whole note",
            _ms(statistics.median(whole["small"])),
            _ms(statistics.median(whole["large"])),
            f"{ratio(whole['large'], whole['small']):.2f}",
            f"at most {STEP_AIM}",
        )
    )
    heads = ("step", f"{SMALL:,}, ms", "large, ms", "ratio, median of the notes'", "goal")
    return table(heads, rows)
