"""Runs conversations: starts, answers, resumes and parks them; what the router calls.

At every step one place (`talk.opened`) asks whether the form still is what it was and whether
the person may use it; whatever is out of date is answered with what is true now.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta

from msgspec.structs import replace

from handlers import intake, odd, seeing
from handlers.context import Context
from handlers.conversation import asides, pickers
from handlers.conversation.answers import one_line
from handlers.conversation.ending import GO_ON, RESTORE, SAVED, UNDO, cancel, put_aside, submit
from handlers.conversation.engine import (
    Event,
    Pinned,
    Said,
    Sent,
    Step,
    Tap,
    begin,
    step,
    takes_files,
    takes_place,
    wanted,
)
from handlers.conversation.forms import PREFILLED, Answers, Form
from handlers.conversation.hearing import heard
from handlers.conversation.messages import Button, Card, Inbound, Mode, Reply, Show
from handlers.conversation.said import NOTHING_FOUND
from handlers.conversation.state import (
    GUARDED,
    IMPLIED,
    MAX_NAME,
    Part,
    Remark,
    State,
    change,
    decode,
    encode,
    entered,
)
from handlers.conversation.talk import (
    BELOW,
    MOVED,
    Talk,
    base36,
    button_key,
    draft_title,
    draw,
    elsewhere,
    guarded,
    key_maker,
    looked_up,
    opened,
    present,
    quoted,
    saved,
    slot,
    tidy,
)
from handlers.conversation.turn import Then
from handlers.conversation.view import answered_card, view
from handlers.conversation.wording import age, draft_name, shorten, summary
from handlers.feature import Feature
from handlers.texts import N_
from storage import conversations
from storage.conversations import Stored

__all__ = [
    "WORDS",
    "cancel_active",
    "draft_title",
    "go",
    "handle",
    "park",
    "resume",
    "start",
    "tap",
    "understood",
    "worked_in",
]

WORDS = "_words"
"""Among the answers to `start`: words to look up in the first picker that is asked."""

ALBUM_MS = 700
"""Wait for further parts of an album before the card is drawn."""

CLOSED = N_("This form is closed: it was submitted or deleted. Nothing was filed twice.")
NOT_YOURS = N_("This is not open to you.")
PARKED = N_("“{title}” was kept as a draft.")
RESUMED = N_("Going on with what you wrote {age}.")
IS_DRAFT = N_("This is kept as a draft, last written {age}.")
IS_DROPPED = N_("This was cancelled.")
DELETED = N_("Deleted.")
LEFT = N_("Closed: nothing had been entered.")
DELETE = N_("Delete")
CORRECTED = N_("Corrected. {answers}")
CORRECTED_BYTES = 300
"""Of what was corrected, on the card that says so."""

_KEY = re.compile(
    r"c\.(?P<id>[0-9a-z]{1,13})\.(?P<rev>[0-9a-z]{1,8})"
    r"\.(?P<verb>[a-z]{1,10})(?:\.(?P<argument>[A-Za-z0-9_-]{0,32}))?"
)


# -- what the router calls ---------------------------------------------------------------------


def start(
    ctx: Context,
    feature: Feature,
    answers: Answers | None = None,
    at_review: bool | None = None,
    *,
    prefilled: bool = False,
    line: str = "",
    sources: Mapping[str, tuple[Part, ...]] | None = None,
) -> Reply:
    """Start the form of a feature; the conversation before it is kept as a draft.

    `at_review`: go to the review card, or to the first answer that is needed for it. None: when
    answers are given that belong to fields. `prefilled`: the answers are the program's own, and
    nothing is lost with them when the person cancels. `line`: mark of the one message that gave
    all answers; `sources`: the messages that gave some of them.
    """
    form = _form(feature)
    if not feature.audience(ctx.person):
        return Reply(alert=ctx.t(NOT_YOURS))
    kept = park(ctx)
    given = dict(answers.values) if answers else {}
    words = str(given.pop(WORDS, ""))
    if seeing.about_graded(ctx):
        given[GUARDED] = True
    if prefilled:
        fields = {key: value for key, value in given.items() if key in form.by_key}
        given = {PREFILLED: fields, **given}
    known = any(key in form.by_key and key not in given.get(IMPLIED, ()) for key in given)
    at_review = known if at_review is None else at_review
    state = begin(form, given, ctx.moment, at_review=at_review, line=line)
    if sources:
        state = change(state, sources={**state.sources, **sources})
    if kept:
        state = change(state, remarks=(quoted(kept), *state.remarks))
    if not known:
        state = _with_earlier(ctx, feature, state)
    if words and wanted(form, state):
        state = change(state, words=one_line(words)[:MAX_NAME])
    state = guarded(ctx, form, _not_found(form, looked_up(ctx, form, state)))
    conversations.forget_dropped(ctx.unit, ctx.person.id, ctx.now - UNDO)
    stored = conversations.start(
        ctx.unit,
        staff_id=ctx.person.id,
        feature=feature.key,
        form_version=form.version,
        state_json=encode(state),
        channel=ctx.channel,
        account=ctx.account,
        at=ctx.at,
        title=draft_name(form, state, ctx.texts, ctx.today),
    )
    return Reply((Show(draw(ctx, form, stored, state), slot=slot(stored)),))


def handle(ctx: Context, stored: Stored, inbound: Inbound) -> Reply | None:
    """Answer words, files or a place while `stored` is active.

    None: it has no place in this form; the caller keeps it as it keeps what comes unasked.
    """
    talk = opened(ctx, stored)
    if isinstance(talk, Reply):
        return talk
    form, state = talk.form, talk.state
    if inbound.files:
        if not takes_files(form, state):
            return None
        files, refused = intake.note_files(ctx, inbound, "conversation", stored.id)
        if not files:
            return go(ctx, talk, None, remark=refused)
        sent = Sent(files, inbound.text, inbound.album, inbound.mark)
        return go(ctx, talk, sent, remark=refused)
    if inbound.place is not None:
        if not takes_place(form, state):
            return None
        return go(ctx, talk, Pinned(inbound.place, inbound.mark))
    if not talk.same_question:
        return present(ctx, talk, None)
    if odd.unusable(inbound):
        return _turn_down(ctx, talk, inbound)
    words = odd.searched(ctx, form.by_key.get(state.at), inbound)
    return go(ctx, talk, understood(ctx, talk, words, inbound.mark))


def _not_found(form: Form, state: State) -> State:
    """Say that the words looked up at the start fit nothing, where something has to be picked."""
    field = form.by_key.get(state.at)
    if not state.words or state.options or field is None or field.unknown_ok:
        return state
    nothing = Remark(NOTHING_FOUND, {"words": state.words})
    return change(state, remarks=(*state.remarks, nothing))


def understood(ctx: Context, talk: Talk, words: str, source: str) -> Tap | Said:
    """Return what typed words mean on the present card: one of its buttons, or an answer."""
    card = view(talk.form, talk.state, ctx.texts, ctx.moment, key_maker(talk.stored))
    button = heard(talk.form, talk.state, card, words, ctx.texts)
    return replace(button, source=source) if button else Said(words, source)


def _turn_down(ctx: Context, talk: Talk, inbound: Inbound) -> Reply:
    """Say what a message is that cannot be an answer, once for several in a row; ask again."""
    before = talk.state.odd_at
    if before is not None and timedelta() <= ctx.at - before <= odd.BURST:
        return Reply()
    talk = replace(talk, state=change(talk.state, odd_at=ctx.at))
    return go(
        ctx, talk, None, remark=odd.refusal(ctx, inbound, talk.form.by_key.get(talk.state.at))
    )


def tap(ctx: Context, key: str, inbound: Inbound) -> Reply:
    """Answer a button of any conversation, present, past or forged."""
    match = _KEY.fullmatch(key)
    stored = conversations.get(ctx.unit, _id_of(match["id"])) if match else None
    if match is None or stored is None or stored.staff_id != ctx.person.id:
        return Reply(alert=ctx.t(CLOSED))
    verb, argument = match["verb"], match["argument"] or ""
    if stored.status != "active":
        return _tap_draft(ctx, stored, verb)
    talk = opened(ctx, stored)
    if isinstance(talk, Reply):
        return talk
    old = bool(talk.notes) or int(match["rev"], 36) != stored.rev
    if old or elsewhere(ctx, stored):
        return present(ctx, talk, inbound)
    return go(ctx, talk, Tap(verb, argument), tapped=bool(inbound.choice))


def resume(ctx: Context, conversation_id: int) -> Reply:
    """Go on with a draft; the conversation before it is kept as a draft in turn."""
    stored = conversations.get(ctx.unit, conversation_id)
    if stored is None or stored.staff_id != ctx.person.id:
        return Reply(alert=ctx.t(CLOSED))
    if stored.status == "active":
        talk = opened(ctx, stored)
        return talk if isinstance(talk, Reply) else present(ctx, talk, None)
    kept = park(ctx)
    conversations.activate(ctx.unit, stored.id)
    active = replace(stored, status="active", rev=stored.rev + 1)
    talk = opened(ctx, active)
    if isinstance(talk, Reply):
        return talk
    since = age(ctx.texts, ctx.now - stored.touched_at)
    remarks = [Remark(RESUMED, {"age": since}), *talk.notes]
    if kept:
        remarks.insert(0, quoted(kept))
    state = change(talk.state, remarks=tuple(remarks), options=None)
    before = Show(Card(ctx.t(BELOW), title=ctx.t(talk.form.title)), Mode.TIDY, slot(stored))
    shows = () if elsewhere(ctx, stored) else (before,)
    return Reply((*shows, saved(ctx, talk, state, new_card=True)))


def park(ctx: Context) -> str | None:
    """Keep the active conversation as a draft and return the line that says so.

    None: there was none, or nothing had been entered and it is forgotten.
    """
    stored = conversations.active(ctx.unit, ctx.person.id)
    if stored is None:
        return None
    state = decode(stored.state_json)
    feature = ctx.registry.by_key.get(stored.feature)
    title = ctx.t(feature.form.title) if feature and feature.form else stored.feature
    if state is not None and not entered(state):
        conversations.end(ctx.unit, stored.id)
        tidy(ctx, stored, Card(ctx.t(LEFT), title=title))
        return None
    conversations.park(ctx.unit, stored.id)
    named = draft_title(ctx, stored)
    go_on = Button(ctx.t(GO_ON), button_key(stored.id, stored.rev, "resume"))
    tidy(ctx, stored, Card(ctx.t(SAVED, title=named), title=title, nav=(go_on,)))
    return ctx.t(PARKED, title=named)


def cancel_active(ctx: Context) -> Reply | None:
    """Cancel the active conversation; None: there is none."""
    stored = conversations.active(ctx.unit, ctx.person.id)
    if stored is None:
        return None
    talk = opened(ctx, stored)
    return talk if isinstance(talk, Reply) else go(ctx, talk, Tap("cancel"))


# -- one step ----------------------------------------------------------------------------------


def go(
    ctx: Context,
    talk: Talk,
    event: Event | None,
    *,
    tapped: bool = False,
    remark: str = "",
) -> Reply:
    """Work one event in and answer with the next card.

    `tapped`: nothing new stands below the present card, so the next one takes its place.
    """
    form, stored = talk.form, talk.stored
    if isinstance(event, Tap) and event.verb == "earlier":
        return resume(ctx, _id_of(event.argument))
    if event is None:
        after, then, burst = change(talk.state, remarks=()), Then.ASK, False
    else:
        done = asides.with_way(ctx, talk.state, event, worked_in(ctx, talk, event))
        if done.idle:
            return Reply()
        after, then, burst = done.state, done.then, done.burst
    match then:
        case Then.SUBMIT:
            return submit(ctx, talk, after, tapped)
        case Then.CANCEL:
            return cancel(ctx, talk, tapped)
        case Then.DRAFT:
            return put_aside(ctx, talk, after, tapped)
    said = (quoted(remark),) if remark else ()
    after = change(after, remarks=(*talk.notes, *after.remarks, *said))
    moved = elsewhere(ctx, stored)
    same = (tapped or burst) and not moved
    wait = ALBUM_MS if isinstance(event, Sent) else 0
    show = saved(ctx, talk, after, new_card=not same, after_ms=wait)
    if same:
        return Reply((show,))
    if moved:
        tidy(ctx, stored, Card(ctx.t(MOVED), title=ctx.t(form.title)))
        return Reply((show,))
    answered = answered_card(form, talk.state, after, ctx.texts, ctx.moment)
    return Reply((Show(answered, Mode.TIDY, talk.slot), show))


def worked_in(ctx: Context, talk: Talk, event: Event) -> Step:
    """Return what an event leads to; a new wording says what it corrected."""
    query = wanted(talk.form, talk.state, event)
    found = pickers.find(ctx, query) if query else None
    done = step(talk.form, talk.state, event, ctx.moment, found)
    if not done.corrected:
        return done
    answers = summary(talk.form, done.state, ctx.texts, ctx.today, only=done.corrected)
    said = quoted(ctx.t(CORRECTED, answers=shorten(answers, CORRECTED_BYTES)))
    return replace(done, state=change(done.state, remarks=(said, *done.state.remarks)))


# -- what is out of date -----------------------------------------------------------------------


def _tap_draft(ctx: Context, stored: Stored, verb: str) -> Reply:
    """Answer a button of a conversation that was put aside."""
    if verb == "resume":
        return resume(ctx, stored.id)
    if verb == "discard":
        conversations.end(ctx.unit, stored.id)
        return Reply.of(Card(ctx.t(DELETED), title=draft_title(ctx, stored)))
    kept = stored.status == "draft"
    words = ctx.t(IS_DRAFT, age=age(ctx.texts, ctx.now - stored.touched_at))
    go_on = Button(ctx.t(GO_ON if kept else RESTORE), button_key(stored.id, stored.rev, "resume"))
    delete = Button(ctx.t(DELETE), button_key(stored.id, stored.rev, "discard"))
    card = Card(
        words if kept else ctx.t(IS_DROPPED),
        title=draft_title(ctx, stored),
        choices=(go_on, delete),
        columns=2,
    )
    return Reply.of(card)


# -- small things ------------------------------------------------------------------------------


def _id_of(digits: str) -> int:
    """Return the id that a button carries; 0 if none can be."""
    if not re.fullmatch("[0-9a-z]{1,13}", digits):
        return 0
    number = int(digits, 36)
    return number if number < 2**63 else 0


def _form(feature: Feature) -> Form:
    if feature.form is None or feature.submit is None:
        raise ValueError(f"feature {feature.key!r} has no form to start")
    return feature.form


def _with_earlier(ctx: Context, feature: Feature, state: State) -> State:
    """Offer the person's last draft of the same form on the first card."""
    for draft in conversations.drafts(ctx.unit, ctx.person.id, 8):
        if draft.feature == feature.key:
            return change(state, earlier=base36(draft.id), earlier_at=draft.touched_at)
    return state
