"""What must be true after any number of kills and faults, read from both sides of the wire.

The trap: asking the bot's own code whether it did well. What people sent and were shown comes
from the platform, what came of it from the tables.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select, text

from bot.settings import Settings
from handlers.conversation.messages import Mode
from storage import attachments, audit, loose, notes
from storage.crypto import Vault
from storage.database import Database
from storage.folder import Folder
from storage.session import Session
from storage.tables import (
    attachment,
    channel_note,
    conversation,
    dossier,
    inbox,
    outbox,
    visit_note,
)
from storage.tables import audit as audit_rows
from storage.tables import loose as loose_rows
from storage.unit import Unit
from tests.chaos.crowd import Accepted, Bubble, photo_of
from tests.conftest import NOW


@dataclass(frozen=True)
class Platform:
    """One side of the wire: what it took from people, and what they have on their screens."""

    channel: str
    asked: frozenset[str]
    """Inbox key of everything that people did."""
    waiting: frozenset[str]
    """Of these, what the bot has not confirmed."""
    shown: Mapping[str, Sequence[Bubble]]
    """What the bot has in each account's chat, oldest first."""
    captions: bool = True
    """Whether files come with words."""
    names: Mapping[str, Sequence[Set[str]]] | None = None
    """By account: what each card is known by, where the platform says so."""


class Verdict:
    """Both sides of the wire after the end."""

    def __init__(self, platform: Platform, unit: Unit, folder: Folder) -> None:
        self._platform = platform
        self._unit = unit
        self._folder = folder
        self._buttons = {
            key for chat in platform.shown.values() for one in chat for key in one.keys
        }
        self._words = "\n".join(one.text for chat in platform.shown.values() for one in chat)
        self._problems: list[str] = []

    def problems(self, accepted: Accepted, again: int, *, lossy: bool = False) -> list[str]:
        """Return what is wrong; in each chat `again` messages may have come once more.

        `lossy`: the platform itself lost files; then their senders have to be told.
        """
        self._every_message_once()
        self._every_text_and_photo_once(accepted, lossy=lossy)
        self._every_note_once(accepted)
        self._every_reply_at_least_once()
        self._nothing_confirmed_that_is_not_there()
        for account, extra in self.extra().items():
            if not 0 <= extra <= again:
                self._problems.append(f"{account}: {extra} messages too many, at most {again}")
        self._nothing_half_written()
        return self._problems

    def extra(self) -> dict[str, int]:
        """Return how many messages each chat shows beyond those that were written to it."""
        if self._platform.names is not None:
            return self._unknown(self._platform.names)
        columns = (outbox.c.account, outbox.c.slot, outbox.c.mode)
        rows = self._unit.session.execute(
            select(*columns)
            .where(outbox.c.channel == self._platform.channel, outbox.c.state == "sent")
            .order_by(outbox.c.turn, outbox.c.id)
        ).all()
        written: Counter[str] = Counter()
        slots = set()
        for account, slot, mode in rows:
            card = (account, slot)
            if mode == Mode.SEND or card not in slots:
                written[account] += 1
            if slot:
                slots.add(card)
        chats = {account for account, chat in self._platform.shown.items() if chat} | set(written)
        return {one: len(self._platform.shown.get(one, ())) - written[one] for one in chats}

    def _unknown(self, names: Mapping[str, Sequence[Set[str]]]) -> dict[str, int]:
        """Return how many cards of each chat the bot does not know: nobody answered for them."""
        query = select(channel_note.c.ref).where(channel_note.c.channel == self._platform.channel)
        known = set(self._unit.session.execute(query).scalars())
        return {account: sum(not known & one for one in cards) for account, cards in names.items()}

    def loose_texts(self) -> dict[int, str]:
        """Return what was kept without a place, by id, in the order it was kept."""
        ids = self._unit.session.execute(select(loose_rows.c.id).order_by(loose_rows.c.id))
        items = [one for id in ids.scalars() if (one := loose.get(self._unit, id)) is not None]
        return {one.id: str(one.body.get("text", "")) for one in items}

    def _every_message_once(self) -> None:
        rows = self._unit.session.execute(
            select(inbox.c.key, inbox.c.state).where(inbox.c.channel == self._platform.channel)
        ).all()
        there = {row.key for row in rows}
        self._none("never confirmed", self._platform.waiting)
        self._none("taken without an inbox row", self._platform.asked - there)
        self._none("nobody sent it", there - self._platform.asked)
        self._none("not done", {row.key for row in rows if row.state != "done"})

    def _every_text_and_photo_once(self, accepted: Accepted, *, lossy: bool) -> None:
        unit = self._unit
        ids = unit.session.execute(select(loose_rows.c.id)).scalars().all()
        items = [one for id in ids if (one := loose.get(unit, id)) is not None]
        worded = [*accepted.texts, *(accepted.photos if self._platform.captions else ())]
        bodies = Counter(
            token
            for one in items
            for token in worded
            if token in json.dumps(dict(one.body), ensure_ascii=False)
        )
        for token in worded:
            self._once(f"loose {token}", bodies[token])
        answered = {key.rpartition(".")[2] for key in self._buttons if key.startswith("f.loose.")}
        for one in items:
            if str(one.id) not in answered:
                self._problems.append(f"loose item {one.id} was never answered")
        files = [
            one
            for id in unit.session.execute(select(attachment.c.id)).scalars().all()
            if (one := attachments.get(unit, id)) is not None
        ]
        lost = {f"file:{one.id}" for one in files if lossy and one.state == "lost"}
        kept = [one.address for one in files if one.address is not None]
        ended = {"kept", "lost"} if lossy else {"kept"}
        self._none("not fetched", {one.id for one in files if one.state not in ended})
        told = unit.session.execute(select(outbox.c.key).where(outbox.c.state == "sent"))
        self._none("lost and not told", lost - set(told.scalars()))
        contents = Counter(map(self._folder.read, kept))
        there = [token for token in accepted.photos if contents[photo_of(token)] == 1]
        if len(there) + len(lost) != len(accepted.photos):
            self._problems.append(f"{len(there)} photos there, {len(accepted.photos)} were sent")

    def _every_note_once(self, accepted: Accepted) -> None:
        unit = self._unit
        ids = unit.session.execute(select(visit_note.c.id)).scalars().all()
        filed = [one for id in ids if (one := notes.get_note(unit, id)) is not None]
        audited = Counter(
            unit.session.execute(
                select(audit_rows.c.subject).where(audit_rows.c.action == "visit_note.filed")
            ).scalars()
        )
        by_token = {token: [one for one in filed if token in one.body] for token in accepted.notes}
        for token, found in by_token.items():
            self._once(f"note {token}", len(found))
            for one in found:
                self._once(f"audit of note {one.number}", audited[f"visit_note:{one.id}"])
                if token in accepted.pictured:
                    files = attachments.of(unit, "visit_note", one.id)
                    contents = [self._folder.read(file.address or "") for file in files]
                    if contents != [photo_of(token)]:
                        self._problems.append(f"{one.number} has {len(contents)} photos")
                if f"f.note.open.{one.id}" not in self._buttons or one.number not in self._words:
                    self._problems.append(f"the filing of {one.number} was never answered")

    def _every_reply_at_least_once(self) -> None:
        channel = self._platform.channel
        rows = self._unit.session.execute(
            select(outbox.c.key, outbox.c.state, outbox.c.due_at, outbox.c.problem).where(
                outbox.c.channel == channel
            )
        ).all()
        waiting = {row.key for row in rows if row.state in ("ready", "sending")}
        later = {row.key for row in rows if row.due_at > self._unit.now}
        self._none("unsent", waiting - later)
        self._none("failed", {f"{one.key} {one.problem}" for one in rows if one.state == "failed"})
        answered = {row.key.rpartition(":")[0] for row in rows}
        self._none("unanswered", {f"{channel}:{one}" for one in self._platform.asked} - answered)

    def _nothing_confirmed_that_is_not_there(self) -> None:
        for name, table in (("note.open", visit_note), ("loose.note", loose_rows)):
            ids = set(self._unit.session.execute(select(table.c.id)).scalars())
            shown = {one.split(".")[3] for one in self._buttons if one.startswith(f"f.{name}.")}
            self._none(f"shown but not there ({name})", shown - set(map(str, ids)))

    def _nothing_half_written(self) -> None:
        database = self._unit.session
        if database.dialect == "sqlite":
            if database.execute(text("PRAGMA integrity_check")).scalar() != "ok":
                self._problems.append("the database is damaged")
            if database.execute(text("PRAGMA foreign_key_check")).first():
                self._problems.append("a row refers to nothing")
        broken = audit.verify(database, self._unit.vault).broken_at
        if broken is not None:
            self._problems.append(f"the audit chain is broken at {broken}")
        active = database.execute(
            select(func.count()).select_from(conversation).where(conversation.c.status == "active")
        ).scalar()
        if active:
            self._problems.append(f"{active} conversations were left open")

    def _once(self, what: str, count: int) -> None:
        if count != 1:
            self._problems.append(f"{what} is there {count} times")

    def _none(self, what: str, found: Set[Any]) -> None:
        if found:
            self._problems.append(f"{what}: {sorted(map(str, found))[:5]} ({len(found)})")


@contextmanager
def looking(url: str) -> Iterator[Connection]:
    """Give a reading connection, also beside a running program."""
    database = Database.open(url, upgrade=False, alone=False)
    try:
        with database.engine.connect() as connection:
            yield connection
    finally:
        database.close()


def unsent(url: str, now: datetime) -> int:
    """Return how much is still to be sent by `now` or to be fetched."""
    due = outbox.c.state.in_(("ready", "sending")) & (outbox.c.due_at <= now)
    with looking(url) as connection:
        counts = [
            select(func.count()).select_from(outbox).where(due),
            select(func.count()).select_from(attachment).where(attachment.c.state == "pending"),
        ]
        return sum(connection.execute(one).scalar_one() for one in counts)


def unhandled(url: str) -> int:
    """Return how many messages are kept and not handled yet."""
    with looking(url) as connection:
        query = select(func.count()).select_from(inbox).where(inbox.c.state == "received")
        return connection.execute(query).scalar_one()


def customers(url: str) -> dict[str, list[str]]:
    """Return names of customers by keeper."""
    found: dict[str, list[str]] = {}
    query = select(dossier.c.keeper, dossier.c.name).where(dossier.c.state == "active")
    with looking(url) as connection:
        for keeper, name in connection.execute(query.order_by(dossier.c.id)):
            found.setdefault(keeper, []).append(name)
    return found


@contextmanager
def opened(settings: Settings, platform: Platform, now: datetime = NOW) -> Iterator[Verdict]:
    vault = Vault.load(settings.storage.key_file)
    with looking(settings.storage.url) as connection:
        unit = Unit(Session(connection), vault, iter(()), now)
        yield Verdict(platform, unit, Folder(settings.storage.attachments, vault))
