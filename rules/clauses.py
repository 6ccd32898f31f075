"""The wording of every rule: what a card shows beside a deadline, a refusal or a charge.

Loaded once from the package's `clauses/*.toml`. An id that is not there is a mistake of the
program or of a policy, so asking for it raises instead of showing an empty clause.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from enum import StrEnum
from functools import lru_cache
from importlib.resources import files
from types import MappingProxyType

import msgspec

from rules.errors import DomainError


class Treat(StrEnum):
    """What the program does with a rule."""

    ENFORCE = "enforce"
    """Checked, timed, routed, computed, recorded or refused."""
    PROMPT = "prompt"
    """Happens off screen: asked, reminded, answer recorded."""
    STATE = "state"
    """Purpose, scope or effective date; shown as text only."""


class Regulation(msgspec.Struct, frozen=True):
    """One regulation of the catalogue."""

    id: str
    zh: str
    en: str


class Clause(msgspec.Struct, frozen=True):
    """One rule of a regulation."""

    id: str
    """For example `S1-07.2.3a`; begins with the regulation's id."""
    zh: str
    """The rule in plain Chinese."""
    kinds: tuple[str, ...]
    """What it is about: deadline, approval, secrecy and so on."""
    treat: Treat

    @property
    def regulation(self) -> str:
        """Id of the regulation it belongs to."""
        return self.id.partition(".")[0]


class UnknownClause(DomainError, KeyError):
    """No rule of the catalogue has that id."""

    def __str__(self) -> str:
        return str(self.args[0]) if self.args else "unknown clause"


@lru_cache(maxsize=1)
def _loaded() -> tuple[Mapping[str, Regulation], Mapping[str, Clause]]:
    regulations: dict[str, Regulation] = {}
    clauses: dict[str, Clause] = {}
    folder = files("rules").joinpath("clauses")
    for file in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if not file.name.endswith(".toml"):
            continue
        data = tomllib.loads(file.read_text("utf-8"))
        for row in data["regulation"]:
            regulations[row["id"]] = Regulation(row["id"], row["zh"], row["en"])
        for row in data["clause"]:
            if row["id"] in clauses:
                raise DomainError(f"{file.name}: clause {row['id']} is there twice")
            kinds, treat = tuple(row["kind"]), Treat(row["treat"])
            clauses[row["id"]] = Clause(row["id"], row["zh"], kinds, treat)
    return MappingProxyType(regulations), MappingProxyType(clauses)


def clause(rule: str) -> Clause:
    """Return the clause of that rule id.

    Raises:
        UnknownClause: no such rule (a `DomainError` and a `KeyError`).
    """
    try:
        return _loaded()[1][rule]
    except KeyError:
        raise UnknownClause(f"no clause {rule!r}") from None


def all_clauses() -> Mapping[str, Clause]:
    """Return every clause by id, in the order of the catalogue's files."""
    return _loaded()[1]


def regulations() -> Mapping[str, Regulation]:
    """Return every regulation by id."""
    return _loaded()[0]
