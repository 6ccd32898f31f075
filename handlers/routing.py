"""What one message of a known person means: which feature, which button, which conversation.

Order matters here and only here: a slash command always interrupts, a tap goes to whoever drew
the button, inside a form everything else is an answer, and outside one the Chinese words act.
"""

from __future__ import annotations

import re

from msgspec.structs import replace

from handlers import edited, help, loose_items, odd
from handlers.context import Context
from handlers.conversation import hearing, pickers, runner
from handlers.conversation.messages import MAX_KEY_BYTES, Card, Inbound, Reply
from handlers.dossiers import find
from handlers.feature import Feature
from handlers.handovers import handover
from handlers.loans import whereabouts
from handlers.people import leave, strangers
from handlers.texts import N_
from handlers.world import Registry
from storage import conversations, links

MAX_ID = 2**63 - 1
_ARGUMENT = re.compile(r"[A-Za-z0-9_-]*")

STEERS = {**hearing.WORDS, "0": "back", "9": "cancel"}
"""Words that steer a form; without one they are no material to keep, and those that go back in it
go one level up from the card shown last."""

NOTHING_OPEN = N_("No form is open at the moment.")
NO_NUMBER = N_("There is no number {number} to choose at the moment.")
NO_LONGER = N_("This button is no longer in use.")
NOT_YOURS = N_("This is not open to you.")
OLD_LINK = N_("That link is no longer in use. This is what waits for you:")


def route(ctx: Context, inbound: Inbound, registry: Registry) -> Reply:
    """Answer one message. Touches the session only."""
    if inbound.edits:
        return edited.answer(ctx, inbound, registry)
    if inbound.choice:
        return tap(ctx, inbound.choice, inbound, registry)
    if inbound.command:
        return _command(ctx, inbound, registry)
    active = conversations.active(ctx.unit, ctx.person.id)
    if active is not None:
        answer = runner.handle(ctx, active, inbound)
        return loose_items.keep(ctx, inbound) if answer is None else answer
    if odd.unusable(inbound):
        return odd.turn_down(ctx, inbound)
    phone = odd.phone_in(inbound)
    if phone and pickers.dossiers(ctx, phone, 0).options:
        return find.show(ctx, phone)
    if inbound.files or inbound.place or inbound.forwarded or phone:
        return loose_items.keep(ctx, inbound)
    return _words(ctx, inbound, registry)


def tap(ctx: Context, key: str, inbound: Inbound, registry: Registry) -> Reply:
    """Answer a button, or the typed number that stands for one.

    A key may be forged: what cannot be one of ours ends here, so that no action has to fear a
    missing argument or a number that no row can have.
    """
    parts = key.split(".")
    mark, name, verb = (*parts[:3], "", "")[:3]
    arguments = tuple(parts[3:]) or ("",)
    if len(key) > MAX_KEY_BYTES or not all(map(_sound, arguments)):
        return Reply(alert=ctx.t(NO_LONGER))
    if mark == "c":
        return runner.tap(ctx, key, inbound)
    feature = registry.by_key.get(name) if mark == "f" else None
    if feature is None or verb not in feature.actions:
        return Reply(alert=ctx.t(NO_LONGER))
    if not feature.audience(ctx.person):
        return Reply(alert=ctx.t(NOT_YOURS))
    return feature.actions[verb](ctx, arguments)


def _sound(argument: str) -> bool:
    """Whether an argument is made of the characters of a key and, as a number, fits an id."""
    if not _ARGUMENT.fullmatch(argument):
        return False
    return not argument.isdecimal() or int(argument) <= MAX_ID


def _command(ctx: Context, inbound: Inbound, registry: Registry) -> Reply:
    feature = registry.by_command.get(inbound.command)
    rest = inbound.text.strip()
    if feature is not None and not feature.audience(ctx.person):
        feature = None
    if feature is not None and (feature.open is None or feature.key == "cancel"):
        return enter(ctx, feature, inbound.command, rest, inbound.mark)
    said = runner.park(ctx)
    if feature is None:
        reply = help.unknown(ctx, inbound.command)
    elif feature.key == "start" and rest:
        reply = _follow(ctx, rest, inbound, registry)
    else:
        reply = enter(ctx, feature, inbound.command, rest)
    return Reply.of(Card(said)).plus(reply) if said else reply


def _follow(ctx: Context, key: str, inbound: Inbound, registry: Registry) -> Reply:
    """Open what a link leads to, as if it had been tapped or typed; it gives no right."""
    target = links.follow(ctx.unit, key, ctx.person.id)
    if target is None:
        code = strangers.again(ctx, key)
        if code is not None:
            return code
        today = enter(ctx, registry.by_key["today"], "today", "")
        return Reply.of(Card(ctx.t(OLD_LINK))).plus(today)
    if target.choice:
        return tap(ctx, target.choice, inbound, registry)
    return _command(ctx, replace(inbound, command=target.command, text=target.text), registry)


def enter(ctx: Context, feature: Feature, word: str, rest: str, source: str = "") -> Reply:
    """Start a feature by the command or word that was used; `rest` is what followed it.

    `source`: mark of the message that said so.
    """
    if feature.open is not None:
        return feature.open(ctx, rest)
    answers = feature.one_line(ctx, word, rest) if feature.one_line else None
    line = source if feature.one_line else ""
    return runner.start(ctx, feature, answers, at_review=bool(rest), line=line)


def _words(ctx: Context, inbound: Inbound, registry: Registry) -> Reply:
    text = inbound.text.strip()
    plain = hearing.plain(text)
    shown = conversations.menu(ctx.session, ctx.channel, ctx.account)
    if re.fullmatch(r"[1-9]\d?", plain, re.ASCII) and int(plain) <= len(shown.keys):
        return tap(ctx, shown.keys[int(plain) - 1], inbound, registry)
    if named := conversations.labelled(ctx.unit, shown, text):
        return tap(ctx, named, inbound, registry)
    steers = STEERS.get(plain.lstrip("/"))
    if steers == "back" and shown.back:
        return tap(ctx, shown.back, inbound, registry)
    if steers:
        today = enter(ctx, registry.by_key["today"], "today", "")
        return Reply.of(Card(ctx.t(NOTHING_OPEN))).plus(today)
    if re.fullmatch(r"\d", plain, re.ASCII):  # one digit is a choice, never material to keep
        return Reply.of(Card(ctx.t(NO_NUMBER, number=plain)))
    word, _, rest = text.lstrip("/／").partition(" ")
    feature = registry.by_word.get(word)
    if feature is not None and feature.audience(ctx.person):
        return enter(ctx, feature, word, rest.strip(), inbound.mark)
    sentence = _run_together(ctx, inbound, registry) or _sentence(ctx, text, registry)
    return sentence or loose_items.keep(ctx, inbound)


def _sentence(ctx: Context, text: str, registry: Registry) -> Reply | None:
    """Answer a sentence that a use case understands by itself; None: none does."""
    if handover.FEATURE.key in registry.by_key and (said := handover.heard(ctx, text)):
        return said
    return whereabouts.heard(ctx, text) or leave.heard(ctx, text)


def _run_together(ctx: Context, inbound: Inbound, registry: Registry) -> Reply | None:
    """Read 「拜访鸿鑫贸易谈订单」, written without spaces; only if a customer is named."""
    text = inbound.text.strip()
    for word, feature in registry.by_word.items():
        if feature.one_line is None or not text.startswith(word) or not feature.form:
            continue
        if not feature.audience(ctx.person):
            continue
        answers = feature.one_line(ctx, word, text[len(word) :])
        name = answers.text(runner.WORDS)
        if "customer" in answers or (name and name not in answers.text("body")):
            return runner.start(ctx, feature, answers, at_review=True, line=inbound.mark)
    return None
