"""Copies of a case's card in groups: where one is, so that it follows the case and the group."""

from __future__ import annotations

import msgspec
from sqlalchemy import delete, insert, select, update

from storage.case_copies import slot
from storage.session import Session
from storage.tables import group_card
from storage.unit import Unit


class GroupCopy(msgspec.Struct, frozen=True):
    number: int
    channel: str
    chat: str

    @property
    def slot(self) -> str:
        return slot(self.number)


def keep(unit: Unit, case_id: int, channel: str, chat: str) -> GroupCopy:
    """Note that a copy of the card goes to a group."""
    copy = GroupCopy(next(unit.ids), channel, chat)
    unit.session.execute(
        insert(group_card).values(case_id=case_id, number=copy.number, channel=channel, chat=chat)
    )
    return copy


def copies(session: Session, case_id: int) -> tuple[GroupCopy, ...]:
    """Return every copy of the card in a group, in order."""
    columns = group_card.c.number, group_card.c.channel, group_card.c.chat
    query = select(*columns).where(group_card.c.case_id == case_id)
    return tuple(GroupCopy(*row) for row in session.execute(query.order_by(group_card.c.number)))


def forget(unit: Unit, channel: str, chat: str) -> None:
    """Follow no copy any more in a group that is gone."""
    here = group_card.c.channel == channel, group_card.c.chat == chat
    unit.session.execute(delete(group_card).where(*here))


def move(unit: Unit, channel: str, chat: str, moved_to: str) -> None:
    """Follow a group to its new id."""
    here = group_card.c.channel == channel, group_card.c.chat == chat
    unit.session.execute(update(group_card).where(*here).values(chat=moved_to))
