"""Which chats are a person's: bound by an invite, let go when a phone is lost.

The trap: a chat that was let go still shows old cards and a menu. So it hears once that it is
nobody's any more, loses its menu with that message, and from then on is a stranger's.
"""

from __future__ import annotations

from collections.abc import Iterable

from handlers.context import Context
from handlers.conversation.messages import Card
from handlers.texts import N_, Texts
from storage import accounts, outbox, staff
from storage.accounts import Bound

MESSENGERS = {
    "phones": N_("Phones page"),
    "telegram": "Telegram",
    "wecom": N_("WeCom"),
}
CUT = N_(
    "This chat is no longer bound to anybody. What was written here stays as it is; nothing here "
    "can be used any more."
)
FAREWELL = "cut."
"""How the name of that card begins."""
SINCE = N_("{channel}, since {day}")
NO_LONGER = N_("{channel}, since {day}; messages have not arrived since {moment}")
SWITCHED_OFF = N_("{channel}, since {day}; the messenger is switched off")


def bound(ctx: Context, replaced: Iterable[Bound]) -> None:
    """Do what follows when the chat in which the person writes has just become theirs.

    A farewell that waits there is no longer true, and would take the new menu along.
    """
    outbox.withdraw_here(ctx.unit, ctx.channel, ctx.account, FAREWELL)
    gone = tuple(replaced)
    ctx.record("account.bound", f"staff:{ctx.person.id}", replaced=len(gone))
    for one in gone:
        _part(ctx, one)


def cut(ctx: Context, which: Iterable[Bound]) -> None:
    """Let chats of one person go at once; `ctx` is of who does it."""
    for one in which:
        accounts.unbind(ctx.unit, one.channel, one.account)
        _part(ctx, one)


def _part(ctx: Context, gone: Bound) -> None:
    ctx.record("account.unbound", f"staff:{gone.staff_id}", messenger=gone.channel)
    ctx.tell(
        gone.staff_id,
        _farewell,
        f"cut:{gone.channel}:{gone.account}:{int(gone.bound_at.timestamp())}",
        slot=f"{FAREWELL}{ctx.new_id()}",
        to=(gone.channel, gone.account),
    )


def _farewell(texts: Texts) -> Card:
    return Card(texts.t(CUT), ends=True)


def written_here(ctx: Context) -> None:
    """Let notices follow to the chat last written on, unless the person chose a messenger."""
    here = (ctx.channel, ctx.account)
    if here == (ctx.person.home_channel, ctx.person.home_account):
        return
    person = staff.get(ctx.session, ctx.person.id)  # the message itself may have changed it
    assert person is not None  # noqa: S101 - nobody is ever deleted
    free = person.pinned_channel in ("", ctx.channel) or not person.home_channel
    if free and accounts.get(ctx.session, *here) is not None:
        staff.set_home(ctx.unit, person.id, *here)


def messenger(texts: Texts, channel: str) -> str:
    return texts.t(MESSENGERS.get(channel, channel))


def described(ctx: Context, one: Bound) -> str:
    """Say one chat in a line: messenger, since when, and whether messages arrive."""
    words = {accounts.BLOCKED: NO_LONGER, accounts.OFF: SWITCHED_OFF}.get(one.unreachable_why)
    facts = {"moment": ctx.texts.moment(one.unreachable_since)} if one.unreachable_since else {}
    return ctx.t(
        words or SINCE,
        channel=messenger(ctx.texts, one.channel),
        day=ctx.texts.day(ctx.policy.time.office_day(one.bound_at), ctx.today),
        **facts,
    )
