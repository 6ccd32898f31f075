"""Field lists of a dossier and of a visit note, as data in `packs/_fields.toml`.

Each field knows whether it is personal data, so that masking and consent need no second list.
Guards against a field that appears in a form but not in the policy's privacy rules.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from enum import StrEnum
from functools import lru_cache
from importlib.resources import files
from types import MappingProxyType

import msgspec

from rules.clauses import all_clauses
from rules.errors import DomainError
from rules.schema import Reader

FILE = "_fields.toml"


class FieldKind(StrEnum):
    """How a field is asked and checked."""

    TEXT = "text"
    PHONE = "phone"
    POSTCODE = "postcode"
    DATE = "date"
    TIME = "time"
    NUMBER = "number"
    CHOICE = "choice"
    YES_NO = "yes_no"
    CUSTOMER = "customer"
    ATTACHMENTS = "attachments"


class Choice(msgspec.Struct, frozen=True):
    """One answer of a choice field."""

    code: str
    zh: str
    en: str


class FieldSpec(msgspec.Struct, frozen=True):
    """One field of a list."""

    id: str
    """Key in storage and in spreadsheets; unique within its list, equal ids mean one field."""
    zh: str
    en: str
    kind: FieldKind
    rules: tuple[str, ...]
    """Ids of the clauses that ask for it, one per regulation; never empty."""
    personal: bool = False
    """Whether it is personal data of a natural person: masked, encrypted, needs consent."""
    paper: bool = False
    """Whether it lists papers filed as originals: what is there is added to, not altered."""
    group: str = ""
    """Group within the list, such as `basic`; empty if the list has none."""
    choices: tuple[Choice, ...] = ()
    """Answers of a choice field, in the order shown."""

    def __post_init__(self) -> None:
        if (self.kind is FieldKind.CHOICE) != bool(self.choices):
            raise DomainError("choices for the kind choice, and for no other")
        if not self.rules or any(rule not in all_clauses() for rule in self.rules):
            raise DomainError("rules of the catalogue")

    def rule(self, sources: tuple[str, ...] = ()) -> str:
        """Return the clause to show: the one from a policy's `sources`, else the first."""
        ours = (rule for rule in self.rules if rule.partition(".")[0] in sources)
        return next(ours, self.rules[0])


class FieldList(msgspec.Struct, frozen=True):
    """A named list of fields."""

    id: str
    zh: str
    en: str
    field: tuple[FieldSpec, ...]
    """Its fields, in the order asked."""

    def __post_init__(self) -> None:
        ids = [spec.id for spec in self.field]
        if len(set(ids)) != len(ids):
            raise DomainError("field ids that differ")


class _File(msgspec.Struct, frozen=True):
    list: tuple[FieldList, ...]


@lru_cache(maxsize=1)
def field_lists() -> Mapping[str, FieldList]:
    """Return every field list by id.

    Raises:
        PolicyError: the package's file is broken.
    """
    text = files("rules").joinpath("packs", FILE).read_text("utf-8")
    read = Reader(FILE, {}).read(_File, tomllib.loads(text))
    return MappingProxyType({one.id: one for one in read.list})


def field_list(name: str) -> FieldList:
    """Return the field list of that id.

    Raises:
        DomainError: no such list.
    """
    try:
        return field_lists()[name]
    except KeyError:
        raise DomainError(f"no field list {name!r}") from None


def combined(names: tuple[str, ...]) -> tuple[FieldSpec, ...]:
    """Return the fields of several lists in order; a field in two lists comes once, the first."""
    found: dict[str, FieldSpec] = {}
    for name in names:
        for spec in field_list(name).field:
            found.setdefault(spec.id, spec)
    return tuple(found.values())
