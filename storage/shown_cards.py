"""Which message of a platform shows which card."""

from __future__ import annotations

from sqlalchemy import bindparam, select

from storage.session import Session
from storage.tables import message_ref

_SLOT_OF = (
    select(message_ref.c.slot)
    .where(
        message_ref.c.channel == bindparam("channel"),
        message_ref.c.account == bindparam("account"),
        message_ref.c.ref == bindparam("ref"),
    )
    .order_by(message_ref.c.at.desc())
    .limit(1)
)

_REF_OF = select(message_ref.c.ref).where(
    message_ref.c.channel == bindparam("channel"),
    message_ref.c.account == bindparam("account"),
    message_ref.c.slot == bindparam("slot"),
)


def slot_of(session: Session, channel: str, account: str, ref: str) -> str:
    """Return which card a platform message shows; "" when unknown."""
    shown = {"channel": channel, "account": account, "ref": ref}
    return session.execute(_SLOT_OF, shown).scalar() or ""


def ref_of(session: Session, channel: str, account: str, slot: str) -> str | None:
    """Return which platform message shows a card; None when it was never shown."""
    card = {"channel": channel, "account": account, "slot": slot}
    return session.execute(_REF_OF, card).scalar()
