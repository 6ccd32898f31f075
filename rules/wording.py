"""A company's own wording of clauses, laid over the catalogue's (CONTRACT 3.7).

Only the text changes: what the program does with a rule stays as it is. Guards against a wording
under an id that no clause has, which nobody would ever see.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import msgspec
from msgspec.structs import replace

from rules.clauses import Clause, all_clauses
from rules.errors import DomainError
from rules.leaves import PARSERS, Text
from rules.schema import Reader
from rules.written import toml


class _Own(msgspec.Struct, frozen=True):
    id: Text
    zh: Text

    def __post_init__(self) -> None:
        if self.id not in all_clauses():
            raise DomainError("the id of a clause, such as 'S1-07.2.3a'")


class _File(msgspec.Struct, frozen=True):
    clause: tuple[_Own, ...]

    def __post_init__(self) -> None:
        ids = [one.id for one in self.clause]
        if twice := next((one for one in ids if ids.count(one) > 1), None):
            raise DomainError(f"each clause once, and {twice} is there twice")


def reworded(text: str, file: str) -> Mapping[str, Clause]:
    """Return every clause by id, those of a TOML text `[[clause]] id, zh` in its words.

    Raises:
        PolicyError: not TOML, an unknown key or id, or an id that is there twice.
    """
    own = Reader(file, PARSERS).read(_File, toml(text, file))
    words = {one.id: one.zh for one in own.clause}
    return MappingProxyType(
        {
            id_: replace(clause, zh=words[Text(id_)]) if id_ in words else clause
            for id_, clause in all_clauses().items()
        }
    )
