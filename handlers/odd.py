"""Messages that nothing can be made of: stickers, polls, dice; and contacts, which are searched.

They are turned down kindly, with what can be sent instead. The trap: stickers come in bursts, and
five scoldings for five stickers are no kindness.
"""

from __future__ import annotations

import re
from datetime import timedelta

from handlers.context import Context
from handlers.conversation import pickers
from handlers.conversation.forms import Field, Kind
from handlers.conversation.messages import Card, Inbound, Odd, Reply, Show
from handlers.texts import N_
from storage import outbox

BURST = timedelta(seconds=10)
"""What follows so closely is answered once."""

WHAT = {
    Odd.STICKER: N_("Stickers cannot be kept here."),
    Odd.POLL: N_("Polls cannot be kept here."),
    Odd.DICE: N_("Dice cannot be kept here."),
    Odd.GAME: N_("Games cannot be kept here."),
    Odd.STORY: N_("Stories cannot be kept here."),
    Odd.CONTACT: N_("This contact has neither a name nor a number."),
    Odd.OTHER: N_("This kind of message cannot be kept here."),
}
SEND = N_("Text, photos, voice, files and locations can be sent.")
ANSWER = {
    Kind.FILES: N_("Photos, voice and files are what is asked for."),
    Kind.PLACE: N_("A location is what is asked for."),
    Kind.TEXT: N_("The answer here is text; photos and voice go with it."),
}
TYPE = N_("Please tap or type the answer.")

_PHONE = re.compile(r"\+?[0-9][0-9 ()-]{4,}")


def unusable(inbound: Inbound) -> bool:
    """Return whether a message of a person holds nothing that could be worked with."""
    holds = inbound.text or inbound.files or inbound.place or inbound.choice or inbound.command
    return not holds


def refusal(ctx: Context, inbound: Inbound, asked: Field | None = None) -> str:
    """Return what to say to it: what it is, and what can be sent; `asked`: in answer to that."""
    send = ANSWER.get(asked.kind, TYPE) if asked else SEND
    return f"{ctx.t(WHAT[inbound.odd or Odd.OTHER])}\n{ctx.t(send)}"


def turn_down(ctx: Context, inbound: Inbound) -> Reply:
    """Answer it outside any form, once for several in a row."""
    stem = f"odd:{ctx.channel}:{ctx.account}"
    key = outbox.lately(ctx.session, stem, ctx.at, BURST)
    if not key:
        return Reply()
    return Reply((Show(Card(refusal(ctx, inbound)), once=key),))


def phone_in(inbound: Inbound) -> str:
    """Return the phone number of a shared contact; "" for none."""
    if inbound.odd is not Odd.CONTACT:
        return ""
    found = _PHONE.findall(inbound.text)
    return found[-1].strip() if found else ""


def searched(ctx: Context, asked: Field | None, inbound: Inbound) -> str:
    """Return the words to look up or to take as answer: of a contact, what a picker finds, of
    「找 鸿鑫」 the name where a customer is looked for anyway."""
    phone = phone_in(inbound)
    if asked is not None and asked.kind in (Kind.CUSTOMER, Kind.DOSSIER):
        word, _, rest = inbound.text.strip().partition(" ")
        found = ctx.registry.by_word.get(word)
        if rest and found is not None and found.key == "find":
            return rest
    if not phone or asked is None:
        return inbound.text
    name = inbound.text.replace(phone, "").strip()
    match asked.kind:
        case Kind.CUSTOMER | Kind.DOSSIER:
            known = pickers.dossiers(ctx, phone, 0).options
            return phone if known or not name else name
        case Kind.STAFF:
            return name or phone
    return inbound.text
