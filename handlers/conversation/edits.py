"""The new wording of a message that went into a conversation, open or put aside.

Messages are known by their marks in the conversation's state, so nothing of them is kept twice.
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from handlers.context import Context
from handlers.conversation import runner
from handlers.conversation.ending import GO_ON
from handlers.conversation.engine import Edited, Event, ReadAgain, Tap
from handlers.conversation.forms import Answers
from handlers.conversation.hearing import heard
from handlers.conversation.messages import Button, Card, Inbound, Reply
from handlers.conversation.reworded import asked_with, knows, unsaid
from handlers.conversation.state import Pane, change, decode, made_of
from handlers.conversation.talk import Talk, button_key, draft_title, key_maker, opened, saved
from handlers.conversation.turn import Then
from handlers.conversation.view import view
from handlers.conversation.wording import remark
from handlers.feature import Feature
from handlers.texts import N_
from storage import conversations
from storage.conversations import Stored

DRAFT_CHANGED = N_("In the draft “{title}”:")
DRAFTS = 20
"""Latest drafts in which an edited message is looked for."""

Line = Callable[[Feature], Answers | None]
"""Reads the new wording as the one line that begins that feature; None: it is none."""


def edited(ctx: Context, inbound: Inbound, line: Line) -> Reply | None:
    """Work a new wording in where the old one had gone; None: into no conversation."""
    active = conversations.active(ctx.unit, ctx.person.id)
    if active is not None and _knows(active, inbound):
        talk = opened(ctx, active)
        if isinstance(talk, Reply):
            return talk
        talk, event = _event(ctx, talk, inbound, line)
        return runner.go(ctx, talk, event, tapped=True)
    for draft in conversations.drafts(ctx.unit, ctx.person.id, DRAFTS):
        if _knows(draft, inbound):
            return _in_draft(ctx, draft, inbound, line)
    return None


def _knows(stored: Stored, inbound: Inbound) -> bool:
    state = decode(stored.state_json)
    return state is not None and knows(state, inbound.mark)


def _event(ctx: Context, talk: Talk, inbound: Inbound, line: Line) -> tuple[Talk, Event]:
    """Return what the wording means, and the conversation without what it takes back."""
    state, mark = talk.state, inbound.mark
    if made_of(state.tried, mark):
        undone = unsaid(talk.form, state, mark, inbound.text)
        if undone is not None:
            talk = replace(talk, state=undone[0])
            return talk, runner.understood(ctx, talk, undone[1], mark)
    elif mark == state.line:
        answers = line(talk.feature)
        words = answers.text(runner.WORDS) if answers else ""
        return talk, ReadAgain(answers.values if answers else None, words, mark)
    return talk, Edited(inbound.text, mark, _button(ctx, talk, inbound))


def _button(ctx: Context, talk: Talk, inbound: Inbound) -> Tap | None:
    """Return the button that the words stand for on the card of the question they answered."""
    field = asked_with(talk.form, talk.state, inbound.mark)
    if field is None:
        return None
    then = change(talk.state, pane=Pane.ASK, at=field.key, page=0, words="", options=None, held="")
    card = view(talk.form, then, ctx.texts, ctx.moment, key_maker(talk.stored))
    return heard(talk.form, then, card, inbound.text, ctx.texts)


def _in_draft(ctx: Context, draft: Stored, inbound: Inbound, line: Line) -> Reply:
    """Correct a draft where it lies; it stays one."""
    feature = ctx.registry.by_key.get(draft.feature)
    if feature is None or not feature.audience(ctx.person):
        return Reply()
    talk = opened(ctx, draft)
    if isinstance(talk, Reply):
        return talk
    talk, event = _event(ctx, talk, inbound, line)
    done = runner.worked_in(ctx, talk, event)
    if done.idle or done.then is not Then.ASK:
        return Reply()
    said = "\n".join(remark(one, ctx.texts) for one in (*talk.notes, *done.state.remarks))
    saved(ctx, talk, change(done.state, remarks=()), new_card=False)
    title = ctx.t(DRAFT_CHANGED, title=draft_title(ctx, draft))
    go_on = Button(ctx.t(GO_ON), button_key(draft.id, draft.rev, "resume"))
    return Reply.of(Card(f"{title}\n{said}".strip(), choices=(go_on,)))
