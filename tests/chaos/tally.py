"""Figures of a campaign, gathered test by test and kept in docs/performance.md at its end."""

from __future__ import annotations

from dataclasses import dataclass

from bench import report


@dataclass(frozen=True)
class Page:
    """One section: what is counted, and how it came about."""

    name: str
    title: str
    what: str
    heads: tuple[str, ...]


def database_of(url: str) -> str:
    """Return how a page calls the kind of database at an address."""
    return "SQLite" if url.startswith("sqlite") else "PostgreSQL"


class Tally:
    def __init__(self) -> None:
        self._rows: dict[Page, list[tuple[str, ...]]] = {}

    def add(self, page: Page, *row: str | int) -> None:
        """Note one line; whoever calls this found nothing wrong."""
        words = tuple(one if isinstance(one, str) else f"{one:,}" for one in row)
        self._rows.setdefault(page, []).append(words)

    def keep(self) -> None:
        for page, rows in self._rows.items():
            figures = report.table(page.heads, rows)
            report.keep(report.Section(page.name, page.title, page.what, figures))
