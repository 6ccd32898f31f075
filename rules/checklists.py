"""What belongs to a set of papers that is handed over, as data in `packs/_checklists.toml`.

Giver and receiver count on the same list. Guards against the paper that is missing without a
word: a line is given, noted as missing, or marked as not applicable with the reason.
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
from rules.leaves import PARSERS, RuleId
from rules.schema import Reader

FILE = "_checklists.toml"


class Needed(StrEnum):
    """Whether a paper has to be there."""

    ALWAYS = "always"
    APPLICABLE = "applicable"
    """May be marked as not applicable, with a reason."""
    OPTIONAL = "optional"
    """Never a gap."""


class Form(StrEnum):
    """In which form a paper is wanted, or given."""

    ANY = "any"
    ORIGINAL = "original"
    COPY = "copy"
    PHOTO = "photo"


class Item(msgspec.Struct, frozen=True):
    """One line of a checklist."""

    id: str
    """Key in storage; unique within its checklist."""
    zh: str
    en: str
    rule: RuleId
    """Clause that asks for it."""
    form: Form = Form.ANY
    """An original also serves where a copy is wanted."""
    needed: Needed = Needed.ALWAYS
    sides: int = 1
    """Photos asked for; an identity card has two sides."""
    customer_signs: bool = False
    staff_signs: bool = False
    instead: tuple[str, ...] = ()
    """Ids of alternatives of the checklist, any one of which may stand in its place."""
    after: str = ""
    """Id of the line that has to be there before this one can be; empty: none."""
    part: str = ""
    """Heading it stands under, in Chinese; empty: none."""
    part_en: str = ""
    coded: bool = True
    """Whether it gets a number in the file; an annex does not (S4-LOAN.4.4)."""
    certificate: bool = False
    """Whether the number of a certificate is asked for: a title deed."""
    numbered: bool = False
    """Whether it gets a number of its own after that of the file: a contract (S4-LOAN.4.8)."""

    def __post_init__(self) -> None:
        if self.sides < 1:
            raise DomainError("sides of 1 or more")

    @property
    def photos_needed(self) -> int:
        """Photos without which it is not all there: of a photo, or of a paper with two sides."""
        return self.sides if self.form is Form.PHOTO or self.sides > 1 else 0


class Check(msgspec.Struct, frozen=True):
    """One thing the receiver looks at, about the whole set."""

    id: str
    zh: str
    en: str
    rule: RuleId


class Checklist(msgspec.Struct, frozen=True):
    """A named list of what belongs to one handover."""

    id: str
    zh: str
    en: str
    rule: RuleId
    item: tuple[Item, ...]
    """Its lines, in the order of the contents list."""
    alternative: tuple[Item, ...] = ()
    """Papers that count only in the place of a line that names them in `instead`."""
    pages: bool = False
    """Whether every line has its number of pages, cover and all sheets included."""
    checks: tuple[Check, ...] = ()
    """What the receiver confirms one by one before signing."""

    def __post_init__(self) -> None:
        if not self.item:
            raise DomainError("item with at least one")
        for what in ((*self.item, *self.alternative), self.checks):
            ids = [one.id for one in what]
            if len(set(ids)) != len(ids):
                raise DomainError("item ids that differ")
        others = {one.id for one in self.alternative}
        named = {name for one in self.item for name in one.instead}
        if named != others or any(one.instead for one in self.alternative):
            raise DomainError("each alternative in the instead of an item, and no other there")

        if any(one.after and one.after not in {it.id for it in self.item} for one in self.item):
            raise DomainError("after with the id of an item")

    def of(self, name: str) -> Item | None:
        """Return the line or alternative of that id; None: a line somebody added."""
        return next((one for one in (*self.item, *self.alternative) if one.id == name), None)


class _File(msgspec.Struct, frozen=True):
    list: tuple[Checklist, ...]


@lru_cache(maxsize=1)
def checklists() -> Mapping[str, Checklist]:
    """Return every checklist by id.

    Raises:
        PolicyError: the package's file is broken.
    """
    text = files("rules").joinpath("packs", FILE).read_text("utf-8")
    read = Reader(FILE, PARSERS).read(_File, tomllib.loads(text))
    return MappingProxyType({one.id: one for one in read.list})


def checklist(name: str) -> Checklist:
    """Return the checklist of that id.

    Raises:
        DomainError: no such checklist.
    """
    try:
        return checklists()[name]
    except KeyError:
        raise DomainError(f"no checklist {name!r}") from None
