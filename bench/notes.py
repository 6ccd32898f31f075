"""A visit note of five steps over the webhook: ours against plain bots that file the same note.

Every step of ours is durable; the plain bots keep only the finished note, but for the last one,
whose every step is durable as well. All run at the same time and take turns.
"""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench import arms, inside
from bench.arms import Arm, Crowd
from bench.crowd import CONVERSATION
from bench.report import Effort, Section, ratio, table

OURS, PTB, AIOGRAM, DURABLE = "ours", "ptb", "aiogram", "durable"
TITLES = {
    OURS: "dossierbot",
    PTB: "python-telegram-bot, `ConversationHandler`",
    AIOGRAM: "aiogram, FSM in memory",
    DURABLE: "aiogram, FSM in SQLite",
}
MODULES = {
    PTB: ["bench.peers.ptb"],
    AIOGRAM: ["bench.peers.aiogram_bot", "memory"],
    DURABLE: ["bench.peers.aiogram_bot", "sqlite"],
}
PLAIN = (PTB, AIOGRAM)
AIMS = {1: (1.5, 4.0), 16: (2.5, 8.0), 64: (2.5, 8.0)}
"""By people at once: conversations/s of ours to the best plain bot, and to the durable one."""
SLOWEST_AIM = 0.5
"""p99 of ours to that of the best plain bot, with 16 people."""


@dataclass(frozen=True)
class Size:
    rounds: int
    conversations: dict[int, int]
    """In each round of each arm, by people at once."""


SIZES = {
    Effort.FULL: Size(7, {1: 40, 16: 160, 64: 256}),
    Effort.BRIEF: Size(3, {1: 10, 16: 48, 64: 64}),
    Effort.QUICK: Size(2, {1: 3, 16: 32, 64: 64}),
}


@dataclass(frozen=True)
class Round:
    rate: float
    """Conversations a second."""
    median: float
    slowest: float
    """p99 of the steps; both seconds."""
    cpu: float
    """Seconds of the bot's process for each message."""
    calls: float
    """Calls of the Bot API for each conversation."""


def held(crowd: Crowd, arm: Arm, people: int, conversations: int) -> Round:
    before = arm.cpu_seconds()
    said = crowd.order("talk", arm, people=people, conversations=conversations)
    cpu = arm.cpu_seconds() - before
    took = sorted(one for step in said["took"].values() for one in step)
    return Round(
        rate=conversations / said["seconds"],
        median=statistics.median(took),
        slowest=took[int(len(took) * 0.99)],
        cpu=cpu / len(took),
        calls=said["calls"] / conversations,
    )


def measure(folder: Path, size: Size) -> dict[int, dict[str, list[Round]]]:
    measured: dict[int, dict[str, list[Round]]] = {
        people: {name: [] for name in TITLES} for people in size.conversations
    }
    total = 0
    with Crowd() as crowd:
        running: list[Arm] = []
        with arms.stopping(running):
            config = arms.ours_in(folder / OURS, crowd.api, "1:ours")
            running.append(arms.start_ours(OURS, config, "1:ours"))
            for at, (name, module) in enumerate(MODULES.items(), 2):
                arms.peer_in(folder / name)
                running.append(
                    arms.start_peer(name, module, folder / name, crowd.api, f"{at}:{name}")
                )
            for arm in running:
                crowd.order("ready", arm)
            for people, conversations in size.conversations.items():
                for number in range(size.rounds + 1):
                    for arm in running[number % 4 :] + running[: number % 4]:
                        one = held(crowd, arm, people, conversations)
                        if number:  # the first round warms up
                            measured[people][arm.name].append(one)
                    total += conversations
        _complete(folder, config, total, measured)
    return measured


def _complete(
    folder: Path, config: Path, total: int, measured: dict[int, dict[str, list[Round]]]
) -> None:
    """Make sure that all did the same work: every note kept once, as many calls each."""
    kept = {OURS: arms.kept_by_us(config)}
    kept |= {name: arms.kept_by_peer(folder / name) for name in MODULES}
    assert set(kept.values()) == {total}, (kept, total)
    calls = {one.calls for arm in measured.values() for held in arm.values() for one in held}
    assert len(calls) == 1, calls


def run(effort: Effort = Effort.FULL) -> Section:
    size = SIZES[effort]
    with tempfile.TemporaryDirectory() as folder:
        measured = measure(Path(folder), size)
        within = inside.look(Path(folder) / "inside")
    figures = "\n\n".join((_table(measured), _goals(measured), _where(within)))
    counts = ", ".join(f"{many} with {people}" for people, many in size.conversations.items())
    calls = measured[1][OURS][0].calls
    return Section(
        "notes",
        "A visit note of five steps over the webhook",
        "The same conversation (start, customer, date, what happened, next contact skipped, "
        f"submit: {len(CONVERSATION)} messages, {calls:.0f} calls of the Bot API) held with the "
        "program as it runs (`dossierbot run`, limits off, every step durable: SQLite, WAL, "
        "`synchronous=FULL`) and with plain bots as their libraries' guides have them "
        "(`bench/peers`; uvloop for all). The plain ones keep the finished note in one commit "
        "through SQLAlchemy over aiosqlite; the last keeps its FSM in the same way, a commit for "
        "every change. The bots run on one core; the people and a Bot API that answers at once "
        "are one process on the other. A step lasts from the post of the update until the answer "
        f"arrives at the Bot API. {size.rounds} rounds in turns of {counts} people at once; "
        "medians of the rounds. CPU: user and system time of the bot's process, all threads.",
        figures,
    )


def _where(within: inside.Inside) -> str:
    return (
        "Where the time goes: the same notes by one person within one process, without HTTP, take "
        f"{within.cpu * 1000:.1f} ms of CPU a message ({within.statements:.0f} statements in "
        f"{within.transactions:.1f} transactions, of which {within.durable:.1f} wait for the "
        "disk: take and answer; claims, marks and looks do not). The plain bots write once a "
        "conversation; what they spend is HTTP and their library. With one person a step waits "
        "for its transactions, one after the other; with many, they share commits."
    )


def _median(rounds: Sequence[Round], name: str) -> float:
    return statistics.median(float(getattr(one, name)) for one in rounds)


def _table(measured: dict[int, dict[str, list[Round]]]) -> str:
    rows = [
        (
            str(people),
            TITLES[name],
            f"{_median(rounds, 'rate'):,.1f}",
            f"{_median(rounds, 'median') * 1000:.1f}",
            f"{_median(rounds, 'slowest') * 1000:.1f}",
            f"{_median(rounds, 'cpu') * 1000:.2f}",
        )
        for people, arms_ in measured.items()
        for name, rounds in arms_.items()
    ]
    heads = ("people", "bot", "notes a second", "step, ms", "p99, ms", "CPU a message, ms")
    return table(heads, rows)


def _goals(measured: dict[int, dict[str, list[Round]]]) -> str:
    rows = []
    for people, of in measured.items():
        best = max(PLAIN, key=lambda name: _median(of[name], "rate"))
        for peer, aim in ((best, AIMS[people][0]), (DURABLE, AIMS[people][1])):
            reached = ratio([one.rate for one in of[OURS]], [one.rate for one in of[peer]])
            what = f"notes a second, {people} at once, to {TITLES[peer]}"
            rows.append((what, f"at least {aim}", f"{reached:.2f}"))
        if people == 16:
            best = min(PLAIN, key=lambda name: _median(of[name], "slowest"))
            reached = ratio([one.slowest for one in of[OURS]], [one.slowest for one in of[best]])
            what = f"p99 of a step, {people} at once, to {TITLES[best]}"
            rows.append((what, f"at most {SLOWEST_AIM}", f"{reached:.2f}"))
    return table(("ratio, median of the rounds'", "goal", "reached"), rows)
