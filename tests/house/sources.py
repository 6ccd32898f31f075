"""The program's own source files, parsed once."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FLOORS = ("bot", "handlers", "storage", "rules")
LOWER_FLOORS = FLOORS[1:]


@dataclass(frozen=True)
class Source:
    name: str
    """Path from the root of the checkout, with forward slashes."""
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text, self.name)


@lru_cache
def sources(*floors: str) -> tuple[Source, ...]:
    """Return every Python file of these floors, in a fixed order."""
    return tuple(
        Source(path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8"))
        for floor in floors
        for path in sorted((ROOT / floor).rglob("*.py"))
    )
