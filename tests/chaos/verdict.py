"""What must be true after any number of kills, read from both databases while nothing runs."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, func, select, text

from bot.channels.phones.store import message as platform_message
from handlers.conversation.messages import Mode
from storage import attachments, audit, loose, notes
from storage.crypto import Vault
from storage.database import Database, session
from storage.folder import Folder
from storage.tables import attachment, conversation, inbox, outbox, visit_note
from storage.tables import audit as audit_rows
from storage.tables import loose as loose_rows
from storage.unit import Unit
from tests.chaos.crowd import JPEG, Accepted
from tests.conftest import NOW

PHONES = "phones"


class Verdict:
    """Both sides of the wire after the end."""

    def __init__(self, folder: Path, unit: Unit, attachments_folder: Folder) -> None:
        self._unit = unit
        self._folder = attachments_folder
        self._platform = _platform_rows(folder)
        self._said = [one for one in self._platform if one["mine"]]
        self._shown = [one for one in self._platform if not one["mine"]]
        self._problems: list[str] = []

    def problems(self, accepted: Accepted, kills: int) -> list[str]:
        self._every_accepted_message_once(accepted)
        self._every_text_and_photo_once(accepted)
        self._every_note_once(accepted)
        self._every_reply_at_least_once(kills)
        self._nothing_half_written()
        return self._problems

    def _every_accepted_message_once(self, accepted: Accepted) -> None:
        tokens = {*accepted.texts, *accepted.photos, *accepted.notes}
        wanted = {f"{token}-said" for token in tokens} | {f"{t}-tap" for t in accepted.notes}
        there = {one["key"] for one in self._said}
        self._none("accepted but not with the platform", wanted - there)
        self._none("not taken", {one["key"] for one in self._said if not one["taken"]})
        taken = {f"{one['account']}:{one['key']}" for one in self._said}
        rows = self._unit.session.execute(select(inbox.c.key, inbox.c.state)).all()
        self._none("taken without an inbox row", taken - {row.key for row in rows})
        self._none("not done", {row.key for row in rows if row.state != "done"})

    def _every_text_and_photo_once(self, accepted: Accepted) -> None:
        unit = self._unit
        ids = unit.session.execute(select(loose_rows.c.id)).scalars().all()
        items = [one for id in ids if (one := loose.get(unit, id)) is not None]
        bodies = Counter(
            token
            for one in items
            for token in (*accepted.texts, *accepted.photos)
            if token in json.dumps(dict(one.body), ensure_ascii=False)
        )
        for token in (*accepted.texts, *accepted.photos):
            self._once(f"loose {token}", bodies[token])
        buttons = " ".join(one["content"] for one in self._shown)
        for one in items:
            if f"f.loose.note.{one.id}" not in buttons:
                self._problems.append(f"loose item {one.id} was never answered")
        files = {
            one.address: one
            for id in unit.session.execute(select(attachment.c.id)).scalars().all()
            if (one := attachments.get(unit, id)) is not None
        }
        self._none("not fetched", {one.id for one in files.values() if one.state != "kept"})
        contents = Counter(self._folder.read(address) for address in files if address)
        for token in accepted.photos:
            self._once(f"photo {token}", contents[JPEG + token.encode() * 2000])

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
        titles = " ".join(one["content"] for one in self._shown)
        for token, found in by_token.items():
            self._once(f"note {token}", len(found))
            for one in found:
                self._once(f"audit of note {one.number}", audited[f"visit_note:{one.id}"])
                if f"f.note.open.{one.id}" not in titles or one.number not in titles:
                    self._problems.append(f"the filing of {one.number} was never answered")

    def _every_reply_at_least_once(self, kills: int) -> None:
        rows = self._unit.session.execute(
            select(
                outbox.c.key, outbox.c.account, outbox.c.mode, outbox.c.state, outbox.c.problem
            ).where(outbox.c.channel == PHONES)
        ).all()
        self._none("unsent", {row.key for row in rows if row.state in ("ready", "sending")})
        self._none("failed", {row.key for row in rows if row.state == "failed"})
        answered = {row.key.rpartition(":")[0] for row in rows}
        asked = {f"{PHONES}:{one['account']}:{one['key']}" for one in self._said}
        self._none("unanswered", asked - answered)
        sent = Counter(
            row.account for row in rows if row.state == "sent" and row.mode == Mode.SEND
        )
        shown = Counter(one["account"] for one in self._shown)
        for account in sent:
            extra = shown[account] - sent[account]
            if not 0 <= extra <= kills:
                self._problems.append(f"{account}: {extra} messages too many for {kills} kills")

    def _nothing_half_written(self) -> None:
        database = self._unit.session
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

    def _none(self, what: str, found: set[Any]) -> None:
        if found:
            self._problems.append(f"{what}: {sorted(map(str, found))[:5]} ({len(found)})")


def unsent(folder: Path) -> int:
    """Return how much is still to be sent or fetched, beside the running program."""
    engine = create_engine(f"sqlite:///{folder / 'dossierbot.sqlite'}")
    with engine.connect() as connection:
        waiting = connection.execute(
            select(func.count())
            .select_from(outbox)
            .where(outbox.c.state.in_(("ready", "sending")))
        ).scalar_one()
        pending = connection.execute(
            select(func.count()).select_from(attachment).where(attachment.c.state == "pending")
        ).scalar_one()
    engine.dispose()
    return waiting + pending


def customers(folder: Path) -> dict[str, list[str]]:
    """Return names of customers by keeper."""
    engine = create_engine(f"sqlite:///{folder / 'dossierbot.sqlite'}")
    with engine.connect() as connection:
        rows = connection.execute(
            text("SELECT keeper, name FROM dossier WHERE state = 'active' ORDER BY id")
        ).all()
    engine.dispose()
    found: dict[str, list[str]] = {}
    for keeper, name in rows:
        found.setdefault(keeper, []).append(name)
    return found


@contextmanager
def opened(folder: Path) -> Iterator[Verdict]:
    vault = Vault.load(folder / "dossierbot.key")
    database = Database.open(f"sqlite:///{folder / 'dossierbot.sqlite'}", upgrade=False)
    with database.engine.connect() as connection, session(connection) as reading:
        unit = Unit(reading, vault, iter(()), NOW)
        yield Verdict(folder / "phones", unit, Folder(folder / "attachments", vault))
    database.close()


def _platform_rows(folder: Path) -> list[dict[str, Any]]:
    engine = create_engine(f"sqlite:///{folder / 'phones.sqlite'}")
    with engine.connect() as connection:
        rows = connection.execute(select(platform_message)).mappings().all()
    engine.dispose()
    return [dict(row) for row in rows]
