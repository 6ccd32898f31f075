"""Lets all databases of one process share what SQLAlchemy made of the program's statements.

An engine remembers the text of each statement it was given, and every test opens databases of its
own: without this it spends a third of its time on statements that were written out before. What
is remembered depends on the kind of database alone.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Engine
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.util import LRUCache

ROOM = 4000
"""Statements; the program has some hundreds."""


def share() -> None:
    """Do so for all engines of this process."""
    remembered: LRUCache[Any, Any] = LRUCache(ROOM)
    Engine._compiled_cache = property(lambda _engine: remembered, lambda _engine, _own: None)  # type: ignore[assignment]  # in place of each engine's own
    # part of the key under which a statement is remembered
    DefaultDialect.__eq__ = lambda one, other: type(one) is type(other)  # type: ignore[method-assign]  # as said
    DefaultDialect.__hash__ = lambda one: hash(type(one))  # type: ignore[method-assign]  # as said
