"""One card in many chats: shown where it was tapped, and every other copy follows.

A case has one card for each of those concerned, on every messenger they use, under one name
(slot). What may be on it depends on who reads it and where, so it is drawn for each copy.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

from msgspec.structs import replace

from handlers.context import Context
from handlers.conversation.messages import Card, Mode, Show
from handlers.texts import Texts
from storage import accounts, staff
from storage.staff import Person

Draw = Callable[[Person, Texts], Card]
"""Draws the card for a reader, whose home is the messenger that the copy is on."""


def show(ctx: Context, card: Card, slot: str) -> Show:
    """Return the card for who acts: in place of the tapped copy, else as a new one.

    A redraw of the copy in this chat that was told before gives way to it.
    """
    chat = (ctx.channel, ctx.account)
    ctx.told[:] = [one for one in ctx.told if (one.slot, one.to) != (slot, chat)]
    return Show(card, Mode.REDRAW if ctx.tapped == slot else Mode.SEND, slot)


def redraw(
    ctx: Context, people: Iterable[str], draw: Draw, *, slot: str, key: str, but: Iterable[str]
) -> None:
    """Let every copy of these people show what is so now, on every messenger of theirs.

    `key`: names the case in this version; `but`: who was just sent a new card.
    """
    spared = frozenset(but)
    for staff_id in people:
        reader = staff.get(ctx.session, staff_id)
        if reader is None or staff_id in spared:
            continue
        for one in accounts.of_person(ctx.session, staff_id):
            there = replace(reader, home_channel=one.channel, home_account=one.account)
            ctx.tell(
                staff_id,
                partial(draw, there),
                f"{key}:copy:{one.channel}:{one.account}",
                slot=slot,
                mode=Mode.TIDY,
                to=(one.channel, one.account),
            )
