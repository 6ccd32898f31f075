"""A stored conversation in hand: opened, checked against its form, drawn and saved.

What runs a conversation and what ends it both stand on this; here alone its cards and buttons
get their names.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import msgspec
from msgspec.structs import replace

from handlers import seeing
from handlers.context import Context
from handlers.conversation import pickers
from handlers.conversation.engine import adopt, listing, wanted
from handlers.conversation.forms import Form, Kind
from handlers.conversation.messages import Card, Inbound, Mode, Reply, Show
from handlers.conversation.state import (
    GUARDED,
    Pane,
    Remark,
    State,
    change,
    decode,
    effective,
    encode,
    sound,
)
from handlers.conversation.view import view
from handlers.conversation.wording import draft_name
from handlers.feature import Feature
from handlers.texts import N_
from storage import conversations, outbox, shown_cards
from storage.conversations import Stored

STALE = N_("That button is out of date. This is where you are now.")
NOT_OPEN = N_("This is no longer open to you. What you had written is kept as a draft.")
NO_FORM = N_("This form no longer exists. What you had written:")
UNREADABLE = N_("This draft can no longer be read.")
BELOW = N_("Continued below.")
MOVED = N_("You went on with this on another device.")
TITLE = N_("{form} · {name}")


class Talk(msgspec.Struct, frozen=True):
    """A stored conversation with its form and state in hand."""

    stored: Stored
    feature: Feature
    form: Form
    state: State
    notes: tuple[Remark, ...] = ()
    """What was done to fit an older state to the form; () for none."""
    same_question: bool = True
    """False: fitting it changed what is asked."""

    @property
    def slot(self) -> str:
        return slot(self.stored)


def slot(stored: Stored) -> str:
    """Return the name of the conversation's present card."""
    return f"c.{stored.id}.{stored.card}"


def button_key(id_: int, rev: int, verb: str, argument: str = "") -> str:
    """Return the key of a button of conversation `id_`, good for revision `rev` only."""
    key = f"c.{base36(id_)}.{base36(rev)}.{verb}"
    return f"{key}.{argument}" if argument else key


def opened(ctx: Context, stored: Stored) -> Talk | Reply:
    """Return the conversation ready to go on, fitted to its form; a Reply: it cannot go on."""
    feature = ctx.registry.by_key.get(stored.feature)
    state = decode(stored.state_json)
    if feature is None or feature.form is None or state is None:
        conversations.end(ctx.unit, stored.id)
        return Reply.of(Card(_remains(ctx, state)))
    if not feature.audience(ctx.person):
        conversations.park(ctx.unit, stored.id)
        tidy(ctx, stored, Card(ctx.t(NOT_OPEN), title=ctx.t(feature.form.title)))
        return Reply(alert=ctx.t(NOT_OPEN))
    if sound(feature.form, state):
        return Talk(stored, feature, feature.form, state)
    fitted = adopt(feature.form, state, ctx.moment)
    same = (fitted.pane, fitted.at) == (state.pane, state.at)
    return Talk(stored, feature, feature.form, fitted, fitted.remarks, same)


def _remains(ctx: Context, state: State | None) -> str:
    """Return what can still be said of a conversation whose form is gone."""
    if state is None:
        return ctx.t(UNREADABLE)
    lines = [
        f"{ctx.t(state.names.get(key, key))}: {value}"
        for key, value in state.answers.items()
        if isinstance(value, str) and not key.startswith("_")
    ]
    return "\n".join((ctx.t(NO_FORM), *lines))


def saved(ctx: Context, talk: Talk, state: State, *, new_card: bool, after_ms: int = 0) -> Show:
    """Keep the state and return its card."""
    form, stored = talk.form, talk.stored
    state = guarded(ctx, form, looked_up(ctx, form, state), talk.state)
    kept = replace(
        stored,
        form_version=form.version,
        card=stored.card + new_card,
        state_json=encode(state),
        title=draft_name(form, state, ctx.texts, ctx.today),
        channel=ctx.channel,
        account=ctx.account,
    )
    rev = conversations.save(
        ctx.unit,
        stored.id,
        rev=stored.rev,
        state_json=kept.state_json,
        title=kept.title,
        card=kept.card,
        channel=kept.channel,
        account=kept.account,
        at=ctx.at,
        form_version=form.version,
    )
    kept = replace(kept, rev=rev)
    mode = Mode.SEND if new_card else Mode.REDRAW
    return Show(draw(ctx, form, kept, state), mode, slot(kept), after_ms)


def present(ctx: Context, talk: Talk, inbound: Inbound | None) -> Reply:
    """Answer with the present card, where the person looks: an old button never acts."""
    stored, state = talk.stored, talk.state
    alert = ctx.t(STALE) if inbound else ""
    here = not elsewhere(ctx, stored)
    seen = ""
    if inbound is not None and inbound.card:
        seen = shown_cards.slot_of(ctx.session, ctx.channel, ctx.account, inbound.card)
    if here and inbound is not None and seen in ("", talk.slot):
        return Reply((saved(ctx, talk, state, new_card=False),), alert=alert)
    old = Card(ctx.t(BELOW if here else MOVED), title=ctx.t(talk.form.title))
    show = saved(ctx, talk, state, new_card=True)
    if here:
        return Reply((Show(old, Mode.TIDY, talk.slot), show), alert=alert)
    tidy(ctx, stored, old)
    return Reply((show,), alert=alert)


def key_maker(stored: Stored) -> Callable[[str, str], str]:
    """Return what names the buttons of the conversation's present card."""
    return partial(button_key, stored.id, stored.rev)


def draw(ctx: Context, form: Form, stored: Stored, state: State) -> Card:
    """Return the card of a state; on the review card the feature says what would follow."""
    feature = ctx.registry.by_key.get(stored.feature)
    foot = ""
    if state.pane is Pane.REVIEW and feature is not None and feature.review is not None:
        foot = feature.review(ctx, effective(form, state))
    return view(form, state, ctx.texts, ctx.moment, key_maker(stored), foot)


def looked_up(ctx: Context, form: Form, state: State) -> State:
    """Return the state with what its picker shows, if it shows one."""
    query = wanted(form, state)
    return listing(state, pickers.find(ctx, query)) if query else state


def guarded(ctx: Context, form: Form, state: State, before: State | None = None) -> State:
    """Return the state, marked where it tells of a graded dossier: its cards are protected then,
    also those that are drawn when nobody looks the dossier up. What was answered marks it for
    good, what may be picked as long as it is shown.

    `before`: as it was when it was looked at last.
    """
    if before is None or state.options != before.options:
        labels = (one.label for one in state.options or ())
        state = change(state, guarded=seeing.tells(ctx, "\n".join(labels)))
    if state.answers.get(GUARDED):
        return state
    known = before.answers if before else {}
    for one in form.fields:
        picked = state.answers.get(one.key)
        if one.kind in (Kind.CUSTOMER, Kind.DOSSIER) and picked and picked != known.get(one.key):
            dossier = seeing.reachable(ctx, picked["key"])
            if dossier is not None:
                seeing.customer(ctx, dossier)
    if not seeing.tells(ctx, encode(change(state, options=None))):
        return state
    return change(state, answers={**state.answers, GUARDED: True})


def elsewhere(ctx: Context, stored: Stored) -> bool:
    """Whether the conversation was last written on another phone or messenger."""
    return (stored.channel, stored.account) != (ctx.channel, ctx.account)


def tidy(ctx: Context, stored: Stored, card: Card) -> None:
    """Redraw the conversation's card where it was last shown, if it can be redrawn there."""
    outbox.put(
        ctx.unit,
        key=f"tidy:{stored.id}:{stored.rev}",
        channel=stored.channel,
        account=stored.account,
        staff_id=stored.staff_id,
        mode=Mode.TIDY,
        slot=slot(stored),
        body=seeing.guard(ctx, card).encoded(ctx.texts.locale),
        due_at=ctx.now,
    )


_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


def base36(number: int) -> str:
    """Return a number as buttons carry it."""
    digits = ""
    while number:
        number, rest = divmod(number, 36)
        digits = _DIGITS[rest] + digits
    return digits or "0"


def draft_title(ctx: Context, stored: Stored) -> str:
    """Return the line that names a draft: its form and what it is about."""
    feature = ctx.registry.by_key.get(stored.feature)
    state = decode(stored.state_json)
    if stored.title and state is not None and state.answers.get(GUARDED):
        ctx.guarded.add(stored.title)
    form = ctx.t(feature.form.title) if feature and feature.form else stored.feature
    return ctx.t(TITLE, form=form, name=stored.title) if stored.title else form


def quoted(words: str) -> Remark:
    """Return a remark of words that are already in the reader's language."""
    return Remark(N_("{words}"), {"words": words})
