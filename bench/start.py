"""How long the program takes to be ready, what it holds when idle, and whether it grows.

The peer is a bare interpreter that imports the very libraries that ours has imported when it is
ready, and nothing of ours.
"""

from __future__ import annotations

import compileall
import importlib.util
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from bench import arms
from bench.arms import Arm, Crowd
from bench.report import Effort, Section, ratio, table
from bot.config import load

TOKEN = "1:ours"  # noqa: S105 - of our own Bot API
START_AIM = 1.5
IDLE_AIM_MIB = 110
GROWTH_AIM = 0.10
PEOPLE = 16
SETTLE_SECONDS = 2.0
OURS = ("bot", "handlers", "storage", "rules", "bench")


@dataclass(frozen=True)
class Size:
    rounds: int
    conversations: int


SIZES = {
    Effort.FULL: Size(9, 10_000),
    Effort.BRIEF: Size(5, 1_000),
    Effort.QUICK: Size(2, 100),
}


def compiled() -> None:
    """Compile our modules, as an installation does: of the libraries it was done as well."""
    root = Path(__file__).resolve().parent.parent
    for name in OURS:
        if not compileall.compile_dir(root / name, quiet=1):
            raise RuntimeError(f"{name} cannot be compiled")


def libraries(config: Path) -> list[str]:
    """Return the third-party modules that the program has imported when it is ready, in order."""
    said = config.parent / "imports"
    with said.open("w", encoding="utf-8") as file:  # a pipe would be full before it is ready
        process = subprocess.Popen(
            [sys.executable, "-X", "importtime", "-m", "bot", "run", "--config", str(config)],
            stdout=subprocess.DEVNULL,
            stderr=file,
        )
    arm = Arm("importing", TOKEN, load(config, {}).http.port, "", config.parent, process)
    with arms.stopping([arm]):
        arms.wait_ready(arm)
    lines = said.read_text(encoding="utf-8").splitlines()
    imported = [
        line.rsplit("|", 1)[1].strip() for line in lines if line.startswith("import time:")
    ]
    return [name for name in imported if is_library(name.partition(".")[0])]


@cache
def is_library(package: str) -> bool:
    """Whether a top-level package was installed: not Python's own, not ours."""
    if package in OURS or package in sys.stdlib_module_names:
        return False
    try:
        spec = importlib.util.find_spec(package)
    except ValueError:  # made by another one while it was imported
        return False
    return spec is not None and sysconfig.get_path("purelib") in str(spec.origin or "")


def importing(names: Path) -> float:
    """Return how many seconds a bare interpreter takes to import them and end."""
    program = (
        "import importlib, os\n"
        f"for name in open({str(names)!r}).read().split():\n"
        "    try: importlib.import_module(name)\n"
        "    except ImportError: pass\n"  # a library that looks for another one
        "os._exit(0)\n"
    )
    began = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-c", program])
    arms.pinned(process, arms.BOT_CORE)
    if process.wait():
        raise RuntimeError("the libraries cannot be imported")
    return time.perf_counter() - began


def starting(config: Path, crowd: Crowd) -> float:
    """Return how many seconds the program takes until it says that it is ready."""
    began = time.perf_counter()
    arm = arms.start_ours("ours", config, TOKEN)
    seconds = time.perf_counter() - began
    with arms.stopping([arm]):
        crowd.order("ready", arm)  # it ends in peace, with all menus set
    return seconds


@dataclass(frozen=True)
class Memory:
    idle: float
    """MiB when it is ready and has nothing to do."""
    warm: float
    """After the first conversations."""
    after: float
    """After all of them."""


def memory(config: Path, crowd: Crowd, conversations: int) -> Memory:
    arm = arms.start_ours("ours", config, TOKEN)
    with arms.stopping([arm]):
        crowd.order("ready", arm)
        time.sleep(SETTLE_SECONDS)
        idle = arm.rss_mib()
        crowd.order("talk", arm, people=PEOPLE, conversations=conversations // 50)
        warm = arm.rss_mib()
        crowd.order("talk", arm, people=PEOPLE, conversations=conversations)
        time.sleep(SETTLE_SECONDS)
        return Memory(idle, warm, arm.rss_mib())


def run(effort: Effort = Effort.FULL) -> Section:
    size = SIZES[effort]
    compiled()
    with tempfile.TemporaryDirectory() as base, Crowd() as crowd:
        folder = Path(base)
        config = arms.ours_in(folder / "ours", crowd.api, TOKEN)
        names = folder / "libraries"
        found = libraries(config)
        names.write_text("\n".join(found), encoding="utf-8")
        importing(names)
        ours, bare = [], []
        for _ in range(size.rounds):
            ours.append(starting(config, crowd))
            bare.append(importing(names))
        kept = memory(config, crowd, size.conversations)
    rows = (
        (
            "cold start to ready",
            f"{statistics.median(ours):.2f} s",
            "",
        ),
        (f"importing the same {len(found)} modules", f"{statistics.median(bare):.2f} s", ""),
        ("ratio, median of the rounds'", f"{ratio(ours, bare):.2f}", f"at most {START_AIM}"),
        ("memory when idle", f"{kept.idle:.0f} MiB", f"at most {IDLE_AIM_MIB} MiB"),
        (f"after {size.conversations // 50:,} conversations", f"{kept.warm:.0f} MiB", ""),
        (f"after {size.conversations:,} more", f"{kept.after:.0f} MiB", ""),
        (
            "growth from idle to the end",
            f"{kept.after / kept.idle - 1:.1%}",
            f"at most {GROWTH_AIM:.0%}",
        ),
        ("growth from warm to the end", f"{kept.after / kept.warm - 1:.1%}", ""),
    )
    return Section(
        "start",
        "Start and memory",
        "`dossierbot run` with Telegram over a webhook, from its start until `/readyz` agrees, "
        "against a bare interpreter that imports the same third-party modules and ends; "
        f"{size.rounds} times in turns on one core, files in the cache and all modules compiled. "
        "The Bot API answers at once. Memory is what the process holds (RSS); the conversations "
        f"are visit notes of {PEOPLE} people at once.",
        table(("", "reached", "goal"), rows),
    )
