"""What a person gathered for a dossier: shown, changed, discarded, handed in once.

Guards against a value that somebody else changed meanwhile: both are shown, and the person says
which is right before anything is handed in (S1-05.2).
"""

from __future__ import annotations

from handlers import seeing
from handlers.context import Context
from handlers.conversation.messages import Button, Card, Reply
from handlers.dossiers import change_sets, rounds, update_cards
from handlers.dossiers.change_sets import Review
from handlers.dossiers.update_target import Target, target
from handlers.pages import page_of, to_today
from handlers.texts import N_
from rules.completion import CONSENT, CONSENT_ON
from rules.policy import Policy
from storage import changes, dossiers
from storage.changes import ChangeSet
from storage.errors import Conflict
from storage.looks import Way

GONE = N_("These changes are no longer there; they were submitted or discarded.")
SUBMITTED_ALREADY = N_("This was submitted already; nothing was submitted twice.")
CHANGED = N_("The changes are others by now. This is what there is:")
DISCARDED = N_("Discarded. The dossier stays as it was.")
WRITTEN = N_("Updated ({rule}): {labels}.")
WAITS = N_("Submitted: {labels}. The dossier stays as it is until that is decided.")


def show(ctx: Context, dossier_id: str, *remarks: str) -> Reply:
    """Show what is gathered for a dossier, or say why it cannot be shown."""
    found = target(ctx, dossier_id)
    if isinstance(found, Reply):
        return Reply.of(Card("\n".join((*remarks, found.alert))))
    seeing.look(ctx, found.dossier, Way.CARD)
    dossiers.touch_recent(ctx.unit, ctx.person.id, found.dossier.id, ctx.at)
    return Reply.of(update_cards.basket(ctx, found, remarks))


def list_rows(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    found = target(ctx, arguments[0])
    return found if isinstance(found, Reply) else Reply.of(update_cards.rows(ctx, found))


def drop(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Take one change out; consent goes with the day it was given on."""
    found = target(ctx, arguments[0])
    if isinstance(found, Reply):
        return found
    field = arguments[1] if len(arguments) > 1 else ""
    if found.gathered is None:
        return Reply(alert=ctx.t(GONE))
    for one in (CONSENT, CONSENT_ON) if field == CONSENT else (field,):
        changes.drop(ctx.unit, found.gathered, one)
    return show(ctx, arguments[0])


def mine(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Let a change stand over the present value, if that still is the one that was shown."""
    found = target(ctx, arguments[0])
    if isinstance(found, Reply):
        return found
    row = found.gathered.row(arguments[1]) if found.gathered and len(arguments) > 2 else None
    if found.gathered is None or row is None:
        return Reply(alert=ctx.t(GONE))
    present = found.present(row.field)
    mark = _mark(ctx, present)
    if arguments[2] != mark:
        return Reply.of(update_cards.conflict(ctx, found, row, mark))
    changes.face(ctx.unit, found.gathered, row.field, present)
    return show(ctx, arguments[0])


def _mark(ctx: Context, value: str) -> str:
    """Return what tells one value from another on a button, and tells nothing else."""
    return ctx.unit.vault.index(value)[:6].hex()


def discard(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    held = _own(ctx, arguments[0])
    if held is None or held.state != "draft":
        return Reply(alert=ctx.t(GONE))
    changes.discard(ctx.unit, held)
    return Reply.of(Card(ctx.t(DISCARDED), choices=_after(ctx, held), columns=2))


def past(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    found = target(ctx, arguments[0])
    if isinstance(found, Reply):
        return found
    seeing.look(ctx, found.dossier, Way.HISTORY)
    return Reply.of(update_cards.history(ctx, found))


def submit(review: Review, ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Hand the gathered changes in, once, as they were shown. Rule: S1-01.4, S1-02.8, S5-4.4."""
    chosen = ready(ctx, arguments)
    if isinstance(chosen, Reply):
        return chosen
    found, held = chosen
    if hindered := change_sets.hindered(ctx, held):
        return Reply.of(update_cards.hindered(ctx, found, held, hindered))
    sourced = _sourced(ctx, found, held)
    if sourced is None:
        return Reply.of(update_cards.sources(ctx, found, held))
    try:
        waits = change_sets.hand_in(ctx, sourced, review)
    except Conflict:
        return show(ctx, str(held.dossier_id), ctx.t(CHANGED))
    return Reply.of(_submitted(ctx, found.policy, held, waits))


def ready(ctx: Context, arguments: tuple[str, ...]) -> tuple[Target, ChangeSet] | Reply:
    """Return what a button wants handed in if it still is as it was shown, else what to answer.

    `arguments`: id and revision of the set. A value that another changed meanwhile is asked about.
    """
    held = _own(ctx, arguments[0])
    if held is None:
        return Reply(alert=ctx.t(GONE))
    if held.state != "draft":
        return Reply(alert=ctx.t(SUBMITTED_ALREADY))
    found = target(ctx, str(held.dossier_id))
    if isinstance(found, Reply):
        return found
    if arguments[1:] != (str(held.rev),) or not held.rows:
        return show(ctx, str(held.dossier_id), ctx.t(CHANGED))
    for row in held.rows:
        present = found.present(row.field)
        if present not in (row.old, row.new):
            mark = _mark(ctx, present)
            return Reply.of(update_cards.conflict(ctx, found, row, mark))
    return found, held


def _sourced(ctx: Context, found: Target, held: ChangeSet) -> ChangeSet | None:
    """Return the changes with whose material they rest on; None: that has to be asked.

    Who holds one of the roles supplies the material. Rule: S1-01.4.
    """
    sources = found.policy.update.sources
    if not sources or held.source in sources:
        return held
    own = [one for one in sources if one in ctx.person.roles]
    if len(own) != 1:
        return None
    changes.rest_on(ctx.unit, held, own[0])
    return changes.get(ctx.unit, held.id)


def take_source(review: Review, ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Note whose material the changes rest on, and hand them in."""
    held = _own(ctx, arguments[0])
    if held is None or held.state != "draft":
        return Reply(alert=ctx.t(GONE if held is None else SUBMITTED_ALREADY))
    found = target(ctx, str(held.dossier_id))
    if isinstance(found, Reply):
        return found
    sources, at = found.policy.update.sources, page_of(arguments, 2)
    if arguments[1:2] != (str(held.rev),) or at >= len(sources):
        return show(ctx, str(held.dossier_id), ctx.t(CHANGED))
    changes.rest_on(ctx.unit, held, sources[at])
    return submit(review, ctx, (str(held.id), str(held.rev + 1)))


def _submitted(ctx: Context, policy: Policy, held: ChangeSet, waits: str | None) -> Card:
    if waits is not None:
        names = change_sets.labels(policy, held.rows, ctx.texts)
        lines = [ctx.t(WAITS, labels=names), waits]
    else:
        lines = _written(ctx, policy, held.id)
    return Card("\n".join(lines), choices=_after(ctx, held), columns=2)


def _written(ctx: Context, policy: Policy, set_id: int) -> list[str]:
    done = changes.get(ctx.unit, set_id)
    assert done is not None  # noqa: S101 - written in this very unit
    lines = []
    for words, state in ((WRITTEN, "applied"), (change_sets.SUPERSEDED, "superseded")):
        rows = [row for row in done.rows if row.state == state]
        if rows:
            names = change_sets.labels(policy, rows, ctx.texts)
            lines.append(ctx.t(words, labels=names, rule=rows[0].rule))
    return lines


def _after(ctx: Context, held: ChangeSet) -> tuple[Button, ...]:
    return (
        *rounds.next_button(ctx, held.dossier_id),
        Button(ctx.t(N_("Customer")), f"f.find.card.{held.dossier_id}"),
        Button(ctx.t(N_("Go on updating")), f"f.update.open.{held.dossier_id}"),
        to_today(ctx.texts),
    )


def _own(ctx: Context, words: str) -> ChangeSet | None:
    held = changes.get(ctx.unit, int(words)) if words.isdecimal() else None
    return held if held is not None and held.proposed_by == ctx.person.id else None
