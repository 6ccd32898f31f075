"""Who is there and what was said: people, chats, messages, and what the bot may do in them."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.fakes.telegram.errors import ApiError, bad, forbidden

Json = dict[str, object]

SUPERGROUP_BASE = -1_000_000_000_000
MEDIA = (
    "photo",
    "document",
    "video",
    "voice",
    "audio",
    "animation",
    "video_note",
    "sticker",
    "location",
    "venue",
    "contact",
    "poll",
)


class Posted:
    """One message in a chat, as the platform holds it."""

    def __init__(self, wire: Json, *, of_bot: bool) -> None:
        self.wire = wire
        self.of_bot = of_bot
        self.edits = 0
        self.deleted = False
        self.frozen = False
        """Set by a test: the platform says this message can't be edited."""

    def __repr__(self) -> str:
        return f"<Posted {self.id} {self.text or self.caption or self.media!r} {self.buttons}>"

    @property
    def id(self) -> int:
        return int(str(self.wire["message_id"]))

    @property
    def chat_id(self) -> int:
        chat = self.wire["chat"]
        return int(chat["id"]) if isinstance(chat, dict) else 0

    @property
    def text(self) -> str:
        return str(self.wire.get("text", ""))

    @property
    def caption(self) -> str:
        return str(self.wire.get("caption", ""))

    @property
    def entities(self) -> list[Json]:
        found = self.wire.get("entities") or self.wire.get("caption_entities") or []
        return list(found) if isinstance(found, list) else []

    @property
    def rows(self) -> list[list[tuple[str, str]]]:
        """The keyboard: rows of (label, callback_data or url)."""
        markup = self.wire.get("reply_markup")
        rows = markup.get("inline_keyboard", []) if isinstance(markup, dict) else []
        return [[(one["text"], _target(one)) for one in row] for row in rows]

    @property
    def buttons(self) -> list[tuple[str, str]]:
        return [button for row in self.rows for button in row]

    @property
    def protect_content(self) -> bool:
        return bool(self.wire.get("has_protected_content"))

    @property
    def media(self) -> str:
        """The kind of what is attached, empty for a text."""
        return next((kind for kind in MEDIA if kind in self.wire), "")

    @property
    def edited(self) -> bool:
        return self.edits > 0

    def data(self, label: str) -> str:
        """Return what the button with this label carries. Raises LookupError."""
        for text, target in self.buttons:
            if text == label:
                return target
        raise LookupError(f"no button {label!r} under {self!r}")


def _target(button: Json) -> str:
    for kind in ("callback_data", "url", "switch_inline_query_current_chat"):
        if kind in button:
            return str(button[kind])
    return ""


@dataclass
class User:
    """A person as the platform knows one. `started`: has opened the chat with the bot."""

    id: int
    name: str
    language: str = ""
    username: str = ""
    last_name: str = ""
    started: bool = False
    blocked: bool = False
    deactivated: bool = False

    def wire(self) -> Json:
        wire: Json = {"id": self.id, "is_bot": False, "first_name": self.name}
        for name, value in (
            ("last_name", self.last_name),
            ("username", self.username),
            ("language_code", self.language),
        ):
            if value:
                wire[name] = value
        return wire


@dataclass
class Chat:
    """A chat the bot could have to do with. `bot`: its member status there."""

    id: int
    kind: str
    title: str
    numbers: itertools.count[int]
    user: User | None = None
    bot: str = "left"
    members: dict[int, str] = field(default_factory=dict)
    moved_to: int = 0
    posted: dict[int, Posted] = field(default_factory=dict)

    def wire(self) -> Json:
        if self.user is not None:
            user = self.user.wire()
            named = ("first_name", "last_name", "username")
            return {"id": self.id, "type": "private"} | {k: user[k] for k in named if k in user}
        return {"id": self.id, "type": self.kind, "title": self.title}

    @property
    def history(self) -> list[Posted]:
        return [one for one in self.posted.values() if not one.deleted]

    @property
    def messages(self) -> list[Posted]:
        """What the bot has there, oldest first, without what was deleted."""
        return [one for one in self.history if one.of_bot]

    def newest(self, count: int) -> list[Posted]:
        """Return the last messages of the bot, oldest first; the rest of the chat is not read."""
        back = (one for one in reversed(self.posted.values()) if one.of_bot and not one.deleted)
        return list(itertools.islice(back, count))[::-1]

    @property
    def last(self) -> Posted:
        """The newest message of the bot. Raises LookupError when there is none."""
        for one in self.newest(1):
            return one
        raise LookupError(f"the bot said nothing in {self.id}")

    @property
    def texts(self) -> list[str]:
        return [one.text or one.caption for one in self.messages]


class World:
    """All people and chats. Private chats and groups share message numbers, as on the platform."""

    def __init__(self, bot: Json, seconds: Callable[[], float]) -> None:
        self.bot = bot
        self._seconds = seconds
        self._numbers = itertools.count(1)
        self._supergroups = itertools.count(1_500_000_001)
        self._albums = itertools.count(13_000_000_000_000_001)
        self.users: dict[int, User] = {}
        self.chats: dict[int, Chat] = {}

    def seconds(self) -> int:
        return int(self._seconds())

    def album(self) -> str:
        """Return a new number for messages that belong together."""
        return str(next(self._albums))

    def user(self, user: User) -> Chat:
        """Take up a person, with the private chat that person has or could have."""
        self.users[user.id] = user
        chat = Chat(user.id, "private", "", self._numbers, user=user, bot="member")
        self.chats[user.id] = chat
        return chat

    def group(self, chat_id: int, title: str, kind: str = "group") -> Chat:
        numbers = self._numbers if kind == "group" else itertools.count(1)
        chat = Chat(chat_id, kind, title, numbers)
        self.chats[chat_id] = chat
        return chat

    def upgrade(self, old: Chat) -> Chat:
        """Turn a group into a supergroup with an identifier and message numbers of its own."""
        new = self.group(SUPERGROUP_BASE - next(self._supergroups), old.title, "supergroup")
        new.bot, new.members = old.bot, dict(old.members)
        old.moved_to = new.id
        return new

    def find(self, chat_id: object) -> Chat:
        """Return the chat a call names, without asking whether the bot may write there."""
        if chat_id in ("", None):
            raise bad("chat_id is empty")
        text = str(chat_id)
        chat = self.chats.get(int(text)) if text.lstrip("-").isdigit() else None
        if chat is None:
            raise bad("chat not found")
        return chat

    def writable(self, chat_id: object) -> Chat:
        """Return the chat when the bot may write there. Raises ApiError with the reason."""
        chat = self.find(chat_id)
        if chat.user is not None:
            _check_user(chat.user)
        elif chat.moved_to:
            raise ApiError(
                400,
                "Bad Request: group chat was upgraded to a supergroup chat",
                migrate_to_chat_id=chat.moved_to,
            )
        elif chat.bot == "kicked":
            raise forbidden(f"bot was kicked from the {chat.kind} chat")
        elif chat.bot == "left":
            raise forbidden(f"bot is not a member of the {chat.kind} chat")
        return chat

    def post(self, chat: Chat, sender: Json, *, of_bot: bool, **fields: object) -> Posted:
        wire: Json = {
            "message_id": next(chat.numbers),
            "from": sender,
            "chat": chat.wire(),
            "date": self.seconds(),
        }
        posted = Posted(wire | fields, of_bot=of_bot)
        chat.posted[posted.id] = posted
        return posted


def _check_user(user: User) -> None:
    if user.deactivated:
        raise forbidden("user is deactivated")
    if user.blocked:
        raise forbidden("bot was blocked by the user")
    if not user.started:
        raise forbidden("bot can't initiate conversation with a user")
