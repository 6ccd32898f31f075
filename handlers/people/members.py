"""Members who come into the view of the company's own messenger, before they have written a word.

The trap: the platform says so once more whenever the visible range is drawn anew, and never of
whom it showed before anybody listened. So whoever was answered before is not greeted, whoever
opens the chat and was not is, and of a member nobody vouched for the operators hear once.
"""

from __future__ import annotations

from datetime import datetime
from functools import partial

from handlers import help
from handlers.context import Context, Told
from handlers.conversation.messages import Button, Card, Inbound, Reply, Show
from handlers.people import bindings, strangers
from handlers.texts import N_, Texts
from handlers.world import World
from rules.hours import after_quiet
from rules.office import TimePolicy
from rules.roles import OPERATOR
from storage import accounts, conversations, staff
from storage.unit import Unit

HELLO = N_(
    "Hello {name}, I am your company's assistant for customer dossiers: notes of visits, "
    "borrowing, handovers and approvals are done here, always in your name. Use the menu, or "
    "just write."
)
APPEARED = N_(
    "{account} can now see the app in {channel}, but is not on the staff list and learns nothing "
    "from it. Whoever else comes today is listed under “Strangers”."
)
HARDLY_USED = N_(
    "{channel} finds that the app is hardly used and may switch it off; then nobody gets a "
    "message. Have people use it, and look in the console whether it is still switched on."
)


def first_word(ctx: Context, *, here: bool = False) -> Reply:
    """Return who the bot is and what this person can do here; nothing for whom it answered.

    `here`: they look at the chat, so it need not wait for the day.
    """
    if conversations.menu(ctx.session, ctx.channel, ctx.account).words:
        return Reply()
    said = help.show(ctx, "", ctx.t(HELLO, name=ctx.person.name))
    return said if here else _by_day(said, ctx.policy.time, ctx.now)


def unknown(unit: Unit, inbound: Inbound, world: World) -> tuple[Reply, tuple[Told, ...]]:
    """Return what a member hears whom nobody vouched for, and what the operators hear of it.

    Both once for each member; the operators one message a day, for a range may grow by hundreds.
    """
    here = (inbound.channel, inbound.account)
    if accounts.get(unit.session, *here) or not accounts.met(unit, *here, unit.now):
        return Reply(), ()
    time = world.policies.at(unit.now).company.time
    key = f"appeared:{inbound.channel}:{time.office_day(unit.now)}"
    told = tuple(
        Told(one, partial(_appeared, *here), f"{key}:{one}")
        for one in staff.holders(unit.session, OPERATOR)
    )
    said = Reply.of(Card(world.texts().t(strangers.UNKNOWN)))
    return _by_day(said, time, unit.now), told


def hardly_used(unit: Unit, inbound: Inbound, world: World) -> tuple[Told, ...]:
    """Return what the operators hear once a day as long as the platform finds the app idle."""
    day = world.policies.at(unit.now).company.time.office_day(unit.now)
    return tuple(
        Told(one, partial(_idle, inbound.channel), f"idle:{inbound.channel}:{day}:{one}")
        for one in staff.holders(unit.session, OPERATOR)
    )


def _idle(channel: str, texts: Texts) -> Card:
    return Card(texts.t(HARDLY_USED, channel=bindings.messenger(texts, channel)))


def _appeared(channel: str, account: str, texts: Texts) -> Card:
    facts = {"account": account, "channel": bindings.messenger(texts, channel)}
    admin = Button(texts.t(N_("Administration")), "f.admin.open")
    return Card(texts.t(APPEARED, **facts), nav=(admin,))


def _by_day(reply: Reply, time: TimePolicy, now: datetime) -> Reply:
    """Let what nobody asked for wait for the end of the quiet hours."""
    wait = after_quiet(now, time.quiet_hours, time.zone) - now
    after_ms = int(wait.total_seconds() * 1000)
    return Reply(tuple(Show(one.card, after_ms=after_ms) for one in reply.shows))
