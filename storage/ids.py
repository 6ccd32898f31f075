"""Row ids that are known before the row is written: blocks reserved ahead, drawn one by one.

A block that is not used up leaves a gap, nothing else; ids rise, so they also order messages.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection, cast, insert, select, update
from sqlalchemy.types import BigInteger, String

from storage.tables import meta

_KEY = "ids.last"


def reserve(connection: Connection, size: int) -> range:
    """Return `size` fresh ids. Belongs in a transaction of its own, before the units run."""
    last = cast(meta.c.value, BigInteger)
    raised = connection.execute(
        update(meta).where(meta.c.key == _KEY).values(value=cast(last + size, String))
    )
    if not raised.rowcount:
        connection.execute(insert(meta).values(key=_KEY, value=str(size)))
    end = int(connection.execute(select(meta.c.value).where(meta.c.key == _KEY)).scalar_one())
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
