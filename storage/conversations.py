"""Conversations as they are between two messages: one active for each person, drafts beside it.

A step names the revision it started from. If another phone was quicker the step is refused
(`Conflict`) and nothing of it is kept, so two phones never mix their answers.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Row, bindparam, delete, func, insert, select, update

from storage.errors import Conflict
from storage.session import Session
from storage.tables import conversation
from storage.tables import menu as menus
from storage.unit import Unit
from storage.upsert import changed, insert_or_set

MAX_COUNT = 99
"""Drafts are counted up to here; one more means "more"."""


class Stored(msgspec.Struct, frozen=True):
    id: int
    staff_id: str
    feature: str
    """Key of the feature."""
    form_version: int
    status: str
    """active, draft, or dropped: cancelled, and for a day to be had back."""
    rev: int
    """Raised with every step; buttons carry it."""
    card: int
    """Number of its present card."""
    state_json: str
    title: str
    """Names it in the list of drafts."""
    channel: str
    """Where it was last written."""
    account: str
    started_at: datetime
    touched_at: datetime


_ACTIVE = select(conversation).where(
    conversation.c.staff_id == bindparam("staff_id"), conversation.c.status == "active"
)

_GET = select(conversation).where(conversation.c.id == bindparam("id"))

_START = insert(conversation)

_SAVE = update(conversation).where(
    conversation.c.id == bindparam("of"), conversation.c.rev == bindparam("of_rev")
)

_SET_STATUS = (
    update(conversation)
    .where(conversation.c.id == bindparam("of"))
    .values(rev=conversation.c.rev + 1)
)

_END = delete(conversation).where(conversation.c.id == bindparam("id"))

_FORGET = delete(conversation).where(
    conversation.c.staff_id == bindparam("staff_id"),
    conversation.c.status == "dropped",
    conversation.c.touched_at < bindparam("before"),
)

_DRAFTS = (
    select(conversation)
    .where(conversation.c.staff_id == bindparam("staff_id"), conversation.c.status == "draft")
    .order_by(conversation.c.touched_at.desc(), conversation.c.id.desc())
    .limit(bindparam("limit"))
)

_COUNT = select(func.count()).select_from(
    select(conversation.c.id)
    .where(conversation.c.staff_id == bindparam("staff_id"), conversation.c.status == "draft")
    .limit(MAX_COUNT + 1)
    .subquery()
)

_MENU = select(menus.c["keys"]).where(
    menus.c.channel == bindparam("channel"), menus.c.account == bindparam("account")
)


def active(unit: Unit, staff_id: str) -> Stored | None:
    """Return the conversation the person is in; None for none."""
    row = unit.session.execute(_ACTIVE, {"staff_id": staff_id}).one_or_none()
    return _stored(unit, row) if row else None


def get(unit: Unit, conversation_id: int) -> Stored | None:
    row = unit.session.execute(_GET, {"id": conversation_id}).one_or_none()
    return _stored(unit, row) if row else None


def start(
    unit: Unit,
    *,
    staff_id: str,
    feature: str,
    form_version: int,
    state_json: str,
    channel: str,
    account: str,
    at: datetime,
    title: str = "",
    card: int = 0,
) -> Stored:
    """Begin an active conversation at revision 1; the active one before it has to be parked."""
    id_ = next(unit.ids)
    values = {
        "id": id_,
        "staff_id": staff_id,
        "feature": feature,
        "form_version": form_version,
        "status": "active",
        "rev": 1,
        "card": card,
        "state": unit.seal("conversation.state", id_, state_json),
        "title": unit.seal("conversation.title", id_, title or None),
        "channel": channel,
        "account": account,
        "started_at": at,
        "touched_at": at,
    }
    unit.session.execute(_START, values)
    return Stored(
        id=id_,
        staff_id=staff_id,
        feature=feature,
        form_version=form_version,
        status="active",
        rev=1,
        card=card,
        state_json=state_json,
        title=title,
        channel=channel,
        account=account,
        started_at=at,
        touched_at=at,
    )


def save(
    unit: Unit,
    conversation_id: int,
    *,
    rev: int,
    state_json: str,
    title: str,
    card: int,
    channel: str,
    account: str,
    at: datetime,
    form_version: int | None = None,
) -> int:
    """Keep the state after one step from revision `rev` and return the new revision.

    Raises:
        Conflict: another message moved it on, or it ended, since it was read.
    """
    values: dict[str, Any] = {
        "of": conversation_id,
        "of_rev": rev,
        "rev": rev + 1,
        "card": card,
        "state": unit.seal("conversation.state", conversation_id, state_json),
        "title": unit.seal("conversation.title", conversation_id, title or None),
        "channel": channel,
        "account": account,
        "touched_at": at,
    }
    if form_version is not None:
        values["form_version"] = form_version
    if not changed(unit.session, _SAVE, values):
        raise Conflict(f"conversation {conversation_id} is no longer at revision {rev}")
    return rev + 1


def park(unit: Unit, conversation_id: int) -> None:
    """Make it a draft; its buttons go stale."""
    _set_status(unit, conversation_id, "draft")


def activate(unit: Unit, conversation_id: int) -> None:
    """Make a draft the active conversation; the one before it has to be parked."""
    _set_status(unit, conversation_id, "active")


def drop(unit: Unit, conversation_id: int) -> None:
    """Put a cancelled conversation where only `activate` finds it."""
    _set_status(unit, conversation_id, "dropped")


def forget_dropped(unit: Unit, staff_id: str, before: datetime) -> None:
    """Forget what the person cancelled before then."""
    unit.session.execute(_FORGET, {"staff_id": staff_id, "before": before})


def end(unit: Unit, conversation_id: int) -> bool:
    """Forget a submitted or cancelled conversation; True if it was there."""
    return changed(unit.session, _END, {"id": conversation_id}) == 1


def drafts(unit: Unit, staff_id: str, limit: int) -> tuple[Stored, ...]:
    """Return the person's drafts, last touched first."""
    rows = unit.session.execute(_DRAFTS, {"staff_id": staff_id, "limit": limit})
    return tuple(_stored(unit, row) for row in rows)


def count_drafts(session: Session, staff_id: str) -> int:
    """Return how many drafts the person has, at most MAX_COUNT + 1."""
    return int(session.execute(_COUNT, {"staff_id": staff_id}).scalar_one())


def purge_drafts(unit: Unit, before: datetime, limit: int = 500) -> int:
    """Forget drafts not touched since `before`, at most `limit`, and return how many.

    Cancelled conversations go with them.
    """
    old = (
        select(conversation.c.id)
        .where(conversation.c.status.in_(("draft", "dropped")), conversation.c.touched_at < before)
        .order_by(conversation.c.touched_at)
        .limit(limit)
    )
    gone = unit.session.execute(
        delete(conversation).where(conversation.c.id.in_(old)).returning(conversation.c.id)
    )
    return len(gone.all())


class Menu(msgspec.Struct, frozen=True):
    """What typed numbers and words mean on one account: the buttons of the last card there."""

    keys: tuple[str, ...] = ()
    """Button keys of its choices; the number 1 is the first."""
    words: Mapping[str, str] = msgspec.field(default_factory=dict)
    """Button keys by label, choices and ways on alike; once kept, by the index of the label."""
    back: str = ""
    """Button key of the way up; empty: there is none."""


def set_menu(unit: Unit, channel: str, account: str, menu: Menu) -> None:
    """Remember the buttons of the card that is being shown, without labels: they tell content."""
    words = {unit.vault.index(label).hex(): key for label, key in menu.words.items()}
    kept = json.dumps([menu.keys, words, menu.back])
    row = {"channel": channel, "account": account, "keys": kept}
    insert_or_set(unit.session, menus, row, ["keys"])


def menu(session: Session, channel: str, account: str) -> Menu:
    """Return the buttons of the last card shown there."""
    kept = session.execute(_MENU, {"channel": channel, "account": account}).scalar()
    if not kept:
        return Menu()
    keys, words, *back = json.loads(kept)
    return Menu(tuple(keys), words, *back)


def labelled(unit: Unit, shown: Menu, words: str) -> str | None:
    """Return the key of the button of a kept menu that bears these words; None: none does."""
    return shown.words.get(unit.vault.index(words).hex())


def _set_status(unit: Unit, conversation_id: int, status: str) -> None:
    unit.session.execute(_SET_STATUS, {"of": conversation_id, "status": status})


def _stored(unit: Unit, row: Row[*tuple[Any, ...]]) -> Stored:
    return Stored(
        id=row.id,
        staff_id=row.staff_id,
        feature=row.feature,
        form_version=row.form_version,
        status=row.status,
        rev=row.rev,
        card=row.card,
        state_json=unit.vault.open(row.state, row.id),
        title=unit.vault.open(row.title, row.id),
        channel=row.channel,
        account=row.account,
        started_at=row.started_at,
        touched_at=row.touched_at,
    )
