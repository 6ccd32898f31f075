"""Which kind of customer a dossier is about: shown, and chosen while it is a draft.

Later it changes like any field, by an update. The trap is the kind whose card another department
provides (S1-07.2.2): it is neither offered nor taken, and nothing is verified with it.
"""

from __future__ import annotations

from handlers.context import Context
from handlers.conversation.messages import Button
from handlers.dossiers.update_target import Target
from handlers.texts import N_, Texts
from rules.customer_kinds import KIND, CustomerKind, provided_by
from rules.errors import Reason
from storage import dossier_fields

WITH_CARD = N_("{kind} (《{card}》)")
ELSEWHERE = N_("{kind}: its card is provided by {departments}, not by {department} ({rule}).")


def named(kind: CustomerKind, texts: Texts) -> str:
    return kind.zh if texts.locale == "zh_CN" else kind.en


def shown(kind: CustomerKind | None, texts: Texts) -> str:
    """Return the kind with the name of its card; "" where none is said."""
    if kind is None:
        return ""
    words = named(kind, texts)
    return texts.t(WITH_CARD, kind=words, card=kind.card) if kind.card else words


def buttons(ctx: Context, found: Target) -> list[Button]:
    """Return the kinds that a draft may be said to be; none where one is said."""
    if found.kind:
        return []
    key = f"f.open.kind.{found.dossier.id}"
    offered = provided_by(found.policy.dossier.kind, found.dossier.department)
    return [Button(named(one, ctx.texts), f"{key}.{one.id}") for one in offered]


def gap(found: Target) -> Reason | None:
    """Return that the card of a draft's kind is provided by others. Rule: S1-07.2.2."""
    held = found.policy.dossier.kind_of(found.present(KIND))
    department = found.dossier.department
    if held is None or held in provided_by(found.policy.dossier.kind, department):
        return None
    return Reason.of(
        "kind_elsewhere",
        rule=held.rule,
        next_step="choose_kind",
        kind=held.id,
        departments="、".join(held.departments),
        department=department,
    )


def choose(ctx: Context, found: Target, code: str) -> bool:
    """Say which kind a draft is; False: there is no such kind for its department.

    Rule: S1-07.2.2, S2-INFO.3.1, S5-1.2.1, S5-1.2.2.
    """
    offered = provided_by(found.policy.dossier.kind, found.dossier.department)
    kind = next((one for one in offered if one.id == code), None)
    if kind is None:
        return False
    if found.present(KIND) != code:
        dossier_fields.write(ctx.unit, found.dossier.id, {KIND: code}, found.policy.dossier.key)
        ctx.record("dossier.classed", f"dossier:{found.dossier.id}", kind.rule, kind=code)
    return True
