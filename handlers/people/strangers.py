"""People the company has not vouched for: they can redeem an invite, and learn nothing else.

The trap: an answer that differs between a wrong, a used and an expired code tells a stranger
something. All failures read alike, and one account is answered at most once an hour.
"""

from __future__ import annotations

import re

import msgspec

from handlers.context import Context
from handlers.conversation.messages import Card, Inbound, Reply
from handlers.pages import to_today
from handlers.texts import N_, Texts
from storage import accounts, staff
from storage.accounts import Bound
from storage.staff import Person
from storage.unit import Unit

_CODE = re.compile(r"[A-Za-z0-9_-]{16,64}")
_TYPED = re.compile(r"[A-Za-z0-9 _-]{1,100}")
"""After /start everything is a try: a code may be typed from paper, in groups."""

WELCOME = N_("Welcome, {name}. This chat is now yours: everything here is done in your name.")
YOURS = N_("This chat is yours already, {name}; there was nothing to do.")
TAKEN = N_(
    "This chat belongs to {name}, and that code is for somebody else: it was not used. They send "
    "it from their own chat. If this phone has changed hands, ask your administrator."
)
UNKNOWN = N_(
    "This is a company's internal assistant. If you work here, send /start with the invite code "
    "from your administrator; an old or used code no longer works."
)


class Greeted(msgspec.Struct, frozen=True):
    """The answer to an unbound account."""

    reply: Reply
    person: Person | None = None
    """Whose it is now, when its invite was good."""
    replaced: tuple[Bound, ...] = ()
    """Accounts of that person that it takes the place of."""


def greet(unit: Unit, inbound: Inbound, texts: Texts) -> Greeted:
    """Answer an account that is nobody's; a good invite makes it somebody's."""
    words = inbound.text.strip()
    form = {"start": _TYPED, "": _CODE}.get(inbound.command)
    if form is not None and form.fullmatch(words):
        redeemed = accounts.redeem(unit, inbound.channel, inbound.account, words, unit.now)
        if isinstance(redeemed, accounts.Redeemed):
            person = staff.get(unit.session, redeemed.staff_id)
            assert person is not None  # noqa: S101 - an invite refers to its person
            welcome = Reply.of(Card(texts.t(WELCOME, name=person.name)))
            return Greeted(welcome, person, redeemed.replaced)
    if accounts.stranger_seen(unit, inbound.channel, inbound.account, unit.now):
        return Greeted(Reply.of(Card(texts.t(UNKNOWN))))
    return Greeted(Reply())


def again(ctx: Context, words: str) -> Reply | None:
    """Answer a code that somebody sends whose chat is bound already; None: it is no code.

    The code stays good: it is for another chat, or for another person.
    """
    owner = accounts.meant_for(ctx.session, words) if _TYPED.fullmatch(words) else None
    if owner is None:
        return None
    said = YOURS if owner == ctx.person.id else TAKEN
    today = to_today(ctx.texts)
    return Reply.of(Card(ctx.t(said, name=ctx.person.name), choices=(today,)))
