"""One inbound message = one unit of work: taken, answered, recorded, all in one transaction.

The function here runs in the writer thread and may run again after a failed batch: it touches
its unit and nothing else. What must happen after commit comes back as a value.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import partial

import msgspec
from msgspec.structs import replace

from handlers import groups, seeing
from handlers.approvals import group_links
from handlers.context import Context, Recorded, Told
from handlers.conversation.messages import (
    FRESH,
    Card,
    ChatChange,
    ChatEvent,
    Inbound,
    Mode,
    Reply,
)
from handlers.people import bindings, members, reach, strangers
from handlers.routing import enter, route
from handlers.texts import LOCALES, Texts
from handlers.world import World
from rules.hours import after_quiet
from storage import accounts, audit, channel_notes, conversations, inbox, looks, outbox, staff
from storage.staff import Person
from storage.unit import Unit

_CARD = msgspec.json.Decoder(Card)


class Handled(msgspec.Struct, frozen=True):
    """What the top floor does after commit."""

    alert: str = ""
    menu: tuple[tuple[str, str], ...] | None = None
    """New command menu of this person; None: unchanged."""
    leave: str = ""
    """Id of a group that the bot is to leave; empty: none."""
    repeat: bool = False
    """The message had been handled before; nothing changed."""
    fresh: bool = False
    """The account was bound by this very message: what menu it had before is not known."""


def handle(unit: Unit, inbound: Inbound, world: World) -> Handled:
    """Handle one message. Running it twice has one effect: the inbox row is its witness.

    What is never answered leaves no row: talk in a group that is not with the bot, and the
    stream of positions that a live location is.
    """
    if inbound.group and not (inbound.event or inbound.choice or groups.addressed(inbound)):
        return Handled()
    if inbound.edits and inbound.place:
        return Handled()
    if not inbox.take(unit, inbound.channel, inbound.key, inbound.account, inbound.at):
        return Handled(repeat=True)
    return answer(unit, inbound, world)


def answer(unit: Unit, inbound: Inbound, world: World) -> Handled:
    """Answer a message whose inbox row is already written."""
    if inbound.event is not None:
        return _happened(unit, inbound, inbound.event, world)
    known = staff.at_account(unit.session, inbound.channel, inbound.account)
    if inbound.group:
        return _in_group(unit, inbound, known.person if known else None, world)
    if inbound.edits:
        wording = _wording(unit, inbound)
        if wording is None:
            return Handled()
        inbound = wording
    greeted = None
    if known is None:
        greeted = strangers.greet(unit, inbound, world.texts())
    person = known.person if known else greeted.person if greeted else None
    if person is None:
        reply = greeted.reply if greeted else Reply()
        _put_shows(unit, inbound, "", reply, LOCALES[0])  # an old card is not to be quoted
        left = accounts.get(unit.session, inbound.channel, inbound.account)
        return Handled(menu=() if left else None)  # of somebody who is here no more
    ctx = world.context(unit, person, inbound.channel, inbound.account, inbound.at)
    ctx.card = inbound.card
    if inbound.redraw:
        here = (inbound.channel, inbound.account, channel_notes.tapped(inbound.card))
        channel_notes.put(unit, *here, inbound.redraw)
    if known is not None and known.unreachable_since and not reach.is_overtaken(unit, inbound):
        reach.back(ctx)
    if greeted is None:
        reply = route(ctx, inbound, world.registry)
    else:
        bindings.bound(ctx, greeted.replaced)
        reach.found(ctx, greeted.replaced)
        reply = greeted.reply.plus(enter(ctx, world.registry.by_key["today"], "today", ""))
    bindings.written_here(ctx)
    if reply.alert and not inbound.choice:
        reply = Reply.of(Card(reply.alert)).plus(reply)
    _put_shows(unit, inbound, person.id, reply, ctx.texts.locale, ctx)
    close(ctx, world)
    menu = menu_for(person, world, ctx.texts)
    return Handled(reply.alert, menu, fresh=greeted is not None)


def _wording(unit: Unit, inbound: Inbound) -> Inbound | None:
    """Return an edit as it is to be handled; None: a later wording was handled before.

    An edit that overtook its message is handled as the message, which is a repeat when it comes.
    """
    if inbox.reword(unit, inbound.channel, inbound.edits, inbound.at):
        return inbound
    if not inbox.take(unit, inbound.channel, inbound.edits, inbound.account, inbound.at):
        return None
    return replace(inbound, key=inbound.edits, edits="")


def _in_group(unit: Unit, inbound: Inbound, person: Person | None, world: World) -> Handled:
    """Answer what was said to the bot in a group; strangers hear nothing."""
    if person is None:
        return Handled()
    ctx = world.context(unit, person, inbound.channel, inbound.account, inbound.at)
    alert = ""
    if inbound.choice:
        alert = group_links.tapped(ctx, inbound.choice)
    elif inbound.command == group_links.COMMAND:
        group_links.link(ctx, inbound)
    else:
        groups.said(unit, inbound, person, world)
    close(ctx, world)
    return Handled(alert)


def _happened(unit: Unit, inbound: Inbound, event: ChatEvent, world: World) -> Handled:
    """Work in what happened to a chat."""
    if event.change is ChatChange.IDLE:
        _deliver_told(unit, members.hardly_used(unit, inbound, world), world)
        return Handled()
    if event.chat == inbound.account:
        return _in_private(unit, inbound, event, world)
    after = groups.happened(unit, inbound, event, world)
    person = staff.by_account(unit.session, inbound.channel, inbound.account)
    if person is not None:
        _put_shows(unit, inbound, person.id, after.reply, person.locale)
    _deliver_told(unit, after.told, world)
    _record(unit, after.recorded, person.id if person else "", inbound.channel)
    return Handled(leave=after.leave)


def _in_private(unit: Unit, inbound: Inbound, event: ChatEvent, world: World) -> Handled:
    """Work in what happened to somebody's own chat; who is new there hears a first word."""
    came = event.of_company and event.change is ChatChange.JOINED
    ctx = reach.happened(unit, inbound, world)
    if ctx is None:
        if came:
            reply, told = members.unknown(unit, inbound, world)
            _put_shows(unit, inbound, "", reply, LOCALES[0])
            _deliver_told(unit, told, world)
        return Handled()
    opened = event.change is ChatChange.OPENED
    greets = (came or opened) and ctx.person.active
    if greets:
        reply = members.first_word(ctx, here=opened)
        _put_shows(unit, inbound, ctx.person.id, reply, ctx.texts.locale, ctx)
    close(ctx, world)
    return Handled(menu=menu_for(ctx.person, world, ctx.texts) if greets else None)


def welcome(unit: Unit, world: World, staff_id: str, channel: str, account: str) -> None:
    """Say a first word to somebody who came to the bot before they were on the staff list."""
    person = staff.get(unit.session, staff_id)
    assert person is not None  # noqa: S101 - the list was written just now
    ctx = world.context(unit, person, channel, account, unit.now)
    listed = Inbound(channel, account, f"listed:{staff_id}:{unit.now.isoformat()}", unit.now)
    _put_shows(unit, listed, person.id, members.first_word(ctx), ctx.texts.locale, ctx)


def menu_for(
    person: Person, world: World, texts: Texts | None = None
) -> tuple[tuple[str, str], ...]:
    """Return the command menu of a person: (command, title) in order."""
    words = texts or world.texts(person.locale)
    return tuple((one.command, words.t(one.title)) for one in world.registry.menu(person))


def close(ctx: Context, world: World) -> None:
    """Write what a unit has to tell others, then what it did: the last statement of the unit."""
    _deliver_told(ctx.unit, ctx.told, world, ctx)
    looks.add(ctx.unit, ctx.looks)
    _record(ctx.unit, ctx.recorded, ctx.person.id, ctx.channel)


def _record(unit: Unit, recorded: Iterable[Recorded], staff_id: str, channel: str) -> None:
    entries = [
        audit.Entry(
            at=unit.now,
            staff_id=staff_id,
            action=one.action,
            subject=one.subject,
            channel=channel,
            rule=one.rule,
            facts=one.facts,
        )
        for one in recorded
    ]
    audit.append(unit, entries)


def _put_shows(
    unit: Unit,
    inbound: Inbound,
    staff_id: str,
    reply: Reply,
    locale: str,
    ctx: Context | None = None,
) -> None:
    """Write the answer to the outbox; the first card after a tap takes the tapped card's place.

    Only passing cards (`m.`) are replaced: a reminder or a form's card stays what it was. `ctx`:
    of who tapped, where they may.
    """
    for number, show in enumerate(reply.shows):
        slot, mode = show.slot, show.mode
        card = seeing.guard(ctx, show.card) if ctx else show.card
        if slot == FRESH:
            slot = ""
        elif not slot and number == 0 and ctx and ctx.tapped.startswith("m."):
            slot, mode = ctx.tapped, Mode.REDRAW
        if not slot and card.buttons():
            slot = f"m.{next(unit.ids)}"
        put = partial(
            outbox.put,
            unit,
            channel=inbound.channel,
            account=inbound.account,
            staff_id=staff_id,
            slot=slot,
        )
        key = show.once or f"{inbound.channel}:{inbound.key}:{number}"
        due = unit.now + timedelta(milliseconds=show.after_ms)
        put(key=key, mode=mode, body=card.encoded(locale), due_at=due)
        if show.stay is not None:
            put(
                key=f"{key}{outbox.GONE}",
                mode=Mode.DELETE,
                body=show.stay.leaves.encoded(locale),
                due_at=due + timedelta(seconds=show.stay.seconds),
            )
        if card.buttons():
            buttons = card.nav + card.choices
            menu = conversations.Menu(
                tuple(button.key for button in card.choices),
                {button.label: button.key for button in card.buttons()},
                next((button.key for button in buttons if button.back), ""),
            )
            conversations.set_menu(unit, inbound.channel, inbound.account, menu)


def _deliver_told(
    unit: Unit, messages: Iterable[Told], world: World, ctx: Context | None = None
) -> None:
    """Write what others must hear to the outbox, in their language, outside quiet hours.

    `ctx`: of the unit in which their cards are drawn, where that may name a customer.
    """
    for told in messages:
        reader = staff.get(unit.session, told.staff_id)
        if reader is None:
            continue
        if told.to is not None:
            to, due = told.to, unit.now
        elif reader.active and reader.home_channel:
            to = (reader.home_channel, reader.home_account)
            time = world.policies.at(unit.now).company.time
            due = after_quiet(told.after or unit.now, time.quiet_hours, time.zone)
        else:
            continue
        card = told.card(world.texts(reader.locale))
        _put_told(unit, told, seeing.guard(ctx, card) if ctx else card, reader, to, due)


def _put_told(
    unit: Unit, told: Told, card: Card, reader: Person, to: tuple[str, str], due: datetime
) -> None:
    outbox.put(
        unit,
        key=told.key,
        channel=to[0],
        account=to[1],
        staff_id=reader.id,
        mode=told.mode,
        slot=told.slot or f"n.{told.key}",
        body=card.encoded(reader.locale),
        due_at=due,
    )


def decode_card(body: str) -> Card:
    return _CARD.decode(body)
