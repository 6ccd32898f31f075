"""Groups: short notices with a way into the private chat, and never a word of content.

What stands in a group is read by everybody there, colleagues or not. So the bot answers nothing
in one but where the private chat is; what was asked travels sealed behind the link.
"""

from __future__ import annotations

from datetime import timedelta

import msgspec

from handlers import pages
from handlers.context import Recorded, Told
from handlers.conversation.messages import Card, ChatChange, ChatEvent, Inbound, Mode, Reply
from handlers.texts import N_
from handlers.world import World
from rules.roles import OPERATOR
from storage import forwarding, group_cards, groups, links, outbox, staff
from storage.links import Target
from storage.staff import Person
from storage.unit import Unit

IN_PRIVATE = N_("Please go on in the private chat.")
HELLO = N_("Hello. In this group I only give short notices; everything else is in private.")
JOINED = N_(
    "I am in the group now and give only short notices there; nothing of a customer is shown in "
    "it. Please take me out when it is no longer needed."
)
LEFT = N_("I was removed from a group that you had added me to. No more notices go there.")
INTRUDER = N_("Somebody who is not bound added me to a group. I said nothing there and left it.")

GROUPLESS = frozenset({"phones", "wecom"})
"""Messengers whose bot is in no groups."""
PACE = timedelta(minutes=1)
"""A group gets one notice in so long."""
LINK_LIFE = timedelta(days=1)
GREETING_LIFE = timedelta(days=30)
TODAY = Target(choice=pages.TODAY)


class Aftermath(msgspec.Struct, frozen=True):
    """What follows from an event, for the top floor to write and do."""

    reply: Reply = msgspec.field(default_factory=Reply)
    """To the person who caused it, in private."""
    told: tuple[Told, ...] = ()
    recorded: tuple[Recorded, ...] = ()
    leave: str = ""
    """Id of a group that the bot is to leave after commit; empty: none."""


# -- what is said ------------------------------------------------------------------------------


def addressed(inbound: Inbound) -> bool:
    """Return whether something said in a group may be meant for the bot."""
    return bool(inbound.command or inbound.mentioned) and not inbound.edits


def said(unit: Unit, inbound: Inbound, person: Person, world: World) -> None:
    """Point somebody of the company who spoke to the bot in a group to the private chat."""
    target = _asked(inbound, person, world)
    stem = f"group:{inbound.channel}:{inbound.group}"
    key = outbox.lately(unit.session, stem, inbound.at, PACE)
    if target is None or not key:
        return
    way_in = links.make(unit, target, staff_id=person.id, life=LINK_LIFE)
    texts = world.texts(person.locale)
    card = Card(texts.t(IN_PRIVATE), way_in=way_in)
    put(unit, inbound.channel, inbound.group, key, card, texts.locale)


def _asked(inbound: Inbound, person: Person, world: World) -> Target | None:
    """Return what was asked for; None: a command that may be another bot's."""
    feature = world.registry.by_command.get(inbound.command)
    if feature is not None and feature.key != "start" and feature.audience(person):
        return Target(command=inbound.command, text=inbound.text)
    return TODAY if feature is not None or inbound.mentioned else None


def put(unit: Unit, channel: str, chat: str, key: str, card: Card, locale: str) -> None:
    """Say something in a group, where everybody reads it."""
    outbox.put(
        unit,
        key=key,
        channel=channel,
        account=chat,
        staff_id=None,
        mode=Mode.SEND,
        slot="",
        body=card.encoded(locale),
        due_at=unit.now,
    )


# -- what happens ------------------------------------------------------------------------------


def happened(unit: Unit, inbound: Inbound, event: ChatEvent, world: World) -> Aftermath:
    """Work in that the bot joined, left or moved with a group."""
    match event.change:
        case ChatChange.OPENED | ChatChange.IDLE:
            return Aftermath()
        case ChatChange.JOINED:
            return _joined(unit, inbound, event.chat, world)
        case ChatChange.LEFT:
            return _left(unit, inbound, event.chat)
        case ChatChange.MOVED:
            return _moved(unit, inbound.channel, event)


def _joined(unit: Unit, inbound: Inbound, chat: str, world: World) -> Aftermath:
    known = groups.get(unit.session, inbound.channel, chat)
    if known is not None and known.gone_at is None:
        return Aftermath()
    person = staff.by_account(unit.session, inbound.channel, inbound.account)
    if person is None:
        return _intruded(unit, inbound, chat)
    groups.join(unit, inbound.channel, chat, added_by=person.id, at=inbound.at)
    texts = world.texts(person.locale)
    way_in = links.make(unit, TODAY, life=GREETING_LIFE)
    key = f"{inbound.channel}:{inbound.key}:hello"
    put(unit, inbound.channel, chat, key, Card(texts.t(HELLO), way_in=way_in), texts.locale)
    return Aftermath(
        Reply.of(Card(texts.t(JOINED))), recorded=(Recorded("group.joined", _subject(chat)),)
    )


def _intruded(unit: Unit, inbound: Inbound, chat: str) -> Aftermath:
    """Leave a group that nobody of the company let us into, and tell the operators once."""
    key = f"intruder:{inbound.channel}:{chat}"
    told = tuple(
        Told(one, lambda texts: Card(texts.t(INTRUDER)), f"{key}:{one}")
        for one in staff.holders(unit.session, OPERATOR)
    )
    return Aftermath(told=told, recorded=(Recorded("group.refused", _subject(chat)),), leave=chat)


def _left(unit: Unit, inbound: Inbound, chat: str) -> Aftermath:
    known = groups.get(unit.session, inbound.channel, chat)
    forwarding.forget_chat(unit, inbound.channel, chat)
    group_cards.forget(unit, inbound.channel, chat)
    if known is None or not groups.leave(unit, inbound.channel, chat, inbound.at):
        return Aftermath()
    told = Told(
        known.added_by,
        lambda texts: Card(texts.t(LEFT)),
        f"{inbound.channel}:{inbound.key}:left",
    )
    return Aftermath(told=(told,), recorded=(Recorded("group.left", _subject(chat)),))


def _moved(unit: Unit, channel: str, event: ChatEvent) -> Aftermath:
    """Follow a group to its new id; said twice, the second finds nothing left to move."""
    if not event.moved_to:
        return Aftermath()
    forwarding.readdress(unit, channel, event.chat, event.moved_to)
    group_cards.move(unit, channel, event.chat, event.moved_to)
    if not groups.move(unit, channel, event.chat, event.moved_to):
        return Aftermath()
    return Aftermath(recorded=(Recorded("group.moved", _subject(event.moved_to)),))


def _subject(chat: str) -> str:
    return f"group:{chat}"[:80]
