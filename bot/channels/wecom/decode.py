"""A message or event of WeCom as the rest of the program understands it.

Userids are the same in any case and come back in another one than they were entered in, so an
account is a userid in lower case. Keys are built from what a repeated delivery does not change.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from bot.channels.wecom.draw import pressed
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

NAME = "wecom"
DEPTH = 12
"""Deepest nesting of anything the platform sends, with room to spare."""

_FILES = {
    "image": FileKind.PHOTO,
    "voice": FileKind.VOICE,
    "video": FileKind.VIDEO,
    "file": FileKind.DOCUMENT,
}
_OF_EVENT = (
    "FromUserName", "CreateTime", "Event", "EventKey", "TaskId", "ResponseCode", "ChangeType",
    "UserID",
)  # fmt: skip
"""What tells two events apart; the platform gives them no id."""
_SYSTEM = ("", "sys")
_IDLE = frozenset({"inactive_alert", "close_inactive_agent", "low_active_alert", "low_active"})
"""Events of an app that is hardly used: the platform warns of it first, then switches it off."""
_OF_NO_APP = frozenset({"change_contact", "batch_job_result"})
"""Events of the company's whole directory."""
USERID_BYTES = 64
_ID = re.compile(r"[0-9]{1,20}", re.ASCII)
_FOREIGN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_YEARS = range(2000, 2100)
"""Years in which a message can have been sent."""


class Unreadable(Exception):
    """XML that the platform would not send: broken, too deep, or with a DOCTYPE or entities."""


def parsed(text: str) -> Element:
    """Return the XML of a callback, without signs that XML may not hold: people paste them, and
    what they wrote shall not be lost for one. Raises Unreadable."""
    try:
        root = fromstring(_FOREIGN.sub("", text), forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, RecursionError):
        raise Unreadable from None
    if not isinstance(root, Element) or root.tag != "xml" or _deep(root):
        raise Unreadable
    return root


def _deep(root: Element) -> bool:
    level = [root]
    for _ in range(DEPTH):
        level = [child for one in level for child in one]
    return bool(level)


def value(message: Element, name: str) -> str:
    """Return what an element of the message holds; "" where there is none."""
    return (message.findtext(name) or "").strip()


def of_no_app(message: Element) -> bool:
    """Whether it is of no app by its kind, and so names none; all others name theirs."""
    return value(message, "MsgType") == "event" and value(message, "Event") in _OF_NO_APP


def decode(message: Element) -> Inbound | None:
    """Return what the message means; None: nothing that concerns us.

    Raises:
        Unreadable: it has no time, or names nobody that there can be.
    """
    account = value(message, "FromUserName").lower()
    if value(message, "MsgType") == "event" and value(message, "Event") in _IDLE:
        return _idle(message)
    if account in _SYSTEM:
        return None
    if len(account.encode()) > USERID_BYTES:
        raise Unreadable
    kind = value(message, "MsgType")
    if kind == "event":
        happened = _EVENTS.get(value(message, "Event"))
        return happened(message, account) if happened else None
    return _said(message, account, kind)


def _said(message: Element, account: str, kind: str) -> Inbound:
    words, place, odd = "", None, None
    files: tuple[InFile, ...] = ()
    match kind:
        case "text":
            words = message.findtext("Content") or ""
        case "location":
            place = _place(message)
        case "link":
            parts = (value(message, name) for name in ("Title", "Description", "Url"))
            words = "\n".join(filter(None, parts))
        case _ if kind in _FILES and value(message, "MediaId"):
            name = value(message, "FileName") or value(message, "Title")
            files = (InFile(value(message, "MediaId"), _FILES[kind], name),)
        case _:
            odd = Odd.OTHER
    command, _, rest = split_command(words)
    return Inbound(
        channel=NAME,
        account=account,
        key=_key_of_message(message),
        at=_time(message),
        text=rest if command else words,
        command=command,
        files=files,
        place=place,
        odd=odd,
    )


def _tapped(message: Element, account: str) -> Inbound | None:
    """Return a tap on a card's button; the code lets us redraw that card once more."""
    if not value(message, "EventKey"):
        return None
    return Inbound(
        channel=NAME,
        account=account,
        key=_key(message),
        at=_time(message),
        choice=pressed(value(message, "EventKey"), _picked(message)),
        card=value(message, "TaskId"),
        redraw=value(message, "ResponseCode"),
    )


def _picked(message: Element) -> list[str]:
    """Return the ids of the entries that were picked in a card's list."""
    found = message.iterfind("SelectedItems/SelectedItem/OptionIds/OptionId")
    return [one.text.strip() for one in found if one.text]


def _clicked(message: Element, account: str) -> Inbound | None:
    """Return a command of the app's menu; of an entry that is not ours one that nobody knows."""
    key = value(message, "EventKey")
    if not key:
        return None
    command, _, rest = split_command(f"/{key}")
    return Inbound(
        channel=NAME,
        account=account,
        key=_key(message),
        at=_time(message),
        command=command or key.lower(),
        text=rest,
    )


def _idle(message: Element) -> Inbound:
    """Return that the app is hardly used, which concerns nobody's chat."""
    return Inbound(
        channel=NAME,
        account="",
        key=_key(message),
        at=_time(message),
        event=ChatEvent(ChatChange.IDLE, ""),
    )


def _membership(change: ChatChange) -> Callable[[Element, str], Inbound]:
    """Return what reads that a person came into the app's visible range, left it, or opened the
    chat."""

    def read(message: Element, account: str) -> Inbound:
        return Inbound(
            channel=NAME,
            account=account,
            key=_key(message),
            at=_time(message),
            event=ChatEvent(change, account, of_company=True),
        )

    return read


_EVENTS: dict[str, Callable[[Element, str], Inbound | None]] = {
    "click": _clicked,
    "template_card_event": _tapped,
    "subscribe": _membership(ChatChange.JOINED),
    "unsubscribe": _membership(ChatChange.LEFT),
    "enter_agent": _membership(ChatChange.OPENED),
}
"""By name; all others want no answer."""


def _place(message: Element) -> Place | None:
    try:
        latitude, longitude = (float(value(message, f"Location_{one}")) for one in "XY")
    except ValueError:
        raise Unreadable from None
    if not (abs(latitude) <= 90 and abs(longitude) <= 180):  # nor is what is no number
        raise Unreadable
    return Place(latitude, longitude, value(message, "Label"))


def _time(message: Element) -> datetime:
    try:
        at = datetime.fromtimestamp(int(value(message, "CreateTime")), UTC)
    except (ValueError, OverflowError, OSError):
        raise Unreadable from None
    if at.year not in _YEARS:
        raise Unreadable
    return at


def _key_of_message(message: Element) -> str:
    """Return the platform's id; where it gives none, what is said tells two messages apart."""
    given = value(message, "MsgId")
    if _ID.fullmatch(given):
        return f"m{given}"
    return _digest([(one.tag, one.text or "") for one in message])


def _key(message: Element) -> str:
    return _digest([value(message, name) for name in _OF_EVENT])


def _digest(parts: Sequence[object]) -> str:
    return f"e{hashlib.sha256(repr(parts).encode()).hexdigest()[:40]}"
