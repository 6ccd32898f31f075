"""Copies of a case's card: in which chats one is, so that all of them follow the case."""

from __future__ import annotations

import msgspec
from sqlalchemy import delete, insert, select

from storage.session import Session
from storage.tables import case_card
from storage.unit import Unit

COPIES = 4
"""Copies of one case's card in one chat that are redrawn."""


class Copy(msgspec.Struct, frozen=True):
    """One copy of a case's card in somebody's chat."""

    number: int
    staff_id: str
    channel: str
    account: str

    @property
    def slot(self) -> str:
        return slot(self.number)


def slot(number: int) -> str:
    """Return the name under which a copy of a case's card is redrawn."""
    return f"case.{number}"


def keep_card(unit: Unit, case_id: int, staff_id: str, channel: str, account: str) -> str:
    """Note that a further copy of the card goes to that chat; return the copy's slot.

    Of each chat the last COPIES are followed: an older one stays as it was drawn.
    """
    copy = Copy(next(unit.ids), staff_id, channel, account)
    there = [
        one.number
        for one in copies(unit.session, case_id)
        if (one.channel, one.account) == (channel, account)
    ]
    for old in there[: 1 - COPIES]:
        unit.session.execute(
            delete(case_card).where(case_card.c.case_id == case_id, case_card.c.number == old)
        )
    unit.session.execute(
        insert(case_card).values(
            case_id=case_id,
            number=copy.number,
            staff_id=staff_id,
            channel=channel,
            account=account,
        )
    )
    return copy.slot


def copies(session: Session, case_id: int) -> tuple[Copy, ...]:
    """Return every copy of the card that went out, in order."""
    query = (
        select(case_card.c.number, case_card.c.staff_id, case_card.c.channel, case_card.c.account)
        .where(case_card.c.case_id == case_id)
        .order_by(case_card.c.number)
    )
    return tuple(Copy(*row) for row in session.execute(query))
