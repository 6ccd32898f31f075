"""Who counts as a customer, and what the dossier of each kind states: `[[dossier.kind]]`.

The kind is a field of the dossier like others, so that it is corrected like others. The trap is
counting fields of one kind as gaps of another: a bank has no credit limit with us.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from rules.fields import Choice, FieldKind, FieldSpec
from rules.leaves import RuleId, Text

KIND = "customer_kind"
"""Id of the field that holds the kind."""


class CustomerKind(msgspec.Struct, frozen=True):
    """One row `[[dossier.kind]]`."""

    id: Text
    """What the dossier holds, such as `terminal`."""
    zh: Text
    en: Text
    rule: RuleId
    """Clause that names such customers."""
    card: Text | None = None
    """What the regulation calls its card, in Chinese; None: the card has no name of its own."""
    fields: tuple[Text, ...] = ()
    """Field lists of its card; empty: those of every dossier."""
    departments: tuple[Text, ...] = ()
    """Who provides the card: how the names of such departments end; empty: everybody."""

    def names(self, department: str) -> bool:
        """Return whether it names a department as one that provides the card."""
        return any(department.endswith(one) for one in self.departments)


def provided_by(kinds: Sequence[CustomerKind], department: str) -> tuple[CustomerKind, ...]:
    """Return the kinds whose card a department provides, in the order of the policy.

    A department that no kind names provides the card of any.

    Rule: S1-07.2.2.
    """
    if not any(one.names(department) for one in kinds):
        return tuple(kinds)
    return tuple(one for one in kinds if not one.departments or one.names(department))


def kind_field(kinds: Sequence[CustomerKind]) -> FieldSpec:
    """Return the field that says which kind a customer is. Rule: S2-INFO.3.1, S5-1.2.1."""
    rules = tuple(dict.fromkeys(one.rule for one in kinds))
    offered = tuple(Choice(one.id, one.zh, one.en) for one in kinds)
    return FieldSpec(
        KIND, "客户类别", "Kind of customer", FieldKind.CHOICE, rules, choices=offered
    )
