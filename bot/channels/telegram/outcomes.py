"""What became of a call, in the words of the relay (CONTRACT 1.6)."""

from __future__ import annotations

from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
    TimedOut,
)

from bot.channels.base import ChannelError, Outcome
from bot.channels.telegram.request import FileGone, NotSent

NOT_MODIFIED = "message is not modified"
TOO_BIG = "file is too big"
_GONE = (
    "message to edit not found",
    "message can't be edited",
    "message to delete not found",
    "message_id_invalid",
)
_UNREACHABLE = (
    "chat not found",
    "user not found",
    "peer_id_invalid",
    "have no rights to send",
    "not enough rights to send",
    "chat_write_forbidden",
    "group chat was deactivated",
    "topic_closed",
)

STORM_SECONDS = 5.0
"""Pause after the platform says that it is the one that is at fault."""


def says(error: TelegramError, words: str) -> bool:
    return words in error.message.lower()


def converted(error: TelegramError) -> ChannelError:
    """Return the library's exception as the relay understands it."""
    kind = type(error).__name__
    match error:
        case RetryAfter():
            return ChannelError(Outcome.RETRY_LATER, kind, after=_seconds(error))
        case ChatMigrated():
            return ChannelError(Outcome.MOVED, kind, moved_to=str(error.new_chat_id))
        case Forbidden():
            return ChannelError(Outcome.UNREACHABLE, kind)
        case FileGone():
            return ChannelError(Outcome.GONE, kind)
        case BadRequest() if any(says(error, one) for one in _GONE):
            return ChannelError(Outcome.GONE, kind)
        case BadRequest() if any(says(error, one) for one in _UNREACHABLE):
            return ChannelError(Outcome.UNREACHABLE, kind)
        case BadRequest():
            return ChannelError(Outcome.REJECTED, f"{kind} {_code(error)}")
        case InvalidToken() | Conflict() | NotSent():
            return ChannelError(Outcome.RETRY_LATER, kind, after=STORM_SECONDS)
        case TimedOut() | NetworkError():
            return ChannelError(Outcome.UNKNOWN, kind)
    # an answer that could not be read: the call may have had its effect
    return ChannelError(Outcome.UNKNOWN, kind)


def _seconds(error: RetryAfter) -> float:
    after = error.retry_after
    return float(after if isinstance(after, int | float) else after.total_seconds())


def _code(error: BadRequest) -> str:
    """Return the platform's reason up to where it may quote what somebody wrote."""
    return error.message.partition(":")[0].partition('"')[0][:60]
