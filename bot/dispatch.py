"""One inbound message = one unit of work: taken, answered, recorded, all in one transaction.

The function here runs in the writer thread and may run again after a failed batch: it touches
its unit and nothing else. What must happen after commit comes back as a value.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

import msgspec

from handlers import strangers
from handlers.context import Context
from handlers.conversation.messages import FRESH, Card, Inbound, Mode, Reply
from handlers.routing import enter, route
from handlers.texts import LOCALES, Texts
from handlers.world import World
from rules.hours import after_quiet
from storage import audit, conversations, inbox, outbox, staff
from storage.staff import Person
from storage.unit import Unit


@dataclass(frozen=True)
class Handled:
    """What the top floor does after commit."""

    repeat: bool = False
    """The message had been handled before; nothing changed."""
    alert: str = ""
    menu: tuple[tuple[str, str], ...] | None = None
    """New command menu of this person; None: unchanged."""


def handle(unit: Unit, inbound: Inbound, world: World) -> Handled:
    """Handle one message. Running it twice has one effect: the inbox row is its witness."""
    if not inbox.take(unit, inbound.channel, inbound.key, inbound.account, inbound.at):
        return Handled(repeat=True)
    return answer(unit, inbound, world)


def answer(unit: Unit, inbound: Inbound, world: World) -> Handled:
    """Answer a message whose inbox row is already written."""
    person = staff.by_account(unit.session, inbound.channel, inbound.account)
    welcome: Reply | None = None
    if person is None:
        welcome, person = strangers.greet(unit, inbound, world.texts())
    if person is None:
        _put_shows(unit, inbound, "", welcome or Reply(), LOCALES[0])
        return Handled()
    ctx = world.context(unit, person, inbound.channel, inbound.account, inbound.at)
    if welcome is None:
        reply = route(ctx, inbound, world.registry)
    else:
        ctx.record("account.bound", f"staff:{person.id}")
        reply = welcome.plus(enter(ctx, world.registry.by_key["today"], "today", ""))
    unit = ctx.unit
    if (person.home_channel, person.home_account) != (ctx.channel, ctx.account):
        staff.set_home(unit, person.id, ctx.channel, ctx.account)
    if reply.alert and not inbound.choice:
        reply = Reply.of(Card(reply.alert)).plus(reply)
    _put_shows(unit, inbound, person.id, reply, ctx.texts.locale)
    close(ctx, world)
    return Handled(alert=reply.alert, menu=menu_for(person, world, ctx.texts))


def menu_for(
    person: Person, world: World, texts: Texts | None = None
) -> tuple[tuple[str, str], ...]:
    """Return the command menu of a person: (command, title) in order."""
    words = texts or world.texts(person.locale)
    return tuple((one.command, words.t(one.title)) for one in world.registry.menu(person))


def close(ctx: Context, world: World) -> None:
    """Write what a unit has to tell others, then what it did: the last statement of the unit."""
    _deliver_told(ctx, world)
    entries = [
        audit.Entry(
            at=ctx.now,
            staff_id=ctx.person.id,
            action=one.action,
            subject=one.subject,
            channel=ctx.channel,
            rule=one.rule,
            facts=one.facts,
        )
        for one in ctx.recorded
    ]
    audit.append(ctx.unit, entries)


def _put_shows(unit: Unit, inbound: Inbound, staff_id: str, reply: Reply, locale: str) -> None:
    """Write the answer to the outbox; the first card after a tap takes the tapped card's place.

    Only passing cards (`m.`) are replaced: a reminder or a form's card stays what it was.
    """
    tapped = ""
    if inbound.card:
        tapped = outbox.slot_of(unit.session, inbound.channel, inbound.account, inbound.card)
    for number, show in enumerate(reply.shows):
        slot, mode = show.slot, show.mode
        if slot == FRESH:
            slot = ""
        elif not slot and number == 0 and tapped.startswith("m."):
            slot, mode = tapped, Mode.REDRAW
        if not slot and show.card.buttons():
            slot = f"m.{next(unit.ids)}"
        outbox.put(
            unit,
            key=f"{inbound.channel}:{inbound.key}:{number}",
            channel=inbound.channel,
            account=inbound.account,
            staff_id=staff_id,
            mode=mode,
            slot=slot,
            body=encode_card(show.card, locale),
            due_at=unit.now + timedelta(milliseconds=show.after_ms),
        )
        if show.card.buttons():
            menu = conversations.Menu(
                tuple(button.key for button in show.card.choices),
                {button.label: button.key for button in show.card.buttons()},
            )
            conversations.set_menu(unit, inbound.channel, inbound.account, menu)


def _deliver_told(ctx: Context, world: World) -> None:
    """Write what others must hear to the outbox, in their language, outside quiet hours."""
    for told in ctx.told:
        reader = staff.get(ctx.session, told.staff_id)
        if reader is None or not reader.active or not reader.home_channel:
            continue
        time = world.policy.time
        outbox.put(
            ctx.unit,
            key=told.key,
            channel=reader.home_channel,
            account=reader.home_account,
            staff_id=reader.id,
            mode=told.mode,
            slot=told.slot or f"n.{told.key}",
            body=encode_card(told.card(world.texts(reader.locale)), reader.locale),
            due_at=after_quiet(told.after or ctx.now, time.quiet_hours, time.zone),
        )


def encode_card(card: Card, locale: str) -> str:
    return msgspec.json.encode(replace(card, locale=locale)).decode()


def decode_card(body: str) -> Card:
    return msgspec.json.decode(body, type=Card)
