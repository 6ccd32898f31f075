"""One of two programs on one database, as a process: looks at the clock and sends.

`python -m tests.chaos.two FOLDER URL FILE INSTANT SHARE`: the company, its database, where every
message is noted (process, tab, text), what time it is for ever, and after how many messages the
process ends; it also ends when it is told to.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from bot.app import App
from bot.channels.base import OutFile
from handlers.conversation.messages import Card
from tests.chaos import company
from tests.chaos.letterbox import Letterbox
from tests.fakes.clock import SettableClock

LOOK_SECONDS = 0.02


class Noted(Letterbox):
    """Notes every message in a file that outlives the process; a line is written at once."""

    def __init__(self, file: Path, share: int, enough: Callable[[], None]) -> None:
        super().__init__()
        self._share = share
        self._enough = enough
        self._file = os.open(file, os.O_APPEND | os.O_CREAT | os.O_WRONLY)

    async def send(self, account: str, card: Card, files: tuple[OutFile, ...] = ()) -> str:
        text = card.text.replace("\n", " ")
        os.write(self._file, f"{os.getpid()}\t{text}\n".encode())
        ref = await super().send(account, card, files)
        if self.posted >= self._share:
            self._enough()
        return ref


async def main(folder: str, url: str, file: str, instant: str, share: str) -> None:
    clock, ended = SettableClock(datetime.fromisoformat(instant)), asyncio.Event()
    channel = Noted(Path(file), int(share), ended.set)
    app = App(company.settings_of(Path(folder), url), clock, (channel,))
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    await app.start()
    print("looking", flush=True)  # noqa: T201 - whoever started it waits for this
    while not ended.is_set():
        await app.scan(clock.now())
        await asyncio.sleep(LOOK_SECONDS)
    await app.stop()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
