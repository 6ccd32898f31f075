"""A spreadsheet that is read in slices, however long it is, and what a person is told of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice

import msgspec

from handlers.sheets.sheet import Header, Line, Refused, Row


class Told(msgspec.Struct):
    """What a person is told of an import."""

    refused: list[Refused] = msgspec.field(default_factory=list)
    remarks: list[Refused] = msgspec.field(default_factory=list)
    """About rows that are taken, though somebody should look at them."""
    taken: int = 0
    on_file: int = 0
    """Rows that were taken earlier, and left."""

    def written(self, asked: int, done: int) -> None:
        """Correct the count where somebody else was quicker."""
        self.taken -= asked - done
        self.on_file += asked - done


def sliced(
    lines: Callable[[], Iterator[Line]], header: Header, size: int, refused: list[Refused]
) -> Iterator[tuple[int, list[Row]]]:
    """Yield so many lines below the header at a time: how many, and those that are rows of it.

    What is wrong with the others goes to `refused`.
    """
    rest = iter(lines())
    next(rest, None)
    while part := list(islice(rest, size)):
        rows = [header.row(line, refused) for line in part]
        yield len(part), [row for row in rows if row is not None]
