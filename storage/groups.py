"""Groups that somebody of the company let the bot into."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

import msgspec
from sqlalchemy import ColumnElement, bindparam, delete, select, update

from storage.session import Session
from storage.tables import chat_group
from storage.unit import Unit
from storage.upsert import changed, insert_or_set


class Group(msgspec.Struct, frozen=True):
    channel: str
    chat: str
    """The platform's id."""
    since: datetime
    """The platform's time of joining."""
    added_by: str
    """Staff id."""
    gone_at: datetime | None
    """When the bot was removed; None: it is in it."""
    cards_for: str = ""
    """Whose approval cards come here: `role:CODE` or `department:NAME`; empty: nobody's."""


_LINKED = select(chat_group).where(
    chat_group.c.cards_for.in_(bindparam("keys", expanding=True)), chat_group.c.gone_at.is_(None)
)


def get(session: Session, channel: str, chat: str) -> Group | None:
    row = session.execute(select(chat_group).where(*_of(channel, chat))).one_or_none()
    return Group(**row._asdict()) if row else None


def join(unit: Unit, channel: str, chat: str, *, added_by: str, at: datetime) -> bool:
    """Record that the bot is in the group; False: it was already."""
    known = get(unit.session, channel, chat)
    if known is not None and known.gone_at is None:
        return False
    row = {
        "channel": channel,
        "chat": chat,
        "since": at,
        "added_by": added_by,
        "gone_at": None,
        "cards_for": "",
    }
    names = ("since", "added_by", "gone_at", "cards_for")
    insert_or_set(unit.session, chat_group, row, names)
    return True


def link(unit: Unit, channel: str, chat: str, cards_for: str) -> None:
    """Let the approval cards of a post or a department come to a group; empty: of nobody."""
    unit.session.execute(update(chat_group).where(*_of(channel, chat)).values(cards_for=cards_for))


def linked(session: Session, keys: Collection[str]) -> list[Group]:
    """Return the groups to which the cards of one of these posts or departments come."""
    rows = session.execute(_LINKED, {"keys": sorted(keys)}) if keys else ()
    return [Group(**row._asdict()) for row in rows]


def leave(unit: Unit, channel: str, chat: str, at: datetime) -> bool:
    """Record that the bot was removed; False: it was in no such group."""
    gone = update(chat_group).where(*_of(channel, chat), chat_group.c.gone_at.is_(None))
    return changed(unit.session, gone.values(gone_at=at)) == 1


def move(unit: Unit, channel: str, chat: str, moved_to: str) -> bool:
    """Follow a group to its new id; False: it is not known under the old one.

    The bot is in it there, whatever was said of the old id.
    """
    if get(unit.session, channel, chat) is None:
        return False
    unit.session.execute(delete(chat_group).where(*_of(channel, moved_to)))
    unit.session.execute(
        update(chat_group).where(*_of(channel, chat)).values(chat=moved_to, gone_at=None)
    )
    return True


def _of(channel: str, chat: str) -> tuple[ColumnElement[bool], ...]:
    return chat_group.c.channel == channel, chat_group.c.chat == chat
