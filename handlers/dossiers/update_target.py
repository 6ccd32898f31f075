"""A dossier that a person may change, with what they have gathered for it so far.

Only who sees what is in a dossier changes it in chat; everybody else files a visit note. Guards
against showing a present value to somebody who may only know that the dossier is there.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from handlers import seeing
from handlers.context import Context
from handlers.conversation.messages import Reply
from handlers.texts import N_
from rules import completion, opening
from rules.access import Part
from rules.customer_kinds import KIND
from rules.errors import Denied
from rules.fields import FieldSpec, field_list
from rules.masks import is_organisation
from rules.policy import Policy
from rules.secrecy import Grade
from rules.upkeep import Originals
from storage import changes, dossier_fields
from storage.changes import ChangeSet
from storage.dossiers import Dossier

NOT_THERE = N_("There is no such dossier, or it is not open to you.")
NOT_YOURS = N_(
    "What is in this dossier is open to its keeper and the superiors only. Please file a visit "
    "note; the keeper will take it up."
)
CONSENT_SPEC = next(one for one in field_list("small").field if one.id == completion.CONSENT)
CONSENT_ON_SPEC = next(one for one in field_list("small").field if one.id == completion.CONSENT_ON)


class Target(msgspec.Struct, frozen=True):
    dossier: Dossier
    gathered: ChangeSet | None
    """What this person has not handed in yet; None: nothing."""
    policy: Policy

    @property
    def specs(self) -> Mapping[str, FieldSpec]:
        """The fields that may be changed, by id, in the order offered; consent last."""
        own = (CONSENT_SPEC, CONSENT_ON_SPEC)
        return {one.id: one for one in (*completion.updatable(self.policy, self.kind), *own)}

    @property
    def kind(self) -> str:
        """The kind of customer as it is on file, or gathered; "" while it is not said."""
        row = self.gathered.row(KIND) if self.gathered else None
        return (row.new if row else self.present(KIND)) or ""

    def present(self, field: str) -> str:
        """Return what the dossier holds in a field; "" for nothing."""
        return dossier_fields.value(self.dossier, field, self.policy.dossier.key)

    def sealed(self, spec: FieldSpec) -> bool:
        """Return whether a field lists filed originals, to which can only be added (S1-02.8)."""
        kept = self.policy.update.originals is Originals.READ_ONLY
        opened = self.dossier.state != "draft"
        return spec.paper and kept and opened and bool(self.present(spec.id))

    @property
    def completeness(self) -> completion.Completeness:
        """How far the dossier is filled in, what was gathered included."""
        new = {row.field for row in self.gathered.rows if row.new} if self.gathered else set()
        ids = (one.id for one in completion.data_fields(self.policy, self.kind))
        return completion.completeness(
            {one for one in ids if one in new or self.present(one)}, self.policy, self.kind
        )

    @property
    def consent(self) -> str:
        """What is on file, or gathered, about the customer's consent.

        A name that is a company's says that the customer is no natural person (C-52).
        """
        row = self.gathered.row(completion.CONSENT) if self.gathered else None
        said = row.new if row else self.present(completion.CONSENT)
        return said or (opening.NOT_NEEDED if is_organisation(self.dossier.name) else "")

    def refusal(self, spec: FieldSpec) -> Denied | None:
        """Return why the field may not be filled in; None if it may. Rule: C-52."""
        return opening.consent_refusal(self.policy, self.consent) if spec.personal else None


def target(ctx: Context, words: str) -> Target | Reply:
    """Return the dossier of that id if the person may change it, else the answer that says no."""
    dossier = seeing.reachable(ctx, words)
    if dossier is None:
        return Reply(alert=ctx.t(NOT_THERE))
    seen = seeing.view(ctx, dossier)
    if Part.DATA not in seeing.parts(ctx, dossier):
        return Reply(alert=ctx.t(NOT_YOURS))
    if not seen.content:
        return Reply(alert=ctx.t(seeing.ABOVE_CEILING, grade=Grade(dossier.grade).zh))
    return of(ctx, dossier)


def of(ctx: Context, dossier: Dossier) -> Target:
    policy = seeing.policy_of(ctx, seeing.Subject.of(dossier))
    return Target(dossier, changes.draft_of(ctx.unit, ctx.person.id, dossier.id), policy)
