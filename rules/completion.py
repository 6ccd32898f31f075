"""Which fields of a dossier can be filled in, how many are, and which one is next.

Pure: whoever asks says which fields hold something. The trap is to count consent among the data:
it is what keeping personal data rests on (C-52), not a gap of the dossier.
"""

from __future__ import annotations

from collections.abc import Collection

import msgspec

from rules.customer_kinds import kind_field
from rules.fields import FieldKind, FieldSpec, field_list
from rules.policy import Policy

CONSENT, CONSENT_ON = "consent", "consent_on"

CONTACT = "contact_person"

SECOND_CONTACT = "second_contact"

IMPORTANT = "important_customer"
"""Yes or no: an important new customer with future, who needs two contact persons."""

_IMPORTANT = FieldSpec(
    IMPORTANT, "重要客户", "Important customer", FieldKind.YES_NO, ("S5-1.8.3",)
)

_CONSENT_FIELDS = (CONSENT, CONSENT_ON, "consent_evidence")


class Progress(msgspec.Struct, frozen=True):
    """How far one field list is filled in."""

    list: str
    """Id of the field list."""
    filled: int
    of: int


class Completeness(msgspec.Struct, frozen=True):
    lists: tuple[Progress, ...]
    """In the order of the policy; a field that two lists ask for counts in both."""
    filled: int
    """Fields that hold something; one that two lists ask for counts once."""
    of: int
    missing: tuple[FieldSpec, ...]
    """Those that hold nothing, in the order asked."""

    @property
    def next(self) -> FieldSpec | None:
        """The field to ask for; None: the dossier is complete."""
        return self.missing[0] if self.missing else None


def data_fields(policy: Policy, kind: str = "") -> tuple[FieldSpec, ...]:
    """Return the fields whose filling makes a dossier complete, in the order asked.

    `kind`: of the customer; "" while it is not said.

    Rule: S1-07.2.3b, S1-05.2.
    """
    return tuple(one for one in policy.dossier.field_specs(kind) if _is_data(one))


def updatable(policy: Policy, kind: str = "") -> tuple[FieldSpec, ...]:
    """Return every field that a person may propose a value for, in the order offered.

    Those of the policy for such a customer; the kind itself where it tells kinds apart; and what
    every dossier has a place for: two contact persons, and whether the customer is an important
    one (S5-1.8.3).
    """
    specs = {one.id: one for one in data_fields(policy, kind)}
    for name, field in (("minimal_sales", CONTACT), ("visit_note", SECOND_CONTACT)):
        spec = next(one for one in field_list(name).field if one.id == field)
        specs.setdefault(field, spec)
    kinds = (kind_field(policy.dossier.kind),) if policy.dossier.kind else ()
    return (*specs.values(), *kinds, _IMPORTANT)


def completeness(filled: Collection[str], policy: Policy, kind: str = "") -> Completeness:
    """Return how far a dossier is filled in; `filled`: ids of the fields that hold something.

    A field marked as none ("无") holds something. Another `kind` of customer has other fields.

    Rule: S1-07.2.3b, S1-07.2.2.
    """
    lists = []
    for name in policy.dossier.lists(kind):
        ids = [one.id for one in field_list(name).field if _is_data(one)]
        lists.append(Progress(name, sum(one in filled for one in ids), len(ids)))
    specs = data_fields(policy, kind)
    missing = tuple(one for one in specs if one.id not in filled)
    return Completeness(tuple(lists), len(specs) - len(missing), len(specs), missing)


def _is_data(spec: FieldSpec) -> bool:
    return spec.kind is not FieldKind.ATTACHMENTS and spec.id not in _CONSENT_FIELDS
