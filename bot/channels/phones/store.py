"""What the pretend platform keeps: every chat with all its messages, in an SQLite file of its own.

It is the other side of the wire, not part of the bot's data: the bot never reads it except through
the channel. A message is here, durably, before its sender sees one tick.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    create_engine,
    event,
    func,
    select,
    update,
)
from sqlalchemy.dialects.sqlite import insert

from handlers.conversation.messages import FileKind

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

metadata = MetaData()

message = Table(
    "message",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("account", String, nullable=False),
    Column("mine", Boolean, nullable=False, doc="From the person; else from the bot."),
    Column("tap", Boolean, nullable=False, doc="A button, never shown as a bubble."),
    Column("key", String, doc="Drawn by the page, so that a repeat is known; None from the bot."),
    Column("at", Integer, nullable=False, doc="Platform time, microseconds since 1970 UTC."),
    Column("taken", Boolean, nullable=False, doc="The bot has confirmed it."),
    Column("content", String, nullable=False, doc="JSON of Content."),
    Index("message_key", "account", "key", unique=True),
    Index("message_waiting", "mine", "taken", "account", "id"),
    Index("message_chat", "account", "tap", "id"),
    sqlite_autoincrement=True,
)

upload = Table(
    "upload",
    metadata,
    Column("ref", String, primary_key=True),
    Column("account", String, nullable=False),
    Column("name", String, nullable=False),
    Column("mime", String, nullable=False),
    Column("size", Integer, nullable=False),
    Column("used", Boolean, nullable=False, doc="Part of a message; else dropped at start."),
)

chat = Table(
    "chat",
    metadata,
    Column("account", String, primary_key=True),
    Column("read_upto", Integer, nullable=False, default=0),
    Column("menu", String, nullable=False, default="[]"),
)


class Kept(msgspec.Struct, frozen=True):
    """A file on the platform; `ref` is the page's and the bot's handle for it."""

    ref: str
    name: str
    mime: str
    size: int

    @property
    def kind(self) -> FileKind:
        """How a phone shows it. Drawings that can carry script count as documents."""
        group = self.mime.partition("/")[0]
        if self.mime == "image/svg+xml":
            return FileKind.DOCUMENT
        known = {"image": FileKind.PHOTO, "audio": FileKind.VOICE, "video": FileKind.VIDEO}
        return known.get(group, FileKind.DOCUMENT)


class Spot(msgspec.Struct, frozen=True):
    latitude: float
    longitude: float
    label: str = ""


class Pressable(msgspec.Struct, frozen=True):
    label: str
    key: str


class Content(msgspec.Struct, frozen=True):
    """What a message says, either way."""

    text: str = ""
    title: str = ""
    rows: tuple[tuple[Pressable, ...], ...] = ()
    grid: tuple[tuple[Pressable, ...], ...] = ()
    nav: tuple[Pressable, ...] = ()
    files: tuple[Kept, ...] = ()
    place: Spot | None = None
    album: str = ""
    forwarded: bool = False
    protect: bool = False
    redrawn: int = 0
    """How often it was edited."""
    choice: str = ""
    """Of a tap: the key of the button."""
    card: str = ""
    """Of a tap: the message it belongs to."""


class Message(msgspec.Struct, frozen=True):
    id: int
    account: str
    mine: bool
    tap: bool
    key: str
    at: datetime
    taken: bool
    content: Content


class Chat(msgspec.Struct, frozen=True):
    """The end of one chat, as a page needs it to begin with."""

    messages: tuple[Message, ...] = ()
    more: bool = False
    """There are older ones."""
    read_upto: int = 0
    menu: tuple[tuple[str, str], ...] = msgspec.field(default_factory=tuple)


class Store:
    """All methods block; the platform calls them in one thread of their own."""

    def __init__(self, folder: Path) -> None:
        self.files = folder / "phones-files"
        self.files.mkdir(parents=True, exist_ok=True)
        self._engine = create_engine(f"sqlite:///{folder / 'phones.sqlite'}")
        event.listen(self._engine, "connect", _pragmas)
        metadata.create_all(self._engine)
        self._drop_unused()

    def close(self) -> None:
        self._engine.dispose()

    def add(self, account: str, key: str, at: datetime, contents: list[Content]) -> list[Message]:
        """Keep what a person sent, one message per content; a known key adds nothing.

        Returns the messages as they are kept, the known ones as they were.
        """
        with self._engine.begin() as connection:
            return [
                self._add(connection, account, f"{key}:{number}" if number else key, at, one)
                for number, one in enumerate(contents)
            ]

    def _add(
        self, connection: Connection, account: str, key: str, at: datetime, content: Content
    ) -> Message:
        connection.execute(
            insert(message)
            .values(_row(account, at, content, mine=True, key=key))
            .on_conflict_do_nothing()
        )
        refs = [one.ref for one in content.files]
        if refs:
            connection.execute(update(upload).where(upload.c.ref.in_(refs)).values(used=True))
        row = connection.execute(
            select(message).where(message.c.account == account, message.c.key == key)
        ).one()
        return _message(row._mapping)

    def show(self, account: str, at: datetime, content: Content) -> Message:
        """Keep what the bot sent."""
        with self._engine.begin() as connection:
            row = connection.execute(
                insert(message)
                .values(_row(account, at, content, mine=False, key=None))
                .returning(message)
            ).one()
            return _message(row._mapping)

    def redraw(
        self, account: str, message_id: int, change: Callable[[Content], Content]
    ) -> Message | None:
        """Change what the bot sent; None: there is no such message of the bot in this chat."""
        theirs = message.c.id == message_id, message.c.account == account, ~message.c.mine
        with self._engine.begin() as connection:
            found = connection.execute(select(message).where(*theirs)).one_or_none()
            if found is None:
                return None
            content = change(_message(found._mapping).content)
            row = connection.execute(
                update(message)
                .where(message.c.id == message_id)
                .values(content=msgspec.json.encode(content).decode())
                .returning(message)
            ).one()
            return _message(row._mapping)

    def delete(self, account: str, message_id: int) -> bool:
        """Forget what the bot sent; False: there is no such message of the bot in this chat."""
        theirs = message.c.id == message_id, message.c.account == account, ~message.c.mine
        with self._engine.begin() as connection:
            return connection.execute(message.delete().where(*theirs)).rowcount == 1

    def waiting(self, account: str) -> Message | None:
        """Return the oldest message of this person that the bot has not confirmed."""
        with self._engine.connect() as connection:
            row = connection.execute(
                select(message)
                .where(message.c.mine, ~message.c.taken, message.c.account == account)
                .order_by(message.c.id)
                .limit(1)
            ).one_or_none()
            return None if row is None else _message(row._mapping)

    def waiting_accounts(self) -> list[str]:
        with self._engine.connect() as connection:
            return list(
                connection.scalars(
                    select(message.c.account).where(message.c.mine, ~message.c.taken).distinct()
                )
            )

    def taken(self, message_id: int) -> Message:
        """Note that the bot has confirmed a message: the second tick."""
        with self._engine.begin() as connection:
            row = connection.execute(
                update(message)
                .where(message.c.id == message_id)
                .values(taken=True)
                .returning(message)
            ).one()
            return _message(row._mapping)

    def chat(self, account: str, limit: int, before: int | None = None) -> Chat:
        """Return the last `limit` messages, or the last ones before an id; oldest first."""
        wanted = [message.c.account == account, ~message.c.tap]
        if before is not None:
            wanted.append(message.c.id < before)
        with self._engine.connect() as connection:
            rows = connection.execute(
                select(message).where(*wanted).order_by(message.c.id.desc()).limit(limit + 1)
            ).all()
            state = connection.execute(
                select(chat.c.read_upto, chat.c.menu).where(chat.c.account == account)
            ).one_or_none()
        return Chat(
            messages=tuple(_message(row._mapping) for row in reversed(rows[:limit])),
            more=len(rows) > limit,
            read_upto=state.read_upto if state else 0,
            menu=_menu(state.menu) if state else (),
        )

    def unread(self, account: str | None = None) -> dict[str, int]:
        """Return how many messages of the bot were not read yet, by account."""
        read = func.coalesce(chat.c.read_upto, 0)
        query = (
            select(message.c.account, func.count())
            .join(chat, chat.c.account == message.c.account, isouter=True)
            .where(~message.c.mine, message.c.id > read)
            .group_by(message.c.account)
        )
        if account is not None:
            query = query.where(message.c.account == account)
        with self._engine.connect() as connection:
            return {row[0]: row[1] for row in connection.execute(query)}

    def read(self, account: str, upto: int) -> None:
        """Note what the person has seen; never goes back."""
        self._set(account, read_upto=upto)

    def set_menu(self, account: str, entries: tuple[tuple[str, str], ...]) -> None:
        self._set(account, menu=msgspec.json.encode(entries).decode())

    def _set(self, account: str, **values: Any) -> None:
        changes = dict(values)
        if "read_upto" in changes:
            changes["read_upto"] = func.max(chat.c.read_upto, changes["read_upto"])
        with self._engine.begin() as connection:
            connection.execute(
                insert(chat)
                .values(account=account, **values)
                .on_conflict_do_update(index_elements=[chat.c.account], set_=changes)
            )

    def keep_file(self, account: str, kept: Kept, *, used: bool) -> None:
        """Note a file whose bytes are already at `path(kept.ref)`."""
        with self._engine.begin() as connection:
            connection.execute(
                insert(upload).values(
                    account=account,
                    ref=kept.ref,
                    name=kept.name,
                    mime=kept.mime,
                    size=kept.size,
                    used=used,
                )
            )

    def file(self, ref: str) -> tuple[str, Kept] | None:
        """Return whose file it is and what is known of it."""
        with self._engine.connect() as connection:
            row = connection.execute(select(upload).where(upload.c.ref == ref)).one_or_none()
            if row is None:
                return None
            return row.account, Kept(row.ref, row.name, row.mime, row.size)

    def path(self, ref: str) -> Path:
        """Where the bytes are. `ref` is one that was drawn here, never a name from outside."""
        return self.files / ref

    def _drop_unused(self) -> None:
        with self._engine.begin() as connection:
            unused = list(connection.scalars(select(upload.c.ref).where(~upload.c.used)))
            connection.execute(upload.delete().where(~upload.c.used))
            known = set(connection.scalars(select(upload.c.ref)))
        for path in self.files.iterdir():
            if path.name in unused or path.name not in known:
                path.unlink(missing_ok=True)


_CONTENT = msgspec.json.Decoder(Content)
_MENU = msgspec.json.Decoder(tuple[tuple[str, str], ...])


def new_ref() -> str:
    """Return a name for a file that nobody guesses."""
    return secrets.token_hex(16)


def _pragmas(connection: Any, _record: object) -> None:
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=5000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _row(
    account: str, at: datetime, content: Content, *, mine: bool, key: str | None
) -> dict[str, Any]:
    return {
        "account": account,
        "mine": mine,
        "tap": bool(content.choice),
        "key": key,
        "at": (at - _EPOCH) // timedelta(microseconds=1),
        "taken": not mine,
        "content": msgspec.json.encode(content).decode(),
    }


def _message(row: Mapping[Any, Any]) -> Message:
    return Message(
        id=row["id"],
        account=row["account"],
        mine=row["mine"],
        tap=row["tap"],
        key=row["key"] or "",
        at=_EPOCH + timedelta(microseconds=row["at"]),
        taken=row["taken"],
        content=_CONTENT.decode(row["content"]),
    )


def _menu(stored: str) -> tuple[tuple[str, str], ...]:
    return _MENU.decode(stored)
