"""Completing dossiers one after the other: the list of a round, and the next one in it.

Where the duty is for complete dossiers too, a person is led through the empty fields and those
that have stood longest, and "nothing has changed" is an answer (S1-05.2).
"""

from __future__ import annotations

from datetime import datetime

from handlers import seeing
from handlers.context import Context
from handlers.conversation.answers import listed
from handlers.conversation.messages import Button, Card, Reply
from handlers.dossiers import (
    field_values,
    openings,
    round_cards,
    rounds,
    update_basket,
    update_cards,
)
from handlers.dossiers.rounds import Terms
from handlers.dossiers.update_target import Target, target
from handlers.pages import to_today
from handlers.texts import N_
from rules import periods
from rules.fields import FieldSpec
from rules.upkeep import Completes
from storage import changes
from storage import rounds as stored
from storage.looks import Way
from storage.rounds import Round

EMPTY_SHOWN, OLDEST_SHOWN = 3, 2
"""Fields on the card that leads through a dossier: with the other buttons six short ones."""

OVER = N_("There is nothing left to complete here.")
TITLE = N_("Go through · {customer}")
EMPTY = N_("Empty ({count}): {labels}")
FULL = N_("No field is empty.")
OLDEST = N_("Unchanged for longest: {labels}")
SINCE = N_("{label} (since {day})")
SAME = N_("Nothing has changed")
CONFIRMED = N_("Noted: nothing has changed at {customer} ({rule}).")
FINISHED = N_("That was the last one. Nothing waits to be completed any more.")


def show(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Show what is still to be completed in a round of this person's own."""
    found = _own(ctx, arguments[0])
    card = round_cards.card_of(ctx, *found) if found else None
    return Reply.of(card) if card else Reply(alert=ctx.t(OVER))


def fill(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Open one dossier of a round: its update, or the card that leads through it."""
    found = _own(ctx, arguments[0])
    dossier_id = arguments[1] if len(arguments) > 1 else ""
    if found is None:
        return Reply(alert=ctx.t(OVER))
    _held, terms = found
    if terms.duty.of is Completes.INCOMPLETE:
        return update_basket.show(ctx, dossier_id)
    goal = target(ctx, dossier_id)
    if isinstance(goal, Reply):
        return goal
    seeing.look(ctx, goal.dossier, Way.CARD)
    return Reply.of(_through(ctx, found[0], goal))


def next_one(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Open the next dossier of a round, not the one that was just gone through."""
    found = _own(ctx, arguments[0])
    if found is None:
        return Reply(alert=ctx.t(OVER))
    held, terms = found
    but = int(arguments[1]) if len(arguments) > 1 and arguments[1].isdecimal() else 0
    ids = stored.to_complete(ctx.session, terms.wanted, held.staff_id, 1, but=but)
    if not ids:
        return Reply.of(Card(ctx.t(FINISHED), choices=(to_today(ctx.texts),)))
    return fill(ctx, (str(held.id), str(ids[0])))


def confirm(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Note that nothing has changed at a customer. Rule: S1-05.2."""
    found = _own(ctx, arguments[0])
    goal = target(ctx, arguments[1]) if len(arguments) > 1 else None
    if found is None or goal is None or found[1].duty.of is Completes.INCOMPLETE:
        return Reply(alert=ctx.t(OVER))
    if isinstance(goal, Reply):
        return goal
    held, terms = found
    dossier = goal.dossier
    state = stored.kept(ctx.session, dossier.id)
    if dossier.keeper != held.staff_id or state is None or state[0] != held.pack:
        return Reply(alert=ctx.t(OVER))
    if periods.is_open(terms.duty, terms.period, state[1]):
        rounds.done(ctx, dossier, entered=False)
        ctx.record("dossier.confirmed", f"dossier:{dossier.id}", terms.rule)
    text = ctx.t(CONFIRMED, customer=seeing.customer(ctx, dossier), rule=terms.rule)
    choices = (*rounds.next_button(ctx, dossier.id), to_today(ctx.texts))
    return Reply.of(Card(text, choices=choices, columns=2))


def _own(ctx: Context, words: str) -> tuple[Round, Terms] | None:
    """Return a round of this person that is not over."""
    held = stored.get(ctx.session, int(words)) if words.isdecimal() else None
    if held is None or held.staff_id != ctx.person.id or held.due_at is None:
        return None
    terms = rounds.terms_of(ctx, held)
    return (held, terms) if terms else None


def _through(ctx: Context, held: Round, goal: Target) -> Card:
    missing = goal.completeness.missing
    oldest = _oldest(ctx, goal)
    lines = [ctx.t(FULL)]
    if missing:
        labels = [field_values.label(one, ctx.texts) for one in missing]
        lines = [ctx.t(EMPTY, count=len(missing), labels=listed(labels, ctx.texts))]
    if oldest:
        labels = [_since(ctx, spec, at) for spec, at in oldest]
        lines.append(ctx.t(OLDEST, labels=listed(labels, ctx.texts)))
    dossier_id = goal.dossier.id
    fields = (*missing[:EMPTY_SHOWN], *(spec for spec, _ in oldest))
    buttons = [
        Button(field_values.label(one, ctx.texts), update_cards.field_key(goal, one))
        for one in fields
    ]
    buttons.append(Button(ctx.t(SAME), f"f.today.same.{held.id}.{dossier_id}"))
    return Card(
        "\n".join(lines),
        title=update_cards.title(ctx, goal, TITLE),
        choices=tuple(buttons),
        columns=2,
        nav=(Button(ctx.t(update_cards.OTHERS), f"f.update.fields.{dossier_id}.0"),),
        protect=True,
    )


def _oldest(ctx: Context, goal: Target) -> list[tuple[FieldSpec, datetime | None]]:
    """Return the fields that hold something and have stood longest; None: since it was opened."""
    changed = changes.last_changed(ctx.session, goal.dossier.id)
    empty = {one.id for one in goal.completeness.missing}
    specs = [one for one in goal.specs.values() if one.id not in empty and goal.present(one.id)]
    never = goal.dossier.created_at
    specs.sort(key=lambda one: changed.get(one.id, never))
    return [(one, changed.get(one.id)) for one in specs[:OLDEST_SHOWN]]


def _since(ctx: Context, spec: FieldSpec, at: datetime | None) -> str:
    label = field_values.label(spec, ctx.texts)
    if at is None:
        return label
    day = at.astimezone(ctx.policy.time.zone).date()
    return ctx.t(SINCE, label=label, day=ctx.texts.day(day, ctx.today))


ACTIONS = {
    "round": show,
    "fill": fill,
    "next": next_one,
    "same": confirm,
    "drafts": openings.show,
}

CLOCKS = round_cards.CLOCKS
