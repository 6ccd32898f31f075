"""What an ordinary update may not do to what a dossier holds: alter originals, replace data.

Adding is always allowed. Guards against the quiet replacement: what was on file and turns out
wrong is put right by a correction, which somebody else has looked at.
"""

from __future__ import annotations

from rules.errors import Reason
from rules.fields import FieldKind, FieldSpec
from rules.upkeep import Existing, Originals, UpdatePolicy


def refusal(spec: FieldSpec, old: str, new: str, update: UpdatePolicy) -> Reason | None:
    """Return why a field may not go from `old` to `new` by an update; None: it may.

    Codes: `original` (a filed paper), `corrected_only` (by the row `correct` of the approvals).

    Rule: S1-02.8, S5-4.4.
    """
    if not old or new == old or adds(spec, old, new):
        return None
    if spec.paper and update.originals is Originals.READ_ONLY:
        return Reason.of("original", rule=update.originals_rule, next_step="correct")
    if update.existing is Existing.CORRECT and update.existing_rule is not None:
        return Reason.of("corrected_only", rule=update.existing_rule, next_step="correct")
    return None


def adds(spec: FieldSpec, old: str, new: str) -> bool:
    """Return whether `new` only adds to what is there; more digits of a phone are another one."""
    return spec.kind is FieldKind.TEXT and new.startswith(old)
