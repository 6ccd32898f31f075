"""Prints a benchmark's figures and keeps the last ones in docs/performance.md."""

from __future__ import annotations

import os
import platform
import re
import sqlite3
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

PAGE = Path(__file__).resolve().parent.parent / "docs" / "performance.md"

HEAD = """# Performance

Figures of `make bench`, which writes this page. They are ratios taken in one run on one machine;
absolute rates say how fast that machine was.
"""


class Effort(StrEnum):
    FULL = "full"
    BRIEF = "brief"
    """Fewer rounds, where time is short; kept as well."""
    QUICK = "quick"
    """A trial of the benchmark itself; its figures are not kept."""


@dataclass(frozen=True)
class Section:
    name: str
    title: str
    what: str
    """How it was measured."""
    figures: str


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def ratio(mine: Sequence[float], peer: Sequence[float]) -> float:
    """Return the median of the rounds' ratios."""
    return statistics.median(a / b for a, b in zip(mine, peer, strict=True))


def machine() -> str:
    return (
        f"Measured with Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, "
        f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores; "
        f"load average at the end {os.getloadavg()[0]:.1f}."
    )


def keep(section: Section) -> None:
    """Put `section` in its place on the page; other sections stay as they are."""
    body = "\n\n".join((f"## {section.title}", section.what, section.figures, machine()))
    block = f"<!-- bench:{section.name} -->\n{body}\n<!-- /bench:{section.name} -->"
    page = PAGE.read_text(encoding="utf-8") if PAGE.exists() else HEAD
    place = re.compile(
        rf"<!-- bench:{section.name} -->.*?<!-- /bench:{section.name} -->", re.DOTALL
    )
    if place.search(page):
        page = place.sub(lambda _: block, page)
    else:
        page = f"{page.rstrip()}\n\n{block}\n"
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(page, encoding="utf-8")
