"""People the company has not vouched for: they can redeem an invite, and learn nothing else.

The trap: an answer that differs between a wrong, a used and an expired code tells a stranger
something. All failures read alike, and one account is answered at most once an hour.
"""

from __future__ import annotations

import re

from handlers.conversation.messages import Card, Inbound, Reply
from handlers.texts import N_, Texts
from storage import accounts, staff
from storage.staff import Person
from storage.unit import Unit

_CODE = re.compile(r"[A-Za-z0-9_-]{16,64}")
_TYPED = re.compile(r"[A-Za-z0-9 _-]{1,100}")
"""After /start everything is a try: a code may be typed from paper, in groups."""

WELCOME = N_("Welcome, {name}. This chat is now yours: everything here is done in your name.")
UNKNOWN = N_(
    "This is a company's internal assistant. If you work here, send /start with the invite code "
    "from your administrator; an old or used code no longer works."
)


def greet(unit: Unit, inbound: Inbound, texts: Texts) -> tuple[Reply, Person | None]:
    """Return the answer to an unbound account, and the person when its invite was good."""
    words = inbound.text.strip()
    form = {"start": _TYPED, "": _CODE}.get(inbound.command)
    if form is not None and form.fullmatch(words):
        redeemed = accounts.redeem(unit, inbound.channel, inbound.account, words, unit.now)
        person = (
            staff.get(unit.session, redeemed.staff_id)
            if isinstance(redeemed, accounts.Redeemed)
            else None
        )
        if person is not None:
            return Reply.of(Card(texts.t(WELCOME, name=person.name))), person
    if accounts.stranger_seen(unit, inbound.channel, inbound.account, unit.now):
        return Reply.of(Card(texts.t(UNKNOWN))), None
    return Reply(), None
