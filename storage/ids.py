"""Row ids that are known before the row is written: blocks reserved ahead, drawn one by one.

A block that is not used up leaves a gap, nothing else. Ids of one block rise; those of several
processes or threads do not tell the order of writing.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection, cast
from sqlalchemy.types import BigInteger, String

from storage.tables import meta
from storage.upsert import insert_of

_KEY = "ids.last"
LOW = 1_024
"""With fewer left, a new block is reserved before the next unit: the largest slice draws 1,000."""


class UsedUp(Exception):
    """A unit drew more ids than were reserved: it runs again with a larger block."""


class Ids(Iterator[int]):
    """Ids for one unit after the other."""

    def __init__(self, block: int) -> None:
        self._left: Iterator[int] = iter(())
        self._count = 0
        self._block = block

    def __next__(self) -> int:
        if not self._count:
            raise UsedUp
        self._count -= 1
        return next(self._left)

    def refill(self, connection: Connection) -> None:
        """Reserve a block when few are left, in a transaction of its own."""
        if self._count < LOW:
            self._reserve(connection)

    def grow(self, connection: Connection) -> None:
        """Reserve a larger block after `UsedUp`."""
        self._block *= 8
        self._reserve(connection)

    def _reserve(self, connection: Connection) -> None:
        with connection.begin():
            block = reserve(connection, self._block)
        self._left, self._count = iter(block), len(block)


def reserve(connection: Connection, size: int) -> range:
    """Return `size` fresh ids. Belongs in a transaction of its own, before the units run."""
    first = insert_of(connection.dialect, meta).values(key=_KEY, value=str(size))
    raised = first.on_conflict_do_update(
        index_elements=[meta.c.key],
        set_={"value": cast(cast(meta.c.value, BigInteger) + size, String)},
    ).returning(meta.c.value)
    end = int(connection.execute(raised).scalar_one())
    return range(end - size + 1, end + 1)


def neighbours(ids: Iterator[int], count: int) -> int:
    """Draw until `count` ids follow each other without a gap, and return the first of them."""
    first = last = next(ids)
    while last - first + 1 < count:
        drawn = next(ids)
        if drawn != last + 1:
            first = drawn
        last = drawn
    return first
