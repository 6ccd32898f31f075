"""What becomes of changes that were handed in: written, refused or taken back.

Whatever decides, a case or the policy itself, ends here; proposer and keeper hear of it. The
trap is a value that another changed meanwhile: it is left, and the proposer is told (S1-05.2).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

import msgspec
from msgspec.structs import replace

from handlers import seeing
from handlers.approvals import deciding
from handlers.context import Context
from handlers.conversation.answers import listed
from handlers.conversation.messages import Button, Card
from handlers.dossiers import field_values, rounds, shelf_labels
from handlers.dossiers.update_target import CONSENT_ON_SPEC, CONSENT_SPEC
from handlers.texts import N_, Texts
from rules import alterations
from rules.access import Sight
from rules.chains import Approval, route
from rules.completion import CONSENT, IMPORTANT, updatable
from rules.errors import Reason
from rules.fields import FieldKind, FieldSpec
from rules.occasions import Action, Facts, Material
from rules.policy import Policy
from rules.roles import ROLES, RoleKind
from rules.upkeep import WorkingFiles
from storage import attachments, changes, dossier_fields, dossiers, staff
from storage.changes import ChangeSet, FieldChange, Outcome
from storage.dossiers import Dossier

FILES = "change_set"
"""What the evidence of consent is attached to until the change is decided."""

EVIDENCE = "consent"
"""What it is attached to from then on: the dossier."""

CHANGE = N_("{label}: {old} → {new}")
MOVED_ON = N_("{label}: when proposed {old}, now {present}, proposed {new}")
ALSO = N_("{name} proposes {value} for {label}; that waits to be decided.")

APPLIED = N_("{name} agreed: {labels} of {customer} now stand as you proposed ({rule}).")
SUPERSEDED = N_("Not written, because it was changed meanwhile: {labels}.")
REFUSED = N_("{name} did not agree to the change of {labels} of {customer} ({rule}): {reason}")
FOR_KEEPER = N_("{name} changed {labels} of {customer}.")
TITLE = N_("Dossier updated")
REFUSED_TITLE = N_("Change refused")


class Review(msgspec.Struct, frozen=True):
    """Who decides on what is handed in: the approvals of the policy, as the bot carries them out.

    Asked only where the policy has a row for it. Each opens a case and returns the line that says
    who decides; None: this person is exempt.
    """

    changes: Callable[[Context, ChangeSet, Approval], str | None]
    """The case ends with `apply`, `refuse` or `withdraw` of this module."""
    opening: Callable[[Context, Dossier, Approval], str | None]
    """The case ends with `verified` or `sent_back` of `dossier_open`."""


def hand_in(ctx: Context, held: ChangeSet, review: Review) -> str | None:
    """Hand gathered changes in; the line that says who decides, or None when they are written.

    Those of a draft are written at once: what is in it is verified as a whole (S1-01.2, C-69).

    Raises:
        Conflict: they were changed or handed in since `held` was read; nothing was written.
    """
    changes.propose(ctx.unit, held, ctx.at)
    dossier, proposed = _dossier(ctx, held), _held(ctx, held.id)
    policy = policy_of(ctx, dossier)
    ctx.record(
        "dossier.change_proposed",
        f"change_set:{held.id}",
        policy.update.rule,
        dossier=dossier.id,
        source=held.source,
        fields=_ids(held.rows),
    )
    if any(row.new for row in held.rows):
        rounds.done(ctx, dossier, entered=True)
    action = action_of(policy, dossier)
    row = None if dossier.state == "draft" else row_of(ctx, dossier, action)
    waits = review.changes(ctx, proposed, row) if row else None
    if waits is None:
        outcome = apply(ctx, held.id, ctx.person.id, policy.update.rule)
        if dossier.state != "draft" and outcome.applied:
            _tell_reviewer(ctx, held, outcome, policy.update.reviewed_by)
    return waits


def policy_of(ctx: Context, dossier: Dossier) -> Policy:
    return seeing.policy_of(ctx, seeing.Subject.of(dossier))


def row_of(ctx: Context, dossier: Dossier, action: Action) -> Approval | None:
    """Return the row of the policy that says who decides; None: nobody has to."""
    return route(policy_of(ctx, dossier).approval, facts_of(ctx, dossier, action))


def action_of(policy: Policy, dossier: Dossier) -> Action:
    """Return what changing a dossier is: working files are amended by consent (S1-02.8)."""
    by_consent = policy.update.working_files is WorkingFiles.CONSENT
    working = deciding.material(dossier) is Material.WORKING_FILE
    return Action.AMEND if working and by_consent else Action.UPDATE


def correctable(ctx: Context, dossier: Dossier) -> bool:
    """Return whether what is in the dossier can be put right by a correction."""
    known = "correction" in ctx.registry.by_key and dossier.state != "draft"
    return known and row_of(ctx, dossier, Action.CORRECT) is not None


def hindered(ctx: Context, held: ChangeSet) -> dict[Reason, list[FieldChange]]:
    """Return what of a set may not be written by an update, by the reason why.

    Rule: S1-02.8, S5-4.4.
    """
    dossier = _dossier(ctx, held)
    policy, found = policy_of(ctx, dossier), dict[Reason, list[FieldChange]]()
    if dossier.state == "draft":
        return found
    for row in held.rows:
        reason = alterations.refusal(spec_of(policy, row.field), row.old, row.new, policy.update)
        if reason is None or (reason.code == "corrected_only" and not correctable(ctx, dossier)):
            continue
        found.setdefault(reason, []).append(row)
    return found


def facts_of(ctx: Context, dossier: Dossier, action: Action) -> Facts:
    """Return what the choice of who decides depends on."""
    known = deciding.facts(action, dossier, ctx.person)
    return replace(known, important=dossier.fields.get(IMPORTANT) == "yes")


def apply(ctx: Context, change_set_id: int, decided_by: str, rule: str) -> Outcome:
    """Write proposed changes into their dossier and tell proposer and keeper.

    Raises:
        Conflict: they are no longer proposed; nothing was written.
    """
    held = _held(ctx, change_set_id)
    outcome = write(ctx, held, decided_by, rule)
    if decided_by != held.proposed_by:
        card = partial(_applied_card, ctx, held, outcome, decided_by, rule)
        ctx.tell(held.proposed_by, card, f"change:{held.id}:applied")
    return outcome


def write(ctx: Context, held: ChangeSet, by: str, rule: str) -> Outcome:
    """Write proposed changes into their dossier; its keeper hears of it, and who keeps the shelf.

    Raises:
        Conflict: they are no longer proposed; nothing was written.
    """
    dossier = _dossier(ctx, held)
    key = policy_of(ctx, dossier).dossier.key
    outcome = changes.apply(ctx.unit, held, by=by, rule=rule, at=ctx.at, key_field=key)
    if any(row.field == CONSENT for row in outcome.applied):
        evidence = [one.id for one in attachments.of(ctx.unit, FILES, held.id)]
        attachments.attach(ctx.unit, evidence, EVIDENCE, held.dossier_id)
    if any(row.field == field_values.NAME for row in outcome.applied):
        shelf_labels.renamed(ctx, _dossier(ctx, held))
    ctx.record(
        "dossier.updated",
        f"change_set:{held.id}",
        rule,
        dossier=held.dossier_id,
        by=by,
        fields=_ids(outcome.applied),
        superseded=_ids(outcome.superseded),
    )
    if outcome.applied and dossier.keeper not in (held.proposed_by, by):
        _tell(ctx, held, outcome, dossier.keeper)
    return outcome


def _tell_reviewer(ctx: Context, held: ChangeSet, outcome: Outcome, role: str) -> None:
    """Let whoever watches over changes hear of one that nobody had to decide on."""
    dossier = _dossier(ctx, held)
    above = staff.chain(ctx.session, held.proposed_by)
    relation = ROLES[role].kind is RoleKind.RELATION
    people = above[:1] if relation else staff.holders(ctx.session, role)
    for staff_id in people:
        reader = staff.get(ctx.session, staff_id)
        if reader is None or staff_id in (held.proposed_by, dossier.keeper):
            continue
        if seeing.view(ctx, dossier, reader).sight is not Sight.NONE:
            _tell(ctx, held, outcome, staff_id)


def _tell(ctx: Context, held: ChangeSet, outcome: Outcome, staff_id: str) -> None:
    card = partial(_told_card, ctx, held, outcome, staff_id)
    ctx.tell(staff_id, card, f"change:{held.id}:{staff_id}")


def refuse(ctx: Context, change_set_id: int, decided_by: str, rule: str, reason: str) -> None:
    """Leave the dossier as it is and tell the proposer why.

    Raises:
        Conflict: the changes are no longer proposed.
    """
    held = _held(ctx, change_set_id)
    changes.refuse(ctx.unit, held, by=decided_by, rule=rule, at=ctx.at)
    ctx.record(
        "dossier.change_refused",
        f"change_set:{held.id}",
        rule,
        dossier=held.dossier_id,
        by=decided_by,
        fields=_ids(held.rows),
    )
    card = partial(_refused_card, ctx, held, decided_by, rule, reason)
    ctx.tell(held.proposed_by, card, f"change:{held.id}:refused")


def withdraw(ctx: Context, change_set_id: int, by: str) -> None:
    """Take proposed changes back.

    Raises:
        Conflict: they are no longer proposed.
    """
    held = _held(ctx, change_set_id)
    changes.withdraw(ctx.unit, held, by=by, at=ctx.at)
    ctx.record(
        "dossier.change_withdrawn", f"change_set:{held.id}", "", dossier=held.dossier_id, by=by
    )


def review_lines(ctx: Context, change_set_id: int, texts: Texts) -> tuple[str, ...]:
    """Return what a set proposes, line by line, for who decides: each value then, now and new.

    Other proposals for the same fields are named. The caller has checked that the reader sees
    what is in the dossier.
    """
    held = _held(ctx, change_set_id)
    dossier = _dossier(ctx, held)
    policy = policy_of(ctx, dossier)
    lines = []
    for row in held.rows:
        present = dossier_fields.value(dossier, row.field, policy.dossier.key)
        moved = present if present != row.old else None
        lines.append(change_line(ctx, policy, row, texts, moved))
    return (*lines, *also(ctx, policy, held, texts))


def change_line(
    ctx: Context, policy: Policy, row: FieldChange, texts: Texts, present: str | None = None
) -> str:
    """Return one change in words; `present`: what the field holds now, where that is another."""
    spec = spec_of(policy, row.field)
    facts = {
        "label": field_values.label(spec, texts),
        "old": field_values.shown(spec, row.old, texts, ctx.today, masked=True),
        "new": field_values.shown(spec, row.new, texts, ctx.today),
    }
    if present is None:
        return texts.t(CHANGE, **facts)
    now = field_values.shown(spec, present, texts, ctx.today, masked=True)
    return texts.t(MOVED_ON, present=now, **facts)


def also(ctx: Context, policy: Policy, held: ChangeSet, texts: Texts) -> tuple[str, ...]:
    """Return what others propose for the same fields and nobody has decided yet."""
    mine = {row.field for row in held.rows}
    lines = []
    for by, row in changes.open_on(ctx.unit, held.dossier_id):
        if row.field not in mine or row.set_id == held.id:
            continue
        spec = spec_of(policy, row.field)
        lines.append(
            texts.t(
                ALSO,
                name=_name(ctx, by),
                label=field_values.label(spec, texts),
                value=field_values.shown(spec, row.new, texts, ctx.today, masked=True),
            )
        )
    return tuple(lines)


def spec_of(policy: Policy, field: str) -> FieldSpec:
    """Return what a field is; one that the policy no longer asks for is shown by its id."""
    known = (*updatable(policy), *policy.dossier.every_field, CONSENT_SPEC, CONSENT_ON_SPEC)
    found = next((one for one in known if one.id == field), None)
    return found or FieldSpec(field, field, field, FieldKind.TEXT, (policy.update.rule,))


def labels(policy: Policy, rows: Iterable[FieldChange], texts: Texts) -> str:
    """Return the fields of some changes as a list in words."""
    return listed([field_values.label(spec_of(policy, row.field), texts) for row in rows], texts)


def _dossier(ctx: Context, held: ChangeSet) -> Dossier:
    dossier = dossiers.get(ctx.unit, held.dossier_id)
    assert dossier is not None  # noqa: S101 - the set refers to it
    return dossier


def _policy(ctx: Context, held: ChangeSet) -> Policy:
    return policy_of(ctx, _dossier(ctx, held))


def _held(ctx: Context, set_id: int) -> ChangeSet:
    held = changes.get(ctx.unit, set_id)
    assert held is not None  # noqa: S101 - a set that was handed in is never deleted
    return held


def _ids(rows: Iterable[FieldChange]) -> str:
    return ",".join(row.field for row in rows)


def _name(ctx: Context, staff_id: str) -> str:
    person = staff.get(ctx.session, staff_id)
    return person.name if person else staff_id


def _customer(ctx: Context, held: ChangeSet, reader_id: str) -> str:
    reader = staff.get(ctx.session, reader_id)
    assert reader is not None  # noqa: S101 - who is told
    return seeing.customer(ctx, _dossier(ctx, held), reader)


def _applied_card(
    ctx: Context, held: ChangeSet, outcome: Outcome, by: str, rule: str, texts: Texts
) -> Card:
    lines = []
    if outcome.applied:
        lines.append(
            texts.t(
                APPLIED,
                name=_name(ctx, by),
                labels=labels(_policy(ctx, held), outcome.applied, texts),
                customer=_customer(ctx, held, held.proposed_by),
                rule=rule,
            )
        )
    if outcome.superseded:
        lines.append(
            texts.t(SUPERSEDED, labels=labels(_policy(ctx, held), outcome.superseded, texts))
        )
    return Card("\n".join(lines), title=texts.t(TITLE), choices=(_customer_button(held, texts),))


def _refused_card(
    ctx: Context, held: ChangeSet, by: str, rule: str, reason: str, texts: Texts
) -> Card:
    text = texts.t(
        REFUSED,
        name=_name(ctx, by),
        labels=labels(_policy(ctx, held), held.rows, texts),
        customer=_customer(ctx, held, held.proposed_by),
        rule=rule,
        reason=reason,
    )
    return Card(text, title=texts.t(REFUSED_TITLE), choices=(_customer_button(held, texts),))


def _told_card(
    ctx: Context, held: ChangeSet, outcome: Outcome, staff_id: str, texts: Texts
) -> Card:
    text = texts.t(
        FOR_KEEPER,
        name=_name(ctx, held.proposed_by),
        labels=labels(_policy(ctx, held), outcome.applied, texts),
        customer=_customer(ctx, held, staff_id),
    )
    return Card(text, title=texts.t(TITLE), choices=(_customer_button(held, texts),))


def _customer_button(held: ChangeSet, texts: Texts) -> Button:
    return Button(texts.t(N_("Customer")), f"f.find.card.{held.dossier_id}")
