"""People whom no message reaches: noticed once, shown to their superior, over with a sign of life.

The trap: somebody who has blocked the bot looks exactly like somebody who reads and keeps silent.
So a chat that fails is marked, notices go on to another one of the person, and where there is
none their home is empty: ladders then pass them over as they pass over people without a chat.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from handlers import reminders
from handlers.context import Context
from handlers.conversation.answers import listed
from handlers.conversation.messages import Button, Card, ChatChange, Inbound, Mode
from handlers.people import bindings
from handlers.texts import N_, Texts
from handlers.world import World
from rules.roles import OPERATOR
from storage import accounts, channel_notes, forwarding, ledger, outbox, roster, staff
from storage.accounts import BLOCKED, OFF, Bound
from storage.outbox import Message
from storage.staff import Person
from storage.unit import Unit

TITLE = N_("Out of reach")
SAID = N_(
    "Messages to {name} have not arrived since {moment} ({messengers}), reminders included. "
    "Please call. It ends when {name} writes to the bot again, or with a new invite from the "
    "administrator."
)
LISTED = N_("Out of reach: {names}.")
ONE = N_("{name} (since {moment})")
REPORT = "reach."
"""How the card begins that tells of somebody out of reach; their staff number follows."""
CHANGED = "changed"
"""Note of a chat: when it was last taken away or given back, as the platform says."""
EARLIER = timedelta(days=1)
"""A reminder that failed was due a little before its failing was noticed."""


def lost(unit: Unit, row: Message, world: World) -> Context | None:
    """Take in that a message did not arrive because the chat is gone, before it is given up.

    Returns the context with what is to be told and recorded; None: the chat is nobody's.
    """
    bound = accounts.get(unit.session, row.channel, row.account)
    if bound is None:
        return None
    ctx = _context(unit, world, bound)
    _lose(ctx, bound, BLOCKED)
    person = _person(ctx, bound.staff_id)
    passing = row.slot.startswith(outbox.PASSING)
    if row.mode == Mode.SEND and row.staff_id == person.id and person.home_channel and not passing:
        forwarding.send_elsewhere(unit, row, person.home_channel, person.home_account)
    elif row.body is None and not person.home_channel:
        reminders.hand_up(ctx, row.key)
    elif row.slot.startswith(REPORT):
        _tell_above(ctx, _person(ctx, row.slot.removeprefix(REPORT)))
    return ctx


def happened(unit: Unit, inbound: Inbound, world: World) -> Context | None:
    """Take in that a private chat was taken away or given back; None: it concerns nobody, or
    came after something newer of that kind."""
    event = inbound.event
    bound = accounts.get(unit.session, inbound.channel, event.chat) if event else None
    if event is None or bound is None or is_overtaken(unit, inbound):
        return None
    channel_notes.put(unit, bound.channel, bound.account, CHANGED, inbound.at.isoformat())
    ctx = _context(unit, world, bound)
    if event.change is ChatChange.LEFT:
        _lose(ctx, bound, BLOCKED)
    elif bound.unreachable_since is not None:
        back(ctx)
    return ctx


def is_overtaken(unit: Unit, inbound: Inbound) -> bool:
    """Whether the chat was taken away or given back since; a platform may keep no order."""
    last = channel_notes.get(unit, inbound.channel, inbound.account, CHANGED)
    return last is not None and inbound.at < datetime.fromisoformat(last)


def back(ctx: Context) -> None:
    """End it: messages arrive again where `ctx` is. What is still true is said again, once."""
    before = _person(ctx, ctx.person.id)
    since = _since(ctx, before)
    accounts.regain(ctx.unit, ctx.channel, ctx.account)
    accounts.settle_home(ctx.unit, before.id)
    ctx.record("account.reachable", f"staff:{before.id}", messenger=ctx.channel)
    if not before.home_channel and since is not None:
        _say_again(ctx, since)


def found(ctx: Context, replaced: Iterable[Bound]) -> None:
    """End it where the person has just been bound anew."""
    times = [one.unreachable_since for one in replaced]
    since = max(filter(None, [*times, _since(ctx, ctx.person)]), default=None)
    if since is not None:
        _say_again(ctx, since)


def _say_again(ctx: Context, since: datetime) -> None:
    """Send the last reminder of each case that did not arrive; it is drawn only if still true."""
    person = _person(ctx, ctx.person.id)
    if not person.home_channel:
        return
    outbox.withdraw(ctx.unit, f"{REPORT}{person.id}")
    key = f"again:{person.id}:{int(ctx.now.timestamp())}"
    if ledger.reopen(ctx.unit, person.id, since - EARLIER, key):
        reminders.owe(ctx, key, person)


def switch(unit: Unit, world: World, channels: frozenset[str], limit: int) -> list[Context]:
    """Let notices follow the messengers that are in use; returns a context for each change.

    Who has none of them counts as out of reach; superiors are not told one by one, for it was
    the operator's own doing. Nothing waits for a messenger that is off.
    """
    done = []
    for bound in accounts.switched(unit.session, channels, limit):
        ctx = _context(unit, world, bound)
        if bound.channel in channels:
            back(ctx)
        else:
            _lose(ctx, bound, OFF)
        done.append(ctx)
    for chat in forwarding.stranded(unit.session, channels, limit):
        person = staff.get(unit.session, chat.staff_id) if chat.staff_id else None
        home = (person.home_channel, person.home_account) if person else ("", "")
        to = home if home[0] in channels else None
        here = (chat.channel, chat.account, chat.staff_id)
        forwarding.forward(unit, *here, to, problem=OFF, claimed=True)
    return done


def line(ctx: Context) -> str:
    """Return who of the team is out of reach, in a line for their superior; "" for nobody."""
    names = []
    for one in roster.unreachable_below(ctx.session, ctx.person.id):
        since = _since(ctx, one)
        moment = ctx.texts.moment(since) if since else ""
        names.append(ctx.t(ONE, name=one.name, moment=moment))
    return ctx.t(LISTED, names=listed(names, ctx.texts)) if names else ""


def pass_on(ctx: Context, person: Person) -> None:
    """Let the next rungs that this person was to hear find who hears them now."""
    for kind, case_id in ledger.watched_by(ctx.session, person.id):
        ctx.registry.clocks[kind].wind(ctx, case_id)


def operators(ctx: Context) -> tuple[Person, ...]:
    """Return the operators whom a message reaches."""
    people = (_person(ctx, one) for one in staff.holders(ctx.session, OPERATOR))
    return tuple(one for one in people if one.home_channel)


def nearest(ctx: Context, person: Person) -> tuple[Person, ...]:
    """Return the nearest superior whom a message reaches; the operators if there is none."""
    for one in staff.chain(ctx.session, person.id):
        superior = _person(ctx, one)
        if superior.home_channel:
            return (superior,)
    return tuple(one for one in operators(ctx) if one.id != person.id)


def _lose(ctx: Context, bound: Bound, why: str) -> None:
    if bound.unreachable_since is not None:
        return
    person = _person(ctx, bound.staff_id)
    accounts.lose(ctx.unit, bound, why)
    accounts.settle_home(ctx.unit, person.id)
    problem = OFF if why == OFF else "unreachable"
    if not _person(ctx, person.id).home_channel:
        for key in forwarding.unrendered(ctx.session, bound.channel, bound.account):
            reminders.hand_up(ctx, key)
    accounts.follow_home(ctx.unit, bound, problem, claimed=why == OFF)
    ctx.record("account.unreachable", f"staff:{person.id}", messenger=bound.channel, why=why)
    now = _person(ctx, person.id)
    if person.active and person.home_channel and not now.home_channel:
        pass_on(ctx, now)
        if why != OFF:
            _tell_above(ctx, now)


def _tell_above(ctx: Context, person: Person) -> None:
    since = _since(ctx, person)
    if not person.active or person.home_channel or since is None:
        return
    for reader in nearest(ctx, person):
        ctx.tell(
            reader.id,
            lambda texts: _report(ctx, person, since, texts),
            f"reach:{person.id}:{int(since.timestamp())}:{reader.id}",
            slot=f"{REPORT}{person.id}",
        )


def _report(ctx: Context, person: Person, since: datetime, texts: Texts) -> Card:
    channels = [one.channel for one in accounts.of_person(ctx.session, person.id)]
    names = [bindings.messenger(texts, one) for one in dict.fromkeys(channels)]
    facts = {"moment": texts.moment(since), "messengers": listed(names, texts)}
    team = Button(texts.t(N_("Team's notes")), "f.team.list")
    said = texts.t(SAID, name=person.name, **facts)
    return Card(said, title=texts.t(TITLE), choices=(team,))


def _since(ctx: Context, person: Person) -> datetime | None:
    """Return when the last of the person's chats was lost."""
    times = (one.unreachable_since for one in accounts.of_person(ctx.session, person.id))
    return max(filter(None, times), default=None)


def _context(unit: Unit, world: World, bound: Bound) -> Context:
    person = staff.get(unit.session, bound.staff_id)
    assert person is not None  # noqa: S101 - an account refers to its person
    return world.context(unit, person, bound.channel, bound.account, unit.now)


def _person(ctx: Context, staff_id: str) -> Person:
    person = staff.get(ctx.session, staff_id)
    assert person is not None  # noqa: S101 - nobody is ever deleted
    return person
