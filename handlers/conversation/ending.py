"""How a conversation ends: submitted, cancelled for a day, or put aside as a draft."""

from __future__ import annotations

from datetime import timedelta

from msgspec.structs import replace

from handlers.context import Context
from handlers.conversation.answers import listed
from handlers.conversation.messages import Button, Card, Mode, Reply, Show
from handlers.conversation.state import (
    Remark,
    State,
    begun,
    change,
    effective,
    encode,
    marks,
)
from handlers.conversation.talk import (
    BELOW,
    Talk,
    button_key,
    draft_title,
    draw,
    elsewhere,
    saved,
    slot,
    tidy,
)
from handlers.conversation.view import answered_card, filed_card, protected
from handlers.conversation.wording import draft_name, summary
from handlers.texts import N_
from storage import conversations, origins
from storage.errors import Conflict

UNDO = timedelta(days=1)
"""How long a cancelled conversation can be had back."""

ASIDE = frozenset({"dossier", "staff"})
"""Kinds of subjects that a form may touch besides what it files."""

QUICKER = N_("Somebody was quicker and changed the same thing. Please check and submit again.")
SAVED = N_("Saved as a draft: {title}")
CANCELLED = N_("Cancelled. Not filed: {labels}.")
CANCELLED_EMPTY = N_("Cancelled. Nothing had been entered.")
CANCELLED_SAME = N_("Cancelled. Nothing was changed.")
CANCELLED_BEGUN = N_("Cancelled. What you had begun to enter was not filed.")
GO_ON, RESTORE = N_("Continue"), N_("Restore")


def submit(ctx: Context, talk: Talk, state: State, tapped: bool) -> Reply:
    """File the answers and close the card.

    The feature raises Conflict before it has written anything; then the form is kept.
    """
    told, recorded, looks = len(ctx.told), len(ctx.recorded), len(ctx.looks)
    file = talk.feature.submit
    assert file is not None, talk.feature.key  # noqa: S101 - checked at start with the form
    conversations.end(ctx.unit, talk.stored.id)
    try:
        reply = file(ctx, effective(talk.form, state))
    except Conflict:
        del ctx.told[told:], ctx.recorded[recorded:], ctx.looks[looks:]
        return _again(ctx, talk, state)
    _remember(ctx, state, recorded)
    filed = filed_card(talk.form, state, ctx.texts, ctx.today)
    return _closing(ctx, talk, filed, tapped=tapped, quietly=True).plus(reply)


def _remember(ctx: Context, state: State, recorded: int) -> None:
    """Note for later edits in what the messages of this form were filed, if in anything."""
    filed = (one for one in ctx.recorded[recorded:] if one.subject.split(":")[0] not in ASIDE)
    made = next(filed, None)
    if made is not None:
        origins.note(
            ctx.unit,
            marks(state),
            staff_id=ctx.person.id,
            action=made.action,
            subject=made.subject,
        )


def _again(ctx: Context, talk: Talk, state: State) -> Reply:
    """Offer the same answers anew, after somebody else was quicker."""
    state = change(state, remarks=(Remark(QUICKER),))
    stored = conversations.start(
        ctx.unit,
        staff_id=ctx.person.id,
        feature=talk.feature.key,
        form_version=talk.form.version,
        state_json=encode(state),
        channel=ctx.channel,
        account=ctx.account,
        at=ctx.at,
        title=talk.stored.title,
    )
    old = Card(ctx.t(BELOW), title=ctx.t(talk.form.title))
    card = draw(ctx, talk.form, stored, state)
    return Reply((Show(old, Mode.TIDY, talk.slot), Show(card, slot=slot(stored))))


def cancel(ctx: Context, talk: Talk, tapped: bool) -> Reply:
    """Cancel at once; for a day the person can have it back."""
    form, stored, state = talk.form, talk.stored, talk.state
    title = ctx.t(form.title)
    conversations.forget_dropped(ctx.unit, ctx.person.id, ctx.now - UNDO)
    given = effective(form, state)
    own = [
        one
        for one in form.fields
        if given.values.get(one.key) != given.prefilled.get(one.key)  # taken out counts as well
    ]
    if not own and not begun(state):
        conversations.end(ctx.unit, stored.id)
        full = all(one.optional or one.key in given.prefilled for one in form.fields)
        nothing = CANCELLED_SAME if full else CANCELLED_EMPTY
        return _closing(ctx, talk, Card(ctx.t(nothing), title=title), tapped=tapped)
    saved(ctx, talk, change(state, remarks=()), new_card=False)
    conversations.drop(ctx.unit, stored.id)
    labels = listed([ctx.t(one.label) for one in own], ctx.texts)
    lines = [
        ctx.t(CANCELLED, labels=labels) if own else ctx.t(CANCELLED_BEGUN),
        "",
        summary(form, state, ctx.texts, ctx.today, only={one.key for one in own}),
    ]
    restore = Button(ctx.t(RESTORE), button_key(stored.id, stored.rev, "resume"))
    said = "\n".join(lines).strip()
    card = Card(said, title=title, choices=(restore,), protect=protected(form, state))
    return _closing(ctx, talk, card, tapped=tapped)


def put_aside(ctx: Context, talk: Talk, state: State, tapped: bool) -> Reply:
    """Keep it as a draft because the person said so."""
    saved(ctx, talk, change(state, remarks=()), new_card=False)
    conversations.park(ctx.unit, talk.stored.id)
    named = draft_title(
        ctx, replace(talk.stored, title=draft_name(talk.form, state, ctx.texts, ctx.today))
    )
    go_on = Button(ctx.t(GO_ON), button_key(talk.stored.id, talk.stored.rev, "resume"))
    card = Card(ctx.t(SAVED, title=named), title=ctx.t(talk.form.title), choices=(go_on,))
    return _closing(ctx, talk, card, tapped=tapped)


def _closing(
    ctx: Context, talk: Talk, card: Card, *, tapped: bool, quietly: bool = False
) -> Reply:
    """Show the last card of a conversation.

    In place of the present one after a tap; below it, and the old one without buttons, after
    words. `quietly`: only in place of the present one, something else says what happened.
    """
    if elsewhere(ctx, talk.stored):
        tidy(ctx, talk.stored, replace(card, choices=(), nav=()))
        return Reply() if quietly else Reply.of(card)
    if quietly:
        return Reply((Show(card, Mode.TIDY, talk.slot),))
    if tapped:
        return Reply((Show(card, Mode.REDRAW, talk.slot),))
    bare = answered_card(talk.form, talk.state, talk.state, ctx.texts, ctx.moment)
    return Reply((Show(bare, Mode.TIDY, talk.slot), Show(card, slot=f"{talk.slot}.end")))
