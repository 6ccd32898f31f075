"""A platform that keeps every message it was given, and with it what the reader was told.

It takes no time and forgets nothing, so that years pass in minutes; the bot is not asked.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, replace
from itertools import count

from bot.channels.base import Capabilities, ChannelError, Desk, Outcome, OutFile
from handlers.conversation.messages import Card, Inbound, InFile
from tests.chaos.loan_oracle import ABOVE, DUE, INCIDENT, LEFT, OVERDUE, Said
from tests.fakes.channel import PHONE

_NUMBER = r"(?P<number>借-\d{4}-\d{4,})"
_SAID = {
    OVERDUE: re.compile(rf"{_NUMBER} .*，已逾期（第 (?P<count>\d+) 次逾期通知"),
    DUE: re.compile(rf"{_NUMBER} .*：应还.*（第 \d+ 次提醒"),
    INCIDENT: re.compile(rf"{_NUMBER} .*，已作为事件上报（"),
    LEFT: re.compile(rf"已离职，{_NUMBER} .*请督促收回"),
    ABOVE: re.compile(rf"尚未归还{_NUMBER} "),
}
_HELD_UP = re.compile(r"服务中断期间，另有 (\d+) 条提醒未能发出")


@dataclass(frozen=True)
class Letter:
    """One message, as its reader has it."""

    account: str
    text: str

    def said(self) -> Counter[Said]:
        """Return what it says about loans."""
        return Counter(
            Said(self.account, one.number, one.what, one.count, one.held_up)
            for one in understood(self.text, _SAID)
        )


@dataclass(frozen=True)
class Line:
    """What a line of a message says, with the line about earlier ones below it."""

    number: str
    what: str
    count: int
    """The how-manieth notice; 0: it does not say."""
    held_up: int = 0
    """Earlier ones that it stands for."""


def understood(text: str, patterns: Mapping[str, re.Pattern[str]]) -> list[Line]:
    """Return the lines of a message that fit one of the patterns, by what that one means."""
    found: list[Line] = []
    for line in text.splitlines():
        if held_up := _HELD_UP.search(line):
            if found:
                found[-1] = replace(found[-1], held_up=int(held_up[1]))
            continue
        for what, words in patterns.items():
            if match := words.search(line):
                times = int(match.groupdict().get("count") or 0)
                found.append(Line(match["number"], what, times))
                break
    return found


class Letterbox:
    """A `Channel`; `letters` are the messages since they were last taken."""

    name = "phones"
    capabilities: Capabilities = PHONE

    def __init__(self, passing: Callable[[], None] = lambda: None) -> None:
        """`passing`: called before and after each message; raises when the bot is no more."""
        self.letters: list[Letter] = []
        self.posted = 0
        """How many there were in all."""
        self._passing = passing
        self._fresh = count(1)

    def taken(self) -> list[Letter]:
        """Return the messages since the last time."""
        letters, self.letters = self.letters, []
        return letters

    async def open(self, desk: Desk) -> None:
        """Nothing is needed."""

    async def start(self) -> None:
        """Nothing comes in by itself."""

    async def stop(self) -> None:
        """Nothing to wait for."""

    async def close(self) -> None:
        """Nothing was opened."""

    async def send(self, account: str, card: Card, _files: tuple[OutFile, ...] = ()) -> str:
        self._passing()
        self.letters.append(Letter(account, card.text))
        self.posted += 1
        self._passing()
        return f"m{next(self._fresh)}"

    async def edit(self, _account: str, ref: str, _card: Card) -> str:
        self._passing()
        return ref

    async def delete(self, account: str, ref: str) -> None:
        """What was shown is not looked at again."""

    async def answer_tap(self, inbound: Inbound, alert: str) -> None:
        """Nobody taps."""

    async def fetch(self, file: InFile) -> AsyncIterator[bytes]:
        raise ChannelError(Outcome.GONE, file.ref)
        yield b""

    async def menu(self, account: str, entries: tuple[tuple[str, str], ...]) -> None:
        """Menus are not looked at."""

    async def leave(self, chat: str) -> None:
        """There are no groups."""
