"""An update of the Bot API as the rest of the program understands it.

The keys are built from what the platform never changes about a message (chat and number, the
id of a tap), so a repeat is recognised however it comes: polled, by webhook, or after a change
from one to the other.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

import msgspec
from msgspec.structs import replace
from telegram.constants import ChatMemberStatus, ChatType

from bot.channels.telegram.draw import tapped_ref
from bot.channels.telegram.taptime import TapTime
from bot.channels.telegram.updates import (
    CallbackQuery,
    InlineQuery,
    Member,
    MemberUpdated,
    Message,
    User,
    instant,
    read,
)
from bot.channels.words import split_command
from handlers.conversation.messages import (
    ChatChange,
    ChatEvent,
    FileKind,
    Inbound,
    InFile,
    Odd,
    Place,
)

NAME = "telegram"

KINDS = ("message", "edited_message", "callback_query", "inline_query", "my_chat_member")
"""Updates we ask the platform for."""

_ODD = {
    "sticker": Odd.STICKER,
    "poll": Odd.POLL,
    "dice": Odd.DICE,
    "game": Odd.GAME,
    "story": Odd.STORY,
    "contact": Odd.CONTACT,
    "checklist": Odd.OTHER,
    "paid_media": Odd.OTHER,
    "giveaway": Odd.OTHER,
    "invoice": Odd.OTHER,
    "users_shared": Odd.OTHER,
    "chat_shared": Odd.OTHER,
}
"""What carries nothing to answer with, by its field. All else without content is a remark of the
platform itself (a message was pinned), which nobody wants an answer to."""

_GROUPS = (ChatType.GROUP, ChatType.SUPERGROUP)


class Typing(msgspec.Struct, frozen=True):
    """Somebody types the bot's name and words into any chat; answered at once, never kept."""

    query: str
    """Id to answer to."""
    account: str
    words: str
    further: str


def lane(update: dict[str, Any]) -> str:
    """Return what the update belongs to: within it, updates are handled in order."""
    for kind in KINDS:
        part = update.get(kind)
        if isinstance(part, dict):
            inner = part.get("message") if kind == "callback_query" else part
            chat = inner.get("chat") if isinstance(inner, dict) else None
            if isinstance(chat, dict):
                return str(chat.get("id"))
            sender = part.get("from")
            return str(sender.get("id")) if isinstance(sender, dict) else ""
    return ""


def decode(raw: dict[str, Any], username: str, tap: TapTime) -> Inbound | Typing | None:
    """Return what an update means; None: nothing that concerns us.

    Raises:
        Exception: any, where the update is not what the Bot API documents.
    """
    update = read(raw)
    if update.message is not None:
        return _message(update.message, username)
    if update.edited_message is not None:
        return _edited(update.edited_message, update.update_id, username)
    if update.callback_query is not None:
        return _tap(update.callback_query, tap)
    if update.inline_query is not None:
        return _typing(update.inline_query)
    if update.my_chat_member is not None:
        return _membership(update.my_chat_member, update.update_id)
    return None


def _message(message: Message, username: str) -> Inbound | None:
    if message.migrate_to_chat_id is not None:
        return _moved(message, str(message.chat.id), str(message.migrate_to_chat_id))
    if message.migrate_from_chat_id is not None:
        return _moved(message, str(message.migrate_from_chat_id), str(message.chat.id))
    sender = message.sender
    if sender is None or sender.is_bot or message.sender_chat is not None:
        return None
    if message.chat.type in _GROUPS:
        return _in_group(message, sender, username)
    if message.chat.type != ChatType.PRIVATE:
        return None
    said = _said(message, sender, _key("m", message), instant(message.date), username)
    empty = not (said.text or said.command or said.files or said.place or said.odd)
    return None if empty else said


def _said(message: Message, sender: User, key: str, at: datetime, username: str) -> Inbound:
    words = message.text or message.caption
    command, _, rest = split_command(words)
    chosen = message.via_bot is not None and message.via_bot.username == username
    if chosen and not command:
        rest = words.partition(" ")[0]  # chosen from our own list: the number says it all
    return Inbound(
        channel=NAME,
        account=str(sender.id),
        key=key,
        at=at,
        text=rest if command or chosen else words or _contact(message),
        command=command,
        files=_files(message),
        place=_place(message),
        album=message.media_group_id,
        forwarded=message.forward_origin is not None,
        odd=next(
            (kind for name, kind in _ODD.items() if getattr(message, name) is not None), None
        ),
    )


def _in_group(message: Message, sender: User, username: str) -> Inbound | None:
    """Return a command or a mention of the bot; other talk in a group is not ours."""
    words = message.text or message.caption
    command, addressed, rest = split_command(words)
    if addressed and addressed.lower() != username.lower():
        return None
    mention = re.search(rf"@{re.escape(username)}\b", words, re.IGNORECASE) if username else None
    replied = message.reply_to_message and message.reply_to_message.sender
    mentioned = bool(mention or addressed or (replied and replied.username == username))
    if not command and not mentioned:
        return None
    said = _said(message, sender, _key("m", message), instant(message.date), username)
    text = rest if command else words.replace(mention[0] if mention else "", "").strip()
    return replace(
        said,
        text=text,
        files=(),
        place=None,
        odd=None,
        group=str(message.chat.id),
        mentioned=mentioned,
    )


def _edited(message: Message, update_id: int, username: str) -> Inbound | None:
    if message.location is not None or message.edit_date is None:
        return None  # a live location moves on by itself
    if message.chat.type != ChatType.PRIVATE or message.sender is None:
        return None
    key = f"e{message.chat.id}.{update_id}"
    said = _said(message, message.sender, key, instant(message.edit_date), username)
    return replace(said, files=(), edits=_key("m", message))


def _tap(query: CallbackQuery, tap: TapTime) -> Inbound | None:
    if not query.data:
        return None
    message = query.message
    grouped = message is not None and message.chat.type != ChatType.PRIVATE
    return Inbound(
        channel=NAME,
        account=str(query.sender.id),
        key=f"c{query.id}",
        at=tap.at,
        certain=tap.certain,
        choice=query.data,
        card=tapped_ref(message.message_id, message.has_protected_content) if message else "",
        group=str(message.chat.id) if message and grouped else "",
    )


def _typing(query: InlineQuery) -> Typing:
    return Typing(query.id, str(query.sender.id), query.query, query.offset)


def _membership(change: MemberUpdated, update_id: int) -> Inbound | None:
    if change.chat.type not in (*_GROUPS, ChatType.PRIVATE):
        return None
    here, before = _is_in(change.new_chat_member), _is_in(change.old_chat_member)
    if here == before:
        return None
    return Inbound(
        channel=NAME,
        account=str(change.sender.id),
        key=f"u{change.chat.id}.{update_id}",
        at=instant(change.date),
        event=ChatEvent(ChatChange.JOINED if here else ChatChange.LEFT, str(change.chat.id)),
    )


def _is_in(member: Member) -> bool:
    if member.status == ChatMemberStatus.RESTRICTED:
        return member.is_member
    return member.status not in (ChatMemberStatus.LEFT, ChatMemberStatus.BANNED)


def _moved(message: Message, chat: str, moved_to: str) -> Inbound:
    return Inbound(
        channel=NAME,
        account="",
        key=_key("m", message),
        at=instant(message.date),
        event=ChatEvent(ChatChange.MOVED, chat, moved_to),
    )


def _files(message: Message) -> tuple[InFile, ...]:
    if message.photo:
        largest = max(message.photo, key=lambda one: one.width * one.height)
        return (InFile(largest.file_id, FileKind.PHOTO, "", largest.file_size),)
    for part, kind in (
        (message.voice, FileKind.VOICE),
        (message.video, FileKind.VIDEO),
        (message.video_note, FileKind.VIDEO),
        (message.audio, FileKind.DOCUMENT),
        (message.animation, FileKind.VIDEO),
        (message.document, FileKind.DOCUMENT),
    ):
        if part is not None:
            return (InFile(part.file_id, kind, part.file_name, part.file_size),)
    return ()


def _place(message: Message) -> Place | None:
    if message.venue is not None:
        spot, label = message.venue.location, f"{message.venue.title} {message.venue.address}"
        return Place(spot.latitude, spot.longitude, label.strip())
    if message.location is not None:
        return Place(message.location.latitude, message.location.longitude)
    return None


def _contact(message: Message) -> str:
    """Return a shared contact as somebody would have typed it."""
    shared = message.contact
    if shared is None:
        return ""
    return " ".join(filter(None, (shared.last_name, shared.first_name, shared.phone_number)))


def _key(mark: str, message: Message) -> str:
    return f"{mark}{message.chat.id}.{message.message_id}"
