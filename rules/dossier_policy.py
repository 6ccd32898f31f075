"""`[dossier]` of a policy: what a dossier is, how it is numbered and graded, who reads it.

Closed by default: who is no reader asks for an approval. Guards against content of a grade in a
chat that may not carry it (C-01).
"""

from __future__ import annotations

import string
from collections.abc import Mapping
from enum import StrEnum

import msgspec

from rules.customer_kinds import CustomerKind, kind_field
from rules.errors import DomainError
from rules.fields import FieldSpec, combined, field_lists
from rules.leaves import RoleCode, RuleId, Text
from rules.secrecy import AccessLevel, Grade

CHANNELS = frozenset({"telegram", "wecom", "phones"})
"""What a ceiling can be set for; `phones` is the page of pretend phones."""


class Consent(StrEnum):
    """For whom a dossier is opened only with recorded consent."""

    NONE = "none"
    NATURAL_PERSONS = "natural_persons"
    ALL = "all"


class Superiors(StrEnum):
    """How far above the keeper the right to read reaches."""

    NONE = "none"
    DIRECT = "direct"
    CHAIN = "chain"


class ReaderRule(msgspec.Struct, frozen=True):
    """A role that reads without asking, and the clause that says so."""

    role: RoleCode
    rule: RuleId
    levels: tuple[AccessLevel, ...] = ()
    """Access levels it is limited to; empty: all."""


class DossierPolicy(msgspec.Struct, frozen=True):
    """`[dossier]`: what a dossier is and who sees it."""

    key: str
    """What there is one dossier for: `customer`, `vin`."""
    number: str
    """Pattern of dossier numbers with {year} and {seq}, such as `KH-{year}-{seq:04d}`."""
    default_grade: Grade
    levels: bool
    """Whether dossiers have access levels (S1-07)."""
    chat_ceiling: Mapping[str, Grade]
    """Highest grade whose content may appear in a chat, by channel."""
    fields: tuple[Text, ...]
    """Field lists by name, in the order asked."""
    consent: Consent
    superiors: Superiors
    """How far above the keeper the right to read reaches."""
    readers: tuple[ReaderRule, ...]
    rule: RuleId
    """Clause behind the closed default."""
    keepers: Mapping[str, RoleCode] = msgspec.field(default_factory=dict)
    """By access level, whose business keeping such dossiers is; empty without levels."""
    ceiling_approved: Text | None = None
    """Record of the general manager's approval of a higher ceiling for Telegram (C-01)."""
    deal_rule: RuleId | None = None
    """Clause by which the dossier is consulted before a deal is made; None: it need not be."""
    parts_rule: RuleId | None = None
    """Clause by which who asks to read says which parts, and reads no other; None: the whole."""
    kind: tuple[CustomerKind, ...] = ()
    """Who counts as a customer; empty: customers are not told apart."""

    def __post_init__(self) -> None:
        for name in (*self.fields, *(name for one in self.kind for name in one.fields)):
            if name not in field_lists():
                raise DomainError(f"fields among {', '.join(field_lists())}")
        names = {part[1] for part in string.Formatter().parse(self.number) if part[1] is not None}
        if names != {"year", "seq"}:
            raise DomainError("number with {year} and {seq}, such as 'KH-{year}-{seq:04d}'")
        self.format_number(2026, 1)
        if Grade.TOP_SECRET in self.chat_ceiling.values():
            raise DomainError("chat_ceiling below top_secret: such content never enters a chat")
        if not {"telegram", "wecom"} <= self.chat_ceiling.keys() <= CHANNELS:
            raise DomainError("chat_ceiling for telegram and for wecom, and at most for phones")
        telegram = self.chat_ceiling.get("telegram", Grade.NONE)
        if telegram > Grade.CONFIDENTIAL and self.ceiling_approved is None:
            raise DomainError("ceiling_approved, the record of the approval to raise Telegram's")
        if not self.levels and any(reader.levels for reader in self.readers):
            raise DomainError("readers without levels where the policy has no levels")
        if self.keepers.keys() != (set(AccessLevel) if self.levels else set()):
            raise DomainError("keepers for company, department and personal, with levels only")
        if len({one.id for one in self.kind}) != len(self.kind):
            raise DomainError("kind with ids that differ")

    def format_number(self, year: int, seq: int) -> str:
        """Return the dossier number of a year and running number."""
        return self.number.format(year=year, seq=seq)

    def kind_of(self, code: str) -> CustomerKind | None:
        """Return the kind of customer of that id; None: the policy has none such."""
        return next((one for one in self.kind if one.id == code), None)

    def lists(self, kind: str = "") -> tuple[Text, ...]:
        """Return the field lists of a customer of that kind; "": of one whose kind is not said."""
        held = self.kind_of(kind)
        return held.fields if held and held.fields else self.fields

    def field_specs(self, kind: str = "") -> tuple[FieldSpec, ...]:
        """Return all fields of the lists of such a customer, each once."""
        return combined(tuple(self.lists(kind)))

    @property
    def first_level(self) -> str:
        """Access level of a new dossier: that of who reported it; empty without levels.

        Rule: S1-07.3.1.3.
        """
        return AccessLevel.PERSONAL.value if self.levels else ""

    @property
    def every_field(self) -> tuple[FieldSpec, ...]:
        """All fields of every kind of customer, each once, the kind itself first."""
        lists = (*self.fields, *(name for one in self.kind for name in one.fields))
        own = (kind_field(self.kind),) if self.kind else ()
        return (*own, *combined(tuple(dict.fromkeys(lists))))
