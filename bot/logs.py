"""Logging: one line for each event, ids and codes only.

The traps: a Telegram token is part of every URL its library logs, an exception's words may quote
what a person wrote, and at lower levels libraries tell all that passes through them. So the
scrubbing sits on the handler, where the standard library's loggers pass too; an exception is
logged as its kind and its places, never its words; of a library only warnings are heard, and of
those the first line.
"""

from __future__ import annotations

import logging
import re
import sys
import traceback
from collections.abc import Iterable, Mapping, MutableMapping
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, TextIO

import structlog
from structlog.stdlib import ProcessorFormatter

from bot.settings import Log

Event = MutableMapping[str, Any]
Trouble = tuple[type[BaseException], BaseException, TracebackType | None]

_PATTERNS = (
    (re.compile(r"(?<!\d)\d{6,12}:[A-Za-z0-9_-]{30,}"), "[token]"),
    (re.compile(r"(?i)(://[^/\s:@]+:)[^/\s@]+@"), r"\1[secret]@"),
    (
        re.compile(
            r"(?i)\b((?:access_token|corpsecret|suite_secret|secret|token|password|key|code"
            r"|msg_signature|signature|ticket)=)[^&\s\"']+"
        ),
        r"\1[secret]",
    ),
    (re.compile(r"(?i)\b((?:bearer|basic)\s+)[A-Za-z0-9._~+/=-]{8,}"), r"\1[secret]"),
)
_OURS = ("bot.", "handlers.", "storage.", "rules.")


class Scrubber:
    """Takes tokens and secrets out of every text of an event, nested ones included."""

    def __init__(self, secrets: Iterable[str]) -> None:
        longest_first = sorted({one for one in secrets if len(one) >= 6}, key=len, reverse=True)
        self._secrets = (
            re.compile("|".join(re.escape(one) for one in longest_first))
            if longest_first
            else None
        )

    def text(self, text: str) -> str:
        if self._secrets:
            text = self._secrets.sub("[secret]", text)
        for pattern, instead in _PATTERNS:
            text = pattern.sub(instead, text)
        return text

    def __call__(self, _logger: object, _method: str, event: Event) -> Event:
        for key, value in event.items():
            event[key] = self._clean(value)
        return event

    def _clean(self, value: object) -> object:
        if value is None or isinstance(value, bool | int | float):
            return value
        if isinstance(value, Mapping):
            return {self.text(str(key)): self._clean(one) for key, one in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return [self._clean(one) for one in value]
        return self.text(str(value))


def setup(settings: Log, secrets: Iterable[str] = (), stream: TextIO | None = None) -> None:
    """Send every logger of the process through one scrubbing handler to `stream` (stderr)."""
    stream = stream or sys.stderr
    renderer: Any = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if settings.format == "json"
        else structlog.dev.ConsoleRenderer(colors=stream.isatty())
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_log_level, structlog.stdlib.add_logger_name],
            processors=[
                _stamp,
                _first_line,
                ProcessorFormatter.remove_processors_meta,
                _trouble,
                Scrubber(secrets),
                renderer,
            ],
        )
    )
    handler.addFilter(_ours_or_grave)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(settings.level.upper())
    for name in ("aiohttp.access", "apscheduler", "telegram"):
        logging.getLogger(name).setLevel("WARNING")  # a line for each request, tick or call
    logging.captureWarnings(True)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.contextvars.merge_contextvars,
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.stdlib.PositionalArgumentsFormatter(),
            ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )


def _ours_or_grave(record: logging.LogRecord) -> bool:
    """Whether we wrote it, through structlog, or it is at least a warning."""
    return isinstance(record.msg, dict) or record.levelno >= logging.WARNING


def _first_line(_logger: object, _method: str, event: Event) -> Event:
    """Cut off what libraries put below: asyncio shows tasks there, exceptions' words and all."""
    if not event["_from_structlog"]:
        event["event"] = str(event["event"]).partition("\n")[0]
    return event


def _stamp(_logger: object, _method: str, event: Event) -> Event:
    record: logging.LogRecord = event["_record"]
    at = datetime.fromtimestamp(record.created, UTC)
    event["at"] = at.isoformat(timespec="milliseconds")
    return event


def _trouble(_logger: object, _method: str, event: Event) -> Event:
    given = event.pop("exc_info", None)
    event.pop("stack_info", None)
    if isinstance(given, BaseException):
        found: Trouble | None = (type(given), given, given.__traceback__)
    elif isinstance(given, tuple):
        found = given if given[1] is not None else None
    else:
        found = _current() if given else None
    if found:
        event["exception"] = describe(found[1])
    return event


def _current() -> Trouble | None:
    kind, error, where = sys.exc_info()
    return (kind, error, where) if kind and error else None


def describe(error: BaseException) -> str:
    """Return kinds and places of `error` and its causes; the words of our own kinds only."""
    parts: list[str] = []
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        frames = traceback.extract_tb(current.__traceback__)
        places = " > ".join(f"{_place(one.filename)}:{one.lineno} {one.name}" for one in frames)
        parts.append(f"{_name(type(current))}{_words(current)} at {places or 'nowhere'}")
        if isinstance(current, BaseExceptionGroup):
            parts += [f"[{describe(one)}]" for one in current.exceptions]
        current = current.__cause__ or (
            None if current.__suppress_context__ else current.__context__
        )
    return " <- ".join(parts)


def _name(kind: type[BaseException]) -> str:
    return kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__name__}"


def _words(error: BaseException) -> str:
    if type(error).__module__.startswith(_OURS):
        return f": {error}"
    if isinstance(error, OSError) and error.strerror:
        return f": {error.strerror}"
    return ""


def _place(filename: str) -> str:
    return "/".join(filename.replace("\\", "/").rsplit("/", 2)[-2:])
