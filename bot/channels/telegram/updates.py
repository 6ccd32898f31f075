"""An update as the Bot API documents it, as far as anything here looks at it.

The library's own objects hold everything and take ten times as long. What is not named here is
passed over, so a field or a kind that the platform adds changes nothing.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from msgspec import Struct, convert, field


class Chat(Struct):
    id: int
    type: str
    """private | group | supergroup | channel"""


class User(Struct):
    id: int
    is_bot: bool = False
    username: str = ""


class File(Struct):
    file_id: str
    file_name: str = ""
    file_size: int | None = None
    """Bytes; None: the platform does not say."""


class Photo(File):
    """One of the sizes of a photo."""

    width: int = 0
    height: int = 0


class Location(Struct):
    latitude: float
    longitude: float


class Venue(Struct):
    location: Location
    title: str
    address: str


class Contact(Struct):
    first_name: str
    phone_number: str
    last_name: str = ""


class Replied(Struct):
    """The message that another one answers."""

    sender: User | None = field(name="from", default=None)


class Message(Struct):
    message_id: int
    date: int
    """Unix seconds."""
    chat: Chat
    sender: User | None = field(name="from", default=None)
    sender_chat: Any = None
    edit_date: int | None = None
    text: str = ""
    caption: str = ""
    via_bot: User | None = None
    media_group_id: str = ""
    forward_origin: Any = None
    reply_to_message: Replied | None = None
    migrate_to_chat_id: int | None = None
    migrate_from_chat_id: int | None = None
    photo: tuple[Photo, ...] = ()
    voice: File | None = None
    video: File | None = None
    video_note: File | None = None
    audio: File | None = None
    animation: File | None = None
    document: File | None = None
    venue: Venue | None = None
    location: Location | None = None
    contact: Contact | None = None
    sticker: Any = None
    poll: Any = None
    dice: Any = None
    game: Any = None
    story: Any = None
    checklist: Any = None
    paid_media: Any = None
    giveaway: Any = None
    invoice: Any = None
    users_shared: Any = None
    chat_shared: Any = None


class Tapped(Struct):
    """The message whose button was tapped; of an old one the platform says no more than this."""

    message_id: int
    chat: Chat
    has_protected_content: bool = False


class CallbackQuery(Struct):
    id: str
    sender: User = field(name="from")
    message: Tapped | None = None
    data: str = ""


class InlineQuery(Struct):
    id: str
    sender: User = field(name="from")
    query: str
    offset: str


class Member(Struct):
    status: str
    is_member: bool = False
    """Said of a restricted one."""


class MemberUpdated(Struct):
    chat: Chat
    sender: User = field(name="from")
    date: int
    """Unix seconds."""
    old_chat_member: Member
    new_chat_member: Member


class Update(Struct):
    update_id: int
    message: Message | None = None
    edited_message: Message | None = None
    callback_query: CallbackQuery | None = None
    inline_query: InlineQuery | None = None
    my_chat_member: MemberUpdated | None = None


def read(update: dict[str, Any]) -> Update:
    """Return a posted or polled update.

    Raises:
        msgspec.ValidationError: it is not what the Bot API documents.
    """
    return convert(update, Update)


def instant(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
