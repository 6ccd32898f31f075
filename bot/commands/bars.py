"""Bars on the terminal for an import that reads a long sheet, checks it and writes it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from handlers.texts import N_, Texts

READING = N_("Reading")
CHECKING = N_("Checking")
WRITING = N_("Writing")


def with_bars(
    texts: Texts,
    survey: Callable[[Callable[[int], None]], int],
    slices: Callable[[], Iterator[int]],
    *,
    dry_run: bool,
) -> None:
    """Read a sheet once by `survey`, which returns its rows, then go through `slices` of it."""
    bars = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
    )
    words = texts.t
    with bars:
        reading = bars.add_task(words(READING), total=None)
        count = survey(lambda seen: bars.update(reading, completed=seen))
        bars.update(reading, total=count, completed=count)
        checking = bars.add_task(words(CHECKING), total=count)
        writing = None if dry_run else bars.add_task(words(WRITING), total=count)
        for done in slices() if count else ():
            for bar in (checking, writing):
                if bar is not None:
                    bars.advance(bar, done)
